using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// The clocks of the calls that the desk owes: of a round, until somebody rang or it ended; of a call-back after a bad answer, until it
/// was made. One that runs out is the desk's breach, and escalates as one.
/// </summary>
internal sealed class CallClocks(Db db, SlaBook book, ClockRows clocks)
{
    private const string OpenFollowUps = """
        select exists (
            select from follow_up u
            where u.community_id = @CommunityId and u.feedback_id = @FeedbackId and u.for_role <> 'manager' and u.ended_at is null)
        """;

    private const string Owed = """
        select exists (select from clock k where k.community_id = @CommunityId and k.subject_id = any (@Subjects) and k.kind = 'feedback' and k.stopped_at is null)
        """;

    private static readonly ClockKind[] Feedback = [ClockKind.Feedback];

    /// <summary>A call that is owed of each of these from the given times on. Write the events of their rounds first.</summary>
    public async Task Owe(Guid communityId, IReadOnlyList<(Guid FeedbackId, string? Policy, DateTimeOffset From)> calls, CancellationToken ct)
    {
        if (calls.Count > 0)
        {
            var sla = await book.Now(communityId, calls.Min(c => c.From), ct);
            var within = new Allowance(sla.Profile.Asking().CallWithinHours, AllowanceUnit.Hours);
            await clocks.Start(
                communityId, sla, [.. calls.Select(c => new NewClock(ClockSubject.Feedback, c.FeedbackId, null, c.Policy ?? "default", new Owed(ClockKind.Feedback, c.From, within, "24x7")))], ct);
        }
    }

    /// <summary>Somebody rang, or there is nothing to ring about any more.</summary>
    public Task Met(Guid communityId, IReadOnlyList<Guid> requestAndFeedbackIds, DateTimeOffset at, CancellationToken ct) =>
        clocks.Stop(communityId, requestAndFeedbackIds, Feedback, StopReason.Met, at, ct);

    /// <summary>A call was written down; what it does to the clock is a rule's to say.</summary>
    /// <param name="subjects">Whose clocks of a call may run: the round's, and its request's.</param>
    /// <param name="attempts">All that count together, the one that was made now last.</param>
    public async Task Rung(Guid communityId, Guid[] subjects, LockedRound round, IReadOnlyList<CallLog.Attempt> attempts, CallDuty duty, FeedbackRules rules, CancellationToken ct)
    {
        var isOwed = await db.Single<bool>(Owed, new { CommunityId = communityId, Subjects = subjects }, ct);
        var (met, nextFrom) = CallAttempts.Owed([.. attempts.Select(a => (a.TriedAt, a.Result, a.CallAgainAt))], duty, isOwed, rules, round.Zone);
        if (met)
        {
            await Met(communityId, subjects, attempts[^1].TriedAt, ct);
        }

        if (nextFrom is { } from)
        {
            await Owe(communityId, [(round.FeedbackId, round.PlanPolicy, from)], ct);
        }
    }

    /// <summary>Whether somebody has to call back about a bad answer still; the manager was only told.</summary>
    public Task<bool> SomebodyHasIt(Guid communityId, Guid feedbackId, CancellationToken ct) => db.Single<bool>(OpenFollowUps, new { CommunityId = communityId, FeedbackId = feedbackId }, ct);

    /// <summary>The call-back is made once nobody but the manager, who was only told, has it open.</summary>
    public async Task MetIfNobodyHasIt(Guid communityId, Guid feedbackId, DateTimeOffset at, CancellationToken ct)
    {
        if (!await SomebodyHasIt(communityId, feedbackId, ct))
        {
            await clocks.Stop(communityId, [feedbackId], Feedback, StopReason.Met, at, ct);
        }
    }
}
