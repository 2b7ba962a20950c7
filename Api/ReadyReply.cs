using Microsoft.Extensions.Diagnostics.HealthChecks;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api;

/// <summary>What <c>/health/ready</c> answers: the status, and what each check found.</summary>
internal static class ReadyReply
{
    public static Task Write(HttpContext http, HealthReport report) =>
        http.Response.WriteAsJsonAsync(
            new
            {
                status = report.Status.ToString(),
                checks = report.Entries.ToDictionary(e => e.Key, e => new { status = e.Value.Status.ToString(), e.Value.Description, e.Value.Data }),
            },
            Json.Options);
}
