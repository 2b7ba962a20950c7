using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Customers;

public sealed class CustomerTests : ApiFixture
{
    [Test]
    public async Task A_customer_is_registered_with_a_number_and_a_home_at_once()
    {
        var reply = await Send(Here.Clerk, new RegisterCustomer(
            Here.CommunityId,
            "欧阳 若兰",
            [new NewContactPoint(ContactKind.Phone, "+86 139-1234-5678", "手机")],
            [new NewOccupancy(Here.Places["3-2-1601"], OccupancyRole.Tenant)],
            Note: "夜班"));

        var details = await Send(Here.Clerk, new GetCustomer(reply.CustomerId));
        Assert.That(reply.Version, Is.EqualTo(1));
        Assert.That(details.Customer.Name, Is.EqualTo("欧阳 若兰"));
        Assert.That(details.ContactPoints.Single().Normalised, Is.EqualTo("139****5678"));
        Assert.That(details.Occupancies.Single(), Is.EqualTo(details.Occupancies.Single() with { PlaceCode = "3-2-1601", Role = OccupancyRole.Tenant, FromOn = new DateOnly(2026, 3, 2), ToOn = null }));
        Assert.That(await Tokens(reply.CustomerId), Is.SupersetOf(new[] { "n:欧阳", "i:oyrl", "p:5678", "p:13912345678", "h:3-2-1601", "h:1601" }));
        Assert.That(await LastEvent(reply.CustomerId), Is.EqualTo("customerRegistered"));
    }

    /// <summary>Whoever comes first stands before the log, with everything else written; whoever comes second has not seen it.</summary>
    [Test]
    public async Task Nobody_and_nothing_is_in_a_place_that_is_retired_in_the_same_instant([Values] bool retiredFirst, [Values("moves in", "is registered", "asset")] string how)
    {
        var administrator = There.People["administrator"];
        var place = (await Send(administrator, new AddPlace(There.CommunityId, PlaceKind.Building, $"{Guid.NewGuid()}", "临时板房", Code: "T"))).PlaceId;
        Task Retire() => Send(administrator, new RetirePlace(place));
        Task Fill() => how switch
        {
            "moves in" => Send(There.Clerk, new BeginOccupancy(There.Customer, place, OccupancyRole.Tenant)),
            "is registered" => Send(There.Clerk, new RegisterCustomer(There.CommunityId, "新住户", Occupancies: [new(There.Places["3-2-1601"], OccupancyRole.Tenant), new(place, OccupancyRole.Tenant)])),
            _ => Send(administrator, new MakeAsset(There.CommunityId, place, "pump", $"{place:N}", "水泵")),
        };

        await using var log = await HeldOpen.Begin(Owner);
        await log.Run("select from event_head where community_id = @CommunityId for update", new { There.CommunityId });
        var results = await log.OneAfterTheOther(retiredFirst ? [Retire, Fill] : [Fill, Retire]);

        Assert.That(results, Is.EqualTo(new[] { "done", retiredFirst ? "place.unknown" : how == "asset" ? "place.has_assets" : "place.lived_in" }));
        Assert.That(
            await Scalar<long>(
                """
                select count(*)
                from place p
                where p.place_id = @place and p.retired_at is not null
                  and (exists (select from occupancy o where o.place_id = p.place_id) or exists (select from asset a where a.place_id = p.place_id))
                """,
                new { place }),
            Is.Zero);
    }

    [Test]
    public async Task A_name_alone_is_enough_and_the_words_of_the_event_stand_apart()
    {
        var reply = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "Łukasz"));

        var detail = await Scalar<string>("select detail::text from event where subject_id = @Id", new { Id = reply.CustomerId });
        var text = await Scalar<string>("select t.text from event e join event_text t using (community_id, seq) where e.subject_id = @Id", new { Id = reply.CustomerId });
        Assert.That(detail, Does.Not.Contain("ukasz"));
        Assert.That(text, Is.EqualTo("Łukasz"));
    }

    [TestCase("", "13912345678", "text.empty")]
    [TestCase("a\u202eb", "13912345678", "text.bidi_control")]
    [TestCase("王", "139", "phone.not_a_number")]
    [TestCase("王", "", "phone.empty")]
    public async Task What_cannot_be_a_name_or_a_number_is_refused_and_leaves_nothing(string name, string phone, string code)
    {
        var before = await Scalar<long>("select count(*) from customer");

        var refusal = await Refusal(() => Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, name, [new NewContactPoint(ContactKind.Phone, phone)])));

        Assert.That(refusal, Is.EqualTo(code));
        Assert.That(await Scalar<long>("select count(*) from customer"), Is.EqualTo(before));
    }

    [Test]
    public async Task What_a_registration_names_must_be_there_once_and_in_this_community()
    {
        var phone = new NewContactPoint(ContactKind.Phone, "13912345678");
        var home = new NewOccupancy(Here.Places["3-2-1601"], OccupancyRole.Owner);
        RegisterCustomer With(NewContactPoint[] points, NewOccupancy[] homes) => new(Here.CommunityId, "王五", points, homes);

        Assert.That(await Refusal(() => Send(Here.Clerk, With([phone, phone], []))), Is.EqualTo("contact_point.twice"));
        Assert.That(await Refusal(() => Send(Here.Clerk, With([], [home, home]))), Is.EqualTo("occupancy.twice"));
        Assert.That(await Refusal(() => Send(Here.Clerk, With([], [home with { PlaceId = There.Places["3-2-1601"] }]))), Is.EqualTo("place.unknown"));
        Assert.That(await Refusal(() => Send(Here.Clerk, With([], [home with { FromOn = new DateOnly(2026, 3, 3) }]))), Is.EqualTo("occupancy.day_out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Clerk, With([.. Enumerable.Range(0, 11).Select(i => phone with { Value = "1391234567" + (i % 10) })], []))), Is.EqualTo("contact_points.count"));
        Assert.That(await Refusal(() => Send(Here.Clerk, With([new(ContactKind.Email, "nobody")], []))), Is.EqualTo("email.not_an_address"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "王五", Language: "fr"))), Is.EqualTo("language.unknown"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RegisterCustomer(There.CommunityId, "王五"))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Security), new RegisterCustomer(Here.CommunityId, "王五"))), Is.EqualTo("role.not_allowed"));
    }

    [Test]
    public async Task Today_is_the_communitys_own()
    {
        Clock.Set(new DateTimeOffset(2026, 3, 2, 16, 30, 0, TimeSpan.Zero)); // half past midnight in Shanghai

        var reply = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "王五", [], [new NewOccupancy(Here.Places["3-2-1601"], OccupancyRole.Owner)]));

        Assert.That((await Send(Here.Clerk, new GetCustomer(reply.CustomerId))).Occupancies.Single().FromOn, Is.EqualTo(new DateOnly(2026, 3, 3)));
    }

    [Test]
    public async Task An_amended_name_is_found_and_the_old_one_is_not()
    {
        var id = await GivenCustomer("赵六");

        var reply = await Send(Here.Clerk, new AmendCustomer(id, "钱七", "en", PreferredChannel.Email, null, 1));

        Assert.That(reply.Version, Is.EqualTo(2));
        Assert.That(await Tokens(id), Does.Contain("n:钱七").And.Not.Contain("n:赵六").And.Contain("p:5678"));
        Assert.That((await Send(Here.Clerk, new GetCustomer(id))).Customer.Language, Is.EqualTo("en"));
        Assert.That(await LastEvent(id), Is.EqualTo("customerAmended"));
    }

    [Test]
    public async Task An_amendment_names_the_version_that_it_amends()
    {
        var id = await GivenCustomer();
        AmendCustomer Amend(int? version) => new(id, "钱七", "en", PreferredChannel.Email, null, version);

        Assert.That(await Refusal(() => Send(Here.Clerk, Amend(null))), Is.EqualTo("customer.version_required"));
        Assert.That(await Refusal(() => Send(Here.Clerk, Amend(7))), Is.EqualTo("customer.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(Here.Clerk, Amend(null), c => c.IfMatch = 7)), Is.EqualTo("customer.changed_meanwhile"));
        Assert.That((await Send(Here.Clerk, Amend(null), c => c.IfMatch = 1)).Version, Is.EqualTo(2));
    }

    [Test]
    public async Task Of_two_amendments_of_one_version_one_wins()
    {
        var id = await GivenCustomer();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            try
            {
                await Send(Here.Clerk, new AmendCustomer(id, "第" + i, "en", PreferredChannel.Email, null, 1));
                return "won";
            }
            catch (Refused refused)
            {
                return refused.Code;
            }
        }));

        Assert.That(outcomes.Order(), Is.EqualTo(Enumerable.Repeat("customer.changed_meanwhile", 7).Append("won")));
    }

    [Test]
    public async Task Contact_points_come_and_go_and_so_do_their_tokens()
    {
        var id = await GivenCustomer();

        var added = await Send(Here.Clerk, new AddContactPoint(id, ContactKind.Phone, "0755-88886666"));
        Assert.That(await Tokens(id), Does.Contain("p:6666").And.Contain("p:5678"));
        var removed = await Send(Here.Clerk, new RemoveContactPoint(id, added.ContactPointId));

        Assert.That((added.Version, removed.Version), Is.EqualTo((2, 3)));
        Assert.That(await Tokens(id), Does.Not.Contain("p:6666").And.Contain("p:5678"));
        Assert.That((await Send(Here.Clerk, new GetCustomer(id))).ContactPoints, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_contact_point_is_added_once_and_removed_once()
    {
        var id = await GivenCustomer();
        var mine = (await Send(Here.Clerk, new GetCustomer(id))).ContactPoints.Single().ContactPointId;
        var anothers = await GivenCustomer();

        Assert.That(await Refusal(() => Send(Here.Clerk, new AddContactPoint(id, ContactKind.Phone, "139 1234 5678"))), Is.EqualTo("contact_point.known_already"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new AddContactPoint(id, ContactKind.Phone, "nothing"))), Is.EqualTo("phone.not_a_number"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RemoveContactPoint(anothers, mine))), Is.EqualTo("contact_point.not_found"));
        await Send(Here.Clerk, new RemoveContactPoint(id, mine));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RemoveContactPoint(id, mine))), Is.EqualTo("contact_point.not_found"));
    }

    [Test]
    public async Task Nobody_has_more_than_ten_contact_points_even_when_they_are_added_at_once()
    {
        var id = await GivenCustomer();

        var codes = await Task.WhenAll(Enumerable.Range(0, 14).Select(async i =>
        {
            try
            {
                await Send(Here.Clerk, new AddContactPoint(id, ContactKind.Phone, $"138000000{i:00}"));
                return "added";
            }
            catch (Refused refused)
            {
                return refused.Code;
            }
        }));

        Assert.That(codes.Count(c => c == "added"), Is.EqualTo(9));
        Assert.That(codes.Where(c => c != "added"), Is.All.EqualTo("contact_points.count"));
    }

    [Test]
    public async Task Who_moves_out_stays_known_but_the_home_finds_them_no_more()
    {
        var id = await GivenCustomer();
        var begun = await Send(Here.Clerk, new BeginOccupancy(id, Here.Places["3-2-1602"], OccupancyRole.Resident, new DateOnly(2026, 2, 1)));
        Assert.That(await Tokens(id), Does.Contain("h:1602"));

        var ended = await Send(Here.Clerk, new EndOccupancy(id, begun.OccupancyId));

        Assert.That((begun.Version, ended.Version), Is.EqualTo((2, 3)));
        Assert.That(await Tokens(id), Does.Not.Contain("h:1602"));
        Assert.That((await Send(Here.Clerk, new GetCustomer(id))).Occupancies.Single(o => o.OccupancyId == begun.OccupancyId).ToOn, Is.EqualTo(new DateOnly(2026, 3, 2)));
        Assert.That(await LastEvent(id), Is.EqualTo("occupancyEnded"));
    }

    [Test]
    public async Task An_occupancy_begins_and_ends_once_on_days_that_can_be()
    {
        var id = await GivenCustomer();
        var home = Here.Places["3-2-1602"];
        Task Begin(Guid place, DateOnly? from = null) => Send(Here.Clerk, new BeginOccupancy(id, place, OccupancyRole.Owner, from));
        var begun = await Send(Here.Clerk, new BeginOccupancy(id, home, OccupancyRole.Owner, new DateOnly(2026, 2, 1)));
        Task End(Guid occupancy, DateOnly? to = null) => Send(Here.Clerk, new EndOccupancy(id, occupancy, to));

        Assert.That(await Refusal(() => Begin(home)), Is.EqualTo("occupancy.known_already"));
        Assert.That(await Refusal(() => Begin(There.Places["3-2-1602"])), Is.EqualTo("place.unknown"));
        Assert.That(await Refusal(() => Begin(home, new DateOnly(2026, 3, 3))), Is.EqualTo("occupancy.day_out_of_range"));
        Assert.That(await Refusal(() => Begin(home, new DateOnly(1899, 12, 31))), Is.EqualTo("occupancy.day_out_of_range"));
        Assert.That(await Refusal(() => End(begun.OccupancyId, new DateOnly(2026, 1, 31))), Is.EqualTo("occupancy.ends_before_it_begins"));
        Assert.That(await Refusal(() => End(begun.OccupancyId, new DateOnly(2026, 3, 3))), Is.EqualTo("occupancy.day_out_of_range"));
        Assert.That(await Refusal(() => End(Guid.NewGuid())), Is.EqualTo("occupancy.not_found"));
        await End(begun.OccupancyId);
        Assert.That(await Refusal(() => End(begun.OccupancyId)), Is.EqualTo("occupancy.ended_already"));
    }

    [Test]
    public async Task Opting_out_and_in_again_is_written_down()
    {
        var id = await GivenCustomer();

        await Send(Here.Clerk, new OptOutOfFeedback(id, true));
        Assert.That((await Send(Here.Clerk, new GetCustomer(id))).Customer.OptedOutAt, Is.EqualTo(FakeClock.Start));
        Assert.That(await Refusal(() => Send(Here.Clerk, new OptOutOfFeedback(id, true))), Is.EqualTo("customer.opt_out_unchanged"));
        await Send(Here.Clerk, new OptOutOfFeedback(id, false));

        Assert.That((await Send(Here.Clerk, new GetCustomer(id))).Customer.OptedOutAt, Is.Null);
        Assert.That(await LastEvent(id), Is.EqualTo("customerOptedIn"));
    }

    [Test]
    public async Task Another_communitys_customer_answers_like_one_that_is_not_there()
    {
        var id = await GivenCustomer();
        IEnumerable<Func<Guid, Task>> all =
        [
            c => Send(There.Clerk, new GetCustomer(c)),
            c => Send(There.Clerk, new AmendCustomer(c, "x", "en", PreferredChannel.Email, null, 1)),
            c => Send(There.Clerk, new AddContactPoint(c, ContactKind.Phone, "13800000000")),
            c => Send(There.Clerk, new RemoveContactPoint(c, Guid.NewGuid())),
            c => Send(There.Clerk, new BeginOccupancy(c, There.Places["3-2-1602"], OccupancyRole.Owner)),
            c => Send(There.Clerk, new EndOccupancy(c, Guid.NewGuid())),
            c => Send(There.Clerk, new OptOutOfFeedback(c, true)),
        ];

        foreach (var one in all)
        {
            Assert.That(await Refusal(() => one(id)), Is.EqualTo("customer.not_found"));
            Assert.That(await Refusal(() => one(Guid.NewGuid())), Is.EqualTo("customer.not_found"));
        }

        Assert.That((await Send(Here.Clerk, new GetCustomer(id))).Customer.Version, Is.EqualTo(1));
    }

    [Test]
    public async Task An_erased_customer_is_not_changed_any_more()
    {
        var id = await GivenCustomer();
        await Execute("update customer set erased_at = created_at where customer_id = @Id", new { Id = id });

        Assert.That(await Refusal(() => Send(Here.Clerk, new AddContactPoint(id, ContactKind.Phone, "13800000000"))), Is.EqualTo("customer.not_found"));
    }

    [Test]
    public async Task The_whole_life_of_a_customer_over_http()
    {
        var clerk = await As(Here.Clerk);

        var made = await clerk.PostJson("/api/customers", new { communityId = Here.CommunityId, name = "孙八", contactPoints = new[] { new { kind = "phone", value = "13700001111" } } }, HttpStatusCode.Created, key: "c-1");
        var again = await clerk.PostJson("/api/customers", new { communityId = Here.CommunityId, name = "孙八", contactPoints = new[] { new { kind = "phone", value = "13700001111" } } }, HttpStatusCode.Created, key: "c-1");
        Assert.That(again.Id("customerId"), Is.EqualTo(made.Id("customerId")));
        var at = $"/api/customers/{made.Id("customerId")}";
        Assert.That((made.Location, made.ETag), Is.EqualTo((at, "\"1\"")));

        await clerk.PostJson(at + "/amendment", new { name = "孙九", language = "zh-CN", preferredChannel = "sms", note = (string?)null }, HttpStatusCode.OK, version: 1);
        Assert.That((await clerk.PostJson(at + "/amendment", new { name = "孙九", language = "zh-CN", preferredChannel = "sms", note = (string?)null }, HttpStatusCode.PreconditionRequired)).Code, Is.EqualTo("customer.version_required"));
        var point = await clerk.PostJson(at + "/contact-points", new { kind = "email", value = "Sun@Example.com" }, HttpStatusCode.Created);
        await clerk.PostJson($"{at}/contact-points/{point.Id("contactPointId")}/removal", null, HttpStatusCode.OK);
        var home = await clerk.PostJson(at + "/occupancies", new { placeId = Here.Places["3-2-1501"], role = "owner" }, HttpStatusCode.Created);
        await clerk.PostJson($"{at}/occupancies/{home.Id("occupancyId")}/end", new { }, HttpStatusCode.OK);
        var last = await clerk.PostJson(at + "/feedback-opt-out", new { optedOut = true }, HttpStatusCode.OK);

        var read = await clerk.GetJson(at);
        Assert.That((last.ETag, read.ETag), Is.EqualTo(("\"7\"", "\"7\"")));
        Assert.That(read.Body.GetProperty("customer").GetProperty("name").GetString(), Is.EqualTo("孙九"));
    }

    private async Task<Guid> GivenCustomer(string name = "赵六") =>
        (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, name, [new NewContactPoint(ContactKind.Phone, "13912345678")], [new NewOccupancy(Here.Places["3-2-1601"], OccupancyRole.Owner)]))).CustomerId;

    private Task<List<string>> Tokens(Guid customer) => Rows<string>("select token from search_token where id = @Id and kind = 'customer'", new { Id = customer });

    private Task<string?> LastEvent(Guid customer) => Scalar<string>("select what from event where subject_id = @Id order by seq desc limit 1", new { Id = customer });
}
