using System.Text;
using CsvHelper;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>A line of a file that cannot be taken over: where it stands, which cell, why.</summary>
/// <param name="Line">Of the file; the header is line 1.</param>
/// <param name="Column">As the guide calls it; null where it is the line as a whole.</param>
/// <param name="Value">What stands in that cell, cut to 120 characters.</param>
public sealed record RefusedLine(int Line, string? Column, string Code, string Sentence, string? Value);

/// <summary>A line of a file of places that is right by itself; how it fits the others and what is there is for <see cref="PlacePlan"/>.</summary>
/// <param name="Parent">Full code; null for the community itself.</param>
/// <param name="Code">Null where the file leaves it to us.</param>
internal sealed record PlaceFileLine(int Line, string FullCode, string? Parent, PlaceKind Kind, string? Code, string Name, string? NameEn);

/// <summary>A CSV file of places: UTF-8 with or without a byte order mark, UTF-16 with one, else GB18030; separated by commas, semicolons or tabs, whichever its header has.</summary>
internal sealed class PlaceFile
{
    public const int MostLines = 20_000;

    private const int FullCode = 0;
    private const int Parent = 1;
    private const int Kind = 2;
    private const int Code = 3;
    private const int Name = 4;
    private const int NameEn = 5;

    /// <summary>What a column may be called; the first is what the guide calls it.</summary>
    private static readonly string[][] Columns =
    [
        ["fullCode", "全码", "编号"],
        ["parent", "上级", "上级编号"],
        ["kind", "类型"],
        ["code", "短码", "编码"],
        ["name", "名称"],
        ["nameEn", "英文名", "英文名称"],
    ];

    private static readonly int[] Most = [120, 120, 40, 40, 200, 200];

    private static readonly Dictionary<string, PlaceKind> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["期"] = PlaceKind.Phase,
        ["楼栋"] = PlaceKind.Building,
        ["栋"] = PlaceKind.Building,
        ["单元"] = PlaceKind.Entrance,
        ["楼层"] = PlaceKind.Floor,
        ["房屋"] = PlaceKind.Home,
        ["住宅"] = PlaceKind.Home,
        ["商铺"] = PlaceKind.Shop,
        ["车位"] = PlaceKind.ParkingSpace,
        ["公区"] = PlaceKind.CommonArea,
        ["公共区域"] = PlaceKind.CommonArea,
        ["phase"] = PlaceKind.Phase,
        ["building"] = PlaceKind.Building,
        ["entrance"] = PlaceKind.Entrance,
        ["floor"] = PlaceKind.Floor,
        ["home"] = PlaceKind.Home,
        ["shop"] = PlaceKind.Shop,
        ["parkingSpace"] = PlaceKind.ParkingSpace,
        ["commonArea"] = PlaceKind.CommonArea,
    };

    private readonly int?[] at = new int?[Columns.Length];

    private PlaceFile()
    {
    }

    public List<PlaceFileLine> Lines { get; } = [];

    public List<RefusedLine> Wrong { get; } = [];

    /// <summary>Whether there is a column for English names: where there is none, they stay as they are.</summary>
    public bool SaysNameEn => at[NameEn] is not null;

    /// <summary>How many lines have anything in them, the header left out.</summary>
    public int Count { get; private set; }

    /// <exception cref="Refused.Invalid">It cannot be read as a whole.</exception>
    public static PlaceFile Read(byte[] bytes)
    {
        if (bytes.Length > ImportPlaces.MostBytes)
        {
            throw new Refused.TooLarge("places.file_too_large", "This file is too large: at most 4 MB.");
        }

        var text = TextOf(bytes);
        var read = new PlaceFile();
        var header = text.AsSpan(0, text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? end : text.Length);
        var separator = header.Contains('\t') ? '\t' : header.Contains(';') && !header.Contains(',') ? ';' : ',';
        CsvMalformedReason? malformed = null;
        using var csv = CsvReader.Create(
            new MemoryStream(Encoding.UTF8.GetBytes(text)),
            new CsvReaderOptions { Encoding = new UTF8Encoding(false), Separator = separator, SkipEmptyLines = true, MaxRecordSize = 1 << 16, TrackLineNumbers = true, OnMalformedRecord = m => malformed = m.Reason });
        try
        {
            csv.ReadHeader();
            var columns = csv.Headers.Count;
            read.Head([.. csv.Headers]);
            while (csv.Read())
            {
                var (line, wrong) = ((int)csv.LineNumber, malformed);
                malformed = null;
                var cells = new string[csv.FieldCount];
                for (var i = 0; i < cells.Length; i++)
                {
                    cells[i] = csv.GetString(i);
                }

                read.Take(line, cells, columns, wrong);
            }
        }
        catch (CsvFormatException)
        {
            throw new Refused.Invalid("file.unreadable", $"The file cannot be read after line {csv.LineNumber}. Is a quotation mark missing?");
        }

        return read.Count > 0 ? read : throw new Refused.Invalid("places.none", "There is a header, and no place below it.");
    }

    private static string TextOf(byte[] bytes)
    {
        var text = bytes switch
        {
            [0xEF, 0xBB, 0xBF, ..] => Strict(new UTF8Encoding(false, true), bytes.AsSpan(3)),
            [0xFF, 0xFE, ..] => Strict(new UnicodeEncoding(false, false, true), bytes.AsSpan(2)),
            [0xFE, 0xFF, ..] => Strict(new UnicodeEncoding(true, false, true), bytes.AsSpan(2)),
            _ => Strict(new UTF8Encoding(false, true), bytes) ?? Strict(CodePagesEncodingProvider.Instance.GetEncoding("gb18030", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)!, bytes),
        };
        return text switch
        {
            null => throw new Refused.Invalid("places.encoding_unknown", "This is no text in UTF-8 or GB18030. Save it as CSV (UTF-8)."),
            _ when string.IsNullOrWhiteSpace(text) => throw new Refused.Invalid("file.empty", "The file has no header line."),
            _ => text,
        };
    }

    private static string? Strict(Encoding encoding, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return encoding.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private void Head(string[] names)
    {
        for (var i = 0; i < names.Length; i++)
        {
            var name = names[i].Trim().Trim('\uFEFF');
            if (name.Length == 0)
            {
                continue;
            }

            var known = Array.FindIndex(Columns, c => c.Contains(name.Replace("_", "", StringComparison.Ordinal), StringComparer.OrdinalIgnoreCase));
            if (known < 0)
            {
                throw new Refused.Invalid("places.column_unknown", $"There is no column {Short(name)}: they are fullCode, parent, kind, code, name, nameEn.");
            }

            at[known] = at[known] is null ? i : throw new Refused.Invalid("places.column_twice", $"The column {Columns[known][0]} is there twice.");
        }

        foreach (var needed in (int[])[FullCode, Parent, Kind, Name])
        {
            if (at[needed] is null)
            {
                throw new Refused.Invalid("places.column_missing", $"The column {Columns[needed][0]} is missing: fullCode, parent, kind and name are needed.");
            }
        }
    }

    private void Take(int line, string[] cells, int columns, CsvMalformedReason? malformed)
    {
        if (cells.All(string.IsNullOrWhiteSpace))
        {
            return;
        }

        if (++Count > MostLines)
        {
            throw new Refused.Invalid("places.too_many_lines", "A file has at most 20,000 places. Split it: what is above goes first.");
        }

        if (malformed is not null)
        {
            Wrong.Add(new RefusedLine(line, null, "import.quotes", "A quotation mark is open, or stands in the middle of a cell.", null));
            return;
        }

        if (cells.Length != columns)
        {
            Wrong.Add(new RefusedLine(line, null, "import.columns", $"The row has {cells.Length} cells, the header {columns}.", null));
            return;
        }

        var before = Wrong.Count;
        var fullCode = Cell(line, cells, FullCode);
        var parent = Cell(line, cells, Parent);
        var kind = Cell(line, cells, Kind);
        var code = Cell(line, cells, Code);
        var name = Cell(line, cells, Name);
        var nameEn = Cell(line, cells, NameEn);
        var known = kind is not null && Kinds.TryGetValue(kind, out var found) ? found : (PlaceKind?)null;
        if (kind is not null && known is null)
        {
            Wrong.Add(new RefusedLine(line, Columns[Kind][0], "place.kind_unknown", "There is no such kind of place: phase, building, entrance, floor, home, shop, parkingSpace, commonArea.", Short(kind)));
        }

        if (Wrong.Count == before)
        {
            Lines.Add(new PlaceFileLine(line, fullCode!, parent, known!.Value, code, name!, nameEn));
        }
    }

    /// <summary>A cell's text; null where it is empty, which is said of the columns that need one.</summary>
    private string? Cell(int line, string[] cells, int column)
    {
        var cell = at[column] is { } i ? cells[i] : "";
        var needed = column is FullCode or Kind or Name;
        if (!needed && string.IsNullOrWhiteSpace(cell))
        {
            return null;
        }

        var text = PlainText.Normalise(cell);
        if (PlainText.Fault(cell, Most[column]) is { } fault)
        {
            Wrong.Add(new RefusedLine(line, Columns[column][0], fault, PlainTextRules.Sentence(fault, Most[column]), Short(cell)));
            return null;
        }

        if (text.Any(char.IsControl))
        {
            Wrong.Add(new RefusedLine(line, Columns[column][0], "text.several_lines", "This is one line: no line break and no tab.", Short(cell)));
            return null;
        }

        return text;
    }

    /// <summary>What is shown of a cell: no more than is needed to find it, and nothing that cannot be shown.</summary>
    internal static string Short(string cell) =>
        string.Concat(cell.EnumerateRunes().Where(r => !Rune.IsControl(r) && r != Rune.ReplacementChar).Take(120));
}
