using System.Data;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>Where a community's log stood: kept outside of the database, it shows later that nothing before it was changed or cut off.</summary>
/// <param name="Community">Its code.</param>
/// <param name="Hash">In hexadecimal.</param>
public sealed record LogHead(Guid CommunityId, string Community, long Seq, string Hash);

/// <summary>Something is wrong with a community's log.</summary>
/// <param name="Seq">At which entry; null where it is about the whole.</param>
public sealed record LogFault(string Community, long? Seq, string What)
{
    public override string ToString() => Seq is { } seq ? FormattableString.Invariant($"{Community}: entry {seq}: {What}") : $"{Community}: {What}";
}

/// <param name="Logs">How many entries each community's log has.</param>
public sealed record LogReport(IReadOnlyList<(string Community, long Entries)> Logs, IReadOnlyList<LogFault> Faults);

/// <summary>
/// Reads the logs of all communities, entry by entry, as the tables' owner, in one snapshot, and says where they are not what was
/// written. What nobody can see without an earlier head: an end that was cut off together with the head row, and a chain that was
/// computed anew from some entry on.
/// </summary>
public static class LogCheck
{
    /// <summary>More than these of one community are counted only.</summary>
    private const int Told = 100;

    private const string ReadHeads = """
        select c.community_id, c.code as community, h.seq, h.hash
        from community c
        left join event_head h on h.community_id = c.community_id
        order by c.code
        """;

    private const string ReadStrays = """
        select distinct e.community_id
        from event e
        where not exists (select from community c where c.community_id = e.community_id)
        """;

    private const string ReadEvents = """
        select e.seq, e.subject_kind, e.subject_id, e.what, e.visibility, e.detail::text, e.actor_kind, e.actor_id, e.channel, e.device, e.device_at, e.occurred_at, e.recorded_at,
            e.text_hash, e.prev_hash, e.hash, x.seq is not null as has_text, x.salt, x.text, x.erased_at is not null as erased
        from event e
        left join event_text x on x.community_id = e.community_id and x.seq = e.seq
        where e.community_id = @CommunityId
        order by e.seq
        """;

    private const string ReadLooseTexts = """
        select x.seq
        from event_text x
        where x.community_id = @CommunityId and not exists (select from event e where e.community_id = x.community_id and e.seq = x.seq)
        order by x.seq
        """;

    private sealed record Head(Guid CommunityId, string Community, long? Seq, byte[]? Hash);

    /// <summary>What to keep outside of the database.</summary>
    public static async Task<IReadOnlyList<LogHead>> Heads(string ownersConnectionString, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(ownersConnectionString);
        await using var connection = await source.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Head>(new CommandDefinition(ReadHeads, cancellationToken: ct))).Where(h => h.Hash is not null).Select(h => new LogHead(h.CommunityId, h.Community, h.Seq!.Value, Convert.ToHexStringLower(h.Hash!)))];
    }

    /// <param name="earlier">Heads that were exported before; none where there are none.</param>
    public static async Task<LogReport> Verify(string ownersConnectionString, IReadOnlyList<LogHead> earlier, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(ownersConnectionString);
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var heads = (await connection.QueryAsync<Head>(new CommandDefinition(ReadHeads, transaction: snapshot, cancellationToken: ct))).AsList();
        var logs = new List<(string, long)>();
        var faults = new List<LogFault>();
        foreach (var head in heads)
        {
            var known = earlier.Where(e => e.CommunityId == head.CommunityId).ToLookup(e => e.Seq, e => e.Hash);
            var log = new Log(head.Community, faults, known);
            await Read(connection, head.CommunityId, log, ct);
            var loose = await connection.QueryAsync<long>(new CommandDefinition(ReadLooseTexts, new { head.CommunityId }, snapshot, cancellationToken: ct));
            logs.Add((head.Community, log.End(head.Seq, head.Hash, loose.AsList())));
        }

        foreach (var stray in await connection.QueryAsync<Guid>(new CommandDefinition(ReadStrays, transaction: snapshot, cancellationToken: ct)))
        {
            faults.Add(new LogFault(stray.ToString(), null, "there are entries of a community that does not exist"));
        }

        faults.AddRange(earlier.Where(e => heads.All(h => h.CommunityId != e.CommunityId)).DistinctBy(e => e.CommunityId).Select(e => new LogFault(e.Community, null, "the community is gone, and its log with it")));
        return new LogReport(logs, faults);
    }

    private static async Task Read(NpgsqlConnection connection, Guid communityId, Log log, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(ReadEvents, connection) { CommandTimeout = 0 };
        command.Parameters.AddWithValue("CommunityId", communityId);
        log.Begin(SHA256.HashData(Encoding.UTF8.GetBytes(communityId.ToString())));
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            log.Next(new Entry(
                reader.GetInt64(0), reader.GetString(1), reader.GetGuid(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetString(6),
                Value<Guid?>(reader, 7), Value<string?>(reader, 8), Value<string?>(reader, 9), At(reader, 10), At(reader, 11)!.Value, At(reader, 12)!.Value,
                Value<byte[]?>(reader, 13), reader.GetFieldValue<byte[]>(14), reader.GetFieldValue<byte[]>(15), reader.GetBoolean(16), Value<byte[]?>(reader, 17), Value<string?>(reader, 18),
                !reader.IsDBNull(19) && reader.GetBoolean(19)));
        }
    }

    private static T? Value<T>(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? default : reader.GetFieldValue<T>(column);

    private static DateTimeOffset? At(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetFieldValue<DateTime>(column), TimeSpan.Zero);

    private sealed record Entry(
        long Seq,
        string SubjectKind,
        Guid SubjectId,
        string What,
        string Visibility,
        string Detail,
        string ActorKind,
        Guid? ActorId,
        string? Channel,
        string? Device,
        DateTimeOffset? DeviceAt,
        DateTimeOffset OccurredAt,
        DateTimeOffset RecordedAt,
        byte[]? TextHash,
        byte[] Previous,
        byte[] Hash,
        bool HasText,
        byte[]? Salt,
        string? Text,
        bool Erased)
    {
        public byte[] Computed() =>
            EventLog.Hash(Previous, Seq, SubjectKind, SubjectId, What, Visibility, Detail, ActorKind, ActorId, Channel, Device, DeviceAt, OccurredAt, RecordedAt, TextHash);
    }

    /// <summary>One community's log as it is read.</summary>
    private sealed class Log(string community, List<LogFault> faults, ILookup<long, string> earlier)
    {
        private readonly List<long> erased = [];
        private readonly HashSet<long> erasedByWord = [];
        private byte[] hash = [];
        private long seq;
        private long entries;
        private int told;

        public void Begin(byte[] first)
        {
            hash = first;
            Compare();
        }

        public void Next(Entry entry)
        {
            if (entry.Seq > seq + 1)
            {
                Say(seq + 1, entry.Seq == seq + 2 ? "it was removed" : FormattableString.Invariant($"it and what follows, up to {entry.Seq - 1}, was removed"));
            }
            else if (entry.Seq <= seq)
            {
                Say(entry.Seq, "it was inserted: the first entry is 1");
            }
            else if (!entry.Previous.AsSpan().SequenceEqual(hash))
            {
                Say(entry.Seq, "it does not follow from the one before it");
            }

            if (!entry.Computed().AsSpan().SequenceEqual(entry.Hash))
            {
                Say(entry.Seq, "it was altered");
            }

            Words(entry);
            entries++;
            (seq, hash) = (entry.Seq, entry.Hash);
            Compare();
        }

        /// <returns>How many entries there are.</returns>
        public long End(long? headSeq, byte[]? headHash, IReadOnlyList<long> loose)
        {
            if (headSeq is null)
            {
                Say(null, "its head is gone");
            }
            else if (headSeq > seq)
            {
                Say(seq + 1, FormattableString.Invariant($"it and what follows was cut off: the head stands at {headSeq}"));
            }
            else if (headSeq < seq)
            {
                Say(headSeq + 1, "it was inserted behind the head");
            }
            else if (!headHash.AsSpan().SequenceEqual(hash))
            {
                Say(seq, "the head names another one");
            }

            foreach (var stray in loose)
            {
                Say(stray, "there is a text of an entry that is not there");
            }

            foreach (var without in erased.Where(e => !erasedByWord.Contains(e)))
            {
                Say(without, "its text was taken away, and no erasure says so");
            }

            foreach (var beyond in earlier.Where(e => e.Key > seq).OrderBy(e => e.Key))
            {
                Say(seq + 1, FormattableString.Invariant($"it and what follows was cut off: when its head was exported, the log had {beyond.Key} entries"));
            }

            if (told > Told)
            {
                faults.Add(new LogFault(community, null, FormattableString.Invariant($"and {told - Told} more")));
            }

            return entries;
        }

        private void Words(Entry entry)
        {
            if (entry.TextHash is null)
            {
                if (entry.HasText)
                {
                    Say(entry.Seq, "a text was put to it");
                }
            }
            else if (!entry.HasText)
            {
                Say(entry.Seq, "its text was removed");
            }
            else if (entry.Erased)
            {
                erased.Add(entry.Seq);
            }
            else if (entry.Salt is null || entry.Text is null || !EventLog.TextHash(entry.Salt, entry.Text).AsSpan().SequenceEqual(entry.TextHash))
            {
                Say(entry.Seq, "its text was altered");
            }

            if (entry.What == EnumWord.Of(Happening.CustomerErased))
            {
                // Whoever tampered with it may have left anything here.
                using var detail = JsonDocument.Parse(entry.Detail);
                if (detail.RootElement is { ValueKind: JsonValueKind.Object } said && said.TryGetProperty("texts", out var texts) && texts.ValueKind == JsonValueKind.Array)
                {
                    erasedByWord.UnionWith(texts.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.Number && t.TryGetInt64(out var at) ? at : 0));
                }
                else
                {
                    Say(entry.Seq, "it does not say what was erased");
                }
            }
        }

        private void Compare()
        {
            if (earlier[seq].Any(e => !string.Equals(e, Convert.ToHexStringLower(hash), StringComparison.OrdinalIgnoreCase)))
            {
                Say(seq, "the chain was computed anew: when its head was exported, this entry had another hash");
            }
        }

        private void Say(long? at, string what)
        {
            if (++told <= Told)
            {
                faults.Add(new LogFault(community, at, what));
            }
        }
    }
}
