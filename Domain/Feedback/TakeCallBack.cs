using FluentValidation;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// Somebody of the desk calls now: for fifteen minutes nobody else does. Taking it again takes fifteen minutes more. Whoever did the work
/// cannot take it; what was handed to a colleague, that one and the officers can.
/// </summary>
[AllowedTo(Roles.Desk)]
public sealed record TakeCallBack([property: JsonIgnore] Guid FeedbackId) : ICommand<CallBackReply>, IByAPerson
{
    internal static readonly TimeSpan For = TimeSpan.FromMinutes(15);

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<TakeCallBack, CallBackReply>
    {
        private const string Write = """
            update feedback
            set taken_by = @Me, taken_until = @Until, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<CallBackReply> Handle(TakeCallBack command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.Open(db, mover, command.FeedbackId, cancellationToken);
            var (me, now) = (caller.Actor.Id, clock.Now());
            await LockedRound.MustNotHaveDoneTheWork(db, request, round, me, cancellationToken);
            round.MustNotBeTakenByAnother(me, now);
            if (round.HandedTo is { } other && other != me && !caller.Actor.Has(request.CommunityId, Roles.Officers))
            {
                throw new Refused.Conflict("call_back.handed_to_another", "This call was handed to a colleague.");
            }

            await db.Run(Write, new { round.FeedbackId, Me = me, Until = now + For }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackTaken, new { request.RequestId, until = now + For }, visibility: Visibility.Desk, occurredAt: now);
            return CallBackReply.Of(caller, round, request) with { TakenBy = me, TakenUntil = now + For };
        }
    }
}

/// <summary>Not now after all: anybody may take it again.</summary>
[AllowedTo(Roles.Desk)]
public sealed record ReleaseCallBack([property: JsonIgnore] Guid FeedbackId) : ICommand<CallBackReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<ReleaseCallBack, CallBackReply>
    {
        private const string Write = """
            update feedback
            set taken_by = null, taken_until = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<CallBackReply> Handle(ReleaseCallBack command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.Open(db, mover, command.FeedbackId, cancellationToken);
            round.MustNotBeTakenByAnother(caller.Actor.Id, clock.Now());
            await db.Run(Write, new { round.FeedbackId }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackReleased, new { request.RequestId }, visibility: Visibility.Desk);
            return CallBackReply.Of(caller, round, request) with { TakenBy = null, TakenUntil = null };
        }
    }
}

/// <summary>Later: the call goes down the list until then. When it is due does not change by it: that is the desk's promise, not its mood.</summary>
/// <param name="Until">Within seven days, in the hours for calls.</param>
/// <param name="Note">At most 1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record SnoozeCallBack([property: JsonIgnore] Guid FeedbackId, DateTimeOffset Until, string? Note = null) : ICommand<CallBackReply>
{
    public sealed class Validator : AbstractValidator<SnoozeCallBack>
    {
        public Validator() => RuleFor(c => c.Note).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log, SlaBook book) : IRequestHandler<SnoozeCallBack, CallBackReply>
    {
        private const string Write = """
            update feedback
            set call_after = @Until, taken_by = null, taken_until = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<CallBackReply> Handle(SnoozeCallBack command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.Open(db, mover, command.FeedbackId, cancellationToken);
            var now = clock.Now();
            round.MustNotBeTakenByAnother(caller.Actor.Id, now);
            CallHours.MustBeFit(command.Until, await CallLog.RulesOf(book, request.CommunityId, round, cancellationToken), round.Zone, now, "until");
            await db.Run(Write, new { round.FeedbackId, command.Until }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackSnoozed, new { request.RequestId, command.Until },
                command.Note is { } note ? PlainText.Normalise(note) : null, Visibility.Desk, now);
            return CallBackReply.Of(caller, round, request) with { CallAfter = command.Until, TakenBy = null, TakenUntil = null };
        }
    }
}

/// <summary>A colleague calls: somebody of the desk here, who did not do the work.</summary>
/// <param name="Note">At most 1,000 characters; the desk reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record HandOverCallBack([property: JsonIgnore] Guid FeedbackId, Guid StaffId, string? Note = null) : ICommand<CallBackReply>
{
    public sealed class Validator : AbstractValidator<HandOverCallBack>
    {
        public Validator() => RuleFor(c => c.Note).OptionalPlainText(1000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, EventLog log) : IRequestHandler<HandOverCallBack, CallBackReply>
    {
        private const string SitsAtTheDesk = """
            select true
            from staff_role r
            join community_staff c on c.community_id = r.community_id and c.staff_id = r.staff_id and c.left_at is null
            where r.community_id = @CommunityId and r.staff_id = @StaffId and r.role in ('clerk', 'customerOfficer', 'manager')
            limit 1
            for share of c -- somebody who is just leaving is waited for
            """;

        private const string Write = """
            update feedback
            set handed_to = @StaffId, taken_by = null, taken_until = null, version = version + 1
            where feedback_id = @FeedbackId
            """;

        public async Task<CallBackReply> Handle(HandOverCallBack command, CancellationToken cancellationToken)
        {
            var (request, round) = await LockedRound.Open(db, mover, command.FeedbackId, cancellationToken);
            var now = clock.Now();
            round.MustNotBeTakenByAnother(caller.Actor.Id, now);
            if (await db.Find<bool?>(SitsAtTheDesk, new { request.CommunityId, command.StaffId }, cancellationToken) is not true)
            {
                throw new Refused.Invalid("staff.unknown", "There is nobody of that kind at the desk here.", "staffId");
            }

            await LockedRound.MustNotHaveDoneTheWork(db, request, round, command.StaffId, cancellationToken);
            await db.Run(Write, new { round.FeedbackId, command.StaffId }, cancellationToken);
            log.Write(
                request.CommunityId, SubjectKind.Feedback, round.FeedbackId, Happening.CallBackHandedOver, new { request.RequestId, to = command.StaffId },
                command.Note is { } note ? PlainText.Normalise(note) : null, Visibility.Desk, now);
            return CallBackReply.Of(caller, round, request) with { HandedTo = command.StaffId, TakenBy = null, TakenUntil = null };
        }
    }
}

/// <summary>Where a call stands after this.</summary>
public sealed record CallBackReply(
    Guid FeedbackId, Guid RequestId, short Round, FeedbackState State, int Version, IReadOnlyList<FeedbackMove> AllowedMoves, DateTimeOffset? CallAfter, Guid? TakenBy, DateTimeOffset? TakenUntil, Guid? HandedTo)
{
    internal static CallBackReply Of(Caller caller, LockedRound round, LockedRequest request) =>
        new(round.FeedbackId, request.RequestId, round.Round, round.State, round.Version + 1, FeedbackMoves.For(caller, request.CommunityId, round.State), round.CallAfter, round.TakenBy, round.TakenUntil, round.HandedTo);
}
