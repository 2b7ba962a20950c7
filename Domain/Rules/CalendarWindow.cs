using System.Globalization;
using System.Runtime.InteropServices;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>One window of a day: minutes since the midnight with which its day begins; past 24 × 60 is the next day.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CalendarWindow(int Opens, int Closes)
{
    /// <summary>Minutes of a day that has all its hours.</summary>
    public const int Day = 24 * 60;

    public static CalendarWindow[] ParseAll(IReadOnlyList<string?>? windows) =>
        windows is null ? throw Malformed("null") : [.. windows.Select(Parse)];

    private static CalendarWindow Parse(string? text) => Read(text) ?? throw Malformed(text ?? "null");

    /// <summary>Null where it is no window: no times of the day, or the same one twice.</summary>
    public static CalendarWindow? Read(string? text)
    {
        text ??= "null";
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0 && Minutes(text[..dash]) is { } opens and < Day && Minutes(text[(dash + 1)..]) is { } closes && opens != closes)
        {
            return new CalendarWindow(opens, closes > opens ? closes : closes + Day);
        }

        return null;
    }

    public static Refused.Invalid Malformed(string text) =>
        new("calendar.window_malformed", $"{text} is not a window; write 08:30-12:00, with 24:00 for the end of the day.");

    /// <summary>As it is written in a calendar: <c>08:30-12:00</c>.</summary>
    public override string ToString() => Clock(Opens) + "-" + Clock(Closes);

    public CalendarWindow Shifted(int minutes) => new(Opens + minutes, Closes + minutes);

    public IEnumerable<CalendarWindow> Without(CalendarWindow cut)
    {
        if (cut.Closes <= Opens || cut.Opens >= Closes)
        {
            yield return this;
            yield break;
        }

        if (Opens < cut.Opens)
        {
            yield return this with { Closes = cut.Opens };
        }

        if (cut.Closes < Closes)
        {
            yield return this with { Opens = cut.Closes };
        }
    }

    private static string Clock(int minutes) => minutes == Day ? "24:00" : string.Create(CultureInfo.InvariantCulture, $"{minutes / 60 % 24:00}:{minutes % 60:00}");

    private static int? Minutes(string text) =>
        text == "24:00" ? Day
        : TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? (time.Hour * 60) + time.Minute
        : null;
}
