using System.Text;
using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Words with named placeholders, as in <c>您的报修 {number} 已完成</c>. A brace that is meant is written twice.</summary>
public static partial class TemplateText
{
    public const string Malformed = "template.malformed";
    public const string UnknownPlaceholder = "template.placeholder_unknown";
    public const string MissingPlaceholder = "template.placeholder_missing";

    /// <summary>The placeholders of a text; null where a brace is left open or stands alone.</summary>
    public static IReadOnlySet<string>? Placeholders(string text)
    {
        var rest = Piece().Replace(text, "");
        return rest.AsSpan().IndexOfAny('{', '}') >= 0
            ? null
            : Piece().Matches(text).Where(m => m.Groups["name"].Success).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>What is wrong with the texts of a template, all together: the code, and the placeholder it is about; null where nothing is.</summary>
    public static (string Code, string? Placeholder)? Fault(IEnumerable<string> texts, IReadOnlySet<string> known, IReadOnlySet<string> needed)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (Placeholders(text) is not { } some)
            {
                return (Malformed, null);
            }

            used.UnionWith(some);
        }

        return used.Order(StringComparer.Ordinal).FirstOrDefault(u => !known.Contains(u)) is { } unknown ? (UnknownPlaceholder, unknown)
            : needed.Order(StringComparer.Ordinal).FirstOrDefault(n => !used.Contains(n)) is { } missing ? (MissingPlaceholder, missing)
            : null;
    }

    /// <summary>The text with its values; one that there is no value for is a dash: a message with a gap is better than none.</summary>
    public static string Render(string text, IReadOnlyDictionary<string, string> values)
    {
        var made = new StringBuilder(text.Length);
        var at = 0;
        foreach (Match piece in Piece().Matches(text))
        {
            made.Append(text, at, piece.Index - at);
            made.Append(piece.Value switch { "{{" => "{", "}}" => "}", _ => values.TryGetValue(piece.Groups["name"].Value, out var value) ? value : "–" });
            at = piece.Index + piece.Length;
        }

        return made.Append(text, at, text.Length - at).ToString();
    }

    [GeneratedRegex(@"\{\{|\}\}|\{(?<name>[a-zA-Z][a-zA-Z0-9]{0,39})\}")]
    private static partial Regex Piece();
}
