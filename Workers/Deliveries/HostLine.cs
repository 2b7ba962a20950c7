namespace PropertyServiceDesk.Workers.Deliveries;

/// <summary>
/// The line before one host: so many at once, so many waiting, and nobody else's messages in it. A host that did not answer many times in
/// a row is let alone for a while; then one message tries whether it is back.
/// </summary>
internal sealed class HostLine(int atOnce) : IDisposable
{
    private const int MostWaiting = 1_000;
    private const int InARow = 20;
    private static readonly TimeSpan LetAlone = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShortestStay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestStay = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim places = new(atOnce);
    private readonly Lock gate = new();
    private int inside;
    private int silent;
    private DateTimeOffset? aloneUntil;
    private DateTimeOffset? answeredAt;

    /// <summary>False where the line is full: it is to be put back, for <see cref="Stay"/>.</summary>
    public bool Join(DateTimeOffset now)
    {
        lock (gate)
        {
            answeredAt ??= now;
            return inside < atOnce + MostWaiting && ++inside > 0;
        }
    }

    /// <summary>
    /// How long what finds the line full stays away: as long as the host has been silent, and up to as long again, so that thousands before
    /// a host that hangs do not go round and round in front of everybody else's.
    /// </summary>
    /// <param name="chance">0 to 1.</param>
    public TimeSpan Stay(DateTimeOffset now, double chance)
    {
        lock (gate)
        {
            var silence = now - answeredAt ?? TimeSpan.Zero;
            return TimeSpan.FromTicks(Math.Clamp(silence.Ticks, ShortestStay.Ticks, LongestStay.Ticks)) * (1 + chance);
        }
    }

    public Task Wait(CancellationToken ct) => places.WaitAsync(ct);

    /// <summary>False where the host is let alone.</summary>
    public bool MayTry(DateTimeOffset now)
    {
        lock (gate)
        {
            if (aloneUntil is not { } until)
            {
                return true;
            }

            if (now < until)
            {
                return false;
            }

            aloneUntil = now + LetAlone; // this one tries; the others wait for what it finds
            return true;
        }
    }

    public void Heard(bool answered, DateTimeOffset now)
    {
        lock (gate)
        {
            silent = answered ? 0 : silent + 1;
            answeredAt = answered ? now : answeredAt;
            aloneUntil = silent >= InARow ? now + LetAlone : answered ? null : aloneUntil;
        }
    }

    public void Leave(bool hadPlace)
    {
        if (hadPlace)
        {
            places.Release();
        }

        lock (gate)
        {
            inside--;
        }
    }

    public void Dispose() => places.Dispose();
}
