using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// The desk rang about a bad answer, and reached nobody yet, or was asked to ring later. What came of a talk is said when the follow-up
/// ends. A call that was made stops the clock of the one that is owed, whatever came of it, and the next is owed in its turn; as with rounds,
/// one at night or before the time that somebody named changes nothing. After the calls that suffice, and where no number is known, it is
/// owed to say how it ended.
/// </summary>
/// <param name="NumberDialled">With noNumber null, else needed.</param>
/// <param name="Result">noAnswer, busy, wrongNumber, callLater or noNumber.</param>
/// <param name="Note">At most 1,000 characters; the desk reads it.</param>
/// <param name="SpokeWith">Who picked up, where somebody did: at most 100 characters.</param>
/// <param name="CallAgainAt">When they asked to be called, with callLater: within seven days, at whatever hour they named.</param>
[AllowedTo(Roles.Desk)]
public sealed record TryFollowUp(
    [property: JsonIgnore] Guid FollowUpId, string? NumberDialled, CallResult Result, string? Note = null, string? SpokeWith = null, DateTimeOffset? CallAgainAt = null) : ICommand<FollowUpNow>, IByAPerson
{
    public sealed class Validator : AbstractValidator<TryFollowUp>
    {
        public Validator()
        {
            RuleFor(c => c.NumberDialled).PhoneNumber().When(c => c.Result != CallResult.NoNumber);
            RuleFor(c => c.NumberDialled)
                .Must((c, number) => number is null && c.SpokeWith is null)
                .When(c => c.Result == CallResult.NoNumber)
                .WithErrorCode("call.nobody_rung")
                .WithMessage("Where no number is known nobody was rung. Leave out the number and whom you spoke with.");
            RuleFor(c => c.Note).OptionalPlainText(1000);
            RuleFor(c => c.SpokeWith).OptionalPlainText(100);
            RuleFor(c => c.CallAgainAt)
                .Null()
                .When(c => c.Result != CallResult.CallLater)
                .WithErrorCode("call.again_without_call_later")
                .WithMessage("Only whoever picked up can ask to be called later.");
            RuleFor(c => c.Result)
                .Must(r => r is not (CallResult.Answered or CallResult.Refused))
                .WithErrorCode("follow_up.reached")
                .WithMessage("They were reached: end the follow-up, and say what came of it.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, SlaBook book, CallClocks calls) : IRequestHandler<TryFollowUp, FollowUpNow>
    {
        private const string Write = """
            update follow_up
            set call_after = @CallAfter, taken_by = null, taken_until = null, version = version + 1
            where follow_up_id = @FollowUpId
            """;

        public async Task<FollowUpNow> Handle(TryFollowUp command, CancellationToken cancellationToken)
        {
            var (request, round, followUp) = await LockedFollowUp.ToRing(db, mover, caller, command.FollowUpId, cancellationToken);
            var (me, now) = (caller.Actor.Id, clock.Now());
            followUp.MustNotBeTakenByAnother(me, now);
            var rules = await CallLog.RulesOf(book, request.CommunityId, round, cancellationToken);
            if (command.Result == CallResult.NoNumber)
            {
                await CallLog.MustNotKnowANumber(db, request, round.FeedbackId, cancellationToken);
            }

            if (command.CallAgainAt is { } again)
            {
                CallHours.MustBeSoon(again, now, "callAgainAt");
            }

            await CallLog.Write(
                db, request.CommunityId, round.FeedbackId, me, now, command.NumberDialled, command.Result, command.Note, command.SpokeWith, command.CallAgainAt, cancellationToken, command.FollowUpId);
            var attempts = await CallLog.OfFollowUp(db, request.CommunityId, command.FollowUpId, cancellationToken);
            var agreed = CallLog.Agreed(attempts);
            var callAfter = agreed ?? (command.Result == CallResult.NoNumber ? now : CallLog.Next(attempts, rules, now, round.Zone));
            await db.Run(Write, new { command.FollowUpId, CallAfter = callAfter }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.FeedbackCallTried,
                new { request.RequestId, round.Round, command.FollowUpId, command.Result, command.CallAgainAt }, command.Note, Visibility.Desk, now);

            var duty = await calls.SomebodyHasIt(request.CommunityId, round.FeedbackId, cancellationToken) ? CallDuty.Ending : CallDuty.None;
            await calls.Rung(request.CommunityId, [round.FeedbackId], round, attempts, duty, rules, cancellationToken);
            return followUp.Now(callAfter: callAfter);
        }
    }
}

/// <summary>A follow-up that is open, held by the running command, after its request and its round.</summary>
internal sealed record LockedFollowUp(
    Guid FollowUpId, Guid RequestId, Guid FeedbackId, Roles ForRole, DateTimeOffset? CallAfter, Guid? TakenBy, string? TakenByName, DateTimeOffset? TakenUntil, Guid? HandedTo, DateTimeOffset? EndedAt, int Version)
{
    private const string Which = """
        select request_id
        from follow_up
        where follow_up_id = @FollowUpId
        """;

    private const string RoundOf = """
        select feedback_id
        from follow_up
        where follow_up_id = @FollowUpId
        """;

    private const string Read = """
        select u.follow_up_id, u.request_id, u.feedback_id, u.for_role, u.call_after, u.taken_by, (select s.display_name from staff s where s.staff_id = u.taken_by) as taken_by_name, u.taken_until, u.handed_to,
            u.ended_at, u.version
        from follow_up u
        where u.follow_up_id = @FollowUpId
        for no key update of u
        """;

    /// <summary>For whoever rings about it; that is not the person who did the work.</summary>
    /// <exception cref="Refused.Forbidden">It is another role's, or the caller did the work.</exception>
    /// <exception cref="Refused.Conflict">It has ended.</exception>
    public static async Task<(LockedRequest Request, LockedRound Round, LockedFollowUp FollowUp)> ToRing(Db db, RequestMover mover, Caller caller, Guid followUpId, CancellationToken ct)
    {
        var requestId = await db.Find<Guid?>(Which, new { FollowUpId = followUpId }, ct) ?? throw new Refused.NotFound("follow_up");
        LockedRequest request;
        try
        {
            request = await mover.Lock(requestId, ct);
        }
        catch (Refused.NotFound)
        {
            throw new Refused.NotFound("follow_up");
        }

        var (round, followUp) = await Of(db, caller, request, followUpId, ct);
        await LockedRound.MustNotHaveDoneTheWork(db, request, round, caller.Actor.Id, ct);
        return (request, round, followUp);
    }

    /// <summary>The same where the request is held already, and whoever did the work may end it by reading, or by going back to work.</summary>
    public static async Task<(LockedRound Round, LockedFollowUp FollowUp)> Of(Db db, Caller caller, LockedRequest request, Guid followUpId, CancellationToken ct)
    {
        var feedback = await db.Single<Guid>(RoundOf, new { FollowUpId = followUpId }, ct);
        var round = await LockedRound.Of(db, request, feedback, ct);
        var followUp = await db.Single<LockedFollowUp>(Read, new { FollowUpId = followUpId }, ct);
        if (!caller.Actor.Has(request.CommunityId, followUp.ForRole | Roles.Manager))
        {
            throw new Refused.Forbidden("follow_up.other_role", "This follow-up is somebody else's.");
        }

        return followUp.EndedAt is null ? (round, followUp) : throw new Refused.Conflict("follow_up.ended_already", "This follow-up has ended already.");
    }

    /// <exception cref="Refused.Conflict">Somebody else has it in hand.</exception>
    public void MustNotBeTakenByAnother(Guid me, DateTimeOffset now)
    {
        if (TakenBy is { } other && other != me && TakenUntil > now)
        {
            throw new Refused.Conflict("call_back.taken", $"{TakenByName} is calling just now.");
        }
    }

    /// <summary>As it stands after a command that let go of it.</summary>
    public FollowUpNow Now(DateTimeOffset? callAfter = null, Guid? handedTo = null) =>
        new(FollowUpId, RequestId, Version + 1, callAfter ?? CallAfter, null, null, handedTo ?? HandedTo);
}

/// <summary>Where a follow-up stands that is open still.</summary>
/// <param name="CallAfter">Not to be rung before: after a call in vain, as they asked, or as a colleague put it off.</param>
/// <param name="TakenBy">Who is calling just now.</param>
public sealed record FollowUpNow(Guid FollowUpId, Guid RequestId, int Version, DateTimeOffset? CallAfter, Guid? TakenBy, DateTimeOffset? TakenUntil, Guid? HandedTo);
