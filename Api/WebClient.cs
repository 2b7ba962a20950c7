using System.Text;
using Microsoft.Extensions.FileProviders;

namespace PropertyServiceDesk.Api;

/// <summary>
/// The files of the web client: from the folder that <c>Desk:Web</c> names, else from <c>wwwroot</c> beside the binaries. Files with a
/// hash in their name are kept by browsers for ever, everything else is asked for again. A page's own address (<c>/requests/…</c>)
/// answers with the client, which then shows it; the API's addresses never do. Without the files the host serves REST only.
/// </summary>
internal static partial class WebClient
{
    private static readonly string[] NotPages = ["/api", "/openapi", "/health", "/o", "/r", "/v"];

    public static void UseWebClient(this WebApplication app)
    {
        var folder = Path.GetFullPath(app.Configuration["Desk:Web"] is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "wwwroot"));
        var page = Path.Combine(folder, "index.html");
        if (!File.Exists(page))
        {
            NotBuilt(app.Logger, folder);
            app.Use((context, next) => IsPage(context.Request)
                ? Problems.Write(context, StatusCodes.Status404NotFound, "web.not_built", "The web client is not here. Build it (npm ci and npm run build in Web) and name its folder in Desk__Web.")
                : next());
            return;
        }

        app.Use((context, next) => IsPage(context.Request) ? SendPage(context, page) : next());
        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(folder), OnPrepareResponse = Headers });
    }

    /// <summary>Whether a browser opens a page: <c>/</c>, or an address without a file's ending that it wants as HTML.</summary>
    private static bool IsPage(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && (request.Path == "/" || request.Path == "/index.html" || (request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            && !Path.HasExtension(request.Path)
            && !NotPages.Any(p => request.Path.StartsWithSegments(p, StringComparison.OrdinalIgnoreCase))));

    /// <summary>The page with a nonce of this reply's own, which the client's scripts give to the styles that they make.</summary>
    private static async Task SendPage(HttpContext context, string page)
    {
        var nonce = SecurityHeaders.NewNonce();
        var html = (await File.ReadAllTextAsync(page, context.RequestAborted)).Replace("<head>", $"<head><meta name=\"style-nonce\" content=\"{nonce}\" />", StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(html);
        var headers = context.Response.Headers;
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = SecurityHeaders.Page(nonce);
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    private static void Headers(Microsoft.AspNetCore.StaticFiles.StaticFileResponseContext file)
    {
        var path = file.Context.Request.Path;
        var headers = file.Context.Response.Headers;
        headers.CacheControl = path.StartsWithSegments("/assets", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        if (path == "/sw.js")
        {
            // A worker works under the policy that its script came with.
            headers.ContentSecurityPolicy = SecurityHeaders.Worker;
        }
    }

    [LoggerMessage(LogLevel.Warning, "There is no web client in {Folder}; only REST is served")]
    private static partial void NotBuilt(ILogger logger, string folder);
}
