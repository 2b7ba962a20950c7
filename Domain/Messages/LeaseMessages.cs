using System.Globalization;
using System.Text.Json;
using PropertyServiceDesk.Domain.Owner;

namespace PropertyServiceDesk.Domain.Messages;

/// <summary>Where there are receivers: for every community, and more for some of them, by the community's code.</summary>
/// <param name="PublicAddress">Where owners reach their pages; without it no message has a link.</param>
public sealed record WaysOut(IReadOnlySet<MessageChannel> Everywhere, IReadOnlyDictionary<string, IReadOnlySet<MessageChannel>> In, Uri? PublicAddress = null)
{
    public IReadOnlySet<MessageChannel> Of(string community) =>
        In.TryGetValue(community, out var more) ? Everywhere.Union(more).ToHashSet() : Everywhere;
}

/// <summary>One message, ready to go out: whom it is for, by which way, in which words. Its id is the idempotency key: whenever it is sent again, it is the same.</summary>
/// <param name="LeasedUntil">From then on another worker may take it up.</param>
/// <param name="Tries">How often it was tried by this way, this time included.</param>
/// <param name="MostTries">How often it may be.</param>
/// <param name="GivenUp">Ways that were tried in vain.</param>
/// <param name="LastWay">There is no other way after this one.</param>
/// <param name="Values">Of its placeholders, for gateways that keep templates of their own.</param>
public sealed record OutgoingMessage(
    Guid CommunityId,
    string Community,
    string CommunityName,
    Guid MessageId,
    Guid LeaseId,
    DateTimeOffset LeasedUntil,
    RecipientKind RecipientKind,
    Guid? RequestId,
    string Template,
    string Language,
    MessageChannel Channel,
    string Address,
    string Subject,
    string Text,
    ProviderTemplate? Provider,
    IReadOnlyDictionary<string, string> Values,
    DateTimeOffset CreatedAt,
    int Tries,
    int MostTries,
    IReadOnlyList<MessageChannel> GivenUp,
    bool LastWay)
{
    /// <summary>After this try the next way is tried, or none.</summary>
    public bool LastTry => Tries >= MostTries;
}

/// <param name="ToPark">Those that there is no way for, or no words, with the reason.</param>
/// <param name="Settled">How many were put off until the quiet hours are over, or are not sent any more because nobody needs them.</param>
public sealed record LeasedMessages(IReadOnlyList<OutgoingMessage> ToSend, IReadOnlyList<(Guid MessageId, Guid LeaseId, ParkedWhy Why)> ToPark, int Settled);

/// <summary>
/// Takes up messages of one community that are due, for a while: whoever leases one sends it outside any transaction, and then says what
/// became of it. Each lease is a try, counted before it is made. Those that another worker holds are passed over.
/// </summary>
[AllowedTo(Roles.System)]
public sealed record LeaseMessages(Guid CommunityId, IReadOnlyList<Guid> MessageIds, WaysOut Ways, TimeSpan For) : ICommand<LeasedMessages>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, OwnerLinks links) : IRequestHandler<LeaseMessages, LeasedMessages>
    {
        private const string Due = """
            select m.message_id, m.recipient_kind, m.recipient_id, m.recipient_role, m.request_id, m.template, m.detail::text as detail, m.created_at, m.channel, m.channel_tries, m.last_failure,
                array_to_string(m.given_up, ',') as given_up,
                k.code, k.name as community_name, k.name_en as community_name_en, k.time_zone, k.quiet_from::text as quiet_from, k.quiet_to::text as quiet_to,
                coalesce(r.number, lr.number) as number, r.priority, (coalesce(r.confidential, false) or serves.confidential) as confidential,
                (num_nonnulls(r.about_staff_id::text, r.about_crew) > 0 or serves.about_somebody) as about_somebody, r.reporter_phone, r.reporter_name,
                g.name as category_name, g.name_en as category_name_en, p.name as place_name, p.name_en as place_name_en,
                cu.customer_id, cu.name as customer_name, cu.language as customer_language, cu.preferred_channel,
                array(select c.normalised from contact_point c where c.community_id = cu.community_id and c.customer_id = cu.customer_id and c.kind = 'phone' order by c.position, c.contact_point_id) as phones,
                coalesce(wrote.address, (select c.normalised from contact_point c where c.community_id = cu.community_id and c.customer_id = cu.customer_id and c.kind = 'email' order by c.position, c.contact_point_id limit 1)) as email,
                (select c.value from contact_point c where c.community_id = cu.community_id and c.customer_id = cu.customer_id and c.kind = 'weChat' order by c.position, c.contact_point_id limit 1) as we_chat,
                s.staff_id, s.language as staff_language, s.phone as staff_phone,
                m.template in ('feedbackAsk', 'feedbackReminder') and (cu.opted_out_at is not null or exists (
                    select
                    from feedback f
                    where f.community_id = m.community_id and f.feedback_id = (m.detail ->> 'feedbackId')::uuid
                      and (f.ended_at is not null or exists (select from feedback l where l.community_id = f.community_id and l.request_id = f.request_id and l.round > f.round)))) as round_is_over,
                coalesce(told.all_stopped, false) as clocks_have_stopped,
                o.number as order_number, fa.title, op.name as order_place, ol.owner_link_id
            from message m
            join community k on k.community_id = m.community_id
            left join request r on r.community_id = m.community_id and r.request_id = m.request_id
            left join work_order o on o.community_id = m.community_id and o.work_order_id = (m.detail ->> 'workOrderId')::uuid
            cross join lateral (
                select coalesce(bool_or(x.confidential), false) as confidential, coalesce(bool_or(num_nonnulls(x.about_staff_id::text, x.about_crew) > 0), false) as about_somebody
                from request_work_order w
                join request x on x.community_id = w.community_id and x.request_id = w.request_id
                where w.community_id = o.community_id and w.work_order_id = o.work_order_id) serves
            -- the clocks that it tells of: the one that it names, and those of the escalations that were told by it
            left join lateral (
                select bool_and(c.stopped_at is not null) as all_stopped
                from (
                    select (m.detail ->> 'clockId')::uuid as clock_id
                    union
                    select e.clock_id
                    from escalation_recipient t
                    join escalation e on e.community_id = t.community_id and e.escalation_id = t.escalation_id
                    where t.community_id = m.community_id and t.message_id = m.message_id) t
                join clock c on c.community_id = m.community_id and c.clock_id = t.clock_id
                where m.recipient_kind = 'staff') told on true
            left join lateral (
                select x.number
                from request_work_order w
                join request x on x.community_id = w.community_id and x.request_id = w.request_id and not x.confidential
                where w.community_id = o.community_id and w.work_order_id = o.work_order_id and w.left_at is null
                order by w.joined_at, w.request_id
                limit 1) lr on true
            left join category g on g.community_id = m.community_id and g.category_id = coalesce(r.category_id, o.category_id)
            left join place p on p.community_id = m.community_id and p.place_id = r.place_id
            -- what an order of a confidential complaint says goes to those who do the work: a home would tell them who complained
            left join place op on op.community_id = m.community_id and op.place_id = o.place_id and (not serves.confidential or op.kind not in ('home', 'shop', 'parkingSpace'))
            left join fault fa on fa.community_id = m.community_id and fa.fault_id = (m.detail ->> 'faultId')::uuid
            -- whoever wrote a mail that the desk registered, and left nothing else, is written to where it came from
            left join lateral (
                select i.sender_normalised as address
                from inbound_message i
                where m.recipient_kind = 'reporter' and num_nonnulls(r.customer_id::text, r.reporter_phone) = 0
                  and i.community_id = m.community_id and i.request_id = m.request_id and i.channel = 'email' and i.is_report and i.sender <> '–') wrote on true
            left join customer cu on m.recipient_kind = 'customer' and cu.community_id = m.community_id and cu.customer_id = m.recipient_id and cu.erased_at is null
            left join owner_link ol on ol.community_id = m.community_id and ol.request_id = m.request_id
                and (m.recipient_kind = 'reporter' or (m.recipient_kind = 'customer' and m.recipient_id = r.customer_id))
            left join staff s on m.recipient_kind = 'staff' and s.staff_id = m.recipient_id and s.disabled_at is null
            where m.community_id = @CommunityId and m.message_id = any (@Ids) and m.send_after <= @Now and m.sent_at is null and m.parked_at is null
            order by m.message_id
            for no key update of m skip locked
            """;

        private const string Write = """
            update message m
            set lease_id = case when u.lease then @LeaseId::uuid end, send_after = u.send_after, attempts = m.attempts + case when u.lease then 1 else 0 end,
                channel = u.channel, channel_tries = u.tries, given_up = case when u.given_up = '' then '{}' else string_to_array(u.given_up, ',') end,
                last_tried_at = case when u.lease then @Now::timestamptz else m.last_tried_at end,
                parked_at = case when u.why is not null then @Now::timestamptz end, parked_why = u.why
            from unnest(@MessageIds::uuid[], @Leases::boolean[], @SendAfter::timestamptz[], @Channels::text[], @Tries::smallint[], @GivenUp::text[], @Whys::text[])
                u (message_id, lease, send_after, channel, tries, given_up, why)
            where m.community_id = @CommunityId and m.message_id = u.message_id
            """;

        private sealed record Row(
            Guid MessageId, RecipientKind RecipientKind, Guid? RecipientId, string? RecipientRole, Guid? RequestId, string Template, string Detail, DateTimeOffset CreatedAt, MessageChannel? Channel, short ChannelTries, string? LastFailure,
            string GivenUp, string Code, string CommunityName, string CommunityNameEn, string TimeZone, string QuietFrom, string QuietTo, long? Number, Priority? Priority, bool Confidential, bool AboutSomebody, string? ReporterPhone,
            string? ReporterName, string? CategoryName, string? CategoryNameEn, string? PlaceName, string? PlaceNameEn, Guid? CustomerId, string? CustomerName, string? CustomerLanguage,
            PreferredChannel? PreferredChannel, string[] Phones, string? Email, string? WeChat, Guid? StaffId, string? StaffLanguage, string? StaffPhone, bool RoundIsOver,
            bool ClocksHaveStopped, long? OrderNumber, string? Title, string? OrderPlace, Guid? OwnerLinkId)
        {
            public bool ToPerson => RecipientKind is RecipientKind.Customer or RecipientKind.Reporter;

            /// <summary>Not for a group that reads along: who complained confidentially, of whom, and what an owner thinks of somebody's work.</summary>
            public bool Discreet => Confidential || AboutSomebody || Templates.TellsWhatAnOwnerSaid(Template);

            public string Language => (CustomerLanguage ?? StaffLanguage) == "en" ? "en" : "zh-CN";
        }

        private sealed record Plan(Row Row, bool Lease, DateTimeOffset SendAfter, MessageChannel? Channel, int Tries, IReadOnlyList<MessageChannel> GivenUp, ParkedWhy? Ended);

        public async Task<LeasedMessages> Handle(LeaseMessages command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            var rows = await db.List<Row>(Due, new { command.CommunityId, Ids = command.MessageIds.ToArray(), Now = now }, cancellationToken);
            if (rows.Count == 0)
            {
                return new LeasedMessages([], [], 0);
            }

            var own = await OwnTemplates.Of(db, command.CommunityId, cancellationToken);
            var leaseId = Guid.CreateVersion7(now);
            var until = now + command.For;
            var toSend = new List<OutgoingMessage>(rows.Count);
            var toPark = new List<(Guid, Guid, ParkedWhy)>();
            var plans = new List<Plan>(rows.Count);
            foreach (var row in rows)
            {
                var plan = PlanOf(row, command.Ways.Of(row.Code), now, until, out var ways);
                plans.Add(plan);
                if (!plan.Lease)
                {
                    if (plan.Ended is { } ended && row.RequestId is { } request)
                    {
                        log.Write(command.CommunityId, SubjectKind.Request, request, Happening.MessageNotSent, new { row.MessageId, row.Template, why = ended }, null, Visibility.Desk, now);
                    }

                    continue;
                }

                if (Templates.Find(row.Template) is not { } shipped)
                {
                    toPark.Add((row.MessageId, leaseId, ParkedWhy.Unrenderable));
                }
                else if (plan.Channel is not { } channel)
                {
                    toPark.Add((row.MessageId, leaseId, plan.GivenUp.Count == 0 ? ParkedWhy.NoChannel : row.LastFailure == MessageParker.Bounced ? ParkedWhy.Bounced : ParkedWhy.Exhausted));
                }
                else
                {
                    var link = command.Ways.PublicAddress is { } address && row.OwnerLinkId is { } id ? new Uri(address, "/o/" + await links.TokenOf(id, db, cancellationToken)) : null;
                    toSend.Add(Outgoing(command.CommunityId, row, plan, shipped, own.GetValueOrDefault((row.Template, row.Language)), channel, leaseId, until, ways, link));
                }
            }

            await db.Run(
                Write,
                new
                {
                    command.CommunityId,
                    LeaseId = leaseId,
                    Now = now,
                    MessageIds = plans.Select(p => p.Row.MessageId).ToArray(),
                    Leases = plans.Select(p => p.Lease).ToArray(),
                    SendAfter = plans.Select(p => p.SendAfter.UtcDateTime).ToArray(),
                    Channels = plans.Select(p => p.Channel is { } c ? EnumWord.Of(c) : null).ToArray(),
                    Tries = plans.Select(p => (short)p.Tries).ToArray(),
                    GivenUp = plans.Select(p => string.Join(',', p.GivenUp.Select(EnumWord.Of))).ToArray(),
                    Whys = plans.Select(p => p.Ended is { } why ? EnumWord.Of(why) : null).ToArray(),
                },
                cancellationToken);
            return new LeasedMessages(toSend, toPark, plans.Count(p => !p.Lease));
        }

        private static Plan PlanOf(Row row, IReadOnlySet<MessageChannel> configured, DateTimeOffset now, DateTimeOffset until, out IReadOnlyList<MessageChannel> ways)
        {
            ways = [];
            MessageChannel[] givenUp = [.. row.GivenUp.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(EnumWord.Read<MessageChannel>)];
            if (row.RoundIsOver || row.ClocksHaveStopped)
            {
                return new Plan(row, false, now, row.Channel, row.ChannelTries, givenUp, ParkedWhy.Moot);
            }

            // Danger is told at any hour; how it went is asked by day.
            if (row.ToPerson && (row.Priority != Rules.Priority.Danger || Templates.AsksForFeedback(row.Template)))
            {
                var over = DeliveryWays.AfterQuiet(now, TimeOnly.Parse(row.QuietFrom, CultureInfo.InvariantCulture), TimeOnly.Parse(row.QuietTo, CultureInfo.InvariantCulture), TimeZoneInfo.FindSystemTimeZoneById(row.TimeZone));
                if (over > now)
                {
                    return new Plan(row, false, over, row.Channel, row.ChannelTries, givenUp, null);
                }
            }

            // A worker that dies says nothing: what was tried often enough and came to no end is given up here.
            if (row.Channel is { } tried && row.ChannelTries >= DeliveryWays.TriesAWay(row.Priority) && !givenUp.Contains(tried))
            {
                givenUp = [.. givenUp, tried];
            }

            ways = [.. DeliveryWays.Ways(row.RecipientKind, row.PreferredChannel, Reachable(row), configured).Except(givenUp)];
            MessageChannel? next = ways.Count == 0 ? null : row.Channel is { } same && ways.Contains(same) ? same : ways[0];
            return new Plan(row, true, until, next, next is not null && next == row.Channel ? row.ChannelTries + 1 : next is null ? 0 : 1, givenUp, null);
        }

        private static HashSet<MessageChannel> Reachable(Row row)
        {
            var ways = new HashSet<MessageChannel>();
            void Where(bool there, MessageChannel channel)
            {
                if (there)
                {
                    ways.Add(channel);
                }
            }

            switch (row.RecipientKind)
            {
                case RecipientKind.Customer or RecipientKind.Reporter:
                    Where(Mobile(row) is not null, MessageChannel.Sms);
                    Where(row.Email is not null, MessageChannel.Email);
                    Where(row.WeChat is not null, MessageChannel.WeChat);
                    Where(row.CustomerId is not null, MessageChannel.App);
                    break;
                case RecipientKind.Staff or RecipientKind.Role:
                    Where(!row.Discreet, MessageChannel.WeCom);
                    Where(!row.Discreet, MessageChannel.DingTalk);
                    Where(row.StaffId is not null || (row.RecipientKind == RecipientKind.Role && !row.Discreet), MessageChannel.App);
                    Where(Mobile(row) is not null, MessageChannel.Sms);
                    break;
            }

            return ways;
        }

        private static string? Mobile(Row row) => row.RecipientKind switch
        {
            RecipientKind.Customer => Array.Find(row.Phones, Rules.PhoneNumber.IsMobile),
            RecipientKind.Reporter => row.ReporterPhone is { } phone && Rules.PhoneNumber.IsMobile(phone) ? phone : null,
            RecipientKind.Staff => row.StaffPhone is { } phone && Rules.PhoneNumber.Normalise(phone) is { } number && Rules.PhoneNumber.IsMobile(number) ? number : null,
            RecipientKind.Role => null,
        };

        private static string Address(Row row, MessageChannel channel) => channel switch
        {
            MessageChannel.Sms => Mobile(row)!,
            MessageChannel.Email => row.Email!,
            MessageChannel.WeChat => row.WeChat!,
            MessageChannel.App => row.CustomerId?.ToString() ?? row.StaffId?.ToString() ?? row.RecipientRole ?? "",
            MessageChannel.WeCom or MessageChannel.DingTalk => Mobile(row) ?? "",
            MessageChannel.Screen => "",
        };

        private static OutgoingMessage Outgoing(
            Guid communityId, Row row, Plan plan, ShippedTemplate shipped, OwnTemplate? own, MessageChannel channel, Guid leaseId, DateTimeOffset until, IReadOnlyList<MessageChannel> ways, Uri? link)
        {
            var words = own is null ? shipped.In(row.Language) : new TemplateWords(own.Subject, own.Body);
            var values = Values(row);
            if (link is not null)
            {
                values["link"] = link.ToString();
            }
            else
            {
                words = WithoutLink(words);
                if (Templates.AsksForFeedback(row.Template) && !Templates.SayTheDigits(words.Body))
                {
                    words = WithoutLink(shipped.In(row.Language)); // nobody could answer their own words
                }
            }

            var provider = own is null ? null : OwnTemplates.Providers(own).FirstOrDefault(p => p.Channel == channel);
            return new OutgoingMessage(
                communityId, row.Code, row.Language == "en" ? row.CommunityNameEn : row.CommunityName, row.MessageId, leaseId, until, row.RecipientKind, row.RequestId, row.Template, row.Language, channel, Address(row, channel),
                TemplateText.Render(words.Subject, values), TemplateText.Render(words.Body, values),
                provider is null ? null : provider with { Fields = [.. provider.Fields.Select(f => f with { Value = TemplateText.Render(f.Value, values) })] },
                values.Where(v => shipped.Known.Contains(v.Key)).ToDictionary(), row.CreatedAt, plan.Tries, DeliveryWays.TriesAWay(row.Priority), plan.GivenUp, ways.Count <= 1);
        }

        private static TemplateWords WithoutLink(TemplateWords words) =>
            words with { Body = string.Join('\n', words.Body.Split('\n').Where(line => !line.Contains("{link}", StringComparison.Ordinal))) };

        /// <summary>What is known, in the recipient's language; what is not, is left out.</summary>
        private static Dictionary<string, string> Values(Row row)
        {
            var english = row.Language == "en";
            var zone = TimeZoneInfo.FindSystemTimeZoneById(row.TimeZone);
            var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["community"] = english ? row.CommunityNameEn : row.CommunityName };
            void Say(string name, string? value)
            {
                if (value is { Length: > 0 })
                {
                    values[name] = value;
                }
            }

            Say("number", (row.Number ?? row.OrderNumber)?.ToString(CultureInfo.InvariantCulture));
            Say("orderNumber", row.OrderNumber?.ToString(CultureInfo.InvariantCulture));
            Say("category", english ? row.CategoryNameEn ?? row.CategoryName : row.CategoryName);
            Say("place", english ? row.PlaceNameEn ?? row.PlaceName ?? row.OrderPlace : row.PlaceName ?? row.OrderPlace);
            Say("name", row.CustomerName ?? row.ReporterName);
            Say("title", row.Title);
            using var detail = JsonDocument.Parse(row.Detail);
            foreach (var said in detail.RootElement.EnumerateObject())
            {
                switch (said.Name)
                {
                    case "dueAt" or "limitAt" or "expectedAt" when said.Value.ValueKind == JsonValueKind.String && said.Value.TryGetDateTimeOffset(out var at):
                        Say(said.Name, Templates.Moment(at, zone, row.Language));
                        break;
                    case "expectedAt" when said.Value.ValueKind == JsonValueKind.Null:
                        Say("expectedAt", english ? "not known yet" : "待定");
                        break;
                    case "kind" when said.Value.ValueKind == JsonValueKind.String && EnumWord.TryRead<ClockKind>(said.Value.GetString()!, out var kind):
                        Say("clock", Templates.Word(kind, row.Language));
                        break;
                    case "level" or "urge" or "clocks" or "satisfaction" or "times" when said.Value.ValueKind == JsonValueKind.Number:
                        Say(said.Name switch { "urge" => "urges", "clocks" => "count", var same => same }, said.Value.GetRawText());
                        break;
                }
            }

            return values;
        }
    }
}
