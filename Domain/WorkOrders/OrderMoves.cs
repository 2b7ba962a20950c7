using PropertyServiceDesk.Domain.Attachments;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>Whose an order is, and what it is made for: what the moves that are listed depend on, beside its state.</summary>
internal sealed record OrderIs(Guid? TeamId, Guid? AssigneeId, bool? TeamIsExternal, bool Rework, Payer Payer)
{
    /// <summary>The assignee; before there is one, anybody of the team; the team's lead always; and for an external team, which has no accounts, the desk.</summary>
    public bool IsOf(Actor actor, Guid communityId) =>
        actor.Id == AssigneeId
        || (TeamId is { } team && (actor.Leads(team) || (AssigneeId is null && actor.SitsIn(team))))
        || (TeamIsExternal == true && actor.Has(communityId, Roles.Desk));
}

/// <summary>
/// The moves that a reply lists: what the lifecycle allows in this state, less what nobody sends, what this order is not made for, and
/// what the caller's role may not do to an order that is, or is not, theirs. What is listed can still be refused for what it says.
/// </summary>
internal static class OrderMoves
{
    public static IReadOnlyList<WorkOrderMove> For(Caller caller, Guid communityId, OrderIs order, WorkOrderStatus status)
    {
        var theirs = order.IsOf(caller.Actor, communityId);
        return [.. WorkOrderLifecycle.AllowedFrom(status).Where(m => Fits(caller.Actor, order, m) && OpenTo.Caller(caller, communityId, CommandOf(m), theirs))];
    }

    private static bool Fits(Actor actor, OrderIs order, WorkOrderMove move) => move switch
    {
        WorkOrderMove.Claim => order is { AssigneeId: null, TeamId: { } team } && actor.SitsIn(team),
        WorkOrderMove.Quote or WorkOrderMove.Consent or WorkOrderMove.SetFinalAmount => order.Payer == Payer.Owner && !order.Rework, // rework is free
        WorkOrderMove.ChooseReworkCause => order.Rework,
        _ => true,
    };

    private static Type? CommandOf(WorkOrderMove move) => move switch
    {
        WorkOrderMove.Dispatch => typeof(SendWork),
        WorkOrderMove.Assign => typeof(AssignWork),
        WorkOrderMove.Claim => typeof(ClaimWork),
        WorkOrderMove.Accept => typeof(AcceptWork),
        WorkOrderMove.Arrive => typeof(ArriveOnSite),
        WorkOrderMove.MakeSafe or WorkOrderMove.Control => typeof(ReachMilestone),
        WorkOrderMove.Hold => typeof(HoldWork),
        WorkOrderMove.Resume => typeof(ResumeWork),
        WorkOrderMove.Complete => typeof(CompleteWork),
        WorkOrderMove.Return => typeof(ReturnWork),
        WorkOrderMove.Transfer => typeof(TransferWork),
        WorkOrderMove.Void => typeof(VoidWork),
        WorkOrderMove.Quote => typeof(QuoteWork),
        WorkOrderMove.Consent => typeof(ConsentToQuote),
        WorkOrderMove.SetFinalAmount => typeof(SetFinalAmount),
        WorkOrderMove.ChooseReworkCause => typeof(ChooseReworkCause),
        WorkOrderMove.Attach => typeof(AttachToWorkOrder),
        WorkOrderMove.Release or WorkOrderMove.ReleaseUnassigned or WorkOrderMove.TakeBack => null, // follow from other orders, or from somebody's leaving
        WorkOrderMove.ResumeBeforeArrival => null, // what "resume" comes to where nobody had arrived
    };
}
