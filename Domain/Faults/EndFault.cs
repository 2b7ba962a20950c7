using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>
/// The fault is over. Joined requests that never had an order (the current came back by itself) are answered with the same words, so
/// that nobody is left waiting for a fault that is no more; all others go their own way. Refused while an order of the fault is open.
/// </summary>
/// <param name="Words">What was the matter: 1–4,000 characters; the owners read it. Needed where a joined request has no order.</param>
[AllowedTo(Roles.Desk)]
public sealed record EndFault([property: JsonIgnore] Guid FaultId, string? Words = null) : ICommand<FaultReply>
{
    public sealed class Validator : AbstractValidator<EndFault>
    {
        public Validator() => RuleFor(c => c.Words).OptionalPlainText(4000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, IMediator mediator) : IRequestHandler<EndFault, FaultReply>
    {
        private const string OpenOrders = """
            select count(*)::int
            from work_order o
            where o.community_id = @CommunityId and o.fault_id = @FaultId and o.status not in ('done', 'voided')
            """;

        private const string Waiting = """
            select r.request_id
            from request r
            where r.community_id = @CommunityId and r.request_id = any (@RequestIds) and r.status = 'received'
            order by r.request_id
            """;

        private const string Answer = """
            update request
            set status = @To, outcome = 'answered', finished_at = @Now, first_replied_at = coalesce(first_replied_at, @Now), version = version + 1
            where community_id = @CommunityId and request_id = any (@RequestIds)
            """;

        private const string Write = """
            update fault
            set status = @To, ended_at = @Now, version = version + 1
            where fault_id = @FaultId
            """;

        public async Task<FaultReply> Handle(EndFault command, CancellationToken cancellationToken)
        {
            var fault = await LockedFault.WithRequests(db, command.FaultId, cancellationToken);
            caller.MustBeAllowedIn(fault.CommunityId);
            caller.MustNotBeStale("fault", fault.Version);
            var to = FaultLifecycle.After(fault.Status, FaultMove.End);
            if (await db.Single<int>(OpenOrders, new { fault.CommunityId, fault.FaultId }, cancellationToken) > 0)
            {
                throw new Refused.Conflict("fault.open_orders", "Orders of this fault are open still. Complete or void them first.");
            }

            var now = clock.Now();
            var words = command.Words;
            var waiting = await db.List<Guid>(Waiting, new { fault.CommunityId, RequestIds = fault.RequestIds.ToArray() }, cancellationToken);
            if (waiting.Count > 0 && words is null)
            {
                throw new Refused.Invalid("fault.words_needed", "Requests are joined that nobody was sent for. Say what the matter was: they are answered with it.", "words");
            }

            log.Write(fault.CommunityId, SubjectKind.Fault, fault.FaultId, Happening.FaultEnded, new { answered = waiting.Count }, words, Visibility.Owner, now);
            await db.Run(Write, new { fault.FaultId, To = to, Now = now }, cancellationToken);
            var answered = RequestLifecycle.After(RequestStatus.Received, RequestMove.Answer);
            await db.Run(Answer, new { fault.CommunityId, To = answered, Now = now, RequestIds = waiting.ToArray() }, cancellationToken);
            foreach (var id in waiting)
            {
                log.Write(fault.CommunityId, SubjectKind.Request, id, Happening.RequestAnswered, new { fault.FaultId }, words, Visibility.Owner, now);
                await mediator.Publish(new RequestMoved(fault.CommunityId, id, RequestStatus.Received, RequestMove.Answer, answered, now), cancellationToken);
            }

            return fault.Moved(to);
        }
    }
}
