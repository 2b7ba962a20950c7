using System.Runtime.CompilerServices;
using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>Each lifecycle is one table: printed here, and in docs/lifecycles.md. What is not in it is refused.</summary>
public sealed class LifecycleTablesTests
{
    private const string Requests = """
        received
          stays: amend recategorise reprioritise reschedule note promise keepPromise nameInCharge firstReply writtenReply urge attach confirm readWord joinFault leaveFault
          moves: dispatch->inProgress answer->awaitingFeedback cancel->cancelled
        inProgress
          stays: amend recategorise reprioritise reschedule note promise keepPromise nameInCharge firstReply writtenReply urge attach readWord joinFault leaveFault dispatch
          moves: finish->awaitingFeedback loseOrders->received cancel->cancelled
        awaitingFeedback
          stays: note promise keepPromise writtenReply attach readWord leaveFault
          moves: close->closed rework->inProgress reworkAtDesk->received
        closed
          stays: note keepPromise attach readWord leaveFault
          moves: rework->inProgress reworkAtDesk->received
        cancelled
          stays: note readWord
          moves: -
        """;

    private const string WorkOrders = """
        waiting
          stays: takeBack chooseReworkCause attach
          moves: release->dispatched releaseUnassigned->unassigned void->voided
        unassigned
          stays: chooseReworkCause attach
          moves: dispatch->dispatched transfer->dispatched void->voided
        dispatched
          stays: assign transfer takeBack quote consent chooseReworkCause attach
          moves: claim->accepted accept->accepted return->unassigned void->voided
        accepted
          stays: quote consent chooseReworkCause attach
          moves: assign->dispatched arrive->working hold->onHold return->unassigned transfer->dispatched takeBack->dispatched void->voided
        working
          stays: makeSafe control quote consent chooseReworkCause attach
          moves: assign->dispatched hold->onHold complete->done return->unassigned transfer->dispatched takeBack->dispatched void->voided
        onHold
          stays: quote consent chooseReworkCause attach
          moves: assign->dispatched resume->working resumeBeforeArrival->accepted return->unassigned transfer->dispatched takeBack->dispatched void->voided
        done
          stays: setFinalAmount chooseReworkCause attach
          moves: -
        voided
          stays: -
          moves: -
        """;

    private const string Feedback = """
        asked
          stays: -
          moves: remind->reminded callDue->toCall tryCall->toCall answer->answered refuse->refused lapse->noResponse forget->notAsked
        reminded
          stays: remind
          moves: callDue->toCall tryCall->toCall answer->answered refuse->refused lapse->noResponse forget->notAsked
        toCall
          stays: tryCall
          moves: answer->answered refuse->refused giveUp->unreachable lapse->noResponse forget->notAsked
        answered
          stays: -
          moves: -
        refused
          stays: -
          moves: answer->answered
        unreachable
          stays: -
          moves: answer->answered
        noResponse
          stays: -
          moves: answer->answered
        notAsked
          stays: -
          moves: answer->answered
        """;

    private const string Faults = """
        open
          stays: amend expect join leave dispatch
          moves: end->ended
        ended
          stays: leave
          moves: -
        """;

    private const string Voices = """
        proposed
          stays: edit
          moves: approve->published withdraw->withdrawn
        published
          stays: -
          moves: edit->proposed doubt->proposed withdraw->withdrawn
        withdrawn
          stays: -
          moves: -
        """;

    private static readonly Dictionary<VoiceState, (string Zh, string En)> VoiceWords = new()
    {
        [VoiceState.Proposed] = ("待审", "proposed"),
        [VoiceState.Published] = ("已公开", "published"),
        [VoiceState.Withdrawn] = ("已撤回", "withdrawn"),
    };

    private static readonly Dictionary<RequestStatus, (string Zh, string En)> RequestWords = new()
    {
        [RequestStatus.Received] = ("已受理", "received"),
        [RequestStatus.InProgress] = ("处理中", "in progress"),
        [RequestStatus.AwaitingFeedback] = ("待反馈", "awaiting feedback"),
        [RequestStatus.Closed] = ("已闭环", "closed"),
        [RequestStatus.Cancelled] = ("已取消", "cancelled"),
    };

    private static readonly Dictionary<WorkOrderStatus, (string Zh, string En)> WorkOrderWords = new()
    {
        [WorkOrderStatus.Waiting] = ("待前序", "waiting for another order"),
        [WorkOrderStatus.Unassigned] = ("待派", "unassigned"),
        [WorkOrderStatus.Dispatched] = ("待接", "dispatched"),
        [WorkOrderStatus.Accepted] = ("已接", "accepted"),
        [WorkOrderStatus.Working] = ("处理中", "working"),
        [WorkOrderStatus.OnHold] = ("挂起", "on hold"),
        [WorkOrderStatus.Done] = ("完工", "done"),
        [WorkOrderStatus.Voided] = ("作废", "voided"),
    };

    private static readonly Dictionary<FeedbackState, (string Zh, string En)> FeedbackWords = new()
    {
        [FeedbackState.Asked] = ("待征询", "asked"),
        [FeedbackState.Reminded] = ("已提醒", "reminded"),
        [FeedbackState.ToCall] = ("待回访", "to call"),
        [FeedbackState.Answered] = ("已评价", "answered"),
        [FeedbackState.Refused] = ("拒评", "refused"),
        [FeedbackState.Unreachable] = ("无法联系", "unreachable"),
        [FeedbackState.NoResponse] = ("未回应", "no response"),
        [FeedbackState.NotAsked] = ("未征询", "not asked"),
    };

    private static readonly Dictionary<FaultStatus, (string Zh, string En)> FaultWords = new()
    {
        [FaultStatus.Open] = ("未恢复", "open"),
        [FaultStatus.Ended] = ("已恢复", "ended"),
    };

    private static readonly Lifecycle RequestTable = Of<RequestStatus, RequestMove>("Request", "服务申请", RequestLifecycle.AllowedFrom, RequestLifecycle.After, RequestWords);
    private static readonly Lifecycle WorkOrderTable = Of<WorkOrderStatus, WorkOrderMove>("Work order", "工单", WorkOrderLifecycle.AllowedFrom, WorkOrderLifecycle.After, WorkOrderWords);
    private static readonly Lifecycle FeedbackTable = Of<FeedbackState, FeedbackMove>("Feedback", "反馈", FeedbackLifecycle.AllowedFrom, FeedbackLifecycle.After, FeedbackWords);

    private static readonly Lifecycle FaultTable = Of<FaultStatus, FaultMove>("Fault", "公共故障", FaultLifecycle.AllowedFrom, FaultLifecycle.After, FaultWords);
    private static readonly Lifecycle VoiceTable = Of<VoiceState, VoiceMove>("You said, we did", "您说，我们做", VoiceLifecycle.AllowedFrom, VoiceLifecycle.After, VoiceWords);

    [Test]
    public void The_table_of_you_said_we_did() => Assert.That(Print(VoiceTable), Is.EqualTo(Voices));

    [Test]
    public void The_table_of_a_request() => Assert.That(Print(RequestTable), Is.EqualTo(Requests));

    [Test]
    public void The_table_of_a_work_order() => Assert.That(Print(WorkOrderTable), Is.EqualTo(WorkOrders));

    [Test]
    public void The_table_of_feedback() => Assert.That(Print(FeedbackTable), Is.EqualTo(Feedback));

    [Test]
    public void The_table_of_a_fault() => Assert.That(Print(FaultTable), Is.EqualTo(Faults));

    [Test]
    public void What_is_not_in_a_table_is_refused()
    {
        AllOthersAreRefused<RequestStatus, RequestMove>(RequestLifecycle.AllowedFrom, RequestLifecycle.After, "request.move_not_allowed");
        AllOthersAreRefused<WorkOrderStatus, WorkOrderMove>(WorkOrderLifecycle.AllowedFrom, WorkOrderLifecycle.After, "work_order.move_not_allowed");
        AllOthersAreRefused<FeedbackState, FeedbackMove>(FeedbackLifecycle.AllowedFrom, FeedbackLifecycle.After, "feedback.move_not_allowed");
        AllOthersAreRefused<FaultStatus, FaultMove>(FaultLifecycle.AllowedFrom, FaultLifecycle.After, "fault.move_not_allowed");
        AllOthersAreRefused<VoiceState, VoiceMove>(VoiceLifecycle.AllowedFrom, VoiceLifecycle.After, "voice.move_not_allowed");
        AllOthersAreRefused<FaultStatus, FaultMove>(FaultLifecycle.AllowedFrom, FaultLifecycle.After, "fault.move_not_allowed");
    }

    [Test]
    public void The_documentation_shows_these_tables()
    {
        var path = Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "docs", "lifecycles.md");
        var expected = Document();
        if (Environment.GetEnvironmentVariable("DESK_WRITE_DOCS") is "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.That(File.Exists(path) ? File.ReadAllText(path) : "", Is.EqualTo(expected), "docs/lifecycles.md is stale: DESK_WRITE_DOCS=1 ./test LifecycleTables writes it anew; look at the difference before you commit it.");
    }

    private sealed record State(string Word, string Zh, string En, IReadOnlyList<string> Stays, IReadOnlyList<(string Move, string To)> Goes);

    private sealed record Lifecycle(string Name, string Zh, IReadOnlyList<State> States);

    private static Lifecycle Of<TState, TMove>(string name, string zh, Func<TState, IReadOnlyList<TMove>> allowed, Func<TState, TMove, TState> after, Dictionary<TState, (string Zh, string En)> words)
        where TState : struct, Enum
        where TMove : struct, Enum =>
        new(name, zh, [.. Enum.GetValues<TState>().Select(s => new State(
            EnumWord.Of(s),
            words[s].Zh,
            words[s].En,
            [.. allowed(s).Where(m => after(s, m).Equals(s)).Select(EnumWord.Of)],
            [.. allowed(s).Where(m => !after(s, m).Equals(s)).Select(m => (EnumWord.Of(m), EnumWord.Of(after(s, m))))]))]);

    private static void AllOthersAreRefused<TState, TMove>(Func<TState, IReadOnlyList<TMove>> allowed, Func<TState, TMove, TState> after, string code)
        where TState : struct, Enum
        where TMove : struct, Enum
    {
        foreach (var (state, move) in Enum.GetValues<TState>().SelectMany(s => Enum.GetValues<TMove>().Except(allowed(s)).Select(m => (s, m))))
        {
            Assert.That(Assert.Throws<Refused.Conflict>(() => after(state, move))!.Code, Is.EqualTo(code), $"{state} {move}");
        }
    }

    /// <summary>A line a state: what leaves it as it is, then what it becomes by which move.</summary>
    private static string Print(Lifecycle table) => string.Join(
        '\n',
        table.States.SelectMany(s => new[] { s.Word, "  stays: " + Words(s.Stays), "  moves: " + Words([.. s.Goes.Select(g => g.Move + "->" + g.To)]) }));

    private static string Words(IReadOnlyList<string> words) => words.Count == 0 ? "-" : string.Join(' ', words);

    private static string Document()
    {
        var text = new StringBuilder("""
            # Lifecycles 生命周期

            Made from the tables in `Domain/Rules` by `Tests/Rules/LifecycleTablesTests.cs`; do not edit by hand. A move that is not in a
            table is refused. 本页由代码中的状态表生成；表中没有的动作一律拒绝。

            """);
        foreach (var table in new[] { RequestTable, WorkOrderTable, FeedbackTable, FaultTable, VoiceTable })
        {
            text.Append('\n').Append("## ").Append(table.Name).Append(' ').Append(table.Zh).Append("\n\n");
            text.Append("| state | 状态 | in words | becomes | stays the same on |\n|---|---|---|---|---|\n");
            foreach (var s in table.States)
            {
                text.Append("| `").Append(s.Word).Append("` | ").Append(s.Zh).Append(" | ").Append(s.En).Append(" | ");
                text.Append(s.Goes.Count == 0 ? "–" : string.Join(", ", s.Goes.GroupBy(g => g.To).Select(g => $"`{g.Key}` by {string.Join(", ", g.Select(m => m.Move))}"))).Append(" | ");
                text.Append(s.Stays.Count == 0 ? "–" : string.Join(", ", s.Stays)).Append(" |\n");
            }
        }

        return text.ToString();
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
