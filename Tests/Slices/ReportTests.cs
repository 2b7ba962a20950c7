using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Figures, and the rows behind them.</summary>
public sealed class ReportTests : DeskFixture
{
    private async Task Sweep()
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
    }

    /// <summary>Orders of all outcomes: in time, late, running, running late, voided before and after the breach, over two months.</summary>
    private async Task GivenAllSorts()
    {
        await GivenDone();
        await GivenDone(Crew.Environment, Priority.Urgent);
        var (_, late) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromMinutes(40));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(late));
        var (_, voided) = await GivenDispatched();
        await Send(Here.Clerk, new VoidWork(voided, "重复"));
        var (_, voidedLate) = await GivenDispatched(Crew.Security);
        Clock.Advance(TimeSpan.FromHours(3));
        await Send(Here.Clerk, new VoidWork(voidedLate, "重复"));
        await GivenDispatched(priority: Priority.Danger);
        Clock.Advance(TimeSpan.FromDays(31));
        await GivenDispatched(Crew.Administration);
        await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差");
    }

    [Test]
    public async Task Figures_of_clocks_equal_a_slow_and_plain_count_and_their_rows_are_exactly_those_counted()
    {
        await GivenAllSorts();

        await using var services = Services(_ => { });
        await SlowReport.Holds(Owner, services, Here.Manager, Here.CommunityId, new ClockReportFilter(), Enum.GetValues<ReportBy>());
    }

    [Test]
    public async Task What_was_voided_after_its_breach_was_late_and_what_was_voided_before_does_not_count()
    {
        await GivenAllSorts();

        var accept = await Send(Here.Manager, new ReportClocks(new ClockReportFilter(Here.CommunityId, Kind: ClockKind.Accept), ReportBy.Crew));

        Assert.That(accept.Single(f => f.Key == "security").Late, Is.EqualTo(1));
        Assert.That(accept.Single(f => f.Key == "engineering").Moot, Is.EqualTo(1));
    }

    [Test]
    public async Task Figures_of_escalations_are_what_their_list_lists()
    {
        await GivenAllSorts();
        await Sweep();
        var one = (await Send(Here.Manager, new ListEscalations(new EscalationFilter(Level: [1]), 1))).Items.Single().Escalation;
        Clock.Advance(TimeSpan.FromMinutes(3));
        await Send(Here.Manager, new AcknowledgeEscalation(one.EscalationId));

        foreach (var figures in (await Send(Here.Manager, new ReportEscalations(new EscalationReportFilter(), ReportBy.Crew))).Where(f => f.Key != "")) // the desk's own are of no crew
        {
            var crew = EnumWord.Read<Crew>(figures.Key);
            foreach (var (level, count) in new[] { (0, figures.Warnings), (1, figures.Level1), (2, figures.Level2), (3, figures.Level3), (4, figures.Level4) })
            {
                Assert.That((await Send(Here.Manager, new ListEscalations(new EscalationFilter(Crew: crew, Level: [level]), 200))).Items, Has.Count.EqualTo(count), $"{crew} {level}");
            }

            Assert.That((await Send(Here.Manager, new ListEscalations(new EscalationFilter(Crew: crew, Acknowledged: true), 200))).Items, Has.Count.EqualTo(figures.Acknowledged));
        }

        var all = (await Send(Here.Manager, new ReportEscalations(new EscalationReportFilter()))).Single();
        Assert.That((all.Acknowledged, all.MedianAcknowledgedSeconds), Is.EqualTo((1L, (long?)180)));
        Assert.That(all.Told + all.Nobody + all.Waiting + all.DoneBeforeTelling, Is.EqualTo(all.Warnings + all.Level1 + all.Level2 + all.Level3 + all.Level4));
    }

    [Test]
    public async Task Every_figure_of_escalations_lists_exactly_the_rows_that_it_counts()
    {
        await GivenAllSorts();
        Clock.Advance(TimeSpan.FromHours(1));
        await Sweep();
        var late = (await Send(Here.Manager, new ListEscalations(new EscalationFilter(Level: [1], Crew: Crew.Administration)))).Items[0].Escalation;
        await Send(Here.Manager, new AcknowledgeEscalation(late.EscalationId, Clock.GetUtcNow().AddMinutes(20), "在路上"));
        Clock.Advance(TimeSpan.FromHours(1));
        await Sweep();
        var rows = await Rows<(Guid Id, short Level, bool Told, bool Nobody, bool Ended, bool Acknowledged, int Promises, bool Broken, string? Crew)>(
            "select escalation_id, level, told_at is not null, nobody, resolved_at is not null, acknowledged_at is not null, promises, promise_broken_at is not null, crew from escalation where community_id = @CommunityId", new { Here.CommunityId });

        foreach (var crew in rows.Select(r => r.Crew ?? "").Distinct())
        {
            foreach (var which in Enum.GetValues<EscalatedWhich>())
            {
                var expected = rows.Where(r => (r.Crew ?? "") == crew && which switch
                {
                    EscalatedWhich.All => true,
                    EscalatedWhich.Warnings => r.Level == 0,
                    EscalatedWhich.Level1 => r.Level == 1,
                    EscalatedWhich.Level2 => r.Level == 2,
                    EscalatedWhich.Level3 => r.Level == 3,
                    EscalatedWhich.Level4 => r.Level == 4,
                    EscalatedWhich.Told => r.Told,
                    EscalatedWhich.Nobody => !r.Told && r.Nobody,
                    EscalatedWhich.Waiting => !r.Told && !r.Nobody && !r.Ended,
                    EscalatedWhich.DoneBeforeTelling => !r.Told && !r.Nobody && r.Ended,
                    EscalatedWhich.Acknowledged => r.Acknowledged,
                    EscalatedWhich.Promised => r.Promises > 0,
                    EscalatedWhich.PromisesBroken => r.Broken,
                }).Select(r => r.Id).ToArray();
                var listed = (await Send(Here.Manager, new ListReportedEscalations(new EscalationReportFilter(), ReportBy.Crew, crew, which, 200))).Items;
                Assert.That(listed.Select(l => l.Escalation.EscalationId), Is.Unique.And.EquivalentTo(expected), $"{crew} {which}");
            }
        }

        Assert.That(rows.Count(r => r.Broken), Is.EqualTo(1));
        var figures = await Send(Here.Manager, new ReportEscalations(new EscalationReportFilter(), ReportBy.Crew));
        Assert.That(figures.Sum(f => f.Escalations), Is.EqualTo(rows.Count));
        Assert.That((figures.Sum(f => f.Promised), figures.Sum(f => f.PromisesBroken)), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task A_ladder_has_every_step_that_it_climbed_and_what_was_said()
    {
        var (_, order) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromMinutes(20));
        await Sweep();
        var first = (await Send(Here.Manager, new ListLadders(new EscalationFilter(Kind: ClockKind.Accept, Level: [1, 2, 3, 4])))).Items.Single();
        await Send(Here.Manager, new AcknowledgeEscalation(first.LastEscalationId, Clock.GetUtcNow().AddMinutes(10), "师傅在路上"));
        Clock.Advance(TimeSpan.FromHours(2));
        await Sweep();

        var ladder = (await Send(Here.Manager, new ListLadders(new EscalationFilter(Kind: ClockKind.Accept, State: [EscalationState.Open])))).Items.Single();

        var steps = ladder.Steps.Select(s => s.Escalation).ToArray();
        Assert.That(steps.Select(s => (int)s.Level), Is.Ordered.And.Unique.And.SupersetOf(new[] { 1, 2 }));
        Assert.That((steps[^1].EscalationId, steps.Select(s => s.ClockId).Distinct().Single()), Is.EqualTo((ladder.LastEscalationId, ladder.ClockId)));
        var said = steps.Single(s => s.EscalationId == first.LastEscalationId);
        Assert.That((said.AcknowledgedWords, said.PromiseBrokenAt is not null, said.WorkOrderId), Is.EqualTo(("师傅在路上", true, (Guid?)order)));
        Assert.That((await Send(Here.Manager, new ListLadders(new EscalationFilter(Kind: ClockKind.Accept, State: [EscalationState.Acknowledged])))).Items, Is.Empty, "the ladder's state is that of its last step");
        Assert.That((await Send(There.Manager, new ListLadders(new EscalationFilter()))).Items, Is.Empty);

        var lead = await Send(Here.Lead(Crew.Engineering), new ListLadders(new EscalationFilter()));
        Assert.That(lead.Items.SelectMany(l => l.Steps).Select(s => s.Escalation.AcknowledgedWords), Is.All.Null, "what was said is the desk's to read");
        Assert.That(lead.Items.SelectMany(l => l.Steps), Is.All.Matches<EscalationLine>(s => s.Told.Any(t => t.StaffId == Here.Lead(Crew.Engineering).Id)));
    }

    [Test]
    public async Task Ladders_are_paged_without_losing_one()
    {
        for (var i = 0; i < 5; i++)
        {
            await GivenDispatched();
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Clock.Advance(TimeSpan.FromHours(3));
        await Sweep();
        var all = (await Send(Here.Manager, new ListLadders(new EscalationFilter(), 200))).Items.Select(l => l.ClockId).ToArray();

        var (paged, after) = (new List<Guid>(), (string?)null);
        do
        {
            var page = await Send(Here.Manager, new ListLadders(new EscalationFilter(), 2, after));
            paged.AddRange(page.Items.Select(l => l.ClockId));
            after = page.Next;
        }
        while (after is not null);

        Assert.That(paged, Is.EqualTo(all).And.Unique);
        Assert.That(all, Has.Length.GreaterThanOrEqualTo(5));
    }

    [Test]
    public async Task A_breach_that_a_telephone_reports_late_to_have_been_met_is_counted_as_annotated_and_listed()
    {
        var (_, order) = await GivenDispatched();
        var began = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromMinutes(20));
        await Sweep();
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order), c => c.DeviceAt = began.AddMinutes(10));

        var figures = (await Send(Here.Manager, new ReportClocks(new ClockReportFilter(Kind: ClockKind.Accept)))).Single();
        var line = (await Send(Here.Manager, new ListReportedClocks(new ClockReportFilter(Kind: ClockKind.Accept), Annotated: true))).Items.Single();

        Assert.That((figures.OnTime, figures.Late, figures.Annotated), Is.EqualTo((1L, 0L, 1L)));
        Assert.That((line.WorkOrderId, line.Outcome, line.LateReportAt), Is.EqualTo(((Guid?)order, ClockOutcome.OnTime, (DateTimeOffset?)Clock.GetUtcNow())));
        Assert.That((await Send(Here.Manager, new ListEscalations(new EscalationFilter(Kind: ClockKind.Accept, Level: [1])))).Items.Single().Escalation.LateReportAt, Is.EqualTo(Clock.GetUtcNow()), "the escalation stands");
    }

    [Test]
    public async Task What_is_on_hold_since_before_it_was_due_is_not_late()
    {
        var (request, order) = await GivenDispatched();
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddDays(2)));
        Clock.Advance(TimeSpan.FromDays(1.5));

        Assert.That((await Send(Here.Manager, new ReportClocks(new ClockReportFilter(Kind: ClockKind.Finish)))).Single().RunningLate, Is.Zero);
        Assert.That((await Send(Here.Manager, new ListRequests(new RequestFilter(Due: RequestDue.Late)))).Items, Is.Empty);
        Assert.That((await Send(Here.Manager, new ListRequests(new RequestFilter(Late: true)))).Items, Is.Empty);
        Assert.That((await Send(Here.Manager, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
    }

    [Test]
    public async Task Another_community_is_not_in_it()
    {
        await GivenRequest(There, Priority.Danger);

        Assert.That(await Send(Here.Manager, new ReportClocks(new ClockReportFilter())), Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new ReportClocks(new ClockReportFilter(There.CommunityId)))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReportClocks(new ClockReportFilter()))), Is.EqualTo("role.not_allowed"));
    }
}
