using System.Data;
using Dapper;
using Npgsql;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>
/// The transaction of this scope. Its first statement, sent together with the first one of the caller's, enters the role of the
/// application and the communities of the caller; both end with the transaction, so that a pooled connection carries nothing on.
/// </summary>
public sealed class Db(NpgsqlDataSource source, Caller caller)
{
    private const string Enter = "call enter_scope(@ScopeCommunities, @ScopeActor);\n";
    private const string EnterReading = "set transaction read only;\ncall enter_reading(@ScopeCommunities, @ScopeActor);\n";

    /// <summary>
    /// Before the first statement of a query whose statements have one good plan whatever they are asked: each is planned once a connection.
    /// Otherwise the server plans anew at each call what names an array, and that takes longer than finding the rows. It holds for the
    /// transaction. Not for statements that are better planned for their values.
    /// </summary>
    internal const string PlannedOnce = "set local plan_cache_mode = force_generic_plan;\n";

    private NpgsqlConnection? connection;
    private NpgsqlTransaction? transaction;
    private IReadOnlyCollection<Guid> communities = [];
    private bool readOnly;
    private bool entered;

    /// <summary>On whose behalf this transaction runs.</summary>
    internal Caller Caller => caller;

    /// <summary>Imported requests that the running command locked and that nobody had taken up before it.</summary>
    internal HashSet<Guid> NotTakenUp { get; } = [];

    /// <summary>Requests of which the running command may have changed whether somebody has been sent.</summary>
    internal HashSet<Guid> InOtherHands { get; } = [];

    /// <summary>The last transaction did not come to its commit, for its connection was lost: nothing of it happened.</summary>
    internal bool LostBeforeCommit { get; private set; }

    /// <summary>All of <paramref name="work"/> happens, or none of it.</summary>
    internal async Task<T> InTransaction<T>(bool reading, IReadOnlyCollection<Guid> scope, Func<Task<T>> work, CancellationToken ct)
    {
        if (transaction is not null)
        {
            throw new InvalidOperationException("A command must not send another one: its transaction would not be its own.");
        }

        LostBeforeCommit = false;
        await using var open = await source.OpenConnectionAsync(ct);
        await using var begun = await open.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct);
        (connection, transaction, communities, readOnly, entered) = (open, begun, scope, reading, false);
        NotTakenUp.Clear();
        InOtherHands.Clear();
        var committing = false;
        try
        {
            var result = await work();
            committing = true;
            await begun.CommitAsync(ct);
            return result;
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException && open.State == ConnectionState.Open)
        {
            await ForgetPrepared(open, begun);
            throw;
        }
        finally
        {
            LostBeforeCommit = !committing && open.State != ConnectionState.Open;
            (connection, transaction) = (null, null);
        }
    }

    /// <summary>
    /// A statement that ended between its parse and its plan counts as prepared for the driver, and as one that answers nothing: the next
    /// who sends it over this connection would read the answer of another one.
    /// </summary>
    private static async Task ForgetPrepared(NpgsqlConnection open, NpgsqlTransaction begun)
    {
        try
        {
            await begun.RollbackAsync(CancellationToken.None);
            open.UnprepareAll();
        }
        catch (NpgsqlException)
        {
            // The connection is gone, and what was prepared with it.
        }
    }

    /// <summary>A community that the running command makes is in its scope from here on, until the end of the transaction.</summary>
    internal Task Widen(Guid made, CancellationToken ct)
    {
        const string Write = "select set_config('desk.communities', @All, true)";
        communities = [.. communities, made];
        return Run(Write, new { All = string.Join(',', communities) }, ct);
    }

    /// <summary>The one row, or null if there is none. More than one is an error.</summary>
    public Task<T?> Find<T>(string sql, object? args, CancellationToken ct) =>
        Connection.QuerySingleOrDefaultAsync<T?>(Command(sql, args, ct));

    public Task<T> Single<T>(string sql, object? args, CancellationToken ct) => Connection.QuerySingleAsync<T>(Command(sql, args, ct));

    public async Task<IReadOnlyList<T>> List<T>(string sql, object? args, CancellationToken ct) =>
        (await Connection.QueryAsync<T>(Command(sql, args, ct))).AsList();

    /// <returns>How many rows were written.</returns>
    public Task<int> Run(string sql, object? args, CancellationToken ct) => Connection.ExecuteAsync(Command(sql, args, ct));

    /// <summary>Several statements in one round trip; read their results in order.</summary>
    public Task<SqlMapper.GridReader> Several(string sql, object? args, CancellationToken ct) => Connection.QueryMultipleAsync(Command(sql, args, ct));

    /// <summary>For what Dapper cannot do: COPY, streaming. Statements sent on it directly must not be the first of the transaction.</summary>
    internal async Task<NpgsqlConnection> Entered(CancellationToken ct)
    {
        if (!entered)
        {
            await Connection.ExecuteAsync(Command("", null, ct));
        }

        return Connection;
    }

    private NpgsqlConnection Connection => connection ?? throw new InvalidOperationException("There is no transaction: send a command or a query.");

    private CommandDefinition Command(string sql, object? args, CancellationToken ct)
    {
        if (entered)
        {
            return new CommandDefinition(sql, args, transaction, cancellationToken: ct);
        }

        entered = true;
        var parameters = new DynamicParameters(args);
        parameters.Add("ScopeCommunities", string.Join(',', communities), DbType.String);
        parameters.Add("ScopeActor", caller.Actor.Id.ToString(), DbType.String);
        return new CommandDefinition((readOnly ? EnterReading : Enter) + sql, parameters, transaction, cancellationToken: ct);
    }
}
