using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rosters;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Who calls, what they are told, and what follows from a bad answer.</summary>
public sealed class CallBackTests : DeskFixture
{
    private const string Number = "13800138000";

    private async Task<(Guid Request, Guid Round)> GivenToCall(Priority? priority = null)
    {
        var (request, _) = await GivenDone(priority: priority);
        var reply = await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer, "响了很久"));
        return (request, reply.FeedbackId);
    }

    private Task<List<Guid>> Told(string template) => Rows<Guid>("select recipient_id from message where template = @template", new { template });

    [Test]
    public async Task One_takes_it_and_nobody_else_calls_for_a_quarter_of_an_hour()
    {
        var (request, round) = await GivenToCall();

        var taken = await Send(Here.Clerk, new TakeCallBack(round));

        Assert.That((taken.TakenBy, taken.TakenUntil), Is.EqualTo(((Guid?)Here.Clerk.Id, (DateTimeOffset?)Clock.GetUtcNow().AddMinutes(15))));
        Assert.That(await Refusal(() => Send(Here.Officer, new TakeCallBack(round))), Is.EqualTo("call_back.taken"));
        Assert.That(await Refusal(() => Send(Here.Officer, new TryCall(request, Number, CallResult.Busy))), Is.EqualTo("call_back.taken"));
        Assert.That(await Refusal(() => Send(Here.Officer, new SnoozeCallBack(round, Clock.GetUtcNow().AddHours(2)))), Is.EqualTo("call_back.taken"));
        Assert.That(await Refusal(() => Send(Here.Officer, new ReleaseCallBack(round))), Is.EqualTo("call_back.taken"));
        Assert.That((await Send(Here.Officer, new ListCallBacks())).Items.Single().TakenByName, Is.EqualTo("clerk"));
        Clock.Advance(TimeSpan.FromMinutes(15));
        await Send(Here.Officer, new TakeCallBack(round));
        Assert.That((await Send(Here.Officer, new ReleaseCallBack(round))).TakenBy, Is.Null);
        await Send(Here.Clerk, new TakeCallBack(round));
    }

    [Test]
    public async Task While_a_colleague_rings_nobody_else_writes_down_what_came_of_it()
    {
        var (request, round) = await GivenToCall();
        await Send(Here.Clerk, new TakeCallBack(round));

        Assert.That(await Refusal(() => Send(Here.Officer, new RecordFeedback(request, Solved.Yes, 5, "王小明"))), Is.EqualTo("call_back.taken"));
        Assert.That(await Refusal(() => Send(Here.Officer, new RefuseFeedback(request, "王小明"))), Is.EqualTo("call_back.taken"));
        Assert.That(await Refusal(() => Send(Here.Officer, new GiveUpCalling(request))), Is.EqualTo("call_back.taken"));
        Assert.That(await Rows<string>("select state from feedback"), Is.EqualTo(new[] { "toCall" }));

        Clock.Advance(TimeSpan.FromMinutes(15));
        await Send(Here.Officer, new RefuseFeedback(request, "王小明"));
        Assert.That(await Rows<string>("select state from feedback"), Is.EqualTo(new[] { "refused" }));
    }

    [Test]
    public async Task The_owners_own_answer_does_not_wait_for_who_rings()
    {
        var (request, round) = await GivenToCall();
        await Send(Here.Clerk, new TakeCallBack(round));

        await Send(Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明"), new AnswerAsOwner(round, Solved.Yes, 5));

        Assert.That(await Refusal(() => Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 4, "王小明"))), Is.EqualTo("feedback.answered_by_owner"));
        Assert.That(await Refusal(() => Send(Here.Officer, new RecordFeedback(request, Solved.Yes, 4, "王小明"))), Is.EqualTo("feedback.answered_by_owner"));
    }

    [Test]
    public async Task Whoever_took_it_writes_it_down()
    {
        var (request, round) = await GivenToCall();
        await Send(Here.Clerk, new TakeCallBack(round));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"), c => c.IfMatch = 1)), Is.EqualTo("request.changed_meanwhile"));

        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));

        Assert.That(await Rows<string>("select state from feedback"), Is.EqualTo(new[] { "answered" }));
    }

    [Test]
    public async Task Of_many_who_take_it_at_once_one_has_it()
    {
        for (var i = 0; i < 5; i++)
        {
            var (_, round) = await GivenToCall();
            var people = new[] { Here.Clerk, Here.Officer, Here.Manager };

            var results = await Task.WhenAll(Enumerable.Range(0, 9).Select(n => Attempts.Attempt(() => Send(people[n % 3], new TakeCallBack(round)))));

            Assert.That(results.Count(r => r == "done"), Is.EqualTo(3), "the same person again is no other");
            Assert.That(results.Count(r => r == "call_back.taken"), Is.EqualTo(6));
        }
    }

    [Test]
    public async Task Whoever_did_the_work_neither_takes_it_nor_is_given_it_nor_sees_it()
    {
        var (request, order) = await GivenWorking();
        await GivenInTheHandsOf(Here.Clerk, order);
        await Send(Here.Officer, new CompleteWork(order, "好了"));
        var round = (await Send(Here.Officer, new TryCall(request, Number, CallResult.NoAnswer))).FeedbackId;

        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeCallBack(round))), Is.EqualTo("feedback.did_the_work"));
        Assert.That(await Refusal(() => Send(Here.Officer, new HandOverCallBack(round, Here.Clerk.Id))), Is.EqualTo("feedback.did_the_work"));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items, Is.Empty);
        await Send(Here.Officer, new TakeCallBack(round));
    }

    [Test]
    public async Task What_is_handed_over_is_that_ones_and_the_officers()
    {
        var (_, round) = await GivenToCall();

        var handed = await Send(Here.Clerk, new HandOverCallBack(round, Here.Manager.Id, "他认识业主"));

        Assert.That(handed.HandedTo, Is.EqualTo(Here.Manager.Id));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeCallBack(round))), Is.EqualTo("call_back.handed_to_another"));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Is.Empty);
        Clock.Advance(TimeSpan.FromHours(6));
        Assert.That((await Send(Here.Manager, new ListCallBacks(Ready: true))).Items, Has.Count.EqualTo(1));
        await Send(Here.Officer, new TakeCallBack(round));
        Assert.That(await Refusal(() => Send(Here.Officer, new HandOverCallBack(round, Here.Member(Crew.Engineering).Id))), Is.EqualTo("staff.unknown"));
        Assert.That(await Refusal(() => Send(Here.Officer, new HandOverCallBack(round, There.Clerk.Id))), Is.EqualTo("staff.unknown"));
        await Execute("update community_staff set left_at = joined_at where staff_id = @Id", new { Here.Clerk.Id });
        try
        {
            Assert.That(await Refusal(() => Send(Here.Officer, new HandOverCallBack(round, Here.Clerk.Id))), Is.EqualTo("staff.unknown"), "whoever has left rings nobody");
        }
        finally
        {
            await Execute("update community_staff set left_at = null where staff_id = @Id", new { Here.Clerk.Id });
        }
    }

    [Test]
    public async Task Snoozed_it_goes_down_the_list_and_is_due_all_the_same()
    {
        var (_, round) = await GivenToCall();
        var due = (await Send(Here.Clerk, new ListCallBacks())).Items.Single().DueAt;

        await Send(Here.Clerk, new SnoozeCallBack(round, Clock.GetUtcNow().AddHours(8), "开会"));

        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single() is { CallAfter: not null } line && line.DueAt == due, Is.True);
        Assert.That(await Refusal(() => Send(Here.Clerk, new SnoozeCallBack(round, Clock.GetUtcNow()))), Is.EqualTo("call_back.out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SnoozeCallBack(round, Clock.GetUtcNow().AddDays(8)))), Is.EqualTo("call_back.out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SnoozeCallBack(round, Clock.GetUtcNow().AddHours(14)))), Is.EqualTo("call_back.not_in_calling_hours"));
    }

    [Test]
    public async Task The_sheet_has_what_to_say_every_call_and_the_hour_at_which_they_are_there()
    {
        var (earlier, _) = await GivenDone();
        Clock.Advance(TimeSpan.FromHours(6));
        await Send(Here.Clerk, new RecordFeedback(earlier, Solved.Yes, 5, "王小明", NumberDialled: Number));
        var (request, round) = await GivenToCall();
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.CallLater, "下班后打", "王太太", Clock.GetUtcNow().AddHours(4)));

        var sheet = await Send(Here.Clerk, new GetCallBack(round));

        Assert.That(sheet.BestHour, Is.EqualTo(15));
        Assert.That(sheet.Script, Has.Count.EqualTo(7).And.Some.Contain("王小明").And.Some.Contain("厨房水管漏水").And.Some.Contain("换了密封圈"));
        Assert.That(sheet.Calls.Select(c => (c.Result, c.NumberDialled, c.StaffName, c.SpokeWith)), Is.EqualTo(new[]
        {
            (CallResult.NoAnswer, "138****8000", (string?)"clerk", (string?)null), (CallResult.CallLater, "138****8000", "clerk", "王太太"),
        }));
        Assert.That(await Refusal(() => Send(There.Clerk, new GetCallBack(round))), Is.EqualTo("call_back.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new TakeCallBack(round))), Is.EqualTo("call_back.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeCallBack(Guid.NewGuid()))), Is.EqualTo("call_back.not_found"));
    }

    [Test]
    public async Task What_has_ended_is_not_taken()
    {
        var (request, round) = await GivenToCall();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));

        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeCallBack(round))), Is.EqualTo("call_back.over"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SnoozeCallBack(round, Clock.GetUtcNow().AddHours(2)))), Is.EqualTo("call_back.over"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new HandOverCallBack(round, Here.Manager.Id))), Is.EqualTo("call_back.over"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReleaseCallBack(round))), Is.EqualTo("call_back.over"));
    }

    [Test]
    public async Task Not_solved_is_rework_one_level_higher_the_manager_is_told_and_a_call_back_is_due_in_a_day()
    {
        var (request, round) = await GivenToCall();

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));

        var details = await Send(Here.Clerk, new GetRequest(request));
        Assert.That(details.Request.Status, Is.EqualTo(RequestStatus.InProgress));
        Assert.That(await Rows<(string, string?)>("select priority, rework_cause from work_order where rework_of_id is not null"), Is.EqualTo(new[] { ("urgent", (string?)null) }), "the cause is the desk's to choose");
        Assert.That(await Told("reworkReported"), Is.EqualTo(new[] { Here.Manager.Id }));
        var callBack = (await Send(Here.Clerk, new ListFollowUps())).Items.Single();
        Assert.That((callBack.Reason, callBack.DueAt), Is.EqualTo((FollowUpReason.NotSolved, Clock.GetUtcNow().AddHours(24))));
        Assert.That(await Rows<DateTime>("select due_at from clock where subject_id = @round and stopped_at is null", new { round }), Is.EqualTo(new[] { Clock.GetUtcNow().AddHours(24).UtcDateTime }));
        await Send(Here.Clerk, new EndFollowUp(callBack.FollowUpId, FollowUpEnding.CalledBack, "已约明早", "王小明", Number));
        Assert.That(await Scalar<long>("select count(*) from clock where subject_id = @round and stopped_at is null", new { round }), Is.Zero, "the call-back was made");
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task The_second_rework_goes_one_level_higher()
    {
        var district = await Send(Here.System, new Domain.Communities.JoinStaff(Here.CommunityId, $"district-{Guid.NewGuid():N}"[..20], "district", PasswordHash, [Roles.Manager], [], IsDemo: true));
        await Execute("delete from staff_role where staff_id = @district", new { district });
        await Send(Here.Manager, new PlanShift(Here.CommunityId, Duty.District, district, Clock.GetUtcNow().AddHours(-1), Clock.GetUtcNow().AddHours(20)));
        var (request, _) = await GivenDone(priority: Priority.Low);
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));
        var first = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId is not null).WorkOrderId;
        var member = Here.Member(Crew.Engineering);
        await Send(member, new AcceptWork(first));
        await Send(member, new ArriveOnSite(first));
        await Send(member, new CompleteWork(first, "好了"));
        Clock.Advance(TimeSpan.FromMinutes(5));

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));

        Assert.That(await Told("reworkReported"), Is.EqualTo(new[] { Here.Manager.Id }));
        Assert.That(await Told("reworkAgain"), Is.EquivalentTo(new[] { Here.Manager.Id, district }));
        Assert.That(await Rows<string>("select priority from work_order where rework_of_id is not null order by created_at, number"), Is.EqualTo(new[] { "normal", "urgent" }));
        await Execute("delete from shift; update community_staff set left_at = joined_at where staff_id = @district", new { district });
    }

    [Test]
    public async Task Solved_with_two_is_the_officers_to_follow_up_nobody_is_sent_and_the_score_stands()
    {
        var (request, round) = await GivenToCall();

        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 2, "王小明", MadeItFive: "鞋套"));

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await Scalar<long>("select count(*) from work_order where rework_of_id is not null"), Is.Zero);
        Assert.That(await Told("lowScore"), Is.EqualTo(new[] { Here.Manager.Id }));
        var mine = (await Send(Here.Officer, new ListFollowUps())).Items.Single();
        Assert.That(await Scalar<long>("select count(*) from clock where subject_id = @round and stopped_at is null", new { round }), Is.EqualTo(1), "the call-back is owed");
        await Send(Here.Officer, new EndFollowUp(mine.FollowUpId, FollowUpEnding.Explained, "解释了流程"));
        Assert.That(await Scalar<short>("select satisfaction from feedback where feedback_id = @round", new { round }), Is.EqualTo(2));
        Assert.That(await Scalar<long>("select count(*) from clock where stopped_at is null"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [TestCase(Solved.Partly, (short)5)]
    [TestCase(Solved.Yes, (short)3)]
    public async Task Partly_or_a_three_is_the_desks_to_decide(Solved solved, short score)
    {
        var (request, _) = await GivenToCall();

        await Send(Here.Clerk, new RecordFeedback(request, solved, score, "王小明"));

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
        Assert.That((await Send(Here.Clerk, new ListFollowUps())).Items, Has.Count.EqualTo(1));
        await Send(Here.Officer, new DecideOnAnswer(request, ClosureDecision.Close, "说明了"));
        Assert.That(await Scalar<long>("select count(*) from clock where stopped_at is null"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task The_owner_answers_for_themselves_with_the_same_consequences()
    {
        var (request, round) = await GivenToCall();

        var reply = await Send(Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明"), new AnswerAsOwner(round, Solved.No, 1, MadeItFive: "还在漏"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.InProgress));
        Assert.That(await Rows<(string, Guid?)>("select author_kind, author_id from feedback"), Is.EqualTo(new[] { ("owner", (Guid?)null) }));
        Assert.That(await Rows<string>("select actor_kind from event where what = 'feedbackGiven' and subject_id = @round", new { round }), Is.EqualTo(new[] { "owner" }));
        Assert.That(await Refusal(() => Send(Here.System, new AnswerAsOwner(round, Solved.Yes, 5))), Is.EqualTo("feedback.only_people_answer"));
        Assert.That(await Refusal(() => Send(Actor.OwnerIn(There.CommunityId, There.Customer, "x"), new AnswerAsOwner(round, Solved.Yes, 5))), Is.EqualTo("feedback.not_found"));
        Assert.That(await Scalar<Guid>("select request_id from feedback"), Is.EqualTo(request));
    }

    [Test]
    public async Task Owner_and_clerk_at_once_one_is_stored_and_the_other_is_told_who_was_first()
    {
        var (owners, clerks) = (0, 0);
        for (var i = 0; i < 8; i++)
        {
            var (request, round) = await GivenToCall();

            var results = await Task.WhenAll(
                Attempts.Attempt(() => Send(Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明"), new AnswerAsOwner(round, Solved.Yes, 5))),
                Attempts.Attempt(() => Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 4, "王小明"), c => c.IfMatch = null)));

            var author = await Scalar<string>("select author_kind from feedback where feedback_id = @round", new { round });
            Assert.That(results, Is.EqualTo(author == "owner" ? ["done", "feedback.answered_by_owner"] : new[] { "feedback.answered_by_staff", "done" }));
            Assert.That(await Scalar<short>("select satisfaction from feedback where feedback_id = @round", new { round }), Is.EqualTo(author == "owner" ? 5 : 4));
            _ = author == "owner" ? owners++ : clerks++;
        }

        Assert.That(owners + clerks, Is.EqualTo(8));
    }

    [Test]
    public async Task The_second_one_reads_who_was_first_and_when_in_the_communitys_time()
    {
        var (request, round) = await GivenToCall();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 4, "王小明"));

        var refused = Assert.ThrowsAsync<Refused.Conflict>(() => Send(Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明"), new AnswerAsOwner(round, Solved.Yes, 5)));

        Assert.That(refused!.Message, Does.Contain("clerk").And.Contain("2026-03-02 09:00"));
    }

    [Test]
    public async Task An_answer_to_an_earlier_round_is_none_to_this_one()
    {
        var (request, first) = await GivenToCall();
        await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "还漏"));
        var again = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId is not null).WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(again));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(again));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(again, "好了"));

        Assert.That(await Refusal(() => Send(Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明"), new AnswerAsOwner(first, Solved.Yes, 5))), Is.EqualTo("feedback.round_over"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeCallBack(first))), Is.EqualTo("call_back.over"), "and it is the later one that is rung about");
    }
}
