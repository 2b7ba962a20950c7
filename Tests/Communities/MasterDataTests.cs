using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Communities;

public sealed class MasterDataTests : ApiFixture
{
    [Test]
    public async Task Everybody_sees_their_own_communities_and_what_they_are_there()
    {
        var communities = await (await As(Here.Member(Crew.Security))).Get<IReadOnlyList<CommunityLine>>("/api/communities");

        Assert.That(communities.Single(), Is.EqualTo(communities.Single() with { CommunityId = Here.CommunityId, Code = "here", TimeZone = "Asia/Shanghai" }));
        Assert.That(communities.Single().Roles, Is.EqualTo(new[] { Roles.CrewMember }));
    }

    [Test]
    public async Task A_community_is_called_otherwise_and_so_is_its_own_place()
    {
        var administrator = await As(There.People["administrator"]);
        var at = $"/api/communities/{There.CommunityId}/name";
        var version = (await administrator.Get<IReadOnlyList<CommunityLine>>("/api/communities")).Single().Version;

        await administrator.PostJson(at, new { name = "梅林新村", nameEn = "Meilin" }, HttpStatusCode.PreconditionRequired);
        var amended = await administrator.PostJson(at, new { name = " 梅林新村 ", nameEn = "Meilin", version }, HttpStatusCode.OK);

        var line = (await administrator.Get<IReadOnlyList<CommunityLine>>("/api/communities")).Single();
        Assert.That((line.Name, line.NameEn, line.Code, line.Version), Is.EqualTo(("梅林新村", "Meilin", "there", version + 1)));
        Assert.That(amended.ETag, Is.EqualTo($"\"{version + 1}\""));
        Assert.That((await Send(There.Clerk, new ListPlaces(There.CommunityId))).Items.Single().Name, Is.EqualTo("梅林新村"));
        Assert.That(await Rows<string>("select t.text from event e join event_text t on t.community_id = e.community_id and t.seq = e.seq where e.what = 'communityAmended'"), Is.EqualTo(new[] { "梅林新村" }));
        Assert.That((await administrator.PostJson(at, new { name = "x", nameEn = "x", version }, HttpStatusCode.Conflict)).Code, Is.EqualTo("community.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(There.Manager, new AmendCommunity(There.CommunityId, "x", "x", 1))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new AmendCommunity(Here.CommunityId, "x", "x", 1))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new AmendCommunity(There.CommunityId, "x\ny", "x", 1))), Is.EqualTo("text.several_lines"));
    }

    [Test]
    public async Task The_lists_of_a_community_serve_its_screens()
    {
        var clerk = await As(Here.Clerk);
        var at = $"/api/communities/{Here.CommunityId}";

        var categories = await clerk.Get<IReadOnlyList<CategoryLine>>(at + "/categories");
        var repairs = await clerk.Get<IReadOnlyList<CategoryLine>>(at + "/categories?kind=repair");
        var teams = await clerk.Get<IReadOnlyList<TeamLine>>(at + "/teams");
        var staff = await clerk.Get<IReadOnlyList<StaffLine>>(at + "/staff");

        Assert.That(categories, Has.Count.EqualTo(Here.Categories.Count));
        Assert.That(repairs.Select(c => c.Kind).Distinct(), Is.EqualTo(new[] { RequestKind.Repair }));
        Assert.That(categories.Select(c => c.ParentId).OfType<Guid>().Distinct(), Is.SubsetOf(categories.Select(c => c.CategoryId)));
        Assert.That(teams.Select(t => t.Crew), Is.EquivalentTo(Enum.GetValues<Crew>()));
        Assert.That(teams.Select(t => (t.Members.Count, t.Members[0].Lead, t.Members[1].Lead)), Is.All.EqualTo((3, true, false)));
        Assert.That(staff, Has.Count.EqualTo(16));
        Assert.That(staff.Single(s => s.DisplayName == "manager").Roles, Is.EqualTo(new[] { Roles.Manager }));
    }

    [Test]
    public async Task Places_are_walked_down_from_the_community_a_page_at_a_time()
    {
        var root = (await Send(Here.Clerk, new ListPlaces(Here.CommunityId))).Items.Single();
        var building = (await Send(Here.Clerk, new ListPlaces(Here.CommunityId, root.PlaceId))).Items.Single(p => p.Code == "3");
        var entrance = (await Send(Here.Clerk, new ListPlaces(Here.CommunityId, building.PlaceId))).Items.Single();

        var first = await Send(Here.Clerk, new ListPlaces(Here.CommunityId, entrance.PlaceId, 2));
        var second = await Send(Here.Clerk, new ListPlaces(Here.CommunityId, entrance.PlaceId, 2, first.Next));
        var third = await Send(Here.Clerk, new ListPlaces(Here.CommunityId, entrance.PlaceId, 2, second.Next));

        Assert.That((root.Kind, root.HasPlaces), Is.EqualTo((PlaceKind.Community, true)));
        Assert.That(first.Items.Concat(second.Items).Concat(third.Items).Select(p => p.Code), Is.EqualTo(new[] { "1501", "1502", "1601", "1602", "lobby" }));
        Assert.That(third.Next, Is.Null);
        Assert.That(first.Items[0].HasPlaces, Is.False);
        Assert.That(await Refusal(() => Send(Here.Clerk, new ListPlaces(Here.CommunityId, entrance.PlaceId, 2, "nonsense"))), Is.EqualTo("cursor.invalid"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ListPlaces(Here.CommunityId, Take: 201))), Is.EqualTo("take.out_of_range"));
    }

    [Test]
    public async Task What_a_community_has_already_or_has_no_room_for_is_refused_and_nothing_is_made()
    {
        static NewPlace Home(string code, string parent = "3-2") => new(PlaceKind.Home, code, "3-2-" + code, code + "室", null, parent);
        Func<Task> Places(params NewPlace[] places) => () => Send(Here.System, new MakePlaces(Here.CommunityId, places));
        Func<Task> Community(string code, string zone) => () =>
        {
            var id = Guid.CreateVersion7();
            return Send(Domain.Plumbing.Actor.SystemIn(id), new MakeCommunity(id, code, "小区", "Community", zone));
        };
        var before = await Counted();

        foreach (var (code, act) in new (string, Func<Task>)[]
        {
            ("place.code_taken", Places(Home("1701"), Home("1501"))),
            ("place.code_taken", Places(Home("1701"), Home("1701"))),
            ("place.parent_unknown", Places(Home("1701"), Home("1702", "9-9"))),
            ("places.count", Places()),
            ("team.name_taken", () => Send(Here.System, new MakeTeam(Here.CommunityId, Crew.Engineering, "Engineering组", "Again"))),
            ("community.code_taken", Community("here", "Asia/Shanghai")),
            ("community.code_malformed", Community("Here!", "Asia/Shanghai")),
            ("time_zone.unknown", Community("elsewhere", "Moon/Base")),
        })
        {
            Assert.That(await Refusal(act), Is.EqualTo(code));
        }

        Assert.That(await Counted(), Is.EqualTo(before));

        Task<long> Counted() => Scalar<long>("select (select count(*) from place) + (select count(*) from team) + (select count(*) from community) + (select count(*) from category)");
    }

    [Test]
    public async Task Two_comes_before_ten()
    {
        await Send(There.System, new MakePlaces(There.CommunityId, [.. new[] { "10", "2", "11", "1" }.Select(c => new NewPlace(PlaceKind.Floor, c, "9-" + c, c + "层"))]));
        var root = (await Send(There.Clerk, new ListPlaces(There.CommunityId))).Items.Single();

        var codes = (await Send(There.Clerk, new ListPlaces(There.CommunityId, root.PlaceId))).Items.Where(p => p.Kind == PlaceKind.Floor).Select(p => p.Code);

        Assert.That(codes, Is.EqualTo(new[] { "1", "2", "10", "11" }));
    }

    [Test]
    public async Task An_asset_is_made_listed_and_found_by_the_code_on_it()
    {
        var administrator = await As(Here.People["administrator"]);
        var at = $"/api/communities/{Here.CommunityId}/assets";

        var made = await administrator.PostJson(at, new { placeId = Here.Places["3-2-lobby"], kind = "pump", code = "P1", name = "水泵" }, HttpStatusCode.Created, key: "asset-1");

        var guard = await As(Here.Member(Crew.Security));
        var target = await guard.Get<QrTarget>(made.Location!);
        Assert.That((target.AssetId, target.PlaceCode), Is.EqualTo(((Guid?)made.Id("assetId"), "3-2-lobby")));
        Assert.That((await guard.Get<Page<AssetLine>>(at)).Items.Select(a => a.Code), Is.EqualTo(new[] { "L1", "P1" }));
        Assert.That((await guard.Get<Page<AssetLine>>(at + "?take=1")).Next, Is.Not.Null);
        Assert.That((await guard.Get<Page<AssetLine>>($"{at}?placeId={Here.Places["3"]}")).Items, Is.Empty);
        Assert.That((await administrator.PostJson(at, new { placeId = Here.Places["3-2-lobby"], kind = "pump", code = "P1", name = "水泵" }, HttpStatusCode.Conflict)).Code, Is.EqualTo("asset.code_taken"));
        Assert.That((await administrator.PostJson(at, new { placeId = Here.Places["3-2-lobby"], kind = "pump", code = "P2", name = "水泵", qrCode = made.Text("qrCode") }, HttpStatusCode.Conflict)).Code, Is.EqualTo("asset.qr_code_taken"));
        Assert.That(await Refusal(() => Send(Here.People["administrator"], new MakeAsset(Here.CommunityId, There.Places["3"], "pump", "P3", "水泵"))), Is.EqualTo("place.unknown"));
        Assert.That(await Refusal(() => Send(Here.People["administrator"], new MakeAsset(Here.CommunityId, Here.Places["3"], "pump", "P3", "水泵", QrCode: "short"))), Is.EqualTo("qr_code.malformed"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new MakeAsset(Here.CommunityId, Here.Places["3"], "pump", "P3", "水泵"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.Clerk, new GetQrCode(made.Text("qrCode")))), Is.EqualTo("qr_code.not_found"));
    }

    [Test]
    public async Task A_place_has_a_code_on_it_too()
    {
        await Execute("update place set qr_code = 'place-code-1' where place_id = @Id", new { Id = Here.Places["3-2-lobby"] });

        var target = await Send(Here.Clerk, new GetQrCode("place-code-1"));

        Assert.That((target.PlaceId, target.AssetId), Is.EqualTo((Here.Places["3-2-lobby"], (Guid?)null)));
    }

    [Test]
    public async Task Another_communitys_lists_are_not_there()
    {
        IEnumerable<Func<Guid, Task>> all =
        [
            c => Send(There.Clerk, new ListCategories(c)),
            c => Send(There.Clerk, new ListPlaces(c)),
            c => Send(There.Clerk, new ListAssets(c)),
            c => Send(There.Clerk, new ListTeams(c)),
            c => Send(There.Clerk, new ListStaff(c)),
            c => Send(There.People["administrator"], new MakeAsset(c, There.Places["3"], "pump", "P9", "水泵")),
        ];

        foreach (var one in all)
        {
            Assert.That(await Refusal(() => one(Here.CommunityId)), Is.EqualTo("community.not_found"));
            Assert.That(await Refusal(() => one(Guid.NewGuid())), Is.EqualTo("community.not_found"));
        }
    }
}
