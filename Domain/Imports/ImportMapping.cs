using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FluentValidation;
using FluentValidation.Results;

namespace PropertyServiceDesk.Domain.Imports;

/// <summary>How the columns of a file become requests. Its JSON shape is described in <c>docs/import.md</c>; unknown fields are refused.</summary>
/// <param name="Source">Names the system that the file comes from: 1–60 characters. Source and id together are imported once.</param>
/// <param name="TimeFormats">Tried in order, in .NET's notation, for example <c>yyyy-MM-dd HH:mm</c>. A format with <c>zzz</c> or <c>K</c> reads an offset; without one the time is a local one.</param>
/// <param name="Description">The lines that the description is put together from; empty cells are left out.</param>
/// <param name="Status">To <c>open</c>, <c>closed</c> or <c>cancelled</c>; where it is left out, what has a closing time is closed.</param>
/// <param name="TimeZone">Of local times; the community's own where it is left out.</param>
/// <param name="Team">A team of the community by its name: its order goes there. Without team and crew there is no order.</param>
/// <param name="Outcome">Of what is closed: <c>resolved</c> where it is left out and there is an order, else <c>answered</c>.</param>
/// <param name="Resolution">What was done or answered, put together like the description.</param>
public sealed record ImportMapping(
    string Source,
    ImportColumns Columns,
    IReadOnlyList<string> TimeFormats,
    IReadOnlyList<TextPart> Description,
    ValueTable Kind,
    NamedTable Category,
    ValueTable Channel,
    ValueTable? Status = null,
    ImportCommunity? Community = null,
    ImportFormat? File = null,
    string? TimeZone = null,
    ValueTable? Crew = null,
    NamedTable? Team = null,
    ValueTable? Priority = null,
    ValueTable? Outcome = null,
    IReadOnlyList<TextPart>? Resolution = null)
{
    /// <exception cref="Refused.Invalid">It is not JSON, or not a mapping; the sentence says where.</exception>
    public static ImportMapping Parse(string json)
    {
        ImportMapping mapping;
        try
        {
            mapping = JsonSerializer.Deserialize<ImportMapping>(json, Json.Options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new Refused.Invalid("mapping.malformed", "The mapping cannot be read: " + e.Message);
        }

        var faults = new Validator().Validate(mapping).Errors;
        return faults.Count == 0
            ? mapping
            : throw new Refused.Invalid("mapping.invalid", "The mapping cannot be used: " + string.Join(" ", faults.Select(f => f.ErrorMessage)));
    }

    private sealed class Validator : AbstractValidator<ImportMapping>
    {
        private const int Longest = 300;

        public Validator()
        {
            RuleFor(m => m.Source).PlainText(60);
            RuleFor(m => m.TimeFormats).Must(f => f.Count is >= 1 and <= 20 && f.All(t => t.Length is >= 1 and <= 60)).WithMessage("timeFormats lists 1 to 20 formats.");
            RuleFor(m => m.Description).Must(d => d.Count is >= 1 and <= 20).WithMessage("description lists 1 to 20 parts.");
            RuleFor(m => m.Resolution).Must(d => d is null or { Count: >= 1 and <= 20 }).WithMessage("resolution lists 1 to 20 parts.");
            RuleFor(m => m.TimeZone).Must(z => z is null || TimeZoneInfo.TryFindSystemTimeZoneById(z, out _)).WithMessage("timeZone: there is no such time zone.");
            RuleFor(m => m.Team).Must((m, t) => t is null || m.Crew is not null).WithMessage("team needs crew: a team belongs to one crew.");
            RuleFor(m => m.Kind).Custom((t, c) => Words<RequestKind>(c, "kind", t));
            RuleFor(m => m.Channel).Custom((t, c) => Words<Channel>(c, "channel", t));
            RuleFor(m => m.Status).Custom((t, c) => Words<ImportedState>(c, "status", t));
            RuleFor(m => m.Crew).Custom((t, c) => Words<Crew>(c, "crew", t, optional: true));
            RuleFor(m => m.Priority).Custom((t, c) => Words<Priority>(c, "priority", t, optional: true));
            RuleFor(m => m.Outcome).Custom((t, c) => Words<Outcome>(c, "outcome", t, optional: true));
            RuleFor(m => m.Category).Custom((t, c) => Shape(c, "category", t, optional: false));
            RuleFor(m => m.Team).Custom((t, c) => Shape(c, "team", t, optional: true));
            RuleFor(m => m.File).Must(f => f is null || ImportFormat.Encodings.Contains(f.Encoding)).WithMessage($"file.encoding is one of {string.Join(", ", ImportFormat.Encodings)}.");
            RuleFor(m => m.File).Must(f => f is null or { Delimiter.Length: 1 }).WithMessage("file.delimiter is one character.");
            RuleFor(m => m.Community).Must(c => c is null || TimeZoneInfo.TryFindSystemTimeZoneById(c.TimeZone, out _)).WithMessage("community.timeZone: there is no such time zone.");
            RuleForEach(m => m.Description).Must(p => p.Column.Length is >= 1 and <= Longest && p.Label is not { Length: > Longest }).WithMessage("A part has a column, and perhaps a label.");
        }

        private static void Words<T>(ValidationContext<ImportMapping> context, string field, ValueTable? table, bool optional = false)
            where T : struct, Enum
        {
            Shape(context, field, table, optional);
            foreach (var word in (table?.Values?.Values ?? []).Append(table?.Always).OfType<string>().Distinct(StringComparer.Ordinal).Where(w => !EnumWord.TryRead<T>(w, out _)))
            {
                context.AddFailure(new ValidationFailure(field, $"{field}: there is no {word}; there are {string.Join(", ", EnumWord.All(Enum.GetValues<T>()))}."));
            }
        }

        private static void Shape(ValidationContext<ImportMapping> context, string field, ValueTable? table, bool optional)
        {
            if (table is null)
            {
                return;
            }

            if (table.Column is null == table.Always is null || (table.Always is not null && table.Values is not null))
            {
                context.AddFailure(new ValidationFailure(field, $"{field} names a column, with values if they are to be translated, or else says always."));
            }

            if (!optional && table.Values is not null && table.Values.Values.Any(v => v is null))
            {
                context.AddFailure(new ValidationFailure(field, $"{field} cannot be null: every request has one."));
            }
        }
    }
}

/// <param name="Id">The id in the source: 1–100 characters.</param>
/// <param name="RegisteredAt">As <paramref name="ReportedAt"/> where it is left out.</param>
/// <param name="DueAt">The target that was promised or imposed; it governs.</param>
/// <param name="PlaceCode">The full code of a place of the community; an empty cell is none. Where the file has only words, put them into the description.</param>
public sealed record ImportColumns(
    string Id, string ReportedAt, string? RegisteredAt = null, string? DueAt = null, string? ClosedAt = null, string? PlaceCode = null, string? ReporterName = null, string? ReporterPhone = null);

/// <summary>One line of a text: the cell, behind the label and a colon if there is one.</summary>
public sealed record TextPart(string Column, string? Label = null);

/// <summary>The community to import into, unless the command line names another one.</summary>
/// <param name="Create">Make it if it is not there.</param>
public sealed record ImportCommunity(string Code, string Name, string NameEn, string TimeZone, bool Create = false);

public sealed record ImportFormat(string Encoding = "utf-8", string Delimiter = ",")
{
    internal static readonly string[] Encodings = ["utf-8", "gb18030", "big5", "windows-1252"];

    internal Encoding Decoder() => string.Equals(Encoding, "utf-8", StringComparison.Ordinal)
        ? new UTF8Encoding(false)
        : CodePagesEncodingProvider.Instance.GetEncoding(Encoding)!;
}

/// <summary>
/// What a cell means: translated by <paramref name="Values"/>, or the same for all rows (<paramref name="Always"/>). A key that ends with
/// <c>*</c> stands for all that begin so, the longest first; <c>*</c> alone for everything else but the empty cell; the empty key for that.
/// </summary>
/// <param name="Values">A null means none. What is not in the table is refused, but for categories and teams, where the cell itself is taken.</param>
public record ValueTable(string? Column = null, string? Always = null, IReadOnlyDictionary<string, string?>? Values = null);

/// <param name="CreateMissing">Make the category or the team if the community has none of this code or name.</param>
public sealed record NamedTable(string? Column = null, string? Always = null, IReadOnlyDictionary<string, string?>? Values = null, bool CreateMissing = false)
    : ValueTable(Column, Always, Values);

/// <summary>How far an imported request had come.</summary>
public enum ImportedState
{
    Open,
    Closed,
    Cancelled,
}

/// <summary>A value table made ready for reading: what a cell means.</summary>
internal sealed class Translation(ValueTable table, bool passUnknown)
{
    private readonly FrozenDictionary<string, string?> exact =
        (table.Values ?? FrozenDictionary<string, string?>.Empty).Where(v => !v.Key.EndsWith('*')).ToFrozenDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal);

    private readonly (string Prefix, string? Word)[] prefixes =
        [.. (table.Values ?? FrozenDictionary<string, string?>.Empty).Where(v => v.Key.EndsWith('*')).Select(v => (v.Key[..^1], v.Value)).OrderByDescending(v => v.Item1.Length)];

    public string? Column => table.Column;

    /// <summary>Whether the cell is known, and the word that it stands for.</summary>
    public bool TryRead(string cell, out string? word)
    {
        if (table.Always is not null)
        {
            word = table.Always;
            return true;
        }

        if (exact.TryGetValue(cell, out word))
        {
            return true;
        }

        if (cell.Length > 0)
        {
            foreach (var (prefix, value) in prefixes)
            {
                if (cell.StartsWith(prefix, StringComparison.Ordinal))
                {
                    word = value;
                    return true;
                }
            }
        }

        word = passUnknown && cell.Length > 0 ? cell : null;
        return passUnknown;
    }
}

/// <summary>Times as the file writes them.</summary>
internal sealed class TimeReader(IReadOnlyList<string> formats, TimeZoneInfo zone)
{
    private static readonly DateTimeOffset Earliest = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly (string Format, bool Offset)[] formats = [.. formats.Select(f => (f, f.Contains('z', StringComparison.Ordinal) || f.Contains('K', StringComparison.Ordinal)))];

    /// <summary>Null unless it is a time in one of the formats, between 1900 and 2200. A local time that the clocks skip goes by the offset before the gap; one that comes twice is the first.</summary>
    public DateTimeOffset? Read(string text)
    {
        foreach (var (format, offset) in formats)
        {
            if (offset && HasOffset(text) && DateTimeOffset.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            {
                return Within(at.ToUniversalTime());
            }

            if ((!offset || !HasOffset(text)) && DateTime.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var wall) && wall.Year is > 1 and < 9999)
            {
                return Within(WallTime.ToInstant(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), zone));
            }
        }

        return null;
    }

    private static bool HasOffset(string text) => text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');

    private static DateTimeOffset? Within(DateTimeOffset at) => at >= Earliest && at < Latest ? Instants.ToMicroseconds(at) : null;
}
