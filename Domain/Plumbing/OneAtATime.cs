using Dapper;
using Npgsql;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>A lock of the session: of several processes that come to the same work, one does it, and the others wait until it is done, however long that takes.</summary>
public static class OneAtATime
{
    /// <param name="connection">Open, and direct to the server.</param>
    /// <param name="work">Any number that nothing else in the database uses.</param>
    public static Task Enter(NpgsqlConnection connection, long work, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition("select pg_advisory_lock(@work)", new { work }, commandTimeout: 0, cancellationToken: ct));

    public static Task Leave(NpgsqlConnection connection, long work) => connection.ExecuteAsync("select pg_advisory_unlock(@work)", new { work });
}
