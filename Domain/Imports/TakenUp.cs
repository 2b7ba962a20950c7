namespace PropertyServiceDesk.Domain.Imports;

/// <summary>
/// Somebody takes an imported request up: the first command that locks it or its order does. From then on it is a request like any
/// other: what still runs of its clocks climbs the ladder, and what is owed by the policy begins. The pipeline calls it before it writes the events.
/// </summary>
internal sealed class TakenUp(Db db, EventLog log, TimeProvider clock, IMediator mediator)
{
    private const string Write = """
        with taken as (
            update request
            set taken_up_at = @Now
            where request_id = any (@RequestIds) and import_id is not null and taken_up_at is null
            returning community_id, request_id, status
        ), running as (
            update clock k
            set next_check_at = greatest(k.due_at, @Now)
            from taken t
            where k.community_id = t.community_id and k.subject_id = t.request_id and k.imported and k.stopped_at is null and k.next_check_at is null and k.due_at is not null
        )
        select community_id, request_id, status
        from taken
        order by request_id
        """;

    private sealed record Row(Guid CommunityId, Guid RequestId, RequestStatus Status);

    public async Task WriteDown(CancellationToken ct)
    {
        if (db.NotTakenUp.Count == 0)
        {
            return;
        }

        var now = clock.Now();
        foreach (var row in await db.List<Row>(Write, new { RequestIds = db.NotTakenUp.ToArray(), Now = now }, ct))
        {
            log.Write(row.CommunityId, SubjectKind.Request, row.RequestId, Happening.ImportTakenUp, visibility: Visibility.Desk, occurredAt: now);
            await mediator.Publish(new RequestTakenUp(row.CommunityId, row.RequestId, row.Status, now), ct);
        }
    }
}

/// <summary>An imported request is one like any other from here on.</summary>
/// <param name="Status">What the command that took it up made of it.</param>
public sealed record RequestTakenUp(Guid CommunityId, Guid RequestId, RequestStatus Status, DateTimeOffset At) : INotification;
