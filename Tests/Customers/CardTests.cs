using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Customers;

public sealed class CardTests : ApiFixture
{
    [SetUp]
    public async Task ForgetCustomers() => await Execute(
        """
        delete from search_token where kind = 'customer';
        delete from contact_point where customer_id <> all (@Kept); delete from occupancy where customer_id <> all (@Kept); delete from customer where customer_id <> all (@Kept);
        """,
        new { Kept = new[] { Here.Customer, There.Customer } });

    [Test]
    public async Task The_card_shows_who_they_are_and_who_lives_with_them()
    {
        var wife = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "李梅", [new NewContactPoint(ContactKind.Phone, "13700001111")], [new NewOccupancy(Here.Places["3-2-1502"], OccupancyRole.Resident)]));

        var card = await Card();

        Assert.That(card.Customer.Name, Is.EqualTo("王小明"));
        Assert.That(card.ContactPoints.Single().Normalised, Is.EqualTo("138****8000"));
        Assert.That(card.Homes.Single().PlaceCode, Is.EqualTo("3-2-1502"));
        Assert.That(card.Housemates.Single(), Is.EqualTo(new Housemate(Here.Places["3-2-1502"], wife.CustomerId, "李梅", OccupancyRole.Resident, "137****1111")));
    }

    [Test]
    public async Task What_is_open_is_their_own_their_homes_and_their_buildings()
    {
        var own = await GivenRequest();
        var wife = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "李梅", [], [new NewOccupancy(Here.Places["3-2-1502"], OccupancyRole.Resident)]));
        var neighbour = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "钱七", [], [new NewOccupancy(Here.Places["3-2-1601"], OccupancyRole.Owner)]));
        Task<RequestReply> By(Guid customer, string place, bool confidential = false) => Send(Here.Clerk, confidential
            ? new ReceiveRequest(Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "noise"), "吵", PlaceId: Here.Places[place], CustomerId: customer, Confidential: true)
            : new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places[place], CustomerId: customer));
        var atHome = await By(wife.CustomerId, "3-2-1502");
        await By(neighbour.CustomerId, "3-2-1601");
        var lobby = await By(neighbour.CustomerId, "3-2-lobby");
        await By(neighbour.CustomerId, "3-2-lobby", confidential: true);

        var open = (await Card()).OpenRequests;

        Assert.That(open.Select(r => (r.RequestId, r.Whose)), Is.EquivalentTo(new[] { (own.RequestId, Whose.Own), (atHome.RequestId, Whose.Home), (lobby.RequestId, Whose.Building) }));
        Assert.That(open.Single(r => r.Whose == Whose.Own).CategoryName, Is.Not.Empty);
    }

    [Test]
    public async Task Past_requests_ratings_and_counts_follow_the_loop()
    {
        var (rated, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(rated, Solved.No, 1, "王小明"));
        await Execute("update request set urge_count = 3, last_urged_at = reported_at where request_id = @Id", new { Id = rated });
        var (closed, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(closed, Solved.Yes, 5, "王小明"));

        var card = await Card();

        Assert.That(card.OpenRequests.Select(r => r.RequestId), Is.EqualTo(new[] { rated }));
        Assert.That(card.PastRequests.Select(r => r.RequestId), Is.EqualTo(new[] { closed }));
        Assert.That(card.LastRatings.Select(r => r.Satisfaction), Is.EquivalentTo(new short?[] { 1, 5 }));
        Assert.That(card.Last90Days, Is.EqualTo(new CardCounts(1, 3, 2)));

        Clock.Advance(TimeSpan.FromDays(91));
        Assert.That((await Card()).Last90Days, Is.EqualTo(new CardCounts(0, 0, 0)));
    }

    [Test]
    public async Task Past_requests_are_the_last_ten()
    {
        for (var i = 0; i < 12; i++)
        {
            var (request, _) = await GivenDone();
            await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
            Clock.Advance(TimeSpan.FromHours(1));
        }

        var card = await Card();

        Assert.That(card.PastRequests, Has.Count.EqualTo(10));
        Assert.That(card.PastRequests, Is.Ordered.Descending.By(nameof(CardRequest.ReportedAt)));
        Assert.That(card.LastRatings, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task Promises_stand_there_until_they_are_kept_and_faults_until_they_end()
    {
        var request = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new MakePromise(request, "周三前回电", Clock.GetUtcNow().AddDays(2)));
        await Send(Here.Clerk, new MakePromise(request, "今天看", Clock.GetUtcNow().AddHours(1)));
        await Send(Here.Clerk, new KeepPromise(request, (await Send(Here.Clerk, new MakePromise(request, "已做", Clock.GetUtcNow().AddHours(1)))).PromiseId));
        async Task<Guid> Fault(string title, string place) => (await Send(Here.Clerk, new OpenFault(Here.CommunityId, title, Here.Category(RequestKind.Repair, "water"), Here.Places[place]))).FaultId;
        await Fault("电梯停运", "3-2-lobby");
        await Send(Here.Clerk, new EndFault(await Fault("停水", "3-2-lobby"), "来水了"));
        await Fault("全区停电", "here");
        var other = await Fault("别的楼", "3-2-lobby");
        await Execute("update fault set place_id = @Root, building_id = @Root where fault_id = @other", new { Root = Here.Places["here"], other }); // there is one building in this town
        Clock.Advance(TimeSpan.FromHours(2));

        var card = await Card();

        Assert.That(card.Promises.Select(p => (p.Text, p.Late)), Is.EqualTo(new[] { ("今天看", true), ("周三前回电", false) }));
        Assert.That(card.OpenFaults.Select(f => f.Title), Is.EquivalentTo(new[] { "电梯停运", "全区停电" }));
    }

    [Test]
    public async Task What_was_promised_to_an_unknown_caller_is_on_the_card_once_the_number_is_a_customers()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", Reporter: new Reporter(null, "13912345678")))).RequestId;
        var promise = (await Send(Here.Clerk, new MakePromise(request, "下午回电", Clock.GetUtcNow().AddHours(3)))).PromiseId;
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "李四", [new NewContactPoint(ContactKind.Phone, "139 1234 5678")]))).CustomerId;

        Assert.That((await Send(Here.Clerk, new GetCard(customer))).Promises.Select(p => p.PromiseId), Is.EqualTo(new[] { promise }));
        Assert.That((await Card()).Promises, Is.Empty);
    }

    [Test]
    public async Task A_repair_that_came_back_as_a_new_request_is_counted_as_rework()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
        Clock.Advance(TimeSpan.FromDays(8));
        Assert.That((await Card()).Last90Days, Is.EqualTo(new CardCounts(0, 0, 1)));

        await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "又漏了"));

        Assert.That((await Card()).Last90Days, Is.EqualTo(new CardCounts(1, 0, 2)));
        Clock.Advance(TimeSpan.FromDays(91));
        Assert.That((await Card()).Last90Days, Is.EqualTo(new CardCounts(0, 0, 0)));
    }

    [Test]
    public async Task The_card_of_another_community_is_not_there_and_crews_have_no_cards()
    {
        Assert.That(await Refusal(() => Send(There.Clerk, new GetCard(Here.Customer))), Is.EqualTo("customer.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new GetCard(Guid.NewGuid()))), Is.EqualTo("customer.not_found"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Security), new GetCard(Here.Customer))), Is.EqualTo("role.not_allowed"));
    }

    [Test]
    public async Task A_place_tells_who_lives_there_and_what_is_open_and_stands_there()
    {
        var request = await GivenRequest();
        var clerk = await As(Here.Clerk);

        var home = await clerk.Get<PlaceDetails>($"/api/places/{Here.Places["3-2-1502"]}");
        var building = await clerk.Get<PlaceDetails>($"/api/places/{Here.Places["3"]}");
        var lobby = await clerk.Get<PlaceDetails>($"/api/places/{Here.Places["3-2-lobby"]}");
        var card = await clerk.Get<CustomerCard>($"/api/customers/{Here.Customer}/card");

        Assert.That(home.People.Single().Name, Is.EqualTo("王小明"));
        Assert.That(home.OpenRequests.Single().RequestId, Is.EqualTo(request.RequestId));
        Assert.That(building.OpenRequests.Single().RequestId, Is.EqualTo(request.RequestId));
        Assert.That(lobby.Assets.Single().AssetId, Is.EqualTo(Here.Lift));
        Assert.That(card.OpenRequests.Single().RequestId, Is.EqualTo(request.RequestId));
        Assert.That(await Refusal(() => Send(There.Clerk, new GetPlace(Here.Places["3"]))), Is.EqualTo("place.not_found"));
    }

    private Task<CustomerCard> Card() => Send(Here.Clerk, new GetCard(Here.Customer));
}
