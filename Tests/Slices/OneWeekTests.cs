using NUnit.Framework;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Everything that can happen to a request happens to one, in a week; its story stays true, and it counts once.</summary>
public sealed class OneWeekTests : DeskFixture
{
    [Test]
    public async Task One_request_in_one_week_has_one_truthful_timeline_and_counts_once()
    {
        var engineer = Here.Member(Crew.Engineering);
        var cleaner = Here.Member(Crew.Environment);

        // Monday: reported and dispatched; the desk takes it for a part of the fault in the building, where a crew is at work already.
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "3栋停水", Here.Category(RequestKind.Repair, "water"), Here.Places["3"]))).FaultId;
        var pump = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "查水泵")]))).WorkOrders[0].WorkOrderId;
        At(1, 9);
        var request = (await GivenRequest()).RequestId;
        At(1, 9, 30);
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看厨房水管")]))).WorkOrders[0].WorkOrderId;
        At(1, 9, 45);
        await Send(Here.Clerk, new AmendRequest(request, "厨房水龙头漏水，不是水管", Version: 2));
        At(1, 10);
        await Send(Here.Clerk, new JoinFault(fault, request));
        At(1, 11);
        await Send(Here.Clerk, new SetExpectedTime(fault, Day(2, 18), 2));

        // Tuesday: the crew of its own order is there, and waits for a part; the day after it goes on, to the wrong crew and back.
        At(2, 9);
        await Send(engineer, new AcceptWork(order));
        At(2, 10);
        await Send(engineer, new ArriveOnSite(order));
        await Send(engineer, new HoldWork(order, HoldReason.Parts, Day(3, 9), "要订水龙头"));
        At(3, 9);
        await Send(engineer, new ResumeWork(order));
        At(3, 10);
        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Environment], "以为是地漏"));
        At(3, 11);
        await Send(cleaner, new AcceptWork(order));
        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Engineering], "不是地漏"));

        // Thursday: it had nothing to do with the fault, which goes on without it.
        At(4, 9);
        await Send(Here.Clerk, new UnJoinRequest(fault, request, "只是这一户的水龙头"));
        At(4, 10);
        await Send(Here.Clerk, new SetExpectedTime(fault, Day(6, 18), 3));
        await Send(engineer, new AcceptWork(pump));
        await Send(engineer, new AcceptWork(order));
        At(4, 14);
        await Send(engineer, new ArriveOnSite(order));
        await Send(engineer, new CompleteWork(order, "换了水龙头"));

        // Friday: it drips again. Saturday: it does not.
        At(5, 9);
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 2, "王小明", MadeItFive: "一次修好"));
        var rework = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId == order).WorkOrderId;
        await Send(engineer, new AcceptWork(rework));
        await Send(engineer, new ArriveOnSite(rework));
        At(6, 9);
        await Send(engineer, new CompleteWork(rework, "换了垫片"));
        At(6, 15);
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));

        var timeline = (await Send(Here.Clerk, new GetTimeline(request))).Items;
        Assert.That(timeline.Select(e => $"{(e.OccurredAt - FakeClock.Start).Days + 1} {e.What}"), Is.EqualTo(new[]
        {
            // what the fault's crew had done so far, and said while the request was joined
            "1 FaultOpened", "1 WorkDispatched",
            "1 RequestReceived", "1 WorkDispatched", "1 RequestAmended", "1 RequestJoinedFault", "1 FaultExpected",
            "2 WorkAccepted", "2 WorkArrived", "2 WorkHeld",
            "3 WorkResumed", "3 WorkTransferred", "3 WorkAccepted", "3 WorkTransferred",
            "4 RequestUnJoined", "4 WorkAccepted", "4 WorkArrived", "4 WorkCompleted", "4 RequestFinished", "4 FeedbackAsked",
            "5 FeedbackGiven", "5 FollowUpOpened", "5 FollowUpOpened", "5 ReworkReported", "5 WorkDispatched", "5 WorkAccepted", "5 WorkArrived",
            "6 WorkCompleted", "6 RequestFinished", "6 FeedbackAsked", "6 FeedbackGiven", "6 RequestClosed",
        }));
        Assert.That(timeline.Where(e => e.SubjectId == pump).Select(e => e.What.ToString()), Is.EqualTo(new[] { "WorkDispatched" }), "what the pump's crew did after that is not this request's");

        var details = await Send(Here.Clerk, new GetRequest(request));
        Assert.That((details.Request.Status, details.Request.Outcome, details.Request.Round, details.Request.ReworkCount), Is.EqualTo((RequestStatus.Closed, (Outcome?)Outcome.Resolved, (short)2, (short)1)));
        Assert.That(details.Request.Description, Is.EqualTo("厨房水龙头漏水，不是水管"));
        Assert.That((details.Request.ReportedAt, details.Request.ClosedAt), Is.EqualTo((Day(1, 9), (DateTimeOffset?)Day(6, 15))));
        Assert.That(details.Feedback.Select(f => (f.Solved, f.Satisfaction)), Is.EqualTo(new (Solved?, short?)[] { (Solved.No, 2), (Solved.Yes, 5) }));
        Assert.That(details.WorkOrders.Select(o => (o.WorkOrderId, o.Status, o.LeftAt)), Is.EquivalentTo(new[]
        {
            (pump, WorkOrderStatus.Accepted, (DateTimeOffset?)Day(4, 9)), (order, WorkOrderStatus.Done, null), (rework, WorkOrderStatus.Done, null),
        }));
        Assert.That(details.Clocks.Where(c => c.Kind == ClockKind.Finish).Select(c => (c.StartedAt, c.StoppedAt)), Is.EqualTo(new[] { (Day(1, 9), (DateTimeOffset?)Day(4, 14)), (Day(5, 9), Day(6, 9)) }));
        var crews = await Send(Here.Clerk, new GetWorkOrder(order));
        Assert.That(crews.Clocks.Where(c => c.Kind == ClockKind.Accept).Select(c => (c.StartedAt, c.StoppedAt, c.StoppedWhy)), Is.EqualTo(new[]
        {
            (Day(1, 9, 30), (DateTimeOffset?)Day(2, 9), "met"), (Day(3, 10), Day(3, 11), "met"), (Day(3, 11), Day(4, 10), "met"),
        }));

        Assert.That(await Send(Here.Manager, new CountDemand(Day(1, 0), Day(8, 0))), Is.EqualTo(new Demand(1, 0, 1, 3, 1, 1)));
        Assert.That(await Send(Here.Manager, new CountRequests(new RequestFilter(), RequestGroup.Status)), Is.EqualTo(new[] { new RequestCount("closed", 1) }));
        Assert.That(await Send(Here.Manager, new CountRequests(new RequestFilter(), RequestGroup.Team)), Is.EqualTo(new[] { new RequestCount(Here.Teams[Crew.Engineering].ToString(), 1) }));
        Assert.That(await Rows<string>("select template from message where request_id = @request order by created_at, template", new { request }), Is.EqualTo(new[] { "faultJoined", "faultExpected", "feedbackAsk", "reworkReported", "feedbackAsk" }));
    }

    /// <summary>The week's days are counted from Monday, 1; hours are the community's.</summary>
    private static DateTimeOffset Day(int day, int hour, int minute = 0) => FakeClock.Start.AddDays(day - 1).AddHours(hour - 9).AddMinutes(minute);

    private void At(int day, int hour, int minute = 0) => Clock.Set(Day(day, hour, minute));
}
