using System.Runtime.InteropServices;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Why somebody is told of a clock.</summary>
public enum EscalationCause
{
    /// <summary>A share of the allowance is used; nothing is late.</summary>
    Warning,

    /// <summary>It is late.</summary>
    Breach,

    /// <summary>It is late, and so much time has passed since.</summary>
    StillLate,

    /// <summary>The level below had nobody to tell.</summary>
    NobodyBelow,

    /// <summary>Somebody promised a time, and it has passed.</summary>
    PromiseBroken,

    /// <summary>A call to the owner that was due was not made, or nobody said how it ended: the desk's own breach.</summary>
    CallNotMade,
}

/// <summary>A rung: who is told so many minutes after the breach, counted in the plan's calendar.</summary>
/// <param name="Level">1 the crew's lead and the desk on duty, 2 the customer officer on duty, 3 the property manager, 4 the district.</param>
public sealed record LadderStep(int Level, int AfterMinutes);

/// <summary>How far and how fast something late is escalated, as a policy says it.</summary>
/// <param name="Calendar">Code of the calendar in which the minutes are counted and people are told; <c>24x7</c> never waits.</param>
/// <param name="MostPromises">How often one clock's ladder may be stopped by a promised time; 0: never.</param>
/// <param name="LongestPromiseMinutes">How far ahead such a time may lie.</param>
public sealed record EscalationPlan(IReadOnlyList<LadderStep> Steps, string Calendar, int MostPromises, int LongestPromiseMinutes)
{
    internal sealed class Validator : AbstractValidator<EscalationPlan>
    {
        public Validator() => RuleFor(p => p.Calendar).PlainText(40);
    }

    public static EscalationPlan Danger { get; } = new([new(1, 0), new(2, 5), new(3, 15), new(4, 60)], "24x7", 0, 0);

    public static EscalationPlan Urgent { get; } = new([new(1, 0), new(2, 30), new(3, 120), new(4, 720)], "24x7", 1, 4 * 60);

    public static EscalationPlan Other { get; } = new([new(1, 0), new(2, 60), new(3, 240), new(4, 690)], "desk", 2, 48 * 60);

    /// <summary>Of a clock: that of a call to the owner is the desk's and waits for the morning, however urgent the work was.</summary>
    public static EscalationPlan For(Policy? policy, Priority priority, ClockKind kind) => For(policy, kind == ClockKind.Feedback ? Priority.Normal : priority);

    /// <summary>The policy's own; else by priority. Whatever a policy says, danger waits for nobody: no office hours, no promise.</summary>
    private static EscalationPlan For(Policy? policy, Priority priority) => priority switch
    {
        Priority.Danger => (policy?.Escalation ?? Danger) with { Calendar = "24x7", MostPromises = 0, LongestPromiseMinutes = 0 },
        Priority.Urgent => policy?.Escalation ?? Urgent,
        Priority.Normal or Priority.Low => policy?.Escalation ?? Other,
    };
}

/// <summary>A level that was reached: recorded at <paramref name="FiredAt"/>; told at <paramref name="ToldAt"/>, or not before <paramref name="TellAt"/>.</summary>
public sealed record ReachedLevel(int Level, DateTimeOffset FiredAt, DateTimeOffset TellAt, DateTimeOffset? ToldAt);

/// <summary>A clock as the ladder sees it.</summary>
/// <param name="DueAt">From which the levels are counted: for an imported clock not before it was taken up.</param>
/// <param name="WarnAt">Null where there is no warning.</param>
/// <param name="Reached">Every level that was reached, 0 the warning.</param>
/// <param name="Promises">The promised times that were not found broken yet, of whatever levels, the earliest first: each is looked at when its time has come.</param>
/// <param name="BrokenAt">When a promise was last found broken: from then on the rest of the ladder counts from there.</param>
public sealed record ClockOnLadder(
    DateTimeOffset DueAt, DateTimeOffset? WarnAt, bool Breached, IReadOnlyList<ReachedLevel> Reached, IReadOnlyList<DateTimeOffset>? Promises = null, (DateTimeOffset At, int Level)? BrokenAt = null)
{
    public DateTimeOffset? PromisedAt => Promises is [var first, ..] ? first : null;
}

/// <summary>A level reached now.</summary>
/// <param name="TellAt">Now, or when the plan's calendar next opens.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NextLevel(int Level, EscalationCause Cause, DateTimeOffset TellAt);

/// <summary>What is to be done about a clock now, and when to look again.</summary>
/// <param name="Reached">In order of level.</param>
/// <param name="Tell">Levels reached earlier whose telling waited until now.</param>
/// <param name="LookAgainAt">Null: never, unless somebody touches it.</param>
public sealed record LadderDecision(IReadOnlyList<NextLevel> Reached, IReadOnlyList<int> Tell, bool Breach, bool PromiseBroken, DateTimeOffset? LookAgainAt);

/// <summary>Warning, breach, levels: what follows for a clock that runs. Pure; the time is an argument.</summary>
/// <remarks>
/// A clock that was not looked at for a week reaches in one look every level that it would have reached, each once. A level whose people
/// are told later (outside the plan's hours) is recorded at once; if the clock stops before, nobody is told.
/// </remarks>
public static class EscalationLadder
{
    /// <summary>When a share of the time until it is due has been used: of its allowance; where an instant governs, of the real time until then.</summary>
    public static DateTimeOffset WarnAt(DateTimeOffset start, DateTimeOffset due, Allowance? allowance, int percent, BusinessCalendar calendar, IReadOnlyCollection<Pause>? pauses = null) =>
        allowance is not null ? SlaClock.WarnAt(start, allowance, percent, calendar, pauses)
        : due <= start ? due
        : Instants.ToMicroseconds(start + ((due - start) / 100 * percent));

    /// <param name="hasSomebody">Whether there is somebody to tell at a level, now.</param>
    public static LadderDecision Decide(ClockOnLadder clock, EscalationPlan plan, BusinessCalendar hours, DateTimeOffset now, Func<int, bool> hasSomebody)
    {
        var reached = new List<NextLevel>();
        var tell = clock.Reached.Where(r => r.ToldAt is null && r.TellAt <= now && (r.Level > 0 || now < clock.DueAt)).Select(r => r.Level).Order().ToList();
        var waiting = clock.Reached.Where(r => r.ToldAt is null && r.TellAt > now).Select(r => r.TellAt).ToList();
        if (now < clock.DueAt)
        {
            if (clock.WarnAt is { } warn && !clock.Breached && clock.Reached.All(r => r.Level != 0))
            {
                if (now < warn)
                {
                    return new LadderDecision([], tell, false, false, warn);
                }

                reached.Add(new NextLevel(0, EscalationCause.Warning, TellAt(hours, now)));
            }

            waiting.AddRange(reached.Where(r => r.TellAt > now).Select(r => r.TellAt));
            return new LadderDecision(reached, tell, false, false, waiting.Append(clock.DueAt).Min());
        }

        var highest = clock.Reached.Select(r => r.Level).DefaultIfEmpty(0).Max();
        var atTheTop = plan.Steps.All(s => s.Level <= highest);
        var broken = clock.PromisedAt is { } promised && promised <= now && (!atTheTop || hours.NextOpen(now) <= now);
        var stopped = clock.PromisedAt is { } until && until > now && plan.MostPromises > 0;
        var from = broken ? (At: now, Level: NextOf(plan, highest) ?? highest) : clock.BrokenAt;
        var nobodyBelow = highest > 0 && tell.Contains(highest) && !hasSomebody(highest);
        DateTimeOffset? next = null;
        foreach (var step in plan.Steps.Where(s => s.Level > highest).OrderBy(s => s.Level))
        {
            var cause = nobodyBelow ? EscalationCause.NobodyBelow
                : broken && step.Level == from?.Level ? EscalationCause.PromiseBroken
                : step.Level == plan.Steps.Min(s => s.Level) ? EscalationCause.Breach
                : EscalationCause.StillLate;
            var at = Instant(clock, plan, hours, step, from);
            if (!nobodyBelow && (stopped || at > now))
            {
                next = stopped ? clock.PromisedAt : at;
                break;
            }

            var tellAt = TellAt(hours, now);
            reached.Add(new NextLevel(step.Level, cause, tellAt));
            nobodyBelow = tellAt <= now && !hasSomebody(step.Level);
        }

        waiting.AddRange(reached.Where(r => r.TellAt > now).Select(r => r.TellAt));
        if (atTheTop && !broken && clock.PromisedAt is { } promise && (stopped || promise <= now))
        {
            next ??= stopped ? promise : TellAt(hours, now); // at the top a promise that is broken is told all the same, in the plan's hours
        }

        if (next is { } time)
        {
            waiting.Add(time);
        }

        if (plan.MostPromises > 0)
        {
            waiting.AddRange((clock.Promises ?? []).Where(p => p > now).Take(1));
        }

        return new LadderDecision(reached, tell, !clock.Breached, broken, waiting.Count == 0 ? null : waiting.Min());
    }

    /// <summary>When a level is reached if nothing happens before. Counted from the breach; after a broken promise, from that one's level and time.</summary>
    private static DateTimeOffset Instant(ClockOnLadder clock, EscalationPlan plan, BusinessCalendar hours, LadderStep step, (DateTimeOffset At, int Level)? from)
    {
        if (from is not { } mark || step.Level < mark.Level)
        {
            return step.AfterMinutes == 0 ? clock.DueAt : hours.Add(clock.DueAt, TimeSpan.FromMinutes(step.AfterMinutes));
        }

        var base_ = plan.Steps.FirstOrDefault(s => s.Level == mark.Level)?.AfterMinutes ?? 0;
        return step.Level == mark.Level ? mark.At : hours.Add(mark.At, TimeSpan.FromMinutes(Math.Max(step.AfterMinutes - base_, 0)));
    }

    private static int? NextOf(EscalationPlan plan, int level) => plan.Steps.Where(s => s.Level > level).Select(s => (int?)s.Level).Min();

    private static DateTimeOffset TellAt(BusinessCalendar hours, DateTimeOffset now) => hours.NextOpen(now);
}
