using Npgsql;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>A small community to test in: one team a crew with a lead and two members, a desk, one building of four homes with a lift, one customer.</summary>
public sealed class Town
{
    public const string Password = "correct horse battery";

    public required Guid CommunityId { get; init; }

    public Dictionary<string, Guid> Categories { get; } = [];

    public Dictionary<string, Guid> Places { get; } = [];

    public Dictionary<Crew, Guid> Teams { get; } = [];

    public Guid Lift { get; private set; }

    public Guid Customer { get; private set; }

    public Dictionary<string, Actor> People { get; } = [];

    public Actor Clerk => People["clerk"];

    public Actor Officer => People["officer"];

    public Actor Manager => People["manager"];

    public Actor System => Actor.SystemIn(CommunityId);

    public Actor Lead(Crew crew) => People[EnumWord.Of(crew) + "-lead"];

    public Actor Member(Crew crew, int which = 1) => People[$"{EnumWord.Of(crew)}-{which}"];

    /// <summary>The category of this kind and code, as in <c>db/reference/categories.json</c>.</summary>
    public Guid Category(RequestKind kind, string code) => Categories[EnumWord.Of(kind) + ":" + code];

    internal static async Task<Town> Build(DeskFixture desk, string code)
    {
        var town = new Town { CommunityId = Guid.CreateVersion7(desk.Clock.GetUtcNow()) };
        await desk.Send(town.System, new MakeCommunity(town.CommunityId, code, "测试小区 " + code, "Test community " + code, "Asia/Shanghai"));
        // Whom not to ask is tried where it is meant; everywhere else everybody is asked, however often.
        await desk.Execute(
            """update sla_profile_version set definition = jsonb_set(definition, '{feedback}', definition -> 'feedback' || '{"samplePercent": 100, "mostAsksAMonth": 1000}') where community_id = @CommunityId""", new { town.CommunityId });
        await desk.Send(town.System, new MakePlaces(town.CommunityId,
        [
            new(PlaceKind.Building, "3", "3", "3栋", "Building 3"),
            new(PlaceKind.Entrance, "2", "3-2", "3栋2单元", "Building 3, entrance 2", "3"),
            new(PlaceKind.Home, "1501", "3-2-1501", "3栋2单元1501", null, "3-2"),
            new(PlaceKind.Home, "1502", "3-2-1502", "3栋2单元1502", null, "3-2"),
            new(PlaceKind.Home, "1601", "3-2-1601", "3栋2单元1601", null, "3-2"),
            new(PlaceKind.Home, "1602", "3-2-1602", "3栋2单元1602", null, "3-2"),
            new(PlaceKind.CommonArea, "lobby", "3-2-lobby", "大堂", "Lobby", "3-2"),
        ]));
        foreach (var crew in Enum.GetValues<Crew>())
        {
            town.Teams[crew] = await desk.Send(town.System, new MakeTeam(town.CommunityId, crew, crew + "组", crew + " team"));
            await town.Join(desk, EnumWord.Of(crew) + "-lead", [Roles.CrewLead], town.Teams[crew], true);
            await town.Join(desk, EnumWord.Of(crew) + "-1", [Roles.CrewMember], town.Teams[crew], false);
            await town.Join(desk, EnumWord.Of(crew) + "-2", [Roles.CrewMember], town.Teams[crew], false);
        }

        await town.Join(desk, "clerk", [Roles.Clerk]);
        await town.Join(desk, "officer", [Roles.CustomerOfficer]);
        await town.Join(desk, "manager", [Roles.Manager]);
        await town.Join(desk, "administrator", [Roles.Administrator]);

        foreach (var (id, kindAndCode) in await desk.Rows<(Guid, string)>("select category_id, kind || ':' || code from category where community_id = @CommunityId", new { town.CommunityId }))
        {
            town.Categories[kindAndCode] = id;
        }

        foreach (var (id, fullCode) in await desk.Rows<(Guid, string)>("select place_id, full_code from place where community_id = @CommunityId", new { town.CommunityId }))
        {
            town.Places[fullCode] = id;
        }

        town.Lift = Guid.CreateVersion7();
        town.Customer = Guid.CreateVersion7();
        await desk.Execute(
            """
            insert into asset (community_id, asset_id, place_id, kind, code, name, qr_code) values (@CommunityId, @Lift, @Lobby, 'lift', 'L1', '1号电梯', 'qr-' || @Lift::text);
            insert into customer (community_id, customer_id, name, created_at) values (@CommunityId, @Customer, '王小明', @Now);
            insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised) values (@CommunityId, @ContactId, @Customer, 'phone', '138 0013 8000', '13800138000');
            insert into occupancy (community_id, occupancy_id, customer_id, place_id, role, from_on) values (@CommunityId, @OccupancyId, @Customer, @Home, 'owner', date '2020-01-01');
            """,
            new
            {
                town.CommunityId,
                town.Lift,
                Lobby = town.Places["3-2-lobby"],
                town.Customer,
                Now = desk.Clock.GetUtcNow().UtcDateTime,
                ContactId = Guid.CreateVersion7(),
                OccupancyId = Guid.CreateVersion7(),
                Home = town.Places["3-2-1502"],
            });
        return town;
    }

    private async Task Join(DeskFixture desk, string name, Roles[] roles, Guid? team = null, bool lead = false)
    {
        var code = (await desk.Rows<string>("select code from community where community_id = @CommunityId", new { CommunityId }))[0];
        var seats = team is { } t ? new[] { new TeamSeat(t, lead) } : [];
        var id = await desk.Send(System, new JoinStaff(CommunityId, $"{name}@{code}", name, DeskFixture.PasswordHash, roles, seats, IsDemo: true));
        var crew = team is null ? default : Teams.Single(p => p.Value == team).Key;
        People[name] = new Actor(ActorKind.Staff, id, name, [.. roles.Select(r => new RoleIn(CommunityId, r))], team is { } at ? [new Seat(CommunityId, at, crew, lead)] : []);
    }
}
