using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Workers;

/// <summary>Everything that happens on its own, on one page. Rows in the database say what is due; this only says how often to look.</summary>
/// <remarks>
/// Cron has seconds and is UTC; local time is in the rows. What ticks every ten seconds needs no lock between workers, because rows are
/// claimed with <c>skip locked</c>; what must not run beside itself is <see cref="Entry.Single"/>.
/// </remarks>
public static class Schedule
{
    private const string EveryTenSeconds = "0/10 * * * * ?";
    private const string EveryFiveSeconds = "0/5 * * * * ?";
    private const int AtMost = 500;
    private const int ClocksAtOnce = 1_000;
    private const int BatchesAtOnce = 40;

    /// <summary>How long an idempotency key is kept.</summary>
    public static readonly TimeSpan KeysKept = TimeSpan.FromDays(30);

    public static readonly IReadOnlyList<Entry> Entries =
    [
        new("wake-held-work", EveryTenSeconds, async (job, ct) =>
            await job.EachOr(
                await job.Due.HoldsToWake(AtMost, ct), due => due.CommunityId, due => new WakeWork(due.WorkOrderId), due => new PutHoldOff(due.CommunityId, due.WorkOrderId, HoldEnd.WakeUp), ct)),
        new("pass-hold-limits", EveryTenSeconds, async (job, ct) =>
            await job.EachOr(
                await job.Due.HoldsOverLimit(AtMost, ct), due => due.CommunityId, due => new PassHoldLimit(due.WorkOrderId), due => new PutHoldOff(due.CommunityId, due.WorkOrderId, HoldEnd.Limit), ct)),
        new("tell-overdue-promises", EveryTenSeconds, async (job, ct) =>
            await job.EachOr(
                await job.Due.PromisesOverdue(AtMost, ct), due => due.CommunityId, due => new TellOverduePromise(due.PromiseId), due => new PutPromiseOff(due.PromiseId), ct)),
        new("escalate-overdue", EveryTenSeconds, (job, ct) => job.Drain(
            job.Due.ClocksToCheck, ClocksAtOnce, (community, clocks) => new EscalateOverdue(community, clocks), (community, clock) => new PutClockOff(community, clock), ct)),
        new("move-clocks", EveryTenSeconds, async (job, ct) =>
            await job.Advance(
                await job.Due.ClockMovesOpen(AtMost, ct), BatchesAtOnce, MoveClocks.Most, due => due.CommunityId,
                (due, atOnce) => new MoveClocks(due.CommunityId, due.ClockMoveId, atOnce), due => new LeaveClocksBehind(due.CommunityId, due.ClockMoveId), ct)
            + await job.EachOr(
                await job.Due.ClocksLeftBehind(AtMost, ct), due => due.CommunityId,
                due => new FetchClocks(due.CommunityId, due.ClockMoveId, due.SubjectId), due => new LeaveClocksBehind(due.CommunityId, due.ClockMoveId, due.SubjectId), ct)),
        new("chase-feedback", EveryTenSeconds, (job, ct) => job.Drain(
            job.Due.RoundsToChase, AtMost, (community, rounds) => new ChaseFeedback(community, rounds), (community, round) => new PutRoundOff(community, round), ct)),
        new("deliver-messages", EveryFiveSeconds, (job, ct) => job.Deliver(ct)),
        new("forget-old-keys", "15 0/10 * * * ?", (job, ct) => job.Due.ForgetOldKeys(KeysKept, 10_000, ct), Single: true),
    ];
}

/// <summary>One row of the schedule: when to look, and what to do with what is due as of now. It carries no data of its own.</summary>
/// <param name="Id">Lower-case letters, digits and hyphens; nothing is lost when it is renamed.</param>
/// <param name="Run">Says how many rows it did.</param>
/// <param name="Single">One run at a time, whatever the number of workers.</param>
public sealed record Entry(string Id, string Cron, Func<Job, CancellationToken, Task<int>> Run, bool Single = false)
{
    /// <summary>It looks for due rows several times a minute.</summary>
    public bool Ticks => Cron.StartsWith("0/", StringComparison.Ordinal);
}
