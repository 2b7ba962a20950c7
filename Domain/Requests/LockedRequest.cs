namespace PropertyServiceDesk.Domain.Requests;

/// <summary>What every command on a request answers: where it stands now, and what may follow.</summary>
public sealed record RequestReply(Guid RequestId, long Number, RequestStatus Status, int Version, IReadOnlyList<RequestMove> AllowedMoves)
{
    internal static RequestReply Of(Caller caller, Guid communityId, RequestKind kind, Guid id, long number, RequestStatus status, int version) =>
        new(id, number, status, version, RequestMoves.For(caller, communityId, kind, status));
}

/// <summary>Somebody's request changed its state; told inside the transaction, to subscribers that only write to the database.</summary>
/// <param name="OnTheSpot">Answered while the caller was on the telephone.</param>
public sealed record RequestMoved(Guid CommunityId, Guid RequestId, RequestStatus From, RequestMove Move, RequestStatus To, DateTimeOffset At, bool OnTheSpot = false) : INotification;

/// <summary>A request as the running command holds it: its row is locked until commit.</summary>
internal sealed record LockedRequest(
    Guid CommunityId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    Channel Channel,
    RequestStatus Status,
    Guid CategoryId,
    Priority Priority,
    Guid? PlaceId,
    Guid? BuildingId,
    Guid? AssetId,
    Guid? CustomerId,
    string? ReporterPhone,
    bool Confidential,
    Payer Payer,
    DateTimeOffset ReportedAt,
    DateTimeOffset? AppointmentFrom,
    DateTimeOffset? AppointmentTo,
    DateTimeOffset? ImposedDueAt,
    Guid? InChargeId,
    DateTimeOffset? FirstRepliedAt,
    Outcome? Outcome,
    short Round,
    short ReworkCount,
    DateTimeOffset? LastUrgedAt,
    DateTimeOffset? ClosedAt,
    bool Imported,
    DateTimeOffset? TakenUpAt,
    int Version)
{
    // What is confidential before the caller is not there for them.
    internal const string Read = """
        select community_id, request_id, number, kind, channel, status, category_id, priority, place_id, building_id, asset_id, customer_id,
            reporter_phone, confidential, payer, reported_at, appointment_from, appointment_to, imposed_due_at, in_charge_id, first_replied_at,
            outcome, round, rework_count, last_urged_at, closed_at, import_id is not null as imported, taken_up_at, version
        from request
        where request_id = @RequestId and not (confidential and request_id = any (hidden_requests((select scope_actor()), array[community_id])))
        for no key update
        """;

    /// <summary>Whoever holds it.</summary>
    private Caller Caller { get; init; } = new();

    private const string Touch = """
        update request
        set status = @To, version = version + 1
        where request_id = @RequestId
        """;

    /// <exception cref="Refused.NotFound">There is none, or it is another community's, or a confidential complaint about the caller or their crew.</exception>
    /// <param name="what">As what it is not there: the request, or something that belongs to it and was named.</param>
    public static async Task<LockedRequest> Of(Db db, Guid requestId, CancellationToken ct, string what = "request")
    {
        var request = await db.Find<LockedRequest>(Read, new { RequestId = requestId }, ct) ?? throw new Refused.NotFound(what);
        if (request is { Imported: true, TakenUpAt: null })
        {
            db.NotTakenUp.Add(requestId);
        }

        return request with { Caller = db.Caller };
    }

    /// <summary>For a move that changes nothing but the state and the version.</summary>
    public async Task<RequestReply> MoveTo(Db db, RequestStatus to, CancellationToken ct)
    {
        await db.Run(Touch, new { RequestId, To = to }, ct);
        return Moved(to);
    }

    /// <summary>The reply once the row's version has been raised.</summary>
    public RequestReply Moved(RequestStatus to) => RequestReply.Of(Caller, CommunityId, Kind, RequestId, Number, to, Version + 1);
}
