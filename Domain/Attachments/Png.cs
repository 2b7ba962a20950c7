using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Text;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The structure of a PNG file (ISO/IEC 15948): chunks from IHDR to IEND, each with its checksum.</summary>
internal static class Png
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    private static readonly FrozenSet<string> Critical = new[] { "IHDR", "PLTE", "IDAT", "IEND" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>What a picture needs to look right, moving ones too; none of it holds text or places.</summary>
    private static readonly FrozenSet<string> Needed = new[]
    {
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "pHYs", "cICP", "mDCV", "cLLI", "acTL", "fcTL", "fdAT",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly uint[] Crc = [.. Enumerable.Range(0, 256).Select(n => Enumerable.Range(0, 8).Aggregate((uint)n, (crc, _) => (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1))];

    /// <param name="At">Where its length stands.</param>
    /// <param name="Length">Of its content.</param>
    private readonly record struct Chunk(string Kind, long At, long Length)
    {
        public long Total => Length + 12;
    }

    /// <summary>Walks the whole file, adding up every chunk. Nothing stands behind IEND.</summary>
    public static async Task<bool> Is(ByteReader reader)
    {
        var (first, data) = (true, false);
        await foreach (var chunk in Chunks(reader))
        {
            if (first != (chunk.Kind == "IHDR") || (char.IsUpper(chunk.Kind[0]) && !Critical.Contains(chunk.Kind)))
            {
                return false;
            }

            if (first && !await IsHeader(reader, chunk))
            {
                return false;
            }

            reader.Position = chunk.At + 4;
            var crc = await Sum(reader, chunk.Length + 4);
            if (BinaryPrimitives.ReadUInt32BigEndian((await reader.Take(4)).Span) != crc)
            {
                return false;
            }

            first = false;
            data |= chunk is { Kind: "IDAT", Length: > 0 };
        }

        return data && reader.Position == reader.Length;
    }

    /// <summary>Copies the chunks that the picture needs, and a new eXIf with <see cref="ExifSummary"/>; texts, XMP, times and unknown chunks stay behind.</summary>
    public static async Task Copy(ByteReader reader, Stream to, CancellationToken ct)
    {
        await to.WriteAsync(Signature, ct);
        var written = false;

        await foreach (var chunk in Chunks(reader))
        {
            if (Needed.Contains(chunk.Kind))
            {
                await reader.Copy(chunk.At, chunk.Total, to);
            }
            else if (chunk is { Kind: "eXIf", Length: < ByteReader.Most } && !written)
            {
                reader.Position = chunk.At + 8;
                if (ExifSummary.Of((await reader.Take((int)chunk.Length)).Span) is { } summary)
                {
                    written = true;
                    await to.WriteAsync(Make("eXIf"u8, summary), ct);
                }
            }
        }
    }

    private static byte[] Make(ReadOnlySpan<byte> kind, byte[] content)
    {
        var chunk = new byte[content.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        kind.CopyTo(chunk.AsSpan(4));
        content.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + content.Length), ~Add(uint.MaxValue, chunk.AsSpan(4, 4 + content.Length)));
        return chunk;
    }

    private static async Task<bool> IsHeader(ByteReader reader, Chunk chunk)
    {
        if (chunk.Length != 13)
        {
            return false;
        }

        reader.Position = chunk.At + 8;
        var header = (await reader.Take(13)).ToArray();
        return BinaryPrimitives.ReadInt32BigEndian(header) > 0
            && BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)) > 0
            && (header[9], header[8]) is (0, 1 or 2 or 4 or 8 or 16) or (2 or 4 or 6, 8 or 16) or (3, 1 or 2 or 4 or 8)
            && header is [.., 0, 0, 0 or 1];
    }

    private static async IAsyncEnumerable<Chunk> Chunks(ByteReader reader)
    {
        reader.Position = 0;
        if (!(await reader.Take(Signature.Length)).Span.SequenceEqual(Signature))
        {
            throw new MalformedFileException("A PNG begins with its signature.");
        }

        Chunk chunk;
        do
        {
            var at = reader.Position;
            var head = (await reader.Take(8)).ToArray();
            var length = BinaryPrimitives.ReadUInt32BigEndian(head);
            if (length > reader.Length - at - 12 || !head.AsSpan(4).ToArray().All(letter => char.IsAsciiLetter((char)letter)))
            {
                throw new MalformedFileException("A chunk of this PNG has an impossible length or name.");
            }

            chunk = new(Encoding.ASCII.GetString(head, 4, 4), at, length);
            yield return chunk;
            reader.Position = at + chunk.Total;
        }
        while (chunk.Kind != "IEND");
    }

    private static async Task<uint> Sum(ByteReader reader, long count)
    {
        var crc = uint.MaxValue;
        while (count > 0)
        {
            var some = await reader.TakeSome(count);
            crc = Add(crc, some.Span);
            count -= some.Length;
        }

        return ~crc;
    }

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            crc = Crc[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return crc;
    }
}
