using System.Diagnostics;
using Dapper;
using Npgsql;

namespace PropertyServiceDesk.Load;

/// <summary>
/// The import of a file by the program itself, its start included, against a bare COPY of every row that the import made into the same
/// tables with the same constraints, indexes and triggers: one connection, one transaction, rows ready in memory.
/// </summary>
internal static class Import
{
    private const int Rounds = 5;

    private const string TablesThatAreEmpty = """
        with recursive made as (
            select c.oid, c.relname::text as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        ), depth as (
            select oid, name, 0 as level from made
            union all
            select m.oid, m.name, d.level + 1
            from depth d
            join pg_constraint k on k.contype = 'f' and k.confrelid = d.oid and k.conrelid <> d.oid
            join made m on m.oid = k.conrelid
            where d.level < 12
        )
        select d.name, string_agg(distinct quote_ident(a.attname), ', ') filter (where a.attgenerated = '') as columns
        from depth d
        join pg_attribute a on a.attrelid = d.oid and a.attnum > 0 and not a.attisdropped
        group by d.name
        order by max(d.level), d.name
        """;

    public static async Task Run(string connectionString, NpgsqlDataSource owner)
    {
        var (file, mapping) = (Environment.GetEnvironmentVariable("DESK_BENCH_CSV"), Environment.GetEnvironmentVariable("DESK_BENCH_MAPPING"));
        if (string.IsNullOrEmpty(file) || string.IsNullOrEmpty(mapping))
        {
            Console.WriteLine("import: not measured. DESK_BENCH_CSV names the file, DESK_BENCH_MAPPING its mapping.");
            return;
        }

        var copy = Path.Combine(Path.GetTempPath(), $"bench-import-{Guid.NewGuid():N}{Path.GetExtension(file)}");
        File.Copy(file, copy);
        try
        {
            await Measure(connectionString, owner, copy, mapping);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    private static async Task Measure(string connectionString, NpgsqlDataSource owner, string file, string mapping)
    {
        var (seconds, bareSeconds, ratios) = (new List<double>(), new List<double>(), new List<double>());
        var (requests, rows) = (0L, 0L);
        for (var round = 0; round < Rounds; round++)
        {
            await Fresh(owner, "bench_import", "bench_bare");
            await Program(connectionString, "bench_import", "migrate");
            await Program(connectionString, "bench_bare", "migrate");
            seconds.Add(await Program(connectionString, "bench_import", "import", "requests", file, "--map", mapping));
            (var took, rows, requests) = await Bare(connectionString);
            bareSeconds.Add(took);
            ratios.Add(took / seconds[^1]);
        }

        await Fresh(owner);
        var (us, them) = (Intake.Median(seconds), Intake.Median(bareSeconds));
        Console.WriteLine($"import, {requests:N0} requests that make {rows:N0} rows, {Rounds} rounds, interleaved, medians");
        Console.WriteLine($"  program {us:F1} s ({requests / us:F0} requests/s, {rows / us:F0} rows/s)   bare COPY {them:F1} s ({rows / them:F0} rows/s)   ratio {Intake.Median(ratios):F2}");
    }

    private static async Task Fresh(NpgsqlDataSource owner, params string[] make)
    {
        foreach (var name in new[] { "bench_import", "bench_bare" })
        {
            await Execute(owner, $"drop database if exists {name} with (force)");
        }

        foreach (var name in make)
        {
            await Execute(owner, $"create database {name}");
        }

        await Execute(owner, "checkpoint");
    }

    private static async Task Execute(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<double> Program(string connectionString, string database, params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Api.DeskHost).Assembly.Location, .. words])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["ConnectionStrings__ServiceDesk"] = In(connectionString, database) },
        };
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        var took = watch.Elapsed.TotalSeconds;
        return process.ExitCode == 0 ? took : throw new InvalidOperationException(string.Concat(await said));
    }

    private static string In(string connectionString, string database) => new NpgsqlConnectionStringBuilder(connectionString) { Database = database, CommandTimeout = 600, Pooling = false }.ConnectionString;

    private static async Task<(double Seconds, long Rows, long Requests)> Bare(string connectionString)
    {
        await using var from = new NpgsqlConnection(In(connectionString, "bench_import"));
        await using var to = new NpgsqlConnection(In(connectionString, "bench_bare"));
        await from.OpenAsync();
        await to.OpenAsync();
        var (loads, rows) = (new List<(string Copy, MemoryStream Bytes)>(), 0L);
        foreach (var (name, columns) in (await to.QueryAsync<(string Name, string Columns)>(TablesThatAreEmpty)).AsList())
        {
            var has = await from.ExecuteScalarAsync<long>($"select count(*) from {name}");
            if (has == 0 || await to.ExecuteScalarAsync<bool>($"select exists (select from {name})"))
            {
                continue;
            }

            var bytes = new MemoryStream();
            await using (var reading = await from.BeginRawBinaryCopyAsync($"copy {name} ({columns}) to stdout (format binary)"))
            {
                await reading.CopyToAsync(bytes);
            }

            loads.Add(($"copy {name} ({columns}) from stdin (format binary)", bytes));
            rows += has;
        }

        var watch = Stopwatch.StartNew();
        await using (var transaction = await to.BeginTransactionAsync())
        {
            foreach (var (copy, bytes) in loads)
            {
                bytes.Position = 0;
                await using var writing = await to.BeginRawBinaryCopyAsync(copy);
                await bytes.CopyToAsync(writing);
            }

            await transaction.CommitAsync();
        }

        return (watch.Elapsed.TotalSeconds, rows, await from.ExecuteScalarAsync<long>("select count(*) from request"));
    }
}
