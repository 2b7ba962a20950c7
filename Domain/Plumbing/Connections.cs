namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>The two ways to the database. Pooled: transactions only, which a pooler may give to any session of the server (docs/decisions/0064). Direct: migrations, locks, LISTEN.</summary>
public static class Connections
{
    /// <param name="named">The host's configured connection strings by name.</param>
    public static string Pooled(Func<string, string?> named) =>
        named("ServiceDesk") ?? throw new InvalidOperationException("Name the database: set ConnectionStrings__ServiceDesk to a PostgreSQL connection string.");

    /// <summary>The owner's connection; the pooled one where no other is named.</summary>
    public static string Direct(Func<string, string?> named) => named("ServiceDeskDirect") ?? Pooled(named);
}
