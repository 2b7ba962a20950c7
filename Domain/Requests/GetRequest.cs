using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// One request with everything that belongs to it but its timeline. The reporter's number is masked; crews read who it is only while
/// an order of theirs is open.
/// </summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record GetRequest(Guid RequestId) : IQuery<RequestDetails>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, CrewsOwn own) : IRequestHandler<GetRequest, RequestDetails>
    {
        private const string Read = """
            select r.community_id, r.request_id, r.number, r.kind, r.channel, r.status, r.outcome, r.category_id, c.name as category_name, c.name_en as category_name_en,
                r.priority, r.description, r.place_id, p.name as place_name, p.name_en as place_name_en, p.full_code as place_code, r.asset_id, a.name as asset_name, a.name_en as asset_name_en,
                r.customer_id, cu.name as customer_name, r.reporter_name, r.reporter_phone, r.on_behalf_of, r.confidential, r.reported_at, r.registered_at, r.registered_by,
                r.appointment_from, r.appointment_to, r.foreign_source, r.foreign_number, r.imposed_due_at, r.import_source, r.import_id, r.payer,
                r.in_charge_id, s.display_name as in_charge_name, r.about_crew, r.about_staff_id, ab.display_name as about_staff_name, r.first_replied_at, r.written_replied_at, r.round, r.rework_count, ro.request_id as rework_of_id, du.request_id as duplicate_of_id,
                r.urge_count, r.to_confirm and r.confirmed_at is null as to_confirm, r.owner_word_at, r.finished_at, r.closed_at, r.cancelled_at, r.version
            from request r
            join category c on c.community_id = r.community_id and c.category_id = r.category_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            left join asset a on a.community_id = r.community_id and a.asset_id = r.asset_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            left join staff s on s.staff_id = r.in_charge_id
            left join staff ab on ab.staff_id = r.about_staff_id
            left join request ro on ro.community_id = r.community_id and ro.request_id = r.rework_of_id
            left join request du on du.community_id = r.community_id and du.request_id = r.duplicate_of_id
            where r.request_id = @RequestId;

            select o.work_order_id, o.number, o.crew, o.team_id, t.name as team_name, t.name_en as team_name_en, o.assignee_id, s.display_name as assignee_name, o.status, l.mandatory, o.waits_for_id, o.fault_id,
                o.rework_of_id, o.what_to_do, o.done_what, o.done_at, l.joined_at, l.left_at, o.version
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            left join team t on t.community_id = o.community_id and t.team_id = o.team_id
            left join staff s on s.staff_id = o.assignee_id
            where l.request_id = @RequestId and l.community_id = any ((select scope_communities())::uuid[])
            order by o.created_at, o.number;

            select f.feedback_id, f.round, f.state, f.not_asked_rule, f.started_at, f.ended_at, f.solved, f.satisfaction, f.recommend, f.made_it_five, f.author_kind, f.author_id, f.spoke_with
            from feedback f
            where f.request_id = @RequestId and f.community_id = any ((select scope_communities())::uuid[])
            order by f.round;

            select k.kind, k.cycle, k.started_at, k.due_at, k.beyond_calendar, k.imposed, k.held_at, k.stopped_at, k.stopped_why, coalesce(coalesce(k.stopped_at, k.held_at, @Now) > k.due_at, false) as late,
                k.late_report_at, (select e.name from declared_event e where e.community_id = k.community_id and e.declared_event_id = k.stretched_by) as stretched_by
            from clock k
            where k.subject_id = @RequestId and k.community_id = any ((select scope_communities())::uuid[])
            order by k.kind, k.cycle;

            select m.promise_id, m.text, m.due_at, m.made_at, m.kept_at, m.given_up_at
            from promise m
            where m.request_id = @RequestId and m.community_id = any ((select scope_communities())::uuid[])
            order by m.made_at, m.promise_id;

            select x.fault_id, x.number, x.title, x.status, x.expected_at, j.joined_at, j.left_at, j.left_how
            from fault_request j
            join fault x on x.community_id = j.community_id and x.fault_id = j.fault_id
            where j.request_id = @RequestId and j.community_id = any ((select scope_communities())::uuid[])
            order by j.joined_at;
            """;

        public async Task<RequestDetails> Handle(GetRequest query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { query.RequestId, Now = clock.Now() }, cancellationToken);
            var request = await read.ReadSingleOrDefaultAsync<RequestRow>() ?? throw new Refused.NotFound("request");
            var details = new RequestDetails(
                request with { ReporterPhone = Masked.Phone(request.ReporterPhone) },
                (await read.ReadAsync<RequestOrder>()).AsList(),
                (await read.ReadAsync<RequestRound>()).AsList(),
                (await read.ReadAsync<RequestClock>()).AsList(),
                (await read.ReadAsync<RequestPromise>()).AsList(),
                (await read.ReadAsync<RequestFault>()).AsList(),
                RequestMoves.For(caller, request.CommunityId, request.Kind, request.Status),
                WhomNotToAsk.MayEndOnTheSpot(request.Kind, request.Priority));
            var inWork = await own.MustBeRequest(request.CommunityId, request.RequestId, cancellationToken);
            return caller.SeesAllOf(request.CommunityId) ? details : ForCrews(details, inWork);
        }

        private static RequestDetails ForCrews(RequestDetails all, bool inWork) => all with
        {
            Request = (inWork ? all.Request : all.Request with { CustomerId = null, CustomerName = null, ReporterName = null, ReporterPhone = null, OnBehalfOf = null, ForeignNumber = null }) with { AboutCrew = null, AboutStaffId = null, AboutStaffName = null },
            Feedback = [.. all.Feedback.Select(f => f with { SpokeWith = null })],
        };
    }
}

/// <param name="OnTheSpot">Whether an answer may close it without anybody being asked.</param>
public sealed record RequestDetails(
    RequestRow Request,
    IReadOnlyList<RequestOrder> WorkOrders,
    IReadOnlyList<RequestRound> Feedback,
    IReadOnlyList<RequestClock> Clocks,
    IReadOnlyList<RequestPromise> Promises,
    IReadOnlyList<RequestFault> Faults,
    IReadOnlyList<RequestMove> AllowedMoves,
    bool OnTheSpot);

/// <param name="AboutCrew">Of a complaint: the crew complained about; the desk reads it, and so with whom.</param>
public sealed record RequestRow(
    Guid CommunityId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    Channel Channel,
    RequestStatus Status,
    Outcome? Outcome,
    Guid CategoryId,
    string CategoryName,
    string CategoryNameEn,
    Priority Priority,
    string Description,
    Guid? PlaceId,
    string? PlaceName,
    string? PlaceNameEn,
    string? PlaceCode,
    Guid? AssetId,
    string? AssetName,
    string? AssetNameEn,
    Guid? CustomerId,
    string? CustomerName,
    string? ReporterName,
    string? ReporterPhone,
    string? OnBehalfOf,
    bool Confidential,
    DateTimeOffset ReportedAt,
    DateTimeOffset RegisteredAt,
    Guid RegisteredBy,
    DateTimeOffset? AppointmentFrom,
    DateTimeOffset? AppointmentTo,
    string? ForeignSource,
    string? ForeignNumber,
    DateTimeOffset? ImposedDueAt,
    string? ImportSource,
    string? ImportId,
    Payer Payer,
    Guid? InChargeId,
    string? InChargeName,
    Crew? AboutCrew,
    Guid? AboutStaffId,
    string? AboutStaffName,
    DateTimeOffset? FirstRepliedAt,
    DateTimeOffset? WrittenRepliedAt,
    short Round,
    short ReworkCount,
    Guid? ReworkOfId,
    Guid? DuplicateOfId,
    int UrgeCount,
    bool ToConfirm,
    DateTimeOffset? OwnerWordAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset? ClosedAt,
    DateTimeOffset? CancelledAt,
    int Version);

/// <param name="LeftAt">When the request left the order, for example by un-joining its fault; null while the order serves it.</param>
public sealed record RequestOrder(
    Guid WorkOrderId,
    long Number,
    Crew Crew,
    Guid? TeamId,
    string? TeamName,
    string? TeamNameEn,
    Guid? AssigneeId,
    string? AssigneeName,
    WorkOrderStatus Status,
    bool Mandatory,
    Guid? WaitsForId,
    Guid? FaultId,
    Guid? ReworkOfId,
    string WhatToDo,
    string? DoneWhat,
    DateTimeOffset? DoneAt,
    DateTimeOffset JoinedAt,
    DateTimeOffset? LeftAt,
    int Version);

public sealed record RequestRound(
    Guid FeedbackId,
    short Round,
    FeedbackState State,
    NotAskedRule? NotAskedRule,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    Solved? Solved,
    short? Satisfaction,
    short? Recommend,
    string? MadeItFive,
    ActorKind? AuthorKind,
    Guid? AuthorId,
    string? SpokeWith);

/// <param name="LateReportAt">It was marked as late, and this is when somebody without signal until then reported that it had been met in time.</param>
/// <param name="StretchedBy">The declared event that gives it more time.</param>
public sealed record RequestClock(
    ClockKind Kind,
    short Cycle,
    DateTimeOffset StartedAt,
    DateTimeOffset? DueAt,
    bool BeyondCalendar,
    bool Imposed,
    DateTimeOffset? HeldAt,
    DateTimeOffset? StoppedAt,
    string? StoppedWhy,
    bool Late,
    DateTimeOffset? LateReportAt,
    string? StretchedBy);

/// <param name="GivenUpAt">Since when it counts as not kept: the request was closed or cancelled over it. It may still be kept, late.</param>
public sealed record RequestPromise(Guid PromiseId, string Text, DateTimeOffset DueAt, DateTimeOffset MadeAt, DateTimeOffset? KeptAt, DateTimeOffset? GivenUpAt);

public sealed record RequestFault(Guid FaultId, long Number, string Title, string Status, DateTimeOffset? ExpectedAt, DateTimeOffset JoinedAt, DateTimeOffset? LeftAt, string? LeftHow);
