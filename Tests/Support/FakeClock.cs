namespace PropertyServiceDesk.Tests.Support;

/// <summary>Time that stands still until it is moved.</summary>
public sealed class FakeClock : TimeProvider
{
    /// <summary>A Monday morning in Shanghai: 2026-03-02 09:00.</summary>
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    private long ticks = Start.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    public void Set(DateTimeOffset at) => Interlocked.Exchange(ref ticks, at.UtcTicks);
}
