using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Imports;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>The sweep over stored clocks: what is recorded, and who is told. Times are Shanghai's: the fixture starts on Monday 2026-03-02 at 09:00.</summary>
public sealed class EscalationTests : DeskFixture
{
    private static DateTimeOffset Local(int month, int day, int hour, int minute = 0, int second = 0) => new(2026, month, day, hour, minute, second, TimeSpan.FromHours(8));

    [SetUp]
    public Task NoRoster() => Execute("delete from leave; delete from shift");

    private async Task<int> Sweep(string entry = "escalate-overdue")
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        return await Schedule.Entries.Single(e => e.Id == entry).Run(job, CancellationToken.None);
    }

    private Task Shift(string duty, Actor who, DateTimeOffset from, DateTimeOffset to, Guid? team = null, Actor? swappedFrom = null) =>
        Execute(
            "insert into shift (community_id, shift_id, duty, team_id, staff_id, starts_at, ends_at, swapped_from_id) values (@CommunityId, gen_random_uuid(), @duty, @team, @Who, @From, @To, @Swapped)",
            new { Here.CommunityId, duty, team, Who = who.Id, From = from.UtcDateTime, To = to.UtcDateTime, Swapped = swappedFrom?.Id });

    /// <summary>Level, cause and who was told, of this subject's clock of this kind.</summary>
    private async Task<string[]> Ladder(Guid subject, ClockKind kind)
    {
        var rows = await Rows<(short Level, string Cause, Guid[]? Told)>(
            """
            select e.level, e.cause, (select array_agg(r.staff_id order by r.staff_id) from escalation_recipient r where r.escalation_id = e.escalation_id)
            from escalation e
            join clock k on k.clock_id = e.clock_id
            where k.subject_id = @subject and k.kind = @kind
            order by e.level
            """,
            new { subject, kind = EnumWord.Of(kind) });
        return [.. rows.Select(r => $"{r.Level} {r.Cause}: {string.Join(", ", (r.Told ?? []).Select(Name).Order(StringComparer.Ordinal))}")];
    }

    private string Name(Guid staff) => Here.People.Single(p => p.Value.Id == staff).Key;

    [Test]
    public async Task A_warning_goes_out_at_its_share_of_the_allowance_and_not_before_and_once()
    {
        var (_, order) = await GivenDispatched(); // to be accepted in 15 minutes; the warning is at three quarters of them
        Clock.Set(Local(3, 2, 9, 11, 14));
        await Sweep();
        Assert.That(await Ladder(order, ClockKind.Accept), Is.Empty);

        Clock.Set(Local(3, 2, 9, 11, 15));
        await Sweep();
        await Sweep();

        Assert.That(await Ladder(order, ClockKind.Accept), Is.EqualTo(new[] { "0 warning: engineering-lead" }));
        Assert.That(await Rows<string>("select template from message where template like 'clock%'"), Is.EqualTo(new[] { "clockWarning" }));
    }

    [Test]
    public async Task Accepted_in_time_nobody_hears_of_it()
    {
        var (_, order) = await GivenDispatched();
        Clock.Set(Local(3, 2, 9, 10));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));

        Clock.Set(Local(3, 2, 9, 30));
        await Sweep();

        Assert.That(await Ladder(order, ClockKind.Accept), Is.Empty);
    }

    [Test]
    public async Task A_breach_tells_the_lead_and_the_desk_and_the_ladder_climbs_in_desk_hours()
    {
        var (_, order) = await GivenDispatched();

        Clock.Set(Local(3, 2, 9, 15, 20));
        await Sweep();
        Assert.That(await Ladder(order, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: clerk, engineering-lead" }));
        Assert.That(await Scalar<DateTime>("select breached_at from clock where subject_id = @order and kind = 'accept'", new { order }), Is.EqualTo(Local(3, 2, 9, 15).UtcDateTime));

        Clock.Set(Local(3, 2, 10, 15));
        await Sweep();
        Clock.Set(Local(3, 2, 13, 15));
        await Sweep();
        Assert.That((await Ladder(order, ClockKind.Accept))[1..], Is.EqualTo(new[] { "2 stillLate: officer", "3 stillLate: manager" }));

        Clock.Set(Local(3, 3, 9, 15)); // a desk day later: nobody is the district here
        await Sweep();
        Assert.That((await Ladder(order, ClockKind.Accept))[3..], Is.EqualTo(new[] { "4 stillLate: " }));
        Assert.That(await Rows<string>("select a.kind from alarm a join clock k on k.clock_id = a.clock_id where k.subject_id = @order", new { order }), Is.EqualTo(new[] { "nobodyToTell" }));
    }

    [Test]
    public async Task Each_order_of_a_fault_is_told_on_its_own_and_again_a_week_later()
    {
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "电梯停运", Here.Category(RequestKind.Repair, "lift"), Here.Places["3"]))).FaultId;
        foreach (var day in new[] { 2, 9 })
        {
            Clock.Set(Local(3, day, 9));
            await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "看一下")]));
            Clock.Set(Local(3, day, 9, 50));
            await Sweep();
        }

        Assert.That(
            await Rows<string>("select distinct to_char(m.created_at, 'MM-DD') from escalation_recipient r join message m using (community_id, message_id) join escalation e using (community_id, escalation_id) where e.fault_id = @fault and e.level = 1 order by 1", new { fault }),
            Is.EqualTo(new[] { "03-02", "03-09" }));
        Assert.That(await Scalar<long>("select count(*) from escalation_recipient r join message m using (community_id, message_id) join escalation e using (community_id, escalation_id) where m.created_at < e.fired_at"), Is.Zero);
    }

    [Test]
    public async Task Two_looks_of_one_minute_that_bring_many_are_two_digests()
    {
        foreach (var second in new[] { 0, 20 })
        {
            Clock.Set(Local(3, 2, 9, 0, second));
            for (var i = 0; i < 6; i++)
            {
                await GivenDispatched();
            }
        }

        foreach (var second in new[] { 5, 25 })
        {
            Clock.Set(Local(3, 2, 9, 15, second));
            await Sweep();
        }

        Assert.That(await Scalar<long>("select count(*) from message where template = 'escalationDigest' and recipient_id = @Id", new { Here.Clerk.Id }), Is.EqualTo(2));
        Assert.That(await Scalar<long>("select count(*) from escalation_recipient r join message m using (community_id, message_id) join escalation e using (community_id, escalation_id) where m.created_at < e.fired_at"), Is.Zero);
    }

    [Test]
    public async Task An_alarm_that_was_ended_is_raised_again_when_the_next_level_has_nobody()
    {
        await Shift("customerOfficer", Here.Officer, Local(2, 27, 8), Local(2, 27, 20));
        var (_, order) = await GivenDispatched(priority: Priority.Danger);
        Clock.Set(Local(3, 2, 9, 30));
        await Sweep();
        var open = "select a.alarm_id from alarm a join clock k on k.clock_id = a.clock_id where k.subject_id = @order and k.kind = 'accept' and a.ended_at is null";
        var first = await Rows<Guid>(open, new { order });
        Assert.That(first, Is.Not.Empty);
        foreach (var alarm in first)
        {
            await Send(Here.Clerk, new EndAlarm(alarm, "打了电话"));
        }

        Clock.Set(Local(3, 9, 9));
        await Sweep();

        Assert.That(await Rows<Guid>(open, new { order }), Is.Not.Empty.And.Not.EquivalentTo(first), "nobody is the district");
    }

    [Test]
    public async Task A_roster_that_begins_next_month_makes_nobody_off_duty_today()
    {
        await Shift("desk", Here.Clerk, Local(4, 1, 8), Local(4, 1, 20));
        var (_, order) = await GivenDispatched();

        Clock.Set(Local(3, 2, 9, 15, 20));
        await Sweep();

        Assert.That(await Ladder(order, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: clerk, engineering-lead" }));
    }

    [Test]
    public async Task After_a_week_of_missed_ticks_each_level_is_there_once_and_each_recipient_was_told_once_a_level()
    {
        var (_, order) = await GivenDispatched(priority: Priority.Urgent);
        Clock.Advance(TimeSpan.FromDays(7));

        await Sweep();
        await Sweep();
        Clock.Advance(TimeSpan.FromDays(7));
        await Sweep();

        Assert.That(await Ladder(order, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: clerk, engineering-lead", "2 stillLate: officer", "3 stillLate: manager", "4 stillLate: " }));
        Assert.That(await Scalar<long>("select count(*) from (select detail->>'clockId', detail->>'level', recipient_id from message where template = 'escalation' group by 1, 2, 3 having count(*) > 1) x"), Is.Zero);
        Assert.That(await Chain.Broken(this), Is.Zero);
    }

    [Test]
    public async Task At_03_12_on_a_holiday_with_the_lead_on_leave_and_the_night_shift_swapped_these_are_told()
    {
        Clock.Set(Local(5, 1, 3)); // Labour Day
        await Shift("crewLead", Here.Lead(Crew.Engineering), Local(4, 30, 20), Local(5, 1, 8, 30), Here.Teams[Crew.Engineering]);
        await Execute(
            "insert into leave (community_id, leave_id, staff_id, starts_at, ends_at, deputy_id) values (@CommunityId, gen_random_uuid(), @Lead, @From, @To, @Deputy)",
            new { Here.CommunityId, Lead = Here.Lead(Crew.Engineering).Id, From = Local(4, 30, 18).UtcDateTime, To = Local(5, 6, 8, 30).UtcDateTime, Deputy = Here.Member(Crew.Engineering).Id });
        await Shift("desk", Here.Lead(Crew.Environment), Local(4, 30, 20), Local(5, 1, 8, 30), swappedFrom: Here.Clerk);
        await Shift("customerOfficer", Here.Officer, Local(5, 1, 8, 30), Local(5, 1, 18));
        await Shift("manager", Here.Manager, Local(4, 30, 8, 30), Local(5, 1, 8, 30));
        var (_, order) = await GivenDispatched(priority: Priority.Danger); // to be accepted by 03:02

        Clock.Set(Local(5, 1, 3, 12));
        await Sweep();

        Assert.That(await Ladder(order, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: engineering-1, environment-lead", "2 stillLate: ", "3 nobodyBelow: manager" }));
        Assert.That(await Rows<string>("select a.kind from alarm a join clock k on k.clock_id = a.clock_id where k.subject_id = @order order by 1", new { order }), Is.EqualTo(new[] { "nobodyToTell", "ringNow" }));
        Assert.That(await Rows<Guid>("select recipient_id from message where template = 'escalation' and (detail->>'level')::int = 3"), Is.EqualTo(new[] { Here.Manager.Id }));
    }

    [Test]
    public async Task One_person_on_duty_for_two_communities_is_told_of_both()
    {
        await GivenDispatched(priority: Priority.Danger);
        var there = await GivenRequest(There, Priority.Danger);
        await Send(There.Clerk, new DispatchWork(there.RequestId, [new NewOrder(Crew.Engineering, "看一下")]));
        await Execute("""
            insert into community_staff (community_id, staff_id, joined_at) values (@There, @Manager, @Now) on conflict do nothing;
            insert into shift (community_id, shift_id, duty, staff_id, starts_at, ends_at) select c, gen_random_uuid(), 'manager', @Manager, @Now, @Now + interval '1 day' from unnest(array[@Here, @There]::uuid[]) c;
            """, new { Here = Here.CommunityId, There = There.CommunityId, Manager = Here.Manager.Id, Now = Clock.GetUtcNow().UtcDateTime });

        Clock.Advance(TimeSpan.FromMinutes(20));
        await Sweep();

        var told = await Rows<Guid>("select distinct community_id from message where template = 'escalation' and recipient_id = @Id and (detail->>'level')::int = 3", new { Here.Manager.Id });
        Assert.That(told, Is.EquivalentTo(new[] { Here.CommunityId, There.CommunityId }));
    }

    [Test]
    public async Task Outside_desk_hours_a_breach_is_recorded_at_once_told_in_the_morning_and_not_at_all_if_done_before()
    {
        Clock.Set(Local(3, 2, 18));
        var done = await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差");
        var late = await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差");
        Clock.Set(Local(3, 3, 18)); // the first reply was due within 24 hours; so that the desk is closed when it is looked at, it is late at night
        await Execute("update clock set due_at = @Due, next_check_at = @Due where kind = 'firstReply'", new { Due = Local(3, 3, 23).UtcDateTime });

        Clock.Set(Local(3, 3, 23, 0, 10));
        await Sweep();
        Assert.That(await Ladder(done.RequestId, ClockKind.FirstReply), Is.EqualTo(new[] { "1 breach: " }));
        Assert.That(await Scalar<long>("select count(*) from message where (detail->>'kind') = 'firstReply'"), Is.Zero);
        Clock.Set(Local(3, 4, 7));
        await Send(Here.Officer, new GiveFirstReply(done.RequestId, "我们在处理"));
        Clock.Set(Local(3, 4, 8, 30));
        await Sweep();

        Assert.That(await Ladder(done.RequestId, ClockKind.FirstReply), Is.EqualTo(new[] { "1 breach: " }));
        Assert.That((await Ladder(late.RequestId, ClockKind.FirstReply))[0], Is.EqualTo("1 breach: clerk"));
        Assert.That(await Rows<(string, bool)>("select resolved_how, told_at is null from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @RequestId and k.kind = 'firstReply'", new { done.RequestId }), Is.EqualTo(new[] { ("stopped", true) }));
    }

    [Test]
    public async Task Danger_is_told_at_night_too()
    {
        Clock.Set(Local(3, 2, 23));
        var (_, order) = await GivenDispatched(priority: Priority.Danger);
        Clock.Set(Local(3, 2, 23, 2));

        await Sweep();

        Assert.That(await Ladder(order, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: clerk, engineering-lead" }));
    }

    [Test]
    public async Task A_danger_that_nobody_is_sent_to_is_told_within_minutes_at_night_and_climbs_until_somebody_is()
    {
        Clock.Set(Local(3, 2, 23));
        var request = (await GivenRequest(priority: Priority.Danger)).RequestId;
        await GivenRequest();
        foreach (var (minute, second) in new[] { (1, 29), (1, 30), (2, 0), (7, 0), (17, 0) })
        {
            Clock.Set(Local(3, 2, 23, minute, second));
            await Sweep();
            if (minute == 1)
            {
                Assert.That(await Ladder(request, ClockKind.Dispatch), second == 29 ? Is.Empty : Is.EqualTo(new[] { "0 warning: clerk" }));
            }
        }

        Assert.That(await Ladder(request, ClockKind.Dispatch), Is.EqualTo(new[] { "0 warning: clerk", "1 breach: clerk", "2 stillLate: officer", "3 stillLate: manager" }));
        Assert.That(await Scalar<long>("select count(*) from escalation e join clock k using (community_id, clock_id) where k.subject_id <> @request or k.kind <> 'dispatch'", new { request }), Is.Zero);
        var today = (await Send(Here.Manager, new ReportToday(Here.CommunityId))).Communities.Single();
        Assert.That((today.Late, today.Escalations), Is.EqualTo((1L, 1L)));
        Assert.That((await Send(Here.Manager, new ListLadders(new EscalationFilter(Kind: ClockKind.Dispatch, State: [EscalationState.Open])))).Items.Single().Steps[0].Escalation.RequestId, Is.EqualTo(request));

        Clock.Set(Local(3, 3, 0, 2));
        await Sweep();
        Assert.That((await Send(Here.Clerk, new ListAlarms())).Items.Select(a => (a.Kind, a.ClockKind, a.RequestId)), Is.EquivalentTo(new[] { (AlarmKind.NobodyToTell, ClockKind.Dispatch, (Guid?)request), (AlarmKind.RingNow, ClockKind.Dispatch, request) }), "nobody is the district here");

        await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")]));
        Assert.That((await Send(Here.Clerk, new ListAlarms())).Items, Is.Empty);
        Assert.That(await Scalar<long>("select count(*) from escalation where resolved_at is null"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task Of_one_fault_each_is_told_once_a_level_however_many_requests_it_makes_late()
    {
        var request = await GivenRequest(priority: Priority.Urgent);
        var fault = await Send(Here.Clerk, new OpenFault(Here.CommunityId, "1号电梯停运", RequestId: request.RequestId, PlaceId: Here.Places["3-2-lobby"], CategoryId: Here.Category(RequestKind.Repair, "water")));
        for (var i = 0; i < 3; i++)
        {
            var more = await GivenRequest(priority: Priority.Urgent);
            await Send(Here.Clerk, new JoinFault(fault.FaultId, more.RequestId));
        }

        Clock.Advance(TimeSpan.FromDays(2));
        await Sweep();

        Assert.That(await Scalar<long>("select count(*) from escalation e join clock k on k.clock_id = e.clock_id where k.kind = 'finish' and e.level = 2"), Is.EqualTo(4));
        Assert.That(await Rows<string>("select template from message where (detail->>'kind') = 'finish' and (detail->>'level')::int = 2"), Is.EqualTo(new[] { "escalationFault" }));
        Assert.That(await Scalar<long>("select count(distinct message_id) from escalation_recipient r join escalation e on e.escalation_id = r.escalation_id join clock k on k.clock_id = e.clock_id where k.kind = 'finish' and e.level = 2"), Is.EqualTo(1));
    }

    [TestCase(Priority.Normal, 15, "escalationDigest 1", "escalationDigest 1")]
    [TestCase(Priority.Danger, 2, "escalation 8", "escalation 8", TestName = "Each_danger_is_told_on_its_own")]
    public async Task Where_one_look_finds_many_late_each_gets_one_message_a_level(Priority priority, int minutes, params string[] told)
    {
        for (var i = 0; i < 8; i++)
        {
            await GivenDispatched(priority: priority);
        }

        Clock.Advance(TimeSpan.FromMinutes(minutes));
        await Sweep();

        Assert.That(await Scalar<long>("select count(*) from escalation where level = 1"), Is.EqualTo(8));
        Assert.That(
            await Rows<string>("select template || ' ' || count(*) from message where template like 'escalation%' group by recipient_id, template order by recipient_id"),
            Is.EqualTo(told),
            "the lead and the clerk");
    }

    [Test]
    public async Task What_stops_while_the_sweep_looks_at_it_leaves_no_escalation_and_no_alarm_behind()
    {
        await Shift("customerOfficer", Here.Officer, Local(2, 27, 8), Local(2, 27, 20)); // nobody now: there is an alarm, too
        var (_, order) = await GivenDispatched(priority: Priority.Danger);
        Clock.Set(Local(3, 2, 9, 30));
        var looking = new Holds("events written");
        await using var services = Services(s => s.AddSingleton<INotificationHandler<SweepStep>>(looking));
        var due = await Rows<Guid>("select clock_id from clock where stopped_at is null");

        var sweeping = Send(services, Here.System, new EscalateOverdue(Here.CommunityId, due));
        await looking.Reached.Task.WaitAsync(TimeSpan.FromMinutes(2));
        var accepting = Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await UntilSomebodyWaits();
        looking.GoOn.SetResult();
        await Task.WhenAll(sweeping, accepting);

        var late = "from clock k join alarm a using (community_id, clock_id) where k.subject_id = @order and k.kind = 'accept'";
        Assert.That(await Scalar<long>("select count(*) " + late, new { order }), Is.GreaterThan(0), "it was late before it stopped");
        Assert.That(await Scalar<long>("select count(*) from escalation e join clock k using (community_id, clock_id) where k.stopped_at is not null and e.resolved_at is null"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) " + late + " and a.ended_at is null", new { order }), Is.Zero);
    }

    [Test]
    public async Task What_was_late_and_stopped_before_anybody_looked_is_recorded_as_late()
    {
        var (_, order) = await GivenDispatched(); // to be accepted in 15 minutes
        Clock.Advance(TimeSpan.FromMinutes(20));

        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Sweep();

        Assert.That(
            await Rows<(bool, bool)>("select breached_at = due_at, stopped_at > due_at from clock where subject_id = @order and kind = 'accept'", new { order }), Is.EqualTo(new[] { (true, true) }));
        Assert.That(await Ladder(order, ClockKind.Accept), Is.Empty, "it is done: nobody is told");
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [TestCase(Priority.Danger, "nobodyToTell", "ringNow")]
    [TestCase(Priority.Normal, "nobodyToTell")]
    public async Task Where_none_of_a_levels_messages_can_be_delivered_the_desk_has_an_alarm(Priority priority, params string[] kinds)
    {
        var (_, order) = await GivenDispatched(priority: priority);
        Clock.Advance(TimeSpan.FromMinutes(15));
        await Sweep();
        var messages = await Rows<Guid>("select distinct r.message_id from escalation_recipient r join escalation e using (community_id, escalation_id) join clock k using (community_id, clock_id) where k.subject_id = @order and e.level = 1", new { order });
        Assert.That(messages, Has.Count.EqualTo(2), "to the lead and to the clerk");

        await Parked(messages[0]);
        var one = await Scalar<long>("select count(*) from alarm");
        await Parked(messages[1]);

        Assert.That(one, Is.Zero, "the other was told");
        Assert.That(await Rows<string>("select a.kind from alarm a join clock k using (community_id, clock_id) where k.subject_id = @order order by 1", new { order }), Is.EqualTo(kinds));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'alarmRaised' and subject_id = @order", new { order }), Is.EqualTo(kinds.Length));

        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Assert.That(await Scalar<long>("select count(*) from alarm a join clock k using (community_id, clock_id) where k.subject_id = @order and a.ended_at is null", new { order }), Is.Zero);
    }

    [Test]
    public async Task A_call_that_nobody_made_after_urgent_work_is_told_in_the_morning()
    {
        await GivenDone(priority: Priority.Urgent); // to be called within 24 hours
        Clock.Set(Local(3, 3, 23, 30));

        await Sweep();
        var night = await Scalar<long>("select count(*) from message where template like 'escalation%' or template like 'clock%'");
        Clock.Set(Local(3, 4, 8, 30));
        await Sweep();

        Assert.That(night, Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from escalation where cause = 'callNotMade' and told_at is not null"), Is.EqualTo(1));
    }

    private async Task Parked(Guid message)
    {
        var lease = Guid.CreateVersion7();
        await Execute("update message set lease_id = @lease where message_id = @message", new { message, lease });
        await Send(Here.System, new ParkMessage(Here.CommunityId, message, lease, ParkedWhy.Exhausted));
    }

    private async Task UntilSomebodyWaits()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await Scalar<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0)
        {
            await Task.Delay(10, deadline.Token);
        }
    }

    /// <summary>Says when a step is reached, and waits there.</summary>
    private sealed class Holds(string step) : INotificationHandler<SweepStep>
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Handle(SweepStep notification, CancellationToken cancellationToken)
        {
            if (notification.Name != step)
            {
                return Task.CompletedTask;
            }

            Reached.TrySetResult();
            return GoOn.Task;
        }
    }

    [Test]
    public async Task Two_workers_at_once_record_each_level_once()
    {
        for (var i = 0; i < 20; i++)
        {
            await GivenDispatched(priority: Priority.Danger);
        }

        Clock.Advance(TimeSpan.FromMinutes(30));
        await Task.WhenAll(Sweep(), Sweep(), Sweep());
        await Sweep();

        Assert.That(await Scalar<long>("select count(*) from escalation e join clock k on k.clock_id = e.clock_id where k.kind = 'accept' and e.level between 1 and 3"), Is.EqualTo(60));
        Assert.That(await Scalar<long>("select count(*) from clock where next_check_at <= @Now", new { Now = Clock.GetUtcNow().UtcDateTime }), Is.Zero);
        Assert.That(await Chain.Broken(this), Is.Zero);
    }

    [Test]
    public async Task Imported_history_climbs_no_ladder_until_somebody_takes_it_up()
    {
        var (request, order) = await GivenDispatched();
        await Execute("update request set import_source = 'x', import_id = '1', taken_up_at = null where request_id = @request; update clock set imported = true, next_check_at = null", new { request });
        Clock.Advance(TimeSpan.FromDays(30));
        await Sweep();
        Assert.That(await Scalar<long>("select count(*) from escalation"), Is.Zero);

        await Send(Here.Clerk, new NoteOnRequest(request, "看一下", Visibility.Desk));
        await Sweep();

        Assert.That(await Ladder(request, ClockKind.Finish), Is.EqualTo(new[] { "1 breach: clerk, engineering-lead" }), "the rest counts from when it was taken up");
    }

    [Test]
    public async Task A_hold_keeps_the_ladder_where_it_is_and_after_it_the_warning_comes_at_its_new_time()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(3, 4, 9)));
        Clock.Set(Local(3, 3, 12));
        await Sweep();
        Assert.That(await Ladder(request, ClockKind.Finish), Is.Empty);

        Clock.Set(Local(3, 4, 9));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        await Sweep();
        Clock.Set(Local(3, 4, 18));
        await Sweep();

        Assert.That(await Ladder(request, ClockKind.Finish), Is.EqualTo(new[] { "0 warning: engineering-lead" }));
    }

    [Test]
    public async Task The_person_complained_about_is_never_told()
    {
        var complaint = await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "attitude"), "经理态度差", Priority.Danger, Here.Places["3-2-1502"], CustomerId: Here.Customer, AboutStaffId: Here.Manager.Id));
        Clock.Advance(TimeSpan.FromHours(30));

        await Sweep();

        Assert.That(await Scalar<long>("select count(*) from escalation where request_id = @RequestId and level = 3 and nobody", new { complaint.RequestId }), Is.GreaterThan(0));
        Assert.That(await Scalar<long>("select count(*) from message where recipient_id = @Id", new { Here.Manager.Id }), Is.Zero);
    }

    [Test]
    public async Task A_look_whose_first_clock_has_nobody_to_tell_tells_of_the_others()
    {
        await Shift("desk", Here.Clerk, Local(3, 2, 8), Local(3, 2, 9)); // nobody is at the desk any more
        var nobody = await GivenRequest(priority: Priority.Danger);
        var (_, order) = await GivenDispatched(priority: Priority.Danger);
        Clock.Set(Local(3, 3, 12));

        await Sweep();

        Assert.That((await Ladder(nobody.RequestId, ClockKind.Safe))[..2], Is.EqualTo(new[] { "1 breach: ", "2 nobodyBelow: officer" }));
        Assert.That((await Ladder(order, ClockKind.Accept))[0], Is.EqualTo("1 breach: engineering-lead"));
        Assert.That(await Rows<string>("select distinct kind from alarm"), Has.None.EqualTo("clockTrouble"));
    }

    /// <summary>Whoever must not find a confidential complaint learns of it neither as the desk on shift nor as an officer.</summary>
    [Test]
    public async Task Of_a_confidential_complaint_no_colleague_of_theirs_is_told_and_the_next_level_is_in_the_same_minute()
    {
        await Shift("desk", Here.Lead(Crew.Security), Local(3, 2, 8), Local(3, 2, 20));
        await Shift("customerOfficer", Here.Member(Crew.Security, 2), Local(3, 2, 8), Local(3, 2, 20));
        var open = await GivenComplaintAbout(Here.Member(Crew.Security), confidential: false);
        var hidden = await GivenComplaintAbout(Here.Member(Crew.Security), confidential: true);
        Clock.Set(new DateTimeOffset(await Scalar<DateTime>("select due_at from clock where subject_id = @hidden and kind = 'accept'", new { hidden }), TimeSpan.Zero));

        await Sweep();

        Assert.That(await Ladder(open, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: security-lead" }));
        Assert.That(await Ladder(hidden, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: ", "2 nobodyBelow: ", "3 nobodyBelow: manager" }));
        Assert.That(await Rows<Guid>("select distinct recipient_id from message where request_id = @hidden", new { hidden }), Is.EqualTo(new[] { Here.Manager.Id }));
    }

    [Test]
    public async Task Nor_is_a_deputy_who_must_not_find_it()
    {
        await Execute(
            "insert into leave (community_id, leave_id, staff_id, starts_at, ends_at, deputy_id) values (@CommunityId, gen_random_uuid(), @Clerk, @From, @To, @Deputy)",
            new { Here.CommunityId, Clerk = Here.Clerk.Id, From = Local(3, 1, 8).UtcDateTime, To = Local(3, 6, 8).UtcDateTime, Deputy = Here.Lead(Crew.Security).Id });
        var hidden = await GivenComplaintAbout(Here.Member(Crew.Security), confidential: true);
        Clock.Set(new DateTimeOffset(await Scalar<DateTime>("select due_at from clock where subject_id = @hidden and kind = 'accept'", new { hidden }), TimeSpan.Zero));

        await Sweep();

        Assert.That(await Ladder(hidden, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: ", "2 nobodyBelow: officer" }));
    }

    /// <summary>Neither of a low score nor of "not solved": whoever is on shift as the manager may sit in the crew.</summary>
    [TestCase(Solved.Yes, "lowScore")]
    [TestCase(Solved.No, "reworkReported")]
    public async Task Nor_is_whoever_must_not_find_it_told_what_the_owner_answered(Solved solved, string template)
    {
        await Shift("manager", Here.Member(Crew.Security, 2), Local(3, 2, 8), Local(3, 2, 20));
        await Shift("manager", Here.Officer, Local(3, 2, 8), Local(3, 2, 20));
        var open = await GivenComplaintAbout(Here.Member(Crew.Security), confidential: false);
        var hidden = await GivenComplaintAbout(Here.Member(Crew.Security), confidential: true);

        foreach (var request in new[] { open, hidden })
        {
            await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "已处理"));
            await Send(Here.Manager, new RecordFeedback(request, solved, 2, "王小明", MadeItFive: "换人"));
        }

        async Task<string[]> Told(Guid request) => [.. (await Rows<Guid>("select recipient_id from message where request_id = @request and template = @template", new { request, template })).Select(Name).Order(StringComparer.Ordinal)];
        Assert.That(await Told(open), Is.EqualTo(new[] { "officer", "security-2" }));
        Assert.That(await Told(hidden), Is.EqualTo(new[] { "officer" }));
    }

    private async Task<Guid> GivenComplaintAbout(Actor person, bool confidential) => (await Send(Here.Clerk, new ReceiveRequest(
        Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "attitude"), "态度差", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer,
        Confidential: confidential, AboutStaffId: person.Id))).RequestId;

    [Test]
    public async Task A_clock_that_cannot_be_looked_at_is_put_off_and_stands_in_nobodys_way()
    {
        var (request, broken) = await GivenDispatched(priority: Priority.Danger);
        var (_, order) = await GivenDispatched(priority: Priority.Danger);
        await Execute("alter table escalation add constraint poison check (work_order_id is null or work_order_id <> '" + broken + "')");
        try
        {
            Clock.Advance(TimeSpan.FromMinutes(2));

            await Sweep();

            Assert.That(await Ladder(order, ClockKind.Accept), Is.EqualTo(new[] { "1 breach: clerk, engineering-lead" }));
            Assert.That((await Send(Here.Clerk, new ListAlarms())).Items.Select(a => (a.Kind, a.RequestId, a.RequestNumber is not null)), Is.EqualTo(new[] { (AlarmKind.ClockTrouble, (Guid?)request, true) }));
            Assert.That(await Rows<Guid>("select subject_id from event where what = 'alarmRaised' and detail ->> 'kind' = 'clockTrouble'"), Is.EqualTo(new[] { broken }));
        }
        finally
        {
            await Execute("alter table escalation drop constraint poison");
        }
    }
}
