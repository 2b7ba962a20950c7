using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using NUnit.Framework;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>What a real SMTP server took.</summary>
internal sealed record TakenMail(string From, string[] To, bool Secure, string? User, string Mail);

/// <summary>A real SMTP server as a process of its own: Tests/Smtp/server.mjs, over the package smtp-server.</summary>
internal sealed class SmtpServer : IAsyncDisposable
{
    private static readonly JsonSerializerOptions AsInJavaScript = new(JsonSerializerDefaults.Web);

    private readonly Process process;
    private readonly Channel<string> said = Channel.CreateUnbounded<string>();

    private SmtpServer(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is { } line)
            {
                said.Writer.TryWrite(line);
            }
        };
        process.BeginOutputReadLine();
    }

    public int Port { get; private set; }

    public static async Task<SmtpServer> Start(params string[] arguments)
    {
        var folder = Path.Combine(ApiDocument.Checkout(), "Tests", "Smtp");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            const string sentence = "The SMTP server of the tests is not installed: npm --prefix Tests/Smtp ci, as ./test does.";
            if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
            {
                Assert.Fail(sentence);
            }

            Assert.Ignore(sentence);
        }

        var server = new SmtpServer(Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "server.mjs"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false })!);
        server.Port = int.Parse((await server.Line())["listening ".Length..], CultureInfo.InvariantCulture);
        return server;
    }

    /// <summary>The next mail that it took.</summary>
    public async Task<TakenMail> Next() => JsonSerializer.Deserialize<TakenMail>(await Line(), AsInJavaScript)!;

    public bool TookMore => said.Reader.TryPeek(out _);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private async Task<string> Line()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await said.Reader.ReadAsync(deadline.Token);
    }
}
