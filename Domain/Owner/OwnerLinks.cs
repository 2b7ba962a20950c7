using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Owner;

/// <summary>Whoever holds a link: the owner of one request, for the desk.</summary>
public sealed record LinkHolder(Guid OwnerLinkId, Guid CommunityId, Guid RequestId)
{
    /// <summary>
    /// The owner, as commands see them: a person, not the system. The role is that of other systems, as which the owner's page sends the few
    /// commands that owners may send, always on the request of the link; it opens no other door.
    /// </summary>
    public Actor Actor => OwnerLinks.OwnerIn(CommunityId, OwnerLinkId);
}

/// <summary>What a code on the wall, or a community's link, is for.</summary>
public sealed record ReportTarget(Guid CommunityId, Guid? PlaceId, Guid? AssetId);

/// <summary>
/// Links and codes, before anybody is known as the caller: each statement runs in the application's role and in no community's scope, and
/// reaches them only through narrow functions of the database. A token is 192 bits of an HMAC over its link's id; it is stored nowhere.
/// </summary>
public sealed class OwnerLinks(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>How long a link opens a request that was closed or cancelled.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>Letters of a token.</summary>
    public const int Length = 32;

    private const int Bytes = Length / 4 * 3;

    private const string ReadSecret = "select secret_of_owner_links()";

    private byte[]? secret;

    public static Actor OwnerIn(Guid communityId, Guid id) => new(ActorKind.Owner, id, "owner", [new RoleIn(communityId, Roles.System)], []);

    /// <summary>The token of a link: what stands behind <c>/o/</c> in its address.</summary>
    public async ValueTask<string> TokenOf(Guid ownerLinkId, CancellationToken ct)
    {
        secret ??= await Secret(ct);
        return Token(secret, ownerLinkId);
    }

    /// <summary>The same in a transaction, over its own connection: whoever holds one must not wait for another, of which there may be none left.</summary>
    internal async ValueTask<string> TokenOf(Guid ownerLinkId, Db db, CancellationToken ct)
    {
        secret ??= await db.Single<byte[]>(ReadSecret, null, ct);
        return Token(secret, ownerLinkId);
    }

    private static string Token(byte[] secret, Guid ownerLinkId) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(secret, ownerLinkId.ToByteArray(bigEndian: true)).AsSpan(0, Bytes));

    /// <summary>Null where the link is made up, or has ended: the two are never told apart.</summary>
    public async Task<LinkHolder?> Holder(string token, CancellationToken ct)
    {
        if (token.Length != Length)
        {
            return null;
        }

        await using var batch = Enter("select owner_link_id, community_id, request_id from owner_link_holder($1, $2, $3)", Hash(token), clock.Now().UtcDateTime, Kept);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        return await reader.ReadAsync(ct) ? new LinkHolder(reader.GetGuid(0), reader.GetGuid(1), reader.GetGuid(2)) : null;
    }

    /// <summary>Null where there is no such code, or what it stood for is retired.</summary>
    public async Task<ReportTarget?> Target(string code, CancellationToken ct)
    {
        if (code.Length is < 8 or > 64 || code.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        await using var batch = Enter("select community_id, place_id, asset_id from report_target($1)", code);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        return await reader.ReadAsync(ct) ? new ReportTarget(reader.GetGuid(0), reader.IsDBNull(1) ? null : reader.GetGuid(1), reader.IsDBNull(2) ? null : reader.GetGuid(2)) : null;
    }

    internal static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private async Task<byte[]> Secret(CancellationToken ct)
    {
        await using var batch = Enter(ReadSecret);
        return (byte[])(await batch.ExecuteScalarAsync(CancellationToken.None))!;
    }

    /// <summary>Both statements are one implicit transaction, in which the role holds. They are short, and never given up halfway: the driver would take what it was just preparing for prepared.</summary>
    private NpgsqlBatch Enter(string sql, params object[] values)
    {
        var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', '')"));
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
        return batch;
    }
}

/// <summary>A request is registered with its link; one that was imported, or made before there were links, gets its own when its owner is asked.</summary>
internal sealed class LinkForOwner(Db db, OwnerLinks links) : INotificationHandler<FeedbackAsked>
{
    private const string Write = """
        insert into owner_link (community_id, owner_link_id, request_id, token_hash, made_at)
        values (@CommunityId, @OwnerLinkId, @RequestId, @TokenHash, @At)
        on conflict (community_id, request_id) do nothing
        """;

    public async Task Handle(FeedbackAsked notification, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(notification.At);
        await db.Run(
            Write,
            new { notification.CommunityId, OwnerLinkId = id, notification.RequestId, TokenHash = OwnerLinks.Hash(await links.TokenOf(id, db, cancellationToken)), notification.At },
            cancellationToken);
    }
}

/// <summary>The link of a request, for whoever writes to its owner; null where there is none any more.</summary>
[AllowedTo(Roles.System)]
public sealed record FindOwnerLink(Guid CommunityId, Guid RequestId) : IQuery<Guid?>
{
    internal sealed class Handler(Db db) : IRequestHandler<FindOwnerLink, Guid?>
    {
        private const string Read = """
            select owner_link_id
            from owner_link
            where community_id = @CommunityId and request_id = @RequestId
            """;

        public Task<Guid?> Handle(FindOwnerLink query, CancellationToken cancellationToken) => db.Find<Guid?>(Read, new { query.CommunityId, query.RequestId }, cancellationToken);
    }
}
