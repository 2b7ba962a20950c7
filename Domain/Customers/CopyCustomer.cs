namespace PropertyServiceDesk.Domain.Customers;

/// <summary>
/// A person's right to a copy: all that is stored about them, in full, to be handed over as JSON. That it was made is written down.
/// Confidential complaints about whoever asks, or about their crew, are not in it: somebody else makes such a copy.
/// </summary>
[AllowedTo(Roles.Manager | Roles.Administrator)]
public sealed record CopyCustomer([property: JsonIgnore] Guid CustomerId) : ICommand<CustomerCopy>, IShowsPersonalData
{
    internal sealed class Handler(Db db, Caller caller, TimeProvider clock, EventLog log) : IRequestHandler<CopyCustomer, CustomerCopy>
    {
        private const string Read = """
            select c.community_id, c.customer_id, c.name, c.language, c.preferred_channel, c.note, c.opted_out_at, c.created_at, c.erased_at, c.version
            from customer c
            where c.customer_id = @CustomerId and c.erased_at is null
            """;

        // As in a query: what the caller must not find is not in what they hand over.
        private const string Hide = """
            select set_config('desk.hidden', array_to_string(hidden_requests(scope_actor(), scope_communities()), ','), true)
            """;

        private const string Rest = """
            select o.occupancy_id, o.place_id, h.name as place_name, h.name_en as place_name_en, h.full_code as place_code, o.role, o.from_on, o.to_on
            from occupancy o
            join place h on h.community_id = o.community_id and h.place_id = o.place_id
            where o.community_id = @CommunityId and o.customer_id = @CustomerId
            order by o.from_on, o.occupancy_id;

            select r.request_id, r.number, r.kind, r.channel, r.status, r.outcome, r.description, p.name as place_name, p.name_en as place_name_en, r.reporter_name, r.reporter_phone, r.on_behalf_of, r.confidential,
                r.foreign_source, r.foreign_number, r.reported_at, r.registered_at, r.finished_at, r.closed_at
            from request r
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            where r.community_id = @CommunityId and r.request_id in (select requests_of_customer(@CommunityId, @CustomerId))
            order by r.reported_at, r.request_id;

            select f.request_id, f.round, f.state, f.asked_at, f.ended_at, f.solved, f.satisfaction, f.recommend, f.made_it_five, f.spoke_with, f.number_dialled
            from feedback f
            where f.community_id = @CommunityId and f.request_id in (select requests_of_customer(@CommunityId, @CustomerId))
            order by f.started_at, f.feedback_id;

            select f.request_id, a.tried_at, a.number_dialled, a.result, a.note
            from feedback f
            join call_attempt a on a.community_id = f.community_id and a.feedback_id = f.feedback_id
            where f.community_id = @CommunityId and f.request_id in (select requests_of_customer(@CommunityId, @CustomerId))
            order by a.tried_at, a.call_attempt_id;

            select m.request_id, m.text, m.due_at, m.kept_at
            from promise m
            where m.community_id = @CommunityId and m.request_id in (select requests_of_customer(@CommunityId, @CustomerId))
            order by m.made_at, m.promise_id;

            select a.attachment_id, coalesce(a.request_id, l.request_id) as request_id, a.purpose, a.media_type, a.file_name, a.size, a.uploaded_at
            from requests_of_customer(@CommunityId, @CustomerId) r (request_id)
            left join request_work_order l on l.community_id = @CommunityId and l.request_id = r.request_id
            join attachment a on a.community_id = @CommunityId and (a.request_id = r.request_id or a.work_order_id = l.work_order_id) and a.visibility = 'owner' and a.removed_at is null
            order by a.uploaded_at, a.attachment_id;

            select m.template, m.created_at, m.sent_at
            from message m
            where m.community_id = @CommunityId and m.recipient_kind in ('customer', 'reporter')
              and m.request_id in (select requests_of_customer(@CommunityId, @CustomerId))
            order by m.created_at, m.message_id;

            select i.channel, i.received_at, i.sender, i.subject, i.text, i.request_id
            from inbound_message i
            where i.community_id = @CommunityId and i.kind not in ('bounce', 'own') and i.carried_from is null
              and (i.customer_id = @CustomerId
                or ((i.is_report or (i.customer_id is null and i.kind in ('answer', 'note'))) and i.request_id in (select requests_of_customer(@CommunityId, @CustomerId)))
                or (i.customer_id is null and i.sender_normalised in (
                    select p.normalised from contact_point p where p.community_id = @CommunityId and p.customer_id = @CustomerId and p.kind in ('phone', 'email'))))
            order by i.received_at, i.inbound_message_id;

            select e.subject_id, e.what, x.text, e.occurred_at
            from event e
            left join event_text x on x.community_id = e.community_id and x.seq = e.seq
            where e.community_id = @CommunityId
              and (e.subject_id = @CustomerId
                or (e.visibility = 'owner' and e.subject_id in (
                    select requests_of_customer(@CommunityId, @CustomerId)
                    union all
                    select orders_of_requests_alone(@CommunityId, array(select requests_of_customer(@CommunityId, @CustomerId))))))
            order by e.seq;
            """;

        public async Task<CustomerCopy> Handle(CopyCustomer command, CancellationToken cancellationToken)
        {
            await db.Single<string>(Hide, null, cancellationToken);
            var customer = await db.Find<CustomerRow>(Read, new { command.CustomerId }, cancellationToken) ?? throw new Refused.NotFound("customer");
            caller.MustBeAllowedIn(customer.CommunityId);
            var points = await ContactData.PointsOf(db, customer.CommunityId, customer.CustomerId, cancellationToken);
            using var read = await db.Several(Rest, new { customer.CommunityId, customer.CustomerId }, cancellationToken);
            var copy = new CustomerCopy(
                clock.Now(),
                customer,
                points,
                (await read.ReadAsync<Occupancy>()).AsList(),
                (await read.ReadAsync<CopiedRequest>()).AsList(),
                (await read.ReadAsync<CopiedAnswer>()).AsList(),
                (await read.ReadAsync<CopiedCall>()).AsList(),
                (await read.ReadAsync<CopiedPromise>()).AsList(),
                [.. (await read.ReadAsync<CopiedFile>()).DistinctBy(f => f.AttachmentId)],
                (await read.ReadAsync<CopiedMessage>()).AsList(),
                (await read.ReadAsync<CopiedInbound>()).AsList(),
                (await read.ReadAsync<CopiedEvent>()).AsList());
            log.Write(customer.CommunityId, SubjectKind.Customer, customer.CustomerId, Happening.CustomerCopied, new { requests = copy.Requests.Count }, visibility: Visibility.Desk);
            return copy;
        }
    }
}

/// <summary>All that is stored about a person.</summary>
/// <param name="Requests">Those that name them, and those of nobody known that came from one of their numbers.</param>
/// <param name="Events">What happened to them and to their requests, with what was said, as far as an owner may read it; also who was shown their numbers, and when.</param>
/// <param name="Inbound">What they wrote to us by text message and e-mail, whatever became of it.</param>
/// <param name="Files">Those that an owner may see; the bytes are had at <c>/api/attachments/{id}/content?variant=shared</c>.</param>
public sealed record CustomerCopy(
    DateTimeOffset MadeAt,
    CustomerRow Customer,
    IReadOnlyList<ContactPoint> ContactPoints,
    IReadOnlyList<Occupancy> Occupancies,
    IReadOnlyList<CopiedRequest> Requests,
    IReadOnlyList<CopiedAnswer> Answers,
    IReadOnlyList<CopiedCall> Calls,
    IReadOnlyList<CopiedPromise> Promises,
    IReadOnlyList<CopiedFile> Files,
    IReadOnlyList<CopiedMessage> Messages,
    IReadOnlyList<CopiedInbound> Inbound,
    IReadOnlyList<CopiedEvent> Events);

public sealed record CopiedRequest(
    Guid RequestId,
    long Number,
    RequestKind Kind,
    Channel Channel,
    RequestStatus Status,
    Outcome? Outcome,
    string Description,
    string? PlaceName,
    string? PlaceNameEn,
    string? ReporterName,
    string? ReporterPhone,
    string? OnBehalfOf,
    bool Confidential,
    string? ForeignSource,
    string? ForeignNumber,
    DateTimeOffset ReportedAt,
    DateTimeOffset RegisteredAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset? ClosedAt);

public sealed record CopiedAnswer(
    Guid RequestId, short Round, FeedbackState State, DateTimeOffset? AskedAt, DateTimeOffset? EndedAt, Solved? Solved, short? Satisfaction, short? Recommend, string? MadeItFive, string? SpokeWith, string? NumberDialled);

public sealed record CopiedCall(Guid RequestId, DateTimeOffset TriedAt, string? NumberDialled, CallResult Result, string? Note);

public sealed record CopiedPromise(Guid RequestId, string Text, DateTimeOffset DueAt, DateTimeOffset? KeptAt);

public sealed record CopiedFile(Guid AttachmentId, Guid RequestId, PhotoPurpose Purpose, string MediaType, string FileName, long Size, DateTimeOffset UploadedAt);

public sealed record CopiedMessage(string Template, DateTimeOffset CreatedAt, DateTimeOffset? SentAt);

public sealed record CopiedInbound(InboundChannel Channel, DateTimeOffset ReceivedAt, string Sender, string? Subject, string Text, Guid? RequestId);

/// <param name="SubjectId">The request, its order, or the customer.</param>
public sealed record CopiedEvent(Guid SubjectId, Happening What, string? Text, DateTimeOffset OccurredAt);
