using NUnit.Framework;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Walls;

/// <summary>What nobody sends but the desk itself: jobs and the import. They too work in one community, and find and change nothing of another.</summary>
public sealed class WorkersWallTests : DeskFixture
{
    /// <summary>Sent by Api for whoever calls it, with ids that it has just read itself, and tried there.</summary>
    private static readonly Type[] OfTheHosts = [typeof(AnswerAsOwner), typeof(FollowProvider), typeof(JoinStaff), typeof(MakeCommunity), typeof(PutIntoDistrict), typeof(TakeInbound)];

    /// <summary>It names nothing.</summary>
    private static readonly Type[] OfNothing = [typeof(RefreshStatistics)];

    private static readonly WaysOut BySms = new(new HashSet<MessageChannel> { MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>());

    private int numbers;

    /// <summary>One thing of each kind in a community, all of it due.</summary>
    private sealed record Due(Guid Order, Guid[] Rounds, Guid[] Clocks, Guid Message, Guid Other, OutgoingMessage[] Leased, Guid Move, Guid LeftBehind, Guid[] Promises);

    /// <summary>The commands that only jobs and the import send, for a community and what is due, as if all of it were its own.</summary>
    private static (Type What, Func<DeskFixture, Actor, Task<object?>> Send)[] All(Guid community, Due due) =>
    [
        Of(new EscalateOverdue(community, [due.Clocks[0]])),
        Of(new PutClockOff(community, due.Clocks[1])),
        Of(new PutRoundOff(community, due.Rounds[0])),
        Of(new ChaseFeedback(community, [due.Rounds[1]])),
        Of(new PutHoldOff(community, due.Order, HoldEnd.WakeUp)),
        Of(new PutHoldOff(community, due.Order, HoldEnd.Limit)),
        Of(new PassHoldLimit(due.Order)),
        Of(new WakeWork(due.Order)),
        Of(new TellOverduePromise(due.Promises[0])),
        Of(new PutPromiseOff(due.Promises[1])),
        Of(new LeaseMessages(community, [due.Message], BySms, TimeSpan.FromMinutes(1))),
        Of(new PutMessageOff(community, due.Other)),
        Of(new MarkMessages(community, [new Attempted(due.Leased[0], Attempt.Taken, due.Leased[0].CreatedAt)], [0])),
        Of(new ParkMessage(community, due.Leased[1].MessageId, due.Leased[1].LeaseId, ParkedWhy.Exhausted)),
        Of(new FetchClocks(community, due.Move, due.LeftBehind)),
        Of(new LeaveClocksBehind(community, due.Move)),
        Of(new MoveClocks(community, due.Move)),
    ];

    private static (Type, Func<DeskFixture, Actor, Task<object?>>) Of<T>(ICommand<T> command) => (command.GetType(), async (desk, actor) => await desk.Send(actor, command));

    [Test]
    public void Every_command_that_nobody_but_the_desk_itself_sends_is_tried_here()
    {
        var nothing = new Due(Guid.Empty, new Guid[2], new Guid[2], Guid.Empty, Guid.Empty, [Leased(), Leased()], Guid.Empty, Guid.Empty, new Guid[2]);
        var tried = All(Guid.Empty, nothing).Select(c => c.What).Concat(OfTheHosts).Concat(OfNothing).Append(typeof(ImportBatch)).Distinct();

        Assert.That(tried, Is.EquivalentTo(RoleTable.Rows.Where(r => r.Writes && r.All == Roles.System).Select(r => r.What)));
    }

    [Test]
    public async Task A_job_in_one_community_finds_and_changes_nothing_of_another()
    {
        var theirs = await GivenAllDue(There);
        var nobodys = new Due(Guid.NewGuid(), [Guid.NewGuid(), Guid.NewGuid()], [Guid.NewGuid(), Guid.NewGuid()], Guid.NewGuid(), Guid.NewGuid(), [Leased(), Leased()], Guid.NewGuid(), Guid.NewGuid(), [Guid.NewGuid(), Guid.NewGuid()]);
        var before = await Everything();
        var wrong = new List<string>();

        // As a job of ours, which took up their ids as its own, and one that named their community.
        foreach (var (foreign, absent, named) in All(Here.CommunityId, theirs).Zip(All(Here.CommunityId, nobodys), All(There.CommunityId, theirs)))
        {
            var (found, missed, entered) = (await Outcome(foreign.Send, Here.System), await Outcome(absent.Send, Here.System), await Outcome(named.Send, Here.System));
            if (found != missed)
            {
                wrong.Add($"{foreign.What.Name}: another's {found}, absent {missed}");
            }

            if (await Everything() != before)
            {
                wrong.Add($"{foreign.What.Name} changed something, and answered {found}, {missed}, {entered}");
                before = await Everything();
            }
        }

        Assert.That(wrong, Is.Empty);

        // That nothing was due would show nothing: their own job does each of them.
        foreach (var (what, send) in All(There.CommunityId, theirs))
        {
            await send(this, There.System);
            var after = await Everything();
            if (after == before)
            {
                wrong.Add($"{what.Name} by their own job did nothing");
            }

            before = after;
        }

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public async Task An_import_for_one_community_is_not_done_by_the_desk_in_another()
    {
        var before = await Everything();

        Assert.That(await Refusal(() => Send(Here.System, new ImportBatch(There.CommunityId, null!, []))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Everything(), Is.EqualTo(before));
    }

    private async Task<string> Outcome(Func<DeskFixture, Actor, Task<object?>> send, Actor actor)
    {
        try
        {
            return System.Text.Json.JsonSerializer.Serialize(await send(this, actor), Json.Options);
        }
        catch (Refused refused)
        {
            return refused.Code;
        }
    }

    private async Task<Due> GivenAllDue(Town town)
    {
        var held = (await GivenRequest(town)).RequestId;
        var order = (await Send(town.Clerk, new DispatchWork(held, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        var member = town.Member(Crew.Engineering);
        await Send(member, new AcceptWork(order));
        await Send(member, new ArriveOnSite(order));
        await Send(member, new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(1)));
        var promises = new List<Guid>();
        for (var i = 0; i < 2; i++)
        {
            promises.Add((await Send(town.Clerk, new MakePromise((await GivenRequest(town)).RequestId, "回电", Clock.GetUtcNow().AddHours(1)))).PromiseId);
        }

        var rounds = new List<Guid>();
        for (var i = 0; i < 4; i++)
        {
            var request = (await Send(town.Clerk, new ReceiveRequest(
                town.CommunityId, RequestKind.Repair, Channel.Phone, town.Category(RequestKind.Repair, "water"), "漏水", PlaceId: town.Places["3-2-1502"], Reporter: new Reporter("李", $"1391234{++numbers:D4}")))).RequestId;
            await Send(town.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
            rounds.Add(await Scalar<Guid>("select feedback_id from feedback where request_id = @request", new { request }));
        }

        var move = Guid.CreateVersion7();
        await Execute(
            """
            insert into clock_move (community_id, clock_move_id, why, version_id, made_at, made_by, expected)
            select @CommunityId, @move, 'profile', policy_version_id, @Now, @Id, 3 from sla_profile_version where community_id = @CommunityId order by version desc limit 1
            """,
            new { town.CommunityId, move, Now = Clock.GetUtcNow(), town.Manager.Id });
        await Send(town.System, new LeaveClocksBehind(town.CommunityId, move));
        var messages = await Rows<Guid>("select message_id from message where community_id = @CommunityId and template = 'feedbackAsk' order by message_id", new { town.CommunityId });
        Clock.Advance(TimeSpan.FromMinutes(5));
        var leased = await Send(town.System, new LeaseMessages(town.CommunityId, [messages[0], messages[1]], BySms, TimeSpan.FromDays(30)));
        Clock.Advance(TimeSpan.FromDays(10));
        var clocks = await Rows<Guid>(
            "select clock_id from clock where community_id = @CommunityId and stopped_at is null and held_at is null and due_at <= @Now and next_check_at <= @Now order by clock_id limit 2", new { town.CommunityId, Now = Clock.GetUtcNow() });
        Assert.That((messages.Count, leased.ToSend.Count, clocks.Count), Is.EqualTo((4, 2, 2)));
        return new Due(order, [.. rounds], [.. clocks], messages[2], messages[3], [.. leased.ToSend], move, await Scalar<Guid>("select subject_id from clock_move_left_behind where clock_move_id = @move", new { move }), [.. promises]);
    }

    private OutgoingMessage Leased() => new(
        Here?.CommunityId ?? Guid.Empty, "here", "这里", Guid.NewGuid(), Guid.NewGuid(), Clock.GetUtcNow(), RecipientKind.Customer, null, "feedbackAsk", "en", MessageChannel.Sms, "13800138000", "x", "x", null, new Dictionary<string, string>(), Clock.GetUtcNow(), 1, 3, [], true);

    /// <summary>Every row of every table that belongs to a community.</summary>
    private async Task<string> Everything() => string.Join('\n', await Rows<string>(
        """
        select c.relname || ' ' || query_to_xml(format('select count(*), md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from %I t', c.relname), false, true, '')::text
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'community_id'
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        order by c.relname
        """));
}
