using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary>
/// The web client in a real Chromium against the real host: the scripts stand in <c>Web/browser</c> and are run by vitest. Without Chromium
/// (<c>DESK_CHROMIUM</c>) or the built client they are ignored at home and fail in CI.
/// </summary>
[Category("Browser")]
[NonParallelizable] // its host and its Chromium get the machine for themselves
public sealed class BrowserTests : ApiFixture
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(6);

    private static readonly string Web = Path.Combine(ApiDocument.Checkout(), "Web");

    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration["Desk:Web"] = Path.Combine(Web, "dist");

    [Test]
    public async Task The_loop_in_both_languages_at_a_desk_and_on_a_phone()
    {
        var chromium = WhatItNeeds();
        Clock.Set(TimeProvider.System.GetUtcNow());
        await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "李大为", [new(ContactKind.Phone, "139 0013 8001")], [new(Here.Places["3-2-1501"], OccupancyRole.Owner)]));

        var (exit, words) = await Run(chromium);

        TestContext.Out.WriteLine(words);
        Assert.That(exit, Is.Zero, words);
    }

    private static string WhatItNeeds()
    {
        var chromium = Environment.GetEnvironmentVariable("DESK_CHROMIUM");
        var missing = string.IsNullOrEmpty(chromium) || !File.Exists(chromium) ? "DESK_CHROMIUM names no Chromium."
            : !File.Exists(Path.Combine(Web, "dist", "index.html")) || !Directory.Exists(Path.Combine(Web, "node_modules")) ? "The web client is not built: npm ci and npm run build in Web."
            : null;
        if (missing is not null)
        {
            if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
            {
                Assert.Fail(missing);
            }

            Assert.Ignore(missing);
        }

        return chromium!;
    }

    private async Task<(int Exit, string Words)> Run(string chromium)
    {
        var names = await Rows<(string Name, Guid Id)>("select sign_in_name, staff_id from staff");
        string[] Account(Guid id) => [names.Single(n => n.Id == id).Name, Town.Password];
        var start = new ProcessStartInfo("node", [Path.Combine(Web, "node_modules", "vitest", "vitest.mjs"), "run", "--config", "browser/vitest.config.ts"])
        {
            WorkingDirectory = Web,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            Environment =
            {
                ["DESK_URL"] = Address.ToString().TrimEnd('/'),
                ["DESK_PEOPLE"] = JsonSerializer.Serialize(new Dictionary<string, string[]> { ["clerk"] = Account(Here.Clerk.Id), ["officer"] = Account(Here.Officer.Id), ["member"] = Account(Here.Member(Crew.Engineering).Id), ["manager"] = Account(Here.Manager.Id), ["administrator"] = Account(Here.People["administrator"].Id) }),
                ["DESK_CHROMIUM"] = chromium,
                ["NO_COLOR"] = "1",
            },
        };
        using var node = Process.Start(start)!;
        node.StandardInput.Close();
        var words = new StringBuilder();
        node.OutputDataReceived += (_, line) => Add(words, line.Data);
        node.ErrorDataReceived += (_, line) => Add(words, line.Data);
        node.BeginOutputReadLine();
        node.BeginErrorReadLine();
        using var deadline = new CancellationTokenSource(Longest);
        try
        {
            await node.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            node.Kill(entireProcessTree: true);
            Add(words, $"It was not done after {Longest}.");
            return (-1, words.ToString());
        }

        return (node.ExitCode, words.ToString());
    }

    private static void Add(StringBuilder words, string? line)
    {
        lock (words)
        {
            words.AppendLine(line);
        }
    }
}
