using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>The document as it is committed; one test holds it against the served one, and every reply is held against it.</summary>
public sealed class ApiDocument
{
    private static readonly Lazy<ApiDocument> Read = new(() => new ApiDocument(File.ReadAllText(Path)));

    private readonly List<ApiOperation> operations = [];

    public ApiDocument(string json)
    {
        Json = json;
        Root = JsonDocument.Parse(json).RootElement;
        Check = new SchemaCheck(Root);
        foreach (var path in Root.GetProperty("paths").EnumerateObject())
        {
            operations.AddRange(path.Value.EnumerateObject().Select(o => new ApiOperation(o.Name.ToUpperInvariant(), path.Name, o.Value)));
        }
    }

    public static ApiDocument Committed => Read.Value;

    public static string Path => System.IO.Path.Combine(Checkout(), "docs", "openapi.json");

    public string Json { get; }

    public JsonElement Root { get; }

    public SchemaCheck Check { get; }

    public IReadOnlyList<ApiOperation> Operations => operations;

    /// <summary>The folder of the source that these tests were built from.</summary>
    public static string Checkout([CallerFilePath] string here = "") => System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "..", ".."));

    /// <returns>The operation that answers this call, the one with the most literal path; null where the document has none.</returns>
    public ApiOperation? Find(string method, string path) =>
        operations.Where(o => string.Equals(o.Method, method, StringComparison.Ordinal) && o.Path.AsSpan().Count('/') == path.AsSpan().Count('/') && o.Matches(path)).OrderBy(o => o.Path.Count(c => c == '{')).FirstOrDefault();

    /// <returns>What in a reply the document does not say; empty where it says it all.</returns>
    public IReadOnlyList<string> Faults(ApiOperation? operation, int status, string? mediaType, string body, IReadOnlyCollection<string> headers)
    {
        if (operation is null)
        {
            var problem = Root.GetProperty("components").GetProperty("schemas").GetProperty("Problem");
            return status is not (404 or 405 or 401 or 400) ? [$"nothing at this address is documented, and it answers {status}"]
                : mediaType != "application/problem+json" ? [$"a refusal of type {mediaType}"]
                : Check.Faults(problem, Parse(body));
        }

        if (!operation.Json.GetProperty("responses").TryGetProperty(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response))
        {
            return [$"{status} is not documented: {body}"];
        }

        var missing = response.TryGetProperty("headers", out var documented)
            ? documented.EnumerateObject().Select(h => h.Name).Where(h => !headers.Contains(h, StringComparer.OrdinalIgnoreCase)).Select(h => $"the header {h} is missing").ToList()
            : [];
        if (!response.TryGetProperty("content", out var content))
        {
            return body.Length == 0 ? missing : [.. missing, "a body, where none is documented"];
        }

        if (mediaType is null || !content.TryGetProperty(mediaType, out var media))
        {
            return [.. missing, $"{status} of type {mediaType}, which is not documented"];
        }

        return mediaType.EndsWith("json", StringComparison.Ordinal) ? [.. missing, .. Check.Faults(media.GetProperty("schema"), Parse(body))] : missing;
    }

    private static JsonElement Parse(string body) => JsonDocument.Parse(body).RootElement;
}

/// <summary>One operation of the document.</summary>
public sealed record ApiOperation(string Method, string Path, JsonElement Json)
{
    private readonly Regex pattern = new("^" + Regex.Replace(Regex.Escape(Path).Replace(@"\{", "{", StringComparison.Ordinal), @"\{[^}]+\}", "[^/]+", RegexOptions.None, TimeSpan.FromSeconds(1)) + "$", RegexOptions.None, TimeSpan.FromSeconds(1));

    public string Id => Json.GetProperty("operationId").GetString()!;

    public bool Matches(string path) => pattern.IsMatch(path);

    /// <summary>The schema of the JSON body, where it has one.</summary>
    public JsonElement? Body => Json.TryGetProperty("requestBody", out var body) && body.GetProperty("content").TryGetProperty("application/json", out var media) ? media.GetProperty("schema") : null;

    public IEnumerable<JsonElement> Parameters(string @in) =>
        Json.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Where(p => string.Equals(p.GetProperty("in").GetString(), @in, StringComparison.Ordinal)) : [];

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>Holds every reply that a test sees against the document: status, headers, every field.</summary>
internal sealed class AsDocumented(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var path = request.RequestUri!.AbsolutePath is { Length: > 1 } long_ ? long_.TrimEnd('/') : "/";
        if (!path.StartsWith("/api/", StringComparison.Ordinal))
        {
            return response;
        }

        var operation = ApiDocument.Committed.Find(request.Method.Method, path);
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        var body = mediaType?.EndsWith("json", StringComparison.Ordinal) == true ? await response.Content.ReadAsStringAsync(cancellationToken) : "";
        if (mediaType == "application/problem+json")
        {
            ApiGuide.MustName(body);
        }

        var faults = operation is null && response.StatusCode == HttpStatusCode.NotFound && mediaType is not null && body.Contains("\"route.not_found\"", StringComparison.Ordinal)
            ? []
            : ApiDocument.Committed.Faults(operation, (int)response.StatusCode, mediaType, body, [.. response.Headers.Select(h => h.Key)]);
        Assert.That(faults, Is.Empty, () => $"{request.Method} {path} answers otherwise than docs/openapi.json says (DESK_WRITE_DOCS=1 with OpenApiTests writes it anew)");
        return response;
    }
}
