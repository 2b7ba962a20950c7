using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>Which clocks a worker finds due, look after look.</summary>
public sealed class LooksTests : DeskFixture
{
    private const string Clocks = """
        insert into clock (community_id, clock_id, subject_kind, subject_id, kind, policy_version_id, policy, started_at, allowance, unit, due_at, next_check_at)
        select @CommunityId, gen_random_uuid(), 'request', gen_random_uuid(), 'finish', v.policy_version_id, 'normal-repair', @At, 1, 'hours', @At, @At + n * @Apart
        from generate_series(1, @Count) n
        cross join (select policy_version_id from sla_profile_version where community_id = @CommunityId limit 1) v
        """;

    private Task GivenClocks(int count, DateTimeOffset at, TimeSpan apart) => Execute(Clocks, new { Here.CommunityId, Count = count, At = at, Apart = apart });

    private static async Task<int> Look(DueWork due) => (await due.ClocksToCheck(100, default)).Count;

    [Test]
    public async Task What_was_planned_by_a_transaction_that_a_look_could_not_see_is_found_by_the_next()
    {
        await GivenClocks(1, Clock.GetUtcNow().AddDays(1), TimeSpan.Zero);
        var due = Service<DueWork>();
        Assert.That(await Look(due), Is.Zero);
        Clock.Advance(TimeSpan.FromMinutes(1));

        await using var late = await HeldOpen.Begin(Owner);
        await late.Run("update clock set next_check_at = @At", new { At = Clock.GetUtcNow().AddSeconds(-30) });
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await Look(due), Is.Zero);
        await late.Commit();

        Assert.That(await Look(due), Is.EqualTo(1));
    }

    [Test]
    public async Task What_is_found_is_found_again_until_somebody_has_looked_at_it()
    {
        await GivenClocks(3, Clock.GetUtcNow(), TimeSpan.FromMinutes(1));
        var due = Service<DueWork>();
        var found = new List<int>();
        for (var minute = 0; minute < 4; minute++)
        {
            found.Add(await Look(due));
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await Execute("update clock set next_check_at = null where next_check_at = (select max(next_check_at) from clock)");
        found.Add(await Look(due));

        Assert.That(found, Is.EqualTo(new[] { 0, 1, 2, 3, 2 }));
    }

    [Test]
    public async Task A_look_that_goes_back_in_time_is_a_whole_one()
    {
        await GivenClocks(1, Clock.GetUtcNow().AddHours(1), TimeSpan.Zero);
        var due = Service<DueWork>();
        Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await Look(due), Is.Zero);

        await Execute("alter table clock disable trigger planned_anew; update clock set next_check_at = next_check_at - interval '70 minutes'; alter table clock enable trigger planned_anew");
        var soon = await Look(due);
        Clock.Set(FakeClock.Start);
        var back = await Look(due);

        Assert.That((soon, back), Is.EqualTo((0, 1)), "what nobody said was planned anew waits for a whole look");
    }

    [Test]
    public async Task What_a_host_with_a_slow_clock_planned_for_long_ago_is_found_within_ten_minutes()
    {
        await GivenClocks(1, Clock.GetUtcNow().AddDays(1), TimeSpan.Zero);
        var due = Service<DueWork>();
        Assert.That(await Look(due), Is.Zero);
        Clock.Advance(TimeSpan.FromMinutes(1));

        await Execute("update clock set next_check_at = @At", new { At = Clock.GetUtcNow().AddHours(-1) });
        var found = new List<int>();
        for (var minute = 0; minute < 9; minute += 3)
        {
            found.Add(await Look(due));
            Clock.Advance(TimeSpan.FromMinutes(3));
        }

        found.Add(await Look(due));

        Assert.That(found, Is.EqualTo(new[] { 0, 0, 0, 1 }));
    }

    [Test]
    public async Task When_the_database_numbers_its_transactions_anew_the_next_look_is_a_whole_one()
    {
        await GivenClocks(1, Clock.GetUtcNow().AddHours(1), TimeSpan.Zero);
        var due = Service<DueWork>();
        Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await Look(due), Is.Zero);
        await Execute("alter table clock disable trigger planned_anew; update clock set next_check_at = next_check_at - interval '70 minutes'; alter table clock enable trigger planned_anew");
        Assert.That(await Look(due), Is.Zero);

        await Execute("select pg_stat_reset_shared('bgwriter')"); // as after a crash

        Assert.That(await Look(due), Is.EqualTo(1));
    }

    [Test]
    public async Task A_tick_that_finds_nothing_reads_little_after_many_clocks_were_closed_while_an_old_snapshot_is_held()
    {
        var now = Clock.GetUtcNow();
        await StatisticsStandStill();
        await GivenClocks(6_000, now.AddMinutes(-20), TimeSpan.FromMilliseconds(200));
        await Execute("analyze clock");
        await using var old = await Owner.OpenConnectionAsync();
        await using var snapshot = await old.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var first = new Npgsql.NpgsqlCommand("select count(*) from clock", old, snapshot))
        {
            await first.ExecuteScalarAsync();
        }

        var since = await Scalar<string>("select pg_current_xact_id()::text"); // not the oldest that runs: other tests' transactions may run for as long as this one
        await Execute("update clock set stopped_at = @now, stopped_why = 'met', next_check_at = null", new { now });

        await using var connection = await Owner.OpenConnectionAsync();
        var usual = await Buffers(connection, now, since!, "null");
        var all = await Buffers(connection, now, since!, $"'{since}'"); // one in ten minutes goes back to the beginning

        Assert.That(new[] { usual, all }, Is.All.LessThanOrEqualTo(50));
    }

    private static async Task<long> Buffers(Npgsql.NpgsqlConnection connection, DateTimeOffset now, string since, string allSince)
    {
        var tick = $"explain (analyze, buffers, format json) select clock_id from clocks_to_check(@Before, @now, '{since}'::xid8, {allSince}::xid8, 10000)";
        await Dapper.SqlMapper.ExecuteScalarAsync<string>(connection, tick, new { Before = now.AddSeconds(-1), now });
        using var plan = JsonDocument.Parse((await Dapper.SqlMapper.ExecuteScalarAsync<string>(connection, tick, new { Before = now.AddSeconds(-1), now }))!);
        var root = plan.RootElement[0].GetProperty("Plan");
        return root.GetProperty("Shared Hit Blocks").GetInt64() + root.GetProperty("Shared Read Blocks").GetInt64();
    }
}
