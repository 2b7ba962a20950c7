using System.Net;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What the host says of itself while the database goes away and comes back.</summary>
[Category("Process")]
public sealed class HealthTests : ApiFixture
{
    private OwnServer server = null!;

    protected override async Task<string> Database()
    {
        server = await OwnServer.Start();
        await Migrations.Apply(server.ConnectionString + ";Pooling=false", TimeProvider.System, CancellationToken.None);
        return server.ConnectionString;
    }

    [OneTimeTearDown]
    public async Task LetGoOfTheServer()
    {
        Owner.Clear();
        await server.DisposeAsync();
    }

    [Test]
    public async Task The_host_lives_on_and_is_not_ready_while_the_database_is_away_and_is_ready_again_by_itself()
    {
        await server.Stop();

        Assert.That(await Answer("/health/live"), Is.EqualTo((HttpStatusCode.OK, "Healthy")));
        for (var look = 0; look < 2; look++) // over a connection that broke, and over none
        {
            var (status, words) = await Answer("/health/ready");
            Assert.That(status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(JsonSerializer.Deserialize<JsonElement>(words).GetProperty("status").GetString(), Is.EqualTo("Unhealthy"));
            Assert.That(DescriptionsIn(words), Is.All.EqualTo("The database does not answer."), "and neither where it is nor what went wrong");
        }

        await server.StartAgain();

        Assert.That((await Answer("/health/ready")).Status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await Answer("/health/live")).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    private static string?[] DescriptionsIn(string words) => [.. JsonSerializer.Deserialize<JsonElement>(words).GetProperty("checks").EnumerateObject().Select(c => c.Value.GetProperty("description").GetString())];

    private async Task<(HttpStatusCode Status, string Words)> Answer(string path)
    {
        using var reply = await Anonymous.Http.GetAsync(path);
        return (reply.StatusCode, await reply.Content.ReadAsStringAsync());
    }
}
