using MediatR;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class FaultsEndpoints
{
    public static void MapFaults(this IEndpointRouteBuilder api)
    {
        api.MapGroup("/requests").WithTags("Requests").Get<FindSimilar, Similar>("/similar");

        var faults = api.MapGroup("/faults").WithTags("Faults");

        faults.Get<ListFaults, Domain.Plumbing.Page<FaultLine>>("/");
        faults.Get<CountDemand, Demand>("/counts");
        faults.Get<GetFault, FaultDetails>("/{faultId:guid}");

        faults.MapPost("/", async (OpenFault body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body, ct);
            return Resource.Created(http, $"/api/faults/{reply.FaultId}", reply);
        }).Produces<FaultReply>(StatusCodes.Status201Created);

        faults.MapPatch("/{faultId:guid}", async (Guid faultId, AmendFault body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FaultId = faultId }, ct))).Produces<FaultReply>();

        faults.MapPost("/{faultId:guid}/expected-time", async (Guid faultId, SetExpectedTime body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FaultId = faultId }, ct))).Produces<FaultReply>();

        faults.MapPost("/{faultId:guid}/requests", async (Guid faultId, JoinFault body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/requests/{body.RequestId}", await desk.Send(body with { FaultId = faultId }, ct))).Produces<RequestReply>(StatusCodes.Status201Created);

        faults.MapPost("/{faultId:guid}/requests/{requestId:guid}/un-joining", async (Guid faultId, Guid requestId, UnJoinRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FaultId = faultId, RequestId = requestId }, ct))).Produces<RequestReply>();

        faults.MapPost("/{faultId:guid}/requests/{requestId:guid}/splitting-off", async (Guid faultId, Guid requestId, SplitOffRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FaultId = faultId, RequestId = requestId }, ct))).Produces<RequestReply>();

        faults.MapPost("/{faultId:guid}/work-orders", async (Guid faultId, DispatchFault body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/faults/{faultId}", await desk.Send(body with { FaultId = faultId }, ct))).Produces<FaultDispatched>(StatusCodes.Status201Created);

        faults.MapPost("/{faultId:guid}/ending", async (Guid faultId, EndFault body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FaultId = faultId }, ct))).Produces<FaultReply>();
    }
}
