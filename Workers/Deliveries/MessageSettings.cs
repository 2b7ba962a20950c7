using System.Globalization;
using System.Net.Mail;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Workers.Deliveries;

/// <summary>
/// Where messages go, from the host's settings (<c>Desk:Messages:…</c>, docs/messages.md): for every community, and for some of them
/// something of their own under <c>Desk:Messages:In:CODE:…</c>. Nothing of it is ever logged.
/// </summary>
public sealed class MessageSettings : IDisposable
{
    private static readonly MessageChannel[] Outward = [.. Enum.GetValues<MessageChannel>().Where(c => c != MessageChannel.Screen)];

    /// <summary>Between the end of a try and the end of its lease.</summary>
    internal static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    private readonly HttpClient http;
    private readonly Dictionary<(string Community, MessageChannel Channel), IMessageSender> senders = [];

    /// <exception cref="InvalidOperationException">A setting that cannot be used; the sentence names it.</exception>
    public MessageSettings(IConfiguration configuration)
    {
        var root = configuration.GetSection("Desk:Messages");
        Timeout = TimeSpan.FromSeconds(Number(root, "TimeoutSeconds", 10, 1, 60));
        Lease = TimeSpan.FromSeconds(Number(root, "LeaseSeconds", 60, 2, 600));
        if (Lease < Timeout + Margin + Margin)
        {
            throw Wrong(root, "LeaseSeconds", "at least two seconds longer than TimeoutSeconds"); // nothing would ever be begun
        }

        Linger = TimeSpan.FromSeconds(Number(root, "LingerSeconds", 2, 0, 60));
        AtOnce = Number(root, "AtOnce", 128, 1, 1024);
        http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = AtOnce,
        })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan, // each send has its own
        };
        Read(root, "");
        var own = new Dictionary<string, IReadOnlySet<MessageChannel>>(StringComparer.Ordinal);
        foreach (var community in root.GetSection("In").GetChildren())
        {
            var code = community.Key.ToLowerInvariant();
            Read(community, code);
            own[code] = senders.Keys.Where(k => k.Community == code).Select(k => k.Channel).ToHashSet();
        }

        Ways = new WaysOut(senders.Keys.Where(k => k.Community.Length == 0).Select(k => k.Channel).ToHashSet(), own, root["PublicAddress"] is { Length: > 0 } ? Address(root, "PublicAddress") : null);
    }

    /// <summary>How long one try may take.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>For how long a message is a worker's own; longer than a try.</summary>
    public TimeSpan Lease { get; }

    /// <summary>For how long after the last message it looks for more, before it waits for the next tick.</summary>
    public TimeSpan Linger { get; }

    /// <summary>How many messages an HTTP host is sent at once.</summary>
    public int AtOnce { get; }

    /// <summary>Without any way out staff are told on their screens; what owners are to be sent waits until one is configured.</summary>
    public bool Any => senders.Count > 0;

    public WaysOut Ways { get; }

    public IMessageSender For(string community, MessageChannel channel) => senders.TryGetValue((community, channel), out var own) ? own : senders[("", channel)];

    public void Dispose()
    {
        foreach (var sender in senders.Values.OfType<IDisposable>())
        {
            sender.Dispose();
        }

        http.Dispose();
    }

    private void Read(IConfigurationSection section, string community)
    {
        void Add(MessageChannel channel, IMessageSender sender) => senders[(community, channel)] = sender;

        if (section["Folder"] is { Length: > 0 } folder)
        {
            var files = new FolderSender(folder);
            foreach (var channel in Outward)
            {
                Add(channel, files);
            }
        }

        if (section.GetSection("Email") is var email && email.Exists())
        {
            var from = Needed(email, "From");
            Add(MessageChannel.Email, new SmtpSender(new SmtpSettings(
                Needed(email, "Host"), Number(email, "Port", 587, 1, 65535), Flag(email, "StartTls", true), email["User"], email["Password"], MailAddress.TryCreate(from, out _) ? from : throw Wrong(email, "From", "an e-mail address"))));
        }

        foreach (var channel in (MessageChannel[])[MessageChannel.Sms, MessageChannel.App])
        {
            if (section.GetSection(channel.ToString()) is var hook && hook.Exists())
            {
                Add(channel, new WebhookSender(http, Address(hook, "Url"), KeyOf(hook, "Secret"), AtOnce));
            }
        }

        if (section.GetSection("WeChat") is var account && account.Exists())
        {
            Add(MessageChannel.WeChat, new WeChatSender(http, account["Url"] is { Length: > 0 } ? Address(account, "Url") : new Uri("https://api.weixin.qq.com/"), Needed(account, "AppId"), Needed(account, "AppSecret")));
        }

        if (section.GetSection("WeCom") is var weCom && weCom.Exists())
        {
            Add(MessageChannel.WeCom, new WeComRobot(http, Address(weCom, "Url")));
        }

        if (section.GetSection("DingTalk") is var dingTalk && dingTalk.Exists())
        {
            Add(MessageChannel.DingTalk, new DingTalkRobot(http, Address(dingTalk, "Url"), dingTalk["Secret"] is { Length: > 0 } secret ? secret : null));
        }
    }

    private static string Needed(IConfigurationSection section, string name) => section[name] is { Length: > 0 } value ? value : throw Wrong(section, name, "needed");

    private static Uri Address(IConfigurationSection section, string name) =>
        Uri.TryCreate(Needed(section, name), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : throw Wrong(section, name, "an http or https address");

    private static byte[] KeyOf(IConfigurationSection section, string name)
    {
        try
        {
            return WebhookSignature.Key(Needed(section, name)) is { Length: >= 16 } key ? key : throw Wrong(section, name, "at least 16 bytes");
        }
        catch (FormatException)
        {
            throw Wrong(section, name, "whsec_ and base64, or any characters");
        }
    }

    private static int Number(IConfigurationSection section, string name, int otherwise, int least, int most) =>
        section[name] is not { Length: > 0 } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw Wrong(section, name, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"));

    private static bool Flag(IConfigurationSection section, string name, bool otherwise) =>
        section[name] is not { Length: > 0 } text ? otherwise : bool.TryParse(text, out var flag) ? flag : throw Wrong(section, name, "true or false");

    /// <summary>Names the setting, never its value.</summary>
    private static InvalidOperationException Wrong(IConfigurationSection section, string name, string what) => new($"The setting {section.Path}:{name} is {(what == "needed" ? "missing" : "not " + what)}.") { Source = "PropertyServiceDesk.Domain" };
}
