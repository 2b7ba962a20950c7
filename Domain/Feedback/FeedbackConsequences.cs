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
internal sealed class FeedbackConsequences(
    Db db, Caller caller, EventLog log, IMediator mediator, Reworker reworker, CallClocks calls, ManagersTold managers, Reopening reopening, Urger urger, AnswerBook answers)
{
    private static readonly TimeSpan CallBackWithin = TimeSpan.FromHours(24);

    private const string Close = """
        update request
        set status = @To, closed_at = @Now, version = version + 1
        where request_id = @RequestId
        """;

    private const string PolicyOf = """
        select plan_policy
        from feedback
        where community_id = @CommunityId and feedback_id = @FeedbackId
        """;

    private const string Open = """
        insert into follow_up (community_id, follow_up_id, request_id, feedback_id, reason, for_role, opened_at, due_at)
        values (@CommunityId, @FollowUpId, @RequestId, @FeedbackId, @Reason, @ForRole, @Now, @DueAt)
        on conflict (community_id, feedback_id, reason, for_role) do nothing
        """;

    private const string End = """
        update follow_up
        set ended_at = @Now, ended_by = @By, ended_how = @How, taken_by = null, taken_until = null, version = version + 1
        where community_id = @CommunityId and feedback_id = @FeedbackId and for_role = 'clerk' and reason in ('lowScore', 'partlySolved') and ended_at is null
        returning follow_up_id
        """;

    public static Consequence Of(Solved solved, short satisfaction) => (solved, satisfaction) switch
    {
        (Solved.No, _) => Consequence.Rework,
        (Solved.Yes, <= 2) => Consequence.FollowUp,
        (Solved.Partly, _) or (Solved.Yes, 3) => Consequence.DeskDecides,
        (Solved.Yes, _) => Consequence.Close,
    };

    /// <param name="said">Who gave the answer, and in which words: for the new request where "not solved" comes too late to reopen this one.</param>
    public async Task Draw(LockedRequest request, Guid feedbackId, Solved solved, short satisfaction, NotFixed? said, DateTimeOffset now, CancellationToken ct)
    {
        switch (Of(solved, satisfaction))
        {
            case Consequence.Close:
                await CloseIt(request, now, ct);
                break;
            case Consequence.Rework:
                await NotSolved(request, feedbackId, said, now, ct);
                break;
            case Consequence.FollowUp:
                await FollowUp(request, feedbackId, "lowScore", Roles.CustomerOfficer, now, ct);
                await FollowUp(request, feedbackId, "lowScore", Roles.Manager, now, ct);
                await CallBack(request, feedbackId, now, ct);
                await managers.OfLowScore(request, feedbackId, satisfaction, now, ct);
                await CloseIt(request, now, ct);
                break;
            case Consequence.DeskDecides:
                MayBeClosed(request); // or the desk would have nothing to decide
                await FollowUp(request, feedbackId, solved == Solved.Partly ? "partlySolved" : "lowScore", Roles.Clerk, now, ct);
                await CallBack(request, feedbackId, now, ct);
                break;
        }
    }

    /// <summary>The manager is told, a call-back is due, and the request goes back to work; or, too long after closing, another one does, as in <see cref="ReworkOrAgain"/>.</summary>
    /// <returns>The other request.</returns>
    public async Task<RequestReply?> NotSolved(LockedRequest request, Guid? feedbackId, NotFixed? said, DateTimeOffset now, CancellationToken ct, Guid? faultId = null)
    {
        if (feedbackId is { } id)
        {
            await EndFollowUps(request, id, FollowUpEnding.Rework, null, now, ct);
            await FollowUp(request, id, "notSolved", Roles.Clerk, now, ct);
            await FollowUp(request, id, "notSolved", Roles.Manager, now, ct);
            await CallBack(request, id, now, ct);
            await managers.OfRework(request, id, now, ct);
        }

        return await ReworkOrAgain(request, said, now, ct, faultId, ownersWord: true);
    }

    /// <summary>
    /// Back to work. Too long after closing a new request is made; where one was made before and is open still, it is urged, or, if its own
    /// result is what the owner is asked about, goes back to work. The closed one does not change.
    /// </summary>
    /// <param name="ownersWord">It was the owner who said so: it answers the open one's round, too.</param>
    /// <returns>The new request, or the one that was open.</returns>
    public async Task<RequestReply?> ReworkOrAgain(LockedRequest request, NotFixed? said, DateTimeOffset now, CancellationToken ct, Guid? faultId = null, bool ownersWord = false)
    {
        if (!await reopening.IsTooLate(request, now, ct))
        {
            await reworker.Rework(request, now, ct, faultId, said);
            return null;
        }

        if (await reopening.OpenOne(request, ct) is not { } open)
        {
            return await reworker.Anew(request, said, now, ct);
        }

        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.TakenAsNewRequest, new { newRequestId = open.RequestId, open.Number }, said?.SaidBy, Visibility.Desk, now);
        if (RequestLifecycle.AllowedFrom(open.Status).Contains(RequestMove.Urge))
        {
            await urger.Press(open, said?.Words, now, ct);
        }
        else if (said is not null && ownersWord)
        {
            await AnswerNotSolved(open, said, now, ct);
        }
        else if (said is not null)
        {
            await reworker.Rework(open, now, ct, said: said);
        }

        return await RequestNow.Reply(db, open.RequestId, ct);
    }

    private async Task AnswerNotSolved(LockedRequest open, NotFixed said, DateTimeOffset now, CancellationToken ct)
    {
        var round = await LockedRound.Latest(db, open, ct);
        if (FeedbackLifecycle.AllowedFrom(round.State).Contains(FeedbackMove.Answer))
        {
            var byStaff = caller.Actor.Kind == ActorKind.Staff;
            await answers.Store(
                open, round, new Answer(byStaff ? AnswerAuthor.Staff : AnswerAuthor.Owner, Solved.No, null, null, null, byStaff ? said.SaidBy : null, null, said.Words), now, ct);
        }

        await NotSolved(open, round.FeedbackId, said, now, ct);
    }

    /// <summary>For a request that is in progress still: a part that was taken for done is done again, and the manager is told. Nobody was asked yet, so that there is no round, and nobody to ring before it is finished.</summary>
    public async Task NotSolvedYet(LockedRequest request, Guid faultId, NotFixed said, DateTimeOffset now, CancellationToken ct)
    {
        await managers.OfReworkBesideOthers(request, now, ct);
        await reworker.ReworkBesideOthers(request, faultId, said, now, ct);
    }

    /// <summary>The desk decided: what waited for its decision is ended.</summary>
    public async Task EndFollowUps(LockedRequest request, Guid feedbackId, FollowUpEnding how, string? words, DateTimeOffset now, CancellationToken ct)
    {
        var ended = await db.List<Guid>(End, new { request.CommunityId, FeedbackId = feedbackId, How = how, By = caller.Actor.Id, Now = now }, ct);
        foreach (var id in ended)
        {
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.FollowUpEnded, new { followUpId = id, how }, words, Visibility.Desk, now);
        }

        if (ended.Count > 0)
        {
            await calls.MetIfNobodyHasIt(request.CommunityId, feedbackId, now, ct);
        }
    }

    /// <summary>The owner is called back within the time that a call may take.</summary>
    private async Task CallBack(LockedRequest request, Guid feedbackId, DateTimeOffset now, CancellationToken ct)
    {
        await calls.Met(request.CommunityId, [feedbackId], now, ct);
        await calls.Owe(request.CommunityId, [(feedbackId, await db.Find<string?>(PolicyOf, new { request.CommunityId, FeedbackId = feedbackId }, ct), now)], ct);
    }

    public async Task CloseIt(LockedRequest request, DateTimeOffset now, CancellationToken ct)
    {
        if (MayBeClosed(request) is not { } to)
        {
            return; // a late answer to a closed request changes nothing about its state
        }

        await db.Run(Close, new { request.RequestId, To = to, Now = now }, ct);
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestClosed, visibility: Visibility.Owner, occurredAt: now);
        await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, RequestMove.Close, to, now), ct);
    }

    /// <returns>Null where it is closed already.</returns>
    /// <exception cref="Refused.Conflict">It is cancelled, or being worked on: there is no result that an answer could be about.</exception>
    private static RequestStatus? MayBeClosed(LockedRequest request) =>
        request.Status == RequestStatus.Closed ? null : RequestLifecycle.After(request.Status, RequestMove.Close);

    private async Task FollowUp(LockedRequest request, Guid feedbackId, string reason, Roles role, DateTimeOffset now, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(now);
        var opened = await db.Run(
            Open,
            new { request.CommunityId, FollowUpId = id, request.RequestId, FeedbackId = feedbackId, Reason = reason, ForRole = EnumWord.Of(role), Now = now, DueAt = now + CallBackWithin },
            ct);
        if (opened > 0)
        {
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.FollowUpOpened, new { followUpId = id, reason, forRole = role }, visibility: Visibility.Desk, occurredAt: now);
        }
    }
}

/// <summary>Sends a request back to work: a new order for each mandatory one that was done last time, of the same crew and team, with its cause to be chosen by the desk. What is not needed again is voided.</summary>
internal sealed class Reworker(Db db, Caller caller, EventLog log, IMediator mediator, OrderMaker maker)
{
    // Of this round: done since the last "not solved". Where that came to nothing, and nothing was done since, it is as it was then.
    private const string LastDone = """
        with again as (
            select a.number, a.created_at
            from request r
            cross join lateral (

        """ + NotSolvedSql.Last + """
        ) a
            where r.community_id = @CommunityId and r.request_id = @RequestId
        ), done as (
            select o.work_order_id, o.number, o.crew, o.team_id, o.what_to_do, o.waits_for_id, coalesce(o.fault_id = @FaultId, false) as of_the_fault,
                again.number is null or o.number >= again.number or o.done_at > again.created_at as this_round
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            cross join again
            where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and l.mandatory and o.status = 'done'
              and not exists (
                select from work_order re
                join request_work_order rl on rl.community_id = re.community_id and rl.work_order_id = re.work_order_id and rl.request_id = l.request_id
                where re.community_id = o.community_id and re.rework_of_id = o.work_order_id and re.status <> 'voided')
        )
        select d.work_order_id, d.crew, d.team_id, d.what_to_do, d.waits_for_id
        from done d
        where (d.of_the_fault, d.this_round) = (select x.of_the_fault, x.this_round from done x order by x.of_the_fault desc, x.this_round desc limit 1)
        order by d.number
        """;

    private const string Write = """
        update request
        set status = @To, outcome = null, finished_at = null, closed_at = null, rework_count = rework_count + 1, version = version + 1
        where request_id = @RequestId
        """;

    private sealed record Last(Guid WorkOrderId, Crew Crew, Guid? TeamId, string WhatToDo, Guid? WaitsForId);

    private const string Place = """
        select nextval('spoken_number') as sequence, p.kind as place_kind, c.common_area
        from request r
        join category c on c.community_id = r.community_id and c.category_id = r.category_id
        left join place p on p.community_id = r.community_id and p.place_id = r.place_id
        where r.request_id = @RequestId
        """;

    // Who is known by a mail alone is known by it still: the new request names it, too.
    private const string Copy = """
        with token as (
            insert into search_token (community_id, token, kind, id)
            select @CommunityId, t, 'request', @NewId
            from unnest(@Tokens::text[]) t
        ), wrote as (
            insert into inbound_message (community_id, inbound_message_id, channel, external_id, kind, sender, sender_normalised, text, received_at, customer_id, request_id, settled_at, settled_by, is_report, carried_from)
            select i.community_id, @MailId::uuid, i.channel, 'carried:' || @MailId::uuid, i.kind, i.sender, i.sender_normalised, '', i.received_at, i.customer_id, @NewId, i.settled_at, i.settled_by, true, i.inbound_message_id
            from inbound_message i
            join request o on o.community_id = i.community_id and o.request_id = i.request_id and o.customer_id is null and o.reporter_phone is null
            where i.community_id = @CommunityId and i.request_id = @RequestId and i.is_report and i.channel = 'email' and i.sender <> '–'
        )
        insert into request (community_id, request_id, number, kind, channel, category_id, priority, description, place_id, building_id, asset_id, customer_id,
            reporter_name, reporter_phone, on_behalf_of, confidential, about_crew, about_staff_id, reported_at, registered_at, registered_by, payer, rework_of_id)
        select r.community_id, @NewId, @Number, r.kind, @Channel, r.category_id, @Priority, coalesce(@Words, r.description), r.place_id, r.building_id, r.asset_id, r.customer_id,
            r.reporter_name, r.reporter_phone, r.on_behalf_of, r.confidential, r.about_crew, r.about_staff_id, @Now, @Now, @By, case r.payer when 'owner' then 'free' else r.payer end, r.request_id
        from request r
        where r.request_id = @RequestId
        """;

    private sealed record Placed(long Sequence, PlaceKind? PlaceKind, bool CommonArea);

    /// <summary>The fault came back, or was never gone, too long after closing: a new request, linked to the closed one, which does not change.</summary>
    public async Task<RequestReply> Anew(LockedRequest request, NotFixed? said, DateTimeOffset now, CancellationToken ct)
    {
        var placed = await db.Single<Placed>(Place, new { request.RequestId }, ct);
        var id = Guid.CreateVersion7(now);
        var number = SpokenNumber.Of(placed.Sequence);
        var channel = said?.Channel ?? Channel.Phone;
        var priority = SlaPolicy.OneHigher(request.Priority);
        await db.Run(
            Copy,
            new { request.CommunityId, request.RequestId, NewId = id, Number = number, Channel = channel, Priority = priority, MailId = Guid.CreateVersion7(now), said?.Words, Now = now, By = caller.Actor.Id, Tokens = RequestTokens.Of(number, null, request.ReporterPhone) },
            ct);
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.TakenAsNewRequest, new { newRequestId = id, number }, said?.SaidBy, Visibility.Owner, now);
        log.Write(
            request.CommunityId,
            SubjectKind.Request,
            id,
            Happening.RequestReceived,
            new { number, request.Kind, channel, request.CategoryId, priority, request.PlaceId, request.AssetId, request.CustomerId, reportedAt = now, request.Confidential, reworkOfId = request.RequestId },
            said?.Words,
            Visibility.Owner,
            now);
        await mediator.Publish(
            new RequestReceived(request.CommunityId, id, request.Kind, request.CategoryId, priority, placed.PlaceKind, placed.CommonArea, now, null, null, now), ct);
        return RequestReply.Of(caller, request.CommunityId, request.Kind, id, number, RequestStatus.Received, 1);
    }

    /// <param name="faultId">The fault whose orders did not help; else all that was done is done again.</param>
    public async Task Rework(LockedRequest request, DateTimeOffset now, CancellationToken ct, Guid? faultId = null, NotFixed? said = null)
    {
        var last = await db.List<Last>(LastDone, new { request.CommunityId, request.RequestId, FaultId = faultId }, ct);
        var move = last.Count == 0 ? RequestMove.ReworkAtDesk : RequestMove.Rework;
        var to = RequestLifecycle.After(request.Status, move);
        await Again(request, last, to, said, now, ct);
        await mediator.Publish(new RequestMoved(request.CommunityId, request.RequestId, request.Status, move, to, now), ct);
    }

    /// <summary>For a request that is in progress still, because other orders of its own are: its fault's did not help, and are done again for it.</summary>
    public async Task ReworkBesideOthers(LockedRequest request, Guid faultId, NotFixed said, DateTimeOffset now, CancellationToken ct)
    {
        var last = await db.List<Last>(LastDone, new { request.CommunityId, request.RequestId, FaultId = faultId }, ct);
        if (last.Count == 0)
        {
            throw new Refused.Conflict("fault.not_done_yet", "The fault's orders are not done yet.");
        }

        await Again(request, last, RequestLifecycle.After(request.Status, RequestMove.Dispatch), said, now, ct);
        await mediator.Publish(new ReworkAdded(request.CommunityId, request.RequestId, now), ct);
    }

    /// <summary>What waited for another one waits for it again.</summary>
    private async Task Again(LockedRequest request, IReadOnlyList<Last> last, RequestStatus to, NotFixed? said, DateTimeOffset now, CancellationToken ct)
    {
        await db.Run(Write, new { request.RequestId, To = to }, ct);
        Guid[] reworked = [.. last.Select(l => l.WorkOrderId)];
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.ReworkReported, new { times = request.ReworkCount + 1, reworkOfIds = reworked }, said is null ? null : said.SaidBy + ": " + said.Words, Visibility.Owner, now);
        if (reworked.Length == 0)
        {
            return;
        }

        var source = new OrderSource(
            request.CommunityId, [request.RequestId], null, request.CategoryId, ReworkRules.PriorityOf(request.Priority, request.ReworkCount + 1), request.PlaceId, request.AssetId, Payer.Free, null, null, true, reworked);
        await maker.Make(source, [.. last.Select(l => new NewOrder(l.Crew, l.WhatToDo, l.TeamId, WaitsForOrder: l.WaitsForId is { } before && Array.IndexOf(reworked, before) is >= 0 and var place ? place : null))], now, ct);
    }
}

/// <summary>Part of a request that is in progress still is done again. It has not moved: it was not finished.</summary>
public sealed record ReworkAdded(Guid CommunityId, Guid RequestId, DateTimeOffset At) : INotification;
