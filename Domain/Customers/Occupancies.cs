using FluentValidation;

namespace PropertyServiceDesk.Domain.Customers;

/// <summary>A customer moves in, or becomes the owner.</summary>
/// <param name="FromOn">Today in the community where it is left out; not in the future, not before 1900.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record BeginOccupancy([property: JsonIgnore] Guid CustomerId, Guid PlaceId, OccupancyRole Role, DateOnly? FromOn = null) : ICommand<OccupancyReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<BeginOccupancy, OccupancyReply>
    {
        private const string Read = """
            select (select count(*) from occupancy o where o.community_id = @CommunityId and o.customer_id = @CustomerId and o.to_on is null) as homes,
                exists (select from place p where p.community_id = @CommunityId and p.place_id = @PlaceId and p.retired_at is null) as place_in_use
            """;

        private const string Write = """
            insert into occupancy (community_id, occupancy_id, customer_id, place_id, role, from_on)
            values (@CommunityId, @OccupancyId, @CustomerId, @PlaceId, @Role, @FromOn)
            """;

        private sealed record Row(long Homes, bool PlaceInUse);

        public async Task<OccupancyReply> Handle(BeginOccupancy command, CancellationToken cancellationToken)
        {
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken);
            caller.MustNotBeStale("customer", customer.Version);
            var now = clock.Now();
            var today = OccupancyDays.Today(customer.TimeZone, now);
            OccupancyDays.Check(command.FromOn, today, "fromOn");

            var row = await db.Single<Row>(Read, new { customer.CommunityId, customer.CustomerId, command.PlaceId }, cancellationToken);
            if (!row.PlaceInUse)
            {
                throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "placeId");
            }

            if (row.Homes >= RegisterCustomer.MostOccupancies)
            {
                throw new Refused.Conflict("occupancies.count", "There are 20 occupancies already: end one first.");
            }

            var id = Guid.CreateVersion7(now);
            var from = command.FromOn ?? today;
            try
            {
                await db.Run(Write, new { customer.CommunityId, OccupancyId = id, customer.CustomerId, command.PlaceId, command.Role, FromOn = from }, cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: "place_in_use" })
            {
                throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "placeId");
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "occupancy_is_unique" })
            {
                throw new Refused.Conflict("occupancy.known_already", "The customer is known there in this role already.");
            }

            await customer.RaiseVersion(db, cancellationToken);
            await CustomerTokens.Rewrite(db, customer.CommunityId, customer.CustomerId, customer.Name, cancellationToken);
            log.Write(
                customer.CommunityId, SubjectKind.Customer, customer.CustomerId, Happening.OccupancyBegan, new { occupancyId = id, command.PlaceId, command.Role, fromOn = from }, visibility: Visibility.Desk);
            return new OccupancyReply(customer.CustomerId, id, customer.Version + 1);
        }
    }
}

/// <param name="Version">The customer's.</param>
public sealed record OccupancyReply(Guid CustomerId, Guid OccupancyId, int Version);

/// <summary>A customer moves out, or has sold. They stay known; their home does not find them any more.</summary>
/// <param name="ToOn">Today in the community where it is left out; not before the beginning, not in the future.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record EndOccupancy([property: JsonIgnore] Guid CustomerId, [property: JsonIgnore] Guid OccupancyId, DateOnly? ToOn = null) : ICommand<CustomerReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<EndOccupancy, CustomerReply>
    {
        private const string Read = """
            select place_id, from_on, to_on
            from occupancy
            where community_id = @CommunityId and customer_id = @CustomerId and occupancy_id = @OccupancyId
            """;

        private const string Write = """
            update occupancy
            set to_on = @ToOn
            where community_id = @CommunityId and occupancy_id = @OccupancyId
            """;

        private sealed record Row(Guid PlaceId, DateOnly FromOn, DateOnly? ToOn);

        public async Task<CustomerReply> Handle(EndOccupancy command, CancellationToken cancellationToken)
        {
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken);
            caller.MustNotBeStale("customer", customer.Version);
            var row = await db.Find<Row>(Read, new { customer.CommunityId, customer.CustomerId, command.OccupancyId }, cancellationToken) ?? throw new Refused.NotFound("occupancy");
            if (row.ToOn is not null)
            {
                throw new Refused.Conflict("occupancy.ended_already", "This occupancy has ended already.");
            }

            var today = OccupancyDays.Today(customer.TimeZone, clock.Now());
            OccupancyDays.Check(command.ToOn, today, "toOn");
            var to = command.ToOn ?? today;
            if (to < row.FromOn)
            {
                throw new Refused.Invalid("occupancy.ends_before_it_begins", "An occupancy cannot end before it begins.", "toOn");
            }

            await db.Run(Write, new { customer.CommunityId, command.OccupancyId, ToOn = to }, cancellationToken);
            await customer.RaiseVersion(db, cancellationToken);
            await CustomerTokens.Rewrite(db, customer.CommunityId, customer.CustomerId, customer.Name, cancellationToken);
            log.Write(
                customer.CommunityId, SubjectKind.Customer, customer.CustomerId, Happening.OccupancyEnded, new { command.OccupancyId, row.PlaceId, toOn = to }, visibility: Visibility.Desk);
            return customer.Reply;
        }
    }
}
