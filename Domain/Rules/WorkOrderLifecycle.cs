using System.Collections.Frozen;
using PropertyServiceDesk.Domain.Plumbing;
using static PropertyServiceDesk.Domain.Rules.WorkOrderMove;
using static PropertyServiceDesk.Domain.Rules.WorkOrderStatus;

namespace PropertyServiceDesk.Domain.Rules;

public enum WorkOrderStatus
{
    /// <summary>For another order; no clock runs.</summary>
    Waiting,
    Unassigned,

    /// <summary>To a team, or to a person.</summary>
    Dispatched,
    Accepted,

    /// <summary>Somebody has arrived.</summary>
    Working,
    OnHold,
    Done,
    Voided,
}

public enum WorkOrderMove
{
    /// <summary>What it waited for is done or voided, and its team is known.</summary>
    Release,

    /// <summary>What it waited for is done or voided, and no team is known.</summary>
    ReleaseUnassigned,
    Dispatch,

    /// <summary>To a member of the team, also a hand-over.</summary>
    Assign,
    Claim,
    Accept,
    Arrive,
    MakeSafe,
    Control,
    Hold,
    Resume,

    /// <summary>Back from a hold that began before anybody arrived.</summary>
    ResumeBeforeArrival,
    Complete,

    /// <summary>To the centre, with a reason.</summary>
    Return,

    /// <summary>To another crew, with a reason.</summary>
    Transfer,

    /// <summary>From somebody who left, to their team.</summary>
    TakeBack,
    Void,
    Quote,
    Consent,
    SetFinalAmount,
    ChooseReworkCause,
    Attach,
}

/// <summary>What may happen to a work order and what it becomes. A move that is not in the table is refused, never ignored.</summary>
public static class WorkOrderLifecycle
{
    private static readonly FrozenDictionary<(WorkOrderStatus, WorkOrderMove), WorkOrderStatus> Moves =
        new Dictionary<(WorkOrderStatus, WorkOrderMove), WorkOrderStatus>
        {
            [(Waiting, Release)] = Dispatched,
            [(Waiting, ReleaseUnassigned)] = Unassigned,
            [(Waiting, TakeBack)] = Waiting, // somebody it was meant for leaves
            [(Waiting, WorkOrderMove.Void)] = Voided,
            [(Waiting, Attach)] = Waiting,
            [(Waiting, ChooseReworkCause)] = Waiting,

            [(Unassigned, Dispatch)] = Dispatched,
            [(Unassigned, Transfer)] = Dispatched,
            [(Unassigned, WorkOrderMove.Void)] = Voided,
            [(Unassigned, Attach)] = Unassigned,
            [(Unassigned, ChooseReworkCause)] = Unassigned,

            [(Dispatched, Assign)] = Dispatched,
            [(Dispatched, Claim)] = Accepted,
            [(Dispatched, Accept)] = Accepted,
            [(Dispatched, Return)] = Unassigned,
            [(Dispatched, Transfer)] = Dispatched,
            [(Dispatched, TakeBack)] = Dispatched,
            [(Dispatched, WorkOrderMove.Void)] = Voided,
            [(Dispatched, Quote)] = Dispatched,
            [(Dispatched, Consent)] = Dispatched,
            [(Dispatched, Attach)] = Dispatched,
            [(Dispatched, ChooseReworkCause)] = Dispatched,

            [(Accepted, Assign)] = Dispatched, // a hand-over: the next one says yes
            [(Accepted, Arrive)] = Working,
            [(Accepted, Hold)] = OnHold,
            [(Accepted, Return)] = Unassigned,
            [(Accepted, Transfer)] = Dispatched,
            [(Accepted, TakeBack)] = Dispatched,
            [(Accepted, WorkOrderMove.Void)] = Voided,
            [(Accepted, Quote)] = Accepted,
            [(Accepted, Consent)] = Accepted,
            [(Accepted, Attach)] = Accepted,
            [(Accepted, ChooseReworkCause)] = Accepted,

            [(Working, Assign)] = Dispatched,
            [(Working, MakeSafe)] = Working,
            [(Working, Control)] = Working,
            [(Working, Hold)] = OnHold,
            [(Working, Complete)] = Done,
            [(Working, Return)] = Unassigned,
            [(Working, Transfer)] = Dispatched,
            [(Working, TakeBack)] = Dispatched,
            [(Working, WorkOrderMove.Void)] = Voided,
            [(Working, Quote)] = Working,
            [(Working, Consent)] = Working,
            [(Working, Attach)] = Working,
            [(Working, ChooseReworkCause)] = Working,

            [(OnHold, Assign)] = Dispatched,
            [(OnHold, Resume)] = Working,
            [(OnHold, ResumeBeforeArrival)] = Accepted,
            [(OnHold, Return)] = Unassigned,
            [(OnHold, Transfer)] = Dispatched,
            [(OnHold, TakeBack)] = Dispatched,
            [(OnHold, WorkOrderMove.Void)] = Voided,
            [(OnHold, Quote)] = OnHold,
            [(OnHold, Consent)] = OnHold,
            [(OnHold, Attach)] = OnHold,
            [(OnHold, ChooseReworkCause)] = OnHold,

            [(Done, SetFinalAmount)] = Done,
            [(Done, Attach)] = Done,
            [(Done, ChooseReworkCause)] = Done,
        }.ToFrozenDictionary();

    /// <exception cref="Refused.Conflict"><paramref name="move"/> is not possible from <paramref name="from"/>.</exception>
    public static WorkOrderStatus After(WorkOrderStatus from, WorkOrderMove move) =>
        Moves.TryGetValue((from, move), out var to)
            ? to
            : throw new Refused.Conflict("work_order.move_not_allowed", $"A work order that is {EnumWord.Of(from)} does not allow {EnumWord.Of(move)}.");

    /// <summary>In these a team or a person has the order: somebody was sent.</summary>
    public static IReadOnlyList<WorkOrderStatus> SomebodyHasIt { get; } = [Dispatched, Accepted, Working, OnHold];

    public static bool Allows(WorkOrderStatus from, WorkOrderMove move) => Moves.ContainsKey((from, move));

    public static IReadOnlyList<WorkOrderMove> AllowedFrom(WorkOrderStatus from) => Allowed[from];

    private static readonly FrozenDictionary<WorkOrderStatus, WorkOrderMove[]> Allowed =
        Enum.GetValues<WorkOrderStatus>().ToFrozenDictionary(s => s, s => Enum.GetValues<WorkOrderMove>().Where(m => Moves.ContainsKey((s, m))).ToArray());
}

/// <summary>When a request with several orders is finished, and when it has lost them all.</summary>
public static class RequestCompletion
{
    /// <summary>
    /// What the orders that serve a request say about it: finished when every mandatory one that is not voided is done and at least
    /// one mandatory one is; without orders when none is open and no mandatory one is done; otherwise neither.
    /// </summary>
    /// <param name="open">Mandatory or not.</param>
    /// <param name="done">Mandatory ones that were done since the owner last said that it is not solved.</param>
    public static RequestMove? After(int mandatoryOpen, int open, int done) => (mandatoryOpen, open, done) switch
    {
        (0, _, > 0) => Finish,
        (0, 0, 0) => LoseOrders,
        _ => null,
    };

    private const RequestMove Finish = RequestMove.Finish;
    private const RequestMove LoseOrders = RequestMove.LoseOrders;
}
