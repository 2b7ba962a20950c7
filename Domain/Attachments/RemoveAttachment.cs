using FluentValidation;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>A file that must not be here: its bytes are deleted, that it was here stays. By the desk, or by who uploaded it as long as the order is not finished.</summary>
/// <param name="Reason">1–500 characters.</param>
[AllowedTo(Roles.Desk | Roles.System, Own = Roles.Crews)]
public sealed record RemoveAttachment([property: JsonIgnore] Guid AttachmentId, string Reason) : ICommand<AttachmentReply>
{
    public sealed class Validator : AbstractValidator<RemoveAttachment>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(500);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, Attacher attacher) : IRequestHandler<RemoveAttachment, AttachmentReply>
    {
        private const string Read = """
            select community_id, request_id, work_order_id, visibility, media_type, file_name, size, sha256, uploaded_by
            from attachment
            where attachment_id = @AttachmentId and removed_at is null
            """;

        private const string Mark = """
            update attachment
            set removed_at = @Now
            where attachment_id = @AttachmentId and removed_at is null
            """;

        private const string Delete = """
            delete from attachment_content
            where community_id = @CommunityId and attachment_id = @AttachmentId
            """;

        private sealed record Row(Guid CommunityId, Guid? RequestId, Guid? WorkOrderId, Visibility Visibility, string MediaType, string FileName, long Size, byte[] Sha256, Guid? UploadedBy);

        public async Task<AttachmentReply> Handle(RemoveAttachment command, CancellationToken cancellationToken)
        {
            var row = await db.Find<Row>(Read, new { command.AttachmentId }, cancellationToken) ?? throw new Refused.NotFound("attachment");
            caller.MustBeAllowedIn(row.CommunityId);
            var request = row.RequestId is { } requestId ? await LockedRequest.Of(db, requestId, cancellationToken, "attachment") : null;
            var order = row.WorkOrderId is { } workOrderId ? await LockedOrder.Of(db, workOrderId, cancellationToken) : null;
            var finished = order?.Status is WorkOrderStatus.Done or WorkOrderStatus.Voided;
            if (request is not null)
            {
                caller.MustNotBeStale("request", request.Version);
            }

            if (order is not null)
            {
                caller.MustNotBeStale("work_order", order.Version);
            }

            if (!Attacher.IsDesk(caller, row.CommunityId) && (row.UploadedBy != caller.Actor.Id || finished))
            {
                throw new Refused.Forbidden("attachment.somebody_elses", "The desk removes files, or who uploaded them as long as the order is not finished.");
            }

            if (await db.Run(Mark, new { command.AttachmentId, Now = clock.Now() }, cancellationToken) == 0)
            {
                throw new Refused.NotFound("attachment"); // somebody else removed it while we waited for the lock
            }

            await db.Run(Delete, new { row.CommunityId, command.AttachmentId }, cancellationToken);
            log.Write(
                row.CommunityId,
                request is null ? SubjectKind.WorkOrder : SubjectKind.Request,
                request?.RequestId ?? order!.WorkOrderId,
                Happening.FileRemoved,
                new { command.AttachmentId },
                command.Reason,
                row.Visibility);
            var requestReply = request is null ? null : await request.MoveTo(db, request.Status, cancellationToken);
            var orderReply = order is null ? null : await attacher.Raise(order, cancellationToken);
            return new AttachmentReply(
                command.AttachmentId,
                row.MediaType,
                row.FileName,
                row.Size,
                Convert.ToHexStringLower(row.Sha256),
                requestReply,
                orderReply,
                requestReply?.Version ?? orderReply!.Version);
        }
    }
}
