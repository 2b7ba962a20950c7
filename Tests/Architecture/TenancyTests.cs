using NUnit.Framework;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Architecture;

/// <summary>The rules of tenancy, read off the real schema. Every exception stands here with its reason.</summary>
public sealed class TenancyTests : DeskFixture
{
    private static readonly Dictionary<string, string> NotACommunitys = new()
    {
        ["applied_migration"] = "about the schema itself",
        ["district"] = "spans communities; seen through them",
        ["district_role"] = "spans communities, as its district; seen through them",
        ["staff"] = "one person may work in several communities; seen where one works oneself",
        ["staff_credential"] = "belongs to a person; the application has no right on it",
        ["job"] = "the schedule is the desk's own, the same for all communities, and says nothing of them",
        ["session"] = "belongs to a person; the application sees the caller's own, and of none the hash of its token",
        ["staff_factor"] = "belongs to a person; the application has no right on it",
        ["recovery_code"] = "belongs to a person; the application has no right on it",
        ["api_token"] = "may be good in several communities; seen where it may do something, without the hash",
        ["owner_link_secret"] = "of which the tokens of owners' links are made; the application reads it through a function",
        ["report_pace"] = "how often an address reports, by its hash, before any community is known; the application has no right on it",
        ["sign_in_attempt"] = "about names and addresses before anybody is known; the application has no right on it",
        ["desk_clock"] = "the time of a demo, shared by all; no row in production",
        ["idempotency_key"] = "belongs to an actor, whatever the community; scoped by actor",
    };

    /// <summary>Tables without an id of their own that others refer to: their primary key begins with community_id instead.</summary>
    private static readonly string[] NoIdOfTheirOwn =
    [
        "community", "community_staff", "staff_role", "search_token", "team_member", "fault_request", "request_work_order", "material", "quote_line", "attachment_content",
        "event_head", "event", "event_text", "clock_pause", "clock_move_left_behind", "escalation_recipient", "api_token_role",
    ];

    /// <summary>Foreign keys that reach across: to what is not a community's.</summary>
    private static readonly string[] PlainReferencesMayGoTo = ["community", "district", "staff", "api_token"];

    [Test]
    public async Task Every_table_has_a_community_or_a_reason()
    {
        var without = await Rows<string>("""
            select c.relname
            from pg_class c
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'community_id' and a.attnotnull)
            order by 1
            """);

        Assert.That(without, Is.EquivalentTo(NotACommunitys.Keys));
    }

    [Test]
    public async Task Every_table_is_unique_by_community_and_id()
    {
        var without = await Rows<string>("""
            select c.relname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'community_id'
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              and not exists (
                select from pg_index i
                where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indnkeyatts = 2 and i.indkey[0] = a.attnum
                  and (select attname from pg_attribute n where n.attrelid = c.oid and n.attnum = i.indkey[1]) like '%\_id')
            order by 1
            """);

        Assert.That(without, Is.EquivalentTo(NoIdOfTheirOwn.Except(["community_staff"])));
    }

    [Test]
    public async Task Foreign_keys_between_community_tables_carry_the_community()
    {
        var plain = await Rows<string>("""
            select f.conrelid::regclass || ' -> ' || f.confrelid::regclass
            from pg_constraint f
            where f.contype = 'f' and f.connamespace = 'public'::regnamespace
              and f.confrelid::regclass::text <> all (@PlainReferencesMayGoTo)
              and not exists (
                select from pg_attribute a
                where a.attrelid = f.conrelid and a.attname = 'community_id' and a.attnum = f.conkey[1])
            order by 1
            """, new { PlainReferencesMayGoTo });

        Assert.That(plain, Is.Empty);
    }

    [Test]
    public async Task Every_table_is_under_row_level_security()
    {
        var open = await Rows<string>("""
            select relname from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity
            """);

        Assert.That(open, Is.EquivalentTo(new[] { "applied_migration" }), "which the application has no right on");
        Assert.That(await Scalar<bool>("select has_table_privilege('desk_app', 'applied_migration', 'select')"), Is.False);
    }

    [Test]
    public async Task Views_run_as_who_asks()
    {
        var asOwner = await Rows<string>("""
            select relname from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'v' and not coalesce(reloptions @> array['security_invoker=true'], false)
            """);

        Assert.That(asOwner, Is.Empty);
    }

    [Test]
    public async Task The_applications_role_owns_nothing_and_bypasses_nothing()
    {
        var flags = (await Rows<(bool Bypass, bool Super, bool Login, bool Owner)>("""
            select r.rolbypassrls, r.rolsuper, r.rolcanlogin, exists (select from pg_class c where c.relowner = r.oid)
            from pg_roles r
            where r.rolname = 'desk_app'
            """)).Single();

        Assert.That(flags, Is.EqualTo((false, false, false, false)));
    }

    [Test]
    public async Task Functions_that_reach_past_row_level_security_are_these_and_no_more()
    {
        var definers = await Rows<string>("""
            select proname from pg_proc
            where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege('desk_app', oid, 'execute')
            order by 1
            """);

        Assert.That(definers, Is.EqualTo(new[]
        {
            "admit_report", "are_all_communities", "begin_factor",
            "begin_sign_in",
            "clear_sign_in",
            "clock_moves_open",
            "clocks_left_behind",
            "clocks_to_check", "clocks_to_check", // and that of the release before
            "communities_by_code",
            "communities_of_sender",
            "community_by_code",
            "district_by_code",
            "end_session",
            "end_sessions_of",
            "erase_customer",
            "forget_old_keys",
            "hidden_requests",
            "holds_over_limit",
            "holds_to_wake",
            "known_at",
            "lock_districts",
            "may_show_home",
            "messages_to_send",
            "move_desk_clock",
            "oldest_due",
            "own_factor",
            "owner_link_holder",
            "pass_second_factor",
            "promises_overdue",
            "provided_holder",
            "refresh_statistics",
            "register_district",
            "register_provided",
            "register_staff",
            "remove_factor",
            "report_target",
            "rounds_to_chase",
            "secret_of_owner_links",
            "serves_hidden",
            "session_holder",
            "set_own_password",
            "set_password",
            "set_recovery_codes",
            "staff_doors",
            "staff_for_sign_in",
            "staff_messages_to_send",
            "staff_reach",
            "start_session",
            "token_holder",
            "use_factor",
            "use_recovery_code",
        }));
    }

    /// <summary>Left out of the path, a session's own temporary tables come first: what it puts there would be taken for the desk's.</summary>
    [Test]
    public async Task Functions_that_run_as_the_owner_look_for_temporary_tables_last()
    {
        var open = await Rows<string>("select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef and not coalesce(proconfig @> array['search_path=pg_catalog, public, pg_temp'], false)");

        Assert.That(open, Is.Empty);
    }

    [Test]
    public async Task The_log_cannot_be_changed_by_the_application()
    {
        var rights = await Rows<string>("""
            select t || ' ' || p
            from unnest(array['event', 'event_text', 'event_head']) t
            cross join unnest(array['update', 'delete', 'truncate']) p
            where has_table_privilege('desk_app', t, p)
            """);

        Assert.That(rights, Is.Empty);
    }

    [Test]
    public async Task Without_the_applications_check_the_database_still_shows_nothing_of_another_community()
    {
        await GivenRequest(There);
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();

        var seen = await Dapper.SqlMapper.QueryAsync<Guid>(
            connection,
            $"call enter_scope('{Here.CommunityId}', '{Here.Clerk.Id}'); select distinct community_id from request union select distinct community_id from event union select distinct community_id from search_token union select community_id from community",
            transaction: transaction);

        Assert.That(seen, Has.All.EqualTo(Here.CommunityId));
    }

    [Test]
    public async Task Outside_a_scope_nothing_is_seen_and_what_was_entered_ends_with_its_transaction()
    {
        await GivenRequest();
        await using var connection = await Owner.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await Dapper.SqlMapper.ExecuteAsync(connection, $"call enter_scope('{Here.CommunityId}', '')", transaction: transaction);
            await transaction.CommitAsync();
        }

        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await Dapper.SqlMapper.ExecuteAsync(connection, "set local role desk_app", transaction: transaction);
            Assert.That(await Dapper.SqlMapper.ExecuteScalarAsync<long>(connection, "select count(*) from request", transaction: transaction), Is.Zero);
        }
    }
}
