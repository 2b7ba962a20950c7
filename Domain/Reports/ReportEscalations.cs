namespace PropertyServiceDesk.Domain.Reports;

/// <summary>Escalations recorded in a period, by level, how many of them were told and acknowledged, and after how long. Their rows: the list of escalations by the same filter.</summary>
/// <param name="From">Recorded at or after this.</param>
/// <param name="To">Recorded before this.</param>
[AllowedTo(Roles.Officers)]
public sealed record ReportEscalations(
    ReportBy By = ReportBy.All, Guid? CommunityId = null, DateTimeOffset? From = null, DateTimeOffset? To = null, Crew? Crew = null, ClockKind? Kind = null, Guid? CategoryId = null)
    : IQuery<IReadOnlyList<EscalationFigures>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ReportEscalations, IReadOnlyList<EscalationFigures>>
    {
        internal const string Read = """
            with base as (
                select e.level, e.told_at, e.nobody, e.acknowledged_at, e.promises, e.promise_broken_at, e.resolved_at, e.resolved_how, e.tell_at,
                    extract(epoch from e.acknowledged_at - coalesce(e.told_at, e.fired_at))::bigint as acknowledged_after,
                    case @By
                        when 'crew' then e.crew
                        when 'kind' then k.kind
                        when 'requestKind' then c.kind
                        when 'category' then c.category_id::text
                        when 'month' then to_char(e.fired_at at time zone m.time_zone, 'YYYY-MM') end as key,
                    case @By when 'category' then c.name end as key_name, case @By when 'category' then c.name_en end as key_name_en
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
                  and (@CategoryId::uuid is null or c.category_id = @CategoryId)
            )
            select coalesce(b.key, '') as key, min(b.key_name) as name, min(b.key_name_en) as name_en,
                count(*) filter (where b.level = 0) as warnings, count(*) filter (where b.level = 1) as level1, count(*) filter (where b.level = 2) as level2,
                count(*) filter (where b.level = 3) as level3, count(*) filter (where b.level = 4) as level4,
                count(*) filter (where b.told_at is not null) as told,
                count(*) filter (where b.nobody) as nobody,
                count(*) filter (where b.told_at is null and not b.nobody and b.resolved_at is null) as waiting,
                count(*) filter (where b.told_at is null and not b.nobody and b.resolved_at is not null) as done_before_telling,
                count(*) filter (where b.acknowledged_at is not null) as acknowledged,
                percentile_disc(0.5) within group (order by b.acknowledged_after) filter (where b.acknowledged_at is not null) as median_acknowledged_seconds,
                percentile_disc(0.9) within group (order by b.acknowledged_after) filter (where b.acknowledged_at is not null) as p90_acknowledged_seconds,
                coalesce(sum(b.promises), 0)::bigint as promises, count(*) filter (where b.promise_broken_at is not null) as promises_broken
            from base b
            group by coalesce(b.key, '')
            order by 1
            """;

        public Task<IReadOnlyList<EscalationFigures>> Handle(ReportEscalations query, CancellationToken cancellationToken) =>
            db.List<EscalationFigures>(
                Read,
                new
                {
                    Communities = caller.CommunitiesFor(query.CommunityId),
                    By = EnumWord.Of(query.By),
                    query.From,
                    query.To,
                    Crew = query.Crew is { } crew ? EnumWord.Of(crew) : null,
                    Kind = query.Kind is { } kind ? EnumWord.Of(kind) : null,
                    query.CategoryId,
                },
                cancellationToken);
    }
}

/// <param name="Key">The crew, the kind, the category's id or the month; empty where there is none.</param>
/// <param name="Waiting">Recorded, and told when the office opens, unless it is done before.</param>
/// <param name="DoneBeforeTelling">Done before anybody had to be told: no alarm was needed.</param>
/// <param name="Nobody">There was nobody on duty.</param>
/// <param name="MedianAcknowledgedSeconds">From telling to the first acknowledgement, by nearest rank.</param>
public sealed record EscalationFigures(
    string Key,
    string? Name,
    string? NameEn,
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
    long Promises,
    long PromisesBroken);
