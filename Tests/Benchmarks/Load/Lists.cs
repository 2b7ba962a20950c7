using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using PropertyServiceDesk.Tests.Benchmarks;

namespace PropertyServiceDesk.Load;

/// <summary>Queues, search and card over HTTP, one caller, at a given volume.</summary>
internal static class Lists
{
    private const int Calls = 60;
    private const int Rounds = 5;

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
    }
}
