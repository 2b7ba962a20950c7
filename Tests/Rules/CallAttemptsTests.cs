using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class CallAttemptsTests
{
    private static readonly TimeZoneInfo Shanghai = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");

    [TestCase("00:00", TimeOfDay.Morning)]
    [TestCase("11:59:59", TimeOfDay.Morning)]
    [TestCase("12:00", TimeOfDay.Afternoon)]
    [TestCase("17:59:59", TimeOfDay.Afternoon)]
    [TestCase("18:00", TimeOfDay.Evening)]
    [TestCase("23:59:59", TimeOfDay.Evening)]
    public void The_day_has_three_times_in_the_communitys_zone(string local, TimeOfDay expected) => Assert.That(CallAttempts.Of(At(local), Shanghai), Is.EqualTo(expected));

    [TestCase("09:00 12:00", false, TestName = "Two_are_not_enough")]
    [TestCase("09:00 10:00 11:00", false, TestName = "One_time_of_day_is_not_enough")]
    [TestCase("09:00 10:00 12:00", false, TestName = "Two_times_of_day_are_not_either")]
    [TestCase("09:00 12:00 18:00", true, TestName = "A_morning_an_afternoon_and_an_evening_are")]
    [TestCase("09:00 12:00 20:00", false, TestName = "Not_where_the_evening_is_too_late_for_calls")]
    [TestCase("08:59 12:00 18:00", false, TestName = "Nor_where_the_morning_is_too_early")]
    [TestCase("09:00 09:30 12:00 18:00", true, TestName = "So_are_more")]
    public void Enough_is_three_at_three_times_of_day(string times, bool expected) =>
        Assert.That(CallAttempts.Suffice(times.Split(' ').Select(t => (At(t), CallResult.NoAnswer)), FeedbackRules.Default, Shanghai), Is.EqualTo(expected));

    [TestCase(CallResult.NoAnswer, true)]
    [TestCase(CallResult.Busy, true)]
    [TestCase(CallResult.WrongNumber, true)]
    [TestCase(CallResult.CallLater, false)]
    [TestCase(CallResult.Answered, false)]
    [TestCase(CallResult.Refused, false)]
    public void Only_what_reached_nobody_counts(CallResult third, bool expected) =>
        Assert.That(CallAttempts.Suffice([(At("09:00"), CallResult.NoAnswer), (At("13:00"), CallResult.Busy), (At("19:00"), third)], FeedbackRules.Default, Shanghai), Is.EqualTo(expected));

    private static DateTimeOffset At(string local) => DateTimeOffset.Parse($"2026-03-02T{local}+08:00", System.Globalization.CultureInfo.InvariantCulture);
}
