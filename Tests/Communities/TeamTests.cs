using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Communities;

public sealed class TeamTests : ApiFixture
{
    private Actor Administrator => Here.People["administrator"];

    [Test]
    public async Task A_team_is_made_named_retired_and_brought_back()
    {
        var administrator = await As(Administrator);
        var at = $"/api/communities/{Here.CommunityId}/teams";

        var id = (await administrator.PostJson(at, new { crew = "engineering", name = "电梯维保", nameEn = "Lift maintainer", external = true, phone = "13800138000" }, HttpStatusCode.Created, key: "team-1")).Id("teamId");
        Assert.That((await administrator.PostJson(at, new { crew = "security", name = "电梯维保", nameEn = "Lift maintainer" }, HttpStatusCode.Conflict)).Code, Is.EqualTo("team.name_taken"));
        var line = (await Send(Here.Clerk, new ListTeams(Here.CommunityId))).Single(t => t.TeamId == id);
        Assert.That((line.Crew, line.External, line.Phone, line.Members.Count, line.Version), Is.EqualTo((Crew.Engineering, true, "13800138000", 0, 1)));

        await administrator.PostJson($"/api/teams/{id}/name", new { name = "迅达维保", nameEn = "Upright Lifts" }, HttpStatusCode.PreconditionRequired);
        var named = await administrator.PostJson($"/api/teams/{id}/name", new { name = "迅达维保", nameEn = "Upright Lifts", version = 1 }, HttpStatusCode.OK);
        Assert.That(named.ETag, Is.EqualTo("\"2\""));
        Assert.That((await administrator.PostJson($"/api/teams/{id}/name", new { name = "x", nameEn = "x", version = 1 }, HttpStatusCode.Conflict)).Code, Is.EqualTo("team.changed_meanwhile"));
        Assert.That((await administrator.PostJson($"/api/teams/{id}/name", new { name = Crew.Security + "组", nameEn = "x", version = 2 }, HttpStatusCode.Conflict)).Code, Is.EqualTo("team.name_taken"));
        Assert.That((await administrator.PostJson($"/api/teams/{id}/members", new { staffId = Here.Member(Crew.Security).Id }, HttpStatusCode.Conflict)).Code, Is.EqualTo("team.external"));

        await administrator.PostJson($"/api/teams/{id}/retirement", new { version = 2 }, HttpStatusCode.OK);
        Assert.That((await Send(Here.Clerk, new ListTeams(Here.CommunityId))).Select(t => t.TeamId), Does.Not.Contain(id));
        Assert.That((await Send(Here.Clerk, new ListTeams(Here.CommunityId, true))).Single(t => t.TeamId == id).RetiredAt, Is.EqualTo(Clock.GetUtcNow()));
        Assert.That((await administrator.PostJson($"/api/teams/{id}/retirement", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("team.retired_already"));
        Assert.That((await administrator.PostJson($"/api/teams/{id}/members", new { staffId = Here.Member(Crew.Security).Id }, HttpStatusCode.Conflict)).Code, Is.EqualTo("team.retired"));
        await administrator.PostJson($"/api/teams/{id}/reinstatement", new { }, HttpStatusCode.OK);
        Assert.That((await administrator.PostJson($"/api/teams/{id}/reinstatement", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("team.not_retired"));
        Assert.That(
            await Rows<string>("select what from event where community_id = @CommunityId and detail ->> 'teamId' = @id::text order by seq", new { Here.CommunityId, id }),
            Is.EqualTo(new[] { "teamMade", "teamAmended", "teamRetired", "teamReinstated" }));
    }

    [Test]
    public async Task Somebody_sits_in_a_team_leads_it_and_leaves_it_again_and_their_work_stays_with_the_team()
    {
        var who = Here.Member(Crew.Environment).Id;
        var team = await Send(Here.System, new MakeTeam(Here.CommunityId, Crew.Engineering, "夜班组", "Night shift"));
        var account = await Scalar<int>("select version from staff where staff_id = @who", new { who });

        await Send(Administrator, new SeatMember(team, who));
        await Send(Administrator, new SeatMember(team, who, true));
        Assert.That((await Send(Here.Clerk, new ListTeams(Here.CommunityId))).Single(t => t.TeamId == team).Members, Is.EqualTo(new[] { new TeamMember(who, "environment-1", true) }));
        Assert.That(await Scalar<int>("select version from staff where staff_id = @who", new { who }), Is.EqualTo(account + 2), "Who edits the account meanwhile is told.");
        var order = await Order(team, who);

        Assert.That(await Refusal(() => Send(Administrator, new RetireTeam(team))), Is.EqualTo("team.has_members"));
        await Send(Administrator, new UnseatMember(team, who));

        Assert.That(await Rows<(string, Guid?)>("select status, assignee_id from work_order where work_order_id = @order", new { order }), Is.EqualTo(new[] { ("dispatched", (Guid?)null) }));
        Assert.That(await Refusal(() => Send(Administrator, new RetireTeam(team))), Is.EqualTo("team.has_open_work"));
        Assert.That(await Refusal(() => Send(Administrator, new UnseatMember(team, who))), Is.EqualTo("team.not_a_member"));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'seatsChanged' and subject_id = @who", new { who }), Is.EqualTo(3));
        Assert.That(await Scalar<long>("select count(*) from team_member where staff_id = @who and to_at is null", new { who }), Is.EqualTo(1), "Their own team is theirs still.");
        await Send(Here.Manager, new VoidWork(order, "重复"));
        await Send(Administrator, new RetireTeam(team));
    }

    [Test]
    public async Task Many_at_once_seat_somebody_once()
    {
        var who = Here.Member(Crew.Security, 2).Id;
        var team = await Send(Here.System, new MakeTeam(Here.CommunityId, Crew.Security, "巡逻组", "Patrol"));

        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Send(Administrator, new SeatMember(team, who, n % 2 == 0))));

        Assert.That(await Scalar<long>("select count(*) from team_member where team_id = @team", new { team }), Is.EqualTo(1));
    }

    [Test]
    public async Task Only_colleagues_of_the_community_sit_in_its_teams_and_only_its_administrators_say_so()
    {
        var team = Here.Teams[Crew.Engineering];
        var who = Here.Member(Crew.Security).Id;
        var theirs = There.People["administrator"];
        var left = await Send(Here.System, new JoinStaff(Here.CommunityId, "left@team", "走了", PasswordHash, [Roles.Clerk], []));
        await Send(Administrator, new SetRoles(left, Here.CommunityId, [], Version: 1));

        Assert.That(await Refusal(() => Send(Administrator, new SeatMember(team, There.Member(Crew.Engineering).Id))), Is.EqualTo("staff.unknown"));
        Assert.That(await Refusal(() => Send(Administrator, new SeatMember(team, left))), Is.EqualTo("staff.unknown"));
        Assert.That(await Refusal(() => Send(Administrator, new SeatMember(team, Guid.NewGuid()))), Is.EqualTo("staff.unknown"));
        Assert.That(await Refusal(() => Send(Here.Manager, new SeatMember(team, who))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Manager, new MakeTeam(Here.CommunityId, Crew.Security, "x", "x"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(theirs, new MakeTeam(Here.CommunityId, Crew.Security, "x", "x"))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new AmendTeam(team, "x", "x", Version: 1))), Is.EqualTo("team.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new RetireTeam(team))), Is.EqualTo("team.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new ReinstateTeam(team))), Is.EqualTo("team.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new SeatMember(team, There.Member(Crew.Engineering).Id))), Is.EqualTo("team.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new UnseatMember(team, Here.Member(Crew.Engineering).Id))), Is.EqualTo("team.not_found"));
    }

    private async Task<Guid> Order(Guid team, Guid who)
    {
        var request = (await GivenRequest()).RequestId;
        var made = await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下", TeamId: team, AssigneeId: who)]));
        return made.WorkOrders[0].WorkOrderId;
    }
}
