using System.Security.Cryptography;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class CommunitiesEndpoints
{
    /// <summary>A little above the limit that is told: what is over it is answered with the reason, not with a closed connection.</summary>
    private static readonly RequestSizeLimitAttribute Largest = new(ImportPlaces.MostBytes + (64 * 1024));

    public static void MapCommunities(this IEndpointRouteBuilder api)
    {
        var communities = api.MapGroup("/communities").WithTags("Communities");

        communities.Get<ListCommunities, IReadOnlyList<CommunityLine>>("/");
        communities.MapPost("/", async (AddCommunity body, HttpContext http, Holders holders, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body, ct);
            holders.Forget(); // who added it is administrator there from now on
            return Resource.Created(http, "/api/communities", reply);
        }).Produces<CommunityReply>(StatusCodes.Status201Created);
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

        communities.MapPost("/{communityId:guid}/name", async (Guid communityId, AmendCommunity body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId }, ct))).Produces<CommunityReply>();

        communities.MapPost("/{communityId:guid}/places", async (Guid communityId, AddPlace body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body with { CommunityId = communityId }, ct);
            return Resource.Created(http, $"/api/places/{reply.PlaceId}", reply);
        }).Produces<PlaceAdded>(StatusCodes.Status201Created);
        communities.MapPost("/{communityId:guid}/places/import", async (Guid communityId, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var file = await Receive(http, ct);
            return Resource.Ok(http, await desk.Send(new ImportPlaces(communityId, Convert.ToHexStringLower(SHA256.HashData(file)), file), ct));
        }).WithMetadata(Largest, new TakesFile(ImportPlaces.MostBytes)).Produces<PlaceImport>().Sends<ImportPlaces>();
        communities.MapPost("/{communityId:guid}/places/import/trials", async (Guid communityId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new TryPlaceImport(communityId, await Receive(http, ct)), ct)))
            .WithMetadata(Largest, new TakesFile(ImportPlaces.MostBytes)).Produces<PlaceImport>().Sends<TryPlaceImport>();

        var places = api.MapGroup("/places").WithTags("Communities");
        places.Get<GetPlace, PlaceDetails>("/{placeId:guid}");
        places.MapPost("/{placeId:guid}/name", async (Guid placeId, RenamePlace body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { PlaceId = placeId }, ct))).Produces<PlaceReply>();
        places.MapPost("/{placeId:guid}/retirement", async (Guid placeId, RetirePlace body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { PlaceId = placeId }, ct))).Produces<PlaceReply>();
        places.MapPost("/{placeId:guid}/reinstatement", async (Guid placeId, ReinstatePlace body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { PlaceId = placeId }, ct))).Produces<PlaceReply>();
        communities.MapPost("/{communityId:guid}/categories", async (Guid communityId, MakeCategory body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/communities/{communityId}/categories", await desk.Send(body with { CommunityId = communityId }, ct))).Produces<CategoryMade>(StatusCodes.Status201Created);
        var categories = api.MapGroup("/categories").WithTags("Communities");
        categories.MapPost("/{categoryId:guid}/words", async (Guid categoryId, AmendCategory body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CategoryId = categoryId }, ct))).Produces<CategoryReply>();
        categories.MapPost("/{categoryId:guid}/retirement", async (Guid categoryId, RetireCategory body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CategoryId = categoryId }, ct))).Produces<CategoryReply>();
        categories.MapPost("/{categoryId:guid}/reinstatement", async (Guid categoryId, ReinstateCategory body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CategoryId = categoryId }, ct))).Produces<CategoryReply>();

        communities.MapPost("/{communityId:guid}/teams", async (Guid communityId, MakeTeam body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/communities/{communityId}/teams", new TeamMade(await desk.Send(body with { CommunityId = communityId }, ct)))).Produces<TeamMade>(StatusCodes.Status201Created);
        var teams = api.MapGroup("/teams").WithTags("Communities");
        teams.MapPost("/{teamId:guid}/name", async (Guid teamId, AmendTeam body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { TeamId = teamId }, ct))).Produces<TeamReply>();
        teams.MapPost("/{teamId:guid}/retirement", async (Guid teamId, RetireTeam body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { TeamId = teamId }, ct))).Produces<TeamReply>();
        teams.MapPost("/{teamId:guid}/reinstatement", async (Guid teamId, ReinstateTeam body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { TeamId = teamId }, ct))).Produces<TeamReply>();
        teams.MapPost("/{teamId:guid}/members", async (Guid teamId, SeatMember body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { TeamId = teamId }, ct))).Produces<TeamReply>();
        teams.MapPost("/{teamId:guid}/members/removal", async (Guid teamId, UnseatMember body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { TeamId = teamId }, ct))).Produces<TeamReply>();

        api.MapGroup("/qr-codes").WithTags("Communities").Get<GetQrCode, QrTarget>("/{qrCode}");
    }

    /// <summary>The whole file: it is small, and looked at as a whole.</summary>
    private static async Task<byte[]> Receive(HttpContext http, CancellationToken ct)
    {
        using var held = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer, ct)) > 0)
        {
            await held.WriteAsync(buffer.AsMemory(0, read), ct);
            if (held.Length > ImportPlaces.MostBytes)
            {
                throw new Refused.TooLarge("places.file_too_large", "This file is too large: at most 4 MB.");
            }
        }

        return held.ToArray();
    }
}
