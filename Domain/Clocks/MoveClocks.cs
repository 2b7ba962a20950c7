using FluentValidation;
using PropertyServiceDesk.Domain.Policies;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// Some open clocks follow an edit of the profile, of a calendar or of a declared event: those of the next requests by id, or, when there
/// are none left, of the next orders. What is closed is not looked at, and what an edit promises newly is not owed to those who asked before.
/// </summary>
/// <param name="AtOnce">How many requests or orders: 1–25. Of a batch that fails each is taken alone, and what fails alone is left behind.</param>
[AllowedTo(Roles.System)]
public sealed record MoveClocks(Guid CommunityId, Guid ClockMoveId, int AtOnce = MoveClocks.Most) : ICommand<int>
{
    public const int Most = 25;

    public sealed class Validator : AbstractValidator<MoveClocks>
    {
        public Validator() => RuleFor(c => c.AtOnce).InclusiveBetween(1, Most);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, ClockMover mover) : IRequestHandler<MoveClocks, int>
    {
        public async Task<int> Handle(MoveClocks command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            if (await mover.Take(command.CommunityId, command.ClockMoveId, cancellationToken) is not { } move)
            {
                return 0;
            }

            var now = clock.Now();
            var subjects = await mover.Next(command.CommunityId, move, command.AtOnce, cancellationToken);
            var moved = subjects.Count == 0 ? 0 : await mover.Move(command.CommunityId, command.ClockMoveId, move, subjects, now, cancellationToken);
            var (kind, after, done) = subjects.Count > 0 ? (move.AtKind, subjects[^1], false)
                : move.AtKind == ClockSubject.Request ? (ClockSubject.WorkOrder, Guid.Empty, false)
                : (move.AtKind, move.AfterId, true);
            await db.Run(ClockMover.GoOn, new { command.CommunityId, command.ClockMoveId, AtKind = kind, AfterId = after, Moved = moved, DoneAt = done ? now : (DateTimeOffset?)null }, cancellationToken);
            if (done)
            {
                log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.ClocksMoved, new { command.ClockMoveId, move.Why, move.VersionId, moved = move.Moved + moved }, visibility: Visibility.Desk, occurredAt: now);
            }

            return moved;
        }
    }
}

/// <summary>
/// The next request or order of a move cannot follow: the move goes on without it, and the desk has an alarm of its clocks. One that was
/// left behind already is put off.
/// </summary>
/// <param name="SubjectId">One that was left behind and failed again; null: the next one of the move.</param>
[AllowedTo(Roles.System)]
public sealed record LeaveClocksBehind(Guid CommunityId, Guid ClockMoveId, Guid? SubjectId = null) : ICommand<bool>
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMinutes(10);

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, ClockMover mover) : IRequestHandler<LeaveClocksBehind, bool>
    {
        private const string PutOff = """
            update clock_move_left_behind
            set next_try_at = @NextTryAt, tries = tries + 1
            where community_id = @CommunityId and clock_move_id = @ClockMoveId and subject_id = @SubjectId and next_try_at <= @Now
            """;

        private const string Write = """
            with behind as (
                insert into clock_move_left_behind (community_id, clock_move_id, subject_id, subject_kind, left_at, next_try_at)
                values (@CommunityId, @ClockMoveId, @SubjectId, @AtKind, @Now, @NextTryAt)
                on conflict (community_id, clock_move_id, subject_id) do nothing
            )
            insert into alarm (community_id, alarm_id, kind, clock_id, request_id, raised_at)
            select k.community_id, gen_random_uuid(), 'clockTrouble', k.clock_id, case k.subject_kind
                when 'request' then k.subject_id
                else (select l.request_id from request_work_order l where l.community_id = k.community_id and l.work_order_id = k.subject_id and l.left_at is null order by l.joined_at, l.request_id limit 1) end, @Now
            from clock k
            where k.community_id = @CommunityId and k.subject_kind = @AtKind and k.subject_id = @SubjectId and k.stopped_at is null
            order by k.clock_id
            limit 1
            on conflict (community_id, clock_id, kind) where ended_at is null do nothing
            returning clock_id
            """;

        public async Task<bool> Handle(LeaveClocksBehind command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            if (command.SubjectId is { } again)
            {
                return await db.Run(PutOff, new { command.CommunityId, command.ClockMoveId, SubjectId = again, Now = now, NextTryAt = now + TryAgainAfter }, cancellationToken) > 0;
            }

            if (await mover.Take(command.CommunityId, command.ClockMoveId, cancellationToken) is not { } move || await mover.Next(command.CommunityId, move, 1, cancellationToken) is not [var next])
            {
                return false;
            }

            var alarmed = await db.Find<Guid?>(Write, new { command.CommunityId, command.ClockMoveId, SubjectId = next, move.AtKind, Now = now, NextTryAt = now + TryAgainAfter }, cancellationToken);
            await db.Run(ClockMover.GoOn, new { command.CommunityId, command.ClockMoveId, move.AtKind, AfterId = next, Moved = 0, DoneAt = (DateTimeOffset?)null }, cancellationToken);
            log.Write(
                command.CommunityId,
                move.AtKind == ClockSubject.Request ? SubjectKind.Request : SubjectKind.WorkOrder,
                next,
                Happening.ClocksLeftBehind,
                new { command.ClockMoveId, move.Why, move.VersionId, clockId = alarmed },
                visibility: Visibility.Desk,
                occurredAt: now);
            return true;
        }
    }
}

/// <summary>The clocks of a request or an order that a move left behind follow after all; its alarm ends.</summary>
[AllowedTo(Roles.System)]
public sealed record FetchClocks(Guid CommunityId, Guid ClockMoveId, Guid SubjectId) : ICommand<int>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, ClockMover mover) : IRequestHandler<FetchClocks, int>
    {
        private const string Take = """
            select m.why, m.version_id, b.subject_kind as at_kind, m.after_id, m.moved
            from clock_move_left_behind b
            join clock_move m on m.community_id = b.community_id and m.clock_move_id = b.clock_move_id
            where b.community_id = @CommunityId and b.clock_move_id = @ClockMoveId and b.subject_id = @SubjectId
            for no key update of b skip locked
            """;

        private const string Write = """
            with fetched as (
                delete from clock_move_left_behind
                where community_id = @CommunityId and clock_move_id = @ClockMoveId and subject_id = @SubjectId
            ), counted as (
                update clock_move
                set moved = moved + @Moved
                where community_id = @CommunityId and clock_move_id = @ClockMoveId
            )
            update alarm a
            set ended_at = greatest(@Now, a.raised_at)
            from clock k
            where k.community_id = @CommunityId and k.subject_id = @SubjectId and a.community_id = k.community_id and a.clock_id = k.clock_id and a.kind = 'clockTrouble' and a.ended_at is null
            """;

        public async Task<int> Handle(FetchClocks command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            if (await db.Find<MoveUnderWay>(Take, command, cancellationToken) is not { } move)
            {
                return 0;
            }

            var now = clock.Now();
            var moved = await mover.Move(command.CommunityId, command.ClockMoveId, move, [command.SubjectId], now, cancellationToken);
            await db.Run(Write, new { command.CommunityId, command.ClockMoveId, command.SubjectId, Moved = moved, Now = now }, cancellationToken);
            log.Write(
                command.CommunityId,
                move.AtKind == ClockSubject.Request ? SubjectKind.Request : SubjectKind.WorkOrder,
                command.SubjectId,
                Happening.ClocksFetched,
                new { command.ClockMoveId, move.Why, move.VersionId, moved },
                visibility: Visibility.Desk,
                occurredAt: now);
            return moved;
        }
    }
}

/// <summary>A move of clocks as it stands; locked.</summary>
/// <param name="AtKind">Requests by id, then orders by id.</param>
internal sealed record MoveUnderWay(ClockMoveWhy Why, Guid VersionId, ClockSubject AtKind, Guid AfterId, int Moved);

/// <summary>What the commands share that move clocks.</summary>
internal sealed class ClockMover(Db db, EventLog log, ClockRows clocks, ClockFollower follower)
{
    // Two workers never move the same batch.
    private const string TakeIt = """
        select why, version_id, at_kind, after_id, moved
        from clock_move
        where community_id = @CommunityId and clock_move_id = @ClockMoveId and done_at is null
        for no key update skip locked
        """;

    private const string NextOnes = """
        select k.subject_id
        from clock k
        where k.community_id = @CommunityId and k.subject_kind = @AtKind and k.stopped_at is null and k.subject_id > @AfterId
        group by k.subject_id
        order by k.subject_id
        limit @AtOnce
        """;

    // Requests by id, then orders by id, as everywhere.
    private const string LockRequests = """
        select r.request_id
        from request r
        where r.community_id = @CommunityId and (r.request_id = any (@Subjects)
           or r.request_id in (select l.request_id from request_work_order l where l.community_id = @CommunityId and l.work_order_id = any (@Subjects) and l.left_at is null))
        order by r.request_id
        for no key update of r;

        select o.work_order_id
        from work_order o
        where o.community_id = @CommunityId and o.work_order_id = any (@Subjects)
        order by o.work_order_id
        for no key update of o;
        """;

    internal const string GoOn = """
        update clock_move
        set at_kind = @AtKind, after_id = @AfterId, moved = moved + @Moved, done_at = @DoneAt
        where community_id = @CommunityId and clock_move_id = @ClockMoveId
        """;

    /// <summary>Null where it is done, or another worker has it.</summary>
    public Task<MoveUnderWay?> Take(Guid communityId, Guid clockMoveId, CancellationToken ct) => db.Find<MoveUnderWay>(TakeIt, new { CommunityId = communityId, ClockMoveId = clockMoveId }, ct);

    public Task<IReadOnlyList<Guid>> Next(Guid communityId, MoveUnderWay move, int atOnce, CancellationToken ct) =>
        db.List<Guid>(NextOnes, new { CommunityId = communityId, move.AtKind, move.AfterId, AtOnce = atOnce }, ct);

    /// <returns>How many clocks changed.</returns>
    public async Task<int> Move(Guid communityId, Guid clockMoveId, MoveUnderWay move, IReadOnlyList<Guid> subjects, DateTimeOffset now, CancellationToken ct)
    {
        using (var locked = await db.Several(LockRequests, new { CommunityId = communityId, Subjects = subjects.ToArray() }, ct))
        {
            await locked.ReadAsync<Guid>();
        }

        var moved = 0;
        var running = await clocks.Running(communityId, subjects, ct);
        foreach (var mine in running.Where(r => !r.Imposed).GroupBy(r => r.SubjectId))
        {
            foreach (var one in mine)
            {
                // One event each: the stories of a clock stand in the last event of its subject.
                await follower.Follow(communityId, move.AtKind, one.SubjectId, running, [one.Kind], mayStart: false, Tell, now, ct);

                void Tell(RunningClock changed)
                {
                    moved++;
                    log.Write(
                        communityId,
                        move.AtKind == ClockSubject.Request ? SubjectKind.Request : SubjectKind.WorkOrder,
                        changed.SubjectId,
                        Happening.ClockMoved,
                        new { clockMoveId, move.Why, move.VersionId, changed.Kind, changed.Cycle },
                        visibility: Visibility.Desk,
                        occurredAt: now);
                }
            }
        }

        return moved;
    }
}
