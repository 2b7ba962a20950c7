using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Whether a profile can govern: what it names is there, and for every request something fits.</summary>
public static partial class SlaProfileCheck
{
    /// <summary>The largest number of an allowance: a hundred thousand minutes are 69 days, as many working days are nobody's promise.</summary>
    public const int LargestAllowance = 100_000;

    /// <param name="calendars">Codes of the community's calendars.</param>
    /// <param name="categories">Codes of its categories.</param>
    public static IReadOnlyList<Fault> Faults(SlaProfile profile, IReadOnlySet<string> calendars, IReadOnlySet<string> categories)
    {
        var faults = new List<Fault>();
        for (var i = 0; i < profile.Policies.Count; i++)
        {
            Policy(profile.Policies[i], $"profile.policies[{i}]");
        }

        if (profile.Policies.Count is 0 or > 200)
        {
            faults.Add(new Fault("profile.policies", "sla.policies_count", "A profile has 1 to 200 policies."));
        }

        if (profile.Policies.GroupBy(p => p.Code, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            faults.Add(new Fault("profile.policies", "sla.code_twice", $"There are two policies with the code {Shown(twice.Key)}."));
        }

        if (!profile.Policies.Any(p => p.Scope is { Category: null, Kind: null, Priority: null, Crews: null or { Count: 0 } }))
        {
            faults.Add(new Fault("profile.policies", "sla.no_default", "One policy must be for everything, or some requests would have none."));
        }

        Name(profile.Rework.Name, "profile.rework.name");
        Milestones(profile.Rework.Milestones, "profile.rework.milestones");
        Plan(profile.Rework.Feedback, "profile.rework.feedback");
        for (var i = 0; i < profile.HoldLimits.Count; i++)
        {
            Allowance(profile.HoldLimits[i].Allowance, profile.HoldLimits[i].Calendar, $"profile.holdLimits[{i}]");
        }

        if (profile.HoldLimits.GroupBy(l => l.Reason).Any(g => g.Count() > 1))
        {
            faults.Add(new Fault("profile.holdLimits", "sla.hold_limit_twice", "A reason has one limit."));
        }

        if (profile.Feedback is { } rules)
        {
            foreach (var (field, good) in new[]
            {
                ("samplePercent", rules.SamplePercent is >= 0 and <= 100), ("mostAsksAMonth", rules.MostAsksAMonth is >= 1 and <= 1000), ("attempts", rules.Attempts is >= 1 and <= 10),
                ("timesOfDay", rules.TimesOfDay is >= 1 and <= 3 && rules.TimesOfDay <= rules.Attempts), ("callsFromHour", rules.CallsFromHour is >= 0 and <= 23),
                ("callsToHour", rules.CallsToHour <= 24 && rules.CallsToHour > rules.CallsFromHour), ("waitHours", rules.WaitHours is >= 1 and <= 720), ("callWithinHours", rules.CallWithinHours is >= 1 and <= 168),
                ("reopenDays", rules.ReopenDays is >= 1 and <= 365),
            })
            {
                if (!good)
                {
                    faults.Add(new Fault("profile.feedback." + field, "sla.feedback_out_of_range", "This is outside of what can be asked of people: see docs/feedback.md."));
                }
            }

            // Calls at so many times of day need hours that reach into as many.
            if (rules is { CallsFromHour: >= 0, CallsToHour: <= 24 } && Enumerable.Range(rules.CallsFromHour, Math.Max(rules.CallsToHour - rules.CallsFromHour, 0)).Select(h => h < 12 ? 0 : h < 18 ? 1 : 2).Distinct().Count() < rules.TimesOfDay)
            {
                faults.Add(new Fault("profile.feedback.timesOfDay", "sla.feedback_hours_too_few", "The hours for calls do not reach into so many times of day."));
            }
        }

        return faults;

        void Policy(Policy policy, string at)
        {
            if (!Code().IsMatch(policy.Code))
            {
                faults.Add(new Fault(at + ".code", "sla.code_malformed", "A code has 1 to 60 lower-case letters, digits and hyphens."));
            }

            if (policy.Scope.Crews is { } crews && crews.Distinct().Count() < crews.Count)
            {
                faults.Add(new Fault(at + ".scope.crews", "sla.crew_twice", "A policy names each crew once."));
            }

            if (policy.Scope.Category is { } category && category != "common-area" && !categories.Contains(category))
            {
                faults.Add(new Fault(at + ".scope.category", "category.unknown", "There is no such category in this community."));
            }

            if (policy.WarnAtPercent is < 1 or > 100)
            {
                faults.Add(new Fault(at + ".warnAtPercent", "sla.warn_out_of_range", "Warn after 1 to 100 hundredths of the allowance."));
            }

            if (policy.Appointment is { } rule && (rule.EarliestMinutesBeforeStart is < 0 or > 1440 || rule.LatestMinutesAfterEnd is < 0 or > 1440))
            {
                faults.Add(new Fault(at + ".appointment", "sla.appointment_out_of_range", "An appointment allows for up to a day before and after it."));
            }

            Escalation(policy.Escalation, at + ".escalation");
            Name(policy.Name, at + ".name");
            Milestones(policy.Milestones, at + ".milestones");
            Plan(policy.Feedback, at + ".feedback");
        }

        void Name(LocalName name, string at)
        {
            if ((PlainText.Fault(name.Zh, 100) ?? PlainText.Fault(name.En, 100)) is { } fault)
            {
                faults.Add(new Fault(at, fault, "A name has 1 to 100 characters of plain text in each language."));
            }
        }

        void Milestones(IReadOnlyList<Milestone> milestones, string at)
        {
            for (var i = 0; i < milestones.Count; i++)
            {
                Allowance(milestones[i].Allowance, milestones[i].Calendar, $"{at}[{i}]");
            }

            if (milestones.GroupBy(m => (m.Kind, m.Crew)).Any(g => g.Count() > 1))
            {
                faults.Add(new Fault(at, "sla.milestone_twice", "A policy promises each milestone once, and once more for a crew of its own."));
            }
        }

        void Allowance(Allowance allowance, string calendar, string at)
        {
            if (allowance.Number is < 0 or > LargestAllowance || (allowance.Unit is AllowanceUnit.Days or AllowanceUnit.WorkingDays && allowance.Number > 366))
            {
                faults.Add(new Fault(at + ".allowance.number", "sla.allowance_out_of_range", "An allowance is at most 100,000 minutes or hours, or 366 days."));
            }

            if (!calendars.Contains(calendar))
            {
                faults.Add(new Fault(at + ".calendar", "calendar.unknown", "There is no such calendar in this community."));
            }
        }

        void Escalation(EscalationPlan? plan, string at)
        {
            if (plan is null)
            {
                return;
            }

            var inOrder = plan.Steps.Zip(plan.Steps.Skip(1)).All(p => p.First.Level < p.Second.Level && p.First.AfterMinutes <= p.Second.AfterMinutes);
            if (plan.Steps.Count is 0 or > 4 || !inOrder || plan.Steps.Any(s => s.Level is < 1 or > 4 || s.AfterMinutes is < 0 or > LargestAllowance))
            {
                faults.Add(new Fault(at + ".steps", "sla.ladder_out_of_order", "A ladder has 1 to 4 levels, each above the one before and not earlier."));
            }

            if (plan.MostPromises is < 0 or > 20 || plan.LongestPromiseMinutes is < 0 or > 43_200)
            {
                faults.Add(new Fault(at + ".mostPromises", "sla.promises_out_of_range", "At most 20 promises, each at most 30 days ahead."));
            }

            if (!calendars.Contains(plan.Calendar))
            {
                faults.Add(new Fault(at + ".calendar", "calendar.unknown", "There is no such calendar in this community."));
            }
        }

        void Plan(FeedbackPlan plan, string at)
        {
            if (plan.RemindAfterHours.Count > 5 || plan.RemindAfterHours.Any(h => h is < 1 or > 720) || plan.RemindAfterHours.Zip(plan.RemindAfterHours.Skip(1)).Any(p => p.First >= p.Second))
            {
                faults.Add(new Fault(at + ".remindAfterHours", "sla.reminders_out_of_order", "At most five reminders, each later than the one before, within 30 days."));
            }
        }
    }

    private static string Shown(string code) => code.Length <= 60 ? code : code[..60];

    [GeneratedRegex("^[a-z0-9-]{1,60}$")]
    private static partial Regex Code();
}
