using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MediatR;
using Npgsql;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Live;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Live;

/// <summary>
/// The open streams of this process. While there are any, one statement twice a second reads where the logs of their communities end; a
/// stream whose log went on reads what is new as its own caller, through both walls. The database is asked, not told: nothing is lost where a
/// process or a connection was away, and nobody who writes waits for whoever reads. All times here are real ones.
/// </summary>
internal sealed partial class LiveDesk : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether the session stands is asked this often, and at once where one ended in this process.</summary>
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(3);

    /// <summary>Something is said this often, so that whoever waits knows that the line is not dead.</summary>
    private static readonly TimeSpan SpeakEvery = TimeSpan.FromSeconds(15);

    /// <summary>Then the caller comes again, and goes on where it was.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan ComeAgain = TimeSpan.FromSeconds(2);

    private readonly IServiceScopeFactory scopes;
    private readonly Holders holders;
    private readonly Limits limits;
    private readonly IHostApplicationLifetime lifetime;
    private readonly ILogger<LiveDesk> log;
    private readonly Lock gate = new();
    private readonly HashSet<Stream> open = [];
    private IReadOnlyDictionary<Guid, long> heads = new Dictionary<Guid, long>();
    private TaskCompletionSource looked = NewTick();

    public LiveDesk(IServiceScopeFactory scopes, Holders holders, Limits limits, IHostApplicationLifetime lifetime, ILogger<LiveDesk> log)
    {
        (this.scopes, this.holders, this.limits, this.lifetime, this.log) = (scopes, holders, limits, lifetime, log);
        lifetime.ApplicationStopping.Register(Tick);
    }

    /// <exception cref="Refused">The caller may not follow this.</exception>
    /// <exception cref="TooMany">They have too many streams open.</exception>
    public async Task<IResult> Open(HttpContext http, FollowEvents query, CancellationToken ct)
    {
        var caller = LiveCaller.Of(http);
        var first = await caller.Read(query with { After = http.Request.Headers["Last-Event-ID"].Count > 0 ? http.Request.Headers["Last-Event-ID"].ToString() : null }, ct);
        http.Response.RegisterForDispose(Enter(caller.Name, first.Place));
        http.Response.Headers["X-Accel-Buffering"] = "no"; // a proxy before us passes each event on at once
        return TypedResults.ServerSentEvents(Tell(caller, query, first, holders.Forgotten, ct));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery);
        while (await Ticked(timer, stoppingToken))
        {
            Guid[] wanted;
            lock (gate)
            {
                wanted = [.. open.SelectMany(s => s.Communities).Distinct().Order()];
            }

            if (wanted.Length > 0)
            {
                await Look(wanted, stoppingToken);
            }

            Tick();
        }
    }

    private async IAsyncEnumerable<SseItem<string>> Tell(LiveCaller caller, FollowEvents query, Followed first, int forgotten, [EnumeratorCancellation] CancellationToken ct)
    {
        var place = first.Place;
        yield return new SseItem<string>("{}", "ready") { EventId = place.ToString(), ReconnectionInterval = ComeAgain };
        foreach (var item in Items(first))
        {
            yield return item;
        }

        var began = Stopwatch.GetTimestamp();
        var (said, asked) = (began, began);
        while (await Looked(ct) && Stopwatch.GetElapsedTime(began) < Longest)
        {
            if (holders.Forgotten is var now && (now != forgotten || Stopwatch.GetElapsedTime(asked) > CheckEvery))
            {
                (forgotten, asked) = (now, Stopwatch.GetTimestamp());
                if (!await caller.IsTheSame(ct))
                {
                    yield break;
                }
            }

            if (WentOn(place))
            {
                if (await caller.ReadOn(query with { After = place.ToString() }, ct) is not { } next)
                {
                    yield break;
                }

                place = next.Place;
                foreach (var item in Items(next))
                {
                    said = Stopwatch.GetTimestamp();
                    yield return item;
                }
            }

            if (Stopwatch.GetElapsedTime(said) > SpeakEvery)
            {
                said = Stopwatch.GetTimestamp();
                yield return new SseItem<string>("{}", "alive") { EventId = place.ToString() };
            }
        }
    }

    /// <summary>The last one carries how far it goes: whoever is cut off in the middle hears them all again.</summary>
    private static IEnumerable<SseItem<string>> Items(Followed followed)
    {
        if (followed.Reset)
        {
            yield return new SseItem<string>("{}", "reset") { EventId = followed.Place.ToString() };
        }

        for (var i = 0; i < followed.Items.Count; i++)
        {
            var item = new SseItem<string>(JsonSerializer.Serialize(followed.Items[i], Json.Options), "happened");
            yield return i == followed.Items.Count - 1 ? item with { EventId = followed.Place.ToString() } : item;
        }
    }

    private bool WentOn(LivePlace place)
    {
        var now = Volatile.Read(ref heads);
        return place.Seqs.Any(s => now.TryGetValue(s.Key, out var seq) && seq > s.Value);
    }

    /// <returns>False where there is nobody to tell any more.</returns>
    private async Task<bool> Looked(CancellationToken ct)
    {
        try
        {
            await Volatile.Read(ref looked).Task.WaitAsync(ct);
            return !lifetime.ApplicationStopping.IsCancellationRequested;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task Look(Guid[] communities, CancellationToken ct)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Caller>().Actor = new Actor(ActorKind.System, Guid.Empty, "live", [.. communities.Select(c => new RoleIn(c, Roles.System))], []);
            Volatile.Write(ref heads, (await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new ReadLogHeads(), ct)).Seqs);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            Blind(e);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // the host stops
        }
    }

    private void Tick() => Interlocked.Exchange(ref looked, NewTick()).TrySetResult();

    private static async Task<bool> Ticked(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static TaskCompletionSource NewTick() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Stream Enter(string name, LivePlace place)
    {
        var stream = new Stream(this, name, [.. place.Seqs.Keys]);
        lock (gate)
        {
            if (open.Count(s => string.Equals(s.Name, name, StringComparison.Ordinal)) >= limits.Streams)
            {
                throw new TooMany("live.too_many", "These are too many live streams at once. Close one, or wait a moment.", SpeakEvery);
            }

            open.Add(stream);
        }

        return stream;
    }

    private void Leave(Stream stream)
    {
        lock (gate)
        {
            open.Remove(stream);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The logs cannot be read; live streams wait")]
    private partial void Blind(Exception why);

    private sealed class Stream(LiveDesk desk, string name, Guid[] communities) : IDisposable
    {
        public string Name => name;

        public Guid[] Communities => communities;

        public void Dispose() => desk.Leave(this);
    }
}
