using System.Text.Json;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>What the plain moves of a work order share: check whose it is, look the move up, write, tell.</summary>
internal sealed class OrderMover(Db db, TimeProvider clock, Caller caller, EventLog log, IMediator mediator)
{
    // Who has the order is noted by the table itself when they accept. No version: nothing that anybody edits changes by it.
    private const string Hand = """
        update work_order
        set worked_by = worked_by || @Me
        where work_order_id = @WorkOrderId and @Me <> all (worked_by)
        """;

    /// <summary>Whoever does one of these has a hand in the work, where they sit in its team; a clerk who writes down what a team said has not.</summary>
    internal static bool IsWork(WorkOrderMove move) => move is WorkOrderMove.Accept or WorkOrderMove.Claim or WorkOrderMove.Arrive or WorkOrderMove.MakeSafe or WorkOrderMove.Control
        or WorkOrderMove.Hold or WorkOrderMove.Resume or WorkOrderMove.ResumeBeforeArrival or WorkOrderMove.Complete;

    /// <summary>Locks the order and its requests; refuses a stale version and somebody else's order.</summary>
    /// <param name="also">Who may do this to orders that are not theirs, beside those whom the role table lets do it everywhere.</param>
    public async Task<LockedOrder> Lock(Guid workOrderId, CancellationToken ct, Roles also = Roles.None)
    {
        var order = await LockedOrder.Of(db, workOrderId, ct);
        caller.MustBeAllowedIn(order.CommunityId);
        if (!caller.SeesAllOf(order.CommunityId) && !caller.Actor.Has(order.CommunityId, also))
        {
            order.MustBeTheirs(caller);
        }

        caller.MustNotBeStale("work_order", order.Version);
        return order;
    }

    /// <summary>Writes the move with <paramref name="sql"/>, which is given <c>@WorkOrderId</c>, <c>@To</c> and <c>@At</c> beside <paramref name="args"/>.</summary>
    /// <param name="nowIs">Whose it is afterwards, where the move gives it to somebody else.</param>
    /// <param name="happened">When it happened, where neither a device nor the moment says so.</param>
    public async Task<WorkOrderReply> Move(
        LockedOrder order, WorkOrderMove move, Happening what, string sql, object? args, object? detail, string? text, CancellationToken ct, Crew? nowCrew = null, Visibility visibility = Visibility.Owner,
        DateTimeOffset? happened = null, OrderIs? nowIs = null)
    {
        var (to, at) = await Write(order, move, what, sql, args, detail, text, visibility, happened, ct);
        await mediator.Publish(order.Moved(move, to, at, nowCrew), ct);
        return order.Reply(to, nowIs);
    }

    /// <summary>The same for what leaves the order where it is (money, causes): nobody is told that it moved.</summary>
    public async Task<WorkOrderReply> Edit(
        LockedOrder order, WorkOrderMove move, Happening what, string sql, object? args, object? detail, string? text, CancellationToken ct, Visibility visibility = Visibility.Owner)
    {
        var (to, _) = await Write(order, move, what, sql, args, detail, text, visibility, null, ct);
        return order.Reply(to);
    }

    private async Task<(WorkOrderStatus To, DateTimeOffset At)> Write(
        LockedOrder order, WorkOrderMove move, Happening what, string sql, object? args, object? detail, string? text, Visibility visibility, DateTimeOffset? happened, CancellationToken ct)
    {
        var to = WorkOrderLifecycle.After(order.Status, move);
        var now = clock.Now();
        var at = happened ?? order.Occurred(caller, now);
        var parameters = new DynamicParameters(args);
        parameters.Add("WorkOrderId", order.WorkOrderId);
        parameters.Add("To", EnumWord.Of(to));
        parameters.Add("At", at.UtcDateTime);
        parameters.Add("Now", now.UtcDateTime);
        parameters.Add("By", caller.Actor.Id);
        try
        {
            await db.Run(sql, parameters, ct);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: "work_order_assignee_works_here" })
        {
            throw new Refused.Conflict("assignee.has_left", "This person does not work here any more.");
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: "work_order_assignee_in_team" })
        {
            throw move is WorkOrderMove.Claim or WorkOrderMove.Accept ? WorkTeams.Others : WorkTeams.NotAMember;
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: "work_order_team_in_use" })
        {
            throw WorkTeams.Unknown;
        }

        if (IsWork(move) && Taker(order) is { } hand && hand != order.AssigneeId)
        {
            await db.Run(Hand, new { order.WorkOrderId, Me = hand }, ct);
        }

        log.Write(order.CommunityId, SubjectKind.WorkOrder, order.WorkOrderId, what, Flagged(detail, at), text, visibility, at);
        return (to, at);
    }

    /// <summary>Who becomes the assignee when the caller takes an order that nobody had: a member of the team; a clerk who speaks for the team does not.</summary>
    public Guid? Taker(LockedOrder order) => order.TeamId is { } team && caller.Actor.SitsIn(team) ? caller.Actor.Id : null;

    /// <summary>A device's time that was not believed is kept on the event (device_at), and flagged here, whatever else the event says.</summary>
    private object? Flagged(object? detail, DateTimeOffset at)
    {
        if (caller.DeviceAt is not { } said || said == at)
        {
            return detail;
        }

        var flagged = detail is null ? [] : JsonSerializer.SerializeToNode(detail, Json.Options)!.AsObject();
        flagged["deviceTimeNotBelieved"] = true;
        return flagged;
    }
}
