using System.CommandLine;
using Dapper;
using MediatR;
using Npgsql;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Tools;

/// <summary>The clock on trial: somebody's own calendars and cases before they trust it, and every stored clock against the log.</summary>
internal static class ClockCommands
{
    /// <summary>No file of cases is that large; something else was named by mistake.</summary>
    private const long LargestFile = 64 * 1024 * 1024;

    public static Command Cases()
    {
        var file = new Argument<string>("FILE.json") { Description = "Calendars and cases; see docs/clocks.md" };
        var command = new Command("clock", "Reckons every case of a file and compares it with what the file expects. Needs no database. Ends with 1 if one differs, with 2 if the file cannot be used.") { file };
        command.SetAction((said, _) => Task.FromResult(Reckon(said.GetValue(file)!, Console.Out, Console.Error)));
        return command;
    }

    public static Command Verify()
    {
        var community = new Option<string?>("--community") { Description = "The code of one community; all of them where this is left out" };
        var command = new Command("verify-clocks", "Reckons every stored clock again from the event log and names each that differs. Changes nothing. Ends with 1 if one differs.") { community };
        command.SetAction(async (said, ct) =>
        {
            var configuration = WebApplication.CreateBuilder().Configuration;
            return await Verify(Connections.Pooled(configuration.GetConnectionString), Connections.Direct(configuration.GetConnectionString), said.GetValue(community), Console.Out, ct) ? 0 : 1;
        });
        return command;
    }

    internal static int Reckon(string path, TextWriter output, TextWriter errors)
    {
        IReadOnlyList<ClockCase> cases;
        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                errors.WriteLine($"{path} is larger than 64 MB: that is no file of clock cases.");
                return 2;
            }

            cases = ClockCases.Reckon(File.ReadAllText(path));
        }
        catch (Exception e) when (e is Refused or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.WriteLine(e is Refused ? e.Message : $"{path} cannot be read: {e.Message}");
            return 2;
        }

        foreach (var one in cases)
        {
            output.WriteLine(one.Skipped is { } why
                ? $"skipped  {one.Id}  {one.Op}: {why}"
                : $"{(one.Agrees ? "agrees " : "DIFFERS")}  {one.Id}  {one.Op}  expected {one.Expected}  actual {one.Actual}");
        }

        var differ = cases.Count(c => c.Skipped is null && !c.Agrees);
        output.WriteLine($"{cases.Count} cases: {cases.Count(c => c.Agrees)} agree, {differ} differ, {cases.Count(c => c.Skipped is not null)} skipped");
        return differ == 0 ? 0 : 1;
    }

    /// <returns>Whether every clock is as the log says.</returns>
    internal static async Task<bool> Verify(string pooled, string direct, string? code, TextWriter output, CancellationToken ct)
    {
        var communities = await Communities(direct, code, ct);
        await using var services = new ServiceCollection().AddLogging().AddServiceDesk(pooled).BuildServiceProvider();
        var (clocks, differ) = (0, 0);
        foreach (var (id, name) in communities)
        {
            await using var scope = services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor.SystemIn(id);
            var verified = await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new VerifyClocks(id), ct);
            clocks += verified.Clocks;
            differ += verified.Differences.Count;
            foreach (var one in verified.Differences)
            {
                await output.WriteLineAsync($"{name}  {one.SubjectId}  {EnumWord.Of(one.Kind)} {one.Cycle}  {one.Column}: stored {one.Stored}, the log gives {one.Reckoned}");
            }
        }

        await output.WriteLineAsync($"{clocks} clocks in {communities.Count} communities, {differ} differences");
        return differ == 0;
    }

    private static async Task<IReadOnlyList<(Guid Id, string Code)>> Communities(string direct, string? code, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(direct);
        await using var connection = await source.OpenConnectionAsync(ct);
        var found = (await connection.QueryAsync<(Guid, string)>(
            new CommandDefinition("select community_id, code from community where @code::text is null or code = @code order by code", new { code }, cancellationToken: ct))).AsList();
        return found.Count > 0 || code is null ? found : throw new Refused.Invalid("community.unknown", $"There is no community with the code {code}.");
    }
}
