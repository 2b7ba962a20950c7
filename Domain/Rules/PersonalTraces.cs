using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>
/// What must not stand in words that everybody may read: numbers to ring, addresses to write to, names and homes of those whose matter it
/// was, and their own words as they said them. It finds what it is told of; a person reads the words all the same before they are public.
/// </summary>
public static partial class PersonalTraces
{
    /// <summary>So many letters in common are no chance.</summary>
    private const int Copied = 10;

    private const string ChineseDigits = "零〇○一二三四五六七八九幺";
    private const string Digits = "0001234567891";

    /// <summary>
    /// Seven digits in a row, however they are grouped or written (full-width, 一三八, with blanks, hyphens, dots, brackets or invisible
    /// marks between). A day and a span of years are none.
    /// </summary>
    public static bool HasNumber(string? text) => Says(text) && SevenDigits().IsMatch(Days().Replace(Plain(text), "#"));

    public static bool HasAddress(string? text) => Says(text) && Address().IsMatch(Plain(text));

    /// <summary>One of these names, of two characters or more, stands in it.</summary>
    public static bool Names(string? text, IEnumerable<string?> names)
    {
        var words = Bare(text);
        return words.Length > 0 && names.Select(Bare).Any(name => name.Length >= 2 && words.Contains(name, StringComparison.Ordinal));
    }

    /// <summary>All that they said stands in it, or it is a piece of what they said.</summary>
    public static bool IsCopyOf(string? text, IEnumerable<string?> said)
    {
        var words = Bare(text);
        return said.Select(Bare).Any(o => (o.Length >= Copied && words.Contains(o, StringComparison.Ordinal)) || (words.Length >= Copied && o.Contains(words, StringComparison.Ordinal)));
    }

    // What cannot be stored is refused as such, and cannot be composed.
    private static bool Says([NotNullWhen(true)] string? text) => text is not null && PlainText.Fault(text, int.MaxValue) is null;

    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var c in text.Normalize(NormalizationForm.FormKC))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format)
            {
                continue;
            }

            var at = ChineseDigits.IndexOf(c, StringComparison.Ordinal);
            plain.Append(at >= 0 ? Digits[at] : c);
        }

        return plain.ToString();
    }

    /// <summary>Letters and digits alone, in one form.</summary>
    private static string Bare(string? text) =>
        !Says(text) ? "" : string.Concat(text.Normalize(NormalizationForm.FormKC).ToUpperInvariant().EnumerateRunes().Where(Rune.IsLetterOrDigit).Select(r => r.ToString()));

    [GeneratedRegex(@"(?<!\d)(19|20)\d\d([-/.])\d{1,2}\2\d{1,2}(?!\d)|(?<!\d)(19|20)\d\d\s*[-–—~至]\s*(19|20)\d\d(?!\d)")]
    private static partial Regex Days();

    [GeneratedRegex(@"\d(?:[\s\-–—_.·/()]{0,3}\d){6,}")]
    private static partial Regex SevenDigits();

    [GeneratedRegex(@"[^\s@]+@[^\s@]+\.[^\s@]{2,}")]
    private static partial Regex Address();
}
