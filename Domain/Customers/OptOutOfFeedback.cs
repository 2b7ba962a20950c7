namespace PropertyServiceDesk.Domain.Customers;

/// <summary>
/// A customer does not want to be asked how it went, or wants to be asked again. Who is being asked just now is neither reminded nor rung
/// any more: the chaser ends the round as not asked, by this rule.
/// </summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record OptOutOfFeedback([property: JsonIgnore] Guid CustomerId, bool OptedOut) : ICommand<CustomerReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<OptOutOfFeedback, CustomerReply>
    {
        private const string Write = """
            update customer
            set opted_out_at = @At, version = version + 1
            where customer_id = @CustomerId
            """;

        private const string AskNoMore = """
            update feedback f
            set next_check_at = @Now
            from request r
            where r.community_id = @CommunityId and r.customer_id = @CustomerId and f.community_id = r.community_id and f.request_id = r.request_id and f.ended_at is null
            """;

        public async Task<CustomerReply> Handle(OptOutOfFeedback command, CancellationToken cancellationToken)
        {
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken);
            caller.MustNotBeStale("customer", customer.Version);
            if (customer.OptedOutAt is not null == command.OptedOut)
            {
                throw new Refused.Conflict("customer.opt_out_unchanged", command.OptedOut ? "The customer has opted out already." : "The customer has not opted out.");
            }

            var now = clock.Now();
            await db.Run(Write, new { customer.CustomerId, At = command.OptedOut ? now : (DateTimeOffset?)null }, cancellationToken);
            if (command.OptedOut)
            {
                await db.Run(AskNoMore, new { customer.CommunityId, customer.CustomerId, Now = now }, cancellationToken);
            }

            log.Write(
                customer.CommunityId,
                SubjectKind.Customer,
                customer.CustomerId,
                command.OptedOut ? Happening.CustomerOptedOut : Happening.CustomerOptedIn,
                visibility: Visibility.Desk);
            return customer.Reply;
        }
    }
}
