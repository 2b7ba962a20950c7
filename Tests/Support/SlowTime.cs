using Dapper;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The report of the owners' time again, slowly and plainly: for each stretch between two events everything is looked at anew. What the desk reports must equal it.</summary>
internal static class SlowTime
{
    private sealed record Asked(Guid CommunityId, Guid RequestId, string Kind, Guid CategoryId, string? Crew, string Channel, DateTime ReportedAt, string Zone);

    private sealed record Link(Guid RequestId, Guid WorkOrderId, bool Mandatory, DateTime JoinedAt, DateTime? LeftAt);

    private sealed record Event(Guid SubjectId, long Seq, string What, DateTime At, string? Status, string? Crew, string? ToCrew, string? Reason);

    private sealed record Part(Guid RequestId, DateOnly Period, string Key, TimeHolder Holder, Crew? Crew, HoldReason? Reason, long Ticks);

    private static readonly (DemandBy By, DemandEvery Every)[] Divisions =
    [
        (DemandBy.All, DemandEvery.Month), (DemandBy.Community, DemandEvery.Week), (DemandBy.RequestKind, DemandEvery.Month), (DemandBy.Crew, DemandEvery.Day), (DemandBy.Category, DemandEvery.Month), (DemandBy.Channel, DemandEvery.Month),
    ];

    /// <returns>Who had it, of all of them.</returns>
    public static async Task<IReadOnlySet<TimeHolder>> Holds(NpgsqlDataSource owner, IServiceProvider desk, Actor manager, Guid communityId)
    {
        var now = desk.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime;
        await using var connection = await owner.OpenConnectionAsync();
        var requests = (await connection.QueryAsync<Asked>(
            "select r.community_id, r.request_id, r.kind, r.category_id, c.crew, r.channel, r.reported_at, m.time_zone as zone from request r join community m using (community_id) join category c using (category_id) where r.community_id = @communityId",
            new { communityId })).AsList();
        var links = (await connection.QueryAsync<Link>(
            """
            select l.request_id, l.work_order_id, l.mandatory, l.joined_at, l.left_at
            from request_work_order l
            join work_order o using (work_order_id)
            left join fault_request j on j.fault_id = o.fault_id and j.request_id = l.request_id and j.left_at = l.left_at and j.left_how = 'unJoined'
            where l.community_id = @communityId and j.fault_id is null
            """,
            new { communityId })).ToLookup(l => l.RequestId);
        var events = (await connection.QueryAsync<Event>(
            "select subject_id, seq, what, occurred_at as at, detail->>'status' as status, detail->>'crew' as crew, detail->>'toCrew' as to_crew, detail->>'reason' as reason from event where community_id = @communityId order by seq", new { communityId })).ToLookup(e => e.SubjectId);
        var whole = requests.ToDictionary(r => r.RequestId, r => PartsOf(r, [.. links[r.RequestId]], events, now));
        foreach (var (by, every) in Divisions)
        {
            var expected = requests.SelectMany(r => whole[r.RequestId].Select(p => new Part(r.RequestId, Of(r, every), Key(r, by), p.Holder, p.Crew, p.Reason, p.Ticks))).ToArray();
            var figures = await Send(desk, manager, new ReportOwnersTime(new DemandFilter(communityId), by, every));

            Assert.That(
                figures.SelectMany(f => f.Parts.Select(p => (f.Period, f.Key, p.Holder, p.Crew, p.Reason, p.Requests, p.ElapsedSeconds))),
                Is.EquivalentTo(expected.GroupBy(p => (p.Period, p.Key, p.Holder, p.Crew, p.Reason)).Select(g => (g.Key.Period, g.Key.Key, g.Key.Holder, g.Key.Crew, g.Key.Reason, (long)g.Select(p => p.RequestId).Distinct().Count(), Seconds(g)))),
                by.ToString());
            Assert.That(figures.Select(f => (f.Period, f.Key, f.Requests)), Is.EquivalentTo(requests.GroupBy(r => (Of(r, every), Key(r, by))).Select(g => (g.Key.Item1, g.Key.Item2, g.LongCount()))), by.ToString());
            Assert.That(figures.Select(f => (f.ElapsedSeconds, f.CountedSeconds)), Is.EqualTo(figures.Select(f => (f.Parts.Sum(p => p.ElapsedSeconds), f.Parts.Sum(p => p.CountedSeconds)))), by.ToString());
            foreach (var figure in figures)
            {
                var listed = await Listed(desk, manager, new ListOwnersTime(new DemandFilter(communityId), by, every, figure.Key, figure.Period, Take: 200));
                var behind = requests.Where(r => (Of(r, every), Key(r, by)) == (figure.Period, figure.Key));
                Assert.That(listed.Select(l => (l.RequestId, l.ElapsedSeconds)), Is.EquivalentTo(behind.Select(r => (r.RequestId, whole[r.RequestId].Sum(p => p.Ticks) / (decimal)TimeSpan.TicksPerSecond))), $"{by} {figure.Period} {figure.Key}");
                Assert.That(listed, Has.Count.EqualTo(figure.Requests));
            }

            foreach (var (figure, part) in by == DemandBy.All ? figures.SelectMany(f => f.Parts.Select(p => (f, p))) : [])
            {
                var listed = await Listed(desk, manager, new ListOwnersTime(new DemandFilter(communityId), by, every, figure.Key, figure.Period, part.Holder, part.Crew, part.Reason, 200));
                var behind = expected.Where(p => (p.Period, p.Key, p.Holder, p.Crew, p.Reason) == (figure.Period, figure.Key, part.Holder, part.Crew, part.Reason)).ToArray();
                Assert.That(listed.Select(l => (l.RequestId, l.ElapsedSeconds)), Is.EquivalentTo(behind.GroupBy(p => p.RequestId).Select(g => (g.Key, Seconds(g)))), $"{figure.Period} {part}");
                Assert.That(listed.Sum(l => l.CountedSeconds), Is.EqualTo(part.CountedSeconds));
            }
        }

        return whole.Values.SelectMany(p => p).Select(p => p.Holder).ToHashSet();
    }

    private static decimal Seconds(IEnumerable<Part> parts) => parts.Sum(p => p.Ticks) / (decimal)TimeSpan.TicksPerSecond;

    private static List<(TimeHolder Holder, Crew? Crew, HoldReason? Reason, long Ticks)> PartsOf(Asked request, Link[] links, ILookup<Guid, Event> events, DateTime now)
    {
        static DateTime Later(DateTime a, DateTime b) => a > b ? a : b;
        var mine = events[request.RequestId].Where(e => e.What is "requestFinished" or "requestAnswered" or "requestReferred" or "requestExplained" or "requestClosed" or "requestCancelled" or "reworkReported").OrderBy(e => e.At).ThenBy(e => e.Seq).ToArray();
        var theirs = links.SelectMany(l => events[l.WorkOrderId].Where(e => StandsOf(e) is not null).Select(e => (Link: l, Event: e, From: Later(e.At, l.JoinedAt)))).OrderBy(x => x.From).ThenBy(x => x.Event.Seq).ToArray();
        var turns = mine.Select(e => e.At).Concat(theirs.Select(x => x.From)).Concat(links.Where(l => l.LeftAt is not null).Select(l => l.LeftAt!.Value)).Append(request.ReportedAt).Append(now)
            .Where(t => t >= request.ReportedAt && t <= now).Distinct().Order().ToArray();
        var parts = new List<(TimeHolder, Crew?, HoldReason?, long)>();
        for (var i = 0; i + 1 < turns.Length; i++)
        {
            var (from, ticks) = (turns[i], (turns[i + 1] - turns[i]).Ticks);
            var holders = Holders(from);
            parts.AddRange(holders.Select((h, n) => (h.Holder, h.Crew, h.Reason, (ticks / holders.Length) + (n == 0 ? ticks % holders.Length : 0))));
        }

        return parts;

        (TimeHolder Holder, Crew? Crew, HoldReason? Reason)[] Holders(DateTime at)
        {
            var before = mine.Where(e => e.At <= at).ToArray();
            if (before is [.., { What: not "reworkReported" }])
            {
                var over = before.Reverse().TakeWhile(e => e.What != "reworkReported").Any(e => e.What is "requestClosed" or "requestCancelled");
                return mine.Any(e => e.At > at && e.What == "reworkReported") ? [(TimeHolder.Reopened, null, null)] : over ? [] : [(TimeHolder.Feedback, null, null)];
            }

            var serving = links.Where(l => l.JoinedAt <= at && (l.LeftAt is null || l.LeftAt > at)).OrderBy(l => l.WorkOrderId)
                .Select(l => (l.Mandatory, Told: theirs.Where(x => x.Link == l && x.From <= at).Select(x => x.Event).ToArray()))
                .Where(o => o.Told.Length > 0 && StandsOf(o.Told[^1]) != "away").ToArray();
            var counting = serving.Any(o => o.Mandatory) ? serving.Where(o => o.Mandatory).ToArray() : serving;
            var working = counting.Where(o => StandsOf(o.Told[^1]) == "crew").Select(o => (TimeHolder.Crew, CrewOf(o.Told), (HoldReason?)null)).ToArray();
            var held = counting.Where(o => StandsOf(o.Told[^1]) == "hold").Select(o => (TimeHolder.Hold, CrewOf(o.Told), (HoldReason?)EnumWord.Read<HoldReason>(o.Told[^1].Reason!))).ToArray();
            return working.Length > 0 ? working : held.Length > 0 ? held : [(TimeHolder.Desk, null, null)];
        }
    }

    private static Crew? CrewOf(Event[] told) => told.Select(e => e.What == "workTransferred" ? e.ToCrew : e.What == "workDispatched" ? e.Crew : null).LastOrDefault(c => c is not null) is { } crew ? EnumWord.Read<Crew>(crew) : null;

    private static string? StandsOf(Event e) => e.What switch
    {
        "workDispatched" => e.Status is null or "dispatched" ? "crew" : "desk",
        "workReleased" => e.Status == "dispatched" ? "crew" : "desk",
        "workAssigned" or "workClaimed" or "workAccepted" or "workArrived" or "workResumed" or "workTakenBack" or "workTransferred" => "crew",
        "workHeld" => "hold",
        "workReturned" => "desk",
        "workCompleted" or "workVoided" => "away",
        _ => null,
    };

    private static string Key(Asked r, DemandBy by) => by switch
    {
        DemandBy.All => "",
        DemandBy.Community => r.CommunityId.ToString(),
        DemandBy.RequestKind => r.Kind,
        DemandBy.Category => r.CategoryId.ToString(),
        DemandBy.Crew => r.Crew ?? "",
        DemandBy.Channel => r.Channel,
    };

    private static DateOnly Of(Asked r, DemandEvery every)
    {
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(r.ReportedAt, DateTimeKind.Utc), TimeZoneInfo.FindSystemTimeZoneById(r.Zone)));
        return every switch
        {
            DemandEvery.Day => day,
            DemandEvery.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
            DemandEvery.Month => new DateOnly(day.Year, day.Month, 1),
        };
    }

    private static async Task<List<OwnersTimeLine>> Listed(IServiceProvider desk, Actor manager, ListOwnersTime list)
    {
        var lines = new List<OwnersTimeLine>();
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
}
