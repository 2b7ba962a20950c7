using MediatR;
using Microsoft.Extensions.DependencyInjection;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A subscriber that remembers what it was told, or fails.</summary>
public sealed class Told<T> : INotificationHandler<T>
    where T : INotification
{
    private readonly List<T> all = [];

    public bool Fails { get; init; }

    public IReadOnlyList<T> All => all;

    public T Single => all.Single();

    public void Listen(IServiceCollection services) => services.AddSingleton<INotificationHandler<T>>(this);

    public Task Handle(T notification, CancellationToken cancellationToken)
    {
        all.Add(notification);
        return Fails ? throw new IOException("The subscriber failed.") : Task.CompletedTask;
    }
}

internal static class Attempts
{
    /// <summary>"done", or the code with which the desk refused.</summary>
    public static async Task<string> Attempt(Func<Task> act)
    {
        try
        {
            await act();
            return "done";
        }
        catch (Refused refused)
        {
            ApiGuide.MustName(refused);
            return refused is Refused.Invalid { Faults: { Count: > 0 } faults } ? string.Join(' ', faults.Select(f => f.Code)) : refused.Code;
        }
    }
}
