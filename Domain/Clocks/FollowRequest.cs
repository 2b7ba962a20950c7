using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// The request turned out to be something else, or more urgent, or elsewhere, or at another time: its running clocks, and those of the
/// orders that are its alone, follow the policy that governs now. They keep their start and every pause; a breach that was recorded stands.
/// </summary>
internal sealed class FollowRequest(Db db, SlaBook book, ClockRows clocks, StandStill standStill)
    : INotificationHandler<RequestReprioritised>, INotificationHandler<RequestRecategorised>, INotificationHandler<RequestAmended>, INotificationHandler<RequestRescheduled>
{
    private static readonly ClockKind[] Owners =
        [ClockKind.Accept, ClockKind.Safe, ClockKind.Controlled, ClockKind.FirstReply, ClockKind.WrittenReply, ClockKind.Arranged, ClockKind.Finish];

    private static readonly ClockKind[] Crews = [ClockKind.Accept, ClockKind.Arrive];

    // Whoever changes an order's clocks holds its requests: those orders that are this request's alone are held with it.
    private const string OwnOrders = """
        select o.work_order_id
        from request_work_order l
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and o.fault_id is null and o.status in ('dispatched', 'accepted', 'working', 'onHold')
          and not exists (
            select from request_work_order x
            where x.community_id = l.community_id and x.work_order_id = l.work_order_id and x.request_id <> l.request_id and x.left_at is null)
        order by o.work_order_id
        """;

    /// <summary>When a rework began: the milestone that it starts with says so.</summary>
    private const string Ended = """
        select kind, started_at, stopped_why
        from clock
        where community_id = @CommunityId and subject_id = @RequestId
        order by kind, cycle
        """;

    private sealed record Earlier(ClockKind Kind, DateTimeOffset StartedAt, StopReason? StoppedWhy);

    public Task Handle(RequestReprioritised notification, CancellationToken cancellationToken) =>
        Follow(notification.CommunityId, notification.RequestId, notification.At, cancellationToken);

    public Task Handle(RequestRecategorised notification, CancellationToken cancellationToken) =>
        Follow(notification.CommunityId, notification.RequestId, notification.At, cancellationToken);

    public Task Handle(RequestAmended notification, CancellationToken cancellationToken) =>
        notification.FromPlaceId == notification.ToPlaceId
            ? Task.CompletedTask
            : Follow(notification.CommunityId, notification.RequestId, notification.At, cancellationToken);

    public async Task Handle(RequestRescheduled notification, CancellationToken cancellationToken)
    {
        if (notification.To is not null)
        {
            await clocks.Stop(notification.CommunityId, [notification.RequestId], [ClockKind.Arranged], StopReason.Met, notification.At, cancellationToken);
        }

        await Follow(notification.CommunityId, notification.RequestId, notification.At, cancellationToken);
    }

    private async Task Follow(Guid communityId, Guid requestId, DateTimeOffset at, CancellationToken ct)
    {
        var orders = await db.List<Guid>(OwnOrders, new { CommunityId = communityId, RequestId = requestId }, ct);
        Guid[] subjects = [requestId, .. orders];
        var running = await clocks.Running(communityId, subjects, ct);
        await FollowTheOwners(communityId, requestId, running, at, ct);
        foreach (var order in orders)
        {
            await FollowTheCrews(communityId, order, running, at, ct);
            await standStill.LookAtOrder(communityId, order, at, ct);
        }

        await standStill.NeverHeld(communityId, subjects, at, ct);
        await standStill.Look(communityId, [requestId], at, ct);
    }

    private async Task FollowTheOwners(Guid communityId, Guid requestId, IReadOnlyList<RunningClock> running, DateTimeOffset at, CancellationToken ct)
    {
        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, requestId, communityId, ct);
        var earlier = (await db.List<Earlier>(Ended, new { CommunityId = communityId, RequestId = requestId }, ct)).ToLookup(e => e.Kind);
        var reworked = row.ReworkCount > 0;
        var policy = row.PolicyIn(sla.Profile);
        var began = reworked ? earlier[ClockKind.Arranged].LastOrDefault()?.StartedAt ?? at : row.ReportedAt;
        var owed = OwedClocks.ToTheOwner(policy, row.Kind, row.Crew, began, row.AppointmentFrom, row.ImposedDueAt, reworked).ToList();
        if (row.AppointmentFrom is null && running.FirstOrDefault(r => r.SubjectId == requestId && r.Kind == ClockKind.Finish) is { } finish && finish.StartedAt > began)
        {
            // Nobody worked while an appointment lay ahead; what was waited for does not count, now that it is off.
            var from = finish.StartedAt < at ? finish.StartedAt : at;
            owed = [.. owed.Select(o => o.Kind == ClockKind.Finish ? o with { From = from } : o)];
        }

        await clocks.Change(communityId, sla, ClockSubject.Request, requestId, policy, null, running, owed, MayStart, Owners, at, ct);

        // What was met is met; what the policy did not ask for until now, or had stopped asking for, starts now.
        bool MayStart(ClockKind kind) => earlier[kind].LastOrDefault()?.StoppedWhy is null or StopReason.Superseded && kind switch
        {
            ClockKind.Accept => row.InChargeId is null,
            ClockKind.FirstReply => row.FirstRepliedAt is null,
            ClockKind.WrittenReply => row.WrittenRepliedAt is null,
            _ => true,
        };
    }

    private async Task FollowTheCrews(Guid communityId, Guid workOrderId, IReadOnlyList<RunningClock> running, DateTimeOffset at, CancellationToken ct)
    {
        var (row, sla) = await book.With<OrderFacts>(OrderFacts.Read, workOrderId, communityId, ct);
        var policy = row.PolicyIn(sla.Profile, row.Crew);
        var owed = OwedClocks.OfACrew(policy, row.Crew, at, row.AppointmentTo, at)
            .Select(o => running.FirstOrDefault(r => r.SubjectId == workOrderId && r.Kind == o.Kind) is { } runs ? o with { From = runs.StartedAt } : o)
            .ToArray();
        await clocks.Change(communityId, sla, ClockSubject.WorkOrder, workOrderId, policy, row.Crew, running, owed, MayStart, Crews, at, ct);

        bool MayStart(ClockKind kind) => kind switch
        {
            ClockKind.Accept => row.Status == WorkOrderStatus.Dispatched,
            _ => row.ArrivedAt is null,
        };
    }
}
