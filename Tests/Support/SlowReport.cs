using Dapper;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The clock report again, slowly and plainly: every row read, every figure counted by hand. What the desk reports must equal it.</summary>
internal static class SlowReport
{
    private sealed record Row(
        Guid CommunityId, Guid ClockId, string Kind, DateTime StartedAt, DateTime DueAt, DateTime? StoppedAt, string? StoppedWhy, DateTime? HeldAt, DateTime? LateReportAt, string TimeZone, string? Crew, string? RequestKind, Guid? CategoryId);

    public static Task Holds(NpgsqlDataSource owner, IServiceProvider desk, Actor manager, Guid communityId, ClockReportFilter filter, params ReportBy[] divisions) =>
        Holds(owner, desk, manager, communityId, filter, int.MaxValue, divisions);

    /// <param name="lists">Every figure is counted anew; of each division the rows of so many are listed, the greatest below 5,000 first.</param>
    public static async Task Holds(NpgsqlDataSource owner, IServiceProvider desk, Actor manager, Guid communityId, ClockReportFilter filter, int lists, params ReportBy[] divisions)
    {
        var now = desk.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime;
        await using var connection = await owner.OpenConnectionAsync();
        var rows = (await connection.QueryAsync<Row>(
            """
            select k.community_id, k.clock_id, k.kind, k.started_at, k.due_at, k.stopped_at, k.stopped_why, k.held_at, k.late_report_at, m.time_zone, case when k.kind <> 'feedback' then coalesce(k.crew, oc.crew, rc.crew) end as crew, coalesce(oc.kind, rc.kind) as request_kind, coalesce(oc.category_id, rc.category_id) as category_id
            from clock k
            join community m on m.community_id = k.community_id
            left join work_order o on o.work_order_id = k.subject_id
            left join category oc on oc.category_id = o.category_id
            left join feedback f on f.feedback_id = k.subject_id
            left join request r on r.request_id = coalesce(f.request_id, k.subject_id)
            left join category rc on rc.category_id = r.category_id
            where k.community_id = @communityId and k.due_at is not null
            """,
            new { communityId })).AsList();
        rows = [.. rows.Where(r => filter.Kind is not { } kind || r.Kind == EnumWord.Of(kind))];
        foreach (var by in divisions)
        {
            var figures = await Send(desk, manager, new ReportClocks(filter with { CommunityId = communityId }, by));
            var expected = rows.GroupBy(r => Key(r, by)).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Figures(g.Key, [.. g], now)).ToArray();

            Assert.That(figures.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => f with { Name = null, NameEn = null }), Is.EqualTo(expected), by.ToString());
            var behind = rows.ToLookup(r => (Key(r, by), Outcome(r, now)), r => r.ClockId);
            var counted =
                from figure in figures
                from count in new (ClockOutcome Outcome, long Rows)[] { (ClockOutcome.OnTime, figure.OnTime), (ClockOutcome.Late, figure.Late), (ClockOutcome.Running, figure.Running), (ClockOutcome.RunningLate, figure.RunningLate), (ClockOutcome.Moot, figure.Moot) }
                where count.Rows is > 0 and < 5_000
                orderby count.Rows descending
                select (figure.Key, count.Outcome, count.Rows);
            foreach (var (key, outcome, count) in counted.Take(lists))
            {
                var listed = await Listed(desk, manager, communityId, filter, by, key, outcome);
                var (expectedRows, once) = (behind[(key, outcome)].ToHashSet(), listed.ToHashSet());
                Assert.That((listed.Count, once.Count, once.SetEquals(expectedRows)), Is.EqualTo(((int)count, (int)count, true)), $"{by} {key} {outcome}"); // of thousands, two sets are compared at once
            }
        }
    }

    private static async Task<List<Guid>> Listed(IServiceProvider desk, Actor manager, Guid communityId, ClockReportFilter filter, ReportBy by, string key, ClockOutcome outcome)
    {
        var ids = new List<Guid>();
        string? after = null;
        do
        {
            var page = await Send(desk, manager, new ListReportedClocks(filter with { CommunityId = communityId }, by, key, [outcome], Take: 200, After: after));
            ids.AddRange(page.Items.Select(i => i.ClockId));
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

    private static string Key(Row r, ReportBy by) => by switch
    {
        ReportBy.All => "",
        ReportBy.Community => r.CommunityId.ToString(),
        ReportBy.Crew => r.Crew ?? "",
        ReportBy.Kind => r.Kind,
        ReportBy.RequestKind => r.RequestKind ?? "",
        ReportBy.Category => r.CategoryId?.ToString() ?? "",
        ReportBy.Month => TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(r.DueAt, DateTimeKind.Utc), TimeZoneInfo.FindSystemTimeZoneById(r.TimeZone)).ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture),
    };

    private static ClockOutcome Outcome(Row r, DateTime now) =>
        r.StoppedAt is { } stopped
            ? stopped > r.DueAt ? ClockOutcome.Late : r.StoppedWhy == "met" ? ClockOutcome.OnTime : ClockOutcome.Moot
            : (r.HeldAt ?? now) > r.DueAt ? ClockOutcome.RunningLate : ClockOutcome.Running;

    private static ClockFigures Figures(string key, IReadOnlyList<Row> rows, DateTime now)
    {
        long Count(ClockOutcome outcome) => rows.Count(r => Outcome(r, now) == outcome);
        var taken = rows.Where(r => r.StoppedWhy == "met").Select(r => Seconds(r.StoppedAt!.Value - r.StartedAt)).Order().ToArray();
        var late = rows.Where(r => Outcome(r, now) is ClockOutcome.Late or ClockOutcome.RunningLate).Select(r => Seconds((r.StoppedAt ?? r.HeldAt ?? now) - r.DueAt)).Order().ToArray();
        return new ClockFigures(
            key, null, null, rows.Count, Count(ClockOutcome.OnTime), Count(ClockOutcome.Late), Count(ClockOutcome.Running), Count(ClockOutcome.RunningLate), Count(ClockOutcome.Moot), rows.Count(r => r.LateReportAt is not null), Rank(taken, 0.5), Rank(taken, 0.9), Rank(late, 0.5), Rank(late, 0.9));
    }

    /// <summary>As PostgreSQL casts a numeric: halves away from zero.</summary>
    private static long Seconds(TimeSpan time) => (long)Math.Round(time.Ticks / (decimal)TimeSpan.TicksPerSecond, MidpointRounding.AwayFromZero);

    private static long? Rank(long[] sorted, double share) => sorted.Length == 0 ? null : sorted[Math.Max((int)Math.Ceiling(share * sorted.Length), 1) - 1];
}
