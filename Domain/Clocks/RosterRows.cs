namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>Who works in a community as of now, loaded once for a whole batch.</summary>
/// <param name="CrewPeople">Everybody in a team of this crew.</param>
internal sealed record RosterRows(Roster Roster, ILookup<Crew, Guid> CrewPeople)
{
    private const string Read = """
        select c.staff_id
        from community_staff c
        join staff s on s.staff_id = c.staff_id and s.disabled_at is null
        where c.community_id = @CommunityId and c.left_at is null;

        select s.duty, s.team_id, s.staff_id, s.starts_at, s.ends_at
        from shift s
        where s.community_id = @CommunityId and s.ends_at > @Now and s.starts_at <= @Now;

        select l.staff_id, l.starts_at, l.ends_at, l.deputy_id
        from leave l
        where l.community_id = @CommunityId and l.ends_at > @Now and l.starts_at <= @Now
        order by l.starts_at desc, l.leave_id desc;

        select d.duty
        from unnest(array['desk', 'customerOfficer', 'manager', 'district']) d (duty)
        where exists (select from shift s where s.community_id = @CommunityId and s.duty = d.duty and s.ends_at > @Since and s.starts_at < @Soon);

        select m.team_id, m.staff_id, m.lead, t.crew
        from team_member m
        join team t on t.community_id = m.community_id and t.team_id = m.team_id
        where m.community_id = @CommunityId and m.to_at is null;

        select r.staff_id, case r.role when 'clerk' then 'desk' else r.role end as duty
        from staff_role r
        where r.community_id = @CommunityId and (r.role in ('clerk', 'customerOfficer') or (r.role = 'manager' and r.district_id is null))
        union all
        select d.staff_id, 'district'
        from community c
        join district_role d on d.district_id = c.district_id
        where c.community_id = @CommunityId and d.role = 'manager';
        """;

    private sealed record Holder(Guid StaffId, Duty Duty);

    private sealed record Member(Guid TeamId, Guid StaffId, bool Lead, Crew Crew);

    /// <summary>How long a duty without shifts still counts as planned by shifts.</summary>
    private static readonly TimeSpan StillRostered = TimeSpan.FromDays(30);

    /// <summary>A shift planned for a later day does not yet make a duty one that is planned by shifts.</summary>
    private static readonly TimeSpan RosteredAhead = TimeSpan.FromDays(1);

    public static async Task<RosterRows> At(Db db, Guid communityId, DateTimeOffset now, CancellationToken ct)
    {
        using var read = await db.Several(Read, new { CommunityId = communityId, Now = now, Since = now - StillRostered, Soon = now + RosteredAhead }, ct);
        var working = (await read.ReadAsync<Guid>()).ToHashSet();
        var shifts = (await read.ReadAsync<ShiftRow>()).Select(s => new OnShift(s.Duty, s.TeamId, s.StaffId, s.StartsAt, s.EndsAt)).ToArray();
        var away = (await read.ReadAsync<AwayRow>()).Select(a => new Away(a.StaffId, a.StartsAt, a.EndsAt, a.DeputyId)).ToArray();
        var rostered = (await read.ReadAsync<string>()).Select(EnumWord.Read<Duty>).ToHashSet();
        var members = (await read.ReadAsync<Member>()).AsList();
        var holders = (await read.ReadAsync<Holder>()).Select(h => (h.Duty, h.StaffId)).ToArray();
        return new RosterRows(
            new Roster(working, shifts, away, rostered, [.. members.Where(m => m.Lead).Select(m => (m.TeamId, m.StaffId))], holders),
            members.ToLookup(m => m.Crew, m => m.StaffId));
    }

    private sealed record ShiftRow(Duty Duty, Guid? TeamId, Guid StaffId, DateTimeOffset StartsAt, DateTimeOffset EndsAt);

    private sealed record AwayRow(Guid StaffId, DateTimeOffset StartsAt, DateTimeOffset EndsAt, Guid? DeputyId);
}
