using System.Globalization;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;
using static PropertyServiceDesk.Domain.Rules.AllowanceUnit;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>Wall times are those of Shanghai unless they carry an offset.</summary>
public sealed class SlaClockTests
{
    private static readonly BusinessCalendar Desk = Reference.Calendar("desk");
    private static readonly BusinessCalendar Office = Reference.Calendar("office");
    private static readonly BusinessCalendar Day = Reference.Calendar("24x7");
    private static readonly BusinessCalendar NewYork = BusinessCalendar.From(new CalendarDefinition("America/New_York", AlwaysOpen: true));

    [TestCase("2026-03-06T17:40", 690, "2026-03-07T17:40", TestName = "A_normal_repair_reported_Friday_17_40_is_due_Saturday_17_40")]
    [TestCase("2026-03-06T08:30", 690, "2026-03-06T20:00", TestName = "One_desk_day_from_opening_is_due_at_closing")]
    [TestCase("2026-03-06T22:00", 15, "2026-03-07T08:45", TestName = "Reported_at_night_counts_from_the_next_opening")]
    [TestCase("2026-03-06T22:00", 0, "2026-03-07T08:30", TestName = "Nothing_allowed_is_due_at_the_next_open_moment")]
    public void Desk_minutes(string start, int minutes, string due) => Expect(start, new(minutes, WorkingMinutes), Desk, due);

    [TestCase("2026-09-30T17:45", 30, "2026-10-08T08:45", TestName = "The_national_holiday_does_not_count")]
    [TestCase("2026-10-09T17:45", 30, "2026-10-10T08:45", TestName = "A_Saturday_that_is_worked_counts")]
    [TestCase("2026-03-06T11:50", 30, "2026-03-06T14:20", TestName = "Lunch_does_not_count")]
    public void Office_minutes(string start, int minutes, string due) => Expect(start, new(minutes, WorkingMinutes), Office, due);

    [TestCase("2026-03-03T10:15", 5, "2026-03-10T10:15", TestName = "Five_working_days_from_Tuesday_are_the_next_Tuesday_same_time")]
    [TestCase("2026-03-07T23:00", 1, "2026-03-10T23:00", TestName = "From_a_Saturday_working_days_count_from_Monday")]
    [TestCase("2026-02-13T10:00", 1, "2026-02-14T10:00", TestName = "A_make_up_Saturday_is_a_working_day")]
    [TestCase("2026-02-14T10:00", 1, "2026-02-24T10:00", TestName = "Spring_Festival_is_no_working_day")]
    public void Working_days(string start, int days, string due) => Expect(start, new(days, WorkingDays), Office, due);

    [TestCase("2026-03-07T10:00-05:00", 1, "2026-03-08T10:00-04:00", TestName = "A_day_later_is_the_same_wall_time_though_the_clocks_went_forward")]
    [TestCase("2026-10-31T10:00-04:00", 1, "2026-11-01T10:00-05:00", TestName = "A_day_later_is_the_same_wall_time_though_the_clocks_went_back")]
    [TestCase("2026-03-07T02:30-05:00", 1, "2026-03-08T03:30-04:00", TestName = "A_wall_time_that_the_clocks_skip_is_moved_by_the_gap")]
    [TestCase("2026-10-31T01:30-04:00", 1, "2026-11-01T01:30-04:00", TestName = "Of_a_wall_time_that_comes_twice_the_first_is_due")]
    [TestCase("2026-11-01T01:30-05:00", 0, "2026-11-01T01:30-05:00", TestName = "Nothing_added_in_the_hour_that_comes_twice_is_the_start_itself")]
    public void Calendar_days(string start, int days, string due) => Expect(start, new(days, Days), NewYork, due);

    [TestCase("2026-03-07T10:00-05:00", 24, "2026-03-08T11:00-04:00", TestName = "24_hours_are_24_real_hours")]
    public void Hours_count_day_and_night(string start, int hours, string due) => Expect(start, new(hours, Hours), NewYork, due);

    [TestCase(15, WorkingMinutes, "2026-03-06T10:00", "2026-03-06T10:05", "2026-03-06T11:05", "2026-03-06T11:15", TestName = "Minutes_are_put_off_by_the_pause")]
    [TestCase(24, Hours, "2026-03-06T10:00", "2026-03-06T18:00", "2026-03-09T10:00", "2026-03-10T02:00", TestName = "Hours_are_put_off_by_the_pause_also_at_night")]
    [TestCase(7, Days, "2026-03-02T10:00", "2026-03-03T10:00", "2026-03-06T11:00", "2026-03-12T11:00", TestName = "Calendar_days_are_put_off_by_real_time")]
    [TestCase(5, WorkingDays, "2026-03-03T10:00", "2026-03-04T10:00", "2026-03-06T10:00", "2026-03-12T10:00", TestName = "Working_days_are_put_off_by_open_time")]
    [TestCase(5, WorkingDays, "2026-03-03T20:00", "2026-03-07T10:00", "2026-03-08T10:00", "2026-03-10T20:00", TestName = "A_weekend_of_pause_puts_working_days_off_by_nothing")]
    public void A_pause(int number, AllowanceUnit unit, string start, string from, string to, string due) =>
        Expect(start, new(number, unit), Office, due, new Pause(At(from), At(to)));

    [Test]
    public void A_pause_that_begins_when_it_is_due_is_too_late() =>
        Expect("2026-03-06T10:00", new(60, WorkingMinutes), Office, "2026-03-06T11:00", new Pause(At("2026-03-06T11:00"), At("2026-03-20T11:00")));

    [Test]
    public void Nothing_allowed_in_a_pause_is_due_when_it_ends() =>
        Expect("2026-03-06T10:00", new(0, WorkingMinutes), Office, "2026-03-06T15:00", new Pause(At("2026-03-06T09:00"), At("2026-03-06T15:00")));

    [Test]
    public void A_year_that_is_not_loaded_is_said_and_not_guessed()
    {
        var start = At("2026-12-30T17:00");

        Assert.That(SlaClock.DueAt(start, new(60, WorkingMinutes), Office).BeyondLoadedCalendar, Is.False);
        Assert.That(SlaClock.DueAt(start, new(600, WorkingMinutes), Office).BeyondLoadedCalendar);
        Assert.That(SlaClock.DueAt(start, new(3, WorkingDays), Office).BeyondLoadedCalendar);
        Assert.That(SlaClock.DueAt(At("2017-12-29T17:59"), new(30, WorkingMinutes), Office).BeyondLoadedCalendar);
        Assert.That(SlaClock.DueAt(start, new(60, WorkingMinutes), Office, [new Pause(start, At("2027-01-04T10:00"))]).BeyondLoadedCalendar);
    }

    [Test]
    public void Day_and_night_days_and_desk_hours_need_no_year_to_be_loaded()
    {
        var start = At("2026-12-30T17:00");

        Assert.That(SlaClock.DueAt(start, new(7, Days), Office).BeyondLoadedCalendar, Is.False);
        Assert.That(SlaClock.DueAt(start, new(720, Hours), Office).BeyondLoadedCalendar, Is.False);
        Assert.That(SlaClock.DueAt(start, new(100_000, WorkingMinutes), Day).BeyondLoadedCalendar, Is.False);
        Assert.That(SlaClock.DueAt(start, new(100_000, WorkingMinutes), Desk).BeyondLoadedCalendar, Is.False);
    }

    [Test]
    public void A_year_missing_between_loaded_ones_is_said()
    {
        var definition = Reference.Read<ReferenceCalendar[]>("calendars.json").Single(c => c.Code == "office").Definition
            .Observing(Reference.Holidays("cn").Where(s => s.Year is 2024 or 2026));
        var calendar = BusinessCalendar.From(definition);

        Assert.That(SlaClock.DueAt(At("2024-12-31T09:00"), new(60, WorkingMinutes), calendar).BeyondLoadedCalendar, Is.False);
        Assert.That(SlaClock.DueAt(At("2024-12-31T09:00"), new(300, WorkingDays), calendar).BeyondLoadedCalendar);
    }

    [Test]
    public void Due_exactly_when_the_last_loaded_year_ends_is_still_within_it()
    {
        var calendar = BusinessCalendar.From(new CalendarDefinition(
            "Asia/Shanghai", Week: new Dictionary<string, IReadOnlyList<string>> { ["thursday"] = ["20:00-24:00"] }, LoadedYears: [2026]));

        Assert.That(SlaClock.DueAt(At("2026-12-31T20:00"), new(240, WorkingMinutes), calendar), Is.EqualTo(new Due(At("2027-01-01T00:00"), false)));
    }

    [Test]
    public void What_is_read_is_cut_to_microseconds()
    {
        var due = SlaClock.DueAt(At("2026-03-06T10:00:00.1234567"), new(5, WorkingMinutes), Desk).At;

        Assert.That(due, Is.EqualTo(At("2026-03-06T10:05:00.123456")));
        Assert.That(due.Offset, Is.EqualTo(TimeSpan.Zero));
        Assert.That(SlaClock.Elapsed(At("2026-03-06T10:00:00.1234567"), At("2026-03-06T10:00:00.1234569"), WorkingMinutes, Desk), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void A_warning_comes_when_its_share_is_used_and_pauses_move_it_too()
    {
        var start = At("2026-03-06T10:00");

        Assert.That(SlaClock.WarnAt(start, new(100, WorkingMinutes), 75, Desk), Is.EqualTo(At("2026-03-06T11:15")));
        Assert.That(SlaClock.WarnAt(start, new(100, WorkingMinutes), 75, Desk, [new Pause(start, At("2026-03-06T11:00"))]), Is.EqualTo(At("2026-03-06T12:15")));
        Assert.That(SlaClock.WarnAt(At("2026-03-03T10:00"), new(4, WorkingDays), 50, Office), Is.EqualTo(At("2026-03-05T10:00")));
    }

    [Test]
    public void Another_priority_keeps_the_earlier_pauses_and_what_was_used()
    {
        var (start, changed) = (At("2026-03-06T09:00"), At("2026-03-06T16:00"));
        var pauses = new[] { new Pause(At("2026-03-06T10:00"), At("2026-03-06T15:00")) };

        var used = SlaClock.Elapsed(start, changed, WorkingMinutes, Desk, pauses);
        var due = SlaClock.DueAt(start, new(240, WorkingMinutes), Desk, pauses).At;

        Assert.That(used, Is.EqualTo(TimeSpan.FromHours(2)));
        Assert.That(due, Is.EqualTo(SlaClock.DueAfter(changed, TimeSpan.FromMinutes(240) - used, Desk).At));
    }

    [Test]
    public void A_declared_event_stretches_and_rounds_in_favour_of_the_crew() =>
        Assert.That(new Allowance(15, WorkingMinutes).Stretched(1.5m), Is.EqualTo(new Allowance(23, WorkingMinutes)));

    [Test]
    public void A_negative_allowance_is_a_mistake_of_the_caller() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SlaClock.DueAt(At("2026-03-06T09:00"), new(-1, WorkingMinutes), Desk));

    private static void Expect(string start, Allowance allowance, BusinessCalendar calendar, string due, params Pause[] pauses)
    {
        var actual = SlaClock.DueAt(At(start), allowance, calendar, pauses);

        Assert.That(actual, Is.EqualTo(new Due(At(due), BeyondLoadedCalendar: false)));
    }

    private static DateTimeOffset At(string text)
    {
        var hasOffset = text.IndexOf('+', StringComparison.Ordinal) > 0 || text.LastIndexOf('-') > text.IndexOf('T', StringComparison.Ordinal);
        return DateTimeOffset.Parse(hasOffset ? text : text + "+08:00", CultureInfo.InvariantCulture);
    }
}
