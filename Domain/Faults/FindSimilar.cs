using FluentValidation;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>
/// What a call may be about that is being registered: open requests of the same category and the same building or asset of the last
/// 24 hours, and open faults there of the category or one beside, above or below it. Confidential ones are never among them.
/// </summary>
[AllowedTo(Roles.Desk | Roles.System)]
public sealed record FindSimilar(Guid CommunityId, Guid CategoryId, Guid? PlaceId = null, Guid? AssetId = null) : IQuery<Similar>
{
    public sealed class Validator : AbstractValidator<FindSimilar>
    {
        public Validator() =>
            RuleFor(q => q.PlaceId).Must((q, place) => place is not null || q.AssetId is not null).WithErrorCode("similar.nowhere").WithMessage("Name a place or an asset.");
    }

    internal sealed class Handler(Db db, TimeProvider clock) : IRequestHandler<FindSimilar, Similar>
    {
        private static readonly TimeSpan Within = TimeSpan.FromHours(24);

        private const string Where = """
            select p.place_id, p.building_id
            from place p
            where p.community_id = @CommunityId
              and p.place_id = coalesce(@PlaceId, (select a.place_id from asset a where a.community_id = @CommunityId and a.asset_id = @AssetId))
            """;

        internal const string Read = """
            select r.request_id, r.number, r.status, r.description, coalesce(cu.name, r.reporter_name) as customer_name, p.name as place_name, p.name_en as place_name_en, r.reported_at, j.fault_id
            from request r
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            left join fault_request j on j.community_id = r.community_id and j.request_id = r.request_id and j.left_at is null
            where r.community_id = @CommunityId and r.status in ('received', 'inProgress') and r.reported_at >= @Since and r.category_id = @CategoryId and not r.confidential
              and (r.building_id = @BuildingId or r.asset_id = @AssetId or (@BuildingId::uuid is null and r.place_id = @PlaceId))
            order by r.reported_at desc, r.request_id desc
            limit 20;

            select f.fault_id, f.number, f.title, p.name as place_name, p.name_en as place_name_en, a.name as asset_name, a.name_en as asset_name_en, f.expected_at, f.opened_at,
                (select count(*)::int from fault_request j where j.community_id = f.community_id and j.fault_id = f.fault_id and j.left_at is null) as requests, f.version
            from fault f
            join place p on p.community_id = f.community_id and p.place_id = f.place_id
            left join asset a on a.community_id = f.community_id and a.asset_id = f.asset_id
            where f.community_id = @CommunityId and f.status = 'open'
              and (f.building_id is null or f.building_id = @BuildingId or f.asset_id = @AssetId or f.place_id = @PlaceId)
              and f.category_id in (
                select c.category_id
                from category c
                join category mine on mine.community_id = c.community_id and mine.category_id = @CategoryId
                where c.community_id = @CommunityId
                  and (c.category_id = mine.category_id or c.category_id = mine.parent_id or c.parent_id = mine.category_id or c.parent_id = mine.parent_id))
            order by f.opened_at desc, f.fault_id desc
            limit 20;
            """;

        private sealed record At(Guid PlaceId, Guid? BuildingId);

        public async Task<Similar> Handle(FindSimilar query, CancellationToken cancellationToken)
        {
            var at = await db.Find<At>(Where, new { query.CommunityId, query.PlaceId, query.AssetId }, cancellationToken)
                ?? throw new Refused.NotFound(query.PlaceId is null ? "asset" : "place");
            using var read = await db.Several(
                Read, new { query.CommunityId, query.CategoryId, at.PlaceId, at.BuildingId, query.AssetId, Since = clock.Now() - Within }, cancellationToken);
            return new Similar((await read.ReadAsync<SimilarRequest>()).AsList(), (await read.ReadAsync<SimilarFault>()).AsList());
        }
    }
}

/// <summary>At most 20 of each, the newest first.</summary>
public sealed record Similar(IReadOnlyList<SimilarRequest> Requests, IReadOnlyList<SimilarFault> Faults);

/// <param name="FaultId">The fault that it is joined to already.</param>
public sealed record SimilarRequest(
    Guid RequestId, long Number, RequestStatus Status, string Description, string? CustomerName, string? PlaceName, string? PlaceNameEn, DateTimeOffset ReportedAt, Guid? FaultId);

public sealed record SimilarFault(
    Guid FaultId, long Number, string Title, string PlaceName, string? PlaceNameEn, string? AssetName, string? AssetNameEn, DateTimeOffset? ExpectedAt, DateTimeOffset OpenedAt, int Requests, int Version);
