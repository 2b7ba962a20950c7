using System.Security.Cryptography;
using System.Text;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Codes for who has lost the telephone: each good once. Long enough that a plain hash of one tells nothing.</summary>
public static class RecoveryCodes
{
    public const int Many = 10;

    private const int Bytes = 15; // 120 bits, 24 letters

    public static IReadOnlyList<string> Make() => [.. Enumerable.Range(0, Many).Select(_ => Spaced(Totp.Base32(RandomNumberGenerator.GetBytes(Bytes))))];

    /// <summary>Null where this cannot be one. Blanks, hyphens and the size of letters do not matter.</summary>
    public static byte[]? Hash(string typed)
    {
        var letters = new string([.. typed.ToUpperInvariant().Where(c => c is not (' ' or '-'))]);
        return letters.Length == Bytes * 8 / 5 ? SHA256.HashData(Encoding.UTF8.GetBytes(letters)) : null;
    }

    private static string Spaced(string letters) => string.Join('-', letters.Chunk(6).Select(part => new string(part)));
}
