using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Imports;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>The sweep by two workers as they are shipped, over a PostgreSQL that goes away in the middle.</summary>
[Category("Process")]
public sealed class SweepOutageTests : DeskFixture
{
    private const int Late = 60;

    private static readonly DateTime Later = FakeClock.Start.AddDays(7).UtcDateTime;

    private readonly List<RealProcess> started = [];
    private OwnServer server = null!;

    protected override async Task<string> Database()
    {
        server = await OwnServer.Start();
        await Migrations.Apply(server.ConnectionString + ";Pooling=false", TimeProvider.System, CancellationToken.None);
        return server.ConnectionString;
    }

    protected override async Task Closing()
    {
        foreach (var process in started)
        {
            await process.DisposeAsync();
        }
    }

    [OneTimeTearDown]
    public async Task LetGoOfTheServer()
    {
        Owner.Clear();
        await server.DisposeAsync();
    }

    [Test]
    public async Task Workers_whose_clocks_differ_one_killed_and_the_database_stopped_and_started_after_a_week_of_missed_ticks_leave_each_once_and_none_out()
    {
        await DeskClock.Begin(ConnectionString, FakeClock.Start, CancellationToken.None);
        var undisturbed = await GivenDispatched(priority: Priority.Danger);
        Clock.Advance(TimeSpan.FromDays(7));
        await Sweep();
        var expected = await Swept.LeftButMessages(this, undisturbed);
        Assert.That(expected, Has.Count.GreaterThan(40));
        Clock.Set(FakeClock.Start);
        var late = new List<(Guid Request, Guid Order)>();
        for (var i = 0; i < Late; i++)
        {
            late.Add(await GivenDispatched(priority: Priority.Danger));
        }

        var probe = await Heard.On(Owner, "probe");
        RealProcess[] both = [Worker("00:00:00"), Worker("00:00:05")];
        await probe.Next($"swept 0 {both[0].Id}");
        await probe.Next($"swept 0 {both[1].Id}");

        // The last one in the line is not to be had before the server stops: there is something left however fast the survivor is.
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select clock_id from clock where next_check_at <= @Now order by next_check_at desc, clock_id desc limit 1 for update", new { Now = Later });
        await new DeskClock(Owner, TimeSpan.Zero).MoveForward(null, TimeSpan.FromDays(7), CancellationToken.None);
        var dying = Pid(await probe.Next("step escalations-written"));
        await both.Single(w => w.Id == dying).Kill();
        var survivor = both.Single(w => w.Id != dying);
        await probe.Next($"step messages-written {survivor.Id}");
        await server.Stop();
        await server.StartAgain();
        Owner.Clear();
        Service<NpgsqlDataSource>().Clear();
        Assert.That(await Due(), Is.GreaterThan(0), "it came back too late to show anything");
        probe = await Heard.On(Owner, "probe");
        var before = await RunsBy(survivor);
        while (await Due() > 0 || await RunsBy(survivor) == before)
        {
            await probe.Next("swept"); // until nothing is left, and the engine, too, runs again
        }

        foreach (var one in late)
        {
            Assert.That(await Swept.LeftButMessages(this, one), Is.EqualTo(expected));
        }

        Assert.That(await Swept.ToldTwiceOrNot(this), Is.Zero);
        Assert.That(await Chain.Broken(this), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from alarm where kind = 'clockTrouble'"), Is.Zero);
    }

    private Task<long> Due() => Scalar<long>("select count(*) from clock where next_check_at <= @Now", new { Now = Later });

    private async Task<long> RunsBy(RealProcess worker) => await Scalar<long>("select coalesce(sum(runs) filter (where last_worker like '%:' || @Id::text), -1)::bigint from job", new { worker.Id });

    private static int Pid(string heard) => int.Parse(heard.Split(' ')[^1], CultureInfo.InvariantCulture);

    private RealProcess Worker(string offset)
    {
        var worker = RealProcess.Start("Probe", ConnectionString, ["--sweep", "--beside", "--at-once", "1"], (DeskClock.Setting, "settable"), ("Desk__Mode", "Demo"), (DeskClock.OffsetSetting, offset));
        started.Add(worker);
        return worker;
    }

    private async Task Sweep()
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
    }
}
