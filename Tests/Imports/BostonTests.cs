using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Imports;

/// <summary>A real city's requests: the figures known of the file come out of the lists and counts, over HTTP. The last test takes some of them up.</summary>
public sealed class BostonTests : ApiFixture
{
    private string file = "";
    private Guid boston;
    private Actor chief = null!;
    private ApiClient manager = null!;
    private ImportSummary first = null!;

    public override Task CleanUp() => Task.CompletedTask; // one import for all tests, which only look, but for the last

    protected override async Task Ready()
    {
        await base.Ready();
        file = Path.Combine(Path.GetTempPath(), $"boston-{Guid.NewGuid():N}.csv.gz");
        File.Copy(SharedFacts.Find("boston_311_2011q3.csv.gz"), file);
        first = await Import();
        boston = await Scalar<Guid>("select community_id from community where code = 'boston'");
        chief = await Joins("manager", Roles.Manager);
        manager = await As(chief);
    }

    protected override async Task Closing()
    {
        File.Delete(file);
        await base.Closing();
    }

    [Test]
    [Order(1)]
    public void Every_row_is_imported() => Assert.That(first, Is.EqualTo(new ImportSummary(31_828, 31_828, 0, 0, 129, 97, true, null)));

    [Test]
    [Order(1)]
    public async Task Every_clock_of_the_city_is_as_the_log_says()
    {
        var verified = await Send(Actor.SystemIn(boston), new Domain.Clocks.VerifyClocks(boston));

        Assert.That(verified.Clocks, Is.EqualTo(26_815));
        Assert.That(verified.Differences, Is.Empty);
    }

    [TestCase("", 31_828)]
    [TestCase("hasTarget=true", 26_815)]
    [TestCase("status=closed", 30_081)]
    [TestCase("status=closed&hasTarget=true", 25_183)]
    [TestCase("status=closed&late=true", 4_827)]
    [TestCase("open=true", 1_747)]
    [Order(1)]
    public async Task The_counts_give_the_figures(string filter, int expected)
    {
        var counts = await manager.Get<RequestCount[]>("/api/requests/counts?" + filter);

        Assert.That(counts.Single().Requests, Is.EqualTo(expected));
    }

    [TestCase("category", 129)]
    [TestCase("team", 97)]
    [TestCase("channel", 6)]
    [Order(1)]
    public async Task The_groups_are_those_of_the_file(string by, int expected)
    {
        var counts = await manager.Get<RequestCount[]>("/api/requests/counts?by=" + by);

        Assert.That(counts, Has.Length.EqualTo(expected));
        Assert.That(counts.Sum(c => c.Requests), Is.EqualTo(31_828));
    }

    [TestCase("status=closed&late=true", 4_827)]
    [TestCase("open=true&sort=oldestFirst", 1_747)]
    [TestCase("open=true&sort=dueFirst", 1_747)]
    [Order(1)]
    public async Task The_lists_give_the_figures_page_by_page(string filter, int expected)
    {
        var ids = new HashSet<Guid>();
        string? after = null;
        do
        {
            var page = await manager.Get<Page<RequestLine>>($"/api/requests?{filter}&take=200" + (after is null ? "" : "&after=" + after));
            ids.UnionWith(page.Items.Select(r => r.RequestId));
            after = page.Next;
        }
        while (after is not null);

        Assert.That(ids, Has.Count.EqualTo(expected));
    }

    [Test]
    [Order(1)]
    public async Task Each_team_is_of_one_crew_and_each_closed_request_has_ended_orders_and_an_ended_round()
    {
        Assert.That(await Scalar<long>("select count(*) from (select team_id from work_order where community_id = @boston group by team_id having count(distinct crew) > 1) t", new { boston }), Is.Zero);
        Assert.That(await Scalar<long>("""
            select count(*)
            from request r
            left join request_work_order l on l.request_id = r.request_id
            left join work_order o on o.work_order_id = l.work_order_id
            left join feedback f on f.request_id = r.request_id
            left join clock k on k.subject_id = r.request_id
            where r.community_id = @boston
              and case r.status
                    when 'closed' then o.status not in ('done', 'voided') or f.ended_at is null or f.not_asked_rule is distinct from 'imported' or k.stopped_at is distinct from (case when k.due_at is not null then r.closed_at end)
                        or r.outcome is distinct from (case o.status when 'done' then 'resolved' else r.outcome end)
                    when 'inProgress' then o.status <> 'dispatched' or o.team_id is null or f.feedback_id is not null or k.stopped_at is not null
                    else true
                  end
            """, new { boston }), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from clock where next_check_at is not null"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from message"), Is.Zero);
    }

    [Test]
    [Order(1)]
    public async Task The_report_of_late_clocks_gives_the_figures_and_equals_a_slow_and_plain_count()
    {
        var figures = (await manager.Get<ClockFigures[]>($"/api/reports/clocks?communityId={boston}&kind=finish")).Single();

        Assert.That((figures.OnTime + figures.Late, figures.Late), Is.EqualTo((25_183L, 4_827L)));
        var reader = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "reader", [new RoleIn(boston, Roles.Manager)], []);
        await using var services = Services(_ => { });
        await SlowReport.Holds(Owner, services, reader, boston, new ClockReportFilter(Kind: ClockKind.Finish), lists: 1, ReportBy.All, ReportBy.Crew, ReportBy.Month, ReportBy.RequestKind, ReportBy.Category);
    }

    [Test]
    [Order(1)]
    public async Task The_chain_holds() => Assert.That(await Chain.Broken(this), Is.Zero);

    [Test]
    [Order(1)]
    public async Task A_second_run_changes_nothing()
    {
        var before = (await Rows<(long, long, long)>("select (select count(*) from request), (select count(*) from event), (select max(seq) from event_head)")).Single();

        var second = await Import();

        Assert.That((second.Imported, second.AlreadyThere, second.Refused), Is.EqualTo((0L, 31_828L, 0L)));
        Assert.That((await Rows<(long, long, long)>("select (select count(*) from request), (select count(*) from event), (select max(seq) from event_head)")).Single(), Is.EqualTo(before));
    }

    [Test]
    [Order(2)]
    public async Task Once_requests_of_the_city_are_taken_up_their_clocks_climb_and_the_report_of_escalations_equals_a_slow_and_plain_count()
    {
        await using var services = Services(_ => { });
        var (officer, clerk) = (await Joins("officer", Roles.CustomerOfficer), await Joins("clerk", Roles.Clerk));
        var crews = (await Rows<(string Crew, Guid TeamId)>("select distinct on (crew) crew, team_id from work_order where community_id = @boston and status = 'dispatched' order by crew, team_id", new { boston }))
            .Select(c => (Crew: EnumWord.Read<Crew>(c.Crew), c.TeamId)).ToArray();
        foreach (var (crew, team) in crews)
        {
            await Joins("lead " + crew, Roles.CrewLead, new TeamSeat(team, true));
        }

        var open = await Rows<(Guid RequestId, Guid WorkOrderId)>(
            """
            select r.request_id, o.work_order_id
            from (select community_id, work_order_id, number, row_number() over (partition by team_id order by number) as nth from work_order where community_id = @boston and status = 'dispatched') o
            join request_work_order l on l.community_id = o.community_id and l.work_order_id = o.work_order_id
            join request r on r.community_id = l.community_id and r.request_id = l.request_id
            join clock k on k.community_id = r.community_id and k.subject_id = r.request_id and k.imported and k.stopped_at is null and k.due_at is not null
            order by o.nth, r.number
            limit 48
            """,
            new { boston });
        Assert.That(open, Has.Count.EqualTo(48));

        // A Monday morning in Boston: of each four one is accepted, one has a second crew as well, one is given to another crew, one is accepted and done later.
        Clock.Set(new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.FromHours(-5)));
        await TakeUp(open.GetRange(0, 32));
        foreach (var minutes in new[] { 0, 8, 20 })
        {
            Clock.Advance(TimeSpan.FromMinutes(minutes));
            await Sweep();
        }

        var late = await Rows<Guid>("select escalation_id from escalation where community_id = @boston and level > 0 and resolved_at is null order by fired_at, escalation_id", new { boston });
        Assert.That(late, Has.Count.GreaterThan(20));
        foreach (var (escalation, i) in late.Select((e, i) => (e, i)))
        {
            Clock.Advance(TimeSpan.FromSeconds(i * 3));
            switch (i % 4)
            {
                case 0:
                    await Send(chief, new AcknowledgeEscalation(escalation));
                    break;
                case 1:
                    await Send(officer, new AcknowledgeEscalation(escalation, Clock.GetUtcNow().AddMinutes(40), "On the way"));
                    break;
                case 2 when i < 12:
                    await Send(officer, new ResolveEscalation(escalation, "The city knows."));
                    break;
            }
        }

        await Sweep();
        await Finish([.. open.Take(32).Where((_, i) => i % 4 == 3)]);
        foreach (var hours in new[] { 1, 3, 5 })
        {
            Clock.Advance(TimeSpan.FromHours(hours));
            await Sweep();
        }

        // Four weeks and a change of the clocks later, after the desk has closed: what was late long ago is late now, and nobody is told before the morning.
        Clock.Set(new DateTimeOffset(2026, 4, 1, 19, 0, 0, TimeSpan.FromHours(-4)));
        await Sweep();
        Clock.Set(new DateTimeOffset(2026, 4, 1, 21, 0, 0, TimeSpan.FromHours(-4)));
        await TakeUp(open.GetRange(32, 16));
        await Sweep();
        await Finish([.. open.Skip(32).Where((_, i) => i % 4 == 3)]);

        var seen = await SlowEscalations.Holds(Owner, services, chief, boston);

        Assert.That(seen, Is.EquivalentTo(Enum.GetValues<EscalatedWhich>()), "there is something of each");
        Assert.That(await Scalar<long>("select count(*) from escalation e join clock k using (community_id, clock_id) where e.community_id = @boston and k.imported", new { boston }), Is.GreaterThan(30));
        await SlowReport.Holds(Owner, services, chief, boston, new ClockReportFilter(Kind: ClockKind.Accept), lists: 1, ReportBy.All, ReportBy.Crew, ReportBy.Month, ReportBy.Category);
        Assert.That(await Swept.ToldTwiceOrNot(this), Is.Zero);
        Assert.That((await Send(Actor.SystemIn(boston), new Domain.Clocks.VerifyClocks(boston))).Differences, Is.Empty);

        async Task TakeUp(IReadOnlyList<(Guid RequestId, Guid WorkOrderId)> some)
        {
            foreach (var ((request, order), i) in some.Select((s, i) => (s, i)))
            {
                var (crew, team) = crews[i % crews.Length];
                Clock.Advance(TimeSpan.FromSeconds(7));
                if (i % 4 == 2)
                {
                    await Send(clerk, new VoidWork(order, "Another crew"));
                }
                else
                {
                    await Send(officer, new AcceptWork(order));
                }

                if (i % 4 is 1 or 2)
                {
                    await Send(clerk, new DispatchWork(request, [new NewOrder(crew, "Look at it", team)]));
                }
            }
        }

        async Task Finish(IReadOnlyList<(Guid RequestId, Guid WorkOrderId)> some)
        {
            foreach (var (_, order) in some)
            {
                await Send(officer, new ArriveOnSite(order));
                await Send(officer, new CompleteWork(order, "Done"));
            }
        }

        async Task Sweep()
        {
            var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
            await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
        }
    }

    private async Task<Actor> Joins(string name, Roles role, params TeamSeat[] seats)
    {
        var id = await Send(Actor.SystemIn(boston), new JoinStaff(boston, name + "@boston", name, PasswordHash, [role], seats, IsDemo: true));
        return new Actor(ActorKind.Staff, id, name, [new RoleIn(boston, role)], []);
    }

    private Task<ImportSummary> Import() =>
        HostServices.GetRequiredService<RequestImport>().Run(file, ImportMapping.Parse(ImportMappingTests.Example()), null, dryRun: false, null, CancellationToken.None);
}
