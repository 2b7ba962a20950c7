using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class TotpTests
{
    /// <summary>The secret of RFC 6238, appendix B.</summary>
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    [TestCase(59, "287082")]
    [TestCase(1111111109, "081804")]
    [TestCase(1111111111, "050471")]
    [TestCase(1234567890, "005924")]
    [TestCase(2000000000, "279037")]
    [TestCase(20000000000, "353130")]
    public void The_codes_are_those_of_the_rfc(long seconds, string code) =>
        Assert.That(Totp.CodeAt(Secret, Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(seconds))), Is.EqualTo(code));

    [TestCase(-31, false)]
    [TestCase(-30, true)]
    [TestCase(0, true)]
    [TestCase(29, true)]
    [TestCase(60, false)]
    public void A_clock_may_be_half_a_minute_off(int seconds, bool good)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_200_000_000);

        Assert.That(Totp.StepOf(Secret, Totp.CodeAt(Secret, Totp.StepAt(now.AddSeconds(seconds))), now, 0), good ? Is.Not.Null : Is.Null);
    }

    [Test]
    public void A_step_that_was_used_is_used()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_200_000_000);
        var step = Totp.StepAt(now);

        Assert.That(Totp.StepOf(Secret, Totp.CodeAt(Secret, step), now, step), Is.Null);
        Assert.That(Totp.StepOf(Secret, Totp.CodeAt(Secret, step + 1), now, step), Is.EqualTo(step + 1));
    }

    [TestCase("", "")]
    [TestCase("f", "MY")]
    [TestCase("foobar", "MZXW6YTBOI")]
    public void Base32_is_that_of_the_rfc(string text, string expected) => Assert.That(Totp.Base32(Encoding.ASCII.GetBytes(text)), Is.EqualTo(expected));

    [Test]
    public void The_uri_is_one_that_apps_read() =>
        Assert.That(
            Totp.Uri(Secret, "PropertyServiceDesk", "王敏@here"),
            Is.EqualTo("otpauth://totp/PropertyServiceDesk:%E7%8E%8B%E6%95%8F%40here?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=PropertyServiceDesk&algorithm=SHA1&digits=6&period=30"));

    [Test]
    public void Recovery_codes_are_taken_however_they_are_typed_and_nothing_else_is()
    {
        var codes = RecoveryCodes.Make();

        Assert.That(codes, Has.Count.EqualTo(10).And.Unique);
        Assert.That(RecoveryCodes.Hash(codes[0].ToLowerInvariant().Replace('-', ' ')), Is.EqualTo(RecoveryCodes.Hash(codes[0])));
        Assert.That(RecoveryCodes.Hash(codes[0][1..]), Is.Null);
        Assert.That(RecoveryCodes.Hash("123456"), Is.Null);
    }
}
