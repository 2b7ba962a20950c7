using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

public sealed class SignInTests : ApiFixture
{
    [Test]
    public async Task Who_signs_in_is_known_until_they_sign_out()
    {
        using var clerk = await SignIn(Here.Clerk);

        Assert.That((await clerk.GetJson("/api/session")).Id("staffId"), Is.EqualTo(Here.Clerk.Id));
        await clerk.Send(HttpMethod.Delete, "/api/session", null, HttpStatusCode.NoContent);
        Assert.That((await clerk.GetJson("/api/session", HttpStatusCode.Unauthorized)).Code, Is.EqualTo("session.needed"));
    }

    [Test]
    public async Task A_wrong_password_and_an_unknown_name_are_answered_alike()
    {
        var wrong = await Anonymous.PostJson("/api/session", new { signInName = "clerk@here", password = "wrong" }, HttpStatusCode.Unauthorized);
        var unknown = await Anonymous.PostJson("/api/session", new { signInName = "nobody@here", password = "wrong" }, HttpStatusCode.Unauthorized);

        Assert.That((wrong.Code, wrong.Text("title")), Is.EqualTo((unknown.Code, unknown.Text("title"))));
    }
}
