using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>What the owner said about the result, written down by whoever heard it. "Not solved" sends the request back to work in the same transaction.</summary>
/// <param name="Satisfaction">1 (very dissatisfied) to 5 (very satisfied).</param>
/// <param name="Recommend">Would you recommend us: 1 (never) to 5 (certainly); optional.</param>
/// <param name="MadeItFive">Below 5: what would have made it a 5, in the owner's words.</param>
/// <param name="SpokeWith">Who answered: 1–100 characters.</param>
/// <param name="NumberDialled">Where it was a call.</param>
[AllowedTo(Roles.Desk)]
public sealed record RecordFeedback(
    [property: JsonIgnore] Guid RequestId, Solved Solved, short Satisfaction, string SpokeWith, short? Recommend = null, string? MadeItFive = null, string? NumberDialled = null) : ICommand<RequestReply>
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

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, FeedbackConsequences consequences) : IRequestHandler<RecordFeedback, RequestReply>
    {
        private const string Write = """
            update feedback
            set state = @State, ended_at = @Now, next_check_at = null, solved = @Solved, satisfaction = @Satisfaction, recommend = @Recommend, made_it_five = @MadeItFive,
                author_kind = 'staff', author_id = @By, spoke_with = @SpokeWith, number_dialled = @NumberDialled, not_asked_rule = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<RequestReply> Handle(RecordFeedback command, CancellationToken cancellationToken)
        {
            var request = await LockedRequest.Of(db, command.RequestId, cancellationToken);
            caller.MustBeAllowedIn(request.CommunityId);
            caller.MustNotBeStale("request", request.Version);
            var round = await LockedRound.Latest(db, request, cancellationToken);
            var state = FeedbackLifecycle.After(round.State, FeedbackMove.Answer);
            await LockedRound.MustNotHaveDoneTheWork(db, request, caller, cancellationToken);

            var now = clock.Now();
            await db.Run(
                Write,
                new
                {
                    round.FeedbackId,
                    State = state,
                    Now = now,
                    command.Solved,
                    command.Satisfaction,
                    command.Recommend,
                    MadeItFive = command.MadeItFive is { } words ? PlainText.Normalise(words) : null,
                    By = caller.Actor.Id,
                    command.SpokeWith,
                    NumberDialled = command.NumberDialled is { } number ? Rules.PhoneNumber.Normalise(number) : null,
                },
                cancellationToken);
            log.Write(
                request.CommunityId,
                SubjectKind.Feedback,
                round.FeedbackId,
                Happening.FeedbackGiven,
                new { request.RequestId, round.Round, command.Solved, command.Satisfaction, command.Recommend, author = "staff" },
                command.MadeItFive is { } five ? PlainText.Normalise(five) : null,
                Visibility.Desk,
                now);
            if (command.NumberDialled is { } dialled)
            {
                await CallLog.Write(db, request.CommunityId, round.FeedbackId, caller.Actor.Id, now, dialled, CallResult.Answered, null, cancellationToken);
            }

            var said = command is { Solved: Solved.No, MadeItFive: { } theirs } ? new NotFixed(command.SpokeWith, PlainText.Normalise(theirs), Channel.Phone) : null;
            await consequences.Draw(request, round.FeedbackId, command.Solved, command.Satisfaction, said, now, cancellationToken);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>The round that is open, or the last one, locked after its request.</summary>
internal sealed record LockedRound(Guid FeedbackId, short Round, FeedbackState State, int Version)
{
    private const string Read = """
        select feedback_id, round, state, version
        from feedback
        where community_id = @CommunityId and request_id = @RequestId
        order by round desc
        limit 1
        for update
        """;

    private const string Did = """
        select exists (
            select
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            where l.community_id = @CommunityId and l.request_id = @RequestId and o.assignee_id = @StaffId and o.status = 'done')
        """;

    public static async Task<LockedRound> Latest(Db db, LockedRequest request, CancellationToken ct) =>
        await db.Find<LockedRound>(Read, new { request.CommunityId, request.RequestId }, ct)
        ?? throw new Refused.Conflict("feedback.not_yet", "There is nothing to give feedback on yet: the request is not finished.");

    /// <summary>For whoever rings about it: the request and its round, locked; the caller is not the person who did the work.</summary>
    public static async Task<(LockedRequest Request, LockedRound Round)> ToCall(Db db, RequestMover mover, Caller caller, Guid requestId, CancellationToken ct)
    {
        var request = await mover.Lock(requestId, ct);
        var round = await Latest(db, request, ct);
        await MustNotHaveDoneTheWork(db, request, caller, ct);
        return (request, round);
    }

    /// <exception cref="Refused.Forbidden">The caller did the work, or a part of it.</exception>
    public static async Task MustNotHaveDoneTheWork(Db db, LockedRequest request, Caller caller, CancellationToken ct)
    {
        if (await db.Single<bool>(Did, new { request.CommunityId, request.RequestId, StaffId = caller.Actor.Id }, ct))
        {
            throw new Refused.Forbidden("feedback.did_the_work", "Whoever did the work does not ask how it went. Let somebody else call.");
        }
    }
}
