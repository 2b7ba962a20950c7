using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>The job that chases: what it sends, lists and ends; once, whoever runs it, and wherever it is killed.</summary>
public sealed class ChaseFeedbackTests : DeskFixture
{
    private const string Number = "13800138000";

    private sealed record Round(string State, short Reminders, DateTime? NextCheckAt, DateTime? EndedAt, string? ListedWhy);

    private Task<int> Chase(IServiceProvider? of = null) => Look("chase-feedback", of);

    private async Task<int> Look(string job, IServiceProvider? of = null)
    {
        await using var own = of is null ? Services(_ => { }) : null;
        var services = of ?? own!;
        return await Schedule.Entries.Single(e => e.Id == job).Run(new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance), CancellationToken.None);
    }

    private async Task<Round> Of(Guid request) =>
        (await Rows<Round>("select state, reminders, next_check_at, ended_at, listed_why from feedback where request_id = @request order by round desc limit 1", new { request })).Single();

    private Task Delivered() => Execute("update message set sent_at = @Now where sent_at is null and parked_at is null", new { Now = Clock.GetUtcNow() });

    private Task Parked(Guid request) => Execute("update message set parked_at = @Now where request_id = @request and sent_at is null and template like 'feedback%'", new { request, Now = Clock.GetUtcNow() });

    /// <summary>A version of the profile that asks in another way.</summary>
    private Task Rules(string json) => Profile("{feedback}", json);

    private Task Rework(string json) => Profile("{rework,feedback}", json);

    private static DateTimeOffset Local(int day, int hour, int minute = 0) => FakeClock.Start.AddDays(day - 2).AddHours(hour - 9).AddMinutes(minute);

    [Test]
    public async Task A_normal_repair_is_asked_reminded_twice_and_then_called()
    {
        var (request, _) = await GivenDone();
        await Chase();
        await Delivered();
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("asked"));

        Clock.Set(Local(3, 9));
        await Chase();
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("reminded"));
        await Delivered();
        Clock.Set(Local(5, 9));
        await Chase();
        await Chase();
        await Delivered();
        Assert.That((await Of(request)).Reminders, Is.EqualTo(2));
        Clock.Set(Local(7, 9));
        await Chase();

        Assert.That((await Of(request)) is { State: "toCall", ListedWhy: "policy" }, Is.True);
        Assert.That(await Rows<string>("select template from message where request_id = @request order by created_at", new { request }), Is.EqualTo(new[] { "feedbackAsk", "feedbackReminder", "feedbackReminder" }));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single().DueAt, Is.EqualTo(Local(8, 9)), "the call is owed within a day");
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Outside_of_the_sample_silence_after_a_delivered_ask_is_no_response_and_closes()
    {
        await Rules("""{"samplePercent": 0}""");
        var (request, _) = await GivenDone();
        foreach (var day in new[] { 2, 3, 5, 7 })
        {
            Clock.Set(Local(day, 9));
            await Delivered();
            await Chase();
            await Delivered();
        }

        await Rules("""{"samplePercent": 100}""");
        Assert.That((await Of(request)) is { State: "noResponse", EndedAt: not null, NextCheckAt: null }, Is.True, (await Of(request)).ToString());
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Whoever_comes_onto_the_list_at_night_is_to_be_rung_in_the_morning()
    {
        Clock.Set(Local(2, 22));
        var (request, _) = await GivenDone(priority: Priority.Urgent);

        await Chase();

        Assert.That((await Of(request)) is { State: "toCall", ListedWhy: "policy" }, Is.True);
        Clock.Set(Local(3, 8, 59));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Is.Empty);
        Clock.Set(Local(3, 9));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items.Single().RequestId, Is.EqualTo(request));
    }

    [Test]
    public async Task An_ask_that_cannot_be_delivered_is_on_the_list_with_the_next_tick()
    {
        var (request, _) = await GivenDone();
        await Chase();

        await Parked(request);
        await Chase();

        Assert.That((await Of(request)) is { State: "toCall", ListedWhy: "notDelivered" }, Is.True);
    }

    [TestCase("exhausted")]
    [TestCase("noChannel")]
    [TestCase("bounced")]
    [TestCase("unrenderable")]
    public async Task Whoever_could_not_be_asked_is_never_reminded_and_is_on_the_list_at_once(string why)
    {
        var (request, _) = await GivenDone();
        Clock.Advance(TimeSpan.FromHours(6));
        await Execute("update message set parked_at = @Now, parked_why = @why where request_id = @request and template = 'feedbackAsk'", new { request, why, Now = Clock.GetUtcNow() });

        foreach (var hours in new[] { 0, 18, 48, 24 }) // at once, and when each reminder would be due
        {
            Clock.Advance(TimeSpan.FromHours(hours));
            await Chase();
            Assert.That(await Of(request), Is.EqualTo(new Round("toCall", 0, null, null, "notDelivered")));
        }

        Assert.That(await Rows<string>("select template from message where request_id = @request and recipient_kind = 'customer'", new { request }), Is.EqualTo(new[] { "feedbackAsk" }));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single().DueAt, Is.EqualTo(FakeClock.Start.AddHours(30)), "the call is owed from when it could not be delivered");
    }

    [Test]
    public async Task A_reminder_that_cannot_be_delivered_is_the_last_one()
    {
        var (request, _) = await GivenDone();
        await Delivered();
        Clock.Set(Local(3, 9));
        await Chase();
        await Parked(request);
        await Chase();
        Clock.Set(Local(5, 9));
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", 1, null, null, "notDelivered")));
        Assert.That(await Scalar<long>("select count(*) from message where request_id = @request and template = 'feedbackReminder'", new { request }), Is.EqualTo(1));
    }

    [Test]
    public async Task An_ask_that_is_still_not_out_a_day_later_was_not_delivered()
    {
        var (request, _) = await GivenDone();
        await Chase();
        Clock.Advance(TimeSpan.FromHours(24));

        await Chase();

        Assert.That((await Of(request)) is { State: "toCall", ListedWhy: "notDelivered", Reminders: 0 }, Is.True);
    }

    [TestCase(Priority.Danger)]
    [TestCase(Priority.Urgent)]
    public async Task Danger_and_urgent_repairs_are_called_within_a_day(Priority priority)
    {
        var (request, _) = await GivenDone(priority: priority);

        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single().DueAt, Is.EqualTo(Clock.GetUtcNow().AddHours(24)));
    }

    [Test]
    public async Task A_complaint_is_called_by_somebody_who_is_not_in_charge_of_it()
    {
        var complaint = await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差");
        await Send(Here.Manager, new NamePersonInCharge(complaint.RequestId, Here.Clerk.Id));
        await Send(Here.Manager, new AnswerRequest(complaint.RequestId, AnswerKind.Explained, "已处理"));
        await Chase();
        var round = (await Send(Here.Officer, new ListCallBacks())).Items.Single();

        Assert.That(round.DueAt, Is.EqualTo(Clock.GetUtcNow().AddHours(24)));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items, Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Clerk, new TakeCallBack(round.FeedbackId))), Is.EqualTo("feedback.did_the_work"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RecordFeedback(complaint.RequestId, Solved.Yes, 5, "x"))), Is.EqualTo("feedback.did_the_work"));
    }

    [Test]
    public async Task Rework_is_called_about_too()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));
        var again = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId is not null).WorkOrderId;
        var member = Here.Member(Crew.Engineering);
        await Send(member, new AcceptWork(again));
        await Send(member, new ArriveOnSite(again));
        await Send(member, new CompleteWork(again, "好了"));

        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single(c => c.RequestId == request).DueAt, Is.EqualTo(Clock.GetUtcNow().AddHours(24)));
        Assert.That(await Rows<short>("select round from feedback where request_id = @request order by 1", new { request }), Is.EqualTo(new short[] { 1, 2 }), "rated again");
    }

    [Test]
    public async Task Three_calls_in_vain_at_three_times_of_day_end_as_unreachable()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        foreach (var hour in new[] { 10, 14, 18 })
        {
            await Chase();
            Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
            Clock.Set(Local(2, hour));
            await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        }

        await Chase();

        Assert.That((await Of(request)) is { State: "unreachable", EndedAt: not null }, Is.True);
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await Scalar<long>("select count(*) from clock where stopped_at is null"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Where_nobody_rang_nothing_ends_and_the_missing_call_escalates_as_one()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Chase();
        await Delivered();
        Clock.Advance(TimeSpan.FromDays(20));

        await Chase();
        await Look("escalate-overdue");

        Assert.That((await Of(request)).State, Is.EqualTo("toCall"), "our breach is not their silence");
        Assert.That(await Rows<string>("select distinct cause from escalation where level = 1"), Is.EqualTo(new[] { "callNotMade" }));
    }

    [Test]
    public async Task A_call_that_was_made_in_time_is_no_breach_and_the_next_one_is_owed_in_its_turn()
    {
        var (request, _) = await GivenDone();
        await Chase();
        await Parked(request);
        await Chase();
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        Clock.Advance(TimeSpan.FromHours(23));
        await Look("escalate-overdue");
        Assert.That(await Scalar<long>("select count(*) from escalation where level > 0"), Is.Zero);

        Clock.Advance(TimeSpan.FromHours(1));
        await Look("escalate-overdue");

        Assert.That(await Rows<string>("select cause from escalation where level = 1"), Is.EqualTo(new[] { "callNotMade" }));
        Assert.That(await Scalar<Guid?>("select request_id from escalation limit 1"), Is.EqualTo(request));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Whoever_asked_to_be_called_later_is_owed_the_call_from_then_on()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Chase();

        await Send(Here.Clerk, new TryCall(request, Number, CallResult.CallLater, SpokeWith: "王太太", CallAgainAt: Local(4, 18)));
        await Chase();

        var line = (await Send(Here.Clerk, new ListCallBacks())).Items.Single();
        Assert.That((line.CallAfter, line.DueAt), Is.EqualTo(((DateTimeOffset?)Local(4, 18), (DateTimeOffset?)Local(5, 18))));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Clerk, new TryCall(request, Number, CallResult.Busy, CallAgainAt: Local(4, 18)))), Is.EqualTo("call.again_without_call_later"));
    }

    [Test]
    public async Task Whoever_named_a_time_is_rung_then_and_where_nobody_rings_it_is_our_breach_and_not_their_silence()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Delivered();
        await Chase();
        await Rang(2, 10, CallResult.NoAnswer);
        await Rang(2, 14, CallResult.NoAnswer);

        Clock.Set(Local(2, 18));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.CallLater, SpokeWith: "王太太", CallAgainAt: Local(3, 19)));
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("toCall"), "every call was made, but one is promised");
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));

        await Rang(3, 18, CallResult.NoAnswer);
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("toCall"), "an hour before the time that was named");
        Assert.That(await Refusal(() => Send(Here.Clerk, new GiveUpCalling(request))), Is.EqualTo("feedback.call_agreed"));
        var line = (await Send(Here.Clerk, new ListCallBacks())).Items.Single();
        Assert.That((line.CallAfter, line.DueAt), Is.EqualTo(((DateTimeOffset?)Local(3, 19), (DateTimeOffset?)Local(4, 19))));
        Assert.That(await Scalar<DateTime?>("select max(stopped_at) from clock where kind = 'feedback' and stopped_why = 'met'"), Is.EqualTo(Local(2, 18).UtcDateTime), "nor was it the call that is owed");

        Clock.Set(Local(4, 19));
        await Chase();
        await Look("escalate-overdue");
        Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
        Assert.That(await Rows<string>("select distinct cause from escalation where level = 1"), Is.EqualTo(new[] { "callNotMade" }));

        await Rang(5, 10, CallResult.Busy);
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("unreachable"), "rung after that time, in vain");
        Assert.That(await ClocksThatDiffer(), Is.Empty);

        async Task Rang(int day, int hour, CallResult result)
        {
            Clock.Set(Local(day, hour));
            await Send(Here.Clerk, new TryCall(request, Number, result));
        }
    }

    [Test]
    public async Task Whoever_asks_for_half_past_nine_in_the_evening_is_rung_then_and_a_colleague_puts_nothing_off_until_night()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Delivered();
        await Chase();

        var reply = await Send(Here.Clerk, new TryCall(request, Number, CallResult.CallLater, SpokeWith: "王太太", CallAgainAt: Local(2, 21, 30)));

        Assert.That(await Refusal(() => Send(Here.Clerk, new SnoozeCallBack(reply.FeedbackId, Local(2, 21, 30)))), Is.EqualTo("call_back.not_in_calling_hours"));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Is.Empty);
        Clock.Set(Local(2, 21, 30));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Has.Count.EqualTo(1));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        Assert.That(await Refusal(() => Send(Here.Clerk, new GiveUpCalling(request))), Is.EqualTo("feedback.attempts_missing"), "the promise was kept; at night it proves nothing");
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王太太", NumberDialled: Number));
        Assert.That((await Of(request)).State, Is.EqualTo("answered"));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Rung_at_the_time_that_was_named_and_in_vain_every_call_was_made()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Delivered();
        await Chase();
        Clock.Set(Local(2, 10));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        Clock.Set(Local(2, 14));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.CallLater, SpokeWith: "王太太", CallAgainAt: Local(2, 18)));
        Clock.Set(Local(2, 17, 50));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("toCall"), "no evening yet");

        Clock.Set(Local(3, 18));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("unreachable"));
    }

    [TestCase("delivered", 3, "noResponse")]
    [TestCase("delivered", 2, "toCall")]
    [TestCase("parked", 3, "toCall")]
    [TestCase("pending", 3, "toCall")]
    public async Task Who_got_the_ask_and_was_rung_as_often_as_is_demanded_and_said_nothing_has_not_responded(string ask, int calls, string end)
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await (ask switch { "delivered" => Delivered(), "parked" => Parked(request), _ => Task.CompletedTask });
        await Chase();
        (int Hour, CallResult Result)[] all = [(10, CallResult.NoAnswer), (14, CallResult.CallLater), (18, CallResult.Busy)]; // somebody was there once: not out of reach
        foreach (var (hour, result) in all.TakeLast(calls))
        {
            Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
            Clock.Set(Local(2, hour));
            await Send(Here.Clerk, new TryCall(request, Number, result));
            await Chase();
        }

        var over = end == "noResponse";
        Assert.That(await Rows<(string, DateTime?, short)>("select state, ended_at, reminders from feedback where request_id = @request", new { request }), Is.EqualTo(new[] { (end, over ? Local(2, 18).UtcDateTime : (DateTime?)null, (short)0) }));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(over ? RequestStatus.Closed : RequestStatus.AwaitingFeedback));
        Assert.That(await Scalar<long>("select count(*) from clock where kind = 'feedback' and stopped_at is null"), over ? Is.Zero : Is.EqualTo(1), "a call is owed for as long as it is not over");
        Assert.That(await Scalar<long>("select count(*) from event where what = 'feedbackLapsed' and subject_id = (select feedback_id from feedback where request_id = @request)", new { request }), Is.EqualTo(over ? 1 : 0));
        Assert.That(await Refusal(() => Send(Here.Clerk, new GiveUpCalling(request))), Is.EqualTo(over ? "feedback.move_not_allowed" : "feedback.attempts_missing"));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Whose_last_word_was_later_is_not_silent()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Delivered();
        await Chase();
        foreach (var (hour, result) in new[] { (10, CallResult.NoAnswer), (14, CallResult.Busy), (18, CallResult.CallLater) })
        {
            Clock.Set(Local(2, hour));
            await Send(Here.Clerk, new TryCall(request, Number, result));
        }

        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single().DueAt, Is.EqualTo(Local(3, 18)), "the next call is owed");
    }

    [Test]
    public async Task A_call_at_night_is_written_down_and_counts_for_nothing()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Delivered();
        await Chase();
        foreach (var hour in new[] { 10, 14 })
        {
            Clock.Set(Local(2, hour));
            await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        }

        Clock.Set(Local(2, 20, 30));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("toCall"), "no evening in the hours for calls");
        Assert.That(await Refusal(() => Send(Here.Clerk, new GiveUpCalling(request))), Is.EqualTo("feedback.attempts_missing"));
        var line = (await Send(Here.Clerk, new ListCallBacks())).Items.Single();
        Assert.That((line.DueAt, line.CallAfter, line.Attempts), Is.EqualTo(((DateTimeOffset?)Local(3, 14), (DateTimeOffset?)Local(3, 18), 3)), "owed as before, and best in the evening");
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task A_first_call_at_night_owes_one_by_day()
    {
        var (request, _) = await GivenDone();
        Clock.Set(Local(2, 20, 30));

        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));

        var line = (await Send(Here.Clerk, new ListCallBacks())).Items.Single();
        Assert.That((line.DueAt, line.CallAfter), Is.EqualTo(((DateTimeOffset?)Local(3, 20, 30), (DateTimeOffset?)Local(3, 9))));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Whoever_opts_out_while_being_asked_is_neither_reminded_nor_rung_any_more()
    {
        var (asked, _) = await GivenDone();
        var (urgent, _) = await GivenDone(priority: Priority.Urgent);
        await Chase();
        await Delivered();
        await Chase();
        Assert.That((await Of(urgent)).State, Is.EqualTo("toCall"));

        try
        {
            await Send(Here.Clerk, new OptOutOfFeedback(Here.Customer, true));
            var (after, _) = await GivenDone(priority: Priority.Urgent);
            Assert.That(await Rows<string>("select state || ' ' || not_asked_rule from feedback where request_id = @after", new { after }), Is.EqualTo(new[] { "notAsked optedOut" }));
            Assert.That(await Scalar<long>("select count(*) from message where request_id = @after and template = 'feedbackAsk'", new { after }), Is.Zero);
            for (var day = 2; day < 10; day++)
            {
                Clock.Set(Local(day, 9, 30));
                await Chase();
                await Delivered();
            }
        }
        finally
        {
            await Send(Here.Clerk, new OptOutOfFeedback(Here.Customer, false));
        }

        foreach (var request in new[] { asked, urgent })
        {
            Assert.That(await Rows<(string, string, DateTime)>("select state, not_asked_rule, ended_at from feedback where request_id = @request", new { request }), Is.EqualTo(new[] { ("notAsked", "optedOut", Local(2, 9, 30).UtcDateTime) }));
            Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
            Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Count(e => e.What == Happening.FeedbackNotAsked), Is.EqualTo(1));
        }

        Assert.That(await Scalar<long>("select count(*) from message where template = 'feedbackReminder'"), Is.Zero);
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items, Is.Empty);
        Assert.That(await Scalar<long>("select count(*) from clock where stopped_at is null"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task However_many_requests_of_one_person_finish_at_once_the_limit_of_a_month_holds()
    {
        await Rules("""{"mostAsksAMonth": 1}""");
        try
        {
            for (var i = 0; i < 3; i++)
            {
                await Execute("delete from feedback");
                var orders = new List<Guid>();
                for (var n = 0; n < 6; n++)
                {
                    orders.Add((await GivenWorking()).WorkOrderId);
                }

                await Task.WhenAll(orders.Select(order => Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"))));

                Assert.That(await Rows<string>("select coalesce(not_asked_rule, state) from feedback order by 1"), Is.EqualTo(new[] { "asked", "tooOften", "tooOften", "tooOften", "tooOften", "tooOften" }));
            }
        }
        finally
        {
            await Rules("""{"mostAsksAMonth": 1000}""");
        }
    }

    [TestCase("refused")]
    [TestCase("unreachable")]
    [TestCase("noResponse")]
    [TestCase("notAsked")]
    public async Task A_late_answer_is_kept_with_its_time_beside_what_was_recorded_before_and_acted_on(string before)
    {
        var (request, _) = await GivenDone();
        await Execute(
            "update feedback set state = @before, ended_at = @Now, next_check_at = null, not_asked_rule = case @before when 'notAsked' then 'tooOften' end; update request set status = 'closed', closed_at = @Now",
            new { before, Now = Clock.GetUtcNow() });
        Clock.Advance(TimeSpan.FromDays(2));

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));

        var kept = (await Rows<(string State, DateTime EndedAt, string Earlier, DateTime EarlierAt)>("select state, ended_at, earlier_outcome, earlier_ended_at from feedback where round = 1")).Single();
        Assert.That(kept, Is.EqualTo(("answered", Clock.GetUtcNow().UtcDateTime, before, FakeClock.Start.UtcDateTime)));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
    }

    [Test]
    public async Task What_is_withdrawn_is_recorded_as_not_asked()
    {
        var request = (await GivenRequest()).RequestId;

        await Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "不用了"));

        Assert.That(await Rows<(string, string)>("select state, not_asked_rule from feedback where request_id = @request", new { request }), Is.EqualTo(new[] { ("notAsked", "cancelled") }));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Cancelled));
    }

    [Test]
    public async Task Somebody_who_was_asked_often_enough_this_month_is_not_asked_again_but_called_about_danger()
    {
        await Rules("""{"mostAsksAMonth": 2}""");
        var rounds = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            rounds.Add((await GivenDone()).RequestId);
        }

        var (danger, _) = await GivenDone(priority: Priority.Danger);
        Clock.Advance(TimeSpan.FromDays(31));
        var (later, _) = await GivenDone();

        await Rules("""{"mostAsksAMonth": 1000}""");
        Assert.That((await Of(rounds[1])).State, Is.EqualTo("asked"));
        Assert.That(await Scalar<string>("select not_asked_rule from feedback where request_id = @id", new { id = rounds[2] }), Is.EqualTo("tooOften"));
        Assert.That((await Of(danger)).State, Is.EqualTo("asked"));
        Assert.That((await Of(later)).State, Is.EqualTo("asked"), "a month later");
    }

    [Test]
    public async Task Somebody_known_by_a_number_alone_is_not_asked_too_often_either_and_another_number_is_somebody_else()
    {
        await Rules("""{"mostAsksAMonth": 2}""");
        try
        {
            var (mine, other) = ("13900000001", "13900000002");
            var asked = new List<string?>();
            foreach (var (number, days) in new[] { (mine, 0), ("+86 139 0000 0001", 1), (mine, 1), (other, 0), (Number, 0), (mine, 27), (mine, 1) })
            {
                Clock.Advance(TimeSpan.FromDays(days));
                var request = await GivenAnsweredBy(number);
                asked.Add(await Scalar<string?>("select coalesce(not_asked_rule, state) from feedback where request_id = @request", new { request }));
            }

            var (customers, _) = await GivenDone(); // theirs is the number that was asked about above, and they are somebody else as long as nobody says so

            Assert.That(asked, Is.EqualTo(new[] { "asked", "asked", "tooOften", "asked", "asked", "tooOften", "asked" }), "the first ask is thirty days ago with the last one");
            Assert.That((await Of(customers)).State, Is.EqualTo("asked"));
            Assert.That(await Rows<string>("select distinct recipient_kind from message where template = 'feedbackAsk' and request_id <> @customers", new { customers }), Is.EqualTo(new[] { "reporter" }));
        }
        finally
        {
            await Rules("""{"mostAsksAMonth": 1000}""");
        }
    }

    [Test]
    public async Task Of_a_number_alone_too_the_limit_of_a_month_holds_for_requests_that_finish_at_once()
    {
        await Rules("""{"mostAsksAMonth": 1}""");
        try
        {
            for (var i = 0; i < 3; i++)
            {
                await Execute("delete from feedback");
                var requests = new List<Guid>();
                for (var n = 0; n < 6; n++)
                {
                    requests.Add(await GivenReportedBy("13900000001"));
                }

                await Task.WhenAll(requests.Select(request => Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"))));

                Assert.That(await Rows<string>("select coalesce(not_asked_rule, state) from feedback order by 1"), Is.EqualTo(new[] { "asked", "tooOften", "tooOften", "tooOften", "tooOften", "tooOften" }));
            }
        }
        finally
        {
            await Rules("""{"mostAsksAMonth": 1000}""");
        }
    }

    /// <summary>A repair by somebody of whom a number is known, and nothing else.</summary>
    private async Task<Guid> GivenReportedBy(string number) => (await Send(Here.Clerk, new ReceiveRequest(
        Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1601"], Reporter: new Reporter("李", number)))).RequestId;

    private async Task<Guid> GivenAnsweredBy(string number)
    {
        var request = await GivenReportedBy(number);
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        return request;
    }

    [Test]
    public async Task A_request_that_is_worked_on_again_is_asked_about_again_whatever_the_limit_of_a_month()
    {
        // Rework is called about without exception, as it is shipped: where a community only asks, its own earlier rounds do not count.
        await Rework("""{"way": "ask", "remindAfterHours": [], "call": "none"}""");
        await Rules("""{"mostAsksAMonth": 1}""");
        try
        {
            var (request, _) = await GivenDone();
            await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));
            var again = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId is not null).WorkOrderId;
            await Send(Here.Member(Crew.Engineering), new AcceptWork(again));
            await Send(Here.Member(Crew.Engineering), new ArriveOnSite(again));
            await Send(Here.Member(Crew.Engineering), new CompleteWork(again, "好了"));
            var (other, _) = await GivenDone();

            Assert.That(await Rows<string>("select round || ' ' || state from feedback where request_id = @request order by 1", new { request }), Is.EqualTo(new[] { "1 answered", "2 asked" }));
            Assert.That(await Scalar<string>("select not_asked_rule from feedback where request_id = @other", new { other }), Is.EqualTo("tooOften"));
        }
        finally
        {
            await Rules("""{"mostAsksAMonth": 1000}""");
            await Rework("""{"way": "call", "remindAfterHours": [], "call": "all"}""");
        }
    }

    [Test]
    public async Task A_round_is_once_and_so_is_a_cause_to_write_to_somebody_whatever_somebody_else_is_about_to_insert()
    {
        var (request, _) = await GivenDone();

        var round = Assert.ThrowsAsync<Npgsql.PostgresException>(() => Execute(
            "insert into feedback (community_id, feedback_id, request_id, round, state, started_at, asked_at, next_check_at) select community_id, gen_random_uuid(), request_id, round, 'asked', started_at, asked_at, next_check_at from feedback where request_id = @request", new { request }));
        var message = Assert.ThrowsAsync<Npgsql.PostgresException>(() => Execute(
            "insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after) select community_id, gen_random_uuid(), dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after from message where request_id = @request and template = 'feedbackAsk'", new { request }));

        Assert.That((round!.ConstraintName, message!.ConstraintName), Is.EqualTo(("feedback_once_a_round", "message_once_a_cause")));
    }

    [Test]
    public async Task Whoever_is_erased_while_being_asked_is_not_asked_any_more()
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "钱多多", [new NewContactPoint(ContactKind.Phone, "13711112222")]))).CustomerId;
        var request = (await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Inquiry, Channel.Phone, Here.Category(RequestKind.Inquiry, "fees"), "费用怎么算", CustomerId: customer))).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "如下"));
        await Chase();

        await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested, EvenIfOpen: true));
        await Chase();

        Assert.That(await Rows<(string, string)>("select state, not_asked_rule from feedback where request_id = @request", new { request }), Is.EqualTo(new[] { ("notAsked", "erased") }));
        Assert.That(await Scalar<string>("select status from request where request_id = @request", new { request }), Is.EqualTo("closed"));
    }

    [Test]
    public async Task What_has_ended_or_is_not_due_again_is_left_alone_whoever_names_it()
    {
        var (ended, _) = await GivenDone();
        var (waiting, _) = await GivenDone();
        await Delivered();
        await Chase();
        await Send(Here.Clerk, new RecordFeedback(ended, Solved.Yes, 5, "王小明"));
        var before = await Rows<string>("select f::text from feedback f order by feedback_id");

        var looked = await Send(Here.System, new ChaseFeedback(Here.CommunityId, await Rows<Guid>("select feedback_id from feedback where request_id in (@ended, @waiting)", new { ended, waiting })));

        Assert.That(looked, Is.Zero);
        Assert.That(await Rows<string>("select f::text from feedback f order by feedback_id"), Is.EqualTo(before));
    }

    [Test]
    public async Task Two_chasers_at_once_do_each_round_once()
    {
        for (var i = 0; i < 12; i++)
        {
            await GivenDone(priority: i % 2 == 0 ? Priority.Urgent : Priority.Normal);
        }

        await Delivered();
        await Chase();
        Clock.Set(Local(3, 9, 30));

        await Task.WhenAll(Chase(), Chase(), Chase(), Chase());

        Assert.That(await Scalar<long>("select count(*) from message where template = 'feedbackReminder'"), Is.EqualTo(6));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'feedbackReminded' and subject_id in (select feedback_id from feedback)"), Is.EqualTo(6));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'feedbackCallDue' and subject_id in (select feedback_id from feedback)"), Is.EqualTo(6));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [TestCase("rounds loaded")]
    [TestCase("rounds written")]
    [TestCase("reminders written")]
    [TestCase("requests closed")]
    public async Task A_chaser_that_dies_at_any_step_leaves_nothing_and_the_next_one_does_it_all(string step)
    {
        var (request, _) = await GivenDone();
        await Delivered();
        await Chase();
        Clock.Set(Local(3, 9));
        await using var dying = Services(s => s.AddSingleton<INotificationHandler<SweepStep>>(new DiesAt(step)));

        await Chase(dying);
        Assert.That((await Of(request)).State, Is.EqualTo("asked"));
        Assert.That(await Scalar<long>("select count(*) from message where template = 'feedbackReminder'"), Is.Zero);
        Clock.Advance(TimeSpan.FromMinutes(10)); // it was put off
        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("reminded"));
        Assert.That(await Scalar<long>("select count(*) from message where template = 'feedbackReminder'"), Is.EqualTo(1));
    }

    [Test]
    public async Task While_somebody_writes_the_answer_down_the_chaser_passes_over()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Dapper.SqlMapper.ExecuteAsync(connection, "select 1 from request where request_id = @request for update", new { request }, transaction);

        Assert.That(await Chase(), Is.Zero);
        Assert.That((await Of(request)).State, Is.EqualTo("asked"));

        await transaction.RollbackAsync();
        Assert.That(await Chase(), Is.EqualTo(1));
    }

    private sealed class DiesAt(string step) : INotificationHandler<SweepStep>
    {
        public Task Handle(SweepStep notification, CancellationToken cancellationToken) => notification.Name == step ? throw new IOException("killed") : Task.CompletedTask;
    }
}
