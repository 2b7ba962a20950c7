using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>A breach is recorded within a minute of its due time: two workers as they are shipped, with the schedule as it is shipped, and one of them killed just before.</summary>
[Category("Process")]
public sealed class RecordedInTimeTests : DeskFixture
{
    private const int Late = 40;

    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(60);

    private readonly List<RealProcess> started = [];

    [TearDown]
    public async Task LetGoOfThem()
    {
        foreach (var process in started)
        {
            await process.DisposeAsync();
        }

        started.Clear();
    }

    [Test]
    public async Task A_breach_is_recorded_and_told_within_a_minute_also_when_the_worker_that_swept_is_killed_just_before()
    {
        for (var i = 0; i < Late; i++)
        {
            await GivenDispatched(priority: Priority.Danger);
        }

        var due = FakeClock.Start.AddMinutes(2); // to be accepted
        await Execute("delete from desk_clock");
        await DeskClock.Begin(ConnectionString, FakeClock.Start, CancellationToken.None);
        Worker();
        Worker();
        await Until("select runs > 0 from job where job_id = 'escalate-overdue'");
        await Until($"select ({EngineStore.CountWorkers}) >= 2");
        var desk = new DeskClock(Owner, TimeSpan.Zero);
        await desk.MoveForward(due.AddSeconds(-8), TimeSpan.Zero, CancellationToken.None);
        var runs = await Scalar<long>("select runs from job where job_id = 'escalate-overdue'");
        await Until("select runs > @runs from job where job_id = 'escalate-overdue'", new { runs });

        var sweeping = int.Parse((await Scalar<string>("select last_worker from job where job_id = 'escalate-overdue'"))!.Split(':')[^1], CultureInfo.InvariantCulture);
        await started.Single(w => w.Id == sweeping).Kill();
        await Until("select count(*) = @Late from clock where kind = 'accept' and breached_at is not null", new { Late });

        var recorded = await Rows<(DateTime Due, DateTime Fired, DateTime? Told)>("""
            select e.due_at, e.fired_at, e.told_at
            from escalation e
            join clock k on k.community_id = e.community_id and k.clock_id = e.clock_id
            where k.kind = 'accept' and e.level = 1
            """);
        Assert.That(recorded, Has.Count.EqualTo(Late));
        Assert.That(recorded.Select(r => r.Fired - r.Due), Is.All.GreaterThanOrEqualTo(TimeSpan.Zero).And.All.LessThanOrEqualTo(Promised));
        Assert.That(recorded.Select(r => r.Told - r.Due), Is.All.LessThanOrEqualTo(Promised));
        TestContext.Out.WriteLine($"recorded at most {recorded.Max(r => r.Fired - r.Due).TotalSeconds:F1} s after the due time");
    }

    private void Worker() => started.Add(RealProcess.Start("Workers", ConnectionString, [], (DeskClock.Setting, "settable"), ("Desk__Mode", "Demo")));

    private async Task Until(string sql, object? args = null)
    {
        var waited = Stopwatch.StartNew();
        while (!await Scalar<bool>(sql, args))
        {
            Assert.That(waited.Elapsed, Is.LessThan(TimeSpan.FromSeconds(120)), string.Join("\n", started.Select(s => s.Said)));
            await Task.Delay(200);
        }
    }
}
