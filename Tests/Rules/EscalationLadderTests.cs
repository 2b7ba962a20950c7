using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>Which level is reached when. Times are Shanghai's; Monday 2026-03-02.</summary>
public sealed class EscalationLadderTests
{
    private static readonly BusinessCalendar Desk = Reference.Calendar("desk");

    private static DateTimeOffset At(int day, int hour, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.FromHours(8));

    private static ReachedLevel Reached(int level, DateTimeOffset at, DateTimeOffset? tellAt = null) => new(level, at, tellAt ?? at, tellAt is null ? at : null);

    private static LadderDecision Decide(ClockOnLadder clock, EscalationPlan plan, DateTimeOffset now, params int[] empty) =>
        EscalationLadder.Decide(clock, plan, plan.Calendar == "24x7" ? BusinessCalendar.Always : Desk, now, level => !empty.Contains(level));

    private static string Say(LadderDecision d) =>
        string.Join(' ', d.Reached.Select(r => $"{r.Level}:{r.Cause}")) + (d.Breach ? " breach" : "") + (d.PromiseBroken ? " broken" : "");

    [Test]
    public void Before_the_warning_nothing_is_reached_and_the_next_look_is_at_the_warning()
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), At(2, 11), false, []), EscalationPlan.Other, At(2, 10));

        Assert.That((Say(decision), decision.LookAgainAt), Is.EqualTo(("", (DateTimeOffset?)At(2, 11))));
    }

    [Test]
    public void At_the_warning_it_is_warned_and_looked_at_again_when_it_is_due()
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), At(2, 11), false, []), EscalationPlan.Other, At(2, 11));

        Assert.That((Say(decision), decision.LookAgainAt), Is.EqualTo(("0:Warning", (DateTimeOffset?)At(2, 12))));
    }

    [Test]
    public void What_is_late_already_is_not_warned_of()
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), At(2, 11), false, []), EscalationPlan.Other, At(2, 12));

        Assert.That((Say(decision), decision.LookAgainAt), Is.EqualTo(("1:Breach breach", (DateTimeOffset?)At(2, 13))));
    }

    [TestCase(2, 12, 59, "")]
    [TestCase(2, 13, 0, "2:StillLate")]
    [TestCase(2, 16, 0, "2:StillLate 3:StillLate")]
    [TestCase(9, 9, 0, "2:StillLate 3:StillLate 4:StillLate")]
    public void Levels_come_after_their_minutes_and_a_late_look_reaches_all_that_were_missed(int day, int hour, int minute, string expected)
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), null, true, [Reached(1, At(2, 12))]), EscalationPlan.Other, At(day, hour, minute));

        Assert.That(Say(decision), Is.EqualTo(expected));
    }

    [Test]
    public void After_the_last_level_nobody_looks_any_more()
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), null, true, [.. Enumerable.Range(1, 4).Select(l => Reached(l, At(2, 12)))]), EscalationPlan.Other, At(9, 9));

        Assert.That((Say(decision), decision.LookAgainAt), Is.EqualTo(("", (DateTimeOffset?)null)));
    }

    [Test]
    public void Minutes_are_counted_in_the_plans_calendar()
    {
        var decision = Decide(new ClockOnLadder(At(2, 19, 30), null, false, []), EscalationPlan.Other, At(2, 19, 30));

        Assert.That(decision.LookAgainAt, Is.EqualTo(At(3, 9)), "30 minutes that evening, 30 from 08:30");
    }

    [Test]
    public void Outside_its_hours_a_level_is_recorded_at_once_and_told_when_they_begin()
    {
        var night = Decide(new ClockOnLadder(At(2, 23), null, false, []), EscalationPlan.Other, At(2, 23));
        var morning = Decide(new ClockOnLadder(At(2, 23), null, true, [Reached(1, At(2, 23), At(3, 8, 30))]), EscalationPlan.Other, At(3, 8, 30));

        Assert.That(night.Reached, Is.EqualTo(new[] { new NextLevel(1, EscalationCause.Breach, At(3, 8, 30)) }));
        Assert.That(night.LookAgainAt, Is.EqualTo(At(3, 8, 30)));
        Assert.That(morning.Tell, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Danger_waits_for_no_office_hours_whatever_its_policy_says()
    {
        var plan = EscalationPlan.For(new Policy("x", new LocalName("x", "x"), new PolicyScope(), [], new FeedbackPlan(FeedbackWay.Call, [], CallShare.All), Escalation: EscalationPlan.Other), Priority.Danger, ClockKind.Finish);

        Assert.That((plan.Calendar, plan.MostPromises), Is.EqualTo(("24x7", 0)));
    }

    [TestCase(Priority.Danger)]
    [TestCase(Priority.Urgent)]
    public void A_call_that_is_owed_waits_for_the_morning_however_urgent_the_work_was(Priority priority)
    {
        var plan = EscalationPlan.For(null, priority, ClockKind.Feedback);

        Assert.That(plan, Is.EqualTo(EscalationPlan.Other));
    }

    [Test]
    public void A_level_with_nobody_is_followed_by_the_next_in_the_same_look()
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), null, false, []), EscalationPlan.Danger, At(2, 12), 1, 2);

        Assert.That(Say(decision), Is.EqualTo("1:Breach 2:NobodyBelow 3:NobodyBelow breach"));
    }

    [Test]
    public void A_level_told_later_that_then_has_nobody_is_followed_by_the_next_in_the_same_look()
    {
        var decision = Decide(new ClockOnLadder(At(2, 23), null, true, [Reached(1, At(2, 23), At(3, 8, 30))]), EscalationPlan.Other, At(3, 8, 30), 1);

        Assert.That((Say(decision), string.Join(',', decision.Tell)), Is.EqualTo(("2:NobodyBelow", "1")));
    }

    [Test]
    public void A_promise_stops_the_ladder_until_its_time()
    {
        var clock = new ClockOnLadder(At(2, 12), null, true, [Reached(1, At(2, 12))], Promises: [At(2, 17)]);

        var decision = Decide(clock, EscalationPlan.Other, At(2, 16));

        Assert.That((Say(decision), decision.LookAgainAt), Is.EqualTo(("", (DateTimeOffset?)At(2, 17))));
    }

    [Test]
    public void A_broken_promise_is_told_to_the_next_level_at_once_and_the_rest_counts_from_there()
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), null, true, [Reached(1, At(2, 12))], Promises: [At(2, 16)]), EscalationPlan.Other, At(2, 16));

        Assert.That((Say(decision), decision.LookAgainAt), Is.EqualTo(("2:PromiseBroken broken", (DateTimeOffset?)At(2, 19))), "level 3 is 180 minutes after level 2");
    }

    [Test]
    public void At_the_top_a_broken_promise_is_noticed_all_the_same()
    {
        var top = Enumerable.Range(1, 4).Select(l => Reached(l, At(2, 12))).ToArray();

        var before = Decide(new ClockOnLadder(At(2, 12), null, true, top, Promises: [At(2, 16)]), EscalationPlan.Other, At(2, 15));
        var after = Decide(new ClockOnLadder(At(2, 12), null, true, top, Promises: [At(2, 16)]), EscalationPlan.Other, At(2, 16));

        Assert.That(before.LookAgainAt, Is.EqualTo(At(2, 16)));
        Assert.That(Say(after), Is.EqualTo(" broken"));
    }

    [Test]
    public void At_the_top_a_promise_that_is_broken_at_night_is_told_in_the_morning_and_for_what_waits_for_nobody_at_once()
    {
        var top = Enumerable.Range(1, 4).Select(l => Reached(l, At(2, 12))).ToArray();
        var clock = new ClockOnLadder(At(2, 12), null, true, top, Promises: [At(2, 23)]);

        var night = Decide(clock, EscalationPlan.Other, At(2, 23));
        var morning = Decide(clock, EscalationPlan.Other, At(3, 8, 30));
        var urgent = Decide(clock, EscalationPlan.Urgent, At(2, 23));

        Assert.That((Say(night), night.LookAgainAt), Is.EqualTo(("", (DateTimeOffset?)At(3, 8, 30))));
        Assert.That((Say(morning), Say(urgent)), Is.EqualTo((" broken", " broken")));
    }

    [Test]
    public void For_danger_a_promise_stops_nothing()
    {
        var decision = Decide(new ClockOnLadder(At(2, 12), null, true, [Reached(1, At(2, 12))], Promises: [At(2, 17)]), EscalationPlan.Danger, At(2, 12, 5));

        Assert.That(Say(decision), Is.EqualTo("2:StillLate"));
    }

    [Test]
    public void A_warning_that_waits_for_the_morning_is_not_told_once_it_is_late()
    {
        var clock = new ClockOnLadder(At(3, 8), At(2, 23), false, [Reached(0, At(2, 23), At(3, 8, 30))]);

        var decision = Decide(clock, EscalationPlan.Other, At(3, 8, 30));

        Assert.That((Say(decision), decision.Tell.Count), Is.EqualTo(("1:Breach breach", 0)));
    }
}
