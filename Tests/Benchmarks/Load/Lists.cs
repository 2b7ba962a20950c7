using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Npgsql;
using PropertyServiceDesk.Tests.Benchmarks;

namespace PropertyServiceDesk.Load;

/// <summary>Queues, search and card over HTTP, one caller, at a given volume.</summary>
internal static class Lists
{
    private const int Calls = 60;
    private const int Rounds = 5;

    /// <summary>As many as the owners' time is split of at once.</summary>
    private const int Timed = 20_000;

    private const int TimedCalls = 10;

    // What the log says of requests that were dispatched, accepted, arrived at, held for a part and done, by the desk's calendar.
    private const string TheirEvents = """
        insert into event (community_id, seq, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, occurred_at, recorded_at, prev_hash, hash)
        select r.community_id, r.number * 100 + x.nth, x.subject_kind, x.subject_id, x.what, 'desk', x.detail::json, 'staff', r.registered_by, x.at, x.at, '', ''
        from request r
        join request_work_order l on l.community_id = r.community_id and l.request_id = r.request_id
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        cross join lateral (values
            (1, 'workOrder', o.work_order_id, 'workDispatched', '{"crew": "engineering", "status": "dispatched"}', o.dispatched_at),
            (2, 'workOrder', o.work_order_id, 'workAccepted', '{}', o.accepted_at),
            (3, 'workOrder', o.work_order_id, 'workArrived', '{}', o.arrived_at),
            (4, 'workOrder', o.work_order_id, 'workHeld', '{"reason": "parts"}', o.arrived_at + interval '1 hour'),
            (5, 'workOrder', o.work_order_id, 'workResumed', '{}', o.arrived_at + interval '3 hours'),
            (6, 'workOrder', o.work_order_id, 'workCompleted', '{}', o.done_at),
            (7, 'request', r.request_id, 'requestFinished', '{}', r.finished_at),
            (8, 'request', r.request_id, 'requestClosed', '{}', r.closed_at)) x (nth, subject_kind, subject_id, what, detail, at)
        where r.number > @After and r.number <= 900000000000 + @Requests and x.at is not null;

        update clock k
        set calendar_version_id = (select c.current_version_id from calendar c where c.community_id = k.community_id and c.code = 'desk')
        from request r
        where r.number > @After and r.number <= 900000000000 + @Requests and k.community_id = r.community_id and k.subject_id = r.request_id and k.kind = 'finish';

        analyze event;
        """;

    public static async Task Run(string apiUrl, NpgsqlDataSource owner, IReadOnlyList<Spot> spots, int customers, int requests)
    {
        var watch = Stopwatch.StartNew();
        await Volume.Fill(owner, [.. spots.Select(s => s.CommunityId)], customers, requests);
        Console.WriteLine($"lists, {requests:N0} requests and {customers:N0} customers in {spots.Count} communities (filled in {watch.Elapsed.TotalSeconds:F0} s)");

        using var http = await Intake.SignedIn(apiUrl);
        var one = spots[0].CommunityId;
        var random = new Random(1);
        string Customer() => $"01900000-0000-7001-8000-{(random.Next(customers / spots.Count) * spots.Count) + spots.Count:x12}";
        string Phone() => Volume.PhoneOf(1 + random.Next(customers));
        var calls = new (string Name, Func<string> Url)[]
        {
            ("requests, newest, all communities", () => "/api/requests"),
            ("requests, newest, one community", () => $"/api/requests?communityId={one}"),
            ("open requests by due time", () => $"/api/requests?communityId={one}&open=true&sort=dueFirst"),
            ("received requests", () => $"/api/requests?communityId={one}&status=received&sort=oldestFirst"),
            ("open orders by due time", () => $"/api/work-orders?communityId={one}&open=true&sort=dueFirst"),
            ("search: last four digits", () => "/api/search?q=" + Phone()[^4..]),
            ("search: whole number", () => "/api/search?q=" + Phone()),
            ("search: name", () => "/api/search?q=" + Uri.EscapeDataString(Volume.NameOf(1 + random.Next(customers)))),
            ("search: initials", () => "/api/search?q=wwf"),
            ("search: home", () => "/api/search?q=" + Volume.HomeOf(1 + random.Next(customers))),
            ("customer's card", () => $"/api/customers/{Customer()}/card"),
        };
        var times = calls.ToDictionary(c => c.Name, _ => new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var (name, url) in calls)
            {
                for (var i = 0; i < Calls / Rounds; i++)
                {
                    var from = Stopwatch.GetTimestamp();
                    using var reply = await http.GetAsync(url());
                    await reply.Content.ReadAsByteArrayAsync();
                    if (round > 0 && reply.IsSuccessStatusCode)
                    {
                        times[name].Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
                    }
                    else if (!reply.IsSuccessStatusCode && i == 0 && round == 0)
                    {
                        Console.WriteLine($"  {name}: answered {(int)reply.StatusCode}");
                    }
                }
            }
        }

        foreach (var (name, _) in calls)
        {
            Console.WriteLine($"  {name,-36} p50 {Intake.Percentile(times[name], 50),7:F1} ms   p95 {Intake.Percentile(times[name], 95),7:F1} ms   n {times[name].Count}");
        }

        await OwnersTime(apiUrl, owner, requests);
    }

    /// <summary>The report that is reckoned from the log while somebody waits, and a page of the requests behind a part of it, at the most that it takes.</summary>
    private static async Task OwnersTime(string apiUrl, NpgsqlDataSource owner, int requests)
    {
        var timed = Math.Min(Timed, requests);
        await using (var connection = await owner.OpenConnectionAsync())
        {
            await connection.ExecuteAsync(TheirEvents, new { After = 900_000_000_000 + requests - timed, Requests = requests }, commandTimeout: 3_600);
        }

        using var http = await Intake.SignedIn(apiUrl, Place.Manager);
        var from = Volume.Until - (Volume.Span / requests * (timed - 0.5));
        var which = $"from={from.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}&to={Volume.Until.AddSeconds(1).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}";
        foreach (var (name, url) in new[] { ("owners' time, by crew", $"/api/reports/owners-time?{which}&by=crew"), ("owners' time, requests behind a part", $"/api/reports/owners-time/lines?{which}&holder=hold") })
        {
            var times = new List<double>();
            var answer = "";
            for (var i = 0; i <= TimedCalls; i++)
            {
                var at = Stopwatch.GetTimestamp();
                using var reply = await http.GetAsync(url);
                answer = await reply.Content.ReadAsStringAsync();
                if (!reply.IsSuccessStatusCode)
                {
                    Console.WriteLine($"  {name}: answered {(int)reply.StatusCode} {answer}");
                    return;
                }

                if (i > 0)
                {
                    times.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
                }
            }

            using var read = JsonDocument.Parse(answer);
            var counted = read.RootElement.ValueKind == JsonValueKind.Array ? $", {read.RootElement.EnumerateArray().Sum(f => f.GetProperty("requests").GetInt64()):N0} requests" : "";
            Console.WriteLine($"  {name,-36} p50 {Intake.Percentile(times, 50),7:F0} ms   most {times.Max(),7:F0} ms   n {times.Count}{counted}");
        }
    }
}
