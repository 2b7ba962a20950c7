using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using MediatR;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>The role table: printed into docs/roles.md, and nothing starts without its row.</summary>
public sealed partial class RoleTableTests
{
    private static readonly (Roles Role, string Words)[] Columns =
    [
        (Roles.Clerk, "clerk 客户助理"),
        (Roles.CrewMember, "crew member 班组成员"),
        (Roles.CrewLead, "crew lead 班组长"),
        (Roles.CustomerOfficer, "customer officer 客户主任"),
        (Roles.Manager, "manager 管理处经理"),
        (Roles.Administrator, "administrator 管理员"),
        (Roles.System, "system 系统"),
    ];

    [Test]
    public void The_documentation_shows_this_table()
    {
        var path = Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "docs", "roles.md");
        var expected = Document();
        if (Environment.GetEnvironmentVariable("DESK_WRITE_DOCS") is { Length: > 0 })
        {
            File.WriteAllText(path, expected);
        }

        Assert.That(File.Exists(path) ? File.ReadAllText(path) : "", Is.EqualTo(expected), "docs/roles.md is stale: DESK_WRITE_DOCS=1 ./test RoleTable writes it anew; look at the difference before you commit it.");
    }

    [Test]
    public void Every_role_has_a_column() =>
        Assert.That(Columns.Select(c => c.Role), Is.EquivalentTo(Enum.GetValues<Roles>().Where(r => int.PopCount((int)r) == 1)));

    [Test]
    public void A_command_or_query_without_a_row_is_named_and_nothing_starts()
    {
        var refused = Assert.Throws<InvalidOperationException>(() => RoleTable.Read([typeof(Guarded), typeof(WithoutARow), typeof(ForNobody)]))!;

        Assert.That(refused.Message, Does.Contain(nameof(WithoutARow)).And.Contain(nameof(ForNobody)).And.Not.Contain(nameof(Guarded)));
        Assert.That(refused.Source, Is.EqualTo("PropertyServiceDesk.Domain"), "the hosts print it as a sentence and end with 1");
    }

    [Test]
    public void What_is_neither_a_command_nor_a_query_has_no_row() => Assert.Throws<InvalidOperationException>(() => RoleTable.Of(typeof(RoleTableTests)));

    [Test]
    public void A_role_that_may_do_it_everywhere_is_not_listed_again_for_what_is_its_own() =>
        Assert.That(RoleTable.Rows.Where(r => (r.Everywhere & r.Own) != Roles.None).Select(r => r.What.Name), Is.Empty);

    private static string Document()
    {
        var text = new StringBuilder("""
            # Roles 角色

            Made from the commands and queries themselves by `Tests/Architecture/RoleTableTests.cs`; do not edit by hand. A command or query
            without a row does not start. 本页由代码生成；没有写明权限的命令不能启动。

            ● in the whole community. ○ to what is theirs alone: for crews, orders of their crew, the requests that these serve, and what they
            brought in themselves; for a clerk, orders of external teams, which have no accounts. Empty: refused (403). A person may hold
            several roles, and different ones in different communities; another community's things answer as if they were not there (404).

            Confidential complaints are hidden from the person and the crew complained about whatever their roles are.

            """);
        foreach (var room in RoleTable.Rows.GroupBy(r => r.What.Namespace!.Split('.')[^1]).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            text.Append("\n## ").Append(room.Key).Append("\n\n| | ").AppendJoin(" | ", Columns.Select(c => c.Words)).Append(" |\n|---|").Append(string.Concat(Columns.Select(_ => ":-:|"))).Append('\n');
            foreach (var row in room.OrderByDescending(r => r.Writes).ThenBy(r => r.What.Name, StringComparer.Ordinal))
            {
                text.Append("| ").Append(row.Writes ? "" : "*").Append(Words().Replace(row.What.Name, " $1").Trim()).Append(row.Writes ? "" : "*").Append(" | ");
                text.AppendJoin(" | ", Columns.Select(c => row.Everywhere.HasFlag(c.Role) ? "●" : row.Own.HasFlag(c.Role) ? "○" : "")).Append(" |\n");
            }
        }

        return text.Append("\nUpright: commands, which change something. *Slanted*: queries, which only look.\n").ToString().ReplaceLineEndings("\n");
    }

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Words();

    private static string Here([CallerFilePath] string path = "") => path;

    [AllowedTo(Roles.Clerk)]
    private sealed record Guarded : ICommand<Unit>;

    private sealed record WithoutARow : ICommand<Unit>;

    [AllowedTo(Roles.None)]
    private sealed record ForNobody : IQuery<Unit>;
}
