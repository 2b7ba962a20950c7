using System.Collections.Concurrent;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api;

/// <summary>Too many calls; the caller is told how long to wait.</summary>
internal sealed class TooMany(string code, string sentence, TimeSpan wait) : Exception(sentence)
{
    public string Code { get; } = code;

    public TimeSpan Wait { get; } = wait;
}

/// <summary>
/// How many calls one address, one account, one token may make: so many a minute, at once or spread (<c>Desk:Limits:…</c>). Each process
/// counts for itself; what must hold everywhere, the pace of sign-in and of reports without an account, is counted in the database.
/// </summary>
internal sealed class Limits(TimeProvider clock, IConfiguration configuration)
{
    private const int Sweep = 4096;

    // Of each caller the instant by which all that it was let do would be paid off at its rate; absent is the same as past.
    private readonly ConcurrentDictionary<string, long> paidOffAt = new(StringComparer.Ordinal);
    private int admitted;

    public int Address { get; } = configuration.GetValue("Desk:Limits:Address", 3000);

    public int Account { get; } = configuration.GetValue("Desk:Limits:Account", 1200);

    public int Token { get; } = configuration.GetValue("Desk:Limits:Token", 3000);

    public int SignIn { get; } = configuration.GetValue("Desk:Limits:SignIn", 60);

    /// <summary>Live streams of an account or a token at once.</summary>
    public int Streams { get; } = configuration.GetValue("Desk:Limits:Streams", 10);

    /// <summary>Reports without an account, an hour; all processes together.</summary>
    public int Reports { get; } = configuration.GetValue("Desk:Limits:Reports", 30);

    /// <exception cref="TooMany">More than <paramref name="aMinute"/> calls in a minute.</exception>
    public void Admit(string who, int aMinute) => Admit(who, aMinute, TimeSpan.FromMinutes(1));

    /// <exception cref="TooMany">More than <paramref name="most"/> calls in this time, an hour at most.</exception>
    public void Admit(string who, int most, TimeSpan within)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var cost = within.Ticks / most;
        while (true)
        {
            var known = paidOffAt.TryGetValue(who, out var before);
            var owed = known && before > now && before <= now + within.Ticks ? before : now; // further ahead it cannot be, unless the clock was set back
            var after = owed + cost;
            if (after - now > within.Ticks)
            {
                throw new TooMany("calls.too_many", "These are too many calls. Wait a moment.", TimeSpan.FromTicks(after - now - within.Ticks));
            }

            if (known ? paidOffAt.TryUpdate(who, after, before) : paidOffAt.TryAdd(who, after))
            {
                break;
            }
        }

        if (Interlocked.Increment(ref admitted) % Sweep == 0)
        {
            foreach (var (caller, at) in paidOffAt)
            {
                if (at <= now || at > now + TimeSpan.TicksPerHour)
                {
                    paidOffAt.TryRemove(KeyValuePair.Create(caller, at));
                }
            }
        }
    }
}

internal static class LimitsOfRequest
{
    /// <summary>By address, before anything else is known.</summary>
    public static IApplicationBuilder UseLimitsOfAddress(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
        {
            var limits = context.RequestServices.GetRequiredService<Limits>();
            limits.Admit("address " + FrontDoor.AddressOf(context), limits.Address);
        }

        return next();
    });

    /// <summary>By account, once it is known who calls.</summary>
    public static IApplicationBuilder UseLimitsOfAccount(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Features.Get<SessionHolder>() is { } holder)
        {
            var limits = context.RequestServices.GetRequiredService<Limits>();
            limits.Admit("account " + holder.StaffId, limits.Account);
        }
        else if (context.Features.Get<TokenHolder>() is { } token)
        {
            var limits = context.RequestServices.GetRequiredService<Limits>();
            limits.Admit("token " + token.TokenId, limits.Token);
        }
        else if (context.Features.Get<ProvidedHolder>() is { } provided)
        {
            var limits = context.RequestServices.GetRequiredService<Limits>();
            limits.Admit("account " + provided.StaffId, limits.Account);
        }

        return next();
    });
}
