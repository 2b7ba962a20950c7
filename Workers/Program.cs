using Npgsql;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Workers;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    await Migrations.Apply(Connections.Direct(builder.Configuration.GetConnectionString), TimeProvider.System, CancellationToken.None);
    await DemoAccounts.MustBelongHere(builder.Configuration["Desk:Mode"], Connections.Direct(builder.Configuration.GetConnectionString), CancellationToken.None);
    await builder.Services.AddDeskClock(name => builder.Configuration[name], Connections.Direct(builder.Configuration.GetConnectionString), CancellationToken.None);
    await using var app = WorkersHost.Build(builder, Schedule.Entries);
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is MigrationRefused or StartRefused or InvalidOperationException { Source: "PropertyServiceDesk.Domain" } or NpgsqlException or ArgumentException { Source: "Npgsql" })
{
    Console.Error.WriteLine(e is NpgsqlException or ArgumentException ? $"The database cannot be used: {e.Message}" : e.Message);
    return 1;
}
