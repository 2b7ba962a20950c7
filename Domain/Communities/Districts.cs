using FluentValidation;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>A community comes under a district's office, which is made where there is none of that code; whoever holds a role of the district holds it there from now on.</summary>
/// <param name="Code">1 to 40 lower-case letters, digits and hyphens.</param>
/// <param name="Name">Of a district that is made.</param>
[AllowedTo(Roles.System)]
public sealed record PutIntoDistrict(Guid CommunityId, string Code, string Name) : ICommand<Guid>
{
    public sealed class Validator : AbstractValidator<PutIntoDistrict>
    {
        public Validator()
        {
            RuleFor(c => c.Code).Matches("^[a-z0-9-]{1,40}$").WithErrorCode("community.code_malformed").WithMessage("A code has 1 to 40 lower-case letters, digits and hyphens.");
            RuleFor(c => c.Name).PlainText(100);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, EventLog log, Accounts accounts, TeamLeaver leaver) : IRequestHandler<PutIntoDistrict, Guid>
    {
        private const string Make = """
            select register_district(@DistrictId, @Code, @Name, @Now)
            """;

        private const string Leave = """
            delete from staff_role
            where community_id = @CommunityId and district_id is not null
            returning staff_id
            """;

        public async Task<Guid> Handle(PutIntoDistrict command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            var known = await DistrictRoles.Lock(db, command.Code, command.CommunityId, cancellationToken);
            var id = known ?? Guid.CreateVersion7(now);
            if (known is null)
            {
                await db.Run(Make, new { DistrictId = id, command.Code, command.Name, Now = now }, cancellationToken);
            }

            var left = await db.List<Guid>(Leave, new { command.CommunityId }, cancellationToken);
            await DistrictRoles.Enter(db, log, command.CommunityId, id, now, cancellationToken);
            foreach (var staff in left.Distinct().Order())
            {
                await DistrictRoles.LeaveWhereNothingIsLeft(db, accounts, leaver, [command.CommunityId], staff, now, cancellationToken);
            }

            return id;
        }
    }
}

internal sealed record KnownDistrict(Guid DistrictId, Guid[] CommunityIds);

/// <summary>The districts of which one is administrator in all communities, by code, and who holds a role of each.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record ListDistricts : IQuery<IReadOnlyList<DistrictLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListDistricts, IReadOnlyList<DistrictLine>>
    {
        private const string Read = """
            select d.district_id, d.code, d.name, k.community_id
            from district d
            cross join lateral district_by_code(d.code) k
            order by d.code collate "C", k.community_id
            """;

        private const string Holders = """
            select r.district_id, r.staff_id, s.sign_in_name, s.display_name, r.role, r.granted_at
            from district_role r
            join staff s on s.staff_id = r.staff_id
            where r.district_id = any (@Districts)
            order by r.granted_at, s.sign_in_name collate "C", r.role
            """;

        private sealed record Row(Guid DistrictId, string Code, string Name, Guid CommunityId);

        private sealed record HolderRow(Guid DistrictId, Guid StaffId, string SignInName, string DisplayName, Roles Role, DateTimeOffset GrantedAt);

        public async Task<IReadOnlyList<DistrictLine>> Handle(ListDistricts query, CancellationToken cancellationToken)
        {
            var answersFor = caller.CommunitiesFor();
            var districts = (await db.List<Row>(Read, new { }, cancellationToken))
                .GroupBy(r => (r.DistrictId, r.Code, r.Name), r => r.CommunityId)
                .Where(d => d.All(answersFor.Contains))
                .ToList();
            var holders = (await db.List<HolderRow>(Holders, new { Districts = districts.Select(d => d.Key.DistrictId).ToArray() }, cancellationToken)).ToLookup(h => h.DistrictId);
            return [.. districts.Select(d => new DistrictLine(
                d.Key.Code, d.Key.Name, [.. d], [.. holders[d.Key.DistrictId].Select(h => new DistrictHolder(h.StaffId, h.SignInName, h.DisplayName, h.Role, h.GrantedAt))]))];
        }
    }
}

/// <param name="Holders">Who has a role of it: in all of its communities, those that join it later included.</param>
public sealed record DistrictLine(string Code, string Name, IReadOnlyList<Guid> CommunityIds, IReadOnlyList<DistrictHolder> Holders);

public sealed record DistrictHolder(Guid StaffId, string SignInName, string DisplayName, Roles Role, DateTimeOffset GrantedAt);

/// <summary>Somebody holds a role in every community of a district, those that join it later included. By who is administrator in all of them.</summary>
/// <param name="Role">clerk, customerOfficer, manager or administrator: crews belong to a community.</param>
[AllowedTo(Roles.Administrator)]
public sealed record GrantDistrictRole([property: JsonIgnore] string District, Guid StaffId, Roles Role) : ICommand<DistrictRoleReply>
{
    public sealed class Validator : AbstractValidator<GrantDistrictRole>
    {
        public Validator() => RuleFor(c => c.Role).Must(DistrictRoles.OfADistrict).WithErrorCode("role.not_of_a_district").WithMessage("A district has clerks, customer officers, managers and administrators.");
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<GrantDistrictRole, DistrictRoleReply>
    {
        private const string Write = """
            insert into district_role (district_id, staff_id, role, granted_at)
            values (@DistrictId, @StaffId, @Role, @Now)
            on conflict (district_id, staff_id, role) do nothing
            """;

        private const string Colleague = """
            select exists (select from staff s where s.staff_id = @StaffId and s.disabled_at is null)
            """;

        public async Task<DistrictRoleReply> Handle(GrantDistrictRole command, CancellationToken cancellationToken)
        {
            var district = await DistrictRoles.AllOf(db, caller, command.District, cancellationToken);
            if (!await db.Single<bool>(Colleague, new { command.StaffId }, cancellationToken))
            {
                throw new Refused.Invalid("staff.unknown", "There is no such colleague in this community.", "staffId");
            }

            var now = clock.Now();
            if (await db.Run(Write, new { district.DistrictId, command.StaffId, command.Role, Now = now }, cancellationToken) == 0)
            {
                throw new Refused.Conflict("role.held_already", "This person holds this role already.");
            }

            foreach (var community in district.CommunityIds)
            {
                await DistrictRoles.Give(db, log, community, district.DistrictId, command.StaffId, command.Role, now, cancellationToken);
            }

            return new DistrictRoleReply(command.District, command.StaffId, command.Role, district.CommunityIds);
        }
    }
}

/// <summary>A role of a district ends, in all of its communities. What somebody holds in one of them on its own stays; where that is nothing, they leave.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record RevokeDistrictRole([property: JsonIgnore] string District, Guid StaffId, Roles Role) : ICommand<DistrictRoleReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, Accounts accounts, TeamLeaver leaver) : IRequestHandler<RevokeDistrictRole, DistrictRoleReply>
    {
        private const string Delete = """
            delete from district_role
            where district_id = @DistrictId and staff_id = @StaffId and role = @Role
            """;

        private const string Take = """
            delete from staff_role
            where community_id = any (@CommunityIds) and staff_id = @StaffId and role = @Role and district_id = @DistrictId
            returning community_id
            """;

        public async Task<DistrictRoleReply> Handle(RevokeDistrictRole command, CancellationToken cancellationToken)
        {
            var district = await DistrictRoles.AllOf(db, caller, command.District, cancellationToken);
            if (command.Role == Roles.Administrator)
            {
                if (command.StaffId == caller.Actor.Id)
                {
                    throw new Refused.Conflict("account.yourself", "Nobody takes their own account away. Ask another administrator.");
                }

                await accounts.LockWith(command.StaffId, cancellationToken);
                await accounts.MustHoldTheirOffice(command.StaffId, district.CommunityIds, cancellationToken);
            }

            var args = new { district.DistrictId, district.CommunityIds, command.StaffId, command.Role };
            if (await db.Run(Delete, args, cancellationToken) == 0)
            {
                throw new Refused.NotFound("district_role");
            }

            var left = await db.List<Guid>(Take, args, cancellationToken);
            foreach (var community in left.Order())
            {
                log.Write(community, SubjectKind.Staff, command.StaffId, Happening.RoleRevoked, new { command.Role, district.DistrictId }, visibility: Visibility.Desk);
            }

            await DistrictRoles.LeaveWhereNothingIsLeft(db, accounts, leaver, left, command.StaffId, clock.Now(), cancellationToken);
            return new DistrictRoleReply(command.District, command.StaffId, command.Role, [.. left.Order()]);
        }
    }
}

/// <param name="District">Its code.</param>
/// <param name="CommunityIds">Where the role was given or taken.</param>
public sealed record DistrictRoleReply(string District, Guid StaffId, Roles Role, IReadOnlyList<Guid> CommunityIds);

internal static class DistrictRoles
{
    // That of the code, and the one that the community is of.
    private const string Held = """
        select l.district_id, l.is_named
        from lock_districts(@Code, @CommunityId) l
        order by l.district_id
        """;

    private sealed record HeldDistrict(Guid DistrictId, bool IsNamed);

    private const string Known = """
        select district_id, community_id
        from district_by_code(@Code)
        order by community_id
        """;

    private sealed record Row(Guid DistrictId, Guid? CommunityId);

    private const string Belong = """
        insert into community_staff (community_id, staff_id, joined_at)
        values (@CommunityId, @StaffId, @Now)
        on conflict (community_id, staff_id) do update set left_at = null
        """;

    // A role of the community's own stays what it is: it does not end with the district's.
    private const string Write = """
        insert into staff_role (community_id, staff_id, role, granted_at, district_id)
        values (@CommunityId, @StaffId, @Role, @Now, @DistrictId)
        on conflict (community_id, staff_id, role) do nothing
        """;

    private const string Idle = """
        select c.community_id
        from community_staff c
        where c.community_id = any (@CommunityIds) and c.staff_id = @StaffId and c.left_at is null
          and not exists (select from staff_role r where r.community_id = c.community_id and r.staff_id = c.staff_id)
        order by c.community_id
        """;

    private const string Join = """
        update community
        set district_id = @DistrictId
        where community_id = @CommunityId
        """;

    private const string Holders = """
        select r.staff_id, r.role
        from district_role r
        where r.district_id = @DistrictId
        order by r.staff_id, r.role
        """;

    private sealed record Holder(Guid StaffId, Roles Role);

    public static bool OfADistrict(Roles role) => role is Roles.Clerk or Roles.CustomerOfficer or Roles.Manager or Roles.Administrator;

    /// <summary>Until the transaction ends no community comes or goes, and nobody gets or loses a role of it. Read of it what you need after this.</summary>
    /// <param name="communityId">One that may leave another district, which is held, too.</param>
    /// <returns>Null where there is no district of this code.</returns>
    public static async Task<Guid?> Lock(Db db, string code, Guid? communityId, CancellationToken ct) =>
        (await db.List<HeldDistrict>(Held, new { Code = code, CommunityId = communityId }, ct)).FirstOrDefault(d => d.IsNamed)?.DistrictId;

    /// <summary>The district, held by the running command.</summary>
    /// <exception cref="Refused.NotFound">There is no such district, or the caller has nothing to do with it.</exception>
    /// <exception cref="Refused.Forbidden">The caller does not answer for all of its communities.</exception>
    public static async Task<KnownDistrict> AllOf(Db db, Caller caller, string code, CancellationToken ct)
    {
        await Lock(db, code, null, ct);
        var rows = await db.List<Row>(Known, new { Code = code }, ct);
        if (!rows.Any(r => r.CommunityId is { } c && caller.Actor.Has(c, (Roles)~0)))
        {
            throw new Refused.NotFound("district");
        }

        var district = new KnownDistrict(rows[0].DistrictId, [.. rows.Select(r => r.CommunityId!.Value)]);
        return district.CommunityIds.All(c => caller.Actor.Has(c, caller.Allowed))
            ? district
            : throw new Refused.Forbidden("district.not_all_yours", "Only who answers for all communities of a district gives and takes its roles.");
    }

    /// <summary>The community comes under the district; whoever holds a role of it holds it there.</summary>
    /// <exception cref="Refused.NotFound">There is no such community in the caller's scope.</exception>
    public static async Task Enter(Db db, EventLog log, Guid communityId, Guid districtId, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.Run(Join, new { CommunityId = communityId, DistrictId = districtId }, ct) == 0)
        {
            throw new Refused.NotFound("community");
        }

        log.Write(communityId, SubjectKind.Community, communityId, Happening.CommunityPutIntoDistrict, new { districtId }, visibility: Visibility.Desk);
        foreach (var holder in await db.List<Holder>(Holders, new { DistrictId = districtId }, ct))
        {
            await Give(db, log, communityId, districtId, holder.StaffId, holder.Role, now, ct);
        }
    }

    /// <summary>Who has no role in a community any more does not belong to it: what is theirs there goes back, and its administrators answer for them no longer.</summary>
    public static async Task LeaveWhereNothingIsLeft(Db db, Accounts accounts, TeamLeaver leaver, IEnumerable<Guid> communities, Guid staffId, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var community in await db.List<Guid>(Idle, new { CommunityIds = communities.ToArray(), StaffId = staffId }, ct))
        {
            await accounts.LeaveCommunity(leaver, staffId, community, now, ct);
        }
    }

    public static async Task Give(Db db, EventLog log, Guid communityId, Guid districtId, Guid staffId, Roles role, DateTimeOffset now, CancellationToken ct)
    {
        var given = new { CommunityId = communityId, DistrictId = districtId, StaffId = staffId, Role = role, Now = now };
        await db.Run(Belong, given, ct);
        if (await db.Run(Write, given, ct) > 0)
        {
            log.Write(communityId, SubjectKind.Staff, staffId, Happening.RoleGranted, new { role, districtId }, visibility: Visibility.Desk);
        }
    }
}
