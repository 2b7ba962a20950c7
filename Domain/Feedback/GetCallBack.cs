namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>What somebody needs who rings about a round: what to say, at which hour they were reached before, and every call so far.</summary>
[AllowedTo(Roles.Desk)]
public sealed record GetCallBack(Guid FeedbackId) : IQuery<CallBackSheet>
{
    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<GetCallBack, CallBackSheet>
    {
        private const string Read = """
            select f.community_id, f.feedback_id, f.request_id, r.number, r.kind, r.description, f.round, f.state, f.version, f.as_rework, f.listed_at, f.listed_why, f.call_after,
                case when f.taken_until > @Now then f.taken_by end as taken_by, (select s.display_name from staff s where s.staff_id = f.taken_by and f.taken_until > @Now) as taken_by_name,
                case when f.taken_until > @Now then f.taken_until end as taken_until, f.handed_to, (select s.display_name from staff s where s.staff_id = f.handed_to) as handed_to_name,
                r.customer_id, coalesce(cu.name, r.reporter_name) as customer_name, coalesce(cu.language, 'zh-CN') as language, m.time_zone, m.name as community_name, m.name_en as community_name_en,
                (select o.done_what
                 from request_work_order l
                 join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                 where l.community_id = f.community_id and l.request_id = f.request_id and l.left_at is null and o.status = 'done' and l.mandatory
                 order by o.done_at desc, o.work_order_id desc
                 limit 1) as done_what
            from feedback f
            join request r on r.community_id = f.community_id and r.request_id = f.request_id
            join community m on m.community_id = f.community_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            where f.feedback_id = @FeedbackId;

            select a.tried_at, a.number_dialled, a.result, a.staff_id, (select s.display_name from staff s where s.staff_id = a.staff_id) as staff_name, a.spoke_with, a.note
            from call_attempt a
            where a.feedback_id = @FeedbackId and a.follow_up_id is null and a.community_id = any ((select scope_communities())::uuid[])
            order by a.tried_at, a.call_attempt_id;
            """;

        // When this person was reached before.
        private const string Reached = """
            select extract(hour from a.tried_at at time zone @TimeZone)::int as hour
            from request r
            join feedback f on f.community_id = r.community_id and f.request_id = r.request_id
            join call_attempt a on a.community_id = f.community_id and a.feedback_id = f.feedback_id and a.result in ('answered', 'refused', 'callLater')
            where r.community_id = @CommunityId and r.customer_id = @CustomerId
            group by 1
            order by count(*) desc, 1
            limit 1
            """;

        private sealed record Row(
            Guid CommunityId,
            Guid FeedbackId,
            Guid RequestId,
            long Number,
            RequestKind Kind,
            string Description,
            short Round,
            FeedbackState State,
            int Version,
            bool AsRework,
            DateTimeOffset? ListedAt,
            ListedWhy? ListedWhy,
            DateTimeOffset? CallAfter,
            Guid? TakenBy,
            string? TakenByName,
            DateTimeOffset? TakenUntil,
            Guid? HandedTo,
            string? HandedToName,
            Guid? CustomerId,
            string? CustomerName,
            string Language,
            string TimeZone,
            string CommunityName,
            string CommunityNameEn,
            string? DoneWhat);

        public async Task<CallBackSheet> Handle(GetCallBack query, CancellationToken cancellationToken)
        {
            Row? row;
            List<CallLine> calls;
            using (var read = await db.Several(Read, new { query.FeedbackId, Now = clock.Now() }, cancellationToken))
            {
                row = await read.ReadSingleOrDefaultAsync<Row>() ?? throw new Refused.NotFound("call_back");
                calls = (await read.ReadAsync<CallLine>()).AsList();
            }

            caller.MustBeAllowedIn(row.CommunityId);
            var hour = row.CustomerId is null ? null : await db.Find<int?>(Reached, new { row.CommunityId, row.CustomerId, row.TimeZone }, cancellationToken);
            var numberKnown = await db.Single<bool>(CallLog.NumberIsKnown, new { row.CommunityId, row.RequestId, row.FeedbackId }, cancellationToken);
            return new CallBackSheet(
                row.CommunityId,
                row.FeedbackId,
                row.RequestId,
                row.Number,
                row.Round,
                row.State,
                row.Version,
                FeedbackMoves.For(caller, row.CommunityId, row.State),
                row.ListedAt,
                row.ListedWhy,
                row.CallAfter,
                row.TakenBy,
                row.TakenByName,
                row.TakenUntil,
                row.HandedTo,
                row.HandedToName,
                hour,
                CallScript.Of(row.Language, row.Kind, row.Language == "en" ? row.CommunityNameEn : row.CommunityName, row.CustomerName, row.Description, row.DoneWhat, row.AsRework),
                [.. calls.Select(c => c with { NumberDialled = Customers.Masked.Phone(c.NumberDialled) })],
                numberKnown);
        }
    }
}

/// <param name="BestHour">The hour of their day at which this person was reached most often before: 0–23; null where they never were.</param>
/// <param name="Script">What to say, a line each, in the customer's language.</param>
/// <param name="NumberKnown">There is a number to ring that has not turned out to be wrong.</param>
public sealed record CallBackSheet(
    Guid CommunityId,
    Guid FeedbackId,
    Guid RequestId,
    long Number,
    short Round,
    FeedbackState State,
    int Version,
    IReadOnlyList<FeedbackMove> AllowedMoves,
    DateTimeOffset? ListedAt,
    ListedWhy? ListedWhy,
    DateTimeOffset? CallAfter,
    Guid? TakenBy,
    string? TakenByName,
    DateTimeOffset? TakenUntil,
    Guid? HandedTo,
    string? HandedToName,
    int? BestHour,
    IReadOnlyList<string> Script,
    IReadOnlyList<CallLine> Calls,
    bool NumberKnown);

/// <summary>One call.</summary>
/// <param name="NumberDialled">Masked; null where no number was known.</param>
/// <param name="SpokeWith">Who picked up; null where nobody did.</param>
public sealed record CallLine(DateTimeOffset TriedAt, string? NumberDialled, CallResult Result, Guid StaffId, string? StaffName, string? SpokeWith, string? Note);
