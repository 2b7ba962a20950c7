using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What a word in the search box may have meant; <see cref="Mixed"/> where its words mean different things ("王 1502").</summary>
public enum SearchKind
{
    Phone,
    Name,
    Home,
    Number,
    Mixed,
}

/// <summary>One reading of a query: whatever has all of these tokens is meant.</summary>
public sealed record SearchAlternative(SearchKind Kind, IReadOnlyList<string> Tokens);

/// <summary>The tokens by which customers, homes and requests are found, compared only for equality.</summary>
/// <remarks>
/// A token begins with its kind, so that kinds never collide: <c>p:</c> digits of a telephone number, <c>n:</c> a part of a name, <c>i:</c> pinyin initials, <c>h:</c> a home, <c>r:</c> the number of a request.
/// Every list is without repeats, deterministic, and holds at most <see cref="MaxTokens"/> tokens of at most <see cref="MaxTokenLength"/> characters; what is beyond is not found by its end.
/// Case, width (ＡＢＣ１２３), accents and compatibility forms make no difference. Any text may be given, damaged text too: what cannot be a part of a name, number or home separates.
/// </remarks>
public static partial class SearchTokens
{
    /// <summary>The most tokens of one field of one record.</summary>
    public const int MaxTokens = 64;

    /// <summary>The longest token in UTF-16 units, its kind included.</summary>
    public const int MaxTokenLength = 40;

    /// <summary>The most readings of one query; the likeliest come first.</summary>
    public const int MaxAlternatives = 12;

    /// <summary>The most tokens of one reading; a longer query is looked for by its beginning.</summary>
    public const int MaxTokensOfAlternative = 16;

    /// <summary>The longest prefix of a word or of initials that is a token; a longer word is found by its first twelve letters.</summary>
    public const int LongestPrefix = 12;

    private const int MaxRunes = 200;
    private const int MaxIdeographs = 24;
    private const int MaxInitials = 16;
    private const int MaxWords = 6;
    private const int Gram = 4;
    private const int MaxDigits = 20;
    private const int WholeNumber = 11;
    private const int MaxParts = 6;

    private static readonly string[] Titles = ["先生", "女士", "小姐", "太太", "师傅", "阿姨", "老师", "经理", "总"];

    /// <summary>For a name: each ideograph and pair of neighbours (also across blanks and dots), each word of letters and its prefixes from two letters, the pinyin initials and their prefixes from two.</summary>
    public static IReadOnlyList<string> ForName(string name)
    {
        var runes = Fold(name);
        var ideographs = runes.Where(IsIdeograph).Take(MaxIdeographs).Select(rune => rune.ToString()).ToArray();

        var initials = PinyinInitials.Of(string.Concat(ideographs))
            .SelectMany(spelt => Prefixes("i:", spelt))
            .Distinct(StringComparer.Ordinal)
            .Take(MaxInitials);

        return Bounded(
        [
            .. initials,
            .. ideographs.Select(ideograph => "n:" + ideograph),
            .. Pairs(ideographs),
            .. Words(runes).SelectMany(word => word.Length == 1 ? ["n:" + word] : Prefixes("n:", word)),
        ]);
    }

    /// <summary>For a telephone number: every four neighbouring digits, every ending of four or more, the whole number, the whole with its extension.</summary>
    /// <remarks>A number that <see cref="PhoneNumber"/> does not understand goes by its digits; one of fewer than four digits only as a whole.</remarks>
    public static IReadOnlyList<string> ForPhone(string number)
    {
        var normal = PhoneNumber.Normalise(number);
        var main = Digits(PhoneNumber.Main(normal ?? Narrow(number)));
        var whole = Digits(normal ?? Narrow(number));
        main = normal is null ? whole : main;

        return main.Length == 0 ? []
            : main.Length < Gram ? ["p:" + main]
            : Bounded([.. Grams(main), .. Enumerable.Range(Gram, main.Length - Gram + 1).Select(length => "p:" + main[^length..]), "p:" + whole]);
    }

    /// <summary>For a home's full code (3栋2单元1502, 3-2-1502, 03-02-1502, B12-1502): each ending of its path, the path without its middle, each beginning, and its digits run together.</summary>
    /// <remarks>
    /// Markers (栋, 单元, 号楼 …), leading zeros and separators make no difference; 15层02室 is room 1502; 三栋 is 3栋. A beginning is marked by a trailing hyphen: <c>h:3-2-</c> is entrance 2 of building 3.
    /// A path of more than six parts goes by its last six.
    /// </remarks>
    public static IReadOnlyList<string> ForHome(string code)
    {
        var parts = Parts(code);
        if (parts.Count == 0)
        {
            return [];
        }

        List<string> paths = [.. Enumerable.Range(0, parts.Count).Select(from => Path(parts.Skip(from)))];
        if (parts.Count > 2)
        {
            paths.Add(Path([parts[0], parts[^1]]));
            paths.Add(Path([parts[^3], parts[^1]]));
        }

        return Bounded(
        [
            .. paths.Select(path => "h:" + path),
            .. Enumerable.Range(1, parts.Count - 1).Select(length => $"h:{Path(parts.Take(length))}-"),
            .. paths.Select(path => "h:" + path.Replace("-", "", StringComparison.Ordinal)),
            "h:" + string.Concat(parts.Select(part => part.AsWritten)).TrimStart('0'),
        ]);
    }

    /// <summary>For a request: its whole number.</summary>
    public static IReadOnlyList<string> ForRequest(long number) => [RequestToken(number)];

    /// <summary>The readings of what a clerk typed into the one box, the likeliest first; empty where nothing in it can be looked for.</summary>
    /// <remarks>
    /// Words separated by blanks are all to be found: "王 小明", "1380 1502" (two parts of a number), "王 1502" (a <see cref="SearchKind.Mixed"/> reading: a name and a home).
    /// Digits are read as part of a telephone number from four on, as a home, and as a request's number where the check digit fits.
    /// Five or more digits in the middle of a number are looked for by their groups of four, which now and then finds one number too many, never one too few.
    /// A title behind a Chinese name (王先生) is left out in a second reading.
    /// </remarks>
    public static IReadOnlyList<SearchAlternative> ForQuery(string q)
    {
        var text = string.Concat(Fold(q));
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(word => word.EnumerateRunes().Any(IsWordOrIdeograph))
            .Take(MaxWords)
            .ToArray();

        if (words.Length == 0)
        {
            return [];
        }

        var joined = string.Join(' ', words);
        List<SearchAlternative> found = [.. NumberReadings(joined), .. PhoneReadings(joined)];

        if (words.Length > 1)
        {
            found.AddRange(Combined(words));
        }

        found.AddRange(HomeReadings(joined));
        found.AddRange(NameReadings(joined));

        return
        [
            .. found
                .Select(alternative => alternative with { Tokens = [.. alternative.Tokens.Distinct(StringComparer.Ordinal).Take(MaxTokensOfAlternative)] })
                .Where(alternative => alternative.Tokens.Count > 0)
                .DistinctBy(alternative => string.Join('\n', alternative.Tokens.Order(StringComparer.Ordinal)), StringComparer.Ordinal)
                .Take(MaxAlternatives),
        ];
    }

    private static IEnumerable<SearchAlternative> NumberReadings(string text)
    {
        var digits = Digits(text);
        if (RequestNumber().IsMatch(text) && digits.Length is > 1 and <= 18 && SpokenNumber.IsValid(long.Parse(digits, CultureInfo.InvariantCulture)))
        {
            yield return new(SearchKind.Number, [RequestToken(long.Parse(digits, CultureInfo.InvariantCulture))]);
        }
    }

    private static IEnumerable<SearchAlternative> PhoneReadings(string text)
    {
        var known = PhoneNumber.Normalise(text);
        if (known is { } number)
        {
            var main = PhoneNumber.Main(number);
            yield return new(SearchKind.Phone, ["p:" + Digits(number)]);
            yield return new(SearchKind.Phone, ["p:" + Digits(main)]);

            if (main[0] == '0')
            {
                yield return new(SearchKind.Phone, ["p:" + main[PhoneNumber.AreaCode(main)..]]);
            }
        }

        var digits = Digits(text);
        if (PhoneShape().IsMatch(text) && digits.Length is >= Gram and <= MaxDigits)
        {
            yield return new(SearchKind.Phone, ["p:" + digits]);
            // A whole number with its area is no part of another one, nor is a home with building and unit: their groups of four, which half of a
            // town shares, need not be tried.
            if ((known is null || digits.Length < WholeNumber) && !WholeHome().IsMatch(text))
            {
                yield return new(SearchKind.Phone, [.. Grams(digits)]);
            }
        }
    }

    private static IEnumerable<SearchAlternative> HomeReadings(string text)
    {
        if (!HomeShape().IsMatch(text) || !text.Any(char.IsAsciiDigit) && !ChineseNumber().IsMatch(text))
        {
            yield break;
        }

        var parts = Parts(text);
        if (parts.Count > 0)
        {
            yield return new(SearchKind.Home, ["h:" + Path(parts)]);
            yield return new(SearchKind.Home, [$"h:{Path(parts)}-"]);
        }
    }

    private static IEnumerable<SearchAlternative> NameReadings(string text)
    {
        if (text.Any(char.IsAsciiDigit))
        {
            yield break;
        }

        if (text.Length is >= 2 && text.All(char.IsAsciiLetterLower))
        {
            yield return new(SearchKind.Name, ["i:" + Cut(text)]);
        }

        yield return new(SearchKind.Name, NameTokens(text));

        foreach (var title in Titles)
        {
            if (text.Length > title.Length && text.EndsWith(title, StringComparison.Ordinal))
            {
                yield return new(SearchKind.Name, NameTokens(text[..^title.Length]));
            }
        }
    }

    private static List<string> NameTokens(string text)
    {
        List<string> tokens = [];
        foreach (var word in text.Split(' '))
        {
            var runes = word.EnumerateRunes().ToArray();
            var ideographs = runes.Where(IsIdeograph).Select(rune => rune.ToString()).ToArray();
            tokens.AddRange(ideographs.Length == 1 ? ["n:" + ideographs[0]] : Pairs(ideographs));
            tokens.AddRange(Words(runes).Select(letters => "n:" + Cut(letters)));
        }

        // A single letter is a token only of words that are one letter: beside anything else it would hide what is meant.
        return tokens.Count == 1 ? tokens : [.. tokens.Where(token => token.Length > 3 || !char.IsAsciiLetter(token[2]))];
    }

    /// <summary>Each word read by itself, all to be found on the same record: at most two readings a word.</summary>
    private static IEnumerable<SearchAlternative> Combined(string[] words)
    {
        IEnumerable<SearchAlternative> combined = [new(SearchKind.Mixed, [])];

        foreach (var (word, first) in words.Select((word, i) => (word, i == 0)))
        {
            SearchAlternative[] readings = [.. PhoneReadings(word).Reverse().Take(1), .. HomeReadings(word).Take(1), .. NameReadings(word).Take(2)];
            combined = combined
                .SelectMany(before => readings.Select(reading => new SearchAlternative(
                    first || before.Kind == reading.Kind ? reading.Kind : SearchKind.Mixed,
                    [.. before.Tokens, .. reading.Tokens])))
                .Take(MaxAlternatives)
                .ToArray();
        }

        // Two homes are never one home: "3 1502" is read as a path instead.
        return combined.Where(alternative => alternative.Kind != SearchKind.Home && alternative.Tokens.Count(token => token[0] == 'h') <= 1);
    }

    /// <summary>Narrow, composed, lower case, without accents; everything that is no letter, mark or digit and means nothing in a number or a home is a blank.</summary>
    private static Rune[] Fold(string text)
    {
        var runes = new List<Rune>();
        foreach (var rune in Narrow(text).EnumerateRunes().Take(MaxRunes))
        {
            if (IsIdeograph(rune) || rune.IsAscii)
            {
                runes.Add(Separates(rune) ? new Rune(' ') : Rune.ToLowerInvariant(rune));
            }
            else
            {
                runes.AddRange(Plain(rune).EnumerateRunes());
            }
        }

        return [.. runes];
    }

    private static string Plain(Rune rune) => Rune.ToLowerInvariant(rune).Value switch
    {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' or 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        '–' or '—' or '‐' or '‑' => "-",
        var value when Rune.IsLetterOrDigit(rune) => string.Concat(new Rune(value).ToString().Normalize(NormalizationForm.FormD).EnumerateRunes().Where(part => !IsMark(part))),
        _ => IsMark(rune) ? "" : " ",
    };

    private static string Narrow(string text)
    {
        var runes = text.EnumerateRunes().Take(MaxRunes); // replaces halves of surrogate pairs, which cannot be normalised
        return string.Concat(runes).Normalize(NormalizationForm.FormKC);
    }

    private static bool Separates(Rune rune) => !IsWordOrIdeograph(rune) && rune.Value is not ('-' or '+' or '#' or '(' or ')' or '.' or '/' or '\'');

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static bool IsIdeograph(Rune rune) => rune.Value is
        0x3005 or 0x3007 or (>= 0x3041 and <= 0x30FA) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFD);

    private static bool IsWordOrIdeograph(Rune rune) => Rune.IsLetterOrDigit(rune) || IsIdeograph(rune);

    private static IEnumerable<string> Words(IEnumerable<Rune> runes)
    {
        var word = new StringBuilder();
        foreach (var rune in runes.Append(new Rune(' ')))
        {
            if (Rune.IsLetterOrDigit(rune) && !IsIdeograph(rune))
            {
                word.Append(rune);
            }
            else if (rune.Value != '\'' && word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }
    }

    private static IEnumerable<string> Pairs(string[] ideographs) => ideographs.Zip(ideographs.Skip(1), (left, right) => $"n:{left}{right}");

    private static IEnumerable<string> Prefixes(string kind, string word)
    {
        var runes = word.EnumerateRunes().Take(LongestPrefix).Select(rune => rune.ToString()).ToArray();
        return Enumerable.Range(2, Math.Max(0, runes.Length - 1)).Select(length => kind + string.Concat(runes.Take(length)));
    }

    private static string Cut(string word) => string.Concat(word.EnumerateRunes().Take(LongestPrefix));

    private static string Digits(string text) => string.Concat(text.Where(char.IsAsciiDigit).Take(MaxDigits));

    private static IEnumerable<string> Grams(string digits) => Enumerable.Range(0, digits.Length - Gram + 1).Select(from => string.Concat("p:", digits.AsSpan(from, Gram)));

    private static string RequestToken(long number) => string.Create(CultureInfo.InvariantCulture, $"r:{number}");

    private static List<string> Bounded(IEnumerable<string> tokens) => [.. tokens.Where(token => token.Length is > 2 and <= MaxTokenLength).Distinct(StringComparer.Ordinal).Take(MaxTokens)];

    /// <param name="Plain">Without leading zeros.</param>
    private sealed record HomePart(string Plain, string AsWritten);

    private static string Path(IEnumerable<HomePart> parts) => string.Join('-', parts.Select(part => part.Plain));

    private static List<HomePart> Parts(string code)
    {
        var text = string.Concat(Fold(code));
        text = ChineseNumber().Replace(text, match => ValueOf(match.Groups["number"].Value).ToString(CultureInfo.InvariantCulture));
        text = FloorAndRoom().Replace(text, match => $" {match.Groups["floor"].Value}{match.Groups["room"].Value.PadLeft(2, '0')} ");
        text = Markers().Replace(text, "-");

        return
        [
            .. HomePartOf().Matches(text)
                .TakeLast(MaxParts)
                .Select(match => match.Value)
                .Select(part => new HomePart(LeadingZeros().Replace(part, ""), part)),
        ];
    }

    /// <summary>一 to 九十九.</summary>
    private static int ValueOf(string chinese)
    {
        const string digits = "〇一二三四五六七八九";
        var ten = chinese.IndexOf('十', StringComparison.Ordinal);
        if (ten < 0)
        {
            return chinese.Aggregate(0, (value, c) => (value * 10) + digits.IndexOf(c == '零' ? '〇' : c, StringComparison.Ordinal));
        }

        var tens = ten == 0 ? 1 : ValueOf(chinese[..ten]);
        return (tens * 10) + (ten + 1 < chinese.Length ? ValueOf(chinese[(ten + 1)..]) : 0);
    }

    [GeneratedRegex("(?<number>[二三四五六七八九]?十[一二三四五六七八九]?|[〇零一二三四五六七八九]{1,4})(?=期|区|栋|棟|幢|座|号|號|单元|單元|门|層|层|楼|樓|室|房|户)", RegexOptions.CultureInvariant)]
    private static partial Regex ChineseNumber();

    [GeneratedRegex("(?<floor>[0-9]{1,3})(?:层|層)(?<room>[0-9]{1,2})(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex FloorAndRoom();

    [GeneratedRegex("号楼|號樓|号院|单元|單元|期|区|區|栋|棟|幢|座|门|門|楼|樓|层|層|室|房|户|戶|号|號", RegexOptions.CultureInvariant)]
    private static partial Regex Markers();

    [GeneratedRegex(@"[a-z]*[0-9]+[a-z]*|[a-z]+|[\u4e00-\u9fff]+", RegexOptions.CultureInvariant)]
    private static partial Regex HomePartOf();

    [GeneratedRegex(@"^0+(?=[0-9])|(?<=^[a-z]+)0+(?=[0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex LeadingZeros();

    [GeneratedRegex(@"^[0-9a-z\u3007\u4e00-\u9fff #\-./()]+$", RegexOptions.CultureInvariant)]
    private static partial Regex HomeShape();

    [GeneratedRegex(@"^\+?[0-9][0-9 \-.()/]*$", RegexOptions.CultureInvariant)]
    private static partial Regex PhoneShape();

    [GeneratedRegex(@"^[0-9]{1,2}-[0-9]{1,2}-[0-9]{3,4}$", RegexOptions.CultureInvariant)]
    private static partial Regex WholeHome();

    [GeneratedRegex(@"^(?:#|no\.?|r|单号|工单|编号|服务单)?[ \-]?[0-9][0-9 \-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex RequestNumber();
}
