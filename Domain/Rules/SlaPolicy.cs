using FluentValidation;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What a policy is for. Every part that is given must fit; the more is given, the more specific it is.</summary>
/// <param name="Category">The category or any category above it.</param>
/// <param name="Crews">The crew that does the work is one of these; none means any.</param>
public sealed record PolicyScope(
    string? Category = null, RequestKind? Kind = null, Priority? Priority = null, IReadOnlyList<Crew>? Crews = null)
{
    internal sealed class Validator : AbstractValidator<PolicyScope>
    {
        public Validator()
        {
            RuleFor(s => s.Category).OptionalPlainText(60);
        }
    }
}

/// <summary>What somebody promises to have done, and in which time.</summary>
/// <param name="Calendar">Code of the calendar: <c>24x7</c>, <c>desk</c>, <c>office</c> or the community's own.</param>
/// <param name="Crew">For this crew alone; it goes before one for every crew.</param>
public sealed record Milestone(ClockKind Kind, Allowance Allowance, string Calendar, Crew? Crew = null)
{
    internal sealed class Validator : AbstractValidator<Milestone>
    {
        public Validator()
        {
            RuleFor(m => m.Calendar).PlainText(40);
        }
    }
}

/// <summary>With an appointment the crew may come so many minutes before its start and must have come so many after its end.</summary>
/// <remarks>The clock of the finish then begins at the appointment's start.</remarks>
public sealed record AppointmentRule(int EarliestMinutesBeforeStart, int LatestMinutesAfterEnd)
{
    public DateTimeOffset EarliestArrival(DateTimeOffset start) => Instants.ToMicroseconds(start).AddMinutes(-EarliestMinutesBeforeStart);

    public DateTimeOffset LatestArrival(DateTimeOffset end) => Instants.ToMicroseconds(end).AddMinutes(LatestMinutesAfterEnd);
}

/// <summary>How an owner's voice is obtained.</summary>
public enum FeedbackWay
{
    /// <summary>By a call of the desk, at once.</summary>
    Call,

    /// <summary>By a link; who does not answer is reminded and, as <see cref="FeedbackPlan.Call"/> says, called.</summary>
    Ask,

    /// <summary>Only those in the sample are called.</summary>
    Sample,

    /// <summary>Thanked; not asked.</summary>
    Thank,
}

/// <summary>Who is called.</summary>
public enum CallShare
{
    None,
    Sample,
    All,
}

/// <summary>How and how often the owner is asked whether it is solved. The caller is never the person who did the work.</summary>
/// <param name="RemindAfterHours">Hours after the first question, ascending.</param>
/// <param name="Joiners">Also those whose requests only joined a fault that others had reported; otherwise those are not asked.</param>
/// <param name="BySomebodyElse">Not by the person in charge of it either.</param>
public sealed record FeedbackPlan(
    FeedbackWay Way, IReadOnlyList<int> RemindAfterHours, CallShare Call, bool Joiners = false, bool BySomebodyElse = false);

/// <summary>How soon a kind of request is served.</summary>
/// <param name="HoldsStopClocks">False for danger: its clocks run on whatever happens.</param>
/// <param name="WarnAtPercent">The share of an allowance after which a warning goes out.</param>
/// <param name="Escalation">How far and how fast what is late is escalated; left out, as the priority says.</param>
public sealed record Policy(
    string Code,
    LocalName Name,
    PolicyScope Scope,
    IReadOnlyList<Milestone> Milestones,
    FeedbackPlan Feedback,
    AppointmentRule? Appointment = null,
    bool HoldsStopClocks = true,
    int WarnAtPercent = 75,
    EscalationPlan? Escalation = null)
{
    internal sealed class Validator : AbstractValidator<Policy>
    {
        public Validator() => RuleFor(p => p.Code).PlainText(60);
    }

    /// <summary>What this crew owes of this kind: its own milestone, else the one for every crew, else nothing.</summary>
    public Milestone? For(ClockKind kind, Crew crew) =>
        Milestones.FirstOrDefault(m => m.Kind == kind && m.Crew == crew) ?? Milestones.FirstOrDefault(m => m.Kind == kind && m.Crew is null);
}

/// <summary>How long a hold for this reason may stop the clocks before a manager must agree.</summary>
public sealed record HoldLimit(HoldReason Reason, Allowance Allowance, string Calendar)
{
    internal sealed class Validator : AbstractValidator<HoldLimit>
    {
        public Validator()
        {
            RuleFor(l => l.Calendar).PlainText(40);
        }
    }
}

/// <summary>What is promised for a repair that did not hold, beside what its first policy promises.</summary>
public sealed record ReworkRule(LocalName Name, IReadOnlyList<Milestone> Milestones, FeedbackPlan Feedback);

/// <summary>All that is promised in one community, as it is stored and edited.</summary>
/// <param name="Feedback">How the community asks; left out, as is usual: see docs/feedback.md.</param>
public sealed record SlaProfile(IReadOnlyList<Policy> Policies, ReworkRule Rework, IReadOnlyList<HoldLimit> HoldLimits, FeedbackRules? Feedback = null)
{
    /// <summary>With its names in the form in which texts are stored.</summary>
    public SlaProfile Normalised() => this with { Policies = [.. Policies.Select(p => p with { Name = p.Name.Normalised() })], Rework = Rework with { Name = Rework.Name.Normalised() } };

    public FeedbackRules Asking() => Feedback ?? FeedbackRules.Default;

    /// <summary>How a round that began under this version is chased: as its policy says, or as rework is.</summary>
    public FeedbackPlan PlanOf(string? policy, bool asRework) =>
        asRework ? Rework.Feedback : (Policies.FirstOrDefault(p => p.Code == policy) ?? Policies.First(p => p.Scope is { Category: null, Kind: null, Priority: null, Crews: null or { Count: 0 } })).Feedback;
}

/// <summary>What decides which policy governs a request.</summary>
/// <param name="Categories">Its category and those above it, the nearest first.</param>
/// <param name="Crew">Who does the work, as its category says; null while nobody does.</param>
public sealed record SlaSubject(RequestKind Kind, Priority Priority, IReadOnlyList<string> Categories, Crew? Crew = null);

/// <summary>Which policy governs.</summary>
public static class SlaPolicy
{
    /// <summary>The most specific policy that fits: category (the nearest first), then kind and priority, then kind, then default.</summary>
    /// <remarks>
    /// Priority without kind stands between "kind and priority" and "kind", so that danger is danger in a complaint as well. Within a step
    /// the policy that says more wins, then the one for named crews, then the first by code: the order of the list never matters.
    /// A policy by category alone catches danger too; one that should not names its priority.
    /// </remarks>
    /// <exception cref="Refused.Conflict">None fits: the profile has lost its default.</exception>
    public static Policy Choose(IReadOnlyList<Policy> policies, SlaSubject subject) =>
        policies.Where(p => Fits(p.Scope, subject))
            .OrderBy(p => p.Scope.Category is { } category ? Depth(subject.Categories, category) : int.MaxValue)
            .ThenByDescending(p => (p.Scope.Priority is null ? 0 : 2) + (p.Scope.Kind is null ? 0 : 1))
            .ThenByDescending(p => p.Scope.Crews is { Count: > 0 })
            .ThenBy(p => p.Code, StringComparer.Ordinal)
            .FirstOrDefault()
        ?? throw new Refused.Conflict("sla.no_policy", "No policy fits this request, and there is no default. Add one to the SLA profile.");

    /// <summary>The policy of a rework: accepted one level higher, arranged and asked about as <see cref="ReworkRule"/> says, else as the first.</summary>
    public static Policy ForRework(SlaProfile profile, SlaSubject first)
    {
        var policy = Choose(profile.Policies, first);
        var higher = Choose(profile.Policies, first with { Priority = OneHigher(first.Priority) });
        var accept = higher.Milestones.Any(m => m.Kind == ClockKind.Accept) ? higher : policy;
        return policy with
        {
            Milestones =
            [
                .. accept.Milestones.Where(m => m.Kind == ClockKind.Accept),
                .. policy.Milestones.Where(m => m.Kind != ClockKind.Accept && profile.Rework.Milestones.All(r => r.Kind != m.Kind)),
                .. profile.Rework.Milestones,
            ],
            Feedback = profile.Rework.Feedback,
        };
    }

    /// <summary>Danger is what somebody saw, not a rank: nothing becomes danger by being done badly.</summary>
    public static Priority OneHigher(Priority priority) => priority switch
    {
        Priority.Danger => Priority.Danger,
        Priority.Urgent or Priority.Normal => Priority.Urgent,
        Priority.Low => Priority.Normal,
    };

    /// <summary>The priority that it had the first time: the one before, where rework raised it by one and nobody has changed it since.</summary>
    public static Priority FirstOf(Priority now, Priority? before) => before is { } first && now == OneHigher(first) ? first : now;

    private static bool Fits(PolicyScope scope, SlaSubject subject) =>
        (scope.Category is null || subject.Categories.Contains(scope.Category, StringComparer.Ordinal))
        && (scope.Kind is null || scope.Kind == subject.Kind)
        && (scope.Priority is null || scope.Priority == subject.Priority)
        && (scope.Crews is not { Count: > 0 } || (subject.Crew is { } crew && scope.Crews.Contains(crew)));

    private static int Depth(IReadOnlyList<string> categories, string category)
    {
        var depth = 0;
        while (categories[depth] != category)
        {
            depth++;
        }

        return depth;
    }
}
