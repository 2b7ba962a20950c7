using System.Globalization;
using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Customers;

public sealed class SearchTests : ApiFixture
{
    [SetUp]
    public async Task ForgetCustomers() => await Execute(
        """
        delete from search_token where kind = 'customer';
        delete from contact_point where customer_id <> all (@Kept); delete from occupancy where customer_id <> all (@Kept); delete from customer where customer_id <> all (@Kept);
        """,
        new { Kept = new[] { Here.Customer, There.Customer } });

    [TestCase("5678")]
    [TestCase("1391")]
    [TestCase("3912345")]
    [TestCase("139 1234 5678")]
    [TestCase("+86 13912345678")]
    [TestCase("欧阳")]
    [TestCase("若兰")]
    [TestCase("欧阳若兰女士")]
    [TestCase("oyrl")]
    [TestCase("oy")]
    [TestCase("3-2-1601")]
    [TestCase("三栋二单元1601室")]
    [TestCase("321601")]
    [TestCase("欧阳 1601")]
    [TestCase("5678 oy")]
    public async Task A_customer_is_found_by_any_of_what_is_known(string typed)
    {
        var id = await GivenCustomer("欧阳若兰", "13912345678", "3-2-1601");
        await GivenCustomer("王小丽", "13700000000", "3-2-1602");

        var found = await Find(typed);

        Assert.That(found.Customers.Select(c => c.CustomerId), Is.EqualTo(new[] { id }));
        Assert.That(found.Customers[0].Homes.Single().FullCode, Is.EqualTo("3-2-1601"));
        Assert.That(found.Customers[0].Phone, Is.EqualTo("139****5678"));
    }

    [TestCase("5679")]
    [TestCase("欧小")]
    [TestCase("欧阳 1602")]
    [TestCase("👩‍🔧")]
    [TestCase("%")]
    [TestCase("' or 1=1 --")]
    public async Task What_nobody_has_finds_nobody(string typed)
    {
        await GivenCustomer("欧阳若兰", "13912345678", "3-2-1601");
        await GivenCustomer("王小丽", "13700000000", "3-2-1602");

        Assert.That((await Find(typed)).Customers, Is.Empty);
    }

    [Test]
    public async Task A_number_that_three_households_share_lists_all_three_always_in_the_same_order()
    {
        Guid[] three = [await GivenCustomer("张三", "02088887777", "3-2-1501"), await GivenCustomer("李四", "02088887777", "3-2-1502"), await GivenCustomer("王五", "02088887777", "3-2-1601")];

        var found = await Find("7777");
        var again = await Find("020-8888-7777");

        Assert.That(found.Customers.Select(c => c.CustomerId), Is.EqualTo(three.Order()));
        Assert.That(again.Customers.Select(c => c.CustomerId), Is.EqualTo(three.Order()));
    }

    [Test]
    public async Task The_number_shown_is_the_one_that_matches()
    {
        var customer = await GivenCustomer("张三", "13811112222", "3-2-1501");
        await Send(Here.Clerk, new AddContactPoint(customer, ContactKind.Phone, "13933334444"));

        Assert.That((await Find("4444")).Customers.Single().Phone, Is.EqualTo("139****4444"));
        Assert.That((await Find("张三")).Customers.Single().Phone, Is.EqualTo("138****2222"));
    }

    [Test]
    public async Task More_than_were_asked_for_are_said_to_be_more()
    {
        for (var i = 0; i < 4; i++)
        {
            await GivenCustomer("张" + i, "1381111000" + i, "3-2-1501");
        }

        var some = await Send(Here.Clerk, new Search("1381111", 3));
        var all = await Send(Here.Clerk, new Search("1381111", 4));

        Assert.That((some.Customers.Count, some.MoreCustomers), Is.EqualTo((3, true)));
        Assert.That((all.Customers.Count, all.MoreCustomers), Is.EqualTo((4, false)));
        Assert.That(some.Customers.Select(c => c.CustomerId), Is.EqualTo(all.Customers.Take(3).Select(c => c.CustomerId)));
    }

    [Test]
    public async Task A_home_is_found_with_its_people_and_what_is_open_there()
    {
        var one = await GivenCustomer("张三", "13811112222", "3-2-1602");
        var gone = await GivenCustomer("李四", "13811113333", "3-2-1602");
        await Send(Here.Clerk, new EndOccupancy(gone, (await Send(Here.Clerk, new GetCustomer(gone))).Occupancies[0].OccupancyId));
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1602"], CustomerId: one));

        var place = (await Find("1602")).Places.Single();

        Assert.That((place.PlaceId, place.OpenRequests), Is.EqualTo((Here.Places["3-2-1602"], 1L)));
        Assert.That(place.People.Single(), Is.EqualTo(new FoundDweller(one, "张三", OccupancyRole.Owner, "138****2222")));
        Assert.That((await Find("张三")).Customers.Single().OpenRequests, Is.EqualTo(1));
    }

    [Test]
    public async Task A_request_is_found_by_its_number_its_orders_and_anothers()
    {
        var received = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", CustomerId: Here.Customer, Foreign: new ForeignNumber("12345", "GZ-2026-A77")));
        var order = (await Send(Here.Clerk, new DispatchWork(received.RequestId, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0];

        Assert.That((await Find($"{received.Number}")).Requests.Single().RequestId, Is.EqualTo(received.RequestId));
        Assert.That((await Find("gz-2026-a77")).Requests.Single().ForeignNumber, Is.EqualTo("GZ-2026-A77"));
        var byOrder = (await Find($"#{order.Number}")).Requests.Single();
        Assert.That((byOrder.RequestId, byOrder.WorkOrderNumber), Is.EqualTo((received.RequestId, (long?)order.Number)));
        Assert.That((await Send(There.Clerk, new Search($"{received.Number}"))).Requests, Is.Empty);
        Assert.That((await Send(There.Clerk, new Search($"{order.Number}"))).Requests, Is.Empty);
    }

    [TestCase("13912345678")]
    [TestCase("+86 139 1234 5678")]
    [TestCase("5678")]
    [TestCase("3912345")]
    public async Task Whoever_rang_from_an_unknown_number_is_found_by_it_with_what_was_promised_and_masked(string typed)
    {
        var request = (await GivenCall("13912345678")).RequestId;
        await GivenCall("13700001111");
        var due = Clock.GetUtcNow().AddHours(3);
        var promise = (await Send(Here.Clerk, new MakePromise(request, "下午回电", due))).PromiseId;

        var found = await Find(typed);

        Assert.That(found.Requests.Select(r => (r.RequestId, r.ReporterPhone, r.PromiseDueAt)), Is.EqualTo(new[] { (request, (string?)"139****5678", (DateTimeOffset?)due) }));
        Assert.That((await Send(There.Clerk, new Search(typed))).Requests, Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Security), new Search(typed))), Is.EqualTo("role.not_allowed"));
        await Send(Here.Clerk, new KeepPromise(request, promise));
        Assert.That((await Find(typed)).Requests.Single().PromiseDueAt, Is.Null);
    }

    [Test]
    public async Task Of_whom_an_order_serves_more_are_said_to_be_more()
    {
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停水", Here.Category(RequestKind.Repair, "water"), Here.Places["3"]))).FaultId;
        var order = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修")]))).WorkOrders[0];
        for (var i = 0; i < 3; i++)
        {
            await Send(Here.Clerk, new JoinFault(fault, (await GivenRequest()).RequestId));
        }

        var some = await Send(Here.Clerk, new Search(order.Number.ToString(CultureInfo.InvariantCulture), 2));
        var all = await Send(Here.Clerk, new Search(order.Number.ToString(CultureInfo.InvariantCulture), 3));

        Assert.That((some.Requests.Count, some.MoreRequests), Is.EqualTo((2, true)));
        Assert.That((all.Requests.Count, all.MoreRequests), Is.EqualTo((3, false)));
    }

    [Test]
    public async Task The_latest_calls_of_a_number_come_first_and_more_are_said_to_be_more()
    {
        var calls = new List<Guid>();
        for (var i = 0; i < 4; i++)
        {
            calls.Add((await GivenCall("02088887777")).RequestId);
            Clock.Advance(TimeSpan.FromHours(1));
        }

        var some = await Send(Here.Clerk, new Search("020-8888-7777", 3));

        Assert.That(some.Requests.Select(r => r.RequestId), Is.EqualTo(calls.AsEnumerable().Reverse().Take(3)));
        Assert.That(some.MoreRequests, Is.True);
        Assert.That((await Send(Here.Clerk, new Search("7777", 4))).MoreRequests, Is.False);
    }

    [Test]
    public async Task A_request_is_found_by_the_number_that_it_was_amended_to_and_by_the_one_before()
    {
        var request = (await GivenCall("13912345678")).RequestId;

        await Send(Here.Clerk, new AmendRequest(request, Reporter: new Reporter("李", "137 0000 1111"), Version: 1));

        foreach (var typed in new[] { "13700001111", "0111", "13912345678", "1234" })
        {
            Assert.That((await Find(typed)).Requests.Select(r => (r.RequestId, r.ReporterPhone)), Is.EqualTo(new[] { (request, (string?)"137****1111") }), typed);
        }
    }

    [Test]
    public async Task A_repair_that_comes_back_as_a_new_request_is_found_by_the_same_number()
    {
        var request = (await GivenCall("13912345678")).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        await Execute("update request set status = 'closed', closed_at = @At where request_id = @request", new { request, At = Clock.GetUtcNow().UtcDateTime });
        Clock.Advance(TimeSpan.FromDays(8));
        var anew = (await Send(Here.Clerk, new ReportNotFixed(request, "李", "还在漏"))).NewRequest!.RequestId;

        Assert.That((await Find("13912345678")).Requests.Select(r => r.RequestId), Is.EqualTo(new[] { anew, request }));
    }

    /// <summary>Those that were registered before are given their tokens by the migration.</summary>
    [TestCase("13912345678")]
    [TestCase("075588888888")]
    [TestCase("075588888888-801")]
    [TestCase("88888888")]
    [TestCase("12345")]
    [TestCase("95588")]
    [TestCase("4008001234-12")]
    [TestCase("+16175551234")]
    [TestCase("11111111111")]
    public async Task The_database_makes_the_same_tokens_of_a_number(string number) =>
        Assert.That(await Rows<string>("select phone_tokens(@number)", new { number }), Is.EquivalentTo(SearchTokens.ForPhone(number)));

    private Task<RequestReply> GivenCall(string number) => Send(
        Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", Reporter: new Reporter(null, number)));

    [Test]
    public async Task Staff_of_two_communities_find_in_both_and_others_in_their_own()
    {
        var here = await GivenCustomer("诸葛亮", "13912345678", "3-2-1601");
        var there = (await Send(There.Clerk, new RegisterCustomer(There.CommunityId, "诸葛亮", [new NewContactPoint(ContactKind.Phone, "13912345678")]))).CustomerId;
        var both = Here.Clerk with { Roles = [.. Here.Clerk.Roles, .. There.Clerk.Roles] };

        Assert.That((await Send(both, new Search("诸葛"))).Customers.Select(c => c.CustomerId), Is.EquivalentTo(new[] { here, there }));
        Assert.That((await Send(both, new Search("诸葛", CommunityId: There.CommunityId))).Customers.Select(c => c.CustomerId), Is.EqualTo(new[] { there }));
        Assert.That((await Find("诸葛")).Customers.Select(c => c.CustomerId), Is.EqualTo(new[] { here }));
        Assert.That(await Refusal(() => Send(Here.Clerk, new Search("诸葛", CommunityId: There.CommunityId))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Security), new Search("诸葛"))), Is.EqualTo("role.not_allowed"));
    }

    [Test]
    public async Task A_role_that_may_not_search_in_a_known_community_is_told_so()
    {
        var clerkHereGuardThere = Here.Clerk with { Roles = [.. Here.Clerk.Roles, new RoleIn(There.CommunityId, Roles.CrewMember)] };
        await Send(There.Clerk, new RegisterCustomer(There.CommunityId, "诸葛亮"));

        Assert.That(await Refusal(() => Send(clerkHereGuardThere, new Search("诸葛", CommunityId: There.CommunityId))), Is.EqualTo("role.not_allowed"));
        Assert.That((await Send(clerkHereGuardThere, new Search("诸葛"))).Customers, Is.Empty);
    }

    [Test]
    public async Task Over_http_the_box_takes_what_is_typed_and_refuses_what_is_not_text()
    {
        var id = await GivenCustomer("欧阳若兰", "13912345678", "3-2-1601");
        var clerk = await As(Here.Clerk);

        var found = await clerk.Get<Found>("/api/search?q=" + Uri.EscapeDataString("欧阳"));

        Assert.That(found.Customers.Single().CustomerId, Is.EqualTo(id));
        Assert.That((await clerk.GetJson("/api/search", HttpStatusCode.BadRequest)).Code, Is.EqualTo("query.missing"));
        Assert.That((await clerk.GetJson("/api/search?q=", HttpStatusCode.UnprocessableEntity)).Body.GetProperty("errors")[0].GetProperty("code").GetString(), Is.EqualTo("text.empty"));
        await clerk.GetJson("/api/search?q=a%E2%80%AEb", HttpStatusCode.UnprocessableEntity);
        await clerk.GetJson("/api/search?q=a&take=51", HttpStatusCode.UnprocessableEntity);
        await clerk.GetJson("/api/search?q=a&page=2", HttpStatusCode.BadRequest);
    }

    private Task<Found> Find(string typed) => Send(Here.Clerk, new Search(typed));

    private async Task<Guid> GivenCustomer(string name, string phone, string home) =>
        (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, name, [new NewContactPoint(ContactKind.Phone, phone)], [new NewOccupancy(Here.Places[home], OccupancyRole.Owner)]))).CustomerId;
}
