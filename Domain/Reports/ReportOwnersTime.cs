using System.Runtime.CompilerServices;
using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Reports;

/// <summary>
/// Where the owners' time went, from the report until it was closed or until now: with which crew, on hold and why, at the desk, between "solved"
/// and "not solved", and waiting for the owner's word. One line for each period and key, with its parts, which add up to its whole; requests
/// that were joined to others count each for its owner. At most 20,000 requests at a time.
/// </summary>
[AllowedTo(Roles.Officers)]
public sealed record ReportOwnersTime(DemandFilter Filter, DemandBy By = DemandBy.All, DemandEvery Every = DemandEvery.Month) : IQuery<IReadOnlyList<OwnersTimeFigures>>
{
    internal sealed class Handler(TimeOfRequests time) : IRequestHandler<ReportOwnersTime, IReadOnlyList<OwnersTimeFigures>>
    {
        public async Task<IReadOnlyList<OwnersTimeFigures>> Handle(ReportOwnersTime query, CancellationToken cancellationToken) =>
        [
            .. (await time.Of(query.Filter, query.By, query.Every, null, null, cancellationToken))
                .GroupBy(r => (r.Of.Period, r.Of.Key))
                .OrderBy(g => g.Key.Period).ThenBy(g => g.Key.Key, StringComparer.Ordinal)
                .Select(g => new OwnersTimeFigures(
                    g.Key.Period,
                    g.Key.Key,
                    g.First().Of.KeyName,
                    g.First().Of.KeyNameEn,
                    g.LongCount(),
                    TimeSplits.Seconds(g.SelectMany(r => r.Parts).Select(p => p.Elapsed)),
                    TimeSplits.Seconds(g.SelectMany(r => r.Parts).Select(p => p.Counted)),
                    [
                        .. g.SelectMany(r => r.Parts).GroupBy(p => (p.Holder, p.Crew, p.Reason))
                            .OrderBy(p => p.Key.Holder).ThenBy(p => p.Key.Crew).ThenBy(p => p.Key.Reason)
                            .Select(p => new OwnersTimeShare(p.Key.Holder, p.Key.Crew, p.Key.Reason, p.LongCount(), TimeSplits.Seconds(p.Select(x => x.Elapsed)), TimeSplits.Seconds(p.Select(x => x.Counted)))),
                    ])),
        ];
    }
}

/// <param name="Period">Its first day; of requests by when they were reported, in the community's time zone.</param>
/// <param name="Key">The community's, the kind, the category's id, the crew that the category names, or the channel; empty where there is none.</param>
/// <param name="ElapsedSeconds">By any clock.</param>
/// <param name="CountedSeconds">By the calendars that the requests' finish is counted with.</param>
/// <param name="Parts">Add up to the whole, to the microsecond.</param>
public sealed record OwnersTimeFigures(
    DateOnly Period, string Key, string? Name, string? NameEn, long Requests, decimal ElapsedSeconds, decimal CountedSeconds, IReadOnlyList<OwnersTimeShare> Parts);

/// <param name="Crew">Of the time that a crew had it, or held it.</param>
/// <param name="Reason">Of the time on hold.</param>
/// <param name="Requests">Of which there was such time.</param>
public sealed record OwnersTimeShare(TimeHolder Holder, Crew? Crew, HoldReason? Reason, long Requests, decimal ElapsedSeconds, decimal CountedSeconds);

/// <summary>The requests behind a figure or a part of it, the last reported first: exactly those that it counts, each with its share.</summary>
/// <param name="Key">As in the figure; with <paramref name="By"/>.</param>
/// <param name="Period">As in the figure; with <paramref name="Every"/>.</param>
/// <param name="Holder">As in the part; left out, the whole.</param>
/// <param name="Crew">As in the part, with <paramref name="Holder"/>; left out, of all crews.</param>
/// <param name="Reason">As in the part, with <paramref name="Holder"/>; left out, for all reasons.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Officers)]
public sealed record ListOwnersTime(
    DemandFilter Filter,
    DemandBy By = DemandBy.All,
    DemandEvery Every = DemandEvery.Month,
    string? Key = null,
    DateOnly? Period = null,
    TimeHolder? Holder = null,
    Crew? Crew = null,
    HoldReason? Reason = null,
    int Take = 50,
    string? After = null) : IQuery<Page<OwnersTimeLine>>
{
    public sealed class Validator : AbstractValidator<ListOwnersTime>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(TimeOfRequests time) : IRequestHandler<ListOwnersTime, Page<OwnersTimeLine>>
    {
        public async Task<Page<OwnersTimeLine>> Handle(ListOwnersTime query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var whole = query.Holder is null && query.Crew is null && query.Reason is null;
            var rows = new List<OwnersTimeLine>();
            await foreach (var (of, all) in time.LastFirst(query.Filter, query.By, query.Every, query.Key, query.Period, at, id, whole ? query.Take + 1 : null, cancellationToken))
            {
                var parts = all.Where(p => (query.Holder ?? p.Holder, query.Crew ?? p.Crew, query.Reason ?? p.Reason) == (p.Holder, p.Crew, p.Reason)).ToArray();
                if (parts.Length > 0 || whole)
                {
                    rows.Add(new OwnersTimeLine(
                        of.CommunityId, of.RequestId, of.Number, of.RequestKind, of.Status, of.CategoryId, of.CategoryName, of.CategoryNameEn, of.ReportedAt,
                        TimeSplits.Seconds(parts.Select(p => p.Elapsed)), TimeSplits.Seconds(parts.Select(p => p.Counted))));
                }

                if (rows.Count > query.Take)
                {
                    break;
                }
            }

            return Cursor.Page(rows, query.Take, r => [r.ReportedAt, r.RequestId]);
        }
    }
}

/// <param name="ElapsedSeconds">Of the part that was asked for, or of the whole.</param>
/// <param name="CountedSeconds">The same by the calendar that the request's finish is counted with.</param>
public sealed record OwnersTimeLine(
    Guid CommunityId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    RequestStatus Status,
    Guid CategoryId,
    string CategoryName,
    string CategoryNameEn,
    DateTimeOffset ReportedAt,
    decimal ElapsedSeconds,
    decimal CountedSeconds);

/// <summary>A request of the report, with the figure that it belongs to.</summary>
internal sealed record TimedRequest(
    Guid CommunityId,
    Guid RequestId,
    long Number,
    RequestKind RequestKind,
    RequestStatus Status,
    Guid CategoryId,
    string CategoryName,
    string CategoryNameEn,
    DateTimeOffset ReportedAt,
    DateOnly Period,
    string Key,
    string? KeyName,
    string? KeyNameEn);

/// <summary>What the figures and their rows share, so that they cannot differ.</summary>
internal sealed class TimeOfRequests(Db db, Caller caller, TimeSplits splits)
{
    /// <summary>More requests than this are not reckoned while somebody waits.</summary>
    internal const int Most = 20_000;

    private const int AtOnce = 500;

    private const string Those = DemandSql.Base + """

        select b.community_id, b.request_id, b.number, b.request_kind, b.status, b.category_id, b.category_name, b.category_name_en, b.reported_at, b.period, coalesce(b.key, '') as key, b.key_name, b.key_name_en
        from base b
        where (@Key::text is null or coalesce(b.key, '') = @Key)
          and (@Period::date is null or b.period = @Period)
        """;

    internal const string Read = Those + """

        limit @Most
        """;

    internal const string Next = Those + """

          and (not @After or (b.reported_at, b.request_id) < (@AfterAt::timestamptz, @AfterId::uuid))
        order by b.reported_at desc, b.request_id desc
        limit @Most
        """;

    /// <exception cref="Refused.Invalid">They are too many at a time.</exception>
    public async Task<IReadOnlyList<(TimedRequest Of, IReadOnlyList<TimePart> Parts)>> Of(DemandFilter filter, DemandBy by, DemandEvery every, string? key, DateOnly? period, CancellationToken ct)
    {
        var args = DemandSql.Arguments(filter, by, every, caller);
        args.Add("Key", key);
        args.Add("Period", period);
        args.Add("Most", Most + 1);
        var requests = await db.List<TimedRequest>(Read, args, ct);
        if (requests.Count > Most)
        {
            throw TooMany();
        }

        var timed = new List<(TimedRequest, IReadOnlyList<TimePart>)>(requests.Count);
        foreach (var some in requests.OrderBy(r => r.CommunityId).Chunk(AtOnce))
        {
            timed.AddRange(await Split(some, ct));
        }

        return timed;
    }

    /// <summary>The same, the last reported first, from a cursor on; no more are split than are asked for, some at a time.</summary>
    /// <param name="atOnce">How many will do, where that is known.</param>
    /// <exception cref="Refused.Invalid">They are more than a report has.</exception>
    public async IAsyncEnumerable<(TimedRequest Of, IReadOnlyList<TimePart> Parts)> LastFirst(
        DemandFilter filter, DemandBy by, DemandEvery every, string? key, DateOnly? period, DateTimeOffset? afterAt, Guid afterId, int? atOnce, [EnumeratorCancellation] CancellationToken ct)
    {
        var (most, walked) = (atOnce ?? AtOnce, 0);
        while (true)
        {
            var args = DemandSql.Arguments(filter, by, every, caller);
            args.Add("Key", key);
            args.Add("Period", period);
            args.Add("After", afterAt is not null);
            args.Add("AfterAt", afterAt?.UtcDateTime);
            args.Add("AfterId", afterId);
            args.Add("Most", most);
            var some = await db.List<TimedRequest>(Next, args, ct);
            walked += some.Count;
            if (walked > Most)
            {
                throw TooMany();
            }

            foreach (var one in await Split(some, ct))
            {
                yield return one;
            }

            if (some.Count < most)
            {
                yield break;
            }

            (afterAt, afterId) = (some[^1].ReportedAt, some[^1].RequestId);
        }
    }

    private async Task<IEnumerable<(TimedRequest Of, IReadOnlyList<TimePart> Parts)>> Split(IReadOnlyList<TimedRequest> some, CancellationToken ct)
    {
        var parts = await splits.Of([.. some.Select(r => new ReportedOne(r.CommunityId, r.RequestId, r.ReportedAt))], ct);
        return some.Select(r => (r, parts[r.RequestId]));
    }

    private static Refused.Invalid TooMany() => new Refused.Invalid("report.too_many_requests", "Narrow it by time or community: the time of at most 20,000 requests is split at once.", "from");
}
