using Dapper;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A database of the fixture's own, a clock that stands still, and two towns; commands are sent as the people of a town.</summary>
public abstract class DeskFixture
{
    /// <summary>One hash for all: hashing is slow on purpose, and no test asserts on it.</summary>
    internal static readonly string PasswordHash = Passwords.HashOf(Town.Password);

    private ServiceProvider? services;
    private NpgsqlDataSource? pool;

    protected internal FakeClock Clock { get; } = new();

    protected internal string ConnectionString { get; private set; } = "";

    /// <summary>The owner's connection: sees everything, as the application never does.</summary>
    protected internal NpgsqlDataSource Owner { get; private set; } = null!;

    protected Town Here { get; private set; } = null!;

    /// <summary>Another community, whose staff have nothing to do with ours.</summary>
    protected Town There { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task MakeTheDatabase()
    {
        ConnectionString = await Database();
        Owner = NpgsqlDataSource.Create(ConnectionString);
        pool = DomainServices.Source(ConnectionString);
        services = Services(_ => { });
        Here = await Town.Build(this, "here");
        There = await Town.Build(this, "there");
        await Ready();
    }

    [SetUp]
    public virtual async Task CleanUp()
    {
        Clock.Set(FakeClock.Start);
        // None of its rows stays, so none of them is looked for by the foreign keys of the others.
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("""
            set local session_replication_role = replica;
            delete from escalation_recipient; delete from alarm; delete from escalation;
            delete from call_attempt; delete from follow_up; delete from feedback; delete from clock_pause; delete from clock; delete from attachment_content; delete from attachment;
            delete from inbound_message; delete from message_template; delete from message; delete from quote_line; delete from quote; delete from material; delete from hold; delete from request_work_order;
            delete from work_order; delete from fault_request; delete from fault; delete from promise; delete from voice; delete from report_pace; delete from owner_link; delete from request; delete from idempotency_key;
            delete from search_token where kind = 'request';
            """);
        await transaction.CommitAsync();
    }

    [OneTimeTearDown]
    public async Task LetGo()
    {
        if (services is not null)
        {
            await Closing();
            await services.DisposeAsync();
            await pool!.DisposeAsync();
            await Owner.DisposeAsync();
        }
    }

    /// <summary>The connection string of a migrated database.</summary>
    protected virtual async Task<string> Database() => TestDatabase.On(await TestDatabase.Copy());

    /// <summary>For what a fixture needs beside this, once.</summary>
    protected virtual Task Ready() => Task.CompletedTask;

    protected virtual Task Closing() => Task.CompletedTask;

    /// <summary>The desk with something added, for example a subscriber that fails; its connections are the fixture's.</summary>
    protected ServiceProvider Services(Action<IServiceCollection> more)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<TimeProvider>(Clock);
        collection.AddLogging();
        collection.AddServiceDesk(ConnectionString);
        collection.AddSingleton(pool!);
        more(collection);
        return collection.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true });
    }

    /// <summary>A service of the desk that needs no caller.</summary>
    protected T Service<T>()
        where T : notnull => services!.GetRequiredService<T>();

    protected internal Task<T> Send<T>(Actor actor, IRequest<T> request, Action<Caller>? asCaller = null) => Send(services!, actor, request, asCaller);

    protected static async Task<T> Send<T>(IServiceProvider services, Actor actor, IRequest<T> request, Action<Caller>? asCaller = null)
    {
        await using var scope = services.CreateAsyncScope();
        var caller = scope.ServiceProvider.GetRequiredService<Caller>();
        caller.Actor = actor;
        asCaller?.Invoke(caller);
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }

    protected internal async Task<List<T>> Rows<T>(string sql, object? args = null)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, args)).AsList();
    }

    protected internal async Task<T?> Scalar<T>(string sql, object? args = null)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, args);
    }

    /// <summary>A level that the first clock of a request reached, with nobody to tell: the escalation and the alarm.</summary>
    protected internal async Task<(Guid EscalationId, Guid AlarmId)> GivenEscalation(Guid requestId)
    {
        var (escalation, alarm) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Execute(
            """
            with k as (
                select c.community_id, c.clock_id, c.due_at from clock c where c.subject_id = @requestId and c.due_at is not null order by c.kind = 'dispatch', c.kind limit 1
            ), e as (
                insert into escalation (community_id, escalation_id, clock_id, cycle, level, cause, request_id, due_at, fired_at, tell_at)
                select k.community_id, @escalation, k.clock_id, 1, 1, 'breach', @requestId, k.due_at, @Now, @Now from k
            )
            insert into alarm (community_id, alarm_id, kind, clock_id, request_id, raised_at)
            select k.community_id, @alarm, 'nobodyToTell', k.clock_id, @requestId, @Now from k
            """,
            new { requestId, escalation, alarm, Now = Clock.GetUtcNow() });
        return (escalation, alarm);
    }

    protected internal async Task Execute(string sql, object? args = null)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, args);
    }

    /// <summary>What the server knows of its tables changes by the test's own hand only; left to itself it counts them when it likes, and plans change with it.</summary>
    protected Task StatisticsStandStill() => Execute("""
        do $$
        declare
            one regclass;
        begin
            for one in select oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace loop
                execute format('alter table %s set (autovacuum_enabled = off)', one);
            end loop;
        end
        $$
        """);

    /// <summary>Where stored clocks differ from what the log gives. Requests that another test left in the log, and not in the tables, do not count.</summary>
    protected internal async Task<string[]> ClocksThatDiffer(Town? town = null) =>
    [
        .. (await Send((town ?? Here).System, new Domain.Clocks.VerifyClocks((town ?? Here).CommunityId))).Differences
            .Where(d => d is not { Column: "row", Stored: "none" })
            .Select(d => $"{EnumWord.Of(d.Kind)} {d.Cycle} {d.Column}: {d.Stored}, not {d.Reckoned}"),
    ];

    /// <summary>The code with which the desk refuses, or a failed assertion if it does not.</summary>
    protected static async Task<string> Refusal(Func<Task> act)
    {
        var code = await Attempts.Attempt(act);
        Assert.That(code, Is.Not.EqualTo("done"), "It was not refused.");
        return code;
    }

    /// <summary>Another version of the profile, with this over what stands in a part of it.</summary>
    protected Task Profile(string part, string json) => Execute(
        """
        insert into sla_profile_version (community_id, policy_version_id, version, definition, created_at)
        select v.community_id, gen_random_uuid(), v.version + 1, jsonb_set(v.definition, @part::text[], (v.definition #> @part::text[]) || @json::jsonb), v.created_at
        from sla_profile_version v
        where v.community_id = @CommunityId
        order by v.version desc
        limit 1
        """,
        new { part, json, Here.CommunityId });

    /// <summary>Another version of the profile: who only joined a fault is asked, or is not.</summary>
    protected Task AskJoiners(bool asked) => Execute(
        """
        insert into sla_profile_version (community_id, policy_version_id, version, definition, created_at)
        select v.community_id, gen_random_uuid(), v.version + 1,
            jsonb_set(v.definition, '{policies}', (select jsonb_agg(jsonb_set(p, '{feedback,joiners}', to_jsonb(@asked))) from jsonb_array_elements(v.definition -> 'policies') p)), v.created_at
        from sla_profile_version v
        where v.community_id = @CommunityId
        order by v.version desc
        limit 1
        """,
        new { asked, Here.CommunityId });

    /// <summary>A repair by the town's customer at home, registered now.</summary>
    protected internal Task<RequestReply> GivenRequest(Town? town = null, Priority? priority = null, RequestKind kind = RequestKind.Repair, string category = "water", string text = "厨房水管漏水") =>
        GivenRequestIn(town ?? Here, priority, kind, category, text);

    private Task<RequestReply> GivenRequestIn(Town town, Priority? priority, RequestKind kind, string category, string text) =>
        Send(town.Clerk, new ReceiveRequest(town.CommunityId, kind, Channel.Phone, town.Category(kind, category), text, priority, town.Places["3-2-1502"], CustomerId: town.Customer));

    /// <summary>A request with one order of this crew, dispatched to the crew's team.</summary>
    protected internal async Task<(Guid RequestId, Guid WorkOrderId)> GivenDispatched(Crew crew = Crew.Engineering, Priority? priority = null)
    {
        var request = await GivenRequest(priority: priority);
        var dispatched = await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(crew, "看一下")]));
        return (request.RequestId, dispatched.WorkOrders[0].WorkOrderId);
    }

    /// <summary>The same, accepted by the first member and arrived at.</summary>
    protected internal async Task<(Guid RequestId, Guid WorkOrderId)> GivenWorking(Crew crew = Crew.Engineering, Priority? priority = null)
    {
        var (request, order) = await GivenDispatched(crew, priority);
        await Send(Here.Member(crew), new AcceptWork(order));
        await Send(Here.Member(crew), new ArriveOnSite(order));
        return (request, order);
    }

    /// <summary>The same, completed: the owner is asked.</summary>
    protected internal async Task<(Guid RequestId, Guid WorkOrderId)> GivenDone(Crew crew = Crew.Engineering, Priority? priority = null)
    {
        var (request, order) = await GivenWorking(crew, priority);
        await Send(Here.Member(crew), new CompleteWork(order, "换了密封圈"));
        return (request, order);
    }

    /// <summary>Work that somebody of the desk did, who sat in the team for as long as it took to be given it.</summary>
    protected Task GivenInTheHandsOf(Actor who, Guid order) => Execute(
        """
        insert into team_member (community_id, team_id, staff_id, lead, from_at) select community_id, team_id, @Id, false, @Now from work_order where work_order_id = @order;
        update work_order set assignee_id = @Id where work_order_id = @order;
        delete from team_member where staff_id = @Id and from_at = @Now;
        """,
        new { who.Id, order, Now = Clock.GetUtcNow() });

    /// <summary>A repair that the desk registered from a mail, of whoever is known by nothing but its address.</summary>
    protected internal async Task<Guid> GivenMailed(string sender = "li@example.org", Priority? priority = null, string category = "water", string place = "3-2-1502", string text = "厨房水管漏水")
    {
        var mail = await Send(Here.System, new TakeInbound(Here.CommunityId, InboundChannel.Email, $"<{Guid.CreateVersion7():N}@example.org>", sender, "报修", text, []));
        var request = (await Send(
            Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Email, Here.Category(RequestKind.Repair, category), text, priority, Here.Places[place], Reporter: new Reporter("一位业主")))).RequestId;
        await Send(Here.Clerk, new SettleInbound(mail.InboundMessageId, request));
        return request;
    }

    /// <summary>The same, done: they are asked.</summary>
    protected internal async Task<Guid> GivenMailedAndDone(Priority? priority = null)
    {
        var request = await GivenMailed(priority: priority);
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "换了密封圈"));
        return request;
    }
}
