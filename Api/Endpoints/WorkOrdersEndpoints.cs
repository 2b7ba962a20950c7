using MediatR;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class WorkOrdersEndpoints
{
    public static void MapWorkOrders(this IEndpointRouteBuilder api)
    {
        var orders = api.MapGroup("/work-orders").WithTags("Work orders");

        orders.Get<ListWorkOrders, Domain.Plumbing.Page<WorkOrderLine>>("/");
        orders.Get<GetWorkOrder, WorkOrderDetails>("/{workOrderId:guid}");

        orders.MapPost("/{workOrderId:guid}/dispatch", async (Guid workOrderId, SendWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/assignment", async (Guid workOrderId, AssignWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/claim", async (Guid workOrderId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ClaimWork(workOrderId), ct))).Produces<WorkOrderReply>().Sends<ClaimWork>();
        orders.MapPost("/{workOrderId:guid}/acceptance", async (Guid workOrderId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new AcceptWork(workOrderId), ct))).Produces<WorkOrderReply>().Sends<AcceptWork>();
        orders.MapPost("/{workOrderId:guid}/arrival", async (Guid workOrderId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ArriveOnSite(workOrderId), ct))).Produces<WorkOrderReply>().Sends<ArriveOnSite>();
        orders.MapPost("/{workOrderId:guid}/milestones", async (Guid workOrderId, ReachMilestone body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/hold", async (Guid workOrderId, HoldWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/hold/agreement", async (Guid workOrderId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new AgreeToHold(workOrderId), ct))).Produces<WorkOrderReply>().Sends<AgreeToHold>();
        orders.MapPost("/{workOrderId:guid}/resumption", async (Guid workOrderId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ResumeWork(workOrderId), ct))).Produces<WorkOrderReply>().Sends<ResumeWork>();
        orders.MapPost("/{workOrderId:guid}/completion", async (Guid workOrderId, CompleteWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/return", async (Guid workOrderId, ReturnWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/transfer", async (Guid workOrderId, TransferWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/voiding", async (Guid workOrderId, VoidWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/reports", async (Guid workOrderId, ReportWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();

        orders.MapPost("/{workOrderId:guid}/quotes", async (Guid workOrderId, QuoteWork body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/work-orders/{workOrderId}", await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<QuoteReply>(StatusCodes.Status201Created);
        orders.MapPost("/{workOrderId:guid}/quotes/{quoteId:guid}/consent", async (Guid workOrderId, Guid quoteId, ConsentToQuote body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId, QuoteId = quoteId }, ct))).Produces<QuoteReply>();
        orders.MapPost("/{workOrderId:guid}/quotes/{quoteId:guid}/refusal", async (Guid workOrderId, Guid quoteId, RefuseQuote body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId, QuoteId = quoteId }, ct))).Produces<QuoteReply>();
        orders.MapPost("/{workOrderId:guid}/final-amount", async (Guid workOrderId, SetFinalAmount body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
        orders.MapPost("/{workOrderId:guid}/rework-cause", async (Guid workOrderId, ChooseReworkCause body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { WorkOrderId = workOrderId }, ct))).Produces<WorkOrderReply>();
    }
}
