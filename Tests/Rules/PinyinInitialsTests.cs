using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class PinyinInitialsTests
{
    [TestCase("王小明", "wxm")]
    [TestCase("单小明", "sxm", "dxm")]
    [TestCase("單小明", "sxm", "dxm")]
    [TestCase("曾志伟", "zzw", "czw")]
    [TestCase("解晓东", "xxd", "jxd")]
    [TestCase("仇英", "qy", "cy")]
    [TestCase("翟天临", "ztl", "dtl")]
    [TestCase("区志强", "ozq", "qzq", "ozj", "qzj")]
    [TestCase("尉迟恭", "ycg")]
    [TestCase("尉健行", "wjx", "yjx", "wjh", "yjh")]
    [TestCase("万俟雪", "mqx")]
    [TestCase("欧阳娜娜", "oynn")]
    [TestCase("长孙无忌", "zswj")]
    [TestCase("查良镛", "zly", "cly")]
    [TestCase("覃海洋", "qhy", "thy")]
    [TestCase("盖叫天", "gjt")]
    [TestCase("员卓", "yz")]
    [TestCase("朴树", "ps")]
    [TestCase("任贤齐", "rxq")]
    [TestCase("华罗庚", "hlg")]
    [TestCase("宁浩", "nh")]
    [TestCase("冼星海", "xxh")]
    [TestCase("缪志明", "mzm")]
    [TestCase("乐嘉", "yj", "lj")]
    [TestCase("李茜", "lq", "lx")]
    [TestCase("阿卜杜·热合曼", "abdrhm")]
    [TestCase("陈Amy丽", "cl")]
    [TestCase("𠮷小明", "xm")]
    [TestCase("John")]
    [TestCase("")]
    [TestCase("\ud83d")]
    public void Spells(string name, params string[] expected) => Assert.That(PinyinInitials.Of(name), Is.EqualTo(expected));

    private const string AsEverybodyDoes = """
        a 安爱霭
        b 白波彬彪博邦伯斌蓓冰
        c 陈曹曾蔡程崔超才昌成诚承晨辰琛策翠彩春婵聪纯宸
        d 邓董杜丁段戴达栋德丹
        f 冯范付方芳福发飞富风凤凡馥枫菲
        g 郭高顾龚刚桂国广贵光功固冠
        h 黄胡何韩侯贺郝华红辉海和会豪厚河浩亨翰宏航弘慧惠环荷欢寒涵皓晗
        j 蒋姜金贾江静军杰娟建健进坚敬家钧菊洁佳嘉姣瑾君菁婕姬俊婧
        k 孔康克可
        l 李刘林罗梁吕卢陆廖雷龙黎丽磊兰力良利亮轮朗伦琳莲莉露岚澜荔
        m 马孟毛莫敏明茂民鸣美梅妹眉梦茗
        n 娜宁楠凝诺
        p 彭潘平萍朋鹏飘
        q 秦邱钱覃强全清群庆谦奇启巧琼勤琴卿琪祺
        r 任仁若榕荣瑞蓉蕊融柔然睿
        s 孙宋苏沈石史邵世山生胜顺思绍松善士树时淑素爽舒
        t 唐田谭陶汤涛天泰腾婷彤
        w 王吴魏汪韦万武伟文维婉纨薇琬
        x 徐谢许肖夏熊薛向秀霞兴学祥新信星先心翔旭雄雪香娴馨希欣晓霄轩熙萱璇
        y 杨袁于余叶姚尹闫严洋勇艳英玉永义元岩有友裕言以炎雅燕云月莺媛嫣颖瑶怡雁仪苑瑗琰韵园艺咏毓悦羽育滢筠芸伊亚宜影宇奕雨妍熠钰煜
        z 张赵周朱郑钟邹志子中震振壮哲政之泽致珠芝真珍贞昭竹枝梓
        """;

    [Test]
    public void Common_surnames_and_characters_of_given_names_are_spelt_as_everybody_does()
    {
        foreach (var line in AsEverybodyDoes.Split('\n'))
        {
            foreach (var ideograph in line[2..].EnumerateRunes())
            {
                Assert.That(PinyinInitials.Letter(ideograph), Is.EqualTo(line[0]), ideograph.ToString());
            }
        }
    }

    [Test]
    public void Every_ideograph_of_the_block_has_a_letter_and_nothing_else_has()
    {
        for (var i = 0x4E00; i <= 0x9FFF; i++)
        {
            Assert.That(PinyinInitials.Letter(new Rune(i)), Is.InRange('a', 'z'));
        }

        Assert.That(PinyinInitials.Letter(new Rune(0x4DFF)), Is.Null);
        Assert.That(PinyinInitials.Letter(new Rune(0xA000)), Is.Null);
        Assert.That(PinyinInitials.Letter(new Rune(0x20BB7)), Is.Null);
    }

    [Test]
    public void A_name_of_many_readings_has_at_most_four_spellings_all_different() =>
        Assert.That(PinyinInitials.Of("单乐长行茜晟"), Has.Count.EqualTo(4).And.Unique);
}
