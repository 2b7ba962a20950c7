using System.CommandLine;
using MediatR;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Tools;

/// <summary>Communities come under a district's office, which is made where there is none of that code.</summary>
internal static class DistrictCommand
{
    public static Command Command()
    {
        var code = new Option<string>("--code") { Required = true, Description = "1 to 40 lower-case letters, digits and hyphens" };
        var name = new Option<string>("--name") { Description = "Its name, where it is made; the code where this is left out" };
        var communities = new Option<string[]>("--community") { Required = true, AllowMultipleArgumentsPerToken = true, Description = "Codes of the communities; one that is in another district leaves it" };
        var command = new Command("district", "Puts communities into a district, and makes it where it is not there.") { code, name, communities };
        command.SetAction(async (said, ct) =>
        {
            var configuration = WebApplication.CreateBuilder().Configuration;
            await using var services = new ServiceCollection().AddLogging().AddServiceDesk(Connections.Pooled(configuration.GetConnectionString)).BuildServiceProvider();
            foreach (var one in said.GetValue(communities)!)
            {
                var community = await Send(services, Guid.Empty, new FindCommunity(one), ct) ?? throw new Refused.Invalid("community.not_found", $"There is no community {one}.");
                await Send(services, community.CommunityId, new PutIntoDistrict(community.CommunityId, said.GetValue(code)!, said.GetValue(name) ?? said.GetValue(code)!), ct);
                Console.WriteLine($"{one} is in the district {said.GetValue(code)}.");
            }

            return 0;
        });
        return command;
    }

    private static async Task<T> Send<T>(IServiceProvider services, Guid community, IRequest<T> request, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor.SystemIn(community);
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, ct);
    }
}
