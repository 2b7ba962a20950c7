using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using MediatR;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>A code of the authenticator app; where it is said, a recovery code will do.</summary>
public sealed record FactorCode([property: StringLength(60, MinimumLength = 1)] string Code);

/// <summary>How one's own second factor stands.</summary>
/// <param name="Needed">Whether one's roles ask for one.</param>
public sealed record FactorState(bool Needed, DateTimeOffset? Since, int RecoveryCodesLeft);

/// <summary>What the authenticator app is to be told: the secret to type, or its URI as a QR code. Shown this once.</summary>
public sealed record FactorSecret(string Secret, string Uri);

/// <summary>Ten codes for the day on which the telephone is lost, each good once. Shown this once.</summary>
public sealed record RecoveryCodeList(IReadOnlyList<string> RecoveryCodes);

/// <summary>The second factor at sign-in, and one's own. No call here takes an Idempotency-Key: what is kept under one would be a secret.</summary>
internal static class SecondFactorEndpoints
{
    public static void MapSecondFactor(this IEndpointRouteBuilder api)
    {
        api.MapPost("/session/second-factor", async (FactorCode body, HttpContext http, FrontDoor door, Sessions sessions, Holders holders, CancellationToken ct) =>
        {
            var holder = http.Features.Get<SessionHolder>()!;
            if (holder.Needs != SessionNeed.SecondFactor)
            {
                throw new Refused.Invalid("second_factor.not_asked", "This session does not ask for a second factor.");
            }

            await MustBe(door, http, holder, body, confirm: false, recovery: true, ct);
            var token = await sessions.Pass(holder.StaffId, SessionAuthentication.TokenOf(http.Request)!, ct) ?? throw new InvalidOperationException("The session ended meanwhile.");
            holders.Forget();
            SessionEndpoints.Give(http, token);
            return TypedResults.Ok(SignedIn.Of(await sessions.Holder(token, ct) ?? throw new InvalidOperationException("The session ended meanwhile.")));
        }).WithTags("Session").WithMetadata(SessionEndpoints.Whatever).Produces<SignedIn>().WithName("giveSecondFactor").WithSummary("Sign in, second step: a code of the authenticator app, or a recovery code");

        var own = api.MapGroup("/second-factor").WithTags("Session").WithMetadata(new OpenWhile(SessionNeed.Enrolment));

        own.MapGet("/", async (HttpContext http, Sessions sessions, CancellationToken ct) =>
        {
            var holder = http.Features.Get<SessionHolder>()!;
            var factor = await sessions.Factor(holder.StaffId, ct);
            return TypedResults.Ok(new FactorState(holder.NeedsFactor, factor?.ConfirmedAt, factor?.CodesLeft ?? 0));
        }).Produces<FactorState>().WithName("getSecondFactor").WithSummary("How one's own second factor stands");

        own.MapPost("/", async (HttpContext http, IMediator desk, Caller caller, CancellationToken ct) =>
        {
            caller.IdempotencyKey = null;
            var secret = RandomNumberGenerator.GetBytes(Totp.SecretBytes);
            await desk.Send(new BeginSecondFactor(secret), ct);
            return TypedResults.Ok(new FactorSecret(Totp.Base32(secret), Totp.Uri(secret, "PropertyServiceDesk", http.Features.Get<SessionHolder>()!.SignInName)));
        }).Produces<FactorSecret>().WithName("beginSecondFactor").WithSummary("Begin one's own second factor: a secret for the authenticator app");

        own.MapPost("/confirmation", async (FactorCode body, HttpContext http, IMediator desk, FrontDoor door, Sessions sessions, Holders holders, Caller caller, CancellationToken ct) =>
        {
            caller.IdempotencyKey = null;
            var holder = http.Features.Get<SessionHolder>()!;
            if ((await sessions.Factor(holder.StaffId, ct))?.ConfirmedAt is not null)
            {
                throw new Refused.Invalid("second_factor.there_already", "There is a second factor already. Remove it first.");
            }

            await MustBe(door, http, holder, body, confirm: true, recovery: false, ct);
            var (codes, hashes) = Codes();
            await desk.Send(new ConfirmSecondFactor(hashes), ct);
            holders.Forget();
            return TypedResults.Ok(new RecoveryCodeList(codes));
        }).Produces<RecoveryCodeList>().WithName("confirmSecondFactor").WithSummary("Confirm one's own second factor with its first code: the reply has the recovery codes");

        own.MapPost("/recovery-codes", async (FactorCode body, HttpContext http, IMediator desk, FrontDoor door, Caller caller, CancellationToken ct) =>
        {
            caller.IdempotencyKey = null;
            await MustBe(door, http, http.Features.Get<SessionHolder>()!, body, confirm: false, recovery: false, ct);
            var (codes, hashes) = Codes();
            await desk.Send(new RenewRecoveryCodes(hashes), ct);
            return TypedResults.Ok(new RecoveryCodeList(codes));
        }).Produces<RecoveryCodeList>().WithName("renewRecoveryCodes").WithSummary("New recovery codes in place of the earlier ones, for a code of the app");

        own.MapPost("/removal", async (FactorCode body, HttpContext http, IMediator desk, FrontDoor door, Holders holders, Caller caller, CancellationToken ct) =>
        {
            caller.IdempotencyKey = null;
            await MustBe(door, http, http.Features.Get<SessionHolder>()!, body, confirm: false, recovery: true, ct);
            await desk.Send(new RemoveSecondFactor(), ct);
            holders.Forget();
            return TypedResults.NoContent();
        }).Produces(StatusCodes.Status204NoContent).WithName("removeSecondFactor").WithSummary("Remove one's own second factor, for a code of the app or a recovery code");
    }

    private static async Task MustBe(FrontDoor door, HttpContext http, SessionHolder holder, FactorCode body, bool confirm, bool recovery, CancellationToken ct)
    {
        if (body.Code.Length is 0 or > 60 || !await door.TryCode(http, holder, body.Code, confirm, recovery, ct))
        {
            throw new Refused.Invalid("second_factor.code_refused", "This is not the code of now, or it was used already.", "code");
        }
    }

    private static (IReadOnlyList<string> Codes, byte[][] Hashes) Codes()
    {
        var codes = RecoveryCodes.Make();
        return (codes, [.. codes.Select(c => RecoveryCodes.Hash(c)!)]);
    }
}
