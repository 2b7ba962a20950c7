using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Benchmarks;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary>What people do on the screens: one town for all scripts, which run one after the other in the order of the vitest configuration.</summary>
public sealed class BrowserTests : BrowserTown
{
    /// <summary>Of what <c>Web/browser</c> has.</summary>
    private static readonly string[] Screens = ["desk", "manager", "officer", "loop", "crew", "crew-away", "live", "typed", "moves"];

    [Test]
    public void Each_script_belongs_to_a_test()
    {
        var there = Directory.EnumerateFiles(Path.Combine(BrowserScripts.Web, "browser"), "*.test.ts").Select(f => Path.GetFileName(f)[..^".test.ts".Length]);

        Assert.That(there, Is.EquivalentTo((string[])[.. Screens, .. AdministrationBrowserTests.Masters, .. KeptOutBrowserTests.Looks, .. DaysBrowserTests.Days, OwnersWordBrowserTests.OwnersScript, OwnersWordBrowserTests.DeskScript]));
    }

    [Test]
    public async Task Every_screen_in_both_languages_at_a_desk_and_on_a_phone()
    {
        BrowserScripts.MustBePossible();
        await GivenTheTown();
        var owners = await GivenSomethingOnEveryScreen();
        await GivenAManagerOfTwoCommunities();

        await Run(Screens, ("DESK_OWNERS", owners));
    }

    private async Task GivenAManagerOfTwoCommunities()
    {
        await Send(There.System, new PutIntoDistrict(There.CommunityId, "south", "南区"));
        var region = await Send(Here.System, new JoinStaff(Here.CommunityId, "region@here", "region", PasswordHash, [Roles.CustomerOfficer], [], IsDemo: true));
        var both = Here.People["administrator"] with { Roles = [new RoleIn(Here.CommunityId, Roles.Administrator), new RoleIn(There.CommunityId, Roles.Administrator)] };
        await Send(both, new GrantDistrictRole("south", region, Roles.Manager));
        Others.Add(("region", region));
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
        var owners = await GivenSomethingOnEveryScreen();

        await Run(Masters, ("DESK_OWNERS", owners));
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

        await Run(Looks, ("DESK_OWNERS", owners));
    }
}

/// <summary>A day of each person where there is much to do, at a desk that <c>./run</c> started: its own Api and Workers, and no time but the machine's.</summary>
public sealed class DaysBrowserTests : BrowserTown
{
    internal static readonly string[] Days = ["day", "day-away"];

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
        await ForGood();
        await using var desk = await RunningDesk.Over(new NpgsqlConnectionStringBuilder(ConnectionString) { MaxPoolSize = 20 }.ConnectionString);

        await Run(Days, desk.Address, ("DESK_VOLUME", "5000"), desk.Words);

        await ItsWorkersWork();
        await desk.CtrlC();
    }

    private async Task ItsWorkersWork()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var went = new { Began = Clock.GetUtcNow(), Jobs = new[] { "escalate-overdue", "chase-feedback", "deliver-messages" } };
        while (await Scalar<long>("select count(*) from job where last_success_at > @Began and job_id = any (@Jobs)", went) < went.Jobs.Length)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Nobody is here for a demo, which a desk that is none refuses; and what is late was told already, since it is to be looked at and not to be caught up with.</summary>
    private Task ForGood() => Execute(
        """
        update staff set is_demo = false where is_demo;
        update clock set next_check_at = @Later where next_check_at < @Later and clock_id::text like '01900000-0000-7020-8000-%';
        """,
        new { Later = Clock.GetUtcNow().AddHours(2) });
}
