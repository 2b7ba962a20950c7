using MediatR;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class RequestsEndpoints
{
    public static void MapRequests(this IEndpointRouteBuilder api)
    {
        var requests = api.MapGroup("/requests").WithTags("Requests");

        requests.Get<ListRequests, Domain.Plumbing.Page<RequestLine>>("/");
        requests.Get<CountRequests, IReadOnlyList<RequestCount>>("/counts");
        requests.Get<GetRequest, RequestDetails>("/{requestId:guid}");
        requests.Get<GetTimeline, Timeline>("/{requestId:guid}/timeline");

        requests.MapPost("/", async (ReceiveRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body, ct);
            return Resource.Created(http, $"/api/requests/{reply.RequestId}", reply);
        }).Produces<RequestReply>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/work-orders", async (Guid requestId, DispatchWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body with { RequestId = requestId }, ct);
            return Resource.Created(http, $"/api/requests/{requestId}", reply);
        }).Produces<WorkDispatched>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/answer", async (Guid requestId, AnswerRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/feedback", async (Guid requestId, RecordFeedback body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();
    }
}
