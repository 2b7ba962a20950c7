using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// Somebody who comes before the appointment's window has come: an owner who lets them in is served sooner. But a visit before it that
/// finds nobody at home was none, and the appointment is still to be kept.
/// </summary>
internal sealed class EarlyVisits(SlaBook book)
{
    /// <summary>Whether the order's arrival was before the window of its appointment, which is not over at <paramref name="at"/>.</summary>
    public async Task<bool> WasOne(LockedOrder order, DateTimeOffset at, CancellationToken ct)
    {
        if (order.ArrivedAt is not { } arrived)
        {
            return false;
        }

        var (row, sla) = await book.With<OrderFacts>(OrderFacts.Read, order.WorkOrderId, order.CommunityId, null, ct);
        return row is { AppointmentFrom: { } from, AppointmentTo: { } to } && row.PolicyIn(sla.Profile, row.Crew).Appointment is { } rule
            && arrived < rule.EarliestArrival(from) && at < rule.LatestArrival(to);
    }
}
