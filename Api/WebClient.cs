using Microsoft.Extensions.FileProviders;

namespace PropertyServiceDesk.Api;

/// <summary>
/// The files of the web client: from the folder that <c>Desk:Web</c> names, else from <c>wwwroot</c> beside the binaries. Files with a
/// hash in their name are kept by browsers for ever, everything else is asked for again. A page's own address (<c>/requests/…</c>)
/// answers with the client, which then shows it; the API's addresses never do. Without the files the host serves REST only.
/// </summary>
internal static partial class WebClient
{
    private const string Policy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    private static readonly string[] NotPages = ["/api", "/openapi", "/health"];

    public static void UseWebClient(this WebApplication app)
    {
        var folder = Path.GetFullPath(app.Configuration["Desk:Web"] is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "wwwroot"));
        if (!File.Exists(Path.Combine(folder, "index.html")))
        {
            NotBuilt(app.Logger, folder);
            app.Use((context, next) => IsPage(context.Request)
                ? Problems.Write(context, StatusCodes.Status404NotFound, "web.not_built", "The web client is not here. Build it (npm ci and npm run build in Web) and name its folder in Desk__Web.")
                : next());
            return;
        }

        app.Use((context, next) =>
        {
            if (IsPage(context.Request))
            {
                context.Request.Path = "/index.html";
            }

            return next();
        });
        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(folder), OnPrepareResponse = Headers });
    }

    /// <summary>Whether a browser opens a page: <c>/</c>, or an address without a file's ending that it wants as HTML.</summary>
    private static bool IsPage(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && (request.Path == "/" || (request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            && !Path.HasExtension(request.Path)
            && !NotPages.Any(p => request.Path.StartsWithSegments(p, StringComparison.OrdinalIgnoreCase))));

    private static void Headers(Microsoft.AspNetCore.StaticFiles.StaticFileResponseContext file)
    {
        var headers = file.Context.Response.Headers;
        headers.CacheControl = file.Context.Request.Path.StartsWithSegments("/assets", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
    }

    [LoggerMessage(LogLevel.Warning, "There is no web client in {Folder}; only REST is served")]
    private static partial void NotBuilt(ILogger logger, string folder);
}
