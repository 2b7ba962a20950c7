using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
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

    /// <summary>Nobody who calls from outside can have a program started or an address fetched: gateways are the workers' alone, and their addresses the operator's.</summary>
    [Test]
    public void No_host_starts_a_program_and_only_the_workers_call_anybody()
    {
        string[] programs = ["System.Diagnostics.Process", "System.Diagnostics.ProcessStartInfo"];
        string[] lines = ["System.Net.Http.HttpClient", "System.Net.Http.HttpMessageInvoker", "System.Net.Mail.SmtpClient", "System.Net.Sockets.Socket", "System.Net.Sockets.TcpClient", "System.Net.WebSockets.ClientWebSocket"];
        var (api, workers) = (typeof(Api.DeskHost).Assembly, typeof(PropertyServiceDesk.Workers.Job).Assembly);

        Assert.That(Named(workers), Does.Contain("System.Net.Http.HttpClient"), "they are found where they are");
        Assert.That(new[] { Domain, api, workers }.SelectMany(Named).Intersect(programs), Is.Empty);
        Assert.That(new[] { Domain, api }.SelectMany(Named).Intersect(lines), Is.Empty);
    }

    /// <summary>The types of others that an assembly names.</summary>
    private static HashSet<string> Named(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var types = file.GetMetadataReader();
        return [.. types.TypeReferences.Select(types.GetTypeReference).Select(t => $"{types.GetString(t.Namespace)}.{types.GetString(t.Name)}")];
    }

    /// <summary>Password managers know them by this, and nothing keeps anybody from pasting.</summary>
    [Test]
    public void Fields_for_passwords_are_such_and_take_what_is_pasted()
    {
        var fields = Pages().SelectMany(s => s.Text.Split('\n')).Where(l => l.Contains("Input.Password", StringComparison.Ordinal) || l.Contains("type=\"password\"", StringComparison.Ordinal)).ToArray();

        Assert.That(fields, Has.Length.GreaterThan(3).And.All.Match("autoComplete=\"(current|new)-password\"").And.None.Contains("onPaste"));
    }

    [Test]
    public void Pages_talk_to_no_other_window_write_no_markup_and_go_nowhere_that_data_says()
    {
        var source = Pages();

        Assert.That(
            source.Where(s => System.Text.RegularExpressions.Regex.IsMatch(s.Text, @"(window|parent|opener|top)\.postMessage|window\.open\(|document\.write|innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|\beval\(|new Function\(")).Select(s => s.File),
            Is.Empty);
        Assert.That(source.SelectMany(s => System.Text.RegularExpressions.Regex.Matches(s.Text, @"location\.(?:(?:replace|assign)\(|href *= *)(.)(.)").Select(m => m.Groups[1].Value + m.Groups[2].Value)), Is.All.EqualTo("'/"));
    }

    private static (string File, string Text)[] Pages()
    {
        var root = Path.Combine(FindRoot(), "Web", "src");
        return [.. Directory.EnumerateFiles(root, "*.ts*", SearchOption.AllDirectories).Where(f => !f.Contains(".gen.", StringComparison.Ordinal)).Select(f => (Path.GetRelativePath(root, f), File.ReadAllText(f)))];
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
