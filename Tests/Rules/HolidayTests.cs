using System.Globalization;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class HolidayTests
{
    private Dictionary<DateOnly, bool> china = [];

    [OneTimeSetUp]
    public void ReadFacts() => china = Facts();

    [TestCase(2018)]
    [TestCase(2019)]
    [TestCase(2020)]
    [TestCase(2021)]
    [TestCase(2022)]
    [TestCase(2023)]
    [TestCase(2024)]
    [TestCase(2025)]
    [TestCase(2026)]
    public void The_office_works_on_exactly_the_days_that_China_works(int year)
    {
        var office = Reference.Calendar("office");

        Assert.Multiple(() =>
        {
            for (var day = new DateOnly(year, 1, 1); day.Year == year; day = day.AddDays(1))
            {
                var works = china.TryGetValue(day, out var off) ? !off : day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
                Assert.That(office.IsWorkday(day), Is.EqualTo(works), $"{day:yyyy-MM-dd}");
            }
        });
    }

    [Test]
    public void In_2026_there_are_33_days_off_and_6_make_up_days()
    {
        var sheet = Reference.Holidays("cn").Single(s => s.Year == 2026);

        Assert.That(sheet.Off, Has.Count.EqualTo(33));
        Assert.That(sheet.Worked!.Keys.Select(d => d.ToString("MM-dd", CultureInfo.InvariantCulture)), Is.EquivalentTo(new[] { "01-04", "02-14", "02-28", "05-09", "09-20", "10-10" }));
    }

    [Test]
    public void A_make_up_day_has_the_hours_of_a_monday()
    {
        var office = Reference.Calendar("office");

        var hours = office.Segments(At("2026-02-13T16:00Z")).Take(2).Select(s => s.Close - s.Open);

        Assert.That(office.NextOpen(At("2026-02-13T16:00Z")), Is.EqualTo(At("2026-02-14T00:30Z")));
        Assert.That(hours, Is.EqualTo(new[] { TimeSpan.FromHours(3.5), TimeSpan.FromHours(4) }));
    }

    [TestCase("common.nations.england-and-wales_slug", "gb-england-and-wales")]
    [TestCase("common.nations.scotland_slug", "gb-scotland")]
    [TestCase("common.nations.northern-ireland_slug", "gb-northern-ireland")]
    public void A_British_office_is_closed_on_exactly_the_bank_holidays(string division, string region)
    {
        using var file = JsonDocument.Parse(SharedFacts.Read("holidays/uk_bank_holidays.json"));
        var off = file.RootElement.GetProperty("divisions").GetProperty(division).EnumerateObject()
            .Where(y => y.Value.ValueKind == JsonValueKind.Array)
            .SelectMany(y => y.Value.EnumerateArray())
            .Select(d => DateOnly.ParseExact(d.GetProperty("date").GetString()!, "dd/MM/yyyy", CultureInfo.InvariantCulture))
            .ToHashSet();
        var week = new[] { "monday", "tuesday", "wednesday", "thursday", "friday" }.ToDictionary(d => d, _ => (IReadOnlyList<string>)["09:00-17:30"]);
        var office = BusinessCalendar.From(new CalendarDefinition("Europe/London", Week: week).Observing(Reference.Holidays(region)));

        Assert.That(office.LoadedThrough, Is.EqualTo(2028));
        for (var day = new DateOnly(2019, 1, 1); day.Year <= 2028; day = day.AddDays(1))
        {
            var works = !off.Contains(day) && day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
            Assert.That(office.IsWorkday(day), Is.EqualTo(works), $"{day:yyyy-MM-dd}");
        }
    }

    [Test]
    public void A_later_sheet_has_the_last_word_on_a_day()
    {
        var day = new DateOnly(2026, 12, 31);
        var sheets = new[]
        {
            new HolidaySheet("cn", 2027, new Dictionary<DateOnly, string>(), new Dictionary<DateOnly, string> { [day] = "元旦" }),
            new HolidaySheet("cn", 2026, new Dictionary<DateOnly, string> { [day] = "元旦" }),
        };

        var definition = new CalendarDefinition("Asia/Shanghai").Observing(sheets);

        Assert.That(definition.Holidays, Is.Empty);
        Assert.That(definition.MakeUpDays!.Keys, Is.EqualTo(new[] { day }));
        Assert.That(definition.LoadedYears, Is.EqualTo(new[] { 2026, 2027 }));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static Dictionary<DateOnly, bool> Facts()
    {
        var days = new Dictionary<DateOnly, bool>();
        foreach (var file in Directory.EnumerateFiles(SharedFacts.Find("holidays/cn"), "*.json").Order(StringComparer.Ordinal))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var day in json.RootElement.GetProperty("days").EnumerateArray())
            {
                days[DateOnly.Parse(day.GetProperty("date").GetString()!, CultureInfo.InvariantCulture)] = day.GetProperty("isOffDay").GetBoolean();
            }
        }

        return days;
    }
}
