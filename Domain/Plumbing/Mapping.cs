using System.Collections;
using System.Collections.Frozen;
using System.Data;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Dapper;
using NpgsqlTypes;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>The one spelling of JSON: bodies, replies, stored details. Unknown and missing fields are refused, enums are lower-camel words.</summary>
public static class Json
{
    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions());

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.AllowDuplicateProperties = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 16;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new EnumWordJson());
        options.Converters.Add(new InstantJson());
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { WithoutWhatTheRouteGives, WithoutNullInLists } };
        return options;
    }

    /// <summary>What the route gives ([JsonIgnore]) is no field of the body: not demanded there, and refused like any unknown one.</summary>
    private static void WithoutWhatTheRouteGives(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(p => p.AttributeProvider?.IsDefined(typeof(JsonIgnoreAttribute), inherit: true) == true))
        {
            property.IsRequired = false;
            property.Name = "\0" + property.Name; // it must stay, for the constructor's sake, under a name that nobody sends
        }
    }

    /// <summary>The serializer respects nullable annotations of properties, not of what stands in their lists: a null there is refused as well.</summary>
    private static void WithoutNullInLists(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        var lists = type.Type.GetProperties()
            .Where(p => p.PropertyType != typeof(string) && p.PropertyType.IsAssignableTo(typeof(IEnumerable)) && p.GetIndexParameters().Length == 0)
            .Where(p => new NullabilityInfoContext().Create(p) is var known && (known.ElementType ?? known.GenericTypeArguments.LastOrDefault()) is { Type.IsValueType: false, ReadState: NullabilityState.NotNull })
            .ToArray();
        if (lists.Length > 0)
        {
            type.OnDeserialized = made =>
            {
                if (lists.Any(l => l.GetValue(made) is IEnumerable items && items.Cast<object?>().Contains(null)))
                {
                    throw new JsonException("A list must not have null in it.");
                }
            };
        }
    }

    /// <summary>An enum is one of its words, to the letter; the library's own converter takes capitals, too.</summary>
    private sealed class EnumWordJson : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert))!;

        private sealed class Of<T> : JsonConverter<T>
            where T : struct, Enum
        {
            public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
                reader.TokenType == JsonTokenType.String ? Word(reader.GetString()!) : throw new JsonException("This could not be converted: a word is a string.");

            public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(EnumWord.Of(value));

            public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Word(reader.GetString()!);

            public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(EnumWord.Of(value));

            private static T Word(string word) => EnumWord.TryRead<T>(word, out var value) ? value : throw new JsonException($"This could not be converted: it is no word of {typeof(T).Name}.");
        }
    }

    /// <summary>Instants are ISO 8601 with an offset (a time without one is refused), truncated to microseconds, written in UTC.</summary>
    private sealed class InstantJson : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("An instant is a string.");
            return Instants.Parse(text) ?? throw new JsonException("An instant is written as 2026-03-06T08:30:00Z, with an offset.");
        }

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));
    }
}

public static class Instants
{
    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"];

    /// <summary>Null unless <paramref name="text"/> is ISO 8601 with an offset.</summary>
    public static DateTimeOffset? Parse(string text) =>
        (text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-'))
        && DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? ToMicroseconds(at.ToUniversalTime())
            : null;

    /// <summary>PostgreSQL keeps microseconds; a time is cut to them where it is read, so that what was said equals what was stored.</summary>
    public static DateTimeOffset ToMicroseconds(DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond));

    /// <summary>The present, as it can be stored.</summary>
    public static DateTimeOffset Now(this TimeProvider clock) => ToMicroseconds(clock.GetUtcNow());
}

/// <summary>Dapper's traps, shut once.</summary>
internal static class Mapping
{
    [ModuleInitializer]
    internal static void Shut()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;

        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset)); // without this the handler is used for reading only
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.AddTypeHandler(new Instant());
        SqlMapper.AddTypeHandler(new SomeInstants()); // Npgsql takes the type from the first one, and where that is null for one without a time zone
        SqlMapper.AddTypeHandler(new Words()); // a reader calls text[] an Array, which fits no constructor

        SqlMapper.Settings.PreferTypeHandlersForEnums = true; // otherwise an enum parameter goes out as a number
        foreach (var type in typeof(Mapping).Assembly.GetTypes().Where(t => t.IsEnum))
        {
            SqlMapper.AddTypeHandler(type, (SqlMapper.ITypeHandler)Activator.CreateInstance(typeof(EnumName<>).MakeGenericType(type))!);
        }
    }

    private sealed class Instant : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => new(DateTime.SpecifyKind((DateTime)value, DateTimeKind.Utc));

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = value.UtcDateTime;
    }

    private sealed class SomeInstants : SqlMapper.TypeHandler<DateTime?[]>
    {
        public override DateTime?[] Parse(object value) => (DateTime?[])value;

        public override void SetValue(IDbDataParameter parameter, DateTime?[]? value)
        {
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
            parameter.Value = (object?)value ?? DBNull.Value;
        }
    }

    private sealed class Words : SqlMapper.TypeHandler<string[]>
    {
        public override string[] Parse(object value) => (string[])value;

        public override void SetValue(IDbDataParameter parameter, string[]? value) => parameter.Value = (object?)value ?? DBNull.Value;
    }

    private sealed class EnumName<T> : SqlMapper.TypeHandler<T>
        where T : struct, Enum
    {
        public override T Parse(object value) => EnumWord.Read<T>((string)value);

        public override void SetValue(IDbDataParameter parameter, T value)
        {
            parameter.DbType = DbType.String;
            parameter.Value = EnumWord.Of(value);
        }
    }
}

/// <summary>Enums as they are stored and spoken over the API: lower-camel words.</summary>
public static class EnumWord
{
    public static string Of<T>(T value)
        where T : struct, Enum => Words<T>.ToWord[value];

    public static T Read<T>(string word)
        where T : struct, Enum => Words<T>.FromWord[word];

    public static bool TryRead<T>(string word, out T value)
        where T : struct, Enum => Words<T>.FromWord.TryGetValue(word, out value);

    public static string[] All<T>(IEnumerable<T> values)
        where T : struct, Enum => [.. values.Select(Of)];

    private static class Words<T>
        where T : struct, Enum
    {
        public static readonly FrozenDictionary<T, string> ToWord =
            Enum.GetValues<T>().Distinct().ToFrozenDictionary(v => v, v => JsonNamingPolicy.CamelCase.ConvertName(v.ToString()));

        public static readonly FrozenDictionary<string, T> FromWord = ToWord.ToFrozenDictionary(p => p.Value, p => p.Key, StringComparer.Ordinal);
    }
}
