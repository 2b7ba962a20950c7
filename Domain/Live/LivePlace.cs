using System.Globalization;

namespace PropertyServiceDesk.Domain.Live;

/// <summary>
/// How far the logs of some communities were read: of each the number of the last event. As text it is the id of a server-sent event:
/// for each community the end of its id and the number, as in <c>3f2a9c1b-1042.77a0b1c2-88</c>.
/// </summary>
public sealed record LivePlace(IReadOnlyDictionary<Guid, long> Seqs)
{
    private const int Shown = 8;

    /// <summary>What the text says of these communities; of one that it does not name, or that it names like another one, nothing.</summary>
    public static LivePlace Read(string text, IReadOnlyCollection<Guid> communities)
    {
        var said = text.Split('.')
            .Select(part => part.Split('-') is [{ Length: Shown } key, var number] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? (Key: key, Seq: seq) : default)
            .Where(p => p.Key is not null)
            .GroupBy(p => p.Key, StringComparer.Ordinal)
            .Where(g => g.Count() == 1)
            .ToDictionary(g => g.Key, g => g.Single().Seq, StringComparer.Ordinal);
        return new LivePlace(communities
            .GroupBy(Key, StringComparer.Ordinal)
            .Where(g => g.Count() == 1 && said.ContainsKey(g.Key))
            .ToDictionary(g => g.Single(), g => said[g.Key]));
    }

    public override string ToString() => string.Join('.', Seqs.OrderBy(s => s.Key).Select(s => string.Create(CultureInfo.InvariantCulture, $"{Key(s.Key)}-{s.Value}")));

    /// <summary>The end of an id is random, its beginning a time.</summary>
    private static string Key(Guid communityId) => communityId.ToString("N")[^Shown..];
}
