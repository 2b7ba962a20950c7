using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>One request's time, split by who had it, from its log.</summary>
public sealed class OwnersTimeOfARequestTests : DeskFixture
{
    private static DateTimeOffset Local(int day, int hour, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.FromHours(8));

    private async Task<string> Split(Guid request)
    {
        var split = await Send(Here.Clerk, new GetOwnersTime(request));
        Assert.That(split.Parts.Sum(p => p.ElapsedSeconds), Is.EqualTo(split.ElapsedSeconds));
        Assert.That(split.Parts.Sum(p => p.CountedSeconds), Is.EqualTo(split.CountedSeconds));
        return string.Join("; ", split.Parts.Select(p => string.Join(' ', new object?[] { p.Holder, p.Crew, p.Reason, decimal.ToInt64(p.ElapsedSeconds / 60), decimal.ToInt64(p.CountedSeconds / 60) }.OfType<object>())));
    }

    [Test]
    public async Task Dispatch_hold_transfer_and_the_owners_word_each_have_their_part()
    {
        var request = (await GivenRequest()).RequestId;
        Clock.Set(Local(2, 9, 30));
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Environment, "看看")]))).WorkOrders[0].WorkOrderId;
        Clock.Set(Local(2, 10));
        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Engineering], "要修"));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Clock.Set(Local(2, 11));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Clock.Set(Local(3, 9));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        Clock.Set(Local(3, 10));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        Clock.Set(Local(3, 12));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
        Clock.Set(Local(9, 9));

        // On hold from 11:00 to 09:00 of the next day; the desk is open until 20:00 and from 08:30.
        Assert.That(await Split(request), Is.EqualTo("Desk 30 30; Crew Engineering 120 120; Crew Environment 30 30; Hold Engineering Parts 1320 570; Feedback 120 120"));
    }

    [Test]
    public async Task Solved_and_then_not_is_a_part_of_its_own_and_the_rework_is_the_crews()
    {
        var (request, _) = await GivenDone();
        Clock.Set(Local(2, 11));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 2, "王小明"));
        Clock.Set(Local(2, 12));

        Assert.That(await Split(request), Is.EqualTo("Crew Engineering 60 60; Reopened 120 120"));
    }

    [Test]
    public async Task A_fault_that_it_was_joined_to_by_mistake_never_had_it()
    {
        var (first, _) = await GivenWorking();
        var fault = (await Send(Here.Clerk, new Domain.Faults.OpenFault(Here.CommunityId, "水泵坏了", RequestId: first))).FaultId;
        var request = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new Domain.Faults.JoinFault(fault, request));
        Clock.Set(Local(2, 11));
        Assert.That(await Split(request), Is.EqualTo("Crew Engineering 120 120"));

        await Send(Here.Clerk, new Domain.Faults.UnJoinRequest(fault, request, "不是这台"));

        Assert.That(await Split(request), Is.EqualTo("Desk 120 120"));
    }

    [Test]
    public async Task Another_communitys_request_is_absent_and_crews_do_not_look()
    {
        var (request, _) = await GivenDispatched();

        Assert.That(await Refusal(() => Send(There.Clerk, new GetOwnersTime(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), new GetOwnersTime(request))), Is.EqualTo("role.not_allowed"));
    }
}
