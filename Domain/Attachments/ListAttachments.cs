using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The files of a request and of the orders that serve or served it, in the order in which they came; without removed ones and what the caller may not see.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record ListAttachmentsOfRequest(Guid RequestId) : IQuery<IReadOnlyList<AttachmentLine>>
{
    internal sealed class Handler(Db db, Caller caller, CrewsOwn own) : IRequestHandler<ListAttachmentsOfRequest, IReadOnlyList<AttachmentLine>>
    {
        private const string Known = """
            select community_id
            from request
            where request_id = @RequestId
            """;

        private const string Read = """
            select a.attachment_id, a.request_id, a.work_order_id, a.purpose, a.visibility, a.media_type, a.file_name, a.size, encode(a.sha256, 'hex') as sha256,
                a.shared_size is not null as has_shared_variant, a.uploaded_at, a.uploaded_by, s.display_name as uploaded_by_name
            from (
                select r.attachment_id
                from attachment r
                where r.community_id = @CommunityId and r.request_id = @RequestId
                union
                select o.attachment_id
                from request_work_order l
                join attachment o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                where l.community_id = @CommunityId and l.request_id = @RequestId
            ) f
            join attachment a on a.attachment_id = f.attachment_id
            left join staff s on s.staff_id = a.uploaded_by
            where a.community_id = @CommunityId and a.removed_at is null and (@Desk or a.visibility <> 'desk')
            order by a.uploaded_at, a.attachment_id
            limit 500
            """;

        public async Task<IReadOnlyList<AttachmentLine>> Handle(ListAttachmentsOfRequest query, CancellationToken cancellationToken)
        {
            var community = await db.Find<Guid?>(Known, new { query.RequestId }, cancellationToken) ?? throw new Refused.NotFound("request");
            await own.MustBeRequest(community, query.RequestId, cancellationToken);
            return await db.List<AttachmentLine>(Read, new { CommunityId = community, query.RequestId, Desk = Attacher.IsDesk(caller, community) }, cancellationToken);
        }
    }
}

/// <summary>The files of a work order, in the order in which they came; without removed ones and what the caller may not see.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record ListAttachmentsOfWorkOrder(Guid WorkOrderId) : IQuery<IReadOnlyList<AttachmentLine>>
{
    internal sealed class Handler(Db db, Caller caller, CrewsOwn own) : IRequestHandler<ListAttachmentsOfWorkOrder, IReadOnlyList<AttachmentLine>>
    {
        private const string Known = """
            select community_id
            from work_order
            where work_order_id = @WorkOrderId
            """;

        private const string Read = """
            select a.attachment_id, a.request_id, a.work_order_id, a.purpose, a.visibility, a.media_type, a.file_name, a.size, encode(a.sha256, 'hex') as sha256,
                a.shared_size is not null as has_shared_variant, a.uploaded_at, a.uploaded_by, s.display_name as uploaded_by_name
            from attachment a
            left join staff s on s.staff_id = a.uploaded_by
            where a.community_id = @CommunityId and a.work_order_id = @WorkOrderId and a.removed_at is null and (@Desk or a.visibility <> 'desk')
            order by a.uploaded_at, a.attachment_id
            limit 500
            """;

        public async Task<IReadOnlyList<AttachmentLine>> Handle(ListAttachmentsOfWorkOrder query, CancellationToken cancellationToken)
        {
            var community = await db.Find<Guid?>(Known, new { query.WorkOrderId }, cancellationToken) ?? throw new Refused.NotFound("work_order");
            await own.MustBeOrder(community, query.WorkOrderId, cancellationToken);
            return await db.List<AttachmentLine>(Read, new { CommunityId = community, query.WorkOrderId, Desk = Attacher.IsDesk(caller, community) }, cancellationToken);
        }
    }
}

/// <param name="RequestId">Null where it belongs to a work order.</param>
/// <param name="HasSharedVariant">Owners get a copy without the place where it was taken.</param>
public sealed record AttachmentLine(
    Guid AttachmentId,
    Guid? RequestId,
    Guid? WorkOrderId,
    PhotoPurpose Purpose,
    Visibility Visibility,
    string MediaType,
    string FileName,
    long Size,
    string Sha256,
    bool HasSharedVariant,
    DateTimeOffset UploadedAt,
    Guid? UploadedBy,
    string? UploadedByName);
