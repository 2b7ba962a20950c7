using System.Text.Json;
using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Policies;

/// <summary>What a community promises now, or what it promised by an earlier version.</summary>
/// <param name="Version">The current one where it is left out.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record GetSlaProfile(Guid CommunityId, int? Version = null) : IQuery<SlaProfileDetails>
{
    public sealed class Validator : AbstractValidator<GetSlaProfile>
    {
        public Validator() => RuleFor(q => q.Version).GreaterThan(0);
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<GetSlaProfile, SlaProfileDetails>
    {
        private const string Read = """
            select v.policy_version_id, v.version, v.definition::text as definition, v.created_at, v.created_by,
                (select case when m.done_at is null then m.expected - m.moved
                        else (select count(*)::int from clock_move_left_behind b where b.community_id = m.community_id and b.clock_move_id = m.clock_move_id) end
                 from clock_move m
                 where m.community_id = v.community_id and m.version_id = v.policy_version_id) as still_to_move
            from sla_profile_version v
            where v.community_id = @CommunityId and (@Version::int is null or v.version = @Version)
            order by v.version desc
            limit 1
            """;

        private sealed record Row(Guid PolicyVersionId, int Version, string Definition, DateTimeOffset CreatedAt, Guid? CreatedBy, int? StillToMove);

        public async Task<SlaProfileDetails> Handle(GetSlaProfile query, CancellationToken cancellationToken)
        {
            var community = caller.CommunitiesFor(query.CommunityId)[0];
            var row = await db.Find<Row>(Read, new { CommunityId = community, query.Version }, cancellationToken) ?? throw new Refused.NotFound("sla_profile");
            return new SlaProfileDetails(row.PolicyVersionId, row.Version, row.CreatedAt, row.CreatedBy, row.StillToMove ?? 0, JsonSerializer.Deserialize<SlaProfile>(row.Definition, Json.Options)!);
        }
    }
}

/// <param name="StillToMove">Open clocks that have not followed this version yet; when the move is over, the requests and orders that it had to leave behind, which are tried again.</param>
public sealed record SlaProfileDetails(Guid PolicyVersionId, int Version, DateTimeOffset CreatedAt, Guid? CreatedBy, int StillToMove, SlaProfile Profile);

/// <summary>
/// What a community promises from now on. What is closed does not change; open clocks follow, each with an event of its own, by a job that
/// goes on where it stopped.
/// </summary>
[AllowedTo(Roles.Administrator)]
public sealed record EditSlaProfile([property: JsonIgnore] Guid CommunityId, SlaProfile Profile, int? Version = null) : ICommand<SlaEdited>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, SlaEdits edits) : IRequestHandler<EditSlaProfile, SlaEdited>
    {
        private const string Current = """
            select v.version
            from sla_profile_version v
            where v.community_id = @CommunityId
            order by v.version desc
            limit 1
            """;

        private const string Insert = """
            insert into sla_profile_version (community_id, policy_version_id, version, definition, created_at, created_by)
            values (@CommunityId, @VersionId, @Version, @Definition::jsonb, @Now, @By)
            """;

        private const string OpenClocks = """
            select count(*)::int
            from clock k
            where k.community_id = @CommunityId and k.subject_kind in ('request', 'workOrder') and k.stopped_at is null and not k.imposed
            """;

        public async Task<SlaEdited> Handle(EditSlaProfile command, CancellationToken cancellationToken)
        {
            await edits.Lock(command.CommunityId, cancellationToken);
            var current = await db.Single<int>(Current, new { command.CommunityId }, cancellationToken);
            caller.MustKnowVersion("sla_profile", current, command.Version);
            await edits.MustBeSound(command.CommunityId, command.Profile, cancellationToken);
            var now = clock.Now();
            var id = Guid.CreateVersion7(now);
            try
            {
                await db.Run(
                    Insert,
                    new { command.CommunityId, VersionId = id, Version = current + 1, Definition = JsonSerializer.Serialize(command.Profile.Normalised(), Json.Options), Now = now, By = caller.Actor.Id },
                    cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "sla_profile_version_community_id_version_key" })
            {
                throw new Refused.Stale("sla_profile", current + 1);
            }

            var open = await db.Single<int>(OpenClocks, new { command.CommunityId }, cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.SlaProfileEdited, new { policyVersionId = id, version = current + 1, openClocks = open }, visibility: Visibility.Desk, occurredAt: now);
            return new SlaEdited(id, current + 1, open, await edits.Move(command.CommunityId, ClockMoveWhy.Profile, id, open, now, cancellationToken));
        }
    }
}

/// <param name="OpenClocks">How many open clocks the edit will look at and move.</param>
/// <param name="ClockMoveId">The job that moves them; null where there are none.</param>
public sealed record SlaEdited(Guid VersionId, int Version, int OpenClocks, Guid? ClockMoveId);

/// <summary>Why open clocks are moved.</summary>
public enum ClockMoveWhy
{
    Profile,
    Calendar,
    Event,
}

/// <summary>What edits of the profile, of calendars and of events share.</summary>
internal sealed class SlaEdits(Db db, Caller caller)
{
    // One edit at a time in a community. Commands that start clocks do not wait: they take the version that is current when they look.
    private const string Take = """
        select pg_advisory_xact_lock(hashtextextended('sla:' || @CommunityId::text, 0))
        """;

    private const string Known = """
        select c.code
        from calendar c
        where c.community_id = @CommunityId;

        select distinct k.code
        from category k
        where k.community_id = @CommunityId;
        """;

    private const string Insert = """
        insert into clock_move (community_id, clock_move_id, why, version_id, made_at, made_by, expected)
        values (@CommunityId, @ClockMoveId, @Why, @VersionId, @Now, @By, @Expected)
        """;

    public async Task Lock(Guid communityId, CancellationToken ct)
    {
        caller.CommunitiesFor(communityId);
        await db.Run(Take, new { CommunityId = communityId }, ct);
    }

    /// <exception cref="Refused.Invalid">The profile could not govern.</exception>
    public async Task MustBeSound(Guid communityId, SlaProfile profile, CancellationToken ct)
    {
        using var read = await db.Several(Known, new { CommunityId = communityId }, ct);
        var calendars = (await read.ReadAsync<string>()).ToHashSet(StringComparer.Ordinal);
        var categories = (await read.ReadAsync<string>()).ToHashSet(StringComparer.Ordinal);
        if (SlaProfileCheck.Faults(profile, calendars, categories) is { Count: > 0 } faults)
        {
            throw new Refused.Invalid(faults);
        }
    }

    public async Task<Guid?> Move(Guid communityId, ClockMoveWhy why, Guid versionId, int expected, DateTimeOffset now, CancellationToken ct)
    {
        if (expected == 0)
        {
            return null;
        }

        var id = Guid.CreateVersion7(now);
        await db.Run(Insert, new { CommunityId = communityId, ClockMoveId = id, Why = why, VersionId = versionId, Now = now, By = caller.Actor.Id, Expected = expected }, ct);
        return id;
    }
}
