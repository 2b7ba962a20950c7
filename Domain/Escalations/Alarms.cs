using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Escalations;

/// <summary>Alarms that have not ended, the oldest first: what the desk must see and hear.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk)]
public sealed record ListAlarms(Guid? CommunityId = null, int Take = 50, string? After = null) : IQuery<Page<AlarmLine>>
{
    public sealed class Validator : AbstractValidator<ListAlarms>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListAlarms, Page<AlarmLine>>
    {
        internal const string Read = """
            select a.community_id, a.alarm_id, a.kind, a.clock_id, k.kind as clock_kind, k.due_at, a.escalation_id, e.level, a.request_id, r.number as request_number, r.priority, p.name as place_name, p.name_en as place_name_en, a.raised_at
            from unnest(@Communities::uuid[]) m
            cross join lateral (
                select x.*
                from alarm x
                where x.community_id = m and x.ended_at is null and (not @After or (x.raised_at, x.alarm_id) > (@AfterAt::timestamptz, @AfterId::uuid))
                order by x.raised_at, x.alarm_id
                limit @Take
            ) a
            join clock k on k.community_id = a.community_id and k.clock_id = a.clock_id
            left join escalation e on e.community_id = a.community_id and e.escalation_id = a.escalation_id
            left join request r on r.community_id = a.community_id and r.request_id = a.request_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            order by a.raised_at, a.alarm_id
            limit @Take
            """;

        public async Task<Page<AlarmLine>> Handle(ListAlarms query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var rows = await db.List<AlarmLine>(
                Read, new { Communities = caller.CommunitiesFor(query.CommunityId), After = query.After is not null, AfterAt = at, AfterId = id, Take = query.Take + 1 }, cancellationToken);
            return Cursor.Page(rows, query.Take, r => [r.RaisedAt, r.AlarmId]);
        }
    }
}

/// <param name="Level">The level that had nobody.</param>
public sealed record AlarmLine(
    Guid CommunityId,
    Guid AlarmId,
    AlarmKind Kind,
    Guid ClockId,
    ClockKind ClockKind,
    DateTimeOffset? DueAt,
    Guid? EscalationId,
    short? Level,
    Guid? RequestId,
    long? RequestNumber,
    Priority? Priority,
    string? PlaceName,
    string? PlaceNameEn,
    DateTimeOffset RaisedAt);

/// <summary>Somebody at the desk has done what the alarm asked for, and says what.</summary>
/// <param name="Note">1–1,000 characters.</param>
[AllowedTo(Roles.Desk)]
public sealed record EndAlarm([property: JsonIgnore] Guid AlarmId, string Note) : ICommand<AlarmReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<EndAlarm>
    {
        public Validator() => RuleFor(c => c.Note).PlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<EndAlarm, AlarmReply>
    {
        private const string Lock = """
            select a.community_id, a.alarm_id, a.kind, k.subject_kind, k.subject_id, a.ended_at
            from alarm a
            join clock k on k.community_id = a.community_id and k.clock_id = a.clock_id
            where a.alarm_id = @AlarmId and (a.request_id is null or a.request_id <> all (hidden_requests((select scope_actor()), array[a.community_id])))
            for no key update of a
            """;

        private const string Write = """
            update alarm
            set ended_at = @Now, ended_by = @By
            where community_id = @CommunityId and alarm_id = @AlarmId
            """;

        private sealed record Row(Guid CommunityId, Guid AlarmId, AlarmKind Kind, string SubjectKind, Guid SubjectId, DateTimeOffset? EndedAt);

        public async Task<AlarmReply> Handle(EndAlarm command, CancellationToken cancellationToken)
        {
            var alarm = await db.Find<Row>(Lock, new { command.AlarmId }, cancellationToken) ?? throw new Refused.NotFound("alarm");
            caller.MustBeAllowedIn(alarm.CommunityId);
            if (alarm.EndedAt is not null)
            {
                throw new Refused.Conflict("alarm.ended_already", "This alarm has ended already.");
            }

            var now = clock.Now();
            await db.Run(Write, new { alarm.CommunityId, alarm.AlarmId, Now = now, By = caller.Actor.Id }, cancellationToken);
            log.Write(alarm.CommunityId, EnumWord.Read<SubjectKind>(alarm.SubjectKind), alarm.SubjectId, Happening.AlarmEnded, new { alarm.AlarmId, alarm.Kind }, command.Note, Visibility.Desk, now);
            return new AlarmReply(alarm.AlarmId, now);
        }
    }
}

public sealed record AlarmReply(Guid AlarmId, DateTimeOffset EndedAt);
