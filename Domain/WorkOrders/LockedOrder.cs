namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>What every command on a work order answers: where it stands now, and what may follow.</summary>
public sealed record WorkOrderReply(Guid WorkOrderId, long Number, WorkOrderStatus Status, int Version, IReadOnlyList<WorkOrderMove> AllowedMoves)
{
    internal static WorkOrderReply Of(Caller caller, Guid communityId, OrderIs order, Guid id, long number, WorkOrderStatus status, int version) =>
        new(id, number, status, version, OrderMoves.For(caller, communityId, order, status));
}

/// <summary>A work order changed its state; told inside the transaction, to subscribers that only write to the database.</summary>
/// <param name="Crew">Whose it was before the move.</param>
/// <param name="NowCrew">Whose it is after it; another one after a transfer.</param>
/// <param name="At">When it happened: the device's time where that is believed, else the server's.</param>
public sealed record WorkMoved(
    Guid CommunityId,
    Guid WorkOrderId,
    IReadOnlyList<Guid> RequestIds,
    Crew Crew,
    Crew NowCrew,
    WorkOrderStatus From,
    WorkOrderMove Move,
    WorkOrderStatus To,
    DateTimeOffset At) : INotification;

/// <summary>A work order as the running command holds it: the requests that it serves are locked by id, then its fault, then the order.</summary>
internal sealed record LockedOrder(
    Guid CommunityId,
    Guid WorkOrderId,
    long Number,
    Guid? FaultId,
    Crew Crew,
    Guid? TeamId,
    Guid? AssigneeId,
    WorkOrderStatus Status,
    Priority Priority,
    Guid CategoryId,
    Guid? PlaceId,
    Guid? AssetId,
    Guid? ReworkOfId,
    DateTimeOffset? AssignedAt,
    DateTimeOffset? AcceptedAt,
    DateTimeOffset? ArrivedAt,
    Payer Payer,
    decimal? ConsentedAmount,
    bool? TeamIsExternal,
    int Version)
{
    // Requests first, by id; then its fault; then the order; then once more which requests there are. A request that was joined between
    // the first look and the order's lock is not locked yet: it is, if nobody else holds it; else the pipeline starts again. After the
    // order's lock none can be joined any more. Whoever holds several orders of a fault holds the fault, and so they cannot cross.
    private const string Read = """
        select r.request_id, r.import_id is not null and r.taken_up_at is null as not_taken_up
        from request r
        where r.request_id in (select l.request_id from request_work_order l where l.work_order_id = @WorkOrderId and l.left_at is null
                               and l.community_id = any ((select scope_communities())::uuid[]))
        order by r.request_id
        for no key update of r;

        select f.fault_id
        from fault f
        where f.fault_id = (select o.fault_id from work_order o where o.work_order_id = @WorkOrderId)
        for no key update of f;

        select o.community_id, o.work_order_id, o.number, o.fault_id, o.crew, o.team_id, o.assignee_id, o.status, o.priority, o.category_id, o.place_id,
            o.asset_id, o.rework_of_id, o.assigned_at, o.accepted_at, o.arrived_at, o.payer, o.consented_amount, t.external as team_is_external, o.version
        from work_order o
        left join team t on t.community_id = o.community_id and t.team_id = o.team_id
        where o.work_order_id = @WorkOrderId
        for no key update of o;

        select l.request_id
        from request_work_order l
        where l.work_order_id = @WorkOrderId and l.left_at is null and l.community_id = any ((select scope_communities())::uuid[])
        order by l.request_id;
        """;

    private sealed record LockedFirst(Guid RequestId, bool? NotTakenUp);

    /// <summary>The requests that it serves now, by id; all locked.</summary>
    public IReadOnlyList<Guid> RequestIds { get; private init; } = [];

    /// <summary>Whoever holds it.</summary>
    private Caller Caller { get; init; } = new();

    /// <summary>Whose it is, as it was found.</summary>
    public OrderIs Is => new(TeamId, AssigneeId, TeamIsExternal, ReworkOfId is not null, Payer);

    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<LockedOrder> Of(Db db, Guid workOrderId, CancellationToken ct)
    {
        List<LockedFirst> locked;
        List<Guid> faults;
        LockedOrder order;
        List<Guid> linked;
        using (var read = await db.Several(Read, new { WorkOrderId = workOrderId }, ct))
        {
            locked = (await read.ReadAsync<LockedFirst>()).AsList();
            faults = (await read.ReadAsync<Guid>()).AsList();
            order = await read.ReadSingleOrDefaultAsync<LockedOrder>() ?? throw new Refused.NotFound("work_order");
            linked = (await read.ReadAsync<Guid>()).AsList();
        }

        if (order.FaultId is { } fault && !faults.Contains(fault))
        {
            throw new LockSetChanged(); // a fault took it over meanwhile
        }

        db.NotTakenUp.UnionWith(locked.Where(l => l.NotTakenUp == true).Select(l => l.RequestId));
        await RequestLocks.TakeRest(db, [.. locked.Select(l => l.RequestId)], linked, ct);
        return order with { RequestIds = linked, Caller = db.Caller };
    }

    /// <summary>
    /// The people whose order it is: the assignee; before there is one, anybody of the team; the team's lead always; officers always;
    /// and for an external team, which has no accounts, the desk.
    /// </summary>
    /// <exception cref="Refused.Forbidden">The caller is none of them.</exception>
    public void MustBeTheirs(Caller caller)
    {
        caller.MustBeAllowedIn(CommunityId);
        var actor = caller.Actor;
        if (!actor.Has(CommunityId, Roles.Officers | Roles.System) && !Is.IsOf(actor, CommunityId))
        {
            throw new Refused.Forbidden("work_order.somebody_elses", "This work order is somebody else's.");
        }
    }

    /// <summary>When it happened: what the device says, if that lies between the order's last move and now; else now, and the event says that the device was not believed.</summary>
    public DateTimeOffset Occurred(Caller caller, DateTimeOffset now)
    {
        DateTimeOffset?[] moves = [AssignedAt, AcceptedAt, ArrivedAt];
        return caller.DeviceAt is { } said && said <= now && said >= moves.Max() ? said : now;
    }

    public WorkMoved Moved(WorkOrderMove move, WorkOrderStatus to, DateTimeOffset at, Crew? nowCrew = null) =>
        new(CommunityId, WorkOrderId, RequestIds, Crew, nowCrew ?? Crew, Status, move, to, at);

    /// <param name="now">Whose it is now, where the move gave it to somebody else.</param>
    public WorkOrderReply Reply(WorkOrderStatus to, OrderIs? now = null) => WorkOrderReply.Of(Caller, CommunityId, now ?? Is, WorkOrderId, Number, to, Version + 1);
}
