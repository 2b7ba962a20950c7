using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>As uploaded, or as owners get it: without the place where it was taken.</summary>
public enum Variant
{
    Original,
    Shared,
}

/// <summary>The bytes of attachments, in and out, a chunk at a time: memory is bounded by one chunk, whatever the file.</summary>
public static class AttachmentContent
{
    public const int ChunkSize = 256 * 1024;

    private const string Insert = """
        insert into attachment_content (community_id, attachment_id, variant, chunk, bytes)
        values (@CommunityId, @AttachmentId, @Variant, @Chunk, @Bytes)
        """;

    internal static async Task Write(Db db, Guid communityId, Guid attachmentId, Variant variant, Stream from, CancellationToken ct)
    {
        var buffer = new byte[ChunkSize];
        for (var chunk = 0; ; chunk++)
        {
            var read = await from.ReadAtLeastAsync(buffer, ChunkSize, throwOnEndOfStream: false, ct);
            if (read == 0)
            {
                return;
            }

            await db.Run(Insert, new { CommunityId = communityId, AttachmentId = attachmentId, Variant = variant, Chunk = chunk, Bytes = read == ChunkSize ? buffer : buffer[..read] }, ct);
        }
    }

    /// <summary>Copies a file out. Each chunk is a short transaction of its own, so that a slow reader holds no connection.</summary>
    /// <exception cref="Refused.NotFound">It was removed meanwhile.</exception>
    public static async Task CopyTo(IMediator desk, ContentHead head, Stream to, CancellationToken ct)
    {
        for (var chunk = 0; (long)chunk * ChunkSize < head.Size; chunk++)
        {
            await to.WriteAsync(await desk.Send(new GetChunk(head.CommunityId, head.AttachmentId, head.Variant, chunk), ct), ct);
        }
    }
}

/// <summary>One chunk of a file that the caller was given the head of.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record GetChunk(Guid CommunityId, Guid AttachmentId, Variant Variant, int Chunk) : IQuery<byte[]>
{
    internal sealed class Handler(Db db) : IRequestHandler<GetChunk, byte[]>
    {
        private const string Read = """
            select bytes
            from attachment_content
            where community_id = @CommunityId and attachment_id = @AttachmentId and variant = @Variant and chunk = @Chunk
            """;

        public async Task<byte[]> Handle(GetChunk query, CancellationToken cancellationToken) =>
            await db.Find<byte[]>(Read, new { query.CommunityId, query.AttachmentId, query.Variant, query.Chunk }, cancellationToken) ?? throw new Refused.NotFound("attachment");
    }
}

/// <summary>What there is to know about a file before its bytes are sent. A shared variant that does not differ is the original; of a file that owners do not see there is none.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record GetContent(Guid AttachmentId, Variant Variant = Variant.Original) : IQuery<ContentHead>
{
    internal sealed class Handler(Db db, Caller caller, CrewsOwn own) : IRequestHandler<GetContent, ContentHead>
    {
        private const string Read = """
            select community_id, request_id, work_order_id, visibility, media_type, file_name, size, sha256, shared_size, shared_sha256
            from attachment
            where attachment_id = @AttachmentId and removed_at is null
            """;

        private sealed record Row(Guid CommunityId, Guid? RequestId, Guid? WorkOrderId, Visibility Visibility, string MediaType, string FileName, long Size, byte[] Sha256, long? SharedSize, byte[]? SharedSha256);

        public async Task<ContentHead> Handle(GetContent query, CancellationToken cancellationToken)
        {
            var row = await db.Find<Row>(Read, new { query.AttachmentId }, cancellationToken);
            if (row is null || (query.Variant == Variant.Shared && row.Visibility != Visibility.Owner))
            {
                throw new Refused.NotFound("attachment");
            }

            await (row.RequestId is { } request
                ? own.MustBeRequest(row.CommunityId, request, cancellationToken, "attachment")
                : own.MustBeOrder(row.CommunityId, row.WorkOrderId!.Value, cancellationToken, "attachment"));
            if (row.Visibility == Visibility.Desk && !Attacher.IsDesk(caller, row.CommunityId))
            {
                throw new Refused.Forbidden("attachment.desk_only", "This file is for the desk alone.");
            }

            return query.Variant == Variant.Shared && row is { SharedSize: { } size, SharedSha256: { } sha256 }
                ? new ContentHead(row.CommunityId, query.AttachmentId, Variant.Shared, row.MediaType, row.FileName, size, sha256)
                : new ContentHead(row.CommunityId, query.AttachmentId, Variant.Original, row.MediaType, row.FileName, row.Size, row.Sha256);
        }
    }
}

public sealed record ContentHead(Guid CommunityId, Guid AttachmentId, Variant Variant, string MediaType, string FileName, long Size, byte[] Sha256);
