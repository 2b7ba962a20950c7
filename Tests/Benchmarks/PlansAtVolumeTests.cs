using System.Text.Json;
using Dapper;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Benchmarks;

/// <summary>
/// Every list and search, planned by the server as the application's role, under row-level security, with a million requests in the
/// tables: no plan reads a table from end to end, and what is read follows the page and the open work, not the history.
/// </summary>
[Category("Process")] // once, on one server: filling takes a while
[NonParallelizable] // and the whole machine
public sealed class PlansAtVolumeTests : DeskFixture
{
    private const int Requests = 1_000_000;
    private const int Customers = 60_000;

    /// <summary>8 KiB pages that one page of a list, or one statement of a search, may touch; the whole history has some 100,000.</summary>
    private const long MostPages = 6_000;

    private static readonly string[] Large = ["request", "work_order", "request_work_order", "clock", "feedback", "customer", "contact_point", "occupancy", "search_token", "event", "fault", "fault_request", "escalation", "alarm"];

    protected override Task Ready() => Volume.Fill(Owner, [Here.CommunityId, There.CommunityId], Customers, Requests);

    public override Task CleanUp() => Task.CompletedTask; // nothing is changed here

    private static IEnumerable<TestCaseData> RequestLists()
    {
        yield return new TestCaseData(new RequestFilter(), RequestSort.NewestFirst).SetArgDisplayNames("all, newest first");
        yield return new TestCaseData(new RequestFilter(), RequestSort.OldestFirst).SetArgDisplayNames("all, oldest first");
        yield return new TestCaseData(new RequestFilter(Open: true), RequestSort.NewestFirst).SetArgDisplayNames("open, newest first");
        yield return new TestCaseData(new RequestFilter(Open: true), RequestSort.DueFirst).SetArgDisplayNames("open, due first");
        yield return new TestCaseData(new RequestFilter(Status: [RequestStatus.Received]), RequestSort.OldestFirst).SetArgDisplayNames("received, oldest first");
        yield return new TestCaseData(new RequestFilter(Kind: RequestKind.Repair), RequestSort.NewestFirst).SetArgDisplayNames("repairs");
        yield return new TestCaseData(new RequestFilter(Late: true), RequestSort.NewestFirst).SetArgDisplayNames("late");
        yield return new TestCaseData(new RequestFilter(Open: true, Late: true), RequestSort.DueFirst).SetArgDisplayNames("open and late, due first");
    }

    [TestCaseSource(nameof(RequestLists))]
    public async Task Lists_of_requests(RequestFilter filter, RequestSort sort) =>
        await Check(Domain.Requests.RequestSql.List(filter with { CommunityId = Here.CommunityId }, sort), Arguments(filter));

    [Test]
    public async Task Lists_of_one_customers_requests() =>
        await Check(
            Domain.Requests.RequestSql.List(new RequestFilter(CustomerId: Guid.Empty), RequestSort.NewestFirst),
            Arguments(new RequestFilter(CustomerId: await Scalar<Guid>("select customer_id from request where community_id = @CommunityId limit 1", new { Here.CommunityId }))));

    [Test]
    public async Task Lists_of_one_category() =>
        await Check(
            Domain.Requests.RequestSql.List(new RequestFilter(CategoryId: Guid.Empty), RequestSort.NewestFirst),
            Arguments(new RequestFilter(CategoryId: Here.Category(RequestKind.Repair, "water"))));

    [Test]
    public async Task The_crews_queue_by_due_time() => await Check(
        Domain.WorkOrders.WorkOrderSql.List(new WorkOrderFilter(Open: true, MyTeams: true), WorkOrderSort.DueFirst),
        Arguments(new RequestFilter()),
        100_000); // all of a team's open orders are looked at: 2,500 here, which is ten times what a team has

    [Test]
    public async Task The_centres_unassigned_orders() => await Check(
        Domain.WorkOrders.WorkOrderSql.List(new WorkOrderFilter(Open: true, Status: [WorkOrderStatus.Unassigned]), WorkOrderSort.NewestFirst), Arguments(new RequestFilter()));

    [Test]
    public async Task All_orders_newest_first() => await Check(Domain.WorkOrders.WorkOrderSql.List(new WorkOrderFilter(), WorkOrderSort.NewestFirst), Arguments(new RequestFilter()));

    [Test]
    public async Task The_search() => await Check(
        Search.Handler.Ids,
        new
        {
            Communities = new[] { Here.CommunityId },
            Drivers = new[] { "p:" + Volume.PhoneOf(17)[^4..], "n:" + Volume.NameOf(16)[..1], "i:w" },
            Others = new[] { "", "n:" + Volume.NameOf(16)[..2], "" },
            Homes = new[] { "h:9-17" },
            Numbers = new[] { "r:900000000017" },
            Enough = 21,
        });

    [Test]
    public async Task What_the_search_found()
    {
        var customers = (await Rows<Guid>("select customer_id from customer where community_id = @CommunityId order by 1 limit 21", new { Here.CommunityId })).ToArray();
        var requests = (await Rows<Guid>("select request_id from request where community_id = @CommunityId order by 1 limit 21", new { Here.CommunityId })).ToArray();

        // A home of this town stands for thousands of requests; its open ones are counted.
        await Check(
            Search.Handler.Details,
            new { Communities = new[] { Here.CommunityId }, CustomerIds = customers, PlaceIds = new[] { Here.Places["3-2-1501"] }, RequestIds = requests, Number = 910_000_000_001L, Enough = 21 });
    }

    [Test]
    public async Task The_customers_card() => await Check(
        GetCard.Handler.Read,
        new
        {
            CustomerId = await Scalar<Guid>("select customer_id from request where community_id = @CommunityId and status = 'inProgress' limit 1", new { Here.CommunityId }),
            Now = Volume.Until.UtcDateTime,
            Since = Volume.Until.AddDays(-90).UtcDateTime,
        });

    [Test]
    public async Task The_call_backs() => await Check(
        ListCallBacks.Handler.Read,
        new { Communities = new[] { Here.CommunityId }, State = "asked", Ready = false, Now = Clock.GetUtcNow().UtcDateTime, Me = Here.Clerk.Id, After = false, AfterAt = (DateTime?)null, AfterId = Guid.Empty, Take = 51 });

    [TestCase(null)]
    [TestCase("open")]
    public async Task Lists_of_faults(string? status) => await Check(
        ListFaults.Handler.Read,
        new { Communities = new[] { Here.CommunityId }, Status = status, BuildingId = (Guid?)null, AssetId = (Guid?)null, After = false, AfterAt = (DateTime?)null, AfterId = Guid.Empty, Take = 51 });

    [Test]
    public async Task What_a_call_may_be_about() => await Check(
        FindSimilar.Handler.Read,
        new
        {
            Here.CommunityId,
            CategoryId = Here.Category(RequestKind.Repair, "water"),
            PlaceId = Here.Places["3-2-1501"],
            BuildingId = (Guid?)Here.Places["3"],
            AssetId = (Guid?)null,
            Since = Volume.Until.AddDays(-1).UtcDateTime,
        });

    [Test]
    public async Task The_timeline() => await Check(
        GetTimeline.Handler.Read,
        new { Here.CommunityId, RequestId = await Scalar<Guid>("select request_id from fault_request where community_id = @CommunityId limit 1", new { Here.CommunityId }), After = 0L, Take = 201 });

    [TestCase(false, null, TestName = "All escalations")]
    [TestCase(true, null, TestName = "Open escalations")]
    [TestCase(true, "engineering", TestName = "Open escalations of a crew")]
    [TestCase(true, null, true, TestName = "Open ladders")]
    public async Task Lists_of_escalations(bool open, string? crew, bool heads = false)
    {
        var args = Arguments(new RequestFilter());
        foreach (var (name, value) in new (string, object?)[]
        {
            ("OnlyMineIn", Array.Empty<Guid>()), ("Crew", crew), ("Levels", null), ("States", open ? new[] { "open", "acknowledged" } : null), ("OpenOnly", open), ("Kind", null), ("CategoryId", null),
            ("RequestId", null), ("Acknowledged", null), ("From", null), ("To", null), ("Mine", false), ("Me", Here.Clerk.Id), ("Heads", heads),
        })
        {
            args.Add(name, value);
        }

        await Check(EscalationSql.Find, args);
    }

    [Test]
    public async Task Who_was_told_of_escalations()
    {
        var ids = (await Rows<Guid>("select escalation_id from escalation where community_id = @CommunityId order by 1 limit 50", new { Here.CommunityId })).ToArray();
        var args = new { Communities = new[] { Here.CommunityId }, Ids = ids, Desks = new[] { Here.CommunityId }, Now = Volume.Until.UtcDateTime };

        await Check(EscalationLines.Recipients, args);
        await Check(EscalationLines.Read, args);
    }

    [Test]
    public async Task Open_alarms() => await Check(ListAlarms.Handler.Read, new { Communities = new[] { Here.CommunityId }, After = false, AfterAt = (DateTime?)null, AfterId = Guid.Empty, Take = 51 });

    /// <summary>A month of reports: some 43,000 clocks of this town, and 6,000 escalations. What is read follows the month, not the history of a year.</summary>
    private const long MostPagesOfAMonth = 450_000;

    private DynamicParameters OfAMonth(string by)
    {
        var args = Arguments(new RequestFilter());
        foreach (var (name, value) in new (string, object?)[]
        {
            ("By", by), ("From", Volume.Until.AddDays(-60).UtcDateTime), ("To", Volume.Until.AddDays(-30).UtcDateTime), ("Kind", null), ("Crew", null), ("RequestKind", null), ("CategoryId", null),
            ("Key", null), ("Outcomes", null), ("Met", false), ("Annotated", false), ("Every", "week"),
        })
        {
            args.Add(name, value);
        }

        return args;
    }

    [TestCase("crew")]
    [TestCase("category")]
    [TestCase("month")]
    public async Task The_report_of_clocks(string by) => await Check(ReportClocks.Handler.Read, OfAMonth(by), MostPagesOfAMonth);

    [Test]
    public async Task The_rows_of_a_figure_of_that_report() => await Check(ListReportedClocks.Handler.Read, OfAMonth("all"), MostPagesOfAMonth);

    [TestCase("crew")]
    [TestCase("month")]
    public async Task The_report_of_escalations(string by) => await Check(ReportEscalations.Handler.Read, OfAMonth(by), MostPagesOfAMonth);

    [TestCase("category")]
    [TestCase("channel")]
    public async Task The_trend_of_demand(string by) => await Check(ReportDemand.Handler.Read, OfAMonth(by), MostPagesOfAMonth);

    private DynamicParameters Arguments(RequestFilter filter)
    {
        var args = new DynamicParameters();
        args.Add("Communities", new[] { Here.CommunityId });
        args.Add("Now", Volume.Until.UtcDateTime);
        args.Add("Status", filter.Status is null ? ["unassigned"] : Domain.Plumbing.EnumWord.All(filter.Status));
        args.Add("Kind", "repair");
        args.Add("CategoryId", filter.CategoryId);
        args.Add("CustomerId", filter.CustomerId);
        args.Add("Teams", new[] { Here.Teams[Crew.Engineering] });
        args.Add("After", false);
        args.Add("AfterAt", (DateTime?)null);
        args.Add("AfterId", Guid.Empty);
        args.Add("Take", 51);
        return args;
    }

    /// <summary>Each statement of it, on its own.</summary>
    private async Task Check(string sql, object args, long mostPages = MostPages)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"call enter_scope('{Here.CommunityId}', '{Here.Clerk.Id}')", transaction: transaction);

        foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var plan = await connection.ExecuteScalarAsync<string>("explain (analyze, buffers, format json) " + statement, args, transaction);

            using var json = JsonDocument.Parse(plan!);
            var root = json.RootElement[0].GetProperty("Plan");
            var scanned = Nodes(root).Where(n => n.GetProperty("Node Type").GetString() == "Seq Scan").Select(n => n.GetProperty("Relation Name").GetString()!).Intersect(Large).ToArray();
            var pages = root.GetProperty("Shared Hit Blocks").GetInt64() + root.GetProperty("Shared Read Blocks").GetInt64();
            Assert.That(scanned, Is.Empty, plan);
            Assert.That(pages, Is.LessThan(mostPages), plan);
        }
    }

    private static IEnumerable<JsonElement> Nodes(JsonElement node) =>
        node.TryGetProperty("Plans", out var children) ? children.EnumerateArray().SelectMany(Nodes).Prepend(node) : [node];
}
