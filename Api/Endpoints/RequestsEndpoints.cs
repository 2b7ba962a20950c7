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
        requests.Get<GetOwnersTime, OwnersTimeSplit>("/{requestId:guid}/time");

        requests.MapPost("/", async (ReceiveRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body, ct);
            return Resource.Created(http, $"/api/requests/{reply.RequestId}", reply);
        }).Produces<RequestReply>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/contact-data", async (Guid requestId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new Domain.Customers.ShowRequestContact(requestId), ct))).Produces<Domain.Customers.ContactData>().Sends<Domain.Customers.ShowRequestContact>();

        requests.MapPost("/{requestId:guid}/work-orders", async (Guid requestId, DispatchWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body with { RequestId = requestId }, ct);
            return Resource.Created(http, $"/api/requests/{requestId}", reply);
        }).Produces<WorkDispatched>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/answer", async (Guid requestId, AnswerRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/feedback", async (Guid requestId, RecordFeedback body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPatch("/{requestId:guid}", async (Guid requestId, AmendRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/category", async (Guid requestId, RecategoriseRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/priority", async (Guid requestId, ReprioritiseRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/appointment", async (Guid requestId, RescheduleRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapDelete("/{requestId:guid}/appointment", async (Guid requestId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new RemoveAppointment(requestId), ct))).Produces<RequestReply>().Sends<RemoveAppointment>();

        requests.MapPost("/{requestId:guid}/notes", async (Guid requestId, NoteOnRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/requests/{requestId}/timeline", await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/promises", async (Guid requestId, MakePromise body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/requests/{requestId}", await desk.Send(body with { RequestId = requestId }, ct))).Produces<PromiseReply>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/promises/{promiseId:guid}/kept", async (Guid requestId, Guid promiseId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new KeepPromise(requestId, promiseId), ct))).Produces<PromiseReply>().Sends<KeepPromise>();

        requests.MapPost("/{requestId:guid}/person-in-charge", async (Guid requestId, NamePersonInCharge body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/first-reply", async (Guid requestId, GiveFirstReply body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/written-reply", async (Guid requestId, GiveWrittenReply body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/urges", async (Guid requestId, UrgeRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<UrgeReply>();

        requests.MapPost("/{requestId:guid}/reading", async (Guid requestId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ReadOwnersWord(requestId), ct))).Produces<RequestReply>().Sends<ReadOwnersWord>();

        requests.MapPost("/{requestId:guid}/confirmation", async (Guid requestId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ConfirmRequest(requestId), ct))).Produces<RequestReply>().Sends<ConfirmRequest>();

        requests.MapPost("/{requestId:guid}/cancellation", async (Guid requestId, CancelRequest body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/rework", async (Guid requestId, ReportNotFixed body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body with { RequestId = requestId }, ct);
            return reply.NewRequest is { } made ? Resource.Created(http, $"/api/requests/{made.RequestId}", reply) : Resource.Ok(http, reply);
        }).Produces<ReworkReply>().Produces<ReworkReply>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/closure", async (Guid requestId, DecideOnAnswer body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<RequestReply>();

        requests.MapPost("/{requestId:guid}/feedback/call-attempts", async (Guid requestId, TryCall body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/requests/{requestId}", await desk.Send(body with { RequestId = requestId }, ct))).Produces<FeedbackReply>(StatusCodes.Status201Created);

        requests.MapPost("/{requestId:guid}/feedback/refusal", async (Guid requestId, RefuseFeedback body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<FeedbackReply>();

        requests.MapPost("/{requestId:guid}/feedback/unreachable", async (Guid requestId, GiveUpCalling body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { RequestId = requestId }, ct))).Produces<FeedbackReply>();
    }
}
