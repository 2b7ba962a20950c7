using System.Reflection;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Auth;

/// <summary>A session's token in a cookie that scripts cannot read and other sites cannot send.</summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Sessions sessions, Holders holders)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Scheme_ = "Session";
    /// <summary>Over plain HTTP, on the developer's own machine.</summary>
    public const string Cookie = "desk_session";

    /// <summary>Over TLS: browsers take a cookie of this name only if it is secure and of this host alone.</summary>
    public const string SecureCookie = "__Host-" + Cookie;

    public static string CookieOf(HttpRequest request) => request.IsHttps ? SecureCookie : Cookie;

    public static string? TokenOf(HttpRequest request) => request.Cookies.TryGetValue(CookieOf(request), out var token) && token is { Length: 64 } ? token : null;

    public static CookieOptions CookieOptions(HttpRequest request) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = "/",
        IsEssential = true,
        MaxAge = Sessions.Lifetime,
    };

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (TokenOf(Request) is not { } token)
        {
            return AuthenticateResult.NoResult();
        }

        var holder = await holders.Of(token, () => sessions.Holder(token, Context.RequestAborted));
        if (holder is null)
        {
            return AuthenticateResult.Fail("no such session");
        }

        Context.Features.Set(holder);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, holder.StaffId.ToString())], Scheme_);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme_));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Problems.Write(Context, StatusCodes.Status401Unauthorized, "session.needed", "Sign in first.");

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Write(Context, StatusCodes.Status403Forbidden, "role.not_allowed", "Your role does not allow this.");
}

/// <summary>Who holds which session, remembered for a moment. One that ends in this process is forgotten at once; one that ends in another is noticed when the moment is over.</summary>
internal sealed class Holders : IDisposable
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(3);

    private readonly MemoryCache known = new(Options.Create(new MemoryCacheOptions()));
    private int forgotten;

    /// <summary>How often something ended in this process: what was known before is to be asked again.</summary>
    public int Forgotten => Volatile.Read(ref forgotten);

    public async Task<T?> Of<T>(string token, Func<Task<T?>> read)
        where T : class
    {
        if (!known.TryGetValue(token, out T? holder))
        {
            var before = Volatile.Read(ref forgotten);
            holder = await read();
            known.Set(token, holder, Remembered);
            if (before != Volatile.Read(ref forgotten))
            {
                known.Remove(token); // read before something ended, remembered after it: not to be believed
            }
        }

        return holder;
    }

    public void Forget()
    {
        Interlocked.Increment(ref forgotten);
        known.Clear();
    }

    public void Dispose() => known.Dispose();
}

/// <summary>Says that an endpoint is open to sessions that lack something still: it is on the way to what they lack.</summary>
internal sealed record OpenWhile(params SessionNeed[] Lacking);

internal static class CallerOfRequest
{
    private const int LongestKey = 100;

    // A telephone that lost its time begins at 1970; what lies further off was never on a clock.
    private static readonly DateTimeOffset FirstOnAClock = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset LastOnAClock = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Fills in who calls and what came beside the body, before any endpoint runs.</summary>
    public static IApplicationBuilder UseCallerOfRequest(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var caller = context.RequestServices.GetRequiredService<Caller>();
        if (context.Features.Get<SessionHolder>() is { } holder)
        {
            caller.Actor = holder.Actor;
            caller.SessionId = holder.SessionId;
        }
        else if (context.Features.Get<TokenHolder>() is { } token)
        {
            caller.Actor = token.Actor;
        }
        else if (context.Features.Get<ProvidedHolder>() is { } provided)
        {
            caller.Actor = provided.Actor;
        }

        var open = context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        if (!open && context.User.Identity?.IsAuthenticated == true && MeantToBe(context.Request) is { } meant && meant != caller.Actor.Id)
        {
            await Problems.Write(context, StatusCodes.Status403Forbidden, "session.somebody_elses", "Somebody else is signed in here by now.");
            return;
        }

        if (!open && context.Features.Get<SessionHolder>()?.Needs is { } need && context.GetEndpoint() is { } wanted && wanted.Metadata.GetMetadata<OpenWhile>()?.Lacking.Contains(need) != true)
        {
            await Lacks(context, need);
            return;
        }

        if (context.Features.Get<SessionHolder>() is null && context.User.Identity?.IsAuthenticated == true && context.GetEndpoint()?.Metadata.GetMetadata<OpenWhile>() is not null)
        {
            await Problems.Write(context, StatusCodes.Status403Forbidden, "session.only", "This is for people who are signed in.");
            return;
        }

        var request = context.Request;
        caller.Route = request.Method + " " + request.Path;
        caller.IdempotencyKey = Header(request, "Idempotency-Key", LongestKey);
        caller.Device = Header(request, "Device", LongestKey);
        if (Header(request, "Device-Time", 40) is { } deviceTime)
        {
            caller.DeviceAt = Instants.Parse(deviceTime)
                ?? throw new BadRequest("device_time.malformed", "Device-Time is an instant like 2026-03-06T08:30:00Z.");
            if (caller.DeviceAt < FirstOnAClock || caller.DeviceAt >= LastOnAClock)
            {
                throw new BadRequest("device_time.out_of_range", "Device-Time lies between 1970 and 2200.");
            }
        }

        if (Header(request, "If-Match", LongestKey) is { } match)
        {
            caller.IfMatch = match.Length > 2 && match[0] == '"' && match[^1] == '"' && int.TryParse(match.AsSpan(1, match.Length - 2), System.Globalization.NumberStyles.None, null, out var version)
                ? version
                : throw new BadRequest("if_match.malformed", "If-Match is a version in quotation marks, as in ETag.");
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes.Contains("application/json") == true && !IsUtf8(request))
        {
            throw new BadHttpRequestException("", StatusCodes.Status415UnsupportedMediaType);
        }

        if (context.GetEndpoint() is { } endpoint && !ReadsTheQuery(endpoint) && request.Path.StartsWithSegments("/api", StringComparison.Ordinal) && request.Query.Count > 0)
        {
            throw new BadRequest("query.unknown_name", "There is nothing to ask for in the query string here.");
        }

        await next();
    });

    private static Task Lacks(HttpContext context, SessionNeed need) => need switch
    {
        SessionNeed.SecondFactor => Problems.Write(context, StatusCodes.Status403Forbidden, "session.second_factor_needed", "Type the code of your second factor first."),
        SessionNeed.NewPassword => Problems.Write(context, StatusCodes.Status403Forbidden, "session.new_password_needed", "Choose a password of your own first."),
        SessionNeed.Enrolment => Problems.Write(context, StatusCodes.Status403Forbidden, "session.enrolment_needed", "Your role needs a second factor. Set it up first."),
    };

    /// <summary>Of whom the call is meant to be: whoever kept it to send it later names themselves.</summary>
    private static Guid? MeantToBe(HttpRequest request) =>
        Header(request, "Actor", LongestKey) is not { } actor ? null
        : Guid.TryParseExact(actor, "D", out var id) ? id
        : throw new BadRequest("actor.malformed", "Actor is the id of whoever the call is meant to be of.");

    private static bool IsUtf8(HttpRequest request) =>
        !Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.Charset.Length == 0 || Microsoft.Net.Http.Headers.HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    private static bool ReadsTheQuery(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<Endpoints.ReadsQuery>() is not null
        || endpoint.Metadata.GetMetadata<MethodInfo>()?.GetParameters().Any(p => p.GetCustomAttributes().Any(a => a is IFromQueryMetadata)) == true;

    private static string? Header(HttpRequest request, string name, int longest)
    {
        var values = request.Headers[name];
        return values.Count switch
        {
            0 => null,
            1 when values[0] is { Length: > 0 } value && value.Length <= longest && value.All(c => c is >= ' ' and <= '~') => value,
            _ => throw new BadRequest("header.malformed", $"{name} is given once, with 1 to {longest} printable ASCII characters."),
        };
    }
}
