using System.Security.Cryptography;
using System.Text;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>
/// How fast one may guess. Failed attempts are counted by address, by name, and by name at an address; after some free ones each asks for
/// twice the wait of the one before, up to a minute at most: nobody is locked out for long by what others do. An attempt while one has to
/// wait is not counted; while the name as a whole has to wait, it takes a place among those that wait for it, at an address that has free
/// ones left, and the next attempt is the first one's. Success forgets those of the name; an hour without attempts forgets all.
/// </summary>
/// <param name="Name">As typed, trimmed and in lower case; whether anybody has it makes no difference.</param>
public sealed record SignInPace(string Name, string Address)
{
    /// <summary>Attempts that ask for no wait: from one address for all names, for one name from everywhere, for one name from one address.</summary>
    public int[] Free { get; private init; } = [50, 20, 5];

    /// <summary>The longest wait in seconds, in the same order.</summary>
    public int[] Most { get; private init; } = [60, 30, 60];

    /// <summary>In the same order. Hashes: people type passwords where names belong.</summary>
    public byte[][] Keys { get; private init; } = [Key("address", Address), Key("name", Name), Key("name at address", Name + "\n" + Address)];

    /// <summary>Codes of a second factor, which nobody tries who has not given the password.</summary>
    public bool OfFactor { get; private init; }

    /// <summary>
    /// Six digits are few, and who guesses them knows the password: the wait grows to a quarter of an hour. What is counted here is no
    /// name that somebody could type at sign-in; and where this person gave a code before, nobody else's guesses hold them up.
    /// </summary>
    public static SignInPace OfSecondFactor(Guid staffId, string signInName, string address) => new(signInName, address)
    {
        Free = [50, 5, 5],
        Most = [60, 900, 900],
        Keys = [Key("address", address), Key("factor", staffId.ToString()), Key("factor at address", staffId + "\n" + address)],
        OfFactor = true,
    };

    private static byte[] Key(string kind, string value) => SHA256.HashData(Encoding.UTF8.GetBytes(kind + "\n" + value));
}
