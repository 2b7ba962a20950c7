using System.Diagnostics;
using NUnit.Framework;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A PostgreSQL of a fixture's own, which can be stopped and started while others work with it; gone when the fixture lets go of it.</summary>
internal sealed class OwnServer : IAsyncDisposable
{
    private readonly string data = Path.Combine(Path.GetTempPath(), "desk-own-" + Guid.NewGuid().ToString("N")[..12]);

    private OwnServer()
    {
    }

    /// <summary>Into its database <c>postgres</c>.</summary>
    public string ConnectionString { get; private set; } = "";

    public static async Task<OwnServer> Start()
    {
        _ = TestDatabase.Server; // where no database is to be tested against, none is made
        var server = new OwnServer();
        await server.StartAgain();
        return server;
    }

    /// <summary>On the port and with the data that it had.</summary>
    public async Task StartAgain() => ConnectionString = await Run("start", "--data", data, "-c", "max_connections=200") + ";Pooling=true;MaxPoolSize=60;Timeout=120;CommandTimeout=600;IncludeErrorDetail=true";

    /// <summary>A fast shutdown: every connection is broken off.</summary>
    public Task Stop() => Run("stop", "--data", data);

    public async ValueTask DisposeAsync() => await Run("remove", "--data", data);

    private static async Task<string> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(ApiDocument.Checkout(), "db", "server"), arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, await complained);
        return (await said).Trim();
    }
}
