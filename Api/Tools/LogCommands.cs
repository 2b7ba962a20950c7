using System.CommandLine;
using System.Text.Json;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Tools;

/// <summary><c>log-head</c> writes down where each community's log stands; <c>verify-log</c> finds out whether it is still what was written.</summary>
internal static class LogCommands
{
    public static Command Head()
    {
        var command = new Command("log-head", "Prints where each community's log stands, a line of JSON each. Keep it where the database's owner cannot change it.");
        command.SetAction(async (_, ct) =>
        {
            foreach (var head in await LogCheck.Heads(Owner(), ct))
            {
                Console.WriteLine(JsonSerializer.Serialize(head, Json.Options));
            }

            return 0;
        });
        return command;
    }

    public static Command Verify()
    {
        var heads = new Option<FileInfo[]>("--head")
        {
            Description = "What log-head printed earlier; may be given several times. Without one, an end that was cut off and a chain that was computed anew go unseen.",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("verify-log", "Reads every community's log and says where an entry was altered, removed or inserted; ends with 1 if there is one.") { heads };
        command.SetAction(async (said, ct) =>
        {
            var earlier = new List<LogHead>();
            foreach (var file in said.GetValue(heads) ?? [])
            {
                earlier.AddRange(await Read(file, ct));
            }

            var report = await LogCheck.Verify(Owner(), earlier, ct);
            foreach (var (community, entries) in report.Logs.Where(l => report.Faults.All(f => f.Community != l.Community)))
            {
                Console.WriteLine(FormattableString.Invariant($"{community}: {entries} entries, whole"));
            }

            foreach (var fault in report.Faults)
            {
                Console.WriteLine(fault);
            }

            return report.Faults.Count == 0 ? 0 : 1;
        });
        return command;
    }

    private static string Owner() => Connections.Direct(WebApplication.CreateBuilder().Configuration.GetConnectionString);

    private static async Task<IEnumerable<LogHead>> Read(FileInfo file, CancellationToken ct)
    {
        try
        {
            return [.. (await File.ReadAllLinesAsync(file.FullName, ct)).Where(l => l.Length > 0).Select(l => JsonSerializer.Deserialize<LogHead>(l, Json.Options)!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new Refused.Invalid("log_head.unreadable", $"{file.Name} is not what log-head printed: {e.Message}");
        }
    }
}
