using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>What commands on a request share: lock it, check whose it is and which version was looked at.</summary>
internal sealed class RequestMover(Db db, Caller caller, CrewsOwn own)
{
    /// <summary>For a transition: a version is optional, but one that was given must be the current one.</summary>
    public async Task<LockedRequest> Lock(Guid requestId, CancellationToken ct)
    {
        var request = await LockedRequest.Of(db, requestId, ct);
        caller.MustBeAllowedIn(request.CommunityId);
        await own.MustBeRequest(request.CommunityId, request.RequestId, ct);
        caller.MustNotBeStale("request", request.Version);
        return request;
    }

    /// <summary>For an edit, which overwrites what somebody else may just have written: the version is needed.</summary>
    public async Task<LockedRequest> LockForEdit(Guid requestId, int? version, CancellationToken ct)
    {
        var request = await LockedRequest.Of(db, requestId, ct);
        caller.MustBeAllowedIn(request.CommunityId);
        await own.MustBeRequest(request.CommunityId, request.RequestId, ct);
        caller.MustKnowVersion("request", request.Version, version);
        return request;
    }
}

/// <summary>An order of the running command's request that is neither done nor voided; locked, unless it is a fault's.</summary>
/// <param name="Shared">It serves another request, too, or belongs to a fault: what happens to this request leaves it alone.</param>
internal sealed record OpenOrder(Guid WorkOrderId, Crew Crew, WorkOrderStatus Status, Guid? WaitsForId, Guid? ReworkOfId, Guid? FaultId, bool Shared);

internal static class OpenOrders
{
    // Locked first, by id; looked at again after that. A fault's orders are not locked: they are only counted as shared, and the
    // fault's lock would come before theirs. No fault takes one over meanwhile: that needs the request's lock, which is ours.
    private const string Read = """
        select o.work_order_id
        from work_order o
        where o.community_id = @CommunityId and o.status not in ('done', 'voided') and o.fault_id is null
          and o.work_order_id in (select l.work_order_id from request_work_order l where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null)
        order by o.work_order_id
        for no key update of o;

        select o.work_order_id, o.crew, o.status, o.waits_for_id, o.rework_of_id, o.fault_id,
            o.fault_id is not null or exists (
                select from request_work_order x
                where x.community_id = o.community_id and x.work_order_id = o.work_order_id and x.request_id <> @RequestId and x.left_at is null) as shared
        from request_work_order l
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and o.status not in ('done', 'voided')
        order by o.work_order_id;
        """;

    /// <summary>The open orders that serve a locked request now, by id.</summary>
    public static async Task<IReadOnlyList<OpenOrder>> Lock(Db db, LockedRequest request, CancellationToken ct)
    {
        using var read = await db.Several(Read, new { request.CommunityId, request.RequestId }, ct);
        await read.ReadAsync<Guid>();
        return (await read.ReadAsync<OpenOrder>()).AsList();
    }

    /// <summary>Those that are this request's alone.</summary>
    public static async Task<Guid[]> LockOwn(Db db, LockedRequest request, CancellationToken ct) =>
        [.. (await Lock(db, request, ct)).Where(o => !o.Shared).Select(o => o.WorkOrderId)];
}
