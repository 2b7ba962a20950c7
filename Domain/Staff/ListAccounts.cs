using FluentValidation;
using PropertyServiceDesk.Domain.Communities;

namespace PropertyServiceDesk.Domain.Staff;

/// <summary>The accounts of people who work, or worked, where the caller is administrator, by sign-in name.</summary>
/// <param name="CommunityId">Only those of this community.</param>
/// <param name="Active">Whether deactivated accounts are left out, or shown alone.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Administrator)]
public sealed record ListAccounts(Guid? CommunityId = null, bool Active = true, int Take = 50, string? After = null) : IQuery<Page<AccountLine>>
{
    public sealed class Validator : AbstractValidator<ListAccounts>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(AccountReader accounts, Caller caller) : IRequestHandler<ListAccounts, Page<AccountLine>>
    {
        public async Task<Page<AccountLine>> Handle(ListAccounts query, CancellationToken cancellationToken)
        {
            (string? Text, Guid Id) after = query.After is null ? (null, Guid.Empty) : Cursor.TextAndId(query.After);
            var rows = await accounts.Read(caller.CommunitiesFor(query.CommunityId), null, query.Active, after, query.Take + 1, cancellationToken);
            return Cursor.Page(rows, query.Take, a => [a.SignInName, a.StaffId]);
        }
    }
}

/// <summary>One account, with what this person is where the caller is administrator.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record GetAccount(Guid StaffId) : IQuery<AccountLine>
{
    internal sealed class Handler(AccountReader accounts, Caller caller) : IRequestHandler<GetAccount, AccountLine>
    {
        public async Task<AccountLine> Handle(GetAccount query, CancellationToken cancellationToken) =>
            (await accounts.Read(caller.CommunitiesFor(), query.StaffId, null, (null, Guid.Empty), 1, cancellationToken)).SingleOrDefault() ?? throw new Refused.NotFound("account");
    }
}

/// <summary>An account as administrators see it.</summary>
/// <param name="Roles">In the communities where the caller is administrator.</param>
/// <param name="DistrictRoles">Those of <paramref name="Roles"/> that follow from a district's office, and end with it.</param>
/// <param name="Seats">In teams of these communities.</param>
/// <param name="HasPassword">False: it belongs to the company's identity provider.</param>
/// <param name="MustChangePassword">The present one was made by somebody else.</param>
/// <param name="LastSeenAt">When a session of it was used last.</param>
public sealed record AccountLine(
    Guid StaffId,
    string SignInName,
    string DisplayName,
    string Language,
    string? Phone,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DeactivatedAt,
    IReadOnlyList<RoleIn> Roles,
    IReadOnlyList<RoleIn> DistrictRoles,
    IReadOnlyList<Seat> Seats,
    bool HasPassword,
    bool MustChangePassword,
    bool HasSecondFactor,
    DateTimeOffset? LastSeenAt,
    int OpenSessions,
    int Version);

internal sealed class AccountReader(Db db, TimeProvider clock)
{
    private const string People = """
        select s.staff_id, s.sign_in_name, s.display_name, s.language, s.phone, s.created_at, s.disabled_at, s.version,
            array(select r.community_id || ':' || r.role from staff_role r where r.staff_id = s.staff_id and r.community_id = any (@Communities) order by 1) as roles,
            array(select r.community_id || ':' || r.role from staff_role r where r.staff_id = s.staff_id and r.community_id = any (@Communities) and r.district_id is not null order by 1) as district_roles,
            array(select m.community_id || ':' || m.team_id || ':' || t.crew || ':' || m.lead
                  from team_member m
                  join team t on t.community_id = m.community_id and t.team_id = m.team_id
                  where m.staff_id = s.staff_id and m.to_at is null and m.community_id = any (@Communities)
                  order by 1) as seats
        from staff s
        where s.staff_id in (select c.staff_id from community_staff c where c.community_id = any (@Communities))
          and (@StaffId::uuid is null or s.staff_id = @StaffId)
          and (@Active::boolean is null or (s.disabled_at is null) = @Active)
          and (@AfterName::text is null or (s.sign_in_name collate "C", s.staff_id) > (@AfterName, @AfterId))
        order by s.sign_in_name collate "C", s.staff_id
        limit @Take
        """;

    private const string Doors = """
        select staff_id, has_password, must_change, has_factor, last_seen_at, open_sessions
        from staff_doors(@StaffIds, @Now)
        """;

    private sealed record Person(
        Guid StaffId, string SignInName, string DisplayName, string Language, string? Phone, DateTimeOffset CreatedAt, DateTimeOffset? DisabledAt, int Version, string[] Roles, string[] DistrictRoles, string[] Seats);

    private sealed record Door(Guid StaffId, bool HasPassword, bool MustChange, bool HasFactor, DateTimeOffset? LastSeenAt, int OpenSessions);

    public async Task<IReadOnlyList<AccountLine>> Read(Guid[] communities, Guid? staffId, bool? active, (string? Name, Guid Id) after, int take, CancellationToken ct)
    {
        var people = await db.List<Person>(People, new { Communities = communities, StaffId = staffId, Active = active, AfterName = after.Name, AfterId = after.Id, Take = take }, ct);
        var doors = (await db.List<Door>(Doors, new { StaffIds = people.Select(p => p.StaffId).ToArray(), Now = clock.Now() }, ct)).ToDictionary(d => d.StaffId);
        return
        [
            .. people.Select(p => new AccountLine(
                p.StaffId,
                p.SignInName,
                p.DisplayName,
                p.Language,
                p.Phone,
                p.CreatedAt,
                p.DisabledAt,
                Holding.Roles(p.Roles),
                Holding.Roles(p.DistrictRoles),
                Holding.Seats(p.Seats),
                doors[p.StaffId].HasPassword,
                doors[p.StaffId].MustChange,
                doors[p.StaffId].HasFactor,
                doors[p.StaffId].LastSeenAt,
                doors[p.StaffId].OpenSessions,
                p.Version)),
        ];
    }
}

/// <summary>Roles and seats as the database writes them: community:role, community:team:crew:lead.</summary>
internal static class Holding
{
    public static IReadOnlyList<RoleIn> Roles(string[] words) => [.. words.Select(r => r.Split(':')).Select(r => new RoleIn(Guid.Parse(r[0]), EnumWord.Read<Roles>(r[1])))];

    public static IReadOnlyList<Seat> Seats(string[] words) =>
        [.. words.Select(s => s.Split(':')).Select(s => new Seat(Guid.Parse(s[0]), Guid.Parse(s[1]), EnumWord.Read<Crew>(s[2]), s[3] == "true"))];
}
