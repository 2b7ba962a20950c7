using System.Text.Json;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>What every new community starts with, from <c>db/reference</c>; each community then owns its copy.</summary>
public static class ReferenceData
{
    /// <summary>The categories as a tree per kind.</summary>
    public static IReadOnlyList<CategorySeed> Categories { get; } = JsonSerializer.Deserialize<List<CategorySeed>>(Text("categories.json"), Json.Options)!;

    /// <summary>The SLA profile, as it stands in the file.</summary>
    public static string SlaProfile { get; } = Text("sla-profile.json");

    /// <summary>The words of every message, as they stand in the file.</summary>
    public static string MessageTemplates { get; } = Text("templates.json");

    /// <summary>The calendars for a community in <paramref name="timeZone"/>. The office calendar observes the holidays of the zone's country where they are known; elsewhere it says of every due time that its year is not loaded.</summary>
    public static IReadOnlyList<ReferenceCalendar> Calendars(string timeZone) =>
    [
        .. JsonSerializer.Deserialize<List<ReferenceCalendar>>(Text("calendars.json"), Json.Options)!.Select(c =>
        {
            var definition = c.Definition with { Zone = timeZone };
            return c.Holidays is null ? c : c with { Definition = (definition with { LoadedYears = [] }).Observing(Sheets.Where(s => s.Region == RegionOf(timeZone))) };
        }).Select(c => c with { Definition = c.Definition with { Zone = timeZone } }),
    ];

    /// <summary>What the holidays and make-up days of a calendar are called by the published sheets of its zone's country.</summary>
    public static IReadOnlyDictionary<DateOnly, string> NamesOf(CalendarDefinition calendar)
    {
        var off = (calendar.Holidays ?? []).ToHashSet();
        var names = new SortedDictionary<DateOnly, string>();
        foreach (var sheet in Sheets.Where(s => s.Region == RegionOf(calendar.Zone)).OrderBy(s => s.Year))
        {
            foreach (var (day, name) in sheet.Off.Where(d => off.Contains(d.Key)).Concat((sheet.Worked ?? new Dictionary<DateOnly, string>()).Where(d => calendar.MakeUpDays?.ContainsKey(d.Key) == true)))
            {
                names[day] = name;
            }
        }

        return names;
    }

    /// <summary>What a published holiday is called in English; null where it is none of them.</summary>
    public static string? InEnglish(string holiday) => HolidayNames.GetValueOrDefault(holiday);

    private static IReadOnlyDictionary<string, string> HolidayNames { get; } = JsonSerializer.Deserialize<Dictionary<string, string>>(Text("holiday-names.json"), Json.Options)!;

    private static readonly Lazy<IReadOnlyList<HolidaySheet>> LoadedSheets = new(() =>
    [
        .. typeof(ReferenceData).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith("reference/holidays/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .SelectMany(n => JsonSerializer.Deserialize<HolidayFile>(Text(n["reference/".Length..]), Json.Options)!.Sheets),
    ]);

    private static IReadOnlyList<HolidaySheet> Sheets => LoadedSheets.Value;

    private static string? RegionOf(string timeZone) => timeZone switch
    {
        "Asia/Shanghai" or "Asia/Urumqi" => "cn",
        "Europe/London" => "gb-england-and-wales",
        _ => null,
    };

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
