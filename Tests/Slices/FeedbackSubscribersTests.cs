using MediatR;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Where one who listens fails, nothing happened: nobody was asked, nothing is answered, reopened or ended, nobody is told, and the log is as it was. Said again, it is done.</summary>
public sealed class FeedbackSubscribersTests : DeskFixture
{
    private const string Number = "13800138000";

    private const string Everything = """
        select string_agg(x.line, e'\n' order by x.line)
        from (
            select 'request ' || r::text as line from request r
            union all select 'order ' || o::text from work_order o
            union all select 'serves ' || l::text from request_work_order l
            union all select 'feedback ' || f::text from feedback f
            union all select 'call ' || a::text from call_attempt a
            union all select 'follow-up ' || u::text from follow_up u
            union all select 'clock ' || k::text from clock k
            union all select 'message ' || m::text from message m
            union all select 'inbound ' || i::text from inbound_message i
            union all select 'token ' || t::text from search_token t where t.kind = 'request'
            union all select 'log ' || h.community_id::text || h.seq::text from event_head h) x
        """;

    private Actor TheOwner => Actor.OwnerIn(Here.CommunityId, Here.Customer, "王小明");

    private Task<Guid> RoundOf(Guid request) => Scalar<Guid>("select feedback_id from feedback where request_id = @request order by round desc limit 1", new { request });

    private Task Delivered() => Execute("update message set sent_at = @Now, channel = 'sms', attempts = 1 where template like 'feedback%' and sent_at is null", new { Now = Clock.GetUtcNow() });

    private async Task<Guid> GivenAsked(Priority? priority = null)
    {
        var (request, _) = await GivenDone(priority: priority);
        await Delivered();
        return request;
    }

    private async Task<Guid> GivenCalledInVain()
    {
        var request = await GivenAsked();
        foreach (var hours in new[] { 0, 5, 4 })
        {
            Clock.Advance(TimeSpan.FromHours(hours));
            await Send(Here.Clerk, new TryCall(request, Number, CallResult.NoAnswer));
        }

        return request;
    }

    private async Task<Guid> GivenSilent()
    {
        await Execute(
            """
            insert into sla_profile_version (community_id, policy_version_id, version, definition, created_at)
            select v.community_id, gen_random_uuid(), v.version + 1, jsonb_set(v.definition, '{feedback,samplePercent}', '0'), v.created_at
            from sla_profile_version v
            where v.community_id = @CommunityId and not exists (select from sla_profile_version l where l.community_id = v.community_id and l.version > v.version)
            """,
            new { Here.CommunityId });
        var request = await GivenAsked();
        foreach (var days in new[] { 0, 1, 2 })
        {
            Clock.Advance(TimeSpan.FromDays(days));
            await Chase(null, request);
            await Delivered();
        }

        Clock.Advance(TimeSpan.FromDays(2));
        return request;
    }

    private async Task Chase(IServiceProvider? desk, Guid request)
    {
        var chase = new ChaseFeedback(Here.CommunityId, [await RoundOf(request)]);
        await (desk is null ? Send(Here.System, chase) : Send(desk, Here.System, chase));
    }

    private async Task<Guid> GivenFollowUp(Solved solved, short score)
    {
        var request = await GivenAsked();
        await Send(Here.Clerk, new RecordFeedback(request, solved, score, "王小明"));
        return await Scalar<Guid>("select follow_up_id from follow_up where for_role <> 'manager'");
    }

    private static TestCaseData Case(string name, Func<FeedbackSubscribersTests, Task<Func<IServiceProvider, Task>>> given, string says) => new TestCaseData(given, says).SetName(name);

    /// <summary>What is said, and a question that answers yes once it is done.</summary>
    public static IEnumerable<TestCaseData> Moves =>
    [
        Case("An_answer_that_closes", async t => { var r = await t.GivenAsked(); return d => Send(d, t.Here.Clerk, new RecordFeedback(r, Solved.Yes, 5, "王小明", NumberDialled: Number)); }, "select exists (select from request where status = 'closed')"),
        Case("A_low_score", async t => { var r = await t.GivenAsked(); return d => Send(d, t.Here.Clerk, new RecordFeedback(r, Solved.Yes, 1, "王小明")); }, "select exists (select from message where template = 'lowScore')"),
        Case("Not_solved_at_the_desk", async t => { var r = await t.GivenAsked(); return d => Send(d, t.Here.Clerk, new RecordFeedback(r, Solved.No, 1, "王小明")); }, "select exists (select from message where template = 'reworkReported')"),
        Case("Not_solved_from_the_owner", async t => { var f = await t.RoundOf(await t.GivenAsked()); return d => Send(d, t.TheOwner, new AnswerAsOwner(f, Solved.No, 1)); }, "select exists (select from work_order where rework_of_id is not null)"),
        Case("Not_solved_by_a_digit", async t => { await t.GivenAsked(); return d => Send(d, t.TheOwner, new TakeInbound(t.Here.CommunityId, InboundChannel.Sms, "m1", Number, null, "0", [])); }, "select exists (select from inbound_message where kind = 'answer')"),
        Case("Not_fixed_after_all", async t => { var r = await t.GivenAsked(); return d => Send(d, t.Here.Clerk, new ReportNotFixed(r, "王小明", "还漏")); }, "select exists (select from request where rework_count = 1)"),
        Case("A_refusal", async t => { var r = await t.GivenAsked(); return d => Send(d, t.Here.Clerk, new RefuseFeedback(r, "王小明", Number)); }, "select exists (select from feedback where state = 'refused')"),
        Case("Giving_up", async t => { var r = await t.GivenCalledInVain(); return d => Send(d, t.Here.Clerk, new GiveUpCalling(r)); }, "select exists (select from feedback where state = 'unreachable')"),
        Case("Unreachable_by_the_sweep", async t => { var r = await t.GivenCalledInVain(); return d => t.Chase(d, r); }, "select exists (select from feedback where state = 'unreachable')"),
        Case("No_response", async t => { var r = await t.GivenSilent(); return d => t.Chase(d, r); }, "select exists (select from feedback where state = 'noResponse')"),
        Case("The_desk_sends_it_back", async t => { var f = await t.GivenFollowUp(Solved.Partly, 4); return d => Send(d, t.Here.Clerk, new EndFollowUp(f, FollowUpEnding.Rework, "再去一次")); }, "select exists (select from request where rework_count = 1)"),
        Case("The_desk_closes_it", async t => { await t.GivenFollowUp(Solved.Partly, 4); var r = await t.Scalar<Guid>("select request_id from request"); return d => Send(d, t.Here.Clerk, new DecideOnAnswer(r, ClosureDecision.Close, "说明了")); }, "select exists (select from request where status = 'closed')"),
    ];

    [TestCaseSource(nameof(Moves))]
    public Task When_a_subscriber_fails(Func<FeedbackSubscribersTests, Task<Func<IServiceProvider, Task>>> given, string says) => Fails<RequestMoved>(given, says);

    [Test]
    public Task Not_solved_too_late_to_reopen_that_a_subscriber_of_the_new_request_fails_at() => Fails<RequestReceived>(
        async t =>
        {
            var request = await t.GivenAsked();
            await t.Send(t.Here.Clerk, new RefuseFeedback(request, "王小明"));
            t.Clock.Advance(TimeSpan.FromDays(20));
            return d => Send(d, t.Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明", MadeItFive: "还漏"));
        },
        "select count(*) = 2 from request");

    [Test]
    public Task An_ask_that_a_subscriber_of_it_fails_at() => Fails<FeedbackAsked>(
        async t =>
        {
            var (_, order) = await t.GivenWorking();
            return d => Send(d, t.Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));
        },
        "select exists (select from message where template = 'feedbackAsk')");

    [Test]
    public Task The_order_of_a_rework_that_a_subscriber_of_it_fails_at() => Fails<WorkMade>(
        async t =>
        {
            var request = await t.GivenAsked();
            return d => Send(d, t.Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));
        },
        "select exists (select from work_order where rework_of_id is not null)");

    private async Task Fails<T>(Func<FeedbackSubscribersTests, Task<Func<IServiceProvider, Task>>> given, string says)
        where T : INotification
    {
        var say = await given(this);
        var before = await Scalar<string>(Everything);
        var listener = new Told<T> { Fails = true };
        await using var desk = Services(listener.Listen);

        Assert.ThrowsAsync<IOException>(() => say(desk));

        Assert.That(listener.All, Is.Not.Empty, "it was at work already");
        Assert.That(await Scalar<string>(Everything), Is.EqualTo(before));
        Assert.That(await Scalar<bool>(says), Is.False);

        await using var well = Services(_ => { });
        await say(well);
        Assert.That(await Scalar<bool>(says), Is.True);
    }
}
