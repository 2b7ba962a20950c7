namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What became of an ask or a reminder on its way.</summary>
public enum Delivery
{
    /// <summary>It is not out yet.</summary>
    Pending,

    /// <summary>It is still not out a day later.</summary>
    Late,
    Delivered,

    /// <summary>We could not send it. It goes out where the desk has it tried again.</summary>
    Failed,

    /// <summary>It does not reach them: it came back, they have no address, or the desk discarded it.</summary>
    Undeliverable,
}

/// <summary>Why a round came onto the call-back list.</summary>
public enum ListedWhy
{
    Policy,
    NotDelivered,

    /// <summary>The desk rang before it was due.</summary>
    CalledAlready,
}

/// <summary>A round that nobody has answered yet.</summary>
/// <param name="LastDelivery">Of the last reminder, else of the ask.</param>
/// <param name="LastOutAt">When the ask or the last reminder really went out, whichever was later.</param>
/// <param name="CallOwed">A clock runs for a call.</param>
/// <param name="AgreedCallAt">When somebody who picked up asked to be called, where nobody has rung then yet.</param>
/// <param name="NumberTurnedUp">None was known when somebody last wanted to ring, and now one is.</param>
public sealed record OpenRound(
    FeedbackState State,
    DateTimeOffset AskedAt,
    int Reminders,
    DateTimeOffset? LastRemindedAt,
    bool InSample,
    Delivery AskDelivery,
    Delivery LastDelivery,
    IReadOnlyList<(DateTimeOffset At, CallResult Result)> Attempts,
    DateTimeOffset? AgreedCallAt = null,
    bool NumberTurnedUp = false,
    DateTimeOffset? LastOutAt = null,
    bool CallOwed = false);

/// <summary>What happens to a round now, if anything.</summary>
/// <param name="Move">Remind, CallDue, GiveUp or Lapse; null: it waits.</param>
/// <param name="LookAgainAt">Null where it has ended, or waits for a person.</param>
/// <param name="Ring">There is somebody to ring again: the call is owed from now on.</param>
/// <param name="Reminders">How many reminders count as sent after it: one that was missed is not made up for.</param>
public sealed record ChaseDecision(FeedbackMove? Move, DateTimeOffset? LookAgainAt, int Reminders = 0, ListedWhy? Why = null, bool Ring = false);

/// <summary>
/// How a round is chased to its end. Only what was done ends it: calls that reached nobody make somebody unreachable; silence needs an
/// ask that arrived and every call that the policy demands. Where the desk did not ring, nothing ends: that is its breach. Who has no
/// number cannot be rung: they are unreachable where the ask cannot reach them either, and where it did, they have as long as anybody to
/// answer. An ask that we could not send says nothing about them: it is waited for.
/// </summary>
public static class FeedbackCadence
{
    public static ChaseDecision Decide(OpenRound round, FeedbackPlan plan, FeedbackRules rules, TimeZoneInfo zone, DateTimeOffset now) => round.State switch
    {
        FeedbackState.Asked or FeedbackState.Reminded => Asked(round, plan, rules, zone, now),
        FeedbackState.ToCall => Called(round, rules, zone, now),
        FeedbackState.Answered or FeedbackState.Refused or FeedbackState.Unreachable or FeedbackState.NoResponse or FeedbackState.NotAsked => new ChaseDecision(null, null, round.Reminders),
    };

    private static ChaseDecision Asked(OpenRound round, FeedbackPlan plan, FeedbackRules rules, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (plan.Way is FeedbackWay.Call or FeedbackWay.Sample && plan.Call != CallShare.None)
        {
            return new ChaseDecision(FeedbackMove.CallDue, null, round.Reminders, ListedWhy.Policy);
        }

        if (IsLost(round.LastDelivery) || IsLost(round.AskDelivery))
        {
            return new ChaseDecision(FeedbackMove.CallDue, null, round.Reminders, ListedWhy.NotDelivered);
        }

        if (round.LastDelivery == Delivery.Pending)
        {
            var sent = (round.LastRemindedAt ?? round.AskedAt) + FeedbackRules.DeliveredWithin;
            return new ChaseDecision(null, sent > now ? sent : now.AddHours(1), round.Reminders);
        }

        if (round.Reminders < plan.RemindAfterHours.Count)
        {
            var due = rules.Decent(round.AskedAt.AddHours(plan.RemindAfterHours[round.Reminders]), zone);
            return due > now ? new ChaseDecision(null, due, round.Reminders)
                : !rules.IsDecent(now, zone) ? new ChaseDecision(null, rules.Decent(now, zone), round.Reminders)
                : new ChaseDecision(FeedbackMove.Remind, now + FeedbackRules.DeliveredWithin, plan.RemindAfterHours.Count(h => rules.Decent(round.AskedAt.AddHours(h), zone) <= now));
        }

        var over = (round.LastRemindedAt ?? round.AskedAt).AddHours(rules.WaitHours);
        return over > now ? new ChaseDecision(null, over, round.Reminders)
            : plan.Call == CallShare.All || (plan.Call == CallShare.Sample && round.InSample) ? new ChaseDecision(FeedbackMove.CallDue, null, round.Reminders, ListedWhy.Policy)
            : new ChaseDecision(FeedbackMove.Lapse, null, round.Reminders);
    }

    private static bool IsLost(Delivery delivery) => delivery is Delivery.Late or Delivery.Failed or Delivery.Undeliverable;

    // A call that is promised is made first; and whose last word was "later" is not silent.
    private static ChaseDecision Called(OpenRound round, FeedbackRules rules, TimeZoneInfo zone, DateTimeOffset now) =>
        round.AgreedCallAt is not null || round.Attempts is [.., (_, CallResult.CallLater)] ? new ChaseDecision(null, null, round.Reminders)
        : CallAttempts.Suffice(round.Attempts, rules, zone) ? new ChaseDecision(FeedbackMove.GiveUp, null, round.Reminders)
        : round.NumberTurnedUp ? new ChaseDecision(null, null, round.Reminders, Ring: !round.CallOwed)
        : CallAttempts.HaveNoNumber([.. round.Attempts.Select(a => a.Result)]) ? WithoutANumber(round, rules, now)
        : round.AskDelivery == Delivery.Delivered && CallAttempts.AreMade(round.Attempts, rules, zone) ? new ChaseDecision(FeedbackMove.Lapse, null, round.Reminders)
        : new ChaseDecision(null, null, round.Reminders);

    private static ChaseDecision WithoutANumber(OpenRound round, FeedbackRules rules, DateTimeOffset now)
    {
        var (known, asked) = (round.AskedAt + FeedbackRules.DeliveredWithin, round.LastRemindedAt ?? round.AskedAt);
        var over = (round.LastOutAt is { } sent && sent > asked ? sent : asked).AddHours(rules.WaitHours);
        return round.AskDelivery switch
        {
            Delivery.Undeliverable => new ChaseDecision(FeedbackMove.GiveUp, null, round.Reminders),
            Delivery.Failed => new ChaseDecision(null, null, round.Reminders), // until the desk has it tried again, or discards it
            Delivery.Pending or Delivery.Late => new ChaseDecision(null, known > now ? known : now.AddHours(1), round.Reminders),
            Delivery.Delivered => over > now ? new ChaseDecision(null, over, round.Reminders) : new ChaseDecision(FeedbackMove.Lapse, null, round.Reminders),
        };
    }
}
