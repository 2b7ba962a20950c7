using System.Text.Json;

namespace PropertyServiceDesk.Domain.Messages;

/// <summary>What a receiver said, or did not say.</summary>
public enum Attempt
{
    /// <summary>The receiver took it.</summary>
    Taken,

    /// <summary>Not this time: no answer, overloaded, an error of theirs.</summary>
    Failed,

    /// <summary>Never: there is no such address, or they do not accept it. The next way is tried at once.</summary>
    Refused,

    /// <summary>It was not tried: the receiver was busy with others. That does not count.</summary>
    PutBack,
}

/// <param name="Failure">A word or two, never an address or a text: at most 60 characters.</param>
/// <param name="Wait">What the receiver, or who put it back, asks for.</param>
public sealed record Attempted(OutgoingMessage Message, Attempt What, DateTimeOffset At, string? Failure = null, TimeSpan? Wait = null)
{
    /// <summary>This was the last way, and the last try of it.</summary>
    public bool IsOver => Message.LastWay && (What == Attempt.Refused || (What == Attempt.Failed && Message.LastTry));
}

/// <summary>Says what became of messages of one community that were leased. A lease that was taken over meanwhile is not ours to end: it is passed over.</summary>
/// <param name="Chance">0 up to 1 for each: what is tried again is spread by it.</param>
[AllowedTo(Roles.System)]
public sealed record MarkMessages(Guid CommunityId, IReadOnlyList<Attempted> All, IReadOnlyList<double> Chance) : ICommand<int>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller) : IRequestHandler<MarkMessages, int>
    {
        private const string Write = """
            update message m
            set sent_at = u.sent_at, send_after = coalesce(u.send_after, m.send_after), lease_id = null, attempts = m.attempts - u.uncount, channel_tries = greatest(m.channel_tries - u.uncount, 0),
                given_up = case when u.give_up then array_append(m.given_up, m.channel) else m.given_up end, last_failure = u.failure, version = m.version + 1
            from unnest(@MessageIds::uuid[], @LeaseIds::uuid[], @SentAt::timestamptz[], @SendAfter::timestamptz[], @Uncount::smallint[], @GiveUp::boolean[], @Failures::text[])
                u (message_id, lease_id, sent_at, send_after, uncount, give_up, failure)
            where m.community_id = @CommunityId and m.message_id = u.message_id and m.lease_id = u.lease_id and m.sent_at is null and m.parked_at is null
            returning m.message_id
            """;

        public async Task<int> Handle(MarkMessages command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            var all = command.All.Select((a, i) => (Attempted: a, Next: Next(a, now, command.Chance[i]))).OrderBy(a => a.Attempted.Message.MessageId).ToArray();
            var marked = await db.List<Guid>(
                Write,
                new
                {
                    command.CommunityId,
                    MessageIds = all.Select(a => a.Attempted.Message.MessageId).ToArray(),
                    LeaseIds = all.Select(a => a.Attempted.Message.LeaseId).ToArray(),
                    SentAt = all.Select(a => a.Attempted.What == Attempt.Taken ? a.Attempted.At.UtcDateTime : (DateTime?)null).ToArray(),
                    SendAfter = all.Select(a => a.Next.At?.UtcDateTime).ToArray(),
                    Uncount = all.Select(a => (short)(a.Attempted.What == Attempt.PutBack ? 1 : 0)).ToArray(),
                    GiveUp = all.Select(a => a.Next.GiveUp).ToArray(),
                    Failures = all.Select(a => a.Attempted.What is Attempt.Taken or Attempt.PutBack ? null : a.Attempted.Failure).ToArray(),
                },
                cancellationToken);

            // What owners were told stands on their request; what staff were told stands where it came from.
            var events = new EventBatch(command.CommunityId, caller.Actor, now);
            var known = marked.ToHashSet();
            foreach (var (a, _) in all.Where(a => a.Attempted.What == Attempt.Taken && known.Contains(a.Attempted.Message.MessageId)))
            {
                if (a.Message is { RequestId: { } request, RecipientKind: RecipientKind.Customer or RecipientKind.Reporter })
                {
                    events.Add(
                        SubjectKind.Request, request, Happening.MessageSent, JsonSerializer.Serialize(new { a.Message.MessageId, a.Message.Template, a.Message.Channel, tries = a.Message.Tries }, Json.Options), null, Visibility.Desk, a.At);
                }
            }

            await events.Append(db, cancellationToken);
            return marked.Count;
        }

        private static (DateTimeOffset? At, bool GiveUp) Next(Attempted attempted, DateTimeOffset now, double chance) => attempted.What switch
        {
            Attempt.Taken => (null, false),
            Attempt.PutBack => (now + (attempted.Wait ?? TimeSpan.FromSeconds(2)), false),
            Attempt.Refused => (now, true),
            Attempt.Failed when attempted.Message.LastTry => (now, true),
            Attempt.Failed => (now + Longer(DeliveryWays.BackOff(attempted.Message.Tries, chance), attempted.Wait), false),
        };

        private static TimeSpan Longer(TimeSpan one, TimeSpan? other) => other is { } wait && wait > one ? (wait > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1) : wait) : one;
    }
}

/// <summary>A message cannot be delivered: the desk sees it. The round of an ask that is parked is looked at again at once, and its call-back is due.</summary>
/// <param name="LeaseId">Of whoever tried it.</param>
/// <param name="Failure">A word or two, never an address or a text.</param>
[AllowedTo(Roles.System)]
public sealed record ParkMessage(Guid CommunityId, Guid MessageId, Guid LeaseId, ParkedWhy Why, string? Failure = null) : ICommand<bool>
{
    internal sealed class Handler(Caller caller, MessageParker parker) : IRequestHandler<ParkMessage, bool>
    {
        public Task<bool> Handle(ParkMessage command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            return parker.Park(command.CommunityId, command.MessageId, command.LeaseId, command.Why, command.Failure, cancellationToken);
        }
    }
}

/// <summary>A message that could not be taken up stands aside for ten minutes; after some times it is parked.</summary>
[AllowedTo(Roles.System)]
public sealed record PutMessageOff(Guid CommunityId, Guid MessageId) : ICommand<bool>
{
    private static readonly TimeSpan For = TimeSpan.FromMinutes(10);

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller) : IRequestHandler<PutMessageOff, bool>
    {
        private const string Write = """
            update message
            set send_after = @Until, attempts = attempts + 1, last_failure = 'could not be taken up',
                parked_at = case when attempts >= @Most then @Now::timestamptz end, parked_why = case when attempts >= @Most then 'unrenderable' end
            where community_id = @CommunityId and message_id = @MessageId and sent_at is null and parked_at is null
            """;

        public async Task<bool> Handle(PutMessageOff command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            return await db.Run(Write, new { command.CommunityId, command.MessageId, Now = now, Until = now + For, Most = DeliveryWays.TriesAWay(null) }, cancellationToken) > 0;
        }
    }
}

/// <summary>A message was parked; subscribers write in the same transaction.</summary>
public sealed record MessageParked(Guid CommunityId, Guid MessageId, Guid? RequestId, string Template, ParkedWhy Why, DateTimeOffset At) : INotification;

/// <summary>Parks one message by its lease, or takes up again what came back.</summary>
internal sealed class MessageParker(Db db, TimeProvider clock, EventLog log, IMediator mediator)
{
    /// <summary>What stands as the last failure of a message that came back.</summary>
    internal const string Bounced = "bounced";

    private const string Which = """
        select request_id, template
        from message
        where community_id = @CommunityId and message_id = @MessageId
        """;

    private const string Write = """
        update message m
        set parked_at = @Now, parked_why = @Why, sent_at = null, lease_id = null, last_failure = coalesce(@Failure, m.last_failure), version = m.version + 1
        where m.community_id = @CommunityId and m.message_id = @MessageId and m.parked_at is null and m.lease_id = @LeaseId and m.sent_at is null
        returning m.attempts, m.channel
        """;

    // Only what went by the way that it came back by: a second report of the same mail does not take back what went by the next way.
    private const string Return = """
        update message m
        set sent_at = null, send_after = @Now, lease_id = null, given_up = array_append(m.given_up, m.channel), last_failure = @Failure, version = m.version + 1
        where m.community_id = @CommunityId and m.message_id = @MessageId and m.parked_at is null and m.sent_at is not null and m.channel = @By
        returning m.attempts, m.channel
        """;

    private sealed record Found(Guid? RequestId, string Template);

    private sealed record Parked(short Attempts, MessageChannel? Channel);

    /// <summary>It was sent by this way, and came back: the next way is tried at once. Where there is none, whoever takes it up parks it.</summary>
    public async Task<bool> TakeBack(Guid communityId, Guid messageId, MessageChannel by, CancellationToken ct)
    {
        if (await db.Find<Found>(Which, new { CommunityId = communityId, MessageId = messageId }, ct) is not { } found)
        {
            return false;
        }

        var now = clock.Now();
        if (await db.Find<Parked>(Return, new { CommunityId = communityId, MessageId = messageId, By = by, Failure = Bounced, Now = now }, ct) is not { } back)
        {
            return false;
        }

        var (kind, subject) = found.RequestId is { } told ? (SubjectKind.Request, told) : (SubjectKind.Community, communityId);
        log.Write(communityId, kind, subject, Happening.MessageCameBack, new { messageId, found.Template, back.Channel, back.Attempts }, null, Visibility.Desk, now);
        return true;
    }

    public async Task<bool> Park(Guid communityId, Guid messageId, Guid leaseId, ParkedWhy why, string? failure, CancellationToken ct)
    {
        if (await db.Find<Found>(Which, new { CommunityId = communityId, MessageId = messageId }, ct) is not { } found)
        {
            return false;
        }

        var now = clock.Now();
        if (await db.Find<Parked>(Write, new { CommunityId = communityId, MessageId = messageId, LeaseId = leaseId, Why = why, Failure = failure, Now = now }, ct) is not { } parked)
        {
            return false;
        }

        var (kind, subject) = found.RequestId is { } told ? (SubjectKind.Request, told) : (SubjectKind.Community, communityId);
        log.Write(communityId, kind, subject, Happening.MessageParked, new { messageId, found.Template, why, parked.Channel, parked.Attempts, failure }, null, Visibility.Desk, now);
        await mediator.Publish(new MessageParked(communityId, messageId, found.RequestId, found.Template, why, now), ct);
        return true;
    }
}
