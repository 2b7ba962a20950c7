using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>As deploy/roles.sql sets it up: an owner that is no superuser migrates; the application signs in as a role that is a member of desk_app and nothing else.</summary>
public sealed class ProductionRolesTests
{
    [Test]
    public async Task An_owner_that_is_no_superuser_migrates_and_a_login_that_owns_nothing_works()
    {
        var name = await TestDatabase.Empty();
        var (owner, login) = ($"owner_{name}", $"login_{name}");
        await using var server = NpgsqlDataSource.Create(TestDatabase.On(name));
        await Run(server, $"""
            do $$ begin create role desk_app nologin; exception when duplicate_object or unique_violation then null; end $$;
            create role {owner} login password 'a';
            create role {login} login password 'b';
            grant desk_app to {owner} with admin option;
            grant desk_app to {login};
            alter database {name} owner to {owner};
            alter schema public owner to {owner};
            """);
        try
        {
            var asOwner = new NpgsqlConnectionStringBuilder(TestDatabase.On(name)) { Username = owner, Password = "a", Pooling = false }.ConnectionString;
            var asLogin = new NpgsqlConnectionStringBuilder(TestDatabase.On(name)) { Username = login, Password = "b" }.ConnectionString;

            await Migrations.Apply(asOwner, TimeProvider.System, CancellationToken.None);

            await using var source = NpgsqlDataSource.Create(asLogin);
            Assert.That(await new Sessions(source, TimeProvider.System).ForSignIn("nobody", CancellationToken.None), Is.Null);
            Assert.ThrowsAsync<PostgresException>(() => Run(source, "select * from staff_credential"));
            Assert.ThrowsAsync<PostgresException>(() => Run(source, "alter table request disable row level security"));
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await Run(server, $"reassign owned by {owner} to current_user; drop owned by {owner}; drop owned by {login}; drop role {owner}; drop role {login}");
        }
    }

    private static async Task Run(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
