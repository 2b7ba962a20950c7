using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Live;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Attachments;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Walls;

/// <summary>A confidential complaint: the crew complained about, and the person, find the complainant nowhere. Every door is tried.</summary>
public sealed class ConfidentialTests : DeskFixture
{
    private const string Words = "保安态度恶劣还打人";

    /// <summary>Doors that tell nothing of any request, whoever asks.</summary>
    private static readonly HashSet<string> TellNothingOfRequests =
    [
        nameof(ListCommunities), nameof(ListDistricts), nameof(ListCategories), nameof(ListPlaces), nameof(ListAssets), nameof(ListTeams), nameof(ListStaff), nameof(GetQrCode), nameof(GetCustomer), nameof(TryPlaceImport),
        nameof(Domain.Policies.GetSlaProfile), nameof(Domain.Policies.ListCalendars), nameof(Domain.Policies.ListDeclaredEvents), nameof(Domain.Policies.PreviewSla), nameof(Domain.Messages.ListTemplates), nameof(Domain.Messages.GetQuietHours), nameof(Domain.Messages.ListInbound), "FindSender", // what came in is nobody's request yet; the system's own
        nameof(Domain.Policies.TrySlaProfile), nameof(Domain.Policies.TryHolidays),
        nameof(Domain.Rosters.ListShifts), nameof(Domain.Rosters.ListLeave), "VerifyClocks", // the last one is the system's
        nameof(Domain.Jobs.ListJobs), nameof(Domain.Staff.ListSessions), nameof(Domain.Staff.ListAccounts), nameof(Domain.Staff.GetAccount), nameof(Domain.Staff.ListTokens),
        "GetOwnersPage", "GetOwnersFile", "FindOwnerLink", "GetReportForm", "FindReporter", "GetVoicesPage", // behind an owner's own link, of the system alone
        "ReadLogHeads", // numbers, for the system alone
        "FindCommunity", "TryImportBatch", // the import's own, for the system alone
        nameof(ListAttachmentsOfWorkOrder), // what was attached to the order itself, which the crew sees
        nameof(GetChunk), // bytes of a file whose head was given; the head is asked for below
    ];

    private Guid complainant;
    private Actor accused = null!;
    private Actor tokenOfAccused = null!;

    private sealed record Complaint(Guid RequestId, long Number, Guid OrderId, long OrderNumber, Guid FaultId, Guid AttachmentId, Guid OfOthers);

    [OneTimeSetUp]
    public async Task Somebody_complains()
    {
        var made = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "赵铁柱", [new NewContactPoint(ContactKind.Phone, "13766668888")], [new NewOccupancy(Here.Places["3-2-1601"], OccupancyRole.Owner)]));
        complainant = made.CustomerId;

        // The person complained about sits in the crew and at the desk: by their roles they could look everywhere.
        var seat = new TeamSeat(Here.Teams[Crew.Security], false);
        var id = await Send(Here.System, new JoinStaff(Here.CommunityId, "accused@here", "accused", PasswordHash, [Roles.CrewMember, Roles.Manager, Roles.Clerk], [seat], IsDemo: true));
        accused = new Actor(
            ActorKind.Staff, id, "accused", [new RoleIn(Here.CommunityId, Roles.CrewMember), new RoleIn(Here.CommunityId, Roles.Manager), new RoleIn(Here.CommunityId, Roles.Clerk)],
            [new Seat(Here.CommunityId, seat.TeamId, Crew.Security, false)]);

        var token = Guid.CreateVersion7();
        await Execute(
            "insert into api_token (token_id, name, token_hash, created_at, created_by, expires_at) values (@token, 'x', sha256(convert_to(@token::text, 'UTF8')), @Now, @id, @Now + interval '1 day')",
            new { token, id, Now = Clock.GetUtcNow().UtcDateTime });
        tokenOfAccused = new Actor(ActorKind.System, token, "x", [.. new[] { Roles.Clerk, Roles.CustomerOfficer, Roles.Manager, Roles.System }.Select(r => new RoleIn(Here.CommunityId, r))], []);
    }

    [Test]
    public async Task Through_no_door_do_they_find_it()
    {
        var said = await GivenComplaint();

        foreach (var (who, actor) in new[] { ("the person", accused), ("the crew", Here.Member(Crew.Security)), ("its lead", Here.Lead(Crew.Security)), ("a token that the person made", tokenOfAccused) })
        {
            foreach (var (door, ask) in Doors(said))
            {
                var answer = await Answer(actor, ask);
                foreach (var trace in new[] { said.RequestId.ToString(), said.Number.ToString(System.Globalization.CultureInfo.InvariantCulture), complainant.ToString(), "赵铁柱", "13766668888", "137****8888", Words, "单元1601", said.AttachmentId.ToString() })
                {
                    Assert.That(answer, Does.Not.Contain(trace), $"{who}, through {door}");
                }
            }
        }
    }

    [Test]
    public async Task Others_find_it_through_the_same_doors()
    {
        var said = await GivenComplaint();

        var blind = new List<string>();
        foreach (var (door, ask) in Doors(said))
        {
            var answer = await Answer(Here.Manager, ask);
            if (!new[] { said.RequestId.ToString(), Words, complainant.ToString(), said.AttachmentId.ToString(), "counted" }.Any(answer.Contains))
            {
                blind.Add(door + ": " + answer);
            }
        }

        Assert.That(blind, Is.Empty, "a door that shows the manager nothing proves nothing");
    }

    /// <summary>A query that is added later must be tried here, too.</summary>
    [Test]
    public async Task Every_query_is_one_of_the_doors()
    {
        var tried = Doors(await GivenComplaint()).Select(d => d.Door.Split(' ')[0]).ToHashSet(StringComparer.Ordinal);

        Assert.That(RoleTable.Rows.Where(r => !r.Writes).Select(r => r.What.Name).Except(tried).Except(TellNothingOfRequests), Is.Empty);
    }

    [Test]
    public async Task It_does_not_show_in_their_counts()
    {
        var before = await Counts(Here.Member(Crew.Security), accused);

        await GivenComplaint(joined: false);

        Assert.That(await Counts(Here.Member(Crew.Security), accused), Is.EqualTo(before));
    }

    /// <summary>Something of others was there before, so that each figure has something to count.</summary>
    [Test]
    public async Task Nor_in_the_figures_of_reports_faults_and_orders()
    {
        var category = (await Rows<Guid>("select category_id from category where community_id = @CommunityId and kind = 'complaint' order by position, category_id limit 1", new { Here.CommunityId })).Single();
        var others = (await Send(Here.Manager, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, "大堂没人", PlaceId: Here.Places["3-2-lobby"], CustomerId: Here.Customer))).RequestId;
        var fault = (await Send(Here.Manager, new OpenFault(Here.CommunityId, "门岗无人", RequestId: others, PlaceId: Here.Places["3-2-lobby"]))).FaultId;
        var order = (await Send(Here.Manager, new DispatchFault(fault, [new NewOrder(Crew.Security, "整改")]))).WorkOrders[0].WorkOrderId;
        await GivenEscalation(others);
        Actor[] hidden = [Here.Member(Crew.Security), Here.Lead(Crew.Security), accused, tokenOfAccused];
        var (before, toManagers) = (await Figures(fault, order, category, hidden), await Figures(fault, order, category, Here.Manager));

        var said = (await Send(Here.Manager, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, Words, PlaceId: Here.Places["3-2-1601"], CustomerId: complainant, Confidential: true, AboutCrew: Crew.Security, AboutStaffId: accused.Id))).RequestId;
        await Send(Here.Manager, new JoinFault(fault, said));
        await GivenEscalation(said);

        Assert.That(await Figures(fault, order, category, hidden), Is.EqualTo(before));
        Assert.That((await Figures(fault, order, category, Here.Manager)).Intersect(toManagers, StringComparer.Ordinal), Is.Empty, "each of them counts it for who may know");

        Task<string> Satisfaction(Actor actor) => Answer(actor, async a => await Send(a, new ReportSatisfaction(new SatisfactionFilter(Here.CommunityId))));
        var (satisfied, toManager) = (await Task.WhenAll(hidden.Select(Satisfaction)), await Satisfaction(Here.Manager));
        await Unhappy(new Complaint(said, 0, order, 0, fault, Guid.Empty, others));
        Assert.That(await Task.WhenAll(hidden.Select(Satisfaction)), Is.EqualTo(satisfied));
        Assert.That(await Satisfaction(Here.Manager), Is.Not.EqualTo(toManager));
    }

    private async Task<IReadOnlyList<string>> Figures(Guid fault, Guid order, Guid category, params Actor[] actors)
    {
        var here = Here.CommunityId;
        (string Of, Func<Actor, Task<object>> Ask)[] figures =
        [
            ("clocks", async a => await Send(a, new ReportClocks(new ClockReportFilter(here), ReportBy.RequestKind))),
            ("escalations", async a => await Send(a, new ReportEscalations(new EscalationReportFilter(here)))),
            ("demand", async a => await Send(a, new ReportDemand(new DemandFilter(here), DemandBy.RequestKind))),
            ("owners' time", async a => await Send(a, new ReportOwnersTime(new DemandFilter(here), DemandBy.RequestKind))),
            ("today", async a => await Send(a, new ReportToday(here))),
            ("requests in faults", async a => (await Send(a, new CountDemand(Clock.GetUtcNow().AddDays(-1), Clock.GetUtcNow().AddDays(1), here))).RequestsInFaults),
            ("of the fault", async a => (await Send(a, new ListFaults(here))).Items.Single(f => f.FaultId == fault).Requests),
            ("alike", async a => (await Send(a, new FindSimilar(here, category, Here.Places["3-2-1601"]))).Faults.Select(f => f.Requests).ToArray()),
            ("of the order", async a => (await Send(a, new ListWorkOrders(new WorkOrderFilter()))).Items.Single(o => o.WorkOrderId == order).Requests),
        ];
        var all = new List<string>();
        foreach (var actor in actors)
        {
            foreach (var (of, ask) in figures)
            {
                all.Add($"{of}: {await Answer(actor, ask)}");
            }
        }

        return all;
    }

    [Test]
    public async Task What_they_do_to_it_by_its_id_is_answered_as_if_it_were_not_there()
    {
        var said = await GivenComplaint();
        var nothing = Guid.CreateVersion7();

        Func<Guid, Task>[] acts =
        [
            id => Send(accused, new NoteOnRequest(id, "x", Visibility.Desk)),
            id => Send(accused, new AnswerRequest(id, AnswerKind.Answered, "x")),
            id => Send(accused, new NamePersonInCharge(id, Here.Manager.Id)),
            id => Send(accused, new AmendRequest(id, Confidential: false, Version: 1)),
            id => Send(accused, new CancelRequest(id, CancelledAs.Withdrawn, "x")),
            id => Send(accused, new DispatchWork(id, [new NewOrder(Crew.Security, "x")])),
            id => Send(accused, new ShowRequestContact(id)),
            id => Send(Here.Member(Crew.Security), new NoteOnRequest(id, "x", Visibility.Crew)),
        ];
        foreach (var act in acts)
        {
            Assert.That(await Refusal(() => act(said.RequestId)), Is.EqualTo(await Refusal(() => act(nothing))).And.EqualTo("request.not_found"));
        }
    }

    [Test]
    public async Task Nobody_of_them_is_in_charge_of_it()
    {
        var said = await GivenComplaint();

        Assert.That(await Refusal(() => Send(Here.Manager, new NamePersonInCharge(said.RequestId, accused.Id))), Is.EqualTo("request.in_charge_is_complained_about"));
        Assert.That(await Refusal(() => Send(Here.Manager, new NamePersonInCharge(said.RequestId, Here.Lead(Crew.Security).Id))), Is.EqualTo("request.in_charge_is_complained_about"));
        await Send(Here.Manager, new NamePersonInCharge(said.RequestId, Here.Officer.Id));
    }

    [Test]
    public async Task The_crew_does_its_order_all_the_same_and_the_complaint_is_finished()
    {
        var said = await GivenComplaint(joined: false);
        var member = Here.Member(Crew.Security);

        await Send(member, new AcceptWork(said.OrderId));
        await Send(member, new ArriveOnSite(said.OrderId));
        await Send(member, new CompleteWork(said.OrderId, "已整改"));

        Assert.That((await Send(Here.Manager, new GetRequest(said.RequestId))).Request.Status, Is.EqualTo(RequestStatus.AwaitingFeedback));
        var order = await Send(member, new GetWorkOrder(said.OrderId));
        Assert.That((order.Requests, order.WorkOrder.PlaceName), Is.EqualTo((Array.Empty<ServedRequest>(), (string?)null)), "a home tells who");
        Assert.That((await Send(Here.Manager, new GetWorkOrder(said.OrderId))).WorkOrder.PlaceName, Is.Not.Null);
    }

    [Test]
    public async Task Not_confidential_or_about_another_crew_it_is_seen()
    {
        var open = await GivenComplaint(confidential: false, joined: false);

        Assert.That((await Send(accused, new GetRequest(open.RequestId))).Request.Description, Is.EqualTo(Words));
        await Send(Here.Manager, new AmendRequest(open.RequestId, Confidential: true, Version: (await Send(Here.Manager, new GetRequest(open.RequestId))).Request.Version));
        Assert.That(await Refusal(() => Send(accused, new GetRequest(open.RequestId))), Is.EqualTo("request.not_found"));
        Assert.That((await Send(Here.Clerk, new GetRequest(open.RequestId))).Request.Description, Is.EqualTo(Words));
    }

    [Test]
    public async Task A_colleague_of_the_person_complained_about_does_not_find_it_either_where_no_crew_was_named()
    {
        var complaint = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, await CategoryWithoutCrew(), Words, CustomerId: complainant, Confidential: true, AboutStaffId: accused.Id));

        Assert.That((await Send(Here.Member(Crew.Security), new ListRequests(new RequestFilter()))).Items, Is.Empty);
        Assert.That(await Refusal(() => Send(accused, new GetRequest(complaint.RequestId))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Who_sits_in_no_crew_does_not_find_a_complaint_about_them_either()
    {
        var complaint = await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, await CategoryWithoutCrew(), Words, CustomerId: complainant, Confidential: true, AboutStaffId: Here.Officer.Id));

        Assert.That((await Send(Here.Officer, new ListRequests(new RequestFilter()))).Items.Select(r => r.RequestId), Does.Not.Contain(complaint.RequestId));
        Assert.That(await Refusal(() => Send(Here.Officer, new GetRequest(complaint.RequestId))), Is.EqualTo("request.not_found"));
        Assert.That((await Send(Here.Clerk, new GetRequest(complaint.RequestId))).Request.Description, Is.EqualTo(Words));
    }

    [Test]
    public async Task A_fault_that_is_opened_from_it_does_not_take_its_home_along()
    {
        var said = await GivenComplaint(joined: false);

        Assert.That(await Refusal(() => Send(Here.Manager, new OpenFault(Here.CommunityId, "门岗无人", RequestId: said.RequestId))), Is.EqualTo("fault.nowhere"));
        var fault = await Send(Here.Manager, new OpenFault(Here.CommunityId, "门岗无人", RequestId: said.RequestId, PlaceId: Here.Places["3-2-lobby"]));

        Assert.That((await Send(Here.Manager, new GetWorkOrder(said.OrderId))).WorkOrder, Has.Property("FaultId").EqualTo(fault.FaultId).And.Property("PlaceCode").EqualTo("3-2-1601"), "the order became the fault's, and was for the home");
        foreach (var actor in new[] { Here.Member(Crew.Security), accused, tokenOfAccused })
        {
            Assert.That((await Send(actor, new GetWorkOrder(said.OrderId))).WorkOrder, Has.Property("PlaceId").Null.And.Property("PlaceCode").Null);
            Assert.That((await Send(actor, new ListWorkOrders(new WorkOrderFilter()))).Items.Single(o => o.WorkOrderId == said.OrderId), Has.Property("PlaceId").Null.And.Property("PlaceName").Null);
        }
    }

    /// <summary>The order was for the home; that it serves somebody else, too, by now, does not open it.</summary>
    [Test]
    public async Task Nor_does_it_when_somebody_else_joins_the_fault()
    {
        var said = await GivenComplaint(joined: false);
        var fault = (await Send(Here.Manager, new OpenFault(Here.CommunityId, "门岗无人", RequestId: said.RequestId, PlaceId: Here.Places["3-2-lobby"]))).FaultId;
        var category = await Scalar<Guid>("select category_id from request where request_id = @RequestId", said);
        var other = (await Send(Here.Manager, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, "大堂没人", PlaceId: Here.Places["3-2-lobby"], CustomerId: Here.Customer))).RequestId;
        await Send(Here.Manager, new JoinFault(fault, other));
        var escalation = Guid.CreateVersion7();
        await Execute(
            """
            insert into escalation (community_id, escalation_id, clock_id, cycle, level, cause, request_id, work_order_id, due_at, fired_at, tell_at)
            select k.community_id, @escalation, k.clock_id, k.cycle, 1, 'breach', @other, k.subject_id, k.due_at, @Now, @Now
            from clock k
            where k.subject_id = @OrderId and k.due_at is not null
            order by k.kind
            limit 1
            """,
            new { escalation, other, said.OrderId, Now = Clock.GetUtcNow().UtcDateTime });

        foreach (var actor in new[] { Here.Member(Crew.Security), accused, tokenOfAccused })
        {
            var order = await Send(actor, new GetWorkOrder(said.OrderId));
            Assert.That((order.Requests.Select(r => r.RequestId), order.WorkOrder.PlaceId, order.WorkOrder.PlaceCode), Is.EqualTo((new[] { other }, (Guid?)null, (string?)null)));
            foreach (var sort in new[] { (WorkOrderSort.NewestFirst, (bool?)null), (WorkOrderSort.DueFirst, true) })
            {
                Assert.That((await Send(actor, new ListWorkOrders(new WorkOrderFilter(Open: sort.Item2), sort.Item1))).Items.Single(o => o.WorkOrderId == said.OrderId), Has.Property("PlaceId").Null.And.Property("PlaceName").Null);
            }
        }

        async Task<string?> Escalated(Actor actor) => (await Send(actor, new ListEscalations(new EscalationFilter(Here.CommunityId)))).Items.Single(e => e.Escalation.EscalationId == escalation).Escalation.PlaceName;
        Assert.That((await Escalated(accused), await Escalated(tokenOfAccused)), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That((await Escalated(Here.Manager), (await Send(Here.Manager, new GetWorkOrder(said.OrderId))).WorkOrder.PlaceCode), Is.EqualTo(("3栋2单元1601", "3-2-1601")));

        // Who reported it from that very home, and not in confidence, is seen there all the same.
        var neighbour = (await Send(Here.Manager, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, "家门口没人", PlaceId: Here.Places["3-2-1601"], CustomerId: Here.Customer))).RequestId;
        await Send(Here.Manager, new JoinFault(fault, neighbour));
        Assert.That((await Send(accused, new GetWorkOrder(said.OrderId))).WorkOrder.PlaceCode, Is.EqualTo("3-2-1601"));
        Assert.That((await Send(accused, new ListWorkOrders(new WorkOrderFilter()))).Items.Single(o => o.WorkOrderId == said.OrderId).PlaceId, Is.EqualTo(Here.Places["3-2-1601"]));
    }

    private static readonly WaysOut AllWays = new(
        new HashSet<MessageChannel> { MessageChannel.App, MessageChannel.WeCom, MessageChannel.DingTalk, MessageChannel.Sms }, new Dictionary<string, IReadOnlySet<MessageChannel>>());

    private async Task<IReadOnlyList<OutgoingMessage>> Leased(string template)
    {
        var ids = await Rows<Guid>("select message_id from message where template = @template order by message_id", new { template });
        return (await Send(Here.System, new LeaseMessages(Here.CommunityId, ids, AllWays, TimeSpan.FromMinutes(1)))).ToSend;
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task The_crew_that_is_told_that_its_hold_is_over_is_not_told_whose_home_it_is_and_no_group_is(bool confidential)
    {
        var said = await GivenComplaint(confidential, joined: false);
        var member = Here.Member(Crew.Security);
        await Send(member, new AcceptWork(said.OrderId));
        await Send(member, new HoldWork(said.OrderId, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
        Clock.Advance(TimeSpan.FromHours(2));
        await Send(Here.System, new WakeWork(said.OrderId));

        var message = (await Leased("holdOver")).Single();

        var words = JsonSerializer.Serialize(message, Json.Options);
        Assert.That(message.Address, Is.EqualTo(member.Id.ToString()), "to whoever has it in hand");
        Assert.That(message.Channel, Is.EqualTo(MessageChannel.App), "it is about somebody: no group reads along, confidential or not");
        Assert.That(words, Does.Contain(said.OrderNumber.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        foreach (var trace in new[] { "单元1601", said.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) })
        {
            Assert.That(words.Contains(trace, StringComparison.Ordinal), Is.EqualTo(!confidential && trace == "单元1601"), trace);
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_message_about_it_keeps_out_of_groups_and_who_must_not_find_it_is_not_urged(bool confidential)
    {
        var said = await GivenComplaint(confidential, joined: false);
        await Send(Here.Member(Crew.Security), new AcceptWork(said.OrderId));
        await Send(Here.Clerk, new UrgeRequest(said.RequestId));

        var told = await Rows<Guid?>("select recipient_id from message where template = 'requestUrged' and request_id = @RequestId order by recipient_id nulls last", said);
        var leased = await Leased("requestUrged");

        Guid?[] crew = confidential ? [] : [Here.Member(Crew.Security).Id];
        Assert.That(told, Is.EquivalentTo(crew.Append(null)), "the desk, as a role, and nobody of the crew");
        Assert.That(leased.Select(m => m.Channel).Distinct(), Is.EquivalentTo(confidential ? [MessageChannel.Screen] : new[] { MessageChannel.Screen, MessageChannel.App }), "no group: it is about somebody");
    }

    [Test]
    public async Task Whoever_is_asked_by_name_about_it_is_asked_alone()
    {
        var said = await GivenComplaint(joined: false);
        await Execute("insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after) values (@CommunityId, gen_random_uuid(), 'x' || @RequestId, 'staff', @Id, @RequestId, 'escalation', '{}', @Now, @Now)", new { Here.CommunityId, said.RequestId, Here.Manager.Id, Now = Clock.GetUtcNow().UtcDateTime });

        Assert.That((await Leased("escalation")).Single(), Has.Property("Channel").EqualTo(MessageChannel.App).And.Property("Address").EqualTo(Here.Manager.Id.ToString()));
    }

    [Test]
    public async Task A_fault_at_a_home_shows_where_to_go_though_nobody_reported_it()
    {
        var fault = await Send(Here.Manager, new OpenFault(Here.CommunityId, "空关房漏水", Here.Category(RequestKind.Repair, "water"), Here.Places["3-2-1502"]));
        var order = (await Send(Here.Manager, new DispatchFault(fault.FaultId, [new NewOrder(Crew.Engineering, "去看")]))).WorkOrders[0].WorkOrderId;

        Assert.That((await Send(Here.Member(Crew.Engineering), new GetWorkOrder(order))).WorkOrder.PlaceCode, Is.EqualTo("3-2-1502"));
        Assert.That((await Send(Here.Member(Crew.Engineering), new ListWorkOrders(new WorkOrderFilter()))).Items.Single(o => o.WorkOrderId == order).PlaceName, Is.Not.Null);
    }

    [Test]
    public async Task What_became_of_its_clocks_is_not_in_the_timeline_of_the_other_one_of_the_fault()
    {
        var said = await GivenComplaint();
        var member = Here.Member(Crew.Security);
        await Send(member, new AcceptWork(said.OrderId));
        await Send(member, new ArriveOnSite(said.OrderId));
        await Send(member, new HoldWork(said.OrderId, HoldReason.Customer, Clock.GetUtcNow().AddHours(1), "不在", HoldEvidence.Call, Clock.GetUtcNow()));
        Clock.Advance(TimeSpan.FromMinutes(30));
        await Send(member, new ResumeWork(said.OrderId));

        async Task<string> Seen(Actor actor) => JsonSerializer.Serialize(await Send(actor, new GetTimeline(said.OfOthers)), Json.Options);

        Assert.That(await Seen(Here.Manager), Does.Contain($"\"of\":\"{said.RequestId}\""), "it is told inside of what became of clocks");
        foreach (var actor in new[] { member, accused, tokenOfAccused })
        {
            Assert.That(await Seen(actor), Does.Not.Contain(said.RequestId.ToString()).And.Contain("workResumed"));
        }
    }

    [Test]
    public async Task Who_consented_to_a_quote_of_it_is_told_to_nobody_of_them()
    {
        var said = await GivenComplaint(joined: false);
        var order = (await Send(Here.Manager, new DispatchWork(said.RequestId, [new NewOrder(Crew.Security, "赔偿", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        var quote = await Send(Here.Manager, new QuoteWork(order, [new QuotedLine("门锁", 1, "个", 10)]));
        await Send(Here.Manager, new ConsentToQuote(order, quote.QuoteId, "赵铁柱", 10, Channel.Phone));

        foreach (var actor in new[] { Here.Member(Crew.Security), accused, tokenOfAccused })
        {
            Assert.That((await Send(actor, new GetWorkOrder(order))).Quotes.Single().ConsentedBy, Is.Null);
        }

        Assert.That((await Send(Here.Manager, new GetWorkOrder(order))).Quotes.Single().ConsentedBy, Is.EqualTo("赵铁柱"));
    }

    [Test]
    public async Task Only_a_complaint_is_confidential()
    {
        var repair = (await GivenRequest()).RequestId;

        Assert.That(await Refusal(() => Send(Here.Clerk, new AmendRequest(repair, Confidential: true, Version: 1))), Is.EqualTo("request.not_a_complaint"));
        Assert.That(
            await Refusal(() => Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "x", CustomerId: complainant, Confidential: true))),
            Is.EqualTo("request.not_a_complaint"));
    }

    [Test]
    public async Task Another_category_does_not_open_it_to_the_crew_that_the_first_one_named()
    {
        var nobodys = await CategoryWithoutCrew();
        var ofTheCrew = Guid.CreateVersion7();
        await Execute("insert into category (community_id, category_id, kind, code, name, name_en, crew) values (@CommunityId, @ofTheCrew, 'complaint', @Code, '保洁', 'Cleaning', 'environment')", new { Here.CommunityId, ofTheCrew, Code = "c" + ofTheCrew.ToString("n")[20..] });
        var cleaner = Here.Member(Crew.Environment) with { Roles = [new RoleIn(Here.CommunityId, Roles.Clerk)] };
        async Task<int> Version(Guid id) => (await Send(Here.Manager, new GetRequest(id))).Request.Version;
        Task<RequestReply> Complain(bool confidential) => Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Complaint, Channel.Phone, ofTheCrew, Words, CustomerId: complainant, Confidential: confidential));

        var atOnce = (await Complain(confidential: true)).RequestId;
        await Send(Here.Manager, new RecategoriseRequest(atOnce, nobodys, Version: await Version(atOnce)));
        var later = (await Complain(confidential: false)).RequestId;
        await Send(Here.Manager, new AmendRequest(later, Confidential: true, Version: await Version(later)));
        await Send(Here.Manager, new RecategoriseRequest(later, nobodys, Version: await Version(later)));

        Assert.That(await Refusal(() => Send(cleaner, new GetRequest(atOnce))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(cleaner, new GetRequest(later))), Is.EqualTo("request.not_found"));
        Assert.That((await Send(Here.Manager, new GetRequest(later))).Request.Description, Is.EqualTo(Words));
    }

    [Test]
    public async Task Who_sat_in_the_crew_when_it_was_reported_does_not_find_it_after_leaving_either_and_who_had_left_does()
    {
        var id = await Send(Here.System, new JoinStaff(Here.CommunityId, $"leaver{Guid.CreateVersion7():n}@here", "leaver", PasswordHash, [Roles.Clerk], [new TeamSeat(Here.Teams[Crew.Security], false)], IsDemo: true));
        var leaver = new Actor(ActorKind.Staff, id, "leaver", [new RoleIn(Here.CommunityId, Roles.Clerk)], []);
        Clock.Advance(TimeSpan.FromDays(1));
        var said = await GivenComplaint(joined: false);

        await Execute("update team_member set to_at = @Now + interval '1 hour' where staff_id = @id", new { id, Now = Clock.GetUtcNow().UtcDateTime });
        Assert.That(await Refusal(() => Send(leaver, new GetRequest(said.RequestId))), Is.EqualTo("request.not_found"));

        await Execute("update team_member set to_at = @Now - interval '1 hour' where staff_id = @id", new { id, Now = Clock.GetUtcNow().UtcDateTime });
        Assert.That((await Send(leaver, new GetRequest(said.RequestId))).Request.Description, Is.EqualTo(Words));
    }

    /// <summary>The policies stand on every table with a request's id, so that a table that is added later is asked about.</summary>
    [Test]
    public async Task Every_table_that_tells_of_a_request_hides_it()
    {
        var open = await Rows<string>("""
            select c.relname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname in ('request_id', 'subject_id') and not a.attisdropped
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'hidden' and not p.polpermissive and p.polcmd = 'r')
            """);

        Assert.That(open, Is.Empty);
    }

    private async Task<Guid> CategoryWithoutCrew() =>
        (await Rows<Guid>("select category_id from category where community_id = @CommunityId and kind = 'complaint' and crew is null order by category_id limit 1", new { Here.CommunityId })) is [var id]
            ? id
            : await Detached();

    private async Task<Guid> Detached()
    {
        var id = Guid.CreateVersion7();
        await Execute("insert into category (community_id, category_id, kind, code, name, name_en) values (@CommunityId, @id, 'complaint', 'nobody', '其他', 'Other')", new { Here.CommunityId, id });
        return id;
    }

    /// <summary>A complaint about the guard, from a home, with a file, an order of the crew, a promise, an answer, a follow-up; joined to a fault beside somebody else's.</summary>
    private async Task<Complaint> GivenComplaint(bool confidential = true, bool joined = true)
    {
        var category = (await Rows<Guid>("select category_id from category where community_id = @CommunityId and kind = 'complaint' order by position, category_id limit 1", new { Here.CommunityId })).Single();
        var received = await Send(Here.Manager, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, Words, PlaceId: Here.Places["3-2-1601"], CustomerId: complainant, Reporter: new Reporter("赵铁柱", "13766668888"),
            Confidential: confidential, AboutCrew: Crew.Security, AboutStaffId: accused.Id));
        var id = received.RequestId;
        await using var upload = await Upload.Receive(new MemoryStream(Pictures.Png()), forOwners: false, CancellationToken.None);
        var file = await Send(Here.Manager, new AttachToRequest(id, new FileLabel(PhotoPurpose.Evidence, Visibility.Crew, "证据.png"), Convert.ToHexStringLower(upload.Sha256), upload));
        await Send(Here.Manager, new MakePromise(id, Words, Clock.GetUtcNow().AddHours(3)));
        var (fault, others) = (Guid.Empty, Guid.Empty);
        WorkOrderReply order;
        if (joined)
        {
            others = (await Send(Here.Manager, new ReceiveRequest(
                Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, "大堂没人", PlaceId: Here.Places["3-2-lobby"], CustomerId: Here.Customer))).RequestId;
            fault = (await Send(Here.Manager, new OpenFault(Here.CommunityId, "门岗无人", RequestId: others, PlaceId: Here.Places["3-2-lobby"]))).FaultId;
            await Send(Here.Manager, new JoinFault(fault, id));
            order = (await Send(Here.Manager, new DispatchFault(fault, [new NewOrder(Crew.Security, "整改")]))).WorkOrders[0];
        }
        else
        {
            order = (await Send(Here.Manager, new DispatchWork(id, [new NewOrder(Crew.Security, "整改")]))).WorkOrders[0];
        }

        await GivenEscalation(id);
        return new Complaint(id, received.Number, order.WorkOrderId, order.Number, fault, file.AttachmentId, others);
    }

    private IEnumerable<(string Door, Func<Actor, Task<object>> Ask)> Doors(Complaint said)
    {
        Func<Actor, Task<object>> Query<T>(IQuery<T> query) => async actor => (await Send(actor, query))!;
        var here = Here.CommunityId;

        yield return (nameof(GetRequest), Query(new GetRequest(said.RequestId)));
        yield return (nameof(GetTimeline), Query(new GetTimeline(said.RequestId)));
        yield return (nameof(GetTimeline) + " of the other one of the fault", Query(new GetTimeline(said.OfOthers)));
        yield return (nameof(ListRequests), Query(new ListRequests(new RequestFilter())));
        yield return (nameof(ListRequests) + " by due time", Query(new ListRequests(new RequestFilter(Open: true), RequestSort.DueFirst)));
        yield return (nameof(ListRequests) + " of the customer", Query(new ListRequests(new RequestFilter(CustomerId: complainant))));
        yield return (nameof(ListRequests) + " at the home", Query(new ListRequests(new RequestFilter(PlaceId: Here.Places["3-2-1601"]))));
        yield return (nameof(ListRequests) + " of the fault", Query(new ListRequests(new RequestFilter(FaultId: said.FaultId))));
        yield return (nameof(CountRequests) + " of the customer", async a => await Counted(a, new CountRequests(new RequestFilter(CustomerId: complainant))));
        yield return (nameof(CountRequests) + " at the home by kind", async a => await Counted(a, new CountRequests(new RequestFilter(PlaceId: Here.Places["3-2-1601"]), RequestGroup.Kind)));
        yield return (nameof(ListRequests) + " promised", Query(new ListRequests(new RequestFilter(Promise: PromiseDue.Due))));
        yield return (nameof(CountRequests) + " promised", async a => await Counted(a, new CountRequests(new RequestFilter(Promise: PromiseDue.Due))));
        yield return (nameof(ListAttachmentsOfRequest), Query(new ListAttachmentsOfRequest(said.RequestId)));
        yield return (nameof(GetContent), Query(new GetContent(said.AttachmentId)));
        yield return (nameof(Search) + " by number", Query(new Search(said.Number.ToString(System.Globalization.CultureInfo.InvariantCulture))));
        yield return (nameof(Search) + " by the order's number", Query(new Search(said.OrderNumber.ToString(System.Globalization.CultureInfo.InvariantCulture))));
        yield return (nameof(Search) + " by the number of whoever rang", async a => (await Send(a, new Search("13766668888"))).Requests);
        yield return (nameof(GetFault), Query(new GetFault(said.FaultId)));
        yield return (nameof(ListFaults), async a => (await Send(a, new ListFaults(here))).Items.Single(f => f.FaultId == said.FaultId) is { Requests: > 1 } ? "counted" : "not");
        yield return (nameof(CountDemand), async a => (await Send(a, new CountDemand(Clock.GetUtcNow().AddDays(-1), Clock.GetUtcNow().AddDays(1), here))).RequestsInFaults > 1 ? "counted" : "not");
        yield return (nameof(FindSimilar), async a => (await Send(a, new FindSimilar(here, await Scalar<Guid>("select category_id from request where request_id = @RequestId", said), Here.Places["3-2-1601"]))).Faults.Any(f => f.Requests > 1) ? "counted" : "not");
        yield return (nameof(GetWorkOrder), Query(new GetWorkOrder(said.OrderId)));
        yield return (nameof(ListWorkOrders), async a => (await Send(a, new ListWorkOrders(new WorkOrderFilter()))).Items.Single(o => o.WorkOrderId == said.OrderId) is { Requests: > 1 } ? "counted" : "not");
        yield return (nameof(GetCard), async a => Requests(await Send(a, new GetCard(complainant))));
        yield return (nameof(GetPlace), async a => JsonSerializer.Serialize((await Send(a, new GetPlace(Here.Places["3-2-1601"]))).OpenRequests, Json.Options));
        yield return (nameof(ListEscalations), Query(new ListEscalations(new EscalationFilter(here))));
        yield return (nameof(ListAlarms), Query(new ListAlarms(here)));
        yield return (nameof(FollowEvents), async a => await Send(a, new FollowEvents(here) { After = new LivePlace(new Dictionary<Guid, long> { [here] = await Scalar<long>("select greatest(seq - 100, 0) from event_head where community_id = @here", new { here }) }).ToString() }));
        yield return (nameof(ListReportedClocks), Query(new ListReportedClocks(new ClockReportFilter(here), Take: 200)));
        yield return (nameof(ReportClocks), async a => (await Send(a, new ReportClocks(new ClockReportFilter(here)))).Count > 0 ? "counted" : "not");
        yield return (nameof(ReportEscalations), async a => (await Send(a, new ReportEscalations(new EscalationReportFilter(here)))).Count > 0 ? "counted" : "not");
        yield return (nameof(ListReportedEscalations), Query(new ListReportedEscalations(new EscalationReportFilter(here), Take: 200)));
        yield return (nameof(ListLadders), Query(new ListLadders(new EscalationFilter(here), 200)));
        yield return (nameof(ListReportedRequests), Query(new ListReportedRequests(new DemandFilter(here), Take: 200)));
        yield return (nameof(ReportDemand), async a => (await Send(a, new ReportDemand(new DemandFilter(here), DemandBy.RequestKind))).Sum(f => f.Requests) > 1 ? "counted" : "not");
        yield return (nameof(ListOwnersTime), Query(new ListOwnersTime(new DemandFilter(here), Take: 200)));
        yield return (nameof(ReportOwnersTime), async a => (await Send(a, new ReportOwnersTime(new DemandFilter(here), DemandBy.RequestKind))).Sum(f => f.Requests) > 1 ? "counted" : "not");
        yield return (nameof(ReportToday), async a => (await Send(a, new ReportToday(here))).Communities.Sum(f => f.Open) > 1 ? "counted" : "not");
        yield return (nameof(GetOwnersTime), Query(new GetOwnersTime(said.RequestId)));
        yield return (nameof(ListCallBacks), async a =>
        {
            await Answered(said);
            return await Send(a, new ListCallBacks(here, FeedbackState.Asked));
        });
        yield return (nameof(ListRatings), async a =>
        {
            await Unhappy(said);
            return await Send(a, new ListRatings(new SatisfactionFilter(here), Take: 200));
        });
        yield return (nameof(ReportSatisfaction), async a =>
        {
            await Unhappy(said);
            return (await Send(a, new ReportSatisfaction(new SatisfactionFilter(here)))).Sum(f => f.Answered) > 0 ? "counted" : "not";
        });
        yield return (nameof(GetCallBack), async a =>
        {
            await Answered(said);
            return await Send(a, new GetCallBack(await Scalar<Guid>("select feedback_id from feedback where request_id = @RequestId order by round desc limit 1", said)));
        });
        yield return (nameof(Domain.Messages.ListMessagesOfRequest), async a =>
        {
            await Answered(said);
            return await Send(a, new Domain.Messages.ListMessagesOfRequest(said.RequestId));
        });
        yield return (nameof(Domain.Messages.ListParkedMessages), async a =>
        {
            await Answered(said);
            await Execute("update message set sent_at = null, parked_at = created_at, parked_why = 'exhausted' where request_id = @RequestId", said);
            return await Send(a, new Domain.Messages.ListParkedMessages(here));
        });
        yield return (nameof(Domain.Messages.ListToldMe), async a =>
        {
            await Execute(
                """
                insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
                values (@here, gen_random_uuid(), gen_random_uuid()::text, 'staff', @Id, @RequestId, 'escalation', '{}', @Now, @Now)
                """,
                new { here, a.Id, said.RequestId, Now = Clock.GetUtcNow() });
            return await Send(a, new Domain.Messages.ListToldMe(here));
        });
        yield return (nameof(Domain.Voices.ListVoices), async a =>
        {
            await Execute("delete from voice where request_id = @RequestId", said);
            await Execute(
                "insert into voice (community_id, voice_id, request_id, state, asked, done, proposed_at, proposed_by, withdrawn_at, withdrawn_why) values (@here, gen_random_uuid(), @RequestId, 'withdrawn', @Words, 'y', @Now, @Id, @Now, 'confidential')",
                new { here, said.RequestId, Words, Now = Clock.GetUtcNow(), Here.Manager.Id });
            return await Send(a, new Domain.Voices.ListVoices(here));
        });
        yield return (nameof(GetFollowUp), async a =>
        {
            await Unhappy(said);
            return await Send(a, new GetFollowUp(await Scalar<Guid>("select follow_up_id from follow_up where request_id = @RequestId limit 1", said)));
        });
        yield return (nameof(ListFollowUps), async a =>
        {
            await Unhappy(said);
            return await Send(a, new ListFollowUps(here));
        });
    }

    /// <summary>The card and the home of a customer are no secret; that a complaint came from there is.</summary>
    private static string Requests(CustomerCard card) => JsonSerializer.Serialize(new { card.OpenRequests, card.PastRequests, card.Promises, card.LastRatings, card.Last90Days }, Json.Options);

    private async Task<object> Counted(Actor actor, CountRequests query) => (await Send(actor, query)).Sum(c => c.Requests) > 0 ? "counted" : "not";

    private async Task Answered(Complaint said)
    {
        if (await Scalar<long>("select count(*) from feedback where request_id = @RequestId", said) == 0)
        {
            await Execute("update work_order set status = 'voided', voided_at = created_at where work_order_id = @OrderId; update request set status = 'received' where request_id = @RequestId", said);
            await Send(Here.Manager, new AnswerRequest(said.RequestId, AnswerKind.Explained, "已处理"));
        }
    }

    private async Task Unhappy(Complaint said)
    {
        await Answered(said);
        if (await Scalar<long>("select count(*) from follow_up where request_id = @RequestId", said) == 0)
        {
            await Send(Here.Manager, new RecordFeedback(said.RequestId, Solved.Yes, 2, "赵铁柱", MadeItFive: Words));
        }
    }

    private async Task<string> Counts(params Actor[] actors)
    {
        var all = new List<object>();
        foreach (var actor in actors)
        {
            foreach (var by in Enum.GetValues<RequestGroup>())
            {
                all.Add(await Send(actor, new CountRequests(new RequestFilter(), by)));
            }

            all.Add((await Send(actor, new CountDemand(Clock.GetUtcNow().AddDays(-1), Clock.GetUtcNow().AddDays(1), Here.CommunityId))).RequestsInFaults);
        }

        return JsonSerializer.Serialize(all, Json.Options);
    }

    private static async Task<string> Answer(Actor actor, Func<Actor, Task<object>> ask)
    {
        try
        {
            var answer = await ask(actor);
            return answer as string ?? JsonSerializer.Serialize(answer, answer.GetType(), Json.Options);
        }
        catch (Refused refused)
        {
            return refused.Code;
        }
    }
}
