using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>A connection to the database that breaks under a call, over one pooled connection.</summary>
public sealed class LostConnectionTests : ApiFixture
{
    private static readonly object Nothing = new();

    protected override void Configure(WebApplicationBuilder builder) =>
        builder.Configuration["ConnectionStrings:ServiceDesk"] = new NpgsqlConnectionStringBuilder(ConnectionString) { MaxPoolSize = 1 }.ConnectionString;

    [Test]
    public async Task A_question_is_asked_again_on_another_connection()
    {
        var clerk = await As(Here.Clerk);
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("lock table search_token in access exclusive mode", Nothing);

        var asked = clerk.GetJson("/api/search?q=3-2-1502");
        await held.IsWaitedFor();
        await held.EndWhoWaits();
        await held.IsWaitedFor();
        await held.Commit();

        Assert.That((await asked).Body.GetProperty("places").GetArrayLength(), Is.GreaterThan(0));
    }

    [Test]
    public async Task A_command_whose_commit_was_not_sent_is_done_once()
    {
        var clerk = await As(Here.Clerk);
        var before = await Scalar<long>("select count(*) from request");
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("lock table search_token in access exclusive mode", Nothing);

        var registered = clerk.PostJson("/api/requests", new { Here.CommunityId, kind = "repair", channel = "phone", categoryId = Here.Category(RequestKind.Repair, "water"), description = "水龙头漏水", placeId = Here.Places["3-2-1501"] }, HttpStatusCode.Created);
        await held.IsWaitedFor();
        await held.EndWhoWaits();
        await held.IsWaitedFor();
        await held.Commit();

        var request = (await registered).Id("requestId");
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(before + 1));
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @request and what = 'requestReceived'", new { request }), Is.EqualTo(1));
    }

    [Test]
    public async Task A_connection_that_breaks_again_is_told()
    {
        var clerk = await As(Here.Clerk);
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("lock table search_token in access exclusive mode", Nothing);

        var asked = clerk.GetJson("/api/search?q=3-2-1502", HttpStatusCode.InternalServerError);
        for (var i = 0; i < 2; i++)
        {
            await held.IsWaitedFor();
            await held.EndWhoWaits();
        }

        await asked;
    }

    /// <summary>
    /// The driver takes a statement for prepared that was ended between its parse and its plan, and does not know what it answers: the next
    /// one who sends it is told of a message that was not expected.
    /// </summary>
    [TestCase("search_token_pkey")]
    [TestCase("customer_pkey")]
    [TestCase("contact_point_pkey")]
    [TestCase("fault_pkey")]
    public async Task A_search_that_was_given_up_while_it_was_planned_does_not_spoil_the_next_one(string plannedBy)
    {
        HostServices.GetRequiredService<NpgsqlDataSource>().Clear(); // what is prepared belongs to a connection
        var clerk = await As(Here.Clerk);
        await clerk.GetJson("/api/search?q=3-2-1502");
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run($"reindex index {plannedBy}", Nothing);

        using (var leaving = new CancellationTokenSource())
        {
            var asked = clerk.Http.GetAsync("/api/search?q=3-2-1502", leaving.Token);
            await held.IsWaitedFor();
            await leaving.CancelAsync();
            Assert.ThrowsAsync<TaskCanceledException>(() => asked);
        }

        await held.IsGivenUp();
        await held.Commit();

        await clerk.GetJson("/api/search?q=3-2-1502");
    }
}
