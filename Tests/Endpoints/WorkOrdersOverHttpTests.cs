using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Each way of an order between the centre and the crews, as another program sends it, and each refusal of it.</summary>
public sealed class WorkOrdersOverHttpTests : ApiFixture
{
    private Actor Engineer => Here.Member(Crew.Engineering);

    private Actor Colleague => Here.Member(Crew.Engineering, 2);

    [Test]
    public async Task An_order_is_assigned_handed_over_returned_dispatched_again_transferred_and_voided()
    {
        var (clerk, lead, engineer, colleague) = (await As(Here.Clerk), await As(Here.Lead(Crew.Engineering)), await As(Engineer), await As(Colleague));
        var (request, order) = await Dispatched(clerk);

        // The lead gives it to somebody, who says yes, and hands it over; the next one says yes again.
        var assigned = await lead.PostJson($"{order}/assignment", new { assigneeId = Engineer.Id }, HttpStatusCode.OK, version: 1);
        Assert.That((assigned.Text("status"), assigned.ETag), Is.EqualTo(("dispatched", "\"2\"")));
        Assert.That(await Whose(clerk, order), Is.EqualTo(("dispatched", (Guid?)Here.Teams[Crew.Engineering], (Guid?)Engineer.Id)));
        Assert.That((await colleague.PostJson($"{order}/claim", null, HttpStatusCode.Conflict)).Code, Is.EqualTo("work_order.already_taken"));
        Assert.That((await lead.PostJson($"{order}/assignment", new { assigneeId = Engineer.Id }, HttpStatusCode.Conflict)).Code, Is.EqualTo("assignee.has_it_already"));
        Assert.That(Code(await lead.PostJson($"{order}/assignment", new { assigneeId = Here.Member(Crew.Security).Id }, HttpStatusCode.UnprocessableEntity)), Is.EqualTo("assignee.not_in_team"));
        await engineer.PostJson($"{order}/acceptance", null, HttpStatusCode.OK);
        Assert.That((await engineer.PostJson($"{order}/assignment", new { assigneeId = Colleague.Id }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("dispatched"));
        Assert.That(await Whose(clerk, order), Is.EqualTo(("dispatched", (Guid?)Here.Teams[Crew.Engineering], (Guid?)Colleague.Id)));
        Assert.That((await engineer.PostJson($"{order}/acceptance", null, HttpStatusCode.Forbidden)).Code, Is.EqualTo("work_order.somebody_elses"));
        Assert.That((await colleague.PostJson($"{order}/acceptance", null, HttpStatusCode.OK)).Text("status"), Is.EqualTo("accepted"));

        // Back to the centre, which sends it out again.
        Assert.That((await colleague.PostJson($"{order}/return", new { reason = "要别的工具" }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("unassigned"));
        Assert.That(await Whose(clerk, order), Is.EqualTo(("unassigned", (Guid?)null, (Guid?)null)));
        Assert.That(Code(await clerk.PostJson($"{order}/dispatch", new { teamId = There.Teams[Crew.Engineering] }, HttpStatusCode.UnprocessableEntity)), Is.EqualTo("team.unknown"));
        Assert.That((await clerk.PostJson($"{order}/dispatch", new { teamId = Here.Teams[Crew.Engineering], assigneeId = Engineer.Id }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("dispatched"));
        Assert.That(await Whose(clerk, order), Is.EqualTo(("dispatched", (Guid?)Here.Teams[Crew.Engineering], (Guid?)Engineer.Id)));

        // To another crew; and then it is not needed.
        Assert.That((await lead.PostJson($"{order}/transfer", new { teamId = Here.Teams[Crew.Security], reason = "要开门禁" }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("dispatched"));
        Assert.That(await Whose(clerk, order), Is.EqualTo(("dispatched", (Guid?)Here.Teams[Crew.Security], (Guid?)null)));
        Assert.That((await engineer.PostJson($"{order}/claim", null, HttpStatusCode.Forbidden)).Code, Is.EqualTo("work_order.other_team"));
        Assert.That((await clerk.PostJson($"{order}/voiding", new { reason = "业主自己修了" }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("voided"));
        Assert.That((await clerk.GetJson(request)).Body.GetProperty("request").GetProperty("status").GetString(), Is.EqualTo("received"));
        Assert.That(
            (await clerk.GetJson($"{request}/timeline")).Body.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("what").GetString()).Take(11),
            Is.EqualTo(new[] { "requestReceived", "workDispatched", "workAssigned", "workAccepted", "workAssigned", "workAccepted", "workReturned", "workDispatched", "workTransferred", "workVoided", "requestBackToReceived" }));
    }

    [Test]
    public async Task An_order_is_made_safe_controlled_held_agreed_to_and_resumed()
    {
        var (clerk, engineer, manager) = (await As(Here.Clerk), await As(Engineer), await As(Here.Manager));
        var (request, order) = await Dispatched(clerk, "water.burst", "danger");
        Assert.That((await engineer.PostJson($"{order}/milestones", new { milestone = "safe" }, HttpStatusCode.Conflict)).Code, Is.EqualTo("work_order.move_not_allowed"));
        await engineer.PostJson($"{order}/claim", null, HttpStatusCode.OK);
        await engineer.PostJson($"{order}/arrival", null, HttpStatusCode.OK);

        Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.That((await engineer.PostJson($"{order}/milestones", new { milestone = "safe" }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("working"));
        Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.That((await engineer.PostJson($"{order}/milestones", new { milestone = "controlled" }, HttpStatusCode.OK)).ETag, Is.EqualTo("\"5\""));
        Assert.That((await manager.PostJson($"{order}/hold/agreement", null, HttpStatusCode.Conflict)).Code, Is.EqualTo("work_order.not_on_hold"));
        Assert.That((await engineer.PostJson($"{order}/hold", new { reason = "other", note = "等交警", wakeAt = Clock.GetUtcNow().AddHours(1) }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("onHold"));
        Assert.That((await engineer.PostJson($"{order}/hold/agreement", null, HttpStatusCode.Forbidden)).Code, Is.EqualTo("role.not_allowed"));
        Assert.That((await manager.PostJson($"{order}/hold/agreement", null, HttpStatusCode.OK)).Text("status"), Is.EqualTo("onHold"));
        Assert.That((await manager.PostJson($"{order}/hold/agreement", null, HttpStatusCode.Conflict)).Code, Is.EqualTo("hold.agreed_already"));
        Assert.That((await engineer.PostJson($"{order}/resumption", null, HttpStatusCode.OK)).Text("status"), Is.EqualTo("working"));

        var read = (await clerk.GetJson(order)).Body;
        Assert.That(read.GetProperty("holds")[0].GetProperty("agreedBy").GetGuid(), Is.EqualTo(Here.Manager.Id));
        var clocks = (await Send(Here.Clerk, new GetRequest(Guid.Parse(request[^36..])))).Clocks.Concat((await Send(Here.Clerk, new GetWorkOrder(Guid.Parse(order[^36..])))).Clocks);
        Assert.That(clocks.Single(c => c.Kind == ClockKind.Safe), Has.Property("StoppedAt").EqualTo(FakeClock.Start.AddMinutes(20)).And.Property("StoppedWhy").EqualTo("met"));
        Assert.That(await Rows<string>("select what from event where subject_id = @Id and what in ('workMadeSafe', 'workControlled', 'holdAgreed') order by seq", new { Id = Guid.Parse(order[^36..]) }), Is.EqualTo(new[] { "workMadeSafe", "workControlled", "holdAgreed" }));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task An_external_teams_order_is_worked_by_the_desk_and_an_own_teams_is_not()
    {
        var clerk = await As(Here.Clerk);
        var outside = await Send(Here.System, new MakeTeam(Here.CommunityId, Crew.Engineering, "电梯维保", "Lift maintainer", External: true));
        var (request, order) = await Dispatched(clerk, team: outside);
        var (_, own) = await Dispatched(clerk, team: Here.Teams[Crew.Engineering]);

        foreach (var (step, body) in new (string, object?)[] { ("acceptance", null), ("arrival", null), ("hold", new { reason = "parts", wakeAt = Clock.GetUtcNow().AddHours(2) }), ("resumption", null), ("milestones", new { milestone = "controlled" }), ("completion", new { whatWasDone = "维保单位修好了" }) })
        {
            Assert.That((await clerk.PostJson($"{own}/{step}", body, HttpStatusCode.Forbidden)).Code, Is.EqualTo("work_order.somebody_elses"), step);
            await clerk.PostJson($"{order}/{step}", body, HttpStatusCode.OK);
        }

        var read = (await clerk.GetJson(order)).Body.GetProperty("workOrder");
        Assert.That((read.GetProperty("status").GetString(), read.GetProperty("assigneeId").ValueKind, read.GetProperty("doneWhat").GetString()), Is.EqualTo(("done", JsonValueKind.Null, "维保单位修好了")), "nobody of ours did it");
        Assert.That((await clerk.GetJson(request)).Body.GetProperty("request").GetProperty("status").GetString(), Is.EqualTo("awaitingFeedback"));
        Assert.That((await clerk.PostJson($"{own}/claim", null, HttpStatusCode.Forbidden)).Code, Is.EqualTo("role.not_allowed"));
        await Execute("update team set retired_at = @Now where team_id = @outside", new { outside, Now = Clock.GetUtcNow().UtcDateTime });
    }

    [TestCase("answered", "requestAnswered")]
    [TestCase("referred", "requestReferred")]
    [TestCase("explained", "requestExplained")]
    public async Task What_the_desk_says_itself_is_the_outcome(string kind, string what)
    {
        var clerk = await As(Here.Clerk);
        var request = await Registered(clerk);

        var reply = await clerk.PostJson($"{request}/answer", new { kind, text = "请拨打燃气公司 95158" }, HttpStatusCode.OK);

        Assert.That(reply.Text("status"), Is.EqualTo("awaitingFeedback"));
        var read = (await clerk.GetJson(request)).Body;
        Assert.That(read.GetProperty("request").GetProperty("outcome").GetString(), Is.EqualTo(kind));
        Assert.That(read.GetProperty("request").GetProperty("firstRepliedAt").GetDateTimeOffset(), Is.EqualTo(Clock.GetUtcNow()));
        Assert.That(read.GetProperty("clocks").EnumerateArray().Single(c => c.GetProperty("kind").GetString() == "finish").GetProperty("stoppedWhy").GetString(), Is.EqualTo("met"));
        var said = (await clerk.GetJson($"{request}/timeline")).Body.GetProperty("items").EnumerateArray().Single(e => e.GetProperty("what").GetString() == what);
        Assert.That(said.GetProperty("text").GetString(), Is.EqualTo("请拨打燃气公司 95158"));
    }

    [Test]
    public async Task What_cannot_be_dispatched_is_refused_and_nothing_is_made()
    {
        var clerk = await As(Here.Clerk);
        var request = await Registered(clerk);
        var (_, elsewhere) = await Dispatched(clerk);
        var other = Guid.Parse(elsewhere[^36..]);
        object Engineering(bool mandatory = true, int? waitsForOrder = null, Guid? waitsForId = null, Guid? assigneeId = null, Guid? teamId = null) =>
            new { crew = "engineering", whatToDo = "看一下", mandatory, waitsForOrder, waitsForId, assigneeId, teamId };
        async Task<string> Refused(params object[] orders) => Code(await clerk.PostJson($"{request}/work-orders", new { orders }, HttpStatusCode.UnprocessableEntity));

        Assert.That(await Refused(), Is.EqualTo("orders.count"));
        Assert.That(await Refused([.. Enumerable.Repeat(Engineering(), 9)]), Is.EqualTo("orders.count"));
        Assert.That(await Refused(Engineering(waitsForOrder: 0)), Is.EqualTo("orders.waits_for_a_later_one"), "itself");
        Assert.That(await Refused(Engineering(waitsForOrder: 1), Engineering()), Is.EqualTo("orders.waits_for_a_later_one"));
        Assert.That(await Refused(Engineering(), Engineering(waitsForOrder: -1)), Is.EqualTo("orders.waits_for_a_later_one"));
        Assert.That(await Refused(Engineering(), Engineering(waitsForOrder: 0, waitsForId: other)), Is.EqualTo("waits_for.twice"));
        Assert.That(await Refused(Engineering(waitsForId: other)), Is.EqualTo("waits_for.unknown"), "another request's");
        Assert.That(await Refused(Engineering(waitsForId: Guid.CreateVersion7())), Is.EqualTo("waits_for.unknown"));
        Assert.That(await Refused(Engineering(assigneeId: Engineer.Id)), Is.EqualTo("assignee.needs_a_team"));
        Assert.That(await Refused(Engineering(assigneeId: Here.Member(Crew.Security).Id, teamId: Here.Teams[Crew.Engineering])), Is.EqualTo("assignee.not_in_team"));
        Assert.That(await Refused(Engineering(teamId: Here.Teams[Crew.Security])), Is.EqualTo("team.other_crew"));
        Assert.That(await Refused(Engineering(teamId: There.Teams[Crew.Engineering])), Is.EqualTo("team.unknown"));
        Assert.That(await Refused(Engineering(mandatory: false)), Is.EqualTo("orders.none_mandatory"));
        Assert.That(await Refused(Engineering(mandatory: false), Engineering(mandatory: false)), Is.EqualTo("orders.none_mandatory"));

        Assert.That((await clerk.GetJson(request)).Body.GetProperty("workOrders").GetArrayLength(), Is.Zero);
        Assert.That((await clerk.GetJson(request)).ETag, Is.EqualTo("\"1\""));
    }

    [Test]
    public async Task What_is_done_beside_is_optional_once_something_is_mandatory_and_not_voided()
    {
        var clerk = await As(Here.Clerk);
        var request = await Registered(clerk);
        var optional = new { orders = new[] { new { crew = "environment", whatToDo = "顺便擦一下", mandatory = false } } };
        var first = await clerk.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "修" } } }, HttpStatusCode.Created);

        var added = await clerk.PostJson($"{request}/work-orders", optional, HttpStatusCode.Created);
        foreach (var order in new[] { Order(added), Order(first) })
        {
            await clerk.PostJson($"{order}/voiding", new { reason = "不需要" }, HttpStatusCode.OK);
        }

        Assert.That(Code(await clerk.PostJson($"{request}/work-orders", optional, HttpStatusCode.UnprocessableEntity)), Is.EqualTo("orders.none_mandatory"));
    }

    [Test]
    public async Task An_order_waits_for_one_of_the_same_request_that_is_there_already()
    {
        var clerk = await As(Here.Clerk);
        var (request, order) = await Dispatched(clerk);
        object Then(Guid before) => new { orders = new[] { new { crew = "environment", whatToDo = "擦干地面", waitsForId = before } } };

        var waiting = await clerk.PostJson($"{request}/work-orders", Then(Guid.Parse(order[^36..])), HttpStatusCode.Created);
        await clerk.PostJson($"{order}/voiding", new { reason = "不需要" }, HttpStatusCode.OK);
        var atOnce = await clerk.PostJson($"{request}/work-orders", Then(Guid.Parse(order[^36..])), HttpStatusCode.Created);

        Assert.That(waiting.Body.GetProperty("workOrders")[0].GetProperty("status").GetString(), Is.EqualTo("waiting"));
        Assert.That((await Whose(clerk, Order(waiting))).Status, Is.EqualTo("dispatched"));
        Assert.That(atOnce.Body.GetProperty("workOrders")[0].GetProperty("status").GetString(), Is.EqualTo("dispatched"), "what it would wait for is over");
    }

    /// <summary>The code of the one field that is wrong.</summary>
    private static string Code(ApiReply reply) => string.Join(' ', reply.Body.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("code").GetString()));

    private static string Order(ApiReply dispatched) => "/api/work-orders/" + dispatched.Body.GetProperty("workOrders")[0].GetProperty("workOrderId").GetGuid();

    private static async Task<(string Status, Guid? TeamId, Guid? AssigneeId)> Whose(ApiClient client, string order)
    {
        var row = (await client.GetJson(order)).Body.GetProperty("workOrder");
        return (row.GetProperty("status").GetString()!, Id("teamId"), Id("assigneeId"));

        Guid? Id(string name) => row.GetProperty(name) is { ValueKind: JsonValueKind.String } id ? id.GetGuid() : null;
    }

    private async Task<string> Registered(ApiClient clerk, string category = "water", string? priority = null) => (await clerk.PostJson(
        "/api/requests",
        new { Here.CommunityId, kind = "repair", channel = "phone", categoryId = Here.Category(RequestKind.Repair, category), description = "漏水", priority, placeId = Here.Places["3-2-1502"], customerId = Here.Customer },
        HttpStatusCode.Created)).Location!;

    private async Task<(string Request, string Order)> Dispatched(ApiClient clerk, string category = "water", string? priority = null, Guid? team = null)
    {
        var request = await Registered(clerk, category, priority);
        return (request, Order(await clerk.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "看一下", teamId = team } } }, HttpStatusCode.Created)));
    }
}
