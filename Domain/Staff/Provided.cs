using Microsoft.Extensions.DependencyInjection;

namespace PropertyServiceDesk.Domain.Staff;

/// <summary>What a token of the company's identity provider says: who it is, and which roles where (the community by its code).</summary>
/// <param name="Subject">Issuer and subject.</param>
/// <param name="Name">The sign-in name of an account that is made for them.</param>
public sealed record ProvidedClaims(string Subject, string Name, string DisplayName, IReadOnlyList<(string Community, Roles Role)> Roles);

/// <summary>Who holds such a token now.</summary>
public sealed record ProvidedHolder(Guid StaffId, Actor Actor);

/// <summary>
/// People whom the company's identity provider knows. Somebody who comes for the first time gets an account without a password; their roles
/// are those that the token says, and follow it; their seats in teams are given here. A deactivated account stays out.
/// </summary>
public sealed class ProvidedStaff(Sessions sessions, IServiceScopeFactory scopes, TimeProvider clock)
{
    /// <returns>Null where the account is deactivated, or somebody else has the name.</returns>
    public async Task<ProvidedHolder?> Holder(ProvidedClaims claims, CancellationToken ct)
    {
        var known = await sessions.Provided(claims.Subject, ct);
        if (known is null)
        {
            await sessions.RegisterProvided(Guid.CreateVersion7(clock.Now()), claims.Subject, claims.Name.ToLowerInvariant(), claims.DisplayName, ct);
            known = await sessions.Provided(claims.Subject, ct);
        }

        if (known is null || known.Disabled)
        {
            return null;
        }

        var said = await sessions.InCommunities(claims.Roles, ct);
        var changed = said.Except(known.Roles).Concat(known.Roles.Except(known.DistrictRoles).Except(said)).Select(r => r.CommunityId).Distinct().Order().ToArray();
        foreach (var community in changed)
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor.SystemIn(community);
            await scope.ServiceProvider.GetRequiredService<IMediator>()
                .Send(new FollowProvider(community, known.StaffId, [.. said.Where(r => r.CommunityId == community).Select(r => r.Role)]), ct);
        }

        known = changed.Length == 0 ? known : await sessions.Provided(claims.Subject, ct);
        return known is null ? null : new ProvidedHolder(known.StaffId, new Actor(ActorKind.Staff, known.StaffId, known.DisplayName, known.Roles, known.Seats));
    }
}

/// <summary>An account of the identity provider's as it stands here.</summary>
/// <param name="DistrictRoles">Those of <paramref name="Roles"/> that follow from a district's office: given here, not by the provider.</param>
public sealed record Provided(Guid StaffId, string DisplayName, string Language, bool Disabled, IReadOnlyList<RoleIn> Roles, IReadOnlyList<RoleIn> DistrictRoles, IReadOnlyList<Seat> Seats);

/// <summary>Somebody's roles in a community become those that the identity provider says; none: they leave it, and their open orders go back to their team.</summary>
[AllowedTo(Plumbing.Roles.System)]
public sealed record FollowProvider(Guid CommunityId, Guid StaffId, IReadOnlyList<Roles> Roles) : ICommand<bool>
{
    internal sealed class Handler(Db db, TimeProvider clock, Accounts accounts, TeamLeaver leaver, EventLog log) : IRequestHandler<FollowProvider, bool>
    {
        private const string Join = """
            insert into community_staff (community_id, staff_id, joined_at)
            values (@CommunityId, @StaffId, @Now)
            on conflict (community_id, staff_id) do update set left_at = null;
            """;

        private const string Held = """
            select r.role, r.district_id is not null as of_district
            from staff_role r
            where r.community_id = @CommunityId and r.staff_id = @StaffId
            order by r.role
            """;

        private const string Revoke = """
            delete from staff_role
            where community_id = @CommunityId and staff_id = @StaffId and role = any (@Words) and district_id is null
            """;

        public async Task<bool> Handle(FollowProvider command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            var where = new { command.CommunityId, command.StaffId, Now = now };
            var held = await db.List<HeldRole>(Held, where, cancellationToken);
            if (command.Roles.Count == 0 && !held.Any(r => r.OfDistrict))
            {
                await accounts.LeaveCommunity(leaver, command.StaffId, command.CommunityId, now, cancellationToken);
                return true;
            }

            await db.Run(Join, where, cancellationToken); // and the row is ours: who comes at the same time sees what we did
            held = await db.List<HeldRole>(Held, where, cancellationToken);
            Roles[] granted = [.. command.Roles.Except(held.Select(r => r.Role))];
            Roles[] revoked = [.. held.Where(r => !r.OfDistrict).Select(r => r.Role).Except(command.Roles)];
            await accounts.Grant(command.CommunityId, command.StaffId, granted, now, cancellationToken);
            await db.Run(Revoke, new { where.CommunityId, where.StaffId, Words = EnumWord.All(revoked) }, cancellationToken);
            foreach (var role in granted)
            {
                log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, Happening.RoleGranted, new { role, byProvider = true }, visibility: Visibility.Desk);
            }

            foreach (var role in revoked)
            {
                log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, Happening.RoleRevoked, new { role, byProvider = true }, visibility: Visibility.Desk);
            }

            return true;
        }
    }
}
