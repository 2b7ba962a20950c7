using System.Collections.Concurrent;
using Dapper;
using Npgsql;
using NpgsqlTypes;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Benchmarks;

/// <summary>
/// Fills a database with history: customers with telephone numbers, homes and search tokens; requests, of which one in a hundred is open,
/// with orders, clocks and rounds. Written by the owner in bulk, without events; the rows are as the commands would leave them.
/// </summary>
internal static class Volume
{
    private const string Surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎";
    private const string Given = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰华梅建国志文玉红春晓东海山林峰雪琴云飞鹏辉宇晨阳子涵欣怡佳思雨";

    /// <summary>Until when the history reaches.</summary>
    public static readonly DateTimeOffset Until = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far back it reaches, however many requests there are: a month is always the same part of it.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(30_000_000);

    /// <param name="more">What else there is, written before the indexes are built; <c>@Until</c> is when the history ends.</param>
    public static Task Fill(NpgsqlDataSource owner, IReadOnlyList<Guid> communities, int customers, int requests, params string[] more) => InBulk(
        owner,
        [.. Enumerable.Range(0, Shares).Select<int, Func<Task>>(share => () => Work(owner, communities, customers, requests, 100, Span / requests, Until, [.. Followers, Events], share)), () => People(owner, communities, customers)],
        more);

    /// <summary>The people alone.</summary>
    public static Task FillPeople(NpgsqlDataSource owner, IReadOnlyList<Guid> communities, int customers) => InBulk(owner, [() => People(owner, communities, customers)], []);

    /// <summary>The work alone, of people who are there already, one each half minute until then: of so many requests one is open. Nothing is in the log, which others follow.</summary>
    public static async Task FillWork(NpgsqlDataSource owner, IReadOnlyList<Guid> communities, int customers, int requests, int openEvery, DateTimeOffset until)
    {
        await Task.WhenAll(Enumerable.Range(0, Shares).Select(share => Work(owner, communities, customers, requests, openEvery, TimeSpan.FromSeconds(30), until, Followers, share)));
        await using var connection = await Open(owner);
        await Run(connection, Alarms);
        await Run(connection, "vacuum analyze");
    }

    /// <summary>As many at once as a machine of the tests has cores.</summary>
    private const int Shares = 2;

    private static async Task InBulk(NpgsqlDataSource owner, IReadOnlyList<Func<Task>> fills, string[] more)
    {
        await using var connection = await Open(owner);
        var indexes = (await connection.QueryAsync<(string Name, string Definition)>(SecondaryIndexes)).AsList(); // built at once afterwards: faster than row by row
        foreach (var (name, _) in indexes)
        {
            await Run(connection, $"drop index {name}");
        }

        await Run(connection, "alter table search_token drop constraint search_token_pkey");
        await Task.WhenAll(fills.Select(fill => fill()));
        await Run(connection, Alarms);
        foreach (var statement in more)
        {
            await Run(connection, statement, new { Until = Until.UtcDateTime });
        }

        var definitions = new ConcurrentQueue<string>(indexes.Select(i => i.Definition).Prepend("alter table search_token add primary key (community_id, token, kind, id)"));
        await Task.WhenAll(Enumerable.Range(0, Shares).Select(_ => RunAll(owner, definitions)));
        await Run(connection, "vacuum analyze");
    }

    /// <summary>No foreign key is checked row by row on it.</summary>
    private static async Task<NpgsqlConnection> Open(NpgsqlDataSource owner)
    {
        var connection = await owner.OpenConnectionAsync();
        await Run(connection, "set session_replication_role = replica; set work_mem = '256MB'; set maintenance_work_mem = '1GB'");
        return connection;
    }

    private static async Task RunAll(NpgsqlDataSource owner, ConcurrentQueue<string> statements)
    {
        await using var connection = await Open(owner);
        while (statements.TryDequeue(out var statement))
        {
            await Run(connection, statement);
        }
    }

    private static async Task Work(NpgsqlDataSource owner, IReadOnlyList<Guid> communities, int customers, int requests, int openEvery, TimeSpan every, DateTimeOffset until, IEnumerable<string> followers, int share)
    {
        await using var connection = await Open(owner);
        await Run(connection, Requests, new { Communities = communities.ToArray(), Customers = customers, Requests = requests, Until = until.UtcDateTime, Seconds = every.TotalSeconds, OpenEvery = openEvery, Share = share, Shares });
        foreach (var statement in followers)
        {
            await Run(connection, statement, new { Until = until.UtcDateTime, Share = share, Shares });
        }
    }

    public static string NameOf(int i) => $"{Surnames[i % Surnames.Length]}{Given[i / 3 % Given.Length]}{Given[i / 170 % Given.Length]}";

    public static string PhoneOf(int i) => "1" + (3_000_000_000L + ((i * 7_919_317L) % 6_999_999_999L)).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static string HomeOf(int i) => $"{(i / 97 % 60) + 1}-{(i % 4) + 1}-{(i / 7 % 30) + 1:00}{(i % 6) + 1:00}";

    private static async Task People(NpgsqlDataSource owner, IReadOnlyList<Guid> communities, int customers)
    {
        await using var connection = await Open(owner);
        await Run(connection, "create unlogged table volume_customer (i integer, name text, phone text)");
        await using (var import = await connection.BeginBinaryImportAsync("copy volume_customer (i, name, phone) from stdin (format binary)"))
        {
            for (var i = 1; i <= customers; i++)
            {
                await import.StartRowAsync();
                await import.WriteAsync(i);
                await import.WriteAsync(NameOf(i));
                await import.WriteAsync(PhoneOf(i));
            }

            await import.CompleteAsync();
        }

        await Run(
            connection,
            """
            insert into customer (community_id, customer_id, name, created_at)
            select (@Communities::uuid[])[1 + i % cardinality(@Communities::uuid[])], ('01900000-0000-7001-8000-' || lpad(to_hex(i), 12, '0'))::uuid, name, @Until
            from volume_customer;

            insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised)
            select (@Communities::uuid[])[1 + i % cardinality(@Communities::uuid[])], ('01900000-0000-7002-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
                ('01900000-0000-7001-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'phone', phone, phone
            from volume_customer;

            insert into occupancy (community_id, occupancy_id, customer_id, place_id, role, from_on)
            select h.community_id, ('01900000-0000-7003-8000-' || lpad(to_hex(c.i), 12, '0'))::uuid, ('01900000-0000-7001-8000-' || lpad(to_hex(c.i), 12, '0'))::uuid,
                h.homes[1 + c.i % cardinality(h.homes)], 'owner', date '2020-01-01'
            from volume_customer c
            join (select community_id, array_agg(place_id order by place_id) as homes from place where kind = 'home' group by community_id) h
                on h.community_id = (@Communities::uuid[])[1 + c.i % cardinality(@Communities::uuid[])];

            drop table volume_customer;
            """,
            new { Communities = communities.ToArray(), Until = Until.UtcDateTime });

        await using (var import = await connection.BeginBinaryImportAsync("copy search_token (community_id, token, kind, id) from stdin (format binary)"))
        {
            for (var i = 1; i <= customers; i++)
            {
                var id = Guid.Parse($"01900000-0000-7001-8000-{i:x12}");
                var community = communities[i % communities.Count];
                foreach (var token in SearchTokens.ForName(NameOf(i)).Concat(SearchTokens.ForPhone(PhoneOf(i))).Concat(SearchTokens.ForHome(HomeOf(i))).Distinct(StringComparer.Ordinal))
                {
                    await import.StartRowAsync();
                    await import.WriteAsync(community);
                    await import.WriteAsync(token);
                    await import.WriteAsync("customer");
                    await import.WriteAsync(id);
                }
            }

            await import.CompleteAsync();
        }
    }

    private const string SecondaryIndexes = """
        select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
        from pg_index i
        where i.indrelid::regclass::text in ('request', 'clock', 'work_order', 'request_work_order', 'feedback', 'search_token', 'contact_point', 'occupancy')
          and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
        """;

    private const string Requests = """
        insert into request (community_id, request_id, number, kind, channel, status, outcome, category_id, priority, description, place_id, building_id, customer_id,
            reported_at, registered_at, registered_by, round, finished_at, closed_at)
        select m.community_id, ('01900000-0000-7010-8000-' || lpad(to_hex(j), 12, '0'))::uuid, 900000000000 + j, 'repair', (array['phone', 'phone', 'walkIn', 'web', 'weChat', 'app'])[1 + j % 6],
            s.status, case when s.status in ('awaitingFeedback', 'closed') then 'resolved' end, m.categories[1 + (j / 3) % cardinality(m.categories)], 'normal', '厨房水管漏水，请尽快来修 ' || j,
            m.homes[1 + (j / 5) % cardinality(m.homes)], m.building, ('01900000-0000-7001-8000-' || lpad(to_hex(w.which), 12, '0'))::uuid,
            t.at, t.at, m.by_whom, case when s.status in ('awaitingFeedback', 'closed') then 1 else 0 end,
            case when s.status in ('awaitingFeedback', 'closed') then t.at + interval '5 hours' end, case when s.status = 'closed' then t.at + interval '30 hours' end
        from generate_series(case when @Share = 0 then @Shares else @Share end, @Requests, @Shares) j -- of each share what its number leaves, as below
        cross join lateral (select 1 + j % cardinality(@Communities::uuid[]) as nth) n
        cross join lateral (select j / cardinality(@Communities::uuid[]) as nth) o -- of its community: so that each has its share of what is open
        cross join lateral (select greatest(1, least(@Customers, (j / cardinality(@Communities::uuid[]) * 13 % greatest(1, @Customers / cardinality(@Communities::uuid[]) - 1) + 1) * cardinality(@Communities::uuid[]) + n.nth - 1)) as which) w
        cross join lateral (select @Until::timestamptz - make_interval(secs => (@Requests - j) * @Seconds::double precision) as at) t
        cross join lateral (select case when o.nth % @OpenEvery = 0 then (array['received', 'inProgress', 'inProgress', 'awaitingFeedback'])[1 + (o.nth / @OpenEvery) % 4] else 'closed' end as status) s
        join (
            select x.ordinality as nth, x.community_id,
                (select array_agg(c.category_id order by c.code) from category c where c.community_id = x.community_id and c.kind = 'repair') as categories,
                (select array_agg(p.place_id order by p.place_id) from place p where p.community_id = x.community_id and p.kind = 'home') as homes,
                (select min(p.building_id::text)::uuid from place p where p.community_id = x.community_id) as building,
                (select min(q.staff_id::text)::uuid from community_staff q where q.community_id = x.community_id) as by_whom
            from unnest(@Communities::uuid[]) with ordinality x (community_id, ordinality)
            offset 0 -- once a community, and not once a request
        ) m on m.nth = n.nth
        """;

    private const string Alarms = """
        insert into alarm (community_id, alarm_id, kind, clock_id, escalation_id, request_id, raised_at, ended_at)
        select e.community_id, ('01900000-0000-7070-8000-' || right(e.escalation_id::text, 12))::uuid, 'nobodyToTell', e.clock_id, e.escalation_id, e.request_id, e.fired_at, e.resolved_at
        from escalation e
        where e.escalation_id::text like '01900000-0000-7060-8000-%0'
        """;

    private static readonly string[] Followers =
    [
        """
        insert into search_token (community_id, token, kind, id)
        select community_id, 'r:' || number, 'request', request_id
        from request where number > 900000000000 and number % @Shares = @Share
        """,
        """
        insert into promise (community_id, promise_id, request_id, text, due_at, made_by, made_at, kept_at, check_at)
        select r.community_id, ('01900000-0000-7080-8000-' || right(r.request_id::text, 12))::uuid, r.request_id, '今天回电', r.reported_at + interval '6 hours', r.registered_by, r.reported_at,
            case when r.status = 'closed' then r.reported_at + interval '5 hours' end, case when r.status <> 'closed' then r.reported_at + interval '6 hours' end
        from request r where r.number > 900000000000 and r.number % @Shares = @Share and (r.number % 40 = 0 or r.status = 'received')
        """,
        """
        insert into clock (community_id, clock_id, subject_kind, subject_id, kind, policy_version_id, policy, started_at, allowance, unit, due_at, stopped_at, stopped_why, next_check_at)
        select r.community_id, ('01900000-0000-7020-8000-' || right(r.request_id::text, 12))::uuid, 'request', r.request_id, 'finish', v.policy_version_id, 'normal-repair', r.reported_at, 690, 'workingMinutes',
            r.reported_at + case when r.number % 7 = 0 then interval '2 hours' else interval '24 hours' end, r.finished_at, case when r.finished_at is not null then 'met' end, case when r.finished_at is null then r.reported_at + interval '24 hours' end
        from request r
        join sla_profile_version v on v.community_id = r.community_id
        where r.number > 900000000000 and r.number % @Shares = @Share
        """,
        """
        insert into work_order (community_id, work_order_id, number, crew, team_id, status, priority, category_id, place_id, what_to_do, created_at, dispatched_at, assigned_at, accepted_at, arrived_at, done_at, done_what)
        select r.community_id, ('01900000-0000-7030-8000-' || right(r.request_id::text, 12))::uuid, r.number + 10000000000, 'engineering', t.team_id, case when r.status = 'inProgress' then 'dispatched' else 'done' end, r.priority,
            r.category_id, r.place_id, '看一下', r.reported_at, r.reported_at, r.reported_at, case when r.status <> 'inProgress' then r.reported_at + interval '10 minutes' end,
            case when r.status <> 'inProgress' then r.reported_at + interval '1 hour' end, r.finished_at, case when r.status <> 'inProgress' then '修好了' end
        from request r
        join lateral (select t.team_id from team t where t.community_id = r.community_id and t.crew = 'engineering' order by t.team_id limit 1) t on true
        where r.number > 900000000000 and r.number % @Shares = @Share and r.status <> 'received'
        """,
        """
        insert into request_work_order (community_id, request_id, work_order_id, mandatory, joined_at)
        select o.community_id, ('01900000-0000-7010-8000-' || right(o.work_order_id::text, 12))::uuid, o.work_order_id, true, o.created_at
        from work_order o where o.number > 910000000000 and o.number % @Shares = @Share
        """,
        """
        insert into feedback (community_id, feedback_id, request_id, round, state, started_at, asked_at, ended_at, solved, satisfaction, author_kind)
        select r.community_id, ('01900000-0000-7040-8000-' || right(r.request_id::text, 12))::uuid, r.request_id, 1, case when r.status = 'closed' then 'answered' else 'asked' end, r.finished_at, r.finished_at, r.closed_at,
            case when r.status = 'closed' then 'yes' end, case when r.status = 'closed' then 4 end, case when r.status = 'closed' then 'owner' end
        from request r where r.number > 900000000000 and r.number % @Shares = @Share and r.round > 0
        """,
        """
        insert into fault (community_id, fault_id, number, status, title, category_id, place_id, building_id, opened_at, opened_by, ended_at)
        select r.community_id, ('01900000-0000-7050-8000-' || right(r.request_id::text, 12))::uuid, r.number + 20000000000, case when r.status in ('received', 'inProgress') then 'open' else 'ended' end, '停水',
            r.category_id, r.building_id, r.building_id, r.reported_at, r.registered_by, case when r.status in ('received', 'inProgress') then null else r.finished_at end
        from request r where r.number > 900000000000 and r.number % @Shares = @Share and r.number % 50 = 0
        """,
        """
        insert into fault_request (community_id, fault_id, request_id, joined_at, joined_by)
        select f.community_id, f.fault_id, ('01900000-0000-7010-8000-' || right(f.fault_id::text, 12))::uuid, f.opened_at, f.opened_by
        from fault f where f.number > 920000000000 and f.number % @Shares = @Share
        """,
        """
        insert into escalation (community_id, escalation_id, clock_id, cycle, level, cause, request_id, crew, due_at, fired_at, tell_at, told_at, acknowledged_at, acknowledged_by, resolved_at, resolved_how)
        select k.community_id, ('01900000-0000-7060-8000-' || right(r.request_id::text, 12))::uuid, k.clock_id, 1, 1, 'breach', r.request_id, 'engineering', k.due_at, k.due_at, k.due_at, k.due_at,
            case when r.number % 2 = 0 then k.due_at + interval '20 minutes' end, case when r.number % 2 = 0 then r.registered_by end, k.stopped_at, case when k.stopped_at is not null then 'stopped' end
        from request r
        join clock k on k.community_id = r.community_id and k.subject_id = r.request_id
        where r.number > 900000000000 and r.number % @Shares = @Share and r.number % 7 = 0
        """,
    ];

    private const string Events = """
        insert into event (community_id, seq, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, occurred_at, recorded_at, prev_hash, hash)
        select r.community_id, r.number, 'request', r.request_id, 'requestReceived', 'owner', '{}', 'staff', r.registered_by, r.reported_at, r.registered_at, '', ''
        from request r where r.number > 900000000000 and r.number % @Shares = @Share and r.number % 5 = 0
        """;

    private static Task Run(NpgsqlConnection connection, string sql, object? args = null) => connection.ExecuteAsync(sql, args, commandTimeout: 1800);
}
