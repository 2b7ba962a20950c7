using System.Collections.Frozen;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>The windows of each day of a calendar, in wall time; a definition that makes no sense is refused here.</summary>
internal sealed class CalendarDays
{
    private readonly CalendarWindow[][] week = [.. Enumerable.Repeat<CalendarWindow[]>([], 7)];
    private readonly FrozenSet<DateOnly> holidays;
    private readonly FrozenDictionary<DateOnly, DayOfWeek> makeUpDays;
    private readonly FrozenDictionary<DateOnly, CalendarWindow[]> overrides;
    private readonly FrozenDictionary<DateOnly, CalendarWindow[]> breaks;

    public CalendarDays(CalendarDefinition definition)
    {
        holidays = (definition.Holidays ?? []).ToFrozenSet();
        makeUpDays = (definition.MakeUpDays ?? new Dictionary<DateOnly, string>()).ToFrozenDictionary(d => d.Key, d => DayOf(d.Value));
        overrides = Dated(definition.Overrides);
        breaks = Dated(definition.Breaks);
        foreach (var (day, windows) in definition.Week ?? new Dictionary<string, IReadOnlyList<string>>())
        {
            week[(int)DayOf(day)] = CalendarWindow.ParseAll(windows);
        }

        Check(definition);
    }

    public CalendarWindow[] WindowsOn(DateOnly day)
    {
        var windows =
            overrides.TryGetValue(day, out var replaced) ? replaced
            : makeUpDays.TryGetValue(day, out var like) ? week[(int)like]
            : holidays.Contains(day) ? []
            : week[(int)day.DayOfWeek];

        return breaks.Count == 0 || windows.Length == 0 ? windows : Cut(windows, day);
    }

    private CalendarWindow[] Cut(CalendarWindow[] windows, DateOnly day)
    {
        for (var near = -1; near <= 1; near++) // a break may begin the day before, a window may run into the day after
        {
            foreach (var cut in breaks.GetValueOrDefault(day.AddDays(near)) ?? [])
            {
                windows = [.. windows.SelectMany(w => w.Without(cut.Shifted(near * CalendarWindow.Day)))];
            }
        }

        return windows;
    }

    private void Check(CalendarDefinition definition)
    {
        var hasWindows = week.Any(w => w.Length > 0);
        if (definition.AlwaysOpen)
        {
            if (hasWindows || holidays.Count + makeUpDays.Count + overrides.Count + breaks.Count > 0 || definition.LoadedYears is not null)
            {
                throw new Refused.Invalid("calendar.always_open_with_windows", "A calendar that is always open has no windows, holidays or breaks.");
            }

            return;
        }

        if (!hasWindows)
        {
            throw new Refused.Invalid("calendar.no_open_hours", "A calendar needs open hours in its week, or nothing would ever be due.");
        }

        if (makeUpDays.Keys.FirstOrDefault(holidays.Contains) is var both && both != default)
        {
            throw new Refused.Invalid("calendar.day_off_and_worked", $"{both:yyyy-MM-dd} is both a day off and a make-up day.");
        }

        foreach (var year in holidays.Concat(overrides.Keys).Concat(breaks.Keys).Select(d => d.Year).Distinct())
        {
            var first = new DateOnly(year, 1, 1);
            if (!Enumerable.Range(0, DateTime.IsLeapYear(year) ? 366 : 365).Any(n => WindowsOn(first.AddDays(n)).Length > 0))
            {
                throw new Refused.Invalid("calendar.no_open_hours", $"The holidays and exceptions of {year} leave no open hours in it.");
            }
        }
    }

    private static DayOfWeek DayOf(string? word)
    {
        for (var day = DayOfWeek.Sunday; day <= DayOfWeek.Saturday; day++)
        {
            if (string.Equals(day.ToString(), word, StringComparison.OrdinalIgnoreCase))
            {
                return day;
            }
        }

        throw new Refused.Invalid("calendar.unknown_day", $"{word} is not a day of the week; they are monday to sunday.");
    }

    private static FrozenDictionary<DateOnly, CalendarWindow[]> Dated(IReadOnlyDictionary<DateOnly, IReadOnlyList<string>>? days) =>
        (days ?? new Dictionary<DateOnly, IReadOnlyList<string>>()).ToFrozenDictionary(d => d.Key, d => CalendarWindow.ParseAll(d.Value));
}
