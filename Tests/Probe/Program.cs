using System.Diagnostics;
using MediatR;
using Npgsql;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Probe;
using PropertyServiceDesk.Workers;
using PropertyServiceDesk.Workers.Deliveries;

// A worker as it is shipped, for tests of real processes. What happens in it is said on the channel probe.
//   probe ID|CRON|WHAT[|single]…       a schedule of the tests' own; each run leaves a row in probe_run
//   probe --deliver [--die-at STEP]   the deliveries; at the step the process kills itself
//   probe --chase [--die-at STEP]     the chaser of feedback; at the step the process kills itself
//   probe --sweep [--at-once N] [--die-at STEP] [--beside]   the sweep of clocks, N at a time; at the step the process kills itself;
//                                      beside: four times a second as well, whichever worker the engine chooses for its row
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
await using var table = NpgsqlDataSource.Create(builder.Configuration.GetConnectionString("ServiceDesk")!);
var says = new Says(table);
IReadOnlyList<Entry> schedule;
Func<Job, CancellationToken, Task<int>>? sweep = null;
if (args is ["--sweep", ..])
{
    var steps = new Steps<EscalateOverdue>(says, After("--die-at"));
    builder.Services.AddSingleton<INotificationHandler<SweepStep>>(steps);
    builder.Services.AddSingleton<IPipelineBehavior<EscalateOverdue, int>>(steps);
    var atOnce = int.Parse(After("--at-once") ?? "1000");
    sweep = async (job, ct) =>
    {
        var rows = await job.Drain(job.Due.ClocksToCheck, atOnce, (community, clocks) => new EscalateOverdue(community, clocks), (community, clock) => new PutClockOff(community, clock), ct);
        await says.Say($"swept {rows}");
        return rows;
    };
    schedule = [new("escalate-overdue", "0/1 * * * * ?", sweep)];
}
else if (args is ["--chase", ..])
{
    var steps = new Steps<ChaseFeedback>(says, After("--die-at"));
    builder.Services.AddSingleton<INotificationHandler<SweepStep>>(steps);
    builder.Services.AddSingleton<IPipelineBehavior<ChaseFeedback, int>>(steps);
    schedule =
    [
        new("chase-feedback", "0/1 * * * * ?", async (job, ct) =>
        {
            var rows = await job.Drain(job.Due.RoundsToChase, 500, (community, rounds) => new ChaseFeedback(community, rounds), (community, round) => new PutRoundOff(community, round), ct);
            await says.Say($"chased {rows}");
            return rows;
        }),
    ];
}
else if (args is ["--deliver", ..])
{
    builder.Services.AddSingleton<INotificationHandler<DeliveryStep>>(new DeliverySteps(says, After("--die-at")));
    schedule =
    [
        new("deliver-messages", "0/1 * * * * ?", async (job, ct) =>
        {
            var rows = await job.Deliver(ct);
            await says.Say($"delivered {rows}");
            return rows;
        }),
    ];
}
else
{
    schedule = [.. args.Select(row => Own(row.Split('|')))];
}

await builder.Services.AddDeskClock(name => builder.Configuration[name], Connections.Direct(builder.Configuration.GetConnectionString), CancellationToken.None);
await using var app = WorkersHost.Build(builder, schedule);
_ = args.Contains("--beside") ? Beside(app.Services.GetRequiredService<Job>()) : Task.CompletedTask;
await app.RunAsync();

async Task Beside(Job job)
{
    using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
    while (await timer.WaitForNextTickAsync())
    {
        try
        {
            await sweep!(job, CancellationToken.None);
        }
        catch (NpgsqlException e)
        {
            Console.Error.WriteLine(e.Message); // the database is away
        }
    }
}

string? After(string name) => Array.IndexOf(args, name) is var at and >= 0 ? args[at + 1] : null;

Entry Own(string[] row) => new(row[0], row[1], (_, ct) => says.Run(row[0], row[2], ct), Single: row is [.., "single"]);

namespace PropertyServiceDesk.Probe
{
    internal sealed class Says(NpgsqlDataSource table)
    {
        public Task Say(string what) => Scalar("select pg_notify('probe', $1)::text", $"{what} {Environment.ProcessId}");

        public async Task<int> Run(string id, string what, CancellationToken ct)
        {
            var run = await Scalar("insert into probe_run (job, pid, started_at) values ($1, $2, clock_timestamp()) returning run_id", id, Environment.ProcessId);
            await Say($"{id} started");
            var earlier = (long)(await Scalar("select count(*) from probe_run where job = $1 and run_id < $2", id, run!))!;
            switch (what)
            {
                case "fails-twice" when earlier < 2:
                    throw new IOException("As it was told.");
                case "hangs-once" when earlier == 0:
                    await Task.Delay(TimeSpan.FromMinutes(5), ct);
                    break;
                case "slow":
                    await Task.Delay(TimeSpan.FromSeconds(1.5), ct);
                    break;
            }

            await Scalar("update probe_run set ended_at = clock_timestamp() where run_id = $1", run!);
            await Say($"{id} ended");
            return 1;
        }

        private async Task<object?> Scalar(string sql, params object[] values)
        {
            await using var command = table.CreateCommand(sql);
            foreach (var value in values)
            {
                command.Parameters.Add(new() { Value = value });
            }

            return await command.ExecuteScalarAsync();
        }
    }

    /// <summary>The same for the deliveries: what is sent outside any transaction and marked after it.</summary>
    internal sealed class DeliverySteps(Says says, string? dieAt) : INotificationHandler<DeliveryStep>
    {
        public async Task Handle(DeliveryStep notification, CancellationToken cancellationToken)
        {
            if (string.Equals(notification.Name, dieAt, StringComparison.Ordinal))
            {
                Process.GetCurrentProcess().Kill(); // SIGKILL: nothing is tidied up
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            }

            await says.Say($"step {notification.Name}");
        }
    }

    /// <summary>Says each step of a job's command, and kills the process at the one that was named. <c>committed</c> is the step after commit.</summary>
    internal sealed class Steps<TCommand>(Says says, string? dieAt) : INotificationHandler<SweepStep>, IPipelineBehavior<TCommand, int>
        where TCommand : notnull
    {
        public Task Handle(SweepStep notification, CancellationToken cancellationToken) => At(notification.Name);

        public async Task<int> Handle(TCommand request, CancellationToken cancellationToken, RequestHandlerDelegate<int> next)
        {
            await At("begun");
            var done = await next();
            await At("committed");
            return done;
        }

        private async Task At(string step)
        {
            if (string.Equals(step, dieAt, StringComparison.Ordinal))
            {
                Process.GetCurrentProcess().Kill(); // SIGKILL: nothing is tidied up
                await Task.Delay(Timeout.Infinite);
            }

            await says.Say($"step {step.Replace(' ', '-')}");
        }
    }
}
