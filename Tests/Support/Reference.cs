using System.Text.Json;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The reference data as it ships inside Domain.</summary>
public static class Reference
{
    public static SlaProfile Profile { get; } = Read<SlaProfile>("sla-profile.json");

    public static IReadOnlyList<HolidaySheet> Holidays(string region) =>
        [.. Names("holidays/").SelectMany(n => Read<HolidayFile>(n).Sheets).Where(s => s.Region == region)];

    /// <summary>The calendar as a community gets it, with the holidays that it observes.</summary>
    public static BusinessCalendar Calendar(string code)
    {
        var calendar = Read<ReferenceCalendar[]>("calendars.json").Single(c => c.Code == code);
        return BusinessCalendar.From(calendar.Holidays is { } region ? calendar.Definition.Observing(Holidays(region)) : calendar.Definition);
    }

    public static T Read<T>(string name)
    {
        using var file = typeof(BusinessCalendar).Assembly.GetManifestResourceStream("reference/" + name)!;
        return JsonSerializer.Deserialize<T>(file, Json.Options)!;
    }

    private static IEnumerable<string> Names(string folder) =>
        typeof(BusinessCalendar).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith("reference/" + folder, StringComparison.Ordinal))
            .Select(n => n["reference/".Length..])
            .Order(StringComparer.Ordinal);
}
