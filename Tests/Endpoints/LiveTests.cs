using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Live;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What happens is told as it happens: to whom it may concern, to nobody else, and to nobody after their session.</summary>
public sealed class LiveTests : ApiFixture
{
    [SetUp]
    public Task No_sessions() => Execute("delete from session");

    [Test]
    public async Task What_happens_is_told_by_ids_and_without_words()
    {
        using var clerk = await SignIn(Here.Clerk);
        await using var stream = await LiveStream.Open(clerk);

        var (request, order) = await GivenDispatched();

        var all = await stream.Until(e => e.What == Happening.WorkDispatched);
        Assert.That(all.Select(e => e.CommunityId), Is.All.EqualTo(Here.CommunityId));
        Assert.That(all.Select(e => e.Seq), Is.Ordered.Ascending);
        Assert.That(all[0], Has.Property("What").EqualTo(Happening.RequestReceived).And.Property("SubjectKind").EqualTo(SubjectKind.Request).And.Property("SubjectId").EqualTo(request).And.Property("RequestIds").EqualTo(new[] { request }));
        Assert.That(all[^1], Has.Property("SubjectId").EqualTo(order).And.Property("RequestIds").EqualTo(new[] { request }));
        Assert.That(string.Join('\n', stream.Sent), Does.Not.Contain("水").And.Not.Contain("看一下").And.Not.Contain("13800138000"));
    }

    [Test]
    public async Task A_crew_is_told_of_its_own_orders_and_their_requests_only()
    {
        using var member = await SignIn(Here.Member(Crew.Engineering));
        await using var stream = await LiveStream.Open(member);

        await GivenDispatched(Crew.Security);
        var (request, order) = await GivenDispatched();
        await Send(Here.Clerk, new NoteOnRequest(request, "只给前台", Visibility.Desk));
        await Send(Here.Clerk, new NoteOnRequest(request, "都看", Visibility.Crew));

        var all = await stream.Until(e => e.What == Happening.RequestNoted);
        Assert.That(all.Select(e => e.SubjectId).Distinct(), Is.SubsetOf(new[] { request, order }));
        Assert.That(all.Select(e => e.What), Does.Contain(Happening.WorkDispatched));
        Assert.That(all[^1].Seq, Is.EqualTo(await Scalar<long>("select max(seq) from event where community_id = @CommunityId", new { Here.CommunityId })), "the note for the desk is not told");
    }

    [Test]
    public async Task An_order_that_goes_to_another_crew_is_told_to_the_one_that_had_it()
    {
        var (_, order) = await GivenWorking();
        using var member = await SignIn(Here.Member(Crew.Engineering));
        await using var stream = await LiveStream.Open(member);

        await Send(Here.Lead(Crew.Engineering), new TransferWork(order, Here.Teams[Crew.Environment], "不是我们的"));

        Assert.That((await stream.Until(e => e.What == Happening.WorkTransferred))[^1].SubjectId, Is.EqualTo(order));
    }

    [Test]
    public async Task Nothing_is_told_of_another_community()
    {
        using var clerk = await SignIn(Here.Clerk);
        await using var stream = await LiveStream.Open(clerk);

        await GivenRequest(There);
        var request = (await GivenRequest()).RequestId;

        Assert.That((await stream.Happened()).SubjectId, Is.EqualTo(request));
        using var foreign = await LiveStream.Answer(clerk, communityId: There.CommunityId);
        using var absent = await LiveStream.Answer(clerk, communityId: Guid.CreateVersion7());
        Assert.That((foreign.StatusCode, absent.StatusCode), Is.EqualTo((HttpStatusCode.NotFound, HttpStatusCode.NotFound)));
    }

    /// <summary>A place that names another community, or one's own in the future, opens nothing: everything is loaded anew.</summary>
    [Test]
    public async Task A_place_that_is_made_up_opens_nothing()
    {
        using var clerk = await SignIn(Here.Clerk);
        await GivenRequest();
        await GivenRequest(There);

        foreach (var place in new[] { new LivePlace(new Dictionary<Guid, long> { [There.CommunityId] = 0 }).ToString(), new LivePlace(new Dictionary<Guid, long> { [Here.CommunityId] = 1_000_000 }).ToString(), "x", "", "-.-", new string('1', 7000) })
        {
            await using var stream = await LiveStream.Open(clerk, place);
            Assert.That((await stream.Next())?.EventType, Is.EqualTo("reset"), place);
        }
    }

    [Test]
    public async Task Of_a_confidential_complaint_the_crew_and_the_person_are_told_nothing()
    {
        var seat = new TeamSeat(Here.Teams[Crew.Security], false);
        var accused = Here.Clerk with { Id = await Send(Here.System, new JoinStaff(Here.CommunityId, "accused@here", "accused", PasswordHash, [Roles.CrewMember, Roles.Manager, Roles.Clerk], [seat], IsDemo: true)) };
        using var person = await SignIn(accused);
        using var crew = await SignIn(Here.Member(Crew.Security));
        using var officer = await SignIn(Here.Officer);
        await using var toPerson = await LiveStream.Open(person);
        await using var toCrew = await LiveStream.Open(crew);
        await using var toOfficer = await LiveStream.Open(officer);

        var complaint = (await Send(Here.Officer, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "noise"), "态度恶劣", PlaceId: Here.Places["3-2-1601"], CustomerId: Here.Customer, Confidential: true, AboutCrew: Crew.Security, AboutStaffId: accused.Id))).RequestId;
        await Send(Here.Officer, new MakePromise(complaint, "明天", Clock.GetUtcNow().AddDays(1)));
        await Send(Here.Officer, new AnswerRequest(complaint, AnswerKind.Explained, "好的"));
        await Send(Here.Clerk, new Domain.Customers.OptOutOfFeedback(Here.Customer, true));
        var feedback = await Scalar<Guid>("select feedback_id from feedback where request_id = @complaint", new { complaint });
        var (_, order) = await GivenDispatched(Crew.Security);

        var told = await toOfficer.Until(e => e.SubjectId == order);
        Assert.That(told.Select(e => e.SubjectId), Does.Contain(complaint).And.Contain(feedback).And.Contain(Here.Customer), "the officer is told");
        foreach (var stream in new[] { toPerson, toCrew })
        {
            await stream.Until(e => e.SubjectId == order);
            Assert.That(string.Join('\n', stream.Sent), Does.Not.Contain(complaint.ToString()).And.Not.Contain(feedback.ToString()).And.Not.Contain(Here.Customer.ToString()));
        }
    }

    [Test]
    public async Task Whoever_comes_back_is_told_what_they_missed_and_nothing_twice()
    {
        using var clerk = await SignIn(Here.Clerk);
        var before = await LiveStream.Open(clerk);
        var first = (await GivenRequest()).RequestId;
        await before.Until(e => e.SubjectId == first);
        var place = before.Place;
        await before.DisposeAsync();
        var (second, third) = ((await GivenRequest()).RequestId, (await GivenRequest()).RequestId);

        await using var stream = await LiveStream.Open(clerk, place);

        var all = await stream.Until(e => e.SubjectId == third);
        Assert.That(all.Select(e => e.SubjectId).Distinct(), Is.EqualTo(new[] { second, third }));
        Assert.That(all.Select(e => e.Seq), Is.Unique.And.Ordered.Ascending);
        await using var again = await LiveStream.Open(clerk, stream.Place);
        var fourth = (await GivenRequest()).RequestId;
        Assert.That((await again.Happened()).SubjectId, Is.EqualTo(fourth));
    }

    [Test]
    public async Task Whoever_missed_too_much_loads_everything_anew_and_goes_on_from_there()
    {
        using var clerk = await SignIn(Here.Clerk);
        var before = await LiveStream.Open(clerk);
        await before.DisposeAsync();
        await Noted((await GivenRequest()).RequestId, FollowEvents.Most);

        await using var stream = await LiveStream.Open(clerk, before.Place);

        Assert.That((await stream.Next())?.EventType, Is.EqualTo("reset"));
        var request = (await GivenRequest()).RequestId;
        Assert.That((await stream.Happened()).SubjectId, Is.EqualTo(request));
    }

    [Test]
    public async Task Much_at_once_is_a_reset_in_an_open_stream_too()
    {
        using var clerk = await SignIn(Here.Clerk);
        var request = (await GivenRequest()).RequestId;
        await using var stream = await LiveStream.Open(clerk);

        await Noted(request, FollowEvents.Most + 1);

        Assert.That((await stream.Next())?.EventType, Is.EqualTo("reset"));
    }

    [Test]
    public async Task What_is_written_through_one_host_is_told_by_another()
    {
        await using var other = await Start();
        using var here = await SignIn(Here.Clerk);
        using var there = await SignIn(Here.Officer, new Uri(other.Urls.Single()));
        await using var stream = await LiveStream.Open(there);

        var made = await here.PostJson(
            "/api/requests",
            new { Here.CommunityId, kind = "repair", channel = "phone", categoryId = Here.Category(RequestKind.Repair, "water"), description = "漏水", customerId = Here.Customer },
            HttpStatusCode.Created);

        Assert.That((await stream.Happened()).SubjectId, Is.EqualTo(made.Id("requestId")));
        await other.StopAsync();
    }

    [Test]
    public async Task A_host_that_stops_does_not_wait_for_streams()
    {
        await using var other = await Start();
        using var clerk = await SignIn(Here.Clerk, new Uri(other.Urls.Single()));
        await using var stream = await LiveStream.Open(clerk);

        await other.StopAsync().WaitAsync(TimeSpan.FromSeconds(25));

        await stream.MustEnd();
    }

    [Test]
    public async Task A_session_that_is_ended_ends_its_stream_and_no_other()
    {
        using var desk = await SignIn(Here.Clerk);
        using var home = await SignIn(Here.Clerk);
        await using var atDesk = await LiveStream.Open(desk);
        await using var atHome = await LiveStream.Open(home);
        var session = (await desk.GetJson("/api/sessions")).Body.EnumerateArray().Single(s => !s.GetProperty("current").GetBoolean()).GetProperty("sessionId").GetGuid();

        await desk.PostJson($"/api/sessions/{session}/end", null, HttpStatusCode.OK);

        await atHome.MustEnd();
        using var again = await LiveStream.Answer(home, atHome.Place);
        Assert.That(again.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        var request = (await GivenRequest()).RequestId;
        Assert.That((await atDesk.Happened()).SubjectId, Is.EqualTo(request));
        await desk.Send(HttpMethod.Delete, "/api/session", null, HttpStatusCode.NoContent);
        await atDesk.MustEnd();
    }

    [Test]
    public async Task A_session_that_is_ended_through_one_host_ends_its_stream_at_another()
    {
        await using var other = await Start();
        using var clerk = await SignIn(Here.Clerk);
        using var there = new ApiClient(new Uri(other.Urls.Single()), new Unexpected());
        there.Cookies.Add(new Uri(other.Urls.Single()), clerk.Cookies.GetCookies(Address));
        await using var stream = await LiveStream.Open(there);

        await clerk.Send(HttpMethod.Delete, "/api/session", null, HttpStatusCode.NoContent);

        await stream.MustEnd();
        await other.StopAsync();
    }

    [Test]
    public async Task Whoever_is_deactivated_or_is_given_other_roles_is_told_nothing_by_the_stream_that_they_had()
    {
        var id = await Send(Here.System, new JoinStaff(Here.CommunityId, "leaver@here", "leaver", PasswordHash, [Roles.Clerk], []));
        using var administrator = await SignIn(Here.People["administrator"]);
        using var leaver = await SignIn(Here.Clerk with { Id = id });
        await using var first = await LiveStream.Open(leaver);

        await administrator.PostJson($"/api/accounts/{id}/roles", new { Here.CommunityId, roles = new[] { "customerOfficer" }, seats = Array.Empty<object>() }, HttpStatusCode.OK, version: 1);
        await first.MustEnd();
        await Execute("update staff set disabled_at = null where staff_id = @id", new { id });
        await using var second = await LiveStream.Open(leaver);
        await Execute("update staff set disabled_at = @Now where staff_id = @id", new { id, Now = Clock.GetUtcNow().UtcDateTime });

        await second.MustEnd();
    }

    [Test]
    public async Task A_token_follows_what_its_role_may_see_until_it_is_revoked()
    {
        var secret = "desk_" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        var token = await Send(Here.People["administrator"], new MakeToken("wall", [new RoleIn(Here.CommunityId, Roles.Clerk)], Clock.GetUtcNow().AddDays(1)) { Secret = Sessions.NewToken(secret) });
        using var system = new ApiClient(Address, new Unexpected());
        system.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        await using var stream = await LiveStream.Open(system);
        var request = (await GivenRequest()).RequestId;
        Assert.That((await stream.Happened()).SubjectId, Is.EqualTo(request));

        await (await As(Here.People["administrator"])).PostJson($"/api/tokens/{token.TokenId}/revocation", null, HttpStatusCode.OK);

        await stream.MustEnd();
    }

    [Test]
    public async Task An_open_stream_is_no_use_of_the_session()
    {
        using var clerk = await SignIn(Here.Clerk);
        await using var stream = await LiveStream.Open(clerk);

        Clock.Advance(Sessions.Idle + TimeSpan.FromMinutes(1));

        await stream.MustEnd();
    }

    [Test]
    public async Task Nobody_has_more_than_ten_streams_at_once()
    {
        // Of their own: streams of the tests before may be on their way out still.
        var id = await Send(Here.System, new JoinStaff(Here.CommunityId, "many@here", "many", PasswordHash, [Roles.Clerk], []));
        using var clerk = await SignIn(Here.Clerk with { Id = id });
        using var officer = await SignIn(Here.Officer);
        var open = new List<LiveStream>();
        for (var i = 0; i < 10; i++)
        {
            open.Add(await LiveStream.Open(clerk));
        }

        using var refused = await LiveStream.Answer(clerk);

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(refused.Headers.RetryAfter, Is.Not.Null);
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("\"code\":\"live.too_many\""));
        await using var others = await LiveStream.Open(officer);
        foreach (var stream in open)
        {
            await stream.DisposeAsync();
        }
    }

    [Test]
    public async Task It_comes_as_a_stream_that_nobody_keeps_or_holds_back()
    {
        using var clerk = await SignIn(Here.Clerk);

        using var response = await LiveStream.Answer(clerk);

        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/event-stream"));
        Assert.That(response.Headers.CacheControl?.NoStore, Is.True);
        Assert.That(response.Headers.GetValues("X-Accel-Buffering").Single(), Is.EqualTo("no"));
        using var nobody = await LiveStream.Answer(Anonymous);
        Assert.That(nobody.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    /// <summary>So many notes at once, as an import writes them.</summary>
    private Task Noted(Guid request, int times) => Execute(
        """
        select append_events(@CommunityId, @Now, array_fill('request'::text, array[@times]), array_fill(@request::uuid, array[@times]), array_fill('requestNoted'::text, array[@times]),
            array_fill('crew'::text, array[@times]), array_fill('{}'::text, array[@times]), array_fill(@Now::timestamptz, array[@times]), array_fill(null::bytea, array[@times]), array_fill(null::text, array[@times]),
            'system', null, null, null, null)
        """,
        new { Here.CommunityId, request, times, Now = Clock.GetUtcNow() });
}
