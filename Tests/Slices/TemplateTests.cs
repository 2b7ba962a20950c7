using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed partial class TemplateTests : DeskFixture
{
    /// <summary>The names that the code writes into the outbox: found in its source, so that a new one fails here until it has words.</summary>
    [Test]
    public void Every_message_that_the_code_writes_has_words_in_both_languages()
    {
        var written = Directory.EnumerateFiles(Path.Combine(ApiDocument.Checkout(), "Domain"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && !f.Contains($"{Path.DirectorySeparatorChar}Messages{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText)
            .SelectMany(text => InSql().Matches(text).Concat(InFaults().Matches(text)).Concat(InSweep().Matches(text)).Select(m => m.Groups["name"].Value))
            .Concat(["clockWarningFault", "escalationFault", "clockWarningDigest", "escalationDigest", "lowScore", "reworkReported", "reworkAgain"]) // made elsewhere: Digests, ManagersTold
            .Distinct()
            .ToList();

        Assert.That(written, Is.SupersetOf(new[] { "feedbackAsk", "holdOver", "holdLimit", "requestUrged", "faultJoined", "faultExpected", "clockWarning", "escalation", "promiseBroken" }), "The source is read.");
        Assert.That(written.Where(w => Templates.Find(w) is null), Is.Empty);
    }

    [Test]
    public void What_is_shipped_has_the_placeholders_that_it_needs_and_no_others()
    {
        var wrong = from shipped in Templates.Shipped
                    from language in Templates.Languages
                    let known = shipped.Known.ToHashSet()
                    let fault = TemplateText.Fault([shipped.In(language).Body], known, shipped.Needed.ToHashSet()) ?? TemplateText.Fault([shipped.In(language).Subject], known, new HashSet<string>())
                    where fault is not null
                    select $"{shipped.Template} {language} {fault}";

        Assert.That(wrong, Is.Empty);
        Assert.That(Templates.Shipped.Where(t => t.Needed.Except(t.Known).Any()).Select(t => t.Template), Is.Empty);
    }

    [Test]
    public async Task A_community_has_its_own_words_and_may_go_back_to_those_that_are_shipped()
    {
        var edited = await Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "zh-CN", "请评价", "{name}您好，单号 {number} 请评价：{link}", Version: 0));

        Assert.That((edited.Own, edited.Version), Is.EqualTo((true, 1)));
        Assert.That((await Send(Here.Clerk, new ListTemplates(Here.CommunityId))).Single(t => t is { Template: "feedbackAsk", Language: "zh-CN" }).Body, Does.StartWith("{name}您好"));
        Assert.That((await Send(Here.Clerk, new ListTemplates(Here.CommunityId))).Single(t => t is { Template: "feedbackAsk", Language: "en" }).Own, Is.False);
        Assert.That((await Send(There.Clerk, new ListTemplates(There.CommunityId))).Where(t => t.Own), Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "zh-CN", "x", "{number} {link}", Version: 0))), Is.EqualTo("template.changed_meanwhile"));

        await Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "zh-CN", "再请评价", "{number}：5 很满意，０ 没解决", Version: 1));
        await Send(Here.Manager, new ResetTemplate(Here.CommunityId, "feedbackAsk", "zh-CN"));

        Assert.That((await Send(Here.Clerk, new ListTemplates(Here.CommunityId))).Where(t => t.Own), Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new ResetTemplate(Here.CommunityId, "feedbackAsk", "zh-CN"))), Is.EqualTo("template.shipped_already"));
    }

    [TestCase("请评价", "请评价", "template.placeholder_missing")]
    [TestCase("请评价", "{number} {colour}", "template.placeholder_unknown")]
    [TestCase("{colour}", "{number}", "template.placeholder_unknown")]
    [TestCase("请评价", "{number", "template.malformed")]
    [TestCase("请评价", "单号 {number} 请评价", "template.unanswerable")]
    [TestCase("请评价", "单号 {number} 请评价：5 非常满意", "template.unanswerable")]
    public async Task Words_that_cannot_be_filled_in_are_refused(string subject, string body, string code)
    {
        Assert.That(await Refusal(() => Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "zh-CN", subject, body, Version: 0))), Is.EqualTo(code));

        Assert.That(await Scalar<long>("select count(*) from message_template"), Is.Zero);
    }

    /// <summary>It becomes a header of a mail.</summary>
    [Test]
    public async Task A_subject_is_one_line() =>
        Assert.That(await Refusal(() => Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "zh-CN", "请评价\r\nBcc: x@example.org", "{link}", Version: 0))), Is.EqualTo("text.several_lines"));

    [Test]
    public void Whatever_is_shipped_and_asks_says_how_to_answer_with_a_link_and_without() =>
        Assert.That(
            from shipped in Templates.Shipped
            from language in Templates.Languages
            where Templates.AsksForFeedback(shipped.Template)
            let body = shipped.In(language).Body
            select Templates.SayTheDigits(string.Concat(body.Split('\n').Where(l => !l.Contains("{link}", StringComparison.Ordinal)))),
            Is.EqualTo(new[] { true, true, true, true }));

    [Test]
    public async Task Fields_of_a_gateways_template_are_checked_as_the_words_are()
    {
        EditTemplate With(params ProviderTemplate[] providers) => new(Here.CommunityId, "feedbackAsk", "zh-CN", "请评价", "{number} {link}", providers, 0);

        Assert.That(await Refusal(() => Send(Here.Manager, With(new ProviderTemplate(MessageChannel.Sms, "SMS_1", [new ProviderField("code", "{colour}")])))), Is.EqualTo("template.placeholder_unknown"));
        Assert.That(await Refusal(() => Send(Here.Manager, With(new ProviderTemplate(MessageChannel.Email, "x", [])))), Is.EqualTo("template.no_provider"));
        Assert.That(await Refusal(() => Send(Here.Manager, With(new ProviderTemplate(MessageChannel.Sms, "1", []), new ProviderTemplate(MessageChannel.Sms, "2", [])))), Is.EqualTo("template.provider_twice"));
        Assert.That((await Send(Here.Manager, With(new ProviderTemplate(MessageChannel.Sms, "SMS_1", [new ProviderField("code", "{number}")])))).Providers.Single().TemplateId, Is.EqualTo("SMS_1"));
    }

    [Test]
    public async Task What_is_not_there_is_not_found_and_another_communitys_neither()
    {
        EditTemplate Of(Guid community, string template, string language) => new(community, template, language, "x", "{number} {link}", Version: 0);

        Assert.That(await Refusal(() => Send(Here.Manager, Of(Here.CommunityId, "nobodyKnowsThis", "en"))), Is.EqualTo("template.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, Of(Here.CommunityId, "feedbackAsk", "fr"))), Is.EqualTo("template.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, Of(There.CommunityId, "feedbackAsk", "en"))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, Of(Guid.NewGuid(), "feedbackAsk", "en"))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, Of(Here.CommunityId, "feedbackAsk", "en"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "en", "x", "{number} {link}"))), Is.EqualTo("template.version_required"));
    }

    [Test]
    public async Task Two_who_edit_at_once_do_not_overwrite_each_other()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Attempts.Attempt(() => Send(Here.Manager, new EditTemplate(Here.CommunityId, "feedbackAsk", "zh-CN", "请评价", $"{{number}} {{link}} {i}", Version: 0)))));

        Assert.That(results.Order(), Is.EqualTo(new[] { "done", "template.changed_meanwhile", "template.changed_meanwhile", "template.changed_meanwhile" }));
    }

    [GeneratedRegex(@"'(?<name>[a-z][A-Za-z]+)',\s*(json_build_object|'\{\}')")]
    private static partial Regex InSql();

    [GeneratedRegex(@"\.Tell\([^;]*?, ""(?<name>[a-z][A-Za-z]+)"", \w+\.ExpectedAt")]
    private static partial Regex InFaults();

    [GeneratedRegex(@"var template = .*?""(?<name>clockWarning)""|: ""(?<name>escalation)"";|\? ""(?<name>promiseBroken)""")]
    private static partial Regex InSweep();
}
