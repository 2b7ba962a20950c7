using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>A telephone had no signal and reports later what happened earlier: it decides about its own work, not about others'.</summary>
public sealed class LateFromThePhoneTests : DeskFixture
{
    [TearDown]
    public async Task The_log_gives_the_same() => Assert.That(await ClocksThatDiffer(), Is.Empty);

    private static DateTimeOffset Local(int hour, int minute = 0) => new(2026, 3, 2, hour, minute, 0, TimeSpan.FromHours(8));

    private async Task<(Guid Request, Guid First, Guid Second)> GivenTwoAtWork(bool secondWaits = false)
    {
        var request = (await GivenRequest()).RequestId;
        var made = await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "清洁", WaitsForOrder: secondWaits ? 0 : null)]));
        var (first, second) = (made.WorkOrders[0].WorkOrderId, made.WorkOrders[1].WorkOrderId);
        foreach (var (order, crew) in secondWaits ? [(first, Crew.Engineering)] : new[] { (first, Crew.Engineering), (second, Crew.Environment) })
        {
            await Send(Here.Member(crew), new AcceptWork(order));
            await Send(Here.Member(crew), new ArriveOnSite(order));
        }

        return (request, first, second);
    }

    [Test]
    public async Task Whoever_waited_has_the_order_from_when_the_desk_heard_that_it_may_begin()
    {
        var (_, first, second) = await GivenTwoAtWork(secondWaits: true);
        Clock.Set(Local(11, 30));

        await Send(Here.Member(Crew.Engineering), new CompleteWork(first, "换了水管"), c => c.DeviceAt = Local(10));

        Assert.That(await Scalar<DateTime>("select started_at from clock where subject_id = @second and kind = 'accept'", new { second }), Is.EqualTo(Local(11, 30).UtcDateTime));
        Assert.That(await Scalar<DateTime>("select done_at from work_order where work_order_id = @first", new { first }), Is.EqualTo(Local(10).UtcDateTime));
    }

    [Test]
    public async Task A_request_is_finished_when_the_last_of_its_orders_was_done()
    {
        var (request, first, second) = await GivenTwoAtWork();
        Clock.Set(Local(11));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(first, "换了水管"));
        Clock.Set(Local(11, 30));

        await Send(Here.Member(Crew.Environment), new CompleteWork(second, "拖干了"), c => c.DeviceAt = Local(10));

        Assert.That(await Scalar<DateTime>("select finished_at from request where request_id = @request", new { request }), Is.EqualTo(Local(11).UtcDateTime));
        Assert.That(await Scalar<DateTime>("select stopped_at from clock where subject_id = @request and kind = 'finish'", new { request }), Is.EqualTo(Local(11).UtcDateTime));
    }

    [Test]
    public async Task The_owner_waits_for_nobody_only_from_when_the_last_one_at_work_was_held()
    {
        var (request, first, second) = await GivenTwoAtWork();
        Clock.Set(Local(10, 10));
        await Send(Here.Member(Crew.Engineering), new HoldWork(first, HoldReason.Parts, Local(15)));
        Clock.Set(Local(10, 30));

        await Send(Here.Member(Crew.Environment), new CompleteWork(second, "拖干了"), c => c.DeviceAt = Local(9, 50));

        Assert.That(await Scalar<DateTime>("select held_at from clock where subject_id = @request and kind = 'finish'", new { request }), Is.EqualTo(Local(10, 10).UtcDateTime));
    }

    [Test]
    public async Task A_held_order_that_is_handed_over_by_a_telephone_of_earlier_was_held_no_time()
    {
        var (_, first, _) = await GivenTwoAtWork();
        Clock.Set(Local(10));
        await Send(Here.Member(Crew.Engineering), new HoldWork(first, HoldReason.Parts, Local(15)));
        Clock.Set(Local(10, 30));

        await Send(Here.Member(Crew.Engineering), new AssignWork(first, Here.Lead(Crew.Engineering).Id), c => c.DeviceAt = Local(9, 30));

        Assert.That(await Scalar<DateTime>("select until_at from hold where work_order_id = @first", new { first }), Is.EqualTo(Local(10).UtcDateTime));
    }

    [Test]
    public async Task What_was_refused_because_the_order_had_moved_on_is_kept_on_the_timeline_as_reported()
    {
        var (request, order) = await GivenDispatched();
        Clock.Set(Local(9, 30));
        var engineer = Here.Member(Crew.Engineering);
        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Environment], "是保洁的事"));
        var before = await Scalar<int>("select version from work_order where work_order_id = @order", new { order });
        Assert.That(await Refusal(() => Send(engineer, new AcceptWork(order), c => c.DeviceAt = Local(9, 20))), Is.EqualTo("work_order.somebody_elses"));

        await Send(engineer, new ReportWork(order, WorkOrderMove.Accept, "work_order.somebody_elses", "我已经在路上"), c => c.DeviceAt = Local(9, 20));

        var told = (await Send(Here.Clerk, new GetTimeline(request))).Items.Single(e => e.What == Happening.WorkReported);
        Assert.That((told.Text, told.DeviceAt, told.OccurredAt, told.Visibility), Is.EqualTo(("我已经在路上", (DateTimeOffset?)Local(9, 20), Local(9, 30), Visibility.Crew)));
        Assert.That(await Scalar<string>("select detail ->> 'move' || ' ' || (detail ->> 'code') from event where what = 'workReported' and subject_id = @order", new { order }), Is.EqualTo("accept work_order.somebody_elses"));
        Assert.That(await Scalar<int>("select version from work_order where work_order_id = @order", new { order }), Is.EqualTo(before));
    }

    [Test]
    public async Task A_report_that_is_sent_again_stands_there_once()
    {
        var (_, order) = await GivenWorking();
        var report = new ReportWork(order, WorkOrderMove.Arrive, "work_order.move_not_allowed");

        foreach (var _ in (int[])[1, 2])
        {
            await Send(Here.Member(Crew.Engineering), report, c => c.IdempotencyKey = "report-1");
        }

        Assert.That(await Scalar<long>("select count(*) from event where what = 'workReported' and subject_id = @order", new { order }), Is.EqualTo(1));
    }

    [Test]
    public async Task Of_an_order_that_never_was_theirs_a_crew_reports_nothing()
    {
        var (_, order) = await GivenWorking();
        var report = new ReportWork(order, WorkOrderMove.Complete, "work_order.move_not_allowed");

        Assert.That(await Refusal(() => Send(Here.Member(Crew.Security), report)), Is.EqualTo("work_order.not_found"));
        Assert.That(await Refusal(() => Send(There.Member(Crew.Engineering), report)), Is.EqualTo("work_order.not_found"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), report with { Code = "因为" })), Is.EqualTo("report.not_a_code"));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'workReported' and subject_id = @order", new { order }), Is.Zero);
    }

    [Test]
    public async Task Giving_an_order_from_hand_to_hand_wins_no_time()
    {
        var (_, order) = await GivenDispatched();
        Clock.Set(Local(9, 10));

        await Send(Here.Lead(Crew.Engineering), new AssignWork(order, Here.Member(Crew.Engineering).Id));

        Assert.That(await Rows<string>("select cycle || ' ' || to_char(due_at at time zone 'Asia/Shanghai', 'HH24:MI') from clock where subject_id = @order and kind = 'accept'", new { order }), Is.EqualTo(new[] { "1 09:15" }));
        Assert.That(await Refusal(() => Send(Here.Lead(Crew.Engineering), new AssignWork(order, Here.Member(Crew.Engineering).Id))), Is.EqualTo("assignee.has_it_already"));
    }
}
