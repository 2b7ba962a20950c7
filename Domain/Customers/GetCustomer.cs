namespace PropertyServiceDesk.Domain.Customers;

/// <summary>One customer with their contact points, masked, and their occupancies, those of the past too.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record GetCustomer(Guid CustomerId) : IQuery<CustomerDetails>
{
    internal sealed class Handler(Db db) : IRequestHandler<GetCustomer, CustomerDetails>
    {
        internal const string Read = """
            select c.community_id, c.customer_id, c.name, c.language, c.preferred_channel, c.note, c.opted_out_at, c.created_at, c.erased_at, c.version
            from customer c
            where c.customer_id = @CustomerId and c.erased_at is null;

            select p.contact_point_id, p.kind, p.value, p.normalised, p.label
            from contact_point p
            where p.customer_id = @CustomerId and p.community_id = any ((select scope_communities())::uuid[])
            order by p.position, p.contact_point_id;

            select o.occupancy_id, o.place_id, h.name as place_name, h.name_en as place_name_en, h.full_code as place_code, o.role, o.from_on, o.to_on
            from occupancy o
            join place h on h.community_id = o.community_id and h.place_id = o.place_id
            where o.customer_id = @CustomerId and o.community_id = any ((select scope_communities())::uuid[])
            order by o.to_on desc nulls first, o.from_on desc, o.occupancy_id;
            """;

        public async Task<CustomerDetails> Handle(GetCustomer query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { query.CustomerId }, cancellationToken);
            var customer = await read.ReadSingleOrDefaultAsync<CustomerRow>() ?? throw new Refused.NotFound("customer");
            return new CustomerDetails(customer, [.. (await read.ReadAsync<ContactPoint>()).Select(Masked.Point)], (await read.ReadAsync<Occupancy>()).AsList());
        }
    }
}

public sealed record CustomerDetails(CustomerRow Customer, IReadOnlyList<ContactPoint> ContactPoints, IReadOnlyList<Occupancy> Occupancies);

/// <param name="OptedOutAt">Since when they are not asked for feedback.</param>
/// <param name="ErasedAt">When their personal data were erased.</param>
public sealed record CustomerRow(
    Guid CommunityId,
    Guid CustomerId,
    string Name,
    string Language,
    PreferredChannel PreferredChannel,
    string? Note,
    DateTimeOffset? OptedOutAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ErasedAt,
    int Version);

/// <param name="Value">As it was said; masked unless it was asked for in full.</param>
/// <param name="Normalised">As it is dialled or compared; masked likewise.</param>
public sealed record ContactPoint(Guid ContactPointId, ContactKind Kind, string Value, string Normalised, string? Label);

/// <param name="ToOn">The last day; null while it lasts.</param>
public sealed record Occupancy(Guid OccupancyId, Guid PlaceId, string PlaceName, string? PlaceNameEn, string PlaceCode, OccupancyRole Role, DateOnly FromOn, DateOnly? ToOn);
