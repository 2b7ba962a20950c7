using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Imports;

/// <summary>A real city's requests: the figures known of the file come out of the lists and counts, over HTTP.</summary>
public sealed class BostonTests : ApiFixture
{
    private string file = "";
    private Guid boston;
    private ApiClient manager = null!;
    private ImportSummary first = null!;

    public override Task CleanUp() => Task.CompletedTask; // one import for all tests, which only look

    protected override async Task Ready()
    {
        await base.Ready();
        file = Path.Combine(Path.GetTempPath(), $"boston-{Guid.NewGuid():N}.csv.gz");
        File.Copy(SharedFacts.Find("boston_311_2011q3.csv.gz"), file);
        first = await Import();
        boston = await Scalar<Guid>("select community_id from community where code = 'boston'");
        var id = await Send(Actor.SystemIn(boston), new JoinStaff(boston, "manager@boston", "manager", PasswordHash, [Roles.Manager], [], IsDemo: true));
        manager = await As(new Actor(ActorKind.Staff, id, "manager", [new RoleIn(boston, Roles.Manager)], []));
    }

    protected override async Task Closing()
    {
        File.Delete(file);
        await base.Closing();
    }

    [Test]
    public void Every_row_is_imported() => Assert.That(first, Is.EqualTo(new ImportSummary(31_828, 31_828, 0, 0, 129, 97, true, null)));

    [Test]
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
    public async Task The_counts_give_the_figures(string filter, int expected)
    {
        var counts = await manager.Get<RequestCount[]>("/api/requests/counts?" + filter);

        Assert.That(counts.Single().Requests, Is.EqualTo(expected));
    }

    [TestCase("category", 129)]
    [TestCase("team", 97)]
    [TestCase("channel", 6)]
    public async Task The_groups_are_those_of_the_file(string by, int expected)
    {
        var counts = await manager.Get<RequestCount[]>("/api/requests/counts?by=" + by);

        Assert.That(counts, Has.Length.EqualTo(expected));
        Assert.That(counts.Sum(c => c.Requests), Is.EqualTo(31_828));
    }

    [TestCase("status=closed&late=true", 4_827)]
    [TestCase("open=true&sort=oldestFirst", 1_747)]
    [TestCase("open=true&sort=dueFirst", 1_747)]
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
    public async Task The_report_of_late_clocks_gives_the_figures_and_equals_a_slow_and_plain_count()
    {
        var figures = (await manager.Get<ClockFigures[]>($"/api/reports/clocks?communityId={boston}&kind=finish")).Single();

        Assert.That((figures.OnTime + figures.Late, figures.Late), Is.EqualTo((25_183L, 4_827L)));
        var reader = new Actor(ActorKind.Staff, Guid.CreateVersion7(), "reader", [new RoleIn(boston, Roles.Manager)], []);
        await using var services = Services(_ => { });
        await SlowReport.Holds(Owner, services, reader, boston, new ClockReportFilter(Kind: ClockKind.Finish), ReportBy.All, ReportBy.Crew, ReportBy.Month, ReportBy.RequestKind);
    }

    [Test]
    public async Task The_chain_holds() => Assert.That(await Chain.Broken(this), Is.Zero);

    [Test]
    public async Task A_second_run_changes_nothing()
    {
        var before = (await Rows<(long, long, long)>("select (select count(*) from request), (select count(*) from event), (select max(seq) from event_head)")).Single();

        var second = await Import();

        Assert.That((second.Imported, second.AlreadyThere, second.Refused), Is.EqualTo((0L, 31_828L, 0L)));
        Assert.That((await Rows<(long, long, long)>("select (select count(*) from request), (select count(*) from event), (select max(seq) from event_head)")).Single(), Is.EqualTo(before));
    }

    private Task<ImportSummary> Import() =>
        HostServices.GetRequiredService<RequestImport>().Run(file, ImportMapping.Parse(ImportMappingTests.Example()), null, dryRun: false, null, CancellationToken.None);
}
