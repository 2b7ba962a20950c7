using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>One migrated template a run; one copy of it a fixture.</summary>
internal static class TestDatabase
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static readonly string Run = Guid.NewGuid().ToString("N")[..12];
    private static readonly List<string> Made = [];
    private static readonly SemaphoreSlim DemoGate = new(1);
    private static (string Database, string Words)? demo;
    private static string? template;
    private static int copies;

    /// <summary>When the month of the demo ends that is loaded for tests: on a Monday at half past three at night in Shanghai, when nobody is at work.</summary>
    public static readonly DateTimeOffset DemoEnds = new(2026, 3, 1, 19, 30, 0, TimeSpan.Zero);

    /// <summary>The server that <c>./test</c> started. Without one, database tests are ignored at home and fail in CI.</summary>
    public static string Server => ServerOf(Environment.GetEnvironmentVariable("DESK_TEST_SERVER"), Environment.GetEnvironmentVariable("CI"));

    public static string ServerOf(string? server, string? ci)
    {
        if (server is { Length: > 0 })
        {
            return server;
        }

        const string sentence = "No PostgreSQL to test against: start the tests with ./test, or set DESK_TEST_SERVER.";
        if (ci is { Length: > 0 })
        {
            Assert.Fail(sentence);
        }

        Assert.Ignore(sentence);
        return "";
    }

    public static string On(string database) => new NpgsqlConnectionStringBuilder(Server) { Database = database, Pooling = true, MaxPoolSize = 60, Timeout = 120, CommandTimeout = 600, IncludeErrorDetail = true }.ConnectionString;

    /// <summary>A migrated database of one's own.</summary>
    public static async Task<string> Copy()
    {
        await Gate.WaitAsync();
        try
        {
            if (template is null)
            {
                var name = $"desk_{Run}_template";
                await OnServer($"create database {name}");
                Made.Add(name);
                await Migrations.Apply(On(name) + ";Pooling=false", TimeProvider.System, CancellationToken.None);
                template = name;
            }
        }
        finally
        {
            Gate.Release();
        }

        return await CopyOf(template);
    }

    /// <summary>A database of one's own that has the demo's month in it, which is loaded once a run, and what was said while it was.</summary>
    public static async Task<(string Database, string Words)> CopyOfTheDemo()
    {
        await DemoGate.WaitAsync();
        try
        {
            if (demo is null)
            {
                var name = await Copy();
                var connectionString = On(name);
                await using var words = new StringWriter();
                Assert.That(await DemoCommand.Load(connectionString, connectionString, DemoEnds, words, words, CancellationToken.None), Is.Zero, words.ToString());
                await OnServer($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"); // a template is nobody's
                demo = (name, words.ToString());
            }

            return (await CopyOf(demo.Value.Database), demo.Value.Words);
        }
        finally
        {
            DemoGate.Release();
        }
    }

    private static async Task<string> CopyOf(string database)
    {
        await Gate.WaitAsync();
        try
        {
            var copy = $"desk_{Run}_{++copies}";
            await OnServer($"create database {copy} template {database} strategy file_copy"); // a tenth of the time: nobody writes into the template
            Made.Add(copy);
            return copy;
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>An empty database of one's own.</summary>
    public static async Task<string> Empty()
    {
        await Gate.WaitAsync();
        try
        {
            var name = $"desk_{Run}_{++copies}";
            await OnServer($"create database {name}");
            Made.Add(name);
            return name;
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>A server that goes with the run takes them along.</summary>
    public static async Task DropAll()
    {
        if (Environment.GetEnvironmentVariable("DESK_TEST_SERVER_GOES") is { Length: > 0 })
        {
            return;
        }

        NpgsqlConnection.ClearAllPools();
        foreach (var name in Made.AsEnumerable().Reverse())
        {
            await OnServer($"drop database if exists {name} with (force)");
        }
    }

    private static async Task OnServer(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Server);
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 120;
        await command.ExecuteNonQueryAsync();
    }
}
