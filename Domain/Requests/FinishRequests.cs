using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// A request is finished when all its mandatory orders are, and not before; it goes back to received when nothing is open and none of
/// them was done. What was done before the owner last said that it is not solved does not count, nor what was optional.
/// Every command on an order holds the order's requests locked, so the last two orders of a request, completed at the same
/// instant, pass here one after the other, and the second sees the first.
/// </summary>
internal sealed class FinishRequests(Db db, EventLog log, IMediator mediator) : INotificationHandler<WorkMoved>
{
    private const string Count = """
        select r.request_id, r.community_id, r.status, r.version,
            count(*) filter (where l.mandatory and o.status not in ('done', 'voided'))::int as mandatory_open,
            count(*) filter (where o.status not in ('done', 'voided'))::int as open,
            count(*) filter (where l.mandatory and o.status = 'done' and (again.number is null or o.number >= again.number or o.done_at > again.created_at))::int as done,
            max(o.done_at) filter (where l.mandatory) as last_done_at
        from request r
        left join request_work_order l on l.community_id = r.community_id and l.request_id = r.request_id and l.left_at is null
        left join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        left join lateral (

        """ + NotSolvedSql.Last + """
        ) again on true
        where r.community_id = @CommunityId and r.request_id = any (@RequestIds)
        group by r.request_id
        order by r.request_id
        """;

    private const string Write = """
        update request
        set status = @To, outcome = @Outcome, finished_at = @FinishedAt, version = version + 1
        where request_id = @RequestId
        """;

    private sealed record Row(Guid RequestId, Guid CommunityId, RequestStatus Status, int Version, int MandatoryOpen, int Open, int Done, DateTimeOffset? LastDoneAt);

    public Task Handle(WorkMoved notification, CancellationToken cancellationToken) =>
        notification.To is WorkOrderStatus.Done or WorkOrderStatus.Voided
            ? Look(notification.CommunityId, notification.RequestIds, notification.At, cancellationToken)
            : Task.CompletedTask;

    /// <summary>Looks at locked requests whose orders changed or went.</summary>
    public async Task Look(Guid communityId, IReadOnlyList<Guid> requestIds, DateTimeOffset at, CancellationToken ct)
    {
        var rows = await db.List<Row>(Count, new { CommunityId = communityId, RequestIds = requestIds.ToArray() }, ct);
        foreach (var row in rows.Where(r => r.Status == RequestStatus.InProgress))
        {
            if (RequestCompletion.After(row.MandatoryOpen, row.Open, row.Done) is not { } move)
            {
                continue;
            }

            var to = RequestLifecycle.After(RequestStatus.InProgress, move);
            var finished = move == RequestMove.Finish;
            var (id, when) = (row.RequestId, finished && row.LastDoneAt > at ? row.LastDoneAt.Value : at); // a telephone may report late what was done before another order was
            await db.Run(Write, new { RequestId = id, To = to, Outcome = finished ? Outcome.Resolved : (Outcome?)null, FinishedAt = finished ? when : (DateTimeOffset?)null }, ct);
            log.Write(communityId, SubjectKind.Request, id, finished ? Happening.RequestFinished : Happening.RequestBackToReceived, visibility: Visibility.Owner, occurredAt: when);
            await mediator.Publish(new RequestMoved(communityId, id, RequestStatus.InProgress, move, to, when), ct);
        }
    }
}

internal static class NotSolvedSql
{
    /// <summary>Of the request <c>r</c>, the first of the orders that the last "not solved" made, whatever became of them since; nulls where there was none.</summary>
    internal const string Last = """
        select min(y.number) as number, min(y.created_at) as created_at
        from (
            select x.created_at, b.number as reworked
            from request_work_order w
            join work_order x on x.community_id = w.community_id and x.work_order_id = w.work_order_id
            join work_order b on b.community_id = x.community_id and b.work_order_id = x.rework_of_id
            where w.community_id = r.community_id and w.request_id = r.request_id
            order by x.number desc
            limit 1) last
        join request_work_order v on v.community_id = r.community_id and v.request_id = r.request_id
        join work_order y on y.community_id = v.community_id and y.work_order_id = v.work_order_id and y.rework_of_id is not null and y.created_at = last.created_at and y.number > last.reworked
        """;
}
