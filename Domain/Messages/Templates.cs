using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using FluentValidation;
using PropertyServiceDesk.Domain.Communities;

namespace PropertyServiceDesk.Domain.Messages;

/// <summary>Subject and text of a message in one language.</summary>
public sealed record TemplateWords(string Subject, string Body);

/// <summary>A message that the desk sends, as it is shipped: its words in both languages, and which placeholders they may and must have.</summary>
public sealed record ShippedTemplate(string Template, string About, string AboutEn, IReadOnlyList<string> Known, IReadOnlyList<string> Needed, TemplateWords Zh, TemplateWords En)
{
    public TemplateWords In(string language) => language == "en" ? En : Zh;
}

/// <summary>What a gateway wants instead of our text: the id under which it keeps the template, and its fields by name, each a text with placeholders.</summary>
/// <param name="TemplateId">1–100 characters.</param>
public sealed record ProviderTemplate(MessageChannel Channel, string TemplateId, IReadOnlyList<ProviderField> Fields)
{
    internal sealed class Validator : AbstractValidator<ProviderTemplate>
    {
        public Validator()
        {
            RuleFor(p => p.TemplateId).PlainText(100);
            RuleFor(p => p.Channel).Must(c => c is MessageChannel.Sms or MessageChannel.App or MessageChannel.WeChat).WithErrorCode("template.no_provider").WithMessage("Only gateways for text messages, apps and WeChat keep templates of their own.");
            RuleFor(p => p.Fields).Must(f => f.Count <= 20 && f.Select(x => x.Name).Distinct(StringComparer.Ordinal).Count() == f.Count).WithErrorCode("template.fields").WithMessage("Name each field once, and at most 20.");
            RuleForEach(p => p.Fields).SetValidator(new ProviderField.Validator());
        }
    }
}

public sealed record ProviderField(string Name, string Value)
{
    internal sealed class Validator : AbstractValidator<ProviderField>
    {
        public Validator()
        {
            RuleFor(f => f.Name).PlainText(60);
            RuleFor(f => f.Value).PlainText(500);
        }
    }
}

/// <summary>Every message that the desk sends, from <c>db/reference/templates.json</c>.</summary>
public static class Templates
{
    public static readonly IReadOnlyList<string> Languages = ["zh-CN", "en"];

    private static readonly FrozenDictionary<string, ShippedTemplate> All =
        JsonSerializer.Deserialize<List<ShippedTemplate>>(ReferenceData.MessageTemplates, Json.Options)!.ToFrozenDictionary(t => t.Template, StringComparer.Ordinal);

    public static IEnumerable<ShippedTemplate> Shipped => All.Values.OrderBy(t => t.Template, StringComparer.Ordinal);

    public static ShippedTemplate? Find(string template) => All.GetValueOrDefault(template);

    /// <summary>Whether it asks for feedback: whoever answered already is not sent it, and who cannot be sent it is rung.</summary>
    public static bool AsksForFeedback(string template) => template is "feedbackAsk" or "feedbackReminder";

    /// <summary>Whether these words, where they ask for feedback, say how to answer: by the link of the owner's page, or by digits of which 5 and 0 are named.</summary>
    public static bool SayHowToAnswer(string template, string body) =>
        !AsksForFeedback(template) || body.Contains("{link}", StringComparison.Ordinal) || SayTheDigits(body);

    /// <summary>Whether what is left of them without a link can be answered.</summary>
    public static bool SayTheDigits(string body) =>
        body.Normalize(System.Text.NormalizationForm.FormKC) is var plain && plain.Contains('5', StringComparison.Ordinal) && plain.Contains('0', StringComparison.Ordinal);

    /// <summary>Whether it tells staff what an owner said of somebody's work: each is told alone, and no group reads along.</summary>
    public static bool TellsWhatAnOwnerSaid(string template) => template is "lowScore" or "reworkReported" or "reworkAgain" or "ownersWord";

    /// <summary>How a time is written in a message: day and time in the community's zone.</summary>
    public static string Moment(DateTimeOffset at, TimeZoneInfo zone, string language) =>
        TimeZoneInfo.ConvertTime(at, zone).ToString(language == "en" ? "d MMM HH:mm" : "M月d日 HH:mm", CultureInfo.GetCultureInfo(language == "en" ? "en-GB" : "zh-CN"));

    public static string Word(ClockKind kind, string language) => (kind, language) switch
    {
        (ClockKind.Dispatch, "en") => "dispatch",
        (ClockKind.Accept, "en") => "accept",
        (ClockKind.Arrive, "en") => "arrive",
        (ClockKind.Safe, "en") => "make safe",
        (ClockKind.Controlled, "en") => "bring under control",
        (ClockKind.FirstReply, "en") => "first reply",
        (ClockKind.WrittenReply, "en") => "written reply",
        (ClockKind.Arranged, "en") => "arrange a time",
        (ClockKind.Finish, "en") => "finish",
        (ClockKind.Feedback, "en") => "feedback",
        (ClockKind.Dispatch, _) => "派单",
        (ClockKind.Accept, _) => "接单",
        (ClockKind.Arrive, _) => "到场",
        (ClockKind.Safe, _) => "排除危险",
        (ClockKind.Controlled, _) => "控制险情",
        (ClockKind.FirstReply, _) => "首次答复",
        (ClockKind.WrittenReply, _) => "书面答复",
        (ClockKind.Arranged, _) => "约定时间",
        (ClockKind.Finish, _) => "完工",
        (ClockKind.Feedback, _) => "回访",
    };
}

/// <summary>A template as it holds in a community.</summary>
/// <param name="Own">The community's own words; false where they are those that are shipped.</param>
/// <param name="Known">Placeholders that its texts may have.</param>
/// <param name="Needed">Placeholders that its text must have.</param>
/// <param name="Version">0 where nothing was edited.</param>
public sealed record TemplateLine(
    string Template, string Language, string About, string AboutEn, string Subject, string Body, IReadOnlyList<ProviderTemplate> Providers, bool Own, IReadOnlyList<string> Known, IReadOnlyList<string> Needed, int Version);

/// <summary>Every message that the desk sends, in both languages, as it holds in this community.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator)]
public sealed record ListTemplates(Guid CommunityId) : IQuery<IReadOnlyList<TemplateLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListTemplates, IReadOnlyList<TemplateLine>>
    {
        public async Task<IReadOnlyList<TemplateLine>> Handle(ListTemplates query, CancellationToken cancellationToken)
        {
            var own = await OwnTemplates.Of(db, caller.CommunitiesFor(query.CommunityId)[0], cancellationToken);
            return [.. from shipped in Templates.Shipped from language in Templates.Languages select OwnTemplates.Line(shipped, language, own.GetValueOrDefault((shipped.Template, language)))];
        }
    }
}

/// <summary>The rows of a community.</summary>
internal sealed record OwnTemplate(string Template, string Language, string Subject, string Body, string Providers, int Version);

internal static class OwnTemplates
{
    private const string Read = """
        select template, language, subject, body, providers::text as providers, version
        from message_template
        where community_id = @CommunityId
        """;

    public static async Task<IReadOnlyDictionary<(string, string), OwnTemplate>> Of(Db db, Guid communityId, CancellationToken ct) =>
        (await db.List<OwnTemplate>(Read, new { CommunityId = communityId }, ct)).ToDictionary(t => (t.Template, t.Language));

    public static TemplateLine Line(ShippedTemplate shipped, string language, OwnTemplate? own)
    {
        var words = own is null ? shipped.In(language) : new TemplateWords(own.Subject, own.Body);
        return new TemplateLine(
            shipped.Template, language, shipped.About, shipped.AboutEn, words.Subject, words.Body, own is null ? [] : Providers(own), own is not null, shipped.Known, shipped.Needed, own?.Version ?? 0);
    }

    public static IReadOnlyList<ProviderTemplate> Providers(OwnTemplate own) => JsonSerializer.Deserialize<List<ProviderTemplate>>(own.Providers, Json.Options)!;
}

/// <summary>
/// The community's own words for a message. A placeholder that is not known, or one that is missing, is refused; so is a question how it
/// went that does not say how to answer: with {link}, or by digits of which 5 and 0 are named.
/// </summary>
/// <param name="Template">Of the list of templates.</param>
/// <param name="Language">zh-CN or en.</param>
/// <param name="Subject">For e-mail: 1–200 characters.</param>
/// <param name="Body">1–2,000 characters, with placeholders in braces; a brace that is meant is written twice.</param>
/// <param name="Providers">What gateways want instead of the text.</param>
/// <param name="Version">The one that is changed: 0 where these are the words that are shipped.</param>
[AllowedTo(Roles.Manager | Roles.Administrator)]
public sealed record EditTemplate(
    [property: JsonIgnore] Guid CommunityId, [property: JsonIgnore] string Template, [property: JsonIgnore] string Language, string Subject, string Body, IReadOnlyList<ProviderTemplate>? Providers = null, int? Version = null)
    : ICommand<TemplateLine>
{
    public sealed class Validator : AbstractValidator<EditTemplate>
    {
        public Validator()
        {
            RuleFor(c => c.Subject).PlainText(200).OneLine();
            RuleFor(c => c.Body).PlainText(2000);
            RuleFor(c => c.Version).GreaterThanOrEqualTo(0).WithErrorCode("version.negative").WithMessage("A version is not negative.");
            RuleFor(c => c.Providers)
                .Must(p => p is null || (p.Count <= 5 && p.Select(x => x.Channel).Distinct().Count() == p.Count))
                .WithErrorCode("template.provider_twice")
                .WithMessage("Name each channel once.");
            RuleForEach(c => c.Providers).SetValidator(new ProviderTemplate.Validator());
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<EditTemplate, TemplateLine>
    {
        private const string Read = """
            select version
            from message_template
            where community_id = @CommunityId and template = @Template and language = @Language
            for no key update
            """;

        private const string Insert = """
            insert into message_template (community_id, message_template_id, template, language, subject, body, providers, edited_at, edited_by)
            values (@CommunityId, @Id, @Template, @Language, @Subject, @Body, @Providers::jsonb, @Now, @By)
            on conflict on constraint message_template_once do nothing
            """;

        private const string Update = """
            update message_template
            set subject = @Subject, body = @Body, providers = @Providers::jsonb, edited_at = @Now, edited_by = @By, version = version + 1
            where community_id = @CommunityId and template = @Template and language = @Language
            """;

        public async Task<TemplateLine> Handle(EditTemplate command, CancellationToken cancellationToken)
        {
            var shipped = TemplateOf.Find(caller, command.CommunityId, command.Template, command.Language);
            Check(command, shipped);
            var now = clock.Now();
            var version = await db.Find<int?>(Read, new { command.CommunityId, command.Template, command.Language }, cancellationToken) ?? 0;
            caller.MustKnowVersion("template", version, command.Version);
            var providers = JsonSerializer.Serialize(command.Providers ?? [], Json.Options);
            var written = await db.Run(
                version == 0 ? Insert : Update,
                new { command.CommunityId, Id = Guid.CreateVersion7(now), command.Template, command.Language, command.Subject, command.Body, Providers = providers, Now = now, By = caller.Actor.Id },
                cancellationToken);
            if (written == 0)
            {
                throw new Refused.Conflict("template.changed_meanwhile", "Somebody else changed this meanwhile. Look again before you change it.");
            }

            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.TemplateEdited, new { command.Template, command.Language, version = version + 1 }, command.Body, Visibility.Desk, now);
            return OwnTemplates.Line(
                shipped, command.Language, new OwnTemplate(command.Template, command.Language, command.Subject, command.Body, providers, version + 1));
        }

        private static void Check(EditTemplate command, ShippedTemplate shipped)
        {
            var (known, needed) = (shipped.Known.ToHashSet(StringComparer.Ordinal), shipped.Needed.ToHashSet(StringComparer.Ordinal));
            MustFit("body", TemplateText.Fault([command.Body], known, needed));
            MustFit("subject", TemplateText.Fault([command.Subject], known, new HashSet<string>()));
            if (!Templates.SayHowToAnswer(command.Template, command.Body))
            {
                throw new Refused.Invalid("template.unanswerable", "Say how to answer: with {link}, or what the digits mean, from 5 for very satisfied down to 0 for not solved.", "body");
            }

            foreach (var provider in command.Providers ?? [])
            {
                MustFit("providers", TemplateText.Fault(provider.Fields.Select(f => f.Value), known, new HashSet<string>()));
            }
        }

        private static void MustFit(string field, (string Code, string? Placeholder)? fault)
        {
            if (fault is not var (code, placeholder) || code is null)
            {
                return;
            }

            throw code switch
            {
                TemplateText.UnknownPlaceholder => new Refused.Invalid("template.placeholder_unknown", $"There is no placeholder {{{placeholder}}} in this message.", field),
                TemplateText.MissingPlaceholder => new Refused.Invalid("template.placeholder_missing", $"This message needs its placeholder {{{placeholder}}}.", field),
                _ => new Refused.Invalid("template.malformed", "A brace is open or stands alone. A brace that is meant is written twice.", field),
            };
        }
    }
}

/// <summary>Back to the words that are shipped.</summary>
[AllowedTo(Roles.Manager | Roles.Administrator)]
public sealed record ResetTemplate([property: JsonIgnore] Guid CommunityId, [property: JsonIgnore] string Template, [property: JsonIgnore] string Language) : ICommand<TemplateLine>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<ResetTemplate, TemplateLine>
    {
        private const string Read = """
            select version
            from message_template
            where community_id = @CommunityId and template = @Template and language = @Language
            for no key update
            """;

        private const string Delete = """
            delete from message_template
            where community_id = @CommunityId and template = @Template and language = @Language
            """;

        public async Task<TemplateLine> Handle(ResetTemplate command, CancellationToken cancellationToken)
        {
            var shipped = TemplateOf.Find(caller, command.CommunityId, command.Template, command.Language);
            var mine = new { command.CommunityId, command.Template, command.Language };
            var version = await db.Find<int?>(Read, mine, cancellationToken) ?? throw new Refused.Conflict("template.shipped_already", "These are the words that are shipped already.");
            caller.MustNotBeStale("template", version);
            await db.Run(Delete, mine, cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.TemplateEdited, new { command.Template, command.Language, version = 0 }, null, Visibility.Desk, clock.Now());
            return OwnTemplates.Line(shipped, command.Language, null);
        }
    }
}

internal static class TemplateOf
{
    /// <exception cref="Refused.NotFound">There is no such community, message or language.</exception>
    public static ShippedTemplate Find(Caller caller, Guid communityId, string template, string language)
    {
        if (!caller.Actor.Has(communityId, (Roles)~0))
        {
            throw new Refused.NotFound("community");
        }

        caller.MustBeAllowedIn(communityId);
        return Templates.Languages.Contains(language) && Templates.Find(template) is { } shipped ? shipped : throw new Refused.NotFound("template");
    }
}
