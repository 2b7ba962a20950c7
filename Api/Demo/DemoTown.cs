using Dapper;
using Npgsql;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Demo;

/// <summary>Somebody who may call, and from which number.</summary>
internal sealed record DemoCustomer(Guid Id, string Name, string Phone, Guid HomeId, bool OptedOut);

internal sealed record DemoAsset(Guid Id, string Kind);

/// <summary>On duty from … to …, as the roster says.</summary>
internal sealed record DemoShift(string Duty, Guid? TeamId, Actor Who, DateTimeOffset From, DateTimeOffset To);

/// <summary>One of the demo's communities, made: its places, teams, people and roster.</summary>
internal sealed class DemoTown
{
    private const string Assets = """
        insert into asset (community_id, asset_id, place_id, kind, code, name, name_en, qr_code)
        select @CommunityId, a.id, p.place_id, a.kind, a.code, a.name, a.name_en, a.qr
        from unnest(@Ids::uuid[], @Kinds::text[], @Codes::text[], @Names::text[], @NamesEn::text[], @Places::text[], @Qrs::text[]) a (id, kind, code, name, name_en, place, qr)
        join place p on p.community_id = @CommunityId and p.full_code = a.place
        """;

    private const string Roster = """
        insert into shift (community_id, shift_id, duty, team_id, staff_id, starts_at, ends_at)
        select @CommunityId, s.id, s.duty, s.team, s.staff, s.starts_at, s.ends_at
        from unnest(@Ids::uuid[], @Duties::text[], @Teams::uuid[], @Staff::uuid[], @From::timestamptz[], @To::timestamptz[]) s (id, duty, team, staff, starts_at, ends_at);

        insert into leave (community_id, leave_id, staff_id, starts_at, ends_at, deputy_id)
        values (@CommunityId, @LeaveId, @Away, @AwayFrom, @AwayTo, @Deputy);
        """;

    private readonly Dictionary<string, Actor> people = [];
    private readonly Dictionary<Crew, Actor[]> members = [];
    private readonly List<DemoShift> shifts = [];

    private DemoTown(DemoPlan plan, Guid communityId)
    {
        Plan = plan;
        CommunityId = communityId;
        Zone = TimeZoneInfo.FindSystemTimeZoneById(plan.TimeZone);
    }

    public DemoPlan Plan { get; }

    public Guid CommunityId { get; }

    public TimeZoneInfo Zone { get; }

    public Actor System => Actor.SystemIn(CommunityId);

    public Dictionary<string, Guid> Categories { get; } = [];

    /// <summary>The categories that cannot wait.</summary>
    public HashSet<string> Urgent { get; } = [];

    public Dictionary<Crew, Guid> Teams { get; } = [];

    /// <summary>The lift maintainer, who has no accounts.</summary>
    public Guid LiftMaintainer { get; private set; }

    public IReadOnlyList<Guid> Commons { get; private set; } = [];

    public IReadOnlyList<Guid> Spaces { get; private set; } = [];

    public IReadOnlyList<DemoAsset> Machines { get; private set; } = [];

    public IReadOnlyList<DemoCustomer> People { get; private set; } = [];

    public int Staff => people.Count;

    public Actor Post(string account) => people[account];

    public Actor Lead(Crew crew) => people["lead." + EnumWord.Of(crew)];

    /// <summary>Who of this crew comes at this time: the one on the night shift, or anybody of the day.</summary>
    public Actor Member(Crew crew, DateTimeOffset at, int draw)
    {
        var night = shifts.Find(s => s.Duty == "crew" && s.TeamId == Teams[crew] && s.From <= at && at < s.To);
        return night?.Who ?? members[crew][draw % members[crew].Length];
    }

    public Actor OnDuty(string duty, DateTimeOffset at) => shifts.Find(s => s.Duty == duty && s.From <= at && at < s.To)?.Who ?? people["clerk"];

    /// <summary>The local time of day of <paramref name="at"/>.</summary>
    public DateTimeOffset Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, Zone);

    public DateTimeOffset At(DateOnly day, TimeOnly time)
    {
        var local = day.ToDateTime(time);
        local = Zone.IsInvalidTime(local) ? local.AddHours(1) : local;
        return new DateTimeOffset(local, Zone.GetUtcOffset(local)).ToUniversalTime();
    }

    /// <summary>A community with everything but requests.</summary>
    /// <param name="company">The communities made before, whose shared people work here too.</param>
    public static async Task<DemoTown> Make(
        DemoDesk desk, DemoPlan plan, string passwordHash, IReadOnlyList<DemoTown> company, DateTimeOffset end, NpgsqlConnection owner, CancellationToken ct)
    {
        var town = new DemoTown(plan, Guid.CreateVersion7(desk.Now));
        var names = new DemoNames(plan.Seed, plan.English);
        await desk.Send(town.System, new MakeCommunity(town.CommunityId, plan.Code, plan.Name, plan.NameEn, plan.TimeZone), ct);
        await desk.Send(town.System, new MakePlaces(town.CommunityId, [.. plan.Places()]), ct);
        await town.MakeStaff(desk, passwordHash, company, names, ct);
        await town.MakeAssets(owner);
        await town.Look(owner);
        await town.MakeCustomers(desk, names, ct);
        await town.MakeRoster(end, owner);
        return town;
    }

    private async Task MakeStaff(DemoDesk desk, string passwordHash, IReadOnlyList<DemoTown> company, DemoNames names, CancellationToken ct)
    {
        var first = company.Count == 0 ? null : company[0];
        var shared = first is not null && first.Plan.English == Plan.English ? first : null;
        foreach (var (crew, zh, en) in new[]
        {
            (Crew.Engineering, "工程组", "Engineering"), (Crew.Environment, "环境组", "Environment"), (Crew.Security, "护卫组", "Security"), (Crew.Administration, "行政组", "Administration"),
        })
        {
            Teams[crew] = await desk.Send(System, new MakeTeam(CommunityId, crew, Plan.Say(zh, en), en), ct);
        }

        LiftMaintainer = await desk.Send(
            System, new MakeTeam(CommunityId, Crew.Engineering, Plan.Say("迅达电梯维保（外委）", "Upright Lifts (external)"), "Upright Lifts (external)", External: true, Phone: names.Phone()), ct);

        foreach (var post in DemoPost.All)
        {
            var here = post.Shared ? shared : null;
            var account = company.Count == 0 || here is not null ? post.Account : $"{post.Account}.{Plan.Code}";
            var name = here is null ? names.Name() : here.Post(post.Account).Name;
            TeamSeat[] seats = post.Crew is { } crew ? [new TeamSeat(Teams[crew], post.Role == Roles.CrewLead)] : [];
            var id = await desk.Send(
                System, new JoinStaff(CommunityId, account, name, passwordHash, [post.Role], seats, Plan.English ? "en" : "zh-CN", names.Phone(), IsDemo: true), ct);
            Seat[] seated = [.. seats.Select(s => new Seat(CommunityId, s.TeamId, post.Crew!.Value, s.Lead))];
            people[post.Account] = new Actor(ActorKind.Staff, id, name, [new RoleIn(CommunityId, post.Role)], seated);
        }

        foreach (var crew in Enum.GetValues<Crew>())
        {
            members[crew] = [.. DemoPost.All.Where(p => p.Crew == crew && p is { Role: Roles.CrewMember, Night: false }).Select(p => people[p.Account])];
        }
    }

    private async Task MakeAssets(NpgsqlConnection owner)
    {
        var assets = Plan.Assets().Select(a => (a.Kind, a.Code, a.Name, a.NameEn, a.Place, Id: Guid.CreateVersion7())).ToArray();
        await owner.ExecuteAsync(Assets, new
        {
            CommunityId,
            Ids = assets.Select(a => a.Id).ToArray(),
            Kinds = assets.Select(a => a.Kind).ToArray(),
            Codes = assets.Select(a => a.Code).ToArray(),
            Names = assets.Select(a => a.Name).ToArray(),
            NamesEn = assets.Select(a => a.NameEn).ToArray(),
            Places = assets.Select(a => a.Place).ToArray(),
            Qrs = assets.Select(a => $"demo-{Plan.Code}-{a.Code}".ToLowerInvariant()).ToArray(),
        });
        Machines = [.. assets.Select(a => new DemoAsset(a.Id, a.Kind))];
    }

    private async Task Look(NpgsqlConnection owner)
    {
        foreach (var (id, code, priority) in await owner.QueryAsync<(Guid, string, Priority)>("select category_id, kind || ':' || code, priority from category where community_id = @CommunityId", new { CommunityId }))
        {
            Categories[code] = id;
            if (priority is Priority.Danger or Priority.Urgent)
            {
                Urgent.Add(code);
            }
        }

        var places = (await owner.QueryAsync<(Guid Id, string Kind)>("select place_id, kind from place where community_id = @CommunityId order by full_code", new { CommunityId })).ToArray();
        Commons = [.. places.Where(p => p.Kind == "commonArea").Select(p => p.Id)];
        Spaces = [.. places.Where(p => p.Kind == "parkingSpace").Select(p => p.Id)];
        homes = [.. places.Where(p => p.Kind is "home" or "shop").Select(p => p.Id)];
    }

    private Guid[] homes = [];

    /// <summary>Most homes have somebody; one in four a tenant beside the owner; families share a number; a few do not want to be asked.</summary>
    private async Task MakeCustomers(DemoDesk desk, DemoNames names, CancellationToken ct)
    {
        var made = new List<DemoCustomer>();
        var today = DateOnly.FromDateTime(Local(desk.Now).Date);
        foreach (var home in homes.Where(_ => names.Random.Int(1, 100) <= 90))
        {
            var since = today.AddDays(-names.Random.Int(100, 4000));
            var (name, phone) = (names.Name(), names.Phone());
            await Register(name, phone, home, OccupancyRole.Owner, since);
            switch (names.Random.Int(1, 100))
            {
                case <= 25:
                    await Register(names.Name(), names.Phone(), home, OccupancyRole.Tenant, today.AddDays(-names.Random.Int(10, 90)));
                    break;
                case <= 45:
                    await Register(names.Relative(name), phone, home, OccupancyRole.Resident, since);
                    break;
            }
        }

        People = made;

        async Task Register(string name, string phone, Guid home, OccupancyRole role, DateOnly since)
        {
            var channel = names.Random.Int(1, 3) == 1 ? PreferredChannel.WeChat : PreferredChannel.Phone;
            var language = Plan.English ? "en" : "zh-CN";
            var customer = await desk.Send(
                people["clerk"],
                new RegisterCustomer(CommunityId, name, [new NewContactPoint(ContactKind.Phone, phone)], [new NewOccupancy(home, role, since)], language, channel),
                ct);
            var optsOut = names.Random.Int(1, 100) <= 3;
            if (optsOut)
            {
                await desk.Send(people["clerk"], new OptOutOfFeedback(customer.CustomerId, true), ct);
            }

            made.Add(new DemoCustomer(customer.CustomerId, name, phone, home, optsOut));
        }
    }

    /// <summary>The month and the two weeks ahead: desk and crews by day and by night, office duties, and one lead away with a deputy.</summary>
    private async Task MakeRoster(DateTimeOffset end, NpgsqlConnection owner)
    {
        var today = DateOnly.FromDateTime(Local(end).Date);
        var (open, close, evening) = (new TimeOnly(8, 30), new TimeOnly(20, 0), new TimeOnly(18, 0));
        for (var day = today.AddDays(-33); day <= today.AddDays(14); day = day.AddDays(1))
        {
            var (from, to, morning) = (At(day, open), At(day, close), At(day.AddDays(1), open));
            shifts.Add(new DemoShift("desk", null, people[day.DayNumber % 2 == 0 ? "clerk" : "clerk.2"], from, to));
            shifts.Add(new DemoShift("desk", null, people["clerk.night"], to, morning));
            shifts.Add(new DemoShift("customerOfficer", null, people["officer"], from, At(day, evening)));
            shifts.Add(new DemoShift("manager", null, people["manager"], from, morning));
            foreach (var (crew, team) in Teams)
            {
                shifts.Add(new DemoShift("crewLead", team, Lead(crew), from, to));
                if (people.TryGetValue($"crew.{EnumWord.Of(crew)}.night", out var night))
                {
                    shifts.Add(new DemoShift("crew", team, night, to, morning));
                }
            }
        }

        await owner.ExecuteAsync(Roster, new
        {
            CommunityId,
            Ids = shifts.Select(_ => Guid.CreateVersion7()).ToArray(),
            Duties = shifts.Select(s => s.Duty).ToArray(),
            Teams = shifts.Select(s => s.TeamId).ToArray(),
            Staff = shifts.Select(s => s.Who.Id).ToArray(),
            From = shifts.Select(s => s.From.UtcDateTime).ToArray(),
            To = shifts.Select(s => s.To.UtcDateTime).ToArray(),
            LeaveId = Guid.CreateVersion7(),
            Away = Lead(Crew.Environment).Id,
            AwayFrom = At(today.AddDays(-1), open),
            AwayTo = At(today.AddDays(4), close),
            Deputy = people["crew.environment"].Id,
        });
    }
}
