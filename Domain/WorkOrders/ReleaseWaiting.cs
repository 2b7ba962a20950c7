namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>What waited for an order goes on when that one is done or voided. The waiting orders' requests are the finished one's, so they are locked already.</summary>
internal sealed class ReleaseWaiting(Db db, EventLog log, IMediator mediator) : INotificationHandler<WorkMoved>
{
    private const string Release = """
        with waiting as (
            select w.work_order_id
            from work_order w
            where w.community_id = @CommunityId and w.waits_for_id = @WorkOrderId and w.status = 'waiting'
            order by w.work_order_id
            for update
        )
        update work_order w
        set status = case when w.team_id is null then 'unassigned' else 'dispatched' end,
            dispatched_at = case when w.team_id is null then null else @At::timestamptz end,
            assigned_at = case when w.team_id is null then null else @At::timestamptz end,
            version = w.version + 1
        from waiting
        where w.work_order_id = waiting.work_order_id
        returning w.work_order_id, w.crew, w.status
        """;

    private sealed record Released(Guid WorkOrderId, Crew Crew, WorkOrderStatus Status);

    public async Task Handle(WorkMoved notification, CancellationToken cancellationToken)
    {
        if (notification.To is not (WorkOrderStatus.Done or WorkOrderStatus.Voided))
        {
            return;
        }

        var released = await db.List<Released>(Release, new { notification.CommunityId, notification.WorkOrderId, notification.At }, cancellationToken);
        foreach (var order in released.OrderBy(o => o.WorkOrderId))
        {
            var move = order.Status == WorkOrderStatus.Dispatched ? WorkOrderMove.Release : WorkOrderMove.ReleaseUnassigned;
            log.Write(notification.CommunityId, SubjectKind.WorkOrder, order.WorkOrderId, Happening.WorkReleased, new { order.Status, after = notification.WorkOrderId }, occurredAt: notification.At);
            await mediator.Publish(
                new WorkMoved(notification.CommunityId, order.WorkOrderId, notification.RequestIds, order.Crew, order.Crew, WorkOrderStatus.Waiting, move, order.Status, notification.At),
                cancellationToken);
        }
    }
}
