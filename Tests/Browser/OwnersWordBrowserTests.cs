using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Tests.Browser;

/// <summary>The owner's pages on a small telephone, and the desk's screens of the same loop.</summary>
public sealed class OwnersWordBrowserTests : BrowserTown
{
    internal static readonly string[] Loop = ["owner", "ringing"];

    private const int Telephones = 4;

    [Test]
    public async Task Owners_on_small_telephones_answer_urge_write_agree_withdraw_and_report_and_the_desk_rings_follows_up_edits_words_and_sends_again()
    {
        BrowserScripts.MustBePossible();
        Clock.Set(TimeProvider.System.GetUtcNow());
        var links = await GivenForOwners();
        await GivenForTheDesk();

        // Where no gateway is set up yet: what owners are to be sent waits.
        await Run(Loop, [("Desk__Mode", "Demo"), ("Desk__Messages__Folder", "")], [("DESK_OWNERS_LINKS", links), ("DESK_RINGING", "1")]);

        await OwnersWereHeard();
        await TheDeskRang();
    }

    private async Task<string> GivenForOwners()
    {
        var links = new List<object>();
        var code = await Scalar<string>("select report_code from community where community_id = @CommunityId", new { Here.CommunityId });
        for (var i = 0; i < Telephones; i++)
        {
            var worked = (await GivenRequest(text: "厨房水管漏水，地板已经湿了")).RequestId;
            var order = (await Send(Here.Clerk, new DispatchWork(worked, [new NewOrder(Crew.Engineering, "换水龙头", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
            await Send(Here.Clerk, new QuoteWork(order, [new QuotedLine("冷热水龙头（铜，带软管）", 1, "套", 168), new QuotedLine("人工", 1.5m, "小时", 60)]));
            var (done, _) = await GivenDone();
            links.Add(new { worked = await LinkOf(worked), done = await LinkOf(done), gone = "/o/" + new string('x', 32), report = "/r/" + code, placed = "/r/qr-" + Here.Lift });
        }

        return JsonSerializer.Serialize(links);
    }

    private async Task GivenForTheDesk()
    {
        foreach (var _ in Enumerable.Range(0, 3))
        {
            var (request, _) = await GivenDone();
            await Execute("update feedback set state = 'toCall', next_check_at = null, listed_at = @Now, listed_why = 'policy' where request_id = @request", new { request, Now = Clock.GetUtcNow() });
        }

        var (unhappy, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(unhappy, Solved.Yes, 2, "王小明", MadeItFive: "两天才来"));
        await Execute("update message set parked_at = @Now, parked_why = 'exhausted', attempts = 8, channel = 'sms' where message_id in (select m.message_id from message m join feedback f on f.request_id = m.request_id where m.template = 'feedbackAsk' and f.state = 'toCall' order by m.message_id limit 2)", new { Now = Clock.GetUtcNow() });
        await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "韩梅梅", [new(ContactKind.Phone, "139 0013 8002")], [new NewOccupancy(Here.Places["3-2-1601"], OccupancyRole.Owner)]));
        foreach (var text in new[] { "楼道灯坏了", "新房装修优惠" })
        {
            await Send(Here.System, new TakeInbound(Here.CommunityId, InboundChannel.Sms, text, "13912340000", null, text, []));
        }
    }

    private async Task OwnersWereHeard()
    {
        Assert.That(await Rows<(string, short, short)>("select made_it_five, satisfaction, recommend from feedback where author_kind = 'owner' order by 1"), Is.EqualTo(new (string, short, short)[] { ("Come earlier", 4, 5), ("Come earlier", 4, 5), ("早点来", 4, 5), ("早点来", 4, 5) }));
        Assert.That(await Scalar<long>("select count(*) from request where status = 'cancelled' and outcome = 'withdrawn'"), Is.EqualTo(Telephones));
        Assert.That(await Scalar<long>("select count(*) from quote where consented_at is not null"), Is.EqualTo(Telephones));
        Assert.That(await Scalar<long>("select count(*) from request where channel in ('web', 'qr') and asset_id = @Lift", new { Here.Lift }), Is.EqualTo(Telephones));
        Assert.That(await Scalar<long>("select count(*) from attachment where visibility = 'owner'"), Is.GreaterThanOrEqualTo(2 * Telephones));
    }

    private async Task TheDeskRang()
    {
        Assert.That(
            await Rows<(string, string, bool)>("select result, coalesce(note, spoke_with, '–'), follow_up_id is not null from call_attempt order by result, 2"),
            Is.EquivalentTo(new[] { ("answered", "王太太", false), ("busy", "下午再试", false), ("noAnswer", "–", true) }));
        Assert.That(await Scalar<long>("select count(*) from feedback where state = 'refused'"), Is.EqualTo(1));
        Assert.That(await Rows<(short, short, string)>("select satisfaction, recommend, made_it_five from feedback where spoke_with = '王太太'"), Is.EqualTo(new (short, short, string)[] { (4, 4, "早点来") }));
        Assert.That(await Rows<Guid?>("select handed_to from feedback where call_after > @Now", new { Now = Clock.GetUtcNow() }), Is.EqualTo(new Guid?[] { Here.Manager.Id }));
        Assert.That(await Rows<string>("select ended_how from follow_up where for_role = 'customerOfficer'"), Is.EqualTo(new[] { "explained" }));
        Assert.That(
            await Rows<(string, string, string, string)>("select language, body, providers -> 0 ->> 'templateId', providers #>> '{0,fields,0,value}' from message_template"),
            Is.EqualTo(new[] { ("en", "Please tell us how {number} went: {link}", "SMS_1", "{number}") }));
        Assert.That(await Scalar<TimeSpan>("select quiet_from from community where community_id = @CommunityId", new { Here.CommunityId }), Is.EqualTo(TimeSpan.FromHours(22)));
        Assert.That((await Send(Here.Clerk, new ListParkedMessages())).Items, Is.Empty);
        Assert.That(await Rows<string>("select what from event where what in ('messageRetried', 'messageDiscarded') order by what"), Is.EqualTo(new[] { "messageDiscarded", "messageRetried" }));
        Assert.That(
            await Rows<(string, string?, string?)>("select i.text, r.reporter_name, r.reporter_phone from inbound_message i left join request r on r.request_id = i.request_id where i.settled_at is not null order by r.request_id nulls last"),
            Is.EqualTo(new (string, string?, string?)[] { ("楼道灯坏了", "李先生", "13912340000"), ("新房装修优惠", null, null) }));
    }
}
