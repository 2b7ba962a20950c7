using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>
/// Whatever is wrong with a call, it is refused with a 4xx and a stable code, and leaves nothing behind. The calls are made up from the
/// OpenAPI document, so that a new endpoint is covered on the day it is written.
/// </summary>
public sealed partial class BadInputTests : ApiFixture
{
    /// <summary>What is refused changes nothing, so that the next one need not wait for it.</summary>
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 4 };

    private const string Rare = "𠮷😀👩‍🔧";

    /// <summary>
    /// Where fields depend on each other, what stands in the body that is then made worse: by name, or by operation and name. Null: left
    /// out. An operation whose body is refused as it is needs a line here, or nothing behind that refusal is tried.
    /// </summary>
    private const string SlaProfile = """
        {"policies":[{"code":"default","name":{"zh":"默认","en":"Default"},"scope":{"category":null,"kind":null,"priority":null,"crews":[]},"milestones":[{"kind":"finish","allowance":{"number":690,"unit":"workingMinutes"},"calendar":"desk","crew":null}],"feedback":{"way":"sample","remindAfterHours":[24],"call":"sample","joiners":false,"bySomebodyElse":false},"appointment":{"earliestMinutesBeforeStart":10,"latestMinutesAfterEnd":15},"holdsStopClocks":true,"warnAtPercent":75,"escalation":{"steps":[{"level":1,"afterMinutes":0}],"calendar":"desk","mostPromises":1,"longestPromiseMinutes":60}}],"rework":{"name":{"zh":"返修","en":"Rework"},"milestones":[{"kind":"arranged","allowance":{"number":24,"unit":"hours"},"calendar":"24x7","crew":null}],"feedback":{"way":"call","remindAfterHours":[24],"call":"all","joiners":false,"bySomebodyElse":false}},"holdLimits":[{"reason":"parts","allowance":{"number":5,"unit":"workingDays"},"calendar":"office"}],"feedback":{"samplePercent":30,"mostAsksAMonth":4,"attempts":3,"timesOfDay":3,"callsFromHour":9,"callsToHour":20,"waitHours":48,"callWithinHours":24}}
        """;

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

    private readonly Dictionary<string, Guid> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Guid> elsewhere = new(StringComparer.Ordinal);
    private Actor everything = null!;
    private HttpClient http = null!;

    public static IEnumerable<TestCaseData> Writers =>
        ApiDocument.Committed.Operations
            .Where(o => o.Method is "POST" or "PATCH" or "PUT" or "DELETE" && o.Id != "signOut") // which has no input, and would end the session that all of these call with
            .Select(o => new TestCaseData(o).SetArgDisplayNames(o.Id));

    public static IEnumerable<TestCaseData> WritersOfText =>
        Writers.Where(w => ((ApiOperation)w.Arguments[0]!).Body is { } schema && Places(schema, []).Any(p => IsText(p.Schema)));

    public static IEnumerable<TestCaseData> Readers =>
        ApiDocument.Committed.Operations.Where(o => o.Method is "GET" && o.Path.StartsWith("/api/", StringComparison.Ordinal)).Select(o => new TestCaseData(o).SetArgDisplayNames(o.Id));

    [SetUp]
    public async Task Somebody_who_may_do_everything()
    {
        if (everything is null)
        {
            var roles = Enum.GetValues<Roles>().Where(r => r != Roles.System && int.PopCount((int)r) == 1).ToArray();
            var id = await Send(Here.System, new JoinStaff(Here.CommunityId, "everything@here", "everything", PasswordHash, roles, [new TeamSeat(Here.Teams[Crew.Engineering], true)], IsDemo: true));
            await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
            everything = Here.Clerk with { Id = id };
            http = (await As(everything)).Http;
        }

        var (request, order) = await GivenDispatched();
        known.Clear();
        known["communityId"] = Here.CommunityId;
        known["requestId"] = request;
        known["workOrderId"] = order;
        known["categoryId"] = Guid.CreateVersion7(); // one of this test alone: it may be retired
        await Execute(
            "insert into category (community_id, category_id, kind, code, name, name_en, crew) values (@CommunityId, @Id, 'repair', @Id::text, '水', 'Water', 'engineering')", new { Here.CommunityId, Id = known["categoryId"] });
        await Execute(
            "insert into team_member (community_id, team_id, staff_id, from_at) select @CommunityId, @Team, @Id, now() where not exists (select from team_member where team_id = @Team and staff_id = @Id and to_at is null)",
            new { Here.CommunityId, Team = Here.Teams[Crew.Engineering], everything.Id });
        known["placeId"] = Here.Places["3-2-1502"];
        known["assetId"] = Here.Lift;
        known["customerId"] = Here.Customer;
        known["teamId"] = Here.Teams[Crew.Engineering];
        known["assigneeId"] = Here.Member(Crew.Engineering).Id;
        known["staffId"] = everything.Id;
        known["contactPointId"] = await Scalar<Guid>("select contact_point_id from contact_point where customer_id = @Customer limit 1", new { Here.Customer });
        known["occupancyId"] = await Scalar<Guid>("select occupancy_id from occupancy where customer_id = @Customer limit 1", new { Here.Customer });
        elsewhere["requestId"] = (await GivenRequest(There)).RequestId;
        elsewhere["communityId"] = There.CommunityId;
        elsewhere["categoryId"] = There.Category(RequestKind.Repair, "water");
        elsewhere["placeId"] = There.Places["3-2-1502"];
        elsewhere["assetId"] = There.Lift;
        elsewhere["customerId"] = There.Customer;
        elsewhere["teamId"] = There.Teams[Crew.Engineering];
        elsewhere["assigneeId"] = There.Member(Crew.Engineering).Id;
    }

    [TestCaseSource(nameof(Writers))]
    public async Task Bad_input_is_refused_and_leaves_nothing_behind(ApiOperation operation)
    {
        var before = await Everything();

        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Calls(operation).ToArray(), AtOnce, async (c, _) => await Refuses(operation, c.What, c.Call, c.Expected, wrong));

        Assert.That(wrong, Is.Empty);
        Assert.That(await Everything(), Is.EqualTo(before), "Something was left behind.");
        await What_was_made_worse_is_itself_well_formed(operation);
    }

    private async Task What_was_made_worse_is_itself_well_formed(ApiOperation operation)
    {
        using var response = await http.SendAsync(Post(operation, operation.Body is { } schema ? Valid(operation, schema, "").ToJsonString(Json.Options) : null));
        var reply = await response.Content.ReadAsStringAsync();
        Assert.That((int)response.StatusCode, Is.Not.EqualTo(400).And.LessThan(500), reply);
        Assert.That(reply, Does.Not.Contain("request.invalid_fields"));
    }

    [TestCaseSource(nameof(WritersOfText))]
    public async Task Rare_characters_and_emoji_are_valid_text(ApiOperation operation)
    {
        var schema = operation.Body!.Value;
        var body = Valid(operation, schema, "");
        foreach (var text in Places(schema, []).Where(p => IsText(p.Schema)))
        {
            Put(body, text.Path, Rare);
        }

        using var response = await http.SendAsync(Post(operation, body.ToJsonString(Json.Options)));
        var reply = await response.Content.ReadAsStringAsync();

        Assert.That(response.StatusCode, Is.Not.EqualTo(HttpStatusCode.BadRequest).And.Not.EqualTo(HttpStatusCode.InternalServerError), reply);
        Assert.That(reply, Does.Not.Contain("\"text."));
    }

    [Test]
    public async Task Rare_characters_and_emoji_come_back_as_they_went()
    {
        var clerk = await As(Here.Clerk);
        var made = await clerk.PostJson(
            "/api/requests",
            new { Here.CommunityId, kind = "repair", channel = "phone", categoryId = known["categoryId"], description = Rare, reporter = new { name = Rare }, onBehalfOf = Rare },
            HttpStatusCode.Created);
        var request = $"/api/requests/{made.Id("requestId")}";
        await clerk.PostJson($"{request}/work-orders", new { orders = new[] { new { crew = "engineering", whatToDo = Rare } } }, HttpStatusCode.Created);

        var read = (await clerk.GetJson(request)).Body;

        Assert.That(read.GetProperty("request").GetProperty("description").GetString(), Is.EqualTo(Rare));
        Assert.That(read.GetProperty("request").GetProperty("reporterName").GetString(), Is.EqualTo(Rare));
        Assert.That(read.GetProperty("request").GetProperty("onBehalfOf").GetString(), Is.EqualTo(Rare));
        Assert.That(read.GetProperty("workOrders")[0].GetProperty("whatToDo").GetString(), Is.EqualTo(Rare));
    }

    [TestCaseSource(nameof(Readers))]
    public async Task A_bad_query_is_refused(ApiOperation operation)
    {
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            Queries(operation).ToArray(), AtOnce, async (q, _) => await Refuses(operation, q.What, () => new HttpRequestMessage(HttpMethod.Get, AddressOf(operation) + q.Query), [400, 422], wrong));

        foreach (var path in operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!))
        {
            await Refuses(operation, $"{path} made up", () => new HttpRequestMessage(HttpMethod.Get, AddressOf(operation, path, Guid.CreateVersion7()) + Needed(operation)), [404], wrong);
        }

        Assert.That(wrong, Is.Empty);
    }

    /// <summary>What a date of the far past or a very long number finds may be nothing; it must not fail.</summary>
    [TestCaseSource(nameof(Readers))]
    public async Task A_strange_but_well_formed_query_does_not_fail(ApiOperation operation)
    {
        foreach (var parameter in operation.Parameters("query"))
        {
            string[] values = Format(parameter.GetProperty("schema")) switch
            {
                "date-time" => ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"],
                "date" => ["0001-01-01", "9999-12-31"],
                "uuid" => [Guid.Empty.ToString(), elsewhere["communityId"].ToString()],
                "int64" => ["0", "9223372036854775807"],
                "text" => [Uri.EscapeDataString(Rare), "%25", "_", "'", "%5C", "%E2%80%AE", "%01"],
                _ => [],
            };
            foreach (var value in values)
            {
                using var response = await http.GetAsync(AddressOf(operation) + With(operation, parameter.GetProperty("name").GetString()!, value));
                Assert.That((int)response.StatusCode, Is.LessThan(500), $"{parameter.GetProperty("name")}={value}");
            }
        }
    }

    [TestCase("dispatchWork", "orders", "orders.count")]
    [TestCase("completeWork", "materials", "materials.count")]
    [TestCase("registerCustomer", "occupancies", "occupancies.count")]
    public async Task A_list_of_a_thousand_is_refused_for_its_length(string id, string list, string code)
    {
        var operation = ApiDocument.Committed.Operations.Single(o => o.Id == id);
        var body = (JsonObject)Valid(operation, operation.Body!.Value, "");
        var place = Places(operation.Body!.Value, []).Single(p => p.Path is [string name] && name == list);

        using var response = await http.SendAsync(Post(operation, Replaced(body, place.Path, Thousand(operation, place.Schema, list))));
        var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), reply.GetRawText());
        Assert.That(reply.GetProperty("errors").EnumerateArray().Select(e => (e.GetProperty("field").GetString(), e.GetProperty("code").GetString())), Does.Contain(((string?)list, (string?)code)));
    }

    private async Task Refuses(ApiOperation operation, string what, Func<HttpRequestMessage> call, int[] expected, ConcurrentBag<string> wrong)
    {
        try
        {
            using var message = call();
            using var response = await http.SendAsync(message);
            var reply = await response.Content.ReadAsStringAsync();
            var status = (int)response.StatusCode;
            if (expected.Length > 0 ? !expected.Contains(status) : status is < 400 or >= 500)
            {
                wrong.Add($"{operation.Id}, {what}: {status} {reply}");
            }
            else if (response.Content.Headers.ContentType?.MediaType != "application/problem+json" || !Code().IsMatch(JsonDocument.Parse(reply).RootElement.GetProperty("code").GetString()!))
            {
                wrong.Add($"{operation.Id}, {what}: {status} without a problem of a dotted code: {reply}");
            }
        }
        catch (AssertionException e)
        {
            wrong.Add($"{operation.Id}, {what}: {e.Message}");
        }
    }

    private IEnumerable<(string What, Func<HttpRequestMessage> Call, int[] Expected)> Calls(ApiOperation operation)
    {
        var body = operation.Body is { } schema ? Valid(operation, schema, "") : null;
        var text = body?.ToJsonString(Json.Options);

        int[] absent = operation.Body is null && operation.Json.TryGetProperty("requestBody", out _) ? [404, 422] : [404]; // a file is looked at before what it is for
        foreach (var path in operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!))
        {
            yield return ($"{path} made up", () => Post(operation, text, AddressOf(operation, path, Guid.CreateVersion7())), absent);
            yield return ($"{path} of nothing", () => Post(operation, text, AddressOf(operation, path, Guid.Empty)), absent);
            yield return ($"{path} of another kind", () => Post(operation, text, AddressOf(operation, path, known[path == "categoryId" ? "placeId" : "categoryId"])), absent);
            yield return ($"{path} not an id", () => Post(operation, text, AddressOf(operation).Replace(known.GetValueOrDefault(path).ToString(), "1", StringComparison.Ordinal)), [404]);
            if (elsewhere.TryGetValue(path, out var theirs))
            {
                yield return ($"{path} of another community", () => Post(operation, text, AddressOf(operation, path, theirs)), absent);
            }
        }

        foreach (var (name, values) in Headers)
        {
            foreach (var value in operation.Parameters("header").Any(h => h.GetProperty("name").GetString() == name) ? values : [])
            {
                yield return ($"{name}: {value}", () => WithHeader(Post(operation, text), name, value), [400]);
            }
        }

        if (operation.Parameters("header").Any(h => h.GetProperty("name").GetString() == "If-Match"))
        {
            yield return ("a stale If-Match", () => WithHeader(Post(operation, text), "If-Match", "\"999\""), []);
        }

        if (body is not JsonObject whole || text is null)
        {
            yield break;
        }

        string[] broken = ["", " ", "{", "[]", "null", "\"x\"", "5", text + "x", text[..^1] + ",}", "/* */" + text, "'" + text + "'", string.Concat(Enumerable.Repeat('[', 2000)), "<xml/>"];
        foreach (var raw in broken)
        {
            yield return ($"the body {(raw.Length > 20 ? raw[..20] : raw)}", () => Post(operation, raw), [400]);
        }

        var (first, firstValue) = whole.First();
        yield return ("a field twice", () => Post(operation, $"{{\"{first}\":{firstValue?.ToJsonString() ?? "null"},{text[1..]}"), [400]);
        yield return ("bytes that are no UTF-8", () => Post(operation, [.. Encoding.UTF8.GetBytes(text[..^1] + ",\"x"), 0xff, 0xfe, .. "\":1}"u8]), [400]);
        yield return ("no type", () => Post(operation, Encoding.UTF8.GetBytes(text), null), [415]);
        foreach (var type in (string[])["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data; boundary=x"])
        {
            yield return (type, () => Post(operation, Encoding.UTF8.GetBytes(text), type), [415]);
        }

        yield return ("a body over the limit", () => Post(operation, text + new string(' ', 300_000)), [413]);

        foreach (var place in Places(operation.Body!.Value, []))
        {
            foreach (var (what, value, expected) in Wrong(place))
            {
                yield return ($"{string.Join('.', place.Path)} {what}", () => Post(operation, Replaced(whole, place.Path, value)), expected);
            }

            if (Format(place.Schema) == "array")
            {
                yield return ($"{string.Join('.', place.Path)} of a thousand", () => Post(operation, Replaced(whole, place.Path, Thousand(operation, place.Schema, place.Path[^1].ToString()!))), []);
            }
        }

        foreach (var at in Objects(operation.Body!.Value, []))
        {
            yield return ($"{string.Join('.', at)} with an unknown field", () => Post(operation, Replaced(whole, [.. at, "nobodyKnowsThis"], "1")), [400]);
            yield return ($"{string.Join('.', at)} with an unknown field of many floors", () => Post(operation, Replaced(whole, [.. at, "nobodyKnowsThis"], string.Concat(Enumerable.Repeat('[', 60)) + string.Concat(Enumerable.Repeat(']', 60)))), [400]);
        }
    }

    private static readonly (string Name, string[] Values)[] Headers =
    [
        ("Idempotency-Key", ["", new string('k', 101), "a\tb"]),
        ("Device", ["", new string('d', 101)]),
        ("Device-Time", ["", "yesterday", "2026-03-02T09:00:00", "2026-02-30T09:00:00Z", "1772413200"]),
        ("If-Match", ["*", "W/\"1\"", "\"x\"", "\"99999999999\"", "\"1\", \"2\"", "1", "\"-1\"", "\"\""]),
    ];

    /// <summary>Raw JSON that cannot stand at this place.</summary>
    private IEnumerable<(string What, string? Json, int[] Expected)> Wrong(Place place)
    {
        var (path, schema, required, nullable) = place;
        if (required)
        {
            yield return ("left out", null, [400]);
        }

        if (!nullable)
        {
            yield return ("null", "null", [400]);
        }

        string[] kinds = ["\"x\"", "true", "5", "1.5", "{}", "[]", "[5]", "{\"a\":1}"];
        var format = Format(schema);
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
                yield return ($"as {value}", value, format == "enum" && value[0] == '"' ? [400, 422] : [400]);
            }
        }

        foreach (var (what, value, expected) in format switch
        {
            "text" => Texts(schema),
            "enum" => [("in capitals", Quoted(Words(schema)[0].ToUpperInvariant()), Enumerable.ToArray<int>([400, 422])), ("of no word", "\"\"", [400, 422]), ("of a number", "0", [400]), ("of two words", Quoted(string.Join(", ", Words(schema).Take(2).Append("x"))), [400, 422])],
            "uuid" =>
            [
                ("made up", Quoted(Guid.CreateVersion7().ToString()), []),
                ("of nothing", Quoted(Guid.Empty.ToString()), []),
                ("of another kind", Quoted((path[^1] is "requestId" ? known["workOrderId"] : known["requestId"]).ToString()), []),
                ("of another community", Quoted(elsewhere.GetValueOrDefault(path[^1].ToString()!, elsewhere["requestId"]).ToString()), []),
                ("in brackets", Quoted(Guid.CreateVersion7().ToString("B")), [400]),
                ("without hyphens", Quoted(Guid.CreateVersion7().ToString("N")), [400]),
                ("of SQL", Quoted("' or true --"), [400]),
            ],
            "date-time" =>
            [
                ("of the far past", "\"0001-01-01T00:00:00Z\"", []),
                ("before time", "\"0001-01-01T00:00:00+14:00\"", [400]),
                ("of the far future", "\"9999-12-31T23:59:59Z\"", []),
                ("after time", "\"9999-12-31T23:59:59-14:00\"", [400]),
                ("without an offset", "\"2026-03-02T09:00:00\"", [400]),
                ("on a day that is none", "\"2026-02-30T09:00:00Z\"", [400]),
                ("without a time", "\"2026-03-02\"", [400]),
                ("of blanks", "\" \"", [400]),
            ],
            "date" => [("of the far past", "\"0001-01-01\"", []), ("of the far future", "\"9999-12-31\"", []), ("on a day that is none", "\"2026-02-30\"", [400]), ("as an instant", "\"2026-03-02T00:00:00Z\"", [400])],
            "int32" or "int64" or "number" => Numbers(schema),
            "array" => [("of null", "[null]", [400])],
            _ => Array.Empty<(string, string, int[])>(),
        })
        {
            yield return (what, value, expected);
        }
    }

    /// <summary>As many as nobody types, each of them well-formed and as short as it can be.</summary>
    private string Thousand(ApiOperation operation, JsonElement array, string name)
    {
        var items = array.GetProperty("items");
        var one = Valid(operation, items, name.TrimEnd('s'));
        if (one is JsonObject whole)
        {
            var required = Plain(items, out _).TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()).ToHashSet() : [];
            foreach (var left in whole.Select(p => p.Key).Where(k => !required.Contains(k)).ToArray())
            {
                whole.Remove(left);
            }
        }

        return $"[{string.Join(',', Enumerable.Repeat(one.ToJsonString(Json.Options), 1000))}]";
    }

    private static IEnumerable<(string What, string Json, int[] Expected)> Texts(JsonElement schema)
    {
        yield return ("too long", Quoted(string.Concat(Enumerable.Repeat("长", (schema.TryGetProperty("maxLength", out var most) ? most.GetInt32() : 500) + 1))), []);
        yield return ("empty", "\"\"", []);
        yield return ("blank", "\" \\u3000\\t\\n\"", []);
        yield return ("with NUL", "\"a\\u0000b\"", []);
        yield return ("with a control character", "\"a\\u0001b\"", []);
        yield return ("with an escape", "\"a\\u001b[31mb\"", []);
        yield return ("with a control character of the second block", "\"a\\u0085b\"", []);
        yield return ("with a bidi override", "\"a\\u202eb\"", []);
        yield return ("with a bidi isolate", "\"a\\u2066b\"", []);
        yield return ("with half a character", "\"a\\ud800b\"", []);
        yield return ("with the other half", "\"a\\udfff\"", []);
        yield return ("with no character", "\"a\\uffffb\"", []);
        yield return ("with a raw control character", "\"a\u0001b\"", [400]);
    }

    private static IEnumerable<(string What, string Json, int[] Expected)> Numbers(JsonElement schema)
    {
        yield return ("negative", "-1", []);
        yield return ("huge", "99999999999999999999999999999999999999", []);
        yield return ("beyond", "1e400", []);
        yield return ("as text", "\"5\"", [400]);
        yield return ("with a leading zero", "05", [400]);
        if (schema.TryGetProperty("minimum", out var least))
        {
            yield return ("too small", (least.GetDecimal() - 1).ToString(System.Globalization.CultureInfo.InvariantCulture), []);
        }

        if (schema.TryGetProperty("maximum", out var most))
        {
            yield return ("too large", (most.GetDecimal() + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), []);
        }
    }

    private static IEnumerable<(string What, string Query)> Queries(ApiOperation operation)
    {
        yield return ("an unknown name", With(operation, "nobodyKnowsThis", "1"));
        foreach (var path in operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!))
        {
            yield return ($"{path} in the query, too", With(operation, path, Guid.NewGuid().ToString()));
        }

        foreach (var parameter in operation.Parameters("query"))
        {
            var name = parameter.GetProperty("name").GetString()!;
            var schema = parameter.GetProperty("schema");
            var one = Format(schema) == "array" ? schema.GetProperty("items") : schema;
            string[] values = (Format(one), name) switch
            {
                (_, "take") => ["0", "-1", "201", "99999999999", "abc", "1.5", "", "%2B5", "1e1"],
                ("text", "after") => ["x", "", "AAAA", "W10", "WzEsMl0", "W251bGwsbnVsbF0", "WyJ4IiwieSJd", "eyJhIjoxfQ", "%00", new string('A', 600), "%F0%A0%AE%B7", "WyIyMDI2LTAzLTAyVDA5OjAwOjAwWiJd"],
                ("text", _) => ["%00", "a%00b", new string('x', 501)],
                ("uuid", _) => ["", "1", "%7B" + Guid.NewGuid() + "%7D", Guid.NewGuid().ToString("N"), Guid.NewGuid() + "," + Guid.NewGuid()],
                ("enum", _) => ["", "0", "nobodyKnowsThis", Words(one)[0].ToUpperInvariant(), Words(one)[0] + ",", Words(one)[0] + ",x"],
                ("boolean", _) => ["", "TRUE", "1", "yes"],
                ("int32" or "int64", _) => ["", "x", "-1", "1.5", "99999999999999999999", "%2B1"],
                ("date-time", _) => ["", "2026-03-02", "2026-03-02T09:00:00", "2026-02-30T09:00:00Z", "0001-01-01T00:00:00%2B14:00", "yesterday"],
                ("date", _) => ["", "2026-02-30", "2026-3-2", "yesterday"],
                _ => [],
            };
            foreach (var value in values)
            {
                yield return ($"{name}={value}", With(operation, name, value));
            }

            yield return ($"{name} twice", $"{With(operation, name, Sample(one))}&{name}={Sample(one)}");
        }
    }

    private static string Sample(JsonElement schema) => Format(schema) switch
    {
        "uuid" => Guid.NewGuid().ToString(),
        "enum" => Words(schema)[0],
        "boolean" => "true",
        "date-time" => "2026-03-02T09:00:00Z",
        "date" => "2026-03-02",
        _ => "1",
    };

    /// <summary>The query with this parameter and those that are needed beside it.</summary>
    private static string With(ApiOperation operation, string name, string value) => Needed(operation, name) is { Length: > 0 } needed ? $"{needed}&{name}={value}" : $"?{name}={value}";

    internal static string Needed(ApiOperation operation, string but = "")
    {
        var needed = operation.Parameters("query").Where(p => p.TryGetProperty("required", out var r) && r.GetBoolean() && p.GetProperty("name").GetString() != but)
            .Select(p => $"{p.GetProperty("name").GetString()}={Sample(p.GetProperty("schema"))}").ToArray();
        return needed.Length == 0 ? "" : "?" + string.Join('&', needed);
    }

    // A place in a body: keys and indices; what stands there is a property of an object or the item of an array.
    private sealed record Place(object[] Path, JsonElement Schema, bool Required, bool Nullable);

    private static IEnumerable<Place> Places(JsonElement schema, object[] at)
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

    private static IEnumerable<object[]> Objects(JsonElement schema, object[] at) =>
        Places(schema, at).Where(p => Format(p.Schema) == "object").Select(p => p.Path).Prepend(at);

    private static JsonElement Plain(JsonElement schema, out bool nullable)
    {
        schema = ApiDocument.Committed.Check.Resolve(schema);
        nullable = schema.TryGetProperty("oneOf", out var either)
            || (schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(t => t.GetString() == "null"));
        return either.ValueKind == JsonValueKind.Array ? ApiDocument.Committed.Check.Resolve(either[0]) : schema;
    }

    private static string Format(JsonElement schema)
    {
        schema = Plain(schema, out _);
        var type = schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } types ? types.EnumerateArray().Select(t => t.GetString()!).First(t => t != "null") : schema.GetProperty("type").GetString()!;
        return schema.TryGetProperty("enum", out _) ? "enum"
            : schema.TryGetProperty("format", out var format) ? format.GetString()!
            : type == "string" ? "text"
            : type;
    }

    private static string[] Words(JsonElement schema) => [.. Plain(schema, out _).GetProperty("enum").EnumerateArray().Select(e => e.GetString()!)];

    private static bool IsText(JsonElement schema) => Format(schema) == "text";

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Json.Options);

    private JsonNode Valid(ApiOperation operation, JsonElement schema, string name) => Valid(operation, schema, name, known, Clock.GetUtcNow());

    /// <summary>A body that is well-formed, and names what is there.</summary>
    /// <param name="fill">Which ids, of those that may be left out and as a rule are, are given.</param>
    internal static JsonNode Valid(ApiOperation operation, JsonElement schema, string name, IReadOnlyDictionary<string, Guid> known, DateTimeOffset now, Func<string, bool>? fill = null)
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

    private static void Put(JsonNode body, object[] path, string text)
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
    private static string Replaced(JsonObject body, object[] path, string? json)
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

    private string AddressOf(ApiOperation operation, string? other = null, Guid value = default) =>
        operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!)
            .Aggregate(operation.Path, (path, name) => path.Replace($"{{{name}}}", (name == other ? value : known.TryGetValue(name, out var id) ? id : Guid.CreateVersion7()).ToString(), StringComparison.Ordinal));

    private HttpRequestMessage Post(ApiOperation operation, string? body, string? address = null)
    {
        var message = Post(operation, body is null ? null : Encoding.UTF8.GetBytes(body), "application/json");
        message.RequestUri = new Uri((address ?? AddressOf(operation)) + Needed(operation), UriKind.Relative);
        return message;
    }

    private HttpRequestMessage Post(ApiOperation operation, byte[]? body, string? type = "application/json")
    {
        var message = new HttpRequestMessage(new HttpMethod(operation.Method), AddressOf(operation));
        if (operation.Parameters("header").Any(h => h.GetProperty("name").GetString() == "Idempotency-Key"))
        {
            message.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        }

        if (operation.Path.StartsWith("/api/inbound/", StringComparison.Ordinal))
        {
            SignedByTests.Sign(message, body ?? []); // whatever is wrong with it, it is signed
        }

        if (body is not null)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        }

        return message;
    }

    private static HttpRequestMessage WithHeader(HttpRequestMessage message, string name, string value)
    {
        message.Headers.Remove(name);
        message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }

    /// <summary>A fingerprint of every row of every table but the sessions and the attempts to begin one.</summary>
    private async Task<string> Everything() => string.Join('\n', await Rows<string>("""
        select c.relname || ' ' || query_to_xml(format('select count(*), md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from %I t', c.relname), false, true, '')::text
        from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname not in ('session', 'sign_in_attempt')
        order by c.relname
        """));

    [GeneratedRegex("^[a-z_]+(\\.[a-z_]+)+$")]
    private static partial Regex Code();
}
