using System.Text;
using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What somebody, or some machine, sent us: as far as it says itself.</summary>
/// <param name="Headers">Of an e-mail, by name in lower case.</param>
public sealed record InboundWords(InboundChannel Channel, string MessageId, string Sender, string? Subject, string Text, IReadOnlyDictionary<string, string> Headers);

/// <summary>Whether a person wrote it, and what a digit means. No automatic reply, no bounce and none of our own messages may ever change anything.</summary>
public static partial class Inbound
{
    /// <summary>On everything that we send by e-mail, so that we know it again.</summary>
    public const string OwnHeader = "x-service-desk-message";

    /// <summary>Automatic, Bounce or Own by what it says itself; null where a person may have written it.</summary>
    public static InboundKind? Machine(InboundWords message)
    {
        var said = message.Headers;
        if (said.ContainsKey(OwnHeader) && !IsReport(message))
        {
            return InboundKind.Own;
        }

        if (IsReport(message))
        {
            return Delayed().IsMatch(message.Text) ? InboundKind.Automatic : InboundKind.Bounce;
        }

        var automatic =
            (said.TryGetValue("auto-submitted", out var submitted) && !submitted.Trim().StartsWith("no", StringComparison.OrdinalIgnoreCase))
            || said.ContainsKey("x-autoreply") || said.ContainsKey("x-autorespond") || said.ContainsKey("x-auto-response-suppress")
            || (said.TryGetValue("precedence", out var precedence) && precedence.Trim().ToLowerInvariant() is "auto_reply" or "bulk" or "junk" or "list")
            || said.ContainsKey("list-id") || said.ContainsKey("feedback-id")
            || (message.Subject is { } subject && AutomaticSubject().IsMatch(subject.Normalize(NormalizationForm.FormKC)))
            || (message.Text.Length <= 600 && AutomaticText().IsMatch(message.Text.Normalize(NormalizationForm.FormKC)))
            || NoReply().IsMatch(message.Sender);
        return automatic ? InboundKind.Automatic : null;
    }

    /// <summary>0 (not solved) to 5, where the whole reply is that digit; what follows a quotation mark of mail programs does not count.</summary>
    public static int? Digit(string text)
    {
        var own = Own(text);
        return Alone().Match(own.Normalize(NormalizationForm.FormKC)) is { Success: true } match ? match.Groups["digit"].Value[0] - '0' : null;
    }

    /// <summary>What somebody wrote themselves: without the message that they reply to, as far as that can be told.</summary>
    public static string Own(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var end = Array.FindIndex(lines, l => Quoted().IsMatch(l));
        var own = string.Join('\n', end < 0 ? lines : lines[..end]).Trim();
        return own.Length > 0 ? own : text.Trim();
    }

    /// <summary>The id of ours that a mail names, in the form in which our adapter writes it: desk.ID@host.</summary>
    public static Guid? OursIn(string? reference) =>
        reference is not null && OurId().Match(reference) is { Success: true } match && Guid.TryParseExact(match.Groups["id"].Value, "N", out var id) ? id : null;

    private static bool IsReport(InboundWords message) =>
        message.Channel == InboundChannel.Email
        && (message.Sender.Trim() is "" or "<>"
            || Daemon().IsMatch(message.Sender)
            || (message.Headers.TryGetValue("return-path", out var path) && path.Trim() is "<>" or "")
            || (message.Headers.TryGetValue("content-type", out var type) && type.Contains("multipart/report", StringComparison.OrdinalIgnoreCase))
            || message.Headers.ContainsKey("x-failed-recipients"));

    [GeneratedRegex(@"^\s*(自动(回复|答复)|外出|不在办公室|休假|auto(matic)?[ -]?(reply|response|antwort)|autoreply|out of (the )?office|away from|vacation|abwesen|réponse automatique)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex AutomaticSubject();

    [GeneratedRegex(@"^[\s\[【(（]*(自动回复|此(邮件|短信)(由|为)?系统自动|系统自动(发送|回复)|我(正在|目前)?(休假|出差|开车)(中|,|，|。)?.{0,30}(稍后|回复|联系)|this is an automat(ic|ed) (reply|response|message)|do not reply to this|I am (currently )?(out of (the )?office|on (annual |sick )?(leave|vacation)))", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex AutomaticText();

    [GeneratedRegex(@"(^|[<\s""])(no-?_?reply|do-?not-?reply|auto-?reply)@", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex NoReply();

    [GeneratedRegex(@"(^|[<\s""])(mailer-daemon|postmaster|mail-daemon)@", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Daemon();

    [GeneratedRegex(@"^\s*(?:回复|评价|打)?\s*(?<digit>[0-5])\s*(?:分|星|points?|stars?)?\s*[.!。！~]*\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Alone();

    [GeneratedRegex(@"^\s*(>|-{2,}\s*(原始邮件|Original Message|Forwarded)|在.{1,80}(写道|写)[:：]\s*$|On .{1,120} wrote:\s*$|(发件人|From)\s*[:：]\s*\S|_{10,}\s*$|-- $)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^Action:\s*(delayed|delivered|relayed|expanded)", RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Delayed();

    [GeneratedRegex(@"desk\.(?<id>[0-9a-f]{32})@")]
    private static partial Regex OurId();
}
