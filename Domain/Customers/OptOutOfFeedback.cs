namespace PropertyServiceDesk.Domain.Customers;

/// <summary>A customer does not want to be asked how it went, or wants to be asked again. What is asked already is not taken back.</summary>
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

        public async Task<CustomerReply> Handle(OptOutOfFeedback command, CancellationToken cancellationToken)
        {
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken);
            caller.MustNotBeStale("customer", customer.Version);
            if (customer.OptedOutAt is not null == command.OptedOut)
            {
                throw new Refused.Conflict("customer.opt_out_unchanged", command.OptedOut ? "The customer has opted out already." : "The customer has not opted out.");
            }

            await db.Run(Write, new { customer.CustomerId, At = command.OptedOut ? clock.Now() : (DateTimeOffset?)null }, cancellationToken);
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
