using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;
using PropertyServiceDesk.Workers.Deliveries;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>
/// WeChat, WeCom and DingTalk as documented (developers.weixin.qq.com, developer.work.weixin.qq.com, open.dingtalk.com): the whole call as
/// it was recorded, and what each of their codes means: tried again, given up at once, or another token.
/// </summary>
public sealed class AdapterTests : DeskFixture
{
    private const string Words = "催 {number}：\"快\" & <b> \\ 🚰";

    private ServiceProvider Delivering(params (string Name, string? Value)[] settings) => Services(services =>
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Prepend((Name: "LingerSeconds", Value: (string?)"0")).Select(s => KeyValuePair.Create("Desk:Messages:" + s.Name, s.Value))).Build();
        services.AddSingleton(new MessageSettings(configuration));
        services.AddSingleton<Job>();
        services.AddSingleton<DeliverMessages>();
    });

    private async Task Deliver(params (string Name, string? Value)[] settings)
    {
        await using var services = Delivering(settings);
        await services.GetRequiredService<Job>().Deliver(CancellationToken.None);
    }

    /// <summary>One message to a member of staff, and nothing else in the outbox.</summary>
    private async Task<(Guid MessageId, string Text)> GivenToldStaff(string? phone = null)
    {
        var request = (await GivenRequest()).RequestId;
        await Send(Here.Manager, new EditTemplate(Here.CommunityId, "requestUrged", "zh-CN", "催单", Words, [], 0));
        await Execute(
            """
            delete from message;
            update staff set phone = @phone where staff_id = @Id;
            insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
            values (@CommunityId, gen_random_uuid(), 'urged', 'staff', @Id, @request, 'requestUrged', '{"urge":1}', @Now, @Now)
            """,
            new { Here.CommunityId, Here.Lead(Crew.Engineering).Id, phone, request, Now = Clock.GetUtcNow() });
        return (await Scalar<Guid>("select message_id from message"), Words.Replace("{number}", await NumberOf(request), StringComparison.Ordinal));
    }

    /// <summary>One message to an owner who is known to the official account, and nothing else in the outbox.</summary>
    private async Task<(Guid MessageId, string Number)> GivenAskByWeChat()
    {
        var request = (await GivenRequest()).RequestId;
        await Send(Here.Manager, new EditTemplate(
            Here.CommunityId, "feedbackAsk", "zh-CN", "请评价", "请评价 {number} {link}", [new ProviderTemplate(MessageChannel.WeChat, "TM00015", [new ProviderField("character_string1", "{number}"), new ProviderField("thing2", "{community}\"办好了\"")])], 0));
        await Execute(
            """
            delete from message;
            insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised) values (@CommunityId, gen_random_uuid(), @Customer, 'weChat', 'oOpenId_1', 'oopenid_1');
            update customer set preferred_channel = 'weChat' where customer_id = @Customer
            """,
            new { Here.CommunityId, Here.Customer });
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        return (await Scalar<Guid>("select message_id from message where template = 'feedbackAsk'"), await NumberOf(request));
    }

    private async Task<string> NumberOf(Guid request) => (await Send(Here.Clerk, new GetRequest(request))).Request.Number.ToString(CultureInfo.InvariantCulture);

    [TearDown]
    public Task As_it_was() => Execute("delete from contact_point where kind = 'weChat'; update customer set preferred_channel = 'phone'; update staff set phone = null");

    private sealed record State(bool Sent, string? ParkedWhy, string? LastFailure, short Attempts, string? Channel, double WaitsSeconds);

    private async Task<State> StateOf(Guid message) =>
        (await Rows<State>("select sent_at is not null as sent, parked_why, last_failure, attempts, channel, extract(epoch from send_after - @Now)::float8 as waits_seconds from message where message_id = @message", new { message, Now = Clock.GetUtcNow() })).Single();

    private static void AreTheSame(string body, string recorded) =>
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(recorded)), Is.True, $"sent:     {body}\nrecorded: {recorded}");

    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    [TestCase("139 0000 1111", """["13900001111"]""")]
    [TestCase(null, "[]")]
    public async Task We_com_is_sent_what_its_manual_says_and_nothing_else(string? phone, string named)
    {
        var (message, text) = await GivenToldStaff(phone);
        await using var robot = await Receiver.Answering((200, """{"errcode":0,"errmsg":"ok"}"""));

        await Deliver(("WeCom:Url", robot.Url + "cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"));

        var call = robot.Calls.Single();
        Assert.That((call.Target, call.Headers["content-type"]), Is.EqualTo(("/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "application/json; charset=utf-8")));
        AreTheSame(call.Body, $$$"""{"msgtype":"text","text":{"content":{{{Quoted(text)}}},"mentioned_mobile_list":{{{named}}}}}""");
        Assert.That(await StateOf(message) is { Sent: true, Channel: "weCom", LastFailure: null, Attempts: 1 }, Is.True);
    }

    [TestCase("139 0000 1111", """["13900001111"]""", "SECabc")]
    [TestCase(null, "[]", null)]
    public async Task Ding_talk_is_sent_what_its_manual_says_and_nothing_else(string? phone, string named, string? secret)
    {
        var (message, text) = await GivenToldStaff(phone);
        await using var robot = await Receiver.Answering((200, """{"errcode":0,"errmsg":"ok"}"""));

        await Deliver(("DingTalk:Url", robot.Url + "robot/send?access_token=xyz"), ("DingTalk:Secret", secret));

        var call = robot.Calls.Single();
        AreTheSame(call.Body, $$$"""{"msgtype":"text","text":{"content":{{{Quoted(text)}}}},"at":{"atMobiles":{{{named}}},"isAtAll":false}}""");
        Assert.That(call.Headers["content-type"], Is.EqualTo("application/json; charset=utf-8"));
        if (secret is null)
        {
            Assert.That(call.Target, Is.EqualTo("/robot/send?access_token=xyz"));
        }
        else
        {
            var query = System.Web.HttpUtility.ParseQueryString(call.Target[call.Target.IndexOf('?', StringComparison.Ordinal)..]);
            var at = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(query["timestamp"]!, CultureInfo.InvariantCulture));
            Assert.That(call.Target.Split('?')[0], Is.EqualTo("/robot/send"));
            Assert.That(query.AllKeys, Is.EqualTo(new[] { "access_token", "timestamp", "sign" }));
            Assert.That(query["access_token"], Is.EqualTo("xyz"));
            Assert.That(at, Is.EqualTo(TimeProvider.System.GetUtcNow()).Within(TimeSpan.FromHours(1)), "by real time, whatever the desk's clock says: an hour off, it is refused");
            Assert.That(new Uri(new Uri(robot.Url), call.Target), Is.EqualTo(DingTalkRobot.Signed(new Uri(robot.Url + "robot/send?access_token=xyz"), secret, at)));
        }

        Assert.That(await StateOf(message) is { Sent: true, Channel: "dingTalk", LastFailure: null, Attempts: 1 }, Is.True);
    }

    /// <summary>Reckoned apart from this program: <c>printf '1599360473010\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64</c>.</summary>
    [Test]
    public void Ding_talks_signature_is_over_the_time_in_milliseconds_and_the_secret() => Assert.That(
        DingTalkRobot.Signed(new Uri("https://oapi.dingtalk.com/robot/send?access_token=xyz"), "SECabc", DateTimeOffset.FromUnixTimeMilliseconds(1599360473010)).AbsoluteUri,
        Is.EqualTo("https://oapi.dingtalk.com/robot/send?access_token=xyz&timestamp=1599360473010&sign=ghiROj9kopfVIqf5WI%2FRpUf7fmSkiWDYtdb1RLHCmeU%3D"));

    [Test]
    public async Task We_chat_is_asked_for_a_token_and_sent_what_its_manual_says_and_nothing_else()
    {
        var (message, number) = await GivenAskByWeChat();
        await using var account = await Receiver.Start((call, _) => Task.FromResult((200, call.Target.StartsWith("/cgi-bin/token?", StringComparison.Ordinal)
            ? """{"access_token":"A/+=1","expires_in":7200}"""
            : """{"errcode":0,"errmsg":"ok","msgid":200228332}""")));

        await Deliver(("WeChat:Url", account.Url), ("WeChat:AppId", "wx 1"), ("WeChat:AppSecret", "s&3"));

        Assert.That(account.Calls.Select(c => c.Target), Is.EqualTo(new[] { "/cgi-bin/token?grant_type=client_credential&appid=wx%201&secret=s%263", "/cgi-bin/message/template/send?access_token=A%2F%2B%3D1" }));
        Assert.That(account.Calls[0].Body, Is.Empty);
        AreTheSame(
            account.Calls[1].Body,
            $$$$"""{"touser":"oOpenId_1","template_id":"TM00015","client_msg_id":"{{{{message:N}}}}","data":{"character_string1":{"value":"{{{{number}}}}"},"thing2":{"value":"测试小区 here\"办好了\""}}}""");
        Assert.That(account.Calls[1].Headers["content-type"], Is.EqualTo("application/json; charset=utf-8"));
        Assert.That(await StateOf(message) is { Sent: true, Channel: "weChat", LastFailure: null, Attempts: 1 }, Is.True);
    }

    // Tried again: they are busy, or it was too much at once.
    [TestCase("weCom", -1, null, 0)]
    [TestCase("weCom", 45009, null, 60)]
    [TestCase("weCom", 45033, null, 0)]
    [TestCase("weCom", 6000, null, 0)]
    [TestCase("dingTalk", -1, null, 0)]
    [TestCase("dingTalk", 130101, null, 600)]
    [TestCase("dingTalk", 410100, null, 600)]
    [TestCase("weChat", -1, null, 0)]
    [TestCase("weChat", 45009, null, 600)]
    [TestCase("weChat", 45011, null, 600)]
    [TestCase("weChat", 43108, null, 0)]
    [TestCase("weChat", 40001, null, 0)]
    [TestCase("weChat", 40014, null, 0)]
    [TestCase("weChat", 42001, null, 0)]
    [TestCase("weChat token", -1, null, 0)]
    [TestCase("weChat token", 45009, null, 600)]
    [TestCase("weChat token", 45011, null, 600)]
    // Given up at once: a person has to put something right.
    [TestCase("weCom", 93000, "no such robot", 0)]
    [TestCase("weCom", 93004, "robot disabled", 0)]
    [TestCase("weCom", 93008, "robot not in the group", 0)]
    [TestCase("weCom", 40008, "message not accepted", 0)]
    [TestCase("weCom", 40058, "message not accepted", 0)]
    [TestCase("weCom", 44004, "message not accepted", 0)]
    [TestCase("weCom", 45002, "message not accepted", 0)]
    [TestCase("dingTalk", 310000, "signature, keyword or address not accepted", 0)]
    [TestCase("dingTalk", 300001, "no such token", 0)]
    [TestCase("dingTalk", 300005, "no such token", 0)]
    [TestCase("dingTalk", 400101, "no such token", 0)]
    [TestCase("dingTalk", 400102, "robot disabled", 0)]
    [TestCase("dingTalk", 400013, "robot not in the group", 0)]
    [TestCase("dingTalk", 400106, "robot not in the group", 0)]
    [TestCase("dingTalk", 40035, "message not accepted", 0)]
    [TestCase("dingTalk", 400105, "message not accepted", 0)]
    [TestCase("dingTalk", 430101, "message not accepted", 0)]
    [TestCase("dingTalk", 430102, "message not accepted", 0)]
    [TestCase("dingTalk", 430103, "message not accepted", 0)]
    [TestCase("dingTalk", 430104, "message not accepted", 0)]
    [TestCase("weChat", 40003, "not a follower, or declined", 0)]
    [TestCase("weChat", 43004, "not a follower, or declined", 0)]
    [TestCase("weChat", 43019, "not a follower, or declined", 0)]
    [TestCase("weChat", 43101, "not a follower, or declined", 0)]
    [TestCase("weChat", 40037, "not as the template wants it", 0)]
    [TestCase("weChat", 47001, "not as the template wants it", 0)]
    [TestCase("weChat", 47003, "not as the template wants it", 0)]
    [TestCase("weChat", 45168, "words not allowed", 0)]
    [TestCase("weChat", 43107, "account may not send", 0)]
    [TestCase("weChat", 48001, "account may not send", 0)]
    [TestCase("weChat", 48004, "account may not send", 0)]
    [TestCase("weChat", 50002, "account may not send", 0)]
    [TestCase("weChat token", 40001, "account not let in", 0)]
    [TestCase("weChat token", 40002, "account not let in", 0)]
    [TestCase("weChat token", 40013, "account not let in", 0)]
    [TestCase("weChat token", 40125, "account not let in", 0)]
    [TestCase("weChat token", 40164, "account not let in", 0)]
    [TestCase("weChat token", 40243, "account not let in", 0)]
    [TestCase("weChat token", 41002, "account not let in", 0)]
    [TestCase("weChat token", 41004, "account not let in", 0)]
    [TestCase("weChat token", 50004, "account not let in", 0)]
    [TestCase("weChat token", 50007, "account not let in", 0)]
    public async Task What_each_code_means(string who, int code, string? refused, int waits)
    {
        var message = who.StartsWith("weChat", StringComparison.Ordinal) ? (await GivenAskByWeChat()).MessageId : (await GivenToldStaff()).MessageId;
        await using var receiver = await Receiver.Start((call, _) => Task.FromResult((200, who == "weChat" && call.Target.StartsWith("/cgi-bin/token", StringComparison.Ordinal)
            ? """{"access_token":"TOKEN","expires_in":7200}"""
            : $$"""{"errcode":{{code}},"errmsg":"as documented"}""")));

        await Deliver(who switch
        {
            "weCom" => [("WeCom:Url", receiver.Url + "cgi-bin/webhook/send?key=abc")],
            "dingTalk" => [("DingTalk:Url", receiver.Url + "robot/send?access_token=xyz"), ("DingTalk:Secret", "SECabc")],
            _ => [("WeChat:Url", receiver.Url), ("WeChat:AppId", "wx1"), ("WeChat:AppSecret", "s3cret")],
        });

        var state = await StateOf(message);
        Assert.That(receiver.Calls, Has.Count.EqualTo(who == "weChat" ? 2 : 1));
        Assert.That((state.Sent, state.Attempts, state.LastFailure), Is.EqualTo((false, (short)1, string.Join(' ', new[] { who, $"{code}", refused }.OfType<string>()))));
        if (refused is null)
        {
            Assert.That(state.ParkedWhy, Is.Null);
            Assert.That(state.WaitsSeconds, waits > 0 ? Is.EqualTo(waits) : Is.InRange(24, 36));
        }
        else
        {
            Assert.That((await Send(Here.Clerk, new ListParkedMessages())).Items.Single() is { ParkedWhy: ParkedWhy.Exhausted, LastFailure: var why } && why == state.LastFailure, Is.True, "the desk sees it, and why");
        }
    }

    [TestCase(40001, 2)]
    [TestCase(40014, 2)]
    [TestCase(42001, 2)]
    [TestCase(45011, 1)]
    [TestCase(-1, 1)]
    public async Task Another_token_is_asked_for_where_the_old_one_is_over_and_only_there(int code, int tokens)
    {
        var (message, _) = await GivenAskByWeChat();
        var (given, refused) = (0, false);
        await using var account = await Receiver.Start((call, _) =>
        {
            if (call.Target.StartsWith("/cgi-bin/token?", StringComparison.Ordinal))
            {
                return Task.FromResult((200, $$"""{"access_token":"TOKEN{{++given}}","expires_in":7200}"""));
            }

            var first = !refused;
            refused = true;
            return Task.FromResult((200, first ? $$"""{"errcode":{{code}},"errmsg":"as documented"}""" : """{"errcode":0,"errmsg":"ok","msgid":200228332}"""));
        });
        await using var services = Delivering(("WeChat:Url", account.Url), ("WeChat:AppId", "wx1"), ("WeChat:AppSecret", "s3cret"));

        await services.GetRequiredService<Job>().Deliver(CancellationToken.None);
        Clock.Advance(TimeSpan.FromMinutes(11));
        await services.GetRequiredService<Job>().Deliver(CancellationToken.None);

        Assert.That(account.Calls.Count(c => c.Target.StartsWith("/cgi-bin/token?", StringComparison.Ordinal)), Is.EqualTo(tokens));
        Assert.That(account.Calls[^1].Target, Does.EndWith("=TOKEN" + tokens));
        Assert.That(await StateOf(message) is { Sent: true, Attempts: 2 }, Is.True);
    }

    [Test]
    public async Task Where_a_robot_is_disabled_the_next_way_is_taken_at_once()
    {
        var (message, text) = await GivenToldStaff();
        await using var robot = await Receiver.Answering((200, """{"errcode":400102,"errmsg":"机器人已停用"}"""));
        await using var app = await Receiver.Start();

        await Deliver(("DingTalk:Url", robot.Url + "robot/send?access_token=xyz"), ("App:Url", app.Url), ("App:Secret", SignedByTests.Secret));

        using var body = JsonDocument.Parse(app.Calls.Single().Body);
        Assert.That(body.RootElement.GetProperty("text").GetString(), Is.EqualTo(text));
        Assert.That(robot.Calls, Has.Count.EqualTo(1));
        Assert.That(await StateOf(message) is { Sent: true, Channel: "app", Attempts: 2 }, Is.True);
    }
}
