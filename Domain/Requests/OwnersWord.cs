namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// A word or a photo from the owner that nobody of the desk has looked at. The desk is told once; what comes before it has looked is
/// part of the same. Replying looks at it.
/// </summary>
internal sealed class OwnersWord(Db db, Caller caller) : INotificationHandler<FirstReplyGiven>, INotificationHandler<WrittenReplyGiven>, INotificationHandler<RequestMoved>
{
    // What came with the report itself, from whoever registered it by the form, is no second word.
    private const string Mark = """
        update request
        set owner_word_at = @Now
        where request_id = @RequestId and owner_word_at is null and registered_by <> @By
        """;

    // The desk, and whoever is in charge of a complaint.
    private const string Tell = """
        insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, recipient_role, request_id, template, detail, created_at, send_after)
        select @CommunityId, gen_random_uuid(), 'word:' || @RequestId::text || ':' || @Version::text || ':' || t.kind, t.kind, t.id, t.role, @RequestId, 'ownersWord', '{}', @Now, @Now
        from (
            select 'role' as kind, null::uuid as id, 'clerk' as role
            union all
            select 'staff', r.in_charge_id, null
            from request r
            where r.request_id = @RequestId and r.in_charge_id is not null
        ) t
        on conflict on constraint message_once_a_cause do nothing
        """;

    private const string Clear = """
        update request
        set owner_word_at = null
        where request_id = @RequestId and owner_word_at is not null
        """;

    /// <summary>Where it is the owner who speaks: the request is marked, and the desk told, unless it is marked already.</summary>
    public async Task Came(LockedRequest request, DateTimeOffset now, CancellationToken ct)
    {
        if (caller.Actor.Kind == ActorKind.Owner && await db.Run(Mark, new { request.RequestId, Now = now, By = caller.Actor.Id }, ct) > 0)
        {
            await db.Run(Tell, new { request.CommunityId, request.RequestId, request.Version, Now = now }, ct);
        }
    }

    /// <returns>Whether there was anything to look at.</returns>
    public async Task<bool> IsRead(Guid requestId, CancellationToken ct) => await db.Run(Clear, new { RequestId = requestId }, ct) > 0;

    public Task Handle(FirstReplyGiven notification, CancellationToken cancellationToken) => IsRead(notification.RequestId, cancellationToken);

    public Task Handle(WrittenReplyGiven notification, CancellationToken cancellationToken) => IsRead(notification.RequestId, cancellationToken);

    public Task Handle(RequestMoved notification, CancellationToken cancellationToken) =>
        notification.Move is RequestMove.Answer && caller.Actor.Kind == ActorKind.Staff ? IsRead(notification.RequestId, cancellationToken) : Task.CompletedTask;
}

/// <summary>Somebody of the desk has looked at what the owner wrote or sent since. Answering them says the same.</summary>
[AllowedTo(Roles.Desk)]
public sealed record ReadOwnersWord([property: JsonIgnore] Guid RequestId) : ICommand<RequestReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, OwnersWord words, EventLog log) : IRequestHandler<ReadOwnersWord, RequestReply>
    {
        public async Task<RequestReply> Handle(ReadOwnersWord command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.ReadWord);
            if (!await words.IsRead(request.RequestId, cancellationToken))
            {
                throw new Refused.Conflict("request.no_new_word", "There is nothing new from the owner; or somebody has looked at it.");
            }

            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.OwnersWordRead, visibility: Visibility.Desk, occurredAt: clock.Now());
            return await request.MoveTo(db, to, cancellationToken);
        }
    }
}
