using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// The request turned out to be something else, or more urgent, or elsewhere, or at another time: its running clocks, and those of the
/// orders that are its alone, follow the policy that governs now. They keep their start and every pause; a breach that was recorded stands.
/// </summary>
internal sealed class FollowRequest(Db db, ClockRows clocks, StandStill standStill, ClockFollower follower)
    : INotificationHandler<RequestReprioritised>, INotificationHandler<RequestRecategorised>, INotificationHandler<RequestAmended>, INotificationHandler<RequestRescheduled>,
        INotificationHandler<RequestTakenUp>
{
    private static readonly ClockKind[] Owners =
        [ClockKind.Dispatch, ClockKind.Accept, ClockKind.Safe, ClockKind.Controlled, ClockKind.FirstReply, ClockKind.WrittenReply, ClockKind.Arranged, ClockKind.Finish];

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

    public Task Handle(RequestReprioritised notification, CancellationToken cancellationToken) =>
        Follow(notification.CommunityId, notification.RequestId, notification.At, cancellationToken);

    public Task Handle(RequestRecategorised notification, CancellationToken cancellationToken) =>
        Follow(notification.CommunityId, notification.RequestId, notification.At, cancellationToken);

    public Task Handle(RequestAmended notification, CancellationToken cancellationToken) =>
        notification.FromPlaceId == notification.ToPlaceId && !notification.OtherDeadline
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

    /// <summary>The file brought a target at most: whatever else is owed begins when somebody takes it up, unless that ended it.</summary>
    public Task Handle(RequestTakenUp notification, CancellationToken cancellationToken) =>
        notification.Status is RequestStatus.Received or RequestStatus.InProgress
            ? Follow(notification.CommunityId, notification.RequestId, notification.At, cancellationToken)
            : Task.CompletedTask;

    private async Task Follow(Guid communityId, Guid requestId, DateTimeOffset at, CancellationToken ct)
    {
        var orders = await db.List<Guid>(OwnOrders, new { CommunityId = communityId, RequestId = requestId }, ct);
        Guid[] subjects = [requestId, .. orders];
        var running = await clocks.Running(communityId, subjects, ct);
        await follower.Follow(communityId, ClockSubject.Request, requestId, running, Owners, mayStart: true, null, at, ct);
        foreach (var order in orders)
        {
            await follower.Follow(communityId, ClockSubject.WorkOrder, order, running, Crews, mayStart: true, null, at, ct);
            await standStill.LookAtOrder(communityId, order, at, ct);
        }

        await standStill.NeverHeld(communityId, subjects, at, ct);
        await standStill.Look(communityId, [requestId], at, ct);
        db.InOtherHands.Add(requestId);
    }
}

/// <summary>Brings the running clocks of a request or an order to what is owed by what governs now: facts, profile, calendars, declared events.</summary>
internal sealed class ClockFollower(Db db, SlaBook book, ClockRows clocks)
{
    private const string All = """
        select kind, started_at, stopped_why
        from clock
        where community_id = @CommunityId and subject_id = @RequestId
        order by kind, cycle
        """;

    // Somebody of the crew that has the order now arrived in time or late, and handed it over: the crew has come. An arrival that was taken back has a clock that runs.
    private const string CrewArrived = """
        select exists (
            select from work_order o
            join clock k on k.community_id = o.community_id and k.subject_id = o.work_order_id and k.kind = 'arrive'
            where o.community_id = @CommunityId and o.work_order_id = @WorkOrderId
            having max(k.cycle) filter (where k.stopped_why = 'met' and k.stopped_at >= o.dispatched_at) = max(k.cycle))
        """;

    private sealed record Earlier(ClockKind Kind, DateTimeOffset StartedAt, StopReason? StoppedWhy);

    /// <param name="among">The kinds that this is about.</param>
    /// <param name="mayStart">Whether what is owed newly starts; else only what runs follows.</param>
    /// <param name="tell">Told of each clock before it changes.</param>
    public Task Follow(
        Guid communityId, ClockSubject kind, Guid subjectId, IReadOnlyList<RunningClock> running, ClockKind[] among, bool mayStart, Action<RunningClock>? tell, DateTimeOffset at, CancellationToken ct) =>
        kind == ClockSubject.Request
            ? Owners(communityId, subjectId, running, among, mayStart, tell, at, ct)
            : Crews(communityId, subjectId, running, among, mayStart, tell, at, ct);

    private async Task Owners(Guid communityId, Guid requestId, IReadOnlyList<RunningClock> running, ClockKind[] among, bool mayStart, Action<RunningClock>? tell, DateTimeOffset at, CancellationToken ct)
    {
        var known = await db.List<Earlier>(All, new { CommunityId = communityId, RequestId = requestId }, ct);
        var earlier = known.ToLookup(e => e.Kind);
        var since = known.Select(e => e.StartedAt).Append(at).Min();
        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, requestId, communityId, since, ct);
        if (row.ReportedAt < since)
        {
            sla = sla with { Events = await book.EventsSince(communityId, row.ReportedAt, ct) };
        }

        var reworked = row.ReworkCount > 0;
        var policy = row.PolicyIn(sla.Profile);
        var began = reworked ? new[] { earlier[ClockKind.Arranged], earlier[ClockKind.Finish] }.Select(e => e.LastOrDefault()?.StartedAt).Min() ?? at : row.ReportedAt;
        var owed = OwedClocks.ToTheOwner(policy, row.Kind, row.Crew, began, row.AppointmentFrom, row.ImposedDueAt, reworked).ToList();
        if (reworked)
        {
            // Rework beside others: what was owed from the report on runs still, and so does a deadline from outside.
            var first = OwedClocks.ToTheOwner(policy, row.Kind, row.Crew, row.ReportedAt, row.AppointmentFrom, row.ImposedDueAt);
            var runs = running.Where(r => r.SubjectId == requestId).ToArray();
            owed = [.. owed.Where(o => o.Kind != ClockKind.Finish || !runs.Any(r => r is { Kind: ClockKind.Finish, Imposed: true })),
                .. first.Where(f => runs.Any(r => r.Kind == f.Kind && (r.Imposed || owed.All(o => o.Kind != f.Kind))))];
        }

        if (row.AppointmentFrom is null && running.FirstOrDefault(r => r.SubjectId == requestId && r.Kind == ClockKind.Finish) is { } finish && finish.StartedAt > began)
        {
            // Nobody worked while an appointment lay ahead; what was waited for does not count, now that it is off.
            var from = finish.StartedAt < at ? finish.StartedAt : at;
            owed = [.. owed.Select(o => o.Kind == ClockKind.Finish ? o with { From = from } : o)];
        }

        // What was owed only from a change on, and the owner's word, count from when they began.
        owed = [.. owed.Concat(OwedClocks.Milestones(policy, row.Crew, [ClockKind.Feedback]).Select(m => new Owed(m.Kind, at, m.Allowance, m.Calendar)))
            .Select(o => o.Kind != ClockKind.Finish && running.FirstOrDefault(r => r.SubjectId == requestId && r.Kind == o.Kind) is { } runs ? o with { From = runs.StartedAt } : o)];
        await clocks.Change(communityId, sla, ClockSubject.Request, requestId, policy, null, running, [.. owed.Where(o => among.Contains(o.Kind))], MayStart, among, tell, at, ct);

        // What was met is met; what the policy did not ask for until now, or had stopped asking for, starts now.
        bool MayStart(ClockKind kind) => mayStart && (earlier[kind].LastOrDefault()?.StoppedWhy is null or StopReason.Superseded) && kind switch
        {
            ClockKind.Dispatch => false, // the last thing that a command does, once it is known who has it
            ClockKind.Accept => row.InChargeId is null,
            ClockKind.FirstReply => row.FirstRepliedAt is null,
            ClockKind.WrittenReply => row.WrittenRepliedAt is null,
            _ => true,
        };
    }

    private async Task Crews(Guid communityId, Guid workOrderId, IReadOnlyList<RunningClock> running, ClockKind[] among, bool mayStart, Action<RunningClock>? tell, DateTimeOffset at, CancellationToken ct)
    {
        var (row, sla) = await book.With<OrderFacts>(OrderFacts.Read, workOrderId, communityId, running.Where(r => r.SubjectId == workOrderId).Select(r => r.StartedAt).Append(at).Min(), ct);
        var policy = row.PolicyIn(sla.Profile, row.Crew);
        var arrive = running.FirstOrDefault(r => r.SubjectId == workOrderId && r.Kind == ClockKind.Arrive);

        // An appointment that has passed goes on to govern the arrival that it governed.
        var appointmentStill = arrive is { Allowance: null } && row.AppointmentTo is not null ? row.AppointmentTo.Value.AddTicks(-1) : at;
        var arrived = row.ArrivedAt is not null || (arrive is null && mayStart && await db.Single<bool>(CrewArrived, new { CommunityId = communityId, WorkOrderId = workOrderId }, ct));
        var owed = OwedClocks.OfACrew(policy, row.Crew, at, row.AppointmentTo, at < appointmentStill ? at : appointmentStill)
            .Select(o => running.FirstOrDefault(r => r.SubjectId == workOrderId && r.Kind == o.Kind) is { } runs ? o with { From = runs.StartedAt } : o)
            .Where(o => among.Contains(o.Kind))
            .ToArray();
        await clocks.Change(communityId, sla, ClockSubject.WorkOrder, workOrderId, policy, row.Crew, running, owed, MayStart, among, tell, at, ct);

        bool MayStart(ClockKind kind) => mayStart && kind switch
        {
            ClockKind.Accept => row.Status == WorkOrderStatus.Dispatched,
            _ => !arrived,
        };
    }
}
