using System.Diagnostics;
using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Walls;

/// <summary>The log after somebody with all rights on the tables was at it.</summary>
public sealed class LogCheckTests : DeskFixture
{
    /// <summary>Computes the chain anew from an entry on, as somebody would who has read the source.</summary>
    private const string Rewrite = """
        do $$
        declare
            r record;
            v_prev bytea;
        begin
            select hash into v_prev from event where community_id = '@here' and seq = @from - 1;
            for r in select * from event where community_id = '@here' and seq >= @from order by seq loop
                update event e
                set prev_hash = v_prev, hash = event_hash(v_prev, e.seq, e.subject_kind, e.subject_id, e.what, e.visibility, e.detail::text, e.actor_kind, e.actor_id, e.channel, e.device,
                    e.device_at, e.occurred_at, e.recorded_at, e.text_hash)
                where e.community_id = '@here' and e.seq = r.seq
                returning e.hash into v_prev;
            end loop;
            update event_head set hash = v_prev, seq = (select max(seq) from event where community_id = '@here') where community_id = '@here';
        end
        $$
        """;

    [SetUp]
    public async Task A_log_with_some_history()
    {
        await Execute("delete from event; delete from event_text; delete from event_head; insert into event_head (community_id, seq, hash) select community_id, 0, sha256(convert_to(community_id::text, 'UTF8')) from community");
        for (var i = 0; i < 3; i++)
        {
            var (request, order) = await GivenDispatched();
            await Send(Here.Member(Domain.Rules.Crew.Engineering), new AcceptWork(order), c => c.Device = "phone-1");
            await Send(Here.Clerk, new NoteOnRequest(request, "第" + i + "次", Visibility.Desk));
        }

        await GivenRequest(There);
    }

    private static readonly string[] Fields =
    [
        "subject_kind = 'fault'", "subject_id = gen_random_uuid()", "what = 'requestCancelled'", "visibility = 'owner'", "detail = '{}'", "actor_kind = 'system'", "actor_id = gen_random_uuid()", "actor_id = null",
        "channel = 'fax'", "device = 'x'", "device_at = now()", "occurred_at = occurred_at + interval '1 microsecond'", "recorded_at = recorded_at - interval '1 microsecond'", "text_hash = sha256('x')", "text_hash = null",
        "hash = sha256('x')", "prev_hash = sha256('x')", "visibility = 'owner', hash = sha256('x')",
    ];

    [TestCaseSource(nameof(Fields))]
    public async Task An_entry_that_was_altered_in_any_field_is_found_where_it_is(string set)
    {
        await Execute($"update event set {set} where community_id = @CommunityId and seq = 6", new { Here.CommunityId });

        Assert.That((await Faults()).Select(f => (f.Community, f.Seq)), Does.Contain(("here", (long?)6)));
        Assert.That((await Faults()).Select(f => f.Seq).Distinct(), Is.SubsetOf(new long?[] { 6, 7 }), "and nothing else is blamed but what follows from it");
    }

    [TestCase("update event_text set text = text || '。' where community_id = '@here' and seq = 5", 5, "text was altered")]
    [TestCase("update event_text set salt = sha256('x')::bytea where false; update event_text set salt = substr(sha256('x'), 1, 16) where community_id = '@here' and seq = 5", 5, "text was altered")]
    [TestCase("update event_text set text = null, salt = null, erased_at = now() where community_id = '@here' and seq = 5", 5, "no erasure says so")]
    [TestCase("delete from event_text where community_id = '@here' and seq = 5", 5, "text was removed")]
    [TestCase("update event set what = 'customerErased', detail = '[]' where community_id = '@here' and seq = 6", 6, "it was altered")]
    [TestCase("update event set what = 'customerErased', detail = '{\"texts\": 1}' where community_id = '@here' and seq = 6", 6, "it was altered")]
    [TestCase("update event set what = 'customerErased', detail = '{\"texts\": [\"5\", null, 1e400]}' where community_id = '@here' and seq = 6", 6, "it was altered")]
    [TestCase("insert into event_text (community_id, seq, salt, text) values ('@here', 3, substr(sha256('x'), 1, 16), 'x')", 3, "a text was put to it")]
    [TestCase("insert into event_text (community_id, seq, salt, text) values ('@here', 99, substr(sha256('x'), 1, 16), 'x')", 99, "a text of an entry that is not there")]
    [TestCase("delete from event where community_id = '@here' and seq = 4", 4, "it was removed")]
    [TestCase("delete from event where community_id = '@here' and seq between 4 and 6", 4, "up to 6, was removed")]
    [TestCase("delete from event where community_id = '@here' and seq = 1", 1, "it was removed")]
    [TestCase("delete from event where community_id = '@here' and seq = 12", 12, "was cut off: the head stands at 12")]
    [TestCase("delete from event where community_id = '@here'", 1, "was cut off")]
    [TestCase("delete from event_head where community_id = '@here'", null, "its head is gone")]
    [TestCase("update event_head set hash = sha256('x') where community_id = '@here'", 12, "the head names another one")]
    [TestCase("update event_head set seq = 11 where community_id = '@here'", 12, "inserted behind the head")]
    [TestCase("insert into event select community_id, 13, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, channel, device, device_at, occurred_at, recorded_at, text_hash, prev_hash, hash from event where community_id = '@here' and seq = 12", 13, "inserted behind the head")]
    [TestCase("insert into event select community_id, 0, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, channel, device, device_at, occurred_at, recorded_at, text_hash, prev_hash, hash from event where community_id = '@here' and seq = 12", 0, "it was inserted")]
    [TestCase("update event set seq = -6 where community_id = '@here' and seq = 6; update event set seq = 6 where community_id = '@here' and seq = 7; update event set seq = 7 where community_id = '@here' and seq = -6", 6, "altered")]
    [TestCase("update event set seq = seq + 1000 where community_id = '@here' and seq > 6; update event set seq = seq - 999 where community_id = '@here' and seq > 1000; insert into event select community_id, 7, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, channel, device, device_at, occurred_at, recorded_at, text_hash, hash, event_hash(hash, 7, subject_kind, subject_id, what, visibility, detail::text, actor_kind, actor_id, channel, device, device_at, occurred_at, recorded_at, text_hash) from event where community_id = '@here' and seq = 6; update event_head set seq = 13 where community_id = '@here'", 8, "altered")]
    [TestCase("insert into event select gen_random_uuid(), seq, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, channel, device, device_at, occurred_at, recorded_at, text_hash, prev_hash, hash from event where community_id = '@here' and seq = 12", null, "does not exist")]
    [TestCase("update event set community_id = '@there', seq = 99 where community_id = '@here' and seq = 12", 12, "was cut off")]
    public async Task What_was_removed_inserted_or_put_elsewhere_is_found_where_it_is(string tampering, long? at, string what)
    {
        await Tamper(tampering);

        Assert.That((await Faults()).Where(f => f.Seq == at).Select(f => f.What), Has.Some.Contains(what), string.Join('\n', await Faults()));
    }

    [Test]
    public async Task What_was_written_is_whole()
    {
        var report = await LogCheck.Verify(ConnectionString, await LogCheck.Heads(ConnectionString, CancellationToken.None), CancellationToken.None);

        Assert.That(report.Faults, Is.Empty);
        Assert.That(report.Logs, Is.EqualTo(new[] { ("here", 12L), ("there", 1L) }));
    }

    [Test]
    public async Task An_end_that_was_cut_off_with_its_head_shows_against_an_earlier_head_alone()
    {
        var heads = await LogCheck.Heads(ConnectionString, CancellationToken.None);
        await Tamper("delete from event_text where community_id = '@here' and seq > 10; delete from event where community_id = '@here' and seq > 10; update event_head h set seq = 10, hash = (select hash from event where community_id = '@here' and seq = 10) where community_id = '@here'");

        Assert.That(await Faults(), Is.Empty);
        Assert.That((await Faults(heads)).Single(), Has.Property("Seq").EqualTo(11).And.Property("What").Contains("12 entries"));
    }

    [Test]
    public async Task A_chain_that_was_computed_anew_shows_against_an_earlier_head_alone()
    {
        var heads = await LogCheck.Heads(ConnectionString, CancellationToken.None);
        await Tamper("update event set visibility = 'owner' where community_id = '@here' and seq = 6; " + Rewrite.Replace("@from", "6", StringComparison.Ordinal));

        Assert.That(await Faults(), Is.Empty);
        Assert.That((await Faults(heads)).Single(), Has.Property("Seq").EqualTo(12).And.Property("What").Contains("computed anew"));
        Assert.That((await Faults([heads[0] with { Seq = 5, Hash = await Scalar<string>("select encode(hash, 'hex') from event where community_id = @CommunityId and seq = 5", new { Here.CommunityId }) ?? "" }])), Is.Empty, "what stands before is untouched");
    }

    [Test]
    public async Task An_end_that_was_cut_off_and_grew_again_shows_against_an_earlier_head()
    {
        var heads = await LogCheck.Heads(ConnectionString, CancellationToken.None);
        await Tamper("delete from event_text where community_id = '@here' and seq > 10; delete from event where community_id = '@here' and seq > 10; update event_head h set seq = 10, hash = (select hash from event where community_id = '@here' and seq = 10) where community_id = '@here'");
        for (var i = 0; i < 4; i++)
        {
            await GivenRequest();
        }

        Assert.That(await Faults(), Is.Empty);
        Assert.That((await Faults(heads)).Single(), Has.Property("Seq").EqualTo(12).And.Property("What").Contains("computed anew"));
    }

    [Test]
    public async Task A_community_that_is_gone_shows_against_an_earlier_head()
    {
        var gone = new LogHead(Guid.CreateVersion7(), "gone", 5, "00");

        Assert.That((await Faults([gone])).Single(), Has.Property("Community").EqualTo("gone").And.Property("What").Contains("gone"));
    }

    [Test]
    public async Task Erased_by_the_command_the_chain_is_whole_and_the_earlier_head_stands()
    {
        var customer = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "孙八", Note: "有狗"))).CustomerId;
        await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, Domain.Rules.RequestKind.Repair, Domain.Rules.Channel.Phone, Here.Category(Domain.Rules.RequestKind.Repair, "water"), "漏水", CustomerId: customer));
        var heads = await LogCheck.Heads(ConnectionString, CancellationToken.None);

        await Send(Here.Manager, new EraseCustomer(customer, ErasureReason.Requested, EvenIfOpen: true));

        Assert.That(await Faults(heads), Is.Empty);
        Assert.That(await Scalar<long>("select count(*) from event_text where erased_at is not null"), Is.EqualTo(2));
    }

    [Test]
    public async Task The_applications_role_can_neither_change_nor_remove_an_entry()
    {
        foreach (var statement in new[]
        {
            "update event set what = 'x'", "delete from event", "truncate event", "update event_text set text = 'x'", "delete from event_text", "truncate event_text", "delete from event_head", "truncate event_head",
            "update event_head set community_id = community_id", "alter table event disable row level security", "drop table event", "alter table event_text add column x text",
        })
        {
            await using var connection = await Owner.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            var refused = Assert.ThrowsAsync<Npgsql.PostgresException>(
                () => Dapper.SqlMapper.ExecuteAsync(connection, $"call enter_scope('{Here.CommunityId}', '{Here.Manager.Id}'); {statement}", transaction: transaction), statement);
            Assert.That(refused!.SqlState, Is.EqualTo("42501"), statement);
        }
    }

    [Test]
    [Category("Process")]
    public async Task The_program_ends_with_0_or_1_and_says_where()
    {
        var whole = await Program("verify-log");
        var head = await Program("log-head");
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("N") + ".heads");
        await File.WriteAllTextAsync(file, head.Output);
        await Tamper("update event set visibility = 'owner' where community_id = '@here' and seq = 6; " + Rewrite.Replace("@from", "6", StringComparison.Ordinal));

        var unseen = await Program("verify-log");
        var seen = await Program("verify-log", "--head", file);
        await File.WriteAllTextAsync(file, "{}");
        var unreadable = await Program("verify-log", "--head", file);
        File.Delete(file);

        Assert.That((whole.Exit, whole.Output), Is.EqualTo((0, "here: 12 entries, whole\nthere: 1 entries, whole\n")));
        Assert.That((head.Exit, head.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length), Is.EqualTo((0, 2)));
        Assert.That(unseen.Exit, Is.Zero);
        Assert.That((seen.Exit, seen.Output.Contains("here: entry 12: the chain was computed anew", StringComparison.Ordinal)), Is.EqualTo((1, true)), seen.Output);
        Assert.That((unreadable.Exit, unreadable.Errors.Trim().Contains('\n', StringComparison.Ordinal)), Is.EqualTo((1, false)), unreadable.Errors);
        Assert.That(unreadable.Errors, Does.Contain(".heads is not what log-head printed"), "log_head.unreadable");
    }

    private Task Tamper(string sql) =>
        Execute(sql.Replace("@here", Here.CommunityId.ToString(), StringComparison.Ordinal).Replace("@there", There.CommunityId.ToString(), StringComparison.Ordinal));

    private async Task<IReadOnlyList<LogFault>> Faults(IReadOnlyList<LogHead>? earlier = null) => (await LogCheck.Verify(ConnectionString, earlier ?? [], CancellationToken.None)).Faults;

    private async Task<(int Exit, string Output, string Errors)> Program(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "PropertyServiceDesk.Api.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["ConnectionStrings__ServiceDesk"] = ConnectionString;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, (await output).ReplaceLineEndings("\n"), await errors);
    }
}
