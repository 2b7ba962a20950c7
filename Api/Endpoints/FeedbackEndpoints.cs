using MediatR;
using PropertyServiceDesk.Domain.Feedback;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class FeedbackEndpoints
{
    public static void MapFeedback(this IEndpointRouteBuilder api)
    {
        var callBacks = api.MapGroup("/call-backs").WithTags("Feedback");
        callBacks.Get<ListCallBacks, Domain.Plumbing.Page<CallBackLine>>("/");
        callBacks.Get<GetCallBack, CallBackSheet>("/{feedbackId:guid}");
        callBacks.MapPost("/{feedbackId:guid}/taking", async (Guid feedbackId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new TakeCallBack(feedbackId), ct))).Produces<CallBackReply>().Sends<TakeCallBack>();
        callBacks.MapPost("/{feedbackId:guid}/release", async (Guid feedbackId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ReleaseCallBack(feedbackId), ct))).Produces<CallBackReply>().Sends<ReleaseCallBack>();
        callBacks.MapPost("/{feedbackId:guid}/snooze", async (Guid feedbackId, SnoozeCallBack body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FeedbackId = feedbackId }, ct))).Produces<CallBackReply>();
        callBacks.MapPost("/{feedbackId:guid}/hand-over", async (Guid feedbackId, HandOverCallBack body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FeedbackId = feedbackId }, ct))).Produces<CallBackReply>();

        var followUps = api.MapGroup("/follow-ups").WithTags("Feedback");
        followUps.Get<ListFollowUps, Domain.Plumbing.Page<FollowUpLine>>("/");
        followUps.Get<GetFollowUp, FollowUpSheet>("/{followUpId:guid}");
        followUps.MapPost("/{followUpId:guid}/taking", async (Guid followUpId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new TakeFollowUp(followUpId), ct))).Produces<FollowUpNow>().Sends<TakeFollowUp>();
        followUps.MapPost("/{followUpId:guid}/release", async (Guid followUpId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ReleaseFollowUp(followUpId), ct))).Produces<FollowUpNow>().Sends<ReleaseFollowUp>();
        followUps.MapPost("/{followUpId:guid}/snooze", async (Guid followUpId, SnoozeFollowUp body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FollowUpId = followUpId }, ct))).Produces<FollowUpNow>();
        followUps.MapPost("/{followUpId:guid}/hand-over", async (Guid followUpId, HandOverFollowUp body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FollowUpId = followUpId }, ct))).Produces<FollowUpNow>();
        followUps.MapPost("/{followUpId:guid}/call-attempts", async (Guid followUpId, TryFollowUp body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/follow-ups/{followUpId}", await desk.Send(body with { FollowUpId = followUpId }, ct))).Produces<FollowUpNow>(StatusCodes.Status201Created);
        followUps.MapPost("/{followUpId:guid}/ending", async (Guid followUpId, EndFollowUp body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FollowUpId = followUpId }, ct))).Produces<FollowUpReply>();
    }
}
