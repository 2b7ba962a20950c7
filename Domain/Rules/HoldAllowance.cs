namespace PropertyServiceDesk.Domain.Rules;

/// <summary>How long one reason may hold an order, all its holds together.</summary>
public static class HoldAllowance
{
    /// <summary>When the allowance will be used up by a hold that begins at <paramref name="from"/>; at or before that where earlier ones have used it.</summary>
    /// <param name="earlier">What counts of the holds before it; in any order.</param>
    public static DateTimeOffset UsedUpAt(IReadOnlyCollection<Pause> earlier, DateTimeOffset from, Allowance allowance, BusinessCalendar calendar)
    {
        var counted = earlier.Where(e => e.From < e.To && e.From < from).OrderBy(e => e.From).ToArray();
        if (counted.Length == 0)
        {
            return SlaClock.DueAt(from, allowance, calendar).At;
        }

        // The time between two holds does not count: it is a pause of the limit.
        var between = new List<Pause>();
        var at = counted[0].From;
        foreach (var hold in counted.Append(new Pause(from, DateTimeOffset.MaxValue)))
        {
            if (hold.From > at)
            {
                between.Add(new Pause(at, hold.From));
            }

            at = hold.To > at ? hold.To : at;
        }

        return SlaClock.DueAt(counted[0].From, allowance, calendar, between).At;
    }
}
