namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Which place may stand directly in which.</summary>
public static class PlaceTree
{
    /// <summary>The kinds that may stand directly in a place of this kind; none in a home, a shop and a parking space.</summary>
    public static IReadOnlyList<PlaceKind> Within(PlaceKind kind) => kind switch
    {
        PlaceKind.Community => [PlaceKind.Phase, PlaceKind.Building, PlaceKind.Home, PlaceKind.Shop, PlaceKind.ParkingSpace, PlaceKind.CommonArea],
        PlaceKind.Phase => [PlaceKind.Building, PlaceKind.Home, PlaceKind.Shop, PlaceKind.ParkingSpace, PlaceKind.CommonArea],
        PlaceKind.Building => [PlaceKind.Entrance, PlaceKind.Floor, PlaceKind.Home, PlaceKind.Shop, PlaceKind.ParkingSpace, PlaceKind.CommonArea],
        PlaceKind.Entrance => [PlaceKind.Floor, PlaceKind.Home, PlaceKind.Shop, PlaceKind.ParkingSpace, PlaceKind.CommonArea],
        PlaceKind.Floor => [PlaceKind.Home, PlaceKind.Shop, PlaceKind.ParkingSpace, PlaceKind.CommonArea],
        PlaceKind.CommonArea => [PlaceKind.Shop, PlaceKind.ParkingSpace, PlaceKind.CommonArea],
        PlaceKind.Home or PlaceKind.Shop or PlaceKind.ParkingSpace => [],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such kind of place."),
    };

    public static bool MayStandIn(PlaceKind kind, PlaceKind parent) => Within(parent).Contains(kind);

    /// <summary>What a place is called within its parent where nobody says: what its full code has beyond the parent's, else all of it.</summary>
    public static string CodeWithin(string fullCode, string? parent) =>
        parent is { Length: > 0 } && fullCode.Length > parent.Length + 1 && fullCode.StartsWith(parent, StringComparison.Ordinal) && fullCode[parent.Length] is '-' or '/' or '.' or '_' or ' '
            ? fullCode[(parent.Length + 1)..]
            : fullCode;
}
