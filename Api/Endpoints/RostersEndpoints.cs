using MediatR;
using PropertyServiceDesk.Domain.Rosters;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class RostersEndpoints
{
    public static void MapRosters(this IEndpointRouteBuilder api)
    {
        var communities = api.MapGroup("/communities/{communityId:guid}").WithTags("Rosters");
        communities.Get<ListShifts, IReadOnlyList<ShiftLine>>("/shifts");
        communities.MapPost("/shifts", async (Guid communityId, PlanShift body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/communities/{communityId}/shifts", await desk.Send(body with { CommunityId = communityId }, ct))).Produces<ShiftReply>(StatusCodes.Status201Created);
        communities.Get<ListLeave, IReadOnlyList<LeaveLine>>("/leave");
        communities.MapPost("/leave", async (Guid communityId, PlanLeave body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/communities/{communityId}/leave", await desk.Send(body with { CommunityId = communityId }, ct))).Produces<LeaveReply>(StatusCodes.Status201Created);

        var shifts = api.MapGroup("/shifts").WithTags("Rosters");
        shifts.MapPost("/{shiftId:guid}/swap", async (Guid shiftId, SwapShift body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { ShiftId = shiftId }, ct))).Produces<ShiftReply>();
        shifts.MapPost("/{shiftId:guid}/removal", async (Guid shiftId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new RemoveShift(shiftId), ct))).Produces<ShiftReply>().Sends<RemoveShift>();
        api.MapGroup("/leave").WithTags("Rosters").MapPost("/{leaveId:guid}/removal", async (Guid leaveId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new RemoveLeave(leaveId), ct))).Produces<LeaveReply>().Sends<RemoveLeave>();
    }
}
