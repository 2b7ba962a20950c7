namespace PropertyServiceDesk.Tests.Support;

internal static class Swept
{
    /// <summary>Everything that a sweep leaves behind of a request and its order, without ids and times.</summary>
    public static Task<List<string>> Left(DeskFixture desk, (Guid Request, Guid Order) of) => desk.Rows<string>(
        """
        select line
        from (
            select k.kind || ' level ' || e.level || ' ' || e.cause || case when e.nobody then ' nobody' else '' end as line
            from escalation e join clock k on k.clock_id = e.clock_id where k.subject_id = any (@Of)
            union all
            select k.kind || ' level ' || e.level || ' told ' || r.staff_id || ' by ' || m.template
            from escalation e join clock k on k.clock_id = e.clock_id join escalation_recipient r on r.escalation_id = e.escalation_id join message m on m.message_id = r.message_id where k.subject_id = any (@Of)
            union all
            select 'message ' || m.template || ' to ' || m.recipient_id || ' ' || coalesce(m.detail->>'kind', '') || ' ' || coalesce(m.detail->>'level', '')
            from message m where m.request_id = any (@Of) and m.template like 'escalation%'
            union all
            select 'alarm ' || a.kind || ' ' || k.kind from alarm a join clock k on k.clock_id = a.clock_id where k.subject_id = any (@Of)
            union all
            select 'clock ' || k.kind || ' ' || coalesce((k.breached_at = k.due_at)::text, 'kept') || ' ' || coalesce(k.next_check_at::text, 'at rest') from clock k where k.subject_id = any (@Of)
            union all
            select 'event ' || v.what || ' ' || coalesce(v.detail->>'kind', '') || ' ' || coalesce(v.detail->>'level', '') from event v where v.subject_id = any (@Of) and v.what in ('clockBreached', 'escalated', 'alarmRaised', 'clockWarned')
        ) x
        order by line
        """,
        new { Of = new[] { of.Request, of.Order } });

    /// <summary>The same, but for who was told by which message: how many are told in one depends on how many were looked at together.</summary>
    public static async Task<List<string>> LeftButMessages(DeskFixture desk, (Guid Request, Guid Order) of) =>
        [.. (await Left(desk, of)).Where(l => !l.StartsWith("message", StringComparison.Ordinal)).Select(l => l.Contains(" told ", StringComparison.Ordinal) ? l[..l.LastIndexOf(" by ", StringComparison.Ordinal)] : l)];

    /// <summary>Two messages that tell one person the same level of the same clock; messages that tell nobody anything; levels told by no message.</summary>
    public static async Task<long> ToldTwiceOrNot(DeskFixture desk) => await desk.Scalar<long>("""
        select (select count(*) from (select from message group by dedupe_key having count(*) > 1) x)
             + (select count(*) from (select from escalation_recipient group by escalation_id, staff_id having count(*) > 1) x)
             + (select count(*) from escalation group by ()) - (select count(*) from (select distinct clock_id, cycle, level from escalation) x)
             + (select count(*) from message m where m.template like 'escalation%' and not exists (select from escalation_recipient r where r.message_id = m.message_id and r.staff_id = m.recipient_id))
             + (select count(*) from escalation e where e.told_at is not null and not exists (select from escalation_recipient r where r.escalation_id = e.escalation_id))
        """);
}
