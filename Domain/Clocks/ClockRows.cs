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

    /// <summary>Something else governs now: another cycle, or nothing, because the policy no longer asks for it.</summary>
    Superseded,
    Left,
}

/// <summary>A clock to start.</summary>
/// <param name="After">The cycle of the same clock whose breach stands and whose pauses this one keeps.</param>
internal sealed record NewClock(ClockSubject SubjectKind, Guid SubjectId, Crew? Crew, string Policy, Owed Owed, RunningClock? After = null);

/// <summary>A clock that has not stopped; locked.</summary>
internal sealed record RunningClock(
    Guid ClockId,
    ClockSubject SubjectKind,
    Guid SubjectId,
    ClockKind Kind,
    short Cycle,
    Crew? Crew,
    Guid? PolicyVersionId,
    string? Policy,
    Guid? CalendarVersionId,
    bool Imposed,
    bool Imported,
    DateTimeOffset StartedAt,
    int? Allowance,
    AllowanceUnit? Unit,
    DateTimeOffset? DueAt,
    DateTimeOffset? HeldAt,
    DateTimeOffset? BreachedAt,
    Guid? StretchedBy);

/// <summary>
/// Starts, holds, resumes, changes and stops the stored clocks, in the transaction of the event that does it, under the subject's lock.
/// What became of each stands in that event, so that every row can be reckoned again from the log.
/// </summary>
internal sealed class ClockRows(Db db, SlaBook book, EventLog log, TimeProvider clock)
{
    private const string Insert = """
        with made as (
            insert into clock (community_id, clock_id, subject_kind, subject_id, kind, cycle, crew, policy_version_id, policy, calendar_version_id, imposed, started_at,
                allowance, unit, due_at, beyond_calendar, held_at, next_check_at, stretched_by)
            select @CommunityId, c.id, c.subject_kind, c.subject_id, c.kind,
                (select coalesce(max(o.cycle), 0) + 1 from clock o where o.community_id = @CommunityId and o.subject_id = c.subject_id and o.kind = c.kind),
                c.crew, @PolicyVersionId, c.policy, c.calendar_version_id, c.imposed, c.started_at, c.allowance, c.unit, c.due_at, c.beyond_calendar, c.held_at,
                c.next_check_at, c.stretched_by
            from unnest(@Ids::uuid[], @SubjectKinds::text[], @SubjectIds::uuid[], @Kinds::text[], @Crews::text[], @Policies::text[], @CalendarVersionIds::uuid[], @Imposed::boolean[],
                @StartedAt::timestamptz[], @Allowances::integer[], @Units::text[], @DueAt::timestamptz[], @Beyond::boolean[], @HeldAt::timestamptz[], @FirstLooks::timestamptz[], @StretchedBy::uuid[])
                c (id, subject_kind, subject_id, kind, crew, policy, calendar_version_id, imposed, started_at, allowance, unit, due_at, beyond_calendar, held_at, next_check_at, stretched_by)
            returning clock_id, cycle
        )
        select m.clock_id, m.cycle
        from made m
        """;

    private const string CopyPauses = """
        insert into clock_pause (community_id, clock_id, from_at, to_at)
        select p.community_id, n.new_id, p.from_at, case when p.from_at = n.held_at then null else p.to_at end
        from unnest(@OldIds::uuid[], @NewIds::uuid[], @HeldAt::timestamptz[]) n (old_id, new_id, held_at)
        join clock_pause p on p.community_id = @CommunityId and p.clock_id = n.old_id
        """;

    private const string Read = """
        select clock_id, subject_kind, subject_id, kind, cycle, crew, policy_version_id, policy, calendar_version_id, imposed, imported, started_at, allowance, unit, due_at,
            held_at, breached_at, stretched_by
        from clock
        where community_id = @CommunityId and subject_id = any (@SubjectIds) and stopped_at is null
        order by clock_id
        for no key update
        """;

    // Locked in a statement of its own: what the sweep wrote of a clock while we waited for it is seen by the next one only.
    private const string StopThem = """
        select clock_id
        from clock
        where community_id = @CommunityId and subject_id = any (@SubjectIds) and stopped_at is null and (@Kinds::text[] is null or kind = any (@Kinds))
        order by clock_id
        for no key update;

        with running as (
            select clock_id, subject_kind, subject_id, kind, cycle, crew, policy_version_id, policy, calendar_version_id, imposed, imported, started_at, allowance, unit, due_at,
                held_at, breached_at, stretched_by
            from clock
            where community_id = @CommunityId and subject_id = any (@SubjectIds) and stopped_at is null and (@Kinds::text[] is null or kind = any (@Kinds))
            order by clock_id
            for no key update
        ), stopped as (
            update clock k
            set stopped_at = greatest(@At, k.started_at), stopped_why = @Why, next_check_at = null, held_at = null,
                breached_at = case when k.held_at is null and @At > k.due_at then coalesce(k.breached_at, k.due_at) else k.breached_at end, -- late before anybody looked
                late_report_at = case when @Why = 'met' and k.breached_at is not null and k.held_at is null and @At <= k.due_at then @Now::timestamptz end
            from running r
            where k.community_id = @CommunityId and k.clock_id = r.clock_id
        ), settled as (
            update escalation e
            set resolved_at = greatest(@At, e.fired_at), resolved_how = 'stopped', version = e.version + 1
            from running r
            where e.community_id = @CommunityId and e.clock_id = r.clock_id and e.resolved_at is null
        ), silenced as (
            update alarm a
            set ended_at = greatest(@At, a.raised_at)
            from running r
            where a.community_id = @CommunityId and a.clock_id = r.clock_id and a.ended_at is null
        ), ended as (
            update clock_pause p
            set to_at = greatest(@At, p.from_at)
            from running r
            where p.community_id = @CommunityId and p.clock_id = r.clock_id and p.to_at is null
        )
        select r.clock_id, r.subject_kind, r.subject_id, r.kind, r.cycle, r.crew, r.policy_version_id, r.policy, r.calendar_version_id, r.imposed, r.imported, r.started_at,
            r.allowance, r.unit, r.due_at, r.held_at, r.breached_at, r.stretched_by
        from running r
        order by r.clock_id
        """;

    private const string HoldThem = """
        with held as (
            update clock
            set held_at = @At, next_check_at = null
            where community_id = @CommunityId and clock_id = any (@ClockIds)
            returning clock_id
        )
        insert into clock_pause (community_id, clock_id, from_at)
        select @CommunityId, clock_id, @At
        from held
        on conflict (community_id, clock_id, from_at) do update set to_at = null
        """;

    private const string Pauses = """
        update clock_pause
        set to_at = greatest(@At, from_at)
        where community_id = @CommunityId and clock_id = any (@ClockIds) and to_at is null;

        select clock_id, from_at, to_at
        from clock_pause
        where community_id = @CommunityId and clock_id = any (@ClockIds) and to_at > from_at
        order by clock_id, from_at;
        """;

    private const string EndedPauses = """
        select clock_id, from_at, to_at
        from clock_pause
        where community_id = @CommunityId and clock_id = any (@ClockIds) and to_at > from_at
        order by clock_id, from_at
        """;

    private const string GoOnWith = """
        update clock c
        set held_at = null, due_at = n.due_at, beyond_calendar = n.beyond, allowance = n.allowance, stretched_by = n.stretched_by,
            next_check_at = case when c.stopped_at is null then @Now::timestamptz end -- the sweep looks at once, and says when to look again
        from unnest(@ClockIds::uuid[], @DueAt::timestamptz[], @Beyond::boolean[], @Allowances::integer[], @StretchedBy::uuid[]) n (clock_id, due_at, beyond, allowance, stretched_by)
        where c.community_id = @CommunityId and c.clock_id = n.clock_id
        """;

    private const string Rewrite = """
        update clock c
        set crew = n.crew, policy_version_id = @PolicyVersionId, policy = n.policy, calendar_version_id = n.calendar_version_id, imposed = n.imposed, started_at = n.started_at,
            allowance = n.allowance, unit = n.unit, due_at = n.due_at, beyond_calendar = n.beyond, next_check_at = case when c.held_at is null then @Now::timestamptz end, stretched_by = n.stretched_by
        from unnest(@ClockIds::uuid[], @Crews::text[], @Policies::text[], @CalendarVersionIds::uuid[], @Imposed::boolean[], @StartedAt::timestamptz[], @Allowances::integer[],
            @Units::text[], @DueAt::timestamptz[], @Beyond::boolean[], @StretchedBy::uuid[])
            n (clock_id, crew, policy, calendar_version_id, imposed, started_at, allowance, unit, due_at, beyond, stretched_by)
        where c.community_id = @CommunityId and c.clock_id = n.clock_id
        """;

    // Held or not, every clock that was paused is computed anew: held_at marks it for what follows. A pause that was none lasted no time.
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
            stopped_at = null, stopped_why = null, late_report_at = null, next_check_at = @Now
        where c.community_id = @CommunityId and c.subject_id = @RequestId
          and (c.clock_id in (select p.clock_id from paused p)
               or (c.kind in ('dispatch', 'safe', 'controlled', 'arranged') and c.stopped_why = 'met' and c.stopped_at >= @Since
                   and not exists (select from clock x where x.community_id = c.community_id and x.subject_id = c.subject_id and x.kind = c.kind and x.cycle > c.cycle)))
        returning c.clock_id, c.kind, c.cycle
        """;

    private sealed record Made(Guid ClockId, short Cycle);

    private sealed record Undone(Guid ClockId, ClockKind Kind, short Cycle);

    private sealed record PauseRow(Guid ClockId, DateTimeOffset FromAt, DateTimeOffset ToAt);

    /// <summary>The running clocks of these subjects, locked.</summary>
    public Task<IReadOnlyList<RunningClock>> Running(Guid communityId, IReadOnlyList<Guid> subjectIds, CancellationToken ct) =>
        db.List<RunningClock>(Read, new { CommunityId = communityId, SubjectIds = subjectIds.ToArray() }, ct);

    public async Task Start(Guid communityId, CurrentSla sla, IReadOnlyList<NewClock> starting, CancellationToken ct)
    {
        if (starting.Count == 0)
        {
            return;
        }

        var after = starting.Where(c => c.After is not null).Select(c => c.After!).ToArray();
        var pauses = await PausesOf(communityId, [.. after.Select(a => a.ClockId)], ct);
        var dangers = sla.Events.Count == 0 ? [] : await Dangers.Among(db, communityId, starting.Select(c => c.SubjectId), ct);
        var clocks = starting.Select(c => c with
        {
            Owed = sla.Stretched(c.Policy, c.Owed, dangers.Contains(c.SubjectId), c.After is { } old ? [.. pauses[old.ClockId].Where(p => p.From != old.HeldAt)] : [], c.After?.HeldAt),
        }).ToArray();
        var dues = clocks.Select(c => Due(c.Owed, sla.Calendars[c.Owed.Calendar].Calendar, c.After is { } old ? pauses[old.ClockId].Where(p => p.From != old.HeldAt) : [])).ToArray();
        var ids = clocks.Select(c => Guid.CreateVersion7(c.Owed.From)).ToArray();
        var made = (await db.List<Made>(
            Insert,
            new
            {
                CommunityId = communityId,
                sla.PolicyVersionId,
                Ids = ids,
                SubjectKinds = clocks.Select(c => EnumWord.Of(c.SubjectKind)).ToArray(),
                SubjectIds = clocks.Select(c => c.SubjectId).ToArray(),
                Kinds = clocks.Select(c => EnumWord.Of(c.Owed.Kind)).ToArray(),
                Crews = clocks.Select(c => Word(c.Crew)).ToArray(),
                Policies = clocks.Select(c => c.Policy).ToArray(),
                CalendarVersionIds = clocks.Select(c => sla.Calendars[c.Owed.Calendar].VersionId).ToArray(),
                Imposed = clocks.Select(c => c.Owed.Imposed).ToArray(),
                StartedAt = clocks.Select(c => c.Owed.From.UtcDateTime).ToArray(),
                Allowances = clocks.Select(c => c.Owed.Allowance?.Number).ToArray(),
                Units = clocks.Select(c => Word(c.Owed.Allowance?.Unit)).ToArray(),
                DueAt = dues.Select(d => d.At.UtcDateTime).ToArray(),
                Beyond = dues.Select(d => d.BeyondLoadedCalendar).ToArray(),
                HeldAt = clocks.Select(c => c.After?.HeldAt?.UtcDateTime).ToArray(),
                FirstLooks = clocks.Zip(dues, (c, d) => c.After?.HeldAt is null ? FirstLook(c, d.At, sla, clock.Now()) : (DateTime?)null).ToArray(),
                StretchedBy = clocks.Select(c => c.Owed.StretchedBy).ToArray(),
            },
            ct)).ToDictionary(m => m.ClockId, m => m.Cycle);
        if (after.Length > 0)
        {
            await db.Run(
                CopyPauses,
                new
                {
                    CommunityId = communityId,
                    OldIds = after.Select(a => a.ClockId).ToArray(),
                    NewIds = clocks.Select((c, i) => (c.After, Id: ids[i])).Where(x => x.After is not null).Select(x => x.Id).ToArray(),
                    HeldAt = after.Select(a => a.HeldAt?.UtcDateTime).ToArray(),
                },
                ct);
        }

        for (var i = 0; i < clocks.Length; i++)
        {
            log.Clock(communityId, clocks[i].SubjectId, ClockStory.Start(clocks[i], ids[i], made[ids[i]], sla, dues[i].At));
        }
    }

    /// <summary>When the sweep first looks at a new clock: at its warning, or when it is due; never before now, so that a sweep need not look back.</summary>
    private static DateTime FirstLook(NewClock starting, DateTimeOffset due, CurrentSla sla, DateTimeOffset now)
    {
        var percent = sla.Profile.Policies.FirstOrDefault(p => p.Code == starting.Policy)?.WarnAtPercent ?? 0;
        var look = percent is > 0 and < 100 ? EscalationLadder.WarnAt(starting.Owed.From, due, starting.Owed.Allowance, percent, sla.Calendars[starting.Owed.Calendar].Calendar) : due;
        return (look < now ? now : look).UtcDateTime;
    }

    /// <param name="kinds">Null for all that run.</param>
    public async Task Stop(Guid communityId, IReadOnlyList<Guid> subjectIds, ClockKind[]? kinds, StopReason why, DateTimeOffset at, CancellationToken ct)
    {
        List<RunningClock> stopped;
        using (var read = await db.Several(
            StopThem,
            new { CommunityId = communityId, SubjectIds = subjectIds.ToArray(), Kinds = kinds is null ? null : EnumWord.All(kinds), Why = why, At = at, Now = clock.Now() },
            ct))
        {
            await read.ReadAsync<Guid>();
            stopped = (await read.ReadAsync<RunningClock>()).AsList();
        }

        // What was on hold until its end is due as much later as that cost.
        var held = stopped.Where(s => s.HeldAt is not null).ToArray();
        var settled = held.Length == 0 ? [] : await WriteDues(communityId, held, await PausesOf(communityId, [.. held.Select(h => h.ClockId)], ct), ct);
        foreach (var one in stopped)
        {
            var late = why == StopReason.Met && one is { BreachedAt: not null, HeldAt: null } && at <= one.DueAt;
            var breach = one is { BreachedAt: null, HeldAt: null } && at > one.DueAt ? one.DueAt : null;
            log.Clock(communityId, one.SubjectId, ClockStory.Stop(one, why, at, late ? clock.Now() : null, breach, Array.IndexOf(held, one) is >= 0 and var nth ? settled[nth] : null));
        }
    }

    /// <summary>These clocks stop counting.</summary>
    public async Task Hold(Guid communityId, IReadOnlyList<RunningClock> clocks, DateTimeOffset at, CancellationToken ct)
    {
        if (clocks.Count == 0)
        {
            return;
        }

        await db.Run(HoldThem, new { CommunityId = communityId, ClockIds = clocks.Select(c => c.ClockId).ToArray(), At = at }, ct);
        foreach (var one in clocks)
        {
            log.Clock(communityId, one.SubjectId, ClockStory.Hold(one, at));
        }
    }

    /// <summary>Held clocks go on; each is due as much later as the pauses cost it in its own calendar.</summary>
    public async Task GoOn(Guid communityId, IReadOnlyList<RunningClock> held, DateTimeOffset at, CancellationToken ct)
    {
        if (held.Count == 0)
        {
            return;
        }

        using var read = await db.Several(Pauses, new { CommunityId = communityId, ClockIds = held.Select(h => h.ClockId).ToArray(), At = at }, ct);
        var pauses = (await read.ReadAsync<PauseRow>()).ToLookup(p => p.ClockId, p => new Pause(p.FromAt, p.ToAt));
        var dues = await WriteDues(communityId, held, pauses, ct);
        for (var i = 0; i < held.Count; i++)
        {
            log.Clock(communityId, held[i].SubjectId, ClockStory.GoOn(held[i], at, dues[i]));
        }
    }

    /// <summary>Whatever of these subjects is held goes on.</summary>
    public async Task Resume(Guid communityId, IReadOnlyList<Guid> subjectIds, DateTimeOffset at, CancellationToken ct) =>
        await GoOn(communityId, [.. (await Running(communityId, subjectIds, ct)).Where(r => r.HeldAt is not null)], at, ct);

    /// <summary>A request's running clocks as if nothing had paused them since <paramref name="since"/>, and nothing had reached a milestone.</summary>
    public async Task Undo(Guid communityId, Guid requestId, DateTimeOffset since, DateTimeOffset at, CancellationToken ct)
    {
        foreach (var undone in await db.List<Undone>(Unpause, new { CommunityId = communityId, RequestId = requestId, Since = since, Now = clock.Now() }, ct))
        {
            log.Clock(communityId, requestId, ClockStory.Undo(undone.Kind, undone.Cycle, since, at));
        }

        await Resume(communityId, [requestId], at, ct);
    }

    /// <summary>
    /// Something else is owed from now on: running clocks follow and keep their pauses, what is owed newly starts now, and what is no
    /// longer owed stops. A recorded breach stands: where such a clock gets more time, that is a new cycle.
    /// </summary>
    /// <param name="owed">What is owed; the start of one that runs already.</param>
    /// <param name="mayStart">Of what does not run, whether it starts now.</param>
    /// <param name="among">The kinds that this is about.</param>
    /// <param name="tell">Told of each clock before it changes.</param>
    public async Task Change(
        Guid communityId,
        CurrentSla sla,
        ClockSubject subjectKind,
        Guid subjectId,
        Policy policy,
        Crew? crew,
        IReadOnlyList<RunningClock> running,
        IReadOnlyList<Owed> owed,
        Func<ClockKind, bool> mayStart,
        ClockKind[] among,
        Action<RunningClock>? tell,
        DateTimeOffset at,
        CancellationToken ct)
    {
        var mine = running.Where(r => r.SubjectId == subjectId && among.Contains(r.Kind)).ToArray();
        var pauses = await PausesOf(communityId, [.. mine.Select(r => r.ClockId)], ct);
        var danger = mine.Length > 0 && sla.Events.Count > 0 && (await Dangers.Among(db, communityId, [subjectId], ct)).Count > 0;
        var rewritten = new List<(RunningClock Old, Owed Owed, Due Due)>();
        var starting = new List<NewClock>();
        var stopping = new List<ClockKind>();
        foreach (var clockNow in mine)
        {
            if (clockNow.Imported)
            {
                continue; // its own time, which came with it, governs
            }

            if (owed.FirstOrDefault(o => o.Kind == clockNow.Kind) is not { } plain)
            {
                tell?.Invoke(clockNow);
                stopping.Add(clockNow.Kind);
                continue;
            }

            Pause[] ended = [.. pauses[clockNow.ClockId].Where(p => p.From != clockNow.HeldAt)];
            var next = sla.Stretched(policy.Code, plain, danger, ended, clockNow.HeldAt);
            var due = Due(next, sla.Calendars[next.Calendar].Calendar, ended);
            if (clockNow.BreachedAt is not null && due.At > at && due.At != clockNow.DueAt)
            {
                tell?.Invoke(clockNow);
                stopping.Add(clockNow.Kind);
                starting.Add(new NewClock(subjectKind, subjectId, crew, policy.Code, plain, clockNow));
            }
            else if (Differs(clockNow, next, due, policy, crew, sla))
            {
                tell?.Invoke(clockNow);
                rewritten.Add((clockNow, next, due));
            }
        }

        starting.AddRange(owed.Where(o => mine.All(r => r.Kind != o.Kind) && mayStart(o.Kind)).Select(o => new NewClock(subjectKind, subjectId, crew, policy.Code, o with { From = o.From > at ? o.From : at })));
        if (stopping.Count > 0)
        {
            await Stop(communityId, [subjectId], [.. stopping], StopReason.Superseded, at, ct);
        }

        await WriteChanges(communityId, sla, policy, crew, rewritten, at, ct);
        await Start(communityId, sla, starting, ct);
    }

    private static bool Differs(RunningClock now, Owed next, Due due, Policy policy, Crew? crew, CurrentSla sla) =>
        (now.PolicyVersionId, now.Policy, now.Crew, now.CalendarVersionId, now.Imposed, now.StartedAt, now.Allowance, now.Unit, now.DueAt)
        != (sla.PolicyVersionId, policy.Code, crew, sla.Calendars[next.Calendar].VersionId, next.Imposed, next.From, next.Allowance?.Number, next.Allowance?.Unit, due.At);

    private static Due Due(Owed owed, BusinessCalendar calendar, IEnumerable<Pause> pauses) =>
        owed.FixedAt is { } at ? new Due(owed.Imposed ? at : SlaClock.AfterPauses(at, [.. pauses]), false) : SlaClock.DueAt(owed.From, owed.Allowance!, calendar, [.. pauses]);

    private static string? Word<T>(T? value)
        where T : struct, Enum => value is { } word ? EnumWord.Of(word) : null;

    private async Task WriteChanges(
        Guid communityId, CurrentSla sla, Policy policy, Crew? crew, List<(RunningClock Old, Owed Owed, Due Due)> changes, DateTimeOffset at, CancellationToken ct)
    {
        if (changes.Count == 0)
        {
            return;
        }

        await db.Run(
            Rewrite,
            new
            {
                CommunityId = communityId,
                sla.PolicyVersionId,
                ClockIds = changes.Select(c => c.Old.ClockId).ToArray(),
                Crews = changes.Select(_ => Word(crew)).ToArray(),
                Policies = changes.Select(_ => policy.Code).ToArray(),
                CalendarVersionIds = changes.Select(c => sla.Calendars[c.Owed.Calendar].VersionId).ToArray(),
                Imposed = changes.Select(c => c.Owed.Imposed).ToArray(),
                StartedAt = changes.Select(c => c.Owed.From.UtcDateTime).ToArray(),
                Allowances = changes.Select(c => c.Owed.Allowance?.Number).ToArray(),
                Units = changes.Select(c => Word(c.Owed.Allowance?.Unit)).ToArray(),
                DueAt = changes.Select(c => c.Due.At.UtcDateTime).ToArray(),
                Beyond = changes.Select(c => c.Due.BeyondLoadedCalendar).ToArray(),
                Now = clock.Now(),
                StretchedBy = changes.Select(c => c.Owed.StretchedBy).ToArray(),
            },
            ct);
        foreach (var (old, owed, due) in changes)
        {
            log.Clock(communityId, old.SubjectId, ClockStory.Change(old, owed, crew, policy.Code, sla, due.At, at));
        }
    }

    private async Task<ILookup<Guid, Pause>> PausesOf(Guid communityId, Guid[] clockIds, CancellationToken ct) =>
        (clockIds.Length == 0 ? [] : await db.List<PauseRow>(EndedPauses, new { CommunityId = communityId, ClockIds = clockIds }, ct)).ToLookup(p => p.ClockId, p => new Pause(p.FromAt, p.ToAt));

    private async Task<List<Settled>> WriteDues(Guid communityId, IReadOnlyList<RunningClock> clocks, ILookup<Guid, Pause> pauses, CancellationToken ct)
    {
        var stretch = await Stretches(communityId, clocks, ct);
        var settled = new List<Settled>();
        foreach (var one in clocks)
        {
            Pause[] paused = [.. pauses[one.ClockId]];
            if (one is { Allowance: { } number, Unit: { } unit, CalendarVersionId: { } version })
            {
                var calendar = await book.CalendarOf(version, ct);
                var (allowance, by) = await stretch(one, new Allowance(number, unit), calendar, paused);
                settled.Add(new Settled(SlaClock.DueAt(one.StartedAt, allowance, calendar, paused), allowance.Number, by));
            }
            else
            {
                settled.Add(new Settled(new Due(one.Imposed ? one.DueAt!.Value : SlaClock.AfterPauses(one.DueAt!.Value, paused), false), one.Allowance, one.StretchedBy));
            }
        }

        await db.Run(
            GoOnWith,
            new
            {
                CommunityId = communityId,
                ClockIds = clocks.Select(c => c.ClockId).ToArray(),
                DueAt = settled.Select(d => d.Due.At.UtcDateTime).ToArray(),
                Beyond = settled.Select(d => d.Due.BeyondLoadedCalendar).ToArray(),
                Allowances = settled.Select(d => d.Number).ToArray(),
                StretchedBy = settled.Select(d => d.StretchedBy).ToArray(),
                Now = clock.Now(),
            },
            ct);
        return settled;
    }

    /// <summary>What stood still runs into other declared events now than was known before, or into none.</summary>
    private async Task<Func<RunningClock, Allowance, BusinessCalendar, Pause[], Task<(Allowance, Guid?)>>> Stretches(Guid communityId, IReadOnlyList<RunningClock> clocks, CancellationToken ct)
    {
        var events = clocks.Any(c => c.Allowance is not null) ? await book.EventsSince(communityId, clocks.Min(c => c.StartedAt), ct) : [];
        var before = clocks.Where(c => c.StretchedBy is not null && events.All(e => e.Id != c.StretchedBy)).Select(c => c.StretchedBy!.Value).Distinct().ToArray();
        var gone = before.Length == 0 ? [] : await book.CalledOff(communityId, before, ct);
        var dangers = events.Count == 0 ? [] : await Dangers.Among(db, communityId, clocks.Select(c => c.SubjectId), ct);
        return async (one, allowance, calendar, paused) =>
        {
            var plain = one.StretchedBy is { } by ? allowance.Unstretched(events.Concat(gone).First(e => e.Id == by).Factor) : allowance;
            var policy = events.Count == 0 || dangers.Contains(one.SubjectId) || one.PolicyVersionId is not { } version ? null : (await book.ProfileOf(version, ct)).Policies.FirstOrDefault(p => p.Code == one.Policy);
            return policy is not null && DeclaredEvent.Governing(events, policy, one.Kind, new ClockRun(one.StartedAt, plain, calendar, paused)) is { } declared
                ? (plain.Stretched(declared.Factor), (Guid?)declared.Id)
                : (plain, null);
        };
    }
}

/// <summary>What a clock that stood still is due by now.</summary>
/// <param name="Number">Of the allowance; null where an instant governs.</param>
internal sealed record Settled(Due Due, int? Number, Guid? StretchedBy);

/// <summary>Which of these requests, orders and rounds of feedback are about danger, as they stand in this transaction: nothing stops their clocks, and nothing gives them more time.</summary>
internal static class Dangers
{
    private const string Read = """
        select request_id
        from request
        where community_id = @CommunityId and request_id = any (@SubjectIds) and priority = 'danger'
        union all
        select work_order_id
        from work_order
        where community_id = @CommunityId and work_order_id = any (@SubjectIds) and priority = 'danger'
        union all
        select f.feedback_id
        from feedback f
        join request r on r.community_id = f.community_id and r.request_id = f.request_id
        where f.community_id = @CommunityId and f.feedback_id = any (@SubjectIds) and r.priority = 'danger'
        """;

    public static Task<IReadOnlyList<Guid>> Among(Db db, Guid communityId, IEnumerable<Guid> subjectIds, CancellationToken ct) =>
        db.List<Guid>(Read, new { CommunityId = communityId, SubjectIds = subjectIds.Distinct().ToArray() }, ct);
}
