using System.Buffers.Binary;
using System.Text;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The structure of a WebP file (RFC 9649): one RIFF of chunks.</summary>
internal static class Webp
{
    private const byte HasXmp = 0x04;
    private const byte HasExif = 0x08;
    private const int FrameHeader = 16;

    /// <param name="At">Where its name stands.</param>
    /// <param name="Length">Of its content, without the byte that makes it even.</param>
    private readonly record struct Chunk(string Kind, long At, long Length)
    {
        public long Total => 8 + Length + (Length & 1);

        public bool IsPicture => Kind is "VP8 " or "VP8L";
    }

    /// <summary>Walks the whole file; the sizes must add up to it exactly.</summary>
    public static async Task<bool> Is(ByteReader reader)
    {
        var size = await Size(reader);
        if (size != reader.Length)
        {
            return false;
        }

        var (first, picture) = (true, false);
        await foreach (var chunk in Chunks(reader, 12, size))
        {
            if (first && !(chunk.IsPicture || chunk is { Kind: "VP8X", Length: 10 }))
            {
                return false;
            }

            if (chunk.Kind == "ANMF" && !await IsFrame(reader, chunk))
            {
                return false;
            }

            picture |= (chunk.IsPicture && await IsBitstream(reader, chunk)) || chunk.Kind == "ANMF";
            first = false;
        }

        return picture;
    }

    /// <summary>Copies the chunks that show the picture, and a new EXIF with <see cref="ExifSummary"/>; XMP and unknown chunks stay behind. Reads twice, since the size goes before.</summary>
    public static async Task Copy(ByteReader reader, Stream to, CancellationToken ct)
    {
        var size = await Size(reader);
        byte[]? summary = null;
        var (extended, kept) = (false, 4L);

        await foreach (var chunk in Chunks(reader, 12, size))
        {
            extended |= chunk is { Kind: "VP8X", Length: >= 10 };
            kept += Stays(chunk) ? chunk.Total : 0;

            if (extended && summary is null && chunk is { Kind: "EXIF", Length: <= ByteReader.Most })
            {
                reader.Position = chunk.At + 8;
                summary = ExifSummary.Of((await reader.Take((int)chunk.Length)).Span);
            }
        }

        kept += summary is null ? 0 : 8 + summary.Length + (summary.Length & 1);
        var head = new byte[12];
        "RIFF"u8.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), (uint)kept);
        "WEBP"u8.CopyTo(head.AsSpan(8));
        await to.WriteAsync(head, ct);

        await foreach (var chunk in Chunks(reader, 12, size))
        {
            if (chunk is { Kind: "VP8X", Length: >= 10 })
            {
                reader.Position = chunk.At;
                var features = (await reader.Take(9)).ToArray();
                features[8] = (byte)((features[8] & ~(HasXmp | HasExif)) | (summary is null ? 0 : HasExif));
                await to.WriteAsync(features, ct);
                await reader.Copy(chunk.At + 9, chunk.Total - 9, to);
            }
            else if (Stays(chunk))
            {
                await reader.Copy(chunk.At, chunk.Total, to);
            }
        }

        if (summary is not null)
        {
            var exif = new byte[8 + summary.Length + (summary.Length & 1)];
            "EXIF"u8.CopyTo(exif);
            BinaryPrimitives.WriteInt32LittleEndian(exif.AsSpan(4), summary.Length);
            summary.CopyTo(exif, 8);
            await to.WriteAsync(exif, ct);
        }
    }

    private static bool Stays(Chunk chunk) => chunk.IsPicture || chunk.Kind is "VP8X" or "ALPH" or "ANIM" or "ANMF" or "ICCP";

    private static async Task<long> Size(ByteReader reader)
    {
        reader.Position = 0;
        var head = (await reader.Take(12)).ToArray();
        var size = 8L + BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
        if (!head.AsSpan(0, 4).SequenceEqual("RIFF"u8) || !head.AsSpan(8).SequenceEqual("WEBP"u8) || size > reader.Length)
        {
            throw new MalformedFileException("A WebP is a RIFF as long as it says.");
        }

        return size;
    }

    /// <summary>A frame holds one picture, perhaps with its transparency, and nothing else where something could hide.</summary>
    private static async Task<bool> IsFrame(ByteReader reader, Chunk frame)
    {
        if (frame.Length < FrameHeader)
        {
            return false;
        }

        var picture = false;
        await foreach (var chunk in Chunks(reader, frame.At + 8 + FrameHeader, frame.At + 8 + frame.Length))
        {
            if (chunk.Kind == "ALPH" && !picture)
            {
                continue;
            }

            if (picture || !chunk.IsPicture || !await IsBitstream(reader, chunk))
            {
                return false;
            }

            picture = true;
        }

        return picture;
    }

    private static async Task<bool> IsBitstream(ByteReader reader, Chunk chunk)
    {
        if (chunk.Length < 10)
        {
            return false;
        }

        reader.Position = chunk.At + 8;
        var head = (await reader.Take(6)).ToArray();
        return chunk.Kind == "VP8L" ? head[0] == 0x2F : head.AsSpan(3).SequenceEqual<byte>([0x9D, 0x01, 0x2A]);
    }

    private static async IAsyncEnumerable<Chunk> Chunks(ByteReader reader, long from, long to)
    {
        for (var at = from; at < to;)
        {
            if (to - at < 8)
            {
                throw new MalformedFileException("A chunk of this WebP is cut off.");
            }

            reader.Position = at;
            var head = (await reader.Take(8)).ToArray();
            var chunk = new Chunk(Encoding.Latin1.GetString(head, 0, 4), at, BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4)));
            if (chunk.Total > to - at)
            {
                throw new MalformedFileException("A chunk of this WebP has an impossible length.");
            }

            yield return chunk;
            at += chunk.Total;
        }
    }
}
