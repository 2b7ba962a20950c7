using System.Collections.Concurrent;
using System.Text.Json;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// The current versions of a community's profile and calendars. Versions never change, so a definition that was read once is kept for
/// the life of the process; which version is current is asked in every transaction.
/// </summary>
internal sealed class SlaBook(Db db, SlaDefinitions definitions)
{
    private const string Current = """
        select p.policy_version_id, c.code, c.current_version_id
        from (
            select v.community_id, v.policy_version_id
            from sla_profile_version v
            where v.community_id = @CommunityId
            order by v.version desc
            limit 1) p
        join calendar c on c.community_id = p.community_id
        """;

    private const string Events = """
        select e.declared_event_id, e.name, e.from_at, e.to_at, e.factor, e.policies, e.kinds
        from declared_event e
        where e.community_id = @CommunityId and e.revoked_at is null and e.to_at > @Since::timestamptz
        """;

    private const string Revoked = """
        select e.declared_event_id, e.name, e.from_at, e.to_at, e.factor, e.policies, e.kinds
        from declared_event e
        where e.community_id = @CommunityId and e.declared_event_id = any (@Ids) and e.revoked_at is not null
        """;

    private const string Profile = """
        select definition
        from sla_profile_version
        where policy_version_id = @Id
        """;

    private const string Calendar = """
        select definition
        from calendar_version
        where calendar_version_id = @Id
        """;

    private sealed record Row(Guid PolicyVersionId, string Code, Guid CurrentVersionId);

    private sealed record EventRow(Guid DeclaredEventId, string Name, DateTimeOffset FromAt, DateTimeOffset ToAt, decimal Factor, string[] Policies, string[] Kinds)
    {
        public DeclaredEvent Event => new(DeclaredEventId, Name, FromAt, ToAt, Factor, Policies, [.. Kinds.Select(EnumWord.Read<ClockKind>)]);
    }

    /// <summary>The one row of <paramref name="subjectSql"/> and what is current, in one round trip. The statement may use <c>@Id</c>.</summary>
    /// <param name="eventsSince">The start of the oldest clock that this is about: declared events that were over by then cannot matter. Null: none are needed.</param>
    public async Task<(T Subject, CurrentSla Sla)> With<T>(string subjectSql, Guid id, Guid communityId, DateTimeOffset? eventsSince, CancellationToken ct)
    {
        T subject;
        List<Row> rows;
        List<EventRow> events;
        using (var read = await db.Several(subjectSql + ";\n" + Current + ";\n" + Events, new { Id = id, CommunityId = communityId, Since = eventsSince }, ct))
        {
            subject = await read.ReadSingleAsync<T>();
            rows = (await read.ReadAsync<Row>()).AsList();
            events = (await read.ReadAsync<EventRow>()).AsList();
        }

        return (subject, await Whole(rows, events, ct));
    }

    /// <summary>What is current.</summary>
    /// <param name="eventsSince">As in <see cref="With"/>.</param>
    public async Task<CurrentSla> Now(Guid communityId, DateTimeOffset? eventsSince, CancellationToken ct)
    {
        List<Row> rows;
        List<EventRow> events;
        using (var read = await db.Several(Current + ";\n" + Events, new { CommunityId = communityId, Since = eventsSince }, ct))
        {
            rows = (await read.ReadAsync<Row>()).AsList();
            events = (await read.ReadAsync<EventRow>()).AsList();
        }

        return await Whole(rows, events, ct);
    }

    /// <summary>The declared events that clocks can run into which began at <paramref name="since"/> or later.</summary>
    public async Task<IReadOnlyList<DeclaredEvent>> EventsSince(Guid communityId, DateTimeOffset since, CancellationToken ct) =>
        [.. (await db.List<EventRow>(Events, new { CommunityId = communityId, Since = (DateTimeOffset?)since }, ct)).Select(e => e.Event)];

    /// <summary>Of these, the ones that were called off.</summary>
    public async Task<IReadOnlyList<DeclaredEvent>> CalledOff(Guid communityId, Guid[] ids, CancellationToken ct) =>
        [.. (await db.List<EventRow>(Revoked, new { CommunityId = communityId, Ids = ids }, ct)).Select(e => e.Event)];

    public async Task<SlaProfile> ProfileOf(Guid policyVersionId, CancellationToken ct) =>
        definitions.Profiles.TryGetValue(policyVersionId, out var known)
            ? known
            : definitions.Profiles.GetOrAdd(policyVersionId, JsonSerializer.Deserialize<SlaProfile>(await db.Single<string>(Profile, new { Id = policyVersionId }, ct), Json.Options)!);

    private async Task<CurrentSla> Whole(IReadOnlyList<Row> rows, IReadOnlyList<EventRow> events, CancellationToken ct)
    {
        var profile = await ProfileOf(rows[0].PolicyVersionId, ct);
        var calendars = new Dictionary<string, (Guid, BusinessCalendar)>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            calendars[row.Code] = (row.CurrentVersionId, await CalendarOf(row.CurrentVersionId, ct));
        }

        return new CurrentSla(rows[0].PolicyVersionId, profile, calendars, [.. events.Select(e => e.Event)]);
    }

    public async Task<BusinessCalendar> CalendarOf(Guid calendarVersionId, CancellationToken ct) =>
        definitions.Calendars.TryGetValue(calendarVersionId, out var known)
            ? known
            : definitions.Calendars.GetOrAdd(
                calendarVersionId,
                BusinessCalendar.From(JsonSerializer.Deserialize<CalendarDefinition>(await db.Single<string>(Calendar, new { Id = calendarVersionId }, ct), Json.Options)!));
}

/// <summary>What never changes once it is stored, by version.</summary>
internal sealed class SlaDefinitions
{
    public ConcurrentDictionary<Guid, SlaProfile> Profiles { get; } = [];

    public ConcurrentDictionary<Guid, BusinessCalendar> Calendars { get; } = [];
}

internal sealed record CurrentSla(
    Guid PolicyVersionId, SlaProfile Profile, IReadOnlyDictionary<string, (Guid VersionId, BusinessCalendar Calendar)> Calendars, IReadOnlyList<DeclaredEvent> Events)
{
    /// <summary>With the time that a declared event gives, where one does.</summary>
    /// <param name="danger">The subject is dangerous, whatever its policy: nothing gives it more time.</param>
    /// <param name="pauses">Those that ended.</param>
    public Owed Stretched(string policyCode, Owed owed, bool danger, IReadOnlyCollection<Pause> pauses, DateTimeOffset? heldAt = null)
    {
        if (danger || owed is not { Allowance: { } allowance, FixedAt: null } || Events.Count == 0 || Profile.Policies.FirstOrDefault(p => p.Code == policyCode) is not { } policy)
        {
            return owed;
        }

        var run = new ClockRun(owed.From, allowance, Calendars[owed.Calendar].Calendar, pauses, heldAt);
        return DeclaredEvent.Governing(Events, policy, owed.Kind, run) is { } declared ? owed with { Allowance = allowance.Stretched(declared.Factor), StretchedBy = declared.Id } : owed;
    }
}
