using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
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
