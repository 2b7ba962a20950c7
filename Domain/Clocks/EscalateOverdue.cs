namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// Looks at clocks of one community whose time to be looked at has come: warnings, breaches, levels, what was told later, broken promises.
/// Everything is loaded for the whole batch, decided in Rules, and written at once; a clock that another worker holds is passed over.
/// </summary>
/// <param name="ClockIds">At most 1,000.</param>
[AllowedTo(Roles.System)]
public sealed record EscalateOverdue(Guid CommunityId, IReadOnlyList<Guid> ClockIds) : ICommand<int>
{
    internal sealed class Handler(Db db, SlaBook book, TimeProvider clock, Caller caller, IMediator mediator) : IRequestHandler<EscalateOverdue, int>
    {
        // Clocks are locked first, without waiting: no command can wait for us while we wait for it.
        private const string Load = """
            select k.clock_id, k.subject_kind, k.subject_id, k.kind, k.cycle, k.policy_version_id, k.policy, k.calendar_version_id, k.imported, k.started_at, k.allowance, k.unit,
                k.due_at, k.breached_at is not null as breached
            from clock k
            where k.community_id = @CommunityId and k.clock_id = any (@ClockIds) and k.stopped_at is null and k.held_at is null and k.due_at is not null and k.next_check_at <= @Now
            order by k.clock_id
            for no key update skip locked;

            select p.clock_id, p.from_at, coalesce(p.to_at, @Now) as to_at
            from clock_pause p
            where p.community_id = @CommunityId and p.clock_id = any (@ClockIds);

            select e.clock_id, e.escalation_id, e.level, e.cause, e.fired_at, e.tell_at, e.told_at, e.nobody or e.resolved_at is not null as settled, e.promised_at, e.promise_broken_at
            from escalation e
            where e.community_id = @CommunityId and e.clock_id = any (@ClockIds);

            select k.clock_id, r.request_id, o.work_order_id, coalesce(o.fault_id, f.fault_id) as fault_id, case when k.kind <> 'feedback' then coalesce(o.crew, k.crew, c.crew) end as crew, coalesce(o.priority, r.priority) as priority,
                r.taken_up_at, r.about_staff_id, r.about_crew, coalesce(r.confidential, false) as confidential, coalesce(o.assignee_id, case when o.work_order_id is null then r.in_charge_id end) as assignee_id,
                case when o.work_order_id is not null then coalesce(o.team_id::text, '') else array_to_string(array(
                    select distinct x.team_id
                    from request_work_order l
                    join work_order x on x.community_id = l.community_id and x.work_order_id = l.work_order_id
                    where l.community_id = k.community_id and l.request_id = k.subject_id and l.left_at is null and x.status not in ('done', 'voided') and x.team_id is not null), ',') end as team_ids
            from clock k
            left join work_order o on k.subject_kind = 'workOrder' and o.community_id = k.community_id and o.work_order_id = k.subject_id
            left join lateral (
                select w.request_id
                from request_work_order w
                join request q on q.community_id = w.community_id and q.request_id = w.request_id
                where w.community_id = k.community_id and w.work_order_id = o.work_order_id and w.left_at is null
                order by q.confidential, w.joined_at, w.request_id
                limit 1) w on true
            left join feedback fb on k.subject_kind = 'feedback' and fb.community_id = k.community_id and fb.feedback_id = k.subject_id
            left join request r on r.community_id = k.community_id and r.request_id = case k.subject_kind when 'request' then k.subject_id when 'feedback' then fb.request_id else w.request_id end
            left join category c on c.community_id = r.community_id and c.category_id = r.category_id
            left join fault_request f on o.work_order_id is null and f.community_id = r.community_id and f.request_id = r.request_id and f.left_at is null
            where k.community_id = @CommunityId and k.clock_id = any (@ClockIds)
            """;

        private const string Zone = """
            select time_zone
            from community
            where community_id = @CommunityId
            """;

        // Who must not find a confidential complaint is said in one place, and so is who is not told of it.
        internal const string HiddenFrom = """
            select c.staff_id, h.request_id
            from community_staff c
            cross join lateral unnest(hidden_requests(c.staff_id, array[@CommunityId]::uuid[])) h (request_id)
            where c.community_id = @CommunityId and c.left_at is null and h.request_id = any (@RequestIds)
            """;

        private const string Escalations = """
            insert into escalation (community_id, escalation_id, clock_id, cycle, level, cause, request_id, work_order_id, fault_id, crew, due_at, fired_at, tell_at, told_at, nobody)
            select @CommunityId, e.id, e.clock_id, e.cycle, e.level, e.cause, e.request_id, e.work_order_id, e.fault_id, e.crew, e.due_at, @Now, e.tell_at, e.told_at, e.nobody
            from unnest(@Ids::uuid[], @ClockIds::uuid[], @Cycles::smallint[], @Levels::smallint[], @Causes::text[], @RequestIds::uuid[], @WorkOrderIds::uuid[], @FaultIds::uuid[], @Crews::text[],
                @DueAt::timestamptz[], @TellAt::timestamptz[], @ToldAt::timestamptz[], @Nobody::boolean[])
                e (id, clock_id, cycle, level, cause, request_id, work_order_id, fault_id, crew, due_at, tell_at, told_at, nobody)
            """;

        private const string Told = """
            update escalation e
            set told_at = t.told_at, nobody = t.told_at is null, version = e.version + 1
            from unnest(@Ids::uuid[], @ToldAt::timestamptz[]) t (id, told_at)
            where e.community_id = @CommunityId and e.escalation_id = t.id
            """;

        private const string Broken = """
            update escalation
            set promise_broken_at = @Now, version = version + 1
            where community_id = @CommunityId and clock_id = any (@ClockIds) and promised_at <= @Now and (promise_broken_at is null or promise_broken_at < promised_at)
            """;

        private const string Messages = """
            insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
            select @CommunityId, m.id, m.dedupe_key, 'staff', m.staff_id, m.request_id, m.template, m.detail::json, @Now, @Now
            from unnest(@Ids::uuid[], @Keys::text[], @StaffIds::uuid[], @RequestIds::uuid[], @Templates::text[], @Details::text[]) m (id, dedupe_key, staff_id, request_id, template, detail)
            on conflict on constraint message_once_a_cause do nothing
            """;

        private const string Recipients = """
            insert into escalation_recipient (community_id, escalation_id, staff_id, duty, message_id, told_at)
            select @CommunityId, r.escalation_id, r.staff_id, r.duty, m.message_id, @Now
            from unnest(@EscalationIds::uuid[], @StaffIds::uuid[], @Duties::text[], @Keys::text[]) r (escalation_id, staff_id, duty, dedupe_key)
            join message m on m.community_id = @CommunityId and m.dedupe_key = r.dedupe_key
            on conflict (community_id, escalation_id, staff_id) do nothing
            """;

        private const string Alarms = """
            insert into alarm (community_id, alarm_id, kind, clock_id, escalation_id, request_id, raised_at)
            select @CommunityId, a.id, a.kind, a.clock_id, a.escalation_id, a.request_id, @Now
            from unnest(@Ids::uuid[], @Kinds::text[], @ClockIds::uuid[], @EscalationIds::uuid[], @RequestIds::uuid[]) a (id, kind, clock_id, escalation_id, request_id)
            on conflict (community_id, clock_id, kind) where ended_at is null do nothing
            returning alarm_id
            """;

        private const string Clocks = """
            update clock c
            set breached_at = case when n.breach then coalesce(c.breached_at, c.due_at) else c.breached_at end, next_check_at = n.next_check_at
            from unnest(@Ids::uuid[], @Breaches::boolean[], @NextCheckAt::timestamptz[]) n (id, breach, next_check_at)
            where c.community_id = @CommunityId and c.clock_id = n.id
            """;

        private sealed record ClockRow(
            Guid ClockId, ClockSubject SubjectKind, Guid SubjectId, ClockKind Kind, short Cycle, Guid? PolicyVersionId, string? Policy, Guid? CalendarVersionId, bool Imported, DateTimeOffset StartedAt,
            int? Allowance, AllowanceUnit? Unit, DateTimeOffset DueAt, bool? Breached);

        private sealed record PauseRow(Guid ClockId, DateTimeOffset FromAt, DateTimeOffset ToAt);

        private sealed record LevelRow(
            Guid ClockId, Guid EscalationId, short Level, EscalationCause Cause, DateTimeOffset FiredAt, DateTimeOffset TellAt, DateTimeOffset? ToldAt, bool Settled, DateTimeOffset? PromisedAt, DateTimeOffset? PromiseBrokenAt);

        private sealed record Context(
            Guid ClockId, Guid? RequestId, Guid? WorkOrderId, Guid? FaultId, Crew? Crew, Priority? Priority, DateTimeOffset? TakenUpAt, Guid? AboutStaffId, Crew? AboutCrew, bool Confidential, Guid? AssigneeId, string TeamIds);

        /// <summary>A level that is new, or told only now, or told again at the top because a promise was broken.</summary>
        private sealed record Rung(
            ClockRow Clock, Context About, Guid EscalationId, bool IsNew, int Level, EscalationCause Cause, DateTimeOffset TellAt, bool TellsNow, IReadOnlyList<Recipient> Recipients, bool Again = false)
        {
            /// <summary>Somebody had to be told, and there is nobody: the desk has an alarm of it.</summary>
            public bool Alarms => TellsNow && Recipients.Count == 0 && Level > 0;

            public bool Nobody => Alarms && !Again;

            public DateTimeOffset? ToldAt(DateTimeOffset now) => TellsNow && Recipients.Count > 0 ? now : null;
        }

        private sealed record Looked(ClockRow Clock, Context About, LadderDecision Decision, bool AtTheTop);

        private sealed record Loaded(IReadOnlyList<ClockRow> Clocks, ILookup<Guid, Pause> Pauses, ILookup<Guid, LevelRow> Levels, IReadOnlyDictionary<Guid, Context> About);

        public async Task<int> Handle(EscalateOverdue command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            var loaded = await Read(command, now, cancellationToken);
            if (loaded.Clocks.Count == 0)
            {
                return 0;
            }

            var roster = await RosterRows.At(db, command.CommunityId, now, cancellationToken);
            var hidden = await Hidden(command.CommunityId, loaded, cancellationToken);
            var (zone, sla) = await book.With<string>(Zone, Guid.Empty, command.CommunityId, null, cancellationToken);
            await mediator.Publish(new SweepStep("loaded"), cancellationToken);

            var looked = new List<Looked>();
            var rungs = new List<Rung>();
            foreach (var row in loaded.Clocks)
            {
                var about = loaded.About[row.ClockId];
                var thing = Thing(about, roster, hidden);
                var decision = await Decide(row, about, loaded, sla, now, level => OnDuty.At(level, thing, roster.Roster, now).Count > 0, cancellationToken);
                looked.Add(new Looked(row, about, decision, decision.PromiseBroken && decision.Reached.Count == 0));
                rungs.AddRange(decision.Tell.Select(level =>
                {
                    var known = loaded.Levels[row.ClockId].Single(l => l.Level == level);
                    return new Rung(row, about, known.EscalationId, false, level, known.Cause, known.TellAt, true, OnDuty.At(level, thing, roster.Roster, now));
                }));
                rungs.AddRange(decision.Reached.Select(r =>
                    new Rung(row, about, Guid.CreateVersion7(now), true, r.Level, row.Kind == ClockKind.Feedback && r.Cause == EscalationCause.Breach ? EscalationCause.CallNotMade : r.Cause, r.TellAt, r.TellAt <= now, r.TellAt <= now ? OnDuty.At(r.Level, thing, roster.Roster, now) : [])));
                if (looked[^1].AtTheTop && loaded.Levels[row.ClockId].OrderByDescending(l => l.Level).FirstOrDefault() is { } top)
                {
                    rungs.Add(new Rung(row, about, top.EscalationId, false, top.Level, EscalationCause.PromiseBroken, now, true, OnDuty.At(top.Level, thing, roster.Roster, now), Again: true));
                }
            }

            await mediator.Publish(new SweepStep("decided"), cancellationToken);
            await Write(command.CommunityId, TimeZoneInfo.FindSystemTimeZoneById(zone), looked, rungs, now, cancellationToken);
            return loaded.Clocks.Count;
        }

        private async Task<Loaded> Read(EscalateOverdue command, DateTimeOffset now, CancellationToken ct)
        {
            using var read = await db.Several(Load, new { command.CommunityId, ClockIds = command.ClockIds.ToArray(), Now = now }, ct);
            return new Loaded(
                (await read.ReadAsync<ClockRow>()).AsList(),
                (await read.ReadAsync<PauseRow>()).ToLookup(p => p.ClockId, p => new Pause(p.FromAt, p.ToAt)),
                (await read.ReadAsync<LevelRow>()).ToLookup(l => l.ClockId),
                (await read.ReadAsync<Context>()).ToDictionary(c => c.ClockId));
        }

        private async Task<LadderDecision> Decide(ClockRow row, Context about, Loaded loaded, CurrentSla sla, DateTimeOffset now, Func<int, bool> hasSomebody, CancellationToken ct)
        {
            var policy = row.PolicyVersionId is { } version ? (await book.ProfileOf(version, ct)).Policies.FirstOrDefault(p => p.Code == row.Policy) : null;
            var plan = EscalationPlan.For(policy, about.Priority ?? Priority.Normal, row.Kind);
            var hours = plan.Calendar == "24x7" || !sla.Calendars.TryGetValue(plan.Calendar, out var named) ? BusinessCalendar.Always : named.Calendar;
            var levels = loaded.Levels[row.ClockId].ToArray();
            DateTimeOffset? warnAt = null;
            if (policy is { WarnAtPercent: > 0 and < 100 } && row.Breached != true && now < row.DueAt && Array.TrueForAll(levels, l => l.Level != 0))
            {
                var allowance = row is { Allowance: { } number, Unit: { } unit } ? new Allowance(number, unit) : null;
                var counted = row.CalendarVersionId is { } calendar ? await book.CalendarOf(calendar, ct) : BusinessCalendar.Always;
                warnAt = EscalationLadder.WarnAt(row.StartedAt, row.DueAt, allowance, policy.WarnAtPercent, counted, [.. loaded.Pauses[row.ClockId]]);
            }

            var from = row.Imported && about.TakenUpAt is { } taken && taken > row.DueAt ? taken : row.DueAt;
            var promises = levels.Where(l => l.PromisedAt is not null && (l.PromiseBrokenAt is null || l.PromiseBrokenAt < l.PromisedAt)).Select(l => l.PromisedAt!.Value).Order().ToArray();
            var mark = levels.Where(l => l.Cause == EscalationCause.PromiseBroken).Select(l => (At: l.FiredAt, Level: (int)l.Level))
                .Concat(levels.Where(l => l.PromiseBrokenAt is not null).Select(l => (At: l.PromiseBrokenAt!.Value, Level: (int)l.Level)))
                .OrderByDescending(m => m.At).ThenByDescending(m => m.Level).Select(m => ((DateTimeOffset, int)?)m).FirstOrDefault();
            var reached = levels.Select(l => new ReachedLevel(l.Level, l.FiredAt, l.TellAt, l.ToldAt ?? (l.Settled ? l.TellAt : null))).ToArray();
            return EscalationLadder.Decide(new ClockOnLadder(from, warnAt, row.Breached == true, reached, promises, mark), plan, hours, now, hasSomebody);
        }

        /// <summary>From whom the confidential complaints of this batch are hidden; as a rule there are none, and nothing is asked.</summary>
        private async Task<ILookup<Guid, Guid>> Hidden(Guid communityId, Loaded loaded, CancellationToken ct)
        {
            var confidential = loaded.Clocks.Select(c => loaded.About[c.ClockId]).Where(a => a.Confidential).Select(a => a.RequestId!.Value).Distinct().ToArray();
            var rows = confidential.Length == 0 ? [] : await db.List<(Guid StaffId, Guid RequestId)>(HiddenFrom, new { CommunityId = communityId, RequestIds = confidential }, ct);
            return rows.ToLookup(r => r.RequestId, r => r.StaffId);
        }

        /// <summary>Neither the person complained about is told, nor anybody of the crew complained about, nor whoever must not find the complaint.</summary>
        private static LateThing Thing(Context about, RosterRows roster, ILookup<Guid, Guid> hidden)
        {
            var not = about.RequestId is { } request ? hidden[request].ToHashSet() : [];
            if (about.AboutStaffId is { } person)
            {
                not.Add(person);
            }

            if (about.AboutCrew is { } crew)
            {
                not.UnionWith(roster.CrewPeople[crew]);
            }

            var teams = about.TeamIds.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse).ToArray();
            return new LateThing(teams, about.AssigneeId is { } id ? [id] : [], not);
        }

        private async Task Write(Guid communityId, TimeZoneInfo zone, IReadOnlyList<Looked> looked, IReadOnlyList<Rung> rungs, DateTimeOffset now, CancellationToken ct)
        {
            var events = new EventBatch(communityId, caller.Actor, now);
            var added = rungs.Where(r => r.IsNew).ToArray();
            if (added.Length > 0)
            {
                await db.Run(Escalations, NewRows(communityId, added, now), ct);
            }

            var told = rungs.Where(r => r is { IsNew: false, Again: false }).ToArray();
            if (told.Length > 0)
            {
                await db.Run(Told, new { CommunityId = communityId, Ids = told.Select(r => r.EscalationId).ToArray(), ToldAt = told.Select(r => r.ToldAt(now)?.UtcDateTime).ToArray() }, ct);
            }

            var broken = looked.Where(l => l.Decision.PromiseBroken).Select(l => l.Clock.ClockId).ToArray();
            if (broken.Length > 0)
            {
                await db.Run(Broken, new { CommunityId = communityId, ClockIds = broken, Now = now }, ct);
            }

            await mediator.Publish(new SweepStep("escalations written"), ct);
            await Tell(communityId, zone, rungs, now, ct);
            await mediator.Publish(new SweepStep("messages written"), ct);
            await Alarm(communityId, [.. rungs.Where(r => r.Alarms)], events, now, ct);
            await db.Run(
                Clocks,
                new
                {
                    CommunityId = communityId,
                    Ids = looked.Select(l => l.Clock.ClockId).ToArray(),
                    Breaches = looked.Select(l => l.Decision.Breach).ToArray(),
                    NextCheckAt = looked.Select(l => l.Decision.LookAgainAt?.UtcDateTime).ToArray(),
                },
                ct);
            await mediator.Publish(new SweepStep("clocks written"), ct);
            Log(looked, rungs, events, now);
            await events.Append(db, ct);
            await mediator.Publish(new SweepStep("events written"), ct);
        }

        private static object NewRows(Guid communityId, IReadOnlyList<Rung> added, DateTimeOffset now) => new
        {
            CommunityId = communityId,
            Now = now,
            Ids = added.Select(r => r.EscalationId).ToArray(),
            ClockIds = added.Select(r => r.Clock.ClockId).ToArray(),
            Cycles = added.Select(r => r.Clock.Cycle).ToArray(),
            Levels = added.Select(r => (short)r.Level).ToArray(),
            Causes = added.Select(r => EnumWord.Of(r.Cause)).ToArray(),
            RequestIds = added.Select(r => r.About.RequestId).ToArray(),
            WorkOrderIds = added.Select(r => r.About.WorkOrderId).ToArray(),
            FaultIds = added.Select(r => r.About.FaultId).ToArray(),
            Crews = added.Select(r => r.About.Crew is { } crew ? EnumWord.Of(crew) : null).ToArray(),
            DueAt = added.Select(r => r.Clock.DueAt.UtcDateTime).ToArray(),
            TellAt = added.Select(r => r.TellAt.UtcDateTime).ToArray(),
            ToldAt = added.Select(r => r.ToldAt(now)?.UtcDateTime).ToArray(),
            Nobody = added.Select(r => r.Nobody).ToArray(),
        };

        private async Task Tell(Guid communityId, TimeZoneInfo zone, IReadOnlyList<Rung> rungs, DateTimeOffset now, CancellationToken ct)
        {
            var told = Digests.Of([.. rungs.SelectMany(r => r.Recipients.Select(who => new ToldOne(r.EscalationId, r.Level, r.Cause, r.Clock.SubjectKind, r.Clock.ClockId, r.Clock.Kind, r.Clock.Cycle, r.About.RequestId, r.About.FaultId, r.Clock.DueAt, r.About.Priority == Priority.Danger, who)))], now, zone);
            if (told.Count == 0)
            {
                return;
            }

            var messages = told.GroupBy(t => t.Key).Select(g => g.First()).ToArray();
            await db.Run(
                Messages,
                new
                {
                    CommunityId = communityId,
                    Now = now,
                    Ids = messages.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                    Keys = messages.Select(m => m.Key).ToArray(),
                    StaffIds = messages.Select(m => m.Who.StaffId).ToArray(),
                    RequestIds = messages.Select(m => m.RequestId).ToArray(),
                    Templates = messages.Select(m => m.Template).ToArray(),
                    Details = messages.Select(m => m.Detail).ToArray(),
                },
                ct);
            await db.Run(
                Recipients,
                new
                {
                    CommunityId = communityId,
                    Now = now,
                    EscalationIds = told.Select(t => t.EscalationId).ToArray(),
                    StaffIds = told.Select(t => t.Who.StaffId).ToArray(),
                    Duties = told.Select(t => EnumWord.Of(t.Who.Duty)).ToArray(),
                    Keys = told.Select(t => t.Key).ToArray(),
                },
                ct);
        }

        private async Task Alarm(Guid communityId, IReadOnlyList<Rung> nobody, EventBatch events, DateTimeOffset now, CancellationToken ct)
        {
            var alarms = nobody.Select(r => (Rung: r, Kind: AlarmKind.NobodyToTell))
                .Concat(nobody.Where(r => r is { About.Priority: Priority.Danger, Clock.Kind: not ClockKind.Feedback }).Select(r => (Rung: r, Kind: AlarmKind.RingNow)))
                .DistinctBy(a => (a.Rung.Clock.ClockId, a.Kind))
                .Select(a => (a.Rung, a.Kind, Id: Guid.CreateVersion7(now)))
                .ToArray();
            if (alarms.Length == 0)
            {
                return;
            }

            var raised = await db.List<Guid>(
                Alarms,
                new
                {
                    CommunityId = communityId,
                    Now = now,
                    Ids = alarms.Select(a => a.Id).ToArray(),
                    Kinds = alarms.Select(a => EnumWord.Of(a.Kind)).ToArray(),
                    ClockIds = alarms.Select(a => a.Rung.Clock.ClockId).ToArray(),
                    EscalationIds = alarms.Select(a => a.Rung.EscalationId).ToArray(),
                    RequestIds = alarms.Select(a => a.Rung.About.RequestId).ToArray(),
                },
                ct);
            foreach (var (rung, kind, _) in alarms.Where(a => raised.Contains(a.Id)))
            {
                events.Add(SubjectOf(rung.Clock), rung.Clock.SubjectId, Happening.AlarmRaised, Words(new { kind, rung.Clock.ClockId, rung.Level }), null, Visibility.Desk, now);
            }
        }

        private static void Log(IReadOnlyList<Looked> looked, IReadOnlyList<Rung> rungs, EventBatch events, DateTimeOffset now)
        {
            var byClock = rungs.ToLookup(r => r.Clock.ClockId);
            foreach (var look in looked)
            {
                var (row, breach) = (look.Clock, look.Decision.Breach);
                foreach (var rung in byClock[row.ClockId])
                {
                    var what = rung.Level == 0 ? Happening.ClockWarned : breach ? Happening.ClockBreached : rung.Cause == EscalationCause.PromiseBroken ? Happening.EscalationPromiseBroken : Happening.Escalated;
                    events.Add(
                        SubjectOf(row),
                        row.SubjectId,
                        what,
                        Words(new { row.Kind, row.Cycle, row.DueAt, rung.Level, rung.Cause, told = rung.Recipients.Select(r => r.StaffId), tellAt = rung.TellsNow ? (DateTimeOffset?)null : rung.TellAt }),
                        null,
                        Visibility.Desk,
                        what == Happening.ClockBreached ? row.DueAt : now);
                    breach = breach && what != Happening.ClockBreached;
                }

                if (breach)
                {
                    events.Add(SubjectOf(row), row.SubjectId, Happening.ClockBreached, Words(new { row.Kind, row.Cycle, row.DueAt }), null, Visibility.Desk, row.DueAt);
                }
            }
        }

        private static SubjectKind SubjectOf(ClockRow row) => row.SubjectKind switch
        {
            ClockSubject.Request => SubjectKind.Request,
            ClockSubject.WorkOrder => SubjectKind.WorkOrder,
            ClockSubject.Feedback => SubjectKind.Feedback,
        };

        private static string Words(object detail) => System.Text.Json.JsonSerializer.Serialize(detail, Json.Options);
    }
}

/// <summary>A step of the sweep is behind it; nothing listens, but for the tests that kill a worker there.</summary>
public sealed record SweepStep(string Name) : INotification;

/// <summary>What the desk must see and hear.</summary>
public enum AlarmKind
{
    /// <summary>A level had nobody on duty.</summary>
    NobodyToTell,

    /// <summary>It is danger, and nobody on duty could be told: somebody rings, now.</summary>
    RingNow,

    /// <summary>A clock could not be looked at; it is tried again every ten minutes.</summary>
    ClockTrouble,
}

/// <summary>One recipient of one level.</summary>
internal sealed record ToldOne(
    Guid EscalationId, int Level, EscalationCause Cause, ClockSubject Subject, Guid ClockId, ClockKind Kind, short Cycle, Guid? RequestId, Guid? FaultId, DateTimeOffset DueAt, bool Danger, Recipient Who);

/// <summary>The same, with the message that tells it.</summary>
internal sealed record TellingOf(Guid EscalationId, Recipient Who, string Key, string Template, Guid? RequestId, string Detail);

/// <summary>
/// Which message tells what: one for each recipient of a level; one a day of the community for all requests that one fault makes late; one
/// where one look brings many, but each danger on its own. What an order of a fault is late with is told for each order.
/// </summary>
internal static class Digests
{
    /// <summary>With more than so many of a level in one look, somebody gets one message for all of them.</summary>
    public const int Many = 5;

    public static IReadOnlyList<TellingOf> Of(IReadOnlyList<ToldOne> told, DateTimeOffset now, TimeZoneInfo zone)
    {
        var day = TimeZoneInfo.ConvertTime(now, zone).ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);
        var tellings = new List<TellingOf>(told.Count);
        foreach (var mine in told.GroupBy(t => (t.Who.StaffId, t.Level, Warning: t.Cause == EscalationCause.Warning, Broken: t.Cause == EscalationCause.PromiseBroken)))
        {
            var single = mine.Where(t => !t.Danger && (t.FaultId is null || t.Subject != ClockSubject.Request)).ToArray();
            foreach (var t in mine)
            {
                var template = mine.Key.Warning ? "clockWarning" : mine.Key.Broken ? "promiseBroken" : "escalation";
                tellings.Add(t is { FaultId: { } fault, Subject: ClockSubject.Request } && !mine.Key.Broken
                    ? new TellingOf(t.EscalationId, t.Who, $"esc:{t.Level}:fault:{fault}:{EnumWord.Of(t.Kind)}:{t.Cycle}:{day}:{t.Who.StaffId}", template + "Fault", t.RequestId, Detail(new { faultId = fault, t.Kind, t.Level, t.DueAt }))
                    : single.Length > Many && !t.Danger && !mine.Key.Broken
                        ? new TellingOf(t.EscalationId, t.Who, $"esc:{t.Level}:digest:{single[0].EscalationId}:{t.Who.StaffId}", template + "Digest", null, Detail(new { t.Level, clocks = single.Length, firedAt = now }))
                        : new TellingOf(t.EscalationId, t.Who, Key(t, mine.Key.Broken ? now : null), template, t.RequestId, Detail(new { escalationId = t.EscalationId, t.ClockId, t.Kind, t.Level, t.DueAt })));
            }
        }

        return tellings;
    }

    private static string Key(ToldOne t, DateTimeOffset? brokenAt) =>
        $"esc:{t.Level}:{t.ClockId}:{t.Cycle}:{t.Who.StaffId}" + (brokenAt is { } at ? ":broken:" + at.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture) : "");

    private static string Detail(object detail) => System.Text.Json.JsonSerializer.Serialize(detail, Json.Options);
}
