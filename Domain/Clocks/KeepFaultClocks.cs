using PropertyServiceDesk.Domain.Faults;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// "That was another lift": what the other lift's orders did to this request's clocks is undone. A hold of theirs never stopped it, and a
/// milestone that they reached is not reached here. A request with orders of its own keeps what those did.
/// </summary>
internal sealed class KeepFaultClocks(Db db, ClockRows clocks) : INotificationHandler<RequestLeftFault>
{
    private const string Own = """
        select count(*)::int as orders, coalesce(bool_and(o.status = 'onHold') filter (where l.mandatory and o.status not in ('done', 'voided')), false) as all_on_hold
        from request_work_order l
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null
        """;

    private sealed record Row(int Orders, bool? AllOnHold);

    public async Task Handle(RequestLeftFault notification, CancellationToken cancellationToken)
    {
        if (notification.How != LeftHow.UnJoined)
        {
            return;
        }

        var own = await db.Single<Row>(Own, new { notification.CommunityId, notification.RequestId }, cancellationToken);
        if (own.Orders == 0)
        {
            await clocks.Undo(notification.CommunityId, notification.RequestId, notification.JoinedAt, notification.At, cancellationToken);
        }
        else if (own.AllOnHold != true)
        {
            await clocks.Resume(notification.CommunityId, [notification.RequestId], notification.At, cancellationToken);
        }
    }
}
