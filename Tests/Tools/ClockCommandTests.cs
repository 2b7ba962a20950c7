using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Api.Tools;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Tools;

/// <summary>Somebody tries their own calendars: what is printed, and with what it ends.</summary>
public sealed class ClockCommandTests
{
    private const string Calendars = """ "calendars": { "office": { "tz": "Asia/Shanghai", "week": { "mon": [["08:30", "12:00"]] } } } """;

    private static (int Code, string[] Out, string Err) Run(string json)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, json);
            return RunFile(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (int Code, string[] Out, string Err) RunFile(string path)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = ClockCommands.Reckon(path, output, errors);
        return (code, output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries), errors.ToString().Trim());
    }

    [Test]
    public void The_oracle_agrees_and_what_is_not_judged_is_named()
    {
        var (code, lines, _) = RunFile(SharedFacts.Find("sla_oracle_cases.json"));

        Assert.That(code, Is.Zero);
        Assert.That(lines[^1], Is.EqualTo("155 cases: 149 agree, 0 differ, 6 skipped"));
        Assert.That(lines, Does.Contain("skipped  wh-073  elapsed_seconds: engines differ here"));
    }

    [Test]
    public void A_wrong_expectation_is_shown_with_what_it_is_and_ends_with_one()
    {
        var (code, lines, _) = Run("{" + Calendars + """, "cases": [ { "id": "x", "op": "add_seconds", "calendar": "office", "start": "2026-03-02T01:00:00Z", "seconds": 60, "expected": "2026-03-02T02:00:00Z" } ] }""");

        Assert.That(code, Is.EqualTo(1));
        Assert.That(lines[0], Is.EqualTo("DIFFERS  x  add_seconds  expected 2026-03-02T02:00:00Z  actual 2026-03-02T01:01:00Z"));
    }

    private static readonly string[] Bad =
    [
        "", "[]", "null", "{", """{ "calendars": {} }""", """{ "cases": [] }""", "{" + Calendars + """, "cases": [] }""", "{" + Calendars + """, "cases": {} }""",
        "{" + Calendars + """, "cases": [ 7 ] }""", "{" + Calendars + """, "cases": [ {} ] }""",
        Case(""" "id": "x" """),
        Case(""" "id": "x", "op": "fly", "calendar": "office", "start": "2026-03-02T01:00:00Z", "expected": "" """),
        Case(""" "id": "x", "op": "is_open", "calendar": "nowhere", "start": "2026-03-02T01:00:00Z", "expected": true """),
        Case(""" "id": "x", "op": "is_open", "calendar": "office", "start": "yesterday", "expected": true """),
        Case(""" "id": "x", "op": "is_open", "calendar": "office", "start": "2026-03-02T01:00:00Z" """),
        Case(""" "id": "x", "op": "add_seconds", "calendar": "office", "start": "2026-03-02T01:00:00Z", "seconds": 1e300, "expected": "" """),
        Case(""" "id": "x", "op": "add_seconds", "calendar": "office", "start": "2026-03-02T01:00:00Z", "seconds": 1e12, "expected": "2026-03-02T01:00:00Z" """),
        Case(""" "id": "x", "op": "due_with_pauses", "calendar": "office", "start": "2026-03-02T01:00:00Z", "seconds": -1, "expected": "2026-03-02T01:00:00Z" """),
        Case(""" "id": "x", "op": "due_with_pauses", "calendar": "office", "start": "2026-03-02T01:00:00Z", "seconds": 1, "pauses": [["2026-03-02T01:00:00Z"]], "expected": "2026-03-02T01:00:00Z" """),
        Case(""" "id": "x", "op": "is_open", "calendar": "office", "start": "0001-01-01T00:00:00Z", "expected": true """),
        """{ "calendars": { "a": { "tz": "Moon/Base", "week": { "mon": [["08:30", "12:00"]] } } }, "cases": [] }""",
        """{ "calendars": { "a": { "tz": "UTC", "week": {} } }, "cases": [] }""",
        """{ "calendars": { "a": { "tz": "UTC", "week": { "mon": [["08:30"]] } } }, "cases": [] }""",
        """{ "calendars": { "a": { "tz": "UTC", "week": { "mon": [["25:30", "26:00"]] } } }, "cases": [] }""",
        """{ "calendars": { "a": { "tz": "UTC", "always_open": true }, "a": { "tz": "UTC", "always_open": true } }, "cases": [] }""",
        """{ "calendars": { "a": { "tz": "UTC", "week": { "mon": [["08:30", "12:00"]] }, "holidays": ["2026-02-30"] } }, "cases": [] }""",
    ];

    private static string Case(string fields) => "{" + Calendars + ", \"cases\": [ {" + fields + "} ] }";

    [TestCaseSource(nameof(Bad))]
    public void A_file_that_cannot_be_used_gives_one_sentence_and_ends_with_two(string json)
    {
        var (code, lines, sentence) = Run(json);

        Assert.That(code, Is.EqualTo(2));
        Assert.That(lines, Is.Empty);
        Assert.That(sentence, Is.Not.Empty.And.Not.Contain("   at ").And.Not.Contain("\n"));
    }

    [Test]
    public void The_sentence_names_the_case_or_the_calendar()
    {
        Assert.That(Run(Bad[12]).Err, Does.Contain("Case x").And.Contain("nowhere"));
        Assert.That(Run("""{ "calendars": { "night": { "tz": "UTC", "week": {} } }, "cases": [] }""").Err, Does.Contain("Calendar night"));
    }

    [Test]
    public void No_file_and_a_folder_give_one_sentence_and_end_with_two()
    {
        Assert.That(RunFile(Path.Combine(Path.GetTempPath(), "none-of-that-name.json")).Code, Is.EqualTo(2));
        Assert.That(RunFile(Path.GetTempPath()).Code, Is.EqualTo(2));
    }

    [Test]
    public void The_example_of_the_documentation_agrees()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "docs", "clocks.md"));
        var example = text.Split("```json")[1].Split("```")[0];

        Assert.That(() => JsonDocument.Parse(example), Throws.Nothing);
        Assert.That(Run(example).Code, Is.Zero);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "PropertyServiceDesk.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
