using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;
using PropertyServiceDesk.Workers.Deliveries;

namespace PropertyServiceDesk.Tests.Demo;

/// <summary>
/// A year of the loop over the demo data: what came in is done, owners answer, are silent (some of them for good), are not there, and bounce; the desk rings from
/// its list, at the times that somebody named, and sometimes does not. For the first weeks what is asked goes out by the real pump to a
/// gateway, and owners answer by the link that came to them or by a digit; from then on the outbox is marked, and they answer at once.
/// Every finished request has exactly one outcome a round, and no score lacks an author.
/// </summary>
public sealed partial class YearTests
{
    private const int DaysByTheRealDoors = 10;

    private static readonly DateTimeOffset End = TestDatabase.DemoEnds;

    private readonly FakeClock clock = new();
    private readonly Random random = new(20260301);
    private readonly Dictionary<string, string> links = [];
    private readonly Dictionary<string, int> answered = [];
    private NpgsqlDataSource owner = null!;
    private ServiceProvider desk = null!;
    private WebApplication host = null!;
    private Receiver gateway = null!;
    private HttpClient http = null!;
    private int taken;
    private int followedUp;

    private sealed record Somebody(Guid CommunityId, Guid StaffId, string Role);

    private sealed record Open(Guid CommunityId, Guid FeedbackId, Guid RequestId, string State, bool Ready, string Number, string? Phone, string Code, string TimeZone);

    private sealed record Absent(
        Guid FeedbackId, string State, DateTime AskedAt, DateTime EndedAt, DateTime? LastRemindedAt, short Reminders, bool InSample, bool AsRework, string? PlanPolicy, bool Listed, string TimeZone, string Profile, DateTime? AskSentAt);

    private sealed record Source(Guid CommunityId, Guid CustomerId, Guid PlaceId, Guid CategoryId, Guid TeamId, Guid MemberId);

    [OneTimeSetUp]
    public async Task LoadIt()
    {
        var connectionString = TestDatabase.On((await TestDatabase.CopyOfTheDemo()).Database);
        owner = NpgsqlDataSource.Create(connectionString);
        clock.Set(End);

        // Of twenty messages one finds nobody at home at the gateway, and two are refused for good.
        gateway = await Receiver.Start((_, nth) => Task.FromResult((nth % 20 == 0 ? 503 : nth % 20 <= 2 ? 410 : 204, "")));
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:ServiceDesk"] = connectionString, ["urls"] = "http://127.0.0.1:0", ["Desk:Inbound:Sms:Secret"] = SignedByTests.Secret, ["Desk:Limits:Address"] = "1000000", ["Desk:Limits:Token"] = "1000000",
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(clock);
        host = DeskHost.Build(builder);
        await host.StartAsync();
        http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(host.Urls.Single()) };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Desk:Messages:Sms:Url"] = gateway.Url, ["Desk:Messages:Sms:Secret"] = SignedByTests.Secret, ["Desk:Messages:PublicAddress"] = host.Urls.Single(), ["Desk:Messages:LingerSeconds"] = "0",
        }).Build();
        desk = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddLogging().AddServiceDesk(connectionString)
            .AddSingleton(new MessageSettings(configuration)).AddSingleton<Job>().AddSingleton<DeliverMessages>().BuildServiceProvider();
    }

    [OneTimeTearDown]
    public async Task LetGo()
    {
        if (desk is not null)
        {
            await desk.DisposeAsync();
            http.Dispose();
            await host.StopAsync();
            await host.DisposeAsync();
            await gateway.DisposeAsync();
            await owner.DisposeAsync();
        }
    }

    [Test]
    public async Task After_a_year_every_finished_request_has_exactly_one_outcome_a_round_and_no_score_lacks_an_author()
    {
        var people = (await Rows<Somebody>("select community_id, staff_id, role from staff_role where role in ('clerk', 'customerOfficer', 'manager') order by community_id, role, staff_id")).ToLookup(p => (p.CommunityId, p.Role));
        var sources = await Rows<Source>(
            """
            select c.community_id, c.customer_id, o.place_id, k.category_id, t.team_id, m.staff_id as member_id
            from customer c
            join lateral (select x.place_id from occupancy x where x.customer_id = c.customer_id and x.to_on is null order by x.place_id limit 1) o on true
            join lateral (select x.category_id, x.crew from category x where x.community_id = c.community_id and x.kind = 'repair' and x.crew is not null and x.demands_photos = '{}' and x.payer = 'free' and x.retired_at is null order by md5(x.category_id::text || c.customer_id::text) limit 1) k on true
            join lateral (select x.team_id from team x where x.community_id = c.community_id and x.crew = k.crew and not x.external and x.retired_at is null order by x.team_id limit 1) t on true
            join lateral (select x.staff_id from team_member x join staff_role r on r.community_id = x.community_id and r.staff_id = x.staff_id and r.role = 'crewMember' where x.community_id = c.community_id and x.team_id = t.team_id and x.to_at is null order by x.staff_id limit 1) m on true
            where c.erased_at is null
            order by c.customer_id
            """);
        var elsewhere = await Rows<Guid>("select community_id from community where time_zone <> 'Asia/Shanghai'");
        var abroad = sources.Where(s => elsewhere.Contains(s.CommunityId)).ToList();
        Assert.That(abroad, Is.Not.Empty);

        var (began, spent) = (Stopwatch.GetTimestamp(), new Dictionary<string, TimeSpan>());
        async Task Timed(string what, Task work)
        {
            var from = Stopwatch.GetTimestamp();
            await work;
            spent[what] = spent.GetValueOrDefault(what) + Stopwatch.GetElapsedTime(from);
        }

        for (var day = 0; day < 365; day++)
        {
            foreach (var (hour, evening) in new[] { (9, false), (14, false), (18, true) })
            {
                clock.Set(new DateTimeOffset(End.UtcDateTime.Date.AddDays(day + 1).AddHours(hour - 8).AddMinutes(30), TimeSpan.Zero));
                if (hour == 9 && day < 330 && (day < DaysByTheRealDoors || day % 2 == 0))
                {
                    await Timed("repair", SomethingIsRepaired(day % 8 == 0 ? abroad[random.Next(abroad.Count)] : sources[random.Next(sources.Count)], people));
                }

                await Timed("chase", Chase());
                await Timed("messages", day < DaysByTheRealDoors ? Deliver() : Messages());
                await Timed("chase", Chase());
                await Timed("answer", CallAndAnswer(people, day, evening));
            }
        }

        await Timed("chase", Chase());
        TestContext.Out.WriteLine($"{Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {string.Join(", ", spent.Select(s => $"{s.Key} {s.Value.TotalSeconds:0.0}"))}; {string.Join(", ", answered.OrderBy(a => a.Key).Select(a => $"{a.Key} {a.Value}"))}");

        var rounds = await Rows<(string State, string Status, long Times)>("select f.state, r.status, count(*) from feedback f join request r using (request_id) group by 1, 2");
        TestContext.Out.WriteLine(string.Join(", ", rounds.OrderBy(r => r.State)));
        Assert.Multiple(async () =>
        {
            Assert.That(answered.GetValueOrDefault("page"), Is.Positive, "answered by the link that came to them");
            Assert.That(answered.GetValueOrDefault("digit"), Is.Positive, "and by a text message");
            Assert.That(gateway.Calls.Where(c => c.Body.Contains("feedbackAsk", StringComparison.Ordinal)).Select(c => c.Headers["webhook-id"]).Distinct().Count(), Is.GreaterThan(20), "asks went out");
            Assert.That(await Rows<Guid>("select f.feedback_id from feedback f where f.author_kind = 'owner' and not exists (select from event e where e.subject_id = f.feedback_id and e.what = 'feedbackGiven' and e.actor_kind = 'owner')"), Is.Empty);
            Assert.That(
                await Rows<Guid>("""
                    select f.feedback_id
                    from feedback f
                    cross join lateral (select a.result, a.call_again_at from call_attempt a where a.feedback_id = f.feedback_id order by a.tried_at desc, a.call_attempt_id desc limit 1) last
                    where f.state in ('unreachable', 'noResponse') and last.result = 'callLater'
                    """),
                Is.Empty,
                "whose last word was \"later\" is neither silent nor out of reach");
            Assert.That(await Scalar<long>("select count(*) from call_attempt where call_again_at is not null"), Is.Positive);
            Assert.That(await Rows<string>("select distinct state from feedback"), Is.SupersetOf(new[] { "answered", "refused", "unreachable", "noResponse", "notAsked" }));
            Assert.That(await Rows<long>("select r.number from request r where r.status in ('closed', 'cancelled') and (select count(*) from feedback f where f.request_id = r.request_id) <> r.round"), Is.Empty, "one outcome a round");
            Assert.That(await Rows<long>("select r.number from request r where r.status in ('closed', 'cancelled') and (r.round = 0 or exists (select from feedback f where f.request_id = r.request_id and f.ended_at is null))"), Is.Empty, "each is over");
            Assert.That(await Rows<long>("select r.number from request r where r.status = 'awaitingFeedback' and not exists (select from feedback f where f.request_id = r.request_id and (f.ended_at is null or f.state = 'answered'))"), Is.Empty);
            Assert.That(await Rows<Guid>("select feedback_id from feedback where ended_at is null and started_at < @Then", new { Then = clock.GetUtcNow().AddDays(-30) }), Is.Empty, "none is open for longer than a month");
            Assert.That(
                await Rows<long>(
                    "select r.number from request r where r.status in ('awaitingFeedback', 'closed') and r.finished_at < @Then and (select count(*) from feedback f where f.request_id = r.request_id and f.ended_at is not null) <> r.round",
                    new { Then = clock.GetUtcNow().AddDays(-30) }),
                Is.Empty,
                "and each that was finished before that has its outcomes, closed or not");
            var reminded = await Rows<(string TimeZone, double Hour, long Times)>(
                """
                select m.time_zone, extract(hour from e.occurred_at at time zone m.time_zone)::float8, count(*)
                from event e
                join community m on m.community_id = e.community_id
                where e.what = 'feedbackReminded' and e.recorded_at > @End
                group by 1, 2
                """,
                new { End });
            TestContext.Out.WriteLine("Reminded, by the hour there: " + string.Join(", ", reminded.OrderBy(r => r.Hour).Select(r => $"{r.TimeZone} {r.Hour} {r.Times}")));
            Assert.That(reminded.Select(r => r.TimeZone).Distinct(), Is.SupersetOf(new[] { "Asia/Shanghai", "Europe/London" }));
            Assert.That(reminded.Select(r => r.Hour), Has.All.GreaterThanOrEqualTo(9).And.All.LessThan(20), "nobody is reminded at night, wherever they live");
            Assert.That(await Rows<Guid>("select feedback_id from feedback where num_nonnulls(satisfaction, recommend, solved) > 0 and (author_kind is null or (author_kind = 'staff' and (author_id is null or spoke_with is null)))"), Is.Empty, "no score lacks an author");
            Assert.That(await Rows<Guid>("select f.feedback_id from feedback f where f.state = 'answered' and not exists (select from event e where e.subject_id = f.feedback_id and e.what = 'feedbackGiven' and e.actor_kind in ('owner', 'staff'))"), Is.Empty);
            Assert.That(await Rows<Guid>("select f.feedback_id from feedback f where f.state = 'noResponse' and not exists (select from message m where m.dedupe_key = 'ask:' || f.feedback_id and m.sent_at is not null and m.parked_at is null)"), Is.Empty, "no response needs an ask that arrived");
            Assert.That(
                await Rows<Guid>("select f.feedback_id from feedback f where f.state = 'unreachable' and f.plan_version_id is not null and (select count(*) from call_attempt a where a.feedback_id = f.feedback_id and a.result in ('noAnswer', 'busy', 'wrongNumber')) < 3"),
                Is.Empty);
            Assert.That(await Rows<Guid>("select f.feedback_id from feedback f where (select count(*) from message m where m.dedupe_key = 'ask:' || f.feedback_id) <> case when f.asked_at is null then 0 else 1 end"), Is.Empty, "asked once a round");
        });
        await NobodyIsAbsentWithoutCause();
        await FollowUpsEndWithAWordAndScoresStand();
        var looked = Stopwatch.GetTimestamp();
        foreach (var community in await Rows<Guid>("select community_id from community order by 1"))
        {
            var manager = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "manager", [new RoleIn(community, Roles.Manager)], []);
            await SlowSatisfaction.Holds(owner, desk, manager, community, lists: 1);
            Assert.That((await Send(Actor.SystemIn(community), new VerifyClocks(community))).Differences, Is.Empty);
        }

        TestContext.Out.WriteLine($"Figures and clocks looked over in {Stopwatch.GetElapsedTime(looked).TotalSeconds:0} s.");
    }

    /// <summary>Whoever ended without a word in this year, looked at again plainly: all that the policy of their round demands was done.</summary>
    private async Task NobodyIsAbsentWithoutCause()
    {
        var absent = await Rows<Absent>(
            """
            select f.feedback_id, f.state, f.asked_at, f.ended_at, f.last_reminded_at, f.reminders, f.in_sample, f.as_rework, f.plan_policy, f.listed_at is not null as listed, m.time_zone, v.definition::text as profile,
                (select x.sent_at from message x where x.dedupe_key = 'ask:' || f.feedback_id and x.parked_at is null) as ask_sent_at
            from feedback f
            join community m on m.community_id = f.community_id
            join sla_profile_version v on v.community_id = f.community_id and v.policy_version_id = f.plan_version_id
            where f.state in ('unreachable', 'noResponse') and f.started_at > @End
            """,
            new { End });
        var calls = (await Rows<(Guid FeedbackId, DateTime At, string Result)>("select feedback_id, tried_at, result from call_attempt where follow_up_id is null")).ToLookup(c => c.FeedbackId);
        TestContext.Out.WriteLine(string.Join(", ", absent.GroupBy(a => (a.State, a.Listed)).Select(g => $"{g.Key} {g.Count()}")));
        Assert.That(absent.Select(a => a.State).Distinct(), Is.EquivalentTo(new[] { "unreachable", "noResponse" }), "both occur");
        Assert.Multiple(() =>
        {
            foreach (var a in absent)
            {
                var profile = JsonSerializer.Deserialize<SlaProfile>(a.Profile, Json.Options)!;
                var (plan, rules, zone) = (profile.PlanOf(a.PlanPolicy, a.AsRework), profile.Asking(), TimeZoneInfo.FindSystemTimeZoneById(a.TimeZone));
                var made = calls[a.FeedbackId].Select(c => (TimeZoneInfo.ConvertTimeFromUtc(c.At, zone).Hour, c.Result)).Where(c => c.Hour >= rules.CallsFromHour && c.Hour < rules.CallsToHour).ToArray();
                bool Suffice(IEnumerable<int> hours) => hours.Count() >= rules.Attempts && hours.Select(h => h < 12 ? 0 : h < 18 ? 1 : 2).Distinct().Count() >= rules.TimesOfDay;
                if (a.State == "unreachable")
                {
                    Assert.That(Suffice(made.Where(c => c.Result is "noAnswer" or "busy" or "wrongNumber").Select(c => c.Hour)), Is.True, $"{a}: enough calls in vain, at different times of day");
                    continue;
                }

                Assert.That(a.AskSentAt, Is.Not.Null.And.LessThanOrEqualTo(a.EndedAt), $"{a}: the ask arrived");
                if (a.Listed || plan.Call == CallShare.All || (plan.Call == CallShare.Sample && a.InSample))
                {
                    Assert.That(Suffice(made.Select(c => c.Hour)), Is.True, $"{a}: every call was made");
                }
                else
                {
                    Assert.That(a.Reminders, Is.EqualTo(plan.RemindAfterHours.Count), $"{a}: as often as is demanded");
                    Assert.That(a.EndedAt - (a.LastRemindedAt ?? a.AskedAt), Is.GreaterThanOrEqualTo(TimeSpan.FromHours(rules.WaitHours)), $"{a}: they had the time to answer");
                }
            }
        });
    }

    private async Task FollowUpsEndWithAWordAndScoresStand()
    {
        Assert.That(await Rows<string>("select distinct ended_how from follow_up where opened_at > @End and ended_at is not null", new { End }), Is.SupersetOf(new[] { "calledBack", "explained" }));
        Assert.That(
            await Rows<Guid>(
                """
                select u.follow_up_id
                from follow_up u
                where u.ended_at > @End and not exists (
                    select
                    from event e
                    join event_text x on x.community_id = e.community_id and x.seq = e.seq
                    where e.community_id = u.community_id and e.subject_id = u.request_id and e.what = 'followUpEnded' and e.detail ->> 'followUpId' = u.follow_up_id::text and e.detail ->> 'how' = u.ended_how and length(x.text) > 0)
                  and u.ended_how in ('explained', 'calledBack')
                """,
                new { End }),
            Is.Empty,
            "each with a reason");
        Assert.That(
            await Rows<Guid>("select u.follow_up_id from follow_up u where u.ended_at > @End and u.ended_how = 'calledBack' and not exists (select from call_attempt a where a.follow_up_id = u.follow_up_id and a.number_dialled is not null and a.spoke_with is not null)", new { End }),
            Is.Empty,
            "called back: whom, and at which number");
        Assert.That(
            await Rows<Guid>(
                """
                select f.feedback_id
                from feedback f
                join lateral (
                    select e.detail
                    from event e
                    where e.community_id = f.community_id and e.subject_id = f.feedback_id and e.what = 'feedbackGiven'
                    order by e.seq desc
                    limit 1) said on true
                where f.started_at > @End
                  and (f.state <> 'answered' or (f.solved, f.satisfaction, f.recommend) is distinct from (said.detail ->> 'solved', (said.detail ->> 'satisfaction')::smallint, (said.detail ->> 'recommend')::smallint))
                """,
                new { End }),
            Is.Empty,
            "what was said stands, however the follow-up ended");
        Assert.That(await Scalar<long>("select count(*) from follow_up u join feedback f on f.feedback_id = u.feedback_id where u.ended_at > @End and u.ended_how = 'explained' and f.satisfaction <= 2", new { End }), Is.Positive, "also after it was explained");
    }

    private async Task SomethingIsRepaired(Source s, ILookup<(Guid, string), Somebody> people)
    {
        var clerk = Staff(people[(s.CommunityId, "clerk")].First(), Roles.Clerk);
        var member = new Actor(ActorKind.Staff, s.MemberId, "member", [new RoleIn(s.CommunityId, Roles.CrewMember)], [new Seat(s.CommunityId, s.TeamId, await Scalar<string>("select crew from team where team_id = @TeamId", s) is { } crew ? EnumWord.Read<Crew>(crew) : default, false)]);
        var request = await Send(clerk, new ReceiveRequest(
            s.CommunityId, RequestKind.Repair, Channel.Phone, s.CategoryId, "又坏了", random.Next(5) switch { 0 => Priority.Urgent, 1 => Priority.Low, _ => Priority.Normal }, s.PlaceId, CustomerId: s.CustomerId));
        var order = (await Send(clerk, new DispatchWork(request.RequestId, [new NewOrder(member.Seats[0].Crew, "看一下", s.TeamId)]))).WorkOrders[0].WorkOrderId;
        await Work(member, order);
    }

    private async Task Work(Actor member, Guid order)
    {
        await Send(member, new AcceptWork(order));
        await Send(member, new ArriveOnSite(order));
        await Send(member, new CompleteWork(order, "修好了"));
    }

    /// <summary>What the outbox does: most go out, some are given up, some stay.</summary>
    private async Task Messages()
    {
        var waiting = await Rows<Guid>("select message_id from message where sent_at is null and parked_at is null and template in ('feedbackAsk', 'feedbackReminder') order by created_at, message_id");
        var lucks = waiting.Select(_ => random.Next(20)).ToArray();
        if (waiting.Count > 0)
        {
            await Run(
                """
                update message m
                set parked_at = case when u.luck <= 2 then @Now::timestamptz end, sent_at = case when u.luck > 2 then @Now::timestamptz end
                from unnest(@ids, @lucks) u (id, luck)
                where m.message_id = u.id and u.luck > 0
                """,
                new { ids = waiting.ToArray(), lucks, Now = clock.GetUtcNow() });
        }
    }

    /// <summary>The same by the real pump, to the gateway; what it was sent tells owners where to answer.</summary>
    private async Task Deliver()
    {
        await desk.GetRequiredService<Job>().Deliver(CancellationToken.None);
        var calls = gateway.Calls;
        foreach (var call in calls.Skip(taken))
        {
            using var body = JsonDocument.Parse(call.Body);
            if (body.RootElement.GetProperty("values").TryGetProperty("number", out var number) && Link().Match(body.RootElement.GetProperty("text").GetString()!) is { Success: true } link)
            {
                links[number.GetString()!] = link.Value;
            }
        }

        taken = calls.Count;
    }

    private async Task CallAndAnswer(ILookup<(Guid, string), Somebody> people, int day, bool evening)
    {
        foreach (var round in await Rows<Open>(
            """
            select f.community_id, f.feedback_id, f.request_id, f.state, coalesce(f.call_after <= @Now, true) as ready, r.number::text as number,
                coalesce((select c.normalised from contact_point c where c.community_id = r.community_id and c.customer_id = r.customer_id and c.kind = 'phone' order by c.position, c.contact_point_id limit 1), r.reporter_phone) as phone, m.code, m.time_zone
            from feedback f
            join request r on r.community_id = f.community_id and r.request_id = f.request_id
            join community m on m.community_id = f.community_id
            where f.ended_at is null
            order by f.started_at, f.feedback_id
            """,
            new { Now = clock.GetUtcNow() }))
        {
            var luck = random.Next(100);
            var silent = round.TimeZone == "Asia/Shanghai" && round.RequestId.ToByteArray()[15] % 4 == 0; // who never says a word; abroad nobody of this desk rings in the evening
            if (!silent && luck < (day < DaysByTheRealDoors ? 12 : 6))
            {
                await OwnerAnswers(round, day);
                await Consequences(round, people);
            }
            else if (round is { State: "toCall", Ready: true } && day % 7 != 6) // on Sundays nobody rings
            {
                var clerk = Staff(people[(round.CommunityId, "clerk")].First(), Roles.Clerk);
                if (!silent && luck < 30)
                {
                    await Send(clerk, new RecordFeedback(round.RequestId, Say(), (short)random.Next(1, 6), "业主", NumberDialled: "13800138000"));
                    await Consequences(round, people);
                }
                else if (!silent && luck < 36)
                {
                    await Send(clerk, new RefuseFeedback(round.RequestId, "业主", "13800138000"));
                }
                else
                {
                    var later = !silent && luck > 85;
                    await Send(clerk, new TryCall(round.RequestId, "13800138000", later ? CallResult.CallLater : CallResult.NoAnswer, CallAgainAt: later && luck % 2 == 0 ? TomorrowAtTwo(round.TimeZone) : null));
                }
            }
        }

        if (evening)
        {
            foreach (var (id, community) in await Rows<(Guid, Guid)>("select follow_up_id, community_id from follow_up where ended_at is null order by follow_up_id"))
            {
                await Send(
                    Staff(people[(community, "clerk")].First(), Roles.Manager, Roles.Clerk, Roles.CustomerOfficer),
                    ++followedUp % 3 == 0 ? new EndFollowUp(id, FollowUpEnding.Explained, "已说明：迟到是因为等配件") : new EndFollowUp(id, FollowUpEnding.CalledBack, "已回电", "业主", "13800138000"));
            }

            foreach (var (request, community) in await Rows<(Guid, Guid)>("select r.request_id, r.community_id from request r where r.status = 'awaitingFeedback' and exists (select from feedback f where f.request_id = r.request_id and f.round = r.round and f.state = 'answered') order by 1"))
            {
                await Send(Staff(people[(community, "manager")].First(), Roles.Manager), new DecideOnAnswer(request, ClosureDecision.Close, "说明了"));
            }
        }
    }

    /// <summary>By the link that came to them, by a digit, or, where nothing came, by the command that both send.</summary>
    private async Task OwnerAnswers(Open round, int day)
    {
        var (solved, score) = (Say(), (short)random.Next(1, 6));
        var door = "command";
        if (day < DaysByTheRealDoors && links.TryGetValue(round.Number, out var link) && random.Next(2) == 0)
        {
            using var page = await http.PostAsync(link + "/answer", new FormUrlEncodedContent(new Dictionary<string, string> { ["round"] = round.FeedbackId.ToString(), ["solved"] = EnumWord.Of(solved), ["satisfaction"] = $"{score}" }));
            Assert.That(page.StatusCode, Is.EqualTo(HttpStatusCode.SeeOther));
            door = "page";
        }
        else if (day < DaysByTheRealDoors && links.ContainsKey(round.Number) && round.Phone is { } phone)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(new { messageId = Guid.CreateVersion7().ToString(), sender = phone, text = solved == Solved.No ? "0" : $"{score}", community = round.Code }, Json.Options);
            using var message = new HttpRequestMessage(HttpMethod.Post, "/api/inbound/sms") { Content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } } };
            SignedByTests.Sign(message, bytes, null, TimeSpan.Zero);
            using var reply = await http.SendAsync(message);
            Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            using var kind = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
            door = kind.RootElement.GetProperty("kind").GetString() == "answer" ? "digit" : "digit for the desk"; // two rounds of one number: a person reads it
        }
        else
        {
            await Send(Actor.OwnerIn(round.CommunityId, Guid.CreateVersion7(), "owner"), new AnswerAsOwner(round.FeedbackId, solved, score, random.Next(2) == 0 ? (short)4 : null));
        }

        answered[door] = answered.GetValueOrDefault(door) + 1;
    }

    /// <summary>Rework is done at once, by the team that had it; where the desk had answered, it answers again.</summary>
    private async Task Consequences(Open round, ILookup<(Guid, string), Somebody> people)
    {
        var manager = Staff(people[(round.CommunityId, "manager")].First(), Roles.Manager);
        var status = EnumWord.Read<RequestStatus>((await Scalar<string>("select status from request where request_id = @RequestId", round))!);
        if (status == RequestStatus.Received)
        {
            await Send(manager, new AnswerRequest(round.RequestId, AnswerKind.Explained, "再次说明"));
        }

        foreach (var order in status == RequestStatus.InProgress
            ? await Rows<Guid>("select o.work_order_id from request_work_order l join work_order o using (work_order_id) where l.request_id = @RequestId and l.left_at is null and o.status = 'dispatched' and o.rework_of_id is not null", round)
            : [])
        {
            var (team, crew) = (await Rows<(Guid, string)>("select team_id, crew from work_order where work_order_id = @order", new { order })).Single();
            var members = await Rows<Guid>("select staff_id from team_member where community_id = @CommunityId and team_id = @team and to_at is null order by staff_id limit 1", new { round.CommunityId, team });
            await Work(
                members is [var member] ? new Actor(ActorKind.Staff, member, "member", [new RoleIn(round.CommunityId, Roles.CrewMember)], [new Seat(round.CommunityId, team, EnumWord.Read<Crew>(crew), false)]) : manager, // a contractor's people have no account
                order);
        }
    }

    private DateTimeOffset TomorrowAtTwo(string timeZone)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(timeZone);
        return new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone).Date.AddDays(1).AddHours(14), zone));
    }

    [GeneratedRegex(@"/o/[A-Za-z0-9_-]+")]
    private static partial Regex Link();

    private Solved Say() => random.Next(10) switch { 0 => Solved.No, 1 => Solved.Partly, _ => Solved.Yes };

    private static Actor Staff(Somebody who, params Roles[] roles) => new(ActorKind.Staff, who.StaffId, who.Role, [.. roles.Select(r => new RoleIn(who.CommunityId, r))], []);

    private Task<int> Chase() =>
        Schedule.Entries.Single(e => e.Id == "chase-feedback").Run(new Job(desk.GetRequiredService<IServiceScopeFactory>(), desk.GetRequiredService<DueWork>(), NullLogger<Job>.Instance), CancellationToken.None);

    private async Task<T> Send<T>(Actor actor, IRequest<T> request)
    {
        await using var scope = desk.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = actor;
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }

    private async Task<List<T>> Rows<T>(string sql, object? args = null)
    {
        await using var connection = await owner.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, args)).AsList();
    }

    private async Task<T?> Scalar<T>(string sql, object? args = null)
    {
        await using var connection = await owner.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, args);
    }

    private async Task Run(string sql, object? args = null)
    {
        await using var connection = await owner.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, args);
    }
}
