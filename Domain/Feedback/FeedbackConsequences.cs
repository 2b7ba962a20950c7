using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>What follows from an answer, in the transaction that stores it.</summary>
public enum Consequence
{
    /// <summary>Solved, with 4 or 5.</summary>
    Close,

    /// <summary>Not solved: back to work, the manager is told, a call-back is due in 24 h.</summary>
    Rework,

    /// <summary>Solved, with 2 or less: closed; the customer officer follows up, the manager is told. Nobody is sent to a tap that works.</summary>
    FollowUp,

    /// <summary>Partly solved, or a 3: the desk decides whether to close or to rework.</summary>
    DeskDecides,
}

/// <summary>Draws the consequence of an answer.</summary>
internal sealed class FeedbackConsequences(Db db, EventLog log, IMediator mediator, Reworker reworker)
{
    private static readonly TimeSpan CallBackWithin = TimeSpan.FromHours(24);

    private const string Close = """
        update request
        set status = @To, closed_at = @Now, version = version + 1
        where request_id = @RequestId
        """;

    private const string Open = """
        insert into follow_up (community_id, follow_up_id, request_id, feedback_id, reason, for_role, opened_at, due_at)
        values (@CommunityId, @FollowUpId, @RequestId, @FeedbackId, @Reason, @ForRole, @Now, @DueAt)
        """;

    public static Consequence Of(Solved solved, short satisfaction) => (solved, satisfaction) switch
    {
        (Solved.No, _) => Consequence.Rework,
        (Solved.Yes, <= 2) => Consequence.FollowUp,
        (Solved.Partly, _) or (Solved.Yes, 3) => Consequence.DeskDecides,
        (Solved.Yes, _) => Consequence.Close,
    };

    public async Task Draw(LockedRequest request, Guid feedbackId, Solved solved, short satisfaction, DateTimeOffset now, CancellationToken ct)
    {
        switch (Of(solved, satisfaction))
        {
            case Consequence.Close:
                await CloseIt(request, now, ct);
                break;
            case Consequence.Rework:
                await FollowUp(request, feedbackId, "notSolved", Roles.Clerk, now, ct);
                await FollowUp(request, feedbackId, "notSolved", Roles.Manager, now, ct);
                await reworker.Rework(request, now, ct);
                break;
            case Consequence.FollowUp:
                await FollowUp(request, feedbackId, "lowScore", Roles.CustomerOfficer, now, ct);
                await FollowUp(request, feedbackId, "lowScore", Roles.Manager, now, ct);
                await CloseIt(request, now, ct);
                break;
            case Consequence.DeskDecides:
                await FollowUp(request, feedbackId, solved == Solved.Partly ? "partlySolved" : "lowScore", Roles.Clerk, now, ct);
                break;
        }
    }

    public async Task CloseIt(LockedRequest request, DateTimeOffset now, CancellationToken ct)
    {
        if (request.Status == RequestStatus.Closed)
        {
            return; // a late answer to a closed request changes nothing about its state
        }

        var to = RequestLifecycle.After(request.Status, RequestMove.Close);
        await db.Run(Close, new { request.RequestId, To = to, Now = now }, ct);
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestClosed, visibility: Visibility.Owner, occurredAt: now);
        await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, RequestMove.Close, to, now), ct);
    }

    private async Task FollowUp(LockedRequest request, Guid feedbackId, string reason, Roles role, DateTimeOffset now, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(now);
        await db.Run(
            Open,
            new { request.CommunityId, FollowUpId = id, request.RequestId, FeedbackId = feedbackId, Reason = reason, ForRole = EnumWord.Of(role), Now = now, DueAt = now + CallBackWithin },
            ct);
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.FollowUpOpened, new { followUpId = id, reason, forRole = role }, visibility: Visibility.Desk, occurredAt: now);
    }
}

/// <summary>Sends a request back to work: a new order for each that was done last time, of the same crew and team, with its cause to be chosen by the desk.</summary>
internal sealed class Reworker(Db db, EventLog log, IMediator mediator, OrderMaker maker)
{
    private const string LastDone = """
        select o.work_order_id, o.crew, o.team_id, o.what_to_do
        from request_work_order l
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and l.mandatory and o.status = 'done'
          and not exists (
            select from work_order re
            join request_work_order rl on rl.community_id = re.community_id and rl.work_order_id = re.work_order_id and rl.request_id = l.request_id
            where re.community_id = o.community_id and re.rework_of_id = o.work_order_id and re.status <> 'voided')
        order by coalesce(o.fault_id = @FaultId, false) desc, o.done_at desc, o.work_order_id desc
        limit 1
        """;

    private const string Write = """
        update request
        set status = @To, outcome = null, finished_at = null, closed_at = null, rework_count = rework_count + 1, version = version + 1
        where request_id = @RequestId
        """;

    private sealed record Last(Guid WorkOrderId, Crew Crew, Guid? TeamId, string WhatToDo);

    /// <param name="faultId">The fault whose order did not help; else the last order that was done is done again.</param>
    public async Task Rework(LockedRequest request, DateTimeOffset now, CancellationToken ct, Guid? faultId = null)
    {
        var last = await db.Find<Last>(LastDone, new { request.CommunityId, request.RequestId, FaultId = faultId }, ct);
        var move = last is null ? RequestMove.ReworkAtDesk : RequestMove.Rework;
        var to = RequestLifecycle.After(request.Status, move);
        await db.Run(Write, new { request.RequestId, To = to }, ct);
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.ReworkReported, new { times = request.ReworkCount + 1, reworkOfId = last?.WorkOrderId }, visibility: Visibility.Owner, occurredAt: now);
        if (last is not null)
        {
            await Again(request, last, now, ct);
        }

        await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, move, to, now), ct);
    }

    /// <summary>For a request that is in progress still, because other orders of its own are: one of its fault's did not help, and is done again for it.</summary>
    public async Task ReworkBesideOthers(LockedRequest request, Guid faultId, DateTimeOffset now, CancellationToken ct)
    {
        var last = await db.Find<Last>(LastDone, new { request.CommunityId, request.RequestId, FaultId = faultId }, ct)
            ?? throw new Refused.Conflict("fault.not_done_yet", "The fault's orders are not done yet.");
        var to = RequestLifecycle.After(request.Status, RequestMove.Dispatch);
        await db.Run(Write, new { request.RequestId, To = to }, ct);
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.ReworkReported, new { times = request.ReworkCount + 1, reworkOfId = last.WorkOrderId }, visibility: Visibility.Owner, occurredAt: now);
        await Again(request, last, now, ct);
    }

    private Task Again(LockedRequest request, Last last, DateTimeOffset now, CancellationToken ct)
    {
        var source = new OrderSource(
            request.CommunityId, [request.RequestId], null, request.CategoryId, OneHigher(request.Priority), request.PlaceId, request.AssetId, Payer.Free, null, null, true, last.WorkOrderId);
        return maker.Make(source, [new NewOrder(last.Crew, last.WhatToDo, last.TeamId)], now, ct);
    }

    /// <summary>Rework is looked after one level higher than the first time; danger only where there is danger.</summary>
    private static Priority OneHigher(Priority priority) => priority switch
    {
        Priority.Danger => Priority.Danger,
        Priority.Urgent => Priority.Urgent,
        Priority.Normal => Priority.Urgent,
        Priority.Low => Priority.Normal,
    };
}
