using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Attachments;

public sealed class AttachmentTests : ApiFixture
{
    private static readonly byte[] Photo = Pictures.Jpeg(Pictures.Tiff());

    [Test]
    public async Task A_photo_goes_in_and_comes_out_byte_for_byte_with_a_type_that_no_browser_runs()
    {
        var request = await GivenRequest();

        var attached = await Upload($"/api/requests/{request.RequestId}/attachments?purpose=before&visibility=owner&fileName=" + Uri.EscapeDataString("漏水 1.jpg"), Photo, HttpStatusCode.Created);

        using var response = await (await As(Here.Clerk)).Http.GetAsync(attached.Location);
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(Photo));
        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("image/jpeg"));
        Assert.That(response.Content.Headers.ContentDisposition!.DispositionType, Is.EqualTo("attachment"));
        Assert.That(response.Content.Headers.ContentDisposition.FileNameStar, Is.EqualTo("漏水 1.jpg"));
        Assert.That(response.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
        Assert.That(response.Headers.ETag!.Tag, Is.EqualTo($"\"{Convert.ToHexStringLower(SHA256.HashData(Photo))}\""));
        Assert.That((attached.ETag, attached.Body.GetProperty("request").GetProperty("version").GetInt32()), Is.EqualTo(($"\"{request.Version + 1}\"", request.Version + 1)));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RemoveAttachment(attached.Id("attachmentId"), "x"), c => c.IfMatch = 1)), Is.EqualTo("request.changed_meanwhile"));
        using var conditional = new HttpRequestMessage(HttpMethod.Get, attached.Location);
        conditional.Headers.IfNoneMatch.Add(response.Headers.ETag);
        using var unchanged = await (await As(Here.Clerk)).Http.SendAsync(conditional);
        Assert.That(unchanged.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
        Assert.That(await Scalar<string>("select what from event where subject_id = @RequestId order by seq desc limit 1", new { request.RequestId }), Is.EqualTo("fileAttached"));
    }

    [Test]
    public async Task Owners_get_a_copy_without_the_place_and_only_of_what_they_may_see()
    {
        var request = await GivenRequest();
        var shown = (await Upload(On(request, "owner"), Photo, HttpStatusCode.Created)).Location;
        var inside = (await Upload(On(request, "crew"), Photo, HttpStatusCode.Created)).Location;
        var clean = Pictures.Pdf();
        var file = (await Upload(On(request, "owner"), clean, HttpStatusCode.Created)).Location;

        var copy = await Bytes(shown + "?variant=shared");

        Assert.That(copy.AsSpan().IndexOf(Pictures.SecretBytes), Is.EqualTo(-1));
        Assert.That((await Bytes(shown!)).AsSpan().IndexOf(Pictures.SecretBytes), Is.GreaterThan(0));
        Assert.That(await Bytes(file + "?variant=shared"), Is.EqualTo(clean));
        Assert.That((await (await As(Here.Clerk)).GetJson(inside + "?variant=shared", HttpStatusCode.NotFound)).Code, Is.EqualTo("attachment.not_found"));
        Assert.That(await Scalar<long>("select count(*) from attachment_content where variant = 'shared'"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_large_file_is_kept_in_chunks_and_one_byte_too_many_leaves_nothing()
    {
        var request = await GivenRequest();
        var frame = Pictures.Jpeg(data: []).Length;
        var most = Pictures.Jpeg(data: [.. Enumerable.Range(0, (int)Domain.Attachments.Upload.Most - frame).Select(i => (byte)(i % 251 + 1))]);

        var attached = await Upload(On(request, "owner"), most, HttpStatusCode.Created);
        var over = await Upload(On(request, "owner"), [.. most, 10], HttpStatusCode.RequestEntityTooLarge);
        var streamed = await Upload(On(request, "owner"), [.. most, 10], HttpStatusCode.RequestEntityTooLarge, chunked: true);

        Assert.That(over.Code, Is.EqualTo("attachment.too_large"));
        Assert.That(streamed.Code, Is.EqualTo("attachment.too_large"));
        Assert.That(SHA256.HashData(await Bytes(attached.Location!)), Is.EqualTo(SHA256.HashData(most)));
        Assert.That(await Scalar<long>("select count(*) from attachment_content where variant = 'original'"), Is.EqualTo(80));
        Assert.That(await Scalar<long>("select a.shared_size - sum(length(c.bytes)) from attachment a join attachment_content c using (attachment_id) where c.variant = 'shared' group by a.shared_size"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from attachment"), Is.EqualTo(1));
    }

    [TestCase("<script>alert(1)</script>", "attachment.type_not_accepted")]
    [TestCase("GIF89a", "attachment.type_not_accepted")]
    [TestCase("", "attachment.empty")]
    public async Task What_is_no_picture_is_refused_whatever_it_is_called(string content, string code)
    {
        var request = await GivenRequest();

        var refused = await Upload(On(request, "owner"), Encoding.ASCII.GetBytes(content), HttpStatusCode.UnprocessableEntity, type: "image/jpeg");

        Assert.That(refused.Code, Is.EqualTo(code));
        Assert.That(await Scalar<long>("select count(*) from attachment") + await Scalar<long>("select count(*) from attachment_content"), Is.Zero);
    }

    [Test]
    public async Task The_sender_does_not_say_what_a_file_is()
    {
        var request = await GivenRequest();

        var attached = await Upload($"/api/requests/{request.RequestId}/attachments?purpose=other&visibility=crew&fileName={Uri.EscapeDataString("C:\\x\\run.exe")}", Pictures.Png(), HttpStatusCode.Created, type: "text/html");

        Assert.That((attached.Text("mediaType"), attached.Text("fileName")), Is.EqualTo(("image/png", "run.exe.png")));
    }

    [Test]
    public async Task The_same_key_attaches_once_and_another_file_under_it_is_refused()
    {
        var request = await GivenRequest();

        var first = await Upload(On(request, "owner"), Photo, HttpStatusCode.Created, key: "photo-1");
        var again = await Upload(On(request, "owner"), Photo, HttpStatusCode.Created, key: "photo-1");
        var other = await Upload(On(request, "owner"), Pictures.Png(), HttpStatusCode.UnprocessableEntity, key: "photo-1");

        Assert.That(again.Id("attachmentId"), Is.EqualTo(first.Id("attachmentId")));
        Assert.That(other.Code, Is.EqualTo("idempotency_key.other_body"));
        Assert.That(await Scalar<long>("select count(*) from attachment"), Is.EqualTo(1));
    }

    [TestCase("purpose=before&visibility=desk&fileName=a.jpg")]
    [TestCase("purpose=after&visibility=owner&fileName=a.jpg")]
    [TestCase("purpose=before&visibility=owner&fileName=b.jpg")]
    public async Task The_same_file_under_the_same_key_with_something_else_said_about_it_is_refused_and_changes_nothing(string label)
    {
        var at = $"/api/requests/{(await GivenRequest()).RequestId}/attachments?";
        var first = await Upload(at + "purpose=before&visibility=owner&fileName=a.jpg", Photo, HttpStatusCode.Created, key: "photo-1");

        var other = await Upload(at + label, Photo, HttpStatusCode.UnprocessableEntity, key: "photo-1");

        Assert.That(other.Code, Is.EqualTo("idempotency_key.other_body"));
        Assert.That(await Rows<(Guid, string, string, string)>("select attachment_id, purpose, visibility, file_name from attachment"), Is.EqualTo(new[] { (first.Id("attachmentId"), "before", "owner", "a.jpg") }));
    }

    [Test]
    public async Task What_is_said_about_a_file_is_read_strictly()
    {
        var request = await GivenRequest();
        var at = $"/api/requests/{request.RequestId}/attachments";

        Assert.That((await Upload(at, Photo, HttpStatusCode.BadRequest)).Code, Is.EqualTo("query.missing"));
        Assert.That((await Upload(at + "?purpose=selfie&visibility=owner&fileName=a", Photo, HttpStatusCode.BadRequest)).Code, Is.EqualTo("query.malformed"));
        Assert.That((await Upload(at + "?purpose=before&visibility=owner&fileName=a&x=1", Photo, HttpStatusCode.BadRequest)).Code, Is.EqualTo("query.unknown_name"));
        Assert.That((await Upload(at + "?purpose=before&visibility=owner&fileName=a%00", Photo, HttpStatusCode.BadRequest)).Code, Is.EqualTo("query.malformed"));
        await Upload(at + "?purpose=before&visibility=owner&fileName=a%E2%80%AEgpj.exe", Photo, HttpStatusCode.UnprocessableEntity);
    }

    [Test]
    public async Task A_category_that_demands_a_photo_is_content_with_one()
    {
        var (_, order) = await GivenWorking();
        await Execute("update category set demands_photos = '{after}' where category_id = (select category_id from work_order where work_order_id = @Id)", new { Id = order });
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), new CompleteWork(order, "换了"))), Is.EqualTo("work_order.photos_missing"));

        var attached = await Upload($"/api/work-orders/{order}/attachments?purpose=after&visibility=owner&fileName=a.jpg", Photo, HttpStatusCode.Created, Here.Member(Crew.Engineering));

        Assert.That(attached.Body.GetProperty("workOrder").GetProperty("allowedMoves").EnumerateArray().Select(m => m.GetString()), Does.Contain("complete"));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "换了"));
        await Execute("update category set demands_photos = '{}' where demands_photos = '{after}'");
    }

    [Test]
    public async Task Each_photo_that_a_category_demands_is_there_before_the_work_is_done()
    {
        var (_, order) = await GivenWorking();
        await Execute("update category set demands_photos = '{before,after}' where category_id = (select category_id from work_order where work_order_id = @Id)", new { Id = order });
        Task Complete() => Send(Here.Member(Crew.Engineering), new CompleteWork(order, "换了"));
        async Task<Guid> Take(string purpose) =>
            (await Upload($"/api/work-orders/{order}/attachments?purpose={purpose}&visibility=owner&fileName=a.jpg", Photo, HttpStatusCode.Created, Here.Member(Crew.Engineering))).Id("attachmentId");

        Assert.That(await Refusal(Complete), Is.EqualTo("work_order.photos_missing"), "none");
        await Take("other");
        Assert.That(await Refusal(Complete), Is.EqualTo("work_order.photos_missing"), "another one");
        await Take("before");
        Assert.That(await Refusal(Complete), Is.EqualTo("work_order.photos_missing"), "one of the two");
        await Send(Here.Clerk, new RemoveAttachment(await Take("after"), "拍到了人脸"));
        Assert.That(await Refusal(Complete), Is.EqualTo("work_order.photos_missing"), "one that was removed");
        await Take("after");
        await Complete();

        Assert.That(await Scalar<string>("select status from work_order where work_order_id = @order", new { order }), Is.EqualTo("done"));
        await Execute("update category set demands_photos = '{}' where demands_photos <> '{}'");
    }

    [Test]
    public async Task Files_are_listed_with_their_request_and_its_orders_to_those_who_may_see_them()
    {
        var (request, order) = await GivenWorking();
        await Upload($"/api/requests/{request}/attachments?purpose=evidence&visibility=desk&fileName=a.jpg", Photo, HttpStatusCode.Created);
        await Upload($"/api/work-orders/{order}/attachments?purpose=before&visibility=crew&fileName=b.jpg", Photo, HttpStatusCode.Created, Here.Member(Crew.Engineering));

        var desk = await (await As(Here.Clerk)).Get<IReadOnlyList<AttachmentLine>>($"/api/requests/{request}/attachments");
        var crew = await (await As(Here.Member(Crew.Engineering))).Get<IReadOnlyList<AttachmentLine>>($"/api/requests/{request}/attachments");
        var ofOrder = await (await As(Here.Member(Crew.Engineering))).Get<IReadOnlyList<AttachmentLine>>($"/api/work-orders/{order}/attachments");

        Assert.That(desk.Select(a => a.FileName), Is.EquivalentTo(new[] { "a.jpg", "b.jpg" }));
        Assert.That(crew.Select(a => a.FileName), Is.EqualTo(new[] { "b.jpg" }));
        Assert.That(ofOrder.Select(a => a.FileName), Is.EqualTo(new[] { "b.jpg" }));
        var secret = desk.Single(a => a.Visibility == Visibility.Desk).AttachmentId;
        Assert.That((await (await As(Here.Member(Crew.Engineering))).GetJson($"/api/attachments/{secret}/content", HttpStatusCode.Forbidden)).Code, Is.EqualTo("attachment.desk_only"));
        Assert.That((await Upload($"/api/work-orders/{order}/attachments?purpose=before&visibility=desk&fileName=b.jpg", Photo, HttpStatusCode.Forbidden, Here.Member(Crew.Engineering))).Code, Is.EqualTo("attachment.desk_only"));
    }

    [Test]
    public async Task Only_those_whose_order_it_is_attach_to_it_and_not_to_a_voided_one()
    {
        var (_, order) = await GivenWorking();
        var at = $"/api/work-orders/{order}/attachments?purpose=before&visibility=crew&fileName=b.jpg";

        Assert.That((await Upload(at, Photo, HttpStatusCode.Forbidden, Here.Member(Crew.Security))).Code, Is.EqualTo("work_order.somebody_elses"));
        await Send(Here.Officer, new VoidWork(order, "重复"));
        Assert.That((await Upload(at, Photo, HttpStatusCode.Conflict)).Code, Is.EqualTo("work_order.move_not_allowed"));
    }

    [Test]
    public async Task A_removed_file_is_gone_and_that_it_was_there_stays()
    {
        var (request, order) = await GivenWorking();
        var mine = await Upload($"/api/work-orders/{order}/attachments?purpose=before&visibility=owner&fileName=b.jpg", Photo, HttpStatusCode.Created, Here.Member(Crew.Engineering));
        var removal = $"/api/attachments/{mine.Id("attachmentId")}/removal";
        var clerk = await As(Here.Clerk);

        Assert.That((await (await As(Here.Member(Crew.Security))).PostJson(removal, new { reason = "no" }, HttpStatusCode.Forbidden)).Code, Is.EqualTo("attachment.somebody_elses"));
        await clerk.PostJson(removal, new { reason = "" }, HttpStatusCode.UnprocessableEntity);
        await (await As(Here.Member(Crew.Engineering))).PostJson(removal, new { reason = "拍到了人脸" }, HttpStatusCode.OK);

        Assert.That((await clerk.PostJson(removal, new { reason = "again" }, HttpStatusCode.NotFound)).Code, Is.EqualTo("attachment.not_found"));
        await clerk.GetJson(mine.Location!, HttpStatusCode.NotFound);
        Assert.That(await clerk.Get<IReadOnlyList<AttachmentLine>>($"/api/requests/{request}/attachments"), Is.Empty);
        Assert.That(await Scalar<long>("select count(*) from attachment_content"), Is.Zero);
        Assert.That(await Scalar<string>("select t.text from event e join event_text t using (community_id, seq) where e.subject_id = @Id and e.what = 'fileRemoved'", new { Id = order }), Is.EqualTo("拍到了人脸"));
    }

    [Test]
    public async Task Who_uploaded_a_photo_does_not_take_it_away_once_the_work_is_done()
    {
        var (_, order) = await GivenWorking();
        var mine = await Upload($"/api/work-orders/{order}/attachments?purpose=after&visibility=owner&fileName=b.jpg", Photo, HttpStatusCode.Created, Here.Member(Crew.Engineering));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "换了"));

        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), new RemoveAttachment(mine.Id("attachmentId"), "x"))), Is.EqualTo("attachment.somebody_elses"));
        await Send(Here.Clerk, new RemoveAttachment(mine.Id("attachmentId"), "x"));
    }

    [Test]
    public async Task Another_communitys_files_are_not_there()
    {
        var (request, order) = await GivenWorking();
        var id = (await Upload($"/api/requests/{request}/attachments?purpose=before&visibility=owner&fileName=a.jpg", Photo, HttpStatusCode.Created)).Id("attachmentId");
        var stranger = await As(There.Clerk);

        Assert.That((await stranger.GetJson($"/api/attachments/{id}/content", HttpStatusCode.NotFound)).Code, Is.EqualTo("attachment.not_found"));
        Assert.That((await stranger.PostJson($"/api/attachments/{id}/removal", new { reason = "x" }, HttpStatusCode.NotFound)).Code, Is.EqualTo("attachment.not_found"));
        Assert.That((await stranger.GetJson($"/api/requests/{request}/attachments", HttpStatusCode.NotFound)).Code, Is.EqualTo("request.not_found"));
        Assert.That((await stranger.GetJson($"/api/work-orders/{order}/attachments", HttpStatusCode.NotFound)).Code, Is.EqualTo("work_order.not_found"));
        Assert.That((await Upload($"/api/requests/{request}/attachments?purpose=before&visibility=owner&fileName=a.jpg", Photo, HttpStatusCode.NotFound, There.Clerk)).Code, Is.EqualTo("request.not_found"));
        Assert.That((await Upload($"/api/work-orders/{order}/attachments?purpose=before&visibility=owner&fileName=a.jpg", Photo, HttpStatusCode.NotFound, There.Clerk)).Code, Is.EqualTo("work_order.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new GetChunk(Here.CommunityId, id, Variant.Original, 0))), Is.EqualTo("attachment.not_found"));
    }

    [Test]
    public async Task No_request_gets_more_than_fifty_files_and_no_order_even_when_they_come_at_once([Values] bool ofAnOrder)
    {
        var (request, order) = await GivenWorking();
        await Execute(
            """
            insert into attachment (community_id, attachment_id, request_id, work_order_id, purpose, visibility, media_type, file_name, size, sha256, uploaded_at)
            select @CommunityId, gen_random_uuid(), @Request, @Order, 'other', 'crew', 'image/png', 'x.png', 1, sha256('x'), @Now from generate_series(1, 48)
            """,
            new { Here.CommunityId, Request = ofAnOrder ? (Guid?)null : request, Order = ofAnOrder ? order : (Guid?)null, Now = FakeClock.Start.UtcDateTime });
        var clerk = await As(Here.Clerk);
        var at = (ofAnOrder ? $"/api/work-orders/{order}" : $"/api/requests/{request}") + "/attachments?purpose=before&visibility=crew&fileName=a.jpg";

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            using var content = new ByteArrayContent(Photo);
            using var response = await clerk.Http.PostAsync(at, content);
            return response.IsSuccessStatusCode ? "done" : JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("code").GetString();
        }));

        Assert.That(answers.Order(), Is.EqualTo(Enumerable.Repeat("attachments.count", 4).Concat(Enumerable.Repeat("done", 2))));
    }

    [TestCase("..", FileKind.Png, "file.png")]
    [TestCase("a/b/../c.JPG", FileKind.Jpeg, "c.JPG")]
    [TestCase("c.jpeg", FileKind.Jpeg, "c.jpeg")]
    [TestCase("line\nbreak", FileKind.Pdf, "line break.pdf")]
    public void A_file_name_has_no_folders_and_an_ending_that_is_true(string typed, FileKind kind, string name) => Assert.That(Attacher.NameOf(typed, kind), Is.EqualTo(name));

    private static string On(RequestReply request, string visibility) => $"/api/requests/{request.RequestId}/attachments?purpose=before&visibility={visibility}&fileName=a.jpg";

    private async Task<byte[]> Bytes(string path) => await (await As(Here.Clerk)).Http.GetByteArrayAsync(path);

    private async Task<ApiReply> Upload(string path, byte[] content, HttpStatusCode expected, Actor? by = null, string? key = null, string? type = null, bool chunked = false)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(content) };
        message.Headers.TransferEncodingChunked = chunked;
        if (type is not null)
        {
            message.Content.Headers.ContentType = new(type);
        }

        if (key is not null)
        {
            message.Headers.Add("Idempotency-Key", key);
        }

        using var response = await (await As(by ?? Here.Clerk)).Http.SendAsync(message);
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(expected), () => $"{path} answered {text}");
        return new ApiReply(response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.ETag?.Tag, response.Headers.Location?.OriginalString, JsonSerializer.Deserialize<JsonElement>(text));
    }
}
