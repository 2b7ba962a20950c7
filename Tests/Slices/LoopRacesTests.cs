using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Two who act on one request at the same instant: both stand before its lock, and pass in the order in which they came. Each order has one truthful outcome.</summary>
public sealed class LoopRacesTests : DeskFixture
{
    private Actor Engineer => Here.Member(Crew.Engineering);

    // ---------------------------------------------------------------- work

    [Test]
    public async Task One_of_the_last_two_orders_completed_and_the_other_voided_finish_the_request_once([Values] bool completedFirst)
    {
        var request = (await GivenRequest()).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Security, "陪")]))).WorkOrders.Select(o => o.WorkOrderId).ToArray();
        await Send(Engineer, new AcceptWork(orders[0]));
        await Send(Engineer, new ArriveOnSite(orders[0]));

        var results = await AtTheRequest(request, completedFirst, () => Send(Engineer, new CompleteWork(orders[0], "好了")), () => Send(Here.Clerk, new VoidWork(orders[1], "不需要")));

        Assert.That(results, Is.EqualTo(("done", "done")));
        Assert.That(await StatusOf(request), Is.EqualTo("awaitingFeedback"));
        Assert.That((await Events(request, "requestFinished"), await Scalar<long>("select count(*) from feedback")), Is.EqualTo((1L, 1L)));
    }

    [Test]
    public async Task An_order_is_completed_or_voided_and_not_both([Values] bool completedFirst)
    {
        var (request, order) = await GivenWorking();

        var results = await AtTheRequest(request, completedFirst, () => Send(Engineer, new CompleteWork(order, "好了")), () => Send(Here.Clerk, new VoidWork(order, "不需要")));

        Assert.That(results, Is.EqualTo(completedFirst ? ("done", "work_order.move_not_allowed") : ("work_order.move_not_allowed", "done")));
        Assert.That((await StatusOf(request), await StatusOfOrder(order)), Is.EqualTo(completedFirst ? ("awaitingFeedback", "done") : ("received", "voided")));
    }

    [Test]
    public async Task Of_two_taps_on_done_one_completes_the_order()
    {
        var (request, order) = await GivenWorking();

        var results = await AtTheRequest(request, true, () => Send(Engineer, new CompleteWork(order, "好了")), () => Send(Engineer, new CompleteWork(order, "好了")));

        Assert.That(results, Is.EqualTo(("done", "work_order.move_not_allowed")));
        Assert.That((await Events(order, "workCompleted"), await Events(request, "requestFinished"), await Scalar<long>("select count(*) from feedback")), Is.EqualTo((1L, 1L, 1L)));
    }

    [Test]
    public async Task An_order_that_came_back_and_that_two_clerks_send_goes_to_one_team()
    {
        var (request, order) = await GivenDispatched();
        await Send(Engineer, new ReturnWork(order, "不是我们的"));

        var results = await AtTheRequest(request, true, () => Send(Here.Clerk, new SendWork(order, Here.Teams[Crew.Engineering])), () => Send(Here.Officer, new SendWork(order, Here.Teams[Crew.Engineering])));

        Assert.That(results, Is.EqualTo(("done", "work_order.move_not_allowed")));
        Assert.That(await Rows<(string, int)>("select status, (select count(*)::int from clock k where k.subject_id = work_order_id and k.kind = 'accept' and k.stopped_at is null) from work_order"), Is.EqualTo(new[] { ("dispatched", 1) }));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task What_two_report_as_not_fixed_at_once_is_done_again_once()
    {
        var request = (await GivenDone()).RequestId;
        Task Report(Actor clerk) => Send(clerk, new ReportNotFixed(request, "王小明", "还在漏"));

        var results = await AtTheRequest(request, true, () => Report(Here.Clerk), () => Report(Here.Officer));

        Assert.That(results, Is.EqualTo(("done", "request.move_not_allowed")));
        Assert.That(await Reworked(request), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task What_two_report_as_not_fixed_too_late_at_once_is_one_new_request_and_urged()
    {
        var request = (await GivenDone()).RequestId;
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
        Clock.Advance(TimeSpan.FromDays(8));
        Task Report(Actor clerk) => Send(clerk, new ReportNotFixed(request, "王小明", "还在漏"));

        var results = await AtTheRequest(request, true, () => Report(Here.Clerk), () => Report(Here.Officer));

        Assert.That(results, Is.EqualTo(("done", "done")));
        Assert.That(await Rows<int>("select urge_count::int from request where rework_of_id = @request", new { request }), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task What_two_cancel_at_once_is_cancelled_once()
    {
        var (request, order) = await GivenDispatched();
        Task Cancel(Actor clerk) => Send(clerk, new CancelRequest(request, CancelledAs.Withdrawn, "不用了"));

        var results = await AtTheRequest(request, true, () => Cancel(Here.Clerk), () => Cancel(Here.Officer));

        Assert.That(results, Is.EqualTo(("done", "request.move_not_allowed")));
        Assert.That((await Events(request, "requestCancelled"), await Events(order, "workVoided"), await Scalar<long>("select count(*) from feedback")), Is.EqualTo((1L, 1L, 1L)));
    }

    [Test]
    public async Task What_is_cancelled_is_not_dispatched_and_what_was_dispatched_is_voided_with_it([Values] bool cancelledFirst)
    {
        var request = (await GivenRequest()).RequestId;

        var results = await AtTheRequest(
            request, cancelledFirst, () => Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "不用了")), () => Send(Here.Officer, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")])));

        Assert.That(results, Is.EqualTo(("done", cancelledFirst ? "request.move_not_allowed" : "done")));
        Assert.That(await StatusOf(request), Is.EqualTo("cancelled"));
        Assert.That(await Rows<string>("select status from work_order"), Is.EqualTo(cancelledFirst ? [] : new[] { "voided" }));
    }

    [Test]
    public async Task A_request_is_cancelled_or_its_work_completed_and_not_both([Values] bool cancelledFirst)
    {
        var (request, order) = await GivenWorking();

        var results = await AtTheRequest(request, cancelledFirst, () => Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "不用了")), () => Send(Engineer, new CompleteWork(order, "好了")));

        Assert.That(results, Is.EqualTo(cancelledFirst ? ("done", "work_order.move_not_allowed") : ("request.move_not_allowed", "done")));
        Assert.That((await StatusOf(request), await StatusOfOrder(order)), Is.EqualTo(cancelledFirst ? ("cancelled", "voided") : ("awaitingFeedback", "done")));
        Assert.That(await Scalar<string>("select state from feedback"), Is.EqualTo(cancelledFirst ? "notAsked" : "asked"));
    }

    [Test]
    public async Task A_request_is_answered_at_the_desk_or_dispatched_and_not_both([Values] bool answeredFirst)
    {
        var request = (await GivenRequest()).RequestId;

        var results = await AtTheRequest(
            request, answeredFirst, () => Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理")), () => Send(Here.Officer, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")])));

        Assert.That(results, Is.EqualTo(answeredFirst ? ("done", "request.move_not_allowed") : ("request.move_not_allowed", "done")));
        Assert.That((await StatusOf(request), await Scalar<long>("select count(*) from work_order")), Is.EqualTo(answeredFirst ? ("awaitingFeedback", 0L) : ("inProgress", 1L)));
    }

    [Test]
    public async Task Of_two_clerks_who_dispatch_what_they_both_looked_at_one_is_told_that_it_changed()
    {
        var request = await GivenRequest();
        Task Dispatch(Actor clerk) => Send(clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "看一下")], request.Version));

        var results = await AtTheRequest(request.RequestId, true, () => Dispatch(Here.Clerk), () => Dispatch(Here.Officer));

        Assert.That(results, Is.EqualTo(("done", "request.changed_meanwhile")));
        Assert.That(await Scalar<long>("select count(*) from work_order"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_order_that_is_assigned_while_somebody_claims_it_has_whom_the_lead_named([Values] bool assignedFirst)
    {
        var (request, order) = await GivenDispatched();
        var named = Here.Member(Crew.Engineering, 2);

        var results = await AtTheRequest(request, assignedFirst, () => Send(Here.Lead(Crew.Engineering), new AssignWork(order, named.Id)), () => Send(Engineer, new ClaimWork(order)));

        Assert.That(results, Is.EqualTo(("done", assignedFirst ? "work_order.already_taken" : "done")));
        Assert.That(await Rows<(string, Guid?)>("select status, assignee_id from work_order"), Is.EqualTo(new[] { ("dispatched", (Guid?)named.Id) }));
    }

    [Test]
    public async Task Work_is_completed_or_given_away_and_not_both([Values] bool completedFirst, [Values] bool toTheCentre)
    {
        var (request, order) = await GivenWorking();
        var lead = Here.Lead(Crew.Engineering);

        var results = await AtTheRequest(
            request,
            completedFirst,
            () => Send(Engineer, new CompleteWork(order, "好了")),
            () => toTheCentre ? Send(lead, new ReturnWork(order, "不是我们的")) : Send(lead, new TransferWork(order, Here.Teams[Crew.Security], "不是我们的")));

        Assert.That(results, Is.EqualTo(completedFirst ? ("done", "work_order.move_not_allowed") : ("work_order.somebody_elses", "done")));
        Assert.That((await StatusOf(request), await StatusOfOrder(order)), Is.EqualTo(completedFirst ? ("awaitingFeedback", "done") : ("inProgress", toTheCentre ? "unassigned" : "dispatched")));
    }

    [Test]
    public async Task Work_that_is_put_on_hold_while_it_is_given_to_somebody_else_is_theirs_and_not_on_hold([Values] bool heldFirst)
    {
        var (request, order) = await GivenWorking();
        var next = Here.Member(Crew.Engineering, 2);

        var results = await AtTheRequest(
            request, heldFirst, () => Send(Engineer, new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(3))), () => Send(Here.Lead(Crew.Engineering), new AssignWork(order, next.Id)));

        Assert.That(results, Is.EqualTo((heldFirst ? "done" : "work_order.somebody_elses", "done")));
        Assert.That(await Rows<(string, Guid?)>("select status, assignee_id from work_order"), Is.EqualTo(new[] { ("dispatched", (Guid?)next.Id) }));
        Assert.That(await Scalar<long>("select count(*) from hold where until_at is null"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    // ---------------------------------------------------------------- money

    [Test]
    public async Task A_consent_holds_for_the_quote_that_it_was_given_to_and_for_no_later_one([Values] bool consentedFirst)
    {
        var (request, order) = await GivenPaid();
        var quote = (await Quoted(order)).QuoteId;

        var results = await AtTheRequest(request, consentedFirst, () => Consented(order, quote), () => Quoted(order));

        Assert.That(results, Is.EqualTo((consentedFirst ? "done" : "quote.withdrawn", "done")));
        Assert.That(await Scalar<decimal?>("select consented_amount from work_order"), Is.Null);
        Assert.That(await Scalar<long>("select count(*) from quote where withdrawn_at is null and consented_at is null"), Is.EqualTo(1));
    }

    [Test]
    public async Task Paid_work_is_completed_after_the_consent_and_not_before([Values] bool consentedFirst)
    {
        var (request, order) = await GivenPaid();
        var quote = (await Quoted(order)).QuoteId;

        var results = await AtTheRequest(request, consentedFirst, () => Consented(order, quote), () => Send(Engineer, new CompleteWork(order, "换了", FinalAmount: 100m)));

        Assert.That(results, Is.EqualTo(("done", consentedFirst ? "done" : "work_order.no_consent")));
        Assert.That(await StatusOfOrder(order), Is.EqualTo(consentedFirst ? "done" : "working"));
    }

    [Test]
    public async Task A_quote_is_consented_to_or_refused_and_not_both([Values] bool consentedFirst)
    {
        var (request, order) = await GivenPaid();
        var quote = (await Quoted(order)).QuoteId;

        var results = await AtTheRequest(request, consentedFirst, () => Consented(order, quote), () => Send(Here.Officer, new RefuseQuote(order, quote, "王太太")));

        Assert.That(results, Is.EqualTo(consentedFirst ? ("done", "quote.answered_already") : ("quote.answered_already", "done")));
        Assert.That(await Scalar<decimal?>("select consented_amount from work_order"), Is.EqualTo(consentedFirst ? 100m : null));
    }

    [Test]
    public async Task Work_that_becomes_the_owners_to_pay_is_not_completed_in_that_instant_without_consent([Values] bool amendedFirst)
    {
        var (request, order) = await GivenWorking();
        var version = (await Send(Here.Clerk, new GetRequest(request))).Request.Version;

        var results = await AtTheRequest(request, amendedFirst, () => Send(Here.Clerk, new AmendRequest(request, Payer: Payer.Owner, Version: version)), () => Send(Engineer, new CompleteWork(order, "好了")));

        Assert.That(results, Is.EqualTo(amendedFirst ? ("done", "work_order.no_consent") : ("request.changed_meanwhile", "done")));
        Assert.That(await Rows<(string, string)>("select status, payer from work_order"), Is.EqualTo(new[] { amendedFirst ? ("working", "owner") : ("done", "free") }));
    }

    // ---------------------------------------------------------------- the request

    [Test]
    public async Task Of_two_who_amend_one_version_the_second_is_told_that_it_changed()
    {
        var request = await GivenRequest();
        Task Amend(Actor clerk, string words) => Send(clerk, new AmendRequest(request.RequestId, words, Version: request.Version));

        var results = await AtTheRequest(request.RequestId, true, () => Amend(Here.Clerk, "厨房"), () => Amend(Here.Officer, "阳台"));

        Assert.That(results, Is.EqualTo(("done", "request.changed_meanwhile")));
        Assert.That(await Scalar<string>("select description from request"), Is.EqualTo("厨房"));
    }

    [TestCase("appointment")]
    [TestCase("priority")]
    [TestCase("category")]
    [TestCase("final amount")]
    public async Task Of_two_who_change_one_version_the_second_is_told_that_it_changed(string what)
    {
        var (request, order) = what == "final amount" ? await GivenPaid() : await GivenDispatched();
        if (what == "final amount")
        {
            await Consented(order, (await Quoted(order)).QuoteId);
            await Send(Engineer, new CompleteWork(order, "换了", FinalAmount: 50m));
        }

        var (ofRequest, ofOrder) = ((await Send(Here.Clerk, new GetRequest(request))).Request.Version, (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Version);
        Task Change(Actor who, int which) => what switch
        {
            "appointment" => Send(who, new RescheduleRequest(request, Clock.GetUtcNow().AddHours(which), Clock.GetUtcNow().AddHours(which + 1), Version: ofRequest)),
            "priority" => Send(who, new ReprioritiseRequest(request, which == 1 ? Priority.Urgent : Priority.Low, "业主说的", ofRequest)),
            "category" => Send(who, new RecategoriseRequest(request, Here.Category(RequestKind.Repair, which == 1 ? "power" : "lift"), null, ofRequest)),
            _ => Send(who, new SetFinalAmount(order, which, ofOrder)),
        };

        var results = await AtTheRequest(request, true, () => Change(Here.Clerk, 1), () => Change(Here.Officer, 2));

        Assert.That(results, Is.EqualTo(("done", what == "final amount" ? "work_order.changed_meanwhile" : "request.changed_meanwhile")));
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = any (@both) and what = any ('{requestRescheduled,requestReprioritised,requestRecategorised,finalAmountSet}')", new { both = new[] { request, order } }), Is.EqualTo(1));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task An_order_that_is_done_keeps_the_category_that_it_was_done_under([Values] bool recategorisedFirst)
    {
        var (request, order) = await GivenWorking();
        var version = (await Send(Here.Clerk, new GetRequest(request))).Request.Version;
        var (water, power) = (Here.Category(RequestKind.Repair, "water"), Here.Category(RequestKind.Repair, "power"));

        var results = await AtTheRequest(request, recategorisedFirst, () => Send(Here.Clerk, new RecategoriseRequest(request, power, Version: version)), () => Send(Engineer, new CompleteWork(order, "好了")));

        Assert.That(results, Is.EqualTo((recategorisedFirst ? "done" : "request.changed_meanwhile", "done")));
        Assert.That(
            await Rows<(Guid, Guid)>("select r.category_id, o.category_id from request r join request_work_order l using (request_id) join work_order o using (work_order_id)"),
            Is.EqualTo(new[] { recategorisedFirst ? (power, power) : (water, water) }));
    }

    [TestCase("first reply", "request.first_reply_given", "firstReplyGiven")]
    [TestCase("written reply", "request.written_reply_given", "writtenReplyGiven")]
    [TestCase("promise", "promise.kept_already", "promiseKept")]
    public async Task What_two_say_at_once_is_said_once(string what, string code, string happening)
    {
        var request = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;
        var promise = (await Send(Here.Clerk, new MakePromise(request, "今晚回电", Clock.GetUtcNow().AddHours(2)))).PromiseId;
        Task Say(Actor clerk) => what switch
        {
            "first reply" => Send(clerk, new GiveFirstReply(request, "您好")),
            "written reply" => Send(clerk, new GiveWrittenReply(request, "您好", Channel.Letter)),
            _ => Send(clerk, new KeepPromise(request, promise)),
        };

        var results = await AtTheRequest(request, true, () => Say(Here.Clerk), () => Say(Here.Officer));

        Assert.That(results, Is.EqualTo(("done", code)));
        Assert.That(await Events(request, happening), Is.EqualTo(1));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task A_file_that_two_remove_at_once_is_removed_once([Values] bool ofTheOrder)
    {
        var (request, order) = await GivenWorking();
        await using var upload = await Upload.Receive(new MemoryStream(Attachments.Pictures.Png()), forOwners: false, CancellationToken.None);
        var (label, hash) = (new FileLabel(PhotoPurpose.Before, Visibility.Crew, "a.png"), Convert.ToHexStringLower(upload.Sha256));
        var file = (await (ofTheOrder ? Send(Here.Clerk, new AttachToWorkOrder(order, label, hash, upload)) : Send(Here.Clerk, new AttachToRequest(request, label, hash, upload)))).AttachmentId;

        var results = await AtTheRequest(request, true, () => Send(Here.Clerk, new RemoveAttachment(file, "拍到了人脸")), () => Send(Here.Officer, new RemoveAttachment(file, "拍到了人脸")));

        Assert.That(results, Is.EqualTo(("done", "attachment.not_found")));
        Assert.That(await Events(ofTheOrder ? order : request, "fileRemoved"), Is.EqualTo(1));
    }

    // ---------------------------------------------------------------- faults

    [Test]
    public async Task A_request_that_is_joined_to_two_faults_at_once_is_in_one()
    {
        var request = (await GivenRequest()).RequestId;
        var (one, other) = (await GivenFault(), await GivenFault());

        var results = await AtTheRequest(request, true, () => Send(Here.Clerk, new JoinFault(one, request)), () => Send(Here.Officer, new JoinFault(other, request)));

        Assert.That(results, Is.EqualTo(("done", "request.joined_already")));
        Assert.That(await Rows<Guid>("select fault_id from fault_request"), Is.EqualTo(new[] { one }));
    }

    [Test]
    public async Task A_fault_that_is_opened_from_a_request_takes_its_order_over_or_comes_after_it_was_done([Values] bool openedFirst)
    {
        var (request, order) = await GivenWorking();

        var results = await AtTheRequest(
            request, openedFirst, () => Send(Here.Clerk, new OpenFault(Here.CommunityId, "整栋停水", PlaceId: Here.Places["3"], RequestId: request)), () => Send(Engineer, new CompleteWork(order, "好了")));

        Assert.That(results, Is.EqualTo((openedFirst ? "done" : "request.move_not_allowed", "done")));
        Assert.That(
            await Rows<(string, bool, string, long)>("select o.status, o.fault_id is not null, r.status, (select count(*) from fault) from work_order o cross join request r"),
            Is.EqualTo(new[] { ("done", openedFirst, "awaitingFeedback", openedFirst ? 1L : 0L) }));
    }

    [Test]
    public async Task Of_two_who_change_one_version_of_a_fault_the_second_is_told_that_it_changed([Values] bool expected)
    {
        var fault = await GivenFault();
        Task Change(Actor who, int hours) => expected ? Send(who, new SetExpectedTime(fault, Clock.GetUtcNow().AddHours(hours), 1)) : Send(who, new AmendFault(fault, $"停电{hours}", Version: 1));
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from fault where fault_id = @fault for update", new { fault });

        var results = await InTurn(held, true, () => Change(Here.Clerk, 1), () => Change(Here.Officer, 2));

        Assert.That(results, Is.EqualTo(("done", "fault.changed_meanwhile")));
        Assert.That(await Rows<(string, int)>("select title, version from fault"), Is.EqualTo(new[] { (expected ? "停电" : "停电1", 2) }));
    }

    [Test]
    public async Task Whoever_is_joined_to_a_fault_in_the_instant_in_which_it_ends_is_answered_with_it_or_not_joined([Values] bool joinedFirst)
    {
        var (fault, first) = await GivenJoined();
        var request = (await GivenRequest()).RequestId;

        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from fault where fault_id = @fault for update", new { fault });
        var (joining, ending) = await InTurn(held, joinedFirst, () => Send(Here.Clerk, new JoinFault(fault, request)), () => Send(Here.Officer, new EndFault(fault, "自己来电了")));

        Assert.That((joining, ending), Is.EqualTo((joinedFirst ? "done" : "fault.move_not_allowed", "done")));
        Assert.That((await OutcomeOf(first), await OutcomeOf(request)), Is.EqualTo(("answered", joinedFirst ? "answered" : null)));
    }

    [Test]
    public async Task A_fault_ends_or_is_dispatched_and_not_both([Values] bool endedFirst)
    {
        var (fault, request) = await GivenJoined();

        var results = await AtTheRequest(request, endedFirst, () => Send(Here.Clerk, new EndFault(fault, "自己来电了")), () => Send(Here.Officer, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "看一下")])));

        Assert.That(results, Is.EqualTo(endedFirst ? ("done", "fault.move_not_allowed") : ("fault.open_orders", "done")));
        Assert.That((await StatusOf(request), await Scalar<long>("select count(*) from work_order")), Is.EqualTo(endedFirst ? ("awaitingFeedback", 0L) : ("inProgress", 1L)));
    }

    [Test]
    public async Task A_fault_ends_after_its_last_order_and_not_before([Values] bool completedFirst)
    {
        var (fault, request, order) = await GivenJoinedAndWorking();

        var results = await AtTheRequest(request, completedFirst, () => Send(Engineer, new CompleteWork(order, "修好了")), () => Send(Here.Clerk, new EndFault(fault)));

        Assert.That(results, Is.EqualTo(("done", completedFirst ? "done" : "fault.open_orders")));
        Assert.That(await Scalar<string>("select status from fault"), Is.EqualTo(completedFirst ? "ended" : "open"));
        Assert.That((await StatusOf(request), await Events(request, "requestFinished")), Is.EqualTo(("awaitingFeedback", 1L)));
    }

    [Test]
    public async Task A_request_that_two_split_off_at_once_is_done_again_once()
    {
        var (fault, request) = await GivenJoinedAndDone();
        Task SplitOff(Actor clerk) => Send(clerk, new SplitOffRequest(fault, request, "王小明", "我家还是没有"));

        var results = await AtTheRequest(request, true, () => SplitOff(Here.Clerk), () => SplitOff(Here.Officer));

        Assert.That(results, Is.EqualTo(("done", "request.not_joined")));
        Assert.That(await Reworked(request), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task A_request_that_is_split_off_while_its_owner_says_not_solved_is_done_again_once([Values] bool splitFirst)
    {
        var (fault, request) = await GivenJoinedAndDone();

        var results = await AtTheRequest(
            request, splitFirst, () => Send(Here.Clerk, new SplitOffRequest(fault, request, "王小明", "我家还是没有")), () => Send(Here.Officer, new RecordFeedback(request, Solved.No, 1, "王小明", MadeItFive: "我家还是没有")));

        Assert.That(results, Is.EqualTo(splitFirst ? ("done", "feedback.answered_by_staff") : ("request.not_joined", "done")));
        Assert.That(await Reworked(request), Is.EqualTo((1, 1)));
        Assert.That(await Scalar<string>("select left_how from fault_request where request_id = @request", new { request }), Is.EqualTo("splitOff"));
    }

    // ---------------------------------------------------------------- given

    private async Task<(string One, string Other)> AtTheRequest(Guid request, bool oneFirst, Func<Task> one, Func<Task> other)
    {
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from request where request_id = @request for update", new { request });
        return await InTurn(held, oneFirst, one, other);
    }

    private static async Task<(string One, string Other)> InTurn(HeldOpen held, bool oneFirst, Func<Task> one, Func<Task> other)
    {
        var results = await held.OneAfterTheOther(oneFirst ? [one, other] : [other, one]);
        return oneFirst ? (results[0], results[1]) : (results[1], results[0]);
    }

    private async Task<(Guid Request, Guid Order)> GivenPaid()
    {
        var request = (await GivenRequest()).RequestId;
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "换水龙头", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        await Send(Engineer, new AcceptWork(order));
        await Send(Engineer, new ArriveOnSite(order));
        return (request, order);
    }

    private Task<QuoteReply> Quoted(Guid order) => Send(Engineer, new QuoteWork(order, [new QuotedLine("水龙头", 1, "个", 120m)]));

    private Task Consented(Guid order, Guid quote) => Send(Here.Clerk, new ConsentToQuote(order, quote, "王小明", 100m, Channel.Phone));

    private async Task<Guid> GivenFault() => (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停电", Here.Category(RequestKind.Repair, "power"), Here.Places["3-2-lobby"]))).FaultId;

    private async Task<(Guid Fault, Guid Request)> GivenJoined()
    {
        var (fault, request) = (await GivenFault(), (await GivenRequest()).RequestId);
        await Send(Here.Clerk, new JoinFault(fault, request));
        return (fault, request);
    }

    private async Task<(Guid Fault, Guid Request, Guid Order)> GivenJoinedAndWorking()
    {
        var (fault, request) = await GivenJoined();
        var order = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修")]))).WorkOrders[0].WorkOrderId;
        await Send(Engineer, new AcceptWork(order));
        await Send(Engineer, new ArriveOnSite(order));
        return (fault, request, order);
    }

    private async Task<(Guid Fault, Guid Request)> GivenJoinedAndDone()
    {
        var (fault, request, order) = await GivenJoinedAndWorking();
        await Send(Engineer, new CompleteWork(order, "修好了"));
        return (fault, request);
    }

    private async Task<(int Times, int Orders)> Reworked(Guid request) => (await Rows<(int, int)>(
        """
        select r.rework_count::int, (select count(*)::int from request_work_order l join work_order o using (work_order_id) where l.request_id = r.request_id and l.left_at is null and o.rework_of_id is not null)
        from request r
        where r.request_id = @request
        """,
        new { request })).Single();

    private Task<string?> StatusOf(Guid request) => Scalar<string>("select status from request where request_id = @request", new { request });

    private Task<string?> OutcomeOf(Guid request) => Scalar<string>("select outcome from request where request_id = @request", new { request });

    private Task<string?> StatusOfOrder(Guid order) => Scalar<string>("select status from work_order where work_order_id = @order", new { order });

    private Task<long> Events(Guid subject, string what) => Scalar<long>("select count(*) from event where subject_id = @subject and what = @what", new { subject, what });
}
