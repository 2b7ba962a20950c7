using NUnit.Framework;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using static PropertyServiceDesk.Tests.Support.Attempts;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>What the desk says and changes about a request between registering and closing it.</summary>
public sealed class RequestTalkTests : DeskFixture
{
    [Test]
    public async Task Amending_changes_what_is_given_empties_what_is_removed_and_leaves_the_rest()
    {
        var (request, order) = await GivenDispatched();
        var version = await VersionOf(request);

        var reply = await Send(Here.Clerk, new AmendRequest(
            request, "是卫生间的水管", Here.Places["3-2-1601"], Reporter: new Reporter("张三", "139 0013 9000"), OnBehalfOf: "父亲", Payer: Payer.Warranty, Remove: [RequestField.Customer], Version: version));

        Assert.That(reply.Version, Is.EqualTo(version + 1));
        var row = (await Send(Here.Clerk, new GetRequest(request))).Request;
        Assert.That(row, Has.Property("Description").EqualTo("是卫生间的水管").And.Property("PlaceCode").EqualTo("3-2-1601").And.Property("CustomerId").Null
            .And.Property("ReporterPhone").EqualTo("139****9000").And.Property("OnBehalfOf").EqualTo("父亲").And.Property("Payer").EqualTo(Payer.Warranty).And.Property("Priority").EqualTo(Priority.Normal));
        var work = (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder;
        Assert.That(work, Has.Property("PlaceCode").EqualTo("3-2-1601").And.Property("Payer").EqualTo(Payer.Warranty), "the order that is this request's alone follows");
        Assert.That(await Happenings(request), Does.Contain("requestAmended"));
    }

    [Test]
    public async Task The_timeline_says_of_an_amendment_what_was_there_before_what_is_now_and_why()
    {
        var complaint = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "noise"), "太吵", PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("路人", "13912345678"), OnBehalfOf: "奶奶",
            AboutCrew: Crew.Security))).RequestId;

        await Send(Here.Clerk, new AmendRequest(
            complaint, "半夜太吵", Here.Places["3-2-1601"], Reporter: new Reporter("李四", "137 0000 1111"), AboutCrew: Crew.Environment, AboutStaffId: Here.Member(Crew.Environment).Id, Reason: "听错了", Remove: [RequestField.OnBehalfOf], Version: 1));

        var amended = await Entry(complaint, Happening.RequestAmended);
        Assert.That(amended.Text, Is.EqualTo("半夜太吵\n听错了"));
        var before = amended.Detail.GetProperty("before");
        Assert.That((before.GetProperty("placeId").GetGuid(), amended.Detail.GetProperty("placeId").GetGuid()), Is.EqualTo((Here.Places["3-2-1502"], Here.Places["3-2-1601"])));
        Assert.That((before.GetProperty("aboutCrew").GetString(), amended.Detail.GetProperty("aboutCrew").GetString()), Is.EqualTo(("security", "environment")));
        Assert.That((before.GetProperty("aboutStaffId").GetString(), amended.Detail.GetProperty("aboutStaffId").GetGuid()), Is.EqualTo(((string?)null, Here.Member(Crew.Environment).Id)));
        Assert.That((await Entry(complaint, Happening.RequestReceived)).Text, Is.EqualTo("太吵"), "what it said before");

        var who = await Entry(complaint, Happening.ReporterAmended);
        Assert.That(who.Text, Is.EqualTo("路人 139****5678 (奶奶) → 李四 137****1111\n听错了"));
        Assert.That(who.Visibility, Is.EqualTo(Visibility.Desk));
        Assert.That((await Send(Here.Clerk, new Domain.Customers.ShowRequestContact(complaint))).Amended, Is.EqualTo(new[] { "路人 13912345678 (奶奶) → 李四 13700001111\n听错了" }), "in full for whoever asks, which is written down");
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @complaint and detail::text ~ '13912345678|13700001111|路人|李四|奶奶'", new { complaint }), Is.Zero, "the log's details are for ever");
    }

    [Test]
    public async Task The_timeline_says_of_another_appointment_and_another_priority_what_was_before_what_is_now_and_why()
    {
        var request = (await GivenRequest()).RequestId;
        var (from, to) = (Clock.Now() + TimeSpan.FromHours(5), Clock.Now() + TimeSpan.FromHours(7));
        await Send(Here.Clerk, new RescheduleRequest(request, from, to, Version: 1));

        await Send(Here.Clerk, new RescheduleRequest(request, from.AddDays(1), to.AddDays(1), "业主没空", 2));
        await Send(Here.Clerk, new ReprioritiseRequest(request, Priority.Urgent, "水漫出来了", 3));

        var moved = await Entry(request, Happening.RequestRescheduled);
        DateTimeOffset[] Window(string name) => [moved.Detail.GetProperty(name).GetProperty("from").GetDateTimeOffset(), moved.Detail.GetProperty(name).GetProperty("to").GetDateTimeOffset()];
        Assert.That(Window("from"), Is.EqualTo(new[] { from, to }));
        Assert.That(Window("to"), Is.EqualTo(new[] { from.AddDays(1), to.AddDays(1) }));
        Assert.That(moved.Text, Is.EqualTo("业主没空"));
        var urgent = await Entry(request, Happening.RequestReprioritised);
        Assert.That((urgent.Detail.GetProperty("from").GetString(), urgent.Detail.GetProperty("to").GetString(), urgent.Text), Is.EqualTo(("normal", "urgent", "水漫出来了")));
    }

    [Test]
    public async Task Another_authoritys_number_is_put_right_with_a_reason_and_is_found_as_it_is_now()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", CustomerId: Here.Customer, Foreign: new ForeignNumber("12345", "HZ-1", Clock.Now().AddDays(2))))).RequestId;
        await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", CustomerId: Here.Customer, Foreign: new ForeignNumber("12345", "HZ-3")));
        Task<RequestReply> Amend(ForeignNumber? number, int version, string? reason = "抄错了") =>
            Send(Here.Clerk, new AmendRequest(request, Foreign: number, Reason: reason, Remove: number is null ? [RequestField.Foreign] : null, Version: version));

        Assert.That(await Refusal(() => Amend(new ForeignNumber("12345", "HZ-2"), 1, null)), Is.EqualTo("request.reason_missing"));
        Assert.That(await Refusal(() => Amend(new ForeignNumber("12345", "HZ-3"), 1)), Is.EqualTo("request.foreign_number_taken"));
        Assert.That(await Refusal(() => Amend(new ForeignNumber("12345", "HZ-2", Clock.Now().AddDays(400)), 1)), Is.EqualTo("foreign.due_at.out_of_range"));
        await Amend(new ForeignNumber("12345", "HZ-2", Clock.Now().AddDays(3)), 1);

        var row = (await Send(Here.Clerk, new GetRequest(request))).Request;
        Assert.That((row.ForeignNumber, row.ImposedDueAt), Is.EqualTo(("HZ-2", (DateTimeOffset?)Clock.Now().AddDays(3))));
        Assert.That((await Found("hz-2"), await Found("hz-1")), Is.EqualTo((1, 0)));
        var told = await Entry(request, Happening.ForeignNumberAmended);
        Assert.That(told.Text, Is.EqualTo("12345 HZ-1 → 12345 HZ-2\n抄错了"));
        Assert.That(
            (told.Detail.GetProperty("from").GetProperty("dueAt").GetDateTimeOffset(), told.Detail.GetProperty("to").GetProperty("dueAt").GetDateTimeOffset()), Is.EqualTo((Clock.Now().AddDays(2), Clock.Now().AddDays(3))));

        await Amend(null, 2);
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request, Has.Property("ForeignNumber").Null.And.Property("ForeignSource").Null.And.Property("ImposedDueAt").Null);
        Assert.That(await Found("hz-2"), Is.Zero);

        async Task<int> Found(string q) => (await Send(Here.Clerk, new Domain.Customers.Search(q))).Requests.Count;
    }

    [Test]
    public async Task The_timeline_names_what_its_events_call_by_an_id_and_tells_crews_neither_homes_nor_customers_nor_whom_it_is_about()
    {
        var accused = Here.Member(Crew.Security);
        var complaint = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "noise"), "太吵", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer, AboutCrew: Crew.Security, AboutStaffId: accused.Id))).RequestId;
        await Send(Here.Clerk, new DispatchWork(complaint, [new NewOrder(Crew.Engineering, "垫上橡胶")]));

        await Send(Here.Clerk, new AmendRequest(complaint, PlaceId: Here.Places["3-2-1601"], Version: await VersionOf(complaint)));

        string[] about = [await Named("place", Here.Places["3-2-1502"]), await Named("place", Here.Places["3-2-1601"]), await Named("customer", Here.Customer), (await Scalar<string>("select display_name from staff where staff_id = @Id", new { accused.Id }))!];
        var team = (await Scalar<string>("select t.name from work_order o join team t on t.team_id = o.team_id join request_work_order l on l.work_order_id = o.work_order_id where l.request_id = @complaint", new { complaint }))!;
        Assert.That(await Names(Here.Clerk), Is.SupersetOf(about.Append(team)));
        Assert.That(await Names(Here.Member(Crew.Engineering)), Does.Contain(team).And.None.AnyOf(about));
        var (desk, crew) = ((await Send(Here.Clerk, new GetRequest(complaint))).Request, (await Send(Here.Member(Crew.Engineering), new GetRequest(complaint))).Request);
        Assert.That((desk.AboutCrew, desk.AboutStaffId, desk.AboutStaffName), Is.EqualTo(((Crew?)Crew.Security, (Guid?)accused.Id, about[3])));
        Assert.That((crew.AboutCrew, crew.AboutStaffId, crew.AboutStaffName), Is.EqualTo(((Crew?)null, (Guid?)null, (string?)null)));

        async Task<string[]> Names(Actor who) => [.. (await Send(who, new GetTimeline(complaint))).Names.Select(n => n.Name)];
        async Task<string> Named(string table, Guid id) => (await Scalar<string>($"select name from {table} where {table}_id = @id", new { id }))!;
    }

    private async Task<TimelineEntry> Entry(Guid request, Happening what) => (await Send(Here.Clerk, new GetTimeline(request))).Items.Last(e => e.What == what);

    [Test]
    public async Task An_amendment_that_makes_no_sense_is_refused_and_changes_nothing()
    {
        var request = (await GivenRequest()).RequestId;
        Task Amend(AmendRequest what) => Send(Here.Clerk, what with { RequestId = request, Version = what.Version ?? 1 });
        var amend = new AmendRequest(request);

        Assert.Multiple(async () =>
        {
            Assert.That(await Refusal(() => Send(Here.Clerk, amend with { Description = "x" })), Is.EqualTo("request.version_required"));
            Assert.That(await Refusal(() => Amend(amend)), Is.EqualTo("request.nothing_to_change"));
            Assert.That(await Refusal(() => Amend(amend with { Description = "x", Version = 7 })), Is.EqualTo("request.changed_meanwhile"));
            Assert.That(await Refusal(() => Amend(amend with { Remove = [RequestField.Payer] })), Is.EqualTo("request.cannot_be_removed"));
            Assert.That(await Refusal(() => Amend(amend with { OnBehalfOf = "x", Remove = [RequestField.OnBehalfOf] })), Is.EqualTo("request.given_and_removed"));
            Assert.That(await Refusal(() => Amend(amend with { Remove = [RequestField.Customer, RequestField.Place] })), Is.EqualTo("request.nobody_and_nowhere"));
            Assert.That(await Refusal(() => Amend(amend with { PlaceId = There.Places["3-2-1502"] })), Is.EqualTo("place.unknown"));
            Assert.That(await Refusal(() => Amend(amend with { AssetId = There.Lift })), Is.EqualTo("asset.unknown"));
            Assert.That(await Refusal(() => Amend(amend with { CustomerId = There.Customer })), Is.EqualTo("customer.unknown"));
            Assert.That(await Refusal(() => Amend(amend with { AboutStaffId = Here.Member(Crew.Security).Id })), Is.EqualTo("request.not_a_complaint"));
            Assert.That(await Refusal(() => Amend(amend with { Description = "a\u202Eb" })), Is.EqualTo("text.bidi_control"));
            Assert.That(await Refusal(() => Send(There.Clerk, amend with { Description = "x", Version = 1 })), Is.EqualTo("request.not_found"));
            Assert.That(await Refusal(() => Send(Here.Clerk, amend with { RequestId = Guid.NewGuid(), Description = "x", Version = 1 })), Is.EqualTo("request.not_found"));
            Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), amend with { Description = "x", Version = 1 })), Is.EqualTo("role.not_allowed"));
        });
        Assert.That(await VersionOf(request), Is.EqualTo(1));
    }

    [Test]
    public async Task An_asset_brings_its_place()
    {
        var request = (await GivenRequest()).RequestId;

        await Send(Here.Clerk, new AmendRequest(request, AssetId: Here.Lift, Version: 1));

        var row = (await Send(Here.Clerk, new GetRequest(request))).Request;
        Assert.That(row, Has.Property("PlaceCode").EqualTo("3-2-lobby").And.Property("AssetId").EqualTo(Here.Lift));
    }

    [Test]
    public async Task Recategorising_stays_within_the_kind_tells_old_and_new_and_the_order_follows()
    {
        var (request, order) = await GivenDispatched();
        var lift = Here.Category(RequestKind.Repair, "lift");
        var told = new Told<RequestRecategorised>();

        await using (var desk = Services(told.Listen))
        {
            await Send(desk, Here.Clerk, new RecategoriseRequest(request, lift, "其实是电梯", await VersionOf(request)));
        }

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.CategoryId, Is.EqualTo(lift));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.CategoryId, Is.EqualTo(lift));
        Assert.That(told.Single.FromCategoryId, Is.EqualTo(Here.Category(RequestKind.Repair, "water")));
        Assert.That(told.Single.WorkOrderIds, Is.EqualTo(new[] { order }));
        var version = await VersionOf(request);
        Assert.That(await Refusal(() => Send(Here.Clerk, new RecategoriseRequest(request, Here.Category(RequestKind.Complaint, "noise"), null, version))), Is.EqualTo("category.other_kind"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RecategoriseRequest(request, There.Category(RequestKind.Repair, "water"), null, version))), Is.EqualTo("category.unknown"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RecategoriseRequest(request, lift, null, version))), Is.EqualTo("request.nothing_to_change"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RecategoriseRequest(request, lift))), Is.EqualTo("request.version_required"));
        Assert.That(await Refusal(() => Send(There.Clerk, new RecategoriseRequest(request, lift, null, version))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Reprioritising_needs_a_reason_tells_old_and_new_and_the_order_follows()
    {
        var (request, order) = await GivenDispatched();
        var told = new Told<RequestReprioritised>();

        await using (var desk = Services(told.Listen))
        {
            await Send(desk, Here.Clerk, new ReprioritiseRequest(request, Priority.Urgent, "水漫出来了", await VersionOf(request)));
        }

        Assert.That((told.Single.From, told.Single.To), Is.EqualTo((Priority.Normal, Priority.Urgent)));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Priority, Is.EqualTo(Priority.Urgent));
        var version = await VersionOf(request);
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReprioritiseRequest(request, Priority.Low, " ", version))), Is.EqualTo("text.empty"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReprioritiseRequest(request, Priority.Urgent, "x", version))), Is.EqualTo("request.nothing_to_change"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReprioritiseRequest(request, Priority.Low, "x"))), Is.EqualTo("request.version_required"));
        Assert.That(await Refusal(() => Send(There.Clerk, new ReprioritiseRequest(request, Priority.Low, "x", version))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task An_appointment_is_made_moved_and_removed_and_each_is_told_with_old_and_new()
    {
        var request = (await GivenRequest()).RequestId;
        var told = new Told<RequestRescheduled>();
        await using var desk = Services(told.Listen);
        var (from, to) = (Clock.Now() + TimeSpan.FromHours(5), Clock.Now() + TimeSpan.FromHours(7));

        await Send(desk, Here.Clerk, new RescheduleRequest(request, from, to, Version: 1));
        await Send(desk, Here.Clerk, new RescheduleRequest(request, from.AddDays(1), to.AddDays(1), "业主没空", 2));
        await Send(desk, Here.Clerk, new RemoveAppointment(request), c => c.IfMatch = 3);

        Assert.That(told.All.Select(t => (t.From?.From, t.To?.From)), Is.EqualTo(new (DateTimeOffset?, DateTimeOffset?)[] { (null, from), (from, from.AddDays(1)), (from.AddDays(1), null) }));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.AppointmentFrom, Is.Null);
        Assert.That(await Refusal(() => Send(Here.Clerk, new RescheduleRequest(request, to, from, Version: 4))), Is.EqualTo("appointment.not_a_window"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RescheduleRequest(request, from.AddDays(-2), to.AddDays(-2), Version: 4))), Is.EqualTo("appointment.out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RemoveAppointment(request), c => c.IfMatch = 4)), Is.EqualTo("request.nothing_to_change"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RemoveAppointment(request))), Is.EqualTo("request.version_required"));
        Assert.That(await Refusal(() => Send(There.Clerk, new RescheduleRequest(request, from, to, Version: 4))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Notes_are_read_by_whom_they_are_for()
    {
        var (request, _) = await GivenDispatched();

        await Send(Here.Clerk, new NoteOnRequest(request, "业主明天出差", Visibility.Crew));
        await Send(Here.Clerk, new NoteOnRequest(request, "脾气不好", Visibility.Desk));
        await Send(Here.Member(Crew.Engineering), new NoteOnRequest(request, "要带梯子", Visibility.Crew));

        string?[] Notes(Timeline t) => [.. t.Items.Where(e => e.What == Happening.RequestNoted).Select(e => e.Text)];
        Assert.That(Notes(await Send(Here.Clerk, new GetTimeline(request))), Is.EqualTo(new[] { "业主明天出差", "脾气不好", "要带梯子" }));
        Assert.That(Notes(await Send(Here.Member(Crew.Engineering), new GetTimeline(request))), Is.EqualTo(new[] { "业主明天出差", "要带梯子" }));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), new NoteOnRequest(request, "x", Visibility.Owner))), Is.EqualTo("note.owner_reads_the_desk"));
        Assert.That(await Refusal(() => Send(There.Clerk, new NoteOnRequest(request, "x", Visibility.Desk))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task A_promise_is_made_for_the_future_and_kept_once()
    {
        var request = (await GivenRequest()).RequestId;
        var due = Clock.Now() + TimeSpan.FromHours(2);

        var promise = await Send(Here.Clerk, new MakePromise(request, "两点前回电", due));
        Clock.Advance(TimeSpan.FromHours(3));
        await Send(Here.Officer, new KeepPromise(request, promise.PromiseId));

        var kept = (await Send(Here.Clerk, new GetRequest(request))).Promises.Single();
        Assert.That((kept.DueAt, kept.KeptAt), Is.EqualTo((due, (DateTimeOffset?)Clock.Now())));
        Assert.That(await Refusal(() => Send(Here.Clerk, new KeepPromise(request, promise.PromiseId))), Is.EqualTo("promise.kept_already"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new KeepPromise(request, Guid.NewGuid()))), Is.EqualTo("promise.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new MakePromise(request, "x", Clock.Now()))), Is.EqualTo("promise.due_at_out_of_range"));
        Assert.That(await Refusal(() => Send(There.Clerk, new MakePromise(request, "x", due.AddDays(1)))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new KeepPromise(request, promise.PromiseId))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Nobody_is_in_charge_of_a_complaint_about_themselves_or_confidentially_about_their_crew()
    {
        var guard = Here.Member(Crew.Security);
        var complaint = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "noise"), "保安态度恶劣", CustomerId: Here.Customer, Confidential: true, AboutCrew: Crew.Security, AboutStaffId: guard.Id));
        Task Name(Actor who, Guid? request = null) => Send(Here.Clerk, new NamePersonInCharge(request ?? complaint.RequestId, who.Id));

        Assert.That(await Refusal(() => Name(guard)), Is.EqualTo("request.in_charge_is_complained_about"));
        Assert.That(await Refusal(() => Name(Here.Lead(Crew.Security))), Is.EqualTo("request.in_charge_is_complained_about"));
        Assert.That(await Refusal(() => Name(There.Officer)), Is.EqualTo("staff.unknown"));
        await Name(Here.Officer);
        Assert.That(await Refusal(() => Name(Here.Officer)), Is.EqualTo("request.nothing_to_change"));

        Assert.That((await Send(Here.Clerk, new GetRequest(complaint.RequestId))).Request.InChargeId, Is.EqualTo(Here.Officer.Id));
        Assert.That(await Refusal(() => Send(Here.Clerk, new AmendRequest(complaint.RequestId, AboutStaffId: Here.Officer.Id, Version: 2))), Is.EqualTo("request.in_charge_is_complained_about"));
        var open = await GivenRequest(kind: RequestKind.Complaint, category: "noise");
        await Name(Here.Lead(Crew.Security), open.RequestId); // not confidential: the crew may answer for itself
        Assert.That(await Refusal(() => Send(Here.Clerk, new AmendRequest(open.RequestId, Confidential: true, Version: 2))), Is.EqualTo("request.in_charge_is_complained_about"));
        var repair = await GivenRequest();
        Assert.That(await Refusal(() => Name(Here.Officer, repair.RequestId)), Is.EqualTo("request.not_a_complaint"));
    }

    [Test]
    public async Task The_first_reply_is_one_and_a_written_reply_is_also_the_first_where_there_was_none()
    {
        var spoken = await GivenRequest(kind: RequestKind.Complaint, category: "noise");
        var written = await GivenRequest(kind: RequestKind.Complaint, category: "noise");
        var told = new Told<FirstReplyGiven>();
        await using var desk = Services(told.Listen);

        await Send(desk, Here.Officer, new GiveFirstReply(spoken.RequestId, "已收到，正在了解"));
        await Send(desk, Here.Officer, new GiveWrittenReply(spoken.RequestId, "书面答复", Channel.Letter));
        await Send(desk, Here.Officer, new GiveWrittenReply(written.RequestId, "书面答复"));

        Assert.That(told.All.Select(t => t.RequestId), Is.EqualTo(new[] { spoken.RequestId, written.RequestId }));
        var row = (await Send(Here.Clerk, new GetRequest(written.RequestId))).Request;
        Assert.That((row.FirstRepliedAt, row.WrittenRepliedAt), Is.EqualTo(((DateTimeOffset?)Clock.Now(), (DateTimeOffset?)Clock.Now())));
        Assert.That(await Refusal(() => Send(Here.Officer, new GiveFirstReply(spoken.RequestId, "x"))), Is.EqualTo("request.first_reply_given"));
        Assert.That(await Refusal(() => Send(Here.Officer, new GiveWrittenReply(spoken.RequestId, "x"))), Is.EqualTo("request.written_reply_given"));
        Assert.That(await Refusal(() => Send(Here.Officer, new GiveWrittenReply(spoken.RequestId, "x", Channel.Phone))), Is.EqualTo("reply.not_in_writing"));
        Assert.That(await Refusal(() => Send(There.Officer, new GiveFirstReply(spoken.RequestId, "x"))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(There.Officer, new GiveWrittenReply(spoken.RequestId, "x"))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Urging_counts_once_an_hour_and_tells_whoever_has_it_and_the_desk()
    {
        var (request, order) = await GivenDispatched();
        await Send(Here.Member(Crew.Engineering), new ClaimWork(order));

        var first = await Send(Here.Clerk, new UrgeRequest(request, "怎么还没来"));
        Clock.Advance(TimeSpan.FromMinutes(59));
        var soon = await Send(Here.Clerk, new UrgeRequest(request));
        Clock.Advance(TimeSpan.FromMinutes(1));
        var later = await Send(Here.Clerk, new UrgeRequest(request));

        Assert.That(new[] { first, soon, later }.Select(u => (u.Counted, u.Urges)), Is.EqualTo(new[] { (true, 1), (false, 1), (true, 2) }));
        Assert.That(soon.NextAt, Is.EqualTo(first.NextAt).And.EqualTo(FakeClock.Start + TimeSpan.FromHours(1)));
        var told = await Rows<(string, Guid?, string?)>("select recipient_kind, recipient_id, recipient_role from message where request_id = @request and template = 'requestUrged' order by recipient_kind", new { request });
        Assert.That(told, Is.EqualTo(new (string, Guid?, string?)[] { ("role", null, "clerk"), ("role", null, "clerk"), ("staff", Here.Member(Crew.Engineering).Id, null), ("staff", Here.Member(Crew.Engineering).Id, null) }));
        Assert.That(await Scalar<int>("select urge_repeats from request where request_id = @request", new { request }), Is.EqualTo(1));
        var shown = (await Send(Here.Member(Crew.Engineering), new GetWorkOrder(order))).Requests.Single();
        Assert.That((shown.UrgeCount, shown.LastUrgedAt), Is.EqualTo((2, (DateTimeOffset?)Clock.Now())));
        Assert.That(await Refusal(() => Send(There.Clerk, new UrgeRequest(request))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Many_urges_at_once_count_as_one()
    {
        var (request, _) = await GivenDispatched();

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Send(Here.Clerk, new UrgeRequest(request))));

        Assert.That(replies.Count(r => r.Counted), Is.EqualTo(1));
        Assert.That(await Scalar<int>("select urge_repeats from request where request_id = @request", new { request }), Is.EqualTo(19));
        Assert.That(await Scalar<long>("select count(*) from message where template = 'requestUrged' and recipient_kind = 'staff'"), Is.EqualTo(1), "nobody has taken it: the team's lead is told");
    }

    [Test]
    public async Task Cancelling_voids_the_requests_own_orders_in_the_order_in_which_they_wait()
    {
        var request = (await GivenRequest()).RequestId;
        var orders = (await Send(Here.Clerk, new DispatchWork(request,
            [new NewOrder(Crew.Engineering, "一"), new NewOrder(Crew.Environment, "二", WaitsForOrder: 0), new NewOrder(Crew.Security, "三", WaitsForOrder: 1)]))).WorkOrders;
        var told = new Told<WorkMoved>();
        await using var desk = Services(told.Listen);

        var reply = await Send(desk, Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "业主自己修好了"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.Cancelled));
        Assert.That(told.All.Select(t => (t.WorkOrderId, t.Move)), Is.EqualTo(orders.Reverse().Select(o => (o.WorkOrderId, WorkOrderMove.Void))), "nothing is released on the way");
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Select(o => o.Status), Is.All.EqualTo(WorkOrderStatus.Voided));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Outcome, Is.EqualTo(Outcome.Withdrawn));
        Assert.That(await Refusal(() => Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "x"))), Is.EqualTo("request.move_not_allowed"));
    }

    [Test]
    public async Task Cancelling_leaves_an_order_that_serves_another_request_and_that_one_goes_on()
    {
        var (mine, order) = await GivenWorking();
        var other = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new DispatchWork(other, [new NewOrder(Crew.Security, "陪同")]));
        await Execute(
            "insert into request_work_order (community_id, request_id, work_order_id, mandatory, joined_at) values (@CommunityId, @other, @order, true, @Now)",
            new { Here.CommunityId, other, order, Now = Clock.Now().UtcDateTime });

        await Send(Here.Clerk, new CancelRequest(mine, CancelledAs.Withdrawn, "不用了"));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "修好了"));

        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Done));
        var cancelled = await Send(Here.Clerk, new GetRequest(mine));
        Assert.That(cancelled.Request.Status, Is.EqualTo(RequestStatus.Cancelled));
        Assert.That(cancelled.WorkOrders.Single().LeftAt, Is.Not.Null);
        Assert.That(cancelled.Feedback.Select(r => (r.State, r.NotAskedRule)), Is.EqualTo(new[] { (FeedbackState.NotAsked, (NotAskedRule?)NotAskedRule.Cancelled) }));
        Assert.That((await Send(Here.Clerk, new GetRequest(other))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
    }

    [Test]
    public async Task Cancelling_a_request_of_a_fault_leaves_the_fault_and_its_order_to_the_others()
    {
        var lobby = Here.Places["3-2-lobby"];
        var fault = await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停水", Here.Category(RequestKind.Repair, "water"), lobby));
        var (mine, other) = ((await GivenRequest()).RequestId, (await GivenRequest()).RequestId);
        await Send(Here.Clerk, new JoinFault(fault.FaultId, mine));
        await Send(Here.Clerk, new JoinFault(fault.FaultId, other));
        await Send(Here.Clerk, new DispatchFault(fault.FaultId, [new NewOrder(Crew.Engineering, "查总阀")]));

        var reply = await Send(Here.Clerk, new CancelRequest(mine, CancelledAs.Withdrawn, "来水了"));

        var row = await Send(Here.Clerk, new GetRequest(mine));
        Assert.That((reply.Status, reply.Version), Is.EqualTo((RequestStatus.Cancelled, row.Request.Version)));
        Assert.That(row.WorkOrders.Single(), Has.Property("Status").EqualTo(WorkOrderStatus.Dispatched).And.Property("LeftAt").Not.Null);
        Assert.That(row.Faults.Single().LeftAt, Is.Not.Null);
        Assert.That((await Send(Here.Clerk, new GetRequest(other))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
    }

    [Test]
    public async Task A_duplicate_names_the_request_that_goes_on()
    {
        var (first, second) = ((await GivenRequest()).RequestId, (await GivenRequest()).RequestId);
        Task Cancel(Guid request, Guid? of, CancelledAs how = CancelledAs.Duplicate, Actor? by = null) => Send(by ?? Here.Clerk, new CancelRequest(request, how, "重复", of));
        var theirs = (await GivenRequest(There)).RequestId;

        Assert.That(await Refusal(() => Cancel(second, null)), Is.EqualTo("duplicate_of.which"));
        Assert.That(await Refusal(() => Cancel(second, second)), Is.EqualTo("duplicate_of.which"));
        Assert.That(await Refusal(() => Cancel(second, first, CancelledAs.Withdrawn)), Is.EqualTo("duplicate_of.which"));
        Assert.That(await Refusal(() => Cancel(second, theirs)), Is.EqualTo("duplicate_of.unknown"));
        Assert.That(await Refusal(() => Cancel(second, Guid.NewGuid())), Is.EqualTo("duplicate_of.unknown"));
        Assert.That(await Refusal(() => Cancel(second, first, by: There.Clerk)), Is.EqualTo("request.not_found"));
        await Cancel(second, first);

        var row = (await Send(Here.Clerk, new GetRequest(second))).Request;
        Assert.That((row.Outcome, row.DuplicateOfId), Is.EqualTo(((Outcome?)Outcome.Duplicate, (Guid?)first)));
        Assert.That(await Refusal(() => Cancel(first, second)), Is.EqualTo("request.duplicate_of_cancelled"));
    }

    [Test]
    public async Task Two_requests_cannot_become_duplicates_of_each_other_at_once()
    {
        for (var round = 0; round < 10; round++)
        {
            var (a, b) = ((await GivenRequest()).RequestId, (await GivenRequest()).RequestId);

            var results = await Task.WhenAll(
                Attempt(() => Send(Here.Clerk, new CancelRequest(a, CancelledAs.Duplicate, "重复", b))),
                Attempt(() => Send(Here.Clerk, new CancelRequest(b, CancelledAs.Duplicate, "重复", a))));

            Assert.That(results.Order(), Is.EqualTo(new[] { "done", "request.duplicate_of_cancelled" }));
        }
    }

    [Test]
    public async Task Not_fixed_while_the_owner_is_asked_answers_the_round_and_sends_it_back_to_work()
    {
        var (request, order) = await GivenDone();

        var reply = await Send(Here.Clerk, new ReportNotFixed(request, "王太太", "还在漏"));

        Assert.That((reply.Status, reply.NewRequest), Is.EqualTo((RequestStatus.InProgress, (RequestReply?)null)));
        var details = await Send(Here.Clerk, new GetRequest(request));
        Assert.That(details.WorkOrders.Count(o => o.ReworkOfId == order), Is.EqualTo(1));
        Assert.That(details.Feedback.Single(), Has.Property("State").EqualTo(FeedbackState.Answered).And.Property("Solved").EqualTo(Solved.No).And.Property("Satisfaction").Null.And.Property("SpokeWith").EqualTo("王太太"));
        Assert.That(await Rows<string>("select for_role from follow_up where request_id = @request and reason = 'notSolved' order by 1", new { request }), Is.EqualTo(new[] { "clerk", "manager" }));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReportNotFixed(request, "x", "x"))), Is.EqualTo("request.move_not_allowed"));
        Assert.That(await Refusal(() => Send(There.Clerk, new ReportNotFixed(request, "x", "x"))), Is.EqualTo("request.not_found"));
    }

    [TestCase(7, 7, 0, true)]
    [TestCase(7, 7, 1, false)]
    [TestCase(3, 3, 0, true)]
    [TestCase(3, 3, 1, false)]
    public async Task Not_fixed_after_closing_reopens_within_the_days_of_its_round_and_is_a_new_request_after(int rule, int days, int seconds, bool reopens)
    {
        await Profile("{feedback}", $$"""{"reopenDays": {{rule}}}""");
        var (request, _) = await GivenDone();
        await Profile("{feedback}", """{"reopenDays": 7}""");
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
        var before = await Rows<string>("select to_jsonb(r)::text from request r where request_id = @request", new { request });
        Clock.Advance(TimeSpan.FromDays(days) + TimeSpan.FromSeconds(seconds));

        var reply = await Send(Here.Clerk, new ReportNotFixed(request, "王小明", "又漏了", Channel.WeChat));

        if (reopens)
        {
            Assert.That((reply.Status, reply.NewRequest), Is.EqualTo((RequestStatus.InProgress, (RequestReply?)null)));
            Assert.That((await Send(Here.Clerk, new GetRequest(request))).Feedback.Single().Satisfaction, Is.EqualTo(5), "the score stands");
        }
        else
        {
            Assert.That(await Rows<string>("select to_jsonb(r)::text from request r where request_id = @request", new { request }), Is.EqualTo(before));
            var made = (await Send(Here.Clerk, new GetRequest(reply.NewRequest!.RequestId))).Request;
            Assert.That(made, Has.Property("ReworkOfId").EqualTo(request).And.Property("Description").EqualTo("又漏了").And.Property("CustomerId").EqualTo(Here.Customer)
                .And.Property("Channel").EqualTo(Channel.WeChat).And.Property("Priority").EqualTo(Priority.Urgent).And.Property("Status").EqualTo(RequestStatus.Received));
        }
    }

    [Test]
    public async Task Not_fixed_that_comes_too_late_again_goes_to_the_request_that_was_made_for_it_while_that_is_open()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
        Clock.Advance(TimeSpan.FromDays(8));
        async Task<RequestReply> Again(string words) => (await Send(Here.Clerk, new ReportNotFixed(request, "王太太", words))).NewRequest!;
        var made = await Again("又漏了");

        var urged = await Again("还在漏");
        var order = (await Send(Here.Clerk, new DispatchWork(made.RequestId, [new NewOrder(Crew.Engineering, "修")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        var back = await Again("一点没好");

        Assert.That(new[] { urged.RequestId, back.RequestId }, Is.All.EqualTo(made.RequestId));
        Assert.That((urged.Status, back.Status), Is.EqualTo((RequestStatus.Received, RequestStatus.InProgress)));
        Assert.That((await Entry(made.RequestId, Happening.RequestUrged)).Text, Is.EqualTo("还在漏"));
        var details = await Send(Here.Clerk, new GetRequest(made.RequestId));
        Assert.That(details.WorkOrders.Count(o => o.ReworkOfId == order), Is.EqualTo(1));
        Assert.That(details.Feedback.Single(), Has.Property("Solved").EqualTo(Solved.No).And.Property("SpokeWith").EqualTo("王太太"));
        Assert.That((await Entry(request, Happening.TakenAsNewRequest)).Text, Is.EqualTo("王太太"));
        await Send(Here.Clerk, new CancelRequest(made.RequestId, CancelledAs.Withdrawn, "不修了"));
        Assert.That((await Again("还是要修")).RequestId, Is.Not.EqualTo(made.RequestId), "what is open no more takes nothing up");
    }

    [TestCase(ClosureDecision.Close, RequestStatus.Closed, "noted")]
    [TestCase(ClosureDecision.Rework, RequestStatus.InProgress, "rework")]
    public async Task Partly_solved_waits_for_the_desk_to_close_or_rework(ClosureDecision decision, RequestStatus status, string ended)
    {
        var (request, _) = await GivenDone();
        Assert.That(await Refusal(() => Send(Here.Clerk, new DecideOnAnswer(request, decision, "x"))), Is.EqualTo("feedback.not_answered"));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Partly, 4, "王小明"));

        var reply = await Send(Here.Clerk, new DecideOnAnswer(request, decision, "已和业主沟通"));

        Assert.That(reply.Status, Is.EqualTo(status));
        Assert.That(await Rows<string>("select ended_how from follow_up where request_id = @request", new { request }), Is.EqualTo(new[] { ended }));
        Assert.That(await Refusal(() => Send(Here.Clerk, new DecideOnAnswer(request, decision, "x"))), Is.EqualTo("request.move_not_allowed"));
        Assert.That(await Refusal(() => Send(There.Clerk, new DecideOnAnswer(request, decision, "x"))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task A_subscriber_that_fails_undoes_the_change()
    {
        var (request, order) = await GivenDispatched();
        var version = await VersionOf(request);
        await using var desk = Services(new Told<RequestReprioritised> { Fails = true }.Listen);
        await using var moved = Services(new Told<RequestMoved> { Fails = true }.Listen);

        Assert.ThrowsAsync<IOException>(() => Send(desk, Here.Clerk, new ReprioritiseRequest(request, Priority.Danger, "x", version)));
        Assert.ThrowsAsync<IOException>(() => Send(moved, Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "x")));

        Assert.That(await VersionOf(request), Is.EqualTo(version));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder, Has.Property("Priority").EqualTo(Priority.Normal).And.Property("Status").EqualTo(WorkOrderStatus.Dispatched));
    }

    private async Task<int> VersionOf(Guid request) => await Scalar<int>("select version from request where request_id = @request", new { request });

    private Task<List<string>> Happenings(Guid subject) => Rows<string>("select what from event where subject_id = @subject order by seq", new { subject });
}
