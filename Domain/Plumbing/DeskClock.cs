using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using NpgsqlTypes;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>
/// The time of a demo or a test: kept in the database, shared by every process on it, and moved forward by hand, so that a month can be
/// played through in a minute. Between two moves it goes as fast as any clock. A production desk has none: it is asked for by a setting
/// of the host (<c>DESK_CLOCK=settable</c>), and what moves it refuses where no host has begun it.
/// </summary>
/// <param name="offset">How far this process's own clock is off, so that tests can have hosts that disagree.</param>
public sealed class DeskClock(NpgsqlDataSource source, TimeSpan offset) : TimeProvider
{
    public const string Setting = "DESK_CLOCK";
    public const string OffsetSetting = "DESK_CLOCK_OFFSET";
    public const string StartSetting = "DESK_CLOCK_START";

    /// <summary>How late a process may follow a move that another one made.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private const string BeginSql = """
        insert into desk_clock (real_at, desk_at)
        values ($1, $2)
        on conflict (one) do nothing
        """;

    private const string Read = """
        select real_at, desk_at
        from desk_clock
        """;

    private const string Move = """
        select real_at, desk_at
        from move_desk_clock($1, $2, $3)
        """;

    /// <summary>Whatever happens on its own looks at once: what became due by the move does not wait for the next tick.</summary>
    private const string Hint = """
        select pg_notify('desk_job', job_id)
        from job
        """;

    private long looked;
    private Moved last = new(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    private sealed record Moved(DateTimeOffset RealAt, DateTimeOffset DeskAt);

    /// <summary>Whether a host of this configuration has a clock that can be moved: a demo may.</summary>
    /// <exception cref="InvalidOperationException">It asks for one, and is no demo.</exception>
    public static bool IsSettable(Func<string, string?> setting) => setting(Setting) == "settable" && (DemoAccounts.IsDemo(setting("Desk:Mode")) ? true
        : throw new InvalidOperationException($"{Setting}=settable lets anybody move the time. Take it away, or say that this is a demo: Desk__Mode=Demo.") { Source = "PropertyServiceDesk.Domain" });

    /// <summary>Begins the clock of a database that has none yet, at this instant; over the owner's connection.</summary>
    public static async Task Begin(string directConnectionString, DateTimeOffset at, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(directConnectionString);
        await using var command = source.CreateCommand(BeginSql);
        command.Parameters.Add(Instant(System.GetUtcNow()));
        command.Parameters.Add(Instant(at));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Asks the database where the last answer is older than a moment; where it does not answer, time goes on as it went.</summary>
    public override DateTimeOffset GetUtcNow()
    {
        if (Stopwatch.GetElapsedTime(Interlocked.Read(ref looked)) > LookEvery)
        {
            Look();
        }

        var moved = Volatile.Read(ref last);
        return System.GetUtcNow() + (moved.DeskAt - moved.RealAt) + offset;
    }

    /// <summary>Forward to an instant, or by so much; every process follows within a moment.</summary>
    /// <returns>What time it is now.</returns>
    /// <exception cref="Refused.Conflict">It would go back, or this desk's clock was never begun.</exception>
    public async Task<DateTimeOffset> MoveForward(DateTimeOffset? to, TimeSpan by, CancellationToken ct)
    {
        var until = to is { } at ? Instant(at) : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };
        await using var batch = Asking(Move, [Instant(System.GetUtcNow()), until, new NpgsqlParameter { Value = by, NpgsqlDbType = NpgsqlDbType.Interval }]);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Hint));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var moved = await reader.ReadAsync(ct) ? Of(reader) : throw new Refused.Conflict("clock.only_forward", "The clock of a demo goes forward only, and only where one was begun.");
        Volatile.Write(ref last, moved);
        return GetUtcNow();
    }

    private void Look()
    {
        try
        {
            using var batch = Asking(Read, []);
            using var reader = batch.ExecuteReader();
            if (reader.Read())
            {
                Volatile.Write(ref last, Of(reader));
            }
        }
        catch (NpgsqlException)
        {
            // the database is away: moves are seen when it is back
        }

        Interlocked.Exchange(ref looked, Stopwatch.GetTimestamp());
    }

    private NpgsqlBatch Asking(string sql, NpgsqlParameter[] parameters)
    {
        var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        var asking = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            asking.Parameters.Add(parameter);
        }

        batch.BatchCommands.Add(asking);
        return batch;
    }

    private static Moved Of(NpgsqlDataReader reader) => new(reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1));

    private static NpgsqlParameter Instant(DateTimeOffset at) => new() { Value = Instants.ToMicroseconds(at).UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}

public static class DeskClockServices
{
    /// <summary>The shared clock where the host's settings ask for it, else nothing: call it before <see cref="DomainServices.AddServiceDesk"/>.</summary>
    public static async Task AddDeskClock(this IServiceCollection services, Func<string, string?> setting, string directConnectionString, CancellationToken ct)
    {
        if (!DeskClock.IsSettable(setting))
        {
            return;
        }

        var start = setting(DeskClock.StartSetting) is { Length: > 0 } said
            ? Instants.Parse(said) ?? throw new InvalidOperationException($"{DeskClock.StartSetting} is written as 2026-03-01T00:00:00Z.") { Source = "PropertyServiceDesk.Domain" }
            : TimeProvider.System.GetUtcNow();
        var offset = setting(DeskClock.OffsetSetting) is { Length: > 0 } off
            ? TimeSpan.TryParse(off, System.Globalization.CultureInfo.InvariantCulture, out var by) ? by : throw new InvalidOperationException($"{DeskClock.OffsetSetting} is written as 00:00:05 or -00:00:05.") { Source = "PropertyServiceDesk.Domain" }
            : TimeSpan.Zero;
        await DeskClock.Begin(directConnectionString, start, ct);
        services.AddSingleton(s => new DeskClock(s.GetRequiredService<NpgsqlDataSource>(), offset));
        services.AddSingleton<TimeProvider>(s => s.GetRequiredService<DeskClock>());
    }

    /// <summary>Puts the shared clock, where the host has one, before whatever a library registered since. A job engine must go by it, too: what it plans for "now" must be due now.</summary>
    public static void KeepDeskClock(this IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(DeskClock)))
        {
            services.AddSingleton<TimeProvider>(s => s.GetRequiredService<DeskClock>());
        }
    }
}
