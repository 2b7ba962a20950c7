using System.ComponentModel.DataAnnotations;
using MediatR;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>A new password in place of the present one.</summary>
/// <param name="New">12–200 characters, exactly as typed; no common password, and not much like the person's own name.</param>
public sealed record NewPassword([property: StringLength(200, MinimumLength = 1)] string Current, [property: StringLength(200, MinimumLength = 1)] string New);

/// <summary>What concerns one's own account: sessions, password.</summary>
internal static class OwnAccountEndpoints
{
    public static void MapOwnAccount(this IEndpointRouteBuilder api)
    {
        var sessions = api.MapGroup("/sessions").WithTags("Session");
        sessions.Get<ListSessions, IReadOnlyList<SessionLine>>("/");
        sessions.MapPost("/{sessionId:guid}/end", async (Guid sessionId, HttpContext http, IMediator desk, Holders holders, CancellationToken ct) =>
        {
            var reply = await desk.Send(new EndSession(sessionId), ct);
            holders.Forget();
            return Resource.Ok(http, reply);
        }).Produces<SessionEnded>().Sends<EndSession>();

        api.MapPost("/password", async (NewPassword body, HttpContext http, IMediator desk, FrontDoor door, Passwords passwords, Holders holders, Caller caller, CancellationToken ct) =>
        {
            caller.IdempotencyKey = null; // what is kept under a key would be a fast hash of the password
            var holder = http.Features.Get<SessionHolder>()!;
            Passwords.MustBeGood(body.New, "new", holder.SignInName, holder.DisplayName);
            if (await door.Try(http, holder.SignInName, body.Current, ct) is not { } opened || opened.StaffId != holder.StaffId)
            {
                throw new Refused.Invalid("password.not_the_current_one", "This is not the present password.", "current");
            }

            if (string.Equals(body.New, body.Current, StringComparison.Ordinal))
            {
                throw new Refused.Invalid("password.the_same", "This is the present password. Take another one.", "new");
            }

            var reply = await desk.Send(new ChangePassword(opened.Verified, await passwords.Hash(body.New, ct)), ct);
            holders.Forget();
            return Resource.Ok(http, reply);
        }).WithTags("Session").WithMetadata(new OpenWhile(SessionNeed.NewPassword)).Produces<PasswordChanged>().WithName("changePassword").WithSummary("Change one's own password: every other session of the account ends");
    }
}
