using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>The desk answers without a crew: answered, referred to who can (with the way to them), or explained why not.</summary>
/// <param name="Text">What the owner was told: 1–4,000 characters; the owner reads it.</param>
/// <param name="OnTheSpot">The caller is on the telephone and content: nobody is asked again, and the request is closed. Only of inquiries, suggestions and praise, and never where it is dangerous.</param>
[AllowedTo(Roles.Desk)]
public sealed record AnswerRequest([property: JsonIgnore] Guid RequestId, AnswerKind Kind, string Text, bool OnTheSpot = false) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<AnswerRequest>
    {
        public Validator() => RuleFor(c => c.Text).PlainText(4000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, IMediator mediator) : IRequestHandler<AnswerRequest, RequestReply>
    {
        private const string Write = """
            update request
            set status = @To, outcome = @Outcome, finished_at = @Now, first_replied_at = coalesce(first_replied_at, @Now), version = version + 1
            where request_id = @RequestId
            """;

        public async Task<RequestReply> Handle(AnswerRequest command, CancellationToken cancellationToken)
        {
            var request = await LockedRequest.Of(db, command.RequestId, cancellationToken);
            caller.MustBeAllowedIn(request.CommunityId);
            caller.MustNotBeStale("request", request.Version);
            var to = RequestLifecycle.After(request.Status, RequestMove.Answer);
            if (command.OnTheSpot && !WhomNotToAsk.MayEndOnTheSpot(request.Kind, request.Priority))
            {
                throw new Refused.Invalid("request.not_on_the_spot", "Whether a repair or a complaint is settled, and whether a danger is over, the owner says when asked. Answer it without closing it.", "onTheSpot");
            }

            var now = clock.Now();
            var (outcome, what) = command.Kind switch
            {
                AnswerKind.Answered => (Outcome.Answered, Happening.RequestAnswered),
                AnswerKind.Referred => (Outcome.Referred, Happening.RequestReferred),
                AnswerKind.Explained => (Outcome.Explained, Happening.RequestExplained),
            };

            await db.Run(Write, new { request.RequestId, To = to, Outcome = outcome, Now = now }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, what, new { command.OnTheSpot }, command.Text, Visibility.Owner, now);
            await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, RequestMove.Answer, to, now, command.OnTheSpot), cancellationToken);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}

public enum AnswerKind
{
    Answered,
    Referred,
    Explained,
}

/// <summary>For commands whose subscribers moved the request on: the reply tells where it stands at the end.</summary>
internal static class RequestNow
{
    private const string Read = """
        select community_id, kind, request_id, number, status, version
        from request
        where request_id = @RequestId
        """;

    private sealed record Row(Guid CommunityId, RequestKind Kind, Guid RequestId, long Number, RequestStatus Status, int Version);

    public static async Task<RequestReply> Reply(Db db, Guid requestId, CancellationToken ct)
    {
        var row = await db.Single<Row>(Read, new { RequestId = requestId }, ct);
        return RequestReply.Of(db.Caller, row.CommunityId, row.Kind, row.RequestId, row.Number, row.Status, row.Version);
    }
}
