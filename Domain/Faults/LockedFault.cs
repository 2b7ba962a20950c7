namespace PropertyServiceDesk.Domain.Faults;

/// <summary>What every command on a fault answers: where it stands now, and what may follow.</summary>
public sealed record FaultReply(Guid FaultId, long Number, FaultStatus Status, int Version, IReadOnlyList<FaultMove> AllowedMoves)
{
    internal static FaultReply Of(Caller caller, Guid communityId, Guid id, long number, FaultStatus status, int version) => new(id, number, status, version, FaultMoves.For(caller, communityId, status));
}

/// <summary>A fault as the running command holds it. Its lock is taken after requests and before orders.</summary>
internal sealed record LockedFault(
    Guid CommunityId, Guid FaultId, long Number, FaultStatus Status, string Title, Guid CategoryId, Guid PlaceId, Guid? AssetId, DateTimeOffset? ExpectedAt, int Version)
{
    private const string ReadRow = """
        select community_id, fault_id, number, status, title, category_id, place_id, asset_id, expected_at, version
        from fault
        where fault_id = @FaultId
        for no key update
        """;

    private const string LockRequests = """
        select r.request_id
        from request r
        where r.request_id in (select j.request_id from fault_request j where j.fault_id = @FaultId and j.left_at is null
                               and j.community_id = any ((select scope_communities())::uuid[]))
        order by r.request_id
        for no key update of r;

        """;

    private const string Joined = """
        ;

        select j.request_id
        from fault_request j
        where j.fault_id = @FaultId and j.left_at is null and j.community_id = any ((select scope_communities())::uuid[])
        order by j.request_id;
        """;

    private const string ReadAll = LockRequests + ReadRow + Joined;

    /// <summary>The requests that are joined now, by id; all locked, if <see cref="WithRequests"/> took the lock.</summary>
    public IReadOnlyList<Guid> RequestIds { get; private init; } = [];

    /// <summary>Whoever holds it.</summary>
    private Caller Caller { get; init; } = new();

    /// <summary>The row alone: for joining one request, which the caller has locked.</summary>
    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<LockedFault> Of(Db db, Guid faultId, CancellationToken ct) =>
        (await db.Find<LockedFault>(ReadRow, new { FaultId = faultId }, ct) ?? throw new Refused.NotFound("fault")) with { Caller = db.Caller };

    /// <summary>Every joined request by id, then the fault. While it is held, nothing is joined.</summary>
    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<LockedFault> WithRequests(Db db, Guid faultId, CancellationToken ct)
    {
        List<Guid> locked;
        LockedFault fault;
        List<Guid> joined;
        using (var read = await db.Several(ReadAll, new { FaultId = faultId }, ct))
        {
            locked = (await read.ReadAsync<Guid>()).AsList();
            fault = await read.ReadSingleOrDefaultAsync<LockedFault>() ?? throw new Refused.NotFound("fault");
            joined = (await read.ReadAsync<Guid>()).AsList();
        }

        await RequestLocks.TakeRest(db, locked, joined, ct);
        return fault with { RequestIds = joined, Caller = db.Caller };
    }

    public FaultReply Moved(FaultStatus to) => FaultReply.Of(Caller, CommunityId, FaultId, Number, to, Version + 1);
}
