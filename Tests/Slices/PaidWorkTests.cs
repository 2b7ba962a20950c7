using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Paid work: quote, consent, final amount; never before consent, never above it; rework is free.</summary>
public sealed class PaidWorkTests : DeskFixture
{
    private static readonly QuotedLine[] Lines = [new("水龙头", 1, "个", 120m), new("人工", 1.5m, "小时", 33.33m)];

    [Test]
    public async Task Paid_work_is_quoted_consented_to_done_and_charged()
    {
        var (_, order) = await GivenPaid();
        var me = Here.Member(Crew.Engineering);

        var quote = await Send(me, new QuoteWork(order, Lines));
        await Send(Here.Clerk, new ConsentToQuote(order, quote.QuoteId, "王小明", 150m, Channel.Phone));
        await Send(me, new CompleteWork(order, "换了", FinalAmount: 150m));
        var version = (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Version;
        await Send(Here.Clerk, new SetFinalAmount(order, 140m, version));

        Assert.That(quote.Total, Is.EqualTo(170.00m), "120 + 1.5 × 33.33 = 49.995, rounded to cents");
        var details = await Send(Here.Clerk, new GetWorkOrder(order));
        Assert.That(details.WorkOrder, Has.Property("ConsentedAmount").EqualTo(150m).And.Property("FinalAmount").EqualTo(140m).And.Property("Status").EqualTo(WorkOrderStatus.Done));
        Assert.That(details.Quotes.Single(), Has.Property("ConsentedBy").EqualTo("王小明").And.Property("ConsentChannel").EqualTo(Channel.Phone).And.Property("ConsentedAt").EqualTo(Clock.GetUtcNow()));
        Assert.That(details.Quotes.Single().Lines, Is.EqualTo(Lines));
    }

    [Test]
    public async Task Nothing_is_done_before_consent_or_charged_above_it()
    {
        var (_, order) = await GivenPaid();
        var me = Here.Member(Crew.Engineering);
        Task Complete(decimal? amount = null) => Send(me, new CompleteWork(order, "换了", FinalAmount: amount));

        Assert.That(await Refusal(() => Complete()), Is.EqualTo("work_order.no_consent"));
        var quote = await Send(me, new QuoteWork(order, Lines));
        Assert.That(await Refusal(() => Complete(100m)), Is.EqualTo("work_order.no_consent"));
        Task Consent(decimal amount, Guid? id = null, DateTimeOffset? at = null, Actor? by = null) => Send(by ?? Here.Clerk, new ConsentToQuote(order, id ?? quote.QuoteId, "王小明", amount, Channel.WeChat, at));
        Assert.That(await Refusal(() => Consent(170.01m)), Is.EqualTo("quote.consent_above_total"));
        Assert.That(await Refusal(() => Consent(-1m)), Is.EqualTo("amount.out_of_range"));
        Assert.That(await Refusal(() => Consent(1.001m)), Is.EqualTo("amount.out_of_range"));
        Assert.That(await Refusal(() => Consent(100m, Guid.NewGuid())), Is.EqualTo("quote.not_found"));
        Assert.That(await Refusal(() => Consent(100m, at: Clock.GetUtcNow().AddMinutes(1))), Is.EqualTo("quote.consented_at_out_of_range"));
        Assert.That(await Refusal(() => Consent(100m, at: Clock.GetUtcNow().AddMinutes(-1))), Is.EqualTo("quote.consented_at_out_of_range"));
        Assert.That(await Refusal(() => Consent(100m, by: There.Clerk)), Is.EqualTo("work_order.not_found"));
        Assert.That(await Refusal(() => Consent(100m, by: Here.Member(Crew.Security))), Is.EqualTo("work_order.somebody_elses"));
        await Consent(100m);
        Assert.That(await Refusal(() => Consent(100m)), Is.EqualTo("quote.answered_already"));
        Assert.That(await Refusal(() => Complete(100.01m)), Is.EqualTo("work_order.amount_above_consent"));
        await Complete();

        var version = (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Version;
        Assert.That(await Refusal(() => Send(Here.Clerk, new SetFinalAmount(order, 100.01m, version))), Is.EqualTo("work_order.amount_above_consent"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new SetFinalAmount(order, 100m))), Is.EqualTo("work_order.version_required"));
        Assert.That(await Refusal(() => Send(There.Clerk, new SetFinalAmount(order, 100m, version))), Is.EqualTo("work_order.not_found"));
        Assert.That(await Refusal(() => Send(me, new QuoteWork(order, Lines))), Is.EqualTo("work_order.move_not_allowed"));
    }

    [Test]
    public async Task A_new_quote_withdraws_the_former_and_the_consent_to_it()
    {
        var (_, order) = await GivenPaid();
        var me = Here.Member(Crew.Engineering);
        var first = await Send(me, new QuoteWork(order, Lines));
        await Send(Here.Clerk, new ConsentToQuote(order, first.QuoteId, "王小明", 170m, Channel.Phone));

        var second = await Send(me, new QuoteWork(order, [new("整套", 1, "套", 300m)]));

        Assert.That((await Send(me, new GetWorkOrder(order))).WorkOrder.ConsentedAmount, Is.Null);
        Assert.That(await Rows<Guid>("select quote_id from quote where withdrawn_at is null"), Is.EqualTo(new[] { second.QuoteId }));
        Assert.That(await Refusal(() => Send(me, new CompleteWork(order, "换了"))), Is.EqualTo("work_order.no_consent"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ConsentToQuote(order, first.QuoteId, "王小明", 170m, Channel.Phone))), Is.EqualTo("quote.withdrawn"));
        await Send(Here.Clerk, new RefuseQuote(order, second.QuoteId, "王小明", "太贵"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RefuseQuote(order, second.QuoteId, "王小明"))), Is.EqualTo("quote.answered_already"));
        Assert.That((await Send(me, new QuoteWork(order, Lines))).Total, Is.EqualTo(170m), "after a refusal another quote can be made");
    }

    [Test]
    public async Task Many_quotes_at_once_leave_one()
    {
        var (_, order) = await GivenPaid();

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Attempts.Attempt(() => Send(Here.Member(Crew.Engineering), new QuoteWork(order, Lines)))));

        Assert.That(results, Is.All.EqualTo("done"));
        Assert.That(await Scalar<int>("select count(*)::int from quote where withdrawn_at is null"), Is.EqualTo(1));
        Assert.That(await Scalar<int>("select count(*)::int from quote"), Is.EqualTo(10));
    }

    [Test]
    public async Task Rework_is_free_and_its_cause_is_the_desks_to_choose()
    {
        var (request, order) = await GivenPaid();
        var me = Here.Member(Crew.Engineering);
        var quote = await Send(me, new QuoteWork(order, Lines));
        await Send(Here.Clerk, new ConsentToQuote(order, quote.QuoteId, "王小明", 170m, Channel.Phone));
        await Send(me, new CompleteWork(order, "换了", FinalAmount: 170m));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王小明"));
        var rework = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single(o => o.ReworkOfId == order).WorkOrderId;

        Assert.That((await Send(me, new GetWorkOrder(rework))).WorkOrder.Payer, Is.EqualTo(Payer.Free));
        Assert.That(await Refusal(() => Send(Here.Lead(Crew.Engineering), new QuoteWork(rework, Lines))), Is.EqualTo("work_order.rework_is_free"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ChooseReworkCause(order, ReworkCause.Material))), Is.EqualTo("work_order.not_a_rework"));
        Assert.That(await Refusal(() => Send(me, new ChooseReworkCause(rework, ReworkCause.Material))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.Clerk, new ChooseReworkCause(rework, ReworkCause.Material))), Is.EqualTo("work_order.not_found"));
        await Send(Here.Clerk, new ChooseReworkCause(rework, ReworkCause.Workmanship, "密封圈装反了"));
        await Send(Here.Clerk, new AmendRequest(request, Payer: Payer.Owner, Remove: [RequestField.OnBehalfOf], Version: (await Send(Here.Clerk, new GetRequest(request))).Request.Version));

        Assert.That((await Send(me, new GetWorkOrder(rework))).WorkOrder, Has.Property("ReworkCause").EqualTo(ReworkCause.Workmanship).And.Property("Payer").EqualTo(Payer.Free));
    }

    [Test]
    public async Task What_the_owner_does_not_pay_is_not_quoted_or_charged()
    {
        var (_, order) = await GivenWorking();
        var me = Here.Member(Crew.Engineering);

        Assert.That(await Refusal(() => Send(me, new QuoteWork(order, Lines))), Is.EqualTo("work_order.not_paid_by_owner"));
        Assert.That(await Refusal(() => Send(me, new CompleteWork(order, "好了", FinalAmount: 1m))), Is.EqualTo("work_order.not_paid_by_owner"));
        Assert.That(await Refusal(() => Send(me, new QuoteWork(order, []))), Is.EqualTo("quote.lines_count"));
        Assert.That(await Refusal(() => Send(me, new QuoteWork(order, [new("x", 0, "x", 1)]))), Is.EqualTo("quantity.out_of_range"));
        Assert.That(await Refusal(() => Send(me, new QuoteWork(order, [new("x", 999_999m, "x", 99_999_999m)]))), Is.EqualTo("amount.out_of_range"));
    }

    [TestCase("update work_order set status = 'done', done_at = created_at where work_order_id = @order", "work_order_paid_needs_consent", TestName = "Done_before_consent")]
    [TestCase("update work_order set final_amount = 1 where work_order_id = @order", "work_order_amount_within_consent", TestName = "Charged_before_consent")]
    [TestCase("update work_order set consented_amount = 100, final_amount = 100.01 where work_order_id = @order", "work_order_amount_within_consent", TestName = "Charged_above_consent")]
    [TestCase("update work_order set rework_of_id = (select work_order_id from work_order where work_order_id <> @order limit 1) where work_order_id = @order", "work_order_rework_is_free", TestName = "Rework_that_the_owner_pays")]
    [TestCase("update quote set consented_at = quoted_at, consented_by = 'x', consented_amount = total + 0.01, consent_channel = 'phone' where work_order_id = @order", "quote_consent_within_total", TestName = "Consent_above_the_total")]
    [TestCase("update quote set consented_at = quoted_at - interval '1 second', consented_by = 'x', consented_amount = total, consent_channel = 'phone' where work_order_id = @order", "quote_consent_after_quoting", TestName = "Consent_before_the_quote")]
    [TestCase("update quote set consented_at = quoted_at, consented_amount = 1 where work_order_id = @order", "quote_consent_is_whole", TestName = "Consent_by_nobody")]
    [TestCase("update quote set refused_at = quoted_at, consented_at = quoted_at, consented_by = 'x', consented_amount = 1, consent_channel = 'phone' where work_order_id = @order", "quote_answered_once", TestName = "Consented_to_and_refused")]
    [TestCase("insert into quote (community_id, quote_id, work_order_id, total, quoted_at, quoted_by) select community_id, gen_random_uuid(), work_order_id, 1, quoted_at, quoted_by from quote where work_order_id = @order", "quote_now", TestName = "Two_quotes_at_a_time")]
    public async Task The_database_refuses_money_that_was_not_agreed(string sql, string constraint)
    {
        await GivenDispatched();
        var (_, order) = await GivenPaid();
        await Send(Here.Member(Crew.Engineering), new QuoteWork(order, Lines));

        var refused = Assert.ThrowsAsync<PostgresException>(() => Execute(sql, new { order }));

        Assert.That(refused!.ConstraintName, Is.EqualTo(constraint));
    }

    private async Task<(Guid RequestId, Guid WorkOrderId)> GivenPaid()
    {
        var request = await GivenRequest();
        var order = (await Send(Here.Clerk, new DispatchWork(request.RequestId, [new NewOrder(Crew.Engineering, "换水龙头", Payer: Payer.Owner)]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        return (request.RequestId, order);
    }
}
