using NUnit.Framework;
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
}
