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
    internal sealed class Handler(Db db, TimeProvider clock, SlaBook book) : IRequestHandler<GetOwnersTime, OwnersTimeSplit>
    {
        private const string Known = """
            select r.community_id, r.reported_at,
                (select k.calendar_version_id
                 from clock k
                 where k.community_id = r.community_id and k.subject_id = r.request_id and k.kind = 'finish' and k.calendar_version_id is not null
                 order by k.cycle desc
                 limit 1) as calendar_version_id
            from request r
            where r.request_id = @RequestId and r.community_id = any ((select scope_communities())::uuid[])
            """;

        // Orders of a fault that it was joined to by mistake never served it: that time was the desk's.
        private const string Links = """
            select l.work_order_id, l.mandatory, l.joined_at, l.left_at
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            where l.community_id = @CommunityId and l.request_id = @RequestId
              and not exists (
                select from fault_request j
                where j.community_id = l.community_id and j.request_id = l.request_id and j.fault_id = o.fault_id and j.left_how = 'unJoined' and j.left_at = l.left_at)
            order by l.joined_at, l.work_order_id
            """;

        private const string Events = """
            select e.subject_id, e.what, e.occurred_at, e.detail::text as detail
            from event e
            where e.community_id = @CommunityId and e.subject_id = any (@Subjects)
            order by e.seq
            """;

        private sealed record Row(Guid CommunityId, DateTimeOffset ReportedAt, Guid? CalendarVersionId);

        private sealed record Link(Guid WorkOrderId, bool Mandatory, DateTimeOffset JoinedAt, DateTimeOffset? LeftAt);

        private sealed record Told(Guid SubjectId, Happening What, DateTimeOffset OccurredAt, string Detail);

        public async Task<OwnersTimeSplit> Handle(GetOwnersTime query, CancellationToken cancellationToken)
        {
            var request = await db.Find<Row>(Known, new { query.RequestId }, cancellationToken) ?? throw new Refused.NotFound("request");
            var links = (await db.List<Link>(Links, new { request.CommunityId, query.RequestId }, cancellationToken)).ToLookup(l => l.WorkOrderId);
            var told = await db.List<Told>(Events, new { request.CommunityId, Subjects = links.Select(l => l.Key).Append(query.RequestId).ToArray() }, cancellationToken);
            var turns = told.SelectMany(t => t.SubjectId == query.RequestId ? OfRequest(t) : OfOrder(t, links[t.SubjectId])).OrderBy(t => t.At).ToList();
            var calendar = request.CalendarVersionId is { } version ? await book.CalendarOf(version, cancellationToken) : BusinessCalendar.Always;
            var parts = OwnersTime.Split(request.ReportedAt, turns, clock.Now(), calendar);
            return new OwnersTimeSplit(
                request.ReportedAt,
                Seconds(parts.Select(p => p.Elapsed)),
                Seconds(parts.Select(p => p.Counted)),
                [.. parts.Select(p => new OwnersTimePart(p.Holder, p.Crew, p.Reason, Seconds([p.Elapsed]), Seconds([p.Counted])))]);
        }

        private static decimal Seconds(IEnumerable<TimeSpan> spans) => spans.Sum(s => s.Ticks) / (decimal)TimeSpan.TicksPerSecond;

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
}

/// <param name="ElapsedSeconds">By any clock.</param>
/// <param name="CountedSeconds">By the calendar that the request's finish is counted with; elapsed where there is none.</param>
/// <param name="Parts">Add up to the whole, to the microsecond.</param>
public sealed record OwnersTimeSplit(DateTimeOffset ReportedAt, decimal ElapsedSeconds, decimal CountedSeconds, IReadOnlyList<OwnersTimePart> Parts);

/// <param name="Crew">Of the time that a crew had it, or held it.</param>
/// <param name="Reason">Of the time on hold.</param>
public sealed record OwnersTimePart(TimeHolder Holder, Crew? Crew, HoldReason? Reason, decimal ElapsedSeconds, decimal CountedSeconds);
