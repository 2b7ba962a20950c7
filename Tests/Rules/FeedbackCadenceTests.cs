using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>How a round is chased: every row of it as a table.</summary>
public sealed class FeedbackCadenceTests
{
    private static readonly TimeZoneInfo Shanghai = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");
    private static readonly DateTimeOffset Asked = At("02 09:00");
    private static readonly FeedbackPlan Normal = new(FeedbackWay.Ask, [24, 72], CallShare.Sample);
    private static readonly FeedbackPlan Danger = new(FeedbackWay.Call, [], CallShare.All);
    private static readonly FeedbackPlan Low = new(FeedbackWay.Ask, [], CallShare.None);
    private static readonly FeedbackPlan Sample = new(FeedbackWay.Sample, [], CallShare.Sample);

    // Plan, state, reminders sent, in the sample, how the last one went, when it is looked at; what happens, and when it is looked at again.
    [TestCase("danger asked 0 out pending 02 09:00", "callDue -", TestName = "Danger_is_called_at_once_whatever_the_ask_does")]
    [TestCase("sample asked 0 in pending 02 09:00", "callDue -", TestName = "Those_of_a_sample_are_called")]
    [TestCase("normal asked 0 in pending 02 09:00", "- 03 09:00", TestName = "An_ask_that_is_not_out_is_waited_for_a_day")]
    [TestCase("normal asked 0 in failed 02 09:05", "callDue notDelivered -", TestName = "An_ask_that_could_not_be_delivered_is_called_at_once")]
    [TestCase("low asked 0 out failed 02 09:05", "callDue notDelivered -", TestName = "Also_where_nobody_would_be_called")]
    [TestCase("normal asked 0 in late 03 09:00", "callDue notDelivered -", TestName = "So_is_one_that_is_not_out_a_day_later")]
    [TestCase("normal asked 0 in undeliverable 02 09:05", "callDue notDelivered -", TestName = "And_one_that_came_back")]
    [TestCase("normal asked 0 in delivered 02 09:05", "- 03 09:00", TestName = "The_first_reminder_is_a_day_later")]
    [TestCase("normal asked 0 in delivered 03 09:00", "remind 1 04 09:00", TestName = "It_is_sent_when_it_is_due")]
    [TestCase("normal reminded 1 in delivered 03 10:00", "- 05 09:00", TestName = "The_second_is_three_days_after_the_ask")]
    [TestCase("normal reminded 1 in delivered 05 09:00", "remind 2 06 09:00", TestName = "It_is_sent_too")]
    [TestCase("normal asked 0 in delivered 05 09:00", "remind 2 06 09:00", TestName = "One_that_was_missed_is_not_made_up_for")]
    [TestCase("normal reminded 1 in failed 05 09:00", "callDue notDelivered -", TestName = "A_reminder_that_could_not_be_delivered_is_no_silence")]
    [TestCase("normal reminded 2 in pending 07 09:00", "- 07 10:00", TestName = "While_the_reminder_is_on_its_way_nothing_ends")]
    [TestCase("normal asked 0 in delivered 03 22:00", "- 04 09:00", TestName = "Nobody_is_reminded_at_night")]
    [TestCase("normal reminded 2 in delivered 06 09:00", "- 07 09:00", TestName = "After_the_last_one_two_days_are_left")]
    [TestCase("normal reminded 2 in delivered 07 09:00", "callDue -", TestName = "Then_the_sample_is_called")]
    [TestCase("normal reminded 2 out delivered 07 09:00", "lapse -", TestName = "And_the_others_did_not_respond")]
    [TestCase("low asked 0 out delivered 02 10:00", "- 04 09:00", TestName = "Asked_once_they_have_two_days")]
    [TestCase("low asked 0 out delivered 04 09:00", "lapse -", TestName = "Asked_once_and_silent_is_no_response")]
    public void A_round_that_was_asked(string round, string expected)
    {
        var p = round.Split(' ');
        var plan = p[0] switch { "danger" => Danger, "low" => Low, "sample" => Sample, _ => Normal };
        var delivery = Enum.Parse<Delivery>(p[4], ignoreCase: true);
        var reminders = int.Parse(p[2]);
        var open = new OpenRound(
            EnumWord.Read<FeedbackState>(p[1]), Asked, reminders, reminders == 0 ? null : Asked.AddHours(plan.RemindAfterHours[reminders - 1]), p[3] == "in", reminders == 0 ? delivery : Delivery.Delivered, delivery, []);

        var decision = FeedbackCadence.Decide(open, plan, FeedbackRules.Default, Shanghai, At(p[5] + " " + p[6]));

        Assert.That(Words(decision), Is.EqualTo(expected));
    }

    [TestCase("", "delivered", "- -", TestName = "Nobody_rang_and_nothing_ends_it")]
    [TestCase("09:00/noAnswer 13:00/busy", "delivered", "- -", TestName = "Two_calls_are_not_enough")]
    [TestCase("09:00/noAnswer 13:00/busy 18:00/wrongNumber", "failed", "giveUp -", TestName = "Three_in_vain_are_unreachable_however_the_ask_went")]
    [TestCase("09:00/noAnswer 10:00/busy 11:00/noAnswer", "delivered", "- -", TestName = "Three_in_one_morning_are_not_enough")]
    [TestCase("09:00/noAnswer 13:00/callLater 18:00/noAnswer", "delivered", "lapse -", TestName = "Every_call_was_made_and_somebody_was_there_once_that_is_no_response")]
    [TestCase("09:00/noAnswer 13:00/callLater 18:00/noAnswer", "failed", "- -", TestName = "But_not_where_the_ask_never_arrived")]
    [TestCase("09:00/noAnswer 13:00/callLater 18:00/noAnswer", "pending", "- -", TestName = "Nor_while_it_is_on_its_way")]
    [TestCase("09:00/noAnswer 13:00/busy 18:00/callLater", "delivered", "- -", TestName = "Whose_last_word_was_later_has_not_been_silent")]
    [TestCase("09:00/noAnswer 13:00/callLater@19:00 18:00/noAnswer", "delivered", "- -", TestName = "A_time_that_was_named_has_not_come_when_somebody_rang_before_it")]
    [TestCase("09:00/noAnswer 10:00/callLater@19:00 13:00/noAnswer 18:00/busy", "failed", "- -", TestName = "Nor_are_they_given_up_before_it")]
    [TestCase("09:00/noAnswer 10:00/callLater@19:00 13:00/noAnswer 18:50/busy", "failed", "giveUp -", TestName = "A_quarter_of_an_hour_early_is_that_call")]
    [TestCase("09:00/noAnswer 10:00/callLater@19:00 13:00/callLater 18:00/busy", "delivered", "lapse -", TestName = "A_later_word_takes_the_place_of_an_earlier_one")]
    [TestCase("09:00/noAnswer 13:00/busy 21:00/noAnswer", "delivered", "- -", TestName = "A_call_at_night_is_none_of_those_demanded")]
    [TestCase("09:00/noNumber", "undeliverable", "giveUp -", TestName = "Without_a_number_whom_no_ask_reaches_is_unreachable")]
    [TestCase("09:00/noNumber", "failed", "- -", TestName = "Not_whom_we_could_not_send_it")]
    [TestCase("09:00/noNumber", "late", "- 04 10:00", TestName = "Nor_while_it_is_late")]
    [TestCase("09:00/noNumber", "pending", "- 04 10:00", TestName = "While_the_ask_is_on_its_way_it_is_waited_for")]
    [TestCase("09:00/noNumber", "delivered", "lapse -", TestName = "Who_got_it_was_silent_for_as_long_as_anybody_may_be")]
    [TestCase("09:00/noNumber 13:00/noAnswer", "failed", "- -", TestName = "A_number_that_was_found_is_rung")]
    [TestCase("09:00/callLater 13:00/noNumber 18:00/busy", "delivered", "- -", TestName = "And_an_attempt_without_one_is_none_of_the_calls_demanded")]
    [TestCase("09:00/wrongNumber 13:00/wrongNumber 18:00/wrongNumber 18:05/noNumber", "delivered", "giveUp -", TestName = "Calls_that_suffice_suffice")]
    [TestCase("09:00/callLater@19:00 10:00/wrongNumber 11:00/noNumber", "undeliverable", "giveUp -", TestName = "What_was_promised_at_a_wrong_number_is_waited_for_no_longer")]
    public void A_round_to_call(string calls, string ask, string expected)
    {
        var attempts = calls.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => c.Split('/', '@')).Select(c => (At: At("03 " + c[0]), Result: EnumWord.Read<CallResult>(c[1]), AgainAt: c.Length > 2 ? At("03 " + c[2]) : (DateTimeOffset?)null)).ToArray();
        var delivery = Enum.Parse<Delivery>(ask, ignoreCase: true);

        var decision = FeedbackCadence.Decide(new OpenRound(FeedbackState.ToCall, Asked, 0, null, true, delivery, delivery, [.. attempts.Select(a => (a.At, a.Result))], CallAttempts.Agreed(attempts)), Danger, FeedbackRules.Default, Shanghai, At("04 09:00"));

        Assert.That(Words(decision), Is.EqualTo(expected));
    }

    [TestCase("02 12:00", "pending", "- 03 09:00")]
    [TestCase("03 09:00", "delivered", "- 04 09:00")]
    [TestCase("04 08:59", "delivered", "- 04 09:00")]
    [TestCase("04 09:00", "delivered", "lapse -")]
    public void A_round_without_a_number_is_looked_at_again_when_the_ask_is_out_or_the_time_to_answer_it_is_over(string now, string ask, string expected)
    {
        var delivery = Enum.Parse<Delivery>(ask, ignoreCase: true);

        var decision = FeedbackCadence.Decide(new OpenRound(FeedbackState.ToCall, Asked, 0, null, true, delivery, delivery, [(At("02 10:00"), CallResult.NoNumber)]), Danger, FeedbackRules.Default, Shanghai, At(now));

        Assert.That(Words(decision), Is.EqualTo(expected));
    }

    [TestCase(Delivery.Failed)]
    [TestCase(Delivery.Undeliverable)]
    [TestCase(Delivery.Late)]
    [TestCase(Delivery.Pending)]
    [TestCase(Delivery.Delivered)]
    public void A_round_whose_number_has_turned_up_is_rung_about_before_it_ends(Delivery ask)
    {
        var decision = FeedbackCadence.Decide(
            new OpenRound(FeedbackState.ToCall, Asked, 0, null, true, ask, ask, [(At("02 10:00"), CallResult.NoNumber)], NumberTurnedUp: true), Danger, FeedbackRules.Default, Shanghai, At("09 09:00"));

        Assert.That(decision, Is.EqualTo(new ChaseDecision(null, null, 0, Ring: true)));
    }

    [Test]
    public void Where_a_call_is_owed_already_it_is_not_owed_anew()
    {
        var decision = FeedbackCadence.Decide(
            new OpenRound(FeedbackState.ToCall, Asked, 0, null, true, Delivery.Failed, Delivery.Failed, [(At("02 10:00"), CallResult.NoNumber)], NumberTurnedUp: true, CallOwed: true), Danger, FeedbackRules.Default, Shanghai, At("09 09:00"));

        Assert.That(decision, Is.EqualTo(new ChaseDecision(null, null, 0)));
    }

    [TestCase("03 08:00", "05 07:59", "- 05 08:00")]
    [TestCase("03 08:00", "05 08:00", "lapse -")]
    public void Whoever_got_the_ask_late_has_the_time_to_answer_from_then_on(string sent, string now, string expected)
    {
        var decision = FeedbackCadence.Decide(
            new OpenRound(FeedbackState.ToCall, Asked, 0, null, true, Delivery.Delivered, Delivery.Delivered, [(At("02 10:00"), CallResult.NoNumber)], LastOutAt: At(sent)), Danger, FeedbackRules.Default, Shanghai, At(now));

        Assert.That(Words(decision), Is.EqualTo(expected));
    }

    [Test]
    public void Who_was_reminded_has_the_time_to_answer_from_then_on()
    {
        var decision = FeedbackCadence.Decide(
            new OpenRound(FeedbackState.ToCall, Asked, 1, At("03 09:00"), true, Delivery.Delivered, Delivery.Failed, [(At("03 10:00"), CallResult.NoNumber)]), Normal, FeedbackRules.Default, Shanghai, At("04 09:00"));

        Assert.That(Words(decision), Is.EqualTo("- 05 09:00"));
    }

    [Test]
    public void What_has_ended_is_left_alone() =>
        Assert.That(
            new[] { FeedbackState.Answered, FeedbackState.Refused, FeedbackState.Unreachable, FeedbackState.NoResponse, FeedbackState.NotAsked }
                .Select(s => FeedbackCadence.Decide(new OpenRound(s, Asked, 0, null, true, Delivery.Failed, Delivery.Failed, []), Danger, FeedbackRules.Default, Shanghai, At("09 09:00")).Move),
            Has.All.Null);

    [TestCase("08:59", "02 09:00")]
    [TestCase("09:00", "02 09:00")]
    [TestCase("19:59", "02 19:59")]
    [TestCase("20:00", "03 09:00")]
    [TestCase("23:30", "03 09:00")]
    public void Decent_hours_are_the_customers(string local, string expected) => Assert.That(FeedbackRules.Default.Decent(At("02 " + local), Shanghai), Is.EqualTo(At(expected)));

    [TestCase("", "02 10:00", "02 14:00", TestName = "The_next_time_of_day")]
    [TestCase("02 10:00", "02 10:00", "02 14:00", TestName = "Morning_was_tried")]
    [TestCase("02 10:00,02 15:00", "02 15:00", "02 18:00", TestName = "Evening_is_left")]
    [TestCase("02 18:30", "02 18:30", "03 09:00", TestName = "Next_morning")]
    [TestCase("02 10:00,02 15:00,02 18:30", "02 18:30", "03 09:00", TestName = "All_were_tried_so_in_decent_hours")]
    public void The_next_call_is_at_another_time_of_day(string tried, string now, string expected) =>
        Assert.That(FeedbackRules.Default.NextCall(tried.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(At), At(now), Shanghai), Is.EqualTo(At(expected)));

    [Test]
    public void A_sample_is_about_as_large_as_it_says_and_the_same_for_everybody()
    {
        var ids = Enumerable.Range(0, 4000).Select(i => new Guid(i, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10])).ToArray();

        Assert.That(ids.Count(i => FeedbackRules.Default.IsInSample(i, 1)), Is.InRange(1100, 1300));
        Assert.That(ids.Count(i => (FeedbackRules.Default with { SamplePercent = 100 }).IsInSample(i, 1)), Is.EqualTo(4000));
        Assert.That(ids.Count(i => (FeedbackRules.Default with { SamplePercent = 0 }).IsInSample(i, 1)), Is.Zero);
        Assert.That(FeedbackRules.Default.IsInSample(new Guid("01890a5d-ac96-774b-bcce-b302099a8057"), 1), Is.True, "the same on every machine");
    }

    private static string Words(ChaseDecision d) => string.Join(
        ' ',
        new[] { d.Move is { } move ? EnumWord.Of(move) : "-", d.Move == FeedbackMove.Remind ? d.Reminders.ToString() : null, d.Why == ListedWhy.NotDelivered ? "notDelivered" : null, d.LookAgainAt is { } at ? TimeZoneInfo.ConvertTime(at, Shanghai).ToString("dd HH:mm") : "-" }
            .OfType<string>());

    private static DateTimeOffset At(string local) => DateTimeOffset.ParseExact("2026-03-" + local + " +08:00", "yyyy-MM-dd HH:mm zzz", System.Globalization.CultureInfo.InvariantCulture);
}

public sealed class WhomNotToAskTests
{
    private static readonly FinishedRequest Plain = new(RequestKind.Repair, Channel.Phone, Outcome.Resolved, CanBeAsked: true, LeftAName: true, OptedOut: false, Erased: false, OnTheSpot: false, HistoryOnly: false, AskedForTheFault: false, JoinedTheFault: false, AsksWithinAMonth: 0, InSample: true);
    private static readonly FeedbackPlan Ask = new(FeedbackWay.Ask, [24, 72], CallShare.Sample);
    private static readonly FeedbackPlan Sample = new(FeedbackWay.Sample, [], CallShare.Sample);
    private static readonly FeedbackPlan All = new(FeedbackWay.Call, [], CallShare.All);

    private static IEnumerable<TestCaseData> Cases()
    {
        TestCaseData Case(string name, NotAskedRule? rule, FinishedRequest about, FeedbackPlan? plan = null) => new TestCaseData(rule, about, plan ?? Ask).SetName(name);
        yield return Case("Whoever_reported_is_asked", null, Plain);
        yield return Case("History_is_not_asked_about", NotAskedRule.Imported, Plain with { HistoryOnly = true, Erased = true });
        yield return Case("What_was_withdrawn_is_not_asked_about", NotAskedRule.Cancelled, Plain with { Outcome = Outcome.Withdrawn });
        yield return Case("Nor_is_a_duplicate", NotAskedRule.Cancelled, Plain with { Outcome = Outcome.Duplicate });
        yield return Case("Who_was_erased_is_not_asked", NotAskedRule.Erased, Plain with { Erased = true });
        yield return Case("A_suggestion_is_thanked_for", NotAskedRule.Thanked, Plain with { Kind = RequestKind.Suggestion });
        yield return Case("So_is_praise", NotAskedRule.Thanked, Plain with { Kind = RequestKind.Praise });
        yield return Case("And_whatever_the_policy_thanks_for", NotAskedRule.Thanked, Plain, new FeedbackPlan(FeedbackWay.Thank, [], CallShare.None));
        yield return Case("Staff_are_not_asked", NotAskedRule.StaffRequest, Plain with { Channel = Channel.Staff });
        yield return Case("Where_nobody_is_known_nobody_is_asked", NotAskedRule.NoReporter, Plain with { CanBeAsked = false, LeftAName = false });
        yield return Case("Who_left_a_name_alone_cannot_be_asked", NotAskedRule.NameOnly, Plain with { CanBeAsked = false });
        yield return Case("Who_opted_out_is_not_asked", NotAskedRule.OptedOut, Plain with { OptedOut = true });
        yield return Case("Who_was_on_the_telephone_said_it_already", NotAskedRule.AnsweredOnTheSpot, Plain with { OnTheSpot = true });
        yield return Case("Once_for_a_fault", NotAskedRule.AskedForTheFault, Plain with { AskedForTheFault = true });
        yield return Case("Who_only_joined_a_fault", NotAskedRule.JoinedTheFault, Plain with { JoinedTheFault = true });
        yield return Case("Who_only_joined_a_fault_where_the_policy_asks_them", null, Plain with { JoinedTheFault = true }, Ask with { Joiners = true });
        yield return Case("Who_only_joined_a_fault_is_not_called_about_it_either", NotAskedRule.JoinedTheFault, Plain with { JoinedTheFault = true }, All);
        yield return Case("Outside_of_the_sample", NotAskedRule.NotInSample, Plain with { InSample = false }, Sample);
        yield return Case("Inside_of_it", null, Plain, Sample);
        yield return Case("The_sample_of_calls_is_asked_all_the_same", null, Plain with { InSample = false });
        yield return Case("Four_times_within_a_month_are_enough", NotAskedRule.TooOften, Plain with { AsksWithinAMonth = 4 });
        yield return Case("Three_are_not", null, Plain with { AsksWithinAMonth = 3 });
        yield return Case("Whom_the_policy_calls_without_exception_is_asked_however_often", null, Plain with { AsksWithinAMonth = 40, InSample = false }, All);
    }

    [TestCaseSource(nameof(Cases))]
    public void Whom_not_to_ask(NotAskedRule? rule, FinishedRequest about, FeedbackPlan plan) => Assert.That(WhomNotToAsk.Rule(about, plan, FeedbackRules.Default), Is.EqualTo(rule));

    [Test]
    public void Every_rule_is_tried_here() => Assert.That(Cases().Select(c => c.Arguments[0]).OfType<NotAskedRule>().Distinct(), Is.EquivalentTo(Enum.GetValues<NotAskedRule>()));
}
