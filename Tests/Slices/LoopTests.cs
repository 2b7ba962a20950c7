using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed class LoopTests : DeskFixture
{
    [Test]
    public async Task A_request_goes_from_the_call_to_the_owners_answer()
    {
        var (request, order) = await GivenDone();

        var reply = await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.Closed));
        var details = await Send(Here.Clerk, new GetRequest(request));
        Assert.That(details.WorkOrders.Single().Status, Is.EqualTo(WorkOrderStatus.Done));
        Assert.That(details.Feedback.Single().Satisfaction, Is.EqualTo(5));
        var timeline = await Send(Here.Clerk, new GetTimeline(request));
        Assert.That(timeline.Items.Select(e => e.What.ToString()), Is.EqualTo(new[]
        {
            "RequestReceived", "WorkDispatched", "WorkAccepted", "WorkArrived", "WorkCompleted", "RequestFinished", "FeedbackAsked", "FeedbackGiven", "RequestClosed",
        }));
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter(Open: false)))).Items.Single().RequestId, Is.EqualTo(request));
    }

    [Test]
    public async Task Not_solved_goes_back_to_work_and_is_rated_again()
    {
        var (request, order) = await GivenDone();

        var reply = await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.InProgress));
        var rework = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId == order);
        await Send(Here.Member(Crew.Engineering), new AcceptWork(rework.WorkOrderId));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(rework.WorkOrderId));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(rework.WorkOrderId, "重新做了"));
        Assert.That((await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 4, "王小明"))).Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Feedback.Select(f => f.Satisfaction), Is.EqualTo(new short?[] { 1, 4 }));
    }

    [Test]
    public async Task Not_solved_sends_everybody_again_whose_part_was_mandatory_and_whoever_waited_waits_again()
    {
        var request = (await GivenRequest()).RequestId;
        var first = (await Send(Here.Clerk, new DispatchWork(
            request, [new NewOrder(Crew.Engineering, "修水管"), new NewOrder(Crew.Environment, "擦干地面", WaitsForOrder: 0), new NewOrder(Crew.Security, "陪同", Mandatory: false)]))).WorkOrders.Select(o => o.WorkOrderId).ToArray();
        await Work(first[2], Crew.Security);
        await Work(first[0], Crew.Engineering);
        await Work(first[1], Crew.Environment);

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明", MadeItFive: "还在漏"));

        var again = await Reworked(request);
        Assert.That(again.Select(o => (o.ReworkOfId, o.Crew, o.WhatToDo, o.Status, o.Mandatory)), Is.EqualTo(new[]
        {
            ((Guid?)first[0], Crew.Engineering, "修水管", WorkOrderStatus.Dispatched, true), (first[1], Crew.Environment, "擦干地面", WorkOrderStatus.Waiting, true),
        }));
        Assert.That(again[1].WaitsForId, Is.EqualTo(again[0].WorkOrderId));

        // The floor is dry: that part is voided, and what was done since the owner said so is all there is to ask about.
        await Work(again[0].WorkOrderId, Crew.Engineering);
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(again[1].WorkOrderId))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Dispatched));
        await Send(Here.Clerk, new VoidWork(again[1].WorkOrderId, "地面是干的"));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request, Has.Property("Status").EqualTo(RequestStatus.AwaitingFeedback).And.Property("Round").EqualTo((short)2));

        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));

        var third = (await Reworked(request)).ExceptBy(again.Select(o => o.WorkOrderId), o => o.WorkOrderId).ToArray();
        Assert.That(third.Select(o => (o.ReworkOfId, o.Crew)), Is.EqualTo(new[] { ((Guid?)again[0].WorkOrderId, Crew.Engineering) }), "nobody is sent to the dry floor again");
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.ReworkCount, Is.EqualTo(2));
        Assert.That((await Send(Here.Clerk, new GetCard(Here.Customer))).Last90Days.Reworks, Is.EqualTo(2), "counted by how often it was said, not by how many went");
    }

    [Test]
    public async Task What_came_to_nothing_when_it_was_to_be_done_again_is_all_done_again()
    {
        var request = (await GivenRequest()).RequestId;
        var first = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修水管"), new NewOrder(Crew.Environment, "擦干地面")]))).WorkOrders.Select(o => o.WorkOrderId).ToArray();
        await Work(first[0], Crew.Engineering);
        await Work(first[1], Crew.Environment);
        await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "还在漏"));
        foreach (var order in await Reworked(request))
        {
            await Send(Here.Clerk, new VoidWork(order.WorkOrderId, "先在电话里说明"));
        }

        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "阀门要先关上"));
        await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "关了还漏"));

        Assert.That((await Reworked(request)).Where(o => o.Status == WorkOrderStatus.Dispatched).Select(o => o.ReworkOfId), Is.EqualTo(first.Select(o => (Guid?)o)));
    }

    [Test]
    public async Task Whoever_takes_over_after_somebody_had_arrived_comes_first_and_the_arrival_in_time_stays_met([Values("handed over", "left the team")] string how)
    {
        var (request, order) = await GivenWorking(priority: Priority.Urgent);
        var (one, next) = (Here.Member(Crew.Engineering), Here.Member(Crew.Engineering, 2));
        Clock.Advance(TimeSpan.FromMinutes(5));
        if (how == "handed over")
        {
            await Send(one, new AssignWork(order, next.Id));
            await Send(next, new AcceptWork(order));
        }
        else
        {
            await Send(Here.People["administrator"], new UnseatMember(Here.Teams[Crew.Engineering], one.Id));
            await Send(next, new ClaimWork(order));
            await Send(Here.People["administrator"], new SeatMember(Here.Teams[Crew.Engineering], one.Id));
        }

        var details = await Send(next, new GetWorkOrder(order));
        Assert.That((details.WorkOrder.Status, details.WorkOrder.ArrivedAt), Is.EqualTo((WorkOrderStatus.Accepted, (DateTimeOffset?)null)));
        Assert.That(details.AllowedMoves, Does.Contain(WorkOrderMove.Arrive).And.Not.Contain(WorkOrderMove.Complete));

        // Held on the way: not back to work where nobody is, and no arrival of theirs is taken back; nor does another priority ask for the crew's arrival again.
        await Send(next, new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(1)));
        Assert.That((await Send(next, new ResumeWork(order))).Status, Is.EqualTo(WorkOrderStatus.Accepted));
        Assert.That(await Refusal(() => Send(next, new CompleteWork(order, "好了"))), Is.EqualTo("work_order.move_not_allowed"));
        await Send(Here.Clerk, new ReprioritiseRequest(request, Priority.Danger, "漏电", (await Send(Here.Clerk, new GetRequest(request))).Request.Version));
        Assert.That(await Rows<(int, string)>("select cycle::int, stopped_why from clock where subject_id = @order and kind = 'arrive'", new { order }), Is.EqualTo(new[] { (1, "met") }));

        Clock.Advance(TimeSpan.FromMinutes(5));
        await Send(next, new ArriveOnSite(order));
        Assert.That((await Send(next, new GetWorkOrder(order))).WorkOrder.ArrivedAt, Is.EqualTo(Clock.GetUtcNow()));
        await Send(next, new CompleteWork(order, "好了"));
        Assert.That(await Rows<(DateTime, Guid)>("select occurred_at, actor_id from event where subject_id = @order and what = 'workArrived' order by seq", new { order }), Is.EqualTo(new[]
        {
            (FakeClock.Start.UtcDateTime, one.Id), (Clock.GetUtcNow().UtcDateTime, next.Id),
        }));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    private async Task<RequestOrder[]> Reworked(Guid request) => [.. (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Where(o => o.ReworkOfId is not null).OrderBy(o => o.Number)];

    private async Task Work(Guid order, Crew crew)
    {
        await Send(Here.Member(crew), new AcceptWork(order));
        await Send(Here.Member(crew), new ArriveOnSite(order));
        await Send(Here.Member(crew), new CompleteWork(order, "好了"));
    }
}
