using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// The owner presses. Once an hour it counts as a new urge: whoever has the open orders is told, and the desk. More often, it is
/// answered kindly, counted apart, and nobody is told again.
/// </summary>
/// <param name="Words">Optional: at most 1,000 characters.</param>
[AllowedTo(Roles.Desk | Roles.System)]
public sealed record UrgeRequest([property: JsonIgnore] Guid RequestId, string? Words = null) : ICommand<UrgeReply>
{
    /// <summary>How long after an urge the next one counts.</summary>
    public static readonly TimeSpan AtMostEvery = TimeSpan.FromHours(1);

    public sealed class Validator : AbstractValidator<UrgeRequest>
    {
        public Validator() => RuleFor(c => c.Words).OptionalPlainText(1000);
    }

    internal sealed class Handler(TimeProvider clock, RequestMover mover, Urger urger) : IRequestHandler<UrgeRequest, UrgeReply>
    {
        public async Task<UrgeReply> Handle(UrgeRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            var now = clock.Now();
            var (to, count, counted) = await urger.Press(request, command.Words, now, cancellationToken);
            var reply = request.Moved(to);
            return new UrgeReply(reply.RequestId, reply.Number, reply.Status, reply.Version, reply.AllowedMoves, counted, count, (counted ? now : request.LastUrgedAt!.Value) + AtMostEvery);
        }
    }
}

/// <summary>Urges a locked request: who has it is told, unless they were within the hour.</summary>
internal sealed class Urger(Db db, EventLog log, IMediator mediator)
{
    private const string Again = """
        update request
        set urge_repeats = urge_repeats + 1, version = version + 1
        where request_id = @RequestId
        returning urge_count
        """;

    private const string Write = """
        update request
        set urge_count = urge_count + 1, last_urged_at = @Now, version = version + 1
        where request_id = @RequestId
        returning urge_count
        """;

    // One message for each assignee, one for the leads of each team whose order nobody has taken, one for the desk.
    private const string Tell = """
        insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, recipient_role, request_id, template, detail, created_at, send_after)
        select @CommunityId, gen_random_uuid(), 'urge:' || @RequestId::text || ':' || @Count::text || ':' || t.kind || ':' || coalesce(t.id::text, t.role), t.kind, t.id, t.role, @RequestId,
            'requestUrged', json_build_object('urge', @Count, 'teamId', t.team_id, 'alarm', true), @Now, @Now
        from (
            select distinct 'staff' as kind, o.assignee_id as id, null::text as role, null::uuid as team_id
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and o.status not in ('done', 'voided') and o.assignee_id is not null
            union
            select distinct 'staff', m.staff_id, null::text, o.team_id
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            join team_member m on m.community_id = o.community_id and m.team_id = o.team_id and m.lead and m.to_at is null
            where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and o.status not in ('done', 'voided') and o.assignee_id is null
            union all
            select 'role', null, 'clerk', null
        ) t
        where t.id is null or @RequestId <> all (hidden_requests(t.id, array[@CommunityId]::uuid[]))
        on conflict on constraint message_once_a_cause do nothing
        """;

    public async Task<(RequestStatus To, int Count, bool Counted)> Press(LockedRequest request, string? words, DateTimeOffset now, CancellationToken ct)
    {
        var to = RequestLifecycle.After(request.Status, RequestMove.Urge);
        var counted = request.LastUrgedAt is not { } last || now >= last + UrgeRequest.AtMostEvery;
        var count = await db.Single<int>(counted ? Write : Again, new { request.RequestId, Now = now }, ct);
        if (counted)
        {
            await db.Run(Tell, new { request.CommunityId, request.RequestId, Count = count, Now = now }, ct);
            await mediator.Publish(new RequestUrged(request.CommunityId, request.RequestId, count, now), ct);
        }

        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestUrged, new { count, counted }, words, Visibility.Owner, now);
        return (to, count, counted);
    }
}

/// <param name="Counted">Whether somebody was told; false within an hour of the last one that was.</param>
/// <param name="Urges">How many urges counted so far.</param>
/// <param name="NextAt">From when on the next one counts.</param>
public sealed record UrgeReply(
    Guid RequestId, long Number, RequestStatus Status, int Version, IReadOnlyList<RequestMove> AllowedMoves, bool Counted, int Urges, DateTimeOffset NextAt);

/// <summary>An urge that counts.</summary>
public sealed record RequestUrged(Guid CommunityId, Guid RequestId, int Urges, DateTimeOffset At) : INotification;
