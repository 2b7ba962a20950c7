using PropertyServiceDesk.Api.Live;
using PropertyServiceDesk.Domain.Live;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class LiveEndpoints
{
    public static void MapLive(this IEndpointRouteBuilder api) =>
        api.MapGet("/live", (HttpContext http, LiveDesk live, CancellationToken ct) => live.Open(http, QueryString.Read<FollowEvents>(http), ct))
            .WithTags("Live")
            .WithMetadata(new ReadsQuery(typeof(FollowEvents)), new GivesEvents(typeof(LiveEvent)))
            .Produces<LiveEvent>(StatusCodes.Status200OK, GivesEvents.MediaType);
}
