using System.Net;
using System.Net.Http.Headers;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Accounts, second factors and tokens as they are used: over HTTP, from the first password to the last revocation.</summary>
public sealed class AccountsOverHttpTests : ApiFixture
{
    private const string Own = "vier gewinnt nie 9";

    private static int people;

    [SetUp]
    public Task Nobody_has_tried_before() => Execute("delete from sign_in_attempt");

    private async Task<(Guid Id, string Name, string Password)> GivenAccount(string role, string? key = null)
    {
        var admin = await As(Here.People["administrator"]);
        var name = $"{role.ToLowerInvariant()}{++people}";
        var reply = await admin.PostJson("/api/accounts", new { Here.CommunityId, signInName = name, displayName = "新同事", roles = new[] { role } }, HttpStatusCode.Created, key);
        return (reply.Id("staffId"), name, reply.Text("password"));
    }

    private async Task<ApiClient> Enter(string name, string password)
    {
        var client = new ApiClient(Address, new Unexpected());
        await client.PostJson("/api/session", new { signInName = name, password }, HttpStatusCode.OK);
        return client;
    }

    /// <summary>Somebody whose roles ask for a second factor, enrolled.</summary>
    private async Task<(ApiClient Client, Guid Id, string Name, byte[] Secret, string[] Codes)> GivenManager()
    {
        var (id, name, password) = await GivenAccount("manager");
        var client = await Enter(name, password);
        await client.PostJson("/api/password", new { current = password, @new = Own }, HttpStatusCode.OK);
        await client.PostJson("/api/second-factor", null, HttpStatusCode.OK);
        var secret = (await Scalar<byte[]>("select secret from staff_factor where staff_id = @id", new { id }))!;
        var codes = await client.PostJson("/api/second-factor/confirmation", new { code = Code(secret) }, HttpStatusCode.OK);
        return (client, id, name, secret, [.. codes.Body.GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()!)]);
    }

    private string Code(byte[] secret, int later = 0) => Totp.CodeAt(secret, Totp.StepAt(Clock.GetUtcNow()) + later);

    [Test]
    public async Task A_password_is_shown_once_and_sent_again_with_the_same_key_makes_nothing_and_shows_nothing()
    {
        var admin = await As(Here.People["administrator"]);
        var body = new { Here.CommunityId, signInName = "once", displayName = "x", roles = new[] { "clerk" } };
        var first = await admin.PostJson("/api/accounts", body, HttpStatusCode.Created, key: "once");

        var again = await admin.PostJson("/api/accounts", body, HttpStatusCode.Created, key: "once");

        Assert.That(again.Id("staffId"), Is.EqualTo(first.Id("staffId")));
        Assert.That(again.Body.GetProperty("password").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
        Assert.That(await Rows<string>("select reply from idempotency_key"), Has.None.Contains(first.Text("password")));
        using var once = await Enter("once", first.Text("password"));
    }

    [Test]
    public async Task A_new_colleague_chooses_a_password_and_works()
    {
        var (_, name, password) = await GivenAccount("clerk");

        using var clerk = await Enter(name, password);
        Assert.That((await clerk.GetJson("/api/requests", HttpStatusCode.Forbidden)).Code, Is.EqualTo("session.new_password_needed"));
        await clerk.PostJson("/api/password", new { current = password, @new = Own }, HttpStatusCode.OK);
        await clerk.GetJson("/api/requests");
    }

    [Test]
    public async Task Deactivated_one_is_out_at_once_and_does_not_get_in_again()
    {
        var (id, name, password) = await GivenAccount("clerk");
        using var clerk = await Enter(name, password);
        await clerk.GetJson("/api/session");
        var admin = await As(Here.People["administrator"]);

        await admin.PostJson($"/api/accounts/{id}/deactivation", new { version = 1 }, HttpStatusCode.OK);

        await clerk.GetJson("/api/session", HttpStatusCode.Unauthorized);
        await Anonymous.PostJson("/api/session", new { signInName = name, password }, HttpStatusCode.Unauthorized);
    }

    [Test]
    public async Task A_reset_password_ends_the_sessions_and_the_old_password()
    {
        var (id, name, password) = await GivenAccount("clerk");
        using var clerk = await Enter(name, password);
        var admin = await As(Here.People["administrator"]);

        var reset = await admin.PostJson($"/api/accounts/{id}/password", null, HttpStatusCode.OK);

        await clerk.GetJson("/api/session", HttpStatusCode.Unauthorized);
        await Anonymous.PostJson("/api/session", new { signInName = name, password }, HttpStatusCode.Unauthorized);
        using var back = await Enter(name, reset.Text("password"));
        Assert.That((await back.GetJson("/api/session")).Text("needs"), Is.EqualTo("newPassword"));
    }

    [TestCase("manager")]
    [TestCase("administrator")]
    public async Task Who_must_have_a_second_factor_and_has_none_is_led_to_enrol(string role)
    {
        var (id, name, password) = await GivenAccount(role);
        using var client = await Enter(name, password);
        await client.PostJson("/api/password", new { current = password, @new = Own }, HttpStatusCode.OK);

        Assert.That((await client.GetJson("/api/session")).Text("needs"), Is.EqualTo("enrolment"));
        Assert.That((await client.GetJson("/api/communities", HttpStatusCode.Forbidden)).Code, Is.EqualTo("session.enrolment_needed"));
        var begun = await client.PostJson("/api/second-factor", null, HttpStatusCode.OK);
        Assert.That(begun.Text("uri"), Does.StartWith("otpauth://totp/PropertyServiceDesk:").And.Contains(begun.Text("secret")));
        var secret = (await Scalar<byte[]>("select secret from staff_factor where staff_id = @id", new { id }))!;
        Assert.That((await client.PostJson("/api/second-factor/confirmation", new { code = "000000" }, HttpStatusCode.UnprocessableEntity)).Body.GetProperty("errors")[0].GetProperty("code").GetString(), Is.EqualTo("second_factor.code_refused"));
        await client.PostJson("/api/second-factor/confirmation", new { code = Code(secret) }, HttpStatusCode.OK);
        await client.GetJson("/api/communities");
        Assert.That((await client.GetJson("/api/second-factor")).Body.GetProperty("recoveryCodesLeft").GetInt32(), Is.EqualTo(10));
    }

    [Test]
    public async Task From_then_on_the_password_alone_opens_nothing_and_a_code_is_good_once()
    {
        var (first, _, name, secret, _) = await GivenManager();
        first.Dispose();

        using var client = await Enter(name, Own);
        Assert.That((await client.GetJson("/api/session")).Text("needs"), Is.EqualTo("secondFactor"));
        Assert.That((await client.GetJson("/api/communities", HttpStatusCode.Forbidden)).Code, Is.EqualTo("session.second_factor_needed"));
        Assert.That((await client.PostJson("/api/second-factor/removal", new { code = Code(secret, 1) }, HttpStatusCode.Forbidden)).Code, Is.EqualTo("session.second_factor_needed"));
        await client.PostJson("/api/session/second-factor", new { code = Code(secret) }, HttpStatusCode.UnprocessableEntity); // the one that confirmed
        await client.PostJson("/api/session/second-factor", new { code = Code(secret, 1) }, HttpStatusCode.OK);
        await client.GetJson("/api/communities");
        using var other = await Enter(name, Own);
        await other.PostJson("/api/session/second-factor", new { code = Code(secret, 1) }, HttpStatusCode.UnprocessableEntity);
    }

    [Test]
    public async Task A_code_that_two_sign_ins_use_at_once_is_good_for_one_of_them()
    {
        var (first, _, name, secret, _) = await GivenManager();
        first.Dispose();
        var clients = new List<ApiClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await Enter(name, Own));
        }

        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from staff_factor f join staff s using (staff_id) where s.sign_in_name = @name for update of f", new { name });
        var asking = clients.Select(c => c.Http.PostAsync("/api/session/second-factor", System.Net.Http.Json.JsonContent.Create(new { code = Code(secret, 1) }))).ToArray();
        await held.IsWaitedFor(by: 4); // all have read that the code is unused
        await held.Commit();
        var replies = await Task.WhenAll(asking);

        Assert.That(replies.Count(r => r.StatusCode == HttpStatusCode.OK), Is.EqualTo(1));
        foreach (var client in clients)
        {
            client.Dispose();
        }
    }

    [Test]
    public async Task With_the_second_factor_the_session_goes_on_under_another_token()
    {
        var (first, _, name, secret, _) = await GivenManager();
        first.Dispose();
        using var client = await Enter(name, Own);
        var before = await Rows<byte[]>("select token_hash from session e join staff s on s.staff_id = e.staff_id where s.sign_in_name = @name and e.second_factor_at is null and e.ended_at is null", new { name });

        await client.PostJson("/api/session/second-factor", new { code = Code(secret, 1) }, HttpStatusCode.OK);

        Assert.That(await Rows<byte[]>("select token_hash from session where token_hash = any (@before)", new { before = before.ToArray() }), Is.Empty);
    }

    [Test]
    public async Task A_recovery_code_opens_once()
    {
        var (first, _, name, _, codes) = await GivenManager();
        first.Dispose();
        using var client = await Enter(name, Own);
        await client.PostJson("/api/session/second-factor", new { code = codes[3].ToLowerInvariant() }, HttpStatusCode.OK);
        Assert.That((await client.GetJson("/api/second-factor")).Body.GetProperty("recoveryCodesLeft").GetInt32(), Is.EqualTo(9));

        using var other = await Enter(name, Own);
        await other.PostJson("/api/session/second-factor", new { code = codes[3] }, HttpStatusCode.UnprocessableEntity);
    }

    [Test]
    public async Task Guessing_codes_is_slowed_down_to_a_quarter_of_an_hour()
    {
        var (first, id, name, secret, _) = await GivenManager();
        first.Dispose();
        using var client = await Enter(name, Own);
        for (var i = 0; i < 5; i++)
        {
            await client.PostJson("/api/session/second-factor", new { code = "00000" + i }, HttpStatusCode.UnprocessableEntity);
        }

        Assert.That((await client.PostJson("/api/session/second-factor", new { code = Code(secret, 1) }, HttpStatusCode.TooManyRequests)).Code, Is.EqualTo("sign_in.slow_down"));
        Assert.That(SignInPace.OfSecondFactor(id, name, "x").Most.Max(), Is.EqualTo(900));
    }

    [Test]
    public async Task A_session_that_lacks_the_second_factor_for_ten_minutes_is_over()
    {
        var (first, _, name, _, _) = await GivenManager();
        first.Dispose();
        using var client = await Enter(name, Own);

        Clock.Advance(TimeSpan.FromMinutes(10));
        ((Api.Auth.Holders)HostServices.GetService(typeof(Api.Auth.Holders))!).Forget();

        await client.GetJson("/api/session", HttpStatusCode.Unauthorized);
    }

    [Test]
    public async Task An_administrator_takes_a_lost_factor_away_and_the_next_sign_in_leads_to_a_new_one()
    {
        var (client, id, name, _, _) = await GivenManager();
        var admin = await As(Here.People["administrator"]);

        await admin.PostJson($"/api/accounts/{id}/second-factor-removal", null, HttpStatusCode.OK);

        await client.GetJson("/api/session", HttpStatusCode.Unauthorized);
        client.Dispose();
        using var again = await Enter(name, Own);
        Assert.That((await again.GetJson("/api/session")).Text("needs"), Is.EqualTo("enrolment"));
        Assert.That((await admin.PostJson($"/api/accounts/{id}/second-factor-removal", null, HttpStatusCode.Conflict)).Code, Is.EqualTo("second_factor.none"));
    }

    [Test]
    public async Task Ones_own_factor_is_renewed_and_removed_for_a_code_and_not_begun_over_a_confirmed_one()
    {
        var (client, id, _, secret, codes) = await GivenManager();
        Assert.That((await client.PostJson("/api/second-factor", null, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("second_factor.there_already"));
        Assert.That((await client.PostJson("/api/second-factor/confirmation", new { code = Code(secret, 1) }, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("second_factor.there_already"));
        Assert.That((await client.PostJson("/api/session/second-factor", new { code = Code(secret, 1) }, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("second_factor.not_asked"));
        Assert.That(await Scalar<byte[]>("select secret from staff_factor where staff_id = @id", new { id }), Is.EqualTo(secret));

        var renewed = await client.PostJson("/api/second-factor/recovery-codes", new { code = Code(secret, 1) }, HttpStatusCode.OK);

        Assert.That(renewed.Body.GetProperty("recoveryCodes")[0].GetString(), Is.Not.EqualTo(codes[0]));
        await client.PostJson("/api/second-factor/removal", new { code = codes[0] }, HttpStatusCode.UnprocessableEntity);
        await client.Send(HttpMethod.Post, "/api/second-factor/removal", new { code = renewed.Body.GetProperty("recoveryCodes")[0].GetString() }, HttpStatusCode.NoContent);
        Assert.That((await client.GetJson("/api/session")).Text("needs"), Is.EqualTo("enrolment"));
        client.Dispose();
    }

    [TestCase("/api/second-factor/recovery-codes")]
    [TestCase("/api/second-factor/removal")]
    public async Task A_factor_that_was_begun_is_confirmed_by_its_confirmation_and_by_nothing_else(string path)
    {
        var (id, name, password) = await GivenAccount("clerk");
        using var client = await Enter(name, password);
        await client.PostJson("/api/password", new { current = password, @new = Own }, HttpStatusCode.OK);
        await client.PostJson("/api/second-factor", null, HttpStatusCode.OK);
        var secret = (await Scalar<byte[]>("select secret from staff_factor where staff_id = @id", new { id }))!;

        await client.PostJson(path, new { code = Code(secret) }, HttpStatusCode.UnprocessableEntity);

        Assert.That(await Rows<string>("select last_step || ' ' || (confirmed_at is null) from staff_factor where staff_id = @id", new { id }), Is.EqualTo(new[] { "0 true" }));
        Assert.That(await Scalar<long>("select count(*) from recovery_code where staff_id = @id", new { id }), Is.Zero);
        await client.PostJson("/api/second-factor/confirmation", new { code = Code(secret) }, HttpStatusCode.OK);
    }

    [Test]
    public async Task A_token_is_shown_once_opens_what_it_may_and_is_no_good_once_revoked()
    {
        var admin = await As(Here.People["administrator"]);
        var body = new { name = "电话系统", roles = new[] { new { Here.CommunityId, role = "clerk" } }, expiresAt = Clock.GetUtcNow().AddDays(30) };
        var first = await admin.PostJson("/api/tokens", body, HttpStatusCode.Created, key: "token");
        Assert.That((await admin.PostJson("/api/tokens", body, HttpStatusCode.Created, key: "token")).Body.GetProperty("secret").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
        var secret = first.Text("secret");
        using var system = Bearer(secret);

        await system.GetJson($"/api/communities/{Here.CommunityId}/categories");
        await system.GetJson($"/api/communities/{There.CommunityId}/categories", HttpStatusCode.NotFound);
        Assert.That((await system.PostJson("/api/tokens", body, HttpStatusCode.Forbidden)).Code, Is.EqualTo("role.not_allowed"));
        var made = await system.PostJson(
            "/api/requests", new { Here.CommunityId, kind = "repair", channel = "api", categoryId = Here.Category(RequestKind.Repair, "water"), description = "漏水", placeId = Here.Places["3-2-1502"] }, HttpStatusCode.Created, key: "k");
        var token = (await admin.Get<Domain.Staff.TokenLine[]>("/api/tokens"))!.Single(t => t.Name == "电话系统");
        Assert.That((token.LastUsedAt, token.LastAddress, token.CreatedBy), Is.EqualTo((Clock.GetUtcNow(), "127.0.0.1", "administrator")));
        Assert.That((await Rows<(string, Guid?)>("select actor_kind, actor_id from event where subject_id = @Id", new { Id = made.Id("requestId") })).First(), Is.EqualTo(("system", (Guid?)token.TokenId)));

        await admin.PostJson($"/api/tokens/{token.TokenId}/revocation", null, HttpStatusCode.OK);

        Assert.That((await system.GetJson("/api/communities", HttpStatusCode.Unauthorized)).Code, Is.EqualTo("token.refused"));
        Assert.That((await admin.PostJson($"/api/tokens/{token.TokenId}/revocation", null, HttpStatusCode.Conflict)).Code, Is.EqualTo("token.revoked_already"));
        Assert.That(await Rows<string>("select what from event where subject_id = @TokenId order by seq", new { token.TokenId }), Is.EqualTo(new[] { "tokenMade", "tokenRevoked" }));
        Assert.That(await Rows<string>("select t::text from api_token t union all select coalesce(reply, '') from idempotency_key"), Has.None.Contains(secret[5..]));
    }

    [Test]
    public async Task A_token_is_no_good_after_its_day_and_none_is_made_for_longer_than_a_year_or_for_people()
    {
        var admin = await As(Here.People["administrator"]);
        async Task<ApiReply> Make(string role, TimeSpan good, HttpStatusCode status) =>
            await admin.PostJson("/api/tokens", new { name = "x", roles = new[] { new { Here.CommunityId, role } }, expiresAt = Clock.GetUtcNow() + good }, status);

        foreach (var (role, good, code) in new[] { ("clerk", TimeSpan.FromDays(367), "token.expires_at_out_of_range"), ("clerk", TimeSpan.Zero, "token.expires_at_out_of_range"), ("administrator", TimeSpan.FromDays(1), "token.not_for_this_role"), ("crewLead", TimeSpan.FromDays(1), "token.not_for_this_role") })
        {
            Assert.That((await Make(role, good, HttpStatusCode.UnprocessableEntity)).Body.GetProperty("errors")[0].GetProperty("code").GetString(), Is.EqualTo(code));
        }

        using var system = Bearer((await Make("system", TimeSpan.FromDays(1), HttpStatusCode.Created)).Text("secret"));
        await system.GetJson("/api/communities");
        Clock.Advance(TimeSpan.FromDays(1));
        ((Api.Auth.Holders)HostServices.GetService(typeof(Api.Auth.Holders))!).Forget();
        await system.GetJson("/api/communities", HttpStatusCode.Unauthorized);
    }

    [Test]
    public async Task A_token_has_no_session_and_no_account()
    {
        var admin = await As(Here.People["administrator"]);
        var made = await admin.PostJson("/api/tokens", new { name = "x", roles = new[] { new { Here.CommunityId, role = "manager" } }, expiresAt = Clock.GetUtcNow().AddDays(1) }, HttpStatusCode.Created);
        using var system = Bearer(made.Text("secret"));

        foreach (var (method, path, body) in new (HttpMethod, string, object?)[] { (HttpMethod.Get, "/api/session", null), (HttpMethod.Delete, "/api/session", null), (HttpMethod.Post, "/api/password", new { current = "x", @new = Own }), (HttpMethod.Post, "/api/second-factor", null) })
        {
            Assert.That((await system.Send(method, path, body, HttpStatusCode.Forbidden)).Code, Is.EqualTo("session.only"), path);
        }
    }

    [Test]
    public async Task Another_communitys_token_is_not_there()
    {
        var theirs = await (await As(There.People["administrator"])).PostJson("/api/tokens", new { name = "x", roles = new[] { new { There.CommunityId, role = "system" } }, expiresAt = Clock.GetUtcNow().AddDays(1) }, HttpStatusCode.Created);
        var admin = await As(Here.People["administrator"]);

        Assert.That((await admin.PostJson($"/api/tokens/{theirs.Id("tokenId")}/revocation", null, HttpStatusCode.NotFound)).Code, Is.EqualTo("token.not_found"));
        Assert.That((await admin.PostJson("/api/tokens", new { name = "x", roles = new[] { new { There.CommunityId, role = "system" } }, expiresAt = Clock.GetUtcNow().AddDays(1) }, HttpStatusCode.NotFound)).Code, Is.EqualTo("community.not_found"));
        Assert.That((await admin.Get<Domain.Staff.TokenLine[]>("/api/tokens"))!.Select(t => t.TokenId), Does.Not.Contain(theirs.Id("tokenId")));
    }

    private ApiClient Bearer(string secret)
    {
        var client = new ApiClient(Address, new Unexpected());
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return client;
    }
}
