using FluentValidation;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>
/// "That was another lift": the request was joined by mistake, and none of the fault's orders served it. It is where its own orders
/// leave it, received if it has none, with its own time, text and clocks.
/// </summary>
/// <param name="Reason">1–1,000 characters.</param>
[AllowedTo(Roles.Desk)]
public sealed record UnJoinRequest([property: JsonIgnore] Guid FaultId, [property: JsonIgnore] Guid RequestId, string Reason) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<UnJoinRequest>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, FaultLeaver leaver, FinishRequests finish) : IRequestHandler<UnJoinRequest, RequestReply>
    {
        public async Task<RequestReply> Handle(UnJoinRequest command, CancellationToken cancellationToken)
        {
            var request = await leaver.Lock(command.FaultId, command.RequestId, cancellationToken);
            if (request.Status is not (RequestStatus.Received or RequestStatus.InProgress))
            {
                throw new Refused.Conflict("request.finished_with_its_fault", "This request was finished with its fault. If it is not fixed, split it off.");
            }

            var now = clock.Now();
            await leaver.Leave(request, LeftHow.UnJoined, command.Reason, now, cancellationToken);
            await finish.Look(request.CommunityId, [request.RequestId], now, cancellationToken);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>
/// "Mine is not fixed": the fault's orders that served the request are done, and for this one it did not help. It leaves the fault and
/// comes back as rework with an order of its own; that the fault's orders served it stays in its history. What was answered with its fault,
/// and had no crew, comes back to the desk.
/// </summary>
/// <param name="SaidBy">Who said so: 1–100 characters.</param>
/// <param name="Words">What they said: 1–2,000 characters. It is the answer of the round where one is open.</param>
[AllowedTo(Roles.Desk)]
public sealed record SplitOffRequest([property: JsonIgnore] Guid FaultId, [property: JsonIgnore] Guid RequestId, string SaidBy, string Words) : ICommand<RequestReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<SplitOffRequest>
    {
        public Validator()
        {
            RuleFor(c => c.SaidBy).PlainText(100);
            RuleFor(c => c.Words).PlainText(2000);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, AnswerBook answers, FaultLeaver leaver, FeedbackConsequences consequences, Reopening reopening) : IRequestHandler<SplitOffRequest, RequestReply>
    {
        private const string ServedBy = """
            select count(*) filter (where o.status = 'done')::int as done, count(*) filter (where o.status not in ('done', 'voided'))::int as open
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null and o.fault_id = @FaultId and o.status <> 'voided'
            """;

        private sealed record Served(int Done, int Open);

        public async Task<RequestReply> Handle(SplitOffRequest command, CancellationToken cancellationToken)
        {
            var request = await leaver.Lock(command.FaultId, command.RequestId, cancellationToken);
            var served = await db.Single<Served>(ServedBy, new { request.CommunityId, request.RequestId, command.FaultId }, cancellationToken);
            if (request.Status is RequestStatus.Received or RequestStatus.InProgress && served is not { Done: > 0, Open: 0 })
            {
                throw new Refused.Conflict("fault.not_done_yet", "The fault's orders are not done yet. If the request was about something else, un-join it.");
            }

            var now = clock.Now();
            var words = command.Words;
            if (request.Status == RequestStatus.InProgress)
            {
                await leaver.Leave(request, LeftHow.SplitOff, words, now, cancellationToken);
                await consequences.NotSolvedYet(request, command.FaultId, new NotFixed(command.SaidBy, words, Channel.Phone), now, cancellationToken);
                return await RequestNow.Reply(db, request.RequestId, cancellationToken);
            }

            RequestLifecycle.After(request.Status, RequestMove.Rework);
            if (await reopening.IsTooLate(request, now, cancellationToken))
            {
                throw new Refused.Conflict("request.too_late_to_split_off", "This request was closed too long ago. Report that it is not fixed: a new request is made.");
            }

            var round = await LockedRound.Latest(db, request, cancellationToken);
            if (FeedbackLifecycle.AllowedFrom(round.State).Contains(FeedbackMove.Answer))
            {
                // "Not fixed" is a human word; a score was not asked for.
                await answers.Store(request, round, new Answer(AnswerAuthor.Staff, Solved.No, null, null, null, command.SaidBy, null, words), now, cancellationToken);
            }

            await leaver.Leave(request, LeftHow.SplitOff, words, now, cancellationToken);
            await consequences.NotSolved(request, round.FeedbackId, new NotFixed(command.SaidBy, words, Channel.Phone), now, cancellationToken, command.FaultId);
            return await RequestNow.Reply(db, request.RequestId, cancellationToken);
        }
    }
}

/// <summary>
/// Takes a locked request out of its fault. The request's own lock is enough: whoever needs the set of a fault's or an order's requests
/// holds all of them.
/// </summary>
internal sealed class FaultLeaver(Db db, Caller caller, EventLog log, IMediator mediator)
{
    private const string Known = """
        select community_id, status
        from fault
        where fault_id = @FaultId
        """;

    private const string Membership = """
        select joined_at
        from fault_request
        where community_id = @CommunityId and fault_id = @FaultId and request_id = @RequestId and left_at is null
        """;

    // Un-joined: no order of the fault ever served it. Split off: those that are done did.
    private const string Write = """
        with links as (
            update request_work_order l
            set left_at = @Now
            from work_order o
            where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null
              and o.community_id = l.community_id and o.work_order_id = l.work_order_id
              and o.fault_id = (select j.fault_id from fault_request j where j.community_id = @CommunityId and j.request_id = @RequestId and j.left_at is null)
              and (@How = 'unJoined' or o.status not in ('done', 'voided'))
        ), touched as (
            update request
            set version = version + 1
            where request_id = @RequestId
        )
        update fault_request
        set left_at = @Now, left_how = @How
        where community_id = @CommunityId and request_id = @RequestId and left_at is null
        returning fault_id, joined_at
        """;

    private sealed record KnownFault(Guid CommunityId, FaultStatus Status);

    private sealed record Left(Guid FaultId, DateTimeOffset JoinedAt);

    /// <summary>The request, locked, if it is joined to this fault now and may leave it.</summary>
    public async Task<LockedRequest> Lock(Guid faultId, Guid requestId, CancellationToken ct)
    {
        var fault = await db.Find<KnownFault>(Known, new { FaultId = faultId }, ct) ?? throw new Refused.NotFound("fault");
        var request = await LockedRequest.Of(db, requestId, ct);
        if (fault.CommunityId != request.CommunityId)
        {
            throw new Refused.NotFound("request");
        }

        caller.MustBeAllowedIn(request.CommunityId);
        caller.MustNotBeStale("request", request.Version);
        FaultLifecycle.After(fault.Status, FaultMove.Leave);
        RequestLifecycle.After(request.Status, RequestMove.LeaveFault);
        return await db.Find<DateTimeOffset?>(Membership, new { request.CommunityId, FaultId = faultId, RequestId = requestId }, ct) is null
            ? throw new Refused.Conflict("request.not_joined", "This request is not joined to this fault.")
            : request;
    }

    /// <summary>Does nothing for a request that is not joined.</summary>
    public async Task Leave(LockedRequest request, LeftHow how, string? words, DateTimeOffset now, CancellationToken ct) =>
        await Leave(request.CommunityId, request.RequestId, how, words, now, ct);

    public async Task Leave(Guid communityId, Guid requestId, LeftHow how, string? words, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.Find<Left>(Write, new { CommunityId = communityId, RequestId = requestId, How = how, Now = now }, ct) is not { } left)
        {
            return;
        }

        log.Write(
            communityId,
            SubjectKind.Request,
            requestId,
            how == LeftHow.UnJoined ? Happening.RequestUnJoined : Happening.RequestSplitOff,
            new { left.FaultId },
            words,
            Visibility.Owner,
            now);
        await mediator.Publish(new RequestLeftFault(communityId, requestId, left.FaultId, how, left.JoinedAt, now), ct);
    }
}

/// <summary>Told after the request has left the fault's orders.</summary>
public sealed record RequestLeftFault(Guid CommunityId, Guid RequestId, Guid FaultId, LeftHow How, DateTimeOffset JoinedAt, DateTimeOffset At) : INotification;

/// <summary>A joined request that goes back to work has an order of its own from then on: it leaves the fault, whoever said that it is not fixed.</summary>
internal sealed class SplitOffWhatIsReworked(FaultLeaver leaver) : INotificationHandler<RequestMoved>
{
    public Task Handle(RequestMoved notification, CancellationToken cancellationToken) =>
        notification.Move is RequestMove.Rework or RequestMove.ReworkAtDesk
            ? leaver.Leave(notification.CommunityId, notification.RequestId, LeftHow.SplitOff, null, notification.At, cancellationToken)
            : Task.CompletedTask;
}
