using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class AttachmentsEndpoints
{
    /// <summary>A little above the limit that is told: what is over it is answered with the reason, not with a closed connection.</summary>
    private static readonly RequestSizeLimitAttribute Largest = new(Upload.Most + (64 * 1024));

    public static void MapAttachments(this IEndpointRouteBuilder api)
    {
        var requests = api.MapGroup("/requests/{requestId:guid}/attachments").WithTags("Attachments");
        var orders = api.MapGroup("/work-orders/{workOrderId:guid}/attachments").WithTags("Attachments");
        var attachments = api.MapGroup("/attachments/{attachmentId:guid}").WithTags("Attachments");

        requests.Get<ListAttachmentsOfRequest, IReadOnlyList<AttachmentLine>>("/");
        orders.Get<ListAttachmentsOfWorkOrder, IReadOnlyList<AttachmentLine>>("/");

        requests.MapPost("/", async (Guid requestId, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var label = QueryString.Read<FileLabel>(http);
            await using var upload = await Receive(http, label, ct);
            return Created(http, await desk.Send(new AttachToRequest(requestId, label, Convert.ToHexStringLower(upload.Sha256), upload), ct));
        }).WithMetadata(Largest, new ReadsQuery(typeof(FileLabel)), new TakesFile(Upload.Most)).Produces<AttachmentReply>(StatusCodes.Status201Created).Sends<AttachToRequest>();

        orders.MapPost("/", async (Guid workOrderId, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var label = QueryString.Read<FileLabel>(http);
            await using var upload = await Receive(http, label, ct);
            return Created(http, await desk.Send(new AttachToWorkOrder(workOrderId, label, Convert.ToHexStringLower(upload.Sha256), upload), ct));
        }).WithMetadata(Largest, new ReadsQuery(typeof(FileLabel)), new TakesFile(Upload.Most)).Produces<AttachmentReply>(StatusCodes.Status201Created).Sends<AttachToWorkOrder>();

        attachments.MapPost("/removal", async (Guid attachmentId, RemoveAttachment body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { AttachmentId = attachmentId }, ct))).Produces<AttachmentReply>();

        attachments.MapGet("/content", async (HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var head = await desk.Send(QueryString.Read<GetContent>(http), ct);
            if (Describe(http, head))
            {
                await AttachmentContent.CopyTo(desk, head, http.Response.Body, ct);
            }
        }).WithMetadata(new ReadsQuery(typeof(GetContent)), new GivesFile([.. Enum.GetValues<FileKind>().Select(FileKinds.MediaType)])).Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status304NotModified);
    }

    private static Task<Upload> Receive(HttpContext http, FileLabel label, CancellationToken ct) =>
        http.Request.ContentLength > Upload.Most
            ? throw new Refused.TooLarge("attachment.too_large", "This file is too large: at most 20 MB.")
            : Upload.Receive(http.Request.Body, label.Visibility == Visibility.Owner, ct);

    private static IResult Created(HttpContext http, AttachmentReply reply) => Resource.Created(http, $"/api/attachments/{reply.AttachmentId}/content", reply);

    /// <summary>Nothing that a browser would run: the type is one of ours, a download, and never guessed.</summary>
    /// <returns>Whether the bytes are to follow.</returns>
    private static bool Describe(HttpContext http, ContentHead head)
    {
        var etag = $"\"{Convert.ToHexStringLower(head.Sha256)}\"";
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(head.FileName);
        var headers = http.Response.Headers;
        headers.ETag = etag;
        headers.CacheControl = "private, no-cache";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        if (http.Request.Headers.IfNoneMatch.Contains(etag, StringComparer.Ordinal))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return false;
        }

        headers.ContentDisposition = disposition.ToString();
        http.Response.ContentType = head.MediaType;
        http.Response.ContentLength = head.Size;
        return true;
    }
}
