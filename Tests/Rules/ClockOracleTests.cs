using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>155 facts of three working-hours libraries, agreed by an independent reference.</summary>
public sealed class ClockOracleTests
{
    [Test]
    public void Every_judged_case_of_the_oracle_agrees()
    {
        var cases = ClockCases.Reckon(SharedFacts.Read("sla_oracle_cases.json"));

        Assert.Multiple(() =>
        {
            foreach (var one in cases.Where(c => c.Skipped is null))
            {
                Assert.That(one.Actual, Is.EqualTo(one.Expected), $"{one.Id} {one.Op}");
            }
        });
    }

    [Test]
    public void Only_the_other_workday_convention_and_what_engines_differ_on_is_skipped()
    {
        var cases = ClockCases.Reckon(SharedFacts.Read("sla_oracle_cases.json"));

        Assert.That(cases, Has.Count.EqualTo(155));
        Assert.That(
            cases.Where(c => c.Skipped is not null).Select(c => $"{c.Id} {c.Op}"),
            Is.EqualTo(new[]
            {
                "wh-073 elapsed_seconds",
                "biz-010 add_workdays_then_next_open",
                "biz-011 add_workdays_then_next_open",
                "biz-012 add_workdays_then_next_open",
                "biz-013 add_workdays_then_next_open",
                "biz-014 add_workdays_then_next_open",
            }));
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("""{ "calendars": {}, "cases": [] }""")]
    public void What_is_no_file_of_cases_is_refused(string file) =>
        Assert.That(Assert.Throws<Refused.Invalid>(() => ClockCases.Reckon(file))!.Code, Is.EqualTo("clock.cases_malformed"));

    [Test]
    public void A_case_may_pause_and_a_wrong_expectation_is_told()
    {
        var cases = ClockCases.Reckon("""
            {
              "calendars": { "office": { "tz": "Asia/Shanghai", "week": { "mon": [["08:30", "12:00"], ["14:00", "18:00"]] } } },
              "cases": [
                { "id": "a", "op": "due_with_pauses", "calendar": "office", "start": "2026-03-02T01:00:00Z", "seconds": 7200,
                  "pauses": [["2026-03-02T02:00:00Z", "2026-03-02T02:30:00Z"]], "expected": "2026-03-02T03:30:00Z" },
                { "id": "b", "op": "elapsed_with_pauses", "calendar": "office", "start": "2026-03-02T01:00:00Z", "end": "2026-03-02T07:00:00Z",
                  "pauses": [["2026-03-02T02:00:00Z", "2026-03-02T02:15:00Z"], ["2026-03-02T02:15:00Z", "2026-03-02T02:30:00Z"]], "expected_seconds": 12600 },
                { "id": "c", "op": "is_open", "calendar": "office", "start": "2026-03-02T04:00:00Z", "expected_bool": true }
              ]
            }
            """);

        Assert.That(cases.Select(c => $"{c.Id} {c.Agrees} {c.Actual}"), Is.EqualTo(new[] { "a True 2026-03-02T03:30:00Z", "b True 12600", "c False false" }));
    }
}
