using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Imports;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>
/// The sweep killed at each of its steps, by real processes over a real database: afterwards each expected escalation is there once, each
/// message once, none is missing. What is expected is what a sweep that nobody disturbs leaves behind.
/// </summary>
[Category("Process")]
public sealed class SweepCrashTests : DeskFixture
{
    private readonly List<RealProcess> started = [];
    private Heard probe = null!;

    [SetUp]
    public async Task Forget()
    {
        await Execute("delete from leave; delete from shift; drop schema job_engine cascade; create schema job_engine");
        probe = await Heard.On(Owner, "probe");
    }

    [TearDown]
    public async Task LetGoOfThem()
    {
        foreach (var process in started)
        {
            await process.DisposeAsync();
        }

        started.Clear();
        await probe.DisposeAsync();
    }

    private RealProcess Worker(params string[] arguments)
    {
        var worker = RealProcess.Start("Probe", ConnectionString, ["--sweep", .. arguments]);
        started.Add(worker);
        return worker;
    }

    /// <summary>The sweep in this process, in real time, as the workers have it.</summary>
    private async Task Sweep()
    {
        Clock.Set(TimeProvider.System.GetUtcNow());
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
    }

    /// <summary>Somebody is stuck in a lift; months ago, as real time has it.</summary>
    private async Task<(Guid Request, Guid Order)> GivenDanger()
    {
        Clock.Set(FakeClock.Start);
        return await GivenDispatched(priority: Priority.Danger);
    }

    [TestCase("begun")]
    [TestCase("loaded")]
    [TestCase("decided")]
    [TestCase("escalations written")]
    [TestCase("messages written")]
    [TestCase("clocks written")]
    [TestCase("events written")]
    [TestCase("committed")]
    public async Task Killed_at_this_step_and_run_again_it_comes_to_the_same(string step)
    {
        var undisturbed = await GivenDanger();
        await Sweep();
        var expected = await Swept.Left(this, undisturbed);
        Assert.That(expected, Has.Count.GreaterThan(40));
        var disturbed = await GivenDanger();

        var worker = Worker("--die-at", step);
        await worker.Ended(TimeSpan.FromMinutes(3));
        Assert.That(worker.ExitCode, Is.EqualTo(137), "SIGKILL: " + worker.Said);
        await Execute("select clock_id from clock where subject_id = any (@Of) for update", new { Of = new[] { disturbed.Request, disturbed.Order } }); // waits until the server has let go of what the dead one held
        await Sweep();

        Assert.That(await Swept.Left(this, disturbed), Is.EqualTo(expected));
        Assert.That(await Chain.Broken(this), Is.Zero);
    }
}
