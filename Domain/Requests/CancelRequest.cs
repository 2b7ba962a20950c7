using FluentValidation;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// The owner withdraws it, or it is another one's duplicate. Open orders that are this request's alone are voided; shared ones go on
/// without it, and so does its fault.
/// </summary>
/// <param name="DuplicateOfId">For a duplicate: of which request of this community.</param>
/// <param name="Reason">1–1,000 characters; the owner reads it.</param>
[AllowedTo(Roles.Desk | Roles.System)]
public sealed record CancelRequest([property: JsonIgnore] Guid RequestId, CancelledAs Outcome, string Reason, Guid? DuplicateOfId = null) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<CancelRequest>
    {
        public Validator()
        {
            RuleFor(c => c.Reason).PlainText(1000);
            RuleFor(c => c.DuplicateOfId)
                .Must((c, id) => (c.Outcome == CancelledAs.Duplicate) == (id is not null) && id != c.RequestId)
                .WithErrorCode("duplicate_of.which")
                .WithMessage("A duplicate, and nothing else, names another request that it is a duplicate of.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, OrderMover orders, FaultLeaver leaver, EventLog log, IMediator mediator) : IRequestHandler<CancelRequest, RequestReply>
    {
        // Both by id, so that two requests cannot become duplicates of each other.
        private const string LockBoth = """
            select request_id, community_id, status
            from request
            where request_id = @RequestId or request_id = @DuplicateOfId
            order by request_id
            for no key update
            """;

        // Nobody confirms any more what is not gone on with.
        private const string Write = """
            update request
            set status = @To, outcome = @Outcome, duplicate_of_id = @DuplicateOfId, cancelled_at = @Now, to_confirm = to_confirm and confirmed_at is not null, version = version + 1
            where request_id = @RequestId
            """;

        private const string Leave = """
            update request_work_order
            set left_at = @Now
            where community_id = @CommunityId and request_id = @RequestId and work_order_id = any (@Shared) and left_at is null
            """;

        private sealed record Other(Guid RequestId, Guid CommunityId, RequestStatus Status);

        public async Task<RequestReply> Handle(CancelRequest command, CancellationToken cancellationToken)
        {
            if (command.DuplicateOfId is not null)
            {
                await db.List<Other>(LockBoth, new { command.RequestId, command.DuplicateOfId }, cancellationToken);
            }

            var request = await mover.Lock(command.RequestId, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.Cancel);
            await CheckOriginal(command, request, cancellationToken);
            var open = await OpenOrders.Lock(db, request, cancellationToken);
            var now = clock.Now();
            var outcome = command.Outcome switch
            {
                CancelledAs.Withdrawn => Rules.Outcome.Withdrawn,
                CancelledAs.Duplicate => Rules.Outcome.Duplicate,
            };
            await db.Run(Write, new { request.RequestId, To = to, Outcome = outcome, command.DuplicateOfId, Now = now }, cancellationToken);
            var own = open.Where(o => !o.Shared).ToList();
            var shared = open.Where(o => o.Shared).Select(o => o.WorkOrderId).ToArray();
            log.Write(
                request.CommunityId,
                SubjectKind.Request,
                request.RequestId,
                Happening.RequestCancelled,
                new { outcome, command.DuplicateOfId, voided = own.Select(o => o.WorkOrderId), goOn = shared },
                command.Reason,
                Visibility.Owner,
                now);
            await VoidOwn(own, request.RequestId, cancellationToken);
            await leaver.Leave(request, LeftHow.UnJoined, null, now, cancellationToken);
            await db.Run(Leave, new { request.CommunityId, request.RequestId, Shared = shared, Now = now }, cancellationToken);
            await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, RequestMove.Cancel, to, now), cancellationToken);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }

        private async Task CheckOriginal(CancelRequest command, LockedRequest request, CancellationToken ct)
        {
            if (command.DuplicateOfId is not { } id)
            {
                return;
            }

            var original = (await db.List<Other>(LockBoth, new { RequestId = id, DuplicateOfId = (Guid?)null }, ct)).SingleOrDefault();
            if (original is null || original.CommunityId != request.CommunityId)
            {
                throw new Refused.Invalid("duplicate_of.unknown", "There is no such request in this community.", "duplicateOfId");
            }

            if (original.Status == RequestStatus.Cancelled)
            {
                throw new Refused.Conflict("request.duplicate_of_cancelled", "That request is cancelled itself. Name the one that goes on.");
            }
        }

        /// <summary>Those that wait first: voiding what they wait for would release them before.</summary>
        private async Task VoidOwn(List<OpenOrder> own, Guid cancelled, CancellationToken ct)
        {
            while (own.Count > 0)
            {
                var next = own.First(o => own.TrueForAll(w => w.WaitsForId != o.WorkOrderId || w.Status != WorkOrderStatus.Waiting));
                own.Remove(next);
                var order = await LockedOrder.Of(db, next.WorkOrderId, ct);
                caller.MustBeAllowedIn(order.CommunityId);
                await orders.Move(order, WorkOrderMove.Void, Happening.WorkVoided, VoidWork.Write, null, new { cancelledRequestId = cancelled }, null, ct, visibility: Visibility.Crew);
            }
        }
    }
}

/// <summary>Why a request is not gone on with.</summary>
public enum CancelledAs
{
    Withdrawn,
    Duplicate,
}
