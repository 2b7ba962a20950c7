namespace PropertyServiceDesk.Domain.Owner;

/// <summary>What the form to report shows: where one is, and what can be reported here. Nothing of anybody.</summary>
[AllowedTo(Roles.System)]
public sealed record GetReportForm(Guid CommunityId, Guid? PlaceId = null, Guid? AssetId = null) : IQuery<ReportForm>
{
    internal sealed class Handler(Db db) : IRequestHandler<GetReportForm, ReportForm>
    {
        private const string Read = """
            select m.name as community_name, m.name_en as community_name_en, p.name as place_name, p.name_en as place_name_en, a.name as asset_name, a.name_en as asset_name_en,
                exists (select from voice v where v.community_id = m.community_id and v.state = 'published') as has_voices
            from community m
            left join asset a on a.community_id = m.community_id and a.asset_id = @AssetId
            left join place p on p.community_id = m.community_id and p.place_id = coalesce(@PlaceId, a.place_id)
            where m.community_id = @CommunityId;

            select c.category_id, c.kind, c.name, c.name_en
            from category c
            where c.community_id = @CommunityId and c.parent_id is null and c.retired_at is null
            order by c.position, c.category_id;
            """;

        private sealed record Row(string CommunityName, string CommunityNameEn, string? PlaceName, string? PlaceNameEn, string? AssetName, string? AssetNameEn, bool HasVoices);

        public async Task<ReportForm> Handle(GetReportForm query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { query.CommunityId, query.PlaceId, query.AssetId }, cancellationToken);
            var row = await read.ReadSingleOrDefaultAsync<Row>() ?? throw new Refused.NotFound("community");
            var categories = (await read.ReadAsync<ReportCategory>()).AsList();
            return new ReportForm(row.CommunityName, row.CommunityNameEn, row.PlaceName, row.PlaceNameEn, row.AssetName, row.AssetNameEn, row.HasVoices, categories);
        }
    }
}

/// <param name="HasVoices">Whether there is anything to read under "you said, we did".</param>
/// <param name="Categories">Those at the top, of every kind.</param>
public sealed record ReportForm(
    string CommunityName, string CommunityNameEn, string? PlaceName, string? PlaceNameEn, string? AssetName, string? AssetNameEn, bool HasVoices, IReadOnlyList<ReportCategory> Categories);

public sealed record ReportCategory(Guid CategoryId, RequestKind Kind, string Name, string NameEn);

/// <summary>The one customer of this community who has this number; null where nobody has it, or several do.</summary>
[AllowedTo(Roles.System)]
public sealed record FindReporter(Guid CommunityId, string Phone) : IQuery<Guid?>
{
    internal sealed class Handler(Db db) : IRequestHandler<FindReporter, Guid?>
    {
        private const string Read = """
            select distinct p.customer_id
            from contact_point p
            join customer c on c.community_id = p.community_id and c.customer_id = p.customer_id and c.erased_at is null
            where p.community_id = @CommunityId and p.normalised = @Phone and p.kind = 'phone'
            limit 2
            """;

        public async Task<Guid?> Handle(FindReporter query, CancellationToken cancellationToken) =>
            Rules.PhoneNumber.Normalise(query.Phone) is { } phone && await db.List<Guid>(Read, new { query.CommunityId, Phone = phone }, cancellationToken) is [var one] ? one : null;
    }
}
