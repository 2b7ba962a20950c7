using PropertyServiceDesk.Domain.Policies;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>
/// Some open clocks follow an edit of the profile, of a calendar or of a declared event: those of the next requests by id, or, when there
/// are none left, of the next orders. What is closed is not looked at, and what an edit promises newly is not owed to those who asked before.
/// </summary>
[AllowedTo(Roles.System)]
public sealed record MoveClocks(Guid CommunityId, Guid ClockMoveId) : ICommand<int>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, ClockRows clocks, ClockFollower follower) : IRequestHandler<MoveClocks, int>
    {
        private const int AtOnce = 25;

        // Two workers never move the same batch.
        private const string Take = """
            select why, version_id, at_kind, after_id, moved
            from clock_move
            where community_id = @CommunityId and clock_move_id = @ClockMoveId and done_at is null
            for no key update skip locked
            """;

        private const string Next = """
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

        private const string GoOn = """
            update clock_move
            set at_kind = @AtKind, after_id = @AfterId, moved = moved + @Moved, done_at = @DoneAt
            where community_id = @CommunityId and clock_move_id = @ClockMoveId
            """;

        private sealed record Row(ClockMoveWhy Why, Guid VersionId, ClockSubject AtKind, Guid AfterId, int Moved);

        public async Task<int> Handle(MoveClocks command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            if (await db.Find<Row>(Take, new { command.CommunityId, command.ClockMoveId }, cancellationToken) is not { } move)
            {
                return 0;
            }

            var now = clock.Now();
            var subjects = await db.List<Guid>(Next, new { command.CommunityId, move.AtKind, move.AfterId, AtOnce }, cancellationToken);
            var moved = subjects.Count == 0 ? 0 : await Move(command, move, subjects, now, cancellationToken);
            var (kind, after, done) = subjects.Count > 0 ? (move.AtKind, subjects[^1], false)
                : move.AtKind == ClockSubject.Request ? (ClockSubject.WorkOrder, Guid.Empty, false)
                : (move.AtKind, move.AfterId, true);
            await db.Run(GoOn, new { command.CommunityId, command.ClockMoveId, AtKind = kind, AfterId = after, Moved = moved, DoneAt = done ? now : (DateTimeOffset?)null }, cancellationToken);
            if (done)
            {
                log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.ClocksMoved, new { command.ClockMoveId, move.Why, move.VersionId, moved = move.Moved + moved }, visibility: Visibility.Desk, occurredAt: now);
            }

            return moved;
        }

        private async Task<int> Move(MoveClocks command, Row move, IReadOnlyList<Guid> subjects, DateTimeOffset now, CancellationToken ct)
        {
            using (var locked = await db.Several(LockRequests, new { command.CommunityId, Subjects = subjects.ToArray() }, ct))
            {
                await locked.ReadAsync<Guid>();
            }

            var moved = 0;
            var running = await clocks.Running(command.CommunityId, subjects, ct);
            foreach (var mine in running.Where(r => !r.Imposed).GroupBy(r => r.SubjectId))
            {
                foreach (var one in mine)
                {
                    // One event each: the stories of a clock stand in the last event of its subject.
                    await follower.Follow(command.CommunityId, move.AtKind, one.SubjectId, running, [one.Kind], mayStart: false, Tell, now, ct);

                    void Tell(RunningClock changed)
                    {
                        moved++;
                        log.Write(
                            command.CommunityId,
                            move.AtKind == ClockSubject.Request ? SubjectKind.Request : SubjectKind.WorkOrder,
                            changed.SubjectId,
                            Happening.ClockMoved,
                            new { command.ClockMoveId, move.Why, move.VersionId, changed.Kind, changed.Cycle },
                            visibility: Visibility.Desk,
                            occurredAt: now);
                    }
                }
            }

            return moved;
        }
    }
}
