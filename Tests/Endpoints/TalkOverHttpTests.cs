using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Each way to talk about a request, its money and its answer, as another program sends it.</summary>
public sealed class TalkOverHttpTests : ApiFixture
{
    [Test]
    public async Task A_complaint_is_amended_promised_replied_to_urged_and_reworked()
    {
        var clerk = await As(Here.Clerk);
        var request = await Registered(clerk, "complaint", "noise");

        await clerk.Send(HttpMethod.Patch, request, new { description = "楼上半夜装修" }, HttpStatusCode.PreconditionRequired);
        var amended = await clerk.Send(HttpMethod.Patch, request, new { description = "楼上半夜装修", aboutCrew = "security", remove = new[] { "onBehalfOf" } }, HttpStatusCode.OK, version: 1);
        Assert.That(amended.ETag, Is.EqualTo("\"2\""));
        Assert.That((await clerk.Send(HttpMethod.Patch, request, new { description = "x" }, HttpStatusCode.PreconditionFailed, version: 1)).Code, Is.EqualTo("request.changed_meanwhile"));
        Assert.That((await clerk.PostJson($"{request}/category", new { categoryId = Here.Category(RequestKind.Repair, "water"), version = 2 }, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("category.other_kind"));
        await clerk.PostJson($"{request}/priority", new { priority = "urgent", reason = "有小孩", version = 2 }, HttpStatusCode.OK);
        var from = Clock.GetUtcNow().AddHours(3);
        await clerk.PostJson($"{request}/appointment", new { from, to = from.AddHours(2) }, HttpStatusCode.OK, version: 3);
        await clerk.Send(HttpMethod.Delete, $"{request}/appointment", null, HttpStatusCode.OK, version: 4);
        await clerk.PostJson($"{request}/notes", new { text = "业主很急", visibility = "crew" }, HttpStatusCode.Created);
        var promise = await clerk.PostJson($"{request}/promises", new { text = "今晚回电", dueAt = from }, HttpStatusCode.Created);
        await clerk.PostJson($"{request}/promises/{promise.Id("promiseId")}/kept", null, HttpStatusCode.OK);
        await clerk.PostJson($"{request}/person-in-charge", new { staffId = Here.Officer.Id }, HttpStatusCode.OK);
        await clerk.PostJson($"{request}/first-reply", new { text = "已联系装修户" }, HttpStatusCode.OK);
        await clerk.PostJson($"{request}/written-reply", new { text = "书面答复", channel = "letter" }, HttpStatusCode.OK);
        Assert.That((await clerk.PostJson($"{request}/urges", new { }, HttpStatusCode.OK)).Body.GetProperty("counted").GetBoolean(), Is.True);
        Assert.That((await clerk.PostJson($"{request}/urges", new { }, HttpStatusCode.OK)).Body.GetProperty("counted").GetBoolean(), Is.False);
        await clerk.PostJson($"{request}/answer", new { kind = "answered", text = "已处理" }, HttpStatusCode.OK);
        await clerk.PostJson($"{request}/feedback", new { solved = "partly", satisfaction = 3, spokeWith = "王小明" }, HttpStatusCode.OK);
        Assert.That((await clerk.GetJson("/api/follow-ups")).Body.GetProperty("items").GetArrayLength(), Is.EqualTo(1));
        Assert.That((await clerk.PostJson($"{request}/closure", new { decision = "close", words = "业主同意" }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("closed"));
        Assert.That((await clerk.PostJson($"{request}/rework", new { saidBy = "王小明", words = "又吵了" }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("received"));
        Assert.That((await clerk.PostJson($"{request}/cancellation", new { outcome = "withdrawn", reason = "不追究了" }, HttpStatusCode.OK)).Text("status"), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task A_report_that_comes_too_late_is_created_as_a_new_request()
    {
        var clerk = await As(Here.Clerk);
        var request = await Registered(clerk, "inquiry", "fees");
        await clerk.PostJson($"{request}/answer", new { kind = "answered", text = "每月五号", onTheSpot = true }, HttpStatusCode.OK);
        Clock.Advance(TimeSpan.FromDays(8));
        clerk = await SignIn(Here.Clerk);

        var late = await clerk.PostJson($"{request}/rework", new { saidBy = "王小明", words = "还是没收到账单" }, HttpStatusCode.Created);

        Assert.That(late.Location, Is.EqualTo("/api/requests/" + late.Body.GetProperty("newRequest").GetProperty("requestId").GetGuid()));
        Assert.That(late.Text("status"), Is.EqualTo("closed"));
        clerk.Dispose();
    }

    [Test]
    public async Task Paid_work_is_quoted_and_charged_and_its_owner_called()
    {
        var clerk = await As(Here.Clerk);
        var officer = await As(Here.Officer);
        var engineer = await As(Here.Member(Crew.Engineering));
        var request = await Registered(clerk, "repair", "water");
        var dispatched = await clerk.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = "换龙头", payer = "owner" } } }, HttpStatusCode.Created);
        var order = "/api/work-orders/" + dispatched.Body.GetProperty("workOrders")[0].GetProperty("workOrderId").GetGuid();
        await engineer.PostJson($"{order}/claim", null, HttpStatusCode.OK);
        await engineer.PostJson($"{order}/arrival", null, HttpStatusCode.OK);

        var lines = new { lines = new[] { new { name = "龙头", quantity = 1, unit = "个", unitPrice = 99.5 } } };
        var refused = await engineer.PostJson($"{order}/quotes", lines, HttpStatusCode.Created);
        await clerk.PostJson($"{order}/quotes/{refused.Id("quoteId")}/refusal", new { refusedBy = "王小明" }, HttpStatusCode.OK);
        var quote = await engineer.PostJson($"{order}/quotes", lines, HttpStatusCode.Created);
        await clerk.PostJson($"{order}/quotes/{quote.Id("quoteId")}/consent", new { consentedBy = "王小明", amount = 99.5, channel = "phone" }, HttpStatusCode.OK);
        var done = await engineer.PostJson($"{order}/completion", new { whatWasDone = "换好了", finalAmount = 99.5 }, HttpStatusCode.OK);
        await clerk.PostJson($"{order}/final-amount", new { amount = 90, version = done.Body.GetProperty("version").GetInt32() }, HttpStatusCode.OK);
        Assert.That((await clerk.PostJson($"{order}/rework-cause", new { cause = "material" }, HttpStatusCode.Conflict)).Code, Is.EqualTo("work_order.not_a_rework"));
        await clerk.PostJson($"{request}/feedback/call-attempts", new { numberDialled = "13800138000", result = "noAnswer" }, HttpStatusCode.Created);
        Assert.That((await clerk.GetJson("/api/call-backs")).Body.GetProperty("items").GetArrayLength(), Is.EqualTo(1));
        Assert.That((await clerk.PostJson($"{request}/feedback/unreachable", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("feedback.attempts_missing"));
        Assert.That((await clerk.PostJson($"{request}/feedback/refusal", new { spokeWith = "王小明" }, HttpStatusCode.OK)).Text("state"), Is.EqualTo("refused"));
        await clerk.PostJson($"{request}/feedback", new { solved = "yes", satisfaction = 2, spokeWith = "王小明" }, HttpStatusCode.OK);
        var followUp = (await officer.GetJson("/api/follow-ups")).Body.GetProperty("items")[0].GetProperty("followUpId").GetGuid();

        Assert.That((await officer.PostJson($"/api/follow-ups/{followUp}/ending", new { how = "calledBack", words = "已道歉", spokeWith = "王小明", numberDialled = "13800138000" }, HttpStatusCode.OK)).Text("how"), Is.EqualTo("calledBack"));
    }

    [Test]
    public async Task That_no_number_is_known_is_said_instead_of_a_call_and_refused_where_one_is()
    {
        var clerk = await As(Here.Clerk);
        var officer = await As(Here.Officer);
        var (mailed, (rung, _)) = (await GivenMailedAndDone(Priority.Urgent), await GivenDone(priority: Priority.Urgent));
        var rounds = await Rows<Guid>("select f.feedback_id from feedback f join request r on r.request_id = f.request_id order by r.customer_id nulls first");
        await Send(Here.System, new ChaseFeedback(Here.CommunityId, rounds));
        var none = new { numberDialled = (string?)null, result = "noNumber" };

        var tried = await clerk.PostJson($"/api/requests/{mailed}/feedback/call-attempts", none, HttpStatusCode.Created);

        Assert.That(tried.Text("state"), Is.EqualTo("toCall"));
        var sheet = (await clerk.GetJson($"/api/call-backs/{rounds[0]}")).Body;
        Assert.That((sheet.GetProperty("numberKnown").GetBoolean(), sheet.GetProperty("calls")[0].GetProperty("numberDialled").GetString(), sheet.GetProperty("calls")[0].GetProperty("result").GetString()), Is.EqualTo((false, (string?)null, "noNumber")));
        Assert.That((await clerk.PostJson($"/api/requests/{rung}/feedback/call-attempts", none, HttpStatusCode.Conflict)).Code, Is.EqualTo("call.number_known"));
        Assert.That((await clerk.PostJson($"/api/requests/{mailed}/feedback/call-attempts", new { numberDialled = "13800138000", result = "noNumber" }, HttpStatusCode.UnprocessableEntity)).Body.GetRawText(), Does.Contain("call.nobody_rung"));

        await clerk.PostJson($"/api/requests/{mailed}/feedback", new { solved = "yes", satisfaction = 2, spokeWith = "李先生" }, HttpStatusCode.OK);
        var followUp = "/api/follow-ups/" + (await officer.GetJson("/api/follow-ups")).Body.GetProperty("items")[0].GetProperty("followUpId").GetGuid();
        Assert.That((await officer.PostJson($"{followUp}/ending", new { how = "unreachable", words = "没有电话" }, HttpStatusCode.Conflict)).Code, Is.EqualTo("feedback.attempts_missing"));
        await officer.PostJson($"{followUp}/call-attempts", none, HttpStatusCode.Created);
        Assert.That((await officer.PostJson($"{followUp}/ending", new { how = "unreachable", words = "没有电话" }, HttpStatusCode.OK)).Text("how"), Is.EqualTo("unreachable"));
    }

    [Test]
    public async Task Another_communitys_requests_and_orders_are_absent()
    {
        var (request, order) = await GivenDone();
        var stranger = await As(There.Clerk);
        var absent = Guid.NewGuid();

        foreach (var (path, body) in new (string, object)[]
        {
            ("requests/{0}/urges", new { }), ("requests/{0}/notes", new { text = "x", visibility = "desk" }), ("requests/{0}/promises", new { text = "x", dueAt = Clock.GetUtcNow().AddDays(1) }),
            ("requests/{0}/cancellation", new { outcome = "withdrawn", reason = "x" }), ("requests/{0}/rework", new { saidBy = "x", words = "x" }), ("requests/{0}/closure", new { decision = "close", words = "x" }),
            ("requests/{0}/feedback/refusal", new { spokeWith = "x" }), ("requests/{0}/feedback/unreachable", new { }), ("work-orders/{0}/rework-cause", new { cause = "material" }),
            ("work-orders/{0}/final-amount", new { amount = 1, version = 1 }), ($"work-orders/{{0}}/quotes/{absent}/refusal", new { refusedBy = "x" }),
        })
        {
            var theirs = await stranger.PostJson("/api/" + string.Format(null, path, path.StartsWith('w') ? order : request), body, HttpStatusCode.NotFound);
            var none = await stranger.PostJson("/api/" + string.Format(null, path, absent), body, HttpStatusCode.NotFound);
            Assert.That((theirs.Code, theirs.Text("title")), Is.EqualTo((none.Code, none.Text("title"))), path);
        }
    }

    private async Task<string> Registered(ApiClient clerk, string kind, string category) => (await clerk.PostJson(
        "/api/requests",
        new { Here.CommunityId, kind, channel = "phone", categoryId = Here.Category(EnumWordOf(kind), category), description = "王先生说", customerId = Here.Customer },
        HttpStatusCode.Created)).Location!;

    private static RequestKind EnumWordOf(string kind) => Domain.Plumbing.EnumWord.Read<RequestKind>(kind);
}
