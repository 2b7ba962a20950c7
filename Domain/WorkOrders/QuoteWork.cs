using FluentValidation;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>What the work will cost the owner, line by line; the total is computed. A new quote withdraws the one before it, and a consent given to that one.</summary>
/// <param name="Lines">1–50.</param>
[AllowedTo(Roles.Desk, Own = Roles.Crews)]
public sealed record QuoteWork([property: JsonIgnore] Guid WorkOrderId, IReadOnlyList<QuotedLine> Lines) : ICommand<QuoteReply>
{
    public sealed class Validator : AbstractValidator<QuoteWork>
    {
        public Validator()
        {
            RuleFor(c => c.Lines).Must(l => l.Count is >= 1 and <= 50).WithErrorCode("quote.lines_count").WithMessage("A quote has one to fifty lines.");
            RuleForEach(c => c.Lines).SetValidator(new QuotedLine.Validator());
            RuleFor(c => c.Lines).Must(l => Money.IsAmount(l.Sum(x => x.Amount))).WithErrorCode(Money.NotAnAmount).WithMessage(Money.Sentence);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, OrderMover mover) : IRequestHandler<QuoteWork, QuoteReply>
    {
        private const string Withdraw = """
            update quote
            set withdrawn_at = @Now
            where community_id = @CommunityId and work_order_id = @WorkOrderId and withdrawn_at is null and refused_at is null
            returning quote_id
            """;

        private const string Write = """
            with quoted as (
                insert into quote (community_id, quote_id, work_order_id, total, quoted_at, quoted_by)
                values (@CommunityId, @QuoteId, @WorkOrderId, @Total, @Now, @By)
            ), lined as (
                insert into quote_line (community_id, quote_id, line, name, quantity, unit, unit_price)
                select @CommunityId, @QuoteId, l.line, l.name, l.quantity, l.unit, l.unit_price
                from unnest(@Names::text[], @Quantities::numeric[], @Units::text[], @UnitPrices::numeric[]) with ordinality l (name, quantity, unit, unit_price, line)
            )
            update work_order
            set consented_amount = null, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<QuoteReply> Handle(QuoteWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            WorkOrderLifecycle.After(order.Status, WorkOrderMove.Quote);
            Paid.MustBeByOwner(order);
            var now = clock.Now();
            var withdrawn = await db.Find<Guid?>(Withdraw, new { order.CommunityId, order.WorkOrderId, Now = now }, cancellationToken);
            var id = Guid.CreateVersion7(now);
            var total = command.Lines.Sum(l => l.Amount);
            var reply = await mover.Edit(
                order,
                WorkOrderMove.Quote,
                Happening.WorkQuoted,
                Write,
                new
                {
                    order.CommunityId,
                    QuoteId = id,
                    Total = total,
                    Names = command.Lines.Select(l => l.Name).ToArray(),
                    Quantities = command.Lines.Select(l => l.Quantity).ToArray(),
                    Units = command.Lines.Select(l => l.Unit).ToArray(),
                    UnitPrices = command.Lines.Select(l => l.UnitPrice).ToArray(),
                },
                new { quoteId = id, total, lines = command.Lines.Count, withdrawnQuoteId = withdrawn, by = caller.Actor.Id },
                null,
                cancellationToken);
            return QuoteReply.Of(id, total, reply);
        }
    }
}

/// <param name="Quantity">Above 0, at most 999,999, three decimals.</param>
/// <param name="UnitPrice">In the community's currency.</param>
public sealed record QuotedLine(string Name, decimal Quantity, string Unit, decimal UnitPrice)
{
    /// <summary>Rounded to cents, half away from zero, line by line: as on paper.</summary>
    internal decimal Amount => decimal.Round(Math.Clamp(Quantity, 0, 1_000_000m) * Math.Clamp(UnitPrice, 0, 100_000_000m), 2, MidpointRounding.AwayFromZero);

    internal sealed class Validator : AbstractValidator<QuotedLine>
    {
        public Validator()
        {
            RuleFor(l => l.Name).PlainText(100);
            RuleFor(l => l.Unit).PlainText(20);
            RuleFor(l => l.Quantity).Must(q => q is > 0 and <= 999_999m && decimal.Round(q, 3) == q).WithErrorCode("quantity.out_of_range").WithMessage("A quantity is above 0 and at most 999,999, with three decimals at most.");
            RuleFor(l => l.UnitPrice).Must(Money.IsAmount).WithErrorCode(Money.NotAnAmount).WithMessage(Money.Sentence);
        }
    }
}

/// <summary>A quote, and its order as it stands now.</summary>
public sealed record QuoteReply(Guid QuoteId, decimal Total, Guid WorkOrderId, long Number, WorkOrderStatus Status, int Version, IReadOnlyList<WorkOrderMove> AllowedMoves)
{
    internal static QuoteReply Of(Guid quoteId, decimal total, WorkOrderReply order) =>
        new(quoteId, total, order.WorkOrderId, order.Number, order.Status, order.Version, order.AllowedMoves);
}

/// <summary>The owner says yes to a quote, up to an amount.</summary>
/// <param name="ConsentedBy">Who said so: 1–100 characters.</param>
/// <param name="Amount">At most the quote's total; the final amount never exceeds it.</param>
/// <param name="ConsentedAt">When, if earlier than now: not before the quote.</param>
[AllowedTo(Roles.Desk | Roles.System, Own = Roles.Crews)]
public sealed record ConsentToQuote(
    [property: JsonIgnore] Guid WorkOrderId, [property: JsonIgnore] Guid QuoteId, string ConsentedBy, decimal Amount, Channel Channel, DateTimeOffset? ConsentedAt = null) : ICommand<QuoteReply>
{
    public sealed class Validator : AbstractValidator<ConsentToQuote>
    {
        public Validator()
        {
            RuleFor(c => c.ConsentedBy).PlainText(100);
            RuleFor(c => c.Amount).Must(Money.IsAmount).WithErrorCode(Money.NotAnAmount).WithMessage(Money.Sentence);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, OrderMover mover) : IRequestHandler<ConsentToQuote, QuoteReply>
    {
        private const string Write = """
            with consented as (
                update quote
                set consented_at = @ConsentedAt, consented_by = @ConsentedBy, consented_amount = @Amount, consent_channel = @Channel, consent_recorded_by = @By
                where quote_id = @QuoteId
            )
            update work_order
            set consented_amount = @Amount, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<QuoteReply> Handle(ConsentToQuote command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var quote = await LockedQuote.Unanswered(db, order, command.QuoteId, cancellationToken);
            Paid.MustBeByOwner(order);
            if (command.Amount > quote.Total)
            {
                throw new Refused.Invalid("quote.consent_above_total", "Consent is to the quote's total or to less.", "amount");
            }

            var now = clock.Now();
            var at = command.ConsentedAt ?? now;
            if (at > now || at < quote.QuotedAt)
            {
                throw new Refused.Invalid("quote.consented_at_out_of_range", "Consent is given after the quote and not in the future.", "consentedAt");
            }

            var reply = await mover.Edit(
                order,
                WorkOrderMove.Consent,
                Happening.QuoteConsented,
                Write,
                new { command.QuoteId, command.ConsentedBy, command.Amount, command.Channel, ConsentedAt = at },
                new { command.QuoteId, command.Amount, command.Channel, consentedAt = at },
                command.ConsentedBy,
                cancellationToken);
            return QuoteReply.Of(command.QuoteId, quote.Total, reply);
        }
    }
}

/// <summary>The owner says no to a quote. Another one can be made, or the work voided or paid otherwise.</summary>
/// <param name="RefusedBy">Who said so: 1–100 characters.</param>
/// <param name="Reason">At most 1,000 characters.</param>
[AllowedTo(Roles.Desk | Roles.System, Own = Roles.Crews)]
public sealed record RefuseQuote([property: JsonIgnore] Guid WorkOrderId, [property: JsonIgnore] Guid QuoteId, string RefusedBy, string? Reason = null) : ICommand<QuoteReply>
{
    public sealed class Validator : AbstractValidator<RefuseQuote>
    {
        public Validator()
        {
            RuleFor(c => c.RefusedBy).PlainText(100);
            RuleFor(c => c.Reason).OptionalPlainText(1000);
        }
    }

    internal sealed class Handler(Db db, OrderMover mover) : IRequestHandler<RefuseQuote, QuoteReply>
    {
        private const string Write = """
            with refused as (
                update quote
                set refused_at = @Now
                where quote_id = @QuoteId
            )
            update work_order
            set version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<QuoteReply> Handle(RefuseQuote command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var quote = await LockedQuote.Unanswered(db, order, command.QuoteId, cancellationToken);
            var words = command.Reason is { } reason ? command.RefusedBy + ": " + reason : command.RefusedBy;
            var reply = await mover.Edit(order, WorkOrderMove.Consent, Happening.QuoteRefused, Write, new { command.QuoteId }, new { command.QuoteId }, words, cancellationToken);
            return QuoteReply.Of(command.QuoteId, quote.Total, reply);
        }
    }
}

/// <summary>A quote of a locked order, locked after it.</summary>
internal sealed record LockedQuote(decimal Total, DateTimeOffset QuotedAt, DateTimeOffset? WithdrawnAt, DateTimeOffset? ConsentedAt, DateTimeOffset? RefusedAt)
{
    private const string Read = """
        select total, quoted_at, withdrawn_at, consented_at, refused_at
        from quote
        where community_id = @CommunityId and work_order_id = @WorkOrderId and quote_id = @QuoteId
        for no key update
        """;

    /// <exception cref="Refused.NotFound">There is none of this order.</exception>
    /// <exception cref="Refused.Conflict">Another one was made since, or the owner has answered.</exception>
    public static async Task<LockedQuote> Unanswered(Db db, LockedOrder order, Guid quoteId, CancellationToken ct)
    {
        var quote = await db.Find<LockedQuote>(Read, new { order.CommunityId, order.WorkOrderId, QuoteId = quoteId }, ct) ?? throw new Refused.NotFound("quote");
        WorkOrderLifecycle.After(order.Status, WorkOrderMove.Consent);
        return quote switch
        {
            { WithdrawnAt: not null } => throw new Refused.Conflict("quote.withdrawn", "Another quote was made since. Ask about that one."),
            { ConsentedAt: not null } or { RefusedAt: not null } => throw new Refused.Conflict("quote.answered_already", "The owner has answered this quote already."),
            _ => quote,
        };
    }
}

/// <summary>What the owner really pays; never above what they consented to. Can be put right while the order is done.</summary>
[AllowedTo(Roles.Desk, Own = Roles.CrewLead)]
public sealed record SetFinalAmount([property: JsonIgnore] Guid WorkOrderId, decimal Amount, int? Version = null) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<SetFinalAmount>
    {
        public Validator() => RuleFor(c => c.Amount).Must(Money.IsAmount).WithErrorCode(Money.NotAnAmount).WithMessage(Money.Sentence);
    }

    internal sealed class Handler(Caller caller, OrderMover mover) : IRequestHandler<SetFinalAmount, WorkOrderReply>
    {
        private const string Write = """
            update work_order
            set final_amount = @Amount, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(SetFinalAmount command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            caller.MustKnowVersion("work_order", order.Version, command.Version);
            WorkOrderLifecycle.After(order.Status, WorkOrderMove.SetFinalAmount);
            Paid.Check(order, command.Amount);
            return await mover.Edit(order, WorkOrderMove.SetFinalAmount, Happening.FinalAmountSet, Write, new { command.Amount }, new { command.Amount }, null, cancellationToken);
        }
    }
}

/// <summary>Why the first repair did not hold: the desk's judgement, which counts in the reports.</summary>
[AllowedTo(Roles.Desk)]
public sealed record ChooseReworkCause([property: JsonIgnore] Guid WorkOrderId, ReworkCause Cause, string? Words = null) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<ChooseReworkCause>
    {
        public Validator() => RuleFor(c => c.Words).OptionalPlainText(1000);
    }

    internal sealed class Handler(OrderMover mover) : IRequestHandler<ChooseReworkCause, WorkOrderReply>
    {
        private const string Write = """
            update work_order
            set rework_cause = @Cause, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(ChooseReworkCause command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            WorkOrderLifecycle.After(order.Status, WorkOrderMove.ChooseReworkCause);
            if (order.ReworkOfId is null)
            {
                throw new Refused.Conflict("work_order.not_a_rework", "This order does not rework another one.");
            }

            return await mover.Edit(
                order, WorkOrderMove.ChooseReworkCause, Happening.ReworkCauseChosen, Write, new { command.Cause }, new { command.Cause }, command.Words, cancellationToken, Visibility.Crew);
        }
    }
}
