using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class PhoneNumberTests
{
    [TestCase("13812345678", "13812345678")]
    [TestCase("138 1234 5678", "13812345678")]
    [TestCase("138-1234-5678", "13812345678")]
    [TestCase("１３８１２３４５６７８", "13812345678")]
    [TestCase("+86 138 1234 5678", "13812345678")]
    [TestCase("＋86-138-1234-5678", "13812345678")]
    [TestCase("(+86)13812345678", "13812345678")]
    [TestCase("0086 13812345678", "13812345678")]
    [TestCase("8613812345678", "13812345678")]
    [TestCase("013812345678", "13812345678")]
    [TestCase("tel:+8613812345678", "13812345678")]
    [TestCase("13812345678转1234", "13812345678-1234")]
    [TestCase("0755-88888888", "075588888888")]
    [TestCase("(0755) 8888-8888", "075588888888")]
    [TestCase("0755-8888-8888", "075588888888")]
    [TestCase("+86 755 8888 8888", "075588888888")]
    [TestCase("+86 (0)755 88888888", "075588888888")]
    [TestCase("010 6552 9988", "01065529988")]
    [TestCase("021—63216321", "02163216321")]
    [TestCase("0755-88888888-801", "075588888888-801")]
    [TestCase("0755-88888888 转 801", "075588888888-801")]
    [TestCase("0755-88888888分机801", "075588888888-801")]
    [TestCase("0755-88888888（转801）", "075588888888-801")]
    [TestCase("0755-88888888 ext. 801", "075588888888-801")]
    [TestCase("075588888888x801", "075588888888-801")]
    [TestCase("075588888888#801", "075588888888-801")]
    [TestCase("075588888888-801", "075588888888-801")]
    [TestCase("010-6552998-8", "0106552998-8")]
    [TestCase("88888888", "88888888")]
    [TestCase("8888-8888", "88888888")]
    [TestCase("8888888-12", "8888888-12")]
    [TestCase("400-800-1234", "4008001234")]
    [TestCase("400-800-1234-5", "4008001234-5")]
    [TestCase("12345", "12345")]
    [TestCase("95588", "95588")]
    [TestCase("+44 (0)20 7946 0958", "+442079460958")]
    [TestCase("00852 2345 6789", "+85223456789")]
    [TestCase("+852-2345-6789", "+85223456789")]
    [TestCase("+1 (617) 555-0123 ext 9", "+16175550123-9")]
    [TestCase("95588转1", "95588-1")]
    [TestCase("95588-1", "95588-1")]
    [TestCase("+86-755-88888888-801", "075588888888-801")]
    [TestCase("+44-7911123-456", "+447911123456")]
    [TestCase("0044-7911123-456", "+447911123456")]
    [TestCase("", null)]
    [TestCase("none", null)]
    [TestCase("1381234567", null)]
    [TestCase("138123456789", null)]
    [TestCase("12812345678", null)]
    [TestCase("+86 12812345678", null)]
    [TestCase("+123456", null)]
    [TestCase("+1234567890123456", null)]
    [TestCase("+0123456789", null)]
    [TestCase("0755", null)]
    [TestCase("13812345678 13912345678", null)]
    [TestCase("13812345678转1234567", null)]
    [TestCase("1+3812345678", null)]
    [TestCase("13812345678王", null)]
    [TestCase("138\u202e12345678", null)]
    [TestCase("\ud800", null)]
    [TestCase("١٣٨١٢٣٤٥٦٧٨", null)]
    public void Reads_what_callers_give(string typed, string? number)
    {
        Assert.That(PhoneNumber.Normalise(typed), Is.EqualTo(number));
        Assert.That(PhoneNumber.Fault(typed), Is.EqualTo(number is not null ? null : typed.Length == 0 ? PhoneNumber.Empty : PhoneNumber.NotANumber));
    }

    [Test]
    public void Reading_the_one_form_again_gives_the_same_and_it_is_never_longer_than_said() =>
        Prop.ForAll(Gen.Elements("0", "1", "3", "5", "8", "86", "0755", "138", "4", "+", "-", " ", "(", ")", "转", "x", "400", "88888888", "12345", "+852").ListOf().Select(string.Concat).ToArbitrary(), typed =>
            PhoneNumber.Normalise(typed) is not { } number || (PhoneNumber.Normalise(number) == number && number.Length <= PhoneNumber.MaxLength))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithReplay(20260302, 1));

    [TestCase("13812345678", "138****5678")]
    [TestCase("13812345678-1234", "138****5678")]
    [TestCase("075588881234", "0755****1234")]
    [TestCase("07558881234", "0755***1234")]
    [TestCase("01065521234", "010****1234")]
    [TestCase("88881234", "****1234")]
    [TestCase("8881234", "*****34")]
    [TestCase("12345", "***45")]
    [TestCase("+85223451234", "+85*****1234")]
    [TestCase("+8521234", "****1234")]
    [TestCase("somebody", "******dy")]
    [TestCase("0", "*")]
    [TestCase("", "")]
    public void Masks_what_a_stranger_could_ring(string number, string masked) => Assert.That(PhoneNumber.Mask(number), Is.EqualTo(masked));

    [Test]
    public void Only_Chinese_mobile_numbers_are_mobile()
    {
        Assert.That(PhoneNumber.IsMobile("13812345678"));
        Assert.That(PhoneNumber.IsMobile("13812345678-1"));
        Assert.That(PhoneNumber.IsMobile("075588888888"), Is.False);
        Assert.That(PhoneNumber.IsMobile("+13812345678"), Is.False);
    }
}
