using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>
/// The time-zone data of this process and of the database are two, and are updated apart. Due times are reckoned with the process's own;
/// the database's decides nothing, but reports by day and month may be read with it.
/// </summary>
public static class TimeZones
{
    /// <summary>Those that the reference data, the demo and the shipped mappings name, and their neighbours.</summary>
    public static IReadOnlyList<string> Shipped { get; } =
    [
        "UTC", "Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Europe/London", "Europe/Dublin", "Europe/Berlin",
        "America/New_York", "America/Los_Angeles", "Australia/Sydney",
    ];

    private static readonly string[] Places = ["/usr/share/zoneinfo/tzdata.zi", "/usr/share/zoneinfo/+VERSION", "/usr/share/lib/zoneinfo/tzdata.zi"];

    /// <summary>Of the data that this process uses, for example 2026a; <c>unknown</c> where the system does not say.</summary>
    public static string Version { get; } = ReadVersion();

    /// <summary>When the offset changes between two instants, to the hour, and to how many seconds east of Greenwich.</summary>
    public static IReadOnlyList<(DateTimeOffset At, int Seconds)> Changes(string zone, DateTimeOffset from, DateTimeOffset to)
    {
        var known = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var changes = new List<(DateTimeOffset, int)>();
        var before = Seconds(from);
        for (var day = from; day < to; day = day.AddDays(1))
        {
            if (Seconds(day.AddDays(1)) == Seconds(day))
            {
                continue;
            }

            for (var hour = 1; hour <= 24; hour++)
            {
                var seconds = Seconds(day.AddHours(hour));
                if (seconds != before)
                {
                    changes.Add((day.AddHours(hour), seconds));
                    before = seconds;
                }
            }
        }

        return changes;

        int Seconds(DateTimeOffset at) => (int)known.GetUtcOffset(at.UtcDateTime).TotalSeconds;
    }

    private static string ReadVersion()
    {
        foreach (var place in Places.Where(File.Exists))
        {
            var first = File.ReadLines(place).FirstOrDefault() ?? "";
            return first.StartsWith("# version ", StringComparison.Ordinal) ? first["# version ".Length..].Trim() : first.Trim();
        }

        return "unknown";
    }
}

/// <summary>Whether process and database agree on every change of the clocks around now in the shipped zones. Asked once, when a singleton; a difference is told, and does not stop the host.</summary>
public sealed class TimeZonesAgree(NpgsqlDataSource source, TimeProvider clock) : IHealthCheck
{
    // The days on which the offset at midnight differs from the next midnight's.
    private const string Read = """
        select z.zone, d.day at time zone 'UTC' as day
        from unnest($1::text[]) z (zone)
        cross join generate_series($2::timestamp, $3::timestamp, interval '1 day') d (day)
        where (d.day at time zone 'UTC') at time zone z.zone - d.day <> ((d.day + interval '1 day') at time zone 'UTC') at time zone z.zone - (d.day + interval '1 day')
        order by 1, 2
        """;

    private string? told;
    private string? database;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (told is null)
        {
            try
            {
                await Compare(cancellationToken);
            }
            catch (NpgsqlException e)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, DatabaseReady.Away, e);
            }
        }

        var data = new Dictionary<string, object> { ["timeZoneData"] = TimeZones.Version, ["database"] = database!, ["differences"] = told! };
        return told!.Length == 0 ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Degraded($"Time-zone data of process and database differ: {told}", data: data);
    }

    private async Task Compare(CancellationToken ct)
    {
        var year = clock.GetUtcNow().Year;
        var (from, to) = (new DateTimeOffset(year - 2, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(year + 5, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var theirs = new List<string>();
        await using var connection = await source.OpenConnectionAsync(ct);
        await using (var command = new NpgsqlCommand(Read, connection))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = TimeZones.Shipped.ToArray() });
            command.Parameters.Add(new NpgsqlParameter { Value = DateTime.SpecifyKind(from.UtcDateTime, DateTimeKind.Unspecified) });
            command.Parameters.Add(new NpgsqlParameter { Value = DateTime.SpecifyKind(to.AddDays(-1).UtcDateTime, DateTimeKind.Unspecified) });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                theirs.Add(Word(reader.GetString(0), reader.GetDateTime(1)));
            }
        }

        var ours = TimeZones.Shipped.SelectMany(z => TimeZones.Changes(z, from, to).Select(c => Word(z, c.At.AddHours(-1).UtcDateTime))).ToArray();
        database = "PostgreSQL " + connection.PostgreSqlVersion;
        told = string.Join(", ", ours.Except(theirs).Concat(theirs.Except(ours)).Order(StringComparer.Ordinal));
    }

    private static string Word(string zone, DateTime day) => zone + " " + day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
