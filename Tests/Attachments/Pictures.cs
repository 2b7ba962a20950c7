using System.Buffers.Binary;
using System.Text;

namespace PropertyServiceDesk.Tests.Attachments;

/// <summary>Small files of every kind, made byte by byte; wherever a camera or a program could leave a place, <see cref="Secret"/> stands.</summary>
internal static class Pictures
{
    public const string Secret = "SECRET 22.5431 N 114.0579 E";
    public const string TakenAt = "2026:03:01 10:20:30";

    private static readonly byte[] PictureData = [.. Enumerable.Range(0, 300).SelectMany(i => i % 7 == 0 ? new byte[] { 0xFF, 0x00 } : [(byte)(i % 251 + 1)])];

    public static byte[] SecretBytes => Encoding.ASCII.GetBytes(Secret);

    /// <summary>A TIFF block with orientation, time, a GPS directory and a maker's note.</summary>
    public static byte[] Tiff(bool little = true, ushort orientation = 6)
    {
        var tiff = new byte[400];
        (little ? "II*\0"u8 : "MM\0*"u8).CopyTo(tiff);
        U32(4, 8);
        U16(8, 3);
        Entry(10, 0x0112, 3, 1, little ? orientation : (uint)orientation << 16);
        Entry(22, 0x8769, 4, 1, 100);
        Entry(34, 0x8825, 4, 1, 200);
        U16(100, 3);
        Entry(102, 0x9003, 2, 20, 150);
        Entry(114, 0x9011, 2, 7, 172);
        Entry(126, 0x927C, 7, (uint)Secret.Length, 300);
        Encoding.ASCII.GetBytes(TakenAt).CopyTo(tiff, 150);
        "+08:00"u8.CopyTo(tiff.AsSpan(172));
        U16(200, 1);
        Entry(202, 0x0002, 5, 3, 350);
        SecretBytes.CopyTo(tiff, 350);
        SecretBytes.CopyTo(tiff, 300);
        return tiff;

        void Entry(int at, ushort tag, ushort type, uint count, uint value)
        {
            U16(at, tag);
            U16(at + 2, type);
            U32(at + 4, count);
            U32(at + 8, value);
        }

        void U16(int at, ushort value)
        {
            if (little) { BinaryPrimitives.WriteUInt16LittleEndian(tiff.AsSpan(at), value); } else { BinaryPrimitives.WriteUInt16BigEndian(tiff.AsSpan(at), value); }
        }

        void U32(int at, uint value)
        {
            if (little) { BinaryPrimitives.WriteUInt32LittleEndian(tiff.AsSpan(at), value); } else { BinaryPrimitives.WriteUInt32BigEndian(tiff.AsSpan(at), value); }
        }
    }

    public static byte[] Jpeg(byte[]? tiff = null, byte[]? data = null) =>
    [
        0xFF, 0xD8,
        .. Segment(0xE0, [.. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
        .. Segment(0xE1, [.. "Exif\0\0"u8, .. tiff ?? Tiff()]),
        .. Segment(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. SecretBytes]),
        .. Segment(0xE1, [.. "http://ns.adobe.com/xmp/extension/\0"u8, .. SecretBytes]),
        .. Segment(0xE2, [.. "MPF\0"u8, .. SecretBytes]),
        .. Segment(0xE2, [.. "ICC_PROFILE\0"u8, 1, 1, 42]),
        .. Segment(0xED, [.. "Photoshop 3.0\0"u8, .. SecretBytes]),
        .. Segment(0xF0, SecretBytes),
        .. Segment(0xFE, SecretBytes),
        .. Segment(0xDB, new byte[65]),
        0xFF, 0xFF, .. Segment(0xC0, [8, 0, 16, 0, 16, 1, 1, 0x11, 0]),
        .. Segment(0xC4, new byte[20]),
        .. Segment(0xDA, [1, 1, 0, 0, 63, 0]),
        .. data ?? PictureData, 0xFF, 0xD0, 5, 5,
        0xFF, 0xD9,
    ];

    /// <summary>What is left of <see cref="Jpeg"/> when only what shows it stays.</summary>
    public static byte[] JpegWithoutAnything() =>
    [
        0xFF, 0xD8,
        .. Segment(0xE0, [.. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
        .. Segment(0xE2, [.. "ICC_PROFILE\0"u8, 1, 1, 42]),
        .. Segment(0xDB, new byte[65]),
        .. Segment(0xC0, [8, 0, 16, 0, 16, 1, 1, 0x11, 0]),
        .. Segment(0xC4, new byte[20]),
        .. Segment(0xDA, [1, 1, 0, 0, 63, 0]),
        .. PictureData, 0xFF, 0xD0, 5, 5,
        0xFF, 0xD9,
    ];

    public static byte[] Segment(byte marker, byte[] content) => [0xFF, marker, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];

    public static byte[] Png(params byte[][] extra) =>
    [
        0x89, .. "PNG\r\n\x1a\n"u8,
        .. Chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]),
        .. Chunk("gAMA", [0, 0, 177, 143]),
        .. Chunk("eXIf", Tiff(little: false)),
        .. Chunk("iTXt", [.. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. SecretBytes]),
        .. Chunk("tEXt", [.. "Comment\0"u8, .. SecretBytes]),
        .. Chunk("zTXt", [.. "Raw profile type exif\0\0"u8, .. SecretBytes]),
        .. Chunk("prVt", SecretBytes),
        .. extra.SelectMany(chunk => chunk),
        .. Chunk("IDAT", PictureData),
        .. Chunk("IEND", []),
    ];

    public static byte[] Chunk(string kind, byte[] content)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(kind), .. content];
        return [.. Big((uint)content.Length), .. named, .. Big(Crc32(named))];
    }

    public static byte[] Webp(bool extended = true, params byte[][] extra)
    {
        byte[] picture = Riff("VP8 ", [0, 0, 0, 0x9D, 0x01, 0x2A, 1, 0, 1, 0, .. PictureData, 1]);
        byte[] chunks = extended
            ? [.. Riff("VP8X", [0x08 | 0x04 | 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0]), .. Riff("ICCP", [1, 2, 3]), .. picture, .. Riff("EXIF", Tiff()), .. Riff("XMP ", SecretBytes), .. Riff("ABCD", SecretBytes)]
            : picture;
        return Riff("RIFF", [.. "WEBP"u8, .. chunks, .. extra.SelectMany(chunk => chunk)]);
    }

    public static byte[] Riff(string kind, byte[] content)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, content.Length);
        return [.. Encoding.ASCII.GetBytes(kind), .. size, .. content, .. new byte[content.Length & 1]];
    }

    /// <summary>A picture of one coded item, with Exif in mdat (in two pieces) and XMP in idat, a gap in mdat that nothing points at, and boxes that nobody needs.</summary>
    public static byte[] Heic(string brand = "heic", string coding = "hvc1", byte[]? behind = null, Func<uint, byte[]>? places = null)
    {
        byte[] type = Box("ftyp", [.. Encoding.ASCII.GetBytes(brand), 0, 0, 0, 0, .. "mif1heic"u8]);
        byte[] exif = [0, 0, 0, 6, .. "Exif\0\0"u8, .. Tiff(little: false)];
        byte[] data = [.. PictureData, .. SecretBytes, .. exif];
        var meta = Meta(0);
        meta = Meta((uint)(type.Length + meta.Length + 8));

        return [.. type, .. meta, .. Box("mdat", data), .. Box("mpvd", SecretBytes), .. behind ?? []];

        byte[] Meta(uint from) => Box("meta",
        [
            0, 0, 0, 0,
            .. Full("hdlr", 0, [0, 0, 0, 0, .. "pict"u8, .. new byte[13]]),
            .. Full("pitm", 0, [0, 1]),
            .. Full("iinf", 0, [0, 3, .. Entry(1, coding), .. Entry(2, "Exif"), .. Entry(3, "mime", [.. "application/rdf+xml\0"u8])]),
            .. Box("iprp", [.. Box("ipco", [.. Box("ispe", new byte[12]), .. Box("udes", SecretBytes)]), .. Box("uuid", [.. new byte[16], .. SecretBytes])]),
            .. Full("iloc", 1, places?.Invoke(from) ??
            [
                0x44, 0x00, 0, 3,
                0, 1, 0, 0, 0, 0, 0, 1, .. Big(from), .. Big((uint)PictureData.Length),
                0, 2, 0, 0, 0, 0, 0, 2, .. Big(from + (uint)(data.Length - exif.Length)), .. Big(30), .. Big(from + (uint)(data.Length - exif.Length) + 30), .. Big((uint)exif.Length - 30),
                0, 3, 0, 1, 0, 0, 0, 1, .. Big(0), .. Big((uint)Secret.Length),
            ]),
            .. Box("idat", SecretBytes),
            .. Box("uuid", [.. new byte[16], .. SecretBytes]),
        ]);

        static byte[] Entry(byte id, string kind, params byte[] more) => Full("infe", 2, [0, id, 0, 0, .. Encoding.ASCII.GetBytes(kind), 0, .. more]);
    }

    public static byte[] Box(string kind, byte[] content) => [.. Big((uint)content.Length + 8), .. Encoding.ASCII.GetBytes(kind), .. content];

    public static byte[] Full(string kind, byte version, byte[] content) => Box(kind, [version, 0, 0, 0, .. content]);

    public static byte[] Pdf(string end = "%%EOF\n")
    {
        const string body = "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n";
        return Encoding.ASCII.GetBytes($"{body}xref\n0 1\n0000000000 65535 f \ntrailer<</Size 3/Root 1 0 R>>\nstartxref\n{body.Length}\n{end}");
    }

    /// <summary>An archive of one stored file, made by the platform.</summary>
    public static byte[] Zip()
    {
        using var memory = new MemoryStream();
        using (var zip = new System.IO.Compression.ZipArchive(memory, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("run.exe").Open();
            entry.Write("MZ"u8);
        }

        return memory.ToArray();
    }

    public static byte[] Big(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static uint Crc32(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
