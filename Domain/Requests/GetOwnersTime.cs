using System.Text.Json;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// Where the owner's time went: by crew, by reason of holds, at the desk, and between "solved" and "not solved". The parts add up to the
/// whole, from the report until it was closed or until now.
/// </summary>
[AllowedTo(Roles.Desk)]
public sealed record GetOwnersTime(Guid RequestId) : IQuery<OwnersTimeSplit>
{
    internal sealed class Handler(Db db, TimeSplits splits) : IRequestHandler<GetOwnersTime, OwnersTimeSplit>
    {
        private const string Known = """
            select r.community_id, r.request_id, r.reported_at
            from request r
            where r.request_id = @RequestId and r.community_id = any ((select scope_communities())::uuid[])
            """;

        public async Task<OwnersTimeSplit> Handle(GetOwnersTime query, CancellationToken cancellationToken)
        {
            var request = await db.Find<ReportedOne>(Known, new { query.RequestId }, cancellationToken) ?? throw new Refused.NotFound("request");
            var parts = (await splits.Of([request], cancellationToken))[request.RequestId];
            return new OwnersTimeSplit(
                request.ReportedAt,
                TimeSplits.Seconds(parts.Select(p => p.Elapsed)),
                TimeSplits.Seconds(parts.Select(p => p.Counted)),
                [.. parts.Select(p => new OwnersTimePart(p.Holder, p.Crew, p.Reason, TimeSplits.Seconds([p.Elapsed]), TimeSplits.Seconds([p.Counted])))]);
        }
    }
}

/// <summary>A request whose time is to be split.</summary>
internal sealed record ReportedOne(Guid CommunityId, Guid RequestId, DateTimeOffset ReportedAt);

/// <summary>Splits requests' time by who had it, from their logs and those of the orders that served them.</summary>
internal sealed class TimeSplits(Db db, TimeProvider clock, SlaBook book)
{
    // Orders of a fault that it was joined to by mistake never served it: that time was the desk's.
    private const string Links = """
        select l.request_id, l.work_order_id, l.mandatory, l.joined_at, l.left_at
        from request_work_order l
        join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
        where l.community_id = @CommunityId and l.request_id = any (@RequestIds)
          and not exists (
            select from fault_request j
            where j.community_id = l.community_id and j.request_id = l.request_id and j.fault_id = o.fault_id and j.left_how = 'unJoined' and j.left_at = l.left_at)
        order by l.request_id, l.joined_at, l.work_order_id
        """;

    private const string Events = """
        select e.subject_id, e.seq, e.what, e.occurred_at, e.detail::text as detail
        from event e
        where e.community_id = @CommunityId and e.subject_id = any (@Subjects) and e.what = any (@Turning)
        order by e.seq
        """;

    private const string CalendarsOf = """
        select distinct on (k.subject_id) k.subject_id, k.calendar_version_id
        from clock k
        where k.community_id = @CommunityId and k.subject_id = any (@RequestIds) and k.kind = 'finish' and k.calendar_version_id is not null
        order by k.subject_id, k.cycle desc
        """;

    private static readonly string[] Turning = EnumWord.All(
    [
        Happening.RequestFinished, Happening.RequestAnswered, Happening.RequestReferred, Happening.RequestExplained, Happening.RequestClosed, Happening.RequestCancelled, Happening.ReworkReported,
        Happening.WorkDispatched, Happening.WorkReleased, Happening.WorkAssigned, Happening.WorkClaimed, Happening.WorkAccepted, Happening.WorkArrived, Happening.WorkResumed, Happening.WorkTakenBack,
        Happening.WorkHeld, Happening.WorkTransferred, Happening.WorkReturned, Happening.WorkCompleted, Happening.WorkVoided,
    ]);

    private sealed record Link(Guid RequestId, Guid WorkOrderId, bool Mandatory, DateTimeOffset JoinedAt, DateTimeOffset? LeftAt);

    private sealed record Told(Guid SubjectId, long Seq, Happening What, DateTimeOffset OccurredAt, string Detail);

    private sealed record Counted(Guid SubjectId, Guid CalendarVersionId);

    public static decimal Seconds(IEnumerable<TimeSpan> spans) => spans.Sum(s => s.Ticks) / (decimal)TimeSpan.TicksPerSecond;

    /// <summary>The parts of each, which add up to its whole.</summary>
    /// <param name="requests">Of one community or several; some hundred at a time.</param>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyList<TimePart>>> Of(IReadOnlyList<ReportedOne> requests, CancellationToken ct)
    {
        var now = clock.Now();
        var parts = new Dictionary<Guid, IReadOnlyList<TimePart>>();
        foreach (var community in requests.GroupBy(r => r.CommunityId))
        {
            var ids = community.Select(r => r.RequestId).ToArray();
            var links = (await db.List<Link>(Links, new { CommunityId = community.Key, RequestIds = ids }, ct)).ToLookup(l => l.RequestId);
            var subjects = links.SelectMany(l => l).Select(l => l.WorkOrderId).Concat(ids).Distinct().ToArray();
            var told = (await db.List<Told>(Events, new { CommunityId = community.Key, Subjects = subjects, Turning }, ct)).ToLookup(t => t.SubjectId);
            var calendars = (await db.List<Counted>(CalendarsOf, new { CommunityId = community.Key, RequestIds = ids }, ct)).ToDictionary(c => c.SubjectId, c => c.CalendarVersionId);
            foreach (var request in community)
            {
                var orders = links[request.RequestId].ToLookup(l => l.WorkOrderId);
                var turns = orders.Select(o => o.Key).Append(request.RequestId).SelectMany(subject => told[subject]).OrderBy(t => t.Seq)
                    .SelectMany(t => t.SubjectId == request.RequestId ? OfRequest(t) : OfOrder(t, orders[t.SubjectId])).OrderBy(t => t.At).ToList();
                var calendar = calendars.TryGetValue(request.RequestId, out var version) ? await book.CalendarOf(version, ct) : BusinessCalendar.Always;
                parts.Add(request.RequestId, OwnersTime.Split(request.ReportedAt, turns, now, calendar));
            }
        }

        return parts;
    }

    private static IEnumerable<TimeTurn> OfRequest(Told told) => told.What switch
    {
        Happening.RequestFinished or Happening.RequestAnswered or Happening.RequestReferred or Happening.RequestExplained => [new TimeTurn(told.OccurredAt, Open: false)],
        Happening.RequestClosed or Happening.RequestCancelled => [new TimeTurn(told.OccurredAt, Open: false, Closed: true)],
        Happening.ReworkReported => [new TimeTurn(told.OccurredAt, Open: true)],
        _ => [],
    };

    /// <summary>What the order did, as far as it served the request then; when it came to it, what it had done before.</summary>
    private static IEnumerable<TimeTurn> OfOrder(Told told, IEnumerable<Link> links)
    {
        if (Stands(told) is not { } turn)
        {
            yield break;
        }

        foreach (var link in links.Where(l => l.LeftAt is null || l.LeftAt > told.OccurredAt))
        {
            yield return turn with { At = told.OccurredAt > link.JoinedAt ? told.OccurredAt : link.JoinedAt, OrderId = told.SubjectId, Mandatory = link.Mandatory };
            if (link.LeftAt is { } left)
            {
                yield return new TimeTurn(left, told.SubjectId, OrderStands.Away);
            }
        }
    }

    private static TimeTurn? Stands(Told told)
    {
        using var document = JsonDocument.Parse(told.Detail);
        var detail = document.RootElement;
        return told.What switch
        {
            Happening.WorkDispatched when detail.TryGetProperty("status", out var status) =>
                new TimeTurn(told.OccurredAt, Stands: status.GetString() == "dispatched" ? OrderStands.WithCrew : OrderStands.WithDesk, Crew: Crew(detail, "crew")),
            Happening.WorkDispatched => new TimeTurn(told.OccurredAt, Stands: OrderStands.WithCrew, Crew: Crew(detail, "crew")),
            Happening.WorkReleased => new TimeTurn(told.OccurredAt, Stands: detail.GetProperty("status").GetString() == "dispatched" ? OrderStands.WithCrew : OrderStands.WithDesk),
            Happening.WorkAssigned or Happening.WorkClaimed or Happening.WorkAccepted or Happening.WorkArrived or Happening.WorkResumed or Happening.WorkTakenBack =>
                new TimeTurn(told.OccurredAt, Stands: OrderStands.WithCrew),
            Happening.WorkHeld => new TimeTurn(told.OccurredAt, Stands: OrderStands.OnHold, Reason: EnumWord.Read<HoldReason>(detail.GetProperty("reason").GetString()!)),
            Happening.WorkTransferred => new TimeTurn(told.OccurredAt, Stands: OrderStands.WithCrew, Crew: Crew(detail, "toCrew")),
            Happening.WorkReturned => new TimeTurn(told.OccurredAt, Stands: OrderStands.WithDesk),
            Happening.WorkCompleted or Happening.WorkVoided => new TimeTurn(told.OccurredAt, Stands: OrderStands.Away),
            _ => null,
        };
    }

    private static Crew Crew(JsonElement detail, string name) => EnumWord.Read<Crew>(detail.GetProperty(name).GetString()!);
}

/// <param name="ElapsedSeconds">By any clock.</param>
/// <param name="CountedSeconds">By the calendar that the request's finish is counted with; elapsed where there is none.</param>
/// <param name="Parts">Add up to the whole, to the microsecond.</param>
public sealed record OwnersTimeSplit(DateTimeOffset ReportedAt, decimal ElapsedSeconds, decimal CountedSeconds, IReadOnlyList<OwnersTimePart> Parts);

/// <param name="Crew">Of the time that a crew had it, or held it.</param>
/// <param name="Reason">Of the time on hold.</param>
public sealed record OwnersTimePart(TimeHolder Holder, Crew? Crew, HoldReason? Reason, decimal ElapsedSeconds, decimal CountedSeconds);
