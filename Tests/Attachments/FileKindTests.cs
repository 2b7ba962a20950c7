using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;

namespace PropertyServiceDesk.Tests.Attachments;

public sealed class FileKindTests
{
    private static readonly byte[] SamsungTrailer = [.. "\0\0\x01\x0a....data"u8, .. "SEFH"u8, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, .. "SEFT"u8];

    private static IEnumerable<TestCaseData> Accepted()
    {
        yield return Case("A_JPEG_is_one", FileKind.Jpeg, Pictures.Jpeg());
        yield return Case("A_JPEG_with_a_second_picture_behind_it_is_one", FileKind.Jpeg, [.. Pictures.Jpeg(), 0, 0, .. Pictures.Jpeg()]);
        yield return Case("A_JPEG_with_a_motion_video_behind_it_is_one", FileKind.Jpeg, [.. Pictures.Jpeg(), .. Pictures.Box("ftyp", [.. "mp42"u8]), .. Pictures.Box("mdat", new byte[40])]);
        yield return Case("A_JPEG_with_the_trailer_of_a_Samsung_telephone_is_one", FileKind.Jpeg, [.. Pictures.Jpeg(), .. SamsungTrailer[2..]]);
        yield return Case("A_PNG_is_one", FileKind.Png, Pictures.Png());
        yield return Case("A_plain_WebP_is_one", FileKind.Webp, Pictures.Webp(extended: false));
        yield return Case("An_extended_WebP_is_one", FileKind.Webp, Pictures.Webp());
        yield return Case("A_moving_WebP_is_one", FileKind.Webp, Moving(Pictures.Riff("VP8L", [0x2F, .. new byte[11]])));
        yield return Case("A_HEIC_is_one", FileKind.Heic, Pictures.Heic());
        yield return Case("A_HEIF_is_one", FileKind.Heic, Pictures.Heic(brand: "mif1"));
        yield return Case("A_PDF_is_one", FileKind.Pdf, Pictures.Pdf());
        yield return Case("A_PDF_may_end_in_blanks", FileKind.Pdf, Pictures.Pdf("%%EOF\r\n\0\0"));
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return Case("Nothing", null, []);
        yield return Case("A_few_bytes", null, [0xFF, 0xD8, 0xFF]);
        yield return Case("An_SVG", null, "<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"u8.ToArray());
        yield return Case("An_HTML_page", null, "<!doctype html><script>alert(1)</script>"u8.ToArray());
        yield return Case("A_GIF", null, [.. "GIF89a"u8, .. new byte[40]]);
        yield return Case("A_ZIP", null, Pictures.Zip());
        yield return Case("An_AVIF", null, Pictures.Heic(brand: "avif", coding: "av01"));
        yield return Case("An_AVIF_that_says_HEIF", null, Pictures.Heic(brand: "mif1", coding: "av01"));
        yield return Case("A_video", null, [.. Pictures.Box("ftyp", [.. "mp42"u8, 0, 0, 0, 0]), .. Pictures.Box("mdat", new byte[40])]);
        yield return Case("Magic_bytes_with_a_page_behind_them", null, [0xFF, 0xD8, 0xFF, 0xE0, .. "<html><script>alert(1)</script></html>"u8]);
        yield return Case("A_page_behind_a_JPEG", null, [.. Pictures.Jpeg(), .. "<html></html>"u8]);
        yield return Case("An_archive_behind_a_JPEG", null, [.. Pictures.Jpeg(), .. Pictures.Zip()]);
        yield return Case("An_archive_inside_a_JPEG", null, [.. Pictures.Jpeg()[..^2], .. Pictures.Segment(0xFE, Pictures.Zip()), 0xFF, 0xD9]);
        yield return Case("An_archive_inside_the_trailer_of_a_JPEG", null, [.. Pictures.Jpeg(), 1, .. Pictures.Zip(), .. SamsungTrailer[14..]]);
        yield return Case("An_archive_inside_a_PNG", null, Pictures.Png(Pictures.Chunk("prVt", Pictures.Zip())));
        yield return Case("An_archive_behind_a_PNG", null, [.. Pictures.Png(), .. Pictures.Zip()]);
        yield return Case("An_archive_inside_a_WebP", null, Pictures.Webp(extended: true, Pictures.Riff("ABCD", Pictures.Zip())));
        yield return Case("An_archive_behind_a_WebP", null, [.. Pictures.Webp(), .. Pictures.Zip()]);
        yield return Case("An_archive_inside_a_HEIC", null, Pictures.Heic(behind: Pictures.Box("free", Pictures.Zip())));
        yield return Case("An_archive_behind_a_PDF", null, [.. Pictures.Pdf(), .. Pictures.Zip()]);
        yield return Case("An_archive_inside_a_PDF", null, [.. Pictures.Pdf()[..^6], .. Pictures.Zip(), .. "\n%%EOF"u8]);
        yield return Case("A_script_before_a_PDF", null, [.. "#!/bin/sh\n"u8, .. Pictures.Pdf()]);
        yield return Case("A_page_behind_a_PDF", null, Pictures.Pdf("%%EOF\n<html>"));
        yield return Case("A_PDF_whose_table_is_nowhere", null, "%PDF-1.7\nstartxref\n999999\n%%EOF"u8.ToArray());
        yield return Case("A_JPEG_without_a_picture", null, [0xFF, 0xD8, .. Pictures.Segment(0xFE, new byte[40]), 0xFF, 0xD9]);
        yield return Case("A_lossless_JPEG", null, Replaced(Pictures.Jpeg(), [0xFF, 0xC0], [0xFF, 0xC3]));
        yield return Case("A_PNG_with_a_wrong_checksum", null, Replaced(Pictures.Png(), Pictures.SecretBytes, new byte[Pictures.Secret.Length]));
        yield return Case("A_PNG_with_an_unknown_necessary_chunk", null, Pictures.Png(Pictures.Chunk("ABCD", [])));
        yield return Case("A_PNG_with_two_headers", null, Pictures.Png(Pictures.Chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])));
        yield return Case("A_WebP_frame_with_something_hidden", null, Moving([.. Pictures.Riff("VP8L", [0x2F, .. new byte[11]]), .. Pictures.Riff("EXIF", Pictures.Tiff())]));
        yield return Case("A_WebP_without_a_picture", null, Pictures.Riff("RIFF", [.. "WEBP"u8, .. Pictures.Riff("VP8X", new byte[10])]));
        yield return Case("A_HEIC_whose_picture_lies_outside", null, Pictures.Heic(places: from => [0x44, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, .. Pictures.Big(from), .. Pictures.Big(1_000_000)]));
        yield return Case("A_HEIC_whose_picture_lies_in_its_index", null, Pictures.Heic(places: _ => [0x44, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, .. Pictures.Big(40), .. Pictures.Big(10)]));
        yield return Case("A_HEIC_whose_picture_is_nowhere", null, Pictures.Heic(places: _ => [0x44, 0, 0, 0]));
        yield return Case("A_HEIC_with_an_item_that_begins_behind_the_data_of_its_index", null, Pictures.Heic(places: from => [0x44, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 1, .. Pictures.Big(from), .. Pictures.Big(10), 0, 2, 0, 1, 0, 0, 0, 1, .. Pictures.Big(300), .. Pictures.Big(0)]));
        yield return Case("A_HEIC_that_names_one_place_without_end", null, Pictures.Heic(places: _ => [0, 0x40, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]));
        yield return Case("A_HEIC_with_two_indexes", null, Pictures.Heic(behind: Pictures.Box("meta", new byte[4])));
        yield return Case("A_HEIC_with_an_index_beyond_the_limit", null, Pictures.Heic(behind: Pictures.Box("mdat", new byte[10])) is var heic ? Grown(heic) : []);
    }

    [TestCaseSource(nameof(Accepted))]
    [TestCaseSource(nameof(Refused))]
    public async Task Is_told_by_its_content(FileKind? kind, byte[] file)
    {
        using var stream = new MemoryStream(file);
        stream.Position = file.Length / 2;

        Assert.That(await FileKinds.Recognise(stream, default), Is.EqualTo(kind));
        Assert.That(stream.Position, Is.Zero);
    }

    [Test]
    public async Task A_file_cut_off_anywhere_is_refused()
    {
        foreach (var file in Every())
        {
            for (var length = 0; length < file.Length; length++)
            {
                using var stream = new MemoryStream(file, 0, length);
                var kind = await FileKinds.Recognise(stream, default);

                // A PDF may end without its last line break; a HEIC that ends between two of its last boxes has lost nothing of its picture.
                Assert.That(kind, Is.Null.Or.EqualTo(FileKind.Pdf).Or.EqualTo(FileKind.Heic), $"{length} of {file.Length}");
                Assert.That(kind is null || length >= file.Length - Pictures.Secret.Length - 8, $"{length} of {file.Length}");
            }
        }
    }

    [Test]
    public async Task Damaged_files_are_refused_or_recognised_but_never_throw_and_copying_throws_only_what_it_says()
    {
        var random = new Random(20260301);
        foreach (var file in Every())
        {
            for (var round = 0; round < 400; round++)
            {
                var damaged = file.ToArray();
                for (var i = random.Next(1, 4); i > 0; i--)
                {
                    damaged[random.Next(damaged.Length)] = random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)random.Next(256) };
                }

                using var stream = new MemoryStream(damaged);
                var recognised = await FileKinds.Recognise(stream, default);

                foreach (var kind in Enum.GetValues<FileKind>())
                {
                    using var copy = new MemoryStream();
                    try
                    {
                        await LocationRemover.CopyWithoutLocation(kind, stream, copy, default);
                    }
                    catch (MalformedFileException)
                    {
                        Assert.That(recognised, Is.Not.EqualTo(kind), "what was recognised can be copied");
                        continue;
                    }

                    if (recognised == kind)
                    {
                        Assert.That(await FileKinds.Recognise(copy, default), Is.EqualTo(kind), "and the copy is of the same kind");
                    }
                }
            }
        }
    }

    [Test]
    public async Task A_stream_that_gives_one_byte_at_a_time_is_read_the_same()
    {
        foreach (var file in Every())
        {
            using var whole = new MemoryStream(file);
            using var drop = new Dropwise(file);

            Assert.That(await FileKinds.Recognise(drop, default), Is.EqualTo(await FileKinds.Recognise(whole, default)).And.Not.Null);
        }
    }

    [Test]
    public void Every_kind_has_a_media_type_and_an_ending()
    {
        Assert.That(Enum.GetValues<FileKind>().Select(FileKinds.MediaType), Is.Unique);
        Assert.That(Enum.GetValues<FileKind>().Select(FileKinds.Extension), Is.Unique);
    }

    internal static IEnumerable<byte[]> Every() => [Pictures.Jpeg(), Pictures.Png(), Pictures.Webp(), Pictures.Webp(extended: false), Pictures.Heic(), Pictures.Pdf()];

    private static TestCaseData Case(string name, FileKind? kind, byte[] file) => new TestCaseData(kind, file).SetName(kind is null ? name + "_is_refused" : name);

    private static byte[] Moving(byte[] frame) =>
        Pictures.Riff("RIFF", [.. "WEBP"u8, .. Pictures.Riff("VP8X", [2, .. new byte[9]]), .. Pictures.Riff("ANIM", new byte[6]), .. Pictures.Riff("ANMF", [.. new byte[16], .. frame])]);

    private static byte[] Replaced(byte[] file, byte[] what, byte[] by)
    {
        var at = file.AsSpan().IndexOf(what);
        return [.. file[..at], .. by, .. file[(at + what.Length)..]];
    }

    /// <summary>The index with free space in it, so that it is as right as before and only too large.</summary>
    private static byte[] Grown(byte[] heic)
    {
        var at = heic.AsSpan().IndexOf("meta"u8) - 4;
        var size = (heic[at + 2] << 8) | heic[at + 3];
        var room = Pictures.Box("free", new byte[256 * 1024]);
        return [.. heic[..at], .. Pictures.Big((uint)(size + room.Length)), .. heic[(at + 4)..(at + size)], .. room, .. heic[(at + size)..]];
    }

    private sealed class Dropwise(byte[] file) : MemoryStream(file)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
