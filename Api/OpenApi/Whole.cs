using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using PropertyServiceDesk.Api.Auth;

namespace PropertyServiceDesk.Api.OpenApi;

/// <summary>What is true of the whole document: title, licence, where it is served, how one signs in; and one order, whatever order things were found in.</summary>
internal sealed class Whole(SchemasOfDocuments documents) : IOpenApiDocumentTransformer
{
    public const string Title = "PropertyServiceDesk";
    public const string Cookie = "session";
    public const string Bearer = "token";

    private const string Description = """
        The service desk of a property management company: requests, work orders, feedback.

        - Instants are ISO 8601 with an offset, written in UTC, to the microsecond; days are `yyyy-MM-dd`. Enums are lower-camel words.
        - Every refusal is `application/problem+json` with a stable `code`; a client branches on that, never on the words.
        - Every `POST` takes an `Idempotency-Key`, but those that carry a password, a code or a secret, and those of a gateway. Edits need the version that they change (`If-Match`, or `version` in the body); moves may name it.
        - Lists are read a page at a time: pass `next` of a page as `after` for the following one. Lists in a query string are comma-separated.
        - Texts may hold any character that can be seen, emoji and rare ideographs too; lengths count code points.
        """;

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo { Title = Title, Version = "1", Description = Description.ReplaceLineEndings("\n"), License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" } };
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Cookie] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = SessionAuthentication.Cookie, Description = "Set by `POST /api/session`; scripts cannot read it, other sites cannot send it. Over TLS its name begins with `__Host-`." },
            [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A token of another system (`POST /api/tokens`), or one of the company's identity provider where one is set up." },
        };
        documents.Of(document).Finish();
        Health(document, "/health/live", "getLiveness", "Whether the process answers", new OpenApiSchema { Type = JsonSchemaType.String }, "text/plain");
        Health(
            document,
            "/health/ready",
            "getReadiness",
            "Whether it can work: the database answers. Tells the versions of the time-zone data of process and database, too, and where they differ",
            new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["status"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["checks"] = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Object } },
                },
            },
            "application/json");

        var paths = new OpenApiPaths();
        foreach (var (path, item) in document.Paths.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            paths[path.Length > 1 ? path.TrimEnd('/') : path] = new OpenApiPathItem
            {
                Operations = item.Operations!.OrderBy(o => o.Key.Method, StringComparer.Ordinal).ToDictionary(o => o.Key, o => o.Value),
            };
        }

        document.Paths = paths;
        document.Components.Schemas = document.Components.Schemas?.OrderBy(s => s.Key, StringComparer.Ordinal).ToDictionary(s => s.Key, s => s.Value);
        document.Tags = paths.Values.SelectMany(p => p.Operations!.Values).SelectMany(o => o.Tags ?? new HashSet<OpenApiTagReference>()).Select(t => t.Name!)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(t => new OpenApiTag { Name = t }).ToHashSet();
        return Task.CompletedTask;
    }

    private static void Health(OpenApiDocument document, string path, string id, string summary, OpenApiSchema schema, string mediaType)
    {
        OpenApiResponse Plain(string description) => new()
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType> { [mediaType] = new() { Schema = schema } },
        };
        document.Paths[path] = new OpenApiPathItem
        {
            Operations = new Dictionary<HttpMethod, OpenApiOperation>
            {
                [HttpMethod.Get] = new()
                {
                    OperationId = id,
                    Summary = summary,
                    Tags = new HashSet<OpenApiTagReference> { new("Health", document) },
                    Responses = new OpenApiResponses { ["200"] = Plain("Yes."), ["503"] = Plain("No.") },
                },
            },
        };
    }
}
