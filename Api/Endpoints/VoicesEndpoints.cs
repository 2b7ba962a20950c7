using MediatR;
using PropertyServiceDesk.Domain.Voices;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class VoicesEndpoints
{
    public static void MapVoices(this IEndpointRouteBuilder api)
    {
        var voices = api.MapGroup("/voices").WithTags("Voices");
        voices.Get<ListVoices, Domain.Plumbing.Page<VoiceLine>>("/");
        voices.MapPost("/", async (ProposeVoice body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, "/api/voices", await desk.Send(body, ct))).Produces<VoiceReply>(StatusCodes.Status201Created);
        voices.MapPut("/{voiceId:guid}", async (Guid voiceId, EditVoice body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { VoiceId = voiceId }, ct))).Produces<VoiceReply>();
        voices.MapPost("/{voiceId:guid}/approval", async (Guid voiceId, ApproveVoice body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { VoiceId = voiceId }, ct))).Produces<VoiceReply>();
        voices.MapPost("/{voiceId:guid}/withdrawal", async (Guid voiceId, WithdrawVoice body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { VoiceId = voiceId }, ct))).Produces<VoiceReply>();
    }
}
