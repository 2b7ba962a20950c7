using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What somebody did and a page kept to send it later is never taken as another person's, who is signed in by then.</summary>
public sealed class ActorHeaderTests : ApiFixture
{
    [Test]
    public async Task What_is_meant_to_be_somebody_elses_is_refused_and_not_done()
    {
        var (_, order) = await GivenDispatched();
        var (one, other) = (Here.Member(Crew.Engineering), Here.Member(Crew.Engineering, 2));
        var claim = $"/api/work-orders/{order}/claim";

        Assert.That(await Call(other, HttpMethod.Post, claim, one.Id, "claimed-once"), Is.EqualTo((HttpStatusCode.Forbidden, "session.somebody_elses")));
        Assert.That(await Scalar<Guid?>("select assignee_id from work_order where work_order_id = @order", new { order }), Is.Null);
        Assert.That(await Scalar<long>("select count(*) from idempotency_key where key = 'claimed-once'"), Is.Zero);
        Assert.That(await Call(other, HttpMethod.Get, $"/api/work-orders/{order}", one.Id), Is.EqualTo((HttpStatusCode.Forbidden, "session.somebody_elses")));

        Assert.That((await Call(one, HttpMethod.Post, claim, one.Id, "claimed-once")).Status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await Scalar<Guid?>("select assignee_id from work_order where work_order_id = @order", new { order }), Is.EqualTo(one.Id));
    }

    [Test]
    public async Task Nobody_signs_somebody_else_out_who_came_after_them()
    {
        using var later = await SignIn(Here.Clerk);

        Assert.That(await Call(later.Http, HttpMethod.Delete, "/api/session", Here.Officer.Id), Is.EqualTo((HttpStatusCode.Forbidden, "session.somebody_elses")));
        Assert.That((await Call(later.Http, HttpMethod.Get, "/api/session", Here.Clerk.Id)).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    private async Task<(HttpStatusCode Status, string? Code)> Call(Actor signedIn, HttpMethod method, string path, Guid meant, string? key = null) => await Call((await As(signedIn)).Http, method, path, meant, key);

    private static async Task<(HttpStatusCode Status, string? Code)> Call(HttpClient http, HttpMethod method, string path, Guid meant, string? key = null)
    {
        using var call = new HttpRequestMessage(method, path);
        call.Headers.Add("Actor", meant.ToString());
        if (key is not null)
        {
            call.Headers.Add("Idempotency-Key", key);
        }

        using var reply = await http.SendAsync(call);
        var said = await reply.Content.ReadAsStringAsync();
        return (reply.StatusCode, reply.IsSuccessStatusCode ? null : JsonDocument.Parse(said).RootElement.GetProperty("code").GetString());
    }
}
