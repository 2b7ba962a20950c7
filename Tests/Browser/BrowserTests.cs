using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Benchmarks;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary>What people do on the screens: one town for all scripts, which run one after the other in the order of the vitest configuration.</summary>
public sealed class BrowserTests : BrowserTown
{
    /// <summary>Of what <c>Web/browser</c> has.</summary>
    private static readonly string[] Screens = ["manager", "officer", "crew-away", "typed", "moves", "zone", "live-stream"];

    [Test]
    public void Each_script_belongs_to_a_test()
    {
        var there = Directory.EnumerateFiles(Path.Combine(BrowserScripts.Web, "browser"), "*.test.ts").Select(f => Path.GetFileName(f)[..^".test.ts".Length]);

        Assert.That(there, Is.EquivalentTo((string[])[.. Screens, .. AdministrationBrowserTests.Masters, .. KeptOutBrowserTests.Looks, .. DaysBrowserTests.Days, .. OwnersWordBrowserTests.Loop, RunTests.Loop]));
    }

    [Test]
    public async Task Every_screen_in_both_languages_at_a_desk_and_on_a_phone()
    {
        BrowserScripts.MustBePossible();
        await GivenTheTown(Few);
        await GivenSomethingOnEveryScreen();
        await GivenAManagerOfTwoCommunities();
        await GivenThreeLevelsWereTold();
        await GivenALateOneAndOneThatSoonIs();
        await NothingClimbs();

        await Run(Screens);
    }

    private async Task GivenALateOneAndOneThatSoonIs()
    {
        var (now, category) = (Clock.GetUtcNow(), Here.Category(RequestKind.Repair, "water"));
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, category, "昨天就该修好", Priority.Urgent, Here.Places["3-2-1502"], CustomerId: Here.Customer, ReportedAt: now.AddDays(-2)));
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, category, "热线转来", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer, Foreign: new ForeignNumber("12345", "H-1", now.AddHours(3))));
    }

    private async Task GivenAManagerOfTwoCommunities()
    {
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));
        var region = await Send(Here.System, new JoinStaff(Here.CommunityId, "region@here", "region", PasswordHash, [Roles.CustomerOfficer], [], IsDemo: true));
        var both = Here.People["administrator"] with { Roles = [new RoleIn(Here.CommunityId, Roles.Administrator), new RoleIn(There.CommunityId, Roles.Administrator)] };
        await Send(both, new GrantDistrictRole("south", region, Roles.Manager));
        Others.Add(("region", region));
    }

    private async Task GivenThreeLevelsWereTold()
    {
        var flooded = await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "水漫进了电表箱", Priority.Danger, Here.Places["3-2-1502"], ReportedAt: Clock.GetUtcNow().AddHours(-3)));
        await Send(Here.System, new EscalateOverdue(Here.CommunityId, await Rows<Guid>("select clock_id from clock where subject_id = @RequestId", new { flooded.RequestId })));
    }
}

/// <summary>What an administrator sets up.</summary>
public sealed class AdministrationBrowserTests : BrowserTown
{
    internal static readonly string[] Masters = ["masters", "accounts", "settings"];

    [Test]
    public async Task What_an_administrator_sets_up()
    {
        BrowserScripts.MustBePossible();
        await GivenTheTown(Few);
        await GivenSomethingOnEveryScreen();
        await NothingClimbs();

        await Run(Masters);
    }
}

/// <summary>Whom a screen keeps out: axe, on each of them.</summary>
public sealed class KeptOutBrowserTests : BrowserTown
{
    internal static readonly string[] Looks = ["axe", "axe-crew"];

    [Test]
    public async Task Nobody_is_kept_out_of_any_screen()
    {
        BrowserScripts.MustBePossible();
        await GivenTheTown(Few);
        var owners = await GivenSomethingOnEveryScreen();
        await NothingClimbs();

        await Run(Looks, ("DESK_OWNERS", owners));
    }
}

/// <summary>A day of each person where there is much to do; and before it what such a day is made of: a call in 25 key presses, two people on one record, a slow line and none.</summary>
public sealed class DaysBrowserTests : BrowserTown
{
    internal static readonly string[] Days = ["desk", "crew", "live", "day", "day-away"];

    [Test]
    public async Task Each_persons_day_with_5000_open_orders()
    {
        BrowserScripts.MustBePossible();
        await GivenTheTown();
        await GivenSomethingOnEveryScreen();
        await GivenForAnOfficer();
        await Volume.FillWork(Owner, [Here.CommunityId], Customers, 20_000, openEvery: 2, Clock.GetUtcNow());
        await Execute(
            """
            update escalation set acknowledged_at = null, acknowledged_by = null, level = case when right(escalation_id::text, 1) = '4' then 2 else 1 end where resolved_at is null and right(escalation_id::text, 1) in ('4', 'c');
            update feedback set state = 'toCall', listed_at = @Now where state = 'asked' and right(feedback_id::text, 1) = '6';
            """,
            new { Now = Clock.GetUtcNow() });
        Assert.That(await Scalar<long>("select count(*) from work_order where status not in ('done', 'voided')"), Is.GreaterThanOrEqualTo(5_000));
        await NothingClimbs("01900000-0000-7020-8000-%");
        await Execute("update staff set is_demo = false where is_demo"); // whom a desk that is no demo refuses

        await Run(Days, [("Desk__Mode", null)], [("DESK_VOLUME", "5000")]);
    }
}
