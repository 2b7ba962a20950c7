using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class PersonalTracesTests
{
    [TestCase("请打 13800138000")]
    [TestCase("138 0013 8000")]
    [TestCase("138-0013-8000")]
    [TestCase("138.0013.8000")]
    [TestCase("１３８００１３８０００")]
    [TestCase("一三八零零一三八〇〇〇")]
    [TestCase("幺三八〇〇幺三八〇〇〇")]
    [TestCase("1\u200b3\u200b8\u200b0\u200b0\u200b1\u200b3\u200b8\u200b0\u200b0\u200b0")]
    [TestCase("(0755) 8888 8888")]
    [TestCase("+44 (0)20 7946 0958")]
    [TestCase("8888888")]
    [TestCase("2026-11-22 之后打 13800138000")]
    public void A_number_that_could_be_rung_is_found(string text) => Assert.That(PersonalTraces.HasNumber(text), Is.True);

    [TestCase("2026-11-22 起 3 部电梯全部大修")]
    [TestCase("2026/1/2 到 2026/3/4")]
    [TestCase("2025-2026 年度")]
    [TestCase("开放时间 8:30 到 20:00，12345 热线也可以")]
    [TestCase("花了 1,250,000 元，更换 120 盏灯")]
    [TestCase("")]
    [TestCase(null)]
    public void Days_sums_and_hours_are_none(string? text) => Assert.That(PersonalTraces.HasNumber(text), Is.False);

    [TestCase("写信到 a.b@example.com 即可", true)]
    [TestCase("ａ＠example.com", true)]
    [TestCase("3 @ 5 元", false)]
    public void An_address_to_write_to_is_found(string text, bool found) => Assert.That(PersonalTraces.HasAddress(text), Is.EqualTo(found));

    [TestCase("王小明家的灯修好了", "王小明", true)]
    [TestCase("王 小 明家的灯", "王小明", true)]
    [TestCase("Thanks to mr smith", "Mr Smith", true)]
    [TestCase("明天修好", "明", false)]
    [TestCase("灯修好了", "–", false)]
    [TestCase("灯修好了", null, false)]
    public void A_name_is_found(string text, string? name, bool found) => Assert.That(PersonalTraces.Names(text, [name]), Is.EqualTo(found));

    [TestCase("我家厨房水管漏水三天了没人管", "我家厨房水管漏水三天了没人管！", true)]
    [TestCase("有人说：我家厨房水管漏水三天了没人管", "我家厨房水管漏水三天了没人管", true)]
    [TestCase("厨房水管漏水三天了没人", "我家厨房水管漏水三天了没人管", true)]
    [TestCase("水管漏水", "我家厨房水管漏水三天了没人管", false)]
    [TestCase("水管漏水", "水管漏水", false)]
    [TestCase("希望水管漏水时来得快一些", "我家厨房水管漏水三天了没人管", false)]
    public void A_copy_of_what_they_said_is_found(string text, string said, bool found) => Assert.That(PersonalTraces.IsCopyOf(text, [null, said]), Is.EqualTo(found));
}
