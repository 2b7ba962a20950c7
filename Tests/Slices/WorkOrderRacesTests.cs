using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Work orders when several people act at the same instant, and when somebody must be told no.</summary>
public sealed class WorkOrderRacesTests : DeskFixture
{
    private Actor Engineer => Here.Member(Crew.Engineering);

    private Actor Guard => Here.Member(Crew.Security);

    [Test]
    public async Task Of_two_hundred_who_claim_at_once_exactly_one_wins()
    {
        var (_, order) = await GivenDispatched();
        var people = await GivenMembers(200);

        var results = await Task.WhenAll(people.Select(p => Attempts.Attempt(() => Send(p, new ClaimWork(order)))));

        Assert.That(results.GroupBy(r => r).ToDictionary(g => g.Key, g => g.Count()), Is.EquivalentTo(new Dictionary<string, int> { ["done"] = 1, ["work_order.already_taken"] = 199 }));
        var winner = people[Array.IndexOf(results, "done")];
        var row = (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder;
        Assert.That((row.AssigneeId, row.Status, row.Version), Is.EqualTo(((Guid?)winner.Id, WorkOrderStatus.Accepted, 2)));
        Assert.That(await Scalar<int>("select count(*)::int from event where subject_id = @order and what = 'workClaimed'", new { order }), Is.EqualTo(1));
    }

    [Test]
    public async Task The_last_two_orders_of_a_request_completed_at_the_same_instant_finish_it_once()
    {
        for (var round = 0; round < 25; round++)
        {
            var (request, engineering, security) = await GivenTwoWorking();
            var told = new Told<RequestMoved>();
            await using var desk = Services(told.Listen);

            // Both stand before the request's lock when it is let go.
            await using (var barrier = await HeldOpen.Begin(Owner))
            {
                await barrier.Run("select from request where request_id = @request for update", new { request });
                var both = Task.WhenAll(Send(desk, Engineer, new CompleteWork(engineering, "好了")), Send(desk, Guard, new CompleteWork(security, "好了")));
                await barrier.IsWaitedFor(by: 2);
                await barrier.Commit();
                await both;
            }

            Assert.That(await Scalar<string>("select status from request where request_id = @request", new { request }), Is.EqualTo("awaitingFeedback"));
            Assert.That(told.All.Count(m => m.Move == RequestMove.Finish), Is.EqualTo(1));
            Assert.That(await Scalar<int>("select count(*)::int from feedback where request_id = @request", new { request }), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Accepting_and_transferring_at_once_leave_the_order_with_the_other_team()
    {
        for (var round = 0; round < 15; round++)
        {
            var (_, order) = await GivenDispatched();

            var results = await Task.WhenAll(
                Attempts.Attempt(() => Send(Engineer, new AcceptWork(order))),
                Attempts.Attempt(() => Send(Here.Lead(Crew.Engineering), new TransferWork(order, Here.Teams[Crew.Security], "不是我们的"))));

            Assert.That(results[0], Is.EqualTo("done").Or.EqualTo("work_order.somebody_elses"));
            Assert.That(results[1], Is.EqualTo("done"));
            var row = (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder;
            Assert.That((row.TeamId, row.Status, row.AssigneeId, row.Crew), Is.EqualTo(((Guid?)Here.Teams[Crew.Security], WorkOrderStatus.Dispatched, (Guid?)null, Crew.Security)));
        }
    }

    [Test]
    public async Task When_a_subscriber_fails_the_work_is_not_completed_either()
    {
        var (request, order) = await GivenWorking();
        var events = await Scalar<long>("select seq from event_head where community_id = @CommunityId", new { Here.CommunityId });
        await using var desk = Services(new Told<WorkMoved> { Fails = true }.Listen);

        Assert.ThrowsAsync<IOException>(() => Send(desk, Engineer, new CompleteWork(order, "好了", Materials: [new("胶带", 1, "卷")])));

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Working));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
        Assert.That(await Scalar<int>("select count(*)::int from material"), Is.Zero);
        Assert.That(await Scalar<long>("select seq from event_head where community_id = @CommunityId", new { Here.CommunityId }), Is.EqualTo(events));
    }

    [TestCase(-5, true, TestName = "A_device_time_between_assignment_and_now_is_when_it_happened")]
    [TestCase(-10, true, TestName = "The_instant_of_the_assignment_is_still_believed")]
    [TestCase(-11, false, TestName = "Before_the_assignment_it_is_not")]
    [TestCase(1, false, TestName = "Nor_is_the_future")]
    [TestCase(0, true, TestName = "A_device_that_says_now_is_believed")]
    public async Task Device_time(int minutes, bool believed)
    {
        var (_, order) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromMinutes(10));
        var said = Clock.GetUtcNow() + TimeSpan.FromMinutes(minutes);

        await Send(Engineer, new AcceptWork(order), c => c.DeviceAt = said);

        var expected = believed ? said : Clock.GetUtcNow();
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.AcceptedAt, Is.EqualTo(expected));
        var (occurred, device, detail) = (await Rows<(DateTime, DateTime, string)>("select occurred_at, device_at, detail::text from event where subject_id = @order and what = 'workAccepted'", new { order })).Single();
        Assert.That((occurred, device), Is.EqualTo((expected.UtcDateTime, said.UtcDateTime)), "what the device said is kept in any case");
        Assert.That(detail.Contains("deviceTimeNotBelieved"), Is.EqualTo(!believed));
    }

    [Test]
    public async Task A_device_time_that_was_not_believed_is_flagged_whatever_else_the_event_says()
    {
        var (_, order) = await GivenDispatched();
        var (_, pooled) = await GivenDispatched();
        void Ahead(Caller caller) => caller.DeviceAt = Clock.GetUtcNow().AddHours(1);

        await Send(Here.Lead(Crew.Engineering), new AssignWork(order, Engineer.Id), Ahead);
        await Send(Engineer, new ClaimWork(pooled), Ahead);
        await Send(Engineer, new AcceptWork(order), Ahead);
        await Send(Engineer, new ArriveOnSite(order), Ahead);
        await Send(Engineer, new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(3)), Ahead);
        await Send(Engineer, new ResumeWork(order), Ahead);
        await Send(Engineer, new CompleteWork(order, "好了", Materials: [new("胶带", 1, "卷")]), Ahead);

        Assert.That(
            await Rows<string>(
                "select concat_ws(' ', what, detail ->> 'deviceTimeNotBelieved', detail ->> 'reason', detail ->> 'materials', case when detail ->> 'assigneeId' = @Id then 'assignee' end) from event where subject_id = any (@orders) and what <> 'workDispatched' order by seq",
                new { orders = new[] { order, pooled }, Id = Engineer.Id.ToString() }),
            Is.EqualTo(new[]
            {
                "workAssigned true assignee", "workClaimed true assignee", "workAccepted true", "workArrived true", "workHeld true parts", "workResumed true", "workCompleted true 1",
            }));
    }

    [Test]
    public async Task A_phone_without_signal_sends_accept_arrive_and_complete_later_and_the_times_are_those_of_the_phone()
    {
        var (_, order) = await GivenDispatched();
        var start = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromHours(2));

        await Send(Engineer, new AcceptWork(order), c => c.DeviceAt = start.AddMinutes(5));
        await Send(Engineer, new ArriveOnSite(order), c => c.DeviceAt = start.AddMinutes(20));
        await Send(Engineer, new CompleteWork(order, "好了"), c => c.DeviceAt = start.AddMinutes(50));

        var row = (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder;
        Assert.That((row.AcceptedAt, row.ArrivedAt, row.DoneAt), Is.EqualTo(((DateTimeOffset?)start.AddMinutes(5), (DateTimeOffset?)start.AddMinutes(20), (DateTimeOffset?)start.AddMinutes(50))));
    }

    [Test]
    public async Task A_version_is_optional_on_a_transition_but_a_stale_one_is_refused()
    {
        var (request, order) = await GivenDispatched();

        Assert.That(await Refusal(() => Send(Engineer, new AcceptWork(order), c => c.IfMatch = 7)), Is.EqualTo("work_order.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Security, "x")], 1))), Is.EqualTo("request.changed_meanwhile"));
        await Send(Engineer, new AcceptWork(order), c => c.IfMatch = 1);
        await Send(Engineer, new ArriveOnSite(order));

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Version, Is.EqualTo(3));
    }

    [Test]
    public async Task A_hold_has_a_reason_evidence_where_the_customer_is_absent_and_an_end()
    {
        var (_, order) = await GivenWorking();
        var tomorrow = Clock.GetUtcNow().AddDays(1);
        Task Hold(HoldReason reason, DateTimeOffset? wake = null, string? note = null, HoldEvidence? evidence = null) => Send(Engineer, new HoldWork(order, reason, wake ?? tomorrow, note, evidence));

        Assert.That(await Refusal(() => Hold(HoldReason.Customer)), Is.EqualTo("hold.needs_evidence"));
        Assert.That(await Refusal(() => Hold(HoldReason.Other)), Is.EqualTo("hold.reason_needs_words"));
        Assert.That(await Refusal(() => Hold(HoldReason.Parts, Clock.GetUtcNow())), Is.EqualTo("hold.wake_at_out_of_range"));
        Assert.That(await Refusal(() => Hold(HoldReason.Parts, tomorrow.AddDays(90))), Is.EqualTo("hold.wake_at_out_of_range"));
        Assert.That(await Refusal(() => Hold(HoldReason.Customer, evidence: HoldEvidence.Photo)), Is.EqualTo("hold.photo_missing"));
        await GivenPhoto(order, PhotoPurpose.After);
        Assert.That(await Refusal(() => Hold(HoldReason.Customer, evidence: HoldEvidence.Photo)), Is.EqualTo("hold.photo_missing"), "the evidence is named as such");
        await GivenPhoto(order, PhotoPurpose.Evidence);
        await Hold(HoldReason.Customer, evidence: HoldEvidence.Photo);
        Assert.That(await Refusal(() => Hold(HoldReason.Parts)), Is.EqualTo("work_order.move_not_allowed"));
        Assert.That(await Refusal(() => Send(Engineer, new CompleteWork(order, "x"))), Is.EqualTo("work_order.move_not_allowed"));
        Clock.Advance(TimeSpan.FromHours(1));
        var reply = await Send(Engineer, new ResumeWork(order));

        Assert.That(reply.Status, Is.EqualTo(WorkOrderStatus.Working));
        var hold = (await Send(Here.Clerk, new GetWorkOrder(order))).Holds.Single();
        Assert.That((hold.FromAt, hold.UntilAt), Is.EqualTo((FakeClock.Start, (DateTimeOffset?)Clock.GetUtcNow())));
    }

    private async Task GivenPhoto(Guid order, PhotoPurpose purpose)
    {
        await using var upload = await Upload.Receive(new MemoryStream(Attachments.Pictures.Png()), forOwners: false, CancellationToken.None);
        await Send(Engineer, new AttachToWorkOrder(order, new FileLabel(purpose, Visibility.Crew, "门口.png"), Convert.ToHexStringLower(upload.Sha256), upload));
    }

    [Test]
    public async Task Each_hold_for_an_absent_customer_has_evidence_of_its_own()
    {
        var (_, order) = await GivenWorking();
        var given = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromHours(1));
        Task Hold(HoldEvidence evidence, DateTimeOffset? calledAt = null, HoldReason reason = HoldReason.Customer) => Send(Engineer, new HoldWork(order, reason, Clock.GetUtcNow().AddHours(3), null, reason == HoldReason.Customer ? evidence : null, calledAt));

        Assert.That(await Refusal(() => Hold(HoldEvidence.Call)), Is.EqualTo("hold.call_needs_time"));
        Assert.That(await Refusal(() => Hold(HoldEvidence.Photo, Clock.GetUtcNow())), Is.EqualTo("hold.no_call"));
        Assert.That(await Refusal(() => Hold(HoldEvidence.Call, Clock.GetUtcNow(), HoldReason.Parts)), Is.EqualTo("hold.no_call"));
        Assert.That(await Refusal(() => Hold(HoldEvidence.Call, Clock.GetUtcNow().AddMinutes(6))), Is.EqualTo("hold.call_out_of_range"));
        Assert.That(await Refusal(() => Hold(HoldEvidence.Call, given.AddMinutes(-1))), Is.EqualTo("hold.call_out_of_range"));
        await Hold(HoldEvidence.Call, Clock.GetUtcNow().AddMinutes(-5));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).Holds.Single().CalledAt, Is.EqualTo(Clock.GetUtcNow().AddMinutes(-5)));
        Clock.Advance(TimeSpan.FromMinutes(30));
        await Send(Engineer, new ResumeWork(order));

        Assert.That(await Refusal(() => Hold(HoldEvidence.Call, Clock.GetUtcNow().AddMinutes(-35))), Is.EqualTo("hold.call_out_of_range"), "that call was for the last one");
        await GivenPhoto(order, PhotoPurpose.Evidence);
        await Hold(HoldEvidence.Photo);
        Clock.Advance(TimeSpan.FromMinutes(30));
        await Send(Engineer, new ResumeWork(order));
        Assert.That(await Refusal(() => Hold(HoldEvidence.Photo)), Is.EqualTo("hold.photo_missing"), "and that photo");
    }

    [Test]
    public async Task A_hold_before_arrival_ends_in_accepted()
    {
        var (_, order) = await GivenDispatched();
        await Send(Engineer, new AcceptWork(order));
        await Send(Engineer, new HoldWork(order, HoldReason.Weather, Clock.GetUtcNow().AddHours(3)));

        Assert.That((await Send(Engineer, new ResumeWork(order))).Status, Is.EqualTo(WorkOrderStatus.Accepted));
    }

    [Test]
    public async Task A_return_goes_to_the_centre_and_on_to_another_team()
    {
        var (request, order) = await GivenWorking();
        await Send(Engineer, new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(3)));

        Assert.That(await Refusal(() => Send(Engineer, new ReturnWork(order, " "))), Is.EqualTo("text.empty"));
        Assert.That(await Refusal(() => Send(Guard, new ReturnWork(order, "x"))), Is.EqualTo("work_order.somebody_elses"));
        Assert.That(await Refusal(() => Send(There.Member(Crew.Engineering), new ReturnWork(order, "x"))), Is.EqualTo("work_order.not_found"));
        await Send(Engineer, new ReturnWork(order, "不是水管的问题"));
        Assert.That(await ToldOfReturns(order), Is.EqualTo(1), "nobody's clock runs now: the desk is told");
        var returned = (await Send(Here.Clerk, new GetWorkOrder(order)));
        await Send(Here.Clerk, new SendWork(order, Here.Teams[Crew.Security]));

        Assert.That(returned.WorkOrder, Has.Property("Status").EqualTo(WorkOrderStatus.Unassigned).And.Property("TeamId").Null.And.Property("AssigneeId").Null.And.Property("ArrivedAt").Null);
        Assert.That(returned.Holds.Single().UntilAt, Is.Not.Null);
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress), "the owner's request goes on");
        Assert.That((await Send(Guard, new AcceptWork(order))).Status, Is.EqualTo(WorkOrderStatus.Accepted));
        await Send(Here.Clerk, new ReturnWork(order, "改派"));
        Assert.That(await ToldOfReturns(order), Is.EqualTo(1), "the desk knows what it did itself");
        await Send(Here.Clerk, new SendWork(order, Here.Teams[Crew.Security]));
        await Send(Guard, new ReturnWork(order, "人手不够"));
        Assert.That(await ToldOfReturns(order), Is.EqualTo(2), "each time");
        Assert.That(await Refusal(() => Send(Here.Clerk, new SendWork(order, There.Teams[Crew.Security]))), Is.EqualTo("team.unknown"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SendWork(order, Here.Teams[Crew.Security], Engineer.Id))), Is.EqualTo("assignee.not_in_team"));
    }

    [Test]
    public async Task A_transfer_starts_a_new_leg_with_the_other_crew()
    {
        var (_, order) = await GivenWorking();

        Assert.That(await Refusal(() => Send(Engineer, new TransferWork(order, Here.Teams[Crew.Security], "x"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Lead(Crew.Engineering), new TransferWork(order, Here.Teams[Crew.Engineering], "x"))), Is.EqualTo("work_order.same_team"));
        Assert.That(await Refusal(() => Send(Here.Lead(Crew.Engineering), new TransferWork(order, There.Teams[Crew.Security], "x"))), Is.EqualTo("team.unknown"));
        Assert.That(await Refusal(() => Send(Here.Lead(Crew.Security), new TransferWork(order, Here.Teams[Crew.Security], "x"))), Is.EqualTo("work_order.somebody_elses"));
        await Send(Here.Lead(Crew.Engineering), new TransferWork(order, Here.Teams[Crew.Security], "要开门禁"));

        var row = (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder;
        Assert.That((row.Crew, row.Status, row.AssigneeId, row.AcceptedAt, row.ArrivedAt), Is.EqualTo((Crew.Security, WorkOrderStatus.Dispatched, (Guid?)null, (DateTimeOffset?)null, (DateTimeOffset?)null)));
        Assert.That(await Scalar<short>("select leg from work_order where work_order_id = @order", new { order }), Is.EqualTo(2));
        Assert.That(await Refusal(() => Send(Engineer, new AcceptWork(order))), Is.EqualTo("work_order.somebody_elses"));
    }

    [Test]
    public async Task A_request_whose_orders_are_all_voided_is_back_at_received()
    {
        var (request, engineering, security) = await GivenTwoWorking();

        await Send(Here.Clerk, new VoidWork(engineering, "重复派单"));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
        await Send(Here.Clerk, new VoidWork(security, "重复派单"));

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request, Has.Property("Status").EqualTo(RequestStatus.Received).And.Property("FinishedAt").Null);
        Assert.That(await Refusal(() => Send(Here.Clerk, new VoidWork(security, "x"))), Is.EqualTo("work_order.move_not_allowed"));
        Assert.That(await Refusal(() => Send(Engineer, new VoidWork(security, "x"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.Clerk, new VoidWork(security, "x"))), Is.EqualTo("work_order.not_found"));
    }

    [Test]
    public async Task One_done_and_the_other_voided_is_finished()
    {
        var (request, engineering, security) = await GivenTwoWorking();

        await Send(Engineer, new CompleteWork(engineering, "好了"));
        await Send(Here.Clerk, new VoidWork(security, "不需要"));

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request, Has.Property("Status").EqualTo(RequestStatus.AwaitingFeedback).And.Property("Outcome").EqualTo(Outcome.Resolved));
    }

    [TestCase("optional first")]
    [TestCase("mandatory first")]
    [TestCase("at once")]
    public async Task What_was_optional_alone_does_not_make_a_request_resolved(string order)
    {
        var request = (await GivenRequest()).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Security, "顺便看看", Mandatory: false)]))).WorkOrders;
        await Send(Guard, new AcceptWork(orders[1].WorkOrderId));
        await Send(Guard, new ArriveOnSite(orders[1].WorkOrderId));
        Task Optional() => Send(Guard, new CompleteWork(orders[1].WorkOrderId, "看过了"));
        Task Mandatory() => Send(Here.Clerk, new VoidWork(orders[0].WorkOrderId, "派错了"));

        switch (order)
        {
            case "optional first":
                await Optional();
                await Mandatory();
                break;
            case "mandatory first":
                await Mandatory();
                Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress), "somebody is there still");
                await Optional();
                break;
            default:
                await Task.WhenAll(Optional(), Mandatory());
                break;
        }

        Assert.That(
            (await Send(Here.Clerk, new GetRequest(request))).Request,
            Has.Property("Status").EqualTo(RequestStatus.Received).And.Property("Outcome").Null.And.Property("FinishedAt").Null.And.Property("Round").EqualTo((short)0));
        Assert.That(await Scalar<long>("select count(*) from feedback where request_id = @request", new { request }), Is.Zero);
        Assert.That(await Refusal(() => Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Security, "再看看", Mandatory: false)]))), Is.EqualTo("orders.none_mandatory"));
    }

    [Test]
    public async Task After_not_solved_what_was_done_before_does_not_finish_the_request_when_the_rework_is_voided([Values] bool two)
    {
        var request = two ? (await GivenTwoDone()) : (await GivenDone()).RequestId;
        await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "还在漏"));
        var rework = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Where(o => o.ReworkOfId is not null).Select(o => o.WorkOrderId).ToArray();
        Assert.That(rework, Has.Length.EqualTo(two ? 2 : 1));

        foreach (var one in rework)
        {
            await Send(Here.Clerk, new VoidWork(one, "换一个班组去"));
        }

        var open = (await Send(Here.Clerk, new GetRequest(request)));
        Assert.That(open.Request, Has.Property("Status").EqualTo(RequestStatus.Received).And.Property("Outcome").Null.And.Property("FinishedAt").Null.And.Property("Round").EqualTo((short)1));
        Assert.That(open.AllowedMoves, Does.Contain(RequestMove.Dispatch));
        Assert.That(open.Feedback, Has.Count.EqualTo(1), "nobody is asked about what nobody came for");
        Assert.That(await Refusal(() => Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Security, "看看", Mandatory: false)]))), Is.EqualTo("orders.none_mandatory"));

        var again = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "换阀门")]))).WorkOrders[0].WorkOrderId;
        await Send(Engineer, new AcceptWork(again));
        await Send(Engineer, new ArriveOnSite(again));
        await Send(Engineer, new CompleteWork(again, "换了阀门"));

        Assert.That(
            (await Send(Here.Clerk, new GetRequest(request))).Request, Has.Property("Status").EqualTo(RequestStatus.AwaitingFeedback).And.Property("Outcome").EqualTo(Outcome.Resolved).And.Property("Round").EqualTo((short)2));
    }

    [Test]
    public async Task After_not_solved_the_order_of_a_fault_that_was_made_before_finishes_the_request_that_joins_it()
    {
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停水", CategoryId: Here.Category(RequestKind.Repair, "water"), PlaceId: Here.Places["3"]))).FaultId;
        var early = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "抢修")]))).WorkOrders[0].WorkOrderId;
        await Send(Engineer, new AcceptWork(early));
        await Send(Engineer, new ArriveOnSite(early));
        var (request, _) = await GivenDone();
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "还是没水"));
        await Send(Here.Clerk, new VoidWork((await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId is not null).WorkOrderId, "整栋停水"));
        await Send(Here.Clerk, new JoinFault(fault, request));
        Clock.Advance(TimeSpan.FromHours(1));

        await Send(Engineer, new CompleteWork(early, "恢复了"));

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request, Has.Property("Status").EqualTo(RequestStatus.AwaitingFeedback).Or.Property("Status").EqualTo(RequestStatus.Closed));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Outcome, Is.EqualTo(Outcome.Resolved));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_waiting_order_is_released_when_the_one_before_is_done_or_voided(bool done)
    {
        var request = (await GivenRequest()).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "一"), new NewOrder(Crew.Environment, "二", WaitsForOrder: 0)]))).WorkOrders;
        var (first, second) = (orders[0].WorkOrderId, orders[1].WorkOrderId);
        Assert.That(orders[1].Status, Is.EqualTo(WorkOrderStatus.Waiting));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Environment), new AcceptWork(second))), Is.EqualTo("work_order.move_not_allowed"));

        if (done)
        {
            await Send(Engineer, new AcceptWork(first));
            await Send(Engineer, new ArriveOnSite(first));
            await Send(Engineer, new CompleteWork(first, "好了"));
        }
        else
        {
            await Send(Here.Clerk, new VoidWork(first, "不需要"));
        }

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(second))).WorkOrder, Has.Property("Status").EqualTo(WorkOrderStatus.Dispatched).And.Property("DispatchedAt").EqualTo(Clock.GetUtcNow()));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
    }

    [Test]
    public async Task A_waiting_order_without_a_team_is_released_to_the_centre()
    {
        var request = (await GivenRequest()).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "一"), new NewOrder(Crew.Environment, "二", WaitsForOrder: 0)]))).WorkOrders;
        await Execute("update work_order set team_id = null where work_order_id = @WorkOrderId", new { orders[1].WorkOrderId });

        await Send(Here.Clerk, new VoidWork(orders[0].WorkOrderId, "不需要"));

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(orders[1].WorkOrderId))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Unassigned));
    }

    [Test]
    public async Task An_optional_order_does_not_hold_up_the_request()
    {
        var request = (await GivenRequest()).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "顺便擦一下", Mandatory: false)]))).WorkOrders;

        await Send(Engineer, new AcceptWork(orders[0].WorkOrderId));
        await Send(Engineer, new ArriveOnSite(orders[0].WorkOrderId));
        await Send(Engineer, new CompleteWork(orders[0].WorkOrderId, "好了"));

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(orders[1].WorkOrderId))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Dispatched));
    }

    [Test]
    public async Task The_same_key_gives_the_same_request_and_the_same_reply_and_another_body_is_refused()
    {
        var body = Report("漏水");
        void Keyed(Caller caller) => (caller.IdempotencyKey, caller.Route) = ("key-1", "POST /api/requests");

        var first = await Send(Here.Clerk, body, Keyed);
        await Send(Here.Clerk, new DispatchWork(first.RequestId, [new NewOrder(Crew.Engineering, "x")]));
        var again = await Send(Here.Clerk, body, Keyed);

        Assert.That(JsonSerializer.SerializeToUtf8Bytes(again, Json.Options), Is.EqualTo(JsonSerializer.SerializeToUtf8Bytes(first, Json.Options)));
        Assert.That(await Refusal(() => Send(Here.Clerk, Report("没电"), Keyed)), Is.EqualTo("idempotency_key.other_body"));
        Assert.That(await Refusal(() => Send(Here.Clerk, body, c => (c.IdempotencyKey, c.Route) = ("key-1", "POST /api/elsewhere"))), Is.EqualTo("idempotency_key.other_body"));
        Assert.That((await Send(Here.Officer, body, Keyed)).RequestId, Is.Not.EqualTo(first.RequestId), "a key is one person's");
        Assert.That(await Scalar<int>("select count(*)::int from request"), Is.EqualTo(2));
    }

    [Test]
    public async Task The_same_key_many_times_at_once_makes_one_request()
    {
        var body = Report("漏水");

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Send(Here.Clerk, body, c => c.IdempotencyKey = "key-2")));

        Assert.That(replies.Select(r => r.RequestId).Distinct().ToList(), Has.Count.EqualTo(1));
        Assert.That(await Scalar<int>("select count(*)::int from request"), Is.EqualTo(1));
        Assert.That(await Scalar<int>("select count(*)::int from idempotency_key"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_refusal_is_not_kept_under_the_key()
    {
        var (_, order) = await GivenDispatched();

        Assert.That(await Refusal(() => Send(Engineer, new ArriveOnSite(order), c => c.IdempotencyKey = "key-3")), Is.EqualTo("work_order.move_not_allowed"));
        await Send(Engineer, new AcceptWork(order));

        Assert.That((await Send(Engineer, new ArriveOnSite(order), c => c.IdempotencyKey = "key-3")).Status, Is.EqualTo(WorkOrderStatus.Working));
    }

    private Task<long> ToldOfReturns(Guid order) =>
        Scalar<long>("select count(*) from message where template = 'workReturned' and recipient_role = 'clerk' and detail ->> 'workOrderId' = @order", new { order = order.ToString() });

    private async Task<Guid> GivenTwoDone()
    {
        var (request, engineering, security) = await GivenTwoWorking();
        await Send(Engineer, new CompleteWork(engineering, "好了"));
        await Send(Guard, new CompleteWork(security, "好了"));
        return request;
    }

    private ReceiveRequest Report(string text) =>
        new(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), text, CustomerId: Here.Customer);

    private async Task<(Guid RequestId, Guid Engineering, Guid Security)> GivenTwoWorking()
    {
        var request = (await GivenRequest()).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Security, "陪")]))).WorkOrders;
        foreach (var (order, who) in orders.Zip([Engineer, Guard]))
        {
            await Send(who, new AcceptWork(order.WorkOrderId));
            await Send(who, new ArriveOnSite(order.WorkOrderId));
        }

        return (request, orders[0].WorkOrderId, orders[1].WorkOrderId);
    }

    private async Task<List<Actor>> GivenMembers(int count)
    {
        var team = Here.Teams[Crew.Engineering];
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        await Execute(
            """
            insert into staff (staff_id, sign_in_name, display_name, created_at) select i, i::text, 'x', @Now from unnest(@ids) i;
            insert into community_staff (community_id, staff_id, joined_at) select @CommunityId, i, @Now from unnest(@ids) i;
            insert into team_member (community_id, team_id, staff_id, from_at) select @CommunityId, @team, i, @Now from unnest(@ids) i;
            """,
            new { ids, Here.CommunityId, team, Now = Clock.GetUtcNow().UtcDateTime });
        return [.. ids.Select(id => new Actor(ActorKind.Staff, id, "x", [new RoleIn(Here.CommunityId, Roles.CrewMember)], [new Seat(Here.CommunityId, team, Crew.Engineering, false)]))];
    }
}
