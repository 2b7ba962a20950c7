using System.ComponentModel.DataAnnotations;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>Name and password of a member of staff.</summary>
public sealed record SignIn([property: StringLength(100, MinimumLength = 1)] string SignInName, [property: StringLength(200, MinimumLength = 1)] string Password);

/// <summary>Who is signed in, and what they are where.</summary>
/// <param name="Needs">What the session lacks still; until it has it, it opens nothing but the way there.</param>
public sealed record SignedIn(Guid StaffId, string SignInName, string DisplayName, string Language, IReadOnlyList<RoleIn> Roles, IReadOnlyList<Seat> Seats, SessionNeed? Needs)
{
    internal static SignedIn Of(SessionHolder holder) =>
        new(holder.StaffId, holder.SignInName, holder.DisplayName, holder.Language, holder.Actor.Roles, holder.Actor.Seats, holder.Needs);
}

internal static class SessionEndpoints
{
    public static readonly OpenWhile Whatever = new(Enum.GetValues<SessionNeed>());

    public static void MapSession(this IEndpointRouteBuilder api)
    {
        var session = api.MapGroup("/session").WithTags("Session");

        session.MapPost("/", SignInHere).AllowAnonymous().Produces<SignedIn>().WithName("signIn").WithSummary("Sign in: the reply sets the cookie of the session");

        session.MapGet("/", (HttpContext http) => TypedResults.Ok(SignedIn.Of(http.Features.Get<SessionHolder>()!)))
            .WithMetadata(Whatever).Produces<SignedIn>().WithName("getSession").WithSummary("Who is signed in");

        session.MapDelete("/", async (HttpContext http, Sessions sessions, Holders holders, CancellationToken ct) =>
        {
            await sessions.End(SessionAuthentication.TokenOf(http.Request)!, ct);
            holders.Forget();
            http.Response.Headers["Clear-Site-Data"] = "\"cache\"";
            http.Response.Cookies.Delete(SessionAuthentication.CookieOf(http.Request), SessionAuthentication.CookieOptions(http.Request));
            return TypedResults.NoContent();
        }).WithMetadata(Whatever).Produces(StatusCodes.Status204NoContent).WithName("signOut").WithSummary("Sign out: the session ends everywhere");
    }

    public static void Give(HttpContext http, string token) =>
        http.Response.Cookies.Append(SessionAuthentication.CookieOf(http.Request), token, SessionAuthentication.CookieOptions(http.Request));

    private static async Task<IResult> SignInHere(SignIn body, HttpContext http, FrontDoor door, Passwords passwords, Sessions sessions, Limits limits, CancellationToken ct)
    {
        if (body.SignInName.Length is 0 or > 100 || body.Password.Length is 0 or > 200 || body.SignInName.Contains('\0', StringComparison.Ordinal))
        {
            throw new Refused.Invalid("sign_in.refused", "This name and password do not belong together.");
        }

        // What fails counts, from wherever it comes; whoever is known there does not wait for what others try beside them.
        var address = "sign-in " + FrontDoor.AddressOf(http);
        var counted = limits.TryAdmit(address, limits.SignIn, out var wait);
        if (!counted && !await door.IsKnown(http, body.SignInName, ct))
        {
            throw Limits.Too(wait);
        }

        if (await door.Try(http, body.SignInName, body.Password, ct) is not { } opened
            || await sessions.Start(opened.StaffId, opened.Verified, FrontDoor.AddressOf(http), http.Request.Headers.UserAgent.ToString(), ct) is not { } token)
        {
            await Problems.Write(http, StatusCodes.Status401Unauthorized, "sign_in.refused", "This name and password do not belong together.");
            return Results.Empty;
        }

        if (counted)
        {
            limits.GiveBack(address, limits.SignIn);
        }

        var holder = await sessions.Holder(token, ct) ?? throw new InvalidOperationException("The session that was just started is not there.");
        if (opened.Rehash && holder.Needs is null)
        {
            await sessions.Rehash(opened.StaffId, opened.Verified, await passwords.Hash(body.Password, ct), ct);
        }

        Give(http, token);
        return TypedResults.Ok(SignedIn.Of(holder));
    }
}
