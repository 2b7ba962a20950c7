using FluentValidation;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>A calendar as it is stored and edited; <see cref="BusinessCalendar.From"/> checks it and makes it fit for use.</summary>
/// <remarks>
/// Windows are written <c>08:30-12:00</c>, open at the first and closed at the second. <c>24:00</c> is the end of the day;
/// a close before the open is on the next day (<c>22:00-06:00</c>) and belongs to the day on which it opens.
/// For one day the first of these that names it decides: <see cref="Overrides"/>, <see cref="MakeUpDays"/>, <see cref="Holidays"/>,
/// <see cref="Week"/>. <see cref="Breaks"/> are cut out of whatever is open at that wall time.
/// </remarks>
/// <param name="Zone">IANA name, such as <c>Asia/Shanghai</c>.</param>
/// <param name="AlwaysOpen">24×7; nothing else but the zone may then be given.</param>
/// <param name="Week">Day of the week (<c>monday</c> … <c>sunday</c>) to its windows; a day that is absent is closed.</param>
/// <param name="MakeUpDays">Days worked by exception (调休) to the day of the week whose windows they have.</param>
/// <param name="Overrides">Windows that replace those of the day; none at all closes it.</param>
/// <param name="LoadedYears">Years whose holidays are known; null where the calendar does not depend on any.</param>
public sealed record CalendarDefinition(
    string Zone,
    bool AlwaysOpen = false,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Week = null,
    IReadOnlyList<DateOnly>? Holidays = null,
    IReadOnlyDictionary<DateOnly, string>? MakeUpDays = null,
    IReadOnlyDictionary<DateOnly, IReadOnlyList<string>>? Overrides = null,
    IReadOnlyDictionary<DateOnly, IReadOnlyList<string>>? Breaks = null,
    IReadOnlyList<int>? LoadedYears = null)
{
    /// <summary>This calendar with the holidays of <paramref name="sheets"/>; a later sheet has the last word on a day.</summary>
    /// <remarks>
    /// A sheet may name days of its neighbours' years: the Chinese sheet of 2019 moved three days of December 2018.
    /// So the end of the last loaded year can still change when the next sheet comes out.
    /// </remarks>
    /// <param name="workedAs">The day of the week whose windows a make-up day has.</param>
    public CalendarDefinition Observing(IEnumerable<HolidaySheet> sheets, string workedAs = "monday")
    {
        var off = new SortedSet<DateOnly>(Holidays ?? []);
        var worked = new SortedDictionary<DateOnly, string>();
        foreach (var (day, like) in MakeUpDays ?? new Dictionary<DateOnly, string>())
        {
            worked[day] = like;
        }

        var years = new SortedSet<int>(LoadedYears ?? []);
        foreach (var sheet in sheets.OrderBy(s => s.Year))
        {
            years.Add(sheet.Year);
            foreach (var day in sheet.Off.Keys)
            {
                worked.Remove(day);
                off.Add(day);
            }

            foreach (var day in sheet.Worked?.Keys ?? [])
            {
                off.Remove(day);
                worked[day] = workedAs;
            }
        }

        return this with { Holidays = [.. off], MakeUpDays = worked, LoadedYears = [.. years] };
    }
}

/// <summary>One year's days off and days worked by exception in one region, each with its name.</summary>
public sealed record HolidaySheet(
    string Region,
    int Year,
    IReadOnlyDictionary<DateOnly, string> Off,
    IReadOnlyDictionary<DateOnly, string>? Worked = null);

/// <summary>A file of <c>db/reference/holidays</c>.</summary>
/// <param name="Source">Who published these facts.</param>
public sealed record HolidayFile(string Source, IReadOnlyList<HolidaySheet> Sheets);

/// <summary>A calendar that ships with the product.</summary>
/// <param name="Code">What policies call it: <c>24x7</c>, <c>desk</c>, <c>office</c>.</param>
/// <param name="Holidays">The region whose holiday sheets it observes; null for none.</param>
public sealed record ReferenceCalendar(string Code, LocalName Name, CalendarDefinition Definition, string? Holidays = null);

/// <summary>A name in both languages of the product.</summary>
public sealed record LocalName(string Zh, string En)
{
    /// <summary>The form in which it is stored.</summary>
    public LocalName Normalised() => new(PlainText.Normalise(Zh), PlainText.Normalise(En));

    internal sealed class Validator : AbstractValidator<LocalName>
    {
        public Validator()
        {
            RuleFor(n => n.Zh).PlainText(100);
            RuleFor(n => n.En).PlainText(100);
        }
    }
}
