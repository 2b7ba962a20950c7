using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>A crew's own clocks: accept and arrive, from when the order was given to it. A waiting order has none.</summary>
internal sealed class KeepOrderClocks(Db db, SlaBook book, ClockRows clocks, StandStill standStill, TimeProvider clock)
    : INotificationHandler<WorkMade>, INotificationHandler<WorkMoved>, INotificationHandler<HoldLimitPassed>, INotificationHandler<HoldAgreed>
{
    // They came before the appointment, and nobody was at home. Who is still on the way had not arrived: whoever had the order before them may have.
    private const string ArrivalTakenBack = """
        select exists (
            select from work_order o
            join clock k on k.community_id = o.community_id and k.subject_id = o.work_order_id and k.kind = 'arrive'
            where o.community_id = @CommunityId and o.work_order_id = @WorkOrderId and o.arrived_at is null
            having count(*) filter (where k.stopped_at is null) = 0 and max(k.cycle) filter (where k.stopped_why = 'met') = max(k.cycle))
        """;

    public async Task Handle(WorkMade notification, CancellationToken cancellationToken)
    {
        if (notification.Status == WorkOrderStatus.Dispatched)
        {
            await StartFor(notification.CommunityId, notification.WorkOrderId, notification.Crew, notification.At, [ClockKind.Accept, ClockKind.Arrive], cancellationToken);
        }

        await standStill.Look(notification.CommunityId, notification.RequestIds, notification.At, cancellationToken);
    }

    public async Task Handle(WorkMoved notification, CancellationToken cancellationToken)
    {
        // A telephone's time ends clocks; whoever has the order next has it from when the desk heard of it.
        var (community, order, at, heard) = (notification.CommunityId, notification.WorkOrderId, notification.At, clock.Now());
        switch (notification.Move)
        {
            case WorkOrderMove.Dispatch or WorkOrderMove.Release:
                await StartFor(community, order, notification.NowCrew, heard, [ClockKind.Accept, ClockKind.Arrive], cancellationToken);
                break;
            case WorkOrderMove.Accept or WorkOrderMove.Claim:
                await clocks.Stop(community, [order], [ClockKind.Accept], StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.Assign when notification.From == WorkOrderStatus.Dispatched:
                break; // the crew still owes its yes: giving the order from hand to hand wins no time
            case WorkOrderMove.Assign or WorkOrderMove.TakeBack:
                await clocks.Stop(community, [order], [ClockKind.Accept], StopReason.Superseded, at, cancellationToken);
                await StartFor(community, order, notification.NowCrew, heard, [ClockKind.Accept], cancellationToken);
                break;
            case WorkOrderMove.Arrive:
                await clocks.Stop(community, [order], [ClockKind.Arrive], StopReason.Met, at, cancellationToken);
                await clocks.Stop(community, notification.RequestIds, [ClockKind.Arranged], StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.Hold when notification.From == WorkOrderStatus.Working && await db.Single<bool>(ArrivalTakenBack, new { CommunityId = community, WorkOrderId = order }, cancellationToken):
                await StartFor(community, order, notification.NowCrew, heard, [ClockKind.Arrive], cancellationToken);
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
                await StartFor(community, order, notification.NowCrew, heard, [ClockKind.Accept, ClockKind.Arrive], cancellationToken);
                break;
            case WorkOrderMove.Complete:
                await clocks.Stop(community, [order], null, StopReason.Met, at, cancellationToken);
                break;
            case WorkOrderMove.Void:
                await clocks.Stop(community, [order], null, StopReason.Voided, at, cancellationToken);
                break;
        }

        await standStill.LookAtOrder(community, order, at, cancellationToken);
        await standStill.Look(community, notification.RequestIds, at, cancellationToken);
    }

    public Task Handle(HoldLimitPassed notification, CancellationToken cancellationToken) =>
        LookAgain(notification.CommunityId, notification.WorkOrderId, notification.RequestIds, notification.At, cancellationToken);

    public Task Handle(HoldAgreed notification, CancellationToken cancellationToken) =>
        LookAgain(notification.CommunityId, notification.WorkOrderId, notification.RequestIds, notification.At, cancellationToken);

    private async Task LookAgain(Guid communityId, Guid workOrderId, IReadOnlyList<Guid> requestIds, DateTimeOffset at, CancellationToken ct)
    {
        await standStill.LookAtOrder(communityId, workOrderId, at, ct);
        await standStill.Look(communityId, requestIds, at, ct);
    }

    private async Task StartFor(Guid communityId, Guid workOrderId, Crew crew, DateTimeOffset at, ClockKind[] kinds, CancellationToken ct)
    {
        var (row, sla) = await book.With<OrderFacts>(OrderFacts.Read, workOrderId, communityId, at, ct);
        var policy = row.PolicyIn(sla.Profile, crew);
        await clocks.Start(
            communityId,
            sla,
            [.. OwedClocks.OfACrew(policy, crew, at, row.AppointmentTo, at).Where(o => kinds.Contains(o.Kind)).Select(o => new NewClock(ClockSubject.WorkOrder, workOrderId, crew, policy.Code, o))],
            ct);
    }
}

/// <summary>What decides about an order's clocks, as it stands in this transaction.</summary>
/// <param name="FirstPriority">What the work had the first time, where this is rework.</param>
internal sealed record OrderFacts(
    RequestKind Kind,
    Priority Priority,
    string Code,
    string? ParentCode,
    string? GrandparentCode,
    bool CommonArea,
    DateTimeOffset? AppointmentFrom,
    DateTimeOffset? AppointmentTo,
    bool Rework,
    Priority? FirstPriority,
    WorkOrderStatus Status,
    Crew Crew,
    DateTimeOffset? ArrivedAt)
{
    // Of the requests that it serves, the one that was reported first speaks for all.
    internal const string Read = """
        select coalesce(r.kind, c.kind) as kind, o.priority, c.code, p.code as parent_code, g.code as grandparent_code, c.common_area or coalesce(l.kind = 'commonArea', false) as common_area,
            r.appointment_from, r.appointment_to, o.rework_of_id is not null or coalesce(r.rework, false) as rework, r.first_priority, o.status, o.crew, o.arrived_at
        from work_order o
        join category c on c.community_id = o.community_id and c.category_id = o.category_id
        left join category p on p.community_id = c.community_id and p.category_id = c.parent_id
        left join category g on g.community_id = p.community_id and g.category_id = p.parent_id
        left join place l on l.community_id = o.community_id and l.place_id = o.place_id
        left join lateral (
            select q.kind, q.appointment_from, q.appointment_to, q.rework_count > 0 or q.rework_of_id is not null as rework, coalesce(f.priority, q.priority) as first_priority
            from request_work_order w
            join request q on q.community_id = w.community_id and q.request_id = w.request_id
            left join request f on f.community_id = q.community_id and f.request_id = q.rework_of_id
            where w.community_id = o.community_id and w.work_order_id = o.work_order_id and w.left_at is null
            order by q.reported_at, q.request_id
            limit 1) r on true
        where o.work_order_id = @Id
        """;

    public Policy PolicyIn(SlaProfile profile, Crew crew)
    {
        var subject = new SlaSubject(Kind, Priority, RequestFacts.Categories(Code, ParentCode, GrandparentCode, CommonArea), crew);
        return Rework ? SlaPolicy.ForRework(profile, subject with { Priority = SlaPolicy.FirstOf(Priority, FirstPriority) }) : SlaPolicy.Choose(profile.Policies, subject);
    }
}
