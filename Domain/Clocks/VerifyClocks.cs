using System.Globalization;
using System.Text.Json;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// Reckons every clock of one community again from its event log and the versions of policies and calendars that the log names, and says
/// where a row differs. Reads the rows as of one event, so that it may run while people work.
/// </summary>
[AllowedTo(Roles.System)]
public sealed record VerifyClocks(Guid CommunityId) : IQuery<ClocksVerified>
{
    internal sealed class Handler(Db db, Caller caller, SlaBook book, TimeProvider clock) : IRequestHandler<VerifyClocks, ClocksVerified>
    {
        // One statement: the rows, their pauses and the last event are of one moment.
        private const string Rows = """
            select h.seq, k.clock_id, k.subject_kind, k.subject_id, k.kind, k.cycle, k.crew, k.policy_version_id, k.policy, k.calendar_version_id, k.imposed, k.imported, k.started_at,
                k.allowance, k.unit, k.due_at, k.beyond_calendar, k.held_at, k.stopped_at, k.stopped_why, k.breached_at, k.late_report_at, k.next_check_at, k.stretched_by,
                (select string_agg(extract(epoch from p.from_at) || '/' || coalesce(extract(epoch from p.to_at)::text, ''), ' ' order by p.from_at)
                 from clock_pause p
                 where p.community_id = k.community_id and p.clock_id = k.clock_id and p.to_at is distinct from p.from_at) as pauses
            from event_head h
            left join clock k on k.community_id = h.community_id
            where h.community_id = @CommunityId
            """;

        private const string Events = """
            select e.subject_id, e.what, e.occurred_at, e.recorded_at, e.detail::text as detail
            from event e
            where e.community_id = @CommunityId and e.seq <= @Seq
              and (e.detail -> 'clocks' is not null or e.what in ('requestReceived', 'requestImported', 'requestClosed', 'requestCancelled', 'importTakenUp', 'clockBreached'))
            order by e.seq
            """;

        /// <summary>A clock that could not be looked at stands aside for so long.</summary>
        private static readonly TimeSpan PutOff = TimeSpan.FromMinutes(10);

        private sealed record Row(
            long Seq,
            Guid? ClockId,
            ClockSubject? SubjectKind,
            Guid? SubjectId,
            ClockKind? Kind,
            short? Cycle,
            Crew? Crew,
            Guid? PolicyVersionId,
            string? Policy,
            Guid? CalendarVersionId,
            bool? Imposed,
            bool? Imported,
            DateTimeOffset? StartedAt,
            int? Allowance,
            AllowanceUnit? Unit,
            DateTimeOffset? DueAt,
            bool? BeyondCalendar,
            DateTimeOffset? HeldAt,
            DateTimeOffset? StoppedAt,
            StopReason? StoppedWhy,
            DateTimeOffset? BreachedAt,
            DateTimeOffset? LateReportAt,
            DateTimeOffset? NextCheckAt,
            Guid? StretchedBy,
            string? Pauses);

        private sealed record Told(Guid SubjectId, Happening What, DateTimeOffset OccurredAt, DateTimeOffset RecordedAt, string Detail);

        public async Task<ClocksVerified> Handle(VerifyClocks query, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(query.CommunityId);
            var rows = await db.List<Row>(Rows, new { query.CommunityId }, cancellationToken);
            if (rows.Count == 0)
            {
                throw new Refused.NotFound("community");
            }

            var log = new LoggedClocks();
            foreach (var told in await db.List<Told>(Events, new { query.CommunityId, rows[0].Seq }, cancellationToken))
            {
                using var detail = JsonDocument.Parse(told.Detail);
                log.Read(told.SubjectId, told.What, told.OccurredAt, detail.RootElement);
            }

            var differences = new List<ClockDifference>();
            foreach (var row in rows.Where(r => r.ClockId is not null))
            {
                if (log.Take(row.SubjectId!.Value, row.Kind!.Value, row.Cycle!.Value) is { } logged)
                {
                    await Compare(row, logged, differences, cancellationToken);
                }
                else
                {
                    differences.Add(new ClockDifference(row.SubjectId!.Value, row.Kind!.Value, row.Cycle!.Value, "row", "there is one", "none"));
                }
            }

            differences.AddRange(log.Left.Select(l => new ClockDifference(l.SubjectId, l.Kind, l.Cycle, "row", "none", "there is one")));
            return new ClocksVerified(rows.Count(r => r.ClockId is not null), differences);
        }

        private async Task Compare(Row row, LoggedClock logged, List<ClockDifference> differences, CancellationToken ct)
        {
            var due = await DueOf(logged, ct);
            Differ("clock_id", row.ClockId, logged.ClockId ?? row.ClockId);
            Differ("subject_kind", row.SubjectKind, logged.Subject);
            Differ("crew", row.Crew, logged.Crew);
            Differ("policy_version_id", row.PolicyVersionId, logged.PolicyVersion);
            Differ("policy", row.Policy, logged.Policy);
            Differ("calendar_version_id", row.CalendarVersionId, logged.CalendarVersion);
            Differ("imposed", row.Imposed, logged.Imposed);
            Differ("imported", row.Imported, logged.Imported);
            Differ("started_at", row.StartedAt, logged.From);
            Differ("allowance", row.Allowance, logged.Number);
            Differ("unit", row.Unit, logged.Unit);
            Differ("due_at", row.DueAt, due.At);
            Differ("beyond_calendar", row.BeyondCalendar, due.BeyondLoadedCalendar);
            Differ("held_at", row.HeldAt, logged.HeldAt);
            Differ("stopped_at", row.StoppedAt, logged.StoppedAt);
            Differ("stopped_why", row.StoppedWhy, logged.Why);
            Differ("breached_at", row.BreachedAt, logged.BreachedAt);
            Differ("late_report_at", row.LateReportAt, logged.LateReport);
            Differ("stretched_by", row.StretchedBy, logged.StretchedBy);
            Differ("pauses", row.Pauses ?? "", Words(logged.Pauses));

            // When to look next is the ladder's own; but what stands still or has ended is not looked at, and nothing that runs is forgotten.
            var asleep = row.HeldAt is not null || row.StoppedAt is not null || (logged.Imported && !logged.TakenUp);
            if (asleep ? row.NextCheckAt is not null : row.BreachedAt is null && !(row.NextCheckAt <= row.DueAt || row.NextCheckAt <= clock.Now() + PutOff))
            {
                differences.Add(new ClockDifference(row.SubjectId!.Value, logged.Kind, logged.Cycle, "next_check_at", Word(row.NextCheckAt), asleep ? "none" : "the due time at the latest"));
            }

            void Differ<T>(string column, T? stored, T? reckoned)
            {
                if (!Equals(stored, reckoned))
                {
                    differences.Add(new ClockDifference(row.SubjectId!.Value, logged.Kind, logged.Cycle, column, Word(stored), Word(reckoned)));
                }
            }
        }

        private async Task<Due> DueOf(LoggedClock logged, CancellationToken ct)
        {
            var ended = logged.Pauses.Where(p => p.To is not null).Select(p => new Pause(p.From, p.To!.Value)).ToArray();
            return logged switch
            {
                { Imposed: true, Fixed: { } at } => new Due(at, false),
                { Fixed: { } at } => new Due(SlaClock.AfterPauses(at, ended), false),
                { Number: { } number, Unit: { } unit, CalendarVersion: { } version } => SlaClock.DueAt(logged.From, new Allowance(number, unit), await book.CalendarOf(version, ct), ended),
                _ => throw new InvalidOperationException($"The log says nothing of when {EnumWord.Of(logged.Kind)} of {logged.SubjectId} was due."),
            };
        }

        private static string Words(IEnumerable<(DateTimeOffset From, DateTimeOffset? To)> pauses) =>
            string.Join(' ', pauses.OrderBy(p => p.From).Select(p => Seconds(p.From) + "/" + (p.To is { } to ? Seconds(to) : "")));

        private static string Seconds(DateTimeOffset at) =>
            ((at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / 10_000_000m).ToString("F6", CultureInfo.InvariantCulture);

        private static string Word<T>(T? value) => value switch
        {
            null => "none",
            DateTimeOffset at => ClockStory.Word(at),
            bool yes => yes ? "true" : "false",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
    }
}

/// <param name="Clocks">How many rows were looked at.</param>
public sealed record ClocksVerified(int Clocks, IReadOnlyList<ClockDifference> Differences);

/// <param name="Column">Of the row; <c>row</c> where it is missing altogether or should not be there, <c>pauses</c> for the rows beside it.</param>
public sealed record ClockDifference(Guid SubjectId, ClockKind Kind, short Cycle, string Column, string Stored, string Reckoned);
