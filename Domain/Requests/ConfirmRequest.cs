namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// Somebody whom nobody knew reported it without an account; the desk has looked at it, and it is real. Dispatching or answering it says
/// the same. What is not real is cancelled.
/// </summary>
[AllowedTo(Roles.Desk)]
public sealed record ConfirmRequest([property: JsonIgnore] Guid RequestId) : ICommand<RequestReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<ConfirmRequest, RequestReply>
    {
        public async Task<RequestReply> Handle(ConfirmRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.Confirm);
            var now = clock.Now();
            if (!await Confirmations.Write(db, caller, request.RequestId, now, cancellationToken))
            {
                throw new Refused.Conflict("request.nothing_to_confirm", "There is nothing to confirm about this request.");
            }

            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestConfirmed, visibility: Visibility.Desk, occurredAt: now);
            return await request.MoveTo(db, to, cancellationToken);
        }
    }
}

internal static class Confirmations
{
    private const string Confirm = """
        update request
        set confirmed_at = @Now, confirmed_by = @By
        where request_id = @RequestId and to_confirm and confirmed_at is null
        """;

    /// <returns>Whether there was anything to confirm.</returns>
    public static async Task<bool> Write(Db db, Caller caller, Guid requestId, DateTimeOffset now, CancellationToken ct) =>
        await db.Run(Confirm, new { RequestId = requestId, Now = now, By = caller.Actor.Id }, ct) > 0;
}

/// <summary>Whoever dispatches or answers a request has believed it.</summary>
internal sealed class ConfirmByWorking(Db db, Caller caller, EventLog log) : INotificationHandler<RequestMoved>
{
    public async Task Handle(RequestMoved notification, CancellationToken cancellationToken)
    {
        if (notification is { From: RequestStatus.Received, Move: RequestMove.Dispatch or RequestMove.Answer } && caller.Actor.Kind != ActorKind.Owner
            && await Confirmations.Write(db, caller, notification.RequestId, notification.At, cancellationToken))
        {
            log.Write(notification.CommunityId, SubjectKind.Request, notification.RequestId, Happening.RequestConfirmed, visibility: Visibility.Desk, occurredAt: notification.At);
        }
    }
}
