using System.Security.Cryptography;
using System.Text;

namespace PropertyServiceDesk.Domain.Owner;

/// <summary>How often one address reports without an account: counted in the database, so that any number of processes count together.</summary>
public sealed class ReportPace(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Null where one more is let in, which is counted; else how long to wait.</summary>
    /// <param name="address">Kept as a hash, and forgotten when it is paid off.</param>
    /// <param name="most">So many at once, or spread over the time.</param>
    public async Task<TimeSpan?> Admit(string address, int most, TimeSpan within, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        var command = new NpgsqlBatchCommand("select admit_report($1, $2, $3, $4)");
        foreach (var value in new object[] { SHA256.HashData(Encoding.UTF8.GetBytes("reports\n" + address)), within / most, within, clock.Now().UtcDateTime })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
        return await batch.ExecuteScalarAsync(CancellationToken.None) as TimeSpan?;
    }
}
