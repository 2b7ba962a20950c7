using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Workers.Deliveries;

/// <summary>What became of one try.</summary>
/// <param name="Failure">A word or two, never an address, a text or a secret.</param>
/// <param name="NoAnswer">Nobody answered at all: the host may be down.</param>
public sealed record Sent(Attempt What, string? Failure = null, TimeSpan? Wait = null, bool NoAnswer = false)
{
    public static readonly Sent Taken = new(Attempt.Taken);
}

/// <summary>One way to one receiver. It is called from many places at once, never with the lock of a row.</summary>
public interface IMessageSender
{
    /// <summary>What hangs together: all that goes to one host waits in one line, and nothing else in it.</summary>
    string Host { get; }

    /// <summary>How many messages it takes at once.</summary>
    int AtOnce { get; }

    /// <exception cref="OperationCanceledException">It took longer than it may.</exception>
    Task<Sent> Send(OutgoingMessage message, CancellationToken ct);
}

/// <summary>One HTTP call and what its status says.</summary>
internal static class Calls
{
    private const int LongestReply = 64 * 1024;

    /// <summary>A 2xx is asked what it says; anything else is a failure that its status names.</summary>
    public static async Task<Sent> Call(HttpClient http, HttpRequestMessage request, Func<JsonElement?, Sent> read, CancellationToken ct)
    {
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode)
            {
                return OfStatus(response.StatusCode, response.Headers.RetryAfter);
            }

            return read(await Reply(response, ct));
        }
        catch (HttpRequestException e)
        {
            return new Sent(Attempt.Failed, e.InnerException is SocketException socket ? "socket " + socket.SocketErrorCode : "http " + e.HttpRequestError, NoAnswer: true);
        }
        catch (IOException)
        {
            return new Sent(Attempt.Failed, "connection lost", NoAnswer: true);
        }
    }

    public static Sent OfStatus(HttpStatusCode status, RetryConditionHeaderValue? wait) => (int)status switch
    {
        400 or 404 or 405 or 410 or 413 or 422 => new Sent(Attempt.Refused, $"http {(int)status}"),
        _ => new Sent(Attempt.Failed, $"http {(int)status}", wait?.Delta),
    };

    public static HttpRequestMessage Post(Uri uri, object body) =>
        new(HttpMethod.Post, uri) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, Json.Options)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" } } } };

    private static async Task<JsonElement?> Reply(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.Content.Headers.ContentLength > LongestReply)
        {
            return null;
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(LongestReply, ct);
            var bytes = await response.Content.ReadAsByteArrayAsync(ct);
            return bytes.Length == 0 ? null : JsonSerializer.Deserialize<JsonElement>(bytes);
        }
        catch (Exception e) when (e is JsonException or HttpRequestException)
        {
            return null;
        }
    }
}
