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

    [Test]
    [Category("Process")]
    public async Task The_program_migrates_an_empty_database_and_has_nothing_to_do_the_second_time_and_serves_nobody()
    {
        var database = TestDatabase.On(await TestDatabase.Empty());
        async Task<string[]> Migrate()
        {
            await using var program = RealProcess.Start("Api", database, ["migrate"]);
            await program.Ended(TimeSpan.FromMinutes(2));
            Assert.That(program.ExitCode, Is.Zero, program.Said);
            return program.Said.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        }

        var first = await Migrate();
        var second = await Migrate();

        Assert.That(first, Is.EqualTo(Migrations.Files().Select(f => "applied " + f.Name).Append("The database is up to date.")), "and nothing of a host that listens");
        Assert.That(second, Is.EqualTo(new[] { "The database is up to date." }));
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("select (select count(*) from staff) + (select count(*) from community)");
        Assert.That(await command.ExecuteScalarAsync(), Is.Zero, "nobody and nothing is made by it");
    }

    [Test]
    [Category("Process")]
    public async Task The_program_says_in_a_sentence_why_it_cannot_migrate()
    {
        await using var program = RealProcess.Start("Api", "Host=127.0.0.1;Port=1;Username=desk;Password=a-secret", ["migrate"]);
        await program.Ended(TimeSpan.FromMinutes(2));

        Assert.That(program.ExitCode, Is.EqualTo(1));
        Assert.That(program.Said.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1), program.Said);
        Assert.That(program.Said, Does.StartWith("The database cannot be used: ").And.Not.Contain("a-secret"));
    }

    private static async Task Run(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
