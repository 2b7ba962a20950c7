namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>A manager agrees that an order stays on hold past its limit: its clocks stand still again, from now until it goes on.</summary>
[AllowedTo(Roles.Manager)]
public sealed record AgreeToHold([property: JsonIgnore] Guid WorkOrderId) : ICommand<WorkOrderReply>, IByAPerson
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, OrderMover mover, EventLog log, IMediator mediator) : IRequestHandler<AgreeToHold, WorkOrderReply>
    {
        private const string Write = """
            with agreed as (
                update hold
                set agreed_by = @By, agreed_at = @Now, limit_at = null, limit_passed_at = null
                where community_id = @CommunityId and work_order_id = @WorkOrderId and until_at is null and agreed_at is null
                returning community_id, work_order_id, hold_id
            )
            update work_order o
            set version = o.version + 1
            from agreed a
            where o.community_id = a.community_id and o.work_order_id = a.work_order_id
            returning a.hold_id
            """;

        public async Task<WorkOrderReply> Handle(AgreeToHold command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken, Roles.Manager);
            if (order.Status != WorkOrderStatus.OnHold)
            {
                throw new Refused.Conflict("work_order.not_on_hold", "This work order is not on hold.");
            }

            var now = clock.Now();
            var hold = await db.Find<Guid?>(Write, new { order.CommunityId, order.WorkOrderId, By = caller.Actor.Id, Now = now }, cancellationToken)
                ?? throw new Refused.Conflict("hold.agreed_already", "A manager has agreed to this hold already.");
            log.Write(order.CommunityId, SubjectKind.WorkOrder, order.WorkOrderId, Happening.HoldAgreed, new { holdId = hold }, occurredAt: now);
            await mediator.Publish(new HoldAgreed(order.CommunityId, order.WorkOrderId, order.RequestIds, now), cancellationToken);
            return order.Reply(order.Status);
        }
    }
}

/// <summary>An order was on hold for as long as its reason allows: its clocks go on from there, and the managers are told, once a hold.</summary>
[AllowedTo(Roles.System)]
public sealed record PassHoldLimit(Guid WorkOrderId) : ICommand<bool>
{
    internal sealed class Handler(Db db, TimeProvider clock, OrderMover mover, EventLog log, IMediator mediator) : IRequestHandler<PassHoldLimit, bool>
    {
        private const string Write = """
            with passed as (
                update hold
                set limit_passed_at = limit_at
                where community_id = @CommunityId and work_order_id = @WorkOrderId and until_at is null and limit_passed_at is null and limit_at <= @Now
                returning hold_id, limit_at
            ), told as (
                insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_role, template, detail, created_at, send_after)
                select @CommunityId, @MessageId, 'holdLimit:' || p.hold_id, 'role', 'manager', 'holdLimit', json_build_object('workOrderId', @WorkOrderId::uuid, 'limitAt', p.limit_at), @Now, @Now
                from passed p
                on conflict on constraint message_once_a_cause do nothing
            )
            select p.hold_id, p.limit_at
            from passed p
            """;

        private sealed record Passed(Guid HoldId, DateTimeOffset LimitAt);

        public async Task<bool> Handle(PassHoldLimit command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken, Roles.System);
            var now = clock.Now();
            if (await db.Find<Passed>(Write, new { order.CommunityId, order.WorkOrderId, MessageId = Guid.CreateVersion7(now), Now = now }, cancellationToken) is not { } passed)
            {
                return false;
            }

            log.Write(order.CommunityId, SubjectKind.WorkOrder, order.WorkOrderId, Happening.HoldLimitPassed, new { passed.HoldId, passed.LimitAt }, occurredAt: passed.LimitAt);
            await mediator.Publish(new HoldLimitPassed(order.CommunityId, order.WorkOrderId, order.RequestIds, passed.LimitAt), cancellationToken);
            return true;
        }
    }
}

/// <summary>The clocks of this order stand still again.</summary>
public sealed record HoldAgreed(Guid CommunityId, Guid WorkOrderId, IReadOnlyList<Guid> RequestIds, DateTimeOffset At) : INotification;

/// <summary>The clocks of this order go on, though it is still on hold.</summary>
/// <param name="At">The limit itself, however late it was looked at.</param>
public sealed record HoldLimitPassed(Guid CommunityId, Guid WorkOrderId, IReadOnlyList<Guid> RequestIds, DateTimeOffset At) : INotification;
