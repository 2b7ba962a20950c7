using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Walls;

/// <summary>A person's right to be forgotten, and to a copy of what is known of them.</summary>
public sealed class ForgottenTests : ApiFixture
{
    /// <summary>Stands in every text that the person or anybody about them says.</summary>
    private const string Mark = "独角兽";

    private const string Number = "13755556666";

    private sealed record Person(Guid CustomerId, Guid RequestId, Guid OrderId, Guid UnknownCall, Guid AttachmentId);

    public override async Task CleanUp()
    {
        await base.CleanUp();
        await Execute(
            """
            delete from event; delete from event_text; update event_head set seq = 0, hash = sha256(convert_to(community_id::text, 'UTF8'));
            delete from search_token where kind = 'customer';
            delete from occupancy where customer_id <> all (@Ours);
            delete from contact_point where customer_id <> all (@Ours);
            delete from customer where customer_id <> all (@Ours);
            """,
            new { Ours = new[] { Here.Customer, There.Customer } });
    }

    [Test]
    public async Task Nothing_that_the_person_said_or_was_called_is_left_in_any_column_of_any_table()
    {
        var person = await GivenAWholeLife(ended: true);
        var others = await GivenRungForAnother();
        await Execute("update message set detail = json_build_object('said', @Mark::text) where recipient_kind = 'customer' and recipient_id = @CustomerId", new { Mark, person.CustomerId });
        Assert.That(await Where(Mark), Has.Count.GreaterThan(9).And.Some.StartsWith("material ").And.Some.StartsWith("quote_line ").And.Some.StartsWith("idempotency_key ").And.Some.StartsWith("inbound_message ").And.Some.StartsWith("message "), "the test says it in many places");
        Assert.That(await Where(Number), Has.Count.GreaterThan(3));

        var reply = await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested));

        Assert.That(await Where(Mark), Is.Empty);
        Assert.That(await Where(Number), Is.Empty);
        Assert.That(await Where("hotline-77"), Is.Empty);
        Assert.That(await Scalar<long>("select count(*) from attachment_content"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from search_token where id = @CustomerId", person), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from search_token where id = any (@Ids) and token like 'p:%'", new { Ids = new[] { person.RequestId, person.UnknownCall } }), Is.Zero);
        Assert.That((reply.Requests, reply.Attachments, reply.Texts > 10), Is.EqualTo((2, 2, true)));
        Assert.That((await Send(Here.Clerk, new GetRequest(others))).Feedback.Single(), Has.Property("Satisfaction").EqualTo(5), "what was said about another's request stays");
    }

    [Test]
    public async Task A_number_that_was_amended_is_forgotten_too_where_the_log_says_it_and_where_it_is_found_by_and_others_stay()
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, Mark, [new NewContactPoint(ContactKind.Phone, Number)], []))).CustomerId;
        async Task<Guid> Amended(string before, string after)
        {
            var request = (await Send(Here.Clerk, new ReceiveRequest(
                Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1602"], Reporter: new Reporter("路人", before)))).RequestId;
            await Send(Here.Clerk, new AmendRequest(request, Reporter: new Reporter("李四", after), Reason: "号码抄错", Version: 1));
            return request;
        }

        var (from, strangers) = (await Amended(Number, "13900005556"), await Amended("13900001111", "13900002222"));
        Assert.That(await Where(Number), Has.Some.StartsWith("event_text ").And.Some.StartsWith("search_token "));

        await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested, EvenIfOpen: true));

        Assert.That(await Where(Number), Is.Empty);
        string?[] Said(Timeline t) => [.. t.Items.Where(e => e.What == Happening.ReporterAmended).Select(e => e.Text)];
        Assert.That(Said(await Send(Here.Clerk, new GetTimeline(from))), Is.EqualTo(new string?[] { null }));
        Assert.That(Said(await Send(Here.Clerk, new GetTimeline(strangers))), Is.EqualTo(new[] { "路人 139****1111 → 李四 139****2222\n号码抄错" }));
        var row = (await Send(Here.Clerk, new GetRequest(from))).Request;
        Assert.That((row.Description, row.ReporterName, row.ReporterPhone), Is.EqualTo(("漏水", "李四", "139****5556")), "who rings about it now");
        Assert.That((await Send(Here.Clerk, new Search(Number))).Requests, Is.Empty);
        Assert.That((await Send(Here.Clerk, new Search("13900005556"))).Requests.Select(r => r.RequestId), Is.EqualTo(new[] { from }));
        Assert.That((await Send(Here.Clerk, new Search("5556"))).Requests.Select(r => r.RequestId), Is.EqualTo(new[] { from }), "though it is a part of the other number, too");
        Assert.That((await LogCheck.Verify(ConnectionString, [], CancellationToken.None)).Faults, Is.Empty);
    }

    [Test]
    public async Task What_was_written_since_is_forgotten_by_erasing_again()
    {
        var person = await GivenAWholeLife(ended: true);
        await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested));
        await Send(Here.Clerk, new NoteOnRequest(person.RequestId, Mark + "又来电", Visibility.Desk));
        var late = await Send(Here.System, Sms(Mark + "又发来短信", Number));
        await Send(Here.Clerk, new SettleInbound(late.InboundMessageId, person.RequestId));
        Assert.That(await Where(Mark), Has.Some.StartsWith("inbound_message ").And.Some.StartsWith("event_text "));

        await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested));

        Assert.That(await Where(Mark), Is.Empty);
        Assert.That(await Where(Number), Is.Empty);
        Assert.That((await LogCheck.Verify(ConnectionString, [], CancellationToken.None)).Faults, Is.Empty);
    }

    [Test]
    public async Task What_was_registered_from_their_mails_before_they_were_a_customer_is_in_the_copy_and_is_forgotten()
    {
        var address = $"{Mark}@Example.com";
        var mailed = await GivenMailed($"{Mark} <{address}>", text: Mark + "家漏水");
        await Send(Here.Clerk, new NoteOnRequest(mailed, Mark + "说很急", Visibility.Owner));
        Clock.Advance(TimeSpan.FromMinutes(1));
        var (forAnother, strangers) = (await GivenMailed(address, text: "妈妈家漏水"), (await GivenRequest()).RequestId);
        var machine = await Send(
            Actor.OwnerIn(Here.CommunityId, forAnother, "一位业主"), new TakeInbound(Here.CommunityId, InboundChannel.Email, "<machine@example.org>", $"{Mark} <{address}>", null, Mark + "还在漏", []));
        Assert.That((machine.Kind, machine.RequestId), Is.EqualTo((InboundKind.Note, (Guid?)forAnother)), "taken without anybody's hand");
        await Execute("update request set customer_id = @Customer, reporter_name = @Mark where request_id = @forAnother", new { Here.Customer, Mark, forAnother });
        Clock.Advance(TimeSpan.FromMinutes(1));
        var about = await Send(Here.System, new TakeInbound(Here.CommunityId, InboundChannel.Email, "<about@example.org>", $"{Mark} <{address}>", null, Mark + "也漏了", []));
        await Send(Here.Clerk, new SettleInbound(about.InboundMessageId, strangers));
        await Send(Here.Clerk, new NoteOnRequest(strangers, "等配件", Visibility.Desk));
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, Mark, [new NewContactPoint(ContactKind.Email, address.ToUpperInvariant())], []))).CustomerId;
        Assert.That(await Where(Mark), Has.Some.StartsWith("request ").And.Some.StartsWith("event_text ").And.Some.StartsWith("inbound_message "));

        var copy = await Send(Here.Manager, new CopyCustomer(customer));
        Assert.That(copy.Requests.Select(r => (r.RequestId, r.Description)), Is.EqualTo(new[] { (mailed, Mark + "家漏水") }));
        Assert.That(copy.Events.Select(e => e.Text), Has.Member(Mark + "说很急"));
        Assert.That(copy.Inbound, Has.Count.EqualTo(4));
        Assert.That(await Refusal(() => Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested))), Is.EqualTo("customer.has_open_requests"));
        await Send(Here.Clerk, new AnswerRequest(mailed, AnswerKind.Explained, Mark + "已解释"));

        var reply = await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested, EvenIfOpen: true));

        Assert.That(await Where(Mark), Is.Empty);
        Assert.That(reply.Requests, Is.EqualTo(1));
        Assert.That((await Send(Here.Clerk, new GetRequest(mailed))).Request.Description, Is.Empty);
        Assert.That((await Send(Here.Clerk, new GetRequest(forAnother))).Request, Has.Property("Description").EqualTo("妈妈家漏水").And.Property("CustomerName").EqualTo("王小明"));
        var notes = (await Send(Here.Clerk, new GetTimeline(strangers))).Items.Where(i => i.What == Happening.RequestNoted);
        Assert.That(notes.Select(n => (n.Text, n.TextErased)), Is.EquivalentTo(new[] { ((string?)null, true), ("等配件", false) }), "what the desk said of that request stays");
        Assert.That((await LogCheck.Verify(ConnectionString, [], CancellationToken.None)).Faults, Is.Empty);
        await Send(Here.System, new ChaseFeedback(Here.CommunityId, await Rows<Guid>("select feedback_id from feedback where request_id = @mailed", new { mailed })));
        Assert.That((await Send(Here.Clerk, new GetRequest(mailed))).Feedback.Single(), Has.Property("State").EqualTo(FeedbackState.NotAsked), "nobody is left to ask");
    }

    [Test]
    public async Task Whose_mail_it_was_is_told_by_the_address_alone_and_only_of_a_request_of_nobody_else()
    {
        var (theirs, rung, anothers) = (await GivenMailed("a@example.org"), await GivenMailed("a@example.org"), await GivenMailed("b@example.org"));
        await Execute("update request set reporter_phone = '13900001111' where request_id = @rung", new { rung });
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "钱七", [new NewContactPoint(ContactKind.Email, "a@example.org")], []))).CustomerId;

        var copy = await Send(Here.Manager, new CopyCustomer(customer));
        await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested, EvenIfOpen: true));

        Assert.That(copy.Requests.Select(r => r.RequestId), Is.EqualTo(new[] { theirs }));
        Assert.That(await Rows<Guid>("select request_id from request where description <> '' and request_id = any (@Ids) order by 1", new { Ids = new[] { theirs, rung, anothers } }), Is.EqualTo(new[] { rung, anothers }.Order()));
    }

    [Test]
    public async Task Whoever_is_forgotten_while_their_request_is_registered_or_amended_is_not_in_it()
    {
        var unknown = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", Reporter: new Reporter("路人", "13900001111")))).RequestId;
        var acts = new Func<Guid, Task>[]
        {
            id => Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), Mark, CustomerId: id)),
            id => Send(Here.Clerk, new AmendRequest(unknown, Description: Mark, CustomerId: id, Version: 1)),
        };
        foreach (var act in acts)
        {
            var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "一去不返", [], []))).CustomerId;
            await using var connection = await Owner.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await Dapper.SqlMapper.ExecuteAsync(connection, "update customer set erased_at = created_at where customer_id = @customer", new { customer }, transaction);
            var acting = Refusal(() => act(customer));
            await IsWaitedFor(connection.ProcessID, acting);
            await transaction.CommitAsync();

            Assert.That(await acting, Is.EqualTo("customer.unknown"));
        }

        Assert.That(await Where(Mark), Is.Empty);
    }

    /// <summary>Somebody waits for what this connection holds; or is done already, which the test then says.</summary>
    private async Task IsWaitedFor(int pid, Task acting)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var watch = await Owner.OpenConnectionAsync(deadline.Token);
        while (!acting.IsCompleted && !await Dapper.SqlMapper.ExecuteScalarAsync<bool>(watch, "select exists (select from pg_locks l where not l.granted and @pid = any (pg_blocking_pids(l.pid)))", new { pid }))
        {
            await Task.Yield();
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    [Test]
    public async Task Who_must_not_find_a_complaint_here_erases_nobody_here()
    {
        var complainant = (await GivenAWholeLife(ended: true)).CustomerId;
        var somebody = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "钱七", [], []))).CustomerId;
        await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "noise"), "经理收红包", CustomerId: complainant, Confidential: true, AboutStaffId: Here.Manager.Id));

        foreach (var customer in new[] { complainant, somebody })
        {
            Assert.That(await Refusal(() => Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested))), Is.EqualTo("customer.somebody_else_erases"));
        }

        Assert.That(await Refusal(() => Send(Here.People["administrator"], new EraseCustomer(complainant, ErasureReason.Requested))), Is.EqualTo("customer.has_open_requests"));
        await Send(Here.People["administrator"], new EraseCustomer(somebody, ErasureReason.Requested));
    }

    [Test]
    public async Task Counts_durations_and_scores_stay_as_they_were()
    {
        var person = await GivenAWholeLife(ended: true);
        var before = await Figures();

        await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested));

        Assert.That(await Figures(), Is.EqualTo(before));
        Assert.That((await Send(Here.Clerk, new GetRequest(person.RequestId))).Feedback.Single(), Has.Property("Satisfaction").EqualTo(4));
        Assert.That((await Send(Here.Clerk, new GetRequest(person.RequestId))).Request, Has.Property("Description").EqualTo("").And.Property("PlaceId").EqualTo(Here.Places["3-2-1602"]));
    }

    [Test]
    public async Task The_chain_is_valid_and_says_who_erased_whom_and_why_and_the_texts_are_known_to_be_erased()
    {
        var person = await GivenAWholeLife(ended: true);
        var heads = await LogCheck.Heads(ConnectionString, CancellationToken.None);

        await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested));

        Assert.That((await LogCheck.Verify(ConnectionString, heads, CancellationToken.None)).Faults, Is.Empty);
        var logged = (await Rows<(Guid Actor, string Detail)>("select actor_id, detail::text from event where subject_id = @CustomerId and what = 'customerErased'", person)).Single();
        Assert.That((logged.Actor, JsonDocument.Parse(logged.Detail).RootElement.GetProperty("reason").GetString()), Is.EqualTo((Here.Manager.Id, "requested")));
        var timeline = await Send(Here.Clerk, new GetTimeline(person.RequestId));
        Assert.That(timeline.Items.Where(i => i.What == Happening.RequestReceived).Select(i => (i.Text, i.TextErased)), Is.EqualTo(new[] { ((string?)null, true) }));
    }

    [Test]
    public async Task Links_to_the_person_are_dead_and_nothing_can_be_done_to_them_any_more()
    {
        var person = await GivenAWholeLife(ended: true);
        await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested));
        var clerk = await As(Here.Clerk);

        foreach (var path in new[] { $"/api/customers/{person.CustomerId}", $"/api/customers/{person.CustomerId}/card", $"/api/attachments/{person.AttachmentId}/content" })
        {
            await clerk.GetJson(path, HttpStatusCode.NotFound);
        }

        Assert.That((await Send(Here.Clerk, new Search(Mark))).Customers, Is.Empty);
        Assert.That((await Send(Here.Clerk, new Search(Number))).Customers, Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new CopyCustomer(person.CustomerId))), Is.EqualTo("customer.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ShowCustomerContact(person.CustomerId))), Is.EqualTo("customer.not_found"));
        Assert.That(await Rows<string>("select distinct (parked_at is not null or sent_at is not null)::text from message where recipient_id = @CustomerId", person), Is.EqualTo(new[] { "true" }), "nothing is sent to them any more");
    }

    [Test]
    public async Task While_something_is_open_it_is_refused_unless_that_is_meant_and_then_nobody_is_asked()
    {
        var person = await GivenAWholeLife(ended: false);

        Assert.That(await Refusal(() => Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested))), Is.EqualTo("customer.has_open_requests"));
        Assert.That(await Where(Mark), Is.Not.Empty);

        await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested, EvenIfOpen: true));
        Assert.That(await Where(Mark), Is.Empty);
        await Send(Here.Member(Crew.Engineering), new CompleteWork(person.OrderId, "好了"));
        Assert.That((await Send(Here.Clerk, new GetRequest(person.RequestId))).Feedback.Single(), Has.Property("State").EqualTo(FeedbackState.NotAsked));
    }

    [Test]
    public async Task What_belongs_to_others_stays()
    {
        var person = await GivenAWholeLife(ended: true);
        var forMother = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "妈妈家漏水", CustomerId: Here.Customer, Reporter: new Reporter(Mark, Number)))).RequestId;

        await Send(Here.Manager, new EraseCustomer(person.CustomerId, ErasureReason.Requested));

        Assert.That((await Send(Here.Clerk, new GetRequest(forMother))).Request, Has.Property("Description").EqualTo("妈妈家漏水").And.Property("CustomerName").EqualTo("王小明").And.Property("ReporterPhone").Null);
        Assert.That((await Send(Here.Clerk, new ShowCustomerContact(Here.Customer))).ContactPoints, Has.Count.EqualTo(1));
    }

    [TestCase(Roles.Clerk, "role.not_allowed")]
    [TestCase(Roles.CustomerOfficer, "role.not_allowed")]
    public async Task Only_managers_and_administrators_erase_and_copy(Roles role, string code)
    {
        var who = Here.Clerk with { Roles = [new RoleIn(Here.CommunityId, role)] };

        Assert.That(await Refusal(() => Send(who, new EraseCustomer(Here.Customer, ErasureReason.Requested))), Is.EqualTo(code));
        Assert.That(await Refusal(() => Send(who, new CopyCustomer(Here.Customer))), Is.EqualTo(code));
        Assert.That(await Refusal(() => Send(There.Manager, new EraseCustomer(Here.Customer, ErasureReason.Requested, true))), Is.EqualTo("customer.not_found"));
        Assert.That(await Refusal(() => Send(There.Manager, new CopyCustomer(Here.Customer))), Is.EqualTo("customer.not_found"));
    }

    [Test]
    public async Task The_databases_function_erases_nobody_outside_of_the_scope()
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Dapper.SqlMapper.ExecuteAsync(connection, $"call enter_scope('{Here.CommunityId}', '{Here.Manager.Id}')", transaction: transaction);

        var refused = Assert.ThrowsAsync<Npgsql.PostgresException>(() => Dapper.SqlMapper.ExecuteAsync(
            connection, "select erase_customer(@CommunityId, @Customer, now())", new { There.CommunityId, There.Customer }, transaction));

        Assert.That(refused!.SqlState, Is.EqualTo("42501"));
    }

    [Test]
    public async Task The_copy_has_all_of_it_in_full_and_that_it_was_made_is_written_down()
    {
        var person = await GivenAWholeLife(ended: true);
        var manager = await As(Here.Manager);

        var copy = await manager.PostJson($"/api/customers/{person.CustomerId}/copy", null, HttpStatusCode.OK, key: "copy");

        var text = copy.Body.GetRawText();
        foreach (var said in new[] { Number, "hotline-77", Mark + "家漏水", Mark + "家修好了", Mark + "说可以更快", Mark + "@example.com", "答应" + Mark, "给" + Mark + "的答复", Mark + "还没登记过", Mark + "发来的短信", Mark + "写的信" })
        {
            Assert.That(text, Does.Contain(said));
        }

        var whole = copy.As<CustomerCopy>();
        Assert.That((whole.Requests.Count, whole.Occupancies.Count, whole.Answers.Count, whole.Calls.Count, whole.Files.Count, whole.Promises.Count, whole.Inbound.Count), Is.EqualTo((2, 1, 2, 3, 1, 1, 3)), "of the answers one says that they were not asked");
        Assert.That(text, Does.Not.Contain("内部备注"), "what the desk wrote for itself");
        Assert.That(text, Does.Not.Contain("用别人的手机").And.Not.Contain("13755550000"), "what came from a number that is not known as theirs, and whoever has that number");
        Assert.That(await Rows<Guid>("select actor_id from event where subject_id = @CustomerId and what = 'customerCopied'", person), Is.EqualTo(new[] { Here.Manager.Id }));
        Assert.That(await Scalar<long>("select count(*) from idempotency_key where key = 'copy'"), Is.Zero);
    }

    [Test]
    public async Task A_confidential_complaint_about_whoever_makes_the_copy_is_not_in_it()
    {
        var person = await GivenAWholeLife(ended: true);
        var category = (await Rows<Guid>("select category_id from category where community_id = @CommunityId and kind = 'complaint' order by position limit 1", new { Here.CommunityId })).Single();
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, "经理收红包", CustomerId: person.CustomerId, Confidential: true, AboutStaffId: Here.Manager.Id));

        var copy = JsonSerializer.Serialize(await Send(Here.Manager, new CopyCustomer(person.CustomerId)), Json.Options);
        var byAnother = JsonSerializer.Serialize(await Send(Here.People["administrator"], new CopyCustomer(person.CustomerId)), Json.Options);

        Assert.That((copy.Contains("红包", StringComparison.Ordinal), byAnother.Contains("红包", StringComparison.Ordinal)), Is.EqualTo((false, true)));
    }

    /// <summary>Registered, rang, was visited, paid, was promised something, was rung twice, rated, sent files; once from an unknown number.</summary>
    private async Task<Person> GivenAWholeLife(bool ended)
    {
        var clerk = Here.Clerk;
        var engineer = Here.Member(Crew.Engineering);
        await Keyed(Here.System, Sms(Mark + "还没登记过", "+86 " + Number));
        var customer = (await Keyed(clerk, new RegisterCustomer(
            Here.CommunityId,
            Mark,
            [new NewContactPoint(ContactKind.Phone, Number, Mark + "手机"), new NewContactPoint(ContactKind.Email, Mark + "@example.com")],
            [new NewOccupancy(Here.Places["3-2-1602"], OccupancyRole.Owner)],
            Note: Mark + "怕狗"))).CustomerId;
        await Keyed(clerk, new AmendCustomer(customer, Mark + "先生", "zh-CN", PreferredChannel.Sms, Mark + "怕狗", 1));
        await Keyed(clerk, new AddContactPoint(customer, ContactKind.WeChat, Mark + "微信"));
        var request = (await Keyed(clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), Mark + "家漏水", PlaceId: Here.Places["3-2-1602"], CustomerId: customer,
            Reporter: new Reporter(Mark + "太太", Number), OnBehalfOf: Mark + "老人", Foreign: new ForeignNumber("12345", "hotline-77")))).RequestId;
        await Keyed(clerk, new AmendRequest(request, Description: Mark + "家漏水，很急", Version: 1));
        await Keyed(clerk, new AmendRequest(request, Reporter: new Reporter(Mark + "儿子", Number), Reason: "是" + Mark + "的儿子", Version: 2));
        await Keyed(clerk, new NoteOnRequest(request, "内部备注" + Mark, Visibility.Desk));
        await Keyed(clerk, new MakePromise(request, "答应" + Mark, Clock.GetUtcNow().AddHours(2)));
        await Keyed(clerk, new GiveFirstReply(request, "给" + Mark + "的答复"));
        await Keyed(clerk, new UrgeRequest(request, Mark + "催"));
        var order = (await Keyed(clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "去" + Mark + "家", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        await Keyed(engineer, new AcceptWork(order));
        await Keyed(engineer, new HoldWork(order, HoldReason.Customer, Clock.GetUtcNow().AddHours(1), Mark + "不在家", HoldEvidence.Call, Clock.GetUtcNow()));
        await Keyed(engineer, new ResumeWork(order));
        await Keyed(engineer, new ArriveOnSite(order));
        var quote = await Keyed(engineer, new QuoteWork(order, [new QuotedLine(Mark + "阀门", 1, "个", 10)]));
        await Keyed(engineer, new ConsentToQuote(order, quote.QuoteId, Mark, 10, Channel.WalkIn));
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: true, CancellationToken.None);
        var file = await Keyed(engineer, new AttachToWorkOrder(order, new FileLabel(PhotoPurpose.After, Visibility.Owner, Mark + "家.png"), Convert.ToHexStringLower(upload.Sha256), upload));
        await using var other = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: false, CancellationToken.None);
        await Keyed(clerk, new AttachToRequest(request, new FileLabel(PhotoPurpose.Evidence, Visibility.Desk, Mark + ".png"), Convert.ToHexStringLower(other.Sha256), other));
        var unknown = (await Keyed(clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Inquiry, Channel.Phone, Here.Categories.First(c => c.Key.StartsWith("inquiry:", StringComparison.Ordinal)).Value, Mark + "问物业费", Reporter: new Reporter(null, Number)))).RequestId;
        await Keyed(clerk, new AnswerRequest(unknown, AnswerKind.Answered, "答" + Mark, OnTheSpot: true));
        await Keyed(Here.System, Sms(Mark + "发来的短信", Number));
        await Keyed(Here.System, new TakeInbound(Here.CommunityId, InboundChannel.Email, $"<{++inbound}@example.org>", $"{Mark} <{Mark}@example.com>", Mark + "的来信", Mark + "写的信", []));
        Clock.Advance(TimeSpan.FromMinutes(1)); // it came after the request, so that this is not what was registered from it
        var fromElsewhere = await Keyed(Here.System, Sms(Mark + "用别人的手机", "13755550000"));
        await Keyed(clerk, new SettleInbound(fromElsewhere.InboundMessageId, request));
        if (ended)
        {
            await Keyed(engineer, new CompleteWork(order, Mark + "家修好了", Mark + "自己弄坏", [new MaterialUsed(Mark + "胶", 1, "支", null)], FinalAmount: 10));
            await Keyed(clerk, new TryCall(request, Number, CallResult.NoAnswer, Mark + "没接"));
            await Keyed(clerk, new TryCall(request, Number, CallResult.CallLater, SpokeWith: Mark + "太太"));
            await Keyed(clerk, new RecordFeedback(request, Solved.Yes, 4, Mark, MadeItFive: Mark + "说可以更快", NumberDialled: Number));
        }

        return new Person(customer, request, order, unknown, file.AttachmentId);
    }

    private int keys;
    private int inbound;

    /// <summary>As it comes over HTTP: with a key, for which the reply is kept.</summary>
    private Task<T> Keyed<T>(Actor actor, MediatR.IRequest<T> command) => Send(actor, command, c => c.IdempotencyKey = $"life-{++keys}");

    private TakeInbound Sms(string text, string sender) => new(Here.CommunityId, InboundChannel.Sms, $"sms-{++inbound}", sender, null, text, []);

    /// <summary>Another customer's request, about which this person was rung twice, and spoken with.</summary>
    private async Task<Guid> GivenRungForAnother()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new TryCall(request, Number, CallResult.Busy));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, Mark, NumberDialled: Number));
        var (rangThemselves, _) = await GivenDone();
        await Execute("update request set reporter_name = @Mark, reporter_phone = @Number where request_id = @rangThemselves", new { Mark, Number, rangThemselves });
        await Send(Here.Clerk, new RecordFeedback(rangThemselves, Solved.Yes, 5, Mark));
        return request;
    }

    /// <summary>Tables in which a row has these words, in whatever column; bytes as text, too.</summary>
    private Task<List<string>> Where(string words) => Rows<string>(
        """
        select c.relname || ' ' || (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I t where t::text ilike %L or t::text ilike %L', c.relname, '%' || @words || '%', '%' || encode(convert_to(@words, 'UTF8'), 'hex') || '%'), false, true, '')))[1]::text
        from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
          and (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I t where t::text ilike %L or t::text ilike %L', c.relname, '%' || @words || '%', '%' || encode(convert_to(@words, 'UTF8'), 'hex') || '%'), false, true, '')))[1]::text <> '0'
        order by 1
        """,
        new { words });

    private async Task<string> Figures()
    {
        var tables = await Rows<string>("""
            select c.relname || ' ' || (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I', c.relname), false, true, '')))[1]::text
            from pg_class c
            where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
              and c.relname not in ('search_token', 'contact_point', 'occupancy', 'owner_link', 'attachment_content', 'event', 'event_text', 'idempotency_key', 'session')
            order by 1
            """);
        var times = await Rows<string>("""
            select to_json(x)::text from (
                select r.request_id, r.customer_id, r.number, r.kind, r.status, r.outcome, r.place_id, r.reported_at, r.first_replied_at, r.finished_at, r.closed_at, r.urge_count from request r order by 1) x
            union all
            select to_json(x)::text from (select o.work_order_id, o.status, o.accepted_at, o.arrived_at, o.done_at, o.final_amount, o.consented_amount from work_order o order by 1) x
            union all
            select to_json(x)::text from (select f.feedback_id, f.state, f.solved, f.satisfaction, f.recommend, f.ended_at, f.author_kind, f.author_id from feedback f order by 1) x
            union all
            select to_json(x)::text from (select k.* from clock k order by k.clock_id) x
            union all
            select to_json(x)::text from (select a.call_attempt_id, a.tried_at, a.result from call_attempt a order by 1) x
            """);
        return string.Join('\n', tables.Concat(times.Order(StringComparer.Ordinal)));
    }
}
