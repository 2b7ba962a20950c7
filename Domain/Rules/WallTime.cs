namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What the clock on the wall shows, and the instant at which it shows it.</summary>
public static class WallTime
{
    private static readonly long Reach = TimeSpan.TicksPerDay;

    /// <summary>The wall time in <paramref name="zone"/>; of an hour that comes twice, both read the same.</summary>
    public static DateTime Of(DateTimeOffset at, TimeZoneInfo zone) =>
        new(at.UtcTicks + zone.GetUtcOffset(at.UtcDateTime).Ticks, DateTimeKind.Unspecified);

    /// <summary>The instant of a wall time in <paramref name="zone"/>.</summary>
    /// <remarks>
    /// As RFC 5545 (3.3.5), java.time and NodaTime's lenient resolver have it: a wall time that the clocks skip is read with the
    /// offset before the gap, so 02:30 becomes 03:30; a wall time that comes twice is the first of the two.
    /// After 2037 .NET goes by a zone's standing rule, and where that names an hour outside the day (Israel, Greenland) it may be off
    /// around the day of the change.
    /// </remarks>
    public static DateTimeOffset ToInstant(DateTime wall, TimeZoneInfo zone)
    {
        var utc = UtcTicks(wall.Ticks, zone, out _);
        return new DateTimeOffset(utc, TimeSpan.Zero);
    }

    /// <summary>Whether the zone has this day at all: Samoa had no 30 December 2011.</summary>
    internal static bool HasDay(DateOnly day, TimeZoneInfo zone)
    {
        var noon = day.ToDateTime(new TimeOnly(12, 0));
        UtcTicks(noon.Ticks, zone, out var skipped);
        return !skipped;
    }

    internal static long UtcTicks(long wall, TimeZoneInfo zone, out bool skipped)
    {
        // Offsets lie between -12 h and +14 h, so a day either way is before and after any change that could matter.
        var before = Offset(wall - Reach, zone);
        var after = Offset(wall + Reach, zone);

        skipped = false;
        if (before == after || Offset(wall - before, zone) == before)
        {
            return wall - before;
        }

        if (Offset(wall - after, zone) == after)
        {
            return wall - after;
        }

        skipped = true;
        return wall - before;
    }

    private static long Offset(long utc, TimeZoneInfo zone) => zone.GetUtcOffset(new DateTime(utc, DateTimeKind.Utc)).Ticks;
}
