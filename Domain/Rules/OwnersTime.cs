namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Whose the owner's time was.</summary>
public enum TimeHolder
{
    /// <summary>The desk: not registered, not dispatched, given back, or waiting for nothing that anybody works on.</summary>
    Desk,

    /// <summary>A crew had it.</summary>
    Crew,

    /// <summary>Nobody could go on.</summary>
    Hold,

    /// <summary>It was taken for solved, and the owner said that it was not.</summary>
    Reopened,

    /// <summary>It was done or answered, and the owner had not said anything yet.</summary>
    Feedback,
}

/// <summary>What an order that serves a request is doing.</summary>
public enum OrderStands
{
    /// <summary>It does not serve the request, or it is over.</summary>
    Away,

    /// <summary>Nobody has been given it, or it waits for another.</summary>
    WithDesk,
    WithCrew,
    OnHold,
}

/// <summary>From <paramref name="At"/> on something else holds; what is null stays as it was.</summary>
/// <param name="OrderId">Of an order; null of the request itself.</param>
/// <param name="Open">Of the request: whether it is to be worked on; false while the owner is asked.</param>
/// <param name="Closed">Of the request: nothing is counted from here on, unless it comes back.</param>
public sealed record TimeTurn(
    DateTimeOffset At, Guid? OrderId = null, OrderStands? Stands = null, Crew? Crew = null, HoldReason? Reason = null, bool? Mandatory = null, bool? Open = null, bool? Closed = null);

/// <summary>A part of the owner's time.</summary>
/// <param name="Crew">Of <see cref="TimeHolder.Crew"/> and <see cref="TimeHolder.Hold"/>.</param>
/// <param name="Reason">Of <see cref="TimeHolder.Hold"/>.</param>
/// <param name="Elapsed">By any clock.</param>
/// <param name="Counted">By the calendar of the request's finish.</param>
public sealed record TimePart(TimeHolder Holder, Crew? Crew, HoldReason? Reason, TimeSpan Elapsed, TimeSpan Counted);

/// <summary>Splits the owner's time, from the report until it is closed, among those who had it.</summary>
public static class OwnersTime
{
    /// <summary>
    /// The parts, which add up to the whole. Several crews at once share the time equally. What nobody is done with is divided by mandatory
    /// orders; others count only while there are none. While one crew can go on, another's hold holds nobody up.
    /// </summary>
    /// <param name="turns">In the order in which they became known; one that says an earlier time than the one before counts from there.</param>
    /// <param name="until">Now, for a request that is not closed.</param>
    public static IReadOnlyList<TimePart> Split(DateTimeOffset reportedAt, IReadOnlyList<TimeTurn> turns, DateTimeOffset until, BusinessCalendar calendar)
    {
        var state = new State();
        var spans = new List<(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<(TimeHolder Holder, Crew? Crew, HoldReason? Reason)> Holders)>();
        var at = reportedAt;
        var returns = turns.Select((t, i) => (t, i)).Where(x => x.t.Open == true).Select(x => x.i).ToArray();
        for (var i = 0; i < turns.Count; i++)
        {
            GoTo(turns[i].At, i);
            state.Take(turns[i]);
        }

        GoTo(until, turns.Count);

        return
        [
            .. spans.SelectMany(s => s.Holders.Select((h, n) => (h, Elapsed: Share(s.To - s.From, s.Holders.Count, n), Counted: Share(calendar.OpenBetween(s.From, s.To), s.Holders.Count, n))))
                .GroupBy(p => p.h)
                .Select(g => new TimePart(g.Key.Holder, g.Key.Crew, g.Key.Reason, new TimeSpan(g.Sum(p => p.Elapsed.Ticks)), new TimeSpan(g.Sum(p => p.Counted.Ticks))))
                .Where(p => p.Elapsed > TimeSpan.Zero)
                .OrderBy(p => p.Holder).ThenBy(p => p.Crew).ThenBy(p => p.Reason),
        ];

        void GoTo(DateTimeOffset to, int next)
        {
            to = to < at ? at : to > until ? until : to;
            if (to > at && state.Holders(comesBack: Array.Exists(returns, r => r >= next)) is { Count: > 0 } holders)
            {
                spans.Add((at, to, holders));
            }

            at = to;
        }
    }

    /// <summary>The first gets what cannot be divided, so that nothing is lost.</summary>
    private static TimeSpan Share(TimeSpan whole, int of, int which) => new((whole.Ticks / of) + (which == 0 ? whole.Ticks % of : 0));

    private sealed class State
    {
        private readonly SortedDictionary<Guid, (OrderStands Stands, Crew? Crew, HoldReason? Reason, bool Mandatory)> orders = [];
        private bool open = true;
        private bool closed;

        public void Take(TimeTurn turn)
        {
            open = turn.Open ?? open;
            closed = turn.Closed ?? (turn.Open != true && closed);
            if (turn.OrderId is { } id)
            {
                var before = orders.TryGetValue(id, out var known) ? known : (OrderStands.Away, null, null, true);
                orders[id] = (turn.Stands ?? before.Stands, turn.Crew ?? before.Crew, turn.Stands == OrderStands.OnHold ? turn.Reason : before.Reason, turn.Mandatory ?? before.Mandatory);
            }
        }

        public IReadOnlyList<(TimeHolder, Crew?, HoldReason?)> Holders(bool comesBack)
        {
            if (!open)
            {
                return comesBack ? [(TimeHolder.Reopened, null, null)] : closed ? [] : [(TimeHolder.Feedback, null, null)];
            }

            var serving = orders.Values.Where(o => o.Stands != OrderStands.Away).ToArray();
            var counting = Array.Exists(serving, o => o.Mandatory) ? [.. serving.Where(o => o.Mandatory)] : serving;
            var working = counting.Where(o => o.Stands == OrderStands.WithCrew).Select(o => (TimeHolder.Crew, o.Crew, (HoldReason?)null)).ToArray();
            var held = counting.Where(o => o.Stands == OrderStands.OnHold).Select(o => (TimeHolder.Hold, o.Crew, o.Reason)).ToArray();
            return working.Length > 0 ? working : held.Length > 0 ? held : [(TimeHolder.Desk, null, null)];
        }
    }
}
