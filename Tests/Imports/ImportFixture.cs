using System.Text;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Imports;

/// <summary>Small files of another system, imported into the fixture's community.</summary>
public abstract class ImportFixture : DeskFixture
{
    /// <summary>Columns and tables for <see cref="Header"/>.</summary>
    protected const string Mapping = """
        {
          "source": "old-desk",
          "timeZone": "America/New_York",
          "timeFormats": ["yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm:ssK"],
          "columns": { "id": "id", "reportedAt": "opened", "dueAt": "target", "closedAt": "closed", "placeCode": "place", "reporterName": "name", "reporterPhone": "phone" },
          "description": [{ "column": "title" }, { "column": "words", "label": "Said" }],
          "resolution": [{ "column": "done" }],
          "kind": { "column": "type", "values": { "Question": "inquiry", "*": "repair" } },
          "category": { "column": "type", "createMissing": true },
          "crew": { "column": "queue", "values": { "": null, "E*": "engineering", "G*": "environment", "Odd": "security" } },
          "team": { "column": "queue", "values": { "": null }, "createMissing": true },
          "channel": { "column": "by", "values": { "tel": "phone", "net": "web" } },
          "status": { "column": "state", "values": { "O": "open", "C": "closed", "X": "cancelled" } },
          "outcome": { "column": "how", "values": { "": null, "ref": "referred", "dup": "duplicate" } }
        }
        """;

    protected const string Header = "id,opened,target,closed,place,name,phone,title,words,done,type,queue,by,state,how";

    protected string File { get; private set; } = "";

    public override async Task CleanUp()
    {
        await Execute("truncate request, work_order cascade"); // thousands of rows would be deleted one by one
        await base.CleanUp();
        await Execute("delete from category where code in ('Pump', 'Question', 'Lamp'); delete from team where name in ('E1', 'E2', 'G1')");
        File = Path.Combine(Path.GetTempPath(), $"import-{Guid.NewGuid():N}.csv");
    }

    [NUnit.Framework.TearDown]
    public void Forget()
    {
        System.IO.File.Delete(File);
        System.IO.File.Delete(File + ".refused.csv");
    }

    protected void Given(params string[] rows) => System.IO.File.WriteAllText(File, Header + "\n" + string.Join('\n', rows) + "\n", new UTF8Encoding(false));

    /// <summary>A row of an open pump; what is named is changed.</summary>
    protected static string Row(
        string id, string opened = "2011-07-01 08:00", string target = "2011-07-04 08:00", string closed = "", string place = "", string name = "", string phone = "", string title = "Pump hums",
        string words = "", string done = "", string type = "Pump", string queue = "E1", string by = "tel", string state = "O", string how = "") =>
        string.Join(',', id, opened, target, closed, place, name, phone, title, words, done, type, queue, by, state, how);

    protected Task<ImportSummary> Import(string mapping = Mapping, string community = "here", bool dryRun = false, int rowsABatch = 2000, Action<ImportProgress>? progress = null, CancellationToken ct = default)
    {
        var import = Service<RequestImport>();
        import.RowsABatch = rowsABatch;
        return import.Run(File, ImportMapping.Parse(mapping), community, dryRun, progress, ct);
    }

    /// <summary>The report as lines of cells; without the header.</summary>
    protected List<string[]> Report()
    {
        using var csv = CsvHelper.CsvReader.FromFile(File + ".refused.csv");
        var rows = new List<string[]>();
        while (csv.Read())
        {
            rows.Add([.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetString)]);
        }

        return rows;
    }

    /// <summary>Everything that an import writes, without ids, numbers and the time of the import.</summary>
    protected Task<List<string>> Everything(Guid communityId) => Rows<string>("""
        select concat_ws('|', r.import_id, r.kind, r.channel, r.status, r.outcome, c.code, r.priority, r.description, r.reported_at, r.closed_at, r.imposed_due_at, r.version, r.round,
            o.status, o.crew, t.name, o.done_at, o.voided_at, o.done_what, f.state, f.not_asked_rule, f.ended_at, k.due_at, k.stopped_at, k.stopped_why, k.breached_at,
            (select count(*) from search_token s where s.id = r.request_id),
            (select string_agg(concat_ws('/', e.what, e.visibility, e.occurred_at, x.text), ';' order by e.seq)
             from event e left join event_text x on x.community_id = e.community_id and x.seq = e.seq
             where e.community_id = r.community_id and e.subject_id in (r.request_id, o.work_order_id, f.feedback_id) and e.what <> 'requestImported'))
        from request r
        join category c on c.category_id = r.category_id
        left join request_work_order l on l.request_id = r.request_id
        left join work_order o on o.work_order_id = l.work_order_id
        left join team t on t.team_id = o.team_id
        left join feedback f on f.request_id = r.request_id
        left join clock k on k.subject_id = r.request_id
        where r.community_id = @communityId
        order by r.import_id
        """, new { communityId });

    /// <summary>Events whose link does not follow from the one before them and their own words.</summary>
    protected Task<long> BrokenLinks() => Chain.Broken(this);
}

internal static class Chain
{
    public static async Task<long> Broken(DeskFixture desk) => await desk.Scalar<long>("""
        select count(*)
        from (
            select e.*, lag(e.hash) over (partition by e.community_id order by e.seq) as before, row_number() over (partition by e.community_id order by e.seq) as place,
                x.salt, x.text
            from event e
            left join event_text x on x.community_id = e.community_id and x.seq = e.seq) e
        where e.seq <> e.place
           or e.prev_hash <> coalesce(e.before, sha256(convert_to(e.community_id::text, 'UTF8')))
           or e.text_hash is distinct from sha256(e.salt || convert_to(e.text, 'UTF8'))
           or e.hash <> event_hash(e.prev_hash, e.seq, e.subject_kind, e.subject_id, e.what, e.visibility, e.detail::text, e.actor_kind, e.actor_id, e.channel, e.device,
               e.device_at, e.occurred_at, e.recorded_at, e.text_hash)
        """);
}
