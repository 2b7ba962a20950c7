using System.ComponentModel.DataAnnotations;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Customers;

/// <summary>A person whom the community did not know yet, with how to reach them and where they live.</summary>
/// <param name="Name">1–100 characters.</param>
/// <param name="Language">In which they are written to: <c>zh-CN</c> or <c>en</c>.</param>
/// <param name="Note">At most 2,000 characters; the desk reads it.</param>
/// <param name="ContactPoints">At most 10, in the order in which they are tried.</param>
/// <param name="Occupancies">At most 20.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record RegisterCustomer(
    Guid CommunityId,
    string Name,
    IReadOnlyList<NewContactPoint>? ContactPoints = null,
    IReadOnlyList<NewOccupancy>? Occupancies = null,
    [property: AllowedValues("zh-CN", "en")] string Language = "zh-CN",
    PreferredChannel PreferredChannel = PreferredChannel.Phone,
    string? Note = null) : ICommand<CustomerReply>
{
    public const int MostContactPoints = 10;
    public const int MostOccupancies = 20;

    public sealed class Validator : AbstractValidator<RegisterCustomer>
    {
        public Validator()
        {
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Language).Must(l => l is "zh-CN" or "en").WithErrorCode("language.unknown").WithMessage("Languages are zh-CN and en.");
            RuleFor(c => c.Note).OptionalPlainText(2000);
            RuleFor(c => c.ContactPoints).Must(p => p is null || p.Count <= MostContactPoints).WithErrorCode("contact_points.count").WithMessage("At most 10 contact points.");
            RuleForEach(c => c.ContactPoints).SetValidator(new NewContactPoint.Validator());
            RuleFor(c => c.Occupancies).Must(o => o is null || o.Count <= MostOccupancies).WithErrorCode("occupancies.count").WithMessage("At most 20 occupancies.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<RegisterCustomer, CustomerReply>
    {
        private const string Read = """
            select m.time_zone
            from community m
            where m.community_id = @CommunityId;

            select p.place_id, p.full_code
            from place p
            where p.community_id = @CommunityId and p.place_id = any (@PlaceIds) and p.retired_at is null;
            """;

        private const string Write = """
            insert into customer (community_id, customer_id, name, language, preferred_channel, note, created_at)
            values (@CommunityId, @CustomerId, @Name, @Language, @PreferredChannel, @Note, @Now);

            insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised, label, position)
            select @CommunityId, c.id, @CustomerId, c.kind, c.value, c.normalised, c.label, c.position - 1
            from unnest(@ContactIds::uuid[], @Kinds::text[], @Values::text[], @Normalised::text[], @Labels::text[]) with ordinality c (id, kind, value, normalised, label, position);

            insert into occupancy (community_id, occupancy_id, customer_id, place_id, role, from_on)
            select @CommunityId, o.id, @CustomerId, o.place_id, o.role, o.from_on
            from unnest(@OccupancyIds::uuid[], @PlaceIds::uuid[], @Roles::text[], @FromOn::date[]) o (id, place_id, role, from_on);

            insert into search_token (community_id, token, kind, id)
            select @CommunityId, t, 'customer', @CustomerId
            from unnest(@Tokens::text[]) t;
            """;

        private sealed record Home(Guid PlaceId, string FullCode);

        public async Task<CustomerReply> Handle(RegisterCustomer command, CancellationToken cancellationToken)
        {
            var contacts = command.ContactPoints ?? [];
            var occupancies = command.Occupancies ?? [];
            var placeIds = occupancies.Select(o => o.PlaceId).ToArray();

            using var read = await db.Several(Read, new { command.CommunityId, PlaceIds = placeIds }, cancellationToken);
            var timeZone = await read.ReadSingleOrDefaultAsync<string>() ?? throw new Refused.NotFound("community");
            var homes = (await read.ReadAsync<Home>()).ToDictionary(h => h.PlaceId, h => h.FullCode);
            caller.MustBeAllowedIn(command.CommunityId);

            var now = clock.Now();
            var today = OccupancyDays.Today(timeZone, now);
            foreach (var occupancy in occupancies)
            {
                OccupancyDays.Check(occupancy.FromOn, today, "occupancies");
                if (!homes.ContainsKey(occupancy.PlaceId))
                {
                    throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "occupancies");
                }
            }

            var id = Guid.CreateVersion7(now);
            var name = command.Name;
            try
            {
                await db.Run(
                    Write,
                    new
                    {
                        command.CommunityId,
                        CustomerId = id,
                        Name = name,
                        command.Language,
                        command.PreferredChannel,
                        command.Note,
                        Now = now,
                        ContactIds = contacts.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                        Kinds = contacts.Select(c => EnumWord.Of(c.Kind)).ToArray(),
                        Values = contacts.Select(c => c.Value).ToArray(),
                        Normalised = contacts.Select(c => c.Normalised()).ToArray(),
                        Labels = contacts.Select(c => c.Label).ToArray(),
                        OccupancyIds = occupancies.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                        PlaceIds = placeIds,
                        Roles = occupancies.Select(o => EnumWord.Of(o.Role)).ToArray(),
                        FromOn = occupancies.Select(o => o.FromOn ?? today).ToArray(),
                        Tokens = CustomerTokens.Of(name, contacts.Where(c => c.Kind == ContactKind.Phone).Select(c => c.Normalised()), homes.Values),
                    },
                    cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "contact_point_is_unique" })
            {
                throw new Refused.Invalid("contact_point.twice", "The same contact point stands here twice.", "contactPoints");
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "occupancy_is_unique" })
            {
                throw new Refused.Invalid("occupancy.twice", "The same occupancy stands here twice.", "occupancies");
            }

            log.Write(
                command.CommunityId,
                SubjectKind.Customer,
                id,
                Happening.CustomerRegistered,
                new { command.Language, command.PreferredChannel, contactPoints = contacts.Count, occupancies = occupancies.Select(o => new { o.PlaceId, o.Role }) },
                name,
                Visibility.Desk);
            return new CustomerReply(id, 1);
        }
    }
}
