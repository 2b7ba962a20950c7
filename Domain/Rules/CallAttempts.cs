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
        CallResult.CallLater or CallResult.Answered or CallResult.Refused => false,
    };

    /// <summary>As many as the community demands that reached nobody, at as many different times of day, in its zone.</summary>
    public static bool Suffice(IEnumerable<(DateTimeOffset At, CallResult Result)> attempts, FeedbackRules rules, TimeZoneInfo zone) =>
        AreMade(attempts.Where(a => ReachedNobody(a.Result)), rules, zone);

    /// <summary>Every call that is demanded was made, whatever came of it. One outside the hours for calls is none of them.</summary>
    public static bool AreMade(IEnumerable<(DateTimeOffset At, CallResult Result)> attempts, FeedbackRules rules, TimeZoneInfo zone)
    {
        var times = attempts.Where(a => rules.IsDecent(a.At, zone)).Select(a => Of(a.At, zone)).ToList();
        return times.Count >= rules.Attempts && times.Distinct().Count() >= rules.TimesOfDay;
    }

    /// <summary>When whoever picked up last asked to be called, until somebody has rung then; null where nothing is promised.</summary>
    /// <param name="attempts">In the order in which they were made.</param>
    public static DateTimeOffset? Agreed(IEnumerable<(DateTimeOffset At, CallResult Result, DateTimeOffset? AgainAt)> attempts)
    {
        DateTimeOffset? agreed = null;
        foreach (var (at, result, againAt) in attempts)
        {
            agreed = result == CallResult.CallLater ? againAt : agreed is { } named && at >= named - Early ? null : agreed;
        }

        return agreed;
    }
}
