using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// What the owner said about the result, written down by whoever heard it. "Not solved" sends the request back to work in the same
/// transaction. Where the owner or a colleague was first, theirs stands, and this is refused; so it is while a colleague has taken the call.
/// </summary>
/// <param name="Satisfaction">1 (very dissatisfied) to 5 (very satisfied).</param>
/// <param name="Recommend">Would you recommend us: 1 (never) to 5 (certainly); optional.</param>
/// <param name="MadeItFive">Below 5: what would have made it a 5, in the owner's words.</param>
/// <param name="SpokeWith">Who answered: 1–100 characters.</param>
/// <param name="NumberDialled">Where it was a call.</param>
[AllowedTo(Roles.Desk)]
public sealed record RecordFeedback(
    [property: JsonIgnore] Guid RequestId, Solved Solved, short Satisfaction, string SpokeWith, short? Recommend = null, string? MadeItFive = null, string? NumberDialled = null) : ICommand<RequestReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<RecordFeedback>
    {
        public Validator()
        {
            RuleFor(c => c.Satisfaction).InclusiveBetween((short)1, (short)5).WithErrorCode("score.out_of_range").WithMessage("A score is from 1 to 5.");
            RuleFor(c => c.Recommend).InclusiveBetween((short)1, (short)5).WithErrorCode("score.out_of_range").WithMessage("A score is from 1 to 5.");
            RuleFor(c => c.SpokeWith).PlainText(100);
            RuleFor(c => c.MadeItFive).OptionalPlainText(2000);
            RuleFor(c => c.NumberDialled!).PhoneNumber().When(c => c.NumberDialled is not null);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, AnswerBook answers, FeedbackConsequences consequences) : IRequestHandler<RecordFeedback, RequestReply>
    {
        public async Task<RequestReply> Handle(RecordFeedback command, CancellationToken cancellationToken)
        {
            var request = await LockedRequest.Of(db, command.RequestId, cancellationToken);
            caller.MustBeAllowedIn(request.CommunityId);
            var round = await LockedRound.Latest(db, request, cancellationToken);
            round.MustNotBeAnswered(); // whoever was second is told who was first, not that something changed
            caller.MustNotBeStale("request", request.Version);
            await LockedRound.MustNotHaveDoneTheWork(db, request, round, caller.Actor.Id, cancellationToken);
            var now = clock.Now();
            round.MustNotBeTakenByAnother(caller.Actor.Id, now);

            var five = command.MadeItFive is { } words ? PlainText.Normalise(words) : null;
            var number = command.NumberDialled is { } dialled ? Rules.PhoneNumber.Normalise(dialled) : null;
            await answers.Store(request, round, new Answer(AnswerAuthor.Staff, command.Solved, command.Satisfaction, command.Recommend, five, command.SpokeWith, number), now, cancellationToken);
            var said = command.Solved == Solved.No && five is not null ? new NotFixed(command.SpokeWith, five, Channel.Phone) : null;
            await consequences.Draw(request, round.FeedbackId, command.Solved, command.Satisfaction, said, now, cancellationToken);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>
/// The owner's own answer to a round, by whatever door it came: the same questions and the same consequences as on the desk's form. The
/// door names the owner as who is acting; the system itself cannot answer.
/// </summary>
/// <param name="Channel">Through which door.</param>
[AllowedTo(Roles.System)]
public sealed record AnswerAsOwner(
    Guid FeedbackId, Solved Solved, short Satisfaction, short? Recommend = null, string? MadeItFive = null, Channel Channel = Channel.Web) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<AnswerAsOwner>
    {
        public Validator()
        {
            RuleFor(c => c.Satisfaction).InclusiveBetween((short)1, (short)5).WithErrorCode("score.out_of_range").WithMessage("A score is from 1 to 5.");
            RuleFor(c => c.Recommend).InclusiveBetween((short)1, (short)5).WithErrorCode("score.out_of_range").WithMessage("A score is from 1 to 5.");
            RuleFor(c => c.MadeItFive).OptionalPlainText(2000);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, AnswerBook answers, FeedbackConsequences consequences) : IRequestHandler<AnswerAsOwner, RequestReply>
    {
        private const string RequestOf = """
            select request_id
            from feedback
            where feedback_id = @FeedbackId
            """;

        public async Task<RequestReply> Handle(AnswerAsOwner command, CancellationToken cancellationToken)
        {
            if (caller.Actor.Kind != ActorKind.Owner)
            {
                throw new Refused.Forbidden("feedback.only_people_answer", "Only a person answers how it went.");
            }

            var requestId = await db.Find<Guid?>(RequestOf, new { command.FeedbackId }, cancellationToken) ?? throw new Refused.NotFound("feedback");
            var request = await LockedRequest.Of(db, requestId, cancellationToken);
            caller.MustBeAllowedIn(request.CommunityId);
            var round = await LockedRound.Latest(db, request, cancellationToken);
            if (round.FeedbackId != command.FeedbackId)
            {
                throw new Refused.Conflict("feedback.round_over", "This was asked about an earlier time; we have asked again since.");
            }

            var now = clock.Now();
            var five = command.MadeItFive is { } words ? PlainText.Normalise(words) : null;
            log.Channel = EnumWord.Of(command.Channel);
            await answers.Store(request, round, new Answer(AnswerAuthor.Owner, command.Solved, command.Satisfaction, command.Recommend, five, null, null), now, cancellationToken);
            var said = command.Solved == Solved.No && five is not null ? new NotFixed(caller.Actor.Name, five, command.Channel) : null;
            await consequences.Draw(request, round.FeedbackId, command.Solved, command.Satisfaction, said, now, cancellationToken);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}
