using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PropertyServiceDesk.Api.OpenApi;

/// <summary>The doc comments of the code, as the compiler writes them beside each assembly: the document's descriptions are the code's own.</summary>
internal sealed partial class DocComments
{
    private readonly Dictionary<Assembly, Dictionary<string, XElement>> read = [];

    /// <summary>What the type is, or what the command does; null where nobody said.</summary>
    public string? Of(Type type) => Text(Member("T:" + Name(type), type)?.Element("summary"));

    /// <summary>A record's parameter, or a property with a comment of its own.</summary>
    public string? OfProperty(Type type, string property) =>
        Text(Member("T:" + Name(type), type)?.Elements("param").FirstOrDefault(p => string.Equals(p.Attribute("name")?.Value, property, StringComparison.Ordinal)))
        ?? Text(Member($"P:{Name(type)}.{property}", type)?.Element("summary"));

    /// <summary>The words of an enum that have a comment.</summary>
    public IEnumerable<(string Word, string Text)> OfMembers(Type @enum) =>
        from name in Enum.GetNames(@enum)
        let text = Text(Member($"F:{Name(@enum)}.{name}", @enum)?.Element("summary"))
        where text is not null
        select (JsonNamingPolicy.CamelCase.ConvertName(name), text);

    private XElement? Member(string id, Type type)
    {
        lock (read)
        {
            if (!read.TryGetValue(type.Assembly, out var members))
            {
                var ours = type.Assembly.GetName().Name!.StartsWith(nameof(PropertyServiceDesk), StringComparison.Ordinal);
                members = read[type.Assembly] = ours
                    ? XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value, StringComparer.Ordinal)
                    : [];
            }

            return members.GetValueOrDefault(id);
        }
    }

    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string? Text(XElement? element) => element is null ? null : Blanks().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim();

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "paramref" } named => $"`{JsonNamingPolicy.CamelCase.ConvertName(named.Attribute("name")!.Value)}`",
        XElement { Name.LocalName: "see" } see when see.Attribute("cref")?.Value is { } cref => $"`{JsonNamingPolicy.CamelCase.ConvertName(cref[(cref.LastIndexOfAny(['.', ':']) + 1)..])}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement other => string.Concat(other.Nodes().Select(Text)),
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
