using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class PlaceTreeTests
{
    private const string Expected = """
        Community     Phase Building Home Shop ParkingSpace CommonArea
        Phase         Building Home Shop ParkingSpace CommonArea
        Building      Entrance Floor Home Shop ParkingSpace CommonArea
        Entrance      Floor Home Shop ParkingSpace CommonArea
        Floor         Home Shop ParkingSpace CommonArea
        Home          -
        Shop          -
        ParkingSpace  -
        CommonArea    Shop ParkingSpace CommonArea

        """;

    [Test]
    public void What_may_stand_in_what_is_this_table()
    {
        var table = string.Concat(Enum.GetValues<PlaceKind>().Select(k => $"{k,-14}{(PlaceTree.Within(k) is { Count: > 0 } within ? string.Join(' ', within) : "-")}\n"));

        Assert.That(table, Is.EqualTo(Expected.ReplaceLineEndings("\n")));
    }

    [Test]
    public void No_kind_contains_the_community() =>
        Assert.That(Enum.GetValues<PlaceKind>().Where(k => PlaceTree.MayStandIn(PlaceKind.Community, k)), Is.Empty);

    [TestCase("3-2-1502", "3-2", "1502")]
    [TestCase("3栋/2单元", "3栋", "2单元")]
    [TestCase("3-2-1502", null, "3-2-1502")]
    [TestCase("32", "3", "32")]
    [TestCase("3-", "3", "3-")]
    [TestCase("A1", "B", "A1")]
    public void The_short_code_is_what_the_full_one_has_beyond_its_parents(string fullCode, string? parent, string code) =>
        Assert.That(PlaceTree.CodeWithin(fullCode, parent), Is.EqualTo(code));
}
