using Microsoft.Extensions.Configuration;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Api.Tools;
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

    /// <summary>A month of demo data, or a migration of a large database, takes longer than a statement may.</summary>
    [Test]
    public async Task Whoever_comes_second_waits_longer_than_a_statement_may_take()
    {
        var database = TestDatabase.On(await TestDatabase.Copy());
        await using var source = NpgsqlDataSource.Create(database);
        await Run(database, "select register_staff(gen_random_uuid(), 'clerk', 'Somebody', 'en', null, 'a hash', false, timestamptz '2026-01-01')"); // so that there is little to do afterwards
        await using var first = await HeldOpen.Begin(source);
        await first.Run("select pg_advisory_xact_lock(work) from unnest(@Works) work", new { Works = new[] { Migrations.Lock, DemoCommand.Lock, FirstStart.Lock } });
        var impatient = new NpgsqlConnectionStringBuilder(database) { CommandTimeout = 3, Pooling = false }.ConnectionString;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:ServiceDesk"] = impatient }).Build();

        var migrating = Migrations.Apply(impatient, TimeProvider.System, CancellationToken.None);
        var loading = DemoCommand.Load(impatient, impatient, TimeProvider.System.GetUtcNow(), TextWriter.Null, TextWriter.Null, CancellationToken.None);
        var looking = FirstStart.Look(configuration, TextWriter.Null, CancellationToken.None);
        await first.IsWaitedFor(by: 3);
        await using var ordinary = NpgsqlDataSource.Create(impatient);
        await using var statement = ordinary.CreateCommand($"select pg_advisory_lock({Migrations.Lock})");
        Assert.That(() => statement.ExecuteNonQueryAsync(), Throws.InstanceOf<NpgsqlException>().With.InnerException.InstanceOf<TimeoutException>(), "whoever came after them has given up");

        Assert.That((migrating.Exception, loading.Exception, looking.Exception), Is.EqualTo(((Exception?)null, (Exception?)null, (Exception?)null)));
        await first.Commit();
        Assert.That(await migrating, Is.Empty);
        Assert.That(await loading, Is.EqualTo(1), "there is somebody already");
        await looking;
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

    [TestCase("update applied_migration set sha256 = 'of another text' where name = '0001_the_desk.sql'", "Migration 0001_the_desk.sql was edited after it was applied. Put it back, and write the change as a new file.")]
    [TestCase("insert into applied_migration (name, sha256, applied_at) values ('9999_from_the_future.sql', '', '2030-01-01')", "The database has migration 9999_from_the_future.sql, which this program does not know. Start the newer program.")]
    [Category("Process")]
    public async Task The_program_says_what_is_wrong_with_the_files_and_applies_none_of_the_others(string wrong, string sentence)
    {
        var database = TestDatabase.On(await TestDatabase.Copy());
        await Run(database, wrong);
        await Run(database, $"delete from applied_migration where name = '{Migrations.Files()[^1].Name}'");
        const string applied = "select string_agg(name, ' ' order by name) || (select ' and ' || count(*) from pg_class where relkind = 'r') from applied_migration";
        var before = await Read(database, applied);

        await using var program = RealProcess.Start("Api", database, ["migrate"]);
        await program.Ended(TimeSpan.FromMinutes(2));

        Assert.That(program.ExitCode, Is.EqualTo(1));
        Assert.That(program.Said.Trim(), Is.EqualTo(sentence));
        Assert.That(await Read(database, applied), Is.EqualTo(before));
    }

    private static async Task<object?> Read(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private static async Task Run(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
