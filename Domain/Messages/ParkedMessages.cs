using FluentValidation;

namespace PropertyServiceDesk.Domain.Messages;

/// <summary>What the desk may do about a message that could not be delivered.</summary>
public enum MessageMove
{
    Retry,
    Discard,
}

/// <summary>A message, without its words and without an address.</summary>
/// <param name="RecipientName">Of a customer, a reporter or a colleague; null for a role, and where nobody left a name.</param>
/// <param name="Channel">By which way it went, or was tried last.</param>
/// <param name="GivenUp">Ways that were tried in vain.</param>
/// <param name="SendAfter">When it is tried next, while it waits.</param>
/// <param name="LastFailure">What the receiver said, in a word or two.</param>
public sealed record MessageLine(
    Guid CommunityId,
    Guid MessageId,
    Guid? RequestId,
    long? RequestNumber,
    string Template,
    RecipientKind RecipientKind,
    string? RecipientName,
    Roles? RecipientRole,
    MessageState State,
    MessageChannel? Channel,
    IReadOnlyList<MessageChannel> GivenUp,
    int Attempts,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SendAfter,
    DateTimeOffset? LastTriedAt,
    DateTimeOffset? SentAt,
    DateTimeOffset? ParkedAt,
    ParkedWhy? ParkedWhy,
    string? LastFailure,
    int Version,
    IReadOnlyList<MessageMove> AllowedMoves);

/// <summary>Messages that could not be delivered, in the communities of the caller, the longest parked first.</summary>
/// <param name="Why">Only those parked for this.</param>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk | Roles.Administrator)]
public sealed record ListParkedMessages(Guid? CommunityId = null, ParkedWhy? Why = null, int Take = 50, string? After = null) : IQuery<Page<MessageLine>>
{
    public sealed class Validator : AbstractValidator<ListParkedMessages>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListParkedMessages, Page<MessageLine>>
    {
        internal const string Read = """
            select m.community_id, m.message_id, m.request_id, r.number, m.template, m.recipient_kind, coalesce(cu.name, s.display_name, case when m.recipient_kind = 'reporter' then r.reporter_name end) as recipient_name,
                m.recipient_role, m.channel, array_to_string(m.given_up, ',') as given_up, m.attempts, m.created_at, m.send_after, m.last_tried_at, m.sent_at, m.parked_at, m.parked_why, m.last_failure, m.version
            from unnest(@Communities::uuid[]) c
            cross join lateral (
                select x.*
                from message x
                where x.community_id = c and x.parked_why in ('noChannel', 'exhausted', 'bounced', 'unrenderable') and (@Why::text is null or x.parked_why = @Why)
                  and (not @After or (x.parked_at, x.message_id) > (@AfterAt::timestamptz, @AfterId::uuid))
                order by x.parked_at, x.message_id
                limit @Take
            ) m
            left join request r on r.community_id = m.community_id and r.request_id = m.request_id
            left join customer cu on m.recipient_kind = 'customer' and cu.community_id = m.community_id and cu.customer_id = m.recipient_id
            left join staff s on m.recipient_kind = 'staff' and s.staff_id = m.recipient_id
            order by m.parked_at, m.message_id
            limit @Take
            """;

        public async Task<Page<MessageLine>> Handle(ListParkedMessages query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var rows = await db.List<MessageRow>(
                Read,
                new { Communities = caller.CommunitiesFor(query.CommunityId), query.Why, After = query.After is not null, AfterAt = at, AfterId = id, Take = query.Take + 1 },
                cancellationToken);
            return Cursor.Page([.. rows.Select(r => r.Line())], query.Take, r => [r.ParkedAt, r.MessageId]);
        }
    }
}

/// <summary>What was, and is to be, told about a request, and whether it arrived; the newest first, at most 200.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator)]
public sealed record ListMessagesOfRequest(Guid RequestId) : IQuery<IReadOnlyList<MessageLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListMessagesOfRequest, IReadOnlyList<MessageLine>>
    {
        private const string Known = """
            select community_id
            from request
            where request_id = @RequestId
            """;

        internal const string Read = """
            select m.community_id, m.message_id, m.request_id, r.number, m.template, m.recipient_kind, coalesce(cu.name, s.display_name, case when m.recipient_kind = 'reporter' then r.reporter_name end) as recipient_name,
                m.recipient_role, m.channel, array_to_string(m.given_up, ',') as given_up, m.attempts, m.created_at, m.send_after, m.last_tried_at, m.sent_at, m.parked_at, m.parked_why, m.last_failure, m.version
            from message m
            left join request r on r.community_id = m.community_id and r.request_id = m.request_id
            left join customer cu on m.recipient_kind = 'customer' and cu.community_id = m.community_id and cu.customer_id = m.recipient_id
            left join staff s on m.recipient_kind = 'staff' and s.staff_id = m.recipient_id
            where m.community_id = @CommunityId and m.request_id = @RequestId
            order by m.created_at desc, m.message_id desc
            limit 200
            """;

        public async Task<IReadOnlyList<MessageLine>> Handle(ListMessagesOfRequest query, CancellationToken cancellationToken)
        {
            var community = await db.Find<Guid?>(Known, new { query.RequestId }, cancellationToken) ?? throw new Refused.NotFound("request");
            caller.MustBeAllowedIn(community);
            return [.. (await db.List<MessageRow>(Read, new { CommunityId = community, query.RequestId }, cancellationToken)).Select(r => r.Line())];
        }
    }
}

internal sealed record MessageRow(
    Guid CommunityId, Guid MessageId, Guid? RequestId, long? Number, string Template, RecipientKind RecipientKind, string? RecipientName, Roles? RecipientRole, MessageChannel? Channel, string GivenUp, short Attempts,
    DateTimeOffset CreatedAt, DateTimeOffset SendAfter, DateTimeOffset? LastTriedAt, DateTimeOffset? SentAt, DateTimeOffset? ParkedAt, ParkedWhy? ParkedWhy, string? LastFailure, int Version)
{
    public MessageLine Line()
    {
        var state = MessageStates.Of(SentAt, ParkedAt, ParkedWhy);
        return new MessageLine(
            CommunityId, MessageId, RequestId, Number, Template, RecipientKind, RecipientName, RecipientRole, state, Channel, [.. GivenUp.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(EnumWord.Read<MessageChannel>)],
            Attempts, CreatedAt, state == MessageState.Waiting ? SendAfter : null, LastTriedAt, SentAt, ParkedAt, ParkedWhy, LastFailure, Version, MessageStates.AllowedIn(state));
    }
}

internal static class MessageStates
{
    public static MessageState Of(DateTimeOffset? sentAt, DateTimeOffset? parkedAt, ParkedWhy? why) =>
        sentAt is not null ? MessageState.Sent
        : parkedAt is null ? MessageState.Waiting
        : why is ParkedWhy.NoChannel or ParkedWhy.Exhausted or ParkedWhy.Bounced or ParkedWhy.Unrenderable ? MessageState.Parked
        : MessageState.Ended;

    public static IReadOnlyList<MessageMove> AllowedIn(MessageState state) => state == MessageState.Parked ? [MessageMove.Retry, MessageMove.Discard] : [];
}

/// <param name="AllowedMoves">What may be done about it now.</param>
public sealed record MessageReply(Guid MessageId, MessageState State, int Version, IReadOnlyList<MessageMove> AllowedMoves);

/// <summary>A parked message as the running command holds it.</summary>
internal sealed record LockedMessage(Guid CommunityId, Guid? RequestId, string Template, DateTimeOffset? SentAt, DateTimeOffset? ParkedAt, ParkedWhy? ParkedWhy, int Version)
{
    // What is confidential before the caller is not there for them.
    private const string Read = """
        select community_id, request_id, template, sent_at, parked_at, parked_why, version
        from message
        where message_id = @MessageId
          and (request_id is null or not request_id = any (hidden_requests((select scope_actor()), array[community_id])))
        for no key update
        """;

    /// <exception cref="Refused.NotFound">There is none, or it tells of what the caller must not find.</exception>
    /// <exception cref="Refused.Conflict">It waits for nobody's decision.</exception>
    public static async Task<LockedMessage> Parked(Db db, Caller caller, Guid messageId, CancellationToken ct)
    {
        var message = await db.Find<LockedMessage>(Read, new { MessageId = messageId }, ct) ?? throw new Refused.NotFound("message");
        caller.MustBeAllowedIn(message.CommunityId);
        caller.MustNotBeStale("message", message.Version);
        return MessageStates.Of(message.SentAt, message.ParkedAt, message.ParkedWhy) == MessageState.Parked
            ? message
            : throw new Refused.Conflict("message.not_parked", "This message does not wait for a decision.");
    }

    public void Log(EventLog log, Happening what, Guid messageId, string? text, DateTimeOffset now)
    {
        var (kind, subject) = RequestId is { } request ? (SubjectKind.Request, request) : (SubjectKind.Community, CommunityId);
        log.Write(CommunityId, kind, subject, what, new { messageId, Template }, text, Visibility.Desk, now);
    }
}

/// <summary>A parked message is tried again from the beginning: by every way, as often as any.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator)]
public sealed record RetryMessage([property: JsonIgnore] Guid MessageId) : ICommand<MessageReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, Jobs.IJobs jobs) : IRequestHandler<RetryMessage, MessageReply>
    {
        private const string Write = """
            update message
            set parked_at = null, parked_why = null, send_after = @Now, channel = null, channel_tries = 0, given_up = '{}', version = version + 1
            where message_id = @MessageId
            """;

        public async Task<MessageReply> Handle(RetryMessage command, CancellationToken cancellationToken)
        {
            var message = await LockedMessage.Parked(db, caller, command.MessageId, cancellationToken);
            var now = clock.Now();
            await db.Run(Write, new { command.MessageId, Now = now }, cancellationToken);
            message.Log(log, Happening.MessageRetried, command.MessageId, null, now);
            await jobs.RunNow("deliver-messages", cancellationToken);
            return new MessageReply(command.MessageId, MessageState.Waiting, message.Version + 1, []);
        }
    }
}

/// <summary>A parked message is not sent any more.</summary>
/// <param name="Reason">Why: 1–1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk | Roles.Administrator)]
public sealed record DiscardMessage([property: JsonIgnore] Guid MessageId, string Reason) : ICommand<MessageReply>
{
    public sealed class Validator : AbstractValidator<DiscardMessage>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<DiscardMessage, MessageReply>
    {
        private const string Write = """
            update message
            set parked_why = 'discarded', version = version + 1
            where message_id = @MessageId
            """;

        public async Task<MessageReply> Handle(DiscardMessage command, CancellationToken cancellationToken)
        {
            var message = await LockedMessage.Parked(db, caller, command.MessageId, cancellationToken);
            await db.Run(Write, new { command.MessageId }, cancellationToken);
            message.Log(log, Happening.MessageDiscarded, command.MessageId, command.Reason, clock.Now());
            return new MessageReply(command.MessageId, MessageState.Ended, message.Version + 1, []);
        }
    }
}
