using System.Net;
using Dapper;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Demo;

/// <summary>The manager's figures of the demo month over HTTP, after the jobs have looked at it once: each is the count of the list that it opens.</summary>
[Category("Process")]
public sealed class TodayTests
{
    /// <summary>The forenoon after the month that was loaded.</summary>
    private static readonly DateTimeOffset Now = TestDatabase.DemoEnds.AddHours(8);

    private readonly FakeClock clock = new();
    private NpgsqlDataSource owner = null!;
    private WebApplication host = null!;
    private HttpClient manager = null!;
    private HttpClient district = null!;

    [OneTimeSetUp]
    public async Task LoadIt()
    {
        var connectionString = TestDatabase.On((await TestDatabase.CopyOfTheDemo()).Database);
        owner = NpgsqlDataSource.Create(connectionString);
        clock.Set(Now);
        await using (var desk = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddLogging().AddServiceDesk(connectionString).BuildServiceProvider())
        {
            var job = new Job(desk.GetRequiredService<IServiceScopeFactory>(), desk.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
            await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
        }

        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:ServiceDesk"] = connectionString, ["urls"] = "http://127.0.0.1:0", ["Desk:Mode"] = "Demo", ["Desk:Limits:Account"] = "1000000", ["Desk:Limits:Address"] = "1000000", ["Desk:Limits:Reports"] = "1000000",
        });
        builder.Services.AddSingleton<TimeProvider>(clock);
        host = DeskHost.Build(builder);
        await host.StartAsync();
        manager = await SignIn("manager");
        district = await SignIn("district");
    }

    [OneTimeTearDown]
    public async Task LetGo()
    {
        manager?.Dispose();
        district?.Dispose();
        if (host is not null)
        {
            await host.StopAsync();
            await host.DisposeAsync();
        }

        if (owner is not null)
        {
            await owner.DisposeAsync();
        }
    }

    [Test]
    public async Task Each_figure_of_today_is_the_count_of_its_list()
    {
        foreach (var (who, communities) in new[] { (manager, 2), (district, 3) })
        {
            var today = await Get<Today>(who, "/api/reports/today");

            Assert.That(today.Communities, Has.Count.EqualTo(communities));
            foreach (var of in today.Communities.Select(c => (Guid?)c.CommunityId).Append(null))
            {
                long Figure(Func<TodayLine, long> figure) => today.Communities.Where(c => of is null || c.CommunityId == of).Sum(figure);
                var at = of is { } one ? "&communityId=" + one : "";
                Assert.Multiple(async () =>
                {
                    Assert.That(await Length<RequestLine>(who, "/api/requests?open=true" + at), Is.EqualTo(Figure(c => c.Open)).And.GreaterThan(0));
                    Assert.That(await Length<RequestLine>(who, "/api/requests?due=late" + at), Is.EqualTo(Figure(c => c.Late)));
                    Assert.That(await Length<RequestLine>(who, "/api/requests?due=soon" + at), Is.EqualTo(Figure(c => c.Soon)));
                    Assert.That(await Length<RequestLine>(who, "/api/requests?promise=overdue" + at), Is.EqualTo(Figure(c => c.Promises)));
                    Assert.That(await Length<RequestLine>(who, "/api/requests?status=awaitingFeedback" + at), Is.EqualTo(Figure(c => c.AwaitingFeedback)).And.GreaterThan(0));
                    Assert.That(await Length<RatingLine>(who, $"/api/reports/satisfaction/lines?which=low&from={today.LowRatingsFrom.UtcDateTime:O}" + at), Is.EqualTo(Figure(c => c.LowRatings)).And.GreaterThan(0));
                    Assert.That(await Length<Ladder>(who, "/api/escalations/ladders?state=open&level=1,2,3,4" + at), Is.EqualTo(Figure(c => c.Escalations)));
                });
            }

            Assert.That(today.Communities.Sum(c => c.Escalations), Is.Positive);
        }

        var all = (await Get<Today>(manager, "/api/reports/today")).Communities;
        var mine = all[0];
        Assert.That((await Get<Today>(district, "/api/reports/today?communityId=" + mine.CommunityId)).Communities.Single(), Is.EqualTo(mine));
        var theirs = (await Get<Today>(district, "/api/reports/today")).Communities.Single(c => all.All(m => m.CommunityId != c.CommunityId));
        using var foreign = await manager.GetAsync(new Uri("/api/reports/today?communityId=" + theirs.CommunityId, UriKind.Relative));
        Assert.That(foreign.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task What_is_late_now_is_what_a_plain_look_at_the_clocks_says()
    {
        var today = (await Get<Today>(district, "/api/reports/today")).Communities.ToDictionary(c => c.CommunityId);
        var clocks = await Rows<(Guid Community, Guid Request, string Kind, DateTime DueAt, DateTime? HeldAt)>(
            """
            select c.community_id, coalesce(l.request_id, c.subject_id), c.kind, c.due_at, c.held_at
            from clock c
            left join request_work_order l on l.work_order_id = c.subject_id and l.left_at is null
            join request r on r.request_id = coalesce(l.request_id, c.subject_id)
            where c.subject_kind <> 'feedback' and c.stopped_at is null and c.due_at is not null and r.status not in ('closed', 'cancelled')
            """);
        var (now, soon) = (Now.UtcDateTime, Now.AddHours(4).UtcDateTime);

        foreach (var (community, line) in today)
        {
            var mine = clocks.Where(c => c.Community == community).ToArray();
            var late = mine.Where(c => c.Kind != "feedback" && c.DueAt < (c.HeldAt ?? now)).ToArray();
            Assert.That(line.Late, Is.EqualTo(late.Select(c => c.Request).Distinct().Count()));
            var said = (await Items<RequestLine>(district, "/api/requests?open=true&communityId=" + community)).Where(r => r.LateSince is not null).ToArray();
            Assert.That(
                said.Select(r => (r.RequestId, r.LateSince!.Value.UtcDateTime)).Order(),
                Is.EqualTo(late.GroupBy(c => c.Request, (request, of) => (request, of.Min(c => c.DueAt))).Order()));
            Assert.That(said.Select(r => (r.RequestId, r.LateSince!.Value.UtcDateTime, EnumWord.Of(r.LateClock!.Value))), Is.SubsetOf(late.Select(c => (c.Request, c.DueAt, c.Kind))));
            Assert.That(line.Soon, Is.EqualTo(mine.Count(c => c.Kind == "finish" && c.HeldAt is null && c.DueAt >= now && c.DueAt < soon)));
        }
    }

    [Test]
    public async Task Every_figure_of_the_escalation_report_lists_exactly_the_rows_that_it_counts()
    {
        foreach (var by in Words<ReportBy>())
        {
            foreach (var figure in await Get<EscalationFigures[]>(district, "/api/reports/escalations?by=" + by))
            {
                var key = "by=" + by + "&key=" + Uri.EscapeDataString(figure.Key);
                foreach (var (which, count) in new[]
                {
                    (EscalatedWhich.All, figure.Escalations), (EscalatedWhich.Warnings, figure.Warnings), (EscalatedWhich.Level1, figure.Level1), (EscalatedWhich.Level2, figure.Level2), (EscalatedWhich.Level3, figure.Level3),
                    (EscalatedWhich.Level4, figure.Level4), (EscalatedWhich.Told, figure.Told), (EscalatedWhich.Nobody, figure.Nobody), (EscalatedWhich.Waiting, figure.Waiting), (EscalatedWhich.DoneBeforeTelling, figure.DoneBeforeTelling),
                    (EscalatedWhich.Acknowledged, figure.Acknowledged), (EscalatedWhich.Promised, figure.Promised), (EscalatedWhich.PromisesBroken, figure.PromisesBroken),
                })
                {
                    Assert.That(await Length<EscalationLine>(district, $"/api/reports/escalations/lines?{key}&which={EnumWord.Of(which)}"), Is.EqualTo(count), $"{key} {which}");
                }
            }
        }
    }

    [Test]
    public async Task The_escalation_report_equals_a_slow_and_plain_count_with_medians_of_how_soon_somebody_said_seen()
    {
        var staff = (await Rows<(Guid StaffId, Guid Community)>("select r.staff_id, r.community_id from staff_role r join staff s using (staff_id) where s.sign_in_name = 'manager' and r.role = 'manager'")).ToArray();
        var open = await Rows<Guid>($"select escalation_id from escalation where resolved_at is null and acknowledged_at is null and community_id = '{staff[0].Community}' order by fired_at, escalation_id limit 23");
        Assert.That(open, Has.Count.GreaterThan(5));
        for (var i = 0; i < open.Count; i++)
        {
            clock.Set(Now.AddSeconds(61 + (i * i * 37)));
            await using var scope = host.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Caller>().Actor = new Actor(ActorKind.Staff, staff[0].StaffId, "manager", [.. staff.Select(s => new RoleIn(s.Community, Roles.Manager))], []);
            await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new AcknowledgeEscalation(open[i]));
        }

        clock.Set(Now);
        var all = await SlowEscalations.Read(owner, null);
        foreach (var by in Enum.GetValues<ReportBy>())
        {
            var figures = await Get<EscalationFigures[]>(district, "/api/reports/escalations?by=" + EnumWord.Of(by));

            Assert.That(figures.Select(f => f with { Name = null, NameEn = null }), Is.EquivalentTo(SlowEscalations.Figures(all, by)), by.ToString());
        }

        Assert.That((await Get<EscalationFigures[]>(district, "/api/reports/escalations")).Single(), Has.Property("Acknowledged").GreaterThanOrEqualTo(open.Count).And.Property("MedianAcknowledgedSeconds").GreaterThan(0));
    }

    [Test]
    public async Task Demand_equals_a_slow_and_plain_count_and_each_figure_lists_exactly_the_requests_that_it_counts()
    {
        var all = await Rows<(Guid RequestId, Guid Community, string Zone, string Kind, Guid Category, string? Crew, string Channel, DateTime At)>(
            "select r.request_id, r.community_id, m.time_zone, r.kind, r.category_id, c.crew, r.channel, r.reported_at from request r join community m using (community_id) join category c on c.category_id = r.category_id");
        var (from, to) = (Now.UtcDateTime.Date.AddDays(-20), Now.UtcDateTime.Date.AddDays(-1));
        foreach (var (by, every) in from b in Enum.GetValues<DemandBy>() from e in Enum.GetValues<DemandEvery>() select (b, e))
        {
            foreach (var (period, rows) in new[] { ("", all), ($"&from={from:yyyy-MM-dd}T00:00:00Z&to={to:yyyy-MM-dd}T00:00:00Z", all.Where(r => r.At >= from && r.At < to).ToList()) })
            {
                var expected = rows.GroupBy(r => (Period: Of(r.At, r.Zone, every), Key: by switch
                {
                    DemandBy.All => "",
                    DemandBy.Community => r.Community.ToString(),
                    DemandBy.RequestKind => r.Kind,
                    DemandBy.Category => r.Category.ToString(),
                    DemandBy.Crew => r.Crew ?? "",
                    DemandBy.Channel => r.Channel,
                })).ToDictionary(g => g.Key, g => g.Select(r => r.RequestId).ToArray());

                var query = $"by={EnumWord.Of(by)}&every={EnumWord.Of(every)}{period}";
                var figures = await Get<DemandFigure[]>(district, "/api/reports/demand?" + query);

                Assert.That(figures.Select(f => ((f.Period, f.Key), f.Requests)), Is.EquivalentTo(expected.Select(e => (e.Key, (long)e.Value.Length))), query);
                foreach (var figure in every == DemandEvery.Day ? figures.Take(5) : figures)
                {
                    var listed = await Items<ReportedRequest>(district, $"/api/reports/demand/lines?{query}&period={figure.Period:yyyy-MM-dd}&key={Uri.EscapeDataString(figure.Key)}");
                    Assert.That(listed.Select(r => r.RequestId), Is.Unique.And.EquivalentTo(expected[(figure.Period, figure.Key)]), query);
                }
            }
        }
    }

    private static DateOnly Of(DateTime at, string zone, DemandEvery every)
    {
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(at, DateTimeKind.Utc), TimeZoneInfo.FindSystemTimeZoneById(zone)));
        return every switch
        {
            DemandEvery.Day => day,
            DemandEvery.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
            DemandEvery.Month => new DateOnly(day.Year, day.Month, 1),
        };
    }

    private async Task<HttpClient> SignIn(string name)
    {
        var client = new HttpClient { BaseAddress = new Uri(host.Urls.Single()) };
        using var body = new StringContent($$"""{"signInName":"{{name}}","password":"{{DemoCommand.Password}}"}""", System.Text.Encoding.UTF8, "application/json");
        using var reply = await client.PostAsync(new Uri("/api/session", UriKind.Relative), body);
        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK), await reply.Content.ReadAsStringAsync());
        return client;
    }

    private static async Task<T> Get<T>(HttpClient who, string path)
    {
        using var reply = await who.GetAsync(new Uri(path, UriKind.Relative));
        var text = await reply.Content.ReadAsStringAsync();
        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK), path + " " + text);
        return System.Text.Json.JsonSerializer.Deserialize<T>(text, Json.Options)!;
    }

    private static async Task<List<T>> Items<T>(HttpClient who, string path)
    {
        var (items, after) = (new List<T>(), (string?)null);
        do
        {
            var page = await Get<Page<T>>(who, path + "&take=200" + (after is null ? "" : "&after=" + after));
            items.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return items;
    }

    private static async Task<long> Length<T>(HttpClient who, string path) => (await Items<T>(who, path)).Count;

    private static string[] Words<T>()
        where T : struct, Enum => EnumWord.All(Enum.GetValues<T>());

    private async Task<List<T>> Rows<T>(string sql)
    {
        await using var connection = await owner.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql)).AsList();
    }
}
