using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Workers;

public sealed class WakeHeldWorkTests : DeskFixture
{
    private async Task<Guid> GivenHeld()
    {
        var (_, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
        return order;
    }

    private async Task<int> Look()
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        return await Schedule.Entries.Single(e => e.Id == "wake-held-work").Run(job, CancellationToken.None);
    }

    private async Task<WorkOrderStatus> Status(Guid order) => (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Status;

    [Test]
    public async Task A_hold_ends_at_its_wake_up_time_and_not_before_and_the_assignee_is_told_once()
    {
        var order = await GivenHeld();
        Clock.Advance(TimeSpan.FromMinutes(119));
        await Look();
        Assert.That(await Status(order), Is.EqualTo(WorkOrderStatus.OnHold));

        Clock.Advance(TimeSpan.FromMinutes(1));
        await Look();
        await Look();

        Assert.That(await Status(order), Is.EqualTo(WorkOrderStatus.Working));
        Assert.That(await Rows<Guid>("select recipient_id from message where template = 'holdOver'"), Is.EqualTo(new[] { Here.Member(Crew.Engineering).Id }));
    }

    [Test]
    public async Task Two_workers_at_once_wake_each_order_once()
    {
        var orders = new List<Guid>();
        for (var i = 0; i < 8; i++)
        {
            orders.Add(await GivenHeld());
        }

        Clock.Advance(TimeSpan.FromHours(3));
        await Task.WhenAll(Look(), Look(), Look());

        Assert.That(await Scalar<long>("select count(*) from message where template = 'holdOver'"), Is.EqualTo(8));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'workResumed' and subject_id = any (@orders)", new { orders }), Is.EqualTo(8));
    }

    [Test]
    public async Task Keys_are_forgotten_after_thirty_days()
    {
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏", PlaceId: Here.Places["3-2-1502"]), c => c.IdempotencyKey = "a");
        await using var services = Services(_ => { });
        var due = services.GetRequiredService<DueWork>();

        Clock.Advance(Schedule.KeysKept);
        Assert.That(await due.ForgetOldKeys(Schedule.KeysKept, 100, default), Is.Zero);
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await due.ForgetOldKeys(Schedule.KeysKept, 100, default), Is.EqualTo(1));
    }

    [Test]
    public async Task The_page_of_the_jobs_shows_since_when_the_oldest_row_of_each_waits()
    {
        await Service<Domain.Jobs.JobLog>().KeepSchedule([.. Schedule.Entries.Select(e => (e.Id, e.Cron, e.Single))], default);
        var (request, order) = await GivenWorking();
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏", PlaceId: Here.Places["3-2-1502"]), c => c.IdempotencyKey = "b");
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Weather, Clock.GetUtcNow().AddDays(40)));
        await Execute(
            "insert into clock_move (community_id, clock_move_id, why, version_id, made_at, made_by, expected) values (@CommunityId, gen_random_uuid(), 'profile', gen_random_uuid(), @Now, @By, 1)",
            new { Here.CommunityId, Now = Clock.GetUtcNow().AddHours(1).UtcDateTime, By = Here.Manager.Id });
        Clock.Advance(Schedule.KeysKept + TimeSpan.FromHours(2));

        var oldest = (await Send(Here.Manager, new Domain.Jobs.ListJobs())).ToDictionary(j => j.JobId, j => j.OldestDueAt);

        Assert.That(oldest["pass-hold-limits"], Is.EqualTo(FakeClock.Start.AddDays(2)));
        Assert.That(oldest["move-clocks"], Is.EqualTo(FakeClock.Start.AddHours(1)));
        Assert.That(oldest["forget-old-keys"], Is.EqualTo(FakeClock.Start + Schedule.KeysKept));
        Assert.That(oldest["wake-held-work"], Is.Null);
        Assert.That(oldest.Keys, Is.EquivalentTo(Schedule.Entries.Select(e => e.Id)));
        await Execute("delete from clock_move");
    }
}
