using System.Collections.Frozen;
using PropertyServiceDesk.Domain.Plumbing;
using static PropertyServiceDesk.Domain.Rules.RequestMove;
using static PropertyServiceDesk.Domain.Rules.RequestStatus;

namespace PropertyServiceDesk.Domain.Rules;

public enum RequestStatus
{
    Received,
    InProgress,
    AwaitingFeedback,
    Closed,
    Cancelled,
}

public enum RequestMove
{
    Amend,
    Recategorise,
    Reprioritise,
    Reschedule,
    Note,
    Promise,
    KeepPromise,
    NameInCharge,
    FirstReply,
    WrittenReply,
    Urge,
    Attach,

    /// <summary>What somebody unknown reported is real.</summary>
    Confirm,

    /// <summary>What the owner wrote or sent was looked at: wherever they can write.</summary>
    ReadWord,
    JoinFault,

    /// <summary>Un-joined or split off.</summary>
    LeaveFault,
    Dispatch,

    /// <summary>Answered, referred or explained; the owner is asked.</summary>
    Answer,

    /// <summary>The last mandatory order is done.</summary>
    Finish,

    /// <summary>No order is open, and no mandatory one was done since it was reported, or since it was not solved: they are voided, or the request left the fault whose orders served it.</summary>
    LoseOrders,

    /// <summary>The feedback round has ended.</summary>
    Close,

    /// <summary>"Not solved", said in time or late.</summary>
    Rework,

    /// <summary>"Not solved", of what the desk had answered without a crew: the centre looks at it again.</summary>
    ReworkAtDesk,
    Cancel,
}

/// <summary>What may happen to a request and what it becomes. A move that is not in the table is refused, never ignored.</summary>
public static class RequestLifecycle
{
    private static readonly FrozenDictionary<(RequestStatus, RequestMove), RequestStatus> Moves =
        new Dictionary<(RequestStatus, RequestMove), RequestStatus>
        {
            [(Received, Amend)] = Received,
            [(Received, Recategorise)] = Received,
            [(Received, Reprioritise)] = Received,
            [(Received, Reschedule)] = Received,
            [(Received, Note)] = Received,
            [(Received, Promise)] = Received,
            [(Received, KeepPromise)] = Received,
            [(Received, NameInCharge)] = Received,
            [(Received, FirstReply)] = Received,
            [(Received, WrittenReply)] = Received,
            [(Received, Urge)] = Received,
            [(Received, Attach)] = Received,
            [(Received, Confirm)] = Received, // whoever dispatches or answers has believed it; what is not real is cancelled
            [(Received, ReadWord)] = Received,
            [(Received, JoinFault)] = Received, // and in progress as soon as the fault has an order
            [(Received, LeaveFault)] = Received,
            [(Received, Dispatch)] = InProgress,
            [(Received, Answer)] = AwaitingFeedback, // and closed where nobody is asked
            [(Received, Cancel)] = Cancelled,

            [(InProgress, Amend)] = InProgress,
            [(InProgress, Recategorise)] = InProgress,
            [(InProgress, Reprioritise)] = InProgress,
            [(InProgress, Reschedule)] = InProgress,
            [(InProgress, Note)] = InProgress,
            [(InProgress, Promise)] = InProgress,
            [(InProgress, KeepPromise)] = InProgress,
            [(InProgress, NameInCharge)] = InProgress,
            [(InProgress, FirstReply)] = InProgress,
            [(InProgress, WrittenReply)] = InProgress,
            [(InProgress, Urge)] = InProgress,
            [(InProgress, Attach)] = InProgress,
            [(InProgress, ReadWord)] = InProgress,
            [(InProgress, JoinFault)] = InProgress,
            [(InProgress, LeaveFault)] = InProgress,
            [(InProgress, Dispatch)] = InProgress,
            [(InProgress, Finish)] = AwaitingFeedback,
            [(InProgress, LoseOrders)] = Received,
            [(InProgress, Cancel)] = Cancelled,

            [(AwaitingFeedback, Note)] = AwaitingFeedback,
            [(AwaitingFeedback, Promise)] = AwaitingFeedback,
            [(AwaitingFeedback, KeepPromise)] = AwaitingFeedback,
            [(AwaitingFeedback, WrittenReply)] = AwaitingFeedback,
            [(AwaitingFeedback, Attach)] = AwaitingFeedback,
            [(AwaitingFeedback, ReadWord)] = AwaitingFeedback,
            [(AwaitingFeedback, LeaveFault)] = AwaitingFeedback, // split off: "mine is not fixed" comes with it as rework
            [(AwaitingFeedback, Close)] = Closed,
            [(AwaitingFeedback, Rework)] = InProgress,
            [(AwaitingFeedback, ReworkAtDesk)] = Received,

            [(Closed, Note)] = Closed,
            [(Closed, KeepPromise)] = Closed,
            [(Closed, Attach)] = Closed,
            [(Closed, ReadWord)] = Closed,
            [(Closed, LeaveFault)] = Closed,
            [(Closed, Rework)] = InProgress, // a late "not solved"
            [(Closed, ReworkAtDesk)] = Received,

            [(Cancelled, Note)] = Cancelled,
            [(Cancelled, ReadWord)] = Cancelled,
        }.ToFrozenDictionary();

    /// <exception cref="Refused.Conflict"><paramref name="move"/> is not possible from <paramref name="from"/>.</exception>
    public static RequestStatus After(RequestStatus from, RequestMove move) =>
        Moves.TryGetValue((from, move), out var to)
            ? to
            : throw new Refused.Conflict("request.move_not_allowed", $"A request that is {EnumWord.Of(from)} does not allow {EnumWord.Of(move)}.");

    public static IReadOnlyList<RequestMove> AllowedFrom(RequestStatus from) => Allowed[from];

    private static readonly FrozenDictionary<RequestStatus, RequestMove[]> Allowed =
        Enum.GetValues<RequestStatus>().ToFrozenDictionary(s => s, s => Enum.GetValues<RequestMove>().Where(m => Moves.ContainsKey((s, m))).ToArray());
}
