using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Whatever is wrong with a question, it is refused with a 4xx and a stable code.</summary>
public sealed class BadQueryTests : BadInputFixture
{
    [TestCaseSource(nameof(Readers))]
    public async Task A_bad_query_is_refused(ApiOperation operation)
    {
        await Set(operation);

        var wrong = await NotRefused(
            operation,
            Queries(operation).Select(q => new BadCall(q.What, () => new HttpRequestMessage(HttpMethod.Get, PathOf(operation) + q.Query), Expected.Status(400, 422)))
                .Concat(operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!)
                    .Select(p => new BadCall($"{p} made up", () => new HttpRequestMessage(HttpMethod.Get, AddressOf(operation, p, Guid.CreateVersion7())), Expected.Status(404)))));

        Assert.That(wrong, Is.Empty);
    }

    /// <summary>What a date of the far past or a very long number finds may be nothing; it must not fail.</summary>
    [TestCaseSource(nameof(Readers))]
    public async Task A_strange_but_well_formed_query_does_not_fail(ApiOperation operation)
    {
        if (!operation.Parameters("query").Any())
        {
            return;
        }

        await Set(operation);
        foreach (var parameter in operation.Parameters("query"))
        {
            string[] values = Bodies.Format(parameter.GetProperty("schema")) switch
            {
                "date-time" => ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"],
                "date" => ["0001-01-01", "9999-12-31"],
                "uuid" => [Guid.Empty.ToString(), Elsewhere["communityId"].ToString()],
                "int32" => ["2147483647"],
                "int64" => ["0", "9223372036854775807"],
                "text" => [Uri.EscapeDataString(Rare), "%25", "_", "'", "%5C", "%E2%80%AE", "%01"],
                _ => [],
            };
            foreach (var value in values)
            {
                using var response = await Http.GetAsync(PathOf(operation) + With(operation, parameter.GetProperty("name").GetString()!, value));
                Assert.That((int)response.StatusCode, Is.LessThan(500), $"{parameter.GetProperty("name")}={value}");
            }
        }
    }
}
