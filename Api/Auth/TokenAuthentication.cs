using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Auth;

/// <summary>Which way in a call takes: a bearer token where one is sent, else the session's cookie.</summary>
internal static class WayIn
{
    public const string Scheme = "Desk";

    private const string Bearer = "Bearer ";

    public static string Of(HttpContext context) =>
        BearerOf(context.Request) is not { } token ? SessionAuthentication.Scheme_
        : !token.StartsWith(TokenAuthentication.Prefix, StringComparison.Ordinal) && context.RequestServices.GetRequiredService<IdentityProvider>().IsSetUp ? ProviderAuthentication.Scheme_
        : TokenAuthentication.Scheme_;

    public static string? BearerOf(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;
}

/// <summary>A token of another system, as <c>Authorization: Bearer desk_…</c>.</summary>
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Sessions sessions, Holders holders)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Scheme_ = "Token";

    /// <summary>So that it is known for what it is where it should not be: in a repository, in a log.</summary>
    public const string Prefix = "desk_";

    private const int Length = 64;

    public static string New() => Prefix + RandomNumberGenerator.GetHexString(Length, lowercase: true);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var token = WayIn.BearerOf(Request);
        if (token is null || token.Length != Prefix.Length + Length || !token.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return AuthenticateResult.Fail("no token of ours");
        }

        if (await holders.Of(token, () => sessions.HolderOfToken(token, FrontDoor.AddressOf(Context), Context.RequestAborted)) is not { } holder)
        {
            return AuthenticateResult.Fail("no such token");
        }

        Context.Features.Set(holder);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, holder.TokenId.ToString())], Scheme_);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme_));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Write(Context, StatusCodes.Status401Unauthorized, "token.refused", "This token is no good: it is made up, revoked or expired.");
    }
}
