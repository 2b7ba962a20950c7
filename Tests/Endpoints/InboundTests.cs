using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What comes back: replies by text message and e-mail, automatic ones, bounces; over the signed door.</summary>
public sealed class InboundOverHttpTests : ApiFixture
{
    private int sent;

    private async Task<ApiReply> Post(string channel, object body, HttpStatusCode expected = HttpStatusCode.OK, string? secret = null, TimeSpan ago = default)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, Json.Options);
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/inbound/" + channel) { Content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } } };
        SignedByTests.Sign(message, bytes, secret, ago);
        using var response = await Anonymous.Http.SendAsync(message);
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(expected), text + LastUnexpected);
        return new ApiReply(response.StatusCode, response.Content.Headers.ContentType?.MediaType, null, null, JsonSerializer.Deserialize<JsonElement>(text));
    }

    private Task<ApiReply> Sms(string text, string sender = "+86 138 0013 8000", string? id = null) => Post("sms", new { messageId = id ?? $"m{++sent}", sender, text, community = "here" });

    private Task<ApiReply> Mail(string text, string sender, params (string Name, string Value)[] headers) =>
        Post("email", new { messageId = $"<m{++sent}@example.org>", sender, text, subject = "Re: 请评价", community = "here", headers = headers.Select(h => new { name = h.Name, value = h.Value }) });

    /// <summary>Done, and the ask is out.</summary>
    private async Task<Guid> GivenAsked(string by = "sms")
    {
        var (request, _) = await GivenDone();
        await Sent(request, by);
        return request;
    }

    private Task Sent(Guid request, string by) =>
        Execute("update message set sent_at = @Now, channel = @by, attempts = 1 where request_id = @request and template = 'feedbackAsk'", new { request, by, Now = Clock.GetUtcNow() });

    private Task GivenMailAddress() => Execute(
        "insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised) values (@CommunityId, gen_random_uuid(), @Customer, 'email', 'owner@example.org', 'owner@example.org') on conflict do nothing",
        new { Here.CommunityId, Here.Customer });

    private Task<string?> StatusOf(Guid request) => Scalar<string>("select status from request where request_id = @request", new { request });

    private async Task<(string State, string? Author, string? Solved, short? Satisfaction)> RoundOf(Guid request) =>
        (await Rows<(string, string?, string?, short?)>("select state, author_kind, solved, satisfaction from feedback where request_id = @request order by round desc limit 1", new { request })).Single();

    [Test]
    public async Task A_digit_is_the_owners_answer_and_closes_the_request()
    {
        var request = await GivenAsked();

        var reply = await Sms("5");

        Assert.That((reply.Text("kind"), reply.Id("requestId")), Is.EqualTo(("answer", request)));
        Assert.That(await RoundOf(request), Is.EqualTo(("answered", "owner", "yes", (short?)5)));
        Assert.That(await StatusOf(request), Is.EqualTo("closed"));
        var said = (await Send(Here.Clerk, new GetTimeline(request))).Items.Single(e => e.What == Happening.FeedbackGiven);
        Assert.That((said.ActorKind, said.ActorId), Is.EqualTo((ActorKind.Owner, (Guid?)Here.Customer)));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SettleInbound(reply.Id("inboundMessageId")))), Is.EqualTo("inbound_message.not_found"), "nobody has to say what it was");
    }

    [Test]
    public async Task What_was_settled_as_a_confidential_complaint_is_not_there_for_whom_it_is_about()
    {
        var waiting = (await Sms("你们的客服态度很差", "13912340000")).Id("inboundMessageId");
        var complaint = (await Send(Here.Officer, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "attitude"), "客服态度很差", CustomerId: Here.Customer, Confidential: true, AboutStaffId: Here.Clerk.Id))).RequestId;
        await Send(Here.Officer, new SettleInbound(waiting, complaint));

        Assert.That(await Refusal(() => Send(Here.Clerk, new SettleInbound(waiting))), Is.EqualTo("inbound_message.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, new SettleInbound(waiting))), Is.EqualTo("inbound_message.settled_already"));
    }

    [TestCase(29, "answer", "answered")]
    [TestCase(31, "toConfirm", "noResponse")]
    public async Task A_digit_that_names_the_ask_counts_for_a_month_after_nobody_answered(int days, string kind, string state)
    {
        var request = await GivenAsked("email");
        await GivenMailAddress();
        var ask = await Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request });
        await Execute("update feedback set state = 'noResponse', ended_at = @Now, next_check_at = null; update request set status = 'closed', closed_at = @Now", new { Now = Clock.GetUtcNow() });
        Clock.Advance(TimeSpan.FromDays(days));

        var reply = await Mail("5", "owner@example.org", ("In-Reply-To", $"<desk.{ask:N}@desk.example>"));

        Assert.That((reply.Text("kind"), (await RoundOf(request)).State), Is.EqualTo((kind, state)));
    }

    [Test]
    public async Task A_nought_sends_the_request_back_to_work_and_a_two_is_followed_up()
    {
        var unsolved = await GivenAsked();
        await Sms("0");
        Assert.That(await StatusOf(unsolved), Is.EqualTo("inProgress"));
        Assert.That(await RoundOf(unsolved), Is.EqualTo(("answered", "owner", "no", (short?)null)));

        await Execute("update request set status = 'cancelled', outcome = 'withdrawn', cancelled_at = registered_at where request_id = @unsolved", new { unsolved });
        var unhappy = await GivenAsked();
        await Sms("2分");

        Assert.That(await StatusOf(unhappy), Is.EqualTo("closed"));
        Assert.That(await Rows<string>("select for_role from follow_up where request_id = @unhappy order by 1", new { unhappy }), Is.EqualTo(new[] { "customerOfficer", "manager" }));
    }

    [Test]
    public async Task The_same_message_twice_is_once_also_at_once()
    {
        var request = await GivenAsked();

        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Sms("4", id: "same")));

        Assert.That(replies.Count(r => !r.Body.GetProperty("repeated").GetBoolean()), Is.EqualTo(1));
        Assert.That(replies.Select(r => r.Id("inboundMessageId")).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'feedbackGiven' and detail ->> 'requestId' = @request::text", new { request }), Is.EqualTo(1));
    }

    [Test]
    public async Task An_answer_is_not_overwritten_by_a_second_one_which_is_a_word_like_any_other()
    {
        var request = await GivenAsked();
        await Sms("5");

        var second = await Sms("1");

        Assert.That(second.Text("kind"), Is.EqualTo("toConfirm"));
        Assert.That((await RoundOf(request)).Satisfaction, Is.EqualTo((short)5));
    }

    [Test]
    public async Task Words_are_a_note_on_the_newest_open_request_and_change_nothing_else()
    {
        var older = (await GivenRequest()).RequestId;
        Clock.Advance(TimeSpan.FromMinutes(1));
        var newer = (await GivenRequest()).RequestId;

        var reply = await Sms("下午三点以后在家");

        Assert.That((reply.Text("kind"), reply.Id("requestId")), Is.EqualTo(("note", newer)));
        Assert.That(await StatusOf(newer), Is.EqualTo("received"));
        var note = (await Send(Here.Clerk, new GetTimeline(newer))).Items.Single(e => e.What == Happening.RequestNoted);
        Assert.That((note.Text, note.ActorKind), Is.EqualTo(("下午三点以后在家", ActorKind.Owner)));
        Assert.That((await Send(Here.Clerk, new GetTimeline(older))).Items.Any(e => e.What == Happening.RequestNoted), Is.False);
    }

    [Test]
    public async Task Whoever_wrote_can_be_asked_about_the_request_that_the_desk_registered_for_them()
    {
        var waiting = (await Sms("楼道灯坏了", "13912340000")).Id("inboundMessageId");
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "楼道灯坏了", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("一位业主")))).RequestId;

        await Send(Here.Clerk, new SettleInbound(waiting, request));

        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "已修好"));
        Assert.That(await Scalar<string>("select reporter_phone from request where request_id = @request", new { request }), Is.EqualTo("13912340000"));
        Assert.That(await Scalar<string>("select state from feedback where request_id = @request", new { request }), Is.EqualTo("asked"));
    }

    [Test]
    public async Task Whoever_wrote_a_mail_is_asked_by_mail_about_the_request_that_the_desk_registered_for_them_and_their_reply_counts()
    {
        async Task<Guid> Registered(string sender, string? phone = null)
        {
            var waiting = (await Mail("楼道灯坏了", sender)).Id("inboundMessageId");
            var registered = (await Send(Here.Clerk, new ReceiveRequest(
                Here.CommunityId, RequestKind.Repair, Channel.Email, Here.Category(RequestKind.Repair, "water"), "楼道灯坏了", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("一位业主", phone)))).RequestId;
            await Send(Here.Clerk, new SettleInbound(waiting, registered));
            return registered;
        }

        async Task<IReadOnlyList<(MessageChannel, string)>> Due(params MessageChannel[] receivers)
        {
            var ways = new WaysOut(receivers.ToHashSet(), new Dictionary<string, IReadOnlySet<MessageChannel>>());
            var asks = await Rows<Guid>("select message_id from message where template = 'feedbackAsk' and sent_at is null");
            return [.. (await Send(Here.System, new LeaseMessages(Here.CommunityId, asks, ways, TimeSpan.FromMinutes(1)))).ToSend.Select(m => (m.Channel, m.Address))];
        }

        var request = await Registered("李先生 <Li@Example.org>");
        var note = await Mail("在五楼", "li@example.org");
        Assert.That((note.Text("kind"), note.Id("requestId")), Is.EqualTo(("note", request)), "they are known by it from then on");
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "已修好"));

        Assert.That((await RoundOf(request)).State, Is.EqualTo("asked"));
        Assert.That(await Due(MessageChannel.Email, MessageChannel.Sms), Is.EqualTo(new[] { (MessageChannel.Email, "li@example.org") }));
        await Sent(request, "email");
        await Send(Here.System, new ChaseFeedback(Here.CommunityId, [await Scalar<Guid>("select feedback_id from feedback where request_id = @request", new { request })]));
        Assert.That((await RoundOf(request)).State, Is.EqualTo("asked"), "there is somebody to ask");
        Assert.That((await Mail("4", "li@example.org")).Text("kind"), Is.EqualTo("answer"));
        Assert.That(await RoundOf(request), Is.EqualTo(("answered", "owner", "yes", (short?)4)));

        var rung = await Registered("someone@example.org", "13711112222");
        await Send(Here.Clerk, new AnswerRequest(rung, AnswerKind.Explained, "已修好"));
        Assert.That(await Due(MessageChannel.Email), Is.Empty, "of whom the desk took down a number, it knows where they want to be asked");
        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.That(await Due(MessageChannel.Email, MessageChannel.Sms), Is.EqualTo(new[] { (MessageChannel.Sms, "13711112222") }));
    }

    [TestCase(Channel.WalkIn, false, true)]
    [TestCase(Channel.Staff, false, true)]
    [TestCase(Channel.Email, true, true)]
    [TestCase(Channel.Phone, true, false)]
    public async Task Who_wrote_about_somebody_elses_request_does_not_become_its_reporter_and_the_desk_reads_who_wrote_what(Channel channel, bool before, bool byMail)
    {
        Task<ApiReply> Write(string text) => byMail ? Mail(text, "李先生 <Li@Example.org>") : Sms(text, "13912340000");
        async Task<Guid> Registered() => (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, channel, Here.Category(RequestKind.Repair, "water"), "楼道灯坏了", PlaceId: Here.Places["3-2-1502"]))).RequestId;
        var early = before ? await Registered() : (Guid?)null;
        Clock.Advance(TimeSpan.FromMinutes(1));
        var waiting = (await Write("我家门口的灯也坏了")).Id("inboundMessageId");
        var request = early ?? await Registered();

        await Send(Here.Clerk, new SettleInbound(waiting, request));

        var note = (await Send(Here.Clerk, new GetTimeline(request))).Items.Single(e => e.What == Happening.RequestNoted);
        Assert.That((note.Text, note.ActorId), Is.EqualTo((byMail ? "李先生 (l***@example.org): 我家门口的灯也坏了" : "139****0000: 我家门口的灯也坏了", (Guid?)Here.Clerk.Id)));
        Assert.That(await Rows<string>("select visibility from event where what = 'requestNoted' and subject_id = @request", new { request }), Is.EqualTo(new[] { "desk" }));
        Assert.That((await Write("还没修好？")).Text("kind"), Is.EqualTo("toConfirm"), "they are not known by it");
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "已修好"));
        Assert.That(await Scalar<string>("select reporter_phone from request where request_id = @request", new { request }), Is.Null);
        Assert.That(await Scalar<string>("select not_asked_rule from feedback where request_id = @request", new { request }), Is.EqualTo(channel == Channel.Staff ? "staffRequest" : "noReporter"));
    }

    [Test]
    public async Task Of_two_who_wrote_about_one_request_the_one_for_whom_it_was_registered_is_its_reporter()
    {
        var request = await GivenMailed("li@example.org");
        var second = (await Mail("我也看到了", "wu@example.org")).Id("inboundMessageId");

        await Send(Here.Clerk, new SettleInbound(second, request));
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "已修好"));
        await Sent(request, "email");

        Assert.That((await Mail("1", "wu@example.org")).Text("kind"), Is.EqualTo("toConfirm"), "it is not theirs to rate");
        Assert.That((await Mail("5", "li@example.org")).Text("kind"), Is.EqualTo("answer"));
        Assert.That((await RoundOf(request)).Satisfaction, Is.EqualTo((short)5));
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Single(e => e.What == Happening.RequestNoted).Text, Is.EqualTo("w***@example.org: 我也看到了"));
    }

    [Test]
    public async Task What_was_settled_before_that_was_told_apart_is_a_report_as_it_would_be_now_and_of_whom_we_are_asking_by_mail_alone()
    {
        var walkIn = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.WalkIn, Here.Category(RequestKind.Repair, "water"), "楼道灯坏了", PlaceId: Here.Places["3-2-1502"]))).RequestId;
        var asked = (await GivenDone()).RequestId;
        Clock.Advance(TimeSpan.FromMinutes(1));
        var mailed = await GivenMailed();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var text = (await Sms("没灯", "13900009999")).Id("inboundMessageId");
        Clock.Advance(TimeSpan.FromMinutes(1));
        var askedByMail = await GivenMailedAndDone();
        await Send(Here.Clerk, new SettleInbound(text, askedByMail));
        await Execute("update request set reported_at = reported_at - interval '1 day', registered_at = registered_at - interval '1 day' where request_id = @askedByMail", new { askedByMail });
        Clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var (sender, request) in new[] { ("wu@example.org", mailed), ("zheng@example.org", walkIn), ("wang@example.org", asked) })
        {
            await Send(Here.Clerk, new SettleInbound((await Mail("也坏了", sender)).Id("inboundMessageId"), request));
        }

        await Execute("update inbound_message set is_report = false");

        await Execute("update inbound_message i" + Migrations.Files().Single(f => f.Name == "0041_no_number.sql").Sql.Split("update inbound_message i")[1].Split(';')[0]);

        Assert.That(await Rows<(string, Guid)>("select sender, request_id from inbound_message where is_report order by received_at"), Is.EqualTo(new[] { ("li@example.org", mailed), ("li@example.org", askedByMail) }));
    }

    [Test]
    public async Task What_somebody_wrote_about_a_customers_request_is_a_note_too()
    {
        var request = (await GivenRequest()).RequestId;
        var waiting = (await Post("email", new { messageId = "<photo@example.org>", sender = "li@example.org", subject = "照片", community = "here" })).Id("inboundMessageId");
        var version = (await Send(Here.Clerk, new GetRequest(request))).Request.Version;

        await Send(Here.Clerk, new SettleInbound(waiting, request));

        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Single(e => e.What == Happening.RequestNoted).Text, Is.EqualTo("l***@example.org: 照片"));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request, Has.Property("CustomerId").EqualTo((Guid?)Here.Customer).And.Property("Version").EqualTo(version + 1));
    }

    [Test]
    public async Task Whoever_is_known_by_a_mail_alone_is_known_in_the_community_that_they_wrote_to()
    {
        var request = await GivenMailed("Li@Example.org");

        var reply = await Post("email", new { messageId = "<more@example.org>", sender = "li@example.org", text = "在五楼" });

        Assert.That((reply.Text("kind"), reply.Id("requestId")), Is.EqualTo(("note", request)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Who_wrote_mails_is_not_asked_more_often_in_a_month_than_others(bool often)
    {
        await Profile("{feedback}", often ? """{"mostAsksAMonth": 1}""" : """{"mostAsksAMonth": 1000}""");
        try
        {
            foreach (var _ in Enumerable.Range(0, 2))
            {
                var waiting = (await Mail("楼道灯坏了", often ? "wu@example.org" : "zheng@example.org", ("Precedence", "bulk"))).Id("inboundMessageId");
                var request = (await Send(Here.Clerk, new ReceiveRequest(
                    Here.CommunityId, RequestKind.Repair, Channel.Email, Here.Category(RequestKind.Repair, "water"), "楼道灯坏了", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("一位业主")))).RequestId;
                await Send(Here.Clerk, new SettleInbound(waiting, request));
                await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "已修好"));
            }

            Assert.That(await Rows<string>("select coalesce(not_asked_rule, state) from feedback order by 1"), Is.EqualTo(new[] { "asked", often ? "tooOften" : "asked" }));
        }
        finally
        {
            await Profile("{feedback}", """{"mostAsksAMonth": 1000}""");
        }
    }

    [Test]
    public async Task What_is_asked_about_a_customers_request_that_somebody_mailed_does_not_count_as_asking_them()
    {
        await Profile("{feedback}", """{"mostAsksAMonth": 1}""");
        try
        {
            var (customers, theirs) = (await GivenMailed("chen@example.org"), await GivenMailed("chen@example.org"));
            await Execute("update request set customer_id = @Customer where request_id = @customers", new { Here.Customer, customers });

            foreach (var request in new[] { customers, theirs })
            {
                await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "已修好"));
            }

            Assert.That(await Rows<string>("select coalesce(not_asked_rule, state) from feedback"), Is.EqualTo(new[] { "asked", "asked" }));
        }
        finally
        {
            await Profile("{feedback}", """{"mostAsksAMonth": 1000}""");
        }
    }

    [TestCase("0")]
    [TestCase("谢谢，不过还在漏")]
    public async Task Whoever_is_nobody_here_answers_and_notes_nothing_not_even_in_reply_to_what_we_sent(string text)
    {
        var request = await GivenAsked("email");
        var ask = await Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request });

        var reply = await Mail(text, "stranger@example.org", ("In-Reply-To", $"<desk.{ask:N}@desk.example>"));

        Assert.That(reply.Text("kind"), Is.EqualTo("toConfirm"), "it was forwarded to them, and the desk reads it");
        Assert.That(((await RoundOf(request)).State, await StatusOf(request)), Is.EqualTo(("asked", "awaitingFeedback")));
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Any(e => e.What == Happening.RequestNoted), Is.False);
        Assert.That((await Send(Here.Clerk, new ListInbound())).Items.Single().CustomerId, Is.Null);
    }

    [Test]
    public async Task Nothing_that_a_machine_sends_reopens_what_is_closed()
    {
        var request = await GivenAsked("email");
        await GivenMailAddress();
        var ask = await Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request });
        await Execute("update feedback set state = 'noResponse', ended_at = @Now, next_check_at = null; update request set status = 'closed', closed_at = @Now", new { Now = Clock.GetUtcNow() });
        async Task<string?> All() => await Scalar<string>(
            "select (select string_agg(r::text, ' ') from request r) || (select string_agg(f::text, ' ') from feedback f) || (select count(*) from work_order) || ' ' || (select count(*) from follow_up) || ' ' || (select count(*) from message)");
        var before = await All();
        (string, string) reply = ("In-Reply-To", $"<desk.{ask:N}@desk.example>");

        Assert.That((await Mail("0", "owner@example.org", reply, ("Auto-Submitted", "auto-replied"))).Text("kind"), Is.EqualTo("automatic"));
        Assert.That((await Mail("0", "owner@example.org", reply, ("X-Service-Desk-Message", ask.ToString()))).Text("kind"), Is.EqualTo("own"));
        Assert.That((await Mail("0", "owner@example.org", reply, ("Precedence", "bulk"))).Text("kind"), Is.EqualTo("toConfirm"));
        Assert.That((await Mail($"0\n\n550 no such user\n\nMessage-ID: <desk.{ask:N}@desk.example>", "<>", reply)).Text("kind"), Is.EqualTo("bounce"));

        Assert.That(await All(), Is.EqualTo(before));
        var taken = await Send(Here.System, new LeaseMessages(Here.CommunityId, [ask], new WaysOut(new HashSet<MessageChannel> { MessageChannel.Email, MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>()), TimeSpan.FromMinutes(1)));
        Assert.That((taken.ToSend.Count, taken.ToPark.Count), Is.EqualTo((0, 0)), "what came back is not asked again by another way: it is over");
        Assert.That((await Mail("0", "owner@example.org", reply)).Text("kind"), Is.EqualTo("answer"), "and a person's does reopen it");
        Assert.That(await StatusOf(request), Is.EqualTo("inProgress"));
    }

    [Test]
    public async Task What_is_nobodys_open_matter_waits_for_the_desk_and_makes_no_request_by_itself()
    {
        var requests = await Scalar<long>("select count(*) from request");

        var reply = await Sms("楼道灯坏了", "13912340000");

        Assert.That(reply.Text("kind"), Is.EqualTo("toConfirm"));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(requests));
        var waiting = (await Send(Here.Clerk, new ListInbound())).Items.Single();
        Assert.That((waiting.Text, waiting.Sender), Is.EqualTo(("楼道灯坏了", "139****0000")));
        Assert.That((await Send(There.Clerk, new ListInbound())).Items, Is.Empty);

        var request = (await GivenRequest()).RequestId;
        Assert.That(await Refusal(() => Send(There.Clerk, new SettleInbound(waiting.InboundMessageId))), Is.EqualTo("inbound_message.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SettleInbound(waiting.InboundMessageId, Guid.NewGuid()))), Is.EqualTo("request.not_found"));
        var theirs = (await GivenRequest(There)).RequestId;
        var ofBoth = Here.Clerk with { Roles = [.. Here.Clerk.Roles, new RoleIn(There.CommunityId, Roles.Clerk)] };
        Assert.That(await Refusal(() => Send(ofBoth, new SettleInbound(waiting.InboundMessageId, theirs))), Is.EqualTo("request.not_found"), "it came to another community");
        Assert.That(await Refusal(() => Send(Here.Clerk, new SettleInbound(waiting.InboundMessageId, request), c => c.IfMatch = 99)), Is.EqualTo("inbound_message.changed_meanwhile"));
        await Send(Here.Clerk, new SettleInbound(waiting.InboundMessageId, request));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SettleInbound(waiting.InboundMessageId))), Is.EqualTo("inbound_message.settled_already"));
        Assert.That((await Send(Here.Clerk, new ListInbound())).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Any(e => e.What == Happening.InboundSettled), Is.True);
    }

    [Test]
    public async Task Machines_change_nothing()
    {
        var request = await GivenAsked("email");
        await GivenMailAddress();

        Assert.That((await Mail("5", "王小明 <Owner@Example.org>", ("Auto-Submitted", "auto-replied"))).Text("kind"), Is.EqualTo("automatic"));
        Assert.That((await Mail("5", "owner@example.org", ("X-Service-Desk-Message", Guid.NewGuid().ToString()))).Text("kind"), Is.EqualTo("own"));
        Assert.That((await Mail("0", "<>")).Text("kind"), Is.EqualTo("bounce"));

        Assert.That((await RoundOf(request)).State, Is.EqualTo("asked"));
        Assert.That(await StatusOf(request), Is.EqualTo("awaitingFeedback"));
        Assert.That((await Send(Here.Clerk, new ListInbound())).Items, Is.Empty);

        Assert.That((await Mail("5", "owner@example.org", ("Auto-Submitted", "no"))).Text("kind"), Is.EqualTo("answer"), "and a person's does");
    }

    [Test]
    public async Task What_only_looks_like_a_machines_goes_to_the_desk_and_answers_nothing()
    {
        var request = await GivenAsked("email");
        await GivenMailAddress();

        Assert.That((await Mail("5", "owner@example.org", ("Precedence", "bulk"))).Text("kind"), Is.EqualTo("toConfirm"));
        Assert.That((await Mail("0", "owner@example.org", ("List-Id", "<x.example>"))).Text("kind"), Is.EqualTo("toConfirm"));
        Assert.That((await Sms("【自动回复】我正在开车")).Text("kind"), Is.EqualTo("toConfirm"));
        Assert.That((await Sms("我出差，家里漏水请联系我妻子13800138001")).Text("kind"), Is.EqualTo("toConfirm"));
        var mail = await Post("email", new { messageId = "<leak@example.org>", sender = "owner@example.org", subject = "外出回来发现漏水", text = "厨房又漏了", community = "here" });
        Assert.That(mail.Text("kind"), Is.EqualTo("toConfirm"));

        Assert.That((await RoundOf(request)).State, Is.EqualTo("asked"));
        Assert.That(await StatusOf(request), Is.EqualTo("awaitingFeedback"));
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Any(e => e.What == Happening.RequestNoted), Is.False);
        var waiting = (await Send(Here.Clerk, new ListInbound())).Items;
        Assert.That(waiting.Select(w => w.CustomerId), Is.EqualTo(Enumerable.Repeat((Guid?)Here.Customer, 5)), "the desk reads them all, and sees whose they are");

        Assert.That((await Mail("5", "owner@example.org", ("X-Auto-Response-Suppress", "All"))).Text("kind"), Is.EqualTo("answer"), "people's mail has that, too");
    }

    [Test]
    public async Task A_digit_answers_only_what_was_really_sent()
    {
        var (request, _) = await GivenDone();

        Assert.That((await Sms("5")).Text("kind"), Is.EqualTo("toConfirm"), "nobody has asked yet");
        await Sent(request, "email");
        Assert.That((await Sms("5")).Text("kind"), Is.EqualTo("toConfirm"), "asked by mail, nobody answers by text message");
        Assert.That((await RoundOf(request)).State, Is.EqualTo("asked"));
        Assert.That((await Send(Here.Clerk, new ListInbound())).Items.Select(i => i.Text), Is.EqualTo(new[] { "5", "5" }));

        await Sent(request, "sms");
        Assert.That((await Sms("4")).Text("kind"), Is.EqualTo("answer"));
        Assert.That((await RoundOf(request)).Satisfaction, Is.EqualTo((short)4));
    }

    [Test]
    public async Task With_two_rounds_open_a_digit_does_not_say_which_and_the_desk_asks()
    {
        var first = await GivenAsked();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var second = await GivenAsked();

        Assert.That((await Sms("0")).Text("kind"), Is.EqualTo("toConfirm"));
        Assert.That(((await RoundOf(first)).State, (await RoundOf(second)).State, await StatusOf(second)), Is.EqualTo(("asked", "asked", "awaitingFeedback")));
        Assert.That((await Send(Here.Clerk, new ListInbound())).Items, Has.Count.EqualTo(1));

        await Send(Here.Clerk, new RecordFeedback(second, Solved.Yes, 5, "王小明"));
        var reply = await Sms("2");
        Assert.That((reply.Text("kind"), reply.Id("requestId")), Is.EqualTo(("answer", first)));
    }

    [Test]
    public async Task A_digit_long_after_nobody_answered_is_the_desks_to_read()
    {
        var request = await GivenAsked();
        await Execute("update feedback set state = 'noResponse', ended_at = @Now, next_check_at = null; update request set status = 'closed', closed_at = @Now", new { Now = Clock.GetUtcNow() });

        Assert.That((await Sms("0")).Text("kind"), Is.EqualTo("toConfirm"));

        Assert.That((await RoundOf(request)).State, Is.EqualTo("noResponse"));
    }

    [Test]
    public async Task In_a_household_with_one_number_the_answer_is_of_whoever_was_asked()
    {
        var request = await GivenAsked();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var wife = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "王太太", [new NewContactPoint(ContactKind.Phone, "13800138000")]))).CustomerId;

        try
        {
            await Sms("5");
        }
        finally
        {
            await Execute("delete from contact_point where customer_id = @wife", new { wife });
        }

        var said = (await Send(Here.Clerk, new GetTimeline(request))).Items.Single(e => e.What == Happening.FeedbackGiven);
        Assert.That((said.ActorKind, said.ActorId), Is.EqualTo((ActorKind.Owner, (Guid?)Here.Customer)));
        Assert.That(await Rows<Guid?>("select customer_id from inbound_message"), Is.EqualTo(new[] { (Guid?)Here.Customer }));
    }

    [Test]
    public async Task A_digit_in_reply_to_something_that_asked_nothing_is_a_word_about_that()
    {
        var asked = await GivenAsked("email");
        await GivenMailAddress();
        var message = Guid.CreateVersion7();
        await Execute(
            "insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after, sent_at, channel) values (@CommunityId, @message, 'k', 'customer', @Customer, @asked, 'faultJoined', '{}', @Now, @Now, @Now, 'email')",
            new { Here.CommunityId, Here.Customer, message, asked, Now = Clock.GetUtcNow() });

        var reply = await Mail("2", "owner@example.org", ("In-Reply-To", $"<desk.{message:N}@desk.example>"));

        Assert.That((reply.Text("kind"), reply.Id("requestId")), Is.EqualTo(("note", asked)));
        Assert.That((await RoundOf(asked)).State, Is.EqualTo("asked"));
    }

    [Test]
    public async Task A_bounce_takes_back_what_was_sent_and_where_there_is_no_other_way_the_owner_is_to_be_called()
    {
        var request = await GivenAsked();
        var message = await Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request });
        await Execute("update message set sent_at = created_at, channel = 'email', attempts = 1 where message_id = @message", new { message });

        var reply = await Mail("550 no such user\n\nMessage-ID: <desk." + message.ToString("N") + "@desk.example>", "MAILER-DAEMON@mx.example.org");

        Assert.That(reply.Text("kind"), Is.EqualTo("bounce"));
        Assert.That((await Send(Here.Clerk, new ListMessagesOfRequest(request))).Single(m => m.MessageId == message), Has.Property("State").EqualTo(MessageState.Waiting).And.Property("GivenUp").EqualTo(new[] { MessageChannel.Email }));
        var taken = await Send(Here.System, new LeaseMessages(Here.CommunityId, [message], new WaysOut(new HashSet<MessageChannel> { MessageChannel.Email }, new Dictionary<string, IReadOnlySet<MessageChannel>>()), TimeSpan.FromMinutes(1)));
        await Send(Here.System, new ParkMessage(Here.CommunityId, message, taken.ToPark.Single().LeaseId, taken.ToPark.Single().Why));
        Assert.That((await Send(Here.Clerk, new ListParkedMessages())).Items.Single(), Has.Property("ParkedWhy").EqualTo(ParkedWhy.Bounced).And.Property("MessageId").EqualTo(message));
        Assert.That(await Scalar<DateTime>("select next_check_at from feedback where request_id = @request", new { request }), Is.EqualTo(Clock.GetUtcNow().UtcDateTime), "it is looked at at once");
    }

    [Test]
    public async Task A_reply_by_mail_is_about_the_message_that_it_names()
    {
        var asked = await GivenAsked();
        var message = await Scalar<Guid>("select message_id from message where request_id = @asked and template = 'feedbackAsk'", new { asked });
        Clock.Advance(TimeSpan.FromMinutes(1));
        var newer = await GivenAsked();
        await GivenMailAddress();

        await Mail("5\n\n> 请直接回复数字评价", "owner@example.org", ("In-Reply-To", $"<desk.{message:N}@desk.example>"));

        Assert.That(((await RoundOf(asked)).State, (await RoundOf(newer)).State), Is.EqualTo(("answered", "asked")));
    }

    [Test]
    public async Task An_unsigned_call_a_wrong_signature_and_an_old_one_are_refused_alike()
    {
        var body = new { messageId = "x", sender = "13800138000", text = "5", community = "here" };
        var request = await GivenAsked();

        Assert.That((await Post("sms", body, HttpStatusCode.Unauthorized, "another secret of theirs")).Code, Is.EqualTo("inbound.not_signed"));
        Assert.That((await Post("sms", body, HttpStatusCode.Unauthorized, ago: TimeSpan.FromMinutes(6))).Code, Is.EqualTo("inbound.not_signed"));
        Assert.That((await Anonymous.PostJson("/api/inbound/sms", body, HttpStatusCode.Unauthorized)).Code, Is.EqualTo("inbound.not_signed"));

        Assert.That((await RoundOf(request)).State, Is.EqualTo("asked"));
        Assert.That(await Scalar<long>("select count(*) from inbound_message"), Is.Zero);
    }

    public enum Tampered
    {
        Nothing,
        Body,
        Id,
        Time,
        Ahead,
        Channel,
        NoSignature,
        NoId,
        NoTime,
        NotTheVersion,
        NotBase64,
        CutShort,
    }

    [Test]
    public async Task What_was_signed_is_taken_as_it_was_signed_and_by_whom_and_not_otherwise([Values] Tampered what)
    {
        var request = await GivenAsked();
        var body = JsonSerializer.SerializeToUtf8Bytes(new { messageId = "s", sender = "13800138000", text = "5", community = "here" }, Json.Options);
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/inbound/" + (what == Tampered.Channel ? "email" : "sms"));
        SignedByTests.Sign(message, body, SignedByTests.Secret, what == Tampered.Ahead ? TimeSpan.FromMinutes(-6) : default);
        void Change(string header, Func<string, string?> to)
        {
            var value = to(message.Headers.GetValues(header).Single());
            message.Headers.Remove(header);
            if (value is not null)
            {
                message.Headers.TryAddWithoutValidation(header, value);
            }
        }

        switch (what)
        {
            case Tampered.Body:
                body = JsonSerializer.SerializeToUtf8Bytes(new { messageId = "s", sender = "13800138000", text = "0", community = "here" }, Json.Options);
                break;
            case Tampered.Id:
                Change(WebhookSignature.IdHeader, id => id + "x");
                break;
            case Tampered.Time:
                Change(WebhookSignature.TimestampHeader, at => (long.Parse(at, System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case Tampered.NoSignature:
                Change(WebhookSignature.SignatureHeader, _ => null);
                break;
            case Tampered.NoId:
                Change(WebhookSignature.IdHeader, _ => null);
                break;
            case Tampered.NoTime:
                Change(WebhookSignature.TimestampHeader, _ => null);
                break;
            case Tampered.NotTheVersion:
                Change(WebhookSignature.SignatureHeader, s => "v2," + s[3..]);
                break;
            case Tampered.NotBase64:
                Change(WebhookSignature.SignatureHeader, _ => "v1,?");
                break;
            case Tampered.CutShort:
                Change(WebhookSignature.SignatureHeader, _ => "v1,");
                break;
            case Tampered.Nothing:
                Change(WebhookSignature.SignatureHeader, s => "v1,AAAA " + s); // while a secret is changed, both sign
                break;
            case Tampered.Ahead or Tampered.Channel:
                break;
        }

        message.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        using var response = await Anonymous.Http.SendAsync(message);

        var taken = what == Tampered.Nothing;
        Assert.That(response.StatusCode, Is.EqualTo(taken ? HttpStatusCode.OK : HttpStatusCode.Unauthorized), await response.Content.ReadAsStringAsync());
        Assert.That((await RoundOf(request)).State, Is.EqualTo(taken ? "answered" : "asked"));
        Assert.That(await Scalar<long>("select count(*) from inbound_message"), Is.EqualTo(taken ? 1 : 0));
    }

    [Test]
    public async Task A_call_that_somebody_recorded_and_sends_again_does_nothing_again()
    {
        var request = await GivenAsked();
        var body = JsonSerializer.SerializeToUtf8Bytes(new { messageId = "again", sender = "13800138000", text = "5", community = "here" }, Json.Options);
        using var first = new HttpRequestMessage(HttpMethod.Post, "/api/inbound/sms");
        SignedByTests.Sign(first, body);
        using var second = new HttpRequestMessage(HttpMethod.Post, "/api/inbound/sms");
        foreach (var (name, values) in first.Headers)
        {
            second.Headers.TryAddWithoutValidation(name, values);
        }

        var repeated = new List<bool>();
        foreach (var message in new[] { first, second })
        {
            message.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
            using var response = await Anonymous.Http.SendAsync(message);
            repeated.Add(JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("repeated").GetBoolean());
        }

        Assert.That(repeated, Is.EqualTo(new[] { false, true }));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'feedbackGiven' and detail ->> 'requestId' = @request::text", new { request }), Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from inbound_message"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_community_is_told_by_the_sender_where_no_code_is_given()
    {
        var request = (await Send(There.Clerk, new ReceiveRequest(There.CommunityId, RequestKind.Repair, Channel.Phone, There.Category(RequestKind.Repair, "water"), "漏水", PlaceId: There.Places["3-2-1502"], Reporter: new Reporter("李", "13700001111")))).RequestId;

        var known = await Post("sms", new { messageId = "k", sender = "13700001111", text = "在家" });
        var unknown = await Post("sms", new { messageId = "u", sender = "13666660000", text = "在家" }, HttpStatusCode.UnprocessableEntity);

        Assert.That(known.Id("requestId"), Is.EqualTo(request));
        Assert.That(unknown.Code, Is.EqualTo("inbound.community_unknown"));
    }

    [Test]
    public async Task A_forgotten_persons_messages_are_forgotten_too()
    {
        var made = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "周", [new NewContactPoint(ContactKind.Phone, "13512340000")], []));
        await Sms("家里没人", "13512340000");

        await Send(Here.Manager, new EraseCustomer(made.CustomerId, ErasureReason.Requested));

        Assert.That((await Rows<(string, string)>("select sender, text from inbound_message")).Single(), Is.EqualTo(("–", "")));
    }
}
