using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Rules;

/// <summary>Whose the owner's time was; whatever happened, the parts add up.</summary>
public sealed class OwnersTimeTests
{
    private static readonly DateTimeOffset Nine = FakeClock.Start; // Monday 09:00 in Shanghai
    private static readonly Guid Pipe = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Floor = new("00000000-0000-0000-0000-000000000002");

    private static DateTimeOffset At(double hours) => Nine.AddHours(hours);

    private static string Split(double until, params TimeTurn[] turns) => string.Join(
        "; ",
        OwnersTime.Split(Nine, turns, At(until), Reference.Calendar("24x7")).Select(p => string.Join(' ', new object?[] { p.Holder, p.Crew, p.Reason, p.Elapsed.TotalHours }.OfType<object>())));

    private static TimeTurn With(double at, Guid order, Crew crew, bool mandatory = true) => new(At(at), order, OrderStands.WithCrew, crew, null, mandatory);

    [Test]
    public void What_nobody_was_given_is_the_desks_and_then_the_crews() =>
        Assert.That(Split(5, With(1, Pipe, Crew.Engineering)), Is.EqualTo("Desk 1; Crew Engineering 4"));

    [Test]
    public void Several_crews_at_once_share_the_time() =>
        Assert.That(Split(3, With(0, Pipe, Crew.Engineering), With(1, Floor, Crew.Environment)), Is.EqualTo("Crew Engineering 2; Crew Environment 1"));

    [Test]
    public void While_one_can_go_on_another_ones_hold_holds_nobody_up() => Assert.That(
        Split(
            6,
            With(0, Pipe, Crew.Engineering),
            With(0, Floor, Crew.Environment),
            new TimeTurn(At(2), Pipe, OrderStands.OnHold, Reason: HoldReason.Parts),
            new TimeTurn(At(4), Floor, OrderStands.Away)),
        Is.EqualTo("Crew Engineering 1; Crew Environment 3; Hold Engineering Parts 2"));

    [Test]
    public void A_transfer_gives_the_time_to_the_next_crew_and_a_return_to_the_desk() => Assert.That(
        Split(
            6,
            With(0, Pipe, Crew.Engineering),
            new TimeTurn(At(1), Pipe, OrderStands.WithCrew, Crew.Security),
            new TimeTurn(At(3), Pipe, OrderStands.WithDesk),
            new TimeTurn(At(4), Pipe, OrderStands.WithCrew, Crew.Environment)),
        Is.EqualTo("Desk 1; Crew Engineering 1; Crew Environment 2; Crew Security 2"));

    [Test]
    public void Solved_and_then_not_is_a_part_of_its_own() => Assert.That(
        Split(
            10,
            With(0, Pipe, Crew.Engineering),
            new TimeTurn(At(2), Pipe, OrderStands.Away),
            new TimeTurn(At(2), Open: false),
            new TimeTurn(At(3), Open: false, Closed: true),
            new TimeTurn(At(5), Open: true),
            With(5, Floor, Crew.Engineering),
            new TimeTurn(At(6), Floor, OrderStands.Away),
            new TimeTurn(At(6), Open: false),
            new TimeTurn(At(8), Open: false, Closed: true)),
        Is.EqualTo("Crew Engineering 3; Reopened 3; Feedback 2"));

    [Test]
    public void Optional_work_counts_only_while_there_is_no_other() =>
        Assert.That(Split(2, With(0, Pipe, Crew.Engineering), With(1, Floor, Crew.Environment, mandatory: false)), Is.EqualTo("Crew Engineering 2"));

    [Test]
    public void Whatever_happens_the_parts_add_up_to_the_microsecond()
    {
        var random = new Random(20260302);
        var calendar = Reference.Calendar("office");
        for (var run = 0; run < 500; run++)
        {
            var at = Nine;
            var turns = Enumerable.Range(0, random.Next(30)).Select(_ =>
            {
                at = at.AddTicks(10 * random.NextInt64(-600_000_000, 40_000_000_000));
                return random.Next(5) == 0
                    ? new TimeTurn(at, Open: random.Next(2) == 0)
                    : new TimeTurn(at, random.Next(2) == 0 ? Pipe : Floor, (OrderStands)random.Next(4), (Crew)random.Next(4), HoldReason.Parts, random.Next(3) > 0);
            }).ToArray();
            var until = at.AddDays(1) > Nine ? at.AddDays(1) : Nine;

            var parts = OwnersTime.Split(Nine, turns, until, calendar);

            Assert.That(new TimeSpan(parts.Sum(p => p.Elapsed.Ticks)), Is.EqualTo(until - Nine));
            Assert.That(new TimeSpan(parts.Sum(p => p.Counted.Ticks)), Is.EqualTo(calendar.OpenBetween(Nine, until)));
        }
    }
}
