namespace PropertyServiceDesk.Tests.Workers;

/// <summary>What the tests read and change in the engine's own tables.</summary>
internal static class EngineStore
{
    public const string CountWorkers = "select count(*) from job_engine.server";

    /// <summary>As if a job had been planned, and had last run, so much earlier.</summary>
    public const string SetBack = """
        update job_engine.hash
        set value = (value::bigint - @Milliseconds)::text
        where key = 'recurring-job:' || @Job and field in ('CreatedAt', 'LastExecution', 'NextExecution');
        update job_engine.set
        set score = score - @Milliseconds / 1000
        where key = 'recurring-jobs' and value = @Job
        """;
}
