using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using static PropertyServiceDesk.Domain.Rules.MessageChannel;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class DeliveryWaysTests
{
    private static readonly HashSet<MessageChannel> Everything = [.. Enum.GetValues<MessageChannel>()];

    [TestCase("2026-03-02T20:59+08:00", "2026-03-02T20:59+08:00", TestName = "Before_they_begin")]
    [TestCase("2026-03-02T21:00+08:00", "2026-03-03T08:30+08:00", TestName = "The_first_quiet_minute")]
    [TestCase("2026-03-03T03:00+08:00", "2026-03-03T08:30+08:00", TestName = "After_midnight")]
    [TestCase("2026-03-03T08:29:59+08:00", "2026-03-03T08:30+08:00", TestName = "The_last_quiet_second")]
    [TestCase("2026-03-03T08:30+08:00", "2026-03-03T08:30+08:00", TestName = "Their_end_is_not_quiet")]
    public void Quiet_hours_over_midnight(string at, string after) =>
        Assert.That(
            DeliveryWays.AfterQuiet(DateTimeOffset.Parse(at), new TimeOnly(21, 0), new TimeOnly(8, 30), TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai")), Is.EqualTo(DateTimeOffset.Parse(after)));

    [TestCase("2026-03-02T13:00+00:00", "2026-03-02T14:00+00:00", TestName = "Within_a_day")]
    [TestCase("2026-03-02T14:00+00:00", "2026-03-02T14:00+00:00", TestName = "At_their_end")]
    public void Quiet_hours_at_noon(string at, string after) =>
        Assert.That(DeliveryWays.AfterQuiet(DateTimeOffset.Parse(at), new TimeOnly(12, 0), new TimeOnly(14, 0), TimeZoneInfo.FindSystemTimeZoneById("Europe/London")), Is.EqualTo(DateTimeOffset.Parse(after)));

    /// <summary>In London the hour from 01:00 to 02:00 is left out on 2026-03-29.</summary>
    [Test]
    public void Quiet_hours_that_end_in_the_hour_that_spring_leaves_out() =>
        Assert.That(
            DeliveryWays.AfterQuiet(DateTimeOffset.Parse("2026-03-28T23:00+00:00"), new TimeOnly(22, 0), new TimeOnly(1, 30), TimeZoneInfo.FindSystemTimeZoneById("Europe/London")),
            Is.EqualTo(DateTimeOffset.Parse("2026-03-29T01:00+00:00")));

    [Test]
    public void Equal_times_are_no_quiet_hours() =>
        Assert.That(DeliveryWays.AfterQuiet(DateTimeOffset.UnixEpoch, new TimeOnly(8, 0), new TimeOnly(8, 0), TimeZoneInfo.Utc), Is.EqualTo(DateTimeOffset.UnixEpoch));

    [TestCase(1, 30)]
    [TestCase(2, 60)]
    [TestCase(5, 480)]
    [TestCase(8, 1800)]
    [TestCase(40, 1800)]
    public void It_backs_off_twice_as_long_each_time_up_to_half_an_hour_give_or_take_a_fifth(int tries, int seconds)
    {
        Assert.That(DeliveryWays.BackOff(tries, 0.5).TotalSeconds, Is.EqualTo(seconds).Within(0.001));
        Assert.That(DeliveryWays.BackOff(tries, 0).TotalSeconds, Is.EqualTo(seconds * 0.8).Within(0.001));
        Assert.That(DeliveryWays.BackOff(tries, 1).TotalSeconds, Is.EqualTo(seconds * 1.2).Within(0.001));
    }

    [Test]
    public void A_customers_preferred_way_comes_first_and_a_way_needs_an_address_and_a_receiver()
    {
        Assert.That(DeliveryWays.Ways(RecipientKind.Customer, PreferredChannel.Email, Everything, Everything), Is.EqualTo(new[] { Email, Sms, WeChat, App }));
        Assert.That(DeliveryWays.Ways(RecipientKind.Customer, PreferredChannel.Phone, Everything, Everything), Is.EqualTo(new[] { Sms, WeChat, Email, App }));
        Assert.That(DeliveryWays.Ways(RecipientKind.Customer, PreferredChannel.WeChat, new HashSet<MessageChannel> { Sms, Email }, new HashSet<MessageChannel> { Email, WeChat }), Is.EqualTo(new[] { Email }));
        Assert.That(DeliveryWays.Ways(RecipientKind.Reporter, null, new HashSet<MessageChannel>(), Everything), Is.Empty);
    }

    [Test]
    public void Staff_whom_nothing_leads_to_see_it_on_their_screens()
    {
        Assert.That(DeliveryWays.Ways(RecipientKind.Staff, null, Everything, new HashSet<MessageChannel> { Sms, WeCom }), Is.EqualTo(new[] { WeCom, Sms }));
        Assert.That(DeliveryWays.Ways(RecipientKind.Role, null, new HashSet<MessageChannel>(), Everything), Is.EqualTo(new[] { Screen }));
    }
}
