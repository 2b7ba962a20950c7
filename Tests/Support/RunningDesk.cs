using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A desk that <c>./run</c> started, over a database that is there already: Api and Workers as processes, by the time of this machine.</summary>
internal sealed class RunningDesk : IAsyncDisposable
{
    public const string Ready = "The desk is ready after ";

    /// <summary>What it says last; nobody hears what a desk over somebody's database says after it.</summary>
    private const string Greeted = "Logs: ";

    /// <summary>Building what is built already, a database, a month of demo data, two hosts: on a busy machine.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromMinutes(8);

    public static readonly TimeSpan End = TimeSpan.FromMinutes(4);

    private readonly string folder = Path.Combine(Path.GetTempPath(), "desk-run-" + Guid.NewGuid().ToString("N")[..12]);
    private readonly Terminal terminal;

    private RunningDesk(string database, int port, (string Name, string? Value)[] settings)
    {
        Address = At(port);
        terminal = Run(database, ["--no-demo", "--port", port.ToString(CultureInfo.InvariantCulture), "--data", folder], settings, Greeted);
    }

    public Uri Address { get; }

    /// <param name="settings">Of its environment; null takes one away.</param>
    public static async Task<RunningDesk> Over(string database, params (string Name, string? Value)[] settings)
    {
        var desk = new RunningDesk(database, await FreePort(), settings);
        try
        {
            await desk.terminal.Line(Ready, Start);
            await desk.terminal.Line(Greeted, End);
            return desk;
        }
        catch
        {
            await desk.DisposeAsync();
            throw;
        }
    }

    /// <summary>What its hosts wrote into their logs: from the first failure on, else the last.</summary>
    public string Words() => string.Join('\n', Directory.EnumerateFiles(Path.Combine(folder, "logs"), "*.log").Order().Select(f => $"{Path.GetFileName(f)}:\n{string.Join('\n', Told(File.ReadAllLines(f)))}"));

    /// <summary>Ended in the terminal, it leaves nothing behind.</summary>
    public async Task CtrlC()
    {
        await terminal.CtrlC();
        await terminal.Ended(End);
        Assert.That((terminal.ExitCode, terminal.Complained), Is.EqualTo((0, "")));
        Assert.That(terminal.Left(), Is.Empty);
    }

    public async ValueTask DisposeAsync()
    {
        await terminal.DisposeAsync();
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <param name="connection">Null where it is to bring its own PostgreSQL.</param>
    public static Terminal Run(string? connection, params string[] arguments) => Run(connection, arguments, [], null);

    private static Terminal Run(string? connection, string[] arguments, (string Name, string? Value)[] settings, string? heardUntil) => new(
        "run",
        arguments,
        [
            ("ConnectionStrings__ServiceDesk", connection),
            ("ConnectionStrings__ServiceDeskDirect", null),
            ("ASPNETCORE_URLS", null),
            ("Desk__Mode", null),
            .. settings,
        ],
        heardUntil);

    private static IEnumerable<string> Told(string[] lines)
    {
        var failure = Array.FindIndex(lines, l => l.StartsWith("fail:", StringComparison.Ordinal) || l.StartsWith("crit:", StringComparison.Ordinal));
        return failure < 0 ? lines.TakeLast(40) : lines.Skip(failure).Take(40);
    }

    public static Uri At(int port) => new($"http://127.0.0.1:{port}");

    public static async Task<int> FreePort() => int.Parse(await Output("node", Path.Combine(ApiDocument.Checkout(), "db", "net.mjs"), "free-port"), CultureInfo.InvariantCulture);

    /// <summary>What a program says that ends well.</summary>
    public static async Task<string> Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}");
        return said.Trim();
    }
}
