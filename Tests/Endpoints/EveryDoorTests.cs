using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using PropertyServiceDesk.Api.Endpoints;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Policies;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rosters;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.Voices;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>
/// Every endpoint, tried by every role, in its own community, on another one's things, and by nobody; held against the role table.
/// The endpoints are those of the route table: a new one whose command has no row, or whose path names something that is not made
/// here, fails.
/// </summary>
[Category("EveryDoor")]
public sealed partial class EveryDoorTests : ApiFixture
{
    /// <summary>Endpoints that send no command, with who may come in.</summary>
    private static readonly Dictionary<string, Door> WithoutCommand = new(StringComparer.Ordinal)
    {
        ["POST /api/inbound/sms"] = Door.Anybody, // whoever signs: other machines
        ["POST /api/inbound/email"] = Door.Anybody,
        ["POST /api/session"] = Door.Anybody, // this is how one becomes somebody
        ["GET /api/session"] = Door.WhoeverIsSignedIn, // about oneself
        ["DELETE /api/session"] = Door.WhoeverIsSignedIn,
        ["POST /api/password"] = Door.WhoeverIsSignedIn,
        ["POST /api/session/second-factor"] = Door.WhoeverIsSignedIn,
        ["GET /api/second-factor"] = Door.WhoeverIsSignedIn,
        ["POST /api/second-factor"] = Door.WhoeverIsSignedIn,
        ["POST /api/second-factor/confirmation"] = Door.WhoeverIsSignedIn,
        ["POST /api/second-factor/recovery-codes"] = Door.WhoeverIsSignedIn,
        ["POST /api/second-factor/removal"] = Door.WhoeverIsSignedIn,
    };

    /// <summary>Commands that say 403 for another reason than the role as well: it is another role's to do, though the role may do others of the kind.</summary>
    private static readonly HashSet<string> SomebodyElses = new(StringComparer.Ordinal) { "endFollowUp" };

    private static readonly Roles[] Each = [.. Enum.GetValues<Roles>().Where(r => int.PopCount((int)r) == 1)];

    private readonly Dictionary<Roles, Actor> people = [];

    private int planned;

    private enum Door
    {
        Anybody,
        WhoeverIsSignedIn,
    }

    public static IEnumerable<TestCaseData> Operations =>
        ApiDocument.Committed.Operations.Where(o => o.Path.StartsWith("/api/", StringComparison.Ordinal)).Select(o => new TestCaseData(o).SetArgDisplayNames(o.Id));

    [SetUp]
    public async Task Somebody_of_every_role()
    {
        if (people.Count == 0)
        {
            var system = await Send(Here.System, new JoinStaff(Here.CommunityId, "system@here", "system", PasswordHash, [Roles.System], [], IsDemo: true));
            await Send(Here.System, new PutIntoDistrict(Here.CommunityId, "south", "南区"));
            await Send(There.System, new PutIntoDistrict(There.CommunityId, "north", "北区"));
            people[Roles.Clerk] = Here.Clerk;
            people[Roles.CrewMember] = Here.Member(Crew.Engineering);
            people[Roles.CrewLead] = Here.Lead(Crew.Engineering);
            people[Roles.CustomerOfficer] = Here.Officer;
            people[Roles.Manager] = Here.Manager;
            people[Roles.Administrator] = Here.People["administrator"];
            people[Roles.System] = Here.Clerk with { Id = system };
        }
    }

    [Test]
    public void Every_route_is_tried_here() =>
        Assert.That(
            Operations.Select(o => ((ApiOperation)o.Arguments[0]!).ToString()).Order(),
            Is.EqualTo(Routes().Where(r => r.Name.Contains(" /api/", StringComparison.Ordinal)).Select(r => r.Name).Order()));

    [TestCaseSource(nameof(Operations))]
    public async Task Each_role_may_do_in_its_own_community_what_the_table_says_and_nobody_may_do_anything(ApiOperation operation)
    {
        var (row, door) = RowOf(operation);
        var wrong = new List<string>();
        Dictionary<string, string>? untouched = null; // what only was looked at, or refused, is as it was
        foreach (var role in Each)
        {
            var known = untouched ?? await Things(Here, $"own-{role}-");
            using var own = row is null ? await SignIn(people[role]) : null; // one of these may end the session
            var (status, body) = await Call(own ?? await As(people[role]), operation, known);
            var refusedForTheRole = status == 403 && body.Contains("\"role.not_allowed\"", StringComparison.Ordinal);
            untouched = operation.Method == "GET" || refusedForTheRole ? known : null;
            var fits = status < 500 && (status != 401 || door == Door.Anybody) && (row is null ? !refusedForTheRole
                : row.Everywhere.HasFlag(role) ? status != 403 || (SomebodyElses.Contains(operation.Id) && !refusedForTheRole)
                : row.Own.HasFlag(role) ? !refusedForTheRole
                : refusedForTheRole);
            if (!fits)
            {
                wrong.Add($"{role}: {status} {body}" + (status == 500 ? LastUnexpected : ""));
            }
        }

        var (nobodys, reply) = await Call(Anonymous, operation, untouched ?? await Things(Here, "nobody-"));
        if (door == Door.Anybody ? nobodys == 403 : nobodys != 401 || !reply.Contains("\"session.needed\"", StringComparison.Ordinal))
        {
            wrong.Add($"nobody: {nobodys} {reply}");
        }

        Assert.That(wrong, Is.Empty);
    }

    [TestCaseSource(nameof(Operations))]
    public async Task What_is_another_communitys_answers_exactly_as_what_is_not_there(ApiOperation operation)
    {
        var (row, _) = RowOf(operation);
        if (row is null)
        {
            Assert.That(operation.Parameters("path").Concat(operation.Parameters("query")), Is.Empty, "It names things, and has no row in the role table.");
            return;
        }

        var known = await Things(Here, "mine-");
        var theirs = await Things(There, "theirs-");
        var wrong = new List<string>();
        foreach (var role in Each.Where(r => row.All.HasFlag(r)))
        {
            var client = await As(people[role]);
            foreach (var names in Named(operation, known))
            {
                var foreign = await Call(client, operation, With(known, names, n => theirs.GetValueOrDefault(n) ?? throw new AssertionException($"Say in Things what {n} is.")));
                var absent = await Call(client, operation, With(known, names, n => n == "qrCode" ? "QR-00000000" : Guid.CreateVersion7().ToString()));
                if (foreign != absent || foreign.Status is 401 or >= 500)
                {
                    wrong.Add($"{role}, {string.Join('+', names)}:\n  another's {foreign.Status} {foreign.Body}\n  absent    {absent.Status} {absent.Body}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    /// <summary>A token may have every role that tokens have: it gives nobody a role, and what only people do is refused before anything is read.</summary>
    [TestCaseSource(nameof(Operations))]
    public async Task A_token_makes_nobody_anything_and_meets_no_fault_of_ours(ApiOperation operation)
    {
        const string All = "select count(*) from (select staff_id, role from staff_role union all select staff_id, role from district_role) r";
        var (row, _) = RowOf(operation);
        var known = await Things(Here, "token-");
        Roles[] roles = [Roles.Clerk, Roles.CustomerOfficer, Roles.Manager, Roles.System];
        var secret = "desk_" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        await Send(Here.People["administrator"], new MakeToken("all", [.. roles.Select(r => new RoleIn(Here.CommunityId, r))], Clock.GetUtcNow().AddDays(1)) { Secret = Sessions.NewToken(secret) });
        using var system = new ApiClient(Address, new Unexpected());
        system.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        var before = await Scalar<long>(All);

        var (status, body) = await Call(system, operation, known);

        Assert.That(status, Is.LessThan(500), () => body + LastUnexpected);
        Assert.That(await Scalar<long>(All), Is.EqualTo(before));
        if (row is not null && row.What.IsAssignableTo(typeof(IByAPerson)) && roles.Any(r => row.All.HasFlag(r)))
        {
            Assert.That(status, Is.EqualTo(403), body);
            Assert.That(body, Does.Contain("\"role.person_needed\""));
        }
    }

    /// <summary>Whoever sits in the crew and at the desk, by all the roles that a person can have there: what is hidden from them is not there, whichever way it is named.</summary>
    [TestCaseSource(nameof(Operations))]
    public async Task What_is_hidden_answers_exactly_as_what_is_not_there(ApiOperation operation)
    {
        var (row, _) = RowOf(operation);
        if (row is null)
        {
            return;
        }

        var known = await Things(Here, "seen-");
        var names = Named(operation, known).Where(n => n.Length == 1 && OfARequest.Contains(n[0])).ToArray();
        if (names.Length == 0)
        {
            return;
        }

        accused ??= await Accused();
        var hidden = await Hidden();
        using var client = await SignIn(accused);
        var wrong = new List<string>();
        foreach (var name in names)
        {
            var concealed = await Call(client, operation, With(known, name, n => hidden[n]));
            var absent = await Call(client, operation, With(known, name, _ => Guid.CreateVersion7().ToString()));
            if (concealed != absent || concealed.Status is 401 or >= 500)
            {
                wrong.Add($"{name[0]}:\n  hidden {concealed.Status} {concealed.Body}\n  absent {absent.Status} {absent.Body}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    private static readonly string[] OfARequest = ["requestId", "promiseId", "attachmentId", "followUpId", "feedbackId", "escalationId", "alarmId", "voiceId"];

    private Actor? accused;

    private async Task<Actor> Accused()
    {
        Roles[] roles = [Roles.Clerk, Roles.CustomerOfficer, Roles.Manager, Roles.CrewLead, Roles.Administrator];
        return Here.Clerk with { Id = await Send(Here.System, new JoinStaff(Here.CommunityId, "accused@here", "accused", PasswordHash, roles, [new TeamSeat(Here.Teams[Crew.Engineering], true)], IsDemo: true)) };
    }

    /// <summary>A confidential complaint about them, with one of each thing that belongs to it.</summary>
    private async Task<Dictionary<string, string>> Hidden()
    {
        var request = (await Send(Here.Officer, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, Here.Category(RequestKind.Complaint, "noise"), "态度恶劣", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer, Confidential: true, AboutStaffId: accused!.Id))).RequestId;
        var promise = await Send(Here.Officer, new MakePromise(request, "明天", Clock.GetUtcNow().AddDays(1)));
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: false, CancellationToken.None);
        var attachment = await Send(Here.Officer, new AttachToRequest(request, new FileLabel(PhotoPurpose.Evidence, Visibility.Crew, "a.png"), Convert.ToHexStringLower(upload.Sha256), upload));
        var late = await GivenEscalation(request);
        await Send(Here.Officer, new AnswerRequest(request, AnswerKind.Explained, "好的"));
        await Send(Here.Officer, new RecordFeedback(request, Solved.Partly, 3, "王小明"));
        var voice = Guid.CreateVersion7(); // as one that was written before the complaint became confidential
        await Execute(
            "insert into voice (community_id, voice_id, request_id, state, asked, done, proposed_at, proposed_by, withdrawn_at, withdrawn_why) values (@CommunityId, @voice, @request, 'withdrawn', 'x', 'y', @Now, @Id, @Now, 'confidential')",
            new { Here.CommunityId, voice, request, Now = Clock.GetUtcNow(), Here.Officer.Id });
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["voiceId"] = voice.ToString(),
            ["requestId"] = request.ToString(),
            ["promiseId"] = promise.PromiseId.ToString(),
            ["attachmentId"] = attachment.AttachmentId.ToString(),
            ["followUpId"] = (await Scalar<Guid>("select follow_up_id from follow_up where request_id = @request", new { request })).ToString(),
            ["feedbackId"] = (await Scalar<Guid>("select feedback_id from feedback where request_id = @request", new { request })).ToString(),
            ["escalationId"] = late.EscalationId.ToString(),
            ["alarmId"] = late.AlarmId.ToString(),
        };
    }

    /// <summary>Which ids of the call are another's, one by one, and those of the path together.</summary>
    private IEnumerable<string[]> Named(ApiOperation operation, Dictionary<string, string> known)
    {
        var path = operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!).ToArray();
        var query = operation.Parameters("query").Where(p => IsId(p.GetProperty("schema"))).Select(p => p.GetProperty("name").GetString()!);
        var body = operation.Body is { } schema && Body(operation, schema, known) is JsonObject sample
            ? sample.Where(p => p.Value is JsonValue value && value.TryGetValue<string>(out var text) && Guid.TryParseExact(text, "D", out _)).Select(p => p.Key)
            : [];
        foreach (var name in path.Concat(query).Concat(body).Distinct(StringComparer.Ordinal))
        {
            yield return [name];
        }

        if (path.Length > 1)
        {
            yield return path;
        }
    }

    private static bool IsId(JsonElement schema)
    {
        var plain = ApiDocument.Committed.Check.Resolve(schema);
        return plain.TryGetProperty("format", out var format) && format.GetString() == "uuid";
    }

    private static Dictionary<string, string> With(Dictionary<string, string> known, string[] names, Func<string, string> value)
    {
        var other = new Dictionary<string, string>(known, StringComparer.Ordinal);
        foreach (var name in names)
        {
            other[name] = value(name);
            other["?" + name] = other[name];
        }

        return other;
    }

    private JsonNode Body(ApiOperation operation, JsonElement schema, Dictionary<string, string> known) =>
        BadInputTests.Valid(operation, schema, "", known.Where(k => Guid.TryParse(k.Value, out _)).ToDictionary(k => k.Key, k => Guid.Parse(k.Value), StringComparer.Ordinal), Clock.GetUtcNow());

    private async Task<(int Status, string Body)> Call(ApiClient client, ApiOperation operation, Dictionary<string, string> known)
    {
        var address = PathName().Replace(operation.Path, m => Uri.EscapeDataString(known.GetValueOrDefault(m.Groups[1].Value) ?? throw new AssertionException($"Say in Things what {m.Groups[1].Value} is.")));
        var query = operation.Parameters("query").Select(p => (Name: p.GetProperty("name").GetString()!, Needed: p.TryGetProperty("required", out var r) && r.GetBoolean(), Id: IsId(p.GetProperty("schema"))))
            .Where(p => p.Id ? known.ContainsKey("?" + p.Name) || (p.Needed && known.ContainsKey(p.Name)) : false)
            .Select(p => $"{p.Name}={known[known.ContainsKey("?" + p.Name) ? "?" + p.Name : p.Name]}");
        var rest = BadInputTests.Needed(operation).TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Where(n => !Guid.TryParse(n[(n.IndexOf('=') + 1)..], out _)).Select(Ordered);
        var all = string.Join('&', query.Concat(rest));
        using var message = new HttpRequestMessage(new HttpMethod(operation.Method), address + (all.Length > 0 ? "?" + all : ""));
        if (operation.Body is { } schema)
        {
            message.Content = new StringContent(Body(operation, schema, known).ToJsonString(Json.Options), Encoding.UTF8, "application/json");
        }
        else if (operation.Json.TryGetProperty("requestBody", out _))
        {
            message.Content = new ByteArrayContent(Pictures.Png()) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        }

        using var response = await client.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead); // a stream has no end
        var body = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true ? await response.Content.ReadAsStringAsync() : "";
        return ((int)response.StatusCode, TraceId().Replace(body, ""));
    }

    /// <summary>A period ends after it begins.</summary>
    private static string Ordered(string parameter) => parameter.StartsWith("before=", StringComparison.Ordinal) ? "before=2026-03-03T09:00:00Z" : parameter;

    /// <summary>One of each thing that a path or a body can name, made anew in this town.</summary>
    private async Task<Dictionary<string, string>> Things(Town town, string tag)
    {
        var request = (await GivenRequest(town)).RequestId;
        var order = (await Send(town.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "看一下")]))).WorkOrders[0].WorkOrderId;
        var promise = await Send(town.Clerk, new MakePromise(request, "明天到", Clock.GetUtcNow().AddDays(1)));
        var customer = await Send(town.Clerk, new RegisterCustomer(town.CommunityId, tag + "客", [new NewContactPoint(ContactKind.Phone, "13912345678")], [new NewOccupancy(town.Places["3-2-1601"], OccupancyRole.Owner)]));
        var paid = (await GivenRequest(town)).RequestId;
        var paidOrder = (await Send(town.Clerk, new DispatchWork(paid, [new NewOrder(Crew.Engineering, "换阀门", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        var quote = await Send(town.Clerk, new QuoteWork(paidOrder, [new QuotedLine("阀门", 1, "个", 10)]));
        var joined = (await GivenRequest(town)).RequestId;
        var fault = await Send(town.Clerk, new OpenFault(town.CommunityId, "停水", town.Category(RequestKind.Repair, "water"), town.Places["3"], RequestId: joined));
        var unhappy = (await GivenRequest(town)).RequestId;
        await Send(town.Clerk, new AnswerRequest(unhappy, AnswerKind.Answered, "好的"));
        await Send(town.Clerk, new RecordFeedback(unhappy, Solved.Partly, 3, "王小明"));
        var silent = (await GivenRequest(town)).RequestId;
        await Send(town.Clerk, new AnswerRequest(silent, AnswerKind.Answered, "好的"));
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: false, CancellationToken.None);
        var attachment = await Send(town.Clerk, new AttachToRequest(request, new FileLabel(PhotoPurpose.Evidence, Visibility.Crew, "a.png"), Convert.ToHexStringLower(upload.Sha256), upload));
        var late = await GivenEscalation(paid);
        var shift = await Send(town.Manager, new PlanShift(town.CommunityId, Duty.Desk, town.Clerk.Id, Clock.GetUtcNow().AddHours(1 + (++planned * 3)), Clock.GetUtcNow().AddHours(2 + (planned * 3))));
        var leave = await Send(town.Manager, new PlanLeave(town.CommunityId, town.Officer.Id, Clock.GetUtcNow().AddHours(1 + (planned * 3)), Clock.GetUtcNow().AddHours(2 + (planned * 3))));
        var declared = await Send(town.Manager, new DeclareEvent(town.CommunityId, "台风 " + ++planned, Clock.GetUtcNow(), Clock.GetUtcNow().AddHours(1), 1.5m));
        var colleague = await Send(town.System, new JoinStaff(town.CommunityId, $"colleague{++planned}@{tag}{town.CommunityId}", "同事", PasswordHash, [Roles.Manager], [])); // an account of its own: doors may end it
        var category = await Send(town.People["administrator"], new MakeCategory(
            town.CommunityId, RequestKind.Repair, $"{tag}{++planned}", new CategoryWords("水管", "Pipes", Crew.Engineering, Priority.Normal, Payer.Free, false, []))); // one of its own: doors may retire it
        var token = await Send(town.People["administrator"], new MakeToken(tag, [new RoleIn(town.CommunityId, Roles.Clerk)], Clock.GetUtcNow().AddDays(1)) { Secret = Sessions.NewToken(Guid.NewGuid().ToString()) });
        var parked = Guid.CreateVersion7();
        await Execute(
            "insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_role, request_id, template, detail, created_at, send_after, parked_at, parked_why) values (@CommunityId, @parked, @parked::text, 'role', 'clerk', @request, 'requestUrged', '{}', @Now, @Now, @Now, 'exhausted')",
            new { town.CommunityId, parked, request, Now = Clock.GetUtcNow() });
        var inbound = Guid.CreateVersion7();
        await Execute(
            "insert into inbound_message (community_id, inbound_message_id, channel, external_id, kind, sender, text, received_at) values (@CommunityId, @inbound, 'sms', @inbound::text, 'toConfirm', '13900001111', '漏水', @Now)",
            new { town.CommunityId, inbound, Now = Clock.GetUtcNow() });
        var said = (await GivenRequest(town)).RequestId;
        await Send(town.Clerk, new AnswerRequest(said, AnswerKind.Answered, "好的"));
        var voice = await Send(town.Clerk, new ProposeVoice(said, "希望大堂有灯", "装了灯"));
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["voiceId"] = voice.VoiceId.ToString(),
            ["messageId"] = parked.ToString(),
            ["inboundMessageId"] = inbound.ToString(),
            ["template"] = town == Here ? "feedbackAsk" : "a-message-of-there", // messages and languages are the same everywhere
            ["language"] = town == Here ? "en" : "a-language-of-there",
            ["code"] = town == Here ? "desk" : "a-calendar-of-there", // codes are each community's own
            ["declaredEventId"] = declared.DeclaredEventId.ToString(),
            ["escalationId"] = late.EscalationId.ToString(),
            ["alarmId"] = late.AlarmId.ToString(),
            ["shiftId"] = shift.ShiftId.ToString(),
            ["leaveId"] = leave.LeaveId.ToString(),
            ["communityId"] = town.CommunityId.ToString(),
            ["requestId"] = request.ToString(),
            ["workOrderId"] = order.ToString(),
            ["promiseId"] = promise.PromiseId.ToString(),
            ["quoteId"] = quote.QuoteId.ToString(),
            ["faultId"] = fault.FaultId.ToString(),
            ["attachmentId"] = attachment.AttachmentId.ToString(),
            ["feedbackId"] = (await Scalar<Guid>("select feedback_id from feedback where request_id = @silent", new { silent })).ToString(),
            ["followUpId"] = (await Scalar<Guid>("select follow_up_id from follow_up where request_id = @unhappy", new { unhappy })).ToString(),
            ["categoryId"] = category.CategoryId.ToString(),
            ["placeId"] = town.Places["3-2-1502"].ToString(),
            ["parentId"] = town.Places["3-2"].ToString(),
            ["buildingId"] = town.Places["3"].ToString(),
            ["assetId"] = town.Lift.ToString(),
            ["customerId"] = customer.CustomerId.ToString(),
            ["contactPointId"] = (await Scalar<Guid>("select contact_point_id from contact_point where customer_id = @CustomerId", new { customer.CustomerId })).ToString(),
            ["occupancyId"] = (await Scalar<Guid>("select occupancy_id from occupancy where customer_id = @CustomerId", new { customer.CustomerId })).ToString(),
            ["teamId"] = town.Teams[Crew.Engineering].ToString(),
            ["assigneeId"] = town.Member(Crew.Engineering).Id.ToString(),
            ["staffId"] = colleague.ToString(),
            ["tokenId"] = token.TokenId.ToString(),
            ["inChargeId"] = town.Manager.Id.ToString(),
            ["aboutStaffId"] = town.Member(Crew.Engineering).Id.ToString(),
            ["sessionId"] = Guid.NewGuid().ToString(), // sessions are no community's: one's own are given, all others are absent
            ["jobId"] = "no-such-job", // jobs are no community's
            ["qrCode"] = "qr-" + town.Lift,
            ["district"] = town == Here ? "south" : "north",
        };
    }

    private (RoleRow? Row, Door? Door) RowOf(ApiOperation operation)
    {
        var endpoint = Routes().Single(r => r.Name == operation.ToString()).Endpoint;
        var metadata = endpoint.Metadata;
        var told = metadata.GetMetadata<Sends>()?.Command
            ?? (metadata.GetMetadata<ReadsQuery>()?.Query is { } query && query.IsDefined(typeof(AllowedToAttribute)) ? query : null)
            ?? metadata.GetMetadata<MethodInfo>()?.GetParameters().Select(p => p.ParameterType).SingleOrDefault(t => t.IsDefined(typeof(AllowedToAttribute)));
        if (told is not null)
        {
            Assert.That(metadata.GetMetadata<IAllowAnonymous>(), Is.Null, "What sends a command or a query is not for nobody.");
            return (RoleTable.Rows.Single(r => r.What == told), null);
        }

        Assert.That(WithoutCommand, Does.ContainKey(operation.ToString()), "This endpoint sends no command: say above who may come in.");
        var door = WithoutCommand[operation.ToString()];
        Assert.That(metadata.GetMetadata<IAllowAnonymous>() is not null, Is.EqualTo(door == Door.Anybody));
        return (null, door);
    }

    private IEnumerable<(string Name, RouteEndpoint Endpoint)> Routes() =>
        from endpoint in HostServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (method + " /" + Constraint().Replace(endpoint.RoutePattern.RawText!, "").Trim('/'), endpoint);

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathName();

    [GeneratedRegex(":[^}]+")]
    private static partial Regex Constraint();

    [GeneratedRegex("\"traceId\":\"[^\"]*\"")]
    private static partial Regex TraceId();
}
