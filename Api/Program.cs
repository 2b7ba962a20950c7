using System.CommandLine;
using Npgsql;
using PropertyServiceDesk.Api;
using PropertyServiceDesk.Api.Demo;
using PropertyServiceDesk.Api.Tools;
using PropertyServiceDesk.Domain.Plumbing;

// Without a command: serve. Every command ends with one clear sentence and a non-zero exit where it cannot do its work.
var root = new RootCommand("PropertyServiceDesk: the web host and its tools.");
root.TreatUnmatchedTokensAsErrors = true;
root.SetAction(async (_, ct) =>
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
    await Migrations.Apply(Connections.Direct(builder.Configuration.GetConnectionString), TimeProvider.System, ct);
    await builder.Services.AddDeskClock(name => builder.Configuration[name], Connections.Direct(builder.Configuration.GetConnectionString), ct);
    await FirstStart.Look(builder.Configuration, Console.Out, ct);
    await using var app = DeskHost.Build(builder);
    await app.RunAsync(ct);
    return 0;
});

var migrate = new Command("migrate", "Applies the migrations that are not applied yet, and nothing else.");
migrate.SetAction(async (_, ct) =>
{
    var builder = WebApplication.CreateBuilder();
    foreach (var name in await Migrations.Apply(Connections.Direct(builder.Configuration.GetConnectionString), TimeProvider.System, ct))
    {
        Console.WriteLine($"applied {name}");
    }

    Console.WriteLine("The database is up to date.");
    return 0;
});
root.Subcommands.Add(migrate);
root.Subcommands.Add(DemoCommand.Command());
root.Subcommands.Add(CommunityCommand.Command());
root.Subcommands.Add(DistrictCommand.Command());
root.Subcommands.Add(PasswordCommand.Command());
root.Subcommands.Add(ImportRequestsCommand.Command());
root.Subcommands.Add(ClockCommands.Cases());
root.Subcommands.Add(ClockCommands.Verify());
root.Subcommands.Add(LogCommands.Head());
root.Subcommands.Add(LogCommands.Verify());

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Refused refused)
{
    Console.Error.WriteLine(refused is Refused.Invalid { Faults: { Count: > 0 } faults } ? string.Join(Environment.NewLine, faults.Select(f => $"{f.Field}: {f.Message}")) : refused.Message);
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Interrupted.");
    return 130;
}
catch (Exception e) when (e is MigrationRefused or StartRefused or InvalidOperationException { Source: "PropertyServiceDesk.Domain" } or NpgsqlException or ArgumentException { Source: "Npgsql" })
{
    Console.Error.WriteLine(e is NpgsqlException or ArgumentException ? $"The database cannot be used: {e.Message}" : e.Message);
    return 1;
}
