using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>Work cannot go on, for a reason, until a time. Clocks stand still until the limit that the policy gives this reason; a reason without one stops none until a manager agrees.</summary>
/// <remarks>A visit before an appointment that finds nobody at home is none: the arrival is taken back, and the appointment is still to be kept.</remarks>
/// <param name="WakeAt">When to look again: in the future, at most 90 days ahead.</param>
/// <param name="Evidence">Needed for an absent customer: <c>call</c>, with <c>calledAt</c>, or <c>photo</c>: one of purpose <c>evidence</c> that was added to this order since its last such hold.</param>
/// <param name="CalledAt">When the customer was rung in vain: since the order was given to this crew and its last such hold, and not in the future; a telephone's clock may be five minutes ahead.</param>
[AllowedTo(Roles.Officers | Roles.System, Own = Roles.Crews | Roles.Clerk)]
public sealed record HoldWork([property: JsonIgnore] Guid WorkOrderId, HoldReason Reason, DateTimeOffset WakeAt, string? Note = null, HoldEvidence? Evidence = null, DateTimeOffset? CalledAt = null) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<HoldWork>
    {
        public Validator()
        {
            RuleFor(c => c.Note).OptionalPlainText(1000);
            RuleFor(c => c.Note).NotNull().When(c => c.Reason == HoldReason.Other).WithErrorCode("hold.reason_needs_words").WithMessage("Say what the other reason is.");
            RuleFor(c => c.Evidence).NotNull().When(c => c.Reason == HoldReason.Customer).WithErrorCode("hold.needs_evidence").WithMessage("For an absent customer, say whether you called or took a photo.");
            RuleFor(c => c.CalledAt).NotNull().When(c => c.Reason == HoldReason.Customer && c.Evidence == HoldEvidence.Call).WithErrorCode("hold.call_needs_time").WithMessage("Say when you rang the customer.");
            RuleFor(c => c.CalledAt).Null().When(c => c.Reason != HoldReason.Customer || c.Evidence != HoldEvidence.Call).WithErrorCode("hold.no_call").WithMessage("The time of a call goes with a call.");
        }
    }

    internal sealed class Handler(TimeProvider clock, Caller caller, OrderMover mover, HoldLimits limits, HoldEvidenceCheck evidence, EarlyVisits early) : IRequestHandler<HoldWork, WorkOrderReply>
    {
        private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(90);

        private const string Write = """
            with held as (
                insert into hold (community_id, hold_id, work_order_id, reason, note, evidence, called_at, from_at, wake_at, limit_at, limit_passed_at)
                values (@CommunityId, @HoldId, @WorkOrderId, @Reason, @Note, @Evidence, @CalledAt, @At, @WakeAt, @LimitAt, case when @LimitAt::timestamptz <= @At then @At end)
            ), told as (
                insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_role, template, detail, created_at, send_after)
                select @CommunityId, @MessageId, 'holdLimit:' || @HoldId, 'role', 'manager', 'holdLimit', json_build_object('workOrderId', @WorkOrderId::uuid, 'limitAt', @At), @Now, @Now
                where @UsedUp
                on conflict on constraint message_once_a_cause do nothing
            )
            update work_order
            set status = @To, arrived_at = case when not @TooEarly then arrived_at end, version = version + 1
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
            var limit = await limits.Of(order.CommunityId, order.WorkOrderId, command.Reason, order.Occurred(caller, now), cancellationToken);
            if (command.Reason == HoldReason.Customer)
            {
                await evidence.MustBeThere(order, command.Evidence!.Value, command.CalledAt, now, cancellationToken);
            }

            var tooEarly = command.Reason == HoldReason.Customer && await early.WasOne(order, order.Occurred(caller, now), cancellationToken);
            return await mover.Move(
                order,
                WorkOrderMove.Hold,
                Happening.WorkHeld,
                Write,
                new { order.CommunityId, HoldId = Guid.CreateVersion7(now), command.Reason, command.Note, command.Evidence, command.CalledAt, command.WakeAt, LimitAt = limit.At, limit.UsedUp, TooEarly = tooEarly, MessageId = Guid.CreateVersion7(now) },
                new { command.Reason, command.WakeAt, command.Evidence, command.CalledAt, limitAt = limit.At, limitUsedUp = limit.UsedUp ? true : (bool?)null, arrivalTakenBack = tooEarly ? true : (bool?)null },
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

/// <summary>That nobody was at home is shown, not only said, and each time anew: the order's last hold for an absent customer used up what there was until then.</summary>
internal sealed class HoldEvidenceCheck(Db db)
{
    private const string Read = """
        select greatest(o.assigned_at, o.dispatched_at, o.created_at) as given_at, x.last_at,
            exists (
                select from attachment a
                where a.community_id = o.community_id and a.work_order_id = o.work_order_id and a.purpose = 'evidence' and a.removed_at is null
                  and (x.last_at is null or a.uploaded_at > x.last_at)) as photo
        from work_order o
        left join lateral (
            select max(h.from_at) as last_at
            from hold h
            where h.community_id = o.community_id and h.work_order_id = o.work_order_id and h.reason = 'customer') x on true
        where o.community_id = @CommunityId and o.work_order_id = @WorkOrderId
        """;

    /// <summary>A telephone's clock may be ahead of ours.</summary>
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromMinutes(5);

    /// <summary>People say a time to the minute.</summary>
    private static readonly TimeSpan WholeMinutes = TimeSpan.FromMinutes(1);

    private sealed record Row(DateTimeOffset GivenAt, DateTimeOffset? LastAt, bool Photo);

    /// <exception cref="Refused.Conflict">There is no such photo.</exception>
    /// <exception cref="Refused.Invalid">The call cannot have been about this visit.</exception>
    public async Task MustBeThere(LockedOrder order, HoldEvidence evidence, DateTimeOffset? calledAt, DateTimeOffset now, CancellationToken ct)
    {
        var row = await db.Single<Row>(Read, new { order.CommunityId, order.WorkOrderId }, ct);
        if (evidence == HoldEvidence.Photo && !row.Photo)
        {
            throw new Refused.Conflict("hold.photo_missing", "There is no photo of this visit: add one as evidence first.");
        }

        if (evidence == HoldEvidence.Call && (calledAt > now + ClocksDiffer || calledAt <= row.GivenAt - WholeMinutes || calledAt <= row.LastAt))
        {
            throw new Refused.Invalid("hold.call_out_of_range", "The call was made since the order was given to you and since its last such hold, and not in the future.", "calledAt");
        }
    }
}
