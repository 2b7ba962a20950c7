using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;
using PropertyServiceDesk.Workers.Deliveries;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>The outbox is delivered to real receivers: HTTP servers and an SMTP server of the tests' own. The fixture starts on Monday 2026-03-02 at 09:00 in Shanghai.</summary>
public sealed class DeliveryTests : DeskFixture
{
    private const string Secret = "whsec_bm90aGluZyB0byBzZWUgaGVyZSwgbW92ZSBvbg==";

    private readonly List<string> logged = [];

    private static DateTimeOffset Local(int month, int day, int hour, int minute = 0) => new(2026, month, day, hour, minute, 0, TimeSpan.FromHours(8));

    private static (string, string?)[] Sms(Receiver receiver) => [("Sms:Url", receiver.Url), ("Sms:Secret", Secret)];

    /// <summary>The desk with deliveries, as Workers has them.</summary>
    private ServiceProvider Delivering(params (string Name, string? Value)[] settings) => Services(services =>
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Prepend((Name: "LingerSeconds", Value: (string?)"0")).GroupBy(s => s.Name).Select(s => KeyValuePair.Create("Desk:Messages:" + s.Key, s.Last().Value))).Build();
        services.AddSingleton(new MessageSettings(configuration));
        services.AddSingleton<Job>();
        services.AddSingleton<DeliverMessages>();
        services.AddLogging(l => l.SetMinimumLevel(LogLevel.Trace));
        services.AddSingleton<ILoggerProvider>(new Lines(logged));
    });

    private async Task<int> Deliver(params (string Name, string? Value)[] settings)
    {
        await using var services = Delivering(settings);
        return await services.GetRequiredService<Job>().Deliver(CancellationToken.None);
    }

    /// <summary>A finished request whose owner is asked: one message.</summary>
    private async Task<(Guid RequestId, Guid MessageId)> GivenAsk(Town? town = null, Priority? priority = null, string? mail = null)
    {
        var request = (await GivenRequest(town, priority)).RequestId;
        await Send((town ?? Here).Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        if (mail is not null)
        {
            await Execute("delete from contact_point where kind = 'email'; insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised) values (@CommunityId, gen_random_uuid(), @Customer, 'email', @mail, @mail)", new { Here.CommunityId, Here.Customer, mail });
        }

        return (request, await Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request }));
    }

    /// <summary>The same by somebody unknown, each from a number of their own: nobody is asked too often.</summary>
    private async Task<Guid> GivenAskOfSomebody(Town town)
    {
        var request = (await Send(town.Clerk, new ReceiveRequest(
            town.CommunityId, RequestKind.Repair, Channel.Phone, town.Category(RequestKind.Repair, "water"), "漏水", PlaceId: town.Places["3-2-1502"], Reporter: new Reporter("李", $"139{++numbers:D8}")))).RequestId;
        await Send(town.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        return await Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request });
    }

    private int numbers;

    private sealed record State(DateTimeOffset? SentAt, DateTimeOffset? ParkedAt, string? ParkedWhy, string? Channel, short Attempts, DateTimeOffset SendAfter, string? LastFailure, string[] GivenUp);

    private async Task<State> StateOf(Guid message)
    {
        var row = (await Rows<(DateTime? SentAt, DateTime? ParkedAt, string? Why, string? Channel, short Attempts, DateTime SendAfter, string? Failure)>(
            "select sent_at, parked_at, parked_why, channel, attempts, send_after, last_failure from message where message_id = @message", new { message })).Single();
        static DateTimeOffset? At(DateTime? at) => at is { } known ? new DateTimeOffset(DateTime.SpecifyKind(known, DateTimeKind.Utc)) : null;
        return new State(At(row.SentAt), At(row.ParkedAt), row.Why, row.Channel, row.Attempts, At(row.SendAfter)!.Value, row.Failure, (await Rows<string>("select unnest(given_up) from message where message_id = @message", new { message })).ToArray());
    }

    [Test]
    public async Task The_owner_is_sent_the_link_of_their_page_where_there_is_a_public_address_and_no_line_of_it_where_there_is_none()
    {
        await using var receiver = await Receiver.Start();
        await GivenAsk();
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Deliver([.. Sms(receiver), ("PublicAddress", "https://desk.example")]);
        var withLink = TextOf(receiver.Calls[^1]);

        var (_, message) = await GivenAsk(There);
        await Deliver([.. Sms(receiver)]);
        var without = TextOf(receiver.Calls[^1]);

        var token = withLink.Split("https://desk.example/o/")[1];
        Assert.That((await Service<PropertyServiceDesk.Domain.Owner.OwnerLinks>().Holder(token, CancellationToken.None))?.CommunityId, Is.EqualTo(Here.CommunityId));
        Assert.That(without, Does.Not.Contain("{link}").And.Not.Contain("/o/").And.Not.Contain("打开"));
        Assert.That((await StateOf(message)).SentAt, Is.Not.Null);
        Assert.That(await Scalar<long>("select count(*) from message where detail::text like '%' || @token || '%'", new { token }), Is.Zero, "it is stored nowhere");
        Assert.That(logged, Has.None.Contains(token), "nor logged, at any level");
    }

    [Test]
    public async Task Own_words_that_only_a_link_could_answer_are_not_sent_without_one()
    {
        await using var receiver = await Receiver.Start();
        await Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "zh-CN", "请评价", "您好，请评价 {number}\n{link}", Version: 0));
        await GivenAsk();

        await Deliver([.. Sms(receiver)]);

        Assert.That(TextOf(receiver.Calls.Single()), Does.Contain("请直接回复数字评价").And.Not.Contain("您好"));
    }

    [TestCase("app", "App", "APP_7", "code")]
    [TestCase("sms", "Sms", "SMS_1", "number")]
    public async Task Edited_words_go_out_with_the_template_that_the_gateway_or_the_app_keeps(string preferred, string way, string template, string field)
    {
        await using var receiver = await Receiver.Start();
        await using var other = await Receiver.Start();
        await Send(Here.Manager, new EditTemplate(
            Here.CommunityId,
            "feedbackAsk",
            "zh-CN",
            "请您评价",
            "邻居您好！{number} 号办好了，请打开 {link}",
            [new ProviderTemplate(MessageChannel.Sms, "SMS_1", [new ProviderField("number", "{number}")]), new ProviderTemplate(MessageChannel.App, "APP_7", [new ProviderField("code", "{number}"), new ProviderField("where", "{community}")])],
            0));
        await Execute("update customer set preferred_channel = @preferred where customer_id = @Customer", new { preferred, Here.Customer });
        var (request, message) = await GivenAsk();
        var number = (await Send(Here.Clerk, new GetRequest(request))).Request.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

        await Deliver((way + ":Url", receiver.Url + "in"), (way + ":Secret", Secret), ((way == "App" ? "Sms" : "App") + ":Url", other.Url), ((way == "App" ? "Sms" : "App") + ":Secret", Secret), ("PublicAddress", "https://desk.example"));

        var call = receiver.Calls.Single();
        var body = JsonDocument.Parse(call.Body).RootElement;
        Assert.That(body.GetProperty("text").GetString(), Does.StartWith($"邻居您好！{number} 号办好了，请打开 https://desk.example/o/"));
        Assert.That((call.Target, body.GetProperty("subject").GetString(), body.GetProperty("channel").GetString()), Is.EqualTo(("/in", "请您评价", preferred)));
        Assert.That((body.GetProperty("providerTemplateId").GetString(), body.GetProperty("providerFields").GetProperty(field).GetString()), Is.EqualTo((template, number)));
        Assert.That(body.GetProperty("to").GetString(), Is.EqualTo(way == "App" ? Here.Customer.ToString() : "13800138000"), "an app knows its owners by our id of theirs");
        Assert.That(call.Headers["webhook-id"], Is.EqualTo("msg_" + message.ToString("N")));
        Assert.That(WebhookSignature.IsSigned(WebhookSignature.Key(Secret), call.Headers["webhook-id"], call.Headers["webhook-timestamp"], call.Headers["webhook-signature"], Encoding.UTF8.GetBytes(call.Body), TimeProvider.System.GetUtcNow()), Is.True);
        Assert.That(await StateOf(message), Has.Property("Channel").EqualTo(preferred).And.Property("SentAt").EqualTo(Clock.GetUtcNow()));
        Assert.That(other.Calls, Is.Empty);
    }

    [Test]
    public async Task While_a_receiver_holds_the_call_no_transaction_is_open_and_the_lease_is_there_for_all_to_see()
    {
        var (_, message) = await GivenAsk();
        List<string> held = [];
        var leased = (Lease: (Guid?)null, Until: default(DateTime), Attempts: (short)0);
        await using var gateway = await Receiver.Start(async (_, _) =>
        {
            leased = (await Rows<(Guid?, DateTime, short)>("select lease_id, send_after, attempts from message where message_id = @message", new { message })).Single();

            // The pump looks for more meanwhile, for a moment at a time: what was open when the call came, and is open still, is held for its sake.
            held = await Open();
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(45));
            while (held.Count > 0 && !deadline.IsCancellationRequested)
            {
                await Task.Delay(50);
                held = [.. held.Intersect(await Open())];
            }

            return (204, "");
        });
        Task<List<string>> Open() => Rows<string>("select pid || ' ' || xact_start from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null");

        await Deliver([.. Sms(gateway), ("TimeoutSeconds", "60"), ("LeaseSeconds", "600")]);

        Assert.That(held, Is.Empty);
        Assert.That((leased.Lease is not null, leased.Until, leased.Attempts), Is.EqualTo((true, Clock.GetUtcNow().UtcDateTime.AddSeconds(600), (short)1)));
        Assert.That(await StateOf(message), Has.Property("SentAt").EqualTo(Clock.GetUtcNow()));
    }

    [Test]
    public async Task Nothing_is_begun_that_could_outlast_its_lease()
    {
        await GivenAskOfSomebody(Here);
        await GivenAskOfSomebody(Here);
        var left = new List<TimeSpan>();
        await using var gateway = await Receiver.Start(async (call, nth) =>
        {
            var message = Guid.ParseExact(call.Headers["webhook-id"][4..], "N");
            left.Add(await Scalar<DateTime>("select send_after from message where message_id = @message", new { message }) - Clock.GetUtcNow().UtcDateTime);
            if (nth == 1)
            {
                Clock.Advance(TimeSpan.FromSeconds(55)); // the second one waits in line, and its lease runs
            }

            return (204, "");
        });

        await Deliver([.. Sms(gateway), ("AtOnce", "1"), ("TimeoutSeconds", "10"), ("LeaseSeconds", "60")]);

        Assert.That(left, Is.EqualTo(new[] { TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60) }), "it was put back, and taken up anew");
        Assert.That(gateway.Calls.Select(c => c.Headers["webhook-id"]).Distinct().Count(), Is.EqualTo(2));
        Assert.That(await Rows<short>("select attempts from message where template = 'feedbackAsk'"), Is.EqualTo(new short[] { 1, 1 }));
    }

    private static string TextOf(ReceivedCall call)
    {
        using var body = JsonDocument.Parse(call.Body);
        return body.RootElement.GetProperty("text").GetString()!;
    }

    /// <summary>Whatever a test sends, by whichever way, and however it fails: at the most talkative level nothing of it is logged.</summary>
    [TearDown]
    public void Nothing_that_was_sent_and_no_secret_was_logged()
    {
        string[] all = [.. logged];
        logged.Clear();
        if (TestContext.CurrentContext.Result.Outcome.Status == NUnit.Framework.Interfaces.TestStatus.Failed)
        {
            TestContext.Out.WriteLine(string.Join('\n', all));
        }

        Assert.That(all.Where(l => Delicate.Any(d => l.Contains(d, StringComparison.OrdinalIgnoreCase))).Take(3), Is.Empty);
    }

    private static readonly string[] Delicate = ["13800138000", "TOPSECRET", "s3cret", "oOpenId_1", "access_token", "SECabc", "?key=", "王小明", "评价", "/o/", Secret];

    [TearDown]
    public Task No_more_mail() => Execute("delete from contact_point where kind in ('email', 'weChat'); update customer set preferred_channel = 'phone', language = 'zh-CN', opted_out_at = null; update community set quiet_from = '21:00', quiet_to = '08:30'; update staff set phone = null");

    [Test]
    public async Task An_ask_goes_to_the_owners_telephone_signed_and_stands_on_the_timeline()
    {
        var (request, message) = await GivenAsk();
        var number = (await Send(Here.Clerk, new GetRequest(request))).Request.Number;
        await using var gateway = await Receiver.Start();

        await Deliver(Sms(gateway));

        var call = gateway.Calls.Single();
        var body = JsonDocument.Parse(call.Body).RootElement;
        Assert.That(call.Headers["webhook-id"], Is.EqualTo("msg_" + message.ToString("N")));
        Assert.That(WebhookSignature.IsSigned(WebhookSignature.Key(Secret), call.Headers["webhook-id"], call.Headers["webhook-timestamp"], call.Headers["webhook-signature"], Encoding.UTF8.GetBytes(call.Body), TimeProvider.System.GetUtcNow()), Is.True);
        Assert.That(body.GetProperty("to").GetString(), Is.EqualTo("13800138000"));
        Assert.That(body.GetProperty("text").GetString(), Does.Contain(number.ToString(System.Globalization.CultureInfo.InvariantCulture)).And.Contain("测试小区"));
        Assert.That(await StateOf(message), Has.Property("SentAt").EqualTo(Clock.GetUtcNow()).And.Property("Channel").EqualTo("sms").And.Property("Attempts").EqualTo(1));
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Count(e => e.What == Happening.MessageSent), Is.EqualTo(1));
        Assert.That((await Send(Here.Clerk, new ListMessagesOfRequest(request))).Single().State, Is.EqualTo(MessageState.Sent));
    }

    [Test]
    public async Task Run_again_it_is_not_sent_again_and_before_its_time_it_is_not_sent()
    {
        var (_, message) = await GivenAsk();
        await Execute("update message set send_after = @At where message_id = @message", new { At = Clock.GetUtcNow().AddMinutes(1), message });
        await using var gateway = await Receiver.Start();

        await Deliver(Sms(gateway));
        Assert.That(gateway.Calls, Is.Empty);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Deliver(Sms(gateway));
        await Deliver(Sms(gateway));

        Assert.That(gateway.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Customers_are_left_alone_at_night_but_not_where_it_is_danger_and_even_then_nobody_is_asked_how_it_went()
    {
        var (_, normal) = await GivenAsk();
        var (_, ask) = await GivenAsk(priority: Priority.Danger);
        var stuck = (await GivenRequest(priority: Priority.Danger)).RequestId;
        await Send(Here.Clerk, new Domain.Faults.OpenFault(Here.CommunityId, "1号电梯困人", RequestId: stuck));
        var danger = await Scalar<Guid>("select message_id from message where template = 'faultJoined'");
        await using var gateway = await Receiver.Start();

        Clock.Set(Local(3, 2, 22, 15));
        await Deliver(Sms(gateway));

        Assert.That((await StateOf(danger)).SentAt, Is.EqualTo(Clock.GetUtcNow()));
        foreach (var waits in new[] { normal, ask })
        {
            Assert.That(await StateOf(waits), Has.Property("SentAt").Null.And.Property("SendAfter").EqualTo(Local(3, 3, 8, 30)).And.Property("Attempts").EqualTo(0));
        }

        Clock.Set(Local(3, 3, 8, 30));
        await Deliver(Sms(gateway));
        Assert.That(((await StateOf(normal)).SentAt, (await StateOf(ask)).SentAt), Is.EqualTo(((DateTimeOffset?)Clock.GetUtcNow(), (DateTimeOffset?)Clock.GetUtcNow())));
    }

    [Test]
    public async Task An_ask_of_a_round_that_is_over_is_not_sent_with_the_next_ones()
    {
        var (request, _) = await GivenDone();
        var first = await Scalar<Guid>("select message_id from message where template = 'feedbackAsk'");
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));
        var again = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId is not null).WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(again));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(again));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(again, "好了"));
        await using var gateway = await Receiver.Start();

        await Deliver(Sms(gateway));

        Assert.That((await StateOf(first)).ParkedWhy, Is.EqualTo("moot"));
        Assert.That(gateway.Calls, Has.Count.EqualTo(1), "asked once, about the second time");
    }

    [Test]
    public async Task Whoever_opts_out_is_not_sent_the_ask_that_waits()
    {
        var (_, message) = await GivenAsk();
        await Send(Here.Clerk, new OptOutOfFeedback(Here.Customer, true)); // and no chaser has come by yet
        await using var gateway = await Receiver.Start();

        await Deliver(Sms(gateway));

        Assert.That((await StateOf(message)).ParkedWhy, Is.EqualTo("moot"));
        Assert.That(gateway.Calls, Is.Empty);
    }

    [Test]
    public async Task What_an_owner_thinks_of_somebody_is_not_told_in_a_group()
    {
        var (low, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(low, Solved.Yes, 1, "王小明"));
        var (back, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(back, Solved.No, 1, "王小明"));
        var complaint = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;
        await Execute("update request set about_crew = 'engineering', confidential = false where request_id = @complaint", new { complaint });
        var secret = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;
        await Execute("update request set about_crew = null, confidential = true where request_id = @secret", new { secret });
        await Execute("update message set template = 'ownersWord' where message_id = (select message_id from message where template = 'reworkReported' limit 1)");
        await Execute(
            "insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after) values (@CommunityId, gen_random_uuid(), 'u', 'staff', @Id, @complaint, 'requestUrged', '{}', @Now, @Now), (@CommunityId, gen_random_uuid(), 'r', 'role', null, @complaint, 'requestUrged', '{}', @Now, @Now), (@CommunityId, gen_random_uuid(), 'w', 'staff', @Id, @low, 'reworkReported', '{}', @Now, @Now), (@CommunityId, gen_random_uuid(), 'a', 'staff', @Id, @low, 'reworkAgain', '{\"times\":2}', @Now, @Now), (@CommunityId, gen_random_uuid(), 'z', 'staff', @Id, @secret, 'requestUrged', '{}', @Now, @Now)",
            new { Here.CommunityId, Here.Manager.Id, complaint, low, secret, Now = Clock.GetUtcNow() });
        await using var group = await Receiver.Answering((200, """{"errcode":0,"errmsg":"ok"}"""));

        await Deliver(("WeCom:Url", group.Url + "cgi-bin/webhook/send?key=abc"), ("DingTalk:Url", group.Url + "robot/send?access_token=xyz"));

        Assert.That(group.Calls, Is.Empty);
        Assert.That(
            await Rows<(string, string?)>("select template, channel from message where recipient_kind in ('staff', 'role') order by template, dedupe_key"),
            Is.EqualTo(new (string, string?)[] { ("lowScore", "screen"), ("ownersWord", "screen"), ("requestUrged", "screen"), ("requestUrged", "screen"), ("requestUrged", "screen"), ("reworkAgain", "screen"), ("reworkReported", "screen") }));
    }

    [TestCase(1, "escalation")]
    [TestCase(7, "escalationDigest")]
    public async Task What_is_done_meanwhile_nobody_is_told_is_late(int orders, string template)
    {
        await GivenLate(orders, accepted: orders);
        await using var group = await Receiver.Answering((200, """{"errcode":0,"errmsg":"ok"}"""));

        await Deliver(("WeCom:Url", group.Url + "cgi-bin/webhook/send?key=abc"));

        Assert.That(await Rows<string>("select distinct parked_why from message where template = @template", new { template }), Is.EqualTo(new[] { "moot" }));
        Assert.That(group.Calls, Is.Empty);
        Assert.That(await Scalar<long>("select count(*) from event where what = 'messageNotSent' and subject_id in (select request_id from request)"), orders == 1 ? Is.Positive : Is.Zero, "the timeline says why");
    }

    [TestCase(1, "escalation")]
    [TestCase(7, "escalationDigest")]
    public async Task While_one_of_them_is_late_still_it_is_told(int orders, string template)
    {
        await GivenLate(orders, accepted: orders - 1);
        await using var group = await Receiver.Answering((200, """{"errcode":0,"errmsg":"ok"}"""));

        await Deliver(("WeCom:Url", group.Url + "cgi-bin/webhook/send?key=abc"));

        Assert.That(await Scalar<bool>("select bool_and(sent_at is not null) from message where template = @template", new { template }), Is.True);
        Assert.That(group.Calls, Is.Not.Empty);
    }

    /// <summary>So many orders that nobody accepted in time, told of by the sweep; some of them are accepted before the message is out.</summary>
    private async Task GivenLate(int orders, int accepted)
    {
        await Execute("delete from leave; delete from shift");
        var late = new List<Guid>();
        for (var i = 0; i < orders; i++)
        {
            late.Add((await GivenDispatched()).WorkOrderId);
        }

        Clock.Set(Local(3, 2, 9, 15));
        await using var services = Delivering();
        await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(services.GetRequiredService<Job>(), CancellationToken.None);
        Assert.That(await Scalar<long>("select count(*) from message where template like 'escalation%'"), Is.Positive);
        Clock.Set(Local(3, 2, 9, 20));
        foreach (var order in late.Take(accepted))
        {
            await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        }
    }

    [Test]
    public async Task A_community_sets_its_own_quiet_hours()
    {
        var (_, message) = await GivenAsk();
        await using var gateway = await Receiver.Start();

        await Send(Here.Manager, new SetQuietHours(Here.CommunityId, "08:00", "10:00"));
        await Deliver(Sms(gateway));

        Assert.That((await StateOf(message)).SendAfter, Is.EqualTo(Local(3, 2, 10)));
        Assert.That(await Send(Here.Clerk, new GetQuietHours(Here.CommunityId)), Is.EqualTo(new QuietHours("08:00", "10:00")));
        Assert.That(await Refusal(() => Send(Here.Manager, new SetQuietHours(There.CommunityId, "08:00", "10:00"))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, new SetQuietHours(Here.CommunityId, "8:00", "25:00"))), Is.EqualTo("quiet_hours.not_a_time quiet_hours.not_a_time"));
    }

    [Test]
    public async Task Two_workers_at_once_send_each_message_once()
    {
        for (var i = 0; i < 30; i++)
        {
            await GivenAskOfSomebody(Here);
        }

        await using var gateway = await Receiver.Start(async (_, _) =>
        {
            await Task.Delay(50);
            return (204, "");
        });

        await Task.WhenAll(Deliver(Sms(gateway)), Deliver(Sms(gateway)), Deliver(Sms(gateway)));

        Assert.That(gateway.Calls.Select(c => c.Headers["webhook-id"]).Distinct().Count(), Is.EqualTo(30));
        Assert.That(gateway.Calls, Has.Count.EqualTo(30));
    }

    [Test]
    public async Task A_worker_whose_lease_was_taken_over_says_nothing_more_about_the_message()
    {
        var (_, message) = await GivenAsk();
        var ways = new WaysOut(new HashSet<MessageChannel> { MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>());
        async Task<LeasedMessages> Lease() => await Send(Here.System, new LeaseMessages(Here.CommunityId, [message], ways, TimeSpan.FromMinutes(1)));
        async Task<int> Mark(OutgoingMessage leased, Attempt what) => await Send(Here.System, new MarkMessages(Here.CommunityId, [new Attempted(leased, what, Clock.GetUtcNow(), "x")], [0.5]));
        var slow = (await Lease()).ToSend.Single();
        Assert.That((await Lease()).ToSend, Is.Empty, "it is in hand");
        Clock.Advance(TimeSpan.FromMinutes(2));
        var quick = (await Lease()).ToSend.Single();

        Assert.That(await Mark(slow, Attempt.Refused), Is.Zero);
        Assert.That(await Send(Here.System, new ParkMessage(Here.CommunityId, message, slow.LeaseId, ParkedWhy.Exhausted)), Is.False);
        Assert.That(await StateOf(message), Has.Property("ParkedAt").Null.And.Property("GivenUp").Empty.And.Property("LastFailure").Null);

        Assert.That(await Mark(quick, Attempt.Taken), Is.EqualTo(1));
        Assert.That(await Mark(slow, Attempt.Failed), Is.Zero);
        Assert.That(await Mark(quick, Attempt.Refused), Is.Zero, "nor is said again what was said");
        Assert.That((quick.MessageId, (await StateOf(message)).SentAt), Is.EqualTo((slow.MessageId, (DateTimeOffset?)Clock.GetUtcNow())));
    }

    [Test]
    public async Task What_was_put_back_untried_does_not_count_as_a_try()
    {
        var (_, message) = await GivenAsk();
        var ways = new WaysOut(new HashSet<MessageChannel> { MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>());
        async Task<OutgoingMessage> Lease() => (await Send(Here.System, new LeaseMessages(Here.CommunityId, [message], ways, TimeSpan.FromMinutes(1)))).ToSend.Single();

        await Send(Here.System, new MarkMessages(Here.CommunityId, [new Attempted(await Lease(), Attempt.PutBack, Clock.GetUtcNow(), Wait: TimeSpan.FromSeconds(5))], [0.5]));

        Assert.That(await StateOf(message), Has.Property("Attempts").EqualTo(0).And.Property("SendAfter").EqualTo(Clock.GetUtcNow().AddSeconds(5)));
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That((await Lease()).Tries, Is.EqualTo(1));
    }

    [Test]
    public async Task What_workers_die_of_before_they_say_anything_is_given_up_as_often_as_what_fails()
    {
        var (_, message) = await GivenAsk();
        var ways = new WaysOut(new HashSet<MessageChannel> { MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>());
        async Task<LeasedMessages> Lease() => await Send(Here.System, new LeaseMessages(Here.CommunityId, [message], ways, TimeSpan.FromMinutes(1)));
        for (var i = 0; i < DeliveryWays.TriesAWay(null); i++)
        {
            Assert.That((await Lease()).ToSend.Single().Tries, Is.EqualTo(i + 1));
            Clock.Advance(TimeSpan.FromMinutes(2)); // nobody says what became of it
        }

        var last = await Lease();

        Assert.That(last.ToSend, Is.Empty);
        Assert.That(last.ToPark.Select(p => (p.MessageId, p.Why)), Is.EqualTo(new[] { (message, ParkedWhy.Exhausted) }));
    }

    [Test]
    public void Before_a_host_that_hangs_only_so_many_wait_and_the_rest_stays_away_for_longer_the_longer_it_is_silent()
    {
        using var line = new HostLine(2);
        var now = Clock.GetUtcNow();
        Assert.That(Enumerable.Range(0, 1_002).Count(_ => line.Join(now)), Is.EqualTo(1_002));

        Assert.That(line.Join(now), Is.False);
        Assert.That((line.Stay(now, 0), line.Stay(now.AddSeconds(30), 0), line.Stay(now.AddHours(1), 1)), Is.EqualTo((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2))));
        line.Leave(hadPlace: false);
        Assert.That(line.Join(now), Is.True);
    }

    [Test]
    public async Task What_failed_is_tried_later_under_the_same_id()
    {
        var (_, message) = await GivenAsk();
        await using var gateway = await Receiver.Answering((500, ""), (503, ""), (204, ""));

        await Deliver(Sms(gateway));
        var first = await StateOf(message);
        Assert.That(first, Has.Property("SentAt").Null.And.Property("LastFailure").EqualTo("http 500"));
        Assert.That(first.SendAfter - Clock.GetUtcNow(), Is.InRange(TimeSpan.FromSeconds(24), TimeSpan.FromSeconds(36)));
        await Deliver(Sms(gateway));
        Assert.That(gateway.Calls, Has.Count.EqualTo(1), "not before its time");

        Clock.Advance(TimeSpan.FromMinutes(1));
        await Deliver(Sms(gateway));
        Clock.Advance(TimeSpan.FromMinutes(2));
        await Deliver(Sms(gateway));

        Assert.That(gateway.Calls.Select(c => c.Headers["webhook-id"]).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await StateOf(message), Has.Property("SentAt").EqualTo(Clock.GetUtcNow()).And.Property("Attempts").EqualTo(3).And.Property("LastFailure").Null);
    }

    [Test]
    public async Task What_failed_at_one_instant_is_not_tried_again_at_one_instant()
    {
        for (var i = 0; i < 12; i++)
        {
            await GivenAskOfSomebody(Here);
        }

        await using var gateway = await Receiver.Answering((500, ""));

        foreach (var (from, to) in new[] { (24, 36), (48, 72), (96, 144) })
        {
            await Deliver(Sms(gateway));

            var next = await Rows<double>("select extract(epoch from send_after - @Now)::float8 from message where template = 'feedbackAsk' and last_failure = 'http 500'", new { Now = Clock.GetUtcNow() });
            Assert.That(next, Has.Count.EqualTo(12).And.All.InRange(from, to), "30 s, doubled each time, plus or minus a fifth");
            Assert.That(next.Distinct().Count(), Is.GreaterThan(6));
            Clock.Advance(TimeSpan.FromSeconds(to));
        }
    }

    [Test]
    public async Task Where_one_way_is_refused_for_good_the_next_one_is_taken_at_once()
    {
        var (_, message) = await GivenAsk(mail: "owner@example.org");
        await using var gateway = await Receiver.Answering((404, ""));
        await using var post = await SmtpServer.Start();

        await Deliver([.. Sms(gateway), .. Email(post)]);

        var mail = await post.Next();
        Assert.That(mail.To, Is.EqualTo(new[] { "owner@example.org" }));
        Assert.That(mail.Mail, Does.Contain($"desk.{message:N}@desk.example").And.Contain("Auto-Submitted: auto-generated"));
        Assert.That(Encoding.UTF8.GetString(Convert.FromBase64String(mail.Mail[(mail.Mail.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Trim())), Does.Contain("请直接回复数字评价"));
        var state = await StateOf(message);
        Assert.That((state.Channel, state.SentAt), Is.EqualTo(("email", (DateTimeOffset?)Clock.GetUtcNow())));
        Assert.That(state.GivenUp, Is.EqualTo(new[] { "sms" }));
    }

    [Test]
    public async Task The_preferred_way_is_the_first_and_the_language_is_the_customers()
    {
        var (_, message) = await GivenAsk(mail: "owner@example.org");
        await Execute("update customer set preferred_channel = 'email', language = 'en' where customer_id = @Customer", new { Here.Customer });
        await using var gateway = await Receiver.Start();
        await using var post = await SmtpServer.Start("--sign-in", "desk:geheim");

        await Deliver([.. Sms(gateway), .. Email(post), ("Email:User", "desk"), ("Email:Password", "geheim")]);

        var mail = await post.Next();
        Assert.That(mail.User, Is.EqualTo("desk"));
        Assert.That(mail.Mail, Does.Contain("Test community"));
        Assert.That(gateway.Calls, Is.Empty);
        Assert.That((await StateOf(message)).Channel, Is.EqualTo("email"));
    }

    [Test]
    public async Task An_address_that_a_mail_server_does_not_know_is_given_up_and_one_that_is_busy_is_tried_again()
    {
        await using var post = await SmtpServer.Start();
        var (_, unknown) = await GivenAsk(mail: "nobody@example.org");
        await Deliver(Email(post));
        Assert.That(await StateOf(unknown), Has.Property("ParkedWhy").EqualTo("exhausted").And.Property("LastFailure").EqualTo("smtp 550"));

        var (_, busy) = await GivenAsk(mail: "later@example.org");
        await Deliver(Email(post));

        Assert.That(await StateOf(busy), Has.Property("ParkedAt").Null.And.Property("LastFailure").EqualTo("smtp 451"));
        Assert.That(post.TookMore, Is.False);
    }

    [Test]
    public async Task A_mail_server_whose_certificate_nobody_knows_is_not_given_anything()
    {
        await using var post = await SmtpServer.Start("--tls");
        var (_, message) = await GivenAsk(mail: "owner@example.org");

        await Deliver([.. Email(post), ("Email:StartTls", "true")]);

        Assert.That(await StateOf(message), Has.Property("SentAt").Null.And.Property("ParkedAt").Null.And.Property("LastFailure").EqualTo("smtp certificate not trusted"));
        Assert.That(post.TookMore, Is.False);
    }

    [Test]
    public async Task A_mail_server_that_does_not_offer_to_speak_in_private_is_not_given_anything_where_it_must()
    {
        await using var post = await SmtpServer.Start();
        var (_, message) = await GivenAsk(mail: "owner@example.org");

        await Deliver([.. Email(post), ("Email:StartTls", "true")]);

        Assert.That(await StateOf(message), Has.Property("SentAt").Null.And.Property("ParkedAt").Null.And.Property("LastFailure").Not.Null);
        Assert.That(post.TookMore, Is.False);
    }

    [Test]
    public async Task After_the_last_try_it_is_parked_where_the_desk_sees_it_and_the_desk_may_try_again_or_discard_it()
    {
        var (request, message) = await GivenAsk();
        await using var gateway = await Receiver.Start((_, nth) => Task.FromResult((nth <= DeliveryWays.TriesAWay(null) ? 500 : 204, "")));
        for (var i = 0; i < DeliveryWays.TriesAWay(null); i++)
        {
            await Deliver(Sms(gateway));
            Clock.Advance(TimeSpan.FromMinutes(40));
        }

        Assert.That(gateway.Calls, Has.Count.EqualTo(DeliveryWays.TriesAWay(null)));
        var parked = (await Send(Here.Clerk, new ListParkedMessages())).Items.Single();
        Assert.That((parked.MessageId, parked.ParkedWhy, parked.LastFailure, parked.RequestId), Is.EqualTo((message, (ParkedWhy?)ParkedWhy.Exhausted, "http 500", (Guid?)request)));
        Assert.That((await Send(There.Clerk, new ListParkedMessages())).Items, Is.Empty);
        Assert.That(await Refusal(() => Send(There.Clerk, new RetryMessage(message))), Is.EqualTo("message.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RetryMessage(message), c => c.IfMatch = 99)), Is.EqualTo("message.changed_meanwhile"));

        await Send(Here.Clerk, new RetryMessage(message));
        Assert.That(await Refusal(() => Send(Here.Clerk, new DiscardMessage(message, "打过电话"))), Is.EqualTo("message.not_parked"));
        await Deliver(Sms(gateway));

        Assert.That((await StateOf(message)).SentAt, Is.EqualTo(Clock.GetUtcNow()));
        Assert.That((await Send(Here.Clerk, new ListParkedMessages())).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Select(e => e.What).Where(w => w is Happening.MessageParked or Happening.MessageRetried or Happening.MessageSent), Is.EqualTo(new[] { Happening.MessageParked, Happening.MessageRetried, Happening.MessageSent }));
    }

    [Test]
    public async Task A_discarded_message_is_not_sent_and_the_reason_is_on_the_timeline()
    {
        var (request, message) = await GivenAsk();
        await using var gateway = await Receiver.Answering((410, ""));
        await Deliver(Sms(gateway));

        var reply = await Send(Here.Manager, new DiscardMessage(message, "已电话联系"));
        Clock.Advance(TimeSpan.FromDays(1));
        await Deliver(Sms(gateway));

        Assert.That((reply.State, reply.AllowedMoves.Count), Is.EqualTo((MessageState.Ended, 0)));
        Assert.That(gateway.Calls, Has.Count.EqualTo(1));
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Single(e => e.What == Happening.MessageDiscarded).Text, Is.EqualTo("已电话联系"));
    }

    [Test]
    public async Task Somebody_without_a_mobile_number_is_parked_at_once()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("李", "0755-88888888")))).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        await using var gateway = await Receiver.Start();

        await Deliver(Sms(gateway));

        Assert.That((await Send(Here.Clerk, new ListMessagesOfRequest(request))).Single(), Has.Property("State").EqualTo(MessageState.Parked).And.Property("ParkedWhy").EqualTo(ParkedWhy.NoChannel));
        Assert.That(gateway.Calls, Is.Empty);
    }

    [Test]
    public async Task What_was_answered_meanwhile_is_not_asked_any_more()
    {
        var (answered, message) = await GivenAsk();
        await Send(Here.Clerk, new RecordFeedback(answered, Solved.Yes, 5, "王小明"));
        await using var gateway = await Receiver.Start();

        await Deliver(Sms(gateway));

        Assert.That((await StateOf(message)).ParkedWhy, Is.EqualTo("moot"));
        Assert.That(gateway.Calls, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListParkedMessages())).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListMessagesOfRequest(answered))).Single(m => m.MessageId == message).State, Is.EqualTo(MessageState.Ended));
    }

    [Test]
    public async Task A_receiver_that_hangs_does_not_hold_up_the_others()
    {
        var answers = new TaskCompletionSource();
        await using var hanging = await Receiver.Start(async (_, _) =>
        {
            await answers.Task;
            return (204, "");
        });
        await using var gateway = await Receiver.Start();
        for (var i = 0; i < 40; i++)
        {
            await GivenAskOfSomebody(There);
        }

        Clock.Advance(TimeSpan.FromSeconds(1)); // the hanging ones are due first
        for (var i = 0; i < 20; i++)
        {
            await GivenAskOfSomebody(Here);
        }

        await using var services = Delivering([.. Sms(gateway), ("In:there:Sms:Url", hanging.Url), ("In:there:Sms:Secret", Secret), ("TimeoutSeconds", "60"), ("LeaseSeconds", "600"), ("AtOnce", "8")]);
        var run = services.GetRequiredService<Job>().Deliver(CancellationToken.None);
        await Until("as many hang at once as it is given", () => Task.FromResult(hanging.Calls.Count >= 8));
        await Until("the others are sent", async () => await SentIn(Here) == 20);
        Assert.That(await SentIn(There), Is.Zero);
        Assert.That(hanging.Calls, Has.Count.EqualTo(8), "and no more");

        answers.SetResult();
        await Until("the hanging ones are sent too", async () => await SentIn(There) == 40);
        await run;
    }

    [Test]
    public async Task A_host_that_did_not_answer_many_times_is_let_alone()
    {
        await using var hanging = await Receiver.Hanging();
        for (var i = 0; i < 35; i++)
        {
            await GivenAskOfSomebody(Here);
        }

        await Deliver([.. Sms(hanging), ("TimeoutSeconds", "1"), ("AtOnce", "8")]);

        var failures = await Rows<string>("select last_failure from message where community_id = @CommunityId and sent_at is null and last_failure is not null", new { Here.CommunityId });
        Assert.That(failures, Has.Count.EqualTo(35));
        Assert.That(failures.Distinct(), Is.EquivalentTo(new[] { "no answer in time", "host down" }));
        Assert.That(failures.Count(f => f == "no answer in time"), Is.InRange(20, 27), "twenty in a row, and those that were on their way then");
        Assert.That(hanging.Calls, Has.Count.LessThanOrEqualTo(27), "whoever was let alone was not called; one that gave up may have gone before its call was read");
    }

    private Task<long> SentIn(Town town) => Scalar<long>("select count(*) from message where community_id = @CommunityId and template = 'feedbackAsk' and sent_at is not null", new { town.CommunityId });

    private static async Task Until(string what, Func<Task<bool>> isSo)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!await isSo())
        {
            Assert.That(deadline.IsCancellationRequested, Is.False, "not in time: " + what);
            await Task.Delay(50);
        }
    }

    [Test]
    public async Task Staff_are_told_by_the_robots_of_their_groups_and_on_their_screens_where_there_are_none()
    {
        var (request, _) = await GivenDispatched();
        await Send(Here.Clerk, new UrgeRequest(request));
        await using var weCom = await Receiver.Answering((200, """{"errcode":0,"errmsg":"ok"}"""));
        await Execute("update staff set phone = '139 0000 1111' where staff_id = @Id", new { Here.Lead(Crew.Engineering).Id });

        await Deliver(("WeCom:Url", weCom.Url + "cgi-bin/webhook/send?key=abc"));

        var lead = weCom.Calls.Single(c => c.Body.Contains("13900001111", StringComparison.Ordinal));
        Assert.That(JsonDocument.Parse(lead.Body).RootElement.GetProperty("text").GetProperty("mentioned_mobile_list")[0].GetString(), Is.EqualTo("13900001111"));
        Assert.That(JsonDocument.Parse(lead.Body).RootElement.GetProperty("text").GetProperty("content").GetString(), Does.Contain("催单"));
        Assert.That(weCom.Calls.Select(c => c.Target).Distinct(), Is.EqualTo(new[] { "/cgi-bin/webhook/send?key=abc" }));

        Clock.Advance(TimeSpan.FromHours(2));
        await Send(Here.Clerk, new UrgeRequest(request));
        await using var gateway = await Receiver.Start();
        await Execute("update staff set phone = null");
        await Deliver(Sms(gateway));
        Assert.That(await Rows<string>("select distinct channel from message where request_id = @request and dedupe_key like 'urge:%:2:%'", new { request }), Is.EqualTo(new[] { "screen" }));
    }

    /// <summary>As documented at developer.work.weixin.qq.com, open.dingtalk.com and developers.weixin.qq.com; the replies are recorded ones.</summary>
    [Test]
    public async Task Ding_talk_is_signed_and_its_refusal_of_too_many_is_waited_for()
    {
        var (request, _) = await GivenDispatched();
        await Send(Here.Clerk, new UrgeRequest(request));
        await Execute("delete from message where recipient_kind = 'role'");
        await using var robot = await Receiver.Answering((200, """{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}"""), (200, """{"errcode":0,"errmsg":"ok"}"""));

        await Deliver(("DingTalk:Url", robot.Url + "robot/send?access_token=xyz"), ("DingTalk:Secret", "SECabc"));

        var call = robot.Calls[0];
        var query = System.Web.HttpUtility.ParseQueryString(call.Target[call.Target.IndexOf('?', StringComparison.Ordinal)..]);
        var expected = Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes("SECabc"), Encoding.UTF8.GetBytes(query["timestamp"] + "\nSECabc")));
        Assert.That((query["access_token"], query["sign"]), Is.EqualTo(("xyz", expected)));
        Assert.That(JsonDocument.Parse(call.Body).RootElement.GetProperty("msgtype").GetString(), Is.EqualTo("text"));
        Assert.That(await Scalar<bool>("select bool_or(send_after >= @At) from message where last_failure = 'dingTalk 130101'", new { At = Clock.GetUtcNow().AddMinutes(10) }), Is.True);
    }

    [Test]
    public async Task We_chat_fills_the_accounts_own_template_and_asks_for_a_new_token_when_the_old_one_is_over()
    {
        var (request, message) = await GivenAsk();
        await Execute("insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised) values (@CommunityId, gen_random_uuid(), @Customer, 'weChat', 'oOpenId_1', 'oopenid_1'); update customer set preferred_channel = 'weChat' where customer_id = @Customer", new { Here.CommunityId, Here.Customer });
        await Send(Here.Manager, new EditTemplate(
            Here.CommunityId, "feedbackAsk", "zh-CN", "请评价", "请评价 {number} {link}", [new ProviderTemplate(MessageChannel.WeChat, "TM00015", [new ProviderField("character_string1", "{number}"), new ProviderField("thing2", "{category}已完成")])], 0));
        var tokens = 0;
        await using var account = await Receiver.Start((call, _) => Task.FromResult((200, call.Target.StartsWith("/cgi-bin/token?", StringComparison.Ordinal)
            ? $$"""{"access_token":"TOKEN{{++tokens}}","expires_in":7200}"""
            : call.Target.EndsWith("TOKEN1", StringComparison.Ordinal) ? """{"errcode":42001,"errmsg":"access_token expired"}""" : """{"errcode":0,"errmsg":"ok","msgid":200228332}""")));

        await using var services = Delivering(("WeChat:Url", account.Url), ("WeChat:AppId", "wx1"), ("WeChat:AppSecret", "s3cret"));
        await services.GetRequiredService<Job>().Deliver(CancellationToken.None);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await services.GetRequiredService<Job>().Deliver(CancellationToken.None);

        var last = account.Calls[^1];
        var body = JsonDocument.Parse(last.Body).RootElement;
        Assert.That(last.Target, Is.EqualTo("/cgi-bin/message/template/send?access_token=TOKEN2"));
        Assert.That((body.GetProperty("touser").GetString(), body.GetProperty("template_id").GetString(), body.GetProperty("client_msg_id").GetString()), Is.EqualTo(("oOpenId_1", "TM00015", message.ToString("N"))));
        Assert.That(body.GetProperty("data").GetProperty("character_string1").GetProperty("value").GetString(), Is.EqualTo((await Send(Here.Clerk, new GetRequest(request))).Request.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.That((await StateOf(message)).SentAt, Is.EqualTo(Clock.GetUtcNow()));
    }

    [Test]
    public async Task In_development_messages_are_files()
    {
        var (_, message) = await GivenAsk();
        var folder = Directory.CreateTempSubdirectory("servicedesk-messages-");
        try
        {
            await Deliver(("Folder", folder.FullName));

            var file = folder.GetFiles().Single();
            Assert.That(file.Name, Is.EqualTo($"{message}.sms.json"));
            Assert.That(await File.ReadAllTextAsync(file.FullName), Does.Contain("13800138000"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Without_any_way_out_staff_are_told_on_their_screens_and_what_owners_are_to_be_sent_waits()
    {
        var (_, message) = await GivenAsk();
        var (request, _) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromDays(1));
        await using var services = Services(_ => { });
        await Schedule.Entries.Single(e => e.Id == "escalate-overdue").Run(new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance), CancellationToken.None);
        var lead = Here.Lead(Crew.Engineering);
        var told = await Rows<Guid>("select message_id from message where recipient_id = @Id and template = 'escalation'", new { lead.Id });
        Assert.That(told, Is.Not.Empty);
        Assert.That((await Send(lead, new ListToldMe())).Items.Select(m => m.SentAt), Has.All.Null);

        await Deliver();
        await Deliver();

        Assert.That(await StateOf(message), Has.Property("Attempts").EqualTo(0).And.Property("ParkedAt").Null, "the owner's");
        Assert.That(await Rows<string>("select distinct channel from message where recipient_kind in ('staff', 'role') and sent_at is not null"), Is.EqualTo(new[] { "screen" }));
        Assert.That(await Scalar<long>("select count(*) from message where recipient_kind in ('staff', 'role') and sent_at is null and parked_at is null"), Is.Zero);
        var seen = (await Send(lead, new ListToldMe())).Items;
        Assert.That(told, Is.SubsetOf(seen.Select(m => m.MessageId)));
        Assert.That(seen.Where(m => told.Contains(m.MessageId)), Has.All.Property("Channel").EqualTo(MessageChannel.Screen).And.All.Property("SentAt").EqualTo(Clock.GetUtcNow()).And.All.Property("RequestId").EqualTo(request));
        Assert.That((await Send(There.Lead(Crew.Engineering), new ListToldMe())).Items, Is.Empty);
        Assert.That((await Send(lead, new ListToldMe(Take: 1))).Items.Concat((await Send(lead, new ListToldMe(After: (await Send(lead, new ListToldMe(Take: 1))).Next))).Items).Select(m => m.MessageId), Is.EqualTo(seen.Select(m => m.MessageId)));
    }

    [Test]
    public async Task What_comes_back_goes_out_by_the_next_way_whatever_it_tells()
    {
        var (request, ask) = await GivenAsk(mail: "owner@example.org");
        await Execute(
            """
            insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
            select community_id, gen_random_uuid(), 'another', recipient_kind, recipient_id, request_id, 'faultJoined', '{}', created_at, send_after from message where message_id = @ask;
            update customer set preferred_channel = 'email' where customer_id = @Customer
            """,
            new { ask, Here.Customer });
        var other = await Scalar<Guid>("select message_id from message where dedupe_key = 'another'");
        await using var gateway = await Receiver.Start();
        await using var post = await SmtpServer.Start();
        await Deliver([.. Sms(gateway), .. Email(post)]);
        Assert.That(gateway.Calls, Is.Empty);
        Clock.Advance(TimeSpan.FromMinutes(2));

        foreach (var message in new[] { ask, other, ask })
        {
            await Send(Here.System, new TakeInbound(Here.CommunityId, InboundChannel.Email, $"<{Guid.NewGuid()}@mx>", "<>", "Undelivered", $"Status: 5.1.1\n\nMessage-ID: <desk.{message:N}@desk.example>", []));
        }

        Assert.That(await StateOf(ask), Has.Property("SentAt").Null.And.Property("ParkedAt").Null.And.Property("LastFailure").EqualTo("bounced"));
        await Deliver([.. Sms(gateway), .. Email(post)]);
        foreach (var message in new[] { ask, other })
        {
            Assert.That(await StateOf(message), Has.Property("Channel").EqualTo("sms").And.Property("SentAt").EqualTo(Clock.GetUtcNow()).And.Property("GivenUp").EqualTo(new[] { "email" }));
        }

        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Count(e => e.What == Happening.MessageCameBack), Is.EqualTo(2), "one each, however often the report comes");

        // A report of the mail that comes once more takes nothing back that went by telephone.
        await Send(Here.System, new TakeInbound(Here.CommunityId, InboundChannel.Email, "<late@mx>", "<>", "Undelivered", $"Status: 5.1.1\n\nMessage-ID: <desk.{ask:N}@desk.example>", []));
        Assert.That((await StateOf(ask)).SentAt, Is.EqualTo(Clock.GetUtcNow()));
    }

    [Test]
    public async Task An_ask_that_came_back_and_has_no_other_way_is_on_the_call_back_list_with_the_next_look()
    {
        var (request, ask) = await GivenAsk(mail: "owner@example.org");
        await Execute("update customer set preferred_channel = 'email' where customer_id = @Customer", new { Here.Customer });
        await using var post = await SmtpServer.Start();
        await Deliver(Email(post));

        await Send(Here.System, new TakeInbound(Here.CommunityId, InboundChannel.Email, "<b@mx>", "<>", "Undelivered", $"Status: 5.1.1\n\nMessage-ID: <desk.{ask:N}@desk.example>", []));
        await Deliver(Email(post));

        Assert.That(await StateOf(ask), Has.Property("ParkedWhy").EqualTo("bounced").And.Property("ParkedAt").EqualTo(Clock.GetUtcNow()));
        await Send(Here.System, new ChaseFeedback(Here.CommunityId, [await Scalar<Guid>("select feedback_id from feedback where request_id = @request", new { request })]));
        Assert.That(await Rows<(string, string)>("select state, listed_why from feedback where request_id = @request", new { request }), Is.EqualTo(new[] { ("toCall", "notDelivered") }));
    }

    [Test]
    public async Task An_ask_that_no_way_takes_is_on_the_call_back_list_in_the_same_minute_and_nobody_is_reminded()
    {
        var (request, ask) = await GivenAsk();
        await using var gateway = await Receiver.Answering((410, ""));
        await using var services = Delivering([.. Sms(gateway)]);
        var chaser = Schedule.Entries.Single(e => e.Id == "chase-feedback");
        await chaser.Run(services.GetRequiredService<Job>(), CancellationToken.None);

        await services.GetRequiredService<Job>().Deliver(CancellationToken.None);
        await chaser.Run(services.GetRequiredService<Job>(), CancellationToken.None);

        Assert.That((await StateOf(ask)).ParkedWhy, Is.EqualTo("exhausted"));
        Assert.That(await Rows<(string, string, DateTime)>("select state, listed_why, listed_at from feedback where request_id = @request", new { request }), Is.EqualTo(new[] { ("toCall", "notDelivered", Clock.GetUtcNow().UtcDateTime) }));
        for (var day = 0; day < 5; day++)
        {
            Clock.Advance(TimeSpan.FromDays(1));
            await chaser.Run(services.GetRequiredService<Job>(), CancellationToken.None);
            await services.GetRequiredService<Job>().Deliver(CancellationToken.None);
        }

        Assert.That(await Scalar<long>("select count(*) from message where template = 'feedbackReminder'"), Is.Zero);
        Assert.That(gateway.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task After_the_last_try_of_one_way_the_next_one_is_taken()
    {
        var (_, message) = await GivenAsk(mail: "owner@example.org");
        await using var gateway = await Receiver.Start((_, _) => Task.FromResult((503, "")));
        await using var post = await SmtpServer.Start();
        for (var i = 1; i < DeliveryWays.TriesAWay(null); i++)
        {
            await Deliver([.. Sms(gateway), .. Email(post)]);
            Assert.That(await StateOf(message), Has.Property("SentAt").Null.And.Property("ParkedAt").Null);
            Clock.Advance(TimeSpan.FromMinutes(40));
        }

        await Deliver([.. Sms(gateway), .. Email(post)]);

        Assert.That(gateway.Calls, Has.Count.EqualTo(DeliveryWays.TriesAWay(null)));
        Assert.That(await StateOf(message), Has.Property("Channel").EqualTo("email").And.Property("SentAt").EqualTo(Clock.GetUtcNow()).And.Property("GivenUp").EqualTo(new[] { "sms" }));
    }

    [Test]
    public async Task A_message_that_nobody_has_words_for_is_parked_and_does_not_stop_the_rest()
    {
        var (_, odd) = await GivenAsk();
        await Execute("update message set template = 'nobodyKnowsThis' where message_id = @odd", new { odd });
        var (_, other) = await GivenAsk();
        await using var gateway = await Receiver.Start();

        await Deliver(Sms(gateway));

        Assert.That((await StateOf(odd)).ParkedWhy, Is.EqualTo("unrenderable"));
        Assert.That((await StateOf(other)).SentAt, Is.Not.Null);
    }

    [Test]
    public async Task Neither_numbers_nor_texts_nor_secrets_are_logged()
    {
        await GivenAsk();
        await using var gateway = await Receiver.Answering((500, "13800138000"));

        await Deliver([.. Sms(gateway), ("Sms:Url", gateway.Url + "?key=TOPSECRET")]);

        Assert.That(string.Join('\n', logged), Does.Not.Contain("13800138000").And.Not.Contain("评价").And.Not.Contain("TOPSECRET").And.Not.Contain("王小明"));
    }

    [TestCase("Sms:Url", "ftp://x")]
    [TestCase("Sms:Secret", "short")]
    [TestCase("Email:From", "nobody")]
    [TestCase("TimeoutSeconds", "0")]
    [TestCase("LeaseSeconds", "11")]
    public void A_setting_that_cannot_be_used_stops_the_host_by_its_name_and_not_its_value(string name, string value)
    {
        var settings = new Dictionary<string, string?> { ["Desk:Messages:Sms:Url"] = "http://127.0.0.1:1", ["Desk:Messages:Sms:Secret"] = Secret, ["Desk:Messages:Email:Host"] = "127.0.0.1", ["Desk:Messages:Email:From"] = "a@b.example" };
        settings["Desk:Messages:" + name] = value;

        var refused = Assert.Throws<InvalidOperationException>(() => _ = new MessageSettings(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()));

        Assert.That(refused!.Message, Does.Contain(name).And.Not.Contain(value == "0" ? "\"0\"" : value));
    }

    private static (string, string?)[] Email(SmtpServer post) =>
        [("Email:Host", "127.0.0.1"), ("Email:Port", post.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("Email:StartTls", "false"), ("Email:From", "service@desk.example")];

    private sealed class Lines(List<string> all) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (all)
            {
                all.Add(formatter(state, exception) + exception);
            }
        }

        public void Dispose()
        {
        }
    }
}
