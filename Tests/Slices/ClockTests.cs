using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>The stored clocks as the loop's events keep them. Times are Shanghai's: the fixture starts on Monday 2026-03-02 at 09:00.</summary>
public sealed class ClockTests : DeskFixture
{
    [TearDown]
    public async Task The_log_gives_the_same() => Assert.That(await ClocksThatDiffer(), Is.Empty);

    private static DateTimeOffset Local(int day, int hour, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.FromHours(8));

    private async Task<RequestClock> Clock_(Guid request, ClockKind kind, int cycle = 1) =>
        (await Send(Here.Clerk, new GetRequest(request))).Clocks.Single(c => c.Kind == kind && c.Cycle == cycle);

    private async Task<RequestClock> OrderClock(Guid order, ClockKind kind, int cycle = 1) =>
        (await Send(Here.Clerk, new GetWorkOrder(order))).Clocks.Single(c => c.Kind == kind && c.Cycle == cycle);

    [Test]
    public async Task A_normal_repair_at_home_is_to_be_accepted_in_15_and_finished_in_690_minutes_of_desk_time()
    {
        var (request, order) = await GivenDispatched();

        Assert.That((await Clock_(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)));
        Assert.That((await OrderClock(order, ClockKind.Accept)).DueAt, Is.EqualTo(Local(2, 9, 15)));
    }

    [Test]
    public async Task The_owners_clock_starts_when_it_was_reported_not_when_it_was_registered()
    {
        var request = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Letter, Here.Category(RequestKind.Repair, "water"), "夜里漏水", PlaceId: Here.Places["3-2-1502"], ReportedAt: Local(1, 19)));

        Assert.That((await Clock_(request.RequestId, ClockKind.Finish)).DueAt, Is.EqualTo(Local(2, 19)));
    }

    [Test]
    public async Task With_an_appointment_the_finish_counts_from_its_start_and_the_arrival_is_due_a_quarter_after_its_end()
    {
        var request = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "修水龙头", PlaceId: Here.Places["3-2-1502"], Appointment: new AppointmentWindow(Local(4, 10), Local(4, 12))));

        var order = (await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "修")]))).WorkOrders[0].WorkOrderId;

        Assert.That((await Clock_(request.RequestId, ClockKind.Finish)).DueAt, Is.EqualTo(Local(5, 10)));
        Assert.That((await OrderClock(order, ClockKind.Arrive)).DueAt, Is.EqualTo(Local(4, 12, 15)));
    }

    [Test]
    public async Task An_imposed_deadline_governs()
    {
        var request = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "12345转来", PlaceId: Here.Places["3-2-1502"], Foreign: new ForeignNumber("12345", "2026-0001", Local(2, 17))));

        var clock = await Clock_(request.RequestId, ClockKind.Finish);
        Assert.That((clock.DueAt, clock.Imposed), Is.EqualTo(((DateTimeOffset?)Local(2, 17), true)));
    }

    [Test]
    public async Task A_hold_stops_the_owners_clock_and_the_night_in_it_costs_nothing()
    {
        var (request, order) = await GivenWorking();
        Clock.Set(Local(2, 12));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(3, 12)));

        Clock.Set(Local(3, 10));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        // Held from 12:00 to 20:00 and from 08:30 to 10:00: 570 desk minutes later than Tuesday 09:00.
        Assert.That((await Clock_(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 18, 30)));
    }

    [Test]
    public async Task Danger_does_not_stop_on_hold()
    {
        var (request, order) = await GivenWorking(priority: Priority.Danger);
        var due = (await Clock_(request, ClockKind.Finish)).DueAt;
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(3, 12)));

        Clock.Set(Local(3, 8));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        Assert.That((await Clock_(request, ClockKind.Finish)).DueAt, Is.EqualTo(due));
    }

    [Test]
    public async Task While_another_crew_can_go_on_a_hold_stops_nothing_of_the_owners()
    {
        var request = await GivenRequest();
        var made = await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "清洁")]));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(made.WorkOrders[0].WorkOrderId));

        await Send(Here.Member(Crew.Engineering), new HoldWork(made.WorkOrders[0].WorkOrderId, HoldReason.Parts, Local(3, 12)));

        Assert.That((await Clock_(request.RequestId, ClockKind.Finish)).HeldAt, Is.Null);
    }

    [Test]
    public async Task A_transfer_gives_the_next_crew_clocks_of_its_own_and_leaves_the_owners_running()
    {
        var (request, order) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromMinutes(10));

        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Environment], "不是工程的事"));

        Assert.That((await OrderClock(order, ClockKind.Accept)).StoppedWhy, Is.EqualTo("transferred"));
        var next = await OrderClock(order, ClockKind.Accept, 2);
        Assert.That((next.StartedAt, next.DueAt), Is.EqualTo((Local(2, 9, 10), (DateTimeOffset?)Local(2, 9, 40))));
        Assert.That((await Clock_(request, ClockKind.Finish)).StoppedAt, Is.Null);
    }

    [Test]
    public async Task What_comes_back_and_goes_to_another_crew_gives_it_clocks_of_its_own_from_then()
    {
        var (request, order) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromMinutes(10));
        await Send(Here.Lead(Crew.Engineering), new ReturnWork(order, "不是工程的事"));
        var first = await OrderClock(order, ClockKind.Accept);
        Clock.Advance(TimeSpan.FromMinutes(20));

        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Environment], "清洁的事"));

        Assert.That((first.StoppedWhy, first.StoppedAt), Is.EqualTo(("returned", (DateTimeOffset?)Local(2, 9, 10))));
        var next = await OrderClock(order, ClockKind.Accept, 2);
        Assert.That((next.StartedAt, next.DueAt), Is.EqualTo((Local(2, 9, 30), (DateTimeOffset?)Local(2, 10))));
        Assert.That((await Clock_(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)));
    }

    [Test]
    public async Task A_waiting_order_has_no_clock_until_it_is_released()
    {
        var request = await GivenRequest();
        var made = await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "清洁", WaitsForOrder: 0)]));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(made.WorkOrders[1].WorkOrderId))).Clocks, Is.Empty);
        await Send(Here.Member(Crew.Engineering), new AcceptWork(made.WorkOrders[0].WorkOrderId));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(made.WorkOrders[0].WorkOrderId));
        Clock.Set(Local(2, 15));

        await Send(Here.Member(Crew.Engineering), new CompleteWork(made.WorkOrders[0].WorkOrderId, "好了"));

        Assert.That((await OrderClock(made.WorkOrders[1].WorkOrderId, ClockKind.Accept)).StartedAt, Is.EqualTo(Local(2, 15)));
    }

    [Test]
    public async Task Finishing_stops_the_owners_clock_and_rework_starts_a_second_one()
    {
        var (request, _) = await GivenDone(priority: Priority.Urgent);
        Assert.That((await Clock_(request, ClockKind.Finish)).StoppedWhy, Is.EqualTo("met"));
        Assert.That((await Clock_(request, ClockKind.Feedback)).DueAt, Is.EqualTo(Local(3, 9)));
        Clock.Set(Local(2, 16));

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 2, "王小明"));

        Assert.That((await Clock_(request, ClockKind.Feedback)).StoppedAt, Is.EqualTo(Local(2, 16)));
        Assert.That((await Clock_(request, ClockKind.Finish, 2)).StartedAt, Is.EqualTo(Local(2, 16)));
        Assert.That((await Clock_(request, ClockKind.Arranged)).DueAt, Is.EqualTo(Local(3, 16)));
    }

    [Test]
    public async Task A_due_time_in_a_year_whose_holidays_are_not_loaded_says_so()
    {
        Clock.Set(new DateTimeOffset(2026, 12, 30, 10, 0, 0, TimeSpan.FromHours(8)));

        var request = await GivenRequest(kind: RequestKind.Suggestion, category: "other", text: "多种树");

        Assert.That((await Clock_(request.RequestId, ClockKind.Finish)).BeyondCalendar, Is.True);
    }
}
