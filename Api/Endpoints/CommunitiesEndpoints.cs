using MediatR;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class CommunitiesEndpoints
{
    public static void MapCommunities(this IEndpointRouteBuilder api)
    {
        var communities = api.MapGroup("/communities").WithTags("Communities");

        communities.Get<ListCommunities, IReadOnlyList<CommunityLine>>("/");
        communities.Get<ListCategories, IReadOnlyList<CategoryLine>>("/{communityId:guid}/categories");
        communities.Get<ListPlaces, Page<PlaceLine>>("/{communityId:guid}/places");
        communities.Get<ListAssets, Page<AssetLine>>("/{communityId:guid}/assets");
        communities.Get<ListTeams, IReadOnlyList<TeamLine>>("/{communityId:guid}/teams");
        communities.Get<ListStaff, IReadOnlyList<StaffLine>>("/{communityId:guid}/staff");

        communities.MapPost("/{communityId:guid}/assets", async (Guid communityId, MakeAsset body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body with { CommunityId = communityId }, ct);
            return Resource.Created(http, $"/api/qr-codes/{reply.QrCode}", reply);
        }).Produces<AssetReply>(StatusCodes.Status201Created);

        api.MapGroup("/places").WithTags("Communities").Get<GetPlace, PlaceDetails>("/{placeId:guid}");
        api.MapGroup("/qr-codes").WithTags("Communities").Get<GetQrCode, QrTarget>("/{qrCode}");
    }
}
