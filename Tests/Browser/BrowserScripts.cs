using System.Diagnostics;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary>
/// Scripts of <c>Web/browser</c>, run by vitest against the host of a fixture, one after the other in the order of its configuration. Without Chromium
/// (<c>DESK_CHROMIUM</c>) or the built client they are ignored at home and fail in CI.
/// </summary>
internal static class BrowserScripts
{
    public static readonly string Web = Path.Combine(ApiDocument.Checkout(), "Web");

    /// <summary>A busy machine takes a multiple of the usual time.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>What is missing for them here; null where nothing is.</summary>
    public static string? Missing()
    {
        var chromium = Environment.GetEnvironmentVariable("DESK_CHROMIUM");
        return string.IsNullOrEmpty(chromium) || !File.Exists(chromium) ? "DESK_CHROMIUM names no Chromium."
            : !File.Exists(Path.Combine(Web, "dist", "index.html")) || !Directory.Exists(Path.Combine(Web, "node_modules")) ? "The web client is not built: npm ci and npm run build in Web."
            : Environment.GetEnvironmentVariable("DESK_BROWSER") is { Length: > 0 } && Environment.GetEnvironmentVariable("CI") is { Length: > 0 } ? "DESK_BROWSER leaves scripts out."
            : null;
    }

    public static void MustBePossible()
    {
        if (Missing() is not { } missing)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
        {
            Assert.Fail(missing);
        }

        Assert.Ignore(missing);
    }

    /// <summary>Who signs in with which name and password, as the scripts read it.</summary>
    public static string People(IReadOnlyList<(string Name, Guid Id)> staff, params (string Who, Guid Id)[] people) =>
        JsonSerializer.Serialize(people.ToDictionary(p => p.Who, p => new[] { staff.Single(s => s.Id == p.Id).Name, Town.Password }));

    /// <param name="scripts">Names without <c>.test.ts</c>; <c>DESK_BROWSER</c> names some of them, to be looked at alone. Each of their tests must run: one that is skipped is a failure, too.</param>
    public static async Task Run(IEnumerable<string> scripts, Uri address, IReadOnlyDictionary<string, string> environment, Func<string?>? unexpected = null)
    {
        var only = Environment.GetEnvironmentVariable("DESK_BROWSER")?.Split(',');
        string[] wanted = [.. scripts.Where(s => only?.Contains(s) ?? true)];
        if (wanted.Length == 0)
        {
            return;
        }

        var start = new ProcessStartInfo("node", [Path.Combine(Web, "node_modules", "vitest", "vitest.mjs"), "run", "--config", "browser/vitest.config.ts"])
        {
            WorkingDirectory = Web,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            Environment = { ["DESK_BROWSER"] = string.Join(',', wanted), ["DESK_URL"] = address.ToString().TrimEnd('/'), ["NO_COLOR"] = "1" },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var node = Process.Start(start)!;
        node.StandardInput.Close();
        var words = new StringBuilder();
        void Add(object? sender, DataReceivedEventArgs line)
        {
            lock (words)
            {
                words.AppendLine(line.Data);
            }
        }

        node.OutputDataReceived += Add;
        node.ErrorDataReceived += Add;
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
            Assert.Fail($"It was not done after {Longest}.\n{words}");
        }

        TestContext.Out.WriteLine(words);
        Assert.That(node.ExitCode, Is.Zero, () => words + unexpected?.Invoke());
        Assert.That(words.ToString(), Does.Not.Contain(" skipped"));
    }
}
