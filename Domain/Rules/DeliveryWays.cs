namespace PropertyServiceDesk.Domain.Rules;

/// <summary>By which ways, when and how often a message is tried.</summary>
public static class DeliveryWays
{
    /// <summary>How often one way is tried before the next one is: for about an hour; where it is danger, for half a minute.</summary>
    public static int TriesAWay(Priority? priority) => priority == Priority.Danger ? 2 : 8;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    private static readonly MessageChannel[] ToPeople = [MessageChannel.Sms, MessageChannel.WeChat, MessageChannel.Email, MessageChannel.App];
    private static readonly MessageChannel[] ToStaff = [MessageChannel.WeCom, MessageChannel.DingTalk, MessageChannel.App, MessageChannel.Sms];

    /// <summary>After the nth try in vain: 30 s, doubled each time up to 30 min, plus or minus a fifth by chance, so that what failed together is not tried together.</summary>
    /// <param name="chance">0 up to 1.</param>
    public static TimeSpan BackOff(int tries, double chance)
    {
        var plain = TimeSpan.FromTicks(Math.Min(First.Ticks << Math.Clamp(tries - 1, 0, 20), Longest.Ticks));
        return plain * (0.8 + (0.4 * Math.Clamp(chance, 0, 1)));
    }

    /// <summary>The ways to a recipient, the first one first: a person's preferred one, then the others. A way needs an address, and a receiver that is configured. Staff whom nothing leads to see it on their screens.</summary>
    /// <param name="preferred">Of a customer. Who prefers to be rung is written to by whatever way there is.</param>
    /// <param name="reachable">Where there is an address.</param>
    public static IReadOnlyList<MessageChannel> Ways(RecipientKind kind, PreferredChannel? preferred, IReadOnlySet<MessageChannel> reachable, IReadOnlySet<MessageChannel> configured)
    {
        var all = kind is RecipientKind.Customer or RecipientKind.Reporter ? ToPeople : ToStaff;
        MessageChannel? first = preferred switch
        {
            PreferredChannel.Sms => MessageChannel.Sms,
            PreferredChannel.Email => MessageChannel.Email,
            PreferredChannel.WeChat => MessageChannel.WeChat,
            PreferredChannel.App => MessageChannel.App,
            _ => null,
        };
        MessageChannel[] ways = [.. all.OrderByDescending(c => c == first).Where(c => reachable.Contains(c) && configured.Contains(c))];
        return ways.Length > 0 || kind is RecipientKind.Customer or RecipientKind.Reporter ? ways : [MessageChannel.Screen];
    }

    /// <summary>When the quiet hours that <paramref name="at"/> lies in are over; <paramref name="at"/> itself where it lies in none. From is quiet, to is not; equal times are no quiet hours.</summary>
    public static DateTimeOffset AfterQuiet(DateTimeOffset at, TimeOnly from, TimeOnly to, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var time = TimeOnly.FromDateTime(local.DateTime);
        if (from == to || !(from < to ? time >= from && time < to : time >= from || time < to))
        {
            return at;
        }

        var day = DateOnly.FromDateTime(local.DateTime).AddDays(from > to && time >= from ? 1 : 0);
        var end = day.ToDateTime(to);
        while (zone.IsInvalidTime(end))
        {
            end = end.AddMinutes(1); // the hour that is left out in spring
        }

        var over = new DateTimeOffset(end, zone.GetUtcOffset(end)).ToUniversalTime();
        return over > at ? over : at;
    }
}
