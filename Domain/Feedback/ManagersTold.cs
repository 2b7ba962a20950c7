using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// Tells the manager on duty of a bad answer, in the transaction that stores it; the district, too, when a repair comes back a second
/// time. Once a round and person. Whom a complaint is about is not told.
/// </summary>
internal sealed class ManagersTold(Db db)
{
    private const string About = """
        select about_staff_id, about_crew
        from request
        where request_id = @RequestId
        """;

    private const string Tell = """
        insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
        select @CommunityId, m.id, @Template || ':' || @Cause || ':' || m.staff_id, 'staff', m.staff_id, @RequestId, @Template, @Detail::json, @Now, @Now
        from unnest(@Ids::uuid[], @StaffIds::uuid[]) m (id, staff_id)
        on conflict on constraint message_once_a_cause do nothing
        """;

    private sealed record Complained(Guid? AboutStaffId, Crew? AboutCrew);

    public Task OfLowScore(LockedRequest request, Guid feedbackId, short satisfaction, DateTimeOffset now, CancellationToken ct) =>
        Write(request, feedbackId.ToString(), "lowScore", [3], new { feedbackId, satisfaction }, now, ct);

    public Task OfRework(LockedRequest request, Guid feedbackId, DateTimeOffset now, CancellationToken ct)
    {
        var times = request.ReworkCount + 1;
        return Write(request, feedbackId.ToString(), times > 1 ? "reworkAgain" : "reworkReported", ReworkRules.LevelsTold(times), new { feedbackId, times }, now, ct);
    }

    /// <summary>Of a request that was not finished, and has no round: once a rework and person.</summary>
    public Task OfReworkBesideOthers(LockedRequest request, DateTimeOffset now, CancellationToken ct)
    {
        var times = request.ReworkCount + 1;
        return Write(request, $"{request.RequestId}:{times}", times > 1 ? "reworkAgain" : "reworkReported", ReworkRules.LevelsTold(times), new { times }, now, ct);
    }

    private async Task Write(LockedRequest request, string cause, string template, IReadOnlyList<int> levels, object detail, DateTimeOffset now, CancellationToken ct)
    {
        var roster = await RosterRows.At(db, request.CommunityId, now, ct);
        var complained = await db.Single<Complained>(About, new { request.RequestId }, ct);
        var not = new HashSet<Guid>(complained.AboutCrew is { } crew ? roster.CrewPeople[crew] : []);
        if (complained.AboutStaffId is { } person)
        {
            not.Add(person);
        }

        var thing = new LateThing([], [], not);
        var staff = levels.SelectMany(level => OnDuty.At(level, thing, roster.Roster, now)).Select(r => r.StaffId).Distinct().ToArray();
        if (staff.Length > 0)
        {
            await db.Run(
                Tell,
                new
                {
                    request.CommunityId,
                    request.RequestId,
                    Cause = cause,
                    Template = template,
                    Detail = System.Text.Json.JsonSerializer.Serialize(detail, Json.Options),
                    Now = now,
                    Ids = staff.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                    StaffIds = staff,
                },
                ct);
        }
    }
}
