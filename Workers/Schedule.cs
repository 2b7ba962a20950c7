using MediatR;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Workers;

/// <summary>One row of the schedule: every so often, take up what is due as of now; says how many rows it did.</summary>
public sealed record Entry(string Name, TimeSpan Every, Func<Job, CancellationToken, Task<int>> Run);

/// <summary>Everything that happens on its own, on one page. Rows in the database say what is due; this only says how often to look.</summary>
public static class Schedule
{
    private const int AtMost = 500;

    /// <summary>How long an idempotency key is kept.</summary>
    public static readonly TimeSpan KeysKept = TimeSpan.FromDays(30);

    public static readonly IReadOnlyList<Entry> Entries =
    [
        new("wake-held-work", TimeSpan.FromSeconds(10), async (job, ct) =>
            await job.Each(await job.Due.HoldsToWake(AtMost, ct), due => new WakeWork(due.WorkOrderId), due => due.CommunityId, ct)),
        new("forget-old-keys", TimeSpan.FromMinutes(10), (job, ct) => job.Due.ForgetOldKeys(KeysKept, 10_000, ct)),
    ];
}

/// <summary>What an entry works with.</summary>
public sealed partial class Job(IServiceScopeFactory scopes, DueWork due, ILogger<Job> log)
{
    public DueWork Due { get; } = due;

    /// <summary>A command a row, each a transaction of its own in its community's scope. A row that fails is logged and does not stop the rest.</summary>
    public async Task<int> Each<TRow, TResult>(IReadOnlyList<TRow> rows, Func<TRow, IRequest<TResult>> command, Func<TRow, Guid> community, CancellationToken ct)
    {
        var done = 0;
        foreach (var row in rows)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor.SystemIn(community(row));
                await scope.ServiceProvider.GetRequiredService<IMediator>().Send(command(row), ct);
                done++;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Failed(typeof(TRow).Name, row?.ToString(), e);
            }
        }

        return done;
    }

    [LoggerMessage(LogLevel.Error, "{What} {Row} could not be taken up")]
    private partial void Failed(string what, string? row, Exception exception);
}

/// <summary>Looks at each entry of the schedule as often as it says, until the host stops. A run that fails is logged, and tried again at its next time.</summary>
internal sealed partial class Clockwork(Job job, TimeProvider clock, ILogger<Clockwork> log) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Schedule.Entries.Select(e => Turn(e, stoppingToken)));

    private async Task Turn(Entry entry, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(entry.Every);
        do
        {
            try
            {
                var started = clock.GetTimestamp();
                var done = await entry.Run(job, ct);
                if (done > 0)
                {
                    Ran(entry.Name, done, clock.GetElapsedTime(started).TotalMilliseconds);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Failed(entry.Name, e);
            }
        }
        while (await Next(timer, ct));
    }

    private static async Task<bool> Next(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false; // the host stops
        }
    }

    [LoggerMessage(LogLevel.Information, "{Entry} did {Rows} rows in {Milliseconds:F0} ms")]
    private partial void Ran(string entry, int rows, double milliseconds);

    [LoggerMessage(LogLevel.Error, "{Entry} failed")]
    private partial void Failed(string entry, Exception exception);
}
