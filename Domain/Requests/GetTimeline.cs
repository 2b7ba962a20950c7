using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using FluentValidation;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>What happened to a request, in the order in which it was recorded: to itself, its orders while they served it, its faults while it was joined, its feedback.</summary>
/// <param name="After">The event number after which to go on; 0 for the beginning.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record GetTimeline(Guid RequestId, long After = 0, int Take = 200) : IQuery<Timeline>
{
    public sealed class Validator : AbstractValidator<GetTimeline>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller, CrewsOwn own) : IRequestHandler<GetTimeline, Timeline>
    {
        private const string Known = """
            select community_id
            from request
            where request_id = @RequestId
            """;

        // An order's events from before the request joined its fault tell what the crew did so far; those from after it left do not concern it.
        internal const string Read = """
            with subject as (
                select r.request_id as subject_id, null::timestamptz as until
                from request r
                where r.community_id = @CommunityId and r.request_id = @RequestId
                union all
                select l.work_order_id, case when bool_or(l.left_at is null) then null else max(l.left_at) end
                from request_work_order l
                where l.community_id = @CommunityId and l.request_id = @RequestId
                group by l.work_order_id
                union all
                select j.fault_id, case when bool_or(j.left_at is null) then null else max(j.left_at) end
                from fault_request j
                where j.community_id = @CommunityId and j.request_id = @RequestId
                group by j.fault_id
                union all
                select f.feedback_id, null
                from feedback f
                where f.community_id = @CommunityId and f.request_id = @RequestId
            )
            select e.seq, e.subject_kind, e.subject_id, e.what, e.visibility, e.detail, x.text, x.erased_at is not null as text_erased, e.actor_kind, e.actor_id,
                s.display_name as actor_name, e.channel, e.device_at, e.occurred_at, e.recorded_at
            from subject
            cross join lateral (
                select v.seq, v.community_id, v.subject_kind, v.subject_id, v.what, v.visibility, v.detail, v.actor_kind, v.actor_id, v.channel, v.device_at, v.occurred_at, v.recorded_at
                from event v
                where v.community_id = @CommunityId and v.subject_id = subject.subject_id and v.seq > @After
                  and (subject.until is null or v.recorded_at < subject.until)
                order by v.seq
                limit @Take
            ) e
            left join event_text x on x.community_id = e.community_id and x.seq = e.seq
            left join staff s on s.staff_id = e.actor_id
            order by e.seq
            limit @Take
            """;

        private const string Hidden = """
            select unnest(scope_hidden())
            """;

        // What the events call by its id. Whoever was forgotten has no name any more.
        private const string Names = """
            select s.staff_id as id, s.display_name as name, null::text as name_en
            from staff s
            where s.staff_id = any (@Ids)
            union all
            select t.team_id, t.name, t.name_en
            from team t
            where t.community_id = @CommunityId and t.team_id = any (@Ids)
            union all
            select c.category_id, c.name, c.name_en
            from category c
            where c.community_id = @CommunityId and c.category_id = any (@Ids)
            union all
            select p.place_id, p.name, p.name_en
            from place p
            where p.community_id = @CommunityId and p.place_id = any (@Ids)
            union all
            select a.asset_id, a.name, a.name_en
            from asset a
            where a.community_id = @CommunityId and a.asset_id = any (@Ids)
            union all
            select cu.customer_id, cu.name, null
            from customer cu
            where cu.community_id = @CommunityId and cu.customer_id = any (@Ids) and cu.erased_at is null
            order by id
            """;

        /// <summary>Under which words of an event's detail something stands that has a name: for crews neither a home nor a customer, nor whom a complaint is about.</summary>
        private static readonly FrozenSet<string> ReadByAll = FrozenSet.Create(StringComparer.Ordinal, "from", "to", "assigneeId", "teamId", "fromTeamId", "toTeamId", "categoryId");

        private static readonly FrozenSet<string> ReadByDesk = ReadByAll.Concat(["placeId", "assetId", "customerId", "aboutStaffId", "told"]).ToFrozenSet(StringComparer.Ordinal);

        // A crew sees whose the home is on its order, for as long as it has it; the log would tell for ever.
        private static readonly string[] DesksAlone = ["customerId", "aboutCrew", "aboutStaffId"];

        private static IEnumerable<Guid> NamedIn(JsonElement detail, FrozenSet<string> words) => detail.ValueKind != JsonValueKind.Object ? [] : detail.EnumerateObject().SelectMany(p => p.Value.ValueKind switch
        {
            JsonValueKind.Object => NamedIn(p.Value, words),
            JsonValueKind.Array when words.Contains(p.Name) => p.Value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String && v.TryGetGuid(out _)).Select(v => v.GetGuid()),
            JsonValueKind.String when words.Contains(p.Name) && p.Value.TryGetGuid(out var id) => [id],
            _ => [],
        });

        private sealed record Row(
            long Seq,
            SubjectKind SubjectKind,
            Guid SubjectId,
            Happening What,
            Visibility Visibility,
            string Detail,
            string? Text,
            bool? TextErased,
            ActorKind ActorKind,
            Guid? ActorId,
            string? ActorName,
            Channel? Channel,
            DateTimeOffset? DeviceAt,
            DateTimeOffset OccurredAt,
            DateTimeOffset RecordedAt);

        public async Task<Timeline> Handle(GetTimeline query, CancellationToken cancellationToken)
        {
            var community = await db.Find<Guid?>(Known, new { query.RequestId }, cancellationToken) ?? throw new Refused.NotFound("request");
            await own.MustBeRequest(community, query.RequestId, cancellationToken);
            var rows = await db.List<Row>(Read, new { CommunityId = community, query.RequestId, query.After, Take = query.Take + 1 }, cancellationToken);
            var hidden = await db.List<Guid>(Hidden, null, cancellationToken);
            var desk = caller.SeesAllOf(community);
            var shown = rows.Take(query.Take).Where(r => desk || r.Visibility != Visibility.Desk).Select(r => Entry(r, desk, hidden)).ToList();
            var named = shown.SelectMany(e => NamedIn(e.Detail, desk ? ReadByDesk : ReadByAll)).Distinct().ToArray();
            var names = named.Length == 0 ? [] : await db.List<NamedThing>(Names, new { CommunityId = community, Ids = named }, cancellationToken);
            return new Timeline(shown, rows.Count > query.Take ? rows[query.Take - 1].Seq : null, names);
        }

        // Who said that it is not fixed, or yes or no to a quote, is for the desk; what they said is for all.
        private static string? Said(Row r, bool desk) => desk ? r.What == Happening.ReporterAmended ? Whoever.Masked(r.Text) : r.Text : r.What switch
        {
            Happening.TakenAsNewRequest or Happening.QuoteConsented => null,
            Happening.ReworkReported or Happening.QuoteRefused => r.Text?.IndexOf(": ", StringComparison.Ordinal) is { } at and >= 0 ? r.Text[(at + 2)..] : null,
            _ => r.Text,
        };

        private static TimelineEntry Entry(Row r, bool desk, IReadOnlyList<Guid> hidden) => new(
            r.Seq, r.SubjectKind, r.SubjectId, r.What, r.Visibility, Without(hidden, r.Detail, desk), Said(r, desk), r.TextErased ?? false, r.ActorKind, r.ActorId, r.ActorName, r.Channel, r.DeviceAt, r.OccurredAt, r.RecordedAt);

        /// <summary>An order or a fault serves several requests, and its events name them: those that the caller must not find are taken out, and whatever is told of them with them; for crews who the customer is, and whom a complaint is about.</summary>
        private static JsonElement Without(IReadOnlyList<Guid> hidden, string detail, bool desk)
        {
            var words = hidden.Select(h => h.ToString()).Where(h => detail.Contains(h, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
            var keys = desk ? [] : DesksAlone.Where(k => detail.Contains(k, StringComparison.Ordinal)).ToArray();
            if (words.Count == 0 && keys.Length == 0)
            {
                return JsonSerializer.Deserialize<JsonElement>(detail);
            }

            var node = JsonNode.Parse(detail)!.AsObject();
            Strip(node, keys);
            Clean(node, words);
            return JsonSerializer.SerializeToElement(node, Json.Options);
        }

        private static void Strip(JsonObject entries, string[] keys)
        {
            foreach (var (name, value) in entries.ToList())
            {
                if (keys.Contains(name))
                {
                    entries.Remove(name);
                }
                else if (value is JsonObject inner)
                {
                    Strip(inner, keys);
                }
            }
        }

        private static void Clean(JsonNode node, HashSet<string> words)
        {
            bool Names(JsonNode? value) => value switch
            {
                JsonValue v => v.TryGetValue<string>(out var id) && words.Contains(id),
                JsonObject o => o.Any(p => words.Contains(p.Key) || (p.Value is JsonValue && Names(p.Value))),
                _ => false,
            };

            switch (node)
            {
                case JsonArray array:
                    array.RemoveAll(Names);
                    foreach (var item in array.OfType<JsonNode>())
                    {
                        Clean(item, words);
                    }

                    break;
                case JsonObject entries:
                    foreach (var (name, value) in entries.ToList())
                    {
                        if (words.Contains(name) || Names(value))
                        {
                            entries.Remove(name);
                        }
                        else if (value is not null)
                        {
                            Clean(value, words);
                        }
                    }

                    break;
            }
        }
    }
}

/// <param name="Next">The event number to go on after; null at the end.</param>
/// <param name="Names">What the details call by an id: teams, colleagues and categories; to the desk places, assets and customers, too.</param>
public sealed record Timeline(IReadOnlyList<TimelineEntry> Items, long? Next, IReadOnlyList<NamedThing> Names);

/// <param name="NameEn">Where it has one in English.</param>
public sealed record NamedThing(Guid Id, string Name, string? NameEn);

/// <param name="Detail">Ids, words, numbers and times of what happened; which, depends on <paramref name="What"/>.</param>
/// <param name="Text">What was said; null where nothing was, or where it was erased.</param>
/// <param name="DeviceAt">What the device's clock said; <paramref name="OccurredAt"/> equals it where it was believed.</param>
public sealed record TimelineEntry(
    long Seq,
    SubjectKind SubjectKind,
    Guid SubjectId,
    Happening What,
    Visibility Visibility,
    JsonElement Detail,
    string? Text,
    bool TextErased,
    ActorKind ActorKind,
    Guid? ActorId,
    string? ActorName,
    Channel? Channel,
    DateTimeOffset? DeviceAt,
    DateTimeOffset OccurredAt,
    DateTimeOffset RecordedAt);
