using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using FluentValidation;
using FluentValidation.Validators;
using Microsoft.OpenApi;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.OpenApi;

/// <summary>The schemas of each document that is being made.</summary>
internal sealed class SchemasOfDocuments(DocComments comments)
{
    private readonly ConditionalWeakTable<OpenApiDocument, Schemas> made = [];

    public Schemas Of(OpenApiDocument document) => made.GetValue(document, d => new Schemas(d, comments));
}

/// <summary>
/// Schemas as the serializer reads and writes: names, what is needed and what may be null come from its own contract, limits from the
/// validators, words from the doc comments. A type has one schema; types of bodies demand what the constructor demands, types that
/// only stand in replies have all that they always write.
/// </summary>
internal sealed class Schemas(OpenApiDocument document, DocComments comments)
{
    private readonly Dictionary<string, (Type Type, OpenApiSchema Schema)> made = new(StringComparer.Ordinal);
    private readonly HashSet<Type> inBodies = [];

    /// <summary>How a value of this type is written.</summary>
    public IOpenApiSchema Of(Type type, bool body = false)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return Simple(plain) is { } simple ? simple
            : ElementOf(plain) is { } element ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = Of(element, body) }
            : ValueOf(plain) is { } value ? new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Of(value, body) }
            : Named(plain, body);
    }

    /// <summary>Types that only stand in replies: all their properties are always there.</summary>
    public void Finish()
    {
        foreach (var (type, schema) in made.Values.Where(m => !m.Type.IsEnum && !inBodies.Contains(m.Type) && m.Type != typeof(Problem)))
        {
            schema.Required = schema.Properties!.Keys.ToHashSet(StringComparer.Ordinal);
            foreach (var property in schema.Properties.Values.OfType<OpenApiSchema>())
            {
                property.Default = null;
            }
        }
    }

    /// <summary>Adds the limits that the record's validator sets for this property, so that nobody has to keep them twice.</summary>
    public static void Limit(IOpenApiSchema schema, Type record, string property)
    {
        if (schema is not OpenApiSchema own)
        {
            return;
        }

        if (record.GetProperty(property)?.GetCustomAttribute<StringLengthAttribute>() is { } stated)
        {
            (own.MinLength, own.MaxLength) = (stated.MinimumLength, stated.MaximumLength);
        }

        if (record.GetProperty(property)?.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
        {
            own.Enum = [.. allowed.Values.Select(v => (JsonNode)(string)v!)];
        }

        foreach (var rule in Rules(ValidatorOf(record), property))
        {
            switch (rule)
            {
                case IPlainTextRule text: // of rules for different cases the widest
                    var limited = own.Items as OpenApiSchema ?? own;
                    (limited.MinLength, limited.MaxLength) = (1, Math.Max(text.Max, limited.MaxLength ?? 0));
                    break;
                case ILengthValidator length:
                    (own.MinLength, own.MaxLength) = (length.Min > 0 ? length.Min : null, length.Max > 0 ? length.Max : null);
                    break;
                case IRegularExpressionValidator pattern: // the end of the text, as other languages write it
                    own.Pattern = pattern.Expression.Replace(@"\z", "$", StringComparison.Ordinal);
                    break;
                case IBetweenValidator between:
                    (own.Minimum, own.Maximum) = (Text(between.From), Text(between.To));
                    break;
            }
        }
    }

    /// <summary>A validator's rules for a property, and those of a validator that it borrows whole (a rule without a name of its own).</summary>
    private static IEnumerable<IPropertyValidator> Rules(IValidator? validator, string property)
    {
        if (validator?.CreateDescriptor().GetMembersWithValidators() is not { } rules)
        {
            return [];
        }

        var borrowed = rules[""].Select(r => r.Validator).OfType<IChildValidatorAdaptor>().SelectMany(c => Rules(Made(c.ValidatorType), property));
        return rules[property].Select(r => r.Validator).Concat(borrowed);
    }

    private static string? Text(object? number) => Convert.ToString(number, CultureInfo.InvariantCulture);

    private static IValidator? ValidatorOf(Type record) =>
        record.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).FirstOrDefault(t => t.IsAssignableTo(typeof(IValidator<>).MakeGenericType(record))) is { } validator
            ? Made(validator)
            : null;

    private static IValidator Made(Type validator) => (IValidator)Activator.CreateInstance(validator, nonPublic: true)!;

    private static OpenApiSchema? Simple(Type type) => type switch
    {
        _ when type == typeof(string) => new OpenApiSchema { Type = JsonSchemaType.String },
        _ when type == typeof(Guid) => new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
        _ when type == typeof(bool) => new OpenApiSchema { Type = JsonSchemaType.Boolean },
        _ when type == typeof(short) => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Minimum = Text(short.MinValue), Maximum = Text(short.MaxValue) },
        _ when type == typeof(int) => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
        _ when type == typeof(long) => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
        _ when type == typeof(decimal) || type == typeof(double) || type == typeof(float) => new OpenApiSchema { Type = JsonSchemaType.Number },
        _ when type == typeof(DateTimeOffset) => new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
        _ when type == typeof(DateOnly) => new OpenApiSchema { Type = JsonSchemaType.String, Format = "date" },
        _ when type == typeof(TimeOnly) => new OpenApiSchema { Type = JsonSchemaType.String, Format = "time" },
        _ when type == typeof(byte[]) => new OpenApiSchema { Type = JsonSchemaType.String, ContentEncoding = "base64" },
        _ when type == typeof(JsonElement) || type == typeof(JsonObject) => new OpenApiSchema { Type = JsonSchemaType.Object },
        _ => null,
    };

    private static Type? ValueOf(Type type) => Closed(type, typeof(IReadOnlyDictionary<,>))?.GetGenericArguments()[1] ?? Closed(type, typeof(IDictionary<,>))?.GetGenericArguments()[1];

    private static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType() : type.IsAssignableTo(typeof(IEnumerable)) && ValueOf(type) is null ? Closed(type, typeof(IEnumerable<>))?.GetGenericArguments()[0] : null;

    private static Type? Closed(Type type, Type open) => type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == open);

    /// <summary><c>Page&lt;RequestLine&gt;</c> is RequestLinePage.</summary>
    private static string Name(Type type) =>
        type.IsGenericType ? string.Concat(type.GetGenericArguments().Select(Name)) + type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)] : type.Name;

    private OpenApiSchemaReference Named(Type type, bool body)
    {
        var name = Name(type);
        if (!made.TryGetValue(name, out var known))
        {
            known = made[name] = (type, new OpenApiSchema { Description = comments.Of(type) });
            document.AddComponent(name, known.Schema);
            if (type.IsEnum)
            {
                Words(type, known.Schema);
            }
            else
            {
                Members(type, known.Schema, body);
            }
        }
        else if (known.Type != type)
        {
            throw new InvalidOperationException($"{type} and {known.Type} would both be {name} in the document: rename one.");
        }

        if (body && inBodies.Add(type) && !type.IsEnum)
        {
            foreach (var property in Contract(type))
            {
                Of(property.PropertyType, body);
            }
        }

        return new OpenApiSchemaReference(name, document);
    }

    private void Words(Type type, OpenApiSchema schema)
    {
        schema.Type = JsonSchemaType.String;
        schema.Enum = [.. EnumWords(type).Select(w => (JsonNode)w)];
        var told = comments.OfMembers(type).Where(m => EnumWords(type).Contains(m.Word, StringComparer.Ordinal)).Select(m => $"\n- `{m.Word}`: {m.Text}").ToArray();
        if (told.Length > 0)
        {
            schema.Description = (schema.Description + "\n" + string.Concat(told)).Trim();
        }
    }

    /// <summary>The words of an enum; of one whose members combine, those that do not.</summary>
    public static IEnumerable<string> EnumWords(Type type) =>
        Enum.GetValues(type).Cast<object>()
            .Where(v => !type.IsDefined(typeof(FlagsAttribute)) || long.PopCount(Convert.ToInt64(v, CultureInfo.InvariantCulture)) == 1)
            .Select(v => JsonNamingPolicy.CamelCase.ConvertName(v.ToString()!))
            .Distinct(StringComparer.Ordinal);

    private void Members(Type type, OpenApiSchema schema, bool body)
    {
        schema.Type = JsonSchemaType.Object;
        schema.AdditionalPropertiesAllowed = false;
        schema.Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        schema.Required = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in Contract(type))
        {
            var own = property.AssociatedParameter?.Name ?? (property.AttributeProvider as MemberInfo)?.Name ?? property.Name;
            var value = Of(property.PropertyType, body);
            Limit(value, type, own);
            if (property.AssociatedParameter is { HasDefaultValue: true, DefaultValue: { } otherwise } && value is OpenApiSchema simple)
            {
                simple.Default = JsonSerializer.SerializeToNode(otherwise, property.PropertyType, Json.Options);
            }

            if (property.IsGetNullable && type != typeof(Problem))
            {
                value = OrNull(value);
            }

            if (comments.OfProperty(type, own) is { } said)
            {
                value = Described(value, said);
            }

            schema.Properties[property.Name] = value;
            if (property.IsRequired)
            {
                schema.Required.Add(property.Name);
            }
        }
    }

    private static IEnumerable<JsonPropertyInfo> Contract(Type type) =>
        Json.Options.GetTypeInfo(type).Properties.Where(p => p.Get is not null);

    private static OpenApiSchema OrNull(IOpenApiSchema schema)
    {
        if (schema is OpenApiSchema own)
        {
            own.Type |= JsonSchemaType.Null;
            return own;
        }

        return new OpenApiSchema { OneOf = [schema, new OpenApiSchema { Type = JsonSchemaType.Null }] };
    }

    private static IOpenApiSchema Described(IOpenApiSchema schema, string description)
    {
        schema.Description = description;
        return schema;
    }
}
