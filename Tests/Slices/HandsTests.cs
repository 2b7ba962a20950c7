using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Whoever had a hand in the work does not ask the owner how it went, wherever the order went afterwards.</summary>
public sealed class HandsTests : DeskFixture
{
    private const string Number = "13800138000";

    public enum Then
    {
        HandedToAColleague,
        Transferred,
        Returned,
        TheLeadActedForThem,
        TheLeadCompletedForThem,
        ReportedTooLate,
        Voided,
        Completed,
    }

    /// <summary>A member of the crew who sits at the desk as well.</summary>
    private Actor Both => AtTheDesk(Here.Member(Crew.Engineering));

    private Actor Colleague => AtTheDesk(Here.Member(Crew.Engineering, 2));

    private static Actor AtTheDesk(Actor crew) => crew with { Roles = [.. crew.Roles, new RoleIn(crew.Seats[0].CommunityId, Roles.Clerk)] };

    [OneTimeSetUp]
    public Task SeatThemAtTheDesk() => Execute(
        "insert into staff_role (community_id, staff_id, role, granted_at) select @CommunityId, unnest(@People::uuid[]), 'clerk', @Now",
        new { Here.CommunityId, Now = Clock.GetUtcNow(), People = new[] { Here.Member(Crew.Engineering).Id, Here.Member(Crew.Engineering, 2).Id, Here.Lead(Crew.Engineering).Id } });

    private async Task<Guid> GivenDoneBySomebodyElse(Then then)
    {
        var (request, order) = await GivenDispatched();
        if (then is not (Then.TheLeadActedForThem or Then.ReportedTooLate))
        {
            await Send(Both, new AcceptWork(order));
        }

        var (last, crew) = (order, Crew.Engineering);
        switch (then)
        {
            case Then.HandedToAColleague:
                await Send(Both, new AssignWork(order, Here.Lead(crew).Id));
                break;
            case Then.Transferred:
                await Send(Here.Lead(crew), new TransferWork(order, Here.Teams[Crew.Environment], "不是我们的"));
                crew = Crew.Environment;
                break;
            case Then.Returned:
                await Send(Both, new ReturnWork(order, "没有工具"));
                await Send(Here.Officer, new SendWork(order, Here.Teams[Crew.Security]));
                crew = Crew.Security;
                break;
            case Then.TheLeadActedForThem:
                await Send(Here.Clerk, new AssignWork(order, Here.Lead(crew).Id));
                await Send(Here.Lead(crew), new AcceptWork(order));
                await Send(Here.Clerk, new AssignWork(order, Here.Member(crew, 2).Id));
                break;
            case Then.TheLeadCompletedForThem:
                await Send(Both, new ArriveOnSite(order));
                await Send(Here.Lead(crew), new CompleteWork(order, "好了"));
                return request;
            case Then.ReportedTooLate:
                await Send(Here.Lead(crew), new TransferWork(order, Here.Teams[Crew.Environment], "不是我们的"));
                await Send(Both, new ReportWork(order, WorkOrderMove.Complete, "work_order.somebody_elses", "已经修好了"));
                crew = Crew.Environment;
                break;
            case Then.Voided:
                last = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Environment, "再看一下")]))).WorkOrders[0].WorkOrderId;
                await Send(Here.Clerk, new VoidWork(order, "重复"));
                crew = Crew.Environment;
                break;
            case Then.Completed:
                break;
        }

        if (then == Then.Completed)
        {
            await Send(Both, new ArriveOnSite(last));
            await Send(Both, new CompleteWork(last, "好了"));
        }
        else
        {
            var by = then is Then.HandedToAColleague or Then.TheLeadActedForThem ? Here.Lead(crew) : Here.Member(crew);
            if (then == Then.TheLeadActedForThem)
            {
                await Send(Here.Member(crew, 2), new AcceptWork(last));
            }
            else
            {
                await Send(by, new AcceptWork(last));
            }

            await Send(by, new ArriveOnSite(last));
            await Send(by, new CompleteWork(last, "好了"));
        }

        return request;
    }

    [Test]
    public async Task Whoever_had_it_before_neither_takes_the_call_nor_is_given_it_nor_sees_it_nor_writes_down_what_was_said([Values] Then then)
    {
        var request = await GivenDoneBySomebodyElse(then);
        var round = (await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer))).FeedbackId;
        var who = then is Then.TheLeadActedForThem or Then.TheLeadCompletedForThem ? AtTheDesk(Here.Lead(Crew.Engineering)) : Both;

        foreach (var act in new Func<Task>[]
        {
            () => Send(who, new TakeCallBack(round)),
            () => Send(Here.Officer, new HandOverCallBack(round, who.Id)),
            () => Send(who, new TryCall(request, Number, CallResult.Busy)),
            () => Send(who, new RecordFeedback(request, Solved.Yes, 5, "王小明")),
            () => Send(who, new RefuseFeedback(request, "王小明")),
            () => Send(who, new GiveUpCalling(request)),
        })
        {
            Assert.That(await Refusal(act), Is.EqualTo("feedback.did_the_work"));
        }

        Assert.That((await Send(who, new ListCallBacks())).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items, Has.Count.EqualTo(1), "who wrote down what the crew said did not work on it");
        await Send(Here.Clerk, new TakeCallBack(round));
    }

    [Test]
    public async Task Nor_do_they_ring_about_the_bad_answer_or_end_it_and_it_is_not_among_theirs([Values(Then.HandedToAColleague, Then.Transferred, Then.Completed)] Then then)
    {
        var request = await GivenDoneBySomebodyElse(then);
        await Send(Here.Officer, new RecordFeedback(request, Solved.Partly, 4, "王小明"));
        var followUp = await Scalar<Guid>("select follow_up_id from follow_up where request_id = @request and for_role = 'clerk'", new { request });

        foreach (var act in new Func<Task>[]
        {
            () => Send(Both, new TakeFollowUp(followUp)),
            () => Send(Here.Manager, new HandOverFollowUp(followUp, Both.Id)),
            () => Send(Both, new TryFollowUp(followUp, Number, CallResult.Busy)),
            () => Send(Both, new EndFollowUp(followUp, FollowUpEnding.CalledBack, "x", "王小明", Number)),
            () => Send(Both, new EndFollowUp(followUp, FollowUpEnding.Explained, "x")),
        })
        {
            Assert.That(await Refusal(act), Is.EqualTo("feedback.did_the_work"));
        }

        Assert.That((await Send(Both, new ListFollowUps())).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListFollowUps())).Items, Has.Count.EqualTo(1));
        await Send(Here.Clerk, new EndFollowUp(followUp, FollowUpEnding.Explained, "说明了"));
    }

    [Test]
    public async Task Who_was_given_it_and_never_said_yes_may_ring()
    {
        var (request, order) = await GivenDispatched();
        await Send(Here.Clerk, new AssignWork(order, Colleague.Id));
        await Send(Here.Clerk, new AssignWork(order, Here.Member(Crew.Engineering).Id));
        await Send(Both, new AcceptWork(order));
        await Send(Both, new ArriveOnSite(order));
        await Send(Both, new CompleteWork(order, "好了"));
        var round = (await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer))).FeedbackId;

        await Send(Colleague, new TakeCallBack(round));

        Assert.That(await Rows<Guid[]>("select worked_by from work_order where work_order_id = @order", new { order }), Is.EqualTo(new[] { new[] { Both.Id } }));
    }
}
