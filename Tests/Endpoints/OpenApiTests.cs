using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

public sealed class OpenApiTests : ApiFixture
{
    private ApiDocument served = null!;

    protected override async Task Ready()
    {
        await base.Ready();
        served = new ApiDocument(await Anonymous.Http.GetStringAsync("/openapi/v1.json"));
    }

    [Test]
    public void The_served_document_is_the_committed_one()
    {
        if (Environment.GetEnvironmentVariable("DESK_WRITE_DOCS") is { Length: > 0 })
        {
            File.WriteAllText(ApiDocument.Path, served.Json);
        }

        Assert.That(File.Exists(ApiDocument.Path) ? File.ReadAllText(ApiDocument.Path) : "", Is.EqualTo(served.Json), "Write docs/openapi.json anew: run this test with DESK_WRITE_DOCS=1.");
    }

    [Test]
    public async Task Made_twice_it_is_the_same()
    {
        var provider = HostServices.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1");

        var one = await (await provider.GetOpenApiDocumentAsync(CancellationToken.None)).SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1);
        var other = await (await provider.GetOpenApiDocumentAsync(CancellationToken.None)).SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1);

        Assert.That(other, Is.EqualTo(one));
        Assert.That(one.ReplaceLineEndings("\n") + "\n", Is.EqualTo(served.Json));
    }

    [Test]
    public void Every_route_is_in_the_document_and_nothing_else()
    {
        var routes = from endpoint in HostServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                     where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>()?.ExcludeFromDescription != true
                     from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
                     select method + " /" + Regex.Replace(endpoint.RoutePattern.RawText!, ":[^}]+", "").Trim('/');

        Assert.That(served.Operations.Select(o => o.ToString()).Order(), Is.EqualTo(routes.Order()));
    }

    /// <summary>Every reply that a test sees is held against the document, so that none of them is another one.</summary>
    [Test]
    public void No_reply_sends_anybody_elsewhere() =>
        Assert.That(served.Operations.SelectMany(o => o.Json.GetProperty("responses").EnumerateObject()).Select(r => r.Name).Where(s => s[0] == '3' && s != "304"), Is.Empty);

    [Test]
    public void No_call_takes_an_address_to_fetch_from()
    {
        var fields = served.Root.GetProperty("components").GetProperty("schemas").EnumerateObject()
            .SelectMany(s => s.Value.TryGetProperty("properties", out var fields) ? fields.EnumerateObject().Select(f => (Of: s.Name, Field: f)).ToArray() : []);

        Assert.That(fields.Where(f => Regex.IsMatch(f.Field.Name, "(?i)ur[il]$|href|host|callback$|endpoint|webhook") || (f.Field.Value.TryGetProperty("format", out var format) && format.GetString() is "uri" or "url")).Select(f => $"{f.Of}.{f.Field.Name}"), Is.EqualTo(new[] { "FactorSecret.uri" }), "which is the desk's to say");
    }

    /// <summary>What takes no Idempotency-Key, and why.</summary>
    private static readonly Dictionary<string, string> WithoutKey = new()
    {
        ["/api/session"] = "a fast hash of a password would be kept",
        ["/api/session/second-factor"] = "it is part of signing in",
        ["/api/password"] = "a fast hash of a password would be kept",
        ["/api/second-factor"] = "the reply is a secret",
        ["/api/second-factor/confirmation"] = "the reply are secrets",
        ["/api/second-factor/recovery-codes"] = "the reply are secrets",
        ["/api/second-factor/removal"] = "the body is a secret",
        ["/api/inbound/sms"] = "webhook-id is its key",
        ["/api/inbound/email"] = "webhook-id is its key",
    };

    [Test]
    public void Every_POST_takes_an_Idempotency_Key_but_those_that_the_guide_names()
    {
        var guide = File.ReadAllText(Path.Combine(ApiDocument.Checkout(), "docs", "api.md"));
        var told = guide[guide.IndexOf("## Doing it once", StringComparison.Ordinal)..guide.IndexOf("## Versions", StringComparison.Ordinal)];

        var without = served.Operations.Where(o => o.Method == "POST" && !o.Parameters("header").Any(h => h.GetProperty("name").GetString() == "Idempotency-Key")).Select(o => o.Path);

        Assert.That(without, Is.EquivalentTo(WithoutKey.Keys));
        Assert.That(WithoutKey.Keys.Where(path => !told.Contains($"`POST {path}`", StringComparison.Ordinal)), Is.Empty, "the guide names them");
    }

    [Test]
    public void The_only_routes_that_are_not_in_it_are_its_own_and_the_owners_pages()
    {
        var hidden = from endpoint in HostServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                     where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>()?.ExcludeFromDescription == true
                     select endpoint.RoutePattern.RawText;

        // The pages for owners are no part of the API: HTML, read by people.
        Assert.That(hidden.Where(h => h != "/openapi/v1.json" && !h!.StartsWith("/o/", StringComparison.Ordinal) && !h.StartsWith("/r/", StringComparison.Ordinal) && !h.StartsWith("/v/", StringComparison.Ordinal)), Is.Empty);
        Assert.That(hidden, Does.Contain("/openapi/v1.json"));
    }

    [Test]
    public void Every_operation_has_a_name_of_its_own_a_sentence_and_a_tag()
    {
        Assert.That(served.Operations.Select(o => o.Json.TryGetProperty("operationId", out _) ? o.Id : o + " has none"), Is.Unique.And.All.Match("^[a-z][A-Za-z]+$"));
        Assert.That(served.Operations.Where(o => !o.Json.TryGetProperty("summary", out var s) || s.GetString() is not { Length: > 5 }).Select(o => o.ToString()), Is.Empty);
        Assert.That(served.Operations.Where(o => !o.Json.TryGetProperty("tags", out var t) || t.GetArrayLength() != 1).Select(o => o.ToString()), Is.Empty);
    }

    [Test]
    public void What_the_route_gives_is_not_asked_for_in_the_body()
    {
        var twice = from operation in served.Operations
                    where operation.Body is not null
                    from parameter in operation.Parameters("path")
                    where served.Check.Resolve(operation.Body!.Value).GetProperty("properties").TryGetProperty(parameter.GetProperty("name").GetString()!, out _)
                    select operation.ToString();

        Assert.That(twice, Is.Empty);
    }

    [Test]
    public void What_stands_in_the_path_is_a_parameter_of_the_path_and_of_nothing_else()
    {
        foreach (var operation in served.Operations)
        {
            var inPath = Regex.Matches(operation.Path, @"\{(\w+)\}").Select(m => m.Groups[1].Value).ToArray();

            Assert.That(operation.Parameters("path").Select(p => p.GetProperty("name").GetString()), Is.EqualTo(inPath), operation.ToString());
            Assert.That(operation.Parameters("query").Select(p => p.GetProperty("name").GetString()).Intersect(inPath), Is.Empty, operation.ToString());
        }
    }

    [Test]
    public void Every_refusal_is_a_problem_and_every_operation_may_fail()
    {
        foreach (var operation in served.Operations.Where(o => o.Path.StartsWith("/api/", StringComparison.Ordinal)))
        {
            var refusals = operation.Json.GetProperty("responses").EnumerateObject().Where(r => r.Name[0] is '4' or '5').ToList();
            Assert.That(refusals.Select(r => r.Name), Is.SupersetOf(new[] { "400", "401", "500" }), operation.ToString());
            foreach (var refusal in refusals)
            {
                var content = refusal.Value.GetProperty("content").EnumerateObject().Single();
                Assert.That(content.Name, Is.EqualTo("application/problem+json"), operation.ToString());
                Assert.That(content.Value.GetProperty("schema").GetProperty("$ref").GetString(), Is.EqualTo("#/components/schemas/Problem"), operation.ToString());
            }
        }
    }

    [Test]
    public void Every_text_of_a_body_has_a_limit()
    {
        var unlimited = new List<string>();
        foreach (var operation in served.Operations.Where(o => o.Body is not null))
        {
            Look(operation.Body!.Value, operation.Id);
        }

        Assert.That(unlimited.Distinct(), Is.Empty);

        void Look(JsonElement schema, string at)
        {
            schema = served.Check.Resolve(schema);
            if (schema.TryGetProperty("oneOf", out var either))
            {
                Look(either[0], at);
            }

            if (schema.TryGetProperty("items", out var items))
            {
                Look(items, at + "[]");
            }

            if (schema.TryGetProperty("properties", out var properties))
            {
                Assert.That(schema.GetProperty("additionalProperties").ValueKind, Is.EqualTo(JsonValueKind.False), at);
                foreach (var property in properties.EnumerateObject())
                {
                    Look(property.Value, $"{at}.{property.Name}");
                }
            }
            else if (schema.TryGetProperty("type", out var type) && type.GetRawText().Contains("string", StringComparison.Ordinal)
                && !schema.TryGetProperty("maxLength", out _) && !schema.TryGetProperty("pattern", out _) && !schema.TryGetProperty("format", out _) && !schema.TryGetProperty("enum", out _))
            {
                unlimited.Add(at);
            }
        }
    }

    [Test]
    public async Task There_is_a_page_to_read_and_try_it_for_anybody()
    {
        var page = await Anonymous.Http.GetStringAsync("/openapi/index.html");

        Assert.That(page, Does.Contain("swagger-ui"));
        Assert.That(await Anonymous.Http.GetStringAsync("/openapi/index.js"), Does.Contain("/openapi/v1.json"));
    }

    [TestCase(200, "application/json", """{"requestId":"01960000-0000-7000-8000-000000000000","number":1008,"status":"received","version":1,"allowedMoves":["dispatch"]}""", "the header ETag is missing", TestName = "A_reply_without_its_header_is_noticed")]
    [TestCase(299, "application/json", "{}", "299 is not documented", TestName = "A_status_that_is_not_documented_is_noticed")]
    [TestCase(200, "text/plain", "", "of type text/plain", TestName = "Another_media_type_is_noticed")]
    [TestCase(200, "application/json", """{"requestId":"x","number":"1008","status":"Received","version":1.5,"allowedMoves":{},"more":1}""", "$.more is not documented", "$.requestId: format", "$.number: type", "$.status: enum", "$.version: type", "$.allowedMoves: type", TestName = "Fields_of_another_form_are_noticed")]
    [TestCase(200, "application/json", "{}", "required", TestName = "A_missing_field_is_noticed")]
    [TestCase(422, "application/problem+json", """{"type":"about:blank","title":"","status":422,"traceId":""}""", "required", TestName = "A_problem_without_a_code_is_noticed")]
    public void The_check_notices(int status, string mediaType, string body, params string[] expected)
    {
        var operation = served.Find("POST", "/api/requests/01960000-0000-7000-8000-000000000000/answer");

        var faults = string.Join('\n', served.Faults(operation, status, mediaType, body, status == 200 && expected[0].Contains("ETag", StringComparison.Ordinal) ? [] : ["ETag"]));

        foreach (var words in expected)
        {
            Assert.That(faults, Does.Contain(words));
        }
    }
}
