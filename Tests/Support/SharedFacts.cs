using NUnit.Framework;

namespace PropertyServiceDesk.Tests.Support;

/// <summary>Facts that stand in <c>shared/data</c> beside the checkout. Without them a test is ignored at home and fails in CI.</summary>
public static class SharedFacts
{
    public static string Read(string name) => File.ReadAllText(Find(name));

    public static string Find(string name)
    {
        for (var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "shared", "data", name);
            if (Path.Exists(path))
            {
                return path;
            }
        }

        var missing = $"shared/data/{name} was found in no folder above the tests. Put the shared folder beside the checkout.";
        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
        {
            Assert.Fail(missing);
        }

        Assert.Ignore(missing);
        return missing;
    }
}
