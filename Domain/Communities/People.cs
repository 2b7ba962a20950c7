using FluentValidation;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>A team of a crew; an external one (lift maintainer, developer's repair team) has no accounts.</summary>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record MakeTeam([property: JsonIgnore] Guid CommunityId, Crew Crew, string Name, string NameEn, bool External = false, string? Phone = null) : ICommand<Guid>
{
    public sealed class Validator : AbstractValidator<MakeTeam>
    {
        public Validator()
        {
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Name).OneLine();
            RuleFor(c => c.NameEn).PlainText(100);
            RuleFor(c => c.NameEn).OneLine();
            RuleFor(c => c.Phone!).PhoneNumber().When(c => c.Phone is not null);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<MakeTeam, Guid>
    {
        private const string Write = """
            insert into team (community_id, team_id, crew, name, name_en, external, phone)
            values (@CommunityId, @TeamId, @Crew, @Name, @NameEn, @External, @Phone)
            """;

        public async Task<Guid> Handle(MakeTeam command, CancellationToken cancellationToken)
        {
            caller.CommunitiesFor(command.CommunityId);
            var id = Guid.CreateVersion7(clock.Now());
            try
            {
                await db.Run(Write, new { command.CommunityId, TeamId = id, command.Crew, command.Name, command.NameEn, command.External, command.Phone }, cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "team_name_is_unique" })
            {
                throw new Refused.Conflict("team.name_taken", "There is a team of this name.");
            }

            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.TeamMade, new { teamId = id, command.Crew, command.External }, visibility: Visibility.Desk);
            return id;
        }
    }
}

/// <summary>Somebody joins a community's staff, with roles and seats in teams; an account of theirs in another community is used on.</summary>
/// <param name="SignInName">1–100 characters, stored in lower case; one person, one name, in all communities.</param>
/// <param name="PasswordHash">Made by the host; ignored where the account exists.</param>
/// <param name="MustChange">Nobody chose this password: it is good for 72 hours, and for choosing one's own.</param>
[AllowedTo(Plumbing.Roles.System)]
public sealed record JoinStaff(
    Guid CommunityId, string SignInName, string DisplayName, string PasswordHash, IReadOnlyList<Roles> Roles, IReadOnlyList<TeamSeat> Seats, string Language = "zh-CN", string? Phone = null, bool IsDemo = false, bool MustChange = false) : ICommand<Guid>
{
    public sealed class Validator : AbstractValidator<JoinStaff>
    {
        public Validator()
        {
            RuleFor(c => c.SignInName).PlainText(100);
            RuleFor(c => c.SignInName).Must(Accounts.IsOneLine).WithErrorCode("account.name_of_several_lines").WithMessage("A sign-in name is one line.");
            RuleFor(c => c.DisplayName).PlainText(100);
            RuleFor(c => c.Language).Must(l => l is "zh-CN" or "en").WithErrorCode("language.unknown").WithMessage("Languages are zh-CN and en.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, EventLog log) : IRequestHandler<JoinStaff, Guid>
    {
        private const string Known = """
            select staff_id
            from staff_for_sign_in(@SignInName)
            """;

        private const string Register = """
            select register_staff(@StaffId, @SignInName, @DisplayName, @Language, @Phone, @PasswordHash, @IsDemo, @Now)
            """;

        private const string MadeForThem = """
            select set_password(@StaffId, @PasswordHash, true, @GoodUntil, @Now)
            """;

        private const string Write = """
            insert into community_staff (community_id, staff_id, joined_at)
            values (@CommunityId, @StaffId, @Now)
            on conflict (community_id, staff_id) do nothing;

            insert into staff_role (community_id, staff_id, role, granted_at)
            select @CommunityId, @StaffId, r, @Now
            from unnest(@Roles::text[]) r
            on conflict (community_id, staff_id, role) do nothing;

            insert into team_member (community_id, team_id, staff_id, lead, from_at)
            select @CommunityId, s.team_id, @StaffId, s.lead, @Now
            from unnest(@Teams::uuid[], @Leads::boolean[]) s (team_id, lead);
            """;

        public async Task<Guid> Handle(JoinStaff command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            var name = command.SignInName.ToLowerInvariant();
            var known = await db.Find<Guid?>(Known, new { SignInName = name }, cancellationToken);
            var id = known ?? Guid.CreateVersion7(now);
            if (known is null)
            {
                await db.Run(Register, new { StaffId = id, SignInName = name, command.DisplayName, command.Language, command.Phone, command.PasswordHash, command.IsDemo, Now = now }, cancellationToken);
            }

            await db.Run(
                Write,
                new
                {
                    command.CommunityId,
                    StaffId = id,
                    Now = now,
                    Roles = command.Roles.Select(EnumWord.Of).ToArray(),
                    Teams = command.Seats.Select(s => s.TeamId).ToArray(),
                    Leads = command.Seats.Select(s => s.Lead).ToArray(),
                },
                cancellationToken);
            if (known is null && command.MustChange)
            {
                await db.Run(MadeForThem, new { StaffId = id, command.PasswordHash, GoodUntil = now + Staff.NewSecret.PasswordGood, Now = now }, cancellationToken);
            }

            log.Write(command.CommunityId, SubjectKind.Staff, id, Happening.StaffJoined, new { command.Roles, command.Seats }, visibility: Visibility.Desk);
            return id;
        }
    }
}

public sealed record TeamSeat(Guid TeamId, bool Lead);

/// <summary>Places of a community, each below another one: 1 to 5,000 at a time, parents before what is in them.</summary>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record MakePlaces(Guid CommunityId, IReadOnlyList<NewPlace> Places) : ICommand<int>
{
    public sealed class Validator : AbstractValidator<MakePlaces>
    {
        public Validator()
        {
            RuleFor(c => c.Places).Must(p => p.Count is >= 1 and <= 5000).WithErrorCode("places.count").WithMessage("1 to 5,000 places at a time.");
            RuleForEach(c => c.Places).ChildRules(p =>
            {
                p.RuleFor(x => x.Code).PlainText(40);
                p.RuleFor(x => x.FullCode).PlainText(120);
                p.RuleFor(x => x.Name).PlainText(200);
                p.RuleFor(x => x.NameEn).OptionalPlainText(200);
            });
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<MakePlaces, int>
    {
        private const string Root = """
            select place_id, full_code, building_id, parent_id is null as is_root
            from place
            where community_id = @CommunityId and (full_code = any (@Parents) or parent_id is null)
            """;

        private sealed record Row(Guid PlaceId, string FullCode, Guid? BuildingId, bool IsRoot);

        public async Task<int> Handle(MakePlaces command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var parents = command.Places.Select(p => p.Parent).OfType<string>().Distinct(StringComparer.Ordinal).ToArray();
            var known = await db.List<Row>(Root, new { command.CommunityId, Parents = parents }, cancellationToken);
            var byCode = known.ToDictionary(k => k.FullCode, StringComparer.Ordinal);
            var root = known.Single(k => k.IsRoot);
            var now = clock.Now();
            var made = new List<(NewPlace Place, Guid Id, Guid Parent, Guid? Building)>();
            foreach (var place in command.Places)
            {
                var parent = place.Parent is null
                    ? root
                    : byCode.GetValueOrDefault(place.Parent) ?? throw new Refused.Invalid("place.parent_unknown", $"There is no place {place.Parent} to put {place.FullCode} into.", "places");
                var id = Guid.CreateVersion7(now);
                var building = place.Kind == PlaceKind.Building ? id : parent.BuildingId;
                made.Add((place, id, parent.PlaceId, building));
                if (!byCode.TryAdd(place.FullCode, new Row(id, place.FullCode, building, false)))
                {
                    throw new Refused.Conflict("place.code_taken", $"There is a place {place.FullCode} already.");
                }
            }

            await PlaceRows.Write(
                db,
                command.CommunityId,
                [.. made.Select(m => new WrittenPlace(m.Id, m.Parent, m.Place.Kind, m.Place.Code, m.Place.FullCode, m.Place.Name, m.Place.NameEn, m.Building))],
                cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.PlacesMade, new { places = made.Count }, visibility: Visibility.Desk);
            return made.Count;
        }
    }
}

/// <param name="FullCode">What people say, for example <c>3-2-1502</c>: unique in the community; 1–120 characters.</param>
/// <param name="Parent">The full code of the place it is in: one that exists, or one that stands earlier in the list; the community itself where it is left out.</param>
public sealed record NewPlace(PlaceKind Kind, string Code, string FullCode, string Name, string? NameEn = null, string? Parent = null);
