using System.Collections.Frozen;
using System.Text;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>The first letters of a name's syllables, as a clerk types them: 王小明 is found by <c>wxm</c>.</summary>
/// <remarks>
/// Knows the 20,992 ideographs U+4E00 to U+9FFF; any other character, a rare ideograph of a later extension too, is passed over.
/// A character with several readings counts with the commonest; a surname, and a few characters of given names, with each reading that people bear.
/// </remarks>
public static class PinyinInitials
{
    /// <summary>How many spellings a name has at most; the likeliest ones stay.</summary>
    public const int MaxVariants = 4;

    private static readonly string Letters = Read();

    /// <summary>Surnames of two characters of which one is read differently in the surname.</summary>
    private static readonly FrozenDictionary<string, string> DoubleSurnames = Table(
        "万俟 mq 尉迟 yc 单于 cy 长孙 zs 澹台 tt 尉遲 yc 單于 cy 長孫 zs 萬俟 mq");

    /// <summary>Surnames read differently from the word, likeliest reading first.</summary>
    private static readonly FrozenDictionary<string, string> Surnames = Table(
        "单 sd 單 sd 曾 zc 解 xj 仇 qc 翟 zd 区 oq 區 oq 查 zc 覃 qt 乐 yl 樂 yl 秘 bm 折 sz 繁 pf 重 cz 种 cz 隗 kw 郇 xh 召 sz 祭 zj 车 cj 車 cj 谌 cs 諶 cs 句 gj 尉 wy "
        + "粘 nz 郗 xc 郄 qx 於 yw 宓 mf 盛 sc 藏 zc 长 zc 長 zc 朝 cz 颉 xj 行 xh 乜 nm 缴 jz 镡 tcx 俞 ys 费 fb 費 fb 适 ks 隽 jx 雋 jx 强 qj 強 qj 系 xj 会 kg 參 sc 参 sc");

    /// <summary>Characters of given names that people read in more than one way.</summary>
    private static readonly FrozenDictionary<string, string> GivenNames = Table(
        "茜 qx 晟 sc 长 cz 長 cz 朝 zc 乐 ly 樂 ly 重 zc 玟 wm 溱 qz 鹄 hg 盛 sc 行 xh 莞 gw 靓 lj 曾 zc 强 qj 強 qj 调 td 弹 td 箐 jq 峤 qj 荨 xq 校 xj 传 cz 傳 cz 仇 cq 单 ds 解 jx 查 cz 区 qo 藏 cz 郗 xc 湫 qj 歙 sx 茄 qj 粘 zn");

    /// <summary>The initials of the ideographs in a name, lower case, without repeats, the likeliest first; empty where the name has no known ideograph.</summary>
    /// <remarks>The name is taken as written in Chinese, surname first. The result is at most <see cref="MaxVariants"/> strings, all of one length.</remarks>
    public static IReadOnlyList<string> Of(string name)
    {
        var known = name.EnumerateRunes().Where(rune => Letter(rune) is not null).Select(rune => rune.ToString()).ToArray();
        if (known.Length == 0)
        {
            return [];
        }

        var isDouble = known.Length > 2 && DoubleSurnames.ContainsKey(known[0] + known[1]);
        List<string> variants = isDouble ? [DoubleSurnames[known[0] + known[1]]]
            : [.. Readings(known[0], Surnames)];

        foreach (var character in known.Skip(isDouble ? 2 : 1))
        {
            var readings = Readings(character, GivenNames);
            variants = [.. readings.SelectMany(reading => variants.Select(variant => variant + reading)).Take(MaxVariants)];
        }

        return variants;
    }

    /// <summary>The initial of the commonest reading of an ideograph, or null for any other character.</summary>
    public static char? Letter(Rune ideograph) =>
        ideograph.Value is >= 0x4E00 and <= 0x9FFF ? Letters[ideograph.Value - 0x4E00] : null;

    private static IEnumerable<string> Readings(string character, FrozenDictionary<string, string> table) =>
        (table.GetValueOrDefault(character) ?? Letter(Rune.GetRuneAt(character, 0))!.Value.ToString()).Select(letter => letter.ToString());

    private static FrozenDictionary<string, string> Table(string pairs) =>
        pairs.Split(' ').Chunk(2).ToFrozenDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static string Read()
    {
        using var reader = new StreamReader(typeof(PinyinInitials).Assembly.GetManifestResourceStream("rules/pinyin-initials.txt")!);
        return reader.ReadToEnd().ReplaceLineEndings("");
    }
}
