using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What a reply lists as allowed is what its reader may send: nothing that the role, the kind, or whose it is would refuse, and nothing of it is left out.</summary>
public sealed class AllowedMovesTests : ApiFixture
{
    private static readonly string[] Roles = ["clerk", "officer", "administrator", "engineering-1", "engineering-2", "engineering-lead", "security-lead"];

    private static readonly byte[] Photo = Attachments.Pictures.Png();

    /// <summary>How each move of a request is sent; a move that is not here is not to be listed.</summary>
    private Dictionary<string, (HttpMethod Method, string Path, object? Body)> RequestDoors => new()
    {
        ["amend"] = (HttpMethod.Patch, "", new { description = "说清楚", version = 99 }),
        ["recategorise"] = (HttpMethod.Post, "/category", new { categoryId = Here.Category(RequestKind.Repair, "power"), version = 99 }),
        ["reprioritise"] = (HttpMethod.Post, "/priority", new { priority = "low", reason = "不急", version = 99 }),
        ["reschedule"] = (HttpMethod.Post, "/appointment", new { from = Clock.GetUtcNow().AddHours(1), to = Clock.GetUtcNow().AddHours(2), version = 99 }),
        ["note"] = (HttpMethod.Post, "/notes", new { text = "记一笔", visibility = "crew" }),
        ["promise"] = (HttpMethod.Post, "/promises", new { text = "今晚回电", dueAt = Clock.GetUtcNow().AddHours(1) }),
        ["keepPromise"] = (HttpMethod.Post, $"/promises/{Guid.NewGuid()}/kept", null),
        ["nameInCharge"] = (HttpMethod.Post, "/person-in-charge", new { staffId = Here.Officer.Id }),
        ["firstReply"] = (HttpMethod.Post, "/first-reply", new { text = "您好" }),
        ["writtenReply"] = (HttpMethod.Post, "/written-reply", new { text = "您好", channel = "letter" }),
        ["urge"] = (HttpMethod.Post, "/urges", new { }),
        ["attach"] = (HttpMethod.Post, "/attachments?purpose=other&visibility=crew&fileName=x.png", Photo),
        ["joinFault"] = (HttpMethod.Post, "fault", null),
        ["leaveFault"] = (HttpMethod.Post, "fault", null),
        ["dispatch"] = (HttpMethod.Post, "/work-orders", new { orders = new[] { new { crew = "security", whatToDo = "陪" } } }),
        ["answer"] = (HttpMethod.Post, "/answer", new { kind = "answered", text = "好的" }),
        ["close"] = (HttpMethod.Post, "/feedback", new { solved = "yes", satisfaction = 5, spokeWith = "王小明" }),
        ["rework"] = (HttpMethod.Post, "/rework", new { saidBy = "王小明", words = "还漏" }),
        ["cancel"] = (HttpMethod.Post, "/cancellation", new { outcome = "withdrawn", reason = "不用了" }),
    };

    private Dictionary<string, (string Path, object? Body)> OrderDoors => new()
    {
        ["dispatch"] = ("/dispatch", new { teamId = Here.Teams[Crew.Engineering] }),
        ["assign"] = ("/assignment", new { assigneeId = Here.Member(Crew.Engineering, 2).Id }),
        ["claim"] = ("/claim", null),
        ["accept"] = ("/acceptance", null),
        ["arrive"] = ("/arrival", null),
        ["makeSafe"] = ("/milestones", new { milestone = "safe" }),
        ["control"] = ("/milestones", new { milestone = "controlled" }),
        ["hold"] = ("/hold", new { reason = "parts", wakeAt = Clock.GetUtcNow().AddHours(2) }),
        ["resume"] = ("/resumption", null),
        ["complete"] = ("/completion", new { whatWasDone = "好了" }),
        ["return"] = ("/return", new { reason = "不是我们的" }),
        ["transfer"] = ("/transfer", new { teamId = Here.Teams[Crew.Security], reason = "不是我们的" }),
        ["void"] = ("/voiding", new { reason = "不需要" }),
        ["quote"] = ("/quotes", new { lines = new[] { new { name = "龙头", quantity = 1, unit = "个", unitPrice = 99.5 } } }),
        ["consent"] = ($"/quotes/{Guid.NewGuid()}/consent", new { consentedBy = "王小明", amount = 99.5, channel = "phone" }),
        ["setFinalAmount"] = ("/final-amount", new { amount = 1, version = 99 }),
        ["chooseReworkCause"] = ("/rework-cause", new { cause = "material" }),
        ["attach"] = ("/attachments?purpose=other&visibility=crew&fileName=x.png", Photo),
    };

    /// <summary>What says that the caller should not have been offered the move at all.</summary>
    private static readonly string[] NotTheirs = ["role.not_allowed", "role.person_needed", "work_order.somebody_elses", "work_order.other_team", "work_order.already_taken", "request.not_a_complaint", "work_order.not_a_rework", "work_order.not_paid_by_owner", "work_order.move_not_allowed", "request.move_not_allowed"];

    [Test]
    public async Task Whatever_is_listed_of_a_request_is_not_refused_for_the_role_the_kind_or_the_state([Values] RequestStatus status, [Values(RequestKind.Repair, RequestKind.Complaint)] RequestKind kind)
    {
        foreach (var who in Roles)
        {
            var (request, fault) = await GivenRequestThatIs(status, kind);
            var client = await As(Here.People[who]);
            if (await Read(client, $"/api/requests/{request}") is not { } first)
            {
                continue; // none of theirs
            }

            Assert.That(first, Is.SubsetOf(RequestDoors.Keys), $"{who} has no door for these");
            Assert.That(first.Contains("nameInCharge"), Is.EqualTo(kind is RequestKind.Complaint && status is (RequestStatus.Received or RequestStatus.InProgress) && who is ("clerk" or "officer")), who);
            foreach (var (move, (method, path, body)) in RequestDoors)
            {
                var address = move switch
                {
                    "joinFault" => $"/api/faults/{fault}/requests",
                    "leaveFault" => $"/api/faults/{fault}/requests/{request}/un-joining",
                    _ => $"/api/requests/{request}{path}",
                };
                var refused = await Sent(client, method, address, move switch { "joinFault" => new { requestId = request }, "leaveFault" => new { reason = "是另一处" }, _ => body });

                if (first.Contains(move))
                {
                    Assert.That(NotTheirs, Does.Not.Contain(refused), $"{who}, {move}");
                }
                else if (move != "close" || status is not RequestStatus.Closed) // a late answer counts: that is the round's move
                {
                    Assert.That(refused, Is.Not.Null, $"{who} may {move}, and it is not listed");
                }

                if (refused is null)
                {
                    (request, fault) = await GivenRequestThatIs(status, kind); // what went before must not be why the next one is refused
                }
            }
        }
    }

    [Test]
    public async Task Every_answer_is_taken_late_of_what_is_closed_and_none_of_what_was_cancelled()
    {
        var clerk = await As(Here.Clerk);
        var cancelled = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new CancelRequest(cancelled, CancelledAs.Withdrawn, "不用了"));
        var round = await Scalar<Guid>("select feedback_id from feedback where request_id = @cancelled", new { cancelled });
        var owner = Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明");
        var before = await Left();
        foreach (var (solved, satisfaction) in EveryAnswer)
        {
            var answer = new { solved = EnumWord.Of(solved), satisfaction, spokeWith = "王小明", numberDialled = "13912345678" };

            Assert.That((await clerk.PostJson($"/api/requests/{cancelled}/feedback", answer, HttpStatusCode.Conflict)).Code, Is.EqualTo("request.move_not_allowed"), answer.ToString());
            Assert.That(await Refusal(() => Send(owner, new AnswerAsOwner(round, solved, satisfaction))), Is.EqualTo("request.move_not_allowed"), answer.ToString());
            Assert.That(await Left(), Is.EqualTo(before), answer.ToString());

            foreach (var how in (string[])["refused", "onTheSpot"])
            {
                var closed = how == "refused" ? (await GivenDone()).RequestId : (await GivenRequest(kind: RequestKind.Inquiry, category: "fees")).RequestId;
                if (how == "refused")
                {
                    await Send(Here.Clerk, new RefuseFeedback(closed, "王小明"));
                }
                else
                {
                    await Send(Here.Clerk, new AnswerRequest(closed, AnswerKind.Answered, "好的", OnTheSpot: true));
                }

                var reply = await clerk.PostJson($"/api/requests/{closed}/feedback", answer, HttpStatusCode.OK);

                Assert.That(reply.Text("status"), Is.EqualTo(solved is not Solved.No ? "closed" : how == "refused" ? "inProgress" : "received"), $"{how} {answer}");
                before = await Left();
            }
        }

        Task<string?> Left() => Scalar<string>("""
            select concat_ws(' ', (select string_agg(state, ',' order by feedback_id) from feedback), (select count(*) from follow_up), (select count(*) from clock), (select count(*) from call_attempt),
                (select count(*) from message), (select sum(version) from request), (select count(*) from event))
            """);
    }

    private static IEnumerable<(Solved Solved, short Satisfaction)> EveryAnswer =>
        from solved in Enum.GetValues<Solved>()
        from satisfaction in Enumerable.Range(1, 5)
        select (solved, (short)satisfaction);

    [Test]
    public async Task Whatever_is_listed_of_an_order_is_not_refused_for_the_role_the_state_or_whose_it_is([Values] WorkOrderStatus status, [Values] bool paid)
    {
        foreach (var who in Roles)
        {
            var client = await As(Here.People[who]);
            var order = await GivenOrderThatIs(status, paid);
            if (await Read(client, $"/api/work-orders/{order}") is not { } listed)
            {
                continue;
            }

            Assert.That(listed, Is.SubsetOf(OrderDoors.Keys), $"{who} has no door for these");
            foreach (var (move, (path, body)) in OrderDoors)
            {
                var refused = await Sent(client, HttpMethod.Post, $"/api/work-orders/{order}{path}", body);

                if (listed.Contains(move))
                {
                    Assert.That(NotTheirs, Does.Not.Contain(refused), $"{who}, {move}");
                }
                else
                {
                    Assert.That(refused, Is.Not.Null, $"{who} may {move}, and it is not listed");
                }

                if (refused is null)
                {
                    order = await GivenOrderThatIs(status, paid);
                }
            }
        }
    }

    [Test]
    public async Task A_member_reads_what_a_member_may_do_and_the_reply_says_the_same_as_the_next_look()
    {
        var (clerk, engineer, colleague, lead) = (await As(Here.Clerk), await As(Here.Member(Crew.Engineering)), await As(Here.Member(Crew.Engineering, 2)), await As(Here.Lead(Crew.Engineering)));
        var (request, order) = await GivenDispatched();
        var address = $"/api/work-orders/{order}";

        Assert.That(await Read(engineer, $"/api/requests/{request}"), Is.EqualTo(new[] { "note", "keepPromise", "attach" }));
        Assert.That(await Read(engineer, address), Is.EqualTo(new[] { "assign", "claim", "accept", "return", "attach" }));
        Assert.That(await Read(clerk, address), Is.EqualTo(new[] { "assign", "return", "transfer", "void", "attach" }));
        Assert.That(await Read(lead, address), Does.Contain("transfer").And.Not.Contain("void"));

        Assert.That((await engineer.PostJson($"{address}/claim", null, HttpStatusCode.OK)).AllowedMoves, Is.EqualTo(new[] { "assign", "arrive", "hold", "return", "attach" }).And.EqualTo(await Read(engineer, address)));
        Assert.That(await Read(colleague, address), Is.Empty, "it is somebody else's now");
        Assert.That((await engineer.PostJson($"{address}/hold", new { reason = "parts", wakeAt = Clock.GetUtcNow().AddHours(2) }, HttpStatusCode.OK)).AllowedMoves, Does.Contain("resume").And.Not.Contain("resumeBeforeArrival"));
        Assert.That((await engineer.PostJson($"{address}/assignment", new { assigneeId = Here.Member(Crew.Engineering, 2).Id }, HttpStatusCode.OK)).AllowedMoves, Is.Empty);
        Assert.That(await Read(colleague, address), Does.Contain("accept").And.Not.Contain("claim"));
        Assert.That((await colleague.PostJson($"{address}/return", new { reason = "不会修" }, HttpStatusCode.OK)).AllowedMoves, Is.Empty);
        Assert.That((await clerk.PostJson($"{address}/dispatch", new { teamId = Here.Teams[Crew.Engineering] }, HttpStatusCode.OK)).AllowedMoves, Is.EqualTo(await Read(clerk, address)));
    }

    [Test]
    public async Task A_fault_and_a_call_list_what_their_reader_may_send()
    {
        var (request, _) = await GivenDone();
        var other = await GivenRequest();
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停水", RequestId: other.RequestId))).FaultId;
        await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修")]));

        Assert.That(await Read(await As(Here.Clerk), $"/api/faults/{fault}"), Is.EqualTo(new[] { "amend", "expect", "join", "leave", "dispatch", "end" }));
        Assert.That(await Read(await As(Here.Member(Crew.Engineering)), $"/api/faults/{fault}"), Is.Empty);
        Assert.That(await Read(await As(Here.People["administrator"]), $"/api/faults/{fault}"), Is.Empty);
        var tried = await Send(Here.Clerk, new TryCall(request, "13800138000", CallResult.NoAnswer));
        Assert.That(tried.AllowedMoves, Is.EqualTo(new[] { FeedbackMove.TryCall, FeedbackMove.Answer, FeedbackMove.Refuse, FeedbackMove.GiveUp }));
        Assert.That(tried.Request.AllowedMoves, Does.Contain(RequestMove.Close).And.Not.Contain(RequestMove.ReworkAtDesk));
    }

    private static async Task<string[]?> Read(ApiClient client, string path)
    {
        using var response = await client.Http.GetAsync(path);
        return response.IsSuccessStatusCode ? [.. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("allowedMoves").EnumerateArray().Select(m => m.GetString()!)] : null;
    }

    /// <returns>The code with which it was refused; null where it was done.</returns>
    private static async Task<string?> Sent(ApiClient client, HttpMethod method, string address, object? body)
    {
        using var message = new HttpRequestMessage(method, address);
        message.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        if (body is byte[] file)
        {
            message.Content = new ByteArrayContent(file);
            message.Content.Headers.ContentType = new("application/octet-stream");
        }
        else if (body is not null)
        {
            message.Content = JsonContent.Create(body, options: Json.Options);
        }

        using var response = await client.Http.SendAsync(message);
        Assert.That((int)response.StatusCode, Is.LessThan(500).And.Not.EqualTo(400), address);
        return response.IsSuccessStatusCode ? null : (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString();
    }

    /// <summary>A request in this state with an order of the engineers, joined to a fault; and the fault.</summary>
    private async Task<(Guid Request, Guid Fault)> GivenRequestThatIs(RequestStatus status, RequestKind kind)
    {
        var request = (await GivenRequest(kind: kind, category: kind == RequestKind.Repair ? "water" : "repair")).RequestId;
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停水", Here.Category(RequestKind.Repair, "water"), Here.Places["3-2-lobby"]))).FaultId;
        if (status is RequestStatus.Cancelled)
        {
            await Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "不用了"));
        }
        else if (status is not RequestStatus.Received)
        {
            var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "修")]))).WorkOrders[0].WorkOrderId;
            if (status is not RequestStatus.InProgress)
            {
                await Send(Here.Member(Crew.Engineering), new ClaimWork(order));
                await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
                await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
                if (status is RequestStatus.Closed)
                {
                    await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
                }
            }
        }

        return (request, fault);
    }

    /// <summary>An order in this state, of the engineers; from when it is accepted, the first one's.</summary>
    private async Task<Guid> GivenOrderThatIs(WorkOrderStatus status, bool paid)
    {
        var request = (await GivenRequest()).RequestId;
        var payer = paid ? Payer.Owner : Payer.Free;
        NewOrder[] orders = status is WorkOrderStatus.Waiting ? [new(Crew.Engineering, "先", Payer: payer), new(Crew.Engineering, "后", WaitsForOrder: 0, Payer: payer)] : [new(Crew.Engineering, "修", Payer: payer)];
        var order = (await Send(Here.Clerk, new DispatchWork(request, orders))).WorkOrders[^1].WorkOrderId;
        var engineer = Here.Member(Crew.Engineering);
        if (status is WorkOrderStatus.Unassigned)
        {
            await Send(engineer, new ReturnWork(order, "不是我们的"));
        }
        else if (status is WorkOrderStatus.Voided)
        {
            await Send(Here.Clerk, new VoidWork(order, "不需要"));
        }
        else if (status is not (WorkOrderStatus.Waiting or WorkOrderStatus.Dispatched))
        {
            await Send(engineer, new ClaimWork(order));
            if (status is not WorkOrderStatus.Accepted)
            {
                await Send(engineer, new ArriveOnSite(order));
            }

            if (status is WorkOrderStatus.OnHold)
            {
                await Send(engineer, new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
            }
            else if (status is WorkOrderStatus.Done)
            {
                if (paid)
                {
                    var quote = await Send(engineer, new QuoteWork(order, [new QuotedLine("龙头", 1, "个", 50)]));
                    await Send(engineer, new ConsentToQuote(order, quote.QuoteId, "王小明", 50, Channel.Phone));
                }

                await Send(engineer, new CompleteWork(order, "好了", FinalAmount: paid ? 40 : null));
            }
        }

        return order;
    }
}
