namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>
/// What is theirs, for those whom the role table lets at no more: the orders of their crew, the requests that one of these serves or
/// served, and the requests that they registered themselves. Everything else is not there for them.
/// </summary>
internal sealed class CrewsOwn(Db db, Caller caller)
{
    private const string Look = """
        select exists (
                select
                from request r
                where r.community_id = @CommunityId and r.request_id = @RequestId and r.registered_by = @Me)
            or exists (
                select
                from request_work_order l
                join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                where l.community_id = @CommunityId and l.request_id = @RequestId and (o.assignee_id = @Me or o.crew = any (@Crews))) as theirs,
            exists (
                select
                from request_work_order l
                join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and o.status not in ('done', 'voided')
                  and (o.assignee_id = @Me or o.crew = any (@Crews))) as in_work
        """;

    private const string Order = """
        select exists (
            select
            from work_order o
            where o.community_id = @CommunityId and o.work_order_id = @WorkOrderId and (o.assignee_id = @Me or o.crew = any (@Crews)))
        """;

    private sealed record Looked(bool Theirs, bool InWork);

    /// <summary>The crews in which the caller has a seat in this community.</summary>
    public static string[] CrewsOf(Actor actor, Guid communityId) => [.. actor.Seats.Where(s => s.CommunityId == communityId).Select(s => EnumWord.Of(s.Crew)).Distinct(StringComparer.Ordinal)];

    /// <summary>What the SQL of a list needs to know: which communities are seen whole, and which crews' things in the others.</summary>
    public static void AddTo(DynamicParameters args, Caller caller)
    {
        var seats = caller.Actor.Seats.Where(s => !caller.SeesAllOf(s.CommunityId)).Select(s => (s.CommunityId, Crew: EnumWord.Of(s.Crew))).Distinct().ToArray();
        args.Add("Whole", caller.Actor.CommunitiesWith(caller.AllowedEverywhere).ToArray());
        args.Add("OwnCommunities", seats.Select(s => s.CommunityId).ToArray());
        args.Add("OwnCrews", seats.Select(s => s.Crew).ToArray());
        args.Add("Me", caller.Actor.Id);
    }

    /// <summary>Whether there is a community of which the caller sees but a part.</summary>
    public static bool Narrows(Caller caller) => caller.Actor.CommunitiesWith(caller.Allowed).Except(caller.Actor.CommunitiesWith(caller.AllowedEverywhere)).Any();

    /// <param name="what">As what it is not there: the request, or something that belongs to it.</param>
    /// <returns>Whether an order of theirs on it is open, so that they need to know whom to ring. Always, for those who see all of the community.</returns>
    /// <exception cref="Refused.NotFound">It is none of theirs.</exception>
    public async Task<bool> MustBeRequest(Guid communityId, Guid requestId, CancellationToken ct, string what = "request")
    {
        if (caller.SeesAllOf(communityId))
        {
            return true;
        }

        var looked = await db.Single<Looked>(Look, new { CommunityId = communityId, RequestId = requestId, Me = caller.Actor.Id, Crews = CrewsOf(caller.Actor, communityId) }, ct);
        return looked.Theirs ? looked.InWork : throw new Refused.NotFound(what);
    }

    /// <exception cref="Refused.NotFound">It is none of theirs.</exception>
    public async Task MustBeOrder(Guid communityId, Guid workOrderId, CancellationToken ct, string what = "work_order")
    {
        if (!caller.SeesAllOf(communityId)
            && !await db.Single<bool>(Order, new { CommunityId = communityId, WorkOrderId = workOrderId, Me = caller.Actor.Id, Crews = CrewsOf(caller.Actor, communityId) }, ct))
        {
            throw new Refused.NotFound(what);
        }
    }
}
