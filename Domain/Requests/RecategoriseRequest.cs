using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>It was something else: another category of the same kind. Priority and payer stay; they have commands of their own.</summary>
/// <param name="Reason">Optional: at most 1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record RecategoriseRequest([property: JsonIgnore] Guid RequestId, Guid CategoryId, string? Reason = null, int? Version = null) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<RecategoriseRequest>
    {
        public Validator() => RuleFor(c => c.Reason).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log, IMediator mediator) : IRequestHandler<RecategoriseRequest, RequestReply>
    {
        private const string Known = """
            select kind
            from category
            where community_id = @CommunityId and category_id = @CategoryId and retired_at is null
            """;

        private const string Write = """
            with followed as (
                update work_order
                set category_id = @CategoryId, version = version + 1
                where community_id = @CommunityId and work_order_id = any (@WorkOrderIds)
            )
            update request
            set category_id = @CategoryId, version = version + 1
            where request_id = @RequestId
            """;

        public async Task<RequestReply> Handle(RecategoriseRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.LockForEdit(command.RequestId, command.Version, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.Recategorise);
            var kind = await db.Find<RequestKind?>(Known, new { request.CommunityId, command.CategoryId }, cancellationToken)
                ?? throw new Refused.Invalid("category.unknown", "There is no such category in this community.", "categoryId");
            if (kind != request.Kind)
            {
                throw new Refused.Invalid("category.other_kind", "This category belongs to another kind of request.", "categoryId");
            }

            if (command.CategoryId == request.CategoryId)
            {
                throw new Refused.Conflict("request.nothing_to_change", "It has this category already.");
            }

            var now = clock.Now();
            var orders = await OpenOrders.LockOwn(db, request, cancellationToken);
            await db.Run(Write, new { request.CommunityId, request.RequestId, command.CategoryId, WorkOrderIds = orders }, cancellationToken);
            if (request.InChargeId is { } inCharge)
            {
                await ComplainedAbout.MustNotBe(db, request.CommunityId, request.RequestId, inCharge, cancellationToken);
            }

            log.Write(
                request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestRecategorised, new { from = request.CategoryId, to = command.CategoryId, workOrderIds = orders }, command.Reason, occurredAt: now);
            await mediator.Publish(new RequestRecategorised(request.CommunityId, request.RequestId, request.Kind, request.CategoryId, command.CategoryId, request.Priority, orders, now), cancellationToken);
            return request.Moved(to);
        }
    }
}

/// <summary>A request has another category; its clocks may follow another policy.</summary>
/// <param name="WorkOrderIds">The open orders that are this request's alone, which followed.</param>
public sealed record RequestRecategorised(
    Guid CommunityId, Guid RequestId, RequestKind Kind, Guid FromCategoryId, Guid ToCategoryId, Priority Priority, IReadOnlyList<Guid> WorkOrderIds, DateTimeOffset At) : INotification;
