using FluentValidation;

namespace PropertyServiceDesk.Domain.Rosters;

/// <summary>Shifts of a community that touch a period, by when they begin.</summary>
/// <param name="From">The period's begin; left out, yesterday.</param>
/// <param name="To">Its end, at most 62 days after its begin; left out, two weeks after it.</param>
[AllowedTo(Roles.Everybody)]
public sealed record ListShifts(Guid CommunityId, DateTimeOffset? From = null, DateTimeOffset? To = null) : IQuery<IReadOnlyList<ShiftLine>>
{
    public sealed class Validator : AbstractValidator<ListShifts>
    {
        public Validator() => RuleFor(q => q).Must(q => RosterPeriod.Fits(q.From, q.To)).WithErrorCode("period.out_of_range").WithMessage("A period of at most 62 days.").OverridePropertyName("to");
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListShifts, IReadOnlyList<ShiftLine>>
    {
        private const string Read = """
            select s.shift_id, s.duty, s.team_id, t.name as team_name, t.name_en as team_name_en, s.staff_id, w.display_name as staff_name, s.starts_at, s.ends_at, s.swapped_from_id, f.display_name as swapped_from_name
            from shift s
            left join team t on t.community_id = s.community_id and t.team_id = s.team_id
            left join staff w on w.staff_id = s.staff_id
            left join staff f on f.staff_id = s.swapped_from_id
            where s.community_id = any (@Communities) and s.ends_at > @From and s.starts_at < @To
            order by s.starts_at, s.duty, s.shift_id
            """;

        public Task<IReadOnlyList<ShiftLine>> Handle(ListShifts query, CancellationToken cancellationToken)
        {
            var (from, to) = RosterPeriod.Of(query.From, query.To, clock.Now());
            return db.List<ShiftLine>(Read, new { Communities = caller.CommunitiesFor(query.CommunityId), From = from, To = to }, cancellationToken);
        }
    }
}

/// <param name="SwappedFromId">Whose it was planned to be.</param>
public sealed record ShiftLine(
    Guid ShiftId, Duty Duty, Guid? TeamId, string? TeamName, string? TeamNameEn, Guid StaffId, string? StaffName, DateTimeOffset StartsAt, DateTimeOffset EndsAt, Guid? SwappedFromId, string? SwappedFromName);

/// <summary>Somebody is on duty from an instant to another; past midnight is nothing special.</summary>
/// <param name="TeamId">For the duties of a crew, and for no others.</param>
/// <param name="StartsAt">Within a year of now, before or after.</param>
/// <param name="EndsAt">After the begin, at most 36 hours.</param>
[AllowedTo(Roles.Administrator | Roles.Officers)]
public sealed record PlanShift([property: JsonIgnore] Guid CommunityId, Duty Duty, Guid StaffId, DateTimeOffset StartsAt, DateTimeOffset EndsAt, Guid? TeamId = null) : ICommand<ShiftReply>
{
    public sealed class Validator : AbstractValidator<PlanShift>
    {
        public Validator()
        {
            RuleFor(c => c.EndsAt).Must((c, to) => to > c.StartsAt && to - c.StartsAt <= TimeSpan.FromHours(36)).WithErrorCode("shift.length_out_of_range").WithMessage("A shift ends after it begins, within 36 hours.");
            RuleFor(c => c.TeamId).Must((c, team) => (team is not null) == c.Duty is Duty.Crew or Duty.CrewLead).WithErrorCode("shift.team_for_crews_only").WithMessage("A crew's duty names its team, and no other duty does.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<PlanShift, ShiftReply>
    {
        private const string Write = """
            insert into shift (community_id, shift_id, duty, team_id, staff_id, starts_at, ends_at)
            values (@CommunityId, @ShiftId, @Duty, @TeamId, @StaffId, @StartsAt, @EndsAt)
            """;

        public async Task<ShiftReply> Handle(PlanShift command, CancellationToken cancellationToken)
        {
            caller.CommunitiesFor(command.CommunityId);
            var now = clock.Now();
            if (!RosterPeriod.IsNear(command.StartsAt, now))
            {
                throw new Refused.Invalid("shift.out_of_range", "A shift begins within a year of now.", "startsAt");
            }

            await RosterPeople.MustWorkHere(db, command.CommunityId, command.StaffId, "staffId", cancellationToken);
            var id = Guid.CreateVersion7(now);
            try
            {
                await db.Run(Write, new { command.CommunityId, ShiftId = id, command.Duty, command.TeamId, command.StaffId, command.StartsAt, command.EndsAt }, cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.ForeignKeyViolation, ConstraintName: "shift_community_id_team_id_fkey" })
            {
                throw new Refused.Invalid("team.unknown", "There is no such team.", "teamId");
            }

            log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, Happening.ShiftPlanned, new { shiftId = id, command.Duty, command.TeamId, command.StartsAt, command.EndsAt }, visibility: Visibility.Desk);
            return new ShiftReply(id);
        }
    }
}

/// <summary>Somebody else takes a shift over.</summary>
[AllowedTo(Roles.Administrator | Roles.Officers)]
public sealed record SwapShift([property: JsonIgnore] Guid ShiftId, Guid StaffId) : ICommand<ShiftReply>
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<SwapShift, ShiftReply>
    {
        private const string Write = """
            update shift
            set swapped_from_id = coalesce(swapped_from_id, staff_id), staff_id = @StaffId
            where shift_id = @ShiftId
            """;

        public async Task<ShiftReply> Handle(SwapShift command, CancellationToken cancellationToken)
        {
            var shift = await RosterPeople.Lock(db, caller, command.ShiftId, cancellationToken);
            await RosterPeople.MustWorkHere(db, shift.CommunityId, command.StaffId, "staffId", cancellationToken);
            if (shift.StaffId == command.StaffId)
            {
                throw new Refused.Conflict("shift.theirs_already", "The shift is theirs already.");
            }

            await db.Run(Write, new { command.ShiftId, command.StaffId }, cancellationToken);
            log.Write(shift.CommunityId, SubjectKind.Staff, command.StaffId, Happening.ShiftSwapped, new { command.ShiftId, from = shift.StaffId, to = command.StaffId }, visibility: Visibility.Desk);
            return new ShiftReply(command.ShiftId);
        }
    }
}

/// <summary>A shift is taken off the roster.</summary>
[AllowedTo(Roles.Administrator | Roles.Officers)]
public sealed record RemoveShift([property: JsonIgnore] Guid ShiftId) : ICommand<ShiftReply>
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<RemoveShift, ShiftReply>
    {
        private const string Write = """
            delete from shift
            where shift_id = @ShiftId
            """;

        public async Task<ShiftReply> Handle(RemoveShift command, CancellationToken cancellationToken)
        {
            var shift = await RosterPeople.Lock(db, caller, command.ShiftId, cancellationToken);
            await db.Run(Write, new { command.ShiftId }, cancellationToken);
            log.Write(shift.CommunityId, SubjectKind.Staff, shift.StaffId, Happening.ShiftRemoved, new { command.ShiftId, shift.StartsAt, shift.EndsAt }, visibility: Visibility.Desk);
            return new ShiftReply(command.ShiftId);
        }
    }
}

public sealed record ShiftReply(Guid ShiftId);

internal sealed record LockedShift(Guid CommunityId, Guid ShiftId, Guid StaffId, DateTimeOffset StartsAt, DateTimeOffset EndsAt);

internal static class RosterPeople
{
    private const string Read = """
        select community_id, shift_id, staff_id, starts_at, ends_at
        from shift
        where shift_id = @ShiftId
        for no key update
        """;

    private const string Works = """
        select staff_id
        from community_staff
        where community_id = @CommunityId and staff_id = @StaffId and left_at is null
        """;

    public static async Task<LockedShift> Lock(Db db, Caller caller, Guid shiftId, CancellationToken ct)
    {
        var shift = await db.Find<LockedShift>(Read, new { ShiftId = shiftId }, ct) ?? throw new Refused.NotFound("shift");
        caller.MustBeAllowedIn(shift.CommunityId);
        return shift;
    }

    public static async Task MustWorkHere(Db db, Guid communityId, Guid staffId, string field, CancellationToken ct) =>
        _ = await db.Find<Guid?>(Works, new { CommunityId = communityId, StaffId = staffId }, ct) ?? throw new Refused.Invalid("staff.unknown", "There is no such person.", field);
}

/// <summary>The period that a roster is looked at for, and the one that it is written for.</summary>
internal static class RosterPeriod
{
    private static readonly TimeSpan Most = TimeSpan.FromDays(62);
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(366);
    private static readonly DateTimeOffset Last = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whether something may begin then, as is planned ahead or written down afterwards.</summary>
    public static bool IsNear(DateTimeOffset at, DateTimeOffset now) => (at - now).Duration() <= Furthest;

    public static bool Fits(DateTimeOffset? from, DateTimeOffset? to) => !(from > Last) && !(to > Last) && (from is not { } f || to is not { } t || (t > f && t - f <= Most));

    public static (DateTimeOffset From, DateTimeOffset To) Of(DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset now)
    {
        var start = from ?? (to is { } end && end - DateTimeOffset.MinValue > Most ? end.AddDays(-15) : now.AddDays(-1));
        return (start, to ?? start.AddDays(15));
    }
}
