using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
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
    [TestCase(CallResult.NoNumber, false)]
    public void Only_what_reached_nobody_counts(CallResult third, bool expected) =>
        Assert.That(CallAttempts.Suffice([(At("09:00"), CallResult.NoAnswer), (At("13:00"), CallResult.Busy), (At("19:00"), third)], FeedbackRules.Default, Shanghai), Is.EqualTo(expected));

    private const string Three = "09:00 noAnswer, 13:00 busy, ";

    [TestCase("09:00 noAnswer", CallDuty.Answer, true, "met, next 09:00", TestName = "We_promise_to_ring_and_not_that_they_pick_up")]
    [TestCase("09:00 callLater", CallDuty.Answer, true, "met, next 09:00", TestName = "Later_without_a_time_is_rung_again")]
    [TestCase("09:00 callLater 18:30", CallDuty.Answer, true, "met, next 18:30", TestName = "Or_from_when_they_asked_for_it")]
    [TestCase("09:00 callLater 18:30, 14:00 busy", CallDuty.Answer, true, "-", TestName = "A_call_before_that_is_not_the_one_that_is_owed")]
    [TestCase("09:00 callLater 18:30, 18:30 busy", CallDuty.Answer, true, "met, next 18:30", TestName = "The_one_at_it_is")]
    [TestCase("22:00 noAnswer", CallDuty.Answer, true, "-", TestName = "Nor_is_one_in_vain_at_night")]
    [TestCase("22:00 noAnswer", CallDuty.Answer, false, "next 22:00", TestName = "Where_none_was_owed_yet_it_is_from_then_on")]
    [TestCase("22:00 callLater", CallDuty.Answer, true, "met, next 22:00", TestName = "At_night_somebody_picked_up")]
    [TestCase(Three + "18:30 noAnswer", CallDuty.Answer, true, "met", TestName = "Calls_that_suffice_end_a_round_by_themselves")]
    [TestCase(Three + "18:30 noAnswer, 22:00 noAnswer", CallDuty.Answer, false, "-", TestName = "One_at_night_after_them_owes_none_anew")]
    [TestCase(Three + "18:30 noAnswer", CallDuty.Ending, true, "met, next 18:30", TestName = "What_does_not_end_by_itself_owes_a_word_on_how_it_ended")]
    [TestCase(Three + "18:30 noAnswer, 19:00 busy", CallDuty.Ending, true, "-", TestName = "No_further_call_in_vain_puts_the_word_off")]
    [TestCase(Three + "18:30 noAnswer, 19:00 callLater 19:30", CallDuty.Ending, true, "met, next 19:30", TestName = "A_time_that_they_name_then_is_kept_first")]
    [TestCase(Three + "18:30 noAnswer, 19:00 callLater 19:30, 19:30 noAnswer", CallDuty.Ending, true, "met, next 19:30", TestName = "And_then_the_word_is_owed_again")]
    [TestCase(Three + "18:30 noAnswer, 22:00 noAnswer", CallDuty.Ending, false, "next 22:00", TestName = "The_word_is_owed_also_where_no_clock_ran")]
    [TestCase("09:00 noAnswer", CallDuty.None, false, "met", TestName = "Who_was_only_told_owes_nothing")]
    [TestCase("22:00 noAnswer", CallDuty.None, false, "-", TestName = "Nor_at_night")]
    [TestCase("09:00 noNumber", CallDuty.Answer, true, "met", TestName = "Who_has_no_number_is_owed_no_call")]
    [TestCase("22:00 noNumber", CallDuty.Answer, true, "met", TestName = "That_can_be_said_at_any_hour")]
    [TestCase("09:00 noNumber, 10:00 noAnswer", CallDuty.Answer, false, "met, next 10:00", TestName = "Whose_number_is_known_again_is")]
    [TestCase("09:00 callLater 18:30, 10:00 wrongNumber, 11:00 noNumber", CallDuty.Answer, true, "met", TestName = "What_was_promised_at_a_number_that_is_wrong_cannot_be_kept")]
    [TestCase("09:00 noNumber", CallDuty.Ending, true, "met, next 09:00", TestName = "But_a_word_on_how_it_ended")]
    [TestCase("09:00 noNumber, 10:00 noNumber", CallDuty.Ending, true, "-", TestName = "Said_twice_it_puts_nothing_off")]
    [TestCase("09:00 noNumber, 10:00 noAnswer", CallDuty.Ending, true, "met, next 10:00", TestName = "A_call_at_a_number_that_was_found_counts")]
    [TestCase("09:00 noNumber", CallDuty.None, false, "met", TestName = "Nor_does_who_was_only_told")]
    public void What_a_call_does_to_the_clock_of_the_one_that_is_owed(string calls, CallDuty duty, bool isOwed, string expected)
    {
        var attempts = calls.Split(", ").Select(c => c.Split(' ')).Select(c => (At(c[0]), EnumWord.Read<CallResult>(c[1]), c.Length > 2 ? At(c[2]) : (DateTimeOffset?)null)).ToArray();

        var (met, next) = CallAttempts.Owed(attempts, duty, isOwed, FeedbackRules.Default, Shanghai);

        var said = string.Join(", ", new[] { met ? "met" : null, next is { } from ? $"next {from:HH:mm}" : null }.OfType<string>());
        Assert.That(said.Length > 0 ? said : "-", Is.EqualTo(expected));
    }

    private static DateTimeOffset At(string local) => DateTimeOffset.Parse($"2026-03-02T{local}+08:00", System.Globalization.CultureInfo.InvariantCulture);
}
