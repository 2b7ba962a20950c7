using PropertyServiceDesk.Domain.Faults;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>
/// What waited for an order goes on when that one is done or voided, or when its request has left the fault whose order that was. The
/// waiting orders' requests are locked already.
/// </summary>
internal sealed class ReleaseWaiting(Db db, TimeProvider clock, EventLog log, IMediator mediator) : INotificationHandler<WorkMoved>, INotificationHandler<RequestLeftFault>
{
    private const string Behind = """
        select w.work_order_id
        from work_order w
        where w.community_id = @CommunityId and w.waits_for_id = @WorkOrderId and w.status = 'waiting'
        order by w.work_order_id
        for no key update
        """;

    // The request's own orders that wait for one which does not serve it any more.
    private const string LeftBehind = """
        select w.work_order_id
        from request_work_order l
        join work_order w on w.community_id = l.community_id and w.work_order_id = l.work_order_id
        where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and w.status = 'waiting'
          and not exists (
              select from request_work_order b
              where b.community_id = l.community_id and b.request_id = l.request_id and b.work_order_id = w.waits_for_id and b.left_at is null)
        order by w.work_order_id
        for no key update of w
        """;

    private const string Release = """
        update work_order
        set status = case when team_id is null then 'unassigned' else 'dispatched' end,
            dispatched_at = case when team_id is null then null else @At::timestamptz end,
            assigned_at = case when team_id is null then null else @At::timestamptz end,
            version = version + 1
        where community_id = @CommunityId and work_order_id = any (@WorkOrderIds)
        returning work_order_id, waits_for_id as after, crew, status
        """;

    private sealed record Released(Guid WorkOrderId, Guid After, Crew Crew, WorkOrderStatus Status);

    public async Task Handle(WorkMoved notification, CancellationToken cancellationToken)
    {
        if (notification.To is WorkOrderStatus.Done or WorkOrderStatus.Voided)
        {
            var waiting = await db.List<Guid>(Behind, new { notification.CommunityId, notification.WorkOrderId }, cancellationToken);
            await GoOn(waiting, notification.CommunityId, notification.RequestIds, cancellationToken);
        }
    }

    public async Task Handle(RequestLeftFault notification, CancellationToken cancellationToken)
    {
        var waiting = await db.List<Guid>(LeftBehind, new { notification.CommunityId, notification.RequestId }, cancellationToken);
        await GoOn(waiting, notification.CommunityId, [notification.RequestId], cancellationToken);
    }

    private async Task GoOn(IReadOnlyList<Guid> waiting, Guid communityId, IReadOnlyList<Guid> requestIds, CancellationToken ct)
    {
        if (waiting.Count == 0)
        {
            return;
        }

        var at = clock.Now(); // nobody could begin before the desk heard that it may

        var released = await db.List<Released>(Release, new { CommunityId = communityId, WorkOrderIds = waiting.ToArray(), At = at }, ct);
        foreach (var order in released.OrderBy(o => o.WorkOrderId))
        {
            var move = order.Status == WorkOrderStatus.Dispatched ? WorkOrderMove.Release : WorkOrderMove.ReleaseUnassigned;
            log.Write(communityId, SubjectKind.WorkOrder, order.WorkOrderId, Happening.WorkReleased, new { order.Status, after = order.After }, occurredAt: at);
            await mediator.Publish(new WorkMoved(communityId, order.WorkOrderId, requestIds, order.Crew, order.Crew, WorkOrderStatus.Waiting, move, order.Status, at), ct);
        }
    }
}
