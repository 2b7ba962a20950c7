using NpgsqlTypes;

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

/// <summary>What is due across communities: ids only. Each row is then taken up in its own community's scope, in a transaction of its own.</summary>
public sealed class DueWork(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Held orders whose wake-up time has come, the longest overdue first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid WorkOrderId)>> HoldsToWake(int atMost, CancellationToken ct) =>
        Due("select community_id, work_order_id from holds_to_wake($1, $2)", atMost, ct);

    /// <summary>Orders that are on hold for longer than their reason allows, the longest over first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid WorkOrderId)>> HoldsOverLimit(int atMost, CancellationToken ct) =>
        Due("select community_id, work_order_id from holds_over_limit($1, $2)", atMost, ct);

    /// <summary>Rounds of feedback whose time to be looked at has come, the longest due first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid FeedbackId)>> RoundsToChase(int atMost, CancellationToken ct) =>
        Due("select community_id, feedback_id from rounds_to_chase($1, $2)", atMost, ct);

    /// <summary>Messages whose time to be sent has come, the longest due first.</summary>
    public Task<IReadOnlyList<(Guid CommunityId, Guid MessageId)>> MessagesToSend(int atMost, CancellationToken ct) =>
        Due("select community_id, message_id from messages_to_send($1, $2)", atMost, ct);

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

    private DateTimeOffset? sweptTo;
    private DateTimeOffset sweptWhollyAt;

    /// <summary>
    /// Clocks whose time to be looked at has come, the longest due first. Nobody plans a look before the time at which it writes, so that
    /// what was found empty is not searched again, but for the last ten minutes, for transactions that take long; and, every ten minutes, wholly.
    /// </summary>
    public async Task<IReadOnlyList<(Guid CommunityId, Guid ClockId)>> ClocksToCheck(int atMost, CancellationToken ct)
    {
        var now = clock.Now();
        var wholly = sweptTo is not { } to || to > now || now - sweptWhollyAt >= Overlap;
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select community_id, clock_id from clocks_to_check($1, $2, $3)")
        {
            Parameters =
            {
                new() { Value = wholly ? DateTime.UnixEpoch : (sweptTo!.Value - Overlap).UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = now.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = atMost },
            },
        });
        var due = new List<(Guid, Guid)>();
        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            due.Add((reader.GetGuid(0), reader.GetGuid(1)));
        }

        if (due.Count == 0)
        {
            (sweptTo, sweptWhollyAt) = (now, wholly ? now : sweptWhollyAt);
        }

        return due;
    }

    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10);

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
