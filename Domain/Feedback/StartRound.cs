using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// A request was finished or answered: its reporter is asked, once a round, in the same transaction; or is not, by a rule that is
/// stored, and then the request is closed. What is cancelled is not asked about, and that is stored, too.
/// </summary>
internal sealed class StartRound(Db db, SlaBook book, EventLog log, IMediator mediator) : INotificationHandler<RequestMoved>
{
    // Of several requests of one person that finish at once, each counts the asks of those before it: the person is locked, then they are read.
    private const string Read = """
        select pg_advisory_xact_lock(hashtextextended('asks:' || r.community_id::text || ':' || coalesce(r.customer_id::text, r.reporter_phone, w.sender_normalised), 0))::text as locked
        from request r
        left join inbound_message w on w.community_id = r.community_id and w.request_id = r.request_id and w.channel = 'email' and w.is_report and w.sender <> '–'
        where r.request_id = @RequestId and num_nonnulls(r.customer_id::text, r.reporter_phone, w.sender_normalised) > 0;

        select r.kind, r.channel, r.outcome, r.round, r.customer_id, r.reporter_phone, r.reporter_name is not null as left_a_name, coalesce(c.opted_out_at is not null, false) as opted_out,
            coalesce(c.erased_at is not null, false) as erased,
            exists (
                select
                from fault_request j
                join fault_request x on x.community_id = j.community_id and x.fault_id = j.fault_id and x.request_id <> j.request_id and x.left_at is null
                join request o on o.community_id = x.community_id and o.request_id = x.request_id
                left join inbound_message v on v.community_id = o.community_id and v.request_id = o.request_id and v.channel = 'email' and v.is_report and v.sender <> '–'
                join feedback f on f.community_id = o.community_id and f.request_id = o.request_id
                where j.community_id = r.community_id and j.request_id = r.request_id and j.left_at is null
                  and (o.customer_id = r.customer_id
                    or (o.customer_id is null and r.customer_id is null
                        and (o.reporter_phone = r.reporter_phone or (o.reporter_phone is null and r.reporter_phone is null and v.sender_normalised = w.sender_normalised))))
                  and f.state <> 'notAsked' and f.started_at >= j.joined_at) as asked_for_the_fault,
            exists (
                select
                from fault_request j
                join fault u on u.community_id = j.community_id and u.fault_id = j.fault_id
                where j.community_id = r.community_id and j.request_id = r.request_id and j.left_at is null and j.joined_at > u.opened_at
                  and exists (
                      select
                      from fault_request x
                      where x.community_id = j.community_id and x.fault_id = j.fault_id and x.request_id <> j.request_id and x.left_at is null
                        and (x.joined_at < j.joined_at or (x.joined_at = j.joined_at and x.request_id < j.request_id)))
                  and not exists (
                      select
                      from request_work_order l
                      join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                      where l.community_id = j.community_id and l.request_id = j.request_id and l.left_at is null and o.status = 'done' and o.fault_id is distinct from j.fault_id)) as joined_the_fault,
            (select count(*)::int
             from (
                select q.request_id from request q where q.community_id = r.community_id and q.customer_id = r.customer_id
                union
                select q.request_id from request q where q.community_id = r.community_id and r.customer_id is null and q.customer_id is null and q.reporter_phone = r.reporter_phone
                union
                select j.request_id
                from inbound_message j
                join request q on q.community_id = j.community_id and q.request_id = j.request_id and q.customer_id is null and q.reporter_phone is null
                where j.community_id = r.community_id and num_nonnulls(r.customer_id::text, r.reporter_phone) = 0
                  and j.sender_normalised = w.sender_normalised and j.channel = 'email' and j.is_report) q
             join feedback f on f.community_id = r.community_id and f.request_id = q.request_id
             where q.request_id <> r.request_id and f.asked_at > @Since) as asks_within_a_month,
            w.inbound_message_id is not null as wrote
        from request r
        left join customer c on c.community_id = r.community_id and c.customer_id = r.customer_id
        left join inbound_message w on w.community_id = r.community_id and w.request_id = r.request_id and w.channel = 'email' and w.is_report and w.sender <> '–'
        where r.request_id = @RequestId;
        """;

    private const string Ask = """
        with started as (
            insert into feedback (community_id, feedback_id, request_id, round, state, not_asked_rule, started_at, asked_at, next_check_at, ended_at, plan_version_id, plan_policy, as_rework,
                in_sample, by_somebody_else)
            values (@CommunityId, @FeedbackId, @RequestId, @Round, @State, @Rule, @At, @AskedAt, @AskedAt, @EndedAt, @PlanVersionId, @PlanPolicy, @AsRework, @InSample, @BySomebodyElse)
        ), told as (
            insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
            select @CommunityId, @MessageId, 'ask:' || @FeedbackId, case when @CustomerId::uuid is null then 'reporter' else 'customer' end, @CustomerId, @RequestId,
                'feedbackAsk', json_build_object('feedbackId', @FeedbackId::uuid, 'round', @Round), @At, @At
            where @AskedAt::timestamptz is not null
        )
        update request
        set round = @Round, status = @To, closed_at = case when @To::text = 'closed' then @EndedAt::timestamptz end, version = version + case when @To::text = 'cancelled' then 0 else 1 end
        where request_id = @RequestId
        """;

    private sealed record Row(
        RequestKind Kind, Channel Channel, Outcome Outcome, short Round, Guid? CustomerId, string? ReporterPhone, bool LeftAName, bool OptedOut, bool Erased, bool AskedForTheFault, bool JoinedTheFault,
        int AsksWithinAMonth, bool Wrote);

    public async Task Handle(RequestMoved notification, CancellationToken cancellationToken)
    {
        var cancelled = notification is { To: RequestStatus.Cancelled, Move: RequestMove.Cancel };
        if (!cancelled && notification is not { To: RequestStatus.AwaitingFeedback, Move: RequestMove.Finish or RequestMove.Answer })
        {
            return;
        }

        var row = await Finished(notification, cancellationToken);
        var (facts, sla) = await book.With<RequestFacts>(RequestFacts.Read, notification.RequestId, notification.CommunityId, null, cancellationToken);
        var (policy, rules) = (facts.PolicyIn(sla.Profile), sla.Profile.Asking());
        var round = (short)(row.Round + 1);
        var inSample = rules.IsInSample(notification.RequestId, round);
        var rule = WhomNotToAsk.Rule(
            new FinishedRequest(
                row.Kind,
                row.Channel,
                row.Outcome,
                row.CustomerId is not null || row.ReporterPhone is not null || row.Wrote,
                row.LeftAName,
                row.OptedOut,
                row.Erased,
                notification.OnTheSpot,
                HistoryOnly: false, // whatever a command moves, it has taken up
                row.AskedForTheFault,
                row.JoinedTheFault && notification.Move == RequestMove.Finish,
                row.AsksWithinAMonth,
                inSample),
            policy.Feedback,
            rules);
        var to = cancelled ? RequestStatus.Cancelled : rule is null ? RequestStatus.AwaitingFeedback : RequestLifecycle.After(RequestStatus.AwaitingFeedback, RequestMove.Close);
        var id = Guid.CreateVersion7(notification.At);
        await db.Run(
            Ask,
            new
            {
                notification.CommunityId,
                FeedbackId = id,
                MessageId = Guid.CreateVersion7(notification.At),
                notification.RequestId,
                Round = round,
                State = rule is null ? FeedbackState.Asked : FeedbackState.NotAsked,
                Rule = rule,
                notification.At,
                AskedAt = rule is null ? notification.At : (DateTimeOffset?)null,
                EndedAt = rule is null ? (DateTimeOffset?)null : notification.At,
                row.CustomerId,
                To = to,
                PlanVersionId = sla.PolicyVersionId,
                PlanPolicy = policy.Code,
                AsRework = facts.ReworkCount > 0 || facts.FirstPriority is not null,
                InSample = inSample,
                policy.Feedback.BySomebodyElse,
            },
            cancellationToken);
        log.Write(
            notification.CommunityId,
            SubjectKind.Feedback,
            id,
            rule is null ? Happening.FeedbackAsked : Happening.FeedbackNotAsked,
            new { notification.RequestId, round, rule },
            visibility: Visibility.Desk,
            occurredAt: notification.At);
        if (rule is null)
        {
            await mediator.Publish(new FeedbackAsked(notification.CommunityId, notification.RequestId, id, round, notification.At), cancellationToken);
        }
        else if (!cancelled)
        {
            log.Write(notification.CommunityId, SubjectKind.Request, notification.RequestId, Happening.RequestClosed, new { rule }, visibility: Visibility.Owner, occurredAt: notification.At);
            await mediator.Publish(new RequestMoved(notification.CommunityId, notification.RequestId, RequestStatus.AwaitingFeedback, RequestMove.Close, to, notification.At), cancellationToken);
        }
    }

    private async Task<Row> Finished(RequestMoved notification, CancellationToken ct)
    {
        using var read = await db.Several(Read, new { notification.RequestId, Since = notification.At - FeedbackRules.Month }, ct);
        await read.ReadAsync<string>();
        return await read.ReadSingleAsync<Row>();
    }
}

/// <summary>A round began and its reporter is asked; its clock starts.</summary>
public sealed record FeedbackAsked(Guid CommunityId, Guid RequestId, Guid FeedbackId, short Round, DateTimeOffset At) : INotification;
