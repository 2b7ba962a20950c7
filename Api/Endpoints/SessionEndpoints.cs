using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Caching.Memory;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>Name and password of a member of staff.</summary>
public sealed record SignIn([property: StringLength(100, MinimumLength = 1)] string SignInName, [property: StringLength(200, MinimumLength = 1)] string Password);

/// <summary>Who is signed in, and what they are where.</summary>
public sealed record SignedIn(Guid StaffId, string SignInName, string DisplayName, string Language, IReadOnlyList<RoleIn> Roles, IReadOnlyList<Seat> Seats)
{
    internal static SignedIn Of(SessionHolder holder) =>
        new(holder.StaffId, holder.SignInName, holder.DisplayName, holder.Language, holder.Actor.Roles, holder.Actor.Seats);
}

internal static class SessionEndpoints
{
    private static readonly PasswordHasher<object> Hasher = new();
    private static readonly string NobodysHash = Hasher.HashPassword(new object(), Guid.NewGuid().ToString());

    public static string HashOf(string password) => Hasher.HashPassword(new object(), password);

    public static void MapSession(this IEndpointRouteBuilder api)
    {
        var session = api.MapGroup("/session").WithTags("Session");

        session.MapPost("/", async (SignIn body, HttpContext http, Sessions sessions, CancellationToken ct) =>
        {
            if (body.SignInName.Length is 0 or > 100 || body.Password.Length is 0 or > 200 || body.SignInName.Contains('\0', StringComparison.Ordinal))
            {
                throw new Refused.Invalid("sign_in.refused", "This name and password do not belong together.");
            }

            // An unknown name costs the same statements and the same hash.
            var found = await sessions.ForSignIn(body.SignInName.Trim().ToLowerInvariant(), ct);
            var verified = Hasher.VerifyHashedPassword(new object(), found?.PasswordHash ?? NobodysHash, body.Password);
            if (found is not { } known || verified == PasswordVerificationResult.Failed)
            {
                await Problems.Write(http, StatusCodes.Status401Unauthorized, "sign_in.refused", "This name and password do not belong together.");
                return Results.Empty;
            }

            var token = await sessions.Start(known.StaffId, http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent.ToString(), ct);
            http.Response.Cookies.Append(SessionAuthentication.Cookie, token, SessionAuthentication.CookieOptions(http.Request));
            var holder = await sessions.Holder(token, ct) ?? throw new InvalidOperationException("The session that was just started is not there.");
            return TypedResults.Ok(SignedIn.Of(holder));
        }).AllowAnonymous().Produces<SignedIn>().WithSummary("Sign in: the reply sets the cookie of the session");

        session.MapGet("/", (HttpContext http) => TypedResults.Ok(SignedIn.Of(http.Features.Get<SessionHolder>()!))).Produces<SignedIn>().WithName("getSession").WithSummary("Who is signed in");

        session.MapDelete("/", async (HttpContext http, Sessions sessions, IMemoryCache cache, CancellationToken ct) =>
        {
            var token = http.Request.Cookies[SessionAuthentication.Cookie]!;
            await sessions.End(token, ct);
            cache.Remove(SessionAuthentication.CacheKey(token));
            http.Response.Cookies.Delete(SessionAuthentication.Cookie, SessionAuthentication.CookieOptions(http.Request));
            return TypedResults.NoContent();
        }).Produces(StatusCodes.Status204NoContent).WithName("signOut").WithSummary("Sign out: the session ends everywhere");
    }
}
