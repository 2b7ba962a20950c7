using NUnit.Framework;
using PropertyServiceDesk.Api.Tools;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Tools;

/// <summary>The programs of the clocks as others run them: what they print, and with what they end.</summary>
[Category("Process")]
public sealed class ClockProgramTests : DeskFixture
{
    [Test]
    public async Task Stored_clocks_that_are_as_the_log_gives_them_end_with_zero_and_one_that_differs_with_one_and_its_name()
    {
        var (_, order) = await GivenDispatched();

        var before = await Program("verify-clocks", "--community", "here");
        await Execute("update clock set due_at = due_at + interval '1 minute' where subject_id = @order and kind = 'accept'", new { order });
        var after = await Program("verify-clocks");

        Assert.That((before.Exit, before.Said.Trim().EndsWith(" 0 differences", StringComparison.Ordinal)), Is.EqualTo((0, true)), before.Said);
        Assert.That(after.Exit, Is.EqualTo(1), after.Said);
        Assert.That(after.Said, Does.Contain($"{order}  accept 1  due_at: stored ").And.Contain("2 communities, 1 differences"));
    }

    [Test]
    public async Task A_file_of_cases_ends_with_zero_where_all_agree_with_one_where_one_differs_and_with_two_where_there_is_none()
    {
        var oracle = SharedFacts.Find("sla_oracle_cases.json");
        var wrong = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            wrong,
            """
            { "calendars": { "office": { "tz": "Asia/Shanghai", "week": { "mon": [["08:30", "12:00"]] } } },
              "cases": [ { "id": "x", "op": "add_seconds", "calendar": "office", "start": "2026-03-02T01:00:00Z", "seconds": 60, "expected": "2026-03-02T02:00:00Z" } ] }
            """);

        var agree = await Program("clock", oracle);
        var differ = await Program("clock", wrong);
        File.Delete(wrong);
        var none = await Program("clock", wrong);

        Assert.That((agree.Exit, differ.Exit, none.Exit), Is.EqualTo((0, 1, 2)), agree.Said + differ.Said + none.Said);
        Assert.That(agree.Said.TrimEnd(), Does.EndWith("155 cases: 149 agree, 0 differ, 6 skipped"));
        Assert.That(differ.Said, Does.Contain("DIFFERS  x  add_seconds  expected 2026-03-02T02:00:00Z  actual 2026-03-02T01:01:00Z"));
    }

    [Test]
    public async Task Clocks_of_a_community_that_there_is_not_are_not_looked_at() =>
        Assert.That(await Refusal(() => ClockCommands.Verify(ConnectionString, ConnectionString, "nowhere", TextWriter.Null, CancellationToken.None)), Is.EqualTo("community.unknown"));

    private async Task<(int Exit, string Said)> Program(params string[] arguments)
    {
        await using var program = RealProcess.Start("Api", ConnectionString, arguments);
        await program.Ended(TimeSpan.FromMinutes(3));
        return (program.ExitCode, program.Said);
    }
}
