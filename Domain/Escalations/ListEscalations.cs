using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Escalations;

/// <summary>What escalations are narrowed to. Everything left out is not narrowed.</summary>
/// <param name="Mine">Only those that the caller was told of; always so for a crew.</param>
/// <param name="From">Recorded at or after this.</param>
/// <param name="To">Recorded before this.</param>
/// <param name="Acknowledged">Whether anybody ever acknowledged it.</param>
public sealed record EscalationFilter(
    Guid? CommunityId = null,
    Crew? Crew = null,
    int[]? Level = null,
    EscalationState[]? State = null,
    ClockKind? Kind = null,
    Guid? CategoryId = null,
    Guid? RequestId = null,
    bool? Acknowledged = null,
    bool Mine = false,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null);

/// <summary>What was late, by how much, who was told when, who acknowledged after how long; the newest first, a page at a time.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk | Roles.Crews)]
public sealed record ListEscalations(EscalationFilter Filter, int Take = 50, string? After = null) : IQuery<Page<EscalationLine>>
{
    public sealed class Validator : AbstractValidator<ListEscalations>
    {
        public Validator()
        {
            RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
            RuleForEach(q => q.Filter.Level).InclusiveBetween(0, 4).WithErrorCode("level.out_of_range").WithMessage("Levels are 0, the warning, to 4.").OverridePropertyName("level");
        }
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListEscalations, Page<EscalationLine>>
    {
        public async Task<Page<EscalationLine>> Handle(ListEscalations query, CancellationToken cancellationToken)
        {
            var communities = caller.CommunitiesFor(query.Filter.CommunityId);
            var found = await db.List<FoundEscalation>(EscalationSql.Find, EscalationSql.Page(EscalationSql.Arguments(query.Filter, communities, caller, heads: false), query.Take, query.After), cancellationToken);
            var lines = await EscalationLines.Of(db, caller, clock, communities, [.. found.Select(f => f.EscalationId)], cancellationToken);
            return Cursor.Page(lines, query.Take, l => [l.Escalation.FiredAt, l.Escalation.EscalationId]);
        }
    }
}

/// <summary>
/// The same, one ladder a clock: every step that it climbed, the lowest first. The filter asks for the last step, whose state is the ladder's;
/// the ladder that climbed last comes first. A page is of so many ladders.
/// </summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk | Roles.Crews)]
public sealed record ListLadders(EscalationFilter Filter, int Take = 50, string? After = null) : IQuery<Page<Ladder>>
{
    public sealed class Validator : AbstractValidator<ListLadders>
    {
        public Validator()
        {
            RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
            RuleForEach(q => q.Filter.Level).InclusiveBetween(0, 4).WithErrorCode("level.out_of_range").WithMessage("Levels are 0, the warning, to 4.").OverridePropertyName("level");
        }
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListLadders, Page<Ladder>>
    {
        public async Task<Page<Ladder>> Handle(ListLadders query, CancellationToken cancellationToken)
        {
            var communities = caller.CommunitiesFor(query.Filter.CommunityId);
            var args = EscalationSql.Arguments(query.Filter, communities, caller, heads: true);
            var heads = await db.List<FoundEscalation>(EscalationSql.Find, EscalationSql.Page(args, query.Take, query.After), cancellationToken);
            args.Add("ClockIds", heads.Select(h => h.ClockId).ToArray());
            var steps = await db.List<Guid>(EscalationSql.Steps, args, cancellationToken);
            var lines = (await EscalationLines.Of(db, caller, clock, communities, [.. steps], cancellationToken)).ToLookup(l => l.Escalation.ClockId);
            return Cursor.Page(
                [.. heads.Select(h => new Ladder(h.ClockId, h.FiredAt, h.EscalationId, [.. lines[h.ClockId].OrderBy(l => l.Escalation.FiredAt).ThenBy(l => l.Escalation.Level).ThenBy(l => l.Escalation.EscalationId)]))], query.Take, l => [l.LastFiredAt, l.LastEscalationId]);
        }
    }
}

/// <param name="LastEscalationId">The last step: what is acknowledged or settled now.</param>
/// <param name="Steps">The lowest first.</param>
public sealed record Ladder(Guid ClockId, DateTimeOffset LastFiredAt, Guid LastEscalationId, IReadOnlyList<EscalationLine> Steps);

internal sealed record FoundEscalation(Guid EscalationId, Guid ClockId, DateTimeOffset FiredAt);

/// <summary>How escalations are found, whether they are listed one by one, by their ladders or counted: put together from constant pieces.</summary>
internal static class EscalationSql
{
    private const string Where = """

            from escalation e
            join clock ke on ke.community_id = e.community_id and ke.clock_id = e.clock_id
            left join work_order oe on oe.community_id = e.community_id and oe.work_order_id = e.work_order_id
            left join request re on re.community_id = e.community_id and re.request_id = e.request_id
            where e.community_id = m
              and (@Crew::text is null or e.crew = @Crew)
              and (@Levels::smallint[] is null or e.level = any (@Levels))
              and (@States::text[] is null or case when e.resolved_at is not null then 'resolved' when e.acknowledged_at is not null then 'acknowledged' else 'open' end = any (@States))
              and (not @OpenOnly or e.resolved_at is null)
              and (@Kind::text is null or ke.kind = @Kind)
              and (@CategoryId::uuid is null or coalesce(oe.category_id, re.category_id) = @CategoryId)
              and (@RequestId::uuid is null or e.request_id = @RequestId)
              and (@Acknowledged::boolean is null or (e.acknowledged_at is not null) = @Acknowledged)
              and (@From::timestamptz is null or e.fired_at >= @From)
              and (@To::timestamptz is null or e.fired_at < @To)
              and (not (@Mine or m = any (@OnlyMineIn)) or exists (
                  select from escalation_recipient q where q.community_id = e.community_id and q.escalation_id = e.escalation_id and q.staff_id = @Me))
              and (not @Heads or not exists (
                  select from escalation n
                  where n.community_id = e.community_id and n.clock_id = e.clock_id and (n.fired_at, n.level, n.escalation_id) > (e.fired_at, e.level, e.escalation_id)
                    and (not (@Mine or m = any (@OnlyMineIn)) or exists (
                        select from escalation_recipient q where q.community_id = n.community_id and q.escalation_id = n.escalation_id and q.staff_id = @Me))))
        """;

    public const string Find = """
        select x.escalation_id, x.clock_id, x.fired_at
        from unnest(@Communities::uuid[]) m
        cross join lateral (
            select e.escalation_id, e.clock_id, e.fired_at
        """ + Where + """

              and (not @After or (e.fired_at, e.escalation_id) < (@AfterAt::timestamptz, @AfterId::uuid))
            order by e.fired_at desc, e.escalation_id desc
            limit @Take
        ) x
        order by x.fired_at desc, x.escalation_id desc
        limit @Take
        """;

    public const string CountHeads = """
        select m as community_id, x.escalations
        from unnest(@Communities::uuid[]) m
        cross join lateral (
            select count(*) as escalations
        """ + Where + """

        ) x
        """;

    public const string Steps = """
        select e.escalation_id
        from escalation e
        where e.community_id = any (@Communities) and e.clock_id = any (@ClockIds)
          and (not (@Mine or e.community_id = any (@OnlyMineIn)) or exists (
              select from escalation_recipient q where q.community_id = e.community_id and q.escalation_id = e.escalation_id and q.staff_id = @Me))
        """;

    /// <param name="heads">Only the last step of each clock.</param>
    public static DynamicParameters Arguments(EscalationFilter f, Guid[] communities, Caller caller, bool heads)
    {
        var args = new DynamicParameters();
        args.Add("Communities", communities);
        args.Add("OnlyMineIn", communities.Where(c => !caller.Actor.Has(c, Roles.Desk)).ToArray());
        args.Add("Heads", heads);
        args.Add("Crew", f.Crew is { } crew ? EnumWord.Of(crew) : null);
        args.Add("Levels", f.Level?.Select(l => (short)l).ToArray());
        args.Add("States", f.State is null ? null : EnumWord.All(f.State));
        args.Add("OpenOnly", f.State is { Length: > 0 } states && !states.Contains(EscalationState.Resolved));
        args.Add("Kind", f.Kind is { } kind ? EnumWord.Of(kind) : null);
        args.Add("CategoryId", f.CategoryId);
        args.Add("RequestId", f.RequestId);
        args.Add("Acknowledged", f.Acknowledged);
        args.Add("From", f.From?.UtcDateTime);
        args.Add("To", f.To?.UtcDateTime);
        args.Add("Mine", f.Mine);
        args.Add("Me", caller.Actor.Id);
        return args;
    }

    public static DynamicParameters Page(DynamicParameters args, int take, string? after)
    {
        var (at, id) = after is null ? (null, Guid.Empty) : Cursor.AtAndId(after);
        args.Add("After", after is not null);
        args.Add("AfterAt", at?.UtcDateTime);
        args.Add("AfterId", id);
        args.Add("Take", take + 1);
        return args;
    }
}

/// <summary>Escalations by their ids, with who was told and what was said.</summary>
internal static class EscalationLines
{
    // What somebody said stands in the log, so that it can be forgotten with the person; it is the desk's to read.
    internal const string Read = """
        select x.community_id, x.escalation_id, x.clock_id, x.level, x.cause,
            case when x.resolved_at is not null then 'resolved' when x.acknowledged_at is not null then 'acknowledged' else 'open' end as state,
            k.kind, k.cycle, x.due_at, extract(epoch from greatest(coalesce(k.stopped_at, k.held_at, @Now) - x.due_at, interval '0'))::bigint as late_seconds, k.stopped_at, k.stopped_why, k.late_report_at,
            x.fired_at, x.tell_at, x.told_at, x.nobody, x.request_id, r.number as request_number, r.kind as request_kind, x.work_order_id, o.number as work_order_number, x.fault_id, x.crew,
            coalesce(o.priority, r.priority) as priority, c.name as category_name, c.name_en as category_name_en, p.name as place_name, p.name_en as place_name_en,
            x.acknowledged_at, x.acknowledged_by, a.display_name as acknowledged_by_name, extract(epoch from x.acknowledged_at - coalesce(x.told_at, x.fired_at))::bigint as acknowledged_after_seconds,
            case when x.community_id = any (@Desks) then (
                select t.text
                from event v
                join event_text t on t.community_id = v.community_id and t.seq = v.seq
                where v.community_id = x.community_id and v.subject_id = k.subject_id and v.what = 'escalationAcknowledged' and v.detail ->> 'escalationId' = x.escalation_id::text and x.acknowledged_at is not null
                order by v.seq desc
                limit 1) end as acknowledged_words,
            x.promised_at, x.promise_broken_at, x.resolved_at, x.resolved_how, b.display_name as resolved_by_name,
            case when x.community_id = any (@Desks) then (
                select t.text
                from event v
                join event_text t on t.community_id = v.community_id and t.seq = v.seq
                where v.community_id = x.community_id and v.subject_id = k.subject_id and v.what = 'escalationResolved' and v.detail ->> 'escalationId' = x.escalation_id::text and x.resolved_by is not null
                order by v.seq desc
                limit 1) end as resolved_words,
            x.version
        from escalation x
        join clock k on k.community_id = x.community_id and k.clock_id = x.clock_id
        left join request r on r.community_id = x.community_id and r.request_id = x.request_id
        left join work_order o on o.community_id = x.community_id and o.work_order_id = x.work_order_id
        left join category c on c.community_id = x.community_id and c.category_id = coalesce(o.category_id, r.category_id)
        left join place p on p.community_id = x.community_id and p.place_id = coalesce(o.place_id, r.place_id)
            -- an order's home tells who
            and (o.work_order_id is null or p.kind not in ('home', 'shop', 'parkingSpace') or (select cardinality(scope_hidden())) = 0 or may_show_home(o.community_id, o.work_order_id))
        left join staff a on a.staff_id = x.acknowledged_by
        left join staff b on b.staff_id = x.resolved_by
        where x.community_id = any (@Communities) and x.escalation_id = any (@Ids)
        order by x.fired_at desc, x.escalation_id desc
        """;

    internal const string Recipients = """
        select r.escalation_id, r.staff_id, s.display_name, r.duty, r.told_at, m.sent_at
        from escalation_recipient r
        left join staff s on s.staff_id = r.staff_id
        left join message m on m.community_id = r.community_id and m.message_id = r.message_id
        where r.community_id = any (@Communities) and r.escalation_id = any (@Ids)
        order by r.escalation_id, r.duty, r.staff_id
        """;

    private sealed record RecipientRow(Guid EscalationId, Guid StaffId, string? DisplayName, Duty Duty, DateTimeOffset ToldAt, DateTimeOffset? SentAt);

    /// <summary>The newest first, of one minute by id, as they are paged.</summary>
    public static async Task<IReadOnlyList<EscalationLine>> Of(Db db, Caller caller, TimeProvider clock, Guid[] communities, Guid[] ids, CancellationToken ct)
    {
        if (ids.Length == 0)
        {
            return [];
        }

        var args = new { Communities = communities, Ids = ids, Desks = communities.Where(c => caller.Actor.Has(c, Roles.Desk)).ToArray(), Now = clock.Now() };
        var rows = await db.List<EscalationRow>(Read, args, ct);
        var told = (await db.List<RecipientRow>(Recipients, new { args.Communities, args.Ids }, ct)).ToLookup(r => r.EscalationId, r => new ToldWhom(r.StaffId, r.DisplayName, r.Duty, r.ToldAt, r.SentAt));
        return [.. rows.Select(r => new EscalationLine(r, [.. told[r.EscalationId]]))];
    }
}

/// <param name="Level">0 the warning, 1 the crew's lead and the desk on duty, 2 the customer officer, 3 the manager, 4 the district.</param>
/// <param name="DueAt">When it was due as it was escalated.</param>
/// <param name="LateSeconds">How late it was when it was done, or is by now; 0 where it was not late.</param>
/// <param name="TellAt">From when on somebody was to be told: outside the policy's hours this waits.</param>
/// <param name="ToldAt">Null where nobody was: it waits still, it was done before, or <paramref name="Nobody"/>.</param>
/// <param name="Nobody">There was nobody on duty to tell.</param>
/// <param name="LateReportAt">When word came from a telephone without signal that it had been met in time after all.</param>
/// <param name="AcknowledgedAfterSeconds">From when it was told.</param>
/// <param name="AcknowledgedWords">What was said with the last acknowledgement; for the desk.</param>
/// <param name="ResolvedWords">Why it needed nobody any more; for the desk.</param>
public sealed record EscalationRow(
    Guid CommunityId,
    Guid EscalationId,
    Guid ClockId,
    short Level,
    EscalationCause Cause,
    EscalationState State,
    ClockKind Kind,
    short Cycle,
    DateTimeOffset DueAt,
    long LateSeconds,
    DateTimeOffset? StoppedAt,
    string? StoppedWhy,
    DateTimeOffset? LateReportAt,
    DateTimeOffset FiredAt,
    DateTimeOffset TellAt,
    DateTimeOffset? ToldAt,
    bool Nobody,
    Guid? RequestId,
    long? RequestNumber,
    RequestKind? RequestKind,
    Guid? WorkOrderId,
    long? WorkOrderNumber,
    Guid? FaultId,
    Crew? Crew,
    Priority? Priority,
    string? CategoryName,
    string? CategoryNameEn,
    string? PlaceName,
    string? PlaceNameEn,
    DateTimeOffset? AcknowledgedAt,
    Guid? AcknowledgedBy,
    string? AcknowledgedByName,
    long? AcknowledgedAfterSeconds,
    string? AcknowledgedWords,
    DateTimeOffset? PromisedAt,
    DateTimeOffset? PromiseBrokenAt,
    DateTimeOffset? ResolvedAt,
    string? ResolvedHow,
    string? ResolvedByName,
    string? ResolvedWords,
    int Version);

/// <param name="SentAt">When the message left the desk; null while it has not.</param>
public sealed record ToldWhom(Guid StaffId, string? DisplayName, Duty Duty, DateTimeOffset ToldAt, DateTimeOffset? SentAt);

/// <param name="Told">Who was told, as what, and when.</param>
public sealed record EscalationLine(EscalationRow Escalation, IReadOnlyList<ToldWhom> Told);
