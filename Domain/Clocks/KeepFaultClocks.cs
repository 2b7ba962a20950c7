using PropertyServiceDesk.Domain.Faults;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// "That was another lift": what the other lift's orders did to this request's clocks is undone. A hold of theirs never stopped it, and a
/// milestone that they reached is not reached here. A request with orders of its own keeps what those did.
/// </summary>
internal sealed class KeepFaultClocks(Db db, ClockRows clocks, StandStill standStill) : INotificationHandler<RequestLeftFault>, INotificationHandler<RequestJoinedFault>
{
    private const string Own = """
        select count(*)::int
        from request_work_order l
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id and o.status <> 'voided'
        where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null
        """;

    /// <summary>The fault's orders serve it from now on: where they are all on hold, it stands still, too.</summary>
    public Task Handle(RequestJoinedFault notification, CancellationToken cancellationToken) =>
        standStill.Look(notification.CommunityId, [notification.RequestId], notification.At, cancellationToken);

    public async Task Handle(RequestLeftFault notification, CancellationToken cancellationToken)
    {
        if (notification.How == LeftHow.UnJoined && await db.Single<int>(Own, new { notification.CommunityId, notification.RequestId }, cancellationToken) == 0)
        {
            await clocks.Undo(notification.CommunityId, notification.RequestId, notification.JoinedAt, notification.At, cancellationToken);
        }

        await standStill.Look(notification.CommunityId, [notification.RequestId], notification.At, cancellationToken);
    }
}
