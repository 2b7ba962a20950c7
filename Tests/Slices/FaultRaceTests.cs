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
    [OneTimeSetUp]
    public Task Joiners_are_asked() => AskJoiners(true);

    /// <summary>
    /// Eight callers join thirty more while the order is completed under their hands, and some of those that were just joined are
    /// un-joined. Two alone leave the completion more room between them.
    /// </summary>
    [TestCase(8)]
    [TestCase(2)]
    [Repeat(3)]
    public async Task Forty_are_joined_while_the_order_is_completed_and_others_are_un_joined(int callers)
    {
        await CleanUp();
        var calls = await GivenCalls(40);
        var fault = await GivenFault();
        var order = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修电梯")]))).WorkOrders[0].WorkOrderId;
        foreach (var call in calls[..10])
        {
            await Send(Here.Clerk, new JoinFault(fault, call));
        }

        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        Clock.Advance(TimeSpan.FromMinutes(1));

        var joined = System.Threading.Channels.Channel.CreateUnbounded<Guid>();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var count = 0;
        var joining = InParallel(callers, calls[10..], async call =>
        {
            await Send(Here.Clerk, new JoinFault(fault, call));
            await joined.Writer.WriteAsync(call);
            if (Interlocked.Increment(ref count) == 6)
            {
                enough.SetResult();
            }
        });
        var completing = Task.Run(async () =>
        {
            await enough.Task;
            await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "修好了"));
        });
        var unJoined = new List<Guid>();
        var unJoining = Task.Run(async () =>
        {
            for (var i = 0; i < 12; i++)
            {
                var call = await joined.Reader.ReadAsync();
                if (await Try(new UnJoinRequest(fault, call, "是2号电梯")) is null)
                {
                    unJoined.Add(call);
                }
            }
        });
        await Task.WhenAll(joining, completing, unJoining);

        // What was linked when the order was done is finished, once; what came later, or left, waits without an order.
        foreach (var row in await States())
        {
            Assert.That((row.Status, row.Rounds, row.Finished), Is.EqualTo(row.Done > 0 ? ("awaitingFeedback", 1, 1) : ("received", 0, 0)), "nobody is in progress with nobody at work");
            Assert.That(row.Joined, Is.EqualTo(unJoined.Contains(row.Id) ? 0 : 1));
            Assert.That(row.Done > 0 && unJoined.Contains(row.Id), Is.False);
        }
    }

    /// <summary>Joining locks both orders by their ids, completing the first one releases the second, whichever id is the smaller.</summary>
    [Test]
    [Repeat(4)]
    public async Task Joining_and_releasing_what_waits_do_not_cross()
    {
        await CleanUp();
        var calls = await GivenCalls(24);
        var fault = await GivenFault();
        var orders = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修电梯"), new NewOrder(Crew.Environment, "打扫", WaitsForOrder: 0)]))).WorkOrders.Select(o => o.WorkOrderId).ToArray();
        await Send(Here.Clerk, new JoinFault(fault, calls[0]));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(orders[0]));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(orders[0]));

        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var count = 0;
        var joining = InParallel(8, calls[1..], async call =>
        {
            if (Interlocked.Increment(ref count) == 8)
            {
                half.SetResult();
            }

            await Send(Here.Clerk, new JoinFault(fault, call));
        });
        var completing = Task.Run(async () =>
        {
            await half.Task;
            await Send(Here.Member(Crew.Engineering), new CompleteWork(orders[0], "修好了"));
            await Send(Here.Clerk, new VoidWork(orders[1], "不用打扫"));
        });
        var telling = Task.Run(() => Send(Here.Clerk, new SetExpectedTime(fault, Clock.GetUtcNow().AddHours(1)), c => c.IfMatch = 2));
        await Task.WhenAll(joining, completing, telling);

        foreach (var row in await States())
        {
            Assert.That((row.Status, row.Rounds), Is.EqualTo(row.Done > 0 ? ("awaitingFeedback", 1) : ("received", 0)));
        }
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

    /// <summary>Joined behind our back and held by somebody else: the fault is let go while its lock is waited for, because that stands before it in the order.</summary>
    [Test]
    public async Task A_request_that_was_joined_meanwhile_and_is_held_by_another_is_not_waited_for_with_the_fault_in_hand()
    {
        var calls = await GivenCalls(2);
        var fault = await GivenFault();
        var order = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修电梯")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Clerk, new JoinFault(fault, calls[0]));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await using var joining = await HeldOpen.Begin(Owner);
        await using var holding = await HeldOpen.Begin(Owner);
        await joining.Run("select from fault where fault_id = @fault for update", new { fault });
        await holding.Run("select from request where request_id = @Id for no key update", new { Id = calls[1] });

        var completing = Task.Run(() => Send(Here.Member(Crew.Engineering), new CompleteWork(order, "修好了")));
        await joining.IsWaitedFor();
        await joining.Run(
            """
            insert into fault_request (community_id, fault_id, request_id, joined_at, joined_by) values (@CommunityId, @fault, @Id, @Now, @By);
            insert into request_work_order (community_id, request_id, work_order_id, mandatory, joined_at) values (@CommunityId, @Id, @order, true, @Now)
            """,
            new { Here.CommunityId, fault, order, Id = calls[1], Now = Clock.GetUtcNow(), By = Here.Clerk.Id });
        await joining.Commit();
        await holding.IsWaitedFor();

        Assert.That(async () => await Execute("select from fault where fault_id = @fault for update nowait", new { fault }), Throws.Nothing);
        await holding.Commit();
        await completing;
    }

    private sealed record State(Guid Id, string Status, int Rounds, int Done, int Finished, int Joined);

    private Task<List<State>> States() => Rows<State>("""
        select r.request_id as id, r.status, (select count(*)::int from feedback f where f.request_id = r.request_id) as rounds,
            (select count(*)::int from request_work_order l join work_order o using (work_order_id) where l.request_id = r.request_id and l.left_at is null and o.status = 'done') as done,
            (select count(*)::int from event e where e.subject_id = r.request_id and e.what = 'requestFinished') as finished,
            (select count(*)::int from fault_request j where j.request_id = r.request_id and j.left_at is null) as joined
        from request r
        """);

    private async Task<List<Guid>> GivenCalls(int many)
    {
        var calls = new List<Guid>();
        for (var i = 0; i < many; i++)
        {
            calls.Add((await Send(
                Here.Clerk,
                new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Domain.Rules.Channel.Phone, Here.Category(RequestKind.Repair, "lift"), "电梯不动了", AssetId: Here.Lift, Reporter: new Reporter(Phone: $"1390000{1000 + i}")))).RequestId);
        }

        return calls;
    }

    private async Task<Guid> GivenFault() =>
        (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "1号电梯停了", Here.Category(RequestKind.Repair, "lift"), AssetId: Here.Lift))).FaultId;

    private static Task InParallel(int callers, List<Guid> all, Func<Guid, Task> each)
    {
        var left = new System.Collections.Concurrent.ConcurrentQueue<Guid>(all);
        return Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (left.TryDequeue(out var one))
            {
                await each(one);
            }
        })));
    }

    /// <summary>The code with which it is refused because somebody was faster; null if it is not. A deadlock is neither.</summary>
    private async Task<string?> Try(UnJoinRequest command)
    {
        try
        {
            await Send(Here.Clerk, command);
            return null;
        }
        catch (Refused.Conflict refused)
        {
            return refused.Code;
        }
    }
}
