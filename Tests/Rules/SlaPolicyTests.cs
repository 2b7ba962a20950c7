using System.Globalization;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class SlaPolicyTests
{
    /// <summary>The SLA profile as it ships, in the words of the trade: wm working minutes, h hours, d days, wd working days.</summary>
    private const string Shipped = """
        danger          -/danger              accept 2wm 24x7; arrive 5wm 24x7 security; arrive 30wm 24x7 engineering; safe 2h 24x7; finish 24h 24x7; feedback 24h 24x7 | call, call all | never stops
        urgent-repair   repair/urgent         accept 5wm 24x7; arrive 30wm 24x7; controlled 2h 24x7; finish 24h 24x7; feedback 24h 24x7 | call, call all
        normal-repair   repair/normal         accept 15wm desk; finish 690wm desk | ask, remind 24 72, call sample | appointment -10 +15
        low-repair      repair/low            accept 60wm desk; finish 5wd desk | ask
        common-area     common-area repair/normal accept 30wm desk; arrive 240wm desk; finish 1380wm desk | ask, remind 24 72, joiners
        crew-work       repair/normal environment security administration accept 30wm desk; arrive 60wm desk; finish 690wm desk | sample, call sample
        complaint       complaint/-           accept 30wm office; firstReply 24h 24x7; writtenReply 7d 24x7; finish 7d 24x7 | call, call all, somebody else
        inquiry         inquiry/-             firstReply 240wm desk; finish 1380wm desk | sample, call sample
        suggestion      suggestion/-          firstReply 3wd office; finish 15wd office | thank
        praise          praise/-              firstReply 3wd office; finish 15wd office | thank
        default         -/-                   accept 30wm desk; arrive 60wm desk; finish 690wm desk | sample, call sample
        rework          arranged 24h 24x7; feedback 24h 24x7 | call, call all
        hold            customer 3d 24x7; parts 5wd office; thirdParty 7d 24x7; weather 2d 24x7
        """;

    private static readonly IReadOnlyList<Policy> Policies = Reference.Profile.Policies;

    [Test]
    public void The_profile_that_ships_is_this_table()
    {
        var profile = Reference.Profile;
        var lines = profile.Policies.Select(p => $"{p.Code} {Print(p.Scope)} {Print(p.Milestones)} | {Print(p.Feedback)}{(p.Appointment is { } a ? $" | appointment -{a.EarliestMinutesBeforeStart} +{a.LatestMinutesAfterEnd}" : "")}{(p.HoldsStopClocks ? "" : " | never stops")}")
            .Append($"rework {Print(profile.Rework.Milestones)} | {Print(profile.Rework.Feedback)}")
            .Append("hold " + string.Join("; ", profile.HoldLimits.Select(h => $"{Word(h.Reason)} {Print(h.Allowance)} {h.Calendar}")));

        Assert.That(string.Join('\n', lines), Is.EqualTo(string.Join('\n', Shipped.Split('\n').Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))))));
    }

    [Test]
    public void Every_policy_has_a_name_in_both_languages_and_every_calendar_ships()
    {
        var calendars = Reference.Read<ReferenceCalendar[]>("calendars.json").Select(c => c.Code).ToHashSet();

        Assert.That(Policies.Select(p => p.Name), Has.All.Matches<LocalName>(n => n.Zh.Length > 0 && n.En.Length > 0));
        Assert.That(Policies.SelectMany(p => p.Milestones).Select(m => m.Calendar).Distinct(), Is.SubsetOf(calendars));
        Assert.That(Policies.Select(p => p.Code), Is.Unique);
    }

    [TestCase(RequestKind.Repair, Priority.Danger, "danger")]
    [TestCase(RequestKind.Complaint, Priority.Danger, "danger")]
    [TestCase(RequestKind.Repair, Priority.Urgent, "urgent-repair")]
    [TestCase(RequestKind.Repair, Priority.Normal, "normal-repair")]
    [TestCase(RequestKind.Repair, Priority.Low, "low-repair")]
    [TestCase(RequestKind.Complaint, Priority.Normal, "complaint")]
    [TestCase(RequestKind.Complaint, Priority.Urgent, "complaint")]
    [TestCase(RequestKind.Inquiry, Priority.Low, "inquiry")]
    [TestCase(RequestKind.Suggestion, Priority.Normal, "suggestion")]
    [TestCase(RequestKind.Praise, Priority.Normal, "praise")]
    public void Kind_and_priority_choose(RequestKind kind, Priority priority, string code) =>
        Assert.That(SlaPolicy.Choose(Policies, new(kind, priority, ["plumbing"], Crew.Engineering)).Code, Is.EqualTo(code));

    [Test]
    public void A_category_goes_before_kind_and_priority_but_danger_in_it_stays_danger()
    {
        string[] categories = ["corridor-light", "common-area"];

        Assert.That(Code(Priority.Normal), Is.EqualTo("common-area"));
        Assert.That(Code(Priority.Urgent), Is.EqualTo("urgent-repair"));
        Assert.That(Code(Priority.Danger), Is.EqualTo("danger"));

        string Code(Priority priority) => SlaPolicy.Choose(Policies, new(RequestKind.Repair, priority, categories, Crew.Engineering)).Code;
    }

    [Test]
    public void The_nearest_category_wins_over_one_above_it()
    {
        var above = Policies[0] with { Code = "above", Scope = new("lift", RequestKind.Repair, Priority.Normal) };
        var nearest = Policies[0] with { Code = "nearest", Scope = new("lift-door") };

        var chosen = SlaPolicy.Choose([above, .. Policies, nearest], new(RequestKind.Repair, Priority.Normal, ["lift-door", "lift"]));

        Assert.That(chosen.Code, Is.EqualTo("nearest"));
    }

    [TestCase(Crew.Engineering, "normal-repair")]
    [TestCase(Crew.Environment, "crew-work")]
    [TestCase(Crew.Security, "crew-work")]
    [TestCase(Crew.Administration, "crew-work")]
    [TestCase(null, "normal-repair")]
    public void The_crew_decides_where_crews_differ(Crew? crew, string code) =>
        Assert.That(SlaPolicy.Choose(Policies, new(RequestKind.Repair, Priority.Normal, [], crew)).Code, Is.EqualTo(code));

    [Test]
    public void A_policy_for_named_crews_goes_before_one_for_every_crew_whatever_they_are_called()
    {
        var named = Policies.Select(p => p.Code == "crew-work" ? p with { Code = "zz" } : p).ToArray();

        Assert.That(SlaPolicy.Choose(named, new(RequestKind.Repair, Priority.Normal, [], Crew.Security)).Code, Is.EqualTo("zz"));
    }

    [Test]
    public void The_order_of_the_list_never_matters()
    {
        var subjects =
            from kind in Enum.GetValues<RequestKind>()
            from priority in Enum.GetValues<Priority>()
            from crew in Enum.GetValues<Crew>()
            from category in new string[][] { [], ["common-area"] }
            select new SlaSubject(kind, priority, category, crew);

        foreach (var subject in subjects)
        {
            Assert.That(SlaPolicy.Choose([.. Policies.Reverse()], subject), Is.SameAs(SlaPolicy.Choose(Policies, subject)));
        }
    }

    [Test]
    public void What_nothing_else_fits_gets_the_default_and_without_one_is_refused()
    {
        var without = Policies.Where(p => p.Scope.Kind != RequestKind.Inquiry).ToArray();
        var subject = new SlaSubject(RequestKind.Inquiry, Priority.Normal, []);

        Assert.That(SlaPolicy.Choose(without, subject).Code, Is.EqualTo("default"));
        Assert.That(
            Assert.Throws<Refused.Conflict>(() => SlaPolicy.Choose([.. without.Where(p => p.Code != "default")], subject))!.Code,
            Is.EqualTo("sla.no_policy"));
    }

    [Test]
    public void Arrival_in_danger_differs_by_crew()
    {
        var danger = Policies.Single(p => p.Code == "danger");

        Assert.That(danger.For(ClockKind.Arrive, Crew.Security)?.Allowance.Number, Is.EqualTo(5));
        Assert.That(danger.For(ClockKind.Arrive, Crew.Engineering)?.Allowance.Number, Is.EqualTo(30));
        Assert.That(danger.For(ClockKind.Arrive, Crew.Environment), Is.Null);
        Assert.That(danger.For(ClockKind.Accept, Crew.Environment)?.Allowance.Number, Is.EqualTo(2));
    }

    [Test]
    public void A_rework_is_accepted_one_level_higher_arranged_within_a_day_and_asked_about_by_call()
    {
        var rework = SlaPolicy.ForRework(Reference.Profile, new(RequestKind.Repair, Priority.Normal, [], Crew.Engineering));

        Assert.That(Print(rework.Milestones), Is.EqualTo("accept 5wm 24x7; finish 690wm desk; arranged 24h 24x7; feedback 24h 24x7"));
        Assert.That(Print(rework.Feedback), Is.EqualTo("call, call all"));
        Assert.That(rework.Appointment, Is.Not.Null);
    }

    [TestCase(RequestKind.Repair, Priority.Danger, "2wm 24x7")]
    [TestCase(RequestKind.Inquiry, Priority.Danger, "2wm 24x7")]
    [TestCase(RequestKind.Complaint, Priority.Danger, null)]
    [TestCase(RequestKind.Repair, Priority.Urgent, "5wm 24x7")]
    [TestCase(RequestKind.Repair, Priority.Normal, null)]
    [TestCase(RequestKind.Inquiry, Priority.Urgent, null)]
    public void Somebody_is_sent_in_the_time_of_a_crews_yes_where_that_runs_day_and_night(RequestKind kind, Priority priority, string? within)
    {
        var policy = SlaPolicy.Choose(Policies, new(kind, priority, [], Crew.Engineering));

        Assert.That(Sent(policy, kind), Is.EqualTo(within));
    }

    [Test]
    public void Rework_is_sent_for_as_it_is_accepted_and_a_policy_may_say_how_soon_itself()
    {
        var rework = SlaPolicy.ForRework(Reference.Profile, new(RequestKind.Repair, Priority.Normal, [], Crew.Engineering));
        var normal = Policies.Single(p => p.Code == "normal-repair");
        var danger = Policies.Single(p => p.Code == "danger");
        Milestone own = new(ClockKind.Dispatch, new Allowance(20, AllowanceUnit.WorkingMinutes), "desk"), security = own with { Allowance = new Allowance(1, AllowanceUnit.WorkingMinutes), Crew = Crew.Security };

        Assert.That(Sent(rework, RequestKind.Repair), Is.EqualTo("5wm 24x7"));
        Assert.That(Sent(normal with { Milestones = [.. normal.Milestones, own] }, RequestKind.Repair), Is.EqualTo("20wm desk"));
        Assert.That(Sent(danger with { Milestones = [own, security, .. danger.Milestones] }, RequestKind.Complaint), Is.EqualTo("20wm desk"));
        Assert.That(Sent(danger with { Milestones = [security, .. danger.Milestones] }, RequestKind.Repair), Is.EqualTo("2wm 24x7"), "another crew's says nothing");
    }

    private static string? Sent(Policy policy, RequestKind kind) =>
        OwedClocks.ToTheOwner(policy, kind, Crew.Engineering, DateTimeOffset.UnixEpoch, null, null).SingleOrDefault(o => o.Kind == ClockKind.Dispatch) is { } owed ? $"{Print(owed.Allowance!)} {owed.Calendar}" : null;

    [Test]
    public void A_rework_never_becomes_danger_and_danger_stays_danger() =>
        Assert.That(Enum.GetValues<Priority>().Select(SlaPolicy.OneHigher), Is.EqualTo(new[] { Priority.Danger, Priority.Urgent, Priority.Urgent, Priority.Normal }));

    [Test]
    public void With_an_appointment_one_arrives_from_10_minutes_before_its_start_to_15_after_its_end()
    {
        var rule = Policies.Single(p => p.Code == "normal-repair").Appointment!;
        var start = new DateTimeOffset(2026, 3, 6, 10, 0, 0, TimeSpan.FromHours(8));

        Assert.That(rule.EarliestArrival(start), Is.EqualTo(start.AddMinutes(-10)));
        Assert.That(rule.LatestArrival(start.AddHours(2)), Is.EqualTo(start.AddMinutes(135)));
    }

    private static string Print(PolicyScope scope) =>
        (scope.Category is { } category ? category + " " : "") + (scope.Kind is { } kind ? Word(kind) : "-") + "/" + (scope.Priority is { } priority ? Word(priority) : "-")
        + string.Concat((scope.Crews ?? []).Select(c => " " + Word(c)));

    private static string Print(IReadOnlyList<Milestone> milestones) =>
        string.Join("; ", milestones.Select(m => $"{Word(m.Kind)} {Print(m.Allowance)} {m.Calendar}{(m.Crew is { } crew ? " " + Word(crew) : "")}"));

    private static string Print(Allowance allowance) => allowance.Number.ToString(CultureInfo.InvariantCulture) + allowance.Unit switch
    {
        AllowanceUnit.WorkingMinutes => "wm",
        AllowanceUnit.Hours => "h",
        AllowanceUnit.Days => "d",
        AllowanceUnit.WorkingDays => "wd",
    };

    private static string Print(FeedbackPlan plan) =>
        Word(plan.Way)
        + (plan.RemindAfterHours.Count > 0 ? ", remind " + string.Join(' ', plan.RemindAfterHours) : "")
        + (plan.Call is CallShare.None ? "" : ", call " + Word(plan.Call))
        + (plan.Joiners ? ", joiners" : "")
        + (plan.BySomebodyElse ? ", somebody else" : "");

    private static string Word<T>(T value)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
