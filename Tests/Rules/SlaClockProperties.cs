using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>What holds for every calendar, instant and pause between 1990 and 2100. The seed is fixed: a red run is red again.</summary>
public sealed class SlaClockProperties
{
    private static readonly string[] Zones =
    [
        "Asia/Shanghai", "UTC", "Europe/London", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Havana",
        "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Tehran", "Asia/Kathmandu",
    ];

    private static readonly string[] Days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    private static readonly string[][] Shifts =
    [
        [], ["09:00-17:00"], ["08:30-12:00", "14:00-18:00"], ["22:00-06:00"], ["00:00-24:00"], ["01:15-02:45"], ["00:30-03:00", "02:30-10:00", "20:00-24:00"],
    ];

    private static readonly BusinessCalendar[] Calendars = [.. Made(), Reference.Calendar("24x7"), Reference.Calendar("desk"), Reference.Calendar("office")];

    private static readonly Gen<DateTimeOffset> Starts =
        from day in Gen.Choose(0, (int)(new DateTime(2099, 1, 1) - new DateTime(1990, 1, 1)).TotalDays)
        from minute in Gen.Choose(0, 24 * 60)
        from second in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, 59)))
        select new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day).AddMinutes(minute).AddSeconds(second);

    private static readonly Gen<Allowance> Allowances = Gen.OneOf(
        Gen.Choose(0, 5000).Select(n => new Allowance(n, AllowanceUnit.WorkingMinutes)),
        Gen.Choose(0, 200).Select(n => new Allowance(n, AllowanceUnit.Hours)),
        Gen.Choose(0, 20).Select(n => new Allowance(n, AllowanceUnit.Days)),
        Gen.Choose(0, 20).Select(n => new Allowance(n, AllowanceUnit.WorkingDays)));

    private static readonly Gen<Clock> Clocks =
        from calendar in Gen.Elements(Calendars)
        from start in Starts
        from allowance in Allowances
        from count in Gen.Choose(0, 3)
        from pauses in Pauses(start, count)
        select new Clock(calendar, start, allowance, pauses);

    [Test]
    public void What_has_elapsed_when_it_is_due_is_what_was_allowed() => Holds(Clocks, c =>
        SlaClock.Elapsed(c.Start, c.Due(), c.Allowance.Unit, c.Calendar, c.Pauses) == SlaClock.Allowed(c.Start, c.Allowance, c.Calendar));

    [Test]
    public void It_is_never_due_before_it_begins_nor_warned_after_it_is_due() => Holds(Clocks, c =>
        c.Due() >= c.Start && SlaClock.WarnAt(c.Start, c.Allowance, 75, c.Calendar, c.Pauses) is var warned && warned <= c.Due() && warned >= c.Start);

    [Test]
    public void More_allowed_is_never_due_earlier() => Holds(
        from clock in Clocks
        from more in Gen.Choose(0, 300)
        select (clock, more),
        x => x.clock.Due() <= (x.clock with { Allowance = x.clock.Allowance with { Number = x.clock.Allowance.Number + x.more } }).Due());

    [Test]
    public void A_longer_pause_is_never_due_earlier() => Holds(
        from clock in Clocks
        from pause in OnePause(clock.Start)
        from before in Gen.Choose(0, 600)
        from after in Gen.Choose(0, 6000)
        let longer = new Pause(pause.From.AddMinutes(-before), pause.To.AddMinutes(after))
        select (clock, pause, longer),
        x => x.clock.Due() <= x.clock.With(x.pause).Due() && x.clock.With(x.pause).Due() <= x.clock.With(x.longer).Due());

    [Test]
    public void A_pause_inside_closed_hours_changes_nothing() => Holds(
        from clock in Clocks
        where !clock.Calendar.IsAlwaysOpen
        let counted = clock with { Allowance = clock.Allowance with { Unit = clock.Allowance.Unit is AllowanceUnit.Hours ? AllowanceUnit.WorkingMinutes : clock.Allowance.Unit is AllowanceUnit.Days ? AllowanceUnit.WorkingDays : clock.Allowance.Unit } }
        from skip in Gen.Choose(0, 5)
        let gap = counted.Calendar.Segments(counted.Start).Skip(skip).Take(2).ToArray()
        from begin in Gen.Choose(0, 100)
        from length in Gen.Choose(0, 100)
        let begins = gap[0].Close + ((gap[1].Open - gap[0].Close) * (begin / 100.0))
        let ends = begins + ((gap[1].Open - begins) * (length / 100.0))
        select (clock: counted, pause: new Pause(begins, ends)),
        x => x.clock.Due() == x.clock.With(x.pause).Due());

    [Test]
    public void Splitting_a_pause_into_two_adjacent_ones_changes_nothing() => Holds(
        from clock in Clocks
        from pause in OnePause(clock.Start)
        from share in Gen.Choose(0, 100)
        let middle = pause.From + ((pause.To - pause.From) * (share / 100.0))
        select (clock, pause, middle),
        x => x.clock.With(x.pause).Due() == x.clock.With(new Pause(x.middle, x.pause.To), new Pause(x.pause.From, x.middle)).Due());

    [Test]
    public void A_change_of_priority_keeps_earlier_pauses() => Holds(
        from first in Clocks
        from other in Allowances
        from calendar in Gen.Elements(Calendars)
        from pause in OnePause(first.Start)
        let before = first.With(pause)
        let after = before with { Allowance = other, Calendar = calendar }
        select (before, after, pause),
        x => SlaClock.Elapsed(x.after.Start, x.after.Due(), x.after.Allowance.Unit, x.after.Calendar, x.after.Pauses) == SlaClock.Allowed(x.after.Start, x.after.Allowance, x.after.Calendar)
            && x.after.Due() >= (x.after with { Pauses = [.. x.after.Pauses.Where(p => p != x.pause)] }).Due()
            && (x.after with { Allowance = x.before.Allowance, Calendar = x.before.Calendar }).Due() == x.before.Due());

    [Test]
    public void An_agreed_instant_moves_only_to_the_end_of_a_pause_that_it_falls_into() => Holds(
        from start in Starts
        from pauses in Pauses(start, 3)
        select (start, pauses),
        x => SlaClock.AfterPauses(x.start, x.pauses) is var at
            && at >= x.start && !x.pauses.Any(p => p.From <= at && at < p.To)
            && (at == x.start || x.pauses.Any(p => p.To == at)));

    [Test]
    public void Going_forward_and_back_ends_in_the_same_open_time() => Holds(
        from calendar in Gen.Elements(Calendars)
        from start in Starts
        from minutes in Gen.Choose(1, 5000)
        select (calendar, start, open: TimeSpan.FromMinutes(minutes)),
        x => x.calendar.OpenBetween(x.calendar.Add(x.start, -x.open), x.start) == x.open
            && x.calendar.OpenBetween(x.start, x.calendar.Add(x.start, x.open)) == x.open);

    [Test]
    public void Segments_add_up_to_the_open_time_and_never_touch() => Holds(
        from calendar in Gen.Elements(Calendars)
        where !calendar.IsAlwaysOpen
        from start in Starts
        select (calendar, start, segments: calendar.Segments(start).Take(40).ToArray()),
        x => x.calendar.OpenBetween(x.start, x.segments[^1].Close) == new TimeSpan(x.segments.Sum(s => (s.Close - s.Open).Ticks))
            && x.segments.Zip(x.segments.Skip(1)).All(p => p.First.Close < p.Second.Open)
            && x.segments.All(s => x.calendar.IsOpen(s.Open) && !x.calendar.IsOpen(s.Close) && x.calendar.IsOpen(s.Close.AddTicks(-10)) && s.Open < s.Close));

    private static void Holds<T>(Gen<T> cases, Func<T, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1500).WithReplay(20260302, 1), Prop.ForAll(cases.ToArbitrary(), property));

    private static Gen<Pause> OnePause(DateTimeOffset start) =>
        from begin in Gen.Choose(-2000, 12_000)
        from minutes in Gen.Choose(0, 8000)
        select new Pause(start.AddMinutes(begin), start.AddMinutes(begin + minutes));

    private static Gen<IReadOnlyList<Pause>> Pauses(DateTimeOffset start, int count) =>
        OnePause(start).ArrayOf(count).Select(p => (IReadOnlyList<Pause>)p);

    private static IEnumerable<BusinessCalendar> Made()
    {
        var random = new Random(7);
        foreach (var zone in Zones)
        {
            var week = Days.ToDictionary(d => d, _ => (IReadOnlyList<string>)Shifts[random.Next(Shifts.Length)]);
            week["wednesday"] = Shifts[random.Next(1, 4)];
            var holidays = Enumerable.Range(0, 300).Select(_ => new DateOnly(random.Next(1990, 2100), random.Next(1, 13), random.Next(1, 29))).Distinct();
            yield return BusinessCalendar.From(new CalendarDefinition(zone, Week: week, Holidays: [.. holidays]));
        }
    }

    private sealed record Clock(BusinessCalendar Calendar, DateTimeOffset Start, Allowance Allowance, IReadOnlyList<Pause> Pauses)
    {
        public DateTimeOffset Due() => SlaClock.DueAt(Start, Allowance, Calendar, Pauses).At;

        public Clock With(params Pause[] more) => this with { Pauses = [.. Pauses, .. more] };

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Calendar.Zone.Id} {Start:u} {Allowance.Number} {Allowance.Unit} [{string.Join("; ", Pauses.Select(p => $"{p.From:u} {p.To:u}"))}]");
    }
}
