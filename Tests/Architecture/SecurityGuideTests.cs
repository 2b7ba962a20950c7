using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>docs/security.md says of each requirement which test shows it: those tests exist.</summary>
public sealed partial class SecurityGuideTests
{
    /// <summary>ASVS 5.0.0: of each section, how many of its requirements are of levels 1 and 2; they are the first ones of it.</summary>
    private const string Asked = """
        1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3
        6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4
        10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4
        13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
        """;

    [Test]
    public void Each_requirement_of_levels_1_and_2_is_named()
    {
        var text = File.ReadAllText(Path.Combine(ApiDocument.Checkout(), "docs", "security.md"));
        var named = Numbers().Matches(text).SelectMany(m => Enumerable.Range(int.Parse(m.Groups["from"].Value, CultureInfo.InvariantCulture), int.Parse(m.Groups["to"].Success ? m.Groups["to"].Value : m.Groups["from"].Value, CultureInfo.InvariantCulture) - int.Parse(m.Groups["from"].Value, CultureInfo.InvariantCulture) + 1)
            .Select(n => $"{m.Groups["section"].Value}.{n}")).ToHashSet(StringComparer.Ordinal);
        var asked = Asked.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split(':')).SelectMany(s => Enumerable.Range(1, int.Parse(s[1], CultureInfo.InvariantCulture)).Select(n => $"{s[0]}.{n}")).ToArray();

        Assert.That(asked, Has.Length.EqualTo(253));
        Assert.That(asked.Except(named), Is.Empty);
    }

    [Test]
    public void Each_test_that_it_names_is_there()
    {
        var fixtures = typeof(SecurityGuideTests).Assembly.GetTypes().Where(t => t.Name.EndsWith("Tests", StringComparison.Ordinal) && !t.IsNested).ToLookup(t => t.Name, StringComparer.Ordinal);
        var missing = new List<string>();
        var named = 0;
        foreach (var line in File.ReadLines(Path.Combine(ApiDocument.Checkout(), "docs", "security.md")))
        {
            Type[] of = [];
            foreach (var word in Quoted().Matches(line).Select(m => m.Groups[1].Value))
            {
                var whole = Named().Match(word);
                string? fixture = whole.Success ? whole.Groups[1].Value : null;
                var test = whole.Success ? whole.Groups[2].Value : word.StartsWith('…') ? word : "";
                if (fixture is not null)
                {
                    named++;
                    of = [.. fixtures[fixture]];
                }

                var pattern = new Regex("^" + test.Replace("…", ".*", StringComparison.Ordinal) + "$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
                if ((fixture is not null && of.Length == 0) || (test.Length > 0 && !of.Any(t => t.GetMethods(BindingFlags.Instance | BindingFlags.Public).Any(m => pattern.IsMatch(m.Name)))))
                {
                    missing.Add(word);
                }
            }
        }

        Assert.That(missing, Is.Empty);
        Assert.That(named, Is.GreaterThan(80));
    }

    [GeneratedRegex(@"(?<section>\b\d+\.\d+)\.(?<from>\d+)\b(?: – \k<section>\.(?<to>\d+)\b)?")]
    private static partial Regex Numbers();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^(\w+Tests)(?:\.([\w…]+))?$")]
    private static partial Regex Named();
}
