using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace PropertyServiceDesk.Tests.Support;

/// <param name="Target">Path and query.</param>
internal sealed record ReceivedCall(string Target, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A gateway, an app or a robot as a real HTTP server on a port of its own: keeps what it was sent, and answers as it is told.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication host;
    private readonly ConcurrentQueue<ReceivedCall> calls = new();

    private Receiver(Func<ReceivedCall, int, Task<(int Status, string Body)>> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        host = builder.Build();
        host.Urls.Add("http://127.0.0.1:0");
        host.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var call = new ReceivedCall(
                http.Request.Path + http.Request.QueryString, http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), await reader.ReadToEndAsync());
            calls.Enqueue(call);
            var (status, body) = await answer(call, calls.Count).WaitAsync(http.RequestAborted);
            http.Response.StatusCode = status;
            if (body.Length > 0)
            {
                await http.Response.WriteAsync(body); // not even nothing belongs to a 204: the connection would be cut
            }
        });
    }

    public IReadOnlyList<ReceivedCall> Calls => [.. calls];

    public string Url { get; private set; } = "";

    /// <param name="answer">Of the call, and how many there were with it; 204 where it is left out.</param>
    public static async Task<Receiver> Start(Func<ReceivedCall, int, Task<(int Status, string Body)>>? answer = null)
    {
        var receiver = new Receiver(answer ?? ((_, _) => Task.FromResult((204, ""))));
        await receiver.host.StartAsync();
        receiver.Url = receiver.host.Urls.Single() + "/";
        return receiver;
    }

    public static Task<Receiver> Answering(params (int Status, string Body)[] answers) =>
        Start((_, nth) => Task.FromResult(answers[Math.Min(nth, answers.Length) - 1]));

    /// <summary>Takes every call and never answers.</summary>
    public static Task<Receiver> Hanging() => Start(async (_, _) =>
    {
        await Task.Delay(Timeout.Infinite);
        return (204, "");
    });

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await host.StopAsync(atOnce.Token);
        await host.DisposeAsync();
    }
}
