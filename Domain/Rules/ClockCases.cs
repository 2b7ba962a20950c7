using System.Globalization;
using System.Text.Json;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What the clock made of one case of a file.</summary>
/// <param name="Skipped">Why it was not judged; null when it was.</param>
public sealed record ClockCase(string Id, string Op, string Expected, string Actual, string? Skipped)
{
    public bool Agrees => Skipped is null && Expected == Actual;
}

/// <summary>Reckons a file of cases <c>{ calendars: {…}, cases: […] }</c>, so that somebody can try their own calendars before trusting ours.</summary>
/// <remarks>
/// Ops: <c>add_seconds</c>, <c>elapsed_seconds</c>, <c>due_with_pauses</c> and <c>elapsed_with_pauses</c> (with
/// <c>pauses: [[from, to], …]</c>), <c>next_open</c>, <c>next_close</c>, <c>prev_open_moment</c>, <c>is_open</c>, <c>segments</c>,
/// <c>workdays_between</c>, <c>add_workdays_keep_time</c>. Skipped: cases marked <c>engine_dependent</c>, and other conventions of
/// <c>add_workdays_…</c> than the one that <see cref="SlaClock"/> follows.
/// </remarks>
public static class ClockCases
{
    /// <exception cref="Refused.Invalid">The file is not of that shape, a case names an unknown calendar or op, or a calendar makes no sense; the sentence names which.</exception>
    public static IReadOnlyList<ClockCase> Reckon(string json)
    {
        var doing = "";
        try
        {
            using var file = JsonDocument.Parse(json);
            var calendars = new Dictionary<string, BusinessCalendar>(StringComparer.Ordinal);
            foreach (var calendar in Member(file.RootElement, "calendars").EnumerateObject())
            {
                doing = $"Calendar {calendar.Name}: ";
                calendars.Add(calendar.Name, BusinessCalendar.From(Definition(calendar.Value)));
            }

            var cases = new List<ClockCase>();
            doing = "";
            foreach (var item in Member(file.RootElement, "cases").EnumerateArray())
            {
                doing = $"Case {cases.Count + 1}: ";
                doing = $"Case {Text(item, "id")}: ";
                cases.Add(Reckon(item, calendars));
            }

            return cases.Count > 0 ? cases : throw new FormatException("there are no cases in it.");
        }
        catch (Exception e) when (e is Refused or JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new Refused.Invalid("clock.cases_malformed", $"This is not a file of clock cases that can be reckoned. {doing}{e.Message.Split('\n')[0].Trim()}");
        }
    }

    private static JsonElement Member(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var member) ? member : throw new FormatException($"{name} is missing.");

    private static ClockCase Reckon(JsonElement item, Dictionary<string, BusinessCalendar> calendars)
    {
        var op = Text(item, "op");
        var expected = Expected(item);
        var skipped =
            item.TryGetProperty("engine_dependent", out var dependent) && dependent.GetBoolean() ? "engines differ here"
            : op.StartsWith("add_workdays_", StringComparison.Ordinal) && op != "add_workdays_keep_time" ? "another convention of working days"
            : null;

        var actual = skipped is not null ? ""
            : calendars.TryGetValue(Text(item, "calendar"), out var calendar) ? Actual(op, item, calendar)
            : throw new FormatException($"there is no calendar {Text(item, "calendar")}.");
        return new ClockCase(Text(item, "id"), op, expected, actual, skipped);
    }

    private static string Actual(string op, JsonElement item, BusinessCalendar calendar) => op switch
    {
        "add_seconds" => Words(calendar.Add(Instant(item, "start"), Seconds(item))),
        "due_with_pauses" => Words(SlaClock.DueAfter(Instant(item, "start"), Seconds(item), calendar, Pauses(item)).At),
        "elapsed_seconds" or "elapsed_with_pauses" => Words(
            SlaClock.Elapsed(Instant(item, "start"), Instant(item, "end"), AllowanceUnit.WorkingMinutes, calendar, Pauses(item)).TotalSeconds),
        "next_open" => Words(calendar.NextOpen(Instant(item, "start"))),
        "next_close" => calendar.NextClose(Instant(item, "start")) is { } close ? Words(close) : "never",
        "prev_open_moment" => Words(calendar.PreviousOpenMoment(Instant(item, "start"))),
        "is_open" => calendar.IsOpen(Instant(item, "start")) ? "true" : "false",
        "segments" => string.Join(' ', calendar.Segments(Instant(item, "start")).Take(Member(item, "count").GetInt32()).Select(s => $"{Words(s.Open)}/{Words(s.Close)}")),
        "workdays_between" => Words(calendar.WorkdaysBetween(Day(item, "start"), Day(item, "end"))),
        "add_workdays_keep_time" when Text(item, "start").Contains('T', StringComparison.Ordinal) =>
            Words(calendar.AddWorkdays(Instant(item, "start"), Member(item, "days").GetInt32())),
        "add_workdays_keep_time" => Words(calendar.AddWorkdays(Day(item, "start"), Member(item, "days").GetInt32())),
        _ => throw new FormatException($"there is no op {op}."),
    };

    private static string Expected(JsonElement item)
    {
        foreach (var property in item.EnumerateObject().Where(p => p.Name.StartsWith("expected", StringComparison.Ordinal)))
        {
            return property.Value.ValueKind switch
            {
                JsonValueKind.Array => string.Join(' ', property.Value.EnumerateArray().Select(s => $"{Moment(s[0].GetString()!)}/{Moment(s[1].GetString()!)}")),
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                JsonValueKind.Number => Words(property.Value.GetDouble()),
                _ => Moment(property.Value.GetString()!),
            };
        }

        throw new FormatException($"case {Text(item, "id")} expects nothing.");
    }

    private static CalendarDefinition Definition(JsonElement calendar)
    {
        var always = calendar.TryGetProperty("always_open", out var open) && open.GetBoolean();
        return new CalendarDefinition(
            Text(calendar, "tz"),
            always,
            Week: Part(calendar, "week").ToDictionary(d => Day(d.Name), d => Windows(d.Value), StringComparer.Ordinal),
            Holidays: calendar.TryGetProperty("holidays", out var off) ? [.. off.EnumerateArray().Select(d => Day(d.GetString()!, "yyyy-MM-dd"))] : null,
            Overrides: Part(calendar, "overrides").ToDictionary(d => Day(d.Name, "yyyy-MM-dd"), d => Windows(d.Value)),
            Breaks: Part(calendar, "breaks").ToDictionary(d => Day(d.Name, "yyyy-MM-dd"), d => Windows(d.Value)));
    }

    private static IEnumerable<JsonProperty> Part(JsonElement calendar, string name) =>
        calendar.TryGetProperty(name, out var part) ? part.EnumerateObject() : [];

    private static IReadOnlyList<string> Windows(JsonElement windows) =>
        [.. windows.EnumerateArray().Select(w => $"{w[0].GetString()}-{w[1].GetString()}")];

    private static string Day(string name) =>
        Enum.GetNames<DayOfWeek>().FirstOrDefault(d => name.Length >= 3 && d.StartsWith(name, StringComparison.OrdinalIgnoreCase)) ?? name;

    private static List<Pause>? Pauses(JsonElement item) =>
        item.TryGetProperty("pauses", out var pauses)
            ? [.. pauses.EnumerateArray().Select(p => new Pause(Instant(p[0].GetString()!), Instant(p[1].GetString()!)))]
            : null;

    private static TimeSpan Seconds(JsonElement item) => TimeSpan.FromSeconds(Member(item, "seconds").GetDouble());

    private static string Text(JsonElement item, string name) => Member(item, name).GetString() ?? throw new FormatException($"{name} is null.");

    private static DateTimeOffset Instant(JsonElement item, string name) => Instant(Text(item, name));

    private static DateTimeOffset Instant(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    private static DateOnly Day(JsonElement item, string name) => Day(Text(item, name), "yyyy-MM-dd");

    private static DateOnly Day(string text, string format) => DateOnly.ParseExact(text, format, CultureInfo.InvariantCulture);

    /// <summary>Days stay days, instants are written alike, so that both sides can be compared as text.</summary>
    private static string Moment(string text) => text.Contains('T', StringComparison.Ordinal) ? Words(Instant(text)) : text;

    private static string Words(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    private static string Words(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Words(double number) => number.ToString(CultureInfo.InvariantCulture);
}
