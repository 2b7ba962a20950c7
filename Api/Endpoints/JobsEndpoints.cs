using MediatR;
using PropertyServiceDesk.Domain.Jobs;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class JobsEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder api)
    {
        var jobs = api.MapGroup("/jobs").WithTags("Jobs");

        jobs.Get<ListJobs, IReadOnlyList<JobLine>>("/");
        jobs.MapPost("/{jobId}/hint", async (string jobId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new RunJobNow(jobId), ct))).Produces<JobHinted>().Sends<RunJobNow>();
    }
}
