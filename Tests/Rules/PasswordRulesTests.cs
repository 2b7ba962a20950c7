using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class PasswordRulesTests
{
    [TestCase("short pass", PasswordRules.TooShort)]
    [TestCase("十一个汉字也算是密码吗", PasswordRules.TooShort)]
    [TestCase("1q2w3e4r5t6y", PasswordRules.Common)]
    [TestCase("QWERTY123456", PasswordRules.Common, TestName = "Capitals_do_not_make_it_another_one")]
    [TestCase("aaaaaaaaaaaaaaa", PasswordRules.Common)]
    [TestCase("abc1abc1abc1abc1", PasswordRules.Common)]
    [TestCase("abcdefghijklmnop", PasswordRules.Common)]
    [TestCase("123456789012345", PasswordRules.Common)]
    [TestCase("987654321098765", PasswordRules.Common)]
    [TestCase("servicedesk2026", PasswordRules.Common)]
    [TestCase("wang.min.2026", PasswordRules.LikeTheName)]
    [TestCase("correct horse battery", null)]
    [TestCase("            ", PasswordRules.Common, TestName = "Blanks_count_as_characters_and_as_repeats")]
    [TestCase("只有天知道这个密码是什么", null)]
    [TestCase("aaaaaaaaaaaaaa!", null, TestName = "There_are_no_rules_of_composition")]
    public void A_password_is_long_enough_and_not_one_that_everybody_tries(string password, string? code) =>
        Assert.That(PasswordRules.Fault(password, "wang.min", "王敏"), Is.EqualTo(code));

    [Test]
    public void Length_counts_characters_as_people_see_them_in_code_points()
    {
        Assert.That(PasswordRules.Fault(string.Concat(Enumerable.Repeat("😀", 11)) + "x"), Is.Null);
        Assert.That(PasswordRules.Fault(string.Concat(Enumerable.Repeat("x😀y", 66)) + "abc"), Is.EqualTo(PasswordRules.TooLong));
    }
}
