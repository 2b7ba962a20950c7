using System.Numerics;
using FluentValidation;
using PropertyServiceDesk.Domain.Communities;

namespace PropertyServiceDesk.Domain.Staff;

/// <summary>An account as it stands after a change.</summary>
/// <param name="SecretId">Which secret was made with it; one that is sent again with the same key made none.</param>
public sealed record AccountReply(Guid StaffId, int Version, [property: JsonIgnore] Guid? SecretId = null);

/// <summary>A new colleague: an account with a password that somebody else made, roles in a community, seats in its teams.</summary>
/// <param name="SignInName">1–100 characters, kept in lower case; one person, one name, in all communities.</param>
/// <param name="Roles">1–6: clerk, crewMember, crewLead, customerOfficer, manager, administrator.</param>
/// <param name="Seats">Teams of the community, external ones excepted.</param>
[AllowedTo(Plumbing.Roles.Administrator)]
public sealed record MakeAccount(
    Guid CommunityId, string SignInName, string DisplayName, IReadOnlyList<Roles> Roles, IReadOnlyList<TeamSeat>? Seats = null, string Language = "zh-CN", string? Phone = null) : ICommand<AccountReply>
{
    /// <summary>Made by the host, shown once, and good until it is changed or <see cref="NewSecret.PasswordGood"/> is over.</summary>
    [JsonIgnore]
    public NewSecret? Password { get; init; }

    public sealed class Validator : AbstractValidator<MakeAccount>
    {
        public Validator()
        {
            RuleFor(c => c.SignInName).PlainText(100);
            RuleFor(c => c.SignInName).Must(Accounts.IsOneLine).WithErrorCode("account.name_of_several_lines").WithMessage("A sign-in name is one line.");
            RuleFor(c => c.DisplayName).PlainText(100);
            RuleFor(c => c.Language).MaximumLength(10).Must(l => l is "zh-CN" or "en").WithErrorCode("language.unknown").WithMessage("Languages are zh-CN and en.");
            RuleFor(c => c.Phone!).PhoneNumber().When(c => c.Phone is not null);
            RuleFor(c => c.Roles).Must(r => r.Count > 0).WithErrorCode("roles.none").WithMessage("Name at least one role.");
            RuleFor(c => c.Roles).Must(Accounts.AreRoles).WithErrorCode("roles.unknown").WithMessage("Each role once; the system is nobody's.");
            RuleFor(c => c.Seats).Must(Accounts.AreSeats).WithErrorCode("seats.count").WithMessage("Each team once, at most 20.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, Accounts accounts, EventLog log) : IRequestHandler<MakeAccount, AccountReply>
    {
        private const string Register = """
            select register_staff(@StaffId, @SignInName, @DisplayName, @Language, @Phone, @Hash, false, @Now)
            """;

        private const string Join = """
            insert into community_staff (community_id, staff_id, joined_at)
            values (@CommunityId, @StaffId, @Now)
            """;

        private const string SetPassword = """
            select set_password(@StaffId, @Hash, true, @GoodUntil, @Now)
            """;

        public async Task<AccountReply> Handle(MakeAccount command, CancellationToken cancellationToken)
        {
            accounts.MustBeKnown(command.CommunityId);
            caller.MustBeAllowedIn(command.CommunityId);
            var seats = command.Seats ?? [];
            await accounts.MustBeTeams(command.CommunityId, seats, cancellationToken);
            var now = clock.Now();
            var id = Guid.CreateVersion7(now);
            var secret = command.Password ?? throw new InvalidOperationException("The host makes the password.");
            try
            {
                await db.Run(
                    Register,
                    new { StaffId = id, SignInName = command.SignInName.ToLowerInvariant(), command.DisplayName, command.Language, command.Phone, secret.Hash, Now = now },
                    cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "staff_sign_in_name_is_unique" })
            {
                throw new Refused.Conflict("account.name_taken", "Somebody has this sign-in name.");
            }

            await db.Run(Join, new { command.CommunityId, StaffId = id, Now = now }, cancellationToken);
            await db.Run(SetPassword, new { StaffId = id, secret.Hash, GoodUntil = now + NewSecret.PasswordGood, Now = now }, cancellationToken);
            await accounts.Grant(command.CommunityId, id, command.Roles, now, cancellationToken);
            await accounts.Seat(command.CommunityId, id, seats, now, cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Staff, id, Happening.StaffJoined, new { command.Roles, seats }, visibility: Visibility.Desk);
            return new AccountReply(id, 1, secret.Id);
        }
    }
}

/// <summary>A secret that the host has made: its hash, and an id of its own, by which the host knows whether it was this one that was stored.</summary>
public sealed record NewSecret(Guid Id, string Hash)
{
    /// <summary>How long a password is good that somebody else made.</summary>
    public static readonly TimeSpan PasswordGood = TimeSpan.FromHours(72);
}

/// <summary>Name, language and telephone at work. By who is administrator wherever this person works.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record ChangeAccount([property: JsonIgnore] Guid StaffId, string DisplayName, string Language, string? Phone = null, int? Version = null) : ICommand<AccountReply>
{
    public sealed class Validator : AbstractValidator<ChangeAccount>
    {
        public Validator()
        {
            RuleFor(c => c.DisplayName).PlainText(100);
            RuleFor(c => c.Language).MaximumLength(10).Must(l => l is "zh-CN" or "en").WithErrorCode("language.unknown").WithMessage("Languages are zh-CN and en.");
            RuleFor(c => c.Phone!).PhoneNumber().When(c => c.Phone is not null);
        }
    }

    internal sealed class Handler(Db db, Caller caller, Accounts accounts) : IRequestHandler<ChangeAccount, AccountReply>
    {
        private const string Write = """
            update staff
            set display_name = @DisplayName, language = @Language, phone = @Phone, version = version + 1
            where staff_id = @StaffId
            """;

        public async Task<AccountReply> Handle(ChangeAccount command, CancellationToken cancellationToken)
        {
            var account = await accounts.Whole(command.StaffId, cancellationToken);
            caller.MustKnowVersion("account", account.Version, command.Version);
            await db.Run(Write, new { command.StaffId, command.DisplayName, command.Language, command.Phone }, cancellationToken);
            accounts.Write(account, Happening.StaffAmended);
            return account.Changed();
        }
    }
}

/// <summary>What somebody is in one community from now on: their roles and their seats in teams. Without roles they leave it. Orders of a team that they leave go back to it. Roles of a district are not touched: they are given and end with it.</summary>
/// <param name="Roles">All that they hold from now on: clerk, crewMember, crewLead, customerOfficer, manager, administrator; none: they leave, unless a district's role keeps them there.</param>
/// <param name="Seats">All that they sit in from now on.</param>
[AllowedTo(Plumbing.Roles.Administrator)]
public sealed record SetRoles([property: JsonIgnore] Guid StaffId, Guid CommunityId, IReadOnlyList<Roles> Roles, IReadOnlyList<TeamSeat>? Seats = null, int? Version = null) : ICommand<AccountReply>, IAcrossCommunities
{
    public sealed class Validator : AbstractValidator<SetRoles>
    {
        public Validator()
        {
            RuleFor(c => c.Roles).Must(Accounts.AreRoles).WithErrorCode("roles.unknown").WithMessage("Each role once; the system is nobody's.");
            RuleFor(c => c.Seats).Must(Accounts.AreSeats).WithErrorCode("seats.count").WithMessage("Each team once, at most 20.");
            RuleFor(c => c.Seats).Must(s => s is null or { Count: 0 }).When(c => c.Roles.Count == 0).WithErrorCode("seats.without_roles").WithMessage("Who leaves has no seats.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, Accounts accounts, TeamLeaver leaver, EventLog log) : IRequestHandler<SetRoles, AccountReply>
    {
        private const string Held = """
            select r.role, r.district_id is not null as of_district
            from staff_role r
            where r.community_id = @CommunityId and r.staff_id = @StaffId
            order by r.role;

            select m.team_id, m.lead
            from team_member m
            where m.community_id = @CommunityId and m.staff_id = @StaffId and m.to_at is null
            order by m.team_id;
            """;

        private const string Join = """
            insert into community_staff (community_id, staff_id, joined_at)
            values (@CommunityId, @StaffId, @Now)
            on conflict (community_id, staff_id) do update set left_at = null
            where community_staff.left_at is not null
            """;

        private const string Revoke = """
            delete from staff_role
            where community_id = @CommunityId and staff_id = @StaffId and role = any (@Roles) and district_id is null
            """;

        private const string Lead = """
            update team_member
            set lead = @Lead
            where community_id = @CommunityId and team_id = @TeamId and staff_id = @StaffId and to_at is null
            """;

        public async Task<AccountReply> Handle(SetRoles command, CancellationToken cancellationToken)
        {
            var account = await accounts.Lock(command.StaffId, cancellationToken);
            accounts.MustBeKnown(command.CommunityId);
            caller.MustBeAllowedIn(command.CommunityId);
            caller.MustKnowVersion("account", account.Version, command.Version);
            account.MustBeActive();
            if (command.StaffId == caller.Actor.Id && !command.Roles.Contains(Plumbing.Roles.Administrator))
            {
                throw new Refused.Conflict("account.yourself", "Nobody takes their own account away. Ask another administrator.");
            }

            var seats = command.Seats ?? [];
            await accounts.MustBeTeams(command.CommunityId, seats, cancellationToken);
            var now = clock.Now();
            var where = new { command.CommunityId, command.StaffId, Now = now };
            List<HeldRole> held;
            List<TeamSeat> sits;
            using (var read = await db.Several(Held, where, cancellationToken))
            {
                held = (await read.ReadAsync<HeldRole>()).AsList();
                sits = (await read.ReadAsync<TeamSeat>()).AsList();
            }

            if (!command.Roles.Contains(Plumbing.Roles.Administrator))
            {
                await accounts.MustHoldTheirOffice(command.StaffId, [command.CommunityId], cancellationToken);
            }

            var roles = held.Select(r => r.Role).ToArray();
            var revoked = held.Where(r => !r.OfDistrict).Select(r => r.Role).Except(command.Roles).ToArray();
            if (command.Roles.Count == 0 && !held.Exists(r => r.OfDistrict))
            {
                await accounts.LeaveCommunity(leaver, account.StaffId, command.CommunityId, now, cancellationToken);
            }
            else
            {
                var gone = sits.Select(s => s.TeamId).Except(seats.Select(s => s.TeamId)).ToArray();
                if (gone.Length > 0)
                {
                    await leaver.Leave(command.CommunityId, command.StaffId, gone, now, cancellationToken);
                }

                var joined = await db.Run(Join, where, cancellationToken) > 0;
                await accounts.Grant(command.CommunityId, command.StaffId, [.. command.Roles.Except(roles)], now, cancellationToken);
                await db.Run(Revoke, new { where.CommunityId, where.StaffId, Roles = EnumWord.All(revoked) }, cancellationToken);
                await accounts.Seat(command.CommunityId, command.StaffId, [.. seats.ExceptBy(sits.Select(s => s.TeamId), s => s.TeamId)], now, cancellationToken);
                foreach (var seat in seats.Where(s => sits.Contains(s with { Lead = !s.Lead })))
                {
                    await db.Run(Lead, new { where.CommunityId, where.StaffId, seat.TeamId, seat.Lead }, cancellationToken);
                }

                foreach (var role in command.Roles.Except(roles))
                {
                    log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, Happening.RoleGranted, new { role }, visibility: Visibility.Desk);
                }

                foreach (var role in revoked)
                {
                    log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, Happening.RoleRevoked, new { role }, visibility: Visibility.Desk);
                }

                if (joined || !sits.ToHashSet().SetEquals(seats))
                {
                    log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, joined ? Happening.StaffJoined : Happening.SeatsChanged, new { seats }, visibility: Visibility.Desk);
                }
            }

            await accounts.Touch(account, cancellationToken);
            return account.Changed();
        }
    }
}

/// <param name="OfDistrict">It follows from a district's office.</param>
internal sealed record HeldRole(Roles Role, bool OfDistrict);

/// <summary>Somebody leaves the company: they leave every community and every district's office, their open orders go back to their teams, their sessions end. By who is administrator wherever they work.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record DeactivateAccount([property: JsonIgnore] Guid StaffId, int? Version = null) : ICommand<AccountReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, Accounts accounts, TeamLeaver leaver) : IRequestHandler<DeactivateAccount, AccountReply>
    {
        private const string Write = """
            update staff
            set disabled_at = @Now, version = version + 1
            where staff_id = @StaffId
            """;

        private const string EndSessions = """
            select end_sessions_of(@StaffId, @Now)
            """;

        private const string LeaveDistricts = """
            delete from district_role
            where staff_id = @StaffId
            """;

        public async Task<AccountReply> Handle(DeactivateAccount command, CancellationToken cancellationToken)
        {
            var account = await accounts.Whole(command.StaffId, cancellationToken);
            caller.MustKnowVersion("account", account.Version, command.Version);
            account.MustBeActive();
            accounts.MustNotBeOneself(account);
            await accounts.MustHoldTheirOffice(account.StaffId, account.CommunityIds, cancellationToken);
            var now = clock.Now();
            foreach (var community in account.CommunityIds.Order())
            {
                await accounts.LeaveCommunity(leaver, account.StaffId, community, now, cancellationToken);
            }

            await db.Run(LeaveDistricts, new { command.StaffId }, cancellationToken);
            await db.Run(EndSessions, new { command.StaffId, Now = now }, cancellationToken);
            await db.Run(Write, new { command.StaffId, Now = now }, cancellationToken);
            accounts.Write(account, Happening.AccountDeactivated);
            return account.Changed();
        }
    }
}

/// <summary>Somebody is back. Roles and seats are given anew.</summary>
[AllowedTo(Plumbing.Roles.Administrator)]
public sealed record ReactivateAccount([property: JsonIgnore] Guid StaffId, Guid CommunityId, IReadOnlyList<Roles> Roles, int? Version = null) : ICommand<AccountReply>, IAcrossCommunities
{
    public sealed class Validator : AbstractValidator<ReactivateAccount>
    {
        public Validator()
        {
            RuleFor(c => c.Roles).Must(r => r.Count > 0).WithErrorCode("roles.none").WithMessage("Name at least one role.");
            RuleFor(c => c.Roles).Must(Accounts.AreRoles).WithErrorCode("roles.unknown").WithMessage("Each role once; the system is nobody's.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, Accounts accounts, EventLog log) : IRequestHandler<ReactivateAccount, AccountReply>
    {
        private const string Write = """
            update staff
            set disabled_at = null, version = version + 1
            where staff_id = @StaffId;

            insert into community_staff (community_id, staff_id, joined_at)
            values (@CommunityId, @StaffId, @Now)
            on conflict (community_id, staff_id) do update set left_at = null;
            """;

        public async Task<AccountReply> Handle(ReactivateAccount command, CancellationToken cancellationToken)
        {
            var account = await accounts.Whole(command.StaffId, cancellationToken);
            accounts.MustBeKnown(command.CommunityId);
            caller.MustBeAllowedIn(command.CommunityId);
            caller.MustKnowVersion("account", account.Version, command.Version);
            if (account.DisabledAt is null)
            {
                throw new Refused.Conflict("account.active", "This account is active.");
            }

            var now = clock.Now();
            await db.Run(Write, new { command.StaffId, command.CommunityId, Now = now }, cancellationToken);
            await accounts.Grant(command.CommunityId, command.StaffId, command.Roles, now, cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, Happening.AccountReactivated, new { command.Roles }, visibility: Visibility.Desk);
            return account.Changed();
        }
    }
}

/// <summary>A new password for somebody who has lost theirs, made by the desk and shown once. Their sessions end. By who is administrator wherever they work.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record ResetPassword([property: JsonIgnore] Guid StaffId) : ICommand<AccountReply>
{
    [JsonIgnore]
    public NewSecret? Password { get; init; }

    internal sealed class Handler(Db db, TimeProvider clock, Accounts accounts) : IRequestHandler<ResetPassword, AccountReply>
    {
        private const string Write = """
            select coalesce(set_password(@StaffId, @Hash, true, @GoodUntil, @Now), false)
            """;

        private const string EndSessions = """
            select end_sessions_of(@StaffId, @Now)
            """;

        public async Task<AccountReply> Handle(ResetPassword command, CancellationToken cancellationToken)
        {
            var account = await accounts.Whole(command.StaffId, cancellationToken);
            account.MustBeActive();
            accounts.MustNotBeOneself(account);
            var now = clock.Now();
            var secret = command.Password ?? throw new InvalidOperationException("The host makes the password.");
            if (!await db.Single<bool>(Write, new { command.StaffId, secret.Hash, GoodUntil = now + NewSecret.PasswordGood, Now = now }, cancellationToken))
            {
                throw new Refused.Conflict("account.no_password", "This account has no password here: it belongs to the company's identity provider.");
            }

            await db.Run(EndSessions, new { command.StaffId, Now = now }, cancellationToken);
            await accounts.Touch(account, cancellationToken);
            accounts.Write(account, Happening.PasswordReset);
            return account.Changed() with { SecretId = secret.Id };
        }
    }
}

/// <summary>An account as the running command holds it: locked.</summary>
/// <param name="CommunityIds">Where this person works now, also where the caller does not.</param>
/// <param name="Ever">Where they work or ever did.</param>
internal sealed record LockedAccount(Guid StaffId, string SignInName, DateTimeOffset? DisabledAt, int Version, IReadOnlyList<Guid> CommunityIds, IReadOnlyList<Guid> Ever)
{
    public AccountReply Changed() => new(StaffId, Version + 1);

    public void MustBeActive()
    {
        if (DisabledAt is not null)
        {
            throw new Refused.Conflict("account.deactivated", "This account is deactivated.");
        }
    }
}

/// <summary>What the commands on accounts share.</summary>
internal sealed class Accounts(Db db, Caller caller, EventLog log)
{
    public const int MostSeats = 20;

    // Whoever changes it, too, and in the same order everywhere: of two who take each other's office, one comes first.
    private const string LockBoth = """
        select s.staff_id
        from staff s
        where s.staff_id in (@StaffId, @Me)
        order by s.staff_id
        for no key update of s
        """;

    private const string Offices = """
        select r.staff_id, r.community_id
        from staff_role r
        where r.community_id = any (@CommunityIds) and r.staff_id in (@StaffId, @Me) and r.role = 'administrator'
        """;

    private const string Read = LockBoth + ";\n\n" + """
        select s.staff_id, s.sign_in_name, s.disabled_at, s.version
        from staff s
        where s.staff_id = @StaffId;

        select community_id, now
        from staff_reach(@StaffId);
        """;

    private const string Teams = """
        select t.team_id
        from team t
        where t.community_id = @CommunityId and t.team_id = any (@TeamIds) and t.retired_at is null and not t.external
        """;

    private const string GrantRoles = """
        insert into staff_role (community_id, staff_id, role, granted_at)
        select @CommunityId, @StaffId, r, @Now
        from unnest(@Roles::text[]) r
        on conflict (community_id, staff_id, role) do nothing
        """;

    private const string TakeSeats = """
        insert into team_member (community_id, team_id, staff_id, lead, from_at)
        select @CommunityId, s.team_id, @StaffId, s.lead, @Now
        from unnest(@TeamIds::uuid[], @Leads::boolean[]) s (team_id, lead)
        """;

    private const string Leave = """
        delete from staff_role
        where community_id = @CommunityId and staff_id = @StaffId;

        update community_staff
        set left_at = greatest(@Now, joined_at)
        where community_id = @CommunityId and staff_id = @StaffId and left_at is null;
        """;

    private const string Count = """
        update staff
        set version = version + 1
        where staff_id = @StaffId
        """;

    private sealed record Row(Guid StaffId, string SignInName, DateTimeOffset? DisabledAt, int Version);

    private sealed record Reach(Guid CommunityId, bool Now);

    private sealed record Office(Guid StaffId, Guid CommunityId);

    /// <summary>A name with a line break could be taken for a name and something else.</summary>
    public static bool IsOneLine(string name) => !name.Any(char.IsControl);

    public static bool AreRoles(IReadOnlyList<Roles> roles) =>
        roles.Distinct().Count() == roles.Count && roles.All(r => BitOperations.PopCount((uint)r) == 1 && r != Roles.System);

    public static bool AreSeats(IReadOnlyList<TeamSeat>? seats) => seats is null || (seats.Count <= MostSeats && seats.DistinctBy(s => s.TeamId).Count() == seats.Count);

    /// <exception cref="Refused.NotFound">There is no such person, or they work nowhere where the caller does.</exception>
    public async Task<LockedAccount> Lock(Guid staffId, CancellationToken ct)
    {
        using var read = await db.Several(Read, new { StaffId = staffId, Me = caller.Actor.Id }, ct);
        await read.ReadAsync<Guid>();
        var row = await read.ReadSingleOrDefaultAsync<Row>() ?? throw new Refused.NotFound("account");
        var reach = (await read.ReadAsync<Reach>()).AsList();
        return new LockedAccount(row.StaffId, row.SignInName, row.DisabledAt, row.Version, [.. reach.Where(r => r.Now).Select(r => r.CommunityId)], [.. reach.Select(r => r.CommunityId)]);
    }

    /// <summary>For what concerns the account as a whole: who changes it must answer for all of it, or they could enter where they have no right.</summary>
    /// <exception cref="Refused.Forbidden">The person works where the caller is no administrator; or works nowhere, and ever did so.</exception>
    public async Task<LockedAccount> Whole(Guid staffId, CancellationToken ct)
    {
        var account = await Lock(staffId, ct);
        var answersFor = account.CommunityIds.Count > 0 ? account.CommunityIds : account.Ever;
        if (answersFor.Count == 0 || !answersFor.All(c => caller.Actor.Has(c, caller.Allowed)))
        {
            throw new Refused.Forbidden("account.works_elsewhere", "This person also works where you are no administrator. Change their roles in your community, or ask an administrator of both.");
        }

        caller.MustNotBeStale("account", account.Version);
        return account;
    }

    /// <exception cref="Refused.NotFound">The caller has nothing to do with this community.</exception>
    public void MustBeKnown(Guid communityId)
    {
        if (!caller.Actor.Has(communityId, (Roles)~0))
        {
            throw new Refused.NotFound("community");
        }
    }

    /// <summary>For what is no change of an account as such, and may end somebody's office.</summary>
    public Task LockWith(Guid staffId, CancellationToken ct) => db.List<Guid>(LockBoth, new { StaffId = staffId, Me = caller.Actor.Id }, ct);

    /// <summary>
    /// Whoever takes an administrator's office holds it as well, now that both accounts are locked: of two who take each other's at one
    /// instant, one is none any more. So every community keeps an administrator.
    /// </summary>
    /// <exception cref="Refused.Forbidden">The caller's office has ended meanwhile.</exception>
    public async Task MustHoldTheirOffice(Guid staffId, IReadOnlyCollection<Guid> communities, CancellationToken ct)
    {
        var offices = (await db.List<Office>(Offices, new { CommunityIds = communities.ToArray(), StaffId = staffId, Me = caller.Actor.Id }, ct)).ToLookup(o => o.StaffId, o => o.CommunityId);
        if (staffId != caller.Actor.Id && offices[staffId].Except(offices[caller.Actor.Id]).Any())
        {
            throw new Refused.Forbidden("role.not_allowed", "You are no administrator there any more.");
        }
    }

    public void MustNotBeOneself(LockedAccount account)
    {
        if (account.StaffId == caller.Actor.Id)
        {
            throw new Refused.Conflict("account.yourself", "Nobody takes their own account away. Ask another administrator.");
        }
    }

    public async Task MustBeTeams(Guid communityId, IReadOnlyList<TeamSeat> seats, CancellationToken ct)
    {
        if (seats.Count > 0 && (await db.List<Guid>(Teams, new { CommunityId = communityId, TeamIds = seats.Select(s => s.TeamId).ToArray() }, ct)).Count < seats.Count)
        {
            throw new Refused.Invalid("team.unknown", "There is no such team in this community.", "seats");
        }
    }

    public async Task Grant(Guid communityId, Guid staffId, IReadOnlyList<Roles> roles, DateTimeOffset now, CancellationToken ct) =>
        await db.Run(GrantRoles, new { CommunityId = communityId, StaffId = staffId, Roles = EnumWord.All(roles), Now = now }, ct);

    public async Task Seat(Guid communityId, Guid staffId, IReadOnlyList<TeamSeat> seats, DateTimeOffset now, CancellationToken ct)
    {
        if (seats.Count > 0)
        {
            await db.Run(
                TakeSeats,
                new { CommunityId = communityId, StaffId = staffId, TeamIds = seats.Select(s => s.TeamId).ToArray(), Leads = seats.Select(s => s.Lead).ToArray(), Now = now },
                ct);
        }
    }

    public async Task LeaveCommunity(TeamLeaver leaver, Guid staffId, Guid communityId, DateTimeOffset now, CancellationToken ct)
    {
        var back = await leaver.Leave(communityId, staffId, null, now, ct);
        await db.Run(Leave, new { CommunityId = communityId, StaffId = staffId, Now = now }, ct);
        log.Write(communityId, SubjectKind.Staff, staffId, Happening.StaffLeft, new { ordersBack = back }, visibility: Visibility.Desk);
    }

    public Task Touch(LockedAccount account, CancellationToken ct) => db.Run(Count, new { account.StaffId }, ct);

    /// <summary>Told to the desk wherever the person works, or, where they work nowhere now, where the caller is administrator.</summary>
    public void Write(LockedAccount account, Happening what)
    {
        foreach (var community in account.CommunityIds.Count > 0 ? account.CommunityIds : [.. caller.Actor.CommunitiesWith(caller.Allowed)])
        {
            log.Write(community, SubjectKind.Staff, account.StaffId, what, visibility: Visibility.Desk);
        }
    }
}
