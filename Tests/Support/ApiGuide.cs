using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The table of codes in docs/api.md. Whatever a test is refused, over HTTP or not, is held against it: the code is there, with the status that the desk gives it.</summary>
internal static partial class ApiGuide
{
    private static readonly Lazy<HashSet<(string Code, int Status)>> Table = new(() =>
        [.. Line().Matches(File.ReadAllText(Path)).Select(m => (m.Groups["code"].Value, int.Parse(m.Groups["status"].Value, System.Globalization.CultureInfo.InvariantCulture)))]);

    public static string Path => System.IO.Path.Combine(ApiDocument.Checkout(), "docs", "api.md");

    /// <summary>But for those that a validator without a code of its own is named by, which the guide does not list.</summary>
    public static void MustName(string code, int status) =>
        Assert.That(code == "unexpected" || code.StartsWith("field.", StringComparison.Ordinal) || Table.Value.Contains((code, status)), () => $"docs/api.md does not say that {code} is {status} (DESK_WRITE_DOCS=1 with ApiGuideTests writes its table anew).");

    public static void MustName(Refused refused)
    {
        MustName(refused.Code, Problems.StatusOf(refused));
        foreach (var fault in (refused as Refused.Invalid)?.Faults ?? [])
        {
            MustName(fault.Code, Problems.StatusOf(refused));
        }
    }

    /// <param name="problem">The body of a reply that is one.</param>
    public static void MustName(string problem)
    {
        var said = JsonSerializer.Deserialize<Problem>(problem, Json.Options)!;
        MustName(said.Code, said.Status);
        foreach (var fault in said.Errors ?? [])
        {
            MustName(fault.Code, said.Status);
        }
    }

    [GeneratedRegex(@"^\| `(?<code>[\w.]+)` \| (?<status>\d{3}) \|", RegexOptions.Multiline)]
    private static partial Regex Line();
}
