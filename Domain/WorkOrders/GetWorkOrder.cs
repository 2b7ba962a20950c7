using PropertyServiceDesk.Domain.Customers;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>
/// One work order with the requests that it serves, its holds, materials and quotes. The crew whose order it is reads whom to ring,
/// with the number in full, while it is open; after that nobody's name, and everybody else a masked number.
/// </summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record GetWorkOrder(Guid WorkOrderId) : IQuery<WorkOrderDetails>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, CrewsOwn own) : IRequestHandler<GetWorkOrder, WorkOrderDetails>
    {
        private const string Read = """
            select o.community_id, o.work_order_id, o.number, o.fault_id, o.crew, o.team_id, t.name as team_name, t.name_en as team_name_en, t.external as team_is_external, o.assignee_id,
                s.display_name as assignee_name, o.status, o.priority, o.category_id, p.place_id, p.name as place_name, p.name_en as place_name_en, p.full_code as place_code, o.asset_id, o.what_to_do,
                o.waits_for_id, o.rework_of_id, o.rework_cause, o.created_at, o.dispatched_at, o.accepted_at, o.arrived_at, o.done_at, o.voided_at, o.done_what, o.cause,
                o.payer, o.consented_amount, o.final_amount, array(select unnest(c.demands_photos) order by 1) as demands_photos, o.version
            from work_order o
            join category c on c.community_id = o.community_id and c.category_id = o.category_id
            left join team t on t.community_id = o.community_id and t.team_id = o.team_id
            left join staff s on s.staff_id = o.assignee_id
            left join place p on p.community_id = o.community_id and p.place_id = o.place_id
                -- a home tells who
                and (p.kind not in ('home', 'shop', 'parkingSpace') or may_show_home(o.community_id, o.work_order_id))
            where o.work_order_id = @WorkOrderId;

            select r.request_id, r.number, r.kind, r.status, r.description, coalesce(cu.name, r.reporter_name) as customer_name,
                coalesce(r.reporter_phone, (
                    select p.normalised
                    from contact_point p
                    where p.community_id = r.community_id and p.customer_id = r.customer_id and p.kind = 'phone'
                    order by p.position, p.contact_point_id
                    limit 1)) as phone, r.confidential, l.mandatory, l.joined_at, l.left_at, r.urge_count, r.last_urged_at
            from request_work_order l
            join request r on r.community_id = l.community_id and r.request_id = l.request_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            where l.work_order_id = @WorkOrderId and l.community_id = any ((select scope_communities())::uuid[])
            order by l.joined_at, r.number;

            select h.reason, h.note, h.evidence, h.called_at, h.from_at, h.wake_at, h.until_at, h.limit_at, h.limit_passed_at, h.agreed_by, h.agreed_at
            from hold h
            where h.work_order_id = @WorkOrderId and h.community_id = any ((select scope_communities())::uuid[])
            order by h.from_at;

            select m.name, m.quantity, m.unit, m.unit_price
            from material m
            where m.work_order_id = @WorkOrderId and m.community_id = any ((select scope_communities())::uuid[])
            order by m.line;

            select q.quote_id, q.total, q.quoted_at, q.withdrawn_at, q.refused_at, q.consented_at, q.consented_by, q.consented_amount, q.consent_channel
            from quote q
            where q.work_order_id = @WorkOrderId and q.community_id = any ((select scope_communities())::uuid[])
            order by q.quoted_at;

            select n.quote_id, n.name, n.quantity, n.unit, n.unit_price
            from quote q
            join quote_line n on n.community_id = q.community_id and n.quote_id = q.quote_id
            where q.work_order_id = @WorkOrderId and q.community_id = any ((select scope_communities())::uuid[])
            order by n.quote_id, n.line;

            select k.kind, k.cycle, k.started_at, k.due_at, k.beyond_calendar, k.imposed, k.held_at, k.stopped_at, k.stopped_why, coalesce(coalesce(k.stopped_at, k.held_at, @Now) > k.due_at, false) as late,
                k.late_report_at, (select e.name from declared_event e where e.community_id = k.community_id and e.declared_event_id = k.stretched_by) as stretched_by
            from clock k
            where k.subject_id = @WorkOrderId and k.community_id = any ((select scope_communities())::uuid[])
            order by k.kind, k.cycle;

            select serves_hidden(o.community_id, o.work_order_id)
            from work_order o
            where o.work_order_id = @WorkOrderId;
            """;

        public async Task<WorkOrderDetails> Handle(GetWorkOrder query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { query.WorkOrderId, Now = clock.Now() }, cancellationToken);
            var order = await read.ReadSingleOrDefaultAsync<WorkOrderRow>() ?? throw new Refused.NotFound("work_order");
            var served = (await read.ReadAsync<ServedRequest>()).AsList();
            var details = new WorkOrderDetails(
                order,
                served,
                (await read.ReadAsync<HoldRow>()).AsList(),
                (await read.ReadAsync<MaterialUsed>()).AsList(),
                Whole((await read.ReadAsync<QuoteRead>()).AsList(), (await read.ReadAsync<QuoteLine>()).ToLookup(l => l.QuoteId)),
                (await read.ReadAsync<Requests.RequestClock>()).AsList(),
                OrderMoves.For(caller, order.CommunityId, new OrderIs(order.TeamId, order.AssigneeId, order.TeamIsExternal, order.ReworkOfId is not null, order.Payer), order.Status),
                MayAgree: false);
            var hides = await read.ReadSingleAsync<bool>();
            await own.MustBeOrder(order.CommunityId, order.WorkOrderId, cancellationToken);
            var crew = !caller.SeesAllOf(order.CommunityId);
            var open = order.Status is not (WorkOrderStatus.Done or WorkOrderStatus.Voided);
            return details with
            {
                MayAgree = order.Status == WorkOrderStatus.OnHold && details.Holds.Any(h => h.UntilAt is null && h.AgreedAt is null) && OpenTo.Caller(caller, order.CommunityId, typeof(AgreeToHold)),
                Requests = [.. served.Select(r => WithContact(r, crew, open && r.LeftAt is null))],
                Quotes = hides || (crew && (!open || served.Count == 0)) ? [.. details.Quotes.Select(q => q with { ConsentedBy = null })] : details.Quotes,
            };
        }

        private static List<QuoteRow> Whole(IReadOnlyList<QuoteRead> quotes, ILookup<Guid, QuoteLine> lines) =>
        [
            .. quotes.Select(q => new QuoteRow(
                q.QuoteId,
                q.Total,
                q.QuotedAt,
                q.WithdrawnAt,
                q.RefusedAt,
                q.ConsentedAt,
                q.ConsentedBy,
                q.ConsentedAmount,
                q.ConsentChannel,
                [.. lines[q.QuoteId].Select(l => new QuotedLine(l.Name, l.Quantity, l.Unit, l.UnitPrice))])),
        ];

        private sealed record QuoteRead(
            Guid QuoteId, decimal Total, DateTimeOffset QuotedAt, DateTimeOffset? WithdrawnAt, DateTimeOffset? RefusedAt, DateTimeOffset? ConsentedAt, string? ConsentedBy, decimal? ConsentedAmount, Channel? ConsentChannel);

        private sealed record QuoteLine(Guid QuoteId, string Name, decimal Quantity, string Unit, decimal UnitPrice);

        private static ServedRequest WithContact(ServedRequest request, bool crew, bool open) => (crew, open) switch
        {
            (true, true) => request,
            (true, false) => request with { CustomerName = null, Phone = null },
            (false, _) => request with { Phone = Masked.Phone(request.Phone) },
        };
    }
}

/// <param name="MayAgree">Whether the caller may agree to its hold now.</param>
public sealed record WorkOrderDetails(
    WorkOrderRow WorkOrder,
    IReadOnlyList<ServedRequest> Requests,
    IReadOnlyList<HoldRow> Holds,
    IReadOnlyList<MaterialUsed> Materials,
    IReadOnlyList<QuoteRow> Quotes,
    IReadOnlyList<Requests.RequestClock> Clocks,
    IReadOnlyList<WorkOrderMove> AllowedMoves,
    bool MayAgree);

/// <param name="DemandsPhotos">The purposes of which the category demands a photo before the order can be completed.</param>
public sealed record WorkOrderRow(
    Guid CommunityId,
    Guid WorkOrderId,
    long Number,
    Guid? FaultId,
    Crew Crew,
    Guid? TeamId,
    string? TeamName,
    string? TeamNameEn,
    bool? TeamIsExternal,
    Guid? AssigneeId,
    string? AssigneeName,
    WorkOrderStatus Status,
    Priority Priority,
    Guid CategoryId,
    Guid? PlaceId,
    string? PlaceName,
    string? PlaceNameEn,
    string? PlaceCode,
    Guid? AssetId,
    string WhatToDo,
    Guid? WaitsForId,
    Guid? ReworkOfId,
    ReworkCause? ReworkCause,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DispatchedAt,
    DateTimeOffset? AcceptedAt,
    DateTimeOffset? ArrivedAt,
    DateTimeOffset? DoneAt,
    DateTimeOffset? VoidedAt,
    string? DoneWhat,
    string? Cause,
    Payer Payer,
    decimal? ConsentedAmount,
    decimal? FinalAmount,
    string[] DemandsPhotos,
    int Version);

/// <param name="Phone">Whom to ring: the reporter's number, else the customer's first; in full for the crew while the order is open, else masked.</param>
public sealed record ServedRequest(
    Guid RequestId,
    long Number,
    RequestKind Kind,
    RequestStatus Status,
    string Description,
    string? CustomerName,
    string? Phone,
    bool Confidential,
    bool Mandatory,
    DateTimeOffset JoinedAt,
    DateTimeOffset? LeftAt,
    int UrgeCount,
    DateTimeOffset? LastUrgedAt);

/// <param name="LimitAt">Until when it stops clocks without a manager's word; null once a manager has agreed.</param>
/// <param name="LimitPassedAt">From when on clocks went on although it lasted.</param>
/// <param name="CalledAt">When the customer was rung in vain.</param>
public sealed record HoldRow(
    HoldReason Reason,
    string? Note,
    HoldEvidence? Evidence,
    DateTimeOffset? CalledAt,
    DateTimeOffset FromAt,
    DateTimeOffset WakeAt,
    DateTimeOffset? UntilAt,
    DateTimeOffset? LimitAt,
    DateTimeOffset? LimitPassedAt,
    Guid? AgreedBy,
    DateTimeOffset? AgreedAt);

public sealed record QuoteRow(
    Guid QuoteId,
    decimal Total,
    DateTimeOffset QuotedAt,
    DateTimeOffset? WithdrawnAt,
    DateTimeOffset? RefusedAt,
    DateTimeOffset? ConsentedAt,
    string? ConsentedBy,
    decimal? ConsentedAmount,
    Channel? ConsentChannel,
    IReadOnlyList<QuotedLine> Lines);
