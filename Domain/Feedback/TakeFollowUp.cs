using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// Somebody rings about a bad answer now: for fifteen minutes nobody else does. Taking it again takes fifteen minutes more. Whoever did the
/// work cannot take it; what was handed to a colleague, that one and the officers can.
/// </summary>
[AllowedTo(Roles.Desk)]
public sealed record TakeFollowUp([property: JsonIgnore] Guid FollowUpId) : ICommand<FollowUpNow>, IByAPerson
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<TakeFollowUp, FollowUpNow>
    {
        private const string Write = """
            update follow_up
            set taken_by = @Me, taken_until = @Until, version = version + 1
            where follow_up_id = @FollowUpId
            """;

        public async Task<FollowUpNow> Handle(TakeFollowUp command, CancellationToken cancellationToken)
        {
            var (request, round, followUp) = await LockedFollowUp.ToRing(db, mover, caller, command.FollowUpId, cancellationToken);
            var (me, now) = (caller.Actor.Id, clock.Now());
            followUp.MustNotBeTakenByAnother(me, now);
            if (followUp.HandedTo is { } other && other != me && !caller.Actor.Has(request.CommunityId, Roles.Officers))
            {
                throw new Refused.Conflict("call_back.handed_to_another", "This call was handed to a colleague.");
            }

            var until = now + TakeCallBack.For;
            await db.Run(Write, new { command.FollowUpId, Me = me, Until = until }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackTaken, new { request.RequestId, command.FollowUpId, until }, visibility: Visibility.Desk, occurredAt: now);
            return followUp.Now() with { TakenBy = me, TakenUntil = until };
        }
    }
}

/// <summary>Not now after all: anybody may take it again.</summary>
[AllowedTo(Roles.Desk)]
public sealed record ReleaseFollowUp([property: JsonIgnore] Guid FollowUpId) : ICommand<FollowUpNow>, IByAPerson
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<ReleaseFollowUp, FollowUpNow>
    {
        private const string Write = """
            update follow_up
            set taken_by = null, taken_until = null, version = version + 1
            where follow_up_id = @FollowUpId
            """;

        public async Task<FollowUpNow> Handle(ReleaseFollowUp command, CancellationToken cancellationToken)
        {
            var (request, round, followUp) = await LockedFollowUp.ToRing(db, mover, caller, command.FollowUpId, cancellationToken);
            followUp.MustNotBeTakenByAnother(caller.Actor.Id, clock.Now());
            await db.Run(Write, new { command.FollowUpId }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackReleased, new { request.RequestId, command.FollowUpId }, visibility: Visibility.Desk);
            return followUp.Now();
        }
    }
}

/// <summary>Later: it stands aside until then. When the call is due does not change by it.</summary>
/// <param name="Until">Within seven days, in the hours for calls.</param>
/// <param name="Note">At most 1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record SnoozeFollowUp([property: JsonIgnore] Guid FollowUpId, DateTimeOffset Until, string? Note = null) : ICommand<FollowUpNow>, IByAPerson
{
    public sealed class Validator : AbstractValidator<SnoozeFollowUp>
    {
        public Validator() => RuleFor(c => c.Note).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, SlaBook book) : IRequestHandler<SnoozeFollowUp, FollowUpNow>
    {
        private const string Write = """
            update follow_up
            set call_after = @Until, taken_by = null, taken_until = null, version = version + 1
            where follow_up_id = @FollowUpId
            """;

        public async Task<FollowUpNow> Handle(SnoozeFollowUp command, CancellationToken cancellationToken)
        {
            var (request, round, followUp) = await LockedFollowUp.ToRing(db, mover, caller, command.FollowUpId, cancellationToken);
            var now = clock.Now();
            followUp.MustNotBeTakenByAnother(caller.Actor.Id, now);
            CallHours.MustBeFit(command.Until, await CallLog.RulesOf(book, request.CommunityId, round, cancellationToken), round.Zone, now, "until");
            await db.Run(Write, new { command.FollowUpId, command.Until }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackSnoozed, new { request.RequestId, command.FollowUpId, command.Until },
                command.Note is { } note ? PlainText.Normalise(note) : null, Visibility.Desk, now);
            return followUp.Now(callAfter: command.Until);
        }
    }
}

/// <summary>A colleague rings: somebody of the desk here whose it may be, who did not do the work.</summary>
/// <param name="Note">At most 1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record HandOverFollowUp([property: JsonIgnore] Guid FollowUpId, Guid StaffId, string? Note = null) : ICommand<FollowUpNow>, IByAPerson
{
    public sealed class Validator : AbstractValidator<HandOverFollowUp>
    {
        public Validator() => RuleFor(c => c.Note).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<HandOverFollowUp, FollowUpNow>
    {
        private const string MayHaveIt = """
            select true
            from staff_role r
            join community_staff c on c.community_id = r.community_id and c.staff_id = r.staff_id and c.left_at is null
            where r.community_id = @CommunityId and r.staff_id = @StaffId and r.role in (@ForRole, 'manager')
            limit 1
            for share of c -- somebody who is just leaving is waited for
            """;

        private const string Write = """
            update follow_up
            set handed_to = @StaffId, taken_by = null, taken_until = null, version = version + 1
            where follow_up_id = @FollowUpId
            """;

        public async Task<FollowUpNow> Handle(HandOverFollowUp command, CancellationToken cancellationToken)
        {
            var (request, round, followUp) = await LockedFollowUp.ToRing(db, mover, caller, command.FollowUpId, cancellationToken);
            var now = clock.Now();
            followUp.MustNotBeTakenByAnother(caller.Actor.Id, now);
            if (await db.Find<bool?>(MayHaveIt, new { request.CommunityId, command.StaffId, followUp.ForRole }, cancellationToken) is not true)
            {
                throw new Refused.Invalid("staff.unknown", "There is nobody of that kind at the desk here.", "staffId");
            }

            await LockedRound.MustNotHaveDoneTheWork(db, request, round, command.StaffId, cancellationToken);
            await db.Run(Write, new { command.FollowUpId, command.StaffId }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackHandedOver, new { request.RequestId, command.FollowUpId, to = command.StaffId },
                command.Note is { } note ? PlainText.Normalise(note) : null, Visibility.Desk, now);
            return followUp.Now(handedTo: command.StaffId);
        }
    }
}
