namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>What somebody needs who rings about a bad answer: what was said, what to say, and every call so far.</summary>
[AllowedTo(Roles.Desk)]
public sealed record GetFollowUp(Guid FollowUpId) : IQuery<FollowUpSheet>
{
    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<GetFollowUp, FollowUpSheet>
    {
        private const string Read = """
            select u.community_id, u.follow_up_id, u.request_id, u.feedback_id, r.number, r.description, u.reason, u.for_role, u.due_at, u.ended_at, u.ended_how, u.version, u.call_after,
                case when u.taken_until > @Now then u.taken_by end as taken_by, (select s.display_name from staff s where s.staff_id = u.taken_by and u.taken_until > @Now) as taken_by_name,
                case when u.taken_until > @Now then u.taken_until end as taken_until, u.handed_to, (select s.display_name from staff s where s.staff_id = u.handed_to) as handed_to_name,
                coalesce(cu.name, r.reporter_name) as customer_name, coalesce(cu.language, 'zh-CN') as language, m.name as community_name, m.name_en as community_name_en, f.made_it_five
            from follow_up u
            join request r on r.community_id = u.community_id and r.request_id = u.request_id
            join feedback f on f.community_id = u.community_id and f.feedback_id = u.feedback_id
            join community m on m.community_id = u.community_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            where u.follow_up_id = @FollowUpId;

            select a.tried_at, a.number_dialled, a.result, a.staff_id, (select s.display_name from staff s where s.staff_id = a.staff_id) as staff_name, a.spoke_with, a.note
            from call_attempt a
            where a.follow_up_id = @FollowUpId and a.community_id = any ((select scope_communities())::uuid[])
            order by a.tried_at, a.call_attempt_id;
            """;

        private sealed record Row(
            Guid CommunityId,
            Guid FollowUpId,
            Guid RequestId,
            Guid FeedbackId,
            long Number,
            string Description,
            FollowUpReason Reason,
            Roles ForRole,
            DateTimeOffset DueAt,
            DateTimeOffset? EndedAt,
            FollowUpEnding? EndedHow,
            int Version,
            DateTimeOffset? CallAfter,
            Guid? TakenBy,
            string? TakenByName,
            DateTimeOffset? TakenUntil,
            Guid? HandedTo,
            string? HandedToName,
            string? CustomerName,
            string Language,
            string CommunityName,
            string CommunityNameEn,
            string? MadeItFive);

        public async Task<FollowUpSheet> Handle(GetFollowUp query, CancellationToken cancellationToken)
        {
            Row? row;
            List<CallLine> calls;
            using (var read = await db.Several(Read, new { query.FollowUpId, Now = clock.Now() }, cancellationToken))
            {
                row = await read.ReadSingleOrDefaultAsync<Row>() ?? throw new Refused.NotFound("follow_up");
                calls = (await read.ReadAsync<CallLine>()).AsList();
            }

            caller.MustBeAllowedIn(row.CommunityId);
            var numberKnown = await db.Single<bool>(CallLog.NumberIsKnown, new { row.CommunityId, row.RequestId, row.FeedbackId }, cancellationToken);
            return new FollowUpSheet(
                row.CommunityId,
                row.FollowUpId,
                row.RequestId,
                row.Number,
                row.Reason,
                row.ForRole,
                row.DueAt,
                row.EndedAt,
                row.EndedHow,
                row.Version,
                row.CallAfter,
                row.TakenBy,
                row.TakenByName,
                row.TakenUntil,
                row.HandedTo,
                row.HandedToName,
                CallScript.AfterABadAnswer(
                    row.Language, row.Language == "en" ? row.CommunityNameEn : row.CommunityName, row.CustomerName, row.Description, row.MadeItFive, toWork: row.Reason == FollowUpReason.NotSolved),
                [.. calls.Select(c => c with { NumberDialled = Customers.Masked.Phone(c.NumberDialled) })],
                numberKnown);
        }
    }
}

/// <param name="Script">What to say, a line each, in the customer's language.</param>
/// <param name="Calls">Those about this answer, not those by which it was asked for.</param>
/// <param name="NumberKnown">There is a number to ring that has not turned out to be wrong.</param>
public sealed record FollowUpSheet(
    Guid CommunityId,
    Guid FollowUpId,
    Guid RequestId,
    long Number,
    FollowUpReason Reason,
    Roles ForRole,
    DateTimeOffset DueAt,
    DateTimeOffset? EndedAt,
    FollowUpEnding? EndedHow,
    int Version,
    DateTimeOffset? CallAfter,
    Guid? TakenBy,
    string? TakenByName,
    DateTimeOffset? TakenUntil,
    Guid? HandedTo,
    string? HandedToName,
    IReadOnlyList<string> Script,
    IReadOnlyList<CallLine> Calls,
    bool NumberKnown);
