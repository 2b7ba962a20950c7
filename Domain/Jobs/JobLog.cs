namespace PropertyServiceDesk.Domain.Jobs;

/// <summary>What became of a run of a job.</summary>
/// <param name="Rows">How many rows it did; null where it failed.</param>
/// <param name="Failure">The type of the exception, never its words: they may name people.</param>
public sealed record JobRun(string JobId, DateTimeOffset StartedAt, DateTimeOffset EndedAt, TimeSpan Took, int? Rows, string? Failure, string Worker);

/// <summary>Keeps, for each row of the schedule, its last success, how long that took and what it did; read by <see cref="ListJobs"/> and the health checks.</summary>
public sealed class JobLog(NpgsqlDataSource source)
{
    private const string Schedule = """
        with gone as (
            delete from job where job_id <> all (@Ids)
        )
        insert into job (job_id, schedule, single)
        select e.id, e.schedule, e.single
        from unnest(@Ids::text[], @Schedules::text[], @Singles::boolean[]) e (id, schedule, single)
        order by e.id
        on conflict (job_id) do update set schedule = excluded.schedule, single = excluded.single
        """;

    private const string Ended = """
        update job
        set last_started_at = @StartedAt,
            last_success_at = case when @Failure::text is null then @EndedAt else last_success_at end,
            last_failed_at = case when @Failure::text is null then last_failed_at else @EndedAt end,
            last_failure = coalesce(@Failure, last_failure),
            last_milliseconds = @Milliseconds,
            last_rows = coalesce(@Rows, last_rows),
            last_worker = @Worker,
            runs = runs + 1,
            rows_done = rows_done + coalesce(@Rows, 0),
            failures_in_a_row = case when @Failure::text is null then 0 else failures_in_a_row + 1 end,
            running_since = case when running_worker is distinct from @Worker then running_since end,
            running_seen_at = case when running_worker is distinct from @Worker then running_seen_at end,
            running_worker = case when running_worker is distinct from @Worker then running_worker end
        where job_id = @JobId
        """;

    // Of several workers the one that has been at it for longest.
    private const string Runs = """
        update job
        set running_since = @Since, running_worker = @Worker, running_seen_at = @Now
        where job_id = @JobId and (running_worker is not distinct from @Worker or running_since is null or running_since > @Since or running_seen_at < @Silent)
        """;

    private const string Successes = """
        select job_id, last_success_at
        from job
        order by job_id
        """;

    /// <summary>Makes the rows of the schedule those of this program; what is on it no more is forgotten.</summary>
    public async Task KeepSchedule(IReadOnlyList<(string Id, string Schedule, bool Single)> entries, CancellationToken ct) =>
        await InNoScope(
            Schedule,
            new { Ids = entries.Select(e => e.Id).ToArray(), Schedules = entries.Select(e => e.Schedule).ToArray(), Singles = entries.Select(e => e.Single).ToArray() },
            ct);

    public Task Write(JobRun run, CancellationToken ct) =>
        InNoScope(
            Ended,
            new { run.JobId, run.StartedAt, run.EndedAt, Milliseconds = (int)Math.Min(run.Took.TotalMilliseconds, int.MaxValue), run.Rows, run.Failure, run.Worker },
            ct);

    /// <summary>A run that takes long says that it has not ended.</summary>
    public Task StillRuns(string id, DateTimeOffset since, DateTimeOffset now, string worker, CancellationToken ct) =>
        InNoScope(Runs, new { JobId = id, Since = since, Now = now, Worker = worker, Silent = now - SilentFor }, ct);

    /// <summary>A worker that has said nothing for so long does not run any more.</summary>
    internal static readonly TimeSpan SilentFor = TimeSpan.FromMinutes(1);

    /// <summary>When each job of the schedule last ended well; null where it never did.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset?>> LastSuccesses(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(Enter, transaction: transaction, cancellationToken: ct));
        var rows = await connection.QueryAsync<(string Id, DateTimeOffset? At)>(new CommandDefinition(Successes, transaction: transaction, cancellationToken: ct));
        return rows.ToDictionary(r => r.Id, r => r.At, StringComparer.Ordinal);
    }

    private const string Enter = "call enter_scope('', '')";

    private async Task InNoScope(string sql, object args, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(Enter + ";\n" + sql, args, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
    }
}
