using System.Text.Json;
using System.Text.Json.Nodes;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>A place in a body: keys and indices; what stands there is a property of an object or the item of an array.</summary>
internal sealed record Place(object[] Path, JsonElement Schema, bool Required, bool Nullable)
{
    /// <summary>The property's; of an item, with its index.</summary>
    public string Name => Path[^1] is int index ? $"{Path[^2]}[{index}]" : (string)Path[^1];

    /// <summary>As a refusal names it: <c>orders[0].whatToDo</c>.</summary>
    public string Field => string.Concat(Path.Select((key, i) => key is int index ? $"[{index}]" : i == 0 ? key : $".{key}"));
}

/// <summary>Bodies, made up from the OpenAPI document.</summary>
internal static class Bodies
{
    public const string SlaProfile = """
        {"policies":[{"code":"default","name":{"zh":"默认","en":"Default"},"scope":{"category":null,"kind":null,"priority":null,"crews":[]},"milestones":[{"kind":"finish","allowance":{"number":690,"unit":"workingMinutes"},"calendar":"desk","crew":null}],"feedback":{"way":"sample","remindAfterHours":[24],"call":"sample","joiners":false,"bySomebodyElse":false},"appointment":{"earliestMinutesBeforeStart":10,"latestMinutesAfterEnd":15},"holdsStopClocks":true,"warnAtPercent":75,"escalation":{"steps":[{"level":1,"afterMinutes":0}],"calendar":"desk","mostPromises":1,"longestPromiseMinutes":60}}],"rework":{"name":{"zh":"返修","en":"Rework"},"milestones":[{"kind":"arranged","allowance":{"number":24,"unit":"hours"},"calendar":"24x7","crew":null}],"feedback":{"way":"call","remindAfterHours":[24],"call":"all","joiners":false,"bySomebodyElse":false}},"holdLimits":[{"reason":"parts","allowance":{"number":5,"unit":"workingDays"},"calendar":"office"}],"feedback":{"samplePercent":30,"mostAsksAMonth":4,"attempts":3,"timesOfDay":3,"callsFromHour":9,"callsToHour":20,"waitHours":48,"callWithinHours":24,"reopenDays":7}}
        """;

    /// <summary>
    /// Where fields depend on each other, what stands in the body that is then made worse: by name, or by operation and name. Null: left
    /// out. An operation whose body is refused as it is needs a line here, or nothing behind that refusal is tried.
    /// </summary>
    private static readonly Dictionary<string, string?> Fitting = new(StringComparer.Ordinal)
    {
        ["editSlaProfile.profile"] = SlaProfile,
        ["trySlaProfile.profile"] = SlaProfile,
        ["addCommunity.code"] = "\"riverside\"",
        ["addCommunity.district"] = "\"south\"", // which the caller answers for
        ["addCommunity.timeZone"] = "\"Asia/Shanghai\"",
        ["addPlace.kind"] = "\"commonArea\"",
        ["addPlace.parentId"] = null,
        ["makeTeam.external"] = "true", // a second one of the house, and a crew has no team of its own
        ["makeCategory.parentId"] = null,
        ["dispatchFault.mandatory"] = "true", // without one that is, no request would ever be finished
        ["demandsPhotos"] = "[\"after\"]",
        ["declareEvent.factor"] = "1.5",
        ["declareEvent.policies"] = "[]",
        ["importHolidays.year"] = "2026",
        ["tryHolidays.year"] = "2026",
        ["waitsForOrder"] = null,
        ["waitsForId"] = null,
        ["amendRequest.remove"] = "[]",
        ["cancelRequest.duplicateOfId"] = null,
        ["language"] = "\"en\"",
        ["changePassword.new"] = "\"vier gewinnt nie 9\"",
        ["holdWork.calledAt"] = null,
        ["giveWrittenReply.channel"] = "\"letter\"",
        ["planLeave.deputyId"] = null,
        ["planLeave.endsAt"] = "\"2026-03-06T08:30:00Z\"",
        ["planLeave.startsAt"] = "\"2026-03-05T08:30:00Z\"",
        ["planShift.duty"] = "\"desk\"",
        ["planShift.endsAt"] = "\"2026-03-06T08:30:00Z\"",
        ["planShift.startsAt"] = "\"2026-03-05T20:00:00Z\"",
        ["planShift.teamId"] = null,
        ["takeInboundSms.community"] = "\"here\"",
        ["takeInboundEmail.community"] = "\"here\"",
        ["setQuietHours.from"] = "\"21:00\"",
        ["setQuietHours.to"] = "\"08:30\"",
        ["tryCall.result"] = "\"callLater\"",
        ["tryFollowUp.result"] = "\"callLater\"",
        ["receiveRequest.aboutCrew"] = null,
        ["receiveRequest.aboutStaffId"] = null,
    };

    public static string Sample(JsonElement schema) => Format(schema) switch
    {
        "uuid" => Guid.NewGuid().ToString(),
        "enum" => Words(schema)[0],
        "boolean" => "true",
        "date-time" => "2026-03-02T09:00:00Z",
        "date" => "2026-03-02",
        _ => "1",
    };

    public static string Needed(ApiOperation operation, string but = "")
    {
        var needed = operation.Parameters("query").Where(p => p.TryGetProperty("required", out var r) && r.GetBoolean() && p.GetProperty("name").GetString() != but)
            .Select(p => $"{p.GetProperty("name").GetString()}={Sample(p.GetProperty("schema"))}").ToArray();
        return needed.Length == 0 ? "" : "?" + string.Join('&', needed);
    }

    public static IEnumerable<Place> Places(JsonElement schema, object[] at)
    {
        schema = Plain(schema, out _);
        if (schema.TryGetProperty("properties", out var properties))
        {
            var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()).ToHashSet() : [];
            foreach (var property in properties.EnumerateObject())
            {
                object[] path = [.. at, property.Name];
                var inner = Plain(property.Value, out var nullable);
                yield return new Place(path, inner, required.Contains(property.Name), nullable);
                foreach (var below in Places(inner, path))
                {
                    yield return below;
                }
            }
        }
        else if (schema.TryGetProperty("items", out var items))
        {
            object[] path = [.. at, 0];
            var inner = Plain(items, out var nullable);
            yield return new Place(path, inner, false, nullable);
            foreach (var below in Places(inner, path))
            {
                yield return below;
            }
        }
    }

    public static IEnumerable<object[]> Objects(JsonElement schema, object[] at) =>
        Places(schema, at).Where(p => Format(p.Schema) == "object").Select(p => p.Path).Prepend(at);

    public static JsonElement Plain(JsonElement schema, out bool nullable)
    {
        schema = ApiDocument.Committed.Check.Resolve(schema);
        nullable = schema.TryGetProperty("oneOf", out var either)
            || (schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(t => t.GetString() == "null"));
        return either.ValueKind == JsonValueKind.Array ? ApiDocument.Committed.Check.Resolve(either[0]) : schema;
    }

    public static string Format(JsonElement schema)
    {
        schema = Plain(schema, out _);
        var type = schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } types ? types.EnumerateArray().Select(t => t.GetString()!).First(t => t != "null") : schema.GetProperty("type").GetString()!;
        return schema.TryGetProperty("enum", out _) ? "enum"
            : schema.TryGetProperty("format", out var format) ? format.GetString()!
            : type == "string" ? "text"
            : type;
    }

    public static string[] Words(JsonElement schema) => [.. Plain(schema, out _).GetProperty("enum").EnumerateArray().Select(e => e.GetString()!)];

    public static bool IsText(JsonElement schema) => Format(schema) == "text";

    public static string Quoted(string text) => JsonSerializer.Serialize(text, Json.Options);

    /// <summary>A body that is well-formed, and names what is there.</summary>
    /// <param name="fill">Which ids, of those that may be left out and as a rule are, are given.</param>
    public static JsonNode Valid(ApiOperation operation, JsonElement schema, string name, IReadOnlyDictionary<string, Guid> known, DateTimeOffset now, Func<string, bool>? fill = null)
    {
        schema = Plain(schema, out _);
        switch (Format(schema))
        {
            case "enum":
                return Words(schema)[0];
            case "uuid":
                return (known.TryGetValue(name, out var id) ? id : Guid.CreateVersion7()).ToString();
            case "date-time":
                var hours = name switch { "reportedAt" => -1, "from" => 1, "to" => 2, _ => 24 };
                return now.AddHours(hours).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
            case "date":
                return "2026-03-01";
            case "boolean":
                return false;
            case "text":
                return name switch { "phone" or "numberDialled" or "value" => "13800138000", "qrCode" => "QR-12345678", _ => "好的" };
            case "array":
                return new JsonArray(Valid(operation, schema.GetProperty("items"), name.TrimEnd('s'), known, now, fill));
            case "object":
                var made = new JsonObject();
                foreach (var property in schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().ToArray() : [])
                {
                    if (!Fitting.TryGetValue($"{operation.Id}.{property.Name}", out var fitting) && !Fitting.TryGetValue(property.Name, out fitting))
                    {
                        made[property.Name] = Valid(operation, property.Value, property.Name, known, now, fill);
                    }
                    else if (fitting is null && fill?.Invoke(property.Name) == true && Format(Plain(property.Value, out _)) == "uuid")
                    {
                        made[property.Name] = Valid(operation, property.Value, property.Name, known, now, fill);
                    }
                    else if (fitting is not null)
                    {
                        made[property.Name] = JsonNode.Parse(fitting);
                    }
                }

                return made;
            default:
                return schema.TryGetProperty("minimum", out var least) ? Math.Max(least.GetInt32(), 1) : 1;
        }
    }

    /// <summary>A copy in which what stands above this place is there, taken from another body where it was left out.</summary>
    public static JsonObject Reaching(JsonObject body, object[] path, Func<JsonObject> whole)
    {
        var copy = (JsonObject)body.DeepClone();
        JsonNode at = copy;
        JsonNode? full = null;
        for (var i = 0; i < path.Length - 1; i++)
        {
            if (At(at, path[i]) is not { } there)
            {
                full ??= path[..i].Aggregate<object, JsonNode>(whole(), (node, key) => At(node, key)!);
                there = At(full, path[i])!.DeepClone();
                if (at is JsonArray list)
                {
                    list.Add(there);
                }
                else
                {
                    at[(string)path[i]] = there;
                }
            }

            (at, full) = (there, full is null ? null : At(full, path[i]));
        }

        return copy;
    }

    private static JsonNode? At(JsonNode node, object key) => key is int i ? node.AsArray().ElementAtOrDefault(i) : node[(string)key];

    public static void Put(JsonNode body, object[] path, string text)
    {
        var (parent, last) = (path[..^1].Aggregate(body, (at, key) => key is int i ? at[i]! : at[(string)key]!), path[^1]);
        if (last is int index && parent.AsArray() is var list)
        {
            if (list.Count == index)
            {
                list.Add(null);
            }

            list[index] = text;
        }
        else
        {
            parent[(string)last] = text;
        }
    }

    /// <summary>The body with raw JSON at a place (null: without it); raw, since much of it no writer would write.</summary>
    public static string Replaced(JsonObject body, object[] path, string? json)
    {
        const string mark = "\u2603here\u2603";
        var copy = body.DeepClone();
        if (json is null)
        {
            path[..^1].Aggregate(copy, (at, key) => key is int i ? at[i]! : at[(string)key]!).AsObject().Remove((string)path[^1]);
            return copy.ToJsonString(Json.Options);
        }

        Put(copy, path, mark);
        return copy.ToJsonString(Json.Options).Replace($"\"{mark}\"", json, StringComparison.Ordinal);
    }
}
