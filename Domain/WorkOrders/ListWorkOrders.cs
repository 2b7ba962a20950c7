using FluentValidation;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>What a list of work orders is narrowed to. Everything left out is not narrowed.</summary>
/// <param name="Mine">Only those that are assigned to the caller.</param>
/// <param name="Pool">Only those dispatched to a team, and to nobody yet.</param>
/// <param name="Stuck">Only open ones that were transferred or returned twice or oftener, or were sent to a team that has not accepted them in time.</param>
/// <param name="Returned">Only those that a team gave back, and nobody has sent on yet: not those that were never sent.</param>
/// <param name="HoldToDecide">Only those on hold past the limit of their reason, or until after it, to which no manager has agreed.</param>
public sealed record WorkOrderFilter(
    Guid? CommunityId = null,
    WorkOrderStatus[]? Status = null,
    bool? Open = null,
    Crew? Crew = null,
    Guid? TeamId = null,
    Guid? AssigneeId = null,
    bool Mine = false,
    bool Pool = false,
    bool MyTeams = false,
    Priority? Priority = null,
    Guid? FaultId = null,
    bool Stuck = false,
    bool Returned = false,
    bool HoldToDecide = false);

public enum WorkOrderSort
{
    NewestFirst,

    /// <summary>Open ones by the finish time of the requests that they serve, the most urgent first; without one last.</summary>
    DueFirst,
}

/// <summary>Work orders of the caller's communities, or of one, a page at a time: the crews' and the centre's queues. Crews see those of their crew.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record ListWorkOrders(WorkOrderFilter Filter, WorkOrderSort Sort = WorkOrderSort.NewestFirst, int Take = 50, string? After = null) : IQuery<Page<WorkOrderLine>>
{
    public sealed class Validator : AbstractValidator<ListWorkOrders>
    {
        public Validator()
        {
            RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
            RuleFor(q => q.Sort).Must((q, s) => s != WorkOrderSort.DueFirst || q.Filter.Open == true).WithErrorCode("sort.open_only").WithMessage("Sorting by due time needs open=true.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller) : IRequestHandler<ListWorkOrders, Page<WorkOrderLine>>
    {
        public async Task<Page<WorkOrderLine>> Handle(ListWorkOrders query, CancellationToken cancellationToken)
        {
            var f = query.Filter;
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After, EnumWord.Of(query.Sort));
            var mine = caller.Actor.CommunitiesWith(caller.Allowed);
            var args = new DynamicParameters();
            args.Add("Communities", (f.CommunityId is { } one ? mine.Where(m => m == one) : mine).ToArray());
            args.Add("Status", f.Status is null ? null : EnumWord.All(f.Status));
            args.Add("Crew", f.Crew is { } crew ? EnumWord.Of(crew) : null);
            args.Add("Priority", f.Priority is { } priority ? EnumWord.Of(priority) : null);
            args.Add("TeamId", f.TeamId);
            args.Add("FaultId", f.FaultId);
            args.Add("AssigneeId", f.Mine ? caller.Actor.Id : f.AssigneeId);
            args.Add("Teams", caller.Actor.Seats.Select(s => s.TeamId).ToArray());
            args.Add("After", query.After is not null);
            args.Add("AfterAt", at?.UtcDateTime);
            args.Add("AfterId", id);
            args.Add("Take", query.Take + 1);
            args.Add("Now", clock.Now().UtcDateTime);
            CrewsOwn.AddTo(args, caller);
            var rows = await db.List<WorkOrderLine>(WorkOrderSql.List(f, query.Sort, CrewsOwn.Narrows(caller)), args, cancellationToken);
            rows = [.. rows.Select(r => r with { MayAgree = r.MayAgree && OpenTo.Caller(caller, r.CommunityId, typeof(AgreeToHold)) })];
            return Cursor.Page(rows, query.Take, r => [query.Sort == WorkOrderSort.DueFirst ? r.DueAt : r.CreatedAt, r.WorkOrderId], EnumWord.Of(query.Sort));
        }
    }
}

/// <param name="DueAt">The earliest finish time among the requests that it serves.</param>
/// <param name="LateFrom">From when on one of them is late: the earliest of those finish times whose clock runs, or had run out before it was put on hold; null where there is none.</param>
/// <param name="Requests">How many requests it serves.</param>
/// <param name="PassedOn">How often it was transferred or returned.</param>
/// <param name="AcceptDueAt">By when the team it was sent to has to accept it; null once it has.</param>
/// <param name="ReturnedAt">Of one that came back and was not sent on: when, by whom and why.</param>
/// <param name="HoldLimitAt">Until when the reason of its hold stops the clocks; null where nothing limits it, or a manager has agreed.</param>
/// <param name="HoldLimitPassedAt">Since when its clocks go on although it is on hold.</param>
/// <param name="MayAgree">Whether the caller may agree to its hold now.</param>
public sealed record WorkOrderLine(
    Guid CommunityId,
    Guid WorkOrderId,
    long Number,
    Crew Crew,
    Guid? TeamId,
    string? TeamName,
    string? TeamNameEn,
    Guid? AssigneeId,
    string? AssigneeName,
    WorkOrderStatus Status,
    Priority Priority,
    Guid CategoryId,
    Guid? PlaceId,
    string? PlaceName,
    string? PlaceNameEn,
    string WhatToDo,
    Guid? FaultId,
    Guid? ReworkOfId,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DueAt,
    DateTimeOffset? LateFrom,
    int Requests,
    int Version,
    int PassedOn,
    DateTimeOffset? AcceptDueAt,
    DateTimeOffset? ReturnedAt,
    string? ReturnedByName,
    string? ReturnedWhy,
    HoldReason? HoldReason,
    string? HoldNote,
    DateTimeOffset? HoldWakeAt,
    DateTimeOffset? HoldLimitAt,
    DateTimeOffset? HoldLimitPassedAt,
    DateTimeOffset? HoldAgreedAt,
    bool MayAgree);

/// <summary>Put together from constant pieces, like the requests' list; values are always parameters.</summary>
internal static class WorkOrderSql
{
    private const string Columns = """
        select o.community_id, o.work_order_id, o.number, o.crew, o.team_id, t.name as team_name, t.name_en as team_name_en, o.assignee_id, s.display_name as assignee_name, o.status, o.priority, o.category_id,
            p.place_id, p.name as place_name, p.name_en as place_name_en, o.what_to_do, o.fault_id, o.rework_of_id, o.created_at, k.due_at, k.late_from, k.requests, o.version,
            o.leg - 1 as passed_on, a.due_at as accept_due_at, b.occurred_at as returned_at, b.display_name as returned_by_name, b.text as returned_why,
            h.reason as hold_reason, h.note as hold_note, h.wake_at as hold_wake_at, h.limit_at as hold_limit_at, h.limit_passed_at as hold_limit_passed_at, h.agreed_at as hold_agreed_at,
            h.hold_id is not null and h.agreed_at is null as may_agree
        """;

    private const string Served = """
        (
            select min(c.due_at) as due_at, min(c.due_at) filter (where c.held_at is null or c.held_at > c.due_at) as late_from, count(*)::int as requests
            from request_work_order l
            left join clock c on c.community_id = l.community_id and c.subject_id = l.request_id and c.kind = 'finish' and c.stopped_at is null
            where l.community_id = o.community_id and l.work_order_id = o.work_order_id and l.left_at is null) k
        """;

    private const string PerCommunity = """

        from (
            select x.*
            from unnest(@Communities::uuid[]) m
            cross join lateral (
                select o.*
                from work_order o
                where o.community_id = m
        """;

    private const string Names = """

        left join team t on t.community_id = o.community_id and t.team_id = o.team_id
        left join staff s on s.staff_id = o.assignee_id
        left join place p on p.community_id = o.community_id and p.place_id = o.place_id
            -- a home tells who (for most callers nothing is hidden, which is looked at once)
            and (p.kind not in ('home', 'shop', 'parkingSpace') or (select cardinality(scope_hidden())) = 0 or may_show_home(o.community_id, o.work_order_id))
        left join hold h on h.community_id = o.community_id and h.work_order_id = o.work_order_id and h.until_at is null and o.status = 'onHold'
        left join lateral (
            select c.due_at
            from clock c
            where c.community_id = o.community_id and c.subject_id = o.work_order_id and c.kind = 'accept' and c.stopped_at is null and o.status = 'dispatched'
            order by c.cycle desc
            limit 1) a on true
        left join lateral (
            select e.occurred_at, w.display_name, x.text
            from event e
            left join event_text x on x.community_id = e.community_id and x.seq = e.seq
            left join staff w on w.staff_id = e.actor_id
            where e.community_id = o.community_id and e.subject_id = o.work_order_id and e.what = 'workReturned' and o.status = 'unassigned'
            order by e.seq desc
            limit 1) b on true
        """;

    /// <param name="narrow">There are communities of which only the caller's crews' orders may be seen.</param>
    public static string List(WorkOrderFilter filter, WorkOrderSort sort, bool narrow = false) => sort switch
    {
        WorkOrderSort.NewestFirst => string.Concat(
            Columns,
            PerCommunity,
            Conditions(filter, narrow),
            """

                      and (not @After or (o.created_at, o.work_order_id) < (@AfterAt::timestamptz, @AfterId::uuid))
                    order by o.created_at desc, o.work_order_id desc
                    limit @Take
                ) x
                order by x.created_at desc, x.work_order_id desc
                limit @Take
            ) o
            cross join lateral
            """,
            Served,
            Names,
            "\norder by o.created_at desc, o.work_order_id desc"),

        // Open orders only, which are few: each one's due time is that of its requests, so it is found before it is sorted and cut.
        WorkOrderSort.DueFirst => string.Concat(
            Columns,
            "\nfrom (\n    select o.*, k.due_at, k.late_from, k.requests\n    from unnest(@Communities::uuid[]) m\n    join work_order o on o.community_id = m",
            Conditions(filter, narrow),
            "\n    cross join lateral",
            Served,
            """

                where (not @After or (coalesce(k.due_at, 'infinity'), o.work_order_id) > (coalesce(@AfterAt::timestamptz, 'infinity'), @AfterId::uuid))
                order by coalesce(k.due_at, 'infinity'), o.work_order_id
                limit @Take
            ) o
            cross join lateral (select o.due_at, o.late_from, o.requests) k
            """,
            Names,
            "\norder by coalesce(k.due_at, 'infinity'), o.work_order_id"),
    };

    private static string Conditions(WorkOrderFilter f, bool narrow)
    {
        string?[] parts =
        [
            narrow ? """
                (o.community_id = any (@Whole::uuid[]) or o.assignee_id = @Me or exists (
                          select from unnest(@OwnCommunities::uuid[], @OwnCrews::text[]) x (community_id, crew) where x.community_id = o.community_id and x.crew = o.crew))
                """ : null,
            f.Open switch
            {
                true => "o.status not in ('done', 'voided')",
                false => "o.status in ('done', 'voided')",
                null => null,
            },
            f.Status is null ? null : "o.status = any (@Status)",
            f.Crew is null ? null : "o.crew = @Crew",
            f.TeamId is null ? null : "o.team_id = @TeamId",
            f.MyTeams ? "o.team_id = any (@Teams)" : null,
            f.Mine || f.AssigneeId is not null ? "o.assignee_id = @AssigneeId" : null,
            f.Pool ? "o.status = 'dispatched' and o.assignee_id is null" : null,
            f.Priority is null ? null : "o.priority = @Priority",
            f.FaultId is null ? null : "o.fault_id = @FaultId",
            f.Stuck ? """
                o.status not in ('done', 'voided') and (o.leg > 2 or (o.status = 'dispatched' and exists (
                          select
                          from clock c
                          where c.community_id = o.community_id and c.subject_id = o.work_order_id and c.kind = 'accept' and c.stopped_at is null and c.held_at is null and c.due_at <= @Now)))
                """ : null,
            f.Returned ? "o.status = 'unassigned' and o.leg > 1" : null,
            f.HoldToDecide ? """
                o.status = 'onHold' and exists (
                          select
                          from hold q
                          where q.community_id = o.community_id and q.work_order_id = o.work_order_id and q.until_at is null and q.agreed_at is null
                            and (q.limit_passed_at is not null or q.limit_at < q.wake_at))
                """ : null,
        ];
        return string.Concat(parts.OfType<string>().Select(p => "\n      and " + p));
    }
}
