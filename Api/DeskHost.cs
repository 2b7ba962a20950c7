using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Api.Endpoints;
using PropertyServiceDesk.Api.OpenApi;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api;

/// <summary>The web host: REST, sign-in, the web client's files.</summary>
public static class DeskHost
{
    /// <summary>The largest body of JSON, in bytes. Uploads have a limit of their own.</summary>
    public const long LargestBody = 256 * 1024;

    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var connectionString = Connections.Pooled(builder.Configuration.GetConnectionString);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestLineSize = 4 * 1024;
        });
        builder.Services.AddServiceDesk(connectionString);
        builder.Services.AddMemoryCache();
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.AddExceptionHandler<Problems>();
        builder.Services.AddProblemDetails();
        builder.Services.AddDeskDocument();
        builder.Services.AddAuthentication(SessionAuthentication.Scheme_)
            .AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(SessionAuthentication.Scheme_, null);
        builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        builder.Services.AddHealthChecks().AddCheck<DatabaseReady>("database", tags: ["ready"]);

        var app = builder.Build();
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(async context =>
        {
            var (code, title) = context.HttpContext.Response.StatusCode switch
            {
                StatusCodes.Status404NotFound => ("route.not_found", "There is nothing at this address."),
                StatusCodes.Status405MethodNotAllowed => ("route.method_not_allowed", "This cannot be done at this address."),
                StatusCodes.Status415UnsupportedMediaType => ("body.not_json_type", "Send application/json."),
                StatusCodes.Status413PayloadTooLarge => ("body.too_large", "This is larger than what is accepted here."),
                _ => ("request.refused", "The call was refused."),
            };
            await Problems.Write(context.HttpContext, context.HttpContext.Response.StatusCode, code, title);
        });
        app.UseDeskDocument();
        app.UseWebClient();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseCallerOfRequest();

        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new() { Predicate = c => c.Tags.Contains("ready") }).AllowAnonymous();

        var api = app.MapGroup("/api");
        api.MapSession();
        api.MapRequests();
        api.MapWorkOrders();
        api.MapFaults();
        api.MapCustomers();
        api.MapCommunities();
        api.MapFeedback();
        api.MapAttachments();
        api.MapJobs();
        return app;
    }
}
