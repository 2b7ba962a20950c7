using Npgsql;
using Quartz;

namespace PropertyServiceDesk.Workers.Engine;

/// <summary>Quartz as the alarm clock: clustered in PostgreSQL, tables of its own in the schema <c>job_engine</c>, over the direct connection.</summary>
internal static class QuartzEngine
{
    private const string Scheduled = "schedule";

    public static IServiceCollection AddJobEngine(this IServiceCollection services, string directConnectionString)
    {
        services.AddQuartz(q =>
        {
            q.UseTimeProvider(TimeProvider.System); // a demo's clock, where there is one, is put before it by the host: both must go by the same
            q.ConfigureScheduler(o =>
            {
                o.InstanceName = "desk";
                o.GenerateInstanceId = true;
                o.IdleWaitTime = TimeSpan.FromSeconds(2); // what another process schedules is seen within that
            });
            q.UseDefaultThreadPool(Threads);
            q.UseDefaultRetryPolicy(RetryPolicy.Exponential(8, TimeSpan.FromSeconds(2), 2, TimeSpan.FromMinutes(5)));
            q.UsePersistentStore(store =>
            {
                store.UsePostgres(NpgsqlFactory.Instance, Own(directConnectionString));
                store.ConfigureStore(o =>
                {
                    o.StoreJobDataAsStrings = true;
                    o.MisfireThreshold = TimeSpan.FromSeconds(5); // so that a while down is one catch-up run, not one for each tick missed
                    o.CommandTimeout = TimeSpan.FromSeconds(10);
                });
                store.UseClustering(c =>
                {
                    c.CheckinInterval = TimeSpan.FromSeconds(3); // a dead worker is replaced after some eight seconds
                    c.CheckinMisfireThreshold = TimeSpan.FromSeconds(6);
                });
                store.ProvisionSchema(); // makes what is missing; a new version of Quartz brings a migration
            });
        });
        services.AddHostedService<ScheduleStored>();
        services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
        return services.AddSingleton<IJobEngine, Engine>();
    }

    private const int Threads = 10;

    private static JobKey Key(string id) => new(id, Scheduled);

    /// <summary>A small pool of its own: a connection a thread, and three for Quartz itself.</summary>
    private static string Own(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            SearchPath = "job_engine", ApplicationName = "desk-jobs", MaxPoolSize = Threads + 3, TcpKeepAlive = true, TcpKeepAliveTime = 10, TcpKeepAliveInterval = 5,
        }.ConnectionString;

    internal sealed class RunEntry(JobRunner runner) : IJob
    {
        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await runner.Run(context.JobDetail.Key.Name, cancellationToken);
    }

    private sealed class Engine(ISchedulerFactory factory, TimeProvider time) : IJobEngine
    {
        public async Task Fire(string id, CancellationToken ct)
        {
            var scheduler = await factory.GetScheduler(ct);
            await scheduler.ScheduleTrigger(TriggerBuilder.Create(time).ForJob(Key(id)).WithIdentity(id, "now").StartNow().Build(), TriggerConflict.Keep, ct);
        }
    }

    /// <summary>
    /// Before anything fires, the store is made to hold the rows of the schedule and no others. A trigger that is as it should be is left
    /// alone: it knows which ticks were missed, and a restart must not forget them.
    /// </summary>
    private sealed class ScheduleStored(ISchedulerFactory factory, IReadOnlyList<Entry> schedule, TimeProvider time) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var scheduler = await factory.GetScheduler(cancellationToken);
            var stored = await scheduler.GetJobKeys(GroupMatcher<JobKey>.GroupEquals(Scheduled), cancellationToken);
            await scheduler.DeleteJobs([.. stored.Where(k => schedule.All(e => e.Id != k.Name))], cancellationToken);
            foreach (var entry in schedule)
            {
                // Recovery stands on the job, and so here only: whoever fires it later cannot forget it.
                await scheduler.AddJob(JobBuilder.Create<RunEntry>().WithIdentity(Key(entry.Id)).StoreDurably().RequestRecovery().Build(), AddJobOptions.Replacing, cancellationToken);
                if (await scheduler.GetTrigger(new TriggerKey(entry.Id, Scheduled), cancellationToken) is not ICronTrigger trigger || trigger.CronExpressionString != entry.Cron)
                {
                    await scheduler.ScheduleTrigger(TriggerOf(entry), TriggerConflict.Replace, cancellationToken);
                }
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        private ITrigger TriggerOf(Entry entry) =>
            TriggerBuilder.Create(time)
                .ForJob(Key(entry.Id))
                .WithIdentity(entry.Id, Scheduled)
                .WithCronSchedule(entry.Cron, c => c.InTimeZone(TimeZoneInfo.Utc).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
                .Build();
    }
}
