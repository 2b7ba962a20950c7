using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>docs/words.md has every word that the API says of a request, an order, an answer and what belongs to them, in both languages.</summary>
public sealed class WordsTests
{
    private static readonly Type[] Said =
    [
        typeof(RequestKind), typeof(Channel), typeof(Priority), typeof(Crew), typeof(RequestStatus), typeof(RequestMove), typeof(Outcome), typeof(WorkOrderStatus), typeof(WorkOrderMove),
        typeof(HoldReason), typeof(HoldEvidence), typeof(ReworkCause), typeof(Payer), typeof(ClockKind), typeof(FeedbackState), typeof(FeedbackMove), typeof(FeedbackWay), typeof(CallShare),
        typeof(Solved), typeof(CallResult), typeof(NotAskedRule), typeof(PlaceKind), typeof(OccupancyRole), typeof(ContactKind), typeof(PreferredChannel), typeof(PhotoPurpose), typeof(AllowanceUnit),
        typeof(FaultStatus), typeof(FaultMove), typeof(LeftHow), typeof(Domain.Customers.ErasureReason),
        typeof(Duty), typeof(EscalationCause), typeof(Domain.Escalations.EscalationState), typeof(Domain.Clocks.AlarmKind), typeof(Domain.Reports.ClockOutcome),
        typeof(VoiceState), typeof(VoiceMove), typeof(Domain.Voices.VoiceWithdrawnWhy),
    ];

    private static readonly string[][] Rows =
    [
        .. File.ReadLines(Path.Combine(Root(), "docs", "words.md")).Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)),
    ];

    [TestCaseSource(nameof(Said))]
    public void Every_word_of_it_is_in_the_table_of_words(Type words)
    {
        var known = Rows.SelectMany(r => r[0].Split(", ")).Select(w => w.Trim('`')).ToHashSet(StringComparer.Ordinal);

        Assert.That(Enum.GetNames(words).Select(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName), Is.SubsetOf(known));
    }

    [Test]
    public void Every_word_is_there_in_Chinese_and_in_English() =>
        Assert.That(Rows.Where(r => r.Length < 3 || !r[1].Any(c => c >= '\u4e00') || r[2].Length == 0).Select(r => r[0]), Is.Empty);

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "PropertyServiceDesk.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
