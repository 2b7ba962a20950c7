using FluentValidation;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Domain.Communities;

public sealed record TeamMade(Guid TeamId);

/// <summary>What a team is called, and where it is rung. Its crew, and whether it is of the house, stay: its orders go by them.</summary>
/// <param name="Phone">None, where it is left out.</param>
[AllowedTo(Roles.Administrator)]
public sealed record AmendTeam([property: JsonIgnore] Guid TeamId, string Name, string NameEn, string? Phone = null, int? Version = null) : ICommand<TeamReply>
{
    public sealed class Validator : AbstractValidator<AmendTeam>
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

    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<AmendTeam, TeamReply>
    {
        private const string Write = """
            update team
            set name = @Name, name_en = @NameEn, phone = @Phone, version = version + 1
            where community_id = @CommunityId and team_id = @TeamId
            """;

        public async Task<TeamReply> Handle(AmendTeam command, CancellationToken cancellationToken)
        {
            var team = await LockedTeam.Of(db, caller, command.TeamId, cancellationToken);
            caller.MustKnowVersion("team", team.Version, command.Version);
            try
            {
                await db.Run(Write, new { team.CommunityId, team.TeamId, Name = PlainText.Normalise(command.Name), NameEn = PlainText.Normalise(command.NameEn), command.Phone }, cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "team_name_is_unique" })
            {
                throw new Refused.Conflict("team.name_taken", "There is a team of this name.");
            }

            log.Write(team.CommunityId, SubjectKind.Community, team.CommunityId, Happening.TeamAmended, new { team.TeamId, version = team.Version + 1 }, PlainText.Normalise(command.Name), Visibility.Desk);
            return team.Changed(team.RetiredAt);
        }
    }
}

/// <summary>A team gets no more work. Only one that nobody sits in, and that has nothing open.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record RetireTeam([property: JsonIgnore] Guid TeamId, int? Version = null) : ICommand<TeamReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<RetireTeam, TeamReply>
    {
        private const string Held = """
            select exists (select from team_member m where m.community_id = @CommunityId and m.team_id = @TeamId and m.to_at is null) as members,
                exists (select from work_order o where o.community_id = @CommunityId and o.team_id = @TeamId and o.status not in ('done', 'voided')) as work
            """;

        private const string Write = """
            update team
            set retired_at = @Now, version = version + 1
            where community_id = @CommunityId and team_id = @TeamId
            """;

        private sealed record Row(bool Members, bool Work);

        public async Task<TeamReply> Handle(RetireTeam command, CancellationToken cancellationToken)
        {
            var team = await LockedTeam.Of(db, caller, command.TeamId, cancellationToken);
            caller.MustNotBeStale("team", team.Version, command.Version);
            if (team.RetiredAt is not null)
            {
                throw new Refused.Conflict("team.retired_already", "This team was retired already.");
            }

            var held = await db.Single<Row>(Held, team, cancellationToken);
            if (held.Members)
            {
                throw new Refused.Conflict("team.has_members", "Somebody sits in this team. Take them out first.");
            }

            if (held.Work)
            {
                throw new Refused.Conflict("team.has_open_work", "This team has open work orders. Let them be done or transferred first.");
            }

            var now = clock.Now();
            await db.Run(Write, new { team.CommunityId, team.TeamId, Now = now }, cancellationToken);
            log.Write(team.CommunityId, SubjectKind.Community, team.CommunityId, Happening.TeamRetired, new { team.TeamId }, visibility: Visibility.Desk);
            return team.Changed(now);
        }
    }
}

/// <summary>A team that was retired gets work again.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record ReinstateTeam([property: JsonIgnore] Guid TeamId, int? Version = null) : ICommand<TeamReply>
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<ReinstateTeam, TeamReply>
    {
        private const string Write = """
            update team
            set retired_at = null, version = version + 1
            where community_id = @CommunityId and team_id = @TeamId
            """;

        public async Task<TeamReply> Handle(ReinstateTeam command, CancellationToken cancellationToken)
        {
            var team = await LockedTeam.Of(db, caller, command.TeamId, cancellationToken);
            caller.MustNotBeStale("team", team.Version, command.Version);
            if (team.RetiredAt is null)
            {
                throw new Refused.Conflict("team.not_retired", "This team is in use.");
            }

            await db.Run(Write, team, cancellationToken);
            log.Write(team.CommunityId, SubjectKind.Community, team.CommunityId, Happening.TeamReinstated, new { team.TeamId }, visibility: Visibility.Desk);
            return team.Changed(null);
        }
    }
}

/// <summary>Somebody who works in the community sits in a team of the house from now on; or, who sits there already, leads it or does not.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record SeatMember([property: JsonIgnore] Guid TeamId, Guid StaffId, bool Lead = false) : ICommand<TeamReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, Accounts accounts, EventLog log) : IRequestHandler<SeatMember, TeamReply>
    {
        private const string Works = """
            select exists (select from team_member m where m.community_id = c.community_id and m.staff_id = c.staff_id and m.team_id = @TeamId and m.to_at is null) as seated,
                (select count(*)::int from team_member m where m.community_id = c.community_id and m.staff_id = c.staff_id and m.to_at is null) as seats
            from community_staff c
            join staff s on s.staff_id = c.staff_id
            where c.community_id = @CommunityId and c.staff_id = @StaffId and c.left_at is null and s.disabled_at is null
            """;

        private const string Seat = """
            insert into team_member (community_id, team_id, staff_id, lead, from_at)
            values (@CommunityId, @TeamId, @StaffId, @Lead, @Now)
            """;

        // The seat goes before the team, as for whoever is given work.
        private const string HoldSeat = """
            select true
            from team_member
            where community_id = @CommunityId and team_id = @TeamId and staff_id = @StaffId and to_at is null
            for no key update
            """;

        private const string ChangeLead = """
            update team_member
            set lead = @Lead
            where community_id = @CommunityId and team_id = @TeamId and staff_id = @StaffId and to_at is null
            """;

        private sealed record Row(bool Seated, int Seats);

        public async Task<TeamReply> Handle(SeatMember command, CancellationToken cancellationToken)
        {
            var community = await LockedTeam.CommunityOf(db, caller, command.TeamId, cancellationToken);
            var who = new { CommunityId = community, command.TeamId, command.StaffId, command.Lead, Now = clock.Now() };
            await MustWorkHere(who, cancellationToken);
            var account = await accounts.Lock(command.StaffId, cancellationToken); // the person goes before the team, as everywhere
            var works = await MustWorkHere(who, cancellationToken);
            await db.Find<bool?>(HoldSeat, who, cancellationToken);
            var team = await LockedTeam.Of(db, caller, command.TeamId, cancellationToken);
            caller.MustNotBeStale("team", team.Version);
            if (team.RetiredAt is not null)
            {
                throw new Refused.Conflict("team.retired", "This team was retired.");
            }

            if (team.External)
            {
                throw new Refused.Conflict("team.external", "An external team has no accounts: the desk speaks for it.");
            }

            if (!works.Seated && works.Seats >= Accounts.MostSeats)
            {
                throw new Refused.Conflict("seats.too_many", "Nobody sits in more than 20 teams.");
            }

            await db.Run(works.Seated ? ChangeLead : Seat, who, cancellationToken);
            await accounts.Touch(account, cancellationToken);
            await team.Touch(db, cancellationToken);
            log.Write(team.CommunityId, SubjectKind.Staff, command.StaffId, Happening.SeatsChanged, new { team.TeamId, command.Lead }, visibility: Visibility.Desk);
            return team.Changed(null);
        }

        private async Task<Row> MustWorkHere(object who, CancellationToken ct) =>
            await db.Find<Row>(Works, who, ct) ?? throw new Refused.Invalid("staff.unknown", "There is no such colleague in this community.", "staffId");
    }
}

/// <summary>Somebody sits in a team no more; their open orders go back to it.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record UnseatMember([property: JsonIgnore] Guid TeamId, Guid StaffId) : ICommand<TeamReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, Accounts accounts, TeamLeaver leaver, EventLog log) : IRequestHandler<UnseatMember, TeamReply>
    {
        private const string Seated = """
            select exists (select from team_member m where m.community_id = @CommunityId and m.team_id = @TeamId and m.staff_id = @StaffId and m.to_at is null)
            """;

        public async Task<TeamReply> Handle(UnseatMember command, CancellationToken cancellationToken)
        {
            var community = await LockedTeam.CommunityOf(db, caller, command.TeamId, cancellationToken);
            var who = new { CommunityId = community, command.TeamId, command.StaffId };
            await MustSit(who, cancellationToken);
            var account = await accounts.Lock(command.StaffId, cancellationToken);
            await MustSit(who, cancellationToken);
            var now = clock.Now();
            var back = await leaver.Leave(community, command.StaffId, [command.TeamId], now, cancellationToken); // requests and orders are locked before the team
            var team = await LockedTeam.Of(db, caller, command.TeamId, cancellationToken);
            caller.MustNotBeStale("team", team.Version);
            await accounts.Touch(account, cancellationToken);
            await team.Touch(db, cancellationToken);
            log.Write(team.CommunityId, SubjectKind.Staff, command.StaffId, Happening.SeatsChanged, new { left = team.TeamId, ordersBack = back }, visibility: Visibility.Desk);
            return team.Changed(team.RetiredAt);
        }

        private async Task MustSit(object who, CancellationToken ct)
        {
            if (!await db.Single<bool>(Seated, who, ct))
            {
                throw new Refused.Invalid("team.not_a_member", "This person does not sit in this team.", "staffId");
            }
        }
    }
}

/// <summary>A team as it stands after a change.</summary>
public sealed record TeamReply(Guid TeamId, DateTimeOffset? RetiredAt, int Version);

/// <summary>A team as the running command holds it: locked.</summary>
internal sealed record LockedTeam(Guid CommunityId, Guid TeamId, bool External, DateTimeOffset? RetiredAt, int Version)
{
    private const string Read = """
        select t.community_id, t.team_id, t.external, t.retired_at, t.version
        from team t
        where t.team_id = @TeamId
        for no key update of t
        """;

    private const string Community = """
        select t.community_id
        from team t
        where t.team_id = @TeamId
        """;

    private const string Count = """
        update team
        set version = version + 1
        where community_id = @CommunityId and team_id = @TeamId
        """;

    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<LockedTeam> Of(Db db, Caller caller, Guid teamId, CancellationToken ct)
    {
        var team = await db.Find<LockedTeam>(Read, new { TeamId = teamId }, ct) ?? throw new Refused.NotFound("team");
        caller.MustBeAllowedIn(team.CommunityId);
        return team;
    }

    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<Guid> CommunityOf(Db db, Caller caller, Guid teamId, CancellationToken ct)
    {
        var community = await db.Find<Guid?>(Community, new { TeamId = teamId }, ct) ?? throw new Refused.NotFound("team");
        caller.MustBeAllowedIn(community);
        return community;
    }

    public Task Touch(Db db, CancellationToken ct) => db.Run(Count, this, ct);

    public TeamReply Changed(DateTimeOffset? retiredAt) => new(TeamId, retiredAt, Version + 1);
}
