using Dapper;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Customers;

/// <summary>Plans of the search and the card as the application's role under row-level security, on tables that are large enough for a choice.</summary>
public sealed class SearchPlanTests : DeskFixture
{
    private const int Customers = 20_000;

    private static readonly string[] Large = ["search_token", "customer", "request", "contact_point", "occupancy", "place", "feedback", "promise", "request_work_order", "work_order", "fault"];

    public override Task CleanUp() => Task.CompletedTask; // nothing is written here

    protected override async Task Ready()
    {
        await StatisticsStandStill();
        await Fill();
    }

    private Task Fill() => Execute(
        """
        set synchronous_commit = off;

        insert into place (community_id, place_id, parent_id, kind, code, full_code, name, building_id)
        select @CommunityId, md5('place' || n)::uuid, @Building, 'home', n::text, '9-' || n, n::text, @Building from generate_series(1, @Customers) n;

        insert into customer (community_id, customer_id, name, created_at)
        select @CommunityId, md5('customer' || n)::uuid, '王' || n, @Now from generate_series(1, @Customers) n;

        insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised)
        select @CommunityId, md5('contact' || n)::uuid, md5('customer' || n)::uuid, 'phone', n::text, (13800000000 + n)::text from generate_series(1, @Customers) n;

        insert into occupancy (community_id, occupancy_id, customer_id, place_id, role, from_on)
        select @CommunityId, md5('occupancy' || n)::uuid, md5('customer' || n)::uuid, md5('place' || n)::uuid, 'owner', date '2020-01-01' from generate_series(1, @Customers) n;

        -- Ten tokens each: a surname that everybody bears, a part of a name that a hundredth bears, and what is nearly one's own.
        insert into search_token (community_id, token, kind, id)
        select @CommunityId, t.token, 'customer', md5('customer' || n)::uuid
        from generate_series(1, @Customers) n
        cross join lateral (values ('n:王'), ('n:王' || n % 100), ('i:w' || n % 26), ('p:' || lpad((n % 10000)::text, 4, '0')), ('p:' || 13800000000 + n), ('h:9-' || n), ('h:9-'), ('h:' || n), ('p:13800'), ('p:38000')) t (token);

        insert into search_token (community_id, token, kind, id)
        select @CommunityId, 'h:9-' || n, 'place', md5('place' || n)::uuid from generate_series(1, @Customers) n;

        insert into request (community_id, request_id, number, kind, channel, status, outcome, category_id, priority, description, place_id, building_id, customer_id, reported_at, registered_at, registered_by, closed_at)
        select @CommunityId, md5('request' || n)::uuid, n, 'repair', 'phone', case when n % 100 = 0 then 'received' else 'closed' end, case when n % 100 = 0 then null else 'resolved' end, @Category, 'normal', 'x',
            md5('place' || n % @Customers + 1)::uuid, @Building, md5('customer' || n % @Customers + 1)::uuid, @Now - n * interval '1 minute', @Now, @By, case when n % 100 = 0 then null else @Now end
        from generate_series(1, 3 * @Customers) n;

        insert into search_token (community_id, token, kind, id)
        select @CommunityId, 'r:' || n, 'request', md5('request' || n)::uuid from generate_series(1, 3 * @Customers) n;

        insert into promise (community_id, promise_id, request_id, text, due_at, made_by, made_at)
        select @CommunityId, md5('promise' || n)::uuid, md5('request' || n)::uuid, 'x', @Now, @By, @Now from generate_series(1, @Customers) n;

        insert into feedback (community_id, feedback_id, request_id, round, state, started_at, ended_at, solved, satisfaction, author_kind)
        select @CommunityId, md5('feedback' || n)::uuid, md5('request' || n)::uuid, 1, 'answered', @Now, @Now, 'yes', 5, 'owner' from generate_series(1, @Customers) n;

        insert into work_order (community_id, work_order_id, number, crew, status, priority, category_id, what_to_do, created_at, done_at, team_id)
        select @CommunityId, md5('order' || n)::uuid, 1000000 + n, 'engineering', 'done', 'normal', @Category, 'x', @Now, @Now, @Team from generate_series(1, @Customers) n;

        insert into request_work_order (community_id, request_id, work_order_id, joined_at)
        select @CommunityId, md5('request' || n)::uuid, md5('order' || n)::uuid, @Now from generate_series(1, @Customers) n;

        insert into fault (community_id, fault_id, number, status, title, category_id, place_id, building_id, opened_at, opened_by, ended_at)
        select @CommunityId, md5('fault' || n)::uuid, 2000000 + n, 'ended', 'x', @Category, @Building, @Building, @Now, @By, @Now from generate_series(1, 5000) n;

        analyze;
        """,
        new
        {
            Customers,
            Here.CommunityId,
            Building = Here.Places["3"],
            Category = Here.Categories.Values.First(),
            Team = Here.Teams.Values.First(),
            By = Here.Clerk.Id,
            Now = FakeClock.Start.UtcDateTime,
        });

    [Test]
    public async Task The_search_walks_along_indexes_only()
    {
        await Execute("vacuum search_token");

        var plans = await Plans(Search.Handler.Ids, new
        {
            Communities = new[] { Here.CommunityId },
            Drivers = new[] { "p:13800", "n:王" },
            Others = new[] { "n:王\nn:王7", "" },
            Homes = new[] { "h:9-17" },
            RequestDrivers = new[] { "r:17", "p:13800", "p:3800" },
            RequestOthers = new[] { "", "", "p:8000\np:0000" },
            Enough = 21,
        });

        Assert.That(plans, Has.Count.EqualTo(3));
        Assert.That(plans, Is.All.Match("Index Only Scan (Backward )?using search_token_pkey"));
        Assert.That(SequentialScans(plans), Is.Empty);
    }

    [Test]
    public async Task What_the_search_found_is_read_by_indexes_only()
    {
        var some = await Rows<Guid>("select customer_id from customer where name like '王1_' order by 1");

        var plans = await Plans(Search.Handler.Details, new
        {
            Communities = new[] { Here.CommunityId },
            CustomerIds = some.ToArray(),
            PlaceIds = (await Rows<Guid>("select place_id from place where code in ('17', '18')")).ToArray(),
            RequestIds = (await Rows<Guid>("select request_id from request where number < 4")).ToArray(),
            Number = 1_000_017L,
            Enough = 21,
        });

        Assert.That(plans, Has.Count.EqualTo(7));
        Assert.That(SequentialScans(plans), Is.Empty);
    }

    [Test]
    public async Task The_card_is_read_by_indexes_only()
    {
        var plans = await Plans(GetCard.Handler.Read, new
        {
            CustomerId = await Scalar<Guid>("select customer_id from customer where name = '王17'"),
            Now = FakeClock.Start.UtcDateTime,
            Since = FakeClock.Start.AddDays(-90).UtcDateTime,
        });

        Assert.That(plans, Has.Count.EqualTo(10));
        Assert.That(SequentialScans(plans), Is.Empty);
    }

    [Test]
    public async Task A_customer_and_their_past_occupancies_are_read_by_indexes_only()
    {
        var plans = await Plans(GetCustomer.Handler.Read, new { CustomerId = await Scalar<Guid>("select customer_id from customer where name = '王17'") });

        Assert.That(SequentialScans(plans), Is.Empty);
    }

    [Test]
    public async Task What_half_of_the_town_bears_is_found_without_reading_half_of_the_town()
    {
        await Execute("vacuum search_token");

        var plan = (await Plans(
            Search.Handler.Ids, new { Communities = new[] { Here.CommunityId }, Drivers = new[] { "n:王" }, Others = new[] { "" }, Homes = Array.Empty<string>(), RequestDrivers = Array.Empty<string>(), RequestOthers = Array.Empty<string>(), Enough = 21 }, "analyze, timing off, "))[0];

        Assert.That(plan, Does.Match(@"Index Only Scan using search_token_pkey.*actual rows=21(\.00)? "));
    }

    [Test]
    public async Task The_trend_of_demand_walks_the_requests_of_its_period()
    {
        var plan = (await Plans(
            Domain.Reports.ReportDemand.Handler.Read,
            new { Communities = new[] { Here.CommunityId }, By = "category", Every = "week", From = FakeClock.Start.AddDays(-3).UtcDateTime, To = FakeClock.Start.UtcDateTime, RequestKind = (string?)null, CategoryId = (Guid?)null })).Single();

        Assert.That(plan, Does.Contain("request_by_time"));
        Assert.That(SequentialScans([plan]), Is.Empty);
    }

    private static IEnumerable<string> SequentialScans(IEnumerable<string> plans) => plans.Where(p => Large.Any(t => p.Contains($"Seq Scan on {t} ", StringComparison.Ordinal)));

    /// <summary>Each statement's plan, as somebody of this community.</summary>
    private async Task<List<string>> Plans(string sql, object args, string how = "")
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("call enter_scope(@Communities, @Actor)", new { Communities = Here.CommunityId.ToString(), Actor = Here.Clerk.Id.ToString() }, transaction);
        var plans = new List<string>();
        foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            plans.Add(string.Join('\n', await connection.QueryAsync<string>($"explain ({how}costs off, verbose off) {statement}", args, transaction)));
        }

        return plans;
    }
}
