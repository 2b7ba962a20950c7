using Dapper;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Demo;

/// <summary>
/// A year of the loop over the demo data: what came in is done, owners answer, are silent, are not there, and bounce; the desk rings from
/// its list, and sometimes does not. Every finished request has exactly one outcome a round, and no score lacks an author.
/// </summary>
public sealed class YearTests
{
    private static readonly DateTimeOffset End = new(2026, 3, 1, 19, 30, 0, TimeSpan.Zero);

    private readonly FakeClock clock = new();
    private readonly Random random = new(20260301);
    private NpgsqlDataSource owner = null!;
    private ServiceProvider desk = null!;

    private sealed record Somebody(Guid CommunityId, Guid StaffId, string Role);

    private sealed record Open(Guid CommunityId, Guid FeedbackId, Guid RequestId, string State, string TimeZone);

    private sealed record Source(Guid CommunityId, Guid CustomerId, Guid PlaceId, Guid CategoryId, Guid TeamId, Guid MemberId);

    [OneTimeSetUp]
    public async Task LoadIt()
    {
        var connectionString = TestDatabase.On(await TestDatabase.Copy());
        owner = NpgsqlDataSource.Create(connectionString);
        clock.Set(End);
        desk = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddLogging().AddServiceDesk(connectionString).BuildServiceProvider();
        await using var words = new StringWriter();
        Assert.That(await DemoCommand.Load(connectionString, connectionString, End, words, words, CancellationToken.None), Is.True, words.ToString());
    }

    [OneTimeTearDown]
    public async Task LetGo()
    {
        if (desk is not null)
        {
            await desk.DisposeAsync();
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
        Assert.That(sources, Is.Not.Empty);

        for (var day = 0; day < 365; day++)
        {
            foreach (var (hour, evening) in new[] { (9, false), (14, false), (18, true) })
            {
                clock.Set(new DateTimeOffset(End.UtcDateTime.Date.AddDays(day + 1).AddHours(hour - 8).AddMinutes(30), TimeSpan.Zero));
                if (hour == 9 && day < 330)
                {
                    await SomethingIsRepaired(sources[random.Next(sources.Count)], people);
                }

                await Chase();
                await Messages();
                await Chase();
                await CallAndAnswer(people, day, evening);
                await Chase();
            }
        }

        // Nothing is left open in which nobody rang.
        var rounds = await Rows<(string State, string Status, long Times)>("select f.state, r.status, count(*) from feedback f join request r using (request_id) group by 1, 2");
        TestContext.Out.WriteLine(string.Join(", ", rounds.OrderBy(r => r.State)));
        Assert.Multiple(async () =>
        {
            Assert.That(await Rows<string>("select distinct state from feedback"), Is.SupersetOf(new[] { "answered", "refused", "unreachable", "noResponse", "notAsked" }));
            Assert.That(await Rows<long>("select r.number from request r where r.status in ('closed', 'cancelled') and (select count(*) from feedback f where f.request_id = r.request_id) <> r.round"), Is.Empty, "one outcome a round");
            Assert.That(await Rows<long>("select r.number from request r where r.status in ('closed', 'cancelled') and (r.round = 0 or exists (select from feedback f where f.request_id = r.request_id and f.ended_at is null))"), Is.Empty, "each is over");
            Assert.That(await Rows<long>("select r.number from request r where r.status = 'awaitingFeedback' and not exists (select from feedback f where f.request_id = r.request_id and (f.ended_at is null or f.state = 'answered'))"), Is.Empty);
            Assert.That(await Rows<Guid>("select feedback_id from feedback where num_nonnulls(satisfaction, recommend, solved) > 0 and (author_kind is null or (author_kind = 'staff' and (author_id is null or spoke_with is null)))"), Is.Empty, "no score lacks an author");
            Assert.That(await Rows<Guid>("select f.feedback_id from feedback f where f.state = 'answered' and not exists (select from event e where e.subject_id = f.feedback_id and e.what = 'feedbackGiven' and e.actor_kind in ('owner', 'staff'))"), Is.Empty);
            Assert.That(await Rows<Guid>("select f.feedback_id from feedback f where f.state = 'noResponse' and not exists (select from message m where m.dedupe_key = 'ask:' || f.feedback_id and m.sent_at is not null and m.parked_at is null)"), Is.Empty, "no response needs an ask that arrived");
            Assert.That(
                await Rows<Guid>("select f.feedback_id from feedback f where f.state = 'unreachable' and f.plan_version_id is not null and (select count(*) from call_attempt a where a.feedback_id = f.feedback_id and a.result in ('noAnswer', 'busy', 'wrongNumber')) < 3"),
                Is.Empty);
            Assert.That(await Rows<Guid>("select f.feedback_id from feedback f where (select count(*) from message m where m.dedupe_key = 'ask:' || f.feedback_id) <> case when f.asked_at is null then 0 else 1 end"), Is.Empty, "asked once a round");
        });
        foreach (var community in await Rows<Guid>("select community_id from community order by 1"))
        {
            var manager = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "manager", [new RoleIn(community, Roles.Manager)], []);
            await SlowSatisfaction.Holds(owner, desk, manager, community);
            Assert.That((await Send(Actor.SystemIn(community), new VerifyClocks(community))).Differences, Is.Empty);
        }
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
        foreach (var id in await Rows<Guid>("select message_id from message where sent_at is null and parked_at is null and template in ('feedbackAsk', 'feedbackReminder') order by created_at, message_id"))
        {
            var luck = random.Next(20);
            if (luck != 0)
            {
                await Run(luck <= 2 ? "update message set parked_at = @Now where message_id = @id" : "update message set sent_at = @Now where message_id = @id", new { id, Now = clock.GetUtcNow() });
            }
        }
    }

    private async Task CallAndAnswer(ILookup<(Guid, string), Somebody> people, int day, bool evening)
    {
        foreach (var round in await Rows<Open>("select f.community_id, f.feedback_id, f.request_id, f.state, m.time_zone from feedback f join community m using (community_id) where f.ended_at is null order by f.started_at, f.feedback_id"))
        {
            var luck = random.Next(100);
            if (luck < 6)
            {
                await Consequences(round, people, await Send(Actor.OwnerIn(round.CommunityId, Guid.CreateVersion7(), "owner"), new AnswerAsOwner(round.FeedbackId, Say(), (short)random.Next(1, 6), random.Next(2) == 0 ? (short)4 : null)));
            }
            else if (round.State == "toCall" && day % 7 != 6) // on Sundays nobody rings
            {
                var clerk = Staff(people[(round.CommunityId, "clerk")].First(), Roles.Clerk);
                if (luck < 30)
                {
                    await Consequences(round, people, await Send(clerk, new RecordFeedback(round.RequestId, Say(), (short)random.Next(1, 6), "业主", NumberDialled: "13800138000")));
                }
                else if (luck < 36)
                {
                    await Send(clerk, new RefuseFeedback(round.RequestId, "业主", "13800138000"));
                }
                else
                {
                    await Send(clerk, new TryCall(round.RequestId, "13800138000", luck > 85 ? CallResult.CallLater : CallResult.NoAnswer));
                }
            }
        }

        if (evening)
        {
            foreach (var (id, community) in await Rows<(Guid, Guid)>("select follow_up_id, community_id from follow_up where ended_at is null order by follow_up_id"))
            {
                await Send(Staff(people[(community, "manager")].First(), Roles.Manager, Roles.Clerk, Roles.CustomerOfficer), new EndFollowUp(id, FollowUpEnding.CalledBack, "已回电"));
            }

            foreach (var (request, community) in await Rows<(Guid, Guid)>("select r.request_id, r.community_id from request r where r.status = 'awaitingFeedback' and exists (select from feedback f where f.request_id = r.request_id and f.round = r.round and f.state = 'answered') order by 1"))
            {
                await Send(Staff(people[(community, "manager")].First(), Roles.Manager), new DecideOnAnswer(request, ClosureDecision.Close, "说明了"));
            }
        }
    }

    /// <summary>Rework is done at once, by the team that had it; where the desk had answered, it answers again.</summary>
    private async Task Consequences(Open round, ILookup<(Guid, string), Somebody> people, RequestReply reply)
    {
        var manager = Staff(people[(round.CommunityId, "manager")].First(), Roles.Manager);
        if (reply.Status == RequestStatus.Received)
        {
            await Send(manager, new AnswerRequest(round.RequestId, AnswerKind.Explained, "再次说明"));
        }

        foreach (var order in reply.Status == RequestStatus.InProgress
            ? await Rows<Guid>("select o.work_order_id from request_work_order l join work_order o using (work_order_id) where l.request_id = @RequestId and l.left_at is null and o.status = 'dispatched' and o.rework_of_id is not null", round)
            : [])
        {
            var (team, crew) = (await Rows<(Guid, string)>("select team_id, crew from work_order where work_order_id = @order", new { order })).Single();
            await Work(Staff(people[(round.CommunityId, "manager")].First(), Roles.CrewMember) with { Seats = [new Seat(round.CommunityId, team, EnumWord.Read<Crew>(crew), false)] }, order);
        }
    }

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
