using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The real web host in this process, on a port of its own, over the fixture's database and clock.</summary>
public abstract class ApiFixture : DeskFixture
{
    private readonly Dictionary<Guid, ApiClient> signedIn = [];
    private readonly Unexpected unexpected = new();

    /// <summary>What the host could not explain to its caller.</summary>
    protected string? LastUnexpected => unexpected.Last?.ToString();
    private WebApplication? host;

    protected Uri Address { get; private set; } = null!;

    /// <summary>The host's own services, for example its route table.</summary>
    protected IServiceProvider HostServices => host!.Services;

    protected ApiClient Anonymous { get; private set; } = null!;

    protected override async Task Ready()
    {
        host = await Start();
        Address = new Uri(host.Urls.Single());
        Anonymous = new ApiClient(Address, unexpected);
    }

    /// <summary>A host over the fixture's database and clock; one beside the fixture's own is the test's to stop.</summary>
    protected async Task<WebApplication> Start()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:ServiceDesk"] = ConnectionString, ["urls"] = "http://127.0.0.1:0" });
        foreach (var limit in (string[])["Address", "Account", "Token", "SignIn", "Reports"])
        {
            builder.Configuration["Desk:Limits:" + limit] = "1000000"; // the clock stands still, and one test makes many calls
        }

        (builder.Configuration["Desk:Inbound:Sms:Secret"], builder.Configuration["Desk:Inbound:Email:Secret"]) = (SignedByTests.Secret, SignedByTests.OfMail);
        builder.Logging.ClearProviders().AddProvider(new Unexpected.Provider(unexpected));
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton<IPasswordHasher<object>>(new QuickHasher());
        Configure(builder);
        var app = DeskHost.Build(builder);
        await app.StartAsync();
        return app;
    }

    /// <summary>For what a fixture configures beside this, before the host is built.</summary>
    protected virtual void Configure(WebApplicationBuilder builder)
    {
    }

    protected override async Task Closing()
    {
        foreach (var client in signedIn.Values.Append(Anonymous))
        {
            client?.Dispose();
        }

        if (host is not null)
        {
            await host.StopAsync();
            await host.DisposeAsync();
        }
    }

    /// <summary>This person, signed in with name and password; the cookie is kept for the fixture's life.</summary>
    protected async Task<ApiClient> As(Actor person)
    {
        if (!signedIn.TryGetValue(person.Id, out var client))
        {
            client = signedIn[person.Id] = await SignIn(person);
        }

        return client;
    }

    /// <summary>The same with a session of its own, which the test disposes of or ends.</summary>
    protected Task<ApiClient> SignIn(Actor person) => SignIn(person, Address);

    /// <summary>The same at another host.</summary>
    protected async Task<ApiClient> SignIn(Actor person, Uri at)
    {
        var name = await Scalar<string>("select sign_in_name from staff where staff_id = @Id", new { person.Id });
        var client = new ApiClient(at, unexpected);
        await client.PostJson("/api/session", new { signInName = name, password = Town.Password }, HttpStatusCode.OK);
        return client;
    }
}

/// <summary>
/// Hashing is slow on purpose, a third of a second for each sign-in of each test: here it is not. What asserts on it (SignInTests) has
/// the desk's own.
/// </summary>
internal sealed class QuickHasher : IPasswordHasher<object>
{
    private readonly PasswordHasher<object> inner = new(Options.Create(new PasswordHasherOptions { IterationCount = 1 }));

    public string HashPassword(object user, string password) => inner.HashPassword(user, password);

    public PasswordVerificationResult VerifyHashedPassword(object user, string hashedPassword, string providedPassword) =>
        hashedPassword != DeskFixture.PasswordHash ? inner.VerifyHashedPassword(user, hashedPassword, providedPassword)
        : providedPassword == Town.Password ? PasswordVerificationResult.Success : PasswordVerificationResult.Failed;
}

/// <summary>What another machine signs its calls with.</summary>
internal static class SignedByTests
{
    public const string Secret = "whsec_dGhlIHRlc3RzIHNpZ24gd2l0aCB0aGlz";

    /// <summary>Whoever hands in the mail has a secret of their own.</summary>
    public const string OfMail = "whsec_YW5kIHRoZSBtYWlsIGlzIHNpZ25lZCB3aXRo";

    public static void Sign(HttpRequestMessage message, byte[] body, string? secret = null, TimeSpan ago = default)
    {
        secret ??= message.RequestUri!.OriginalString.EndsWith("/email", StringComparison.Ordinal) ? OfMail : Secret;
        var (id, at) = (Guid.NewGuid().ToString("N"), TimeProvider.System.GetUtcNow() - ago);
        message.Headers.Add(WebhookSignature.IdHeader, id);
        message.Headers.Add(WebhookSignature.TimestampHeader, at.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
        message.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(WebhookSignature.Key(secret), id, at, body));
    }
}

/// <summary>Keeps what the host did not expect, to be shown by the test that met it.</summary>
public sealed class Unexpected : ILogger
{
    public Exception? Last { get; private set; }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Last = exception;
        }
    }

    internal sealed class Provider(Unexpected all) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => all;

        public void Dispose()
        {
        }
    }
}

/// <summary>One caller of the API: keeps its cookies, sends and reads JSON, and fails the test with the reply's words where the status is another.</summary>
public sealed class ApiClient(Uri address, Unexpected unexpected) : IDisposable
{
    private HttpClient? http;

    /// <summary>What the host gave it to keep.</summary>
    public CookieContainer Cookies { get; } = new();

    /// <summary>For what the methods below do not send.</summary>
    public HttpClient Http => http ??= new(new AsDocumented(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies })) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };

    public void Dispose() => http?.Dispose();

    public Task<ApiReply> GetJson(string path, HttpStatusCode expected = HttpStatusCode.OK) => Send(HttpMethod.Get, path, null, expected);

    public async Task<T> Get<T>(string path) => (await GetJson(path)).As<T>();

    /// <param name="key">The Idempotency-Key.</param>
    /// <param name="version">Sent as If-Match.</param>
    public Task<ApiReply> PostJson(string path, object? body, HttpStatusCode expected, string? key = null, int? version = null) => Send(HttpMethod.Post, path, body, expected, key, version);

    /// <param name="body">A string goes out as it is, anything else as JSON; null sends no body.</param>
    public async Task<ApiReply> Send(HttpMethod method, string path, object? body, HttpStatusCode expected, string? key = null, int? version = null)
    {
        using var message = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            message.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body, Json.Options), Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            message.Headers.Add("Idempotency-Key", key);
        }

        if (version is not null)
        {
            message.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{version}\""));
        }

        using var response = await Http.SendAsync(message);
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(expected), () => $"{method} {path} answered {text}" + (response.StatusCode == HttpStatusCode.InternalServerError ? $"\n{unexpected.Last}" : ""));
        return new ApiReply(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.ETag?.Tag,
            response.Headers.Location?.OriginalString,
            text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text));
    }
}

/// <param name="Body">Undefined where the reply has none.</param>
public sealed record ApiReply(HttpStatusCode Status, string? MediaType, string? ETag, string? Location, JsonElement Body)
{
    /// <summary>The stable code of a problem.</summary>
    public string Code
    {
        get
        {
            Assert.That(MediaType, Is.EqualTo("application/problem+json"));
            return Body.GetProperty("code").GetString()!;
        }
    }

    public T As<T>() => Body.Deserialize<T>(Json.Options)!;

    public Guid Id(string property) => Body.GetProperty(property).GetGuid();

    public string Text(string property) => Body.GetProperty(property).GetString()!;

    /// <summary>The moves that the reply allows.</summary>
    public string[] AllowedMoves => [.. Body.GetProperty("allowedMoves").EnumerateArray().Select(m => m.GetString()!)];
}
