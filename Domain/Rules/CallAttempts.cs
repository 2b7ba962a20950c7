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

    /// <summary>Every call that is demanded was made, whatever came of it.</summary>
    public static bool AreMade(IEnumerable<(DateTimeOffset At, CallResult Result)> attempts, FeedbackRules rules, TimeZoneInfo zone)
    {
        var times = attempts.Select(a => Of(a.At, zone)).ToList();
        return times.Count >= rules.Attempts && times.Distinct().Count() >= rules.TimesOfDay;
    }
}
