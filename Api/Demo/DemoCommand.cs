using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Dapper;
using Npgsql;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Demo;

/// <summary>Loads the demo data if they are not there, and prints who can sign in.</summary>
internal static class DemoCommand
{
    public const string Password = "demo-desk-2026";

    /// <summary>The exit code where an earlier load was broken off and nothing else was ever made: such a database may be emptied.</summary>
    public const int BrokenOff = 3;

    private const string DistrictManager = "district";

    internal const long Lock = 0x44454d4f; // one load at a time

    private const string Known = """
        select c.code, d.code is not null as whole
        from community c
        left join district d on d.district_id = c.district_id and d.code = 'demo'
        where c.code = any (@Codes)
        """;

    private const string AnythingElse = """
        select exists (select from community where code <> all (@Codes)) or exists (select from staff where not is_demo)
        """;

    private const string Strangers = """
        select sign_in_name
        from staff
        where not is_demo and sign_in_name = any (@Names)
        order by sign_in_name
        """;

    private const string Currencies = """
        update community
        set currency = p.currency
        from unnest(@Codes::text[], @Currencies::text[]) p (code, currency)
        where community.code = p.code;
        """;

    private const string Accounts = """
        select s.sign_in_name, s.display_name, string_agg(c.name, '、' order by c.code) as communities
        from staff s
        join community_staff m on m.staff_id = s.staff_id and m.left_at is null
        join community c on c.community_id = m.community_id
        where s.is_demo and s.sign_in_name = any (@Names)
        group by s.staff_id
        """;

    public static Command Command()
    {
        var command = new Command("demo", "Loads the demo data if they are not there, and prints the demo accounts. Only with Desk__Mode=Demo.");
        command.SetAction(async (_, ct) =>
        {
            var configuration = WebApplication.CreateBuilder().Configuration;
            if (!string.Equals(configuration["Desk:Mode"], "Demo", StringComparison.OrdinalIgnoreCase))
            {
                await Console.Error.WriteLineAsync("Demo data, with passwords that everybody knows, are loaded only where Desk__Mode=Demo says that this is a demo.");
                return 1;
            }

            var direct = Connections.Direct(configuration.GetConnectionString);
            await Migrations.Apply(direct, TimeProvider.System, ct);
            return await Load(Connections.Pooled(configuration.GetConnectionString), direct, TimeProvider.System.Now(), Console.Out, Console.Error, ct);
        });
        return command;
    }

    /// <summary>A month that ends at <paramref name="end"/>. Nothing is changed where the demo is there already.</summary>
    /// <returns>0, or the exit code where it cannot be loaded; <paramref name="errors"/> then says why.</returns>
    public static async Task<int> Load(string connectionString, string direct, DateTimeOffset end, TextWriter words, TextWriter errors, CancellationToken ct)
    {
        await using var owner = new NpgsqlConnection(direct);
        await owner.OpenAsync(ct);
        await OneAtATime.Enter(owner, Lock, ct);
        try
        {
            var codes = DemoPlan.All.Select(p => p.Code).ToArray();
            var known = (await owner.QueryAsync<(string Code, bool Whole)>(Known, new { Codes = codes })).ToArray();
            if (known.Length == 0)
            {
                var strangers = (await owner.QueryAsync<string>(Strangers, new { Names = Shown().Select(s => s.Account).ToArray() })).ToArray();
                if (strangers.Length > 0)
                {
                    await errors.WriteLineAsync($"There are accounts that are no demo accounts and have their names: {string.Join(", ", strangers)}. Load the demo into another database.");
                    return 1;
                }

                await Load(connectionString, owner, end, words, ct);
            }
            else if (known.Length < codes.Length || known.Any(k => !k.Whole))
            {
                await errors.WriteLineAsync("An earlier load of the demo data was broken off. Start over with an empty database (./run --reset empties its own).");
                return known.Any(k => k.Whole) || await owner.ExecuteScalarAsync<bool>(AnythingElse, new { Codes = codes }) ? 1 : BrokenOff;
            }
            else
            {
                await words.WriteLineAsync("The demo data are there.");
            }

            await Print(owner, words);
            return 0;
        }
        finally
        {
            await OneAtATime.Leave(owner, Lock);
        }
    }

    private static async Task Load(string connectionString, NpgsqlConnection owner, DateTimeOffset end, TextWriter words, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var passwordHash = Passwords.HashOf(Password);
        var towns = new List<(DemoTown Town, DemoDesk Desk)>();
        try
        {
            foreach (var plan in DemoPlan.All)
            {
                var desk = new DemoDesk(connectionString, DemoMonth.Begin(end));
                var town = await DemoTown.Make(desk, plan, passwordHash, [.. towns.Select(t => t.Town)], end, owner, ct);
                towns.Add((town, desk));
                await words.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{plan.Name} ({plan.NameEn}, {plan.TimeZone}): {plan.Homes} homes, {town.People.Count} customers, {town.Staff} members of staff"));
            }

            await Task.WhenAll(towns.Select(t => Task.Run(
                async () =>
                {
                    var requests = await new DemoMonth(t.Town, t.Desk, end, ct).Play();
                    await TextWriter.Synchronized(words).WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"{t.Town.Plan.Name}: a month of {requests} requests, {t.Desk.Sent} calls to the desk ({watch.Elapsed.TotalSeconds:0.0} s)"));
                },
                ct)));
            await owner.ExecuteAsync(Currencies, new { Codes = DemoPlan.All.Select(p => p.Code).ToArray(), Currencies = DemoPlan.All.Select(p => p.Currency).ToArray() });
            await MakeDistrict([.. towns.Select(t => t.Town)], towns[0].Desk, end, passwordHash, ct);
            await owner.ExecuteAsync("analyze;"); // a month came in half a minute; without the semicolon one word is taken for a procedure
        }
        finally
        {
            foreach (var (_, desk) in towns)
            {
                await desk.DisposeAsync();
            }
        }
    }

    /// <summary>Last of all: a load that broke off is one whose communities have no district.</summary>
    private static async Task MakeDistrict(IReadOnlyList<DemoTown> towns, DemoDesk desk, DateTimeOffset end, string passwordHash, CancellationToken ct)
    {
        desk.Clock.MoveTo(end);
        var manager = await desk.Send(towns[0].System, new JoinStaff(towns[0].CommunityId, DistrictManager, "洪雅琴", passwordHash, [], [], IsDemo: true), ct);
        foreach (var town in towns)
        {
            await desk.Send(town.System, new PutIntoDistrict(town.CommunityId, "demo", "演示片区 Demo district"), ct);
        }

        var everywhere = towns[0].System with { Roles = [.. towns.Select(t => new RoleIn(t.CommunityId, Roles.Administrator))] };
        await desk.Send(everywhere, new GrantDistrictRole("demo", manager, Roles.Manager), ct);
    }

    private static async Task Print(NpgsqlConnection owner, TextWriter words)
    {
        var shown = Shown().ToArray();
        var people = (await owner.QueryAsync<(string Account, string Name, string Communities)>(Accounts, new { Names = shown.Select(s => s.Account).ToArray() }))
            .ToDictionary(p => p.Account, StringComparer.Ordinal);
        await words.WriteLineAsync($"Sign in with the password {Password} as");
        foreach (var (account, role) in shown.Where(s => people.ContainsKey(s.Account)))
        {
            await words.WriteLineAsync($"  {account,-28}{role,-34}{people[account].Name}, {people[account].Communities}");
        }
    }

    /// <summary>Every post of the first community, the district's manager, and the desk and engineering of the English one.</summary>
    private static IEnumerable<(string Account, string Role)> Shown() =>
        DemoPost.All.Where(p => p.Shown).Select(p => (p.Account, Say(p)))
            .Append((DistrictManager, "district manager 片区经理"))
            .Concat(DemoPost.All.Where(p => p.Shown && p.Crew is null or Domain.Rules.Crew.Engineering).Select(p => ($"{p.Account}.{DemoPlan.All[^1].Code}", Say(p))));

    private static string Say(DemoPost post) => (post.Role, post.Crew) switch
    {
        (Roles.Clerk, _) => "front desk 前台",
        (Roles.CustomerOfficer, _) => "customer officer 客户主任",
        (Roles.Manager, _) => "property manager 管理处经理",
        (Roles.Administrator, _) => "administrator 管理员",
        (Roles.CrewLead, { } crew) => $"crew lead 班组长, {EnumWord.Of(crew)}",
        (_, { } crew) => $"crew member 组员, {EnumWord.Of(crew)}",
        _ => throw new InvalidOperationException("A post without a name."),
    };
}
