using System.Security.Cryptography;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>
/// A file as it was received: spooled to the disk, measured, hashed and recognised, with its copy for owners beside it where that differs.
/// Memory does not grow with its size, and its place on the disk has no name any more: nothing is left behind, whatever happens.
/// </summary>
public sealed class Upload : IAsyncDisposable
{
    /// <summary>The largest file, in bytes.</summary>
    public const long Most = 20 * 1024 * 1024;

    private const int BufferSize = 64 * 1024;

    private readonly FileStream original;
    private FileStream? shared;

    private Upload(FileStream original) => this.original = original;

    public FileKind Kind { get; private set; }

    public long Size => original.Length;

    public byte[] Sha256 { get; private set; } = [];

    /// <summary>Null where the file goes to nobody outside, or as it is.</summary>
    public long? SharedSize => shared?.Length;

    public byte[]? SharedSha256 { get; private set; }

    internal Stream Original => AtBeginning(original);

    internal Stream? Shared => shared is null ? null : AtBeginning(shared);

    /// <param name="forOwners">Owners will see it: the place where it was taken is removed from their copy.</param>
    /// <exception cref="Refused.TooLarge">There are more than <see cref="Most"/> bytes.</exception>
    /// <exception cref="Refused.Invalid">It is empty, or not of an accepted type, or damaged.</exception>
    public static async Task<Upload> Receive(Stream body, bool forOwners, CancellationToken ct)
    {
        var upload = new Upload(Spool());
        try
        {
            upload.Sha256 = await Fill(upload.original, body, ct);
            upload.Kind = await FileKinds.Recognise(AtBeginning(upload.original), ct)
                ?? throw new Refused.Invalid("attachment.type_not_accepted", "This is no JPEG, PNG, WebP or HEIC picture and no PDF, or it is damaged.");
            if (forOwners && upload.Kind != FileKind.Pdf)
            {
                await upload.CopyForOwners(ct);
            }

            return upload;
        }
        catch
        {
            await upload.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await original.DisposeAsync();
        if (shared is not null)
        {
            await shared.DisposeAsync();
        }
    }

    private async Task CopyForOwners(CancellationToken ct)
    {
        shared = Spool();
        await LocationRemover.CopyWithoutLocation(Kind, AtBeginning(original), shared, ct); // whatever was recognised can be copied
        await shared.FlushAsync(ct);
        SharedSha256 = await SHA256.HashDataAsync(AtBeginning(shared), ct);
        if (SharedSha256.AsSpan().SequenceEqual(Sha256))
        {
            await shared.DisposeAsync();
            (shared, SharedSha256) = (null, null);
        }
    }

    private static async Task<byte[]> Fill(FileStream file, Stream body, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        long size = 0;
        for (int read; (read = await body.ReadAsync(buffer, ct)) > 0;)
        {
            size += read;
            if (size > Most)
            {
                throw new Refused.TooLarge("attachment.too_large", "This file is too large: at most 20 MB.");
            }

            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        await file.FlushAsync(ct);
        return size > 0 ? hash.GetHashAndReset() : throw new Refused.Invalid("attachment.empty", "There is nothing in this file.");
    }

    private static FileStream Spool()
    {
        var path = Path.Combine(Path.GetTempPath(), "desk-" + Guid.NewGuid().ToString("N"));
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            BufferSize = BufferSize,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(path, options);
        File.Delete(path); // the open file stays until it is closed, also by a crash
        return file;
    }

    private static FileStream AtBeginning(FileStream file)
    {
        file.Position = 0;
        return file;
    }
}
