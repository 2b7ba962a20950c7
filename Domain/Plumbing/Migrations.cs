using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>An applied migration file is not the one that was applied, or the database is ahead of the program.</summary>
public sealed class MigrationRefused(string sentence) : Exception(sentence);

/// <summary>Numbered SQL files, each applied once, in order, in a transaction of its own, under a lock: of several processes that start together, one applies them and the others wait.</summary>
public static class Migrations
{
    internal const long Lock = 7_305_518_402_115; // any number that nothing else on the server uses

    private const string Table = """
        create table if not exists applied_migration (
            name text primary key,
            sha256 text not null,
            applied_at timestamptz not null
        )
        """;

    /// <returns>The names of the files that were applied now.</returns>
    /// <exception cref="MigrationRefused">A file that was already applied has been edited, or is missing here.</exception>
    public static async Task<IReadOnlyList<string>> Apply(string directConnectionString, TimeProvider clock, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(directConnectionString);
        await using var connection = await source.OpenConnectionAsync(ct);
        await OneAtATime.Enter(connection, Lock, ct);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(Table, cancellationToken: ct));
            var applied = (await connection.QueryAsync<(string Name, string Sha256)>(
                new CommandDefinition("select name, sha256 from applied_migration", cancellationToken: ct))).ToDictionary(r => r.Name, r => r.Sha256, StringComparer.Ordinal);
            var files = Files();
            Check(applied, files);

            var now = new List<string>();
            foreach (var file in files.Where(f => !applied.ContainsKey(f.Name)))
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await using (var command = new NpgsqlCommand(file.Sql, connection, transaction))
                {
                    command.CommandTimeout = 0;
                    await command.ExecuteNonQueryAsync(ct);
                }

                await connection.ExecuteAsync(new CommandDefinition(
                    "insert into applied_migration (name, sha256, applied_at) values (@Name, @Sha256, @Now)",
                    new { file.Name, file.Sha256, Now = clock.Now() },
                    transaction,
                    cancellationToken: ct));
                await transaction.CommitAsync(ct);
                now.Add(file.Name);
            }

            return now;
        }
        finally
        {
            await OneAtATime.Leave(connection, Lock);
        }
    }

    internal static IReadOnlyList<Migration> Files()
    {
        var assembly = typeof(Migrations).Assembly;
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(n => n.StartsWith("migrations/", StringComparison.Ordinal))
                .OrderBy(n => n, StringComparer.Ordinal)
                .Select(n =>
                {
                    using var reader = new StreamReader(assembly.GetManifestResourceStream(n)!);
                    var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
                    return new Migration(n["migrations/".Length..], sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
                }),
        ];
    }

    internal static void Check(IReadOnlyDictionary<string, string> applied, IReadOnlyList<Migration> files)
    {
        foreach (var (name, sha256) in applied.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            var file = files.SingleOrDefault(f => string.Equals(f.Name, name, StringComparison.Ordinal))
                ?? throw new MigrationRefused(string.Create(CultureInfo.InvariantCulture, $"The database has migration {name}, which this program does not know. Start the newer program."));
            if (!string.Equals(file.Sha256, sha256, StringComparison.Ordinal))
            {
                throw new MigrationRefused($"Migration {name} was edited after it was applied. Put it back, and write the change as a new file.");
            }
        }
    }

    internal sealed record Migration(string Name, string Sql, string Sha256);
}
