using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>
/// Whether a value is what a schema of the document says: the part of JSON Schema that the document uses, and a schema with any other
/// keyword is an error, so that nothing is passed over in silence.
/// </summary>
public sealed class SchemaCheck(JsonElement document)
{
    private static readonly HashSet<string> Words = ["description", "default", "title", "contentEncoding"];

    private readonly ConcurrentDictionary<string, JsonElement> named = [];

    /// <returns>What is wrong, each with its place; empty where nothing is.</returns>
    public IReadOnlyList<string> Faults(JsonElement schema, JsonElement value)
    {
        var faults = new List<string>();
        Look(schema, value, "$", faults);
        return faults;
    }

    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = named.GetOrAdd(reference.GetString()!, path => path.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries).Aggregate(document, (at, name) => at.GetProperty(name)));
        }

        return schema;
    }

    private void Look(JsonElement schema, JsonElement value, string at, List<string> faults)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject().Where(k => !Words.Contains(k.Name)))
        {
            if (!Holds(schema, keyword, value, at, faults))
            {
                faults.Add($"{at}: {keyword.Name} {Short(keyword.Value)} does not hold for {Short(value)}");
            }
        }
    }

    private bool Holds(JsonElement schema, JsonProperty keyword, JsonElement value, string at, List<string> faults)
    {
        switch (keyword.Name)
        {
            case "type":
                return keyword.Value.ValueKind == JsonValueKind.String
                    ? Is(keyword.Value.GetString()!, value)
                    : keyword.Value.EnumerateArray().Any(t => Is(t.GetString()!, value));
            case "enum":
                return keyword.Value.EnumerateArray().Any(e => JsonElement.DeepEquals(e, value));
            case "oneOf":
                return keyword.Value.EnumerateArray().Count(s => Faults(s, value).Count == 0) == 1;
            case "format":
                return value.ValueKind != JsonValueKind.String || HasFormat(keyword.Value.GetString()!, value.GetString()!);
            case "pattern":
                return value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, keyword.Value.GetString()!, RegexOptions.None, TimeSpan.FromSeconds(1));
            case "minLength":
                return value.ValueKind != JsonValueKind.String || value.GetString()!.EnumerateRunes().Count() >= keyword.Value.GetInt32();
            case "maxLength":
                return value.ValueKind != JsonValueKind.String || value.GetString()!.EnumerateRunes().Count() <= keyword.Value.GetInt32();
            case "minimum":
                return value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= keyword.Value.GetDecimal();
            case "maximum":
                return value.ValueKind != JsonValueKind.Number || value.GetDecimal() <= keyword.Value.GetDecimal();
            case "minItems":
                return value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= keyword.Value.GetInt32();
            case "maxItems":
                return value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= keyword.Value.GetInt32();
            case "required":
                return value.ValueKind != JsonValueKind.Object || keyword.Value.EnumerateArray().All(r => value.TryGetProperty(r.GetString()!, out _));
            case "items":
                if (value.ValueKind == JsonValueKind.Array)
                {
                    foreach (var (item, i) in value.EnumerateArray().Select((item, i) => (item, i)))
                    {
                        Look(keyword.Value, item, $"{at}[{i}]", faults);
                    }
                }

                return true;
            case "properties":
                if (value.ValueKind == JsonValueKind.Object)
                {
                    foreach (var property in keyword.Value.EnumerateObject())
                    {
                        if (value.TryGetProperty(property.Name, out var inner))
                        {
                            Look(property.Value, inner, $"{at}.{property.Name}", faults);
                        }
                    }
                }

                return true;
            case "additionalProperties":
                var known = schema.TryGetProperty("properties", out var properties) ? properties : default;
                foreach (var extra in value.ValueKind == JsonValueKind.Object ? value.EnumerateObject().Where(p => known.ValueKind != JsonValueKind.Object || !known.TryGetProperty(p.Name, out _)) : [])
                {
                    if (keyword.Value.ValueKind == JsonValueKind.False)
                    {
                        faults.Add($"{at}.{extra.Name} is not documented");
                    }
                    else
                    {
                        Look(keyword.Value, extra.Value, $"{at}.{extra.Name}", faults);
                    }
                }

                return true;
            default:
                throw new InvalidOperationException($"SchemaCheck does not know {keyword.Name} at {at}.");
        }
    }

    private static bool Is(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => throw new InvalidOperationException($"There is no type {type}."),
    };

    private static bool HasFormat(string format, string text) => format switch
    {
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "date-time" => text.EndsWith('Z') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", out _),
        "time" => TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out _),
        _ => true,
    };

    private static string Short(JsonElement value) => value.GetRawText() is { Length: > 120 } long_ ? long_[..120] + "…" : value.GetRawText();
}
