using System.Globalization;
using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>
/// The report of satisfaction as another program reads it, over rounds that are known one by one: two communities, two crews and a desk,
/// two kinds, three categories, two months; by owners, by staff, unanswered, open and not asked. Every figure below is counted by hand.
/// </summary>
public sealed class SatisfactionOverHttpTests : ApiFixture
{
    /// <summary>Of both communities.</summary>
    private ApiClient district = null!;

    private readonly Dictionary<string, Guid> known = [];

    [SetUp]
    public async Task GivenWhatIsKnown()
    {
        await Execute(
            """
            insert into community_staff (community_id, staff_id, joined_at) values (@There, @Id, @Now) on conflict do nothing;
            insert into staff_role (community_id, staff_id, role, granted_at) values (@There, @Id, 'manager', @Now) on conflict do nothing
            """,
            new { There = There.CommunityId, Here.Manager.Id, Now = FakeClock.Start });
        known.Clear();

        // March, here: three leaks, answered by owners and by staff; dirt, unanswered and not asked.
        await ByOwner("a", await Done("a", Here, Crew.Engineering), Solved.Yes, 5, 4);
        await ByOwner("b", await Done("b", Here, Crew.Engineering), Solved.Partly, 3, null, "早点来");
        await Send(Here.Clerk, new RecordFeedback(await Done("c", Here, Crew.Engineering), Solved.Yes, 2, "王小明", 1, "穿鞋套"));
        await Ended(await Done("d", Here, Crew.Environment), "noResponse");
        await Send(Here.Clerk, new OptOutOfFeedback(Here.Customer, true));
        await Done("e", Here, Crew.Environment);
        await Send(Here.Clerk, new OptOutOfFeedback(Here.Customer, false));

        // March, there: a leak for which a part was waited for.
        await ByOwner("j", await Done("j", There, Crew.Engineering, waitsForParts: true), Solved.Yes, 5, 5);

        // Half an hour into April in Shanghai, and March still by UTC: a complaint that the desk answered; one that is open.
        Clock.Set(new DateTimeOffset(2026, 3, 31, 16, 30, 0, TimeSpan.Zero));
        var complaint = (await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差")).RequestId;
        known["f"] = complaint;
        await Send(Here.Clerk, new AnswerRequest(complaint, AnswerKind.Explained, "说明如下"));
        await Send(Here.Officer, new RecordFeedback(complaint, Solved.Yes, 4, "王小明", 5, "更客气一点"));
        await Done("g", Here, Crew.Engineering);

        // April, there: a leak that came back, and was fixed then; dirt, of whom nobody could be reached.
        var back = await Done("h", There, Crew.Engineering);
        await ByOwner("h", back, Solved.No, 1, null, "还在漏");
        var again = (await Send(There.Clerk, new GetRequest(back))).WorkOrders.Single(o => o.ReworkOfId is not null).WorkOrderId;
        await Work(There, Crew.Engineering, again);
        await ByOwner("h", back, Solved.Yes, 4, 3);
        await Ended(await Done("i", There, Crew.Environment), "unreachable");
        district = await SignIn(Here.Manager);
    }

    [TearDown]
    public void SignOut() => district.Dispose();

    private async Task<Guid> Done(string name, Town town, Crew crew, bool waitsForParts = false)
    {
        var request = (await GivenRequest(town, category: crew == Crew.Engineering ? "water" : "cleaning")).RequestId;
        known[name] = request;
        var order = (await Send(town.Clerk, new DispatchWork(request, [new NewOrder(crew, "看一下")]))).WorkOrders[0].WorkOrderId;
        await Work(town, crew, order, waitsForParts);
        return request;
    }

    private async Task Work(Town town, Crew crew, Guid order, bool waitsForParts = false)
    {
        await Send(town.Member(crew), new AcceptWork(order));
        await Send(town.Member(crew), new ArriveOnSite(order));
        if (waitsForParts)
        {
            await Send(town.Member(crew), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
            Clock.Advance(TimeSpan.FromHours(1));
            await Send(town.Member(crew), new ResumeWork(order));
        }

        await Send(town.Member(crew), new CompleteWork(order, "好了"));
    }

    private async Task ByOwner(string name, Guid request, Solved solved, short score, short? recommend, string? five = null)
    {
        var (community, round) = (await Rows<(Guid, Guid)>("select community_id, feedback_id from feedback where request_id = @request order by round desc limit 1", new { request })).Single();
        var town = community == Here.CommunityId ? Here : There;
        await Send(Actor.OwnerIn(community, town.Customer, name), new AnswerAsOwner(round, solved, score, recommend, five));
    }

    private Task Ended(Guid request, string how) => Execute(
        "update feedback set state = @how, ended_at = started_at, next_check_at = null where request_id = @request; update request set status = 'closed', closed_at = finished_at where request_id = @request", new { request, how });

    /// <summary>A line of figures as a manager would read it aloud; what is null is "–".</summary>
    private static string Line(JsonElement f)
    {
        string Of(string name) => f.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.GetDecimal().ToString("0.####", CultureInfo.InvariantCulture) : "–";
        return $"{Of("rounds")} rounds: {Of("notAsked")} not asked, {Of("open")} open, {Of("asked")} asked"
            + $" | {Of("answered")} answered ({Of("byOwner")}+{Of("byStaff")}), {Of("refused")} refused, {Of("unreachable")} unreachable, {Of("noResponse")} silent: {Of("responseRate")}"
            + $" | owners {Of("satisfactionByOwner")} of {Of("scoresByOwner")}, {Of("recommendByOwner")} of {Of("recommendsByOwner")}; staff {Of("satisfactionByStaff")} of {Of("scoresByStaff")}, {Of("recommendByStaff")} of {Of("recommendsByStaff")}"
            + $" | below 5 {Of("belowFive")}, low {Of("low")}; solved {Of("solved")}, partly {Of("partlySolved")}, not {Of("notSolved")}"
            + $" | worked {Of("worked")}, back {Of("cameBack")}, at first {Of("fixedAtFirst")}: {Of("reworkRate")}, {Of("firstTimeFixRate")}";
    }

    private static async Task<Dictionary<string, string>> Figures(ApiClient who, string query) =>
        (await who.GetJson("/api/reports/satisfaction" + query)).Body.EnumerateArray().ToDictionary(f => f.GetProperty("key").GetString()!, Line);

    private const string OfAll =
        "11 rounds: 1 not asked, 1 open, 9 asked | 7 answered (5+2), 0 refused, 1 unreachable, 1 silent: 0.7778 | owners 3.6 of 5, 4 of 3; staff 3 of 2, 3 of 2 | below 5 5, low 2; solved 5, partly 1, not 1 | worked 9, back 1, at first 7: 0.1111, 0.7778";

    private const string OfHere =
        "7 rounds: 1 not asked, 1 open, 5 asked | 4 answered (2+2), 0 refused, 0 unreachable, 1 silent: 0.8 | owners 4 of 2, 4 of 1; staff 3 of 2, 3 of 2 | below 5 3, low 1; solved 3, partly 1, not 0 | worked 6, back 0, at first 6: 0, 1";

    private const string OfThere =
        "4 rounds: 0 not asked, 0 open, 4 asked | 3 answered (3+0), 0 refused, 1 unreachable, 0 silent: 0.75 | owners 3.33 of 3, 4 of 2; staff – of 0, – of 0 | below 5 2, low 1; solved 2, partly 0, not 1 | worked 3, back 1, at first 1: 0.3333, 0.3333";

    private const string OfEngineering =
        "7 rounds: 0 not asked, 1 open, 6 asked | 6 answered (5+1), 0 refused, 0 unreachable, 0 silent: 1 | owners 3.6 of 5, 4 of 3; staff 2 of 1, 1 of 1 | below 5 4, low 2; solved 4, partly 1, not 1 | worked 6, back 1, at first 4: 0.1667, 0.6667";

    private const string OfEnvironment =
        "3 rounds: 1 not asked, 0 open, 2 asked | 0 answered (0+0), 0 refused, 1 unreachable, 1 silent: 0 | owners – of 0, – of 0; staff – of 0, – of 0 | below 5 0, low 0; solved 0, partly 0, not 0 | worked 3, back 0, at first 3: 0, 1";

    private const string OfTheComplaint =
        "1 rounds: 0 not asked, 0 open, 1 asked | 1 answered (0+1), 0 refused, 0 unreachable, 0 silent: 1 | owners – of 0, – of 0; staff 4 of 1, 5 of 1 | below 5 1, low 0; solved 1, partly 0, not 0 | worked 0, back 0, at first 0: –, –";

    private const string OfMarch =
        "6 rounds: 1 not asked, 0 open, 5 asked | 4 answered (3+1), 0 refused, 0 unreachable, 1 silent: 0.8 | owners 4.33 of 3, 4.5 of 2; staff 2 of 1, 1 of 1 | below 5 2, low 1; solved 3, partly 1, not 0 | worked 6, back 0, at first 5: 0, 0.8333";

    private const string OfApril =
        "5 rounds: 0 not asked, 1 open, 4 asked | 3 answered (2+1), 0 refused, 1 unreachable, 0 silent: 0.75 | owners 2.5 of 2, 3 of 1; staff 4 of 1, 5 of 1 | below 5 3, low 1; solved 2, partly 0, not 1 | worked 3, back 1, at first 2: 0.3333, 0.6667";

    [Test]
    public async Task Altogether_by_community_crew_kind_category_and_month_the_figures_are_those_counted_by_hand()
    {
        Assert.That(await Figures(district, ""), Is.EqualTo(new Dictionary<string, string> { [""] = OfAll }));
        Assert.That(await Figures(district, "?by=community"), Is.EquivalentTo(new Dictionary<string, string> { [Here.CommunityId.ToString()] = OfHere, [There.CommunityId.ToString()] = OfThere }));
        Assert.That(
            await Figures(district, "?by=crew"),
            Is.EquivalentTo(new Dictionary<string, string> { ["engineering"] = OfEngineering, ["environment"] = OfEnvironment, ["administration"] = OfTheComplaint }),
            "where no order was done, the crew that the category names");
        Assert.That(await Figures(district, "?by=requestKind"), Is.EquivalentTo(new Dictionary<string, string>
        {
            ["complaint"] = OfTheComplaint,
            ["repair"] = "10 rounds: 1 not asked, 1 open, 8 asked | 6 answered (5+1), 0 refused, 1 unreachable, 1 silent: 0.75 | owners 3.6 of 5, 4 of 3; staff 2 of 1, 1 of 1 | below 5 4, low 2; solved 4, partly 1, not 1 | worked 9, back 1, at first 7: 0.1111, 0.7778",
        }));
        Assert.That(await Figures(district, "?by=category"), Is.EquivalentTo(new Dictionary<string, string>
        {
            [$"{Here.Category(RequestKind.Repair, "water")}"] = "4 rounds: 0 not asked, 1 open, 3 asked | 3 answered (2+1), 0 refused, 0 unreachable, 0 silent: 1 | owners 4 of 2, 4 of 1; staff 2 of 1, 1 of 1 | below 5 2, low 1; solved 2, partly 1, not 0 | worked 4, back 0, at first 4: 0, 1",
            [$"{Here.Category(RequestKind.Repair, "cleaning")}"] = "2 rounds: 1 not asked, 0 open, 1 asked | 0 answered (0+0), 0 refused, 0 unreachable, 1 silent: 0 | owners – of 0, – of 0; staff – of 0, – of 0 | below 5 0, low 0; solved 0, partly 0, not 0 | worked 2, back 0, at first 2: 0, 1",
            [$"{Here.Category(RequestKind.Complaint, "attitude")}"] = OfTheComplaint,
            [$"{There.Category(RequestKind.Repair, "water")}"] = "3 rounds: 0 not asked, 0 open, 3 asked | 3 answered (3+0), 0 refused, 0 unreachable, 0 silent: 1 | owners 3.33 of 3, 4 of 2; staff – of 0, – of 0 | below 5 2, low 1; solved 2, partly 0, not 1 | worked 2, back 1, at first 0: 0.5, 0",
            [$"{There.Category(RequestKind.Repair, "cleaning")}"] = "1 rounds: 0 not asked, 0 open, 1 asked | 0 answered (0+0), 0 refused, 1 unreachable, 0 silent: 0 | owners – of 0, – of 0; staff – of 0, – of 0 | below 5 0, low 0; solved 0, partly 0, not 0 | worked 1, back 0, at first 1: 0, 1",
        }));
        Assert.That(await Figures(district, "?by=month"), Is.EquivalentTo(new Dictionary<string, string> { ["2026-03"] = OfMarch, ["2026-04"] = OfApril }), "by the community's own day");
    }

    [Test]
    public async Task Narrowed_it_counts_what_is_left_and_nobody_reads_of_another_community()
    {
        Assert.That(await Figures(district, $"?communityId={There.CommunityId}"), Is.EqualTo(new Dictionary<string, string> { [""] = OfThere }));
        Assert.That(await Figures(district, "?crew=environment"), Is.EqualTo(new Dictionary<string, string> { [""] = OfEnvironment }));
        Assert.That(await Figures(district, "?requestKind=complaint"), Is.EqualTo(new Dictionary<string, string> { [""] = OfTheComplaint }));
        Assert.That(await Figures(district, $"?categoryId={Here.Category(RequestKind.Complaint, "attitude")}"), Is.EqualTo(new Dictionary<string, string> { [""] = OfTheComplaint }));
        Assert.That(await Figures(district, "?to=2026-03-31T16:00:00Z"), Is.EqualTo(new Dictionary<string, string> { [""] = OfMarch }));
        Assert.That(await Figures(district, "?from=2026-03-31T16:00:00Z"), Is.EqualTo(new Dictionary<string, string> { [""] = OfApril }));
        Assert.That(await Figures(district, "?from=2026-05-01T00:00:00Z"), Is.Empty);
        using var manager = await SignIn(There.Manager);
        using var clerk = await SignIn(Here.Clerk);
        Assert.That(await Figures(manager, ""), Is.EqualTo(new Dictionary<string, string> { [""] = OfThere }));
        Assert.That((await manager.GetJson($"/api/reports/satisfaction?communityId={Here.CommunityId}", HttpStatusCode.NotFound)).Code, Is.EqualTo("community.not_found"));
        Assert.That((await clerk.GetJson("/api/reports/satisfaction", HttpStatusCode.Forbidden)).Code, Is.EqualTo("role.not_allowed"));
    }

    [Test]
    public async Task The_reasons_below_five_and_what_came_back_are_the_rounds_that_the_figures_count()
    {
        async Task<string[]> Lines(string query) =>
        [
            .. (await district.GetJson("/api/reports/satisfaction/lines?" + query)).Body.GetProperty("items").EnumerateArray()
                .Select(l => $"{known.Single(k => k.Value == l.GetProperty("requestId").GetGuid()).Key}{l.GetProperty("round").GetInt32()} {l.GetProperty("author").GetString()} {l.GetProperty("satisfaction").GetRawText()} {l.GetProperty("madeItFive").GetString() ?? "–"}").Order(StringComparer.Ordinal),
        ];

        Assert.That(await Lines("which=belowFive"), Is.EqualTo(new[] { "b1 owner 3 早点来", "c1 staff 2 穿鞋套", "f1 staff 4 更客气一点", "h1 owner 1 还在漏", "h2 owner 4 –" }));
        Assert.That(await Lines("which=belowFive&by=month&key=2026-03"), Is.EqualTo(new[] { "b1 owner 3 早点来", "c1 staff 2 穿鞋套" }));
        Assert.That(await Lines("which=belowFive&by=crew&key=environment"), Is.Empty);
        Assert.That(await Lines("which=low"), Is.EqualTo(new[] { "c1 staff 2 穿鞋套", "h1 owner 1 还在漏" }));
        Assert.That(await Lines("which=cameBack"), Is.EqualTo(new[] { "h1 owner 1 还在漏" }));
        Assert.That(await Lines("which=byStaff"), Is.EqualTo(new[] { "c1 staff 2 穿鞋套", "f1 staff 4 更客气一点" }));
        Assert.That((await district.GetJson("/api/reports/satisfaction/lines?which=notAsked")).Body.GetProperty("items").EnumerateArray().Single().GetProperty("notAskedRule").GetString(), Is.EqualTo("optedOut"));
    }
}
