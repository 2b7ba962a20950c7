using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>The time of a demo, kept in the database and shared by real processes; and that a production desk has no such door.</summary>
public sealed class DeskClockTests : DeskFixture
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    [SetUp]
    public Task Forget() => Execute("delete from desk_clock");

    [Test]
    public async Task Whoever_looks_at_it_sees_the_same_time_and_a_process_can_be_off_by_its_own()
    {
        await DeskClock.Begin(ConnectionString, FakeClock.Start, CancellationToken.None);
        var first = new DeskClock(Owner, TimeSpan.Zero);

        var moved = await first.MoveForward(null, TimeSpan.FromDays(30), CancellationToken.None);

        Assert.That(moved, Is.GreaterThanOrEqualTo(FakeClock.Start.AddDays(30)).And.LessThan(FakeClock.Start.AddDays(30).AddMinutes(5)));
        var before = first.GetUtcNow();
        var (second, ahead) = (new DeskClock(Owner, TimeSpan.Zero).GetUtcNow(), new DeskClock(Owner, TimeSpan.FromHours(1)).GetUtcNow());
        var after = first.GetUtcNow();
        Assert.That(second, Is.InRange(before, after));
        Assert.That(ahead, Is.InRange(before.AddHours(1), after.AddHours(1)));
    }

    [TestCase("Api")]
    [TestCase("Workers")]
    public async Task A_host_that_is_no_demo_and_is_told_to_have_it_does_not_start(string program)
    {
        await using var host = RealProcess.Start(program, TestDatabase.On(await TestDatabase.Copy()), [], (DeskClock.Setting, "settable"), ("Desk__Mode", "Production"));

        await host.Ended(TimeSpan.FromMinutes(2));

        Assert.That(host.ExitCode, Is.EqualTo(1), host.Said);
        Assert.That(host.Said, Does.Contain("DESK_CLOCK=settable lets anybody move the time."));
    }

    [Test]
    public async Task It_begins_once_and_never_goes_back()
    {
        await DeskClock.Begin(ConnectionString, FakeClock.Start, CancellationToken.None);
        await DeskClock.Begin(ConnectionString, FakeClock.Start.AddYears(5), CancellationToken.None);
        var clock = new DeskClock(Owner, TimeSpan.Zero);

        Assert.That(clock.GetUtcNow(), Is.LessThan(FakeClock.Start.AddDays(1)));
        Assert.That(await Refusal(() => clock.MoveForward(FakeClock.Start.AddSeconds(-1), TimeSpan.Zero, CancellationToken.None)), Is.EqualTo("clock.only_forward"));
        Assert.That(await Refusal(() => clock.MoveForward(null, TimeSpan.FromSeconds(-1), CancellationToken.None)), Is.EqualTo("clock.only_forward"));
    }

    [Test]
    public async Task Where_no_host_has_begun_it_it_is_the_systems_time_and_cannot_be_moved()
    {
        var clock = new DeskClock(Owner, TimeSpan.Zero);

        var before = TimeProvider.System.GetUtcNow();
        Assert.That(clock.GetUtcNow(), Is.InRange(before, TimeProvider.System.GetUtcNow()));
        Assert.That(await Refusal(() => clock.MoveForward(null, TimeSpan.FromDays(1), CancellationToken.None)), Is.EqualTo("clock.only_forward"));
        Assert.That(await Scalar<bool>("select has_table_privilege('desk_app', 'desk_clock', 'insert') or has_table_privilege('desk_app', 'desk_clock', 'update') or has_table_privilege('desk_app', 'desk_clock', 'delete')"), Is.False);
    }

    [Test]
    public async Task A_production_desk_has_the_systems_time_and_no_address_to_move_it()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["ConnectionStrings:ServiceDesk"] = ConnectionString;
        await builder.Services.AddDeskClock(name => builder.Configuration[name], ConnectionString, CancellationToken.None);
        await using var app = DeskHost.Build(builder);

        Assert.That(app.Services.GetRequiredService<TimeProvider>(), Is.SameAs(TimeProvider.System));
        Assert.That(((Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints).Select(e => e.DisplayName ?? ""), Has.None.Contains("/api/demo"));
        Assert.That(await Scalar<long>("select count(*) from desk_clock"), Is.Zero);
    }

    [Test]
    [Category("Process")]
    public async Task A_month_is_played_through_real_processes_and_what_was_to_wake_in_it_is_awake()
    {
        var (_, order) = await GivenWorking();
        var wake = Clock.GetUtcNow().AddDays(30);
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, wake));

        var api = Start("Api");
        var workers = Start("Workers");
        var address = await Address(api);
        _ = workers.StandardOutput.ReadToEndAsync();
        using var clerk = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(address) };
        await Until("the workers did not start", "select exists (select from job where job_id = 'wake-held-work' and runs > 0)");
        using var refused = await clerk.PostAsJsonAsync("/api/demo/clock", new { bySeconds = 367 * 24 * 60 * 60 });
        Assert.That((refused.StatusCode, (await refused.Content.ReadAsStringAsync()).Contains("\"code\":\"clock.too_far\"", StringComparison.Ordinal)), Is.EqualTo((HttpStatusCode.UnprocessableEntity, true)));
        var whole = Stopwatch.StartNew();
        for (var day = 0; day < 31; day++)
        {
            Assert.That((await clerk.PostAsJsonAsync("/api/demo/clock", new { bySeconds = 24 * 60 * 60 })).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        await Until("the workers did not follow", "select status = 'working' from work_order where work_order_id = @order", new { order });
        TestContext.Out.WriteLine($"31 days in {whole.Elapsed.TotalSeconds:0.0} s.");
        Assert.That(await Scalar<DateTime>("select until_at from hold where work_order_id = @order", new { order }), Is.EqualTo(wake.UtcDateTime));
        Kill(api);
        Kill(workers);
        Clock.Set(new DeskClock(Owner, TimeSpan.Zero).GetUtcNow());
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    private async Task Until(string otherwise, string sql, object? args = null)
    {
        var waited = Stopwatch.StartNew();
        while (!await Scalar<bool>(sql, args))
        {
            Assert.That(waited.Elapsed, Is.LessThan(Deadline), otherwise);
            await Task.Delay(100);
        }
    }

    private readonly List<Process> started = [];

    /// <summary>A test that fails leaves nothing running.</summary>
    [TearDown]
    public void EndAll()
    {
        foreach (var process in started)
        {
            if (!process.HasExited)
            {
                Kill(process);
            }

            process.Dispose();
        }

        started.Clear();
    }

    private Process Start(string program)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"PropertyServiceDesk.{program}.dll")]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["ConnectionStrings__ServiceDesk"] = ConnectionString;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["Desk__Mode"] = "Demo";
        start.Environment[DeskClock.Setting] = "settable";
        start.Environment[DeskClock.StartSetting] = FakeClock.Start.AddMinutes(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var process = Process.Start(start)!;
        started.Add(process);
        return process;
    }

    private static async Task<string> Address(Process api)
    {
        while (await api.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Split("Now listening on: ") is [_, var address])
            {
                _ = api.StandardOutput.ReadToEndAsync();
                return address.Trim();
            }
        }

        throw new InvalidOperationException("The host ended before it listened.");
    }

    private static void Kill(Process process)
    {
        process.Kill();
        process.WaitForExit();
    }
}
