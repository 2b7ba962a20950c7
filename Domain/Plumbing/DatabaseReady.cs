using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>Ready when the database answers; when it does not, that is said without where it is.</summary>
public sealed class DatabaseReady(NpgsqlDataSource source) : IHealthCheck
{
    internal const string Away = "The database does not answer.";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = source.CreateCommand("select 1");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException e)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, Away, e); // the log has the rest
        }
    }
}
