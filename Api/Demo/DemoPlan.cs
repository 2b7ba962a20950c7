using System.Globalization;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Demo;

/// <summary>One of the demo's communities on paper.</summary>
/// <param name="Buildings">How many in each phase; a single phase has no node of its own.</param>
/// <param name="Requests">About how many in the month.</param>
internal sealed record DemoPlan(
    string Code, string Name, string NameEn, string TimeZone, string Currency, int[] Buildings, int Entrances, int Floors, int HomesAFloor, int Shops, int Spaces, int Requests, int Seed)
{
    public static IReadOnlyList<DemoPlan> All { get; } =
    [
        new("cuihu", "翠湖花园", "Cuihu Garden", "Asia/Shanghai", "CNY", [4, 3], 2, 8, 2, 8, 40, 240, 11),
        new("binjiang", "滨江壹号", "Binjiang No. 1", "Asia/Shanghai", "CNY", [3], 1, 16, 2, 4, 24, 110, 22),
        new("riverside", "Riverside Quay", "Riverside Quay", "Europe/London", "GBP", [2], 1, 10, 3, 3, 16, 70, 33),
    ];

    /// <summary>The other communities of the first one's company share its desk.</summary>
    public bool English => TimeZone != "Asia/Shanghai";

    public int Homes => Buildings.Sum() * Entrances * Floors * HomesAFloor;

    public string Say(string chinese, string english) => English ? english : chinese;

    public IEnumerable<NewPlace> Places()
    {
        var number = 0;
        for (var phase = 1; phase <= Buildings.Length; phase++)
        {
            var above = Buildings.Length == 1 ? null : $"P{phase}";
            if (above is not null)
            {
                yield return new NewPlace(PlaceKind.Phase, above, above, Say($"{phase}期", $"Phase {phase}"), $"Phase {phase}");
            }

            for (var building = 0; building < Buildings[phase - 1]; building++)
            {
                foreach (var place in Building(Text(++number), above))
                {
                    yield return place;
                }
            }
        }

        foreach (var (code, zh, en) in CommonAreas)
        {
            yield return new NewPlace(PlaceKind.CommonArea, code, code, Say(zh, en), en);
        }

        for (var shop = 1; shop <= Shops; shop++)
        {
            yield return new NewPlace(PlaceKind.Shop, $"S{shop:00}", $"S{shop:00}", Say($"商铺{shop}号", $"Shop {shop}"), $"Shop {shop}");
        }

        for (var space = 1; space <= Spaces; space++)
        {
            yield return new NewPlace(PlaceKind.ParkingSpace, $"B1-{space:000}", $"B1-{space:000}", Say($"地库车位B1-{space:000}", $"Space B1-{space:000}"), $"Space B1-{space:000}", "garage");
        }
    }

    /// <summary>A lift in every entrance, the pumps, the gates, the fire panel.</summary>
    public IEnumerable<(string Kind, string Code, string Name, string NameEn, string Place)> Assets()
    {
        for (var building = 1; building <= Buildings.Sum(); building++)
        {
            for (var entrance = 1; entrance <= Entrances; entrance++)
            {
                var at = $"{building}-{entrance}";
                yield return ("lift", $"L{at}", Say($"{building}栋{entrance}单元电梯", $"Lift {at}"), $"Lift {at}", at + "-lobby");
            }
        }

        yield return ("pump", "PU1", Say("1号生活水泵", "Water pump 1"), "Water pump 1", "pump-room");
        yield return ("pump", "PU2", Say("2号生活水泵", "Water pump 2"), "Water pump 2", "pump-room");
        yield return ("gate", "G1", Say("北门道闸", "North gate barrier"), "North gate barrier", "north-gate");
        yield return ("gate", "G2", Say("车库道闸", "Garage barrier"), "Garage barrier", "garage");
        yield return ("firePanel", "F1", Say("消防主机", "Fire panel"), "Fire panel", "control-room");
    }

    private static readonly (string Code, string Zh, string En)[] CommonAreas =
    [
        ("garage", "地下车库", "Garage"), ("garden", "中心花园", "Garden"), ("playground", "儿童乐园", "Playground"), ("pump-room", "生活水泵房", "Pump room"),
        ("control-room", "消控室", "Control room"), ("north-gate", "北门", "North gate"), ("bin-store", "垃圾房", "Bin store"),
    ];

    private IEnumerable<NewPlace> Building(string building, string? above)
    {
        yield return new NewPlace(PlaceKind.Building, building, building, Say($"{building}栋", $"Building {building}"), $"Building {building}", above);
        for (var e = 1; e <= Entrances; e++)
        {
            var entrance = $"{building}-{e}";
            var (zh, en) = ($"{building}栋{e}单元", $"Building {building}, entrance {e}");
            yield return new NewPlace(PlaceKind.Entrance, Text(e), entrance, Say(zh, en), en, building);
            yield return new NewPlace(PlaceKind.CommonArea, "lobby", entrance + "-lobby", Say(zh + "大堂", en + ", lobby"), en + ", lobby", entrance);
            for (var floor = 1; floor <= Floors; floor++)
            {
                var level = $"{entrance}-F{floor:00}";
                yield return new NewPlace(PlaceKind.Floor, $"F{floor:00}", level, Say($"{zh}{floor}层", $"{en}, floor {floor}"), $"{en}, floor {floor}", entrance);
                for (var door = 1; door <= HomesAFloor; door++)
                {
                    var home = $"{floor}{door:00}";
                    yield return new NewPlace(PlaceKind.Home, home, $"{entrance}-{home}", Say($"{zh}{home}", $"{en}, flat {home}"), $"{en}, flat {home}", level);
                }
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
