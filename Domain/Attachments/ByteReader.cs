namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>Reads a seekable stream through one buffer of 64 KiB, whatever the size of the stream.</summary>
/// <exception cref="MalformedFileException">Whatever is asked for lies beyond the end.</exception>
internal sealed class ByteReader(Stream stream, CancellationToken ct)
{
    /// <summary>The most bytes that <see cref="Take"/> gives at once.</summary>
    public const int Most = 64 * 1024;

    private readonly byte[] _buffer = new byte[Most];
    private long _from;
    private int _count;

    public long Length { get; } = stream.Length;

    public long Position { get; set; }

    /// <summary>The next bytes, exactly as many as asked for; valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> Take(int count)
    {
        if (count > Most || count > Length - Position)
        {
            throw new MalformedFileException("The file ends too early.");
        }

        if (Position < _from || Position + count > _from + _count)
        {
            await Fill(count);
        }

        var taken = _buffer.AsMemory((int)(Position - _from), count);
        Position += count;
        return taken;
    }

    /// <summary>Some of the next bytes, at most <paramref name="most"/>; none only at the end.</summary>
    public ValueTask<ReadOnlyMemory<byte>> TakeSome(long most)
    {
        var buffered = Position >= _from && Position < _from + _count ? _from + _count - Position : Most;
        return Take((int)Math.Min(Math.Min(buffered, most), Math.Max(0, Length - Position)));
    }

    /// <summary>Copies the range <paramref name="from"/> to <paramref name="from"/> + <paramref name="count"/>.</summary>
    public async Task Copy(long from, long count, Stream to)
    {
        if (count < 0 || count > Length - from)
        {
            throw new MalformedFileException("The file ends too early.");
        }

        Position = from;
        while (count > 0)
        {
            var some = await TakeSome(count);
            await to.WriteAsync(some, ct);
            count -= some.Length;
        }
    }

    private async Task Fill(int atLeast)
    {
        stream.Position = _from = Position;
        _count = 0;
        _count = await stream.ReadAtLeastAsync(_buffer, atLeast, throwOnEndOfStream: false, ct);
        if (_count < atLeast)
        {
            throw new MalformedFileException("The file ends too early.");
        }
    }
}
