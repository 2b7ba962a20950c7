using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Npgsql;
using PropertyServiceDesk.Domain.Jobs;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Workers;

/// <summary>
/// Runs one row of the schedule: a span, one log line, the metrics, and the record that Api shows. What the engine must do is call it at
/// the right time, and again when it throws. A run that finds the same job running in this process is passed over, and so is one of a
/// single job that runs anywhere.
/// </summary>
public sealed partial class JobRunner(IReadOnlyList<Entry> schedule, Job job, JobLog record, DirectConnection direct, TimeProvider clock, ILogger<JobRunner> log)
{
    /// <summary>The name of the spans' source and of the meter.</summary>
    public const string Telemetry = "PropertyServiceDesk.Workers";

    private static readonly ActivitySource Spans = new(Telemetry);
    private static readonly Meter Meter = new(Telemetry);
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("desk.job.duration", "s", "How long a run took");
    private static readonly Counter<long> RowsDone = Meter.CreateCounter<long>("desk.job.rows", description: "Rows that jobs did");

    /// <summary>How often a run that takes longer than this says that it still runs.</summary>
    public TimeSpan StillEvery { get; init; } = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, bool> running = new(StringComparer.Ordinal);
    private readonly string worker = $"{Environment.MachineName}:{Environment.ProcessId}";

    /// <param name="id">One that is not on the schedule (any more) is passed over.</param>
    public async Task Run(string id, CancellationToken ct)
    {
        if (schedule.FirstOrDefault(e => string.Equals(e.Id, id, StringComparison.Ordinal)) is not { } entry || !running.TryAdd(id, true))
        {
            return;
        }

        try
        {
            await using var single = entry.Single ? await direct.TryLock(id, ct) : null;
            if (!entry.Single || single is not null)
            {
                await Once(entry, ct);
            }
        }
        finally
        {
            running.TryRemove(id, out _);
        }
    }

    private async Task Once(Entry entry, CancellationToken ct)
    {
        using var span = Spans.StartActivity(entry.Id);
        var (started, from) = (clock.Now(), clock.GetTimestamp());
        int? rows = null;
        string? failure = null;
        try
        {
            rows = await Watched(entry.Run(job, ct), entry.Id, started);
        }
        catch (Exception e)
        {
            failure = e.GetType().Name;
            span?.SetStatus(ActivityStatusCode.Error, failure);
            throw;
        }
        finally
        {
            var took = clock.GetElapsedTime(from);
            var tags = new TagList { { "job", entry.Id }, { "failed", failure is not null } };
            Duration.Record(took.TotalSeconds, tags);
            RowsDone.Add(rows ?? 0, tags);
            Ran(failure is null ? rows > 0 ? LogLevel.Information : LogLevel.Debug : LogLevel.Error, entry.Id, rows, took.TotalMilliseconds, failure);
            await record.Write(new JobRun(entry.Id, started, clock.Now(), took, rows, failure, worker), CancellationToken.None);
        }
    }

    /// <summary>A run that hangs ends nowhere, so it is recorded as running while it does.</summary>
    private async Task<int> Watched(Task<int> run, string id, DateTimeOffset started)
    {
        using var ended = new CancellationTokenSource();
        var watch = Watch(id, started, ended.Token);
        try
        {
            return await run;
        }
        finally
        {
            await ended.CancelAsync();
            await watch;
        }
    }

    /// <summary>Says so again and again. Whatever is wrong with that, the run goes on, and is awaited: else a second one would start beside it.</summary>
    private async Task Watch(string id, DateTimeOffset started, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(StillEvery, clock, ended);
                await record.StillRuns(id, started, clock.Now(), worker, ended);
                Recorded(id);
            }
            catch (Exception e)
            {
                if (!ended.IsCancellationRequested)
                {
                    NotRecorded(id, e);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Trace, "{Entry} still runs")]
    private partial void Recorded(string entry);

    [LoggerMessage(LogLevel.Warning, "That {Entry} still runs could not be recorded")]
    private partial void NotRecorded(string entry, Exception exception);

    [LoggerMessage("{Entry} did {Rows} rows in {Milliseconds:F0} ms {Failure}")]
    private partial void Ran(LogLevel level, string entry, int? rows, double milliseconds, string? failure);
}

/// <summary>The direct connection: locks that live as long as the process that holds them, and hints.</summary>
public sealed class DirectConnection(string connectionString) : IAsyncDisposable
{
    // Not pooled: the lock ends with its connection, and the connection with its process, also where that is killed.
    private readonly NpgsqlDataSource source = NpgsqlDataSource.Create(Lasting(connectionString));

    /// <summary>Null where another process holds it; else it is held until disposed of.</summary>
    public async Task<IAsyncDisposable?> TryLock(string name, CancellationToken ct)
    {
        var connection = await source.OpenConnectionAsync(ct);
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended('desk_job:' || $1, 0))", connection) { Parameters = { new() { Value = name } } };
        if (await command.ExecuteScalarAsync(ct) is true)
        {
            return connection;
        }

        await connection.DisposeAsync();
        return null;
    }

    public ValueTask<NpgsqlConnection> Open(CancellationToken ct) => source.OpenConnectionAsync(ct);

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private static string Lasting(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, TcpKeepAlive = true, TcpKeepAliveTime = 10, TcpKeepAliveInterval = 5 }.ConnectionString;
}
