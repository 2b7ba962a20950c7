using Microsoft.Extensions.Diagnostics.HealthChecks;
using PropertyServiceDesk.Domain.Jobs;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Workers.Engine;

namespace PropertyServiceDesk.Workers;

/// <summary>What an engine offers beside calling <see cref="JobRunner.Run"/> at the times of the schedule.</summary>
public interface IJobEngine
{
    /// <summary>Runs a job of the schedule as soon as may be, on one of the workers. Hints that come before it runs are one.</summary>
    Task Fire(string id, CancellationToken ct);
}

/// <summary>The host of a schedule: health, the engine, the hints.</summary>
public static class WorkersHost
{
    public static WebApplication Build(WebApplicationBuilder builder, IReadOnlyList<Entry> schedule)
    {
        var direct = Connections.Direct(builder.Configuration.GetConnectionString);
        builder.Services.AddServiceDesk(Connections.Pooled(builder.Configuration.GetConnectionString));
        builder.Services.AddSingleton(schedule);
        builder.Services.AddSingleton<Job>();
        builder.Services.AddSingleton<JobRunner>();
        builder.Services.AddSingleton(new Deliveries.MessageSettings(builder.Configuration));
        builder.Services.AddSingleton<Deliveries.DeliverMessages>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Deliveries.DeliverMessages>()); // before the engine: it stops after it
        builder.Services.AddSingleton(_ => new DirectConnection(direct));
        builder.Services.AddHostedService<ScheduleKept>();
        builder.Services.AddJobEngine(direct);
        builder.Services.KeepDeskClock();
        builder.Services.AddHostedService<JobHintListener>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseReady>("database", tags: ["ready"]).AddCheck<TimeZonesAgree>("timeZones", tags: ["ready"]).AddCheck<JobsSucceed>("jobs", tags: ["jobs"]);

        var app = builder.Build();
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new() { Predicate = c => c.Tags.Contains("ready"), ResponseWriter = ReadyReply.Write });
        app.MapHealthChecks("/health/jobs", new() { Predicate = c => c.Tags.Contains("jobs") });
        return app;
    }

    /// <summary>The record has a row for each job before the first one runs.</summary>
    private sealed class ScheduleKept(JobLog record, IReadOnlyList<Entry> schedule) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => record.KeepSchedule([.. schedule.Select(e => (e.Id, e.Cron, e.Single))], cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Unhealthy when a job that ticks has not succeeded for two minutes, on whichever worker.</summary>
    private sealed class JobsSucceed(JobLog record, IReadOnlyList<Entry> schedule, TimeProvider clock) : IHealthCheck
    {
        private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var last = await record.LastSuccesses(cancellationToken);
            var late = schedule.Where(e => e.Ticks && (last.GetValueOrDefault(e.Id) is not { } at || at < clock.GetUtcNow() - Longest)).Select(e => e.Id).ToArray();
            return late.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("No success for two minutes: " + string.Join(", ", late));
        }
    }
}
