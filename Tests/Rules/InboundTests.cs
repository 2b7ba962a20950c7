using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class InboundTests
{
    private static InboundWords Mail(string text, string sender = "owner@example.org", string? subject = "Re: 请评价", params (string Name, string Value)[] headers) =>
        new(InboundChannel.Email, "<1@example.org>", sender, subject, text, headers.ToDictionary(h => h.Name, h => h.Value));

    private static InboundWords Sms(string text) => new(InboundChannel.Sms, "1", "13800138000", null, text, new Dictionary<string, string>());

    [TestCase("5", 5)]
    [TestCase(" ５ ", 5)]
    [TestCase("5分", 5)]
    [TestCase("回复 4", 4)]
    [TestCase("3。", 3)]
    [TestCase("0", 0)]
    [TestCase("5\n\n> 请直接回复数字评价：5 非常满意", 5)]
    [TestCase("2\r\n\r\n在 2026年3月2日，服务台 写道：\r\n> 1", 2)]
    [TestCase("6", null)]
    [TestCase("55", null)]
    [TestCase("5 1", null)]
    [TestCase("3 days and nobody came", null)]
    [TestCase("明天下午5点", null)]
    [TestCase("很好", null)]
    [TestCase("-1", null)]
    public void A_reply_that_is_one_digit_is_an_answer_and_nothing_else_is(string text, int? digit) => Assert.That(Inbound.Digit(text), Is.EqualTo(digit));

    [Test]
    public void What_a_person_writes_is_a_persons()
    {
        Assert.That(Inbound.Machine(Sms("5")), Is.Null);
        Assert.That(Inbound.Machine(Mail("水管又漏了，请来看看")), Is.Null);
        Assert.That(Inbound.Machine(Mail("你们的自动回复没有用，我要投诉")), Is.Null, "words about automatic replies are not one");
        Assert.That(Inbound.Machine(Mail("5", headers: ("auto-submitted", "no"))), Is.Null);
        Assert.That(Inbound.Machine(Mail("5", headers: ("auto-submitted", "No (a person wrote it)"))), Is.Null);
        Assert.That(Inbound.Machine(Mail("5", headers: ("x-auto-response-suppress", "All"))), Is.Null, "people's mail programs add it");
    }

    private static IEnumerable<TestCaseData> Automatic()
    {
        yield return new TestCaseData(Mail("5", headers: ("auto-submitted", "auto-replied"))).SetArgDisplayNames("Auto-Submitted");
        yield return new TestCaseData(Mail("5", headers: ("auto-submitted", "auto-generated; owner-email=\"a@b.c\""))).SetArgDisplayNames("Auto-Submitted, with a parameter");
        yield return new TestCaseData(Mail("5", headers: ("auto-submitted", "notification"))).SetArgDisplayNames("Auto-Submitted, a word that begins like no");
        yield return new TestCaseData(Mail("gelesen", headers: ("content-type", "multipart/report; report-type=disposition-notification"))).SetArgDisplayNames("it was read");
        yield return new TestCaseData(Mail("Action: delayed\nStatus: 4.4.1", sender: "MAILER-DAEMON@mx.example")).SetArgDisplayNames("a delay is no bounce");
    }

    [TestCaseSource(nameof(Automatic))]
    public void An_automatic_reply_is_known_as_one_by_what_it_says_itself(InboundWords message) => Assert.That(Inbound.Machine(message), Is.EqualTo(InboundKind.Automatic));

    private static IEnumerable<TestCaseData> Guessed()
    {
        yield return new TestCaseData(Mail("5", headers: ("precedence", "bulk"))).SetArgDisplayNames("Precedence");
        yield return new TestCaseData(Mail("5", headers: ("x-autoreply", "yes"))).SetArgDisplayNames("X-Autoreply");
        yield return new TestCaseData(Mail("5", headers: ("list-id", "<x.example>"))).SetArgDisplayNames("List-Id");
        yield return new TestCaseData(Mail("5", headers: ("return-path", "<>"))).SetArgDisplayNames("Return-Path of nobody, and no report");
        yield return new TestCaseData(Mail("水管又漏了", sender: "postmaster@small-firm.example")).SetArgDisplayNames("postmaster, and no report");
        yield return new TestCaseData(Mail("I am back on Monday", subject: "Out of office: Re: request")).SetArgDisplayNames("subject, English");
        yield return new TestCaseData(Mail("您好", subject: "自动回复：请评价")).SetArgDisplayNames("subject, Chinese");
        yield return new TestCaseData(Mail("厨房又漏了", subject: "外出回来发现漏水")).SetArgDisplayNames("a person's subject");
        yield return new TestCaseData(Mail("您好", sender: "no-reply@example.org")).SetArgDisplayNames("no-reply");
        yield return new TestCaseData(Sms("【自动回复】我正在开车，稍后回复您")).SetArgDisplayNames("text message, driving");
        yield return new TestCaseData(Sms("我正在休假，稍后联系您")).SetArgDisplayNames("text message, on leave");
        yield return new TestCaseData(Sms("我出差，家里漏水请联系我妻子")).SetArgDisplayNames("a person's text message");
    }

    [TestCaseSource(nameof(Guessed))]
    public void What_only_looks_automatic_is_the_desks_to_confirm(InboundWords message) => Assert.That(Inbound.Machine(message), Is.EqualTo(InboundKind.ToConfirm));

    private static IEnumerable<TestCaseData> Bounces()
    {
        yield return new TestCaseData(Mail("550 no such user", sender: "<>")).SetArgDisplayNames("null sender");
        yield return new TestCaseData(Mail("550 no such user\nMessage-ID: <desk.0195a5dac96774bbcceb302099a80570@desk.example>", sender: "Mail Delivery <MAILER-DAEMON@mx.example>")).SetArgDisplayNames("mailer-daemon that names ours");
        yield return new TestCaseData(Mail("Final-Recipient: rfc822; a@b.c\nAction: failed\nStatus: 5.1.1", sender: "MAILER-DAEMON@mx.example")).SetArgDisplayNames("mailer-daemon with a report's fields");
        yield return new TestCaseData(Mail("550", headers: ("content-type", "multipart/report; report-type=delivery-status"))).SetArgDisplayNames("report");
        yield return new TestCaseData(Mail("550", headers: ("x-failed-recipients", "a@b.c"))).SetArgDisplayNames("X-Failed-Recipients");
        yield return new TestCaseData(Mail("Action: failed\nStatus: 5.1.1", headers: ("return-path", "<>"))).SetArgDisplayNames("Return-Path of nobody, with a report's fields");
        yield return new TestCaseData(Mail("550", sender: "postmaster@mx.example", headers: ("x-service-desk-message", "0"))).SetArgDisplayNames("a bounce that carries our own header");
    }

    [TestCaseSource(nameof(Bounces))]
    public void A_bounce_is_known_as_one(InboundWords message) => Assert.That(Inbound.Machine(message), Is.EqualTo(InboundKind.Bounce));

    [Test]
    public void Our_own_message_is_known_again() =>
        Assert.That(Inbound.Machine(Mail("请直接回复数字评价", headers: ("x-service-desk-message", Guid.Empty.ToString()))), Is.EqualTo(InboundKind.Own));

    [Test]
    public void A_text_message_that_a_gateway_gives_back_under_our_own_id_is_known_again()
    {
        var id = Guid.CreateVersion7();

        Assert.That(Inbound.Machine(Sms("【小区】请评价") with { MessageId = $"msg_{id:N}" }), Is.EqualTo(InboundKind.Own));
        Assert.That(Inbound.Machine(Sms("5") with { MessageId = Guid.NewGuid().ToString() }), Is.Null, "a gateway's own id");
    }

    [Test]
    public void The_id_that_we_gave_is_found_in_what_names_it()
    {
        var id = Guid.NewGuid();

        Assert.That(Inbound.OursIn($"<a@b.c> <desk.{id:N}@desk.example>"), Is.EqualTo(id));
        Assert.That(Inbound.OursIn("<desk.nonsense@desk.example>"), Is.Null);
        Assert.That(Inbound.OursIn(null), Is.Null);
    }
}
