namespace PropertyServiceDesk.Domain.Jobs;

/// <summary>
/// A hint that something is due now. It leaves with the running command's commit, and a command that is rolled back gives none. A lost
/// hint costs one poll interval, never a row: the rows are the queue.
/// </summary>
public interface IJobs
{
    /// <summary>Workers listen here, on the direct connection.</summary>
    const string Channel = "desk_job";

    /// <param name="id">A row of the schedule; one that is not on it is passed over.</param>
    Task RunNow(string id, CancellationToken ct);
}

internal sealed class JobHints(Db db) : IJobs
{
    private const string Notify = """
        select pg_notify('desk_job', @Id)
        """;

    public Task RunNow(string id, CancellationToken ct) => db.Run(Notify, new { Id = id }, ct);
}
