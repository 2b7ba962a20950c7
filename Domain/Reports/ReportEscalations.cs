using FluentValidation;
using PropertyServiceDesk.Domain.Escalations;

namespace PropertyServiceDesk.Domain.Reports;

/// <summary>Which escalations stand behind a figure.</summary>
public enum EscalatedWhich
{
    All,
    Warnings,
    Level1,
    Level2,
    Level3,
    Level4,
    Told,

    /// <summary>There was nobody on duty.</summary>
    Nobody,

    /// <summary>Recorded, and told when the office opens, unless it is done before.</summary>
    Waiting,

    /// <summary>Done before anybody had to be told.</summary>
    DoneBeforeTelling,
    Acknowledged,

    /// <summary>With a promised time, whether kept or not.</summary>
    Promised,
    PromisesBroken,
}

/// <summary>Which escalations a report is of. Everything left out is not narrowed.</summary>
/// <param name="From">Recorded at or after this.</param>
/// <param name="To">Recorded before this.</param>
public sealed record EscalationReportFilter(
    Guid? CommunityId = null, DateTimeOffset? From = null, DateTimeOffset? To = null, Crew? Crew = null, ClockKind? Kind = null, RequestKind? RequestKind = null, Guid? CategoryId = null);

/// <summary>Escalations recorded in a period, by level, how many of them were told and acknowledged, and after how long; each figure's rows are listed by the same filter, division and key.</summary>
[AllowedTo(Roles.Officers)]
public sealed record ReportEscalations(EscalationReportFilter Filter, ReportBy By = ReportBy.All) : IQuery<IReadOnlyList<EscalationFigures>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ReportEscalations, IReadOnlyList<EscalationFigures>>
    {
        internal const string Read = EscalatedSql.Base + """

            select coalesce(b.key, '') as key, min(b.key_name) as name, min(b.key_name_en) as name_en, count(*) as escalations,
                count(*) filter (where b.level = 0) as warnings, count(*) filter (where b.level = 1) as level1, count(*) filter (where b.level = 2) as level2,
                count(*) filter (where b.level = 3) as level3, count(*) filter (where b.level = 4) as level4,
                count(*) filter (where b.told = 'told') as told,
                count(*) filter (where b.told = 'nobody') as nobody,
                count(*) filter (where b.told = 'waiting') as waiting,
                count(*) filter (where b.told = 'doneBeforeTelling') as done_before_telling,
                count(*) filter (where b.acknowledged_at is not null) as acknowledged,
                percentile_disc(0.5) within group (order by b.acknowledged_after) filter (where b.acknowledged_at is not null) as median_acknowledged_seconds,
                percentile_disc(0.9) within group (order by b.acknowledged_after) filter (where b.acknowledged_at is not null) as p90_acknowledged_seconds,
                count(*) filter (where b.promises > 0) as promised, count(*) filter (where b.promise_broken_at is not null) as promises_broken
            from base b
            group by coalesce(b.key, '')
            order by 1
            """;

        public Task<IReadOnlyList<EscalationFigures>> Handle(ReportEscalations query, CancellationToken cancellationToken) =>
            db.List<EscalationFigures>(Read, EscalatedSql.Arguments(query.Filter, query.By, caller), cancellationToken);
    }
}

/// <param name="Key">The community's id, the crew, the kind, the category's id or the month; empty where there is none.</param>
/// <param name="Name">The community's or the category's.</param>
/// <param name="Escalations">All of them: the warnings and the four levels; and as well those told, nobody to tell, waiting, and done before.</param>
/// <param name="Waiting">Recorded, and told when the office opens, unless it is done before.</param>
/// <param name="DoneBeforeTelling">Done before anybody had to be told: no alarm was needed.</param>
/// <param name="Nobody">There was nobody on duty.</param>
/// <param name="MedianAcknowledgedSeconds">From telling to the first acknowledgement, by nearest rank.</param>
/// <param name="Promised">Acknowledged with a promised time at least once.</param>
public sealed record EscalationFigures(
    string Key,
    string? Name,
    string? NameEn,
    long Escalations,
    long Warnings,
    long Level1,
    long Level2,
    long Level3,
    long Level4,
    long Told,
    long Nobody,
    long Waiting,
    long DoneBeforeTelling,
    long Acknowledged,
    long? MedianAcknowledgedSeconds,
    long? P90AcknowledgedSeconds,
    long Promised,
    long PromisesBroken);

/// <summary>The escalations behind a figure, the last recorded first: exactly those that it counts, with who was told when.</summary>
/// <param name="Key">As in the figure; with <paramref name="By"/>.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Officers)]
public sealed record ListReportedEscalations(
    EscalationReportFilter Filter, ReportBy By = ReportBy.All, string? Key = null, EscalatedWhich Which = EscalatedWhich.All, int Take = 50, string? After = null) : IQuery<Page<EscalationLine>>
{
    public sealed class Validator : AbstractValidator<ListReportedEscalations>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListReportedEscalations, Page<EscalationLine>>
    {
        internal const string Read = EscalatedSql.Base + """

            select b.escalation_id, b.clock_id, b.fired_at
            from base b
            where (@Key::text is null or coalesce(b.key, '') = @Key)
              and case @Which
                    when 'all' then true
                    when 'warnings' then b.level = 0
                    when 'level1' then b.level = 1
                    when 'level2' then b.level = 2
                    when 'level3' then b.level = 3
                    when 'level4' then b.level = 4
                    when 'acknowledged' then b.acknowledged_at is not null
                    when 'promised' then b.promises > 0
                    when 'promisesBroken' then b.promise_broken_at is not null
                    else b.told = @Which end
              and (not @After or (b.fired_at, b.escalation_id) < (@AfterAt::timestamptz, @AfterId::uuid))
            order by b.fired_at desc, b.escalation_id desc
            limit @Take
            """;

        public async Task<Page<EscalationLine>> Handle(ListReportedEscalations query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var args = EscalatedSql.Arguments(query.Filter, query.By, caller);
            args.Add("Key", query.Key);
            args.Add("Which", EnumWord.Of(query.Which));
            args.Add("After", query.After is not null);
            args.Add("AfterAt", at?.UtcDateTime);
            args.Add("AfterId", id);
            args.Add("Take", query.Take + 1);
            var found = await db.List<FoundEscalation>(Read, args, cancellationToken);
            var lines = await EscalationLines.Of(db, caller, clock, caller.CommunitiesFor(query.Filter.CommunityId), [.. found.Select(f => f.EscalationId)], cancellationToken);
            return Cursor.Page(lines, query.Take, l => [l.Escalation.FiredAt, l.Escalation.EscalationId]);
        }
    }
}

/// <summary>What the figures and their rows share, so that they cannot differ.</summary>
internal static class EscalatedSql
{
    public const string Base = """
        with base as (
            select e.escalation_id, e.clock_id, e.level, e.fired_at, e.acknowledged_at, e.promises, e.promise_broken_at,
                extract(epoch from e.acknowledged_at - coalesce(e.told_at, e.fired_at))::bigint as acknowledged_after,
                case when e.told_at is not null then 'told' when e.nobody then 'nobody' when e.resolved_at is null then 'waiting' else 'doneBeforeTelling' end as told,
                case @By
                    when 'community' then m.community_id::text
                    when 'crew' then e.crew
                    when 'kind' then k.kind
                    when 'requestKind' then c.kind
                    when 'category' then c.category_id::text
                    when 'month' then to_char(e.fired_at at time zone m.time_zone, 'YYYY-MM') end as key,
                case @By when 'category' then c.name when 'community' then m.name end as key_name, case @By when 'category' then c.name_en when 'community' then m.name_en end as key_name_en
            from community m
            join escalation e on e.community_id = m.community_id
            join clock k on k.community_id = e.community_id and k.clock_id = e.clock_id
            left join work_order o on o.community_id = e.community_id and o.work_order_id = e.work_order_id
            left join request r on r.community_id = e.community_id and r.request_id = e.request_id
            left join category c on c.community_id = e.community_id and c.category_id = coalesce(o.category_id, r.category_id)
            where m.community_id = any (@Communities)
              and (@From::timestamptz is null or e.fired_at >= @From)
              and (@To::timestamptz is null or e.fired_at < @To)
              and (@Crew::text is null or e.crew = @Crew)
              and (@Kind::text is null or k.kind = @Kind)
              and (@RequestKind::text is null or c.kind = @RequestKind)
              and (@CategoryId::uuid is null or c.category_id = @CategoryId)
        )
        """;

    public static DynamicParameters Arguments(EscalationReportFilter f, ReportBy by, Caller caller)
    {
        var args = new DynamicParameters();
        args.Add("Communities", caller.CommunitiesFor(f.CommunityId));
        args.Add("By", EnumWord.Of(by));
        args.Add("From", f.From?.UtcDateTime);
        args.Add("To", f.To?.UtcDateTime);
        args.Add("Crew", f.Crew is { } crew ? EnumWord.Of(crew) : null);
        args.Add("Kind", f.Kind is { } kind ? EnumWord.Of(kind) : null);
        args.Add("RequestKind", f.RequestKind is { } of ? EnumWord.Of(of) : null);
        args.Add("CategoryId", f.CategoryId);
        return args;
    }
}
