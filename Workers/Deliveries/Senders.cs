using System.Globalization;
using System.Net.Mail;
using System.Text;
using System.Text.Json;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Workers.Deliveries;

/// <summary>For development: each message is a file, named by its id, so that one that is sent twice is there once.</summary>
internal sealed class FolderSender(string folder) : IMessageSender
{
    private static readonly JsonSerializerOptions Readable = new(Json.Options) { WriteIndented = true };

    public string Host => "folder";

    public int AtOnce => 4;

    public async Task<Sent> Send(OutgoingMessage message, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var name = Path.Combine(folder, $"{message.MessageId}.{EnumWord.Of(message.Channel)}.json");
        var words = new
        {
            id = message.MessageId, channel = message.Channel, to = message.Address, community = message.Community, template = message.Template, language = message.Language, subject = message.Subject, text = message.Text,
            provider = message.Provider, createdAt = message.CreatedAt,
        };
        var draft = $"{name}.{Guid.NewGuid():N}";
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(words, Readable), ct);
        File.Move(draft, name, overwrite: true);
        return Sent.Taken;
    }
}

/// <summary>E-mail. The message's own id is its Message-ID, and a reply names it; automatic replies are asked for not to be sent.</summary>
internal sealed class SmtpSender(SmtpSettings settings) : IMessageSender
{
    private const string NotTrusted = "smtp certificate not trusted";

    public string Host => string.Create(CultureInfo.InvariantCulture, $"smtp {settings.Host}:{settings.Port}");

    public int AtOnce => 16;

    public async Task<Sent> Send(OutgoingMessage message, CancellationToken ct)
    {
        if (!MailAddress.TryCreate(message.Address, out var to))
        {
            return new Sent(Attempt.Refused, "no address");
        }

        var from = new MailAddress(settings.From, message.CommunityName, Encoding.UTF8);
        using var mail = new MailMessage(from, to)
        {
            Subject = message.Subject.ReplaceLineEndings(" "), SubjectEncoding = Encoding.UTF8, Body = message.Text, BodyEncoding = Encoding.UTF8, BodyTransferEncoding = System.Net.Mime.TransferEncoding.Base64,
        };
        mail.Headers.Add("Message-ID", $"<desk.{message.MessageId:N}@{from.Host}>");
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        mail.Headers.Add("X-Auto-Response-Suppress", "OOF, AutoReply");
        mail.Headers.Add("X-Service-Desk-Message", message.MessageId.ToString());
        using var client = new SmtpClient(settings.Host, settings.Port) { EnableSsl = settings.StartTls, DeliveryFormat = SmtpDeliveryFormat.International };
        if (settings.User is { } user)
        {
            client.Credentials = new System.Net.NetworkCredential(user, settings.Password);
        }

        try
        {
            await client.SendMailAsync(mail, ct).WaitAsync(ct);
            return Sent.Taken;
        }
        catch (SmtpException e) when (e.InnerException is System.Security.Authentication.AuthenticationException)
        {
            return new Sent(Attempt.Failed, NotTrusted, NoAnswer: true); // nothing was said to it but that we wanted to speak in private
        }
        catch (SmtpException e)
        {
            var code = (int)e.StatusCode;
            return e is SmtpFailedRecipientException or { InnerException: SmtpFailedRecipientException } && code is >= 550 and <= 554
                ? new Sent(Attempt.Refused, $"smtp {code}")
                : new Sent(Attempt.Failed, code > 0 ? $"smtp {code}" : "smtp no answer", NoAnswer: e.InnerException is not null && code is <= 0);
        }
        catch (System.Security.Authentication.AuthenticationException)
        {
            return new Sent(Attempt.Failed, NotTrusted, NoAnswer: true);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or FormatException)
        {
            return new Sent(Attempt.Failed, "smtp " + e.GetType().Name, NoAnswer: true);
        }
    }
}

internal sealed record SmtpSettings(string Host, int Port, bool StartTls, string? User, string? Password, string From);

/// <summary>A gateway for text messages, or an owner app: a signed call (Standard Webhooks). The id is the message's; the receiver drops what it knows.</summary>
internal sealed class WebhookSender(HttpClient http, Uri uri, byte[] key, int atOnce) : IMessageSender
{
    public string Host => uri.Authority;

    public int AtOnce => atOnce;

    public async Task<Sent> Send(OutgoingMessage message, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                id = message.MessageId,
                type = "message",
                channel = message.Channel,
                to = message.Address,
                recipient = message.RecipientKind,
                community = message.Community,
                template = message.Template,
                providerTemplateId = message.Provider?.TemplateId,
                providerFields = message.Provider?.Fields.ToDictionary(f => f.Name, f => f.Value),
                language = message.Language,
                subject = message.Subject,
                text = message.Text,
                values = message.Values,
                createdAt = message.CreatedAt,
            },
            Json.Options);
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } } };
        var (id, at) = ("msg_" + message.MessageId.ToString("N"), TimeProvider.System.GetUtcNow()); // receivers go by real time, whatever the desk's clock says
        request.Headers.Add(WebhookSignature.IdHeader, id);
        request.Headers.Add(WebhookSignature.TimestampHeader, at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(key, id, at, body));
        return await Calls.Call(http, request, _ => Sent.Taken, ct);
    }
}

/// <summary>Template messages of a WeChat official account (公众号模板消息). The account keeps the words; ours fill its fields.</summary>
internal sealed class WeChatSender(HttpClient http, Uri api, string appId, string appSecret) : IMessageSender, IDisposable
{
    private const int TooOften = 45009;
    private const int TooFast = 45011;
    private static readonly TimeSpan TooManyWait = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim asking = new(1);
    private (string Token, DateTimeOffset GoodUntil)? known;

    public string Host => api.Authority;

    public int AtOnce => 32;

    public async Task<Sent> Send(OutgoingMessage message, CancellationToken ct)
    {
        if (message.Provider is not { } template)
        {
            return new Sent(Attempt.Refused, "no template id");
        }

        var (token, failed) = await Token(ct);
        if (token is null)
        {
            return failed!;
        }

        using var request = Calls.Post(
            new Uri(api, "cgi-bin/message/template/send?access_token=" + Uri.EscapeDataString(token)),
            new
            {
                touser = message.Address,
                template_id = template.TemplateId,
                client_msg_id = message.MessageId.ToString("N"),
                data = template.Fields.ToDictionary(f => f.Name, f => new { value = f.Value }),
            });
        return await Calls.Call(http, request, reply => Read(reply), ct);
    }

    private Sent Read(JsonElement? reply)
    {
        var code = ErrorCodes.Of(reply);
        if (code is 40001 or 40014 or 42001)
        {
            known = null; // the token is over; the next try asks for another
        }

        return code switch
        {
            0 => Sent.Taken,
            40003 or 43004 or 43019 or 43101 => new Sent(Attempt.Refused, $"weChat {code} not a follower, or declined"),
            40037 or 47001 or 47003 => new Sent(Attempt.Refused, $"weChat {code} not as the template wants it"),
            45168 => new Sent(Attempt.Refused, $"weChat {code} words not allowed"),
            43107 or 48001 or 48004 or 50002 => new Sent(Attempt.Refused, $"weChat {code} account may not send"),
            TooOften or TooFast => new Sent(Attempt.Failed, $"weChat {code}", TooManyWait),
            _ => new Sent(Attempt.Failed, $"weChat {code}"),
        };
    }

    // Here 40001 is the account's own secret that is wrong, and no token that is over.
    private static Sent NoToken(JsonElement? reply) => ErrorCodes.Of(reply) switch
    {
        (40001 or 40002 or 40013 or 40125 or 40164 or 40243 or 41002 or 41004 or 50004 or 50007) and var code => new Sent(Attempt.Refused, $"weChat token {code} account not let in"),
        (TooOften or TooFast) and var code => new Sent(Attempt.Failed, $"weChat token {code}", TooManyWait),
        var code => new Sent(Attempt.Failed, $"weChat token {code}"),
    };

    private async Task<(string? Token, Sent? Failed)> Token(CancellationToken ct)
    {
        await asking.WaitAsync(ct);
        try
        {
            if (known is { } good && good.GoodUntil > TimeProvider.System.GetUtcNow())
            {
                return (good.Token, null);
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api, $"cgi-bin/token?grant_type=client_credential&appid={Uri.EscapeDataString(appId)}&secret={Uri.EscapeDataString(appSecret)}"));
            string? token = null;
            var asked = await Calls.Call(
                http,
                request,
                reply =>
                {
                    if (reply is { ValueKind: JsonValueKind.Object } said && said.TryGetProperty("access_token", out var given))
                    {
                        token = given.GetString();
                        var seconds = said.TryGetProperty("expires_in", out var lasts) && lasts.TryGetInt32(out var for_) ? for_ : 7200;
                        known = (token!, TimeProvider.System.GetUtcNow().AddSeconds(Math.Max(seconds - 300, 60)));
                        return Sent.Taken;
                    }

                    return NoToken(reply);
                },
                ct);
            return (token, token is null ? asked : null);
        }
        finally
        {
            asking.Release();
        }
    }

    public void Dispose() => asking.Dispose();
}

/// <summary>A robot of a group in 企业微信: the text goes to the group; whoever it is for is named by number, where that is known.</summary>
internal sealed class WeComRobot(HttpClient http, Uri uri) : IMessageSender
{
    /// <summary>In bytes of UTF-8, as documented.</summary>
    private const int Longest = 2048;

    public string Host => uri.Authority;

    public int AtOnce => 4;

    public async Task<Sent> Send(OutgoingMessage message, CancellationToken ct)
    {
        using var request = Calls.Post(
            uri, new { msgtype = "text", text = new { content = Cut(message.Text, Longest), mentioned_mobile_list = message.Address.Length > 0 ? new[] { message.Address } : [] } });
        return await Calls.Call(
            http,
            request,
            reply => ErrorCodes.Of(reply) switch
            {
                0 => Sent.Taken,
                45009 => new Sent(Attempt.Failed, "weCom 45009", TimeSpan.FromMinutes(1)), // 20 a minute and robot
                93000 => new Sent(Attempt.Refused, "weCom 93000 no such robot"),
                93004 => new Sent(Attempt.Refused, "weCom 93004 robot disabled"),
                93008 => new Sent(Attempt.Refused, "weCom 93008 robot not in the group"),
                (40008 or 40058 or 44004 or 45002) and var code => new Sent(Attempt.Refused, $"weCom {code} message not accepted"),
                var code => new Sent(Attempt.Failed, $"weCom {code}"),
            },
            ct);
    }

    internal static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
        {
            return text;
        }

        var kept = new StringBuilder();
        var left = bytes - 3;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= rune.Utf8SequenceLength;
            if (left < 0)
            {
                break;
            }

            kept.Append(rune.ToString());
        }

        return kept.Append('…').ToString();
    }
}

/// <summary>A robot of a group in 钉钉, signed where it has a secret (加签).</summary>
internal sealed class DingTalkRobot(HttpClient http, Uri uri, string? secret) : IMessageSender
{
    public string Host => uri.Authority;

    public int AtOnce => 4;

    public async Task<Sent> Send(OutgoingMessage message, CancellationToken ct)
    {
        using var request = Calls.Post(
            Signed(uri, secret, TimeProvider.System.GetUtcNow()),
            new { msgtype = "text", text = new { content = message.Text }, at = new { atMobiles = message.Address.Length > 0 ? new[] { message.Address } : [], isAtAll = false } });
        return await Calls.Call(
            http,
            request,
            reply => ErrorCodes.Of(reply) switch
            {
                0 => Sent.Taken,
                (130101 or 410100) and var code => new Sent(Attempt.Failed, $"dingTalk {code}", TimeSpan.FromMinutes(10)), // 20 a minute and robot, else ten minutes of nothing
                310000 => new Sent(Attempt.Refused, "dingTalk 310000 signature, keyword or address not accepted"),
                (300001 or 300005 or 400101) and var code => new Sent(Attempt.Refused, $"dingTalk {code} no such token"),
                400102 => new Sent(Attempt.Refused, "dingTalk 400102 robot disabled"),
                (400013 or 400106) and var code => new Sent(Attempt.Refused, $"dingTalk {code} robot not in the group"),
                (40035 or 400105 or 430101 or 430102 or 430103 or 430104) and var code => new Sent(Attempt.Refused, $"dingTalk {code} message not accepted"),
                var code => new Sent(Attempt.Failed, $"dingTalk {code}"),
            },
            ct);
    }

    internal static Uri Signed(Uri uri, string? secret, DateTimeOffset at)
    {
        if (secret is null)
        {
            return uri;
        }

        var timestamp = at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var sign = Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(timestamp + "\n" + secret)));
        return new Uri(uri + (uri.Query.Length > 0 ? "&" : "?") + "timestamp=" + timestamp + "&sign=" + Uri.EscapeDataString(sign));
    }
}

/// <summary>WeChat, WeCom and DingTalk answer 200 and say in the body how it went. What a person has to put right is not tried again: the message goes by the next way, or is parked with what they said.</summary>
internal static class ErrorCodes
{
    /// <summary>-1 where it says nothing of the kind.</summary>
    public static int Of(JsonElement? reply) =>
        reply is { ValueKind: JsonValueKind.Object } said && said.TryGetProperty("errcode", out var code) && code.TryGetInt32(out var number) ? number : -1;
}
