using Dapper;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The report of satisfaction again, slowly and plainly: every row read, every figure counted by hand. What the desk reports must equal it.</summary>
internal static class SlowSatisfaction
{
    private sealed record Round(
        Guid FeedbackId, Guid RequestId, short Number, string State, DateTime StartedAt, DateTime? EndedAt, string? Solved, short? Satisfaction, short? Recommend, string? AuthorKind, string RequestKind, Guid CategoryId, string? CategoryCrew,
        short ReworkCount, string TimeZone);

    private sealed record Order(Guid RequestId, Guid WorkOrderId, string Crew, short Leg, DateTime DoneAt, DateTime? ArrivedAt, DateTime JoinedAt, DateTime? LeftAt);

    private sealed record Held(Guid WorkOrderId, DateTime FromAt);

    private sealed record Known(Round Round, string? Crew, bool Worked, bool CameBack, bool FixedAtFirst);

    /// <param name="lists">Every figure is counted anew; of each division the rows of so many are listed, those of most rounds first.</param>
    public static async Task<int> Holds(NpgsqlDataSource owner, IServiceProvider desk, Actor manager, Guid communityId, int lists = int.MaxValue)
    {
        await using var connection = await owner.OpenConnectionAsync();
        var rounds = (await connection.QueryAsync<Round>(
            """
            select f.feedback_id, f.request_id, f.round as number, f.state, f.started_at, f.ended_at, f.solved, f.satisfaction, f.recommend, f.author_kind, r.kind as request_kind, r.category_id, c.crew as category_crew, r.rework_count, m.time_zone
            from feedback f join request r on r.request_id = f.request_id join category c on c.category_id = r.category_id join community m on m.community_id = f.community_id
            where f.community_id = @communityId
            """,
            new { communityId })).AsList();
        var orders = (await connection.QueryAsync<Order>(
            """
            select l.request_id, o.work_order_id, o.crew, o.leg, o.done_at, o.arrived_at, l.joined_at, l.left_at
            from request_work_order l join work_order o on o.work_order_id = l.work_order_id
            where l.community_id = @communityId and l.mandatory and o.status = 'done'
            """,
            new { communityId })).ToLookup(o => o.RequestId);
        var holds = (await connection.QueryAsync<Held>("select work_order_id, from_at from hold where community_id = @communityId", new { communityId })).ToLookup(h => h.WorkOrderId, h => h.FromAt);
        var again = (await connection.QueryAsync<Guid>("select rework_of_id from request where community_id = @communityId and rework_of_id is not null", new { communityId })).ToHashSet();
        var known = rounds.Select(f => Look(f, [.. orders[f.RequestId]], holds, again)).ToArray();
        foreach (var by in Enum.GetValues<SatisfactionBy>())
        {
            var figures = await Send(desk, manager, new ReportSatisfaction(new SatisfactionFilter(communityId), by));
            var all = known.ToLookup(k => Key(k, by, communityId));
            var expected = all.OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Figures(g.Key, [.. g])).ToArray();

            Assert.That(figures.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => f with { Name = null, NameEn = null }), Is.EqualTo(expected), by.ToString());
            foreach (var figure in figures)
            {
                Assert.That(figure.Rounds, Is.EqualTo(figure.NotAsked + figure.Asked + figure.Open));
                Assert.That(figure.Asked, Is.EqualTo(figure.Answered + figure.Refused + figure.Unreachable + figure.NoResponse));
            }

            foreach (var figure in figures.OrderByDescending(f => f.Rounds).Take(lists))
            {
                foreach (var which in Enum.GetValues<RatedWhich>())
                {
                    var behind = all[figure.Key].Where(k => Counts(k, which)).Select(k => k.Round.FeedbackId).ToArray();
                    if (behind.Length == 0 && by == SatisfactionBy.Category)
                    {
                        continue; // what counts nothing lists nothing: asked of every other division
                    }

                    var listed = await Listed(desk, manager, communityId, by, figure.Key, which);
                    Assert.That(listed, Is.Unique.And.EquivalentTo(behind), $"{by} {figure.Key} {which}");
                }
            }
        }

        return known.Length;
    }

    private static Known Look(Round f, Order[] all, ILookup<Guid, DateTime> holds, HashSet<Guid> again)
    {
        var done = all.Where(o => o.DoneAt <= f.StartedAt && o.JoinedAt <= f.StartedAt && (o.LeftAt is null || o.LeftAt > f.StartedAt)).OrderByDescending(o => o.DoneAt).ThenByDescending(o => o.WorkOrderId.ToString(), StringComparer.Ordinal).ToArray();
        var worked = f.Number == 1 && done.Length > 0;
        var back = f.ReworkCount > 0 || again.Contains(f.RequestId);
        var oneVisit = done.All(o => o.Leg == 1 && !holds[o.WorkOrderId].Any(h => h >= o.ArrivedAt));
        return new Known(f, done.Length > 0 ? done[0].Crew : f.CategoryCrew, worked, worked && back, worked && !back && oneVisit);
    }

    private static string Key(Known k, SatisfactionBy by, Guid communityId) => by switch
    {
        SatisfactionBy.All => "",
        SatisfactionBy.Community => communityId.ToString(),
        SatisfactionBy.Crew => k.Crew ?? "",
        SatisfactionBy.RequestKind => k.Round.RequestKind,
        SatisfactionBy.Category => k.Round.CategoryId.ToString(),
        SatisfactionBy.Month => TimeZoneInfo.ConvertTimeFromUtc(k.Round.StartedAt, TimeZoneInfo.FindSystemTimeZoneById(k.Round.TimeZone)).ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture),
    };

    private static bool Counts(Known k, RatedWhich which) => which switch
    {
        RatedWhich.All => true,
        RatedWhich.NotAsked => k.Round.State == "notAsked",
        RatedWhich.Open => k.Round.EndedAt is null,
        RatedWhich.Asked => k.Round.EndedAt is not null && k.Round.State != "notAsked",
        RatedWhich.Answered => k.Round.State == "answered",
        RatedWhich.ByOwner => k.Round.AuthorKind == "owner",
        RatedWhich.ByStaff => k.Round.AuthorKind == "staff",
        RatedWhich.Refused => k.Round.State == "refused",
        RatedWhich.Unreachable => k.Round.State == "unreachable",
        RatedWhich.NoResponse => k.Round.State == "noResponse",
        RatedWhich.BelowFive => k.Round.Satisfaction < 5,
        RatedWhich.Low => k.Round.Satisfaction <= 2 || k.Round.Solved == "no",
        RatedWhich.Worked => k.Worked,
        RatedWhich.CameBack => k.CameBack,
        RatedWhich.FixedAtFirst => k.FixedAtFirst,
    };

    private static SatisfactionFigures Figures(string key, Known[] all)
    {
        long Of(RatedWhich which) => all.Count(k => Counts(k, which));
        var (owner, staff) = (all.Where(k => k.Round.AuthorKind == "owner").ToArray(), all.Where(k => k.Round.AuthorKind == "staff").ToArray());
        return new SatisfactionFigures(
            key, null, null, all.Length, Of(RatedWhich.NotAsked), Of(RatedWhich.Asked), Of(RatedWhich.Open), Of(RatedWhich.Answered), owner.Length, staff.Length, Of(RatedWhich.Refused), Of(RatedWhich.Unreachable), Of(RatedWhich.NoResponse),
            Rate(Of(RatedWhich.Answered), Of(RatedWhich.Asked)),
            Mean(owner.Select(k => k.Round.Satisfaction)), owner.Count(k => k.Round.Satisfaction is not null), Mean(staff.Select(k => k.Round.Satisfaction)), staff.Count(k => k.Round.Satisfaction is not null),
            Mean(owner.Select(k => k.Round.Recommend)), owner.Count(k => k.Round.Recommend is not null), Mean(staff.Select(k => k.Round.Recommend)), staff.Count(k => k.Round.Recommend is not null),
            Of(RatedWhich.BelowFive), Of(RatedWhich.Low), all.Count(k => k.Round.Solved == "yes"), all.Count(k => k.Round.Solved == "partly"), all.Count(k => k.Round.Solved == "no"),
            Of(RatedWhich.Worked), Of(RatedWhich.CameBack), Of(RatedWhich.FixedAtFirst), Rate(Of(RatedWhich.CameBack), Of(RatedWhich.Worked)), Rate(Of(RatedWhich.FixedAtFirst), Of(RatedWhich.Worked)));
    }

    private static decimal? Rate(long part, long whole) => whole == 0 ? null : Math.Round((decimal)part / whole, 4, MidpointRounding.AwayFromZero);

    private static decimal? Mean(IEnumerable<short?> scores) =>
        scores.OfType<short>().ToArray() is { Length: > 0 } all ? Math.Round(all.Sum(s => (decimal)s) / all.Length, 2, MidpointRounding.AwayFromZero) : null;

    private static async Task<List<Guid>> Listed(IServiceProvider desk, Actor manager, Guid communityId, SatisfactionBy by, string key, RatedWhich which)
    {
        var (ids, after) = (new List<Guid>(), (string?)null);
        do
        {
            var page = await Send(desk, manager, new ListRatings(new SatisfactionFilter(communityId), by, key, which, 200, after));
            ids.AddRange(page.Items.Select(i => i.FeedbackId));
            after = page.Next;
        }
        while (after is not null);
        return ids;
    }

    private static async Task<T> Send<T>(IServiceProvider desk, Actor actor, IRequest<T> request)
    {
        await using var scope = desk.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = actor;
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }
}
