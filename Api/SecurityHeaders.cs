using System.Security.Cryptography;

namespace PropertyServiceDesk.Api;

/// <summary>
/// What every reply says to browsers: nothing is guessed, framed or embedded, nothing but what the desk itself sends is run. Replies of the
/// API are no pages at all and are kept nowhere; the page of the web client has a policy of its own, with a nonce for the styles that its
/// components make as they go; so has the page to try the API.
/// </summary>
internal static class SecurityHeaders
{
    public const string NoPage = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

    private const string TryItPage =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>
    /// For the web client's page: scripts and styles from here; of style sheets made at run time only those with this nonce. Style attributes
    /// are let be: the components' growing text boxes write them as text, and an attribute reaches its own element alone.
    /// </summary>
    public static string Page(string nonce) =>
        $"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        + "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    /// <summary>For the script that keeps the crew's pages on the telephone: it fetches files from here, and does nothing else.</summary>
    public const string Worker = "default-src 'none'; connect-src 'self'";

    public static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    /// <summary>As the reply begins: whatever was thrown on the way has taken away what was said before.</summary>
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state => Say((HttpContext)state), context);
        return next();
    });

    private static Task Say(HttpContext context)
    {
        var headers = context.Response.Headers;
        var path = context.Request.Path;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()";
        headers.TryAdd("Content-Security-Policy", path.StartsWithSegments("/openapi", StringComparison.OrdinalIgnoreCase) ? TryItPage : NoPage);
        if (path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
        {
            headers.TryAdd("Cache-Control", "no-store");
        }

        if (context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        }

        return Task.CompletedTask;
    }
}
