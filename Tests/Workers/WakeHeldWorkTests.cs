using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Workers;

public sealed class WakeHeldWorkTests : DeskFixture
{
    private async Task<Guid> GivenHeld()
    {
        var (_, order) = await GivenWorking();
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Parts, Clock.GetUtcNow().AddHours(2)));
        return order;
    }

    private Task<int> Look() => Look("wake-held-work");

    private async Task<int> Look(string entry)
    {
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        return await Schedule.Entries.Single(e => e.Id == entry).Run(job, CancellationToken.None);
    }

    private async Task<WorkOrderStatus> Status(Guid order) => (await Send(Here.Clerk, new GetWorkOrder(order))).WorkOrder.Status;

    [Test]
    public async Task A_hold_ends_at_its_wake_up_time_and_not_before_and_the_assignee_is_told_once()
    {
        var order = await GivenHeld();
        Clock.Advance(TimeSpan.FromMinutes(119));
        await Look();
        Assert.That(await Status(order), Is.EqualTo(WorkOrderStatus.OnHold));

        Clock.Advance(TimeSpan.FromMinutes(1));
        await Look();
        await Look();

        Assert.That(await Status(order), Is.EqualTo(WorkOrderStatus.Working));
        Assert.That(await Rows<Guid>("select recipient_id from message where template = 'holdOver'"), Is.EqualTo(new[] { Here.Member(Crew.Engineering).Id }));
    }

    [Test]
    public async Task Two_workers_at_once_wake_each_order_once()
    {
        var orders = new List<Guid>();
        for (var i = 0; i < 8; i++)
        {
            orders.Add(await GivenHeld());
        }

        Clock.Advance(TimeSpan.FromHours(3));
        await Task.WhenAll(Look(), Look(), Look());

        Assert.That(await Scalar<long>("select count(*) from message where template = 'holdOver'"), Is.EqualTo(8));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'workResumed' and subject_id = any (@orders)", new { orders }), Is.EqualTo(8));
    }

    [TestCase("wake-held-work", "until_at", "holds_to_wake")]
    [TestCase("pass-hold-limits", "limit_passed_at", "holds_over_limit")]
    public async Task A_hold_that_cannot_be_taken_up_stands_aside_and_the_next_is(string entry, string written, string due)
    {
        var broken = await GivenHeld();
        var order = await GivenHeld();
        await Execute($"update hold set wake_at = wake_at + interval '60 days' where @due = 'holds_over_limit'; alter table hold add constraint poison check ({written} is null or work_order_id <> '{broken}') not valid", new { due });
        try
        {
            Clock.Advance(TimeSpan.FromDays(14));

            await Look(entry);
            var first = await Rows<Guid>($"select work_order_id from {due}(@Now, 1)", new { Now = Clock.GetUtcNow() });
            Clock.Advance(TimeSpan.FromMinutes(10));
            var second = await Rows<Guid>($"select work_order_id from {due}(@Now, 1)", new { Now = Clock.GetUtcNow() });

            Assert.That(await Rows<Guid>($"select work_order_id from hold where {written} is not null"), Is.EqualTo(new[] { order }));
            Assert.That(first, Is.Empty, "so that it is not before the others in the next look");
            Assert.That(second, Is.EqualTo(new[] { broken }));
            Assert.That(
                await Rows<(string, Guid)>("select kind, request_id from alarm"),
                Is.EqualTo(new[] { ("clockTrouble", await Scalar<Guid>("select request_id from request_work_order where work_order_id = @broken", new { broken })) }));
        }
        finally
        {
            await Execute("alter table hold drop constraint poison");
        }
    }

    [Test]
    public async Task A_hold_whose_limit_cannot_be_taken_up_is_woken_in_time_all_the_same()
    {
        var order = await GivenHeld();
        await Execute("alter table hold add constraint poison check (limit_passed_at is null) not valid");
        try
        {
            Clock.Advance(TimeSpan.FromDays(14));
            await Look("pass-hold-limits");
            Assert.That(await Scalar<long>("select count(*) from alarm"), Is.EqualTo(1));

            await Look();

            Assert.That(await Status(order), Is.EqualTo(WorkOrderStatus.Working));
        }
        finally
        {
            await Execute("alter table hold drop constraint poison");
        }
    }

    [Test]
    public async Task Keys_are_forgotten_after_thirty_days()
    {
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏", PlaceId: Here.Places["3-2-1502"]), c => c.IdempotencyKey = "a");
        await using var services = Services(_ => { });
        var due = services.GetRequiredService<DueWork>();

        Clock.Advance(Schedule.KeysKept);
        Assert.That(await due.ForgetOldKeys(Schedule.KeysKept, 100, default), Is.Zero);
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await due.ForgetOldKeys(Schedule.KeysKept, 100, default), Is.EqualTo(1));
    }

    [Test]
    public async Task The_page_of_the_jobs_shows_a_run_that_began_and_has_not_ended()
    {
        var (hangs, reached) = (new TaskCompletionSource<int>(), new TaskCompletionSource());
        Entry[] schedule = [new("wake-held-work", "0/10 * * * * ?", (_, _) =>
        {
            reached.SetResult();
            return hangs.Task;
        })];
        await using var services = Services(_ => { });
        var log = services.GetRequiredService<Domain.Jobs.JobLog>();
        await log.KeepSchedule([.. schedule.Select(e => (e.Id, e.Cron, e.Single))], default);
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        var words = new Words();
        var runner = new JobRunner(schedule, job, log, null!, Clock, words) { StillEvery = TimeSpan.FromMilliseconds(20) };
        async Task<(DateTimeOffset? Since, bool Named, long Runs)> Page() => (await Send(Here.Manager, new Domain.Jobs.ListJobs())).Select(j => (j.RunningSince, j.RunningWorker is not null, j.Runs)).Single();

        var run = runner.Run("wake-held-work", default);
        await reached.Task;
        await words.Next(LogLevel.Trace);
        var hanging = await Page();
        Clock.Advance(TimeSpan.FromMinutes(30));
        await words.Next(LogLevel.Trace); // one that was under way may have had the time before
        await words.Next(LogLevel.Trace);
        Assert.That((await Page()).Since, Is.EqualTo((DateTimeOffset?)FakeClock.Start));
        hangs.SetResult(3);
        await run;
        var ended = await Page();

        Assert.That(hanging, Is.EqualTo(((DateTimeOffset?)FakeClock.Start, true, 0L)));
        Assert.That(ended, Is.EqualTo(((DateTimeOffset?)null, false, 1L)));

        await log.StillRuns("wake-held-work", Clock.GetUtcNow(), Clock.GetUtcNow(), "killed", default);
        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.That((await Page()).Since, Is.Null, "who says nothing any more does not run");
    }

    [Test]
    public async Task A_run_that_cannot_be_recorded_goes_on_and_no_second_one_starts_beside_it()
    {
        var (hangs, starts) = (new TaskCompletionSource<int>(), 0);
        Entry[] schedule = [new("wake-held-work", "0/10 * * * * ?", (_, _) =>
        {
            starts++;
            return hangs.Task;
        })];
        await using var services = Services(_ => { });
        var job = new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance);
        var gone = NpgsqlDataSource.Create("Host=127.0.0.1");
        await gone.DisposeAsync();
        var words = new Words();
        var runner = new JobRunner(schedule, job, new Domain.Jobs.JobLog(gone), null!, Clock, words) { StillEvery = TimeSpan.FromMilliseconds(20) };

        var run = runner.Run("wake-held-work", default);
        await Task.WhenAny(run, words.Next(LogLevel.Warning));
        var second = runner.Run("wake-held-work", default);

        Assert.That((run.IsCompleted, second.IsCompletedSuccessfully, starts), Is.EqualTo((false, true, 1)));
        hangs.SetResult(3);
        Assert.ThrowsAsync<ObjectDisposedException>(() => run, "its end cannot be recorded, either");
    }

    /// <summary>What a runner says, by how loud.</summary>
    private sealed class Words : ILogger<JobRunner>
    {
        private readonly ConcurrentDictionary<LogLevel, TaskCompletionSource> next = [];

        public Task Next(LogLevel level) => next.GetOrAdd(level, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (next.TryRemove(logLevel, out var waited))
            {
                waited.SetResult();
            }
        }
    }

    [Test]
    public async Task The_page_of_the_jobs_shows_since_when_the_oldest_row_of_each_waits()
    {
        await Service<Domain.Jobs.JobLog>().KeepSchedule([.. Schedule.Entries.Select(e => (e.Id, e.Cron, e.Single))], default);
        var (request, order) = await GivenWorking();
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏", PlaceId: Here.Places["3-2-1502"]), c => c.IdempotencyKey = "b");
        await Send(Here.Member(Crew.Engineering), new HoldWork(order, HoldReason.Weather, Clock.GetUtcNow().AddDays(40)));
        await Execute(
            "insert into clock_move (community_id, clock_move_id, why, version_id, made_at, made_by, expected) values (@CommunityId, gen_random_uuid(), 'profile', gen_random_uuid(), @Now, @By, 1)",
            new { Here.CommunityId, Now = Clock.GetUtcNow().AddHours(1).UtcDateTime, By = Here.Manager.Id });
        await Send(Here.Clerk, new MakePromise(request, "回电", Clock.GetUtcNow().AddHours(3)));
        Clock.Advance(Schedule.KeysKept + TimeSpan.FromHours(2));

        var oldest = (await Send(Here.Manager, new Domain.Jobs.ListJobs())).ToDictionary(j => j.JobId, j => j.OldestDueAt);

        Assert.That(oldest["pass-hold-limits"], Is.EqualTo(FakeClock.Start.AddDays(2)));
        Assert.That(oldest["tell-overdue-promises"], Is.EqualTo(FakeClock.Start.AddHours(3)));
        Assert.That(oldest["move-clocks"], Is.EqualTo(FakeClock.Start.AddHours(1)));
        Assert.That(oldest["forget-old-keys"], Is.EqualTo(FakeClock.Start + Schedule.KeysKept));
        Assert.That(oldest["escalate-overdue"], Is.EqualTo(FakeClock.Start.AddMinutes(517.5)), "the warning at three quarters of the 690 minutes that the other request has");
        Assert.That(oldest["wake-held-work"], Is.Null);
        Assert.That(oldest.Keys, Is.EquivalentTo(Schedule.Entries.Select(e => e.Id)));
        await Execute("delete from clock_move");
    }
}
