using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Load;

/// <summary>
/// Intake over HTTP with everything on, against a hand-written minimum of the same effect (scope, key, reads, request, token, owner's link,
/// clock, event under the head row, reply) as two round trips of one prepared batch each, bare through Npgsql, with as many clients.
/// </summary>
internal sealed class Intake(string apiUrl, int apiPid, string connectionString, NpgsqlDataSource owner, IReadOnlyList<Spot> spots)
{
    private const int Clients = 16;
    private const int Rounds = 5;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public async Task Run(int communities)
    {
        var mine = spots.Take(communities).ToArray();
        using var http = await SignedIn(apiUrl);
        await using var bare = Bare();
        await Drive(i => Http(http, mine[i % mine.Length]), TimeSpan.FromSeconds(3)); // warm
        await Drive(i => Minimum(bare, mine[i % mine.Length]), TimeSpan.FromSeconds(2));

        var (ours, theirs, wal, bareWal, cpu) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var (before, busy) = (await Wal(), CpuMs());
            var done = await Drive(i => Http(http, mine[i % mine.Length]), Round);
            ours.Add(done.Count / done.Elapsed.TotalSeconds);
            wal.Add((await Wal() - before) / (double)done.Count);
            cpu.Add((CpuMs() - busy) / done.Count);

            before = await Wal();
            done = await Drive(i => Minimum(bare, mine[i % mine.Length]), Round);
            theirs.Add(done.Count / done.Elapsed.TotalSeconds);
            bareWal.Add((await Wal() - before) / (double)done.Count);
        }

        var (us, them) = (Median(ours), Median(theirs));
        Console.WriteLine($"intake, {communities} communities, {Clients} clients, {Rounds} rounds of {Round.TotalSeconds:F0} s each, interleaved, medians");
        Console.WriteLine($"  desk {us:F0}/s   bare {them:F0}/s   ratio {Median([.. ours.Zip(theirs, (a, b) => a / b)]):F2}");
        Console.WriteLine($"  WAL per intake: desk {Median(wal):F0} B, bare {Median(bareWal):F0} B   Api CPU per intake: {Median(cpu):F2} ms");

        var latencies = await AtRate(i => Http(http, mine[i % mine.Length]), us / 2, TimeSpan.FromSeconds(15));
        Console.WriteLine($"  at {us / 2:F0}/s (half of saturation, fixed arrivals, {latencies.Count} requests): p50 {Percentile(latencies, 50):F1} ms, p99 {Percentile(latencies, 99):F1} ms");
    }

    /// <summary>Commands sent to the database by one intake, and the commit.</summary>
    public static async Task<int> RoundTrips(string connectionString, Spot spot)
    {
        await using var desk = Place.Desk(connectionString);
        var actor = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "bench", [new RoleIn(spot.CommunityId, Roles.Clerk)], []);
        ReceiveRequest Command() => new(spot.CommunityId, RequestKind.Repair, Channel.Phone, spot.CategoryId, "厨房水管漏水", PlaceId: spot.HomeId, CustomerId: spot.CustomerId);
        await Place.Send(desk, actor, Command(), "warm");
        var commands = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => Interlocked.Increment(ref commands),
        };
        ActivitySource.AddActivityListener(listener);
        await Place.Send(desk, actor, Command(), "counted");
        return commands + 1;
    }

    public static async Task<HttpClient> SignedIn(string apiUrl, string name = Place.Clerk)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64, UseCookies = true }) { BaseAddress = new Uri(apiUrl) };
        using var reply = await http.PostAsJsonAsync("/api/session", new { signInName = name, password = Place.Password });
        reply.EnsureSuccessStatusCode();
        return http;
    }

    public static async Task Http(HttpClient http, Spot spot)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/requests")
        {
            Content = JsonContent.Create(Body(spot)),
        };
        message.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        using var reply = await http.SendAsync(message);
        reply.EnsureSuccessStatusCode();
        await reply.Content.ReadAsByteArrayAsync();
    }

    public static object Body(Spot spot) => new
    {
        communityId = spot.CommunityId,
        kind = "repair",
        channel = "phone",
        categoryId = spot.CategoryId,
        description = "厨房水管漏水，请尽快来修",
        placeId = spot.HomeId,
        customerId = spot.CustomerId,
    };

    public static double Median(IReadOnlyList<double> values) => Percentile(values, 50);

    public static double Percentile(IReadOnlyList<double> values, int percent)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(sorted.Length * percent / 100.0) - 1)];
    }

    public static async Task<(int Count, TimeSpan Elapsed)> Drive(Func<int, Task> once, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var count = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            for (var i = client; watch.Elapsed < time; i += Clients)
            {
                await once(i);
                Interlocked.Increment(ref count);
            }
        }));
        return (count, watch.Elapsed);
    }

    /// <summary>Arrivals come when they come: latency counts from when one was due, not from when it could be sent.</summary>
    private static async Task<List<double>> AtRate(Func<int, Task> once, double perSecond, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var latencies = new List<double>();
        var running = new List<Task>();
        for (var i = 0; ; i++)
        {
            var due = TimeSpan.FromSeconds(i / perSecond);
            if (due >= time)
            {
                break;
            }

            if (due > watch.Elapsed)
            {
                await Task.Delay(due - watch.Elapsed);
            }

            var nth = i;
            running.Add(Task.Run(async () =>
            {
                await once(nth);
                var took = (watch.Elapsed - due).TotalMilliseconds;
                lock (latencies)
                {
                    latencies.Add(took);
                }
            }));
        }

        await Task.WhenAll(running);
        return latencies;
    }

    private double CpuMs()
    {
        var fields = File.ReadAllText($"/proc/{apiPid}/stat").Split(") ")[1].Split(' ');
        return (long.Parse(fields[11]) + long.Parse(fields[12])) * 10.0; // clock ticks of 10 ms
    }

    private async Task<long> Wal()
    {
        await using var command = owner.CreateCommand("select (pg_current_wal_insert_lsn() - '0/0')::bigint");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private NpgsqlDataSource Bare() =>
        new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(connectionString) { NoResetOnClose = true, MaxAutoPrepare = 50, AutoPrepareMinUsages = 2, MaxPoolSize = Clients }.ConnectionString).Build();

    private static async Task Minimum(NpgsqlDataSource source, Spot spot)
    {
        var now = Instants.Now(TimeProvider.System).UtcDateTime;
        var (request, key, actor) = (Guid.CreateVersion7(), Guid.NewGuid().ToString(), spot.CustomerId);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        long number;
        await using (var read = new NpgsqlBatch(connection, transaction))
        {
            Add(read, "call enter_scope($1, $2)", spot.CommunityId.ToString(), actor.ToString());
            Add(read, "insert into idempotency_key (actor_id, key, command, body_hash, created_at) values ($1, $2, 'intake', $3, $4) on conflict do nothing", actor, key, SHA256.HashData(Encoding.UTF8.GetBytes(key)), now);
            Add(
                read,
                "select nextval('spoken_number'), v.policy_version_id from category c join place p on p.community_id = c.community_id and p.place_id = $2 join customer u on u.community_id = c.community_id and u.customer_id = $3 join sla_profile_version v on v.community_id = c.community_id where c.community_id = $4 and c.category_id = $1",
                spot.CategoryId,
                spot.HomeId,
                spot.CustomerId,
                spot.CommunityId);
            await using var reader = await read.ExecuteReaderAsync();
            await reader.ReadAsync();
            number = SpokenNumber.Of(reader.GetInt64(0));
            actor = reader.GetGuid(1);
        }

        await using (var write = new NpgsqlBatch(connection, transaction))
        {
            Add(
                write,
                "insert into request (community_id, request_id, number, kind, channel, category_id, priority, description, place_id, customer_id, reported_at, registered_at, registered_by) values ($1, $2, $3, 'repair', 'phone', $4, 'normal', $5, $6, $7, $8, $8, $7)",
                spot.CommunityId,
                request,
                number,
                spot.CategoryId,
                "厨房水管漏水，请尽快来修",
                spot.HomeId,
                spot.CustomerId,
                now);
            Add(write, "insert into search_token (community_id, token, kind, id) values ($1, $2, 'request', $3)", spot.CommunityId, "r:" + number, request);
            Add(
                write,
                "insert into owner_link (community_id, owner_link_id, request_id, token_hash, made_at) values ($1, $2, $3, $4, $5)",
                spot.CommunityId,
                Guid.CreateVersion7(),
                request,
                SHA256.HashData(RandomNumberGenerator.GetBytes(32)),
                now);
            Add(
                write,
                "insert into clock (community_id, clock_id, subject_kind, subject_id, kind, policy_version_id, started_at, due_at, next_check_at) values ($1, $2, 'request', $3, 'finish', $4, $5, $6, $6)",
                spot.CommunityId,
                Guid.CreateVersion7(),
                request,
                actor,
                now,
                now.AddHours(12));
            Add(
                write,
                "select append_events($1, $2, array['request'], array[$3::uuid], array['requestReceived'], array['owner'], array[$4], array[$2::timestamptz], array[$5::bytea], array[$6], 'staff', $3::uuid, 'phone', null, null)",
                spot.CommunityId,
                now,
                request,
                JsonSerializer.Serialize(new { number, spot.CategoryId, spot.HomeId, spot.CustomerId, now }),
                RandomNumberGenerator.GetBytes(16),
                "厨房水管漏水，请尽快来修");
            Add(write, "update idempotency_key set reply = $1 where actor_id = $2 and key = $3", JsonSerializer.Serialize(new { request, number }), spot.CustomerId, key);
            await write.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(value is DateTime at ? new NpgsqlParameter { Value = at, NpgsqlDbType = NpgsqlDbType.TimestampTz } : new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
    }
}
