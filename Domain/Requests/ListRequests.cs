using FluentValidation;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>What a list or a count of requests is narrowed to. Everything left out is not narrowed.</summary>
/// <param name="PlaceId">The place and everything below it.</param>
/// <param name="HasTarget">Whether a finish is due at all.</param>
/// <param name="ToConfirm">Whether it was reported by somebody unknown, and the desk has not confirmed it yet.</param>
/// <param name="UnreadWord">Whether there is a word or a photo from the owner that nobody of the desk has looked at.</param>
/// <param name="InCharge">Whether somebody is named as in charge of it.</param>
/// <param name="Late">Whether it was finished after it was due; for open ones, whether the due time has passed. Of what came back, the last time counts; a clock that is on hold does not become late.</param>
/// <param name="Due">Of what is open: that a due time of the work has passed (of dispatching, accepting, arriving, a reply or finishing; of the request or of an order for it), or that the finish is due within four hours. A clock that is on hold does not become late.</param>
/// <param name="Promise">That something was promised to the owner which nobody has said was kept: its time has passed, or comes within four hours. Of what is closed, too, while its time is still to come.</param>
public sealed record RequestFilter(
    Guid? CommunityId = null,
    RequestStatus[]? Status = null,
    bool? Open = null,
    RequestKind? Kind = null,
    Channel? Channel = null,
    Priority? Priority = null,
    Guid? CategoryId = null,
    Crew? Crew = null,
    Guid? TeamId = null,
    Guid? CustomerId = null,
    Guid? BuildingId = null,
    Guid? PlaceId = null,
    Guid? InChargeId = null,
    Guid? FaultId = null,
    DateTimeOffset? ReportedFrom = null,
    DateTimeOffset? ReportedBefore = null,
    bool? HasTarget = null,
    bool? Late = null,
    bool? Imported = null,
    bool? ToConfirm = null,
    RequestDue? Due = null,
    bool? UnreadWord = null,
    bool? InCharge = null,
    PromiseDue? Promise = null);

/// <summary>How an open request stands to its due times.</summary>
public enum RequestDue
{
    /// <summary>A due time of the work has passed: of dispatching, accepting, arriving, a milestone, a reply or finishing. Not that of ringing the owner afterwards.</summary>
    Late,

    /// <summary>Its finish is due within four hours, and that clock runs.</summary>
    Soon,
}

/// <summary>How a promise that was not kept yet stands to its time.</summary>
public enum PromiseDue
{
    /// <summary>Its time comes within four hours.</summary>
    Due,

    /// <summary>Its time has passed.</summary>
    Overdue,
}

public enum RequestSort
{
    /// <summary>The newest first.</summary>
    NewestFirst,
    OldestFirst,

    /// <summary>Open ones by their finish time, the most urgent first; without one last.</summary>
    DueFirst,
}

/// <summary>Requests of the caller's communities, or of one, a page at a time; for crews, those that their crew's orders serve and those that they registered.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record ListRequests(RequestFilter Filter, RequestSort Sort = RequestSort.NewestFirst, int Take = 50, string? After = null) : IQuery<Page<RequestLine>>
{
    public sealed class Validator : AbstractValidator<ListRequests>
    {
        public Validator()
        {
            RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
            RuleFor(q => q.Sort).Must((q, s) => s != RequestSort.DueFirst || q.Filter.Open == true).WithErrorCode("sort.open_only").WithMessage("Sorting by due time needs open=true.");
        }
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListRequests, Page<RequestLine>>
    {
        public async Task<Page<RequestLine>> Handle(ListRequests query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After, EnumWord.Of(query.Sort));
            var args = RequestSql.Parameters(query.Filter, caller, clock);
            args.Add("After", query.After is not null);
            args.Add("AfterAt", at?.UtcDateTime);
            args.Add("AfterId", id);
            args.Add("Take", query.Take + 1);
            var narrow = CrewsOwn.Narrows(caller);
            var sql = RequestSql.List(query.Filter, query.Sort, narrow);

            // The first page of all there is, or of all that is open, is one walk whatever the values; a filter may be on what is rare or on what is common.
            var plain = query.After is null && !narrow && query.Filter == new RequestFilter(query.Filter.CommunityId, Open: query.Filter.Open);
            var rows = await db.List<RequestLine>(plain ? Db.PlannedOnce + sql : sql, args, cancellationToken);
            rows = [.. rows.Select(r => caller.SeesAllOf(r.CommunityId) ? r : r with { CustomerId = null, CustomerName = null })];
            return Cursor.Page(rows, query.Take, r => [query.Sort == RequestSort.DueFirst ? r.RunsUntil : r.ReportedAt, r.RequestId], EnumWord.Of(query.Sort));
        }
    }
}

/// <summary>A request in a list.</summary>
/// <param name="OwnerWordAt">Since when there is a word or a photo from the owner that nobody of the desk has looked at.</param>
/// <param name="PromiseDueAt">By when the next thing was promised to the owner of those that are not kept yet.</param>
/// <param name="DueAt">When the owner's finish clock is due, or was when it stopped; null where there is none.</param>
/// <param name="LateClock">Of what is open: which due time of the work has passed, of the request or of an order for it; of several the one that passed first. A clock that is on hold does not become late.</param>
/// <param name="LateSince">When that one passed.</param>
/// <param name="RunsUntil">When it is due while it runs: what <see cref="RequestSort.DueFirst"/> sorts by.</param>
public sealed record RequestLine(
    Guid CommunityId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    Channel Channel,
    RequestStatus Status,
    Outcome? Outcome,
    Priority Priority,
    Guid CategoryId,
    string Description,
    Guid? PlaceId,
    string? PlaceName,
    string? PlaceNameEn,
    Guid? CustomerId,
    string? CustomerName,
    bool Confidential,
    DateTimeOffset ReportedAt,
    DateTimeOffset RegisteredAt,
    DateTimeOffset? ClosedAt,
    short ReworkCount,
    int UrgeCount,
    DateTimeOffset? DueAt,
    bool Late,
    ClockKind? LateClock,
    DateTimeOffset? LateSince,
    bool ToConfirm,
    DateTimeOffset? OwnerWordAt,
    DateTimeOffset? PromiseDueAt,
    Guid? InChargeId,
    string? InChargeName,
    int Version,
    [property: JsonIgnore] DateTimeOffset? RunsUntil);

/// <summary>How many requests there are, in all or by a word.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record CountRequests(RequestFilter Filter, RequestGroup By = RequestGroup.Nothing) : IQuery<IReadOnlyList<RequestCount>>
{
    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<CountRequests, IReadOnlyList<RequestCount>>
    {
        public Task<IReadOnlyList<RequestCount>> Handle(CountRequests query, CancellationToken cancellationToken) =>
            db.List<RequestCount>(RequestSql.Count(query.Filter, query.By, CrewsOwn.Narrows(caller)), RequestSql.Parameters(query.Filter, caller, clock), cancellationToken);
    }
}

public enum RequestGroup
{
    Nothing,
    Status,
    Kind,
    Channel,
    Priority,
    Category,
    Team,
    Community,
}

/// <param name="Key">The word or the id of the group; null where there is none.</param>
/// <param name="Requests">How many requests; one that several teams worked on counts under each.</param>
public sealed record RequestCount(string? Key, long Requests);

/// <summary>
/// The list's SQL, put together from constant pieces: a condition that is not asked for does not stand in the statement, so that each
/// combination is planned for what it asks. Values are always parameters.
/// </summary>
internal static class RequestSql
{
    internal const string Columns = """
        select r.community_id, r.request_id, r.number, r.kind, r.channel, r.status, r.outcome, r.priority, r.category_id, r.description, r.place_id,
            p.name as place_name, p.name_en as place_name_en, r.customer_id, coalesce(cu.name, r.reporter_name) as customer_name, r.confidential, r.reported_at, r.registered_at,
            r.closed_at, r.rework_count, r.urge_count, k.due_at, coalesce(coalesce(k.stopped_at, k.held_at, @Now) > k.due_at, false) as late,
            w.kind as late_clock, w.due_at as late_since, r.to_confirm and r.confirmed_at is null as to_confirm, r.owner_word_at,
            (select min(m.due_at) from promise m where m.community_id = r.community_id and m.request_id = r.request_id and m.kept_at is null and m.given_up_at is null) as promise_due_at,
            r.in_charge_id, ic.display_name as in_charge_name, r.version, case when k.stopped_at is null then k.due_at end as runs_until
        """;

    internal const string Joins = """

        left join lateral (
            select c.due_at, c.stopped_at, c.held_at
            from clock c
            where c.community_id = r.community_id and c.subject_id = r.request_id and c.kind = 'finish'
            order by c.cycle desc
            limit 1) k on true
        left join lateral (
            select u.kind, u.due_at
            from (
                select c.kind, c.due_at, c.held_at
                from clock c
                where c.community_id = r.community_id and c.subject_kind = 'request' and c.subject_id = r.request_id and c.stopped_at is null
                union all
                select c.kind, c.due_at, c.held_at
                from request_work_order l
                join clock c on c.community_id = l.community_id and c.subject_kind = 'workOrder' and c.subject_id = l.work_order_id and c.stopped_at is null
                where l.community_id = r.community_id and l.request_id = r.request_id and l.left_at is null) u
            where r.status in ('received', 'inProgress', 'awaitingFeedback') and u.kind = any (@WorkClocks) and u.due_at < @Now and u.due_at < coalesce(u.held_at, @Now)
            order by u.due_at, u.kind
            limit 1) w on true
        left join place p on p.community_id = r.community_id and p.place_id = r.place_id
        left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
        left join staff ic on ic.staff_id = r.in_charge_id
        """;

    // One community after the other, each walked in its index's order and cut, then merged and cut again before anything is joined: cost
    // follows the page, not the history nor the number of communities.
    private const string PerCommunity = """

            select x.*
            from unnest(@Communities::uuid[]) m
            cross join lateral (
                select r.*
                from request r
                where r.community_id = m
        """;

    private const string Below = """
        with recursive below as (
            select p.community_id, p.place_id
            from place p
            where p.place_id = @PlaceId and p.community_id = any (@Communities::uuid[])
            union all
            select p.community_id, p.place_id
            from below b
            join place p on p.community_id = b.community_id and p.parent_id = b.place_id)

        """;

    // A home, or an entrance of homes: one place after the other. A home has few requests, which a walk through the community's might seek for long.
    private const string PerPlace = """

            select x.*
            from (select b.community_id, b.place_id from below b where (select count(*) from below) <= 100) m
            cross join lateral (
                select r.*
                from request r
                where r.community_id = m.community_id and r.place_id = m.place_id
        """;

    // A building, or a phase: a fair part of the community's requests are of it.
    private const string OfManyPlaces = """

                  and (select count(*) from below) > 100
                  and (r.place_id in (select b.place_id from below b)) is true -- looked up as the walk goes by
        """;

    // First those that are due, as the running clocks' index has them; the rest of what is open only once a page reaches beyond them.
    private const string DuePerCommunity = """

        from (
            select x.*
            from unnest(@Communities::uuid[]) m
            cross join lateral (
                with due as materialized (
                    select r.*, d.due_at as sort_at
                    from clock d
                    cross join lateral (
                        select q.*
                        from request q
                        where q.request_id = d.subject_id
                        limit 1) r -- the limit keeps the clocks' order, so that the walk ends with the page
                    where d.community_id = m and d.subject_kind = 'request' and d.kind = 'finish' and d.stopped_at is null and d.due_at is not null
        """;

    private const string OpenWithoutDue = """
                     and (not @After or (d.due_at, d.subject_id) > (coalesce(@AfterAt::timestamptz, 'infinity'), @AfterId::uuid))
                    order by d.due_at, d.subject_id
                    limit @Take)
                select *
                from due
                union all
                (
                    select r.*, null::timestamptz
                    from request r
                    where r.community_id = m
                      and not exists (
                        select
                        from clock d
                        where d.community_id = m and d.subject_kind = 'request' and d.subject_id = r.request_id and d.kind = 'finish' and d.stopped_at is null
                          and d.due_at is not null)
        """;

    // Each kind is a walk of its own along the running clocks' index. Whether the owner was rung is no work that is waited for.
    // What is closed has no work that is waited for, either, though an order that it did not need may go on.
    private const string LateNow = """
        r.status in ('received', 'inProgress', 'awaitingFeedback') and r.request_id in (
            select u.subject_id
            from clock u
            where u.community_id = any (@Communities::uuid[]) and u.subject_kind = 'request' and u.kind = any (@WorkClocks) and u.stopped_at is null
              and u.due_at < @Now and u.due_at < coalesce(u.held_at, @Now)
            union all
            select l.request_id
            from clock u
            join request_work_order l on l.community_id = u.community_id and l.work_order_id = u.subject_id
            where u.community_id = any (@Communities::uuid[]) and u.subject_kind = 'workOrder' and u.kind = any (@WorkClocks) and u.stopped_at is null
              and u.due_at < @Now and u.due_at < coalesce(u.held_at, @Now) and l.left_at is null)
        """;

    // As the line says it, of the same clock: what came back and is in time now is not late by its first time.
    private const string IsLate = """
        (
            select coalesce(c.stopped_at, c.held_at, @Now) > c.due_at
            from clock c
            where c.community_id = r.community_id and c.subject_id = r.request_id and c.kind = 'finish'
            order by c.cycle desc
            limit 1)
        """;

    /// <summary>What is due within this will be late soon.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromHours(4);

    public static DynamicParameters Parameters(RequestFilter filter, Caller caller, TimeProvider clock)
    {
        var mine = caller.Actor.CommunitiesWith(caller.Allowed);
        var args = new DynamicParameters();
        args.Add("Communities", (filter.CommunityId is { } one ? mine.Where(m => m == one) : mine).ToArray());
        args.Add("Now", clock.Now().UtcDateTime);
        args.Add("WorkClocks", EnumWord.All([.. Enum.GetValues<ClockKind>().Where(k => k != ClockKind.Feedback)]));
        args.Add("SoonBefore", clock.Now().Add(Soon).UtcDateTime);
        args.Add("Status", filter.Status is null ? null : EnumWord.All(filter.Status));
        args.Add("Kind", filter.Kind is { } kind ? EnumWord.Of(kind) : null);
        args.Add("Channel", filter.Channel is { } channel ? EnumWord.Of(channel) : null);
        args.Add("Priority", filter.Priority is { } priority ? EnumWord.Of(priority) : null);
        args.Add("Crew", filter.Crew is { } crew ? EnumWord.Of(crew) : null);
        args.Add("CategoryId", filter.CategoryId);
        args.Add("TeamId", filter.TeamId);
        args.Add("CustomerId", filter.CustomerId);
        args.Add("BuildingId", filter.BuildingId);
        args.Add("PlaceId", filter.PlaceId);
        args.Add("InChargeId", filter.InChargeId);
        args.Add("FaultId", filter.FaultId);
        args.Add("ReportedFrom", filter.ReportedFrom?.UtcDateTime);
        args.Add("ReportedBefore", filter.ReportedBefore?.UtcDateTime);
        CrewsOwn.AddTo(args, caller);
        return args;
    }

    /// <param name="narrow">There are communities of which only what is the caller's own may be seen.</param>
    public static string List(RequestFilter filter, RequestSort sort, bool narrow = false) => sort switch
    {
        RequestSort.NewestFirst => Walked(filter, narrow, "(r.reported_at, r.request_id) < (@AfterAt::timestamptz, @AfterId::uuid)", "r.reported_at desc, r.request_id desc"),
        RequestSort.OldestFirst => Walked(filter, narrow, "(r.reported_at, r.request_id) > (@AfterAt::timestamptz, @AfterId::uuid)", "r.reported_at, r.request_id"),
        RequestSort.DueFirst => string.Concat(
            Columns,
            DuePerCommunity,
            Conditions(filter, narrow),
            OpenWithoutDue,
            Conditions(filter, narrow),
            """
                     and (not @After or ('infinity'::timestamptz, r.request_id) > (coalesce(@AfterAt::timestamptz, 'infinity'), @AfterId::uuid))
                    order by r.request_id
                    limit (select @Take - count(*) from due))
                ) x
                order by x.sort_at, x.request_id
                limit @Take
            ) r
            """,
            Joins,
            "\norder by r.sort_at, r.request_id"),
    };

    private static string Walked(RequestFilter filter, bool narrow, string after, string order)
    {
        var cut = string.Concat(Conditions(filter with { PlaceId = null }, narrow), "\n  and (not @After or ", after, ")\n    order by ", order, "\n    limit @Take) x");
        return string.Concat(
            filter.PlaceId is null ? "" : Below,
            Columns,
            "\nfrom (\n    select r.*\n    from (",
            filter.PlaceId is null ? "" : string.Concat(PerPlace, cut, "\n            union all"),
            PerCommunity,
            filter.PlaceId is null ? "" : OfManyPlaces,
            cut,
            "\n    ) r\n    order by ",
            order,
            "\n    limit @Take\n) r",
            Joins,
            "\norder by ",
            order);
    }

    public static string Count(RequestFilter filter, RequestGroup by, bool narrow = false) => string.Concat(
        by switch
        {
            RequestGroup.Nothing => "select null::text as key, count(*) as requests\nfrom request r",
            RequestGroup.Status => "select r.status as key, count(*) as requests\nfrom request r",
            RequestGroup.Kind => "select r.kind as key, count(*) as requests\nfrom request r",
            RequestGroup.Channel => "select r.channel as key, count(*) as requests\nfrom request r",
            RequestGroup.Priority => "select r.priority as key, count(*) as requests\nfrom request r",
            RequestGroup.Category => "select r.category_id::text as key, count(*) as requests\nfrom request r",
            RequestGroup.Community => "select r.community_id::text as key, count(*) as requests\nfrom request r",
            RequestGroup.Team => """
                select o.team_id::text as key, count(distinct r.request_id) as requests
                from request r
                left join request_work_order l on l.community_id = r.community_id and l.request_id = r.request_id and l.left_at is null
                left join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                """,
        },
        "\nwhere r.community_id = any (@Communities::uuid[])",
        Conditions(filter, narrow),
        by == RequestGroup.Nothing ? "" : "\ngroup by 1\norder by 2 desc, 1"); // of nothing there are none: one line that says 0

    private static bool IsOpen(RequestStatus status) => status is RequestStatus.Received or RequestStatus.InProgress or RequestStatus.AwaitingFeedback;

    private static string Conditions(RequestFilter f, bool narrow)
    {
        string?[] parts =
        [
            // Looked up request by request as a page walks by (a plain exists would first collect all that the crew ever did).
            narrow ? """
                (r.community_id = any (@Whole::uuid[]) or r.registered_by = @Me or (
                    select true
                    from request_work_order l
                    join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                    join unnest(@OwnCommunities::uuid[], @OwnCrews::text[]) x (community_id, crew) on x.community_id = o.community_id and x.crew = o.crew
                    where l.community_id = r.community_id and l.request_id = r.request_id
                    limit 1))
                """ : null,
            f.Status is null ? null : "r.status = any (@Status)",
            (f.Open, f.Status is { Length: > 0 } asked && asked.All(IsOpen)) switch
            {
                (true, _) or (null, true) => "r.status in ('received', 'inProgress', 'awaitingFeedback')", // said of the statuses asked for, too: so that the index of what is open serves
                (false, _) => "r.status in ('closed', 'cancelled')",
                _ => null,
            },
            f.Kind is null ? null : "r.kind = @Kind",
            f.Channel is null ? null : "r.channel = @Channel",
            f.Priority is null ? null : "r.priority = @Priority",
            f.CategoryId is null ? null : "r.category_id = @CategoryId",
            f.CustomerId is null ? null : "r.customer_id = @CustomerId",
            f.BuildingId is null ? null : "r.building_id = @BuildingId",
            f.InChargeId is null ? null : "r.in_charge_id = @InChargeId",
            f.InCharge switch
            {
                true => "r.in_charge_id is not null",
                false => "r.in_charge_id is null",
                null => null,
            },
            f.ReportedFrom is null ? null : "r.reported_at >= @ReportedFrom",
            f.ReportedBefore is null ? null : "r.reported_at < @ReportedBefore",
            f.Imported switch
            {
                true => "r.import_id is not null",
                false => "r.import_id is null",
                null => null,
            },
            f.ToConfirm switch
            {
                true => "r.to_confirm and r.confirmed_at is null",
                false => "not (r.to_confirm and r.confirmed_at is null)",
                null => null,
            },
            f.UnreadWord switch
            {
                true => "r.owner_word_at is not null",
                false => "r.owner_word_at is null",
                null => null,
            },
            f.PlaceId is null ? null : """
                r.place_id in (
                    with recursive below as (
                        select p.place_id from place p where p.place_id = @PlaceId
                        union all
                        select p.place_id from below b join place p on p.parent_id = b.place_id and p.community_id = any (@Communities::uuid[]))
                    select place_id from below)
                """,
            // Of what is open, each one's orders are looked up; of the whole history it depends on how much the team did where to begin.
            f.Crew is null && f.TeamId is null ? null : string.Concat(
                f.Open == true ? "(select true" : "exists (select",
                " from request_work_order l join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id where l.community_id = r.community_id and l.request_id = r.request_id and l.left_at is null",
                f.Crew is null ? "" : " and o.crew = @Crew",
                f.TeamId is null ? "" : " and o.team_id = @TeamId",
                f.Open == true ? " limit 1)" : ")"),
            f.FaultId is null ? null : "exists (select from fault_request x where x.community_id = r.community_id and x.request_id = r.request_id and x.fault_id = @FaultId and x.left_at is null)",
            f.HasTarget switch
            {
                true => "exists (select from clock c where c.community_id = r.community_id and c.subject_id = r.request_id and c.kind = 'finish' and c.due_at is not null)",
                false => "not exists (select from clock c where c.community_id = r.community_id and c.subject_id = r.request_id and c.kind = 'finish' and c.due_at is not null)",
                null => null,
            },
            f.Late switch
            {
                true => IsLate,
                false => IsLate + " is not true",
                null => null,
            },
            f.Due switch
            {
                RequestDue.Late => LateNow,
                RequestDue.Soon => "r.request_id in (select u.subject_id from clock u where u.community_id = any (@Communities::uuid[]) and u.subject_kind = 'request' and u.kind = 'finish' and u.stopped_at is null and u.due_at >= @Now and u.due_at < @SoonBefore and u.held_at is null)",
                null => null,
            },
            f.Promise switch
            {
                PromiseDue.Overdue => "r.request_id in (select m.request_id from promise m where m.community_id = any (@Communities::uuid[]) and m.kept_at is null and m.given_up_at is null and m.due_at < @Now)",
                PromiseDue.Due => "r.request_id in (select m.request_id from promise m where m.community_id = any (@Communities::uuid[]) and m.kept_at is null and m.given_up_at is null and m.due_at >= @Now and m.due_at < @SoonBefore)",
                null => null,
            },
        ];
        return string.Concat(parts.OfType<string>().Select(p => "\n  and " + p));
    }
}
