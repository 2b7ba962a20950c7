using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Tokens of a company's identity provider, signed with a key of the test's own.</summary>
public sealed class IdentityProviderTests : ApiFixture
{
    private const string Issuer = "https://login.example";
    private const string Audience = "servicedesk";

    private static readonly RsaSecurityKey Key = new(RSA.Create(2048)) { KeyId = "ours" };
    private static readonly RsaSecurityKey Next = new(RSA.Create(2048)) { KeyId = "next" };
    private static int people;

    /// <summary>What a host beside the fixture's own is configured with, over what that has.</summary>
    private (string Name, string? Value)[] otherwise = [];

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Configuration["Desk:IdentityProvider:Issuer"] = Issuer;
        builder.Configuration["Desk:IdentityProvider:Audience"] = Audience;
        builder.Configuration["Desk:IdentityProvider:Keys"] = Public(Key);
        foreach (var (name, value) in otherwise)
        {
            builder.Configuration["Desk:IdentityProvider:" + name] = value;
        }
    }

    /// <summary>What the provider publishes.</summary>
    private static string Public(RsaSecurityKey of)
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(of.Rsa.ExportParameters(false)) { KeyId = of.KeyId });
        return $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"{{key.Kid}}","n":"{{key.N}}","e":"{{key.E}}"}]}""";
    }

    private Task<WebApplication> StartWith(params (string Name, string? Value)[] settings)
    {
        otherwise = settings;
        return Start();
    }

    private SecurityTokenDescriptor For(string subject, params string[] roles) => new()
    {
        Issuer = Issuer,
        Audience = Audience,
        IssuedAt = Clock.GetUtcNow().UtcDateTime,
        NotBefore = Clock.GetUtcNow().UtcDateTime,
        Expires = Clock.GetUtcNow().UtcDateTime.AddMinutes(10),
        Claims = new Dictionary<string, object> { ["sub"] = subject, ["preferred_username"] = subject, ["name"] = "员工 " + subject, ["roles"] = roles },
        SigningCredentials = new SigningCredentials(Key, "RS256"),
    };

    private static string Signed(SecurityTokenDescriptor token) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(token);

    private static string Somebody() => $"person{++people}";

    private ApiClient With(string token, Uri? at = null)
    {
        var client = new ApiClient(at ?? Address, new Unexpected());
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    [Test]
    public async Task Who_comes_with_a_token_is_what_it_says_where_it_says_it()
    {
        var name = Somebody();
        using var client = With(Signed(For(name, "here:clerk", "nowhere:clerk", "here:everybody", "here:system", "a group of the company")));

        await client.GetJson($"/api/communities/{Here.CommunityId}/categories");
        await client.GetJson($"/api/communities/{There.CommunityId}/categories", HttpStatusCode.NotFound);

        var id = await Scalar<Guid>("select staff_id from staff where sign_in_name = @name and external_subject = @subject", new { name, subject = Issuer + "\n" + name });
        Assert.That(await Rows<string>("select role from staff_role where staff_id = @id", new { id }), Is.EqualTo(new[] { "clerk" }));
        Assert.That(await Scalar<long>("select count(*) from staff_credential where staff_id = @id", new { id }), Is.Zero);
        Assert.That(await Rows<string>("select what from event where subject_id = @id", new { id }), Is.EqualTo(new[] { "roleGranted" }));
    }

    [Test]
    public async Task Roles_follow_the_next_token_and_whoever_has_none_left_gives_their_orders_back()
    {
        var name = Somebody();
        using (var first = With(Signed(For(name, "here:crewMember"))))
        {
            await first.GetJson("/api/communities");
        }

        var id = await Scalar<Guid>("select staff_id from staff where sign_in_name = @name", new { name });
        await Send(Here.People["administrator"], new SetRoles(id, Here.CommunityId, [Roles.CrewMember], [new Domain.Communities.TeamSeat(Here.Teams[Crew.Engineering], false)], 1));
        var (_, order) = await GivenDispatched();
        using (var crew = With(Signed(For(name, "here:crewMember", "second token"))))
        {
            await crew.PostJson($"/api/work-orders/{order}/claim", null, HttpStatusCode.OK);
        }

        using (var none = With(Signed(For(name, "third token"))))
        {
            Assert.That((await none.GetJson("/api/communities", HttpStatusCode.Forbidden)).Code, Is.EqualTo("role.not_allowed"));
        }

        Assert.That(await Scalar<Guid?>("select assignee_id from work_order where work_order_id = @order", new { order }), Is.Null);
        Assert.That(await Rows<string>("select role from staff_role where staff_id = @id", new { id }), Is.Empty);
    }

    [Test]
    public async Task A_token_of_another_issuer_audience_key_or_time_opens_nothing()
    {
        var name = Somebody();
        using var other = RSA.Create(2048);
        var wrong = new Dictionary<string, Func<SecurityTokenDescriptor, string>>
        {
            ["issuer"] = t => { t.Issuer = "https://elsewhere.example"; return Signed(t); },
            ["audience"] = t => { t.Audience = "another"; return Signed(t); },
            ["key"] = t => { t.SigningCredentials = new SigningCredentials(new RsaSecurityKey(other) { KeyId = "ours" }, "RS256"); return Signed(t); },
            ["expired"] = t => { (t.IssuedAt, t.NotBefore, t.Expires) = (t.IssuedAt!.Value.AddHours(-2), t.NotBefore!.Value.AddHours(-2), t.Expires!.Value.AddHours(-2)); return Signed(t); },
            ["not yet"] = t => { (t.NotBefore, t.Expires) = (t.NotBefore!.Value.AddHours(2), t.Expires!.Value.AddHours(2)); return Signed(t); },
            ["for ever"] = t => { t.Expires = null; return Signed(t); },
            ["unsigned"] = t => { t.SigningCredentials = null; return Signed(t); },
            ["the public key as a secret"] = t =>
            {
                t.SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(Key.Rsa.ExportSubjectPublicKeyInfoPem())), "HS256");
                return Signed(t);
            },
            ["changed"] = t => Signed(t) is var s && s.Split('.') is var parts ? $"{parts[0]}.{Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("clerk", "manager", StringComparison.Ordinal))}.{parts[2]}" : "",
            ["made up"] = _ => "made.up.token",
        };
        foreach (var (what, make) in wrong)
        {
            using var client = With(make(For(name, "here:clerk")));
            Assert.That((await client.GetJson("/api/communities", HttpStatusCode.Unauthorized)).Code, Is.EqualTo("token.refused"), what);
        }

        Assert.That(await Scalar<long>("select count(*) from staff where sign_in_name = @name", new { name }), Is.Zero);
    }

    [Test]
    public async Task An_account_is_not_taken_over_by_its_name()
    {
        using var client = With(Signed(For("administrator@here", "here:administrator")));

        await client.GetJson("/api/communities", HttpStatusCode.Unauthorized);
        Assert.That(await Scalar<string>("select external_subject from staff where sign_in_name = 'administrator@here'"), Is.Null);
    }

    [Test]
    public async Task A_deactivated_account_stays_out_whatever_the_token_says()
    {
        var name = Somebody();
        using var client = With(Signed(For(name, "here:clerk")));
        await client.GetJson("/api/communities");
        var admin = await As(Here.People["administrator"]);
        var id = await Scalar<Guid>("select staff_id from staff where sign_in_name = @name", new { name });

        await admin.PostJson($"/api/accounts/{id}/deactivation", new { version = 1 }, HttpStatusCode.OK);

        await client.GetJson("/api/communities", HttpStatusCode.Unauthorized);
        Assert.That((await admin.PostJson($"/api/accounts/{id}/password", null, HttpStatusCode.Conflict)).Code, Is.EqualTo("account.deactivated"));
    }

    [Test]
    public async Task There_is_no_password_and_no_session_for_it()
    {
        var name = Somebody();
        using var client = With(Signed(For(name, "here:clerk")));

        Assert.That((await client.GetJson("/api/session", HttpStatusCode.Forbidden)).Code, Is.EqualTo("session.only"));
        await client.GetJson("/api/communities");
        var id = await Scalar<Guid>("select staff_id from staff where sign_in_name = @name", new { name });
        Assert.That((await (await As(Here.People["administrator"])).PostJson($"/api/accounts/{id}/password", null, HttpStatusCode.Conflict)).Code, Is.EqualTo("account.no_password"));
    }

    [Test]
    public async Task Roles_are_what_the_claim_says_that_is_configured_after_its_prefix_and_nothing_else()
    {
        const string Groups = "https://login.example/groups";
        await using var host = await StartWith(("RoleClaim", Groups), ("RolePrefix", "desk/"), ("NameClaim", "upn"), ("DisplayClaim", "full"));
        var (several, one) = (Somebody(), Somebody());
        var token = For(several, "here:manager");
        token.Claims[Groups] = new[] { "desk/here:clerk", "desk/there:customerOfficer", "here:administrator", "other/here:manager", "DESK/here:manager", "desk/here:clerk,manager", "desk/here:clerk:manager", "desk/" };
        (token.Claims["upn"], token.Claims["full"]) = (several + "@example", "姓名");
        var alone = For(one, "here:manager");
        alone.Claims[Groups] = "desk/here:crewMember"; // as some providers say a list of one
        try
        {
            foreach (var (name, said) in new[] { (several, token), (one, alone) })
            {
                using var client = With(Signed(said), new Uri(host.Urls.Single()));
                await client.GetJson($"/api/communities/{Here.CommunityId}/categories");
            }
        }
        finally
        {
            await host.StopAsync();
        }

        const string Granted = "select c.code || ':' || r.role from staff s join staff_role r on r.staff_id = s.staff_id join community c on c.community_id = r.community_id where s.external_subject = @subject order by 1";
        Assert.That(await Rows<string>(Granted, new { subject = Issuer + "\n" + several }), Is.EqualTo(new[] { "here:clerk", "there:customerOfficer" }));
        Assert.That(await Rows<string>(Granted, new { subject = Issuer + "\n" + one }), Is.EqualTo(new[] { "here:crewMember" }));
        Assert.That(await Scalar<string>("select sign_in_name || ' ' || display_name from staff where external_subject = @subject", new { subject = Issuer + "\n" + several }), Is.EqualTo(several + "@example 姓名"));
    }

    [Test]
    public async Task Keys_in_a_file_are_read_again_when_it_is_another_one()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"keys-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, Public(Key));
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(1));
        await using var host = await StartWith(("Keys", file));
        var at = new Uri(host.Urls.Single());
        string By(RsaSecurityKey key)
        {
            var token = For(Somebody(), "here:clerk");
            token.SigningCredentials = new SigningCredentials(key, "RS256");
            return Signed(token);
        }

        var (ours, next) = (By(Key), By(Next));
        try
        {
            using (var first = With(ours, at))
            using (var early = With(next, at))
            {
                await first.GetJson("/api/communities");
                await early.GetJson("/api/communities", HttpStatusCode.Unauthorized);
            }

            await File.WriteAllTextAsync(file, Public(Next));
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(2));

            using var then = With(next, at);
            using var late = With(ours, at);
            await then.GetJson("/api/communities");
            Assert.That((await late.GetJson("/api/communities", HttpStatusCode.Unauthorized)).Code, Is.EqualTo("token.refused"));
        }
        finally
        {
            await host.StopAsync();
            File.Delete(file);
        }
    }

    [TestCase("")]
    [TestCase("{\"keys\":[{\"kty\":\"RS")]
    [TestCase("{\"keys\":[]}")]
    [TestCase(null)]
    public async Task While_a_file_of_keys_holds_none_the_earlier_ones_hold(string? written)
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"keys-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, Public(Key));
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(1));
        await using var host = await StartWith(("Keys", file));
        var at = new Uri(host.Urls.Single());
        var token = For(Somebody(), "here:clerk");
        token.SigningCredentials = new SigningCredentials(Next, "RS256");
        using var ours = With(Signed(For(Somebody(), "here:clerk")), at);
        using var next = With(Signed(token), at);
        try
        {
            if (written is null)
            {
                File.Delete(file);
            }
            else
            {
                await File.WriteAllTextAsync(file, written);
                File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(2));
            }

            await ours.GetJson("/api/communities");
            await next.GetJson("/api/communities", HttpStatusCode.Unauthorized);

            await File.WriteAllTextAsync(file, Public(Next));
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(3));
            await next.GetJson("/api/communities");
            await ours.GetJson("/api/communities", HttpStatusCode.Unauthorized);
        }
        finally
        {
            await host.StopAsync();
            File.Delete(file);
        }
    }

    [TestCase("Issuer", null, "Desk:IdentityProvider:Issuer is missing")]
    [TestCase("Audience", "", "Desk:IdentityProvider:Audience is missing")]
    [TestCase("Keys", null, "Desk:IdentityProvider:Keys is missing")]
    [TestCase("Keys", """{"keys":[]}""", "no public keys in Desk:IdentityProvider:Keys")]
    [TestCase("Keys", """{"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}""", "no public keys in Desk:IdentityProvider:Keys")]
    [TestCase("Keys", "{not json", "no public keys in Desk:IdentityProvider:Keys")]
    [TestCase("Keys", "/no/such/file.json", "no public keys in the file /no/such/file.json")]
    public void A_provider_that_is_named_by_half_is_refused_at_the_start_in_one_sentence(string setting, string? value, string sentence)
    {
        var refused = Assert.ThrowsAsync<StartRefused>(() => StartWith((setting, value)));

        Assert.That(refused!.Message, Does.Contain(sentence).And.Not.Contain("\n"));
    }

    [Test]
    public void A_claim_alone_is_half_a_provider_too() =>
        Assert.That(
            Assert.ThrowsAsync<StartRefused>(() => StartWith(("Issuer", null), ("Audience", null), ("Keys", null), ("RolePrefix", "desk/")))!.Message,
            Does.Contain("Desk:IdentityProvider:Issuer is missing"));

    /// <summary>The program says it, and ends, before it serves anybody.</summary>
    [Test]
    public async Task The_program_says_so_and_ends()
    {
        await using var host = RealProcess.Start("Api", ConnectionString, [], ("Desk__IdentityProvider__Issuer", Issuer), ("Desk__Mode", "Demo"));
        await host.Ended(TimeSpan.FromMinutes(2));

        Assert.That(host.ExitCode, Is.EqualTo(1), host.Said);
        Assert.That(host.Said.Trim(), Does.EndWith("The identity provider is named by half: Desk:IdentityProvider:Audience is missing.").And.Not.Contain("   at "));
    }
}
