using Npgsql;
using PropertyServiceDesk.Workers;

// A worker as it is shipped, with a schedule of the tests' own: probe ID|CRON|WHAT[|single]…
// Each run leaves a row in probe_run and says so on the channel probe.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
await using var table = NpgsqlDataSource.Create(builder.Configuration.GetConnectionString("ServiceDesk")!);
await using var app = WorkersHost.Build(builder, [.. args.Select(Entry)]);
await app.RunAsync();

Entry Entry(string row)
{
    var parts = row.Split('|');
    return new Entry(parts[0], parts[1], (_, ct) => Run(parts[0], parts[2], ct), Single: parts is [.., "single"]);
}

async Task<int> Run(string id, string what, CancellationToken ct)
{
    var run = await Scalar("insert into probe_run (job, pid, started_at) values ($1, $2, clock_timestamp()) returning run_id", id, Environment.ProcessId);
    await Scalar("select pg_notify('probe', $1)::text", $"{id} started {Environment.ProcessId}");
    var earlier = (long)(await Scalar("select count(*) from probe_run where job = $1 and run_id < $2", id, run!))!;
    switch (what)
    {
        case "fails-twice" when earlier < 2:
            throw new IOException("As it was told.");
        case "hangs-once" when earlier == 0:
            await Task.Delay(TimeSpan.FromMinutes(5), ct);
            break;
        case "slow":
            await Task.Delay(TimeSpan.FromSeconds(1.5), ct);
            break;
    }

    await Scalar("update probe_run set ended_at = clock_timestamp() where run_id = $1", run!);
    await Scalar("select pg_notify('probe', $1)::text", $"{id} ended {Environment.ProcessId}");
    return 1;
}

async Task<object?> Scalar(string sql, params object[] values)
{
    await using var command = table.CreateCommand(sql);
    foreach (var value in values)
    {
        command.Parameters.Add(new() { Value = value });
    }

    return await command.ExecuteScalarAsync();
}
