using System.Security.Cryptography;
using NpgsqlTypes;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>
/// Many events of one community, numbered and chained here instead of one by one in the database: what <c>append_events</c> would
/// have written, in one statement. The head row is locked from <see cref="Append"/> until commit.
/// </summary>
internal sealed class EventBatch(Guid communityId, Actor actor, DateTimeOffset now)
{
    private const string Head = """
        select seq, hash
        from event_head
        where community_id = @CommunityId
        for no key update
        """;

    private const string Insert = """
        with e as (
            insert into event (community_id, seq, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, channel, occurred_at, recorded_at,
                text_hash, prev_hash, hash)
            select @CommunityId, e.seq, e.subject_kind, e.subject_id, e.what, e.visibility, e.detail::json, @ActorKind, @ActorId, e.channel, e.occurred_at, @Now,
                e.text_hash, e.prev_hash, e.hash
            from unnest(@Seqs::bigint[], @SubjectKinds::text[], @SubjectIds::uuid[], @Whats::text[], @Visibilities::text[], @Details::text[], @Channels::text[],
                @OccurredAt::timestamptz[], @TextHashes::bytea[], @PrevHashes::bytea[], @Hashes::bytea[])
                e (seq, subject_kind, subject_id, what, visibility, detail, channel, occurred_at, text_hash, prev_hash, hash)
        ), t as (
            insert into event_text (community_id, seq, salt, text)
            select @CommunityId, t.seq, t.salt, t.text
            from unnest(@TextSeqs::bigint[], @Salts::bytea[], @Texts::text[]) t (seq, salt, text)
        )
        update event_head
        set seq = @LastSeq, hash = @LastHash
        where community_id = @CommunityId
        """;

    private readonly List<Entry> entries = [];

    public void Add(SubjectKind subjectKind, Guid subjectId, Happening what, string detail, string? text, Visibility visibility, DateTimeOffset occurredAt, string? channel = null)
    {
        var salt = text is null ? null : RandomNumberGenerator.GetBytes(16);
        entries.Add(new Entry(
            EnumWord.Of(subjectKind), subjectId, EnumWord.Of(what), EnumWord.Of(visibility), detail, text, salt, text is null ? null : EventLog.TextHash(salt!, text), channel, occurredAt));
    }

    public async Task Append(Db db, CancellationToken ct)
    {
        if (entries.Count == 0)
        {
            return;
        }

        var (seq, hash) = await db.Single<(long, byte[])>(Head, new { CommunityId = communityId }, ct);
        var actorKind = EnumWord.Of(actor.Kind);
        var actorId = actor.Id == Guid.Empty ? (Guid?)null : actor.Id;
        foreach (var e in entries)
        {
            (e.Seq, e.Previous) = (++seq, hash);
            e.Hash = hash = EventLog.Hash(hash, seq, e.SubjectKind, e.SubjectId, e.What, e.Visibility, e.Detail, actorKind, actorId, e.Channel, null, null, e.OccurredAt, now, e.TextHash);
        }

        var texts = entries.Where(e => e.Text is not null).ToArray();
        await using var command = new NpgsqlCommand(Insert, await db.Entered(ct));
        command.With("CommunityId", NpgsqlDbType.Uuid, communityId)
            .With("ActorKind", NpgsqlDbType.Text, actorKind)
            .With("ActorId", NpgsqlDbType.Uuid, (object?)actorId ?? DBNull.Value)
            .With("Now", NpgsqlDbType.TimestampTz, now.UtcDateTime)
            .With("LastSeq", NpgsqlDbType.Bigint, seq)
            .With("LastHash", NpgsqlDbType.Bytea, hash)
            .With("Seqs", NpgsqlDbType.Bigint, entries, e => e.Seq)
            .With("SubjectKinds", NpgsqlDbType.Text, entries, e => e.SubjectKind)
            .With("SubjectIds", NpgsqlDbType.Uuid, entries, e => e.SubjectId)
            .With("Whats", NpgsqlDbType.Text, entries, e => e.What)
            .With("Visibilities", NpgsqlDbType.Text, entries, e => e.Visibility)
            .With("Details", NpgsqlDbType.Text, entries, e => e.Detail)
            .With("Channels", NpgsqlDbType.Text, entries, e => e.Channel)
            .With("OccurredAt", NpgsqlDbType.TimestampTz, entries, e => e.OccurredAt.UtcDateTime)
            .With("TextHashes", NpgsqlDbType.Bytea, entries, e => e.TextHash)
            .With("PrevHashes", NpgsqlDbType.Bytea, entries, e => e.Previous)
            .With("Hashes", NpgsqlDbType.Bytea, entries, e => e.Hash)
            .With("TextSeqs", NpgsqlDbType.Bigint, texts, e => e.Seq)
            .With("Salts", NpgsqlDbType.Bytea, texts, e => e.Salt)
            .With("Texts", NpgsqlDbType.Text, texts, e => e.Text);
        await command.ExecuteNonQueryAsync(ct);
        entries.Clear();
    }

    private sealed class Entry(
        string subjectKind, Guid subjectId, string what, string visibility, string detail, string? text, byte[]? salt, byte[]? textHash, string? channel, DateTimeOffset occurredAt)
    {
        public string SubjectKind => subjectKind;

        public Guid SubjectId => subjectId;

        public string What => what;

        public string Visibility => visibility;

        public string Detail => detail;

        public string? Text => text;

        public byte[]? Salt => salt;

        public byte[]? TextHash => textHash;

        public string? Channel => channel;

        public DateTimeOffset OccurredAt => occurredAt;

        public long Seq { get; set; }

        public byte[]? Previous { get; set; }

        public byte[]? Hash { get; set; }
    }
}

/// <summary>Parameters of statements that write many rows from arrays, each with its type said: an array of nulls has none of its own.</summary>
internal static class ArrayParameters
{
    public static NpgsqlCommand With(this NpgsqlCommand command, string name, NpgsqlDbType type, object value)
    {
        command.Parameters.Add(new NpgsqlParameter(name, type) { Value = value });
        return command;
    }

    public static NpgsqlCommand With<TRow, T>(this NpgsqlCommand command, string name, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, T> value)
    {
        var array = new T[rows.Count];
        for (var i = 0; i < array.Length; i++)
        {
            array[i] = value(rows[i]);
        }

        return command.With(name, NpgsqlDbType.Array | type, array);
    }
}
