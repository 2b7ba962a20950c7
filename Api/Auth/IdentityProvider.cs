using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Auth;

/// <summary>
/// A company's own identity provider (<c>Desk:IdentityProvider:…</c>): issuer, audience, public keys, and how its claims are called. Keys
/// that stand in a file are read again when the file has changed; while it holds none, the earlier ones hold.
/// </summary>
internal sealed partial class IdentityProvider(IConfiguration configuration, TimeProvider clock, ILogger<IdentityProvider> log)
{
    private const string Section = "Desk:IdentityProvider";

    /// <summary>Keys that sign and keys that check are two: whoever checks cannot sign.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private (DateTime Changed, IList<SecurityKey> Keys)? read;

    public bool IsSetUp => configuration[Section + ":Issuer"] is { Length: > 0 };

    /// <exception cref="StartRefused">It is named by half, or its keys are none.</exception>
    public void MustBeWholeOrNothing()
    {
        if (!configuration.GetSection(Section).GetChildren().Any(s => s.Value is { Length: > 0 }))
        {
            return;
        }

        _ = Needed("Issuer");
        _ = Needed("Audience");
        var keys = Needed("Keys");
        try
        {
            if (Checking(Keys()))
            {
                return;
            }
        }
        catch (Exception e) when (Unreadable(e))
        {
            // Said below, in one sentence.
        }

        throw new StartRefused(
            IsJson(keys)
                ? $"There are no public keys in {Section}:Keys: it must be a JWKS, or the path of a file with one."
                : $"There are no public keys in the file {keys}, which {Section}:Keys names: it must be a JWKS.");
    }

    /// <summary>The token, if it is the provider's, for this desk, and good now; else null.</summary>
    public async Task<JsonWebToken?> Check(string token)
    {
        var result = await new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(token, Parameters());
        return result.IsValid && result.SecurityToken is JsonWebToken { Subject.Length: > 0 and <= 200 } good ? good : null;
    }

    /// <summary>What is no role of ours is passed over: a company's tokens say many things.</summary>
    public ProvidedClaims Claims(JsonWebToken token)
    {
        string Said(string setting, string otherwise) =>
            token.TryGetPayloadValue<string>(configuration[$"{Section}:{setting}"] ?? otherwise, out var value) && value is { Length: > 0 and <= 100 } ? value : token.Subject[..Math.Min(100, token.Subject.Length)];
        return new ProvidedClaims(token.Issuer + "\n" + token.Subject, Said("NameClaim", "preferred_username"), Said("DisplayClaim", "name"), [.. RolesIn(token)]);
    }

    private IEnumerable<(string Community, Roles Role)> RolesIn(JsonWebToken token)
    {
        var (claim, prefix) = (configuration[Section + ":RoleClaim"] ?? "roles", configuration[Section + ":RolePrefix"] ?? "");
        foreach (var value in token.Claims.Where(c => string.Equals(c.Type, claim, StringComparison.Ordinal)).Select(c => c.Value).Where(v => v.StartsWith(prefix, StringComparison.Ordinal)))
        {
            if (value[prefix.Length..].Split(':') is [var community, var word] && EnumWord.TryRead<Roles>(word, out var role) && int.PopCount((int)role) == 1 && role != Roles.System)
            {
                yield return (community, role);
            }
        }
    }

    private TokenValidationParameters Parameters() => new()
    {
        ValidIssuer = Needed("Issuer"),
        ValidAudience = Needed("Audience"),
        ValidAlgorithms = Algorithms,
        IssuerSigningKeys = Keys(),
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        LifetimeValidator = (from, to, _, _) => clock.GetUtcNow().UtcDateTime is var now && to + Skew > now && (from is null || from - Skew <= now),
    };

    private IList<SecurityKey> Keys()
    {
        var named = Needed("Keys");
        if (IsJson(named))
        {
            return new JsonWebKeySet(named).GetSigningKeys();
        }

        var changed = File.GetLastWriteTimeUtc(named);
        if (read is not { } kept)
        {
            read = kept = (changed, KeysIn(named));
        }
        else if (kept.Changed != changed)
        {
            read = kept = (changed, OthersIn(named) ?? kept.Keys);
        }

        return kept.Keys;
    }

    /// <summary>Null where there are none: half written, gone for a moment, or a mistake.</summary>
    private IList<SecurityKey>? OthersIn(string file)
    {
        try
        {
            var keys = KeysIn(file);
            if (Checking(keys))
            {
                return keys;
            }

            NoKeys(file, null);
        }
        catch (Exception e) when (Unreadable(e))
        {
            NoKeys(file, e);
        }

        return null;
    }

    private static IList<SecurityKey> KeysIn(string file) => new JsonWebKeySet(File.ReadAllText(file)).GetSigningKeys();

    private static bool Checking(IList<SecurityKey> keys) => keys.Any(k => k is not SymmetricSecurityKey);

    private static bool Unreadable(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException;

    [LoggerMessage(LogLevel.Error, "There are no public keys in {File} any more; those it had before hold on")]
    private partial void NoKeys(string file, Exception? why);

    private static bool IsJson(string keys) => keys.TrimStart().StartsWith('{');

    private string Needed(string name) =>
        configuration[$"{Section}:{name}"] is { Length: > 0 } value ? value : throw new StartRefused($"The identity provider is named by half: {Section}:{name} is missing.");
}

/// <summary>A token of the company's identity provider, as <c>Authorization: Bearer …</c>.</summary>
internal sealed class ProviderAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IdentityProvider provider, ProvidedStaff staff, Holders holders)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Scheme_ = "Provider";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (WayIn.BearerOf(Request) is not { } text || await provider.Check(text) is not { } token)
        {
            return AuthenticateResult.Fail("no token of the provider's");
        }

        if (await holders.Of(text, () => staff.Holder(provider.Claims(token), Context.RequestAborted)) is not { } holder)
        {
            return AuthenticateResult.Fail("deactivated, or a name that somebody has");
        }

        Context.Features.Set(holder);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, holder.StaffId.ToString())], Scheme_);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme_));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Write(Context, StatusCodes.Status401Unauthorized, "token.refused", "This token is no good: it is made up, revoked or expired.");
    }
}
