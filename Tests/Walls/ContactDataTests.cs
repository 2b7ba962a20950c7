using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Walls;

/// <summary>Whom crews see, and when; telephone numbers are masked everywhere else, and each look at one in full is written down.</summary>
public sealed class ContactDataTests : ApiFixture
{
    private const string Number = "13800138000";
    private const string Name = "王小明";

    private static readonly string[] InFull = [Number, "138 0013 8000", "13912345678"];

    private Actor Engineer => Here.Member(Crew.Engineering);

    [Test]
    public async Task A_crew_reads_whom_to_ring_while_its_order_is_open_and_not_after()
    {
        var (request, order) = await GivenWorking();

        Assert.That((await Send(Engineer, new GetWorkOrder(order))).Requests.Single(), Has.Property("Phone").EqualTo(Number).And.Property("CustomerName").EqualTo(Name));
        Assert.That((await Send(Engineer, new GetRequest(request))).Request, Has.Property("CustomerName").EqualTo(Name));
        await Send(Engineer, new CompleteWork(order, "换了密封圈"));

        Assert.That((await Send(Engineer, new GetWorkOrder(order))).Requests.Single(), Has.Property("Phone").Null.And.Property("CustomerName").Null);
        Assert.That((await Send(Engineer, new GetRequest(request))).Request, Has.Property("CustomerName").Null.And.Property("CustomerId").Null.And.Property("ReporterPhone").Null);
    }

    /// <summary>No more is there to be done: an order that was voided, and one that no longer serves the request.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Nor_does_it_of_an_order_that_was_voided_or_of_a_request_that_left_it(bool voided)
    {
        var (request, order) = await GivenWorking();
        if (voided)
        {
            await Send(Here.Clerk, new VoidWork(order, "业主取消"));
        }
        else
        {
            await Execute("update request_work_order set left_at = @Now where request_id = @request and work_order_id = @order", new { request, order, Now = Clock.GetUtcNow() });
        }

        Assert.That((await Send(Engineer, new GetWorkOrder(order))).Requests.Select(r => (r.Phone, r.CustomerName)), Is.All.EqualTo(((string?)null, (string?)null)));
    }

    [Test]
    public async Task A_crew_reads_what_was_said_on_the_timeline_and_not_by_whom()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Clerk, new AmendRequest(request, Payer: Payer.Owner, Version: (await Send(Here.Clerk, new GetRequest(request))).Request.Version));
        await Send(Here.Clerk, new AmendRequest(request, "卫生间漏水", Version: (await Send(Here.Clerk, new GetRequest(request))).Request.Version));
        var first = await Send(Here.Clerk, new QuoteWork(order, [new QuotedLine("阀门", 1, "个", 10)]));
        await Send(Here.Clerk, new RefuseQuote(order, first.QuoteId, "陈先生", "太贵"));
        var second = await Send(Here.Clerk, new QuoteWork(order, [new QuotedLine("阀门", 1, "个", 5)]));
        await Send(Here.Clerk, new ConsentToQuote(order, second.QuoteId, "陈太太", 5, Channel.Phone));
        await Send(Engineer, new CompleteWork(order, "好了", FinalAmount: 5));
        await Send(Here.Clerk, new ReportNotFixed(request, "陈老先生", "还在漏"));

        var crew = JsonSerializer.Serialize(await Send(Engineer, new GetTimeline(request)), Json.Options);
        var desk = JsonSerializer.Serialize(await Send(Here.Clerk, new GetTimeline(request)), Json.Options);

        Assert.That(crew, Does.Contain("太贵").And.Contain("还在漏").And.Contain("quoteConsented").And.Contain("卫生间漏水").And.Not.Contain("陈"));
        Assert.That((crew.Contains(Here.Customer.ToString(), StringComparison.Ordinal), desk.Contains(Here.Customer.ToString(), StringComparison.Ordinal)), Is.EqualTo((false, true)), "nor the id by which the desk knows them");
        Assert.That(crew, Does.Contain("\"before\":{\"placeId\":\"" + Here.Places["3-2-1502"] + "\""), "where it was is for all");
        Assert.That(desk, Does.Contain("陈先生: 太贵").And.Contain("陈太太").And.Contain("陈老先生: 还在漏"));
    }

    [Test]
    public async Task A_number_that_only_the_request_knows_is_the_crews_to_ring_too()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("路人", "13912345678")))).RequestId;
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;

        Assert.That((await Send(Engineer, new GetWorkOrder(order))).Requests.Single().Phone, Is.EqualTo("13912345678"));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).Requests.Single().Phone, Is.EqualTo("139****5678"));
        Assert.That((await Send(Engineer, new GetRequest(request))).Request.ReporterPhone, Is.EqualTo("139****5678"));
    }

    [Test]
    public async Task Crews_see_the_orders_of_their_crew_and_what_these_serve_and_nothing_else()
    {
        var (mine, order) = await GivenDispatched();
        var (theirs, otherOrder) = await GivenDispatched(Crew.Environment);
        var nobodys = (await GivenRequest()).RequestId;
        var brought = (await Send(Engineer, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Staff, Here.Category(RequestKind.Repair, "water"), "巡查发现漏水", PlaceId: Here.Places["3-2-lobby"]))).RequestId;

        Assert.That((await Send(Engineer, new ListWorkOrders(new WorkOrderFilter()))).Items.Select(o => o.WorkOrderId), Is.EqualTo(new[] { order }));
        Assert.That((await Send(Engineer, new ListRequests(new RequestFilter()))).Items.Select(r => r.RequestId), Is.EquivalentTo(new[] { mine, brought }));
        Assert.That((await Send(Engineer, new ListRequests(new RequestFilter()))).Items.Select(r => r.CustomerName), Has.All.Null);
        Assert.That((await Send(Engineer, new CountRequests(new RequestFilter()))).Single().Requests, Is.EqualTo(2));
        foreach (var other in new[] { theirs, nobodys })
        {
            Assert.That(await Refusal(() => Send(Engineer, new GetRequest(other))), Is.EqualTo("request.not_found"));
            Assert.That(await Refusal(() => Send(Engineer, new GetTimeline(other))), Is.EqualTo("request.not_found"));
            Assert.That(await Refusal(() => Send(Engineer, new NoteOnRequest(other, "x", Visibility.Crew))), Is.EqualTo("request.not_found"));
        }

        Assert.That(await Refusal(() => Send(Engineer, new GetWorkOrder(otherOrder))), Is.EqualTo("work_order.not_found"));
        Assert.That((await Send(Engineer, new GetRequest(brought))).Request.Description, Is.EqualTo("巡查发现漏水"));
        await Send(Engineer, new NoteOnRequest(mine, "要带梯子", Visibility.Crew));
        Assert.That((await Send(Here.Lead(Crew.Environment), new ListWorkOrders(new WorkOrderFilter()))).Items.Select(o => o.WorkOrderId), Is.EqualTo(new[] { otherOrder }));
    }

    [Test]
    public async Task A_crew_reads_no_names_on_the_page_of_a_fault_and_only_the_requests_that_are_theirs()
    {
        var joined = (await GivenRequest()).RequestId;
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停水", RequestId: joined))).FaultId;

        Assert.That((await Send(Engineer, new GetFault(fault))).Requests, Is.Empty);
        await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "看一下")]));

        Assert.That((await Send(Engineer, new GetFault(fault))).Requests.Single(), Has.Property("RequestId").EqualTo(joined).And.Property("CustomerName").Null);
        Assert.That((await Send(Here.Clerk, new GetFault(fault))).Requests.Single().CustomerName, Is.EqualTo(Name));
    }

    [Test]
    public async Task Somebody_of_the_desk_here_and_of_a_crew_there_sees_all_here_and_their_crews_there()
    {
        var both = Engineer with
        {
            Id = Here.Clerk.Id,
            Roles = [new RoleIn(Here.CommunityId, Roles.Clerk), new RoleIn(There.CommunityId, Roles.CrewMember)],
            Seats = [new Seat(There.CommunityId, There.Teams[Crew.Engineering], Crew.Engineering, false)],
        };
        var here = (await GivenRequest()).RequestId;
        var there = (await GivenRequest(There)).RequestId;
        var theirs = (await GivenRequest(There)).RequestId;
        await Send(There.Clerk, new DispatchWork(theirs, [new NewOrder(Crew.Engineering, "看一下")]));

        Assert.That((await Send(both, new ListRequests(new RequestFilter()))).Items.Select(r => r.RequestId), Is.EquivalentTo(new[] { here, theirs }));
        Assert.That(await Refusal(() => Send(both, new GetRequest(there))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Nobody_at_the_desk_reads_a_number_in_full_without_asking_for_it()
    {
        var (request, order) = await GivenDone();
        var unknown = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("路人", "13912345678")))).RequestId;
        string[] paths =
        [
            $"/api/customers/{Here.Customer}", $"/api/customers/{Here.Customer}/card", "/api/search?q=13800138000", "/api/search?q=3-2-1502", $"/api/places/{Here.Places["3-2-1502"]}", $"/api/requests/{request}",
            $"/api/requests/{unknown}", $"/api/requests/{unknown}/timeline", $"/api/requests/{request}/timeline", "/api/requests", "/api/call-backs?state=asked", $"/api/work-orders/{order}", "/api/work-orders", "/api/follow-ups",
        ];

        foreach (var who in new[] { Here.Clerk, Here.Officer, Here.Manager })
        {
            var client = await As(who);
            foreach (var path in paths)
            {
                var body = (await client.GetJson(path)).Body.GetRawText();
                Assert.That(InFull.Where(n => body.Contains(n, StringComparison.Ordinal)), Is.Empty, path);
            }
        }

        Assert.That((await (await As(Here.Clerk)).GetJson("/api/call-backs?state=asked")).Body.GetRawText(), Does.Contain("138****8000"));
    }

    [Test]
    public async Task Each_look_at_a_number_in_full_is_written_down_and_its_reply_is_not_kept()
    {
        var clerk = await As(Here.Clerk);
        var request = (await GivenRequest()).RequestId;

        var shown = await clerk.PostJson($"/api/customers/{Here.Customer}/contact-data", null, HttpStatusCode.OK, key: "look");
        await clerk.PostJson($"/api/customers/{Here.Customer}/contact-data", null, HttpStatusCode.OK, key: "look");
        var forRequest = await clerk.PostJson($"/api/requests/{request}/contact-data", null, HttpStatusCode.OK);

        Assert.That(shown.As<ContactData>().ContactPoints.Single(), Has.Property("Value").EqualTo("138 0013 8000").And.Property("Normalised").EqualTo(Number));
        Assert.That(forRequest.As<ContactData>().ContactPoints.Single().Normalised, Is.EqualTo(Number));
        Assert.That(
            await Rows<(Guid, string?)>("select actor_id, detail ->> 'requestId' from event where subject_kind = 'customer' and subject_id = @Customer and what = 'contactDataShown' order by seq desc limit 3", new { Here.Customer }),
            Is.EqualTo(new[] { (Here.Clerk.Id, request.ToString()), (Here.Clerk.Id, (string?)null), (Here.Clerk.Id, null) }));
        Assert.That(await Scalar<long>("select count(*) from idempotency_key"), Is.Zero);
    }

    [Test]
    public async Task A_number_that_only_the_request_knows_is_shown_and_written_down_with_the_request()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("路人", "13912345678")))).RequestId;

        var shown = await Send(Here.Clerk, new ShowRequestContact(request));

        Assert.That((shown.CustomerId, shown.ReporterName, shown.ReporterPhone), Is.EqualTo(((Guid?)null, "路人", "13912345678")));
        Assert.That(await Rows<string>("select what from event where subject_id = @request order by seq desc limit 1", new { request }), Is.EqualTo(new[] { "contactDataShown" }));
        Assert.That(await Refusal(() => Send(There.Clerk, new ShowRequestContact(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new ShowCustomerContact(Here.Customer))), Is.EqualTo("customer.not_found"));
        Assert.That(await Refusal(() => Send(Engineer, new ShowRequestContact(request))), Is.EqualTo("role.not_allowed"));
    }

    [TestCase(ContactKind.Email, "Wang.Xiaoming@example.com", "w***@example.com")]
    [TestCase(ContactKind.WeChat, "王小明的微信", "王***")]
    [TestCase(ContactKind.Phone, "0755-8888 6666", "0755****6666")]
    public async Task Each_kind_of_contact_point_is_masked(ContactKind kind, string value, string masked)
    {
        var id = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "孙八", [new NewContactPoint(kind, value)]))).CustomerId;

        Assert.That((await Send(Here.Clerk, new GetCustomer(id))).ContactPoints.Single(), Has.Property("Value").EqualTo(masked).And.Property("Normalised").EqualTo(masked));
        Assert.That((await Send(Here.Clerk, new ShowCustomerContact(id))).ContactPoints.Single().Value, Is.EqualTo(value));
    }
}
