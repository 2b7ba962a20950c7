using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api;

/// <summary>One parameter of a query string, as a query record's constructor names it.</summary>
internal sealed record QueryParameter(string Name, Type Type, bool Many);

/// <summary>
/// A query record read from the query string: names are those of its constructor (a nested record's stand beside them), enums are
/// lower-camel words, instants have an offset, lists are comma-separated. An unknown or repeated name and a malformed value are refused.
/// </summary>
internal static class QueryString
{
    private static readonly ConcurrentDictionary<Type, QueryParameter[]> Known = [];

    public static IReadOnlyList<QueryParameter> Of(Type query, params string[] fromRoute) =>
        [.. Known.GetOrAdd(query, static q => [.. Flat(q)]).Where(p => !fromRoute.Contains(p.Name, StringComparer.Ordinal))];

    /// <summary>Reads <typeparamref name="T"/> from the query string and, for names that stand in the path, from the route.</summary>
    public static T Read<T>(HttpContext context)
    {
        var routed = context.Request.RouteValues;
        foreach (var (name, values) in context.Request.Query)
        {
            if (routed.ContainsKey(name) || !Of(typeof(T)).Any(p => string.Equals(p.Name, name, StringComparison.Ordinal)))
            {
                throw new BadRequest("query.unknown_name", $"There is no parameter {Printable(name)} here.");
            }

            if (values.Count != 1)
            {
                throw new BadRequest("query.malformed", $"Give {name} once.");
            }
        }

        return (T)Make(typeof(T), name => routed.TryGetValue(name, out var fromRoute) ? fromRoute?.ToString() : context.Request.Query.TryGetValue(name, out var v) ? v.ToString() : null);
    }

    private static object Make(Type type, Func<string, string?> value)
    {
        var constructor = type.GetConstructors()[0];
        return constructor.Invoke([.. constructor.GetParameters().Select(p => Argument(p, value))]);
    }

    private static object? Argument(ParameterInfo parameter, Func<string, string?> value)
    {
        if (IsNested(parameter.ParameterType))
        {
            return Make(parameter.ParameterType, value);
        }

        var name = JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);
        return value(name) switch
        {
            null when parameter.HasDefaultValue => parameter.DefaultValue,
            null => throw new BadRequest("query.missing", $"{name} is needed."),
            var text => Parse(name, parameter.ParameterType, text),
        };
    }

    private static object Parse(string name, Type type, string text)
    {
        if (type.IsArray)
        {
            var element = type.GetElementType()!;
            var parts = text.Split(',');
            var array = Array.CreateInstance(element, parts.Length);
            for (var i = 0; i < parts.Length; i++)
            {
                array.SetValue(Parse(name, element, parts[i]), i);
            }

            return array;
        }

        var plain = Nullable.GetUnderlyingType(type) ?? type;
        object? parsed = plain switch
        {
            _ when plain == typeof(string) => text.Length <= 500 && !text.Contains('\0', StringComparison.Ordinal) ? text : null,
            _ when plain == typeof(Guid) => Guid.TryParseExact(text, "D", out var id) ? id : null,
            _ when plain == typeof(bool) => text switch { "true" => true, "false" => false, _ => null },
            _ when plain == typeof(int) => int.TryParse(text, System.Globalization.NumberStyles.None, null, out var n) ? n : null,
            _ when plain == typeof(long) => long.TryParse(text, System.Globalization.NumberStyles.None, null, out var n) ? n : null,
            _ when plain == typeof(DateTimeOffset) => Instants.Parse(text),
            _ when plain == typeof(DateOnly) => DateOnly.TryParseExact(text, "yyyy-MM-dd", out var day) ? day : null,
            _ when plain.IsEnum => ParseEnum(plain, text),
            _ => throw new InvalidOperationException($"{name}: {plain.Name} cannot stand in a query string."),
        };
        return parsed ?? throw new BadRequest("query.malformed", $"{name} is not what is expected here.");
    }

    private static object? ParseEnum(Type type, string word) =>
        Enum.GetValues(type).Cast<object>().FirstOrDefault(v => string.Equals(JsonNamingPolicy.CamelCase.ConvertName(v.ToString()!), word, StringComparison.Ordinal));

    private static IEnumerable<QueryParameter> Flat(Type query)
    {
        foreach (var parameter in query.GetConstructors()[0].GetParameters())
        {
            if (IsNested(parameter.ParameterType))
            {
                foreach (var inner in Flat(parameter.ParameterType))
                {
                    yield return inner;
                }
            }
            else
            {
                var many = parameter.ParameterType.IsArray;
                yield return new QueryParameter(JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!), many ? parameter.ParameterType.GetElementType()! : parameter.ParameterType, many);
            }
        }
    }

    public static bool IsNested(Type type) => type.IsClass && type != typeof(string) && !type.IsArray;

    private static string Printable(string name) => new([.. name.Take(40).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '?')]);
}
