using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Architecture;

public sealed class MigrationTests
{
    [Test]
    public async Task Of_processes_that_start_together_one_applies_each_file_and_the_others_wait()
    {
        var database = TestDatabase.On(await TestDatabase.Empty()) + ";Pooling=false";

        var applied = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Migrations.Apply(database, TimeProvider.System, CancellationToken.None)));

        Assert.That(applied.SelectMany(a => a), Is.EqualTo(Migrations.Files().Select(f => f.Name)));
    }

    [Test]
    public async Task A_file_that_was_edited_after_it_was_applied_is_refused()
    {
        var database = TestDatabase.On(await TestDatabase.Copy()) + ";Pooling=false";
        await Run(database, "update applied_migration set sha256 = 'of another text'");

        Assert.ThrowsAsync<MigrationRefused>(() => Migrations.Apply(database, TimeProvider.System, CancellationToken.None));
    }

    [Test]
    public async Task A_database_that_is_ahead_of_the_program_is_refused()
    {
        var database = TestDatabase.On(await TestDatabase.Copy()) + ";Pooling=false";
        await Run(database, "insert into applied_migration (name, sha256, applied_at) values ('9999_from_the_future.sql', '', '2030-01-01')");

        Assert.ThrowsAsync<MigrationRefused>(() => Migrations.Apply(database, TimeProvider.System, CancellationToken.None));
    }

    private static async Task Run(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
