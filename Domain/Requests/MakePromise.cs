using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>The desk promises the owner something by a time.</summary>
/// <param name="Text">1–1,000 characters; the owner reads it.</param>
/// <param name="DueAt">In the future, within a year.</param>
[AllowedTo(Roles.Desk)]
public sealed record MakePromise([property: JsonIgnore] Guid RequestId, string Text, DateTimeOffset DueAt) : ICommand<PromiseReply>
{
    public sealed class Validator : AbstractValidator<MakePromise>
    {
        public Validator() => RuleFor(c => c.Text).PlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<MakePromise, PromiseReply>
    {
        private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(366);

        private const string Write = """
            insert into promise (community_id, promise_id, request_id, text, due_at, made_by, made_at, check_at)
            values (@CommunityId, @PromiseId, @RequestId, @Text, @DueAt, @By, @Now, @DueAt)
            """;

        public async Task<PromiseReply> Handle(MakePromise command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.Promise);
            var now = clock.Now();
            if (command.DueAt <= now || command.DueAt > now + FarthestAhead)
            {
                throw new Refused.Invalid("promise.due_at_out_of_range", "Promise something for the future, within a year.", "dueAt");
            }

            var id = Guid.CreateVersion7(now);
            var text = command.Text;
            await db.Run(Write, new { request.CommunityId, PromiseId = id, request.RequestId, Text = text, command.DueAt, By = caller.Actor.Id, Now = now }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.PromiseMade, new { promiseId = id, command.DueAt }, text, Visibility.Owner, now);
            var reply = await request.MoveTo(db, to, cancellationToken);
            return new PromiseReply(id, reply.RequestId, reply.Number, reply.Status, reply.Version, reply.AllowedMoves);
        }
    }
}

/// <summary>A promise, and its request as it stands now.</summary>
public sealed record PromiseReply(Guid PromiseId, Guid RequestId, long Number, RequestStatus Status, int Version, IReadOnlyList<RequestMove> AllowedMoves);

/// <summary>What was promised was done; whether in time is read from the two times.</summary>
[AllowedTo(Roles.Desk, Own = Roles.Crews)]
public sealed record KeepPromise([property: JsonIgnore] Guid RequestId, [property: JsonIgnore] Guid PromiseId) : ICommand<PromiseReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log) : IRequestHandler<KeepPromise, PromiseReply>
    {
        private const string Read = """
            select due_at, kept_at
            from promise
            where community_id = @CommunityId and request_id = @RequestId and promise_id = @PromiseId
            """;

        private const string Write = """
            update promise
            set kept_at = @Now, check_at = null
            where promise_id = @PromiseId and kept_at is null
            """;

        private sealed record Row(DateTimeOffset DueAt, DateTimeOffset? KeptAt);

        public async Task<PromiseReply> Handle(KeepPromise command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var promise = await db.Find<Row>(Read, new { request.CommunityId, request.RequestId, command.PromiseId }, cancellationToken) ?? throw new Refused.NotFound("promise");
            var to = RequestLifecycle.After(request.Status, RequestMove.KeepPromise);
            if (promise.KeptAt is not null)
            {
                throw new Refused.Conflict("promise.kept_already", "This promise is kept already.");
            }

            var now = clock.Now();
            await db.Run(Write, new { command.PromiseId, Now = now }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.PromiseKept, new { command.PromiseId, promise.DueAt, late = now > promise.DueAt }, visibility: Visibility.Owner, occurredAt: now);
            var reply = await request.MoveTo(db, to, cancellationToken);
            return new PromiseReply(command.PromiseId, reply.RequestId, reply.Number, reply.Status, reply.Version, reply.AllowedMoves);
        }
    }
}
