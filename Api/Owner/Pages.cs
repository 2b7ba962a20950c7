using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Owner;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Voices;

namespace PropertyServiceDesk.Api.Owner;

/// <summary>What the page says on top: that something was done, or why it was not.</summary>
internal sealed record Notice(bool Good, string Text);

/// <summary>The owner's pages. They work without script; what there is of it spares a mistake and a megabyte.</summary>
internal static class Pages
{
    /// <summary>Scripts and styles from here, forms to here, and nothing else.</summary>
    public const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    public static readonly Asset Style = Asset.Read("page.css", "text/css; charset=utf-8");
    public static readonly Asset Script = Asset.Read("page.js", "text/javascript; charset=utf-8");

    private static readonly RequestStatus[] Steps = [RequestStatus.Received, RequestStatus.InProgress, RequestStatus.AwaitingFeedback, RequestStatus.Closed];

    private static readonly string[] Pictures = ["image/jpeg", "image/png", "image/webp"];

    /// <summary>A file of the pages' own, under an address that changes with it.</summary>
    internal sealed record Asset(byte[] Bytes, string Type, string Address)
    {
        public static Asset Read(string name, string type)
        {
            using var from = Assembly.GetExecutingAssembly().GetManifestResourceStream("owner/" + name)!;
            using var to = new MemoryStream();
            from.CopyTo(to);
            return new Asset(to.ToArray(), type, $"/o/{name}?v={Convert.ToHexStringLower(SHA256.HashData(to.ToArray()))[..12]}");
        }
    }

    /// <summary>What a link that has ended answers, and one that there never was.</summary>
    public static Markup Nothing(Tongue t) => Page(t, t.Say("链接已失效", "This link has ended"), t.Say("物业服务台", "Service desk"), Markup.None, Markup.Of($"""
        <section class="card">
        <h1>{t.Say("这个链接打不开了", "This link does not open anything")}</h1>
        <p>{t.Say("它可能已经过期，或者不完整。事情办完一段时间后，链接会自动失效。", "It may have ended, or be incomplete. Links end by themselves some time after everything is done.")}</p>
        <p>{t.Say("如果还有需要，请致电您小区的服务中心，或再扫一次二维码。", "If there is anything you need, ring the service centre of your community, or scan the code again.")}</p>
        </section>
        """));

    /// <summary>Something that is no page of a request: too often, too large.</summary>
    public static Markup Trouble(Tongue t, string text) => Page(t, t.Say("没有成功", "This did not work"), t.Say("物业服务台", "Service desk"), Markup.None, Markup.Of($"""
        <section class="card"><h1>{t.Say("没有成功", "This did not work")}</h1><p>{text}</p></section>
        """));

    /// <summary>Our fault, said kindly; nothing of what it was but a number to ask by.</summary>
    public static Markup Failed(Tongue t, string? traceId) => Page(t, t.Say("暂时打不开", "Not available just now"), t.Say("物业服务台", "Service desk"), Markup.None, Markup.Of($"""
        <section class="card">
        <h1>{t.Say("抱歉，暂时打不开", "Sorry, this is not available just now")}</h1>
        <p>{t.Say("是我们这边出了问题，不是您的操作有误。没有提交成功的内容不会生效，请过几分钟再试一次。", "The fault is ours, not yours. What was not sent has changed nothing; please try again in a few minutes.")}</p>
        <p>{t.Say("事情紧急，请直接致电您小区的服务中心。", "If it is urgent, please ring the service centre of your community.")}</p>
        {Markup.If(traceId is not null, $"""<p class="quiet">{t.Say("查询编号", "Reference")} <span class="number words">{traceId}</span></p>""")}
        </section>
        """));

    // ---------------------------------------------------------------- you said, we did

    public static Markup Voices(Tongue t, string code, VoicesPage page)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(page.TimeZone);
        var title = t.Say("您说，我们做", "You said, we did");
        return Page(t, title, t.Name(page.CommunityName, page.CommunityNameEn)!, Other(t, "/v/" + code), Markup.Of($"""
            <section class="card">
            <h1>{title}</h1>
            <p>{t.Say("住户提出的，我们做了什么。", "What residents asked for, and what we did about it.")}</p>
            {Markup.If(page.Voices.Count == 0, $"""<p class="quiet">{t.Say("还没有内容。有什么想说的，请告诉我们。", "There is nothing here yet. Tell us what you would like.")}</p>""")}
            </section>
            {Markup.Each(page.Voices, v => Pair(t, zone, v))}
            <section class="card"><a href="/r/{code}?lang={t.Code}">{t.Say("报修、投诉或提建议", "Report something, or suggest it")}</a></section>
            """));
    }

    private static Markup Pair(Tongue t, TimeZoneInfo zone, PublishedVoice voice)
    {
        var (asked, done, own) = t.IsEnglish && voice is { AskedEn: { } askedEn, DoneEn: { } doneEn } ? (askedEn, doneEn, true) : (voice.Asked, voice.Done, !t.IsEnglish);
        var month = TimeZoneInfo.ConvertTime(voice.ApprovedAt, zone);
        var when = t.Say(month.ToString("yyyy年M月", CultureInfo.InvariantCulture), month.ToString("MMMM yyyy", CultureInfo.InvariantCulture));
        return Markup.Of($"""
            <section class="card pair"{Markup.If(!own, $""" lang="zh-CN" """)}>
            <h2>{t.Say("您说", "You said")}</h2>
            <p class="words">{asked}</p>
            <h2 class="did">{t.Say("我们做", "We did")}</h2>
            <p class="words">{done}</p>
            <p class="quiet">{when}</p>
            </section>
            """);
    }

    // ---------------------------------------------------------------- one request

    /// <param name="typed">What was typed before it was refused.</param>
    public static Markup Request(Tongue t, string address, OwnersPage page, Notice? notice, Func<string, string?> typed)
    {
        var r = page.Request;
        var zone = TimeZoneInfo.FindSystemTimeZoneById(r.TimeZone);
        var where = t.Name(r.AssetName, r.AssetNameEn) is { } asset ? $"{t.Name(r.PlaceName, r.PlaceNameEn)} · {asset}" : t.Name(r.PlaceName, r.PlaceNameEn);
        var title = $"{t.Of(r.Kind)} {r.Number.ToString(CultureInfo.InvariantCulture)}";
        var form = new Form(t, address, zone, page, typed);
        return Page(t, title, t.Name(r.CommunityName, r.CommunityNameEn)!, Other(t, address), Markup.Of($"""
            {Said(notice)}
            <section class="card">
            <div class="head"><h1>{t.Of(r.Kind)} · {t.Name(r.CategoryName, r.CategoryNameEn)}</h1><span class="tag {EnumWord.Of(r.Status)}">{t.Of(r.Status)}</span></div>
            {Markup.If(r.Status != RequestStatus.Cancelled, $"""<ol class="steps">{Markup.Each(Steps, s => Markup.Of($"""<li{(s == r.Status ? Markup.Of($""" aria-current="step" """) : s < r.Status ? Markup.Of($""" class="past" """) : Markup.None)}>{t.Of(s)}</li>"""))}</ol>""")}
            <dl>
            <dt>{t.Say("编号", "Number")}</dt><dd class="number">{r.Number}</dd>
            {Markup.If(where is not null, $"""<dt>{t.Say("位置", "Where")}</dt><dd>{where}</dd>""")}
            <dt>{t.Say("报告时间", "Reported")}</dt><dd>{Tongue.At(r.ReportedAt, zone)}</dd>
            {Markup.If(r.AppointmentFrom is not null, $"""<dt>{t.Say("预约", "Appointment")}</dt><dd>{Window(r, zone)}</dd>""")}
            {Markup.If(r.ExpectedAt is not null, $"""<dt>{t.Say("预计恢复", "Expected")}</dt><dd>{Tongue.At(r.ExpectedAt ?? default, zone)}</dd>""")}
            </dl>
            {Markup.If(r.Description.Length > 0, $"""<p class="words">{r.Description}</p>""")}
            {Markup.If(r is { ToConfirm: true, Status: RequestStatus.Received }, $"""<p class="quiet">{t.Say("服务中心会先与您核实，再安排处理。", "The service centre will check with you first, and then see to it.")}</p>""")}
            </section>
            {form.Feedback()}
            {form.Quotes()}
            {form.Say()}
            <section class="card">
            <h2>{t.Say("进展", "Progress")}</h2>
            <ol class="story">{Markup.Each(page.Events.Where(e => t.Of(e.What) is not null), e => Event(t, zone, e))}</ol>
            {Markup.If(page.Files.Count > 0, $"""<h2>{t.Say("照片和文件", "Photos and files")}</h2><ul class="files">{Markup.Each(page.Files, f => File(t, address, zone, f))}</ul>""")}
            </section>
            {form.Withdraw()}
            """));
    }

    private static string Window(OwnersRequest r, TimeZoneInfo zone) =>
        r is { AppointmentFrom: { } from, AppointmentTo: { } to } ? $"{Tongue.At(from, zone)} – {TimeZoneInfo.ConvertTime(to, zone).ToString("HH:mm", CultureInfo.InvariantCulture)}" : "";

    private static Markup Event(Tongue t, TimeZoneInfo zone, OwnersEvent e)
    {
        var what = e switch
        {
            { What: Happening.RequestNoted, ActorKind: ActorKind.Owner } => t.Say("您留言", "You wrote"),
            { What: Happening.RequestNoted } => t.Say("服务中心留言", "The service centre wrote"),
            { What: Happening.FileAttached, ActorKind: ActorKind.Owner } => t.Say("您发来照片或文件", "You sent a photo or a file"),
            { What: Happening.RequestCancelled, ActorKind: ActorKind.Owner } => t.Say("您撤回了申请", "You withdrew the request"),
            _ => t.Of(e.What)!,
        };
        using var detail = JsonDocument.Parse(e.Detail);
        var more = e.What == Happening.WorkHeld && detail.RootElement.TryGetProperty("reason", out var word) && word.ValueKind == JsonValueKind.String && EnumWord.TryRead<HoldReason>(word.GetString()!, out var reason) ? t.Of(reason) : null;
        return Markup.Of($"""
            <li><time>{Tongue.At(e.OccurredAt, zone)}</time><div><strong>{what}</strong>{Markup.If(more is not null, $" <span>{more}</span>")}{Markup.If(Tongue.TellsItsWords(e.What) && e.Text is { Length: > 0 }, $"""<p class="words">{e.Text}</p>""")}</div></li>
            """);
    }

    private static Markup File(Tongue t, string address, TimeZoneInfo zone, OwnersFile f)
    {
        var path = $"{address}/files/{f.AttachmentId}";
        var name = t.Say("照片 ", "Photo of ") + Tongue.At(f.UploadedAt, zone);
        return Pictures.Contains(f.MediaType, StringComparer.Ordinal)
            ? Markup.Of($"""<li><a href="{path}"><img src="{path}" alt="{name}" loading="lazy" width="96" height="96"></a></li>""")
            : Markup.Of($"""<li><a class="file" href="{path}">{(f.MediaType == "application/pdf" ? "PDF" : "HEIC")}<small>{Tongue.At(f.UploadedAt, zone)}</small></a></li>""");
    }

    /// <summary>What an owner can do, as far as it can be done now.</summary>
    private sealed class Form(Tongue t, string address, TimeZoneInfo zone, OwnersPage page, Func<string, string?> typed)
    {
        private readonly string key = NewKey();

        public Markup Feedback()
        {
            if (page.Rounds is not [.., var round])
            {
                return Markup.None;
            }

            if (round.State == FeedbackState.Answered)
            {
                var by = round.AuthorKind == ActorKind.Staff ? t.Say("由服务中心代为登记", "written down by the service centre") : t.Say("由您填写", "by you");
                return Markup.Of($"""
                    <section class="card answered">
                    <h2>{t.Say("您的评价", "Your feedback")}</h2>
                    <p>{t.Say("解决了吗？", "Solved?")} <strong>{(round.Solved is { } solved ? t.Of(solved) : "–")}</strong>{Markup.If(round.Satisfaction is not null, $""" · <strong>{round.Satisfaction ?? 0} / 5</strong>""")}</p>
                    {Markup.If(round.MadeItFive is { Length: > 0 }, $"""<p class="words">{round.MadeItFive}</p>""")}
                    <p class="quiet">{by}{Markup.If(round.EndedAt is not null, $" · {Tongue.At(round.EndedAt ?? default, zone)}")}</p>
                    </section>
                    """);
            }

            if (page.Request.Status is not (RequestStatus.AwaitingFeedback or RequestStatus.Closed))
            {
                return Markup.None; // it is being worked on again, and will be asked about anew
            }

            return Markup.Of($"""
                <section class="card ask" id="feedback">
                <h2>{t.Say("办得怎么样？", "How did it go?")}</h2>
                <form method="post" action="{address}/answer?lang={t.Code}" enctype="multipart/form-data">
                <input type="hidden" name="round" value="{round.FeedbackId}">
                <fieldset><legend>{t.Say("解决了吗？", "Is it solved?")}</legend><div class="choice three">
                {Markup.Each(Enum.GetValues<Solved>(), s => Radio("solved", EnumWord.Of(s), t.Of(s), required: true))}
                </div></fieldset>
                <fieldset><legend>{t.Say("您满意吗？", "How satisfied are you?")}</legend><div class="choice five">
                {Markup.Each(Enumerable.Range(1, 5), n => Radio("satisfaction", n.ToString(CultureInfo.InvariantCulture), n.ToString(CultureInfo.InvariantCulture), required: true))}
                </div><p class="ends"><span>{t.Say("1 很不满意", "1 not at all")}</span><span>{t.Say("5 很满意", "5 very")}</span></p></fieldset>
                <label class="below-five">{t.Say("不到 5 分的话：怎样做才能得 5 分？", "If below 5: what would have made it a 5?")}<textarea name="five" rows="3" maxlength="2000">{typed("five")}</textarea></label>
                <fieldset><legend>{t.Say("您会向别人推荐我们吗？（可不填）", "Would you recommend us? (optional)")}</legend><div class="choice five">
                {Markup.Each(Enumerable.Range(1, 5), n => Radio("recommend", n.ToString(CultureInfo.InvariantCulture), n.ToString(CultureInfo.InvariantCulture), required: false))}
                </div><p class="ends"><span>{t.Say("1 不会", "1 never")}</span><span>{t.Say("5 一定会", "5 certainly")}</span></p></fieldset>
                <label>{t.Say("照片（可不加）", "Photo (optional)")}{PhotoField(t, false)}</label>
                <button class="main">{t.Say("提交评价", "Send")}</button>
                </form>
                </section>
                """);
        }

        public Markup Quotes() => Markup.Each(page.Quotes, q => Markup.Of($"""
            <section class="card quote">
            <h2>{t.Say("报价", "Quote")} <span class="number">{Money(q.Total)}</span></h2>
            <table><tbody>{Markup.Each(q.Lines, l => Markup.Of($"""<tr><td>{l.Name}</td><td class="number">{l.Quantity.ToString("0.###", CultureInfo.InvariantCulture)} {l.Unit} × {l.UnitPrice.ToString("0.00", CultureInfo.InvariantCulture)}</td></tr>"""))}</tbody></table>
            {QuoteMoves(q)}
            </section>
            """));

        private Markup QuoteMoves(OwnersQuote q) => q switch
        {
            { ConsentedAt: { } at } => Markup.Of($"""<p class="quiet">{t.Say("已同意，最多", "Agreed to, at most")} {Money(q.ConsentedAmount ?? q.Total)} · {Tongue.At(at, zone)}</p>"""),
            { RefusedAt: { } at } => Markup.Of($"""<p class="quiet">{t.Say("未同意", "Declined")} · {Tongue.At(at, zone)}</p>"""),
            { Open: false } => Markup.None,
            _ => Markup.Of($"""
                <p>{t.Say("同意后才会开工；最后收费不会超过这个数。", "Work begins after you agree; you are never charged more than this.")}</p>
                <form method="post" action="{address}/consent?lang={t.Code}">
                <input type="hidden" name="quote" value="{q.QuoteId}">
                <label>{t.Say("您的姓名", "Your name")}<input name="name" required maxlength="100" autocomplete="name" value="{typed("name")}"></label>
                <div class="buttons"><button class="main" name="agree" value="yes">{t.Say("同意", "Agree to")} <span class="number">{Money(q.Total)}</span></button><button name="agree" value="no">{t.Say("不同意", "Decline")}</button></div>
                </form>
                """),
        };

        public Markup Say() => Markup.Of($"""
            <section class="card">
            {Markup.If(page.AllowedMoves.Contains(RequestMove.Urge), $"""
                <form method="post" action="{address}/urge?lang={t.Code}" class="urge">
                <input type="hidden" name="key" value="{key}">
                <button>{t.Say("催一下", "Urge us")}</button>
                <span class="quiet">{(page.Request.LastUrgedAt is { } at ? t.Say("上次催办 ", "Last urged ") + Tongue.At(at, zone) : t.Say("负责的人和服务中心会马上收到提醒。", "Whoever is on it, and the service centre, are told at once."))}</span>
                </form>
                """)}
            <h2>{t.Say("补充说明或照片", "Add a word or a photo")}</h2>
            <form method="post" action="{address}/word?lang={t.Code}" enctype="multipart/form-data">
            <input type="hidden" name="key" value="{key}">
            <label><span class="unseen">{t.Say("说明", "Your words")}</span><textarea name="text" rows="2" maxlength="2000">{typed("text")}</textarea></label>
            {Markup.If(page.AllowedMoves.Contains(RequestMove.Attach), $"""<label>{t.Say("照片", "Photo")}{PhotoField(t, false)}</label>""")}
            <button>{t.Say("发送", "Send")}</button>
            </form>
            </section>
            """);

        public Markup Withdraw() => Markup.If(page.AllowedMoves.Contains(RequestMove.Cancel), $"""
            <details class="card">
            <summary>{t.Say("不需要处理了？撤回申请", "Not needed any more? Withdraw the request")}</summary>
            <form method="post" action="{address}/withdrawal?lang={t.Code}">
            <label>{t.Say("原因（可不填）", "Why (optional)")}<textarea name="reason" rows="2" maxlength="1000">{typed("reason")}</textarea></label>
            <button class="danger">{t.Say("撤回申请", "Withdraw the request")}</button>
            </form>
            </details>
            """);

        private Markup Radio(string name, string value, string label, bool required) => Markup.Of($"""
            <label><input type="radio" name="{name}" value="{value}"{Markup.If(required, $" required")}{Markup.If(typed(name) == value, $" checked")}><span>{label}</span></label>
            """);

        private string Money(decimal amount) => (page.Request.Currency == "CNY" ? "¥" : page.Request.Currency) + " " + amount.ToString("#,0.00", CultureInfo.InvariantCulture);
    }

    // ---------------------------------------------------------------- reports

    /// <param name="code">As it stands in addresses.</param>
    /// <param name="typed">What was typed before it was refused.</param>
    public static Markup Report(Tongue t, string code, ReportForm form, bool placed, Notice? notice, Func<string, string?> typed)
    {
        var address = "/r/" + code;
        var where = t.Name(form.AssetName, form.AssetNameEn) is { } asset ? $"{t.Name(form.PlaceName, form.PlaceNameEn)} · {asset}" : t.Name(form.PlaceName, form.PlaceNameEn);
        return Page(t, t.Say("报修与反映", "Report something"), t.Name(form.CommunityName, form.CommunityNameEn)!, Other(t, address), Markup.Of($"""
            {Said(notice)}
            <section class="card">
            <h1>{t.Say("报修与反映", "Report something")}</h1>
            {Markup.If(placed, $"""<p class="where"><span class="quiet">{t.Say("位置", "Where")}</span> <strong>{where}</strong></p>""")}
            <form method="post" action="{address}?lang={t.Code}" enctype="multipart/form-data">
            <input type="hidden" name="key" value="{NewKey()}">
            <label>{t.Say("什么事", "What is it about")}<select name="category" required>
            <option value="">{t.Say("请选择", "Please choose")}</option>
            {Markup.Each(form.Categories.GroupBy(c => c.Kind), g => Markup.Of($"""<optgroup label="{t.Of(g.Key)}">{Markup.Each(g, c => Markup.Of($"""<option value="{c.CategoryId}"{Markup.If(typed("category") == c.CategoryId.ToString(), $" selected")}>{t.Of(g.Key)} · {t.Name(c.Name, c.NameEn)}</option>"""))}</optgroup>"""))}
            </select></label>
            <label>{t.Say("请说说情况", "What happened")}<textarea name="text" rows="4" required maxlength="2000">{typed("text")}</textarea></label>
            <label>{(placed ? t.Say("更具体的位置（可不填）", "More exactly where (optional)") : t.Say("在哪里（楼栋、房号或公共位置）", "Where (building, flat, or which common place)"))}<input name="where" maxlength="200" value="{typed("where")}"{Markup.If(!placed, $" required")}></label>
            <label>{t.Say("照片（最多三张，可不加）", "Photos (up to three, optional)")}{PhotoField(t, true)}</label>
            <label>{t.Say("您的电话", "Your telephone number")}<input name="phone" type="tel" inputmode="tel" autocomplete="tel" maxlength="40" required value="{typed("phone")}"></label>
            <label>{t.Say("怎么称呼您（可不填）", "Your name (optional)")}<input name="name" autocomplete="name" maxlength="100" value="{typed("name")}"></label>
            <button class="main">{t.Say("提交", "Send")}</button>
            <p class="quiet">{t.Say("电话只用于联系您办理此事。有人被困、燃气泄漏或起火，请立即拨打服务中心电话和 119。", "Your number is used only about this. If somebody is trapped, or there is gas or fire, ring the service centre and 119 at once.")}</p>
            </form>
            </section>
            {Markup.If(form.HasVoices, $"""<section class="card"><a href="/v/{code}?lang={t.Code}">{t.Say("您说，我们做：看看大家提的事办得怎样", "You said, we did: what became of what residents asked for")}</a></section>""")}
            """));
    }

    // ---------------------------------------------------------------- parts

    private static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    // The browser's own field speaks the browser's language. With script ours lies over it, in the page's.
    private static Markup PhotoField(Tongue t, bool several) => Markup.Of($"""
        <span class="pick"><input type="file" name="photo" accept="image/jpeg,image/png,image/webp,image/heic,application/pdf" data-most="{Upload.Most}"{Markup.If(several, $" multiple")}><span class="own" aria-hidden="true"><span class="open">{(several ? t.Say("选择照片", "Choose photos") : t.Say("选择照片", "Choose a photo"))}</span><span class="chosen">{t.Say("还没有选择", "none chosen yet")}</span></span></span>
        """);

    private static Markup Said(Notice? notice) =>
        notice is null ? Markup.None : Markup.Of($"""<p class="notice {(notice.Good ? "good" : "bad")}" role="{(notice.Good ? "status" : "alert")}" tabindex="-1" id="said">{notice.Text}</p>""");

    private static Markup Other(Tongue t, string address) => Markup.Of($"""<a href="{address}?lang={t.Other.Code}" hreflang="{t.Other.Code}" lang="{t.Other.Code}">{(t.IsEnglish ? "中文" : "English")}</a>""");

    private static Markup Page(Tongue t, string title, string community, Markup aside, Markup body) => Markup.Of($"""
        <!doctype html>
        <html lang="{t.Code}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
        <meta name="robots" content="noindex, nofollow">
        <meta name="format-detection" content="telephone=no">
        <title>{title} · {community}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="{Style.Address}">
        <script src="{Script.Address}" defer></script>
        </head>
        <body data-wait="{t.Say("正在发送……", "Sending …")}" data-large="{t.Say("照片太大了：每张最多 20 MB。", "The photo is too large: at most 20 MB each.")}">
        <header><span class="brand">{community}</span>{aside}</header>
        <main>
        {body}
        </main>
        </body>
        </html>

        """);
}
