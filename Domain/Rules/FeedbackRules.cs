using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>How a community asks, beside what each policy says of whom it asks: one for all of its policies.</summary>
/// <param name="SamplePercent">How many of a hundred a policy's sample takes in: 0–100.</param>
/// <param name="MostAsksAMonth">How often one person is asked within 30 days, at most; those whom a policy calls without exception are asked all the same. 1–1,000.</param>
/// <param name="Attempts">How many calls come before somebody counts as unreachable: 1–10.</param>
/// <param name="TimesOfDay">At how many different times of day (before noon, afternoon, from six on): 1–3.</param>
/// <param name="CallsFromHour">Nobody is called or reminded before this hour of their day: 0–23.</param>
/// <param name="CallsToHour">Nor from this hour on: 1–24.</param>
/// <param name="WaitHours">How long after the last ask or reminder somebody is called, or counts as not having answered: 1–720.</param>
/// <param name="CallWithinHours">How soon a call that is due is made: 1–168. Later is the desk's breach.</param>
/// <param name="ReopenDays">How long after closing "not solved" reopens a request: 1–365. Later it is a new one.</param>
public sealed record FeedbackRules(
    int SamplePercent = 30, int MostAsksAMonth = 4, int Attempts = 3, int TimesOfDay = 3, int CallsFromHour = 9, int CallsToHour = 20, int WaitHours = 48, int CallWithinHours = 24, int ReopenDays = 7)
{
    public static readonly FeedbackRules Default = new();

    /// <summary>The month within which asks are counted.</summary>
    public static readonly TimeSpan Month = TimeSpan.FromDays(30);

    /// <summary>An ask that is still not out after so long could not be delivered.</summary>
    public static readonly TimeSpan DeliveredWithin = TimeSpan.FromHours(24);

    /// <summary>The moment itself, if it lies in decent hours; else when the next ones begin.</summary>
    public DateTimeOffset Decent(DateTimeOffset at, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        return local.Hour < CallsFromHour ? At(local.Date, CallsFromHour, zone)
            : local.Hour >= CallsToHour ? At(local.Date.AddDays(1), CallsFromHour, zone)
            : at;
    }

    public bool IsDecent(DateTimeOffset at, TimeZoneInfo zone) => Decent(at, zone) == at;

    /// <summary>When the next call after those in vain is best made: at the next time of day at which none was tried yet, else in three hours.</summary>
    public DateTimeOffset NextCall(IEnumerable<DateTimeOffset> tried, DateTimeOffset now, TimeZoneInfo zone)
    {
        var known = tried.Where(t => IsDecent(t, zone)).Select(t => CallAttempts.Of(t, zone)).ToHashSet();
        var today = TimeZoneInfo.ConvertTime(now, zone).Date;
        var begins = from day in new[] { today, today.AddDays(1) }
                     from time in new[] { (Time: TimeOfDay.Morning, Hour: CallsFromHour), (Time: TimeOfDay.Afternoon, Hour: 14), (Time: TimeOfDay.Evening, Hour: 18) }
                     where !known.Contains(time.Time) && time.Hour >= CallsFromHour && time.Hour < CallsToHour
                     let at = At(day, time.Hour, zone)
                     where at > now
                     select at;
        return begins.Cast<DateTimeOffset?>().FirstOrDefault() ?? Decent(now.AddHours(3), zone);
    }

    /// <summary>Whether a round is in the sample: drawn from its request and number, so that nobody chooses and everybody finds the same.</summary>
    public bool IsInSample(Guid requestId, int round)
    {
        Span<byte> bytes = stackalloc byte[20];
        requestId.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], round);
        return BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(bytes)) % 100 < SamplePercent;
    }

    private static DateTimeOffset At(DateTime day, int hour, TimeZoneInfo zone)
    {
        var local = DateTime.SpecifyKind(day.AddHours(hour), DateTimeKind.Unspecified);
        return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
    }
}
