namespace PropertyServiceDesk.Domain.Plumbing;

public enum ActorKind
{
    Staff,
    Owner,
    System,
}

public sealed record RoleIn(Guid CommunityId, Roles Role);

/// <summary>A seat in a team today.</summary>
public sealed record Seat(Guid CommunityId, Guid TeamId, Crew Crew, bool Lead);

/// <summary>Who is acting.</summary>
public sealed record Actor(ActorKind Kind, Guid Id, string Name, IReadOnlyList<RoleIn> Roles, IReadOnlyList<Seat> Seats)
{
    /// <summary>Jobs act as the desk's own system, in the one community whose row they take up.</summary>
    public static Actor SystemIn(Guid communityId) =>
        new(ActorKind.System, Guid.Empty, "system", [new RoleIn(communityId, Plumbing.Roles.System)], []);

    /// <summary>An owner who came through a door of theirs (a link, a reply), which has made sure of it. They act in the system's place, and are named in the log.</summary>
    /// <param name="id">The customer; or, where it is nobody known, the request that they reported.</param>
    public static Actor OwnerIn(Guid communityId, Guid id, string name) =>
        new(ActorKind.Owner, id, name, [new RoleIn(communityId, Plumbing.Roles.System)], []);

    public bool Has(Guid communityId, Roles any) => Roles.Any(r => r.CommunityId == communityId && (r.Role & any) != Plumbing.Roles.None);

    public IEnumerable<Guid> CommunitiesWith(Roles any) => Roles.Where(r => (r.Role & any) != Plumbing.Roles.None).Select(r => r.CommunityId).Distinct();

    public bool SitsIn(Guid teamId) => Seats.Any(s => s.TeamId == teamId);

    public bool Leads(Guid teamId) => Seats.Any(s => s.TeamId == teamId && s.Lead);
}

/// <summary>
/// Who is calling, and what came with the call beside its body: the idempotency key, the version that the caller looked at, the
/// device and its time, the channel. One a scope; the host fills it in before anything is sent.
/// </summary>
public sealed class Caller
{
    private Actor? actor;

    public Actor Actor
    {
        get => actor ?? throw new InvalidOperationException("Nobody was named as the caller of this scope.");
        set => actor = value;
    }

    /// <summary>What the running command or query is allowed to; set by the pipeline.</summary>
    public Roles Allowed { get; internal set; }

    /// <summary>Which of these roles are allowed it to whatever there is in their community; the others to what is theirs.</summary>
    public Roles AllowedEverywhere { get; internal set; }

    /// <summary>Whether the running command or query is open to the caller for all of this community, not only for what is theirs.</summary>
    public bool SeesAllOf(Guid communityId) => Actor.Has(communityId, AllowedEverywhere);

    /// <summary>Method and path, so that a key used for another resource is noticed.</summary>
    public string Route { get; set; } = "";

    public string? IdempotencyKey { get; set; }

    /// <summary>From <c>If-Match</c>.</summary>
    public int? IfMatch { get; set; }

    /// <summary>The session that the call came with.</summary>
    public Guid? SessionId { get; set; }

    public string? Device { get; set; }

    public DateTimeOffset? DeviceAt { get; set; }

    /// <exception cref="Refused.Forbidden">The caller is known in this community, and this is not theirs to do.</exception>
    public void MustBeAllowedIn(Guid communityId)
    {
        if (!Actor.Has(communityId, Allowed))
        {
            throw new Refused.Forbidden("role.not_allowed", "Your role in this community does not allow this.");
        }
    }

    /// <summary>The communities that a query looks into: all where the caller's role allows it, or the one that was asked for.</summary>
    /// <exception cref="Refused.NotFound">The caller has nothing to do with that one.</exception>
    /// <exception cref="Refused.Forbidden">They have, but their role there does not allow this.</exception>
    public Guid[] CommunitiesFor(Guid? communityId = null)
    {
        if (communityId is not { } one)
        {
            return [.. Actor.CommunitiesWith(Allowed).Order()];
        }

        if (!Actor.Has(one, (Roles)~0))
        {
            throw new Refused.NotFound("community");
        }

        MustBeAllowedIn(one);
        return [one];
    }

    /// <summary>Checks the version of an edit: one is needed, in the body or as <c>If-Match</c>, and it must be the current one.</summary>
    public void MustKnowVersion(string what, int current, int? inBody)
    {
        _ = inBody ?? IfMatch ?? throw new Refused.VersionMissing(what);
        MustNotBeStale(what, current, inBody);
    }

    /// <summary>Checks the version of a transition: none is needed, but one that was given must be the current one.</summary>
    public void MustNotBeStale(string what, int current, int? inBody = null)
    {
        if (IfMatch is { } matched && matched != current)
        {
            throw new Refused.Stale(what, current);
        }

        if (inBody is { } seen && seen != current)
        {
            throw new Refused.Conflict(what + ".changed_meanwhile", "Somebody else changed this meanwhile. Look again before you change it.");
        }
    }
}
