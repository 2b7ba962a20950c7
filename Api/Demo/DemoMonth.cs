using System.Text.Json;
using Bogus;
using MediatR;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Api.Demo;

/// <summary>What people say, and what is said when it is done.</summary>
/// <param name="Where">home, common, parking, or the kind of an asset.</param>
/// <param name="Paid">What the owner pays, for work that the owner pays.</param>
/// <param name="Photos">The category demands photos.</param>
internal sealed record DemoText(
    RequestKind Kind, string Category, int Weight, string Where, IReadOnlyList<string> Zh, IReadOnlyList<string> En, string DoneZh, string DoneEn, decimal? Paid = null, bool Photos = false, bool Confidential = false)
{
    public static IReadOnlyList<DemoText> All { get; } = Read();

    private static List<DemoText> Read()
    {
        using var file = typeof(DemoText).Assembly.GetManifestResourceStream("demo/requests.json")!;
        return JsonSerializer.Deserialize<List<DemoText>>(file, Json.Options)!;
    }
}

/// <summary>What becomes of a request.</summary>
internal enum DemoTurn
{
    Plain,
    Held,
    Returned,
    Transferred,
    Voided,
    TwoCrews,
    NotSolved,
    LowScore,
    Partly,

    /// <summary>The owner says nothing until somebody rings, days later.</summary>
    Silent,
    Withdrawn,

    /// <summary>The owner presses, and gets a promise.</summary>
    Urged,

    /// <summary>Called, and does not want to rate.</summary>
    Refuses,

    /// <summary>Called three times, and nobody is there.</summary>
    Unreachable,

    /// <summary>The first call reached nobody; the next one does.</summary>
    ToCall,
}

/// <summary>
/// A month in one community. Every request is a story that sends the commands which people would send, and says when it goes on; the
/// stories are told in the order of time, so that the log is as if it had been typed. What is not over at the end stays open.
/// </summary>
internal sealed class DemoMonth(DemoTown town, DemoDesk desk, DateTimeOffset end, CancellationToken ct)
{
    private const int Days = 31;
    private static readonly TimeOnly Opens = new(8, 30);
    private static readonly TimeOnly Closes = new(20, 0);

    private readonly DemoText[] texts = [.. DemoText.All.Where(t => !t.Photos)];

    private int received;

    public static DateTimeOffset Begin(DateTimeOffset end) => end.AddDays(-Days - 1);

    /// <returns>How many requests there are.</returns>
    public async Task<int> Play()
    {
        var stories = new PriorityQueue<IAsyncEnumerator<DateTimeOffset>, (DateTimeOffset At, int Order)>();
        var told = 0;
        foreach (var (start, story) in Stories())
        {
            stories.Enqueue(story.GetAsyncEnumerator(ct), (start, told++));
        }

        var order = told;
        while (stories.TryDequeue(out var story, out var due))
        {
            if (due.At <= end)
            {
                desk.Clock.MoveTo(due.At);
                if (await story.MoveNextAsync())
                {
                    stories.Enqueue(story, (story.Current, order++));
                    continue;
                }
            }

            await story.DisposeAsync();
        }

        return received;
    }

    private IEnumerable<(DateTimeOffset Start, IAsyncEnumerable<DateTimeOffset> Story)> Stories()
    {
        var random = new Randomizer(town.Plan.Seed);
        for (var i = 0; i < town.Plan.Requests; i++)
        {
            var own = new Randomizer(random.Int());
            var text = own.WeightedRandom(texts, [.. texts.Select(t => (float)t.Weight / texts.Sum(x => x.Weight))]);
            var day = DateOnly.FromDateTime(town.Local(end).Date).AddDays(-own.Int(0, Days - 1));
            var urgent = text.Category is "lift.trapped" or "water.burst" or "gas.leak" or "power.outage" or "noise.neighbour" || own.Int(1, 20) == 1;
            var time = urgent ? new TimeOnly(own.Int(0, 23), own.Int(0, 59), own.Int(0, 59)) : Opens.Add(TimeSpan.FromSeconds(own.Int(60, 41000)));
            var start = town.At(day, time);
            if (start <= end)
            {
                yield return (start, Story(text, own, own.WeightedRandom(Turns.Keys.ToArray(), Turns.Values.ToArray()), null));
            }
        }

        // What troubles many: twice in the month, and once now.
        foreach (var (days, category, goesOn) in new[] { (17, "common-area.pump", false), (6, "lift.stopped", false), (0, "lift.stopped", true) })
        {
            var own = new Randomizer(town.Plan.Seed + 2000 + days);
            yield return (DaytimeBefore(end.AddDays(-days).AddHours(-4)), Mass(texts.First(t => t.Category == category), 3 + own.Int(0, town.Plan.Homes / 40), own, goesOn));
        }

        // Whatever the hour of the load: one request and one order in each state that waits for somebody.
        foreach (var stay in Enum.GetValues<DemoStay>())
        {
            var own = new Randomizer(town.Plan.Seed + 1000 + (int)stay);
            var text = texts.First(t => t.Category == (stay == DemoStay.Waiting ? "water.leak" : stay == DemoStay.Working ? "common-area.lighting" : "power.intercom"));
            var turn = stay switch
            {
                DemoStay.Waiting => DemoTurn.TwoCrews,
                DemoStay.Unassigned => DemoTurn.Returned,
                DemoStay.OnHold => DemoTurn.Held,
                DemoStay.Voided => DemoTurn.Voided,
                DemoStay.Cancelled => DemoTurn.Withdrawn,
                DemoStay.ToCall => DemoTurn.ToCall,
                DemoStay.Refused => DemoTurn.Refuses,
                DemoStay.Unreachable => DemoTurn.Unreachable,
                _ => DemoTurn.Silent,
            };
            var days = stay is DemoStay.ToCall or DemoStay.Refused or DemoStay.Unreachable ? 6 : 0; // calls come later
            yield return (DaytimeBefore(end.AddDays(-days).AddHours(-5).AddMinutes(-own.Int(0, 120))), Story(text, own, turn, stay));
        }
    }

    private static readonly Dictionary<DemoTurn, float> Turns = new()
    {
        [DemoTurn.Plain] = 0.42f,
        [DemoTurn.Held] = 0.09f,
        [DemoTurn.Returned] = 0.04f,
        [DemoTurn.Transferred] = 0.04f,
        [DemoTurn.Voided] = 0.02f,
        [DemoTurn.TwoCrews] = 0.05f,
        [DemoTurn.NotSolved] = 0.04f,
        [DemoTurn.LowScore] = 0.04f,
        [DemoTurn.Partly] = 0.03f,
        [DemoTurn.Silent] = 0.08f,
        [DemoTurn.Withdrawn] = 0.03f,
        [DemoTurn.Urged] = 0.05f,
        [DemoTurn.Refuses] = 0.03f,
        [DemoTurn.Unreachable] = 0.02f,
        [DemoTurn.ToCall] = 0.02f,
    };

    private IAsyncEnumerable<DateTimeOffset> Story(DemoText text, Randomizer random, DemoTurn turn, DemoStay? stay) => (text.Kind, text.Category) switch
    {
        (RequestKind.Repair, _) => Repair(text, random, turn, stay),
        (RequestKind.Complaint, _) => Complaint(text, random, turn),
        (RequestKind.Inquiry, _) => Inquiry(text, random),
        _ => Thanked(text, random),
    };

    private async IAsyncEnumerable<DateTimeOffset> Repair(DemoText text, Randomizer random, DemoTurn turn, DemoStay? stay)
    {
        var told = await Receive(text, random, mustAsk: stay is not null);
        if (stay == DemoStay.Received)
        {
            yield break;
        }

        yield return In(random, 1, IsUrgent(text) ? 3 : 12);
        if (turn == DemoTurn.Withdrawn)
        {
            await Send(Clerk, new CancelRequest(told.Request.RequestId, CancelledAs.Withdrawn, town.Plan.Say("业主来电说已自行解决", "The owner called: it is solved")));
            yield break;
        }

        var crew = CrewOf(text);
        var lift = text.Category.StartsWith("lift.", StringComparison.Ordinal) && turn is not (DemoTurn.TwoCrews or DemoTurn.Returned or DemoTurn.Transferred) && random.Bool();
        var what = town.Plan.Say("上门查看并处理", "Look at it and put it right");
        if (turn == DemoTurn.Voided)
        {
            var mistaken = (await Send(Clerk, new DispatchWork(told.Request.RequestId, [new NewOrder(crew, what)]))).WorkOrders[0];
            yield return In(random, 5, 30);
            await Send(Clerk, new VoidWork(mistaken.WorkOrderId, town.Plan.Say("业主来电说已自行处理一部分，重新派单", "The caller explained it differently; dispatched again")));
            if (stay == DemoStay.Voided)
            {
                yield break;
            }

            yield return In(random, 2, 10);
        }

        NewOrder[] orders = turn == DemoTurn.TwoCrews
            ? [new NewOrder(crew, what), new NewOrder(crew == Crew.Environment ? Crew.Security : Crew.Environment, town.Plan.Say("维修后清洁现场", "Clean up afterwards"), WaitsForOrder: 0, Payer: Payer.Free)]
            : [new NewOrder(crew, what, lift ? town.LiftMaintainer : null)];
        var made = (await Send(Clerk, new DispatchWork(told.Request.RequestId, orders))).WorkOrders;
        Guid? promised = null;
        if (turn == DemoTurn.Urged)
        {
            yield return In(random, 20, 60);
            await Send(Clerk, new UrgeRequest(told.Request.RequestId, town.Plan.Say("业主问师傅什么时候到", "The owner asks when somebody will come")));
            promised = (await Send(Clerk, new MakePromise(told.Request.RequestId, town.Plan.Say("两小时内到场", "Somebody will be there within two hours"), desk.Now.AddHours(2)))).PromiseId;
            await Send(Clerk, new NoteOnRequest(told.Request.RequestId, town.Plan.Say("家里有老人，请尽快", "There is an elderly person at home"), Visibility.Crew));
        }

        for (var i = 0; i < made.Count; i++)
        {
            await foreach (var at in Work(made[i].WorkOrderId, orders[i].Crew, lift, text, random, i == 0 ? turn : DemoTurn.Plain, stay, i == 0 ? text.Paid : null))
            {
                if (at == DateTimeOffset.MaxValue)
                {
                    yield break;
                }

                yield return at;
            }

            if (promised is { } promise)
            {
                await Send(Clerk, new KeepPromise(told.Request.RequestId, promise));
                promised = null;
            }
        }

        await foreach (var at in CallBack(told, text, crew, random, turn, stay))
        {
            yield return at;
        }
    }

    private async IAsyncEnumerable<DateTimeOffset> Complaint(DemoText text, Randomizer random, DemoTurn turn)
    {
        var told = await Receive(text, random);
        yield return In(random, 5, 40);
        await Send(Officer, new NamePersonInCharge(told.Request.RequestId, town.Post(text.Confidential || random.Bool() ? "officer" : "manager").Id));
        yield return Daytime(In(random, 30, 240));
        await Send(Officer, new GiveFirstReply(told.Request.RequestId, town.Plan.Say("已收到您的投诉，由专人跟进，三日内答复", "We have your complaint; somebody is in charge and will answer within three days")));
        if (random.Int(1, 10) <= 4)
        {
            yield return Daytime(In(random, 60, 600));
            await Send(Officer, new AnswerRequest(told.Request.RequestId, random.Bool() ? AnswerKind.Answered : AnswerKind.Explained, Done(text)));
        }
        else
        {
            var crew = CrewOf(text);
            var made = (await Send(Clerk, new DispatchWork(told.Request.RequestId, [new NewOrder(crew, town.Plan.Say("核实投诉并整改", "Look into it and put it right"))]))).WorkOrders[0];
            await foreach (var at in Work(made.WorkOrderId, crew, false, text, random, DemoTurn.Plain, null))
            {
                yield return at;
            }
        }

        if (told.Asked && random.Bool())
        {
            yield return In(random, 30, 200); // before anybody calls
            await Send(Officer, new GiveWrittenReply(told.Request.RequestId, Done(text), Channel.Letter));
        }

        await foreach (var at in CallBack(told, text, CrewOf(text), random, turn))
        {
            yield return at;
        }
    }

    private async IAsyncEnumerable<DateTimeOffset> Inquiry(DemoText text, Randomizer random)
    {
        var told = await Receive(text, random);
        if (random.Int(1, 10) <= 7)
        {
            yield return In(random, 1, 5);
            await Send(Clerk, new AnswerRequest(told.Request.RequestId, AnswerKind.Answered, Done(text), OnTheSpot: true));
            yield break;
        }

        yield return Daytime(In(random, 40, 300));
        await Send(Clerk, new AnswerRequest(told.Request.RequestId, random.Int(1, 4) == 1 ? AnswerKind.Referred : AnswerKind.Answered, Done(text)));
        await foreach (var at in CallBack(told, text, CrewOf(text), random, random.Bool() ? DemoTurn.Plain : DemoTurn.Silent))
        {
            yield return at;
        }
    }

    private async IAsyncEnumerable<DateTimeOffset> Thanked(DemoText text, Randomizer random)
    {
        var told = await Receive(text, random);
        yield return Daytime(In(random, 600, 3000));
        await Send(Officer, new AnswerRequest(told.Request.RequestId, AnswerKind.Answered, Done(text)));
    }

    /// <summary>A fault that many report: they join it, are told when it should be over, and are asked once each. One was another lift; one is not fixed.</summary>
    private async IAsyncEnumerable<DateTimeOffset> Mass(DemoText text, int others, Randomizer random, bool goesOn)
    {
        var machine = random.ListItem([.. town.Machines.Where(m => m.Kind == text.Where)]);
        var told = new List<Told> { await Receive(text, random, mustAsk: true, machine) };
        yield return In(random, 2, 5);
        var fault = (await Send(Clerk, new OpenFault(town.CommunityId, random.ListItem([.. town.Plan.English ? text.En : text.Zh]), RequestId: told[0].Request.RequestId))).FaultId;
        var order = (await Send(Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, town.Plan.Say("立即到场抢修", "Go there at once"))]))).WorkOrders[0].WorkOrderId;
        for (var i = 0; i < others; i++)
        {
            yield return In(random, 1, 4);
            told.Add(await Receive(text, random, mustAsk: true, machine));
            await Send(Clerk, new JoinFault(fault, told[^1].Request.RequestId));
        }

        await Send(Clerk, new SetExpectedTime(fault, desk.Now.AddHours(4), (await Send(Clerk, new GetFault(fault))).Fault.Version));
        yield return In(random, 2, 6);
        var mistaken = told[^1];
        told.Remove(mistaken);
        await Send(Clerk, new UnJoinRequest(fault, mistaken.Request.RequestId, town.Plan.Say("业主说的是另一台", "The caller meant another one")));
        yield return In(random, 2, 20);
        await Send(Clerk, new AnswerRequest(mistaken.Request.RequestId, AnswerKind.Answered, town.Plan.Say("该设备正在例行保养，一小时后恢复", "That one is being serviced and back in an hour")));
        await foreach (var at in Work(order, Crew.Engineering, false, text, random, DemoTurn.Plain, goesOn ? DemoStay.Working : null))
        {
            if (at == DateTimeOffset.MaxValue)
            {
                yield break;
            }

            yield return at;
        }

        yield return Daytime(In(random, 30, 120));
        await Send(Clerk, new EndFault(fault, Done(text)));
        var not = told[^1];
        told.Remove(not);
        await Send(Clerk, new SplitOffRequest(fault, not.Request.RequestId, not.Name, town.Plan.Say("我这里还是不行", "Mine is still not right")));
        foreach (var again in (await Send(Clerk, new GetRequest(not.Request.RequestId))).WorkOrders.Where(o => o.ReworkOfId is not null))
        {
            await foreach (var at in Work(again.WorkOrderId, again.Crew, false, text, random, DemoTurn.Plain, null))
            {
                yield return at;
            }
        }

        yield return Daytime(In(random, 600, 1200));
        Told[] all = [.. told, mistaken, not];
        foreach (var one in all)
        {
            await Send(Clerk, Feedback(one, Solved.Yes, (short)random.Int(3, 5), random));
            yield return In(random, 2, 6);
        }

        yield return Daytime(In(random, 60, 300));
        foreach (var one in all)
        {
            await FollowUp(one);
        }
    }

    /// <summary>One order, from the dispatch to its completion. <see cref="DateTimeOffset.MaxValue"/> says that the story ends here.</summary>
    private async IAsyncEnumerable<DateTimeOffset> Work(Guid order, Crew crew, bool external, DemoText text, Randomizer random, DemoTurn turn, DemoStay? stay, decimal? paid = null)
    {
        var soon = IsUrgent(text);
        if (stay == DemoStay.Dispatched)
        {
            yield return DateTimeOffset.MaxValue;
        }

        yield return Soon(random, soon, 2, 25);
        if (turn == DemoTurn.Returned)
        {
            await Send(town.Lead(crew), new ReturnWork(order, town.Plan.Say("需先由前台与业主确认时间", "The desk should agree a time with the owner first")));
            if (stay == DemoStay.Unassigned)
            {
                yield return DateTimeOffset.MaxValue;
            }

            yield return Soon(random, soon, 10, 60);
            await Send(Clerk, new SendWork(order, town.Teams[crew]));
            yield return Soon(random, soon, 2, 20);
        }

        if (turn == DemoTurn.Transferred)
        {
            var other = crew == Crew.Engineering ? Crew.Security : Crew.Engineering;
            await Send(town.Lead(crew), new TransferWork(order, town.Teams[other], town.Plan.Say("不属于本组职责，转相关班组", "Not our trade")));
            crew = other;
            yield return Soon(random, soon, 2, 20);
        }

        var worker = external ? Clerk : town.Member(crew, desk.Now, random.Int(0, 9));
        switch (external ? 0 : random.Int(0, 2))
        {
            case 0:
                await Send(worker, new AcceptWork(order));
                break;
            case 1:
                await Send(worker, new ClaimWork(order));
                break;
            default:
                await Send(town.Lead(crew), new AssignWork(order, worker.Id));
                yield return Soon(random, soon, 1, 10);
                await Send(worker, new AcceptWork(order));
                break;
        }

        if (stay == DemoStay.Accepted)
        {
            yield return DateTimeOffset.MaxValue;
        }

        yield return Soon(random, soon, 8, 90);
        await Send(external ? Clerk : worker, new ArriveOnSite(order));
        if (soon)
        {
            yield return In(random, 4, 25);
            await Send(external ? Clerk : worker, new ReachMilestone(order, text.Category is "lift.trapped" or "gas.leak" or "power.sparks" or "common-area.manhole" ? WorkMilestone.Safe : WorkMilestone.Controlled));
        }

        if (paid is { } price)
        {
            yield return In(random, 2, 15);
            var quote = await Send(worker, new QuoteWork(order, [new QuotedLine(town.Plan.Say("上门人工", "Labour"), 1, town.Plan.Say("次", "visit"), 30m), new QuotedLine(town.Plan.Say("材料", "Material"), 1, town.Plan.Say("套", "set"), price - 30m)]));
            yield return In(random, 1, 10);
            await Send(worker, new ConsentToQuote(order, quote.QuoteId, town.Plan.Say("业主", "the owner"), price, Channel.WalkIn));
        }

        if (turn == DemoTurn.Held)
        {
            yield return Soon(random, soon, 10, 40);
            var reason = stay == DemoStay.OnHold ? HoldReason.Parts : random.Enum<HoldReason>(HoldReason.Other);
            var wake = Daytime(desk.Now.AddHours(random.Int(20, 50)));
            await Send(external ? Clerk : worker, new HoldWork(order, reason, wake, Note(reason), reason == HoldReason.Customer ? HoldEvidence.Call : null, reason == HoldReason.Customer ? desk.Now : null));
            if (stay == DemoStay.OnHold)
            {
                yield return DateTimeOffset.MaxValue;
            }

            yield return wake.AddMinutes(random.Int(0, 30));
            await Send(external ? Clerk : worker, new ResumeWork(order));
        }

        if (stay is DemoStay.Working or DemoStay.Waiting)
        {
            yield return DateTimeOffset.MaxValue;
        }

        yield return Soon(random, soon, 15, 150);
        await Send(external ? Clerk : worker, new CompleteWork(order, Done(text), random.Int(1, 3) == 1 ? town.Plan.Say("老化", "Wear") : null, FinalAmount: paid));
    }

    /// <summary>The owner's answer, on the telephone, by somebody who did not do the work.</summary>
    private async IAsyncEnumerable<DateTimeOffset> CallBack(Told told, DemoText text, Crew crew, Randomizer random, DemoTurn turn, DemoStay? stay = null)
    {
        if (!told.Asked)
        {
            yield break;
        }

        yield return Daytime(turn == DemoTurn.Silent ? In(random, 2900, 4300) : In(random, 240, 1500));
        var dial = told.Phone!;
        if (turn is DemoTurn.Refuses or DemoTurn.ToCall or DemoTurn.Unreachable or DemoTurn.Silent && (await Send(Clerk, new GetRequest(told.Request.RequestId))).Feedback is not [.., { State: FeedbackState.Asked }])
        {
            yield break; // nobody asks them: they are not in the sample, or were asked often enough
        }

        switch (turn)
        {
            case DemoTurn.Refuses:
                await Send(await Ringing(told), new RefuseFeedback(told.Request.RequestId, told.Name, dial, town.Plan.Say("在忙，不评价", "Busy, does not want to rate")));
                yield break;
            case DemoTurn.ToCall or DemoTurn.Unreachable:
                await Send(await Ringing(told), new TryCall(told.Request.RequestId, dial, CallResult.NoAnswer));
                if (stay == DemoStay.ToCall)
                {
                    yield break;
                }

                if (turn == DemoTurn.ToCall)
                {
                    yield return Daytime(In(random, 1440, 2400));
                    break;
                }

                foreach (var (day, hour, result) in new[] { (1, 10, CallResult.Busy), (1, 15, CallResult.NoAnswer), (2, 18, CallResult.NoAnswer) })
                {
                    yield return town.At(DateOnly.FromDateTime(town.Local(desk.Now).Date).AddDays(day == 1 && hour == 15 ? 0 : 1), new TimeOnly(hour, random.Int(0, 59), random.Int(0, 59)));
                    await Send(await Ringing(told), new TryCall(told.Request.RequestId, dial, result));
                }

                yield return In(random, 1, 5);
                await Send(await Ringing(told), new GiveUpCalling(told.Request.RequestId, town.Plan.Say("多次致电无人接听", "Rang several times, nobody answered")));
                yield break;
        }

        var (solved, score) = turn switch
        {
            DemoTurn.NotSolved => (Solved.No, (short)random.Int(1, 2)),
            DemoTurn.LowScore => (Solved.Yes, (short)random.Int(1, 2)),
            DemoTurn.Partly => (Solved.Partly, (short)3),
            _ => (Solved.Yes, (short)random.Int(4, 5)),
        };
        await Send(await Ringing(told), Feedback(told, solved, score, random));
        if (score <= 3)
        {
            yield return Daytime(In(random, 30, 240));
            await FollowUp(told);
        }

        if (solved == Solved.Partly && random.Bool())
        {
            yield return Daytime(In(random, 60, 300));
            await Send(Officer, new DecideOnAnswer(told.Request.RequestId, ClosureDecision.Close, town.Plan.Say("剩余部分另行报修", "The rest is reported anew")));
        }

        if (solved != Solved.No)
        {
            yield break;
        }

        var again = (await Send(Clerk, new GetRequest(told.Request.RequestId))).WorkOrders.Where(o => o.ReworkOfId is not null).ToArray();
        if (again.Length == 0)
        {
            yield return Daytime(In(random, 60, 300));
            await Send(Officer, new AnswerRequest(told.Request.RequestId, AnswerKind.Explained, Done(text)));
        }

        foreach (var order in again)
        {
            await foreach (var at in Work(order.WorkOrderId, order.Crew, order.TeamId == town.LiftMaintainer, text, random, DemoTurn.Plain, null))
            {
                yield return at;
            }
        }

        yield return Daytime(In(random, 240, 1200));
        await Send(await Ringing(told), Feedback(told, Solved.Yes, (short)random.Int(3, 5), random));
        yield return Daytime(In(random, 30, 240));
        await FollowUp(told);
    }

    /// <summary>Who gave a bad score is rung by whoever it was given to; the manager reads it.</summary>
    private async Task FollowUp(Told told)
    {
        var inCharge = (await Send(Clerk, new GetRequest(told.Request.RequestId))).Request.InChargeId;
        foreach (var who in new[] { Clerk, Officer, town.Post("manager") })
        {
            foreach (var due in (await Send(who, new ListFollowUps(town.CommunityId, Take: 200))).Items.Where(f => f.RequestId == told.Request.RequestId && (f.ForRole == Roles.Manager || who.Id != inCharge)))
            {
                await Send(who, due.ForRole == Roles.Manager
                    ? new EndFollowUp(due.FollowUpId, FollowUpEnding.Noted, town.Plan.Say("已阅，例会上讲", "Read; it goes into the weekly meeting"))
                    : new EndFollowUp(due.FollowUpId, FollowUpEnding.CalledBack, town.Plan.Say("已致电致歉，说明原因", "Rang, apologised and said why"), told.Name, told.Phone));
            }
        }
    }

    /// <summary>Whoever is at the desk; but not who is in charge of it.</summary>
    private async Task<Actor> Ringing(Told told)
    {
        var inCharge = (await Send(Clerk, new GetRequest(told.Request.RequestId))).Request.InChargeId;
        return new[] { Clerk, Officer, town.Post("manager") }.First(a => a.Id != inCharge);
    }

    private RecordFeedback Feedback(Told told, Solved solved, short score, Randomizer random) => new(
        told.Request.RequestId,
        solved,
        score,
        told.Name,
        random.Bool() ? score : null,
        score == 5 ? null : (solved, random.Int(0, 1)) switch
        {
            (Solved.No, _) => town.Plan.Say("第二天又开始漏了", "It was back the next day"),
            (_, 0) => town.Plan.Say("来之前先打个电话", "A call before coming"),
            _ => town.Plan.Say("再快一点就好了", "A little sooner"),
        },
        told.Phone);

    /// <summary>Who said it, and whether they will be asked.</summary>
    private sealed record Told(RequestReply Request, string Name, string? Phone, bool Asked);

    private async Task<Told> Receive(DemoText text, Randomizer random, bool mustAsk = false, DemoAsset? machine = null)
    {
        received++;
        var who = random.ListItem([.. town.People.Where(p => !mustAsk || !p.OptedOut)]);
        var kind = text.Where is "lift" or "gate" or "pump" ? text.Where : null;
        var asset = machine ?? (kind is null ? null : random.ListItem([.. town.Machines.Where(m => m.Kind == kind)]));
        Guid? place = text.Where switch
        {
            "home" => who.HomeId,
            "parking" => random.ListItem([.. town.Spaces]),
            "common" => random.ListItem([.. town.Commons]),
            _ => null,
        };
        var common = text.Where != "home";
        var patrol = !mustAsk && common && text.Kind == RequestKind.Repair && random.Int(1, 8) == 1;
        var channel = patrol ? Channel.Staff : random.WeightedRandom(Channels.Keys.ToArray(), Channels.Values.ToArray());
        channel = channel == Channel.Qr && asset is null ? Channel.WeChat : channel;
        var unknown = !patrol && common && random.Int(1, 6) == 1;
        var reporter = unknown ? new Reporter(Phone: who.Phone) : null;
        var now = desk.Now;
        var home = text is { Where: "home", Kind: RequestKind.Repair } && random.Int(1, 6) == 1 && !text.Category.StartsWith("gas", StringComparison.Ordinal);
        var tomorrow = DateOnly.FromDateTime(town.Local(now).Date).AddDays(1);
        var hotline = text.Kind == RequestKind.Complaint && random.Int(1, 4) == 1;
        var request = await Send(Clerk, new ReceiveRequest(
            town.CommunityId,
            text.Kind,
            channel,
            town.Categories[EnumWord.Of(text.Kind) + ":" + text.Category],
            random.ListItem([.. town.Plan.English ? text.En : text.Zh]),
            PlaceId: place,
            AssetId: asset?.Id,
            CustomerId: patrol || unknown ? null : who.Id,
            Reporter: reporter,
            OnBehalfOf: random.Int(1, 25) == 1 ? town.Plan.Say("母亲", "my mother") : null,
            Confidential: text.Confidential,
            ReportedAt: channel is Channel.Letter or Channel.Email ? now.AddHours(-random.Int(2, 14)) : null,
            Appointment: home ? new AppointmentWindow(town.At(tomorrow, new TimeOnly(14, 0)), town.At(tomorrow, new TimeOnly(16, 0))) : null,
            Foreign: hotline ? new ForeignNumber(town.Plan.Say("12345热线", "Council"), $"{town.Local(now):yyyyMMdd}-{random.Int(10000, 99999)}", now.AddDays(5)) : null));
        return new Told(request, unknown ? town.Plan.Say("来电人", "the caller") : who.Name, patrol ? null : who.Phone, !patrol && (unknown || !who.OptedOut));
    }

    private static readonly Dictionary<Channel, float> Channels = new()
    {
        [Channel.Phone] = 0.58f,
        [Channel.WeChat] = 0.16f,
        [Channel.WalkIn] = 0.12f,
        [Channel.App] = 0.05f,
        [Channel.Web] = 0.03f,
        [Channel.Qr] = 0.03f,
        [Channel.Email] = 0.02f,
        [Channel.Letter] = 0.01f,
    };

    private Actor Clerk => town.OnDuty("desk", desk.Now);

    private Actor Officer => town.Post("officer");

    private Task<T> Send<T>(Actor actor, IRequest<T> request) => desk.Send(actor, request, ct);

    private string Done(DemoText text) => town.Plan.Say(text.DoneZh, text.DoneEn);

    private string Note(HoldReason reason) => reason switch
    {
        HoldReason.Parts => town.Plan.Say("配件已采购，明天到货", "Part ordered, arrives tomorrow"),
        HoldReason.Customer => town.Plan.Say("电话联系业主，明天在家", "Called: at home tomorrow"),
        HoldReason.ThirdParty => town.Plan.Say("等待厂家到场", "Waiting for the manufacturer"),
        HoldReason.Weather => town.Plan.Say("大雨，室外无法施工", "Heavy rain, no work outside"),
        HoldReason.Other => town.Plan.Say("其他", "Other"),
    };

    private static Crew CrewOf(DemoText text) => (text.Kind, text.Category.Split('.')[0]) switch
    {
        (_, "cleaning" or "greenery" or "pests" or "environment") => Crew.Environment,
        (_, "order" or "noise" or "parking" or "security") => Crew.Security,
        (_, "service" or "attitude" or "fees" or "activities") => Crew.Administration,
        _ => Crew.Engineering,
    };

    private DateTimeOffset In(Randomizer random, int atLeast, int atMost) => desk.Now.AddSeconds(random.Int(atLeast * 60, atMost * 60));

    private bool IsUrgent(DemoText text) => town.Urgent.Contains(EnumWord.Of(text.Kind) + ":" + text.Category);

    /// <summary>What is urgent goes on at once and faster; the rest within desk hours.</summary>
    private DateTimeOffset Soon(Randomizer random, bool urgent, int atLeast, int atMost) =>
        urgent ? In(random, 1, Math.Max(2, atMost / 4)) : Daytime(In(random, atLeast, atMost));

    private DateTimeOffset Daytime(DateTimeOffset at)
    {
        var local = town.Local(at);
        var (day, time) = (DateOnly.FromDateTime(local.Date), TimeOnly.FromDateTime(local.DateTime));
        return time < Opens ? town.At(day, Opens).AddSeconds(local.Second * 40) : time > Closes ? town.At(day.AddDays(1), Opens).AddSeconds(local.Second * 40) : at;
    }

    /// <summary>The same, backwards, and early enough for the next steps to fall on the same day.</summary>
    private DateTimeOffset DaytimeBefore(DateTimeOffset at)
    {
        var local = town.Local(at);
        var (day, time) = (DateOnly.FromDateTime(local.Date), TimeOnly.FromDateTime(local.DateTime));
        var latest = new TimeOnly(15, 30);
        return time < Opens ? town.At(day.AddDays(-1), latest) : time > latest ? town.At(day, latest) : at;
    }
}

/// <summary>Where a story of the last day stops, so that every state is there.</summary>
internal enum DemoStay
{
    Received,
    Waiting,
    Unassigned,
    Dispatched,
    Accepted,
    Working,
    OnHold,
    Voided,

    /// <summary>Done, and the owner has not answered.</summary>
    Asked,
    Cancelled,
    ToCall,
    Refused,
    Unreachable,
}
