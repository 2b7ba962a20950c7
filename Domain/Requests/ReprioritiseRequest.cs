using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>More or less urgent than it was taken for, with a reason. Open orders that are this request's alone follow.</summary>
/// <param name="Reason">1–1,000 characters; crews read it.</param>
[AllowedTo(Roles.Desk)]
public sealed record ReprioritiseRequest([property: JsonIgnore] Guid RequestId, Priority Priority, string Reason, int? Version = null) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<ReprioritiseRequest>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log, IMediator mediator) : IRequestHandler<ReprioritiseRequest, RequestReply>
    {
        private const string Write = """
            with followed as (
                update work_order
                set priority = @Priority, version = version + 1
                where community_id = @CommunityId and work_order_id = any (@WorkOrderIds)
            )
            update request
            set priority = @Priority, version = version + 1
            where request_id = @RequestId
            """;

        public async Task<RequestReply> Handle(ReprioritiseRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.LockForEdit(command.RequestId, command.Version, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.Reprioritise);
            if (command.Priority == request.Priority)
            {
                throw new Refused.Conflict("request.nothing_to_change", "It has this priority already.");
            }

            var now = clock.Now();
            var orders = await OpenOrders.LockOwn(db, request, cancellationToken);
            await db.Run(Write, new { request.CommunityId, request.RequestId, command.Priority, WorkOrderIds = orders }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestReprioritised, new { from = request.Priority, to = command.Priority, workOrderIds = orders }, command.Reason, occurredAt: now);
            await mediator.Publish(new RequestReprioritised(request.CommunityId, request.RequestId, request.Kind, request.CategoryId, request.Priority, command.Priority, orders, now), cancellationToken);
            return request.Moved(to);
        }
    }
}

/// <summary>A request is more or less urgent now; its clocks may follow another policy.</summary>
/// <param name="WorkOrderIds">The open orders that are this request's alone, which followed.</param>
public sealed record RequestReprioritised(
    Guid CommunityId, Guid RequestId, RequestKind Kind, Guid CategoryId, Priority From, Priority To, IReadOnlyList<Guid> WorkOrderIds, DateTimeOffset At) : INotification;
