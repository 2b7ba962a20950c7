using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
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
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(9);

    private static readonly string Web = Path.Combine(ApiDocument.Checkout(), "Web");

    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration["Desk:Web"] = Path.Combine(Web, "dist");

    [Test]
    public async Task The_desk_and_the_crew_in_both_languages_from_the_keyboard_and_on_a_phone()
    {
        var chromium = WhatItNeeds();
        Clock.Set(TimeProvider.System.GetUtcNow());
        await Customer("李大为", "139 0013 8001", "3-2-1501");
        // One of three whose numbers end alike, and the only one of them with two homes.
        await Customer("韩建国", "137 0001 6688", "3-2-1601");
        await Customer("韩梅梅", "139 0013 6688", "3-2-1502", "3-2-1602");
        await Customer("周明", "136 0002 6688", "3-2-1601");
        await Send(Here.Clerk, new OpenFault(Here.CommunityId, "3栋停水", Here.Category(RequestKind.Repair, "water.burst"), Here.Places["3"]));

        var (exit, words) = await Run(chromium);

        TestContext.Out.WriteLine(words);
        Assert.That(exit, Is.Zero, words);
    }

    private Task Customer(string name, string phone, params string[] homes) =>
        Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, name, [new(ContactKind.Phone, phone)], [.. homes.Select(h => new NewOccupancy(Here.Places[h], OccupancyRole.Owner))]));

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
                ["DESK_PEOPLE"] = JsonSerializer.Serialize(new Dictionary<string, string[]> { ["clerk"] = Account(Here.Clerk.Id), ["officer"] = Account(Here.Officer.Id), ["member"] = Account(Here.Member(Crew.Engineering).Id) }),
                ["DESK_TWO_HOMES"] = JsonSerializer.Serialize(new { digits = "6688", phone = "13900136688", name = "韩梅梅", home = "3-2-1502" }),
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
