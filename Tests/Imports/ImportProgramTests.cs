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
        using (var process = Start("--community", "here"))
        {
            while (await Scalar<long>("select count(*) from request") == 0 && !process.HasExited)
            {
                await Task.Delay(20);
            }

            process.Kill();
            await process.WaitForExitAsync();
        }

        var (exit, output, errors) = await Program("--community", "here");

        Assert.That(exit, Is.Zero, errors);
        Assert.That(output, Does.Match("0 refused; "));
        await Import(community: "there");
        Assert.That(await Scalar<long>("select count(*) from request where community_id = @CommunityId", new { Here.CommunityId }), Is.EqualTo(rows));
        Assert.That(await Everything(Here.CommunityId) is var here && here.SequenceEqual(await Everything(There.CommunityId)), Is.True);
        Assert.That(await BrokenLinks(), Is.Zero);
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
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "PropertyServiceDesk.Api.dll"), "import", "requests", File, "--map", map, .. more])
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
