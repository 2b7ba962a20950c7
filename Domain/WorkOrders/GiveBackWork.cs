using FluentValidation;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>Back to the centre, with a reason: it is to be given to somebody else. No clock of a crew runs meanwhile, so the desk is told, unless it gave the order back itself.</summary>
[AllowedTo(Roles.Desk, Own = Roles.Crews)]
public sealed record ReturnWork([property: JsonIgnore] Guid WorkOrderId, string Reason) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<ReturnWork>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(1000);
    }

    internal sealed class Handler(Caller caller, OrderMover mover) : IRequestHandler<ReturnWork, WorkOrderReply>
    {
        private const string Write = """
            with woken as (
                update hold set until_at = greatest(@At, from_at) where work_order_id = @WorkOrderId and until_at is null
            ), told as (
                insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_role, template, detail, created_at, send_after)
                select o.community_id, gen_random_uuid(), 'returned:' || o.work_order_id || ':' || o.leg, 'role', 'clerk', 'workReturned', json_build_object('workOrderId', o.work_order_id), @Now, @Now
                from work_order o
                where o.work_order_id = @WorkOrderId and @Tell
                on conflict on constraint message_once_a_cause do nothing
            )
            update work_order
            set status = @To, team_id = null, assignee_id = null, dispatched_at = null, assigned_at = null, accepted_at = null, arrived_at = null, leg = leg + 1, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(ReturnWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            return await mover.Move(order, WorkOrderMove.Return, Happening.WorkReturned, Write, new { Tell = !caller.SeesAllOf(order.CommunityId) }, new { order.Crew, order.TeamId, order.AssigneeId }, command.Reason, cancellationToken, visibility: Visibility.Crew,
                nowIs: order.Is with { TeamId = null, AssigneeId = null, TeamIsExternal = null });
        }
    }
}

/// <summary>To another crew, with a reason. That crew's own clocks start; the owner's run on.</summary>
[AllowedTo(Roles.Desk, Own = Roles.CrewLead)]
public sealed record TransferWork([property: JsonIgnore] Guid WorkOrderId, Guid TeamId, string Reason) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<TransferWork>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(1000);
    }

    internal sealed class Handler(Db db, OrderMover mover) : IRequestHandler<TransferWork, WorkOrderReply>
    {
        private const string Write = """
            with woken as (
                update hold set until_at = greatest(@At, from_at) where work_order_id = @WorkOrderId and until_at is null
            )
            update work_order
            set status = @To, crew = @Crew, team_id = @TeamId, assignee_id = null, dispatched_at = @Now, assigned_at = @Now, accepted_at = null, arrived_at = null,
                leg = leg + 1, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(TransferWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var (crew, external) = await WorkTeams.Of(db, order.CommunityId, command.TeamId, cancellationToken);
            if (order.TeamId == command.TeamId)
            {
                throw new Refused.Conflict("work_order.same_team", "This team has the order already.");
            }

            return await mover.Move(
                order,
                WorkOrderMove.Transfer,
                Happening.WorkTransferred,
                Write,
                new { Crew = crew, command.TeamId },
                new { fromCrew = order.Crew, fromTeamId = order.TeamId, toCrew = crew, toTeamId = command.TeamId },
                command.Reason,
                cancellationToken,
                crew,
                Visibility.Crew,
                nowIs: order.Is with { TeamId = command.TeamId, AssigneeId = null, TeamIsExternal = external });
        }
    }
}

/// <summary>The centre gives an order that nobody has yet, or that came back, to a team or to a person.</summary>
[AllowedTo(Roles.Desk)]
public sealed record SendWork([property: JsonIgnore] Guid WorkOrderId, Guid TeamId, Guid? AssigneeId = null) : ICommand<WorkOrderReply>
{
    internal sealed class Handler(Db db, OrderMover mover) : IRequestHandler<SendWork, WorkOrderReply>
    {
        private const string Member = """
            select true
            from team_member
            where community_id = @CommunityId and team_id = @TeamId and staff_id = @AssigneeId and to_at is null
            """;

        private const string Write = """
            update work_order
            set status = @To, crew = @Crew, team_id = @TeamId, assignee_id = @AssigneeId, dispatched_at = @Now, assigned_at = @Now, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(SendWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var (crew, external) = await WorkTeams.Of(db, order.CommunityId, command.TeamId, cancellationToken);
            if (command.AssigneeId is { } person && await db.Find<bool?>(Member, new { order.CommunityId, command.TeamId, AssigneeId = person }, cancellationToken) is null)
            {
                throw WorkTeams.NotAMember;
            }

            return await mover.Move(
                order, WorkOrderMove.Dispatch, Happening.WorkDispatched, Write, new { Crew = crew, command.TeamId, command.AssigneeId }, new { crew, command.TeamId, command.AssigneeId }, null, cancellationToken, crew,
                nowIs: order.Is with { TeamId = command.TeamId, AssigneeId = command.AssigneeId, TeamIsExternal = external });
        }
    }
}

/// <summary>The order is not needed, with a reason. A request whose orders are all voided goes back to received.</summary>
[AllowedTo(Roles.Desk)]
public sealed record VoidWork([property: JsonIgnore] Guid WorkOrderId, string Reason) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<VoidWork>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(1000);
    }

    internal const string Write = """
        with woken as (
            update hold set until_at = greatest(@At, from_at) where work_order_id = @WorkOrderId and until_at is null
        )
        update work_order
        set status = @To, voided_at = @Now, version = version + 1
        where work_order_id = @WorkOrderId
        """;

    internal sealed class Handler(OrderMover mover) : IRequestHandler<VoidWork, WorkOrderReply>
    {
        public async Task<WorkOrderReply> Handle(VoidWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            return await mover.Move(order, WorkOrderMove.Void, Happening.WorkVoided, Write, null, null, command.Reason, cancellationToken, visibility: Visibility.Crew);
        }
    }
}

internal static class WorkTeams
{
    private const string Read = """
        select crew, external
        from team
        where community_id = @CommunityId and team_id = @TeamId and retired_at is null
        """;

    private sealed record Row(Crew Crew, bool External);

    public static async Task<(Crew Crew, bool External)> Of(Db db, Guid communityId, Guid teamId, CancellationToken ct) =>
        await db.Find<Row>(Read, new { CommunityId = communityId, TeamId = teamId }, ct) is { } row ? (row.Crew, row.External)
            : throw Unknown;

    public static Refused Unknown => new Refused.Invalid("team.unknown", "There is no such team in this community.", "teamId");

    public static Refused NotAMember => new Refused.Invalid("assignee.not_in_team", "This person is not in the team.", "assigneeId");

    public static Refused Others => new Refused.Forbidden("work_order.other_team", "This work order is in another team's pool.");
}
