using System.Reflection;
using MediatR;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Policies;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Refusals that stand beside no story of their own: each by its code, and none changes anything.</summary>
public sealed class RefusalsTests : DeskFixture
{
    private static readonly QuotedLine[] Lines = [new("水龙头", 1, "个", 120m)];

    private Actor Engineer => Here.Member(Crew.Engineering);

    // ---------------------------------------------------------------- customers

    [Test]
    public async Task A_customer_has_twenty_occupancies_at_most_also_when_two_come_at_once()
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "包租公"))).CustomerId;
        var all = (from place in Here.Places.Values.Order() from role in Enum.GetValues<OccupancyRole>() select (place, role)).ToArray();
        Task Begin(int which) => Send(Here.Clerk, new BeginOccupancy(customer, all[which].place, all[which].role));
        for (var i = 0; i < 19; i++)
        {
            await Begin(i);
        }

        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from customer where customer_id = @customer for update", new { customer });
        var both = await held.OneAfterTheOther(() => Begin(19), () => Begin(20));

        Assert.That(both, Is.EqualTo(new[] { "done", "occupancies.count" }));
        Assert.That(await Scalar<long>("select count(*) from occupancy where customer_id = @customer", new { customer }), Is.EqualTo(20));
    }

    [Test]
    public async Task An_address_that_is_none_and_a_language_that_nobody_writes_are_refused()
    {
        Assert.That(await Refusal(() => Send(Here.Clerk, new AddContactPoint(Here.Customer, ContactKind.Email, "li.example.org"))), Is.EqualTo("email.not_an_address"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new AmendCustomer(Here.Customer, "王小明", "fr", PreferredChannel.Phone, null, 1))), Is.EqualTo("language.unknown"));
    }

    // ---------------------------------------------------------------- requests

    [Test]
    public async Task A_complaint_is_about_a_colleague_of_its_own_community()
    {
        var complaint = await GivenRequest(kind: RequestKind.Complaint, category: "attitude", text: "态度差");

        Assert.That(await Refusal(() => Send(Here.Clerk, new AmendRequest(complaint.RequestId, AboutStaffId: There.Clerk.Id, Version: complaint.Version))), Is.EqualTo("staff.unknown"));
    }

    [Test]
    public async Task Nothing_is_attached_to_what_was_cancelled_and_the_crew_attaches_nothing_for_the_desk_alone()
    {
        var (request, _) = await GivenWorking();
        await using var upload = await Upload.Receive(new MemoryStream(Attachments.Pictures.Png()), forOwners: false, CancellationToken.None);
        Task Attach(Actor who, Visibility visibility) => Send(who, new AttachToRequest(request, new FileLabel(PhotoPurpose.Other, visibility, "a.png"), Convert.ToHexStringLower(upload.Sha256), upload));

        Assert.That(await Refusal(() => Attach(Engineer, Visibility.Desk)), Is.EqualTo("attachment.desk_only"));
        await Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "不用了"));
        Assert.That(await Refusal(() => Attach(Here.Clerk, Visibility.Owner)), Is.EqualTo("request.move_not_allowed"));
        Assert.That(await Scalar<long>("select count(*) from attachment"), Is.Zero);
    }

    // ---------------------------------------------------------------- work

    private static readonly object?[][] BadMaterials =
    [
        [0m, 1m, "quantity.out_of_range"], [-1m, 1m, "quantity.out_of_range"], [1_000_000m, 1m, "quantity.out_of_range"], [1.0001m, 1m, "quantity.out_of_range"],
        [1m, -0.01m, "amount.out_of_range"], [1m, 100_000_000m, "amount.out_of_range"], [1m, 0.001m, "amount.out_of_range"],
    ];

    [TestCaseSource(nameof(BadMaterials))]
    public async Task What_was_used_has_a_quantity_and_a_price_that_can_be(decimal quantity, decimal price, string code)
    {
        var (_, order) = await GivenWorking();

        Assert.That(await Refusal(() => Send(Engineer, new CompleteWork(order, "换了", Materials: [new("垫片", quantity, "个", price)]))), Is.EqualTo(code));
        Assert.That(await Refusal(() => Send(Engineer, new QuoteWork(order, [new("垫片", quantity, "个", price)]))), Does.StartWith(code), "a price that cannot be makes a total that cannot be");
        Assert.That((await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Status, Is.EqualTo(WorkOrderStatus.Working));
    }

    [TestCase(-0.01)]
    [TestCase(100_000_000)]
    [TestCase(0.001)]
    public async Task A_final_amount_is_an_amount(double amount)
    {
        var (_, order) = await GivenWorking();

        Assert.That(await Refusal(() => Send(Engineer, new CompleteWork(order, "换了", FinalAmount: (decimal)amount))), Is.EqualTo("amount.out_of_range"));
        await Send(Engineer, new CompleteWork(order, "换了"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SetFinalAmount(order, (decimal)amount, 4))), Is.EqualTo("amount.out_of_range"));
    }

    [Test]
    public async Task Only_the_quote_of_now_is_refused_by_those_whose_order_it_is_while_it_is_open()
    {
        var request = (await GivenRequest()).RequestId;
        var order = (await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "换水龙头", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        await Send(Engineer, new AcceptWork(order));
        var former = (await Send(Engineer, new QuoteWork(order, Lines))).QuoteId;
        var quote = (await Send(Engineer, new QuoteWork(order, Lines))).QuoteId;
        Task Refuse(Actor who, Guid which) => Send(who, new RefuseQuote(order, which, "王小明"));

        Assert.That(await Refusal(() => Refuse(Here.Clerk, Guid.NewGuid())), Is.EqualTo("quote.not_found"));
        Assert.That(await Refusal(() => Refuse(Here.Clerk, former)), Is.EqualTo("quote.withdrawn"));
        Assert.That(await Refusal(() => Refuse(There.Clerk, quote)), Is.EqualTo("work_order.not_found"));
        Assert.That(await Refusal(() => Refuse(Here.Member(Crew.Security), quote)), Is.EqualTo("work_order.somebody_elses"));
        await Send(Here.Clerk, new VoidWork(order, "不需要"));
        Assert.That(await Refusal(() => Refuse(Here.Clerk, quote)), Is.EqualTo("work_order.move_not_allowed"));
        Assert.That(await Scalar<long>("select count(*) from quote where refused_at is not null"), Is.Zero);
    }

    // ---------------------------------------------------------------- faults

    [Test]
    public async Task A_fault_is_dispatched_as_a_request_is()
    {
        var fault = await GivenFault();
        var (_, elsewhere) = await GivenDispatched();
        NewOrder order = new(Crew.Engineering, "看一下");
        Task Dispatch(params NewOrder[] orders) => Send(Here.Clerk, new DispatchFault(fault, orders));

        Assert.That(await Refusal(() => Dispatch()), Is.EqualTo("orders.count"));
        Assert.That(await Refusal(() => Dispatch([.. Enumerable.Repeat(order, 9)])), Is.EqualTo("orders.count"));
        Assert.That(await Refusal(() => Dispatch(order with { WaitsForOrder = 1 }, order)), Is.EqualTo("orders.waits_for_a_later_one"));
        Assert.That(await Refusal(() => Dispatch(order with { WaitsForId = elsewhere })), Is.EqualTo("waits_for.unknown"));
        Assert.That(await Refusal(() => Dispatch(order with { TeamId = There.Teams[Crew.Engineering] })), Is.EqualTo("team.unknown"));
        Assert.That(await Refusal(() => Dispatch(order with { TeamId = Here.Teams[Crew.Security] })), Is.EqualTo("team.other_crew"));
        Assert.That(await Refusal(() => Dispatch(order with { TeamId = Here.Teams[Crew.Engineering], AssigneeId = Here.Member(Crew.Security).Id })), Is.EqualTo("assignee.not_in_team"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new DispatchFault(fault, [order], Version: 7))), Is.EqualTo("fault.changed_meanwhile"));
        Assert.That(await Scalar<long>("select count(*) from work_order where fault_id = @fault", new { fault }), Is.Zero);
    }

    [Test]
    public async Task A_fault_is_somewhere_and_is_over_within_a_year()
    {
        var nowhere = (await Send(
            Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "power"), "停电了", Reporter: new Reporter(Phone: "13900001111")))).RequestId;
        Task Open(DateTimeOffset? over = null, Guid? from = null) =>
            Send(Here.Clerk, from is null ? new OpenFault(Here.CommunityId, "停电", Here.Category(RequestKind.Repair, "power"), Here.Places["3-2-lobby"], ExpectedAt: over) : new OpenFault(Here.CommunityId, "停电", RequestId: from));

        Assert.That(await Refusal(() => Open(Clock.GetUtcNow())), Is.EqualTo("expected_at.out_of_range"));
        Assert.That(await Refusal(() => Open(Clock.GetUtcNow().AddDays(367))), Is.EqualTo("expected_at.out_of_range"));
        Assert.That(await Refusal(() => Open(from: nowhere)), Is.EqualTo("fault.nowhere"));
        Assert.That(await Scalar<long>("select count(*) from fault"), Is.Zero);
    }

    [Test]
    public async Task A_fault_is_amended_while_it_is_open_in_its_present_version_and_with_what_its_community_has()
    {
        var fault = await GivenFault();
        Task Amend(Guid? category = null, Guid? place = null, Guid? asset = null, int version = 1) => Send(Here.Clerk, new AmendFault(fault, "停电", category, place, asset, version));

        Assert.That(await Refusal(() => Amend(category: There.Category(RequestKind.Repair, "power"))), Is.EqualTo("category.unknown"));
        Assert.That(await Refusal(() => Amend(place: There.Places["3"])), Is.EqualTo("place.unknown"));
        Assert.That(await Refusal(() => Amend(asset: There.Lift)), Is.EqualTo("asset.unknown"));
        Assert.That(await Refusal(() => Amend(version: 7)), Is.EqualTo("fault.changed_meanwhile"));
        await Send(Here.Clerk, new EndFault(fault));
        Assert.That(await Refusal(() => Amend(version: 2)), Is.EqualTo("fault.move_not_allowed"));
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @fault and what = 'faultAmended'", new { fault }), Is.Zero);
    }

    [Test]
    public async Task A_request_leaves_the_fault_that_it_is_joined_to_and_no_other_communitys()
    {
        var fault = await GivenFault();
        var (own, theirs) = ((await GivenRequest()).RequestId, (await GivenRequest(There)).RequestId);
        var ofBoth = Here.Clerk with { Roles = [.. Here.Clerk.Roles, new RoleIn(There.CommunityId, Roles.Clerk)] };

        Assert.That(await Refusal(() => Send(Here.Clerk, new SplitOffRequest(fault, own, "王小明", "还是不行"))), Is.EqualTo("request.not_joined"));
        Assert.That(await Refusal(() => Send(ofBoth, new SplitOffRequest(fault, theirs, "王小明", "还是不行"))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(ofBoth, new UnJoinRequest(fault, theirs, "不是"))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(ofBoth, new JoinFault(fault, theirs))), Is.EqualTo("request.not_found"));
    }

    // ---------------------------------------------------------------- lists and policies

    [Test]
    public async Task A_version_of_the_profile_that_there_never_was_is_not_found() =>
        Assert.That(await Refusal(() => Send(Here.Clerk, new GetSlaProfile(Here.CommunityId, 99))), Is.EqualTo("sla_profile.not_found"));

    private static IEnumerable<Type> Lists() => typeof(Db).Assembly.GetTypes().Where(t => t.GetProperty("After")?.PropertyType == typeof(string) && Replied(t) is { IsGenericType: true } page && page.GetGenericTypeDefinition() == typeof(Page<>));

    private static Type? Replied(Type query) => query.GetInterfaces().FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IQuery<>))?.GetGenericArguments()[0];

    [TestCaseSource(nameof(Lists))]
    public async Task A_list_says_of_a_cursor_that_is_none_of_its_own(Type list)
    {
        var send = typeof(RefusalsTests).GetMethod(nameof(Ask), BindingFlags.NonPublic | BindingFlags.Instance)!.MakeGenericMethod(Replied(list)!);
        string[] cursors = ["nonsense", Cursor.Encode([1, 2, 3]), Cursor.Encode([null, "x"]), Cursor.Encode([Clock.GetUtcNow(), Guid.NewGuid(), "another sort"])];

        foreach (var cursor in cursors)
        {
            Assert.That(await (Task<string>)send.Invoke(this, [With(list, cursor)])!, Is.EqualTo("cursor.invalid"), cursor);
        }
    }

    /// <summary>By whoever may.</summary>
    private async Task<string> Ask<T>(IRequest<T> list)
    {
        var code = "";
        foreach (var who in new[] { "clerk", "manager", "administrator" })
        {
            code = await Refusal(() => Send(Here.People[who], list));
            if (code != "role.not_allowed")
            {
                break;
            }
        }

        return code;
    }

    /// <summary>One of this record with what stands there by default, of our community.</summary>
    private object With(Type record, string after)
    {
        var made = record.GetConstructors().MaxBy(c => c.GetParameters().Length)!;
        return made.Invoke([.. made.GetParameters().Select(Given)]);

        object? Given(ParameterInfo p) =>
            p.Name == "After" ? after
            : p.ParameterType == typeof(Guid) ? Here.CommunityId
            : !p.HasDefaultValue ? With(p.ParameterType, after)
            : p.ParameterType.IsEnum ? Enum.ToObject(p.ParameterType, p.DefaultValue!)
            : p.DefaultValue;
    }

    private async Task<Guid> GivenFault() => (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "停电", Here.Category(RequestKind.Repair, "power"), Here.Places["3-2-lobby"]))).FaultId;
}
