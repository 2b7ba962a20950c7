using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>Work cannot go on, for a reason, until a time. Clocks stand still until the limit that the policy gives this reason; a reason without one stops none until a manager agrees.</summary>
/// <param name="WakeAt">When to look again: in the future, at most 90 days ahead.</param>
/// <param name="Evidence">Needed for an absent customer: a call was tried, or a photo was taken.</param>
[AllowedTo(Roles.Officers | Roles.System, Own = Roles.Crews | Roles.Clerk)]
public sealed record HoldWork([property: JsonIgnore] Guid WorkOrderId, HoldReason Reason, DateTimeOffset WakeAt, string? Note = null, HoldEvidence? Evidence = null) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<HoldWork>
    {
        public Validator()
        {
            RuleFor(c => c.Note).OptionalPlainText(1000);
            RuleFor(c => c.Note).NotNull().When(c => c.Reason == HoldReason.Other).WithErrorCode("hold.reason_needs_words").WithMessage("Say what the other reason is.");
            RuleFor(c => c.Evidence).NotNull().When(c => c.Reason == HoldReason.Customer).WithErrorCode("hold.needs_evidence").WithMessage("For an absent customer, say whether you called or took a photo.");
        }
    }

    internal sealed class Handler(TimeProvider clock, Caller caller, OrderMover mover, HoldLimits limits) : IRequestHandler<HoldWork, WorkOrderReply>
    {
        private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(90);

        private const string Write = """
            with held as (
                insert into hold (community_id, hold_id, work_order_id, reason, note, evidence, from_at, wake_at, limit_at, limit_passed_at)
                values (@CommunityId, @HoldId, @WorkOrderId, @Reason, @Note, @Evidence, @At, @WakeAt, @LimitAt, case when @LimitAt::timestamptz <= @At then @At end)
            )
            update work_order
            set status = @To, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(HoldWork command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            if (command.WakeAt <= now || command.WakeAt > now + FarthestAhead)
            {
                throw new Refused.Invalid("hold.wake_at_out_of_range", "Wake up in the future, within 90 days.", "wakeAt");
            }

            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var limit = await limits.Of(order.CommunityId, command.Reason, order.Occurred(caller, now), cancellationToken);
            return await mover.Move(
                order,
                WorkOrderMove.Hold,
                Happening.WorkHeld,
                Write,
                new { order.CommunityId, HoldId = Guid.CreateVersion7(now), command.Reason, command.Note, command.Evidence, command.WakeAt, LimitAt = limit },
                new { command.Reason, command.WakeAt, command.Evidence, limitAt = limit },
                command.Note,
                cancellationToken);
        }
    }
}

/// <summary>The hold is over: back to work, or back to accepted where nobody had arrived yet.</summary>
[AllowedTo(Roles.Officers | Roles.System, Own = Roles.Crews | Roles.Clerk)]
public sealed record ResumeWork([property: JsonIgnore] Guid WorkOrderId) : ICommand<WorkOrderReply>
{
    internal sealed class Handler(OrderMover mover) : IRequestHandler<ResumeWork, WorkOrderReply>
    {
        private const string Write = """
            with woken as (
                update hold set until_at = greatest(@At, from_at) where work_order_id = @WorkOrderId and until_at is null
            )
            update work_order
            set status = @To, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(ResumeWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var move = order.ArrivedAt is null ? WorkOrderMove.ResumeBeforeArrival : WorkOrderMove.Resume;
            return await mover.Move(order, move, Happening.WorkResumed, Write, null, null, null, cancellationToken);
        }
    }
}
