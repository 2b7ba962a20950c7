namespace PropertyServiceDesk.Domain.Rules;

/// <summary>The short number that people read to each other over the telephone: a sequence value with a check digit behind it.</summary>
/// <remarks>
/// The check digit is Damm's: every single wrong digit and every swap of two neighbours is noticed.
/// Gaps in the sequence are allowed; the number says nothing about order or count.
/// </remarks>
public static class SpokenNumber
{
    private static readonly byte[,] Damm =
    {
        { 0, 3, 1, 7, 5, 9, 8, 6, 4, 2 },
        { 7, 0, 9, 2, 1, 5, 4, 8, 6, 3 },
        { 4, 2, 0, 6, 8, 7, 1, 3, 5, 9 },
        { 1, 7, 5, 0, 9, 8, 3, 4, 2, 6 },
        { 6, 1, 2, 3, 0, 4, 5, 9, 7, 8 },
        { 3, 6, 7, 4, 2, 0, 9, 5, 8, 1 },
        { 5, 8, 6, 9, 7, 2, 0, 1, 3, 4 },
        { 8, 9, 4, 5, 3, 6, 2, 0, 1, 7 },
        { 9, 4, 3, 8, 6, 1, 7, 2, 0, 5 },
        { 2, 5, 8, 1, 4, 3, 6, 7, 9, 0 },
    };

    /// <summary>The number to speak for <paramref name="sequence"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sequence"/> is not positive.</exception>
    public static long Of(long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequence);
        return checked((sequence * 10) + Check(sequence));
    }

    /// <summary>Whether the last digit fits the others; a misheard number is said to be wrong before anything is looked up.</summary>
    public static bool IsValid(long number) => number >= 10 && Check(number / 10) == number % 10;

    private static int Check(long digits)
    {
        var interim = 0;
        foreach (var digit in digits.ToString(System.Globalization.CultureInfo.InvariantCulture))
        {
            interim = Damm[interim, digit - '0'];
        }

        return interim;
    }
}
