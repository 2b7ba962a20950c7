using System.Threading.Channels;
using CsvHelper;
using Microsoft.Extensions.DependencyInjection;
using PropertyServiceDesk.Domain.Communities;

namespace PropertyServiceDesk.Domain.Imports;

/// <param name="Done">Share of the file that was read and written, 0 to 1.</param>
public sealed record ImportProgress(long Rows, long Imported, long AlreadyThere, long Refused, double Done);

/// <summary>What came of an import; of a dry run, what would.</summary>
/// <param name="Report">Where the refused rows stand; null if there are none.</param>
public sealed record ImportSummary(long Rows, long Imported, long AlreadyThere, long Refused, int Categories, int Teams, bool CommunityMade, string? Report);

/// <summary>
/// Imports a file of requests, a batch a transaction, while the next one is read. Interrupted at any point, another run goes on where
/// this one was; a run over what is there changes nothing.
/// </summary>
public sealed class RequestImport(IServiceScopeFactory scopes, TimeProvider clock)
{
    /// <summary>Rows a transaction. Others of the community wait for the log of one at most.</summary>
    internal int RowsABatch { get; set; } = 2000;

    /// <param name="communityCode">The community to import into; the mapping's where it is null.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <exception cref="Refused">The file, the mapping or the community cannot be used; nothing of the batch at hand was written.</exception>
    public async Task<ImportSummary> Run(string file, ImportMapping mapping, string? communityCode, bool dryRun, Action<ImportProgress>? progress, CancellationToken ct)
    {
        var code = communityCode ?? mapping.Community?.Code
            ?? throw new Refused.Invalid("import.no_community", "Name the community to import into: --community CODE, or community in the mapping.");
        var community = await Send(Guid.Empty, new FindCommunity(code), ct);
        var planned = mapping.Community is { Create: true } c && string.Equals(c.Code, code, StringComparison.Ordinal) ? c : null;
        if (community is null && planned is null)
        {
            throw new Refused.Invalid("community.not_found", $"There is no community {code}. Make it first, or let the mapping create it.");
        }

        var zone = TimeZoneInfo.FindSystemTimeZoneById(mapping.TimeZone ?? community?.TimeZone ?? planned!.TimeZone);
        using var source = Open(file, mapping, zone);
        using var report = RefusedReport.At(file + ".refused.csv", source.Header);
        var made = community is null && !dryRun;
        if (made)
        {
            var id = Guid.CreateVersion7(clock.Now());
            await Send(id, new MakeCommunity(id, planned!.Code, planned.Name, planned.NameEn, planned.TimeZone), ct);
            community = new CommunityByCode(id, planned.TimeZone);
        }

        var count = new Count();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var batches = System.Threading.Channels.Channel.CreateBounded<RowBatch>(new BoundedChannelOptions(2) { SingleReader = true, SingleWriter = true });
        var reading = Task.Run(() => Feed(source, batches.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var batch in batches.Reader.ReadAllAsync(ct))
            {
                // A community that is yet to be made is looked at as one that has nothing.
                var done = dryRun
                    ? await Send(community?.CommunityId ?? Guid.Empty, new TryImportBatch(community?.CommunityId ?? Guid.Empty, mapping, batch.Rows), ct)
                    : await Send(community!.CommunityId, new ImportBatch(community.CommunityId, mapping, batch.Rows), ct);
                var refused = batch.Refused.Concat(done.Refused).OrderBy(r => r.Line).ToArray();
                report.Write(refused);
                count.Add(batch.Count, done, refused.Length);
                progress?.Invoke(new ImportProgress(count.Rows, count.Imported, count.AlreadyThere, count.Refused, source.Length == 0 ? 1 : (double)batch.Position / source.Length));
            }

            await reading;
            if (count.Imported > 0 && !dryRun)
            {
                await Send(community!.CommunityId, new RefreshStatistics(), ct);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        return new ImportSummary(
            count.Rows, count.Imported, count.AlreadyThere, count.Refused, count.Categories.Count, count.Teams.Count, made, report.Path);
    }

    private async Task Feed(RequestFile source, ChannelWriter<RowBatch> to, CancellationToken ct)
    {
        try
        {
            while (source.Read(RowsABatch) is { } batch)
            {
                await to.WriteAsync(batch, ct);
            }

            to.Complete();
        }
        catch (Exception e)
        {
            to.Complete(e is ChannelClosedException ? null : e);
        }
    }

    private RequestFile Open(string file, ImportMapping mapping, TimeZoneInfo zone)
    {
        try
        {
            return new RequestFile(file, mapping, zone, clock.Now());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Refused.Invalid("file.unreadable", $"The file cannot be read: {e.Message}");
        }
    }

    private async Task<T> Send<T>(Guid communityId, IRequest<T> request, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Caller>().Actor = Actor.SystemIn(communityId);
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, ct);
    }

    private sealed class Count
    {
        public long Rows { get; private set; }

        public long Imported { get; private set; }

        public long AlreadyThere { get; private set; }

        public long Refused { get; private set; }

        public HashSet<string> Categories { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Teams { get; } = new(StringComparer.Ordinal);

        public void Add(int rows, BatchImported done, int refused)
        {
            Rows += rows;
            Imported += done.Imported;
            AlreadyThere += done.AlreadyThere;
            Refused += refused;
            Categories.UnionWith(done.Categories);
            Teams.UnionWith(done.Teams);
        }
    }
}

/// <summary>The refused rows, beside the file: line, code, reason, and the row as it stands. Without any, the report goes, and so does one of an earlier run.</summary>
internal sealed class RefusedReport : IDisposable
{
    private readonly string path;
    private readonly IReadOnlyList<string> header;
    private CsvWriter? csv;

    private RefusedReport(string path, IReadOnlyList<string> header) => (this.path, this.header) = (path, header);

    /// <summary>Null while there is nothing to report.</summary>
    public string? Path => csv is null ? null : path;

    /// <exception cref="Refused.Invalid">It cannot be written there.</exception>
    public static RefusedReport At(string path, IReadOnlyList<string> header)
    {
        Tried(() => new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose());
        return new RefusedReport(path, header);
    }

    /// <exception cref="Refused.Invalid">It can be written no longer.</exception>
    public void Write(IReadOnlyList<RefusedRow> rows) => Tried(() =>
    {
        foreach (var row in rows)
        {
            csv ??= Start();
            csv.WriteField(row.Line);
            csv.WriteField(row.Code);
            csv.WriteField(row.Reason);
            Rest(csv, row.Fields);
        }

        csv?.Flush();
    });

    public void Dispose() => Tried(() =>
    {
        if (csv is not null)
        {
            csv.Dispose();
        }
        else
        {
            File.Delete(path);
        }
    });

    private static void Tried(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Refused.Invalid("report.unwritable", $"The report of refused rows cannot be written: {e.Message}");
        }
    }

    private CsvWriter Start()
    {
        var made = CsvWriter.ToFile(path, new CsvWriterOptions { WriteByteOrderMark = true, ValidateFieldCount = false });
        made.WriteField("line");
        made.WriteField("code");
        made.WriteField("reason");
        Rest(made, header);
        return made;
    }

    private static void Rest(CsvWriter csv, IReadOnlyList<string> fields)
    {
        foreach (var field in fields)
        {
            csv.WriteField(field);
        }

        csv.EndRecord();
    }
}
