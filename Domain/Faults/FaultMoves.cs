namespace PropertyServiceDesk.Domain.Faults;

/// <summary>The moves that a reply lists: what the lifecycle allows in this state and the caller's role may do.</summary>
internal static class FaultMoves
{
    public static IReadOnlyList<FaultMove> For(Caller caller, Guid communityId, FaultStatus status) =>
        [.. FaultLifecycle.AllowedFrom(status).Where(m => OpenTo.Caller(caller, communityId, CommandOf(m)))];

    private static Type CommandOf(FaultMove move) => move switch
    {
        FaultMove.Amend => typeof(AmendFault),
        FaultMove.Expect => typeof(SetExpectedTime),
        FaultMove.Join => typeof(JoinFault),
        FaultMove.Leave => typeof(UnJoinRequest),
        FaultMove.Dispatch => typeof(DispatchFault),
        FaultMove.End => typeof(EndFault),
    };
}
