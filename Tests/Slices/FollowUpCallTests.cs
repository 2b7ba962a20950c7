using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>The call that is owed after a bad answer is rung as any other: each call is written down, one rings at a time, and where nobody does it escalates.</summary>
public sealed class FollowUpCallTests : DeskFixture
{
    private const string Number = "13800138000";

    private sealed record Owed(Guid FollowUp, Guid Request, Guid Round);

    private async Task<Owed> Given(Solved solved = Solved.No, short score = 1)
    {
        var (request, _) = await GivenDone();
        await Send(Here.Officer, new RecordFeedback(request, solved, score, "王小明", MadeItFive: "还在漏", NumberDialled: Number));
        return new Owed(
            await Scalar<Guid>("select follow_up_id from follow_up where request_id = @request and for_role <> 'manager'", new { request }), request,
            await Scalar<Guid>("select feedback_id from feedback where request_id = @request", new { request }));
    }

    private Task<List<DateTime>> Due(Owed owed) => Rows<DateTime>("select due_at from clock where subject_id = @Round and kind = 'feedback' and stopped_at is null", owed);

    private async Task Escalate()
    {
        await using var services = Services(_ => { });
        await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance), CancellationToken.None);
    }

    [Test]
    public async Task A_call_in_vain_is_written_down_with_its_number_and_the_next_one_is_owed_from_then_on()
    {
        var owed = await Given();
        Assert.That(await Due(owed), Is.EqualTo(new[] { Clock.GetUtcNow().AddHours(24).UtcDateTime }));
        Clock.Advance(TimeSpan.FromHours(2));

        var now = await Send(Here.Clerk, new TryFollowUp(owed.FollowUp, Number, CallResult.Busy, "占线"));

        var sheet = await Send(Here.Clerk, new GetFollowUp(owed.FollowUp));
        Assert.That(sheet.Calls.Select(c => (c.Result, c.NumberDialled, c.StaffName, c.SpokeWith, c.Note)), Is.EqualTo(new[] { (CallResult.Busy, "138****8000", (string?)"clerk", (string?)null, (string?)"占线") }));
        Assert.That(sheet.Script, Has.Count.EqualTo(4).And.Some.Contain("王小明").And.Some.Contain("厨房水管漏水").And.Some.Contain("还在漏"));
        var line = (await Send(Here.Clerk, new ListFollowUps())).Items.Single();
        Assert.That((line.Attempts, line.LastTriedAt, line.Phones[0], line.Version), Is.EqualTo((1, (DateTimeOffset?)Clock.GetUtcNow(), "138****8000", now.Version)));
        Assert.That((await Send(Here.Clerk, new ListFollowUps(Ready: true))).Items, Is.Empty, "not before the afternoon");
        Assert.That(await Due(owed), Is.EqualTo(new[] { Clock.GetUtcNow().AddHours(24).UtcDateTime }), "we promised to ring; they did not promise to pick up");
        Assert.That((await Send(Here.Clerk, new GetCallBack(owed.Round))).Calls, Has.Count.EqualTo(1), "the round keeps its own: that by which it was answered");
        Assert.That(await Rows<string>("select text from event e join event_text t using (community_id, seq) where e.what = 'feedbackCallTried' and e.subject_id = @Round", owed), Is.EqualTo(new[] { "占线" }));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Where_nobody_rings_within_a_day_it_escalates_as_a_call_that_was_not_made()
    {
        var owed = await Given();
        Clock.Advance(TimeSpan.FromHours(23));
        await Escalate();
        Assert.That(await Rows<string>("select cause from escalation e join clock k using (community_id, clock_id) where k.subject_id = @Round and e.level > 0", owed), Is.Empty);

        Clock.Advance(TimeSpan.FromHours(1));
        await Escalate();

        Assert.That(await Rows<string>("select cause from escalation e join clock k using (community_id, clock_id) where k.subject_id = @Round and e.level = 1", owed), Is.EqualTo(new[] { "callNotMade" }));
    }

    [Test]
    public async Task One_takes_it_and_nobody_else_rings_or_ends_it_for_a_quarter_of_an_hour()
    {
        var owed = await Given();

        var taken = await Send(Here.Clerk, new TakeFollowUp(owed.FollowUp));

        Assert.That((taken.TakenBy, taken.TakenUntil), Is.EqualTo(((Guid?)Here.Clerk.Id, (DateTimeOffset?)Clock.GetUtcNow().AddMinutes(15))));
        Assert.That((await Send(Here.Clerk, new GetFollowUp(owed.FollowUp))).TakenByName, Is.EqualTo("clerk"));
        foreach (var other in new Func<Task>[]
        {
            () => Send(Here.Manager, new TakeFollowUp(owed.FollowUp)),
            () => Send(Here.Manager, new TryFollowUp(owed.FollowUp, Number, CallResult.Busy)),
            () => Send(Here.Manager, new SnoozeFollowUp(owed.FollowUp, Clock.GetUtcNow().AddHours(2))),
            () => Send(Here.Manager, new HandOverFollowUp(owed.FollowUp, Here.Manager.Id)),
            () => Send(Here.Manager, new ReleaseFollowUp(owed.FollowUp)),
            () => Send(Here.Manager, new EndFollowUp(owed.FollowUp, FollowUpEnding.Explained, "x")),
        })
        {
            Assert.That(await Refusal(other), Is.EqualTo("call_back.taken"));
        }

        Assert.That((await Send(Here.Manager, new ListFollowUps(Ready: true))).Items.Select(f => f.FollowUpId), Does.Not.Contain(owed.FollowUp));
        Clock.Advance(TimeSpan.FromMinutes(15));
        await Send(Here.Manager, new TakeFollowUp(owed.FollowUp));
        Assert.That((await Send(Here.Manager, new ReleaseFollowUp(owed.FollowUp))).TakenBy, Is.Null);
        await Send(Here.Clerk, new TakeFollowUp(owed.FollowUp));
    }

    [Test]
    public async Task Of_many_who_take_it_at_once_one_has_it()
    {
        var owed = await Given();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Attempts.Attempt(() => Send(n % 2 == 0 ? Here.Clerk : Here.Manager, new TakeFollowUp(owed.FollowUp)))));

        Assert.That(results.Count(r => r == "done"), Is.EqualTo(4), "the same person again is no other");
        Assert.That(results.Count(r => r == "call_back.taken"), Is.EqualTo(4));
    }

    [Test]
    public async Task Put_off_it_stands_aside_and_is_due_all_the_same()
    {
        var owed = await Given();
        var due = await Due(owed);

        await Send(Here.Clerk, new SnoozeFollowUp(owed.FollowUp, Clock.GetUtcNow().AddHours(8), "开会"));

        Assert.That((await Send(Here.Clerk, new ListFollowUps(Ready: true))).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListFollowUps())).Items.Single().CallAfter, Is.EqualTo(Clock.GetUtcNow().AddHours(8)));
        Assert.That(await Due(owed), Is.EqualTo(due));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SnoozeFollowUp(owed.FollowUp, Clock.GetUtcNow()))), Is.EqualTo("call_back.out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SnoozeFollowUp(owed.FollowUp, Clock.GetUtcNow().AddHours(14)))), Is.EqualTo("call_back.not_in_calling_hours"));
    }

    [Test]
    public async Task What_is_handed_over_is_that_ones_and_the_officers()
    {
        var owed = await Given();

        var handed = await Send(Here.Clerk, new HandOverFollowUp(owed.FollowUp, Here.Manager.Id, "他认识业主"));

        Assert.That(handed.HandedTo, Is.EqualTo(Here.Manager.Id));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeFollowUp(owed.FollowUp))), Is.EqualTo("call_back.handed_to_another"));
        Assert.That((await Send(Here.Clerk, new ListFollowUps(Ready: true))).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListFollowUps())).Items.Single().HandedToName, Is.EqualTo("manager"));
        await Send(Here.Manager, new TakeFollowUp(owed.FollowUp));
        Assert.That(await Refusal(() => Send(Here.Manager, new HandOverFollowUp(owed.FollowUp, Here.Officer.Id))), Is.EqualTo("staff.unknown"), "this one is the clerks'");
        Assert.That(await Refusal(() => Send(Here.Manager, new HandOverFollowUp(owed.FollowUp, There.Clerk.Id))), Is.EqualTo("staff.unknown"));
        await Execute("update community_staff set left_at = joined_at where staff_id = @Id", new { Here.Clerk.Id });
        try
        {
            Assert.That(await Refusal(() => Send(Here.Manager, new HandOverFollowUp(owed.FollowUp, Here.Clerk.Id))), Is.EqualTo("staff.unknown"), "whoever has left rings nobody");
        }
        finally
        {
            await Execute("update community_staff set left_at = null where staff_id = @Id", new { Here.Clerk.Id });
        }
    }

    [Test]
    public async Task Nobody_can_be_reached_once_three_calls_at_three_times_of_day_were_in_vain_and_none_at_night_counts()
    {
        var owed = await Given();
        Task GiveUp() => Send(Here.Clerk, new EndFollowUp(owed.FollowUp, FollowUpEnding.Unreachable, "一直没人接"));
        Task Try() => Send(Here.Clerk, new TryFollowUp(owed.FollowUp, Number, CallResult.NoAnswer));
        await Try();
        Clock.Advance(TimeSpan.FromHours(5));
        await Try();
        Assert.That(await Refusal(GiveUp), Is.EqualTo("feedback.attempts_missing"));
        Clock.Advance(TimeSpan.FromHours(8));
        var due = await Due(owed);
        await Try();
        Assert.That(await Refusal(GiveUp), Is.EqualTo("feedback.attempts_missing"), "it was ten in the evening");
        Assert.That(await Due(owed), Is.EqualTo(due), "nor was that the call that is owed");
        Clock.Advance(TimeSpan.FromHours(20));
        await Try();
        var last = Clock.GetUtcNow().AddHours(24);
        Assert.That(await Due(owed), Is.EqualTo(new[] { last.UtcDateTime }), "every call was made; how it ended is to be said");
        Clock.Advance(TimeSpan.FromHours(1));
        await Try();
        Assert.That(await Due(owed), Is.EqualTo(new[] { last.UtcDateTime }), "no further call in vain puts that off");
        Clock.Set(last);
        await Escalate();
        Assert.That(await Rows<string>("select cause from escalation e join clock k using (community_id, clock_id) where k.subject_id = @Round and k.due_at = @last and e.level = 1", new { owed.Round, last }), Is.EqualTo(new[] { "callNotMade" }));

        await GiveUp();

        Assert.That(await Due(owed), Is.Empty);

        Assert.That(await Rows<(string, string)>("select ended_how, result from follow_up u join call_attempt a using (community_id, follow_up_id) where u.follow_up_id = @FollowUp group by 1, 2", owed), Is.EqualTo(new[] { ("unreachable", "noAnswer") }));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Whoever_named_a_time_is_rung_then_before_anybody_gives_up()
    {
        var owed = await Given();
        var named = Clock.GetUtcNow().AddHours(9);

        await Send(Here.Clerk, new TryFollowUp(owed.FollowUp, Number, CallResult.CallLater, null, "王太太", named));

        Assert.That((await Send(Here.Clerk, new GetFollowUp(owed.FollowUp))) is { CallAfter: var after, Calls: [{ SpokeWith: "王太太" }] } && after == named, Is.True);
        Assert.That(await Due(owed), Is.EqualTo(new[] { named.AddHours(24).UtcDateTime }));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EndFollowUp(owed.FollowUp, FollowUpEnding.Unreachable, "x"))), Is.EqualTo("feedback.call_agreed"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TryFollowUp(owed.FollowUp, Number, CallResult.Busy, CallAgainAt: named))), Is.EqualTo("call.again_without_call_later"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TryFollowUp(owed.FollowUp, Number, CallResult.Answered))), Is.EqualTo("follow_up.reached"));
    }

    [Test]
    public async Task Who_was_only_told_owes_no_call_once_whoever_owed_it_has_made_it()
    {
        var owed = await Given(Solved.Yes, 2);
        await Send(Here.Officer, new EndFollowUp(owed.FollowUp, FollowUpEnding.CalledBack, "已道歉", "王太太", Number));
        var managers = await Scalar<Guid>("select follow_up_id from follow_up where for_role = 'manager'");

        await Send(Here.Manager, new TryFollowUp(managers, Number, CallResult.NoAnswer));

        Assert.That(await Due(owed), Is.Empty);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Nobody_was_spoken_with_where_nobody_can_be_reached_or_it_was_only_read()
    {
        var owed = await Given(Solved.Yes, 2);
        var managers = await Scalar<Guid>("select follow_up_id from follow_up where for_role = 'manager'");
        foreach (var hours in new[] { 0, 5, 5 })
        {
            Clock.Advance(TimeSpan.FromHours(hours));
            await Send(Here.Officer, new TryFollowUp(owed.FollowUp, Number, CallResult.NoAnswer));
        }

        foreach (var said in new EndFollowUp[]
        {
            new(owed.FollowUp, FollowUpEnding.Unreachable, "x", "王太太", Number),
            new(owed.FollowUp, FollowUpEnding.Unreachable, "x", "王太太"),
            new(managers, FollowUpEnding.Noted, "x", "王太太", Number),
        })
        {
            Assert.That(await Refusal(() => Send(Here.Manager, said)), Is.EqualTo("follow_up.nobody_spoken_with"));
        }

        Assert.That(await Scalar<long>("select count(*) from call_attempt where result = 'answered' and follow_up_id is not null"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from follow_up where ended_at is not null"), Is.Zero);
    }

    [Test]
    public async Task No_machine_says_that_somebody_rang_or_what_the_owner_said()
    {
        var owed = await Given();
        var (asked, _) = await GivenDone();
        var token = new Actor(ActorKind.System, Guid.CreateVersion7(), "token", [new RoleIn(Here.CommunityId, Roles.Clerk | Roles.Manager)], []);

        foreach (var said in new Func<Task>[]
        {
            () => Send(token, new EndFollowUp(owed.FollowUp, FollowUpEnding.CalledBack, "x", "王太太", Number)),
            () => Send(token, new TryFollowUp(owed.FollowUp, Number, CallResult.NoAnswer)),
            () => Send(token, new TryCall(asked, Number, CallResult.NoAnswer)),
            () => Send(token, new RefuseFeedback(asked, "王太太", Number)),
            () => Send(token, new GiveUpCalling(asked)),
        })
        {
            Assert.That(await Refusal(said), Is.EqualTo("role.person_needed"));
        }
    }

    private async Task<Guid> GivenColleague() => (await Send(
        Here.People["administrator"], new MakeAccount(Here.CommunityId, $"{Guid.NewGuid():N}@here", "新同事", [Roles.Clerk]) { Password = new NewSecret(Guid.NewGuid(), PasswordHash) })).StaffId;

    [Test]
    public async Task What_was_handed_to_somebody_who_leaves_is_anybodys_again()
    {
        var owed = await Given();
        var (asked, _) = await GivenDone();
        var round = (await Send(Here.Clerk, new TryCall(asked, Number, CallResult.NoAnswer))).FeedbackId;
        var leaver = await GivenColleague();
        await Send(Here.Clerk, new HandOverFollowUp(owed.FollowUp, leaver));
        await Send(Here.Clerk, new HandOverCallBack(round, leaver));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeFollowUp(owed.FollowUp))), Is.EqualTo("call_back.handed_to_another"));

        await Send(Here.People["administrator"], new DeactivateAccount(leaver, 1));

        Assert.That(await Rows<Guid?>("select handed_to from follow_up where follow_up_id = @FollowUp union all select handed_to from feedback where feedback_id = @round", new { owed.FollowUp, round }), Is.EqualTo(new Guid?[] { null, null }));
        Assert.That(await Rows<Guid>("select subject_id from event where what = 'callBackReleased' and detail->>'from' = @leaver", new { leaver = leaver.ToString() }), Is.EquivalentTo(new[] { owed.Round, round }));
        await Send(Here.Clerk, new TakeFollowUp(owed.FollowUp));
        await Send(Here.Clerk, new TakeCallBack(round));
    }

    [Test]
    public async Task What_is_handed_over_while_that_one_leaves_is_nobodys_alone()
    {
        var owed = await Given();
        var leaver = await GivenColleague();

        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from community_staff where staff_id = @leaver for no key update", new { leaver });
        var both = new[] { Attempts.Attempt(() => Send(Here.Clerk, new HandOverFollowUp(owed.FollowUp, leaver))), Attempts.Attempt(() => Send(Here.People["administrator"], new DeactivateAccount(leaver, 1))) };
        await held.IsWaitedFor(by: 2);
        await held.Commit();
        var ends = await Task.WhenAll(both);

        Assert.That((ends[0], ends[1]), Is.EqualTo(("done", "done")).Or.EqualTo(("staff.unknown", "done")));
        Assert.That(await Scalar<Guid?>("select handed_to from follow_up where follow_up_id = @FollowUp", owed), Is.Null);
    }

    [Test]
    public async Task Called_back_says_who_spoke_and_at_which_number_and_reading_it_is_no_call()
    {
        var owed = await Given(Solved.Yes, 2);
        Assert.That(await Refusal(() => Send(Here.Officer, new EndFollowUp(owed.FollowUp, FollowUpEnding.CalledBack, "已道歉"))), Is.EqualTo("follow_up.spoke_with_missing follow_up.number_missing"));
        Assert.That(await Refusal(() => Send(Here.Officer, new EndFollowUp(owed.FollowUp, FollowUpEnding.Noted, "看到了"))), Is.EqualTo("follow_up.call_owed"));
        Assert.That(await Due(owed), Has.Count.EqualTo(1));

        await Send(Here.Officer, new EndFollowUp(owed.FollowUp, FollowUpEnding.CalledBack, "已道歉", "王太太", "138 0013 8000"));

        Assert.That((await Send(Here.Officer, new GetFollowUp(owed.FollowUp))).Calls.Select(c => (c.Result, c.SpokeWith, c.NumberDialled)), Is.EqualTo(new[] { (CallResult.Answered, (string?)"王太太", "138****8000") }));
        Assert.That(await Due(owed), Is.Empty);
        var managers = await Scalar<Guid>("select follow_up_id from follow_up where for_role = 'manager'");
        await Send(Here.Manager, new EndFollowUp(managers, FollowUpEnding.Noted, "看到了"));
        Assert.That(await Scalar<short>("select satisfaction from feedback"), Is.EqualTo(2), "the score stands");
    }

    [Test]
    public async Task Whoever_did_the_work_does_not_ring_another_role_does_not_and_what_has_ended_is_not_rung()
    {
        var (request, order) = await GivenWorking();
        await GivenInTheHandsOf(Here.Clerk, order);
        await Send(Here.Officer, new CompleteWork(order, "好了"));
        await Send(Here.Officer, new RecordFeedback(request, Solved.Partly, 4, "王小明"));
        var followUp = await Scalar<Guid>("select follow_up_id from follow_up where request_id = @request", new { request });

        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeFollowUp(followUp))), Is.EqualTo("feedback.did_the_work"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TryFollowUp(followUp, Number, CallResult.Busy))), Is.EqualTo("feedback.did_the_work"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EndFollowUp(followUp, FollowUpEnding.CalledBack, "x", "王小明", Number))), Is.EqualTo("feedback.did_the_work"));
        Assert.That(await Refusal(() => Send(Here.Manager, new HandOverFollowUp(followUp, Here.Clerk.Id))), Is.EqualTo("feedback.did_the_work"));
        Assert.That(await Refusal(() => Send(Here.Officer, new TakeFollowUp(followUp))), Is.EqualTo("follow_up.other_role"));
        foreach (var foreign in new Func<Task>[]
        {
            () => Send(There.Clerk, new GetFollowUp(followUp)),
            () => Send(There.Clerk, new TakeFollowUp(followUp)),
            () => Send(There.Clerk, new TryFollowUp(followUp, Number, CallResult.Busy)),
            () => Send(There.Clerk, new SnoozeFollowUp(followUp, Clock.GetUtcNow().AddHours(2))),
            () => Send(There.Clerk, new HandOverFollowUp(followUp, There.Clerk.Id)),
            () => Send(There.Clerk, new ReleaseFollowUp(followUp)),
            () => Send(Here.Clerk, new TakeFollowUp(Guid.NewGuid())),
        })
        {
            Assert.That(await Refusal(foreign), Is.EqualTo("follow_up.not_found"));
        }

        await Send(Here.Manager, new EndFollowUp(followUp, FollowUpEnding.Explained, "说明了"));
        Assert.That(await Refusal(() => Send(Here.Manager, new TakeFollowUp(followUp))), Is.EqualTo("follow_up.ended_already"));
        Assert.That(await Refusal(() => Send(Here.Manager, new TryFollowUp(followUp, Number, CallResult.Busy))), Is.EqualTo("follow_up.ended_already"));
    }
}
