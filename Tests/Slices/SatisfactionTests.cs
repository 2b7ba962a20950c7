using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>What owners say, counted: with n and the response rate, whose hand wrote it apart, and nothing where nobody answered.</summary>
public sealed class SatisfactionTests : DeskFixture
{
    private static readonly SatisfactionFilter Everything = new();

    private Actor TheOwner => Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明");

    private async Task<Guid> Round(Guid request) => await Scalar<Guid>("select feedback_id from feedback where request_id = @request order by round desc limit 1", new { request });

    [Test]
    public async Task What_owners_enter_and_what_staff_write_down_stand_apart_with_how_many_were_asked()
    {
        var (byOwner, _) = await GivenDone();
        var (byStaff, _) = await GivenDone();
        var (refused, _) = await GivenDone();
        await GivenDone(); // is open still
        await Send(TheOwner, new AnswerAsOwner(await Round(byOwner), Solved.Yes, 5, 4));
        await Send(Here.Clerk, new RecordFeedback(byStaff, Solved.Yes, 2, "王小明", MadeItFive: "鞋套"));
        await Send(Here.Clerk, new RefuseFeedback(refused, "王小明"));

        var all = (await Send(Here.Manager, new ReportSatisfaction(Everything))).Single();

        Assert.That((all.Rounds, all.Asked, all.Open, all.Answered, all.Refused, all.ResponseRate), Is.EqualTo((4L, 3L, 1L, 2L, 1L, (decimal?)0.6667m)));
        Assert.That((all.SatisfactionByOwner, all.ScoresByOwner, all.SatisfactionByStaff, all.ScoresByStaff), Is.EqualTo(((decimal?)5m, 1L, (decimal?)2m, 1L)));
        Assert.That((all.RecommendByOwner, all.RecommendByStaff, all.RecommendsByStaff), Is.EqualTo(((decimal?)4m, (decimal?)null, 0L)));
        var below = (await Send(Here.Manager, new ListRatings(Everything, Which: RatedWhich.BelowFive))).Items.Single();
        Assert.That((below.RequestId, below.MadeItFive, below.Author), Is.EqualTo((byStaff, "鞋套", (AnswerAuthor?)AnswerAuthor.Staff)));
    }

    [Test]
    public async Task Where_nobody_answered_there_is_no_figure()
    {
        var (request, _) = await GivenDone();
        await Send(Here.Clerk, new RefuseFeedback(request, "王小明"));

        var all = (await Send(Here.Manager, new ReportSatisfaction(Everything, SatisfactionBy.Crew))).Single();

        Assert.That((all.Key, all.SatisfactionByOwner, all.SatisfactionByStaff, all.RecommendByOwner, all.ResponseRate), Is.EqualTo(("engineering", (decimal?)null, (decimal?)null, (decimal?)null, (decimal?)0m)));
        Assert.That(await Send(Here.Manager, new ReportSatisfaction(new SatisfactionFilter(From: Clock.GetUtcNow().AddDays(1)))), Is.Empty);
    }

    [Test]
    public async Task What_came_back_is_counted_once_and_what_needed_a_second_visit_was_not_fixed_at_first()
    {
        var (back, _) = await GivenDone();
        await Send(Here.Clerk, new RecordFeedback(back, Solved.No, 1, "王小明"));
        var (_, held) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(held, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Member(Crew.Engineering), new ResumeWork(held));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(held, "好了"));
        await GivenDone();
        var (_, passedOn) = await GivenWorking(); // held there, handed over, and come to again
        await Send(Here.Member(Crew.Engineering), new HoldWork(passedOn, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
        await TakenOver(passedOn);
        var (_, onTheWay) = await GivenDispatched(); // nobody had arrived when it was held
        await Send(Here.Member(Crew.Engineering), new AcceptWork(onTheWay));
        await Send(Here.Member(Crew.Engineering), new HoldWork(onTheWay, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
        await TakenOver(onTheWay);

        var all = (await Send(Here.Manager, new ReportSatisfaction(Everything))).Single();

        Assert.That((all.Worked, all.CameBack, all.FixedAtFirst, all.ReworkRate, all.FirstTimeFixRate), Is.EqualTo((5L, 1L, 2L, (decimal?)0.2m, (decimal?)0.4m)));
        Assert.That((await Send(Here.Manager, new ListRatings(Everything, Which: RatedWhich.CameBack))).Items.Select(i => i.RequestId), Is.EqualTo(new[] { back }));
    }

    private async Task TakenOver(Guid order)
    {
        var next = Here.Member(Crew.Engineering, 2);
        Clock.Advance(TimeSpan.FromHours(1));
        await Send(Here.Member(Crew.Engineering), new AssignWork(order, next.Id));
        await Send(next, new AcceptWork(order));
        await Send(next, new ArriveOnSite(order));
        await Send(next, new CompleteWork(order, "好了"));
    }

    [Test]
    public async Task Another_community_is_not_in_it_and_clerks_are_not_asked()
    {
        await GivenRequest(There);

        Assert.That(await Send(Here.Manager, new ReportSatisfaction(Everything)), Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new ReportSatisfaction(new SatisfactionFilter(There.CommunityId)))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ReportSatisfaction(Everything))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Manager, new ListRatings(Everything, Take: 0))), Is.EqualTo("take.out_of_range"));
    }
}
