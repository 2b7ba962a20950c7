using Dapper;
using Npgsql;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A transaction by hand, and who waits for it.</summary>
internal sealed class HeldOpen(NpgsqlConnection connection, NpgsqlTransaction transaction, NpgsqlDataSource watching) : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    // Of several who wait for one row, one waits for whoever has it, and the others for that one.
    private const string Waiting = """
        with recursive waiting as (
            select l.pid
            from pg_locks l
            where not l.granted and @pid = any (pg_blocking_pids(l.pid))
            union
            select l.pid
            from waiting w
            join pg_locks l on not l.granted and w.pid = any (pg_blocking_pids(l.pid)))
        select count(*)
        from waiting
        where pid <> all (@ended)
        """;

    private const string End = """
        select l.pid
        from pg_locks l
        where not l.granted and @pid = any (pg_blocking_pids(l.pid)) and pg_terminate_backend(l.pid)
        """;

    private readonly List<int> ended = [];

    public static async Task<HeldOpen> Begin(NpgsqlDataSource source)
    {
        var connection = await source.OpenConnectionAsync();
        return new HeldOpen(connection, await connection.BeginTransactionAsync(), source);
    }

    public Task Run(string sql, object args) => connection.ExecuteAsync(sql, args, transaction);

    public Task Commit() => transaction.CommitAsync();

    /// <summary>Until so many stand before what this transaction holds, in a row or beside each other. Whoever was ended does not count, even where the server has not let go of them yet.</summary>
    public async Task IsWaitedFor(int by = 1)
    {
        using var deadline = new CancellationTokenSource(Longest);
        await using var watch = await watching.OpenConnectionAsync(deadline.Token);
        while (await HowManyWait(watch) < by)
        {
            await Task.Yield();
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>All stand before what this transaction holds, in the order in which they came, and go on in that order when it is let go.</summary>
    /// <returns>"done", or the code with which the desk refused, of each.</returns>
    public async Task<string[]> OneAfterTheOther(params Func<Task>[] acts)
    {
        var tried = new List<Task<string>>();
        foreach (var act in acts)
        {
            tried.Add(Attempts.Attempt(act));
            var waiting = IsWaitedFor(by: tried.Count);
            if (await Task.WhenAny(waiting, tried[^1]) != waiting)
            {
                throw new InvalidOperationException($"It did not wait: {await tried[^1]}.");
            }

            await waiting;
        }

        await Commit();
        return await Task.WhenAll(tried);
    }

    /// <summary>Until nobody stands before it any more.</summary>
    public async Task IsGivenUp()
    {
        using var deadline = new CancellationTokenSource(Longest);
        await using var watch = await watching.OpenConnectionAsync(deadline.Token);
        while (await HowManyWait(watch) > 0)
        {
            await Task.Yield();
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The server ends the connections of those who stand before it.</summary>
    public async Task EndWhoWaits()
    {
        await using var watch = await watching.OpenConnectionAsync();
        ended.AddRange(await watch.QueryAsync<int>(End, new { pid = connection.ProcessID }));
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private Task<long> HowManyWait(NpgsqlConnection watch) => watch.ExecuteScalarAsync<long>(Waiting, new { pid = connection.ProcessID, ended = ended.ToArray() });
}
