using System.IO.Compression;
using System.Text;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Imports;

public sealed class ImportRequestsTests : ImportFixture
{
    [Test]
    public async Task A_row_becomes_a_request_with_its_order_times_and_words()
    {
        Given(Row("7", closed: "2011-07-05 10:00", place: "3-2-1502", name: "王小明", phone: "138 0013 8000", words: "\"very, very loud\"", done: "New bearing", state: "C"));

        var summary = await Import();

        Assert.That(summary, Is.EqualTo(new ImportSummary(1, 1, 0, 0, 1, 1, false, null)));
        var request = await Send(Here.Clerk, new GetRequest(await Imported("7")));
        Assert.That(request.Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(request.Request.Outcome, Is.EqualTo(Outcome.Resolved));
        Assert.That(request.Request.Description, Is.EqualTo("Pump hums\nSaid: very, very loud"));
        Assert.That(request.Request.ReportedAt, Is.EqualTo(At("2011-07-01T12:00Z")));
        Assert.That(request.Request.ClosedAt, Is.EqualTo(At("2011-07-05T14:00Z")));
        Assert.That(request.Request.ReporterPhone, Is.EqualTo("138****8000"), "It is closed.");
        Assert.That(await Scalar<string>("select reporter_phone from request where import_id = '7'"), Is.EqualTo("13800138000"));
        Assert.That(request.WorkOrders.Single().Status, Is.EqualTo(WorkOrderStatus.Done));
        var timeline = await Send(Here.Clerk, new GetTimeline(request.Request.RequestId));
        Assert.That(timeline.Items.Select(e => e.What.ToString()), Is.EqualTo(new[]
        {
            "RequestReceived", "WorkDispatched", "WorkCompleted", "RequestFinished", "FeedbackNotAsked", "RequestClosed", "RequestImported",
        }));
        Assert.That(timeline.Items.Select(e => e.OccurredAt).Distinct(), Is.EqualTo(new[] { At("2011-07-01T12:00Z"), At("2011-07-05T14:00Z"), FakeClock.Start }));
        Assert.That(await Scalar<long>("select count(*) from message"), Is.Zero);
        Assert.That(await BrokenLinks(), Is.Zero);
    }

    [Test]
    public async Task Its_events_have_the_details_that_typing_it_would_have_written()
    {
        Given(Row("7", closed: "2011-07-05 10:00", state: "C"));
        await Import();
        var typed = await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Staff, Here.Category(RequestKind.Repair, "water"), "漏水", PlaceId: Here.Places["3-2-1502"]));
        var order = (await Send(Here.Clerk, new DispatchWork(typed.RequestId, [new NewOrder(Crew.Engineering, "看一下", Here.Teams[Crew.Engineering])]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order));
        await Send(Here.Member(Crew.Engineering), new CompleteWork(order, "好了"));

        var imported = await Shapes(await Imported("7"));

        var own = await Shapes(typed.RequestId);
        Assert.That(own, Has.Count.EqualTo(8));
        Assert.That(imported.Where(s => !s.StartsWith("requestImported", StringComparison.Ordinal)), Is.EqualTo(own.Where(s => !s.StartsWith("workAccepted", StringComparison.Ordinal) && !s.StartsWith("workArrived", StringComparison.Ordinal))));

        Task<List<string>> Shapes(Guid id) => Rows<string>("""
            select concat_ws(' ', e.what, e.subject_kind, e.visibility, (select string_agg(key, ',' order by key) from json_object_keys(e.detail) key where key <> 'clocks'))
            from event e
            where e.subject_id in (select @id union select work_order_id from request_work_order where request_id = @id union select feedback_id from feedback where request_id = @id)
            order by e.seq
            """, new { id });
    }

    [Test]
    public async Task What_the_desk_referred_has_its_order_voided_and_what_was_cancelled_too()
    {
        Given(
            Row("1", closed: "2011-07-05 10:00", state: "C", how: "ref", done: "Goes to the city"),
            Row("2", closed: "2011-07-05 10:00", state: "X", how: "dup"),
            Row("3", closed: "2011-07-05 10:00", state: "C", queue: "", type: "Question"),
            Row("4", queue: ""));

        await Import();

        Assert.That(
            await Rows<string>("select concat_ws(' ', r.import_id, r.status, r.outcome, o.status, f.state, k.stopped_why) from request r left join request_work_order l on l.request_id = r.request_id left join work_order o on o.work_order_id = l.work_order_id left join feedback f on f.request_id = r.request_id left join clock k on k.subject_id = r.request_id order by 1"),
            Is.EqualTo(new[] { "1 closed referred voided notAsked met", "2 cancelled duplicate voided cancelled", "3 closed answered notAsked met", "4 received" }));
        Assert.That(await BrokenLinks(), Is.Zero);
    }

    [Test]
    public async Task Refused_rows_stand_beside_the_file_with_line_and_reason_and_the_others_are_imported()
    {
        await Send(Here.System, new Domain.Communities.MakeTeam(Here.CommunityId, Crew.Environment, "Odd", "Odd"));
        Given(
            Row("1"),
            Row("2", opened: "yesterday"),
            Row("3", opened: ""),
            Row("4", by: "dove"),
            Row("1", title: "Again"),
            Row("5", closed: "2011-06-30 08:00", state: "C"),
            Row("6", title: "a\u0007b"),
            Row("7", title: new string('x', 4001)),
            Row("8", state: "C"),
            Row("9", closed: "2011-07-05 10:00"),
            Row("10", opened: "2027-01-01 00:00"),
            Row("11", place: "9-9-9"),
            Row("12", queue: "Odd"),
            Row("13", closed: "2011-07-05 10:00", state: "C", how: "dup"),
            Row("14", phone: "none"),
            Row("", title: "\"two\nlines\""),
            Row("15") + ",more",
            Row("16", title: "a \"quoted\" pump"),
            Row("17", target: "2011-07-04T08:00:00+08:00"),
            Row("18", title: "", words: ""),
            Row("19", name: "2011-07-01 07:59"));

        var summary = await Import(Mapping.Replace("\"dueAt\"", "\"registeredAt\": \"name\", \"dueAt\"", StringComparison.Ordinal));

        Assert.That((summary.Rows, summary.Imported, summary.Refused), Is.EqualTo((21L, 2L, 19L)));
        Assert.That(await Rows<string>("select import_id from request order by reported_at, import_id"), Is.EqualTo(new[] { "1", "17" }));
        Assert.That(Report().Select(r => r[0] + " " + r[1]), Is.EqualTo(new[]
        {
            "3 import.time", "4 import.time_missing", "5 import.unknown_value", "6 import.twice", "7 import.closed_before_reported", "8 text.control_character", "9 text.too_long",
            "10 import.closed_without_time", "11 import.open_but_closed", "12 import.in_the_future", "13 place.unknown", "14 team.other_crew", "15 import.outcome", "16 phone.not_a_number",
            "17 text.empty", "19 import.columns", "20 import.quotes", "22 text.empty", "23 import.registered_before_reported",
        }));
        Assert.That(Report()[2][2], Does.Contain("“dove”"));
        Assert.That(Report()[2][3..], Is.EqualTo(Row("4", by: "dove").Split(',')));
        Assert.That(await Scalar<DateTime>("select due_at from clock where subject_id = (select request_id from request where import_id = '17')"), Is.EqualTo(At("2011-07-04T00:00Z").UtcDateTime));
    }

    [Test]
    public async Task A_value_table_that_gives_nothing_where_something_is_needed_refuses_the_row()
    {
        var mapping = Mapping
            .Replace("\"Odd\": \"security\"", "\"Odd\": \"security\", \"Q1\": null", StringComparison.Ordinal)
            .Replace("\"dup\": \"duplicate\"", "\"dup\": \"duplicate\", \"res\": \"resolved\"", StringComparison.Ordinal);
        Given(
            Row("3", queue: "Q1"),
            Row("4", closed: "2011-07-05 10:00", state: "C", queue: "", how: "res"),
            Row("5", closed: "2011-07-05 10:00", state: "C", how: "res"));

        var summary = await Import(mapping);

        Assert.That((summary.Imported, summary.Refused), Is.EqualTo((1L, 2L)));
        Assert.That(Report().Select(r => r[0] + " " + r[1]), Is.EqualTo(new[] { "2 import.team_without_crew", "3 import.resolved_without_crew" }));
        Assert.That(await Rows<string>("select import_id || ' ' || outcome from request"), Is.EqualTo(new[] { "5 resolved" }));
    }

    [Test]
    public async Task A_file_that_cannot_be_read_is_refused_before_anything_is_written()
    {
        Assert.That(await Refusal(() => Import()), Is.EqualTo("file.unreadable"), "there is none");
        Given(Row("1"), Row("2", title: new string('x', 1_100_000)));

        Assert.That(await Refusal(() => Import()), Is.EqualTo("file.unreadable"), "a row longer than a million characters");

        Assert.That(await Scalar<long>("select count(*) from request"), Is.Zero);
    }

    [Test]
    public async Task A_run_without_refused_rows_takes_the_old_report_away()
    {
        Given(Row("1", by: "dove"));
        await Import();
        Given(Row("1"));

        var summary = await Import();

        Assert.That(summary.Report, Is.Null);
        Assert.That(System.IO.File.Exists(File + ".refused.csv"), Is.False);
    }

    [Test]
    public async Task A_second_run_changes_nothing()
    {
        Given(Row("1"), Row("2", closed: "2011-07-05 10:00", state: "C"), Row("3", by: "dove"));
        await Import();
        var (before, events) = (await Everything(Here.CommunityId), await Scalar<long>("select count(*) from event"));

        Clock.Advance(TimeSpan.FromDays(1));
        var second = await Import();

        Assert.That((second.Imported, second.AlreadyThere, second.Refused, second.Categories, second.Teams), Is.EqualTo((0L, 2L, 1L, 0, 0)));
        Assert.That(await Everything(Here.CommunityId), Is.EqualTo(before));
        Assert.That(await Scalar<long>("select count(*) from event"), Is.EqualTo(events));
    }

    [Test]
    public async Task Interrupted_and_run_again_it_comes_to_the_same_as_one_run()
    {
        Given([.. Enumerable.Range(1, 95).Select(i => i % 3 == 0 ? Row($"{i}", closed: "2011-07-05 10:00", state: "C") : Row($"{i}", queue: "E2", type: i % 7 == 0 ? "Lamp" : "Pump"))]);
        using var stop = new CancellationTokenSource();
        var told = 0;

        Assert.That(() => Import(rowsABatch: 10, progress: _ => { if (++told == 3) { stop.Cancel(); } }, ct: stop.Token), Throws.InstanceOf<OperationCanceledException>());
        var half = await Scalar<long>("select count(*) from request where community_id = @CommunityId", new { Here.CommunityId });
        var rest = await Import(rowsABatch: 10);

        await Import(community: "there", rowsABatch: 1000);
        Assert.That(half, Is.InRange(30, 40));
        Assert.That((rest.Imported, rest.AlreadyThere), Is.EqualTo((95 - half, half)));
        Assert.That(await Everything(Here.CommunityId), Is.EqualTo(await Everything(There.CommunityId)));
        Assert.That(await BrokenLinks(), Is.Zero);
    }

    [Test]
    public async Task Two_imports_of_one_file_at_once_write_it_once()
    {
        Given([.. Enumerable.Range(1, 200).Select(i => Row($"{i}"))]);

        var both = await Task.WhenAll(Import(rowsABatch: 20), Import(rowsABatch: 20));

        Assert.That(both.Sum(s => s.Imported), Is.EqualTo(200));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(200));
        Assert.That(await BrokenLinks(), Is.Zero);
    }

    [Test]
    public async Task A_dry_run_says_what_would_come_of_it_and_writes_nothing()
    {
        Given(Row("1"), Row("2", by: "dove"), Row("3", type: "Lamp", queue: "E2"));
        var before = await Scalar<long>("select count(*) from event");

        var summary = await Import(dryRun: true, rowsABatch: 1);

        Assert.That((summary.Imported, summary.Refused, summary.Categories, summary.Teams), Is.EqualTo((2L, 1L, 2, 2)));
        Assert.That(await Scalar<long>("select (select count(*) from request) + (select count(*) from team where name like 'E_') + (select count(*) from category where code in ('Pump', 'Lamp'))"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from event"), Is.EqualTo(before));
    }

    [Test]
    public async Task Gzip_is_known_by_its_content_and_another_encoding_by_the_mapping()
    {
        var bytes = System.Text.CodePagesEncodingProvider.Instance.GetEncoding("gb18030")!.GetBytes(Header.Replace(',', ';') + "\n" + Row("1", title: "水泵响").Replace(',', ';') + "\n");
        await using (var packed = new GZipStream(System.IO.File.Create(File), CompressionLevel.Fastest))
        {
            await packed.WriteAsync(bytes);
        }

        await Import(Mapping.Replace("\"source\"", "\"file\": { \"encoding\": \"gb18030\", \"delimiter\": \";\" }, \"source\"", StringComparison.Ordinal));

        Assert.That(await Scalar<string>("select description from request"), Is.EqualTo("水泵响"));
    }

    [Test]
    public async Task The_mark_that_a_spreadsheet_puts_before_the_first_column_is_no_part_of_its_name([Values] bool packed)
    {
        var text = Header + "\n" + Row("1", title: "水泵响") + "\n";
        System.IO.File.WriteAllBytes(File, packed ? Packed(CompressionLevel.Fastest, "\ufeff" + text) : Encoding.UTF8.GetBytes("\ufeff" + text));

        var summary = await Import();

        Assert.That((summary.Imported, summary.Refused), Is.EqualTo((1L, 0L)));
        Assert.That(await Rows<string>("select import_id || ' ' || description from request"), Is.EqualTo(new[] { "1 水泵响" }));
    }

    [Test]
    public async Task Text_in_another_encoding_than_said_is_refused_not_damaged()
    {
        System.IO.File.WriteAllBytes(File, [.. Encoding.UTF8.GetBytes(Header + "\n"), .. System.Text.CodePagesEncodingProvider.Instance.GetEncoding("gb18030")!.GetBytes(Row("1", title: "水泵响"))]);

        await Import();

        Assert.That(Report().Single()[1], Is.EqualTo("import.damaged_text"));
    }

    [TestCase("", "file.empty")]
    [TestCase("id,opened\n1,2", "mapping.no_such_column")]
    [TestCase(Header + ",id\n", "mapping.column_twice")]
    [TestCase(Header + "\n1,\"never closed,\n2,\n3,\n", "file.quote_open")]
    public async Task A_broken_file_is_said_to_be_broken(string text, string code)
    {
        System.IO.File.WriteAllText(File, text);

        Assert.That(await Refusal(() => Import()), Is.EqualTo(code));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.Zero);
    }

    /// <summary>The last eight bytes tell the sum and the length of what is packed.</summary>
    [TestCase(1)]
    [TestCase(4)]
    [TestCase(5)]
    [TestCase(8)]
    [TestCase(9)]
    [TestCase(400)]
    public async Task A_gzip_that_was_cut_off_is_said_to_be_damaged(int missing)
    {
        var packed = Packed(CompressionLevel.Fastest, Header + "\n" + string.Join('\n', Enumerable.Range(1, 300).Select(i => Row($"{i}"))));
        System.IO.File.WriteAllBytes(File, packed[..^missing]);

        Assert.That(await Refusal(() => Import()), Is.EqualTo("file.damaged"));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.Zero);
    }

    /// <summary>Where it was cut, there stands what could be a length.</summary>
    [Test]
    public async Task A_gzip_that_was_cut_off_where_it_could_end_is_said_to_be_damaged()
    {
        var packed = Packed(CompressionLevel.NoCompression, Header + "\n" + Row("1") + "\n" + Row("2", title: "\0\0\0\0\0\0") + "\n" + Row("3") + "\n");
        System.IO.File.WriteAllBytes(File, packed[..(packed.AsSpan().IndexOf("\0\0\0\0\0\0"u8) + 6)]);

        Assert.That(await Refusal(() => Import()), Is.EqualTo("file.damaged"));
    }

    [Test]
    public async Task A_gzip_of_several_pieces_is_read_to_the_end_of_the_last_and_one_of_them_cut_off_is_damaged()
    {
        byte[] whole = [.. Packed(CompressionLevel.Fastest, Header + "\n" + Row("1") + "\n"), .. Packed(CompressionLevel.Fastest, Row("2") + "\n")];
        System.IO.File.WriteAllBytes(File, whole);
        var summary = await Import(dryRun: true);
        System.IO.File.WriteAllBytes(File, whole[..^1]);

        Assert.That(await Refusal(() => Import()), Is.EqualTo("file.damaged"));
        Assert.That(summary.Imported, Is.EqualTo(2));
    }

    [Test]
    public async Task A_report_that_cannot_be_written_is_said_before_anything_is()
    {
        Given(Row("1"), Row("2", by: "dove"));
        Directory.CreateDirectory(File + ".refused.csv");
        try
        {
            Assert.That(await Refusal(() => Import()), Is.EqualTo("report.unwritable"));
        }
        finally
        {
            Directory.Delete(File + ".refused.csv");
        }

        Assert.That(await Scalar<long>("select count(*) from request"), Is.Zero);
    }

    [Test]
    public async Task A_report_for_which_there_is_no_room_is_said_and_what_was_imported_stays()
    {
        Given(Row("1"), Row("2", by: "dove"));
        System.IO.File.CreateSymbolicLink(File + ".refused.csv", "/dev/full");

        Assert.That(await Refusal(() => Import()), Is.EqualTo("report.unwritable"));
        Assert.That(await Scalar<long>("select count(*) from request"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_community_that_nobody_knows_is_refused()
    {
        Given(Row("1"));

        Assert.That(await Refusal(() => Import(community: "nowhere")), Is.EqualTo("community.not_found"));
    }

    [Test]
    public async Task An_imported_open_request_is_taken_up_worked_and_closed_like_any_other()
    {
        Given(Row("1", target: "2026-03-09 08:00"));
        await Import();
        var request = await Imported("1");
        var order = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single().WorkOrderId;
        Assert.That(await Scalar<long>("select count(*) from clock where next_check_at is not null"), Is.Zero, "history climbs no ladder");

        await Send(Here.Officer, new AcceptWork(order));

        Assert.That(await Scalar<DateTime?>("select taken_up_at from request"), Is.EqualTo(FakeClock.Start.UtcDateTime));
        Assert.That(await Scalar<DateTime?>("select next_check_at from clock where kind = 'finish'"), Is.EqualTo(At("2026-03-09T12:00Z").UtcDateTime));
        await Send(Here.Officer, new ArriveOnSite(order));
        await Send(Here.Officer, new CompleteWork(order, "Oiled"));
        var end = await Send(Here.Clerk, new GetRequest(request));
        Assert.That(end.Request.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(end.Feedback.Single().NotAskedRule, Is.EqualTo(NotAskedRule.NoReporter));
        Assert.That(await Scalar<string>("select stopped_why from clock where kind = 'finish'"), Is.EqualTo("met"));
        Assert.That((await Send(Here.Clerk, new GetTimeline(request))).Items.Select(e => e.What.ToString()), Is.EqualTo(new[]
        {
            "RequestReceived", "WorkDispatched", "RequestImported", "WorkAccepted", "ImportTakenUp", "WorkArrived", "WorkCompleted", "RequestFinished", "FeedbackNotAsked", "RequestClosed",
        }));
        Assert.That(await BrokenLinks(), Is.Zero);
    }

    [Test]
    public async Task Somebody_who_left_a_number_is_asked_once_their_request_was_taken_up()
    {
        Given(Row("1", phone: "13800138000"));
        await Import();
        var order = (await Send(Here.Clerk, new GetRequest(await Imported("1")))).WorkOrders.Single().WorkOrderId;

        await Send(Here.Officer, new AcceptWork(order));
        await Send(Here.Officer, new ArriveOnSite(order));
        await Send(Here.Officer, new CompleteWork(order, "Oiled"));

        Assert.That(await Scalar<string>("select status from request"), Is.EqualTo("awaitingFeedback"));
    }

    [Test]
    public async Task An_imported_request_can_be_voided_dispatched_again_and_answered()
    {
        Given(Row("1"));
        await Import();
        var request = await Imported("1");
        var order = (await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single().WorkOrderId;

        await Send(Here.Clerk, new VoidWork(order, "Other crew"));
        Assert.That(await Scalar<string>("select status from request"), Is.EqualTo("received"));
        var again = await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Environment, "Look")]));
        await Send(Here.Clerk, new VoidWork(again.WorkOrders[0].WorkOrderId, "Nothing there"));
        var answered = await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "It is the neighbour's pump."));

        Assert.That(answered.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await Scalar<long>("select count(*) from event where what = 'importTakenUp' and subject_id = @request", new { request }), Is.EqualTo(1));
    }

    [Test]
    public async Task A_deadline_that_came_with_the_import_is_neither_moved_nor_removed()
    {
        Given(Row("1", place: "3-2-1502"));
        await Import();
        var request = (await Send(Here.Clerk, new GetRequest(await Imported("1")))).Request;
        var due = await Scalar<DateTime>("select imposed_due_at from request");

        foreach (var amended in new[]
        {
            new AmendRequest(request.RequestId, Foreign: new ForeignNumber("12345", "2026-0009", Clock.GetUtcNow().AddHours(9)), Reason: "Wrong", Version: request.Version),
            new AmendRequest(request.RequestId, Foreign: new ForeignNumber("12345", "2026-0009"), Reason: "Wrong", Version: request.Version),
            new AmendRequest(request.RequestId, Remove: [RequestField.Foreign], Reason: "Wrong", Version: request.Version),
        })
        {
            Assert.That(await Refusal(() => Send(Here.Clerk, amended)), Is.EqualTo("request.deadline_was_imported"));
        }

        await Send(Here.Clerk, new AmendRequest(request.RequestId, "Pump hums loudly", Version: request.Version));
        Assert.That(await Rows<(string, DateTime, DateTime)>("select description, imposed_due_at, (select due_at from clock where kind = 'finish' and subject_id = request_id) from request"), Is.EqualTo(new[] { ("Pump hums loudly", due, due) }));
    }

    [Test]
    public async Task History_closed_lately_that_is_not_solved_after_all_goes_back_to_work()
    {
        Given(Row("1", opened: "2026-02-27 10:00", closed: "2026-02-28 10:00", state: "C"));
        await Import();
        var request = await Imported("1");

        var reply = await Send(Here.Clerk, new Domain.Feedback.RecordFeedback(request, Solved.No, 1, "王小明"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.InProgress));
        Assert.That(await Scalar<DateTime?>("select taken_up_at from request"), Is.EqualTo(FakeClock.Start.UtcDateTime));
    }

    [Test]
    public async Task Old_history_that_is_not_solved_after_all_stays_closed_and_a_new_request_is_its_rework()
    {
        Given(Row("1", closed: "2011-07-05 10:00", state: "C"));
        await Import();
        var request = await Imported("1");

        var reply = await Send(Here.Clerk, new Domain.Feedback.RecordFeedback(request, Solved.No, 1, "王小明"));

        Assert.That(reply.Status, Is.EqualTo(RequestStatus.Closed));
        Assert.That(await Scalar<long>("select count(*) from request where rework_of_id = @request and import_id is null", new { request }), Is.EqualTo(1));
    }

    [Test]
    public async Task What_was_cancelled_has_the_events_of_cancelling_and_an_open_one_can_be_cancelled()
    {
        Given(Row("1", closed: "2026-02-28 10:00", state: "X", done: "Rang again"), Row("2"));
        await Import();

        await Send(Here.Clerk, new CancelRequest(await Imported("2"), CancelledAs.Withdrawn, "Rang again"));

        Assert.That(await Shapes("1"), Is.EqualTo((await Shapes("2")).Where(s => !s.StartsWith("importTakenUp", StringComparison.Ordinal))));

        Task<List<string>> Shapes(string id) => Rows<string>("""
            select concat_ws(' ', e.what, e.subject_kind, e.visibility, (select string_agg(key, ',' order by key) from json_object_keys(e.detail) key where key <> 'clocks'))
            from event e
            join request r on r.import_id = @id
            where e.what <> 'requestImported' and e.subject_id in (select r.request_id union select work_order_id from request_work_order l where l.request_id = r.request_id)
            order by e.seq
            """, new { id });
    }

    [Test]
    public async Task The_same_id_in_two_communities_is_two_requests()
    {
        Given(Row("1"));

        await Import();
        await Import(community: "there");

        Assert.That(await Scalar<long>("select count(*) from request where import_id = '1'"), Is.EqualTo(2));
        Assert.That(await Refusal(async () => await Send(Here.Clerk, new GetRequest(await Scalar<Guid>("select request_id from request where community_id = @CommunityId", new { There.CommunityId })))), Is.EqualTo("request.not_found"));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What a file names by code or name is looked for in its own community alone.</summary>
    [Test]
    public async Task A_place_and_a_team_of_another_community_are_none_of_this_one()
    {
        await Send(There.System, new Domain.Communities.MakePlaces(There.CommunityId, [new(PlaceKind.Building, "T7", "T7", "7栋", "Building 7")]));
        var teams = await Scalar<long>("select count(*) from team where community_id = @CommunityId", new { There.CommunityId });
        Given(Row("1", place: "T7"), Row("2"));

        var here = await Import();
        var there = await Import(community: "there");

        Assert.That((here.Imported, here.Refused, there.Imported, there.Refused), Is.EqualTo((1L, 1L, 2L, 0L)));
        Assert.That(await Scalar<long>("select count(*) from request r join place p on p.place_id = r.place_id where p.community_id <> r.community_id"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from work_order o join team t on t.team_id = o.team_id where t.community_id <> o.community_id"), Is.Zero);
        Assert.That(await Scalar<long>("select count(*) from team where community_id = @CommunityId", new { There.CommunityId }), Is.EqualTo(teams + there.Teams), "the first of them made none there");
    }

    [Test]
    public async Task A_team_that_was_retired_has_its_history_and_gets_nothing_open()
    {
        Given(Row("1"));
        await Import();
        await Execute("delete from request_work_order; delete from work_order; update team set retired_at = @Now where name = 'E1'", new { Now = Clock.GetUtcNow().UtcDateTime });
        Given(Row("2"), Row("3", closed: "2011-07-05 10:00", state: "C"));

        await Import();

        Assert.That(Report().Select(r => r[0] + " " + r[1]), Is.EqualTo(new[] { "2 team.retired" }));
        Assert.That(await Rows<string>("select o.status from work_order o join team t using (team_id) where t.name = 'E1'"), Is.EqualTo(new[] { "done" }));
    }

    [Test]
    public async Task A_category_that_was_retired_has_its_history_and_gets_nothing_open()
    {
        Given(Row("1"));
        await Import();
        await Execute("update category set retired_at = @Now where code = 'Pump'", new { Now = Clock.GetUtcNow().UtcDateTime });
        Given(Row("2"), Row("3", closed: "2011-07-05 10:00", state: "C"));

        await Import();

        Assert.That(Report().Select(r => r[0] + " " + r[1]), Is.EqualTo(new[] { "2 category.retired" }));
        Assert.That(await Rows<string>("select import_id from request order by import_id"), Is.EqualTo(new[] { "1", "3" }));
    }

    /// <summary>The file says nothing of when it is due: nobody is late with what they have not looked at, and whoever takes it up owes what the policy says, whatever they do first.</summary>
    [TestCase("accepted")]
    [TestCase("dispatched")]
    [TestCase("read")]
    [TestCase("made urgent")]
    [TestCase("made urgent, with nobody sent")]
    public async Task What_came_without_a_target_is_owed_by_the_policy_from_when_it_is_taken_up(string first)
    {
        Given(Row("1", target: "", queue: first is "dispatched" or "made urgent, with nobody sent" ? "" : "E1"));
        await Import();
        var request = await Imported("1");
        Assert.That(await Scalar<long>("select count(*) from clock"), Is.Zero);
        Clock.Set(At("2026-03-02T02:00Z")); // ten o'clock

        switch (first)
        {
            case "accepted":
                await Send(Here.Officer, new AcceptWork((await Send(Here.Clerk, new GetRequest(request))).WorkOrders.Single().WorkOrderId));
                break;
            case "dispatched":
                await Send(Here.Clerk, new DispatchWork(request, [new NewOrder(Crew.Engineering, "Look", Here.Teams[Crew.Engineering])]));
                break;
            case "read":
                await Send(Here.Clerk, new NoteOnRequest(request, "Rang them", Visibility.Desk));
                break;
            default:
                await Send(Here.Clerk, new ReprioritiseRequest(request, Priority.Urgent, "Floods", await Scalar<int>("select version from request")));
                break;
        }

        string[] ofTheCrew = first switch
        {
            "accepted" or "made urgent, with nobody sent" => [],
            "made urgent" => ["workOrder accept 02:05", "workOrder arrive 02:30"],
            _ => ["workOrder accept 02:15"],
        };
        string[] ofTheOwner = first switch
        {
            "made urgent" => ["request controlled 04:00", "request finish 02:00"],
            "made urgent, with nobody sent" => ["request controlled 04:00", "request dispatch 02:05", "request finish 02:00"],
            _ => ["request finish 02:00"],
        };
        Assert.That(
            await Rows<string>("select concat_ws(' ', subject_kind, kind, to_char(due_at at time zone 'UTC', 'HH24:MI')) from clock where stopped_at is null and started_at = @Now order by 1", new { Now = Clock.GetUtcNow().UtcDateTime }),
            Is.EqualTo(ofTheOwner.Concat(ofTheCrew)));
        Assert.That(await Scalar<DateTime>("select due_at from clock where kind = 'finish'"), Is.EqualTo(At("2026-03-03T02:00Z").UtcDateTime), "24 hours, or one day of the desk");
        Assert.That(await Scalar<long>("select count(*) from clock where next_check_at is null"), Is.Zero, "they climb the ladder");
        Assert.That(await ClocksThatDiffer(), Is.Empty);

        Clock.Advance(TimeSpan.FromMinutes(1));
        var (rows, due) = (await Scalar<long>("select count(*) from clock"), await Scalar<DateTime>("select due_at from clock where kind = 'finish'"));
        await Send(Here.Clerk, new NoteOnRequest(request, "Again", Visibility.Desk));
        Assert.That((await Scalar<long>("select count(*) from clock"), await Scalar<DateTime>("select due_at from clock where kind = 'finish'")), Is.EqualTo((rows, due)), "once");
    }

    [TestCase("cancelled")]
    [TestCase("answered")]
    public async Task What_came_without_a_target_and_is_ended_at_once_owes_nothing(string how)
    {
        Given(Row("1", target: "", queue: ""));
        await Import();
        var request = await Imported("1");

        await (how == "cancelled" ? Send(Here.Clerk, new CancelRequest(request, CancelledAs.Withdrawn, "Rang again")) : Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Explained, "It is the neighbour's pump.")));

        Assert.That(await Scalar<long>("select count(*) from clock where subject_kind = 'request'"), Is.Zero);
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    [Test]
    public async Task A_complaint_of_another_system_has_nobody_in_charge_and_no_reply_until_it_is_taken_up_and_then_owes_both()
    {
        Given(Row("1", target: "2026-03-09 08:00", type: "Question", queue: ""));
        await Import(Mapping.Replace("\"inquiry\"", "\"complaint\"", StringComparison.Ordinal));
        var request = await Imported("1");

        await Send(Here.Clerk, new NoteOnRequest(request, "Rang them", Visibility.Desk));

        Assert.That(
            await Rows<string>("select concat_ws(' ', kind, imported, started_at = @Now) from clock order by 1", new { Now = Clock.GetUtcNow().UtcDateTime }),
            Is.EqualTo(new[] { "accept f t", "finish t f", "firstReply f t", "writtenReply f t" }), "its own target governs the finish");
        Assert.That(await ClocksThatDiffer(), Is.Empty);
    }

    private static byte[] Packed(CompressionLevel level, string text)
    {
        var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, level, leaveOpen: true))
        {
            zip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private async Task<Guid> Imported(string id) => await Scalar<Guid>("select request_id from request where import_id = @id and community_id = @CommunityId", new { id, Here.CommunityId });
}
