using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>The owner hears from a person for the first time since reporting.</summary>
/// <param name="Text">What the owner was told: 1–4,000 characters.</param>
/// <param name="Channel">How; where it is left out, the request's own channel.</param>
[AllowedTo(Roles.Desk)]
public sealed record GiveFirstReply([property: JsonIgnore] Guid RequestId, string Text, Channel? Channel = null) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<GiveFirstReply>
    {
        public Validator() => RuleFor(c => c.Text).PlainText(4000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log, IMediator mediator) : IRequestHandler<GiveFirstReply, RequestReply>
    {
        private const string Write = """
            update request
            set first_replied_at = @Now, version = version + 1
            where request_id = @RequestId
            """;

        public async Task<RequestReply> Handle(GiveFirstReply command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.FirstReply);
            if (request.FirstRepliedAt is not null)
            {
                throw new Refused.Conflict("request.first_reply_given", "The owner has had a first reply. Write a note for what was said since.");
            }

            var now = clock.Now();
            await db.Run(Write, new { request.RequestId, Now = now }, cancellationToken);
            log.Channel = EnumWord.Of(command.Channel ?? request.Channel);
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.FirstReplyGiven, null, command.Text, Visibility.Owner, now);
            await mediator.Publish(new FirstReplyGiven(request.CommunityId, request.RequestId, now), cancellationToken);
            return request.Moved(to);
        }
    }
}

/// <summary>The owner holds an answer in writing. It counts as the first reply, too, where there was none.</summary>
/// <param name="Text">What was written: 1–4,000 characters.</param>
/// <param name="Channel">How it was sent.</param>
[AllowedTo(Roles.Desk)]
public sealed record GiveWrittenReply([property: JsonIgnore] Guid RequestId, string Text, Channel? Channel = null) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<GiveWrittenReply>
    {
        private static readonly Channel?[] Spoken = [Rules.Channel.Phone, Rules.Channel.WalkIn];

        public Validator()
        {
            RuleFor(c => c.Text).PlainText(4000);
            RuleFor(c => c.Channel).Must(c => !Spoken.Contains(c)).WithErrorCode("reply.not_in_writing").WithMessage("What is said by telephone or face to face is not in writing.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log, IMediator mediator) : IRequestHandler<GiveWrittenReply, RequestReply>
    {
        private const string Read = """
            select written_replied_at is not null
            from request
            where request_id = @RequestId
            """;

        private const string Write = """
            update request
            set written_replied_at = @Now, first_replied_at = coalesce(first_replied_at, @Now), version = version + 1
            where request_id = @RequestId
            """;

        public async Task<RequestReply> Handle(GiveWrittenReply command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.WrittenReply);
            if (await db.Single<bool>(Read, new { request.RequestId }, cancellationToken))
            {
                throw new Refused.Conflict("request.written_reply_given", "The owner holds a written reply. Write a note for what was sent since.");
            }

            var now = clock.Now();
            await db.Run(Write, new { request.RequestId, Now = now }, cancellationToken);
            log.Channel = command.Channel is { } channel ? EnumWord.Of(channel) : null;
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.WrittenReplyGiven, new { first = request.FirstRepliedAt is null }, command.Text, Visibility.Owner, now);
            if (request.FirstRepliedAt is null)
            {
                await mediator.Publish(new FirstReplyGiven(request.CommunityId, request.RequestId, now), cancellationToken);
            }

            await mediator.Publish(new WrittenReplyGiven(request.CommunityId, request.RequestId, now), cancellationToken);
            return request.Moved(to);
        }
    }
}

/// <summary>A person has spoken to the owner for the first time. Told of a written reply, too, where that was the first.</summary>
public sealed record FirstReplyGiven(Guid CommunityId, Guid RequestId, DateTimeOffset At) : INotification;

/// <summary>The owner holds an answer in writing.</summary>
public sealed record WrittenReplyGiven(Guid CommunityId, Guid RequestId, DateTimeOffset At) : INotification;
