using System.Collections.Frozen;
using PropertyServiceDesk.Domain.Plumbing;
using static PropertyServiceDesk.Domain.Rules.FaultMove;
using static PropertyServiceDesk.Domain.Rules.FaultStatus;

namespace PropertyServiceDesk.Domain.Rules;

public enum FaultStatus
{
    Open,
    Ended,
}

public enum FaultMove
{
    Amend,

    /// <summary>Sets the expected time; each joined person is told.</summary>
    Expect,
    Join,

    /// <summary>A request is un-joined or split off.</summary>
    Leave,
    Dispatch,
    End,
}

/// <summary>What may happen to a fault and what it becomes. A move that is not in the table is refused, never ignored.</summary>
public static class FaultLifecycle
{
    private static readonly FrozenDictionary<(FaultStatus, FaultMove), FaultStatus> Moves =
        new Dictionary<(FaultStatus, FaultMove), FaultStatus>
        {
            [(Open, Amend)] = Open,
            [(Open, Expect)] = Open,
            [(Open, Join)] = Open,
            [(Open, Leave)] = Open,
            [(Open, Dispatch)] = Open,
            [(Open, End)] = Ended,

            [(Ended, Leave)] = Ended, // "mine is not fixed" is said afterwards, as a rule
        }.ToFrozenDictionary();

    /// <exception cref="Refused.Conflict"><paramref name="move"/> is not possible from <paramref name="from"/>.</exception>
    public static FaultStatus After(FaultStatus from, FaultMove move) =>
        Moves.TryGetValue((from, move), out var to)
            ? to
            : throw new Refused.Conflict("fault.move_not_allowed", $"A fault that is {EnumWord.Of(from)} does not allow {EnumWord.Of(move)}.");

    public static IReadOnlyList<FaultMove> AllowedFrom(FaultStatus from) => [.. Enum.GetValues<FaultMove>().Where(m => Moves.ContainsKey((from, m)))];
}

/// <summary>How a request left its fault.</summary>
public enum LeftHow
{
    /// <summary>"That was another lift."</summary>
    UnJoined,

    /// <summary>"Mine is not fixed."</summary>
    SplitOff,
}
