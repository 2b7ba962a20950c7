using System.IO.Compression;
using System.Text;
using CsvHelper;

namespace PropertyServiceDesk.Domain.Imports;

/// <summary>A row that was not imported: where it stands, why, and what stands in it.</summary>
/// <param name="Line">Of the file as it is unpacked; the header is line 1.</param>
public sealed record RefusedRow(int Line, string Code, string Reason, IReadOnlyList<string> Fields);

/// <summary>Some rows of the file, in its order: those that can be looked up in the database, and those that cannot be right.</summary>
internal sealed record RowBatch(IReadOnlyList<ImportRow> Rows, IReadOnlyList<RefusedRow> Refused, long Position)
{
    public int Count => Rows.Count + Refused.Count;
}

/// <summary>Reads a CSV file, or the gzip of one, a batch at a time, in memory that does not grow with its size but for 24 bytes a row, which tell the same id when it comes again.</summary>
internal sealed class RequestFile : IDisposable
{
    private const int LargestRecord = 1 << 20;

    private readonly FileStream file;
    private readonly CsvReader csv;
    private readonly RowReader rows;
    private readonly HashSet<UInt128> seen = [];
    private CsvMalformedReason? malformed;

    /// <param name="now">Nothing was reported or closed after it.</param>
    /// <exception cref="Refused.Invalid">It cannot be read, or lacks a column that the mapping names.</exception>
    public RequestFile(string path, ImportMapping mapping, TimeZoneInfo zone, DateTimeOffset now)
    {
        file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read, BufferSize = 1 << 16, Options = FileOptions.SequentialScan });
        var format = mapping.File ?? new ImportFormat();
        csv = CsvReader.Create(
            Unpacking.IsNeededFor(file) ? new Unpacking(file) : file,
            new CsvReaderOptions
            {
                Encoding = format.Decoder(),
                Separator = format.Delimiter[0],
                SkipEmptyLines = true,
                MaxRecordSize = LargestRecord,
                TrackLineNumbers = true,
                OnMalformedRecord = m => malformed = m.Reason,
            });
        Header = Headers();
        rows = new RowReader(mapping, Header, zone, now);
    }

    public IReadOnlyList<string> Header { get; }

    public long Length => file.Length;

    /// <summary>The next rows, or null at the end.</summary>
    public RowBatch? Read(int most)
    {
        var good = new List<ImportRow>(most);
        var refused = new List<RefusedRow>();
        while (good.Count + refused.Count < most)
        {
            malformed = null;
            if (!Next())
            {
                break;
            }

            var line = (int)csv.LineNumber;
            if (malformed == CsvMalformedReason.UnterminatedQuote)
            {
                throw new Refused.Invalid("file.quote_open", $"A quotation mark in the row of line {line} is never closed: the rest of the file cannot be read.");
            }

            var fields = new string[csv.FieldCount];
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i] = csv.GetString(i);
            }

            try
            {
                good.Add(One(line, fields));
            }
            catch (RowRefused no)
            {
                refused.Add(new RefusedRow(line, no.Code, no.Message, fields));
            }
        }

        return good.Count + refused.Count == 0 ? null : new RowBatch(good, refused, file.Position);
    }

    public void Dispose()
    {
        csv.Dispose();
        file.Dispose();
    }

    private ImportRow One(int line, string[] fields)
    {
        if (malformed is not null)
        {
            throw new RowRefused("import.quotes", "A quotation mark stands in the middle of a cell.");
        }

        if (fields.Length != Header.Count)
        {
            throw new RowRefused("import.columns", $"The row has {fields.Length} cells, the header {Header.Count}.");
        }

        var row = rows.Read(line, fields);
        Span<byte> hash = stackalloc byte[32];
        System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(row.ImportId), hash);
        return seen.Add(new UInt128(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..])))
            ? row
            : throw new RowRefused("import.twice", $"The id {row.ImportId} stands in an earlier row of the file.");
    }

    private string[] Headers()
    {
        try
        {
            csv.ReadHeader();
            return csv.Headers.Count > 0
                ? [.. csv.Headers.Select(h => h.Trim())]
                : throw new Refused.Invalid("file.empty", "The file has no header line.");
        }
        catch (Exception e) when (e is InvalidDataException or CsvFormatException)
        {
            throw Unreadable(e);
        }
    }

    private bool Next()
    {
        try
        {
            return csv.Read();
        }
        catch (Exception e) when (e is InvalidDataException or CsvFormatException)
        {
            throw Unreadable(e);
        }
    }

    private Refused.Invalid Unreadable(Exception e) => e is InvalidDataException
        ? new Refused.Invalid("file.damaged", $"The gzip file is damaged after line {csv.LineNumber}.")
        : new Refused.Invalid("file.unreadable", $"The file cannot be read after line {csv.LineNumber}: a row is longer than a million characters. Is a quotation mark missing?");
}

/// <summary>The bytes of a gzip file. That one that was cut off is an error, wherever it was cut, is a setting of the program (Directory.Build.props).</summary>
internal sealed class Unpacking(FileStream file) : Stream
{
    private readonly GZipStream gzip = new(file, CompressionMode.Decompress);
    private long count;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => count;
        set => throw new NotSupportedException();
    }

    /// <summary>Known by content, whatever the name says.</summary>
    public static bool IsNeededFor(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Position = 0;
        return read == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = gzip.Read(buffer);
        count += read;
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            gzip.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>This row cannot be imported; the rest can.</summary>
internal sealed class RowRefused(string code, string sentence) : Exception(sentence)
{
    public string Code { get; } = code;
}
