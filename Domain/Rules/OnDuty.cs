namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What somebody is on shift for.</summary>
public enum Duty
{
    Crew,
    CrewLead,
    Desk,
    CustomerOfficer,
    Manager,
    District,
}

/// <summary>A shift; one past midnight is nothing special, and a swapped one is already the other person's.</summary>
public sealed record OnShift(Duty Duty, Guid? TeamId, Guid StaffId, DateTimeOffset StartsAt, DateTimeOffset EndsAt);

/// <summary>Somebody is away, and who stands in.</summary>
public sealed record Away(Guid StaffId, DateTimeOffset StartsAt, DateTimeOffset EndsAt, Guid? DeputyId);

/// <summary>Who works in one community, and when.</summary>
/// <param name="Working">Everybody who works here now; nobody else is told anything.</param>
/// <param name="Rostered">Duties that this community plans shifts for. Of others, those are told who hold the role.</param>
/// <param name="Leads">The standing leads of each team.</param>
/// <param name="Holders">Who holds the role that stands behind a duty; behind the district's, that of a manager of all its communities.</param>
public sealed record Roster(
    IReadOnlySet<Guid> Working,
    IReadOnlyList<OnShift> Shifts,
    IReadOnlyList<Away> Away,
    IReadOnlySet<Duty> Rostered,
    IReadOnlyList<(Guid TeamId, Guid StaffId)> Leads,
    IReadOnlyList<(Duty Duty, Guid StaffId)> Holders);

/// <summary>What is late, as far as it decides who is told.</summary>
/// <param name="TeamIds">The teams that have its open work.</param>
/// <param name="AssigneeIds">Who has it in hand: the order's assignee, the request's person in charge.</param>
/// <param name="NotTo">The person and the crew complained about.</param>
public sealed record LateThing(IReadOnlyList<Guid> TeamIds, IReadOnlyList<Guid> AssigneeIds, IReadOnlySet<Guid> NotTo);

/// <summary>Somebody to tell, and as what.</summary>
public sealed record Recipient(Guid StaffId, Duty Duty);

/// <summary>Who is told at which level, looked up at the moment of telling.</summary>
public static class OnDuty
{
    /// <summary>
    /// Those on shift at that moment for the level's duties; who is away is stood in for by the deputy. Where a community plans no shifts
    /// for a duty, those who hold its role; a crew without a lead on shift has its standing lead. Nobody twice, nobody who works here no more.
    /// </summary>
    public static IReadOnlyList<Recipient> At(int level, LateThing thing, Roster roster, DateTimeOffset at)
    {
        if (level == 0 && Here(thing.AssigneeIds.Select(id => (id, Duty.Crew)), thing, roster, at) is { Count: > 0 } assignees)
        {
            return assignees;
        }

        return Here(Wanted(level, thing, roster, at), thing, roster, at);
    }

    private static IEnumerable<(Guid StaffId, Duty Duty)> Wanted(int level, LateThing thing, Roster roster, DateTimeOffset at) =>
        level switch
        {
            0 => thing.TeamIds.Count > 0 ? Leads(thing, roster, at) : For(Duty.Desk, roster, at),
            1 => [.. Leads(thing, roster, at), .. For(Duty.Desk, roster, at)],
            2 => For(Duty.CustomerOfficer, roster, at),
            3 => For(Duty.Manager, roster, at),
            _ => For(Duty.District, roster, at),
        };

    /// <summary>Each of them, or who stands in; without those who may not be told.</summary>
    private static IReadOnlyList<Recipient> Here(IEnumerable<(Guid StaffId, Duty Duty)> wanted, LateThing thing, Roster roster, DateTimeOffset at) =>
        [
            .. wanted.Select(w => StandsIn(w.StaffId, roster, at) is { } who ? new Recipient(who, w.Duty) : null)
                .OfType<Recipient>()
                .Where(r => roster.Working.Contains(r.StaffId) && !thing.NotTo.Contains(r.StaffId))
                .DistinctBy(r => r.StaffId)
                .OrderBy(r => r.StaffId),
        ];

    private static IEnumerable<(Guid, Duty)> Leads(LateThing thing, Roster roster, DateTimeOffset at)
    {
        foreach (var team in thing.TeamIds)
        {
            var onShift = roster.Shifts.Where(s => s.Duty == Duty.CrewLead && s.TeamId == team && s.StartsAt <= at && at < s.EndsAt).Select(s => s.StaffId).ToArray();
            foreach (var lead in onShift.Length > 0 ? onShift : [.. roster.Leads.Where(l => l.TeamId == team).Select(l => l.StaffId)])
            {
                yield return (lead, Duty.CrewLead);
            }
        }
    }

    private static IEnumerable<(Guid, Duty)> For(Duty duty, Roster roster, DateTimeOffset at) =>
        roster.Rostered.Contains(duty)
            ? roster.Shifts.Where(s => s.Duty == duty && s.StartsAt <= at && at < s.EndsAt).Select(s => (s.StaffId, duty))
            : roster.Holders.Where(h => h.Duty == duty).Select(h => (h.StaffId, duty));

    /// <summary>The person; or, while they are away, the deputy, or the deputy's; null where nobody stands in.</summary>
    private static Guid? StandsIn(Guid staffId, Roster roster, DateTimeOffset at)
    {
        var (who, seen) = (staffId, new HashSet<Guid>());
        while (roster.Away.FirstOrDefault(a => a.StaffId == who && a.StartsAt <= at && at < a.EndsAt) is { } away)
        {
            if (away.DeputyId is not { } deputy || !seen.Add(who))
            {
                return null;
            }

            who = deputy;
        }

        return who;
    }
}
