namespace PropertyServiceDesk.Domain.Rules;

public enum TimeOfDay
{
    /// <summary>Before 12:00.</summary>
    Morning,

    /// <summary>12:00 to 18:00.</summary>
    Afternoon,

    /// <summary>From 18:00 on.</summary>
    Evening,
}

/// <summary>What whoever rings is to bring about.</summary>
public enum CallDuty
{
    /// <summary>Nothing: who rings was only told, and nobody has to any more.</summary>
    None,

    /// <summary>An answer. Calls that suffice and reach nobody end it by themselves.</summary>
    Answer,

    /// <summary>A word on how it ended. No call ends it by itself.</summary>
    Ending,
}

/// <summary>What a call does to the clock of the one that is owed.</summary>
/// <param name="Met">It was the one that is owed.</param>
/// <param name="NextFrom">From when the next is owed; null where the clock that runs goes on, or nothing is owed.</param>
public readonly record struct CallOwed(bool Met, DateTimeOffset? NextFrom);

/// <summary>When enough was tried to say that somebody cannot be reached.</summary>
public static class CallAttempts
{
    /// <summary>A call so long before the time that somebody named is the one that they asked for.</summary>
    public static readonly TimeSpan Early = TimeSpan.FromMinutes(15);

    public static TimeOfDay Of(DateTimeOffset at, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(at, zone).Hour switch
    {
        < 12 => TimeOfDay.Morning,
        < 18 => TimeOfDay.Afternoon,
        _ => TimeOfDay.Evening,
    };

    /// <summary>Whether nobody was there: "call later" was said by somebody, and a caller who answered was reached.</summary>
    public static bool ReachedNobody(CallResult result) => result switch
    {
        CallResult.NoAnswer or CallResult.Busy or CallResult.WrongNumber => true,
        CallResult.CallLater or CallResult.Answered or CallResult.Refused or CallResult.NoNumber => false,
    };

    /// <summary>Whether no number was known when somebody last wanted to ring. Where one is dialled after all, it is known again.</summary>
    public static bool HaveNoNumber(IReadOnlyList<CallResult> results) => results is [.., CallResult.NoNumber];

    /// <summary>As many as the community demands that reached nobody, at as many different times of day, in its zone.</summary>
    public static bool Suffice(IEnumerable<(DateTimeOffset At, CallResult Result)> attempts, FeedbackRules rules, TimeZoneInfo zone) =>
        AreMade(attempts.Where(a => ReachedNobody(a.Result)), rules, zone);

    /// <summary>Every call that is demanded was made, whatever came of it. One outside the hours for calls is none of them, nor is one without a number.</summary>
    public static bool AreMade(IEnumerable<(DateTimeOffset At, CallResult Result)> attempts, FeedbackRules rules, TimeZoneInfo zone)
    {
        var times = attempts.Where(a => a.Result != CallResult.NoNumber && rules.IsDecent(a.At, zone)).Select(a => Of(a.At, zone)).ToList();
        return times.Count >= rules.Attempts && times.Distinct().Count() >= rules.TimesOfDay;
    }

    /// <summary>
    /// What the last of these calls does to the clock. A call that was made is met, and the next is owed: from now on, or from when they
    /// asked for it. One before that time, or in vain at night, is not the one that is owed. After those that suffice an answer is owed no
    /// longer; where it takes a word to end it, that word is, and no further call in vain puts it off. Where no number is known, as after
    /// those that suffice, until one is dialled after all.
    /// </summary>
    /// <param name="attempts">In the order in which they were made.</param>
    /// <param name="isOwed">Whether a clock runs.</param>
    public static CallOwed Owed(IReadOnlyList<(DateTimeOffset At, CallResult Result, DateTimeOffset? AgainAt)> attempts, CallDuty duty, bool isOwed, FeedbackRules rules, TimeZoneInfo zone)
    {
        bool AreEnough(IReadOnlyList<(DateTimeOffset At, CallResult Result, DateTimeOffset? AgainAt)> some) =>
            HaveNoNumber([.. some.Select(a => a.Result)]) || Suffice(some.Select(a => (a.At, a.Result)), rules, zone);
        var (last, before) = (attempts[^1], attempts.SkipLast(1).ToArray());
        var agreed = Agreed(attempts);
        var wordIsOwed = duty == CallDuty.Ending && Agreed(before) is null
            && (Suffice(before.Select(a => (a.At, a.Result)), rules, zone) || (last.Result == CallResult.NoNumber && HaveNoNumber([.. before.Select(a => a.Result)])));
        var isAnother = last.AgainAt is null && (agreed is not null || wordIsOwed || (ReachedNobody(last.Result) && !rules.IsDecent(last.At, zone)));
        var isMore = agreed is not null || duty == CallDuty.Ending || (duty == CallDuty.Answer && !AreEnough(attempts));
        return new CallOwed(!isAnother, isMore && duty != CallDuty.None && !(isAnother && isOwed) ? agreed ?? last.At : null);
    }

    /// <summary>When whoever picked up last asked to be called, until somebody has rung then, or has no number to ring any more; null where nothing is promised.</summary>
    /// <param name="attempts">In the order in which they were made.</param>
    public static DateTimeOffset? Agreed(IEnumerable<(DateTimeOffset At, CallResult Result, DateTimeOffset? AgainAt)> attempts)
    {
        DateTimeOffset? agreed = null;
        foreach (var (at, result, againAt) in attempts)
        {
            agreed = result == CallResult.CallLater ? againAt : result == CallResult.NoNumber ? null : agreed is { } named && at >= named - Early ? null : agreed;
        }

        return agreed;
    }
}
