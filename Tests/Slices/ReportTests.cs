using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
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

        foreach (var figures in await Send(Here.Manager, new ReportEscalations(new EscalationReportFilter(), ReportBy.Crew)))
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
    public async Task Another_community_is_not_in_it()
    {
        await GivenRequest(There, Priority.Danger);

        Assert.That(await Send(Here.Manager, new ReportClocks(new ClockReportFilter())), Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new ReportClocks(new ClockReportFilter(There.CommunityId)))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReportClocks(new ClockReportFilter()))), Is.EqualTo("role.not_allowed"));
    }
}
