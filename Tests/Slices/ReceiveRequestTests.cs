using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Registration: whatever may be said with it, and every way to be told no.</summary>
public sealed class ReceiveRequestTests : ApiFixture
{
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(10); // the smallest that the database keeps: a microsecond

    private DateTimeOffset Now => Clock.GetUtcNow();

    [Test]
    public async Task A_request_comes_by_any_channel([Values] Channel channel)
    {
        var reply = await Send(Here.Clerk, Report() with { Channel = channel });

        var read = (await Send(Here.Clerk, new GetRequest(reply.RequestId))).Request;
        Assert.That((read.Channel, read.Status, read.Version), Is.EqualTo((channel, RequestStatus.Received, 1)));
        Assert.That(await Rows<string>("select channel from event where subject_id = @RequestId and what = 'requestReceived'", new { reply.RequestId }), Is.EqualTo(new[] { EnumWord.Of(channel) }));
    }

    [Test]
    public async Task Everything_that_can_be_said_in_one_call_is_read_back()
    {
        var clerk = await As(Here.Clerk);
        var reportedAt = Now.AddHours(-10);
        var (from, to) = (Now.AddHours(5), Now.AddHours(7));
        var due = Now.AddDays(3);

        var reply = await clerk.PostJson(
            "/api/requests",
            new
            {
                communityId = Here.CommunityId,
                kind = "complaint",
                channel = "letter",
                categoryId = Here.Category(RequestKind.Complaint, "noise"),
                description = "楼上半夜装修",
                priority = "urgent",
                placeId = Here.Places["3-2-1501"],
                assetId = Here.Lift,
                customerId = Here.Customer,
                reporter = new { name = "王太太", phone = "139 0013 9000" },
                onBehalfOf = "李奶奶",
                confidential = true,
                reportedAt,
                appointment = new { from, to },
                foreign = new { source = "12345", number = "SZ-2026-7", dueAt = due },
                aboutCrew = "environment",
                aboutStaffId = Here.Member(Crew.Environment).Id,
                toConfirm = true,
            },
            HttpStatusCode.Created,
            key: "everything");

        Assert.That((reply.Location, reply.ETag, reply.Text("status")), Is.EqualTo(($"/api/requests/{reply.Id("requestId")}", "\"1\"", "received")));
        var read = (await clerk.GetJson(reply.Location!)).Body.GetProperty("request");
        foreach (var (name, value) in new (string, object?)[]
        {
            ("communityId", Here.CommunityId), ("number", reply.Body.GetProperty("number").GetInt64()), ("kind", "complaint"), ("channel", "letter"), ("status", "received"),
            ("categoryId", Here.Category(RequestKind.Complaint, "noise")), ("priority", "urgent"), ("description", "楼上半夜装修"), ("placeId", Here.Places["3-2-1501"]), ("assetId", Here.Lift),
            ("customerId", Here.Customer), ("reporterName", "王太太"), ("reporterPhone", "139****9000"), ("onBehalfOf", "李奶奶"), ("confidential", true), ("reportedAt", reportedAt),
            ("registeredAt", Now), ("registeredBy", Here.Clerk.Id), ("appointmentFrom", from), ("appointmentTo", to), ("foreignSource", "12345"), ("foreignNumber", "SZ-2026-7"),
            ("imposedDueAt", due), ("toConfirm", true), ("version", 1),
        })
        {
            Assert.That(read.GetProperty(name).GetRawText(), Is.EqualTo(JsonSerializer.Serialize(value, Json.Options)), name);
        }

        var (phone, aboutCrew, aboutStaff) = (await Rows<(string, string, Guid)>("select reporter_phone, about_crew, about_staff_id from request")).Single();
        Assert.That((phone, aboutCrew, aboutStaff), Is.EqualTo(("13900139000", "environment", Here.Member(Crew.Environment).Id)));
        var finish = (await Send(Here.Clerk, new GetRequest(reply.Id("requestId")))).Clocks.Single(c => c.Kind == ClockKind.Finish);
        Assert.That((finish.DueAt, finish.Imposed), Is.EqualTo(((DateTimeOffset?)due, true)), "the imposed deadline governs");
        Assert.That((await clerk.GetJson("/api/search?q=SZ-2026-7")).Body.GetRawText(), Does.Contain(reply.Id("requestId").ToString()));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task What_is_left_out_is_the_categorys_own_and_now()
    {
        var reply = await Send(Here.Clerk, Report(category: "water.burst"));

        var read = (await Send(Here.Clerk, new GetRequest(reply.RequestId))).Request;
        Assert.That((read.Priority, read.Payer, read.ReportedAt, read.RegisteredAt, read.OnBehalfOf, read.AppointmentFrom, read.ImposedDueAt), Is.EqualTo((Priority.Urgent, Payer.Free, Now, Now, (string?)null, (DateTimeOffset?)null, (DateTimeOffset?)null)));
    }

    [Test]
    public async Task Of_an_asset_alone_the_place_is_where_it_stands()
    {
        var reply = await Send(Here.Clerk, Report(category: "lift") with { CustomerId = null, AssetId = Here.Lift });

        var read = (await Send(Here.Clerk, new GetRequest(reply.RequestId))).Request;
        Assert.That((read.AssetId, read.PlaceId), Is.EqualTo(((Guid?)Here.Lift, (Guid?)Here.Places["3-2-lobby"])));
    }

    public static IEnumerable<TestCaseData> Enough =>
    [
        new TestCaseData((Town t) => new Reporter(Phone: "13900139000"), false, false).SetArgDisplayNames("a number"),
        new TestCaseData((Town t) => new Reporter("王太太"), false, false).SetArgDisplayNames("a name"),
        new TestCaseData((Town t) => (Reporter?)null, true, false).SetArgDisplayNames("a place"),
        new TestCaseData((Town t) => (Reporter?)null, false, true).SetArgDisplayNames("an asset"),
    ];

    [TestCaseSource(nameof(Enough))]
    public async Task One_of_who_and_where_is_enough(Func<Town, Reporter?> reporter, bool place, bool asset)
    {
        var reply = await Send(Here.Clerk, Report() with { CustomerId = null, Reporter = reporter(Here), PlaceId = place ? Here.Places["3-2-1501"] : null, AssetId = asset ? Here.Lift : null });

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.Received));
    }

    public static IEnumerable<TestCaseData> Refusals
    {
        get
        {
            return
            [
                Case("nobody and nowhere", "request.nobody_and_nowhere", c => c.Report() with { CustomerId = null }),
                Case("an empty reporter", "request.nobody_and_nowhere", c => c.Report() with { CustomerId = null, Reporter = new Reporter() }),
                Case("no words", "text.empty", c => c.Report() with { Description = " " }),
                Case("too many words", "text.too_long", c => c.Report() with { Description = new string('长', 4001) }),
                Case("on behalf of blanks", "text.empty", c => c.Report() with { OnBehalfOf = "" }),
                Case("on behalf of a long name", "text.too_long", c => c.Report() with { OnBehalfOf = new string('长', 101) }),
                Case("a number that is none", "phone.not_a_number", c => c.Report() with { Reporter = new Reporter(Phone: "call me") }),
                Case("a foreign number without a source", "text.empty", c => c.Report() with { Foreign = new ForeignNumber("", "1") }),
                Case("a foreign source without a number", "text.empty", c => c.Report() with { Foreign = new ForeignNumber("12345", " ") }),
                Case("a confidential repair", "request.not_a_complaint", c => c.Report() with { Confidential = true }),
                Case("a repair about a crew", "request.not_a_complaint", c => c.Report() with { AboutCrew = Crew.Security }),
                Case("a repair about a person", "request.not_a_complaint", c => c.Report() with { AboutStaffId = c.Here.Member(Crew.Security).Id }),
                Case("a category of nothing", "category.unknown", c => c.Report() with { CategoryId = Guid.CreateVersion7() }),
                Case("another community's category", "category.unknown", c => c.Report() with { CategoryId = c.There.Category(RequestKind.Repair, "water") }),
                Case("a category of another kind", "category.other_kind", c => c.Report() with { CategoryId = c.Here.Category(RequestKind.Inquiry, "fees") }),
                Case("a place of nothing", "place.unknown", c => c.Report() with { PlaceId = Guid.CreateVersion7() }),
                Case("another community's place", "place.unknown", c => c.Report() with { PlaceId = c.There.Places["3-2-1502"] }),
                Case("an asset of nothing", "asset.unknown", c => c.Report() with { AssetId = Guid.CreateVersion7() }),
                Case("another community's asset", "asset.unknown", c => c.Report() with { AssetId = c.There.Lift }),
                Case("a customer of nothing", "customer.unknown", c => c.Report() with { CustomerId = Guid.CreateVersion7() }),
                Case("another community's customer", "customer.unknown", c => c.Report() with { CustomerId = c.There.Customer }),
                Case("a complaint about nobody", "staff.unknown", c => c.Complaint() with { AboutStaffId = Guid.CreateVersion7() }),
                Case("a complaint about another community's colleague", "staff.unknown", c => c.Complaint() with { AboutStaffId = c.There.Clerk.Id }),
                Case("reported in an instant", "reported_at.in_the_future", c => c.Report() with { ReportedAt = c.Now + Instant }),
                Case("reported an instant more than 90 days ago", "reported_at.too_long_ago", c => c.Report() with { ReportedAt = c.Now.AddDays(-90) - Instant }),
                Case("an appointment without length", "appointment.not_a_window", c => c.Report() with { Appointment = new AppointmentWindow(c.Now.AddHours(1), c.Now.AddHours(1)) }),
                Case("an appointment longer than a day", "appointment.not_a_window", c => c.Report() with { Appointment = new AppointmentWindow(c.Now, c.Now.AddHours(24) + Instant) }),
                Case("an appointment that is over", "appointment.out_of_range", c => c.Report() with { Appointment = new AppointmentWindow(c.Now.AddHours(-2), c.Now) }),
                Case("an appointment beyond a year", "appointment.out_of_range", c => c.Report() with { Appointment = new AppointmentWindow(c.Now.AddDays(366) + Instant, c.Now.AddDays(366).AddHours(1)) }),
                Case("a deadline beyond a year", "foreign.due_at.out_of_range", c => c.Report() with { Foreign = new ForeignNumber("12345", "1", c.Now.AddDays(366) + Instant) }),
                Case("a deadline of long ago", "foreign.due_at.out_of_range", c => c.Report() with { Foreign = new ForeignNumber("12345", "1", c.Now.AddDays(-90) - Instant) }),
            ];

            static TestCaseData Case(string name, string code, Func<ReceiveRequestTests, ReceiveRequest> report) => new TestCaseData(report, code).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Refusals))]
    public async Task What_cannot_be_is_refused_and_nothing_is_left_behind(Func<ReceiveRequestTests, ReceiveRequest> report, string code)
    {
        var events = await Scalar<long>("select count(*) from event");

        Assert.That(await Refusal(() => Send(Here.Clerk, report(this))), Is.EqualTo(code));

        Assert.That(await Scalar<long>("select (select count(*) from request) + (select count(*) from clock) + (select count(*) from search_token where kind = 'request')"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from event"), Is.EqualTo(events));
    }

    public static IEnumerable<TestCaseData> Edges
    {
        get
        {
            return
            [
                Case("reported now", c => c.Report() with { ReportedAt = c.Now }),
                Case("reported 90 days ago", c => c.Report() with { ReportedAt = c.Now.AddDays(-90) }),
                Case("an appointment of a day", c => c.Report() with { Appointment = new AppointmentWindow(c.Now, c.Now.AddHours(24)) }),
                Case("an appointment that ends in an instant", c => c.Report() with { Appointment = new AppointmentWindow(c.Now.AddHours(-2), c.Now + Instant) }),
                Case("an appointment in a year", c => c.Report() with { Appointment = new AppointmentWindow(c.Now.AddDays(366), c.Now.AddDays(366).AddHours(1)) }),
                Case("a deadline in a year", c => c.Report() with { Foreign = new ForeignNumber("12345", "1", c.Now.AddDays(366)) }),
                Case("a deadline 90 days ago", c => c.Report() with { Foreign = new ForeignNumber("12345", "1", c.Now.AddDays(-90)) }),
                Case("4,000 characters of four bytes", c => c.Report() with { Description = string.Concat(Enumerable.Repeat("𠮷", 4000)) }),
            ];

            static TestCaseData Case(string name, Func<ReceiveRequestTests, ReceiveRequest> report) => new TestCaseData(report).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Edges))]
    public async Task The_edge_itself_is_accepted_and_kept_as_it_was_said(Func<ReceiveRequestTests, ReceiveRequest> report)
    {
        var said = report(this);

        var reply = await Send(Here.Clerk, said);

        var read = (await Send(Here.Clerk, new GetRequest(reply.RequestId))).Request;
        Assert.That(
            (read.ReportedAt, read.AppointmentFrom, read.AppointmentTo, read.ImposedDueAt, read.Description),
            Is.EqualTo((said.ReportedAt ?? Now, said.Appointment?.From, said.Appointment?.To, said.Foreign?.DueAt, said.Description)));
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task A_retired_category_place_and_a_forgotten_customer_are_not_there_any_more()
    {
        var (category, place) = (Here.Category(RequestKind.Repair, "pests"), Here.Places["3-2-1602"]);
        var forgotten = Guid.CreateVersion7();
        await Execute(
            """
            update category set retired_at = @Now where category_id = @category;
            update place set retired_at = @Now where place_id = @place;
            insert into customer (community_id, customer_id, name, created_at, erased_at) values (@CommunityId, @forgotten, '×', @Now, @Now);
            """,
            new { category, place, forgotten, Here.CommunityId, Now = Now.UtcDateTime });

        try
        {
            Assert.That(await Refusal(() => Send(Here.Clerk, Report() with { CategoryId = category })), Is.EqualTo("category.unknown"));
            Assert.That(await Refusal(() => Send(Here.Clerk, Report() with { PlaceId = place })), Is.EqualTo("place.unknown"));
            Assert.That(await Refusal(() => Send(Here.Clerk, Report() with { CustomerId = forgotten })), Is.EqualTo("customer.unknown"));
        }
        finally
        {
            await Execute("update category set retired_at = null where category_id = @category; update place set retired_at = null where place_id = @place; delete from customer where customer_id = @forgotten", new { category, place, forgotten });
        }
    }

    [Test]
    public async Task An_asset_that_was_retired_or_whose_place_was_is_not_there_any_more()
    {
        var request = (await GivenRequest()).RequestId;
        foreach (var (table, retired) in new[] { ("asset", "asset_id = @Lift"), ("place", "place_id = @Lobby") })
        {
            var args = new { Here.Lift, Lobby = Here.Places["3-2-lobby"], Now = Now.UtcDateTime };
            await Execute($"update {table} set retired_at = @Now where {retired}", args);
            try
            {
                foreach (var place in new Guid?[] { null, Here.Places["3-2-1502"] })
                {
                    Assert.That(await Refusal(() => Send(Here.Clerk, Report() with { PlaceId = place, AssetId = Here.Lift })), Is.EqualTo("asset.unknown"), table);
                    Assert.That(await Refusal(() => Send(Here.Clerk, new AmendRequest(request, PlaceId: place, AssetId: Here.Lift, Version: 1))), Is.EqualTo("asset.unknown"), table);
                }
            }
            finally
            {
                await Execute($"update {table} set retired_at = null where {retired}", args);
            }
        }

        await Send(Here.Clerk, Report() with { PlaceId = null, AssetId = Here.Lift });
    }

    [Test]
    public async Task Another_community_answers_as_one_that_is_not_there()
    {
        Assert.That(await Refusal(() => Send(There.Clerk, Report())), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, Report() with { CommunityId = Guid.CreateVersion7() })), Is.EqualTo("community.not_found"));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.Zero);
    }

    [Test]
    public async Task A_foreign_number_is_registered_once_a_source_and_community()
    {
        var foreign = new ForeignNumber("12345", "A-1");
        await Send(Here.Clerk, Report() with { Foreign = foreign });

        Assert.That(await Refusal(() => Send(Here.Officer, Report() with { Foreign = foreign with { DueAt = Now.AddDays(1) } })), Is.EqualTo("request.foreign_number_taken"));
        await Send(Here.Clerk, Report() with { Foreign = foreign with { Source = "街道办" } });
        await Send(Here.Clerk, Report() with { Foreign = foreign with { Number = "A-2" } });
        await Send(There.Clerk, Report(There) with { Foreign = foreign });

        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(4));
    }

    [Test]
    public async Task Of_many_at_once_with_one_foreign_number_exactly_one_is_registered()
    {
        var report = Report() with { Foreign = new ForeignNumber("12345", "A-1", Now.AddDays(2)) };

        var results = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Attempts.Attempt(() => Send(i % 2 == 0 ? Here.Clerk : Here.Officer, report))));

        Assert.That(results.Count(r => r == "done"), Is.EqualTo(1));
        Assert.That(results.Where(r => r != "done"), Has.All.EqualTo("request.foreign_number_taken"));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from event e where e.what = 'requestReceived' and e.subject_id in (select request_id from request)"), Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from clock"), Is.EqualTo(await Scalar<long>("select count(*) from clock where subject_id in (select request_id from request)")));
    }

    [Test]
    public async Task Refusals_over_http_name_the_field()
    {
        var clerk = await As(Here.Clerk);
        object Body(DateTimeOffset? reportedAt = null, Guid? categoryId = null, object? foreign = null) =>
            new { Here.CommunityId, kind = "repair", channel = "phone", categoryId = categoryId ?? Here.Category(RequestKind.Repair, "water"), description = "漏水", customerId = Here.Customer, reportedAt, foreign };
        await clerk.PostJson("/api/requests", Body(foreign: new { source = "12345", number = "A-1" }), HttpStatusCode.Created);

        var future = await clerk.PostJson("/api/requests", Body(Now.AddMinutes(1)), HttpStatusCode.UnprocessableEntity);
        var old = await clerk.PostJson("/api/requests", Body(Now.AddDays(-91)), HttpStatusCode.UnprocessableEntity);
        var late = await clerk.PostJson("/api/requests", Body(foreign: new { source = "12345", number = "A-2", dueAt = Now.AddDays(400) }), HttpStatusCode.UnprocessableEntity);
        var category = await clerk.PostJson("/api/requests", Body(categoryId: Guid.CreateVersion7()), HttpStatusCode.UnprocessableEntity);
        var taken = await clerk.PostJson("/api/requests", Body(foreign: new { source = "12345", number = "A-1" }), HttpStatusCode.Conflict);
        var takenWithBlanks = await clerk.PostJson("/api/requests", Body(foreign: new { source = "12345 ", number = " A-1\r\n" }), HttpStatusCode.Conflict);

        foreach (var (reply, field, code) in new[] { (future, "reportedAt", "reported_at.in_the_future"), (old, "reportedAt", "reported_at.too_long_ago"), (late, "foreign.dueAt", "foreign.due_at.out_of_range"), (category, "categoryId", "category.unknown") })
        {
            Assert.That((reply.Code, reply.Body.GetProperty("errors")[0].GetProperty("field").GetString()), Is.EqualTo((code, field)));
        }

        Assert.That((taken.Code, takenWithBlanks.Code), Is.EqualTo(("request.foreign_number_taken", "request.foreign_number_taken")));
    }

    private ReceiveRequest Report(Town? town = null, string category = "water") => new(
        (town ?? Here).CommunityId, RequestKind.Repair, Channel.Phone, (town ?? Here).Category(RequestKind.Repair, category), "厨房水管漏水", CustomerId: (town ?? Here).Customer);

    private ReceiveRequest Complaint() => Report() with { Kind = RequestKind.Complaint, CategoryId = Here.Category(RequestKind.Complaint, "noise") };
}
