using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Api.Endpoints;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.OpenApi;

/// <summary>
/// An operation as its command or query tells it: name, words, who may, parameters, headers, and every status with what it carries.
/// </summary>
internal sealed partial class Operations(SchemasOfDocuments documents, DocComments comments) : IOpenApiOperationTransformer
{
    private const string JsonType = "application/json";
    private const string ProblemType = "application/problem+json";

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var call = new Call(context.Description, documents.Of(context.Document!), context.Document!);
        Say(operation, call);
        Ask(operation, call);
        Answer(operation, call);
        return Task.CompletedTask;
    }

    private void Say(OpenApiOperation operation, Call call)
    {
        var told = call.Told ?? call.Body;
        operation.OperationId ??= told is null ? null : JsonNamingPolicy.CamelCase.ConvertName(told.Name);
        if (told is not null && comments.Of(told) is { } words)
        {
            var end = words.IndexOf(". ", StringComparison.Ordinal);
            operation.Summary ??= (end < 0 ? words : words[..end]).TrimEnd('.');
            operation.Description ??= words;
        }

        if (told?.GetCustomAttribute<AllowedToAttribute>() is { } allowed)
        {
            var own = Words(allowed.Own & ~allowed.Everywhere);
            var theirs = own.Length == 0 ? "" : $" For what is theirs: {own}.";
            operation.Description = (operation.Description + "\n\nAllowed to: " + (Words(allowed.Everywhere) is { Length: > 0 } all ? all + "." : "nobody for all of a community.") + theirs).Trim();
        }

        if (!call.Anonymous)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Whole.Cookie, call.Document)] = [] }];
            if (!call.ForPeople)
            {
                operation.Security.Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Whole.Bearer, call.Document)] = [] });
            }
        }
    }

    private static string Words(Roles roles) => string.Join(", ", Schemas.EnumWords(typeof(Roles)).Where(w => EnumWord.Read<Roles>(w) is not Roles.None and var role && roles.HasFlag(role)));

    private void Ask(OpenApiOperation operation, Call call)
    {
        var parameters = call.RouteNames.Select(name => RouteParameter(call, name)).ToList();
        if (call.Query is { } query)
        {
            parameters.AddRange(QueryString.Of(query, [.. parameters.Select(p => p.Name!)]).Select(p => Parameter(call, query, p)));
        }
        else
        {
            parameters.AddRange((operation.Parameters ?? []).OfType<OpenApiParameter>().Where(p => p.In == ParameterLocation.Query));
        }

        if (call.Writes)
        {
            if (call.Is(HttpMethods.IsPost))
            {
                parameters.Add(Header("Idempotency-Key", "Any text of the caller's own, once for each thing that it wants done: the same key with the same call gives the same reply, and does nothing twice. Kept 30 days.", 100));
            }

            if (call.HasVersion)
            {
                var needed = call.Edits ? "The version that is changed, in quotation marks as in `ETag`; needed here or as `version` in the body." : "The version that the caller looked at, in quotation marks as in `ETag`; may be left out.";
                parameters.Add(Header("If-Match", needed, 100, "^\"[0-9]+\"$"));
            }

            parameters.Add(Header("Device", "The device that sends it, as it names itself.", 100));
            parameters.Add(DeviceTime());
        }

        if (!call.Anonymous)
        {
            parameters.Add(Actor());
        }

        if (call.Streams is not null)
        {
            parameters.Add(Header("Last-Event-ID", "The `id` of the last event that arrived: what was missed since is told first. Browsers send it by themselves.", 8000));
        }

        operation.Parameters = [.. parameters];
        if (call.Body is { } body && operation.RequestBody is OpenApiRequestBody request)
        {
            request.Required = true;
            request.Content = new Dictionary<string, OpenApiMediaType> { [JsonType] = new() { Schema = call.Schemas.Of(body, body: true) } };
        }

        if (call.File is not null)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Description = "The file, byte for byte. What it is, is told by its content; the type of the body is not looked at.",
                Content = new Dictionary<string, OpenApiMediaType> { ["application/octet-stream"] = Bytes() },
            };
        }
    }

    private OpenApiParameter RouteParameter(Call call, string name)
    {
        var told = call is { Query: { } query, File: null } ? Declared(query, name) : default; // a file's label stands in the query string, what it is attached to in the path
        return new OpenApiParameter
        {
            Name = name,
            In = ParameterLocation.Path,
            Required = true,
            Schema = call.Schemas.Of(told.Member?.ParameterType ?? call.RouteParameter(name)),
            Description = told.Member is null ? null : comments.OfProperty(told.Record, told.Member.Name!),
        };
    }

    private OpenApiParameter Parameter(Call call, Type query, QueryParameter parameter)
    {
        var (record, member) = Declared(query, parameter.Name);
        var one = call.Schemas.Of(parameter.Type);
        IOpenApiSchema schema = parameter.Many ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = one, MinItems = 1 } : one;
        Schemas.Limit(schema, record, member.Name!);
        if (schema is OpenApiSchema simple && member is { HasDefaultValue: true, DefaultValue: { } otherwise })
        {
            simple.Default = JsonSerializer.SerializeToNode(otherwise, member.ParameterType, Json.Options);
        }

        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Required = !member.HasDefaultValue,
            Style = parameter.Many ? ParameterStyle.Form : null,
            Explode = false,
            Schema = schema,
            Description = comments.OfProperty(record, member.Name!),
        };
    }

    /// <summary>Where a parameter's words and limits stand: on the query record, or on a filter inside it.</summary>
    private static (Type Record, ParameterInfo Member) Declared(Type record, string name)
    {
        var members = record.GetConstructors()[0].GetParameters();
        return members.FirstOrDefault(m => string.Equals(JsonNamingPolicy.CamelCase.ConvertName(m.Name!), name, StringComparison.Ordinal)) is { } own
            ? (record, own)
            : members.Where(m => QueryString.IsNested(m.ParameterType)).Select(m => Declared(m.ParameterType, name)).First(d => d.Member is not null);
    }

    private static OpenApiParameter Header(string name, string description, int longest, string? pattern = null) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = longest, Pattern = pattern ?? "^[ -~]+$" },
    };

    private static OpenApiParameter Actor() => new()
    {
        Name = "Actor",
        In = ParameterLocation.Header,
        Description = "Of whom the call is meant to be, by their id. Where somebody else is signed in by now it is refused with 403 `session.somebody_elses`.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
    };

    private static OpenApiParameter DeviceTime() => new()
    {
        Name = "Device-Time",
        In = ParameterLocation.Header,
        Description = "When it happened by the device's clock. For moves of a work order it counts as the time of the move if it lies between the move before and now; otherwise it is only kept.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
    };

    private static void Answer(OpenApiOperation operation, Call call)
    {
        foreach (var reply in call.Replies)
        {
            var status = reply.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (operation.Responses?.GetValueOrDefault(status) is not OpenApiResponse response)
            {
                continue;
            }

            if (call.Gives is { } files && reply.StatusCode == StatusCodes.Status200OK)
            {
                response.Content = files.ToDictionary(t => t, _ => Bytes(), StringComparer.Ordinal);
                AddHeader(response, "ETag", "The SHA-256 of the bytes, in quotation marks: for `If-None-Match`.");
            }

            if (call.Streams is { } told && response.Content is { } streams && streams.TryGetValue(GivesEvents.MediaType, out var stream))
            {
                stream.Schema = call.Schemas.Of(told);
            }

            response.Description = reply.StatusCode switch { 201 => "It was made.", 304 => "The caller has these bytes already.", 204 => "It was done; there is nothing to tell.", _ => "As asked." };
            if (reply.Type is { } type && type != typeof(void) && response.Content?.ContainsKey(JsonType) == true)
            {
                response.Content[JsonType].Schema = call.Schemas.Of(type);
            }

            if (reply.Type is not null && Resource.HasVersion(reply.Type))
            {
                AddHeader(response, "ETag", "The version of what is told, in quotation marks: for `If-Match`.");
            }

            if (reply.StatusCode == StatusCodes.Status201Created)
            {
                AddHeader(response, "Location", "Where it can be read.");
            }
        }

        foreach (var (status, meaning) in call.Problems())
        {
            operation.Responses![status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = meaning,
                Content = new Dictionary<string, OpenApiMediaType> { [ProblemType] = new() { Schema = call.Schemas.Of(typeof(Problem)) } },
            };
            if (status == StatusCodes.Status429TooManyRequests)
            {
                AddHeader((OpenApiResponse)operation.Responses["429"], "Retry-After", "Seconds to wait.");
            }
        }

        var sorted = new OpenApiResponses();
        foreach (var (status, response) in operation.Responses!.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            sorted[status] = response;
        }

        operation.Responses = sorted;
    }

    private static OpenApiMediaType Bytes() => new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };

    private static void AddHeader(OpenApiResponse response, string name, string description)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        response.Headers[name] = new OpenApiHeader { Description = description, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
    }

    /// <summary>What an endpoint's metadata say about a call of it.</summary>
    private sealed partial class Call(ApiDescription description, Schemas schemas, OpenApiDocument document)
    {
        private readonly IList<object> metadata = description.ActionDescriptor.EndpointMetadata;

        public Schemas Schemas => schemas;

        public OpenApiDocument Document => document;

        public Type? Query => metadata.OfType<ReadsQuery>().FirstOrDefault()?.Query;

        public Type? Body => description.ParameterDescriptions.FirstOrDefault(p => p.Source == BindingSource.Body)?.Type;

        public Type? Told => metadata.OfType<Sends>().FirstOrDefault()?.Command ?? Query;

        public TakesFile? File => metadata.OfType<TakesFile>().FirstOrDefault();

        public string[]? Gives => metadata.OfType<GivesFile>().FirstOrDefault()?.MediaTypes;

        public Type? Streams => metadata.OfType<GivesEvents>().FirstOrDefault()?.Event;

        /// <summary>It is about a session.</summary>
        public bool ForPeople => metadata.OfType<Auth.OpenWhile>().Any();

        public bool Anonymous => metadata.OfType<IAllowAnonymous>().Any();

        /// <summary>A command is sent, with all that the pipeline does about one.</summary>
        public bool Writes => (Told ?? Body)?.IsDefined(typeof(AllowedToAttribute)) == true && (Query is null || Told != Query);

        public bool HasVersion => Writes && Replies.Any(r => r.Type is not null && Resource.HasVersion(r.Type)) && description.RelativePath!.Contains('{', StringComparison.Ordinal);

        /// <summary>An edit needs the version; a transition may name it.</summary>
        public bool Edits => HasVersion && (Is(HttpMethods.IsPatch) || Is(HttpMethods.IsPut) || Is(HttpMethods.IsDelete) || Body?.GetProperty("Version")?.PropertyType == typeof(int?));

        public IEnumerable<ApiResponseType> Replies => description.SupportedResponseTypes.Where(r => r.StatusCode < 400);

        public bool Is(Func<string, bool> method) => method(description.HttpMethod!);

        /// <summary>The names in the path, in its order.</summary>
        public IEnumerable<string> RouteNames => InBraces().Matches(description.RelativePath!).Select(m => m.Groups[1].Value);

        public Type RouteParameter(string name) =>
            description.ParameterDescriptions.FirstOrDefault(p => p.Source == BindingSource.Path && string.Equals(p.Name, name, StringComparison.Ordinal))?.Type ?? typeof(string);

        public IEnumerable<(int Status, string Meaning)> Problems()
        {
            yield return (400, "The call is malformed: a header, the query string, or the body's JSON, a field that is unknown, missing or of the wrong type.");
            if (!Anonymous || Body is not null)
            {
                yield return (401, metadata.OfType<SignedCall>().Any() ? "The call is not signed as it must be, or its time is over." : Anonymous ? "Name and password do not belong together." : "Nobody is signed in, or the session is over.");
            }

            if (!Anonymous || !Is(HttpMethods.IsGet))
            {
                yield return (403, (Told ?? Body)?.IsDefined(typeof(AllowedToAttribute)) == true
                    ? "The caller's role, or whose it is, does not allow this; or the session lacks something still, or is not that of `Actor`; or the call comes from a page of another site."
                    : "The session lacks something still, or is not that of `Actor`; or the call comes from a page of another site.");
            }

            if (Writes || (Query is not null && QueryString.Of(Query).Any(p => p.Type == typeof(Guid) || p.Type == typeof(Guid?) || RouteNames.Contains(p.Name, StringComparer.Ordinal))))
            {
                yield return (404, "There is nothing of that kind with this id, or it is another community's: the two are not told apart.");
            }

            if (Writes)
            {
                yield return (409, "The state does not allow it, somebody else was faster, or `version` in the body is not the current one.");
            }

            if (HasVersion)
            {
                yield return (412, "`If-Match` is not the current version; `version` of the problem is.");
            }

            if (Body is not null)
            {
                yield return (413, $"The body is larger than {DeskHost.LargestBody / 1024} KiB.");
                yield return (415, "The body is not `application/json`.");
            }

            if (File is { } file)
            {
                yield return (413, $"The file is larger than {file.Most / 1024 / 1024} MiB.");
            }

            if (Body is not null || Query is not null || Writes || (ForPeople && Is(HttpMethods.IsPost)))
            {
                yield return (422, Writes ? "Fields break a rule: `errors` names each. Or the `Idempotency-Key` was used for something else." : "What was asked for breaks a rule: `errors` names each field.");
            }

            if (Edits)
            {
                yield return (428, "The version that is changed was not named.");
            }

            yield return (429, "Too many calls, or too many failed attempts: wait as long as `Retry-After` says.");
            yield return (500, "Something went wrong on our side; nothing was changed.");
        }

        [GeneratedRegex(@"\{\**(\w+)[^}]*\}")]
        private static partial Regex InBraces();
    }
}
