using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Acknowledging, promising, settling, and the alarms. Times are Shanghai's: the fixture starts on Monday 2026-03-02 at 09:00.</summary>
public sealed class AcknowledgeTests : DeskFixture
{
    private static DateTimeOffset Local(int day, int hour, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.FromHours(8));

    private async Task Sweep()
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
    }

    /// <summary>An order that was not accepted in time, and the escalation of level 1 about it.</summary>
    private async Task<(Guid Order, Guid Escalation)> GivenLate(Priority? priority = null)
    {
        var (_, order) = await GivenDispatched(priority: priority);
        Clock.Advance(TimeSpan.FromMinutes(15));
        await Sweep();
        return (order, await Scalar<Guid>("select e.escalation_id from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'accept' and e.level = 1", new { order }));
    }

    private Task<long> Levels(Guid order) => Scalar<long>("select count(*) from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'accept'", new { order });

    [Test]
    public async Task A_promise_stops_the_ladder_and_once_broken_the_next_level_is_told_within_the_minute()
    {
        var (order, escalation) = await GivenLate();

        var reply = await Send(Here.Lead(Crew.Engineering), new AcknowledgeEscalation(escalation, Local(2, 14), "人在路上"));
        Clock.Set(Local(2, 13, 59));
        await Sweep();
        Assert.That(await Levels(order), Is.EqualTo(1));
        Clock.Set(Local(2, 14));
        await Sweep();

        Assert.That((reply.State, reply.PromisedAt), Is.EqualTo((EscalationState.Acknowledged, (DateTimeOffset?)Local(2, 14))));
        var lines = (await Send(Here.Manager, new ListEscalations(new EscalationFilter(Kind: ClockKind.Accept)))).Items;
        Assert.That(lines.Select(l => (l.Escalation.Level, l.Escalation.Cause, l.Escalation.PromiseBrokenAt)), Is.EqualTo(new[] { ((short)2, EscalationCause.PromiseBroken, (DateTimeOffset?)null), ((short)1, EscalationCause.Breach, Local(2, 14)) }));
        Assert.That(lines[0].Told.Select(t => t.StaffId), Is.EqualTo(new[] { Here.Officer.Id }));
    }

    [Test]
    public async Task Of_two_promises_on_two_levels_each_that_is_broken_is_told()
    {
        var (_, order) = await GivenDispatched();
        Clock.Set(Local(2, 10, 20)); // nobody looked for an hour
        await Sweep();
        var levels = await Rows<Guid>("select e.escalation_id from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'accept' order by e.level", new { order });
        await Send(Here.Lead(Crew.Engineering), new AcknowledgeEscalation(levels[0], Local(2, 11)));
        await Send(Here.Officer, new AcknowledgeEscalation(levels[1], Local(2, 16)));

        var told = new List<string>();
        foreach (var (hour, minute) in new[] { (10, 59), (11, 0), (15, 59), (16, 0) })
        {
            Clock.Set(Local(2, hour, minute));
            await Sweep();
            told.Add($"{hour}:{minute:00} {string.Join(' ', await Rows<string>("select e.level || ' ' || e.cause from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'accept' and e.fired_at = @Now", new { order, Now = Clock.GetUtcNow() }))}");
        }

        Assert.That(told, Is.EqualTo(new[] { "10:59 ", "11:00 3 promiseBroken", "15:59 ", "16:00 4 promiseBroken" }));
        Assert.That(
            await Rows<(int, DateTime)>("select e.level::int, e.promise_broken_at from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'accept' and e.promise_broken_at is not null order by 1", new { order }),
            Is.EqualTo(new[] { (1, Local(2, 11).UtcDateTime), (2, Local(2, 16).UtcDateTime) }));
    }

    [Test]
    public async Task A_promise_about_what_is_on_hold_is_looked_at_when_the_hold_ends()
    {
        var (_, order) = await GivenDispatched(priority: Priority.Urgent);
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Clock.Advance(TimeSpan.FromMinutes(31));
        await Sweep();
        var escalation = await Scalar<Guid>("select e.escalation_id from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'arrive' and e.level = 1", new { order });
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(2, 20)));

        await Send(Here.Lead(Crew.Engineering), new AcknowledgeEscalation(escalation, Clock.GetUtcNow().AddMinutes(30)));

        Assert.That(await Scalar<long>("select count(*) from clock where subject_id = @order and kind = 'arrive' and held_at is not null and next_check_at is null", new { order }), Is.EqualTo(1));

        Clock.Advance(TimeSpan.FromHours(2)); // the promise is broken meanwhile, and nobody is told while it is on hold
        await Sweep();
        Assert.That(await Scalar<long>("select count(*) from escalation where work_order_id = @order and (promise_broken_at is not null or cause = 'promiseBroken')", new { order }), Is.Zero);
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        await Sweep();

        Assert.That(
            await Rows<(int, string, DateTime)>("select e.level::int, e.cause, e.fired_at from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'arrive' and e.level > 1", new { order }),
            Is.EqualTo(new[] { (2, "promiseBroken", Clock.GetUtcNow().UtcDateTime) }));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task A_kept_promise_is_the_end_of_it()
    {
        var (order, escalation) = await GivenLate();
        await Send(Here.Lead(Crew.Engineering), new AcknowledgeEscalation(escalation, Local(2, 14)));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));

        Clock.Set(Local(2, 14));
        await Sweep();

        Assert.That(await Levels(order), Is.EqualTo(1));
        Assert.That((await Send(Here.Manager, new ListEscalations(new EscalationFilter(State: [EscalationState.Resolved], Kind: ClockKind.Accept)))).Items.Select(l => l.Escalation.ResolvedHow), Is.EqualTo(new[] { "stopped" }));
    }

    [Test]
    public async Task Seen_without_a_promise_the_ladder_climbs_on()
    {
        var (order, escalation) = await GivenLate();
        Clock.Advance(TimeSpan.FromMinutes(4));
        await Send(Here.Clerk, new AcknowledgeEscalation(escalation));

        Clock.Set(Local(2, 10, 15));
        await Sweep();

        Assert.That(await Levels(order), Is.EqualTo(2));
        var first = (await Send(Here.Manager, new ListEscalations(new EscalationFilter(Level: [1], Kind: ClockKind.Accept)))).Items.Single().Escalation;
        Assert.That((first.AcknowledgedBy, first.AcknowledgedAfterSeconds), Is.EqualTo(((Guid?)Here.Clerk.Id, (long?)240)));
    }

    [Test]
    public async Task For_danger_no_promise_is_taken_but_seen_is()
    {
        var (_, escalation) = await GivenLate(Priority.Danger);

        Assert.That(await Refusal(() => Send(Here.Clerk, new AcknowledgeEscalation(escalation, Local(2, 10)))), Is.EqualTo("escalation.waits_for_nobody"));
        Assert.That((await Send(Here.Clerk, new AcknowledgeEscalation(escalation))).State, Is.EqualTo(EscalationState.Acknowledged));
    }

    [Test]
    public async Task How_often_and_how_far_is_limited()
    {
        var (_, escalation) = await GivenLate();

        Assert.That(await Refusal(() => Send(Here.Clerk, new AcknowledgeEscalation(escalation, Local(2, 9)))), Is.EqualTo("escalation.promised_at_out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new AcknowledgeEscalation(escalation, Local(20, 9)))), Is.EqualTo("escalation.promised_at_out_of_range"));
        await Send(Here.Clerk, new AcknowledgeEscalation(escalation, Local(2, 10)));
        await Send(Here.Clerk, new AcknowledgeEscalation(escalation, Local(2, 11)));
        Assert.That(await Refusal(() => Send(Here.Clerk, new AcknowledgeEscalation(escalation, Local(2, 12)))), Is.EqualTo("escalation.promises_used_up"));
    }

    [Test]
    public async Task A_warning_takes_no_promise()
    {
        var (_, order) = await GivenDispatched();
        Clock.Set(Local(2, 9, 12));
        await Sweep();
        var warning = await Scalar<Guid>("select e.escalation_id from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and e.level = 0", new { order });

        Assert.That(await Refusal(() => Send(Here.Clerk, new AcknowledgeEscalation(warning, Local(2, 10)))), Is.EqualTo("escalation.nothing_late_yet"));
    }

    [Test]
    public async Task Settled_once_it_is_settled_and_foreign_it_is_absent()
    {
        var (_, escalation) = await GivenLate();
        await Send(Here.Officer, new ResolveEscalation(escalation, "已联系业主"));

        Assert.That(await Refusal(() => Send(Here.Clerk, new AcknowledgeEscalation(escalation))), Is.EqualTo("escalation.resolved_already"));
        Assert.That(await Refusal(() => Send(There.Officer, new ResolveEscalation(escalation, "x"))), Is.EqualTo("escalation.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ResolveEscalation(escalation, "x"))), Is.EqualTo("role.not_allowed"));
    }

    [Test]
    public async Task A_crew_sees_and_acknowledges_only_what_it_was_told()
    {
        var (_, escalation) = await GivenLate();

        Assert.That((await Send(Here.Lead(Crew.Engineering), new ListEscalations(new EscalationFilter()))).Items, Has.Count.EqualTo(1));
        Assert.That((await Send(Here.Lead(Crew.Security), new ListEscalations(new EscalationFilter()))).Items, Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Lead(Crew.Security), new AcknowledgeEscalation(escalation))), Is.EqualTo("escalation.not_found"));
    }

    [Test]
    public async Task Alarms_last_until_somebody_says_what_was_done()
    {
        await GivenLate(Priority.Danger);
        Clock.Advance(TimeSpan.FromHours(2));
        await Sweep();
        var alarms = (await Send(Here.Clerk, new ListAlarms())).Items;
        Assert.That(alarms.Select(a => a.Kind).Distinct(), Is.EquivalentTo(new[] { Domain.Clocks.AlarmKind.NobodyToTell, Domain.Clocks.AlarmKind.RingNow }));

        await Send(Here.Clerk, new EndAlarm(alarms[0].AlarmId, "打了电话"));

        Assert.That(await Refusal(() => Send(Here.Clerk, new EndAlarm(alarms[0].AlarmId, "打了电话"))), Is.EqualTo("alarm.ended_already"));
        Assert.That(await Refusal(() => Send(There.Clerk, new EndAlarm(alarms[1].AlarmId, "x"))), Is.EqualTo("alarm.not_found"));
        Assert.That((await Send(Here.Clerk, new ListAlarms())).Items, Has.Count.EqualTo(alarms.Count - 1));
    }

    [Test]
    public async Task Pages_of_escalations_lose_and_repeat_nothing()
    {
        for (var i = 0; i < 4; i++)
        {
            await GivenDispatched(priority: Priority.Danger);
        }

        Clock.Advance(TimeSpan.FromDays(2));
        await Sweep();
        var expected = await Scalar<long>("select count(*) from escalation");

        var seen = new List<Guid>();
        string? after = null;
        do
        {
            var page = await Send(Here.Manager, new ListEscalations(new EscalationFilter(), 7, after));
            seen.AddRange(page.Items.Select(l => l.Escalation.EscalationId));
            after = page.Next;
        }
        while (after is not null);

        Assert.That(seen, Is.Unique.And.Count.EqualTo(expected));
    }
}
