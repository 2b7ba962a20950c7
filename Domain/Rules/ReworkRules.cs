namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What "it is not fixed" means, depending on when it is said.</summary>
public static class ReworkRules
{
    /// <summary>How long after closing a report reopens the request; to the second, both ends included.</summary>
    public static readonly TimeSpan Reopens = TimeSpan.FromDays(7);

    /// <summary>Whether a closed request stays closed and a new one is made. Never, while it is not closed.</summary>
    public static bool IsTooLate(DateTimeOffset? closedAt, DateTimeOffset now) => closedAt is { } closed && now > closed + Reopens;
}
