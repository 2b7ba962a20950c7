using System.Text.Json;
using System.Text.Json.Nodes;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>What every new community starts with, from <c>db/reference</c>; each community then owns its copy.</summary>
public static class ReferenceData
{
    /// <summary>The categories as a tree per kind.</summary>
    public static IReadOnlyList<CategorySeed> Categories { get; } = JsonSerializer.Deserialize<List<CategorySeed>>(Text("categories.json"), Json.Options)!;

    /// <summary>The SLA profile, as it stands in the file.</summary>
    public static string SlaProfile { get; } = Text("sla-profile.json");

    /// <summary>The calendars for a community in <paramref name="timeZone"/>, with the holidays that each names, by code.</summary>
    public static IReadOnlyList<CalendarSeed> Calendars(string timeZone) =>
    [
        .. JsonNode.Parse(Text("calendars.json"))!.AsArray().Select(node =>
        {
            var definition = node!["definition"]!.DeepClone();
            definition["zone"] = timeZone;
            return new CalendarSeed((string)node["code"]!, (string)node["name"]!["zh"]!, (string)node["name"]!["en"]!, definition.ToJsonString());
        }),
    ];

    private static string Text(string name)
    {
        using var reader = new StreamReader(
            typeof(ReferenceData).Assembly.GetManifestResourceStream("reference/" + name) ?? throw new InvalidOperationException($"db/reference/{name} is not in the program."));
        return reader.ReadToEnd();
    }
}

/// <param name="Code">Stable within its kind, for example <c>lift.trapped</c>.</param>
public sealed record CategorySeed(
    RequestKind Kind,
    string Code,
    string Name,
    string NameEn,
    Crew? Crew = null,
    Priority Priority = Priority.Normal,
    Payer Payer = Payer.Free,
    bool CommonArea = false,
    IReadOnlyList<PhotoPurpose>? DemandsPhotos = null,
    IReadOnlyList<CategorySeed>? Children = null);

public sealed record CalendarSeed(string Code, string Name, string NameEn, string Definition);
