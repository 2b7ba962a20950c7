using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Api.Endpoints;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Owner;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>
/// Every endpoint, tried by every role, in its own community, on another one's things, and by nobody; held against the role table.
/// The endpoints are those of the route table: a new one whose command has no row, or whose path names something that is not made
/// here, fails.
/// </summary>
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

    /// <summary>What is served beside <c>/api</c>, with who may come in and what they are answered.</summary>
    private static readonly Dictionary<string, (Way Way, int Expected)> BesideTheApi = new(StringComparer.Ordinal)
    {
        ["GET /health/live"] = (Way.Open, 200), // machines that look whether it runs
        ["GET /health/ready"] = (Way.Open, 200),
        ["GET /openapi/v1.json"] = (Way.Open, 200),
        ["GET /o/page.css"] = (Way.Open, 200),
        ["HEAD /o/page.css"] = (Way.Open, 200),
        ["GET /o/page.js"] = (Way.Open, 200),
        ["HEAD /o/page.js"] = (Way.Open, 200),
        ["GET /o/{token}"] = (Way.WhoHasTheLink, 200),
        ["HEAD /o/{token}"] = (Way.WhoHasTheLink, 200),
        ["GET /o/{token}/{form}"] = (Way.Open, 303), // to the page, whatever is there
        ["HEAD /o/{token}/{form}"] = (Way.Open, 303),
        ["GET /o/{token}/files/{attachmentId}"] = (Way.WhoHasTheLink, 200),
        ["HEAD /o/{token}/files/{attachmentId}"] = (Way.WhoHasTheLink, 200),
        ["POST /o/{token}/answer"] = (Way.WhoHasTheLinkAndIsNoStaff, 409),
        ["POST /o/{token}/word"] = (Way.WhoHasTheLinkAndIsNoStaff, 422),
        ["POST /o/{token}/urge"] = (Way.WhoHasTheLinkAndIsNoStaff, 303),
        ["POST /o/{token}/consent"] = (Way.WhoHasTheLinkAndIsNoStaff, 409),
        ["POST /o/{token}/withdrawal"] = (Way.WhoHasTheLinkAndIsNoStaff, 303),
        ["GET /r/{code}"] = (Way.WhoHasTheCode, 200), // on the lift, in the hall
        ["HEAD /r/{code}"] = (Way.WhoHasTheCode, 200),
        ["POST /r/{code}"] = (Way.WhoHasTheCode, 422),
        ["GET /v/{code}"] = (Way.WhoHasTheCode, 200),
        ["HEAD /v/{code}"] = (Way.WhoHasTheCode, 200),
    };

    /// <summary>What is served without a route: the web client, which has no data, and the page that reads the document. Of what is not served, nobody is told so who is not signed in.</summary>
    private static readonly (string Path, int Expected)[] WithoutRoute =
    [
        ("/", 200), ("/index.html", 200), ("/requests", 200), ("/admin/accounts", 200), ("/assets/index-0123abcd.js", 200), ("/openapi/index.html", 200),
        ("/assets/gone.js", 404), ("/appsettings.json", 404), ("/assets/..%2f..%2fappsettings.json", 404), ("/api", 404), ("/health", 404), ("/o", 404), ("/r", 404), ("/v", 404),
    ];

    /// <summary>Commands that say 403 for another reason than the role as well: it is another role's to do, though the role may do others of the kind.</summary>
    private static readonly HashSet<string> SomebodyElses = new(StringComparer.Ordinal) { "endFollowUp", "takeFollowUp", "releaseFollowUp", "snoozeFollowUp", "handOverFollowUp", "tryFollowUp" };

    private static readonly Roles[] Each = [.. Enum.GetValues<Roles>().Where(r => int.PopCount((int)r) == 1)];

    /// <summary>Who may do something of the kind, and not what is tried here, with the reason.</summary>
    private static readonly Dictionary<string, string> Otherwise = new(StringComparer.Ordinal)
    {
        ["endFollowUp.customerOfficer"] = "this one is the clerk's",
        ["takeFollowUp.customerOfficer"] = "this one is the clerk's",
        ["releaseFollowUp.customerOfficer"] = "this one is the clerk's",
        ["snoozeFollowUp.customerOfficer"] = "this one is the clerk's",
        ["handOverFollowUp.customerOfficer"] = "this one is the clerk's",
        ["tryFollowUp.customerOfficer"] = "this one is the clerk's",
    };

    private readonly Dictionary<Roles, Actor> people = [];
    private readonly string folder = Directory.CreateTempSubdirectory("desk-web-").FullName;
    private string? token;

    private enum Way
    {
        /// <summary>Whoever asks.</summary>
        Open,

        /// <summary>Whoever has the link to a request, signed in as staff or not.</summary>
        WhoHasTheLink,

        /// <summary>Staff who are signed in do not act as the owner.</summary>
        WhoHasTheLinkAndIsNoStaff,

        /// <summary>Whoever has the code of a place, a thing or a community.</summary>
        WhoHasTheCode,
    }

    private enum Door
    {
        Anybody,
        WhoeverIsSignedIn,
    }

    public static IEnumerable<TestCaseData> Operations =>
        ApiDocument.Committed.Operations.Where(o => o.Path.StartsWith("/api/", StringComparison.Ordinal)).Select(o => new TestCaseData(o).SetArgDisplayNames(o.Id));

    /// <summary>With the web client beside it, as it is served.</summary>
    protected override void Configure(WebApplicationBuilder builder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        File.WriteAllText(Path.Combine(folder, "index.html"), "<!doctype html><html><head><title>desk</title></head></html>");
        File.WriteAllText(Path.Combine(folder, "assets", "index-0123abcd.js"), "export {}");
        builder.Configuration["Desk:Web"] = folder;
    }

    protected override async Task Closing()
    {
        await base.Closing();
        Directory.Delete(folder, recursive: true);
    }

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
            foreach (var role in Each.Where(r => r != Roles.System))
            {
                await As(await Both(role)); // before anything turns the clock, by which sign-ins are counted, forward and back
            }
        }
    }

    [Test]
    public void Every_route_is_tried_here() =>
        Assert.That(
            Operations.Select(o => ((ApiOperation)o.Arguments[0]!).ToString()).Order(),
            Is.EqualTo(Routes().Where(r => r.Name.Contains(" /api/", StringComparison.Ordinal)).Select(r => r.Name).Order()));

    [Test]
    public void Every_route_beside_the_api_is_in_the_list_of_who_may() =>
        Assert.That(
            Routes().Where(r => !r.Name.Contains(" /api/", StringComparison.Ordinal)).Select(r => r.Name).Order(StringComparer.Ordinal), Is.EqualTo(BesideTheApi.Keys.Order(StringComparer.Ordinal)), "Say above who may come in.");

    /// <summary>Nobody and every role, with a link or code that is made up and with a right one; as a browser asks.</summary>
    [Test]
    public async Task What_is_served_beside_the_api_opens_for_whoever_the_list_says()
    {
        var (request, _) = await GivenWorking();
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: false, CancellationToken.None);
        var file = (await Send(Here.Clerk, new AttachToRequest(request, new FileLabel(PhotoPurpose.Evidence, Visibility.Owner, "a.png"), Convert.ToHexStringLower(upload.Sha256), upload))).AttachmentId;
        var (another, _) = await GivenWorking();
        var code = await Scalar<string>("select report_code from community where community_id = @CommunityId", new { Here.CommunityId });
        var wrong = new List<string>();

        string At(string path, string link, string theCode, Guid theFile) =>
            path.Replace("{token}", link, StringComparison.Ordinal).Replace("{form}", "answer", StringComparison.Ordinal).Replace("{code}", theCode, StringComparison.Ordinal).Replace("{attachmentId}", theFile.ToString(), StringComparison.Ordinal);

        foreach (var (name, (way, expected)) in BesideTheApi)
        {
            var (method, path) = (name.Split(' ')[0], name.Split(' ')[1]);
            var bodies = new HashSet<string>(StringComparer.Ordinal);
            foreach (var role in Each.Prepend(Roles.None))
            {
                var client = role == Roles.None ? Anonymous : await As(people[role]);
                var staff = role != Roles.None;
                if (way != Way.Open)
                {
                    var madeUp = await Ask(client, method, At(path, new string('a', 32), "no-such-code-0", file));
                    bodies.Add(madeUp.Body);
                    if (madeUp.Status != 404)
                    {
                        wrong.Add($"{name}, {role}, made up: {madeUp.Status} {madeUp.Body}");
                    }
                }

                var link = way is Way.WhoHasTheLink or Way.WhoHasTheLinkAndIsNoStaff ? await LinkOf(request) : new string('a', 32);
                var (status, body) = await Ask(client, method, At(path, link, code!, file));
                if (status != (way == Way.WhoHasTheLinkAndIsNoStaff && staff ? 403 : expected) || body.Contains("<title>desk</title>", StringComparison.Ordinal))
                {
                    wrong.Add($"{name}, {role}: {status} {body}");
                }

                if (name.Contains("/files/", StringComparison.Ordinal) && (await Ask(client, method, At(path, await LinkOf(another), code!, file))).Status != 404)
                {
                    wrong.Add($"{name}, {role}: a file of another request");
                }
            }

            if (bodies.Count > 1)
            {
                wrong.Add($"{name}: what is not there is not the same for all");
            }
        }

        foreach (var (path, expected) in WithoutRoute)
        {
            foreach (var role in Each.Prepend(Roles.None))
            {
                var (status, body) = await Ask(role == Roles.None ? Anonymous : await As(people[role]), "GET", path);
                if (status != (role == Roles.None && expected == 404 ? 401 : expected) || (status is 401 or 404 && body.Contains("<title>desk</title>", StringComparison.Ordinal)))
                {
                    wrong.Add($"{path}, {role}: {status} {body}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    private static async Task<(int Status, string Body)> Ask(ApiClient client, string method, string path)
    {
        using var message = new HttpRequestMessage(new HttpMethod(method), path);
        message.Headers.TryAddWithoutValidation("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        if (method == "POST")
        {
            message.Content = new FormUrlEncodedContent([]);
        }

        using var response = await client.Http.SendAsync(message);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<string> LinkOf(Guid request) =>
        await Service<OwnerLinks>().TokenOf(await Scalar<Guid>("select owner_link_id from owner_link where request_id = @request", new { request }), CancellationToken.None);

    [TestCaseSource(nameof(Operations))]
    public async Task Each_role_may_do_in_its_own_community_what_the_table_says_and_nobody_may_do_anything(ApiOperation operation)
    {
        var (row, door) = RowOf(operation);
        var wrong = new List<string>();
        var done = Roles.None;
        Dictionary<string, string>? untouched = null; // what only was looked at, or refused, is as it was
        Dictionary<string, string> known = [];
        var shown = false;
        foreach (var role in Each)
        {
            known = untouched ?? await Things(operation, people[role]);
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

            // Whoever is let in is also let do it: what is refused for its state shows nothing of the role.
            if (status is >= 200 and < 300)
            {
                done |= role;
                if (operation.Method != "GET" && InFull.Any(n => body.Contains(n, StringComparison.Ordinal)))
                {
                    shown = true;
                    if (!ShowsInFull.ContainsKey(operation.Id))
                    {
                        wrong.Add($"{role} reads a number in full: {body}");
                    }
                }
            }
            else if (row is not null && row.All.HasFlag(role) && !Otherwise.ContainsKey(operation.Id + "." + EnumWord.Of(role)))
            {
                wrong.Add($"{role} may, and does not: {status} {body}");
            }
        }

        if (row is not null && done == Roles.None)
        {
            wrong.Add("nobody of those who may has done it");
        }

        if (ShowsInFull.ContainsKey(operation.Id) && !shown)
        {
            wrong.Add("it is said to show a number in full, and does not");
        }

        var (nobodys, reply) = await Call(Anonymous, operation, known);
        if (door == Door.Anybody ? nobodys == 403 : nobodys != 401 || !reply.Contains("\"session.needed\"", StringComparison.Ordinal))
        {
            wrong.Add($"nobody: {nobodys} {reply}");
        }

        Assert.That(wrong, Is.Empty);
    }

    /// <summary>Somebody who is everything in another community is here what they are here, whichever way a thing of ours is named.</summary>
    [TestCaseSource(nameof(Operations))]
    public async Task What_somebody_may_do_elsewhere_they_may_not_do_here(ApiOperation operation)
    {
        var (row, _) = RowOf(operation);
        var less = Each.Where(r => r != Roles.System && row is not null && !row.All.HasFlag(r)).ToArray();
        if (operation.Id == "runJobNow")
        {
            return; // jobs are the whole desk's: an administrator of any community hints at them
        }

        if (less.Length == 0 || (row!.All & ~Roles.System) == Roles.None || (!operation.Parameters("path").Any() && operation.Method == "GET"))
        {
            return; // everybody may, or only systems; a list shows what is of the communities where one may, which others try
        }

        var known = await Things(operation, Here.Member(Crew.Engineering));
        var wrong = new List<string>();
        foreach (var role in less)
        {
            var (status, body) = await Call(await As(await Both(role)), operation, known);
            if (status is not (403 or 404) || !NotTheirs().IsMatch(body))
            {
                wrong.Add($"{role}: {status} {body}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    private readonly Dictionary<Roles, Actor> both = [];

    /// <summary>Somebody who has this role here, and every other one there.</summary>
    private async Task<Actor> Both(Roles role)
    {
        if (!both.TryGetValue(role, out var actor))
        {
            var id = await Send(Here.System, new JoinStaff(Here.CommunityId, $"both-{role}@here".ToLowerInvariant(), "both", PasswordHash, [role], [], IsDemo: true));
            await Execute(
                """
                insert into community_staff (community_id, staff_id, joined_at) values (@CommunityId, @id, @Now);
                insert into staff_role (community_id, staff_id, role, granted_at) select @CommunityId, @id, r, @Now from unnest(@all) r
                """,
                new { There.CommunityId, id, Now = Clock.GetUtcNow(), all = Each.Where(r => r != Roles.System).Select(EnumWord.Of).ToArray() });
            both[role] = actor = Here.Clerk with { Id = id };
        }

        return actor;
    }

    /// <summary>What sends no command opens, too, for whoever has what it asks for: one way through all of these doors.</summary>
    [Test]
    public async Task What_sends_no_command_does_what_it_is_for()
    {
        var done = new List<string>();
        var id = await Send(Here.System, new JoinStaff(Here.CommunityId, "walker@here", "walker", PasswordHash, [Roles.Clerk], []));
        using var client = new ApiClient(Address, new Unexpected());

        async Task Does(string method, string path, object? body = null, HttpStatusCode expected = HttpStatusCode.OK)
        {
            await client.Send(new HttpMethod(method), path, body, expected);
            done.Add(method + " " + path);
        }

        async Task Code(string path, HttpStatusCode expected = HttpStatusCode.OK)
        {
            Clock.Advance(TimeSpan.FromSeconds(30)); // each is good once
            var secret = await Scalar<byte[]>("select secret from staff_factor where staff_id = @id", new { id });
            await Does("POST", path, new { code = Totp.CodeAt(secret!, Totp.StepAt(Clock.GetUtcNow())) }, expected);
        }

        async Task Signed(string path)
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new { messageId = "m1", sender = "13800138000", text = "谢谢", community = "here" }, Json.Options);
            using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
            SignedByTests.Sign(message, body);
            using var response = await Anonymous.Http.SendAsync(message);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
            done.Add("POST " + path);
        }

        async Task Says(string path)
        {
            using var response = await Anonymous.Http.GetAsync(path);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            done.Add("GET " + path);
        }

        const string Own = "vier gewinnt nie 9";
        await Says("/health/live");
        await Says("/health/ready");
        await Signed("/api/inbound/sms");
        await Signed("/api/inbound/email");
        await Does("POST", "/api/session", new { signInName = "walker@here", password = Town.Password });
        await Does("GET", "/api/session");
        await Does("POST", "/api/password", new { current = Town.Password, @new = Own });
        await Does("POST", "/api/second-factor");
        await Does("GET", "/api/second-factor");
        await Code("/api/second-factor/confirmation");
        await Code("/api/second-factor/recovery-codes");
        await Does("DELETE", "/api/session", expected: HttpStatusCode.NoContent);
        await client.PostJson("/api/session", new { signInName = "walker@here", password = Own }, HttpStatusCode.OK);
        await Code("/api/session/second-factor");
        await Code("/api/second-factor/removal", HttpStatusCode.NoContent);

        Assert.That(done, Is.EquivalentTo(ApiDocument.Committed.Operations.Select(o => o.ToString()).Where(o => o.Contains(" /health/", StringComparison.Ordinal) || WithoutCommand.ContainsKey(o))));
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

        var known = await Things(operation, Here.Member(Crew.Engineering));
        var theirs = await Things(operation, There.Member(Crew.Engineering), There);
        var wrong = new List<string>();
        var all = Named(operation, known).ToArray();
        var read = all.ToDictionary(n => string.Join('+', n), n => (Read: false, Last: ""), StringComparer.Ordinal);
        foreach (var role in Each.Where(r => row.All.HasFlag(r)))
        {
            var client = await As(people[role]);
            foreach (var names in all)
            {
                var foreign = await Call(client, operation, With(known, names, n => theirs.GetValueOrDefault(n) ?? throw new AssertionException($"Say in Things what {n} is.")));
                var absent = await Call(client, operation, With(known, names, Absent));
                if (foreign != absent || foreign.Status is 401 or >= 500)
                {
                    wrong.Add($"{role}, {string.Join('+', names)}:\n  another's {foreign.Status} {foreign.Body}\n  absent    {absent.Status} {absent.Body}");
                }

                var which = string.Join('+', names);
                read[which] = (read[which].Read || IsMissed(operation, absent.Status, absent.Body), $"{absent.Status} {absent.Body}");
            }
        }

        // Whoever may not do it here learns nothing by it either: neither of what is theirs nor of what is nobody's.
        foreach (var role in Each.Where(r => !row.All.HasFlag(r)))
        {
            var client = await As(people[role]);
            var ours = await Call(client, operation, known);
            if (ours.Status != 403 || !ours.Body.Contains("\"role.not_allowed\"", StringComparison.Ordinal))
            {
                wrong.Add($"{role}, ours: {ours.Status} {ours.Body}");
            }

            foreach (var names in all)
            {
                var foreign = await Call(client, operation, With(known, names, n => theirs[n]));
                var absent = await Call(client, operation, With(known, names, Absent));
                if (foreign != absent || foreign.Status is not (403 or 404) || !NotTheirs().IsMatch(foreign.Body))
                {
                    wrong.Add($"{role} may not, {string.Join('+', names)}:\n  another's {foreign.Status} {foreign.Body}\n  absent    {absent.Status} {absent.Body}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);

        // That both were refused for something else would show nothing: somebody was told that it is not there.
        Assert.That(read.Where(r => !r.Value.Read).Select(r => $"{operation.Id}.{r.Key}: {r.Value.Last}"), Is.Empty);
    }

    /// <summary>The name of nothing.</summary>
    private static string Absent(string name) => name == "qrCode" ? "QR-00000000" : Guid.CreateVersion7().ToString();

    /// <summary>The answer says that something is not there; a list that is narrowed to it, nothing.</summary>
    private static bool IsMissed(ApiOperation operation, int status, string body) =>
        status == 404 || Missed().IsMatch(body) || (operation.Method == "GET" && status == 200);

    /// <summary>Who works here, in another crew: orders of a crew, and what these serve, are not there for the others, and never done by them.</summary>
    [TestCaseSource(nameof(Operations))]
    public async Task What_is_another_crews_is_not_there_for_a_crew_of_the_same_community(ApiOperation operation)
    {
        var (row, _) = RowOf(operation);
        var roles = new[] { Roles.CrewMember, Roles.CrewLead }.Where(r => row is not null && row.Own.HasFlag(r) && !row.Everywhere.HasFlag(r)).ToArray();
        if (roles.Length == 0)
        {
            return;
        }

        var known = await Things(operation, Here.Member(Crew.Engineering), more: OfACrew);
        var named = operation.Parameters("path").Select(p => p.GetProperty("name").GetString()!).Any(OfACrew.Contains) && operation.Id != "getFault";
        var wrong = new List<string>();
        foreach (var role in roles)
        {
            var client = await As(role == Roles.CrewLead ? Here.Lead(Crew.Environment) : Here.Member(Crew.Environment));
            var (status, body) = await Call(client, operation, known);
            var fits = named
                ? status == 404 || (status == 403 && Others().IsMatch(body))
                : status == 200 && !OfACrew.Where(n => n != "faultId").Any(n => body.Contains(known[n], StringComparison.Ordinal)) && !Counted().IsMatch(body);
            if (!fits)
            {
                wrong.Add($"{role}: {status} {body}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    private static readonly string[] OfACrew = ["requestId", "workOrderId", "promiseId", "attachmentId", "quoteId", "faultId"];

    /// <summary>Crews ring whom their open order is for; nothing else shows a number in full to whoever has not asked for it.</summary>
    [Test]
    public async Task No_door_that_is_only_looked_through_shows_a_number_in_full()
    {
        var stage = new Stage(this, Here, Here.Member(Crew.Engineering));
        var reading = Operations.Select(o => (ApiOperation)o.Arguments[0]!).Where(o => o.Method == "GET" && o.Id != "followEvents" && RowOf(o).Row is not null).ToArray();
        var known = await stage.Set(reading.SelectMany(o => StagedCalls.Names(o)).Concat(["messageId", "inboundMessageId", "escalationId", "faultId", "followUpId", "feedbackId"]));
        var requests = stage.Requests.Append(Guid.Parse(known["requestId"])).ToArray();
        await Execute("update contact_point set value = '138 0013 8000', normalised = '13800138000' where customer_id = @Customer and kind = 'phone'", new { Here.Customer });
        await Execute("update staff set phone = null; update team set phone = null"); // colleagues' own numbers are no secret
        await Execute("update request set reporter_phone = '13700001111' where request_id = @Id", new { Id = requests[^1] });
        known["?q"] = "13912345678";
        var wrong = new List<string>();
        var seen = 0;
        foreach (var operation in reading)
        {
            foreach (var role in Each.Where(r => RowOf(operation).Row!.All.HasFlag(r)))
            {
                var client = await As(people[role]);
                foreach (var one in operation.Path.Contains("{requestId}", StringComparison.Ordinal) ? requests : requests[^1..])
                {
                    var (status, body) = await Call(client, operation, new Dictionary<string, string>(known, StringComparer.Ordinal) { ["requestId"] = one.ToString() });
                    seen += status == 200 && body.Contains('*', StringComparison.Ordinal) ? 1 : 0;
                    if (InFull.Any(n => body.Contains(n, StringComparison.Ordinal)) && !(operation.Id == "getWorkOrder" && role is Roles.CrewMember or Roles.CrewLead))
                    {
                        wrong.Add($"{operation.Id}, {role}: {body}");
                    }
                }
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(seen, Is.GreaterThan(20), "Something is masked: there was something to see.");
    }

    /// <summary>The customers' of the stage, of whoever wrote in, and what is typed into a body.</summary>
    private static readonly string[] InFull = ["13800138000", "138 0013 8000", "13912345678", "13900001111", "13700001111"];

    /// <summary>What changes something and answers with a number in full, with the reason.</summary>
    private static readonly Dictionary<string, string> ShowsInFull = new(StringComparer.Ordinal)
    {
        ["showCustomerContact"] = "that is what it is for, and it is written down",
        ["showRequestContact"] = "that is what it is for, and it is written down",
        ["copyCustomer"] = "that is what it is for, and it is written down",
    };

    /// <summary>A token may have every role that tokens have: it gives nobody a role, and what only people do is refused before anything is read.</summary>
    [TestCaseSource(nameof(Operations))]
    public async Task A_token_makes_nobody_anything_and_meets_no_fault_of_ours(ApiOperation operation)
    {
        const string All = "select count(*) from (select staff_id, role from staff_role union all select staff_id, role from district_role) r";
        var (row, _) = RowOf(operation);
        var known = await Things(operation, Here.Clerk);
        Roles[] roles = [Roles.Clerk, Roles.CustomerOfficer, Roles.Manager, Roles.System];
        if (token is null)
        {
            token = "desk_" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
            await Send(Here.People["administrator"], new MakeToken("all", [.. roles.Select(r => new RoleIn(Here.CommunityId, r))], Clock.GetUtcNow().AddDays(1)) { Secret = Sessions.NewToken(token) });
        }

        using var system = new ApiClient(Address, new Unexpected());
        system.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

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
    [Test]
    public async Task What_is_hidden_answers_exactly_as_what_is_not_there()
    {
        var tried = Operations.Select(o => (ApiOperation)o.Arguments[0]!).Where(o => RowOf(o).Row is not null && StagedCalls.Names(o).Intersect(OfARequest, StringComparer.Ordinal).Any()).ToArray();
        accused ??= await Accused();
        var hidden = await Hidden(); // one for all: nothing of it is there for them, so nothing of it changes
        var client = await As(accused);
        var wrong = new List<string>();
        var looks = 0;
        foreach (var operation in tried)
        {
            var known = await Things(operation, Here.Member(Crew.Engineering));
            foreach (var name in Named(operation, known).Where(n => n.Length == 1 && OfARequest.Contains(n[0])))
            {
                looks++;
                var concealed = await Call(client, operation, With(known, name, n => hidden[n]));
                var absent = await Call(client, operation, With(known, name, _ => Guid.CreateVersion7().ToString()));
                if (concealed != absent || concealed.Status is 401 or >= 500)
                {
                    wrong.Add($"{operation.Id}.{name[0]}:\n  hidden {concealed.Status} {concealed.Body}\n  absent {absent.Status} {absent.Body}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(looks, Is.GreaterThan(50), "there was something to look at");
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
        var query = operation.Parameters("query").Where(p => StagedCalls.IsId(p.GetProperty("schema"))).Select(p => p.GetProperty("name").GetString()!);
        var body = operation.Body is { } schema ? StagedCalls.Ids(StagedCalls.Body(operation, schema, known, Here, Clock.GetUtcNow(), _ => true), "") : [];
        foreach (var name in path.Concat(query).Concat(body).Distinct(StringComparer.Ordinal))
        {
            yield return [name];
        }

        if (path.Length > 1)
        {
            yield return path;
        }
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

    private async Task<(int Status, string Body)> Call(ApiClient client, ApiOperation operation, Dictionary<string, string> known)
    {
        using var message = new HttpRequestMessage(new HttpMethod(operation.Method), StagedCalls.Address(operation, known));
        if (operation.Body is { } schema)
        {
            message.Content = new StringContent(StagedCalls.Body(operation, schema, known, Here, Clock.GetUtcNow()).ToJsonString(Json.Options), Encoding.UTF8, "application/json");
        }
        else if (StagedCalls.TakesFile(operation))
        {
            message.Content = new ByteArrayContent(StagedCalls.File(operation)) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        }

        if (known.TryGetValue("!If-Match", out var match))
        {
            message.Headers.TryAddWithoutValidation("If-Match", match);
        }

        using var response = await client.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead); // a stream has no end
        var body = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true ? await response.Content.ReadAsStringAsync() : "";
        return ((int)response.StatusCode, TraceId().Replace(body, ""));
    }

    /// <summary>What this operation names, made anew in a town, and as it has to be for the call to succeed.</summary>
    private async Task<Dictionary<string, string>> Things(ApiOperation operation, Actor who, Town? town = null, params string[] more)
    {
        var stage = await StagedCalls.Set(this, operation, town ?? Here, who, ours: town is null, more);
        HostServices.GetRequiredService<Holders>().Forget(); // what they hold now was not given through this host
        return stage.Known;
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

    /// <summary>A code that says that one may not, or that it is not there.</summary>
    [GeneratedRegex("\"code\":\"(role[.]not_allowed|account[.]works_elsewhere|district[.]not_all_yours|[a-z_.]+_found)\"")]
    private static partial Regex NotTheirs();

    /// <summary>A code that says that something is not there.</summary>
    [GeneratedRegex("\"code\":\"([a-z_.]*[._](unknown|not_found)|assignee[.]not_in_team|team[.]not_a_member)\"")]
    private static partial Regex Missed();

    /// <summary>A code that says that it is somebody else's.</summary>
    [GeneratedRegex("\"code\":\"[a-z_]+[.](somebody_elses|other_team)\"")]
    private static partial Regex Others();

    [GeneratedRegex("\"requests\":[1-9]")]
    private static partial Regex Counted();

    [GeneratedRegex(":[^}]+")]
    private static partial Regex Constraint();

    [GeneratedRegex("\"traceId\":\"[^\"]*\"")]
    private static partial Regex TraceId();
}
