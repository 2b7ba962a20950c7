using System.Net;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>The queues: what each filter keeps and leaves out, and that pages are the list, in each order.</summary>
public sealed class ListsTests : ApiFixture
{
    /// <summary>Requests of another system: their finish may have no target at all.</summary>
    private const string Mapping = """
        {
          "source": "old-desk",
          "timeZone": "Asia/Shanghai",
          "timeFormats": ["yyyy-MM-dd HH:mm"],
          "columns": { "id": "id", "reportedAt": "opened", "dueAt": "target" },
          "description": [{ "column": "title" }],
          "kind": { "column": "title", "values": { "*": "repair" } },
          "category": { "column": "category" },
          "channel": { "column": "title", "values": { "*": "web" } }
        }
        """;

    private DateTimeOffset Now => Clock.GetUtcNow();

    private Actor Engineer => Here.Member(Crew.Engineering);

    [Test]
    public async Task Each_filter_of_requests_keeps_what_fits_and_leaves_out_what_does_not()
    {
        var all = await GivenRequests();
        var clerk = await As(Here.Clerk);
        var noon = Uri.EscapeDataString(Now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null));
        var expected = new (string Query, string Fits)[]
        {
            ("", "cancelled imported odd plain"),
            ($"communityId={Here.CommunityId}", "cancelled imported odd plain"), ($"communityId={There.CommunityId}", ""),
            ("status=cancelled", "cancelled"), ("status=received,cancelled", "cancelled imported"), ("status=closed", ""),
            ("open=true", "imported odd plain"), ("open=false", "cancelled"),
            ("kind=complaint", "odd"), ("kind=praise", ""),
            ("channel=letter", "odd"), ("channel=web", "imported"),
            ("priority=urgent", "odd"), ("priority=danger", ""),
            ($"categoryId={Here.Category(RequestKind.Complaint, "noise")}", "odd"), ($"categoryId={Here.Category(RequestKind.Repair, "gas")}", ""),
            ("crew=security", "odd"), ("crew=engineering", "plain"), ("crew=environment", ""),
            ($"teamId={Here.Teams[Crew.Security]}", "odd"), ($"teamId={Here.Teams[Crew.Environment]}", ""), ($"crew=engineering&teamId={Here.Teams[Crew.Security]}", ""),
            ($"customerId={Here.Customer}", "cancelled plain"), ($"customerId={There.Customer}", ""),
            ($"buildingId={Here.Places["3"]}", "odd"), ($"buildingId={There.Places["3"]}", ""),
            ($"placeId={Here.Places["3-2"]}", "odd"), ($"placeId={Here.Places["3-2-1501"]}", "odd"), ($"placeId={Here.Places["3-2-1502"]}", ""),
            ($"inChargeId={Here.Officer.Id}", "odd"), ($"inChargeId={Here.Clerk.Id}", ""), ("inCharge=true", "odd"), ("inCharge=false", "cancelled imported plain"),
            ($"faultId={all["fault"]}", "odd"), ($"faultId={Guid.CreateVersion7()}", ""),
            ($"reportedFrom={noon}", "cancelled plain"), ($"reportedBefore={noon}", "imported odd"), ($"reportedFrom={noon}&reportedBefore={noon}", ""),
            ("hasTarget=true", "cancelled odd plain"), ("hasTarget=false", "imported"),
            ("late=true", "odd"), ("late=false", "cancelled imported plain"),
            ("due=late", "odd"), ("unreadWord=true", ""), ("unreadWord=false", "cancelled imported odd plain"),
            ("promise=due", "plain"), ("promise=overdue", ""),
            ("imported=true", "imported"), ("imported=false", "cancelled odd plain"),
            ("toConfirm=true", ""), ("toConfirm=false", "cancelled imported odd plain"), // what is dispatched is confirmed; see below
            ("open=true&kind=repair&imported=false", "plain"),
        };

        foreach (var (query, fits) in expected)
        {
            var items = (await clerk.GetJson("/api/requests?" + query)).Body.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("requestId").GetGuid());
            Assert.That(Names(items, all), Is.EqualTo(fits), query);
            Assert.That(await Counted(clerk, query), Is.EqualTo(fits.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length), "counts of " + query);
        }

        Assert.That(expected.SelectMany(e => e.Query.Split('&')).Select(q => q.Split('=')[0]).Where(n => n.Length > 0).Distinct(), Is.EquivalentTo(FilterNames<RequestFilter>()), "A new filter needs its lines here.");
        var both = Here.Clerk with { Roles = [.. Here.Clerk.Roles, new RoleIn(There.CommunityId, Roles.Clerk)] };
        Assert.That(Names((await Send(both, new ListRequests(new RequestFilter(There.CommunityId)))).Items.Select(r => r.RequestId), all), Is.EqualTo("theirs"));
        Assert.That(Names((await Send(both, new ListRequests(new RequestFilter()))).Items.Select(r => r.RequestId), all), Is.EqualTo("cancelled imported odd plain theirs"));
    }

    [Test]
    public async Task What_is_closed_is_late_no_more_though_an_order_goes_on_that_it_did_not_need()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Security, "顺便看看", Mandatory: false)]));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        await Send(Here.Clerk, new Domain.Feedback.RecordFeedback(request, Solved.Yes, 5, "王小明"));
        var (open, _) = await GivenDispatched();
        Clock.Advance(TimeSpan.FromDays(30));

        var late = await Send(Here.Clerk, new ListRequests(new RequestFilter(Due: RequestDue.Late)));

        Assert.That(await Scalar<string>("select r.status from request r where r.request_id = @request", new { request }), Is.EqualTo("closed"));
        Assert.That(await Scalar<long>("select count(*) from clock k join request_work_order l on l.work_order_id = k.subject_id where l.request_id = @request and k.stopped_at is null and k.due_at < @Now", new { request, Now = Clock.GetUtcNow() }), Is.Positive);
        Assert.That(late.Items.Select(r => (r.RequestId, r.LateClock)), Is.EqualTo(new[] { (open, (ClockKind?)ClockKind.Accept) }));
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter(Open: false)))).Items.Select(r => (r.RequestId, r.LateClock, r.LateSince)), Is.EqualTo(new[] { (request, (ClockKind?)null, (DateTimeOffset?)null) }));
    }

    [Test]
    public async Task A_line_says_which_due_time_of_the_work_passed_first_while_it_is_owed()
    {
        var (request, order) = await GivenDispatched();
        var due = (await Send(Here.Clerk, new GetWorkOrder(order))).Clocks.ToDictionary(c => c.Kind, c => c.DueAt);
        async Task<(bool, ClockKind?, DateTimeOffset?)> Line()
        {
            var lines = new List<RequestLine>();
            foreach (var sort in Enum.GetValues<RequestSort>())
            {
                lines.AddRange((await Send(Here.Clerk, new ListRequests(new RequestFilter(Open: true), sort))).Items);
            }

            return lines.Select(r => (r.Late, r.LateClock, r.LateSince)).Distinct().Single();
        }

        Clock.Set(due[ClockKind.Accept]!.Value);
        Assert.That(await Line(), Is.EqualTo((false, (ClockKind?)null, (DateTimeOffset?)null)), "not yet");

        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await Line(), Is.EqualTo((false, (ClockKind?)ClockKind.Accept, due[ClockKind.Accept])));

        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Assert.That(await Line(), Is.EqualTo((false, (ClockKind?)null, (DateTimeOffset?)null)), "accepted");

        var finish = (await Send(Here.Clerk, new GetRequest(request))).Clocks.Single(c => c.Kind == ClockKind.Finish).DueAt;
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        Clock.Set(finish!.Value.AddMinutes(1));
        Assert.That(await Line(), Is.EqualTo((true, (ClockKind?)ClockKind.Finish, finish)));

        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        Assert.That(await Line(), Is.EqualTo((true, (ClockKind?)null, (DateTimeOffset?)null)), "finished");
    }

    [Test]
    public async Task What_is_to_be_confirmed_is_found_until_somebody_has()
    {
        var unknown = (await Send(Here.Clerk, Plain() with { ToConfirm = true })).RequestId;
        var confirmed = (await Send(Here.Clerk, Plain() with { ToConfirm = true })).RequestId;
        await Send(Here.Clerk, new ConfirmRequest(confirmed));
        async Task<Guid[]> Found(bool toConfirm) => [.. (await Send(Here.Clerk, new ListRequests(new RequestFilter(ToConfirm: toConfirm)))).Items.Select(r => r.RequestId)];

        Assert.That(await Found(true), Is.EqualTo(new[] { unknown }));
        Assert.That(await Found(false), Is.EqualTo(new[] { confirmed }));
    }

    [Test]
    public async Task Requests_are_counted_by_each_word()
    {
        await GivenRequests();
        var clerk = await As(Here.Clerk);

        foreach (var (by, groups) in new (string, string)[]
        {
            ("nothing", "=4"),
            ("status", "inProgress=2 cancelled=1 received=1"),
            ("kind", "repair=3 complaint=1"),
            ("channel", "phone=2 letter=1 web=1"),
            ("priority", "normal=3 urgent=1"),
            ("category", $"{Here.Category(RequestKind.Repair, "water")}=3 {Here.Category(RequestKind.Complaint, "noise")}=1"),
            ("community", $"{Here.CommunityId}=4"),
        })
        {
            Assert.That(await Counts(clerk, "by=" + by), Is.EqualTo(groups), by);
        }

        Assert.That((await Counts(clerk, "by=team")).Split(' '), Is.EquivalentTo(new[] { "=2", $"{Here.Teams[Crew.Security]}=1", $"{Here.Teams[Crew.Engineering]}=1" }));
    }

    [Test]
    public async Task Of_nothing_nothing_is_counted()
    {
        var clerk = await As(Here.Clerk);

        foreach (var by in Enum.GetValues<RequestGroup>().Select(EnumWord.Of))
        {
            Assert.That(await Counted(clerk, "by=" + by), Is.Zero, by);
        }

        Assert.That(await Counts(clerk, "by=nothing"), Is.EqualTo("=0"));
    }

    [Test]
    public async Task Requests_walked_two_at_a_time_are_the_whole_list_in_each_order([Values] RequestSort sort, [Values] bool twoCommunities)
    {
        var (open, due) = await GivenQueue();
        var theirs = (await GivenRequest(There)).RequestId;
        var actor = twoCommunities ? Here.Clerk with { Roles = [.. Here.Clerk.Roles, new RoleIn(There.CommunityId, Roles.Clerk)] } : Here.Clerk;

        var whole = (await Send(actor, new ListRequests(new RequestFilter(Open: true), sort, 200))).Items;
        var walked = await Walk(after => Send(actor, new ListRequests(new RequestFilter(Open: true), sort, 2, after)));

        Assert.That(walked.Select(r => r.RequestId), Is.EqualTo(whole.Select(r => r.RequestId)));
        Assert.That(whole.Select(r => r.RequestId), Is.EquivalentTo(twoCommunities ? [.. open, theirs] : open), "nothing that is open is missing, whether its finish is due or not");
        switch (sort)
        {
            case RequestSort.NewestFirst:
                Assert.That(whole.Select(r => r.ReportedAt), Is.Ordered.Descending);
                break;
            case RequestSort.OldestFirst:
                Assert.That(whole.Select(r => r.ReportedAt), Is.Ordered.Ascending);
                break;
            case RequestSort.DueFirst:
                Assert.That(whole.Select(r => r.RequestId).Where(due.Contains), Is.EqualTo(due), "by the finish that is running");
                Assert.That(whole.Select(r => r.RequestId).TakeLast(open.Length - due.Length), Has.None.Matches<Guid>(due.Contains).And.No.Member(theirs), "without one last");
                break;
            default:
                Assert.Fail("An order without a test.");
                break;
        }
    }

    [Test]
    public async Task A_timeline_walked_two_at_a_time_is_the_whole_one_for_the_desk_and_for_a_crew()
    {
        var (request, _) = await GivenDone();
        foreach (var visibility in Enum.GetValues<Visibility>())
        {
            await Send(Here.Clerk, new NoteOnRequest(request, "记一笔 " + visibility, visibility));
        }

        var (desk, crew) = (await Timeline(Here.Clerk), await Timeline(Engineer));

        Assert.That(desk.Whole, Has.Length.EqualTo(await Scalar<int>("select count(*)::int from event where subject_id in (select @request union select work_order_id from request_work_order where request_id = @request union select feedback_id from feedback where request_id = @request)", new { request })));
        Assert.That(desk.Whole, Is.Ordered.And.Unique);
        Assert.That(desk.Walked, Is.EqualTo(desk.Whole));
        Assert.That(crew.Whole, Is.EqualTo(desk.Whole.Except(await Rows<long>("select seq from event where visibility = 'desk'"))).And.Length.LessThan(desk.Whole.Length));
        Assert.That(crew.Walked, Is.EqualTo(crew.Whole), "what is not for them takes no place on their pages that would end the walk");

        var clerk = await As(Here.Clerk);
        Assert.That((await clerk.GetJson($"/api/requests/{request}/timeline?after={desk.Whole[^1]}")).Body.GetProperty("items").GetArrayLength(), Is.Zero);
        foreach (var query in (string[])["take=0", "take=201"])
        {
            Assert.That((await clerk.GetJson($"/api/requests/{request}/timeline?{query}", HttpStatusCode.UnprocessableEntity)).Body.GetProperty("errors")[0].GetProperty("code").GetString(), Is.EqualTo("take.out_of_range"), query);
        }

        async Task<(long[] Whole, long[] Walked)> Timeline(Actor actor)
        {
            var reader = await As(actor);
            async Task<(long[] Items, long? Next)> Page(string query)
            {
                var body = (await reader.GetJson($"/api/requests/{request}/timeline?{query}")).Body;
                return ([.. body.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("seq").GetInt64())], body.GetProperty("next") is { ValueKind: JsonValueKind.Number } next ? next.GetInt64() : null);
            }

            var walked = new List<long>();
            long? after = 0;
            while (after is not null && walked.Count < 100)
            {
                var page = await Page("take=2&after=" + after.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
                Assert.That(page.Items, Has.Length.LessThanOrEqualTo(2));
                walked.AddRange(page.Items);
                after = page.Next;
            }

            return ((await Page("take=200")).Items, [.. walked]);
        }
    }

    [Test]
    public async Task Sorting_by_due_time_is_for_what_is_open([Values("requests", "work-orders")] string list)
    {
        var clerk = await As(Here.Clerk);

        foreach (var query in (string[])["sort=dueFirst", "sort=dueFirst&open=false"])
        {
            var refused = await clerk.GetJson($"/api/{list}?{query}", HttpStatusCode.UnprocessableEntity);
            Assert.That(refused.Body.GetProperty("errors")[0].GetProperty("code").GetString(), Is.EqualTo("sort.open_only"));
        }

        await clerk.GetJson($"/api/{list}?sort=dueFirst&open=true");
    }

    [Test]
    public async Task Each_filter_of_work_orders_keeps_what_fits_and_leaves_out_what_does_not()
    {
        var all = await GivenOrders();
        var clerk = await As(Here.Clerk);
        var expected = new (string Query, string Fits)[]
        {
            ("", "accepted external faulty pooled voided"),
            ($"communityId={Here.CommunityId}", "accepted external faulty pooled voided"), ($"communityId={There.CommunityId}", ""),
            ("status=accepted", "accepted"), ("status=accepted,voided", "accepted voided"), ("status=done", ""),
            ("open=true", "accepted external faulty pooled"), ("open=false", "voided"),
            ("crew=security", "pooled"), ("crew=administration", ""),
            ($"teamId={Here.Teams[Crew.Security]}", "pooled"), ($"teamId={Here.Teams[Crew.Administration]}", ""),
            ($"assigneeId={Engineer.Id}", "accepted"), ($"assigneeId={Here.Member(Crew.Security).Id}", ""),
            ("pool=true", "external faulty pooled"), ("pool=false", "accepted external faulty pooled voided"),
            ("priority=urgent", "pooled"), ("priority=low", ""),
            ($"faultId={all["fault"]}", "faulty"), ($"faultId={Guid.CreateVersion7()}", ""),
            ("mine=true", ""), ("myTeams=true", ""),
            ("stuck=true", ""), ("stuck=false", "accepted external faulty pooled voided"), ("returned=true", ""), ("holdToDecide=true", ""), // each has a test of its own below
            ("open=true&crew=engineering&pool=true", "external"),
        };

        foreach (var (query, fits) in expected)
        {
            Assert.That(await Orders(clerk, query, all), Is.EqualTo(fits), query);
        }

        var engineer = await As(Engineer);
        foreach (var (query, fits) in new[] { ("", "accepted external voided"), ("mine=true", "accepted"), ("mine=false", "accepted external voided"), ("myTeams=true", "accepted voided"), ("myTeams=true&pool=true", "") })
        {
            Assert.That(await Orders(engineer, query, all), Is.EqualTo(fits), "an engineer's " + query);
        }

        Assert.That(expected.SelectMany(e => e.Query.Split('&')).Select(q => q.Split('=')[0]).Where(n => n.Length > 0).Distinct(), Is.EquivalentTo(FilterNames<WorkOrderFilter>()), "A new filter needs its lines here.");
    }

    [Test]
    public async Task A_complaint_in_the_list_names_who_is_in_charge_of_it()
    {
        await GivenRequests();
        var clerk = await As(Here.Clerk);

        var lines = (await clerk.GetJson("/api/requests")).Body.GetProperty("items").EnumerateArray().ToLookup(l => l.GetProperty("kind").GetString() == "complaint", l => l.GetProperty("inChargeName").GetString());

        Assert.That(lines[true], Is.EqualTo(new[] { await Scalar<string>("select display_name from staff where staff_id = @Id", new { Here.Officer.Id }) }));
        Assert.That(lines[false], Is.All.Null);
    }

    [Test]
    public async Task What_came_back_says_who_gave_it_back_and_why_and_what_was_never_sent_is_not_among_it()
    {
        var all = await GivenOrders();
        var clerk = await As(Here.Clerk);
        var never = await Waiting();
        await Send(Here.Clerk, new VoidWork(all["pooled"], "不需要"));
        await Send(Engineer, new ReturnWork(all["accepted"], "要吊车"));

        var line = (await clerk.GetJson("/api/work-orders?returned=true")).Body.GetProperty("items").EnumerateArray().Single();

        Assert.That(line.GetProperty("workOrderId").GetGuid(), Is.EqualTo(all["accepted"]));
        Assert.That(line.GetProperty("returnedWhy").GetString(), Is.EqualTo("要吊车"));
        Assert.That(line.GetProperty("returnedByName").GetString(), Is.EqualTo(await Scalar<string>("select display_name from staff where staff_id = @Id", new { Engineer.Id })));
        Assert.That(line.GetProperty("passedOn").GetInt32(), Is.EqualTo(1));
        Assert.That((await Rows<Guid>("select work_order_id from work_order where status = 'unassigned'")).Contains(never), Is.True, "one that was never sent is there, and is not listed");

        await Send(Here.Clerk, new SendWork(all["accepted"], Here.Teams[Crew.Engineering]));
        Assert.That((await clerk.GetJson("/api/work-orders?returned=true")).Body.GetProperty("items").GetArrayLength(), Is.Zero, "sent on, it is nobody's to send");

        // Done first, what waited for it is released and belongs to nobody yet.
        async Task<Guid> Waiting()
        {
            var orders = (await Send(Here.Clerk, new DispatchWork((await Send(Here.Clerk, Plain())).RequestId, [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "擦", WaitsForOrder: 0)]))).WorkOrders;
            await Execute("update work_order set status = 'unassigned', team_id = null, waits_for_id = null where work_order_id = @Id", new { Id = orders[1].WorkOrderId });
            return orders[1].WorkOrderId;
        }
    }

    [Test]
    public async Task Stuck_is_what_was_passed_on_twice_or_was_not_accepted_in_time()
    {
        var all = await GivenOrders();
        var clerk = await As(Here.Clerk);
        Task<string> Stuck() => Orders(clerk, "stuck=true&open=true&sort=dueFirst", all);
        await Send(Here.Clerk, new TransferWork(all["faulty"], Here.Teams[Crew.Security], "不归我们"));
        Assert.That(await Stuck(), Is.Empty, "once is no ping-pong, and everybody still has time");

        await Send(Here.Clerk, new TransferWork(all["faulty"], Here.Teams[Crew.Environment], "归你们"));
        Assert.That(await Stuck(), Is.EqualTo("faulty"));

        var due = (await clerk.GetJson("/api/work-orders?pool=true&priority=urgent")).Body.GetProperty("items").EnumerateArray().Single().GetProperty("acceptDueAt").GetDateTimeOffset();
        Clock.Set(due);

        Assert.That((await Stuck()).Split(' '), Does.Contain("pooled").And.Contain("faulty").And.Not.Contain("accepted"), "at its due time it is late");
    }

    [Test]
    public async Task A_hold_past_its_limit_waits_for_a_manager_and_says_why_it_is_on_hold([Values] bool untilAfterIt)
    {
        var all = await GivenOrders();
        await Send(Engineer, new HoldWork(all["accepted"], HoldReason.Parts, Now.AddDays(untilAfterIt ? 40 : 1), "等密封圈"));
        var (clerk, manager) = (await As(Here.Clerk), await As(Here.Manager));

        var forClerk = (await clerk.GetJson("/api/work-orders?holdToDecide=true")).Body.GetProperty("items");
        Assert.That(forClerk.GetArrayLength(), Is.EqualTo(untilAfterIt ? 1 : 0));
        if (!untilAfterIt)
        {
            return;
        }

        Assert.That((forClerk[0].GetProperty("holdReason").GetString(), forClerk[0].GetProperty("holdNote").GetString(), forClerk[0].GetProperty("mayAgree").GetBoolean()), Is.EqualTo(("parts", "等密封圈", false)), "it is not the clerk's to decide");
        Assert.That(forClerk[0].GetProperty("holdLimitAt").ValueKind, Is.Not.EqualTo(JsonValueKind.Null));
        Assert.That((await manager.GetJson("/api/work-orders?holdToDecide=true")).Body.GetProperty("items")[0].GetProperty("mayAgree").GetBoolean(), Is.True);
        Assert.That((await OnItsOwn(clerk), await OnItsOwn(manager)), Is.EqualTo((false, true)));

        await Send(Here.Manager, new AgreeToHold(all["accepted"]));
        Assert.That(await OnItsOwn(manager), Is.False, "once is enough");
        Assert.That((await manager.GetJson("/api/work-orders?holdToDecide=true")).Body.GetProperty("items").GetArrayLength(), Is.Zero);
        var agreed = (await manager.GetJson("/api/work-orders?status=onHold")).Body.GetProperty("items")[0];
        Assert.That((agreed.GetProperty("mayAgree").GetBoolean(), agreed.GetProperty("holdAgreedAt").ValueKind), Is.EqualTo((false, JsonValueKind.String)));

        async Task<bool> OnItsOwn(ApiClient who) => (await who.GetJson($"/api/work-orders/{all["accepted"]}")).Body.GetProperty("mayAgree").GetBoolean();
    }

    [Test]
    public async Task Work_orders_walked_two_at_a_time_are_the_whole_list_in_each_order([Values] WorkOrderSort sort)
    {
        await GivenOrders();
        await GivenQueue();

        var whole = (await Send(Here.Clerk, new ListWorkOrders(new WorkOrderFilter(Open: true), sort, 200))).Items;
        var walked = await Walk(after => Send(Here.Clerk, new ListWorkOrders(new WorkOrderFilter(Open: true), sort, 2, after)));

        Assert.That(walked.Select(o => o.WorkOrderId), Is.EqualTo(whole.Select(o => o.WorkOrderId)));
        Assert.That(whole.Select(o => o.WorkOrderId), Is.EquivalentTo(await Rows<Guid>("select work_order_id from work_order where status not in ('done', 'voided') and community_id = @CommunityId", new { Here.CommunityId })));
        Assert.That(whole.Select(o => o.DueAt), Has.Some.Null.And.Some.Not.Null);
        Assert.That(sort == WorkOrderSort.DueFirst ? whole.Select(o => o.DueAt ?? DateTimeOffset.MaxValue) : whole.Select(o => o.CreatedAt).Reverse(), Is.Ordered.Ascending);
    }

    /// <summary>Others work while somebody reads: what stays in the list stands on one page, and on one only, unless it moved in the order meanwhile.</summary>
    [Test]
    public async Task Requests_that_stay_in_the_list_are_read_once_though_others_are_worked_on_between_two_pages([Values] RequestSort sort)
    {
        var orders = await GivenEight();
        var (clerk, list) = (await As(Here.Clerk), $"/api/requests?open=true&sort={EnumWord.Of(sort)}");
        var whole = await Ids(clerk, list, "requestId");
        Assert.That(whole, Is.EquivalentTo(orders.Keys));

        var read = await ReadTwoAtATime(clerk, list, "requestId", () => Work(whole, orders));

        if (sort == RequestSort.DueFirst)
        {
            // Finished, they have no due time any more: last of all. The first went on after its hold, the sixth is due earlier now.
            Assert.That(read.SkipLast(2), Is.EqualTo(Of(whole, 0, 1, 2, 4, 7, 0)));
            Assert.That(read.TakeLast(2), Is.EquivalentTo(Of(whole, 1, 6)));
            Assert.That((await Ids(clerk, list, "requestId"))[0], Is.EqualTo(whole[5]), "whoever reads anew finds it");
        }
        else
        {
            Assert.That(read, Is.EqualTo(Of(whole, 0, 1, 2, 4, 5, 6, 7)), "the fourth was cancelled");
        }
    }

    [Test]
    public async Task Work_orders_that_stay_in_the_list_are_read_once_though_others_are_worked_on_between_two_pages([Values] WorkOrderSort sort)
    {
        var orders = await GivenEight();
        var (clerk, list) = (await As(Here.Clerk), $"/api/work-orders?open=true&sort={EnumWord.Of(sort)}");
        var whole = await Ids(clerk, list, "workOrderId");
        Assert.That(whole, Is.EquivalentTo(orders.Values));
        var requests = whole.Select(o => orders.Single(p => p.Value == o).Key).ToList();

        var read = await ReadTwoAtATime(clerk, list, "workOrderId", () => Work(requests, orders));

        Assert.That(read, Is.EqualTo(sort == WorkOrderSort.DueFirst ? Of(whole, 0, 1, 2, 4, 7, 0) : Of(whole, 0, 1, 2, 4, 5, 7)), "the seventh is done, the fourth voided");
        Assert.That((await Ids(clerk, list, "workOrderId")).Contains(whole[5]), Is.True);
    }

    /// <summary>Requests that nobody has begun with, a minute apart, and their orders.</summary>
    private async Task<Dictionary<Guid, Guid>> GivenEight()
    {
        var orders = new Dictionary<Guid, Guid>();
        while (orders.Count < 8)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            var (request, order) = await GivenDispatched(priority: Priority.Low);
            orders.Add(request, order);
        }

        return orders;
    }

    /// <summary>By its place in the list: the first is held and goes on, the second and the seventh are finished, the fourth is cancelled, the fifth held, the sixth is due sooner.</summary>
    private async Task Work(IReadOnlyList<Guid> requests, Dictionary<Guid, Guid> orders)
    {
        async Task Hold(Guid order)
        {
            await Send(Engineer, new AcceptWork(order));
            await Send(Engineer, new HoldWork(order, HoldReason.Parts, Now.AddDays(1)));
        }

        await Hold(orders[requests[0]]);
        await Hold(orders[requests[4]]);
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Engineer, new ResumeWork(orders[requests[0]]));
        foreach (var place in new[] { 1, 6 })
        {
            await Send(Engineer, new AcceptWork(orders[requests[place]]));
            await Send(Engineer, new ArriveOnSite(orders[requests[place]]));
            await Send(Engineer, new CompleteWork(orders[requests[place]], "好了"));
        }

        await Send(Here.Clerk, new CancelRequest(requests[3], CancelledAs.Withdrawn, "不用了"));
        await Send(Here.Clerk, new ReprioritiseRequest(requests[5], Priority.Normal, "等不了", await Scalar<int>("select version from request where request_id = @Id", new { Id = requests[5] })));
    }

    private static Guid[] Of(IReadOnlyList<Guid> whole, params int[] places) => [.. places.Select(p => whole[p])];

    private static async Task<List<Guid>> Ids(ApiClient reader, string list, string id) =>
        [.. (await reader.GetJson(list)).Body.GetProperty("items").EnumerateArray().Select(i => i.GetProperty(id).GetGuid())];

    /// <param name="meanwhile">What happens once the first page is read.</param>
    private static async Task<List<Guid>> ReadTwoAtATime(ApiClient reader, string list, string id, Func<Task> meanwhile)
    {
        var read = new List<Guid>();
        var after = "";
        do
        {
            var page = (await reader.GetJson($"{list}&take=2{after}")).Body;
            read.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty(id).GetGuid()));
            if (after.Length == 0)
            {
                await meanwhile();
            }

            after = page.GetProperty("next") is { ValueKind: JsonValueKind.String } next ? "&after=" + next.GetString() : "";
        }
        while (after.Length > 0 && read.Count < 100);
        return read;
    }

    /// <summary>The few homes of an entrance are looked at one after the other, the many of a building as its community's list goes by.</summary>
    [TestCase("3-2", 0)]
    [TestCase("3", 0)]
    [TestCase("3-2", 120)]
    [TestCase("3", 120)]
    public async Task Requests_of_a_place_and_everything_below_it_are_the_same_list_however_many_places_that_are(string place, int more)
    {
        await Execute(
            """
            insert into place (community_id, place_id, kind, code, full_code, name, parent_id, building_id)
            select p.community_id, gen_random_uuid(), 'home', 'm' || i, p.full_code || '-m' || i, '房 ' || i, p.place_id, p.building_id
            from place p
            cross join generate_series(1, @more) i
            where p.community_id = @CommunityId and p.full_code = '3-2'
            """,
            new { more, Here.CommunityId });
        try
        {
            var there = new List<Guid>();
            foreach (var at in new[] { "3-2-1502", "3-2-lobby", "3-2-1501", "3-2-1502", "3-2-1601" })
            {
                Clock.Advance(TimeSpan.FromMinutes(1));
                there.Add((await Send(Here.Clerk, Plain() with { PlaceId = Here.Places[at] })).RequestId);
            }

            await Send(Here.Clerk, Plain() with { PlaceId = null, CustomerId = Here.Customer }); // of somebody, nowhere
            await Send(Here.Clerk, new CancelRequest(there[1], CancelledAs.Withdrawn, "不用了"));
            async Task<Guid[]> Of(RequestFilter filter, RequestSort sort) =>
                [.. (await Walk(after => Send(Here.Clerk, new ListRequests(filter with { PlaceId = Here.Places[place] }, sort, 2, after)))).Select(r => r.RequestId)];

            Assert.That(await Of(new RequestFilter(), RequestSort.OldestFirst), Is.EqualTo(there));
            Assert.That(await Of(new RequestFilter(), RequestSort.NewestFirst), Is.EqualTo(there.AsEnumerable().Reverse()));
            Assert.That(await Of(new RequestFilter(Open: true), RequestSort.OldestFirst), Is.EqualTo(there.Except([there[1]])));
            Assert.That(await Of(new RequestFilter(Open: true), RequestSort.DueFirst), Is.EquivalentTo(there.Except([there[1]])));
            Assert.That(await Of(new RequestFilter(There.CommunityId), RequestSort.NewestFirst), Is.Empty);
        }
        finally
        {
            await Execute("delete from place where code like 'm%'");
        }
    }

    /// <summary>One that differs from the others in everything, a plain one, a cancelled one, one of another system, and another community's.</summary>
    private async Task<Dictionary<string, Guid>> GivenRequests()
    {
        var customer = Guid.CreateVersion7();
        await Execute("insert into customer (community_id, customer_id, name, created_at) values (@CommunityId, @customer, '李四', @Now)", new { Here.CommunityId, customer, Now = Now.UtcDateTime });
        var odd = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Letter, Here.Category(RequestKind.Complaint, "noise"), "楼上装修", Priority.Urgent, Here.Places["3-2-1501"], CustomerId: customer,
            ReportedAt: Now.AddDays(-2), Foreign: new ForeignNumber("12345", "A-1", Now.AddHours(-1)), ToConfirm: true))).RequestId;
        await Send(Here.Clerk, new NamePersonInCharge(odd, Here.Officer.Id));
        await Send(Here.Clerk, new DispatchWork(odd, [new NewOrder(Crew.Security, "去看一下")]));
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "半夜装修", RequestId: odd))).FaultId;
        var plain = (await Send(Here.Clerk, Plain())).RequestId;
        await Send(Here.Clerk, new DispatchWork(plain, [new NewOrder(Crew.Engineering, "修")]));
        await Send(Here.Clerk, new MakePromise(plain, "下午到", Now.AddHours(3)));
        var cancelled = (await Send(Here.Clerk, Plain())).RequestId;
        await Send(Here.Clerk, new MakePromise(cancelled, "下午到", Now.AddHours(3)));
        await Send(Here.Clerk, new CancelRequest(cancelled, CancelledAs.Withdrawn, "自己修好了"));
        var imported = await Imported("7");
        return new() { ["odd"] = odd, ["plain"] = plain, ["cancelled"] = cancelled, ["imported"] = imported, ["theirs"] = (await GivenRequest(There)).RequestId, ["fault"] = fault };
    }

    /// <summary>Open requests of every kind that the desk sees in its queue; and those of them whose finish is running, the most urgent first.</summary>
    private async Task<(Guid[] Open, Guid[] Due)> GivenQueue()
    {
        var (asked, _) = await GivenDone();
        var (again, _) = await GivenDone();
        await Send(Here.Clerk, new Domain.Feedback.RecordFeedback(again, Solved.No, 1, "王小明"));
        var (taken, imported) = (await Imported("8"), await Imported("9"));
        await Send(Here.Clerk, new DispatchWork(taken, [new NewOrder(Crew.Engineering, "修")]));
        var same = Now.AddDays(2);
        var due = new List<Guid>();
        foreach (var at in new[] { same.AddDays(1), same, same, Now.AddHours(1), same.AddHours(5) })
        {
            due.Add((await Send(Here.Clerk, Plain() with { Foreign = new ForeignNumber("12345", Guid.NewGuid().ToString("N"), at) })).RequestId);
        }

        await Send(Here.Clerk, new DispatchWork(due[0], [new NewOrder(Crew.Engineering, "修"), new NewOrder(Crew.Environment, "擦", WaitsForOrder: 0)]));
        await Send(Here.Clerk, new DispatchWork(due[3], [new NewOrder(Crew.Security, "陪")]));
        due.AddRange([again, taken]);
        var sorted = await Rows<Guid>("select c.subject_id from clock c where c.subject_id = any (@Ids) and c.kind = 'finish' and c.stopped_at is null and c.due_at is not null order by c.due_at, c.subject_id", new { Ids = due.ToArray() });
        Assert.That(sorted, Is.EquivalentTo(due), "each of these has a finish that is running");
        return ([.. due, imported, asked], [.. sorted]);
    }

    private async Task<Dictionary<string, Guid>> GivenOrders()
    {
        var external = (await Rows<Guid>("select team_id from team where community_id = @CommunityId and name = '外委'", new { Here.CommunityId })).SingleOrDefault();
        if (external == default)
        {
            external = await Send(Here.System, new Domain.Communities.MakeTeam(Here.CommunityId, Crew.Engineering, "外委", "Outside", External: true));
        }

        async Task<Guid> Order(Priority priority, params NewOrder[] orders) =>
            (await Send(Here.Clerk, new DispatchWork((await Send(Here.Clerk, Plain() with { Priority = priority })).RequestId, orders))).WorkOrders[0].WorkOrderId;

        var accepted = await Order(Priority.Normal, new NewOrder(Crew.Engineering, "修"));
        await Send(Engineer, new AcceptWork(accepted));
        var voided = await Order(Priority.Normal, new NewOrder(Crew.Engineering, "修"));
        await Send(Here.Clerk, new VoidWork(voided, "不需要"));
        var pooled = await Order(Priority.Urgent, new NewOrder(Crew.Security, "陪"));
        var outside = await Order(Priority.Normal, new NewOrder(Crew.Engineering, "修", external));
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "大堂脏", Here.Category(RequestKind.Repair, "cleaning.public"), Here.Places["3-2-lobby"]))).FaultId;
        var faulty = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Environment, "扫")]))).WorkOrders[0].WorkOrderId;
        var theirs = (await Send(There.Clerk, new DispatchWork((await GivenRequest(There)).RequestId, [new NewOrder(Crew.Engineering, "修")]))).WorkOrders[0].WorkOrderId;
        return new() { ["accepted"] = accepted, ["voided"] = voided, ["pooled"] = pooled, ["external"] = outside, ["faulty"] = faulty, ["theirs"] = theirs, ["fault"] = fault };
    }

    private ReceiveRequest Plain() => new(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", CustomerId: Here.Customer);

    /// <summary>An open request of another system, without a target and without a crew.</summary>
    private async Task<Guid> Imported(string id)
    {
        var file = Path.Combine(Path.GetTempPath(), $"lists-{Guid.NewGuid():N}.csv");
        await File.WriteAllTextAsync(file, $"id,opened,target,title,category\n{id},2011-07-01 08:00,,Pump hums,water\n", new UTF8Encoding(false));
        try
        {
            Assert.That((await Service<RequestImport>().Run(file, ImportMapping.Parse(Mapping), "here", false, null, default)).Imported, Is.EqualTo(1));
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".refused.csv");
        }

        return await Scalar<Guid>("select request_id from request where import_id = @id", new { id });
    }

    private static async Task<List<T>> Walk<T>(Func<string?, Task<Page<T>>> page)
    {
        var all = new List<T>();
        string? after = null;
        do
        {
            var one = await page(after);
            Assert.That(one.Items, Has.Count.LessThanOrEqualTo(2));
            all.AddRange(one.Items);
            after = one.Next;
        }
        while (after is not null && all.Count < 1000);
        return all;
    }

    private static async Task<string> Orders(ApiClient client, string query, Dictionary<string, Guid> all) =>
        Names((await client.GetJson("/api/work-orders?" + query)).Body.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("workOrderId").GetGuid()), all);

    private static async Task<long> Counted(ApiClient client, string query) =>
        (await client.GetJson("/api/requests/counts?" + query)).Body.EnumerateArray().Sum(c => c.GetProperty("requests").GetInt64());

    private static async Task<string> Counts(ApiClient client, string query) =>
        string.Join(' ', (await client.GetJson("/api/requests/counts?" + query)).Body.EnumerateArray().Select(c => $"{c.GetProperty("key").GetString()}={c.GetProperty("requests").GetInt64()}"));

    private static string Names(IEnumerable<Guid> found, Dictionary<string, Guid> all) =>
        string.Join(' ', found.Select(id => all.Single(a => a.Value == id).Key).Order(StringComparer.Ordinal));

    private static IEnumerable<string> FilterNames<T>() => typeof(T).GetProperties().Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name));
}
