using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Voices;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>"You said, we did", as residents read it: without an account, in both languages, in plain HTML.</summary>
public sealed class VoicesPageTests : OwnersFixture
{
    private async Task<string> Code() => (await Scalar<string>("select report_code from community where community_id = @CommunityId", new { Here.CommunityId }))!;

    private async Task GivenPublished(string asked, string done, string? askedEn = null, string? doneEn = null)
    {
        var request = (await GivenRequest(text: "楼道灯坏了")).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        var voice = await Send(Here.Clerk, new ProposeVoice(request, asked, done, askedEn, doneEn));
        await Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1));
    }

    [Test]
    public async Task Everybody_with_the_code_reads_it_in_both_languages_the_newest_first()
    {
        await GivenPublished("希望楼道灯亮一些", "换了 120 盏灯", "Brighter stairs", "120 new lamps");
        Clock.Advance(TimeSpan.FromDays(40));
        await GivenPublished("希望有<b>充电桩</b>", "装了 8 个充电桩");
        var address = "/v/" + await Code();

        var chinese = await Get(address + "?lang=zh-CN");
        var english = await Get(address + "?lang=en");

        Assert.That((chinese.Status, english.Status), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
        Assert.That(chinese.Html, Does.Contain("lang=\"zh-CN\"").And.Contain("您说").And.Contain("我们做").And.Contain("换了 120 盏灯").And.Contain("2026年3月").And.Contain("2026年4月").And.Contain("&lt;b&gt;").And.Not.Contain("<b>"));
        Assert.That(english.Html, Does.Contain("<html lang=\"en\"").And.Contain("You said").And.Contain("120 new lamps").And.Contain("April 2026").And.Contain("装了 8 个充电桩"), "what has no translation is shown as it is");
        Assert.That(chinese.Html.IndexOf("充电桩", StringComparison.Ordinal), Is.LessThan(chinese.Html.IndexOf("楼道灯", StringComparison.Ordinal)));
        Assert.That(Regex.Replace(chinese.Html, "[0-9a-f]{12,}", ""), Does.Not.Contain("王小明").And.Not.Contain("1502").And.Not.Match("\\d{7,}"), "neither who nor where nor a number");
    }

    [Test]
    public async Task The_code_on_a_lift_opens_it_too_and_the_form_to_report_leads_to_it_once_there_is_something()
    {
        Assert.That((await Get("/r/qr-" + Here.Lift)).Html, Does.Not.Contain("/v/"));
        var empty = await Get("/v/qr-" + Here.Lift);
        Assert.That((empty.Status, empty.Html.Contains("还没有内容", StringComparison.Ordinal)), Is.EqualTo((HttpStatusCode.OK, true)));

        await GivenPublished("希望楼道灯亮一些", "换了 120 盏灯");

        Assert.That((await Get("/r/qr-" + Here.Lift)).Html, Does.Contain("href=\"/v/qr-" + Here.Lift));
        Assert.That((await Get("/v/qr-" + Here.Lift)).Html, Does.Contain("换了 120 盏灯").And.Contain("href=\"/r/qr-" + Here.Lift));
        Assert.That((await Get("/v/qr-" + There.Lift)).Html, Does.Not.Contain("换了 120 盏灯"), "another community's page is its own");
        using var looked = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/v/qr-" + Here.Lift));
        Assert.That((looked.StatusCode, (await looked.Content.ReadAsByteArrayAsync()).Length), Is.EqualTo((HttpStatusCode.OK, 0)));
    }

    [Test]
    public async Task A_made_up_code_answers_as_a_link_that_has_ended()
    {
        var madeUp = await Get("/v/no-such-code-0");
        var ended = await Get("/o/" + new string('a', 32));

        Assert.That((madeUp.Status, madeUp.Html), Is.EqualTo((HttpStatusCode.NotFound, ended.Html)));
        Assert.That((await Get("/v/x")).Status, Is.EqualTo(HttpStatusCode.NotFound));
    }
}

/// <summary>What goes wrong on the owners' pages is said on a page, kindly, in their language, with a number to ask by and nothing of what it was.</summary>
public sealed partial class OwnersTroubleTests : OwnersFixture
{
    [TestCase("GET", "/o/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "owner_link_holder(bytea, timestamptz, interval)")]
    [TestCase("POST", "/o/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/word", "owner_link_holder(bytea, timestamptz, interval)")]
    [TestCase("GET", "/o/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/files/0190a6f4-0000-7000-8000-000000000000", "owner_link_holder(bytea, timestamptz, interval)")]
    [TestCase("GET", "/r/a-code-of-ours", "report_target(text)")]
    [TestCase("POST", "/r/a-code-of-ours", "report_target(text)")]
    [TestCase("GET", "/v/a-code-of-ours", "report_target(text)")]
    public async Task A_database_that_fails_is_our_fault_said_kindly(string method, string address, string function)
    {
        await Execute($"revoke execute on function {function} from desk_app");
        try
        {
            foreach (var (language, words) in new[] { ("zh-CN", "抱歉，暂时打不开"), ("en", "Sorry, this is not available just now") })
            {
                using var reply = await Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"{address}?lang={language}"));
                var html = await reply.Content.ReadAsStringAsync();

                Assert.That((reply.StatusCode, reply.Content.Headers.ContentType!.MediaType), Is.EqualTo((HttpStatusCode.InternalServerError, "text/html")));
                Assert.That(html, Does.Contain($"<html lang=\"{language}\"").And.Contain(words));
                Assert.That(Trace().IsMatch(html), Is.True, html);
                Assert.That(html, Does.Not.Contain("42501").And.Not.Contain("permission").And.Not.Contain("owner_link").And.Not.Contain("report_target").And.Not.Contain("Npgsql").And.Not.Contain("   at "));
                Assert.That(reply.Headers.CacheControl!.NoStore, Is.True);
                Assert.That(string.Join(' ', reply.Headers.GetValues("Content-Security-Policy")), Does.Contain("default-src 'none'"));
            }
        }
        finally
        {
            await Execute($"grant execute on function {function} to desk_app");
        }
    }

    [Test]
    public async Task What_fails_behind_a_link_that_opens_is_a_page_too_and_what_was_typed_is_not_half_done()
    {
        var request = (await GivenRequest()).RequestId;
        var address = await LinkOf(request);
        (await Opened(address)).Dispose();
        await Execute("revoke select on event from desk_app");
        try
        {
            foreach (var call in new Func<Task<HttpResponseMessage>>[]
            {
                () => Http.GetAsync(address),
                () => Http.PostAsync(address + "/word", new FormUrlEncodedContent([KeyValuePair.Create("text", "还在漏")])),
            })
            {
                using var reply = await call();
                Assert.That((reply.StatusCode, reply.Content.Headers.ContentType!.MediaType), Is.EqualTo((HttpStatusCode.InternalServerError, "text/html")));
            }
        }
        finally
        {
            await Execute("grant select on event to desk_app");
        }

        using var after = await Opened(address);
        Assert.That(await after.Content.ReadAsStringAsync(), Does.Not.Contain("还在漏"));
        Assert.That(await Scalar<DateTime?>("select owner_word_at from request where request_id = @request", new { request }), Is.Null);
    }

    /// <summary>As soon as the host has put away the connections on which it met the fault.</summary>
    private async Task<HttpResponseMessage> Opened(string address)
    {
        for (var tries = 1; ; tries++)
        {
            var reply = await Http.GetAsync(address);
            if (reply.StatusCode == HttpStatusCode.OK || tries == 5)
            {
                Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.OK), LastUnexpected);
                return reply;
            }

            reply.Dispose();
        }
    }

    [Test]
    public async Task What_is_refused_before_the_pages_is_a_page_as_well()
    {
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/r/qr-" + Here.Lift) { Content = new FormUrlEncodedContent([]) };
        foreign.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var refused = await Http.SendAsync(foreign);
        using var method = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/r/qr-" + Here.Lift));
        using var posted = await Http.PostAsync("/v/qr-" + Here.Lift, new FormUrlEncodedContent([]));

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        foreach (var reply in new[] { refused, method, posted })
        {
            Assert.That(((int)reply.StatusCode, reply.Content.Headers.ContentType?.MediaType), Is.EqualTo(((int)reply.StatusCode, "text/html")));
            Assert.That((int)reply.StatusCode, Is.InRange(400, 499));
        }

        using var api = await Http.GetAsync("/api/requests");
        Assert.That(api.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/problem+json"), "for programs it stays a record");
    }

    [GeneratedRegex("<span class=\"number words\">[0-9A-Za-z:]{10,40}</span>")]
    private static partial Regex Trace();
}

/// <summary>How often one address may report, counted by all processes together.</summary>
public sealed class OwnersPaceTogetherTests : OwnersFixture
{
    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration["Desk:Limits:Reports"] = "3";

    [Test]
    public async Task Two_processes_let_an_address_in_as_often_as_one_does()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        (builder.Configuration["ConnectionStrings:ServiceDesk"], builder.Configuration["urls"], builder.Configuration["Desk:Limits:Reports"]) = (ConnectionString, "http://127.0.0.1:0", "3");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(Clock);
        await using var second = DeskHost.Build(builder);
        await second.StartAsync();
        using var there = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(second.Urls.Single()) };
        async Task<HttpStatusCode> Report(HttpClient client, int i)
        {
            using var reply = await client.PostAsync("/r/qr-" + Here.Lift, new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["key"] = i.ToString("x32", System.Globalization.CultureInfo.InvariantCulture), ["category"] = Here.Category(RequestKind.Repair, "water").ToString(), ["text"] = "漏水", ["phone"] = "13722228888",
            }));
            return reply.StatusCode;
        }

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Report(i % 2 == 0 ? Http : there, i)));

        Assert.That(all.Count(s => s == HttpStatusCode.SeeOther), Is.EqualTo(3), string.Join(' ', all));
        Assert.That(all.Count(s => s == HttpStatusCode.TooManyRequests), Is.EqualTo(5));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(3));
        Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.That((await Report(there, 20), await Report(Http, 21)), Is.EqualTo((HttpStatusCode.SeeOther, HttpStatusCode.TooManyRequests)));
        Assert.That(await Rows<string>("select p::text from report_pace p"), Has.Count.EqualTo(1).And.None.Contains("127.0.0.1"));
        Clock.Advance(TimeSpan.FromHours(2));
        await Execute("insert into report_pace (key_hash, paid_off_at) values (sha256('x'), @Now)", new { Now = Clock.GetUtcNow().AddMinutes(-1) });
        await Report(Http, 22);
        Assert.That(await Scalar<long>("select count(*) from report_pace"), Is.EqualTo(1), "what is paid off is forgotten");
    }
}
