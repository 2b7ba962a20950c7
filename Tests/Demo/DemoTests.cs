using System.Diagnostics;
using System.Net;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Demo;

/// <summary>The demo, loaded once.</summary>
public sealed class DemoTests
{
    private static readonly DateTimeOffset End = TestDatabase.DemoEnds;

    private NpgsqlDataSource owner = null!;
    private string connectionString = "";
    private string said = "";

    [OneTimeSetUp]
    public async Task LoadIt()
    {
        (var database, said) = await TestDatabase.CopyOfTheDemo();
        connectionString = TestDatabase.On(database);
        owner = NpgsqlDataSource.Create(connectionString);
    }

    [OneTimeTearDown]
    public async Task LetGo()
    {
        if (owner is not null)
        {
            await owner.DisposeAsync();
        }
    }

    [Test]
    public async Task Every_clock_of_the_demo_is_as_the_log_says()
    {
        using var output = new StringWriter();

        var agree = await Api.Tools.ClockCommands.Verify(connectionString, connectionString, null, output, CancellationToken.None);

        Assert.That(agree, Is.True, output.ToString());
        Assert.That(output.ToString(), Does.Contain(" clocks in 3 communities, 0 differences"));
    }

    [Test]
    public async Task A_second_load_changes_nothing_and_prints_the_accounts_again()
    {
        var before = await Counts();

        var (exit, words, _) = await Load();

        Assert.That(exit, Is.Zero);
        Assert.That(await Counts(), Is.EqualTo(before));
        Assert.That(words, Does.StartWith("The demo data are there.").And.Contains(DemoCommand.Password).And.Contains("lead.engineering"));
        Assert.That(said, Does.Contain(DemoCommand.Password));
    }

    [Test]
    public async Task Reports_of_it_equal_a_slow_and_plain_count()
    {
        var clock = new FakeClock();
        clock.Set(End);
        await using var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddLogging().AddServiceDesk(connectionString).BuildServiceProvider();
        foreach (var community in await Rows<Guid>("select community_id from community where code in ('riverside', 'cuihu') order by 1"))
        {
            var manager = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "manager", [new RoleIn(community, Roles.Manager)], []);
            await SlowReport.Holds(owner, services, manager, community, new ClockReportFilter(), Enum.GetValues<ReportBy>());
            Assert.That(await SlowSatisfaction.Holds(owner, services, manager, community), Is.GreaterThan(50));
        }
    }

    [Test]
    public async Task The_owners_time_of_it_equals_a_slow_and_plain_reckoning_and_each_part_lists_its_requests()
    {
        var clock = new FakeClock();
        clock.Set(End);
        await using var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddLogging().AddServiceDesk(connectionString).BuildServiceProvider();
        var community = (await Rows<Guid>("select community_id from community where code = 'riverside'")).Single();
        var manager = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "manager", [new RoleIn(community, Roles.Manager)], []);

        var holders = await SlowTime.Holds(owner, services, manager, community);

        Assert.That(holders, Is.EquivalentTo(Enum.GetValues<TimeHolder>()), "the month has something of each");
    }

    [Test]
    public async Task A_load_that_was_broken_off_is_refused_until_somebody_starts_over()
    {
        var district = (await Rows<Guid>("select district_id from community where code = 'riverside'")).Single();
        await Run("update community set district_id = null where code = 'riverside'");

        var (exit, _, errors) = await Load();

        await Run("update community set district_id = @district where code = 'riverside'", new { district });
        Assert.That(exit, Is.EqualTo(1), "the others are whole: people may have worked with them");
        Assert.That(errors, Does.Contain("--reset"));
    }

    /// <summary>What was left of a load that was broken off may be emptied; what people made may not.</summary>
    [Test]
    public async Task What_a_broken_load_left_is_told_from_what_somebody_made([Values] bool somebodyWasThere)
    {
        var other = TestDatabase.On(await TestDatabase.Copy());
        await using var source = NpgsqlDataSource.Create(other);
        await using var left = source.CreateCommand("insert into community (community_id, code, name, name_en, time_zone, created_at) values (gen_random_uuid(), 'riverside', '江畔', 'Riverside', 'Asia/Shanghai', '2026-01-01')");
        await left.ExecuteNonQueryAsync();
        if (somebodyWasThere)
        {
            await using var somebody = source.CreateCommand("select register_staff(gen_random_uuid(), 'somebody', 'Somebody', 'en', null, 'a hash', false, timestamptz '2026-01-01')");
            await somebody.ExecuteNonQueryAsync();
        }

        await using var errors = new StringWriter();
        var exit = await DemoCommand.Load(other, other, End, TextWriter.Null, errors, CancellationToken.None);

        Assert.That(exit, Is.EqualTo(somebodyWasThere ? 1 : DemoCommand.BrokenOff));
        Assert.That(errors.ToString(), Does.StartWith("An earlier load of the demo data was broken off. "));
    }

    [Test]
    public async Task Where_somebodys_own_account_has_the_name_of_a_demo_account_nothing_is_loaded()
    {
        var other = TestDatabase.On(await TestDatabase.Copy());
        await using var source = NpgsqlDataSource.Create(other);
        await using var stranger = source.CreateCommand("select register_staff(gen_random_uuid(), 'clerk', 'Somebody', 'en', null, 'a hash', false, timestamptz '2026-01-01')");
        await stranger.ExecuteNonQueryAsync();
        await using var errors = new StringWriter();

        var exit = await DemoCommand.Load(other, other, End, TextWriter.Null, errors, CancellationToken.None);

        Assert.That(exit, Is.EqualTo(1));
        Assert.That(errors.ToString(), Does.Contain("clerk"));
        await using var communities = source.CreateCommand("select count(*) from community");
        Assert.That(await communities.ExecuteScalarAsync(), Is.EqualTo(0L));
    }

    [Test]
    public async Task Every_state_of_the_lifecycles_occurs_in_every_community()
    {
        foreach (var community in await Rows<Guid>("select community_id from community"))
        {
            Assert.That(
                await Rows<string>("select distinct status from request where community_id = @community", new { community }),
                Is.EquivalentTo(Words<RequestStatus>()));
            Assert.That(await Rows<string>("select distinct status from work_order where community_id = @community", new { community }), Is.EquivalentTo(Words<WorkOrderStatus>()));
            Assert.That(await Rows<string>("select distinct status from fault where community_id = @community", new { community }), Is.EquivalentTo(Words<FaultStatus>()));
        }

        Assert.That(await Rows<string>("select distinct state from feedback"), Is.EquivalentTo(Words(FeedbackState.Reminded, FeedbackState.NoResponse))); // those are of the jobs that chase
        Assert.That(await Rows<string>("select distinct left_how from fault_request where left_how is not null"), Is.EquivalentTo(Words<LeftHow>()));
        Assert.That(await Rows<string>("select distinct kind from request"), Is.EquivalentTo(Words<RequestKind>()));
    }

    [Test]
    public async Task The_log_is_in_the_order_of_time_and_nothing_is_after_the_end()
    {
        Assert.That(
            await Rows<long>("select e.seq from event e join event f on f.community_id = e.community_id and f.seq = e.seq + 1 where f.recorded_at < e.recorded_at"), Is.Empty);
        Assert.That((await Rows<DateTime>("select max(recorded_at) from event")).Single(), Is.LessThanOrEqualTo(End.UtcDateTime));
        Assert.That(
            await Rows<bool>("select count(*) = max(e.seq) and max(e.seq) = (select h.seq from event_head h where h.community_id = e.community_id) from event e group by e.community_id"),
            Is.EqualTo(new[] { true, true, true }));
    }

    [Test]
    public async Task People_work_where_their_shift_says_and_households_share_numbers()
    {
        Assert.That(await Rows<Guid>("select staff_id from staff where not is_demo"), Is.Empty);
        Assert.That((await Rows<long>("select count(*) from shift where (starts_at at time zone 'Asia/Shanghai')::date < (ends_at at time zone 'Asia/Shanghai')::date")).Single(), Is.Positive);
        Assert.That((await Rows<long>("select count(*) from leave where deputy_id is not null")).Single(), Is.EqualTo(3));
        Assert.That(
            await Rows<string>("select normalised from contact_point group by community_id, normalised having count(*) > 1"), Is.Not.Empty);
        Assert.That((await Rows<long>("select count(*) from team where external")).Single(), Is.EqualTo(3));
        Assert.That(
            await Rows<Guid>("select c.customer_id from customer c where not exists (select from search_token t where t.community_id = c.community_id and t.kind = 'customer' and t.id = c.customer_id)"),
            Is.Empty);
    }

    [Test]
    [Category("Process")]
    public async Task The_program_prints_the_accounts_and_each_of_them_can_sign_in()
    {
        var (exit, output, errors) = await Program(demo: true, ["demo"]);

        Assert.That(exit, Is.Zero, errors);
        var accounts = output.Split('\n').Where(l => l.StartsWith("  ", StringComparison.Ordinal)).Select(l => l.Trim().Split(' ')[0]).ToArray();
        Assert.That(accounts, Has.Length.EqualTo(19).And.Contains("clerk").And.Contains("crew.engineering.riverside"));
        await using var host = await Host();
        using var client = new HttpClient { BaseAddress = new Uri(host.Urls.Single()) };
        foreach (var account in accounts)
        {
            using var body = new StringContent($$"""{"signInName":"{{account}}","password":"{{DemoCommand.Password}}"}""", System.Text.Encoding.UTF8, "application/json");
            using var reply = await client.PostAsync("/api/session", body);
            Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK), account);
        }
    }

    [Test]
    [Category("Process")]
    public async Task The_program_refuses_to_load_it_where_nobody_said_that_this_is_a_demo()
    {
        var (exit, output, errors) = await Program(demo: false, ["demo"]);

        Assert.That(exit, Is.EqualTo(1));
        Assert.That(output, Is.Empty);
        Assert.That(errors, Does.Contain("Desk__Mode=Demo"));
    }

    [Test]
    [Category("Process")]
    public async Task The_program_makes_a_community_whose_administrator_can_sign_in_with_the_password_that_is_shown_once()
    {
        string[] words = ["community", "--code", "greenfields", "--name", "翠谷", "--name-en", "Greenfields", "--time-zone", "Asia/Shanghai", "--administrator", "Wang.Min"];
        var empty = TestDatabase.On(await TestDatabase.Empty());

        var (exit, output, errors) = await Program(demo: false, words, empty);

        Assert.That(exit, Is.Zero, errors);
        var password = output[(output.IndexOf("password ", StringComparison.Ordinal) + "password ".Length)..].Split(' ')[0];
        await using var host = await Host(empty);
        using var client = new HttpClient { BaseAddress = new Uri(host.Urls.Single()) };
        using var body = new StringContent($$"""{"signInName":"wang.min","password":"{{password}}"}""", System.Text.Encoding.UTF8, "application/json");
        using var reply = await client.PostAsync("/api/session", body);
        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await reply.Content.ReadAsStringAsync(), Does.Contain("administrator"));

        var again = await Program(demo: false, words, empty);
        Assert.That(again.Exit, Is.EqualTo(1));
        Assert.That(again.Errors.Trim(), Is.EqualTo("There is a community with this code."));
    }

    private async Task<(int Exit, string Words, string Errors)> Load()
    {
        await using var words = new StringWriter();
        await using var errors = new StringWriter();
        var exit = await DemoCommand.Load(connectionString, connectionString, End, words, errors, CancellationToken.None);
        return (exit, words.ToString(), errors.ToString());
    }

    private async Task<WebApplication> Host(string? database = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:ServiceDesk"] = database ?? connectionString, ["urls"] = "http://127.0.0.1:0", ["Desk:Mode"] = "Demo" });
        var host = DeskHost.Build(builder);
        await host.StartAsync();
        return host;
    }

    private async Task<(int Exit, string Output, string Errors)> Program(bool demo, string[] arguments, string? database = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "PropertyServiceDesk.Api.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
        };
        start.Environment["ConnectionStrings__ServiceDesk"] = database ?? connectionString;
        start.Environment.Remove("ConnectionStrings__ServiceDeskDirect");
        start.Environment.Remove("Desk__Mode");
        if (demo)
        {
            start.Environment["Desk__Mode"] = "Demo";
        }

        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output, await errors);
    }

    private static string[] Words<T>(params T[] without)
        where T : struct, Enum => PropertyServiceDesk.Domain.Plumbing.EnumWord.All(Enum.GetValues<T>().Except(without));

    private async Task<List<T>> Rows<T>(string sql, object? args = null)
    {
        await using var connection = await owner.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, args)).AsList();
    }

    private async Task Run(string sql, object? args = null)
    {
        await using var connection = await owner.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, args);
    }

    private async Task<List<(string, long)>> Counts() => await Rows<(string, long)>("""
        select 'community', count(*) from community union all
        select 'staff', count(*) from staff union all
        select 'shift', count(*) from shift union all
        select 'customer', count(*) from customer union all
        select 'request', count(*) from request union all
        select 'clock', count(*) from clock union all
        select 'event', count(*) from event
        """);
}
