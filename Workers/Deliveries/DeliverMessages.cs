using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using MediatR;
using Npgsql;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Workers.Deliveries;

/// <summary>
/// Delivers the outbox: leases what is due and commits, sends outside any transaction, marks and commits. A worker that dies in between
/// leaves leases that run out; what it had sent is sent once more, under the same id. Each host has a line of its own.
/// </summary>
/// <remarks>What runs is one pump a process. A run of the schedule wakes it and waits a while; it goes on until there is nothing left.</remarks>
public sealed partial class DeliverMessages(
    Job job, DueWork due, MessageSettings settings, IServiceScopeFactory scopes, TimeProvider clock, ILogger<DeliverMessages> log) : IHostedService, IAsyncDisposable
{
    private const int AtOnce = 500;
    private const int MostInHand = 4_096;
    private const int MarkAtOnce = 200;
    private const int MarksBeside = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(40);

    private static readonly Meter Meter = new("PropertyServiceDesk.Workers.Messages");
    private static readonly Counter<long> Tries = Meter.CreateCounter<long>("desk.message.tries", description: "Messages that were tried, by way and what became of it");
    private static readonly Histogram<double> Took = Meter.CreateHistogram<double>("desk.message.duration", "s", "How long a try took, by way");

    private readonly ConcurrentDictionary<string, HostLine> lines = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim freed = new(0);
    private Task pump = Task.CompletedTask;
    private int inHand;
    private int done;
    private bool letGo;

    /// <summary>Wakes the pump, and waits until nothing is left, or for half a minute.</summary>
    /// <returns>How many messages were dealt with since the last time.</returns>
    public async Task<int> Run(CancellationToken ct)
    {
        Task running;
        lock (gate)
        {
            if (pump.IsFaulted)
            {
                var broken = pump;
                pump = Task.CompletedTask;
                broken.GetAwaiter().GetResult(); // nobody was waiting when it broke: this run says so, the next one starts anew
            }

            pump = running = pump.IsCompleted && !stopping.IsCancellationRequested ? Task.Run(Pump, CancellationToken.None) : pump;
        }

        await Task.WhenAny(running, Task.Delay(Patience, ct));
        ct.ThrowIfCancellationRequested();
        if (running.IsCompleted)
        {
            await running;
        }

        return Interlocked.Exchange(ref done, 0);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Takes up nothing more; what is on its way is waited for.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await Task.WhenAny(pump, Task.Delay(settings.Timeout + TimeSpan.FromSeconds(5), cancellationToken));
    }

    /// <summary>Once: the container knows it under two names, and lets go of it under each.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref letGo, true))
        {
            return;
        }

        await stopping.CancelAsync();
        await pump.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        foreach (var line in lines.Values)
        {
            line.Dispose();
        }

        stopping.Dispose();
        freed.Dispose();
    }

    private async Task Pump()
    {
        var ended = System.Threading.Channels.Channel.CreateUnbounded<Attempted>(new UnboundedChannelOptions { SingleReader = true });
        var marking = Mark(ended.Reader);
        try
        {
            var idleSince = clock.GetTimestamp();
            while (!stopping.IsCancellationRequested)
            {
                var room = Math.Min(AtOnce, MostInHand - Volatile.Read(ref inHand));
                var found = room <= 0 ? [] : settings.Any ? await due.MessagesToSend(room, CancellationToken.None) : await due.StaffMessagesToSend(room, CancellationToken.None);
                foreach (var community in found.GroupBy(f => f.CommunityId, f => f.MessageId))
                {
                    await TakeUp(community.Key, [.. community], ended.Writer);
                }

                if (found.Count > 0 || Volatile.Read(ref inHand) > 0)
                {
                    idleSince = clock.GetTimestamp();
                }
                else if (clock.GetElapsedTime(idleSince) >= settings.Linger)
                {
                    return;
                }

                if (found.Count < room || room <= 0)
                {
                    await freed.WaitAsync(LookEvery, CancellationToken.None);
                }
            }

            while (Volatile.Read(ref inHand) > 0)
            {
                await freed.WaitAsync(LookEvery, CancellationToken.None);
            }
        }
        finally
        {
            while (Volatile.Read(ref inHand) > 0)
            {
                await freed.WaitAsync(LookEvery, CancellationToken.None);
            }

            ended.Writer.Complete();
            await marking;
        }
    }

    private async Task TakeUp(Guid communityId, IReadOnlyList<Guid> ids, ChannelWriter<Attempted> ended)
    {
        LeasedMessages leased;
        try
        {
            leased = await job.Send(communityId, new LeaseMessages(communityId, ids, settings.Ways, settings.Lease), CancellationToken.None);
        }
        catch (Exception e) when (e is not NpgsqlException { IsTransient: true })
        {
            NotTakenUp(ids.Count, e);
            foreach (var id in ids.Count > 1 ? ids : [])
            {
                await TakeUp(communityId, [id], ended);
            }

            if (ids.Count == 1)
            {
                await job.Send(communityId, new PutMessageOff(communityId, ids[0]), CancellationToken.None); // it does not stand in the way of the rest
            }

            return;
        }

        await Step("leased");
        Interlocked.Add(ref done, leased.Settled);
        foreach (var (messageId, leaseId, why) in leased.ToPark)
        {
            await job.Send(communityId, new ParkMessage(communityId, messageId, leaseId, why), CancellationToken.None);
            Interlocked.Increment(ref done);
        }

        foreach (var message in leased.ToSend)
        {
            Interlocked.Increment(ref inHand);
            _ = Deliver(message, ended);
        }
    }

    /// <summary>Whatever happens to one message ends here, in a word.</summary>
    private async Task Deliver(OutgoingMessage message, ChannelWriter<Attempted> ended)
    {
        await Task.Yield();
        Attempted attempted;
        try
        {
            attempted = message.Channel == MessageChannel.Screen ? new Attempted(message, Attempt.Taken, clock.Now()) : await Try(message);
        }
        catch (Exception e)
        {
            Failed(message.MessageId, message.Channel, e.GetType().Name);
            attempted = new Attempted(message, Attempt.Failed, clock.Now(), e.GetType().Name is { Length: > 60 } longer ? longer[..60] : e.GetType().Name);
        }

        Tries.Add(1, new KeyValuePair<string, object?>("channel", EnumWord.Of(message.Channel)), new KeyValuePair<string, object?>("what", EnumWord.Of(attempted.What)));
        ended.TryWrite(attempted);
    }

    private async Task<Attempted> Try(OutgoingMessage message)
    {
        var sender = settings.For(message.Community, message.Channel);
        var line = lines.GetOrAdd(sender.Host, _ => new HostLine(sender.AtOnce));
        if (!line.Join(clock.Now()))
        {
            return new Attempted(message, Attempt.PutBack, clock.Now(), Wait: line.Stay(clock.Now(), Random.Shared.NextDouble()));
        }

        var hasPlace = false;
        try
        {
            await line.Wait(CancellationToken.None);
            hasPlace = true;
            var now = clock.Now();
            if (stopping.IsCancellationRequested || message.LeasedUntil < now + settings.Timeout + MessageSettings.Margin)
            {
                return new Attempted(message, Attempt.PutBack, now, Wait: TimeSpan.Zero); // another worker might take it up while we send it
            }

            if (!line.MayTry(now))
            {
                return new Attempted(message, Attempt.Failed, now, "host down");
            }

            var from = clock.GetTimestamp();
            using var deadline = new CancellationTokenSource(settings.Timeout);
            Sent sent;
            try
            {
                sent = await sender.Send(message, deadline.Token);
            }
            catch (OperationCanceledException)
            {
                sent = new Sent(Attempt.Failed, "no answer in time", NoAnswer: true);
            }

            line.Heard(!sent.NoAnswer, clock.Now());
            Took.Record(clock.GetElapsedTime(from).TotalSeconds, new KeyValuePair<string, object?>("channel", EnumWord.Of(message.Channel)));
            await Step("sent");
            return new Attempted(message, sent.What, clock.Now(), sent.Failure, sent.Wait);
        }
        finally
        {
            line.Leave(hasPlace);
        }
    }

    private async Task Mark(ChannelReader<Attempted> ended)
    {
        while (await ended.WaitToReadAsync())
        {
            await Task.Delay(Gather);
            var some = new List<Attempted>(MarkAtOnce);
            while (some.Count < MarkAtOnce && ended.TryRead(out var one))
            {
                some.Add(one);
            }

            await Parallel.ForEachAsync(
                some.GroupBy(a => a.Message.CommunityId),
                new ParallelOptions { MaxDegreeOfParallelism = MarksBeside },
                async (community, _) => await MarkThese(community.Key, [.. community]));
            Interlocked.Add(ref done, some.Count(a => a.What != Attempt.PutBack));
            Interlocked.Add(ref inHand, -some.Count);
            freed.Release();
        }
    }

    /// <summary>Tried until the leases are over; then they are anybody's again.</summary>
    private async Task MarkThese(Guid communityId, IReadOnlyList<Attempted> all)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                var over = all.Where(a => a.IsOver).ToArray();
                if (all.Where(a => !a.IsOver).ToArray() is { Length: > 0 } others)
                {
                    await job.Send(communityId, new MarkMessages(communityId, others, [.. others.Select(_ => Random.Shared.NextDouble())]), CancellationToken.None);
                }

                foreach (var a in over)
                {
                    await job.Send(communityId, new ParkMessage(communityId, a.Message.MessageId, a.Message.LeaseId, ParkedWhy.Exhausted, a.Failure), CancellationToken.None);
                }

                await Step("marked");
                return;
            }
            catch (Exception e)
            {
                NotMarked(all.Count, e);
                if (tries >= 5 || all.All(a => a.Message.LeasedUntil <= clock.Now()))
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromSeconds(1 << tries));
            }
        }
    }

    private async Task Step(string name)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMediator>().Publish(new DeliveryStep(name));
    }

    [LoggerMessage(LogLevel.Error, "Message {MessageId} could not be tried by {Channel}: {Kind}")]
    private partial void Failed(Guid messageId, MessageChannel channel, string kind);

    [LoggerMessage(LogLevel.Error, "{Count} messages could not be taken up")]
    private partial void NotTakenUp(int count, Exception exception);

    [LoggerMessage(LogLevel.Error, "What became of {Count} messages could not be written down")]
    private partial void NotMarked(int count, Exception exception);
}

/// <summary>A step of the deliveries is behind it; nothing listens, but for the tests that kill a worker there.</summary>
public sealed record DeliveryStep(string Name) : INotification;
