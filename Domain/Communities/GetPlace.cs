namespace PropertyServiceDesk.Domain.Communities;

/// <summary>One place: who lives there, what is open there (for a building: in it), and what stands there.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record GetPlace(Guid PlaceId) : IQuery<PlaceDetails>
{
    internal sealed class Handler(Db db) : IRequestHandler<GetPlace, PlaceDetails>
    {
        private const string Read = """
            select p.community_id, p.place_id, p.parent_id, p.kind, p.code, p.full_code, p.name, p.name_en, p.building_id, p.qr_code, p.retired_at, p.version
            from place p
            where p.place_id = @PlaceId;

            select o.occupancy_id, c.customer_id, c.name, o.role, o.from_on,
                (select x.normalised from contact_point x where x.community_id = c.community_id and x.customer_id = c.customer_id and x.kind = 'phone' order by x.position, x.contact_point_id limit 1) as phone
            from occupancy o
            join customer c on c.community_id = o.community_id and c.customer_id = o.customer_id
            where o.place_id = @PlaceId and o.community_id = any ((select scope_communities())::uuid[]) and o.to_on is null
            order by o.occupancy_id
            limit 100;

            select r.request_id, r.number, r.kind, r.status, r.priority, r.category_id, r.description, r.place_id, r.customer_id, r.confidential, r.reported_at
            from (
                (select x.request_id
                from request x
                where x.place_id = @PlaceId and x.community_id = any ((select scope_communities())::uuid[]) and x.status in ('received', 'inProgress', 'awaitingFeedback')
                order by x.reported_at desc, x.request_id desc
                limit 50)
                union
                (select x.request_id
                from request x
                where x.building_id = @PlaceId and x.community_id = any ((select scope_communities())::uuid[]) and x.status in ('received', 'inProgress', 'awaitingFeedback')
                order by x.reported_at desc, x.request_id desc
                limit 50)
            ) n
            join request r on r.request_id = n.request_id
            where r.community_id = any ((select scope_communities())::uuid[])
            order by r.reported_at desc, r.request_id desc
            limit 50;

            select f.fault_id, f.number, f.title, f.category_id, f.place_id, p.name as place_name, p.name_en as place_name_en, f.expected_at, f.opened_at
            from place h
            join fault f on f.community_id = h.community_id and f.status = 'open' and f.building_id = h.building_id
            join place p on p.community_id = f.community_id and p.place_id = f.place_id
            where h.place_id = @PlaceId
            union
            select f.fault_id, f.number, f.title, f.category_id, f.place_id, p.name as place_name, p.name_en as place_name_en, f.expected_at, f.opened_at
            from place h
            join fault f on f.community_id = h.community_id and f.status = 'open' and f.building_id is null
            join place p on p.community_id = f.community_id and p.place_id = f.place_id
            where h.place_id = @PlaceId
            order by opened_at desc, fault_id desc
            limit 50;

            select a.community_id, a.asset_id, a.place_id, p.name as place_name, p.name_en as place_name_en, a.kind, a.code, a.name, a.name_en, a.qr_code
            from asset a
            join place p on p.community_id = a.community_id and p.place_id = a.place_id
            where a.place_id = @PlaceId and a.community_id = any ((select scope_communities())::uuid[]) and a.retired_at is null
            order by a.code
            limit 100;
            """;

        public async Task<PlaceDetails> Handle(GetPlace query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { query.PlaceId }, cancellationToken);
            var place = await read.ReadSingleOrDefaultAsync<PlaceRow>() ?? throw new Refused.NotFound("place");
            return new PlaceDetails(
                place,
                [.. (await read.ReadAsync<PlaceDweller>()).Select(d => d with { Phone = Customers.Masked.Phone(d.Phone) })],
                (await read.ReadAsync<PlaceRequest>()).AsList(),
                (await read.ReadAsync<Customers.CardFault>()).AsList(),
                (await read.ReadAsync<AssetLine>()).AsList());
        }
    }
}

/// <param name="People">Who owns it, rents it or lives there now; at most 100.</param>
/// <param name="OpenRequests">At most 50, the newest first.</param>
/// <param name="OpenFaults">In its building or of the whole community.</param>
public sealed record PlaceDetails(
    PlaceRow Place, IReadOnlyList<PlaceDweller> People, IReadOnlyList<PlaceRequest> OpenRequests, IReadOnlyList<Customers.CardFault> OpenFaults, IReadOnlyList<AssetLine> Assets);

/// <param name="BuildingId">The building that it is in; itself for a building; null outside of all.</param>
public sealed record PlaceRow(
    Guid CommunityId, Guid PlaceId, Guid? ParentId, PlaceKind Kind, string Code, string FullCode, string Name, string? NameEn, Guid? BuildingId, string? QrCode, DateTimeOffset? RetiredAt, int Version);

public sealed record PlaceDweller(Guid OccupancyId, Guid CustomerId, string Name, OccupancyRole Role, DateOnly FromOn, string? Phone);

public sealed record PlaceRequest(
    Guid RequestId, long Number, RequestKind Kind, RequestStatus Status, Priority Priority, Guid CategoryId, string Description, Guid? PlaceId, Guid? CustomerId, bool Confidential, DateTimeOffset ReportedAt);

public sealed record AssetLine(Guid CommunityId, Guid AssetId, Guid PlaceId, string PlaceName, string? PlaceNameEn, string Kind, string Code, string Name, string? NameEn, string QrCode);
