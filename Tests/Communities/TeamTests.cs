using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
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

    /// <summary>Whoever comes first stands before the log, with everything else written; whoever comes second has not seen it.</summary>
    [Test]
    public async Task A_team_that_is_retired_in_the_instant_in_which_it_is_given_work_has_none_open([Values] bool retiredFirst, [Values("dispatch", "send", "transfer")] string how)
    {
        var team = await GivenTeam();
        var request = (await GivenRequest()).RequestId;
        var order = how == "dispatch" ? Guid.Empty
            : (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下", Here.Teams[Crew.Engineering])]))).WorkOrders[0].WorkOrderId;
        if (how == "send")
        {
            await Send(Here.Clerk, new ReturnWork(order, "不是我们的"));
        }

        Task Give() => how switch
        {
            "dispatch" => Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下", team)])),
            "send" => Send(Here.Clerk, new SendWork(order, team)),
            _ => Send(Here.Clerk, new TransferWork(order, team, "他们近")),
        };
        var results = await AtTheLog(retiredFirst, () => Send(Administrator, new RetireTeam(team)), Give);

        Assert.That(results, Is.EqualTo(retiredFirst ? ("done", "team.unknown") : ("team.has_open_work", "done")));
        Assert.That(await Scalar<long>("select count(*) from work_order o join team t using (team_id) where t.team_id = @team and t.retired_at is not null", new { team }), Is.Zero);
    }

    [Test]
    public async Task A_crews_only_team_that_is_retired_in_the_instant_of_a_dispatch_is_not_taken_for_it()
    {
        var (community, team, request) = await GivenCommunityOfOneTeam();

        var results = await AtTheLog(
            true,
            () => Send(Administrator with { Roles = [new RoleIn(community, Roles.Administrator)] }, new RetireTeam(team)),
            () => Send(Actor.SystemIn(community), new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")])),
            community);

        Assert.That(results, Is.EqualTo(("done", "done")));
        Assert.That(await Rows<(string, Guid?)>("select status, team_id from work_order where community_id = @community", new { community }), Is.EqualTo(new[] { ("unassigned", (Guid?)null) }));
    }

    [Test]
    public async Task Work_that_is_given_to_somebody_in_the_instant_in_which_they_leave_the_team_is_the_teams([Values] bool leavesFirst, [Values("dispatch", "assign", "send", "claim", "accept")] string how)
    {
        var team = await GivenTeam();
        var who = Here.Member(Crew.Environment, 2) with { Seats = [new Seat(Here.CommunityId, team, Crew.Engineering, false)] };
        await Send(Administrator, new SeatMember(team, who.Id));
        var request = (await GivenRequest()).RequestId;
        var order = how == "dispatch" ? Guid.Empty : (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下", team)]))).WorkOrders[0].WorkOrderId;
        if (how == "send")
        {
            await Send(Here.Clerk, new ReturnWork(order, "不是我们的"));
        }

        Task Give() => how switch
        {
            "dispatch" => Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下", team, who.Id)])),
            "assign" => Send(Here.Clerk, new AssignWork(order, who.Id)),
            "send" => Send(Here.Clerk, new SendWork(order, team, who.Id)),
            "claim" => Send(who, new ClaimWork(order)),
            _ => Send(who, new AcceptWork(order)),
        };
        var results = await AtTheLog(leavesFirst, () => Send(Administrator, new UnseatMember(team, who.Id)), Give);

        Assert.That(results, Is.EqualTo(("done", !leavesFirst ? "done" : how is "claim" or "accept" ? "work_order.other_team" : "assignee.not_in_team")));
        Assert.That(await Scalar<long>("select count(*) from work_order where assignee_id = @Id", new { who.Id }), Is.Zero);
    }

    [Test]
    public async Task Nobody_takes_a_seat_in_a_team_in_the_instant_in_which_it_is_retired([Values] bool retiredFirst, [Values("account", "roles", "seat")] string how)
    {
        var team = await GivenTeam();
        var who = Here.Member(Crew.Security, 2).Id;
        var version = await Scalar<int>("select version from staff where staff_id = @who", new { who });
        Task Give() => how switch
        {
            "account" => Send(Administrator, new MakeAccount(Here.CommunityId, $"{team}@team", "新同事", [Roles.CrewMember], [new TeamSeat(team, false)]) { Password = new NewSecret(Guid.NewGuid(), PasswordHash) }),
            "roles" => Send(Administrator, new SetRoles(who, Here.CommunityId, [Roles.CrewMember], [new TeamSeat(Here.Teams[Crew.Security], false), new TeamSeat(team, false)], version)),
            _ => Send(Administrator, new SeatMember(team, who)),
        };
        var results = await AtTheLog(retiredFirst, () => Send(Administrator, new RetireTeam(team)), Give);

        Assert.That(results, Is.EqualTo(retiredFirst ? ("done", how == "seat" ? "team.retired" : "team.unknown") : ("team.has_members", "done")));
        Assert.That(await Scalar<long>("select count(*) from team_member m join team t using (team_id) where t.team_id = @team and t.retired_at is not null", new { team }), Is.Zero);
    }

    [Test]
    public async Task Not_solved_is_said_also_of_the_work_of_a_team_that_was_retired_since()
    {
        var team = await GivenTeam();
        var request = (await GivenRequest()).RequestId;
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下", team)]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Officer, new AcceptWork(order));
        await Send(Here.Officer, new ArriveOnSite(order));
        await Send(Here.Officer, new CompleteWork(order, "好了"));
        await Send(Administrator, new RetireTeam(team));

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));

        Assert.That((await Rows<Guid?>("select team_id from work_order where rework_of_id = @order", new { order })).Single(), Is.Not.EqualTo(team));
    }

    private Task<Guid> GivenTeam() => Send(Here.System, new MakeTeam(Here.CommunityId, Crew.Engineering, $"临时组 {Guid.NewGuid()}", "For a while"));

    private async Task<(Guid CommunityId, Guid TeamId, Guid RequestId)> GivenCommunityOfOneTeam()
    {
        var community = Guid.CreateVersion7();
        var system = Actor.SystemIn(community);
        await Send(system, new MakeCommunity(community, "one-team", "一个班组的小区", "Of one team", "Asia/Shanghai"));
        var team = await Send(system, new MakeTeam(community, Crew.Engineering, "工程组", "Engineers"));
        var category = await Scalar<Guid>("select category_id from category where community_id = @community and kind = 'repair' and code = 'water'", new { community });
        var request = await Send(system, new ReceiveRequest(community, RequestKind.Repair, Domain.Rules.Channel.Phone, category, "漏水", Reporter: new Reporter(Phone: "13900001234")));
        return (community, team, request.RequestId);
    }

    private async Task<(string Taking, string Giving)> AtTheLog(bool takenFirst, Func<Task> take, Func<Task> give, Guid? community = null)
    {
        await using var log = await HeldOpen.Begin(Owner);
        await log.Run("select from event_head where community_id = @CommunityId for update", new { CommunityId = community ?? Here.CommunityId });
        var results = await log.OneAfterTheOther(takenFirst ? [take, give] : [give, take]);
        return takenFirst ? (results[0], results[1]) : (results[1], results[0]);
    }

    private async Task<Guid> Order(Guid team, Guid who)
    {
        var request = (await GivenRequest()).RequestId;
        var made = await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下", TeamId: team, AssigneeId: who)]));
        return made.WorkOrders[0].WorkOrderId;
    }
}
