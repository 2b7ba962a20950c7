using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>
/// What the host writes to its program log, and begins as scopes, at the most talkative level that an operator can set, for everything and
/// by name: no secret, number, name or text that passed through.
/// </summary>
public sealed class LogsTests : OwnersFixture
{
    private const string Phone = "13755557777";
    private const string Person = "欧阳静安";
    private const string Words = "卧室的天花板在滴水";
    private const string Wrong = "falsch wie immer 77";

    private readonly Lines lines = new();

    protected override void Configure(WebApplicationBuilder builder)
    {
        foreach (var said in new[] { "LogLevel:Default", "LogLevel:Microsoft.AspNetCore", "LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Lines:LogLevel:Default", "Lines:LogLevel:*Middleware" })
        {
            builder.Configuration["Logging:" + said] = "Trace";
        }

        builder.Configuration["Logging:LogLevel:Microsoft.AspNetCore.Routing"] = "Debug";
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(lines);
    }

    [Test]
    public async Task No_secret_number_name_or_text_that_passes_through_is_in_it()
    {
        using var clerk = await SignIn(Here.Clerk);
        await clerk.PostJson("/api/session", new { signInName = "clerk@here", password = Wrong }, HttpStatusCode.Unauthorized);
        await clerk.PostJson("/api/password", new { current = Wrong, @new = Wrong + " neu" }, HttpStatusCode.UnprocessableEntity);
        var customer = await clerk.PostJson(
            "/api/customers",
            new { Here.CommunityId, name = Person, contactPoints = new[] { new { kind = "phone", value = Phone } }, occupancies = new[] { new { placeId = Here.Places["3-2-1601"], role = "owner" } } },
            HttpStatusCode.Created);
        var request = await clerk.PostJson(
            "/api/requests",
            new { Here.CommunityId, kind = "repair", channel = "phone", categoryId = Here.Category(Domain.Rules.RequestKind.Repair, "water"), description = Words, customerId = customer.Id("customerId"), reporter = new { name = Person, phone = Phone } },
            HttpStatusCode.Created);
        await clerk.GetJson("/api/search?q=" + Phone);
        await clerk.GetJson("/api/search?q=" + Uri.EscapeDataString(Person));
        await clerk.GetJson($"/api/requests/{request.Id("requestId")}?q={Phone}", HttpStatusCode.BadRequest);
        await clerk.GetJson("/api/nothing?q=" + Phone, HttpStatusCode.NotFound);
        await clerk.PostJson("/api/requests", $"{{\"description\":\"{Words}\",\"phone\":{Phone}", HttpStatusCode.BadRequest);
        await clerk.PostJson("/api/requests", new { Here.CommunityId, kind = Phone, description = Words }, HttpStatusCode.BadRequest);
        var officer = await As(Here.People["administrator"]);
        var made = await officer.PostJson("/api/tokens", new { name = "x", roles = new[] { new { Here.CommunityId, role = "clerk" } }, expiresAt = Clock.GetUtcNow().AddDays(1) }, HttpStatusCode.Created);
        var account = await officer.PostJson("/api/accounts", new { Here.CommunityId, signInName = "new@logs", displayName = Person, roles = new[] { "clerk" }, phone = Phone }, HttpStatusCode.Created);

        await Execute("alter table search_token rename to search_token_gone");
        try
        {
            await clerk.GetJson("/api/search?q=" + Phone, HttpStatusCode.InternalServerError);
        }
        finally
        {
            await Execute("alter table search_token_gone rename to search_token");
        }

        // An owner's link is a secret: whoever has it reads, answers and agrees.
        var (done, _) = await GivenDone();
        var link = (await LinkOf(done))["/o/".Length..];
        var page = await Open(done);
        await Post(page, "/answer", ("round", page.Hidden("round")), ("solved", "partly"), ("satisfaction", "3"), ("five", Words));
        await Post(page, "/answer", ("round", "none"));
        await Get(page.Address + "/files/" + Guid.NewGuid());
        await Get(page.Address + "/no/such/page");
        await Get(page.Address + "?lang=" + Phone);
        await Execute("alter table owner_link rename to owner_link_gone");
        try
        {
            using var failed = await Http.GetAsync(page.Address);
            Assert.That(failed.StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError));
        }
        finally
        {
            await Execute("alter table owner_link_gone rename to owner_link");
        }

        var log = string.Join('\n', lines.All);
        Assert.That(log, Does.Contain("refused").And.Contain("42P01"), "it says something");
        foreach (var trace in new[] { Phone, Uri.EscapeDataString(Person), Person, Words, Wrong, Town.Password, made.Text("secret"), account.Text("password"), Cookie(clerk), link })
        {
            Assert.That(log, Does.Not.Contain(trace));
        }
    }

    [Test]
    public async Task Who_came_in_and_who_did_not_is_in_it_by_id_and_address()
    {
        using var clerk = await SignIn(Here.Clerk);
        await clerk.PostJson("/api/session", new { signInName = "clerk@here", password = Wrong }, HttpStatusCode.Unauthorized);
        using var foreign = new HttpRequestMessage(HttpMethod.Delete, "/api/session") { Headers = { { "Sec-Fetch-Site", "cross-site" } } };
        (await clerk.Http.SendAsync(foreign)).Dispose();

        Assert.That(lines.All, Has.Some.EqualTo($"Password of {Here.Clerk.Id} given from 127.0.0.1"));
        Assert.That(lines.All, Has.Some.EqualTo($"Password refused from 127.0.0.1, account {Here.Clerk.Id}"));
        Assert.That(lines.All, Has.Some.Contains("refused to a page of another site, from 127.0.0.1"));
    }

    /// <summary>The token of a session of this client: what it would send.</summary>
    private static string Cookie(ApiClient client) => client.Cookies.GetCookies(client.Http.BaseAddress!)["desk_session"]!.Value;

    [ProviderAlias("Lines")]
    private sealed class Lines : ILoggerProvider, ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            All.Enqueue(state.ToString() ?? "");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception) + (exception is null ? "" : "\n" + exception));

        public void Dispose()
        {
        }
    }
}
