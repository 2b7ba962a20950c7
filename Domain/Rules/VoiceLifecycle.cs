using System.Collections.Frozen;
using PropertyServiceDesk.Domain.Plumbing;
using static PropertyServiceDesk.Domain.Rules.VoiceMove;
using static PropertyServiceDesk.Domain.Rules.VoiceState;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Where a pairing of "you said, we did" stands.</summary>
public enum VoiceState
{
    /// <summary>Written, and read by nobody outside.</summary>
    Proposed,

    /// <summary>A manager said yes to these very words: everybody reads them.</summary>
    Published,
    Withdrawn,
}

public enum VoiceMove
{
    /// <summary>Other words: a manager reads them before anybody else does.</summary>
    Edit,
    Approve,

    /// <summary>"Not solved", said since: what we say that we did is not done.</summary>
    Doubt,
    Withdraw,
}

/// <summary>What may happen to a pairing and what it becomes. A move that is not in the table is refused.</summary>
public static class VoiceLifecycle
{
    private static readonly FrozenDictionary<(VoiceState, VoiceMove), VoiceState> Moves =
        new Dictionary<(VoiceState, VoiceMove), VoiceState>
        {
            [(Proposed, Edit)] = Proposed,
            [(Proposed, Approve)] = Published,
            [(Proposed, Withdraw)] = Withdrawn,

            [(Published, Edit)] = Proposed,
            [(Published, Doubt)] = Proposed,
            [(Published, Withdraw)] = Withdrawn,
        }.ToFrozenDictionary();

    /// <exception cref="Refused.Conflict"><paramref name="move"/> is not possible from <paramref name="from"/>.</exception>
    public static VoiceState After(VoiceState from, VoiceMove move) =>
        Moves.TryGetValue((from, move), out var to)
            ? to
            : throw new Refused.Conflict("voice.move_not_allowed", $"What is {EnumWord.Of(from)} does not allow {EnumWord.Of(move)}.");

    public static IReadOnlyList<VoiceMove> AllowedFrom(VoiceState from) => [.. Enum.GetValues<VoiceMove>().Where(m => Moves.ContainsKey((from, m)))];
}
