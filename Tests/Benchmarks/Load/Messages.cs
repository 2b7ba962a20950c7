using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PropertyServiceDesk.Load;

/// <summary>
/// Deliveries by one worker, a process of its own as it is shipped, to a receiver on this machine that takes 100 ms and fails one in
/// twenty; and how long the others wait while another host hangs.
/// </summary>
internal static class Messages
{
    private const string Requests = """
        insert into request (community_id, request_id, number, kind, channel, category_id, priority, description, place_id, reporter_phone, reported_at, registered_at, registered_by)
        select s.community_id, gen_random_uuid(), 700000000000 + @From + n, 'repair', 'phone', s.category_id, 'normal', '漏水', s.home_id, '13800138000', @Now, @Now, s.community_id
        from generate_series(1, @Count) n
        join unnest(@Communities::uuid[], @Categories::uuid[], @Homes::uuid[]) with ordinality s (community_id, category_id, home_id, nth) on s.nth = 1 + n % @Spots
        """;

    private const string Rows = """
        insert into message (community_id, message_id, dedupe_key, recipient_kind, request_id, template, detail, created_at, send_after)
        select r.community_id, gen_random_uuid(), 'bench:' || r.request_id, 'reporter', r.request_id, 'faultJoined', '{}', @Now, @Now
        from request r
        where r.number > 700000000000 + @From and r.number <= 700000000000 + @From + @Count
        """;

    public static async Task Run(string connectionString, NpgsqlDataSource owner, IReadOnlyList<Spot> spots, int count)
    {
        await using (var connection = await owner.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("update community set quiet_from = '00:00', quiet_to = '00:00'");
        }

        var taken = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var first = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        await using var receiver = await Receiver(async (id, gone) =>
        {
            first.TryAdd(id, Stopwatch.GetTimestamp());
            await Task.Delay(100, gone);
            if (Random.Shared.Next(20) == 0)
            {
                return 503;
            }

            taken.TryAdd(id, Stopwatch.GetTimestamp());
            return 204;
        });
        await using var hanging = await Receiver(async (_, gone) =>
        {
            await Task.Delay(Timeout.Infinite, gone);
            return 204;
        });

        var worker = Worker(connectionString, receiver.Urls.Single(), hanging.Urls.Single());
        try
        {
            var healthy = spots.Skip(1).ToArray();
            var from = 0;

            await Make(owner, healthy, from, count);
            from += count;
            var watch = Stopwatch.StartNew();
            await Until(() => taken.Count >= count * 0.94, TimeSpan.FromMinutes(5));
            var (begun, ended, done) = (first.Values.Min(), Stopwatch.GetTimestamp(), taken.Count);
            var seconds = Stopwatch.GetElapsedTime(begun, ended).TotalSeconds;
            Console.WriteLine($"messages: {done:N0} of {count:N0} due at once in {healthy.Length} communities, one worker, receiver takes 100 ms and fails 5 %: {done / seconds:N0} deliveries/s (aim: 500)");

            var alone = await Steady(owner, healthy, first, from, 200, 30);
            from += 200 * 36;
            Console.WriteLine($"messages: 200/s for 30 s: p50 {alone.P50:N0} ms, p99 {alone.P99:N0} ms from due to the receiver");

            await Make(owner, [spots[0]], from, 5_000);
            from += 5_000;
            var beside = await Steady(owner, healthy, first, from, 200, 30);
            Console.WriteLine($"messages: the same while another community's host hangs with 5,000 messages before it: p50 {beside.P50:N0} ms, p99 {beside.P99:N0} ms");
            Console.WriteLine($"messages: the worker's memory: {Memory(worker):N0} MB; {watch.Elapsed.TotalSeconds:F0} s in all");
        }
        finally
        {
            worker.Kill(entireProcessTree: true);
            await worker.WaitForExitAsync();
        }
    }

    /// <summary>Seconds that do not count: an idle worker looks every five.</summary>
    private const int Warming = 6;

    private static long Memory(Process worker)
    {
        worker.Refresh();
        return worker.WorkingSet64 / (1024 * 1024);
    }

    /// <summary>So many a second; how long each took from its time to the receiver.</summary>
    private static async Task<(double P50, double P99)> Steady(NpgsqlDataSource owner, IReadOnlyList<Spot> spots, ConcurrentDictionary<string, long> first, int from, int aSecond, int seconds)
    {
        var due = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var tenth = -Warming * 10; tenth < seconds * 10; tenth++)
        {
            var began = Stopwatch.GetTimestamp();
            foreach (var id in await Make(owner, spots, from, aSecond / 10))
            {
                if (tenth >= 0)
                {
                    due["msg_" + id.ToString("N")] = Stopwatch.GetTimestamp();
                }
            }

            from += aSecond / 10;
            var left = TimeSpan.FromMilliseconds(100) - Stopwatch.GetElapsedTime(began);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left);
            }
        }

        await Until(() => due.Keys.All(first.ContainsKey), TimeSpan.FromMinutes(2));
        var waits = due.Select(d => first.TryGetValue(d.Key, out var at) ? Stopwatch.GetElapsedTime(d.Value, at).TotalMilliseconds : double.PositiveInfinity).Order().ToArray();
        return (waits[waits.Length / 2], waits[(int)(waits.Length * 0.99)]);
    }

    private static async Task<IReadOnlyList<Guid>> Make(NpgsqlDataSource owner, IReadOnlyList<Spot> spots, int from, int count)
    {
        await using var connection = await owner.OpenConnectionAsync();
        var args = new
        {
            From = from,
            Count = count,
            Spots = spots.Count,
            Now = DateTime.UtcNow,
            Communities = spots.Select(s => s.CommunityId).ToArray(),
            Categories = spots.Select(s => s.CategoryId).ToArray(),
            Homes = spots.Select(s => s.HomeId).ToArray(),
        };
        await connection.ExecuteAsync(Requests, args, commandTimeout: 600);
        return (await connection.QueryAsync<Guid>(Rows + " returning message_id", args, commandTimeout: 600)).AsList();
    }

    private static async Task<WebApplication> Receiver(Func<string, CancellationToken, Task<int>> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var host = builder.Build();
        host.Urls.Add("http://127.0.0.1:0");
        host.Run(async http => http.Response.StatusCode = await answer(http.Request.Headers["webhook-id"].ToString(), http.RequestAborted));
        await host.StartAsync();
        return host;
    }

    private static Process Worker(string connectionString, string receiver, string hanging)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine("Workers", "bin", "Release", "net10.0", "PropertyServiceDesk.Workers.dll")]) { UseShellExecute = false };
        start.Environment["ConnectionStrings__ServiceDesk"] = connectionString;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        start.Environment["Desk__Messages__Sms__Url"] = receiver;
        start.Environment["Desk__Messages__Sms__Secret"] = "a secret of the bench";
        start.Environment["Desk__Messages__In__bench-1__Sms__Url"] = hanging;
        start.Environment["Desk__Messages__In__bench-1__Sms__Secret"] = "a secret of the bench";
        return Process.Start(start)!;
    }

    private static async Task Until(Func<bool> reached, TimeSpan atMost)
    {
        var watch = Stopwatch.StartNew();
        while (!reached() && watch.Elapsed < atMost)
        {
            await Task.Delay(20);
        }
    }
}
