using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>One-time codes of the time, as every authenticator app makes them: RFC 6238 with SHA-1, six digits, thirty seconds.</summary>
public static class Totp
{
    public const int SecretBytes = 20;

    private const int Digits = 1_000_000;
    private const string Base32Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>Clocks of telephones are off: the step before and the step after count, too.</summary>
    private const int Around = 1;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    public static long StepAt(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / Length.Ticks;

    public static string CodeAt(byte[] secret, long step) => (Number(secret, step) % Digits).ToString("000000", CultureInfo.InvariantCulture);

    /// <summary>The step that a typed code belongs to: one around now that is later than the last one that was used; null where it belongs to none.</summary>
    public static long? StepOf(byte[] secret, string code, DateTimeOffset now, long lastUsed)
    {
        long? found = null;
        for (var step = StepAt(now) - Around; step <= StepAt(now) + Around; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(CodeAt(secret, step)), System.Text.Encoding.UTF8.GetBytes(code)) && step > lastUsed)
            {
                found ??= step;
            }
        }

        return found;
    }

    public static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new System.Text.StringBuilder();
        var (bits, held) = (0, 0);
        foreach (var b in bytes)
        {
            bits = (bits << 8) | b;
            for (held += 8; held >= 5; held -= 5)
            {
                text.Append(Base32Letters[(bits >> (held - 5)) & 31]);
            }

            bits &= (1 << held) - 1;
        }

        return held > 0 ? text.Append(Base32Letters[(bits << (5 - held)) & 31]).ToString() : text.ToString();
    }

    /// <summary>What an app reads from a QR code.</summary>
    public static string Uri(byte[] secret, string issuer, string account)
    {
        var (by, of) = (System.Uri.EscapeDataString(issuer), System.Uri.EscapeDataString(account));
        return $"otpauth://totp/{by}:{of}?secret={Base32(secret)}&issuer={by}&algorithm=SHA1&digits=6&period=30";
    }

    private static uint Number(byte[] secret, long step)
    {
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // the RFC's function, and the one that apps know; its weakness is collisions, which do not matter here
        var hash = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        return BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & 0x7fffffff;
    }
}
