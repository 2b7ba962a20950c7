using System.Text;
using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What somebody, or some machine, sent us: as far as it says itself.</summary>
/// <param name="Headers">Of an e-mail, by name in lower case.</param>
public sealed record InboundWords(InboundChannel Channel, string MessageId, string Sender, string? Subject, string Text, IReadOnlyDictionary<string, string> Headers);

/// <summary>
/// Whether a person wrote it, and what a digit means. No automatic reply, no bounce and none of our own messages may ever change anything;
/// and no person's words may vanish because they look like one.
/// </summary>
public static partial class Inbound
{
    /// <summary>On everything that we send by e-mail, so that we know it again.</summary>
    public const string OwnHeader = "x-service-desk-message";

    /// <summary>
    /// Automatic, Bounce or Own by what it says itself (RFC 3834, a report on a delivery, our own header, or the id under which we gave a text message to the gateway); ToConfirm where it only looks like
    /// a machine's: somebody reads that, and it answers nothing. Null where a person wrote it, as far as can be told.
    /// </summary>
    public static InboundKind? Machine(InboundWords message)
    {
        if (IsReport(message))
        {
            return Delayed().IsMatch(message.Text) || IsReceipt(message) ? InboundKind.Automatic : InboundKind.Bounce;
        }

        return message.Headers.ContainsKey(OwnHeader) || (message.Channel == InboundChannel.Sms && OurSms().IsMatch(message.MessageId)) ? InboundKind.Own
            : message.Headers.TryGetValue("auto-submitted", out var submitted) && !ByHand().IsMatch(submitted) ? InboundKind.Automatic
            : LooksAutomatic(message) ? InboundKind.ToConfirm
            : null;
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

    /// <summary>A null sender, or what a mail system writes: by its type, or by its sender together with a report's fields or with what names a message of ours.</summary>
    private static bool IsReport(InboundWords message) =>
        message.Channel == InboundChannel.Email
        && (message.Sender.Trim() is "" or "<>"
            || Said(message, "content-type").Contains("multipart/report", StringComparison.OrdinalIgnoreCase)
            || message.Headers.ContainsKey("x-failed-recipients")
            || (IsFromNobody(message) && (ReportField().IsMatch(message.Text) || OursIn(message.Text) is not null || message.Headers.ContainsKey(OwnHeader))));

    /// <summary>"It was read": of a report the kind that says nothing about its delivery.</summary>
    private static bool IsReceipt(InboundWords message) => Said(message, "content-type").Contains("disposition-notification", StringComparison.OrdinalIgnoreCase);

    private static bool IsFromNobody(InboundWords message) =>
        Daemon().IsMatch(message.Sender) || (message.Headers.TryGetValue("return-path", out var path) && path.Trim() is "<>" or "");

    private static bool LooksAutomatic(InboundWords message) =>
        IsFromNobody(message)
        || message.Headers.ContainsKey("x-autoreply") || message.Headers.ContainsKey("x-autorespond") || message.Headers.ContainsKey("list-id") || message.Headers.ContainsKey("feedback-id")
        || Said(message, "precedence").Trim().ToLowerInvariant() is "auto_reply" or "bulk" or "junk" or "list"
        || (message.Subject is { } subject && AutomaticSubject().IsMatch(subject.Normalize(NormalizationForm.FormKC)))
        || (message.Text.Length <= 600 && AutomaticText().IsMatch(message.Text.Normalize(NormalizationForm.FormKC)))
        || NoReply().IsMatch(message.Sender);

    private static string Said(InboundWords message, string header) => message.Headers.GetValueOrDefault(header) ?? "";

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

    [GeneratedRegex(@"^\s*no\s*([;(]|$)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex ByHand();

    [GeneratedRegex(@"^((Final-Recipient|Original-Recipient|Diagnostic-Code|Reporting-MTA)\s*:|Status:\s*[245]\.\d{1,3}\.\d{1,3}|Action:\s*(failed|delayed|delivered|relayed|expanded))", RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ReportField();

    [GeneratedRegex(@"^msg_[0-9a-f]{12}7[0-9a-f]{19}$")]
    private static partial Regex OurSms();

    [GeneratedRegex(@"desk\.(?<id>[0-9a-f]{32})@")]
    private static partial Regex OurId();
}
