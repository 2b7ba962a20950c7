using FluentValidation;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>What is said about a file when it is attached.</summary>
/// <param name="Visibility">Who may see it; <c>desk</c> only by the desk.</param>
/// <param name="FileName">1–200 characters; without folders, with the ending that its content has.</param>
public sealed record FileLabel(PhotoPurpose Purpose, Visibility Visibility, string FileName)
{
    internal sealed class Validator : AbstractValidator<FileLabel>
    {
        public Validator() => RuleFor(l => l.FileName).PlainText(200);
    }
}

/// <summary>What attaching and removing a file answers; the request or the order that it belongs to, as it is now.</summary>
/// <param name="Sha256">Of the file as it was uploaded, in hexadecimal.</param>
/// <param name="Version">That of the request or the order.</param>
public sealed record AttachmentReply(Guid AttachmentId, string MediaType, string FileName, long Size, string Sha256, RequestReply? Request, WorkOrderReply? WorkOrder, int Version);

/// <summary>A photo or a file comes with a request: at most 50.</summary>
/// <param name="Sha256">Of the upload; with it, an Idempotency-Key knows its file again.</param>
[AllowedTo(Roles.Desk | Roles.System, Own = Roles.Crews)]
public sealed record AttachToRequest([property: JsonIgnore] Guid RequestId, FileLabel Label, string Sha256, [property: JsonIgnore] Upload Upload) : ICommand<AttachmentReply>
{
    public sealed class Validator : AbstractValidator<AttachToRequest>
    {
        public Validator() => RuleFor(c => c.Label).SetValidator(new FileLabel.Validator()).OverridePropertyName("");
    }

    internal sealed class Handler(Db db, TimeProvider clock, Attacher attacher, RequestMover mover, OwnersWord words) : IRequestHandler<AttachToRequest, AttachmentReply>
    {
        public async Task<AttachmentReply> Handle(AttachToRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.Attach);

            var attached = await attacher.Attach(request.CommunityId, request.RequestId, null, command.Label, command.Upload, cancellationToken);
            await words.Came(request, clock.Now(), cancellationToken);
            var reply = await request.MoveTo(db, to, cancellationToken);
            return attached with { Request = reply, Version = reply.Version };
        }
    }
}

/// <summary>A photo or a file comes with a work order, from those whose order it is or from the desk: at most 50.</summary>
/// <param name="Sha256">Of the upload; with it, an Idempotency-Key knows its file again.</param>
[AllowedTo(Roles.Desk | Roles.System, Own = Roles.Crews)]
public sealed record AttachToWorkOrder([property: JsonIgnore] Guid WorkOrderId, FileLabel Label, string Sha256, [property: JsonIgnore] Upload Upload) : ICommand<AttachmentReply>
{
    public sealed class Validator : AbstractValidator<AttachToWorkOrder>
    {
        public Validator() => RuleFor(c => c.Label).SetValidator(new FileLabel.Validator()).OverridePropertyName("");
    }

    internal sealed class Handler(Db db, Caller caller, Attacher attacher) : IRequestHandler<AttachToWorkOrder, AttachmentReply>
    {
        public async Task<AttachmentReply> Handle(AttachToWorkOrder command, CancellationToken cancellationToken)
        {
            var order = await LockedOrder.Of(db, command.WorkOrderId, cancellationToken);
            if (!caller.SeesAllOf(order.CommunityId))
            {
                order.MustBeTheirs(caller);
            }

            caller.MustNotBeStale("work_order", order.Version);
            WorkOrderLifecycle.After(order.Status, WorkOrderMove.Attach);

            var attached = await attacher.Attach(order.CommunityId, null, order.WorkOrderId, command.Label, command.Upload, cancellationToken);
            var reply = await attacher.Raise(order, cancellationToken);
            return attached with { WorkOrder = reply, Version = reply.Version };
        }
    }
}

/// <summary>What attaching to a request and to an order share.</summary>
internal sealed class Attacher(Db db, TimeProvider clock, Caller caller, EventLog log)
{
    private const int MostOfOne = 50;
    private const int LongestName = 200;

    private const string Count = """
        select count(*)
        from attachment
        where community_id = @CommunityId and removed_at is null and request_id = @RequestId
        union all
        select count(*)
        from attachment
        where community_id = @CommunityId and removed_at is null and work_order_id = @WorkOrderId
        """;

    private const string Insert = """
        insert into attachment (community_id, attachment_id, request_id, work_order_id, purpose, visibility, media_type, file_name, size, sha256, shared_size, shared_sha256, uploaded_at, uploaded_by)
        values (@CommunityId, @AttachmentId, @RequestId, @WorkOrderId, @Purpose, @Visibility, @MediaType, @FileName, @Size, @Sha256, @SharedSize, @SharedSha256, @Now, @By)
        """;

    private const string RaiseOrder = """
        update work_order
        set version = version + 1
        where work_order_id = @WorkOrderId
        """;

    public static bool IsDesk(Caller caller, Guid communityId) => caller.Actor.Has(communityId, Roles.Desk | Roles.Administrator | Roles.System);

    public async Task<AttachmentReply> Attach(Guid communityId, Guid? requestId, Guid? workOrderId, FileLabel label, Upload upload, CancellationToken ct)
    {
        if (label.Visibility == Visibility.Desk && !IsDesk(caller, communityId))
        {
            throw new Refused.Forbidden("attachment.desk_only", "Only the desk attaches files for the desk alone.");
        }

        if ((await db.List<long>(Count, new { CommunityId = communityId, RequestId = requestId, WorkOrderId = workOrderId }, ct)).Sum() >= MostOfOne)
        {
            throw new Refused.Conflict("attachments.count", "There are 50 files already.");
        }

        var now = clock.Now();
        var id = Guid.CreateVersion7(now);
        var mediaType = FileKinds.MediaType(upload.Kind);
        var name = NameOf(label.FileName, upload.Kind);
        await db.Run(
            Insert,
            new
            {
                CommunityId = communityId,
                AttachmentId = id,
                RequestId = requestId,
                WorkOrderId = workOrderId,
                label.Purpose,
                label.Visibility,
                MediaType = mediaType,
                FileName = name,
                upload.Size,
                upload.Sha256,
                upload.SharedSize,
                upload.SharedSha256,
                Now = now,
                By = caller.Actor.Kind == ActorKind.Staff ? caller.Actor.Id : (Guid?)null,
            },
            ct);
        await AttachmentContent.Write(db, communityId, id, Variant.Original, upload.Original, ct);
        if (upload.Shared is { } shared)
        {
            await AttachmentContent.Write(db, communityId, id, Variant.Shared, shared, ct);
        }

        var sha256 = Convert.ToHexStringLower(upload.Sha256);
        log.Write(
            communityId,
            requestId is null ? SubjectKind.WorkOrder : SubjectKind.Request,
            requestId ?? workOrderId!.Value,
            Happening.FileAttached,
            new { attachmentId = id, label.Purpose, label.Visibility, mediaType, upload.Size, sha256 },
            name,
            label.Visibility);
        return new AttachmentReply(id, mediaType, name, upload.Size, sha256, null, null, 0);
    }

    public async Task<WorkOrderReply> Raise(LockedOrder order, CancellationToken ct)
    {
        await db.Run(RaiseOrder, new { order.WorkOrderId }, ct);
        return order.Reply(order.Status);
    }

    /// <summary>Without folders and line breaks, and with an ending that tells the truth.</summary>
    internal static string NameOf(string typed, FileKind kind)
    {
        var name = PlainText.Normalise(typed).Replace('\n', ' ').Replace('\t', ' ');
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..].Trim();
        name = name.Trim('.').Length == 0 ? "file" : name;
        var ending = FileKinds.Extension(kind);
        string[] endings = kind == FileKind.Jpeg ? [ending, ".jpeg"] : kind == FileKind.Heic ? [ending, ".heif"] : [ending];
        return endings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase))
            ? name
            : string.Concat(name.EnumerateRunes().Take(LongestName - ending.Length)) + ending;
    }
}
