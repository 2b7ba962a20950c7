using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Staff;

/// <summary>
/// Somebody leaves teams of a community: their open orders go back to their team, one event each; and who leaves the community is in charge
/// of nothing there any more: their complaints go back to the desk, and the customer officer is told of each; calls that were handed to them are
/// anybody's again. The locks are taken as everywhere: requests by id, faults, orders by id. What was given to them while we waited is seen once their seats are ours; then all starts again.
/// </summary>
internal sealed class TeamLeaver(Db db, OrderMover mover, EventLog log, IMediator mediator)
{
    private const string Open = """
        select o.work_order_id
        from work_order o
        where o.community_id = @CommunityId and o.assignee_id = @StaffId and o.status not in ('done', 'voided') and (@TeamIds::uuid[] is null or o.team_id = any (@TeamIds))
        order by o.work_order_id
        """;

    private const string InCharge = """
        select r.request_id
        from request r
        where r.community_id = @CommunityId and r.in_charge_id = @StaffId and r.status in ('received', 'inProgress', 'awaitingFeedback') and @TeamIds::uuid[] is null
        order by r.request_id
        """;

    private const string TakeBack = """
        with freed as (
            update request r
            set in_charge_id = null, version = r.version + 1
            where r.community_id = @CommunityId and r.in_charge_id = @StaffId and r.status in ('received', 'inProgress', 'awaitingFeedback')
            returning r.request_id, r.status, r.version
        ), told as (
            insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_role, request_id, template, detail, created_at, send_after)
            select @CommunityId, gen_random_uuid(), 'inChargeLeft:' || f.request_id || ':' || f.version, 'role', 'customerOfficer', f.request_id, 'inChargeLeft', '{}', @Now, @Now
            from freed f
            where f.status <> 'awaitingFeedback'
            on conflict on constraint message_once_a_cause do nothing
        )
        select f.request_id, f.status
        from freed f
        order by f.request_id
        """;

    private const string Handed = """
        select f.request_id
        from feedback f
        where f.community_id = @CommunityId and f.handed_to = @StaffId and f.ended_at is null and @TeamIds::uuid[] is null
        union
        select u.request_id
        from follow_up u
        where u.community_id = @CommunityId and u.handed_to = @StaffId and u.ended_at is null and @TeamIds::uuid[] is null
        """;

    private const string LetGo = """
        with rounds as (
            update feedback
            set handed_to = null, version = version + 1
            where community_id = @CommunityId and handed_to = @StaffId and ended_at is null
            returning request_id, feedback_id
        ), follow_ups as (
            update follow_up
            set handed_to = null, version = version + 1
            where community_id = @CommunityId and handed_to = @StaffId and ended_at is null
            returning request_id, feedback_id, follow_up_id
        )
        select r.request_id, r.feedback_id, null::uuid as follow_up_id
        from rounds r
        union all
        select u.request_id, u.feedback_id, u.follow_up_id
        from follow_ups u
        order by 1, 2, 3
        """;

    private sealed record Call(Guid RequestId, Guid FeedbackId, Guid? FollowUpId);

    private sealed record Freed(Guid RequestId, RequestStatus Status);

    private const string Lock = """
        select r.request_id
        from request r
        where r.community_id = @CommunityId
          and (r.request_id = any (@RequestIds)
            or r.request_id in (select l.request_id from request_work_order l where l.community_id = @CommunityId and l.work_order_id = any (@OrderIds) and l.left_at is null))
        order by r.request_id
        for no key update of r;

        select f.fault_id
        from fault f
        where f.community_id = @CommunityId and f.fault_id in (select o.fault_id from work_order o where o.community_id = @CommunityId and o.work_order_id = any (@OrderIds))
        order by f.fault_id
        for no key update of f;

        select o.work_order_id
        from work_order o
        where o.community_id = @CommunityId and o.work_order_id = any (@OrderIds)
        order by o.work_order_id
        for no key update of o;
        """;

    private const string LeaveSeats = """
        update team_member
        set to_at = greatest(@Now, from_at)
        where community_id = @CommunityId and staff_id = @StaffId and to_at is null and (@TeamIds::uuid[] is null or team_id = any (@TeamIds))
        """;

    /// <summary>An assignment that is under way shares this row: it is waited for.</summary>
    private const string LockStaff = """
        select true
        from community_staff
        where community_id = @CommunityId and staff_id = @StaffId
        for no key update
        """;

    private const string Write = """
        with woken as (
            update hold set until_at = greatest(@At, from_at) where work_order_id = @WorkOrderId and until_at is null
        )
        update work_order
        set status = @To, assignee_id = null, assigned_at = @Now, accepted_at = null, arrived_at = null, version = version + 1
        where work_order_id = @WorkOrderId
        """;

    /// <param name="teamIds">Null: all of them.</param>
    /// <returns>How many orders went back.</returns>
    public async Task<int> Leave(Guid communityId, Guid staffId, Guid[]? teamIds, DateTimeOffset now, CancellationToken ct)
    {
        var who = new { CommunityId = communityId, StaffId = staffId, TeamIds = teamIds, Now = now };
        var ids = (await db.List<Guid>(Open, who, ct)).ToArray();
        var inCharge = (await db.List<Guid>(InCharge, who, ct)).ToArray();
        var handed = (await db.List<Guid>(Handed, who, ct)).ToArray();
        using (var locked = await db.Several(Lock, new { who.CommunityId, OrderIds = ids, RequestIds = inCharge.Union(handed).ToArray() }, ct))
        {
            await locked.ReadAsync<Guid>();
            await locked.ReadAsync<Guid>();
            await locked.ReadAsync<Guid>();
        }

        await db.Find<bool?>(LockStaff, who, ct);
        await db.Run(LeaveSeats, who, ct);
        if ((await db.List<Guid>(Open, who, ct)).Except(ids).Any() || (await db.List<Guid>(InCharge, who, ct)).Except(inCharge).Any() || (await db.List<Guid>(Handed, who, ct)).Except(handed).Any())
        {
            throw new LockSetChanged();
        }

        var back = 0;
        foreach (var id in ids)
        {
            var order = await LockedOrder.Of(db, id, ct);
            if (order.AssigneeId != staffId || order.Status is WorkOrderStatus.Done or WorkOrderStatus.Voided)
            {
                continue; // somebody else was faster
            }

            var detail = new { fromStaffId = staffId, order.TeamId, was = order.Status };
            _ = order.Status == WorkOrderStatus.Waiting
                ? await mover.Edit(order, WorkOrderMove.TakeBack, Happening.WorkTakenBack, Write, null, detail, null, ct, Visibility.Crew)
                : await mover.Move(order, WorkOrderMove.TakeBack, Happening.WorkTakenBack, Write, null, detail, null, ct, visibility: Visibility.Crew);
            back++;
        }

        if (inCharge.Length > 0)
        {
            foreach (var freed in await db.List<Freed>(TakeBack, who, ct))
            {
                log.Write(communityId, SubjectKind.Request, freed.RequestId, Happening.PersonInChargeLeft, new { from = staffId }, visibility: Visibility.Desk, occurredAt: now);
                await mediator.Publish(new PersonInChargeLeft(communityId, freed.RequestId, freed.Status, staffId, now), ct);
            }
        }

        if (handed.Length > 0)
        {
            foreach (var call in await db.List<Call>(LetGo, who, ct))
            {
                log.Write(communityId, SubjectKind.Feedback, call.FeedbackId, Happening.CallBackReleased, new { call.RequestId, call.FollowUpId, from = staffId }, visibility: Visibility.Desk, occurredAt: now);
            }
        }

        return back;
    }
}
