using FluentValidation;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>Whom to ring, the oldest round first: rounds to call, and, where asked for, those that were only asked or reminded. Never what the caller worked on.</summary>
/// <param name="State">toCall where it is left out; asked and reminded can be had, too.</param>
/// <param name="Ready">Only those that the caller may ring now: it is time, nobody else is calling, and they were handed to nobody else.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk)]
public sealed record ListCallBacks(Guid? CommunityId = null, FeedbackState State = FeedbackState.ToCall, bool Ready = false, int Take = 50, string? After = null) : IQuery<Page<CallBackLine>>
{
    public sealed class Validator : AbstractValidator<ListCallBacks>
    {
        public Validator()
        {
            RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
            RuleFor(q => q.State)
                .Must(s => s is FeedbackState.Asked or FeedbackState.Reminded or FeedbackState.ToCall)
                .WithErrorCode("call_backs.open_only")
                .WithMessage("Only rounds that are asked, reminded or to call are open.");
        }
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListCallBacks, Page<CallBackLine>>
    {
        internal const string Read = """
            select f.community_id, f.feedback_id, f.request_id, r.number, r.kind, r.priority, r.description, f.round, f.state, f.started_at, k.due_at,
                r.customer_id, coalesce(cu.name, r.reporter_name) as customer_name, r.reporter_phone,
                array(select c.value
                      from contact_point c
                      where c.community_id = r.community_id and c.customer_id = r.customer_id and c.kind = 'phone'
                      order by c.position, c.contact_point_id) as phones,
                p.name as place_name, p.name_en as place_name_en, coalesce(a.attempts, 0)::int as attempts, a.last_tried_at, f.listed_at, f.listed_why, f.call_after, f.taken_by,
                (select s.display_name from staff s where s.staff_id = f.taken_by) as taken_by_name, f.taken_until, f.handed_to,
                (select s.display_name from staff s where s.staff_id = f.handed_to) as handed_to_name
            from unnest(@Communities::uuid[]) m
            cross join lateral (
                select x.community_id, x.feedback_id, x.request_id, x.round, x.state, x.started_at, x.listed_at, x.listed_why, x.call_after,
                    case when x.taken_until > @Now then x.taken_by end as taken_by, case when x.taken_until > @Now then x.taken_until end as taken_until, x.handed_to
                from feedback x
                where x.community_id = m and x.state = @State and x.ended_at is null
                  and (not @After or (x.started_at, x.feedback_id) > (@AfterAt::timestamptz, @AfterId::uuid))
                  and (not @Ready or (coalesce(x.call_after <= @Now, true) and (x.taken_by is null or x.taken_by = @Me or x.taken_until <= @Now) and coalesce(x.handed_to = @Me, true)))
                  and not (x.by_somebody_else and exists (select from request c where c.community_id = x.community_id and c.request_id = x.request_id and c.in_charge_id = @Me))
                  and not exists (
                      select from request_work_order l
                      join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                      where l.community_id = x.community_id and l.request_id = x.request_id and (@Me = any (o.worked_by) or (o.assignee_id = @Me and o.status = 'done')))
                order by x.started_at, x.feedback_id
                limit @Take
            ) f
            join request r on r.community_id = f.community_id and r.request_id = f.request_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            left join lateral (
                select min(c.due_at) as due_at
                from clock c
                where c.community_id = f.community_id and c.subject_id in (f.feedback_id, f.request_id) and c.kind = 'feedback' and c.stopped_at is null) k on true
            left join lateral (
                select count(*) as attempts, max(t.tried_at) as last_tried_at
                from call_attempt t
                where t.community_id = f.community_id and t.feedback_id = f.feedback_id and t.follow_up_id is null and t.number_dialled is not null) a on true
            order by f.started_at, f.feedback_id
            limit @Take
            """;

        public async Task<Page<CallBackLine>> Handle(ListCallBacks query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var mine = caller.Actor.CommunitiesWith(caller.Allowed);
            var rows = await db.List<CallBackLine>(
                Read,
                new
                {
                    Communities = (query.CommunityId is { } one ? mine.Where(m => m == one) : mine).ToArray(),
                    query.State,
                    query.Ready,
                    Now = clock.Now(),
                    Me = caller.Actor.Id,
                    After = query.After is not null,
                    AfterAt = at,
                    AfterId = id,
                    Take = query.Take + 1,
                },
                cancellationToken);
            rows = [.. rows.Select(r => r with { ReporterPhone = Customers.Masked.Phone(r.ReporterPhone), Phones = [.. r.Phones.Select(p => Customers.Masked.Phone(p)!)] })];
            return Cursor.Page(rows, query.Take, r => [r.StartedAt, r.FeedbackId]);
        }
    }
}

/// <param name="DueAt">When the call is due; null where no clock runs for it.</param>
/// <param name="Phones">The customer's numbers, the first one first, masked; in full by asking for the request's contact data.</param>
/// <param name="Attempts">How often somebody rang in this round.</param>
/// <param name="ListedWhy">Why it is on the list: the policy, an ask that could not be delivered, or the desk rang already.</param>
/// <param name="CallAfter">Not to be called before: at night, after a call in vain, as they asked, or as a colleague put it off.</param>
/// <param name="TakenBy">Who is calling just now.</param>
public sealed record CallBackLine(
    Guid CommunityId,
    Guid FeedbackId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    Priority Priority,
    string Description,
    short Round,
    FeedbackState State,
    DateTimeOffset StartedAt,
    DateTimeOffset? DueAt,
    Guid? CustomerId,
    string? CustomerName,
    string? ReporterPhone,
    string[] Phones,
    string? PlaceName,
    string? PlaceNameEn,
    int Attempts,
    DateTimeOffset? LastTriedAt,
    DateTimeOffset? ListedAt,
    ListedWhy? ListedWhy,
    DateTimeOffset? CallAfter,
    Guid? TakenBy,
    string? TakenByName,
    DateTimeOffset? TakenUntil,
    Guid? HandedTo,
    string? HandedToName);
