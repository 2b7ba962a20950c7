using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Whatever is wrong with a call, it is refused with a 4xx and a stable code, and leaves nothing behind; without what is wrong with it, it succeeds.</summary>
public sealed class BadInputTests : BadInputFixture
{
    /// <summary>What is refused as it is, with what; whoever did this would have to be somebody else, or to know a secret.</summary>
    internal static readonly IReadOnlyDictionary<string, (int Status, string Code)> Refused = new Dictionary<string, (int Status, string Code)>(StringComparer.Ordinal)
    {
        ["signIn"] = (429, "sign_in.slow_down"), // after as many tries as were made
        ["changePassword"] = (429, "sign_in.slow_down"),
        ["confirmSecondFactor"] = (429, "sign_in.slow_down"),
        ["renewRecoveryCodes"] = (429, "sign_in.slow_down"),
        ["removeSecondFactor"] = (429, "sign_in.slow_down"),
        ["giveSecondFactor"] = (422, "second_factor.not_asked"),
    };

    /// <summary>Texts that have other rules than a text: by name, or by operation and name; what they are refused for instead.</summary>
    private static readonly Dictionary<string, string[]> OtherRules = new(StringComparer.Ordinal)
    {
        ["phone"] = ["phone.empty", "phone.not_a_number"],
        ["numberDialled"] = ["phone.empty", "phone.not_a_number"],
        ["registerCustomer.value"] = ["phone.empty", "phone.not_a_number"],
        ["addContactPoint.value"] = ["phone.empty", "phone.not_a_number"],
        ["language"] = ["language.unknown"],
        ["qrCode"] = ["qr_code.malformed"],
        ["addCommunity.code"] = ["community.code_malformed"],
        ["editCalendar.timeZone"] = ["calendar.unknown_zone"],
        ["editCalendar.day"] = ["calendar.unknown_day"],
        ["editCalendar.like"] = ["calendar.unknown_day"],
        ["editCalendar.windows[0]"] = ["calendar.window_malformed"],
        ["editSlaProfile.calendar"] = ["calendar.unknown"],
        ["editSlaProfile.category"] = ["category.unknown"],
        ["editSlaProfile.code"] = ["sla.code_malformed"],
        ["editSlaProfile.zh"] = OfAName,
        ["editSlaProfile.en"] = OfAName,
        ["trySlaProfile.calendar"] = ["calendar.unknown"],
        ["trySlaProfile.category"] = ["category.unknown"],
        ["trySlaProfile.code"] = ["sla.code_malformed"],
        ["trySlaProfile.zh"] = OfAName,
        ["trySlaProfile.en"] = OfAName,
        ["takeInboundSms.community"] = ["inbound.community_unknown"],
        ["takeInboundEmail.community"] = ["inbound.community_unknown"],
        ["changePassword.new"] = ["password.too_short", "password.too_long"],
        ["changePassword.current"] = ["password.not_the_current_one", "sign_in.slow_down"],
        ["signIn.signInName"] = ["sign_in.refused", "sign_in.slow_down"],
        ["signIn.password"] = ["sign_in.refused", "sign_in.slow_down"],
        ["confirmSecondFactor.code"] = ["second_factor.code_refused", "sign_in.slow_down"],
        ["renewRecoveryCodes.code"] = ["second_factor.code_refused", "sign_in.slow_down"],
        ["removeSecondFactor.code"] = ["second_factor.code_refused", "sign_in.slow_down"],
        ["giveSecondFactor.code"] = ["second_factor.not_asked"],
    };

    /// <summary>The field that is told is the name, which has both languages.</summary>
    private static string[] OfAName => ["text.empty", "text.too_long", "text.control_character", "text.bidi_control", "text.not_a_character"];

    /// <summary>Lists that may be this long.</summary>
    private static readonly HashSet<string> TakesAThousand = new(StringComparer.Ordinal) { "editCalendar.holidays" };

    private Dictionary<string, Guid> Ids => Known.Where(k => Guid.TryParse(k.Value, out _)).ToDictionary(k => k.Key, k => Guid.Parse(k.Value), StringComparer.Ordinal);

    [TestCaseSource(nameof(Writers))]
    public async Task Bad_input_is_refused_and_leaves_nothing_behind(ApiOperation operation)
    {
        await Set(operation);
        var before = await Everything();

        var wrong = await NotRefused(operation, Calls(operation));

        Assert.That(wrong, Is.Empty);
        Assert.That(await Everything(), Is.EqualTo(before), "Something was left behind.");
        await What_was_made_worse_succeeds(operation);
    }

    private async Task What_was_made_worse_succeeds(ApiOperation operation)
    {
        using var response = await Http.SendAsync(Message(operation, Body(operation)?.ToJsonString(Json.Options)));
        var reply = await response.Content.ReadAsStringAsync();
        if (Refused.TryGetValue(operation.Id, out var expected))
        {
            Assert.That(((int)response.StatusCode, JsonDocument.Parse(reply).RootElement.GetProperty("code").GetString()), Is.EqualTo(expected), reply);
        }
        else
        {
            Assert.That((int)response.StatusCode, Is.InRange(200, 299), reply);
        }
    }

    [TestCase("dispatchWork", "orders", "orders.count")]
    [TestCase("completeWork", "materials", "materials.count")]
    [TestCase("registerCustomer", "occupancies", "occupancies.count")]
    public async Task A_list_of_a_thousand_is_refused_for_its_length(string id, string list, string code)
    {
        var operation = ApiDocument.Committed.Operations.Single(o => o.Id == id);
        await Set(operation);
        var place = Bodies.Places(operation.Body!.Value, []).Single(p => p.Path is [string name] && name == list);

        using var response = await Http.SendAsync(Message(operation, Bodies.Replaced(Body(operation)!, place.Path, Thousand(operation, place.Schema, list))));

        var reply = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), reply);
        Assert.That(FaultsOf(reply), Does.Contain((list, code)));
    }

    private IEnumerable<BadCall> Calls(ApiOperation operation) =>
        Addresses(operation).Concat(OtherHeaders(operation)).Concat(Body(operation) is { } body ? [.. Raw(operation, body.ToJsonString(Json.Options), body), .. Fields(operation, Short(operation, body))] : []);

    /// <summary>With a profile of one policy, which is sound as well: the whole one is long, and much is wrong with it in turn.</summary>
    private static JsonObject Short(ApiOperation operation, JsonObject body)
    {
        if (operation.Id is "editSlaProfile" or "trySlaProfile")
        {
            body["profile"] = JsonNode.Parse(Bodies.SlaProfile);
        }

        return body;
    }

    private IEnumerable<BadCall> Addresses(ApiOperation operation)
    {
        var text = Body(operation)?.ToJsonString(Json.Options);
        var absent = Expected.Status(StagedCalls.TakesFile(operation) ? [404, 422] : [404]); // a file is looked at before what it is for
        foreach (var path in operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!))
        {
            yield return new($"{path} made up", () => Message(operation, text, AddressOf(operation, path, Guid.CreateVersion7())), absent);
            yield return new($"{path} of nothing", () => Message(operation, text, AddressOf(operation, path, Guid.Empty)), absent);
            yield return new($"{path} of another kind", () => Message(operation, text, AddressOf(operation, path, path == "categoryId" ? Here.Places["3-2-1502"] : Here.Category(Domain.Rules.RequestKind.Repair, "water"))), absent);
            yield return new($"{path} not an id", () => Message(operation, text, AddressOf(operation, path, 1)), Expected.Status(404));
            if (Elsewhere.TryGetValue(path, out var theirs))
            {
                yield return new($"{path} of another community", () => Message(operation, text, AddressOf(operation, path, theirs)), absent);
            }
        }

        foreach (var (what, query) in operation.Parameters("query").Any() ? Queries(operation) : [])
        {
            yield return new(what, () => Message(operation, text, PathOf(operation) + query), Expected.Status(400, 422));
        }

        foreach (var (name, schema) in operation.Parameters("query").Select(p => (p.GetProperty("name").GetString()!, p.GetProperty("schema"))).Where(p => Bodies.IsText(p.Item2)))
        {
            foreach (var (what, json, expected) in Texts(operation, new Place([name], schema, true, false)).Where(t => t.Expected.Codes.Length > 0 && t.Json is not "\"\"" && !t.Json!.Contains("u0000", StringComparison.Ordinal))) // neither gets as far as a text
            {
                yield return new($"{name} {what}", () => Message(operation, text, PathOf(operation) + With(operation, name, Uri.EscapeDataString(JsonSerializer.Deserialize<string>(json!)!))), expected);
            }
        }
    }

    private static readonly (string Name, string[] Values)[] Headers =
    [
        ("Idempotency-Key", ["", new string('k', 101), "a\tb"]),
        ("Device", ["", new string('d', 101)]),
        ("Device-Time", ["", "yesterday", "2026-03-02T09:00:00", "2026-02-30T09:00:00Z", "1772413200", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"]),
        ("Actor", ["", "me", "{01900000-0000-7000-8000-000000000001}", "01900000000070008000000000000001"]),
        ("If-Match", ["*", "W/\"1\"", "\"x\"", "\"99999999999\"", "\"1\", \"2\"", "1", "\"-1\"", "\"\""]),
    ];

    private IEnumerable<BadCall> OtherHeaders(ApiOperation operation)
    {
        var text = Body(operation)?.ToJsonString(Json.Options);
        foreach (var (name, values) in Headers.Where(h => operation.Parameters("header").Any(o => o.GetProperty("name").GetString() == h.Name)))
        {
            foreach (var value in values)
            {
                yield return new($"{name}: {value}", () => WithHeader(Message(operation, text), name, value), Expected.Status(400));
            }

            if (name == "Actor")
            {
                yield return new("somebody else's Actor", () => WithHeader(Message(operation, text), name, Guid.NewGuid().ToString()), Expected.Status(403));
            }

            if (name == "If-Match" && operation.Id != "reportWork") // which tells what was refused, maybe for its version
            {
                yield return new("a stale If-Match", () => WithHeader(Message(operation, text), name, "\"999\""), Expected.Status(412));
            }
        }
    }

    private IEnumerable<BadCall> Raw(ApiOperation operation, string text, JsonObject whole)
    {
        string[] broken = ["", " ", "{", "[]", "null", "\"x\"", "5", text + "x", text[..^1] + ",}", "/* */" + text, "'" + text + "'", string.Concat(Enumerable.Repeat('[', 2000)), "<xml/>"];
        foreach (var raw in broken)
        {
            yield return new($"the body {(raw.Length > 20 ? raw[..20] : raw)}", () => Message(operation, raw), Expected.Status(400));
        }

        if (whole.FirstOrDefault() is { Key: { } first, Value: var value })
        {
            yield return new("a field twice", () => Message(operation, $"{{\"{first}\":{value?.ToJsonString() ?? "null"},{text[1..]}"), Expected.Status(400));
        }

        yield return new("bytes that are no UTF-8", () => Message(operation, [.. Encoding.UTF8.GetBytes(text[..^1] + ",\"x"), 0xff, 0xfe, .. "\":1}"u8]), Expected.Status(400));
        yield return new("no type", () => Message(operation, Encoding.UTF8.GetBytes(text), null), Expected.Status(415));
        foreach (var type in (string[])["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data; boundary=x", "application/json; charset=klingon", "application/json; charset=utf-7", "application/json; charset=\"utf-16\""])
        {
            yield return new(type, () => Message(operation, Encoding.UTF8.GetBytes(text), type), Expected.Status(415));
        }

        yield return new("a body over the limit", () => Message(operation, text + new string(' ', 300_000)), Expected.Status(413));
    }

    private IEnumerable<BadCall> Fields(ApiOperation operation, JsonObject whole)
    {
        var schema = operation.Body!.Value;
        var known = Ids;
        JsonObject With(object[] path) => Bodies.Reaching(whole, path, () => (JsonObject)Bodies.Valid(operation, schema, "", known, Clock.GetUtcNow(), _ => true));
        foreach (var place in Bodies.Places(schema, []).Where(p => !IsTriedElsewhere(operation, p.Path)))
        {
            foreach (var (what, value, expected) in Wrong(operation, place))
            {
                yield return new($"{place.Field} {what}", () => Message(operation, Bodies.Replaced(With(place.Path), place.Path, value)), expected);
            }

            if (Bodies.Format(place.Schema) == "array" && !TakesAThousand.Contains($"{operation.Id}.{place.Name}"))
            {
                yield return new($"{place.Field} of a thousand", () => Message(operation, Bodies.Replaced(With(place.Path), place.Path, Thousand(operation, place.Schema, place.Path[^1].ToString()!))), Expected.Status());
            }
        }

        foreach (var at in Bodies.Objects(schema, []).Where(o => !IsTriedElsewhere(operation, o)))
        {
            object[] path = [.. at, "nobodyKnowsThis"];
            yield return new($"{string.Join('.', at)} with an unknown field", () => Message(operation, Bodies.Replaced(With(path), path, "1")), Expected.Status(400));
            yield return new($"{string.Join('.', at)} with an unknown field of many floors", () => Message(operation, Bodies.Replaced(With(path), path, string.Concat(Enumerable.Repeat('[', 60)) + string.Concat(Enumerable.Repeat(']', 60)))), Expected.Status(400));
        }

        var instants = Bodies.Places(schema, []).Where(p => Bodies.Format(p.Schema) == "date-time").ToArray();
        foreach (var first in instants.Length < 2 ? [] : (string[])["0001-01-01T00:00:00Z", "1000-01-01T00:00:00Z", "9998-12-31T00:00:00Z", "9999-12-31T10:00:00Z"])
        {
            yield return new($"every instant from {first}", () => Message(operation, AllFrom(instants, whole, With, DateTimeOffset.Parse(first, CultureInfo.InvariantCulture))), Expected.Status(422));
        }
    }

    /// <summary>A profile that is only tried is of the same schema as one that is kept, and long.</summary>
    private static bool IsTriedElsewhere(ApiOperation operation, object[] path) => operation.Id == "trySlaProfile" && path is ["profile", _, ..];

    /// <summary>One after the other, an hour apart: what ends does so after it begins.</summary>
    private static string AllFrom(Place[] instants, JsonObject whole, Func<object[], JsonObject> with, DateTimeOffset first)
    {
        var body = instants.Aggregate(whole, (_, p) => with(p.Path));
        for (var i = 0; i < instants.Length; i++)
        {
            Bodies.Put(body, instants[i].Path, first.AddHours(i).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        return body.ToJsonString(Json.Options);
    }

    /// <summary>Raw JSON that cannot stand at this place.</summary>
    private IEnumerable<(string What, string? Json, Expected Expected)> Wrong(ApiOperation operation, Place place)
    {
        var (path, schema, required, nullable) = place;
        if (required)
        {
            yield return ("left out", null, Expected.Status(400));
        }

        if (!nullable)
        {
            yield return ("null", "null", Expected.Status(400));
        }

        string[] kinds = ["\"x\"", "true", "5", "1.5", "{}", "[]", "[5]", "{\"a\":1}"];
        var format = Bodies.Format(schema);
        foreach (var value in kinds)
        {
            var fits = format switch
            {
                "text" => value[0] == '"',
                "boolean" => value == "true",
                "number" => value is "5" or "1.5",
                "int32" or "int64" => value is "5",
                "array" => value is "[]" or "[5]",
                "object" => value is "{}" or "{\"a\":1}",
                _ => false,
            };
            if (!fits)
            {
                yield return ($"as {value}", value, Expected.Status(format == "enum" && value[0] == '"' ? [400, 422] : [400]));
            }
        }

        foreach (var one in format switch
        {
            "text" => Texts(operation, place),
            "enum" => Words(schema),
            "uuid" => Others(path),
            "date-time" => Instants,
            "date" => Days,
            "int32" or "int64" or "number" => Numbers(schema, format),
            "array" => [("of null", "[null]", Expected.Status(400))],
            _ => [],
        })
        {
            yield return one;
        }
    }

    private static IEnumerable<(string What, string? Json, Expected Expected)> Words(JsonElement schema)
    {
        var words = Bodies.Words(schema);
        return
        [
            ("in capitals", Bodies.Quoted(words[0].ToUpperInvariant()), Expected.Status(400, 422)),
            ("of no word", "\"\"", Expected.Status(400, 422)),
            ("of a number", "0", Expected.Status(400)),
            ("of two words", Bodies.Quoted(string.Join(", ", words.Take(2).Append("x"))), Expected.Status(400, 422)),
        ];
    }

    private IEnumerable<(string What, string? Json, Expected Expected)> Others(object[] path) =>
    [
        ("made up", Bodies.Quoted(Guid.CreateVersion7().ToString()), Expected.Status(403, 404, 409, 422)),
        ("of nothing", Bodies.Quoted(Guid.Empty.ToString()), Expected.Status(403, 404, 409, 422)),
        ("of another kind", Bodies.Quoted(Known[path[^1] is "requestId" ? "workOrderId" : "requestId"]), Expected.Status(403, 404, 409, 422)),
        ("of another community", Bodies.Quoted(Elsewhere.GetValueOrDefault(path[^1].ToString()!, Elsewhere["requestId"]).ToString()), Expected.Status(403, 404, 409, 422)),
        ("in brackets", Bodies.Quoted(Guid.CreateVersion7().ToString("B")), Expected.Status(400)),
        ("without hyphens", Bodies.Quoted(Guid.CreateVersion7().ToString("N")), Expected.Status(400)),
        ("of SQL", Bodies.Quoted("' or true --"), Expected.Status(400)),
    ];

    private static readonly (string What, string? Json, Expected Expected)[] Instants =
    [
        ("of the far past", "\"0001-01-01T00:00:00Z\"", Expected.Status(422)),
        ("of a thousand years ago", "\"1026-01-01T00:00:00Z\"", Expected.Status(422)),
        ("before time", "\"0001-01-01T00:00:00+14:00\"", Expected.Status(400)),
        ("of the far future", "\"9999-12-31T23:59:59Z\"", Expected.Status(422)),
        ("after time", "\"9999-12-31T23:59:59-14:00\"", Expected.Status(400)),
        ("without an offset", "\"2026-03-02T09:00:00\"", Expected.Status(400)),
        ("on a day that is none", "\"2026-02-30T09:00:00Z\"", Expected.Status(400)),
        ("without a time", "\"2026-03-02\"", Expected.Status(400)),
        ("of blanks", "\" \"", Expected.Status(400)),
    ];

    private static readonly (string What, string? Json, Expected Expected)[] Days =
    [
        ("of the far past", "\"0001-01-01\"", Expected.Status(422)),
        ("of the far future", "\"9999-12-31\"", Expected.Status(422)),
        ("on a day that is none", "\"2026-02-30\"", Expected.Status(400)),
        ("as an instant", "\"2026-03-02T00:00:00Z\"", Expected.Status(400)),
    ];

    /// <summary>As many as nobody types, each of them well-formed and as short as it can be.</summary>
    private string Thousand(ApiOperation operation, JsonElement array, string name)
    {
        var items = array.GetProperty("items");
        var one = Bodies.Valid(operation, items, name.TrimEnd('s'), Ids, Clock.GetUtcNow());
        if (one is JsonObject whole)
        {
            var required = Bodies.Plain(items, out _).TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()).ToHashSet() : [];
            foreach (var left in whole.Select(p => p.Key).Where(k => !required.Contains(k)).ToArray())
            {
                whole.Remove(left);
            }
        }

        return $"[{string.Join(',', Enumerable.Repeat(one.ToJsonString(Json.Options), 1000))}]";
    }

    private static IEnumerable<(string What, string? Json, Expected Expected)> Texts(ApiOperation operation, Place place)
    {
        var most = place.Schema.TryGetProperty("maxLength", out var told) ? told.GetInt32() : 500;
        var other = OtherRules.GetValueOrDefault($"{operation.Id}.{place.Name}") ?? OtherRules.GetValueOrDefault(place.Name, []);
        foreach (var (what, json, code) in ((string What, string Json, string Code)[])
        [
            ("too long", Bodies.Quoted(string.Concat(Enumerable.Repeat("长", most + 1))), "text.too_long"),
            ("empty", "\"\"", "text.empty"),
            ("blank", "\" \\u3000\\t\\n\"", "text.empty"),
            ("with NUL", "\"a\\u0000b\"", "text.control_character"),
            ("with a control character", "\"a\\u0001b\"", "text.control_character"),
            ("with an escape", "\"a\\u001b[31mb\"", "text.control_character"),
            ("with a control character of the second block", "\"a\\u0085b\"", "text.control_character"),
            ("with a bidi override", "\"a\\u202eb\"", "text.bidi_control"),
            ("with a bidi isolate", "\"a\\u2066b\"", "text.bidi_control"),
            ("with a right-to-left mark", "\"a\\u200fb\"", "text.bidi_control"),
            ("with a left-to-right mark", "\"a\\u200eb\"", "text.bidi_control"),
            ("with an Arabic letter mark", "\"a\\u061cb\"", "text.bidi_control"),
            ("with no character", "\"a\\uffffb\"", "text.not_a_character"),
        ])
        {
            yield return (what, json, other.Length > 0 ? Expected.WithOneOf(other) : Expected.OfField(place.Field, code));
        }

        yield return ("with half a character", "\"a\\ud800b\"", Expected.Status(400));
        yield return ("with the other half", "\"a\\udfff\"", Expected.Status(400));
        yield return ("with a raw control character", "\"a\u0001b\"", Expected.Status(400));
    }

    private static IEnumerable<(string What, string? Json, Expected Expected)> Numbers(JsonElement schema, string format)
    {
        yield return ("negative", "-1", Expected.Status(409, 422));
        yield return ("huge", "99999999999999999999999999999999999999", Expected.Status(400, 422));
        yield return ("beyond", "1e400", Expected.Status(400));
        yield return ("as text", "\"5\"", Expected.Status(400));
        yield return ("with a leading zero", "05", Expected.Status(400));
        if (format == "int32")
        {
            yield return ("of the largest", "2147483647", Expected.Status(400, 409, 422));
            yield return ("of the smallest", "-2147483648", Expected.Status(400, 409, 422));
        }

        if (schema.TryGetProperty("minimum", out var least))
        {
            yield return ("too small", (least.GetDecimal() - 1).ToString(CultureInfo.InvariantCulture), Expected.Status(400, 422));
        }

        if (schema.TryGetProperty("maximum", out var most))
        {
            yield return ("too large", (most.GetDecimal() + 1).ToString(CultureInfo.InvariantCulture), Expected.Status(400, 422));
        }
    }
}
