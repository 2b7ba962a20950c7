using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.Storage;
using Npgsql;
using HangfireJob = Hangfire.Common.Job;

namespace PropertyServiceDesk.Workers.Engine;

/// <summary>Hangfire as the alarm clock: its storage in PostgreSQL, tables of its own in the schema <c>job_engine</c>, over the direct connection.</summary>
/// <remarks>Hangfire goes by the system's time, also where a demo has another: what it plans is when to look, and rows say what is due.</remarks>
internal static class HangfireEngine
{
    private const int Threads = 10;

    /// <summary>A dead worker's run is taken up by another after this; a run that goes on renews it.</summary>
    private static readonly TimeSpan Takeover = TimeSpan.FromSeconds(9);

    public static IServiceCollection AddJobEngine(this IServiceCollection services, string directConnectionString)
    {
        services.AddHangfire((provider, hangfire) => hangfire
            .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings()
            .UseFilter(new AutomaticRetryAttribute { Attempts = 8, DelaysInSeconds = [2, 4, 8, 16, 32, 64, 128, 256], LogEvents = false, OnAttemptsExceeded = AttemptsExceededAction.Delete })
            .UsePostgreSqlStorage(
                o => o.UseNpgsqlConnection(Own(directConnectionString)),
                new PostgreSqlStorageOptions
                {
                    SchemaName = "job_engine",
                    QueuePollInterval = TimeSpan.FromMilliseconds(500),
                    InvisibilityTimeout = Takeover,
                    UseSlidingInvisibilityTimeout = true,
                    DistributedLockTimeout = TimeSpan.FromSeconds(20), // of a worker that died with it; held for moments only
                    JobExpirationCheckInterval = TimeSpan.FromMinutes(5),
                    EnableTransactionScopeEnlistment = false,
                    AllowDegradedModeWithoutStorage = false,
                })
            .WithJobExpirationTimeout(TimeSpan.FromHours(1))); // a run leaves rows; what is worth keeping stands in our own record
        services.AddHostedService<ScheduleStored>();
        services.AddHangfireServer(server =>
        {
            server.WorkerCount = Threads;
            server.SchedulePollingInterval = TimeSpan.FromSeconds(1);
            server.HeartbeatInterval = TimeSpan.FromSeconds(3);
            server.ServerTimeout = TimeSpan.FromSeconds(30);
            server.StopTimeout = TimeSpan.FromSeconds(15);
        });
        services.AddTransient<RunEntry>();
        return services.AddSingleton<IJobEngine, Engine>();
    }

    /// <summary>A small pool of its own: a connection a thread, and some for Hangfire itself.</summary>
    private static string Own(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "desk-jobs", MaxPoolSize = Threads + 10, Enlist = false, TcpKeepAlive = true, TcpKeepAliveTime = 10, TcpKeepAliveInterval = 5 }.ConnectionString;

    /// <summary>Its retries are ours alone: the ones built in are taken off first, else they win.</summary>
    private static void ForgetBuiltInRetries()
    {
        foreach (var filter in GlobalJobFilters.Filters.Where(f => f.Instance is AutomaticRetryAttribute { Attempts: 10 }).ToArray())
        {
            GlobalJobFilters.Filters.Remove(filter.Instance);
        }
    }

    internal sealed class RunEntry(JobRunner runner)
    {
        public Task Execute(string id, CancellationToken ct) => runner.Run(id, ct);
    }

    private static HangfireJob JobOf(string id) => HangfireJob.FromExpression<RunEntry>(run => run.Execute(id, CancellationToken.None));

    private sealed class Engine(IRecurringJobManager recurring) : IJobEngine
    {
        public Task Fire(string id, CancellationToken ct)
        {
            recurring.Trigger(id);
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// Before anything fires, the store is made to hold the rows of the schedule and no others. One that is as it should be is left alone:
    /// it knows when it last fired, and a restart must not forget what was missed.
    /// </summary>
    private sealed class ScheduleStored(IRecurringJobManager recurring, JobStorage storage, IReadOnlyList<Entry> schedule) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            ForgetBuiltInRetries();
            using var connection = storage.GetConnection();
            foreach (var gone in connection.GetRecurringJobs().Where(j => schedule.All(e => e.Id != j.Id)))
            {
                recurring.RemoveIfExists(gone.Id);
            }

            foreach (var entry in schedule)
            {
                recurring.AddOrUpdate(entry.Id, JobOf(entry.Id), entry.Cron, new RecurringJobOptions { TimeZone = TimeZoneInfo.Utc, MisfireHandling = MisfireHandlingMode.Relaxed });
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
