using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Policies;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.Voices;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Benchmarks;

/// <summary>
/// Every list and search, sent as people send it, over a year of history; the server itself tells how it ran each statement (auto_explain),
/// under the role of the application and row-level security, on the first page, on the next, and far back in the history: no plan reads
/// a large table from end to end, and what is read follows the page and the open work, not the history.
/// </summary>
/// <remarks>With <c>DESK_PLANS_REQUESTS=1000000</c> over a million requests; without, over as many as fit into a run of all tests.</remarks>
[Category("Process")] // once, on one server: filling takes a while
public sealed class PlansAtVolumeTests : DeskFixture
{
    private static readonly int Requests = Environment.GetEnvironmentVariable("DESK_PLANS_REQUESTS") is { Length: > 0 } asked ? int.Parse(asked, CultureInfo.InvariantCulture) : 200_000;

    /// <summary>With fewer, a plan may well read them all to name fifty.</summary>
    private static readonly int Customers = Math.Max(30_000, Requests * 6 / 100);

    /// <summary>8 KiB pages that one page of a list, or one statement of a search, may touch; a history of a million has some 100,000.</summary>
    private const long MostPages = 6_000;

    /// <summary>For what one request in five hundred or a thousand has and no index knows: as many are passed as it takes to find fifty, however long the history is.</summary>
    private const long MostPagesOfWhatIsRare = MostPages * 5;

    /// <summary>For what one order in fifty is of: for each request that is passed, its orders are looked up.</summary>
    private const long MostPagesOfOrdersPassed = MostPages * 10;

    /// <summary>
    /// Of a week of reports, which is here what a community of the size that we design for has in half a year: of a million requests a year
    /// some 10,000 rounds, each looked up in five tables. What is read follows the week, not the history.
    /// </summary>
    private static readonly long MostPagesOfAWeek = Math.Max(MostPages * 5, 200_000L * Requests / 1_000_000);

    /// <summary>A week's thousands are joined with what is short beside them at once, instead of one by one; of a smaller history that is the whole history.</summary>
    private static readonly string[] ReadByReports = Requests < 1_000_000 ? ["clock", "feedback", "request", "work_order", "request_work_order", "fault_request"] : ["fault_request"];

    /// <summary>Whose requests they are. Customers are no history; where there are few, the server may rather read all than look up each of a page.</summary>
    private static readonly string[] ReadForNames = Requests < 1_000_000 ? ["customer"] : [];

    /// <summary>What is open, all of it looked at: 5,000 requests and 3,000 orders of a million, which is twenty times what a community has.</summary>
    private const long MostPagesOfWhatIsOpen = 100_000;

    /// <summary>As often as it takes until the server has settled on one plan for a statement that is prepared.</summary>
    private const int Times = 7;

    private static readonly DateTimeOffset HalfWay = Volume.Until - (Volume.Span / 2);

    private readonly Explained explained = new();
    private HashSet<string> large = [];
    private NpgsqlDataSource source = null!;
    private ServiceProvider desk = null!;
    private Guid someCustomer;
    private Guid someRequest;
    private Guid someOrder;
    private Guid someFault;
    private Guid someoneInCharge;
    private Guid crewsRequest;
    private Guid silentHome;

    private Actor Clerk => Here.Clerk;

    private Actor Engineer => Here.Lead(Crew.Engineering);

    /// <summary>Of the crew that has the least to do.</summary>
    private Actor Administrative => Here.Lead(Crew.Administration);

    protected override async Task Ready()
    {
        await StatisticsStandStill();
        await Volume.Fill(Owner, [Here.CommunityId, There.CommunityId], Customers, Requests, More);
        await EveryIndexIsUsed();
        // Places are no history: there are as many however long it is, and here so few that the server may look at all of them.
        large = [.. await Rows<string>("select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > @Few and relname <> 'place'", new { Few = Requests / 120 })];
    }

    /// <summary>An index that was built over rows changed before is not used while any transaction of the server is older than it, and other tests have theirs.</summary>
    private async Task EveryIndexIsUsed()
    {
        var waited = Stopwatch.StartNew();
        while (await Scalar<bool>("select exists (select from pg_index i where i.indcheckxmin and i.xmin::text::bigint >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"))
        {
            Assert.That(waited.Elapsed, Is.LessThan(TimeSpan.FromMinutes(10)), "A transaction of the server is older than the indexes: plans without them would be judged.");
            await Task.Delay(50);
        }
    }

    [OneTimeSetUp]
    public async Task Somebody()
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString)
        {
            MaxAutoPrepare = 250, // as the desk's own
            AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
            MaxPoolSize = 1, // so that a statement comes back to where it is prepared
            Options = "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on -c auto_explain.log_timing=off -c auto_explain.log_buffers=on -c auto_explain.log_format=json -c auto_explain.log_level=notice",
        };
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.UseLoggerFactory(explained);
        source = builder.Build();
        desk = Services(s => s.RemoveAll<NpgsqlDataSource>().AddSingleton(source));
        var here = new { Here.CommunityId };
        someCustomer = await Scalar<Guid>("select customer_id from request where community_id = @CommunityId and status = 'inProgress' order by number desc limit 1", here);
        someFault = await Scalar<Guid>("select fault_id from fault where community_id = @CommunityId order by number desc limit 1", here);
        someRequest = await Scalar<Guid>("select request_id from fault_request where community_id = @CommunityId and fault_id = @someFault", new { Here.CommunityId, someFault });
        someOrder = await Scalar<Guid>("select work_order_id from work_order where community_id = @CommunityId and crew = 'engineering' order by number desc limit 1", here);
        silentHome = await Scalar<Guid>("select place_id from place where community_id = @CommunityId and code = 'v7'", here);
        crewsRequest = await Scalar<Guid>("select request_id from request_work_order where community_id = @CommunityId and work_order_id = @someOrder", new { Here.CommunityId, someOrder });
        someoneInCharge = await Scalar<Guid>("select in_charge_id from request where community_id = @CommunityId and in_charge_id is not null limit 1", here);
    }

    [OneTimeTearDown]
    public async Task LetGoOfTheWatchedDesk()
    {
        if (desk is not null)
        {
            await desk.DisposeAsync();
            await source.DisposeAsync();
        }

        explained.Dispose();
    }

    public override Task CleanUp() => Task.CompletedTask; // nothing is changed here

    private static IEnumerable<Look> Lists() =>
    [
        .. ListsOfRequests(), .. ListsOfOrders(), .. OtherLists(),
    ];

    private static IEnumerable<Look> ListsOfRequests()
    {
        foreach (var sort in Enum.GetValues<RequestSort>())
        {
            yield return Of("open requests, " + sort, t => new RequestFilter(Open: true), sort);
            yield return Of("open requests of a crew, " + sort, t => new RequestFilter(Open: true, Crew: Crew.Security), sort, most: MostPagesOfWhatIsOpen);
            yield return Of("what is open for a crew, " + sort, t => new RequestFilter(Open: true), sort, t => t.Engineer, MostPagesOfWhatIsOpen);
            yield return Of("what is open for a crew with little to do, " + sort, t => new RequestFilter(Open: true), sort, t => t.Administrative, MostPagesOfWhatIsOpen);
            yield return Of("open and late, " + sort, t => new RequestFilter(Open: true, Late: true), sort, most: MostPagesOfWhatIsOpen);
            yield return Of("open and not late, " + sort, t => new RequestFilter(Open: true, Late: false), sort, most: MostPagesOfWhatIsOpen);
            yield return Of("open and late by now, " + sort, t => new RequestFilter(Open: true, Due: RequestDue.Late), sort, most: MostPagesOfWhatIsOpen);
        }

        foreach (var sort in (RequestSort[])[RequestSort.NewestFirst, RequestSort.OldestFirst])
        {
            yield return Of("all requests, " + sort, t => new RequestFilter(), sort);
            yield return Of("received, " + sort, t => new RequestFilter(Status: [RequestStatus.Received]), sort);
            yield return Of("closed, " + sort, t => new RequestFilter(Open: false), sort);
        }

        foreach (var (name, filter, most) in new (string, Func<PlansAtVolumeTests, RequestFilter>, long)[]
        {
            ("of two communities", t => new RequestFilter(t.Here.CommunityId), MostPages),
            ("closed or received", t => new RequestFilter(Status: [RequestStatus.Closed, RequestStatus.Received]), MostPages),
            ("repairs", t => new RequestFilter(Kind: RequestKind.Repair), MostPages),
            ("complaints", t => new RequestFilter(Kind: RequestKind.Complaint), MostPages),
            ("urgent ones", t => new RequestFilter(Priority: Priority.Urgent), MostPages),
            ("dangers", t => new RequestFilter(Priority: Priority.Danger), MostPagesOfWhatIsRare),
            ("by telephone", t => new RequestFilter(Channel: Channel.Phone), MostPages),
            ("by letter", t => new RequestFilter(Channel: Channel.Letter), MostPagesOfWhatIsRare),
            ("of a category", t => new RequestFilter(CategoryId: t.Here.Category(RequestKind.Repair, "water")), MostPages),
            ("of a customer", t => new RequestFilter(CustomerId: t.someCustomer), MostPages),
            ("of a home", t => new RequestFilter(PlaceId: t.Here.Places["3-2-1501"]), MostPages),
            ("of a home that reported nothing", t => new RequestFilter(PlaceId: t.silentHome), MostPages),
            ("of an entrance with thousands of homes", t => new RequestFilter(PlaceId: t.Here.Places["3-2"]), MostPages),
            ("of a building", t => new RequestFilter(BuildingId: t.Here.Places["3"]), MostPages),
            ("of a building and everything below", t => new RequestFilter(PlaceId: t.Here.Places["3"]), MostPages),
            ("in somebody's charge", t => new RequestFilter(InChargeId: t.someoneInCharge), MostPages),
            ("in anybody's charge", t => new RequestFilter(InCharge: true), MostPagesOfWhatIsRare),
            ("in nobody's charge", t => new RequestFilter(InCharge: false), MostPages),
            ("of a fault", t => new RequestFilter(FaultId: t.someFault), MostPages),
            ("of a crew", t => new RequestFilter(Crew: Crew.Engineering), MostPages),
            ("of a crew with little to do", t => new RequestFilter(Crew: Crew.Administration), MostPagesOfOrdersPassed),
            ("of a team", t => new RequestFilter(TeamId: t.Here.Teams[Crew.Security]), MostPagesOfOrdersPassed),
            ("of a crew and its team", t => new RequestFilter(Crew: Crew.Security, TeamId: t.Here.Teams[Crew.Security]), MostPagesOfOrdersPassed),
            ("reported in a week", t => new RequestFilter(ReportedFrom: HalfWay, ReportedBefore: HalfWay.AddDays(7)), MostPages),
            ("reported before", t => new RequestFilter(ReportedBefore: HalfWay), MostPages),
            ("with a target", t => new RequestFilter(HasTarget: true), MostPages),
            ("without a target", t => new RequestFilter(HasTarget: false), MostPagesOfOrdersPassed),
            ("late ones", t => new RequestFilter(Late: true), MostPages),
            ("ones in time", t => new RequestFilter(Late: false), MostPages),
            ("late now", t => new RequestFilter(Due: RequestDue.Late), MostPagesOfWhatIsOpen),
            ("late soon", t => new RequestFilter(Due: RequestDue.Soon), MostPages),
            ("imported", t => new RequestFilter(Imported: true), MostPages),
            ("not imported", t => new RequestFilter(Imported: false), MostPages),
            ("to be confirmed", t => new RequestFilter(ToConfirm: true), MostPages),
            ("not to be confirmed", t => new RequestFilter(ToConfirm: false), MostPages),
            ("with a word of the owner", t => new RequestFilter(UnreadWord: true), MostPages),
            ("without a word of the owner", t => new RequestFilter(UnreadWord: false), MostPages),
            ("promised soon", t => new RequestFilter(Promise: PromiseDue.Due), MostPages),
            ("promised and overdue", t => new RequestFilter(Promise: PromiseDue.Overdue), MostPagesOfWhatIsOpen),
        })
        {
            yield return Of("requests " + name, filter, most: most);
            yield return Of("open requests " + name, t => filter(t) with { Open = true }, most: Math.Max(most, MostPages));
        }

        yield return Of("a crew's requests", t => new RequestFilter(), who: t => t.Engineer);
        yield return Of("the requests of a crew with little to do", t => new RequestFilter(), who: t => t.Administrative, most: MostPagesOfOrdersPassed);
        yield return Of("a crew's requests of a home", t => new RequestFilter(PlaceId: t.Here.Places["3-2-1501"]), who: t => t.Engineer);
    }

    private static IEnumerable<Look> ListsOfOrders()
    {
        foreach (var (name, filter) in new (string, Func<PlansAtVolumeTests, WorkOrderFilter>)[]
        {
            ("", t => new WorkOrderFilter()),
            (" of a community", t => new WorkOrderFilter(t.Here.CommunityId)),
            (" of a crew", t => new WorkOrderFilter(Crew: Crew.Security)),
            (" of a crew with little to do", t => new WorkOrderFilter(Crew: Crew.Administration)),
            (" of a team", t => new WorkOrderFilter(TeamId: t.Here.Teams[Crew.Administration])),
            (" of somebody", t => new WorkOrderFilter(AssigneeId: t.Engineer.Id)),
            (" of a fault", t => new WorkOrderFilter(FaultId: t.someFault)),
            (" that are urgent", t => new WorkOrderFilter(Priority: Priority.Urgent)),
        })
        {
            yield return Of("orders" + name, filter);
            yield return Of("open orders" + name, t => filter(t) with { Open = true });
            yield return Of("open orders by due time" + name, t => filter(t) with { Open = true }, WorkOrderSort.DueFirst, most: MostPagesOfWhatIsOpen);
            yield return Of("done orders" + name, t => filter(t) with { Open = false });
        }

        yield return Of("the centre's queue", t => new WorkOrderFilter(Open: true, Status: [WorkOrderStatus.Unassigned]));
        yield return Of("what is stuck", t => new WorkOrderFilter(Open: true, Stuck: true), most: MostPagesOfWhatIsOpen);
        yield return Of("what came back", t => new WorkOrderFilter(Open: true, Returned: true), most: MostPagesOfWhatIsOpen);
        yield return Of("holds to decide", t => new WorkOrderFilter(Open: true, HoldToDecide: true), most: MostPagesOfWhatIsOpen);
        yield return Of("done ones by status", t => new WorkOrderFilter(Status: [WorkOrderStatus.Done]));
        foreach (var (whose, who) in new (string, Func<PlansAtVolumeTests, Actor>)[] { ("engineer's", t => t.Engineer), ("administrative's", t => t.Administrative) })
        {
            yield return Of($"the {whose} crew", t => new WorkOrderFilter(), who: who);
            foreach (var sort in Enum.GetValues<WorkOrderSort>())
            {
                yield return Of($"the {whose} own, {sort}", t => new WorkOrderFilter(Open: true, Mine: true), sort, who, MostPagesOfWhatIsOpen);
                yield return Of($"the {whose} pool, {sort}", t => new WorkOrderFilter(Open: true, MyTeams: true, Pool: true), sort, who, MostPagesOfWhatIsOpen);
                yield return Of($"the {whose} teams, {sort}", t => new WorkOrderFilter(Open: true, MyTeams: true), sort, who, MostPagesOfWhatIsOpen);
            }
        }
    }

    private static IEnumerable<Look> OtherLists()
    {
        foreach (var state in (FeedbackState[])[FeedbackState.Asked, FeedbackState.ToCall])
        {
            yield return new Paged<CallBackLine>($"call-backs {state}", (t, after) => new ListCallBacks(State: state, After: after), Far());
            yield return new Paged<CallBackLine>($"call-backs {state} that may be made now", (t, after) => new ListCallBacks(State: state, Ready: true, After: after), Far());
        }

        yield return new Paged<FollowUpLine>("follow-ups", (t, after) => new ListFollowUps(After: after)) { Who = t => t.Here.Officer };
        foreach (var status in (FaultStatus?[])[null, FaultStatus.Open, FaultStatus.Ended])
        {
            yield return new Paged<FaultLine>($"faults {status}", (t, after) => new ListFaults(Status: status, After: after), Far());
            yield return new Paged<FaultLine>($"faults of a building {status}", (t, after) => new ListFaults(Status: status, BuildingId: t.Here.Places["3"], After: after), Far());
        }

        yield return new Paged<FaultLine>("faults of an asset", (t, after) => new ListFaults(AssetId: t.Here.Lift, After: after), Far()) { MostPages = MostPages * 3 };
        foreach (var (name, filter) in new (string, EscalationFilter)[]
        {
            ("", new EscalationFilter()), (", open", new EscalationFilter(State: [EscalationState.Open])), (", open or acknowledged", new EscalationFilter(State: [EscalationState.Open, EscalationState.Acknowledged])),
            (" of a crew", new EscalationFilter(Crew: Crew.Engineering)), (", open, of a crew", new EscalationFilter(State: [EscalationState.Open], Crew: Crew.Engineering)),
            (" of a level", new EscalationFilter(Level: [1])), (" of a week", new EscalationFilter(From: HalfWay, To: HalfWay.AddDays(7))), (", acknowledged", new EscalationFilter(Acknowledged: true)),
        })
        {
            yield return new Paged<EscalationLine>("escalations" + name, (t, after) => new ListEscalations(filter, After: after), Far());
            yield return new Paged<Ladder>("ladders" + name, (t, after) => new ListLadders(filter, After: after), Far());
        }

        yield return new Paged<AlarmLine>("alarms", (t, after) => new ListAlarms(After: after), Far());
        yield return new Paged<MessageLine>("parked messages", (t, after) => new ListParkedMessages(After: after), Far());
        yield return new Paged<MessageLine>("parked messages that no way leads to", (t, after) => new ListParkedMessages(Why: ParkedWhy.NoChannel, After: after), Far());
        yield return new Paged<ToldLine>("what one was told", (t, after) => new ListToldMe(After: after));
        yield return new Paged<InboundLine>("messages that came in", (t, after) => new ListInbound(After: after), Far());
        foreach (var state in (VoiceState?[])[null, VoiceState.Published, VoiceState.Proposed])
        {
            yield return new Paged<VoiceLine>($"voices {state}", (t, after) => new ListVoices(State: state, After: after), Far());
        }

        yield return new Paged<PlaceLine>("places below a place", (t, after) => new ListPlaces(t.Here.CommunityId, t.Here.Places["3-2"], After: after));
        yield return new Paged<PlaceLine>("places", (t, after) => new ListPlaces(t.Here.CommunityId, After: after));
        yield return new Paged<AssetLine>("assets", (t, after) => new ListAssets(t.Here.CommunityId, After: after));
        yield return new Paged<AssetLine>("assets of a place", (t, after) => new ListAssets(t.Here.CommunityId, t.Here.Places["3-2-lobby"], After: after));
        yield return new Paged<AccountLine>("accounts", (t, after) => new ListAccounts(After: after)) { Who = t => t.Here.People["administrator"] };
        yield return new Paged<DeclaredEventLine>("declared events", (t, after) => new ListDeclaredEvents(t.Here.CommunityId, After: after));

        var (from, to) = (Volume.Until.AddDays(-60), Volume.Until.AddDays(-53));
        yield return OfAWeek(new Paged<ReportedClock>("clocks behind a figure", (t, after) => new ListReportedClocks(new ClockReportFilter(From: from, To: to), After: after)));
        yield return OfAWeek(new Paged<OwnersTimeLine>("requests behind a share of the owners' time", (t, after) => new ListOwnersTime(new DemandFilter(From: from, To: to), After: after)));
        yield return OfAWeek(new Paged<EscalationLine>("escalations behind a figure", (t, after) => new ListReportedEscalations(new EscalationReportFilter(From: from, To: to), After: after)));
        yield return OfAWeek(new Paged<ReportedRequest>("requests behind a figure", (t, after) => new ListReportedRequests(new DemandFilter(From: from, To: to), After: after)));
        yield return OfAWeek(new Paged<RatingLine>("ratings behind a figure", (t, after) => new ListRatings(new SatisfactionFilter(From: from, To: to), After: after)));
    }

    private static IEnumerable<Look> Singles()
    {
        yield return new One<Found>("search by four digits", t => new Search(Volume.PhoneOf(16)[^4..]));
        yield return new One<Found>("search by a number", t => new Search(Volume.PhoneOf(16)));
        yield return new One<Found>("search by a name", t => new Search(Volume.NameOf(16)));
        yield return new One<Found>("search by a family name", t => new Search(Volume.NameOf(16)[..1]));
        yield return new One<Found>("search by initials", t => new Search("wxm"));
        yield return new One<Found>("search by a home", t => new Search("3-2-1501"));
        yield return new One<Found>("search by a request's number", t => new Search("900000000016"));
        yield return new One<CustomerCard>("a customer's card", t => new GetCard(t.someCustomer));
        yield return new One<CustomerDetails>("a customer", t => new GetCustomer(t.someCustomer));
        yield return new One<RequestDetails>("a request", t => new GetRequest(t.someRequest));
        yield return new One<Timeline>("a timeline", t => new GetTimeline(t.someRequest));
        yield return new One<RequestDetails>("a crew's request", t => new GetRequest(t.crewsRequest)) { Who = t => t.Engineer };
        yield return new One<WorkOrderDetails>("a crew's order", t => new GetWorkOrder(t.someOrder)) { Who = t => t.Engineer };
        yield return new One<IReadOnlyList<AttachmentLine>>("files of a request", t => new ListAttachmentsOfRequest(t.someRequest));
        yield return new One<IReadOnlyList<AttachmentLine>>("files of an order", t => new ListAttachmentsOfWorkOrder(t.someOrder));
        yield return new One<IReadOnlyList<MessageLine>>("messages of a request", t => new ListMessagesOfRequest(t.someRequest));
        yield return new One<Similar>("what a call may be about", t => new FindSimilar(t.Here.CommunityId, t.Here.Category(RequestKind.Repair, "water"), t.Here.Places["3-2-1501"]));
        yield return new One<FaultDetails>("a fault", t => new GetFault(t.someFault));
        yield return new One<PlaceDetails>("a home", t => new GetPlace(t.Here.Places["3-2-1501"])) { MostPages = MostPagesOfWhatIsOpen }; // of a building, what is open in it is found among what is open

        foreach (var by in Enum.GetValues<RequestGroup>())
        {
            yield return new One<IReadOnlyList<RequestCount>>($"open requests by {by}", t => new CountRequests(new RequestFilter(Open: true), by)) { MostPages = MostPagesOfWhatIsOpen };
            yield return new One<IReadOnlyList<RequestCount>>($"a crew's open requests by {by}", t => new CountRequests(new RequestFilter(Open: true), by)) { MostPages = MostPagesOfWhatIsOpen, Who = t => t.Engineer };
            yield return new One<IReadOnlyList<RequestCount>>($"requests of a day by {by}", t => new CountRequests(new RequestFilter(ReportedFrom: HalfWay, ReportedBefore: HalfWay.AddDays(1)), by)) { MostPages = MostPagesOfAWeek };
        }

        yield return new One<IReadOnlyList<RequestCount>>("what is late", t => new CountRequests(new RequestFilter(Due: RequestDue.Late))) { MostPages = MostPagesOfWhatIsOpen };
        yield return new One<IReadOnlyList<RequestCount>>("what is to be confirmed", t => new CountRequests(new RequestFilter(ToConfirm: true)));
        yield return new One<IReadOnlyList<RequestCount>>("promises that are overdue", t => new CountRequests(new RequestFilter(Promise: PromiseDue.Overdue))) { MostPages = MostPagesOfWhatIsOpen };
        yield return new One<IReadOnlyList<RequestCount>>("words of owners", t => new CountRequests(new RequestFilter(UnreadWord: true)));

        var (from, to) = (Volume.Until.AddDays(-60), Volume.Until.AddDays(-53));
        yield return OfAWeek(new One<Demand>("the demand of a week", t => new CountDemand(from, to)));
        yield return OfAWeek(new One<IReadOnlyList<OwnersTimeFigures>>("owners' time", t => new ReportOwnersTime(new DemandFilter(From: from, To: to))));
        yield return OfAWeek(new One<Today>("today", t => new ReportToday()));
        foreach (var by in (ReportBy[])[ReportBy.All, ReportBy.Crew, ReportBy.Category, ReportBy.Month])
        {
            yield return OfAWeek(new One<IReadOnlyList<ClockFigures>>($"clocks by {by}", t => new ReportClocks(new ClockReportFilter(From: from, To: to), by)));
            yield return OfAWeek(new One<IReadOnlyList<EscalationFigures>>($"escalations by {by}", t => new ReportEscalations(new EscalationReportFilter(From: from, To: to), by)));
        }

        foreach (var by in (SatisfactionBy[])[SatisfactionBy.All, SatisfactionBy.Crew, SatisfactionBy.Month])
        {
            yield return OfAWeek(new One<IReadOnlyList<SatisfactionFigures>>($"satisfaction by {by}", t => new ReportSatisfaction(new SatisfactionFilter(From: from, To: to), by)));
        }

        foreach (var by in (DemandBy[])[DemandBy.All, DemandBy.Category, DemandBy.Channel])
        {
            yield return OfAWeek(new One<IReadOnlyList<DemandFigure>>($"demand by {by}", t => new ReportDemand(new DemandFilter(From: from, To: to), by, DemandEvery.Week)));
        }
    }

    [TestCaseSource(nameof(Lists))]
    public Task A_list(Look look) => look.Take(this);

    [TestCaseSource(nameof(Singles))]
    public Task A_look(Look look) => look.Take(this);

    /// <summary>A new list is not done before it stands above.</summary>
    [Test]
    public void Every_query_that_lists_is_here()
    {
        var lists = typeof(ListRequests).Assembly.GetTypes()
            .Where(t => t.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IQuery<>) && i.GetGenericArguments()[0] is { IsGenericType: true } page && page.GetGenericTypeDefinition() == typeof(Page<>)))
            .Select(t => t.Name).Order(StringComparer.Ordinal).ToArray();

        Assert.That(lists, Has.Length.GreaterThan(15));
        Assert.That(Lists().Select(l => l.Query(this).GetType().Name).Distinct().Order(StringComparer.Ordinal), Is.EqualTo(lists));
    }

    [Test]
    public void Every_filter_of_requests_and_of_orders_is_here()
    {
        static IEnumerable<string> Names(object filter) => filter.GetType().GetProperties().Where(p => p.GetValue(filter) is not null and not false).Select(p => p.Name);
        static IEnumerable<string> All(Type filter) => filter.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name);
        var queries = Lists().Select(l => l.Query(this)).ToArray();

        Assert.That(queries.OfType<ListRequests>().SelectMany(q => Names(q.Filter)).Distinct(), Is.EquivalentTo(All(typeof(RequestFilter))));
        Assert.That(queries.OfType<ListWorkOrders>().SelectMany(q => Names(q.Filter)).Distinct(), Is.EquivalentTo(All(typeof(WorkOrderFilter))));
    }

    /// <summary>So that the tests above mean something: a statement that does read a table from end to end is seen to.</summary>
    [Test]
    public async Task What_reads_a_table_from_end_to_end_is_noticed()
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("select count(*) from request where description like '%nothing%'", connection);
        explained.Begin();
        await command.ExecuteScalarAsync();

        var plan = explained.Plans.Single();
        Assert.That(Scanned(plan), Does.Contain("request"));
        Assert.That(PagesOf(plan), Is.GreaterThan(Requests / 100));
        Assert.That(large, Is.SupersetOf(new[] { "request", "work_order", "request_work_order", "clock", "feedback", "customer", "contact_point", "occupancy", "search_token", "event", "fault", "escalation", "message", "attachment" }));
    }

    private async Task<T> Send<T>(Look look, IRequest<T> query)
    {
        explained.Begin();
        var reply = await Send(desk, look.Who is null ? Clerk : look.Who(this), query);
        var plans = explained.Plans;
        Assert.That(plans, Is.Not.Empty, "auto_explain told nothing");
        foreach (var plan in plans)
        {
            var told = plan.GetRawText();
            Assert.That(Scanned(plan).Intersect(large).Except(look.MayRead), Is.Empty, told);
            Assert.That(PagesOf(plan), Is.LessThan(look.MostPages), told);
        }

        return reply;
    }

    private static IEnumerable<string> Scanned(JsonElement plan) =>
        Nodes(plan.GetProperty("Plan")).Where(n => n.GetProperty("Node Type").GetString() == "Seq Scan").Select(n => n.GetProperty("Relation Name").GetString()!);

    private static long PagesOf(JsonElement plan) => plan.GetProperty("Plan").GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Plan").GetProperty("Shared Read Blocks").GetInt64();

    private static IEnumerable<JsonElement> Nodes(JsonElement node) =>
        node.TryGetProperty("Plans", out var children) ? children.EnumerateArray().SelectMany(Nodes).Prepend(node) : [node];

    private static string Far(params object?[] sort) => Cursor.Encode([HalfWay, Guid.Empty, .. sort]);

    private static Paged<RequestLine> Of(string name, Func<PlansAtVolumeTests, RequestFilter> filter, RequestSort sort = RequestSort.NewestFirst, Func<PlansAtVolumeTests, Actor>? who = null, long most = MostPages) =>
        new(name, (t, after) => new ListRequests(filter(t), sort, After: after), Far(EnumWord.Of(sort))) { Who = who, MostPages = most, MayRead = ReadForNames };

    private static Paged<WorkOrderLine> Of(string name, Func<PlansAtVolumeTests, WorkOrderFilter> filter, WorkOrderSort sort = WorkOrderSort.NewestFirst, Func<PlansAtVolumeTests, Actor>? who = null, long most = MostPages) =>
        new(name, (t, after) => new ListWorkOrders(filter(t), sort, After: after), Far(EnumWord.Of(sort))) { Who = who, MostPages = most };

    private static Look OfAWeek(Look look) => look with { Who = t => t.Here.Manager, MostPages = MostPagesOfAWeek, MayRead = ReadByReports, Often = 1 };

    /// <summary>Something that is looked at.</summary>
    public abstract record Look(string Name)
    {
        public Func<PlansAtVolumeTests, Actor>? Who { get; init; }

        public long MostPages { get; init; } = PlansAtVolumeTests.MostPages;

        /// <summary>Tables that grow with the history and may be read from end to end all the same.</summary>
        public string[] MayRead { get; init; } = [];

        public int Often { get; init; } = Times;

        internal abstract object Query(PlansAtVolumeTests tests);

        internal abstract Task Take(PlansAtVolumeTests tests);

        public sealed override string ToString() => Name;
    }

    /// <param name="Far">Where a page in the middle of the history begins.</param>
    private sealed record Paged<T>(string Name, Func<PlansAtVolumeTests, string?, IQuery<Page<T>>> Of, string? Far = null) : Look(Name)
    {
        internal override object Query(PlansAtVolumeTests tests) => Of(tests, null);

        internal override async Task Take(PlansAtVolumeTests tests)
        {
            var page = await tests.Send(this, Of(tests, null));
            for (var more = 1; more < Often; more++)
            {
                await tests.Send(this, Of(tests, null));
            }

            if (page.Next is not null)
            {
                await tests.Send(this, Of(tests, page.Next));
            }

            if (Far is not null)
            {
                await tests.Send(this, Of(tests, Far));
            }
        }
    }

    private sealed record One<T>(string Name, Func<PlansAtVolumeTests, IQuery<T>> Of) : Look(Name)
    {
        internal override object Query(PlansAtVolumeTests tests) => Of(tests);

        internal override async Task Take(PlansAtVolumeTests tests)
        {
            for (var often = 0; often < Often; often++)
            {
                await tests.Send(this, Of(tests));
            }
        }
    }

    /// <summary>Keeps the plans that the server tells of.</summary>
    private sealed class Explained : ILoggerFactory, ILogger
    {
        private readonly List<JsonElement> plans = [];

        public IReadOnlyList<JsonElement> Plans => plans;

        public void Begin() => plans.Clear();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            const string before = "  plan:\n";
            if (formatter(state, exception) is var words && words.IndexOf(before, StringComparison.Ordinal) is var at and >= 0)
            {
                plans.Add(JsonSerializer.Deserialize<JsonElement>(words[(at + before.Length)..]));
            }
        }

        public void Dispose()
        {
        }
    }

    /// <summary>What the bench does not need: rare kinds, ways and crews, people in charge, what came from elsewhere, and the tables beside the requests.</summary>
    private static readonly string[] More =
    [
        """
        update request
        set priority = case when number % 499 = 0 then 'danger' when number % 19 = 0 then 'urgent' else priority end,
            channel = case when number % 997 = 0 then 'letter' else channel end,
            kind = case when number % 97 = 0 then 'complaint' else kind end,
            in_charge_id = case when number % 97 = 0 then registered_by end,
            to_confirm = number % 401 = 0,
            owner_word_at = case when number % 307 = 0 then reported_at + interval '1 hour' end,
            import_source = case when number % 11 = 0 then 'old-desk' end,
            import_id = case when number % 11 = 0 then number::text end
        where number > 900000000000 and 0 in (number % 499, number % 19, number % 997, number % 97, number % 401, number % 307, number % 11)
        """,
        """
        delete from clock c
        using request r
        where r.community_id = c.community_id and r.request_id = c.subject_id and r.number > 900000000000 and r.number % 55 = 0 and r.number % 7 <> 0
        """,
        """
        update work_order o
        set crew = x.crew, team_id = t.team_id, priority = case when o.number % 19 = 0 then 'urgent' else o.priority end,
            assignee_id = case when o.number % 3 = 0 then (select m.staff_id from team_member m where m.community_id = o.community_id and m.team_id = t.team_id and m.lead) end,
            fault_id = case when o.number % 50 = 0 then ('01900000-0000-7050-8000-' || right(o.work_order_id::text, 12))::uuid end
        from (values (0, 'administration'), (1, 'security'), (2, 'security'), (3, 'security'), (4, 'security'), (5, 'environment'), (6, 'environment'), (7, 'environment'), (8, 'environment'), (9, 'engineering'), (10, 'engineering')) x (rest, crew)
        join team t on t.crew = x.crew
        where o.number > 910000000000 and o.number % 47 = x.rest and t.community_id = o.community_id and not t.external
        """,
        """
        update feedback f
        set state = 'toCall', listed_at = f.started_at, listed_why = 'policy'
        from request r
        where r.community_id = f.community_id and r.request_id = f.request_id and f.state = 'asked' and (r.number / 800) % 2 = 0
        """,
        """
        insert into follow_up (community_id, follow_up_id, request_id, feedback_id, reason, for_role, opened_at, due_at, ended_at, ended_how)
        select r.community_id, ('01900000-0000-7080-8000-' || right(r.request_id::text, 12))::uuid, r.request_id, ('01900000-0000-7040-8000-' || right(r.request_id::text, 12))::uuid, 'lowScore',
            (array['customerOfficer', 'manager'])[1 + r.number % 2], r.closed_at, r.closed_at + interval '1 day', case when r.number % 700 <> 0 then r.closed_at + interval '2 days' end, case when r.number % 700 <> 0 then 'explained' end
        from request r
        where r.number > 900000000000 and r.status = 'closed' and r.number % 7 = 0
        """,
        """
        insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after, sent_at, parked_at, parked_why, channel)
        select r.community_id, ('01900000-0000-7090-8000-' || right(r.request_id::text, 12))::uuid, 'volume:' || r.number, 'customer', r.customer_id, r.request_id, 'feedbackAsk', '{}', r.reported_at, r.reported_at,
            case when r.number % 499 <> 0 then r.reported_at end, case when r.number % 499 = 0 then r.reported_at end, case when r.number % 499 = 0 then 'noChannel' end, 'sms'
        from request r
        where r.number > 900000000000 and (r.number % 3 = 0 or r.number % 499 = 0)
        """,
        """
        insert into inbound_message (community_id, inbound_message_id, channel, external_id, kind, sender, text, received_at, request_id, settled_at)
        select r.community_id, ('01900000-0000-70a0-8000-' || right(r.request_id::text, 12))::uuid, 'sms', 'volume:' || r.number, case when r.number % 4 = 0 then 'toConfirm' else 'note' end, '13800138000', '修好了', r.reported_at,
            r.request_id, case when r.number % 4000 <> 0 then r.reported_at end
        from request r
        where r.number > 900000000000 and r.number % 10 = 0
        """,
        """
        insert into attachment (community_id, attachment_id, request_id, purpose, visibility, media_type, file_name, size, sha256, uploaded_at)
        select r.community_id, ('01900000-0000-70b0-8000-' || right(r.request_id::text, 12))::uuid, r.request_id, 'before', 'owner', 'image/jpeg', 'a.jpg', 1000, decode(repeat('00', 32), 'hex'), r.reported_at
        from request r
        where r.number > 900000000000 and r.number % 10 = 0
        """,
        """
        insert into voice (community_id, voice_id, request_id, state, asked, done, proposed_at, proposed_by, approved_at, approved_by)
        select r.community_id, ('01900000-0000-70c0-8000-' || right(r.request_id::text, 12))::uuid, r.request_id, case when r.number % 3000 = 0 then 'proposed' else 'published' end, '漏水', '修好了', r.closed_at, r.registered_by,
            case when r.number % 3000 <> 0 then r.closed_at end, case when r.number % 3000 <> 0 then r.registered_by end
        from request r
        where r.number > 900000000000 and r.status = 'closed' and r.number % 30 = 0
        """,
        """
        insert into call_attempt (community_id, call_attempt_id, feedback_id, staff_id, tried_at, number_dialled, result)
        select r.community_id, ('01900000-0000-70d0-8000-' || right(r.request_id::text, 12))::uuid, ('01900000-0000-7040-8000-' || right(r.request_id::text, 12))::uuid, r.registered_by, r.finished_at, '13800138000', 'noAnswer'
        from request r
        where r.number > 900000000000 and r.finished_at is not null and r.number % 10 = 0
        """,
        """
        insert into asset (community_id, asset_id, place_id, kind, code, name, qr_code)
        select p.community_id, gen_random_uuid(), p.place_id, 'pump', 'P' || i, '水泵 ' || i, 'qr-volume-' || p.community_id || '-' || i
        from place p
        cross join generate_series(1, 500) i
        where p.full_code = '3-2-lobby'
        """,
        """
        insert into place (community_id, place_id, kind, code, full_code, name, parent_id, building_id)
        select p.community_id, gen_random_uuid(), 'home', 'v' || i, p.full_code || '-v' || i, '房 ' || i, p.place_id, p.building_id
        from place p
        cross join generate_series(1, 3000) i
        where p.full_code = '3-2'
        """,
    ];
}
