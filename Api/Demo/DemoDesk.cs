using MediatR;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Demo;

/// <summary>The time of the demo: stands still until it is moved, and never goes back.</summary>
internal sealed class DemoClock(DateTimeOffset start) : TimeProvider
{
    private DateTimeOffset now = start;

    public override DateTimeOffset GetUtcNow() => now;

    public void MoveTo(DateTimeOffset at) => now = at > now ? at : now;
}

/// <summary>A desk of the demo's own, with a time of its own: commands are sent to it as people would send them.</summary>
internal sealed class DemoDesk : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private int sent;

    public DemoDesk(string connectionString, DateTimeOffset start)
    {
        Clock = new DemoClock(start);
        var collection = new ServiceCollection();
        collection.AddSingleton<TimeProvider>(Clock);
        collection.AddLogging();
        collection.AddServiceDesk(connectionString);
        services = collection.BuildServiceProvider();
    }

    public DemoClock Clock { get; }

    public DateTimeOffset Now => Clock.Now();

    /// <summary>How many commands and queries were sent.</summary>
    public int Sent => sent;

    public async Task<T> Send<T>(Actor actor, IRequest<T> request, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = actor;
        sent++;
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, ct);
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
