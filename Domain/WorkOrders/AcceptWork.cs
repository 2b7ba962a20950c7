namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>The crew says yes. Whoever accepts becomes the assignee where nobody was.</summary>
[AllowedTo(Roles.Officers | Roles.System, Own = Roles.Crews | Roles.Clerk)]
public sealed record AcceptWork([property: JsonIgnore] Guid WorkOrderId) : ICommand<WorkOrderReply>
{
    internal sealed class Handler(OrderMover mover) : IRequestHandler<AcceptWork, WorkOrderReply>
    {
        private const string Write = """
            update work_order
            set status = @To, accepted_at = @At, assignee_id = coalesce(assignee_id, @Assignee), assigned_at = case when assignee_id is null then @At else assigned_at end, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(AcceptWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var taker = mover.Taker(order);
            return await mover.Move(order, WorkOrderMove.Accept, Happening.WorkAccepted, Write, new { Assignee = taker }, null, null, cancellationToken, nowIs: order.Is with { AssigneeId = order.AssigneeId ?? taker });
        }
    }
}

/// <summary>A member takes the order from their team's pool. Of many at once exactly one gets it; the others are told who was faster.</summary>
[AllowedTo(Roles.None, Own = Roles.Crews)]
public sealed record ClaimWork([property: JsonIgnore] Guid WorkOrderId) : ICommand<WorkOrderReply>
{
    internal sealed class Handler(OrderMover mover, Caller caller) : IRequestHandler<ClaimWork, WorkOrderReply>
    {
        private const string Write = """
            update work_order
            set status = @To, assignee_id = @By, assigned_at = @At, accepted_at = @At, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(ClaimWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken, Roles.Crews);
            if (order.TeamId is not { } team || !caller.Actor.SitsIn(team))
            {
                throw WorkTeams.Others;
            }

            if (order.AssigneeId is not null)
            {
                throw new Refused.Conflict("work_order.already_taken", "Somebody else was faster: this work order is taken.");
            }

            return await mover.Move(order, WorkOrderMove.Claim, Happening.WorkClaimed, Write, null, new { assigneeId = caller.Actor.Id }, null, cancellationToken, nowIs: order.Is with { AssigneeId = caller.Actor.Id });
        }
    }
}

/// <summary>Somebody stands at the place.</summary>
[AllowedTo(Roles.Officers | Roles.System, Own = Roles.Crews | Roles.Clerk)]
public sealed record ArriveOnSite([property: JsonIgnore] Guid WorkOrderId) : ICommand<WorkOrderReply>
{
    internal sealed class Handler(OrderMover mover) : IRequestHandler<ArriveOnSite, WorkOrderReply>
    {
        private const string Write = """
            update work_order
            set status = @To, arrived_at = @At, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(ArriveOnSite command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            return await mover.Move(order, WorkOrderMove.Arrive, Happening.WorkArrived, Write, null, null, null, cancellationToken);
        }
    }
}

/// <summary>Nobody is in danger any more; or, the damage does not grow any more.</summary>
[AllowedTo(Roles.Officers | Roles.System, Own = Roles.Crews | Roles.Clerk)]
public sealed record ReachMilestone([property: JsonIgnore] Guid WorkOrderId, WorkMilestone Milestone) : ICommand<WorkOrderReply>
{
    internal sealed class Handler(OrderMover mover) : IRequestHandler<ReachMilestone, WorkOrderReply>
    {
        private const string Write = """
            update work_order
            set status = @To, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        public async Task<WorkOrderReply> Handle(ReachMilestone command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            return command.Milestone switch
            {
                WorkMilestone.Safe => await mover.Move(order, WorkOrderMove.MakeSafe, Happening.WorkMadeSafe, Write, null, null, null, cancellationToken),
                WorkMilestone.Controlled => await mover.Move(order, WorkOrderMove.Control, Happening.WorkControlled, Write, null, null, null, cancellationToken),
            };
        }
    }
}

public enum WorkMilestone
{
    Safe,
    Controlled,
}
