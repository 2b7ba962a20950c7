using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rosters;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Voices;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Benchmarks;
using PropertyServiceDesk.Tests.Endpoints;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary>
/// The web client in a real Chromium against the real host: the scripts stand in <c>Web/browser</c> and are run by vitest. Without Chromium
/// (<c>DESK_CHROMIUM</c>) or the built client they are ignored at home and fail in CI.
/// </summary>
[Category("Browser")]
[NonParallelizable] // its host and its Chromium get the machine for themselves
public sealed class BrowserTests : OwnersFixture
{
    private const int Customers = 100_000;

    /// <summary>What three of all the customers' numbers end in, and no other one has.</summary>
    private const string Digits = "036688";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(6);

    private static readonly string Web = Path.Combine(ApiDocument.Checkout(), "Web");

    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration["Desk:Web"] = Path.Combine(Web, "dist");

    private bool peopled;

    [Test]
    [Order(1)]
    public async Task Every_screen_in_both_languages_at_a_desk_and_on_a_phone()
    {
        var chromium = WhatItNeeds();
        await GivenTheTown();
        var owners = await GivenSomethingOnEveryScreen();

        var (exit, words) = await Run(chromium, ["--exclude", "browser/day.test.ts"], new() { ["DESK_OWNERS"] = owners });

        TestContext.Out.WriteLine(words);
        Assert.That(exit, Is.Zero, words);
    }

    [Test]
    [Order(2)]
    public async Task Each_persons_day_with_5000_open_orders()
    {
        var chromium = WhatItNeeds();
        await GivenTheTown();
        await Volume.FillWork(Owner, [Here.CommunityId], Customers, 20_000, openEvery: 2, Clock.GetUtcNow());
        await Execute("update feedback set state = 'toCall', listed_at = @Now where state = 'asked' and feedback_id::text like '%7'", new { Now = Clock.GetUtcNow() });
        Assert.That(await Scalar<long>("select count(*) from work_order where status not in ('done', 'voided')"), Is.GreaterThanOrEqualTo(5_000));

        var (exit, words) = await Run(chromium, ["day"], new() { ["DESK_VOLUME"] = "5000" });

        TestContext.Out.WriteLine(words);
        Assert.That(exit, Is.Zero, words);
    }

    /// <summary>
    /// The time is the browsers' own. 100,000 customers in 5,000 homes, and the few that the scripts know: one with a home, and one with two,
    /// the end of whose number is that of two others.
    /// </summary>
    private async Task GivenTheTown()
    {
        Clock.Set(TimeProvider.System.GetUtcNow());
        if (peopled)
        {
            return;
        }

        peopled = true;
        await Send(Here.System, new MakePlaces(Here.CommunityId, [new(PlaceKind.Building, "9", "9", "9栋", "Building 9")]));
        await Execute(
            """
            insert into place (community_id, place_id, parent_id, kind, code, full_code, name, building_id)
            select b.community_id, gen_random_uuid(), b.place_id, 'home', n::text, '9-' || n, '9栋' || n, b.place_id
            from place b
            cross join generate_series(1, 5000) n
            where b.community_id = @CommunityId and b.full_code = '9'
            """,
            new { Here.CommunityId });
        await Volume.FillPeople(Owner, [Here.CommunityId], Customers);
        await GivenCustomer("李大为", "139 0013 8001", "3-2-1501");
        await GivenCustomer("韩梅梅", "139 00" + Digits, "3-2-1502", "3-2-1601");
        await GivenCustomer("周杰", "138 11" + Digits, "3-2-1602");
        await GivenCustomer("李雷", "137 22" + Digits, "3-2-1501");
    }

    private Task GivenCustomer(string name, string phone, params string[] homes) =>
        Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, name, [new(ContactKind.Phone, phone)], [.. homes.Select(h => new NewOccupancy(Here.Places[h], OccupancyRole.Owner))]));

    /// <summary>So that no screen is looked at while it is empty. What it gives are the addresses of the owners' pages.</summary>
    private async Task<string> GivenSomethingOnEveryScreen()
    {
        var now = Clock.GetUtcNow();
        var (_, returned) = await GivenDispatched();
        await Send(Here.Lead(Crew.Engineering), new ReturnWork(returned, "不是我们组的"));
        var (_, held) = await GivenWorking(priority: Priority.Urgent);
        await Send(Here.Member(Crew.Engineering), new HoldWork(held, HoldReason.Parts, now.AddDays(1), "等水泵"));
        var complaint = await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Complaint, Channel.WalkIn, Here.Category(RequestKind.Complaint, "noise"), "楼上装修", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer));
        await Send(Here.Officer, new NamePersonInCharge(complaint.RequestId, Here.Officer.Id));
        var danger = await GivenRequest(priority: Priority.Danger, text: "有人被困在电梯里");
        var late = await GivenEscalation(danger.RequestId);
        await Execute("update escalation set level = 2 where escalation_id = @EscalationId", new { late.EscalationId });
        var fault = await Send(Here.Clerk, new OpenFault(Here.CommunityId, "3栋停水", ExpectedAt: now.AddHours(4), RequestId: (await GivenRequest(text: "没水了")).RequestId));
        await Send(Here.Clerk, new JoinFault(fault.FaultId, (await GivenRequest(text: "我家也没水")).RequestId));
        var (rated, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(rated, Solved.Yes, 2, "王小明", MadeItFive: "早点来"));
        var (asked, _) = await GivenDone();
        var (called, _) = await GivenDone(priority: Priority.Urgent);
        await Execute("update feedback set state = 'toCall', listed_at = @now where request_id = @called and ended_at is null", new { now, called });
        var voice = await Send(Here.Clerk, new ProposeVoice(rated, "希望楼道灯亮一些", "换了 120 盏灯", "Brighter stairs", "120 new lamps"));
        await Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1));
        await Send(Here.Manager, new PlanShift(Here.CommunityId, Duty.Desk, Here.Clerk.Id, now, now.AddHours(12)));
        await Send(Here.Manager, new PlanLeave(Here.CommunityId, Here.Member(Crew.Engineering, 2).Id, now, now.AddDays(3)));
        var code = await Scalar<string>("select report_code from community where community_id = @CommunityId", new { Here.CommunityId });
        return JsonSerializer.Serialize<string[]>([await LinkOf(asked), await LinkOf(rated), "/r/" + code, "/v/" + code, "/o/nobody"]);
    }

    private static string WhatItNeeds()
    {
        var chromium = Environment.GetEnvironmentVariable("DESK_CHROMIUM");
        var missing = string.IsNullOrEmpty(chromium) || !File.Exists(chromium) ? "DESK_CHROMIUM names no Chromium."
            : !File.Exists(Path.Combine(Web, "dist", "index.html")) || !Directory.Exists(Path.Combine(Web, "node_modules")) ? "The web client is not built: npm ci and npm run build in Web."
            : null;
        if (missing is not null)
        {
            if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
            {
                Assert.Fail(missing);
            }

            Assert.Ignore(missing);
        }

        return chromium!;
    }

    private async Task<(int Exit, string Words)> Run(string chromium, string[] which, Dictionary<string, string> more)
    {
        var names = await Rows<(string Name, Guid Id)>("select sign_in_name, staff_id from staff");
        string[] Account(Guid id) => [names.Single(n => n.Id == id).Name, Town.Password];
        var start = new ProcessStartInfo("node", [Path.Combine(Web, "node_modules", "vitest", "vitest.mjs"), "run", "--config", "browser/vitest.config.ts", .. which])
        {
            WorkingDirectory = Web,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            Environment =
            {
                ["DESK_URL"] = Address.ToString().TrimEnd('/'),
                ["DESK_PEOPLE"] = JsonSerializer.Serialize(new Dictionary<string, string[]> { ["clerk"] = Account(Here.Clerk.Id), ["officer"] = Account(Here.Officer.Id), ["member"] = Account(Here.Member(Crew.Engineering).Id), ["manager"] = Account(Here.Manager.Id), ["lead"] = Account(Here.Lead(Crew.Engineering).Id), ["administrator"] = Account(Here.People["administrator"].Id) }),
                ["DESK_CALLER"] = "13900138001",
                ["DESK_TWO_HOMES"] = JsonSerializer.Serialize(new { digits = Digits, phone = "13900" + Digits, name = "韩梅梅", home = "3-2-1502" }),
                ["DESK_REPORT_CODE"] = await Scalar<string>("select report_code from community where community_id = @CommunityId", new { Here.CommunityId }),
                ["DESK_CHROMIUM"] = chromium,
                ["NO_COLOR"] = "1",
            },
        };
        foreach (var (name, value) in more)
        {
            start.Environment[name] = value;
        }

        using var node = Process.Start(start)!;
        node.StandardInput.Close();
        var words = new StringBuilder();
        node.OutputDataReceived += (_, line) => Add(words, line.Data);
        node.ErrorDataReceived += (_, line) => Add(words, line.Data);
        node.BeginOutputReadLine();
        node.BeginErrorReadLine();
        using var deadline = new CancellationTokenSource(Longest);
        try
        {
            await node.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            node.Kill(entireProcessTree: true);
            Add(words, $"It was not done after {Longest}.");
            return (-1, words.ToString());
        }

        return (node.ExitCode, words.ToString());
    }

    private static void Add(StringBuilder words, string? line)
    {
        lock (words)
        {
            words.AppendLine(line);
        }
    }
}
