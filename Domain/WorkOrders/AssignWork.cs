namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>The lead gives the order to a member of the team; somebody who has it can hand it over. The next one says yes again, and comes: that the one before had arrived is no arrival of theirs.</summary>
[AllowedTo(Roles.Desk, Own = Roles.Crews)]
public sealed record AssignWork([property: JsonIgnore] Guid WorkOrderId, Guid AssigneeId) : ICommand<WorkOrderReply>
{
    internal sealed class Handler(Db db, OrderMover mover) : IRequestHandler<AssignWork, WorkOrderReply>
    {
        private const string Member = """
            select true
            from team_member
            where community_id = @CommunityId and team_id = @TeamId and staff_id = @AssigneeId and to_at is null
            """;

        private const string Write = """
            with woken as (
                update hold set until_at = greatest(@At, from_at) where work_order_id = @WorkOrderId and until_at is null
            )
            update work_order
            set status = @To, assignee_id = @AssigneeId, assigned_at = @Now, accepted_at = null, arrived_at = null, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(AssignWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            if (order.TeamId is null || await db.Find<bool?>(Member, new { order.CommunityId, order.TeamId, command.AssigneeId }, cancellationToken) is null)
            {
                throw WorkTeams.NotAMember;
            }

            if (order.AssigneeId == command.AssigneeId)
            {
                throw new Refused.Conflict("assignee.has_it_already", "This person has the order already.");
            }

            return await mover.Move(order, WorkOrderMove.Assign, Happening.WorkAssigned, Write, new { command.AssigneeId }, new { command.AssigneeId, from = order.AssigneeId }, null, cancellationToken, nowIs: order.Is with { AssigneeId = command.AssigneeId });
        }
    }
}
