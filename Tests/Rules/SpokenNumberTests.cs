using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class SpokenNumberTests
{
    [Test]
    public void Every_wrong_digit_and_every_swap_of_neighbours_is_noticed()
    {
        foreach (var sequence in new long[] { 1, 57, 572, 1_000_001, 9_876_543 })
        {
            var text = SpokenNumber.Of(sequence).ToString();
            Assert.That(SpokenNumber.IsValid(long.Parse(text)), text);

            for (var i = 0; i < text.Length; i++)
            {
                for (var digit = '0'; digit <= '9'; digit++)
                {
                    if (digit != text[i])
                    {
                        var wrong = text[..i] + digit + text[(i + 1)..];
                        Assert.That(SpokenNumber.IsValid(long.Parse(wrong)), Is.False, wrong);
                    }
                }

                if (i > 0 && text[i] != text[i - 1])
                {
                    var swapped = text[..(i - 1)] + text[i] + text[i - 1] + text[(i + 1)..];
                    Assert.That(SpokenNumber.IsValid(long.Parse(swapped)), Is.False, swapped);
                }
            }
        }
    }
}
