using System.Diagnostics;
using System.Text;
using Npgsql;
using NUnit.Framework;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A program of ours as a process of its own, over a fixture's database; killed with what it started when the test lets go of it.</summary>
internal sealed class RealProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder said = new();

    private RealProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    public int ExitCode => process.ExitCode;

    public string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    public static RealProcess Start(string program, string connectionString, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"PropertyServiceDesk.{program}.dll"), .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["ConnectionStrings__ServiceDesk"] = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 10 }.ConnectionString;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new RealProcess(Process.Start(start)!);
    }

    /// <summary>kill -9.</summary>
    public async Task Kill()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and its orderly end.</summary>
    public async Task Stop()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await Ended(TimeSpan.FromMinutes(2));
    }

    public async Task Ended(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The process has not ended: {Said}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}

/// <summary>What is said on a channel of the database, awaited under a deadline.</summary>
internal sealed class Heard(NpgsqlConnection connection) : IAsyncDisposable
{
    private readonly List<string> heard = [];
    private readonly List<string> all = [];

    /// <summary>Everything so far.</summary>
    public IReadOnlyList<string> All => all;

    public static async Task<Heard> On(NpgsqlDataSource source, string name)
    {
        var channel = new Heard(await source.OpenConnectionAsync());
        await using var command = new NpgsqlCommand("listen " + name, channel.Connection);
        channel.Connection.Notification += (_, e) =>
        {
            channel.heard.Add(e.Payload);
            channel.all.Add(e.Payload);
        };
        await command.ExecuteNonQueryAsync();
        return channel;
    }

    private NpgsqlConnection Connection { get; } = connection;

    /// <summary>The next payload that begins so; what came before it is passed over.</summary>
    public async Task<string> Next(string beginning, int seconds = 120)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            var at = heard.FindIndex(h => h.StartsWith(beginning, StringComparison.Ordinal));
            if (at >= 0)
            {
                var found = heard[at];
                heard.RemoveRange(0, at + 1);
                return found;
            }

            try
            {
                await Connection.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Nothing like '{beginning}' was heard in {seconds} s, but: {string.Join(", ", all)}");
            }
        }
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
