using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Reports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>What was promised to an owner is kept, or is seen not to be.</summary>
public sealed class PromiseTests : DeskFixture
{
    private static readonly TimeSpan Promised = TimeSpan.FromHours(6);

    [Test]
    public async Task A_promise_is_found_when_it_is_due_soon_and_when_it_is_overdue_until_it_is_kept()
    {
        var (request, promise) = await GivenPromise();
        await GivenPromise(There);
        var due = Clock.Now() + Promised;
        Assert.That((await Found(PromiseDue.Due), await Found(PromiseDue.Overdue)), Is.EqualTo((Array.Empty<Guid>(), Array.Empty<Guid>())).Using<Guid[]>((a, b) => a.SequenceEqual(b)));

        Clock.Advance(Promised - TimeSpan.FromHours(4) + TimeSpan.FromSeconds(1));
        Assert.That(await Found(PromiseDue.Due), Is.EqualTo(new[] { request }));
        Assert.That(await Found(PromiseDue.Overdue), Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter()))).Items.Single().PromiseDueAt, Is.EqualTo(due));

        Clock.Set(due.AddSeconds(1));
        Assert.That(await Found(PromiseDue.Due), Is.Empty);
        Assert.That(await Found(PromiseDue.Overdue), Is.EqualTo(new[] { request }));
        Assert.That((await Send(Here.Manager, new ReportToday())).Communities.Single().Promises, Is.EqualTo(1));

        await Send(Here.Clerk, new KeepPromise(request, promise));
        Assert.That(await Found(PromiseDue.Overdue), Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListRequests(new RequestFilter()))).Items.Single().PromiseDueAt, Is.Null);
        Assert.That((await Send(Here.Manager, new ReportToday())).Communities.Single().Promises, Is.Zero);
    }

    [Test]
    public async Task The_desk_is_told_once_when_a_promise_passes_its_time_and_not_before_and_not_of_one_that_was_kept()
    {
        var (request, promise) = await GivenPromise();
        var (_, kept) = await GivenPromise();
        await Send(Here.Clerk, new KeepPromise((await Send(Here.Clerk, new ListRequests(new RequestFilter()))).Items.Single(r => r.RequestId != request).RequestId, kept));
        Clock.Advance(Promised - TimeSpan.FromSeconds(1));
        Assert.That(await Look(), Is.Zero);

        Clock.Advance(TimeSpan.FromSeconds(1));
        await Look();
        await Look();

        Assert.That(await Rows<(Guid, string)>("select request_id, recipient_role from message where template = 'promiseOverdue'"), Is.EqualTo(new[] { (request, "clerk") }));
        Assert.That((await Send(Here.Clerk, new ListToldMe())).Items.Where(t => t.Template == "promiseOverdue").Select(t => t.RequestId), Is.EqualTo(new Guid?[] { request }));
        var told = (await Send(Here.Clerk, new GetTimeline(request))).Items.Where(e => e.What == Happening.PromiseOverdue).ToArray();
        Assert.That(told.Select(e => e.Detail.GetProperty("promiseId").GetGuid()), Is.EqualTo(new[] { promise }));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Promises.Single(), Has.Property("KeptAt").Null.And.Property("GivenUpAt").Null, "it is still to be kept");
    }

    [Test]
    public async Task Two_workers_at_once_tell_of_each_promise_once()
    {
        for (var i = 0; i < 8; i++)
        {
            await GivenPromise();
        }

        Clock.Advance(Promised);
        await Task.WhenAll(Look(), Look(), Look());

        Assert.That(await Scalar<long>("select count(*) from message where template = 'promiseOverdue'"), Is.EqualTo(8));
        Assert.That(await Scalar<long>("select count(*) from event e join request r on r.request_id = e.subject_id where e.what = 'promiseOverdue'"), Is.EqualTo(8));
    }

    [Test]
    public async Task One_that_cannot_be_told_of_stands_aside_and_the_next_is()
    {
        var (_, broken) = await GivenPromise();
        var (request, _) = await GivenPromise();
        Clock.Advance(Promised);
        await Execute($"alter table promise add constraint poison check (check_at is not null or promise_id <> '{broken}') not valid");
        try
        {
            await Look();
            var first = await Rows<Guid>("select promise_id from promises_overdue(@Now, 1)", new { Now = Clock.GetUtcNow() });
            Clock.Advance(TimeSpan.FromMinutes(10));
            var second = await Rows<Guid>("select promise_id from promises_overdue(@Now, 1)", new { Now = Clock.GetUtcNow() });

            Assert.That(await Rows<Guid>("select request_id from message where template = 'promiseOverdue'"), Is.EqualTo(new[] { request }));
            Assert.That((first, second), Is.EqualTo((new List<Guid>(), new List<Guid> { broken })).Using<List<Guid>>((a, b) => a.SequenceEqual(b)));
        }
        finally
        {
            await Execute("alter table promise drop constraint poison");
        }
    }

    [Test]
    public async Task A_request_that_closes_over_an_overdue_promise_says_that_it_was_not_kept_and_it_may_be_kept_late()
    {
        var (request, order) = await GivenWorking();
        var promise = (await Send(Here.Clerk, new MakePromise(request, "今天回电", Clock.Now() + Promised))).PromiseId;
        Clock.Advance(Promised + TimeSpan.FromHours(1));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));

        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));

        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Promises.Single(), Has.Property("KeptAt").Null.And.Property("GivenUpAt").EqualTo(Clock.Now()));
        Assert.That(await NotKept(request), Is.EqualTo(new[] { promise }));
        Assert.That(await Found(PromiseDue.Overdue), Is.Empty, "nothing is left to be done");
        Assert.That(await Look(), Is.Zero);
        var card = (await Send(Here.Clerk, new Domain.Customers.GetCard(Here.Customer))).Promises.Single();
        Assert.That((card.PromiseId, card.Late, card.GivenUpAt), Is.EqualTo((promise, true, (DateTimeOffset?)Clock.Now())));

        await Send(Here.Clerk, new KeepPromise(request, promise));
        Assert.That((await Send(Here.Clerk, new GetRequest(request))).Promises.Single().KeptAt, Is.EqualTo(Clock.Now()));
        Assert.That((await Send(Here.Clerk, new Domain.Customers.GetCard(Here.Customer))).Promises, Is.Empty);
    }

    [Test]
    public async Task What_is_promised_for_later_stands_when_the_request_closes_and_is_told_of_when_its_time_passes()
    {
        var (request, _) = await GivenDone();
        var promise = (await Send(Here.Clerk, new MakePromise(request, "三小时后回电", Clock.Now().AddHours(3)))).PromiseId;
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "王小明"));

        Assert.That(await NotKept(request), Is.Empty);
        Assert.That(await Found(PromiseDue.Due), Is.EqualTo(new[] { request }));
        Clock.Advance(TimeSpan.FromHours(3));
        await Look();
        await Look();

        Assert.That(await Rows<Guid>("select request_id from message where template = 'promiseOverdue'"), Is.EqualTo(new[] { request }));
        Assert.That(await NotKept(request), Is.EqualTo(new[] { promise }));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.That(await Found(PromiseDue.Overdue), Is.Empty, "it was told, and the request is closed");
    }

    [Test]
    public async Task What_was_promised_on_a_request_that_is_cancelled_is_asked_of_nobody()
    {
        var (request, promise) = await GivenPromise();

        await Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "自己修好了"));
        Clock.Advance(Promised);

        Assert.That(await Look(), Is.Zero);
        Assert.That(await NotKept(request), Is.EqualTo(new[] { promise }));
        Assert.That(await Found(PromiseDue.Overdue), Is.Empty);
        Assert.That((await Send(Here.Clerk, new Domain.Customers.GetCard(Here.Customer))).Promises, Is.Empty);
    }

    private async Task<(Guid Request, Guid Promise)> GivenPromise(Town? town = null)
    {
        var request = (await GivenRequest(town)).RequestId;
        return (request, (await Send((town ?? Here).Clerk, new MakePromise(request, "今天回电", Clock.Now() + Promised))).PromiseId);
    }

    private async Task<Guid[]> Found(PromiseDue promise)
    {
        var found = (await Send(Here.Clerk, new ListRequests(new RequestFilter(Promise: promise)))).Items.Select(r => r.RequestId).ToArray();
        Assert.That((await Send(Here.Clerk, new CountRequests(new RequestFilter(Promise: promise)))).Single().Requests, Is.EqualTo(found.Length));
        return found;
    }

    private async Task<Guid[]> NotKept(Guid request) =>
        [.. (await Send(Here.Clerk, new GetTimeline(request))).Items.Where(e => e.What == Happening.PromiseNotKept).Select(e => e.Detail.GetProperty("promiseId").GetGuid())];

    private async Task<int> Look()
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        return await Schedule.Entries.Single(e => e.Id == "tell-overdue-promises").Run(job, CancellationToken.None);
    }
}
