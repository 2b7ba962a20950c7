using System.Diagnostics;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Benchmarks;

namespace PropertyServiceDesk.Load;

/// <summary>
/// What the second wall costs: each call twice over the same database, once as the product makes it, once in a role that bypasses row-level
/// security and does not ask which complaints are to be hidden. The product has no switch for that: the bench's connection finds its own
/// enter_scope and enter_reading first, in a schema that only this database has. One caller, no HTTP between: what is measured is the desk
/// and the database. The two take turns at going first.
/// </summary>
internal static class Walls
{
    private const int Warm = 15;

    private const string Bare = """
        create role bench_bare nologin bypassrls;
        grant desk_app to bench_bare;
        create schema bench;
        grant usage on schema bench to public;
        create procedure bench.enter_scope(p_communities text, p_actor text) language plpgsql as $$
        begin
            perform set_config('role', 'bench_bare', true),
                    set_config('desk.communities', p_communities, true),
                    set_config('desk.actor', p_actor, true),
                    set_config('desk.hidden', '', true);
        end
        $$;
        create procedure bench.enter_reading(p_communities text, p_actor text) language plpgsql as $$
        begin
            perform set_config('role', 'bench_bare', true),
                    set_config('desk.communities', p_communities, true),
                    set_config('desk.actor', p_actor, true),
                    set_config('desk.hidden', '', true);
        end
        $$;
        """;

    private const string Remove = """
        drop schema bench cascade;
        drop role bench_bare;
        """;

    private const string Seen = """
        call enter_reading($1, '00000000-0000-0000-0000-000000000000')
        """;

    public static async Task Run(string connectionString, NpgsqlDataSource owner, IReadOnlyList<Spot> spots, int customers, int pairs)
    {
        await using (var make = owner.CreateCommand(Bare))
        {
            await make.ExecuteNonQueryAsync();
        }

        try
        {
            var around = new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = "bench, public" }.ConnectionString;
            await using var walled = Place.Desk(connectionString);
            await using var bare = Place.Desk(around);
            await MustDiffer(connectionString, around, spots[0]);
            Console.WriteLine($"walls: with row-level security against a role that bypasses it; {pairs} pairs of each call, medians of one run, {customers:N0} customers in {spots.Count} communities");
            var clerk = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "bench", [new RoleIn(spots[0].CommunityId, Roles.Clerk)], []);
            await Measure("a clerk of one community", walled, bare, clerk, [spots[0]], customers, spots.Count, pairs);
            await Measure($"an officer of {spots.Count} communities", walled, bare, clerk with { Roles = [.. spots.Select(s => new RoleIn(s.CommunityId, Roles.CustomerOfficer))] }, spots, customers, spots.Count, pairs);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await using var remove = owner.CreateCommand(Remove);
            await remove.ExecuteNonQueryAsync();
        }
    }

    private static async Task Measure(string who, ServiceProvider walled, ServiceProvider bare, Actor actor, IReadOnlyList<Spot> spots, int customers, int communities, int pairs)
    {
        var random = new Random(1);
        var one = spots[0].CommunityId;
        int Any() => (random.Next((customers / communities) - 1) * communities) + communities; // of the first community
        Func<ServiceProvider, Task> Ask<T>(IRequest<T> request) => desk => Place.Send(desk, actor, request);
        var calls = new (string Kind, string Name, Func<Func<ServiceProvider, Task>> Next)[]
        {
            ("search", "search: last four digits", () => Ask(new Search(Volume.PhoneOf(Any())[^4..]))),
            ("search", "search: whole number", () => Ask(new Search(Volume.PhoneOf(Any())))),
            ("search", "search: name", () => Ask(new Search(Volume.NameOf(Any())))),
            ("search", "search: initials", () => Ask(new Search("wwf"))),
            ("search", "search: home", () => Ask(new Search(Volume.HomeOf(Any())))),
            ("card", "customer's card", () => Ask(new GetCard(Guid.Parse($"01900000-0000-7001-8000-{Any():x12}")))),
            ("lists", "requests, newest", () => Ask(new ListRequests(new RequestFilter()))),
            ("lists", "requests, newest, one community", () => Ask(new ListRequests(new RequestFilter(one)))),
            ("lists", "open requests by due time", () => Ask(new ListRequests(new RequestFilter(one, Open: true), RequestSort.DueFirst))),
            ("lists", "open orders by due time", () => Ask(new ListWorkOrders(new WorkOrderFilter(one, Open: true), WorkOrderSort.DueFirst))),
            ("intake", "intake", () =>
            {
                var spot = spots[random.Next(spots.Count)];
                var command = new ReceiveRequest(spot.CommunityId, RequestKind.Repair, Channel.Phone, spot.CategoryId, "厨房水管漏水，请尽快来修", PlaceId: spot.HomeId, CustomerId: spot.CustomerId);
                return desk => Place.Send(desk, actor, command, Guid.NewGuid().ToString());
            }),
        };

        Console.WriteLine($"  {who}");
        var sums = new Dictionary<string, (double With, double Without)>();
        foreach (var (kind, name, next) in calls)
        {
            var (with, without) = (new List<double>(), new List<double>());
            for (var pair = -Warm; pair < pairs; pair++)
            {
                var call = next();
                var (first, second) = pair % 2 == 0 ? (walled, bare) : (bare, walled);
                var (a, b) = (await Time(call, first), await Time(call, second));
                if (pair >= 0)
                {
                    with.Add(pair % 2 == 0 ? a : b);
                    without.Add(pair % 2 == 0 ? b : a);
                }
            }

            var (ours, theirs) = (Intake.Median(with), Intake.Median(without));
            sums[kind] = (sums.GetValueOrDefault(kind).With + ours, sums.GetValueOrDefault(kind).Without + theirs);
            Console.WriteLine($"    {name,-34} {ours,8:F2} ms   without {theirs,8:F2} ms   {Share(ours, theirs)}");
        }

        Console.WriteLine($"    all of a kind together: {string.Join(", ", sums.Select(s => $"{s.Key} {Share(s.Value.With, s.Value.Without).Trim()}"))} (aim: 15 % at most)");
    }

    private static string Share(double with, double without) => $"{(with / without) - 1,7:+0.0 %;-0.0 %}";

    private static async Task<double> Time(Func<ServiceProvider, Task> call, ServiceProvider desk)
    {
        var from = Stopwatch.GetTimestamp();
        await call(desk);
        return Stopwatch.GetElapsedTime(from).TotalMilliseconds;
    }

    /// <exception cref="InvalidOperationException">The two are the same: nothing would be measured.</exception>
    private static async Task MustDiffer(string connectionString, string around, Spot spot)
    {
        var (with, without) = (await Others(connectionString, spot), await Others(around, spot));
        if (with || !without)
        {
            throw new InvalidOperationException($"Of other communities {(with ? "something" : "nothing")} is seen with the wall, and {(without ? "something" : "nothing")} without.");
        }
    }

    private static async Task<bool> Others(string connectionString, Spot spot)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Seen) { Parameters = { new NpgsqlParameter { Value = spot.CommunityId.ToString() } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select exists (select from request where community_id <> $1)") { Parameters = { new NpgsqlParameter { Value = spot.CommunityId } } });
        return await batch.ExecuteScalarAsync() is true;
    }
}
