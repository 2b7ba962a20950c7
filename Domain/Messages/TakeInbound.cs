using System.Text;
using FluentValidation;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Messages;

/// <summary>Which community somebody writes to, before anybody is known: by the code that came with it, else where their number or address is known.</summary>
public sealed class Mailroom(NpgsqlDataSource source)
{
    /// <summary>Null where neither says anything; of several communities the one that wrote to them last.</summary>
    public async Task<Guid?> CommunityOf(string? code, InboundChannel channel, string sender, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        batch.BatchCommands.Add(
            code is not null
                ? new NpgsqlBatchCommand("select community_id from community_by_code($1)") { Parameters = { new() { Value = code } } }
                : new NpgsqlBatchCommand("select community_id from communities_of_sender($1)") { Parameters = { new() { Value = Addresses.Normalise(channel, sender) } } });
        return (Guid?)await batch.ExecuteScalarAsync(ct);
    }
}

internal static class Addresses
{
    /// <summary>As contact points are stored: a number in its one form, a mail address in lower case without the name before it.</summary>
    public static string Normalise(InboundChannel channel, string sender) => channel switch
    {
        InboundChannel.Sms => Rules.PhoneNumber.Normalise(sender) ?? sender.Trim(),
        InboundChannel.Email => (System.Net.Mail.MailAddress.TryCreate(sender, out var address) ? address.Address : sender.Trim()).ToLowerInvariant(),
    };

    /// <summary>As everybody sees it who did not ask for it in full.</summary>
    public static string Masked(InboundChannel channel, string sender) => channel switch
    {
        InboundChannel.Sms => Customers.Masked.Phone(sender) ?? "",
        InboundChannel.Email => Customers.Masked.Point(new Customers.ContactPoint(Guid.Empty, ContactKind.Email, sender, Normalise(channel, sender), null)).Value,
    };

    public static ContactKind KindOf(InboundChannel channel) => channel == InboundChannel.Sms ? ContactKind.Phone : ContactKind.Email;
}

/// <summary>Who writes, as far as the community knows them.</summary>
/// <param name="Id">The customer; or a request that came from this number or address, where no customer is known. Null: nobody known.</param>
public sealed record SenderKnown(Guid? Id, string Name);

/// <summary>Who has this number or address here: of several the one who is being asked just now, else the newest.</summary>
[AllowedTo(Roles.System)]
public sealed record FindSender(Guid CommunityId, InboundChannel Channel, string Sender) : IQuery<SenderKnown>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<FindSender, SenderKnown>
    {
        private const string Read = """
            select x.id, x.name
            from (
                select c.customer_id as id, c.name, c.created_at as at,
                    case when exists (
                        select
                        from request r
                        join feedback f on f.community_id = r.community_id and f.request_id = r.request_id and f.ended_at is null
                        where r.community_id = c.community_id and r.customer_id = c.customer_id) then 0 else 2 end as rank
                from contact_point p
                join customer c on c.community_id = p.community_id and c.customer_id = p.customer_id and c.erased_at is null
                where p.community_id = @CommunityId and p.normalised = @Normalised and p.kind = @Kind
                union all
                select r.request_id, coalesce(r.reporter_name, ''), r.reported_at,
                    case when exists (select from feedback f where f.community_id = r.community_id and f.request_id = r.request_id and f.ended_at is null) then 1 else 3 end
                from request r
                where r.community_id = @CommunityId and r.reporter_phone = @Normalised and r.customer_id is null
                union all
                select r.request_id, coalesce(r.reporter_name, ''), r.reported_at,
                    case when exists (select from feedback f where f.community_id = r.community_id and f.request_id = r.request_id and f.ended_at is null) then 1 else 3 end
                from inbound_message i
                join request r on r.community_id = i.community_id and r.request_id = i.request_id and r.customer_id is null and r.reporter_phone is null
                where i.community_id = @CommunityId and i.sender_normalised = @Normalised and i.channel = @Channel and i.is_report
            ) x
            order by x.rank, x.at desc
            limit 1
            """;

        private sealed record Row(Guid Id, string Name);

        public async Task<SenderKnown> Handle(FindSender query, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(query.CommunityId);
            var row = await db.Find<Row>(Read, new { query.CommunityId, query.Channel, Normalised = Addresses.Normalise(query.Channel, query.Sender), Kind = Addresses.KindOf(query.Channel) }, cancellationToken);
            return new SenderKnown(row?.Id, row?.Name ?? "");
        }
    }
}

/// <summary>
/// A message came in, by a text message or an e-mail. A person's reply of one digit is the answer where it names the ask that it replies to,
/// or where one question alone is open and was really sent to them by that way; any other digit waits for the desk. Other words are a note
/// on their newest open request, else they wait for the desk, too. What a machine sent is written down and changes nothing, but for a
/// bounce, after which the message that came back goes out by the next way; what only looks like a machine's waits for the desk. The same message is taken once.
/// </summary>
/// <param name="MessageId">The sender's or the gateway's own id.</param>
/// <param name="Headers">Of an e-mail.</param>
[AllowedTo(Roles.System)]
public sealed record TakeInbound(
    Guid CommunityId, InboundChannel Channel, string MessageId, string Sender, string? Subject, string? Text, IReadOnlyList<InboundHeader> Headers) : ICommand<InboundReply>
{
    private static readonly Validator Fields = new();

    /// <summary>For the door, which looks up who writes before it sends this.</summary>
    /// <exception cref="Refused.Invalid">Field rules are broken.</exception>
    public void MustBeWellFormed()
    {
        var faults = Fields.Validate(this).Errors.Select(e => new Fault(FieldNames.Path(e.PropertyName), e.ErrorCode, e.ErrorMessage)).ToList();
        if (faults.Count > 0)
        {
            throw new Refused.Invalid(faults);
        }
    }

    public sealed class Validator : AbstractValidator<TakeInbound>
    {
        public Validator()
        {
            RuleFor(c => c.MessageId).PlainText(250);
            RuleFor(c => c.Sender).PlainText(250);
            RuleFor(c => c.Subject).OptionalPlainText(1000);
            RuleFor(c => c.Text).OptionalPlainText(20_000);
            RuleFor(c => c.Headers).Must(h => h.Count <= 200).WithErrorCode("inbound.too_many_headers").WithMessage("At most 200 headers.");
            RuleForEach(c => c.Headers).SetValidator(new InboundHeader.Validator());
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, AnswerBook answers, FeedbackConsequences consequences, MessageParker parker, OwnersWord ownersWord)
        : IRequestHandler<TakeInbound, InboundReply>
    {
        /// <summary>How long after the ask a digit is still an answer, where its round has ended without one.</summary>
        private static readonly TimeSpan LateAnswers = TimeSpan.FromDays(30);

        private const string Insert = """
            insert into inbound_message (community_id, inbound_message_id, channel, external_id, kind, sender, sender_normalised, subject, text, received_at)
            values (@CommunityId, @Id, @Channel, @MessageId, 'toConfirm', @Sender, @Normalised, @Subject, @Text, @Now)
            on conflict on constraint inbound_message_once do nothing
            """;

        private const string Earlier = """
            select inbound_message_id, kind, request_id
            from inbound_message
            where community_id = @CommunityId and channel = @Channel and external_id = @MessageId
            """;

        private const string Update = """
            update inbound_message
            set kind = @Kind, customer_id = @CustomerId, request_id = @RequestId, message_id = @Ours
            where community_id = @CommunityId and inbound_message_id = @Id
            """;

        private const string Told = """
            select request_id
            from message
            where community_id = @CommunityId and message_id = @Ours and recipient_kind in ('customer', 'reporter')
            """;

        private const string Customer = """
            select c.customer_id
            from contact_point p
            join customer c on c.community_id = p.community_id and c.customer_id = p.customer_id and c.erased_at is null
            where p.community_id = @CommunityId and p.normalised = @Normalised and p.kind = @Kind
            order by c.created_at desc, c.customer_id
            limit 1
            """;

        // Everybody who has this number or address may answer for whoever of them was asked: where that is one round, and its ask went out.
        private const string Asked = """
            select f.feedback_id, f.request_id, r.customer_id,
                exists (
                    select
                    from message m
                    where m.community_id = f.community_id and m.request_id = f.request_id and m.template in ('feedbackAsk', 'feedbackReminder')
                      and (m.detail ->> 'feedbackId')::uuid = f.feedback_id and m.sent_at is not null and m.channel = @Channel) as sent
            from (
                select r.request_id
                from contact_point p
                join request r on r.community_id = p.community_id and r.customer_id = p.customer_id
                where p.community_id = @CommunityId and p.normalised = @Normalised and p.kind = @Kind
                union
                select r.request_id
                from request r
                where r.community_id = @CommunityId and r.reporter_phone = @Normalised and r.customer_id is null
                union
                select r.request_id
                from inbound_message i
                join request r on r.community_id = i.community_id and r.request_id = i.request_id and r.customer_id is null and r.reporter_phone is null
                where i.community_id = @CommunityId and i.sender_normalised = @Normalised and i.channel = @Channel and i.is_report
            ) mine
            join request r on r.community_id = @CommunityId and r.request_id = mine.request_id
            join feedback f on f.community_id = @CommunityId and f.request_id = mine.request_id
            where f.ended_at is null
            limit 2
            """;

        // The round that a message of ours asked about: open, or over without a word.
        private const string Named = """
            select f.feedback_id, f.request_id, r.customer_id, true as sent
            from message m
            join feedback f on f.community_id = m.community_id and f.feedback_id = (m.detail ->> 'feedbackId')::uuid
            join request r on r.community_id = f.community_id and r.request_id = f.request_id
            where m.community_id = @CommunityId and m.message_id = @Ours and m.recipient_kind in ('customer', 'reporter') and m.template in ('feedbackAsk', 'feedbackReminder')
              and (f.ended_at is null or (f.state in ('noResponse', 'unreachable') and f.asked_at > @Since))
            """;

        private const string Open = """
            select r.request_id
            from (
                select r.request_id, r.reported_at
                from contact_point p
                join request r on r.community_id = p.community_id and r.customer_id = p.customer_id and r.status in ('received', 'inProgress', 'awaitingFeedback')
                where p.community_id = @CommunityId and p.normalised = @Normalised and p.kind = @Kind
                union
                select r.request_id, r.reported_at
                from request r
                where r.community_id = @CommunityId and r.reporter_phone = @Normalised and r.customer_id is null and r.status in ('received', 'inProgress', 'awaitingFeedback')
                union
                select r.request_id, r.reported_at
                from inbound_message i
                join request r on r.community_id = i.community_id and r.request_id = i.request_id and r.customer_id is null and r.reporter_phone is null and r.status in ('received', 'inProgress', 'awaitingFeedback')
                where i.community_id = @CommunityId and i.sender_normalised = @Normalised and i.channel = @Channel and i.is_report
                union
                select r.request_id, r.reported_at
                from request r
                where r.community_id = @CommunityId and r.request_id = @About and r.status in ('received', 'inProgress', 'awaitingFeedback')
            ) r
            order by (r.request_id = @About) desc nulls last, r.reported_at desc, r.request_id desc
            limit 1
            """;

        private sealed record Kept(Guid InboundMessageId, InboundKind Kind, Guid? RequestId);

        private sealed record Question(Guid FeedbackId, Guid RequestId, Guid? CustomerId, bool Sent);

        private sealed record SenderOf(Guid CommunityId, string Normalised, ContactKind Kind);

        private sealed record Taken(InboundKind Kind, Guid? CustomerId = null, Guid? RequestId = null, Guid? Ours = null);

        public async Task<InboundReply> Handle(TakeInbound command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            var id = Guid.CreateVersion7(now);
            var own = Short(PlainText.Normalise(Inbound.Own(command.Text ?? "")), 4000);
            if (await db.Run(Insert, new { command.CommunityId, Id = id, command.Channel, command.MessageId, command.Sender, Normalised = Addresses.Normalise(command.Channel, command.Sender), Subject = command.Subject is { } s ? Short(s, 1000) : null, Text = own, Now = now }, cancellationToken) == 0)
            {
                var kept = await db.Single<Kept>(Earlier, new { command.CommunityId, command.Channel, command.MessageId }, cancellationToken);
                return new InboundReply(kept.InboundMessageId, kept.Kind, kept.RequestId, Repeated: true);
            }

            log.Channel = EnumWord.Of(command.Channel == InboundChannel.Email ? Rules.Channel.Email : Rules.Channel.Phone);
            var headers = command.Headers.GroupBy(h => h.Name.ToLowerInvariant()).ToDictionary(h => h.Key, h => h.Last().Value);
            var words = new InboundWords(command.Channel, command.MessageId, command.Sender, command.Subject, command.Text ?? "", headers);
            var taken = Inbound.Machine(words) switch
            {
                InboundKind.Bounce => await Bounced(command.CommunityId, words, cancellationToken),
                InboundKind.ToConfirm => new Taken(InboundKind.ToConfirm, await db.Find<Guid?>(Customer, Sender(command.CommunityId, words), cancellationToken)),
                { } machine => new Taken(machine),
                null => await Person(command.CommunityId, id, words, own, now, cancellationToken),
            };
            await db.Run(Update, new { command.CommunityId, Id = id, taken.Kind, taken.CustomerId, taken.RequestId, taken.Ours }, cancellationToken);
            var (kind, subject) = taken.RequestId is { } request ? (SubjectKind.Request, request) : (SubjectKind.Community, command.CommunityId);
            log.Write(command.CommunityId, kind, subject, Happening.InboundTaken, new { inboundMessageId = id, command.Channel, taken.Kind }, null, Visibility.Desk, now);
            return new InboundReply(id, taken.Kind, taken.RequestId, Repeated: false);
        }

        /// <summary>The message of ours that came back: named in a header, or in the report itself.</summary>
        private async Task<Taken> Bounced(Guid communityId, InboundWords words, CancellationToken ct)
        {
            var ours = Ours(words) ?? Inbound.OursIn(words.Text);
            if (ours is { } id)
            {
                await parker.TakeBack(communityId, id, MessageChannel.Email, ct);
            }

            return new Taken(InboundKind.Bounce, Ours: ours);
        }

        private async Task<Taken> Person(Guid communityId, Guid inboundMessageId, InboundWords words, string own, DateTimeOffset now, CancellationToken ct)
        {
            var ours = Ours(words);
            var who = Sender(communityId, words);
            var customer = await db.Find<Guid?>(Customer, who, ct);
            var about = ours is null ? null : await db.Find<Guid?>(Told, new { CommunityId = communityId, Ours = ours }, ct);
            if (caller.Actor.Kind == ActorKind.Owner && Inbound.Digit(words.Text) is { } digit)
            {
                var asked = about is null ? await OnlyOne(who, words.Channel, ct) : await db.Find<Question>(Named, new { CommunityId = communityId, Ours = ours, Since = now - LateAnswers }, ct);
                if (asked is not null && await Answered(asked, digit, now, ct))
                {
                    return new Taken(InboundKind.Answer, asked.CustomerId ?? customer, asked.RequestId, ours);
                }

                if (about is null)
                {
                    return new Taken(InboundKind.ToConfirm, customer, null, ours); // to which question, only a person can tell
                }
            }

            if (own.Length > 0 && caller.Actor.Kind == ActorKind.Owner && await db.Find<Guid?>(Open, new { who.CommunityId, who.Normalised, who.Kind, words.Channel, About = about }, ct) is { } open)
            {
                var request = await LockedRequest.Of(db, open, ct);
                if (RequestLifecycle.AllowedFrom(request.Status).Contains(RequestMove.Note))
                {
                    log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestNoted, new { inboundMessageId }, own, Visibility.Owner, now);
                    await ownersWord.Came(request, now, ct);
                    await request.MoveTo(db, RequestLifecycle.After(request.Status, RequestMove.Note), ct);
                    return new Taken(InboundKind.Note, customer, open, ours);
                }
            }

            return new Taken(InboundKind.ToConfirm, customer, null, ours);
        }

        /// <summary>What a digit answers that names nothing: the one round that is open, if we asked by this way.</summary>
        private async Task<Question?> OnlyOne(SenderOf who, InboundChannel channel, CancellationToken ct) =>
            await db.List<Question>(Asked, new { who.CommunityId, who.Normalised, who.Kind, Channel = EnumWord.Of(channel) }, ct) is [{ Sent: true } one] ? one : null;

        private static SenderOf Sender(Guid communityId, InboundWords words) => new(communityId, Addresses.Normalise(words.Channel, words.Sender), Addresses.KindOf(words.Channel));

        /// <summary>False where the round cannot be answered any more: then the digit is a word like any other.</summary>
        private async Task<bool> Answered(Question asked, int digit, DateTimeOffset now, CancellationToken ct)
        {
            var request = await LockedRequest.Of(db, asked.RequestId, ct);
            var round = await LockedRound.Latest(db, request, ct);
            if (round.FeedbackId != asked.FeedbackId || !FeedbackLifecycle.AllowedFrom(round.State).Contains(FeedbackMove.Answer))
            {
                return false;
            }

            var solved = digit == 0 ? Solved.No : Solved.Yes;
            await answers.Store(request, round, new Answer(AnswerAuthor.Owner, solved, digit == 0 ? null : (short)digit, null, null, null, null), now, ct);
            await consequences.Draw(request, round.FeedbackId, solved, (short)Math.Max(digit, 1), null, now, ct);
            return true;
        }

        private static Guid? Ours(InboundWords words) =>
            Inbound.OursIn(words.Headers.GetValueOrDefault("in-reply-to")) ?? Inbound.OursIn(words.Headers.GetValueOrDefault("references"));

        private static string Short(string text, int most)
        {
            var kept = new StringBuilder();
            var length = 0;
            foreach (var rune in text.EnumerateRunes())
            {
                if (++length > most)
                {
                    break;
                }

                kept.Append(rune.ToString());
            }

            return kept.ToString();
        }
    }
}

/// <summary>A header of an e-mail, as it came.</summary>
public sealed record InboundHeader(string Name, string Value)
{
    internal sealed class Validator : AbstractValidator<InboundHeader>
    {
        public Validator()
        {
            RuleFor(h => h.Name).PlainText(100);
            RuleFor(h => h.Value).PlainText(4000);
        }
    }
}

/// <param name="RequestId">What it answers, or is a note on.</param>
/// <param name="Repeated">This message had come before; nothing was done again.</param>
public sealed record InboundReply(Guid InboundMessageId, InboundKind Kind, Guid? RequestId, bool Repeated);

/// <summary>What came in and is nobody's open matter, the oldest first: the desk says whether it is a new request.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk)]
public sealed record ListInbound(Guid? CommunityId = null, int Take = 50, string? After = null) : IQuery<Page<InboundLine>>
{
    public sealed class Validator : AbstractValidator<ListInbound>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListInbound, Page<InboundLine>>
    {
        internal const string Read = """
            select i.community_id, i.inbound_message_id, i.channel, i.sender, i.subject, i.text, i.received_at, i.customer_id, cu.name as customer_name, i.version
            from unnest(@Communities::uuid[]) c
            cross join lateral (
                select x.*
                from inbound_message x
                where x.community_id = c and x.kind = 'toConfirm' and x.settled_at is null
                  and (not @After or (x.received_at, x.inbound_message_id) > (@AfterAt::timestamptz, @AfterId::uuid))
                order by x.received_at, x.inbound_message_id
                limit @Take
            ) i
            left join customer cu on cu.community_id = i.community_id and cu.customer_id = i.customer_id
            order by i.received_at, i.inbound_message_id
            limit @Take
            """;

        public async Task<Page<InboundLine>> Handle(ListInbound query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var rows = await db.List<InboundLine>(
                Read, new { Communities = caller.CommunitiesFor(query.CommunityId), After = query.After is not null, AfterAt = at, AfterId = id, Take = query.Take + 1 }, cancellationToken);
            return Cursor.Page([.. rows.Select(r => r with { Sender = Addresses.Masked(r.Channel, r.Sender) })], query.Take, r => [r.ReceivedAt, r.InboundMessageId]);
        }
    }
}

/// <param name="Sender">Masked.</param>
/// <param name="CustomerId">Whoever has this number or address here.</param>
public sealed record InboundLine(
    Guid CommunityId, Guid InboundMessageId, InboundChannel Channel, string Sender, string? Subject, string Text, DateTimeOffset ReceivedAt, Guid? CustomerId, string? CustomerName, int Version);

/// <summary>
/// The desk says what a message that came in was: this request (a new one, which it registered for it, or another), or none. It was
/// registered for it where it was registered after the message came, by the message's way (a mail's as e-mail, a text message's as a
/// call), and for no other message: then whoever wrote is the reporter of a request that names neither a customer nor a number. On
/// another request it is a note for the desk, which says who wrote it; its reporter stays who it was, or nobody.
/// </summary>
/// <param name="RequestId">Leave out where it is no request.</param>
[AllowedTo(Roles.Desk)]
public sealed record SettleInbound([property: JsonIgnore] Guid InboundMessageId, Guid? RequestId = null) : ICommand<InboundSettled>, IByAPerson
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<SettleInbound, InboundSettled>
    {
        private const string Which = """
            select community_id
            from inbound_message
            where inbound_message_id = @InboundMessageId and kind = 'toConfirm'
              and (request_id is null or not request_id = any (hidden_requests((select scope_actor()), array[community_id])))
            """;

        private const string Read = """
            select i.settled_at, i.channel, i.sender, i.sender_normalised, i.subject, i.text, (select c.name from customer c where c.community_id = i.community_id and c.customer_id = i.customer_id) as customer_name, i.version,
                exists (
                    select
                    from request r
                    where r.community_id = i.community_id and r.request_id = @RequestId and r.registered_at >= i.received_at and r.channel = case i.channel when 'email' then 'email' else 'phone' end
                      and not exists (select from inbound_message o where o.community_id = r.community_id and o.request_id = r.request_id and o.is_report)) as is_report
            from inbound_message i
            where i.inbound_message_id = @InboundMessageId
            for no key update of i
            """;

        private const string Write = """
            update inbound_message
            set settled_at = @Now, settled_by = @By, request_id = @RequestId, is_report = @IsReport, version = version + 1
            where inbound_message_id = @InboundMessageId
            """;

        // The number is masked for whoever registers what came by SMS, so that it is put down here: the owner can be asked and rung.
        // An address stays with the message: whoever is asked about the request is written to there, while nobody is known.
        private const string CanBeReached = """
            update request
            set reporter_phone = @Phone, version = version + 1
            where community_id = @CommunityId and request_id = @RequestId and customer_id is null and reporter_phone is null
            """;

        private sealed record Row(
            DateTimeOffset? SettledAt, InboundChannel Channel, string Sender, string SenderNormalised, string? Subject, string Text, string? CustomerName, int Version, bool IsReport)
        {
            /// <summary>What was written, and who wrote it: by name where they gave one, and by what everybody may see of the number or address.</summary>
            public string Note
            {
                get
                {
                    var name = CustomerName ?? (Channel == InboundChannel.Email && System.Net.Mail.MailAddress.TryCreate(Sender, out var mail) && mail.DisplayName.Length > 0 ? mail.DisplayName : null);
                    var address = Addresses.Masked(Channel, Sender);
                    return PlainText.Normalise($"{(name is null ? address : $"{name} ({address})")}: {(Text.Length > 0 ? Text : Subject)}");
                }
            }
        }

        public async Task<InboundSettled> Handle(SettleInbound command, CancellationToken cancellationToken)
        {
            var community = await db.Find<Guid?>(Which, new { command.InboundMessageId }, cancellationToken) ?? throw new Refused.NotFound("inbound_message");
            caller.MustBeAllowedIn(community);
            var request = command.RequestId is { } id ? await LockedRequest.Of(db, id, cancellationToken) : null;
            if (request is not null && request.CommunityId != community)
            {
                throw new Refused.NotFound("request");
            }

            var row = await db.Single<Row>(Read, new { command.InboundMessageId, command.RequestId }, cancellationToken);
            caller.MustNotBeStale("inbound_message", row.Version);
            if (row.SettledAt is not null)
            {
                throw new Refused.Conflict("inbound_message.settled_already", "Somebody has settled this message already.");
            }

            var now = clock.Now();
            await db.Run(Write, new { command.InboundMessageId, command.RequestId, row.IsReport, Now = now, By = caller.Actor.Id }, cancellationToken);
            if (request is { CustomerId: null } && row.IsReport && row.Channel == InboundChannel.Sms && PhoneNumber.Normalise(row.SenderNormalised) is { } phone)
            {
                await db.Run(CanBeReached, new { CommunityId = community, command.RequestId, Phone = phone }, cancellationToken);
            }

            var (kind, subject) = command.RequestId is { } settled ? (SubjectKind.Request, settled) : (SubjectKind.Community, community);
            log.Write(community, kind, subject, Happening.InboundSettled, new { command.InboundMessageId, command.RequestId }, null, Visibility.Desk, now);
            if (request is not null && !row.IsReport)
            {
                log.Write(community, SubjectKind.Request, request.RequestId, Happening.RequestNoted, new { command.InboundMessageId }, row.Note, Visibility.Desk, now);
                await request.MoveTo(db, RequestLifecycle.After(request.Status, RequestMove.Note), cancellationToken);
            }

            return new InboundSettled(command.InboundMessageId, command.RequestId, now, row.Version + 1);
        }
    }
}

public sealed record InboundSettled(Guid InboundMessageId, Guid? RequestId, DateTimeOffset SettledAt, int Version);
