using NUnit.Framework;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed class FaultTests : DeskFixture
{
    private static readonly DateTimeOffset Tonight = FakeClock.Start.AddHours(10);

    /// <summary>Here those who joined are asked, too; that they are not is tried below.</summary>
    [SetUp]
    public Task Joiners_are_asked() => AskJoiners(true);

    [Test]
    public async Task Who_joined_is_asked_where_the_policy_says_so()
    {
        var (first, joined, _) = await GivenJoined();

        Assert.That(await Rows<string>("select state from feedback where request_id = any (@Ids)", new { Ids = new[] { first, joined } }), Is.EqualTo(new[] { "asked", "asked" }));
    }

    [Test]
    public async Task Who_joined_is_not_asked_where_it_does_not_but_who_was_first_or_had_an_order_of_their_own_is()
    {
        await AskJoiners(false);
        var (first, joined, own) = await GivenJoined();

        string[] Round(string state, string? rule) => [$"{state} {rule ?? "-"}"];
        Task<List<string>> Of(Guid request) => Rows<string>("select state || ' ' || coalesce(not_asked_rule, '-') from feedback where request_id = @request", new { request });
        Assert.That(await Of(first), Is.EqualTo(Round("asked", null)));
        Assert.That(await Of(joined), Is.EqualTo(Round("notAsked", "joinedTheFault")));
        Assert.That(await Of(own), Is.EqualTo(Round("asked", null)), "something was done for them alone");
        Assert.That((await Send(Here.Clerk, new GetRequest(joined))).Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await Count("message where template = 'feedbackAsk'"), Is.EqualTo(2));
        Assert.That(await Count("message where template = 'faultJoined'"), Is.EqualTo(3), "told they are, all of them");
    }

    /// <summary>A fault that was opened from one request, joined by another and by one with an order of its own; all of it done.</summary>
    private async Task<(Guid First, Guid Joined, Guid Own)> GivenJoined()
    {
        var first = await GivenCall(1);
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "1号电梯停了", RequestId: first))).FaultId;
        Clock.Advance(TimeSpan.FromMinutes(1));
        var (joined, own) = (await GivenCall(2), await GivenCall(3));
        var order = await GivenOrder(fault);
        await Send(Here.Clerk, new JoinFault(fault, joined));
        await Send(Here.Clerk, new JoinFault(fault, own));
        var alone = (await Send(Here.Clerk, new DispatchWork(own, [new NewOrder(Crew.Environment, "打扫")]))).WorkOrders[0].WorkOrderId;
        await Work(alone, Crew.Environment);
        await Work(order);
        return (first, joined, own);
    }

    [Test]
    public async Task Forty_requests_on_one_order_are_finished_by_it_and_each_person_is_asked_once()
    {
        var calls = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            calls.Add(await GivenCall(i));
        }

        var fault = await GivenFault();
        var order = await GivenOrder(fault);
        foreach (var call in calls)
        {
            Assert.That((await Send(Here.Clerk, new JoinFault(fault, call))).Status, Is.EqualTo(RequestStatus.InProgress));
        }

        var unJoined = await Send(Here.Clerk, new UnJoinRequest(fault, calls[7], "是2号电梯"));
        await Work(order);
        var splitOff = await Send(Here.Clerk, new SplitOffRequest(fault, calls[3], "七号住户", "我这边还是不行"));

        Assert.That(unJoined.Status, Is.EqualTo(RequestStatus.Received));
        Assert.That(splitOff.Status, Is.EqualTo(RequestStatus.InProgress));
        Assert.That(await Count("request where status = 'awaitingFeedback'"), Is.EqualTo(38));
        Assert.That(await Count("feedback"), Is.EqualTo(39));
        Assert.That(await Count("message where template = 'feedbackAsk'"), Is.EqualTo(39));
        Assert.That(await Count("message where template = 'faultJoined'"), Is.EqualTo(40));
        var demand = await Send(Here.Manager, new CountDemand(FakeClock.Start, FakeClock.Start.AddDays(1)));
        Assert.That(demand, Is.EqualTo(new Demand(40, 38, 1, 2, 1, 1)));
    }

    [Test]
    public async Task Joining_puts_a_request_in_progress_as_soon_as_the_fault_has_an_order()
    {
        var early = await GivenCall(1);
        var late = await GivenCall(2);
        var fault = await GivenFault();

        var before = await Send(Here.Clerk, new JoinFault(fault, early));
        Assert.That(await Refusal(() => Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Security, "守在门口", Mandatory: false)]))), Is.EqualTo("orders.none_mandatory"), "nothing of it would ever finish a request");
        var dispatched = await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修电梯"), new NewOrder(Crew.Security, "守在门口", Mandatory: false)]));
        var after = await Send(Here.Clerk, new JoinFault(fault, late));

        Assert.That((before.Status, after.Status), Is.EqualTo((RequestStatus.Received, RequestStatus.InProgress)));
        Assert.That((await Send(Here.Clerk, new GetRequest(early))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
        foreach (var request in new[] { early, late })
        {
            var orders = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders;
            Assert.That(orders.Select(o => o.WorkOrderId), Is.EquivalentTo(dispatched.WorkOrders.Select(o => o.WorkOrderId)));
            Assert.That(orders.ToDictionary(o => o.Crew, o => o.Mandatory), Is.EqualTo(new Dictionary<Crew, bool> { [Crew.Engineering] = true, [Crew.Security] = false }));
        }
    }

    [Test]
    public async Task An_order_that_waits_for_another_of_its_fault_is_released_for_all()
    {
        var request = await GivenCall(1);
        var other = await GivenCall(2);
        var fault = await GivenFault();
        await Send(Here.Clerk, new JoinFault(fault, request));
        await Send(Here.Clerk, new JoinFault(fault, other));
        var first = await GivenOrder(fault);

        var second = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Environment, "打扫轿厢", WaitsForId: first)]))).WorkOrders[0];
        await Work(first);

        Assert.That(second.Status, Is.EqualTo(WorkOrderStatus.Waiting));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(second.WorkOrderId))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Dispatched));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
        await Work(second.WorkOrderId, Crew.Environment);
        Assert.That(await Count("request where status = 'awaitingFeedback'"), Is.EqualTo(2));
    }

    [Test]
    public async Task Un_joined_a_request_has_its_own_time_text_and_clocks_again()
    {
        var call = await GivenCall(1);
        var clocks = await Clocks(call);
        Clock.Advance(TimeSpan.FromMinutes(20));
        var fault = await GivenFault();
        var order = await GivenOrder(fault);
        await Send(Here.Clerk, new JoinFault(fault, call));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(3)));
        Clock.Advance(TimeSpan.FromHours(2));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        Assert.That(await Clocks(call), Is.Not.EqualTo(clocks), "the hold of the fault's order has put the finish off");

        var reply = await Send(Here.Clerk, new UnJoinRequest(fault, call, "是2号电梯"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.Received));
        Assert.That(await Clocks(call), Is.EqualTo(clocks));
        var details = await Send(Here.Clerk, new GetRequest(call));
        Assert.That((details.Request.ReportedAt, details.Request.Description), Is.EqualTo((FakeClock.Start, "电梯不动了 1")));
        Assert.That(details.WorkOrders.Single().LeftAt, Is.EqualTo(Clock.GetUtcNow()));
        Assert.That((details.Faults.Single().LeftHow, details.Faults.Single().LeftAt), Is.EqualTo(("unJoined", Clock.GetUtcNow())));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "修好了1号电梯"));
        Assert.That((await Send(Here.Clerk, new GetRequest(call))).Request.Status, Is.EqualTo(RequestStatus.Received));
    }

    [Test]
    public async Task Un_joined_while_the_faults_order_is_on_hold_its_clock_runs_again()
    {
        var call = await GivenCall(1);
        var clocks = await Clocks(call);
        var fault = await GivenFault();
        var order = await GivenOrder(fault);
        await Send(Here.Clerk, new JoinFault(fault, call));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(3)));
        Clock.Advance(TimeSpan.FromHours(1));

        await Send(Here.Clerk, new UnJoinRequest(fault, call, "是2号电梯"));

        Assert.That(await Clocks(call), Is.EqualTo(clocks));
    }

    [Test]
    public async Task Un_joined_a_request_with_an_order_of_its_own_stays_with_that()
    {
        var (request, own) = await GivenDispatched();
        var fault = await GivenFault();
        await GivenOrder(fault);
        await Send(Here.Clerk, new JoinFault(fault, request));

        var reply = await Send(Here.Clerk, new UnJoinRequest(fault, request, "不是一回事"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.InProgress));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.LeftAt is null).WorkOrderId, Is.EqualTo(own));
        await Work(own);
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
    }

    [Test]
    public async Task Un_joined_a_request_its_own_order_does_not_wait_for_the_faults_any_more()
    {
        var call = await GivenCall(1);
        var fault = await GivenFault();
        var order = await GivenOrder(fault);
        await Send(Here.Clerk, new JoinFault(fault, call));
        var own = (await Send(Here.Clerk, new DispatchWork(call, [new NewOrder(Crew.Environment, "打扫", WaitsForId: order)]))).WorkOrders[0].WorkOrderId;
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(own))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Waiting));
        Clock.Advance(TimeSpan.FromMinutes(5));

        await Send(Here.Clerk, new UnJoinRequest(fault, call, "是2号电梯"));

        var details = await Send(Here.Clerk, new GetWorkOrder(own));
        Assert.That((details.WorkOrder.Status, details.WorkOrder.DispatchedAt), Is.EqualTo((WorkOrderStatus.Dispatched, (DateTimeOffset?)Clock.GetUtcNow())));
        Assert.That(details.Clocks.Where(c => c.StoppedAt is null).Select(c => c.StartedAt), Is.Not.Empty.And.All.EqualTo(Clock.GetUtcNow()));
        Assert.That((await Send(Here.Clerk, new GetTimeline(call))).Items.Count(e => e.What == Happening.WorkReleased), Is.EqualTo(1));
    }

    [Test]
    public async Task Un_joined_a_request_can_be_joined_to_the_other_lift()
    {
        var call = await GivenCall(1);
        var first = await GivenFault();
        var second = await GivenFault();
        await Send(Here.Clerk, new JoinFault(first, call));
        var twice = await Refusal(() => Send(Here.Clerk, new JoinFault(second, call)));
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Send(Here.Clerk, new UnJoinRequest(first, call, "是2号电梯"));

        await Send(Here.Clerk, new JoinFault(second, call));

        Assert.That(twice, Is.EqualTo("request.joined_already"));
        Assert.That((await Send(Here.Clerk, new GetFault(first))).Requests.Single().LeftHow, Is.EqualTo(LeftHow.UnJoined));
        Assert.That((await Send(Here.Clerk, new GetFault(second))).Requests.Single().LeftAt, Is.Null);
    }

    [Test]
    public async Task Two_that_are_split_off_one_order_get_an_order_each_and_the_others_stay_finished()
    {
        var (fault, order, calls) = await GivenFaultWith(3);
        await Work(order);

        foreach (var call in calls.Take(2))
        {
            var reply = await Send(Here.Clerk, new SplitOffRequest(fault, call, "住户", "还是不行"));
            Assert.That(reply.Status, Is.EqualTo(RequestStatus.InProgress));
            var details = await Send(Here.Clerk, new GetRequest(call));
            Assert.That(details.WorkOrders.Single(o => o.WorkOrderId == order).LeftAt, Is.Null, "that it served the request is history");
            var rework = details.WorkOrders.Single(o => o.ReworkOfId == order);
            Assert.That((rework.Status, rework.FaultId), Is.EqualTo((WorkOrderStatus.Dispatched, (Guid?)null)));
            Assert.That((details.Feedback.Single().State, details.Feedback.Single().Solved), Is.EqualTo((FeedbackState.Answered, (Solved?)Solved.No)));
            await Work(rework.WorkOrderId);
            Assert.That((await Send(Here.Clerk, new GetRequest(call))).Feedback.Select(f => f.State), Is.EqualTo(new[] { FeedbackState.Answered, FeedbackState.Asked }));
        }

        Assert.That((await Send(Here.Clerk, new GetRequest(calls[2]))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
    }

    [Test]
    public async Task Split_off_too_long_after_closing_is_refused_and_the_desk_is_told()
    {
        var (fault, order, calls) = await GivenFaultWith(2);
        await Work(order);
        await Send(Here.Clerk, new RecordFeedback(calls[0], Solved.Yes, 5, "住户"));
        Clock.Advance(TimeSpan.FromDays(FeedbackRules.Default.ReopenDays) + TimeSpan.FromSeconds(1));

        Assert.That(await Refusal(() => Send(Here.Clerk, new SplitOffRequest(fault, calls[0], "住户", "又坏了"))), Is.EqualTo("request.too_late_to_split_off"));
        await Send(Here.Clerk, new SplitOffRequest(fault, calls[1], "住户", "还是不行"));
        Assert.That(await Rows<string>("select for_role from follow_up where reason = 'notSolved' order by for_role"), Is.EqualTo(new[] { "clerk", "manager" }));
    }

    [Test]
    public async Task The_answer_not_solved_splits_off_by_itself()
    {
        var (fault, order, calls) = await GivenFaultWith(2);
        await Work(order);

        await Send(Here.Clerk, new RecordFeedback(calls[0], Solved.No, 1, "住户"));

        var requests = (await Send(Here.Clerk, new GetFault(fault))).Requests;
        Assert.That(requests.Single(r => r.RequestId == calls[0]).LeftHow, Is.EqualTo(LeftHow.SplitOff));
        Assert.That(requests.Single(r => r.RequestId == calls[1]).LeftAt, Is.Null);
    }

    [Test]
    public async Task A_request_that_waits_for_an_order_of_its_own_is_not_lost_when_another_is_split_off()
    {
        var (fault, order, calls) = await GivenFaultWith(2);
        var own = (await Send(Here.Clerk, new DispatchWork(calls[1], [new NewOrder(Crew.Environment, "打扫")]))).WorkOrders[0].WorkOrderId;
        await Work(order);
        await Send(Here.Clerk, new SplitOffRequest(fault, calls[0], "住户", "还是不行"));

        await Send(Here.Clerk, new VoidWork(own, "不用了"));

        Assert.That((await Send(Here.Clerk, new GetRequest(calls[1]))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
    }

    [Test]
    public async Task Split_off_while_an_order_of_its_own_is_open_it_gets_another()
    {
        var (fault, order, calls) = await GivenFaultWith(1);
        await Send(Here.Clerk, new DispatchWork(calls[0], [new NewOrder(Crew.Environment, "打扫")]));
        await Work(order);

        var reply = await Send(Here.Clerk, new SplitOffRequest(fault, calls[0], "住户", "还是不行"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.InProgress));
        var details = await Send(Here.Clerk, new GetRequest(calls[0]));
        Assert.That(details.WorkOrders.Count(o => o.Status == WorkOrderStatus.Dispatched), Is.EqualTo(2));
        Assert.That(details.WorkOrders.Count(o => o.ReworkOfId == order), Is.EqualTo(1));
        Assert.That(details.Request.ReworkCount, Is.EqualTo(1));
    }

    [Test]
    public async Task Split_off_while_an_order_of_its_own_is_open_it_is_rework_with_clocks_of_its_own()
    {
        var (fault, order, calls) = await GivenFaultWith(1);
        await Send(Here.Clerk, new DispatchWork(calls[0], [new NewOrder(Crew.Environment, "打扫")]));
        Clock.Advance(TimeSpan.FromMinutes(30));
        await Work(order);
        Clock.Advance(TimeSpan.FromMinutes(30));
        var (now, before) = (Clock.GetUtcNow(), (await Send(Here.Clerk, new GetRequest(calls[0]))).Clocks.Single(c => c.Kind == ClockKind.Finish));

        await Send(Here.Clerk, new SplitOffRequest(fault, calls[0], "住户", "还是不行"));

        var details = await Send(Here.Clerk, new GetRequest(calls[0]));
        Assert.That(details.Clocks.Single(c => c.Kind == ClockKind.Arranged), Has.Property("StartedAt").EqualTo(now).And.Property("DueAt").EqualTo(now.AddHours(24)).And.Property("StoppedAt").Null);
        Assert.That(details.Clocks.Single(c => c.Kind == ClockKind.Finish), Is.EqualTo(before), "the owner waits since the report");
        var rework = details.WorkOrders.Single(o => o.ReworkOfId == order).WorkOrderId;
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(rework))).Clocks.Single(c => c.Kind == ClockKind.Accept).DueAt, Is.EqualTo(now.AddMinutes(5)), "accepted one level higher");
        Assert.That(await Rows<Guid>("select recipient_id from message where template = 'reworkReported' and request_id = @Id", new { Id = calls[0] }), Does.Contain(Here.Manager.Id));

        await Send(Here.Clerk, new RecategoriseRequest(calls[0], Here.Category(RequestKind.Repair, "lift.noise"), null, details.Request.Version));
        Assert.That((await Send(Here.Clerk, new GetRequest(calls[0]))).Clocks.Single(c => c is { Kind: ClockKind.Finish, StoppedAt: null }).StartedAt, Is.EqualTo(before.StartedAt), "also when something else changes");
        await Send(Here.Member(Crew.Engineering), new AcceptWork(rework));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(rework));
        Assert.That((await Send(Here.Clerk, new GetRequest(calls[0]))).Clocks.Single(c => c.Kind == ClockKind.Arranged).StoppedWhy, Is.EqualTo("met"));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Split_off_beside_others_a_deadline_from_outside_governs_still()
    {
        var (fault, order, calls) = await GivenFaultWith(1);
        var imposed = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Lift, "12345转来", AssetId: Here.Lift, Reporter: new Reporter(Phone: "13900009999"), Foreign: new ForeignNumber("12345", "2026-0009", Clock.GetUtcNow().AddHours(9))));
        await Send(Here.Clerk, new JoinFault(fault, imposed.RequestId));
        await Send(Here.Clerk, new DispatchWork(imposed.RequestId, [new NewOrder(Crew.Environment, "打扫")]));
        await Work(order);

        await Send(Here.Clerk, new SplitOffRequest(fault, imposed.RequestId, "住户", "还是不行"));
        var version = (await Send(Here.Clerk, new GetRequest(imposed.RequestId))).Request.Version;
        await Send(Here.Clerk, new RecategoriseRequest(imposed.RequestId, Here.Category(RequestKind.Repair, "lift.noise"), null, version));

        Assert.That((await Send(Here.Clerk, new GetRequest(imposed.RequestId))).Clocks.Single(c => c is { Kind: ClockKind.Finish, StoppedAt: null }), Has.Property("Imposed").True.And.Property("DueAt").EqualTo(FakeClock.Start.AddHours(9)));
    }

    [Test]
    public async Task Each_person_is_told_of_each_change_once_however_many_of_their_requests_are_joined()
    {
        var fault = await GivenFault();
        foreach (var request in new[] { await GivenCall(1), await GivenCall(1), await GivenCall(2), (await GivenRequest()).RequestId, (await GivenRequest()).RequestId })
        {
            await Send(Here.Clerk, new JoinFault(fault, request));
        }

        var expected = await Send(Here.Clerk, new SetExpectedTime(fault, Tonight, 1));
        await Send(Here.Clerk, new SetExpectedTime(fault, null, expected.Version));

        Assert.That(await Count("message where template = 'faultJoined'"), Is.EqualTo(3));
        Assert.That(await Count("message where template = 'faultExpected'"), Is.EqualTo(6));
        Assert.That(await Count("message where recipient_kind = 'customer'"), Is.EqualTo(3));
    }

    [Test]
    public async Task Who_wrote_mails_and_left_no_number_is_told_of_each_change_once_and_asked_once_for_the_fault()
    {
        var fault = await GivenFault();
        foreach (var sender in new[] { "Li <Li@Example.org>", "li@example.org", "wu@example.org" })
        {
            await Send(Here.Clerk, new JoinFault(fault, await GivenMailed(sender, category: "lift", place: "3-2-lobby")));
        }

        await Send(Here.Clerk, new SetExpectedTime(fault, Tonight, 1));
        await Work(await GivenOrder(fault));

        var ways = new WaysOut(new HashSet<MessageChannel> { MessageChannel.Email, MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>());
        var due = await Rows<Guid>("select message_id from message where recipient_kind in ('customer', 'reporter')");
        Assert.That((await Send(Here.System, new LeaseMessages(Here.CommunityId, due, ways, TimeSpan.FromMinutes(1)))).ToSend.Select(m => $"{m.Template} {m.Channel} {m.Address}"), Is.EquivalentTo(new[]
        {
            "faultJoined Email li@example.org", "faultJoined Email wu@example.org", "faultExpected Email li@example.org", "faultExpected Email wu@example.org",
            "feedbackAsk Email li@example.org", "feedbackAsk Email wu@example.org",
        }));
        Assert.That(await Rows<string>("select coalesce(not_asked_rule, state) from feedback order by 1"), Is.EqualTo(new[] { "asked", "asked", "askedForTheFault" }));
        Assert.That(await Rows<string>("select status from request order by status"), Is.EqualTo(new[] { "awaitingFeedback", "awaitingFeedback", "closed" }));
    }

    [Test]
    public async Task Of_whom_a_number_or_a_customer_is_known_the_address_of_a_mail_says_nothing()
    {
        var fault = await GivenFault();
        var (mailed, rung, registered) = (await GivenMailed(category: "lift", place: "3-2-lobby"), await GivenMailed(category: "lift", place: "3-2-lobby"), await GivenMailed(category: "lift", place: "3-2-lobby"));
        await Execute("update request set reporter_phone = '13900001001' where request_id = @rung; update request set customer_id = @Customer where request_id = @registered", new { rung, registered, Here.Customer });
        foreach (var request in new[] { mailed, rung, registered })
        {
            await Send(Here.Clerk, new JoinFault(fault, request));
        }

        await Work(await GivenOrder(fault));

        Assert.That(await Count("message where template = 'faultJoined'"), Is.EqualTo(3));
        Assert.That(await Count("message where template = 'feedbackAsk'"), Is.EqualTo(3));
    }

    [Test]
    public async Task The_same_person_is_asked_once_for_the_fault()
    {
        var (_, order, calls) = await GivenFaultWith(1);
        var fault = (await Send(Here.Clerk, new GetRequest(calls[0]))).Faults.Single().FaultId;
        await Send(Here.Clerk, new JoinFault(fault, await GivenCall(0)));
        await Send(Here.Clerk, new JoinFault(fault, await GivenCall(5)));

        await Work(order);

        Assert.That(await Count("message where template = 'feedbackAsk'"), Is.EqualTo(2));
        Assert.That(await Rows<string>("select not_asked_rule from feedback where state = 'notAsked'"), Is.EqualTo(new[] { "askedForTheFault" }));
        Assert.That(await Rows<string>("select status from request order by status"), Is.EqualTo(new[] { "awaitingFeedback", "awaitingFeedback", "closed" }));
    }

    [Test]
    public async Task Opened_from_a_request_the_fault_takes_over_its_orders()
    {
        var call = await GivenCall(1);
        var order = (await Send(Here.Clerk, new DispatchWork(call, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        var late = await GivenCall(2);

        var fault = await Send(Here.Clerk, new OpenFault(Here.CommunityId, "1号电梯停了", ExpectedAt: Tonight, RequestId: call));
        await Send(Here.Clerk, new JoinFault(fault.FaultId, late));
        await Work(order);

        var details = await Send(Here.Clerk, new GetFault(fault.FaultId));
        Assert.That((details.Fault.AssetId, details.Fault.CategoryId, details.Fault.ExpectedAt), Is.EqualTo(((Guid?)Here.Lift, Lift, (DateTimeOffset?)Tonight)));
        Assert.That((details.WorkOrders.Single().WorkOrderId, details.WorkOrders.Single().Requests), Is.EqualTo((order, 2)));
        Assert.That(await Count("request where status = 'awaitingFeedback'"), Is.EqualTo(2));
    }

    [Test]
    public async Task Ending_a_fault_that_nobody_was_sent_for_answers_who_is_joined()
    {
        var fault = await GivenFault();
        var call = await GivenCall(1);
        await Send(Here.Clerk, new JoinFault(fault, call));

        var silent = await Refusal(() => Send(Here.Clerk, new EndFault(fault)));
        var ended = await Send(Here.Clerk, new EndFault(fault, "供电局已恢复供电"));

        Assert.That(silent, Is.EqualTo("fault.words_needed"));
        Assert.That((ended.Status, ended.AllowedMoves), Is.EqualTo((FaultStatus.Ended, (IReadOnlyList<FaultMove>)[FaultMove.Leave])));
        var details = await Send(Here.Clerk, new GetRequest(call));
        Assert.That((details.Request.Status, details.Request.Outcome, details.Feedback.Single().State), Is.EqualTo((RequestStatus.AwaitingFeedback, (Outcome?)Outcome.Answered, FeedbackState.Asked)));
    }

    [TestCase("nobody was sent")]
    [TestCase("whoever was sent was not needed")]
    [TestCase("something optional is open still")]
    public async Task What_was_finished_with_its_fault_and_is_not_fixed_is_split_off_whatever_the_crews_did(string how)
    {
        var fault = await GivenFault();
        var call = await GivenCall(1);
        await Send(Here.Clerk, new JoinFault(fault, call));
        if (how == "something optional is open still")
        {
            var orders = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修电梯"), new NewOrder(Crew.Environment, "顺便打扫", Mandatory: false)]))).WorkOrders;
            await Work(orders[0].WorkOrderId);
        }
        else
        {
            if (how != "nobody was sent")
            {
                await Send(Here.Clerk, new VoidWork(await GivenOrder(fault), "来电了"));
            }

            await Send(Here.Clerk, new EndFault(fault, "供电局已恢复供电"));
        }

        Assert.That(await Refusal(() => Send(Here.Clerk, new UnJoinRequest(fault, call, "我家还没有"))), Is.EqualTo("request.finished_with_its_fault"), "which names what follows");
        var reply = await Send(Here.Clerk, new SplitOffRequest(fault, call, "住户", "我家还没有"));

        Assert.That(reply.Status, Is.EqualTo(how == "something optional is open still" ? RequestStatus.InProgress : RequestStatus.Received));
        Assert.That(await Rows<string>("select left_how from fault_request where request_id = @call", new { call }), Is.EqualTo(new[] { "splitOff" }));
        Assert.That(await Scalar<string>("select solved from feedback where request_id = @call", new { call }), Is.EqualTo("no"));
    }

    [Test]
    public async Task What_a_fault_does_not_allow_is_refused_and_changes_nothing()
    {
        var (fault, order, calls) = await GivenFaultWith(1);
        var closed = (await GivenDone()).RequestId;
        await Send(Here.Clerk, new RecordFeedback(closed, Solved.Yes, 5, "王小明"));
        var before = await Rows<string>("select status || version from request order by request_id");

        Assert.That(await Refusal(() => Send(Here.Clerk, new EndFault(fault))), Is.EqualTo("fault.open_orders"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new JoinFault(fault, closed))), Is.EqualTo("request.move_not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SplitOffRequest(fault, calls[0], "住户", "不行"))), Is.EqualTo("fault.not_done_yet"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new UnJoinRequest(fault, closed, "不是"))), Is.EqualTo("request.not_joined"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SetExpectedTime(fault, Tonight))), Is.EqualTo("fault.version_required"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SetExpectedTime(fault, Tonight, 99))), Is.EqualTo("fault.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SetExpectedTime(fault, FakeClock.Start, 2))), Is.EqualTo("expected_at.out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SetExpectedTime(fault, null, 2))), Is.EqualTo("fault.expected_already"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new AmendFault(fault, Version: 2))), Is.EqualTo("fault.nothing_to_change"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new OpenFault(Here.CommunityId, "停电"))), Is.EqualTo("fault.needs_a_category fault.nowhere"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new OpenFault(Here.CommunityId, "停电", There.Category(RequestKind.Repair, "lift"), Here.Places["3"]))), Is.EqualTo("category.unknown"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new OpenFault(Here.CommunityId, "停电", Lift, There.Places["3"]))), Is.EqualTo("place.unknown"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new OpenFault(Here.CommunityId, "停电", Lift, AssetId: There.Lift))), Is.EqualTo("asset.unknown"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), new JoinFault(fault, calls[0]))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Rows<string>("select status || version from request order by request_id"), Is.EqualTo(before));

        await Work(order);
        Assert.That(await Refusal(() => Send(Here.Clerk, new UnJoinRequest(fault, calls[0], "不是"))), Is.EqualTo("request.finished_with_its_fault"));
        await Send(Here.Clerk, new EndFault(fault));
        Assert.That(await Refusal(async () => await Send(Here.Clerk, new JoinFault(fault, await GivenCall(9)))), Is.EqualTo("fault.move_not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "看一下")]))), Is.EqualTo("fault.move_not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EndFault(fault))), Is.EqualTo("fault.move_not_allowed"));
    }

    [Test]
    public async Task Amending_a_fault_tells_nobody_and_keeps_what_is_left_out()
    {
        var (fault, _, _) = await GivenFaultWith(1);
        var told = await Count("message");

        await Send(Here.Clerk, new AmendFault(fault, "1号电梯困人，已解救", Version: 2));

        var row = (await Send(Here.Clerk, new GetFault(fault))).Fault;
        Assert.That((row.Title, row.AssetId, row.CategoryId, row.Version), Is.EqualTo(("1号电梯困人，已解救", (Guid?)Here.Lift, Lift, 3)));
        Assert.That(await Count("message"), Is.EqualTo(told));
    }

    [Test]
    public async Task Another_communitys_fault_answers_exactly_like_one_that_is_not_there()
    {
        var (fault, _, calls) = await GivenFaultWith(1);
        var theirs = await GivenRequest(There);

        foreach (var id in new[] { fault, Guid.CreateVersion7() })
        {
            Assert.That(await Refusal(() => Send(There.Clerk, new GetFault(id))), Is.EqualTo("fault.not_found"));
            Assert.That(await Refusal(() => Send(There.Clerk, new AmendFault(id, "x", Version: 1))), Is.EqualTo("fault.not_found"));
            Assert.That(await Refusal(() => Send(There.Clerk, new SetExpectedTime(id, Tonight, 1))), Is.EqualTo("fault.not_found"));
            Assert.That(await Refusal(() => Send(There.Clerk, new JoinFault(id, theirs.RequestId))), Is.EqualTo("fault.not_found"));
            Assert.That(await Refusal(() => Send(There.Clerk, new DispatchFault(id, [new NewOrder(Crew.Engineering, "x")]))), Is.EqualTo("fault.not_found"));
            Assert.That(await Refusal(() => Send(There.Clerk, new UnJoinRequest(id, calls[0], "x"))), Is.EqualTo("fault.not_found"));
            Assert.That(await Refusal(() => Send(There.Clerk, new SplitOffRequest(id, calls[0], "x", "x"))), Is.EqualTo("fault.not_found"));
            Assert.That(await Refusal(() => Send(There.Clerk, new EndFault(id))), Is.EqualTo("fault.not_found"));
        }

        Assert.That((await Send(There.Clerk, new ListFaults())).Items, Is.Empty);
        Assert.That(await Refusal(() => Send(There.Clerk, new OpenFault(Here.CommunityId, "x", Lift, Here.Places["3"]))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new FindSimilar(Here.CommunityId, Lift, AssetId: Here.Lift))), Is.EqualTo("asset.not_found"));
    }

    [Test]
    public async Task Staff_of_two_communities_cannot_join_across_them()
    {
        var (fault, _, _) = await GivenFaultWith(1);
        var theirs = await GivenRequest(There);
        var both = Here.Clerk with { Roles = [.. Here.Clerk.Roles, new RoleIn(There.CommunityId, Roles.Clerk)] };

        Assert.That(await Refusal(() => Send(both, new JoinFault(fault, theirs.RequestId))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(both, new OpenFault(Here.CommunityId, "x", RequestId: theirs.RequestId))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task A_caller_is_offered_what_is_open_for_the_same_building_and_category()
    {
        var old = await GivenCall(1);
        Clock.Advance(TimeSpan.FromHours(25));
        var call = await GivenCall(2);
        await GivenRequest();
        var fault = await GivenFault();
        await Send(Here.Clerk, new JoinFault(fault, call));

        var byAsset = await Send(Here.Clerk, new FindSimilar(Here.CommunityId, Lift, AssetId: Here.Lift));
        var byHome = await Send(Here.Clerk, new FindSimilar(Here.CommunityId, Lift, Here.Places["3-2-1601"]));
        var otherCategory = await Send(Here.Clerk, new FindSimilar(Here.CommunityId, Here.Category(RequestKind.Complaint, (await AComplaint())), Here.Places["3-2-1601"]));

        foreach (var similar in new[] { byAsset, byHome })
        {
            Assert.That(similar.Requests.Select(r => (r.RequestId, r.FaultId)), Is.EqualTo(new[] { (call, (Guid?)fault) }));
            Assert.That(similar.Faults.Select(f => (f.FaultId, f.Requests)), Is.EqualTo(new[] { (fault, 1) }));
        }

        Assert.That((otherCategory.Requests.Count, otherCategory.Faults.Count), Is.EqualTo((0, 0)));
        Assert.That(await Refusal(() => Send(Here.Clerk, new FindSimilar(Here.CommunityId, Lift))), Is.EqualTo("similar.nowhere"));
        Assert.That(old, Is.Not.EqualTo(call));
    }

    [Test]
    public async Task Faults_are_listed_the_newest_first_a_page_at_a_time()
    {
        var all = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            all.Add(await GivenFault());
        }

        await Send(Here.Clerk, new EndFault(all[4]));

        var first = await Send(Here.Clerk, new ListFaults(Take: 2));
        var second = await Send(Here.Clerk, new ListFaults(Take: 2, After: first.Next));
        var third = await Send(Here.Clerk, new ListFaults(Take: 2, After: second.Next));

        Assert.That(first.Items.Concat(second.Items).Concat(third.Items).Select(f => f.FaultId), Is.EquivalentTo(all));
        Assert.That(third.Next, Is.Null);
        Assert.That((await Send(Here.Clerk, new ListFaults(Status: FaultStatus.Open, AssetId: Here.Lift))).Items, Has.Count.EqualTo(4));
    }

    private Guid Lift => Here.Category(RequestKind.Repair, "lift");

    private Task<long> Count(string fromWhere) => Scalar<long>("select count(*) from " + fromWhere);

    private async Task<string> AComplaint() => (await Rows<string>("select code from category where community_id = @CommunityId and kind = 'complaint' order by position limit 1", new { Here.CommunityId }))[0];

    private Task<List<string>> Clocks(Guid request) =>
        Rows<string>("select kind || ' ' || started_at || ' ' || due_at || ' ' || coalesce(held_at::text, '') || coalesce(stopped_why, '') || (next_check_at is not null) from clock where subject_id = @request order by kind", new { request });

    /// <summary>Somebody whom only the number tells apart.</summary>
    private async Task<Guid> GivenCall(int who) => (await Send(
        Here.Clerk,
        new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Lift, $"电梯不动了 {who}", AssetId: Here.Lift, Reporter: new Reporter(Phone: $"1390000{1000 + who}")))).RequestId;

    private async Task<Guid> GivenFault() => (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "1号电梯停了", Lift, AssetId: Here.Lift))).FaultId;

    private async Task<Guid> GivenOrder(Guid fault) => (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修电梯")]))).WorkOrders[0].WorkOrderId;

    private async Task<(Guid Fault, Guid Order, List<Guid> Calls)> GivenFaultWith(int calls)
    {
        var fault = await GivenFault();
        var requests = new List<Guid>();
        for (var i = 0; i < calls; i++)
        {
            requests.Add(await GivenCall(i));
            await Send(Here.Clerk, new JoinFault(fault, requests[i]));
        }

        return (fault, await GivenOrder(fault), requests);
    }

    private async Task Work(Guid order, Crew crew = Crew.Engineering)
    {
        await Send(Here.Member(crew), new AcceptWork(order));
        await Send(Here.Member(crew), new ArriveOnSite(order));
        await Send(Here.Member(crew), new CompleteWork(order, "好了"));
    }
}
