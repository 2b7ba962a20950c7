using System.Diagnostics;
using System.Globalization;
using System.Text;
using NUnit.Framework;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>
/// A script of the checkout as a terminal starts it: in a session and a process group of its own, to which Ctrl-C goes. Whatever it
/// started carries a mark in its environment, so that what it leaves behind is found, and ended when the test lets go of it.
/// </summary>
internal sealed class Terminal : IAsyncDisposable
{
    private const string Mark = "DESK_TERMINAL";

    private readonly string mark = Guid.NewGuid().ToString("N");
    private readonly Process process;
    private readonly StringBuilder said = new();
    private readonly StringBuilder complained = new();
    private readonly List<(string Beginning, TaskCompletionSource<string> Heard)> awaited = [];
    private readonly Lock gate = new();
    private readonly Task ended;

    /// <param name="environment">Null takes a variable away.</param>
    public Terminal(string script, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
        : this(script, arguments, environment, null)
    {
    }

    /// <param name="heardUntil">A line after which whoever reads along has gone, as <c>tee</c> has that hears the same Ctrl-C; null where somebody stays.</param>
    public Terminal(string script, IEnumerable<string> arguments, (string Name, string? Value)[] environment, string? heardUntil)
    {
        string[] read = heardUntil is null ? [] : ["-o", "pipefail", "-c", $"bash \"$0\" \"$@\" | sed -u '/{heardUntil}/q'"];
        // What a shell starts in the background is deaf to Ctrl-C, and so would be its children.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Tool("setsid"), Tool("bash"), .. read, Path.Combine(ApiDocument.Checkout(), script), .. arguments])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment[Mark] = mark;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, e) => Keep(said, e.Data);
        process.ErrorDataReceived += (_, e) => Keep(complained, e.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        ended = process.WaitForExitAsync(); // and until nobody holds its output any more
    }

    /// <summary>Where a tool lies that this process would start.</summary>
    public static string Tool(string name) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists) is { } found ? found : throw new FileNotFoundException("There is no " + name);

    public int ExitCode => process.ExitCode;

    public string Said => Text(said);

    public string Complained => Text(complained);

    /// <summary>The first line that begins so, spaces before it left out.</summary>
    public async Task<string> Line(string beginning, TimeSpan within)
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (Lines(said).Find(l => l.StartsWith(beginning, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }

            awaited.Add((beginning, heard));
        }

        await Task.WhenAny(heard.Task, ended, Task.Delay(within));
        Assert.That(heard.Task.IsCompletedSuccessfully, Is.True, () => $"'{beginning}' was not said, but: {Said}{Complained}");
        return await heard.Task;
    }

    public async Task CtrlC()
    {
        using var kill = Process.Start("kill", ["-INT", "--", "-" + process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>kill -9, of the script alone.</summary>
    public void Kill() => process.Kill();

    public async Task Ended(TimeSpan within)
    {
        await Task.WhenAny(ended, Task.Delay(within));
        Assert.That(ended.IsCompleted, Is.True, () => $"It has not ended: {Said}{Complained}");
    }

    /// <summary>What it started and what of that is still there, by command line.</summary>
    public IReadOnlyList<(int Id, string Command)> Left()
    {
        var left = new List<(int, string)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), CultureInfo.InvariantCulture, out _)))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(folder, "environ")).Contains($"{Mark}={mark}", StringComparison.Ordinal))
                {
                    left.Add((int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ')));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // it has ended meanwhile, or it is somebody else's
            }
        }

        return left;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await CtrlC();
            await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(60)));
        }

        foreach (var (id, _) in Left())
        {
            using var kill = Process.Start("kill", ["-KILL", id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static List<string> Lines(StringBuilder text) => [.. text.ToString().Split('\n').Select(l => l.Trim())];

    private string Text(StringBuilder text)
    {
        lock (gate)
        {
            return text.ToString();
        }
    }

    private void Keep(StringBuilder where, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            where.AppendLine(line);
            foreach (var (_, heard) in awaited.Where(a => where == said && line.Trim().StartsWith(a.Beginning, StringComparison.Ordinal)))
            {
                heard.TrySetResult(line.Trim());
            }
        }
    }
}
