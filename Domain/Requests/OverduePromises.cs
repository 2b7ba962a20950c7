using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// A promise's time has passed and nobody has said that it was kept: the desk is told, once a promise. What was promised on a request that
/// is closed by now is over with that: it was not kept.
/// </summary>
[AllowedTo(Roles.System)]
public sealed record TellOverduePromise(Guid PromiseId) : ICommand<bool>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<TellOverduePromise, bool>
    {
        private const string Of = """
            select request_id
            from promise
            where promise_id = @PromiseId
            """;

        private const string Write = """
            update promise
            set check_at = null, given_up_at = case when @Over then @Now::timestamptz end
            where promise_id = @PromiseId and check_at <= @Now
            returning due_at
            """;

        private const string Tell = """
            insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_role, request_id, template, detail, created_at, send_after)
            values (@CommunityId, @MessageId, 'promise:' || @PromiseId::text, 'role', 'clerk', @RequestId, 'promiseOverdue', json_build_object('promiseId', @PromiseId::uuid, 'dueAt', @DueAt::timestamptz), @Now, @Now)
            on conflict on constraint message_once_a_cause do nothing
            """;

        public async Task<bool> Handle(TellOverduePromise command, CancellationToken cancellationToken)
        {
            var of = await db.Find<Guid?>(Of, new { command.PromiseId }, cancellationToken) ?? throw new Refused.NotFound("promise");
            var request = await LockedRequest.Of(db, of, cancellationToken, "promise");
            caller.MustBeAllowedIn(request.CommunityId);
            var now = clock.Now();
            var over = request.Status is RequestStatus.Closed or RequestStatus.Cancelled;
            if (await db.Find<DateTimeOffset?>(Write, new { command.PromiseId, Over = over, Now = now }, cancellationToken) is not { } due)
            {
                return false;
            }

            await db.Run(Tell, new { request.CommunityId, MessageId = Guid.CreateVersion7(now), command.PromiseId, request.RequestId, DueAt = due, Now = now }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Request, request.RequestId, over ? Happening.PromiseNotKept : Happening.PromiseOverdue, new { command.PromiseId, dueAt = due }, visibility: Visibility.Desk, occurredAt: now);
            return true;
        }
    }
}

/// <summary>A promise that could not be looked at stands aside for ten minutes, so that others are.</summary>
[AllowedTo(Roles.System)]
public sealed record PutPromiseOff(Guid PromiseId) : ICommand<bool>
{
    internal sealed class Handler(Db db, TimeProvider clock) : IRequestHandler<PutPromiseOff, bool>
    {
        private const string Write = """
            update promise
            set check_at = @Until
            where promise_id = @PromiseId and check_at is not null and community_id = any ((select scope_communities())::uuid[])
            """;

        public async Task<bool> Handle(PutPromiseOff command, CancellationToken cancellationToken) =>
            await db.Run(Write, new { command.PromiseId, Until = clock.Now() + ClockTrouble.For }, cancellationToken) > 0;
    }
}

/// <summary>
/// A request does not end in silence about what was promised: what is overdue when it closes was not kept, and so was whatever is open when it
/// is cancelled; the log says so. What is to be done later than that stands.
/// </summary>
internal sealed class GiveUpPromises(Db db, EventLog log) : INotificationHandler<RequestMoved>
{
    private const string Write = """
        update promise
        set given_up_at = @At, check_at = null
        where community_id = @CommunityId and request_id = @RequestId and kept_at is null and given_up_at is null and (@All or due_at <= @At)
        returning promise_id, due_at
        """;

    private sealed record Row(Guid PromiseId, DateTimeOffset DueAt);

    public async Task Handle(RequestMoved notification, CancellationToken cancellationToken)
    {
        if (notification.To is not (RequestStatus.Closed or RequestStatus.Cancelled))
        {
            return;
        }

        var given = await db.List<Row>(
            Write, new { notification.CommunityId, notification.RequestId, notification.At, All = notification.To == RequestStatus.Cancelled }, cancellationToken);
        foreach (var one in given.OrderBy(g => g.DueAt).ThenBy(g => g.PromiseId))
        {
            log.Write(
                notification.CommunityId, SubjectKind.Request, notification.RequestId, Happening.PromiseNotKept, new { one.PromiseId, one.DueAt, request = notification.To }, visibility: Visibility.Desk, occurredAt: notification.At);
        }
    }
}
