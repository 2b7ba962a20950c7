using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Escalations;

/// <summary>
/// Somebody who was told says "seen". With a promised time the ladder stops until then, as often and as far ahead as the policy allows,
/// never for danger; without one it climbs on.
/// </summary>
/// <param name="PromisedAt">In the future, within what the policy allows.</param>
/// <param name="Note">At most 1,000 characters.</param>
[AllowedTo(Roles.Desk | Roles.Crews)]
public sealed record AcknowledgeEscalation([property: JsonIgnore] Guid EscalationId, DateTimeOffset? PromisedAt = null, string? Note = null) : ICommand<EscalationReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<AcknowledgeEscalation>
    {
        public Validator() => RuleFor(c => c.Note).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, SlaBook book, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<AcknowledgeEscalation, EscalationReply>
    {
        private const string Terms = """
            select k.kind, k.policy_version_id, k.policy, coalesce(o.priority, r.priority) as priority,
                (select coalesce(sum(e.promises), 0)::int from escalation e where e.community_id = k.community_id and e.clock_id = k.clock_id) as promises
            from clock k
            left join work_order o on k.subject_kind = 'workOrder' and o.community_id = k.community_id and o.work_order_id = k.subject_id
            left join feedback f on k.subject_kind = 'feedback' and f.community_id = k.community_id and f.feedback_id = k.subject_id
            left join request r on r.community_id = k.community_id and r.request_id = case k.subject_kind when 'request' then k.subject_id when 'feedback' then f.request_id end
            where k.community_id = @CommunityId and k.clock_id = @ClockId
            """;

        private const string Write = """
            with looking as (
                update clock
                set next_check_at = least(coalesce(next_check_at, @PromisedAt), @PromisedAt)
                where community_id = @CommunityId and clock_id = @ClockId and @PromisedAt::timestamptz is not null and held_at is null and stopped_at is null
            )
            update escalation
            set acknowledged_at = coalesce(acknowledged_at, @Now), acknowledged_by = coalesce(acknowledged_by, @By),
                promised_at = coalesce(@PromisedAt, promised_at), promises = promises + case when @PromisedAt::timestamptz is null then 0 else 1 end, version = version + 1
            where community_id = @CommunityId and escalation_id = @EscalationId
            """;

        private sealed record Term(ClockKind Kind, Guid? PolicyVersionId, string? Policy, Priority? Priority, int Promises);

        public async Task<EscalationReply> Handle(AcknowledgeEscalation command, CancellationToken cancellationToken)
        {
            var escalation = await LockedEscalation.Of(db, command.EscalationId, caller, cancellationToken);
            var now = clock.Now();
            if (command.PromisedAt is { } promised)
            {
                await MustBeAllowed(escalation, promised, now, cancellationToken);
            }

            await db.Run(Write, new { escalation.CommunityId, escalation.ClockId, escalation.EscalationId, command.PromisedAt, Now = now, By = caller.Actor.Id }, cancellationToken);
            log.Write(
                escalation.CommunityId, escalation.Subject, escalation.SubjectId, Happening.EscalationAcknowledged, new { escalation.EscalationId, escalation.Level, command.PromisedAt }, command.Note, Visibility.Desk, now);
            return escalation.Reply(EscalationState.Acknowledged, command.PromisedAt ?? escalation.PromisedAt);
        }

        private async Task MustBeAllowed(LockedEscalation escalation, DateTimeOffset promised, DateTimeOffset now, CancellationToken ct)
        {
            var terms = await db.Single<Term>(Terms, new { escalation.CommunityId, escalation.ClockId }, ct);
            var policy = terms.PolicyVersionId is { } version ? (await book.ProfileOf(version, ct)).Policies.FirstOrDefault(p => p.Code == terms.Policy) : null;
            var plan = EscalationPlan.For(policy, terms.Priority ?? Priority.Normal, terms.Kind);
            if (plan.MostPromises == 0)
            {
                throw new Refused.Conflict("escalation.waits_for_nobody", "For danger no promise stops the ladder. Say that you have seen it, and do what is needed.");
            }

            if (escalation.Level == 0)
            {
                throw new Refused.Conflict("escalation.nothing_late_yet", "It is a warning only: nothing is late that a promise could put off.");
            }

            if (promised <= now || promised > now.AddMinutes(plan.LongestPromiseMinutes))
            {
                throw new Refused.Invalid("escalation.promised_at_out_of_range", $"Promise a time within the next {plan.LongestPromiseMinutes} minutes.", "promisedAt");
            }

            if (terms.Promises >= plan.MostPromises)
            {
                throw new Refused.Conflict("escalation.promises_used_up", "It was promised as often as the policy allows already.");
            }
        }
    }
}

/// <summary>An officer says that this needs nobody any more, and why. The clock runs on, and what is still late climbs on.</summary>
/// <param name="Note">1–1,000 characters.</param>
[AllowedTo(Roles.Officers)]
public sealed record ResolveEscalation([property: JsonIgnore] Guid EscalationId, string Note) : ICommand<EscalationReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<ResolveEscalation>
    {
        public Validator() => RuleFor(c => c.Note).PlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<ResolveEscalation, EscalationReply>
    {
        private const string Write = """
            update escalation
            set resolved_at = @Now, resolved_by = @By, resolved_how = 'byHand', version = version + 1
            where community_id = @CommunityId and escalation_id = @EscalationId
            """;

        public async Task<EscalationReply> Handle(ResolveEscalation command, CancellationToken cancellationToken)
        {
            var escalation = await LockedEscalation.Of(db, command.EscalationId, caller, cancellationToken);
            var now = clock.Now();
            await db.Run(Write, new { escalation.CommunityId, escalation.EscalationId, Now = now, By = caller.Actor.Id }, cancellationToken);
            log.Write(escalation.CommunityId, escalation.Subject, escalation.SubjectId, Happening.EscalationResolved, new { escalation.EscalationId, escalation.Level }, command.Note, Visibility.Desk, now);
            return escalation.Reply(EscalationState.Resolved, escalation.PromisedAt);
        }
    }
}

public enum EscalationState
{
    Open,
    Acknowledged,
    Resolved,
}

/// <param name="PromisedAt">Until when the ladder stands still; null where nobody promised.</param>
public sealed record EscalationReply(Guid EscalationId, EscalationState State, int Version, DateTimeOffset? PromisedAt);

/// <summary>An escalation as the running command holds it: its clock is locked, then it.</summary>
internal sealed record LockedEscalation(
    Guid CommunityId, Guid EscalationId, Guid ClockId, string SubjectKind, Guid SubjectId, short Level, DateTimeOffset? PromisedAt, DateTimeOffset? ResolvedAt, bool? IsMine, int Version)
{
    private const string Read = """
        select k.clock_id
        from clock k
        where k.clock_id = (select e.clock_id from escalation e where e.escalation_id = @EscalationId)
        for no key update;

        select e.community_id, e.escalation_id, e.clock_id, k.subject_kind, k.subject_id, e.level, e.promised_at, e.resolved_at,
            exists (select from escalation_recipient r where r.community_id = e.community_id and r.escalation_id = e.escalation_id and r.staff_id = @Me) as is_mine, e.version
        from escalation e
        join clock k on k.community_id = e.community_id and k.clock_id = e.clock_id
        where e.escalation_id = @EscalationId and (e.request_id is null or e.request_id <> all (hidden_requests((select scope_actor()), array[e.community_id])))
        for no key update of e;
        """;

    public SubjectKind Subject => EnumWord.Read<SubjectKind>(SubjectKind);

    /// <exception cref="Refused.NotFound">There is none, it is another community's, of a confidential complaint about the caller or their crew, or a crew's and the caller was not told of it.</exception>
    public static async Task<LockedEscalation> Of(Db db, Guid escalationId, Caller caller, CancellationToken ct)
    {
        LockedEscalation? escalation;
        using (var read = await db.Several(Read, new { EscalationId = escalationId, Me = caller.Actor.Id }, ct))
        {
            await read.ReadAsync<Guid>();
            escalation = await read.ReadSingleOrDefaultAsync<LockedEscalation>();
        }

        if (escalation is null || (escalation.IsMine != true && !caller.Actor.Has(escalation.CommunityId, Roles.Desk)))
        {
            throw new Refused.NotFound("escalation");
        }

        caller.MustBeAllowedIn(escalation.CommunityId);
        caller.MustNotBeStale("escalation", escalation.Version);
        return escalation.ResolvedAt is null ? escalation : throw new Refused.Conflict("escalation.resolved_already", "This is settled already.");
    }

    public EscalationReply Reply(EscalationState state, DateTimeOffset? promisedAt) => new(EscalationId, state, Version + 1, promisedAt);
}
