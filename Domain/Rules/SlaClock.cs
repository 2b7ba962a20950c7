using System.Runtime.InteropServices;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>How an allowance is counted.</summary>
public enum AllowanceUnit
{
    /// <summary>wm: minutes of the calendar's open time.</summary>
    WorkingMinutes,

    /// <summary>h: hours of real time, day and night.</summary>
    Hours,

    /// <summary>d: the same wall time so many calendar days later.</summary>
    Days,

    /// <summary>wd: the same wall time so many working days later.</summary>
    WorkingDays,
}

/// <summary>How much time is given; never negative.</summary>
public sealed record Allowance(int Number, AllowanceUnit Unit)
{
    /// <summary>What a declared event makes of it, rounded up to whole units: nobody loses time by rounding.</summary>
    public Allowance Stretched(decimal factor) => this with { Number = (int)Math.Ceiling(Number * factor) };

    /// <summary>What it was before: rounding up can be undone, because a factor is above 1.</summary>
    public Allowance Unstretched(decimal factor) => this with { Number = (int)Math.Floor(Number / factor) };
}

/// <summary>Time that does not count, from <paramref name="From"/> until <paramref name="To"/>; one that still runs is given its end as of now.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Pause(DateTimeOffset From, DateTimeOffset To);

/// <summary>When something is due.</summary>
/// <param name="BeyondLoadedCalendar">
/// The holidays of a year on the way are not known. <paramref name="At"/> is then what the week alone gives: show it as not settled,
/// and reckon again when the year has been loaded.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Due(DateTimeOffset At, bool BeyondLoadedCalendar);

/// <summary>What is due when, and how much of an allowance is used. Pure: the time is an argument, results are whole microseconds in UTC.</summary>
/// <remarks>
/// <para>Open time is half-open: an allowance that uses a segment up ends at its close, not at the next opening; an allowance of nothing is
/// due at the next open moment.</para>
/// <para>Working days keep the wall time (the convention <c>add_workdays_keep_time</c>): five working days from Tuesday 10:15 is the next
/// Tuesday 10:15, which can be said to an owner in one breath and does not move when opening hours are edited. From a day off it counts
/// as from the same time on the next working day.</para>
/// <para>Pauses may come in any order and overlap; only the part in time that counts moves anything. Calendar days are measured in real
/// time and working days in open time: a due time found by days is put off by as much of that as was paused.</para>
/// </remarks>
public static class SlaClock
{
    /// <exception cref="ArgumentOutOfRangeException">The allowance is negative.</exception>
    public static Due DueAt(DateTimeOffset start, Allowance allowance, BusinessCalendar calendar, IReadOnlyCollection<Pause>? pauses = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(allowance.Number, nameof(allowance));

        start = Cut(start);
        var measure = MeasureOf(allowance.Unit, calendar);
        var breaks = InOrder(pauses);
        var at = allowance.Unit switch
        {
            AllowanceUnit.WorkingMinutes or AllowanceUnit.Hours => UsedUp(start, Span(allowance), measure, breaks),
            AllowanceUnit.Days or AllowanceUnit.WorkingDays => PutOff(start, OnTheDay(start, allowance, calendar), measure, breaks),
        };

        var needsHolidays = allowance.Unit is AllowanceUnit.WorkingMinutes or AllowanceUnit.WorkingDays;
        return new Due(at, needsHolidays && !calendar.IsLoaded(start, at));
    }

    /// <summary>How much of an allowance of this unit has been used between two instants; negative when they are the wrong way round.</summary>
    public static TimeSpan Elapsed(
        DateTimeOffset start, DateTimeOffset end, AllowanceUnit unit, BusinessCalendar calendar, IReadOnlyCollection<Pause>? pauses = null) =>
        Counted(Cut(start), Cut(end), MeasureOf(unit, calendar), InOrder(pauses));

    /// <summary>The whole allowance in the measure of <see cref="Elapsed"/>, so that the two can be divided.</summary>
    public static TimeSpan Allowed(DateTimeOffset start, Allowance allowance, BusinessCalendar calendar)
    {
        start = Cut(start);
        return allowance.Unit is AllowanceUnit.WorkingMinutes or AllowanceUnit.Hours
            ? Span(allowance)
            : MeasureOf(allowance.Unit, calendar).OpenBetween(start, OnTheDay(start, allowance, calendar));
    }

    /// <summary>When so many hundredths of the allowance will have been used; never after it is due.</summary>
    public static DateTimeOffset WarnAt(
        DateTimeOffset start, Allowance allowance, int percent, BusinessCalendar calendar, IReadOnlyCollection<Pause>? pauses = null)
    {
        var share = TimeSpan.FromTicks(Allowed(start, allowance, calendar).Ticks / 100 * percent);
        var due = DueAt(start, allowance, calendar, pauses).At;
        var at = Cut(UsedUp(Cut(start), share, MeasureOf(allowance.Unit, calendar), InOrder(pauses)));
        return at < due ? at : due;
    }

    /// <summary>When so much open time outside the pauses has passed since <paramref name="start"/>.</summary>
    public static Due DueAfter(DateTimeOffset start, TimeSpan open, BusinessCalendar calendar, IReadOnlyCollection<Pause>? pauses = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(open, TimeSpan.Zero);

        start = Cut(start);
        var at = Cut(UsedUp(start, open, calendar, InOrder(pauses)));
        return new Due(at, !calendar.IsLoaded(start, at));
    }

    /// <summary>An agreed instant stays where it is whatever was paused before it; one that falls into a pause comes when that ends.</summary>
    public static DateTimeOffset AfterPauses(DateTimeOffset agreed, IReadOnlyCollection<Pause>? pauses)
    {
        var at = Cut(agreed);
        foreach (var pause in InOrder(pauses))
        {
            at = pause.From <= at && at < pause.To ? pause.To : at;
        }

        return at;
    }

    private static DateTimeOffset Cut(DateTimeOffset at) => Instants.ToMicroseconds(at.ToUniversalTime());

    private static BusinessCalendar MeasureOf(AllowanceUnit unit, BusinessCalendar calendar) => unit switch
    {
        AllowanceUnit.Hours or AllowanceUnit.Days => BusinessCalendar.Always,
        AllowanceUnit.WorkingMinutes or AllowanceUnit.WorkingDays => calendar,
    };

    private static TimeSpan Span(Allowance allowance) =>
        allowance.Unit is AllowanceUnit.Hours ? TimeSpan.FromHours(allowance.Number) : TimeSpan.FromMinutes(allowance.Number);

    private static DateTimeOffset OnTheDay(DateTimeOffset start, Allowance allowance, BusinessCalendar calendar) =>
        allowance.Unit is AllowanceUnit.Days ? calendar.AddDays(start, allowance.Number) : calendar.AddWorkdays(start, allowance.Number);

    private static DateTimeOffset PutOff(DateTimeOffset start, DateTimeOffset due, BusinessCalendar measure, List<Pause> pauses)
    {
        var paused = measure.OpenBetween(start, due) - Counted(start, due, measure, pauses);
        return paused == TimeSpan.Zero ? due : UsedUp(due, paused, measure, pauses);
    }

    private static DateTimeOffset UsedUp(DateTimeOffset start, TimeSpan open, BusinessCalendar measure, List<Pause> pauses)
    {
        var (at, left) = (start, open);
        foreach (var pause in pauses)
        {
            if (pause.To <= at)
            {
                continue;
            }

            var until = measure.OpenBetween(at, pause.From > at ? pause.From : at);
            if (left == TimeSpan.Zero ? measure.NextOpen(at) < pause.From : left <= until)
            {
                break;
            }

            (at, left) = (pause.To, left - until);
        }

        return measure.Add(at, left);
    }

    private static TimeSpan Counted(DateTimeOffset start, DateTimeOffset end, BusinessCalendar measure, List<Pause> pauses)
    {
        if (end < start)
        {
            return -Counted(end, start, measure, pauses);
        }

        var counted = measure.OpenBetween(start, end);
        foreach (var pause in pauses)
        {
            var from = pause.From > start ? pause.From : start;
            var to = pause.To < end ? pause.To : end;
            counted -= from < to ? measure.OpenBetween(from, to) : TimeSpan.Zero;
        }

        return counted;
    }

    /// <summary>Sorted, cut to microseconds, overlapping and touching ones joined, empty ones left out.</summary>
    private static List<Pause> InOrder(IReadOnlyCollection<Pause>? pauses)
    {
        if (pauses is null or { Count: 0 })
        {
            return [];
        }

        var joined = new List<Pause>(pauses.Count);
        foreach (var pause in pauses.Select(p => new Pause(Cut(p.From), Cut(p.To))).Where(p => p.From < p.To).OrderBy(p => p.From))
        {
            if (joined.Count > 0 && pause.From <= joined[^1].To)
            {
                joined[^1] = new Pause(joined[^1].From, pause.To > joined[^1].To ? pause.To : joined[^1].To);
            }
            else
            {
                joined.Add(pause);
            }
        }

        return joined;
    }
}
