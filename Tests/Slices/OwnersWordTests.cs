using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Owner;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>What an owner adds to a request is told to the desk, once, until somebody has looked at it.</summary>
public sealed class OwnersWordTests : DeskFixture
{
    private Actor Owner_ => OwnerLinks.OwnerIn(Here.CommunityId, Guid.CreateVersion7());

    private Task Says(Guid request, string text) => Send(Owner_, new NoteOnRequest(request, text, Visibility.Owner));

    private async Task SendsAPhoto(Actor owner, Guid request)
    {
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: true, CancellationToken.None);
        await Send(owner, new AttachToRequest(request, new FileLabel(PhotoPurpose.Other, Visibility.Owner, "a.png"), Convert.ToHexStringLower(upload.Sha256), upload));
    }

    private async Task<DateTimeOffset?> Marked(Guid request) => (await Send(Here.Clerk, new GetRequest(request))).Request.OwnerWordAt;

    private Task<List<string>> Told(Guid request) => Rows<string>("select recipient_kind from message where request_id = @request and template = 'ownersWord' order by recipient_kind", new { request });

    [Test]
    public async Task A_word_marks_the_request_for_the_desk_which_is_told_once_until_somebody_looks()
    {
        var request = (await GivenRequest()).RequestId;
        await GivenRequest();
        Assert.That(await Marked(request), Is.Null);

        await Says(request, "还在漏");
        var at = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromMinutes(3));
        await Says(request, "更厉害了");

        Assert.That(await Marked(request), Is.EqualTo(at));
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter(UnreadWord: true)))).Items.Select(r => (r.RequestId, r.OwnerWordAt)), Is.EqualTo(new[] { (request, (DateTimeOffset?)at) }));
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter(UnreadWord: false)))).Items, Has.Count.EqualTo(1));
        Assert.That((await Send(Here.Clerk, new CountRequests(new RequestFilter(UnreadWord: true)))).Single().Requests, Is.EqualTo(1));
        Assert.That(await Told(request), Is.EqualTo(new[] { "role" }));

        await Send(Here.Clerk, new ReadOwnersWord(request));
        Assert.That(await Marked(request), Is.Null);
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReadOwnersWord(request))), Is.EqualTo("request.no_new_word"));
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @request and what = 'ownersWordRead' and visibility = 'desk'", new { request }), Is.EqualTo(1));
        await Says(request, "好了");
        Assert.That(await Told(request), Has.Count.EqualTo(2), "a word after that is a new one");
    }

    [Test]
    public async Task A_photo_is_a_word_but_not_one_that_came_with_the_report_itself()
    {
        var reporter = OwnerLinks.OwnerIn(Here.CommunityId, Guid.CreateVersion7());
        var request = (await Send(reporter, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Qr, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-lobby"], Reporter: new Reporter(null, "13722226666"), ToConfirm: true))).RequestId;

        await SendsAPhoto(reporter, request);
        Assert.That(await Marked(request), Is.Null);

        await SendsAPhoto(Owner_, request);
        Assert.That(await Marked(request), Is.Not.Null);
        Assert.That(await Told(request), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Whoever_replies_has_looked()
    {
        var acts = new Func<Guid, Task>[]
        {
            id => Send(Here.Clerk, new NoteOnRequest(id, "马上到", Visibility.Owner)),
            id => Send(Here.Clerk, new GiveFirstReply(id, "马上到")),
            id => Send(Here.Clerk, new GiveWrittenReply(id, "马上到", Channel.Letter)),
            id => Send(Here.Clerk, new AnswerRequest(id, AnswerKind.Answered, "已处理")),
        };
        foreach (var act in acts)
        {
            var request = (await GivenRequest()).RequestId;
            await Says(request, "还在漏");
            await Send(Here.Clerk, new NoteOnRequest(request, "内部说一声", Visibility.Desk));
            Assert.That(await Marked(request), Is.Not.Null, "a word among the desk is no reply");

            await act(request);

            Assert.That(await Marked(request), Is.Null);
        }
    }

    [Test]
    public async Task Staff_mark_nothing_and_the_person_in_charge_is_told_too()
    {
        var request = (await Send(Here.Manager, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Categories.First(c => c.Key.StartsWith("complaint:", StringComparison.Ordinal)).Value, "太吵", CustomerId: Here.Customer))).RequestId;
        await Send(Here.Manager, new NamePersonInCharge(request, Here.Officer.Id));

        await Send(Here.Clerk, new NoteOnRequest(request, "已联系", Visibility.Owner));
        await SendsAPhoto(Here.Clerk, request);
        Assert.That(await Marked(request), Is.Null);
        await Says(request, "还是吵");

        Assert.That(await Told(request), Is.EqualTo(new[] { "role", "staff" }));
        Assert.That(await Refusal(() => Send(There.Clerk, new ReadOwnersWord(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), new ReadOwnersWord(request))), Is.EqualTo("role.not_allowed"));
    }

    [Test]
    public async Task Two_words_at_once_are_told_once()
    {
        var request = (await GivenRequest()).RequestId;

        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Says(request, $"第 {i} 句")));

        Assert.That(await Told(request), Has.Count.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @request and what = 'requestNoted'", new { request }), Is.EqualTo(6));
    }

    [Test]
    public async Task A_word_is_looked_at_wherever_the_owner_wrote_it_also_when_all_is_over()
    {
        var (closed, cancelled) = ((await GivenRequest(kind: RequestKind.Inquiry, category: "fees")).RequestId, (await GivenRequest()).RequestId);
        await Send(Here.Clerk, new AnswerRequest(closed, AnswerKind.Answered, "已处理", OnTheSpot: true));
        await Send(Here.Clerk, new CancelRequest(cancelled, CancelledAs.Withdrawn, "不用了"));

        foreach (var request in new[] { closed, cancelled })
        {
            await Says(request, "谢谢");
            var status = (await Send(Here.Clerk, new ReadOwnersWord(request))).Status;

            Assert.That((await Marked(request), status), Is.EqualTo(((DateTimeOffset?)null, request == closed ? RequestStatus.Closed : RequestStatus.Cancelled)));
        }
    }

    [Test]
    public async Task What_turned_out_not_to_be_real_is_cancelled_and_not_to_be_confirmed_any_more()
    {
        var request = (await Send(OwnerLinks.OwnerIn(Here.CommunityId, Guid.CreateVersion7()), new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Qr, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-lobby"], Reporter: new Reporter(null, "13722226666"), ToConfirm: true))).RequestId;
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.ToConfirm, Is.True);

        await Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "没有这回事"));

        Assert.That(await Refusal(() => Send(Here.Clerk, new ConfirmRequest(request))), Is.EqualTo("request.move_not_allowed"));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.ToConfirm, Is.False);
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter(ToConfirm: true)))).Items, Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter(ToConfirm: false)))).Items.Single().ToConfirm, Is.False);
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @request and what = 'requestConfirmed'", new { request }), Is.Zero);
    }
}
