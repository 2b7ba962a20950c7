using PropertyServiceDesk.Domain.Attachments;

namespace PropertyServiceDesk.Domain.Owner;

/// <summary>What the owner of a request sees of it: its progress as far as it is visible to owners, the round that they are asked about, quotes, files. No names, no numbers.</summary>
[AllowedTo(Roles.System)]
public sealed record GetOwnersPage(Guid CommunityId, Guid RequestId) : IQuery<OwnersPage>
{
    internal sealed class Handler(Db db) : IRequestHandler<GetOwnersPage, OwnersPage>
    {
        private const string Read = """
            select m.name as community_name, m.name_en as community_name_en, m.time_zone, m.currency, r.number, r.kind, r.status, r.outcome, c.name as category_name, c.name_en as category_name_en,
                p.name as place_name, p.name_en as place_name_en, a.name as asset_name, a.name_en as asset_name_en, r.description, r.reported_at, r.appointment_from, r.appointment_to,
                (select x.expected_at
                 from fault_request j
                 join fault x on x.community_id = j.community_id and x.fault_id = j.fault_id and x.status = 'open'
                 where j.community_id = r.community_id and j.request_id = r.request_id and j.left_at is null
                 limit 1) as expected_at,
                r.to_confirm and r.confirmed_at is null as to_confirm, r.last_urged_at, cu.language
            from request r
            join community m on m.community_id = r.community_id
            join category c on c.community_id = r.community_id and c.category_id = r.category_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            left join asset a on a.community_id = r.community_id and a.asset_id = r.asset_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            where r.community_id = @CommunityId and r.request_id = @RequestId;

            select f.feedback_id, f.round, f.state, f.solved, f.satisfaction, f.recommend, f.made_it_five, f.author_kind, f.ended_at
            from feedback f
            where f.community_id = @CommunityId and f.request_id = @RequestId
            order by f.round;

            select q.quote_id, q.work_order_id, q.total, q.quoted_at, q.consented_at, q.consented_amount, q.refused_at, o.status not in ('done', 'voided') as open
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id and o.payer = 'owner'
            join quote q on q.community_id = o.community_id and q.work_order_id = o.work_order_id and q.withdrawn_at is null
            where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and o.fault_id is null and o.status <> 'voided'
            order by q.quoted_at, q.quote_id;

            select n.quote_id, n.name, n.quantity, n.unit, n.unit_price
            from request_work_order l
            join quote q on q.community_id = l.community_id and q.work_order_id = l.work_order_id and q.withdrawn_at is null
            join quote_line n on n.community_id = q.community_id and n.quote_id = q.quote_id
            where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null
            order by n.quote_id, n.line;

            select a.attachment_id, a.media_type, a.purpose, a.uploaded_at
            from (
                select x.attachment_id
                from attachment x
                where x.community_id = @CommunityId and x.request_id = @RequestId
                union
                select y.attachment_id
                from request_work_order l
                join attachment y on y.community_id = l.community_id and y.work_order_id = l.work_order_id
                where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null
            ) v
            join attachment a on a.community_id = @CommunityId and a.attachment_id = v.attachment_id
            where a.visibility = 'owner' and a.removed_at is null
            order by a.uploaded_at, a.attachment_id
            limit 100;

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
            )
            select e.what, e.detail, x.text, e.actor_kind, e.occurred_at
            from subject
            cross join lateral (
                select v.seq, v.community_id, v.what, v.detail::text as detail, v.actor_kind, v.occurred_at
                from event v
                where v.community_id = @CommunityId and v.subject_id = subject.subject_id and v.visibility = 'owner' and (subject.until is null or v.recorded_at < subject.until)
                order by v.seq desc
                limit 100
            ) e
            left join event_text x on x.community_id = e.community_id and x.seq = e.seq
            order by e.seq desc
            limit 100;
            """;

        private sealed record Line(Guid QuoteId, string Name, decimal Quantity, string Unit, decimal UnitPrice);

        private sealed record Quote(Guid QuoteId, Guid WorkOrderId, decimal Total, DateTimeOffset QuotedAt, DateTimeOffset? ConsentedAt, decimal? ConsentedAmount, DateTimeOffset? RefusedAt, bool Open);

        public async Task<OwnersPage> Handle(GetOwnersPage query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { query.CommunityId, query.RequestId }, cancellationToken);
            var request = await read.ReadSingleOrDefaultAsync<OwnersRequest>() ?? throw new Refused.NotFound("request");
            var rounds = (await read.ReadAsync<OwnersRound>()).AsList();
            var quotes = (await read.ReadAsync<Quote>()).AsList();
            var lines = (await read.ReadAsync<Line>()).ToLookup(l => l.QuoteId);
            var files = (await read.ReadAsync<OwnersFile>()).AsList();
            var events = (await read.ReadAsync<OwnersEvent>()).AsList();
            return new OwnersPage(
                request,
                rounds,
                [
                    .. quotes.Select(q => new OwnersQuote(
                        q.QuoteId, q.WorkOrderId, q.Total, q.QuotedAt, q.ConsentedAt, q.ConsentedAmount, q.RefusedAt, q.Open, [.. lines[q.QuoteId].Select(l => new OwnersQuoteLine(l.Name, l.Quantity, l.Unit, l.UnitPrice))])),
                ],
                files,
                events,
                RequestLifecycle.AllowedFrom(request.Status));
        }
    }
}

/// <param name="Rounds">By number; the last one is asked about now, unless it has been answered.</param>
/// <param name="Events">The newest first.</param>
public sealed record OwnersPage(
    OwnersRequest Request, IReadOnlyList<OwnersRound> Rounds, IReadOnlyList<OwnersQuote> Quotes, IReadOnlyList<OwnersFile> Files, IReadOnlyList<OwnersEvent> Events, IReadOnlyList<RequestMove> AllowedMoves);

/// <param name="ExpectedAt">Of the common fault that it was joined to.</param>
/// <param name="Language">The customer's; null for an unknown reporter.</param>
public sealed record OwnersRequest(
    string CommunityName,
    string CommunityNameEn,
    string TimeZone,
    string Currency,
    long Number,
    RequestKind Kind,
    RequestStatus Status,
    Outcome? Outcome,
    string CategoryName,
    string CategoryNameEn,
    string? PlaceName,
    string? PlaceNameEn,
    string? AssetName,
    string? AssetNameEn,
    string Description,
    DateTimeOffset ReportedAt,
    DateTimeOffset? AppointmentFrom,
    DateTimeOffset? AppointmentTo,
    DateTimeOffset? ExpectedAt,
    bool ToConfirm,
    DateTimeOffset? LastUrgedAt,
    string? Language);

public sealed record OwnersRound(
    Guid FeedbackId, short Round, FeedbackState State, Solved? Solved, short? Satisfaction, short? Recommend, string? MadeItFive, ActorKind? AuthorKind, DateTimeOffset? EndedAt);

/// <param name="Open">Its work is neither done nor voided.</param>
public sealed record OwnersQuote(
    Guid QuoteId, Guid WorkOrderId, decimal Total, DateTimeOffset QuotedAt, DateTimeOffset? ConsentedAt, decimal? ConsentedAmount, DateTimeOffset? RefusedAt, bool Open, IReadOnlyList<OwnersQuoteLine> Lines);

public sealed record OwnersQuoteLine(string Name, decimal Quantity, string Unit, decimal UnitPrice);

public sealed record OwnersFile(Guid AttachmentId, string MediaType, PhotoPurpose Purpose, DateTimeOffset UploadedAt);

public sealed record OwnersEvent(Happening What, string Detail, string? Text, ActorKind ActorKind, DateTimeOffset OccurredAt);

/// <summary>A file that the owner may see, in the copy that is made for owners; of theirs alone.</summary>
[AllowedTo(Roles.System)]
public sealed record GetOwnersFile(Guid CommunityId, Guid RequestId, Guid AttachmentId) : IQuery<ContentHead>
{
    internal sealed class Handler(Db db) : IRequestHandler<GetOwnersFile, ContentHead>
    {
        private const string Read = """
            select a.media_type, a.file_name, a.size, a.sha256, a.shared_size, a.shared_sha256
            from attachment a
            where a.community_id = @CommunityId and a.attachment_id = @AttachmentId and a.visibility = 'owner' and a.removed_at is null
              and (a.request_id = @RequestId
                or exists (
                    select
                    from request_work_order l
                    where l.community_id = a.community_id and l.request_id = @RequestId and l.work_order_id = a.work_order_id and l.left_at is null))
            """;

        private sealed record Row(string MediaType, string FileName, long Size, byte[] Sha256, long? SharedSize, byte[]? SharedSha256);

        public async Task<ContentHead> Handle(GetOwnersFile query, CancellationToken cancellationToken)
        {
            var row = await db.Find<Row>(Read, new { query.CommunityId, query.RequestId, query.AttachmentId }, cancellationToken) ?? throw new Refused.NotFound("attachment");
            return row is { SharedSize: { } size, SharedSha256: { } sha256 }
                ? new ContentHead(query.CommunityId, query.AttachmentId, Variant.Shared, row.MediaType, row.FileName, size, sha256)
                : new ContentHead(query.CommunityId, query.AttachmentId, Variant.Original, row.MediaType, row.FileName, row.Size, row.Sha256);
        }
    }
}
