using Dapper;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Load;

/// <summary>What one community offers to a measured intake.</summary>
internal sealed record Spot(Guid CommunityId, Guid CategoryId, Guid HomeId, Guid CustomerId);

/// <summary>Makes the communities that the load works in, by the desk's own commands.</summary>
internal static class Place
{
    public const string Clerk = "bench-clerk";
    public const string Manager = "bench-manager";
    public const string Password = "bench horse battery";

    public static ServiceProvider Desk(string connectionString, Action<IServiceCollection>? more = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddServiceDesk(connectionString);
        more?.Invoke(services);
        return services.BuildServiceProvider();
    }

    public static async Task<IReadOnlyList<Spot>> Make(ServiceProvider desk, NpgsqlDataSource owner, int communities)
    {
        var hash = new PasswordHasher<object>().HashPassword(new object(), Password);
        var spots = new List<Spot>();
        for (var i = 1; i <= communities; i++)
        {
            var id = Guid.CreateVersion7();
            var system = Actor.SystemIn(id);
            await Send(desk, system, new MakeCommunity(id, $"bench-{i}", $"小区 {i}", $"Community {i}", "Asia/Shanghai"));
            var places = new List<NewPlace> { new(PlaceKind.Building, "1", "1", "1栋"), new(PlaceKind.Entrance, "1", "1-1", "1栋1单元", Parent: "1") };
            places.AddRange(Enumerable.Range(1, 120).Select(h => new NewPlace(PlaceKind.Home, $"{h}", $"1-1-{h}", $"1栋1单元{h}", Parent: "1-1")));
            await Send(desk, system, new MakePlaces(id, places));
            foreach (var crew in Enum.GetValues<Crew>())
            {
                await Send(desk, system, new MakeTeam(id, crew, crew + "组", crew + " team"));
            }

            await Send(desk, system, new JoinStaff(id, Clerk, "Bench", hash, [Roles.Clerk], []));
            await Send(desk, system, new JoinStaff(id, Manager, "Bench", hash, [Roles.Manager], [], IsDemo: true));
            await using var connection = await owner.OpenConnectionAsync();
            var category = await connection.ExecuteScalarAsync<Guid>("select category_id from category where community_id = @id and kind = 'repair' and code = 'water'", new { id });
            var home = await connection.ExecuteScalarAsync<Guid>("select place_id from place where community_id = @id and kind = 'home' order by place_id limit 1", new { id });
            var customer = Guid.CreateVersion7();
            await connection.ExecuteAsync("insert into customer (community_id, customer_id, name, created_at) values (@id, @customer, '王小明', @now)", new { id, customer, now = DateTime.UtcNow });
            spots.Add(new Spot(id, category, home, customer));
        }

        return spots;
    }

    public static async Task<T> Send<T>(ServiceProvider desk, Actor actor, IRequest<T> request, string? key = null)
    {
        await using var scope = desk.CreateAsyncScope();
        var caller = scope.ServiceProvider.GetRequiredService<Caller>();
        caller.Actor = actor;
        caller.IdempotencyKey = key;
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }
}
