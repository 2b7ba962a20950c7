using Dapper;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The escalation report again, slowly and plainly: every row read, every figure counted by hand, every line written anew. What the desk reports must equal it.</summary>
internal static class SlowEscalations
{
    internal sealed record Row(
        Guid CommunityId, Guid EscalationId, string TimeZone, string Kind, string? Crew, string? RequestKind, Guid? CategoryId, int Level, DateTime DueAt, DateTime? EndedAt, DateTime FiredAt, DateTime? ToldAt, bool Nobody,
        DateTime? AcknowledgedAt, int Promises, DateTime? PromiseBrokenAt, DateTime? ResolvedAt);

    private sealed record Told(Guid EscalationId, Guid StaffId, DateTime ToldAt);

    /// <returns>The figures of which there were any.</returns>
    public static async Task<IReadOnlySet<EscalatedWhich>> Holds(NpgsqlDataSource owner, IServiceProvider desk, Actor manager, Guid communityId)
    {
        var now = desk.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime;
        await using var connection = await owner.OpenConnectionAsync();
        var rows = await Read(owner, communityId);
        var told = (await connection.QueryAsync<Told>("select escalation_id, staff_id, told_at from escalation_recipient where community_id = @communityId", new { communityId })).ToLookup(t => t.EscalationId);
        var filter = new EscalationReportFilter(communityId);
        foreach (var by in Enum.GetValues<ReportBy>())
        {
            var figures = await Send(desk, manager, new ReportEscalations(filter, by));

            Assert.That(figures.Select(f => f with { Name = null, NameEn = null }), Is.EquivalentTo(Figures(rows, by)), by.ToString());
            foreach (var (figure, which) in from f in figures from w in Enum.GetValues<EscalatedWhich>() select (f, w))
            {
                var behind = rows.Where(r => Key(r, by) == figure.Key && Counts(r, which)).ToArray();
                var lines = behind.Length == 0 && by != ReportBy.All ? [] : await Listed(desk, manager, new ListReportedEscalations(filter, by, figure.Key, which, 200));
                Assert.That(
                    lines.Select(l => (l.Escalation.EscalationId, l.Escalation.LateSeconds, l.Escalation.AcknowledgedAfterSeconds)),
                    Is.Unique.And.EquivalentTo(behind.Select(r => (r.EscalationId, Math.Max(0, Seconds((r.EndedAt ?? now) - r.DueAt)), After(r)))),
                    $"{by} {figure.Key} {which}");
                Assert.That(
                    lines.SelectMany(l => l.Told.Select(t => (l.Escalation.EscalationId, t.StaffId, t.ToldAt.UtcDateTime))),
                    Is.EquivalentTo(behind.SelectMany(r => told[r.EscalationId]).Select(t => (t.EscalationId, t.StaffId, t.ToldAt))),
                    $"{by} {figure.Key} {which}: who was told when");
            }
        }

        return Enum.GetValues<EscalatedWhich>().Where(w => rows.Any(r => Counts(r, w))).ToHashSet();
    }

    /// <param name="communityId">Null for all.</param>
    public static async Task<List<Row>> Read(NpgsqlDataSource owner, Guid? communityId)
    {
        await using var connection = await owner.OpenConnectionAsync();
        return (await connection.QueryAsync<Row>(
            """
            select e.community_id, e.escalation_id, m.time_zone, k.kind, e.crew, coalesce(oc.kind, rc.kind) as request_kind, coalesce(oc.category_id, rc.category_id) as category_id, e.level::int as level, e.due_at,
                coalesce(k.stopped_at, k.held_at) as ended_at, e.fired_at, e.told_at, e.nobody, e.acknowledged_at, e.promises::int as promises, e.promise_broken_at, e.resolved_at
            from escalation e
            join community m on m.community_id = e.community_id
            join clock k on k.clock_id = e.clock_id
            left join work_order o on o.work_order_id = e.work_order_id
            left join category oc on oc.category_id = o.category_id
            left join request r on r.request_id = e.request_id
            left join category rc on rc.category_id = r.category_id
            where @communityId::uuid is null or e.community_id = @communityId
            """,
            new { communityId })).AsList();
    }

    /// <summary>What the report ought to say.</summary>
    public static IEnumerable<EscalationFigures> Figures(IEnumerable<Row> rows, ReportBy by) => rows.GroupBy(r => Key(r, by)).Select(g => Figures(g.Key, [.. g]));

    private static async Task<List<EscalationLine>> Listed(IServiceProvider desk, Actor manager, ListReportedEscalations list)
    {
        var lines = new List<EscalationLine>();
        string? after = null;
        do
        {
            var page = await Send(desk, manager, list with { After = after });
            lines.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        return lines;
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
        ReportBy.Month => TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(r.FiredAt, DateTimeKind.Utc), TimeZoneInfo.FindSystemTimeZoneById(r.TimeZone)).ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture),
    };

    private static bool Counts(Row r, EscalatedWhich which) => which switch
    {
        EscalatedWhich.All => true,
        EscalatedWhich.Warnings => r.Level == 0,
        EscalatedWhich.Level1 => r.Level == 1,
        EscalatedWhich.Level2 => r.Level == 2,
        EscalatedWhich.Level3 => r.Level == 3,
        EscalatedWhich.Level4 => r.Level == 4,
        EscalatedWhich.Told => r.ToldAt is not null,
        EscalatedWhich.Nobody => r.ToldAt is null && r.Nobody,
        EscalatedWhich.Waiting => r.ToldAt is null && !r.Nobody && r.ResolvedAt is null,
        EscalatedWhich.DoneBeforeTelling => r.ToldAt is null && !r.Nobody && r.ResolvedAt is not null,
        EscalatedWhich.Acknowledged => r.AcknowledgedAt is not null,
        EscalatedWhich.Promised => r.Promises > 0,
        EscalatedWhich.PromisesBroken => r.PromiseBrokenAt is not null,
    };

    private static EscalationFigures Figures(string key, Row[] rows)
    {
        long Count(EscalatedWhich which) => rows.LongCount(r => Counts(r, which));
        var after = rows.Select(After).OfType<long>().Order().ToArray();
        return new EscalationFigures(
            key, null, null, rows.Length, Count(EscalatedWhich.Warnings), Count(EscalatedWhich.Level1), Count(EscalatedWhich.Level2), Count(EscalatedWhich.Level3), Count(EscalatedWhich.Level4), Count(EscalatedWhich.Told),
            Count(EscalatedWhich.Nobody), Count(EscalatedWhich.Waiting), Count(EscalatedWhich.DoneBeforeTelling), after.Length, Rank(after, 0.5), Rank(after, 0.9), Count(EscalatedWhich.Promised), Count(EscalatedWhich.PromisesBroken));
    }

    private static long? After(Row r) => r.AcknowledgedAt is { } at ? Seconds(at - (r.ToldAt ?? r.FiredAt)) : null;

    /// <summary>As PostgreSQL casts a numeric: halves away from zero.</summary>
    private static long Seconds(TimeSpan time) => (long)Math.Round(time.Ticks / (decimal)TimeSpan.TicksPerSecond, MidpointRounding.AwayFromZero);

    private static long? Rank(long[] sorted, double share) => sorted.Length == 0 ? null : sorted[Math.Max((int)Math.Ceiling(share * sorted.Length), 1) - 1];
}
