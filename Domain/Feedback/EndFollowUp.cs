using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>How a follow-up ended.</summary>
public enum FollowUpEnding
{
    Explained,

    /// <summary>The request goes back to work; or it has already.</summary>
    Rework,

    /// <summary>They were spoken with: by whom and at which number is written down.</summary>
    CalledBack,

    /// <summary>As many calls as are demanded reached nobody, at as many times of day; or no number is known.</summary>
    Unreachable,

    /// <summary>Read, by the manager, who was only told. Whoever owes the call does not end it by reading.</summary>
    Noted,
}

public enum FollowUpReason
{
    LowScore,
    PartlySolved,
    NotSolved,
}

/// <summary>
/// Whoever follows up says how it ended. The score stands, whatever is said here. Whoever did the work says no more than that it is read,
/// or that it goes back to work.
/// </summary>
/// <param name="How">rework sends the request back to work, unless it is being worked on already.</param>
/// <param name="Words">1–2,000 characters; the desk reads it.</param>
/// <param name="SpokeWith">Who picked up: at most 100 characters; with calledBack it is needed.</param>
/// <param name="NumberDialled">With calledBack it is needed; wherever it is given, the call is written down. With unreachable and noted nobody was spoken with.</param>
[AllowedTo(Roles.Desk)]
public sealed record EndFollowUp([property: JsonIgnore] Guid FollowUpId, FollowUpEnding How, string Words, string? SpokeWith = null, string? NumberDialled = null) : ICommand<FollowUpReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<EndFollowUp>
    {
        public Validator()
        {
            RuleFor(c => c.Words).PlainText(2000);
            RuleFor(c => c.SpokeWith).OptionalPlainText(100);
            RuleFor(c => c.NumberDialled!).PhoneNumber().When(c => c.NumberDialled is not null);
            RuleFor(c => c.How)
                .Must((c, _) => c.NumberDialled is null && c.SpokeWith is null)
                .When(c => c.How is FollowUpEnding.Unreachable or FollowUpEnding.Noted)
                .WithErrorCode("follow_up.nobody_spoken_with")
                .WithMessage("Who cannot be reached was not spoken with, and reading it is no call. Leave out whom and the number, or say that you called back.");
            RuleFor(c => c.SpokeWith)
                .NotEmpty()
                .When(c => c.How == FollowUpEnding.CalledBack || c.NumberDialled is not null)
                .WithErrorCode("follow_up.spoke_with_missing")
                .WithMessage("Say whom you spoke with.");
            RuleFor(c => c.NumberDialled)
                .NotEmpty()
                .When(c => c.How == FollowUpEnding.CalledBack)
                .WithErrorCode("follow_up.number_missing")
                .WithMessage("Say which number was dialled.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, FeedbackConsequences consequences, CallClocks calls, SlaBook book) : IRequestHandler<EndFollowUp, FollowUpReply>
    {
        private const string Which = """
            select request_id
            from follow_up
            where follow_up_id = @FollowUpId
            """;

        private const string Write = """
            update follow_up
            set ended_at = @Now, ended_by = @By, ended_how = @How, taken_by = null, taken_until = null, version = version + 1
            where follow_up_id = @FollowUpId
            """;

        public async Task<FollowUpReply> Handle(EndFollowUp command, CancellationToken cancellationToken)
        {
            var requestId = await db.Find<Guid?>(Which, new { command.FollowUpId }, cancellationToken) ?? throw new Refused.NotFound("follow_up");
            var request = await LockedRequest.Of(db, requestId, cancellationToken, "follow_up");
            caller.MustBeAllowedIn(request.CommunityId);
            var (round, followUp) = await LockedFollowUp.Of(db, caller, request, command.FollowUpId, cancellationToken);
            var now = clock.Now();
            followUp.MustNotBeTakenByAnother(caller.Actor.Id, now);
            await MustBeTrue(command, request, round, followUp, cancellationToken);
            if (command.How is not (FollowUpEnding.Noted or FollowUpEnding.Rework) || command.NumberDialled is not null)
            {
                await LockedRound.MustNotHaveDoneTheWork(db, request, round, caller.Actor.Id, cancellationToken);
            }

            if (command.NumberDialled is { } dialled)
            {
                await CallLog.Write(
                    db, request.CommunityId, round.FeedbackId, caller.Actor.Id, now, dialled, CallResult.Answered, null, command.SpokeWith, null, cancellationToken, command.FollowUpId);
            }

            await db.Run(Write, new { command.FollowUpId, Now = now, By = caller.Actor.Id, command.How }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Request, request.RequestId, Happening.FollowUpEnded, new { command.FollowUpId, command.How }, PlainText.Normalise(command.Words), Visibility.Desk, now);
            await calls.MetIfNobodyHasIt(request.CommunityId, followUp.FeedbackId, now, cancellationToken);
            RequestReply? again = null;
            if (command.How == FollowUpEnding.Rework && request.Status is RequestStatus.AwaitingFeedback or RequestStatus.Closed)
            {
                again = await consequences.ReworkOrAgain(request, new NotFixed(caller.Actor.Name, PlainText.Normalise(command.Words), Channel.Staff), now, cancellationToken);
            }

            return new FollowUpReply(command.FollowUpId, command.How, now, await RequestNow.Reply(db, requestId, cancellationToken), again);
        }

        /// <exception cref="Refused.Conflict">It says that nobody was reached and too few calls were made, or none then; or that it was read, and a call is owed.</exception>
        private async Task MustBeTrue(EndFollowUp command, LockedRequest request, LockedRound round, LockedFollowUp followUp, CancellationToken ct)
        {
            if (command.How == FollowUpEnding.Noted && followUp.ForRole != Roles.Manager)
            {
                throw new Refused.Conflict("follow_up.call_owed", "A call is owed here. Ring them; or say that you explained it, or that nobody can be reached.");
            }

            if (command.How != FollowUpEnding.Unreachable)
            {
                return;
            }

            var attempts = await CallLog.OfFollowUp(db, request.CommunityId, command.FollowUpId, ct);
            if (CallLog.Agreed(attempts) is not null)
            {
                throw new Refused.Conflict("feedback.call_agreed", "Somebody picked up and named a time to be called. Call then, before giving up.");
            }

            if (CallLog.HaveNoNumber(attempts))
            {
                await CallLog.MustNotKnowANumber(db, request, round.FeedbackId, ct); // one may have turned up
            }
            else if (!CallLog.Suffice(attempts, await CallLog.RulesOf(book, request.CommunityId, round, ct), round.Zone))
            {
                throw new Refused.Conflict("feedback.attempts_missing", "As many calls that reached nobody as are demanded, at different times of day, come before giving up.");
            }
        }
    }
}

/// <param name="NewRequest">Where rework came too late to reopen the request: the new one that was made for it, now or before.</param>
public sealed record FollowUpReply(Guid FollowUpId, FollowUpEnding How, DateTimeOffset EndedAt, RequestReply Request, RequestReply? NewRequest);

/// <summary>Open follow-ups for the caller's roles, the one that is due first on top. Calls that are owed about what the caller worked on are others' to make, and not among them.</summary>
/// <param name="Ready">Only those that the caller may ring about now: it is time, nobody else is calling, and they were handed to nobody else.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk)]
public sealed record ListFollowUps(Guid? CommunityId = null, bool Ready = false, int Take = 50, string? After = null) : IQuery<Page<FollowUpLine>>
{
    public sealed class Validator : AbstractValidator<ListFollowUps>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListFollowUps, Page<FollowUpLine>>
    {
        private const string Read = """
            select u.community_id, u.follow_up_id, u.request_id, r.number, r.kind, r.status, r.description, coalesce(cu.name, r.reporter_name) as customer_name,
                u.reason, u.for_role, u.opened_at, u.due_at, f.round, f.solved, f.satisfaction, f.made_it_five, r.customer_id, r.reporter_phone,
                array(select c.value
                      from contact_point c
                      where c.community_id = r.community_id and c.customer_id = r.customer_id and c.kind = 'phone'
                      order by c.position, c.contact_point_id) as phones,
                coalesce(a.attempts, 0)::int as attempts, a.last_tried_at, u.call_after, u.taken_by,
                (select s.display_name from staff s where s.staff_id = u.taken_by) as taken_by_name, u.taken_until, u.handed_to,
                (select s.display_name from staff s where s.staff_id = u.handed_to) as handed_to_name, u.version
            from unnest(@Communities::uuid[], @Roles::text[]) m (community_id, for_role)
            cross join lateral (
                select x.community_id, x.follow_up_id, x.request_id, x.feedback_id, x.reason, x.for_role, x.opened_at, x.due_at, x.call_after,
                    case when x.taken_until > @Now then x.taken_by end as taken_by, case when x.taken_until > @Now then x.taken_until end as taken_until, x.handed_to, x.version
                from follow_up x
                where x.community_id = m.community_id and x.for_role = m.for_role and x.ended_at is null
                  and (not @Ready or (coalesce(x.call_after <= @Now, true) and (x.taken_by is null or x.taken_by = @Me or x.taken_until <= @Now) and coalesce(x.handed_to = @Me, true)))
                  and (x.for_role = 'manager' or not exists (
                      select from request_work_order l
                      join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                      where l.community_id = x.community_id and l.request_id = x.request_id and (@Me = any (o.worked_by) or (o.assignee_id = @Me and o.status = 'done'))))
                  and (not @After or (x.due_at, x.follow_up_id) > (@AfterAt::timestamptz, @AfterId::uuid))
                order by x.due_at, x.follow_up_id
                limit @Take
            ) u
            join request r on r.community_id = u.community_id and r.request_id = u.request_id
            join feedback f on f.community_id = u.community_id and f.feedback_id = u.feedback_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            left join lateral (
                select count(*) as attempts, max(t.tried_at) as last_tried_at
                from call_attempt t
                where t.community_id = u.community_id and t.follow_up_id = u.follow_up_id and t.number_dialled is not null) a on true
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
            return Cursor.Page(rows, query.Take, r => [r.DueAt, r.FollowUpId]);
        }
    }
}

/// <param name="Phones">The customer's numbers, the first one first, masked.</param>
/// <param name="Attempts">How often somebody rang about this answer.</param>
/// <param name="CallAfter">Not to be rung before: after a call in vain, as they asked, or as a colleague put it off.</param>
/// <param name="TakenBy">Who is calling just now.</param>
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
    string? MadeItFive,
    Guid? CustomerId,
    string? ReporterPhone,
    string[] Phones,
    int Attempts,
    DateTimeOffset? LastTriedAt,
    DateTimeOffset? CallAfter,
    Guid? TakenBy,
    string? TakenByName,
    DateTimeOffset? TakenUntil,
    Guid? HandedTo,
    string? HandedToName,
    int Version);
