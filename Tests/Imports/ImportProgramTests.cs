using System.Diagnostics;
using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Imports;

/// <summary>The program itself: what it prints, how it ends, and that it can be killed.</summary>
[Category("Process")]
public sealed class ImportProgramTests : ImportFixture
{
    private string map = "";

    public override async Task CleanUp()
    {
        await base.CleanUp();
        map = File + ".json";
        await System.IO.File.WriteAllTextAsync(map, Mapping);
    }

    [TearDown]
    public void ForgetTheMapping() => System.IO.File.Delete(map);

    [Test]
    public async Task It_imports_prints_a_summary_and_names_the_report()
    {
        Given(Row("1"), Row("2", by: "dove"));

        var (exit, output, errors) = await Program("--community", "here");

        Assert.That(exit, Is.Zero, errors);
        Assert.That(output, Does.Contain("2 rows: 1 imported, 0 already there, 1 refused").And.Contain(File + ".refused.csv"));
        Assert.That(Report().Single()[1], Is.EqualTo("import.unknown_value"));
    }

    [Test]
    public async Task A_dry_run_says_what_would_come_of_it_and_writes_nothing_but_the_report()
    {
        Given(Row("1"), Row("2", by: "dove"));
        var events = await Scalar<long>("select count(*) from event");

        var (exit, output, errors) = await Program("--community", "here", "--dry-run");

        Assert.That(exit, Is.Zero, errors);
        Assert.That(output, Does.Contain("To be made: 1 categories, 1 teams.").And.Contain("Dry run, nothing was written: 2 rows: 1 would be imported, 0 already there, 1 refused"));
        Assert.That(Report().Single()[1], Is.EqualTo("import.unknown_value"));
        Assert.That(await Scalar<long>("select (select count(*) from request) + (select count(*) from category where code = 'Pump') + (select count(*) from team where name = 'E1')"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from event"), Is.EqualTo(events));
    }

    [Test]
    public async Task On_a_terminal_a_bar_grows_to_the_end()
    {
        Given([.. Enumerable.Range(1, 4_500).Select(i => Row($"{i}"))]);
        var program = Path.Combine(AppContext.BaseDirectory, "PropertyServiceDesk.Api.dll");
        var start = new ProcessStartInfo("script", ["-qefc", $"stty cols 160; dotnet '{program}' import requests '{File}' --map '{map}' --community here", "/dev/null"])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["ConnectionStrings__ServiceDesk"] = ConnectionString;
        start.Environment["TERM"] = "xterm-256color";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.That(process.ExitCode, Is.Zero, output);
        Assert.That(output, Does.Contain("━━━━━━━━").And.Contain("4,500 rows, 0 refused").And.Contain("100%"));
        Assert.That(output, Does.Contain("4,500 rows: 4,500 imported, 0 already there, 0 refused").And.Not.Contain("already there, 0 refused ("), "the bar stands for the lines");
    }

    [Test]
    public async Task Interrupted_from_the_keyboard_it_says_that_it_can_go_on_and_it_does()
    {
        const int rows = 6_500;
        Given([.. Enumerable.Range(1, rows).Select(i => Row($"{i}"))]);
        await using var held = await HeldAfterTheFirstBatch();
        using (var process = Start("--community", "here"))
        {
            await FirstBatch(process);
            await held.IsWaitedFor();
            using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            var errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();

            Assert.That(process.ExitCode, Is.EqualTo(130), errors);
            Assert.That(errors.Trim(), Is.EqualTo("Interrupted. What was imported so far stays; run it again to go on."));
        }

        await held.Commit();
        await Execute("drop function wait_here cascade");
        var stayed = await Scalar<long>("select count(*) from request");
        Assert.That(stayed, Is.GreaterThan(0).And.LessThan(rows));
        var (exit, output, _) = await Program("--community", "here");
        Assert.That(exit, Is.Zero);
        Assert.That(output, Does.Contain(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{rows:N0} rows: {rows - stayed:N0} imported, {stayed:N0} already there, 0 refused")));
    }

    [Test]
    public async Task A_mapping_or_a_file_that_is_not_there_is_said_in_one_sentence()
    {
        Given(Row("1"));
        System.IO.File.Delete(map);
        var (exit, output, errors) = await Program("--community", "here");
        Assert.That((exit, output), Is.EqualTo((1, "")));
        Assert.That(errors.Trim(), Does.EndWith("(mapping.unreadable)").And.Not.Contain("\n"));

        await System.IO.File.WriteAllTextAsync(map, Mapping);
        System.IO.File.Delete(File);
        (exit, output, errors) = await Program("--community", "here");
        Assert.That((exit, output), Is.EqualTo((1, "")));
        Assert.That(errors.Trim(), Does.EndWith("(file.unreadable)").And.Not.Contain("\n"));
    }

    [TestCase("{", "here", "mapping.malformed")]
    [TestCase(null, "nowhere", "community.not_found")]
    [TestCase(null, null, "import.no_community")]
    public async Task What_it_cannot_do_it_says_in_one_sentence_and_fails(string? mapping, string? community, string code)
    {
        Given(Row("1"));
        await System.IO.File.WriteAllTextAsync(map, mapping ?? Mapping);

        var (exit, output, errors) = await Program(community is null ? [] : ["--community", community]);

        Assert.That(exit, Is.EqualTo(1), output);
        Assert.That(errors.Trim(), Does.EndWith($"({code})").And.Not.Contain("\n"));
    }

    [Test]
    public async Task Killed_while_it_imports_and_run_again_it_comes_to_the_same_as_one_run()
    {
        const int rows = 6_500;
        Given([.. Enumerable.Range(1, rows).Select(i => i % 3 == 0 ? Row($"{i}", closed: "2011-07-05 10:00", state: "C") : Row($"{i}"))]);
        await using var held = await HeldAfterTheFirstBatch();
        using (var process = Start("--community", "here"))
        {
            await FirstBatch(process);
            await held.IsWaitedFor();
            process.Kill();
            await process.WaitForExitAsync();
            Assert.That(process.ExitCode, Is.EqualTo(128 + 9), "it was killed, and had not ended by itself");
        }

        await held.Commit();
        await Execute("drop function wait_here cascade"); // waits until the server has let go of what the dead one held
        Assert.That(await Scalar<long>("select count(*) from request"), Is.GreaterThan(0).And.LessThan(rows));

        var (exit, output, errors) = await Program("--community", "here");

        Assert.That(exit, Is.Zero, errors);
        Assert.That(output, Does.Match("0 refused; "));
        await Import(community: "there");
        Assert.That(await Scalar<long>("select count(*) from request where community_id = @CommunityId", new { Here.CommunityId }), Is.EqualTo(rows));
        Assert.That(await Everything(Here.CommunityId) is var here && here.SequenceEqual(await Everything(There.CommunityId)), Is.True);
        Assert.That(await BrokenLinks(), Is.Zero);
    }

    /// <summary>Whoever has written the requests of the second batch waits there, until this lets go.</summary>
    private async Task<HeldOpen> HeldAfterTheFirstBatch()
    {
        await Execute(
            """
            create function wait_here() returns trigger language plpgsql as $$
            begin
                if (select count(*) from request) > 2000 then
                    perform pg_advisory_xact_lock_shared(4711);
                end if;
                return null;
            end
            $$;
            create trigger wait_here after insert on request for each statement execute function wait_here();
            """);
        var held = await HeldOpen.Begin(Owner);
        await held.Run("select pg_advisory_xact_lock(4711)", new { });
        return held;
    }

    /// <summary>The first batch is written: there are more to come.</summary>
    private static async Task FirstBatch(Process process)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.Contains(" rows: ", StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail("It ended before it said anything: " + await process.StandardError.ReadToEndAsync(deadline.Token));
    }

    private async Task<(int Exit, string Output, string Errors)> Program(params string[] more)
    {
        using var process = Start(more);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    private Process Start(params string[] more)
    {
        string[] command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "PropertyServiceDesk.Api.dll"), "import", "requests", File, "--map", map, .. more];
        if (OperatingSystem.IsLinux())
        {
            command = ["env", "--default-signal=INT", .. command]; // what a shell starts in the background is deaf to it, and so would be its children
        }

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["ConnectionStrings__ServiceDesk"] = ConnectionString;
        return Process.Start(start)!;
    }
}
