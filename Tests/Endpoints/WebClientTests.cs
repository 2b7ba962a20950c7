using System.Net;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

public sealed class WebClientTests : ApiFixture
{
    private readonly string folder = Directory.CreateTempSubdirectory("desk-web-").FullName;

    protected override void Configure(WebApplicationBuilder builder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        File.WriteAllText(Path.Combine(folder, "index.html"), "<!doctype html><html><head><title>desk</title></head></html>");
        File.WriteAllText(Path.Combine(folder, "assets", "index-0123abcd.js"), "export {}");
        File.WriteAllText(Path.Combine(folder, "sw.js"), "self.skipWaiting()");
        File.WriteAllText(Path.Combine(folder, "manifest.webmanifest"), "{}");
        builder.Configuration["Desk:Web"] = folder;
    }

    protected override async Task Closing()
    {
        await base.Closing();
        Directory.Delete(folder, recursive: true);
    }

    [TestCase("/")]
    [TestCase("/requests/0196f0c1-0000-7000-8000-000000000000")]
    [TestCase("/crew")]
    public async Task A_pages_own_address_answers_with_the_client_asked_for_again_each_time(string path)
    {
        using var reply = await Browse(path);

        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await reply.Content.ReadAsStringAsync(), Does.Contain("<title>desk</title>"));
        Assert.That(reply.Headers.CacheControl!.ToString(), Is.EqualTo("no-cache"));
        Assert.That(reply.Headers.GetValues("Content-Security-Policy").Single(), Does.StartWith("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-").And.Contains("; style-src-attr 'unsafe-inline'; img-src"));
    }

    [Test]
    public async Task The_page_carries_the_nonce_of_its_policy_and_each_reply_another_one()
    {
        var nonces = new List<string>();
        foreach (var path in (string[])["/", "/index.html"])
        {
            using var reply = await Browse(path);
            var nonce = System.Text.RegularExpressions.Regex.Match(await reply.Content.ReadAsStringAsync(), "<meta name=\"style-nonce\" content=\"([^\"]{20,})\"").Groups[1].Value;
            Assert.That(reply.Headers.GetValues("Content-Security-Policy").Single(), Does.Contain($"'nonce-{nonce}'"));
            nonces.Add(nonce);
        }

        Assert.That(nonces, Is.Unique);
    }

    [Test]
    public async Task A_file_with_a_hash_in_its_name_is_kept_for_ever()
    {
        using var reply = await Browse("/assets/index-0123abcd.js");

        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(reply.Headers.CacheControl!.ToString(), Does.Contain("immutable"));
    }

    [Test]
    public async Task The_worker_that_keeps_the_pages_may_fetch_from_here_and_is_asked_for_again_each_time()
    {
        using var reply = await Browse("/sw.js");

        Assert.That(reply.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/javascript"));
        Assert.That(reply.Headers.CacheControl!.ToString(), Is.EqualTo("no-cache"));
        Assert.That(reply.Headers.GetValues("Content-Security-Policy").Single(), Is.EqualTo("default-src 'none'; connect-src 'self'"));
    }

    [Test]
    public async Task What_makes_it_installable_is_a_manifest()
    {
        using var reply = await Browse("/manifest.webmanifest");

        Assert.That(reply.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/manifest+json"));
    }

    [TestCase("/api/nothing")]
    [TestCase("/assets/index-gone.js")]
    [TestCase("/favicon.ico")]
    public async Task What_is_no_page_is_never_answered_with_the_client(string path)
    {
        using var reply = await Browse(path);

        Assert.That((int)reply.StatusCode, Is.InRange(400, 499));
        Assert.That(reply.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/problem+json"));
    }

    [Test]
    public async Task A_program_with_a_wrong_address_is_told_so_and_gets_no_page()
    {
        using var clerk = await SignIn(Here.Clerk);

        Assert.That((await clerk.GetJson("/request", HttpStatusCode.NotFound)).Code, Is.EqualTo("route.not_found"));
    }

    private async Task<HttpResponseMessage> Browse(string path)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, path);
        message.Headers.Add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        return await Anonymous.Http.SendAsync(message);
    }
}

public sealed class NoWebClientTests : ApiFixture
{
    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration["Desk:Web"] = Path.Combine(Path.GetTempPath(), "no-such-folder");

    [Test]
    public async Task Without_the_files_REST_is_served_and_the_page_says_how_to_build_them()
    {
        var page = await Anonymous.GetJson("/", HttpStatusCode.NotFound);

        Assert.That(page.Code, Is.EqualTo("web.not_built"));
        Assert.That((await Anonymous.GetJson("/api/session", HttpStatusCode.Unauthorized)).Code, Is.EqualTo("session.needed"));
    }
}
