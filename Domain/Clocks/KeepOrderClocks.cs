using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>A crew's own clocks: accept and arrive, from when the order was given to it. A waiting order has none.</summary>
internal sealed class KeepOrderClocks(Db db, SlaBook book, ClockRows clocks) : INotificationHandler<WorkMade>, INotificationHandler<WorkMoved>
{
    private const string Subject = """
        select coalesce(r.kind, c.kind) as kind, o.priority, c.code, p.code as parent_code, g.code as grandparent_code, c.common_area or coalesce(l.kind = 'commonArea', false) as common_area,
            r.appointment_to, o.rework_of_id is not null as rework
        from work_order o
        join category c on c.community_id = o.community_id and c.category_id = o.category_id
        left join category p on p.community_id = c.community_id and p.category_id = c.parent_id
        left join category g on g.community_id = p.community_id and g.category_id = p.parent_id
        left join place l on l.community_id = o.community_id and l.place_id = o.place_id
        left join lateral (
            select q.kind, q.appointment_to
            from request_work_order w
            join request q on q.community_id = w.community_id and q.request_id = w.request_id
            where w.community_id = o.community_id and w.work_order_id = o.work_order_id and w.left_at is null
            order by q.reported_at, q.request_id
            limit 1) r on true
        where o.work_order_id = @Id
        """;

    /// <summary>Requests all of whose open mandatory orders are on hold: nobody can go on with them.</summary>
    private const string AllOnHold = """
        select l.request_id
        from request_work_order l
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        where l.community_id = @CommunityId and l.request_id = any (@RequestIds) and l.left_at is null and l.mandatory and o.status not in ('done', 'voided')
        group by l.request_id
        having bool_and(o.status = 'onHold')
        """;

    private sealed record Row(
        RequestKind Kind, Priority Priority, string Code, string? ParentCode, string? GrandparentCode, bool CommonArea, DateTimeOffset? AppointmentTo, bool Rework)
    {
        public SlaSubject SubjectFor(Crew crew) => new(Kind, Priority, [.. new[] { Code, ParentCode, GrandparentCode, CommonArea ? "common-area" : null }.OfType<string>()], crew);
    }

    public Task Handle(WorkMade notification, CancellationToken cancellationToken) =>
        notification.Status == WorkOrderStatus.Dispatched
            ? StartFor(notification.CommunityId, notification.WorkOrderId, notification.Crew, notification.At, [ClockKind.Accept, ClockKind.Arrive], cancellationToken)
            : Task.CompletedTask;

    public async Task Handle(WorkMoved notification, CancellationToken cancellationToken)
    {
        var (community, order, at) = (notification.CommunityId, notification.WorkOrderId, notification.At);
        switch (notification.Move)
        {
            case WorkOrderMove.Dispatch or WorkOrderMove.Release:
                await StartFor(community, order, notification.NowCrew, at, [ClockKind.Accept, ClockKind.Arrive], cancellationToken);
                break;
            case WorkOrderMove.Accept or WorkOrderMove.Claim:
                await clocks.Stop(community, [order], [ClockKind.Accept], StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.Assign or WorkOrderMove.TakeBack:
                await clocks.Stop(community, [order], [ClockKind.Accept], StopReason.Superseded, at, cancellationToken);
                await StartFor(community, order, notification.NowCrew, at, [ClockKind.Accept], cancellationToken);
                break;
            case WorkOrderMove.Arrive:
                await clocks.Stop(community, [order], [ClockKind.Arrive], StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.MakeSafe:
                await clocks.Stop(community, notification.RequestIds, [ClockKind.Safe], StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.Control:
                await clocks.Stop(community, notification.RequestIds, [ClockKind.Controlled], StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.Return:
                await clocks.Stop(community, [order], null, StopReason.Returned, at, cancellationToken);
                break;
            case WorkOrderMove.Transfer:
                await clocks.Stop(community, [order], null, StopReason.Transferred, at, cancellationToken);
                await StartFor(community, order, notification.NowCrew, at, [ClockKind.Accept, ClockKind.Arrive], cancellationToken);
                break;
            case WorkOrderMove.Complete:
                await clocks.Stop(community, [order], null, StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.Void:
                await clocks.Stop(community, [order], null, StopReason.Voided, at, cancellationToken);
                break;
        }

        await HoldOrResumeRequests(notification, cancellationToken);
    }

    private async Task HoldOrResumeRequests(WorkMoved notification, CancellationToken ct)
    {
        if (notification.From != WorkOrderStatus.OnHold && notification.To != WorkOrderStatus.OnHold)
        {
            return;
        }

        var (row, sla) = await book.With<Row>(Subject, notification.WorkOrderId, notification.CommunityId, ct);
        if (!SlaPolicy.Choose(sla.Profile.Policies, row.SubjectFor(notification.NowCrew)).HoldsStopClocks)
        {
            return;
        }

        var paused = await db.List<Guid>(AllOnHold, new { notification.CommunityId, RequestIds = notification.RequestIds.ToArray() }, ct);
        await clocks.Hold(notification.CommunityId, paused, [ClockKind.Finish], notification.At, ct);
        await clocks.Resume(notification.CommunityId, [.. notification.RequestIds.Except(paused)], notification.At, ct);
        if (notification.To == WorkOrderStatus.OnHold)
        {
            await clocks.Hold(notification.CommunityId, [notification.WorkOrderId], [ClockKind.Arrive], notification.At, ct);
        }
        else
        {
            await clocks.Resume(notification.CommunityId, [notification.WorkOrderId], notification.At, ct);
        }
    }

    private async Task StartFor(Guid communityId, Guid workOrderId, Crew crew, DateTimeOffset at, ClockKind[] kinds, CancellationToken ct)
    {
        var (row, sla) = await book.With<Row>(Subject, workOrderId, communityId, ct);
        var policy = row.Rework ? SlaPolicy.ForRework(sla.Profile, row.SubjectFor(crew)) : SlaPolicy.Choose(sla.Profile.Policies, row.SubjectFor(crew));
        var starting = new List<NewClock>();
        foreach (var kind in kinds)
        {
            if (kind == ClockKind.Arrive && policy.Appointment is { } rule && row.AppointmentTo is { } end && end > at)
            {
                starting.Add(new NewClock(ClockSubject.WorkOrder, workOrderId, kind, crew, policy.Code, at, null, "24x7", rule.LatestArrival(end)));
            }
            else if (policy.For(kind, crew) is { } milestone)
            {
                starting.Add(new NewClock(ClockSubject.WorkOrder, workOrderId, kind, crew, policy.Code, at, milestone.Allowance, milestone.Calendar));
            }
        }

        await clocks.Start(communityId, sla, starting, ct);
    }
}
