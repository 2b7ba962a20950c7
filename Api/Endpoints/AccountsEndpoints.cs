using MediatR;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>An account, and the password that was made for it.</summary>
/// <param name="Password">Shown this once; good for 72 hours, and only for choosing one's own. Null where the call was sent again with the same key.</param>
public sealed record AccountPassword(Guid StaffId, int Version, string? Password);

internal static class AccountsEndpoints
{
    public static void MapAccounts(this IEndpointRouteBuilder api)
    {
        var accounts = api.MapGroup("/accounts").WithTags("Accounts");

        accounts.Get<ListAccounts, Page<AccountLine>>("/");
        accounts.Get<GetAccount, AccountLine>("/{staffId:guid}");

        accounts.MapPost("/", async (MakeAccount body, HttpContext http, IMediator desk, Passwords passwords, CancellationToken ct) =>
        {
            var (password, secret) = await Secret(passwords, ct);
            var reply = await desk.Send(body with { Password = secret }, ct);
            return Resource.Created(http, $"/api/accounts/{reply.StaffId}", Show(reply, secret, password));
        }).Produces<AccountPassword>(StatusCodes.Status201Created);

        accounts.MapPost("/{staffId:guid}/change", async (Guid staffId, ChangeAccount body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { StaffId = staffId }, ct))).Produces<AccountReply>();

        accounts.MapPost("/{staffId:guid}/roles", async (Guid staffId, SetRoles body, HttpContext http, IMediator desk, Holders holders, CancellationToken ct) =>
            Resource.Ok(http, await Noticed(holders, desk.Send(body with { StaffId = staffId }, ct)))).Produces<AccountReply>();

        accounts.MapPost("/{staffId:guid}/deactivation", async (Guid staffId, DeactivateAccount body, HttpContext http, IMediator desk, Holders holders, CancellationToken ct) =>
            Resource.Ok(http, await Noticed(holders, desk.Send(body with { StaffId = staffId }, ct)))).Produces<AccountReply>();

        accounts.MapPost("/{staffId:guid}/reactivation", async (Guid staffId, ReactivateAccount body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { StaffId = staffId }, ct))).Produces<AccountReply>();

        accounts.MapPost("/{staffId:guid}/password", async (Guid staffId, HttpContext http, IMediator desk, Passwords passwords, Holders holders, CancellationToken ct) =>
        {
            var (password, secret) = await Secret(passwords, ct);
            var reply = await Noticed(holders, desk.Send(new ResetPassword(staffId) { Password = secret }, ct));
            return Resource.Ok(http, Show(reply, secret, password));
        }).Produces<AccountPassword>().Sends<ResetPassword>();

        accounts.MapPost("/{staffId:guid}/sessions/end", async (Guid staffId, HttpContext http, IMediator desk, Holders holders, CancellationToken ct) =>
            Resource.Ok(http, await Noticed(holders, desk.Send(new EndSessionsOf(staffId), ct)))).Produces<AccountSessionsEnded>().Sends<EndSessionsOf>();

        accounts.MapPost("/{staffId:guid}/second-factor-removal", async (Guid staffId, HttpContext http, IMediator desk, Holders holders, CancellationToken ct) =>
            Resource.Ok(http, await Noticed(holders, desk.Send(new ResetSecondFactor(staffId), ct)))).Produces<AccountReply>().Sends<ResetSecondFactor>();
    }

    private static async Task<(string Password, NewSecret Secret)> Secret(Passwords passwords, CancellationToken ct)
    {
        var password = Passwords.Random();
        return (password, new NewSecret(Guid.NewGuid(), await passwords.Hash(password, ct)));
    }

    private static AccountPassword Show(AccountReply reply, NewSecret secret, string password) => new(reply.StaffId, reply.Version, reply.SecretId == secret.Id ? password : null);

    /// <summary>What sessions may do has changed: in this process it holds at once.</summary>
    private static async Task<T> Noticed<T>(Holders holders, Task<T> change)
    {
        var reply = await change;
        holders.Forget();
        return reply;
    }
}
