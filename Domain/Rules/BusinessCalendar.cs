using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>A stretch of open time: <paramref name="Open"/> is in it, <paramref name="Close"/> is not.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OpenSegment(DateTimeOffset Open, DateTimeOffset Close);

/// <summary>When people work. Immutable; what it has worked out about a year it keeps, so make it once per version and share it.</summary>
/// <remarks>
/// Open time is real time: a window over the night of the change of the clocks is an hour shorter or longer, as the clock on the wall
/// is. Windows that overlap count once, windows that touch are one. Instants must lie in the years 1900 to 2200.
/// How wall times become instants: <see cref="WallTime.ToInstant"/>; a window that the clocks swallow is gone that day.
/// </remarks>
public sealed class BusinessCalendar
{
    private const int FirstYear = 1900;
    private const int LastYear = 2200;

    private readonly CalendarDays days;
    private readonly FrozenSet<int>? loadedYears;
    private readonly OpenYear?[] years = new OpenYear?[LastYear - FirstYear + 1];

    private BusinessCalendar(CalendarDefinition definition)
    {
        Zone = ZoneOf(definition.Zone);
        IsAlwaysOpen = definition.AlwaysOpen;
        days = new CalendarDays(definition);
        loadedYears = definition.LoadedYears?.ToFrozenSet();
    }

    /// <summary>24×7, with which elapsed hours are counted.</summary>
    public static BusinessCalendar Always { get; } = From(new CalendarDefinition("UTC", AlwaysOpen: true));

    public TimeZoneInfo Zone { get; }

    public bool IsAlwaysOpen { get; }

    /// <summary>The last year whose holidays are known; null where none are needed.</summary>
    public int? LoadedThrough => loadedYears is { Count: > 0 } ? loadedYears.Max() : null;

    /// <exception cref="Refused.Invalid">
    /// The zone is unknown, a window is malformed, a day is both off and worked, 24×7 is mixed with windows,
    /// the week has no open hours, or the exceptions leave none in a year that they name.
    /// </exception>
    public static BusinessCalendar From(CalendarDefinition definition) => new(definition);

    /// <summary>Whether the holidays of every year touched between the two instants are known.</summary>
    public bool IsLoaded(DateTimeOffset from, DateTimeOffset to)
    {
        if (loadedYears is null)
        {
            return true;
        }

        var (first, last) = from <= to ? (from, to) : (to, from);
        var lastMoment = last > first ? last.AddTicks(-1) : last; // due when the year closes is not yet due in the next
        for (var year = OnTheWall(first).Year; year <= OnTheWall(lastMoment).Year; year++)
        {
            if (!loadedYears.Contains(year))
            {
                return false;
            }
        }

        return true;
    }

    public bool IsOpen(DateTimeOffset at) => NextOpen(at) == at;

    /// <summary><paramref name="at"/> itself when open, else the next opening. The instant of closing is closed.</summary>
    public DateTimeOffset NextOpen(DateTimeOffset at)
    {
        for (var number = at.UtcDateTime.Year; ; number++)
        {
            var year = At(number);
            var i = year.FirstClosingAfter(at.UtcTicks);
            if (i < year.Count)
            {
                return Utc(Math.Max(year.From[i], at.UtcTicks));
            }
        }
    }

    /// <summary>The end of the segment that is running, or else of the next; null when it never closes.</summary>
    public DateTimeOffset? NextClose(DateTimeOffset at) => IsAlwaysOpen ? null : Segments(at).First().Close;

    /// <summary><paramref name="at"/> itself when open or just closing, else the closing before it.</summary>
    public DateTimeOffset PreviousOpenMoment(DateTimeOffset at)
    {
        for (var number = at.UtcDateTime.Year; ; number--)
        {
            var year = At(number);
            var i = year.LastOpeningUntil(at.UtcTicks);
            if (i >= 0)
            {
                return Utc(Math.Min(year.To[i], at.UtcTicks));
            }
        }
    }

    /// <summary>Open stretches from <paramref name="from"/> on, the first cut at it, without end; a calendar that never closes has one.</summary>
    public IEnumerable<OpenSegment> Segments(DateTimeOffset from)
    {
        long open = 0, close = 0;
        for (var number = from.UtcDateTime.Year; number <= LastYear; number++)
        {
            var year = At(number);
            for (var i = year.FirstClosingAfter(from.UtcTicks); i < year.Count; i++)
            {
                if (year.From[i] == close)
                {
                    close = year.To[i]; // goes on over New Year
                    continue;
                }

                if (close > 0)
                {
                    yield return new OpenSegment(Utc(open), Utc(close));
                }

                (open, close) = (Math.Max(year.From[i], from.UtcTicks), year.To[i]);
            }
        }

        yield return close > 0 ? new OpenSegment(Utc(open), Utc(close)) : throw OutOfRange();
    }

    /// <summary>Open time between two instants; negative when they are the wrong way round.</summary>
    public TimeSpan OpenBetween(DateTimeOffset from, DateTimeOffset to)
    {
        if (to < from)
        {
            return -OpenBetween(to, from);
        }

        var open = At(to.UtcDateTime.Year).OpenUntil(to.UtcTicks) - At(from.UtcDateTime.Year).OpenUntil(from.UtcTicks);
        for (var number = from.UtcDateTime.Year; number < to.UtcDateTime.Year; number++)
        {
            open += At(number).Total;
        }

        return TimeSpan.FromTicks(open);
    }

    /// <summary>The instant when <paramref name="open"/> of open time has passed since <paramref name="from"/>; negative goes back.</summary>
    /// <remarks>Time that uses a segment up ends at its close (going back: at its open). Zero is <see cref="NextOpen"/>.</remarks>
    /// <exception cref="Refused.Invalid">It would end outside the years that can be reckoned with.</exception>
    public DateTimeOffset Add(DateTimeOffset from, TimeSpan open)
    {
        if (open == TimeSpan.Zero)
        {
            return NextOpen(from);
        }

        var number = from.UtcDateTime.Year;
        var year = At(number);
        var target = year.OpenUntil(from.UtcTicks) + open.Ticks;

        if (open < TimeSpan.Zero)
        {
            while (target < 0)
            {
                year = At(--number);
                target += year.Total;
            }

            return Utc(year.Ending(target, atOpening: true));
        }

        while (target > year.Total)
        {
            target -= year.Total;
            year = At(++number);
        }

        return Utc(year.Ending(target, atOpening: false));
    }

    /// <summary>Whether any window opens on this day of the zone. A night shift belongs to the day on which it begins.</summary>
    public bool IsWorkday(DateOnly day) => IsAlwaysOpen || (days.WindowsOn(day).Length > 0 && WallTime.HasDay(day, Zone));

    /// <summary>Working days after <paramref name="from"/> up to and with <paramref name="to"/>; negative when they are the wrong way round.</summary>
    public int WorkdaysBetween(DateOnly from, DateOnly to)
    {
        if (to < from)
        {
            return -WorkdaysBetween(to, from);
        }

        var count = 0;
        for (var day = from; day < to;)
        {
            day = day.AddDays(1);
            count += IsWorkday(day) ? 1 : 0;
        }

        return count;
    }

    /// <summary>The same wall time some calendar days later; hours and holidays do not matter, the change of the clocks does.</summary>
    public DateTimeOffset AddDays(DateTimeOffset from, int days) =>
        days == 0 ? from : WallTime.ToInstant(OnTheWall(from).AddDays(days), Zone);

    /// <summary>The same wall time some working days later; see <see cref="AddWorkdays(DateOnly, int)"/>.</summary>
    public DateTimeOffset AddWorkdays(DateTimeOffset from, int days)
    {
        if (days == 0)
        {
            return from;
        }

        var wall = OnTheWall(from);
        var day = AddWorkdays(DateOnly.FromDateTime(wall), days);
        return WallTime.ToInstant(day.ToDateTime(TimeOnly.FromDateTime(wall)), Zone);
    }

    /// <summary>The day some working days later. From a day off it counts from the next working day (going back: from the one before).</summary>
    /// <exception cref="Refused.Invalid">It would end outside the years that can be reckoned with.</exception>
    public DateOnly AddWorkdays(DateOnly from, int days)
    {
        var step = Math.Sign(days);
        var day = from;
        while (days != 0 && !IsWorkday(day))
        {
            day = Step(day, step);
        }

        for (var left = days; left != 0;)
        {
            day = Step(day, step);
            left -= IsWorkday(day) ? step : 0;
        }

        return day;
    }

    private static DateOnly Step(DateOnly day, int step)
    {
        var next = day.AddDays(step);
        return next.Year is >= FirstYear and <= LastYear ? next : throw OutOfRange();
    }

    private static DateTimeOffset Utc(long ticks) => new(ticks, TimeSpan.Zero);

    private DateTime OnTheWall(DateTimeOffset at) => WallTime.Of(at, Zone);

    private static Refused.Invalid OutOfRange() =>
        new("calendar.out_of_range", $"The calendar can reckon from {FirstYear} to {LastYear} only.");

    private OpenYear At(int number)
    {
        if (number is < FirstYear or > LastYear)
        {
            throw OutOfRange();
        }

        ref var slot = ref years[number - FirstYear];
        var known = Volatile.Read(ref slot);
        if (known is null)
        {
            known = Build(number); // two threads may both build it: the same facts, and one of them stays
            Volatile.Write(ref slot, known);
        }

        return known;
    }

    /// <summary>The open time of one UTC year. Segments over New Year are cut in two there.</summary>
    private OpenYear Build(int number)
    {
        var (begin, end) = (new DateTime(number, 1, 1).Ticks, new DateTime(number + 1, 1, 1).Ticks);
        if (IsAlwaysOpen)
        {
            return new OpenYear([(begin, end)]);
        }

        var spans = new List<(long From, long To)>(800);
        var last = new DateOnly(number + 1, 1, 2);
        for (var day = new DateOnly(number, 1, 1).AddDays(-3); day <= last; day = day.AddDays(1))
        {
            var windows = days.WindowsOn(day);
            if (windows.Length == 0 || !WallTime.HasDay(day, Zone))
            {
                continue;
            }

            var midnight = day.ToDateTime(TimeOnly.MinValue).Ticks;
            foreach (var window in windows)
            {
                var from = Math.Max(WallTime.UtcTicks(midnight + (window.Opens * TimeSpan.TicksPerMinute), Zone, out _), begin);
                var to = Math.Min(WallTime.UtcTicks(midnight + (window.Closes * TimeSpan.TicksPerMinute), Zone, out _), end);
                if (from < to)
                {
                    spans.Add((from, to));
                }
            }
        }

        spans.Sort();
        var merged = new List<(long From, long To)>(spans.Count);
        foreach (var span in spans)
        {
            if (merged.Count > 0 && span.From <= merged[^1].To)
            {
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, span.To));
            }
            else
            {
                merged.Add(span);
            }
        }

        return new OpenYear(merged);
    }

    private static TimeZoneInfo ZoneOf(string id) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.HasIanaId
            ? zone
            : throw new Refused.Invalid("calendar.unknown_zone", $"There is no time zone called {id}.");
}
