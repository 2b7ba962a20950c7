using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>docs/security.md says of each requirement which test shows it: those tests exist.</summary>
public sealed partial class SecurityGuideTests
{
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

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^(\w+Tests)(?:\.([\w…]+))?$")]
    private static partial Regex Named();
}
