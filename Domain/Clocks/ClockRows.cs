namespace PropertyServiceDesk.Domain.Clocks;

internal enum ClockSubject
{
    Request,
    WorkOrder,
    Feedback,
}

internal enum StopReason
{
    Met,
    Voided,
    Cancelled,
    Transferred,
    Returned,
    Superseded,
    Left,
}

/// <summary>A clock to start. <paramref name="DueAt"/> is set where an instant governs and no allowance: an imposed deadline, an appointment.</summary>
internal sealed record NewClock(
    ClockSubject SubjectKind, Guid SubjectId, ClockKind Kind, Crew? Crew, string Policy, DateTimeOffset StartedAt, Allowance? Allowance, string Calendar, DateTimeOffset? DueAt = null, bool Imposed = false);

/// <summary>Starts, holds, resumes and stops the stored clocks, in the transaction of the event that does it, under the subject's lock.</summary>
internal sealed class ClockRows(Db db, SlaBook book, TimeProvider time)
{
    private const string Insert = """
        insert into clock (community_id, clock_id, subject_kind, subject_id, kind, cycle, crew, policy_version_id, policy, calendar_version_id, imposed, started_at,
            allowance, unit, due_at, beyond_calendar, next_check_at)
        select @CommunityId, c.id, c.subject_kind, c.subject_id, c.kind,
            (select coalesce(max(o.cycle), 0) + 1 from clock o where o.community_id = @CommunityId and o.subject_id = c.subject_id and o.kind = c.kind),
            c.crew, @PolicyVersionId, c.policy, c.calendar_version_id, c.imposed, c.started_at, c.allowance, c.unit, c.due_at, c.beyond_calendar, c.next_check_at
        from unnest(@Ids::uuid[], @SubjectKinds::text[], @SubjectIds::uuid[], @Kinds::text[], @Crews::text[], @Policies::text[], @CalendarVersionIds::uuid[], @Imposed::boolean[],
            @StartedAt::timestamptz[], @Allowances::integer[], @Units::text[], @DueAt::timestamptz[], @Beyond::boolean[], @FirstLooks::timestamptz[])
            c (id, subject_kind, subject_id, kind, crew, policy, calendar_version_id, imposed, started_at, allowance, unit, due_at, beyond_calendar, next_check_at)
        """;

    private const string StopThem = """
        with stopped as (
            update clock
            set stopped_at = greatest(@At, started_at), stopped_why = @Why, next_check_at = null, held_at = null
            where community_id = @CommunityId and subject_id = any (@SubjectIds) and stopped_at is null and (@Kinds::text[] is null or kind = any (@Kinds))
            returning clock_id
        ), settled as (
            update escalation e
            set resolved_at = greatest(@At, e.fired_at), resolved_how = 'stopped', version = e.version + 1
            from stopped s
            where e.community_id = @CommunityId and e.clock_id = s.clock_id and e.resolved_at is null
        ), silenced as (
            update alarm a
            set ended_at = greatest(@At, a.raised_at)
            from stopped s
            where a.community_id = @CommunityId and a.clock_id = s.clock_id and a.ended_at is null
        )
        update clock_pause p
        set to_at = greatest(@At, p.from_at)
        from stopped s
        where p.community_id = @CommunityId and p.clock_id = s.clock_id and p.to_at is null
        """;

    private const string HoldThem = """
        with held as (
            update clock
            set held_at = @At, next_check_at = null
            where community_id = @CommunityId and subject_id = any (@SubjectIds) and kind = any (@Kinds) and stopped_at is null and held_at is null and not imposed
            returning clock_id
        )
        insert into clock_pause (community_id, clock_id, from_at)
        select @CommunityId, clock_id, @At
        from held
        on conflict (community_id, clock_id, from_at) do update set to_at = null
        """;

    private const string Held = """
        select clock_id, calendar_version_id, started_at, allowance, unit, due_at
        from clock
        where community_id = @CommunityId and subject_id = any (@SubjectIds) and stopped_at is null and held_at is not null
        order by clock_id
        for update
        """;

    private const string Pauses = """
        update clock_pause
        set to_at = greatest(@At, from_at)
        where community_id = @CommunityId and clock_id = any (@ClockIds) and to_at is null;

        select clock_id, from_at, coalesce(to_at, @At) as to_at
        from clock_pause
        where community_id = @CommunityId and clock_id = any (@ClockIds)
        order by clock_id, from_at;
        """;

    private const string GoOn = """
        update clock c
        set held_at = null, due_at = n.due_at, beyond_calendar = n.beyond, next_check_at = @At -- the sweep looks at once, and says when to look again
        from unnest(@ClockIds::uuid[], @DueAt::timestamptz[], @Beyond::boolean[]) n (clock_id, due_at, beyond)
        where c.community_id = @CommunityId and c.clock_id = n.clock_id
        """;

    // Held or not, every clock that was paused is computed anew: held_at marks it for Resume. A pause that was none lasted no time.
    private const string Unpause = """
        with paused as (
            update clock_pause p
            set to_at = p.from_at
            from clock c
            where c.community_id = @CommunityId and c.subject_id = @RequestId and c.stopped_at is null
              and p.community_id = c.community_id and p.clock_id = c.clock_id and p.from_at >= @Since
            returning p.clock_id
        )
        update clock c
        set held_at = case when c.stopped_at is null then coalesce(c.held_at, @Since) end,
            stopped_at = null, stopped_why = null, next_check_at = c.due_at
        where c.community_id = @CommunityId and c.subject_id = @RequestId
          and (c.clock_id in (select p.clock_id from paused p)
               or (c.kind in ('safe', 'controlled') and c.stopped_why = 'met' and c.stopped_at >= @Since))
        """;

    private sealed record HeldClock(Guid ClockId, Guid? CalendarVersionId, DateTimeOffset StartedAt, int? Allowance, AllowanceUnit? Unit, DateTimeOffset? DueAt);

    private sealed record PauseRow(Guid ClockId, DateTimeOffset FromAt, DateTimeOffset ToAt);

    public async Task Start(Guid communityId, CurrentSla sla, IReadOnlyList<NewClock> clocks, CancellationToken ct)
    {
        if (clocks.Count == 0)
        {
            return;
        }

        var dues = clocks.Select(c => c.DueAt is { } at
            ? new Due(at, false)
            : SlaClock.DueAt(c.StartedAt, c.Allowance!, sla.Calendars[c.Calendar].Calendar)).ToArray();
        var now = time.Now();
        await db.Run(
            Insert,
            new
            {
                CommunityId = communityId,
                sla.PolicyVersionId,
                Ids = clocks.Select(c => Guid.CreateVersion7(c.StartedAt)).ToArray(),
                SubjectKinds = clocks.Select(c => EnumWord.Of(c.SubjectKind)).ToArray(),
                SubjectIds = clocks.Select(c => c.SubjectId).ToArray(),
                Kinds = clocks.Select(c => EnumWord.Of(c.Kind)).ToArray(),
                Crews = clocks.Select(c => c.Crew is { } crew ? EnumWord.Of(crew) : null).ToArray(),
                Policies = clocks.Select(c => c.Policy).ToArray(),
                CalendarVersionIds = clocks.Select(c => sla.Calendars[c.Calendar].VersionId).ToArray(),
                Imposed = clocks.Select(c => c.Imposed).ToArray(),
                StartedAt = clocks.Select(c => c.StartedAt.UtcDateTime).ToArray(),
                Allowances = clocks.Select(c => c.Allowance?.Number).ToArray(),
                Units = clocks.Select(c => c.Allowance is { } a ? EnumWord.Of(a.Unit) : null).ToArray(),
                DueAt = dues.Select(d => d.At.UtcDateTime).ToArray(),
                Beyond = dues.Select(d => d.BeyondLoadedCalendar).ToArray(),
                FirstLooks = clocks.Zip(dues, (c, d) => FirstLook(c, d.At, sla, now)).ToArray(),
            },
            ct);
    }

    /// <summary>When the sweep first looks at a new clock: at its warning, or when it is due; never before now, so that a sweep need not look back.</summary>
    private static DateTime FirstLook(NewClock clock, DateTimeOffset due, CurrentSla sla, DateTimeOffset now)
    {
        var percent = sla.Profile.Policies.FirstOrDefault(p => p.Code == clock.Policy)?.WarnAtPercent ?? 0;
        var look = percent is > 0 and < 100 ? EscalationLadder.WarnAt(clock.StartedAt, due, clock.Allowance, percent, sla.Calendars[clock.Calendar].Calendar) : due;
        return (look < now ? now : look).UtcDateTime;
    }

    /// <param name="kinds">Null for all that run.</param>
    public Task Stop(Guid communityId, IReadOnlyList<Guid> subjectIds, ClockKind[]? kinds, StopReason why, DateTimeOffset at, CancellationToken ct) =>
        db.Run(StopThem, new { CommunityId = communityId, SubjectIds = subjectIds.ToArray(), Kinds = kinds is null ? null : EnumWord.All(kinds), Why = why, At = at }, ct);

    /// <summary>Clocks that run by an allowance stop counting; an imposed deadline does not.</summary>
    public Task Hold(Guid communityId, IReadOnlyList<Guid> subjectIds, ClockKind[] kinds, DateTimeOffset at, CancellationToken ct) =>
        db.Run(HoldThem, new { CommunityId = communityId, SubjectIds = subjectIds.ToArray(), Kinds = EnumWord.All(kinds), At = at }, ct);

    /// <summary>A request's running clocks as if nothing had paused them since <paramref name="since"/>, and nothing had reached a milestone.</summary>
    public async Task Undo(Guid communityId, Guid requestId, DateTimeOffset since, DateTimeOffset at, CancellationToken ct)
    {
        await db.Run(Unpause, new { CommunityId = communityId, RequestId = requestId, Since = since }, ct);
        await Resume(communityId, [requestId], at, ct);
    }

    /// <summary>Held clocks go on; each is due as much later as the pauses cost it in its own calendar.</summary>
    public async Task Resume(Guid communityId, IReadOnlyList<Guid> subjectIds, DateTimeOffset at, CancellationToken ct)
    {
        var held = await db.List<HeldClock>(Held, new { CommunityId = communityId, SubjectIds = subjectIds.ToArray() }, ct);
        if (held.Count == 0)
        {
            return;
        }

        var ids = held.Select(h => h.ClockId).ToArray();
        using var read = await db.Several(Pauses, new { CommunityId = communityId, ClockIds = ids, At = at }, ct);
        var pauses = (await read.ReadAsync<PauseRow>()).ToLookup(p => p.ClockId, p => new Pause(p.FromAt, p.ToAt));
        var dues = new List<Due>();
        foreach (var clock in held)
        {
            dues.Add(clock is { Allowance: { } number, Unit: { } unit, CalendarVersionId: { } version }
                ? SlaClock.DueAt(clock.StartedAt, new Allowance(number, unit), await book.CalendarOf(version, ct), [.. pauses[clock.ClockId]])
                : new Due(clock.DueAt!.Value, false));
        }

        await db.Run(
            GoOn,
            new { CommunityId = communityId, At = time.Now(), ClockIds = ids, DueAt = dues.Select(d => d.At.UtcDateTime).ToArray(), Beyond = dues.Select(d => d.BeyondLoadedCalendar).ToArray() },
            ct);
    }
}
