using FluentValidation;
using PropertyServiceDesk.Domain.Feedback;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// Somebody says that it is not fixed. While the owner is being asked, and for some days after closing (reopenDays of the feedback rules),
/// that sends the request back to work, and it is the round's answer where there was none. Later it becomes a new request, and the closed
/// one does not change; said again while that one is open, it urges it.
/// </summary>
/// <param name="SaidBy">1–100 characters.</param>
/// <param name="Words">What they said: 1–2,000 characters.</param>
/// <param name="Channel">How they said it.</param>
[AllowedTo(Roles.Desk)]
public sealed record ReportNotFixed([property: JsonIgnore] Guid RequestId, string SaidBy, string Words, Channel Channel = Channel.Phone) : ICommand<ReworkReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<ReportNotFixed>
    {
        public Validator()
        {
            RuleFor(c => c.SaidBy).PlainText(100);
            RuleFor(c => c.Words).PlainText(2000);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log, AnswerBook answers, FeedbackConsequences consequences, Reopening reopening) : IRequestHandler<ReportNotFixed, ReworkReply>
    {
        public async Task<ReworkReply> Handle(ReportNotFixed command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            RequestLifecycle.After(request.Status, RequestMove.Rework); // the state says no before anything is written
            var now = clock.Now();
            var said = new NotFixed(command.SaidBy, command.Words, command.Channel);
            log.Channel = EnumWord.Of(command.Channel);
            var round = request.Round == 0 || await reopening.IsTooLate(request, now, cancellationToken) ? null : await LockedRound.Latest(db, request, cancellationToken);
            if (round is not null && FeedbackLifecycle.AllowedFrom(round.State).Contains(FeedbackMove.Answer))
            {
                // "Not fixed" is a human word; a score was not asked for.
                await answers.Store(request, round, new Answer(AnswerAuthor.Staff, Solved.No, null, null, null, command.SaidBy, null, said.Words), now, cancellationToken);
            }

            var made = await consequences.NotSolved(request, round?.FeedbackId, said, now, cancellationToken);
            var reply = await RequestNow.Reply(db, request.RequestId, cancellationToken);
            return new ReworkReply(reply.RequestId, reply.Number, reply.Status, reply.Version, reply.AllowedMoves, made);
        }
    }
}

/// <summary>Who said that it is not fixed, and in which words.</summary>
internal sealed record NotFixed(string SaidBy, string Words, Channel Channel);

/// <summary>The request as it stands now.</summary>
/// <param name="NewRequest">Where the report came too late to reopen it: the new request that was made for it, now or before.</param>
public sealed record ReworkReply(Guid RequestId, long Number, RequestStatus Status, int Version, IReadOnlyList<RequestMove> AllowedMoves, RequestReply? NewRequest);

/// <summary>The owner solved it only partly, or gave a 3: the desk decides what follows. The score stands.</summary>
/// <param name="Words">Why: 1–1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record DecideOnAnswer([property: JsonIgnore] Guid RequestId, ClosureDecision Decision, string Words) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<DecideOnAnswer>
    {
        public Validator() => RuleFor(c => c.Words).PlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, FeedbackConsequences consequences, Reworker reworker) : IRequestHandler<DecideOnAnswer, RequestReply>
    {
        public async Task<RequestReply> Handle(DecideOnAnswer command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            RequestLifecycle.After(request.Status, RequestMove.Close);
            var round = await LockedRound.Latest(db, request, cancellationToken);
            if (round.State != FeedbackState.Answered)
            {
                throw new Refused.Conflict("feedback.not_answered", "The owner has not answered yet. Ask, call, or record why there is no answer.");
            }

            var now = clock.Now();
            var words = command.Words;
            switch (command.Decision)
            {
                case ClosureDecision.Close:
                    await consequences.EndFollowUps(request, round.FeedbackId, FollowUpEnding.Noted, words, now, cancellationToken);
                    await consequences.CloseIt(request, now, cancellationToken);
                    break;
                case ClosureDecision.Rework:
                    await consequences.EndFollowUps(request, round.FeedbackId, FollowUpEnding.Rework, words, now, cancellationToken);
                    await reworker.Rework(request, now, cancellationToken);
                    break;
            }

            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}

public enum ClosureDecision
{
    Close,
    Rework,
}
