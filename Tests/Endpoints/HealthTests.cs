using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Rules;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What both hosts say of themselves while the database goes away and comes back.</summary>
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
    public async Task Both_hosts_live_on_and_are_not_ready_while_the_database_is_away_and_are_ready_again_by_themselves()
    {
        await using var workers = await StartWorkers();
        using var workersHttp = new HttpClient { BaseAddress = new Uri(workers.Urls.Single()) };
        var hosts = new[] { Anonymous.Http, workersHttp };
        var release = await Scalar<string>("select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)");
        foreach (var host in hosts)
        {
            var (status, words) = await Answer(host, "/health/ready");
            Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
            var zones = JsonSerializer.Deserialize<JsonElement>(words).GetProperty("checks").GetProperty("timeZones").GetProperty("data");
            Assert.That((zones.GetProperty("timeZoneData").GetString(), zones.GetProperty("differences").GetString()), Is.EqualTo((TimeZones.Version, "")));
            Assert.That(zones.GetProperty("timeZoneData").GetString(), File.Exists(TimeZoneDataTests.AsText) ? Does.Match(@"^\d{4}[a-z]$") : Is.Not.Empty, "what is known is told");
            Assert.That(zones.GetProperty("database").GetString(), Is.EqualTo(release), "PostgreSQL does not tell of which version its zones are: its release does");
        }

        await server.Stop();

        foreach (var host in hosts)
        {
            Assert.That(await Answer(host, "/health/live"), Is.EqualTo((HttpStatusCode.OK, "Healthy")));
            for (var look = 0; look < 2; look++) // over a connection that broke, and over none
            {
                var (status, words) = await Answer(host, "/health/ready");
                Assert.That(status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
                Assert.That(JsonSerializer.Deserialize<JsonElement>(words).GetProperty("status").GetString(), Is.EqualTo("Unhealthy"));
                Assert.That(DescriptionsIn(words).OfType<string>(), Is.Not.Empty.And.All.EqualTo("The database does not answer."), "and neither where it is nor what went wrong");
            }
        }

        await server.StartAgain();

        foreach (var host in hosts)
        {
            Assert.That((await Answer(host, "/health/ready")).Status, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((await Answer(host, "/health/live")).Status, Is.EqualTo(HttpStatusCode.OK));
        }
    }

    private async Task<WebApplication> StartWorkers()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:ServiceDesk"] = ConnectionString, ["urls"] = "http://127.0.0.1:0" });
        builder.Logging.ClearProviders();
        var workers = WorkersHost.Build(builder, []);
        await workers.StartAsync();
        return workers;
    }

    private static string?[] DescriptionsIn(string words) => [.. JsonSerializer.Deserialize<JsonElement>(words).GetProperty("checks").EnumerateObject().Select(c => c.Value.GetProperty("description").GetString())];

    private static async Task<(HttpStatusCode Status, string Words)> Answer(HttpClient host, string path)
    {
        using var reply = await host.GetAsync(path);
        return (reply.StatusCode, await reply.Content.ReadAsStringAsync());
    }
}
