using System.Globalization;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Customers;

/// <summary>
/// The one box, over the caller's communities or one of them: any four digits of a telephone number or more, a home, a name in characters or
/// pinyin initials, several of them together, and the number of a request, an order or a fault, another authority's, or of whoever rang about a request.
/// </summary>
/// <param name="Q">What was typed: 1–100 characters.</param>
/// <param name="Take">1–50 of each.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record Search(string Q, int Take = 20, Guid? CommunityId = null) : IQuery<Found>
{
    public sealed class Validator : AbstractValidator<Search>
    {
        public Validator()
        {
            RuleFor(q => q.Q).PlainText(100);
            RuleFor(q => q.Take).InclusiveBetween(1, 50).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 50 at a time.");
        }
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<Search, Found>
    {
        // Community by community and reading by reading, each walked along the key of search_token from its rarest token and cut as soon as
        // there are enough: a surname that half of the town bears costs as much as a page of it.
        internal const string Ids = """
            select h.id, min(a.rank) as rank
            from unnest(@Communities::uuid[]) m (community_id)
            cross join unnest(@Drivers::text[], @Others::text[]) with ordinality a (driver, others, rank)
            cross join lateral (
                select d.id
                from search_token d
                where d.community_id = m.community_id and d.token = a.driver and d.kind = 'customer'
                  and (a.others = '' or (
                    select count(*)
                    from search_token s
                    where s.community_id = m.community_id and s.token = any (string_to_array(a.others, E'\n')) and s.kind = 'customer' and s.id = d.id) = cardinality(string_to_array(a.others, E'\n')))
                order by d.id
                limit @Enough
            ) h
            group by h.id
            order by 2, 1
            limit @Enough;

            select h.id, min(a.rank) as rank
            from unnest(@Communities::uuid[]) m (community_id)
            cross join unnest(@Homes::text[]) with ordinality a (token, rank)
            cross join lateral (
                select d.id
                from search_token d
                where d.community_id = m.community_id and d.token = a.token and d.kind = 'place'
                order by d.id
                limit @Enough
            ) h
            group by h.id
            order by 2, 1
            limit @Enough;

            select h.id, min(a.rank) as rank
            from unnest(@Communities::uuid[]) m (community_id)
            cross join unnest(@RequestDrivers::text[], @RequestOthers::text[]) with ordinality a (driver, others, rank)
            cross join lateral (
                select d.id
                from search_token d
                where d.community_id = m.community_id and d.token = a.driver and d.kind = 'request'
                  and (a.others = '' or (
                    select count(*)
                    from search_token s
                    where s.community_id = m.community_id and s.token = any (string_to_array(a.others, E'\n')) and s.kind = 'request' and s.id = d.id) = cardinality(string_to_array(a.others, E'\n')))
                order by d.id desc
                limit @Enough
            ) h
            group by h.id
            order by 2, 1 desc
            limit @Enough;
            """;

        internal const string Details = """
            select c.community_id, c.customer_id, c.name, c.version,
                (select count(*) from request r where r.community_id = c.community_id and r.customer_id = c.customer_id and r.status in ('received', 'inProgress', 'awaitingFeedback')) as open_requests
            from customer c
            where c.customer_id = any (@CustomerIds) and c.community_id = any (@Communities::uuid[]);

            select p.customer_id, p.normalised
            from contact_point p
            where p.community_id = any (@Communities::uuid[]) and p.customer_id = any (@CustomerIds) and p.kind = 'phone'
            order by p.position, p.contact_point_id;

            select o.customer_id, o.place_id, h.name, h.name_en, h.full_code, o.role
            from occupancy o
            join place h on h.community_id = o.community_id and h.place_id = o.place_id
            where o.community_id = any (@Communities::uuid[]) and o.customer_id = any (@CustomerIds) and o.to_on is null
            order by h.full_code, o.occupancy_id;

            select h.community_id, h.place_id, h.kind, h.name, h.name_en, h.full_code,
                (select count(*) from request r where r.community_id = h.community_id and r.place_id = h.place_id and r.status in ('received', 'inProgress', 'awaitingFeedback')) as open_requests
            from place h
            where h.place_id = any (@PlaceIds) and h.community_id = any (@Communities::uuid[]) and h.retired_at is null;

            select h.place_id, p.customer_id, p.name, p.role, p.phone
            from place h
            cross join lateral (
                select c.customer_id, c.name, o.role, o.occupancy_id,
                    (select x.normalised from contact_point x where x.community_id = c.community_id and x.customer_id = c.customer_id and x.kind = 'phone' order by x.position, x.contact_point_id limit 1) as phone
                from occupancy o
                join customer c on c.community_id = o.community_id and c.customer_id = o.customer_id
                where o.community_id = h.community_id and o.place_id = h.place_id and o.to_on is null
                order by o.occupancy_id
                limit 20
            ) p
            where h.place_id = any (@PlaceIds) and h.community_id = any (@Communities::uuid[])
            order by h.place_id, p.occupancy_id;

            select r.community_id, r.request_id, r.number, r.kind, r.status, r.description, r.foreign_number, coalesce(c.name, r.reporter_name) as customer_name, p.name as place_name, p.name_en as place_name_en, r.reported_at, w.number as work_order_number, r.reporter_phone,
                (select min(m.due_at) from promise m where m.community_id = r.community_id and m.request_id = r.request_id and m.kept_at is null and m.given_up_at is null) as promise_due_at
            from (
                select n.request_id, null::bigint as number, n.rank
                from unnest(@RequestIds::uuid[]) with ordinality n (request_id, rank)
                union all
                select l.request_id, o.number, 0::bigint
                from work_order o
                join request_work_order l on l.community_id = o.community_id and l.work_order_id = o.work_order_id and l.left_at is null
                where o.number = @Number
                limit @Enough
            ) w
            join request r on r.request_id = w.request_id
            left join customer c on c.community_id = r.community_id and c.customer_id = r.customer_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            where r.community_id = any (@Communities::uuid[])
            order by w.rank, r.number
            limit @Enough;

            select f.community_id, f.fault_id, f.number, f.title, f.status
            from fault f
            where f.number = @Number and f.community_id = any (@Communities::uuid[]);
            """;

        private sealed record Hit(Guid Id, long Rank);

        private sealed record Person(Guid CommunityId, Guid CustomerId, string Name, int Version, long OpenRequests);

        private sealed record Phone(Guid CustomerId, string Normalised);

        private sealed record Home(Guid CustomerId, Guid PlaceId, string Name, string? NameEn, string FullCode, OccupancyRole Role);

        private sealed record Spot(Guid CommunityId, Guid PlaceId, PlaceKind Kind, string Name, string? NameEn, string FullCode, long OpenRequests);

        private sealed record Dweller(Guid PlaceId, Guid CustomerId, string Name, OccupancyRole Role, string? Phone);

        public async Task<Found> Handle(Search query, CancellationToken cancellationToken)
        {
            var communities = caller.CommunitiesFor(query.CommunityId);
            var readings = SearchTokens.ForQuery(query.Q);
            var people = readings.Where(r => r.Kind != SearchKind.Number).Select(r => r.Tokens.OrderBy(Commonness).ToArray()).ToArray();
            var calls = readings.Where(r => r.Kind == SearchKind.Phone && r.Tokens.All(t => t[0] == 'p')).Select(r => r.Tokens.OrderBy(Commonness).ToArray());
            string[][] requested = [.. readings.Where(r => r.Kind == SearchKind.Number).Select(r => r.Tokens[0]).Append("r:" + PlainText.Normalise(query.Q).ToLowerInvariant()).Distinct(StringComparer.Ordinal).Select(t => new[] { t }), .. calls];
            var number = readings.Where(r => r.Kind == SearchKind.Number).Select(r => (long?)long.Parse(r.Tokens[0].AsSpan(2), CultureInfo.InvariantCulture)).FirstOrDefault();
            var enough = query.Take + 1;

            using var ids = await db.Several(
                Db.PlannedOnce + Ids,
                new
                {
                    Communities = communities,
                    Drivers = people.Select(t => t[0]).ToArray(),
                    Others = people.Select(t => string.Join('\n', t.Skip(1))).ToArray(),
                    Homes = readings.Where(r => r.Kind == SearchKind.Home).Select(r => r.Tokens[0]).ToArray(),
                    RequestDrivers = requested.Select(t => t[0]).ToArray(),
                    RequestOthers = requested.Select(t => string.Join('\n', t.Skip(1))).ToArray(),
                    Enough = enough,
                },
                cancellationToken);
            var customerIds = (await ids.ReadAsync<Hit>()).Select(h => h.Id).ToArray();
            var placeIds = (await ids.ReadAsync<Hit>()).Select(h => h.Id).ToArray();
            var requestIds = (await ids.ReadAsync<Hit>()).Select(h => h.Id).ToArray();

            using var read = await db.Several(
                Details, new { Communities = communities, CustomerIds = customerIds, PlaceIds = placeIds, RequestIds = requestIds, Number = number ?? 0, Enough = enough }, cancellationToken);
            var persons = (await read.ReadAsync<Person>()).ToDictionary(p => p.CustomerId);
            var phones = (await read.ReadAsync<Phone>()).ToLookup(p => p.CustomerId, p => p.Normalised);
            var homes = (await read.ReadAsync<Home>()).ToLookup(h => h.CustomerId);
            var spots = (await read.ReadAsync<Spot>()).ToDictionary(s => s.PlaceId);
            var dwellers = (await read.ReadAsync<Dweller>()).ToLookup(d => d.PlaceId);
            var requests = (await read.ReadAsync<FoundRequest>()).AsList();
            var faults = (await read.ReadAsync<FoundFault>()).AsList();

            var digits = readings.Select(r => r.Tokens.Where(t => t.StartsWith("p:", StringComparison.Ordinal)).ToArray()).Where(t => t.Length > 0).ToArray();
            return new Found(
                [.. customerIds.Take(query.Take).Where(persons.ContainsKey).Select(id => persons[id]).Select(p => new FoundCustomer(
                    p.CommunityId, p.CustomerId, p.Name, Masked.Phone(Matching(phones[p.CustomerId], digits)), [.. homes[p.CustomerId].Select(h => new FoundHome(h.PlaceId, h.Name, h.NameEn, h.FullCode, h.Role))], p.OpenRequests, p.Version))],
                customerIds.Length > query.Take,
                [.. placeIds.Take(query.Take).Where(spots.ContainsKey).Select(id => spots[id]).Select(s => new FoundPlace(
                    s.CommunityId, s.PlaceId, s.Kind, s.Name, s.NameEn, s.FullCode, [.. dwellers[s.PlaceId].Select(d => new FoundDweller(d.CustomerId, d.Name, d.Role, Masked.Phone(d.Phone)))], s.OpenRequests))],
                placeIds.Length > query.Take,
                [.. requests.Take(query.Take).Select(r => r with { ReporterPhone = Masked.Phone(r.ReporterPhone) })],
                faults,
                requestIds.Length > query.Take || requests.Count > query.Take); // of an order that serves many, all are asked for by its number alone
        }

        private static string? Matching(IEnumerable<string> phones, string[][] digits) =>
            phones.FirstOrDefault(p => digits.Any(d => d.All(SearchTokens.ForPhone(p).Contains))) ?? phones.FirstOrDefault();

        /// <summary>Which token of a reading to walk along: that of which there are likely the fewest.</summary>
        private static int Commonness(string token) => token[0] switch
        {
            'p' when token.Length >= 9 => 0,
            'h' when token[^1] != '-' && token.Contains('-', StringComparison.Ordinal) => 1,
            'p' => 2,
            'h' when token[^1] != '-' => 3,
            'i' when token.Length >= 5 => 4,
            'n' when token.Length >= 4 => 5,
            'i' => 6,
            'n' => 7,
            _ => 8,
        };
    }
}

/// <summary>What the one box finds, the likeliest first; people who live in a found home stand with it.</summary>
/// <param name="MoreCustomers">There are more than were asked for.</param>
/// <param name="Requests">By their own number, their order's, or another authority's; then by the number of whoever rang about them, also before that was amended, the latest first.</param>
/// <param name="MoreRequests">There are more than were asked for.</param>
public sealed record Found(
    IReadOnlyList<FoundCustomer> Customers,
    bool MoreCustomers,
    IReadOnlyList<FoundPlace> Places,
    bool MorePlaces,
    IReadOnlyList<FoundRequest> Requests,
    IReadOnlyList<FoundFault> Faults,
    bool MoreRequests);

/// <param name="Phone">The number that matches what was typed, masked; else the first one; null where there is none.</param>
/// <param name="Homes">Where they live or what they own now.</param>
public sealed record FoundCustomer(Guid CommunityId, Guid CustomerId, string Name, string? Phone, IReadOnlyList<FoundHome> Homes, long OpenRequests, int Version);

public sealed record FoundHome(Guid PlaceId, string Name, string? NameEn, string FullCode, OccupancyRole Role);

/// <param name="People">At most 20.</param>
public sealed record FoundPlace(Guid CommunityId, Guid PlaceId, PlaceKind Kind, string Name, string? NameEn, string FullCode, IReadOnlyList<FoundDweller> People, long OpenRequests);

public sealed record FoundDweller(Guid CustomerId, string Name, OccupancyRole Role, string? Phone);

/// <param name="WorkOrderNumber">The order's number, where that was what was typed.</param>
/// <param name="ReporterPhone">The number that it was reported from, masked.</param>
/// <param name="PromiseDueAt">By when the next thing was promised to them of those that are not kept yet.</param>
public sealed record FoundRequest(
    Guid CommunityId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    RequestStatus Status,
    string Description,
    string? ForeignNumber,
    string? CustomerName,
    string? PlaceName,
    string? PlaceNameEn,
    DateTimeOffset ReportedAt,
    long? WorkOrderNumber,
    string? ReporterPhone,
    DateTimeOffset? PromiseDueAt);

public sealed record FoundFault(Guid CommunityId, Guid FaultId, long Number, string Title, string Status);
