namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>Until when a hold for this reason may stop clocks without a manager's word.</summary>
/// <remarks>
/// All holds of an order for one reason count together: going on for a minute does not give the reason its time again. Time that a manager
/// agreed to does not count, nor what a hold lasted past its limit; and once the limit is used up, it stays so.
/// </remarks>
internal sealed class HoldLimits(Db db, SlaBook book)
{
    private const string Earlier = """
        select h.from_at, least(h.until_at, h.limit_passed_at, h.agreed_at) as to_at
        from hold h
        where h.community_id = @CommunityId and h.work_order_id = @WorkOrderId and h.reason = @Reason and h.until_at is not null
        order by h.from_at, h.hold_id
        """;

    private sealed record Span(DateTimeOffset FromAt, DateTimeOffset ToAt);

    /// <returns>The limit; <paramref name="from"/> itself for a reason that has none, or has used it up, and then stops nothing.</returns>
    public async Task<HoldUntil> Of(Guid communityId, Guid workOrderId, HoldReason reason, DateTimeOffset from, CancellationToken ct)
    {
        var sla = await book.Now(communityId, null, ct);
        if (sla.Profile.HoldLimits.FirstOrDefault(l => l.Reason == reason) is not { } limit)
        {
            return new HoldUntil(from, false);
        }

        var earlier = await db.List<Span>(Earlier, new { CommunityId = communityId, WorkOrderId = workOrderId, Reason = reason }, ct);
        var at = HoldAllowance.UsedUpAt([.. earlier.Select(e => new Pause(e.FromAt, e.ToAt))], from, limit.Allowance, sla.Calendars[limit.Calendar].Calendar);
        return at > from ? new HoldUntil(at, false) : new HoldUntil(from, true);
    }
}

/// <param name="UsedUp">Earlier holds for this reason have used all its time.</param>
internal sealed record HoldUntil(DateTimeOffset At, bool UsedUp);
