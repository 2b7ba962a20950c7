namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Something that is owed, and from when.</summary>
/// <param name="Allowance">Null where an instant governs.</param>
/// <param name="FixedAt">The instant that governs: a deadline imposed from outside, or the end of an appointment.</param>
/// <param name="Imposed">From outside: nothing moves it.</param>
/// <param name="StretchedBy">The declared event that made the allowance what it is.</param>
public sealed record Owed(
    ClockKind Kind, DateTimeOffset From, Allowance? Allowance, string Calendar, DateTimeOffset? FixedAt = null, bool Imposed = false, Guid? StretchedBy = null);

/// <summary>Which clocks follow from a policy.</summary>
public static class OwedClocks
{
    private static readonly ClockKind[] OnReceipt = [ClockKind.Safe, ClockKind.Controlled, ClockKind.FirstReply, ClockKind.WrittenReply, ClockKind.Arranged, ClockKind.Finish];
    private static readonly ClockKind[] OnRework = [ClockKind.Arranged, ClockKind.Finish];

    /// <summary>What the owner is owed, across all crews. A complaint is accepted by naming who is in charge; other requests are accepted by crews.</summary>
    /// <param name="from">When it was reported, or when it came back.</param>
    /// <param name="appointmentFrom">With an appointment that begins later, and a policy that knows appointments, the finish counts from its start.</param>
    /// <param name="reworked">It came back: what was reached the first time is not owed again.</param>
    public static IReadOnlyList<Owed> ToTheOwner(
        Policy policy, RequestKind kind, Crew? crew, DateTimeOffset from, DateTimeOffset? appointmentFrom, DateTimeOffset? imposedDueAt, bool reworked = false)
    {
        var owed = new List<Owed>();
        if (!reworked && ToSendSomebody(policy, kind, crew, from) is { } sent)
        {
            owed.Add(sent);
        }

        foreach (var milestone in Milestones(policy, crew, reworked ? OnRework : kind == RequestKind.Complaint ? [ClockKind.Accept, .. OnReceipt] : OnReceipt))
        {
            var start = milestone.Kind == ClockKind.Finish && policy.Appointment is not null && appointmentFrom > from ? appointmentFrom.Value : from;
            owed.Add(milestone.Kind == ClockKind.Finish && imposedDueAt is { } imposed && !reworked
                ? new Owed(ClockKind.Finish, from, null, milestone.Calendar, imposed < from ? from : imposed, true)
                : new Owed(milestone.Kind, start, milestone.Allowance, milestone.Calendar));
        }

        return owed;
    }

    /// <summary>
    /// How soon somebody is sent: as the policy says; where it says nothing, in the time that a crew has for its yes, if that runs day and
    /// night. A complaint is not sent but put in charge.
    /// </summary>
    /// <param name="from">When it was reported, or from when nobody had it any more.</param>
    public static Owed? ToSendSomebody(Policy policy, RequestKind kind, Crew? crew, DateTimeOffset from) =>
        (Milestones(policy, crew, [ClockKind.Dispatch]).FirstOrDefault()
            ?? (kind == RequestKind.Complaint ? null : Milestones(policy, crew, [ClockKind.Accept]).FirstOrDefault(m => m.Calendar == "24x7"))) is { } milestone
            ? new Owed(ClockKind.Dispatch, from, milestone.Allowance, milestone.Calendar)
            : null;

    /// <summary>What a crew owes from when the order was given to it. An appointment that is still to come governs its arrival.</summary>
    /// <param name="now">Whether the appointment is still to come.</param>
    public static IReadOnlyList<Owed> OfACrew(Policy policy, Crew crew, DateTimeOffset from, DateTimeOffset? appointmentTo, DateTimeOffset now)
    {
        var owed = Milestones(policy, crew, [ClockKind.Accept, ClockKind.Arrive]).Select(m => new Owed(m.Kind, from, m.Allowance, m.Calendar)).ToList();
        if (policy.Appointment is { } rule && appointmentTo is { } end && end > now)
        {
            owed.RemoveAll(o => o.Kind == ClockKind.Arrive);
            owed.Add(new Owed(ClockKind.Arrive, from, null, "24x7", rule.LatestArrival(end)));
        }

        return owed;
    }

    /// <summary>One milestone a kind: the crew's own, else the one for every crew.</summary>
    public static IEnumerable<Milestone> Milestones(Policy policy, Crew? crew, IReadOnlyList<ClockKind> kinds) =>
        kinds.Select(k => crew is { } one ? policy.For(k, one) : policy.Milestones.FirstOrDefault(m => m.Kind == k && m.Crew is null)).OfType<Milestone>();
}
