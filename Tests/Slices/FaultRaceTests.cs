using NUnit.Framework;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed class FaultRaceTests : DeskFixture
{
    [Test]
    [Repeat(3)]
    public async Task Forty_are_joined_by_eight_callers_while_the_order_is_completed_and_another_is_un_joined()
    {
        await CleanUp();
        var lift = Here.Category(RequestKind.Repair, "lift");
        var calls = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            calls.Add((await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, lift, "电梯不动了", AssetId: Here.Lift, Reporter: new Reporter(Phone: $"1390000{1000 + i}")))).RequestId);
        }

        var early = calls[..10];
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "1号电梯停了", lift, AssetId: Here.Lift))).FaultId;
        var orders = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修电梯"), new NewOrder(Crew.Environment, "打扫", WaitsForOrder: 0)]))).WorkOrders.Select(o => o.WorkOrderId).ToArray();
        foreach (var call in early)
        {
            await Send(Here.Clerk, new JoinFault(fault, call));
        }

        await Send(Here.Member(Crew.Engineering), new AcceptWork(orders[0]));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(orders[0]));
        Clock.Advance(TimeSpan.FromMinutes(1));

        var left = new Queue<Guid>(calls[10..]);
        var joiners = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                Guid call;
                lock (left)
                {
                    if (!left.TryDequeue(out call))
                    {
                        return;
                    }
                }

                await Send(Here.Clerk, new JoinFault(fault, call));
            }
        }));
        var completing = Task.Run(() => Send(Here.Member(Crew.Engineering), new CompleteWork(orders[0], "修好了")));
        var tooLate = false; // un-joining and completing meet at the request's row: either may be first
        var unJoining = Task.Run(async () =>
        {
            try
            {
                await Send(Here.Clerk, new UnJoinRequest(fault, early[4], "是2号电梯"));
            }
            catch (Refused.Conflict refused) when (refused.Code == "request.finished_with_its_fault")
            {
                tooLate = true;
            }
        });
        var telling = Task.Run(() => Send(Here.Clerk, new SetExpectedTime(fault, Clock.GetUtcNow().AddHours(1)), c => c.IfMatch = 2));
        var voiding = Task.Run(() => Send(Here.Clerk, new VoidWork(orders[1], "不用打扫")));
        await Task.WhenAll([.. joiners, completing, unJoining, telling, voiding]);

        // Whoever was joined after the last order was done waits for the next one; nobody is left in progress without an order.
        var states = (await Rows<(Guid Id, string Status, int Rounds, int Open)>("""
            select r.request_id, r.status, (select count(*)::int from feedback f where f.request_id = r.request_id),
                (select count(*)::int from request_work_order l join work_order o using (work_order_id) where l.request_id = r.request_id and l.left_at is null and o.status not in ('done', 'voided'))
            from request r
            """)).ToDictionary(r => r.Id);
        Assert.That((states[early[4]].Status, states[early[4]].Rounds), Is.EqualTo(tooLate ? ("awaitingFeedback", 1) : ("received", 0)));
        foreach (var call in calls.Except([early[4]]))
        {
            var served = await Scalar<long>("select count(*) from request_work_order l join work_order o using (work_order_id) where l.request_id = @call and l.left_at is null and o.status = 'done'", new { call });
            Assert.That((states[call].Status, states[call].Rounds, states[call].Open), Is.EqualTo(served > 0 ? ("awaitingFeedback", 1, 0) : ("received", 0, 0)));
        }

        Assert.That(early.Count(c => states[c].Status == "awaitingFeedback"), Is.EqualTo(tooLate ? 10 : 9));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'requestFinished' and subject_id = any (@calls)", new { calls = calls.ToArray() }), Is.EqualTo(states.Values.Count(s => s.Status == "awaitingFeedback")));
        Assert.That(await Scalar<long>("select count(*) from fault_request where left_at is null"), Is.EqualTo(tooLate ? 40 : 39));
    }

    [Test]
    public async Task Two_orders_that_are_completed_while_each_waits_for_the_others_requests_do_not_cross()
    {
        var lift = Here.Category(RequestKind.Repair, "lift");
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停电", lift, Here.Places["3"]))).FaultId;
        for (var i = 0; i < 12; i++)
        {
            await Send(Here.Clerk, new JoinFault(fault, (await GivenRequest(category: "lift", text: "停电")).RequestId));
        }

        var orders = (await Send(Here.Clerk, new DispatchFault(fault, [.. Enumerable.Range(0, 6).Select(i => new NewOrder(Crew.Engineering, $"第{i}处"))]))).WorkOrders.Select(o => o.WorkOrderId).ToArray();
        foreach (var order in orders)
        {
            await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
            await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        }

        await Task.WhenAll(orders.Select(o => Task.Run(() => Send(Here.Member(Crew.Engineering), new CompleteWork(o, "好了")))));

        Assert.That(await Scalar<long>("select count(*) from feedback"), Is.EqualTo(12));
        Assert.That(await Scalar<long>("select count(*) from message where template = 'feedbackAsk'"), Is.EqualTo(1), "they are all the same customer's");
    }
}
