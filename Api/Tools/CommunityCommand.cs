using System.CommandLine;
using MediatR;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Tools;

/// <summary>A community and its first administrator. The administrator's password is made here and printed once; it is stored as a hash only.</summary>
internal static class CommunityCommand
{
    public static Command Command()
    {
        var code = new Option<string>("--code") { Required = true, Description = "1 to 40 lower-case letters, digits and hyphens; not to be changed later" };
        var name = new Option<string>("--name") { Required = true, Description = "Its name, as the people who live there write it" };
        var nameEn = new Option<string>("--name-en") { Description = "Its English name; the name where this is left out" };
        var zone = new Option<string>("--time-zone") { DefaultValueFactory = _ => "Asia/Shanghai", Description = "An IANA time zone" };
        var administrator = new Option<string>("--administrator") { Required = true, Description = "Sign-in name of the first administrator" };
        var command = new Command("community", "Makes a community and its first administrator, and prints the password once.") { code, name, nameEn, zone, administrator };
        command.SetAction(async (said, ct) =>
        {
            var configuration = WebApplication.CreateBuilder().Configuration;
            await Migrations.Apply(Connections.Direct(configuration.GetConnectionString), TimeProvider.System, ct);
            var made = new MakeCommunity(Guid.CreateVersion7(), said.GetValue(code)!, said.GetValue(name)!, said.GetValue(nameEn) ?? said.GetValue(name)!, said.GetValue(zone)!);
            await Make(Connections.Pooled(configuration.GetConnectionString), made, said.GetValue(administrator)!, ct);
            return 0;
        });
        return command;
    }

    private static async Task Make(string connectionString, MakeCommunity community, string administrator, CancellationToken ct)
    {
        if (PlainText.Fault(administrator, 100) is { } fault)
        {
            throw new Refused.Invalid(fault, "The administrator's sign-in name has 1 to 100 characters of plain text.");
        }

        await using var services = new ServiceCollection().AddLogging().AddServiceDesk(connectionString).BuildServiceProvider();
        var known = await services.GetRequiredService<Sessions>().ForSignIn(administrator.ToLowerInvariant(), ct);
        var password = Passwords.Random();
        await Send(services, community, ct);
        await Send(services, new JoinStaff(community.CommunityId, administrator, administrator, Passwords.HashOf(password), [Roles.Administrator], [], MustChange: true), ct);
        Console.WriteLine($"The community {community.Code} is made: {community.Name}, {community.TimeZone}.");
        Console.WriteLine(known is null
            ? $"Administrator {administrator.ToLowerInvariant()}, password {password}   (shown this once; good for 72 hours, and for choosing your own)"
            : $"Administrator {administrator.ToLowerInvariant()}: the account was there, its password stays.");
    }

    internal static async Task Send<T>(IServiceProvider services, T command, CancellationToken ct)
        where T : IRequest<Guid>
    {
        await using var scope = services.CreateAsyncScope();
        var community = command switch { MakeCommunity c => c.CommunityId, JoinStaff j => j.CommunityId, _ => throw new InvalidOperationException("Not a command of this tool.") };
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor.SystemIn(community);
        await scope.ServiceProvider.GetRequiredService<IMediator>().Send(command, ct);
    }
}
