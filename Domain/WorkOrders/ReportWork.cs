using FluentValidation;

namespace PropertyServiceDesk.Domain.WorkOrders;

/// <summary>
/// A telephone without signal kept a move, and when it came the order had moved on: it was refused. What the crew says that they did is
/// kept on the timeline all the same, as reported. Nothing moves by it, whatever state the order is in; whoever worked on it does not ring about it.
/// </summary>
/// <param name="Move">What was refused.</param>
/// <param name="Code">Why: the problem's code.</param>
/// <param name="Words">What came with it (what was done, why it was returned), at most 4,000 characters; the owner does not read it.</param>
[AllowedTo(Roles.Desk, Own = Roles.Crews)]
public sealed record ReportWork([property: JsonIgnore] Guid WorkOrderId, WorkOrderMove Move, string Code, string? Words = null) : ICommand<WorkOrderReply>
{
    public sealed class Validator : AbstractValidator<ReportWork>
    {
        public Validator()
        {
            RuleFor(c => c.Code).PlainText(100);
            RuleFor(c => c.Words).OptionalPlainText(4000);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<ReportWork, WorkOrderReply>
    {
        private const string Read = """
            select o.community_id, o.number, o.status, o.version, o.crew, o.team_id, o.assignee_id, t.external as team_is_external, o.rework_of_id, o.payer
            from work_order o
            left join team t on t.community_id = o.community_id and t.team_id = o.team_id
            where o.work_order_id = @WorkOrderId
            """;

        // It may have gone to another crew meanwhile, which is why it was refused: whoever it was given to before, or did something about it, may still say so.
        private const string WasTheirs = """
            select exists (
                select
                from event e
                where e.community_id = @CommunityId and e.subject_id = @WorkOrderId
                  and (e.actor_id = @Me or @Me::text in (e.detail ->> 'assigneeId', e.detail ->> 'from')
                    or e.detail ->> 'fromTeamId' = any (@Teams) or e.detail ->> 'teamId' = any (@Teams) or (e.detail ->> 'fromCrew') = any (@Crews) or (e.detail ->> 'crew') = any (@Crews)))
            """;

        private const string Hand = """
            update work_order
            set worked_by = worked_by || @Me
            where work_order_id = @WorkOrderId and @Me <> all (worked_by)
            """;

        private sealed record Row(
            Guid CommunityId, long Number, WorkOrderStatus Status, int Version, Crew Crew, Guid? TeamId, Guid? AssigneeId, bool? TeamIsExternal, Guid? ReworkOfId, Payer Payer);

        public async Task<WorkOrderReply> Handle(ReportWork command, CancellationToken cancellationToken)
        {
            var order = await db.Find<Row>(Read, new { command.WorkOrderId }, cancellationToken) ?? throw new Refused.NotFound("work_order");
            caller.MustBeAllowedIn(order.CommunityId);
            await MustBeOrHaveBeenTheirs(order, command.WorkOrderId, cancellationToken);
            if (!IsCode(command.Code))
            {
                throw new Refused.Invalid("report.not_a_code", "This is not the code of a problem.", "code");
            }

            if (OrderMover.IsWork(command.Move) && caller.Actor.Has(order.CommunityId, Roles.Crews))
            {
                await db.Run(Hand, new { command.WorkOrderId, Me = caller.Actor.Id }, cancellationToken);
            }

            // The device's time, where there is one, stands beside: it is from before what moved the order on.
            log.Write(
                order.CommunityId, SubjectKind.WorkOrder, command.WorkOrderId, Happening.WorkReported, new { command.Move, command.Code },
                command.Words, Visibility.Crew, clock.Now());
            var whose = new OrderIs(order.TeamId, order.AssigneeId, order.TeamIsExternal, order.ReworkOfId is not null, order.Payer);
            return WorkOrderReply.Of(caller, order.CommunityId, whose, command.WorkOrderId, order.Number, order.Status, order.Version);
        }

        /// <summary>It goes where no words go.</summary>
        private static bool IsCode(string code) => code.Length is > 2 and <= 100 && code.Contains('.', StringComparison.Ordinal) && code.All(c => c is (>= 'a' and <= 'z') or '_' or '.');

        private async Task MustBeOrHaveBeenTheirs(Row order, Guid workOrderId, CancellationToken ct)
        {
            var crews = CrewsOwn.CrewsOf(caller.Actor, order.CommunityId);
            if (caller.SeesAllOf(order.CommunityId) || order.AssigneeId == caller.Actor.Id || crews.Contains(EnumWord.Of(order.Crew), StringComparer.Ordinal))
            {
                return;
            }

            var args = new
            {
                order.CommunityId,
                WorkOrderId = workOrderId,
                Me = caller.Actor.Id,
                Crews = crews,
                Teams = caller.Actor.Seats.Where(s => s.CommunityId == order.CommunityId).Select(s => s.TeamId.ToString()).ToArray(),
            };
            if (!await db.Single<bool>(WasTheirs, args, ct))
            {
                throw new Refused.NotFound("work_order");
            }
        }
    }
}
