namespace PropertyServiceDesk.Tests.Workers;

/// <summary>What the tests read and change in the engine's own tables.</summary>
internal static class EngineStore
{
    public const string CountWorkers = "select count(*) from job_engine.qrtz_scheduler_state";

    /// <summary>As if a job had been planned, and had last run, so much earlier. Quartz keeps ticks.</summary>
    public const string SetBack = """
        update job_engine.qrtz_triggers
        set next_fire_time = next_fire_time - @Milliseconds * 10000, prev_fire_time = prev_fire_time - @Milliseconds * 10000
        where trigger_name = @Job
        """;
}
