using FluentValidation;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>The communities that the caller works for, with what they are in each.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListCommunities : IQuery<IReadOnlyList<CommunityLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListCommunities, IReadOnlyList<CommunityLine>>
    {
        private const string Read = """
            select m.community_id, m.code, m.name, m.name_en, m.time_zone, m.currency, m.report_code, m.version
            from community m
            where m.community_id = any (@Communities::uuid[])
            order by m.code
            """;

        private sealed record Row(Guid CommunityId, string Code, string Name, string NameEn, string TimeZone, string Currency, string ReportCode, int Version);

        public async Task<IReadOnlyList<CommunityLine>> Handle(ListCommunities query, CancellationToken cancellationToken)
        {
            var rows = await db.List<Row>(Read, new { Communities = caller.CommunitiesFor() }, cancellationToken);
            return
            [
                .. rows.Select(r => new CommunityLine(
                    r.CommunityId, r.Code, r.Name, r.NameEn, r.TimeZone, r.Currency, r.ReportCode, [.. caller.Actor.Roles.Where(x => x.CommunityId == r.CommunityId).Select(x => x.Role).Order()], r.Version)),
            ];
        }
    }
}

/// <param name="TimeZone">An IANA name.</param>
/// <param name="ReportCode">Residents report under /r/ and this code, without an account.</param>
/// <param name="Roles">The caller's there.</param>
public sealed record CommunityLine(Guid CommunityId, string Code, string Name, string NameEn, string TimeZone, string Currency, string ReportCode, IReadOnlyList<Roles> Roles, int Version);

/// <summary>The categories of a community in the order of their screens, parents before what is below them.</summary>
/// <param name="Retired">Whether those that are used no more are shown as well.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListCategories(Guid CommunityId, RequestKind? Kind = null, bool Retired = false) : IQuery<IReadOnlyList<CategoryLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListCategories, IReadOnlyList<CategoryLine>>
    {
        private const string Read = """
            select c.category_id, c.parent_id, c.kind, c.code, c.name, c.name_en, c.crew, c.priority, c.payer, c.common_area, c.demands_photos, c.retired_at, c.version
            from category c
            where c.community_id = @CommunityId and (@Retired or c.retired_at is null) and (@Kind::text is null or c.kind = @Kind)
            order by c.position, c.category_id
            """;

        private sealed record Row(
            Guid CategoryId, Guid? ParentId, RequestKind Kind, string Code, string Name, string NameEn, Crew? Crew, Priority Priority, Payer Payer, bool CommonArea, string[] DemandsPhotos, DateTimeOffset? RetiredAt, int Version);

        public async Task<IReadOnlyList<CategoryLine>> Handle(ListCategories query, CancellationToken cancellationToken)
        {
            var community = caller.CommunitiesFor(query.CommunityId)[0];
            var rows = await db.List<Row>(Read, new { CommunityId = community, Kind = query.Kind is { } kind ? EnumWord.Of(kind) : null, query.Retired }, cancellationToken);
            return
            [
                .. rows.Select(r => new CategoryLine(
                    r.CategoryId, r.ParentId, r.Kind, r.Code, r.Name, r.NameEn, r.Crew, r.Priority, r.Payer, r.CommonArea, [.. r.DemandsPhotos.Select(EnumWord.Read<PhotoPurpose>)], r.RetiredAt, r.Version)),
            ];
        }
    }
}

/// <param name="Crew">To whom its requests go first; null where the desk answers them.</param>
/// <param name="DemandsPhotos">Of which purposes there must be a photo before an order can be completed.</param>
public sealed record CategoryLine(
    Guid CategoryId,
    Guid? ParentId,
    RequestKind Kind,
    string Code,
    string Name,
    string NameEn,
    Crew? Crew,
    Priority Priority,
    Payer Payer,
    bool CommonArea,
    IReadOnlyList<PhotoPurpose> DemandsPhotos,
    DateTimeOffset? RetiredAt,
    int Version);

/// <summary>What is directly below a place, by code, 2 before 10; the community's own place where no parent is named.</summary>
/// <param name="Take">1–200.</param>
/// <param name="Retired">Whether those that are used no more are shown as well.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListPlaces(Guid CommunityId, Guid? ParentId = null, int Take = 50, string? After = null, bool Retired = false) : IQuery<Page<PlaceLine>>
{
    public sealed class Validator : AbstractValidator<ListPlaces>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListPlaces, Page<PlaceLine>>
    {
        private const string Root = """
            select p.place_id, p.parent_id, p.kind, p.code, p.full_code, p.name, p.name_en, p.qr_code,
                exists (select from place b where b.community_id = p.community_id and b.parent_id = p.place_id and (@Retired or b.retired_at is null)) as has_places,
                p.retired_at, p.version
            from place p
            where p.community_id = @CommunityId and p.parent_id is null and @AfterCode::text is null
            """;

        private const string Below = """
            select p.place_id, p.parent_id, p.kind, p.code, p.full_code, p.name, p.name_en, p.qr_code,
                exists (select from place b where b.community_id = p.community_id and b.parent_id = p.place_id and (@Retired or b.retired_at is null)) as has_places,
                p.retired_at, p.version
            from place p
            where p.community_id = @CommunityId and p.parent_id = @ParentId and (@Retired or p.retired_at is null)
              and (@AfterCode::text is null or (length(p.code), p.code collate "C", p.place_id) > (length(@AfterCode), @AfterCode, @AfterId))
            order by length(p.code), p.code collate "C", p.place_id
            limit @Take
            """;

        public async Task<Page<PlaceLine>> Handle(ListPlaces query, CancellationToken cancellationToken)
        {
            var community = caller.CommunitiesFor(query.CommunityId)[0];
            (string? Text, Guid Id) after = query.After is null ? (null, Guid.Empty) : Cursor.TextAndId(query.After);
            var rows = await db.List<PlaceLine>(
                query.ParentId is null ? Root : Below,
                new { CommunityId = community, query.ParentId, query.Retired, AfterCode = after.Text, AfterId = after.Id, Take = query.Take + 1 },
                cancellationToken);
            return Cursor.Page(rows, query.Take, p => [p.Code, p.PlaceId]);
        }
    }
}

/// <param name="HasPlaces">Whether there is anything below it.</param>
public sealed record PlaceLine(Guid PlaceId, Guid? ParentId, PlaceKind Kind, string Code, string FullCode, string Name, string? NameEn, string? QrCode, bool HasPlaces, DateTimeOffset? RetiredAt, int Version);

/// <summary>The assets of a community, or of one place, by code; retired ones are left out.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListAssets(Guid CommunityId, Guid? PlaceId = null, int Take = 50, string? After = null) : IQuery<Page<AssetLine>>
{
    public sealed class Validator : AbstractValidator<ListAssets>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListAssets, Page<AssetLine>>
    {
        private const string Read = """
            select a.community_id, a.asset_id, a.place_id, p.name as place_name, p.name_en as place_name_en, a.kind, a.code, a.name, a.name_en, a.qr_code
            from asset a
            join place p on p.community_id = a.community_id and p.place_id = a.place_id
            where a.community_id = @CommunityId and a.retired_at is null and (@PlaceId::uuid is null or a.place_id = @PlaceId)
              and (@AfterCode::text is null or (a.code, a.asset_id) > (@AfterCode, @AfterId))
            order by a.code, a.asset_id
            limit @Take
            """;

        public async Task<Page<AssetLine>> Handle(ListAssets query, CancellationToken cancellationToken)
        {
            var community = caller.CommunitiesFor(query.CommunityId)[0];
            (string? Text, Guid Id) after = query.After is null ? (null, Guid.Empty) : Cursor.TextAndId(query.After);
            var rows = await db.List<AssetLine>(Read, new { CommunityId = community, query.PlaceId, AfterCode = after.Text, AfterId = after.Id, Take = query.Take + 1 }, cancellationToken);
            return Cursor.Page(rows, query.Take, a => [a.Code, a.AssetId]);
        }
    }
}

/// <summary>What a QR code on the wall stands for: an asset, or a place.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record GetQrCode(string QrCode) : IQuery<QrTarget>
{
    internal sealed class Handler(Db db) : IRequestHandler<GetQrCode, QrTarget>
    {
        private const string Read = """
            select a.community_id, a.place_id, p.name as place_name, p.name_en as place_name_en, p.full_code as place_code, a.asset_id, a.kind as asset_kind, a.code as asset_code, a.name as asset_name, a.name_en as asset_name_en
            from asset a
            join place p on p.community_id = a.community_id and p.place_id = a.place_id
            where a.qr_code = @QrCode and a.retired_at is null
            union all
            select p.community_id, p.place_id, p.name, p.name_en, p.full_code, null, null, null, null, null
            from place p
            where p.qr_code = @QrCode and p.retired_at is null
            limit 1
            """;

        public async Task<QrTarget> Handle(GetQrCode query, CancellationToken cancellationToken) =>
            await db.Find<QrTarget>(Read, new { query.QrCode }, cancellationToken) ?? throw new Refused.NotFound("qr_code");
    }
}

/// <param name="AssetId">Null where the code stands for the place itself.</param>
public sealed record QrTarget(Guid CommunityId, Guid PlaceId, string PlaceName, string? PlaceNameEn, string PlaceCode, Guid? AssetId, string? AssetKind, string? AssetCode, string? AssetName, string? AssetNameEn);

/// <summary>The teams of a community, each with its members of today, leads first.</summary>
/// <param name="Retired">Whether those that get no more work are shown as well.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListTeams(Guid CommunityId, bool Retired = false) : IQuery<IReadOnlyList<TeamLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListTeams, IReadOnlyList<TeamLine>>
    {
        private const string Read = """
            select t.team_id, t.crew, t.name, t.name_en, t.external, t.phone, t.retired_at, t.version
            from team t
            where t.community_id = @CommunityId and (@Retired or t.retired_at is null)
            order by t.crew, t.name, t.team_id;

            select m.team_id, m.staff_id, s.display_name, m.lead
            from team_member m
            join staff s on s.staff_id = m.staff_id
            where m.community_id = @CommunityId and m.to_at is null
            order by m.lead desc, s.display_name, m.staff_id;
            """;

        private sealed record Team(Guid TeamId, Crew Crew, string Name, string NameEn, bool External, string? Phone, DateTimeOffset? RetiredAt, int Version);

        private sealed record Member(Guid TeamId, Guid StaffId, string DisplayName, bool Lead);

        public async Task<IReadOnlyList<TeamLine>> Handle(ListTeams query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { CommunityId = caller.CommunitiesFor(query.CommunityId)[0], query.Retired }, cancellationToken);
            var teams = (await read.ReadAsync<Team>()).AsList();
            var members = (await read.ReadAsync<Member>()).ToLookup(m => m.TeamId, m => new TeamMember(m.StaffId, m.DisplayName, m.Lead));
            return [.. teams.Select(t => new TeamLine(t.TeamId, t.Crew, t.Name, t.NameEn, t.External, t.Phone, [.. members[t.TeamId]], t.RetiredAt, t.Version))];
        }
    }
}

/// <param name="External">It has no accounts: the desk speaks for it.</param>
public sealed record TeamLine(Guid TeamId, Crew Crew, string Name, string NameEn, bool External, string? Phone, IReadOnlyList<TeamMember> Members, DateTimeOffset? RetiredAt, int Version);

public sealed record TeamMember(Guid StaffId, string DisplayName, bool Lead);

/// <summary>Who works for a community today, with their roles there.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListStaff(Guid CommunityId) : IQuery<IReadOnlyList<StaffLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListStaff, IReadOnlyList<StaffLine>>
    {
        private const string Read = """
            select s.staff_id, s.display_name, s.language, s.phone,
                array(select r.role from staff_role r where r.community_id = c.community_id and r.staff_id = c.staff_id order by r.role) as roles
            from community_staff c
            join staff s on s.staff_id = c.staff_id
            where c.community_id = @CommunityId and c.left_at is null and s.disabled_at is null
            order by s.display_name, s.staff_id
            """;

        private sealed record Row(Guid StaffId, string DisplayName, string Language, string? Phone, string[] Roles);

        public async Task<IReadOnlyList<StaffLine>> Handle(ListStaff query, CancellationToken cancellationToken)
        {
            var rows = await db.List<Row>(Read, new { CommunityId = caller.CommunitiesFor(query.CommunityId)[0] }, cancellationToken);
            return [.. rows.Select(r => new StaffLine(r.StaffId, r.DisplayName, r.Language, r.Phone, [.. r.Roles.Select(EnumWord.Read<Roles>)]))];
        }
    }
}

/// <param name="Phone">The one at work.</param>
public sealed record StaffLine(Guid StaffId, string DisplayName, string Language, string? Phone, IReadOnlyList<Roles> Roles);
