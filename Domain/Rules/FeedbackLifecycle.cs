using System.Collections.Frozen;
using PropertyServiceDesk.Domain.Plumbing;
using static PropertyServiceDesk.Domain.Rules.FeedbackMove;
using static PropertyServiceDesk.Domain.Rules.FeedbackState;

namespace PropertyServiceDesk.Domain.Rules;

public enum FeedbackState
{
    Asked,
    Reminded,
    ToCall,
    Answered,
    Refused,
    Unreachable,
    NoResponse,

    /// <summary>Policy or courtesy says not to ask; the rule that said so is stored.</summary>
    NotAsked,
}

public enum FeedbackMove
{
    Remind,

    /// <summary>To the call-back list.</summary>
    CallDue,

    /// <summary>A call was tried and reached nobody yet.</summary>
    TryCall,
    Answer,
    Refuse,

    /// <summary>The attempts that the policy demands reached nobody.</summary>
    GiveUp,

    /// <summary>A delivered ask and every attempt that the policy demands, and no word.</summary>
    Lapse,

    /// <summary>The person was erased, or has opted out: nobody is left to ask.</summary>
    Forget,
}

/// <summary>What may happen to one round of feedback. Only a person's answer is an answer; a late one counts, whatever was recorded before.</summary>
public static class FeedbackLifecycle
{
    private static readonly FrozenDictionary<(FeedbackState, FeedbackMove), FeedbackState> Moves =
        new Dictionary<(FeedbackState, FeedbackMove), FeedbackState>
        {
            [(Asked, Remind)] = Reminded,
            [(Asked, CallDue)] = ToCall,
            [(Asked, TryCall)] = ToCall,
            [(Asked, Answer)] = Answered,
            [(Asked, Refuse)] = FeedbackState.Refused,
            [(Asked, Lapse)] = NoResponse,
            [(Asked, Forget)] = NotAsked,

            [(Reminded, Remind)] = Reminded,
            [(Reminded, CallDue)] = ToCall,
            [(Reminded, TryCall)] = ToCall,
            [(Reminded, Answer)] = Answered,
            [(Reminded, Refuse)] = FeedbackState.Refused,
            [(Reminded, Lapse)] = NoResponse,
            [(Reminded, Forget)] = NotAsked,

            [(ToCall, TryCall)] = ToCall,
            [(ToCall, Answer)] = Answered,
            [(ToCall, Refuse)] = FeedbackState.Refused,
            [(ToCall, GiveUp)] = Unreachable,
            [(ToCall, Lapse)] = NoResponse,
            [(ToCall, Forget)] = NotAsked,

            [(FeedbackState.Refused, Answer)] = Answered,
            [(Unreachable, Answer)] = Answered,
            [(NoResponse, Answer)] = Answered,
            [(NotAsked, Answer)] = Answered,
        }.ToFrozenDictionary();

    /// <exception cref="Plumbing.Refused.Conflict"><paramref name="move"/> is not possible from <paramref name="from"/>.</exception>
    public static FeedbackState After(FeedbackState from, FeedbackMove move) =>
        Moves.TryGetValue((from, move), out var to)
            ? to
            : throw new Plumbing.Refused.Conflict("feedback.move_not_allowed", $"Feedback that is {EnumWord.Of(from)} does not allow {EnumWord.Of(move)}.");

    public static IReadOnlyList<FeedbackMove> AllowedFrom(FeedbackState from) => [.. Enum.GetValues<FeedbackMove>().Where(m => Moves.ContainsKey((from, m)))];
}
