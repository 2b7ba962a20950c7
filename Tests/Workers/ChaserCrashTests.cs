using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Imports;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>
/// The chaser of feedback killed at each of its steps, as a real process over a real database: afterwards each round has one outcome at most
/// and the one that it would have had, nobody is asked twice, and no call is put on the list twice.
/// </summary>
[Category("Process")]
public sealed class ChaserCrashTests : DeskFixture
{
    [OneTimeSetUp]
    public Task At_any_hour_and_nobody_in_the_sample() => Execute(
        """
        update sla_profile_version set definition = jsonb_set(definition, '{feedback}', definition -> 'feedback' || '{"samplePercent": 0, "callsFromHour": 0, "callsToHour": 24}') where community_id = @CommunityId
        """,
        new { Here.CommunityId });

    [SetUp]
    public Task Forget() => Execute("drop schema job_engine cascade; create schema job_engine");

    private async Task Chase()
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        await Schedule.Entries.Single(e => e.Id == "chase-feedback").Run(job, CancellationToken.None);
    }

    private Task Delivered() => Execute("update message set sent_at = @Now where sent_at is null and parked_at is null", new { Now = Clock.GetUtcNow() });

    /// <summary>Months ago, as real time has it: three whose silence is an answer by now, one whose reminder is due, one whose ask never arrived.</summary>
    private async Task<Guid[]> GivenRounds()
    {
        Clock.Set(FakeClock.Start);
        var requests = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            requests.Add((await GivenDone()).RequestId);
        }

        foreach (var day in new[] { 0, 1, 3 })
        {
            Clock.Set(FakeClock.Start.AddDays(day));
            await Delivered();
            await Chase();
            await Delivered();
        }

        requests.Add((await GivenDone()).RequestId);
        await Delivered();
        requests.Add((await GivenDone()).RequestId);
        await Execute("update message set parked_at = @Now, parked_why = 'exhausted' where request_id = @Id and sent_at is null", new { Now = Clock.GetUtcNow(), Id = requests[^1] });
        return [.. requests];
    }

    private Task<List<string>> Left(Guid[] requests) => Rows<string>(
        """
        select line
        from (
            select 'request ' || x.place || ' ' || r.status as line
            from unnest(@requests) with ordinality x (id, place) join request r on r.request_id = x.id
            union all
            select 'round ' || x.place || ' ' || f.round || ' ' || f.state || ' ' || f.reminders || ' ' || coalesce(f.listed_why, '') || ' ' || (f.ended_at is not null) || ' ' || f.version
            from unnest(@requests) with ordinality x (id, place) join feedback f on f.request_id = x.id
            union all
            select 'message ' || x.place || ' ' || m.template
            from unnest(@requests) with ordinality x (id, place) join message m on m.request_id = x.id
            union all
            select 'event ' || x.place || ' ' || e.what
            from unnest(@requests) with ordinality x (id, place)
            join feedback f on f.request_id = x.id
            join event e on e.community_id = f.community_id and e.subject_id in (x.id, f.feedback_id) and (e.what like 'feedback%' or e.what = 'requestClosed')
            union all
            select 'clock ' || x.place || ' ' || k.kind || ' ' || k.cycle || ' ' || coalesce(k.stopped_why, 'runs')
            from unnest(@requests) with ordinality x (id, place) join feedback f on f.request_id = x.id join clock k on k.subject_id = f.feedback_id
        ) l
        order by line
        """,
        new { requests });

    [TestCase("begun")]
    [TestCase("rounds loaded")]
    [TestCase("rounds written")]
    [TestCase("reminders written")]
    [TestCase("requests closed")]
    [TestCase("committed")]
    public async Task Killed_at_this_step_and_run_again_each_round_has_exactly_one_outcome(string step)
    {
        var undisturbed = await GivenRounds();
        Clock.Set(TimeProvider.System.GetUtcNow());
        await Chase();
        var expected = await Left(undisturbed);
        Assert.That(expected.Count(l => l.Contains(" noResponse ", StringComparison.Ordinal)), Is.EqualTo(3), string.Join('\n', expected));
        Assert.That(expected.Count(l => l.Contains(" reminded 2 ", StringComparison.Ordinal)), Is.EqualTo(1), string.Join('\n', expected));
        Assert.That(expected.Count(l => l.Contains(" toCall 0 notDelivered ", StringComparison.Ordinal)), Is.EqualTo(1), string.Join('\n', expected));
        var disturbed = await GivenRounds();

        await using (var worker = RealProcess.Start("Probe", ConnectionString, ["--chase", "--die-at", step]))
        {
            await worker.Ended(TimeSpan.FromMinutes(3));
            Assert.That(worker.ExitCode, Is.EqualTo(137), "SIGKILL: " + worker.Said);
        }

        await Execute("select request_id from request where request_id = any (@disturbed) for update", new { disturbed }); // waits until the server has let go of what the dead one held
        Clock.Set(TimeProvider.System.GetUtcNow());
        await Chase();

        Assert.That(await Left(disturbed), Is.EqualTo(expected));
        Assert.That(
            await Scalar<long>("select count(*) from (select e.subject_id from event e where e.what = 'feedbackLapsed' group by e.subject_id having count(*) > 1) twice"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from feedback f where f.request_id = any (@disturbed) and f.state = 'noResponse' and f.ended_at is not null", new { disturbed }), Is.EqualTo(3));
        Assert.That(await Chain.Broken(this), Is.Zero);
    }
}
