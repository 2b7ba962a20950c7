using MediatR;
using PropertyServiceDesk.Domain.Messages;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class MessagesEndpoints
{
    public static void MapMessages(this IEndpointRouteBuilder api)
    {
        var messages = api.MapGroup("/messages").WithTags("Messages");
        messages.Get<ListParkedMessages, Domain.Plumbing.Page<MessageLine>>("/parked");
        messages.Get<ListToldMe, Domain.Plumbing.Page<ToldLine>>("/mine");
        messages.MapPost("/{messageId:guid}/retry", async (Guid messageId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new RetryMessage(messageId), ct))).Produces<MessageReply>().Sends<RetryMessage>();
        messages.MapPost("/{messageId:guid}/discard", async (Guid messageId, DiscardMessage body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { MessageId = messageId }, ct))).Produces<MessageReply>();
        api.MapGroup("/requests").WithTags("Messages").Get<ListMessagesOfRequest, IReadOnlyList<MessageLine>>("/{requestId:guid}/messages");

        var own = api.MapGroup("/communities/{communityId:guid}").WithTags("Messages");
        own.Get<ListTemplates, IReadOnlyList<TemplateLine>>("/message-templates");
        own.MapPut("/message-templates/{template}/{language}", async (Guid communityId, string template, string language, EditTemplate body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId, Template = template, Language = language }, ct))).Produces<TemplateLine>();
        own.MapPost("/message-templates/{template}/{language}/reset", async (Guid communityId, string template, string language, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ResetTemplate(communityId, template, language), ct))).Produces<TemplateLine>().Sends<ResetTemplate>();
        own.Get<GetQuietHours, QuietHours>("/quiet-hours");
        own.MapPut("/quiet-hours", async (Guid communityId, SetQuietHours body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId }, ct))).Produces<QuietHours>();
    }
}
