using Microsoft.Extensions.Configuration;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Api.Tools;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Demo;

/// <summary>What a host looks at before it listens.</summary>
public sealed class FirstStartTests
{
    private string database = "";

    [SetUp]
    public async Task A_new_database() => database = TestDatabase.On(await TestDatabase.Copy());

    [Test]
    public async Task An_empty_desk_gets_a_community_and_an_administrator_whose_password_is_printed_once()
    {
        var words = await Look();

        Assert.That(words, Does.Contain("Administrator administrator, password "));
        Assert.That(await Scalar("select count(*) from staff s join staff_credential c on c.staff_id = s.staff_id and c.must_change and c.good_until > now() join staff_role r on r.staff_id = s.staff_id and r.role = 'administrator' where not s.is_demo"), Is.EqualTo(1));
        Assert.That(await Scalar("select count(*) from community where code = 'first'"), Is.EqualTo(1));
        Assert.That(await Look(), Is.Empty, "The second start says nothing.");
    }

    [Test]
    public async Task Of_hosts_that_start_together_one_makes_them()
    {
        var words = await Task.WhenAll(Look(), Look(), Look());

        Assert.That(words.Count(w => w.Length > 0), Is.EqualTo(1));
        Assert.That(await Scalar("select count(*) from staff"), Is.EqualTo(1));
    }

    [Test]
    public async Task Where_there_are_demo_accounts_only_a_demo_starts()
    {
        await using (var source = NpgsqlDataSource.Create(database))
        await using (var command = source.CreateCommand("select register_staff(gen_random_uuid(), 'clerk', 'x', 'en', null, 'a hash', true, timestamptz '2026-01-01')"))
        {
            await command.ExecuteNonQueryAsync();
        }

        foreach (var mode in (string?[])["Production", null, "production", "demonstration"])
        {
            Assert.ThrowsAsync<StartRefused>(() => Look(mode), mode ?? "nothing");
        }

        Assert.That(await Look("Demo"), Is.Empty);
    }

    /// <summary>The programs themselves, as they are deployed.</summary>
    [TestCase("Api")]
    [TestCase("Workers")]
    public async Task Neither_host_runs_over_demo_accounts_where_nothing_says_that_this_is_a_demo(string program)
    {
        await using (var source = NpgsqlDataSource.Create(database))
        await using (var command = source.CreateCommand("select register_staff(gen_random_uuid(), 'clerk', 'x', 'en', null, 'a hash', true, timestamptz '2026-01-01')"))
        {
            await command.ExecuteNonQueryAsync();
        }

        await using var host = RealProcess.Start(program, database, [], ("Desk__Mode", "Production"));
        await host.Ended(TimeSpan.FromMinutes(2));

        Assert.That(host.ExitCode, Is.EqualTo(1), host.Said);
        Assert.That(host.Said, Does.Contain("There are 1 demo accounts in this database").And.Contain("Desk__Mode=Demo"));
    }

    [Test]
    public async Task A_demo_makes_no_administrator_of_its_own() => Assert.That((await Look("Demo"), await Scalar("select count(*) from staff")), Is.EqualTo(("", 0L)));

    private async Task<string> Look(string? mode = "Production")
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:ServiceDesk"] = database, ["Desk:Mode"] = mode }).Build();
        await using var words = new StringWriter();
        await FirstStart.Look(configuration, words, CancellationToken.None);
        return words.ToString();
    }

    private async Task<long> Scalar(string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
