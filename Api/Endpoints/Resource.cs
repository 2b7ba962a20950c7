using MediatR;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>Says which query record an endpoint reads; OpenAPI takes its parameters from it.</summary>
internal sealed record ReadsQuery(Type Query);

internal static class Resource
{
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

        private static Func<T, int?>? Find()
        {
            if (typeof(T).GetProperty("Version") is { } own && own.PropertyType == typeof(int))
            {
                return r => (int)own.GetValue(r)!;
            }

            var first = typeof(T).GetProperties().FirstOrDefault();
            return first?.PropertyType.GetProperty("Version") is { } inner && inner.PropertyType == typeof(int)
                ? r => (int)inner.GetValue(first.GetValue(r))!
                : null;
        }
    }
}
