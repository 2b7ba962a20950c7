using MediatR;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>A token that was made, and its secret.</summary>
/// <param name="Secret">Shown this once, to be sent as <c>Authorization: Bearer …</c>. Null where the call was sent again with the same key.</param>
public sealed record TokenSecret(Guid TokenId, string? Secret);

internal static class TokensEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Tokens");

        tokens.Get<ListTokens, IReadOnlyList<TokenLine>>("/");

        tokens.MapPost("/", async (MakeToken body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var token = TokenAuthentication.New();
            var secret = Sessions.NewToken(token);
            var reply = await desk.Send(body with { Secret = secret }, ct);
            return Resource.Created(http, "/api/tokens", new TokenSecret(reply.TokenId, reply.TokenId == secret.TokenId ? token : null));
        }).Produces<TokenSecret>(StatusCodes.Status201Created);

        tokens.MapPost("/{tokenId:guid}/revocation", async (Guid tokenId, HttpContext http, IMediator desk, Holders holders, CancellationToken ct) =>
        {
            var reply = await desk.Send(new RevokeToken(tokenId), ct);
            holders.Forget();
            return Resource.Ok(http, reply);
        }).Produces<TokenReply>().Sends<RevokeToken>();
    }
}
