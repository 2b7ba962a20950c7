using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Plumbing;
using Spectre.Console;

namespace PropertyServiceDesk.Api.Tools;

/// <summary><c>Api -- import requests FILE --map MAPPING.json</c>: a file of another system becomes requests of a community.</summary>
internal static class ImportRequestsCommand
{
    private const double Whole = 1000;

    public static Command Command()
    {
        var file = new Argument<FileInfo>("FILE") { Description = "CSV with a header line, or the gzip of one." };
        var map = new Option<FileInfo>("--map") { Description = "How its columns become requests: JSON as in docs/import.md.", Required = true };
        var community = new Option<string?>("--community") { Description = "Code of the community to import into; the mapping's where it is left out." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would come of it, and write nothing but the report of refused rows." };
        var requests = new Command("requests", "Imports requests with their orders and times. Safe to interrupt and to run again.") { file, map, community, dryRun };
        requests.SetAction(async (parsed, ct) =>
        {
            try
            {
                return await Run(WebApplication.CreateBuilder(), parsed.GetValue(file)!, parsed.GetValue(map)!, parsed.GetValue(community), parsed.GetValue(dryRun), ct);
            }
            catch (Refused refused)
            {
                Console.Error.WriteLine($"{refused.Message} ({refused.Code})");
                return 1;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                Console.Error.WriteLine("Interrupted. What was imported so far stays; run it again to go on.");
                return 130;
            }
        });
        return new Command("import", "Takes over what another system has.") { requests };
    }

    private static async Task<int> Run(WebApplicationBuilder builder, FileInfo file, FileInfo map, string? community, bool dryRun, CancellationToken ct)
    {
        var mapping = ImportMapping.Parse(await Text(map, ct));
        if (!dryRun)
        {
            await Migrations.Apply(Connections.Direct(builder.Configuration.GetConnectionString), TimeProvider.System, ct);
        }

        await using var services = new ServiceCollection().AddLogging().AddServiceDesk(Connections.Pooled(builder.Configuration.GetConnectionString)).BuildServiceProvider();
        var import = services.GetRequiredService<RequestImport>();
        var watch = Stopwatch.StartNew();
        var summary = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected
            ? await WithBar(file.Name, report => import.Run(file.FullName, mapping, community, dryRun, report, ct))
            : await import.Run(file.FullName, mapping, community, dryRun, Lines(watch), ct);
        Say(summary, dryRun, watch.Elapsed);
        return 0;
    }

    private static async Task<string> Text(FileInfo map, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllTextAsync(map.FullName, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Refused.Invalid("mapping.unreadable", $"The mapping cannot be read: {e.Message}");
        }
    }

    private static Task<ImportSummary> WithBar(string name, Func<Action<ImportProgress>, Task<ImportSummary>> run) =>
        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(name), maxValue: Whole);
                var summary = await run(p =>
                {
                    bar.Value = p.Done * Whole;
                    bar.Description = Markup.Escape(Invariant($"{name}: {p.Rows:N0} rows, {p.Refused:N0} refused"));
                });
                bar.Value = Whole;
                return summary;
            });

    /// <summary>Off a terminal: a plain line a second at most.</summary>
    private static Action<ImportProgress> Lines(Stopwatch watch)
    {
        var next = TimeSpan.Zero;
        return p =>
        {
            if (watch.Elapsed >= next)
            {
                next = watch.Elapsed + TimeSpan.FromSeconds(1);
                Console.WriteLine(Invariant($"{p.Rows:N0} rows: {p.Imported:N0} imported, {p.AlreadyThere:N0} already there, {p.Refused:N0} refused ({p.Done:P0})"));
            }
        };
    }

    private static void Say(ImportSummary s, bool dryRun, TimeSpan took)
    {
        if (s.CommunityMade)
        {
            Console.WriteLine("The community was made.");
        }

        if (s.Categories + s.Teams > 0)
        {
            Console.WriteLine(Invariant($"{(dryRun ? "To be made" : "Made")}: {s.Categories:N0} categories, {s.Teams:N0} teams."));
        }

        if (s.Report is not null)
        {
            Console.WriteLine($"The refused rows, with reasons: {s.Report}");
        }

        Console.WriteLine(Invariant(
            $"{(dryRun ? "Dry run, nothing was written: " : "")}{s.Rows:N0} rows: {s.Imported:N0} {(dryRun ? "would be imported" : "imported")}, {s.AlreadyThere:N0} already there, {s.Refused:N0} refused; {took.TotalSeconds:N1} s, {s.Rows / Math.Max(took.TotalSeconds, 0.001):N0} rows/s."));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
