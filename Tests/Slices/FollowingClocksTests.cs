using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>How running clocks follow what happens to their request. Times are Shanghai's: the fixture starts on Monday 2026-03-02 at 09:00.</summary>
public sealed class FollowingClocksTests : DeskFixture
{
    /// <summary>Whatever a test did, the log gives the same clocks. (Breaches are marked by hand here, without an event.)</summary>
    [TearDown]
    public async Task The_log_gives_the_same() =>
        Assert.That((await ClocksThatDiffer()).Where(d => !d.Contains(" breached_at: ", StringComparison.Ordinal)), Is.Empty);

    private static DateTimeOffset Local(int day, int hour, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.FromHours(8));

    private async Task<RequestClock> Of(Guid request, ClockKind kind, int cycle = 1) =>
        (await Send(Here.Clerk, new GetRequest(request))).Clocks.Single(c => c.Kind == kind && c.Cycle == cycle);

    private async Task<RequestClock> OfOrder(Guid order, ClockKind kind, int cycle = 1) =>
        (await Send(Here.Clerk, new GetWorkOrder(order))).Clocks.Single(c => c.Kind == kind && c.Cycle == cycle);

    private async Task<string> Clocks(Guid subject) => string.Join(
        ", ",
        await Rows<string>("select kind || ' ' || cycle || coalesce(' ' || stopped_why, case when held_at is null then ' runs' else ' held' end) from clock where subject_id = @subject order by kind, cycle", new { subject }));

    /// <summary>What the log says became of this subject's clocks, in order.</summary>
    private async Task<string[]> Stories(Guid subject) => [.. await Rows<string>("""
        select concat_ws(' ', s ->> 'kind', s ->> 'cycle', s ->> 'turn', s ->> 'policyBefore', s ->> 'policy', s ->> 'why')
        from event e, json_array_elements(e.detail -> 'clocks') s
        where coalesce(s ->> 'of', e.subject_id::text) = @subject::text
        order by e.seq
        """, new { subject })];

    private Task<RequestReply> Reprioritise(Guid request, Priority priority, int version) =>
        Send(Here.Clerk, new ReprioritiseRequest(request, priority, "看了现场", version));

    private async Task<int> VersionOf(Guid request) => (await Send(Here.Clerk, new GetRequest(request))).Request.Version;

    private async Task Breach(Guid subject, ClockKind kind) =>
        await Execute("update clock set breached_at = due_at where subject_id = @subject and kind = @kind and stopped_at is null", new { subject, kind = PropertyServiceDesk.Domain.Plumbing.EnumWord.Of(kind) });

    [Test]
    public async Task A_more_urgent_request_is_due_by_its_new_policy_from_the_same_start_and_owes_more()
    {
        var (request, order) = await GivenDispatched();
        Clock.Set(Local(2, 9, 5));

        await Reprioritise(request, Priority.Urgent, 2);

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)), "24 h after it was reported");
        Assert.That((await Of(request, ClockKind.Controlled)).DueAt, Is.EqualTo(Local(2, 11, 5)), "nobody owed it until now");
        Assert.That((await OfOrder(order, ClockKind.Accept)).DueAt, Is.EqualTo(Local(2, 9, 5)), "5 minutes from the dispatch");
        Assert.That((await OfOrder(order, ClockKind.Arrive)).DueAt, Is.EqualTo(Local(2, 9, 35)));
        Assert.That(await Stories(request), Does.Contain("finish 1 change normal-repair urgent-repair").And.Contain("controlled 1 start urgent-repair"));
    }

    [Test]
    public async Task What_is_owed_no_longer_stops_and_what_is_owed_again_starts_anew()
    {
        var (request, order) = await GivenDispatched(priority: Priority.Urgent);

        await Reprioritise(request, Priority.Normal, 2);
        Assert.That(await Clocks(request), Is.EqualTo("controlled 1 superseded, dispatch 1 met, finish 1 runs"));
        Assert.That(await Clocks(order), Is.EqualTo("accept 1 runs, arrive 1 superseded"));

        Clock.Set(Local(2, 10));
        await Reprioritise(request, Priority.Urgent, 3);
        Assert.That(await Clocks(request), Is.EqualTo("controlled 1 superseded, controlled 2 runs, dispatch 1 met, finish 1 runs"));
        Assert.That((await Of(request, ClockKind.Controlled, 2)).StartedAt, Is.EqualTo(Local(2, 10)));
    }

    [Test]
    public async Task A_change_of_priority_keeps_earlier_pauses()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(3, 9)));
        Clock.Set(Local(2, 12));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        await Reprioritise(request, Priority.Urgent, await VersionOf(request));

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 12)), "24 h and the three on hold");
    }

    [Test]
    public async Task What_turns_out_to_be_dangerous_goes_on_at_once_and_stands_still_again_when_it_is_not()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Clock.Set(Local(2, 12));

        await Reprioritise(request, Priority.Danger, await VersionOf(request));
        Assert.That(await Of(request, ClockKind.Finish), Has.Property("HeldAt").Null.And.Property("DueAt").EqualTo(Local(3, 12)));

        Clock.Set(Local(2, 13));
        await Reprioritise(request, Priority.Normal, await VersionOf(request));
        Assert.That((await Of(request, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(2, 13)));
        Clock.Set(Local(2, 14));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 13)), "690 minutes, three and one hours later");
    }

    [Test]
    public async Task A_recorded_breach_stands_and_more_time_is_a_new_cycle_with_the_same_pauses()
    {
        var (request, order) = await GivenWorking(priority: Priority.Urgent);
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Clock.Set(Local(2, 10));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        Clock.Set(Local(3, 10, 30));
        await Breach(request, ClockKind.Finish);

        await Reprioritise(request, Priority.Low, await VersionOf(request));

        Assert.That(await Clocks(request), Does.Contain("finish 1 superseded, finish 2 runs"));
        Assert.That(await Scalar<DateTime?>("select breached_at from clock where subject_id = @request and kind = 'finish' and cycle = 1", new { request }), Is.EqualTo(Local(3, 10).UtcDateTime));
        Assert.That(await Of(request, ClockKind.Finish, 2), Has.Property("StartedAt").EqualTo(Local(2, 9)).And.Property("DueAt").EqualTo(Local(7, 10)), "five working days and the hour on hold");
    }

    [Test]
    public async Task A_breached_clock_that_gets_more_time_while_it_stands_still_stands_still_in_its_new_cycle()
    {
        var (request, order) = await GivenWorking();
        Clock.Set(Local(3, 10));
        await Breach(request, ClockKind.Finish);
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(6, 9)));
        Clock.Set(Local(3, 12));

        await Reprioritise(request, Priority.Low, await VersionOf(request));
        Assert.That((await Of(request, ClockKind.Finish, 2)).HeldAt, Is.EqualTo(Local(3, 10)));

        Clock.Set(Local(3, 13));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        Assert.That((await Of(request, ClockKind.Finish, 2)).DueAt, Is.EqualTo(Local(7, 12)), "three hours on hold, from before the change until after it");
    }

    [Test]
    public async Task An_imposed_deadline_governs_whatever_the_priority_and_is_not_held()
    {
        var request = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "12345转来", PlaceId: Here.Places["3-2-1502"], Foreign: new ForeignNumber("12345", "2026-0002", Local(2, 17))));

        await Reprioritise(request.RequestId, Priority.Urgent, 1);

        Assert.That(await Of(request.RequestId, ClockKind.Finish), Has.Property("DueAt").EqualTo(Local(2, 17)).And.Property("Imposed").True);

        var order = (await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(3, 9)));
        Clock.Set(Local(2, 12));

        Assert.That(await Clocks(request.RequestId), Does.Contain("controlled 1 held").And.Contain("finish 1 runs"));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        Assert.That((await Of(request.RequestId, ClockKind.Finish)).DueAt, Is.EqualTo(Local(2, 17)));
    }

    [Test]
    public async Task A_deadline_that_is_imposed_later_put_right_or_lifted_moves_the_finish()
    {
        var (request, order) = await GivenDispatched();
        async Task Impose(DateTimeOffset? due) => await Send(Here.Clerk, new AmendRequest(request, Foreign: new ForeignNumber("12345", "2026-0003", due), Reason: "12345转来", Version: await VersionOf(request)));

        await Impose(Local(2, 17));
        Assert.That(await Of(request, ClockKind.Finish), Has.Property("DueAt").EqualTo(Local(2, 17)).And.Property("Imposed").True);
        await Impose(Local(3, 12));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 12)));
        await Impose(null);
        Assert.That(await Of(request, ClockKind.Finish), Has.Property("DueAt").EqualTo(Local(3, 9)).And.Property("Imposed").False);

        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Clock.Set(Local(2, 12));
        Assert.That(await Clocks(request), Does.Contain("finish 1 held"));
        await Impose(Local(3, 12));
        Assert.That(await Of(request, ClockKind.Finish), Has.Property("DueAt").EqualTo(Local(3, 12)).And.Property("HeldAt").Null);
        Assert.That(await Clocks(request), Does.Contain("finish 1 runs"), "what is imposed from outside never stands still");
        await Send(Here.Clerk, new AmendRequest(request, Reason: "撤回", Remove: [RequestField.Foreign], Version: await VersionOf(request)));
        Assert.That(await Clocks(request), Does.Contain("finish 1 held"), "and nobody can go on");
    }

    [Test]
    public async Task A_late_request_that_is_given_a_later_deadline_runs_anew_and_the_breach_stands()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "12345转来", PlaceId: Here.Places["3-2-1502"], Foreign: new ForeignNumber("12345", "2026-0004", Local(2, 10))))).RequestId;
        Clock.Set(Local(2, 11));
        await Breach(request, ClockKind.Finish);

        await Send(Here.Clerk, new AmendRequest(request, Foreign: new ForeignNumber("12345", "2026-0004", Local(4, 10)), Reason: "12345同意延期", Version: 1));

        Assert.That(await Clocks(request), Is.EqualTo("finish 1 superseded, finish 2 runs"));
        Assert.That(await Of(request, ClockKind.Finish, 2), Has.Property("DueAt").EqualTo(Local(4, 10)).And.Property("Imposed").True);
    }

    [Test]
    public async Task Another_category_brings_its_own_policy()
    {
        var request = await GivenRequest();

        await Send(Here.Clerk, new RecategoriseRequest(request.RequestId, Here.Category(RequestKind.Repair, "lift.noise"), "是电梯", 1));

        Assert.That(await Stories(request.RequestId), Is.EqualTo(new[] { "finish 1 start normal-repair", "finish 1 change normal-repair common-area" }));
        Assert.That((await Of(request.RequestId, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));
    }

    [Test]
    public async Task What_turns_out_to_be_in_a_common_area_is_due_as_such()
    {
        var (request, order) = await GivenDispatched();

        await Send(Here.Clerk, new AmendRequest(request, PlaceId: Here.Places["3-2-lobby"], Version: 2));

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));
        Assert.That((await OfOrder(order, ClockKind.Accept)).DueAt, Is.EqualTo(Local(2, 9, 30)));
        Assert.That((await OfOrder(order, ClockKind.Arrive)).DueAt, Is.EqualTo(Local(2, 13)));
    }

    [Test]
    public async Task An_appointment_that_is_made_moved_and_called_off_moves_arrival_and_finish()
    {
        var (request, order) = await GivenDispatched();

        await Send(Here.Clerk, new RescheduleRequest(request, Local(4, 10), Local(4, 12), null, await VersionOf(request)));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(5, 10)));
        Assert.That((await OfOrder(order, ClockKind.Arrive)).DueAt, Is.EqualTo(Local(4, 12, 15)));

        await Send(Here.Clerk, new RescheduleRequest(request, Local(5, 9), Local(5, 11), null, await VersionOf(request)));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(6, 9)));
        Assert.That((await OfOrder(order, ClockKind.Arrive)).DueAt, Is.EqualTo(Local(5, 11, 15)));

        Clock.Set(Local(3, 15));
        await Send(Here.Clerk, new RemoveAppointment(request), c => c.IfMatch = 4);
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 15)), "the days that were waited for do not count");
        Assert.That(await Clocks(order), Is.EqualTo("accept 1 runs, arrive 1 superseded"));

        await Send(Here.Clerk, new RecategoriseRequest(request, Here.Category(RequestKind.Repair, "doors"), null, await VersionOf(request)));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 15)), "and still do not when something else changes");
    }

    [Test]
    public async Task A_missed_appointment_stands_as_missed_when_another_is_agreed()
    {
        var (request, order) = await GivenDispatched();
        await Send(Here.Clerk, new RescheduleRequest(request, Local(2, 10), Local(2, 11), null, 2));
        Clock.Set(Local(2, 12));
        await Breach(order, ClockKind.Arrive);

        await Send(Here.Clerk, new RescheduleRequest(request, Local(3, 10), Local(3, 11), "没等到人", 3));

        Assert.That(await Clocks(order), Does.Contain("arrive 1 superseded, arrive 2 runs"));
        Assert.That((await OfOrder(order, ClockKind.Arrive, 2)).DueAt, Is.EqualTo(Local(3, 11, 15)));
    }

    [Test]
    public async Task An_appointment_that_falls_into_a_hold_is_due_when_the_hold_ends()
    {
        var (request, order) = await GivenDispatched();
        await Send(Here.Clerk, new RescheduleRequest(request, Local(2, 14), Local(2, 15), null, 2));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Clock.Set(Local(2, 13));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(3, 10)));

        Clock.Set(Local(3, 10));
        await Send(Here.System, new WakeWork(order));

        Assert.That((await OfOrder(order, ClockKind.Arrive)).DueAt, Is.EqualTo(Local(3, 10)));
    }

    [Test]
    public async Task Naming_who_is_in_charge_and_replying_meet_a_complaints_clocks()
    {
        var request = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;
        Assert.That(await Clocks(request), Is.EqualTo("accept 1 runs, finish 1 runs, firstReply 1 runs, writtenReply 1 runs"));

        await Send(Here.Clerk, new NamePersonInCharge(request, Here.Officer.Id));
        Assert.That(await Clocks(request), Does.Contain("accept 1 met"));

        await Send(Here.Clerk, new GiveFirstReply(request, "已经了解情况"));
        Assert.That(await Clocks(request), Does.Contain("firstReply 1 met"));

        Clock.Set(Local(4, 9));
        await Send(Here.Clerk, new GiveWrittenReply(request, "书面答复", Channel.Letter));
        Assert.That(await Clocks(request), Is.EqualTo("accept 1 met, finish 1 runs, firstReply 1 met, writtenReply 1 met"));
        Assert.That((await Of(request, ClockKind.WrittenReply)).StoppedAt, Is.EqualTo(Local(4, 9)));
    }

    [Test]
    public async Task Who_has_it_under_control_says_so_and_that_meets_its_clock()
    {
        var (request, order) = await GivenWorking(priority: Priority.Urgent);
        Assert.That(await Clocks(request), Is.EqualTo("controlled 1 runs, dispatch 1 met, finish 1 runs"));
        Clock.Set(Local(2, 10));

        await Send(Here.Member(Crew.Engineering), new ReachMilestone(order, WorkMilestone.Controlled));

        Assert.That(await Clocks(request), Is.EqualTo("controlled 1 met, dispatch 1 met, finish 1 runs"));
        Assert.That((await Of(request, ClockKind.Controlled)).StoppedAt, Is.EqualTo(Local(2, 10)));
    }

    [TestCase("dispatched", "met")]
    [TestCase("answered", "met")]
    [TestCase("referred", "met")]
    [TestCase("cancelled", "cancelled")]
    public async Task Somebody_is_sent_or_nobody_is_to_be(string how, string why)
    {
        var request = (await GivenRequest(priority: Priority.Danger)).RequestId;
        Assert.That(await Of(request, ClockKind.Dispatch), Has.Property("StartedAt").EqualTo(Local(2, 9)).And.Property("DueAt").EqualTo(Local(2, 9, 2)));
        Clock.Set(Local(2, 9, 1));

        await (how switch
        {
            "dispatched" => (Task)Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")])),
            "cancelled" => Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "已自行解决")),
            _ => Send(Here.Clerk, new AnswerRequest(request, how == "referred" ? AnswerKind.Referred : AnswerKind.Explained, "说明了")),
        });

        Assert.That(await Clocks(request), Does.Contain("dispatch 1 " + why));
        Assert.That((await Of(request, ClockKind.Dispatch)).StoppedAt, Is.EqualTo(Local(2, 9, 1)));
    }

    [Test]
    public async Task An_order_that_no_team_has_or_that_waits_is_nobodys()
    {
        var (request, order) = await GivenDispatched(priority: Priority.Urgent);
        await Send(Here.Member(Crew.Engineering), new ReturnWork(order, "不归我们"));
        await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Environment, "吸水", WaitsForId: order)]));
        Assert.That(await Clocks(request), Does.Contain("dispatch 1 met, dispatch 2 runs"));

        await Send(Here.Clerk, new SendWork(order, Here.Teams[Crew.Security]));

        Assert.That(await Clocks(request), Does.Contain("dispatch 2 met"));
    }

    [Test]
    public async Task When_nobody_has_it_any_more_somebody_is_to_be_sent_anew()
    {
        var request = (await GivenRequest(priority: Priority.Danger)).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下"), new NewOrder(Crew.Security, "守着")]))).WorkOrders;
        Clock.Set(Local(2, 9, 10));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(orders[0].WorkOrderId));
        await Send(Here.Member(Crew.Engineering), new ReturnWork(orders[0].WorkOrderId, "不归我们"));
        Assert.That(await Clocks(request), Does.Contain("dispatch 1 met").And.Not.Contain("dispatch 2"), "the other crew has one");

        await Send(Here.Clerk, new VoidWork(orders[1].WorkOrderId, "不用了"));
        Assert.That(await Clocks(request), Does.Contain("dispatch 1 met, dispatch 2 runs"));
        Assert.That((await Of(request, ClockKind.Dispatch, 2)).DueAt, Is.EqualTo(Local(2, 9, 12)));

        Clock.Set(Local(2, 9, 11));
        await Send(Here.Clerk, new SendWork(orders[0].WorkOrderId, Here.Teams[Crew.Engineering]));
        Assert.That(await Clocks(request), Does.Contain("dispatch 2 met"));
        await Send(Here.Clerk, new VoidWork(orders[0].WorkOrderId, "不用了"));
        Assert.That(await Clocks(request), Does.Contain("dispatch 3 runs"), "all are voided: it is received again");
    }

    [Test]
    public async Task Where_one_part_is_done_and_nobody_has_the_other_somebody_is_to_be_sent_until_that_is_not_needed()
    {
        var (request, order) = await GivenWorking(priority: Priority.Danger);
        var second = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Security, "守着")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Clerk, new ReturnWork(second, "人手不够"));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "修好了"));
        Assert.That(await Clocks(request), Does.Contain("dispatch 1 met, dispatch 2 runs"));

        await Send(Here.Clerk, new VoidWork(second, "不用了"));

        Assert.That(await Clocks(request), Does.Contain("dispatch 2 superseded"));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
    }

    [Test]
    public async Task What_one_command_takes_from_one_and_gives_to_another_begins_nothing()
    {
        var request = (await GivenRequest(priority: Priority.Danger)).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Security, "守着"), new NewOrder(Crew.Engineering, "看一下", WaitsForOrder: 0)]))).WorkOrders;
        await Send(Here.Clerk, new VoidWork(orders[0].WorkOrderId, "不用了"));
        await Send(Here.Clerk, new TransferWork(orders[1].WorkOrderId, Here.Teams[Crew.Environment], "该他们"));
        await Send(Here.Member(Crew.Environment), new AcceptWork(orders[1].WorkOrderId));
        await Send(Here.Member(Crew.Environment), new ArriveOnSite(orders[1].WorkOrderId));

        await Send(Here.Member(Crew.Environment), new CompleteWork(orders[1].WorkOrderId, "修好了"));

        Assert.That(await Clocks(request), Does.Contain("dispatch 1 met").And.Not.Contain("dispatch 2"));
    }

    [Test]
    public async Task What_becomes_dangerous_is_to_be_sent_for_from_then_on_unless_somebody_has_it()
    {
        var nobody = (await GivenRequest()).RequestId;
        var (somebody, _) = await GivenDispatched();
        Clock.Set(Local(2, 9, 30));

        await Reprioritise(nobody, Priority.Urgent, 1);
        Assert.That((await Of(nobody, ClockKind.Dispatch)).DueAt, Is.EqualTo(Local(2, 9, 35)));
        await Reprioritise(nobody, Priority.Danger, await VersionOf(nobody));
        Assert.That((await Of(nobody, ClockKind.Dispatch)).DueAt, Is.EqualTo(Local(2, 9, 32)), "from the same start");
        await Reprioritise(nobody, Priority.Normal, await VersionOf(nobody));
        Assert.That(await Clocks(nobody), Does.StartWith("controlled 1 superseded, dispatch 1 superseded"));
        await Reprioritise(somebody, Priority.Danger, await VersionOf(somebody));
        Assert.That(await Clocks(somebody), Does.Not.Contain("dispatch"));
    }

    [Test]
    public async Task Who_joins_a_fault_has_whom_it_has_and_un_joined_the_time_since_the_report()
    {
        var request = (await GivenRequest(priority: Priority.Danger)).RequestId;
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "漏电", Here.Category(RequestKind.Repair, "power"), Here.Places["3"]))).FaultId;
        await Send(Here.Clerk, new JoinFault(fault, request));
        Assert.That(await Clocks(request), Does.Contain("dispatch 1 runs"), "nobody was sent for the fault either");
        var order = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        var joined = (await GivenRequest(priority: Priority.Danger)).RequestId;
        await Send(Here.Clerk, new JoinFault(fault, joined));
        Assert.That((await Clocks(request), await Clocks(joined)), Is.EqualTo(("dispatch 1 met, finish 1 runs, safe 1 runs", "dispatch 1 met, finish 1 runs, safe 1 runs")));

        Clock.Set(Local(2, 9, 30));
        await Send(Here.Clerk, new UnJoinRequest(fault, joined, "是另一处"));
        Assert.That((await Clocks(joined), (await Of(joined, ClockKind.Dispatch)).DueAt), Is.EqualTo(("dispatch 1 runs, finish 1 runs, safe 1 runs", (DateTimeOffset?)Local(2, 9, 2))));

        await Send(Here.Clerk, new ReturnWork(order, "不归我们"));
        Assert.That(await Clocks(request), Does.Contain("dispatch 1 met, dispatch 2 runs"));
        await Send(Here.Clerk, new SendWork(order, Here.Teams[Crew.Engineering]));
        await Send(Here.Clerk, new UnJoinRequest(fault, request, "是另一处"));
        Assert.That(await Clocks(request), Does.StartWith("dispatch 1 met, dispatch 2 runs"), "one clock at a time");
    }

    [Test]
    public async Task Un_joined_from_the_fault_that_took_its_order_along_it_has_nobody()
    {
        var (request, _) = await GivenDispatched(priority: Priority.Danger);
        Clock.Set(Local(2, 9, 10));
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "漏电", RequestId: request))).FaultId;

        await Send(Here.Clerk, new UnJoinRequest(fault, request, "是另一处"));

        Assert.That(await Clocks(request), Does.Contain("dispatch 1 met, dispatch 2 runs"));
        Assert.That((await Of(request, ClockKind.Dispatch, 2)).DueAt, Is.EqualTo(Local(2, 9, 12)));
    }

    [Test]
    public async Task Rework_that_is_left_to_the_desk_is_to_be_sent_for_and_rework_that_somebody_has_is_not()
    {
        var answered = (await GivenRequest(priority: Priority.Danger)).RequestId;
        await Send(Here.Clerk, new AnswerRequest(answered, AnswerKind.Explained, "已断电"));
        var (done, _) = await GivenDone(priority: Priority.Danger);
        Clock.Set(Local(2, 15));

        await Send(Here.Clerk, new RecordFeedback(answered, Solved.No, 1, "王小明"));
        await Send(Here.Clerk, new RecordFeedback(done, Solved.No, 1, "王小明"));

        Assert.That(await Clocks(answered), Does.Contain("dispatch 1 met, dispatch 2 runs"));
        Assert.That((await Of(answered, ClockKind.Dispatch, 2)).DueAt, Is.EqualTo(Local(2, 15, 2)));
        Assert.That(await Clocks(done), Does.Contain("dispatch 1 met").And.Not.Contain("dispatch 2"));
    }

    [Test]
    public async Task A_written_reply_that_comes_first_is_both()
    {
        var request = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;

        await Send(Here.Clerk, new GiveWrittenReply(request, "书面答复", Channel.Letter));

        Assert.That(await Clocks(request), Is.EqualTo("accept 1 runs, finish 1 runs, firstReply 1 met, writtenReply 1 met"));
    }

    [Test]
    public async Task A_fault_that_comes_back_too_late_to_reopen_gets_the_clocks_of_rework()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
        Clock.Set(Local(16, 9));

        var again = (await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "又漏了"))).NewRequest!.RequestId;
        var order = (await Send(Here.Clerk, new DispatchWork(again, [new NewOrder(Crew.Engineering, "再修")]))).WorkOrders[0].WorkOrderId;

        Assert.That((await Of(again, ClockKind.Arranged)).DueAt, Is.EqualTo(Local(17, 9)));
        Assert.That((await Of(again, ClockKind.Finish)).DueAt, Is.EqualTo(Local(17, 9)), "as the first: one desk day");
        Assert.That((await OfOrder(order, ClockKind.Accept)).DueAt, Is.EqualTo(Local(16, 9, 5)), "one level higher");
        Assert.That(await Clocks(order), Is.EqualTo("accept 1 runs"), "arrival as the first: none without an appointment");
    }

    [Test]
    public async Task Rework_is_accepted_one_level_higher_and_arrives_as_the_first()
    {
        var (request, _) = await GivenDone();

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 2, "王小明"));

        var order = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.Status == WorkOrderStatus.Dispatched).WorkOrderId;
        Assert.That((await OfOrder(order, ClockKind.Accept)).DueAt, Is.EqualTo(Local(2, 9, 5)));
        Assert.That(await Clocks(order), Is.EqualTo("accept 1 runs"));
    }

    [Test]
    public async Task A_time_agreed_with_the_owner_arranges_a_rework_and_so_does_somebody_at_the_door()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 2, "王小明"));

        await Send(Here.Clerk, new RescheduleRequest(request, Local(3, 14), Local(3, 16), null, await VersionOf(request)));
        Assert.That(await Clocks(request), Does.Contain("arranged 1 met"));
        Assert.That((await Of(request, ClockKind.Finish, 2)).DueAt, Is.EqualTo(Local(4, 14)));

        var (second, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(second, Solved.No, 2, "王小明"));
        var order = (await Send(Here.Clerk, new GetRequest(second))).WorkOrders.Single(o => o.Status == WorkOrderStatus.Dispatched).WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        Assert.That(await Clocks(second), Does.Contain("arranged 1 met"));
    }

    [Test]
    public async Task A_request_that_joins_a_fault_which_stands_still_stands_still_and_goes_on_with_it()
    {
        var (first, order) = await GivenWorking();
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "水泵坏了", RequestId: first))).FaultId;
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Clock.Set(Local(2, 11));
        var second = (await GivenRequest()).RequestId;

        await Send(Here.Clerk, new JoinFault(fault, second));
        Assert.That((await Of(second, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(2, 11)));

        Clock.Set(Local(2, 15));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        Assert.That((await Of(second, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 15)), "reported at eleven, four hours on hold");
        Assert.That((await Of(first, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 15)), "reported at nine, six hours on hold");
    }

    [Test]
    public async Task When_the_crew_that_could_go_on_is_done_the_request_stands_still_with_the_other()
    {
        var request = await GivenRequest();
        var made = await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "清洁")]));
        var (pipe, floor) = (made.WorkOrders[0].WorkOrderId, made.WorkOrders[1].WorkOrderId);
        await Send(Here.Member(Crew.Engineering), new AcceptWork(pipe));
        await Send(Here.Member(Crew.Engineering), new HoldWork(pipe, HoldReason.Parts, Local(4, 9)));
        await Send(Here.Member(Crew.Environment), new AcceptWork(floor));
        await Send(Here.Member(Crew.Environment), new ArriveOnSite(floor));
        Clock.Set(Local(2, 10));

        await Send(Here.Member(Crew.Environment), new CompleteWork(floor, "拖干了"));
        Assert.That((await Of(request.RequestId, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(2, 10)));

        Clock.Set(Local(2, 11));
        await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Security, "围起来")]));
        Assert.That(await Of(request.RequestId, ClockKind.Finish), Has.Property("HeldAt").Null.And.Property("DueAt").EqualTo(Local(3, 10)), "somebody can go on again");
    }

    [Test]
    public async Task What_waits_for_an_order_on_hold_does_not_keep_the_clock_running()
    {
        var request = await GivenRequest();
        var made = await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "清洁", WaitsForOrder: 0)]));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(made.WorkOrders[0].WorkOrderId));

        await Send(Here.Member(Crew.Engineering), new HoldWork(made.WorkOrders[0].WorkOrderId, HoldReason.Parts, Local(4, 9)));

        Assert.That((await Of(request.RequestId, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(2, 9)));
        Assert.That(await Clocks(made.WorkOrders[1].WorkOrderId), Is.Empty);
    }

    [Test]
    public async Task What_was_voided_on_hold_is_not_late_by_its_hold()
    {
        var (request, order) = await GivenDispatched();
        await Send(Here.Clerk, new RescheduleRequest(request, Local(2, 10), Local(2, 11), null, 2));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(6, 9)));
        Clock.Set(Local(5, 9));

        await Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "业主自己修了"));

        Assert.That(await Of(request, ClockKind.Finish), Has.Property("Late").False.And.Property("StoppedWhy").EqualTo("cancelled"));
        Assert.That((await OfOrder(order, ClockKind.Arrive)).Late, Is.False);
    }

    [Test]
    public async Task A_hold_stops_the_clock_up_to_its_limit_and_the_managers_are_told_once()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Weather, Local(20, 9)));
        Clock.Set(Local(4, 8, 59));
        Assert.That(await Send(Here.System, new PassHoldLimit(order)), Is.False, "two days are not over");

        Clock.Set(Local(4, 12));
        Assert.That(await Send(Here.System, new PassHoldLimit(order)), Is.True);
        Assert.That(await Send(Here.System, new PassHoldLimit(order)), Is.False);

        // Monday 09:00 to Wednesday 09:00 did not count, whenever somebody looked.
        Assert.That(await Of(request, ClockKind.Finish), Has.Property("HeldAt").Null.And.Property("DueAt").EqualTo(Local(5, 9)));
        Assert.That(await Scalar<long>("select count(*) from message where template = 'holdLimit' and recipient_role = 'manager'"), Is.EqualTo(1));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).Holds.Single().LimitPassedAt, Is.EqualTo(Local(4, 9)));
    }

    [Test]
    public async Task With_a_managers_agreement_the_clock_stands_still_again_from_then_on()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Weather, Local(20, 9)));
        Clock.Set(Local(4, 10));
        await Send(Here.System, new PassHoldLimit(order));

        await Send(Here.Manager, new AgreeToHold(order));
        Clock.Set(Local(6, 10));
        Assert.That(await Send(Here.System, new PassHoldLimit(order)), Is.False);
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(7, 9)), "one hour between the limit and the agreement counted");
        Assert.That(await Refusal(() => Send(Here.Manager, new AgreeToHold(order))), Is.EqualTo("work_order.not_on_hold"));
    }

    [Test]
    public async Task Who_agrees_to_a_hold_is_a_manager_and_agrees_once()
    {
        var (_, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Weather, Local(20, 9)));

        Assert.That(await Refusal(() => Send(Here.Clerk, new AgreeToHold(order))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.Manager, new AgreeToHold(order))), Is.EqualTo("work_order.not_found"));
        await Send(Here.Manager, new AgreeToHold(order));
        Assert.That(await Refusal(() => Send(Here.Manager, new AgreeToHold(order))), Is.EqualTo("hold.agreed_already"));
    }

    [Test]
    public async Task A_reason_without_a_limit_stops_nothing_until_a_manager_agrees()
    {
        var (request, order) = await GivenWorking();

        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Other, Local(4, 9), "等邻居"));
        Assert.That((await Of(request, ClockKind.Finish)).HeldAt, Is.Null);

        Clock.Set(Local(2, 10));
        await Send(Here.Manager, new AgreeToHold(order));
        Assert.That((await Of(request, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(2, 10)));
    }

    [Test]
    public async Task Holds_for_one_reason_use_up_its_limit_together_whatever_lies_between_them()
    {
        var (request, order) = await GivenWorking();
        var member = Here.Member(Crew.Engineering);
        await Send(member, new HoldWork(order, HoldReason.Weather, Local(20, 9)));
        Clock.Set(Local(3, 9));
        await Send(member, new ResumeWork(order));
        await Send(member, new HoldWork(order, HoldReason.Parts, Local(20, 9)));
        Clock.Set(Local(3, 10));
        await Send(member, new ResumeWork(order));

        await Send(member, new HoldWork(order, HoldReason.Weather, Local(20, 9)));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).Holds[^1].LimitAt, Is.EqualTo(Local(4, 10)), "one of two days was left");
        Clock.Set(Local(4, 12));
        Assert.That(await Send(Here.System, new PassHoldLimit(order)), Is.True);
        await Send(member, new ResumeWork(order));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(5, 10)), "two days and an hour on hold; what came after the limit counted");

        await Send(member, new HoldWork(order, HoldReason.Weather, Local(20, 9)));

        Assert.That((await Of(request, ClockKind.Finish)).HeldAt, Is.Null, "nothing is left");
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).Holds[^1].LimitPassedAt, Is.EqualTo(Local(4, 12)));
        Assert.That(await Send(Here.System, new PassHoldLimit(order)), Is.False);
        Assert.That(await Scalar<long>("select count(*) from message where template = 'holdLimit' and recipient_role = 'manager'"), Is.EqualTo(2), "the manager is told of each, to agree or not");
        Clock.Set(Local(4, 13));
        await Send(Here.Manager, new AgreeToHold(order));
        Assert.That((await Of(request, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(4, 13)));
    }

    [Test]
    public async Task Time_that_a_manager_agreed_to_does_not_use_up_the_limit()
    {
        var (_, order) = await GivenWorking();
        var member = Here.Member(Crew.Engineering);
        await Send(member, new HoldWork(order, HoldReason.Weather, Local(20, 9)));
        Clock.Set(Local(2, 15));
        await Send(Here.Manager, new AgreeToHold(order));
        Clock.Set(Local(10, 9));
        await Send(member, new ResumeWork(order));

        await Send(member, new HoldWork(order, HoldReason.Weather, Local(20, 9)));

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).Holds[^1].LimitAt, Is.EqualTo(Local(12, 3)), "six hours of two days were used");
    }

    [Test]
    public async Task Who_comes_before_the_appointment_and_is_let_in_has_come()
    {
        var (request, order) = await GivenDispatched();
        await Send(Here.Clerk, new RescheduleRequest(request, Local(4, 14), Local(4, 15), null, 2));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Clock.Set(Local(4, 9));

        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));

        Assert.That(await OfOrder(order, ClockKind.Arrive), Has.Property("StoppedWhy").EqualTo("met").And.Property("Late").False);
    }

    [Test]
    public async Task Who_comes_before_the_appointment_and_finds_nobody_still_has_to_keep_it()
    {
        var (request, order) = await GivenDispatched();
        var member = Here.Member(Crew.Engineering);
        await Send(Here.Clerk, new RescheduleRequest(request, Local(4, 14), Local(4, 15), null, 2));
        await Send(member, new AcceptWork(order));
        Clock.Set(Local(4, 9));
        await Send(member, new ArriveOnSite(order));
        Clock.Set(Local(4, 9, 10));
        await Send(member, new HoldWork(order, HoldReason.Customer, Local(4, 13), null, HoldEvidence.Call, Local(4, 9, 5)));

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.ArrivedAt, Is.Null);
        Assert.That(await Clocks(order), Does.Contain("arrive 1 met, arrive 2 held"));
        Clock.Set(Local(4, 13));
        Assert.That((await Send(member, new ResumeWork(order))).Status, Is.EqualTo(WorkOrderStatus.Accepted));
        Assert.That((await OfOrder(order, ClockKind.Arrive, 2)).DueAt, Is.EqualTo(Local(4, 15, 15)));

        Clock.Set(Local(4, 14));
        await Send(member, new ArriveOnSite(order));
        Assert.That(await Clocks(order), Does.Contain("arrive 2 met"));
    }

    [Test]
    public async Task Within_the_window_an_absent_customer_leaves_the_arrival_as_it_is()
    {
        var (request, order) = await GivenDispatched();
        var member = Here.Member(Crew.Engineering);
        await Send(Here.Clerk, new RescheduleRequest(request, Local(4, 14), Local(4, 15), null, 2));
        await Send(member, new AcceptWork(order));
        Clock.Set(Local(4, 13, 50));
        await Send(member, new ArriveOnSite(order));

        await Send(member, new HoldWork(order, HoldReason.Customer, Local(5, 9), null, HoldEvidence.Call, Local(4, 13, 50)));

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.ArrivedAt, Is.EqualTo(Local(4, 13, 50)));
        Assert.That(await Clocks(order), Does.Not.Contain("arrive 2"));
    }

    [Test]
    public async Task Of_two_requests_under_one_fault_the_dangerous_one_does_not_stand_still()
    {
        var (danger, order) = await GivenWorking(priority: Priority.Danger);
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "漏电", RequestId: danger))).FaultId;
        var normal = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new JoinFault(fault, normal));

        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));

        Assert.That((await Of(danger, ClockKind.Finish)).HeldAt, Is.Null);
        Assert.That((await Of(normal, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(2, 9)));
    }

    [Test]
    public async Task A_report_that_comes_late_from_a_phone_without_signal_annotates_the_breach()
    {
        var (_, order) = await GivenDispatched();
        Clock.Set(Local(2, 9, 20));
        await Breach(order, ClockKind.Accept);

        await Send(Here.Member(Crew.Engineering), new AcceptWork(order), c => c.DeviceAt = Local(2, 9, 10));

        var (breached, told, stopped) = (await Rows<(DateTime, DateTime, DateTime)>("select breached_at, late_report_at, stopped_at from clock where subject_id = @order and kind = 'accept'", new { order })).Single();
        Assert.That((breached, told, stopped), Is.EqualTo((Local(2, 9, 15).UtcDateTime, Local(2, 9, 20).UtcDateTime, Local(2, 9, 10).UtcDateTime)));
    }

    [Test]
    public async Task A_complaint_that_is_closed_without_a_written_reply_did_not_meet_it()
    {
        var request = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "说明了"));
        Assert.That(await Clocks(request), Is.EqualTo("accept 1 superseded, finish 1 met, firstReply 1 met, writtenReply 1 runs"), "an answer is a reply; nobody was in charge");

        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));

        Assert.That(await Clocks(request), Does.Contain("writtenReply 1 superseded"));
    }

    [TestCase(false, 2, "accept 1 superseded, finish 1 met, firstReply 1 superseded, writtenReply 1 runs", "0 0 1")]
    [TestCase(false, 4, "accept 1 superseded, finish 1 met, firstReply 1 superseded, writtenReply 1 runs", "0 1 0")]
    [TestCase(true, 2, "accept 1 met, finish 1 met, firstReply 1 met, writtenReply 1 runs", "1 0 0")]
    public async Task What_a_crew_has_done_is_no_reply_and_names_nobody(bool byAPerson, int day, string clocks, string onTimeLateMoot)
    {
        var request = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;
        if (byAPerson)
        {
            await Send(Here.Clerk, new NamePersonInCharge(request, Here.Officer.Id));
            await Send(Here.Clerk, new GiveFirstReply(request, "已经了解情况"));
        }

        Clock.Set(Local(day, 9, 10));
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "去道歉")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "道歉了"));

        Assert.That(await Clocks(request), Is.EqualTo(clocks));
        var figures = (await Send(Here.Manager, new ReportClocks(new ClockReportFilter(Here.CommunityId, Kind: ClockKind.FirstReply)))).Single();
        Assert.That($"{figures.OnTime} {figures.Late} {figures.Moot}", Is.EqualTo(onTimeLateMoot));
        Assert.That(await Scalar<bool>("select first_replied_at is not null from request where request_id = @request", new { request }), Is.EqualTo(byAPerson));
    }

    [Test]
    public async Task What_was_put_on_hold_before_it_was_due_is_late_nowhere_and_what_was_late_stays_so()
    {
        var (request, order) = await GivenWorking();
        var (unvisited, waiting) = await GivenDispatched(Crew.Security);
        await Send(Here.Member(Crew.Security), new AcceptWork(waiting));
        var (late, behind) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(6, 9)));
        await Send(Here.Member(Crew.Security), new HoldWork(waiting, HoldReason.Parts, Local(6, 9)));
        Clock.Set(Local(3, 10));
        await Send(Here.Member(Crew.Engineering), new HoldWork(behind, HoldReason.Parts, Local(6, 9)));
        Clock.Set(Local(4, 9));

        var clocks = new[] { await Of(request, ClockKind.Finish), await Of(late, ClockKind.Finish), await OfOrder(waiting, ClockKind.Arrive) };
        Assert.That(clocks.Select(c => (c.DueAt < Clock.GetUtcNow(), c.HeldAt is not null, c.Late)), Is.EqualTo(new[] { (true, true, false), (true, true, true), (true, true, false) }));
        foreach (var sort in Enum.GetValues<WorkOrderSort>())
        {
            var lines = (await Send(Here.Clerk, new ListWorkOrders(new WorkOrderFilter(Open: true), sort))).Items.ToDictionary(l => l.WorkOrderId, l => (l.DueAt, l.LateFrom));
            Assert.That(lines[order], Is.EqualTo((clocks[0].DueAt, (DateTimeOffset?)null)), sort.ToString());
            Assert.That(lines[behind], Is.EqualTo((clocks[1].DueAt, clocks[1].DueAt)), sort.ToString());
        }

        Assert.That(
            (await Send(Here.Clerk, new ListRequests(new RequestFilter()))).Items.Select(r => (r.RequestId, r.Late, r.LateSince)),
            Is.EquivalentTo(new[] { (request, false, (DateTimeOffset?)null), (unvisited, false, null), (late, true, clocks[1].DueAt) }));
    }

    [Test]
    public async Task What_came_back_and_is_in_time_now_is_not_late_by_its_first_time_in_the_list_and_in_its_filter()
    {
        var (request, order) = await GivenWorking();
        Clock.Set(Local(4, 9));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        Assert.That(await Late(), Is.EqualTo((true, true, false, 1L)), "done after it was due");

        await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "还在漏"));

        Assert.That(await Late(), Is.EqualTo((false, false, true, 0L)));

        async Task<(bool Line, bool AmongLate, bool AmongOthers, long Counted)> Late() => (
            (await Send(Here.Clerk, new ListRequests(new RequestFilter()))).Items.Single().Late,
            (await Send(Here.Clerk, new ListRequests(new RequestFilter(Late: true)))).Items.Count > 0,
            (await Send(Here.Clerk, new ListRequests(new RequestFilter(Late: false)))).Items.Count > 0,
            (await Send(Here.Clerk, new CountRequests(new RequestFilter(Late: true)))).Single().Requests);
    }

    [Test]
    public async Task What_fails_later_in_the_transaction_leaves_the_clocks_alone()
    {
        var (request, _) = await GivenDispatched();
        var before = await Clocks(request);
        await using var broken = Services(s => s.AddTransient<MediatR.INotificationHandler<RequestReprioritised>, Fails>());

        Assert.ThrowsAsync<InvalidOperationException>(() => Send(broken, Here.Clerk, new ReprioritiseRequest(request, Priority.Danger, "看了现场", 2)));

        Assert.That(await Clocks(request), Is.EqualTo(before));
    }

    private sealed class Fails : MediatR.INotificationHandler<RequestReprioritised>
    {
        public Task Handle(RequestReprioritised notification, CancellationToken cancellationToken) => throw new InvalidOperationException("on purpose");
    }
}
