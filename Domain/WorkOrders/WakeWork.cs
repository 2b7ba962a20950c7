using NpgsqlTypes;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>
/// A hold's wake-up time has come: the order goes on, and its assignee is told, once a hold. The hold ended at its wake-up time, whenever
/// that was noticed. An order that was resumed meanwhile is left alone.
/// </summary>
[AllowedTo(Roles.System)]
public sealed record WakeWork(Guid WorkOrderId) : ICommand<bool>
{
    internal sealed class Handler(Db db, TimeProvider clock, OrderMover mover) : IRequestHandler<WakeWork, bool>
    {
        private const string Due = """
            select hold_id, wake_at
            from hold
            where community_id = @CommunityId and work_order_id = @WorkOrderId and until_at is null and wake_at <= @Now
            """;

        private const string Write = """
            with woken as (
                update hold set until_at = greatest(@At, from_at) where work_order_id = @WorkOrderId and until_at is null
            ), told as (
                insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, template, detail, created_at, send_after)
                select @CommunityId, @MessageId, 'wake:' || @HoldId, 'staff', o.assignee_id, 'holdOver', json_build_object('workOrderId', o.work_order_id), @Now, @Now
                from work_order o
                where o.work_order_id = @WorkOrderId and o.assignee_id is not null
                on conflict on constraint message_once_a_cause do nothing
            )
            update work_order
            set status = @To, version = version + 1
            where work_order_id = @WorkOrderId
            """;

        private sealed record Hold(Guid HoldId, DateTimeOffset WakeAt);

        public async Task<bool> Handle(WakeWork command, CancellationToken cancellationToken)
        {
            var order = await mover.Lock(command.WorkOrderId, cancellationToken);
            var now = clock.Now();
            if (order.Status != WorkOrderStatus.OnHold || await db.Find<Hold>(Due, new { order.CommunityId, order.WorkOrderId, Now = now }, cancellationToken) is not { } hold)
            {
                return false;
            }

            var move = order.ArrivedAt is null ? WorkOrderMove.ResumeBeforeArrival : WorkOrderMove.Resume;
            await mover.Move(
                order, move, Happening.WorkResumed, Write, new { order.CommunityId, hold.HoldId, MessageId = Guid.CreateVersion7(now) }, new { hold.HoldId, wokenByTime = true }, null, cancellationToken, happened: hold.WakeAt);
            return true;
        }
    }
}

/// <summary>What of a hold falls due.</summary>
public enum HoldEnd
{
    WakeUp,
    Limit,
}

/// <summary>
/// An order on hold whose wake-up time or limit could not be taken up stands aside for ten minutes, each for itself, so that others are; the
/// desk has an alarm of it, as of a clock that cannot be looked at.
/// </summary>
[AllowedTo(Roles.System)]
public sealed record PutHoldOff(Guid CommunityId, Guid WorkOrderId, HoldEnd What) : ICommand<bool>
{
    internal sealed class Handler(Db db, TimeProvider clock, ClockTrouble trouble) : IRequestHandler<PutHoldOff, bool>
    {
        private const string Write = """
            with off as (
                update hold
                set put_off_until = case when @IsLimit then put_off_until else @Until end, limit_put_off_until = case when @IsLimit then @Until else limit_put_off_until end
                where community_id = @CommunityId and work_order_id = @WorkOrderId and until_at is null
                returning work_order_id
            )
            select k.clock_id
            from off o
            join clock k on k.community_id = @CommunityId and k.stopped_at is null
                and (k.subject_id = o.work_order_id or k.subject_id in (select l.request_id from request_work_order l where l.community_id = @CommunityId and l.work_order_id = o.work_order_id and l.left_at is null))
            order by k.subject_kind = 'workOrder' desc, k.clock_id
            limit 1
            """;

        public async Task<bool> Handle(PutHoldOff command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            if (await db.Find<Guid?>(Write, new { command.CommunityId, command.WorkOrderId, IsLimit = command.What == HoldEnd.Limit, Until = now + ClockTrouble.For }, cancellationToken) is { } of)
            {
                await trouble.Alarm(command.CommunityId, of, now, cancellationToken);
            }

            return true;
        }
    }
}

/// <summary>What is due across communities: ids only. Each row is then taken up in its own community's scope, in a transaction of its own.</summary>
public sealed class DueWork(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Held orders whose wake-up time has come, the longest overdue first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid WorkOrderId)>> HoldsToWake(int atMost, CancellationToken ct) =>
        Due("select community_id, work_order_id from holds_to_wake($1, $2)", atMost, ct);

    /// <summary>Orders that are on hold for longer than their reason allows, the longest over first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid WorkOrderId)>> HoldsOverLimit(int atMost, CancellationToken ct) =>
        Due("select community_id, work_order_id from holds_over_limit($1, $2)", atMost, ct);

    /// <summary>Promises whose time has passed and of which the desk was not told, the longest overdue first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid PromiseId)>> PromisesOverdue(int atMost, CancellationToken ct) =>
        Due("select community_id, promise_id from promises_overdue($1, $2)", atMost, ct);

    /// <summary>Rounds of feedback whose time to be looked at has come, the longest due first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid FeedbackId)>> RoundsToChase(int atMost, CancellationToken ct) =>
        Due("select community_id, feedback_id from rounds_to_chase($1, $2)", atMost, ct);

    /// <summary>Messages whose time to be sent has come, the longest due first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid MessageId)>> MessagesToSend(int atMost, CancellationToken ct) =>
        Due("select community_id, message_id from messages_to_send($1, $2)", atMost, ct);

    /// <summary>The same, of those to staff alone.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid MessageId)>> StaffMessagesToSend(int atMost, CancellationToken ct) =>
        Due("select community_id, message_id from staff_messages_to_send($1, $2)", atMost, ct);

    /// <summary>Edits whose open clocks have not all followed yet, the oldest first.</summary>
    public async Task<IReadOnlyList<(Guid CommunityId, Guid ClockMoveId)>> ClockMovesOpen(int atMost, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select community_id, clock_move_id from clock_moves_open($1)") { Parameters = { new() { Value = atMost } } });
        var open = new List<(Guid, Guid)>();
        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            open.Add((reader.GetGuid(0), reader.GetGuid(1)));
        }

        return open;
    }

    /// <summary>Requests and orders whose clocks could not follow an edit, and are to be tried again, the longest due first.</summary>
    public async Task<IReadOnlyList<(Guid CommunityId, Guid ClockMoveId, Guid SubjectId)>> ClocksLeftBehind(int atMost, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select community_id, clock_move_id, subject_id from clocks_left_behind($1, $2)")
        {
            Parameters = { new() { Value = clock.Now().UtcDateTime }, new() { Value = atMost } },
        });
        var due = new List<(Guid, Guid, Guid)>();
        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            due.Add((reader.GetGuid(0), reader.GetGuid(1), reader.GetGuid(2)));
        }

        return due;
    }

    private async Task<IReadOnlyList<(Guid CommunityId, Guid Id)>> Due(string sql, int atMost, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql)
        {
            Parameters = { new() { Value = clock.Now().UtcDateTime }, new() { Value = atMost } },
        });
        var due = new List<(Guid, Guid)>();
        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            due.Add((reader.GetGuid(0), reader.GetGuid(1)));
        }

        return due;
    }

    /// <summary>Up to when a look found nothing, and the oldest transaction that it could not see; in one life of the database.</summary>
    private sealed record Mark(DateTimeOffset To, ulong Since, string Life);

    private Mark? swept;
    private (DateTimeOffset At, ulong Since) sweptAll;

    // Transactions are numbered on where the last life left off, and not all of them: one that ended in a crash takes some numbers twice,
    // and so does a standby that takes over. A crash begins the statistics anew, everything else the server.
    private const string Seen = """
        select pg_snapshot_xmin(pg_current_snapshot()), pg_postmaster_start_time()::text || coalesce(pg_stat_get_bgwriter_stat_reset_time()::text, '')
        """;

    /// <summary>
    /// Clocks whose time to be looked at has come, the longest due first. What was found empty is not searched again, but for what was
    /// planned by transactions that the search could not see: for the ten minutes before, and every ten minutes for whatever time.
    /// </summary>
    public async Task<IReadOnlyList<(Guid CommunityId, Guid ClockId)>> ClocksToCheck(int atMost, CancellationToken ct)
    {
        var now = clock.Now();
        if (swept is { } earlier && earlier.To > now)
        {
            swept = null; // the desk's time was set back
        }

        var before = swept;
        var all = before is null || now - sweptAll.At >= AllEvery;
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Seen)); // before the search: of what is older, the search sees everything
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select community_id, clock_id, next_check_at from clocks_to_check($1, $2, $3, $4, $5)")
        {
            Parameters =
            {
                new() { Value = before?.To.UtcDateTime ?? DateTime.UnixEpoch, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = now.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = before?.Since ?? 0UL, NpgsqlDbType = NpgsqlDbType.Xid8 },
                new() { Value = before is not null && all ? sweptAll.Since : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Xid8 },
                new() { Value = atMost },
            },
        });
        var due = new List<(Guid, Guid)>();
        DateTimeOffset? first = null;
        ulong since;
        string life;
        await using (var reader = await batch.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            (since, life) = (reader.GetFieldValue<ulong>(0), reader.GetString(1));
            await reader.NextResultAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                first ??= reader.GetFieldValue<DateTimeOffset>(2);
                due.Add((reader.GetGuid(0), reader.GetGuid(1)));
            }
        }

        if (before is not null && before.Life != life)
        {
            swept = null;
            return await ClocksToCheck(atMost, ct);
        }

        // What is found stays after the mark until it has been looked at, by whomever.
        swept = new Mark(first is { } at ? at.AddMicroseconds(-1) : now, since, life);
        sweptAll = all ? (now, since) : sweptAll;
        return due;
    }

    private static readonly TimeSpan AllEvery = TimeSpan.FromMinutes(10);

    /// <summary>Forgets idempotency keys older than <paramref name="age"/>, some at a time.</summary>
    public async Task<int> ForgetOldKeys(TimeSpan age, int atMost, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select forget_old_keys($1, $2)")
        {
            Parameters = { new() { Value = (clock.Now() - age).UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz }, new() { Value = atMost } },
        });
        return (int)(await batch.ExecuteScalarAsync(ct))!;
    }
}
