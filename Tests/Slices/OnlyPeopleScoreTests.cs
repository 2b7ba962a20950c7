using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Npgsql;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Imports;
using PropertyServiceDesk.Workers.Deliveries;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>Nothing in the database holds a score without a human author, whichever way one tries: insert, update, import, every job, every command as the system.</summary>
public sealed class OnlyPeopleScoreTests : ImportFixture
{
    private const string Number = "13800138000";

    private Task<List<long>> Scores() => Rows<long>("select count(*) from feedback where num_nonnulls(solved, satisfaction, recommend, author_kind) > 0");

    /// <summary>As the application's role, in this actor's scope.</summary>
    private async Task<string?> Constraint(Guid actor, string sql, object args)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"call enter_scope('{Here.CommunityId}', '{actor}')", transaction: transaction);
        try
        {
            await connection.ExecuteAsync(sql, args, transaction);
            return null;
        }
        catch (PostgresException refused)
        {
            return refused.ConstraintName;
        }
    }

    [TestCase("'answered', 'yes', 5::smallint, null::text, null::uuid, null::text", "feedback_answer_has_a_human_author")]
    [TestCase("'answered', 'yes', 5::smallint, 'system', null::uuid, null::text", "feedback_author_is_a_person")]
    [TestCase("'answered', 'yes', 5::smallint, 'staff', null::uuid, 'x'", "feedback_staff_author_is_named")]
    [TestCase("'noResponse', null::text, 3::smallint, null::text, null::uuid, null::text", "feedback_only_answers_have_scores")]
    [TestCase("'notAsked', 'yes', 5::smallint, 'owner', null::uuid, null::text", "feedback_answer_has_a_human_author")]
    public async Task A_row_with_a_score_and_without_a_person_is_not_inserted(string values, string constraint)
    {
        var (request, _) = await GivenDone();
        var sql = $"""
            insert into feedback (community_id, feedback_id, request_id, round, state, solved, satisfaction, author_kind, author_id, spoke_with, started_at, ended_at, not_asked_rule)
            select @CommunityId, gen_random_uuid(), @request, 9, v.*, @Now, @Now, case v.state when 'notAsked' then 'imported' end
            from (values ({values})) v (state, solved, satisfaction, author_kind, author_id, spoke_with)
            """;

        Assert.That(await Constraint(Here.Clerk.Id, sql, new { Here.CommunityId, request, Now = Clock.GetUtcNow() }), Is.EqualTo(constraint));
    }

    [Test]
    public async Task In_the_systems_scope_not_even_a_score_that_names_somebody_is_written()
    {
        var (request, _) = await GivenDone();
        var args = new { Here.CommunityId, request, Clerk = Here.Clerk.Id, Now = Clock.GetUtcNow() };
        const string Owners = "update feedback set state = 'answered', ended_at = @Now, solved = 'yes', satisfaction = 5, author_kind = 'owner' where request_id = @request";
        const string Staffs = "update feedback set state = 'answered', ended_at = @Now, solved = 'yes', satisfaction = 5, author_kind = 'staff', author_id = @Clerk, spoke_with = 'x' where request_id = @request";
        const string New = """
            insert into feedback (community_id, feedback_id, request_id, round, state, started_at, ended_at, solved, satisfaction, author_kind)
            values (@CommunityId, gen_random_uuid(), @request, 9, 'answered', @Now, @Now, 'yes', 5, 'owner')
            """;

        foreach (var sql in new[] { Owners, Staffs, New })
        {
            Assert.That(await Constraint(Guid.Empty, sql, args), Is.EqualTo("feedback_score_is_a_persons"), sql);
            Assert.That(await Constraint(Here.Clerk.Id, sql, args), Is.Null, "a person may");
        }

        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 3, "王小明"));
        foreach (var change in new[] { "satisfaction = 5", "solved = 'partly'", "recommend = 5", "author_kind = 'owner', author_id = null" })
        {
            Assert.That(await Constraint(Guid.Empty, $"update feedback set {change} where request_id = @request", args), Is.EqualTo("feedback_score_is_a_persons"), "a score that is there is not the system's to change");
        }
    }

    private const string MergeUpdate = """
        merge into feedback f using (select @request::uuid as id) x on f.request_id = x.id
        when matched then update set state = 'answered', ended_at = @Now, solved = 'yes', satisfaction = 5, author_kind = {0}, author_id = {1}, spoke_with = {2}
        """;

    private const string MergeInsert = """
        merge into feedback f using (select @request::uuid as id) x on f.request_id = x.id and f.round = 9
        when not matched then insert (community_id, feedback_id, request_id, round, state, started_at, ended_at, solved, satisfaction, author_kind, author_id, spoke_with)
            values (@CommunityId, gen_random_uuid(), @request, 9, 'answered', @Now, @Now, 'yes', 5, {0}, {1}, {2})
        """;

    private const string Upsert = """
        insert into feedback (community_id, feedback_id, request_id, round, state, started_at)
        values (@CommunityId, gen_random_uuid(), @request, 1, 'asked', @Now)
        on conflict (community_id, request_id, round) do update set state = 'answered', ended_at = @Now, solved = 'yes', satisfaction = 5, author_kind = {0}, author_id = {1}, spoke_with = {2}
        """;

    // The application's role for somebody of the desk, for a token, and for a job: whom they name, and what refuses it.
    [TestCase("clerk", "null", "null", "null", "feedback_answer_has_a_human_author")]
    [TestCase("clerk", "'system'", "null", "null", "feedback_author_is_a_person")]
    [TestCase("clerk", "'staff'", "null", "'x'", "feedback_staff_author_is_named")]
    [TestCase("clerk", "'staff'", "@Token", "'x'", "feedback_author_is_who_writes")]
    [TestCase("clerk", "'staff'", "@Colleague", "'x'", "feedback_author_is_who_writes")]
    [TestCase("token", "'staff'", "@Token", "'x'", "feedback_score_is_a_persons")]
    [TestCase("token", "'staff'", "@Clerk", "'x'", "feedback_score_is_a_persons")]
    [TestCase("token", "'owner'", "null", "null", "feedback_score_is_a_persons")]
    [TestCase("worker", "null", "null", "null", "feedback_score_is_a_persons")]
    [TestCase("worker", "'staff'", "@Token", "'x'", "feedback_score_is_a_persons")]
    [TestCase("worker", "'staff'", "@Clerk", "'x'", "feedback_score_is_a_persons")]
    [TestCase("worker", "'owner'", "null", "null", "feedback_score_is_a_persons")]
    public async Task Neither_a_merge_nor_an_upsert_scores_without_a_person_and_no_token_is_one(string who, string kind, string author, string spokeWith, string constraint)
    {
        var (request, _) = await GivenDone();
        var token = await GivenToken();
        var actor = who switch { "clerk" => Here.Clerk.Id, "token" => token, _ => Guid.Empty };

        foreach (var sql in new[] { MergeUpdate, MergeInsert, Upsert })
        {
            Assert.That(
                await Constraint(actor, string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, kind, author, spokeWith), new { Here.CommunityId, request, Token = token, Clerk = Here.Clerk.Id, Colleague = Here.Officer.Id, Now = Clock.GetUtcNow() }),
                Is.EqualTo(constraint),
                sql);
        }
    }

    [Test]
    public async Task A_token_is_no_colleague_whom_a_score_could_name_whoever_writes_it()
    {
        var (request, _) = await GivenDone();
        var token = await GivenToken();
        const string Named = "update feedback set state = 'answered', ended_at = @Now, solved = 'yes', satisfaction = 5, author_kind = 'staff', author_id = @token, spoke_with = 'x' where request_id = @request";

        var refused = Assert.ThrowsAsync<PostgresException>(() => Execute(Named, new { request, token, Now = Clock.GetUtcNow() }), "nor does the owner of the tables, whom no trigger asks who is acting");

        Assert.That(refused!.ConstraintName, Is.EqualTo("feedback_staff_author_works_here"));
    }

    [TestCase("clerk")]
    [TestCase("token")]
    [TestCase("worker")]
    public async Task Nothing_is_copied_into_the_table_past_the_walls(string who)
    {
        var (request, _) = await GivenDone();
        var actor = who switch { "clerk" => Here.Clerk.Id, "token" => await GivenToken(), _ => Guid.Empty };
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"call enter_scope('{Here.CommunityId}', '{actor}')", transaction: transaction);

        var refused = Assert.ThrowsAsync<PostgresException>(async () =>
        {
            await using var copy = await connection.BeginTextImportAsync("copy feedback (community_id, feedback_id, request_id, round, state, started_at, ended_at, solved, satisfaction, author_kind) from stdin");
            await copy.WriteAsync($"{Here.CommunityId}\t{Guid.CreateVersion7()}\t{request}\t9\tanswered\t2026-03-02 01:00+00\t2026-03-02 01:00+00\tyes\t5\towner\n");
        });

        Assert.That(refused!.SqlState, Is.EqualTo(PostgresErrorCodes.FeatureNotSupported), "where rows are fenced, copying into a table is not to be had");
        await transaction.RollbackAsync();
        Assert.That(await Scores(), Is.EqualTo(new[] { 0L }));
    }

    /// <summary>Copied by somebody whom no fence stops, what says itself that nobody scored is refused as any other row.</summary>
    [TestCase("\\N", "feedback_answer_has_a_human_author")]
    [TestCase("system", "feedback_author_is_a_person")]
    public async Task What_the_owner_of_the_tables_copies_has_an_author_too(string kind, string constraint)
    {
        var (request, _) = await GivenDone();
        await using var connection = await Owner.OpenConnectionAsync();

        var refused = Assert.ThrowsAsync<PostgresException>(async () =>
        {
            await using var copy = await connection.BeginTextImportAsync("copy feedback (community_id, feedback_id, request_id, round, state, started_at, ended_at, solved, satisfaction, author_kind) from stdin");
            await copy.WriteAsync($"{Here.CommunityId}\t{Guid.CreateVersion7()}\t{request}\t9\tanswered\t2026-03-02 01:00+00\t2026-03-02 01:00+00\tyes\t5\t{kind}\n");
        });

        Assert.That(refused!.ConstraintName, Is.EqualTo(constraint));
    }

    private async Task<Guid> GivenToken() => (await Send(Here.People["administrator"], new MakeToken("另一个系统", [new RoleIn(Here.CommunityId, Roles.Clerk)], Clock.GetUtcNow().AddDays(30)) { Secret = Sessions.NewToken(Guid.NewGuid().ToString()) })).TokenId;

    [TestCase("alter table feedback disable trigger user")]
    [TestCase("alter table feedback drop constraint feedback_answer_has_a_human_author")]
    [TestCase("drop function score_is_a_persons cascade")]
    [TestCase("set local session_replication_role = replica")]
    [TestCase("insert into feedback (community_id, feedback_id, request_id, round, state, started_at, ended_at, solved, satisfaction, author_kind) values (@CommunityId, gen_random_uuid(), @request, 9, 'answered', @Now, @Now, 'yes', 5, 'owner')", "")]
    [TestCase("update feedback set state = 'answered', ended_at = @Now, solved = 'yes', satisfaction = 5, author_kind = 'owner'", "")]
    public async Task The_application_cannot_take_the_guards_away_nor_go_round_them(string sql, string? communities = null)
    {
        var (request, _) = await GivenDone();
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"call enter_scope('{communities ?? Here.CommunityId.ToString()}', '{Here.Clerk.Id}')", transaction: transaction);

        string? state = null;
        try
        {
            Assert.That(await connection.ExecuteAsync(sql, new { Here.CommunityId, request, Now = Clock.GetUtcNow() }, transaction), Is.Zero, "in no community's scope there is nothing to update");
        }
        catch (PostgresException refused)
        {
            state = refused.SqlState;
        }

        Assert.That(state, Is.EqualTo(sql.StartsWith("update", StringComparison.Ordinal) ? null : PostgresErrorCodes.InsufficientPrivilege));
        await transaction.RollbackAsync();
        Assert.That(await Scores(), Is.EqualTo(new[] { 0L }));
    }

    [Test]
    public async Task No_command_scores_as_the_system()
    {
        var (request, _) = await GivenDone();
        var round = await Scalar<Guid>("select feedback_id from feedback");

        Assert.That(await Refusal(() => Send(Here.System, new RecordFeedback(request, Solved.Yes, 5, "x"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.System, new AnswerAsOwner(round, Solved.Yes, 5))), Is.EqualTo("feedback.only_people_answer"));
        Assert.That(await Refusal(() => Send(Here.System, new ReportNotFixed(request, "x", "x"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new AnswerAsOwner(round, Solved.Yes, 5))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Scores(), Is.EqualTo(new[] { 0L }));
    }

    [Test]
    public async Task An_import_brings_no_score()
    {
        Given(Row("1", closed: "2011-07-05 10:00", state: "C"), Row("2"), Row("3", closed: "2011-07-05 10:00", state: "X"));

        await Import();

        Assert.That(await Scores(), Is.EqualTo(new[] { 0L }));
        Assert.That(await Rows<string>("select state from feedback"), Is.EqualTo(new[] { "notAsked" }));
    }

    [Test]
    public async Task No_job_scores_whatever_it_finds()
    {
        // Rounds in every open state, delivered, given up, and on their way; with calls and without; for months.
        for (var i = 0; i < 8; i++)
        {
            var (request, _) = await GivenDone(priority: (Priority)(i % 4));
            if (i % 2 == 0)
            {
                await Send(Here.Clerk, new TryCall(request, Number, i == 4 ? CallResult.CallLater : CallResult.NoAnswer));
            }
        }

        await Execute("update message set sent_at = @Now where message_id in (select message_id from message order by message_id limit 4)", new { Now = Clock.GetUtcNow() });
        await Execute("update message set parked_at = @Now where sent_at is null and message_id in (select message_id from message order by message_id desc limit 2)", new { Now = Clock.GetUtcNow() });
        await using var services = Services(more =>
        {
            more.AddSingleton(new MessageSettings(new ConfigurationBuilder().Build()));
            more.AddSingleton<Job>();
            more.AddSingleton<DeliverMessages>();
        });
        foreach (var days in new[] { 0, 1, 2, 4, 30, 60 })
        {
            Clock.Advance(TimeSpan.FromDays(days));
            foreach (var entry in Schedule.Entries)
            {
                await entry.Run(new Job(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<DueWork>(), NullLogger<Job>.Instance), CancellationToken.None);
            }
        }

        Assert.That(await Scores(), Is.EqualTo(new[] { 0L }));
        Assert.That(await Scalar<long>("select count(*) from feedback where state = 'asked'"), Is.Zero, "they did something");
    }
}
