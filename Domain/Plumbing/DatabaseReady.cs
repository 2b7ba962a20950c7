using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>Ready when the database answers.</summary>
public sealed class DatabaseReady(NpgsqlDataSource source) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var command = source.CreateCommand("select 1");
        await command.ExecuteScalarAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}
