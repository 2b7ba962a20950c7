using FluentValidation;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>The centre gives a fault to one or several crews. Its orders serve every joined request that is not finished, and those that are joined later.</summary>
/// <param name="Orders">1–8, at least one of them mandatory unless a mandatory one of the fault is open already.</param>
/// <param name="Priority">The most urgent one among the joined requests and the category's own, where it is left out.</param>
[AllowedTo(Roles.Desk)]
public sealed record DispatchFault([property: JsonIgnore] Guid FaultId, IReadOnlyList<NewOrder> Orders, Priority? Priority = null, int? Version = null) : ICommand<FaultDispatched>
{
    public sealed class Validator : AbstractValidator<DispatchFault>
    {
        public Validator()
        {
            RuleFor(c => c.Orders).Must(o => o.Count is >= 1 and <= 8).WithErrorCode("orders.count").WithMessage("Dispatch one to eight orders at a time.");
            RuleForEach(c => c.Orders).SetValidator(new NewOrder.Validator());
            RuleFor(c => c.Orders)
                .Must(orders => orders.Select((o, i) => o.WaitsForOrder is null || (o.WaitsForOrder >= 0 && o.WaitsForOrder < i)).All(ok => ok))
                .WithErrorCode("orders.waits_for_a_later_one")
                .WithMessage("An order can wait for one that stands before it in the list.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, OrderMaker maker, IMediator mediator) : IRequestHandler<DispatchFault, FaultDispatched>
    {
        private const string HasMandatory = """
            select exists (
                select
                from work_order o
                where o.community_id = @CommunityId and o.fault_id = @FaultId and o.mandatory and o.status not in ('done', 'voided'))
            """;

        private const string Open = """
            select r.request_id, r.status, r.priority
            from request r
            where r.community_id = @CommunityId and r.request_id = any (@RequestIds) and r.status in ('received', 'inProgress')
            order by r.request_id
            """;

        private const string Category = """
            select priority, payer
            from category
            where community_id = @CommunityId and category_id = @CategoryId
            """;

        private const string Write = """
            with moved as (
                update request
                set status = @InProgress, version = version + 1
                where community_id = @CommunityId and request_id = any (@RequestIds)
            )
            update fault
            set status = @To, version = version + 1
            where fault_id = @FaultId
            """;

        private sealed record Joined(Guid RequestId, RequestStatus Status, Priority Priority);

        private sealed record Own(Priority Priority, Payer Payer);

        public async Task<FaultDispatched> Handle(DispatchFault command, CancellationToken cancellationToken)
        {
            var fault = await LockedFault.WithRequests(db, command.FaultId, cancellationToken);
            caller.MustBeAllowedIn(fault.CommunityId);
            caller.MustNotBeStale("fault", fault.Version, command.Version);
            var to = FaultLifecycle.After(fault.Status, FaultMove.Dispatch);
            if (command.Orders.All(o => !o.Mandatory) && !await db.Single<bool>(HasMandatory, new { fault.CommunityId, fault.FaultId }, cancellationToken))
            {
                throw NewOrder.NoneMandatory();
            }

            var now = clock.Now();
            var requests = await db.List<Joined>(Open, new { fault.CommunityId, RequestIds = fault.RequestIds.ToArray() }, cancellationToken);
            var own = await db.Single<Own>(Category, new { fault.CommunityId, fault.CategoryId }, cancellationToken);
            var priority = command.Priority ?? requests.Select(r => r.Priority).Append(own.Priority).Min(); // the most urgent stands first

            // What concerns many is nobody's own to pay.
            var source = new OrderSource(
                fault.CommunityId, [.. requests.Select(r => r.RequestId)], fault.FaultId, fault.CategoryId, priority, fault.PlaceId, fault.AssetId, own.Payer == Payer.Owner ? Payer.Free : own.Payer, null, null, false);
            var made = await maker.Make(source, command.Orders, now, cancellationToken);
            await db.Run(
                Write,
                new { fault.CommunityId, fault.FaultId, To = to, InProgress = RequestLifecycle.After(RequestStatus.Received, RequestMove.Dispatch), RequestIds = requests.Select(r => r.RequestId).ToArray() },
                cancellationToken);
            foreach (var request in requests.Where(r => r.Status == RequestStatus.Received))
            {
                await mediator.Publish(new RequestMoved(fault.CommunityId, request.RequestId, request.Status, RequestMove.Dispatch, RequestStatus.InProgress, now), cancellationToken);
            }

            var reply = fault.Moved(to);
            return new FaultDispatched(reply.FaultId, reply.Number, reply.Status, reply.Version, reply.AllowedMoves, made);
        }
    }
}

/// <summary>The fault as it stands now, and the orders that were made, in the order of the list.</summary>
public sealed record FaultDispatched(Guid FaultId, long Number, FaultStatus Status, int Version, IReadOnlyList<FaultMove> AllowedMoves, IReadOnlyList<WorkOrderReply> WorkOrders);
