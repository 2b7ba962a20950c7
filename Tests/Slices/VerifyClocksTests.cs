using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Somebody who can write to the tables alters a clock: it is named, column by column.</summary>
public sealed class VerifyClocksTests : DeskFixture
{
    private async Task<(Guid Request, Guid Order)> GivenAWeek()
    {
        var (request, order) = await GivenWorking(priority: Priority.Urgent);
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddDays(1)));
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 2, "王小明"));
        return (request, order);
    }

    [Test]
    public async Task After_the_whole_loop_nothing_differs()
    {
        await GivenAWeek();

        Assert.That(await ClocksThatDiffer(), Is.Empty);
        Assert.That((await Send(Here.System, new VerifyClocks(Here.CommunityId))).Clocks, Is.EqualTo(11));
    }

    private static readonly string[] Alterations =
    [
        "clock_id = gen_random_uuid()", "subject_kind = 'workOrder'", "crew = 'security'", "policy_version_id = null, imported = true", "policy = 'danger'", "calendar_version_id = null", "imposed = true", "imported = true",
        "started_at = started_at - interval '1 minute'", "allowance = allowance + 1", "unit = 'days'", "due_at = due_at + interval '1 microsecond'", "beyond_calendar = true",
        "held_at = started_at", "stopped_at = started_at, stopped_why = 'met', next_check_at = null", "stopped_at = started_at, stopped_why = 'voided', next_check_at = null",
        "breached_at = due_at", "next_check_at = null", "next_check_at = due_at + interval '1 day'",
    ];

    [TestCaseSource(nameof(Alterations))]
    public async Task An_altered_column_is_named(string alteration)
    {
        var (request, _) = await GivenAWeek();

        await Execute($"update clock set {alteration} where subject_id = @request and kind = 'finish' and cycle = 2", new { request });

        var column = alteration.Split(' ')[0];
        Assert.That(await ClocksThatDiffer(), Has.Some.StartsWith($"finish 2 {column}: ").And.All.StartsWith("finish 2 "));
    }

    [TestCase("stopped_at", "stopped_at = stopped_at + interval '1 second'")]
    [TestCase("stopped_why", "stopped_why = 'voided'")]
    [TestCase("late_report_at", "breached_at = due_at, late_report_at = stopped_at")]
    [TestCase("next_check_at", "stopped_at = null, stopped_why = null, next_check_at = due_at")]
    public async Task Of_a_clock_that_has_stopped_too(string column, string alteration)
    {
        var (request, _) = await GivenAWeek();

        await Execute($"update clock set {alteration} where subject_id = @request and kind = 'finish' and cycle = 1", new { request });

        Assert.That(await ClocksThatDiffer(), Has.Some.StartsWith(column == "next_check_at" ? "finish 1 stopped_at: none" : $"finish 1 {column}: "));
    }

    [Test]
    public async Task A_clock_that_was_moved_to_another_kind_cycle_or_subject_is_missed_where_it_was()
    {
        var (request, order) = await GivenAWeek();

        await Execute("update clock set kind = 'safe' where subject_id = @request and kind = 'arranged'", new { request });
        await Execute("update clock set cycle = 7 where subject_id = @request and kind = 'feedback'", new { request });
        await Execute("update clock set subject_id = gen_random_uuid() where subject_id = @order and kind = 'arrive'", new { order });

        var found = (await Send(Here.System, new VerifyClocks(Here.CommunityId))).Differences.Where(d => d.Column == "row").ToArray();
        Assert.That(found.Where(d => d.Stored == "there is one").Select(d => $"{d.Kind} {d.Cycle}"), Is.EquivalentTo(new[] { "Safe 1", "Feedback 7", "Arrive 1" }));
        Assert.That(found.Where(d => d.Stored == "none" && (d.SubjectId == request || d.SubjectId == order)).Select(d => $"{d.Kind} {d.Cycle}"), Is.EquivalentTo(new[] { "Arranged 1", "Feedback 1", "Arrive 1" }));
    }

    [TestCase("delete from clock_pause")]
    [TestCase("update clock_pause set to_at = to_at + interval '1 second'")]
    [TestCase("insert into clock_pause (community_id, clock_id, from_at, to_at) select community_id, clock_id, started_at, started_at + interval '1 hour' from clock where kind = 'finish' and cycle = 2")]
    public async Task A_pause_that_was_altered_is_named(string sql)
    {
        await GivenAWeek();

        await Execute(sql);

        Assert.That(await ClocksThatDiffer(), Has.Some.Contains(" pauses: "));
    }

    [Test]
    public async Task A_missing_row_is_named()
    {
        var (request, _) = await GivenAWeek();

        await Execute("delete from clock where subject_id = @request and kind = 'arranged'", new { request });

        Assert.That(
            (await Send(Here.System, new VerifyClocks(Here.CommunityId))).Differences.Where(d => d.SubjectId == request).Select(d => $"{d.Kind} {d.Column} {d.Stored}"),
            Is.EqualTo(new[] { "Arranged row none" }));
    }

    [Test]
    public async Task Only_the_desks_own_system_verifies_and_no_other_communitys_clocks()
    {
        Assert.That(await Refusal(() => Send(Here.Manager, new VerifyClocks(Here.CommunityId))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.System, new VerifyClocks(Here.CommunityId))), Is.EqualTo("role.not_allowed"));
    }
}
