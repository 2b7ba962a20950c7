using System.Text.Json;
using Dapper;
using NUnit.Framework;
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

    /// <summary>8 KiB pages that one page of a list may touch; the whole history has some 100,000.</summary>
    private const long MostPages = 6_000;

    private static readonly string[] Large = ["request", "work_order", "request_work_order", "clock", "feedback", "customer", "contact_point", "occupancy", "search_token", "event"];

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

    private async Task Check(string sql, DynamicParameters args, long mostPages = MostPages)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"call enter_scope('{Here.CommunityId}', '{Here.Clerk.Id}')", transaction: transaction);

        var plan = await connection.ExecuteScalarAsync<string>("explain (analyze, buffers, format json) " + sql, args, transaction);

        using var json = JsonDocument.Parse(plan!);
        var root = json.RootElement[0].GetProperty("Plan");
        var scanned = Nodes(root).Where(n => n.GetProperty("Node Type").GetString() == "Seq Scan").Select(n => n.GetProperty("Relation Name").GetString()!).Intersect(Large).ToArray();
        var pages = root.GetProperty("Shared Hit Blocks").GetInt64() + root.GetProperty("Shared Read Blocks").GetInt64();
        Assert.That(scanned, Is.Empty, plan);
        Assert.That(pages, Is.LessThan(mostPages), plan);
    }

    private static IEnumerable<JsonElement> Nodes(JsonElement node) =>
        node.TryGetProperty("Plans", out var children) ? children.EnumerateArray().SelectMany(Nodes).Prepend(node) : [node];
}
