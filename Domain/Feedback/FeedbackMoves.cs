namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>The moves that a reply lists: what the lifecycle allows in this state, less what nobody sends.</summary>
internal static class FeedbackMoves
{
    public static IReadOnlyList<FeedbackMove> For(Caller caller, Guid communityId, FeedbackState state) =>
        [.. FeedbackLifecycle.AllowedFrom(state).Where(m => OpenTo.Caller(caller, communityId, CommandOf(m)))];

    private static Type? CommandOf(FeedbackMove move) => move switch
    {
        FeedbackMove.TryCall => typeof(TryCall),
        FeedbackMove.Answer => typeof(RecordFeedback),
        FeedbackMove.Refuse => typeof(RefuseFeedback),
        FeedbackMove.GiveUp => typeof(GiveUpCalling),
        FeedbackMove.Remind or FeedbackMove.CallDue or FeedbackMove.Lapse or FeedbackMove.Forget => null, // the sweep's, and what follows from forgetting a person
    };
}
