using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Api.Endpoints;
using PropertyServiceDesk.Api.Live;
using PropertyServiceDesk.Api.OpenApi;
using PropertyServiceDesk.Api.Owner;
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
            kestrel.Limits.MaxRequestHeaderCount = 60;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        });
        builder.Services.AddQuietFramework();
        builder.Services.Configure<ForwardedHeadersOptions>(o => Proxies(o, builder.Configuration));
        builder.Services.AddServiceDesk(connectionString);
        builder.Services.AddSingleton<Holders>();
        builder.Services.AddSingleton<Limits>();
        builder.Services.TryAddSingleton<IPasswordHasher<object>>(Passwords.Hasher());
        builder.Services.AddSingleton<Passwords>();
        builder.Services.AddSingleton<LiveDesk>().AddHostedService(s => s.GetRequiredService<LiveDesk>());
        builder.Services.AddSingleton<FrontDoor>();
        builder.Services.AddSingleton(new SignedCallKeys(builder.Configuration));
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.AddExceptionHandler<Problems>();
        builder.Services.AddProblemDetails();
        builder.Services.AddDeskDocument();
        builder.Services.AddAuthentication(WayIn.Scheme)
            .AddPolicyScheme(WayIn.Scheme, null, o => o.ForwardDefaultSelector = WayIn.Of)
            .AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(SessionAuthentication.Scheme_, null)
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.Scheme_, null)
            .AddScheme<AuthenticationSchemeOptions, ProviderAuthentication>(ProviderAuthentication.Scheme_, null);
        builder.Services.AddSingleton<IdentityProvider>();
        builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        builder.Services.AddHealthChecks().AddCheck<DatabaseReady>("database", tags: ["ready"]).AddCheck<TimeZonesAgree>("timeZones", tags: ["ready"]);

        var app = builder.Build();
        app.Services.GetRequiredService<IdentityProvider>().MustBeWholeOrNothing();
        app.UseForwardedHeaders();
        app.UseSecurityHeaders();
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(async context =>
        {
            var (code, title) = context.HttpContext.Response.StatusCode switch
            {
                StatusCodes.Status404NotFound => ("route.not_found", "There is nothing at this address."),
                StatusCodes.Status405MethodNotAllowed => ("route.method_not_allowed", "This cannot be done at this address."),
                StatusCodes.Status415UnsupportedMediaType => ("body.not_json_type", "Send application/json, in UTF-8."),
                StatusCodes.Status413PayloadTooLarge => ("body.too_large", "This is larger than what is accepted here."),
                _ => ("request.refused", "The call was refused."),
            };
            await Problems.Write(context.HttpContext, context.HttpContext.Response.StatusCode, code, title);
        });
        app.UseDeskDocument();
        app.UseWebClient();
        app.UseLimitsOfAddress();
        app.UseSameOrigin();
        app.UseAuthentication();
        app.UseLimitsOfAccount();
        app.UseAuthorization();
        app.UseCallerOfRequest();
        app.UseSignedCalls();

        app.MapOwnersDoor();
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new() { Predicate = c => c.Tags.Contains("ready"), ResponseWriter = ReadyReply.Write }).AllowAnonymous();

        var api = app.MapGroup("/api");
        api.MapSession();
        api.MapRequests();
        api.MapWorkOrders();
        api.MapFaults();
        api.MapCustomers();
        api.MapCommunities();
        api.MapDistricts();
        api.MapFeedback();
        api.MapVoices();
        api.MapAttachments();
        api.MapJobs();
        api.MapPolicies();
        api.MapOwnAccount();
        api.MapAccounts();
        api.MapTokens();
        api.MapSecondFactor();
        if (DeskClock.IsSettable(name => builder.Configuration[name]))
        {
            api.MapDemoClock();
        }

        api.MapEscalations();
        api.MapRosters();
        api.MapMessages();
        api.MapInbound();
        api.MapLive();
        return app;
    }

    /// <summary>Who may say where a call came from: the reverse proxy on this machine, and those that <c>Desk:Proxies</c> names (addresses or networks, with commas).</summary>
    private static void Proxies(ForwardedHeadersOptions options, ConfigurationManager configuration)
    {
        options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        foreach (var proxy in (configuration["Desk:Proxies"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy.Contains('/', StringComparison.Ordinal) ? proxy : proxy + (proxy.Contains(':', StringComparison.Ordinal) ? "/128" : "/32")));
        }
    }
}
