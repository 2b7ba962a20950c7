using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;

namespace PropertyServiceDesk.Tests.Attachments;

public sealed class LocationRemoverTests
{
    private static IEnumerable<TestCaseData> Placed()
    {
        yield return new TestCaseData(FileKind.Jpeg, Pictures.Jpeg()).SetName("A_JPEG");
        yield return new TestCaseData(FileKind.Jpeg, Pictures.Jpeg(Pictures.Tiff(little: false))).SetName("A_JPEG_of_the_other_byte_order");
        yield return new TestCaseData(FileKind.Jpeg, (byte[])[.. Pictures.Jpeg(), .. Pictures.Jpeg()]).SetName("A_JPEG_with_another_behind_it");
        yield return new TestCaseData(FileKind.Jpeg, (byte[])[.. Pictures.Jpeg(), .. Pictures.Box("ftyp", Pictures.SecretBytes)]).SetName("A_JPEG_with_a_video_behind_it");
        yield return new TestCaseData(FileKind.Png, Pictures.Png()).SetName("A_PNG");
        yield return new TestCaseData(FileKind.Webp, Pictures.Webp()).SetName("A_WebP");
        yield return new TestCaseData(FileKind.Heic, Pictures.Heic()).SetName("A_HEIC");
    }

    [TestCaseSource(nameof(Placed))]
    public async Task Is_copied_without_the_place_but_with_orientation_and_time(FileKind kind, byte[] file)
    {
        Assume.That(Text(file), Does.Contain(Pictures.Secret));

        var copy = await Copy(kind, file);

        Assert.That(Text(copy), Does.Not.Contain(Pictures.Secret).And.Not.Contain("SECRET"));
        Assert.That(Text(copy), Does.Contain(Pictures.TakenAt + "\0+08:00\0"));
        Assert.That(Text(copy), Does.Contain("\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"), "orientation 6");
        Assert.That(await FileKinds.Recognise(new MemoryStream(copy), default), Is.EqualTo(kind));
        Assert.That(await Copy(kind, copy), Is.EqualTo(copy), "a copy of the copy");
    }

    [Test]
    public async Task Whatever_is_recognised_can_be_copied()
    {
        var random = new Random(20260302);
        var copied = 0;
        foreach (var file in Placed().Select(p => (byte[])p.Arguments[1]!))
        {
            for (var i = 0; i < 300; i++)
            {
                var other = (byte[])file.Clone();
                for (var changes = random.Next(1, 4); changes > 0; changes--)
                {
                    other[random.Next(other.Length)] = (byte)random.Next(256);
                }

                if (await FileKinds.Recognise(new MemoryStream(other), default) is { } kind)
                {
                    copied++;
                    Assert.That(await FileKinds.Recognise(new MemoryStream(await Copy(kind, other)), default), Is.EqualTo(kind));
                }
            }
        }

        Assert.That(copied, Is.GreaterThan(100));
    }

    [Test]
    public async Task A_JPEG_without_anything_to_keep_is_its_picture_byte_for_byte() =>
        Assert.That(await Copy(FileKind.Jpeg, Pictures.Jpeg(new byte[20])), Is.EqualTo(Pictures.JpegWithoutAnything()));

    [Test]
    public async Task A_PNG_keeps_what_shows_it()
    {
        var copy = Text(await Copy(FileKind.Png, Pictures.Png()));

        Assert.That(copy, Does.Contain("gAMA").And.Contain("IDAT").And.Contain("eXIf"));
        Assert.That(copy, Does.Not.Contain("iTXt").And.Not.Contain("tEXt").And.Not.Contain("zTXt").And.Not.Contain("prVt"));
    }

    [Test]
    public async Task A_WebP_says_in_its_features_what_it_still_has()
    {
        var copy = await Copy(FileKind.Webp, Pictures.Webp());

        Assert.That(copy[20], Is.EqualTo(0x08 | 0x20), "EXIF and a colour profile, no XMP");
        Assert.That(await Copy(FileKind.Webp, Pictures.Webp(extended: false)), Is.EqualTo(Pictures.Webp(extended: false)));
    }

    [Test]
    public async Task A_HEIC_keeps_its_length_and_its_picture_where_it_was()
    {
        var file = Pictures.Heic();
        var data = file.AsSpan().IndexOf("mdat"u8) + 4;
        var picture = file.AsSpan(data).IndexOf(Pictures.SecretBytes);

        var copy = await Copy(FileKind.Heic, file);

        Assert.That(copy, Has.Length.EqualTo(file.Length));
        Assert.That(copy[data..(data + picture)], Is.EqualTo(file[data..(data + picture)]));
    }

    [Test]
    public async Task A_HEIC_whose_Exif_lies_over_its_picture_loses_both_rather_than_keep_the_place()
    {
        var file = Pictures.Heic(places: from => [0x44, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 1, .. Pictures.Big(from), .. Pictures.Big(700), 0, 2, 0, 0, 0, 0, 0, 1, .. Pictures.Big(from), .. Pictures.Big(700)]);

        Assert.That(Text(await Copy(FileKind.Heic, file)), Does.Not.Contain("SECRET"));
    }

    [Test]
    public async Task A_time_that_is_no_time_does_not_travel()
    {
        var tiff = Pictures.Tiff();
        Encoding.ASCII.GetBytes("22.5431N 114.0579E ").CopyTo(tiff, 150);

        Assert.That(Text(await Copy(FileKind.Jpeg, Pictures.Jpeg(tiff))), Does.Not.Contain("22.5431").And.Not.Contain("+08:00"));
    }

    [Test]
    public async Task A_directory_that_points_at_itself_ends()
    {
        var tiff = Pictures.Tiff();
        tiff[30] = 8; // the inner directory is the outer one

        Assert.That(await FileKinds.Recognise(new MemoryStream(await Copy(FileKind.Jpeg, Pictures.Jpeg(tiff))), default), Is.EqualTo(FileKind.Jpeg));
    }

    [Test]
    public async Task A_PDF_is_copied_as_it_is() => Assert.That(await Copy(FileKind.Pdf, Pictures.Pdf()), Is.EqualTo(Pictures.Pdf()));

    [Test]
    public void A_file_of_another_kind_is_malformed()
    {
        foreach (var kind in Enum.GetValues<FileKind>().Where(kind => kind != FileKind.Pdf))
        {
            Assert.ThrowsAsync<MalformedFileException>(() => Copy(kind, Pictures.Pdf()));
        }
    }

    [Test]
    public async Task Memory_does_not_grow_with_the_size_of_the_file()
    {
        await Allocated(1);
        var small = await Allocated(1);
        var large = await Allocated(64);

        Assert.That(large - small, Is.LessThan(1_000_000), "63 million bytes more");
    }

    /// <summary>A file of so many million bytes of picture data, that nobody holds in memory either.</summary>
    private static async Task<long> Allocated(int millions)
    {
        var jpeg = Pictures.Jpeg();
        var at = jpeg.AsSpan().LastIndexOf<byte>([0xFF, 0xDA]) + 10;
        using var file = new Stretched(jpeg, at, millions * 1_000_000L);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var kind = await FileKinds.Recognise(file, default);
        await LocationRemover.CopyWithoutLocation(FileKind.Jpeg, file, Stream.Null, default);
        var after = GC.GetAllocatedBytesForCurrentThread();

        Assert.That(kind, Is.EqualTo(FileKind.Jpeg));
        return after - before;
    }

    private static async Task<byte[]> Copy(FileKind kind, byte[] file)
    {
        using var from = new MemoryStream(file);
        using var to = new MemoryStream();
        await LocationRemover.CopyWithoutLocation(kind, from, to, default);
        return to.ToArray();
    }

    private static string Text(byte[] file) => Encoding.Latin1.GetString(file);

    /// <summary>A file with ones put in at a place; everything completes at once, so one thread does all the work.</summary>
    private sealed class Stretched(byte[] file, int at, long ones) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => file.Length + ones;

        public override long Position { get; set; }

        public override int Read(Span<byte> buffer)
        {
            var count = (int)Math.Min(buffer.Length, Length - Position);
            buffer[..count].Fill(1);
            for (var i = 0; i < count; i++)
            {
                var place = Position + i;
                if (place < at)
                {
                    buffer[i] = file[place];
                }
                else if (place < at + ones)
                {
                    i = (int)Math.Min(count, at + ones - Position) - 1;
                }
                else
                {
                    buffer[i] = file[place - ones];
                }
            }

            Position += count;
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
