using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MediatR;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Owner;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.Voices;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Api.Owner;

/// <summary>
/// The pages for owners: <c>/o/…</c>, one request behind its link, <c>/r/…</c>, the form to report, and <c>/v/…</c>, what was said and done in
/// a community. No account, no cookie: whoever has the address has the door. Looking changes nothing, however often a messenger's preview looks; POST does, and answers with the page.
/// </summary>
internal static partial class OwnersDoor
{
    private const int MostPhotos = 3;

    private static readonly string[] Look = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>A photo and some words; what is over it is answered with a page, not with a closed connection.</summary>
    private static readonly RequestSizeLimitAttribute OnePhoto = new(Upload.Most + (256 * 1024));
    private static readonly RequestSizeLimitAttribute SeveralPhotos = new((2 * Upload.Most) + (256 * 1024));

    private static readonly FormOptions Forms = new()
    {
        ValueCountLimit = 40,
        KeyLengthLimit = 100,
        ValueLengthLimit = 64 * 1024,
        MultipartBodyLengthLimit = (2 * Upload.Most) + (256 * 1024),
        MultipartHeadersCountLimit = 10,
        MultipartHeadersLengthLimit = 4 * 1024,
    };

    public static void MapOwnersDoor(this IEndpointRouteBuilder app)
    {
        var door = app.MapGroup("").AllowAnonymous().ExcludeFromDescription();
        door.MapMethods("/o/page.css", Look, http => Send(http, Pages.Style));
        door.MapMethods("/o/page.js", Look, http => Send(http, Pages.Script));

        door.MapMethods("/o/{token}", Look, http => Through(http, Show));
        door.MapMethods("/o/{token}/files/{attachmentId:guid}", Look, http => Through(http, SendFile));
        // The address of a form, opened like a page: the page it stands on.
        door.MapMethods("/o/{token}/{form}", Look, http =>
        {
            http.Response.Redirect("/o/" + Uri.EscapeDataString((string)http.GetRouteValue("token")!));
            http.Response.StatusCode = StatusCodes.Status303SeeOther;
            return Task.CompletedTask;
        });
        door.MapPost("/o/{token}/answer", http => Through(http, Change(Answer))).WithMetadata(OnePhoto);
        door.MapPost("/o/{token}/word", http => Through(http, Change(AddWord))).WithMetadata(OnePhoto);
        door.MapPost("/o/{token}/urge", http => Through(http, Change(Urge)));
        door.MapPost("/o/{token}/consent", http => Through(http, Change(Consent)));
        door.MapPost("/o/{token}/withdrawal", http => Through(http, Change(Withdraw)));

        door.MapMethods("/r/{code}", Look, http => Through(http, ShowReport));
        door.MapPost("/r/{code}", http => Through(http, Report)).WithMetadata(SeveralPhotos);

        door.MapMethods("/v/{code}", Look, http => Through(http, ShowVoices));
    }

    /// <summary>Whether an address is one of these pages': whoever meets a fault there reads a page, not a record.</summary>
    public static bool IsOwners(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/o", StringComparison.Ordinal) || http.Request.Path.StartsWithSegments("/r", StringComparison.Ordinal) || http.Request.Path.StartsWithSegments("/v", StringComparison.Ordinal);

    /// <summary>What went wrong before or behind the pages, kindly and without what it was.</summary>
    /// <param name="traceId">What to name when asking about it; where it is our fault.</param>
    public static Task Sorry(HttpContext http, int status, string? code, string? traceId)
    {
        var t = Tongue.Of(http.Request);
        var page = status switch
        {
            StatusCodes.Status404NotFound => Pages.Nothing(t),
            >= StatusCodes.Status500InternalServerError => Pages.Failed(t, traceId),
            _ => Pages.Trouble(t, t.Of(new Refused.Conflict(code ?? "", ""), null)),
        };
        return Send(http, status, t, page);
    }

    // ---------------------------------------------------------------- the way in

    /// <summary>The visitor behind a link.</summary>
    private sealed record Visit(HttpContext Http, LinkHolder Holder, IMediator Desk, Caller Caller, string Address, OwnersPage Page, Tongue Tongue)
    {
        public CancellationToken Ct => Http.RequestAborted;
    }

    private static async Task Through(HttpContext http, Func<HttpContext, OwnerLinks, Task> go)
    {
        var limits = http.RequestServices.GetRequiredService<Limits>();
        try
        {
            limits.Admit("address " + FrontDoor.AddressOf(http), limits.Address);
            await go(http, http.RequestServices.GetRequiredService<OwnerLinks>());
        }
        catch (TooMany many)
        {
            http.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(many.Wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            await Sorry(http, StatusCodes.Status429TooManyRequests, many.Code, null);
        }
        catch (Exception e) when (e is InvalidDataException or BadHttpRequestException)
        {
            var large = e is not BadHttpRequestException || e is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge };
            var (status, code) = large ? (StatusCodes.Status413PayloadTooLarge, "body.too_large") : (StatusCodes.Status400BadRequest, "request.refused");
            await Sorry(http, status, code, null);
        }
    }

    private static Task Nothing(HttpContext http)
    {
        var t = Tongue.Of(http.Request);
        return Send(http, StatusCodes.Status404NotFound, t, Pages.Nothing(t));
    }

    /// <summary>Null, and answered, where the link opens nothing.</summary>
    private static async Task<Visit?> Enter(HttpContext http, OwnerLinks links)
    {
        var token = (string)http.GetRouteValue("token")!;
        if (await links.Holder(token, http.RequestAborted) is not { } holder)
        {
            await Nothing(http);
            return null;
        }

        var caller = BecomeOwner(http, holder.Actor);
        var desk = http.RequestServices.GetRequiredService<IMediator>();
        var page = await desk.Send(new GetOwnersPage(holder.CommunityId, holder.RequestId), http.RequestAborted);
        return new Visit(http, holder, desk, caller, "/o/" + token, page, Tongue.Of(http.Request, page.Request.Language));
    }

    /// <summary>Whoever else this browser may be signed in as: here it is the owner, with nothing beside the form.</summary>
    private static Caller BecomeOwner(HttpContext http, Actor actor)
    {
        var caller = http.RequestServices.GetRequiredService<Caller>();
        (caller.Actor, caller.IdempotencyKey, caller.IfMatch, caller.SessionId, caller.Device, caller.DeviceAt) = (actor, null, null, null, null, null);
        return caller;
    }

    // ---------------------------------------------------------------- looking

    private static async Task Show(HttpContext http, OwnerLinks links)
    {
        if (await Enter(http, links) is not { } visit)
        {
            return;
        }

        var t = visit.Tongue;
        var said = http.Request.Query["said"].ToString() switch
        {
            "answered" => t.Say("谢谢您的评价！", "Thank you for your feedback!"),
            "unsolved" => t.Say("谢谢您告诉我们。我们会重新处理，并尽快与您联系。", "Thank you for telling us. We look at it again, and will be in touch soon."),
            "urged" => t.Say("已提醒负责的人和服务中心。", "Whoever is on it, and the service centre, have been told."),
            "urgedAgain" => t.Say("我们知道您着急：刚刚已经提醒过了，一小时内不再重复提醒。", "We know that it is urgent to you: they were told a short while ago, and are not told again within the hour."),
            "added" => t.Say("已收到，谢谢。", "Received, thank you."),
            "consented" => t.Say("已收到您的同意，我们会尽快安排。", "Your consent has been received; we will go on with it."),
            "declined" => t.Say("已收到，您没有同意这份报价。", "Received: you did not agree to this quote."),
            "withdrawn" => t.Say("申请已撤回。", "The request has been withdrawn."),
            "reported" => t.Say("已收到，谢谢！请保存这个页面的链接，随时查看进展。", "Received, thank you! Keep the link to this page to see how it goes."),
            _ => null,
        };
        await Send(http, StatusCodes.Status200OK, t, Pages.Request(t, visit.Address, visit.Page, said is null ? null : new Notice(true, said), _ => null));
    }

    private static async Task SendFile(HttpContext http, OwnerLinks links)
    {
        if (await links.Holder((string)http.GetRouteValue("token")!, http.RequestAborted) is not { } holder)
        {
            await Nothing(http);
            return;
        }

        BecomeOwner(http, holder.Actor);
        var desk = http.RequestServices.GetRequiredService<IMediator>();
        ContentHead head;
        try
        {
            head = await desk.Send(new GetOwnersFile(holder.CommunityId, holder.RequestId, Guid.Parse((string)http.GetRouteValue("attachmentId")!)), http.RequestAborted);
        }
        catch (Refused.NotFound)
        {
            await Nothing(http);
            return;
        }

        var headers = http.Response.Headers;
        headers.CacheControl = "private, no-cache";
        headers.ETag = $"\"{Convert.ToHexStringLower(head.Sha256)}\"";
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        headers["X-Robots-Tag"] = "noindex";
        if (http.Request.Headers.IfNoneMatch.Contains(headers.ETag.ToString(), StringComparer.Ordinal))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var disposition = new ContentDispositionHeaderValue(head.MediaType is "image/jpeg" or "image/png" or "image/webp" ? "inline" : "attachment");
        disposition.SetHttpFileName(head.FileName);
        headers.ContentDisposition = disposition.ToString();
        http.Response.ContentType = head.MediaType;
        http.Response.ContentLength = head.Size;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            await AttachmentContent.CopyTo(desk, head, http.Response.Body, http.RequestAborted);
        }
    }

    // ---------------------------------------------------------------- changing

    /// <summary>Does what the form asks for and shows the page anew, under its own address: loading it again sends nothing again. What is refused stays in the form.</summary>
    /// <param name="act">Answers with what the page is to say.</param>
    private static Func<HttpContext, OwnerLinks, Task> Change(Func<Visit, IFormCollection, Task<string>> act) => async (http, links) =>
    {
        if (await Enter(http, links) is not { } visit)
        {
            return;
        }

        IFormCollection form = FormCollection.Empty;
        try
        {
            if (http.Features.Get<SessionHolder>() is not null)
            {
                throw new Refused.Forbidden("session.of_staff", "You are signed in as staff.");
            }

            form = await Read(http);
            http.RequestServices.GetRequiredService<EventLog>().Channel = EnumWord.Of(Channel.Web);
            var said = await act(visit, form);
            http.Response.StatusCode = StatusCodes.Status303SeeOther;
            http.Response.Headers.Location = $"{visit.Address}?lang={visit.Tongue.Code}&said={said}";
            http.Response.Headers.CacheControl = "no-store";
        }
        catch (Refused refused)
        {
            visit.Caller.IdempotencyKey = null;
            var page = await visit.Desk.Send(new GetOwnersPage(visit.Holder.CommunityId, visit.Holder.RequestId), visit.Ct);
            var t = visit.Tongue;
            var at = page.Rounds is [.., { EndedAt: { } ended }] ? Tongue.At(ended, TimeZoneInfo.FindSystemTimeZoneById(page.Request.TimeZone)) : null;
            var when = at is null ? "" : t.Say($"（{at}）", $" ({at})");
            await Send(http, Problems.StatusOf(refused), t, Pages.Request(t, visit.Address, page, new Notice(false, t.Of(refused, when)), name => form[name].ToString()));
        }
    };

    private static async Task<string> Answer(Visit visit, IFormCollection form)
    {
        var round = visit.Page.Rounds.FirstOrDefault(r => r.FeedbackId.ToString() == form["round"]) ?? throw new Refused.Conflict("feedback.round_over", "There is no such round of this request.");
        if (!EnumWord.TryRead<Solved>(form["solved"].ToString(), out var solved) || Score(form, "satisfaction") is not { } satisfaction)
        {
            throw new Refused.Invalid("answer.incomplete", "Say whether it is solved, and give 1 to 5.");
        }

        await using var photos = await Photos.Of(form, 1, visit.Ct);
        var five = satisfaction < 5 ? Words(form, "five") : null;
        await visit.Desk.Send(new AnswerAsOwner(round.FeedbackId, solved, satisfaction, Score(form, "recommend"), five), visit.Ct);
        await photos.Attach(visit.Desk, visit.Holder.RequestId, visit.Ct);
        return solved == Solved.No ? "unsolved" : "answered";
    }

    private static async Task<string> AddWord(Visit visit, IFormCollection form)
    {
        await using var photos = await Photos.Of(form, 1, visit.Ct);
        var text = Words(form, "text");
        if (text is null && photos.Count == 0)
        {
            throw new Refused.Invalid("text.empty", "Write something, or add a photo.");
        }

        if (text is not null)
        {
            visit.Caller.IdempotencyKey = Key(form, "word" + text);
            await visit.Desk.Send(new NoteOnRequest(visit.Holder.RequestId, text, Visibility.Owner), visit.Ct);
        }

        await photos.Attach(visit.Desk, visit.Holder.RequestId, visit.Ct, sha => visit.Caller.IdempotencyKey = Key(form, "photo" + sha));
        return "added";
    }

    private static async Task<string> Urge(Visit visit, IFormCollection form)
    {
        visit.Caller.IdempotencyKey = Key(form, "urge");
        return (await visit.Desk.Send(new UrgeRequest(visit.Holder.RequestId), visit.Ct)).Counted ? "urged" : "urgedAgain";
    }

    private static async Task<string> Consent(Visit visit, IFormCollection form)
    {
        // A quote of this request, as it stood on the page; whether it still stands is asked under its lock.
        if (visit.Page.Quotes.FirstOrDefault(q => q.QuoteId.ToString() == form["quote"]) is not { } quote)
        {
            throw new Refused.Conflict("quote.withdrawn", "Another quote was made since.");
        }

        var name = Words(form, "name") ?? throw new Refused.Invalid("text.empty", "Give your name.", "name");
        if (form["agree"] == "yes")
        {
            await visit.Desk.Send(new ConsentToQuote(quote.WorkOrderId, quote.QuoteId, name, quote.Total, Channel.Web), visit.Ct);
            return "consented";
        }

        await visit.Desk.Send(new RefuseQuote(quote.WorkOrderId, quote.QuoteId, name), visit.Ct);
        return "declined";
    }

    private static async Task<string> Withdraw(Visit visit, IFormCollection form)
    {
        await visit.Desk.Send(new CancelRequest(visit.Holder.RequestId, CancelledAs.Withdrawn, Words(form, "reason") ?? visit.Tongue.Say("业主撤回", "Withdrawn by the owner")), visit.Ct);
        return "withdrawn";
    }

    // ---------------------------------------------------------------- reporting

    private static async Task ShowReport(HttpContext http, OwnerLinks links)
    {
        if (await Target(http, links) is var (target, form, desk))
        {
            var t = Tongue.Of(http.Request);
            await Send(http, StatusCodes.Status200OK, t, Pages.Report(t, Uri.EscapeDataString((string)http.GetRouteValue("code")!), form, IsPlaced(target), null, _ => null));
        }
    }

    private static async Task Report(HttpContext http, OwnerLinks links)
    {
        if (await Target(http, links) is not var (target, shown, desk))
        {
            return;
        }

        var t = Tongue.Of(http.Request);
        var form = await Read(http);
        try
        {
            var limits = http.RequestServices.GetRequiredService<Limits>();
            if (await http.RequestServices.GetRequiredService<ReportPace>().Admit(FrontDoor.AddressOf(http), limits.Reports, TimeSpan.FromHours(1), http.RequestAborted) is { } wait)
            {
                throw new TooMany("calls.too_many", "These are too many calls. Wait a moment.", wait);
            }

            var token = await Register(http, links, target, shown, desk, form, t);
            http.Response.StatusCode = StatusCodes.Status303SeeOther;
            http.Response.Headers.Location = $"/o/{token}?lang={t.Code}&said=reported";
            http.Response.Headers.CacheControl = "no-store";
        }
        catch (Refused refused)
        {
            var page = Pages.Report(t, Uri.EscapeDataString((string)http.GetRouteValue("code")!), shown, IsPlaced(target), new Notice(false, t.Of(refused, null)), name => form[name].ToString());
            await Send(http, Problems.StatusOf(refused), t, page);
        }
    }

    /// <summary>Of the community that the code is in, whichever it is: its own, or one that hangs on a door.</summary>
    private static async Task ShowVoices(HttpContext http, OwnerLinks links)
    {
        var code = (string)http.GetRouteValue("code")!;
        if (await links.Target(code, http.RequestAborted) is not { } target)
        {
            await Nothing(http);
            return;
        }

        BecomeOwner(http, OwnerLinks.OwnerIn(target.CommunityId, Guid.NewGuid()));
        var page = await http.RequestServices.GetRequiredService<IMediator>().Send(new GetVoicesPage(target.CommunityId), http.RequestAborted);
        var t = Tongue.Of(http.Request);
        await Send(http, StatusCodes.Status200OK, t, Pages.Voices(t, Uri.EscapeDataString(code), page));
    }

    private static bool IsPlaced(ReportTarget target) => target.PlaceId is not null || target.AssetId is not null;

    private static async Task<(ReportTarget Target, ReportForm Form, IMediator Desk)?> Target(HttpContext http, OwnerLinks links)
    {
        if (await links.Target((string)http.GetRouteValue("code")!, http.RequestAborted) is not { } target)
        {
            await Nothing(http);
            return null;
        }

        BecomeOwner(http, OwnerLinks.OwnerIn(target.CommunityId, Guid.NewGuid()));
        var desk = http.RequestServices.GetRequiredService<IMediator>();
        return (target, await desk.Send(new GetReportForm(target.CommunityId, target.PlaceId, target.AssetId), http.RequestAborted), desk);
    }

    /// <returns>The token of the new request's link.</returns>
    private static async Task<string> Register(HttpContext http, OwnerLinks links, ReportTarget target, ReportForm shown, IMediator desk, IFormCollection form, Tongue t)
    {
        var ct = http.RequestAborted;
        var category = shown.Categories.FirstOrDefault(c => c.CategoryId.ToString() == form["category"]) ?? throw new Refused.Invalid("category.missing", "Choose what it is about.", "category");
        var text = Words(form, "text") ?? throw new Refused.Invalid("text.empty", "Say what happened.", "text");
        if (Words(form, "where") is { } where)
        {
            text += "\n" + t.Say("位置：", "Where: ") + where;
        }

        var phone = Words(form, "phone") ?? throw new Refused.Invalid("phone.empty", "Give a telephone number.", "phone");
        if (PhoneNumber.Fault(phone) is { } fault)
        {
            throw new Refused.Invalid(fault, "Give a telephone number.", "phone");
        }

        await using var photos = await Photos.Of(form, MostPhotos, ct);

        // The same form sent twice is one report; who sends it is known by nothing else.
        var reporter = Key(form, "") is { } key ? new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 16)) : Guid.NewGuid();
        var caller = BecomeOwner(http, OwnerLinks.OwnerIn(target.CommunityId, reporter));
        var customer = await desk.Send(new FindReporter(target.CommunityId, phone), ct);
        caller.IdempotencyKey = Key(form, text + phone);
        var made = await desk.Send(
            new ReceiveRequest(
                target.CommunityId,
                category.Kind,
                IsPlaced(target) ? Channel.Qr : Channel.Web,
                category.CategoryId,
                text,
                PlaceId: target.PlaceId,
                AssetId: target.AssetId,
                CustomerId: customer,
                Reporter: customer is null ? new Reporter(Words(form, "name"), phone) : null,
                ToConfirm: customer is null),
            ct);
        await photos.Attach(desk, made.RequestId, ct, sha => caller.IdempotencyKey = Key(form, "photo" + sha));
        caller.IdempotencyKey = null;
        return await links.TokenOf((await desk.Send(new FindOwnerLink(target.CommunityId, made.RequestId), ct))!.Value, ct);
    }

    // ---------------------------------------------------------------- forms

    /// <summary>The photos of a form, each looked at before anything is done.</summary>
    private sealed class Photos : IAsyncDisposable
    {
        private readonly List<(Upload Upload, string Name)> all = [];

        public int Count => all.Count;

        public static async Task<Photos> Of(IFormCollection form, int most, CancellationToken ct)
        {
            var photos = new Photos();
            try
            {
                foreach (var file in form.Files.Where(f => f.Length > 0).Take(most))
                {
                    await using var content = file.OpenReadStream();
                    var name = Path.GetFileName(file.FileName);
                    photos.all.Add((await Upload.Receive(content, forOwners: true, ct), PlainText.Fault(name, 200) is null ? name : "photo"));
                }
            }
            catch
            {
                await photos.DisposeAsync();
                throw;
            }

            return photos;
        }

        public async Task Attach(IMediator desk, Guid requestId, CancellationToken ct, Action<string>? before = null)
        {
            foreach (var (upload, name) in all)
            {
                var sha256 = Convert.ToHexStringLower(upload.Sha256);
                before?.Invoke(sha256);
                await desk.Send(new AttachToRequest(requestId, new FileLabel(PhotoPurpose.Other, Visibility.Owner, name), sha256, upload), ct);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var (upload, _) in all)
            {
                await upload.DisposeAsync();
            }
        }
    }

    private static Task<IFormCollection> Read(HttpContext http) =>
        http.Request.HasFormContentType ? http.Request.ReadFormAsync(Forms, http.RequestAborted) : throw new BadHttpRequestException("This is no form.");

    private static string? Words(IFormCollection form, string name) => form[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    private static short? Score(IFormCollection form, string name) => short.TryParse(form[name].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var score) && score is >= 1 and <= 5 ? score : null;

    /// <summary>A form is sent once, however often its button is pressed; with other words in it, it is another one.</summary>
    private static string? Key(IFormCollection form, string what) =>
        form["key"].ToString() is { Length: 32 } key && key.All(char.IsAsciiHexDigitLower)
            ? "form " + key + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)).AsSpan(0, 16))
            : null;

    // ---------------------------------------------------------------- replies

    private static async Task Send(HttpContext http, int status, Tongue t, Markup page)
    {
        var bytes = Encoding.UTF8.GetBytes(page.ToString());
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = bytes.Length;
        var headers = http.Response.Headers;
        headers.ContentLanguage = t.Code;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = Pages.Policy;
        headers["X-Robots-Tag"] = "noindex, nofollow";
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
        }
    }

    private static async Task Send(HttpContext http, Pages.Asset asset)
    {
        http.Response.ContentType = asset.Type;
        http.Response.ContentLength = asset.Bytes.Length;
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(asset.Bytes, http.RequestAborted);
        }
    }
}
