using System.Text.Json;
using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Communities;

namespace PropertyServiceDesk.Domain.Policies;

/// <summary>A community's calendars as they are now.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListCalendars(Guid CommunityId) : IQuery<IReadOnlyList<CalendarLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListCalendars, IReadOnlyList<CalendarLine>>
    {
        private const string Read = """
            select c.code, c.name, c.name_en, v.version, v.created_at, v.definition::text as definition, v.names::text as names, v.names_en::text as names_en
            from calendar c
            join calendar_version v on v.community_id = c.community_id and v.calendar_version_id = c.current_version_id
            where c.community_id = @CommunityId
            order by c.code
            """;

        private sealed record Row(string Code, string Name, string NameEn, int Version, DateTimeOffset CreatedAt, string Definition, string? Names, string? NamesEn);

        public async Task<IReadOnlyList<CalendarLine>> Handle(ListCalendars query, CancellationToken cancellationToken)
        {
            var rows = await db.List<Row>(Read, new { CommunityId = caller.CommunitiesFor(query.CommunityId)[0] }, cancellationToken);
            return [.. rows.Select(r => Line(r, JsonSerializer.Deserialize<CalendarDefinition>(r.Definition, Json.Options)!))];
        }

        private static CalendarLine Line(Row row, CalendarDefinition definition) =>
            new(row.Code, row.Name, row.NameEn, row.Version, row.CreatedAt, BusinessCalendar.From(definition).LoadedThrough, CalendarHours.Of(definition, DayNames.Of(definition, row.Names, row.NamesEn)));
    }
}

/// <param name="LoadedThrough">The last year whose holidays are known; due times in later ones are marked as not settled. Null where none are needed.</param>
public sealed record CalendarLine(string Code, string Name, string NameEn, int Version, DateTimeOffset CreatedAt, int? LoadedThrough, CalendarHours Hours);

/// <summary>A day of the week and its windows, written <c>08:30-12:00</c>; a close before the open is on the next day.</summary>
/// <param name="Day"><c>monday</c> … <c>sunday</c>.</param>
public sealed record WeekdayHours(string Day, IReadOnlyList<string> Windows)
{
    internal sealed class Validator : AbstractValidator<WeekdayHours>
    {
        public Validator()
        {
            RuleFor(d => d.Day).PlainText(20);
            RuleForEach(d => d.Windows).PlainText(20);
        }
    }
}

/// <summary>One day and its windows; none closes it.</summary>
public sealed record DayHours(DateOnly Day, IReadOnlyList<string> Windows)
{
    internal sealed class Validator : AbstractValidator<DayHours>
    {
        public Validator()
        {
            RuleForEach(d => d.Windows).PlainText(20);
        }
    }
}

/// <summary>A day worked by exception, with the windows of this day of the week.</summary>
public sealed record MakeUpDay(DateOnly Day, string Like)
{
    internal sealed class Validator : AbstractValidator<MakeUpDay>
    {
        public Validator()
        {
            RuleFor(d => d.Like).PlainText(20);
        }
    }
}

/// <summary>When people work, as it is edited.</summary>
/// <param name="TimeZone">IANA name.</param>
/// <param name="AlwaysOpen">24×7; nothing else may then be given.</param>
/// <param name="LoadedYears">Years whose holidays are known; leave out where the calendar does not depend on any.</param>
/// <param name="Names">What holidays, make-up days and days with other windows are called; left out: as they are called now.</param>
public sealed record CalendarHours(
    string TimeZone,
    bool AlwaysOpen = false,
    IReadOnlyList<WeekdayHours>? Week = null,
    IReadOnlyList<DateOnly>? Holidays = null,
    IReadOnlyList<MakeUpDay>? MakeUpDays = null,
    IReadOnlyList<DayHours>? Overrides = null,
    IReadOnlyList<DayHours>? Breaks = null,
    IReadOnlyList<int>? LoadedYears = null,
    IReadOnlyList<NamedDay>? Names = null)
{
    private const int Most = 4000;

    internal sealed class Validator : AbstractValidator<CalendarHours>
    {
        public Validator() => RuleFor(h => h.TimeZone).PlainText(60);
    }

    internal static CalendarHours Of(CalendarDefinition d, IReadOnlyDictionary<DateOnly, DayName> names) => new(
        d.Zone,
        d.AlwaysOpen,
        d.Week is null ? null : [.. d.Week.Select(w => new WeekdayHours(w.Key, w.Value))],
        d.Holidays,
        d.MakeUpDays is null ? null : [.. d.MakeUpDays.Select(m => new MakeUpDay(m.Key, m.Value))],
        d.Overrides is null ? null : [.. d.Overrides.Select(o => new DayHours(o.Key, o.Value))],
        d.Breaks is null ? null : [.. d.Breaks.Select(b => new DayHours(b.Key, b.Value))],
        d.LoadedYears,
        d.AlwaysOpen ? null : [.. names.OrderBy(n => n.Key).Select(n => new NamedDay(n.Key, n.Value.Name, n.Value.NameEn))]);

    /// <exception cref="Refused.Invalid">It makes no sense; the code says why.</exception>
    internal CalendarDefinition Definition()
    {
        if (new[] { Week?.Count, Holidays?.Count, MakeUpDays?.Count, Overrides?.Count, Breaks?.Count, LoadedYears?.Count, Names?.Count }.Any(n => n > Most))
        {
            throw new Refused.Invalid("calendar.too_many_days", "A calendar names at most 4,000 days of each sort.");
        }

        if (Days().Any(d => d.Year is < 1990 or > 2100) || LoadedYears?.Any(y => y is < 1990 or > 2100) == true)
        {
            throw new Refused.Invalid("calendar.out_of_range", "A calendar names days from 1990 to 2100.");
        }

        if (WindowFaults() is { Count: > 0 } faults)
        {
            throw new Refused.Invalid(faults);
        }

        var definition = new CalendarDefinition(
            TimeZone,
            AlwaysOpen,
            Once(Week, w => w.Day, w => w.Windows, StringComparer.OrdinalIgnoreCase),
            Holidays is null ? null : [.. Holidays.Distinct().Order()],
            Once(MakeUpDays, m => m.Day, m => m.Like, null),
            Once(Overrides, o => o.Day, o => o.Windows, null),
            Once(Breaks, b => b.Day, b => b.Windows, null),
            LoadedYears is null ? null : [.. LoadedYears.Distinct().Order()]);
        BusinessCalendar.From(definition);
        return definition;
    }

    /// <summary>All windows that are none, and those of a day that lie over another one of it: whoever types that meant something else.</summary>
    private List<Fault> WindowFaults()
    {
        var faults = new List<Fault>();
        Look(Week?.Select(d => d.Windows), "week", alone: true);
        Look(Overrides?.Select(d => d.Windows), "overrides", alone: true);
        Look(Breaks?.Select(d => d.Windows), "breaks", alone: false);
        return faults;

        void Look(IEnumerable<IReadOnlyList<string>>? days, string list, bool alone)
        {
            foreach (var (day, windows) in (days ?? []).Index())
            {
                var before = new List<CalendarWindow>();
                foreach (var (at, text) in windows.Index())
                {
                    var field = $"hours.{list}[{day}].windows[{at}]";
                    if (CalendarWindow.Read(text) is not { } window)
                    {
                        var malformed = CalendarWindow.Malformed(text);
                        faults.Add(new Fault(field, malformed.Code, malformed.Message));
                        continue;
                    }

                    if (alone && before.Any(b => window.Opens < b.Closes && b.Opens < window.Closes))
                    {
                        faults.Add(new Fault(field, "calendar.windows_overlap", "This window overlaps another one of the same day."));
                    }

                    before.Add(window);
                }
            }
        }
    }

    /// <param name="was">What days are called now, which they keep where nothing is said of names.</param>
    /// <exception cref="Refused.Invalid">A day has two names, or none of the calendar's days is it.</exception>
    internal IReadOnlyDictionary<DateOnly, DayName> Called(IReadOnlyDictionary<DateOnly, DayName> was)
    {
        var days = Days().ToHashSet();
        if (Names?.Any(n => !days.Contains(n.Day)) == true)
        {
            throw new Refused.Invalid([new Fault("hours.names", "calendar.name_without_day", "A name belongs to a holiday, a make-up day or a day with other hours.")]);
        }

        return Once(Names, n => n.Day, DayName.Of, null) ?? was.Where(n => days.Contains(n.Key)).ToDictionary();
    }

    private IEnumerable<DateOnly> Days() => [.. Holidays ?? [], .. MakeUpDays?.Select(m => m.Day) ?? [], .. Overrides?.Select(o => o.Day) ?? [], .. Breaks?.Select(b => b.Day) ?? []];

    private static Dictionary<TKey, TValue>? Once<TItem, TKey, TValue>(IReadOnlyList<TItem>? items, Func<TItem, TKey> key, Func<TItem, TValue> value, IEqualityComparer<TKey>? comparer)
        where TKey : notnull
    {
        if (items is null)
        {
            return null;
        }

        var made = new Dictionary<TKey, TValue>(comparer);
        return items.All(i => made.TryAdd(key(i), value(i))) ? made : throw new Refused.Invalid("calendar.day_twice", "A calendar names each day once.");
    }
}

/// <summary>Other opening hours from now on. What is closed does not change; open clocks on this calendar follow.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record EditCalendar([property: JsonIgnore] Guid CommunityId, [property: JsonIgnore] string Code, CalendarHours Hours, int? Version = null) : ICommand<SlaEdited>
{
    public sealed class Validator : AbstractValidator<EditCalendar>
    {
        public Validator() => RuleForEach(c => c.Hours.Names).SetValidator(new NamedDay.Validator());
    }

    internal sealed class Handler(Caller caller, CalendarEdits edits) : IRequestHandler<EditCalendar, SlaEdited>
    {
        public async Task<SlaEdited> Handle(EditCalendar command, CancellationToken cancellationToken)
        {
            var calendar = await edits.Lock(command.CommunityId, command.Code, cancellationToken);
            caller.MustKnowVersion("calendar", calendar.Version, command.Version);
            return await edits.Write(calendar, command.Hours.Definition(), command.Hours.Called(calendar.Names), null, cancellationToken);
        }
    }
}

/// <summary>A day and what it is called.</summary>
/// <param name="NameEn">In English; where it is left out, as the published holiday of this name is called, if there is one.</param>
public sealed record NamedDay(DateOnly Day, string Name, string? NameEn = null)
{
    internal sealed class Validator : AbstractValidator<NamedDay>
    {
        public Validator()
        {
            RuleFor(d => d.Name).PlainText(60);
            RuleFor(d => d.NameEn).OptionalPlainText(60);
        }
    }
}

/// <summary>The days of a year, as a sheet names them: to be tried or to be imported.</summary>
public interface IHolidaySheet
{
    int Year { get; }

    IReadOnlyList<NamedDay> Off { get; }

    IReadOnlyList<NamedDay>? Worked { get; }

    string WorkedLike { get; }
}

public abstract class HolidaySheetRules<T> : AbstractValidator<T>
    where T : IHolidaySheet
{
    protected HolidaySheetRules()
    {
        RuleFor(c => c.Year).InclusiveBetween(1990, 2100);
        RuleFor(c => c.Off).Must(d => d.Count <= 366).WithErrorCode("calendar.too_many_days").WithMessage("A year has at most 366 days off.");
        RuleFor(c => c.Worked).Must(d => d is null || d.Count <= 366).WithErrorCode("calendar.too_many_days").WithMessage("A year has at most 366 days.");
        RuleFor(c => c).Must(c => c.Off.Concat(c.Worked ?? []).All(d => Math.Abs(d.Day.Year - c.Year) <= 1)).WithErrorCode("holidays.other_year").WithMessage("A sheet names days of its year and of the two beside it.");
        RuleForEach(c => c.Off).SetValidator(new NamedDay.Validator());
        RuleForEach(c => c.Worked).SetValidator(new NamedDay.Validator());
        RuleFor(c => c.WorkedLike).PlainText(20);
    }
}

/// <summary>
/// The holidays and make-up days of a year, as they were published. Days that earlier sheets named keep what this one does not say; the
/// year counts as loaded, and due times that waited for it are settled.
/// </summary>
/// <param name="Off">Days off; they may lie in the neighbouring years, too.</param>
/// <param name="Worked">Days worked by exception.</param>
/// <param name="WorkedLike">The day of the week whose windows those have: <c>monday</c> where it is left out.</param>
[AllowedTo(Roles.Administrator)]
public sealed record ImportHolidays(
    [property: JsonIgnore] Guid CommunityId, [property: JsonIgnore] string Code, int Year, IReadOnlyList<NamedDay> Off, IReadOnlyList<NamedDay>? Worked = null, string WorkedLike = "monday") : ICommand<SlaEdited>, IHolidaySheet
{
    public sealed class Validator : HolidaySheetRules<ImportHolidays>;

    internal sealed class Handler(Caller caller, CalendarEdits edits) : IRequestHandler<ImportHolidays, SlaEdited>
    {
        public async Task<SlaEdited> Handle(ImportHolidays command, CancellationToken cancellationToken)
        {
            var calendar = await edits.Lock(command.CommunityId, command.Code, cancellationToken);
            caller.MustNotBeStale("calendar", calendar.Version);
            var definition = calendar.Definition.With(command.Year, command.Off, command.Worked, command.WorkedLike);
            var names = calendar.Names.ToDictionary();
            foreach (var day in command.Off.Concat(command.Worked ?? []))
            {
                names[day.Day] = DayName.Of(day);
            }

            return await edits.Write(calendar, definition, names, command.Year, cancellationToken);
        }
    }
}

/// <summary>What the holidays and make-up days of a year would change: nothing is written.</summary>
/// <param name="Off">Days off; they may lie in the neighbouring years, too.</param>
/// <param name="Worked">Days worked by exception.</param>
/// <param name="WorkedLike">The day of the week whose windows those have: <c>monday</c> where it is left out.</param>
[AllowedTo(Roles.Administrator)]
public sealed record TryHolidays(
    [property: JsonIgnore] Guid CommunityId, [property: JsonIgnore] string Code, int Year, IReadOnlyList<NamedDay> Off, IReadOnlyList<NamedDay>? Worked = null, string WorkedLike = "monday") : IQuery<HolidayTrial>, IHolidaySheet
{
    public sealed class Validator : HolidaySheetRules<TryHolidays>;

    internal sealed class Handler(Caller caller, CalendarEdits edits) : IRequestHandler<TryHolidays, HolidayTrial>
    {
        public async Task<HolidayTrial> Handle(TryHolidays query, CancellationToken cancellationToken)
        {
            var calendar = await edits.Find(caller.CommunitiesFor(query.CommunityId)[0], query.Code, cancellationToken);
            caller.MustNotBeStale("calendar", calendar.Version);
            var becomes = calendar.Definition.With(query.Year, query.Off, query.Worked, query.WorkedLike);
            var names = query.Off.Concat(query.Worked ?? []).ToDictionary(d => d.Day, DayName.Of);
            var (was, will) = (new CalendarDays(calendar.Definition), new CalendarDays(becomes));
            var changes =
                from day in names.Keys.Order()
                let before = was.WindowsOn(day).Select(w => w.ToString()).ToArray()
                let after = will.WindowsOn(day).Select(w => w.ToString()).ToArray()
                where !before.SequenceEqual(after)
                select new DayChange(day, names[day].Name, before, after, names[day].NameEn);
            return new HolidayTrial(
                calendar.Version,
                calendar.Definition.LoadedYears?.Contains(query.Year) == true,
                await edits.CountClocksToFollow(calendar, becomes, cancellationToken),
                [.. changes],
                names.Count(n => calendar.Names.GetValueOrDefault(n.Key) != n.Value));
        }
    }
}

/// <param name="LoadedAlready">Whether the year was loaded before.</param>
/// <param name="OpenClocks">How many open clocks follow this calendar: they would be looked at, and move where their time changes.</param>
/// <param name="Changes">Days that open or close otherwise than now; what stays is left out.</param>
/// <param name="Renamed">How many days would be called otherwise than now.</param>
public sealed record HolidayTrial(int Version, bool LoadedAlready, int OpenClocks, IReadOnlyList<DayChange> Changes, int Renamed);

/// <param name="Was">Its windows now; none: closed.</param>
/// <param name="Becomes">Its windows then.</param>
public sealed record DayChange(DateOnly Day, string Name, IReadOnlyList<string> Was, IReadOnlyList<string> Becomes, string? NameEn);

internal static class HolidayYears
{
    /// <summary>This calendar with the days of a year as they were published.</summary>
    /// <exception cref="Refused">It has no holidays, or they make no sense.</exception>
    public static CalendarDefinition With(this CalendarDefinition calendar, int year, IReadOnlyList<NamedDay> off, IReadOnlyList<NamedDay>? worked, string workedLike)
    {
        var closed = off.Select(d => d.Day).ToHashSet();
        if (worked?.Any(d => closed.Contains(d.Day)) == true)
        {
            throw new Refused.Invalid("calendar.day_off_and_worked", "A day is either off or worked by exception.", "worked");
        }

        if (calendar.AlwaysOpen)
        {
            throw new Refused.Conflict("calendar.always_open", "A calendar that is always open has no holidays.");
        }

        var definition = calendar.Observing([new HolidaySheet("", year, Named(off), Named(worked ?? []))], workedLike);
        BusinessCalendar.From(definition);
        return definition;
    }

    private static Dictionary<DateOnly, string> Named(IReadOnlyList<NamedDay> days)
    {
        var named = new Dictionary<DateOnly, string>();
        return days.All(d => named.TryAdd(d.Day, d.Name)) ? named : throw new Refused.Invalid("calendar.day_twice", "A calendar names each day once.");
    }
}

internal static class DayNames
{
    /// <summary>What the days of a calendar are called: as its administrators said; until they have, as the published sheets say.</summary>
    public static IReadOnlyDictionary<DateOnly, DayName> Of(CalendarDefinition calendar, string? said, string? saidInEnglish)
    {
        var names = said is null ? ReferenceData.NamesOf(calendar) : Read(said);
        var english = saidInEnglish is null ? [] : Read(saidInEnglish);
        return names.ToDictionary(n => n.Key, n => DayName.Of(n.Value, english.GetValueOrDefault(n.Key)));
    }

    private static Dictionary<DateOnly, string> Read(string names) => JsonSerializer.Deserialize<Dictionary<DateOnly, string>>(names, Json.Options)!;
}

/// <param name="NameEn">Null: it has none.</param>
internal sealed record DayName(string Name, string? NameEn)
{
    public static DayName Of(NamedDay day) => Of(day.Name, day.NameEn);

    /// <summary>Where nobody says what it is called in English, it is called as the published holiday of this name.</summary>
    public static DayName Of(string name, string? nameEn) => new(name, nameEn ?? ReferenceData.InEnglish(name));
}

internal sealed record LockedCalendar(Guid CommunityId, Guid CalendarId, string Code, int Version, CalendarDefinition Definition, IReadOnlyDictionary<DateOnly, DayName> Names);

internal sealed class CalendarEdits(Db db, TimeProvider clock, Caller caller, EventLog log, SlaEdits edits)
{
    private const string Look = """
        select c.calendar_id, v.version, v.definition::text as definition, v.names::text as names, v.names_en::text as names_en
        from calendar c
        join calendar_version v on v.community_id = c.community_id and v.calendar_version_id = c.current_version_id
        where c.community_id = @CommunityId and c.code = @Code
        """;

    private const string Read = """
        select c.calendar_id, v.version, v.definition::text as definition, v.names::text as names, v.names_en::text as names_en
        from calendar c
        join calendar_version v on v.community_id = c.community_id and v.calendar_version_id = c.current_version_id
        where c.community_id = @CommunityId and c.code = @Code
        for no key update of c
        """;

    private const string Insert = """
        insert into calendar_version (community_id, calendar_version_id, calendar_id, version, definition, created_at, created_by, names, names_en)
        values (@CommunityId, @VersionId, @CalendarId, @Version, @Definition::jsonb, @Now, @By, @Names::jsonb, @NamesEn::jsonb);

        update calendar
        set current_version_id = @VersionId
        where community_id = @CommunityId and calendar_id = @CalendarId;
        """;

    private const string OpenClocks = """
        select count(*)::int
        from clock k
        join calendar_version v on v.community_id = k.community_id and v.calendar_version_id = k.calendar_version_id
        where k.community_id = @CommunityId and k.subject_kind in ('request', 'workOrder') and k.stopped_at is null and not k.imposed and v.calendar_id = @CalendarId
        """;

    private sealed record Row(Guid CalendarId, int Version, string Definition, string? Names, string? NamesEn);

    /// <exception cref="Refused.NotFound">There is none.</exception>
    public async Task<LockedCalendar> Lock(Guid communityId, string code, CancellationToken ct)
    {
        await edits.Lock(communityId, ct);
        return await Take(Read, communityId, code, ct);
    }

    /// <summary>The calendar as it is, without holding it: for what only looks.</summary>
    /// <exception cref="Refused.NotFound">There is none.</exception>
    public Task<LockedCalendar> Find(Guid communityId, string code, CancellationToken ct) => Take(Look, communityId, code, ct);

    /// <summary>The open clocks of this calendar; none, where nothing but names would be another: no time depends on them.</summary>
    public async Task<int> CountClocksToFollow(LockedCalendar calendar, CalendarDefinition becomes, CancellationToken ct) =>
        Hours(calendar.Definition) == Hours(becomes) ? 0 : await db.Single<int>(OpenClocks, new { calendar.CommunityId, calendar.CalendarId }, ct);

    private static string Hours(CalendarDefinition calendar) =>
        JsonSerializer.Serialize(calendar with { Week = calendar.Week?.OrderBy(d => d.Key, StringComparer.Ordinal).ToDictionary() }, Json.Options);

    private async Task<LockedCalendar> Take(string sql, Guid communityId, string code, CancellationToken ct)
    {
        var row = await db.Find<Row>(sql, new { CommunityId = communityId, Code = code }, ct) ?? throw new Refused.NotFound("calendar");
        var definition = JsonSerializer.Deserialize<CalendarDefinition>(row.Definition, Json.Options)!;
        return new LockedCalendar(communityId, row.CalendarId, code, row.Version, definition, DayNames.Of(definition, row.Names, row.NamesEn));
    }

    public async Task<SlaEdited> Write(LockedCalendar calendar, CalendarDefinition definition, IReadOnlyDictionary<DateOnly, DayName> names, int? loaded, CancellationToken ct)
    {
        var now = clock.Now();
        var id = Guid.CreateVersion7(now);
        await db.Run(
            Insert,
            new
            {
                calendar.CommunityId,
                VersionId = id,
                calendar.CalendarId,
                Version = calendar.Version + 1,
                Definition = JsonSerializer.Serialize(definition, Json.Options),
                Now = now,
                By = caller.Actor.Id,
                Names = JsonSerializer.Serialize(names.ToDictionary(n => n.Key, n => n.Value.Name), Json.Options),
                NamesEn = JsonSerializer.Serialize(names.Where(n => n.Value.NameEn is not null).ToDictionary(n => n.Key, n => n.Value.NameEn), Json.Options),
            },
            ct);
        var open = await CountClocksToFollow(calendar, definition, ct);
        log.Write(
            calendar.CommunityId,
            SubjectKind.Community,
            calendar.CommunityId,
            loaded is null ? Happening.CalendarEdited : Happening.HolidaysImported,
            new { calendar = calendar.Code, calendarVersionId = id, version = calendar.Version + 1, year = loaded, openClocks = open },
            visibility: Visibility.Desk,
            occurredAt: now);
        return new SlaEdited(id, calendar.Version + 1, open, await edits.Move(calendar.CommunityId, ClockMoveWhy.Calendar, id, open, now, ct));
    }
}
