using FluentValidation;

namespace PropertyServiceDesk.Domain.Rosters;

/// <summary>Who is away in a period, and who stands in.</summary>
/// <param name="From">The period's begin; left out, yesterday.</param>
/// <param name="To">Its end, at most 62 days after its begin; left out, two weeks after it.</param>
[AllowedTo(Roles.Everybody)]
public sealed record ListLeave(Guid CommunityId, DateTimeOffset? From = null, DateTimeOffset? To = null) : IQuery<IReadOnlyList<LeaveLine>>
{
    public sealed class Validator : AbstractValidator<ListLeave>
    {
        public Validator() => RuleFor(q => q).Must(q => RosterPeriod.Fits(q.From, q.To)).WithErrorCode("period.out_of_range").WithMessage("A period of at most 62 days.").OverridePropertyName("to");
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListLeave, IReadOnlyList<LeaveLine>>
    {
        private const string Read = """
            select l.leave_id, l.staff_id, s.display_name as staff_name, l.starts_at, l.ends_at, l.deputy_id, d.display_name as deputy_name
            from leave l
            left join staff s on s.staff_id = l.staff_id
            left join staff d on d.staff_id = l.deputy_id
            where l.community_id = any (@Communities) and l.ends_at > @From and l.starts_at < @To
            order by l.starts_at, l.leave_id
            """;

        public Task<IReadOnlyList<LeaveLine>> Handle(ListLeave query, CancellationToken cancellationToken)
        {
            var (from, to) = RosterPeriod.Of(query.From, query.To, clock.Now());
            return db.List<LeaveLine>(Read, new { Communities = caller.CommunitiesFor(query.CommunityId), From = from, To = to }, cancellationToken);
        }
    }
}

public sealed record LeaveLine(Guid LeaveId, Guid StaffId, string? StaffName, DateTimeOffset StartsAt, DateTimeOffset EndsAt, Guid? DeputyId, string? DeputyName);

/// <summary>Somebody is away from an instant to another, and somebody stands in.</summary>
/// <param name="StartsAt">Within a year of now, before or after.</param>
/// <param name="EndsAt">After the begin, within a year of it.</param>
/// <param name="DeputyId">Who is told in their stead; left out, nobody is.</param>
[AllowedTo(Roles.Administrator | Roles.Officers)]
public sealed record PlanLeave([property: JsonIgnore] Guid CommunityId, Guid StaffId, DateTimeOffset StartsAt, DateTimeOffset EndsAt, Guid? DeputyId = null) : ICommand<LeaveReply>
{
    public sealed class Validator : AbstractValidator<PlanLeave>
    {
        public Validator()
        {
            RuleFor(c => c.EndsAt).Must((c, to) => to > c.StartsAt && to - c.StartsAt <= TimeSpan.FromDays(366)).WithErrorCode("leave.length_out_of_range").WithMessage("Leave ends after it begins, within a year.");
            RuleFor(c => c.DeputyId).Must((c, deputy) => deputy != c.StaffId).WithErrorCode("leave.own_deputy").WithMessage("Nobody stands in for themselves.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<PlanLeave, LeaveReply>
    {
        private const string Write = """
            insert into leave (community_id, leave_id, staff_id, starts_at, ends_at, deputy_id)
            values (@CommunityId, @LeaveId, @StaffId, @StartsAt, @EndsAt, @DeputyId)
            """;

        public async Task<LeaveReply> Handle(PlanLeave command, CancellationToken cancellationToken)
        {
            caller.CommunitiesFor(command.CommunityId);
            var now = clock.Now();
            if (!RosterPeriod.IsNear(command.StartsAt, now))
            {
                throw new Refused.Invalid("leave.out_of_range", "Leave begins within a year of now.", "startsAt");
            }

            await RosterPeople.MustWorkHere(db, command.CommunityId, command.StaffId, "staffId", cancellationToken);
            if (command.DeputyId is { } deputy)
            {
                await RosterPeople.MustWorkHere(db, command.CommunityId, deputy, "deputyId", cancellationToken);
            }

            var id = Guid.CreateVersion7(now);
            await db.Run(Write, new { command.CommunityId, LeaveId = id, command.StaffId, command.StartsAt, command.EndsAt, command.DeputyId }, cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Staff, command.StaffId, Happening.LeavePlanned, new { leaveId = id, command.StartsAt, command.EndsAt, command.DeputyId }, visibility: Visibility.Desk);
            return new LeaveReply(id);
        }
    }
}

/// <summary>Leave is taken back.</summary>
[AllowedTo(Roles.Administrator | Roles.Officers)]
public sealed record RemoveLeave([property: JsonIgnore] Guid LeaveId) : ICommand<LeaveReply>
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<RemoveLeave, LeaveReply>
    {
        private const string Read = """
            select community_id, leave_id, staff_id
            from leave
            where leave_id = @LeaveId
            for no key update
            """;

        private const string Write = """
            delete from leave
            where leave_id = @LeaveId
            """;

        private sealed record Row(Guid CommunityId, Guid LeaveId, Guid StaffId);

        public async Task<LeaveReply> Handle(RemoveLeave command, CancellationToken cancellationToken)
        {
            var leave = await db.Find<Row>(Read, new { command.LeaveId }, cancellationToken) ?? throw new Refused.NotFound("leave");
            caller.MustBeAllowedIn(leave.CommunityId);
            await db.Run(Write, new { command.LeaveId }, cancellationToken);
            log.Write(leave.CommunityId, SubjectKind.Staff, leave.StaffId, Happening.LeaveRemoved, new { command.LeaveId }, visibility: Visibility.Desk);
            return new LeaveReply(command.LeaveId);
        }
    }
}

public sealed record LeaveReply(Guid LeaveId);
