using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Live;

/// <summary>
/// What happens in the caller's communities, or in one, as it happens: which things changed, by their ids, and no words. Somebody who sees
/// but a part of a community is told of that part; crews of the orders of their crew and of the requests that these serve.
/// </summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record FollowEvents(Guid? CommunityId = null) : IQuery<Followed>
{
    /// <summary>Whoever missed more than this loads everything anew.</summary>
    public const int Most = 500;

    /// <summary>How far the caller has read (<see cref="LivePlace"/>); without one from now on.</summary>
    [JsonIgnore]
    public string? After { get; init; }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<FollowEvents, Followed>
    {
        private const string Heads = """
            select h.community_id, h.seq
            from event_head h
            where h.community_id = any (@Communities)
            """;

        // What a command wrote about its subject is told of the subject; whose the subject is, is asked as of now. Of customers nobody is told
        // from whom something is hidden in their communities: who was registered or changed just then would say who complained.
        private const string Read = """
            select e.community_id, e.seq, e.what, e.subject_kind, e.subject_id,
                case e.subject_kind
                    when 'request' then array[e.subject_id]::text[]
                    when 'workOrder' then array(
                        select l.request_id::text
                        from request_work_order l
                        where l.community_id = e.community_id and l.work_order_id = e.subject_id and l.left_at is null
                        order by l.request_id
                        limit 20)
                    when 'feedback' then array(
                        select f.request_id::text
                        from feedback f
                        where f.community_id = e.community_id and f.feedback_id = e.subject_id)
                    else '{}'::text[]
                end as request_ids
            from unnest(@Behind::uuid[], @Seen::bigint[], @Now::bigint[]) m (community_id, seen, now)
            join event e on e.community_id = m.community_id and e.seq > m.seen and e.seq <= m.now
            where e.what not in ('contactDataShown', 'customerCopied')
              and case e.subject_kind
                    when 'request' then true
                    when 'workOrder' then true
                    when 'fault' then true
                    when 'feedback' then exists (select from feedback f where f.community_id = e.community_id and f.feedback_id = e.subject_id)
                    when 'customer' then cardinality((select scope_hidden())) = 0
                    when 'community' then true
                    else false
                end
              and (e.community_id = any (@Whole) or (e.visibility <> 'desk' and case e.subject_kind
                    when 'fault' then true
                    when 'workOrder' then exists (
                            select
                            from work_order o
                            where o.community_id = e.community_id and o.work_order_id = e.subject_id
                              and (o.assignee_id = @Me or exists (
                                select from unnest(@OwnCommunities::uuid[], @OwnCrews::text[]) c (community_id, crew) where c.community_id = o.community_id and c.crew = o.crew)))
                        or (e.what = 'workTransferred' and exists (
                            select from unnest(@OwnCommunities::uuid[], @OwnCrews::text[]) c (community_id, crew) where c.community_id = e.community_id and c.crew = e.detail ->> 'fromCrew'))
                    when 'request' then exists (
                            select
                            from request r
                            where r.community_id = e.community_id and r.request_id = e.subject_id and r.registered_by = @Me)
                        or exists (
                            select
                            from request_work_order l
                            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                            where l.community_id = e.community_id and l.request_id = e.subject_id
                              and (o.assignee_id = @Me or exists (
                                select from unnest(@OwnCommunities::uuid[], @OwnCrews::text[]) c (community_id, crew) where c.community_id = o.community_id and c.crew = o.crew)))
                    else false
                end))
            order by e.community_id, e.seq
            """;

        private sealed record Head(Guid CommunityId, long Seq);

        private sealed record Row(Guid CommunityId, long Seq, Happening What, SubjectKind SubjectKind, Guid SubjectId, string[] RequestIds);

        public async Task<Followed> Handle(FollowEvents query, CancellationToken cancellationToken)
        {
            var communities = caller.CommunitiesFor(query.CommunityId);
            var heads = await db.List<Head>(Db.PlannedOnce + Heads, new { Communities = communities }, cancellationToken);
            var place = new LivePlace(heads.ToDictionary(h => h.CommunityId, h => h.Seq));
            if (query.After is null)
            {
                return new Followed([], Reset: false, place);
            }

            var seen = LivePlace.Read(query.After, communities).Seqs;
            if (heads.Any(h => !seen.TryGetValue(h.CommunityId, out var seq) || seq > h.Seq) || heads.Sum(h => h.Seq - seen[h.CommunityId]) > Most)
            {
                return new Followed([], Reset: true, place);
            }

            var behind = heads.Where(h => h.Seq > seen[h.CommunityId]).ToArray();
            if (behind.Length == 0)
            {
                return new Followed([], Reset: false, place);
            }

            var args = new DynamicParameters(new
            {
                Behind = behind.Select(h => h.CommunityId).ToArray(),
                Seen = behind.Select(h => seen[h.CommunityId]).ToArray(),
                Now = behind.Select(h => h.Seq).ToArray(),
            });
            CrewsOwn.AddTo(args, caller);
            var rows = await db.List<Row>(Read, args, cancellationToken);
            return new Followed([.. rows.Select(r => new LiveEvent(r.CommunityId, r.Seq, r.What, r.SubjectKind, r.SubjectId, [.. r.RequestIds.Select(Guid.Parse)]))], Reset: false, place);
        }
    }
}

/// <param name="Reset">Too much happened since, or it is not known since when: load everything anew.</param>
/// <param name="Place">How far this goes.</param>
public sealed record Followed(IReadOnlyList<LiveEvent> Items, bool Reset, LivePlace Place);

/// <summary>Something happened to one thing. What, is read from the thing itself.</summary>
/// <param name="Seq">The number of the event in its community's log; in the order in which things happened.</param>
/// <param name="RequestIds">The requests that it concerns: of an order those that it serves, 20 at most.</param>
public sealed record LiveEvent(Guid CommunityId, long Seq, Happening What, SubjectKind SubjectKind, Guid SubjectId, IReadOnlyList<Guid> RequestIds);

/// <summary>Where the logs of some communities end.</summary>
[AllowedTo(Roles.System)]
public sealed record ReadLogHeads : IQuery<LivePlace>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ReadLogHeads, LivePlace>
    {
        private const string Read = """
            select h.community_id, h.seq
            from event_head h
            where h.community_id = any (@Communities)
            """;

        private sealed record Head(Guid CommunityId, long Seq);

        public async Task<LivePlace> Handle(ReadLogHeads query, CancellationToken cancellationToken) =>
            new((await db.List<Head>(Db.PlannedOnce + Read, new { Communities = caller.CommunitiesFor() }, cancellationToken)).ToDictionary(h => h.CommunityId, h => h.Seq));
    }
}
