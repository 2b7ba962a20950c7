using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What stands before every call: limits, where it comes from, what replies say to browsers.</summary>
public sealed class DoorTests : ApiFixture
{
    private int tests;

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Configuration["Desk:Limits:Address"] = "60";
        builder.Configuration["Desk:Limits:Account"] = "6";
        builder.Configuration["Desk:Limits:SignIn"] = "10";
        builder.Configuration["Desk:Limits:Token"] = "4";
    }

    [SetUp]
    public void Two_minutes_later() => Clock.Set(FakeClock.Start.AddMinutes(2 * ++tests));

    [Test]
    public async Task An_account_that_calls_too_often_is_told_how_long_to_wait_and_others_are_not_held_up()
    {
        using var clerk = await SignIn(Here.Clerk);
        using var officer = await SignIn(Here.Officer);
        for (var i = 0; i < 6; i++)
        {
            await clerk.GetJson("/api/session");
        }

        using var refused = await clerk.Http.GetAsync("/api/session");

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(refused.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("\"calls.too_many\""));
        await officer.GetJson("/api/session");
        Clock.Advance(TimeSpan.FromSeconds(10));
        await clerk.GetJson("/api/session");
        await clerk.GetJson("/api/session", HttpStatusCode.TooManyRequests);
    }

    [Test]
    public async Task A_token_that_calls_too_often_is_told_how_long_to_wait_and_others_are_not_held_up()
    {
        using var one = await WithToken();
        using var other = await WithToken();
        for (var i = 0; i < 4; i++)
        {
            await one.GetJson("/api/communities");
        }

        using var refused = await one.Http.GetAsync("/api/communities");

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(refused.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(15)));
        await other.GetJson("/api/communities");
        Clock.Advance(TimeSpan.FromSeconds(15));
        await one.GetJson("/api/communities");
    }

    [Test]
    public async Task An_address_that_calls_too_often_waits_whoever_calls_and_another_address_does_not()
    {
        for (var i = 0; i < 60; i++)
        {
            Assert.That(await From("203.0.113.1"), Is.EqualTo(HttpStatusCode.Unauthorized));
        }

        Assert.That(await From("203.0.113.1"), Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await From("203.0.113.2"), Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task A_network_of_the_sixth_version_counts_as_one_address()
    {
        for (var i = 0; i < 60; i++)
        {
            await From($"2001:db8:0:1::{i:x}");
        }

        Assert.That(await From("2001:db8:0:1:ffff::1"), Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await From("2001:db8:0:2::1"), Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [TestCase("Sec-Fetch-Site", "cross-site")]
    [TestCase("Sec-Fetch-Site", "same-site")]
    [TestCase("Origin", "https://elsewhere.example")]
    [TestCase("Origin", "null")]
    public async Task A_call_that_changes_something_from_a_page_of_another_site_is_refused(string header, string value)
    {
        using var reply = await SignOut(header, value);

        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await reply.Content.ReadAsStringAsync(), Does.Contain("\"origin.foreign\""));
    }

    [Test]
    public async Task A_call_from_a_page_of_this_desk_or_from_no_browser_is_let_through()
    {
        foreach (var (header, value) in new[] { ("Sec-Fetch-Site", "same-origin"), ("Origin", Address.GetLeftPart(UriPartial.Authority)), ("X-Nothing", "x") })
        {
            using var reply = await SignOut(header, value);
            Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), header);
        }
    }

    [TestCase("/api/session", 401)]
    [TestCase("/api/nothing", 401)]
    [TestCase("/health/live", 200)]
    [TestCase("/openapi/v1.json", 200)]
    public async Task Every_reply_tells_browsers_to_guess_embed_and_run_nothing(string path, int status)
    {
        using var reply = await Anonymous.Http.GetAsync(path);

        Assert.That((int)reply.StatusCode, Is.EqualTo(status));
        Assert.That(reply.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
        Assert.That(reply.Headers.GetValues("Content-Security-Policy").Single(), Does.StartWith("default-src 'none'").And.Contains("frame-ancestors 'none'"));
        Assert.That(reply.Headers.GetValues("Cross-Origin-Resource-Policy"), Is.EqualTo(new[] { "same-origin" }));
        Assert.That(reply.Headers.GetValues("Referrer-Policy"), Is.EqualTo(new[] { "same-origin" }));
        Assert.That(reply.Headers.Contains("Server"), Is.False);
        if (path.StartsWith("/api/", StringComparison.Ordinal))
        {
            Assert.That(reply.Headers.CacheControl!.NoStore, Is.True);
        }
    }

    [Test]
    public async Task A_refusal_that_was_thrown_says_it_too()
    {
        using var clerk = await SignIn(Here.Clerk);
        using var reply = await clerk.Http.GetAsync("/api/requests?take=0");

        Assert.That((int)reply.StatusCode, Is.EqualTo(422));
        Assert.That(reply.Headers.GetValues("Content-Security-Policy").Single(), Does.StartWith("default-src 'none'"));
        Assert.That(reply.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
    }

    [Test]
    public async Task Headers_and_addresses_beyond_all_reason_are_refused()
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        message.Headers.Add("X-Long", new string('x', 20_000));
        using var headers = await Anonymous.Http.SendAsync(message);
        using var address = await Anonymous.Http.GetAsync("/health/live?" + new string('x', 5_000));

        Assert.That(headers.StatusCode, Is.EqualTo(HttpStatusCode.RequestHeaderFieldsTooLarge));
        Assert.That(address.StatusCode, Is.EqualTo(HttpStatusCode.RequestUriTooLong));
    }

    /// <summary>Slow senders, and callers who only hold on: Kestrel's own limits, which its own tests try; here it is held that ours are set.</summary>
    [Test]
    public void Callers_have_a_time_within_which_they_must_send()
    {
        var limits = HostServices.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.That((limits.RequestHeadersTimeout, limits.KeepAliveTimeout), Is.EqualTo((TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(2))));
        Assert.That((limits.MinRequestBodyDataRate!.BytesPerSecond, limits.MinResponseDataRate!.BytesPerSecond), Is.EqualTo((240, 240)));
        Assert.That((limits.MaxRequestBodySize, limits.MaxRequestHeadersTotalSize, limits.MaxRequestHeaderCount), Is.EqualTo((256L * 1024, 16 * 1024, 60)));
    }

    [Test]
    public async Task What_a_caller_sent_is_not_sent_back_to_them_by_TRACE()
    {
        using var clerk = await SignIn(Here.Clerk);
        using var reply = await clerk.Http.SendAsync(new HttpRequestMessage(HttpMethod.Trace, "/api/session"));

        Assert.That((int)reply.StatusCode, Is.EqualTo(405));
    }

    [Test]
    public async Task No_page_of_another_site_is_let_read_a_reply()
    {
        using var get = new HttpRequestMessage(HttpMethod.Get, "/api/session");
        using var before = new HttpRequestMessage(HttpMethod.Options, "/api/requests");
        before.Headers.Add("Access-Control-Request-Method", "POST");
        before.Headers.Add("Access-Control-Request-Headers", "content-type");
        foreach (var message in new[] { get, before })
        {
            message.Headers.Add("Origin", "https://elsewhere.example");
            using var reply = await Anonymous.Http.SendAsync(message);

            Assert.That((int)reply.StatusCode, Is.AnyOf(401, 404, 405));
            Assert.That(reply.Headers.Select(h => h.Key), Has.None.StartsWith("Access-Control-"));
        }
    }

    /// <summary>What two machines in a row could read as ending at different places is refused.</summary>
    [TestCase("Content-Length: 2\r\nContent-Length: 4\r\n")]
    [TestCase("Content-Length: 2, 4\r\n")]
    [TestCase("Content-Length: +2\r\n")]
    [TestCase("Transfer-Encoding: identity, x\r\n")]
    [TestCase("Content-Length : 2\r\n")]
    [TestCase("Content-Length: 2\r\n X: folded\r\n")]
    public async Task A_message_whose_end_can_be_misread_is_refused(string headers)
    {
        using var line = new TcpClient();
        await line.ConnectAsync(Address.Host, Address.Port);
        await line.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /api/session HTTP/1.1\r\nHost: {Address.Authority}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}\r\n{{}}"));
        using var reader = new StreamReader(line.GetStream(), Encoding.ASCII);

        Assert.That(await reader.ReadLineAsync(), Does.StartWith("HTTP/1.1 400 ").Or.StartWith("HTTP/1.1 501 "));
    }

    [Test]
    public async Task Signing_out_has_the_browser_forget_what_it_was_shown()
    {
        using var clerk = await SignIn(Here.Clerk);
        using var reply = await clerk.Http.DeleteAsync("/api/session");

        Assert.That(reply.Headers.GetValues("Clear-Site-Data"), Is.EqualTo(new[] { "\"cache\"" }));
    }

    private async Task<ApiClient> WithToken()
    {
        var secret = "desk_" + System.Security.Cryptography.RandomNumberGenerator.GetHexString(64, lowercase: true);
        await Send(Here.People["administrator"], new MakeToken("x", [new RoleIn(Here.CommunityId, Roles.Clerk)], Clock.GetUtcNow().AddDays(1)) { Secret = Sessions.NewToken(secret) });
        var client = new ApiClient(Address, new Unexpected());
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return client;
    }

    [Test]
    public async Task Of_sign_ins_from_one_address_only_those_that_fail_count_and_whoever_is_known_there_gets_in_all_the_same()
    {
        for (var i = 0; i < 15; i++)
        {
            Assert.That(await SignInFrom("203.0.113.77", "clerk@here", Town.Password), Is.EqualTo(HttpStatusCode.OK), $"the {i}th");
        }

        for (var i = 0; i < 10; i++)
        {
            Assert.That(await SignInFrom("203.0.113.77", $"name{i}", "wrong"), Is.EqualTo(HttpStatusCode.Unauthorized), $"the {i}th");
        }

        Assert.That(await SignInFrom("203.0.113.77", "name", "wrong"), Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await SignInFrom("203.0.113.77", "officer@here", Town.Password), Is.EqualTo(HttpStatusCode.TooManyRequests), "nobody knows them there");
        Assert.That(await SignInFrom("203.0.113.77", "clerk@here", Town.Password), Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>So that no statement of a caller's holds a connection for ever.</summary>
    [Test]
    public async Task A_statement_is_cancelled_after_half_a_minute()
    {
        static int Timeout(string connection) => new NpgsqlConnectionStringBuilder(DomainServices.Source(connection).ConnectionString).CommandTimeout;
        Assert.That((Timeout("Host=127.0.0.1;Database=x"), Timeout("Host=127.0.0.1;Database=x;Command Timeout=90")), Is.EqualTo((30, 90)), "where the operator says nothing else");

        await using var impatient = DomainServices.Source(new NpgsqlConnectionStringBuilder(ConnectionString) { CommandTimeout = 1, CancellationTimeout = 60_000 }.ConnectionString);
        await using var slow = impatient.CreateCommand("select pg_sleep(600), 'a statement that is too slow'");
        Assert.ThrowsAsync<NpgsqlException>(() => slow.ExecuteNonQueryAsync());
        Assert.That(await Scalar<long>("select count(*) from pg_stat_activity where query like '%a statement that is too slow%' and state = 'active' and pid <> pg_backend_pid()"), Is.Zero, "the server does not go on either");
    }

    private async Task<HttpStatusCode> SignInFrom(string address, string signInName, string password)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/session") { Content = JsonContent.Create(new { signInName, password }) };
        message.Headers.Add("X-Forwarded-For", address);
        using var bare = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = Address };
        using var reply = await bare.SendAsync(message);
        return reply.StatusCode;
    }

    private async Task<HttpStatusCode> From(string address)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/api/session");
        message.Headers.Add("X-Forwarded-For", address);
        using var reply = await Anonymous.Http.SendAsync(message);
        return reply.StatusCode;
    }

    private async Task<HttpResponseMessage> SignOut(string header, string value)
    {
        using var message = new HttpRequestMessage(HttpMethod.Delete, "/api/session");
        message.Content = new StringContent("", Encoding.UTF8);
        message.Headers.Add(header, value);
        message.Headers.Add("X-Forwarded-For", "198.51.100." + Math.Abs(value.GetHashCode(StringComparison.Ordinal) % 200));
        return await Anonymous.Http.SendAsync(message);
    }
}
