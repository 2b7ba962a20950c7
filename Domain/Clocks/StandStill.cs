namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// When clocks stand still: a crew's while its order is on hold, the owner's while nobody can go on, that is, while every mandatory order
/// is on hold or waits for another and one at least is on hold. Danger never stops, imposed deadlines never do, and a hold past its limit
/// stops nothing until a manager agrees to it.
/// </summary>
internal sealed class StandStill(Db db, SlaBook book, ClockRows clocks)
{
    // Only those that are held and should not be, or the other way round: as a rule none.
    private const string OfRequests = """
        select k.clock_id, k.subject_kind, k.subject_id, k.kind, k.cycle, k.crew, k.policy_version_id, k.policy, k.calendar_version_id, k.imposed, k.imported, k.started_at,
            k.allowance, k.unit, k.due_at, k.held_at, k.breached_at, k.stretched_by
        from clock k
        left join (
            select l.request_id
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            left join hold h on h.community_id = o.community_id and h.work_order_id = o.work_order_id and h.until_at is null
            where l.community_id = @CommunityId and l.request_id = any (@RequestIds) and l.left_at is null and l.mandatory and o.status not in ('done', 'voided')
            group by l.request_id
            having bool_and(o.status = 'waiting' or (o.status = 'onHold' and h.limit_passed_at is null)) and bool_or(o.status = 'onHold')) s on s.request_id = k.subject_id
        where k.community_id = @CommunityId and k.subject_id = any (@RequestIds) and k.stopped_at is null and not k.imposed and k.kind in ('controlled', 'finish')
          and (k.held_at is null) = (s.request_id is not null)
        order by k.clock_id
        for no key update of k
        """;

    private const string OfOrder = """
        select k.clock_id, k.subject_kind, k.subject_id, k.kind, k.cycle, k.crew, k.policy_version_id, k.policy, k.calendar_version_id, k.imposed, k.imported, k.started_at,
            k.allowance, k.unit, k.due_at, k.held_at, k.breached_at, k.stretched_by
        from clock k
        join work_order o on o.community_id = k.community_id and o.work_order_id = k.subject_id
        left join hold h on h.community_id = o.community_id and h.work_order_id = o.work_order_id and h.until_at is null
        where k.community_id = @CommunityId and k.subject_id = @WorkOrderId and k.stopped_at is null and not k.imposed and k.kind = 'arrive'
          and (k.held_at is null) = (o.status = 'onHold' and h.limit_passed_at is null)
        order by k.clock_id
        for no key update of k
        """;

    // A telephone may report late what ended before another order's hold began: the owner waits for nobody until the last one holds.
    private const string Since = """
        select l.request_id as subject_id, max(h.from_at) as from_at
        from request_work_order l
        join hold h on h.community_id = l.community_id and h.work_order_id = l.work_order_id and h.until_at is null
        where l.community_id = @CommunityId and l.request_id = any (@SubjectIds) and l.left_at is null and l.mandatory
        group by l.request_id
        """;

    private sealed record HeldSince(Guid SubjectId, DateTimeOffset FromAt);

    /// <summary>Requests whose orders changed, or which came to other orders.</summary>
    public async Task Look(Guid communityId, IReadOnlyList<Guid> requestIds, DateTimeOffset at, CancellationToken ct)
    {
        if (requestIds.Count > 0)
        {
            await Settle(communityId, await db.List<RunningClock>(OfRequests, new { CommunityId = communityId, RequestIds = requestIds.ToArray() }, ct), at, ct);
        }
    }

    public async Task LookAtOrder(Guid communityId, Guid workOrderId, DateTimeOffset at, CancellationToken ct) =>
        await Settle(communityId, await db.List<RunningClock>(OfOrder, new { CommunityId = communityId, WorkOrderId = workOrderId }, ct), at, ct);

    /// <summary>Of running clocks that are held, those which by their policy never may be: they go on.</summary>
    public async Task NeverHeld(Guid communityId, IReadOnlyList<Guid> subjectIds, DateTimeOffset at, CancellationToken ct)
    {
        var held = (await clocks.Running(communityId, subjectIds, ct)).Where(k => k.HeldAt is not null).ToArray();
        await clocks.GoOn(communityId, [.. held.Except(await MayStandStill(communityId, held, ct))], at, ct);
    }

    private async Task Settle(Guid communityId, IReadOnlyList<RunningClock> changed, DateTimeOffset at, CancellationToken ct)
    {
        var stopping = await MayStandStill(communityId, [.. changed.Where(k => k.HeldAt is null)], ct);
        var since = stopping.Count == 0 ? [] : await db.List<HeldSince>(Since, new { CommunityId = communityId, SubjectIds = stopping.Select(k => k.SubjectId).ToArray() }, ct);
        foreach (var group in stopping.GroupBy(k => since.FirstOrDefault(h => h.SubjectId == k.SubjectId) is { } held && held.FromAt > at ? held.FromAt : at))
        {
            await clocks.Hold(communityId, [.. group], group.Key, ct);
        }

        await clocks.GoOn(communityId, [.. changed.Where(k => k.HeldAt is not null)], at, ct);
    }

    /// <summary>Those whose policy lets a hold stop them; danger and what is imposed from outside never stop, whatever the policy says.</summary>
    private async Task<IReadOnlyList<RunningClock>> MayStandStill(Guid communityId, IReadOnlyList<RunningClock> clocksOfSubjects, CancellationToken ct)
    {
        if (clocksOfSubjects.Count == 0)
        {
            return [];
        }

        var dangers = await Dangers.Among(db, communityId, clocksOfSubjects.Select(k => k.SubjectId), ct);
        var may = new List<RunningClock>();
        foreach (var one in clocksOfSubjects.Where(k => !k.Imposed && !dangers.Contains(k.SubjectId)))
        {
            if (one.PolicyVersionId is { } version && (await book.ProfileOf(version, ct)).Policies.FirstOrDefault(p => p.Code == one.Policy) is { HoldsStopClocks: true })
            {
                may.Add(one);
            }
        }

        return may;
    }
}
