using System.Text;

namespace PropertyServiceDesk.Domain.Imports;

/// <summary>A row that means something; whether the community knows its category, team and place is still to be seen.</summary>
internal sealed record ImportRow(
    int Line,
    string ImportId,
    RequestKind Kind,
    Channel Channel,
    string CategoryCode,
    Priority? Priority,
    Crew? Crew,
    string? Team,
    string Description,
    string? PlaceCode,
    string? ReporterName,
    string? ReporterPhone,
    DateTimeOffset ReportedAt,
    DateTimeOffset RegisteredAt,
    DateTimeOffset? DueAt,
    ImportedState State,
    DateTimeOffset? ClosedAt,
    Outcome? Outcome,
    string? Resolution,
    IReadOnlyList<string> Fields);

/// <summary>Applies a mapping to the cells of a row, and refuses what cannot be right.</summary>
internal sealed class RowReader
{
    private const int LongestText = 4000;

    private readonly Dictionary<string, int> columns;
    private readonly TimeReader times;
    private readonly DateTimeOffset now;
    private readonly int id;
    private readonly int reportedAt;
    private readonly int? registeredAt;
    private readonly int? dueAt;
    private readonly int? closedAt;
    private readonly int? placeCode;
    private readonly int? reporterName;
    private readonly int? reporterPhone;
    private readonly Cell kind;
    private readonly Cell category;
    private readonly Cell channel;
    private readonly Cell? status;
    private readonly Cell? crew;
    private readonly Cell? team;
    private readonly Cell? priority;
    private readonly Cell? outcome;
    private readonly (int Column, string? Label)[] description;
    private readonly (int Column, string? Label)[] resolution;

    /// <exception cref="Refused.Invalid">The mapping names a column that the file does not have, or has twice.</exception>
    public RowReader(ImportMapping mapping, IReadOnlyList<string> header, TimeZoneInfo zone, DateTimeOffset now)
    {
        columns = header.Select((name, i) => (name, i)).GroupBy(h => h.name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count() == 1 ? g.First().i : -1, StringComparer.Ordinal);
        times = new TimeReader(mapping.TimeFormats, zone);
        this.now = now;
        id = Column(mapping.Columns.Id);
        reportedAt = Column(mapping.Columns.ReportedAt);
        registeredAt = Optional(mapping.Columns.RegisteredAt);
        dueAt = Optional(mapping.Columns.DueAt);
        closedAt = Optional(mapping.Columns.ClosedAt);
        placeCode = Optional(mapping.Columns.PlaceCode);
        reporterName = Optional(mapping.Columns.ReporterName);
        reporterPhone = Optional(mapping.Columns.ReporterPhone);
        kind = Table(mapping.Kind, "kind")!;
        category = Table(mapping.Category, "category", passUnknown: true)!;
        channel = Table(mapping.Channel, "channel")!;
        status = Table(mapping.Status, "status");
        crew = Table(mapping.Crew, "crew");
        team = Table(mapping.Team, "team", passUnknown: true);
        priority = Table(mapping.Priority, "priority");
        outcome = Table(mapping.Outcome, "outcome");
        description = [.. mapping.Description.Select(p => (Column(p.Column), p.Label))];
        resolution = [.. (mapping.Resolution ?? []).Select(p => (Column(p.Column), p.Label))];
    }

    /// <exception cref="RowRefused">It cannot be right.</exception>
    public ImportRow Read(int line, string[] fields)
    {
        var importId = Plain(fields[id], "The id", 100);
        var reported = Time(fields, reportedAt) ?? throw new RowRefused("import.time_missing", "The row does not say when it was reported.");
        var registered = Time(fields, registeredAt) ?? reported;
        var closed = Time(fields, closedAt);
        var state = Word<ImportedState>(status, fields) ?? (closed is null ? ImportedState.Open : ImportedState.Closed);
        Check(reported, registered, closed, state);

        var rowCrew = Word<Crew>(crew, fields);
        var rowTeam = team is null ? null : Text(team, fields);
        if (rowTeam is not null && rowCrew is null)
        {
            throw new RowRefused("import.team_without_crew", "A team is named, but no crew for it.");
        }

        return new ImportRow(
            line,
            importId,
            Word<RequestKind>(kind, fields)!.Value, // of these two the mapping has a word for each row, or the cell was refused
            Word<Channel>(channel, fields)!.Value,
            Plain(Text(category, fields) ?? "", "The category", 60),
            Word<Priority>(priority, fields),
            rowCrew,
            rowTeam is null ? null : Plain(rowTeam, "The team", 100),
            Plain(Joined(fields, description), "The description", LongestText),
            Given(fields, placeCode),
            Given(fields, reporterName) is { } name ? Plain(name, "The reporter's name", 100) : null,
            Given(fields, reporterPhone) is { } phone ? PhoneNumber.Normalise(phone) ?? throw new RowRefused("phone.not_a_number", "The reporter's number is not a telephone number.") : null,
            reported,
            registered,
            Time(fields, dueAt),
            state,
            closed,
            state == ImportedState.Open ? null : Ended(state, Word<Outcome>(outcome, fields), rowCrew is not null),
            Joined(fields, resolution) is { Length: > 0 } done ? Plain(done, "The resolution", LongestText) : null,
            fields);
    }

    private static Outcome Ended(ImportedState state, Outcome? said, bool hasOrder) => (state, said) switch
    {
        (ImportedState.Closed, null) => hasOrder ? Outcome.Resolved : Outcome.Answered,
        (ImportedState.Closed, Outcome.Resolved) when !hasOrder => throw new RowRefused("import.resolved_without_crew", "It is said to be resolved, but no crew did it. What the desk did is answered, referred or explained."),
        (ImportedState.Closed, Outcome.Resolved or Outcome.Answered or Outcome.Referred or Outcome.Explained) => said.Value,
        (ImportedState.Cancelled, null) => Outcome.Withdrawn,
        (ImportedState.Cancelled, Outcome.Withdrawn or Outcome.Duplicate) => said.Value,
        _ => throw new RowRefused("import.outcome", "This outcome does not fit: closed is resolved, answered, referred or explained; cancelled is withdrawn or duplicate."),
    };

    private void Check(DateTimeOffset reported, DateTimeOffset registered, DateTimeOffset? closed, ImportedState state)
    {
        if (state == ImportedState.Open && closed is not null)
        {
            throw new RowRefused("import.open_but_closed", "It is said to be open, yet has a closing time.");
        }

        if (state != ImportedState.Open && closed is null)
        {
            throw new RowRefused("import.closed_without_time", "It is said to be over, but not since when.");
        }

        if (registered < reported)
        {
            throw new RowRefused("import.registered_before_reported", "It was registered before it was reported.");
        }

        if (closed < reported)
        {
            throw new RowRefused("import.closed_before_reported", "It was closed before it was reported.");
        }

        if (reported > now || registered > now || closed > now)
        {
            throw new RowRefused("import.in_the_future", "It was reported or closed in the future.");
        }
    }

    private DateTimeOffset? Time(string[] fields, int? column)
    {
        var text = column is { } at ? fields[at].Trim() : "";
        return text.Length == 0 ? null : times.Read(text) ?? throw new RowRefused("import.time", $"{Shown(text)} is not a time in one of the formats, between 1900 and 2200.");
    }

    private static T? Word<T>(Cell? cell, string[] fields)
        where T : struct, Enum =>
        cell is not null && Text(cell, fields) is { } word ? EnumWord.Read<T>(word) : null;

    private static string? Text(Cell cell, string[] fields)
    {
        var value = cell.Column is { } at ? fields[at].Trim() : "";
        return cell.Table.TryRead(value, out var word) ? word : throw new RowRefused("import.unknown_value", $"{Shown(value)} stands in no line of the table for {cell.Field}.");
    }

    private static string? Given(string[] fields, int? column) => column is { } at && fields[at].Trim() is { Length: > 0 } text ? text : null;

    private static string Joined(string[] fields, (int Column, string? Label)[] parts)
    {
        var text = new StringBuilder();
        foreach (var (column, label) in parts)
        {
            var cell = fields[column].AsSpan().Trim();
            if (cell.Length == 0)
            {
                continue;
            }

            if (text.Length > 0)
            {
                text.Append('\n');
            }

            if (label is not null)
            {
                text.Append(label).Append(": ");
            }

            text.Append(cell);
        }

        return text.ToString();
    }

    private static string Plain(string text, string what, int longest) => PlainText.Fault(text, longest) switch
    {
        _ when text.Contains('\uFFFD', StringComparison.Ordinal) => throw new RowRefused("import.damaged_text", $"{what} has a damaged character in it. Is the encoding right?"),
        null => PlainText.Normalise(text),
        PlainText.Empty => throw new RowRefused(PlainText.Empty, $"{what} is empty."),
        PlainText.TooLong => throw new RowRefused(PlainText.TooLong, $"{what} is longer than {longest} characters."),
        var fault => throw new RowRefused(fault, $"{what} has a character in it that a text cannot have."),
    };

    private static string Shown(string text) => text.Length == 0 ? "An empty cell" : "“" + (text.Length <= 60 ? text : text[..60] + "…") + "”";

    private int Column(string name) => columns.GetValueOrDefault(name, -2) switch
    {
        -2 => throw new Refused.Invalid("mapping.no_such_column", $"The mapping names a column {name}, which the file does not have. It has: {string.Join(", ", columns.Keys.Take(100))}."),
        -1 => throw new Refused.Invalid("mapping.column_twice", $"The file has more than one column {name}."),
        var at => at,
    };

    private int? Optional(string? name) => name is null ? null : Column(name);

    private Cell? Table(ValueTable? table, string field, bool passUnknown = false) =>
        table is null ? null : new Cell(field, Optional(table.Column), new Translation(table, passUnknown));

    private sealed record Cell(string Field, int? Column, Translation Table);
}
