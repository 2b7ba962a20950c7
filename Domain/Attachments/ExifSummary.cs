using System.Buffers.Binary;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>What is kept of a picture's EXIF: which way is up, and when the camera says it was taken.</summary>
/// <remarks>
/// A new block is written with these alone, instead of cutting the position out of the old one: positions also hide in makers' notes, in free text and in bytes to which nothing points.
/// </remarks>
internal static class ExifSummary
{
    private const int Orientation = 0x0112;
    private const int ExifDirectory = 0x8769;
    private const int TakenAt = 0x9003;
    private const int TakenAtOffset = 0x9011;
    private const int EntrySize = 12;

    /// <summary>The new TIFF block, or null where nothing is worth keeping. Damaged blocks are read as far as they can be.</summary>
    /// <param name="exif">With or without <c>Exif\0\0</c> in front.</param>
    public static byte[]? Of(ReadOnlySpan<byte> exif)
    {
        var tiff = exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;
        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
        {
            return null;
        }

        var little = tiff[0] == 'I';
        var first = U32(tiff[4..], little);
        var orientation = Find(tiff, first, Orientation, little) is { Length: EntrySize } entry && U16(entry[2..], little) == 3 && U16(entry[8..], little) is >= 1 and <= 8 and var up ? up : (ushort)0;
        var directory = Find(tiff, first, ExifDirectory, little) is { Length: EntrySize } pointer ? U32(pointer[8..], little) : 0;
        var takenAt = Text(tiff, directory, TakenAt, "dddd:dd:dd dd:dd:dd", little);
        var offset = Text(tiff, directory, TakenAtOffset, "sdd:dd", little);

        return orientation == 0 && takenAt.IsEmpty ? null : Write(orientation, takenAt, takenAt.IsEmpty ? [] : offset);
    }

    private static byte[] Write(ushort orientation, ReadOnlySpan<byte> takenAt, ReadOnlySpan<byte> offset)
    {
        var entries = (orientation != 0 ? 1 : 0) + (takenAt.IsEmpty ? 0 : 1);
        var inner = takenAt.IsEmpty ? 0 : offset.IsEmpty ? 1 : 2;
        var innerAt = 8 + 2 + (entries * EntrySize) + 4;
        var textAt = innerAt + (inner == 0 ? 0 : 2 + (inner * EntrySize) + 4);
        var offsetAt = textAt + (takenAt.IsEmpty ? 0 : takenAt.Length + 1);
        var tiff = new byte[offsetAt + (offset.IsEmpty ? 0 : offset.Length + 1)];

        "MM\0*"u8.CopyTo(tiff);
        BinaryPrimitives.WriteUInt32BigEndian(tiff.AsSpan(4), 8);
        BinaryPrimitives.WriteUInt16BigEndian(tiff.AsSpan(8), (ushort)entries);
        var at = 10;

        if (orientation != 0)
        {
            Entry(tiff.AsSpan(at), Orientation, type: 3, count: 1, (uint)orientation << 16);
            at += EntrySize;
        }

        if (inner > 0)
        {
            Entry(tiff.AsSpan(at), ExifDirectory, type: 4, count: 1, (uint)innerAt);
            BinaryPrimitives.WriteUInt16BigEndian(tiff.AsSpan(innerAt), (ushort)inner);
            Entry(tiff.AsSpan(innerAt + 2), TakenAt, type: 2, (uint)takenAt.Length + 1, (uint)textAt);
            takenAt.CopyTo(tiff.AsSpan(textAt));
        }

        if (inner > 1)
        {
            Entry(tiff.AsSpan(innerAt + 2 + EntrySize), TakenAtOffset, type: 2, (uint)offset.Length + 1, (uint)offsetAt);
            offset.CopyTo(tiff.AsSpan(offsetAt));
        }

        return tiff;
    }

    private static void Entry(Span<byte> to, ushort tag, ushort type, uint count, uint value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, tag);
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], type);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], count);
        BinaryPrimitives.WriteUInt32BigEndian(to[8..], value);
    }

    /// <summary>The entry of a tag in the directory at an offset, or nothing.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> tiff, uint directory, int tag, bool little)
    {
        if (directory < 8 || directory > tiff.Length - 2)
        {
            return default;
        }

        var entries = tiff[((int)directory + 2)..];
        var count = Math.Min(U16(tiff[(int)directory..], little), entries.Length / EntrySize);
        for (var i = 0; i < count; i++)
        {
            var entry = entries.Slice(i * EntrySize, EntrySize);
            if (U16(entry, little) == tag)
            {
                return entry;
            }
        }

        return default;
    }

    /// <summary>The text of a tag where it has the shape (d a digit, s a sign, anything else itself), so that nothing else travels as a time.</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> tiff, uint directory, int tag, string shape, bool little)
    {
        var entry = Find(tiff, directory, tag, little);
        if (entry.IsEmpty || U16(entry[2..], little) != 2 || U32(entry[4..], little) < shape.Length || U32(entry[8..], little) > tiff.Length - shape.Length)
        {
            return default;
        }

        var text = tiff.Slice((int)U32(entry[8..], little), shape.Length);
        for (var i = 0; i < shape.Length; i++)
        {
            var fits = shape[i] switch
            {
                'd' => char.IsAsciiDigit((char)text[i]),
                's' => text[i] is (byte)'+' or (byte)'-',
                var other => text[i] == other,
            };

            if (!fits)
            {
                return default;
            }
        }

        return text;
    }

    private static ushort U16(ReadOnlySpan<byte> at, bool little) => little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    private static uint U32(ReadOnlySpan<byte> at, bool little) => little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
