using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>One request's time, split by who had it, from its log.</summary>
public sealed class OwnersTimeOfARequestTests : DeskFixture
{
    private static DateTimeOffset Local(int day, int hour, int minute = 0) => new(2026, 3, day, hour, minute, 0, TimeSpan.FromHours(8));

    private async Task<string> Split(Guid request)
    {
        var split = await Send(Here.Clerk, new GetOwnersTime(request));
        Assert.That(split.Parts.Sum(p => p.ElapsedSeconds), Is.EqualTo(split.ElapsedSeconds));
        Assert.That(split.Parts.Sum(p => p.CountedSeconds), Is.EqualTo(split.CountedSeconds));
        return string.Join("; ", split.Parts.Select(p => string.Join(' ', new object?[] { p.Holder, p.Crew, p.Reason, decimal.ToInt64(p.ElapsedSeconds / 60), decimal.ToInt64(p.CountedSeconds / 60) }.OfType<object>())));
    }

    [Test]
    public async Task Dispatch_hold_transfer_and_the_owners_word_each_have_their_part()
    {
        var request = (await GivenRequest()).RequestId;
        Clock.Set(Local(2, 9, 30));
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Environment, "看看")]))).WorkOrders[0].WorkOrderId;
        Clock.Set(Local(2, 10));
        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Engineering], "要修"));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Clock.Set(Local(2, 11));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        Clock.Set(Local(3, 9));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        Clock.Set(Local(3, 10));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        Clock.Set(Local(3, 12));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));
        Clock.Set(Local(9, 9));

        // On hold from 11:00 to 09:00 of the next day; the desk is open until 20:00 and from 08:30.
        Assert.That(await Split(request), Is.EqualTo("Desk 30 30; Crew Engineering 120 120; Crew Environment 30 30; Hold Engineering Parts 1320 570; Feedback 120 120"));
    }

    [Test]
    public async Task Solved_and_then_not_is_a_part_of_its_own_and_the_rework_is_the_crews()
    {
        var (request, _) = await GivenDone();
        Clock.Set(Local(2, 11));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 2, "王小明"));
        Clock.Set(Local(2, 12));

        Assert.That(await Split(request), Is.EqualTo("Crew Engineering 60 60; Reopened 120 120"));
    }

    [Test]
    public async Task A_fault_that_it_was_joined_to_by_mistake_never_had_it()
    {
        var (first, _) = await GivenWorking();
        var fault = (await Send(Here.Clerk, new Domain.Faults.OpenFault(Here.CommunityId, "水泵坏了", RequestId: first))).FaultId;
        var request = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new Domain.Faults.JoinFault(fault, request));
        Clock.Set(Local(2, 11));
        Assert.That(await Split(request), Is.EqualTo("Crew Engineering 120 120"));

        await Send(Here.Clerk, new Domain.Faults.UnJoinRequest(fault, request, "不是这台"));

        Assert.That(await Split(request), Is.EqualTo("Desk 120 120"));
    }

    [Test]
    public async Task The_report_adds_up_many_requests_by_who_had_them_and_lists_those_behind_each_part()
    {
        var (transferred, order) = await GivenDispatched(Crew.Environment);
        Clock.Set(Local(2, 10));
        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Engineering], "要修"));
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        Clock.Set(Local(2, 12));
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Local(4, 9)));
        var (reworked, _) = await GivenDone();
        Clock.Set(Local(2, 13));
        await Send(Here.Clerk, new RecordFeedback(reworked, Solved.No, 2, "王小明"));
        Clock.Set(Local(2, 14));
        await using var services = Services(_ => { });

        var figure = (await Send(Here.Manager, new ReportOwnersTime(new DemandFilter(Here.CommunityId)))).Single();
        var held = (await Send(Here.Manager, new ListOwnersTime(new DemandFilter(Here.CommunityId), Holder: TimeHolder.Hold))).Items;
        var crews = await Send(Here.Manager, new ListOwnersTime(new DemandFilter(Here.CommunityId), Crew: Crew.Engineering, Take: 1));
        var holders = await SlowTime.Holds(Owner, services, Here.Manager, Here.CommunityId);

        Assert.That((figure.Period, figure.Key, figure.Requests), Is.EqualTo((new DateOnly(2026, 3, 1), "", 2L)));
        Assert.That(
            figure.Parts.Select(p => (p.Holder, p.Crew, p.Reason, p.Requests, p.ElapsedSeconds / 3600)),
            Is.EqualTo(new (TimeHolder, Crew?, HoldReason?, long, decimal)[] { (TimeHolder.Crew, Crew.Engineering, null, 2, 3), (TimeHolder.Crew, Crew.Environment, null, 1, 1), (TimeHolder.Hold, Crew.Engineering, HoldReason.Parts, 1, 2), (TimeHolder.Reopened, null, null, 1, 1) }));
        Assert.That(figure.ElapsedSeconds, Is.EqualTo(7 * 3600));
        Assert.That(held.Select(l => (l.RequestId, l.ElapsedSeconds)), Is.EqualTo(new[] { (transferred, 7200m) }));
        Assert.That((crews.Items.Single().RequestId, crews.Next is null), Is.EqualTo((reworked, false)));
        Assert.That(holders, Is.EquivalentTo(new[] { TimeHolder.Crew, TimeHolder.Hold, TimeHolder.Reopened }));
    }

    [Test]
    public async Task A_page_of_the_list_reckons_no_more_than_it_shows_and_all_pages_are_the_whole_list()
    {
        var requests = new List<Guid>();
        for (var i = 0; i < 4; i++)
        {
            var (request, order) = await GivenWorking();
            Clock.Advance(TimeSpan.FromHours(1));
            await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddDays(1)));
            requests.Insert(0, request);
        }

        Clock.Advance(TimeSpan.FromHours(1));
        async Task<List<(Guid, decimal)>> Walk(ListOwnersTime list)
        {
            var (lines, after) = (new List<OwnersTimeLine>(), (string?)null);
            do
            {
                var page = await Send(Here.Manager, list with { After = after });
                lines.AddRange(page.Items);
                after = page.Next;
            }
            while (after is not null);
            return [.. lines.Select(l => (l.RequestId, l.ElapsedSeconds))];
        }

        foreach (var holder in new TimeHolder?[] { null, TimeHolder.Hold, TimeHolder.Feedback })
        {
            var list = new ListOwnersTime(new DemandFilter(Here.CommunityId), Holder: holder, Take: 200);
            var whole = await Walk(list);
            Assert.That(await Walk(list with { Take = 1 }), Is.EqualTo(whole), holder.ToString());
            Assert.That(await Walk(list with { Take = 3 }), Is.EqualTo(whole), holder.ToString());
            Assert.That(whole.Select(l => l.Item1), Is.EqualTo(holder == TimeHolder.Feedback ? [] : requests), holder.ToString());
        }

        await Execute("update event set detail = jsonb_set(detail::jsonb, '{reason}', '\"unheard\"')::json where what = 'workHeld' and subject_id in (select work_order_id from request_work_order where request_id = @oldest)", new { oldest = requests[^1] });
        var first = await Send(Here.Manager, new ListOwnersTime(new DemandFilter(Here.CommunityId), Take: 2));
        Assert.That(first.Items.Select(l => l.RequestId), Is.EqualTo(requests.Take(2)));
        Assert.That(() => Send(Here.Manager, new ReportOwnersTime(new DemandFilter(Here.CommunityId))), Throws.Exception, "which reckons them all");
    }

    [Test]
    public async Task The_report_is_of_the_callers_communities_and_of_a_page_of_fitting_size()
    {
        await GivenDispatched();

        Assert.That(await Send(There.Manager, new ReportOwnersTime(new DemandFilter())), Is.Empty);
        Assert.That(await Refusal(() => Send(There.Manager, new ReportOwnersTime(new DemandFilter(Here.CommunityId)))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReportOwnersTime(new DemandFilter()))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Manager, new ListOwnersTime(new DemandFilter(), Take: 201))), Is.EqualTo("take.out_of_range"));
    }

    [Test]
    public async Task The_time_of_more_than_twenty_thousand_requests_is_not_split_at_once()
    {
        await Execute(
            """
            begin;
            set local session_replication_role = replica;
            insert into request (community_id, request_id, number, kind, channel, category_id, priority, description, reporter_phone, reported_at, registered_at, registered_by)
            select @CommunityId, gen_random_uuid(), 500000000000 + n, 'repair', 'phone', @Category, 'normal', '漏水', '13900001111', @Now, @Now, @By
            from generate_series(1, 20001) n;
            commit;
            """,
            new { Here.CommunityId, Category = Here.Category(RequestKind.Repair, "water"), Now = Clock.GetUtcNow().UtcDateTime, By = Here.Clerk.Id });

        Assert.That(await Refusal(() => Send(Here.Manager, new ReportOwnersTime(new DemandFilter(Here.CommunityId)))), Is.EqualTo("report.too_many_requests"));
        await Execute("begin; set local session_replication_role = replica; delete from request; commit;"); // with its foreign keys it takes seconds
    }

    [Test]
    public async Task Another_communitys_request_is_absent_and_crews_do_not_look()
    {
        var (request, _) = await GivenDispatched();

        Assert.That(await Refusal(() => Send(There.Clerk, new GetOwnersTime(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(Here.Member(Crew.Engineering), new GetOwnersTime(request))), Is.EqualTo("role.not_allowed"));
    }
}
