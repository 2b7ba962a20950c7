using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Jobs;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Endpoints;

public sealed class EscalationsOverHttpTests : ApiFixture
{
    [Test]
    public async Task What_is_late_is_listed_acknowledged_settled_and_reported()
    {
        await GivenDispatched(priority: Priority.Urgent);
        await GivenDispatched(Crew.Security, Priority.Urgent);
        await Send(There.Clerk, new DispatchWork((await GivenRequest(There, Priority.Urgent)).RequestId, [new NewOrder(Crew.Engineering, "看一下")]));
        Clock.Advance(TimeSpan.FromHours(13));
        await using (var services = Services(_ => { }))
        {
            var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
            await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
        }

        using var manager = await SignIn(Here.Manager); // half a day later, whoever sat here has to sign in anew
        using var stranger = await SignIn(There.Manager);
        using var clerk = await SignIn(Here.Clerk);
        await Execute(
            "insert into community_staff (community_id, staff_id, joined_at) values (@There, @Id, @Now); insert into staff_role (community_id, staff_id, role, granted_at) values (@There, @Id, 'manager', @Now)",
            new { There = There.CommunityId, Here.Officer.Id, Now = Clock.GetUtcNow() });
        using var ofBoth = await SignIn(Here.Officer);
        var page = await manager.Get<Page<EscalationLine>>("/api/escalations?level=1,2&state=open&crew=engineering&kind=accept");
        Assert.That(page.Items.Select(l => l.Escalation.Level), Is.EquivalentTo(new short[] { 1, 2 }));
        var first = page.Items.Single(l => l.Escalation.Level == 1).Escalation;

        var promised = Clock.GetUtcNow().AddHours(1);
        var reply = await manager.PostJson($"/api/escalations/{first.EscalationId}/acknowledgement", new { promisedAt = promised, note = "在路上" }, HttpStatusCode.OK, "once", first.Version);
        var again = await manager.PostJson($"/api/escalations/{first.EscalationId}/acknowledgement", new { promisedAt = promised, note = "在路上" }, HttpStatusCode.OK, "once", first.Version);
        Assert.That(again.Body.ToString(), Is.EqualTo(reply.Body.ToString()));
        Assert.That((await manager.PostJson($"/api/escalations/{first.EscalationId}/acknowledgement", new { }, HttpStatusCode.PreconditionFailed, version: first.Version)).Code, Is.EqualTo("escalation.changed_meanwhile"));
        await manager.PostJson($"/api/escalations/{first.EscalationId}/resolution", new { note = "已处理" }, HttpStatusCode.OK);
        await stranger.PostJson($"/api/escalations/{first.EscalationId}/resolution", new { note = "x" }, HttpStatusCode.NotFound);

        var (at, all) = (Clock.GetUtcNow().UtcDateTime, await Count(""));
        string Time(int minutes) => at.AddMinutes(minutes).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        async Task<int> Count(string query) => (await Rows_(manager, query)).Count;
        async Task<IReadOnlyList<EscalationRow>> Rows_(ApiClient who, string query) => [.. (await who.Get<Page<EscalationLine>>("/api/escalations?take=200&" + query)).Items.Select(l => l.Escalation)];
        var told = await Scalar<long>("select count(*) from escalation_recipient where staff_id = @Id", new { Here.Manager.Id });
        Assert.That((all > 2, told > 0 && told < all), Is.EqualTo((true, true)), "otherwise nothing is narrowed");
        Assert.That(await Count($"communityId={Here.CommunityId}"), Is.EqualTo(all));
        await manager.GetJson($"/api/escalations?communityId={There.CommunityId}", HttpStatusCode.NotFound);
        var both = await Rows_(ofBoth, "");
        foreach (var town in new[] { Here, There })
        {
            Assert.That((await Rows_(ofBoth, $"communityId={town.CommunityId}")).Select(e => e.EscalationId), Is.Not.Empty.And.EquivalentTo(both.Where(e => e.CommunityId == town.CommunityId).Select(e => e.EscalationId)));
        }

        var mine = await Rows_(manager, "");
        foreach (var crew in new[] { "engineering", "security" })
        {
            Assert.That((await Rows_(manager, "crew=" + crew)).Select(e => e.EscalationId), Is.Not.Empty.And.EquivalentTo(mine.Where(e => EnumWord.Of(e.Crew!.Value) == crew).Select(e => e.EscalationId)));
        }

        Assert.That((await Rows_(manager, "state=resolved")).Select(e => e.EscalationId), Is.EqualTo(new[] { first.EscalationId }));
        Assert.That((await Count("state=open"), await Count("state=acknowledged"), await Count("state=open,resolved")), Is.EqualTo((all - 1, 0, all)));
        Assert.That((await Count($"from={Time(-1)}&to={Time(1)}"), await Count($"from={Time(1)}"), await Count($"to={Time(-1)}")), Is.EqualTo((all, 0, 0)));
        Assert.That((await Count("acknowledged=true"), await Count("acknowledged=false")), Is.EqualTo((1, all - 1)));
        Assert.That(await Count("mine=true"), Is.EqualTo(told));

        var figures = await manager.Get<EscalationFigures[]>("/api/reports/escalations?by=kind");
        Assert.That(figures.Single(f => f.Key == "accept").Acknowledged, Is.EqualTo(1));
        var late = (await manager.Get<ClockFigures[]>("/api/reports/clocks?by=kind")).Single(f => f.Key == "accept").RunningLate;
        Assert.That((await manager.Get<Page<ReportedClock>>("/api/reports/clocks/lines?by=kind&key=accept&outcome=runningLate")).Items, Has.Count.EqualTo(late));
        await clerk.GetJson("/api/reports/clocks", HttpStatusCode.Forbidden);
    }

    [Test]
    public async Task Jobs_are_shown_to_those_who_run_the_desk()
    {
        await Service<JobLog>().KeepSchedule([("a-job", "0/10 * * * * ?", false)], CancellationToken.None);
        await Service<JobLog>().Write(new JobRun("a-job", Clock.GetUtcNow(), Clock.GetUtcNow(), TimeSpan.FromMilliseconds(12), 3, null, "host:1"), CancellationToken.None);
        await Service<JobLog>().Write(new JobRun("a-job", Clock.GetUtcNow(), Clock.GetUtcNow(), TimeSpan.FromMilliseconds(9), null, "IOException", "host:1"), CancellationToken.None);

        var job = (await (await As(Here.Manager)).Get<JobLine[]>("/api/jobs")).Single();
        var administrator = await As(Here.People["administrator"]);

        Assert.That((job.Runs, job.RowsDone, job.LastRows, job.FailuresInARow, job.LastFailure, job.LastSuccessAt), Is.EqualTo((2L, 3L, (int?)3, 1, "IOException", (DateTimeOffset?)Clock.GetUtcNow())));
        Assert.That(job.LastMilliseconds, Is.EqualTo(9), "of the last run, also of one that failed");
        await (await As(Here.Clerk)).GetJson("/api/jobs", HttpStatusCode.Forbidden);
        await administrator.PostJson("/api/jobs/a-job/hint", null, HttpStatusCode.OK);
        Assert.That((await administrator.PostJson("/api/jobs/another/hint", null, HttpStatusCode.NotFound)).Code, Is.EqualTo("job.not_found"));
    }
}
