using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The structure of a HEIC or HEIF picture (ISO/IEC 23008-12): boxes, and in <c>meta</c> the items with their places.</summary>
/// <remarks>The <c>meta</c> box is read into memory; one of more than <see cref="MaxMeta"/> is malformed (a picture of 48 million pixels has about 10 KiB).</remarks>
internal static class Heic
{
    public const int MaxMeta = 256 * 1024;

    private const int MaxTypeBox = 1024;

    /// <summary>What items of pictures are: coded by HEVC, or made of others.</summary>
    private static readonly string[] Pictures = ["hvc1", "grid", "iovl", "iden", "tmap"];

    private static readonly string[] Brands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "mif2", "msf1"];

    private static readonly string[] MetaBoxes = ["hdlr", "dinf", "pitm", "iinf", "iref", "iprp", "iloc", "idat", "grpl"];

    private static readonly string[] Properties =
        ["ispe", "pasp", "pixi", "colr", "hvcC", "irot", "imir", "clap", "auxC", "rloc", "lsel", "clli", "mdcv", "cclv", "amve", "oinf", "tols", "a1op", "a1lx"];

    private sealed record Item(uint Id, string Kind);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Extent(uint Item, long At, long Length)
    {
        public long End => At + Length;
    }

    private readonly record struct Edit(long At, byte[] Bytes);

    /// <summary>Everything that has to be known of a file.</summary>
    /// <param name="InMeta">With places in <paramref name="MetaBytes"/>, as <paramref name="InProperties"/>; all others are places in the file.</param>
    /// <param name="Data">Where the bytes of items lie: the contents of mdat and idat.</param>
    private sealed record Layout(List<Boxes.Box> Top, Boxes.Box Meta, byte[] MetaBytes, List<Boxes.Box> InMeta, List<Boxes.Box> InProperties, List<Item> Items, uint Primary, List<(long From, long To)> Data, List<Extent> Extents);

    /// <summary>Whether the file says it is HEIF, adds up to its end and has a primary picture of HEVC whose bytes are in it.</summary>
    public static async Task<bool> Is(ByteReader reader)
    {
        var layout = await Read(reader);
        return layout.Items.Any(item => item.Id == layout.Primary && Pictures.Contains(item.Kind))
            && layout.Items.Where(item => item.Kind == "hvc1").Select(item => item.Id).Intersect(layout.Extents.Select(extent => extent.Item)).Any();
    }

    /// <summary>Copies the file at its length: the bytes of pictures stay, EXIF becomes <see cref="ExifSummary"/>, and everything else in the media data is zeros; boxes that no picture needs become free space.</summary>
    public static async Task Copy(ByteReader reader, Stream to, CancellationToken ct)
    {
        var layout = await Read(reader);
        var pictures = layout.Items.Where(item => Pictures.Contains(item.Kind)).Select(item => item.Id).ToHashSet();
        var exif = layout.Items.Find(item => item.Kind == "Exif");

        var kept = Kept(layout, layout.Extents.Where(extent => pictures.Contains(extent.Item)), layout.Extents.Where(extent => !pictures.Contains(extent.Item)));
        List<Edit> edits = [.. Renamed(layout), .. exif is null ? [] : await Summary(reader, [.. layout.Extents.Where(extent => extent.Item == exif.Id)])];
        await Write(reader, to, kept, edits, ct);
    }

    /// <summary>The ranges that are copied as they are, in order and apart; the rest is zeros.</summary>
    private static List<(long From, long To)> Kept(Layout layout, IEnumerable<Extent> pictures, IEnumerable<Extent> others)
    {
        var data = layout.Data;
        List<(long From, long To)> kept = [];

        foreach (var box in layout.Top)
        {
            kept.Add((box.At, box.Kind is "ftyp" ? box.End : box.Content));
        }

        foreach (var box in layout.InMeta)
        {
            var (from, to) = (layout.Meta.At + box.At, layout.Meta.At + box.End);
            kept.Add((from, MetaBoxes.Contains(box.Kind) && box.Kind != "idat" ? to : from + box.Head));
        }

        kept.Add((layout.Meta.Content, layout.Meta.Content + 4)); // meta's own version and flags

        foreach (var extent in pictures)
        {
            kept.AddRange(data.Where(range => range.From < extent.End && extent.At < range.To).Select(range => (Math.Max(range.From, extent.At), Math.Min(range.To, extent.End))));
        }

        return Without(Merged(kept), Merged([.. others.SelectMany(extent => data.Where(range => range.From < extent.End && extent.At < range.To)
            .Select(range => (Math.Max(range.From, extent.At), Math.Min(range.To, extent.End))))]));
    }

    private static List<(long From, long To)> Merged(List<(long From, long To)> ranges)
    {
        List<(long From, long To)> merged = [];
        foreach (var range in ranges.Where(range => range.From < range.To).Order())
        {
            if (merged.Count > 0 && range.From <= merged[^1].To)
            {
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, range.To));
            }
            else
            {
                merged.Add(range);
            }
        }

        return merged;
    }

    private static List<(long From, long To)> Without(List<(long From, long To)> ranges, List<(long From, long To)> holes)
    {
        List<(long From, long To)> left = [];
        var next = 0;
        foreach (var (start, to) in ranges)
        {
            var from = start;
            while (next < holes.Count && holes[next].To <= from)
            {
                next++;
            }

            for (var hole = next; hole < holes.Count && holes[hole].From < to; hole++)
            {
                left.Add((from, Math.Max(from, holes[hole].From)));
                from = Math.Max(from, holes[hole].To);
            }

            left.Add((from, to));
        }

        return [.. left.Where(range => range.From < range.To)];
    }

    /// <summary>The new EXIF of an item, written over its old extents from the front.</summary>
    private static async Task<List<Edit>> Summary(ByteReader reader, List<Extent> extents)
    {
        var old = new List<byte>();
        foreach (var extent in extents)
        {
            reader.Position = extent.At;
            old.AddRange((await reader.Take((int)Math.Min(extent.Length, ByteReader.Most - old.Count))).Span);
        }

        // Four bytes say how far behind them the TIFF begins.
        var bytes = old.ToArray();
        var skip = bytes.Length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var summary = skip < bytes.Length - 4 ? ExifSummary.Of(bytes.AsSpan(4 + (int)skip)) : null;
        if (summary is null || summary.Length + 4 > extents.Sum(extent => extent.Length))
        {
            return [];
        }

        List<Edit> edits = [];
        var left = new byte[4 + summary.Length];
        summary.CopyTo(left, 4);
        foreach (var extent in extents)
        {
            var here = (int)Math.Min(extent.Length, left.Length);
            edits.Add(new(extent.At, left[..here]));
            left = left[here..];
        }

        return edits;
    }

    private static IEnumerable<Edit> Renamed(Layout layout)
    {
        var free = "free"u8.ToArray();
        foreach (var box in layout.Top.Where(box => box.Kind is not ("ftyp" or "meta" or "mdat")))
        {
            yield return new(box.At + 4, free);
        }

        foreach (var box in layout.InMeta.Where(box => !MetaBoxes.Contains(box.Kind)))
        {
            yield return new(layout.Meta.At + box.At + 4, free);
        }

        foreach (var box in layout.InProperties.Where(box => !Properties.Contains(box.Kind)))
        {
            yield return new(layout.Meta.At + box.At + 4, free);
            yield return new(layout.Meta.At + box.Content, new byte[box.End - box.Content]);
        }
    }

    private static async Task Write(ByteReader reader, Stream to, List<(long From, long To)> kept, List<Edit> edits, CancellationToken ct)
    {
        reader.Position = 0;
        var next = 0;
        var buffer = new byte[ByteReader.Most];
        while (reader.Position < reader.Length)
        {
            var from = reader.Position;
            var some = await reader.TakeSome(long.MaxValue);
            var block = buffer.AsMemory(0, some.Length);
            block.Span.Clear();
            var end = from + block.Length;

            while (next < kept.Count && kept[next].To <= from)
            {
                next++;
            }

            for (var i = next; i < kept.Count && kept[i].From < end; i++)
            {
                var start = Math.Max(from, kept[i].From);
                some.Span[(int)(start - from)..(int)(Math.Min(end, kept[i].To) - from)].CopyTo(block.Span[(int)(start - from)..]);
            }

            foreach (var edit in edits.Where(edit => edit.At < end && from < edit.At + edit.Bytes.Length))
            {
                var start = Math.Max(from, edit.At);
                var stop = Math.Min(end, edit.At + edit.Bytes.Length);
                edit.Bytes.AsSpan((int)(start - edit.At), (int)(stop - start)).CopyTo(block.Span[(int)(start - from)..]);
            }

            await to.WriteAsync(block, ct);
        }
    }

    private static async Task<Layout> Read(ByteReader reader)
    {
        reader.Position = 0;
        List<Boxes.Box> top = [];
        await foreach (var box in Boxes.InFile(reader))
        {
            top.Add(box);
            if (top.Count > 64)
            {
                throw new MalformedFileException("A HEIC of too many boxes.");
            }
        }

        if (top is not [{ Kind: "ftyp", Total: <= MaxTypeBox } type, ..] || !await SaysHeif(reader, type) || top.Count(box => box.Kind == "meta") != 1)
        {
            throw new MalformedFileException("This is no HEIC.");
        }

        var meta = top.Single(box => box.Kind == "meta");
        if (meta.Total > MaxMeta || meta.Total < meta.Head + 4)
        {
            throw new MalformedFileException("The index of this HEIC has an impossible size.");
        }

        using var memory = new MemoryStream();
        await reader.Copy(meta.At, meta.Total, memory);
        var bytes = memory.ToArray();
        var inMeta = Boxes.In(bytes, meta.Head + 4, meta.Total);
        var (items, primary) = (Items(bytes, One(inMeta, "iinf")), Primary(bytes, One(inMeta, "pitm")));
        var inProperties = inMeta.Where(box => box.Kind == "iprp").SelectMany(box => Boxes.In(bytes, box.Content, box.End)).ToLookup(box => box.Kind is "ipco");
        List<Boxes.Box> properties = [.. inProperties[false].Where(box => box.Kind != "ipma"), .. inProperties[true].SelectMany(box => Boxes.In(bytes, box.Content, box.End))];
        var idat = inMeta.Where(box => box.Kind == "idat").Select(box => (From: meta.At + box.Content, To: meta.At + box.End)).FirstOrDefault();
        List<(long From, long To)> data = [.. top.Where(box => box.Kind == "mdat").Select(box => (box.Content, box.End)), idat];
        var extents = Extents(bytes, One(inMeta, "iloc"), reader.Length, idat);
        if (!extents.TrueForAll(extent => data.Exists(range => range.From <= extent.At && extent.End <= range.To)))
        {
            throw new MalformedFileException("An item of this HEIC lies outside of its data.");
        }

        if (!bytes.AsSpan((int)One(inMeta, "hdlr").Content).Slice(8).StartsWith("pict"u8))
        {
            throw new MalformedFileException("This HEIF holds no pictures.");
        }

        return new(top, meta, bytes, inMeta, properties, items, primary, data, extents);
    }

    private static async Task<bool> SaysHeif(ByteReader reader, Boxes.Box type)
    {
        reader.Position = type.Content;
        var content = (await reader.Take((int)(type.Total - type.Head))).ToArray();
        var brands = content.Chunk(4).Select(brand => Encoding.Latin1.GetString(brand)).ToArray();
        return brands.Length >= 2 && content.Length % 4 == 0 && Brands.Contains(brands[0]);
    }

    private static Boxes.Box One(List<Boxes.Box> boxes, string kind)
    {
        var found = boxes.Where(box => box.Kind == kind).ToList();
        return found is [var one] ? one : throw new MalformedFileException($"A HEIC has one {kind}.");
    }

    private static uint Primary(byte[] bytes, Boxes.Box box)
    {
        var fields = new Fields(bytes, box);
        return fields.Next(fields.Version == 0 ? 2 : 4);
    }

    private static List<Item> Items(byte[] bytes, Boxes.Box box)
    {
        var fields = new Fields(bytes, box);
        fields.Next(fields.Version == 0 ? 2 : 4);

        List<Item> items = [];
        foreach (var entry in Boxes.In(bytes, fields.At, box.End).Where(entry => entry.Kind == "infe"))
        {
            var of = new Fields(bytes, entry);
            var id = of.Next(of.Version <= 2 ? 2 : 4);
            of.Next(2);

            // Entries before version 2 have no type: never a picture of HEVC.
            items.Add(new(id, of.Version < 2 ? "" : of.Name()));
        }

        return items;
    }

    private static List<Extent> Extents(byte[] bytes, Boxes.Box box, long length, (long From, long To) idat)
    {
        var fields = new Fields(bytes, box);
        var sizes = fields.Next(2);
        var (offsetSize, lengthSize, baseSize, indexSize) = ((int)(sizes >> 12), (int)(sizes >> 8) & 15, (int)(sizes >> 4) & 15, fields.Version == 0 ? 0 : (int)sizes & 15);
        if (new[] { offsetSize, lengthSize, baseSize, indexSize }.Any(size => size is not (0 or 4 or 8)) || fields.Version > 2)
        {
            throw new MalformedFileException("The places of this HEIC cannot be read.");
        }

        List<Extent> extents = [];
        var count = fields.Next(fields.Version < 2 ? 2 : 4);
        for (var i = 0u; i < count; i++)
        {
            var id = fields.Next(fields.Version < 2 ? 2 : 4);
            var method = fields.Version == 0 ? 0 : fields.Next(2) & 15;
            var elsewhere = fields.Next(2) != 0 || method > 1;
            var start = fields.NextLong(baseSize);
            var pieces = fields.Next(2);
            if (pieces > 1 && offsetSize == 0 && lengthSize == 0 && indexSize == 0)
            {
                throw new MalformedFileException("The places of this HEIC cannot be read.");
            }

            for (var piece = 0u; piece < pieces; piece++)
            {
                fields.NextLong(indexSize);
                var (from, to) = method == 1 ? idat : (0, length);
                var at = from + start + fields.NextLong(offsetSize);
                var size = fields.NextLong(lengthSize);
                if (elsewhere)
                {
                    continue;
                }

                if (at > to)
                {
                    throw new MalformedFileException("An item of this HEIC lies outside.");
                }

                extents.Add(new(id, at, size == 0 ? to - at : size));
            }
        }

        return extents;
    }

    /// <summary>Reads the fields of a full box one after the other.</summary>
    private sealed class Fields
    {
        private readonly byte[] _bytes;
        private readonly long _end;

        public Fields(byte[] bytes, Boxes.Box box)
        {
            (_bytes, At, _end) = (bytes, box.Content, box.End);
            Version = (int)(Next(4) >> 24);
        }

        public int Version { get; }

        public long At { get; private set; }

        public uint Next(int size) => size == 2 ? BinaryPrimitives.ReadUInt16BigEndian(Span(2)) : BinaryPrimitives.ReadUInt32BigEndian(Span(4));

        /// <summary>A field of 0, 4 or 8 bytes; what could never be a place in a file is malformed.</summary>
        public long NextLong(int size) => size switch
        {
            0 => 0,
            4 => Next(4),
            _ when BinaryPrimitives.ReadUInt64BigEndian(Span(8)) is <= 1UL << 60 and var value => (long)value,
            _ => throw new MalformedFileException("The places of this HEIC cannot be read."),
        };

        public string Name() => Encoding.Latin1.GetString(Span(4));

        private ReadOnlySpan<byte> Span(int size)
        {
            if (size > _end - At)
            {
                throw new MalformedFileException("A box of this HEIC is cut off.");
            }

            At += size;
            return _bytes.AsSpan((int)At - size, size);
        }
    }
}
