using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>.NET's time-zone data against PostgreSQL's: every change of the clocks from 1990 to 2100.</summary>
public sealed class TimeZoneDataTests
{
    private static readonly DateTimeOffset From = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The zones as text, where the machine has them; .NET reads the compiled ones beside it, and those tell no version.</summary>
    internal const string AsText = "/usr/share/zoneinfo/tzdata.zi";

    private NpgsqlDataSource source = null!;

    [OneTimeSetUp]
    public void Open() => source = NpgsqlDataSource.Create(TestDatabase.Server);

    [OneTimeTearDown]
    public async Task Close()
    {
        if (source is not null)
        {
            await source.DisposeAsync();
        }
    }

    [TestCaseSource(typeof(TimeZones), nameof(TimeZones.Shipped))]
    public async Task Both_change_at_the_same_hours_to_the_same_offsets(string zone)
    {
        var theirs = new List<(DateTimeOffset, int)>();
        await using (var command = source.CreateCommand("""
            with hours as (
                select t, extract(epoch from (t at time zone $1) - (t at time zone 'UTC'))::int as seconds
                from generate_series($2::timestamptz, $3::timestamptz, interval '1 day') day
                cross join lateral generate_series(day + interval '1 hour', day + interval '1 day', interval '1 hour') t
                where (day at time zone $1) - (day at time zone 'UTC') <> ((day + interval '1 day') at time zone $1) - ((day + interval '1 day') at time zone 'UTC')
            ), steps as (
                select t, seconds, extract(epoch from ((t - interval '1 hour') at time zone $1) - ((t - interval '1 hour') at time zone 'UTC'))::int as before
                from hours
            )
            select t, seconds
            from steps
            where seconds <> before
            order by t
            """))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = zone });
            command.Parameters.Add(new NpgsqlParameter { Value = From.UtcDateTime });
            command.Parameters.Add(new NpgsqlParameter { Value = To.AddDays(-1).UtcDateTime });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                theirs.Add((new DateTimeOffset(reader.GetDateTime(0), TimeSpan.Zero), reader.GetInt32(1)));
            }
        }

        Assert.That(TimeZones.Changes(zone, From, To), Is.EqualTo(theirs));
    }

    [Test]
    public void The_zones_that_are_compared_have_changes_to_compare()
    {
        Assert.That(TimeZones.Changes("Europe/London", From, To), Has.Count.EqualTo(220));
        Assert.That(TimeZones.Changes("Asia/Shanghai", From, To), Has.Count.EqualTo(4), "summer time until 1991");
    }

    [Test]
    public void The_version_is_the_one_that_the_machines_zones_name()
    {
        if (!File.Exists(AsText))
        {
            Assert.Ignore("This machine's zones do not say of which version they are.");
        }

        Assert.That(TimeZones.Version, Does.Match(@"^\d{4}[a-z]$"));
        Assert.That(File.ReadLines(AsText).First(), Is.EqualTo("# version " + TimeZones.Version));
    }

    [Test]
    public void Every_zone_that_has_holidays_of_its_own_is_compared() =>
        Assert.That(new[] { "Asia/Shanghai", "Asia/Urumqi", "Europe/London" }.Where(z => ReferenceData.Calendars(z).Any(c => c.Definition.LoadedYears is { Count: > 0 })).ToArray(), Is.SubsetOf(TimeZones.Shipped).And.Length.EqualTo(3));

    [Test]
    public async Task Health_names_the_versions_and_finds_no_difference()
    {
        var result = await new TimeZonesAgree(source, new FakeClock()).CheckHealthAsync(new());

        Assert.That(result.Data["timeZoneData"], Is.EqualTo(TimeZones.Version));
        Assert.That(result.Data["database"], Does.StartWith("PostgreSQL "));
        Assert.That(result.Data["differences"], Is.Empty);
    }
}
