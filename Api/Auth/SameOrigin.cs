namespace PropertyServiceDesk.Api.Auth;

/// <summary>
/// A call that changes something, from a browser, must come from a page of this desk. The session's cookie is not sent by other sites
/// (SameSite=Strict); this refuses them once more, and sites beside this one. Every browser of today says where a call comes from
/// (Sec-Fetch-Site, or Origin); what says neither is no browser, and has no cookie that somebody else could use.
/// </summary>
internal static partial class SameOrigin
{
    public static IApplicationBuilder UseSameOrigin(this IApplicationBuilder app) => app.Use((context, next) =>
        IsSafe(context.Request) || IsOwn(context.Request)
            ? next()
            : Refuse(context));

    private static Task Refuse(HttpContext context)
    {
        Foreign(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SameOrigin)), context.GetEndpoint()?.DisplayName, FrontDoor.AddressOf(context));
        return Problems.Write(context, StatusCodes.Status403Forbidden, "origin.foreign", "This call comes from a page of another site.");
    }

    [LoggerMessage(LogLevel.Warning, "{Endpoint} refused to a page of another site, from {Address}")]
    private static partial void Foreign(ILogger log, string? endpoint, string address);

    private static bool IsSafe(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);

    private static bool IsOwn(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() switch
    {
        "same-origin" or "none" => true,
        "" => request.Headers.Origin.ToString() is var origin
            && (origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase))),
        _ => false,
    };
}
