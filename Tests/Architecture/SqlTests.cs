using System.Reflection;
using System.Text.RegularExpressions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>Every SQL constant in Domain is planned by the real server against the real schema, whether or not a test runs it.</summary>
public sealed partial class SqlTests
{
    private static NpgsqlDataSource source = null!;

    private static IEnumerable<TestCaseData> Statements() =>
        from type in typeof(Db).Assembly.GetTypes()
        from field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly)
        where field is { IsLiteral: true } && field.FieldType == typeof(string) && field.DeclaringType == type
        let sql = (string)field.GetRawConstantValue()!
        where Statement().IsMatch(sql) && !type.Name.EndsWith("Sql", StringComparison.Ordinal) // pieces; Tests of the lists plan what is made of them
        select new TestCaseData(sql).SetArgDisplayNames($"{type.FullName![27..].Replace('+', '.')}.{field.Name}");

    [OneTimeSetUp]
    public async Task Open() => source = NpgsqlDataSource.Create(TestDatabase.On(await TestDatabase.Copy()));

    [OneTimeTearDown]
    public async Task Close()
    {
        if (source is not null)
        {
            await source.DisposeAsync();
        }
    }

    [TestCaseSource(nameof(Statements))]
    public void Prepares(string sql)
    {
        foreach (var statement in sql.Split(";\n", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            using var command = source.CreateCommand("prepare probe as " + Numbered(statement.TrimEnd(';')) + "; deallocate probe");
            Assert.DoesNotThrowAsync(() => command.ExecuteNonQueryAsync(), statement);
        }
    }

    [TestCaseSource(nameof(Statements))]
    public void Is_told_the_time_and_names_its_columns(string sql) =>
        Assert.That(sql, Does.Not.Match(@"\bnow\(\)|current_timestamp|clock_timestamp|^\s*select \*"));

    // What jobs write beside a command refers to the rows that the command holds: as long as no key changes, neither waits for the other.
    [TestCaseSource(nameof(Statements))]
    public void Locks_rows_so_that_references_to_them_do_not_wait(string sql) => Assert.That(sql, Does.Not.Match(@"\bfor update\b"));

    /// <summary>@Name becomes $n; inside quotes nothing changes.</summary>
    private static string Numbered(string sql)
    {
        var names = new List<string>();
        return Parameter().Replace(sql, m =>
        {
            var index = names.IndexOf(m.Value);
            if (index < 0)
            {
                names.Add(m.Value);
                index = names.Count - 1;
            }

            return $"${index + 1}";
        });
    }

    [GeneratedRegex(@"^\s*(select|insert|update|delete|with)\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Statement();

    [GeneratedRegex("@[A-Z][A-Za-z0-9]*")]
    private static partial Regex Parameter();
}
