using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Auth;

/// <summary>The framework's hasher: PBKDF2 with HMAC-SHA512. Hashing is slow on purpose, so only so many run at once as there are processors.</summary>
internal sealed class Passwords(IPasswordHasher<object> hasher)
{
    /// <summary>OWASP's figure for this function.</summary>
    private const int Rounds = 210_000;

    /// <summary>Without letters and digits that look alike.</summary>
    private const string Letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    private const int RandomLength = 20;

    private static readonly object Anybody = new();
    private static readonly SemaphoreSlim AtOnce = new(Environment.ProcessorCount);
    private static readonly PasswordHasher<object> Own = Hasher();
    private static readonly string NobodysHash = HashOf(Guid.NewGuid().ToString());

    public static PasswordHasher<object> Hasher() => new(Options.Create(new PasswordHasherOptions { IterationCount = Rounds }));

    /// <summary>For tools, which have no host around them.</summary>
    public static string HashOf(string password) => Own.HashPassword(Anybody, password);

    /// <summary>A password that nobody chose: 115 bits.</summary>
    public static string Random() => RandomNumberGenerator.GetString(Letters, RandomLength);

    /// <exception cref="Refused.Invalid">It is too short, too long, common, or much like the person's own name.</exception>
    public static void MustBeGood(string password, string field, params IEnumerable<string> names)
    {
        if (PasswordRules.Fault(password, names) is { } code)
        {
            throw new Refused.Invalid([new Fault(field, code, Sentence(code))]);
        }
    }

    public Task<string> Hash(string password, CancellationToken ct) => InTurn(() => hasher.HashPassword(Anybody, password), ct);

    /// <param name="hash">Null where nobody has the name: that costs the same.</param>
    public Task<PasswordVerificationResult> Verify(string? hash, string password, CancellationToken ct) =>
        InTurn(() => hasher.VerifyHashedPassword(Anybody, hash ?? NobodysHash, password) is var result && hash is null ? PasswordVerificationResult.Failed : result, ct);

    private static string Sentence(string code) => code switch
    {
        PasswordRules.TooShort => "A password has at least 12 characters.",
        PasswordRules.TooLong => "A password has at most 200 characters.",
        PasswordRules.Common => "Everybody tries this password first. Take another one.",
        PasswordRules.LikeTheName => "This password is too much like the name.",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "No sentence for this code."),
    };

    private static async Task<T> InTurn<T>(Func<T> work, CancellationToken ct)
    {
        await AtOnce.WaitAsync(ct);
        try
        {
            return await Task.Run(work, ct);
        }
        finally
        {
            AtOnce.Release();
        }
    }
}
