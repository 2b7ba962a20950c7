using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>The centre gives a request to one or several crews: what each has to do, which are mandatory, which wait for another.</summary>
/// <param name="Orders">1–8, at least one of them mandatory unless a mandatory one of the request is open already.</param>
[AllowedTo(Roles.Desk | Roles.System)]
public sealed record DispatchWork([property: JsonIgnore] Guid RequestId, IReadOnlyList<NewOrder> Orders, int? Version = null) : ICommand<WorkDispatched>
{
    public sealed class Validator : AbstractValidator<DispatchWork>
    {
        public Validator()
        {
            RuleFor(c => c.Orders).Must(o => o.Count is >= 1 and <= 8).WithErrorCode("orders.count").WithMessage("Dispatch one to eight orders at a time.");
            RuleForEach(c => c.Orders).SetValidator(new NewOrder.Validator());
            RuleFor(c => c.Orders)
                .Must(orders => orders.Select((o, i) => o.WaitsForOrder is null || (o.WaitsForOrder >= 0 && o.WaitsForOrder < i)).All(ok => ok))
                .WithErrorCode("orders.waits_for_a_later_one")
                .WithMessage("An order can wait for one that stands before it in the list.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, OrderMaker maker, IMediator mediator) : IRequestHandler<DispatchWork, WorkDispatched>
    {
        private const string HasMandatory = """
            select exists (
                select
                from request_work_order l
                join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                where l.community_id = @CommunityId and l.request_id = @RequestId and l.mandatory and l.left_at is null and o.status not in ('done', 'voided'))
            """;

        public async Task<WorkDispatched> Handle(DispatchWork command, CancellationToken cancellationToken)
        {
            var request = await LockedRequest.Of(db, command.RequestId, cancellationToken);
            caller.MustBeAllowedIn(request.CommunityId);
            caller.MustNotBeStale("request", request.Version, command.Version);
            var status = RequestLifecycle.After(request.Status, RequestMove.Dispatch);
            if (command.Orders.All(o => !o.Mandatory) && !await db.Single<bool>(HasMandatory, new { request.CommunityId, request.RequestId }, cancellationToken))
            {
                throw NewOrder.NoneMandatory();
            }

            var now = clock.Now();
            var source = new OrderSource(request.CommunityId, [request.RequestId], null, request.CategoryId, request.Priority, request.PlaceId, request.AssetId, request.Payer, request.AppointmentFrom, request.AppointmentTo, request.ReworkCount > 0);
            var made = await maker.Make(source, command.Orders, now, cancellationToken);
            var reply = await request.MoveTo(db, status, cancellationToken);
            if (request.Status != status)
            {
                await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, RequestMove.Dispatch, status, now), cancellationToken);
            }

            return new WorkDispatched(reply.RequestId, reply.Number, reply.Status, reply.Version, reply.AllowedMoves, made);
        }
    }
}

/// <param name="Crew">The trade that it is for.</param>
/// <param name="TeamId">The team; where it is left out and the crew has one team of its own in this community, that one; else the order waits to be given to one.</param>
/// <param name="AssigneeId">A member of the team.</param>
/// <param name="WhatToDo">1–2,000 characters.</param>
/// <param name="Mandatory">Whether the request is finished only when this one is.</param>
/// <param name="WaitsForOrder">The place in this list, counted from 0, of the order that must be done first.</param>
/// <param name="WaitsForId">An order of the same request that must be done first.</param>
public sealed record NewOrder(
    Crew Crew, string WhatToDo, Guid? TeamId = null, Guid? AssigneeId = null, bool Mandatory = true, int? WaitsForOrder = null, Guid? WaitsForId = null, Payer? Payer = null)
{
    /// <summary>Nothing that was done would ever finish a request.</summary>
    internal static Refused.Invalid NoneMandatory() => new("orders.none_mandatory", "A request is finished when its mandatory orders are: make at least one of these mandatory.", "orders");

    internal sealed class Validator : AbstractValidator<NewOrder>
    {
        public Validator()
        {
            RuleFor(o => o.WhatToDo).PlainText(2000);
            RuleFor(o => o.AssigneeId).Null().When(o => o.TeamId is null).WithErrorCode("assignee.needs_a_team").WithMessage("Name the team of the person, too.");
            RuleFor(o => o.WaitsForId).Null().When(o => o.WaitsForOrder is not null).WithErrorCode("waits_for.twice").WithMessage("An order waits for one other at most.");
        }
    }
}

/// <summary>The request as it stands now, and the orders that were made, in the order of the list.</summary>
public sealed record WorkDispatched(
    Guid RequestId, long Number, RequestStatus Status, int Version, IReadOnlyList<RequestMove> AllowedMoves, IReadOnlyList<WorkOrderReply> WorkOrders);

/// <summary>What new orders are made for: a request, a fault with its requests, or a rework.</summary>
/// <param name="ReworkOf">The order that each of them does again.</param>
internal sealed record OrderSource(
    Guid CommunityId,
    IReadOnlyList<Guid> RequestIds,
    Guid? FaultId,
    Guid CategoryId,
    Priority Priority,
    Guid? PlaceId,
    Guid? AssetId,
    Payer Payer,
    DateTimeOffset? AppointmentFrom,
    DateTimeOffset? AppointmentTo,
    bool Rework,
    IReadOnlyList<Guid>? ReworkOf = null);

/// <summary>A work order was made, and waits, or is to be given to a team, or was dispatched.</summary>
public sealed record WorkMade(
    Guid CommunityId,
    Guid WorkOrderId,
    IReadOnlyList<Guid> RequestIds,
    Crew Crew,
    WorkOrderStatus Status,
    Priority Priority,
    Guid CategoryId,
    DateTimeOffset? AppointmentFrom,
    DateTimeOffset? AppointmentTo,
    DateTimeOffset At) : INotification;

/// <summary>Makes orders for a locked request or fault. The only place that does.</summary>
internal sealed class OrderMaker(Db db, Caller caller, EventLog log, IMediator mediator)
{
    private const string Teams = """
        select t.team_id, t.crew, t.external
        from team t
        where t.community_id = @CommunityId and t.retired_at is null
        order by t.team_id
        """;

    // Nobody leaves, and no seat is taken, before this is over.
    private const string Members = """
        select c.staff_id
        from community_staff c
        where c.community_id = @CommunityId and c.staff_id = any (@StaffIds)
        order by c.staff_id
        for share of c;

        select m.team_id, m.staff_id
        from team_member m
        where m.community_id = @CommunityId and m.staff_id = any (@StaffIds) and m.to_at is null
        order by m.team_id, m.staff_id
        for share of m;
        """;

    private const string Hold = """
        select t.team_id
        from team t
        where t.community_id = @CommunityId and t.team_id = any (@TeamIds) and t.retired_at is null
        order by t.team_id
        for share of t
        """;

    private const string Predecessors = """
        select o.work_order_id, o.status
        from work_order o
        where o.community_id = @CommunityId and o.work_order_id = any (@WorkOrderIds)
          and (o.fault_id = @FaultId or exists (
            select from request_work_order l
            where l.community_id = o.community_id and l.work_order_id = o.work_order_id and l.left_at is null and l.request_id = any (@RequestIds)))
        order by o.work_order_id
        for no key update of o
        """;

    private const string Insert = """
        with made as (
            insert into work_order (community_id, work_order_id, number, fault_id, crew, team_id, assignee_id, status, priority, category_id, place_id, asset_id,
                what_to_do, waits_for_id, rework_of_id, mandatory, created_at, created_by, dispatched_at, assigned_at, payer)
            values (@CommunityId, @WorkOrderId, @Number, @FaultId, @Crew, @TeamId, @AssigneeId, @Status, @Priority, @CategoryId, @PlaceId, @AssetId,
                @WhatToDo, @WaitsForId, @ReworkOfId, @Mandatory, @Now, @By, @DispatchedAt, @DispatchedAt, @Payer)
        )
        insert into request_work_order (community_id, request_id, work_order_id, mandatory, joined_at)
        select @CommunityId, r, @WorkOrderId, @Mandatory, @Now
        from unnest(@RequestIds::uuid[]) r
        """;

    private sealed record Team(Guid TeamId, Crew Crew, bool External);

    private sealed record Member(Guid TeamId, Guid StaffId);

    private sealed record Predecessor(Guid WorkOrderId, WorkOrderStatus Status);

    public async Task<IReadOnlyList<WorkOrderReply>> Make(OrderSource source, IReadOnlyList<NewOrder> orders, DateTimeOffset now, CancellationToken ct)
    {
        var before = orders.Select(o => o.WaitsForId).OfType<Guid>().ToArray();
        var predecessors = before.Length == 0 ? [] : await db.List<Predecessor>(Predecessors, new { source.CommunityId, source.FaultId, RequestIds = source.RequestIds.ToArray(), WorkOrderIds = before }, ct);
        var members = await HoldMembers(source, [.. orders.Select(o => o.AssigneeId).OfType<Guid>()], ct);
        var known = await db.List<Team>(Teams, new { source.CommunityId }, ct);
        var teams = orders.Select((o, i) => TeamOf(source, o, i, known, members)).ToArray();
        await HoldTeams(source, [.. teams.OfType<Team>().Select(t => t.TeamId).Distinct()], ct);

        var made = new List<WorkOrderReply>();
        for (var i = 0; i < orders.Count; i++)
        {
            var order = orders[i];
            var waitsFor = order.WaitsForOrder is { } index ? made[index].WorkOrderId : StillOpen(order, i, predecessors);
            made.Add(await MakeOne(source, order, source.ReworkOf?[i], teams[i], waitsFor, now, ct));
        }

        return made;
    }

    private async Task<IReadOnlyList<Member>> HoldMembers(OrderSource source, Guid[] people, CancellationToken ct)
    {
        if (people.Length == 0)
        {
            return [];
        }

        using var read = await db.Several(Members, new { source.CommunityId, StaffIds = people }, ct);
        await read.ReadAsync<Guid>();
        return (await read.ReadAsync<Member>()).AsList();
    }

    /// <exception cref="LockSetChanged">One was retired since it was looked at: look again.</exception>
    private async Task HoldTeams(OrderSource source, Guid[] teams, CancellationToken ct)
    {
        if (teams.Length > 0 && (await db.List<Guid>(Hold, new { source.CommunityId, TeamIds = teams }, ct)).Count < teams.Length)
        {
            throw new LockSetChanged();
        }
    }

    private async Task<WorkOrderReply> MakeOne(OrderSource source, NewOrder order, Guid? reworkOfId, Team? team, Guid? waitsFor, DateTimeOffset now, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(now);
        var number = SpokenNumber.Of(await db.Single<long>("select nextval('spoken_number')", null, ct));
        var status = (waitsFor, team) switch
        {
            (not null, _) => WorkOrderStatus.Waiting,
            (null, null) => WorkOrderStatus.Unassigned,
            _ => WorkOrderStatus.Dispatched,
        };
        var payer = source.Rework && (order.Payer ?? source.Payer) == Payer.Owner ? Payer.Free : order.Payer ?? source.Payer;
        await db.Run(
            Insert,
            new
            {
                source.CommunityId,
                WorkOrderId = id,
                Number = number,
                source.FaultId,
                order.Crew,
                team?.TeamId,
                order.AssigneeId,
                Status = status,
                source.Priority,
                source.CategoryId,
                source.PlaceId,
                source.AssetId,
                WhatToDo = PlainText.Normalise(order.WhatToDo),
                WaitsForId = waitsFor,
                ReworkOfId = reworkOfId,
                Now = now,
                By = caller.Actor.Kind == ActorKind.System ? (Guid?)null : caller.Actor.Id,
                DispatchedAt = status == WorkOrderStatus.Dispatched ? now : (DateTimeOffset?)null,
                Payer = payer,
                order.Mandatory,
                RequestIds = source.RequestIds.ToArray(),
            },
            ct);
        log.Write(
            source.CommunityId,
            SubjectKind.WorkOrder,
            id,
            Happening.WorkDispatched,
            new { number, order.Crew, teamId = team?.TeamId, order.AssigneeId, status, order.Mandatory, waitsForId = waitsFor, source.FaultId, reworkOfId, requestIds = source.RequestIds },
            PlainText.Normalise(order.WhatToDo));
        await mediator.Publish(new WorkMade(source.CommunityId, id, source.RequestIds, order.Crew, status, source.Priority, source.CategoryId, source.AppointmentFrom, source.AppointmentTo, now), ct);
        return WorkOrderReply.Of(caller, source.CommunityId, new OrderIs(team?.TeamId, order.AssigneeId, team?.External, reworkOfId is not null, payer), id, number, status, 1);
    }

    /// <summary>The team that was named, else the crew's only own one, else none. Rework for a team that was retired since goes as if none was named.</summary>
    private static Team? TeamOf(OrderSource source, NewOrder order, int index, IReadOnlyList<Team> teams, IReadOnlyList<Member> members)
    {
        if (order.TeamId is null || (source.ReworkOf is not null && teams.All(t => t.TeamId != order.TeamId)))
        {
            var own = teams.Where(t => t.Crew == order.Crew && !t.External).Take(2).ToArray();
            return own.Length == 1 ? own[0] : null;
        }

        var team = teams.SingleOrDefault(t => t.TeamId == order.TeamId)
            ?? throw new Refused.Invalid("team.unknown", "There is no such team in this community.", $"orders[{index}].teamId");
        if (team.Crew != order.Crew)
        {
            throw new Refused.Invalid("team.other_crew", "This team is of another crew.", $"orders[{index}].teamId");
        }

        return order.AssigneeId is null || members.Any(m => m.TeamId == team.TeamId && m.StaffId == order.AssigneeId)
            ? team
            : throw new Refused.Invalid("assignee.not_in_team", "This person is not in the team.", $"orders[{index}].assigneeId");
    }

    private static Guid? StillOpen(NewOrder order, int index, IReadOnlyList<Predecessor> predecessors)
    {
        if (order.WaitsForId is null)
        {
            return null;
        }

        var one = predecessors.SingleOrDefault(p => p.WorkOrderId == order.WaitsForId)
            ?? throw new Refused.Invalid("waits_for.unknown", "The order to wait for is not one of this request.", $"orders[{index}].waitsForId");
        return one.Status is WorkOrderStatus.Done or WorkOrderStatus.Voided ? null : one.WorkOrderId;
    }
}
