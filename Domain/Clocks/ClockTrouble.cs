namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>What a job cannot take up stands aside for a while, and the desk has an alarm of its clock that leads to the request, one at a time.</summary>
internal sealed class ClockTrouble(Db db, EventLog log)
{
    public static readonly TimeSpan For = TimeSpan.FromMinutes(10);

    // An order of several requests: the one that it was made for.
    private const string Raise = """
        insert into alarm (community_id, alarm_id, kind, clock_id, request_id, raised_at)
        select k.community_id, @AlarmId, 'clockTrouble', k.clock_id,
            case k.subject_kind
                when 'request' then k.subject_id
                when 'feedback' then (select f.request_id from feedback f where f.community_id = k.community_id and f.feedback_id = k.subject_id)
                when 'workOrder' then (
                    select l.request_id
                    from request_work_order l
                    where l.community_id = k.community_id and l.work_order_id = k.subject_id and l.left_at is null
                    order by l.joined_at, l.request_id
                    limit 1)
            end,
            @Now
        from clock k
        where k.community_id = @CommunityId and k.clock_id = @ClockId
        on conflict (community_id, clock_id, kind) where ended_at is null do nothing
        """;

    private const string Of = """
        select k.subject_kind, k.subject_id
        from clock k
        where k.community_id = @CommunityId and k.clock_id = @ClockId
        """;

    private sealed record Subject(string SubjectKind, Guid SubjectId);

    public async Task Alarm(Guid communityId, Guid clockId, DateTimeOffset now, CancellationToken ct)
    {
        var alarm = Guid.CreateVersion7(now);
        if (await db.Run(Raise, new { CommunityId = communityId, ClockId = clockId, AlarmId = alarm, Now = now }, ct) > 0)
        {
            var of = await db.Single<Subject>(Of, new { CommunityId = communityId, ClockId = clockId }, ct);
            log.Write(
                communityId, EnumWord.Read<SubjectKind>(of.SubjectKind), of.SubjectId, Happening.AlarmRaised, new { AlarmId = alarm, kind = AlarmKind.ClockTrouble, ClockId = clockId }, visibility: Visibility.Desk);
        }
    }
}
