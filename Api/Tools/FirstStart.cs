using Dapper;
using Npgsql;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Tools;

/// <summary>
/// What is looked at before the host listens. Demo accounts, whose password everybody knows, are for a demo only. An empty desk gets a
/// community and an administrator, whose password is printed once; of several hosts that start together, one makes them.
/// </summary>
internal static class FirstStart
{
    public const string Administrator = "administrator";

    internal const long Lock = 0x4649525354; // one first start at a time

    private const string Anybody = """
        select exists (select from staff) or exists (select from community)
        """;

    /// <exception cref="StartRefused">There are demo accounts, and this is no demo.</exception>
    public static async Task Look(IConfiguration configuration, TextWriter words, CancellationToken ct)
    {
        var direct = Connections.Direct(configuration.GetConnectionString);
        await DemoAccounts.MustBelongHere(configuration["Desk:Mode"], direct, ct);
        if (DemoAccounts.IsDemo(configuration["Desk:Mode"]))
        {
            return;
        }

        await using var owner = new NpgsqlConnection(direct);
        await owner.OpenAsync(ct);
        await OneAtATime.Enter(owner, Lock, ct);
        try
        {
            if (await owner.ExecuteScalarAsync<bool>(Anybody))
            {
                return;
            }

            var first = new MakeCommunity(
                Guid.CreateVersion7(),
                configuration["Desk:First:Code"] ?? "first",
                configuration["Desk:First:Name"] ?? "第一个小区",
                configuration["Desk:First:NameEn"] ?? configuration["Desk:First:Name"] ?? "First community",
                configuration["Desk:First:TimeZone"] ?? "Asia/Shanghai");
            var password = Passwords.Random();
            await using var services = new ServiceCollection().AddLogging().AddServiceDesk(Connections.Pooled(configuration.GetConnectionString)).BuildServiceProvider();
            await CommunityCommand.Send(services, first, ct);
            await CommunityCommand.Send(services, new JoinStaff(first.CommunityId, Administrator, Administrator, Passwords.HashOf(password), [Roles.Administrator], [], MustChange: true), ct);
            await words.WriteLineAsync($"This desk is new: the community {first.Code} was made ({first.Name}, {first.TimeZone}).");
            await words.WriteLineAsync($"Administrator {Administrator}, password {password}   (shown this once; good for 72 hours, and for choosing your own)");
        }
        finally
        {
            await OneAtATime.Leave(owner, Lock);
        }
    }
}
