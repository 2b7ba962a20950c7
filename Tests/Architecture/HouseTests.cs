using System.Reflection;
using MediatR;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>Who may know whom.</summary>
public sealed class HouseTests
{
    private static readonly Assembly Domain = typeof(Db).Assembly;

    [Test]
    public void Domain_knows_neither_a_host_nor_a_web_framework_nor_a_job_engine() =>
        Assert.That(
            Domain.GetReferencedAssemblies().Select(a => a.Name),
            Has.None.Matches<string>(n => n.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || n.StartsWith("Quartz", StringComparison.Ordinal) || n.StartsWith("Hangfire", StringComparison.Ordinal) || n.StartsWith("PropertyServiceDesk", StringComparison.Ordinal)));

    [Test]
    public void The_hosts_do_not_know_each_other()
    {
        Assert.That(typeof(Api.DeskHost).Assembly.GetReferencedAssemblies().Select(a => a.Name), Has.None.EqualTo("PropertyServiceDesk.Workers"));
        Assert.That(typeof(PropertyServiceDesk.Workers.Job).Assembly.GetReferencedAssemblies().Select(a => a.Name), Has.None.EqualTo("PropertyServiceDesk.Api"));
    }

    [Test]
    public void Rules_are_pure()
    {
        Type[] impure = [typeof(TimeProvider), typeof(Npgsql.NpgsqlConnection), typeof(Db), typeof(IMediator), typeof(Task), typeof(CancellationToken)];
        var touched = from type in Domain.GetTypes()
                      where type.Namespace == "PropertyServiceDesk.Domain.Rules"
                      from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                      where method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType).Any(t => Array.Exists(impure, i => i.IsAssignableFrom(t)))
                      select $"{type.Name}.{method.Name}";

        Assert.That(touched, Is.Empty);
    }

    [Test]
    public void Every_command_and_query_says_who_may_send_it()
    {
        var silent = from type in Domain.GetTypes()
                     where type.GetInterfaces().Any(i => i.IsGenericType && (i.GetGenericTypeDefinition() == typeof(ICommand<>) || i.GetGenericTypeDefinition() == typeof(IQuery<>)))
                     where type.GetCustomAttribute<AllowedToAttribute>() is null
                     select type.Name;

        Assert.That(silent, Is.Empty);
    }

    [Test]
    public void Time_comes_from_the_hosts_clock()
    {
        var root = FindRoot();
        var ambient = from folder in new[] { "Domain", "Api", "Workers" }
                      from file in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
                      where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                      let text = File.ReadAllText(file)
                      where System.Text.RegularExpressions.Regex.IsMatch(text, @"\bDateTime(Offset)?\.(Now|UtcNow|Today)\b")
                      select Path.GetRelativePath(root, file);

        Assert.That(ambient, Is.Empty);
    }

    [Test]
    public void Sql_is_never_interpolated()
    {
        var root = FindRoot();
        var interpolated = from file in Directory.EnumerateFiles(Path.Combine(root, "Domain"), "*.cs", SearchOption.AllDirectories)
                           where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                           where File.ReadAllText(file).Contains("$\"\"\"", StringComparison.Ordinal)
                           select Path.GetRelativePath(root, file);

        Assert.That(interpolated, Is.Empty);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "PropertyServiceDesk.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
