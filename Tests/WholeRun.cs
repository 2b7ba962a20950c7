using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(3)]

namespace PropertyServiceDesk.Tests;

[SetUpFixture]
public sealed class WholeRun
{
    [OneTimeTearDown]
    public Task DropTheDatabases() => TestDatabase.DropAll();
}
