using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The structure of a JPEG file (ITU-T T.81): segments from SOI to EOI.</summary>
internal static class Jpeg
{
    private const byte Start = 0xD8;
    private const byte End = 0xD9;
    private const byte Scan = 0xDA;
    private const byte App0 = 0xE0;
    private const byte App1 = 0xE1;
    private const byte App2 = 0xE2;
    private const byte App14 = 0xEE;
    private const byte Huffman = 0xC4;
    private const byte Quantisation = 0xDB;
    private const byte Lines = 0xDC;
    private const byte Restarts = 0xDD;

    /// <param name="Marker">Its second byte.</param>
    /// <param name="At">Where the marker stands.</param>
    /// <param name="Length">Marker and content; of a scan, the picture data behind its header too.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Segment(byte Marker, long At, long Length)
    {
        public bool IsFrame => Marker is >= 0xC0 and <= 0xC2;

        public bool IsOtherFrame => Marker is >= 0xC3 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
    }

    /// <summary>Walks the whole file. Behind the picture there may be what cameras put there: further pictures, a motion video, Samsung's trailer, zeros; anything else is no JPEG.</summary>
    public static async Task<bool> Is(ByteReader reader)
    {
        await Picture(reader, 0);

        while (reader.Position < reader.Length)
        {
            var at = reader.Position;
            var head = await reader.Take((int)Math.Min(8, reader.Length - at));
            reader.Position = at;

            if (head.Span.StartsWith<byte>([0xFF, Start]))
            {
                await Picture(reader, at);
            }
            else if (head.Length == 8 && head.Span[4..].SequenceEqual("ftyp"u8))
            {
                await Boxes.SkipToEnd(reader);
            }
            else if (head.Span[0] == 0)
            {
                reader.Position++;
            }
            else
            {
                return await HasSamsungTrailer(reader, at);
            }
        }

        return true;
    }

    /// <summary>Copies the first picture with what is needed to show it (its colour profile too), and a new EXIF with <see cref="ExifSummary"/>; comments, XMP, IPTC, previews and everything behind the picture stay behind.</summary>
    public static async Task Copy(ByteReader reader, Stream to, CancellationToken ct)
    {
        var written = false;
        await foreach (var segment in Segments(reader, 0))
        {
            var after = reader.Position;

            if (segment.Marker == App1 && !written && await Content(reader, segment) is var content && content.Span.StartsWith("Exif\0\0"u8) && ExifSummary.Of(content.Span) is { } summary)
            {
                written = true;
                var head = new byte[10];
                head[0] = 0xFF;
                head[1] = App1;
                BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)(8 + summary.Length));
                "Exif\0\0"u8.CopyTo(head.AsSpan(4));
                await to.WriteAsync(head, ct);
                await to.WriteAsync(summary, ct);
            }
            else if (await Stays(reader, segment))
            {
                await reader.Copy(segment.At, segment.Length, to);
            }

            reader.Position = after;
        }
    }

    private static async Task<bool> Stays(ByteReader reader, Segment segment) => segment.Marker switch
    {
        App0 => (await Content(reader, segment)).Span.StartsWith("JFIF\0"u8),
        App2 => (await Content(reader, segment)).Span.StartsWith("ICC_PROFILE\0"u8),
        App14 => (await Content(reader, segment)).Span.StartsWith("Adobe"u8),
        Start or End or Scan or Huffman or Quantisation or Lines or Restarts => true,
        _ => segment.IsFrame,
    };

    private static ValueTask<ReadOnlyMemory<byte>> Content(ByteReader reader, Segment segment)
    {
        reader.Position = segment.At + 4;
        return reader.Take((int)segment.Length - 4);
    }

    private static async Task Picture(ByteReader reader, long from)
    {
        var (framed, scanned) = (false, false);
        await foreach (var segment in Segments(reader, from))
        {
            if (segment.IsOtherFrame || (segment.IsFrame && framed) || (segment.Marker == Scan && !framed))
            {
                throw new MalformedFileException("The frame of this JPEG cannot be shown.");
            }

            if (segment.IsFrame)
            {
                framed = true;
                var after = reader.Position;
                Check((await Content(reader, segment)).Span);
                reader.Position = after;
            }

            scanned |= segment.Marker == Scan;
        }

        if (!scanned)
        {
            throw new MalformedFileException("A JPEG without a picture.");
        }
    }

    private static void Check(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 9 || frame[0] != 8 || frame[5] is not (1 or 3 or 4) || frame.Length != 6 + (3 * frame[5]) || BinaryPrimitives.ReadUInt16BigEndian(frame[3..]) == 0)
        {
            throw new MalformedFileException("The frame of this JPEG cannot be shown.");
        }
    }

    /// <summary>From SOI to EOI, with the reader behind each segment when it is given.</summary>
    private static async IAsyncEnumerable<Segment> Segments(ByteReader reader, long from)
    {
        reader.Position = from;
        var start = (await reader.Take(2)).ToArray();
        if (start is not [0xFF, Start])
        {
            throw new MalformedFileException("A JPEG begins with SOI.");
        }

        yield return new(Start, from, 2);

        while (true)
        {
            var at = reader.Position;
            if ((await reader.Take(1)).Span[0] != 0xFF)
            {
                throw new MalformedFileException("A marker was due in this JPEG.");
            }

            byte marker;
            while ((marker = (await reader.Take(1)).Span[0]) == 0xFF)
            {
                at = reader.Position - 2; // any number of fill bytes may stand before a marker
            }

            at = reader.Position - 2;
            if (marker == End)
            {
                yield return new(End, at, 2);
                yield break;
            }

            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= Start))
            {
                throw new MalformedFileException("A marker stands where none may in this JPEG.");
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian((await reader.Take(2)).Span);
            if (length < 2 || length - 2 > reader.Length - reader.Position)
            {
                throw new MalformedFileException("A segment of this JPEG has an impossible length.");
            }

            reader.Position += length - 2;
            if (marker == Scan)
            {
                await SkipPictureData(reader);
            }

            yield return new(marker, at, reader.Position - at);
        }
    }

    /// <summary>Leaves the reader before the next marker that is neither a stuffed byte nor a restart.</summary>
    private static async Task SkipPictureData(ByteReader reader)
    {
        while (true)
        {
            var some = await reader.TakeSome(long.MaxValue);
            if (some.IsEmpty)
            {
                throw new MalformedFileException("The picture data of this JPEG have no end.");
            }

            var marker = some.Span.IndexOf((byte)0xFF);
            if (marker < 0)
            {
                continue;
            }

            reader.Position += marker + 1 - some.Length;
            var next = (await reader.Take(1)).Span[0];
            if (next == 0xFF)
            {
                reader.Position--;
            }
            else if (next is not (0x00 or (>= 0xD0 and <= 0xD7)))
            {
                reader.Position -= 2;
                return;
            }
        }
    }

    /// <summary>SEFH … length SEFT at the very end, as Samsung's telephones write.</summary>
    private static async Task<bool> HasSamsungTrailer(ByteReader reader, long from)
    {
        if (reader.Length - from < 20)
        {
            return false;
        }

        reader.Position = reader.Length - 8;
        var tail = (await reader.Take(8)).ToArray();
        var head = reader.Length - 8 - BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (!tail.AsSpan(4).SequenceEqual("SEFT"u8) || head < from || head > reader.Length - 12)
        {
            return false;
        }

        reader.Position = head;
        return (await reader.Take(4)).Span.SequenceEqual("SEFH"u8);
    }
}
