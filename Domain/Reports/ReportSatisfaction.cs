using FluentValidation;

namespace PropertyServiceDesk.Domain.Reports;

/// <summary>By what the report of satisfaction is divided.</summary>
public enum SatisfactionBy
{
    /// <summary>One line for everything.</summary>
    All,
    Community,

    /// <summary>Who did the last order before the owner was asked; where none was done, the crew that the category names.</summary>
    Crew,
    RequestKind,
    Category,

    /// <summary>Of the community's own time zone, by when the round began.</summary>
    Month,
}

/// <summary>Which rounds stand behind a figure.</summary>
public enum RatedWhich
{
    /// <summary>Every round that began in the period.</summary>
    All,
    NotAsked,

    /// <summary>Asked, and the round is over.</summary>
    Asked,
    Open,
    Answered,

    /// <summary>The owner wrote it themselves.</summary>
    ByOwner,

    /// <summary>Somebody of the desk wrote down what the owner said.</summary>
    ByStaff,
    Refused,
    Unreachable,
    NoResponse,

    /// <summary>A score below 5, with what would have made it a 5.</summary>
    BelowFive,

    /// <summary>A score of 2 or less, or not solved.</summary>
    Low,

    /// <summary>First rounds of requests for which somebody worked.</summary>
    Worked,

    /// <summary>Of these, those that came back as rework, or as a new request.</summary>
    CameBack,

    /// <summary>Of these, those that did not come back, and that one visit of one crew had sufficed for.</summary>
    FixedAtFirst,
}

/// <summary>Which rounds a report is of. Everything left out is not narrowed.</summary>
/// <param name="From">Begun (the request was finished) at or after this.</param>
/// <param name="To">Begun before this.</param>
public sealed record SatisfactionFilter(
    Guid? CommunityId = null, DateTimeOffset? From = null, DateTimeOffset? To = null, Crew? Crew = null, RequestKind? RequestKind = null, Guid? CategoryId = null);

/// <summary>
/// How satisfied the owners are, always with how many were asked and how many answered; what they entered themselves and what staff wrote
/// down apart. Where nobody answered there is no figure, not a zero.
/// </summary>
[AllowedTo(Roles.Officers)]
public sealed record ReportSatisfaction(SatisfactionFilter Filter, SatisfactionBy By = SatisfactionBy.All) : IQuery<IReadOnlyList<SatisfactionFigures>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ReportSatisfaction, IReadOnlyList<SatisfactionFigures>>
    {
        internal const string Read = RatedSql.Base + """

            select coalesce(b.key, '') as key, min(b.key_name) as name, min(b.key_name_en) as name_en,
                count(*) as rounds, count(*) filter (where b.outcome = 'notAsked') as not_asked, count(*) filter (where b.outcome not in ('notAsked', 'open')) as asked, count(*) filter (where b.outcome = 'open') as open,
                count(*) filter (where b.outcome = 'answered') as answered, count(*) filter (where b.author_kind = 'owner') as by_owner, count(*) filter (where b.author_kind = 'staff') as by_staff,
                count(*) filter (where b.outcome = 'refused') as refused, count(*) filter (where b.outcome = 'unreachable') as unreachable, count(*) filter (where b.outcome = 'noResponse') as no_response,
                round(count(*) filter (where b.outcome = 'answered')::numeric / nullif(count(*) filter (where b.outcome not in ('notAsked', 'open')), 0), 4) as response_rate,
                round(avg(b.satisfaction) filter (where b.author_kind = 'owner'), 2) as satisfaction_by_owner, count(b.satisfaction) filter (where b.author_kind = 'owner') as scores_by_owner,
                round(avg(b.satisfaction) filter (where b.author_kind = 'staff'), 2) as satisfaction_by_staff, count(b.satisfaction) filter (where b.author_kind = 'staff') as scores_by_staff,
                round(avg(b.recommend) filter (where b.author_kind = 'owner'), 2) as recommend_by_owner, count(b.recommend) filter (where b.author_kind = 'owner') as recommends_by_owner,
                round(avg(b.recommend) filter (where b.author_kind = 'staff'), 2) as recommend_by_staff, count(b.recommend) filter (where b.author_kind = 'staff') as recommends_by_staff,
                count(*) filter (where b.satisfaction < 5) as below_five, count(*) filter (where b.low) as low,
                count(*) filter (where b.solved = 'yes') as solved, count(*) filter (where b.solved = 'partly') as partly_solved, count(*) filter (where b.solved = 'no') as not_solved,
                count(*) filter (where b.worked) as worked, count(*) filter (where b.came_back) as came_back, count(*) filter (where b.fixed_at_first) as fixed_at_first,
                round(count(*) filter (where b.came_back)::numeric / nullif(count(*) filter (where b.worked), 0), 4) as rework_rate,
                round(count(*) filter (where b.fixed_at_first)::numeric / nullif(count(*) filter (where b.worked), 0), 4) as first_time_fix_rate
            from base b
            group by coalesce(b.key, '')
            order by 1
            """;

        public Task<IReadOnlyList<SatisfactionFigures>> Handle(ReportSatisfaction query, CancellationToken cancellationToken) =>
            db.List<SatisfactionFigures>(Read, RatedSql.Arguments(query.Filter, query.By, caller), cancellationToken);
    }
}

/// <param name="Key">The community's, the crew, the kind, the category's id or the month (2026-03); empty where there is none.</param>
/// <param name="Name">The community's or the category's.</param>
/// <param name="Rounds">Every round that began in the period: those not asked, those asked, those open.</param>
/// <param name="Asked">Asked, and over: what the response rate is of.</param>
/// <param name="Answered">With a score, or a plain "not fixed".</param>
/// <param name="ResponseRate">Answered of asked: 0–1; null where none was asked.</param>
/// <param name="SatisfactionByOwner">1–5, of those that owners entered; null where there are none.</param>
/// <param name="ScoresByOwner">How many that is of.</param>
/// <param name="SatisfactionByStaff">1–5, of those that staff wrote down; null where there are none.</param>
/// <param name="Low">A score of 2 or less, or not solved.</param>
/// <param name="Worked">Requests for which somebody worked, by their first round: what the two last rates are of.</param>
/// <param name="CameBack">As rework, or as a new request after it was closed.</param>
/// <param name="FixedAtFirst">Did not come back, and no order was put on hold after arrival, handed to another crew or given back.</param>
public sealed record SatisfactionFigures(
    string Key,
    string? Name,
    string? NameEn,
    long Rounds,
    long NotAsked,
    long Asked,
    long Open,
    long Answered,
    long ByOwner,
    long ByStaff,
    long Refused,
    long Unreachable,
    long NoResponse,
    decimal? ResponseRate,
    decimal? SatisfactionByOwner,
    long ScoresByOwner,
    decimal? SatisfactionByStaff,
    long ScoresByStaff,
    decimal? RecommendByOwner,
    long RecommendsByOwner,
    decimal? RecommendByStaff,
    long RecommendsByStaff,
    long BelowFive,
    long Low,
    long Solved,
    long PartlySolved,
    long NotSolved,
    long Worked,
    long CameBack,
    long FixedAtFirst,
    decimal? ReworkRate,
    decimal? FirstTimeFixRate);

/// <summary>The rounds behind a figure, the last begun first: exactly those that it counts, with what owners said would have made it a 5.</summary>
/// <param name="Key">As in the figure; with <paramref name="By"/>.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Officers)]
public sealed record ListRatings(
    SatisfactionFilter Filter, SatisfactionBy By = SatisfactionBy.All, string? Key = null, RatedWhich Which = RatedWhich.All, int Take = 50, string? After = null) : IQuery<Page<RatingLine>>
{
    public sealed class Validator : AbstractValidator<ListRatings>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListRatings, Page<RatingLine>>
    {
        private const string Read = RatedSql.Base + """

            select b.community_id, b.feedback_id, b.request_id, b.number, b.request_kind, b.category_id, b.crew, b.round, b.state, b.not_asked_rule, b.started_at, b.ended_at, b.earlier_outcome, b.solved, b.satisfaction,
                b.recommend, b.author_kind as author, b.made_it_five, b.came_back, b.fixed_at_first
            from base b
            where (@Key::text is null or coalesce(b.key, '') = @Key)
              and case @Which
                    when 'all' then true
                    when 'asked' then b.outcome not in ('notAsked', 'open')
                    when 'byOwner' then b.author_kind = 'owner'
                    when 'byStaff' then b.author_kind = 'staff'
                    when 'belowFive' then b.satisfaction < 5
                    when 'low' then b.low
                    when 'worked' then b.worked
                    when 'cameBack' then b.came_back
                    when 'fixedAtFirst' then b.fixed_at_first
                    else b.outcome = @Which end
              and (not @After or (b.started_at, b.feedback_id) < (@AfterAt::timestamptz, @AfterId::uuid))
            order by b.started_at desc, b.feedback_id desc
            limit @Take
            """;

        public async Task<Page<RatingLine>> Handle(ListRatings query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var args = RatedSql.Arguments(query.Filter, query.By, caller);
            args.Add("Key", query.Key);
            args.Add("Which", EnumWord.Of(query.Which));
            args.Add("After", query.After is not null);
            args.Add("AfterAt", at?.UtcDateTime);
            args.Add("AfterId", id);
            args.Add("Take", query.Take + 1);
            var rows = await db.List<RatingLine>(Read, args, cancellationToken);
            return Cursor.Page(rows, query.Take, r => [r.StartedAt, r.FeedbackId]);
        }
    }
}

/// <param name="EarlierOutcome">What had been recorded before a late answer came.</param>
/// <param name="Author">Who entered it; null where nobody answered.</param>
/// <param name="MadeItFive">In the owner's words.</param>
public sealed record RatingLine(
    Guid CommunityId,
    Guid FeedbackId,
    Guid RequestId,
    long Number,
    RequestKind RequestKind,
    Guid CategoryId,
    Crew? Crew,
    short Round,
    FeedbackState State,
    NotAskedRule? NotAskedRule,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    FeedbackState? EarlierOutcome,
    Solved? Solved,
    short? Satisfaction,
    short? Recommend,
    Feedback.AnswerAuthor? Author,
    string? MadeItFive,
    bool CameBack,
    bool FixedAtFirst);

/// <summary>What the figures and their rows share, so that they cannot differ.</summary>
internal static class RatedSql
{
    public const string Base = """
        with base as (
            select x.*, coalesce(x.satisfaction <= 2, false) or coalesce(x.solved = 'no', false) as low, x.first_of_worked as worked, x.first_of_worked and x.returned as came_back, x.first_of_worked and not x.returned and x.one_visit as fixed_at_first,
                case @By
                    when 'community' then x.community_id::text
                    when 'crew' then x.crew
                    when 'requestKind' then x.request_kind
                    when 'category' then x.category_id::text
                    when 'month' then to_char(x.started_at at time zone x.time_zone, 'YYYY-MM') end as key,
                case @By when 'category' then x.category_name when 'community' then x.community_name end as key_name,
                case @By when 'category' then x.category_name_en when 'community' then x.community_name_en end as key_name_en
            from (
                select f.community_id, f.feedback_id, f.request_id, r.number, f.round, f.state, f.not_asked_rule, f.started_at, f.ended_at, f.earlier_outcome, f.solved, f.satisfaction, f.recommend, f.author_kind, f.made_it_five,
                    case when f.ended_at is null then 'open' else f.state end as outcome,
                    m.time_zone, m.name as community_name, m.name_en as community_name_en, r.kind as request_kind, c.category_id, c.name as category_name, c.name_en as category_name_en,
                    coalesce(d.crew, c.crew) as crew, f.round = 1 and d.crew is not null as first_of_worked,
                    r.rework_count > 0 or b.came_back is not null as returned, coalesce(d.one_visit, false) as one_visit
                from community m
                join feedback f on f.community_id = m.community_id
                join request r on r.community_id = f.community_id and r.request_id = f.request_id
                join category c on c.community_id = r.community_id and c.category_id = r.category_id
                left join lateral (
                    select (array_agg(o.crew order by o.done_at desc, o.work_order_id desc))[1] as crew,
                        bool_and(o.leg = 1 and not exists (select from hold h where h.community_id = o.community_id and h.work_order_id = o.work_order_id
                            and (h.from_at >= o.arrived_at or (cardinality(o.worked_by) > 1 and exists (
                                -- whoever had it before had arrived, held it, and handed it over
                                select from event a
                                where a.community_id = h.community_id and a.subject_id = h.work_order_id and a.what = 'workArrived' and a.occurred_at <= h.from_at
                                  and not exists (
                                    select from event b
                                    where b.community_id = a.community_id and b.subject_id = a.subject_id and b.seq > a.seq and b.what = 'workHeld' and b.detail ->> 'arrivalTakenBack' = 'true' and b.occurred_at <= h.from_at)))))) as one_visit
                    from request_work_order l
                    join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                    where l.community_id = f.community_id and l.request_id = f.request_id and l.mandatory and l.joined_at <= f.started_at and (l.left_at is null or l.left_at > f.started_at)
                      and o.status = 'done' and o.done_at <= f.started_at
                    having count(*) > 0) d on true
                left join lateral (
                    select true as came_back
                    from request n
                    where n.community_id = r.community_id and n.rework_of_id = r.request_id
                    limit 1) b on true -- looked up once for a round, however many figures count it
                where m.community_id = any (@Communities)
                  and (@From::timestamptz is null or f.started_at >= @From)
                  and (@To::timestamptz is null or f.started_at < @To)
                  and (@RequestKind::text is null or r.kind = @RequestKind)
                  and (@CategoryId::uuid is null or r.category_id = @CategoryId)
                  and (@Crew::text is null or coalesce(d.crew, c.crew) = @Crew)
            ) x
        )
        """;

    public static DynamicParameters Arguments(SatisfactionFilter f, SatisfactionBy by, Caller caller)
    {
        var args = new DynamicParameters();
        args.Add("Communities", caller.CommunitiesFor(f.CommunityId));
        args.Add("By", EnumWord.Of(by));
        args.Add("From", f.From?.UtcDateTime);
        args.Add("To", f.To?.UtcDateTime);
        args.Add("RequestKind", f.RequestKind is { } kind ? EnumWord.Of(kind) : null);
        args.Add("CategoryId", f.CategoryId);
        args.Add("Crew", f.Crew is { } crew ? EnumWord.Of(crew) : null);
        return args;
    }
}
