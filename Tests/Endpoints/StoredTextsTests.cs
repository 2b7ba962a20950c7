using System.Net;
using System.Text.Json.Nodes;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>A text is judged in the form in which it is stored: composed, without blanks at its ends. What is as long as it may be so, is taken, however much longer it was typed.</summary>
public sealed class StoredTextsTests : BadInputFixture
{
    private const string Blanks = "   ";

    /// <summary>What is not just any text, so that another one would be refused: by name, or by operation and name.</summary>
    private static readonly HashSet<string> NotAnyText = new(StringComparer.Ordinal)
    {
        "phone", "numberDialled", "language", "timeZone", "registerCustomer.value", "addContactPoint.value",
        "addCommunity.district", "declareEvent.policies[0]", "editTemplate.body", "reportWork.code", "setQuietHours.from", "setQuietHours.to", "takeInboundSms.community", "takeInboundEmail.community",
        "editCalendar.day", "editCalendar.like", "editCalendar.windows[0]",
        "editSlaProfile.code", "editSlaProfile.category", "editSlaProfile.calendar", "trySlaProfile.code", "trySlaProfile.category", "trySlaProfile.calendar",
    };

    public static IEnumerable<TestCaseData> WritersOfText => Writers.Where(w => TextsOf((ApiOperation)w.Arguments[0]!).Any());

    private static IEnumerable<Place> TextsOf(ApiOperation operation) => operation.Body is { } schema && !BadInputTests.Refused.ContainsKey(operation.Id)
        ? Bodies.Places(schema, []).Where(p => Bodies.IsText(p.Schema) && p.Schema.TryGetProperty("maxLength", out _) && !NotAnyText.Contains(p.Name) && !NotAnyText.Contains($"{operation.Id}.{p.Name}"))
        : [];

    [TestCaseSource(nameof(WritersOfText))]
    public async Task A_text_is_stored_as_it_was_judged(ApiOperation operation)
    {
        await Set(operation);
        var body = Body(operation)!;
        foreach (var text in TextsOf(operation).Where(p => IsIn(body, p.Path)))
        {
            Bodies.Put(body, text.Path, Typed(operation, text));
        }

        using var response = await Http.SendAsync(Message(operation, body.ToJsonString(Json.Options)));

        var reply = await response.Content.ReadAsStringAsync();
        Assert.That((int)response.StatusCode, Is.InRange(200, 299), () => reply + (response.StatusCode == HttpStatusCode.InternalServerError ? LastUnexpected : ""));
        Assert.That(await RowsWith("e\u0301", "é" + Blanks, Blanks + "ꙮ"), Is.Empty);
    }

    private static bool IsIn(JsonObject body, object[] path) => path[..^1].Aggregate((JsonNode?)body, (at, key) => key is int i ? (at as JsonArray)?.ElementAtOrDefault(i) : at?[(string)key]) is not null;

    /// <summary>Of as many code points as may be stored, more than half of them typed as two, with more blanks at the end than the text may be long.</summary>
    private static string Typed(ApiOperation operation, Place place)
    {
        var most = place.Schema.GetProperty("maxLength").GetInt32();
        var marked = string.Concat($"ꙮ{Rare}{operation.Id}{place.Name}".EnumerateRunes().Take(most / 2));
        return Blanks + marked + string.Concat(Enumerable.Repeat("e\u0301", most - PlainText.Length(marked))) + new string(' ', most + 1);
    }

    /// <summary>Rows of any table in which one of these stands.</summary>
    private Task<List<string>> RowsWith(params string[] texts) => Rows<string>(
        """
        select c.relname || ' ' || rows.said
        from pg_class c,
            lateral (select query_to_xml(format('select left(t::text, 200) as said from %I t where t::text like any (%L::text[]) limit 1', c.relname, @texts), false, true, '')::text as said) rows
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and rows.said <> ''
        """,
        new { texts = texts.Select(t => $"%{t}%").ToArray() });
}
