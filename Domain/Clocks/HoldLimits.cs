namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>Until when a hold for this reason may stop clocks without a manager's word.</summary>
internal sealed class HoldLimits(SlaBook book)
{
    /// <returns>The limit; <paramref name="from"/> itself for a reason that has none, which stops nothing.</returns>
    public async Task<DateTimeOffset> Of(Guid communityId, HoldReason reason, DateTimeOffset from, CancellationToken ct)
    {
        var sla = await book.Now(communityId, ct);
        return sla.Profile.HoldLimits.FirstOrDefault(l => l.Reason == reason) is { } limit ? SlaClock.DueAt(from, limit.Allowance, sla.Calendars[limit.Calendar].Calendar).At : from;
    }
}
