using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Owner;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>The owner's page: one request behind its link, without an account, in plain HTML.</summary>
public sealed class OwnersPageTests : OwnersFixture
{
    [Test]
    public async Task The_owner_answers_by_the_form_on_the_page_and_is_thanked()
    {
        var (request, order) = await GivenDone();
        var page = await Open(request);

        var reply = await Post(page, "/answer", ("round", page.Hidden("round")), ("solved", "yes"), ("satisfaction", "4"), ("recommend", "5"), ("five", "早点来"));

        Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.SeeOther));
        Assert.That((await Get(reply.Location!)).Html, Does.Contain("谢谢您的评价"));
        var stored = (await Send(Here.Clerk, new GetRequest(request))).Feedback.Single();
        Assert.That((stored.State, stored.Solved, stored.Satisfaction, stored.Recommend, stored.MadeItFive, stored.AuthorKind), Is.EqualTo((FeedbackState.Answered, Solved.Yes, (short?)4, (short?)5, "早点来", ActorKind.Owner)));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.Closed));
        var said = (await Send(Here.Manager, new GetTimeline(request))).Items.Single(e => e.What == Happening.FeedbackGiven);
        Assert.That((said.ActorKind, said.ActorName, said.Channel), Is.EqualTo((ActorKind.Owner, (string?)null, (Channel?)Channel.Web)));
    }

    [Test]
    public async Task Not_solved_sends_it_back_to_work()
    {
        var (request, order) = await GivenDone();
        var page = await Open(request);

        var reply = await Post(page, "/answer", ("round", page.Hidden("round")), ("solved", "no"), ("satisfaction", "1"), ("five", "还在漏"));

        Assert.That(reply.Location, Does.EndWith("said=unsolved"));
        var now = (await Send(Here.Clerk, new GetRequest(request))).Request;
        Assert.That((now.Status, now.ReworkCount), Is.EqualTo((RequestStatus.InProgress, (short)1)));
        Assert.That((await Open(request)).Html, Does.Not.Contain("name=\"satisfaction\""), "it is being worked on again");
    }

    [Test]
    public async Task However_often_it_is_looked_at_nothing_is_used_up_and_nothing_changes()
    {
        var (request, _) = await GivenDone();
        var address = await LinkOf(request);
        var before = await State(request);

        for (var i = 0; i < 5; i++)
        {
            using var seen = await Http.GetAsync(address);
            Assert.That(seen.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            using var looked = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, address));
            Assert.That((looked.StatusCode, (await looked.Content.ReadAsByteArrayAsync()).Length), Is.EqualTo((HttpStatusCode.OK, 0)));
            using var said = await Http.GetAsync(address + "?said=answered&lang=en");
            using var loadedAgain = await Http.GetAsync(address + "/answer?lang=en");
            Assert.That((loadedAgain.StatusCode, loadedAgain.Headers.Location!.OriginalString), Is.EqualTo((HttpStatusCode.SeeOther, address)));
        }

        Assert.That(await State(request), Is.EqualTo(before));
        var page = await Open(request);
        Assert.That((await Post(page, "/answer", ("round", page.Hidden("round")), ("solved", "yes"), ("satisfaction", "5"))).Status, Is.EqualTo(HttpStatusCode.SeeOther));
    }

    [Test]
    public async Task A_round_is_answered_once_and_whoever_is_second_is_told_who_was_first()
    {
        var (request, _) = await GivenDone();
        var page = await Open(request);
        var round = page.Hidden("round");
        await Post(page, "/answer", ("round", round), ("solved", "yes"), ("satisfaction", "5"));

        var again = await Post(page, "/answer", ("round", round), ("solved", "no"), ("satisfaction", "1"));
        var byClerk = await Refusal(() => Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明")));

        Assert.That((again.Status, again.Html), Is.EqualTo((HttpStatusCode.Conflict, again.Html)));
        Assert.That(again.Html, Does.Contain("已经评价过了").And.Contain(Local(Clock.GetUtcNow())));
        Assert.That(byClerk, Is.EqualTo("feedback.answered_by_owner"));
        Assert.That(await Scalar<short>("select satisfaction from feedback where request_id = @request", new { request }), Is.EqualTo(5));
    }

    [Test]
    public async Task What_the_clerk_wrote_down_first_stands_and_the_owner_is_told_kindly()
    {
        var (request, _) = await GivenDone();
        var page = await Open(request);
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 4, "王小明", NumberDialled: "13800138000"));

        var late = await Post(page, "/answer", ("round", page.Hidden("round")), ("solved", "no"), ("satisfaction", "1"));

        Assert.That(late.Status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That(late.Html, Does.Contain("代为登记").And.Not.Contain("name=\"satisfaction\"").And.Not.Contain("clerk"));
        Assert.That(await Scalar<string>("select author_kind from feedback where request_id = @request", new { request }), Is.EqualTo("staff"));
    }

    [Test]
    public async Task Owner_and_clerk_at_once_one_is_stored_and_the_other_is_told()
    {
        for (var i = 0; i < 5; i++)
        {
            var (request, _) = await GivenDone();
            var page = await Open(request);
            var round = page.Hidden("round");

            var owner = Post(page, "/answer", ("round", round), ("solved", "yes"), ("satisfaction", "5"));
            var twice = Post(page, "/answer", ("round", round), ("solved", "yes"), ("satisfaction", "5"));
            var clerk = Task.Run(async () =>
            {
                try
                {
                    await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 3, "王小明"));
                    return "stored";
                }
                catch (Refused.Conflict refused)
                {
                    return refused.Code;
                }
            });

            var all = new[] { (await owner).Status.ToString(), (await twice).Status.ToString(), await clerk };
            Assert.That(all.Count(a => a is "SeeOther" or "stored"), Is.EqualTo(1), string.Join(' ', all));
            Assert.That(await Scalar<long>("select count(*) from event where what = 'feedbackGiven' and detail->>'requestId' = @request", new { request = request.ToString() }), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task What_is_missing_is_asked_for_and_what_was_typed_stays()
    {
        var (request, _) = await GivenDone();
        var page = await Open(request);

        var reply = await Post(page, "/answer", ("round", page.Hidden("round")), ("satisfaction", "3"), ("five", "<b>\"快\"一点</b>"));

        Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        Assert.That(reply.Html, Does.Contain("请选择是否解决").And.Contain("&lt;b&gt;&quot;快&quot;一点&lt;/b&gt;").And.Contain("value=\"3\" required checked"));
        foreach (var score in new[] { "0", "6", "-1", "5.5", "５", "" })
        {
            Assert.That((await Post(page, "/answer", ("round", page.Hidden("round")), ("solved", "yes"), ("satisfaction", score))).Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity), score);
        }

        Assert.That(await Scalar<string>("select state from feedback where request_id = @request", new { request }), Is.EqualTo("asked"));
    }

    [Test]
    public async Task A_round_of_another_request_is_not_answered_through_this_link()
    {
        var (mine, _) = await GivenDone();
        var (theirs, _) = await GivenDone();
        var round = (await Open(theirs)).Hidden("round");

        var reply = await Post(await Open(mine), "/answer", ("round", round), ("solved", "no"), ("satisfaction", "1"));

        Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That(await Rows<string>("select distinct state from feedback"), Is.EqualTo(new[] { "asked" }));
    }

    [Test]
    public async Task A_link_that_has_ended_or_is_made_up_answers_alike_to_the_byte()
    {
        var (closed, _) = await GivenDone();
        var old = await LinkOf(closed);
        await Send(Here.Clerk, new RecordFeedback(closed, Solved.Yes, 5, "王小明"));
        var (forgotten, _) = await GivenDone();
        var hers = await LinkOf(forgotten);
        await Execute("update request set reporter_name = 'x', reporter_phone = null, customer_id = null where request_id = @forgotten", new { forgotten });
        Clock.Advance(OwnerLinks.Kept - TimeSpan.FromMinutes(1));
        Assert.That((await Get(old)).Status, Is.EqualTo(HttpStatusCode.OK));
        Clock.Advance(TimeSpan.FromMinutes(1));

        var answers = new List<string>();
        foreach (var address in new[] { old, hers, "/o/" + new string('A', 32), "/o/x", "/o/" + new string('x', 300), "/o/%3Cscript%3E", "/o/" + Guid.NewGuid(), "/r/no-such-code-at-all", "/r/x", old + "/files/" + Guid.NewGuid() })
        {
            using var reply = await Http.GetAsync(address);
            answers.Add((int)reply.StatusCode + " " + string.Join('\n', reply.Headers.Concat(reply.Content.Headers).Where(h => h.Key != "Date").Select(h => h.Key + ": " + string.Join(',', h.Value)).Order()) + "\n" + await reply.Content.ReadAsStringAsync());
        }

        foreach (var path in new[] { "/answer", "/word", "/urge", "/consent", "/withdrawal" })
        {
            foreach (var address in new[] { old, "/o/" + new string('A', 32) })
            {
                using var reply = await Http.PostAsync(address + path, new FormUrlEncodedContent([new("text", "x")]));
                answers.Add((int)reply.StatusCode + " " + string.Join('\n', reply.Headers.Concat(reply.Content.Headers).Where(h => h.Key != "Date").Select(h => h.Key + ": " + string.Join(',', h.Value)).Order()) + "\n" + await reply.Content.ReadAsStringAsync());
            }
        }

        Assert.That(answers.Distinct().Count(), Is.EqualTo(1), string.Join("\n-----\n", answers.Distinct()));
        Assert.That(answers[0], Does.StartWith("404").And.Contain("这个链接打不开了").And.Not.Contain("测试小区"));
    }

    [Test]
    public async Task Whoever_is_forgotten_has_no_page_any_more()
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "赵女士", [new NewContactPoint(ContactKind.Phone, "13711112222")], [new NewOccupancy(Here.Places["3-2-1602"], OccupancyRole.Owner)]))).CustomerId;
        var known = (await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", CustomerId: customer))).RequestId;
        var byNumber = (await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "又漏水", Reporter: new Reporter(null, "13711112222")))).RequestId;
        string[] hers = [await LinkOf(known), await LinkOf(byNumber)];
        Assert.That(new[] { (await Get(hers[0])).Status, (await Get(hers[1])).Status }, Is.All.EqualTo(HttpStatusCode.OK));

        await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested, EvenIfOpen: true));

        Assert.That(new[] { (await Get(hers[0])).Status, (await Get(hers[1])).Status }, Is.All.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await Scalar<long>("select count(*) from owner_link where request_id = any (@All)", new { All = new[] { known, byNumber } }), Is.Zero);
    }

    [Test]
    public async Task A_number_that_was_put_right_takes_the_link_away_from_the_wrong_one()
    {
        var request = (await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", Reporter: new Reporter("李", "13711113333")))).RequestId;
        var wrong = await LinkOf(request);

        await Send(Here.Clerk, new AmendRequest(request, Reporter: new Reporter("李", "13711114444"), Version: 1));

        Assert.That((await Get(wrong)).Status, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Whatever_is_written_is_shown_as_text()
    {
        const string Evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}";
        var request = (await GivenRequest(text: Evil)).RequestId;
        await Send(Here.Clerk, new NoteOnRequest(request, Evil, Visibility.Owner));
        var page = await Open(request);
        await Post(page, "/word", ("text", Evil));
        await Post(page, "/urge");

        var shown = await Open(request);
        var tooLong = await Post(page, "/word", ("text", Evil + new string('x', 5000)));

        foreach (var html in new[] { shown.Html, tooLong.Html })
        {
            Assert.That(html, Does.Contain("&lt;script&gt;alert(1)&lt;/script&gt;").And.Not.Contain("<script>").And.Not.Contain("<img src=x"));
        }

        Assert.That(Regex.Count(shown.Html, "<script"), Is.EqualTo(1), "its own, by address");
        Assert.That(tooLong.Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
    }

    [Test]
    public async Task An_address_that_somebody_wrote_is_no_link()
    {
        const string Elsewhere = "看 https://elsewhere.example/x 和 javascript:alert(1) www.elsewhere.example";
        var request = (await GivenRequest(text: Elsewhere)).RequestId;
        await Send(Here.Clerk, new NoteOnRequest(request, Elsewhere, Visibility.Owner));

        var shown = await Open(request);

        Assert.That(shown.Html, Does.Contain("https://elsewhere.example/x"));
        Assert.That(Regex.Matches(shown.Html, "(?:href|src|action)=\"([^\"]*)\"").Select(m => m.Groups[1].Value), Is.Not.Empty.And.All.Match("^(/[^/]|#|\\?)"));
    }

    [Test]
    public async Task The_page_shows_what_owners_may_see_and_nobodys_name_or_number()
    {
        var (request, order) = await GivenWorking();
        await Send(Here.Clerk, new NoteOnRequest(request, "业主可见的话", Visibility.Owner));
        await Send(Here.Clerk, new NoteOnRequest(request, "班组内部的话", Visibility.Crew));
        await Send(Here.Clerk, new NoteOnRequest(request, "只给前台的话", Visibility.Desk));
        await Send(Here.Clerk, new MakePromise(request, "今晚修好", Clock.GetUtcNow().AddHours(5)));
        var open = await GivenFile(request, Visibility.Owner);
        var closed = await GivenFile(request, Visibility.Crew);
        var address = await LinkOf(request);

        var page = await Get(address);

        Assert.That(page.Html, Does.Contain("业主可见的话").And.Contain("今晚修好").And.Contain("人员到场").And.Contain("厨房水管漏水").And.Contain(open.ToString()));
        foreach (var secret in new[] { "班组内部的话", "只给前台的话", "王小明", "13800138000", "138 0013", "engineering-1", "clerk", closed.ToString(), request.ToString(), order.ToString() })
        {
            Assert.That(page.Html, Does.Not.Contain(secret));
        }

        using var photo = await Http.GetAsync($"{address}/files/{open}");
        Assert.That((photo.StatusCode, photo.Content.Headers.ContentType!.MediaType), Is.EqualTo((HttpStatusCode.OK, "image/png")));
        Assert.That(photo.Headers.GetValues("Content-Security-Policy").Single(), Does.Contain("sandbox"));
        Assert.That((await Get($"{address}/files/{closed}")).Status, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await Get($"{await LinkOf((await GivenRequest()).RequestId)}/files/{open}")).Status, Is.EqualTo(HttpStatusCode.NotFound), "another owner's link");
    }

    [Test]
    public async Task The_owner_adds_a_word_and_a_photo_once_however_often_the_button_is_pressed()
    {
        var (request, _) = await GivenWorking();
        var page = await Open(request);
        var key = page.Hidden("key");

        for (var i = 0; i < 3; i++)
        {
            var reply = await PostWithPhoto(page.Address + "/word", Pictures.Jpeg(), ("key", key), ("text", "水在厨房门口"));
            Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.SeeOther));
        }

        await Post(page, "/word", ("key", key), ("text", "另外，厕所也漏"));
        var timeline = (await Send(Here.Clerk, new GetTimeline(request))).Items;
        Assert.That(timeline.Where(e => e.What == Happening.RequestNoted).Select(e => (e.Text, e.ActorKind, e.Visibility)), Is.EqualTo(new[] { ("水在厨房门口", ActorKind.Owner, Visibility.Owner), ("另外，厕所也漏", ActorKind.Owner, Visibility.Owner) }));
        var files = await Send(Here.Clerk, new ListAttachmentsOfRequest(request));
        Assert.That(files.Single(), Has.Property("Visibility").EqualTo(Visibility.Owner).And.Property("UploadedBy").Null);
        Assert.That((await Open(request)).Html, Does.Contain("您留言").And.Contain("/files/" + files[0].AttachmentId));
    }

    [Test]
    public async Task A_photo_alone_will_do_but_nothing_at_all_will_not()
    {
        var (request, _) = await GivenWorking();
        var page = await Open(request);

        var reply = await PostWithPhoto(page.Address + "/word", Pictures.Jpeg(), ("key", page.Hidden("key")), ("text", " "));
        var nothing = await Post(page, "/word", ("key", page.Hidden("key")), ("text", " "));

        Assert.That((reply.Status, nothing.Status), Is.EqualTo((HttpStatusCode.SeeOther, HttpStatusCode.UnprocessableEntity)));
        Assert.That((await Send(Here.Clerk, new ListAttachmentsOfRequest(request))).Single().Visibility, Is.EqualTo(Visibility.Owner));
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Any(e => e.What == Happening.RequestNoted), Is.False);
    }

    [TestCase("noResponse", "yes", RequestStatus.Closed)]
    [TestCase("unreachable", "no", RequestStatus.InProgress)]
    [TestCase("notAsked", "no", RequestStatus.InProgress)]
    public async Task Whoever_answers_on_the_page_after_the_round_was_over_is_heard_and_what_stood_there_is_kept(string before, string solved, RequestStatus status)
    {
        var (request, _) = await GivenDone();
        var ended = Clock.GetUtcNow();
        await Execute(
            "update feedback set state = @before, ended_at = @ended, next_check_at = null, not_asked_rule = case @before when 'notAsked' then 'tooOften' end; update request set status = 'closed', closed_at = @ended", new { before, ended });
        Clock.Advance(TimeSpan.FromDays(3));
        var page = await Open(request);

        var reply = await Post(page, "/answer", ("round", page.Hidden("round")), ("solved", solved), ("satisfaction", "3"), ("five", "早点来"));

        Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.SeeOther));
        Assert.That(
            await Rows<(string, string, DateTime, string, DateTime)>("select state, author_kind, ended_at, earlier_outcome, earlier_ended_at from feedback where round = 1"),
            Is.EqualTo(new[] { ("answered", "owner", Clock.GetUtcNow().UtcDateTime, before, ended.UtcDateTime) }));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(status));
    }

    [Test]
    public async Task A_file_that_is_no_photo_is_refused_and_nothing_is_stored()
    {
        var (request, _) = await GivenDone();
        var page = await Open(request);

        var reply = await PostWithPhoto(page.Address + "/answer", "<html>"u8.ToArray(), ("round", page.Hidden("round")), ("solved", "yes"), ("satisfaction", "5"));

        Assert.That((reply.Status, reply.Html.Contains("这个文件不能用", StringComparison.Ordinal)), Is.EqualTo((HttpStatusCode.UnprocessableEntity, true)));
        Assert.That(await Scalar<string>("select state from feedback where request_id = @request", new { request }), Is.EqualTo("asked"));
    }

    [Test]
    public async Task An_answer_comes_with_a_photo()
    {
        var (request, _) = await GivenDone();
        var page = await Open(request);

        var reply = await PostWithPhoto(page.Address + "/answer", Pictures.Png(), ("round", page.Hidden("round")), ("solved", "partly"), ("satisfaction", "3"), ("five", "擦干净"));

        Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.SeeOther));
        Assert.That(await Send(Here.Clerk, new ListAttachmentsOfRequest(request)), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_owner_urges_and_more_often_than_once_an_hour_is_answered_kindly()
    {
        var (request, _) = await GivenDispatched();
        var page = await Open(request);

        var first = await Post(page, "/urge", ("key", page.Hidden("key")));
        var pressedTwice = await Post(page, "/urge", ("key", page.Hidden("key")));
        var again = await Post(page, "/urge", ("key", (await Open(request)).Hidden("key")));

        Assert.That(new[] { first.Location, pressedTwice.Location, again.Location }.Select(l => l![(l!.LastIndexOf('=') + 1)..]), Is.EqualTo(new[] { "urged", "urged", "urgedAgain" }));
        Assert.That(await Rows<(int, int)>("select urge_count, urge_repeats from request where request_id = @request", new { request }), Is.EqualTo(new[] { (1, 1) }));
    }

    [TestCase("yes", "consented", "已同意")]
    [TestCase("no", "declined", "未同意")]
    public async Task The_owner_agrees_to_a_quote_or_declines_it(string agree, string said, string shown)
    {
        var request = (await GivenRequest()).RequestId;
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "换阀门", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Clerk, new QuoteWork(order, [new QuotedLine("阀门", 2, "个", 60.5m)]));
        var page = await Open(request);
        Assert.That(page.Html, Does.Contain("¥ 121.00").And.Contain("阀门"));

        var nameless = await Post(page, "/consent", ("quote", page.Hidden("quote")), ("agree", agree), ("name", " "));
        var reply = await Post(page, "/consent", ("quote", page.Hidden("quote")), ("agree", agree), ("name", "王小明"));
        var twice = await Post(page, "/consent", ("quote", page.Hidden("quote")), ("agree", "yes"), ("name", "王小明"));

        Assert.That(nameless.Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        Assert.That((reply.Status, reply.Location![(reply.Location!.LastIndexOf('=') + 1)..]), Is.EqualTo((HttpStatusCode.SeeOther, said)));
        Assert.That(twice.Status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((await Open(request)).Html, Does.Contain(shown));
        var quote = (await Send(Here.Clerk, new GetWorkOrder(order))).Quotes.Single();
        Assert.That((quote.ConsentedAmount, quote.ConsentChannel), Is.EqualTo(agree == "yes" ? (121m, (Channel?)Channel.Web) : ((decimal?)null, (Channel?)null)));
    }

    [Test]
    public async Task Nobody_agrees_to_the_quote_of_another_request()
    {
        var request = (await GivenRequest()).RequestId;
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "换阀门", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        var quote = (await Send(Here.Clerk, new QuoteWork(order, [new QuotedLine("阀门", 1, "个", 60)]))).QuoteId;

        var reply = await Post(await Open((await GivenRequest()).RequestId), "/consent", ("quote", quote.ToString()), ("agree", "yes"), ("name", "x"));

        Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That(await Scalar<long>("select count(*) from quote where consented_at is not null"), Is.Zero);
    }

    [Test]
    public async Task The_owner_withdraws_and_the_open_work_is_voided()
    {
        var (request, order) = await GivenDispatched();
        var page = await Open(request);

        var reply = await Post(page, "/withdrawal");
        var again = await Post(page, "/withdrawal");

        Assert.That((reply.Status, again.Status), Is.EqualTo((HttpStatusCode.SeeOther, HttpStatusCode.Conflict)));
        var now = (await Send(Here.Clerk, new GetRequest(request))).Request;
        Assert.That((now.Status, now.Outcome), Is.EqualTo((RequestStatus.Cancelled, (Outcome?)Outcome.Withdrawn)));
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Voided));
        Assert.That((await Open(request)).Html, Does.Contain("您撤回了申请").And.Not.Contain("/withdrawal"));
    }

    [TestCase("Sec-Fetch-Site", "cross-site")]
    [TestCase("Origin", "https://elsewhere.example")]
    public async Task A_form_on_another_site_does_not_reach_it(string header, string value)
    {
        var (request, _) = await GivenDispatched();
        using var message = new HttpRequestMessage(HttpMethod.Post, await LinkOf(request) + "/withdrawal") { Content = new FormUrlEncodedContent([]), Headers = { { header, value } } };

        using var reply = await Http.SendAsync(message);

        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Request.Status, Is.EqualTo(RequestStatus.InProgress));
    }

    [Test]
    public async Task Staff_who_are_signed_in_do_not_answer_as_the_owner()
    {
        var (request, _) = await GivenDone();
        var page = await Open(request);
        using var clerk = await SignIn(Here.Clerk);

        using var reply = await clerk.Http.PostAsync(page.Address + "/answer", new FormUrlEncodedContent([new("round", page.Hidden("round")), new("solved", "yes"), new("satisfaction", "5")]));

        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await reply.Content.ReadAsStringAsync(), Does.Contain("员工身份"));
        Assert.That(await Scalar<string>("select state from feedback where request_id = @request", new { request }), Is.EqualTo("asked"));
    }

    [Test]
    public async Task It_speaks_the_owners_language_or_the_browsers_or_the_one_that_was_chosen()
    {
        var known = await LinkOf((await GivenRequest()).RequestId);
        var unknown = await LinkOf((await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "x", Reporter: new Reporter(null, "13711115555")))).RequestId);

        Assert.That(await Language(known, "en"), Is.EqualTo("zh-CN"), "the customer's own");
        Assert.That(await Language(known + "?lang=en", "zh-CN"), Is.EqualTo("en"));
        Assert.That(await Language(unknown, "en-GB,en;q=0.9,zh;q=0.1"), Is.EqualTo("en"));
        Assert.That(await Language(unknown, "fr, zh-TW;q=0.5"), Is.EqualTo("zh-CN"));
        Assert.That(await Language(unknown, "fr"), Is.EqualTo("zh-CN"));
        await Execute("update customer set language = 'en' where customer_id = @Customer", new { Here.Customer });
        Assert.That(await Language(known, "zh-CN"), Is.EqualTo("en"));
        await Execute("update customer set language = 'zh-CN' where customer_id = @Customer", new { Here.Customer });
    }

    [Test]
    public async Task In_english_no_chinese_is_left_but_names()
    {
        var (request, _) = await GivenDone();
        var page = await Get(await LinkOf(request) + "?lang=en");

        var rest = page.Html;
        foreach (var name in new[] { "厨房水管漏水", "换了密封圈", "3栋2单元1502", ">中文<" })
        {
            rest = rest.Replace(name, "", StringComparison.Ordinal);
        }

        Assert.That(Regex.Matches(rest, @"\p{IsCJKUnifiedIdeographs}+").Select(m => m.Value), Is.Empty);
        Assert.That(rest, Does.Contain("How did it go?").And.Contain("Test community here"));
    }

    [Test]
    public async Task It_works_without_script_and_lets_in_none_but_its_own()
    {
        var (request, _) = await GivenDone();
        using var reply = await Http.GetAsync(await LinkOf(request));
        var html = await reply.Content.ReadAsStringAsync();

        var policy = reply.Headers.GetValues("Content-Security-Policy").Single();
        Assert.That(policy, Does.StartWith("default-src 'none'; script-src 'self'; style-src 'self'").And.Not.Contain("unsafe"));
        Assert.That((reply.Headers.CacheControl!.NoStore, reply.Headers.GetValues("X-Robots-Tag").Single(), reply.Headers.GetValues("Referrer-Policy").Single()), Is.EqualTo((true, "noindex, nofollow", "same-origin")));
        Assert.That(html, Does.Not.Match(@"\son\w+=|<style|\sstyle=|javascript:"));
        Assert.That(Regex.Count(html, "<form "), Is.EqualTo(Regex.Count(html, "<form method=\"post\" action=\"/o/")).And.GreaterThan(0));
        var script = Regex.Match(html, "<script src=\"([^\"]+)\" defer></script>").Groups[1].Value;
        using var sent = await Http.GetAsync(script);
        Assert.That((sent.StatusCode, sent.Content.Headers.ContentType!.MediaType), Is.EqualTo((HttpStatusCode.OK, "text/javascript")));
        Assert.That((await sent.Content.ReadAsByteArrayAsync()).Length, Is.LessThan(60 * 1024));
    }

    [Test]
    public async Task The_token_stands_nowhere_in_the_database()
    {
        var (request, _) = await GivenDone();
        var token = (await LinkOf(request))[3..];

        Assert.That(token, Has.Length.EqualTo(32), "192 bits");
        var found = await Rows<string>("""
            select format('select %L from %I x where x::text like %L', c.relname, c.relname, '%' || @token || '%')
            from pg_class c
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
            """, new { token });
        foreach (var look in found)
        {
            Assert.That(await Rows<string>(look), Is.Empty, look);
        }
    }

    private async Task<string> Language(string address, string accepted)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept-Language", accepted } } };
        using var reply = await Http.SendAsync(message);
        Assert.That(await reply.Content.ReadAsStringAsync(), Does.Contain($"<html lang=\"{reply.Content.Headers.ContentLanguage.Single()}\">"));
        return reply.Content.Headers.ContentLanguage.Single();
    }

    private async Task<Guid> GivenFile(Guid request, Visibility visibility)
    {
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), visibility == Visibility.Owner, CancellationToken.None);
        return (await Send(Here.Clerk, new AttachToRequest(request, new FileLabel(PhotoPurpose.After, visibility, "a.png"), Convert.ToHexStringLower(upload.Sha256), upload))).AttachmentId;
    }

    /// <summary>Everything that looking could have changed.</summary>
    private async Task<string> State(Guid request) =>
        (await Scalar<string>("""
            select (select r::text from request r where r.request_id = @request) || (select f::text from feedback f where f.request_id = @request) || (select l::text from owner_link l where l.request_id = @request)
                || (select count(*) from event) || ' ' || (select count(*) from message) || ' ' || (select count(*) from idempotency_key)
            """, new { request }))!;

    private static string Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai")).ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The form to report, without an account.</summary>
public sealed class OwnersReportTests : OwnersFixture
{
    private (string, string) Water => ("category", Here.Category(RequestKind.Repair, "water").ToString());

    [Test]
    public async Task Whoever_scans_the_code_on_the_lift_reports_it_and_follows_it_by_its_link()
    {
        var form = await Get("/r/qr-" + Here.Lift);
        Assert.That(form.Html, Does.Contain("大堂 · 1号电梯").And.Contain("测试小区 here"));

        var reply = await PostWithPhoto(form.Address, Pictures.Png(), ("key", form.Hidden("key")), Water, ("text", "门关不上"), ("phone", "137 2222 3333"), ("name", "路人"));

        Assert.That((reply.Status, reply.Location), Is.EqualTo((HttpStatusCode.SeeOther, reply.Location)));
        var made = (await Send(Here.Clerk, new ListRequests(new RequestFilter(ToConfirm: true)))).Items.Single();
        var details = (await Send(Here.Clerk, new GetRequest(made.RequestId))).Request;
        Assert.That((details.Channel, details.AssetId, details.PlaceId, details.ToConfirm, details.CustomerId, details.ReporterName, details.Description), Is.EqualTo((Channel.Qr, (Guid?)Here.Lift, (Guid?)Here.Places["3-2-lobby"], true, (Guid?)null, "路人", "门关不上")));
        Assert.That(await Send(Here.Clerk, new ListAttachmentsOfRequest(made.RequestId)), Has.Count.EqualTo(1));
        Assert.That((await Get(reply.Location!)).Html, Does.Contain("已收到，谢谢").And.Contain("先与您核实"));
    }

    [Test]
    public async Task The_code_on_a_door_fills_in_the_place_and_of_the_photos_three_are_kept()
    {
        await Execute("update place set qr_code = 'door-of-the-lobby' where place_id = @Id", new { Id = Here.Places["3-2-lobby"] });
        var form = await Get("/r/door-of-the-lobby");
        Assert.That(form.Html, Does.Contain("<strong>大堂</strong>").And.Not.Contain("1号电梯").And.Contain("更具体的位置（可不填）"));

        var reply = await PostWithPhotos(form.Address, [Pictures.Png(), Pictures.Jpeg(), Pictures.Jpeg(data: [1]), Pictures.Jpeg(data: [2])], ("key", form.Hidden("key")), Water, ("text", "门坏了"), ("phone", "137 2222 3333"));

        Assert.That(reply.Status, Is.EqualTo(HttpStatusCode.SeeOther));
        var made = (await Send(Here.Clerk, new ListRequests(new RequestFilter(ToConfirm: true)))).Items.Single();
        var details = (await Send(Here.Clerk, new GetRequest(made.RequestId))).Request;
        Assert.That((details.Channel, details.AssetId, details.PlaceId), Is.EqualTo((Channel.Qr, (Guid?)null, (Guid?)Here.Places["3-2-lobby"])));
        Assert.That((await Send(Here.Clerk, new ListAttachmentsOfRequest(made.RequestId))).Select(f => f.Visibility), Is.EqualTo(new[] { Visibility.Owner, Visibility.Owner, Visibility.Owner }), "the fourth is left");
    }

    [Test]
    public async Task The_desk_confirms_it_once_or_by_dispatching_it()
    {
        var (one, other) = (await GivenReport(), await GivenReport());

        var reply = await (await As(Here.Clerk)).PostJson($"/api/requests/{one}/confirmation", null, HttpStatusCode.OK);
        var again = await (await As(Here.Clerk)).PostJson($"/api/requests/{one}/confirmation", null, HttpStatusCode.Conflict);
        await Send(Here.Clerk, new DispatchWork(other, [new NewOrder(Crew.Engineering, "看")]));

        Assert.That((reply.Text("status"), again.Code), Is.EqualTo(("received", "request.nothing_to_confirm")));
        Assert.That(await Refusal(() => Send(There.Clerk, new ConfirmRequest(other))), Is.EqualTo("request.not_found"));
        var both = new[] { one, other };
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter(ToConfirm: true)))).Items.Select(r => r.RequestId).Intersect(both), Is.Empty);
        Assert.That(await Rows<Guid>("select confirmed_by from request where request_id = any (@both)", new { both }), Is.EqualTo(new[] { Here.Clerk.Id, Here.Clerk.Id }));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'requestConfirmed' and subject_id = any (@both)", new { both }), Is.EqualTo(2));
    }

    [Test]
    public async Task A_number_that_one_customer_has_is_theirs_and_needs_no_confirmation_and_the_page_does_not_tell()
    {
        var form = await Get("/r/" + await Code());

        var known = await Post(form, "", ("key", form.Hidden("key")), Water, ("text", "漏水"), ("where", "1502"), ("phone", "138-0013-8000"));
        var unknown = await Post(form, "", ("key", new string('a', 32)), Water, ("text", "漏水"), ("where", "1502"), ("phone", "13722224444"));

        Assert.That((known.Status, unknown.Status), Is.EqualTo((HttpStatusCode.SeeOther, HttpStatusCode.SeeOther)));
        Assert.That(await Rows<(Guid?, bool, string)>("select customer_id, to_confirm, description from request"), Is.EquivalentTo(new[] { ((Guid?)Here.Customer, false, "漏水\n位置：1502"), ((Guid?)null, true, "漏水\n位置：1502") }));
        Assert.That((await Get(known.Location!)).Html, Does.Not.Contain("王小明"));
    }

    [Test]
    public async Task The_button_pressed_twice_makes_one_report()
    {
        var form = await Get("/r/" + await Code());
        (string, string)[] fields = [("key", form.Hidden("key")), Water, ("text", "漏水"), ("where", "1502"), ("phone", "13722225555")];

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Post(form, "", fields)));

        Assert.That(replies.Select(r => r.Location).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(1));
    }

    [Test]
    public async Task What_is_missing_or_wrong_is_said_and_nothing_is_made()
    {
        var form = await Get("/r/" + await Code());
        var foreign = ("category", There.Category(RequestKind.Repair, "water").ToString());

        foreach (var (fields, words) in new ((string, string)[], string)[]
        {
            ([("text", "漏水"), ("phone", "13722226666")], "请选择是什么事"),
            ([foreign, ("text", "漏水"), ("phone", "13722226666")], "请选择是什么事"),
            ([Water, ("phone", "13722226666")], "请写点什么"),
            ([Water, ("text", "漏水")], "正确的电话号码"),
            ([Water, ("text", "漏水<b>"), ("phone", "123")], "正确的电话号码"),
            ([Water, ("text", new string('长', 4001)), ("phone", "13722226666")], "太长了"),
        })
        {
            var reply = await Post(form, "", fields);
            Assert.That((reply.Status, reply.Html.Contains(words, StringComparison.Ordinal), reply.Html.Contains("<b>", StringComparison.Ordinal)), Is.EqualTo((HttpStatusCode.UnprocessableEntity, true, false)), words + reply.Html);
        }

        Assert.That(await Scalar<long>("select count(*) from request"), Is.Zero);
    }

    [Test]
    public async Task Opening_the_form_makes_nothing_and_a_retired_code_opens_nothing()
    {
        await Execute("update asset set retired_at = @Now where asset_id = @Lift", new { There.Lift, Now = Clock.GetUtcNow() });

        Assert.That((await Get("/r/qr-" + There.Lift)).Status, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await Get("/r/qr-" + Here.Lift)).Status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.Zero);
        await Execute("update asset set retired_at = null where asset_id = @Lift", new { There.Lift });
    }

    [Test]
    public async Task What_is_no_form_is_refused_with_a_page()
    {
        using var reply = await Http.PostAsync("/r/" + await Code(), new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));

        Assert.That((reply.StatusCode, reply.Content.Headers.ContentType!.MediaType), Is.EqualTo((HttpStatusCode.BadRequest, "text/html")));
    }

    private async Task<string> Code() => (await (await As(Here.Clerk)).GetJson("/api/communities")).Body.EnumerateArray().Single().GetProperty("reportCode").GetString()!;

    private async Task<Guid> GivenReport()
    {
        var form = await Get("/r/" + await Code());
        var before = await Rows<Guid>("select request_id from request");
        await Post(form, "", ("key", form.Hidden("key")), Water, ("text", "漏水"), ("where", "1502"), ("phone", "13722227777"));
        return (await Rows<Guid>("select request_id from request where request_id <> all (@before)", new { before })).Single();
    }
}

/// <summary>How often one address may report.</summary>
public sealed class OwnersPaceTests : OwnersFixture
{
    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration["Desk:Limits:Reports"] = "3";

    [Test]
    public async Task An_address_that_reports_too_often_waits_and_is_told_so_on_a_page()
    {
        var form = await Get("/r/qr-" + Here.Lift);
        (string, string)[] Fields(int i) => [("key", i.ToString("x32", System.Globalization.CultureInfo.InvariantCulture)), ("category", Here.Category(RequestKind.Repair, "water").ToString()), ("text", "漏水"), ("phone", "13722228888")];
        for (var i = 0; i < 3; i++)
        {
            Assert.That((await Post(form, "", Fields(i))).Status, Is.EqualTo(HttpStatusCode.SeeOther));
        }

        var refused = await Post(form, "", Fields(4));

        Assert.That((refused.Status, refused.Html.Contains("太频繁了", StringComparison.Ordinal)), Is.EqualTo((HttpStatusCode.TooManyRequests, true)));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(3));
        Assert.That((await Get("/r/qr-" + Here.Lift)).Status, Is.EqualTo(HttpStatusCode.OK), "looking is free");
        Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.That((await Post(form, "", Fields(5))).Status, Is.EqualTo(HttpStatusCode.SeeOther));
        Assert.That((await Post(form, "", Fields(6))).Status, Is.EqualTo(HttpStatusCode.TooManyRequests));
    }
}

/// <summary>A browser without script: it opens addresses and sends forms.</summary>
public abstract class OwnersFixture : ApiFixture
{
    protected HttpClient Http => Anonymous.Http;

    protected sealed record Seen(HttpStatusCode Status, string Html, string? Location, string Address)
    {
        /// <summary>A hidden field of the page's forms.</summary>
        public string Hidden(string name) => Regex.Match(Html, $"<input type=\"hidden\" name=\"{name}\" value=\"([^\"]*)\">").Groups[1] is { Success: true } found ? found.Value : throw new AssertionException($"There is no {name} on the page.\n{Html}");
    }

    protected async Task<string> LinkOf(Guid request) =>
        "/o/" + await Service<OwnerLinks>().TokenOf(await Scalar<Guid>("select owner_link_id from owner_link where request_id = @request", new { request }), CancellationToken.None);

    protected async Task<Seen> Open(Guid request)
    {
        var page = await Get(await LinkOf(request));
        Assert.That(page.Status, Is.EqualTo(HttpStatusCode.OK), LastUnexpected);
        return page;
    }

    protected async Task<Seen> Get(string address)
    {
        using var reply = await Http.GetAsync(address);
        return await See(reply, address);
    }

    protected Task<Seen> Post(Seen page, string path, params (string Name, string Value)[] fields) =>
        Post(page.Address + path, new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))));

    protected Task<Seen> PostWithPhoto(string address, byte[] photo, params (string Name, string Value)[] fields) => PostWithPhotos(address, [photo], fields);

    protected Task<Seen> PostWithPhotos(string address, byte[][] photos, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        foreach (var photo in photos)
        {
            form.Add(new ByteArrayContent(photo), "photo", "现场.png");
        }

        return Post(address, form);
    }

    private async Task<Seen> Post(string address, HttpContent form)
    {
        using var reply = await Http.PostAsync(address, form);
        return await See(reply, address);
    }

    private async Task<Seen> See(HttpResponseMessage reply, string address)
    {
        var html = await reply.Content.ReadAsStringAsync();
        Assert.That(reply.StatusCode, Is.Not.EqualTo(HttpStatusCode.InternalServerError), LastUnexpected);
        return new Seen(reply.StatusCode, html, reply.Headers.Location?.OriginalString, address);
    }
}
