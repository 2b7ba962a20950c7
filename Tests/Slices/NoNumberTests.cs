using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Whoever left no number cannot be rung: the desk says so, and the round ends by what became of the ask.</summary>
public sealed class NoNumberTests : DeskFixture
{
    private const string Number = "13800138000";

    private sealed record Round(string State, DateTime? NextCheckAt, bool Ended);

    private async Task Look(string job)
    {
        await using var services = Services(_ => { });
        await Schedule.Entries.Single(e => e.Id == job).Run(new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance), CancellationToken.None);
    }

    private Task Chase() => Look("chase-feedback");

    private async Task<Round> Of(Guid request) => (await Rows<Round>("select state, next_check_at, ended_at is not null as ended from feedback where request_id = @request order by round desc limit 1", new { request })).Single();

    private Task Delivered(Guid request) => Execute("update message set sent_at = @Now, channel = 'email' where request_id = @request and sent_at is null", new { request, Now = Clock.GetUtcNow() });

    private Task Parked(Guid request, string why = "bounced") => Execute("update message set parked_at = @Now, parked_why = @why, sent_at = null where request_id = @request and template = 'feedbackAsk'", new { request, why, Now = Clock.GetUtcNow() });

    private Task<Guid> AskOf(Guid request) => Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request });

    private Task<FeedbackReply> NoNumber(Guid request, Actor? by = null) => Send(by ?? Here.Clerk, new TryCall(request, null, CallResult.NoNumber));

    /// <summary>Registered from a mail, urgent and done, so that they are to be called at once.</summary>
    private async Task<Guid> GivenToCall()
    {
        var request = await GivenMailedAndDone(Priority.Urgent);
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
        return request;
    }

    private async Task<Guid> GivenCustomersToCall()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        await Chase();
        return request;
    }

    [Test]
    public async Task Whoever_the_ask_did_not_reach_either_is_unreachable_at_once()
    {
        var request = await GivenToCall();
        await Parked(request);

        var reply = await NoNumber(request);
        await Chase();

        Assert.That((reply.State, reply.Request.Status), Is.EqualTo((FeedbackState.ToCall, RequestStatus.AwaitingFeedback)));
        Assert.That(await Of(request), Is.EqualTo(new Round("unreachable", null, true)));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await Rows<(string?, string)>("select number_dialled, result from call_attempt"), Is.EqualTo(new[] { ((string?)null, "noNumber") }), "of nobody who was rung");
        Assert.That(await Scalar<long>("select count(*) from clock where stopped_at is null"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task While_the_ask_is_on_its_way_it_is_waited_for_and_where_it_fails_that_is_the_end()
    {
        var request = await GivenToCall();
        await NoNumber(request);
        await Chase();
        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", FakeClock.Start.AddHours(24).UtcDateTime, false)));
        Clock.Advance(TimeSpan.FromHours(3));

        await Parked(request);
        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("unreachable"));
    }

    [Test]
    public async Task An_ask_that_is_not_out_a_day_later_is_waited_for_and_the_time_to_answer_runs_from_when_it_went_out()
    {
        var request = await GivenToCall();
        await NoNumber(request);
        await Chase();
        Clock.Advance(TimeSpan.FromHours(23));
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("toCall"));

        Clock.Advance(TimeSpan.FromHours(1));
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", FakeClock.Start.AddHours(25).UtcDateTime, false)), "that nothing was sent says nothing about them");
        Clock.Advance(TimeSpan.FromHours(6));
        await Delivered(request);
        await Chase();
        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", FakeClock.Start.AddHours(78).UtcDateTime, false)));
        Clock.Advance(TimeSpan.FromHours(48));
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("noResponse"));
    }

    [TestCase("exhausted")]
    [TestCase("noChannel")]
    [TestCase("unrenderable")]
    public async Task An_ask_that_we_could_not_send_keeps_the_round_on_the_list_until_the_desk_has_it_tried_again(string why)
    {
        var request = await GivenToCall();
        await NoNumber(request);
        await Parked(request, why);
        await Chase();
        Clock.Advance(TimeSpan.FromDays(5));
        await Chase();
        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", null, false)));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Has.Count.EqualTo(1));

        await Send(Here.Clerk, new RetryMessage(await AskOf(request)));
        await Delivered(request);
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", FakeClock.Start.AddHours(168).UtcDateTime, false)));
    }

    [Test]
    public async Task Or_until_the_desk_discards_it()
    {
        var request = await GivenToCall();
        await NoNumber(request);
        await Parked(request, "exhausted");
        await Chase();
        Assert.That((await Of(request)).State, Is.EqualTo("toCall"));
        Clock.Advance(TimeSpan.FromHours(1));

        await Send(Here.Clerk, new DiscardMessage(await AskOf(request), "没有别的办法"));
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("unreachable", null, true)));
    }

    [Test]
    public async Task A_mail_that_came_back_is_no_absence_while_another_way_is_tried()
    {
        var request = await GivenToCall();
        await Delivered(request);
        await NoNumber(request);
        await Chase();
        Clock.Advance(TimeSpan.FromHours(48));
        await Execute("update message set sent_at = null, given_up = '{email}', last_failure = 'bounced', send_after = @Now where request_id = @request and template = 'feedbackAsk'", new { request, Now = Clock.GetUtcNow() });

        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", FakeClock.Start.AddHours(49).UtcDateTime, false)));
    }

    [TestCase(false, "toCall")]
    [TestCase(true, "unreachable")]
    public async Task That_no_way_leads_to_them_is_about_them_only_where_they_have_no_address(bool noAddress, string state)
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "没电话", noAddress ? [] : [new NewContactPoint(ContactKind.Email, "none@example.org")], []))).CustomerId;
        var request = await GivenToCall();
        await Execute("update request set customer_id = @customer where request_id = @request", new { customer, request });
        await NoNumber(request);
        await Parked(request, "noChannel");

        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo(state));
    }

    [Test]
    public async Task Whoever_got_the_ask_has_the_time_to_answer_it_and_then_has_not_responded()
    {
        var request = await GivenToCall();
        await Delivered(request);
        await NoNumber(request);
        await Chase();
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items, Is.Empty, "nobody has anything to do about it");
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single() is { Attempts: 0, LastTriedAt: null }, Is.True, "nobody was rung");
        Clock.Advance(TimeSpan.FromHours(47));
        await Chase();
        await Look("escalate-overdue");
        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", FakeClock.Start.AddHours(48).UtcDateTime, false)));
        Assert.That(await Scalar<long>("select count(*) from escalation"), Is.Zero, "a call that nobody can make is no breach");

        Clock.Advance(TimeSpan.FromHours(1));
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("noResponse", null, true)));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task An_ask_that_comes_back_later_ends_it_at_once()
    {
        var request = await GivenToCall();
        await Delivered(request);
        await NoNumber(request);
        await Chase();

        await Parked(request);
        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("unreachable"));
    }

    [Test]
    public async Task Until_then_their_answer_is_an_answer_and_giving_up_is_refused()
    {
        var request = await GivenToCall();
        await NoNumber(request);

        Assert.That(await Refusal(() => Send(Here.Clerk, new GiveUpCalling(request))), Is.EqualTo("feedback.attempts_missing"));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "李先生"));
        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("answered"));
    }

    [Test]
    public async Task It_is_refused_where_the_customer_has_a_number_that_was_not_wrong()
    {
        var request = await GivenCustomersToCall();

        Assert.That(await Refusal(() => NoNumber(request)), Is.EqualTo("call.number_known"));
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        Assert.That(await Refusal(() => NoNumber(request)), Is.EqualTo("call.number_known"));
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(Here.Clerk, new TryCall(request, "+86 138 0013 8000", CallResult.WrongNumber));
        await NoNumber(request);

        var later = await GivenCustomersToCall();
        Assert.That(await Refusal(() => NoNumber(later)), Is.EqualTo("call.number_known"), "what was wrong about one request may be theirs again");
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(Here.Clerk, new TryCall(later, Number, CallResult.WrongNumber));
        await NoNumber(later);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(Here.Clerk, new TryCall(later, Number, CallResult.Busy));
        Assert.That(await Refusal(() => NoNumber(later)), Is.EqualTo("call.number_known"), "it is theirs after all");
    }

    [Test]
    public async Task What_is_a_wrong_number_for_one_person_is_not_for_another()
    {
        var request = await GivenCustomersToCall();
        var others = await GivenToCall();
        await Send(Here.Clerk, new TryCall(others, Number, CallResult.WrongNumber));

        Assert.That(await Refusal(() => NoNumber(request)), Is.EqualTo("call.number_known"));
        await NoNumber(others);
    }

    [Test]
    public async Task It_is_refused_where_whoever_reported_left_a_number_or_one_was_dialled_that_may_be_theirs()
    {
        var request = await GivenToCall();
        await Execute("update request set reporter_phone = '13911112222' where request_id = @request", new { request });
        Assert.That(await Refusal(() => NoNumber(request)), Is.EqualTo("call.number_known"));
        await Send(Here.Clerk, new TryCall(request, "13911112222", CallResult.WrongNumber));
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(Here.Clerk, new TryCall(request, "075588888888", CallResult.NoAnswer));
        Assert.That(await Refusal(() => NoNumber(request)), Is.EqualTo("call.number_known"));
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(Here.Clerk, new TryCall(request, "075588888888", CallResult.WrongNumber));

        await NoNumber(request);
    }

    [Test]
    public async Task Of_a_round_that_is_not_on_the_list_it_cannot_be_said_and_whoever_was_asked_is_reminded()
    {
        var request = await GivenMailedAndDone();

        Assert.That(await Refusal(() => NoNumber(request)), Is.EqualTo("call.not_on_the_list"));
        Assert.That(await Scalar<long>("select count(*) from call_attempt"), Is.Zero);
    }

    [Test]
    public async Task Without_a_number_nobody_spoke_and_with_any_other_result_one_was_dialled()
    {
        var request = await GivenToCall();

        Assert.That(await Refusal(() => Send(Here.Clerk, new TryCall(request, Number, CallResult.NoNumber))), Is.EqualTo("call.nobody_rung"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TryCall(request, null, CallResult.NoNumber, SpokeWith: "李先生"))), Is.EqualTo("call.nobody_rung"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TryCall(request, null, CallResult.NoNumber, CallAgainAt: Clock.GetUtcNow().AddHours(2)))), Is.EqualTo("call.again_without_call_later"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new TryCall(request, null, CallResult.NoAnswer))), Is.EqualTo("phone.empty"));
        Assert.That(await Refusal(() => Send(There.Clerk, new TryCall(request, null, CallResult.NoNumber))), Is.EqualTo("request.not_found"));
        await Send(Here.Clerk, new TakeCallBack(await Scalar<Guid>("select feedback_id from feedback where request_id = @request", new { request })));
        Assert.That(await Refusal(() => NoNumber(request, Here.Officer)), Is.EqualTo("call_back.taken"));
    }

    [TestCase("13800138000", "noNumber")]
    [TestCase(null, "noAnswer")]
    public async Task The_database_holds_no_call_without_a_number_and_none_with_one_that_was_not_made(string? number, string result)
    {
        var request = await GivenToCall();

        var refused = Assert.ThrowsAsync<PostgresException>(() => Execute(
            "insert into call_attempt (community_id, call_attempt_id, feedback_id, staff_id, tried_at, number_dialled, result) select community_id, gen_random_uuid(), feedback_id, @Id, started_at, @number, @result from feedback where request_id = @request",
            new { request, number, result, Here.Clerk.Id }));

        Assert.That(refused!.ConstraintName, Is.EqualTo("call_attempt_dials_a_number"));
    }

    [Test]
    public async Task A_number_that_turns_up_is_rung_as_any_other()
    {
        var request = await GivenToCall();
        await Delivered(request);
        await NoNumber(request);
        Clock.Advance(TimeSpan.FromHours(1));

        await Send(Here.Clerk, new TryCall(request, "13911112222", CallResult.NoAnswer));
        await Chase();
        Clock.Advance(TimeSpan.FromDays(3));
        await Chase();

        Assert.That((await Of(request)).State, Is.EqualTo("toCall"), "the calls that are demanded are not made yet");
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items.Single().DueAt, Is.EqualTo(FakeClock.Start.AddHours(25)));
    }

    [Test]
    public async Task Where_one_turned_up_that_nobody_has_dialled_the_call_is_owed_again_and_nothing_ends()
    {
        var request = await GivenToCall();
        await Delivered(request);
        await NoNumber(request);
        await Chase();
        await Execute("update request set reporter_phone = '13911112222' where request_id = @request", new { request });
        Clock.Advance(TimeSpan.FromHours(48));

        await Chase();
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("toCall", null, false)));
        Assert.That((await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items.Single().DueAt, Is.EqualTo(FakeClock.Start.AddHours(72)));
        Assert.That(await Scalar<long>("select count(*) from clock where kind = 'feedback' and stopped_at is null"), Is.EqualTo(1));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_number_that_is_written_down_makes_the_call_owed_at_once_and_no_later_look_puts_it_off(bool ofTheCustomer)
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "没电话", [new NewContactPoint(ContactKind.Email, "none@example.org")], []))).CustomerId;
        var request = await GivenToCall();
        if (ofTheCustomer)
        {
            await Execute("update request set customer_id = @customer where request_id = @request", new { customer, request });
        }

        await Delivered(request);
        await NoNumber(request);
        await Chase();
        Clock.Advance(TimeSpan.FromHours(1));

        if (ofTheCustomer)
        {
            await Send(Here.Clerk, new AddContactPoint(customer, ContactKind.Phone, "13911112222"));
        }
        else
        {
            await Execute("update request set reporter_phone = '13911112222' where request_id = @request", new { request });
        }

        await Chase();

        var line = (await Send(Here.Clerk, new ListCallBacks(Ready: true))).Items.Single();
        Assert.That(line.DueAt, Is.EqualTo(FakeClock.Start.AddHours(25)));
        await Send(Here.Clerk, new SnoozeCallBack(line.FeedbackId, Clock.GetUtcNow().AddHours(4)));
        await Execute("update feedback set next_check_at = started_at where request_id = @request", new { request });
        await Chase();
        Assert.That(await Scalar<DateTime>("select call_after from feedback where request_id = @request", new { request }), Is.EqualTo(FakeClock.Start.AddHours(5).UtcDateTime));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task The_sheets_say_whether_there_is_a_number_and_show_the_attempt()
    {
        var request = await GivenToCall();
        var feedback = await Scalar<Guid>("select feedback_id from feedback where request_id = @request", new { request });
        await NoNumber(request);

        var sheet = await Send(Here.Clerk, new GetCallBack(feedback));

        Assert.That(sheet.NumberKnown, Is.False);
        Assert.That(sheet.Calls.Select(c => (c.Result, c.NumberDialled)), Is.EqualTo(new[] { (CallResult.NoNumber, (string?)null) }));
        var customers = await GivenCustomersToCall();
        Assert.That((await Send(Here.Clerk, new GetCallBack(await Scalar<Guid>("select feedback_id from feedback where request_id = @customers", new { customers })))).NumberKnown, Is.True);
    }

    [Test]
    public async Task After_a_bad_answer_who_has_no_number_is_followed_up_by_a_word_on_how_it_ended()
    {
        var request = await GivenMailedAndDone();
        await Send(Here.Officer, new RecordFeedback(request, Solved.Yes, 2, "李先生"));
        var followUp = (await Send(Here.Officer, new ListFollowUps())).Items.Single().FollowUpId;
        Task<List<DateTime>> Due() => Rows<DateTime>("select due_at from clock where kind = 'feedback' and stopped_at is null");
        Assert.That(await Refusal(() => Send(Here.Officer, new EndFollowUp(followUp, FollowUpEnding.Unreachable, "没有电话"))), Is.EqualTo("feedback.attempts_missing"));
        Clock.Advance(TimeSpan.FromHours(2));

        await Send(Here.Officer, new TryFollowUp(followUp, null, CallResult.NoNumber, "只有邮箱"));

        Assert.That((await Send(Here.Officer, new ListFollowUps(Ready: true))).Items, Has.Count.EqualTo(1), "somebody has to say how it ended");
        Assert.That((await Send(Here.Officer, new GetFollowUp(followUp))) is { NumberKnown: false, Calls: [{ Result: CallResult.NoNumber, NumberDialled: null, Note: "只有邮箱" }] }, Is.True);
        Assert.That(await Due(), Is.EqualTo(new[] { FakeClock.Start.AddHours(26).UtcDateTime }));
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Officer, new TryFollowUp(followUp, null, CallResult.NoNumber));
        Assert.That(await Due(), Is.EqualTo(new[] { FakeClock.Start.AddHours(26).UtcDateTime }), "said twice it puts nothing off");
        await Execute("update request set reporter_phone = '13911112222' where request_id = @request", new { request });
        Assert.That(await Refusal(() => Send(Here.Officer, new EndFollowUp(followUp, FollowUpEnding.Unreachable, "没有电话"))), Is.EqualTo("call.number_known"), "one has turned up");
        await Execute("update request set reporter_phone = null where request_id = @request", new { request });
        Assert.That((await Send(Here.Officer, new EndFollowUp(followUp, FollowUpEnding.Unreachable, "没有电话，已发邮件"))).How, Is.EqualTo(FollowUpEnding.Unreachable));
        Assert.That(await Due(), Is.Empty);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task A_follow_up_about_somebody_whose_number_is_known_is_rung()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Officer, new RecordFeedback(request, Solved.Yes, 2, "王小明"));
        var followUp = (await Send(Here.Officer, new ListFollowUps())).Items.Single().FollowUpId;

        Assert.That(await Refusal(() => Send(Here.Officer, new TryFollowUp(followUp, null, CallResult.NoNumber))), Is.EqualTo("call.number_known"));
        Assert.That(await Refusal(() => Send(Here.Officer, new TryFollowUp(followUp, Number, CallResult.NoNumber))), Is.EqualTo("call.nobody_rung"));
        Assert.That(await Refusal(() => Send(Here.Officer, new TryFollowUp(followUp, null, CallResult.Busy))), Is.EqualTo("phone.empty"));
        Assert.That((await Send(Here.Officer, new GetFollowUp(followUp))).NumberKnown, Is.True);
        await Send(Here.Officer, new TryFollowUp(followUp, Number, CallResult.WrongNumber));
        Assert.That(await Refusal(() => Send(Here.Officer, new EndFollowUp(followUp, FollowUpEnding.Unreachable, "号码不对"))), Is.EqualTo("feedback.attempts_missing"));
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(Here.Officer, new TryFollowUp(followUp, null, CallResult.NoNumber));
        await Send(Here.Officer, new EndFollowUp(followUp, FollowUpEnding.Unreachable, "号码不对"));
    }

    private static readonly WaysOut ByMail = new(new HashSet<MessageChannel> { MessageChannel.Email, MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>());

    /// <summary>Said of a request that was closed too long ago, so that a new one is made; answered at the desk.</summary>
    private async Task<Guid> GivenAnew(Guid request)
    {
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "李先生"));
        Clock.Advance(TimeSpan.FromDays(8));
        var anew = (await Send(Here.Clerk, new ReportNotFixed(request, "李先生", "又漏了"))).NewRequest!.RequestId;
        await Send(Here.Clerk, new AnswerRequest(anew, AnswerKind.Answered, "已处理"));
        return anew;
    }

    [Test]
    public async Task Who_is_known_by_a_mail_alone_is_asked_once_about_the_request_that_was_made_anew_and_known_by_it_when_they_answer()
    {
        var first = await GivenMailedAndDone();

        var second = await GivenAnew(first);
        var third = await GivenAnew(second);

        foreach (var request in new[] { second, third })
        {
            Assert.That(await Rows<(string, string)>("select recipient_kind, template from message where request_id = @request and template like 'feedback%'", new { request }), Is.EqualTo(new[] { ("reporter", "feedbackAsk") }));
        }

        var sent = (await Send(Here.System, new LeaseMessages(Here.CommunityId, [await AskOf(third)], ByMail, TimeSpan.FromMinutes(1)))).ToSend.Single();
        Assert.That((sent.Channel, sent.Address), Is.EqualTo((MessageChannel.Email, "li@example.org")));
        await Delivered(third);
        var who = await Send(Here.System, new FindSender(Here.CommunityId, InboundChannel.Email, "Li <LI@example.org>"));
        Assert.That(who.Id, Is.EqualTo(third), "who is being asked just now");
        var reply = await Send(Actor.OwnerIn(Here.CommunityId, third, who.Name), new TakeInbound(Here.CommunityId, InboundChannel.Email, "<5@example.org>", "Li <LI@example.org>", "Re: 请评价", "5", []));
        Assert.That((reply.Kind, reply.RequestId), Is.EqualTo((InboundKind.Answer, (Guid?)third)));
        Assert.That((await Of(third)).State, Is.EqualTo("answered"));
        Assert.That(await Rows<(string, string?)>("select text, subject from inbound_message where carried_from is not null"), Is.EqualTo(new[] { ("", (string?)null), ("", null) }), "their words stand once");
        Assert.That((await Send(Here.Clerk, new ListInbound())).Items, Is.Empty);
    }

    [Test]
    public async Task What_was_made_anew_before_mails_were_carried_along_names_them_from_then_on()
    {
        var first = await GivenMailedAndDone();
        var second = await GivenAnew(first);
        var third = await GivenAnew(second);
        await Execute("delete from inbound_message where carried_from is not null");

        await CarriedAlong();

        Assert.That(await Rows<(Guid, string)>("select request_id, sender_normalised from inbound_message where carried_from is not null"), Is.EquivalentTo(new[] { (second, "li@example.org"), (third, "li@example.org") }));
    }

    [Test]
    public async Task Whoever_wrote_about_the_one_that_was_made_anew_is_the_one_who_is_named_after_it()
    {
        var first = await GivenMailedAndDone();
        var second = await GivenAnew(first);
        var third = await GivenAnew(second);
        await Execute("delete from inbound_message where carried_from is not null");
        await Execute(
            """
            insert into inbound_message (community_id, inbound_message_id, channel, external_id, kind, sender, sender_normalised, text, received_at, request_id, settled_at, settled_by, is_report)
            select community_id, gen_random_uuid(), channel, '<bo>', kind, 'bo@example.org', 'bo@example.org', text, received_at, @second, settled_at, settled_by, true
            from inbound_message
            where request_id = @first and is_report
            """,
            new { first, second });

        await CarriedAlong();

        Assert.That(await Rows<(Guid, string)>("select request_id, sender_normalised from inbound_message where carried_from is not null"), Is.EqualTo(new[] { (third, "bo@example.org") }));
    }

    private Task CarriedAlong() => Execute("with recursive anew" + Migrations.Files().Single(f => f.Name == "0042_word_kept.sql").Sql.Split("with recursive anew")[1].Split(';')[0]);

    [Test]
    public async Task Nobody_is_carried_along_where_a_customer_or_a_number_is_known()
    {
        var withNumber = await GivenMailedAndDone();
        await Execute("update request set reporter_phone = '13911112222' where request_id = @withNumber", new { withNumber });
        var customers = await GivenMailedAndDone();
        await Execute("update request set customer_id = @Customer where request_id = @customers", new { Here.Customer, customers });

        var anew = new[] { await GivenAnew(withNumber), await GivenAnew(customers) };

        Assert.That(await Scalar<long>("select count(*) from inbound_message where request_id = any (@anew)", new { anew }), Is.Zero);
        Assert.That(await Rows<string>("select recipient_kind from message where template = 'feedbackAsk' and request_id = any (@anew) order by 1", new { anew }), Is.EqualTo(new[] { "customer", "reporter" }));
    }

    [Test]
    public async Task Whose_mail_was_carried_along_has_it_in_their_copy_once_and_is_forgotten_with_it()
    {
        var anew = await GivenAnew(await GivenMailedAndDone());
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "李先生", [new NewContactPoint(ContactKind.Email, "li@example.org")], []))).CustomerId;

        var copy = await Send(Here.Manager, new CopyCustomer(customer));
        await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested, EvenIfOpen: true));

        Assert.That(copy.Inbound.Select(i => i.Text), Is.EqualTo(new[] { "厨房水管漏水" }));
        Assert.That(copy.Requests.Select(r => r.RequestId), Does.Contain(anew));
        Assert.That(await Scalar<long>("select count(*) from inbound_message where sender <> '–' or sender_normalised <> '–'"), Is.Zero);
        Assert.That(await Scalar<string?>("select reporter_name from request where request_id = @anew", new { anew }), Is.Null);
    }

    [Test]
    public async Task Split_off_and_done_again_who_is_known_by_a_mail_alone_is_asked_again_once()
    {
        var request = await GivenMailed(category: "lift.noise", place: "3-2-lobby");
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "1号电梯异响", RequestId: request))).FaultId;
        await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "看一下")]));
        var order = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single().WorkOrderId;
        await Work(order);
        Assert.That((await Of(request)).State, Is.EqualTo("asked"));

        await Send(Here.Clerk, new SplitOffRequest(fault, request, "李先生", "还在响"));
        await Work((await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId == order).WorkOrderId);

        Assert.That(await Rows<string>("select round || ' ' || state from feedback where request_id = @request order by 1", new { request }), Is.EqualTo(new[] { "1 answered", "2 asked" }));
        Assert.That(await Rows<string>("select recipient_kind from message where request_id = @request and template = 'feedbackAsk'", new { request }), Is.EqualTo(new[] { "reporter", "reporter" }), "once a round");
    }

    private async Task Work(Guid order)
    {
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
    }

    [Test]
    public async Task Who_is_forgotten_had_no_number_still()
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "没电话", [new NewContactPoint(ContactKind.Email, "none@example.org")], []))).CustomerId;
        var request = await GivenMailedAndDone(Priority.Urgent);
        await Execute("update request set customer_id = @customer where request_id = @request", new { customer, request });
        await Chase();
        await Parked(request);
        await Send(Here.Clerk, new TryCall(request, null, CallResult.NoNumber, "查过了"));
        await Chase();

        await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested));

        Assert.That(await Rows<(string?, string, string?)>("select number_dialled, result, note from call_attempt"), Is.EqualTo(new[] { ((string?)null, "noNumber", (string?)null) }));
    }
}
