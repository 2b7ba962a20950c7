using System.Reflection;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>Who may send a command or a query.</summary>
/// <param name="Everywhere">To whatever there is in their community.</param>
/// <param name="Own">To what is theirs alone.</param>
public sealed record RoleRow(Type What, bool Writes, Roles Everywhere, Roles Own)
{
    public Roles All => Everywhere | Own;
}

/// <summary>
/// The role table: a row for each command and query, as it says itself (<see cref="AllowedToAttribute"/>). The hosts do not start
/// without a row for each, the pipeline asks it, the API's document and docs/roles.md are printed from it.
/// </summary>
public static class RoleTable
{
    private static readonly Lazy<IReadOnlyList<RoleRow>> Own = new(() => Read(typeof(RoleTable).Assembly.GetTypes()));

    /// <exception cref="InvalidOperationException">A command or query has no row.</exception>
    public static IReadOnlyList<RoleRow> Rows => Own.Value;

    /// <summary>The row of one command or query.</summary>
    /// <exception cref="InvalidOperationException">It has none.</exception>
    public static RoleRow Of(Type what) => Read([what]) is [var row] ? row : throw new InvalidOperationException($"{what.Name} is neither a command nor a query.");

    /// <summary>The rows of the commands and queries among <paramref name="types"/>, by name.</summary>
    /// <exception cref="InvalidOperationException">One of them has no row, or one that lets nobody in.</exception>
    public static IReadOnlyList<RoleRow> Read(IEnumerable<Type> types)
    {
        var messages = types.Where(t => t is { IsClass: true, IsAbstract: false } && (Is(t, typeof(ICommand<>)) || Is(t, typeof(IQuery<>)))).OrderBy(t => t.Name, StringComparer.Ordinal).ToArray();
        var without = messages.Where(t => t.GetCustomAttribute<AllowedToAttribute>() is not { All: not Roles.None }).Select(t => t.Name).ToArray();
        return without.Length == 0
            ? [.. messages.Select(t => (Type: t, Allowed: t.GetCustomAttribute<AllowedToAttribute>()!)).Select(m => new RoleRow(m.Type, Is(m.Type, typeof(ICommand<>)), m.Allowed.Everywhere, m.Allowed.Own & ~m.Allowed.Everywhere))]
            : throw new InvalidOperationException($"The role table has no row for {string.Join(", ", without)}: say with [AllowedTo(\u2026)] which roles may send it.") { Source = "PropertyServiceDesk.Domain" };
    }

    private static bool Is(Type type, Type kind) => type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == kind);
}
