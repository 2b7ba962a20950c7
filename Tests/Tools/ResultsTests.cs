using System.Diagnostics;
using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Tools;

/// <summary>The last line of <c>./test</c>, and when it says that all is well.</summary>
public sealed class ResultsTests
{
    private const string Trx = """
        <TestRun><Results>
          <UnitTestResult testId="1" testName="Holds" duration="00:00:01.5" outcome="Passed" />
          <UnitTestResult testId="2" testName="Breaks(&quot;a&quot;)" duration="00:00:00.1" outcome="{0}"><Output><ErrorInfo><Message>It is so &amp; not otherwise</Message></ErrorInfo></Output></UnitTestResult>
          <UnitTestResult testId="3" testName="Is left out" duration="00:00:00.0" outcome="NotExecuted" />
        </Results><TestDefinitions>
          <UnitTest id="1"><TestMethod className="PropertyServiceDesk.Tests.Rules.A, Tests" /></UnitTest>
          <UnitTest id="2"><TestMethod className="PropertyServiceDesk.Tests.Rules.B, Tests" /></UnitTest>
          <UnitTest id="3"><TestMethod className="PropertyServiceDesk.Tests.Rules.B, Tests" /></UnitTest>
        </TestDefinitions></TestRun>
        """;

    private const string Web = """{"testResults":[{"name":"a.test.ts","status":"{0}","assertionResults":[{"status":"{0}","fullName":"a page","failureMessages":["gone"]}]}]}""";

    [TestCase(null, null, typeof(IgnoreException))]
    [TestCase("", "", typeof(IgnoreException))]
    [TestCase(null, "true", typeof(AssertionException))]
    public void Without_a_server_tests_of_the_database_are_left_out_at_home_and_fail_where_they_are_counted_on(string? server, string? ci, Type said) =>
        Assert.Throws(said, () => TestDatabase.ServerOf(server, ci));

    [Test]
    public void The_server_that_is_named_is_tested_against() =>
        Assert.That(TestDatabase.ServerOf("Host=127.0.0.1", "true"), Is.EqualTo("Host=127.0.0.1"));

    /// <summary>What is not there would be a loop without end, or an error that says nothing.</summary>
    [Test]
    public void The_commands_of_the_README_call_nothing_that_they_do_not_ask_for_first([Values("run", "test", "bench", ".ci/steps.sh")] string script) =>
        Assert.That(
            File.ReadLines(Path.Combine(ApiDocument.Checkout(), script)).Select(l => l.TrimStart()).Where(l => !l.StartsWith('#') && Regex.IsMatch(l, @"(^|[|;&({]|\bif|\bwhile|\buntil|\$\()\s*(curl|wget|jq|python3?|perl|nc|psql)\b")),
            Is.Empty);

    [TestCase("Passed", "passed", false, "3 passed, 0 failed, 1 skipped", 0)]
    [TestCase("Failed", "passed", false, "2 passed, 1 failed, 1 skipped", 1)]
    [TestCase("Passed", "failed", false, "2 passed, 1 failed, 1 skipped", 1)]
    [TestCase("Passed", "passed", true, "3 passed, 1 failed, 1 skipped", 1)]
    [TestCase(null, null, false, "0 passed, 0 failed, 0 skipped", 1)]
    public async Task The_last_line_counts_all_suites_and_one_failure_is_enough(string? dotnet, string? web, bool brokeOff, string last, int exitCode)
    {
        var folder = Directory.CreateTempSubdirectory("desk-results-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "18"));
            await Write("18/18.trx", dotnet is null ? null : Trx.Replace("{0}", dotnet, StringComparison.Ordinal));
            await Write("web.json", web is null ? null : Web.Replace("{0}", web, StringComparison.Ordinal));
            await Write("broken", brokeOff ? "dotnet test (15) ended with 139\n" : null);

            var (code, said) = await Tell(folder);

            Assert.That(said.TrimEnd().Split('\n')[^1], Is.EqualTo(last), said);
            Assert.That(code, Is.EqualTo(exitCode), said);
            Assert.That(said, dotnet == "Failed" ? Does.Contain("PostgreSQL 18: Rules.B Breaks(\"a\")").And.Contain("It is so & not otherwise") : Does.Not.Contain("Rules.B"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Task Write(string name, string? content) => content is null ? Task.CompletedTask : File.WriteAllTextAsync(Path.Combine(folder, name), content);
    }

    private static async Task<(int ExitCode, string Said)> Tell(string folder)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(ApiDocument.Checkout(), ".ci", "results.mjs"), "--tell", folder]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var node = Process.Start(start)!;
        var said = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        return (node.ExitCode, said);
    }
}
