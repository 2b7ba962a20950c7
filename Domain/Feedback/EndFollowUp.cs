using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>How a follow-up ended.</summary>
public enum FollowUpEnding
{
    Explained,

    /// <summary>The request goes back to work; or it has already.</summary>
    Rework,
    CalledBack,
    Noted,
}

public enum FollowUpReason
{
    LowScore,
    PartlySolved,
    NotSolved,
}

/// <summary>Whoever follows up says how it ended. The score stands, whatever is said here.</summary>
/// <param name="How">rework sends the request back to work, unless it is being worked on already.</param>
/// <param name="Words">1–2,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record EndFollowUp([property: JsonIgnore] Guid FollowUpId, FollowUpEnding How, string Words) : ICommand<FollowUpReply>
{
    public sealed class Validator : AbstractValidator<EndFollowUp>
    {
        public Validator() => RuleFor(c => c.Words).PlainText(2000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, Reworker reworker, CallClocks calls) : IRequestHandler<EndFollowUp, FollowUpReply>
    {
        private const string Which = """
            select request_id
            from follow_up
            where follow_up_id = @FollowUpId
            """;

        private const string Read = """
            select feedback_id, for_role, ended_at
            from follow_up
            where follow_up_id = @FollowUpId
            for no key update
            """;

        private const string Write = """
            update follow_up
            set ended_at = @Now, ended_by = @By, ended_how = @How
            where follow_up_id = @FollowUpId
            """;

        private sealed record Row(Guid FeedbackId, Roles ForRole, DateTimeOffset? EndedAt);

        public async Task<FollowUpReply> Handle(EndFollowUp command, CancellationToken cancellationToken)
        {
            var requestId = await db.Find<Guid?>(Which, new { command.FollowUpId }, cancellationToken) ?? throw new Refused.NotFound("follow_up");
            var request = await LockedRequest.Of(db, requestId, cancellationToken, "follow_up");
            caller.MustBeAllowedIn(request.CommunityId);
            var followUp = await db.Single<Row>(Read, new { command.FollowUpId }, cancellationToken);
            if (!caller.Actor.Has(request.CommunityId, followUp.ForRole | Roles.Manager))
            {
                throw new Refused.Forbidden("follow_up.other_role", "This follow-up is somebody else's.");
            }

            if (followUp.EndedAt is not null)
            {
                throw new Refused.Conflict("follow_up.ended_already", "This follow-up has ended already.");
            }

            var now = clock.Now();
            await db.Run(Write, new { command.FollowUpId, Now = now, By = caller.Actor.Id, command.How }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Request, request.RequestId, Happening.FollowUpEnded, new { command.FollowUpId, command.How }, PlainText.Normalise(command.Words), Visibility.Desk, now);
            await calls.MetIfNobodyHasIt(request.CommunityId, followUp.FeedbackId, now, cancellationToken);
            RequestReply? again = null;
            if (command.How == FollowUpEnding.Rework && request.Status is RequestStatus.AwaitingFeedback or RequestStatus.Closed)
            {
                again = await reworker.ReworkOrAgain(request, new NotFixed(caller.Actor.Name, PlainText.Normalise(command.Words), Channel.Staff), now, cancellationToken);
            }

            return new FollowUpReply(command.FollowUpId, command.How, now, await RequestNow.Reply(db, requestId, cancellationToken), again);
        }
    }
}

/// <param name="NewRequest">Where rework came too late to reopen the request: the new one.</param>
public sealed record FollowUpReply(Guid FollowUpId, FollowUpEnding How, DateTimeOffset EndedAt, RequestReply Request, RequestReply? NewRequest);

/// <summary>Open follow-ups for the caller's roles, the one that is due first on top.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk)]
public sealed record ListFollowUps(Guid? CommunityId = null, int Take = 50, string? After = null) : IQuery<Page<FollowUpLine>>
{
    public sealed class Validator : AbstractValidator<ListFollowUps>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListFollowUps, Page<FollowUpLine>>
    {
        private const string Read = """
            select u.community_id, u.follow_up_id, u.request_id, r.number, r.kind, r.status, r.description, coalesce(cu.name, r.reporter_name) as customer_name,
                u.reason, u.for_role, u.opened_at, u.due_at, f.round, f.solved, f.satisfaction, f.made_it_five
            from unnest(@Communities::uuid[], @Roles::text[]) m (community_id, for_role)
            cross join lateral (
                select x.community_id, x.follow_up_id, x.request_id, x.feedback_id, x.reason, x.for_role, x.opened_at, x.due_at
                from follow_up x
                where x.community_id = m.community_id and x.for_role = m.for_role and x.ended_at is null
                  and (not @After or (x.due_at, x.follow_up_id) > (@AfterAt::timestamptz, @AfterId::uuid))
                order by x.due_at, x.follow_up_id
                limit @Take
            ) u
            join request r on r.community_id = u.community_id and r.request_id = u.request_id
            join feedback f on f.community_id = u.community_id and f.feedback_id = u.feedback_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            order by u.due_at, u.follow_up_id
            limit @Take
            """;

        private static readonly Roles[] Following = [Roles.Clerk, Roles.CustomerOfficer, Roles.Manager];

        public async Task<Page<FollowUpLine>> Handle(ListFollowUps query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var mine = caller.Actor.Roles.Where(r => Following.Contains(r.Role) && (query.CommunityId is null || r.CommunityId == query.CommunityId)).Distinct().ToList();
            var rows = await db.List<FollowUpLine>(
                Read,
                new
                {
                    Communities = mine.Select(r => r.CommunityId).ToArray(),
                    Roles = mine.Select(r => EnumWord.Of(r.Role)).ToArray(),
                    After = query.After is not null,
                    AfterAt = at,
                    AfterId = id,
                    Take = query.Take + 1,
                },
                cancellationToken);
            return Cursor.Page(rows, query.Take, r => [r.DueAt, r.FollowUpId]);
        }
    }
}

public sealed record FollowUpLine(
    Guid CommunityId,
    Guid FollowUpId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    RequestStatus Status,
    string Description,
    string? CustomerName,
    FollowUpReason Reason,
    Roles ForRole,
    DateTimeOffset OpenedAt,
    DateTimeOffset DueAt,
    short Round,
    Solved? Solved,
    short? Satisfaction,
    string? MadeItFive);
