using MediatR;
using PropertyServiceDesk.Domain.Feedback;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class FeedbackEndpoints
{
    public static void MapFeedback(this IEndpointRouteBuilder api)
    {
        api.MapGroup("/call-backs").WithTags("Feedback").Get<ListCallBacks, Domain.Plumbing.Page<CallBackLine>>("/");

        var followUps = api.MapGroup("/follow-ups").WithTags("Feedback");
        followUps.Get<ListFollowUps, Domain.Plumbing.Page<FollowUpLine>>("/");
        followUps.MapPost("/{followUpId:guid}/ending", async (Guid followUpId, EndFollowUp body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { FollowUpId = followUpId }, ct))).Produces<FollowUpReply>();
    }
}
