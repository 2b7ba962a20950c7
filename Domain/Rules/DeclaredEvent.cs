namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Something that holds everybody up (a typhoon, a red alert), declared by the manager: chosen targets are given more time.</summary>
/// <param name="Policies">Codes; none means every policy whose clocks may ever stand still. Danger is never stretched.</param>
/// <param name="Kinds">None means all.</param>
public sealed record DeclaredEvent(
    Guid Id, string Name, DateTimeOffset From, DateTimeOffset To, decimal Factor, IReadOnlyList<string> Policies, IReadOnlyList<ClockKind> Kinds)
{
    /// <summary>Whether a clock runs into it that would run from <paramref name="start"/> until <paramref name="due"/> without it.</summary>
    public bool Stretches(Policy policy, ClockKind kind, DateTimeOffset start, DateTimeOffset due) =>
        policy.HoldsStopClocks
        && start < To
        && due > From
        && (Policies.Count == 0 || Policies.Contains(policy.Code, StringComparer.Ordinal))
        && (Kinds.Count == 0 || Kinds.Contains(kind));

    /// <summary>The one that governs: of several the one that gives most time. Null where none does.</summary>
    public static DeclaredEvent? Governing(IEnumerable<DeclaredEvent> events, Policy policy, ClockKind kind, DateTimeOffset start, DateTimeOffset due) =>
        events.Where(e => e.Stretches(policy, kind, start, due)).OrderByDescending(e => e.Factor).ThenBy(e => e.From).ThenBy(e => e.Id).FirstOrDefault();
}
