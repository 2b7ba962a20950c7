using Dapper;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Walls;

/// <summary>Row-level security alone: what the database does when the application's own check is gone.</summary>
public sealed class SecondWallTests : DeskFixture
{
    /// <summary>The transaction as the pipeline opens it, but its scope is Here alone, whatever the caller claims: the application lets through what it should not.</summary>
    private sealed class ScopeOfHere<TRequest, TResult>(Db db, EventLog log, Only only) : IPipelineBehavior<TRequest, TResult>
        where TRequest : notnull
    {
        public Task<TResult> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResult> next) =>
            db.InTransaction(
                reading: request is not ICommand<TResult>,
                [only.CommunityId],
                async () =>
                {
                    var result = await next();
                    await log.Flush(db, null, null, cancellationToken);
                    return result;
                },
                cancellationToken);
    }

    private sealed record Only(Guid CommunityId);

    private ServiceProvider WithoutTheFirstWall() => Services(services =>
    {
        var pipeline = services.Where(s => s.ServiceType == typeof(IPipelineBehavior<,>) && s.ImplementationType == typeof(InTransaction<,>)).ToArray();
        Assert.That(pipeline, Has.Length.EqualTo(1));
        services.Remove(pipeline[0]);
        services.AddSingleton(new Only(Here.CommunityId));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(ScopeOfHere<,>));
    });

    /// <summary>Somebody whom the application believes to be everything in both communities.</summary>
    private Actor Claims => Here.Clerk with
    {
        Roles = [.. from role in Enum.GetValues<Roles>() where int.PopCount((int)role) == 1 from community in new[] { Here.CommunityId, There.CommunityId } select new RoleIn(community, role)],
        Seats = [new Seat(There.CommunityId, There.Teams[Crew.Engineering], Crew.Engineering, true)],
    };

    [Test]
    public async Task Reading_finds_nothing_of_a_community_that_was_not_entered()
    {
        var request = (await GivenRequest(There)).RequestId;
        var order = (await Send(There.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        await using var desk = WithoutTheFirstWall();

        Assert.That(await Refusal(() => Send(desk, Claims, new GetRequest(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(desk, Claims, new GetTimeline(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(desk, Claims, new GetWorkOrder(order))), Is.EqualTo("work_order.not_found"));
        Assert.That(await Refusal(() => Send(desk, Claims, new GetCard(There.Customer))), Is.EqualTo("customer.not_found"));
        Assert.That((await Send(desk, Claims, new ListRequests(new RequestFilter(There.CommunityId)))).Items, Is.Empty);
        Assert.That((await Send(desk, Claims, new CountRequests(new RequestFilter(There.CommunityId)))).Sum(c => c.Requests), Is.Zero);
        Assert.That((await Send(desk, Claims, new Search("王小明", CommunityId: There.CommunityId))).Customers, Is.Empty);
        Assert.That((await Send(desk, Claims, new Search("3-2-1502", CommunityId: There.CommunityId))).Places, Is.Empty);
    }

    [Test]
    public async Task Writing_changes_nothing_in_a_community_that_was_not_entered()
    {
        var request = (await GivenRequest(There)).RequestId;
        var order = (await Send(There.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        var before = await Everything(There.CommunityId);
        await using var desk = WithoutTheFirstWall();
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: false, CancellationToken.None);

        foreach (var act in new (string, Func<Task>)[]
        {
            ("request.not_found", () => Send(desk, Claims, new NoteOnRequest(request, "x", Visibility.Desk))),
            ("request.not_found", () => Send(desk, Claims, new AnswerRequest(request, AnswerKind.Answered, "x"))),
            ("work_order.not_found", () => Send(desk, Claims, new AcceptWork(order))),
            ("customer.not_found", () => Send(desk, Claims, new AmendCustomer(There.Customer, "x", "en", PreferredChannel.App, null, 1))),
            ("customer.not_found", () => Send(desk, Claims, new EraseCustomer(There.Customer, ErasureReason.Requested, true))),
            ("community.not_found", () => Send(desk, Claims, new ReceiveRequest(There.CommunityId, RequestKind.Repair, Channel.Phone, There.Category(RequestKind.Repair, "water"), "x", CustomerId: There.Customer))),
            ("request.not_found", () => Send(desk, Claims, new AttachToRequest(request, new FileLabel(PhotoPurpose.Before, Visibility.Crew, "x"), "", upload))),
        })
        {
            Assert.That(await Refusal(act.Item2), Is.EqualTo(act.Item1));
        }

        Assert.That(await Everything(There.CommunityId), Is.EqualTo(before));
    }

    /// <summary>Table by table, without any of the application's code: rows of another community are not read, changed, deleted, made, or moved there.</summary>
    [Test]
    public async Task No_table_lets_a_row_of_another_community_be_read_changed_deleted_made_or_moved()
    {
        var request = (await GivenRequest(There)).RequestId;
        await Send(There.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")]));
        await GivenDispatched();
        var tables = await Rows<string>("""
            select c.relname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'community_id'
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            order by 1
            """);
        var wrong = new List<string>();
        foreach (var table in tables)
        {
            var theirs = await Scalar<string>($"select to_json(t)::text from {table} t where community_id = @CommunityId limit 1", new { There.CommunityId });
            await Expect(wrong, table, "read", $"select count(*) from {table} where community_id = @There", new { There = There.CommunityId }, 0, counts: true);
            await Expect(wrong, table, "changed", $"update {table} set community_id = community_id where community_id = @There", new { There = There.CommunityId }, 0);
            await Expect(wrong, table, "deleted", $"delete from {table} where community_id = @There", new { There = There.CommunityId }, 0);
            await Expect(wrong, table, "moved", $"update {table} set community_id = @There where community_id = @Here", new { There = There.CommunityId, Here = Here.CommunityId }, 0);
            if (theirs is not null)
            {
                await Expect(wrong, table, "made", $"insert into {table} select * from json_populate_record(null::{table}, @theirs::json)", new { theirs }, -1);
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(tables, Has.Count.GreaterThan(30));
    }

    /// <summary>The same of every table, whether the test above makes a row in it or not: one policy lets in, for all that is done, and it says the scope and nothing else.</summary>
    [Test]
    public async Task Every_table_of_a_community_has_the_policy_of_the_scope_and_no_other_that_lets_in()
    {
        const string Scope = "(community_id = ANY (( SELECT scope_communities() AS scope_communities)::uuid[]))";
        var others = await Rows<string>(
            """
            select c.relname || ': ' || coalesce(string_agg(concat_ws(' | ', p.polname, p.polcmd, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)), ' and '), 'no policy')
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'community_id' and not a.attisdropped
            left join pg_policy p on p.polrelid = c.oid and p.polpermissive
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            group by c.relname
            having count(p) <> 1
                or not bool_and(p.polcmd = '*' and p.polroles::regrole[]::text = '{desk_app}'
                    and pg_get_expr(p.polqual, p.polrelid) in (@Scope, '(' || @Scope || ' IS TRUE)') and pg_get_expr(p.polwithcheck, p.polrelid) = @Scope)
            order by 1
            """,
            new { Scope });

        Assert.That(others, Is.Empty);
    }

    [Test]
    public async Task A_foreign_key_does_not_reach_into_another_community()
    {
        var order = (await GivenDispatched()).WorkOrderId;
        var theirs = (await GivenRequest(There)).RequestId;

        var refused = Assert.ThrowsAsync<PostgresException>(() => AsApplication(
            [Here.CommunityId],
            "insert into request_work_order (community_id, request_id, work_order_id, joined_at) values (@CommunityId, @theirs, @order, @At)",
            new { Here.CommunityId, theirs, order, At = Clock.GetUtcNow().UtcDateTime }));

        Assert.That(refused!.SqlState, Is.EqualTo("23503"));
    }

    /// <summary>Two connections, many callers of two communities and of none, some of whom fail in the middle: each sees their own and nothing else.</summary>
    [Test]
    public async Task A_pooled_connection_never_carries_one_callers_scope_to_the_next()
    {
        var mine = new Dictionary<Guid, HashSet<Guid>> { [Here.CommunityId] = [], [There.CommunityId] = [] };
        foreach (var town in new[] { Here, There })
        {
            for (var i = 0; i < 5; i++)
            {
                mine[town.CommunityId].Add((await GivenRequest(town)).RequestId);
            }
        }

        var pooled = new NpgsqlConnectionStringBuilder(ConnectionString) { MinPoolSize = 2, MaxPoolSize = 2, Timeout = 120, ApplicationName = "hammer" }.ConnectionString;
        await using var source = DomainServices.Source(pooled);
        await using var desk = Services(services => services.AddSingleton(source));
        var backends = new System.Collections.Concurrent.ConcurrentDictionary<int, int>();

        await Parallel.ForEachAsync(Enumerable.Range(0, 600), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var town = i % 2 == 0 ? Here : There;
            switch (i % 5)
            {
                case 0 or 1:
                    var listed = (await Send(desk, town.Clerk, new ListRequests(new RequestFilter()))).Items.Select(r => r.RequestId).ToHashSet();
                    Assert.That(listed.SetEquals(mine[town.CommunityId]), Is.True, "a list of somebody else's");
                    break;
                case 2:
                    await Send(desk, town.Clerk, new NoteOnRequest(mine[town.CommunityId].First(), "x", Visibility.Desk));
                    break;
                case 3:
                    var other = i % 2 == 0 ? There : Here; // refused after the scope was entered; the transaction is rolled back
                    Assert.That(await Refusal(() => Send(desk, town.Clerk, new NoteOnRequest(mine[other.CommunityId].First(), "x", Visibility.Desk))), Is.EqualTo("request.not_found"));
                    break;
                default:
                    await using (var connection = await source.OpenConnectionAsync(CancellationToken.None))
                    {
                        // Nobody entered anything: nothing of the one before is left, and as the application's role nothing is seen.
                        var left = await connection.QuerySingleAsync<(int Pid, string User, string? Communities, string? Actor, string? Hidden)>(
                            "select pg_backend_pid(), current_user::text, current_setting('desk.communities', true), current_setting('desk.actor', true), current_setting('desk.hidden', true)");
                        Assert.That((left.User == "desk_app", string.IsNullOrEmpty(left.Communities), string.IsNullOrEmpty(left.Actor), string.IsNullOrEmpty(left.Hidden)), Is.EqualTo((false, true, true, true)));
                        backends.AddOrUpdate(left.Pid, 1, (_, n) => n + 1);
                        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                        Assert.That(await connection.QuerySingleAsync<long>("set local role desk_app; select count(*) from request", transaction: transaction), Is.Zero);
                    }

                    break;
            }
        });

        Assert.That(backends, Has.Count.LessThanOrEqualTo(2), "two connections, and no more");
    }

    private async Task Expect(List<string> wrong, string table, string what, string sql, object args, int expected, bool counts = false)
    {
        try
        {
            var done = await AsApplication([Here.CommunityId], sql, args, counts);
            if (expected < 0 || done != expected)
            {
                wrong.Add($"{table}: a row was {what} ({done})");
            }
        }
        catch (PostgresException e) when (e.SqlState is "42501")
        {
            // no right, or row-level security: both refuse
        }
    }

    private async Task<long> AsApplication(Guid[] communities, string sql, object args, bool counts = false)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("call enter_scope(@Communities, @Actor)", new { Communities = string.Join(',', communities), Actor = Here.Clerk.Id.ToString() }, transaction);
        return counts ? await connection.QuerySingleAsync<long>(sql, args, transaction) : await connection.ExecuteAsync(sql, args, transaction);
    }

    private async Task<string> Everything(Guid communityId) => string.Join('\n', await Rows<string>(
        """
        select c.relname || ' ' || query_to_xml(format('select count(*), md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from %I t where community_id = %L', c.relname, @communityId::text), false, true, '')::text
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'community_id'
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        order by c.relname
        """,
        new { communityId }));
}
