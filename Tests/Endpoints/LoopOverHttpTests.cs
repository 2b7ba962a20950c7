using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>The whole loop as another program sees it: from the owner's call to the closed request, by the people whose turn it is.</summary>
public sealed class LoopOverHttpTests : ApiFixture
{
    [Test]
    public async Task From_the_owners_call_over_two_crews_to_the_closed_request()
    {
        var clerk = await As(Here.Clerk);
        var engineer = await As(Here.Member(Crew.Engineering));
        var cleaner = await As(Here.Member(Crew.Environment));

        // The owner calls; the clerk registers.
        var received = await clerk.PostJson("/api/requests", Leak(), HttpStatusCode.Created, key: "call-1");
        var request = received.Location!;
        Assert.That(request, Is.EqualTo($"/api/requests/{received.Id("requestId")}"));
        Assert.That(received.ETag, Is.EqualTo("\"1\""));
        Assert.That(received.Text("status"), Is.EqualTo("received"));
        Assert.That(received.AllowedMoves, Does.Contain("dispatch").And.Contain("answer").And.Not.Contain("finish"));

        // Two crews: the engineers first, then somebody to dry the floor.
        var dispatched = await clerk.PostJson(
            $"{request}/work-orders",
            new { orders = new object[] { new { crew = "engineering", whatToDo = "修水管" }, new { crew = "environment", whatToDo = "擦干地面", waitsForOrder = 0 } } },
            HttpStatusCode.Created,
            version: 1);
        Assert.That(dispatched.Text("status"), Is.EqualTo("inProgress"));
        Assert.That(dispatched.ETag, Is.EqualTo("\"2\""));
        var pipe = Order(dispatched, 0);
        var floor = Order(dispatched, 1);
        Assert.That(await StatusOf(clerk, pipe), Is.EqualTo("dispatched"));
        Assert.That(await StatusOf(clerk, floor), Is.EqualTo("waiting"));

        // The engineer: accept, arrive, wait for a part, go on, done.
        var accepted = await engineer.PostJson($"{pipe}/acceptance", null, HttpStatusCode.OK);
        Assert.That(accepted.Text("status"), Is.EqualTo("accepted"));
        Assert.That(accepted.ETag, Is.EqualTo("\"2\""));
        Assert.That(accepted.AllowedMoves, Does.Contain("arrive").And.Not.Contain("complete"));
        Clock.Advance(TimeSpan.FromMinutes(10));
        await engineer.PostJson($"{pipe}/arrival", null, HttpStatusCode.OK);
        await engineer.PostJson($"{pipe}/hold", new { reason = "parts", wakeAt = Clock.GetUtcNow().AddHours(2), note = "要一个角阀" }, HttpStatusCode.OK);
        Assert.That(await StatusOf(clerk, pipe), Is.EqualTo("onHold"));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.That((await engineer.PostJson($"{pipe}/resumption", null, HttpStatusCode.OK)).Text("status"), Is.EqualTo("working"));
        var done = await engineer.PostJson(
            $"{pipe}/completion",
            new { whatWasDone = "换了角阀", cause = "老化", materials = new[] { new { name = "角阀", quantity = 1, unit = "个" } } },
            HttpStatusCode.OK);
        Assert.That(done.Text("status"), Is.EqualTo("done"));

        // Only now it is the cleaner's turn, and the request is finished only after that.
        Assert.That(await StatusOf(clerk, floor), Is.EqualTo("dispatched"));
        Assert.That((await clerk.GetJson(request)).Body.GetProperty("request").GetProperty("status").GetString(), Is.EqualTo("inProgress"));
        await cleaner.PostJson($"{floor}/claim", null, HttpStatusCode.OK);
        await cleaner.PostJson($"{floor}/arrival", null, HttpStatusCode.OK);
        await cleaner.PostJson($"{floor}/completion", new { whatWasDone = "擦干了" }, HttpStatusCode.OK);
        var asked = await clerk.GetJson(request);
        Assert.That(asked.Body.GetProperty("request").GetProperty("status").GetString(), Is.EqualTo("awaitingFeedback"));
        Assert.That(asked.Body.GetProperty("feedback")[0].GetProperty("state").GetString(), Is.EqualTo("asked"));

        // The owner answers; the loop is closed.
        var closed = await clerk.PostJson($"{request}/feedback", new { solved = "yes", satisfaction = 5, spokeWith = "王小明", recommend = 5 }, HttpStatusCode.OK);
        Assert.That(closed.Text("status"), Is.EqualTo("closed"));
        var timeline = await clerk.GetJson($"{request}/timeline");
        Assert.That(timeline.Body.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("what").GetString()), Is.EqualTo(new[]
        {
            "requestReceived", "workDispatched", "workDispatched", "workAccepted", "workArrived", "workHeld", "workResumed", "workCompleted", "workReleased",
            "workClaimed", "workArrived", "workCompleted", "requestFinished", "feedbackAsked", "feedbackGiven", "requestClosed",
        }));
        Assert.That((await clerk.GetJson("/api/requests?open=false")).Body.GetProperty("items").GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task The_same_key_gives_the_same_request_and_another_body_is_refused()
    {
        var clerk = await As(Here.Clerk);

        var first = await clerk.PostJson("/api/requests", Leak(), HttpStatusCode.Created, key: "once");
        var again = await clerk.PostJson("/api/requests", Leak(), HttpStatusCode.Created, key: "once");
        var other = await clerk.PostJson("/api/requests", Leak("别的事"), HttpStatusCode.UnprocessableEntity, key: "once");

        Assert.That(again.Location, Is.EqualTo(first.Location));
        Assert.That(again.Body.GetRawText(), Is.EqualTo(first.Body.GetRawText()));
        Assert.That(other.Code, Is.EqualTo("idempotency_key.other_body"));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(1));
    }

    [Test]
    public async Task Without_a_session_nothing_is_read_and_nothing_is_done()
    {
        var request = (await (await As(Here.Clerk)).PostJson("/api/requests", Leak(), HttpStatusCode.Created)).Location!;

        Assert.That((await Anonymous.GetJson(request, HttpStatusCode.Unauthorized)).Code, Is.EqualTo("session.needed"));
        Assert.That((await Anonymous.PostJson("/api/requests", Leak(), HttpStatusCode.Unauthorized)).Code, Is.EqualTo("session.needed"));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(1));
    }

    [Test]
    public async Task Another_communitys_request_answers_exactly_like_one_that_is_not_there()
    {
        var request = (await (await As(Here.Clerk)).PostJson("/api/requests", Leak(), HttpStatusCode.Created)).Location!;
        var stranger = await As(There.Clerk);

        foreach (var path in new[] { request, $"/api/requests/{Guid.CreateVersion7()}" })
        {
            Assert.That((await stranger.GetJson(path, HttpStatusCode.NotFound)).Code, Is.EqualTo("request.not_found"));
            Assert.That((await stranger.GetJson(path + "/timeline", HttpStatusCode.NotFound)).Code, Is.EqualTo("request.not_found"));
            Assert.That((await stranger.PostJson(path + "/answer", new { kind = "answered", text = "好的" }, HttpStatusCode.NotFound)).Code, Is.EqualTo("request.not_found"));
        }

        Assert.That((await stranger.GetJson("/api/requests")).Body.GetProperty("items").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Every_no_is_a_problem_with_a_stable_code_and_leaves_nothing_behind()
    {
        var clerk = await As(Here.Clerk);
        var request = (await clerk.PostJson("/api/requests", Leak(), HttpStatusCode.Created)).Location!;
        var order = Order(await clerk.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "看一下" } } }, HttpStatusCode.Created), 0);
        var engineer = await As(Here.Member(Crew.Engineering));
        var cleaner = await As(Here.Member(Crew.Environment));

        var refusals = new[]
        {
            await clerk.PostJson("/api/requests", "{\"kind\":", HttpStatusCode.BadRequest),
            await clerk.PostJson("/api/requests", new { communityId = Here.CommunityId, kind = "repair" }, HttpStatusCode.BadRequest),
            await clerk.PostJson($"{request}/answer", new { requestId = Guid.CreateVersion7(), kind = "answered", text = "好的" }, HttpStatusCode.BadRequest),
            await clerk.PostJson("/api/requests", Leak("   "), HttpStatusCode.UnprocessableEntity),
            await clerk.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "看一下" } } }, HttpStatusCode.PreconditionFailed, version: 1),
            await clerk.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "看一下" } }, version = 1 }, HttpStatusCode.Conflict),
            await engineer.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "看一下" } } }, HttpStatusCode.Forbidden),
            await cleaner.PostJson($"{order}/acceptance", null, HttpStatusCode.Forbidden),
            await engineer.PostJson($"{order}/completion", new { whatWasDone = "好了" }, HttpStatusCode.Conflict),
            await clerk.PostJson($"{request}/feedback", new { solved = "yes", satisfaction = 5, spokeWith = "王小明" }, HttpStatusCode.Conflict),
            await clerk.GetJson("/api/requests?colour=red", HttpStatusCode.BadRequest),
        };

        Assert.That(refusals.Select(r => r.Code), Is.EqualTo(new[]
        {
            "body.not_json", "body.missing_field", "body.unknown_field", "request.invalid_fields", "request.changed_meanwhile", "request.changed_meanwhile", "role.not_allowed", "work_order.somebody_elses",
            "work_order.move_not_allowed", "feedback.not_yet", "query.unknown_name",
        }));
        Assert.That(refusals.Select(r => r.Body.TryGetProperty("traceId", out _) && r.Body.TryGetProperty("title", out _)), Has.All.True);
        Assert.That(await Rows<string>("select status from request union all select status from work_order"), Is.EquivalentTo(new[] { "inProgress", "dispatched" }));
    }

    private object Leak(string text = "厨房水管漏水") => new
    {
        communityId = Here.CommunityId,
        kind = "repair",
        channel = "phone",
        categoryId = Here.Category(RequestKind.Repair, "water"),
        description = text,
        placeId = Here.Places["3-2-1502"],
        customerId = Here.Customer,
    };

    private static string Order(ApiReply dispatched, int which) => "/api/work-orders/" + dispatched.Body.GetProperty("workOrders")[which].GetProperty("workOrderId").GetGuid();

    private static async Task<string> StatusOf(ApiClient client, string order)
    {
        var reply = await client.GetJson(order);
        var row = reply.Body.GetProperty("workOrder");
        Assert.That(reply.ETag, Is.EqualTo($"\"{row.GetProperty("version").GetInt32()}\""));
        Assert.That(reply.Body.GetProperty("allowedMoves").ValueKind, Is.EqualTo(JsonValueKind.Array));
        return row.GetProperty("status").GetString()!;
    }
}
