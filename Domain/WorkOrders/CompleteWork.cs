using FluentValidation;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>The crew says that the job is done, and what was done; the owner will be asked whether it is.</summary>
/// <param name="WhatWasDone">1–4,000 characters; the owner reads it.</param>
/// <param name="Cause">What was wrong: at most 1,000 characters; the owner reads it not.</param>
/// <param name="Materials">At most 50 lines.</param>
/// <param name="FinalAmount">For work that the owner pays: never above what the owner consented to.</param>
[AllowedTo(Roles.Officers | Roles.System, Own = Roles.Crews | Roles.Clerk)]
public sealed record CompleteWork(
    [property: JsonIgnore] Guid WorkOrderId, string WhatWasDone, string? Cause = null, IReadOnlyList<MaterialUsed>? Materials = null, decimal? FinalAmount = null) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<CompleteWork>
    {
        public Validator()
        {
            RuleFor(c => c.WhatWasDone).PlainText(4000);
            RuleFor(c => c.Cause).OptionalPlainText(1000);
            RuleFor(c => c.Materials).Must(m => m is null || m.Count <= 50).WithErrorCode("materials.count").WithMessage("At most 50 lines of material.");
            RuleForEach(c => c.Materials).SetValidator(new MaterialUsed.Validator());
            RuleFor(c => c.FinalAmount).Must(Money.IsAmount).WithErrorCode(Money.NotAnAmount).WithMessage(Money.Sentence);
        }
    }

    internal sealed class Handler(Db db, OrderMover mover) : IRequestHandler<CompleteWork, WorkOrderReply>
    {
        private const string Photos = """
            select unnest(c.demands_photos)
            from category c
            where c.community_id = @CommunityId and c.category_id = @CategoryId
            except
            select a.purpose
            from attachment a
            where a.community_id = @CommunityId and a.work_order_id = @WorkOrderId and a.removed_at is null
            order by 1
            """;

        private const string Write = """
            with used as (
                insert into material (community_id, work_order_id, line, name, quantity, unit, unit_price)
                select @CommunityId, @WorkOrderId, m.line, m.name, m.quantity, m.unit, m.unit_price
                from unnest(@Names::text[], @Quantities::numeric[], @Units::text[], @UnitPrices::numeric[]) with ordinality m (name, quantity, unit, unit_price, line)
            )
            update work_order
            set status = @To, done_at = @At, done_what = @WhatWasDone, cause = @Cause, final_amount = @FinalAmount, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(CompleteWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            WorkOrderLifecycle.After(order.Status, WorkOrderMove.Complete); // the state says no before photos or money do
            Paid.Check(order, command.FinalAmount);
            var missing = await db.List<string>(Photos, new { order.CommunityId, order.CategoryId, order.WorkOrderId }, cancellationToken);
            if (missing.Count > 0)
            {
                throw new Refused.Conflict("work_order.photos_missing", $"This category demands photos that are not there yet: {string.Join(", ", missing)}.");
            }

            var materials = command.Materials ?? [];
            return await mover.Move(
                order,
                WorkOrderMove.Complete,
                Happening.WorkCompleted,
                Write,
                new
                {
                    order.CommunityId,
                    command.WhatWasDone,
                    command.Cause,
                    command.FinalAmount,
                    Names = materials.Select(m => m.Name).ToArray(),
                    Quantities = materials.Select(m => m.Quantity).ToArray(),
                    Units = materials.Select(m => m.Unit).ToArray(),
                    UnitPrices = materials.Select(m => m.UnitPrice).ToArray(),
                },
                new { materials = materials.Count, command.FinalAmount },
                command.WhatWasDone,
                cancellationToken);
        }
    }
}

/// <param name="Quantity">Above 0, at most 999,999, three decimals.</param>
/// <param name="UnitPrice">In the community's currency; leave out where nobody counts it.</param>
public sealed record MaterialUsed(string Name, decimal Quantity, string Unit, decimal? UnitPrice = null)
{
    internal sealed class Validator : AbstractValidator<MaterialUsed>
    {
        public Validator()
        {
            RuleFor(m => m.Name).PlainText(100);
            RuleFor(m => m.Unit).PlainText(20);
            RuleFor(m => m.Quantity).Must(q => q is > 0 and <= 999_999m && decimal.Round(q, 3) == q).WithErrorCode("quantity.out_of_range").WithMessage("A quantity is above 0 and at most 999,999, with three decimals at most.");
            RuleFor(m => m.UnitPrice).Must(Money.IsAmount).WithErrorCode(Money.NotAnAmount).WithMessage(Money.Sentence);
        }
    }
}

/// <summary>Amounts: 0 to 99,999,999.99 in the community's currency, two decimals.</summary>
internal static class Money
{
    public const string NotAnAmount = "amount.out_of_range";
    public const string Sentence = "An amount is between 0 and 99,999,999.99, with two decimals at most.";

    public static bool IsAmount(decimal? amount) => amount is null || (amount is >= 0 and <= 99_999_999.99m && decimal.Round(amount.Value, 2) == amount.Value);

    public static bool IsAmount(decimal amount) => IsAmount((decimal?)amount);
}

/// <summary>Paid work: not before consent, never above it; rework is free.</summary>
internal static class Paid
{
    /// <exception cref="Refused.Conflict">The order is rework, which is free, or somebody else pays.</exception>
    public static void MustBeByOwner(LockedOrder order)
    {
        if (order.ReworkOfId is not null)
        {
            throw new Refused.Conflict("work_order.rework_is_free", "Rework is free.");
        }

        if (order.Payer != Payer.Owner)
        {
            throw new Refused.Conflict("work_order.not_paid_by_owner", "The owner does not pay for this order.");
        }
    }

    public static void Check(LockedOrder order, decimal? finalAmount)
    {
        if (order.Payer != Payer.Owner)
        {
            if (finalAmount is > 0)
            {
                throw new Refused.Conflict("work_order.not_paid_by_owner", "The owner does not pay for this order.");
            }

            return;
        }

        if (order.ConsentedAmount is not { } consented)
        {
            throw new Refused.Conflict("work_order.no_consent", "The owner pays for this order, and has not consented to an amount yet.");
        }

        if (finalAmount > consented)
        {
            throw new Refused.Conflict("work_order.amount_above_consent", "The final amount is above what the owner consented to.");
        }
    }
}
