using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Each way in which a call cannot be read has a code of its own, and leaves nothing behind. (That none is let through anywhere, BadInputTests look at.)</summary>
public sealed class MalformedTests : ApiFixture
{
    private const string Type = "application/json";

    private static IEnumerable<TestCaseData> Calls()
    {
        static TestCaseData Call(HttpStatusCode status, string code, string method, string path, string? body = null, string type = Type, params (string, string)[] headers) =>
            new TestCaseData(status, code, method, path, body, type, headers).SetArgDisplayNames(code);

        yield return Call(HttpStatusCode.BadRequest, "body.duplicate_field", "POST", "/api/requests", """{"kind":"repair","kind":"repair"}""");
        yield return Call(HttpStatusCode.BadRequest, "body.wrong_type", "POST", "/api/requests", """{"communityId":7}""");
        yield return Call(HttpStatusCode.UnsupportedMediaType, "body.not_json_type", "POST", "/api/requests", "{}", "text/plain");
        yield return Call(HttpStatusCode.RequestEntityTooLarge, "body.too_large", "POST", "/api/requests", "{\"description\":\"" + new string('水', 100_000) + "\"}");
        yield return Call(HttpStatusCode.MethodNotAllowed, "route.method_not_allowed", "DELETE", "/api/requests");
        yield return Call(HttpStatusCode.BadRequest, "if_match.malformed", "POST", "/api/requests", "{}", Type, ("If-Match", "7"));
        yield return Call(HttpStatusCode.BadRequest, "device_time.malformed", "POST", "/api/requests", "{}", Type, ("Device-Time", "yesterday"));
        yield return Call(HttpStatusCode.BadRequest, "device_time.out_of_range", "POST", "/api/requests", "{}", Type, ("Device-Time", "0001-01-01T00:00:00Z"));
        yield return Call(HttpStatusCode.BadRequest, "device_time.out_of_range", "POST", "/api/requests", "{}", Type, ("Device-Time", "2200-01-01T00:00:00Z"));
        yield return Call(HttpStatusCode.BadRequest, "actor.malformed", "POST", "/api/requests", "{}", Type, ("Actor", "me"));
        yield return Call(HttpStatusCode.BadRequest, "header.malformed", "POST", "/api/requests", "{}", Type, ("Device", new string('d', 101)));
        yield return Call(HttpStatusCode.BadRequest, "header.malformed", "POST", "/api/requests", "{}", Type, ("Idempotency-Key", new string('k', 101)));
        yield return Call(HttpStatusCode.UnprocessableEntity, "period.out_of_range", "GET", "/api/faults/counts?from=2026-03-02T00:00:00Z&before=2026-03-01T00:00:00Z");
        yield return Call(HttpStatusCode.UnprocessableEntity, "period.out_of_range", "GET", "/api/faults/counts?from=2026-03-02T00:00:00Z&before=2027-03-04T00:00:00Z");
    }

    [TestCaseSource(nameof(Calls))]
    public async Task A_call_that_cannot_be_read_is_told_what_is_wrong_with_it(HttpStatusCode status, string code, string method, string path, string? body, string type, (string Name, string Value)[] headers)
    {
        using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = (await As(Here.Clerk)).Cookies, Expect100ContinueTimeout = TimeSpan.FromMinutes(1) }) { BaseAddress = Address };
        using var call = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, type) };
        call.Headers.ExpectContinue = code == "body.too_large"; // it is refused before it is sent: else the connection may be cut while it still is
        foreach (var (name, value) in headers)
        {
            call.Headers.TryAddWithoutValidation(name, value);
        }

        using var reply = await http.SendAsync(call);

        Assert.That(reply.StatusCode, Is.EqualTo(status));
        Assert.That(reply.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        var problem = JsonSerializer.Deserialize<JsonElement>(await reply.Content.ReadAsStringAsync());
        var codes = problem.TryGetProperty("errors", out var errors) ? errors.EnumerateArray().Select(e => e.GetProperty("code").GetString()) : [];
        Assert.That(codes.Append(problem.GetProperty("code").GetString()), Does.Contain(code));
        Assert.That(await Scalar<long>("select (select count(*) from request) + (select count(*) from idempotency_key)"), Is.Zero);
    }

    /// <summary>A body that is not JSON is read by the endpoint itself.</summary>
    [TestCase("", "application/json", "request.refused")]
    [TestCase("/{0}/attachments?purpose=before&visibility=owner&fileName=a.jpg", "application/octet-stream", "request.malformed")]
    public async Task A_body_that_comes_in_broken_pieces_is_refused(string path, string type, string code)
    {
        var request = path.Length == 0 ? Guid.Empty : (await GivenRequest()).RequestId;
        var before = await Scalar<long>("select count(*) from request");
        var cookies = (await As(Here.Clerk)).Cookies.GetCookieHeader(Address);
        using var wire = new TcpClient();
        await wire.ConnectAsync(Address.Host, Address.Port);
        await using var stream = wire.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/requests{string.Format(CultureInfo.InvariantCulture, path, request)} HTTP/1.1\r\nHost: {Address.Authority}\r\nCookie: {cookies}\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"));
        var reply = await new StreamReader(stream, Encoding.UTF8).ReadToEndAsync();

        Assert.That(reply, Does.StartWith("HTTP/1.1 400 ").And.Contain($"\"code\":\"{code}\""));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(before));
        Assert.That(await Scalar<long>("select (select count(*) from attachment) + (select count(*) from idempotency_key)"), Is.Zero);
    }
}
