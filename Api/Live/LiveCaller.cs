using Npgsql;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Live;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Live;

/// <summary>Whoever opened a stream: reads as themselves, for as long as they are who they were then.</summary>
/// <param name="Name">Of the account or the token, for limits.</param>
internal sealed record LiveCaller(string Name, Actor Actor, Func<CancellationToken, Task<Actor?>> Who, IServiceScopeFactory Scopes)
{
    public static LiveCaller Of(HttpContext http)
    {
        var services = http.RequestServices;
        var (scopes, sessions) = (services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<Sessions>());
        if (http.Features.Get<SessionHolder>() is { } holder)
        {
            var token = SessionAuthentication.TokenOf(http.Request)!;
            return new LiveCaller("account " + holder.StaffId, holder.Actor, async ct => await sessions.Holder(token, ct, use: false) is { Needs: null } now ? now.Actor : null, scopes);
        }

        var bearer = WayIn.BearerOf(http.Request)!;
        if (http.Features.Get<TokenHolder>() is { } system)
        {
            var address = FrontDoor.AddressOf(http);
            return new LiveCaller("token " + system.TokenId, system.Actor, async ct => (await sessions.HolderOfToken(bearer, address, ct))?.Actor, scopes);
        }

        var provided = http.Features.Get<ProvidedHolder>()!;
        var (provider, staff) = (services.GetRequiredService<IdentityProvider>(), services.GetRequiredService<ProvidedStaff>());
        return new LiveCaller(
            "account " + provided.StaffId,
            provided.Actor,
            async ct => await provider.Check(bearer) is { } good ? (await staff.Holder(provider.Claims(good), ct))?.Actor : null,
            scopes);
    }

    /// <summary>Whether the session or the token stands, and gives what it gave. Where that cannot be asked, it does not.</summary>
    public async Task<bool> IsTheSame(CancellationToken ct)
    {
        try
        {
            return await Who(ct) is { } now && now.Id == Actor.Id && now.Roles.ToHashSet().SetEquals(Actor.Roles) && now.Seats.ToHashSet().SetEquals(Actor.Seats);
        }
        catch (Exception e) when (IsNoAnswer(e))
        {
            return false;
        }
    }

    /// <exception cref="Refused">They may not.</exception>
    public async Task<Followed> Read(FollowEvents query, CancellationToken ct)
    {
        await using var scope = Scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor;
        return await scope.ServiceProvider.GetRequiredService<MediatR.IMediator>().Send(query, ct);
    }

    /// <summary>The same in a stream that has begun: null where there is no answer, and the stream ends.</summary>
    public async Task<Followed?> ReadOn(FollowEvents query, CancellationToken ct)
    {
        try
        {
            return await Read(query, ct);
        }
        catch (Exception e) when (e is Refused || IsNoAnswer(e))
        {
            return null;
        }
    }

    private static bool IsNoAnswer(Exception e) => e is NpgsqlException or TimeoutException or IOException or OperationCanceledException;
}
