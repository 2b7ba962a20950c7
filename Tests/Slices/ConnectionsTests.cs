using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>What a pooler between the desk and its database can count on: docs/decisions/0064.</summary>
public sealed class ConnectionsTests : DeskFixture
{
    [TestCase("Host=x", 250, 30)]
    [TestCase("Host=x;Max Auto Prepare=0", 0, 30)]
    [TestCase("Host=x;maxautoprepare=7;Command Timeout=0", 7, 0)]
    [TestCase("Host=x;CommandTimeout=45", 250, 45)]
    public async Task What_the_connection_string_says_goes_before_what_is_set_here(string said, int statements, int seconds)
    {
        await using var source = DomainServices.Source(said);

        var settings = new NpgsqlConnectionStringBuilder(source.ConnectionString);

        Assert.That((settings.MaxAutoPrepare, settings.CommandTimeout, settings.NoResetOnClose), Is.EqualTo((statements, seconds, true)));
    }

    [Test]
    public async Task Without_prepared_statements_a_session_of_the_server_keeps_nothing_of_a_transaction()
    {
        await using var desk = Pooled("Max Auto Prepare=0");

        await SeveralOf(desk);

        Assert.That(await Left(desk), Is.Empty);
    }

    [Test]
    public async Task With_them_it_keeps_those_alone()
    {
        await using var desk = Pooled("Application Name=desk");

        await SeveralOf(desk);

        Assert.That((await Left(desk)).Distinct(), Is.EqualTo(new[] { "prepared statement" }));
    }

    [TestCase("call enter_scope('', '')")]
    [TestCase("call enter_reading('', '')")]
    public async Task Nothing_is_compiled_whatever_the_server_is_set_to(string enter)
    {
        await using var session = await Owner.OpenConnectionAsync();
        await session.ExecuteAsync("set jit = on");
        await using var transaction = await session.BeginTransactionAsync();

        await session.ExecuteAsync(enter);

        Assert.That(await session.QuerySingleAsync<string>("select current_setting('jit')"), Is.EqualTo("off"));
        await transaction.RollbackAsync();
        await session.ExecuteAsync("reset jit");
    }

    /// <summary>Over one session of the server, so that whatever is left is found.</summary>
    private ServiceProvider Pooled(string more)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddLogging();
        services.AddServiceDesk($"{ConnectionString};Maximum Pool Size=1;{more}");
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true });
    }

    /// <summary>What is done, what is asked, and what is refused, more than twice each: the driver prepares what it sends again.</summary>
    private async Task SeveralOf(ServiceProvider desk)
    {
        for (var i = 0; i < 3; i++)
        {
            var request = await Send(desk, Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", CustomerId: Here.Customer));
            await Send(desk, Here.Clerk, new GetRequest(request.RequestId));
            Assert.That(await Refusal(() => Send(desk, Here.Clerk, new NoteOnRequest(Guid.CreateVersion7(), "好的", Visibility.Desk))), Is.EqualTo("request.not_found"));
        }
    }

    private static async Task<string[]> Left(ServiceProvider desk)
    {
        await using var session = await desk.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        return [.. await session.QueryAsync<string>("""
            select 'prepared statement' from pg_prepared_statements
            union all select 'cursor ' || name from pg_cursors where name <> ''
            union all select 'channel ' || c from pg_listening_channels() c
            union all select 'setting ' || name from pg_settings where source = 'session' and name not in ('transaction_read_only', 'transaction_isolation', 'transaction_deferrable')
            union all select 'lock ' || locktype from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'
            union all select 'temporary ' || relname from pg_class where relpersistence = 't' and relnamespace = pg_my_temp_schema()
            union all select 'role' where current_user <> session_user
            """)];
    }
}
