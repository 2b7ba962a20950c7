using System.Reflection;
using MediatR;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>Says which query record an endpoint reads; OpenAPI takes its parameters from it.</summary>
internal sealed record ReadsQuery(Type Query);

/// <summary>Says which command an endpoint without a body sends; OpenAPI takes its name and words from it.</summary>
internal sealed record Sends(Type Command);

/// <summary>Says that an endpoint's body is a file, byte for byte, of at most so many bytes.</summary>
internal sealed record TakesFile(long Most);

/// <summary>Says that an endpoint answers with a file of one of these types.</summary>
internal sealed record GivesFile(params string[] MediaTypes);

/// <summary>Says that an endpoint answers with server-sent events, of which each that tells something has this as its data.</summary>
internal sealed record GivesEvents(Type Event)
{
    public const string MediaType = "text/event-stream";
}

internal static class Resource
{
    /// <summary>For an endpoint without a body: the command that it sends.</summary>
    public static RouteHandlerBuilder Sends<TCommand>(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new Sends(typeof(TCommand)));

    /// <summary>GET: a query read from path and query string; names in the path are the record's own.</summary>
    public static RouteHandlerBuilder Get<TQuery, TResult>(this IEndpointRouteBuilder routes, string pattern)
        where TQuery : IQuery<TResult> =>
        routes.MapGet(pattern, async (HttpContext http, IMediator desk, CancellationToken ct) => Ok(http, await desk.Send(QueryString.Read<TQuery>(http), ct)))
            .WithMetadata(new ReadsQuery(typeof(TQuery)))
            .Produces<TResult>();

    /// <summary>200 with the reply and, where it has a version, <c>ETag</c>.</summary>
    public static IResult Ok<T>(HttpContext http, T reply)
    {
        Tag(http, reply);
        return TypedResults.Ok(reply);
    }

    /// <summary>201 with the reply, its <c>Location</c> and its <c>ETag</c>.</summary>
    public static IResult Created<T>(HttpContext http, string location, T reply)
    {
        Tag(http, reply);
        return TypedResults.Created(location, reply);
    }

    /// <summary>Whether a reply of this type carries an <c>ETag</c>.</summary>
    public static bool HasVersion(Type reply) => VersionIn(reply) is not null;

    private static void Tag<T>(HttpContext http, T reply)
    {
        if (Versions<T>.Of?.Invoke(reply) is { } version)
        {
            http.Response.Headers.ETag = $"\"{version}\"";
        }
    }

    private static class Versions<T>
    {
        /// <summary>The reply's own Version, or that of the record that it wraps first (RequestDetails.Request.Version).</summary>
        public static readonly Func<T, int?>? Of = Find();

        private static Func<T, int?>? Find() => VersionIn(typeof(T)) is { } path ? reply => (int)path.Aggregate((object)reply!, (held, property) => property.GetValue(held)!) : null;
    }

    private static PropertyInfo[]? VersionIn(Type reply) =>
        reply.GetProperty("Version") is { } own && own.PropertyType == typeof(int) ? [own]
        : reply.GetProperties().FirstOrDefault() is { PropertyType.IsClass: true } first && first.GetIndexParameters().Length == 0 && first.PropertyType.GetProperty("Version") is { } inner && inner.PropertyType == typeof(int) ? [first, inner]
        : null;
}
