using NUnit.Framework;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>What a customer officer looks for among orders: those that crews pass around, and those that stay on hold too long.</summary>
public sealed class StuckOrdersTests : DeskFixture
{
    [Test]
    public async Task Orders_are_found_by_how_often_they_changed_hands()
    {
        var still = await Dispatched();
        var once = await Dispatched();
        await Send(Here.Lead(Crew.Engineering), new ReturnWork(once, "不是我们的"));
        var twice = await Dispatched();
        await Send(Here.Lead(Crew.Engineering), new TransferWork(twice, Here.Teams[Crew.Security], "门禁的事"));
        await Send(Here.Lead(Crew.Security), new ReturnWork(twice, "也不是"));

        Assert.That(await Found(new WorkOrderFilter(Open: true)), Is.EquivalentTo(new[] { (still, 1), (once, 2), (twice, 3) }));
        Assert.That(await Found(new WorkOrderFilter(Open: true, Leg: 2)), Is.EquivalentTo(new[] { (once, 2), (twice, 3) }));
        Assert.That(await Found(new WorkOrderFilter(Open: true, Leg: 3), WorkOrderSort.DueFirst), Is.EquivalentTo(new[] { (twice, 3) }));
        Assert.That(await Refusal(() => Found(new WorkOrderFilter(Leg: 0))), Is.EqualTo("leg.out_of_range"));
    }

    [Test]
    public async Task An_order_on_hold_past_its_limit_waits_for_a_manager_until_one_agrees()
    {
        var order = await Working();
        await Working();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Weather, Clock.GetUtcNow().AddDays(20)));
        Assert.That(await Found(new WorkOrderFilter(Open: true, OverLimit: true)), Is.Empty, "it is not over its limit yet");
        Clock.Advance(TimeSpan.FromDays(3));
        await Send(Here.System, new PassHoldLimit(order));

        Assert.That(await Found(new WorkOrderFilter(Open: true, OverLimit: true), WorkOrderSort.DueFirst), Is.EqualTo(new[] { (order, 1) }));
        var line = (await Send(Here.Officer, new ListWorkOrders(new WorkOrderFilter(OverLimit: true)))).Items.Single();
        Assert.That(line.OverLimitSince, Is.LessThanOrEqualTo(Clock.GetUtcNow()));

        await Send(Here.Manager, new AgreeToHold(order));
        Assert.That(await Found(new WorkOrderFilter(OverLimit: true)), Is.Empty);
    }

    private async Task<(Guid, int)[]> Found(WorkOrderFilter filter, WorkOrderSort sort = WorkOrderSort.NewestFirst) =>
        [.. (await Send(Here.Officer, new ListWorkOrders(filter, sort))).Items.Select(o => (o.WorkOrderId, o.Leg))];

    private async Task<Guid> Dispatched()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water.leak"), "厨房漏水", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer))).RequestId;
        return (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修水管", Here.Teams[Crew.Engineering])]))).WorkOrders.Single().WorkOrderId;
    }

    private async Task<Guid> Working()
    {
        var order = await Dispatched();
        await Send(Here.Member(Crew.Engineering), new ClaimWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        return order;
    }
}
