using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// The desk rang, and there is no answer to write down yet. An attempt never scores: what the owner said is recorded as feedback, and
/// that they do not want to say anything, as a refusal.
/// </summary>
/// <param name="Result">noAnswer, busy, wrongNumber or callLater.</param>
/// <param name="Note">At most 1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record TryCall([property: JsonIgnore] Guid RequestId, string NumberDialled, CallResult Result, string? Note = null) : ICommand<FeedbackReply>
{
    public sealed class Validator : AbstractValidator<TryCall>
    {
        public Validator()
        {
            RuleFor(c => c.NumberDialled).PhoneNumber();
            RuleFor(c => c.Note).OptionalPlainText(1000);
            RuleFor(c => c.Result)
                .Must(r => r is not (CallResult.Answered or CallResult.Refused))
                .WithErrorCode("call.not_an_attempt")
                .WithMessage("They were reached: write down what they said, or that they refused.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<TryCall, FeedbackReply>
    {
        private const string Write = """
            update feedback
            set state = @State, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<FeedbackReply> Handle(TryCall command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.ToCall(db, mover, caller, command.RequestId, cancellationToken);
            var state = FeedbackLifecycle.After(round.State, FeedbackMove.TryCall);
            var now = clock.Now();
            await CallLog.Write(db, request.CommunityId, round.FeedbackId, caller.Actor.Id, now, command.NumberDialled, command.Result, command.Note, cancellationToken);
            await db.Run(Write, new { round.FeedbackId, State = state }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.FeedbackCallTried, new { request.RequestId, round.Round, command.Result }, command.Note, Visibility.Desk, now);
            return await FeedbackReply.Of(db, round, state, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>The owner does not want to rate. That is their word, and ends the round.</summary>
/// <param name="SpokeWith">Who said so: 1–100 characters.</param>
/// <param name="NumberDialled">Where it was a call.</param>
[AllowedTo(Roles.Desk)]
public sealed record RefuseFeedback([property: JsonIgnore] Guid RequestId, string SpokeWith, string? NumberDialled = null, string? Note = null) : ICommand<FeedbackReply>
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

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, FeedbackConsequences consequences) : IRequestHandler<RefuseFeedback, FeedbackReply>
    {
        private const string Write = """
            update feedback
            set state = @State, ended_at = @Now, next_check_at = null, spoke_with = @SpokeWith, number_dialled = @NumberDialled, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<FeedbackReply> Handle(RefuseFeedback command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.ToCall(db, mover, caller, command.RequestId, cancellationToken);
            var state = FeedbackLifecycle.After(round.State, FeedbackMove.Refuse);
            var now = clock.Now();
            if (command.NumberDialled is { } dialled)
            {
                await CallLog.Write(db, request.CommunityId, round.FeedbackId, caller.Actor.Id, now, dialled, CallResult.Refused, command.Note, cancellationToken);
            }

            await db.Run(
                Write,
                new { round.FeedbackId, State = state, Now = now, command.SpokeWith, NumberDialled = command.NumberDialled is { } number ? Rules.PhoneNumber.Normalise(number) : null },
                cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.FeedbackRefused, new { request.RequestId, round.Round }, command.Note, Visibility.Desk, now);
            await consequences.CloseIt(request, now, cancellationToken);
            return await FeedbackReply.Of(db, round, state, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>
/// Nobody can be reached. It takes three attempts that reached nobody, at two different times of day (before noon, afternoon, from six
/// on) in the community's zone: if we did not ring, that is our breach, not their silence.
/// </summary>
[AllowedTo(Roles.Desk)]
public sealed record GiveUpCalling([property: JsonIgnore] Guid RequestId, string? Note = null) : ICommand<FeedbackReply>
{
    public sealed class Validator : AbstractValidator<GiveUpCalling>
    {
        public Validator() => RuleFor(c => c.Note).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, FeedbackConsequences consequences) : IRequestHandler<GiveUpCalling, FeedbackReply>
    {
        private const string Attempts = """
            select a.tried_at, a.result, m.time_zone
            from call_attempt a
            join community m on m.community_id = a.community_id
            where a.community_id = @CommunityId and a.feedback_id = @FeedbackId
            order by a.tried_at, a.call_attempt_id
            """;

        private const string Write = """
            update feedback
            set state = @State, ended_at = @Now, next_check_at = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        private sealed record Attempt(DateTimeOffset TriedAt, CallResult Result, string TimeZone);

        public async Task<FeedbackReply> Handle(GiveUpCalling command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.ToCall(db, mover, caller, command.RequestId, cancellationToken);
            var attempts = await db.List<Attempt>(Attempts, new { request.CommunityId, round.FeedbackId }, cancellationToken);
            if (round.State is FeedbackState.Asked or FeedbackState.Reminded or FeedbackState.ToCall
                && (attempts.Count == 0 || !CallAttempts.Suffice(attempts.Select(a => (a.TriedAt, a.Result)), TimeZoneInfo.FindSystemTimeZoneById(attempts[0].TimeZone))))
            {
                throw new Refused.Conflict("feedback.attempts_missing", "Three calls that reached nobody, at two different times of day at least, come before giving up.");
            }

            var state = FeedbackLifecycle.After(round.State, FeedbackMove.GiveUp);
            var now = clock.Now();
            await db.Run(Write, new { round.FeedbackId, State = state, Now = now }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.FeedbackUnreachable, new { request.RequestId, round.Round, attempts = attempts.Count }, command.Note, Visibility.Desk, now);
            await consequences.CloseIt(request, now, cancellationToken);
            return await FeedbackReply.Of(db, round, state, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>Where the round and its request stand now.</summary>
public sealed record FeedbackReply(Guid FeedbackId, short Round, FeedbackState State, int Version, IReadOnlyList<FeedbackMove> AllowedMoves, RequestReply Request)
{
    internal static async Task<FeedbackReply> Of(Db db, LockedRound round, FeedbackState state, Guid requestId, CancellationToken ct) =>
        new(round.FeedbackId, round.Round, state, round.Version + 1, FeedbackLifecycle.AllowedFrom(state), await RequestNow.Reply(db, requestId, ct));
}

/// <summary>Every call is a row, whatever came of it.</summary>
internal static class CallLog
{
    private const string Insert = """
        insert into call_attempt (community_id, call_attempt_id, feedback_id, staff_id, tried_at, number_dialled, result, note)
        values (@CommunityId, @CallAttemptId, @FeedbackId, @By, @Now, @NumberDialled, @Result, @Note)
        """;

    public static Task Write(Db db, Guid communityId, Guid feedbackId, Guid by, DateTimeOffset now, string number, CallResult result, string? note, CancellationToken ct) =>
        db.Run(
            Insert,
            new { CommunityId = communityId, CallAttemptId = Guid.CreateVersion7(now), FeedbackId = feedbackId, By = by, Now = now, NumberDialled = Rules.PhoneNumber.Normalise(number), Result = result, Note = note },
            ct);
}
