using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What a call names and says, by what is on the stage for it.</summary>
internal static partial class StagedCalls
{
    /// <summary>What this operation names, made anew in a town, and as it has to be for the call to succeed.</summary>
    public static async Task<Stage> Set(DeskFixture desk, ApiOperation operation, Town town, Actor who, bool ours = true, params string[] more)
    {
        var stage = new Stage(desk, town, who, ours);
        await stage.Set(Names(operation).Concat(more));
        if (Stage.Before.TryGetValue(operation.Id, out var prepare))
        {
            await prepare(stage);
        }

        await stage.SaysVersion(operation.Id, operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!));
        return stage;
    }

    /// <summary>Every name of an id, in the path, the query or the body of an operation.</summary>
    public static IEnumerable<string> Names(ApiOperation operation) =>
        operation.Parameters("path").Concat(operation.Parameters("query").Where(p => IsId(p.GetProperty("schema")))).Select(p => p.GetProperty("name").GetString()!)
            .Concat(operation.Body is { } schema ? Ids(Bodies.Valid(operation, schema, "", new Dictionary<string, Guid>(), DateTimeOffset.UnixEpoch, _ => true), "") : [])
            .Distinct(StringComparer.Ordinal);

    /// <summary>Every id in a body, by its name, however deep.</summary>
    public static IEnumerable<string> Ids(JsonNode? node, string name) => node switch
    {
        JsonObject whole => whole.SelectMany(p => Ids(p.Value, p.Key)),
        JsonArray list => list.SelectMany(i => Ids(i, name.TrimEnd('s'))),
        JsonValue value when value.TryGetValue<string>(out var text) && Guid.TryParseExact(text, "D", out _) => [name],
        _ => [],
    };

    /// <summary>What has to be said beside an id that as a rule is left out.</summary>
    private static (string Field, string Value)[] Beside(string which, Town town) => which switch
    {
        "cancelRequest.duplicateOfId" => [("outcome", "duplicate")],
        "planShift.teamId" => [("duty", "crewLead")],
        "receiveRequest.aboutStaffId" => [("kind", "complaint"), ("categoryId", town.Category(RequestKind.Complaint, "noise").ToString())],
        _ => [],
    };

    public static bool IsId(JsonElement schema)
    {
        var plain = ApiDocument.Committed.Check.Resolve(schema);
        return plain.TryGetProperty("format", out var format) && format.GetString() == "uuid";
    }

    public static JsonNode Body(ApiOperation operation, JsonElement schema, IReadOnlyDictionary<string, string> known, Town town, DateTimeOffset now, Func<string, bool>? fill = null)
    {
        var body = Bodies.Valid(
            operation, schema, "", known.Where(k => Guid.TryParse(k.Value, out _)).ToDictionary(k => k.Key, k => Guid.Parse(k.Value), StringComparer.Ordinal), now, fill ?? (name => known.ContainsKey("?" + name)));
        foreach (var (field, said) in known.Where(k => k.Key.StartsWith('=') && body is JsonObject whole && whole.ContainsKey(k.Key[1..])))
        {
            if (said.Length > 0)
            {
                body[field[1..]] = JsonNode.Parse(said);
            }
            else
            {
                ((JsonObject)body).Remove(field[1..]);
            }
        }

        foreach (var (field, value) in known.Keys.Where(k => k.StartsWith('?')).SelectMany(k => Beside(operation.Id + "." + k[1..], town)))
        {
            body[field] = value;
        }

        return body;
    }

    public static string Address(ApiOperation operation, IReadOnlyDictionary<string, string> known)
    {
        var address = PathName().Replace(operation.Path, m => Uri.EscapeDataString(known.GetValueOrDefault(m.Groups[1].Value) ?? throw new AssertionException($"Say in Things what {m.Groups[1].Value} is.")));
        var query = operation.Parameters("query").Select(p => (Name: p.GetProperty("name").GetString()!, Needed: p.TryGetProperty("required", out var r) && r.GetBoolean(), Id: IsId(p.GetProperty("schema"))))
            .Where(p => p.Id ? known.ContainsKey("?" + p.Name) || (p.Needed && known.ContainsKey(p.Name)) : false)
            .Select(p => $"{p.Name}={known[known.ContainsKey("?" + p.Name) ? "?" + p.Name : p.Name]}");
        var rest = Bodies.Needed(operation).TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Where(n => !Guid.TryParse(n[(n.IndexOf('=') + 1)..], out _))
            .Select(n => known.TryGetValue("?" + n[..n.IndexOf('=')], out var asked) ? n[..(n.IndexOf('=') + 1)] + asked : Ordered(n));
        var all = string.Join('&', query.Concat(rest));
        return address + (all.Length > 0 ? "?" + all : "");
    }

    public static bool TakesFile(ApiOperation operation) => operation.Body is null && operation.Json.TryGetProperty("requestBody", out _);

    public static byte[] File(ApiOperation operation) => operation.Id is "importPlaces" or "tryPlaceImport" ? "fullCode,parent,kind,name\nP9,,commonArea,大堂"u8.ToArray() : Pictures.Png();

    /// <summary>A period ends after it begins.</summary>
    private static string Ordered(string parameter) => parameter.StartsWith("before=", StringComparison.Ordinal) ? "before=2026-03-03T09:00:00Z" : parameter;

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathName();
}
