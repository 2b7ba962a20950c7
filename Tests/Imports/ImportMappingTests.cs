using NUnit.Framework;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Imports;

public sealed class ImportMappingTests
{
    private static readonly TimeZoneInfo NewYork = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");

    [TestCase("2011-07-01T12:00:00", "2011-07-01T16:00:00Z", TestName = "A_local_time_in_summer")]
    [TestCase("2011-12-01T12:00:00", "2011-12-01T17:00:00Z", TestName = "A_local_time_in_winter")]
    [TestCase("2011-03-13T02:30:00", "2011-03-13T07:30:00Z", TestName = "A_local_time_that_the_clocks_skip_goes_by_the_offset_before")]
    [TestCase("2011-11-06T01:30:00", "2011-11-06T05:30:00Z", TestName = "A_local_time_that_comes_twice_is_the_first")]
    [TestCase("2011-11-06T01:30:00-05:00", "2011-11-06T06:30:00Z", TestName = "A_time_with_an_offset_goes_by_it")]
    [TestCase("2011-07-01T12:00:00Z", "2011-07-01T12:00:00Z", TestName = "A_time_in_UTC")]
    [TestCase("01.07.2011 12:00", "2011-07-01T16:00:00Z", TestName = "A_time_in_another_format")]
    [TestCase("2011-07-01 12:00", null, TestName = "A_time_in_no_format")]
    [TestCase("1011-07-01T12:00:00", null, TestName = "A_time_before_1900")]
    [TestCase("9999-12-31T23:59:59", null, TestName = "A_time_after_2200")]
    [TestCase("2011-02-30T12:00:00", null, TestName = "A_day_that_there_is_not")]
    public void Times(string text, string? expected) =>
        Assert.That(
            new TimeReader(["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssK", "dd.MM.yyyy HH:mm"], NewYork).Read(text),
            Is.EqualTo(expected is null ? (DateTimeOffset?)null : Instants.Parse(expected)));

    [TestCase("Street Lights", "a")]
    [TestCase("Street Cleaning", "b")]
    [TestCase("Trees", "c")]
    [TestCase("", "d")]
    public void Of_a_value_table_the_exact_key_goes_first_then_the_longest_beginning(string cell, string word)
    {
        var table = new Translation(new ValueTable("x", null, new Dictionary<string, string?> { ["*"] = "c", ["Street*"] = "b", ["Street Lights"] = "a", [""] = "d" }), passUnknown: false);

        Assert.That(table.TryRead(cell, out var read), Is.True);
        Assert.That(read, Is.EqualTo(word));
    }

    [Test]
    public void The_star_does_not_stand_for_the_empty_cell() =>
        Assert.That(new Translation(new ValueTable("x", null, new Dictionary<string, string?> { ["*"] = "c" }), passUnknown: false).TryRead("", out _), Is.False);

    [TestCase("\"source\"", "\"sauce\"", "mapping.malformed", TestName = "An_unknown_field_is_refused")]
    [TestCase("\"id\": \"case_enquiry_id\",", "", "mapping.malformed", TestName = "A_missing_field_is_refused")]
    [TestCase("\"phone\"", "\"pigeon\"", "mapping.invalid", TestName = "An_unknown_word_is_refused")]
    [TestCase("America/New_York", "America/Old_York", "mapping.invalid", TestName = "An_unknown_time_zone_is_refused")]
    [TestCase("utf-8", "ebcdic", "mapping.invalid", TestName = "An_unknown_encoding_is_refused")]
    [TestCase("\"column\": \"source\",", "\"column\": \"source\", \"always\": \"phone\",", "mapping.invalid", TestName = "A_table_says_column_or_always_not_both")]
    [TestCase("\"Housing\": \"complaint\"", "\"Housing\": null", "mapping.invalid", TestName = "Every_row_is_of_a_kind")]
    [TestCase("\"phone\"", "null", "mapping.invalid", TestName = "Every_row_came_by_a_channel")]
    [TestCase("{", "", "mapping.malformed", TestName = "What_is_not_JSON_is_refused")]
    public void Broken_mappings(string from, string to, string code) =>
        Assert.That(() => ImportMapping.Parse(Example().Replace(from, to, StringComparison.Ordinal)), Throws.InstanceOf<Refused.Invalid>().With.Property("Code").EqualTo(code));

    [Test]
    public void The_example_is_a_mapping() => Assert.That(ImportMapping.Parse(Example()).Source, Is.EqualTo("boston-311"));

    internal static string Example()
    {
        using var reader = new StreamReader(typeof(ImportMapping).Assembly.GetManifestResourceStream("reference/mappings/boston-311.json")!);
        return reader.ReadToEnd();
    }
}
