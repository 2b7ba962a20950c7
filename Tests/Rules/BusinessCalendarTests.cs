using System.Globalization;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class BusinessCalendarTests
{
    private static readonly string[] Weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];

    [TestCase("2026-03-08T05:00Z", 2, TestName = "The_night_the_clocks_go_forward_is_an_hour_short")]
    [TestCase("2026-11-01T04:00Z", 4, TestName = "The_night_the_clocks_go_back_is_an_hour_long")]
    [TestCase("2026-06-07T04:00Z", 3, TestName = "Any_other_night_is_as_long_as_the_wall_says")]
    public void Open_time_is_real_time(string start, int hours)
    {
        var calendar = Of("America/New_York", Every("00:00-03:00"));

        var first = calendar.Segments(At(start)).First();

        Assert.That(first.Close - first.Open, Is.EqualTo(TimeSpan.FromHours(hours)));
    }

    [Test]
    public void A_whole_day_has_23_24_or_25_hours()
    {
        var calendar = Of("Europe/Paris", On("sunday", "00:00-24:00"));

        Assert.That(Hours("2020-10-24T22:00Z", "2020-10-25T23:00Z"), Is.EqualTo(25));
        Assert.That(Hours("2020-03-28T23:00Z", "2020-03-29T22:00Z"), Is.EqualTo(23));
        Assert.That(Hours("2020-06-06T22:00Z", "2020-06-07T22:00Z"), Is.EqualTo(24));

        double Hours(string from, string to) => calendar.OpenBetween(At(from), At(to)).TotalHours;
    }

    [Test]
    public void A_window_that_the_clocks_swallow_is_gone_and_one_that_begins_in_the_gap_is_moved_by_it()
    {
        var swallowed = Of("America/Los_Angeles", On("sunday", "02:30-03:15"));
        var moved = Of("America/Los_Angeles", On("sunday", "02:30-05:00"));

        Assert.That(swallowed.NextOpen(At("2026-03-08T08:00Z")), Is.EqualTo(At("2026-03-15T09:30Z")));
        Assert.That(moved.NextOpen(At("2026-03-08T08:00Z")), Is.EqualTo(At("2026-03-08T10:30Z")));
    }

    [Test]
    public void Of_a_wall_time_that_comes_twice_the_first_counts()
    {
        var calendar = Of("Australia/Lord_Howe", On("sunday", "01:45-06:00")); // there the clocks change by half an hour

        Assert.That(calendar.NextOpen(At("2026-04-04T12:00Z")), Is.EqualTo(At("2026-04-04T14:45Z")));
        Assert.That(calendar.NextClose(At("2026-04-04T12:00Z")), Is.EqualTo(At("2026-04-04T19:30Z")));
    }

    [Test]
    public void A_day_that_a_zone_never_had_is_no_working_day()
    {
        var calendar = Of("Pacific/Apia", Every("09:00-17:00"));

        Assert.That(calendar.IsWorkday(new DateOnly(2011, 12, 30)), Is.False);
        Assert.That(calendar.OpenBetween(At("2011-12-29T10:00Z"), At("2012-01-01T10:00Z")).TotalHours, Is.EqualTo(24));
    }

    [Test]
    public void A_window_over_midnight_belongs_to_the_day_on_which_it_opens()
    {
        var calendar = BusinessCalendar.From(new CalendarDefinition(
            "Asia/Shanghai", Week: Every("22:00-06:00"), Holidays: [new DateOnly(2026, 3, 4)]));

        Assert.That(Wall(calendar, "2026-03-03T12:00Z", 3), Is.EqualTo(new[] { "03-03 22:00/03-04 06:00", "03-05 22:00/03-06 06:00", "03-06 22:00/03-07 06:00" }));
    }

    [Test]
    public void Windows_that_touch_or_overlap_are_one()
    {
        var calendar = Of("Asia/Shanghai", new()
        {
            ["monday"] = ["08:00-24:00"],
            ["tuesday"] = ["00:00-09:00", "08:00-12:00", "12:00-13:00"],
        });

        Assert.That(Wall(calendar, "2026-03-01T00:00Z", 1), Is.EqualTo(new[] { "03-02 08:00/03-03 13:00" }));
        Assert.That(calendar.Add(At("2026-03-02T00:00Z"), TimeSpan.FromHours(29)), Is.EqualTo(At("2026-03-03T05:00Z")));
    }

    [Test]
    public void A_segment_over_new_year_is_one()
    {
        var calendar = Of("UTC", Every("22:00-06:00"));

        Assert.That(calendar.NextClose(At("2026-12-31T23:00Z")), Is.EqualTo(At("2027-01-01T06:00Z")));
        Assert.That(calendar.Segments(At("2026-12-31T23:00Z")).First().Close, Is.EqualTo(At("2027-01-01T06:00Z")));
        Assert.That(calendar.Add(At("2027-01-01T05:00Z"), TimeSpan.FromHours(-7)), Is.EqualTo(At("2026-12-31T22:00Z")));
        Assert.That(calendar.PreviousOpenMoment(At("2027-01-01T00:00Z")), Is.EqualTo(At("2027-01-01T00:00Z")));
    }

    [Test]
    public void An_override_goes_before_a_make_up_day_and_that_before_the_week()
    {
        var calendar = BusinessCalendar.From(new CalendarDefinition(
            "Asia/Shanghai",
            Week: On("friday", "09:00-17:00"),
            Holidays: [new DateOnly(2026, 3, 6)],
            MakeUpDays: new Dictionary<DateOnly, string> { [new(2026, 3, 7)] = "friday", [new(2026, 3, 8)] = "friday" },
            Overrides: new Dictionary<DateOnly, IReadOnlyList<string>> { [new(2026, 3, 8)] = ["10:00-11:00"], [new(2026, 3, 20)] = [] }));

        Assert.That(
            Wall(calendar, "2026-03-05T16:00Z", 4),
            Is.EqualTo(new[] { "03-07 09:00/03-07 17:00", "03-08 10:00/03-08 11:00", "03-13 09:00/03-13 17:00", "03-27 09:00/03-27 17:00" }));
    }

    [Test]
    public void A_break_is_cut_out_also_of_the_night_shift_of_the_day_before()
    {
        var calendar = BusinessCalendar.From(new CalendarDefinition(
            "Asia/Shanghai",
            Week: On("monday", "20:00-08:00"),
            Breaks: new Dictionary<DateOnly, IReadOnlyList<string>> { [new(2026, 3, 2)] = ["23:30-00:30"], [new(2026, 3, 3)] = ["02:00-03:00"] }));

        Assert.That(
            Wall(calendar, "2026-03-01T16:00Z", 3),
            Is.EqualTo(new[] { "03-02 20:00/03-02 23:30", "03-03 00:30/03-03 02:00", "03-03 03:00/03-03 08:00" }));
    }

    [Test]
    public void Day_and_night_is_open_always_and_closes_never()
    {
        var at = At("2026-03-08T09:59:59.999999Z");

        Assert.That(BusinessCalendar.Always.IsOpen(at));
        Assert.That(BusinessCalendar.Always.NextClose(at), Is.Null);
        Assert.That(BusinessCalendar.Always.Add(at, TimeSpan.FromDays(30_000)), Is.EqualTo(at.AddDays(30_000)));
        Assert.That(BusinessCalendar.Always.IsLoaded(at, at.AddDays(30_000)));
    }

    [TestCase("""{ "zone": "Asia/Shanghai" }""", "calendar.no_open_hours")]
    [TestCase("""{ "zone": "Asia/Shanghai", "week": { "monday": [] } }""", "calendar.no_open_hours")]
    [TestCase("""{ "zone": "Asia/Shanghai", "overrides": { "2026-01-01": ["09:00-17:00"] } }""", "calendar.no_open_hours")]
    [TestCase("""{ "zone": "Asia/Nowhere", "alwaysOpen": true }""", "calendar.unknown_zone")]
    [TestCase("""{ "zone": "China Standard Time", "alwaysOpen": true }""", "calendar.unknown_zone")]
    [TestCase("""{ "zone": "Asia/Shanghai", "alwaysOpen": true, "week": { "monday": ["09:00-17:00"] } }""", "calendar.always_open_with_windows")]
    [TestCase("""{ "zone": "Asia/Shanghai", "week": { "someday": ["09:00-17:00"] } }""", "calendar.unknown_day")]
    [TestCase("""{ "zone": "Asia/Shanghai", "week": { "monday": ["9-17"] } }""", "calendar.window_malformed")]
    [TestCase("""{ "zone": "Asia/Shanghai", "week": { "monday": ["09:00-09:00"] } }""", "calendar.window_malformed")]
    [TestCase("""{ "zone": "Asia/Shanghai", "week": { "monday": ["24:00-06:00"] } }""", "calendar.window_malformed")]
    [TestCase("""{ "zone": "Asia/Shanghai", "week": { "monday": [null] } }""", "calendar.window_malformed")]
    [TestCase("""{ "zone": "Asia/Shanghai", "week": { "monday": ["09:00-17:00"] }, "holidays": ["2026-03-07"], "makeUpDays": { "2026-03-07": "monday" } }""", "calendar.day_off_and_worked")]
    public void A_calendar_that_makes_no_sense_is_refused(string json, string code)
    {
        var definition = JsonSerializer.Deserialize<CalendarDefinition>(json, Json.Options)!;

        var refused = Assert.Throws<Refused.Invalid>(() => BusinessCalendar.From(definition))!;

        Assert.That(refused.Code, Is.EqualTo(code));
    }

    [Test]
    public void Holidays_that_leave_no_open_day_in_a_year_are_refused()
    {
        var mondays = Enumerable.Range(0, 366).Select(n => new DateOnly(2026, 1, 1).AddDays(n)).Where(d => d.DayOfWeek == DayOfWeek.Monday);

        var refused = Assert.Throws<Refused.Invalid>(() =>
            BusinessCalendar.From(new CalendarDefinition("Asia/Shanghai", Week: On("monday", "09:00-17:00"), Holidays: [.. mondays])))!;

        Assert.That(refused.Code, Is.EqualTo("calendar.no_open_hours"));
    }

    [Test]
    public void A_definition_survives_being_stored()
    {
        var definition = new CalendarDefinition(
            "Europe/Paris",
            Week: Every("08:30-12:00"),
            Holidays: [new(2026, 5, 1)],
            MakeUpDays: new Dictionary<DateOnly, string> { [new(2026, 5, 9)] = "monday" },
            Overrides: new Dictionary<DateOnly, IReadOnlyList<string>> { [new(2026, 12, 24)] = ["08:30-11:00"] },
            Breaks: new Dictionary<DateOnly, IReadOnlyList<string>> { [new(2026, 6, 1)] = ["09:00-09:15"] },
            LoadedYears: [2026]);

        var stored = JsonSerializer.Serialize(definition, Json.Options);
        var again = JsonSerializer.Deserialize<CalendarDefinition>(stored, Json.Options)!;

        Assert.That(stored, Does.Contain("\"makeUpDays\":{\"2026-05-09\":\"monday\"}").And.Contain("\"loadedYears\":[2026]"));
        Assert.That(JsonSerializer.Serialize(again, Json.Options), Is.EqualTo(stored));
        Assert.That(BusinessCalendar.From(again).LoadedThrough, Is.EqualTo(2026));
    }

    [Test]
    public void A_misspelt_field_is_an_error_and_not_another_calendar() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<CalendarDefinition>("""{ "zone": "UTC", "alwaysOpn": true }""", Json.Options));

    [Test]
    public void Every_wall_time_of_every_zone_leads_back_to_itself_from_1990_to_2100()
    {
        var random = new Random(20260302);
        var (first, span) = (At("1990-01-01T00:00Z"), (At("2100-12-31T00:00Z") - At("1990-01-01T00:00Z")).TotalMinutes);

        foreach (var zone in TimeZoneInfo.GetSystemTimeZones())
        {
            for (var i = 0; i < 100; i++)
            {
                var at = first.AddMinutes(random.Next((int)span));
                var wall = WallTime.Of(at, zone);
                var back = WallTime.ToInstant(wall, zone);

                Assert.That(back == at || (back < at && WallTime.Of(back, zone) == wall), $"{zone.Id} {at:u} {wall:u} {back:u}");
            }
        }
    }

    [Test]
    public void Reckoning_past_the_last_year_is_refused_and_does_not_run_on()
    {
        var calendar = Of("UTC", On("monday", "09:00-17:00"));

        var refused = Assert.Throws<Refused.Invalid>(() => calendar.Add(At("2026-01-01T00:00Z"), TimeSpan.FromDays(100_000)))!;

        Assert.That(refused.Code, Is.EqualTo("calendar.out_of_range"));
        Assert.Throws<Refused.Invalid>(() => calendar.AddWorkdays(new DateOnly(2026, 1, 1), 1_000_000));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static BusinessCalendar Of(string zone, Dictionary<string, IReadOnlyList<string>> week) => BusinessCalendar.From(new CalendarDefinition(zone, Week: week));

    private static Dictionary<string, IReadOnlyList<string>> On(string day, params string[] windows) => new() { [day] = windows };

    private static Dictionary<string, IReadOnlyList<string>> Every(params string[] windows) =>
        Weekdays.Append("saturday").Append("sunday").ToDictionary(d => d, _ => (IReadOnlyList<string>)windows);

    private static IEnumerable<string> Wall(BusinessCalendar calendar, string from, int count) =>
        calendar.Segments(At(from)).Take(count).Select(s => $"{WallTime.Of(s.Open, calendar.Zone):MM-dd HH:mm}/{WallTime.Of(s.Close, calendar.Zone):MM-dd HH:mm}");
}
