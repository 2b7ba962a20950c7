using System.ComponentModel.DataAnnotations;
using MediatR;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>A message that came in by a text message or an e-mail.</summary>
/// <param name="MessageId">The sender's or the gateway's own: the same one is taken once. 1–250 characters.</param>
/// <param name="Sender">A telephone number, or a mail address with or without a name; of a mail without a sender: <c>&lt;&gt;</c>.</param>
/// <param name="Text">Plain text without control characters, at most 20,000 characters; leave out where there is none.</param>
/// <param name="Subject">Of an e-mail.</param>
/// <param name="Community">The community's code; leave out where the number that was written to does not tell, and the sender's own does.</param>
/// <param name="Headers">Of an e-mail, all of them: they tell a person's mail from a machine's.</param>
public sealed record InboundCall(
    [property: StringLength(250, MinimumLength = 1)] string MessageId,
    [property: StringLength(250, MinimumLength = 1)] string Sender,
    [property: StringLength(20_000, MinimumLength = 1)] string? Text = null,
    [property: StringLength(1000, MinimumLength = 1)] string? Subject = null,
    [property: StringLength(40, MinimumLength = 1)] string? Community = null,
    IReadOnlyList<InboundHeader>? Headers = null);

internal static class InboundEndpoints
{
    public static void MapInbound(this IEndpointRouteBuilder api)
    {
        var inbound = api.MapGroup("/inbound").WithTags("Messages");
        foreach (var channel in Enum.GetValues<InboundChannel>())
        {
            inbound.MapPost("/" + EnumWord.Of(channel), (InboundCall body, HttpContext http, Mailroom mailroom, IMediator desk, Caller caller, CancellationToken ct) => Take(channel, body, http, mailroom, desk, caller, ct))
                .AllowAnonymous().WithMetadata(new SignedCall(channel)).Produces<InboundReply>()
                .WithName("takeInbound" + channel).WithSummary($"A message that came in ({channel}); the call is signed (webhook-id, webhook-timestamp, webhook-signature)");
        }

        var waiting = api.MapGroup("/inbound-messages").WithTags("Messages");
        waiting.Get<ListInbound, Page<InboundLine>>("/");
        waiting.MapPost("/{inboundMessageId:guid}/settlement", async (Guid inboundMessageId, SettleInbound body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { InboundMessageId = inboundMessageId }, ct))).Produces<InboundSettled>();
    }

    /// <summary>Whoever is known here acts as themselves: an answer has a human author. Everybody else is taken in by the system.</summary>
    private static async Task<IResult> Take(InboundChannel channel, InboundCall body, HttpContext http, Mailroom mailroom, IMediator desk, Caller caller, CancellationToken ct)
    {
        var taking = new TakeInbound(Guid.Empty, channel, body.MessageId, body.Sender, body.Subject, body.Text, body.Headers ?? []);
        taking.MustBeWellFormed();
        if (body.Community is { } typed && PlainText.Fault(typed, 40) is not null)
        {
            throw new Refused.Invalid("inbound.community_unknown", "Nobody here knows this sender: name the community by its code.", "community");
        }

        var from = PlainText.Normalise(body.Sender);
        var community = await mailroom.CommunityOf(body.Community, channel, from, ct)
            ?? throw new Refused.Invalid("inbound.community_unknown", "Nobody here knows this sender: name the community by its code.", "community");
        caller.Actor = Actor.SystemIn(community);
        var sender = await desk.Send(new FindSender(community, channel, from), ct);
        if (sender.Id is { } known)
        {
            caller.Actor = Actor.OwnerIn(community, known, sender.Name);
        }

        return Resource.Ok(http, await desk.Send(taking with { CommunityId = community }, ct));
    }
}
