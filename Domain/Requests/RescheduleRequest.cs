using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>An appointment is made, or another one.</summary>
/// <param name="Reason">Optional: at most 1,000 characters; the owner reads it.</param>
[AllowedTo(Roles.Desk)]
public sealed record RescheduleRequest([property: JsonIgnore] Guid RequestId, DateTimeOffset From, DateTimeOffset To, string? Reason = null, int? Version = null) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<RescheduleRequest>
    {
        public Validator() => RuleFor(c => c.Reason).OptionalPlainText(1000);
    }

    internal sealed class Handler(TimeProvider clock, RequestMover mover, Appointments appointments) : IRequestHandler<RescheduleRequest, RequestReply>
    {
        public async Task<RequestReply> Handle(RescheduleRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.LockForEdit(command.RequestId, command.Version, cancellationToken);
            var window = new AppointmentWindow(command.From, command.To);
            RegistrationTimes.Check(window, clock.Now());
            return await appointments.Change(request, window, command.Reason, cancellationToken);
        }
    }
}

/// <summary>The appointment is off; there is no other yet.</summary>
[AllowedTo(Roles.Desk)]
public sealed record RemoveAppointment([property: JsonIgnore] Guid RequestId) : ICommand<RequestReply>
{
    internal sealed class Handler(RequestMover mover, Appointments appointments) : IRequestHandler<RemoveAppointment, RequestReply>
    {
        public async Task<RequestReply> Handle(RemoveAppointment command, CancellationToken cancellationToken) =>
            await appointments.Change(await mover.LockForEdit(command.RequestId, null, cancellationToken), null, null, cancellationToken);
    }
}

internal sealed class Appointments(Db db, TimeProvider clock, EventLog log, IMediator mediator)
{
    private const string Write = """
        update request
        set appointment_from = @From, appointment_to = @To, version = version + 1
        where request_id = @RequestId
        """;

    public async Task<RequestReply> Change(LockedRequest request, AppointmentWindow? appointment, string? reason, CancellationToken ct)
    {
        var to = RequestLifecycle.After(request.Status, RequestMove.Reschedule);
        var before = request is { AppointmentFrom: { } from, AppointmentTo: { } until } ? new AppointmentWindow(from, until) : null;
        if (before == appointment)
        {
            throw new Refused.Conflict("request.nothing_to_change", appointment is null ? "There is no appointment." : "This is the appointment already.");
        }

        var now = clock.Now();
        await db.Run(Write, new { request.RequestId, appointment?.From, appointment?.To }, ct);
        log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestRescheduled, new { from = before, to = appointment }, reason, Visibility.Owner, now);
        await mediator.Publish(new RequestRescheduled(request.CommunityId, request.RequestId, before, appointment, now), ct);
        return request.Moved(to);
    }
}

/// <summary>The appointment was made, moved or removed; clocks that start from it follow.</summary>
public sealed record RequestRescheduled(Guid CommunityId, Guid RequestId, AppointmentWindow? From, AppointmentWindow? To, DateTimeOffset At) : INotification;
