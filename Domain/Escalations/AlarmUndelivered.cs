using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Messages;

namespace PropertyServiceDesk.Domain.Escalations;

/// <summary>Of a level whose every message came back nobody was told: the desk has an alarm, and where it is danger it rings.</summary>
internal sealed class AlarmUndelivered(Db db, EventLog log) : INotificationHandler<MessageParked>
{
    // The clocks are locked first, as the sweep does: one that stops meanwhile has no alarm left over.
    private const string Write = """
        select k.clock_id
        from escalation_recipient x
        join escalation e on e.community_id = x.community_id and e.escalation_id = x.escalation_id
        join clock k on k.community_id = e.community_id and k.clock_id = e.clock_id
        where x.community_id = @CommunityId and x.message_id = @MessageId
        order by k.clock_id
        for no key update of k;

        with untold as (
            select e.community_id, e.escalation_id, e.level, e.request_id, k.clock_id, k.kind as clock_kind, k.subject_kind, k.subject_id, coalesce(o.priority, r.priority) as priority
            from escalation_recipient x
            join escalation e on e.community_id = x.community_id and e.escalation_id = x.escalation_id and e.level > 0 and e.resolved_at is null and e.acknowledged_at is null
            join clock k on k.community_id = e.community_id and k.clock_id = e.clock_id and k.stopped_at is null
            left join work_order o on k.subject_kind = 'workOrder' and o.community_id = k.community_id and o.work_order_id = k.subject_id
            left join request r on r.community_id = e.community_id and r.request_id = e.request_id
            where x.community_id = @CommunityId and x.message_id = @MessageId
              and not exists (
                select
                from escalation_recipient y
                join message m on m.community_id = y.community_id and m.message_id = y.message_id
                where y.community_id = e.community_id and y.escalation_id = e.escalation_id and m.parked_at is null)
        ), raised as (
            insert into alarm (community_id, alarm_id, kind, clock_id, escalation_id, request_id, raised_at)
            select u.community_id, gen_random_uuid(), a.kind, u.clock_id, u.escalation_id, u.request_id, @At
            from untold u
            cross join lateral unnest(case when u.priority = 'danger' and u.clock_kind <> 'feedback' then array['nobodyToTell', 'ringNow'] else array['nobodyToTell'] end) a (kind)
            on conflict (community_id, clock_id, kind) where ended_at is null do nothing
            returning clock_id, kind
        )
        select u.clock_id, u.subject_kind, u.subject_id, u.level, a.kind
        from raised a
        join untold u on u.clock_id = a.clock_id
        order by u.clock_id, a.kind
        """;

    private sealed record Raised(Guid ClockId, ClockSubject SubjectKind, Guid SubjectId, short Level, AlarmKind Kind);

    public async Task Handle(MessageParked notification, CancellationToken cancellationToken)
    {
        using var read = await db.Several(Write, new { notification.CommunityId, notification.MessageId, notification.At }, cancellationToken);
        await read.ReadAsync<Guid>();
        foreach (var alarm in await read.ReadAsync<Raised>())
        {
            var subject = alarm.SubjectKind switch
            {
                ClockSubject.Request => SubjectKind.Request,
                ClockSubject.WorkOrder => SubjectKind.WorkOrder,
                ClockSubject.Feedback => SubjectKind.Feedback,
            };
            log.Write(notification.CommunityId, subject, alarm.SubjectId, Happening.AlarmRaised, new { alarm.Kind, alarm.ClockId, alarm.Level }, null, Visibility.Desk, notification.At);
        }
    }
}
