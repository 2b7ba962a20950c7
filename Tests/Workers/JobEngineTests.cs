using System.Globalization;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Jobs;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>What the desk expects of its job engine, whichever it was built with, tried with real processes.</summary>
[Category("Process")]
public sealed class JobEngineTests : DeskFixture
{
    private const string EverySecond = "0/1 * * * * ?";
    private const string Never = "0 0 0 29 2 ?"; // but for leap years

    private readonly List<RealProcess> started = [];
    private Heard probe = null!;

    protected override Task Ready() => Execute("create table probe_run (run_id bigint generated always as identity primary key, job text not null, pid integer not null, started_at timestamptz not null, ended_at timestamptz)");

    [SetUp]
    public async Task Forget()
    {
        await Execute("delete from probe_run; drop schema job_engine cascade; create schema job_engine");
        probe = await Heard.On(Owner, "probe");
    }

    [TearDown]
    public async Task LetGoOfThem()
    {
        foreach (var process in started)
        {
            await process.DisposeAsync();
        }

        started.Clear();
        await probe.DisposeAsync();
    }

    private RealProcess Worker(params string[] rows)
    {
        var worker = RealProcess.Start("Probe", ConnectionString, rows);
        started.Add(worker);
        return worker;
    }

    private Task RunNow(string id) => Send(Here.System, new RunJobNow(id));

    /// <summary>Which of them takes the marker is the engine's to choose, and may always be the same one; that both have checked in stands in its tables.</summary>
    private async Task BothAreInTheCluster()
    {
        for (var beats = 0; await Scalar<long>(EngineStore.CountWorkers) < 2; beats++)
        {
            Assert.That(beats, Is.LessThan(60), "The second worker has not checked in.");
            await probe.Next("marker ended");
        }
    }

    /// <summary>A hint that nobody listens for yet is lost, and a worker may run its first job before it listens.</summary>
    private async Task HintsAreHeard(string job)
    {
        for (var beats = 0; await Scalar<long>("select count(*) from pg_stat_activity where datname = current_database() and query = 'listen desk_job' and state = 'idle'") == 0; beats++)
        {
            Assert.That(beats, Is.LessThan(60), "No worker listens for hints.");
            await probe.Next(job + " ended");
        }
    }

    private static int Pid(string heard) => int.Parse(heard.Split(' ')[^1], CultureInfo.InvariantCulture);

    [Test]
    public async Task Each_row_of_the_schedule_fires_what_fails_is_tried_again_and_a_hint_from_another_process_runs_a_job_at_once()
    {
        Worker($"one|{EverySecond}|works", $"two|{EverySecond}|works", $"shaky|{Never}|fails-twice", $"hinted|{Never}|works");
        await probe.Next("one ended");
        await probe.Next("two ended");
        await probe.Next("one ended");

        await HintsAreHeard("one");
        await RunNow("hinted");
        await probe.Next("hinted ended");
        await RunNow("shaky");
        await probe.Next("shaky ended");
        await probe.Next("one ended");
        await probe.Next("one ended");

        var jobs = await Send(Here.Manager, new ListJobs());
        Assert.That(jobs.Select(j => j.JobId), Is.EqualTo(new[] { "hinted", "one", "shaky", "two" }));
        Assert.That(jobs.Where(j => j.JobId != "shaky").Select(j => (j.LastRows, j.LastFailure)), Has.All.EqualTo(((int?)1, (string?)null)));
        Assert.That(jobs.Select(j => j.LastSuccessAt), Has.All.Not.Null);
        var shaky = jobs.Single(j => j.JobId == "shaky");
        Assert.That((shaky.Runs >= 3, shaky.FailuresInARow, shaky.LastFailure), Is.EqualTo((true, 0, "IOException")));
    }

    [Test]
    public async Task Killed_in_the_middle_of_its_runs_they_are_taken_over_by_another_worker_and_the_lock_of_a_single_job_ends_with_it()
    {
        string[] rows = [$"marker|{EverySecond}|works", $"long|{Never}|hangs-once", $"alone|{Never}|hangs-once|single"];
        var first = Worker(rows);
        await probe.Next("marker ended");
        await HintsAreHeard("marker");
        foreach (var job in new[] { "long", "alone" })
        {
            await RunNow(job);
            Assert.That(Pid(await probe.Next(job + " started")), Is.EqualTo(first.Id));
        }

        var second = Worker(rows);
        await BothAreInTheCluster();

        await first.Kill();

        var ended = new Dictionary<string, int>();
        for (var heard = 0; ended.Count < 2; heard++)
        {
            Assert.That(heard, Is.LessThan(200), "They were not taken over.");
            if (await probe.Next("") is var line && line.Split(' ') is [("long" or "alone") and var job, "ended", ..])
            {
                ended[job] = Pid(line);
            }
        }

        Assert.That(ended, Is.EquivalentTo(new Dictionary<string, int> { ["long"] = second.Id, ["alone"] = second.Id }));
    }

    [Test]
    public async Task Of_a_single_job_there_is_one_run_at_a_time_however_many_workers()
    {
        Worker($"alone|{EverySecond}|slow|single");
        Worker($"alone|{EverySecond}|slow|single");

        for (var i = 0; i < 6; i++)
        {
            await probe.Next("alone ended");
        }

        Assert.That(await Scalar<long>("""
            select count(*)
            from probe_run a
            join probe_run b on b.run_id > a.run_id and b.started_at < a.ended_at
            """), Is.Zero);
    }

    [Test]
    public async Task Down_for_a_while_it_catches_up_with_one_run_and_what_was_taken_off_the_schedule_meanwhile_fires_no_more()
    {
        var hourly = $"0 {(DateTime.UtcNow.Minute + 30) % 60} * * * ?"; // half an hour away, so that it fires for what was missed alone
        var before = Worker($"late|{hourly}|works", $"marker|{EverySecond}|works", $"goes|{EverySecond}|works");
        await probe.Next("marker ended");
        await probe.Next("goes ended");
        await before.Stop();
        await Execute(EngineStore.SetBack, new { Job = "late", Milliseconds = (long)TimeSpan.FromHours(7).TotalMilliseconds });

        var after = Worker($"late|{hourly}|works", $"marker|{EverySecond}|works");

        await probe.Next("late ended");
        while (Pid(await probe.Next("marker ended")) != after.Id)
        {
        }

        await probe.Next("marker ended");
        await probe.Next("marker ended");
        Assert.That(await Scalar<long>("select count(*) from probe_run where job = 'late'"), Is.EqualTo(1));
        Assert.That(probe.All.Where(h => Pid(h) == after.Id), Has.None.StartsWith("goes"));
        Assert.That((await Send(Here.Manager, new ListJobs())).Select(j => j.JobId), Is.EqualTo(new[] { "late", "marker" }));
    }
}
