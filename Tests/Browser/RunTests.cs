using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary><c>./run</c> as somebody starts it in a terminal and ends it with Ctrl-C.</summary>
[Category("Process")]
public sealed class RunTests
{
    private const string Ready = RunningDesk.Ready;

    private static readonly TimeSpan Start = RunningDesk.Start;

    private static readonly TimeSpan End = RunningDesk.End;

    private readonly List<string> folders = [];

    [OneTimeTearDown]
    public async Task LetGoOfTheFolders()
    {
        foreach (var folder in folders)
        {
            await Server("remove", "--data", folder);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    [Test]
    public async Task A_desk_with_a_PostgreSQL_of_its_own_keeps_what_is_made_until_it_is_to_start_over_and_another_one_runs_beside_it()
    {
        var (data, port) = (Folder(), await FreePort());
        string database, request;

        await using (var desk = Run(null, "--port", Word(port), "--data", data))
        {
            // It is there when it says so, and says where and for whom.
            Assert.That(await desk.Line(Ready, Start), Does.Match($@"^{Ready}\d+ s: http://127\.0\.0\.1:{port}$"));
            await desk.Line("Logs: ", End);
            Assert.That(desk.Said, Does.Contain($"Sign in with the password {DemoCommand.Password} as").And.Match(@"(?m)^\s+clerk\s+front desk 前台").And.Not.Contain("Administrator administrator"));
            Assert.That(desk.Said, Does.Match("(?s)Building Api.+Building Workers.+PostgreSQL.+Migrations.+Demo data.+Starting Api and Workers"), "it says what it is doing");
            await IsThere(port);

            // Something is made.
            using var clerk = await SignIn(port, "clerk", DemoCommand.Password);
            request = await Register(clerk);
            database = await Server("connection", "--data", data);

            // Neither its data nor its port are for a second one.
            await RefusedInASentence(1, $"uses the data in {data};", null, "--port", Word(await FreePort()), "--data", data);
            await RefusedInASentence(1, $"port {port} is taken;", null, "--port", Word(port), "--data", Folder());
            await IsThere(port);

            // Another one has its own, and ends alone.
            await BesideAnother();
            await IsThere(port);
            Assert.That(await DescriptionOf(clerk, request), Is.EqualTo("厨房水管漏水"));

            await desk.CtrlC();
            await IsGone(desk, port);
            Assert.That(desk.Said, Does.EndWith("Stopping …" + Environment.NewLine));
            Assert.ThrowsAsync<NpgsqlException>(() => Knock(database), "its PostgreSQL has ended, too");
        }

        await using (var again = Run(null, "--port", Word(port), "--data", data))
        {
            await again.Line("Logs: ", Start);
            Assert.That(again.Said, Does.Match(@"(?s)Building Api … nothing has changed.+Building Workers … nothing has changed"));
            using var clerk = await SignIn(port, "clerk", DemoCommand.Password);
            Assert.That(await DescriptionOf(clerk, request), Is.EqualTo("厨房水管漏水"));
            await WalkTheLoop(port);
            await again.CtrlC();
            await IsGone(again, port);
        }

        await using (var over = Run(null, "--port", Word(port), "--data", data, "--reset", "--no-demo"))
        {
            await over.Line("Logs: ", Start);
            Assert.That(over.Said, Does.Match(@"(?m)^\s+Administrator administrator, password \S+ ").And.Not.Contain(DemoCommand.Password));
            using var nobody = new ApiClient(Address(port), new Unexpected());
            await nobody.PostJson("/api/session", new { signInName = "clerk", password = DemoCommand.Password }, HttpStatusCode.Unauthorized);
            await over.CtrlC();
            await IsGone(over, port);
        }
    }

    /// <summary>Over a database that is somebody else's to start and stop, with reference data only.</summary>
    private async Task BesideAnother()
    {
        var (database, port) = (TestDatabase.On(await TestDatabase.Empty()), await FreePort());

        await using var beside = Run(database, "--port", Word(port), "--data", Folder(), "--no-demo");
        await beside.Line("Logs: ", Start);
        await IsThere(port);
        var shown = await beside.Line("Administrator administrator, password ", End);
        using var administrator = await SignIn(port, "administrator", shown.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]);
        await beside.CtrlC();
        await IsGone(beside, port);

        await using var source = NpgsqlDataSource.Create(database);
        Assert.That(await Scalar<string>(source, "select string_agg(code, ' ') from community"), Is.EqualTo("first"));
        Assert.That(await Scalar<string>(source, "select string_agg(sign_in_name, ' ') from staff"), Is.EqualTo("administrator"));
        Assert.That(await Scalar<long>(source, "select count(distinct crew) from category"), Is.EqualTo(4), "its reference data are there");
        Assert.That(await Scalar<long>(source, "select count(*) from request"), Is.Zero);
    }

    /// <summary>As its users do: a call at the front desk, the crew's telephone, the owner's word, on what the demo holds.</summary>
    private static async Task WalkTheLoop(int port)
    {
        if (BrowserScripts.Missing() is { } missing)
        {
            Assert.That(Environment.GetEnvironmentVariable("CI"), Is.Null.Or.Empty, missing);
            TestContext.Out.WriteLine($"The loop was not walked: {missing}");
            return;
        }

        var people = new Dictionary<string, string[]> { ["clerk"] = ["clerk", DemoCommand.Password], ["member"] = ["crew.engineering", DemoCommand.Password] };
        await BrowserScripts.Run(["loop"], Address(port), new Dictionary<string, string> { ["DESK_PEOPLE"] = JsonSerializer.Serialize(people), ["DESK_CALLER"] = "5-1-301" });
    }

    private static IEnumerable<TestCaseData> Unusable()
    {
        yield return new TestCaseData("Host=127.0.0.1;Port=1;Database=desk;Username=desk;Password=a-secret", "names 127.0.0.1:1, where no server answers").SetArgDisplayNames("a server that is not there");
        yield return new TestCaseData("a-secret", "is not a connection string with a Host").SetArgDisplayNames("no connection string");
        yield return new TestCaseData("Host=db;Port=0;Password=a-secret", "names a port that is none").SetArgDisplayNames("no port");
    }

    [TestCaseSource(nameof(Unusable))]
    public async Task A_database_that_cannot_be_reached_is_refused_before_anything_is_built(string connection, string sentence) =>
        await RefusedInASentence(1, "ConnectionStrings__ServiceDesk " + sentence, connection, "--port", Word(await FreePort()), "--data", Folder());

    [Test]
    public async Task A_database_that_lets_nobody_in_is_refused_in_a_sentence()
    {
        var connection = new NpgsqlConnectionStringBuilder(TestDatabase.Server) { Username = "nobody-of-that-name", Password = "a-secret" }.ConnectionString;

        await RefusedInASentence(1, "the database named by ConnectionStrings__ServiceDesk cannot be used: ", connection, "--port", Word(await FreePort()), "--data", Folder());
    }

    [Test]
    public async Task The_direct_way_to_the_database_is_looked_at_as_well()
    {
        await using var run = new Terminal(
            "run",
            ["--port", Word(await FreePort()), "--data", Folder()],
            ("ConnectionStrings__ServiceDesk", TestDatabase.Server),
            ("ConnectionStrings__ServiceDeskDirect", "Host=127.0.0.1;Port=1;Password=a-secret"));
        await run.Ended(Start);

        IsASentence(run, 1, "ConnectionStrings__ServiceDeskDirect names 127.0.0.1:1, where no server answers");
    }

    [TestCase("--fly")]
    [TestCase("--port")]
    [TestCase("--port", "many")]
    [TestCase("--port", "0")]
    [TestCase("--port", "65536")]
    [TestCase("--data")]
    [TestCase("--data", "")]
    public async Task What_is_no_argument_is_answered_with_how_to_call_it(params string[] arguments)
    {
        await using var run = Run(null, arguments);
        await run.Ended(End);

        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Complained, Does.StartWith("run: ").And.Contain("usage: ./run [--port N] [--data DIR] [--reset] [--no-demo]"));
        Assert.That(run.Said, Is.Empty);
    }

    [Test]
    public Task Nothing_of_somebody_elses_server_is_emptied() => RefusedInASentence(2, "--reset empties only the private PostgreSQL;", "Host=127.0.0.1;Port=1;Password=a-secret", "--reset");

    [TestCase("dotnet", null, "the .NET 10 SDK is missing")]
    [TestCase("dotnet", "echo '8.0.100 [/usr/share/dotnet/sdk]'", "the .NET 10 SDK is missing; dotnet here has: 8.0.100")]
    [TestCase("node", null, "Node.js 20 or newer is missing")]
    [TestCase("node", "echo v18.20.0", "Node.js 20 or newer is needed; this is v18.20.0")]
    [TestCase("npm", null, "npm is missing")]
    public async Task What_is_missing_to_build_it_is_named(string tool, string? instead, string sentence)
    {
        var path = Directory.CreateTempSubdirectory("desk-path-").FullName;
        folders.Add(path);
        string[] there = ["bash", "basename", "dirname", "grep", "cut", "tr", "sed", "dotnet", "node", "npm"];
        foreach (var name in there.Where(n => n != tool))
        {
            File.CreateSymbolicLink(Path.Combine(path, name), Terminal.Tool(name));
        }

        if (instead is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(path, tool), $"#!/bin/bash\n{instead}\n");
            using var chmod = Process.Start("chmod", ["500", Path.Combine(path, tool)]);
            await chmod.WaitForExitAsync();
        }

        await using var run = new Terminal("run", [], ("PATH", path), ("ConnectionStrings__ServiceDesk", null));
        await run.Ended(End);

        IsASentence(run, 1, sentence);
    }

    private static async Task RefusedInASentence(int code, string sentence, string? connection, params string[] arguments)
    {
        await using var run = Run(connection, arguments);
        await run.Ended(Start);

        IsASentence(run, code, sentence);
        Assert.That(run.Left(), Is.Empty);
    }

    private static void IsASentence(Terminal run, int code, string sentence)
    {
        Assert.That(run.ExitCode, Is.EqualTo(code), run.Said + run.Complained);
        Assert.That(run.Complained, Does.StartWith("run: ").And.Contain(sentence));
        Assert.That(run.Complained.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1), run.Complained);
        Assert.That(run.Said + run.Complained, Does.Not.Contain("a-secret").And.Not.Contain("   at "));
    }

    private static Terminal Run(string? connection, params string[] arguments) => RunningDesk.Run(connection, arguments);

    private static async Task IsThere(int port)
    {
        using var http = new HttpClient { BaseAddress = Address(port), Timeout = End };
        foreach (var path in (string[])["/health/live", "/health/ready", "/"])
        {
            using var reply = await http.GetAsync(path);
            Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK), path);
        }
    }

    private static async Task IsGone(Terminal desk, int port)
    {
        await desk.Ended(End);
        Assert.That(desk.ExitCode, Is.Zero, desk.Complained);
        Assert.That(desk.Complained, Is.Empty);
        Assert.That(desk.Left(), Is.Empty);
        Assert.That(IsFree(port), Is.True);
    }

    private static async Task<ApiClient> SignIn(int port, string name, string password)
    {
        var client = new ApiClient(Address(port), new Unexpected());
        await client.PostJson("/api/session", new { signInName = name, password }, HttpStatusCode.OK);
        return client;
    }

    /// <returns>The address of a repair at a home.</returns>
    private static async Task<string> Register(ApiClient clerk)
    {
        var community = (await clerk.GetJson("/api/communities")).Body[0].GetProperty("communityId").GetGuid();
        var category = (await clerk.GetJson($"/api/communities/{community}/categories?kind=repair")).Body.EnumerateArray().First(c => c.GetProperty("code").GetString() == "water").GetProperty("categoryId").GetGuid();
        var body = new { communityId = community, kind = "repair", channel = "phone", categoryId = category, description = "厨房水管漏水", reporter = new { phone = "13800138000" } };
        return (await clerk.PostJson("/api/requests", body, HttpStatusCode.Created)).Location!;
    }

    private static async Task<string> DescriptionOf(ApiClient reader, string request) => (await reader.GetJson(request)).Body.GetProperty("request").GetProperty("description").GetString()!;

    private static async Task Knock(string database)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
    }

    private static async Task<T> Scalar<T>(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private static Uri Address(int port) => RunningDesk.At(port);

    private static string Word(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A folder that is not there yet.</summary>
    private string Folder()
    {
        var folder = Path.Combine(Path.GetTempPath(), "desk-run-" + Guid.NewGuid().ToString("N")[..12]);
        folders.Add(folder);
        return folder;
    }

    private static Task<int> FreePort() => RunningDesk.FreePort();

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Task<string> Server(params string[] arguments) => RunningDesk.Output(Path.Combine(ApiDocument.Checkout(), "db", "server"), arguments);
}
