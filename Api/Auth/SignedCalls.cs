using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Auth;

/// <summary>Says that an endpoint is called by another machine, which signs (Standard Webhooks) with the secret of this channel.</summary>
internal sealed record SignedCall(InboundChannel Channel);

/// <summary>The secrets that other machines sign with: <c>Desk:Inbound:Sms:Secret</c>, <c>Desk:Inbound:Email:Secret</c>. Without one nobody is let in.</summary>
internal sealed class SignedCallKeys(IConfiguration configuration)
{
    private readonly Dictionary<InboundChannel, byte[]> keys = Enum.GetValues<InboundChannel>()
        .Where(c => configuration[$"Desk:Inbound:{c}:Secret"] is { Length: > 0 })
        .ToDictionary(c => c, c => Read($"Desk:Inbound:{c}:Secret", configuration[$"Desk:Inbound:{c}:Secret"]!));

    public byte[]? Of(InboundChannel channel) => keys.GetValueOrDefault(channel);

    private static byte[] Read(string name, string secret)
    {
        try
        {
            return WebhookSignature.Key(secret) is { Length: >= 16 } key ? key : throw new FormatException();
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException($"The setting {name} is not a secret: whsec_ and base64, or any characters, at least 16 bytes.", e) { Source = "PropertyServiceDesk.Domain" };
        }
    }
}

internal static class SignedCalls
{
    /// <summary>Reads the body whole, looks at its signature, and puts it back: nothing of an unsigned call is read any further.</summary>
    public static IApplicationBuilder UseSignedCalls(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<SignedCall>() is { } signed)
        {
            var request = context.Request;
            request.EnableBuffering((int)DeskHost.LargestBody);
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, context.RequestAborted);
            request.Body.Position = 0;
            if (context.RequestServices.GetRequiredService<SignedCallKeys>().Of(signed.Channel) is not { } key
                || !WebhookSignature.IsSigned(
                    key, request.Headers[WebhookSignature.IdHeader], request.Headers[WebhookSignature.TimestampHeader], request.Headers[WebhookSignature.SignatureHeader], body.GetBuffer().AsSpan(0, (int)body.Length), TimeProvider.System.GetUtcNow()))
            {
                await Problems.Write(context, StatusCodes.Status401Unauthorized, "inbound.not_signed", "This call is not signed as it must be, or its time is over.");
                return;
            }
        }

        await next();
    });
}
