using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// The moves that a reply lists: what the lifecycle allows in this state, less what nobody sends, what is for another kind of request,
/// and what the caller's role may not do. What is listed can still be refused for what it says.
/// </summary>
internal static class RequestMoves
{
    public static IReadOnlyList<RequestMove> For(Caller caller, Guid communityId, RequestKind kind, RequestStatus status) =>
        [.. RequestLifecycle.AllowedFrom(status).Where(m => (m != RequestMove.NameInCharge || kind == RequestKind.Complaint) && OpenTo.Caller(caller, communityId, CommandOf(m)))];

    private static Type? CommandOf(RequestMove move) => move switch
    {
        RequestMove.Amend => typeof(AmendRequest),
        RequestMove.Recategorise => typeof(RecategoriseRequest),
        RequestMove.Reprioritise => typeof(ReprioritiseRequest),
        RequestMove.Reschedule => typeof(RescheduleRequest),
        RequestMove.Note => typeof(NoteOnRequest),
        RequestMove.Promise => typeof(MakePromise),
        RequestMove.KeepPromise => typeof(KeepPromise),
        RequestMove.NameInCharge => typeof(NamePersonInCharge),
        RequestMove.FirstReply => typeof(GiveFirstReply),
        RequestMove.WrittenReply => typeof(GiveWrittenReply),
        RequestMove.Urge => typeof(UrgeRequest),
        RequestMove.Attach => typeof(AttachToRequest),
        RequestMove.JoinFault => typeof(JoinFault),
        RequestMove.LeaveFault => typeof(UnJoinRequest),
        RequestMove.Dispatch => typeof(DispatchWork),
        RequestMove.Answer => typeof(AnswerRequest),
        RequestMove.Close => typeof(RecordFeedback),
        RequestMove.Rework => typeof(ReportNotFixed),
        RequestMove.Cancel => typeof(CancelRequest),
        RequestMove.Finish or RequestMove.LoseOrders => null, // follow from its orders
        RequestMove.Confirm or RequestMove.ReadWord => null, // offered by what asks for them: toConfirm and ownerWordAt
        RequestMove.ReworkAtDesk => null, // what "rework" comes to where no crew had worked on it
    };
}
