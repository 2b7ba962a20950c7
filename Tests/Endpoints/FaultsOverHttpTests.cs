using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

public sealed class FaultsOverHttpTests : ApiFixture
{
    [Test]
    public async Task A_fault_is_opened_joined_expected_worked_split_off_and_ended()
    {
        var clerk = await As(Here.Clerk);
        var engineer = await As(Here.Member(Crew.Engineering));
        var category = Here.Category(RequestKind.Repair, "lift");
        var call = await Call(clerk, category, "13900001001");
        var other = await Call(clerk, category, "13900001002");

        var similar = await clerk.GetJson($"/api/requests/similar?communityId={Here.CommunityId}&categoryId={category}&assetId={Here.Lift}");
        Assert.That(similar.Body.GetProperty("requests").GetArrayLength(), Is.EqualTo(2));
        var opened = await clerk.PostJson("/api/faults", new { communityId = Here.CommunityId, title = "1号电梯停了", requestId = call }, HttpStatusCode.Created, key: "f1");
        var fault = opened.Location!;
        Assert.That((fault, opened.ETag), Is.EqualTo(($"/api/faults/{opened.Id("faultId")}", "\"1\"")));
        Assert.That(opened.AllowedMoves, Is.EqualTo(new[] { "amend", "expect", "join", "leave", "dispatch", "end" }));
        var joined = await clerk.PostJson($"{fault}/requests", new { requestId = other }, HttpStatusCode.Created);
        Assert.That((joined.Location, joined.Text("status")), Is.EqualTo(($"/api/requests/{other}", "received")));
        Assert.That((await clerk.Send(HttpMethod.Patch, fault, new { title = "1号电梯困人" }, HttpStatusCode.PreconditionRequired)).Code, Is.EqualTo("fault.version_required"));
        Assert.That((await clerk.Send(HttpMethod.Patch, fault, new { title = "1号电梯困人" }, HttpStatusCode.OK, version: 1)).ETag, Is.EqualTo("\"2\""));
        Assert.That((await clerk.PostJson($"{fault}/expected-time", new { expectedAt = FakeClock.Start.AddHours(2) }, HttpStatusCode.PreconditionFailed, version: 1)).Code, Is.EqualTo("fault.changed_meanwhile"));
        await clerk.PostJson($"{fault}/expected-time", new { expectedAt = FakeClock.Start.AddHours(2), version = 2 }, HttpStatusCode.OK);

        var dispatched = await clerk.PostJson($"{fault}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "修电梯" } } }, HttpStatusCode.Created);
        Assert.That((dispatched.Location, dispatched.ETag), Is.EqualTo((fault, "\"4\"")));
        var order = "/api/work-orders/" + dispatched.Body.GetProperty("workOrders")[0].GetProperty("workOrderId").GetGuid();
        Assert.That((await clerk.PostJson($"{fault}/ending", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("fault.open_orders"));
        var unJoined = await clerk.PostJson($"{fault}/requests/{other}/un-joining", new { reason = "是2号电梯" }, HttpStatusCode.OK);
        Assert.That(unJoined.Text("status"), Is.EqualTo("received"));
        await engineer.PostJson($"{order}/acceptance", null, HttpStatusCode.OK);
        await engineer.PostJson($"{order}/arrival", null, HttpStatusCode.OK);
        await engineer.PostJson($"{order}/completion", new { whatWasDone = "修好了" }, HttpStatusCode.OK);
        var splitOff = await clerk.PostJson($"{fault}/requests/{call}/splitting-off", new { saidBy = "住户", words = "还是不行" }, HttpStatusCode.OK);
        Assert.That(splitOff.Text("status"), Is.EqualTo("inProgress"));
        Assert.That((await clerk.PostJson($"{fault}/ending", new { }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("ended"));

        var details = await clerk.GetJson(fault);
        Assert.That(details.Body.GetProperty("requests").EnumerateArray().Select(r => r.GetProperty("leftHow").GetString()), Is.EquivalentTo(new[] { "splitOff", "unJoined" }));
        Assert.That((await clerk.GetJson("/api/faults?status=ended")).Body.GetProperty("items").GetArrayLength(), Is.EqualTo(1));
        var counts = await clerk.GetJson("/api/faults/counts?from=2026-03-01T00:00:00Z&before=2026-03-08T00:00:00Z");
        Assert.That(counts.Body.GetRawText(), Is.EqualTo("""{"requests":2,"requestsInFaults":0,"faults":1,"workOrders":2,"workOrdersOfFaults":1,"rework":1}"""));
        Assert.That((await (await As(There.Clerk)).GetJson(fault, HttpStatusCode.NotFound)).Code, Is.EqualTo("fault.not_found"));
    }

    private async Task<Guid> Call(ApiClient clerk, Guid category, string phone) => (await clerk.PostJson(
        "/api/requests",
        new { communityId = Here.CommunityId, kind = "repair", channel = "phone", categoryId = category, description = "电梯不动了", assetId = Here.Lift, reporter = new { phone } },
        HttpStatusCode.Created)).Id("requestId");
}
