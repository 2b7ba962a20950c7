using System.Runtime.InteropServices;
using Npgsql;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Load;
using PropertyServiceDesk.Tests.Benchmarks;

// load CONNECTION APIURL APIPID [intake|memory|lists|walls|import|sweep|messages]…
var (connectionString, apiUrl, apiPid) = (args[0], args[1], int.Parse(args[2]));
var what = args.Length > 3 ? args[3..] : ["intake", "memory", "lists", "walls", "import", "sweep", "messages"];

await using var owner = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 3600 }.ConnectionString).Build();
await using var desk = Place.Desk(connectionString);
var spots = await Place.Make(desk, owner, 50);
await using (var version = owner.CreateCommand("select version() || ', fsync ' || current_setting('fsync')"))
{
    Console.WriteLine($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, .NET {Environment.Version}");
    Console.WriteLine(await version.ExecuteScalarAsync());
}

if (what.Contains("intake"))
{
    Console.WriteLine($"round trips to the database per intake, commit included: {await Intake.RoundTrips(connectionString, spots[0])} (bare: 3)");
    var intake = new Intake(apiUrl, apiPid, connectionString, owner, spots);
    await intake.Run(1);
    await intake.Run(50);
}

if (what.Contains("memory"))
{
    await Memory.Run(connectionString, apiUrl, apiPid, spots);
}

if (what.Contains("lists"))
{
    await Lists.Run(apiUrl, owner, spots, Number("DESK_BENCH_CUSTOMERS"), Number("DESK_BENCH_REQUESTS"));
}

if (what.Contains("walls"))
{
    if (!what.Contains("lists"))
    {
        await Volume.Fill(owner, [.. spots.Select(s => s.CommunityId)], Number("DESK_BENCH_CUSTOMERS"), Number("DESK_BENCH_REQUESTS"));
    }

    await Walls.Run(connectionString, owner, spots, Number("DESK_BENCH_CUSTOMERS"), Number("DESK_BENCH_PAIRS", 300));
}

if (what.Contains("import"))
{
    await Import.Run(connectionString, owner);
}

if (what.Contains("sweep"))
{
    await Sweep.Run(desk, owner, spots, Number("DESK_BENCH_CLOCKS", 100_000), Number("DESK_BENCH_REQUESTS"));
}

if (what.Contains("messages"))
{
    await Messages.Run(connectionString, owner, spots, Number("DESK_BENCH_MESSAGES", 20_000));
}

static int Number(string name, int otherwise = 1_000_000) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text) : otherwise;
