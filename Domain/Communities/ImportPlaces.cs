namespace PropertyServiceDesk.Domain.Communities;

/// <summary>
/// The places of a CSV file, all of them or none: what is not there is made, what is called otherwise is renamed, what is the same stays. The
/// full code says which place a line is, so that the same file may come again. docs/places.md tells the columns.
/// </summary>
/// <param name="Sha256">Of the file; with it, an Idempotency-Key knows its file again.</param>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record ImportPlaces([property: JsonIgnore] Guid CommunityId, string Sha256, [property: JsonIgnore] byte[] File) : ICommand<PlaceImport>
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    internal sealed class Handler(Db db, PlaceTrees trees, EventLog log) : IRequestHandler<ImportPlaces, PlaceImport>
    {
        /// <summary>So many places a statement: none takes long, however large the file is.</summary>
        private const int AtATime = 2000;

        // By id, as whoever registers somebody with several homes shares them.
        private const string Rename = """
            with held as (
                select h.place_id
                from place h
                where h.community_id = @CommunityId and h.place_id = any (@Ids)
                order by h.place_id
                for no key update of h
            )
            update place p
            set code = c.code, name = c.name, name_en = c.name_en, version = p.version + 1
            from unnest(@Ids::uuid[], @Codes::text[], @Names::text[], @NamesEn::text[]) c (id, code, name, name_en)
            join held h on h.place_id = c.id
            where p.community_id = @CommunityId and p.place_id = c.id
            """;

        public async Task<PlaceImport> Handle(ImportPlaces command, CancellationToken cancellationToken)
        {
            await trees.Lock(command.CommunityId, cancellationToken);
            var plan = await trees.Plan(command.CommunityId, PlaceFile.Read(command.File), cancellationToken);
            if (plan.Refused.Count > 0)
            {
                throw new Refused.Invalid([.. plan.Refused.Take(PlacePlan.Shown).Select(r => new Fault($"lines[{r.Line}]" + (r.Column is null ? "" : "." + r.Column), r.Code, r.Sentence))]);
            }

            foreach (var part in plan.Made.Chunk(AtATime)) // parents stand before what is in them
            {
                await PlaceRows.Write(
                    db, command.CommunityId, [.. part.Select(m => new WrittenPlace(m.PlaceId, m.ParentId, m.Line.Kind, m.Code, m.Line.FullCode, m.Line.Name, m.Line.NameEn, m.BuildingId))], cancellationToken);
            }

            if (plan.Changed.Count > 0)
            {
                await db.Run(
                    Rename,
                    new
                    {
                        command.CommunityId,
                        Ids = plan.Changed.Select(c => c.Was.PlaceId).ToArray(),
                        Codes = plan.Changed.Select(c => c.Code).ToArray(),
                        Names = plan.Changed.Select(c => c.Line.Name).ToArray(),
                        NamesEn = plan.Changed.Select(c => c.NameEn).ToArray(),
                    },
                    cancellationToken);
            }

            if (plan.Made.Count + plan.Changed.Count > 0)
            {
                log.Write(
                    command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.PlacesImported, new { made = plan.Made.Count, changed = plan.Changed.Count, same = plan.Same, command.Sha256 }, visibility: Visibility.Desk);
            }

            return plan.Report();
        }
    }
}

/// <summary>What would come of a CSV file of places: nothing is written.</summary>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record TryPlaceImport([property: JsonIgnore] Guid CommunityId, [property: JsonIgnore] byte[] File) : IQuery<PlaceImport>
{
    internal sealed class Handler(Caller caller, PlaceTrees trees) : IRequestHandler<TryPlaceImport, PlaceImport>
    {
        public async Task<PlaceImport> Handle(TryPlaceImport query, CancellationToken cancellationToken)
        {
            var community = caller.CommunitiesFor(query.CommunityId)[0];
            return (await trees.Plan(community, PlaceFile.Read(query.File), cancellationToken)).Report();
        }
    }
}

/// <summary>What came, or would come, of a file of places.</summary>
/// <param name="Lines">With anything in them, the header left out.</param>
/// <param name="Same">There already, exactly so.</param>
/// <param name="RefusedLines">Lines that cannot be taken over: as long as there is one, nothing is.</param>
/// <param name="MadeOfKind">How many of each kind are made.</param>
/// <param name="Changes">Those that are called otherwise from then on: the first 500.</param>
/// <param name="Refusals">What is wrong with which line: the first 500.</param>
public sealed record PlaceImport(int Lines, int Made, int Changed, int Same, int RefusedLines, IReadOnlyList<PlacesOfKind> MadeOfKind, IReadOnlyList<PlaceChange> Changes, IReadOnlyList<RefusedLine> Refusals);

public sealed record PlacesOfKind(PlaceKind Kind, int Count);

/// <summary>A place that is called otherwise from then on.</summary>
public sealed record PlaceChange(int Line, string FullCode, PlaceWords Was, PlaceWords Becomes);

/// <param name="Code">What it is called within its parent.</param>
public sealed record PlaceWords(string Code, string Name, string? NameEn);

/// <summary>A place that is there.</summary>
internal sealed record KnownPlace(Guid PlaceId, Guid? ParentId, PlaceKind Kind, string Code, string FullCode, string Name, string? NameEn, Guid? BuildingId, DateTimeOffset? RetiredAt);

/// <summary>A place that is to be made.</summary>
internal sealed record PlannedPlace(PlaceFileLine Line, Guid PlaceId, Guid ParentId, string Code, Guid? BuildingId);

internal sealed record RenamedPlace(PlaceFileLine Line, KnownPlace Was, string Code, string? NameEn);

/// <summary>What the commands on places share.</summary>
internal sealed class PlaceTrees(Db db, TimeProvider clock, Caller caller)
{
    // One change of a community's tree at a time: what is above a place, and what is below, stays while somebody looks.
    private const string Take = """
        select pg_advisory_xact_lock(hashtextextended('places:' || @CommunityId::text, 0))
        """;

    private const string Known = """
        select p.place_id, p.parent_id, p.kind, p.code, p.full_code, p.name, p.name_en, p.building_id, p.retired_at
        from place p
        where p.community_id = @CommunityId and (p.full_code = any (@Codes) or p.parent_id is null)
        """;

    /// <exception cref="Refused.NotFound">The caller has nothing to do with this community.</exception>
    public async Task Lock(Guid communityId, CancellationToken ct)
    {
        caller.CommunitiesFor(communityId);
        await db.Run(Take, new { CommunityId = communityId }, ct);
    }

    public async Task<PlacePlan> Plan(Guid communityId, PlaceFile file, CancellationToken ct)
    {
        var codes = file.Lines.Select(l => l.FullCode).Concat(file.Lines.Select(l => l.Parent).OfType<string>()).Distinct(StringComparer.Ordinal).ToArray();
        var known = await db.List<KnownPlace>(Known, new { CommunityId = communityId, Codes = codes }, ct);
        return PlacePlan.Of(file, known, clock.Now());
    }
}
