using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>Who is told: shifts over midnight, swaps, leave, deputies.</summary>
public sealed class OnDutyTests
{
    private static readonly DateTimeOffset Night = new(2026, 5, 1, 3, 12, 0, TimeSpan.FromHours(8));
    private static readonly Guid Team = Id(100);

    private static Guid Id(int n) => new(n, 0, 0, new byte[8]);

    private static OnShift Shift(Duty duty, int who, int from, int to, Guid? team = null) => new(duty, team, Id(who), new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.FromHours(8)).AddHours(from), new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.FromHours(8)).AddHours(to));

    private static Roster Of(IReadOnlyList<OnShift> shifts, IReadOnlyList<Away>? away = null, IReadOnlyList<(Duty, Guid)>? holders = null, int[]? left = null, params Duty[] rostered) =>
        new(Enumerable.Range(1, 50).Except(left ?? []).Select(Id).ToHashSet(), shifts, away ?? [], rostered.ToHashSet(), [(Team, Id(1))], holders ?? []);

    private static int[] Told(int level, Roster roster, LateThing? thing = null) => [.. OnDuty.At(level, thing ?? new LateThing([Team], [], new HashSet<Guid>()), roster, Night).Select(r => BitConverter.ToInt32(r.StaffId.ToByteArray()))];

    [Test]
    public void A_shift_past_midnight_counts_until_it_ends_and_not_at_its_end()
    {
        Assert.That(Told(2, Of([Shift(Duty.CustomerOfficer, 5, -4, 8)], rostered: Duty.CustomerOfficer)), Is.EqualTo(new[] { 5 }));
        Assert.That(OnDuty.At(2, new LateThing([], [], new HashSet<Guid>()), Of([new OnShift(Duty.CustomerOfficer, null, Id(5), Night.AddHours(-8), Night)], rostered: Duty.CustomerOfficer), Night), Is.Empty);
    }

    [Test]
    public void A_crews_lead_is_the_one_on_shift_else_the_standing_one()
    {
        Assert.That(Told(1, Of([Shift(Duty.CrewLead, 7, -4, 8, Team)], rostered: Duty.Desk)), Is.EqualTo(new[] { 7 }));
        Assert.That(Told(1, Of([], rostered: Duty.Desk)), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Who_is_away_is_stood_in_for_by_the_deputy_and_the_deputys_deputy()
    {
        Away[] away = [new(Id(1), Night.AddDays(-1), Night.AddDays(1), Id(2)), new(Id(2), Night.AddDays(-1), Night.AddDays(1), Id(3))];

        Assert.That(Told(1, Of([], away, rostered: Duty.Desk)), Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public void Two_who_stand_in_for_each_other_are_nobody() =>
        Assert.That(Told(1, Of([], [new(Id(1), Night.AddDays(-1), Night.AddDays(1), Id(2)), new(Id(2), Night.AddDays(-1), Night.AddDays(1), Id(1))], rostered: Duty.Desk)), Is.Empty);

    [Test]
    public void Leave_that_is_over_is_no_leave() =>
        Assert.That(Told(1, Of([], [new(Id(1), Night.AddDays(-2), Night, Id(2))], rostered: Duty.Desk)), Is.EqualTo(new[] { 1 }));

    [Test]
    public void A_duty_without_a_roster_is_of_all_who_hold_the_role_and_one_with_a_roster_is_not()
    {
        (Duty, Guid)[] holders = [(Duty.Manager, Id(8)), (Duty.Manager, Id(9))];

        Assert.That(Told(3, Of([], holders: holders)), Is.EqualTo(new[] { 8, 9 }));
        Assert.That(Told(3, Of([], holders: holders, rostered: Duty.Manager)), Is.Empty);
    }

    [Test]
    public void Who_has_two_duties_is_told_once() =>
        Assert.That(Told(1, Of([Shift(Duty.CrewLead, 7, -4, 8, Team), Shift(Duty.Desk, 7, -4, 8)], rostered: Duty.Desk)), Is.EqualTo(new[] { 7 }));

    [Test]
    public void Who_has_left_and_who_is_complained_about_are_told_nothing()
    {
        Assert.That(Told(1, Of([Shift(Duty.Desk, 6, -4, 8)], left: [6], rostered: Duty.Desk)), Is.EqualTo(new[] { 1 }));
        Assert.That(Told(1, Of([Shift(Duty.Desk, 6, -4, 8)], rostered: Duty.Desk), new LateThing([Team], [], new HashSet<Guid> { Id(1) })), Is.EqualTo(new[] { 6 }));
    }

    [Test]
    public void A_warning_goes_to_whoever_has_it_in_hand_else_to_the_lead_else_to_the_desk()
    {
        var roster = Of([Shift(Duty.Desk, 6, -4, 8)], rostered: Duty.Desk);

        Assert.That(Told(0, roster, new LateThing([Team], [Id(9)], new HashSet<Guid>())), Is.EqualTo(new[] { 9 }));
        Assert.That(Told(0, roster), Is.EqualTo(new[] { 1 }));
        Assert.That(Told(0, roster, new LateThing([], [], new HashSet<Guid>())), Is.EqualTo(new[] { 6 }));
    }
}
