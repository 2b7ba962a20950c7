using System.Globalization;
using System.Text;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What is allowed in texts that people type: words of any language, emoji and rare Chinese characters, but nothing that makes a text look different from what it says.</summary>
/// <remarks>
/// Allowed: everything that is not refused below, so also characters outside the basic plane (𠮷), joiners inside emoji (👩‍🔧), combining marks, tabs and line breaks.
/// Refused: control characters other than tab and line break, marks, overrides and isolates that change the direction of writing, halves of surrogate pairs, and code points that Unicode says are no characters.
/// A length is a number of code points (Unicode scalar values) after <see cref="Normalise"/>: an ideograph counts one, 👩‍🔧 counts three, CR LF counts one.
/// </remarks>
public static class PlainText
{
    public const string Empty = "text.empty";
    public const string TooLong = "text.too_long";
    public const string ControlCharacter = "text.control_character";
    public const string BidiControl = "text.bidi_control";
    public const string LoneSurrogate = "text.lone_surrogate";
    public const string NotACharacter = "text.not_a_character";

    /// <summary>The code of the first thing wrong with <paramref name="text"/>, or null. What cannot be stored goes before what is empty or too long.</summary>
    /// <remarks>The text is judged as typed, its length as <see cref="Normalise"/> leaves it; so a text without a fault has none after normalising either. A text of nothing visible is empty.</remarks>
    public static string? Fault(string text, int maxLength)
    {
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                return LoneSurrogate;
            }

            if (Fault(rune) is { } fault)
            {
                return fault;
            }

            i += rune.Utf16SequenceLength;
        }

        var normal = Normalise(text);
        return normal.EnumerateRunes().All(IsInvisible) ? Empty
            : Length(normal) > maxLength ? TooLong
            : null;
    }

    /// <summary>The form in which a text is stored: line breaks as LF, composed (NFC), without blanks and byte order marks at its ends.</summary>
    /// <remarks>Idempotent. A text with a <see cref="LoneSurrogate"/> cannot be composed and comes back only trimmed.</remarks>
    public static string Normalise(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Replace('\u2028', '\n').Replace('\u2029', '\n');
        var ends = lines.AsSpan().Trim();
        while (ends.Length > 0 && (ends[0] == '\uFEFF' || ends[^1] == '\uFEFF'))
        {
            ends = ends.Trim('\uFEFF').Trim();
        }

        var trimmed = ends.ToString();
        return IsWellFormed(trimmed) ? trimmed.Normalize(NormalizationForm.FormC) : trimmed;
    }

    /// <summary>How many code points a text has; half a surrogate pair counts one.</summary>
    public static int Length(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            length++;
        }

        return length;
    }

    private static string? Fault(Rune rune) => rune.Value switch
    {
        '\t' or '\n' or '\r' => null,
        0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) => BidiControl,
        >= 0xFDD0 and <= 0xFDEF => NotACharacter,
        var value when (value & 0xFFFE) == 0xFFFE => NotACharacter,
        _ => Rune.IsControl(rune) ? ControlCharacter : null,
    };

    private static bool IsInvisible(Rune rune) =>
        Rune.IsWhiteSpace(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format
        || rune.Value is 0x034F or 0x115F or 0x1160 or 0x2800 or 0x3164 or 0xFFA0 or (>= 0xFE00 and <= 0xFE0F); // fillers, blank Braille, variation selectors

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return false;
            }
        }

        return true;
    }
}
