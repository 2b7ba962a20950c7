using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Live;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A live stream as a browser reads it; every wait has a deadline.</summary>
public sealed class LiveStream : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly HttpResponseMessage response;
    private readonly IAsyncEnumerator<SseItem<string>> items;

    private LiveStream(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> items) => (this.response, this.items) = (response, items);

    /// <summary>The id of the last event that had one: where to go on.</summary>
    public string? Place { get; private set; }

    /// <summary>All that was sent, as it was sent.</summary>
    public List<string> Sent { get; } = [];

    public static async Task<LiveStream> Open(ApiClient client, string? after = null, Guid? communityId = null)
    {
        var answer = await Answer(client, after, communityId);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var parser = SseParser.Create(await answer.Content.ReadAsStreamAsync());
        var stream = new LiveStream(answer, parser.EnumerateAsync().GetAsyncEnumerator());
        Assert.That((await stream.Next())?.EventType, Is.EqualTo("ready"));
        return stream;
    }

    public static async Task<HttpResponseMessage> Answer(ApiClient client, string? after = null, Guid? communityId = null)
    {
        using var call = new HttpRequestMessage(HttpMethod.Get, "/api/live" + (communityId is { } one ? "?communityId=" + one : ""));
        if (after is not null)
        {
            call.Headers.Add("Last-Event-ID", after);
        }

        return await client.Http.SendAsync(call, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>What comes next beside signs of life; null where the stream has ended.</summary>
    public async Task<SseItem<string>?> Next()
    {
        do
        {
            try
            {
                if (!await items.MoveNextAsync().AsTask().WaitAsync(Longest))
                {
                    return null;
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                return null;
            }

            Sent.Add($"{items.Current.EventType} {items.Current.EventId} {items.Current.Data}");
            Place = string.IsNullOrEmpty(items.Current.EventId) ? Place : items.Current.EventId;
        }
        while (items.Current.EventType == "alive");

        return items.Current;
    }

    public async Task<LiveEvent> Happened()
    {
        var item = await Next() ?? throw new AssertionException("The stream has ended.");
        Assert.That(item.EventType, Is.EqualTo("happened"));
        return JsonSerializer.Deserialize<LiveEvent>(item.Data, Json.Options)!;
    }

    /// <summary>All up to and with the first that is meant.</summary>
    public async Task<List<LiveEvent>> Until(Func<LiveEvent, bool> meant)
    {
        var all = new List<LiveEvent>();
        do
        {
            all.Add(await Happened());
        }
        while (!meant(all[^1]));

        return all;
    }

    public async Task MustEnd()
    {
        while (await Next() is not null)
        {
            // what was on its way
        }
    }

    public async ValueTask DisposeAsync()
    {
        response.Dispose();
        try
        {
            await items.DisposeAsync();
        }
        catch (Exception e) when (e is NotSupportedException or IOException or HttpRequestException or InvalidOperationException)
        {
            // it was being read
        }
    }
}
