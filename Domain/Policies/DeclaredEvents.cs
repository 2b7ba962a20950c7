using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Policies;

/// <summary>
/// A typhoon, a red alert: whatever runs into it is given more time. Danger is never stretched, and neither are deadlines from outside and
/// agreed appointments. Clocks that run already follow, each with an event of its own.
/// </summary>
/// <param name="Name">1–100 characters; it stands beside every clock that it stretches.</param>
/// <param name="From">Within a year of now, before or after.</param>
/// <param name="To">After <paramref name="From"/>, at most a year later.</param>
/// <param name="Factor">Above 1, at most 10: 1.5 gives half as much again, rounded up to whole units.</param>
/// <param name="Policies">Codes of the policies; all but danger where they are left out.</param>
/// <param name="Kinds">The milestones; all where they are left out.</param>
[AllowedTo(Roles.Manager | Roles.Administrator)]
public sealed record DeclareEvent(
    [property: JsonIgnore] Guid CommunityId, string Name, DateTimeOffset From, DateTimeOffset To, decimal Factor, IReadOnlyList<string>? Policies = null, IReadOnlyList<ClockKind>? Kinds = null) : ICommand<EventDeclared>, IByAPerson
{
    public sealed class Validator : AbstractValidator<DeclareEvent>
    {
        public Validator()
        {
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Factor).Must(f => f is > 1 and <= 10 && decimal.Round(f, 2) == f).WithErrorCode("event.factor_out_of_range").WithMessage("A factor is above 1 and at most 10, with two decimals at most.");
            RuleFor(c => c.To).Must((c, to) => to > c.From && to - c.From <= TimeSpan.FromDays(366)).WithErrorCode("event.not_a_span").WithMessage("An event ends after it begins, within a year.");
            RuleFor(c => c.Policies).Must(p => p is null || p.Count <= 200).WithErrorCode("event.too_many").WithMessage("Name at most 200 policies.");
            RuleForEach(c => c.Policies).PlainText(60);
            RuleFor(c => c.Kinds).Must(k => k is null || k.Count <= 20).WithErrorCode("event.too_many").WithMessage("Name each milestone once.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, SlaBook book, SlaEdits edits) : IRequestHandler<DeclareEvent, EventDeclared>
    {
        private static readonly TimeSpan LongestAgo = TimeSpan.FromDays(366);

        private const string Insert = """
            insert into declared_event (community_id, declared_event_id, name, from_at, to_at, factor, policies, kinds, declared_at, declared_by)
            values (@CommunityId, @DeclaredEventId, @Name, @From, @To, @Factor, @Policies, @Kinds, @Now, @By)
            """;

        public async Task<EventDeclared> Handle(DeclareEvent command, CancellationToken cancellationToken)
        {
            await edits.Lock(command.CommunityId, cancellationToken);
            var now = clock.Now();
            if (command.From < now - LongestAgo || command.From > now + LongestAgo)
            {
                throw new Refused.Invalid("event.out_of_range", "An event begins within a year of now.", "from");
            }

            var sla = await book.Now(command.CommunityId, null, cancellationToken);
            if (command.Policies?.FirstOrDefault(p => sla.Profile.Policies.All(x => x.Code != p)) is not null)
            {
                throw new Refused.Invalid("sla.policy_unknown", "There is no such policy in this community.", "policies");
            }

            if (command.Policies?.Any(p => !sla.Profile.Policies.First(x => x.Code == p).HoldsStopClocks) == true)
            {
                throw new Refused.Invalid("event.never_danger", "What never stands still is never stretched.", "policies");
            }

            var id = Guid.CreateVersion7(now);
            await db.Run(
                Insert,
                new
                {
                    command.CommunityId,
                    DeclaredEventId = id,
                    command.Name,
                    command.From,
                    command.To,
                    command.Factor,
                    Policies = (command.Policies ?? []).Distinct(StringComparer.Ordinal).ToArray(),
                    Kinds = EnumWord.All((command.Kinds ?? []).Distinct()),
                    Now = now,
                    By = caller.Actor.Id,
                },
                cancellationToken);
            var open = await DeclaredEventClocks.Count(db, command.CommunityId, command.From, command.To, cancellationToken);
            log.Write(
                command.CommunityId,
                SubjectKind.Community,
                command.CommunityId,
                Happening.EventDeclared,
                new { declaredEventId = id, command.From, command.To, command.Factor, command.Policies, command.Kinds, openClocks = open },
                command.Name,
                Visibility.Crew,
                now);
            return new EventDeclared(id, open, await edits.Move(command.CommunityId, ClockMoveWhy.Event, id, open, now, cancellationToken));
        }
    }
}

/// <param name="OpenClocks">How many open clocks run into it, as far as can be said before each is looked at.</param>
/// <param name="ClockMoveId">The job that moves them; null where there are none.</param>
public sealed record EventDeclared(Guid DeclaredEventId, int OpenClocks, Guid? ClockMoveId);

/// <summary>
/// It is over. What began before its end keeps the time that it was given; an event that has not begun yet is called off, and what it had
/// stretched goes back.
/// </summary>
[AllowedTo(Roles.Manager | Roles.Administrator)]
public sealed record EndDeclaredEvent([property: JsonIgnore] Guid DeclaredEventId) : ICommand<EventDeclared>, IByAPerson
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, SlaEdits edits) : IRequestHandler<EndDeclaredEvent, EventDeclared>
    {
        private const string Read = """
            select community_id, from_at, to_at, ended_at, version
            from declared_event
            where declared_event_id = @DeclaredEventId
            for no key update
            """;

        private const string Write = """
            update declared_event
            set ended_at = @Now, ended_by = @By, revoked_at = case when @Now <= from_at then @Now end, to_at = case when @Now <= from_at then to_at else @Now end, version = version + 1
            where declared_event_id = @DeclaredEventId
            """;

        private sealed record Row(Guid CommunityId, DateTimeOffset FromAt, DateTimeOffset ToAt, DateTimeOffset? EndedAt, int Version);

        public async Task<EventDeclared> Handle(EndDeclaredEvent command, CancellationToken cancellationToken)
        {
            var declared = await db.Find<Row>(Read, new { command.DeclaredEventId }, cancellationToken) ?? throw new Refused.NotFound("declared_event");
            caller.MustBeAllowedIn(declared.CommunityId);
            caller.MustNotBeStale("declared_event", declared.Version);
            var now = clock.Now();
            if (declared.EndedAt is not null || declared.ToAt <= now)
            {
                throw new Refused.Conflict("event.over", "This event is over already.");
            }

            await db.Run(Write, new { command.DeclaredEventId, Now = now, By = caller.Actor.Id }, cancellationToken);
            var calledOff = now <= declared.FromAt;
            var open = calledOff ? await DeclaredEventClocks.Count(db, declared.CommunityId, declared.FromAt, declared.ToAt, cancellationToken) : 0;
            log.Write(declared.CommunityId, SubjectKind.Community, declared.CommunityId, Happening.DeclaredEventEnded, new { command.DeclaredEventId, calledOff }, visibility: Visibility.Crew, occurredAt: now);
            return new EventDeclared(command.DeclaredEventId, open, await edits.Move(declared.CommunityId, ClockMoveWhy.Event, command.DeclaredEventId, open, now, cancellationToken));
        }
    }
}

internal static class DeclaredEventClocks
{
    private const string Open = """
        select count(*)::int
        from clock k
        where k.community_id = @CommunityId and k.subject_kind in ('request', 'workOrder') and k.stopped_at is null and not k.imposed and k.allowance is not null
          and k.started_at < @To and k.due_at > @From
        """;

    public static Task<int> Count(Db db, Guid communityId, DateTimeOffset from, DateTimeOffset to, CancellationToken ct) =>
        db.Single<int>(Open, new { CommunityId = communityId, From = from, To = to }, ct);
}

/// <summary>The events that a community declared, the latest first.</summary>
/// <param name="Take">1–200.</param>
/// <param name="After">The <c>next</c> of the page before.</param>
[AllowedTo(Roles.Everybody)]
public sealed record ListDeclaredEvents(Guid CommunityId, int Take = 50, string? After = null) : IQuery<Page<DeclaredEventLine>>
{
    public sealed class Validator : AbstractValidator<ListDeclaredEvents>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most);
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListDeclaredEvents, Page<DeclaredEventLine>>
    {
        private const string Read = """
            select e.declared_event_id, e.name, e.from_at, e.to_at, e.factor, e.policies, e.kinds, e.declared_at, e.declared_by, e.ended_at, e.revoked_at, e.version
            from declared_event e
            where e.community_id = @CommunityId and (@At::timestamptz is null or (e.from_at, e.declared_event_id) < (@At, @Id))
            order by e.from_at desc, e.declared_event_id desc
            limit @Take
            """;

        private sealed record Row(
            Guid DeclaredEventId,
            string Name,
            DateTimeOffset FromAt,
            DateTimeOffset ToAt,
            decimal Factor,
            string[] Policies,
            string[] Kinds,
            DateTimeOffset DeclaredAt,
            Guid DeclaredBy,
            DateTimeOffset? EndedAt,
            DateTimeOffset? RevokedAt,
            int Version);

        public async Task<Page<DeclaredEventLine>> Handle(ListDeclaredEvents query, CancellationToken cancellationToken)
        {
            var after = query.After is { } cursor ? Cursor.AtAndId(cursor) : (At: null, Id: Guid.Empty);
            var rows = await db.List<Row>(Read, new { CommunityId = caller.CommunitiesFor(query.CommunityId)[0], after.At, after.Id, Take = query.Take + 1 }, cancellationToken);
            var page = Cursor.Page(rows, query.Take, r => [r.FromAt, r.DeclaredEventId]);
            return new Page<DeclaredEventLine>([.. page.Items.Select(Line)], page.Next);
        }

        private static DeclaredEventLine Line(Row r) =>
            new(r.DeclaredEventId, r.Name, r.FromAt, r.ToAt, r.Factor, r.Policies, [.. r.Kinds.Select(EnumWord.Read<ClockKind>)], r.DeclaredAt, r.DeclaredBy, r.EndedAt, r.RevokedAt is not null, r.Version);
    }
}

/// <param name="Policies">None means all but danger.</param>
/// <param name="Kinds">None means all.</param>
/// <param name="EndedAt">When somebody ended it before its time.</param>
/// <param name="CalledOff">Ended before it began: it stretches nothing.</param>
public sealed record DeclaredEventLine(
    Guid DeclaredEventId,
    string Name,
    DateTimeOffset From,
    DateTimeOffset To,
    decimal Factor,
    IReadOnlyList<string> Policies,
    IReadOnlyList<ClockKind> Kinds,
    DateTimeOffset DeclaredAt,
    Guid DeclaredBy,
    DateTimeOffset? EndedAt,
    bool CalledOff,
    int Version);
