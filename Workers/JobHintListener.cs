using Npgsql;
using PropertyServiceDesk.Domain.Jobs;

namespace PropertyServiceDesk.Workers;

/// <summary>Hands hints of other processes to the engine. While the connection is away hints are lost, which costs one poll interval each.</summary>
internal sealed partial class JobHintListener(DirectConnection direct, IReadOnlyList<Entry> schedule, IJobEngine engine, ILogger<JobHintListener> log) : BackgroundService
{
    private static readonly TimeSpan BeforeTryingAgain = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Listen(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                Lost(e);
                await Task.Delay(BeforeTryingAgain, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task Listen(CancellationToken ct)
    {
        await using var connection = await direct.Open(ct);
        var hints = new Queue<string>();
        connection.Notification += (_, hint) => hints.Enqueue(hint.Payload);
        await using (var command = new NpgsqlCommand("listen " + IJobs.Channel, connection))
        {
            await command.ExecuteNonQueryAsync(ct);
        }

        while (true)
        {
            await connection.WaitAsync(ct);
            while (hints.TryDequeue(out var id))
            {
                if (schedule.Any(e => string.Equals(e.Id, id, StringComparison.Ordinal)))
                {
                    await engine.Fire(id, ct);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Hints are not heard: the direct connection is away")]
    private partial void Lost(Exception exception);
}
