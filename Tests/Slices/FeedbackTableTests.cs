using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>The feedback column of the profile as it is shipped, row by row, and whom not to ask: what is stored, sent and listed, with nobody in the sample and with everybody.</summary>
public sealed class FeedbackTableTests : DeskFixture
{
    public enum End
    {
        Done,
        Answered,
        OnTheSpot,
        Duplicate,
    }

    private sealed record Round(string State, string? Rule, string? ListedWhy, short Reminders, string Status, long Asks);

    private Task<Round> Of(Guid request) => One<Round>(
        """
        select f.state, f.not_asked_rule as rule, f.listed_why, f.reminders, r.status, (select count(*) from message m where m.request_id = r.request_id and m.template = 'feedbackAsk') as asks
        from feedback f
        join request r on r.request_id = f.request_id
        where f.request_id = @request
        """,
        new { request });

    private async Task<T> One<T>(string sql, object args) => (await Rows<T>(sql, args)).Single();

    private async Task Chase()
    {
        await using var services = Services(_ => { });
        await Schedule.Entries.Single(e => e.Id == "chase-feedback").Run(new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance), CancellationToken.None);
    }

    private Task Delivered() => Execute("update message set sent_at = @Now where sent_at is null", new { Now = Clock.GetUtcNow() });

    private Task Sample(int percent) => Profile("{feedback}", $$"""{"samplePercent": {{percent}}}""");

    private static Crew CrewOf(RequestKind kind, string category) => (kind, category) switch
    {
        (_, "pests" or "cleaning") => Crew.Environment,
        (_, "order") => Crew.Security,
        (_, "service") => Crew.Administration,
        _ => Crew.Engineering,
    };

    private async Task<Guid> Given(RequestKind kind, string category, Priority? priority, End end, Channel channel, string place, bool nobody = false, string? name = null)
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, kind, channel, Here.Category(kind, category), "请处理", priority, Here.Places[place], CustomerId: nobody ? null : Here.Customer, Reporter: name is null ? null : new Reporter(name)))).RequestId;
        switch (end)
        {
            case End.Done:
                var member = Here.Member(CrewOf(kind, category));
                var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(CrewOf(kind, category), "看一下")]))).WorkOrders[0].WorkOrderId;
                await Send(member, new AcceptWork(order));
                await Send(member, new ArriveOnSite(order));
                await Send(member, new CompleteWork(order, "好了"));
                break;
            case End.Answered or End.OnTheSpot:
                await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "如下", end == End.OnTheSpot));
                break;
            case End.Duplicate:
                await Send(Here.Clerk, new CancelRequest(request, CancelledAs.Duplicate, "重复", (await GivenRequest()).RequestId));
                break;
        }

        return request;
    }

    // Called without exception; asked, and then called as the sample says; the sample alone.
    [TestCase(RequestKind.Repair, "power", Priority.Danger, End.Done, 0, "toCall")]
    [TestCase(RequestKind.Repair, "power", Priority.Urgent, End.Done, 0, "toCall")]
    [TestCase(RequestKind.Complaint, "attitude", null, End.Answered, 0, "toCall")]
    [TestCase(RequestKind.Repair, "water", Priority.Normal, End.Done, 0, "asked")]
    [TestCase(RequestKind.Repair, "water", Priority.Normal, End.Done, 100, "asked")]
    [TestCase(RequestKind.Repair, "water", Priority.Low, End.Done, 0, "asked")]
    [TestCase(RequestKind.Repair, "water", Priority.Low, End.Done, 100, "asked")]
    [TestCase(RequestKind.Repair, "common-area", Priority.Normal, End.Done, 0, "asked")]
    [TestCase(RequestKind.Repair, "cleaning", Priority.Normal, End.Done, 0, "asked")]
    [TestCase(RequestKind.Repair, "pests", Priority.Normal, End.Done, 0, "notInSample")]
    [TestCase(RequestKind.Repair, "pests", Priority.Normal, End.Done, 100, "toCall")]
    [TestCase(RequestKind.Repair, "order", Priority.Normal, End.Done, 0, "notInSample")]
    [TestCase(RequestKind.Repair, "order", Priority.Normal, End.Done, 100, "toCall")]
    [TestCase(RequestKind.Repair, "service", Priority.Normal, End.Done, 0, "notInSample")]
    [TestCase(RequestKind.Repair, "service", Priority.Normal, End.Done, 100, "toCall")]
    [TestCase(RequestKind.Inquiry, "fees", null, End.Answered, 0, "notInSample")]
    [TestCase(RequestKind.Inquiry, "fees", null, End.Answered, 100, "toCall")]
    [TestCase(RequestKind.Suggestion, "facilities", null, End.Answered, 100, "thanked")]
    [TestCase(RequestKind.Praise, "staff", null, End.Answered, 100, "thanked")]
    public async Task Each_kind_of_request_is_asked_about_as_the_profile_says(RequestKind kind, string category, Priority? priority, End end, int percent, string said)
    {
        await Sample(percent);
        var request = await Given(kind, category, priority, end, Channel.Phone, category == "common-area" ? "3-2-lobby" : "3-2-1502");
        await Delivered();

        await Chase();

        Assert.That(await Of(request), Is.EqualTo(said switch
        {
            "asked" => new Round("asked", null, null, 0, "awaitingFeedback", 1),
            "toCall" => new Round("toCall", null, "policy", 0, "awaitingFeedback", 1),
            _ => new Round("notAsked", said, null, 0, "closed", 0),
        }));
        if (said == "toCall")
        {
            Assert.That((await Send(Here.Officer, new ListCallBacks())).Items.Single().DueAt, Is.EqualTo(Clock.GetUtcNow().AddHours(24)));
        }
    }

    [TestCase("water", Priority.Low, 100, new int[0], "noResponse")]
    [TestCase("common-area", Priority.Normal, 100, new[] { 24, 72 }, "noResponse")]
    [TestCase("water", Priority.Normal, 0, new[] { 24, 72 }, "noResponse")]
    [TestCase("water", Priority.Normal, 100, new[] { 24, 72 }, "toCall")]
    public async Task Whoever_is_silent_is_reminded_as_often_as_the_profile_says_and_then_called_or_not(string category, Priority priority, int percent, int[] reminders, string end)
    {
        await Sample(percent);
        var request = await Given(RequestKind.Repair, category, priority, End.Done, Channel.Phone, category == "common-area" ? "3-2-lobby" : "3-2-1502");
        var asked = Clock.GetUtcNow();
        var seen = new List<int>();
        var reminded = 0;
        await Delivered();

        for (var hours = 0; hours < (reminders.Length == 0 ? 48 : 120); hours += 12)
        {
            Clock.Set(asked.AddHours(hours));
            await Chase();
            await Delivered();
            var now = await Of(request);
            Assert.That(now.State, Is.EqualTo(now.Reminders == 0 ? "asked" : "reminded"), $"after {hours} hours");
            if (now.Reminders > reminded)
            {
                reminded = now.Reminders;
                seen.Add(hours);
            }
        }

        Clock.Set(asked.AddHours(reminders.Length == 0 ? 48 : 120));
        await Chase();
        await Chase();

        Assert.That(seen, Is.EqualTo(reminders));
        Assert.That(await Of(request), Is.EqualTo(new Round(end, null, end == "toCall" ? "policy" : null, (short)reminders.Length, end == "toCall" ? "awaitingFeedback" : "closed", 1)));
        Assert.That(await Scalar<long>("select count(*) from message where request_id = @request and template = 'feedbackReminder'", new { request }), Is.EqualTo(reminders.Length));
    }

    [Test]
    public async Task Of_a_common_area_whoever_joined_the_fault_is_asked_as_well()
    {
        async Task<Guid> Call(int n) => (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "common-area"), "楼道里漏水", Priority.Normal, Here.Places["3-2-lobby"], Reporter: new Reporter("一位业主", $"1390000100{n}")))).RequestId;
        var (first, joined) = (await Call(1), await Call(2));
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "楼道漏水", RequestId: first))).FaultId;
        var order = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修一下")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Clerk, new JoinFault(fault, joined));

        var member = Here.Member(Crew.Engineering);
        await Send(member, new AcceptWork(order));
        await Send(member, new ArriveOnSite(order));
        await Send(member, new CompleteWork(order, "好了"));

        Assert.That((await Of(first)).State, Is.EqualTo("asked"));
        Assert.That((await Of(joined)).State, Is.EqualTo("asked"));
    }

    // Nobody knows a number to ring: what became of the ask says how the round ends.
    [TestCase("bounced", 0, "unreachable")]
    [TestCase("exhausted", 72, "toCall")]
    [TestCase("pending", 23, "toCall")]
    [TestCase("pending", 72, "toCall")]
    [TestCase("delivered", 47, "toCall")]
    [TestCase("delivered", 48, "noResponse")]
    public async Task Whoever_is_to_be_called_and_has_no_number_ends_as_their_ask_went(string ask, int hours, string state)
    {
        var request = await GivenMailedAndDone(Priority.Urgent);
        await Chase();
        if (ask != "pending")
        {
            await Execute(ask == "delivered" ? "update message set sent_at = @Now" : "update message set parked_at = @Now, parked_why = @ask", new { ask, Now = Clock.GetUtcNow() });
        }

        await Send(Here.Clerk, new TryCall(request, null, CallResult.NoNumber));
        await Chase();
        Clock.Advance(TimeSpan.FromHours(hours));
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round(state, null, "policy", 0, state == "toCall" ? "awaitingFeedback" : "closed", 1)));
    }

    [TestCase(Channel.Staff, End.Done, false, null, "staffRequest", "closed")]
    [TestCase(Channel.Phone, End.OnTheSpot, false, null, "answeredOnTheSpot", "closed")]
    [TestCase(Channel.Phone, End.Duplicate, false, null, "cancelled", "cancelled")]
    [TestCase(Channel.WalkIn, End.Done, true, null, "noReporter", "closed")]
    [TestCase(Channel.WalkIn, End.Done, true, "王师傅", "nameOnly", "closed")]
    public async Task Whom_not_to_ask_is_stored_with_the_rule_and_nobody_writes_to_them(Channel channel, End end, bool nobody, string? name, string rule, string status)
    {
        await Sample(100);

        var (kind, category, priority) = end == End.OnTheSpot ? (RequestKind.Inquiry, "fees", (Priority?)null) : (RequestKind.Repair, "water", Priority.Urgent);
        var request = await Given(kind, category, priority, end, channel, "3-2-1502", nobody, name);
        await Chase();

        Assert.That(await Of(request), Is.EqualTo(new Round("notAsked", rule, null, 0, status, 0)));
        Assert.That((await Send(Here.Clerk, new ListCallBacks())).Items, Is.Empty);
        Assert.That(
            await Rows<string>("select e.detail ->> 'rule' from event e where e.what = 'feedbackNotAsked' and e.detail ->> 'requestId' = @request", new { request = request.ToString() }),
            Is.EqualTo(new[] { rule }));
    }

    [TestCase(RequestKind.Repair, "water", null)]
    [TestCase(RequestKind.Repair, "power", Priority.Danger)]
    [TestCase(RequestKind.Complaint, "attitude", null)]
    [TestCase(RequestKind.Inquiry, "fees", Priority.Danger)]
    public async Task Whose_word_it_takes_is_answered_but_not_closed_on_the_spot(RequestKind kind, string category, Priority? priority)
    {
        var request = (await GivenRequest(kind: kind, category: category, priority: priority)).RequestId;

        Assert.That(await Refusal(() => Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "好了", OnTheSpot: true))), Is.EqualTo("request.not_on_the_spot"));

        var details = await Send(Here.Clerk, new GetRequest(request));
        Assert.That((details.Request.Status, details.Feedback.Count, details.OnTheSpot), Is.EqualTo((RequestStatus.Received, 0, false)));
        Assert.That((await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "好了"))).Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
    }

    [TestCase(RequestKind.Inquiry, "fees", "answeredOnTheSpot")]
    [TestCase(RequestKind.Suggestion, "facilities", "thanked")]
    [TestCase(RequestKind.Praise, "staff", "thanked")]
    public async Task What_an_answer_settles_may_be_closed_on_the_spot(RequestKind kind, string category, string rule)
    {
        var request = (await GivenRequest(kind: kind, category: category)).RequestId;
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).OnTheSpot, Is.True);

        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "如下", OnTheSpot: true));

        Assert.That(await Of(request), Is.EqualTo(new Round("notAsked", rule, null, 0, "closed", 0)));
    }
}
