using Microsoft.Extensions.Logging;

namespace PropertyServiceDesk.Api;

/// <summary>
/// The framework writes whole addresses to the program log, and with them an owner's link and what was typed into the search box; ours has
/// neither. That holds whatever an operator sets (<c>Logging:…</c>), for all of the framework or one of its categories, everywhere or for
/// one of the places where the log goes.
/// </summary>
internal static class QuietFramework
{
    private const string Framework = "Microsoft.AspNetCore";

    /// <summary>What these write, or begin as a scope, is the address, at any level.</summary>
    private static readonly string[] Silent = ["Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Server.Kestrel.BadRequests"];

    public static void AddQuietFramework(this IServiceCollection services) => services.PostConfigure<LoggerFilterOptions>(options =>
    {
        // The most specific rule alone is asked: so each of them asks this as well.
        var rules = options.Rules.ToArray();
        options.Rules.Clear();
        foreach (var rule in rules)
        {
            var filter = rule.Filter;
            options.Rules.Add(new LoggerFilterRule(rule.ProviderName, rule.CategoryName, rule.LogLevel, (provider, category, level) => Writes(category, level) && filter?.Invoke(provider, category, level) != false));
        }

        if (!rules.Any(r => r is { ProviderName: null, CategoryName: null }))
        {
            options.Rules.Insert(0, new LoggerFilterRule(null, null, options.MinLevel, (_, category, level) => Writes(category, level)));
        }
    });

    private static bool Writes(string? category, LogLevel level) =>
        category?.StartsWith(Framework, StringComparison.Ordinal) != true || (level >= LogLevel.Warning && !Silent.Contains(category, StringComparer.Ordinal));
}
