namespace PropertyServiceDesk.Domain.Communities;

/// <summary>How the lines of a file fit each other and what is there: what is made, what is called otherwise, what stays, what is refused.</summary>
internal sealed class PlacePlan
{
    /// <summary>How many changes and refusals are shown.</summary>
    public const int Shown = 500;

    private readonly Dictionary<string, PlaceFileLine> inFile = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KnownPlace> known;
    private readonly Dictionary<string, Standing> settled = new(StringComparer.Ordinal);
    private readonly HashSet<string> done = new(StringComparer.Ordinal);
    private readonly KnownPlace root;
    private readonly PlaceFile file;
    private readonly DateTimeOffset now;

    private PlacePlan(PlaceFile file, IReadOnlyList<KnownPlace> places, DateTimeOffset now)
    {
        (this.file, this.now) = (file, now);
        root = places.Single(p => p.ParentId is null);
        known = places.ToDictionary(p => p.FullCode, StringComparer.Ordinal);
        Refused.AddRange(file.Wrong);
    }

    /// <summary>A place as those within it see it.</summary>
    private sealed record Standing(Guid PlaceId, PlaceKind Kind, Guid? BuildingId);

    public List<PlannedPlace> Made { get; } = [];

    public List<RenamedPlace> Changed { get; } = [];

    public int Same { get; private set; }

    public List<RefusedLine> Refused { get; } = [];

    public static PlacePlan Of(PlaceFile file, IReadOnlyList<KnownPlace> places, DateTimeOffset now)
    {
        var plan = new PlacePlan(file, places, now);
        foreach (var line in file.Lines)
        {
            if (!plan.inFile.TryAdd(line.FullCode, line))
            {
                plan.Refuse(line, "fullCode", "place.code_twice", $"This full code stands in line {plan.inFile[line.FullCode].Line} already.", line.FullCode);
            }
        }

        foreach (var line in plan.inFile.Values)
        {
            plan.Settle(line);
        }

        plan.Refused.Sort((a, b) => a.Line.CompareTo(b.Line));
        return plan;
    }

    public PlaceImport Report() => new(
        file.Count,
        Made.Count,
        Changed.Count,
        Same,
        Refused.Select(r => r.Line).Distinct().Count(),
        [.. Made.GroupBy(m => m.Line.Kind).OrderBy(g => g.Key).Select(g => new PlacesOfKind(g.Key, g.Count()))],
        [.. Changed.OrderBy(c => c.Line.Line).Take(Shown).Select(c => new PlaceChange(c.Line.Line, c.Line.FullCode, new PlaceWords(c.Was.Code, c.Was.Name, c.Was.NameEn), new PlaceWords(c.Code, c.Line.Name, c.NameEn)))],
        [.. Refused.Take(Shown)]);

    /// <summary>Whatever a line stands in first: lines may come in any order, and however deep.</summary>
    private void Settle(PlaceFileLine line)
    {
        var path = new List<PlaceFileLine>();
        var onPath = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var next = line; next is not null && !done.Contains(next.FullCode); next = next.Parent is { } parent ? inFile.GetValueOrDefault(parent) : null)
        {
            if (!onPath.TryAdd(next.FullCode, path.Count))
            {
                foreach (var round in path.Skip(onPath[next.FullCode]))
                {
                    Refuse(round, "parent", "place.cycle", "Going up from this place one comes back to it.", round.Parent);
                    done.Add(round.FullCode);
                }

                break;
            }

            path.Add(next);
        }

        for (var i = path.Count - 1; i >= 0; i--)
        {
            if (done.Add(path[i].FullCode) && Place(path[i]) is { } standing)
            {
                settled[path[i].FullCode] = standing;
            }
        }
    }

    private Standing? Place(PlaceFileLine line)
    {
        var there = known.GetValueOrDefault(line.FullCode);
        if (there?.RetiredAt is not null)
        {
            return Refuse(line, "fullCode", "place.retired", "This place was retired. Bring it back first, or leave the line out.", line.FullCode);
        }

        if (there is not null && there.Kind != line.Kind)
        {
            return Refuse(line, "kind", "place.kind_differs", $"This place is there already, as {EnumWord.Of(there.Kind)}.", EnumWord.Of(line.Kind));
        }

        Standing? parent;
        if (line.Parent is null || line.Parent == root.FullCode)
        {
            parent = Of(root);
        }
        else if (inFile.ContainsKey(line.Parent))
        {
            if (!settled.TryGetValue(line.Parent, out parent))
            {
                return null; // what it stands in is refused: that is what is to be mended
            }
        }
        else if (known.GetValueOrDefault(line.Parent) is not { } above)
        {
            return Refuse(line, "parent", "place.parent_unknown", "There is no such place, neither in the community nor in the file.", line.Parent);
        }
        else if (above.RetiredAt is not null)
        {
            return Refuse(line, "parent", "place.parent_retired", "The place that it stands in was retired.", line.Parent);
        }
        else
        {
            parent = Of(above);
        }

        return there is null ? Make(line, parent) : Keep(line, there, parent);
    }

    private Standing? Make(PlaceFileLine line, Standing parent)
    {
        if (!PlaceTree.MayStandIn(line.Kind, parent.Kind))
        {
            return Refuse(line, "kind", "place.kind_does_not_fit", $"A place of the kind {EnumWord.Of(line.Kind)} does not stand directly in one of the kind {EnumWord.Of(parent.Kind)}.", EnumWord.Of(line.Kind));
        }

        var code = line.Code ?? PlaceTree.CodeWithin(line.FullCode, line.Parent);
        if (PlainText.Length(code) > 40)
        {
            return Refuse(line, "code", PlainText.TooLong, PlainTextRules.Sentence(PlainText.TooLong, 40), code);
        }

        var id = Guid.CreateVersion7(now);
        var building = line.Kind == PlaceKind.Building ? id : parent.BuildingId;
        Made.Add(new PlannedPlace(line, id, parent.PlaceId, code, building));
        return new Standing(id, line.Kind, building);
    }

    private Standing? Keep(PlaceFileLine line, KnownPlace there, Standing parent)
    {
        if (there.ParentId != parent.PlaceId)
        {
            return Refuse(line, "parent", "place.parent_differs", "This place is there already, and stands in another one. A place is not moved: its requests and its people know where it is.", line.Parent ?? "");
        }

        var code = line.Code ?? there.Code;
        var nameEn = file.SaysNameEn ? line.NameEn : there.NameEn;
        if ((there.Code, there.Name, there.NameEn) == (code, line.Name, nameEn))
        {
            Same++;
        }
        else
        {
            Changed.Add(new RenamedPlace(line, there, code, nameEn));
        }

        return Of(there);
    }

    private static Standing Of(KnownPlace place) => new(place.PlaceId, place.Kind, place.BuildingId);

    private Standing? Refuse(PlaceFileLine line, string column, string code, string sentence, string? value)
    {
        Refused.Add(new RefusedLine(line.Line, column, code, sentence, value is null ? null : PlaceFile.Short(value)));
        return null;
    }
}
