using FluentValidation;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>Faults of the caller's communities, or of one, the newest first, a page at a time.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListFaults(Guid? CommunityId = null, FaultStatus? Status = null, Guid? BuildingId = null, Guid? AssetId = null, int Take = 50, string? After = null) : IQuery<Page<FaultLine>>
{
    public sealed class Validator : AbstractValidator<ListFaults>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListFaults, Page<FaultLine>>
    {
        internal const string Read = """
            select f.community_id, f.fault_id, f.number, f.status, f.title, f.category_id, f.place_id, p.name as place_name, p.name_en as place_name_en, f.asset_id, a.name as asset_name, a.name_en as asset_name_en, f.expected_at, f.opened_at, f.ended_at,
                (select count(*)::int from fault_request j where j.community_id = f.community_id and j.fault_id = f.fault_id and j.left_at is null) as requests,
                (select count(*)::int from work_order o where o.community_id = f.community_id and o.fault_id = f.fault_id and o.status <> 'voided') as work_orders,
                (select count(*)::int from work_order o where o.community_id = f.community_id and o.fault_id = f.fault_id and o.status not in ('done', 'voided')) as open_work_orders,
                f.version
            from unnest(@Communities::uuid[]) m
            cross join lateral (
                select x.community_id, x.fault_id, x.number, x.status, x.title, x.category_id, x.place_id, x.asset_id, x.expected_at, x.opened_at, x.ended_at, x.version
                from fault x
                where x.community_id = m
                  and (@Status::text is null or x.status = @Status)
                  and (@BuildingId::uuid is null or x.building_id = @BuildingId)
                  and (@AssetId::uuid is null or x.asset_id = @AssetId)
                  and (not @After or (x.opened_at, x.fault_id) < (@AfterAt::timestamptz, @AfterId::uuid))
                order by x.opened_at desc, x.fault_id desc
                limit @Take
            ) f
            join place p on p.community_id = f.community_id and p.place_id = f.place_id
            left join asset a on a.community_id = f.community_id and a.asset_id = f.asset_id
            order by f.opened_at desc, f.fault_id desc
            limit @Take
            """;

        public async Task<Page<FaultLine>> Handle(ListFaults query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var mine = caller.Actor.CommunitiesWith(caller.Allowed);
            var rows = await db.List<FaultLine>(
                Read,
                new
                {
                    Communities = (query.CommunityId is { } one ? mine.Where(m => m == one) : mine).ToArray(),
                    Status = query.Status is { } status ? EnumWord.Of(status) : null,
                    query.BuildingId,
                    query.AssetId,
                    After = query.After is not null,
                    AfterAt = at,
                    AfterId = id,
                    Take = query.Take + 1,
                },
                cancellationToken);
            return Cursor.Page(rows, query.Take, f => [f.OpenedAt, f.FaultId]);
        }
    }
}

/// <param name="Requests">How many requests are joined now.</param>
/// <param name="WorkOrders">How many orders it has that are not voided; <paramref name="OpenWorkOrders"/> of them are open.</param>
public sealed record FaultLine(
    Guid CommunityId,
    Guid FaultId,
    long Number,
    FaultStatus Status,
    string Title,
    Guid CategoryId,
    Guid PlaceId,
    string PlaceName,
    string? PlaceNameEn,
    Guid? AssetId,
    string? AssetName,
    string? AssetNameEn,
    DateTimeOffset? ExpectedAt,
    DateTimeOffset OpenedAt,
    DateTimeOffset? EndedAt,
    int Requests,
    int WorkOrders,
    int OpenWorkOrders,
    int Version);

/// <summary>Requests, faults and orders, counted apart: forty calls about one lift are forty requests, one fault, and as many orders as it took.</summary>
/// <param name="From">Requests by when they were reported, faults by when they were opened, orders by when they were made; from this on.</param>
/// <param name="Before">At most 366 days after <paramref name="From"/>.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record CountDemand(DateTimeOffset From, DateTimeOffset Before, Guid? CommunityId = null) : IQuery<Demand>
{
    public sealed class Validator : AbstractValidator<CountDemand>
    {
        public Validator() =>
            RuleFor(q => q.Before).Must((q, before) => before > q.From && before - q.From <= TimeSpan.FromDays(366)).WithErrorCode("period.out_of_range").WithMessage("A period ends after it begins, and lasts at most 366 days.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<CountDemand, Demand>
    {
        private const string Read = """
            select
                (select count(*) from request r where r.community_id = any (@Communities::uuid[]) and r.reported_at >= @From and r.reported_at < @Before) as requests,
                (select count(*) from request r
                 where r.community_id = any (@Communities::uuid[]) and r.reported_at >= @From and r.reported_at < @Before
                   and exists (select from fault_request j where j.community_id = r.community_id and j.request_id = r.request_id and j.left_at is null)) as requests_in_faults,
                (select count(*) from fault f where f.community_id = any (@Communities::uuid[]) and f.opened_at >= @From and f.opened_at < @Before) as faults,
                (select count(*) from work_order o where o.community_id = any (@Communities::uuid[]) and o.created_at >= @From and o.created_at < @Before and o.status <> 'voided') as work_orders,
                (select count(*) from work_order o where o.community_id = any (@Communities::uuid[]) and o.created_at >= @From and o.created_at < @Before and o.status <> 'voided' and o.fault_id is not null) as work_orders_of_faults,
                (select count(*) from work_order o where o.community_id = any (@Communities::uuid[]) and o.created_at >= @From and o.created_at < @Before and o.status <> 'voided' and o.rework_of_id is not null) as rework
            """;

        public Task<Demand> Handle(CountDemand query, CancellationToken cancellationToken)
        {
            var mine = caller.Actor.CommunitiesWith(caller.Allowed);
            return db.Single<Demand>(Read, new { Communities = (query.CommunityId is { } one ? mine.Where(m => m == one) : mine).ToArray(), query.From, query.Before }, cancellationToken);
        }
    }
}

/// <param name="RequestsInFaults">Those of the requests that are joined to a fault.</param>
/// <param name="WorkOrders">Without voided ones.</param>
/// <param name="Rework">Those of the orders that do again what did not hold.</param>
public sealed record Demand(long Requests, long RequestsInFaults, long Faults, long WorkOrders, long WorkOrdersOfFaults, long Rework);
