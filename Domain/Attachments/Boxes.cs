using System.Buffers.Binary;
using System.Text;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The boxes of the ISO base media file format (ISO/IEC 14496-12).</summary>
internal static class Boxes
{
    /// <param name="At">Where its size stands.</param>
    /// <param name="Head">The length of its header.</param>
    /// <param name="Total">Header and content.</param>
    public readonly record struct Box(string Kind, long At, int Head, long Total)
    {
        public long Content => At + Head;

        public long End => At + Total;
    }

    /// <summary>The boxes from the reader's position to the end of the file.</summary>
    public static async IAsyncEnumerable<Box> InFile(ByteReader reader)
    {
        for (var at = reader.Position; at < reader.Length;)
        {
            reader.Position = at;
            var head = (await reader.Take((int)Math.Min(16, reader.Length - at))).ToArray();
            var box = Read(head, at, reader.Length);
            yield return box;
            at = box.End;
        }
    }

    public static async Task SkipToEnd(ByteReader reader)
    {
        await foreach (var box in InFile(reader))
        {
            _ = box;
        }

        reader.Position = reader.Length;
    }

    /// <summary>The boxes in a piece of memory, with positions in it.</summary>
    public static List<Box> In(ReadOnlySpan<byte> bytes, long from, long to)
    {
        List<Box> boxes = [];
        for (var at = from; at < to; at = boxes[^1].End)
        {
            boxes.Add(Read(bytes[(int)at..(int)Math.Min(at + 16, to)], at, to));
        }

        return boxes;
    }

    private static Box Read(ReadOnlySpan<byte> head, long at, long end)
    {
        if (head.Length < 8)
        {
            throw new MalformedFileException("A box is cut off.");
        }

        var small = BinaryPrimitives.ReadUInt32BigEndian(head);
        var (length, size) = small switch
        {
            0 => (8, (ulong)(end - at)),
            1 when head.Length >= 16 => (16, BinaryPrimitives.ReadUInt64BigEndian(head[8..])),
            _ => (8, small),
        };

        return size >= (ulong)length && size <= (ulong)(end - at)
            ? new(Encoding.Latin1.GetString(head[4..8]), at, length, (long)size)
            : throw new MalformedFileException("A box has an impossible size.");
    }
}
