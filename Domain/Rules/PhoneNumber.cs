using System.Text;
using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Telephone numbers as callers say them and exchanges show them, in one form.</summary>
/// <remarks>
/// A Chinese number is kept as dialled inside the country, without separators: <c>13812345678</c>, <c>075588888888</c>, <c>4008001234</c>; a number without its area code (<c>88888888</c>) stays without,
/// since only the community knows the code; the 5 or 6 digits of a service line (<c>12345</c>, <c>95588</c>) are a number too. Any other country's is <c>+</c> and 7 to 15 digits.
/// An extension of 1 to 6 digits follows a hyphen: <c>075588888888-801</c>.
/// </remarks>
public static partial class PhoneNumber
{
    public const string Empty = "phone.empty";
    public const string NotANumber = "phone.not_a_number";

    /// <summary>The longest form that <see cref="Normalise"/> returns.</summary>
    public const int MaxLength = 23;

    /// <summary>Longer than this is no number, however it is written.</summary>
    public const int MaxTyped = 64;

    /// <summary>The code of what is wrong with a typed number, or null.</summary>
    public static string? Fault(string typed) =>
        string.IsNullOrWhiteSpace(typed) ? Empty : Normalise(typed) is null ? NotANumber : null;

    /// <summary>The one form of a typed number, or null where it is none. Idempotent.</summary>
    /// <remarks>
    /// Understood: full-width digits; blanks, hyphens, dots, slashes and brackets between digits; +86, 0086 or 86 in front; the zero in "+44 (0)20"; a zero before a mobile number;
    /// extensions written 转, 分机, ext, x, # or as a last group behind a hyphen (after a complete number only: 0755-8888-8888 has none).
    /// </remarks>
    public static string? Normalise(string typed)
    {
        if (typed.Length > MaxTyped || PlainText.Fault(typed, MaxTyped) is not null)
        {
            return null;
        }

        var text = Dashes().Replace(typed.Normalize(NormalizationForm.FormKC).Trim().ToLowerInvariant(), "-");
        text = text.StartsWith("tel:", StringComparison.Ordinal) ? text[4..] : text;
        text = BracketedCountry().Replace(text, "+${country} ");

        var match = Extended().Match(text);
        var extension = match.Success ? match.Groups["extension"].Value : "";
        var number = match.Success ? match.Groups["number"].Value : text;

        if (!match.Success && Grouped().Match(text) is { Success: true } grouped && Whole(grouped.Groups["number"].Value) is not null)
        {
            (number, extension) = (grouped.Groups["number"].Value, grouped.Groups["extension"].Value);
        }

        return Whole(number) is not { } whole ? null : extension.Length == 0 ? whole : $"{whole}-{extension}";
    }

    /// <summary>Whether a normalised number is a Chinese mobile one, which can be sent a text message.</summary>
    public static bool IsMobile(string number) => Mobile().IsMatch(Main(number));

    /// <summary>The number without its extension.</summary>
    public static string Main(string number) => number.Split('-')[0];

    /// <summary>Enough of a normalised number to recognise one's own, too little to ring a stranger's: <c>138****5678</c>, <c>0755****8888</c>.</summary>
    /// <remarks>The last four digits stay (of fewer than eight: two), and the network or area code where four or more digits are hidden between; the extension goes. Safe for any text: what is no number shows at most its last two characters.</remarks>
    public static string Mask(string number)
    {
        var main = Main(number);
        var last = main.Length >= 8 && Known().IsMatch(main) ? 4 : Math.Min(2, main.Length / 2);
        var first = main.Length - last - 4 < 3 ? 0
            : main[0] == '0' ? AreaCode(main)
            : 3;
        first = main.Length - first - last < 3 || last < 4 ? 0 : first;

        return string.Concat(main.AsSpan(0, first), new string('*', main.Length - first - last), main.AsSpan(main.Length - last));
    }

    /// <summary>How many digits of a landline number that begins with a zero are its area code: three for 010 and 02x, else four.</summary>
    internal static int AreaCode(string main) => main[1] is '1' or '2' ? 3 : 4;

    private static string? Whole(string text)
    {
        if (!Shape().IsMatch(text))
        {
            return null;
        }

        var abroad = text[0] == '+';
        text = abroad ? text.Replace("(0)", "", StringComparison.Ordinal) : text;
        var digits = string.Concat(text.Where(char.IsAsciiDigit));

        if (!abroad && digits.StartsWith("00", StringComparison.Ordinal))
        {
            (abroad, digits) = (true, digits[2..]);
        }

        if (abroad && !digits.StartsWith("86", StringComparison.Ordinal))
        {
            return digits.Length is >= 7 and <= 15 && digits[0] != '0' ? "+" + digits : null;
        }

        return abroad ? Chinese(digits[2..]) ?? Chinese("0" + digits[2..])
            : Chinese(digits) ?? (digits.StartsWith("86", StringComparison.Ordinal) && Mobile().IsMatch(digits[2..]) ? digits[2..] : null);
    }

    private static string? Chinese(string digits) =>
        Mobile().IsMatch(digits) || Landline().IsMatch(digits) || Local().IsMatch(digits) || Service().IsMatch(digits) ? digits
        : digits.StartsWith('0') && Mobile().IsMatch(digits[1..]) ? digits[1..]
        : null;

    [GeneratedRegex(@"^1[3-9]\d{9}$", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Mobile();

    [GeneratedRegex(@"^0(?:10|2\d|[3-9]\d\d)[2-9]\d{6,7}$", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Landline();

    [GeneratedRegex(@"^[2-9]\d{6,7}$", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Local();

    [GeneratedRegex(@"^(?:[48]00\d{7}|1[012]\d{3}|9[56]\d{3,4})$", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Service();

    [GeneratedRegex(@"^\+?\d+$", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Known();

    [GeneratedRegex(@"^\+?[\d\s().\-/]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();

    [GeneratedRegex(@"[\u2010-\u2015\u2212\u30FC_~]", RegexOptions.CultureInvariant)]
    private static partial Regex Dashes();

    [GeneratedRegex(@"^\(\s*\+\s*(?<country>[0-9]{1,3})\s*\)", RegexOptions.CultureInvariant)]
    private static partial Regex BracketedCountry();

    [GeneratedRegex(@"^(?<number>.*\d[\s)]*)[\s,;(\-]*(?:转|轉|分机|分機|extension|ext|x|#|\*)[\s.:=号]*(?<extension>[0-9]{1,6})\s*\)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Extended();

    [GeneratedRegex(@"^(?<number>(?:\+86|0086|(?!00))[\d\s().\-/]*\d{7,}|\+\d{7,15}|[\d\s]*400-?\d{3}-?\d{4}|1[012]\d{3}|9[56]\d{3,4})-(?<extension>[0-9]{1,6})$", RegexOptions.CultureInvariant)]
    private static partial Regex Grouped();
}
