using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Walls;

/// <summary>Roles of a district span its communities.</summary>
public sealed class DistrictTests : DeskFixture
{
    private Actor Answers => Here.People["administrator"] with { Roles = [new RoleIn(Here.CommunityId, Roles.Administrator), new RoleIn(There.CommunityId, Roles.Administrator)] };

    public override async Task CleanUp()
    {
        await base.CleanUp();
        await Execute("delete from staff_role where district_id is not null; delete from district_role; update community set district_id = null; delete from district");
        await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
    }

    [Test]
    public async Task A_role_of_a_district_holds_in_all_of_its_communities_and_in_those_that_join_later()
    {
        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager));
        Assert.That(await RolesOf(Here.Officer.Id), Is.EqualTo(new[] { "here:customerOfficer", "here:manager" }));

        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));

        Assert.That(await RolesOf(Here.Officer.Id), Is.EqualTo(new[] { "here:customerOfficer", "here:manager", "there:manager" }));
        var manager = Here.Officer with { Roles = [new RoleIn(Here.CommunityId, Roles.Manager), new RoleIn(There.CommunityId, Roles.Manager)] };
        var request = (await GivenRequest(There)).RequestId;
        await Send(manager, new AnswerRequest(request, AnswerKind.Answered, "好的"));
        await Send(manager, new Domain.Feedback.RecordFeedback(request, Solved.Yes, 5, "王小明"));
        Assert.That((await Send(manager, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
    }

    [Test]
    public async Task It_ends_in_all_of_them_and_what_was_held_in_one_alone_stays()
    {
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));
        await Send(Answers, new GrantDistrictRole("south", Here.Manager.Id, Roles.Manager));
        Assert.That(await Refusal(() => Send(Answers, new GrantDistrictRole("south", Here.Manager.Id, Roles.Manager))), Is.EqualTo("role.held_already"));

        var reply = await Send(Answers, new RevokeDistrictRole("south", Here.Manager.Id, Roles.Manager));

        Assert.That(await RolesOf(Here.Manager.Id), Is.EqualTo(new[] { "here:manager" }));
        Assert.That(reply.CommunityIds, Is.EqualTo(new[] { There.CommunityId }));
        Assert.That(await Refusal(() => Send(Answers, new RevokeDistrictRole("south", Here.Manager.Id, Roles.Manager))), Is.EqualTo("district_role.not_found"));
        Assert.That(
            await Rows<string>("select what from event where subject_id = @Id and what in ('roleGranted', 'roleRevoked') and community_id = @CommunityId order by seq desc limit 2", new { Here.Manager.Id, There.CommunityId }),
            Is.EqualTo(new[] { "roleRevoked", "roleGranted" }));
    }

    [Test]
    public async Task The_last_level_of_the_ladder_tells_the_districts_manager_and_the_level_before_does_not()
    {
        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager));
        var (_, order) = await GivenDispatched(priority: Priority.Urgent);
        Clock.Advance(TimeSpan.FromDays(7));

        await Send(Here.System, new EscalateOverdue(Here.CommunityId, await Rows<Guid>("select clock_id from clock where subject_id = @order and kind = 'accept'", new { order })));

        var told = await Rows<string>(
            "select distinct e.level || ' ' || r.duty || ' ' || s.sign_in_name from escalation e join escalation_recipient r using (community_id, escalation_id) join staff s using (staff_id) where e.work_order_id = @order and e.level >= 3 order by 1",
            new { order });
        Assert.That(told, Is.EqualTo(new[] { "3 manager manager@here", "4 district officer@here" }));
    }

    [Test]
    public async Task A_community_that_leaves_takes_the_districts_roles_along_with_nobody()
    {
        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager));

        await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "north", "北区"));

        Assert.That(await RolesOf(Here.Officer.Id), Is.EqualTo(new[] { "here:customerOfficer" }));
    }

    [Test]
    public async Task Who_has_no_role_left_in_a_community_leaves_it_with_the_districts()
    {
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));
        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager));
        await Send(Answers, new RevokeDistrictRole("south", Here.Officer.Id, Roles.Manager));
        Assert.That(await WorksAt(Here.Officer.Id), Is.EqualTo(new[] { "here" }));

        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager));
        Assert.That(await WorksAt(Here.Officer.Id), Is.EqualTo(new[] { "here", "there" }));
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "north", "北区"));
        Assert.That(await WorksAt(Here.Officer.Id), Is.EqualTo(new[] { "here" }));
        Assert.That(await Rows<string>("select what from event where subject_id = @Id and community_id = @CommunityId order by seq desc limit 1", new { Here.Officer.Id, There.CommunityId }), Is.EqualTo(new[] { "staffLeft" }));
    }

    [Test]
    public async Task Nobody_gives_up_the_districts_administration_for_themselves_or_takes_it_once_theirs_has_ended()
    {
        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Administrator));
        var officer = Here.Officer with { Roles = [new RoleIn(Here.CommunityId, Roles.Administrator)] };
        var formerly = Here.Clerk with { Roles = [new RoleIn(Here.CommunityId, Roles.Administrator)] };

        Assert.That(await Refusal(() => Send(officer, new RevokeDistrictRole("south", Here.Officer.Id, Roles.Administrator))), Is.EqualTo("account.yourself"));
        Assert.That(await Refusal(() => Send(formerly, new RevokeDistrictRole("south", Here.Officer.Id, Roles.Administrator))), Is.EqualTo("role.not_allowed"));
        await Send(Answers, new RevokeDistrictRole("south", Here.Officer.Id, Roles.Administrator));
        Assert.That(await RolesOf(Here.Officer.Id), Is.EqualTo(new[] { "here:customerOfficer" }));
    }

    private Task<List<string>> WorksAt(Guid staff) => Rows<string>(
        "select c.code from community_staff s join community c on c.community_id = s.community_id where s.staff_id = @staff and s.left_at is null order by 1", new { staff });

    [Test]
    public async Task What_somebody_is_in_one_community_is_said_there_and_leaves_the_districts_roles_alone()
    {
        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager));
        var version = await Scalar<int>("select version from staff where staff_id = @Id", new { Here.Officer.Id });

        var line = await Send(Answers, new GetAccount(Here.Officer.Id));
        await Send(Answers, new SetRoles(Here.Officer.Id, Here.CommunityId, [Roles.Clerk], Version: version));
        Assert.That(await RolesOf(Here.Officer.Id), Is.EqualTo(new[] { "here:clerk", "here:manager" }));
        await Send(Answers, new SetRoles(Here.Officer.Id, Here.CommunityId, [], Version: version + 1));

        Assert.That(line.DistrictRoles, Is.EqualTo(new[] { new RoleIn(Here.CommunityId, Roles.Manager) }));
        Assert.That(await RolesOf(Here.Officer.Id), Is.EqualTo(new[] { "here:manager" }));
        Assert.That(await Scalar<bool>("select left_at is null from community_staff where staff_id = @Id", new { Here.Officer.Id }), Is.True, "A district's role keeps them here.");
        await Send(Answers, new SetRoles(Here.Officer.Id, Here.CommunityId, [Roles.CustomerOfficer], Version: version + 2));
    }

    [Test]
    public async Task Who_is_deactivated_does_not_come_back_with_the_next_community_of_their_district()
    {
        var leaver = (await Send(Answers, new MakeAccount(Here.CommunityId, "leaver@here", "新同事", [Roles.Clerk]) { Password = new NewSecret(Guid.NewGuid(), PasswordHash) })).StaffId;
        await Send(Answers, new GrantDistrictRole("south", leaver, Roles.Manager));

        await Send(Answers, new DeactivateAccount(leaver, 1));
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));

        Assert.That(await RolesOf(leaver), Is.Empty);
        Assert.That(await Scalar<long>("select count(*) from district_role where staff_id = @leaver", new { leaver }), Is.Zero);
    }

    [Test]
    public async Task Only_who_answers_for_all_of_it_gives_and_takes_and_a_strange_district_is_not_there()
    {
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));
        var ofHere = Here.People["administrator"];

        Assert.That(await Refusal(() => Send(ofHere, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager))), Is.EqualTo("district.not_all_yours"));
        Assert.That(await Refusal(() => Send(ofHere, new RevokeDistrictRole("south", Here.Officer.Id, Roles.Manager))), Is.EqualTo("district.not_all_yours"));
        Assert.That(await Refusal(() => Send(ofHere, new GrantDistrictRole("north", Here.Officer.Id, Roles.Manager))), Is.EqualTo("district.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.CrewLead))), Is.EqualTo("role.not_of_a_district"));
        Assert.That(await Refusal(() => Send(Answers, new GrantDistrictRole("south", Guid.CreateVersion7(), Roles.Manager))), Is.EqualTo("staff.unknown"));
    }

    [Test]
    public async Task Who_answers_for_all_of_a_district_sees_who_holds_a_role_of_it_and_nobody_else_does()
    {
        await Send(Answers, new GrantDistrictRole("south", Here.Officer.Id, Roles.Manager));
        await Send(Answers, new GrantDistrictRole("south", Here.Clerk.Id, Roles.Clerk));
        await Send(Answers, new GrantDistrictRole("south", Here.Manager.Id, Roles.Manager));
        await Send(Answers, new RevokeDistrictRole("south", Here.Manager.Id, Roles.Manager));
        var ofHere = Here.People["administrator"];

        var alone = (await Send(ofHere, new ListDistricts())).Single();
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));
        var both = (await Send(Answers, new ListDistricts())).Single();

        Assert.That((alone.Code, alone.Name), Is.EqualTo(("south", "南区")));
        Assert.That(alone.CommunityIds, Is.EqualTo(new[] { Here.CommunityId }));
        Assert.That(both.CommunityIds, Is.EquivalentTo(new[] { Here.CommunityId, There.CommunityId }));
        Assert.That(both.Holders.Select(h => (h.SignInName, h.Role)), Is.EquivalentTo(new[] { ("officer@here", Roles.Manager), ("clerk@here", Roles.Clerk) }));
        Assert.That(both.Holders, Is.EqualTo(alone.Holders));
        Assert.That(await Send(ofHere, new ListDistricts()), Is.Empty, "One of two communities is not all of it.");
        Assert.That(await Refusal(() => Send(Here.Manager, new ListDistricts())), Is.EqualTo("role.not_allowed"));
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "north", "北区"));
        Assert.That((await Send(Answers, new ListDistricts())).Select(d => d.Code), Is.EqualTo(new[] { "north", "south" }));
        Assert.That((await Send(ofHere, new ListDistricts())).Select(d => d.Code), Is.EqualTo(new[] { "south" }));
    }

    private Task<List<string>> RolesOf(Guid staff) => Rows<string>(
        "select c.code || ':' || r.role from staff_role r join community c on c.community_id = r.community_id where r.staff_id = @staff order by 1", new { staff });
}
