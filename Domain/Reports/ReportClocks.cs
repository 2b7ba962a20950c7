using FluentValidation;

namespace PropertyServiceDesk.Domain.Reports;

/// <summary>By what a report is divided.</summary>
public enum ReportBy
{
    /// <summary>One line for everything.</summary>
    All,
    Community,
    Crew,
    Kind,
    RequestKind,
    Category,

    /// <summary>Of the community's own time zone, by when it was due.</summary>
    Month,
}

/// <summary>How a clock came out.</summary>
public enum ClockOutcome
{
    /// <summary>Met by its due time.</summary>
    OnTime,

    /// <summary>It stopped after its due time, for whatever reason: what was voided after its breach was late.</summary>
    Late,

    /// <summary>It runs and is not due yet, or is on hold since before it was.</summary>
    Running,

    /// <summary>It has not stopped, and its due time has passed.</summary>
    RunningLate,

    /// <summary>It stopped before its due time without being met: transferred, returned, voided, cancelled.</summary>
    Moot,
}

/// <summary>Which clocks a report is of. Everything left out is not narrowed.</summary>
/// <param name="From">Due at or after this.</param>
/// <param name="To">Due before this.</param>
public sealed record ClockReportFilter(
    Guid? CommunityId = null, DateTimeOffset? From = null, DateTimeOffset? To = null, Crew? Crew = null, ClockKind? Kind = null, RequestKind? RequestKind = null, Guid? CategoryId = null);

/// <summary>How many clocks were met in time, how many were late and by how much; each figure's rows are listed by the same filter, division and key.</summary>
[AllowedTo(Roles.Officers)]
public sealed record ReportClocks(ClockReportFilter Filter, ReportBy By = ReportBy.All) : IQuery<IReadOnlyList<ClockFigures>>
{
    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ReportClocks, IReadOnlyList<ClockFigures>>
    {
        internal const string Read = ClockReportSql.Base + """

            select coalesce(b.key, '') as key, min(b.key_name) as name, min(b.key_name_en) as name_en, count(*) as clocks,
                count(*) filter (where b.outcome = 'onTime') as on_time, count(*) filter (where b.outcome = 'late') as late,
                count(*) filter (where b.outcome = 'running') as running, count(*) filter (where b.outcome = 'runningLate') as running_late, count(*) filter (where b.outcome = 'moot') as moot,
                count(*) filter (where b.late_report_at is not null) as annotated,
                percentile_disc(0.5) within group (order by b.taken) filter (where b.stopped_why = 'met') as median_seconds,
                percentile_disc(0.9) within group (order by b.taken) filter (where b.stopped_why = 'met') as p90_seconds,
                percentile_disc(0.5) within group (order by b.late_by) filter (where b.outcome in ('late', 'runningLate')) as median_late_seconds,
                percentile_disc(0.9) within group (order by b.late_by) filter (where b.outcome in ('late', 'runningLate')) as p90_late_seconds
            from base b
            group by coalesce(b.key, '')
            order by 1
            """;

        public Task<IReadOnlyList<ClockFigures>> Handle(ReportClocks query, CancellationToken cancellationToken) =>
            db.List<ClockFigures>(Read, ClockReportSql.Arguments(query.Filter, query.By, caller, clock), cancellationToken);
    }
}

/// <param name="Key">The community's id, the crew, the kind, the category's id or the month (2026-03); empty where there is none.</param>
/// <param name="Name">The community's or the category's.</param>
/// <param name="Clocks">All of them: the sum of the five that follow.</param>
/// <param name="Annotated">Of those in time: marked as late first, until a telephone that had had no signal reported that they had been met. The breach stands where it was recorded.</param>
/// <param name="MedianSeconds">From start to stop, of those that were met, by nearest rank; null where there are none.</param>
/// <param name="MedianLateSeconds">Past the due time, of those that were or are late.</param>
public sealed record ClockFigures(
    string Key,
    string? Name,
    string? NameEn,
    long Clocks,
    long OnTime,
    long Late,
    long Running,
    long RunningLate,
    long Moot,
    long Annotated,
    long? MedianSeconds,
    long? P90Seconds,
    long? MedianLateSeconds,
    long? P90LateSeconds);

/// <summary>The clocks behind a figure, the last due first: exactly those that it counts.</summary>
/// <param name="Key">As in the figure; with <paramref name="By"/>.</param>
/// <param name="Met">Only those that were met, whenever: what median and 90th percentile of the time taken are of.</param>
/// <param name="Annotated">Only those that were marked as late before word came that they had been met in time.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Officers)]
public sealed record ListReportedClocks(
    ClockReportFilter Filter, ReportBy By = ReportBy.All, string? Key = null, ClockOutcome[]? Outcome = null, bool Met = false, bool Annotated = false, int Take = 50, string? After = null) : IQuery<Page<ReportedClock>>
{
    public sealed class Validator : AbstractValidator<ListReportedClocks>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListReportedClocks, Page<ReportedClock>>
    {
        internal const string Read = ClockReportSql.Base + """

            select b.community_id, b.clock_id, b.kind, b.cycle, b.outcome, b.request_id, b.request_number, b.work_order_id, b.work_order_number, b.crew, b.request_kind, b.category_id,
                b.started_at, b.due_at, b.stopped_at, b.stopped_why, b.taken as taken_seconds, b.late_by as late_seconds, b.late_report_at
            from base b
            where (@Key::text is null or coalesce(b.key, '') = @Key)
              and (@Outcomes::text[] is null or b.outcome = any (@Outcomes))
              and (not @Met or b.stopped_why = 'met')
              and (not @Annotated or b.late_report_at is not null)
              and (not @After or (b.due_at, b.clock_id) < (@AfterAt::timestamptz, @AfterId::uuid))
            order by b.due_at desc, b.clock_id desc
            limit @Take
            """;

        public async Task<Page<ReportedClock>> Handle(ListReportedClocks query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var args = ClockReportSql.Arguments(query.Filter, query.By, caller, clock);
            args.Add("Key", query.Key);
            args.Add("Outcomes", query.Outcome is null ? null : EnumWord.All(query.Outcome));
            args.Add("Met", query.Met);
            args.Add("Annotated", query.Annotated);
            args.Add("After", query.After is not null);
            args.Add("AfterAt", at?.UtcDateTime);
            args.Add("NotAfter", at?.UtcDateTime);
            args.Add("AfterId", id);
            args.Add("Take", query.Take + 1);
            var rows = await db.List<ReportedClock>(Read, args, cancellationToken);
            return Cursor.Page(rows, query.Take, r => [r.DueAt, r.ClockId]);
        }
    }
}

/// <param name="TakenSeconds">From start to stop; by now where it runs.</param>
/// <param name="LateSeconds">0 where it was not late.</param>
/// <param name="LateReportAt">It was marked as late, and this is when word came that it had been met in time.</param>
public sealed record ReportedClock(
    Guid CommunityId,
    Guid ClockId,
    ClockKind Kind,
    short Cycle,
    ClockOutcome Outcome,
    Guid? RequestId,
    long? RequestNumber,
    Guid? WorkOrderId,
    long? WorkOrderNumber,
    Crew? Crew,
    RequestKind? RequestKind,
    Guid? CategoryId,
    DateTimeOffset StartedAt,
    DateTimeOffset DueAt,
    DateTimeOffset? StoppedAt,
    string? StoppedWhy,
    long TakenSeconds,
    long LateSeconds,
    DateTimeOffset? LateReportAt);

/// <summary>What the figures and their rows share, so that they cannot differ.</summary>
internal static class ClockReportSql
{
    public const string Base = """
        with base as (
            select x.*, case @By
                    when 'community' then x.community_id::text
                    when 'crew' then x.crew
                    when 'kind' then x.kind
                    when 'requestKind' then x.request_kind
                    when 'category' then x.category_id::text
                    when 'month' then to_char(x.due_at at time zone x.time_zone, 'YYYY-MM') end as key,
                case @By when 'category' then x.category_name when 'community' then x.community_name end as key_name,
                case @By when 'category' then x.category_name_en when 'community' then x.community_name_en end as key_name_en
            from (
                select k.community_id, k.clock_id, k.kind, k.cycle, k.started_at, k.due_at, k.stopped_at, k.stopped_why, k.late_report_at, m.time_zone, m.name as community_name, m.name_en as community_name_en,
                    r.request_id, r.number as request_number, o.work_order_id, o.number as work_order_number, case when k.kind <> 'feedback' then coalesce(k.crew, c.crew) end as crew, c.kind as request_kind, c.category_id, c.name as category_name, c.name_en as category_name_en,
                    case
                        when k.stopped_at > k.due_at then 'late'
                        when k.stopped_at is not null then case k.stopped_why when 'met' then 'onTime' else 'moot' end
                        when k.due_at < coalesce(k.held_at, @Now) then 'runningLate'
                        else 'running' end as outcome,
                    extract(epoch from coalesce(k.stopped_at, @Now) - k.started_at)::bigint as taken,
                    extract(epoch from greatest(coalesce(k.stopped_at, k.held_at, @Now) - k.due_at, interval '0'))::bigint as late_by
                from community m
                join clock k on k.community_id = m.community_id
                left join work_order o on k.subject_kind = 'workOrder' and o.community_id = k.community_id and o.work_order_id = k.subject_id
                left join feedback fb on k.subject_kind = 'feedback' and fb.community_id = k.community_id and fb.feedback_id = k.subject_id
                left join request r on r.community_id = k.community_id and r.request_id = case k.subject_kind when 'request' then k.subject_id when 'feedback' then fb.request_id end
                left join category c on c.community_id = k.community_id and c.category_id = coalesce(o.category_id, r.category_id)
                where m.community_id = any (@Communities) and k.due_at is not null
                  and (@From::timestamptz is null or k.due_at >= @From)
                  and (@To::timestamptz is null or k.due_at < @To)
                  and (@NotAfter::timestamptz is null or k.due_at <= @NotAfter)
                  and (@Kind::text is null or k.kind = @Kind)
                  and (@Crew::text is null or (k.kind <> 'feedback' and coalesce(k.crew, c.crew) = @Crew))
                  and (@RequestKind::text is null or c.kind = @RequestKind)
                  and (@CategoryId::uuid is null or c.category_id = @CategoryId)
            ) x
        )
        """;

    public static DynamicParameters Arguments(ClockReportFilter f, ReportBy by, Caller caller, TimeProvider clock)
    {
        var args = new DynamicParameters();
        args.Add("Communities", caller.CommunitiesFor(f.CommunityId));
        args.Add("By", EnumWord.Of(by));
        args.Add("Now", clock.Now().UtcDateTime);
        args.Add("From", f.From?.UtcDateTime);
        args.Add("To", f.To?.UtcDateTime);
        args.Add("NotAfter", null);
        args.Add("Kind", f.Kind is { } kind ? EnumWord.Of(kind) : null);
        args.Add("Crew", f.Crew is { } crew ? EnumWord.Of(crew) : null);
        args.Add("RequestKind", f.RequestKind is { } of ? EnumWord.Of(of) : null);
        args.Add("CategoryId", f.CategoryId);
        return args;
    }
}
