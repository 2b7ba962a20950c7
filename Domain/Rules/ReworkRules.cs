namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What "it is not fixed" means, depending on when it is said.</summary>
public static class ReworkRules
{
    /// <summary>Whether a closed request stays closed; to the second, both ends included. Never, while it is not closed.</summary>
    public static bool IsTooLate(DateTimeOffset? closedAt, FeedbackRules rules, DateTimeOffset now) => closedAt is { } closed && now > closed + TimeSpan.FromDays(rules.ReopenDays);

    /// <summary>One level higher each time that it comes back; danger it does not become.</summary>
    /// <param name="times">1 for the first rework.</param>
    public static Priority PriorityOf(Priority first, int times) => times <= 0 ? first : PriorityOf(SlaPolicy.OneHigher(first), times - 1);

    /// <summary>Who is told: the property manager; from the second time on the district as well.</summary>
    public static IReadOnlyList<int> LevelsTold(int times) => times <= 1 ? [3] : [3, 4];
}
