namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Something that holds everybody up (a typhoon, a red alert), declared by the manager: chosen targets are given more time.</summary>
/// <param name="Policies">Codes; none means every policy whose clocks may ever stand still. Danger is never stretched.</param>
/// <param name="Kinds">None means all.</param>
public sealed record DeclaredEvent(
    Guid Id, string Name, DateTimeOffset From, DateTimeOffset To, decimal Factor, IReadOnlyList<string> Policies, IReadOnlyList<ClockKind> Kinds)
{
    /// <summary>
    /// Whether a clock runs into it: some of the time that counts for this clock, by its calendar and outside its pauses, from its start until
    /// it would be due without any event, lies in this one. What stands still, or is closed, the whole time of the event is not held up by it.
    /// </summary>
    public bool Stretches(Policy policy, ClockKind kind, ClockRun run) =>
        policy.HoldsStopClocks
        && (Policies.Count == 0 || Policies.Contains(policy.Code, StringComparer.Ordinal))
        && (Kinds.Count == 0 || Kinds.Contains(kind))
        && run.CountsBetween(From, To);

    /// <summary>The one that governs: of several the one that gives most time. Null where none does.</summary>
    public static DeclaredEvent? Governing(IEnumerable<DeclaredEvent> events, Policy policy, ClockKind kind, ClockRun run) =>
        events.Where(e => e.Stretches(policy, kind, run)).OrderByDescending(e => e.Factor).ThenBy(e => e.From).ThenBy(e => e.Id).FirstOrDefault();
}

/// <summary>A clock as far as is known: its plain allowance, and the time that does not count for it.</summary>
/// <param name="Pauses">Those that ended.</param>
/// <param name="HeldAt">Since when it stands still, where it does: whether what comes then holds it up is seen when it goes on.</param>
public sealed record ClockRun(DateTimeOffset Start, Allowance Allowance, BusinessCalendar Calendar, IReadOnlyCollection<Pause> Pauses, DateTimeOffset? HeldAt = null)
{
    private DateTimeOffset? due;

    /// <summary>Whether it counts at any time between the two, before it is due.</summary>
    public bool CountsBetween(DateTimeOffset from, DateTimeOffset to)
    {
        if (Start >= to)
        {
            return false;
        }

        due ??= SlaClock.DueAt(Start, Allowance, Calendar, Pauses).At;
        (from, to) = (from > Start ? from : Start, to < due ? to : due.Value);
        to = HeldAt is { } held && held < to ? held : to;
        return from < to && SlaClock.Elapsed(from, to, Allowance.Unit, Calendar, Pauses) > TimeSpan.Zero;
    }
}
