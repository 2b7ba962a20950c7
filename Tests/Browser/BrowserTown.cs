using System.Text.Json;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Owner;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rosters;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Voices;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Benchmarks;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary>A town that scripts of a browser are let loose on, in a real Chromium, at a desk that <c>./run</c> started over it: its own Api and Workers, and no time but the machine's.</summary>
[Category("Browser")]
public abstract class BrowserTown : DeskFixture
{
    protected const int Customers = 20_000;

    /// <summary>Where nobody looks for one among many.</summary>
    protected const int Few = 2_000;

    /// <summary>What three of all the customers' numbers end in, and no other one has.</summary>
    private const string Digits = "036688";

    /// <summary>Who else signs in, as the scripts call them.</summary>
    protected List<(string Who, Guid Id)> Others { get; } = [];

    /// <summary>
    /// The time is the browsers' own. Customers in 5,000 homes, and the few that the scripts know: one with a home, and one with two,
    /// the end of whose number is that of two others.
    /// </summary>
    protected async Task GivenTheTown(int customers = Customers)
    {
        Clock.Set(TimeProvider.System.GetUtcNow());
        await Send(Here.System, new MakePlaces(Here.CommunityId, [new(PlaceKind.Building, "9", "9", "9栋", "Building 9"), new(PlaceKind.Building, "8", "8", "8栋", "Building 8"), new(PlaceKind.Home, "101", "8-101", "8栋101", null, "8")]));
        await Execute(
            """
            insert into place (community_id, place_id, parent_id, kind, code, full_code, name, building_id)
            select b.community_id, gen_random_uuid(), b.place_id, 'home', n::text, '9-' || n, '9栋' || n, b.place_id
            from place b
            cross join generate_series(1, 5000) n
            where b.community_id = @CommunityId and b.full_code = '9'
            """,
            new { Here.CommunityId });
        await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
        await Send(Here.Manager, new PlanShift(Here.CommunityId, Duty.Desk, Here.Clerk.Id, Clock.GetUtcNow(), Clock.GetUtcNow().AddHours(12)));
        await Send(Here.Manager, new PlanLeave(Here.CommunityId, Here.Member(Crew.Engineering, 2).Id, Clock.GetUtcNow(), Clock.GetUtcNow().AddDays(3)));
        await Volume.FillPeople(Owner, [Here.CommunityId], customers);
        await GivenCustomer("李大为", "139 0013 8001", "3-2-1501");
        await GivenCustomer("韩梅梅", "139 00" + Digits, "3-2-1502", "3-2-1601");
        await GivenCustomer("周杰", "138 11" + Digits, "3-2-1602");
        await GivenCustomer("李雷", "137 22" + Digits, "3-2-1501");
    }

    private Task GivenCustomer(string name, string phone, params string[] homes) =>
        Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, name, [new(ContactKind.Phone, phone)], [.. homes.Select(h => new NewOccupancy(Here.Places[h], OccupancyRole.Owner))]));

    /// <summary>So that no screen is looked at while it is empty. What it gives are the addresses of the owners' pages.</summary>
    protected async Task<string> GivenSomethingOnEveryScreen()
    {
        var now = Clock.GetUtcNow();
        var rated = await GivenForAnOfficer();
        var danger = await GivenRequest(priority: Priority.Danger, text: "有人被困在电梯里");
        var late = await GivenEscalation(danger.RequestId);
        await Execute("update escalation set level = 2 where escalation_id = @EscalationId", new { late.EscalationId });
        var (dry, dryToo) = ((await GivenRequest(text: "没水了")).RequestId, (await GivenRequest(text: "我家也没水")).RequestId);
        var fault = await Send(Here.Clerk, new OpenFault(Here.CommunityId, "3栋停水", ExpectedAt: now.AddHours(4), RequestId: dry));
        await Send(Here.Clerk, new JoinFault(fault.FaultId, dryToo));
        await GivenEscalation(dry);
        await GivenEscalation(dryToo);
        var (asked, _) = await GivenDone();
        var (called, _) = await GivenDone(priority: Priority.Urgent);
        await Execute("update feedback set state = 'toCall', listed_at = @now where request_id = @called and ended_at is null", new { now, called });
        var voice = await Send(Here.Clerk, new ProposeVoice(rated, "希望楼道灯亮一些", "换了 120 盏灯", "Brighter stairs", "120 new lamps"));
        await Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1));
        var code = await Scalar<string>("select report_code from community where community_id = @CommunityId", new { Here.CommunityId });
        return JsonSerializer.Serialize<string[]>([await LinkOf(asked), await LinkOf(rated), "/r/" + code, "/v/" + code, "/o/nobody"]);
    }

    /// <summary>Something returned, something sent from crew to crew, something on hold and something for longer than it may, a complaint, and a low rating, of which this is the request.</summary>
    protected async Task<Guid> GivenForAnOfficer()
    {
        var now = Clock.GetUtcNow();
        var (_, returned) = await GivenDispatched();
        await Send(Here.Lead(Crew.Engineering), new ReturnWork(returned, "不是我们组的"));
        var (_, stuck) = await GivenDispatched();
        foreach (var (from, to) in new[] { (Crew.Engineering, Crew.Environment), (Crew.Environment, Crew.Engineering) })
        {
            await Send(Here.Lead(from), new ReturnWork(stuck, "也不归我们管"));
            await Send(Here.Clerk, new SendWork(stuck, Here.Teams[to]));
        }

        var (_, tooLong) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(tooLong, HoldReason.Weather, now.AddDays(3), "等雨停"));
        var (_, held) = await GivenWorking(priority: Priority.Urgent);
        await Send(Here.Member(Crew.Engineering), new HoldWork(held, HoldReason.Parts, now.AddDays(1), "等水泵"));
        var complaint = await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Complaint, Channel.WalkIn, Here.Category(RequestKind.Complaint, "noise"), "楼上装修", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer));
        await Send(Here.Officer, new NamePersonInCharge(complaint.RequestId, Here.Officer.Id));
        var (rated, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(rated, Solved.Yes, 2, "王小明", MadeItFive: "早点来"));
        return rated;
    }

    protected async Task<string> LinkOf(Guid request) =>
        "/o/" + await Service<OwnerLinks>().TokenOf(await Scalar<Guid>("select owner_link_id from owner_link where request_id = @request", new { request }), CancellationToken.None);

    /// <summary>Of clocks whose ids are like this no level is reached meanwhile: what is late is to be looked at and counted, and not to be caught up with.</summary>
    protected Task NothingClimbs(string clocks = "%") =>
        Execute("update clock set next_check_at = @Later where next_check_at < @Later and clock_id::text like @clocks", new { clocks, Later = Clock.GetUtcNow().AddHours(2) });

    /// <summary>At a desk where nobody has a second factor.</summary>
    protected Task Run(string[] scripts, params (string Name, string Value)[] more) => Run(scripts, [("Desk__Mode", "Demo")], more);

    /// <param name="settings">Of the desk; null takes one away.</param>
    /// <param name="more">What the scripts know beside this.</param>
    protected async Task Run(string[] scripts, (string Name, string? Value)[] settings, (string Name, string Value)[] more)
    {
        var told = new Dictionary<string, string>
        {
            ["DESK_PEOPLE"] = BrowserScripts.People(
                await Rows<(string, Guid)>("select sign_in_name, staff_id from staff"),
                [
                    ("clerk", Here.Clerk.Id),
                    ("officer", Here.Officer.Id),
                    ("member", Here.Member(Crew.Engineering).Id),
                    ("manager", Here.Manager.Id),
                    ("lead", Here.Lead(Crew.Engineering).Id),
                    ("administrator", Here.People["administrator"].Id),
                    .. Others,
                ]),
            ["DESK_CALLER"] = "13900138001",
            ["DESK_TWO_HOMES"] = JsonSerializer.Serialize(new { digits = Digits, phone = "13900" + Digits, name = "韩梅梅", home = "3-2-1502" }),
            ["DESK_REPORT_CODE"] = await Scalar<string>("select report_code from community where community_id = @CommunityId", new { Here.CommunityId }) ?? "",
        };
        foreach (var (name, value) in more)
        {
            told[name] = value;
        }

        var began = Clock.GetUtcNow();
        // Api and Workers have so many connections each, and several desks stand beside each other.
        await using var desk = await RunningDesk.Over(new NpgsqlConnectionStringBuilder(ConnectionString) { MaxPoolSize = 20 }.ConnectionString, settings);

        await BrowserScripts.Run(scripts, desk.Address, told, desk.Words);

        await ItsWorkersWork(began);
        await desk.CtrlC();
    }

    private async Task ItsWorkersWork(DateTimeOffset began)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var went = new { Began = began, Jobs = new[] { "escalate-overdue", "chase-feedback", "deliver-messages" } };
        while (await Scalar<long>("select count(*) from job where last_success_at > @Began and job_id = any (@Jobs)", went) < went.Jobs.Length)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
