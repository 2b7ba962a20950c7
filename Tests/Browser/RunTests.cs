using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary><c>./run</c> as somebody starts it in a terminal and ends it with Ctrl-C.</summary>
[Category("Process")]
public sealed class RunTests
{
    /// <summary>The script of <c>Web/browser</c> that it walks.</summary>
    internal const string Loop = "loop";

    private const string Ready = RunningDesk.Ready;

    private static readonly TimeSpan Start = RunningDesk.Start;

    private static readonly TimeSpan End = RunningDesk.End;

    private readonly List<string> folders = [];
    private readonly List<string> copies = [];

    [OneTimeTearDown]
    public async Task LetGoOfTheFolders()
    {
        foreach (var folder in folders)
        {
            await (copies.Contains(folder) ? RunningDesk.Output(Path.Combine(folder, "db", "server"), "remove", "--data", Path.Combine(folder, ".desk")) : Server("remove", "--data", folder));
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    [Test]
    public async Task A_desk_with_a_PostgreSQL_of_its_own_keeps_what_is_made_beside_another_one_and_when_it_is_killed()
    {
        var (data, port) = (Folder(), await FreePort());
        await BreakOffTheLoad(data, port);

        await using var killed = Run(null, "--port", Word(port), "--data", data);

        // It is there when it says so, and says where and for whom.
        Assert.That(await killed.Line(Ready, Start), Does.Match($@"^{Ready}\d+ s: http://127\.0\.0\.1:{port}$"));
        await killed.Line("Logs: ", End);
        Assert.That(killed.Said, Does.Contain($"Sign in with the password {DemoCommand.Password} as").And.Match(@"(?m)^\s+clerk\s+front desk 前台").And.Not.Contain("Administrator administrator"));
        Assert.That(killed.Said, Does.Match("(?s)Building Api.+Building Workers.+PostgreSQL.+Migrations.+Demo data.+broken off: starting over.+Emptying.+Demo data.+Starting Api and Workers"), "it says what it is doing");
        await IsThere(port);

        // Something is made.
        using var clerk = await SignIn(port, "clerk", DemoCommand.Password);
        var request = await Register(clerk);

        // Neither its data nor its port are for a second one.
        await RefusedInASentence(1, $"uses the data in {data};", null, "--port", Word(await FreePort()), "--data", data);
        await RefusedInASentence(1, $"port {port} is taken;", null, "--port", Word(port), "--data", Folder());
        await IsThere(port);

        // Another one has its own, and ends alone.
        await BesideAnother();
        await IsThere(port);
        Assert.That(await DescriptionOf(clerk, request), Is.EqualTo("厨房水管漏水"));

        // Killed the hard way, it leaves everything behind, and the next one ends it.
        killed.Kill();
        await killed.Ended(End);
        await using var again = Run(null, "--port", Word(port), "--data", data);
        var ready = await again.Line(Ready, Start);
        await again.Line("Logs: ", End);
        TestContext.Out.WriteLine("The second start: " + ready);
        Assert.That(again.Said, Does.Match("(?s)Building Api … nothing has changed.+Building Workers … nothing has changed"));
        Assert.That(again.Said.Split(Environment.NewLine).Count(l => l.EndsWith(", left behind by a ./run that was killed", StringComparison.Ordinal)), Is.EqualTo(2), again.Said);
        using var back = await SignIn(port, "clerk", DemoCommand.Password);
        Assert.That(await DescriptionOf(back, request), Is.EqualTo("厨房水管漏水"));
        await WalkTheLoop(port);
        var database = await Server("connection", "--data", data);

        await again.CtrlC();
        await IsGone(again, port);
        Assert.That(again.Said, Does.EndWith("Stopping …" + Environment.NewLine));
        Assert.That(killed.Left(), Is.Empty);
        Assert.ThrowsAsync<NpgsqlException>(() => Knock(database), "its PostgreSQL has ended, too");
    }

    /// <summary>Ctrl-C in the middle of the month that the demo makes.</summary>
    private static async Task BreakOffTheLoad(string data, int port)
    {
        var database = await Server("start", "--data", data) + ";Pooling=false";
        await Migrations.Apply(database, TimeProvider.System, CancellationToken.None);
        await using var source = NpgsqlDataSource.Create(database);
        await using var waiting = source.CreateCommand(
            """
            create function wait_here() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(4711); return null; end $$;
            create trigger wait_here after insert on request for each statement execute function wait_here();
            """);
        await waiting.ExecuteNonQueryAsync();
        await using var held = await HeldOpen.Begin(source);
        await held.Run("select pg_advisory_xact_lock(4711)", new { });

        await using var desk = Run(null, "--port", Word(port), "--data", data);
        await desk.Line("Demo data", Start);
        await held.IsWaitedFor();
        await desk.CtrlC();

        await IsBrokenOff(desk, port);
        Assert.ThrowsAsync<NpgsqlException>(() => Knock(database));
    }

    /// <summary>From a copy of the checkout, as a user who is not root where there is one: broken off while it builds and while it migrates, then with nothing but the reference data.</summary>
    private async Task BesideAnother()
    {
        var (copy, port) = (await Copy.Of(ApiDocument.Checkout(), Folder(copied: true)), await FreePort());
        await using (var building = copy.Run([("DESK_BUILD_HANGS", "yes")], "--port", Word(port)))
        {
            await building.Line("Building Api", Start);
            await building.CtrlC();
            await IsBrokenOff(building, port);
        }

        var database = TestDatabase.On(await TestDatabase.Empty());
        await using (var source = NpgsqlDataSource.Create(database))
        {
            await using var held = await HeldOpen.Begin(source);
            await held.Run("select pg_advisory_xact_lock(@Lock)", new { Migrations.Lock });
            await using var migrating = copy.Run([("ConnectionStrings__ServiceDesk", database)], "--port", Word(port), "--no-demo");
            await migrating.Line("Migrations", Start);
            await held.IsWaitedFor();
            await migrating.CtrlC();
            await IsBrokenOff(migrating, port);
            Assert.That(await Scalar<bool>(source, "select to_regclass('applied_migration') is null"), Is.True);
        }

        await using (var refused = copy.Run([("ConnectionStrings__ServiceDesk", await LeftByABrokenLoad())], "--port", Word(port)))
        {
            await refused.Ended(Start);
            IsASentence(refused, 1, "the demo data cannot be loaded: An earlier load of the demo data was broken off. Start over with an empty database (./run --reset empties its own). (all of it: ");
        }

        await using var beside = copy.Run([], "--port", Word(port), "--reset", "--no-demo");
        await beside.Line("Logs: ", Start);
        await IsThere(port);
        var shown = await beside.Line("Administrator administrator, password ", End);
        Assert.That(beside.Said, Does.Contain("Emptying " + copy.Place).And.Not.Contain(DemoCommand.Password));
        using var administrator = await SignIn(port, "administrator", shown.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]);
        await using (var own = NpgsqlDataSource.Create(copy.Connection() + ";Pooling=false"))
        {
            Assert.That(await Scalar<string>(own, "select string_agg(code, ' ') from community"), Is.EqualTo("first"));
            Assert.That(await Scalar<string>(own, "select string_agg(sign_in_name, ' ') from staff"), Is.EqualTo("administrator"));
            Assert.That(await Scalar<long>(own, "select count(distinct crew) from category"), Is.EqualTo(4), "its reference data are there");
            Assert.That(await Scalar<long>(own, "select count(*) from request"), Is.Zero);
        }

        Assert.That(await RunningDesk.Output("stat", "-c", "%u", Path.Combine(copy.Place, "pg")), copy.User is { } user ? Is.EqualTo(user) : Is.Not.Empty);
        await beside.CtrlC();
        await IsGone(beside, port);
    }

    /// <summary>A database of somebody's own, with a community of the demo that nothing was made of.</summary>
    private static async Task<string> LeftByABrokenLoad()
    {
        var database = TestDatabase.On(await TestDatabase.Copy());
        await using var source = NpgsqlDataSource.Create(database);
        await using var left = source.CreateCommand("insert into community (community_id, code, name, name_en, time_zone, created_at) values (gen_random_uuid(), 'riverside', '江畔', 'Riverside', 'Asia/Shanghai', '2026-01-01')");
        await left.ExecuteNonQueryAsync();
        return database;
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
        await BrowserScripts.Run([Loop], Address(port), new Dictionary<string, string> { ["DESK_PEOPLE"] = JsonSerializer.Serialize(people), ["DESK_CALLER"] = "5-1-301", ["DESK_ELSEWHERE"] = "5-1-302|5栋1单元302|Building 5, entrance 1, flat 302" });
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
    [TestCase("node", null, "Node.js 20.19 (or a later 20), or 22.12 or newer, is missing")]
    [TestCase("node", "echo v18.20.0", "Node.js 20.19 (or a later 20), or 22.12 or newer, is needed; this is v18.20.0")]
    [TestCase("node", "echo v20.18.3", ", is needed; this is v20.18.3")]
    [TestCase("node", "echo v21.7.3", ", is needed; this is v21.7.3")]
    [TestCase("node", "echo v22.11.0", ", is needed; this is v22.11.0")]
    [TestCase("npm", null, "npm is missing")]
    public Task What_is_missing_to_build_it_is_named(string tool, string? instead, string sentence) => IsMissing(tool, instead, sentence);

    [TestCase("v20.19.0")]
    [TestCase("v22.12.0")]
    [TestCase("v23.0.0")]
    public Task A_Node_that_the_web_client_can_be_built_with_is_taken(string version) => IsMissing("node", "echo " + version, "npm is missing", "npm");

    [Test]
    public void The_Node_that_is_asked_for_is_the_one_that_builds_the_web_client()
    {
        using var own = JsonDocument.Parse(File.ReadAllText(Path.Combine(ApiDocument.Checkout(), "Web", "package.json")));
        using var packages = JsonDocument.Parse(File.ReadAllText(Path.Combine(ApiDocument.Checkout(), "Web", "package-lock.json")));

        foreach (var builder in (string[])["vite", "rolldown"])
        {
            Assert.That(
                packages.RootElement.GetProperty("packages").GetProperty("node_modules/" + builder).GetProperty("engines").GetProperty("node").GetString(),
                Is.EqualTo(own.RootElement.GetProperty("engines").GetProperty("node").GetString()).And.EqualTo("^20.19.0 || >=22.12.0"),
                builder + ": .ci/steps.sh, the READMEs, CONTRIBUTING and docs/operations.md say which");
        }
    }

    /// <param name="without">What is not there at all.</param>
    private async Task IsMissing(string tool, string? instead, string sentence, string? without = null)
    {
        var path = Directory.CreateTempSubdirectory("desk-path-").FullName;
        folders.Add(path);
        string[] there = ["bash", "basename", "dirname", "grep", "cut", "tr", "sed", "dotnet", "node", "npm"];
        foreach (var name in there.Where(n => n != tool && n != without))
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

    /// <summary>Stopped before it was ready: everything that it had begun has ended, and it complains of nothing.</summary>
    private static async Task IsBrokenOff(Terminal run, int port)
    {
        await run.Ended(End);
        Assert.That((run.ExitCode, run.Complained), Is.EqualTo((130, "")), run.Said);
        Assert.That(run.Left(), Is.Empty);
        Assert.That(IsFree(port), Is.True);
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
    /// <param name="copied">For a copy of the checkout, which has its own data in it.</param>
    private string Folder(bool copied = false)
    {
        var folder = Path.Combine(Path.GetTempPath(), "desk-run-" + Guid.NewGuid().ToString("N")[..12]);
        folders.Add(folder);
        if (copied)
        {
            copies.Add(folder);
        }

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

    /// <summary>
    /// A checkout of its own, with what is built in it; as a user who is not root where the tests are root's and such a user can use what
    /// is needed to run it. What would build it does nothing, or hangs where it is told to.
    /// </summary>
    private sealed class Copy
    {
        private const string Make = """
            set -e
            cd "$1"
            mkdir -p "$2"/{Api,Workers}/{bin/Release,obj} "$2"/{docs,tools} "$2"/Web/node_modules "$2"/.desk/pg
            tar --exclude=bin --exclude=obj -cf - Api Workers Domain .editorconfig global.json Directory.*.props | tar -C "$2" -xf -
            cp -R run .ci db "$2"
            cp docs/openapi.json "$2/docs"
            for host in Api Workers; do cp -R $host/bin/Release/net10.0 "$2/$host/bin/Release"; done
            tar -C Web --exclude=./node_modules -cf - . | tar -C "$2/Web" -xf -
            cp Web/node_modules/.desk-* "$2/Web/node_modules"
            echo 9 >"$2/.desk/pg/PG_VERSION"
            printf '#!/bin/bash\nif [ "${1:-}" = build ]; then [ -z "${DESK_BUILD_HANGS:-}" ] || exec sleep infinity; exit 0; fi\nexec "%s" "$@"\n' "$3" >"$2/tools/dotnet"
            chmod 755 "$2/tools/dotnet"
            as=
            if [ "$(id -u)" = 0 ] && user=$(id -u nobody 2>/dev/null) && chown -R nobody "$2" &&
                setpriv --reuid="$user" --regid="$(id -g nobody)" --clear-groups -- bash -c 'cd "$1" && "$2" --list-runtimes && node --version' _ "$2" "$3" >/dev/null 2>&1; then
              as="setpriv --reuid=$user --regid=$(id -g nobody) --clear-groups --"
              echo "$user"
            fi
            printf 'exec %s bash "%s/run" "$@"\n' "$as" "$2" >"$2/tools/run"
            """;

        private readonly string folder;

        private Copy(string folder, string? user, string place) => (this.folder, User, Place) = (folder, user, place);

        /// <summary>The number of the user that is not root; null where whoever runs the tests runs it, too.</summary>
        public string? User { get; }

        /// <summary>Where its data lie.</summary>
        public string Place { get; }

        public static async Task<Copy> Of(string checkout, string folder)
        {
            var said = await RunningDesk.Output("bash", "-c", Make, "copy", checkout, folder, Terminal.Tool("dotnet"));
            var user = said.Length == 0 ? null : said;
            TestContext.Out.WriteLine(user is null ? $"The copy runs as {Environment.UserName}." : $"The copy runs as user {user}.");
            var place = user is null ? await RunningDesk.Output(Path.Combine(folder, "db", "server"), "place", "--data", Path.Combine(folder, ".desk")) : Path.Combine(folder, ".desk");
            return new Copy(folder, user, place);
        }

        public Terminal Run((string Name, string? Value)[] environment, params string[] arguments) => new(
            Path.Combine(folder, "tools", "run"),
            arguments,
            [
                ("ConnectionStrings__ServiceDesk", null), ("ConnectionStrings__ServiceDeskDirect", null), ("ASPNETCORE_URLS", null), ("Desk__Mode", null),
                ("HOME", folder), ("PATH", Path.Combine(folder, "tools") + ":" + Environment.GetEnvironmentVariable("PATH")), .. environment,
            ]);

        public string Connection() =>
            $"Host=127.0.0.1;Port={File.ReadLines(Path.Combine(Place, "pg", "postmaster.pid")).ElementAt(3)};Database=servicedesk;Username=postgres;Password={File.ReadAllText(Path.Combine(Place, "password"))}";
    }
}
