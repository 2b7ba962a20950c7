using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>
/// Signed calls between machines, in the manner of Standard Webhooks: <c>webhook-id</c>, <c>webhook-timestamp</c> (seconds),
/// <c>webhook-signature</c> (<c>v1,</c> and the HMAC-SHA256, in base64, of id.timestamp.body). Whoever gets one remembers the id: the
/// same call may come twice.
/// </summary>
public static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <summary>A call that is older, or from further in the future, may be a recorded one.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const string SecretPrefix = "whsec_";

    /// <summary>The key that a secret stands for: base64 behind <c>whsec_</c>, else its characters.</summary>
    /// <exception cref="FormatException">Behind the prefix stands something that is not base64.</exception>
    public static byte[] Key(string secret) =>
        secret.StartsWith(SecretPrefix, StringComparison.Ordinal) ? Convert.FromBase64String(secret[SecretPrefix.Length..]) : Encoding.UTF8.GetBytes(secret);

    public static string Sign(byte[] key, string id, DateTimeOffset at, ReadOnlySpan<byte> body) => "v1," + Convert.ToBase64String(Mac(key, id, at.ToUnixTimeSeconds(), body));

    /// <summary>Whether one of the signatures given, with blanks between, is ours, and the time is about now.</summary>
    public static bool IsSigned(byte[] key, string? id, string? timestamp, string? signatures, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (id is not { Length: > 0 and <= 250 } || signatures is null || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs(now.ToUnixTimeSeconds() - seconds) > (long)Tolerance.TotalSeconds)
        {
            return false;
        }

        var mac = Mac(key, id, seconds, body);
        var right = false;
        Span<byte> theirs = stackalloc byte[64];
        foreach (var signature in signatures.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            right |= signature.StartsWith("v1,", StringComparison.Ordinal) && Convert.TryFromBase64String(signature[3..], theirs, out var length) && CryptographicOperations.FixedTimeEquals(theirs[..length], mac);
        }

        return right;
    }

    private static byte[] Mac(byte[] key, string id, long seconds, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{seconds}.")));
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }
}
