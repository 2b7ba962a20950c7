using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Staff;

public sealed class AccountTests : DeskFixture
{
    private static int people;

    private Actor Administrator => Here.People["administrator"];

    private static NewSecret Secret => new(Guid.NewGuid(), PasswordHash);

    private async Task<Guid> GivenAccount(Roles role = Roles.CrewMember, Crew? crew = Crew.Engineering) =>
        (await Send(Administrator, new MakeAccount(Here.CommunityId, $"new{++people}@here", "新同事", [role], crew is { } c ? [new TeamSeat(Here.Teams[c], false)] : []) { Password = Secret })).StaffId;

    private Actor As(Guid staff, Crew crew = Crew.Engineering) =>
        new(ActorKind.Staff, staff, "新同事", [new RoleIn(Here.CommunityId, Roles.CrewMember)], [new Seat(Here.CommunityId, Here.Teams[crew], crew, false)]);

    private Task<int> Version(Guid staff) => Scalar<int>("select version from staff where staff_id = @staff", new { staff });

    [Test]
    public async Task An_administrator_makes_an_account_with_roles_and_seats_and_a_password_that_must_be_changed()
    {
        var id = await GivenAccount();

        var line = await Send(Administrator, new GetAccount(id));
        Assert.That((line.DisplayName, line.MustChangePassword, line.HasPassword, line.HasSecondFactor, line.Version), Is.EqualTo(("新同事", true, true, false, 1)));
        Assert.That(line.Roles, Is.EqualTo(new[] { new RoleIn(Here.CommunityId, Roles.CrewMember) }));
        Assert.That(line.Seats.Single().TeamId, Is.EqualTo(Here.Teams[Crew.Engineering]));
        Assert.That(await Scalar<DateTime>("select good_until from staff_credential where staff_id = @id", new { id }), Is.EqualTo(Clock.GetUtcNow().UtcDateTime.AddHours(72)));
        Assert.That((await Rows<string>("select what from event where subject_id = @id", new { id })).Single(), Is.EqualTo("staffJoined"));
        Assert.That((await Send(Administrator, new ListAccounts(Take: 200))).Items.Select(a => a.StaffId), Does.Contain(id));
    }

    [Test]
    public async Task Names_are_one_persons_in_all_communities_whatever_the_size_of_letters()
    {
        Assert.That(await Refusal(() => Send(Administrator, new MakeAccount(Here.CommunityId, "CLERK@there", "x", [Roles.Clerk]) { Password = Secret })), Is.EqualTo("account.name_taken"));
    }

    [Test]
    public async Task Nobody_is_made_the_system_or_put_into_a_team_that_is_not_there()
    {
        Assert.That(await Refusal(() => Send(Administrator, new MakeAccount(Here.CommunityId, "a", "x", [Roles.System]) { Password = Secret })), Is.EqualTo("roles.unknown"));
        Assert.That(await Refusal(() => Send(Administrator, new MakeAccount(Here.CommunityId, "a", "x", [Roles.Everybody]) { Password = Secret })), Is.EqualTo("roles.unknown"));
        Assert.That(await Refusal(() => Send(Administrator, new MakeAccount(Here.CommunityId, "a", "x", []) { Password = Secret })), Is.EqualTo("roles.none"));
        Assert.That(
            await Refusal(() => Send(Administrator, new MakeAccount(Here.CommunityId, "a", "x", [Roles.CrewMember], [new TeamSeat(There.Teams[Crew.Engineering], false)]) { Password = Secret })),
            Is.EqualTo("team.unknown"));
    }

    [Test]
    public async Task Only_administrators_and_only_of_their_own_communities()
    {
        var id = await GivenAccount();

        Assert.That(await Refusal(() => Send(Here.Manager, new ResetPassword(id) { Password = Secret })), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new ResetPassword(id) { Password = Secret })), Is.EqualTo("account.not_found"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new ResetPassword(Guid.CreateVersion7()) { Password = Secret })), Is.EqualTo("account.not_found"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new DeactivateAccount(id, 1))), Is.EqualTo("account.not_found"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new GetAccount(id))), Is.EqualTo("account.not_found"));
        Assert.That(await Refusal(() => Send(Administrator, new SetRoles(id, There.CommunityId, [Roles.Clerk], Version: 1))), Is.EqualTo("community.not_found"));
        Assert.That((await Send(There.People["administrator"], new ListAccounts(Take: 200))).Items.Select(a => a.StaffId), Does.Not.Contain(id));
    }

    [Test]
    public async Task Who_lost_a_telephone_is_signed_out_everywhere_and_by_nobody_but_their_administrator()
    {
        var id = await GivenAccount();
        for (var i = 0; i < 2; i++)
        {
            await Execute(
                "insert into session (session_id, staff_id, token_hash, created_at, expires_at, last_seen_at) values (@session, @id, sha256(@session::text::bytea), @Now, @Now + interval '1 hour', @Now)",
                new { session = Guid.CreateVersion7(), id, Now = Clock.GetUtcNow().UtcDateTime });
        }

        Assert.That(await Refusal(() => Send(Here.Manager, new EndSessionsOf(id))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new EndSessionsOf(id))), Is.EqualTo("account.not_found"));
        Assert.That(await Refusal(() => Send(Administrator, new EndSessionsOf(Administrator.Id))), Is.EqualTo("account.yourself"));
        Assert.That((await Send(Administrator, new GetAccount(id))).OpenSessions, Is.EqualTo(2));

        var reply = await Send(Administrator, new EndSessionsOf(id));

        Assert.That((reply.SessionsEnded, reply.Version), Is.EqualTo((2, (await Send(Administrator, new GetAccount(id))).Version)));
        Assert.That(await Scalar<long>("select count(*) from session where staff_id = @id and ended_at is null", new { id }), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @id and what = 'sessionEnded'", new { id }), Is.EqualTo(1));
        Assert.That(await Refusal(() => Send(Administrator, new EndSessionsOf(id))), Is.EqualTo("account.not_signed_in"));
    }

    [Test]
    public async Task Whoever_works_elsewhere_too_is_not_taken_over_from_here()
    {
        var id = await GivenAccount(Roles.Clerk, null);
        await Execute("insert into community_staff (community_id, staff_id, joined_at) values (@There, @id, @Now)", new { There = There.CommunityId, id, Now = Clock.GetUtcNow().UtcDateTime });

        foreach (var command in new Func<Task>[]
        {
            () => Send(Administrator, new ResetPassword(id) { Password = Secret }),
            () => Send(Administrator, new ResetSecondFactor(id)),
            () => Send(Administrator, new EndSessionsOf(id)),
            () => Send(Administrator, new DeactivateAccount(id, 1)),
            () => Send(Administrator, new ChangeAccount(id, "y", "en", Version: 1)),
        })
        {
            Assert.That(await Refusal(command), Is.EqualTo("account.works_elsewhere"));
        }

        Assert.That((await Send(Administrator, new SetRoles(id, Here.CommunityId, [Roles.Clerk, Roles.CustomerOfficer], Version: 1))).Version, Is.EqualTo(2), "What they are here is ours to say.");
    }

    [Test]
    public async Task Whoever_works_nowhere_now_is_not_taken_over_from_where_they_once_worked()
    {
        var id = await GivenAccount(Roles.Clerk, null);
        await Execute("insert into community_staff (community_id, staff_id, joined_at, left_at) values (@There, @id, @Now, @Now)", new { There = There.CommunityId, id, Now = Clock.GetUtcNow().UtcDateTime });
        await Send(Administrator, new SetRoles(id, Here.CommunityId, [], Version: 1));
        var both = Administrator with { Roles = [.. Administrator.Roles, new RoleIn(There.CommunityId, Roles.Administrator)] };

        foreach (var one in new[] { Administrator, There.People["administrator"] })
        {
            Assert.That(await Refusal(() => Send(one, new ResetPassword(id) { Password = Secret })), Is.EqualTo("account.works_elsewhere"));
            Assert.That(await Refusal(() => Send(one, new ResetSecondFactor(id))), Is.EqualTo("account.works_elsewhere"));
        }

        await Send(both, new ResetPassword(id) { Password = Secret });
    }

    [TestCase("two\nlines")]
    [TestCase("tab\tin it")]
    public async Task A_sign_in_name_is_one_line(string name)
    {
        Assert.That(await Refusal(() => Send(Administrator, new MakeAccount(Here.CommunityId, name, "x", [Roles.Clerk]) { Password = Secret })), Is.EqualTo("account.name_of_several_lines"));
    }

    [Test]
    public async Task An_administrator_of_two_communities_gives_somebody_of_one_a_role_in_the_other()
    {
        var id = await GivenAccount(Roles.Clerk, null);
        var both = Administrator with { Roles = [.. Administrator.Roles, new RoleIn(There.CommunityId, Roles.Administrator)] };

        await Send(both, new SetRoles(id, There.CommunityId, [Roles.CustomerOfficer], Version: 1));

        Assert.That((await Send(both, new GetAccount(id))).Roles, Is.EquivalentTo(new[] { new RoleIn(Here.CommunityId, Roles.Clerk), new RoleIn(There.CommunityId, Roles.CustomerOfficer) }));
        Assert.That((await Send(Administrator, new GetAccount(id))).Roles, Is.EqualTo(new[] { new RoleIn(Here.CommunityId, Roles.Clerk) }), "What they are elsewhere is not ours to see.");
        await Send(both, new DeactivateAccount(id, 2));
        Assert.That(await Rows<string>("select what from event where subject_id = @id and community_id = @There order by seq", new { id, There = There.CommunityId }), Is.EqualTo(new[] { "roleGranted", "staffJoined", "staffLeft", "accountDeactivated" }));
    }

    [Test]
    public async Task An_edit_names_the_version_that_it_changes()
    {
        var id = await GivenAccount();
        await Send(Administrator, new ChangeAccount(id, "改过的名字", "en", "138 0013 8001", Version: 1));

        Assert.That(await Refusal(() => Send(Administrator, new ChangeAccount(id, "x", "en", Version: 1))), Is.EqualTo("account.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(Administrator, new ChangeAccount(id, "x", "en"))), Is.EqualTo("account.version_required"));
        Assert.That((await Send(Administrator, new GetAccount(id))).DisplayName, Is.EqualTo("改过的名字"));
    }

    [Test]
    public async Task Roles_and_seats_are_what_was_said_last_one_event_each()
    {
        var id = await GivenAccount();

        await Send(Administrator, new SetRoles(id, Here.CommunityId, [Roles.CrewLead, Roles.Clerk], [new TeamSeat(Here.Teams[Crew.Security], true)], 1));

        var line = await Send(Administrator, new GetAccount(id));
        Assert.That(line.Roles.Select(r => r.Role), Is.EquivalentTo(new[] { Roles.CrewLead, Roles.Clerk }));
        Assert.That(line.Seats.Single(), Is.EqualTo(new Seat(Here.CommunityId, Here.Teams[Crew.Security], Crew.Security, true)));
        Assert.That(await Rows<string>("select what from event where subject_id = @id order by seq", new { id }), Is.EqualTo(new[] { "staffJoined", "roleGranted", "roleGranted", "roleRevoked", "seatsChanged" }));
    }

    [Test]
    public async Task Nobody_takes_their_own_account_away()
    {
        var me = Administrator;
        var version = await Version(me.Id);

        Assert.That(await Refusal(() => Send(me, new DeactivateAccount(me.Id, version))), Is.EqualTo("account.yourself"));
        Assert.That(await Refusal(() => Send(me, new SetRoles(me.Id, Here.CommunityId, [Roles.Clerk], Version: version))), Is.EqualTo("account.yourself"));
        Assert.That(await Refusal(() => Send(me, new ResetPassword(me.Id) { Password = Secret })), Is.EqualTo("account.yourself"));
    }

    [Test]
    public async Task Whoever_leaves_their_open_orders_go_back_to_their_team_one_event_each()
    {
        var id = await GivenAccount();
        var me = As(id);
        var (_, accepted) = await GivenDispatched();
        await Send(me, new ClaimWork(accepted));
        var (_, working) = await GivenDispatched();
        await Send(me, new ClaimWork(working));
        await Send(me, new ArriveOnSite(working));
        var (_, held) = await GivenDispatched();
        await Send(me, new ClaimWork(held));
        await Send(me, new HoldWork(held, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
        var (_, done) = await GivenDispatched();
        await Send(me, new ClaimWork(done));
        await Send(me, new ArriveOnSite(done));
        await Send(me, new CompleteWork(done, "好了"));
        var (_, anothers) = await GivenDispatched();
        await Send(Here.Member(Crew.Engineering), new ClaimWork(anothers));

        await Send(Administrator, new DeactivateAccount(id, 1));

        Assert.That(
            await Rows<(Guid, string, Guid?)>("select work_order_id, status, assignee_id from work_order where work_order_id = any (@ids) order by created_at, work_order_id", new { ids = new[] { accepted, working, held, done, anothers } }),
            Is.EquivalentTo(new (Guid, string, Guid?)[] { (accepted, "dispatched", null), (working, "dispatched", null), (held, "dispatched", null), (done, "done", id), (anothers, "accepted", Here.Member(Crew.Engineering).Id) }));
        Assert.That(await Rows<Guid>("select subject_id from event where what = 'workTakenBack' and (detail->>'fromStaffId')::uuid = @id", new { id }), Is.EquivalentTo(new[] { accepted, working, held }));
        Assert.That(await Scalar<long>("select count(*) from hold where work_order_id = @held and until_at is null", new { held }), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from clock where subject_id = @accepted and kind = 'accept' and stopped_at is null", new { accepted }), Is.EqualTo(1), "The team has its time to accept once more.");
        await Send(Here.Member(Crew.Engineering), new ClaimWork(accepted));
        Assert.That(await Rows<string>("select what from event where subject_id = @id order by seq", new { id }), Is.EqualTo(new[] { "staffJoined", "staffLeft", "accountDeactivated" }));
        Assert.That((await Send(Administrator, new GetAccount(id))).DeactivatedAt, Is.Not.Null);
        Assert.That((await Send(Here.Clerk, new ListStaff(Here.CommunityId))).Select(s => s.StaffId), Does.Not.Contain(id));
    }

    [TestCase(false, false)]
    [TestCase(true, true)]
    [TestCase(false, true)]
    public async Task Of_two_administrators_who_take_each_others_office_at_once_one_remains(bool firstByRoles, bool secondByRoles)
    {
        var ids = new[] { await GivenAccount(Roles.Administrator, null), await GivenAccount(Roles.Administrator, null) };
        ICommand<AccountReply> Take(Guid of, bool byRoles) => byRoles ? new SetRoles(of, Here.CommunityId, [Roles.Clerk], Version: 1) : new DeactivateAccount(of, 1);
        Actor Office(Guid id) => Administrator with { Id = id };

        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from staff where staff_id = any (@ids) for update", new { ids });
        var both = new[] { CodeOf(() => Send(Office(ids[0]), Take(ids[1], firstByRoles))), CodeOf(() => Send(Office(ids[1]), Take(ids[0], secondByRoles))) };
        await held.IsWaitedFor(by: 2);
        await held.Commit();

        Assert.That(await Task.WhenAll(both), Is.EquivalentTo(new[] { null, "role.not_allowed" }));
        Assert.That(await Scalar<long>("select count(*) from staff_role r join staff s on s.staff_id = r.staff_id where s.staff_id = any (@ids) and s.disabled_at is null and r.role = 'administrator'", new { ids }), Is.EqualTo(1));
    }

    [Test]
    public async Task An_order_that_was_meant_for_somebody_and_still_waits_is_meant_for_nobody()
    {
        var id = await GivenAccount();
        var request = await GivenRequest();
        var made = await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Security, "先"), new NewOrder(Crew.Engineering, "后", Here.Teams[Crew.Engineering], id, WaitsForOrder: 0)]));

        await Send(Administrator, new SetRoles(id, Here.CommunityId, [], Version: 1));

        var waiting = made.WorkOrders[1].WorkOrderId;
        Assert.That((await Rows<(string, Guid?)>("select status, assignee_id from work_order where work_order_id = @waiting", new { waiting })).Single(), Is.EqualTo(("waiting", (Guid?)null)));
    }

    [Test]
    public async Task Leaving_one_team_gives_back_its_orders_alone()
    {
        var id = await GivenAccount();
        await Send(Administrator, new SetRoles(id, Here.CommunityId, [Roles.CrewMember], [new TeamSeat(Here.Teams[Crew.Engineering], false), new TeamSeat(Here.Teams[Crew.Security], false)], 1));
        var (_, pipe) = await GivenDispatched();
        await Send(As(id), new ClaimWork(pipe));
        var (_, gate) = await GivenDispatched(Crew.Security);
        await Send(As(id, Crew.Security), new ClaimWork(gate));

        await Send(Administrator, new SetRoles(id, Here.CommunityId, [Roles.CrewMember], [new TeamSeat(Here.Teams[Crew.Security], false)], 2));

        Assert.That(await Scalar<Guid?>("select assignee_id from work_order where work_order_id = @pipe", new { pipe }), Is.Null);
        Assert.That(await Scalar<Guid?>("select assignee_id from work_order where work_order_id = @gate", new { gate }), Is.EqualTo(id));
    }

    [Test]
    public async Task Who_becomes_lead_of_their_team_keeps_their_orders()
    {
        var id = await GivenAccount();
        var (_, order) = await GivenDispatched();
        await Send(As(id), new ClaimWork(order));

        await Send(Administrator, new SetRoles(id, Here.CommunityId, [Roles.CrewLead], [new TeamSeat(Here.Teams[Crew.Engineering], true)], 1));

        Assert.That((await Send(Administrator, new GetAccount(id))).Seats.Single().Lead, Is.True);
        Assert.That(await Scalar<Guid?>("select assignee_id from work_order where work_order_id = @order", new { order }), Is.EqualTo(id));
    }

    [Test]
    public async Task An_order_given_in_the_instant_in_which_somebody_leaves_is_never_theirs_afterwards()
    {
        for (var round = 0; round < 8; round++)
        {
            var id = await GivenAccount();
            var orders = new List<Guid>();
            for (var i = 0; i < 4; i++)
            {
                orders.Add((await GivenDispatched()).WorkOrderId);
            }

            await Send(As(id), new ClaimWork(orders[0]));
            var giving = orders.Skip(1).Select(o => CodeOf(() => Send(Here.Clerk, new AssignWork(o, id)))).ToArray();
            var leaving = Send(Administrator, new DeactivateAccount(id, 1));
            var given = await Task.WhenAll(giving);
            await leaving;

            Assert.That(await Scalar<long>("select count(*) from work_order where assignee_id = @id", new { id }), Is.Zero);
            Assert.That(given.OfType<string>(), Is.All.AnyOf("assignee.has_left", "assignee.not_in_team"));
        }
    }

    [Test]
    public async Task Who_left_claims_nothing_with_a_session_that_is_remembered_for_a_moment()
    {
        var id = await GivenAccount();
        var (_, order) = await GivenDispatched();
        await Send(Administrator, new DeactivateAccount(id, 1));

        Assert.That(await Refusal(() => Send(As(id), new ClaimWork(order))), Is.EqualTo("assignee.has_left"));
    }

    [Test]
    public async Task Who_comes_back_is_given_roles_anew()
    {
        var id = await GivenAccount();
        await Send(Administrator, new DeactivateAccount(id, 1));
        Assert.That(await Refusal(() => Send(Administrator, new DeactivateAccount(id, 2))), Is.EqualTo("account.deactivated"));

        await Send(Administrator, new ReactivateAccount(id, Here.CommunityId, [Roles.Clerk], 2));

        var line = await Send(Administrator, new GetAccount(id));
        Assert.That((line.DeactivatedAt, line.Roles.Single().Role, line.Seats.Count, line.Version), Is.EqualTo(((DateTimeOffset?)null, Roles.Clerk, 0, 3)));
        Assert.That(await Refusal(() => Send(Administrator, new ReactivateAccount(id, Here.CommunityId, [Roles.Clerk], 3))), Is.EqualTo("account.active"));
    }

    private static async Task<string?> CodeOf(Func<Task> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (Refused refused)
        {
            return refused.Code;
        }
    }

    private async Task<Guid> GivenComplaint() => (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;

    [Test]
    public async Task Whoever_leaves_is_in_charge_of_nothing_any_more_and_somebody_else_is_to_be_named_in_time()
    {
        var id = await GivenAccount(Roles.CustomerOfficer, null);
        var (open, asked, closed, others) = (await GivenComplaint(), await GivenComplaint(), await GivenComplaint(), await GivenComplaint());
        foreach (var request in new[] { open, asked, closed })
        {
            await Send(Here.Clerk, new NamePersonInCharge(request, id));
        }

        await Send(Here.Clerk, new NamePersonInCharge(others, Here.Officer.Id));
        await Send(Here.Clerk, new AnswerRequest(asked, AnswerKind.Answered, "已批评教育"));
        await Send(Here.Clerk, new CancelRequest(closed, CancelledAs.Withdrawn, "不投诉了"));
        Clock.Advance(TimeSpan.FromHours(1));

        await Send(Administrator, new SetRoles(id, Here.CommunityId, [], Version: 1));

        var details = await Send(Here.Clerk, new GetRequest(open));
        Assert.That(details.Request.InChargeId, Is.Null);
        Assert.That(details.Clocks.Where(c => c.Kind == ClockKind.Accept).Select(c => ((int)c.Cycle, c.StoppedWhy, c.DueAt)), Is.EqualTo(new[] { (1, (string?)"met", (DateTimeOffset?)FakeClock.Start.AddMinutes(30)), (2, null, FakeClock.Start.AddMinutes(90)) }));
        Assert.That((await Send(Here.Clerk, new GetRequest(asked))).Request.InChargeId, Is.Null);
        Assert.That(await Scalar<long>("select count(*) from clock where subject_id = @asked and kind = 'accept' and stopped_at is null", new { asked }), Is.Zero, "it is answered: nobody owes it anything but the call");
        Assert.That((await Send(Here.Clerk, new GetRequest(closed))).Request.InChargeId, Is.EqualTo(id), "what is over stays as it was");
        Assert.That((await Send(Here.Clerk, new GetRequest(others))).Request.InChargeId, Is.EqualTo(Here.Officer.Id));
        Assert.That(await Rows<(string, Guid)>("select recipient_role, request_id from message where template = 'inChargeLeft'"), Is.EqualTo(new[] { ("customerOfficer", open) }));
        Assert.That(await Rows<Guid>("select subject_id from event where what = 'personInChargeLeft' and (detail->>'from')::uuid = @id order by seq", new { id }), Is.EquivalentTo(new[] { open, asked }));
        Assert.That(await ClocksThatDiffer(), Is.Empty);

        await Send(Here.Clerk, new NamePersonInCharge(open, Here.Officer.Id));
        Assert.That((await Send(Here.Clerk, new GetRequest(open))).Clocks.Single(c => c is { Kind: ClockKind.Accept, Cycle: 2 }).StoppedWhy, Is.EqualTo("met"));
    }

    [Test]
    public async Task Who_is_named_in_the_instant_in_which_they_leave_is_not_in_charge_afterwards()
    {
        for (var round = 0; round < 8; round++)
        {
            var id = await GivenAccount(Roles.CustomerOfficer, null);
            var requests = new List<Guid>();
            for (var i = 0; i < 4; i++)
            {
                requests.Add(await GivenComplaint());
            }

            await Send(Here.Clerk, new NamePersonInCharge(requests[0], id));
            var naming = requests.Skip(1).Select(r => CodeOf(() => Send(Here.Clerk, new NamePersonInCharge(r, id)))).ToArray();
            var leaving = Send(Administrator, new DeactivateAccount(id, 1));
            var named = await Task.WhenAll(naming);
            await leaving;

            Assert.That(await Scalar<long>("select count(*) from request where in_charge_id = @id", new { id }), Is.Zero);
            Assert.That(named.OfType<string>(), Is.All.EqualTo("staff.unknown"));
        }
    }
}
