using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed class FeedbackOutcomesTests : DeskFixture
{
    private const string Number = "13800138000";

    [Test]
    public async Task A_refusal_is_the_owners_word_and_closes_the_request()
    {
        var (request, _) = await GivenDone();

        var reply = await Send(Here.Clerk, new RefuseFeedback(request, "王小明", Number, "没空"));

        Assert.That((reply.State, reply.Request.Status), Is.EqualTo((FeedbackState.Refused, RequestStatus.Closed)));
        Assert.That(await Rows<string>("select result from call_attempt"), Is.EqualTo(new[] { "refused" }));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RefuseFeedback(request, "王小明"))), Is.EqualTo("feedback.move_not_allowed"));
        Assert.That(await Refusal(() => Send(There.Clerk, new RefuseFeedback(request, "x"))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Giving_up_needs_three_calls_at_three_times_of_day()
    {
        var (request, _) = await GivenDone();
        Task GiveUp() => Send(Here.Clerk, new GiveUpCalling(request));
        Task Try(CallResult result = CallResult.NoAnswer) => Send(Here.Clerk, new TryCall(request, Number, result));

        Assert.That(await Refusal(GiveUp), Is.EqualTo("feedback.attempts_missing"));
        await Try();
        await Try(CallResult.Busy);
        await Try(CallResult.WrongNumber);
        Assert.That(await Refusal(GiveUp), Is.EqualTo("feedback.attempts_missing"), "three, but all before noon in Shanghai");
        Clock.Advance(TimeSpan.FromHours(3));
        await Try(CallResult.CallLater);
        Assert.That(await Refusal(GiveUp), Is.EqualTo("feedback.attempts_missing"), "somebody said: call later");
        await Try();
        Assert.That(await Refusal(GiveUp), Is.EqualTo("feedback.attempts_missing"), "no evening yet");
        Clock.Advance(TimeSpan.FromHours(6));
        await Try();
        var reply = await Send(Here.Clerk, new GiveUpCalling(request));

        Assert.That((reply.State, reply.Request.Status), Is.EqualTo((FeedbackState.Unreachable, RequestStatus.Closed)));
        Assert.That(await Refusal(GiveUp), Is.EqualTo("feedback.move_not_allowed"));
        Assert.That(await Refusal(() => Try()), Is.EqualTo("feedback.move_not_allowed"));
        Assert.That(await Refusal(() => Send(There.Clerk, new GiveUpCalling(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new TryCall(request, Number, CallResult.Busy))), Is.EqualTo("request.not_found"));
    }

    [TestCase(CallResult.Answered)]
    [TestCase(CallResult.Refused)]
    public async Task An_attempt_does_not_score(CallResult result)
    {
        var (request, _) = await GivenDone();

        Assert.That(await Refusal(() => Send(Here.Clerk, new TryCall(request, Number, result))), Is.EqualTo("call.not_an_attempt"));

        Assert.That(await Rows<string>("select state from feedback"), Is.EqualTo(new[] { "asked" }));
    }

    [Test]
    public async Task A_late_answer_counts_whatever_was_recorded_before()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RefuseFeedback(request, "王小明"));

        var reply = await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 4, "王小明", NumberDialled: Number));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Feedback.Single(), Has.Property("State").EqualTo(FeedbackState.Answered).And.Property("Satisfaction").EqualTo(4));
        Assert.That(await Rows<string>("select result from call_attempt"), Is.EqualTo(new[] { "answered" }));
    }

    [TestCase(7, 0, RequestStatus.InProgress, 1)]
    [TestCase(7, 1, RequestStatus.Closed, 2)]
    public async Task A_late_not_solved_reopens_within_seven_days_and_makes_a_new_request_after(int days, int seconds, RequestStatus status, int requests)
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RefuseFeedback(request, "王小明"));
        Clock.Advance(TimeSpan.FromDays(days) + TimeSpan.FromSeconds(seconds));

        var reply = await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明", MadeItFive: "修好就行"));

        Assert.That(reply.Status, Is.EqualTo(status));
        Assert.That(await Scalar<int>("select count(*)::int from request"), Is.EqualTo(requests));
        Assert.That(await Scalar<int>("select count(*)::int from request where rework_of_id = @request", new { request }), Is.EqualTo(requests - 1));
    }

    [Test]
    public async Task Whoever_did_the_work_does_not_call_about_it()
    {
        var (request, order) = await GivenWorking();
        await GivenInTheHandsOf(Here.Clerk, order);
        await Send(Here.Officer, new CompleteWork(order, "好了"));

        Assert.Multiple(async () =>
        {
            Assert.That(await Refusal(() => Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "x"))), Is.EqualTo("feedback.did_the_work"));
            Assert.That(await Refusal(() => Send(Here.Clerk, new TryCall(request, Number, CallResult.Busy))), Is.EqualTo("feedback.did_the_work"));
            Assert.That(await Refusal(() => Send(Here.Clerk, new RefuseFeedback(request, "x"))), Is.EqualTo("feedback.did_the_work"));
            Assert.That(await Refusal(() => Send(Here.Clerk, new GiveUpCalling(request))), Is.EqualTo("feedback.did_the_work"));
        });
        Assert.That((await Send(Here.Clerk, new ListCallBacks(State: FeedbackState.Asked))).Items, Is.Empty);
        Assert.That((await Send(Here.Officer, new ListCallBacks(State: FeedbackState.Asked))).Items, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Rounds_to_call_are_listed_oldest_first_page_by_page_and_only_ones_own_communitys()
    {
        var rounds = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            var (request, _) = await GivenDone();
            await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
            rounds.Add(request);
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var first = await Send(Here.Clerk, new ListCallBacks(Take: 2));
        var second = await Send(Here.Clerk, new ListCallBacks(Take: 2, After: first.Next));

        Assert.That(first.Items.Concat(second.Items).Select(c => c.RequestId), Is.EqualTo(rounds));
        Assert.That(first.Items[0], Has.Property("Attempts").EqualTo(1).And.Property("CustomerName").EqualTo("王小明").And.Property("Phones").EqualTo(new[] { "138****8000" }));
        Assert.That(second.Next, Is.Null);
        Assert.That((await Send(There.Clerk, new ListCallBacks())).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListCallBacks(There.CommunityId))).Items, Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Clerk, new ListCallBacks(State: FeedbackState.Answered))), Is.EqualTo("call_backs.open_only"));
    }

    [Test]
    public async Task A_low_score_is_followed_up_by_the_officer_and_the_score_stands()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 2, "王小明"));
        var mine = (await Send(Here.Officer, new ListFollowUps())).Items.Single();

        Assert.That((await Send(Here.Clerk, new ListFollowUps())).Items, Is.Empty);
        Assert.That((await Send(Here.Manager, new ListFollowUps())).Items, Has.Count.EqualTo(1));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EndFollowUp(mine.FollowUpId, FollowUpEnding.Noted, "x"))), Is.EqualTo("follow_up.other_role"));
        Assert.That(await Refusal(() => Send(There.Officer, new EndFollowUp(mine.FollowUpId, FollowUpEnding.Noted, "x"))), Is.EqualTo("follow_up.not_found"));
        Assert.That(await Refusal(() => Send(Here.Officer, new EndFollowUp(mine.FollowUpId, FollowUpEnding.Noted, ""))), Is.EqualTo("text.empty"));
        var reply = await Send(Here.Officer, new EndFollowUp(mine.FollowUpId, FollowUpEnding.CalledBack, "已道歉", "王小明", Number));

        Assert.That(reply.Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That((await Send(Here.Officer, new ListFollowUps())).Items, Is.Empty);
        Assert.That(await Scalar<short>("select satisfaction from feedback"), Is.EqualTo(2));
        Assert.That(await Refusal(() => Send(Here.Officer, new EndFollowUp(mine.FollowUpId, FollowUpEnding.Noted, "x"))), Is.EqualTo("follow_up.ended_already"));
    }

    [Test]
    public async Task A_follow_up_that_ends_in_rework_sends_the_request_back_to_work()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 1, "王小明"));
        var mine = (await Send(Here.Officer, new ListFollowUps())).Items.Single();

        var reply = await Send(Here.Officer, new EndFollowUp(mine.FollowUpId, FollowUpEnding.Rework, "地板没擦干净"));

        Assert.That(reply.Request.Status, Is.EqualTo(RequestStatus.InProgress));
        Assert.That(await Scalar<short>("select satisfaction from feedback"), Is.EqualTo(1));
    }

    [Test]
    public async Task Follow_ups_are_listed_by_due_time_page_by_page()
    {
        for (var i = 0; i < 3; i++)
        {
            var (request, _) = await GivenDone();
            await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 2, "王小明"));
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var first = await Send(Here.Officer, new ListFollowUps(Take: 2));
        var second = await Send(Here.Officer, new ListFollowUps(Take: 2, After: first.Next));

        var all = first.Items.Concat(second.Items).ToList();
        Assert.That(all, Has.Count.EqualTo(3));
        Assert.That(all.Select(f => f.DueAt), Is.Ordered);
        Assert.That(all.Select(f => f.FollowUpId), Is.Unique);
    }

    [Test]
    public async Task Nobody_but_a_person_can_answer_twice_at_once()
    {
        for (var round = 0; round < 5; round++)
        {
            var (request, _) = await GivenDone();

            var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Attempts.Attempt(() =>
                i % 2 == 0 ? Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明")) : Send(Here.Officer, new RefuseFeedback(request, "王小明")))));

            Assert.That(results.Count(r => r == "done"), Is.InRange(1, 2), "an answer after a refusal is a late answer, and that is all");
            Assert.That(await Scalar<string>("select state from feedback where request_id = @request", new { request }), Is.EqualTo("answered"));
        }
    }

    [TestCase("state = 'answered', ended_at = started_at, solved = 'yes', satisfaction = 5", "feedback_answer_has_a_human_author", TestName = "An_answer_without_an_author")]
    [TestCase("state = 'answered', ended_at = started_at, solved = 'yes', satisfaction = 5, author_kind = 'system'", "feedback_author_is_a_person", TestName = "An_answer_by_the_system")]
    [TestCase("state = 'answered', ended_at = started_at, solved = 'yes', satisfaction = 5, author_kind = 'staff', spoke_with = 'x'", "feedback_staff_author_is_named", TestName = "An_answer_by_nobody_in_particular")]
    [TestCase("state = 'answered', ended_at = started_at, solved = 'yes', satisfaction = 5, author_kind = 'staff', author_id = '00000000-0000-0000-0000-000000000000', spoke_with = 'x'", "feedback_staff_author_works_here", TestName = "An_answer_by_somebody_who_is_no_colleague")]
    [TestCase("state = 'answered', ended_at = started_at, solved = 'yes', satisfaction = 5, author_kind = 'staff', author_id = @Clerk", "feedback_staff_author_is_named", TestName = "An_answer_by_staff_who_spoke_with_nobody")]
    [TestCase("state = 'answered', ended_at = started_at, solved = 'yes', satisfaction = 5, author_kind = 'owner', author_id = @Clerk", "feedback_author_id_is_of_staff", TestName = "An_owners_answer_that_names_staff")]
    [TestCase("state = 'answered', ended_at = started_at, satisfaction = 5, author_kind = 'owner'", "feedback_answer_says_whether_solved", TestName = "A_score_that_does_not_say_whether_it_is_solved")]
    [TestCase("state = 'answered', ended_at = started_at, solved = 'yes', author_kind = 'owner'", "feedback_answer_says_whether_solved", TestName = "Solved_without_a_score")]
    [TestCase("state = 'noResponse', ended_at = started_at, satisfaction = 5", "feedback_only_answers_have_scores", TestName = "A_score_from_silence")]
    [TestCase("state = 'noResponse', ended_at = started_at, author_kind = 'staff', author_id = @Clerk, spoke_with = 'x'", "feedback_answer_has_a_human_author", TestName = "Silence_with_an_author")]
    [TestCase("state = 'unreachable', ended_at = started_at, satisfaction = 1", "feedback_only_answers_have_scores", TestName = "A_score_from_nobody_reached")]
    [TestCase("state = 'refused', ended_at = started_at, recommend = 5", "feedback_only_answers_have_scores", TestName = "A_recommendation_from_a_refusal")]
    [TestCase("state = 'notAsked', not_asked_rule = 'imported', ended_at = started_at, solved = 'yes'", "feedback_only_answers_have_scores", TestName = "Solved_without_asking")]
    [TestCase("satisfaction = 5", "feedback_only_answers_have_scores", TestName = "A_score_while_still_asking")]
    [TestCase("state = 'toCall', made_it_five = 'x'", "feedback_only_answers_have_scores", TestName = "Words_while_still_calling")]
    public async Task The_database_refuses_a_score_without_a_person(string change, string constraint)
    {
        var (request, _) = await GivenDone();

        var refused = Assert.ThrowsAsync<PostgresException>(() => Execute($"update feedback set {change} where request_id = @request", new { request, Clerk = Here.Clerk.Id }));

        Assert.That(refused!.ConstraintName, Is.EqualTo(constraint));
    }
}
