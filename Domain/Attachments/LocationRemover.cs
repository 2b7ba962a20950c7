namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>Copies a picture without the place where it was taken.</summary>
/// <remarks>
/// Nothing is searched for and cut out: what the picture needs to be shown is copied, with a new EXIF of orientation and time, and everything else (the old EXIF with makers' notes and previews, XMP, IPTC, comments,
/// motion videos, further pictures behind the first) stays behind. Picture data and colour profiles are copied byte for byte; a HEIC keeps its length. A copy of a copy is the same.
/// A PDF is copied as it is: what its pages and the pictures in them tell is the author's text.
/// </remarks>
public static class LocationRemover
{
    /// <summary>Copies through 64 KiB of memory, whatever the size.</summary>
    /// <param name="kind">As <see cref="FileKinds.Recognise"/> told.</param>
    /// <param name="from">Seekable; read from its beginning.</param>
    /// <param name="to">Written forward only. After an exception it holds the beginning of a file, to be thrown away.</param>
    /// <exception cref="MalformedFileException">The content is not of this kind, or is damaged.</exception>
    public static Task CopyWithoutLocation(FileKind kind, Stream from, Stream to, CancellationToken ct)
    {
        var reader = new ByteReader(from, ct);
        return kind switch
        {
            FileKind.Jpeg => Jpeg.Copy(reader, to, ct),
            FileKind.Png => Png.Copy(reader, to, ct),
            FileKind.Webp => Webp.Copy(reader, to, ct),
            FileKind.Heic => Heic.Copy(reader, to, ct),
            FileKind.Pdf => reader.Copy(0, reader.Length, to),
        };
    }
}
