namespace PropertyServiceDesk.Domain.Customers;

/// <summary>All that the desk wants to know while the customer is on the telephone, in one look. Numbers are masked.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record GetCard(Guid CustomerId) : IQuery<CustomerCard>
{
    internal sealed class Handler(Db db, TimeProvider clock) : IRequestHandler<GetCard, CustomerCard>
    {
        private const int RecentDays = 90;

        internal const string Read = """
            select c.community_id, c.customer_id, c.name, c.language, c.preferred_channel, c.note, c.opted_out_at, c.created_at, c.erased_at, c.version
            from customer c
            where c.customer_id = @CustomerId and c.erased_at is null;

            select p.contact_point_id, p.kind, p.value, p.normalised, p.label
            from contact_point p
            where p.customer_id = @CustomerId and p.community_id = any ((select scope_communities())::uuid[])
            order by p.position, p.contact_point_id;

            select o.occupancy_id, o.place_id, h.name as place_name, h.name_en as place_name_en, h.full_code as place_code, o.role, o.from_on, o.to_on
            from occupancy o
            join place h on h.community_id = o.community_id and h.place_id = o.place_id
            where o.customer_id = @CustomerId and o.community_id = any ((select scope_communities())::uuid[]) and o.to_on is null
            order by h.full_code, o.occupancy_id;

            select n.place_id, n.customer_id, c.name, n.role,
                (select p.normalised from contact_point p where p.community_id = n.community_id and p.customer_id = n.customer_id and p.kind = 'phone' order by p.position, p.contact_point_id limit 1) as phone
            from (
                select distinct o.community_id, o.place_id
                from occupancy o
                where o.customer_id = @CustomerId and o.community_id = any ((select scope_communities())::uuid[]) and o.to_on is null
            ) h
            cross join lateral (
                select x.community_id, x.place_id, x.customer_id, x.role, x.occupancy_id
                from occupancy x
                where x.community_id = h.community_id and x.place_id = h.place_id and x.to_on is null and x.customer_id <> @CustomerId
                order by x.occupancy_id
                limit 100
            ) n
            join customer c on c.community_id = n.community_id and c.customer_id = n.customer_id
            order by n.place_id, n.occupancy_id
            limit 100;

            with home as (
                select distinct o.community_id, o.place_id, h.building_id
                from occupancy o
                join place h on h.community_id = o.community_id and h.place_id = o.place_id
                where o.customer_id = @CustomerId and o.community_id = any ((select scope_communities())::uuid[]) and o.to_on is null
            ), theirs as (
                select r.request_id, 'own' as whose
                from request r
                where r.customer_id = @CustomerId and r.community_id = any ((select scope_communities())::uuid[]) and r.status in ('received', 'inProgress', 'awaitingFeedback')
            ), at_home as (
                select r.request_id, 'home' as whose
                from home h
                cross join lateral (
                    select x.request_id
                    from request x
                    where x.community_id = h.community_id and x.place_id = h.place_id and x.status in ('received', 'inProgress', 'awaitingFeedback')
                    order by x.reported_at desc, x.request_id
                    limit 20
                ) r
            ), in_building as (
                select r.request_id, 'building' as whose
                from (select distinct h.community_id, h.building_id from home h where h.building_id is not null) b
                cross join lateral (
                    select x.request_id
                    from (
                        select o.request_id, o.community_id, o.category_id, o.place_id, o.asset_id, o.reported_at
                        from request o
                        where o.community_id = b.community_id and o.building_id = b.building_id and o.status in ('received', 'inProgress', 'awaitingFeedback') and not o.confidential
                        offset 0 -- what is open first, instead of each category with its history
                    ) x
                    join category c on c.community_id = x.community_id and c.category_id = x.category_id
                    left join place p on p.community_id = x.community_id and p.place_id = x.place_id
                    where c.common_area or p.kind = 'commonArea' or x.asset_id is not null
                    order by x.reported_at desc, x.request_id
                    limit 20
                ) r
            ), each as (
                select a.request_id, min(a.whose) filter (where a.whose = 'own') as own, min(a.whose) filter (where a.whose = 'home') as home
                from (select t.request_id, t.whose from theirs t union all select t.request_id, t.whose from at_home t union all select t.request_id, t.whose from in_building t) a
                group by a.request_id
            )
            select r.request_id, r.number, r.kind, r.status, r.outcome, r.priority, r.category_id, c.name as category_name, c.name_en as category_name_en, r.description,
                r.place_id, p.name as place_name, p.name_en as place_name_en, coalesce(e.own, e.home, 'building') as whose, r.reported_at, r.closed_at, k.due_at, r.urge_count, r.rework_count
            from each e
            join request r on r.request_id = e.request_id
            join category c on c.community_id = r.community_id and c.category_id = r.category_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            left join lateral (
                select x.due_at
                from clock x
                where x.community_id = r.community_id and x.subject_id = r.request_id and x.kind = 'finish' and x.stopped_at is null
                order by x.cycle desc
                limit 1) k on true
            where r.community_id = any ((select scope_communities())::uuid[])
            order by r.reported_at desc, r.request_id desc;

            select f.fault_id, f.number, f.title, f.category_id, f.place_id, p.name as place_name, p.name_en as place_name_en, f.expected_at, f.opened_at
            from (
                select o.community_id, h.building_id
                from occupancy o
                join place h on h.community_id = o.community_id and h.place_id = o.place_id
                where o.customer_id = @CustomerId and o.community_id = any ((select scope_communities())::uuid[]) and o.to_on is null and h.building_id is not null
                union
                select c.community_id, null
                from customer c
                where c.customer_id = @CustomerId
            ) b
            cross join lateral (
                select x.community_id, x.fault_id, x.number, x.title, x.category_id, x.place_id, x.expected_at, x.opened_at
                from fault x
                where x.community_id = b.community_id and x.building_id = b.building_id and x.status = 'open'
                union all
                select x.community_id, x.fault_id, x.number, x.title, x.category_id, x.place_id, x.expected_at, x.opened_at
                from fault x
                where x.community_id = b.community_id and b.building_id is null and x.building_id is null and x.status = 'open'
            ) f
            join place p on p.community_id = f.community_id and p.place_id = f.place_id
            order by f.opened_at desc, f.fault_id desc
            limit 50;

            select r.request_id, r.number, r.kind, r.status, r.outcome, r.priority, r.category_id, c.name as category_name, c.name_en as category_name_en, r.description,
                r.place_id, p.name as place_name, p.name_en as place_name_en, 'own' as whose, r.reported_at, r.closed_at, null::timestamptz as due_at, r.urge_count, r.rework_count
            from request r
            join category c on c.community_id = r.community_id and c.category_id = r.category_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            where r.customer_id = @CustomerId and r.community_id = any ((select scope_communities())::uuid[]) and r.status in ('closed', 'cancelled')
            order by r.reported_at desc, r.request_id desc
            limit 10;

            select f.request_id, r.number, f.round, f.solved, f.satisfaction, f.recommend, f.made_it_five, f.author_kind, f.ended_at
            from request r
            join feedback f on f.community_id = r.community_id and f.request_id = r.request_id and f.state = 'answered'
            where r.customer_id = @CustomerId and r.community_id = any ((select scope_communities())::uuid[])
            order by f.ended_at desc, f.feedback_id desc
            limit 5;

            select m.promise_id, m.request_id, r.number, m.text, m.due_at, m.made_at, m.given_up_at, m.due_at < @Now as late
            from (
                select x.community_id, x.request_id, x.number
                from request x
                where x.customer_id = @CustomerId and x.community_id = any ((select scope_communities())::uuid[]) and x.status <> 'cancelled'
                union
                select x.community_id, x.request_id, x.number
                from contact_point p
                join request x on x.community_id = p.community_id and x.reporter_phone = p.normalised and x.customer_id is null and x.status <> 'cancelled'
                where p.customer_id = @CustomerId and p.community_id = any ((select scope_communities())::uuid[]) and p.kind = 'phone'
            ) r
            join promise m on m.community_id = r.community_id and m.request_id = r.request_id and m.kept_at is null and (m.given_up_at is null or m.given_up_at >= @Since)
            order by m.due_at, m.promise_id
            limit 50;

            select coalesce(sum((select count(distinct o.created_at) -- one "not solved" may send several crews
                        from request_work_order l
                        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                        where l.community_id = r.community_id and l.request_id = r.request_id and o.rework_of_id is not null and o.created_at >= @Since)
                    + case when r.rework_of_id is not null and r.reported_at >= @Since then 1 else 0 end), 0)::bigint as reworks,
                coalesce(sum(r.urge_count) filter (where r.last_urged_at >= @Since), 0)::bigint as urges,
                count(*) filter (where r.reported_at >= @Since) as requests
            from request r
            where r.customer_id = @CustomerId and r.community_id = any ((select scope_communities())::uuid[]);
            """;

        public async Task<CustomerCard> Handle(GetCard query, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            using var read = await db.Several(Read, new { query.CustomerId, Now = now, Since = now.AddDays(-RecentDays) }, cancellationToken);
            var customer = await read.ReadSingleOrDefaultAsync<CustomerRow>() ?? throw new Refused.NotFound("customer");
            return new CustomerCard(
                customer,
                [.. (await read.ReadAsync<ContactPoint>()).Select(Masked.Point)],
                (await read.ReadAsync<Occupancy>()).AsList(),
                [.. (await read.ReadAsync<Housemate>()).Select(h => h with { Phone = Masked.Phone(h.Phone) })],
                (await read.ReadAsync<CardRequest>()).AsList(),
                (await read.ReadAsync<CardFault>()).AsList(),
                (await read.ReadAsync<CardRequest>()).AsList(),
                (await read.ReadAsync<CardRating>()).AsList(),
                (await read.ReadAsync<CardPromise>()).AsList(),
                await read.ReadSingleAsync<CardCounts>());
        }
    }
}

/// <param name="Homes">Where they live or what they own now.</param>
/// <param name="Housemates">Who else does.</param>
/// <param name="OpenRequests">Their own, those at their homes, and up to 20 a building about what is common there; the newest first.</param>
/// <param name="OpenFaults">In their buildings or of the whole community.</param>
/// <param name="PastRequests">Their own last 10 that are closed or cancelled.</param>
/// <param name="LastRatings">At most 5.</param>
/// <param name="Promises">Those not kept yet, and those that were given up in the last 90 days, also on requests of nobody known that came from one of their numbers; the one due first comes first.</param>
public sealed record CustomerCard(
    CustomerRow Customer,
    IReadOnlyList<ContactPoint> ContactPoints,
    IReadOnlyList<Occupancy> Homes,
    IReadOnlyList<Housemate> Housemates,
    IReadOnlyList<CardRequest> OpenRequests,
    IReadOnlyList<CardFault> OpenFaults,
    IReadOnlyList<CardRequest> PastRequests,
    IReadOnlyList<CardRating> LastRatings,
    IReadOnlyList<CardPromise> Promises,
    CardCounts Last90Days);

public sealed record Housemate(Guid PlaceId, Guid CustomerId, string Name, OccupancyRole Role, string? Phone);

public enum Whose
{
    Own,
    Home,
    Building,
}

/// <param name="Whose">The customer's own; somebody else's at one of their homes; about their building.</param>
public sealed record CardRequest(
    Guid RequestId,
    long Number,
    RequestKind Kind,
    RequestStatus Status,
    Outcome? Outcome,
    Priority Priority,
    Guid CategoryId,
    string CategoryName,
    string CategoryNameEn,
    string Description,
    Guid? PlaceId,
    string? PlaceName,
    string? PlaceNameEn,
    Whose Whose,
    DateTimeOffset ReportedAt,
    DateTimeOffset? ClosedAt,
    DateTimeOffset? DueAt,
    int UrgeCount,
    short ReworkCount);

public sealed record CardFault(Guid FaultId, long Number, string Title, Guid CategoryId, Guid PlaceId, string PlaceName, string? PlaceNameEn, DateTimeOffset? ExpectedAt, DateTimeOffset OpenedAt);

public sealed record CardRating(Guid RequestId, long Number, short Round, Solved? Solved, short? Satisfaction, short? Recommend, string? MadeItFive, ActorKind AuthorKind, DateTimeOffset EndedAt);

/// <param name="GivenUpAt">Since when it counts as not kept: its request was closed over it.</param>
public sealed record CardPromise(Guid PromiseId, Guid RequestId, long Number, string Text, DateTimeOffset DueAt, DateTimeOffset MadeAt, DateTimeOffset? GivenUpAt, bool Late);

/// <param name="Reworks">Orders of rework and requests that came back.</param>
/// <param name="Urges">How often they pressed on requests that they last pressed on in this time.</param>
public sealed record CardCounts(long Reworks, long Urges, long Requests);
