using NUnit.Framework;
using PropertyServiceDesk.Domain.Rosters;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed class RosterTests : DeskFixture
{
    private static readonly DateTimeOffset Evening = new(2026, 3, 2, 20, 0, 0, TimeSpan.FromHours(8));

    [SetUp]
    public Task NoRoster() => Execute("delete from leave; delete from shift");

    private Task<ShiftReply> Plan(Duty duty = Duty.Desk, Guid? team = null) => Send(Here.Manager, new PlanShift(Here.CommunityId, duty, Here.Clerk.Id, Evening, Evening.AddHours(12), team));

    [Test]
    public async Task A_night_shift_is_planned_swapped_and_removed()
    {
        var shift = (await Plan()).ShiftId;
        await Send(Here.Manager, new SwapShift(shift, Here.Officer.Id));

        var line = (await Send(Here.Clerk, new ListShifts(Here.CommunityId))).Single();
        Assert.That((line.StaffId, line.SwappedFromId, line.EndsAt), Is.EqualTo((Here.Officer.Id, (Guid?)Here.Clerk.Id, Evening.AddHours(12))));

        await Send(Here.Manager, new RemoveShift(shift));
        Assert.That(await Send(Here.Clerk, new ListShifts(Here.CommunityId)), Is.Empty);
        Assert.That(await Rows<string>("select what from event where what like 'shift%' order by seq desc limit 3"), Is.EqualTo(new[] { "shiftRemoved", "shiftSwapped", "shiftPlanned" }));
    }

    [Test]
    public async Task What_cannot_be_a_shift_is_refused()
    {
        Assert.That(await Refusal(() => Send(Here.Manager, new PlanShift(Here.CommunityId, Duty.Desk, Here.Clerk.Id, Evening, Evening.AddHours(37)))), Is.EqualTo("shift.length_out_of_range"));
        Assert.That(await Refusal(() => Plan(Duty.CrewLead)), Is.EqualTo("shift.team_for_crews_only"));
        Assert.That(await Refusal(() => Plan(Duty.Desk, Here.Teams[Crew.Security])), Is.EqualTo("shift.team_for_crews_only"));
        Assert.That(await Refusal(() => Plan(Duty.CrewLead, There.Teams[Crew.Security])), Is.EqualTo("team.unknown"));
        Assert.That(await Refusal(() => Send(Here.Manager, new PlanShift(Here.CommunityId, Duty.Desk, There.Clerk.Id, Evening, Evening.AddHours(1)))), Is.EqualTo("staff.unknown"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new PlanShift(Here.CommunityId, Duty.Desk, Here.Clerk.Id, Evening, Evening.AddHours(1)))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.Manager, new PlanShift(Here.CommunityId, Duty.Desk, Here.Clerk.Id, Evening, Evening.AddHours(1)))), Is.EqualTo("community.not_found"));
    }

    [Test]
    public async Task What_begins_more_than_a_year_from_now_is_neither_planned_nor_written_down()
    {
        var now = Clock.GetUtcNow();
        Task<ShiftReply> Shift(DateTimeOffset from) => Send(Here.Manager, new PlanShift(Here.CommunityId, Duty.Desk, Here.Clerk.Id, from, from.AddHours(8)));
        Task<LeaveReply> Leave(DateTimeOffset from) => Send(Here.Manager, new PlanLeave(Here.CommunityId, Here.Clerk.Id, from, from.AddDays(8)));

        foreach (var far in (TimeSpan[])[TimeSpan.FromDays(366), -TimeSpan.FromDays(366)])
        {
            await Send(Here.Manager, new RemoveShift((await Shift(now + far)).ShiftId));
            await Send(Here.Manager, new RemoveLeave((await Leave(now + far)).LeaveId));
            var further = now + far + (far > TimeSpan.Zero ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(-1));
            Assert.That(await Refusal(() => Shift(further)), Is.EqualTo("shift.out_of_range"));
            Assert.That(await Refusal(() => Leave(further)), Is.EqualTo("leave.out_of_range"));
        }

        Assert.That(await Refusal(() => Shift(DateTimeOffset.MinValue)), Is.EqualTo("shift.out_of_range"));
        Assert.That(await Refusal(() => Leave(DateTimeOffset.MaxValue.AddDays(-9))), Is.EqualTo("leave.out_of_range"));
    }

    [Test]
    public async Task Another_communitys_shift_is_absent_and_a_swap_with_oneself_is_none()
    {
        var shift = (await Plan()).ShiftId;

        Assert.That(await Refusal(() => Send(There.Manager, new RemoveShift(shift))), Is.EqualTo("shift.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, new SwapShift(shift, Here.Clerk.Id))), Is.EqualTo("shift.theirs_already"));
    }

    [Test]
    public async Task Leave_is_planned_with_a_deputy_and_taken_back()
    {
        var leave = (await Send(Here.Manager, new PlanLeave(Here.CommunityId, Here.Clerk.Id, Evening, Evening.AddDays(3), Here.Officer.Id))).LeaveId;
        Assert.That((await Send(Here.Clerk, new ListLeave(Here.CommunityId))).Single().DeputyId, Is.EqualTo(Here.Officer.Id));

        await Send(Here.Manager, new RemoveLeave(leave));

        Assert.That(await Send(Here.Clerk, new ListLeave(Here.CommunityId)), Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new RemoveLeave(leave))), Is.EqualTo("leave.not_found"));
        Assert.That(await Refusal(() => Send(Here.Manager, new PlanLeave(Here.CommunityId, Here.Clerk.Id, Evening, Evening.AddDays(3), Here.Clerk.Id))), Is.EqualTo("leave.own_deputy"));
        Assert.That(await Refusal(() => Send(Here.Manager, new PlanLeave(Here.CommunityId, Here.Clerk.Id, Evening, Evening))), Is.EqualTo("leave.length_out_of_range"));
        Assert.That(await Refusal(() => Send(Here.Manager, new PlanLeave(Here.CommunityId, Here.Clerk.Id, Evening, Evening.AddDays(3), There.Officer.Id))), Is.EqualTo("staff.unknown"));
    }
}
