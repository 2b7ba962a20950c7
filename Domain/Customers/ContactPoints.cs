namespace PropertyServiceDesk.Domain.Customers;

/// <summary>One more way to reach a customer, after those that are there: at most 10.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record AddContactPoint([property: JsonIgnore] Guid CustomerId, ContactKind Kind, string Value, string? Label = null) : ICommand<ContactPointReply>, IContactPoint
{
    internal sealed class Validator : ContactPointRules<AddContactPoint>;

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<AddContactPoint, ContactPointReply>
    {
        private const string Count = """
            select count(*)
            from contact_point
            where community_id = @CommunityId and customer_id = @CustomerId
            """;

        private const string Write = """
            insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised, label, position)
            select @CommunityId, @ContactPointId, @CustomerId, @Kind, @Value, @Normalised, @Label, coalesce(max(position) + 1, 0)
            from contact_point
            where community_id = @CommunityId and customer_id = @CustomerId
            """;

        public async Task<ContactPointReply> Handle(AddContactPoint command, CancellationToken cancellationToken)
        {
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken);
            caller.MustNotBeStale("customer", customer.Version);
            if (await db.Single<long>(Count, new { customer.CommunityId, customer.CustomerId }, cancellationToken) >= RegisterCustomer.MostContactPoints)
            {
                throw new Refused.Conflict("contact_points.count", "There are 10 contact points already: take one away first.");
            }

            var id = Guid.CreateVersion7(clock.Now());
            var normalised = command.Normalised();
            try
            {
                await db.Run(
                    Write,
                    new { customer.CommunityId, ContactPointId = id, customer.CustomerId, command.Kind, command.Value, Normalised = normalised, command.Label },
                    cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "contact_point_is_unique" })
            {
                throw new Refused.Conflict("contact_point.known_already", "The customer has this contact point already.");
            }

            await customer.RaiseVersion(db, cancellationToken);
            await CustomerTokens.Rewrite(db, customer.CommunityId, customer.CustomerId, customer.Name, cancellationToken);
            log.Write(customer.CommunityId, SubjectKind.Customer, customer.CustomerId, Happening.ContactPointsChanged, new { added = id, command.Kind }, normalised, Visibility.Desk);
            return new ContactPointReply(customer.CustomerId, id, customer.Version + 1);
        }
    }
}

/// <param name="Version">The customer's.</param>
public sealed record ContactPointReply(Guid CustomerId, Guid ContactPointId, int Version);

/// <summary>A way to reach a customer that leads nowhere any more.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record RemoveContactPoint([property: JsonIgnore] Guid CustomerId, [property: JsonIgnore] Guid ContactPointId) : ICommand<CustomerReply>
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<RemoveContactPoint, CustomerReply>
    {
        private const string Delete = """
            delete from contact_point
            where community_id = @CommunityId and customer_id = @CustomerId and contact_point_id = @ContactPointId
            returning normalised
            """;

        public async Task<CustomerReply> Handle(RemoveContactPoint command, CancellationToken cancellationToken)
        {
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken);
            caller.MustNotBeStale("customer", customer.Version);

            var removed = await db.Find<string>(Delete, new { customer.CommunityId, customer.CustomerId, command.ContactPointId }, cancellationToken)
                ?? throw new Refused.NotFound("contact_point");
            await customer.RaiseVersion(db, cancellationToken);
            await CustomerTokens.Rewrite(db, customer.CommunityId, customer.CustomerId, customer.Name, cancellationToken);
            log.Write(customer.CommunityId, SubjectKind.Customer, customer.CustomerId, Happening.ContactPointsChanged, new { removed = command.ContactPointId }, removed, Visibility.Desk);
            return customer.Reply;
        }
    }
}
