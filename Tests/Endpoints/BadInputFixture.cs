using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>How a call is to be refused.</summary>
/// <param name="Statuses">One of these; none: any 4xx.</param>
/// <param name="Field">This one, among the fields that cannot be accepted.</param>
/// <param name="Codes">One of these, the field's where one is named; none: any.</param>
internal sealed record Expected(int[] Statuses, string? Field, string[] Codes)
{
    public static Expected Status(params int[] statuses) => new(statuses, null, []);

    public static Expected OfField(string field, string code) => new([422], field, [code]);

    public static Expected WithOneOf(string[] codes) => new([401, 422, 429], null, codes);

    public bool Fits(int status, string reply)
    {
        if (Statuses.Length > 0 ? !Statuses.Contains(status) : status is < 400 or >= 500)
        {
            return false;
        }

        if (Codes.Length == 0)
        {
            return true;
        }

        var problem = JsonDocument.Parse(reply).RootElement;
        var faults = problem.TryGetProperty("errors", out var errors) ? errors.EnumerateArray().ToArray() : [];
        return Field is null
            ? faults.Select(f => f.GetProperty("code").GetString()).Append(problem.GetProperty("code").GetString()).Intersect(Codes).Any()
            : problem.GetProperty("code").GetString() == "request.invalid_fields" && faults.Any(f => f.GetProperty("field").GetString() == Field && Codes.Contains(f.GetProperty("code").GetString()));
    }
}

internal sealed record BadCall(string What, Func<HttpRequestMessage> Message, Expected Expected);

/// <summary>
/// Calls that are made up from the OpenAPI document, so that a new endpoint is covered on the day it is written. Each is the call that
/// succeeds (<see cref="StagedCalls"/>) but for one thing.
/// </summary>
public abstract partial class BadInputFixture : ApiFixture
{
    protected const string Rare = "𠮷😀👩‍🔧";

    /// <summary>What is refused changes nothing, so that the next one need not wait for it.</summary>
    protected static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 4 };

    private Actor everything = null!;
    private Stage stage = null!;

    public static IEnumerable<TestCaseData> Writers =>
        ApiDocument.Committed.Operations
            .Where(o => o.Method is "POST" or "PATCH" or "PUT" or "DELETE" && o.Id != "signOut") // which has no input, and would end the session that all of these call with
            .Select(o => new TestCaseData(o).SetArgDisplayNames(o.Id));

    public static IEnumerable<TestCaseData> Readers =>
        ApiDocument.Committed.Operations.Where(o => o.Method is "GET" && o.Path.StartsWith("/api/", StringComparison.Ordinal)).Select(o => new TestCaseData(o).SetArgDisplayNames(o.Id));

    /// <summary>Of somebody who may do everything.</summary>
    private protected HttpClient Http { get; private set; } = null!;

    private protected IReadOnlyDictionary<string, string> Known => stage.Known;

    /// <summary>What there is in another community.</summary>
    private protected Dictionary<string, Guid> Elsewhere { get; } = new(StringComparer.Ordinal);

    [SetUp]
    public async Task Somebody_who_may_do_everything()
    {
        if (everything is null)
        {
            var roles = Enum.GetValues<Roles>().Where(r => r != Roles.System && int.PopCount((int)r) == 1).ToArray();
            var id = await Send(Here.System, new JoinStaff(Here.CommunityId, "everything@here", "everything", PasswordHash, roles, [new TeamSeat(Here.Teams[Crew.Engineering], true)], IsDemo: true));
            await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
            everything = Here.Clerk with { Id = id, Roles = [.. roles.Select(r => new RoleIn(Here.CommunityId, r))] };
            Http = (await As(everything)).Http;
        }

        Elsewhere["requestId"] = (await GivenRequest(There)).RequestId;
        Elsewhere["communityId"] = There.CommunityId;
        Elsewhere["categoryId"] = There.Category(RequestKind.Repair, "water");
        Elsewhere["placeId"] = There.Places["3-2-1502"];
        Elsewhere["assetId"] = There.Lift;
        Elsewhere["customerId"] = There.Customer;
        Elsewhere["teamId"] = There.Teams[Crew.Engineering];
        Elsewhere["assigneeId"] = There.Member(Crew.Engineering).Id;
    }

    /// <summary>What this operation names is there, and as it has to be.</summary>
    private protected async Task Set(ApiOperation operation)
    {
        stage = await StagedCalls.Set(this, operation, Here, everything, ours: true, "requestId", "workOrderId");
        HostServices.GetRequiredService<Holders>().Forget(); // what they hold now was not given through this host
    }

    /// <summary>The body with which the call succeeds.</summary>
    private protected JsonObject? Body(ApiOperation operation) => operation.Body is { } schema ? (JsonObject)StagedCalls.Body(operation, schema, Known, Here, Clock.GetUtcNow()) : null;

    private protected string AddressOf(ApiOperation operation, string? other = null, object? value = null) =>
        StagedCalls.Address(operation, other is null ? Known : new Dictionary<string, string>(Known, StringComparer.Ordinal) { [other] = value!.ToString()! });

    private protected HttpRequestMessage Message(ApiOperation operation, string? body, string? address = null) =>
        Message(operation, body is not null ? Encoding.UTF8.GetBytes(body) : StagedCalls.TakesFile(operation) ? StagedCalls.File(operation) : null, "application/json", address);

    private protected HttpRequestMessage Message(ApiOperation operation, byte[]? body, string? type = "application/json", string? address = null)
    {
        var message = new HttpRequestMessage(new HttpMethod(operation.Method), address ?? AddressOf(operation));
        if (operation.Parameters("header").Any(h => h.GetProperty("name").GetString() == "Idempotency-Key"))
        {
            message.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        }

        if (Known.TryGetValue("!If-Match", out var match))
        {
            message.Headers.TryAddWithoutValidation("If-Match", match);
        }

        if (operation.Path.StartsWith("/api/inbound/", StringComparison.Ordinal))
        {
            SignedByTests.Sign(message, body ?? []); // whatever is wrong with it, it is signed
        }

        if (body is not null)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        }

        return message;
    }

    private protected static HttpRequestMessage WithHeader(HttpRequestMessage message, string name, string value)
    {
        message.Headers.Remove(name);
        message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }

    /// <summary>Queries that are wrong in one thing.</summary>
    private protected static IEnumerable<(string What, string Query)> Queries(ApiOperation operation)
    {
        yield return ("an unknown name", With(operation, "nobodyKnowsThis", "1"));
        foreach (var path in operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!))
        {
            yield return ($"{path} in the query, too", With(operation, path, Guid.NewGuid().ToString()));
        }

        foreach (var parameter in operation.Parameters("query"))
        {
            var name = parameter.GetProperty("name").GetString()!;
            var schema = parameter.GetProperty("schema");
            var one = schema.TryGetProperty("items", out var items) ? items : schema;
            var format = Bodies.Format(one);
            string[] values = (format, name) switch
            {
                (_, "take") => ["0", "-1", "201", "99999999999", "abc", "1.5", "", "%2B5", "1e1"],
                ("text", "after") => ["x", "", "AAAA", "W10", "WzEsMl0", "W251bGwsbnVsbF0", "WyJ4IiwieSJd", "eyJhIjoxfQ", "%00", new string('A', 600), "%F0%A0%AE%B7", "WyIyMDI2LTAzLTAyVDA5OjAwOjAwWiJd"],
                ("text", _) => ["%00", "a%00b", new string('x', 501)],
                ("uuid", _) => ["", "1", "%7B" + Guid.NewGuid() + "%7D", Guid.NewGuid().ToString("N"), Guid.NewGuid() + "," + Guid.NewGuid()],
                ("enum", _) => ["", "0", "nobodyKnowsThis", Bodies.Words(one)[0].ToUpperInvariant(), Bodies.Words(one)[0] + ",", Bodies.Words(one)[0] + ",x"],
                ("boolean", _) => ["", "TRUE", "1", "yes"],
                ("int32" or "int64", _) => ["", "x", "-1", "1.5", "99999999999999999999", "%2B1"],
                ("date-time", _) => ["", "2026-03-02", "2026-03-02T09:00:00", "2026-02-30T09:00:00Z", "0001-01-01T00:00:00%2B14:00", "yesterday"],
                ("date", _) => ["", "2026-02-30", "2026-3-2", "yesterday"],
                _ => [],
            };
            foreach (var value in values)
            {
                yield return ($"{name}={value}", With(operation, name, value));
            }

            yield return ($"{name} twice", $"{With(operation, name, Bodies.Sample(one))}&{name}={Bodies.Sample(one)}");
        }
    }

    /// <summary>The query with this parameter and those that are needed beside it.</summary>
    private protected static string With(ApiOperation operation, string name, string value) => Bodies.Needed(operation, name) is { Length: > 0 } needed ? $"{needed}&{name}={value}" : $"?{name}={value}";

    /// <summary>The path alone.</summary>
    private protected string PathOf(ApiOperation operation) => AddressOf(operation).Split('?')[0];

    private protected async Task<string[]> NotRefused(ApiOperation operation, IEnumerable<BadCall> calls)
    {
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(calls.ToArray(), AtOnce, async (c, _) => await Refuses(operation, c, wrong));
        return [.. wrong.Order(StringComparer.Ordinal)];
    }

    private async Task Refuses(ApiOperation operation, BadCall call, ConcurrentBag<string> wrong)
    {
        try
        {
            using var message = call.Message();
            using var response = await Http.SendAsync(message);
            var reply = await response.Content.ReadAsStringAsync();
            var status = (int)response.StatusCode;
            if (!call.Expected.Fits(status, reply))
            {
                wrong.Add($"{operation.Id}, {call.What}: {status} {reply}");
            }
            else if (response.Content.Headers.ContentType?.MediaType != "application/problem+json" || JsonDocument.Parse(reply).RootElement is var problem && !Code().IsMatch(problem.GetProperty("code").GetString()!))
            {
                wrong.Add($"{operation.Id}, {call.What}: {status} without a problem of a dotted code: {reply}");
            }
        }
        catch (AssertionException e)
        {
            wrong.Add($"{operation.Id}, {call.What}: {e.Message}");
        }
    }

    /// <summary>Each field that cannot be accepted, with why.</summary>
    private protected static IReadOnlyList<(string Field, string Code)> FaultsOf(string reply) =>
        JsonDocument.Parse(reply).RootElement is var problem && problem.GetProperty("code").GetString() == "request.invalid_fields"
            ? [.. problem.GetProperty("errors").EnumerateArray().Select(e => (e.GetProperty("field").GetString()!, e.GetProperty("code").GetString()!))]
            : [];

    /// <summary>A fingerprint of every row of every table but the sessions and the attempts to begin one.</summary>
    private protected async Task<string> Everything() => string.Join('\n', await Rows<string>("""
        select c.relname || ' ' || query_to_xml(format('select count(*), md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from %I t', c.relname), false, true, '')::text
        from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname not in ('session', 'sign_in_attempt')
        order by c.relname
        """));

    [GeneratedRegex("^[a-z_]+(\\.[a-z_]+)+$")]
    private static partial Regex Code();
}
