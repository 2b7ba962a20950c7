using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>A request is about this fault: every open order of the fault serves it from now on, and its reporter is told what is known.</summary>
[AllowedTo(Roles.Desk)]
public sealed record JoinFault([property: JsonIgnore] Guid FaultId, Guid RequestId) : ICommand<RequestReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, FaultJoiner joiner) : IRequestHandler<JoinFault, RequestReply>
    {
        public async Task<RequestReply> Handle(JoinFault command, CancellationToken cancellationToken)
        {
            var request = await LockedRequest.Of(db, command.RequestId, cancellationToken);
            caller.MustBeAllowedIn(request.CommunityId);
            var fault = await LockedFault.Of(db, command.FaultId, cancellationToken);
            if (fault.CommunityId != request.CommunityId)
            {
                throw new Refused.NotFound("request");
            }

            caller.MustNotBeStale("request", request.Version);
            await joiner.Join(request, fault, clock.Now(), cancellationToken);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>Joins a locked request to a locked fault. The only place that does.</summary>
internal sealed class FaultJoiner(Db db, Caller caller, EventLog log, IMediator mediator, FaultPeople people)
{
    // Whoever moves an order of a fault holds the fault; the orders are locked beside it against what does not.
    private const string OpenOrders = """
        select o.work_order_id, o.mandatory
        from work_order o
        where o.community_id = @CommunityId and o.fault_id = @FaultId and o.status not in ('done', 'voided')
        order by o.work_order_id
        for no key update of o
        """;

    private const string Write = """
        with linked as (
            insert into request_work_order (community_id, request_id, work_order_id, mandatory, joined_at)
            select @CommunityId, @RequestId, n.id, n.mandatory, @Now
            from unnest(@WorkOrderIds::uuid[], @Mandatory::boolean[]) n (id, mandatory)
            where not exists (
                select from request_work_order l
                where l.community_id = @CommunityId and l.request_id = @RequestId and l.work_order_id = n.id and l.left_at is null)
        ), joined as (
            insert into fault_request (community_id, fault_id, request_id, joined_at, joined_by)
            values (@CommunityId, @FaultId, @RequestId, @Now, @By)
        )
        update request
        set status = @To, version = version + 1
        where request_id = @RequestId
        """;

    private sealed record Order(Guid WorkOrderId, bool Mandatory);

    public async Task Join(LockedRequest request, LockedFault fault, DateTimeOffset now, CancellationToken ct)
    {
        FaultLifecycle.After(fault.Status, FaultMove.Join);
        var to = RequestLifecycle.After(request.Status, RequestMove.JoinFault);
        var orders = await db.List<Order>(OpenOrders, new { fault.CommunityId, fault.FaultId }, ct);
        if (orders.Count > 0)
        {
            to = RequestLifecycle.After(to, RequestMove.Dispatch);
        }

        try
        {
            await db.Run(
                Write,
                new
                {
                    fault.CommunityId,
                    fault.FaultId,
                    request.RequestId,
                    Now = now,
                    By = caller.Actor.Id,
                    To = to,
                    WorkOrderIds = orders.Select(o => o.WorkOrderId).ToArray(),
                    Mandatory = orders.Select(o => o.Mandatory).ToArray(),
                },
                ct);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "fault_request_now" })
        {
            throw new Refused.Conflict("request.joined_already", "This request is joined to a fault already.");
        }

        log.Write(
            request.CommunityId,
            SubjectKind.Request,
            request.RequestId,
            Happening.RequestJoinedFault,
            new { fault.FaultId, fault.Number, workOrderIds = orders.Select(o => o.WorkOrderId), fault.ExpectedAt },
            visibility: Visibility.Owner,
            occurredAt: now);
        await people.Tell(fault.CommunityId, fault.FaultId, "joined", "faultJoined", fault.ExpectedAt, request.RequestId, now, ct);
        if (request.Status != to)
        {
            await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, RequestMove.Dispatch, to, now), ct);
        }

        await mediator.Publish(new RequestJoinedFault(request.CommunityId, request.RequestId, fault.FaultId, now), ct);
    }
}

/// <summary>Told after the fault's open orders serve the request.</summary>
public sealed record RequestJoinedFault(Guid CommunityId, Guid RequestId, Guid FaultId, DateTimeOffset At) : INotification;
