using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>How long a closed request may come back, and where it is continued after that.</summary>
internal sealed class Reopening(Db db, SlaBook book)
{
    private const string RulesOf = """
        select f.plan_version_id
        from feedback f
        where f.community_id = @CommunityId and f.request_id = @RequestId
        order by f.round desc
        limit 1
        """;

    // What is confidential before the caller is not there for them.
    private const string Open = """
        select r.request_id
        from request r
        where r.community_id = @CommunityId and r.rework_of_id = @RequestId and r.status not in ('closed', 'cancelled')
          and not (r.confidential and r.request_id = any (hidden_requests((select scope_actor()), array[r.community_id])))
        order by r.request_id desc
        limit 1
        """;

    /// <summary>By the rules that its last round began under; without one, by those in force.</summary>
    public async Task<bool> IsTooLate(LockedRequest request, DateTimeOffset now, CancellationToken ct)
    {
        if (request.ClosedAt is null)
        {
            return false;
        }

        var version = await db.Find<Guid?>(RulesOf, new { request.CommunityId, request.RequestId }, ct);
        var profile = version is { } began ? await book.ProfileOf(began, ct) : (await book.Now(request.CommunityId, null, ct)).Profile;
        return ReworkRules.IsTooLate(request.ClosedAt, profile.Asking(), now);
    }

    /// <summary>The request that was made when this one came back too late, while it is open; locked. It is the younger one, so its id comes later.</summary>
    public async Task<LockedRequest?> OpenOne(LockedRequest request, CancellationToken ct) =>
        await db.Find<Guid?>(Open, new { request.CommunityId, request.RequestId }, ct) is { } id
        && await LockedRequest.Of(db, id, ct) is { Status: not (RequestStatus.Closed or RequestStatus.Cancelled) } open ? open : null;
}
