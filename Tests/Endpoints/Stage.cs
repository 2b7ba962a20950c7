using System.Text.Json;
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
/// One of each thing that a path, a query or a body can name, made anew in a town when it is named first; and what has to have happened
/// to it before a call can succeed.
/// </summary>
/// <param name="who">Whoever is to call.</param>
internal sealed class Stage(DeskFixture desk, Town town, Actor who, bool ours = true)
{
    private static int planned;

    private readonly Dictionary<string, string> known = new(StringComparer.Ordinal)
    {
        ["template"] = ours ? "feedbackAsk" : "a-message-of-there", // messages and languages are the same everywhere
        ["language"] = ours ? "en" : "a-language-of-there",
        ["code"] = ours ? "desk" : "a-calendar-of-there", // codes are each community's own
        ["district"] = ours ? "south" : "north",
        ["communityId"] = town.CommunityId.ToString(),
        ["categoryId"] = town.Category(RequestKind.Repair, "water").ToString(),
        ["placeId"] = town.Places["3-2-1502"].ToString(),
        ["parentId"] = town.Places["3-2"].ToString(),
        ["buildingId"] = town.Places["3"].ToString(),
        ["assetId"] = town.Lift.ToString(),
        ["qrCode"] = "qr-" + town.Lift,
        ["teamId"] = town.Teams[Crew.Engineering].ToString(),
        ["assigneeId"] = town.Member(Crew.Engineering).Id.ToString(),
        ["aboutStaffId"] = town.Member(Crew.Engineering).Id.ToString(),
        ["inChargeId"] = town.Manager.Id.ToString(),
        ["deputyId"] = town.Clerk.Id.ToString(),
        ["sessionId"] = Guid.NewGuid().ToString(), // sessions are no community's: one's own are given, all others are absent
        ["jobId"] = "no-such-job", // jobs are no community's
    };

    /// <summary>What is on it, by name; <c>=field</c> is what is said in a body.</summary>
    public Dictionary<string, string> Known => known;

    public Town Town => town;

    /// <summary>Whether what is everybody's, and has no community, is meant here.</summary>
    private bool Ours => ours;

    public DateTimeOffset Now => desk.Clock.GetUtcNow();

    /// <summary>Who does the work: the caller, where it is one of the crew, or somebody who speaks for an external team.</summary>
    private Actor Worker => who.Has(town.CommunityId, Roles.CrewMember | Roles.CrewLead | Roles.Clerk) ? who : town.Member(Crew.Engineering);

    private static string Anew => Interlocked.Increment(ref planned).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public async Task<Dictionary<string, string>> Set(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            await Make(name);
        }

        return known;
    }

    public async Task<Guid> The(string name)
    {
        await Make(name);
        return Guid.Parse(known[name]);
    }

    /// <summary>From now on this is what is meant by the name.</summary>
    public void Is(string name, object value) => known[name] = value.ToString()!;

    /// <summary>What the body says in this field; null: nothing.</summary>
    public void Says(string field, object? value) => known["=" + field] = value is null ? "" : JsonSerializer.Serialize(value, Json.Options);

    public Task<T> Send<T>(Actor actor, MediatR.IRequest<T> request) => desk.Send(actor, request);

    public Task Execute(string sql, object? args = null) => desk.Execute(sql, args);

    public async Task<T> Read<T>(string sql, object? args = null) => (await desk.Scalar<T>(sql, args))!;

    public Task<int> Version(string table, Guid id) => Read<int>($"select version from {table} where {table}_id = @id", new { id });

    private Actor Administrator => town.People["administrator"];

    private async Task<Guid> OwnPlace() =>
        (await Send(Administrator, new AddPlace(town.CommunityId, PlaceKind.CommonArea, "P" + Anew, "大堂"))).PlaceId;

    private async Task<Guid> OwnCategory() =>
        (await Send(Administrator, new MakeCategory(town.CommunityId, RequestKind.Repair, "c" + Anew, new CategoryWords("水管", "Pipes", Crew.Engineering, Priority.Normal, Payer.Free, false, [])))).CategoryId;

    /// <summary>A district with one community, of which the caller is administrator, if they are here.</summary>
    private async Task<string> OwnDistrict()
    {
        var (id, code) = (Guid.CreateVersion7(), "d" + Anew);
        var system = Actor.SystemIn(id);
        var name = await desk.Scalar<string>("select sign_in_name from staff where staff_id = @Id", new { (who.Has(town.CommunityId, Roles.Administrator) ? who : Administrator).Id });
        await Send(system, new MakeCommunity(id, code, "小区" + code, "Community " + code, "Asia/Shanghai"));
        await Send(system, new JoinStaff(id, name!, name!, DeskFixture.PasswordHash, [Roles.Administrator], []));
        await Send(system, new PutIntoDistrict(id, code, code));
        return code;
    }

    private Task<Guid> OwnTeam() => Send(town.System, new MakeTeam(town.CommunityId, Crew.Engineering, "班" + Anew, "Team", External: true));

    /// <summary>A request that nobody was sent for.</summary>
    public async Task<Guid> Fresh() => (await desk.GivenRequest(town)).RequestId;

    /// <summary>The order is an external team's, where the caller has no other that is theirs.</summary>
    public async Task Theirs()
    {
        if (who.Has(town.CommunityId, Roles.Clerk))
        {
            var team = await Send(town.System, new MakeTeam(town.CommunityId, Crew.Engineering, "外委" + Anew, "External", External: true));
            await Execute("update work_order set team_id = @team where work_order_id = @id", new { team, id = await The("workOrderId") });
        }
    }

    public async Task Accepted()
    {
        await Theirs();
        await Send(Worker, new AcceptWork(await The("workOrderId")));
    }

    public async Task Working()
    {
        await Accepted();
        await Send(Worker, new ArriveOnSite(await The("workOrderId")));
    }

    public async Task OnHold()
    {
        await Working();
        await Send(Worker, new HoldWork(await The("workOrderId"), HoldReason.Parts, Now.AddHours(1)));
    }

    public async Task Done()
    {
        await Working();
        await Send(Worker, new CompleteWork(await The("workOrderId"), "换了密封圈"));
    }

    /// <summary>The order that the owner pays is what is meant.</summary>
    public async Task Paid() => Is("workOrderId", await The("waitsForId"));

    /// <summary>The request whose owner was asked, and has not answered, is what is meant.</summary>
    public async Task Asked()
    {
        await The("feedbackId");
        Is("requestId", silent);
    }

    private Guid silent;
    private Guid unhappy;
    private Guid joined;

    /// <summary>The one whose owner said that it is solved in part.</summary>
    public async Task Answered()
    {
        await The("followUpId");
        Is("requestId", unhappy);
    }

    /// <summary>The one that is joined to the fault.</summary>
    public async Task Joined()
    {
        await The("faultId");
        Is("requestId", joined);
    }

    /// <summary>The fault had an order, which is done.</summary>
    private async Task FaultDone()
    {
        var order = (await Send(town.Clerk, new DispatchFault(await The("faultId"), [new NewOrder(Crew.Engineering, "修水泵")]))).WorkOrders[0].WorkOrderId;
        var member = town.Member(Crew.Engineering);
        await Send(member, new AcceptWork(order));
        await Send(member, new ArriveOnSite(order));
        await Send(member, new CompleteWork(order, "换了水泵"));
    }

    /// <summary>Whatever a request is named by, all those that were made.</summary>
    public IEnumerable<Guid> Requests => new[] { silent, unhappy, joined }.Where(r => r != Guid.Empty);

    /// <summary>A complaint is what is meant.</summary>
    private async Task Complaint() => Is("requestId", (await Send(
        town.Clerk, new ReceiveRequest(town.CommunityId, RequestKind.Complaint, Channel.Phone, town.Category(RequestKind.Complaint, "noise"), "太吵", CustomerId: town.Customer))).RequestId);

    private async Task<Guid> Attached(Actor by)
    {
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: false, CancellationToken.None);
        var label = new FileLabel(PhotoPurpose.Evidence, Visibility.Crew, "a.png");
        return (await Send(by, new AttachToRequest(await The("requestId"), label, Convert.ToHexStringLower(upload.Sha256), upload))).AttachmentId;
    }

    private async Task<Guid> Dispatched(NewOrder order, Guid request) => (await Send(town.Clerk, new DispatchWork(request, [order]))).WorkOrders[0].WorkOrderId;

    private async Task Make(string name)
    {
        if (known.ContainsKey(name))
        {
            return;
        }

        var community = town.CommunityId;
        switch (name)
        {
            case "requestId" or "workOrderId":
                var request = await Fresh();
                Is("requestId", request);
                Is("workOrderId", await Dispatched(new NewOrder(Crew.Engineering, "看一下"), request));
                break;
            case "promiseId":
                Is(name, (await Send(town.Clerk, new MakePromise(await The("requestId"), "明天到", Now.AddDays(1)))).PromiseId);
                break;
            case "attachmentId":
                Is(name, await Attached(town.Clerk));
                break;
            case "customerId" or "contactPointId" or "occupancyId":
                var customer = await Send(town.Clerk, new RegisterCustomer(community, "客" + Anew, [new NewContactPoint(ContactKind.Phone, "13912345678")], [new NewOccupancy(town.Places["3-2-1601"], OccupancyRole.Owner)]));
                Is("customerId", customer.CustomerId);
                Is("contactPointId", await Read<Guid>("select contact_point_id from contact_point where customer_id = @CustomerId", new { customer.CustomerId }));
                Is("occupancyId", await Read<Guid>("select occupancy_id from occupancy where customer_id = @CustomerId", new { customer.CustomerId }));
                break;
            case "waitsForId" or "duplicateOfId" or "quoteId" or "escalationId" or "alarmId":
                var paid = await Fresh();
                var order = await Dispatched(new NewOrder(Crew.Engineering, "换阀门", Payer: Payer.Owner), paid);
                Is("duplicateOfId", paid);
                Is("waitsForId", order);
                Is("quoteId", (await Send(town.Clerk, new QuoteWork(order, [new QuotedLine("阀门", 1, "个", 10)]))).QuoteId);
                var late = await desk.GivenEscalation(paid);
                Is("escalationId", late.EscalationId);
                Is("alarmId", late.AlarmId);
                break;
            case "faultId":
                joined = await Fresh();
                Is(name, (await Send(town.Clerk, new OpenFault(community, "停水", town.Category(RequestKind.Repair, "water"), town.Places["3"], RequestId: joined))).FaultId);
                break;
            case "followUpId":
                unhappy = await Fresh();
                await Send(town.Clerk, new AnswerRequest(unhappy, AnswerKind.Answered, "好的"));
                await Send(town.Clerk, new RecordFeedback(unhappy, Solved.Partly, 3, "王小明"));
                Is(name, await Read<Guid>("select follow_up_id from follow_up where request_id = @unhappy", new { unhappy }));
                break;
            case "feedbackId":
                silent = await Fresh();
                await Send(town.Clerk, new AnswerRequest(silent, AnswerKind.Answered, "好的"));
                Is(name, await Read<Guid>("select feedback_id from feedback where request_id = @silent", new { silent }));
                break;
            case "voiceId":
                var said = await Fresh();
                await Send(town.Clerk, new AnswerRequest(said, AnswerKind.Answered, "好的"));
                Is(name, (await Send(town.Clerk, new ProposeVoice(said, "希望大堂有灯", "装了灯"))).VoiceId);
                break;
            case "shiftId":
                var (from, to) = Hours();
                Is(name, (await Send(town.Manager, new PlanShift(community, Duty.Desk, town.Clerk.Id, from, to))).ShiftId);
                break;
            case "leaveId":
                (from, to) = Hours();
                Is(name, (await Send(town.Manager, new PlanLeave(community, town.Officer.Id, from, to))).LeaveId);
                break;
            case "declaredEventId":
                Is(name, (await Send(town.Manager, new DeclareEvent(community, "台风 " + Anew, Now, Now.AddHours(1), 1.5m))).DeclaredEventId);
                break;
            case "staffId": // an account of its own: doors may end it
                Is(name, await Send(town.System, new JoinStaff(community, $"colleague{Anew}@{community}", "同事", DeskFixture.PasswordHash, [Roles.Manager], [])));
                break;
            case "tokenId":
                var right = new RoleIn(community, Roles.Clerk);
                Is(name, (await Send(town.People["administrator"], new MakeToken("token " + Anew, [right], Now.AddDays(1)) { Secret = Sessions.NewToken(Guid.NewGuid().ToString()) })).TokenId);
                break;
            case "messageId":
                Is(name, Guid.CreateVersion7());
                await Execute(
                    "insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_role, request_id, template, detail, created_at, send_after, parked_at, parked_why) values (@community, @id, @id::text, 'role', 'clerk', @request, 'requestUrged', '{}', @Now, @Now, @Now, 'exhausted')",
                    new { community, id = await The(name), request = await The("requestId"), Now });
                break;
            case "inboundMessageId":
                Is(name, Guid.CreateVersion7());
                await Execute(
                    "insert into inbound_message (community_id, inbound_message_id, channel, external_id, kind, sender, text, received_at) values (@community, @id, 'sms', @id::text, 'toConfirm', '13900001111', '漏水', @Now)",
                    new { community, id = await The(name), Now });
                break;
            default:
                break; // a body's own names, of which any will do
        }
    }

    /// <summary>An hour that no other of these takes.</summary>
    private (DateTimeOffset From, DateTimeOffset To) Hours()
    {
        var from = Now.AddHours(1 + (Interlocked.Increment(ref planned) * 3));
        return (from, from.AddHours(1));
    }

    /// <summary>What has to have happened, or has to be said, for a call to succeed, where that the thing is there is not enough.</summary>
    public static readonly IReadOnlyDictionary<string, Func<Stage, Task>> Before = new Dictionary<string, Func<Stage, Task>>(StringComparer.Ordinal)
    {
        // Orders.
        ["acceptWork"] = s => s.Theirs(),
        ["arriveOnSite"] = s => s.Accepted(),
        ["completeWork"] = async s =>
        {
            await s.Working();
            s.Says("finalAmount", null);
        },
        ["holdWork"] = async s =>
        {
            await s.Working();
            s.Says("evidence", null);
        },
        ["reachMilestone"] = s => s.Working(),
        ["resumeWork"] = s => s.OnHold(),
        ["agreeToHold"] = s => s.OnHold(),
        ["sendWork"] = async s => await s.Send(s.Town.Lead(Crew.Engineering), new ReturnWork(await s.The("workOrderId"), "不是我们的")),
        ["transferWork"] = s => Do(() => s.Is("teamId", s.Town.Teams[Crew.Environment])),
        ["quoteWork"] = s => s.Paid(),
        ["refuseQuote"] = s => s.Paid(),
        ["consentToQuote"] = async s =>
        {
            await s.Paid();
            s.Says("consentedAt", null);
        },
        ["setFinalAmount"] = async s =>
        {
            await s.Paid();
            await s.Send(s.Town.Clerk, new ConsentToQuote(await s.The("workOrderId"), await s.The("quoteId"), "王小明", 10, Channel.Phone));
            await s.Done();
        },
        ["chooseReworkCause"] = async s =>
        {
            await s.Done();
            var request = await s.The("requestId");
            await s.Send(s.Town.Clerk, new ReportNotFixed(request, "王小明", "还在漏"));
            s.Is("workOrderId", await s.Read<Guid>("select o.work_order_id from work_order o join request_work_order l on l.work_order_id = o.work_order_id where l.request_id = @request and o.rework_of_id is not null", new { request }));
        },
        ["reportWork"] = s => Do(() => s.Says("code", "work_order.move_not_allowed")),

        // Requests.
        ["removeAttachment"] = async s => s.Is("attachmentId", await s.Attached(s.Worker)),
        ["amendRequest"] = async s =>
        {
            await s.Complaint();
            s.Says("foreign", new { source = "12345", number = "N" + Anew });
        },
        ["noteOnRequest"] = s => Do(() => s.Says("visibility", "crew")),
        ["findSimilar"] = s => Do(() => s.Is("?placeId", s.Town.Places["3-2-1502"])),
        ["optOutOfFeedback"] = s => Do(() => s.Says("optedOut", true)),
        ["endOccupancy"] = s => Do(() => s.Says("toOn", null)),
        ["receiveRequest"] = s => Do(() => s.Says("foreign", new { source = "12345", number = "N" + Anew })),
        ["answerRequest"] = async s => s.Is("requestId", await s.Fresh()),
        ["removeAppointment"] = async s =>
        {
            var request = await s.The("requestId");
            await s.Send(s.Town.Clerk, new RescheduleRequest(request, s.Now.AddHours(1), s.Now.AddHours(2), Version: await s.Version("request", request)));
            s.Is("!If-Match", $"\"{await s.Version("request", request)}\"");
        },
        ["recategoriseRequest"] = s => Do(() => s.Is("categoryId", s.Town.Category(RequestKind.Repair, "power"))),
        ["decideOnAnswer"] = s => s.Answered(),
        ["confirmRequest"] = async s =>
        {
            var id = await s.Fresh();
            await s.Execute("update request set to_confirm = true where request_id = @id", new { id });
            s.Is("requestId", id);
        },
        ["readOwnersWord"] = async s => await s.Execute("update request set owner_word_at = @Now where request_id = @id", new { id = await s.The("requestId"), s.Now }),
        ["namePersonInCharge"] = s => s.Complaint(),
        ["openFault"] = async s => s.Is("requestId", await s.Fresh()),
        ["splitOffRequest"] = async s =>
        {
            await s.Joined();
            await s.FaultDone();
        },
        ["unJoinRequest"] = s => s.Joined(),

        // What the owner says.
        ["recordFeedback"] = s => s.Asked(),
        ["refuseFeedback"] = s => s.Asked(),
        ["reportNotFixed"] = s => s.Asked(),
        ["proposeVoice"] = s => s.Asked(),
        ["tryCall"] = s => s.Asked(),
        ["giveUpCalling"] = async s =>
        {
            await s.Asked();
            await s.Execute(
                """
                insert into call_attempt (community_id, call_attempt_id, feedback_id, staff_id, tried_at, number_dialled, result)
                select @CommunityId, gen_random_uuid(), @feedback, @Id, @Now - make_interval(hours => h), '13800138000', 'noAnswer'
                from unnest(array[62, 43, 24]) h;
                update feedback set state = 'toCall', listed_at = @Now, listed_why = 'calledAlready' where feedback_id = @feedback
                """,
                new { s.Town.CommunityId, feedback = await s.The("feedbackId"), s.Town.Clerk.Id, s.Now });
        },
        ["acknowledgeEscalation"] = async s =>
        {
            s.Says("promisedAt", s.Now.AddMinutes(20));
            await s.Execute(
                """
                insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, template, detail, created_at, send_after)
                values (@CommunityId, @message, @message::text, 'staff', @Id, 'escalation', '{}', @Now, @Now);
                insert into escalation_recipient (community_id, escalation_id, staff_id, duty, message_id, told_at) values (@CommunityId, @escalation, @Id, 'crew', @message, @Now)
                """,
                new { s.Town.CommunityId, message = Guid.CreateVersion7(), escalation = await s.The("escalationId"), s.Worker.Id, s.Now });
        },

        // What a community is made of: one of its own, since doors may end it.
        ["addPlace"] = s => Do(() =>
        {
            s.Says("parentId", null);
            s.Says("fullCode", "P" + Anew);
        }),
        ["renamePlace"] = async s => s.Is("placeId", await s.OwnPlace()),
        ["retirePlace"] = async s => s.Is("placeId", await s.OwnPlace()),
        ["reinstatePlace"] = async s =>
        {
            s.Is("placeId", await s.OwnPlace());
            await s.Send(s.Administrator, new RetirePlace(await s.The("placeId")));
        },
        ["makeCategory"] = s => Do(() =>
        {
            s.Says("parentId", null);
            s.Says("code", "c" + Anew);
        }),
        ["amendCategory"] = async s => s.Is("categoryId", await s.OwnCategory()),
        ["retireCategory"] = async s => s.Is("categoryId", await s.OwnCategory()),
        ["reinstateCategory"] = async s =>
        {
            s.Is("categoryId", await s.OwnCategory());
            await s.Send(s.Administrator, new RetireCategory(await s.The("categoryId")));
        },
        ["addCommunity"] = async s =>
        {
            s.Says("code", "c" + Anew);
            s.Says("timeZone", "Asia/Shanghai");
            s.Says("district", await s.OwnDistrict());
        },
        ["makeTeam"] = s => Do(() =>
        {
            s.Says("name", "班" + Anew);
            s.Says("external", true); // with two of its own a crew's work is for nobody
        }),
        ["amendTeam"] = async s => s.Is("teamId", await s.OwnTeam()),
        ["retireTeam"] = async s => s.Is("teamId", await s.OwnTeam()),
        ["reinstateTeam"] = async s =>
        {
            s.Is("teamId", await s.OwnTeam());
            await s.Send(s.Administrator, new RetireTeam(await s.The("teamId")));
        },
        ["unseatMember"] = async s => await s.Send(s.Administrator, new SeatMember(await s.The("teamId"), await s.The("staffId"))),

        // What everybody in a community shares, as it is.
        ["makeAsset"] = s => Do(() =>
        {
            s.Says("code", "C" + Anew);
            s.Says("qrCode", "qr-" + Guid.NewGuid());
        }),
        ["editCalendar"] = s => Do(() => s.Says("hours", new
        {
            timeZone = "Asia/Shanghai",
            week = new[] { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" }.Select(day => new { day, windows = new[] { "08:30-20:00" } }),
        })),
        ["tryHolidays"] = s => Do(() =>
        {
            s.Is("code", s.Ours ? "office" : "a-calendar-of-there");
            s.Says("worked", null);
            s.Says("workedLike", null);
        }),
        ["importHolidays"] = s => Do(() =>
        {
            s.Is("code", s.Ours ? "office" : "a-calendar-of-there");
            s.Says("worked", null);
            s.Says("workedLike", null);
        }),
        ["editTemplate"] = s => Do(() =>
        {
            s.Says("body", "{number}: how was it? {link}");
            s.Says("providers", Array.Empty<object>());
        }),
        ["resetTemplate"] = async s => await s.Execute(
            """
            insert into message_template (community_id, message_template_id, template, language, subject, body, edited_at, edited_by)
            values (@CommunityId, gen_random_uuid(), 'feedbackAsk', 'en', 'x', '{number}', @Now, @Id)
            on conflict do nothing
            """,
            new { s.Town.CommunityId, s.Now, s.Town.Manager.Id }),
        ["editSlaProfile"] = async s => s.Says("profile", JsonSerializer.Deserialize<JsonElement>(await s.Profile())),
        ["trySlaProfile"] = async s =>
        {
            s.Says("profile", JsonSerializer.Deserialize<JsonElement>(await s.Profile()));
            s.Says("appointmentFrom", null);
            s.Says("appointmentTo", null);
        },
        ["runJobNow"] = async s =>
        {
            await s.Execute("insert into job (job_id, schedule, single) values ('a-job', '0 0/5 * * * ?', true) on conflict do nothing");
            s.Is("jobId", s.Ours ? "a-job" : "no-such-job");
        },

        // People.
        ["makeAccount"] = s => Do(() =>
        {
            s.Says("signInName", "somebody" + Anew);
            s.Says("roles", new[] { "crewMember" });
        }),
        ["setRoles"] = s => Do(() => s.Says("roles", new[] { "crewMember" })),
        ["reactivateAccount"] = async s =>
        {
            var staff = await s.The("staffId");
            await s.Send(s.Town.People["administrator"], new DeactivateAccount(staff, await s.Version("staff", staff)));
        },
        ["resetSecondFactor"] = async s => await s.Execute(
            "insert into staff_factor (staff_id, secret, created_at, confirmed_at) values (@id, decode(repeat('ab', 20), 'hex'), @Now, @Now)", new { id = await s.The("staffId"), s.Now }),
        ["revokeDistrictRole"] = async s => await s.Send(s.Town.People["administrator"], new GrantDistrictRole(s.known["district"], await s.The("staffId"), Roles.Clerk)),
        ["endSessionsOf"] = async s => await s.SessionOf(await s.The("staffId")),
        ["endSession"] = async s => s.Is("sessionId", await s.OtherSession()),
    };

    private static Task Do(Action what)
    {
        what();
        return Task.CompletedTask;
    }

    private Task<string> Profile() => Read<string>("select definition::text from sla_profile_version where community_id = @CommunityId order by version desc limit 1", new { town.CommunityId });

    /// <summary>The caller is signed in elsewhere, too.</summary>
    private Task<Guid> OtherSession() => SessionOf(who.Id);

    private async Task<Guid> SessionOf(Guid staffId)
    {
        var id = Guid.CreateVersion7();
        await Execute(
            "insert into session (session_id, staff_id, token_hash, created_at, expires_at, last_seen_at) values (@id, @staffId, sha256(@id::text::bytea), @Now, @Now + interval '1 hour', @Now)",
            new { id, staffId, Now });
        return id;
    }

    /// <summary>The version of what a call edits, which its body names.</summary>
    /// <param name="path">What the path names, the last of them last.</param>
    public async Task SaysVersion(string operation, IEnumerable<string> path)
    {
        string? table = path.LastOrDefault() switch { "requestId" => "request", "workOrderId" => "work_order", "customerId" => "customer", "faultId" => "fault", "voiceId" => "voice", "staffId" => "staff", "placeId" => "place", "categoryId" => "category", "teamId" => "team", _ => null };
        var version = (operation, table) switch
        {
            ("editSlaProfile", _) => await Read<int>("select max(version) from sla_profile_version where community_id = @CommunityId", new { town.CommunityId }),
            ("editCalendar", _) => await Read<int>("select max(v.version) from calendar_version v join calendar c on c.calendar_id = v.calendar_id where c.community_id = @CommunityId and c.code = 'desk'", new { town.CommunityId }),
            ("editTemplate", _) => await Read<int>("select coalesce(max(version), 0) from message_template where community_id = @CommunityId and template = 'feedbackAsk' and language = 'en'", new { town.CommunityId }),
            ("amendCommunity", _) => await Version("community", town.CommunityId),
            (_, { } edited) => await Version(edited, Guid.Parse(known[path.Last()])),
            _ => (int?)null,
        };
        Says("version", version);
    }
}
