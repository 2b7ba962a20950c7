using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// The desk rang, and there is no answer to write down yet. An attempt never scores: what the owner said is recorded as feedback, and
/// that they do not want to say anything, as a refusal. Once enough attempts reached nobody, the round ends as unreachable by itself.
/// Of a round on the list it can be said that no number is known: it ends as unreachable as soon as the ask does not reach them either,
/// and where it was delivered as no response, once they had the time to answer that anybody has.
/// </summary>
/// <param name="NumberDialled">With noNumber null, else needed.</param>
/// <param name="Result">noAnswer, busy, wrongNumber, callLater or noNumber.</param>
/// <param name="Note">At most 1,000 characters; the desk reads it.</param>
/// <param name="SpokeWith">Who picked up, where somebody did: at most 100 characters.</param>
/// <param name="CallAgainAt">When they asked to be called, with callLater: within seven days, at whatever hour they named. The next call is due from then on.</param>
[AllowedTo(Roles.Desk)]
public sealed record TryCall(
    [property: JsonIgnore] Guid RequestId, string? NumberDialled, CallResult Result, string? Note = null, string? SpokeWith = null, DateTimeOffset? CallAgainAt = null) : ICommand<FeedbackReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<TryCall>
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
                .WithErrorCode("call.not_an_attempt")
                .WithMessage("They were reached: write down what they said, or that they refused.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, SlaBook book, CallClocks calls) : IRequestHandler<TryCall, FeedbackReply>
    {
        // The chaser looks at it at once: whether this was the last attempt is a rule's to say.
        private const string Write = """
            update feedback
            set state = @State, next_check_at = @Now, call_after = @CallAfter, listed_at = coalesce(listed_at, @Now), listed_why = coalesce(listed_why, 'calledAlready'),
                taken_by = null, taken_until = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<FeedbackReply> Handle(TryCall command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.ToCall(db, mover, caller, command.RequestId, cancellationToken);
            var now = clock.Now();
            var state = FeedbackLifecycle.After(round.State, FeedbackMove.TryCall);
            round.MustNotBeTakenByAnother(caller.Actor.Id, now);
            var rules = await CallLog.RulesOf(book, request.CommunityId, round, cancellationToken);
            if (command.Result == CallResult.NoNumber)
            {
                if (round.State != FeedbackState.ToCall)
                {
                    throw new Refused.Conflict("call.not_on_the_list", "Nobody has to be rung about this yet. While it is asked about in writing, their answer is waited for.");
                }

                await CallLog.MustNotKnowANumber(db, request, round.FeedbackId, cancellationToken);
            }

            if (command.CallAgainAt is { } again)
            {
                CallHours.MustBeSoon(again, now, "callAgainAt"); // at whatever hour: they asked for it
            }

            await CallLog.Write(db, request.CommunityId, round.FeedbackId, caller.Actor.Id, now, command.NumberDialled, command.Result, command.Note, command.SpokeWith, command.CallAgainAt, cancellationToken);
            var attempts = await CallLog.Of(db, request.CommunityId, round.FeedbackId, cancellationToken);
            var agreed = CallLog.Agreed(attempts);
            var callAfter = agreed ?? (command.Result == CallResult.NoNumber ? now.AddHours(rules.WaitHours) : CallLog.Next(attempts, rules, now, round.Zone));
            await db.Run(Write, new { round.FeedbackId, State = state, Now = now, CallAfter = callAfter }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.FeedbackCallTried, new { request.RequestId, round.Round, command.Result, command.CallAgainAt }, command.Note, Visibility.Desk, now);

            await calls.Rung(request.CommunityId, [request.RequestId, round.FeedbackId], round, attempts, CallDuty.Answer, rules, cancellationToken);
            return await FeedbackReply.Of(db, round, state, request, cancellationToken);
        }
    }
}

/// <summary>The owner does not want to rate. That is their word, and ends the round.</summary>
/// <param name="SpokeWith">Who said so: 1–100 characters.</param>
/// <param name="NumberDialled">Where it was a call.</param>
[AllowedTo(Roles.Desk)]
public sealed record RefuseFeedback([property: JsonIgnore] Guid RequestId, string SpokeWith, string? NumberDialled = null, string? Note = null) : ICommand<FeedbackReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<RefuseFeedback>
    {
        public Validator()
        {
            RuleFor(c => c.SpokeWith).PlainText(100);
            RuleFor(c => c.NumberDialled!).PhoneNumber().When(c => c.NumberDialled is not null);
            RuleFor(c => c.Note).OptionalPlainText(1000);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, CallClocks calls, FeedbackConsequences consequences) : IRequestHandler<RefuseFeedback, FeedbackReply>
    {
        private const string Write = """
            update feedback
            set state = @State, ended_at = @Now, next_check_at = null, spoke_with = @SpokeWith, number_dialled = @NumberDialled, taken_by = null, taken_until = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<FeedbackReply> Handle(RefuseFeedback command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.ToCall(db, mover, caller, command.RequestId, cancellationToken);
            var now = clock.Now();
            round.MustNotBeTakenByAnother(caller.Actor.Id, now);
            var state = FeedbackLifecycle.After(round.State, FeedbackMove.Refuse);
            if (command.NumberDialled is { } dialled)
            {
                await CallLog.Write(db, request.CommunityId, round.FeedbackId, caller.Actor.Id, now, dialled, CallResult.Refused, command.Note, command.SpokeWith, null, cancellationToken);
            }

            await db.Run(
                Write,
                new { round.FeedbackId, State = state, Now = now, command.SpokeWith, NumberDialled = command.NumberDialled is { } number ? Rules.PhoneNumber.Normalise(number) : null },
                cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.FeedbackRefused, new { request.RequestId, round.Round }, command.Note, Visibility.Desk, now);
            await calls.Met(request.CommunityId, [request.RequestId, round.FeedbackId], now, cancellationToken);
            await consequences.CloseIt(request, now, cancellationToken);
            return await FeedbackReply.Of(db, round, state, request, cancellationToken);
        }
    }
}

/// <summary>
/// Nobody can be reached. It takes as many attempts that reached nobody as the community demands (three), at as many times of day (before
/// noon, afternoon, from six on) in its zone: if we did not ring, that is our breach, not their silence.
/// </summary>
[AllowedTo(Roles.Desk)]
public sealed record GiveUpCalling([property: JsonIgnore] Guid RequestId, string? Note = null) : ICommand<FeedbackReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<GiveUpCalling>
    {
        public Validator() => RuleFor(c => c.Note).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, SlaBook book, CallClocks calls, FeedbackConsequences consequences) : IRequestHandler<GiveUpCalling, FeedbackReply>
    {
        private const string Write = """
            update feedback
            set state = @State, ended_at = @Now, next_check_at = null, taken_by = null, taken_until = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<FeedbackReply> Handle(GiveUpCalling command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.ToCall(db, mover, caller, command.RequestId, cancellationToken);
            var now = clock.Now();
            round.MustNotBeTakenByAnother(caller.Actor.Id, now);
            var attempts = await CallLog.Of(db, request.CommunityId, round.FeedbackId, cancellationToken);
            var rules = await CallLog.RulesOf(book, request.CommunityId, round, cancellationToken);
            if (round.IsOpen && CallLog.Agreed(attempts) is not null)
            {
                throw new Refused.Conflict("feedback.call_agreed", "Somebody picked up and named a time to be called. Call then, before giving up.");
            }

            if (round.IsOpen && !CallLog.Suffice(attempts, rules, round.Zone))
            {
                throw new Refused.Conflict("feedback.attempts_missing", "As many calls that reached nobody as are demanded, at different times of day, come before giving up.");
            }

            var state = FeedbackLifecycle.After(round.State, FeedbackMove.GiveUp);
            await db.Run(Write, new { round.FeedbackId, State = state, Now = now }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.FeedbackUnreachable, new { request.RequestId, round.Round, attempts = attempts.Count }, command.Note, Visibility.Desk, now);
            await calls.Met(request.CommunityId, [request.RequestId, round.FeedbackId], now, cancellationToken);
            await consequences.CloseIt(request, now, cancellationToken);
            return await FeedbackReply.Of(db, round, state, request, cancellationToken);
        }
    }
}

/// <summary>Where the round and its request stand now.</summary>
public sealed record FeedbackReply(Guid FeedbackId, short Round, FeedbackState State, int Version, IReadOnlyList<FeedbackMove> AllowedMoves, RequestReply Request)
{
    internal static async Task<FeedbackReply> Of(Db db, LockedRound round, FeedbackState state, LockedRequest request, CancellationToken ct) =>
        new(round.FeedbackId, round.Round, state, round.Version + 1, FeedbackMoves.For(db.Caller, request.CommunityId, state), await RequestNow.Reply(db, request.RequestId, ct));
}

/// <summary>Every call is a row, whatever came of it; those about a bad answer are kept apart from those of its round.</summary>
internal static class CallLog
{
    private const string Insert = """
        insert into call_attempt (community_id, call_attempt_id, feedback_id, follow_up_id, staff_id, tried_at, number_dialled, result, note, spoke_with, call_again_at)
        values (@CommunityId, @CallAttemptId, @FeedbackId, @FollowUpId, @By, @Now, @NumberDialled, @Result, @Note, @SpokeWith, @CallAgainAt)
        """;

    private const string Attempts = """
        select a.tried_at, a.result, a.call_again_at
        from call_attempt a
        where a.community_id = @CommunityId and a.feedback_id = @FeedbackId and a.follow_up_id is null
        order by a.tried_at, a.call_attempt_id
        """;

    private const string AttemptsOfFollowUp = """
        select a.tried_at, a.result, a.call_again_at
        from call_attempt a
        where a.community_id = @CommunityId and a.follow_up_id = @FollowUpId
        order by a.tried_at, a.call_attempt_id
        """;

    /// <summary>Whether there is a number to ring that has not turned out to be wrong.</summary>
    public const string NumberIsKnown = """
        select number_is_known(@CommunityId, @RequestId, @FeedbackId)
        """;

    public sealed record Attempt(DateTimeOffset TriedAt, CallResult Result, DateTimeOffset? CallAgainAt);

    /// <exception cref="Refused.Conflict">There is a number to ring.</exception>
    public static async Task MustNotKnowANumber(Db db, LockedRequest request, Guid feedbackId, CancellationToken ct)
    {
        if (await db.Single<bool>(NumberIsKnown, new { request.CommunityId, request.RequestId, FeedbackId = feedbackId }, ct))
        {
            throw new Refused.Conflict("call.number_known", "A number is known that has not turned out to be wrong. Ring it, and write down what came of it.");
        }
    }

    public static DateTimeOffset? Agreed(IEnumerable<Attempt> attempts) => CallAttempts.Agreed(attempts.Select(a => (a.TriedAt, a.Result, a.CallAgainAt)));

    public static bool Suffice(IEnumerable<Attempt> attempts, FeedbackRules rules, TimeZoneInfo zone) => CallAttempts.Suffice(attempts.Select(a => (a.TriedAt, a.Result)), rules, zone);

    public static bool HaveNoNumber(IEnumerable<Attempt> attempts) => CallAttempts.HaveNoNumber([.. attempts.Select(a => a.Result)]);

    public static DateTimeOffset Next(IEnumerable<Attempt> attempts, FeedbackRules rules, DateTimeOffset now, TimeZoneInfo zone) =>
        rules.NextCall(attempts.Where(a => a.Result != CallResult.NoNumber).Select(a => a.TriedAt), now, zone);

    public static Task Write(
        Db db, Guid communityId, Guid feedbackId, Guid by, DateTimeOffset now, string? number, CallResult result, string? note, string? spokeWith, DateTimeOffset? callAgainAt, CancellationToken ct, Guid? followUpId = null) =>
        db.Run(
            Insert,
            new
            {
                CommunityId = communityId,
                CallAttemptId = Guid.CreateVersion7(now),
                FeedbackId = feedbackId,
                FollowUpId = followUpId,
                By = by,
                Now = now,
                NumberDialled = number is null ? null : Rules.PhoneNumber.Normalise(number),
                Result = result,
                Note = note,
                SpokeWith = spokeWith is { } name ? PlainText.Normalise(name) : null,
                CallAgainAt = callAgainAt,
            },
            ct);

    public static Task<IReadOnlyList<Attempt>> Of(Db db, Guid communityId, Guid feedbackId, CancellationToken ct) =>
        db.List<Attempt>(Attempts, new { CommunityId = communityId, FeedbackId = feedbackId }, ct);

    public static Task<IReadOnlyList<Attempt>> OfFollowUp(Db db, Guid communityId, Guid followUpId, CancellationToken ct) =>
        db.List<Attempt>(AttemptsOfFollowUp, new { CommunityId = communityId, FollowUpId = followUpId }, ct);

    /// <summary>The rules that the round began under.</summary>
    public static async Task<FeedbackRules> RulesOf(SlaBook book, Guid communityId, LockedRound round, CancellationToken ct) =>
        (round.PlanVersionId is { } version ? await book.ProfileOf(version, ct) : (await book.Now(communityId, null, ct)).Profile).Asking();
}

/// <summary>When somebody may be called, as an instant that was asked for.</summary>
internal static class CallHours
{
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(7);

    /// <summary>When they asked to be called themselves: whoever says "half past nine in the evening" may be rung then.</summary>
    /// <exception cref="Refused.Invalid">It has passed, or lies too far ahead.</exception>
    public static void MustBeSoon(DateTimeOffset at, DateTimeOffset now, string field)
    {
        if (at <= now || at > now + Furthest)
        {
            throw new Refused.Invalid("call_back.out_of_range", "Name a time within the next seven days.", field);
        }
    }

    /// <summary>When a colleague puts a call off until.</summary>
    /// <exception cref="Refused.Invalid">It has passed, lies too far ahead, or is at night.</exception>
    public static void MustBeFit(DateTimeOffset at, FeedbackRules rules, TimeZoneInfo zone, DateTimeOffset now, string field)
    {
        MustBeSoon(at, now, field);
        if (!rules.IsDecent(at, zone))
        {
            throw new Refused.Invalid("call_back.not_in_calling_hours", "Nobody is called at that hour. Name one in the hours for calls.", field);
        }
    }
}
