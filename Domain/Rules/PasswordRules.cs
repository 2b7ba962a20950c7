using System.Collections.Frozen;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>
/// What a password must be: long enough, and none that everybody tries first. There are no rules of composition, and a password is
/// taken exactly as typed.
/// </summary>
public static class PasswordRules
{
    public const int Least = 12;
    public const int Most = 200;

    public const string TooShort = "password.too_short";
    public const string TooLong = "password.too_long";
    public const string Common = "password.common";
    public const string LikeTheName = "password.like_the_name";

    /// <summary>A unit of so many characters or fewer, repeated, is one of the first guesses.</summary>
    private const int ShortUnit = 4;

    private static readonly string[] OfTheHouse = ["propertyservicedesk", "servicedesk", "wuyefuwutai"];

    /// <summary>The 10,000 most frequent ones of leaked lists that are long enough, in lower case (SecLists, 10 million passwords by Mark Burnett).</summary>
    private static readonly Lazy<FrozenSet<string>> Leaked = new(Read);

    /// <summary>The code of what is wrong with a password, null where nothing is. Lengths count code points.</summary>
    /// <param name="names">The person's own: a password that is one of them with a few characters more is refused.</param>
    public static string? Fault(string password, params IEnumerable<string> names)
    {
        var length = password.EnumerateRunes().Count();
        if (length < Least)
        {
            return TooShort;
        }

        if (length > Most)
        {
            return TooLong;
        }

        var lower = password.ToLowerInvariant();
        if (Leaked.Value.Contains(lower) || Repeats(lower) || Climbs(lower) || OfTheHouse.Any(word => IsNear(lower, word)))
        {
            return Common;
        }

        return names.Any(name => name.Length >= 3 && IsNear(lower, name.ToLowerInvariant())) ? LikeTheName : null;
    }

    /// <summary>What is left without the word, wherever it stands, is too little to be a secret.</summary>
    private static bool IsNear(string password, string word) => password.Contains(word, StringComparison.Ordinal) && password.Replace(word, "", StringComparison.Ordinal).Length < 6;

    private static bool Repeats(string password) =>
        Enumerable.Range(1, ShortUnit).Any(unit => Enumerable.Range(unit, password.Length - unit).All(i => password[i] == password[i - unit]));

    /// <summary>abcdefghijkl, 123456789012, and down again.</summary>
    private static bool Climbs(string password)
    {
        var steps = Enumerable.Range(1, password.Length - 1).Select(i => (password[i] - password[i - 1], password[i - 1])).ToArray();
        return steps.All(s => s.Item1 == 1 || s is (-9, '9')) || steps.All(s => s.Item1 == -1 || s is (9, '0'));
    }

    private static FrozenSet<string> Read()
    {
        using var reader = new StreamReader(typeof(PasswordRules).Assembly.GetManifestResourceStream("rules/common-passwords.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
    }
}
