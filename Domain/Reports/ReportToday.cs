using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Reports;

/// <summary>
/// The manager's day at a glance, one line a community. Each figure is the count of a list with the same words: open (requests, open=true),
/// late and soon (due=late, due=soon), promises (promise=overdue), awaitingFeedback (status=awaitingFeedback), lowRatings (ratings, which=low, from), escalations (ladders,
/// state=open, level=1 to 4).
/// </summary>
[AllowedTo(Roles.Officers)]
public sealed record ReportToday(Guid? CommunityId = null) : IQuery<Today>
{
    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ReportToday, Today>
    {
        private static readonly TimeSpan Recently = TimeSpan.FromDays(30);

        private const string Names = """
            select m.community_id, m.name, m.name_en
            from community m
            where m.community_id = any (@Communities)
            order by m.name, m.community_id
            """;

        // Of the rounds of a month, the few that are low are all that is looked into.
        private const string CountLow = RatedSql.Base + """

            select b.community_id, count(*) as low
            from base b
            where b.low
            group by b.community_id
            """;

        private sealed record LowOf(Guid CommunityId, long Low);

        private sealed record Named(Guid CommunityId, string Name, string NameEn);

        public async Task<Today> Handle(ReportToday query, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            var recently = now - Recently;
            var communities = caller.CommunitiesFor(query.CommunityId);
            var open = await Count(new RequestFilter(query.CommunityId, Open: true), cancellationToken);
            var late = await Count(new RequestFilter(query.CommunityId, Due: RequestDue.Late), cancellationToken);
            var soon = await Count(new RequestFilter(query.CommunityId, Due: RequestDue.Soon), cancellationToken);
            var promised = await Count(new RequestFilter(query.CommunityId, Promise: PromiseDue.Overdue), cancellationToken);
            var silent = await Count(new RequestFilter(query.CommunityId, Status: [RequestStatus.AwaitingFeedback]), cancellationToken);
            var low = (await db.List<LowOf>(
                CountLow, RatedSql.Arguments(new SatisfactionFilter(query.CommunityId, recently), SatisfactionBy.Community, caller), cancellationToken)).ToDictionary(f => f.CommunityId, f => f.Low);
            var climbing = (await db.List<EscalationsOf>(
                EscalationSql.CountHeads, EscalationSql.Arguments(new EscalationFilter(query.CommunityId, Level: [1, 2, 3, 4], State: [EscalationState.Open]), communities, caller, heads: true), cancellationToken)).ToDictionary(e => e.CommunityId, e => e.Escalations);
            var names = await db.List<Named>(Names, new { Communities = communities }, cancellationToken);
            return new Today(
                now,
                now + RequestSql.Soon,
                recently,
                [.. names.Select(m => new TodayLine(m.CommunityId, m.Name, m.NameEn, Of(open, m), Of(late, m), Of(soon, m), Of(silent, m), Of(low, m), Of(climbing, m), Of(promised, m)))]);
        }

        private static long Of(Dictionary<Guid, long> counts, Named community) => counts.GetValueOrDefault(community.CommunityId);

        private async Task<Dictionary<Guid, long>> Count(RequestFilter filter, CancellationToken ct) =>
            (await db.List<RequestCount>(RequestSql.Count(filter, RequestGroup.Community), RequestSql.Parameters(filter, caller, clock), ct)).ToDictionary(c => Guid.Parse(c.Key!), c => c.Requests);
    }
}

/// <param name="SoonBefore">Whose finish is due before this, and has not been yet, will be late soon.</param>
/// <param name="LowRatingsFrom">Low ratings are of rounds that began at or after this.</param>
public sealed record Today(DateTimeOffset At, DateTimeOffset SoonBefore, DateTimeOffset LowRatingsFrom, IReadOnlyList<TodayLine> Communities);

/// <param name="Open">Not closed and not cancelled.</param>
/// <param name="Late">Open, and past a due time of its work: of dispatching, accepting, arriving, a reply or finishing, of the request or of one of its orders.</param>
/// <param name="Soon">The finish is due within four hours.</param>
/// <param name="AwaitingFeedback">Finished, and the owner has not said yet whether it is good.</param>
/// <param name="LowRatings">A score of 2 or less, or not solved, of the last 30 days.</param>
/// <param name="Escalations">Late clocks whose last step nobody has acknowledged.</param>
/// <param name="Promises">Something was promised to the owner, and its time has passed without anybody saying that it was kept.</param>
public sealed record TodayLine(Guid CommunityId, string Name, string NameEn, long Open, long Late, long Soon, long AwaitingFeedback, long LowRatings, long Escalations, long Promises);

internal sealed record EscalationsOf(Guid CommunityId, long Escalations);
