namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Segments of one UTC year in order, with the open time before each, so that years need not be walked day by day.</summary>
internal sealed class OpenYear
{
    private readonly long[] openBefore;

    public OpenYear(List<(long From, long To)> segments)
    {
        From = [.. segments.Select(s => s.From)];
        To = [.. segments.Select(s => s.To)];
        openBefore = new long[segments.Count + 1];
        for (var i = 0; i < segments.Count; i++)
        {
            openBefore[i + 1] = openBefore[i] + To[i] - From[i];
        }
    }

    public long[] From { get; }

    public long[] To { get; }

    public int Count => From.Length;

    public long Total => openBefore[^1];

    public int FirstClosingAfter(long at)
    {
        var i = Array.BinarySearch(To, at);
        return i >= 0 ? i + 1 : ~i;
    }

    public int LastOpeningUntil(long at)
    {
        var i = Array.BinarySearch(From, at);
        return i >= 0 ? i : ~i - 1;
    }

    public long OpenUntil(long at)
    {
        var i = LastOpeningUntil(at);
        return i < 0 ? 0 : openBefore[i] + Math.Min(at, To[i]) - From[i];
    }

    /// <summary>When so much of the year's open time has passed: between two segments, at the close of the one or the open of the other.</summary>
    public long Ending(long open, bool atOpening)
    {
        var i = Array.BinarySearch(openBefore, open);
        if (i < 0)
        {
            return From[~i - 1] + open - openBefore[~i - 1];
        }

        return atOpening ? From[i] : To[i - 1];
    }
}
