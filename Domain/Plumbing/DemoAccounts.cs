namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>The host must not start as it was asked to.</summary>
public sealed class StartRefused(string sentence) : Exception(sentence);

/// <summary>Demo accounts, whose password everybody knows, are for a demo only: every host looks before it does anything.</summary>
public static class DemoAccounts
{
    private const string Count = """
        select count(*)
        from staff
        where is_demo and disabled_at is null
        """;

    public static bool IsDemo(string? mode) => string.Equals(mode, "Demo", StringComparison.OrdinalIgnoreCase);

    /// <param name="mode">What <c>Desk:Mode</c> says.</param>
    /// <param name="direct">The owner's connection.</param>
    /// <exception cref="StartRefused">There are demo accounts, and this is no demo.</exception>
    public static async Task MustBelongHere(string? mode, string direct, CancellationToken ct)
    {
        if (IsDemo(mode))
        {
            return;
        }

        await using var owner = new NpgsqlConnection(direct);
        await owner.OpenAsync(ct);
        var demo = await owner.ExecuteScalarAsync<long>(Count);
        if (demo > 0)
        {
            throw new StartRefused($"There are {demo} demo accounts in this database, whose password everybody knows. Use another database, or say that this is a demo: Desk__Mode=Demo.");
        }
    }
}
