using MediatR;
using Npgsql;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Workers;

/// <summary>What an entry of the schedule works with.</summary>
public sealed partial class Job(IServiceScopeFactory scopes, DueWork due, ILogger<Job> log)
{
    public DueWork Due { get; } = due;

    /// <summary>Delivers what is due; what is on its way when this returns goes on.</summary>
    public async Task<int> Deliver(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Deliveries.DeliverMessages>().Run(ct);
    }

    /// <summary>One command, in one community's scope and a transaction of its own.</summary>
    public async Task<TResult> Send<TResult>(Guid communityId, IRequest<TResult> command, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor.SystemIn(communityId);
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(command, ct);
    }

    /// <summary>A command a row, each a transaction of its own in its community's scope. What fails is put off, so that the run goes on and comes back to it.</summary>
    public async Task<int> EachOr<TRow, TResult>(IReadOnlyList<TRow> rows, Func<TRow, Guid> community, Func<TRow, IRequest<TResult>> command, Func<TRow, IRequest<bool>> putOff, CancellationToken ct)
    {
        var done = 0;
        foreach (var row in rows)
        {
            ct.ThrowIfCancellationRequested();
            done += await Or(async () => await Send(community(row), command(row), ct) is null ? 0 : 1, community(row), putOff(row), row?.ToString(), ct);
        }

        return done;
    }

    /// <summary>
    /// Long works that know how far they are: of each so many batches. Of a batch that fails each row is taken alone; one that fails alone
    /// is left behind, so that it does not stop the rest.
    /// </summary>
    /// <param name="batch">The next so many rows; says how many it did.</param>
    /// <param name="leaveBehind">Goes on past the next row.</param>
    public async Task<int> Advance<TWork>(
        IReadOnlyList<TWork> works, int batches, int atOnce, Func<TWork, Guid> community, Func<TWork, int, IRequest<int>> batch, Func<TWork, IRequest<bool>> leaveBehind, CancellationToken ct)
    {
        var done = 0;
        foreach (var work in works)
        {
            for (var i = 0; i < batches; i++)
            {
                ct.ThrowIfCancellationRequested();
                try
                {
                    done += await Send(community(work), batch(work, atOnce), ct);
                    continue;
                }
                catch (Exception e) when (e is not OperationCanceledException and not NpgsqlException { IsTransient: true })
                {
                    Failed("A batch of", work?.ToString(), e);
                }

                for (var one = 0; one < atOnce; one++)
                {
                    done += await Or(() => Send(community(work), batch(work, 1), ct), community(work), leaveBehind(work), work?.ToString(), ct);
                }
            }
        }

        return done;
    }

    private async Task<int> Or(Func<Task<int>> act, Guid community, IRequest<bool> otherwise, string? row, CancellationToken ct)
    {
        try
        {
            return await act();
        }
        catch (Exception e) when (e is not OperationCanceledException and not NpgsqlException { IsTransient: true })
        {
            Failed(otherwise.GetType().Name, row, e);
            await Send(community, otherwise, ct);
            return 0;
        }
    }

    /// <summary>
    /// Takes up what is due until nothing is left, a batch a community and a transaction. Of a batch that fails, each row is taken up alone;
    /// one that fails alone is put off, so that it does not stand in the way of the rest.
    /// </summary>
    /// <param name="atOnce">Rows a batch; ten times as many are asked for, so that those of one community come together.</param>
    /// <param name="batch">Says how many rows it did; those that another worker holds it passes over.</param>
    public async Task<int> Drain(
        Func<int, CancellationToken, Task<IReadOnlyList<(Guid CommunityId, Guid Id)>>> due,
        int atOnce,
        Func<Guid, IReadOnlyList<Guid>, IRequest<int>> batch,
        Func<Guid, Guid, IRequest<bool>> putOff,
        CancellationToken ct)
    {
        var done = 0;
        while (true)
        {
            var before = done;
            var rows = await due(atOnce * 10, ct);
            foreach (var community in rows.GroupBy(r => r.CommunityId, r => r.Id))
            {
                foreach (var some in community.Chunk(atOnce))
                {
                    ct.ThrowIfCancellationRequested();
                    done += await Batch(community.Key, some, batch, putOff, ct);
                }
            }

            if (done == before || rows.Count < atOnce * 10)
            {
                return done;
            }
        }
    }

    private async Task<int> Batch(Guid community, IReadOnlyList<Guid> ids, Func<Guid, IReadOnlyList<Guid>, IRequest<int>> batch, Func<Guid, Guid, IRequest<bool>> putOff, CancellationToken ct)
    {
        try
        {
            return await Send(community, batch(community, ids), ct);
        }
        catch (Exception e) when (e is not OperationCanceledException and not NpgsqlException { IsTransient: true } && ids.Count > 1)
        {
            Failed("A batch of", ids.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), e);
        }
        catch (Exception e) when (e is not OperationCanceledException and not NpgsqlException { IsTransient: true })
        {
            Failed(batch(community, ids).GetType().Name, ids[0].ToString(), e);
            await Send(community, putOff(community, ids[0]), ct);
            return 1;
        }

        var done = 0;
        foreach (var id in ids)
        {
            done += await Batch(community, [id], batch, putOff, ct);
        }

        return done;
    }

    [LoggerMessage(LogLevel.Error, "{What} {Row} could not be taken up")]
    private partial void Failed(string what, string? row, Exception exception);
}
