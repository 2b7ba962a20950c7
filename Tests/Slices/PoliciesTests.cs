using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Policies;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Policies, calendars and declared events of a community: read, tried, edited; open clocks follow. Times are Shanghai's, from Monday 2026-03-02 at 09:00.</summary>
public sealed class PoliciesTests : DeskFixture
{
    private static DateTimeOffset Local(int day, int hour, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.FromHours(8));

    private long logged;

    private Domain.Plumbing.Actor Admin => Here.People["administrator"];

    public override async Task CleanUp()
    {
        await base.CleanUp();
        await Execute("""
            delete from clock_move_left_behind; delete from clock_move; delete from declared_event;
            update calendar c set current_version_id = (select v.calendar_version_id from calendar_version v where v.calendar_id = c.calendar_id and v.version = 1);
            delete from calendar_version where version > 1;
            delete from sla_profile_version where version > 1;
            """);
        logged = await Scalar<long>("select seq from event_head where community_id = @CommunityId", new { Here.CommunityId });
    }

    [TearDown]
    public async Task The_log_gives_the_same() =>
        Assert.That((await ClocksThatDiffer()).Where(d => !d.Contains(" breached_at: ", StringComparison.Ordinal)), Is.Empty);

    private async Task<RequestClock> Of(Guid request, ClockKind kind, int cycle = 1) =>
        (await Send(Here.Clerk, new GetRequest(request))).Clocks.Single(c => c.Kind == kind && c.Cycle == cycle);

    private async Task<SlaProfile> Profile() => (await Send(Here.Clerk, new GetSlaProfile(Here.CommunityId))).Profile;

    /// <summary>The finish of normal repairs in so many working minutes of the desk.</summary>
    private async Task<SlaProfile> WithFinish(int minutes)
    {
        var profile = await Profile();
        return profile with
        {
            Policies =
            [
                .. profile.Policies.Select(p => p.Code != "normal-repair" ? p : p with
                {
                    Milestones = [.. p.Milestones.Select(m => m.Kind == ClockKind.Finish ? m with { Allowance = new Allowance(minutes, AllowanceUnit.WorkingMinutes) } : m)],
                }),
            ],
        };
    }

    private async Task MoveAll()
    {
        while (await Scalar<Guid?>("select clock_move_id from clock_move where done_at is null order by made_at limit 1") is { } move)
        {
            await Send(Here.System, new MoveClocks(Here.CommunityId, move));
        }
    }

    private Task<long> Events(string what) => Scalar<long>("select count(*) from event where community_id = @CommunityId and what = @what and seq > @logged", new { Here.CommunityId, what, logged });

    [Test]
    public async Task A_normal_repair_reported_on_a_friday_at_17_40_is_due_on_saturday()
    {
        var preview = await Send(Here.Clerk, new PreviewSla(Here.CommunityId, RequestKind.Repair, Priority.Normal, Local(6, 17, 40), Here.Category(RequestKind.Repair, "water")));

        Assert.That(preview.Policy, Is.EqualTo("normal-repair"));
        Assert.That(preview.Clocks.Select(c => (c.Kind, c.DueAt)), Is.EqualTo(new[] { (ClockKind.Finish, Local(7, 17, 40)), (ClockKind.Accept, Local(6, 17, 55)) }));
    }

    [Test]
    public async Task A_preview_knows_appointments_common_areas_crews_and_years_that_are_not_loaded()
    {
        var atHome = await Send(Here.Clerk, new PreviewSla(Here.CommunityId, RequestKind.Repair, Priority.Normal, Local(2, 9), Here.Category(RequestKind.Repair, "water"), AppointmentFrom: Local(4, 10), AppointmentTo: Local(4, 12)));
        var common = await Send(Here.Clerk, new PreviewSla(Here.CommunityId, RequestKind.Repair, Priority.Normal, Local(2, 9), CommonArea: true, Crew: Crew.Security));
        var late = await Send(Here.Clerk, new PreviewSla(Here.CommunityId, RequestKind.Suggestion, Priority.Normal, new DateTimeOffset(2026, 12, 30, 2, 0, 0, TimeSpan.Zero)));

        Assert.That(atHome.Clocks.Single(c => c.Kind == ClockKind.Arrive).DueAt, Is.EqualTo(Local(4, 12, 15)));
        Assert.That(atHome.Clocks.Single(c => c.Kind == ClockKind.Finish).DueAt, Is.EqualTo(Local(5, 10)));
        Assert.That((common.Policy, common.Clocks.Single(c => c.Kind == ClockKind.Arrive).Crew), Is.EqualTo(("common-area", (Crew?)Crew.Security)));
        Assert.That(late.Clocks.Single(c => c.Kind == ClockKind.Finish).BeyondCalendar, Is.True);
    }

    [Test]
    public async Task An_edit_says_how_many_open_clocks_it_will_move_and_moves_them_with_one_event_each()
    {
        var open = (await GivenRequest()).RequestId;
        var (closed, _) = await GivenDone();
        var nextDoor = (await GivenRequest(There)).RequestId;
        Clock.Advance(TimeSpan.FromMinutes(1));

        var edited = await Send(Admin, new EditSlaProfile(Here.CommunityId, await WithFinish(1380), 1));
        Assert.That((edited.Version, edited.OpenClocks), Is.EqualTo((2, 1)));
        Assert.That((await Of(open, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)), "not yet");
        await MoveAll();

        Assert.That((await Of(open, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));
        Assert.That((await Of(closed, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)), "what is closed does not change");
        Assert.That(await Rows<DateTime>("select due_at from clock where subject_id = @nextDoor", new { nextDoor }), Is.EqualTo(new[] { Local(3, 9).UtcDateTime }), "nor what another community promised");
        Assert.That(await Scalar<long>("select count(*) from event where what = 'clockMoved' and community_id <> @CommunityId", new { Here.CommunityId }), Is.Zero);
        Assert.That(await Events("clockMoved"), Is.EqualTo(1));
        Assert.That(
            (await Rows<string>("select concat_ws(' ', s ->> 'turn', (s ->> 'policyVersion') = @After, (s ->> 'policyVersionBefore') <> @After) from event e, json_array_elements(e.detail -> 'clocks') s where e.what = 'clockMoved' and e.subject_id = @open", new { open, After = edited.VersionId.ToString() })).Single(),
            Is.EqualTo("change t t"),
            "it names both versions");
        Assert.That((await Send(Here.Clerk, new GetSlaProfile(Here.CommunityId, 1))).Profile.Policies.Single(p => p.Code == "normal-repair").Milestones.Single(m => m.Kind == ClockKind.Finish).Allowance.Number, Is.EqualTo(690), "a version never changes");
        Assert.That((await Send(Here.Clerk, new GetSlaProfile(Here.CommunityId))).StillToMove, Is.Zero);
    }

    [Test]
    public async Task A_policys_own_share_ladder_and_limit_of_promises_are_what_the_sweep_and_whoever_acknowledges_go_by()
    {
        var profile = await Profile();
        var own = new EscalationPlan([new(1, 0), new(2, 10)], "24x7", MostPromises: 1, LongestPromiseMinutes: 30);
        await Send(Admin, new EditSlaProfile(Here.CommunityId, profile with { Policies = [.. profile.Policies.Select(p => p.Code != "normal-repair" ? p : p with { WarnAtPercent = 50, Escalation = own })] }, 1));
        var (_, order) = await GivenDispatched(); // to be accepted in 15 minutes

        Assert.That(await At(7, 29), Is.Empty);
        Assert.That(await At(7, 30), Is.EqualTo(new[] { "0 warning" }), "at half of them");
        Assert.That(await At(15, 0), Is.EqualTo(new[] { "0 warning", "1 breach" }));
        Assert.That(await At(24, 59), Has.Length.EqualTo(2));
        Assert.That(await At(25, 0), Is.EqualTo(new[] { "0 warning", "1 breach", "2 stillLate" }), "ten minutes late, not an hour");

        var last = await Scalar<Guid>("select e.escalation_id from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'accept' and e.level = 2", new { order });
        Assert.That(await Refusal(() => Send(Here.Officer, new AcknowledgeEscalation(last, Local(2, 9, 56)))), Is.EqualTo("escalation.promised_at_out_of_range"));
        await Send(Here.Officer, new AcknowledgeEscalation(last, Local(2, 9, 55)));
        Assert.That(await Refusal(() => Send(Here.Officer, new AcknowledgeEscalation(last, Local(2, 9, 50)))), Is.EqualTo("escalation.promises_used_up"));

        async Task<string[]> At(int minute, int second)
        {
            Clock.Set(Local(2, 9, minute).AddSeconds(second));
            await using var services = Services(_ => { });
            var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
            await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(job, CancellationToken.None);
            return [.. await Rows<string>("select e.level || ' ' || e.cause from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = @order and k.kind = 'accept' order by e.level", new { order })];
        }
    }

    [Test]
    public async Task The_move_goes_on_where_it_stopped_and_moves_nothing_twice()
    {
        for (var i = 0; i < 60; i++)
        {
            await GivenRequest();
        }

        var (_, order) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var edited = await Send(Admin, new EditSlaProfile(Here.CommunityId, await WithFinish(1380), 1));
        await Send(Here.System, new MoveClocks(Here.CommunityId, edited.ClockMoveId!.Value));
        Assert.That(await Events("clockMoved"), Is.EqualTo(25));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 4; i++)
            {
                await Send(Here.System, new MoveClocks(Here.CommunityId, edited.ClockMoveId!.Value));
            }
        }));
        await MoveAll();

        Assert.That(await Scalar<long>("select count(*) from clock where policy_version_id <> @VersionId", new { edited.VersionId }), Is.Zero);
        Assert.That(await Events("clockMoved"), Is.EqualTo(62));
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @order and what = 'clockMoved'", new { order }), Is.EqualTo(1));
        Assert.That(await Events("clocksMoved"), Is.EqualTo(1));
        Assert.That(await Send(Here.System, new MoveClocks(Here.CommunityId, edited.ClockMoveId!.Value)), Is.Zero);
    }

    [Test]
    public async Task A_clock_that_was_paused_keeps_its_pauses_when_it_is_moved_and_one_on_hold_stays_held()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(3, 9)));
        Clock.Set(Local(2, 11));

        await Send(Admin, new EditSlaProfile(Here.CommunityId, await WithFinish(1380), 1));
        await MoveAll();
        Assert.That((await Of(request, ClockKind.Finish)).HeldAt, Is.EqualTo(Local(2, 9)));
        Clock.Set(Local(2, 12));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 12)));
    }

    [Test]
    public async Task A_recorded_breach_stands_when_an_edit_gives_more_time()
    {
        var request = (await GivenRequest()).RequestId;
        Clock.Set(Local(3, 10));
        await Execute("update clock set breached_at = due_at where subject_id = @request", new { request });

        await Send(Admin, new EditSlaProfile(Here.CommunityId, await WithFinish(1380), 1));
        await MoveAll();

        Assert.That((await Of(request, ClockKind.Finish)).StoppedWhy, Is.EqualTo("superseded"));
        Assert.That((await Of(request, ClockKind.Finish, 2)).DueAt, Is.EqualTo(Local(4, 9)));
    }

    [Test]
    public async Task What_an_edit_promises_newly_is_not_owed_to_those_who_asked_before()
    {
        var request = (await GivenRequest()).RequestId;
        var profile = await Profile();
        profile = profile with { Policies = [.. profile.Policies.Select(p => p.Code != "normal-repair" ? p : p with { Milestones = [.. p.Milestones, new Milestone(ClockKind.FirstReply, new Allowance(60, AllowanceUnit.WorkingMinutes), "desk")] })] };

        await Send(Admin, new EditSlaProfile(Here.CommunityId, profile, 1));
        await MoveAll();

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Clocks.Select(c => c.Kind), Is.EqualTo(new[] { ClockKind.Finish }));
        Assert.That((await Send(Here.Clerk, new GetRequest((await GivenRequest()).RequestId))).Clocks, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Who_edits_says_which_version_and_only_one_of_two_wins()
    {
        var profile = await WithFinish(1380);

        Assert.That(await Refusal(() => Send(Admin, new EditSlaProfile(Here.CommunityId, profile))), Is.EqualTo("sla_profile.version_required"));
        Assert.That(await Refusal(() => Send(Admin, new EditSlaProfile(Here.CommunityId, profile, 7))), Is.EqualTo("sla_profile.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EditSlaProfile(Here.CommunityId, profile, 1))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new EditSlaProfile(Here.CommunityId, profile, 1))), Is.EqualTo("community.not_found"));
        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            try
            {
                return (await Send(Admin, new EditSlaProfile(Here.CommunityId, profile, 1))).Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (Domain.Plumbing.Refused refused)
            {
                return refused.Code;
            }
        }));
        Assert.That(both, Is.EquivalentTo(new[] { "2", "sla_profile.changed_meanwhile" }));
    }

    private static IEnumerable<TestCaseData> Unsound()
    {
        TestCaseData Case(string code, Func<SlaProfile, SlaProfile> change) => new TestCaseData(code, change).SetArgDisplayNames(code);
        SlaProfile First(SlaProfile p, Func<Policy, Policy> change) => p with { Policies = [change(p.Policies[0]), .. p.Policies.Skip(1)] };

        yield return Case("sla.no_default", p => p with { Policies = [.. p.Policies.Where(x => x.Code != "default")] });
        yield return Case("sla.code_twice", p => p with { Policies = [.. p.Policies, p.Policies[0]] });
        yield return Case("sla.code_malformed", p => First(p, x => x with { Code = "Danger!" }));
        yield return Case("category.unknown", p => First(p, x => x with { Scope = new PolicyScope("nowhere") }));
        yield return Case("calendar.unknown", p => First(p, x => x with { Milestones = [new Milestone(ClockKind.Finish, new Allowance(1, AllowanceUnit.Hours), "nowhere")] }));
        yield return Case("sla.allowance_out_of_range", p => First(p, x => x with { Milestones = [new Milestone(ClockKind.Finish, new Allowance(-1, AllowanceUnit.Hours), "desk")] }));
        yield return Case("sla.milestone_twice", p => First(p, x => x with { Milestones = [.. x.Milestones, x.Milestones[0]] }));
        yield return Case("sla.warn_out_of_range", p => First(p, x => x with { WarnAtPercent = 0 }));
        yield return Case("sla.reminders_out_of_order", p => First(p, x => x with { Feedback = x.Feedback with { RemindAfterHours = [24, 24] } }));
        yield return Case("sla.appointment_out_of_range", p => First(p, x => x with { Appointment = new AppointmentRule(-1, 0) }));
        yield return Case("sla.hold_limit_twice", p => p with { HoldLimits = [.. p.HoldLimits, p.HoldLimits[0]] });
        yield return Case("sla.ladder_out_of_order", p => First(p, x => x with { Escalation = new EscalationPlan([new(2, 5), new(1, 0)], "desk", 0, 0) }));
        yield return Case("sla.promises_out_of_range", p => First(p, x => x with { Escalation = new EscalationPlan([new(1, 0)], "desk", -1, 0) }));
        foreach (var rules in (FeedbackRules[])[
            new(SamplePercent: 101), new(SamplePercent: -1), new(MostAsksAMonth: 0), new(Attempts: 11), new(TimesOfDay: 0), new(Attempts: 2, TimesOfDay: 3),
            new(CallsToHour: 25), new(WaitHours: 0), new(WaitHours: 721), new(CallWithinHours: 0), new(CallWithinHours: 169), new(ReopenDays: 0), new(ReopenDays: 366)])
        {
            yield return Case("sla.feedback_out_of_range", p => p with { Feedback = rules }).SetArgDisplayNames($"sla.feedback_out_of_range {rules}");
        }

        yield return Case("sla.feedback_hours_too_few", p => p with { Feedback = new FeedbackRules(CallsFromHour: 12, CallsToHour: 20) });
        yield return Case("sla.policies_count sla.no_default", p => p with { Policies = [] });
    }

    [TestCaseSource(nameof(Unsound))]
    public async Task A_profile_that_could_not_govern_is_refused(string code, Func<SlaProfile, SlaProfile> change)
    {
        var profile = change(await Profile());

        Assert.That(await Refusal(() => Send(Admin, new EditSlaProfile(Here.CommunityId, profile, 1))), Is.EqualTo(code));
        Assert.That(await Scalar<long>("select count(*) from sla_profile_version where community_id = @CommunityId", new { Here.CommunityId }), Is.EqualTo(1));
    }

    [Test]
    public async Task A_draft_can_be_tried_before_it_is_in_force()
    {
        await GivenRequest();

        var trial = await Send(Admin, new TrySlaProfile(Here.CommunityId, await WithFinish(60), RequestKind.Repair, Priority.Normal, Local(6, 17, 40), Here.Category(RequestKind.Repair, "water")));

        Assert.That((trial.OpenClocks, trial.Preview.Clocks.Single(c => c.Kind == ClockKind.Finish).DueAt), Is.EqualTo((1, Local(6, 18, 40))));
        Assert.That((await Send(Here.Clerk, new GetSlaProfile(Here.CommunityId))).Version, Is.EqualTo(1));
    }

    [Test]
    public async Task Next_years_holidays_settle_what_waited_for_them_and_move_what_they_must()
    {
        Clock.Set(new DateTimeOffset(2026, 12, 30, 2, 0, 0, TimeSpan.Zero));
        var waiting = (await GivenRequest(kind: RequestKind.Suggestion, category: "other", text: "多种树")).RequestId;
        var repair = (await GivenRequest()).RequestId;
        var before = await Of(waiting, ClockKind.Finish);
        Assert.That(before.BeyondCalendar, Is.True);

        var imported = await Send(Admin, new ImportHolidays(Here.CommunityId, "office", 2027, [new NamedDay(new DateOnly(2027, 1, 1), "元旦"), new NamedDay(new DateOnly(2027, 1, 4), "元旦")]));
        await MoveAll();

        Assert.That((imported.Version, imported.OpenClocks), Is.EqualTo((2, 2)), "first reply and finish of the suggestion; the repair goes by the desk's calendar");
        Assert.That(await Of(waiting, ClockKind.Finish), Has.Property("BeyondCalendar").False.And.Property("DueAt").GreaterThan(before.DueAt!.Value));
        Assert.That((await Of(repair, ClockKind.Finish)).BeyondCalendar, Is.False);
        Assert.That((await Send(Here.Clerk, new ListCalendars(Here.CommunityId))).Single(c => c.Code == "office").LoadedThrough, Is.EqualTo(2027));
    }

    [Test]
    public async Task What_next_years_holidays_would_change_is_shown_before_anything_is()
    {
        await GivenRequest(kind: RequestKind.Suggestion, category: "other", text: "多种树");
        NamedDay[] off = [new(new DateOnly(2027, 1, 1), "元旦"), new(new DateOnly(2027, 1, 2), "元旦"), new(new DateOnly(2027, 1, 4), "元旦")];
        NamedDay[] worked = [new(new DateOnly(2027, 1, 9), "元旦")];
        var version = (await Send(Admin, new ListCalendars(Here.CommunityId))).Single(c => c.Code == "office").Version;

        var trial = await Send(Admin, new TryHolidays(Here.CommunityId, "office", 2027, off, worked));

        string[] open = ["08:30-12:00", "14:00-18:00"];
        Assert.That((trial.Version, trial.LoadedAlready, trial.OpenClocks), Is.EqualTo((version, false, 2)));
        Assert.That(trial.Changes.Select(c => (c.Day, c.Name, string.Join(' ', c.Was), string.Join(' ', c.Becomes))), Is.EqualTo(new[]
        {
            (new DateOnly(2027, 1, 1), "元旦", string.Join(' ', open), ""),
            (new DateOnly(2027, 1, 4), "元旦", string.Join(' ', open), ""),
            (new DateOnly(2027, 1, 9), "元旦", "", string.Join(' ', open)),
        }), "A Saturday is closed anyway.");
        Assert.That((await Send(Admin, new ListCalendars(Here.CommunityId))).Single(c => c.Code == "office").Version, Is.EqualTo(version), "Nothing was written.");

        await Send(Admin, new ImportHolidays(Here.CommunityId, "office", 2027, off, worked));
        var again = await Send(Admin, new TryHolidays(Here.CommunityId, "office", 2027, off, worked));

        Assert.That((trial.Renamed, again.LoadedAlready, again.Changes.Count, again.Renamed), Is.EqualTo((4, true, 0, 0)));
        var otherwise = await Send(Admin, new TryHolidays(Here.CommunityId, "office", 2027, off, [.. worked.Select(d => d with { Name = "补班" })]));
        Assert.That((otherwise.Changes.Count, otherwise.Renamed, otherwise.OpenClocks), Is.EqualTo((0, 1, 0)));
        Assert.That(await Refusal(() => Send(Admin, new TryHolidays(Here.CommunityId, "24x7", 2027, off))), Is.EqualTo("calendar.always_open"));
        Assert.That(await Refusal(() => Send(Admin, new TryHolidays(Here.CommunityId, "office", 2027, off, off))), Is.EqualTo("calendar.day_off_and_worked"));
        Assert.That(await Refusal(() => Send(Admin, new TryHolidays(Here.CommunityId, "office", 2027, [.. off, .. off]))), Is.EqualTo("calendar.day_twice"));
        Assert.That(await Refusal(() => Send(Admin, new TryHolidays(Here.CommunityId, "nowhere", 2027, off))), Is.EqualTo("calendar.not_found"));
        Assert.That(await Refusal(() => Send(Admin, new TryHolidays(Here.CommunityId, "office", 2025, off))), Is.EqualTo("holidays.other_year"));
        Assert.That(await Refusal(() => Send(Here.Manager, new TryHolidays(Here.CommunityId, "office", 2027, off))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new TryHolidays(Here.CommunityId, "office", 2027, off))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Admin, new TryHolidays(Here.CommunityId, "office", 2027, off), c => c.IfMatch = 999)), Is.EqualTo("calendar.changed_meanwhile"));
    }

    [Test]
    public async Task A_holiday_is_called_as_it_was_published_until_somebody_calls_it_otherwise_and_no_clock_depends_on_that()
    {
        await GivenRequest(kind: RequestKind.Suggestion, category: "other", text: "多种树");
        var (moon, national, worked) = (new DateOnly(2026, 9, 25), new DateOnly(2026, 10, 1), new DateOnly(2026, 2, 14));
        var published = await Office();
        CalendarHours Called(params NamedDay[] names) => published.Hours with { Names = names };

        var edited = await Send(Admin, new EditCalendar(Here.CommunityId, "office", published.Hours with { Names = [.. published.Hours.Names!.Where(n => n.Day != national), new NamedDay(national, " 国庆 ")] }, 1));
        var named = await Office();
        await Send(Admin, new EditCalendar(Here.CommunityId, "office", named.Hours with { Holidays = [.. named.Hours.Holidays!.Where(d => d != moon)], Names = null }, 2));
        var without = await Office();
        await Send(Admin, new ImportHolidays(Here.CommunityId, "office", 2027, [new NamedDay(new DateOnly(2027, 1, 1), "元旦")]));
        var next = await Office();

        Assert.That(new[] { NameOf(published, moon), NameOf(published, national), NameOf(published, worked) }, Is.EqualTo(new[] { "中秋节", "国庆节", "春节" }));
        Assert.That((edited.Version, edited.OpenClocks, edited.ClockMoveId), Is.EqualTo((2, 0, (Guid?)null)));
        Assert.That(new[] { NameOf(named, moon), NameOf(named, national), NameOf(named, worked) }, Is.EqualTo(new[] { "中秋节", "国庆", "春节" }));
        Assert.That(new[] { NameOf(without, moon), NameOf(without, national), NameOf(without, worked) }, Is.EqualTo(new[] { null, "国庆", "春节" }), "What is not said of names leaves them as they are.");
        Assert.That(new[] { NameOf(next, new DateOnly(2027, 1, 1)), NameOf(next, national) }, Is.EqualTo(new[] { "元旦", "国庆" }));
        await Send(Admin, new EditCalendar(Here.CommunityId, "office", next.Hours with { Names = [.. next.Hours.Names!.Where(n => n.Day != worked && n.Day != national), new NamedDay(worked, "春节", " Working Saturday "), new NamedDay(national, "国庆节")] }, 4));
        var english = await Office();
        Assert.That(new[] { EnglishOf(published, national), EnglishOf(named, national), EnglishOf(next, new DateOnly(2027, 1, 1)), EnglishOf(next, worked), EnglishOf(english, worked), EnglishOf(english, national) },
            Is.EqualTo(new[] { "National Day", null, "New Year’s Day", "Spring Festival", "Working Saturday", "National Day" }), "A published holiday has its English name; a name of one's own has the one that is said.");
        var trial = await Send(Admin, new TryHolidays(Here.CommunityId, "office", 2026, [new NamedDay(national, "国庆节", "Golden Week")], [new NamedDay(worked, "春节", "Working Saturday")]));
        Assert.That(trial.Renamed, Is.EqualTo(1));
        foreach (var (hours, code) in new[]
        {
            (Called(new NamedDay(new DateOnly(2026, 3, 3), "周二")), "calendar.name_without_day"),
            (Called(new NamedDay(national, "国庆", new string('N', 61))), "text.too_long"),
            (Called(new NamedDay(national, "国庆"), new NamedDay(national, "国庆节")), "calendar.day_twice"),
            (Called(new NamedDay(national, new string('国', 61))), "text.too_long"),
            (Called(new NamedDay(national, " ")), "text.empty"),
        })
        {
            Assert.That(await Refusal(() => Send(Admin, new EditCalendar(Here.CommunityId, "office", hours, 5))), Is.EqualTo(code));
        }

        var kept = Assert.ThrowsAsync<PostgresException>(() => Execute("update calendar_version set names = jsonb_build_object('2026-10-01', repeat('国', 61)) where version = 4"));
        Assert.That(kept!.ConstraintName, Is.EqualTo("calendar_version_names"));
        kept = Assert.ThrowsAsync<PostgresException>(() => Execute("update calendar_version set names_en = jsonb_build_object('2026-10-01', 1) where version = 5"));
        Assert.That(kept!.ConstraintName, Is.EqualTo("calendar_version_names_en"));

        async Task<CalendarLine> Office() => (await Send(Here.Clerk, new ListCalendars(Here.CommunityId))).Single(c => c.Code == "office");
        static string? EnglishOf(CalendarLine calendar, DateOnly day) => calendar.Hours.Names!.SingleOrDefault(n => n.Day == day)?.NameEn;

        static string? NameOf(CalendarLine calendar, DateOnly day) => calendar.Hours.Names!.SingleOrDefault(n => n.Day == day)?.Name;
    }

    [Test]
    public async Task Other_opening_hours_move_open_clocks_on_that_calendar()
    {
        var request = (await GivenRequest()).RequestId;
        var desk = (await Send(Here.Clerk, new ListCalendars(Here.CommunityId))).Single(c => c.Code == "desk");

        var edited = await Send(Admin, new EditCalendar(Here.CommunityId, "desk", desk.Hours with { Week = [.. desk.Hours.Week!.Select(d => d with { Windows = ["08:30-20:00", "20:00-21:00"] })] }, 1));
        await MoveAll();

        Assert.That(edited.Version, Is.EqualTo(2));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(2, 20, 30)));
    }

    [TestCase("calendar.no_open_hours")]
    [TestCase("calendar.unknown_zone")]
    [TestCase("calendar.window_malformed")]
    [TestCase("calendar.unknown_day")]
    [TestCase("calendar.day_twice")]
    [TestCase("calendar.out_of_range")]
    [TestCase("calendar.windows_overlap")]
    public async Task Hours_that_make_no_sense_are_refused(string code)
    {
        CalendarHours Hours(string zone, params WeekdayHours[] week) => new(zone, Week: week);
        var hours = code switch
        {
            "calendar.no_open_hours" => Hours("Asia/Shanghai"),
            "calendar.unknown_zone" => Hours("Moon/Base", new WeekdayHours("monday", ["09:00-17:00"])),
            "calendar.window_malformed" => Hours("Asia/Shanghai", new WeekdayHours("monday", ["nine to five"])),
            "calendar.unknown_day" => Hours("Asia/Shanghai", new WeekdayHours("someday", ["09:00-17:00"])),
            "calendar.day_twice" => Hours("Asia/Shanghai", new WeekdayHours("monday", ["09:00-17:00"]), new WeekdayHours("Monday", ["09:00-17:00"])),
            "calendar.windows_overlap" => Hours("Asia/Shanghai", new WeekdayHours("monday", ["13:00-17:00", "09:00-13:01"])),
            _ => Hours("Asia/Shanghai", new WeekdayHours("monday", ["09:00-17:00"])) with { Holidays = [new DateOnly(1, 1, 1)] },
        };

        Assert.That(await Refusal(() => Send(Admin, new EditCalendar(Here.CommunityId, "desk", hours, 1))), Is.EqualTo(code));
    }

    [Test]
    public void What_is_wrong_with_windows_is_said_of_each_of_them_and_a_night_is_no_overlap()
    {
        WeekdayHours[] week = [new("monday", ["22:00-06:00", "06:00-22:00"]), new("tuesday", ["09:00-09:00", "09:00-12:00", "11:00-13:00"]), new("wednesday", ["20:00-02:00", "23:00-24:00"])];

        var refused = Assert.ThrowsAsync<Refused.Invalid>(() => Send(Admin, new EditCalendar(Here.CommunityId, "desk", new CalendarHours("Asia/Shanghai", Week: week, Overrides: [new DayHours(new DateOnly(2026, 3, 3), ["8-12"])]), 1)));

        Assert.That(refused!.Faults.Select(f => $"{f.Field} {f.Code}"), Is.EqualTo(new[]
        {
            "hours.week[1].windows[0] calendar.window_malformed",
            "hours.week[1].windows[2] calendar.windows_overlap",
            "hours.week[2].windows[1] calendar.windows_overlap",
            "hours.overrides[0].windows[0] calendar.window_malformed",
        }));
    }

    [Test]
    public async Task Calendars_are_edited_by_who_may_and_with_their_version()
    {
        var desk = (await Send(Here.Clerk, new ListCalendars(Here.CommunityId))).Single(c => c.Code == "desk").Hours;

        Assert.That(await Refusal(() => Send(Admin, new EditCalendar(Here.CommunityId, "desk", desk))), Is.EqualTo("calendar.version_required"));
        Assert.That(await Refusal(() => Send(Admin, new EditCalendar(Here.CommunityId, "moon", desk, 1))), Is.EqualTo("calendar.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, new EditCalendar(Here.CommunityId, "desk", desk, 1))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Admin, new ImportHolidays(Here.CommunityId, "24x7", 2027, []))), Is.EqualTo("calendar.always_open"));
        Assert.That(await Refusal(() => Send(Admin, new ImportHolidays(Here.CommunityId, "office", 2027, [new NamedDay(new DateOnly(2030, 1, 1), "元旦")]))), Is.EqualTo("holidays.other_year"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new ListCalendars(Here.CommunityId))), Is.EqualTo("community.not_found"));
    }

    [Test]
    public async Task A_declared_event_stretches_what_runs_into_it_and_says_so()
    {
        var (open, order) = await GivenDispatched();
        var danger = (await GivenRequest(priority: Priority.Danger)).RequestId;

        await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 12), Local(4, 12), 2m));
        await MoveAll();
        var later = (await GivenRequest()).RequestId;

        Assert.That((await Of(open, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));
        Assert.That((await Of(later, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));
        Assert.That((await Of(danger, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)), "danger is never stretched");
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).Clocks.Single(c => c.Kind == ClockKind.Accept).DueAt, Is.EqualTo(Local(2, 9, 15)), "due before it begins");
        Assert.That((await Send(Here.Clerk, new PreviewSla(Here.CommunityId, RequestKind.Repair, Priority.Normal, Local(2, 9)))).Clocks.Single(c => c.Kind == ClockKind.Finish).StretchedBy, Is.EqualTo("台风"));
        Assert.That((await Rows<string>("select distinct (s ->> 'stretchedBy' is not null)::text from event e, json_array_elements(e.detail -> 'clocks') s where e.subject_id = @later and e.seq > @logged", new { later, logged })), Is.EqualTo(new[] { "true" }));
    }

    [Test]
    public async Task A_policy_is_known_by_its_code_whatever_blanks_were_typed_around_it()
    {
        await Send(Here.Manager, new DeclareEvent(Here.CommunityId, " 红色预警\r\n", Local(2, 8), Local(5, 8), 1.5m, ["default", " urgent-repair "]));

        var declared = (await Send(Here.Clerk, new ListDeclaredEvents(Here.CommunityId))).Items.Single();

        Assert.That((declared.Name, string.Join(',', declared.Policies)), Is.EqualTo(("红色预警", "default,urgent-repair")));
    }

    [Test]
    public async Task It_can_be_for_chosen_targets_and_is_over_when_somebody_ends_it()
    {
        var declared = await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "红色预警", Local(2, 8), Local(5, 8), 1.5m, ["urgent-repair"], [ClockKind.Controlled]));
        var urgent = (await GivenRequest(priority: Priority.Urgent)).RequestId;
        Assert.That((await Of(urgent, ClockKind.Controlled)).DueAt, Is.EqualTo(Local(2, 12)));
        Assert.That((await Of(urgent, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)));

        Clock.Set(Local(2, 10));
        await Send(Here.Manager, new EndDeclaredEvent(declared.DeclaredEventId));
        await MoveAll();
        var after = (await GivenRequest(priority: Priority.Urgent)).RequestId;

        Assert.That((await Of(urgent, ClockKind.Controlled)).DueAt, Is.EqualTo(Local(2, 12)), "what began before its end keeps its time");
        Assert.That((await Of(after, ClockKind.Controlled)).DueAt, Is.EqualTo(Local(2, 12)), "two hours");
        Assert.That(await Refusal(() => Send(Here.Manager, new EndDeclaredEvent(declared.DeclaredEventId))), Is.EqualTo("event.over"));
    }

    [Test]
    public async Task An_event_that_is_called_off_before_it_begins_takes_back_what_it_gave()
    {
        var request = (await GivenRequest()).RequestId;
        var declared = await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 12), Local(4, 12), 2m));
        await MoveAll();
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));

        await Send(Here.Manager, new EndDeclaredEvent(declared.DeclaredEventId));
        await MoveAll();

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)));
        Assert.That((await Send(Here.Clerk, new ListDeclaredEvents(Here.CommunityId))).Items.Single(), Has.Property("CalledOff").True);
    }

    [Test]
    public async Task What_cannot_be_declared_is_refused()
    {
        Task<string> Code(decimal factor = 2, DateTimeOffset? from = null, DateTimeOffset? to = null, string? policy = null, Domain.Plumbing.Actor? by = null) =>
            Refusal(() => Send(by ?? Here.Manager, new DeclareEvent(Here.CommunityId, "台风", from ?? Local(2, 12), to ?? Local(4, 12), factor, policy is null ? null : [policy])));

        Assert.That(await Code(factor: 1), Is.EqualTo("event.factor_out_of_range"));
        Assert.That(await Code(factor: 1.555m), Is.EqualTo("event.factor_out_of_range"));
        Assert.That(await Code(to: Local(2, 12)), Is.EqualTo("event.not_a_span"));
        Assert.That(await Code(from: Local(2, 12).AddYears(-3), to: Local(3, 12).AddYears(-3)), Is.EqualTo("event.out_of_range"));
        Assert.That(await Code(from: DateTimeOffset.MaxValue.AddDays(-2), to: DateTimeOffset.MaxValue), Is.EqualTo("event.out_of_range"));
        Assert.That(await Code(policy: "nothing"), Is.EqualTo("sla.policy_unknown"));
        Assert.That(await Code(policy: "danger"), Is.EqualTo("event.never_danger"));
        Assert.That(await Code(by: Here.Clerk), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 12), Local(4, 12), 2m))), Is.EqualTo("community.not_found"));
        var declared = await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 12), Local(4, 12), 2m));
        Assert.That(await Refusal(() => Send(There.Manager, new EndDeclaredEvent(declared.DeclaredEventId))), Is.EqualTo("declared_event.not_found"));
    }

    private async Task<int> RunJob(string entry)
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        return await Schedule.Entries.Single(e => e.Id == entry).Run(job, CancellationToken.None);
    }

    [Test]
    public async Task An_event_gives_nothing_to_what_stood_still_all_through_it()
    {
        var (request, order) = await GivenWorking();
        var (worked, _) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));

        await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 12), Local(3, 20), 2m));
        await MoveAll();
        Clock.Set(Local(4, 9));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(5, 9)), "one desk day after it went on");
        Assert.That((await Of(worked, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)), "the other one ran into it");
    }

    [Test]
    public async Task An_event_that_a_clock_runs_into_only_because_it_stood_still_gives_it_time_when_it_goes_on()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "红色预警", Local(4, 20), Local(5, 20), 2m));
        await MoveAll();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)), "as far as is known");

        Clock.Set(Local(4, 9));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(6, 9)), "two desk days from when it went on");
        Assert.That(await Scalar<bool>("select stretched_by is not null from clock where subject_id = @request and kind = 'finish'", new { request }), Is.True);
    }

    [Test]
    public async Task What_an_event_gave_is_given_back_when_the_clock_stood_still_after_all()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 12), Local(3, 20), 1.5m));
        await MoveAll();
        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 14, 45)));

        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Clock.Set(Local(4, 9));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));

        Assert.That((await Of(request, ClockKind.Finish)).DueAt, Is.EqualTo(Local(5, 9)));
    }

    [Test]
    public async Task Danger_is_not_stretched_whatever_policy_governs_it()
    {
        var profile = await Profile();
        var normal = profile.Policies.Single(p => p.Code == "normal-repair");
        await Send(Admin, new EditSlaProfile(Here.CommunityId, profile with { Policies = [.. profile.Policies, normal with { Code = "all-water", Scope = new PolicyScope(Category: "water") }] }, 1));
        var danger = (await GivenRequest(priority: Priority.Danger)).RequestId;
        var normally = (await GivenRequest()).RequestId;

        await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 12), Local(4, 12), 2m));
        await MoveAll();
        var later = (await GivenRequest(priority: Priority.Danger)).RequestId;

        Assert.That(await Rows<string>("select distinct policy from clock where subject_id = any (@All)", new { All = new[] { danger, normally, later } }), Is.EqualTo(new[] { "all-water" }));
        Assert.That((await Of(normally, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));
        Assert.That((await Of(danger, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)));
        Assert.That((await Of(later, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 9)));
    }

    [Test]
    public async Task An_event_that_was_over_before_a_clock_began_is_not_even_read()
    {
        await Send(Here.Manager, new DeclareEvent(Here.CommunityId, "台风", Local(2, 8), Local(2, 10), 2m));
        Clock.Set(Local(2, 10));
        await Execute("update declared_event set kinds = '{}', factor = 9"); // would stretch whatever it is read for

        Assert.That((await Of((await GivenRequest()).RequestId, ClockKind.Finish)).DueAt, Is.EqualTo(Local(3, 10)));
        await using var connection = await Owner.OpenConnectionAsync();
        var plan = string.Join("\n", await Dapper.SqlMapper.QueryAsync<string>(
            connection,
            "set enable_seqscan = off; explain select 1 from declared_event e where e.community_id = @CommunityId and e.revoked_at is null and e.to_at > @Now",
            new { Here.CommunityId, Now = Clock.GetUtcNow() }));
        Assert.That(plan, Does.Contain("declared_event_by_end"));
    }

    [Test]
    public async Task What_cannot_be_moved_is_left_behind_shown_and_fetched_when_it_can_be()
    {
        var requests = new List<Guid>();
        for (var i = 0; i < 30; i++)
        {
            requests.Add((await GivenRequest()).RequestId);
        }

        var poisoned = requests.Order().ElementAt(3);
        var edited = await Send(Admin, new EditSlaProfile(Here.CommunityId, await WithFinish(1380), 1));
        await Execute($"alter table clock add constraint poison check (subject_id <> '{poisoned}' or due_at < '2026-03-04') not valid");
        try
        {
            await RunJob("move-clocks");

            Assert.That(await Scalar<long>("select count(*) from clock where policy_version_id = @VersionId", new { edited.VersionId }), Is.EqualTo(29));
            Assert.That(await Scalar<DateTime?>("select done_at from clock_move"), Is.Not.Null, "the move is over");
            Assert.That(await Rows<string>("select kind from alarm where request_id = @poisoned and ended_at is null", new { poisoned }), Is.EqualTo(new[] { "clockTrouble" }));
            Assert.That((await Send(Here.Clerk, new Domain.Escalations.ListAlarms(Here.CommunityId))).Items.Single().RequestId, Is.EqualTo(poisoned));
            Assert.That(await Events("clocksLeftBehind"), Is.EqualTo(1));
            Assert.That((await Send(Here.Clerk, new GetSlaProfile(Here.CommunityId))).StillToMove, Is.EqualTo(1));

            Clock.Advance(TimeSpan.FromMinutes(10));
            await RunJob("move-clocks");
            Assert.That(await Scalar<int>("select tries from clock_move_left_behind"), Is.EqualTo(2));
        }
        finally
        {
            await Execute("alter table clock drop constraint poison");
        }

        Clock.Advance(TimeSpan.FromMinutes(10));
        await RunJob("move-clocks");
        await RunJob("move-clocks");

        Assert.That((await Of(poisoned, ClockKind.Finish)).DueAt, Is.EqualTo(Local(4, 9)));
        Assert.That(await Scalar<long>("select count(*) from alarm where ended_at is null"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from clock_move_left_behind"), Is.Zero);
        Assert.That(await Scalar<int>("select moved from clock_move"), Is.EqualTo(30));
        Assert.That((await Send(Here.Clerk, new GetSlaProfile(Here.CommunityId))).StillToMove, Is.Zero);
    }

    [Test]
    public async Task Another_communitys_system_moves_nothing_here()
    {
        await GivenRequest();
        var edited = await Send(Admin, new EditSlaProfile(Here.CommunityId, await WithFinish(1380), 1));

        Assert.That(await Refusal(() => Send(There.System, new LeaveClocksBehind(Here.CommunityId, edited.ClockMoveId!.Value))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.System, new FetchClocks(Here.CommunityId, edited.ClockMoveId!.Value, Guid.Empty))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Admin, new LeaveClocksBehind(Here.CommunityId, edited.ClockMoveId!.Value))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Scalar<Guid>("select after_id from clock_move"), Is.EqualTo(Guid.Empty));
    }
}
