using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>The table of codes in docs/api.md is that of the source: every dotted literal of Domain and Api that is a code.</summary>
public sealed partial class ApiGuideTests
{
    private const string Begin = "<!-- codes -->\n";
    private const string End = "<!-- /codes -->";

    /// <summary>Dotted literals that are something else: names of fields, and files.</summary>
    private static readonly HashSet<string> NoCodes = ["appointment.from", "appointment.to"];

    private sealed record Said(string Code, int Status, string Sentence);

    [Test]
    public void Every_code_of_the_source_stands_in_the_guide()
    {
        var path = ApiGuide.Path;
        var guide = File.ReadAllText(path);
        var (from, to) = (guide.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, guide.IndexOf(End, StringComparison.Ordinal));
        var table = "| code | status | says |\n|---|---|---|\n" + string.Concat(Codes().Select(c => $"| `{c.Code}` | {c.Status} | {c.Sentence} |\n"));
        if (Environment.GetEnvironmentVariable("DESK_WRITE_DOCS") is { Length: > 0 })
        {
            guide = guide[..from] + table + guide[to..];
            File.WriteAllText(path, guide);
            to = from + table.Length;
        }

        Assert.That(guide[from..to], Is.EqualTo(table), "Write the table anew: run this test with DESK_WRITE_DOCS=1.");
    }

    [Test]
    public void Every_code_has_a_status_and_a_sentence()
    {
        Assert.That(Codes().Count, Is.GreaterThan(100));
        Assert.That(Codes().Where(c => c.Status == 0 || !Regex.IsMatch(c.Sentence, @"^[A-Z1-9…].* ")).Select(c => c.Code + ": " + c.Sentence), Is.Empty);
    }

    private static IReadOnlyList<Said> Codes()
    {
        var sources = new[] { "Domain", "Api" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(ApiDocument.Checkout(), folder), "*.cs", SearchOption.AllDirectories))
            .Where(f => !Regex.IsMatch(f, @"[/\\](obj|bin|Demo)[/\\]|[/\\]Tongue\.cs$")) // which says some of them in the owner's words
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllText)
            .ToList();
        var texts = sources.SelectMany(s => SentenceOfText().Matches(s)).DistinctBy(m => m.Groups[1].Value).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value, StringComparer.Ordinal);
        var found = sources.SelectMany(s => Literal().Matches(s).Where(m => !s[..m.Index].EndsWith("new Fault(", StringComparison.Ordinal)).Select(m => OfLiteral(s, m, texts))).Concat(sources.SelectMany(OfKinds));
        return
        [
            .. found.Where(c => !NoCodes.Contains(c.Code) && !c.Code.EndsWith(".json", StringComparison.Ordinal) && !c.Code.EndsWith(".html", StringComparison.Ordinal) && c.Code.Split('.')[0] is not ("page" or "profile"))
                .GroupBy(c => (c.Code, c.Status))
                .Select(g => g.FirstOrDefault(c => c.Sentence.Length > 0) ?? g.First())
                .OrderBy(c => c.Code, StringComparer.Ordinal).ThenBy(c => c.Status),
        ];
    }

    private static Said OfLiteral(string source, Match match, Dictionary<string, string> texts)
    {
        var line = source[(source.LastIndexOf('\n', match.Index) + 1)..match.Index];
        var status = StatusIn(line) ?? (Tuple().IsMatch(line) ? 400 : StatusIn(source[(source.LastIndexOfAny([';', '{', '}'], match.Index) + 1)..match.Index])) ?? 0;
        if (line.Contains("const string", StringComparison.Ordinal))
        {
            var where = match.Groups[1].Value.Split('.')[0] switch { "phone" => "PhoneNumber.", "password" => "PasswordRules.", _ => "PlainText." };
            if (texts.TryGetValue(where + Regex.Match(line, @"const string (\w+)").Groups[1].Value, out var own))
            {
                return new Said(match.Groups[1].Value, 422, Cell(own));
            }
        }

        var after = source[(match.Index + match.Length)..];
        var sentence = Text().Matches(after[..Math.Min(600, after.Length)]).Select(m => m.Groups[1].Value).FirstOrDefault(t => t.Contains(' ', StringComparison.Ordinal) && t.Any(char.IsLetter));
        return new Said(match.Groups[1].Value, status, sentence is null ? "" : Cell(sentence));
    }

    /// <summary>As <see cref="Problems"/> decides it, for what is made here; null where nothing is.</summary>
    private static int? StatusIn(string source) => Makers().Matches(source).LastOrDefault()?.Value switch
    {
        null => null,
        "Refused.Conflict" => Problems.StatusOf(new Refused.Conflict("", "")),
        "Refused.Forbidden" => Problems.StatusOf(new Refused.Forbidden("", "")),
        "Refused.TooLarge" => Problems.StatusOf(new Refused.TooLarge("", "")),
        "BadRequest" => 400,
        "TooMany" => 429,
        var named when named.StartsWith("Status", StringComparison.Ordinal) => int.Parse(named["Status".Length..], System.Globalization.CultureInfo.InvariantCulture),
        _ => Problems.StatusOf(new Refused.Invalid("", "")), // of a field, or of a row of a file
    };

    /// <summary>The codes that are put together from a kind of thing.</summary>
    private static IEnumerable<Said> OfKinds(string source)
    {
        foreach (Match match in NotFound().Matches(source))
        {
            foreach (Match kind in Regex.Matches(match.Groups[1].Value, "\"(\\w+)\""))
            {
                yield return new Said(kind.Groups[1].Value + ".not_found", 404, "There is nothing of that kind with this id.");
            }
        }

        foreach (Match match in Versions().Matches(source))
        {
            var kind = match.Groups[2].Value;
            yield return new Said(kind + ".changed_meanwhile", 409, "Somebody else changed this meanwhile. Look again before you change it.");
            yield return new Said(kind + ".changed_meanwhile", 412, "Somebody else changed this meanwhile. Look again before you change it.");
            if (match.Groups[1].Value == "MustKnowVersion")
            {
                yield return new Said(kind + ".version_required", 428, "Say which version you are changing: If-Match, or version in the body.");
            }
        }
    }

    private static string Cell(string sentence) => Regex.Replace(sentence, @"\{[^{}]*\}?", "…").Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex("\"([a-z][a-z_]*(?:\\.[a-z][a-z_]*)+)\"")]
    private static partial Regex Literal();

    [GeneratedRegex("\"((?:[^\"\\\\\n]|\\\\.)*)\"")]
    private static partial Regex Text();

    [GeneratedRegex("((?:PlainText|PhoneNumber|PasswordRules)\\.\\w+) => \\$?\"([^\"]+)\"")]
    private static partial Regex SentenceOfText();

    [GeneratedRegex("Refused\\.(?:Conflict|Forbidden|TooLarge|Invalid)|\\bInvalid(?=\\(IReadOnlyList)|\\bBadRequest\\b|\\bTooMany\\b(?!\\(\\))|WithErrorCode|Status\\d{3}|\\bRowRefused\\b|\\bRefusedLine\\b|\\bRefuse(?=\\()|new Fault\\(|const string")]
    private static partial Regex Makers();

    /// <summary>Of a call that cannot be read, or that nobody answers.</summary>
    [GeneratedRegex("=> \\(|return \\(")]
    private static partial Regex Tuple();

    [GeneratedRegex("Refused\\.NotFound\\(([^)]*)\\)")]
    private static partial Regex NotFound();

    [GeneratedRegex("(MustKnowVersion|MustNotBeStale)\\(\"(\\w+)\"")]
    private static partial Regex Versions();
}
