using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Communities;

/// <summary>A community comes to those that there are, and works at once.</summary>
public sealed class AddCommunityTests : ApiFixture
{
    private static readonly object River = new { code = "river", name = "江景苑", nameEn = "Riverside", timeZone = "Asia/Shanghai" };

    private Actor Administrator => Here.People["administrator"];

    public override async Task CleanUp()
    {
        await base.CleanUp();
        await Execute(
            """
            delete from staff_role where community_id = @There and staff_id = @Id; delete from community_staff where community_id = @There and staff_id = @Id;
            delete from staff_role where district_id is not null; delete from district_role; update community set district_id = null; delete from district;
            """,
            new { There = There.CommunityId, Administrator.Id });
    }

    [Test]
    public async Task Who_is_administrator_everywhere_adds_a_community_and_it_takes_requests_with_due_times_at_once()
    {
        await GivenAnswersForAll();
        var administrator = await As(Administrator);

        var reply = await administrator.PostJson("/api/communities", River, HttpStatusCode.Created, key: "one");
        var again = await administrator.PostJson("/api/communities", River, HttpStatusCode.Created, key: "one");
        var id = reply.Id("communityId");

        Assert.That(again.Id("communityId"), Is.EqualTo(id));
        var line = (await administrator.Get<IReadOnlyList<CommunityLine>>("/api/communities")).Single(c => c.CommunityId == id);
        Assert.That((line.Code, line.Name, line.NameEn, line.TimeZone, line.Roles.Single()), Is.EqualTo(("river", "江景苑", "Riverside", "Asia/Shanghai", Roles.Administrator)));
        Assert.That((await administrator.Get<IReadOnlyList<CategoryLine>>($"/api/communities/{id}/categories")).Select(c => (c.Kind, c.Code)), Is.EquivalentTo((await administrator.Get<IReadOnlyList<CategoryLine>>($"/api/communities/{Here.CommunityId}/categories")).Select(c => (c.Kind, c.Code))));
        await administrator.PostJson($"/api/communities/{id}/places", new { kind = "building", code = "1", fullCode = "1", name = "1栋", nameEn = "Building 1" }, HttpStatusCode.Created);
        await administrator.PostJson($"/api/communities/{id}/teams", new { crew = "engineering", name = "工程组", nameEn = "Engineers" }, HttpStatusCode.Created);

        var boss = Administrator with { Roles = [new RoleIn(id, Roles.Clerk)] };
        var leak = await Scalar<Guid>("select category_id from category where community_id = @id and kind = 'repair' and code = 'water'", new { id });
        var request = (await Send(boss, new ReceiveRequest(id, RequestKind.Repair, Channel.Phone, leak, "漏水", Reporter: new Reporter("张三", "13800138000")))).RequestId;
        Assert.That(await Scalar<long>("select count(*) from clock where community_id = @id and subject_id = @request and kind = 'finish' and due_at is not null", new { id, request }), Is.EqualTo(1));
        Assert.That(await Rows<string>("select what from event where community_id = @id order by seq limit 2", new { id }), Is.EquivalentTo(new[] { "communityMade", "roleGranted" }));
        Assert.That(await Rows<Guid>("select distinct actor_id from event where community_id = @id and what in ('communityMade', 'roleGranted')", new { id }), Is.EqualTo(new[] { Administrator.Id }));
    }

    [Test]
    public async Task Into_a_district_by_who_answers_for_all_of_it_and_its_people_are_there_from_then_on()
    {
        await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
        await Send(Administrator, new GrantDistrictRole("south", Here.Manager.Id, Roles.Manager));
        await Send(Administrator, new GrantDistrictRole("south", Administrator.Id, Roles.Administrator));

        var reply = await Send(Administrator, new AddCommunity("brook", "溪苑", "Brook", "Europe/London", "south"));

        Assert.That(
            await Rows<string>("select s.sign_in_name || ' ' || r.role from staff_role r join staff s on s.staff_id = r.staff_id where r.community_id = @CommunityId order by 1", new { reply.CommunityId }),
            Is.EqualTo(new[] { "administrator@here administrator", "manager@here manager" }));
        Assert.That(await Scalar<string>("select d.code from community c join district d on d.district_id = c.district_id where c.community_id = @CommunityId", new { reply.CommunityId }), Is.EqualTo("south"));
        Assert.That(await Scalar<long>("select count(*) from event where community_id = @CommunityId and what = 'roleGranted' and subject_id = @Id", new { reply.CommunityId, Administrator.Id }), Is.EqualTo(1), "given once, told once");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_role_that_is_given_or_taken_while_a_community_joins_is_there_in_all_or_in_none(bool given)
    {
        await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
        var role = new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager);
        if (!given)
        {
            await Send(Administrator, role);
        }

        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from district where code = 'south' for no key update", new { });
        var both = new[]
        {
            Attempts.Attempt(() => Send(Administrator, new AddCommunity(given ? "cove" : "creek", "湾苑", "Cove", "Asia/Shanghai", "south"))),
            Attempts.Attempt(() => given ? Send(Administrator, role) : Send(Administrator, new RevokeDistrictRole("south", Here.Officer.Id, Roles.Manager))),
        };
        await held.IsWaitedFor(by: 2);
        await held.Commit();
        var ends = await Task.WhenAll(both);

        Assert.That((ends[0], ends[1]), Is.EqualTo(("done", "done")).Or.EqualTo(("done", "district.not_all_yours")), "who answered for all of it does so no more once it has one more");
        var holds = await Scalar<long>("select count(*) from district_role where staff_id = @Id", new { Here.Officer.Id });
        Assert.That(await Scalar<long>("select count(*) from staff_role where staff_id = @Id and district_id is not null", new { Here.Officer.Id }), Is.EqualTo(2 * holds));
    }

    [Test]
    public async Task Who_does_not_answer_for_all_is_refused_and_nothing_is_made()
    {
        var before = await Scalar<long>("select count(*) from community");
        await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));

        Assert.That(await Refusal(() => Send(Administrator, new AddCommunity("sea", "海苑", "Sea", "Asia/Shanghai"))), Is.EqualTo("community.not_all_yours"));
        Assert.That(await Refusal(() => Send(Administrator, new AddCommunity("sea", "海苑", "Sea", "Asia/Shanghai", "south"))), Is.EqualTo("district.not_all_yours"));
        Assert.That(await Refusal(() => Send(Administrator, new AddCommunity("sea", "海苑", "Sea", "Asia/Shanghai", "north"))), Is.EqualTo("district.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, new AddCommunity("sea", "海苑", "Sea", "Asia/Shanghai"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Scalar<long>("select count(*) from community"), Is.EqualTo(before));
    }

    [Test]
    public async Task What_is_wrong_with_it_is_said_by_field()
    {
        await GivenAnswersForAll();
        var administrator = await As(Administrator);

        Assert.That(await Refusal(() => Send(Administrator, new AddCommunity("Sea 1", "x\ny", "", "Asia/Nowhere"))), Does.Contain("community.code_malformed").And.Contain("text.several_lines").And.Contain("time_zone.unknown"));
        Assert.That((await administrator.PostJson("/api/communities", new { code = "here", name = "x", nameEn = "x", timeZone = "Asia/Shanghai" }, HttpStatusCode.Conflict)).Code, Is.EqualTo("community.code_taken"));
    }

    private async Task GivenAnswersForAll()
    {
        foreach (var other in await Rows<Guid>("select c.community_id from community c where not exists (select from staff_role r where r.community_id = c.community_id and r.staff_id = @Id and r.role = 'administrator')", new { Administrator.Id }))
        {
            await Send(Actor.SystemIn(other), new JoinStaff(other, "administrator@here", "administrator", PasswordHash, [Roles.Administrator], []));
        }
    }
}
