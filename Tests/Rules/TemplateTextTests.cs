using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class TemplateTextTests
{
    private static readonly HashSet<string> Known = ["number", "community"];
    private static readonly HashSet<string> Needed = ["number"];

    [TestCase("您的 {number} 已完成", null)]
    [TestCase("{{number}} {number}", null)]
    [TestCase("您的报修已完成", "template.placeholder_missing number")]
    [TestCase("{{number}}", "template.placeholder_missing number")]
    [TestCase("{number} {colour}", "template.placeholder_unknown colour")]
    [TestCase("{Number}", "template.placeholder_unknown Number")]
    [TestCase("{number", "template.malformed ")]
    [TestCase("{number}}", "template.malformed ")]
    [TestCase("{ number }", "template.malformed ")]
    [TestCase("{}{number}", "template.malformed ")]
    public void A_text_has_the_placeholders_that_it_needs_and_no_others(string text, string? fault) =>
        Assert.That(TemplateText.Fault([text], Known, Needed) is var (code, placeholder) ? $"{code} {placeholder}" : null, Is.EqualTo(fault));

    [Test]
    public void Placeholders_become_their_values_and_twofold_braces_become_one()
    {
        var values = new Dictionary<string, string> { ["number"] = "{community}", ["community"] = "长城" };

        Assert.That(TemplateText.Render("{community}: {number} {{number}} {place}", values), Is.EqualTo("长城: {community} {number} –"), "a value is not read again");
    }
}
