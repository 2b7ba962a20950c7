using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class SearchTokensTests
{
    [TestCase("王小明", "i:wx i:wxm n:王 n:小 n:明 n:王小 n:小明")]
    [TestCase("王 小明", "i:wx i:wxm n:王 n:小 n:明 n:王小 n:小明")]
    [TestCase("单明", "i:sm i:dm n:单 n:明 n:单明")]
    [TestCase("𠮷野家", "i:yj n:𠮷 n:野 n:家 n:𠮷野 n:野家")]
    [TestCase("José Müller", "n:jo n:jos n:jose n:mu n:mul n:mull n:mulle n:muller")]
    [TestCase("ＬＥＥ", "n:le n:lee")]
    [TestCase("J. O'Neil", "n:j n:on n:one n:onei n:oneil")]
    [TestCase("陈Amy", "n:陈 n:am n:amy")]
    [TestCase("Łukasz Groß", "n:lu n:luk n:luka n:lukas n:lukasz n:gr n:gro n:gros n:gross")]
    [TestCase("山田たろう", "i:st n:山 n:田 n:た n:ろ n:う n:山田 n:田た n:たろ n:ろう")]
    [TestCase("👩‍🔧", "")]
    [TestCase("\ud83d", "")]
    [TestCase("", "")]
    public void Makes_tokens_of_a_name(string name, string tokens) => Assert.That(string.Join(' ', SearchTokens.ForName(name)), Is.EqualTo(tokens));

    [Test]
    public void A_number_is_found_by_any_four_digits_any_ending_and_the_whole() =>
        Assert.That(string.Join(' ', SearchTokens.ForPhone("+86 138-1234-5678")), Is.EqualTo(
            "p:1381 p:3812 p:8123 p:1234 p:2345 p:3456 p:4567 p:5678 p:45678 p:345678 p:2345678 p:12345678 p:812345678 p:3812345678 p:13812345678"));

    [TestCase("13812345678", "+86 138 1234 5678")]
    [TestCase("13812345678", "０１３８１２３４５６７８")]
    [TestCase("075588888888", "0086-755-8888-8888")]
    public void Ways_of_writing_a_number_have_the_same_tokens(string one, string other) => Assert.That(SearchTokens.ForPhone(other), Is.EqualTo(SearchTokens.ForPhone(one)));

    [TestCase("12", "p:12")]
    [TestCase("none", "")]
    [TestCase("房东 8012", "p:8012")]
    public void What_is_no_number_goes_by_its_digits(string text, string tokens) => Assert.That(string.Join(' ', SearchTokens.ForPhone(text)), Is.EqualTo(tokens));

    [TestCase("3栋2单元1502", "h:3-2-1502 h:2-1502 h:1502 h:3-1502 h:3- h:3-2- h:321502 h:21502 h:31502")]
    [TestCase("B12-1502", "h:b12-1502 h:1502 h:b12- h:b121502")]
    [TestCase("15层02室", "h:1502")]
    [TestCase("翠园阁1502", "h:翠园阁-1502 h:1502 h:翠园阁- h:翠园阁1502")]
    [TestCase("1502", "h:1502")]
    [TestCase("", "")]
    public void Makes_tokens_of_a_home(string code, string tokens) => Assert.That(string.Join(' ', SearchTokens.ForHome(code)), Is.EqualTo(tokens));

    [TestCase("3-2-1502")]
    [TestCase("三栋二单元1502室")]
    [TestCase("3号楼2单元1502房")]
    [TestCase("３幢２單元１５０２")]
    [TestCase("3 / 2 / 1502")]
    public void Ways_of_writing_a_home_have_the_same_tokens(string code) => Assert.That(SearchTokens.ForHome(code), Is.EqualTo(SearchTokens.ForHome("3栋2单元1502")));

    [TestCase("十二栋", "12栋")]
    [TestCase("二十栋", "20栋")]
    [TestCase("九十九栋", "99栋")]
    [TestCase("一五〇二室", "1502")]
    public void Chinese_numbers_are_numbers(string chinese, string digits) => Assert.That(SearchTokens.ForHome(chinese), Is.EqualTo(SearchTokens.ForHome(digits)));

    [TestCase("1502", "3栋2单元1502", "3-2-1502", "03-02-1502", "B12-1502")]
    [TestCase("2-1502", "3栋2单元1502", "3-2-1502", "03-02-1502")]
    [TestCase("3-2-1502", "3栋2单元1502", "3-2-1502", "03-02-1502")]
    [TestCase("03-02-1502", "3栋2单元1502", "3-2-1502", "03-02-1502")]
    [TestCase("321502", "3栋2单元1502", "3-2-1502", "03-02-1502")]
    [TestCase("03021502", "03-02-1502")]
    [TestCase("3-1502", "3栋2单元1502")]
    [TestCase("3栋1502", "3栋2单元1502")]
    [TestCase("3 1502", "3栋2单元1502")]
    [TestCase("3 2 1502", "3栋2单元1502")]
    [TestCase("3栋", "3栋2单元1502")]
    [TestCase("三栋二单元", "3-2-1502")]
    [TestCase("#1502", "3栋2单元1502")]
    [TestCase("1502室", "3栋2单元1502")]
    [TestCase("b12", "B12-1502")]
    [TestCase("b12-1502", "B12-1502")]
    [TestCase("B12 1502", "B12-1502")]
    [TestCase("B栋1502", "B座1502")]
    [TestCase("2-1502", "一期3栋2单元1502")]
    [TestCase("3-1502", "一期3栋2单元1502")]
    [TestCase("502", "3-2-0502")]
    [TestCase("0502", "3-2-502")]
    public void Finds_homes(string query, params string[] codes)
    {
        foreach (var code in codes)
        {
            Assert.That(Finds(query, SearchTokens.ForHome(code)), code);
        }
    }

    [TestCase("1502", "1-2-1503")]
    [TestCase("3-1502", "13-2-1502")]
    [TestCase("2-1502", "3-12-1502")]
    [TestCase("3栋", "1-3-1502")]
    public void Does_not_find_other_homes(string query, string code) => Assert.That(Finds(query, SearchTokens.ForHome(code)), Is.False);

    [TestCase("5678", "13812345678")]
    [TestCase("3812", "13812345678")]
    [TestCase("38123456", "13812345678")]
    [TestCase("1381", "13812345678")]
    [TestCase("138123", "13812345678")]
    [TestCase("13812345678", "13812345678")]
    [TestCase("+8613812345678", "13812345678")]
    [TestCase("138 1234 5678", "13812345678")]
    [TestCase("138-1234", "13812345678")]
    [TestCase("1381 5678", "13812345678")]
    [TestCase("5678 1381", "13812345678")]
    [TestCase("１３８１", "13812345678")]
    [TestCase("88888888", "0755-88888888")]
    [TestCase("0755-88888888", "88888888")]
    [TestCase("0755-88888888转801", "0755-88888888-801")]
    [TestCase("0755-88888888", "0755-88888888-801")]
    [TestCase("+44 20 7946 0958", "+442079460958")]
    [TestCase("79460958", "+442079460958")]
    public void Finds_numbers(string query, string number) => Assert.That(Finds(query, SearchTokens.ForPhone(number)));

    [TestCase("5679", "13812345678")]
    [TestCase("13812345679", "13812345678")]
    [TestCase("567", "13812345678")]
    [TestCase("3-2-1502", "13321502000", TestName = "A home with building and unit is no part of a number")]
    public void Does_not_find_other_numbers(string query, string number) => Assert.That(Finds(query, SearchTokens.ForPhone(number)), Is.False);

    [TestCase("王", "王小明")]
    [TestCase("小明", "王小明")]
    [TestCase("王小明", "王 小明")]
    [TestCase("王 小明", "王小明")]
    [TestCase("王先生", "王小明")]
    [TestCase("wxm", "王小明")]
    [TestCase("WX", "王小明")]
    [TestCase("ＷＸＭ", "王小明")]
    [TestCase("sxm", "单小明")]
    [TestCase("dxm", "单小明")]
    [TestCase("𠮷", "𠮷野家")]
    [TestCase("𠮷野", "𠮷野家")]
    [TestCase("mull", "José Müller")]
    [TestCase("muller jose", "José Müller")]
    [TestCase("MÜLLER", "José Müller")]
    [TestCase("J Smith", "John Smith")]
    [TestCase("oneil", "O'Neil")]
    [TestCase("o'ne", "O'Neil")]
    [TestCase("wolfeschlegelsteinhausen", "Wolfeschlegelsteinhausenberg")]
    [TestCase("热合曼", "阿卜杜·热合曼")]
    [TestCase("Иван", "Иванов")]
    public void Finds_names(string query, string name) => Assert.That(Finds(query, SearchTokens.ForName(name)));

    [TestCase("李", "王小明")]
    [TestCase("明小", "王小明")]
    [TestCase("xm", "王小明")]
    [TestCase("smith jane", "John Smith")]
    public void Does_not_find_other_names(string query, string name) => Assert.That(Finds(query, SearchTokens.ForName(name)), Is.False);

    [TestCase("王 1502")]
    [TestCase("1502 王小明")]
    [TestCase("wxm 5678")]
    [TestCase("1381 1502")]
    [TestCase("3-2-1502 王先生")]
    public void Finds_a_customer_by_two_things_at_once(string query)
    {
        string[] customer = [.. SearchTokens.ForName("王小明"), .. SearchTokens.ForPhone("13812345678"), .. SearchTokens.ForHome("3栋2单元1502")];

        Assert.That(SearchTokens.ForQuery(query).Any(a => a.Kind == SearchKind.Mixed && a.Tokens.All(customer.Contains)));
    }

    [Test]
    public void A_request_is_found_by_its_whole_number_however_it_is_written()
    {
        var number = SpokenNumber.Of(1_000_001);

        foreach (var query in new[] { $"{number}", $"#{number}", $"No.{number}", $"单号 {number}", $"{number / 10000} {number % 10000:0000}" })
        {
            Assert.That(SearchTokens.ForQuery(query)[0], Is.EqualTo(new SearchAlternative(SearchKind.Number, [])).Using<SearchAlternative>((a, b) => a.Kind == b.Kind), query);
            Assert.That(Finds(query, SearchTokens.ForRequest(number)), query);
        }

        Assert.That(SearchTokens.ForQuery($"{number + 1}").Select(a => a.Kind), Has.None.EqualTo(SearchKind.Number));
    }

    [TestCase("1381", "Phone p:1381 | Home h:1381 | Home h:1381-")]
    [TestCase("13812345678", "Phone p:13812345678 | Home h:13812345678 | Home h:13812345678-")]
    [TestCase("王先生", "Name n:王先 n:先生 | Name n:王")]
    [TestCase(" ", "")]
    [TestCase("-", "")]
    [TestCase("😀", "")]
    [TestCase("\0", "")]
    public void Reads_a_query(string query, string readings) =>
        Assert.That(string.Join(" | ", SearchTokens.ForQuery(query).Select(a => $"{a.Kind} {string.Join(' ', a.Tokens)}")), Is.EqualTo(readings));

    [Test]
    public void Everything_is_bounded_without_repeats_and_the_same_each_time() =>
        Prop.ForAll(Anything, text =>
        {
            IReadOnlyList<string>[] fields = [SearchTokens.ForName(text), SearchTokens.ForPhone(text), SearchTokens.ForHome(text)];
            var readings = SearchTokens.ForQuery(text);

            return fields.All(tokens => tokens.Count <= SearchTokens.MaxTokens && tokens.Distinct().Count() == tokens.Count && tokens.All(Fits))
                && readings.Count <= SearchTokens.MaxAlternatives
                && readings.All(a => a.Tokens.Count is > 0 and <= SearchTokens.MaxTokensOfAlternative && a.Tokens.All(Fits))
                && SearchTokens.ForName(text).SequenceEqual(fields[0])
                && readings.Zip(SearchTokens.ForQuery(text)).All(pair => pair.First.Kind == pair.Second.Kind && pair.First.Tokens.SequenceEqual(pair.Second.Tokens));

            static bool Fits(string token) => token.Length is > 2 and <= SearchTokens.MaxTokenLength && token[1] == ':' && PlainText.Fault(token, 100) is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(20260302, 1));

    [Test]
    public void Any_four_digits_in_a_row_find_the_number() =>
        Prop.ForAll(Gen.Choose(0, 9).ArrayOf(9).ToArbitrary(), digits =>
        {
            var number = "13" + string.Concat(digits);
            var tokens = SearchTokens.ForPhone(number);
            return Enumerable.Range(4, 8).All(length => Enumerable.Range(0, 12 - length).All(from => Finds(number.Substring(from, length), tokens)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(20260302, 1));

    private static bool Finds(string query, IReadOnlyList<string> tokens) =>
        SearchTokens.ForQuery(query).Any(alternative => alternative.Tokens.All(tokens.Contains));

    private static Arbitrary<string> Anything { get; } = Gen.Elements(
            "王", "单", "乐", "𠮷", "栋", "单元", "十", "一", "层", "先生", "a", "smith", "é", "ß", "İ", "ﷺ", "Ω", "か\u3099", "각", " ", "-", "0", "1502", "138", "+86", "#", "(", "\ud83d", "\0", "\u202e", "👩‍🔧", "\uffff", "\u0345")
        .ListOf().Select(string.Concat).ToArbitrary();
}
