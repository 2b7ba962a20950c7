using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// How soon somebody is sent. The clock begins with the report and is met when one of the request's orders is given to a team or to a
/// person, a fault's included; when nobody has one any more, it begins anew. The pipeline settles it when all else of a command is written:
/// what one move takes away another of the same command may give.
/// </summary>
internal sealed class DispatchClocks(Db db, SlaBook book, ClockRows clocks, TimeProvider clock)
{
    private static readonly ClockKind[] Dispatch = [ClockKind.Dispatch];
    private static readonly string[] SomebodyHasIt = EnumWord.All([.. WorkOrderLifecycle.SomebodyHasIt]);

    private const string Read = """
        select r.community_id, r.request_id, r.status in ('received', 'inProgress') as open,
            exists (
                select from request_work_order l
                join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                where l.community_id = r.community_id and l.request_id = r.request_id and l.left_at is null and o.status = any (@SomebodyHasIt)) as sent,
            exists (
                select from clock k
                where k.community_id = r.community_id and k.subject_id = r.request_id and k.kind = 'dispatch' and k.stopped_at is null) as running
        from request r
        where r.request_id = any (@RequestIds)
        order by r.request_id
        """;

    private sealed record Row(Guid CommunityId, Guid RequestId, bool Open, bool Sent, bool Running);

    public async Task Settle(CancellationToken ct)
    {
        if (db.InOtherHands.Count == 0)
        {
            return;
        }

        var now = clock.Now();
        var rows = await db.List<Row>(Read, new { RequestIds = db.InOtherHands.ToArray(), SomebodyHasIt }, ct);
        foreach (var community in rows.Where(r => r is { Sent: true, Running: true }).GroupBy(r => r.CommunityId))
        {
            await clocks.Stop(community.Key, [.. community.Select(r => r.RequestId)], Dispatch, StopReason.Met, now, ct);
        }

        foreach (var row in rows.Where(r => r is { Open: true, Sent: false, Running: false }))
        {
            await Begin(row.CommunityId, row.RequestId, now, ct);
        }
    }

    private async Task Begin(Guid communityId, Guid requestId, DateTimeOffset now, CancellationToken ct)
    {
        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, requestId, communityId, now, ct);
        var policy = row.PolicyIn(sla.Profile);
        if (OwedClocks.ToSendSomebody(policy, row.Kind, row.Crew, now) is { } owed)
        {
            await clocks.Start(communityId, sla, [new NewClock(ClockSubject.Request, requestId, null, policy.Code, owed)], ct);
        }
    }
}

/// <summary>Notes whose request may be in other hands now. What is reported is owed its clock at once, with the others.</summary>
internal sealed class KeepDispatchClocks(Db db)
    : INotificationHandler<WorkMade>, INotificationHandler<WorkMoved>, INotificationHandler<RequestMoved>, INotificationHandler<RequestJoinedFault>, INotificationHandler<RequestLeftFault>
{
    public Task Handle(WorkMade notification, CancellationToken cancellationToken) =>
        WorkOrderLifecycle.SomebodyHasIt.Contains(notification.Status) ? Note(notification.RequestIds) : Task.CompletedTask;

    public Task Handle(WorkMoved notification, CancellationToken cancellationToken) =>
        WorkOrderLifecycle.SomebodyHasIt.Contains(notification.From) == WorkOrderLifecycle.SomebodyHasIt.Contains(notification.To) ? Task.CompletedTask : Note(notification.RequestIds);

    public Task Handle(RequestMoved notification, CancellationToken cancellationToken) =>
        notification.Move is RequestMove.Rework or RequestMove.ReworkAtDesk ? Note([notification.RequestId]) : Task.CompletedTask;

    public Task Handle(RequestJoinedFault notification, CancellationToken cancellationToken) => Note([notification.RequestId]);

    public Task Handle(RequestLeftFault notification, CancellationToken cancellationToken) => Note([notification.RequestId]);

    private Task Note(IEnumerable<Guid> requestIds)
    {
        db.InOtherHands.UnionWith(requestIds);
        return Task.CompletedTask;
    }
}
