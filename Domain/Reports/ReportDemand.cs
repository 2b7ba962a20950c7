using FluentValidation;

namespace PropertyServiceDesk.Domain.Reports;

/// <summary>By what demand is divided.</summary>
public enum DemandBy
{
    /// <summary>One line for everything.</summary>
    All,
    Community,
    RequestKind,
    Category,

    /// <summary>The crew that the category names.</summary>
    Crew,
    Channel,
}

/// <summary>The periods of a trend, each of the community's own time zone. Weeks begin on Monday.</summary>
public enum DemandEvery
{
    Month,
    Week,
    Day,
}

/// <summary>Which requests a trend is of. Everything left out is not narrowed.</summary>
/// <param name="From">Reported at or after this.</param>
/// <param name="To">Reported before this.</param>
public sealed record DemandFilter(Guid? CommunityId = null, DateTimeOffset? From = null, DateTimeOffset? To = null, RequestKind? RequestKind = null, Guid? CategoryId = null);

/// <summary>How many requests were reported in each period, whatever became of them: the trend of demand. Periods in which there were none are left out.</summary>
[AllowedTo(Roles.Officers)]
public sealed record ReportDemand(DemandFilter Filter, DemandBy By = DemandBy.Category, DemandEvery Every = DemandEvery.Month) : IQuery<IReadOnlyList<DemandFigure>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ReportDemand, IReadOnlyList<DemandFigure>>
    {
        internal const string Read = DemandSql.Base + """

            select b.period, coalesce(b.key, '') as key, min(b.key_name) as name, min(b.key_name_en) as name_en, count(*) as requests
            from base b
            group by b.period, coalesce(b.key, '')
            order by b.period, 2
            """;

        public Task<IReadOnlyList<DemandFigure>> Handle(ReportDemand query, CancellationToken cancellationToken) =>
            db.List<DemandFigure>(Read, DemandSql.Arguments(query.Filter, query.By, query.Every, caller), cancellationToken);
    }
}

/// <param name="Period">Its first day.</param>
/// <param name="Key">The community's, the kind, the category's id, the crew or the channel; empty where there is none.</param>
/// <param name="Name">The community's or the category's.</param>
public sealed record DemandFigure(DateOnly Period, string Key, string? Name, string? NameEn, long Requests);

/// <summary>The requests behind a figure, the last reported first: exactly those that it counts.</summary>
/// <param name="Key">As in the figure; with <paramref name="By"/>.</param>
/// <param name="Period">As in the figure; with <paramref name="Every"/>.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Officers)]
public sealed record ListReportedRequests(
    DemandFilter Filter, DemandBy By = DemandBy.Category, DemandEvery Every = DemandEvery.Month, string? Key = null, DateOnly? Period = null, int Take = 50, string? After = null) : IQuery<Page<ReportedRequest>>
{
    public sealed class Validator : AbstractValidator<ListReportedRequests>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListReportedRequests, Page<ReportedRequest>>
    {
        private const string Read = DemandSql.Base + """

            select b.community_id, b.request_id, b.number, b.request_kind as kind, b.status, b.priority, b.category_id, b.category_name, b.category_name_en, b.description, b.reported_at
            from base b
            where (@Key::text is null or coalesce(b.key, '') = @Key)
              and (@Period::date is null or b.period = @Period)
              and (not @After or (b.reported_at, b.request_id) < (@AfterAt::timestamptz, @AfterId::uuid))
            order by b.reported_at desc, b.request_id desc
            limit @Take
            """;

        public async Task<Page<ReportedRequest>> Handle(ListReportedRequests query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var args = DemandSql.Arguments(query.Filter, query.By, query.Every, caller);
            args.Add("Key", query.Key);
            args.Add("Period", query.Period);
            args.Add("After", query.After is not null);
            args.Add("AfterAt", at?.UtcDateTime);
            args.Add("AfterId", id);
            args.Add("Take", query.Take + 1);
            var rows = await db.List<ReportedRequest>(Read, args, cancellationToken);
            return Cursor.Page(rows, query.Take, r => [r.ReportedAt, r.RequestId]);
        }
    }
}

public sealed record ReportedRequest(
    Guid CommunityId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    RequestStatus Status,
    Priority Priority,
    Guid CategoryId,
    string CategoryName,
    string CategoryNameEn,
    string Description,
    DateTimeOffset ReportedAt);

/// <summary>What the figures and their rows share, so that they cannot differ.</summary>
internal static class DemandSql
{
    // Both ends are always given to the comparison, so that even a plan for any values walks request_by_time between them.
    public const string Base = """
        with base as (
            select r.community_id, r.request_id, r.number, r.kind as request_kind, r.status, r.priority, r.category_id, c.name as category_name, c.name_en as category_name_en, r.description, r.reported_at,
                date_trunc(@Every, r.reported_at at time zone m.time_zone)::date as period,
                case @By
                    when 'community' then r.community_id::text
                    when 'requestKind' then r.kind
                    when 'category' then r.category_id::text
                    when 'crew' then c.crew
                    when 'channel' then r.channel end as key,
                case @By when 'category' then c.name when 'community' then m.name end as key_name, case @By when 'category' then c.name_en when 'community' then m.name_en end as key_name_en
            from community m
            join request r on r.community_id = m.community_id and r.reported_at >= coalesce(@From::timestamptz, '-infinity') and r.reported_at < coalesce(@To::timestamptz, 'infinity')
            join category c on c.community_id = r.community_id and c.category_id = r.category_id
            where m.community_id = any (@Communities)
              and (@RequestKind::text is null or r.kind = @RequestKind)
              and (@CategoryId::uuid is null or r.category_id = @CategoryId)
        )
        """;

    public static DynamicParameters Arguments(DemandFilter f, DemandBy by, DemandEvery every, Caller caller)
    {
        var args = new DynamicParameters();
        args.Add("Communities", caller.CommunitiesFor(f.CommunityId));
        args.Add("By", EnumWord.Of(by));
        args.Add("Every", EnumWord.Of(every));
        args.Add("From", f.From?.UtcDateTime);
        args.Add("To", f.To?.UtcDateTime);
        args.Add("RequestKind", f.RequestKind is { } kind ? EnumWord.Of(kind) : null);
        args.Add("CategoryId", f.CategoryId);
        return args;
    }
}
