using System.Text.Json;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>A new community with its root place, its own copy of the categories, the SLA profile and the calendars, and an empty log.</summary>
/// <param name="CommunityId">Chosen by the caller, whose scope it is.</param>
/// <param name="TimeZone">An IANA name such as <c>Asia/Shanghai</c>.</param>
[AllowedTo(Roles.System)]
public sealed record MakeCommunity(Guid CommunityId, string Code, string Name, string NameEn, string TimeZone) : ICommand<Guid>
{
    public sealed class Validator : AbstractValidator<MakeCommunity>
    {
        public Validator()
        {
            RuleFor(c => c.Code).CommunityCode();
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.NameEn).PlainText(100);
            RuleFor(c => c.TimeZone).TimeZoneName();
        }
    }

    internal sealed class Handler(NewCommunity made) : IRequestHandler<MakeCommunity, Guid>
    {
        public async Task<Guid> Handle(MakeCommunity command, CancellationToken cancellationToken)
        {
            await made.Write(command.CommunityId, command.Code, command.Name, command.NameEn, command.TimeZone, cancellationToken);
            return command.CommunityId;
        }
    }
}

/// <summary>What every new community begins with is written, in a scope that it is in already.</summary>
internal sealed class NewCommunity(Db db, TimeProvider clock, EventLog log)
{
    private const string WriteCommunity = """
        insert into community (community_id, code, name, name_en, time_zone, created_at)
        values (@CommunityId, @Code, @Name, @NameEn, @TimeZone, @Now);

        insert into event_head (community_id, seq, hash)
        values (@CommunityId, 0, sha256(convert_to(@CommunityId::uuid::text, 'UTF8')));

        insert into place (community_id, place_id, kind, code, full_code, name, name_en)
        values (@CommunityId, @RootId, 'community', @Code, @Code, @Name, @NameEn);

        insert into sla_profile_version (community_id, policy_version_id, version, definition, created_at)
        values (@CommunityId, @PolicyVersionId, 1, @SlaProfile::jsonb, @Now);
        """;

    private const string WriteCalendars = """
        with made as (
            insert into calendar (community_id, calendar_id, code, name, name_en, current_version_id)
            select @CommunityId, c.calendar_id, c.code, c.name, c.name_en, c.version_id
            from unnest(@CalendarIds::uuid[], @Codes::text[], @Names::text[], @NamesEn::text[], @VersionIds::uuid[]) c (calendar_id, code, name, name_en, version_id)
            returning calendar_id
        )
        insert into calendar_version (community_id, calendar_version_id, calendar_id, version, definition, created_at)
        select @CommunityId, v.version_id, v.calendar_id, 1, v.definition::jsonb, @Now
        from unnest(@VersionIds::uuid[], @CalendarIds::uuid[], @Definitions::text[]) v (version_id, calendar_id, definition)
        """;

    private const string WriteCategories = """
        insert into category (community_id, category_id, parent_id, kind, code, name, name_en, crew, priority, payer, common_area, demands_photos, position)
        select @CommunityId, c.id, c.parent, c.kind, c.code, c.name, c.name_en, c.crew, c.priority, c.payer, c.common_area,
            case when c.photos = '' then '{}' else string_to_array(c.photos, ',') end, c.position
        from unnest(@Ids::uuid[], @Parents::uuid[], @Kinds::text[], @Codes::text[], @Names::text[], @NamesEn::text[], @Crews::text[], @Priorities::text[], @Payers::text[],
            @CommonAreas::boolean[], @Photos::text[]) with ordinality c (id, parent, kind, code, name, name_en, crew, priority, payer, common_area, photos, position)
        """;

    /// <exception cref="Refused.Conflict">There is a community with this code.</exception>
    public async Task Write(Guid communityId, string code, string name, string nameEn, string timeZone, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        try
        {
            await db.Run(
                WriteCommunity,
                new
                {
                    CommunityId = communityId,
                    Code = code,
                    Name = name,
                    NameEn = nameEn,
                    TimeZone = timeZone,
                    Now = now,
                    RootId = Guid.CreateVersion7(now),
                    PolicyVersionId = Guid.CreateVersion7(now),
                    ReferenceData.SlaProfile,
                },
                cancellationToken);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "community_code_is_unique" })
        {
            throw new Refused.Conflict("community.code_taken", "There is a community with this code.");
        }

        var calendars = ReferenceData.Calendars(timeZone);
        await db.Run(
            WriteCalendars,
            new
            {
                CommunityId = communityId,
                Now = now,
                CalendarIds = calendars.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                VersionIds = calendars.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                Codes = calendars.Select(c => c.Code).ToArray(),
                Names = calendars.Select(c => c.Name.Zh).ToArray(),
                NamesEn = calendars.Select(c => c.Name.En).ToArray(),
                Definitions = calendars.Select(c => JsonSerializer.Serialize(c.Definition, Json.Options)).ToArray(),
            },
            cancellationToken);

        var categories = Flat(ReferenceData.Categories, null, now).ToArray();
        await db.Run(
            WriteCategories,
            new
            {
                CommunityId = communityId,
                Ids = categories.Select(c => c.Id).ToArray(),
                Parents = categories.Select(c => c.Parent).ToArray(),
                Kinds = categories.Select(c => EnumWord.Of(c.Seed.Kind)).ToArray(),
                Codes = categories.Select(c => c.Seed.Code).ToArray(),
                Names = categories.Select(c => c.Seed.Name).ToArray(),
                NamesEn = categories.Select(c => c.Seed.NameEn).ToArray(),
                Crews = categories.Select(c => c.Seed.Crew is { } crew ? EnumWord.Of(crew) : null).ToArray(),
                Priorities = categories.Select(c => EnumWord.Of(c.Seed.Priority)).ToArray(),
                Payers = categories.Select(c => EnumWord.Of(c.Seed.Payer)).ToArray(),
                CommonAreas = categories.Select(c => c.Seed.CommonArea).ToArray(),
                Photos = categories.Select(c => string.Join(',', (c.Seed.DemandsPhotos ?? []).Select(EnumWord.Of))).ToArray(),
            },
            cancellationToken);
        log.Write(communityId, SubjectKind.Community, communityId, Happening.CommunityMade, new { categories = categories.Length }, visibility: Visibility.Desk);
    }

    private static IEnumerable<(Guid Id, Guid? Parent, CategorySeed Seed)> Flat(IEnumerable<CategorySeed> seeds, Guid? parent, DateTimeOffset now) =>
        seeds.SelectMany(s =>
        {
            var id = Guid.CreateVersion7(now);
            return Flat(s.Children ?? [], id, now).Prepend((id, parent, s));
        });
}

internal static class CommunityRules
{
    public static void CommunityCode<T>(this IRuleBuilder<T, string> code) =>
        code.Matches("^[a-z0-9-]{1,40}$").WithErrorCode("community.code_malformed").WithMessage("A code has 1 to 40 lower-case letters, digits and hyphens.");

    public static void TimeZoneName<T>(this IRuleBuilder<T, string> zone) =>
        zone.Must(z => TimeZoneInfo.TryFindSystemTimeZoneById(z, out _)).WithErrorCode("time_zone.unknown").WithMessage("There is no such time zone.");
}
