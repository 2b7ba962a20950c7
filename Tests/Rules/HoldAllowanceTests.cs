using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>How long one reason may hold an order, all its holds together.</summary>
public sealed class HoldAllowanceTests
{
    private static readonly Allowance TwoDays = new(2, AllowanceUnit.Days);

    private static DateTimeOffset At(int day, int hour = 0, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.Zero);

    private static DateTimeOffset UsedUp(DateTimeOffset from, params (DateTimeOffset From, DateTimeOffset To)[] earlier) =>
        HoldAllowance.UsedUpAt([.. earlier.Select(e => new Pause(e.From, e.To))], from, TwoDays, BusinessCalendar.Always);

    [Test]
    public void The_first_hold_has_all_of_it() => Assert.That(UsedUp(At(2, 9)), Is.EqualTo(At(4, 9)));

    [Test]
    public void What_earlier_holds_took_is_gone() => Assert.That(UsedUp(At(10, 9), (At(2, 9), At(3, 9)), (At(5, 9), At(5, 15))), Is.EqualTo(At(11, 3)));

    [Test]
    public void Splitting_a_hold_wins_nothing() =>
        Assert.That(UsedUp(At(3, 0, 1), (At(2), At(2, 12)), (At(2, 12, 1), At(3))), Is.EqualTo(UsedUp(At(2)).AddMinutes(2)));

    [Test]
    public void Used_up_it_stays_so() => Assert.That(UsedUp(At(10), (At(2), At(4)), (At(5), At(5))), Is.LessThanOrEqualTo(At(10)));

    [Test]
    public void Holds_that_overlap_count_once() => Assert.That(UsedUp(At(10), (At(2), At(3)), (At(2, 12), At(3))), Is.EqualTo(At(11)));
}
