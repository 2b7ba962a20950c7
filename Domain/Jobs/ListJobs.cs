namespace PropertyServiceDesk.Domain.Jobs;

/// <summary>What happens on its own: each row of the schedule, its last success, how long it took, how many rows it did, and the oldest row that is due and not done.</summary>
[AllowedTo(Roles.Administrator | Roles.Manager)]
public sealed record ListJobs : IQuery<IReadOnlyList<JobLine>>
{
    internal sealed class Handler(Db db, TimeProvider clock) : IRequestHandler<ListJobs, IReadOnlyList<JobLine>>
    {
        private const string Read = """
            select j.job_id, j.schedule, j.single, j.last_started_at, j.last_success_at, j.last_failed_at, j.last_failure, j.last_milliseconds, j.last_rows, j.last_worker,
                j.runs, j.rows_done, j.failures_in_a_row, d.due_at as oldest_due_at, case when j.running_seen_at >= @Silent then j.running_since end as running_since,
                case when j.running_seen_at >= @Silent then j.running_worker end as running_worker
            from job j
            left join oldest_due(@Now) d on d.job_id = j.job_id
            order by j.job_id
            """;

        public Task<IReadOnlyList<JobLine>> Handle(ListJobs query, CancellationToken cancellationToken) => db.List<JobLine>(Read, new { Now = clock.Now(), Silent = clock.Now() - JobLog.SilentFor }, cancellationToken);
    }
}

/// <param name="Schedule">Cron with seconds, UTC.</param>
/// <param name="Single">One run at a time, whatever the number of workers.</param>
/// <param name="LastFailure">The kind of the last failure.</param>
/// <param name="RowsDone">Since the job is on the schedule.</param>
/// <param name="RunningSince">A run that takes longer than a quarter of a minute and has not ended: when it began; null where there is none.</param>
/// <param name="RunningWorker">Which worker is at it.</param>
/// <param name="OldestDueAt">Since when the longest overdue row waits; null where none is due, or where the job has no rows.</param>
public sealed record JobLine(
    string JobId,
    string Schedule,
    bool Single,
    DateTimeOffset? LastStartedAt,
    DateTimeOffset? LastSuccessAt,
    DateTimeOffset? LastFailedAt,
    string? LastFailure,
    int? LastMilliseconds,
    int? LastRows,
    string? LastWorker,
    long Runs,
    long RowsDone,
    int FailuresInARow,
    DateTimeOffset? OldestDueAt,
    DateTimeOffset? RunningSince,
    string? RunningWorker);

/// <summary>Has a job run now and not at its next time: a hint to the workers. Nothing is lost where none runs.</summary>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record RunJobNow(string JobId) : ICommand<JobHinted>
{
    internal sealed class Handler(Db db, IJobs jobs) : IRequestHandler<RunJobNow, JobHinted>
    {
        private const string Read = """
            select job_id
            from job
            where job_id = @JobId
            """;

        public async Task<JobHinted> Handle(RunJobNow command, CancellationToken cancellationToken)
        {
            var id = await db.Find<string>(Read, new { command.JobId }, cancellationToken) ?? throw new Refused.NotFound("job");
            await jobs.RunNow(id, cancellationToken);
            return new JobHinted(id);
        }
    }
}

public sealed record JobHinted(string JobId);
