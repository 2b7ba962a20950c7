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
    private static int people;

    protected override void Configure(WebApplicationBuilder builder)
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(Key.Rsa.ExportParameters(false)) { KeyId = Key.KeyId });
        builder.Configuration["Desk:IdentityProvider:Issuer"] = Issuer;
        builder.Configuration["Desk:IdentityProvider:Audience"] = Audience;
        builder.Configuration["Desk:IdentityProvider:Keys"] = $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"{{key.Kid}}","n":"{{key.N}}","e":"{{key.E}}"}]}""";
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

    private ApiClient With(string token)
    {
        var client = new ApiClient(Address, new Unexpected());
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
}
