using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

public sealed class OwnAccountTests : ApiFixture
{
    private const string Better = "vier gewinnt nie 9";
    private const string Sentence = "the quick brown fox jumps over the lazy dog"; // 43 characters

    [SetUp]
    public Task Everybody_has_their_old_password() => Execute("delete from sign_in_attempt; delete from session; update staff_credential set password_hash = @PasswordHash, must_change = false, good_until = null", new { PasswordHash });

    [Test]
    public async Task A_changed_password_ends_every_other_session_and_not_this_one()
    {
        using var desk = await SignIn(Here.Clerk);
        using var home = await SignIn(Here.Clerk);
        using var officer = await SignIn(Here.Officer);
        await home.GetJson("/api/session");

        var reply = await desk.PostJson("/api/password", new { current = Town.Password, @new = Better }, HttpStatusCode.OK);

        Assert.That(reply.Body.GetProperty("sessionsEnded").GetInt32(), Is.EqualTo(1));
        await home.GetJson("/api/session", HttpStatusCode.Unauthorized);
        await desk.GetJson("/api/session");
        await officer.GetJson("/api/session");
        Assert.That((await Rows<string>("select what from event where subject_id = @Id order by seq desc limit 1", new { Here.Clerk.Id })).Single(), Is.EqualTo("passwordChanged"));
        await Anonymous.PostJson("/api/session", new { signInName = "clerk@here", password = Town.Password }, HttpStatusCode.Unauthorized);
        using var anew = new ApiClient(Address, new Unexpected());
        await anew.PostJson("/api/session", new { signInName = "clerk@here", password = Better }, HttpStatusCode.OK);
    }

    [TestCase("wrong", Better, "password.not_the_current_one")]
    [TestCase(Town.Password, "too short", "password.too_short")]
    [TestCase(Town.Password, "qwertyqwerty", "password.common")]
    [TestCase(Town.Password, Sentence + Sentence + Sentence + Sentence + Sentence, "password.too_long")]
    [TestCase(Town.Password, "clerk@here 1", "password.like_the_name")]
    [TestCase(Town.Password, Town.Password, "password.the_same")]
    public async Task A_password_that_cannot_be_taken_is_refused_and_changes_nothing(string current, string next, string code)
    {
        using var desk = await SignIn(Here.Clerk);
        using var home = await SignIn(Here.Clerk);

        var refused = await desk.PostJson("/api/password", new { current, @new = next }, HttpStatusCode.UnprocessableEntity);

        Assert.That(refused.Body.GetProperty("errors")[0].GetProperty("code").GetString(), Is.EqualTo(code));
        await home.GetJson("/api/session");
        Assert.That(await Scalar<string>("select password_hash from staff_credential where staff_id = @Id", new { Here.Clerk.Id }), Is.EqualTo(PasswordHash));
    }

    [Test]
    public async Task Guessing_the_present_password_is_slowed_down_like_signing_in()
    {
        using var desk = await SignIn(Here.Clerk);
        for (var i = 0; i < 5; i++)
        {
            await desk.PostJson("/api/password", new { current = "wrong " + i, @new = Better }, HttpStatusCode.UnprocessableEntity);
        }

        Assert.That((await desk.PostJson("/api/password", new { current = Town.Password, @new = Better }, HttpStatusCode.TooManyRequests)).Code, Is.EqualTo("sign_in.slow_down"));
    }

    [Test]
    public async Task Nothing_about_a_password_is_kept_under_an_idempotency_key()
    {
        using var desk = await SignIn(Here.Clerk);

        await desk.PostJson("/api/password", new { current = Town.Password, @new = Better }, HttpStatusCode.OK, key: "once");

        Assert.That(await Scalar<long>("select count(*) from idempotency_key"), Is.Zero);
    }

    [Test]
    public async Task Ones_own_sessions_are_listed_with_where_and_when_and_one_that_is_ended_is_over_at_once()
    {
        using var desk = await SignIn(Here.Clerk);
        using var home = await SignIn(Here.Clerk);
        using var officer = await SignIn(Here.Officer);
        await home.GetJson("/api/session");
        Clock.Advance(TimeSpan.FromMinutes(5));

        var lines = (await desk.Get<SessionLine[]>("/api/sessions"))!;

        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines.Single(l => l.Current).Address, Is.EqualTo("127.0.0.1"));
        var other = lines.Single(l => !l.Current).SessionId;
        await desk.PostJson($"/api/sessions/{other}/end", null, HttpStatusCode.OK, key: "end");
        await home.GetJson("/api/session", HttpStatusCode.Unauthorized);
        Assert.That((await desk.Get<SessionLine[]>("/api/sessions"))!, Has.Length.EqualTo(1));
        Assert.That((await desk.PostJson($"/api/sessions/{other}/end", null, HttpStatusCode.NotFound)).Code, Is.EqualTo("session.not_found"));
    }

    [Test]
    public async Task Somebody_elses_session_is_not_there()
    {
        using var desk = await SignIn(Here.Clerk);
        using var officer = await SignIn(Here.Officer);
        var theirs = (await officer.Get<SessionLine[]>("/api/sessions"))!.Single().SessionId;

        Assert.That((await desk.PostJson($"/api/sessions/{theirs}/end", null, HttpStatusCode.NotFound)).Code, Is.EqualTo("session.not_found"));
        await officer.GetJson("/api/session");
        Assert.That(await Scalar<long>("select count(*) from pg_policies where tablename = 'session' and qual like '%scope_actor%'"), Is.EqualTo(1), "and the database would not show it either");
    }

    [Test]
    public async Task A_session_that_nobody_uses_for_three_hours_is_over_and_one_in_use_lasts_fourteen()
    {
        using var used = await SignIn(Here.Clerk);
        using var left = await SignIn(Here.Officer);
        for (var hour = 0; hour < 13; hour += 2)
        {
            Clock.Advance(TimeSpan.FromHours(2));
            Forget();
            await used.GetJson("/api/session", hour < 12 ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);
        }

        Clock.Set(FakeClock.Start.AddHours(3));
        await left.GetJson("/api/session", HttpStatusCode.Unauthorized);
    }

    [Test]
    public async Task A_session_with_a_password_that_somebody_else_made_opens_nothing_but_the_way_to_ones_own()
    {
        await Execute("update staff_credential set must_change = true, good_until = @until where staff_id = @Id", new { until = Clock.GetUtcNow().AddHours(72).UtcDateTime, Here.Clerk.Id });
        using var clerk = await SignIn(Here.Clerk);

        Assert.That((await clerk.GetJson("/api/session")).Text("needs"), Is.EqualTo("newPassword"));
        Assert.That((await clerk.GetJson("/api/requests", HttpStatusCode.Forbidden)).Code, Is.EqualTo("session.new_password_needed"));
        await clerk.PostJson("/api/password", new { current = Town.Password, @new = Better }, HttpStatusCode.OK);
        await clerk.GetJson("/api/requests");
    }

    [Test]
    public async Task A_password_that_somebody_else_made_is_no_good_after_its_time()
    {
        await Execute("update staff_credential set must_change = true, good_until = @until where staff_id = @Id", new { until = Clock.GetUtcNow().AddHours(72).UtcDateTime, Here.Clerk.Id });
        Clock.Advance(TimeSpan.FromHours(72));

        Assert.That((await Anonymous.PostJson("/api/session", new { signInName = "clerk@here", password = Town.Password }, HttpStatusCode.Unauthorized)).Code, Is.EqualTo("sign_in.refused"));
    }

    [Test]
    public async Task A_password_of_ones_own_does_not_end_by_the_calendar()
    {
        Clock.Advance(TimeSpan.FromDays(3653));

        using var clerk = await SignIn(Here.Clerk);

        Assert.That((await clerk.GetJson("/api/session")).Body.GetProperty("needs").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
        await clerk.GetJson("/api/requests");
    }

    /// <summary>As after the moment for which a holder is remembered.</summary>
    private void Forget() => ((Api.Auth.Holders)HostServices.GetService(typeof(Api.Auth.Holders))!).Forget();
}
