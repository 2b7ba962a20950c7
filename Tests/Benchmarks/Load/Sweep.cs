using System.Diagnostics;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Benchmarks;

namespace PropertyServiceDesk.Load;

/// <summary>The sweep of clocks: how long one worker takes for many that are due at once, and what a tick reads that finds nothing.</summary>
internal static class Sweep
{
    private const int AtOnce = 1_000;
    private const long Aim = 50;

    private const string Requests = """
        insert into request (community_id, request_id, number, kind, channel, category_id, priority, description, place_id, reported_at, registered_at, registered_by)
        select s.community_id, gen_random_uuid(), 800000000000 + @From + n, 'repair', 'phone', s.category_id, 'urgent', '漏水', s.home_id, @Now, @Now, s.community_id
        from generate_series(1, @Count) n
        join unnest(@Communities::uuid[], @Categories::uuid[], @Homes::uuid[]) with ordinality s (community_id, category_id, home_id, nth) on s.nth = 1 + n % @Spots
        """;

    private const string Clocks = """
        insert into clock (community_id, clock_id, subject_kind, subject_id, kind, policy_version_id, policy, started_at, allowance, unit, due_at, next_check_at)
        select r.community_id, gen_random_uuid(), 'request', r.request_id, 'finish', v.policy_version_id, 'urgent-repair', r.reported_at, 24, 'hours', @Due, @Due
        from request r
        join sla_profile_version v on v.community_id = r.community_id
        where r.number > 800000000000 + @From and r.number <= 800000000000 + @From + @Count
        """;

    public static async Task Run(ServiceProvider desk, NpgsqlDataSource owner, IReadOnlyList<Spot> spots, int clocks, int closed)
    {
        var from = 0;
        var per = new Dictionary<int, List<double>>();
        foreach (var count in new[] { clocks / 10, clocks, clocks / 10, clocks })
        {
            await Make(owner, spots, from, count);
            from += count;
            var watch = Stopwatch.StartNew();
            var done = await Drain(desk);
            var seconds = watch.Elapsed.TotalSeconds;
            per.TryAdd(count, []);
            per[count].Add(seconds * 1e6 / done);
            Console.WriteLine($"sweep: {done:N0} clocks due at once in {spots.Count} communities, one worker: {seconds:F1} s, {seconds * 1e6 / done:F0} µs a clock");
        }

        Console.WriteLine($"sweep: time a clock at {clocks:N0} / at {clocks / 10:N0}: {per[clocks].Min() / per[clocks / 10].Min():F2}");

        await using (var history = owner.CreateCommand("select count(*) from request where number > 900000000000"))
        {
            if ((long)(await history.ExecuteScalarAsync())! == 0) // else the lists were measured before
            {
                await Volume.Fill(owner, [.. spots.Select(s => s.CommunityId)], Math.Min(closed, 60_000), closed);
            }
        }

        await using (var settle = await owner.OpenConnectionAsync())
        {
            await settle.ExecuteAsync("update clock set next_check_at = null where next_check_at is not null", commandTimeout: 3_600);
            await settle.ExecuteAsync("vacuum analyze clock", commandTimeout: 3_600);
        }

        var start = await Xmin(owner);
        Say($"an idle tick with {closed:N0} closed requests", await Buffers(owner, DateTime.UtcNow.AddSeconds(-10), start, null));
        Say("the tick every ten minutes that goes back to the beginning", await Buffers(owner, DateTime.UtcNow.AddSeconds(-10), start, start));
        Say("a worker's first", await Buffers(owner, DateTime.UnixEpoch, 0, null));
        foreach (var other in new[] { "holds_to_wake(@Now, 500)", "holds_over_limit(@Now, 500)", "clock_moves_open(500)", "clocks_left_behind(@Now, 500)", "rounds_to_chase(@Now, 5000)", "messages_to_send(@Now, 500)", "promises_overdue(@Now, 500)" })
        {
            Say($"what else a tick asks, {other.Split('(')[0]}", await Buffers(owner, "select * from " + other, new { Now = DateTime.UtcNow }));
        }

        await using var old = await owner.OpenConnectionAsync();
        await using var snapshot = await old.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await old.ExecuteScalarAsync<long>("select count(*) from community", transaction: snapshot);
        ulong since;
        await using (var closing = await owner.OpenConnectionAsync())
        {
            // A million clocks that run, planned ten minutes ago for the next days, and are then closed.
            await closing.ExecuteAsync("update clock set stopped_at = null, stopped_why = null, next_check_at = @Soon + (random() * 5) * interval '1 day' where stopped_at is not null", new { Soon = DateTime.UtcNow.AddMinutes(-10) }, commandTimeout: 3_600);
            since = await Xmin(owner);
            await closing.ExecuteAsync("update clock set stopped_at = @Now, stopped_why = 'met', next_check_at = null where stopped_at is null", new { Now = DateTime.UtcNow.AddYears(1) }, commandTimeout: 3_600);
        }

        const string Closed = ", just after they were closed while an old snapshot is held";
        Say("an idle tick" + Closed, await Buffers(owner, DateTime.UtcNow.AddSeconds(-10), since, null));
        Say("the tick every ten minutes that goes back to the beginning" + Closed, await Buffers(owner, DateTime.UtcNow.AddSeconds(-10), since, since));
        Console.WriteLine($"sweep: a worker's first{Closed}: {await Buffers(owner, DateTime.UnixEpoch, 0, null)} buffers (no tick: what it knows of no look before it reads)");
    }

    private static void Say(string what, long buffers) => Console.WriteLine($"sweep: {what}: {buffers} buffers (aim: {Aim}{(buffers > Aim ? ", MISSED" : "")})");

    private static async Task<ulong> Xmin(NpgsqlDataSource owner)
    {
        await using var command = owner.CreateCommand("select pg_snapshot_xmin(pg_current_snapshot())");
        return (ulong)(await command.ExecuteScalarAsync())!;
    }

    private static async Task Make(NpgsqlDataSource owner, IReadOnlyList<Spot> spots, int from, int count)
    {
        await using var connection = await owner.OpenConnectionAsync();
        var now = DateTime.UtcNow;
        var args = new
        {
            From = from,
            Count = count,
            Spots = spots.Count,
            Now = now.AddDays(-1),
            Due = now.AddSeconds(-1),
            Communities = spots.Select(s => s.CommunityId).ToArray(),
            Categories = spots.Select(s => s.CategoryId).ToArray(),
            Homes = spots.Select(s => s.HomeId).ToArray(),
        };
        await connection.ExecuteAsync(Requests, args, commandTimeout: 3_600);
        await connection.ExecuteAsync(Clocks, args, commandTimeout: 3_600);
        await connection.ExecuteAsync("analyze request; analyze clock", commandTimeout: 3_600);
    }

    /// <summary>As the workers' job does it.</summary>
    private static async Task<int> Drain(ServiceProvider desk)
    {
        var (due, done) = (desk.GetRequiredService<DueWork>(), 0);
        while (true)
        {
            var rows = await due.ClocksToCheck(AtOnce * 10, CancellationToken.None);
            foreach (var community in rows.GroupBy(r => r.CommunityId, r => r.ClockId))
            {
                foreach (var batch in community.Chunk(AtOnce))
                {
                    done += await Place.Send(desk, Actor.SystemIn(community.Key), new EscalateOverdue(community.Key, batch));
                }
            }

            if (rows.Count < AtOnce * 10)
            {
                return done;
            }
        }
    }

    /// <param name="after">Up to where the tick before found nothing.</param>
    /// <param name="since">The oldest transaction that it could not see.</param>
    /// <param name="allSince">The same of the last that went back to the beginning.</param>
    private static Task<long> Buffers(NpgsqlDataSource owner, DateTime after, ulong since, ulong? allSince)
    {
        var tick = $"select community_id, clock_id, next_check_at from clocks_to_check(@After, @Now, '{since}'::xid8, {(allSince is { } all ? $"'{all}'" : "null")}::xid8, 10000)";
        return Buffers(owner, tick, new { After = DateTime.SpecifyKind(after, DateTimeKind.Utc), Now = DateTime.UtcNow });
    }

    private static async Task<long> Buffers(NpgsqlDataSource owner, string sql, object args)
    {
        await using var connection = await owner.OpenConnectionAsync();
        var explain = "explain (analyze, buffers, format json) " + sql;
        await connection.ExecuteScalarAsync<string>(explain, args); // the function's own plan is made once a connection
        using var plan = JsonDocument.Parse((await connection.ExecuteScalarAsync<string>(explain, args))!);
        var root = plan.RootElement[0].GetProperty("Plan");
        return root.GetProperty("Shared Hit Blocks").GetInt64() + root.GetProperty("Shared Read Blocks").GetInt64();
    }
}
