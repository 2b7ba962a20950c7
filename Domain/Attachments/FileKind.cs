using System.Buffers.Binary;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>What an attachment may be.</summary>
public enum FileKind
{
    Jpeg,
    Png,
    Webp,

    /// <summary>HEIC and other HEIF pictures coded by HEVC.</summary>
    Heic,
    Pdf,
}

/// <summary>Tells what a file is by its content, never by its name or by what the sender says.</summary>
/// <remarks>
/// The structure is walked from the first byte to the last: a picture that is cut off, has something foreign behind it, or can be opened as a ZIP archive as well, is refused.
/// Pictures are not decoded. A PDF is judged by its frame only; give it to people as a download, never inside a page.
/// </remarks>
public static class FileKinds
{
    private const int ZipEnd = 22;
    private const int MaxZipRecords = 16; // so many do not come about by chance

    /// <summary>The kind of a file, or null for whatever is not accepted. Never throws on account of the content; reads each byte at most a few times through 64 KiB of memory (a HEIC's index: up to 256 KiB).</summary>
    /// <param name="seekable">Read from its beginning; its position afterwards is its beginning.</param>
    public static async Task<FileKind?> Recognise(Stream seekable, CancellationToken ct)
    {
        var reader = new ByteReader(seekable, ct);
        try
        {
            return await Candidate(reader) is { } kind && await IsWhole(kind, reader) && !await IsAlsoZip(reader) ? kind : null;
        }
        catch (MalformedFileException)
        {
            return null;
        }
        finally
        {
            seekable.Position = 0;
        }
    }

    /// <summary>The media type to serve a file with.</summary>
    public static string MediaType(FileKind kind) => kind switch
    {
        FileKind.Jpeg => "image/jpeg",
        FileKind.Png => "image/png",
        FileKind.Webp => "image/webp",
        FileKind.Heic => "image/heic",
        FileKind.Pdf => "application/pdf",
    };

    /// <summary>The ending of a file's name, with its dot.</summary>
    public static string Extension(FileKind kind) => kind switch
    {
        FileKind.Jpeg => ".jpg",
        FileKind.Png => ".png",
        FileKind.Webp => ".webp",
        FileKind.Heic => ".heic",
        FileKind.Pdf => ".pdf",
    };

    private static async Task<FileKind?> Candidate(ByteReader reader)
    {
        reader.Position = 0;
        var head = (await reader.Take(12)).Span;
        return head.StartsWith<byte>([0xFF, 0xD8, 0xFF]) ? FileKind.Jpeg
            : head.StartsWith<byte>([0x89, 0x50, 0x4E, 0x47]) ? FileKind.Png
            : head.StartsWith("RIFF"u8) && head[8..].SequenceEqual("WEBP"u8) ? FileKind.Webp
            : head[4..].StartsWith("ftyp"u8) ? FileKind.Heic
            : head.StartsWith("%PDF-"u8) ? FileKind.Pdf
            : null;
    }

    private static Task<bool> IsWhole(FileKind kind, ByteReader reader) => kind switch
    {
        FileKind.Jpeg => Jpeg.Is(reader),
        FileKind.Png => Png.Is(reader),
        FileKind.Webp => Webp.Is(reader),
        FileKind.Heic => Heic.Is(reader),
        FileKind.Pdf => Pdf.Is(reader),
    };

    /// <summary>Whether a ZIP program would find an archive: the record that ends one, within the last 128 KiB, with its directory right before it or where it says.</summary>
    private static async Task<bool> IsAlsoZip(ByteReader reader)
    {
        var records = 0;
        for (var end = reader.Length; end > 0 && end > reader.Length - (2 * ByteReader.Most);)
        {
            var from = Math.Max(0, end - ByteReader.Most);
            reader.Position = from;
            var block = (await reader.Take((int)(end - from))).ToArray();
            for (var i = block.Length - ZipEnd; i >= 0; i--)
            {
                if (block.AsSpan(i).StartsWith("PK\u0005\u0006"u8) && (++records > MaxZipRecords || await EndsZip(reader, from + i, block.AsSpan(i, ZipEnd).ToArray())))
                {
                    return true;
                }
            }

            end = from == 0 ? 0 : from + ZipEnd - 1;
        }

        return false;
    }

    private static async Task<bool> EndsZip(ByteReader reader, long at, byte[] record)
    {
        var entries = BinaryPrimitives.ReadUInt16LittleEndian(record.AsSpan(10));
        var size = BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(12));
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(16));

        foreach (var directory in new[] { at - size, offset })
        {
            if (entries > 0 && directory >= 0 && directory <= reader.Length - 4)
            {
                reader.Position = directory;
                if ((await reader.Take(4)).Span.SequenceEqual("PK\u0001\u0002"u8))
                {
                    return true;
                }
            }
        }

        return size == uint.MaxValue || offset == uint.MaxValue; // ZIP64 says where elsewhere
    }
}
