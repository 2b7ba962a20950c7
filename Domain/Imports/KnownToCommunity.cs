namespace PropertyServiceDesk.Domain.Imports;

/// <summary>A category that rows name: the community's, or one that is to be made.</summary>
internal sealed record ImportCategory(Guid CategoryId, RequestKind Kind, string Code, string Name, Priority Priority, Payer Payer, Crew? Crew = null, bool Retired = false);

internal sealed record ImportTeam(Guid TeamId, Crew Crew, string Name, bool Retired = false);

internal sealed record ImportPlace(Guid PlaceId, Guid? BuildingId, string FullCode);

/// <summary>A row with what it names found.</summary>
internal sealed record FoundRow(ImportRow Row, ImportCategory Category, ImportTeam? Team, ImportPlace? Place);

/// <summary>What a batch comes to, looked at against the community.</summary>
internal sealed record LookedAt(
    IReadOnlyList<FoundRow> Rows, int AlreadyThere, IReadOnlyList<RefusedRow> Refused, IReadOnlyList<ImportCategory> NewCategories, IReadOnlyList<ImportTeam> NewTeams);

/// <summary>Looks a batch up in its community: which ids are there already, and which categories, teams and places the rows name.</summary>
internal static class KnownToCommunity
{
    private const string Read = """
        select r.import_id
        from request r
        where r.community_id = @CommunityId and r.import_source = @Source and r.import_id = any (@ImportIds);

        select c.category_id, c.kind, c.code, c.name, c.priority, c.payer, c.crew, c.retired_at is not null as retired
        from category c
        where c.community_id = @CommunityId;

        select t.team_id, t.crew, t.name, t.retired_at is not null as retired
        from team t
        where t.community_id = @CommunityId;

        select p.place_id, p.building_id, p.full_code
        from place p
        where p.community_id = @CommunityId and p.full_code = any (@PlaceCodes);
        """;

    public static async Task<LookedAt> LookAt(Db db, Guid communityId, ImportMapping mapping, IReadOnlyList<ImportRow> rows, DateTimeOffset now, CancellationToken ct)
    {
        using var read = await db.Several(
            Read,
            new
            {
                CommunityId = communityId,
                mapping.Source,
                ImportIds = rows.Select(r => r.ImportId).ToArray(),
                PlaceCodes = rows.Select(r => r.PlaceCode).OfType<string>().Distinct(StringComparer.Ordinal).ToArray(),
            },
            ct);
        var there = (await read.ReadAsync<string>()).ToHashSet(StringComparer.Ordinal);
        var categories = (await read.ReadAsync<ImportCategory>()).ToDictionary(c => (c.Kind, c.Code));
        var teams = (await read.ReadAsync<ImportTeam>()).ToDictionary(t => t.Name, StringComparer.Ordinal);
        var places = (await read.ReadAsync<ImportPlace>()).ToDictionary(p => p.FullCode, StringComparer.Ordinal);

        var found = new List<FoundRow>(rows.Count);
        var refused = new List<RefusedRow>();
        var newCategories = new List<ImportCategory>();
        var newTeams = new List<ImportTeam>();
        foreach (var row in rows)
        {
            if (there.Contains(row.ImportId))
            {
                continue;
            }

            var place = row.PlaceCode is null ? null : places.GetValueOrDefault(row.PlaceCode);
            if (row.PlaceCode is not null && place is null)
            {
                Refuse(row, "place.unknown", $"The community has no place {row.PlaceCode}.");
                continue;
            }

            // Both are looked at before either is made: a row that is refused leaves nothing behind.
            var category = categories.GetValueOrDefault((row.Kind, row.CategoryCode));
            var team = row.Team is null ? null : teams.GetValueOrDefault(row.Team);
            if (category is null && !mapping.Category.CreateMissing)
            {
                Refuse(row, "category.unknown", $"The community has no category {row.CategoryCode} of the kind {EnumWord.Of(row.Kind)}.");
                continue;
            }

            if (category is { Retired: true } && row.State == ImportedState.Open)
            {
                Refuse(row, "category.retired", $"The category {row.CategoryCode} was retired: there can have been such a request, and there are no new ones.");
                continue;
            }

            if (row.Team is not null && team is null && !mapping.Team!.CreateMissing)
            {
                Refuse(row, "team.unknown", $"The community has no team {row.Team}.");
                continue;
            }

            if (team is not null && team.Crew != row.Crew)
            {
                Refuse(row, "team.other_crew", $"The team {row.Team} is of another crew: {EnumWord.Of(team.Crew)}.");
                continue;
            }

            if (team is { Retired: true } && row.State == ImportedState.Open)
            {
                Refuse(row, "team.retired", $"The team {row.Team} was retired: it can have done this, and gets no more work.");
                continue;
            }

            if (category is null)
            {
                category = new ImportCategory(Guid.CreateVersion7(now), row.Kind, row.CategoryCode, row.CategoryCode, Priority.Normal, Payer.Free, row.Crew);
                categories.Add((row.Kind, row.CategoryCode), category);
                newCategories.Add(category);
            }

            if (row.Team is not null && team is null)
            {
                team = new ImportTeam(Guid.CreateVersion7(now), row.Crew!.Value, row.Team);
                teams.Add(row.Team, team);
                newTeams.Add(team);
            }

            found.Add(new FoundRow(row, category, team, place));
        }

        return new LookedAt(found, rows.Count - found.Count - refused.Count, refused, newCategories, newTeams);

        void Refuse(ImportRow row, string code, string reason) => refused.Add(new RefusedRow(row.Line, code, reason, row.Fields));
    }
}

/// <summary>A community by its code, for tools that are told the code and know no id.</summary>
[AllowedTo(Roles.System)]
public sealed record FindCommunity(string Code) : IQuery<CommunityByCode?>
{
    internal sealed class Handler(Db db) : IRequestHandler<FindCommunity, CommunityByCode?>
    {
        private const string Read = """
            select community_id, time_zone
            from community_by_code(@Code)
            """;

        public Task<CommunityByCode?> Handle(FindCommunity query, CancellationToken cancellationToken) => db.Find<CommunityByCode>(Read, new { query.Code }, cancellationToken);
    }
}

public sealed record CommunityByCode(Guid CommunityId, string TimeZone);

/// <summary>What importing a batch would come to. Writes nothing.</summary>
[AllowedTo(Roles.System)]
internal sealed record TryImportBatch(Guid CommunityId, ImportMapping Mapping, IReadOnlyList<ImportRow> Rows) : IQuery<BatchImported>
{
    internal sealed class Handler(Db db, TimeProvider clock) : IRequestHandler<TryImportBatch, BatchImported>
    {
        public async Task<BatchImported> Handle(TryImportBatch query, CancellationToken cancellationToken) =>
            BatchImported.Of(await KnownToCommunity.LookAt(db, query.CommunityId, query.Mapping, query.Rows, clock.Now(), cancellationToken));
    }
}

/// <param name="Categories">Kind and code of those that were made, or would be.</param>
internal sealed record BatchImported(int Imported, int AlreadyThere, IReadOnlyList<RefusedRow> Refused, IReadOnlyList<string> Categories, IReadOnlyList<string> Teams)
{
    public static BatchImported Of(LookedAt looked) => new(
        looked.Rows.Count, looked.AlreadyThere, looked.Refused, [.. looked.NewCategories.Select(c => EnumWord.Of(c.Kind) + ":" + c.Code)], [.. looked.NewTeams.Select(t => t.Name)]);
}
