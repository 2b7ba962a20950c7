using System.Diagnostics;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using PropertyServiceDesk.Api.Owner;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api;

/// <summary>The call itself is malformed, before it reaches the desk.</summary>
internal sealed class BadRequest(string code, string sentence) : Exception(sentence)
{
    public string Code { get; } = code;
}

/// <summary>RFC 9457 with a stable code.</summary>
/// <param name="Code">What clients branch on.</param>
/// <param name="Title">A sentence for the person at the desk.</param>
/// <param name="Errors">Field faults, each named by the field's path in the body.</param>
/// <param name="Version">With a stale version: the current one.</param>
/// <param name="TraceId">What to name when asking the operators.</param>
public sealed record Problem(string Type, string Title, int Status, string Code, string TraceId, IReadOnlyList<Fault>? Errors = null, int? Version = null);

internal sealed partial class Problems(ILogger<Problems> log) : IExceptionHandler
{
    private static readonly JsonSerializerOptions Options = new(Json.Options) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        switch (exception)
        {
            case Refused refused:
                if (refused is Refused.Forbidden)
                {
                    NotAllowed(httpContext.User.FindFirst(ClaimTypes.NameIdentifier)?.Value, EndpointOf(httpContext), refused.Code);
                }

                await Write(
                    httpContext,
                    StatusOf(refused),
                    refused.Code,
                    refused.Message,
                    refused is Refused.Invalid { Faults: { Count: > 0 } faults } ? faults : null,
                    refused is Refused.Stale stale ? stale.Current : null);
                return true;
            case BadRequest bad:
                await Write(httpContext, StatusCodes.Status400BadRequest, bad.Code, bad.Message);
                return true;
            case TooMany many:
                httpContext.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(many.Wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
                await Write(httpContext, StatusCodes.Status429TooManyRequests, many.Code, many.Message);
                return true;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                await Write(httpContext, StatusCodes.Status413PayloadTooLarge, "body.too_large", "This is larger than what is accepted here.");
                return true;
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                await Write(httpContext, StatusCodes.Status415UnsupportedMediaType, "body.not_json_type", "Send application/json, in UTF-8.");
                return true;
            case BadHttpRequestException malformed:
                var (code, sentence) = Malformed(malformed);
                await Write(httpContext, malformed.StatusCode, code, sentence);
                return true;
            case OperationCanceledException when httpContext.RequestAborted.IsCancellationRequested:
                httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return true;
            default:
                Failed(EndpointOf(httpContext), TraceOf(httpContext), exception);
                await Write(httpContext, StatusCodes.Status500InternalServerError, "unexpected", "Something went wrong here. Nothing was changed. Name the trace id when you ask about it.");
                return true;
        }
    }

    public static Task Write(HttpContext http, int status, string code, string title, IReadOnlyList<Fault>? faults = null, int? version = null)
    {
        http.Response.StatusCode = status;
        var traceId = TraceOf(http);
        if (OwnersDoor.IsOwners(http))
        {
            return OwnersDoor.Sorry(http, status, code, traceId);
        }

        return http.Response.WriteAsJsonAsync(new Problem("about:blank", title, status, code, traceId, faults, version), Options, "application/problem+json", CancellationToken.None);
    }

    private static string TraceOf(HttpContext http) => Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;

    /// <summary>Method and pattern, without ids; the handler of exceptions has put the endpoint itself away.</summary>
    private static string? EndpointOf(HttpContext http) => http.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.DisplayName;

    /// <summary>The only place that says which status a refusal is, on the owners' pages as well.</summary>
    internal static int StatusOf(Refused refused) => refused switch
    {
        Refused.Invalid => StatusCodes.Status422UnprocessableEntity,
        Refused.NotFound => StatusCodes.Status404NotFound,
        Refused.Forbidden => StatusCodes.Status403Forbidden,
        Refused.Stale => StatusCodes.Status412PreconditionFailed,
        Refused.TooLarge => StatusCodes.Status413PayloadTooLarge,
        Refused.VersionMissing => StatusCodes.Status428PreconditionRequired,
        _ => StatusCodes.Status409Conflict,
    };

    private static (string Code, string Sentence) Malformed(BadHttpRequestException exception)
    {
        if (exception.InnerException is not JsonException json)
        {
            return ("request.malformed", "The call cannot be read.");
        }

        var at = json.Path is { Length: > 2 } path ? $" See {path[2..]}." : "";
        return json.Message switch
        {
            var m when m.Contains("could not be mapped to any .NET member", StringComparison.Ordinal) => ("body.unknown_field", "The body has a field that is not known here." + at),
            var m when m.Contains("missing required properties", StringComparison.Ordinal) => ("body.missing_field", "The body lacks a field that is needed." + Missing(m)),
            var m when m.Contains("Duplicate property", StringComparison.Ordinal) => ("body.duplicate_field", "The body names a field twice." + at),
            var m when m.Contains("could not be converted", StringComparison.Ordinal) || m.Contains("instant", StringComparison.Ordinal) || m.Contains("null", StringComparison.Ordinal)
                => ("body.wrong_type", "A field of the body is of the wrong type." + at),
            _ => ("body.not_json", "The body is not JSON."),
        };
    }

    private static string Missing(string message)
    {
        var from = message.IndexOf(':', StringComparison.Ordinal);
        return from < 0 ? "" : " See" + message[(from + 1)..].Replace("'", "", StringComparison.Ordinal);
    }

    [LoggerMessage(LogLevel.Warning, "{Staff} was not let at {Endpoint}: {Code}")]
    private partial void NotAllowed(string? staff, string? endpoint, string code);

    [LoggerMessage(LogLevel.Error, "{Endpoint} failed, trace id {TraceId}")]
    private partial void Failed(string? endpoint, string traceId, Exception exception);
}
