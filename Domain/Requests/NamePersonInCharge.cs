namespace PropertyServiceDesk.Domain.Requests;

/// <summary>Somebody of the community is in charge of a complaint. Never the person complained about; and of a confidential one, nobody of the crew complained about.</summary>
[AllowedTo(Roles.Desk)]
public sealed record NamePersonInCharge([property: JsonIgnore] Guid RequestId, Guid StaffId) : ICommand<RequestReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log, IMediator mediator) : IRequestHandler<NamePersonInCharge, RequestReply>
    {
        private const string Known = """
            select true
            from community_staff
            where community_id = @CommunityId and staff_id = @StaffId and left_at is null
            for share -- somebody who is just leaving is waited for
            """;

        private const string Write = """
            update request
            set in_charge_id = @StaffId, version = version + 1
            where request_id = @RequestId
            """;

        public async Task<RequestReply> Handle(NamePersonInCharge command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            if (request.Kind != RequestKind.Complaint)
            {
                throw new Refused.Conflict("request.not_a_complaint", "Only a complaint has a person in charge.");
            }

            var to = RequestLifecycle.After(request.Status, RequestMove.NameInCharge);
            if (await db.Find<bool?>(Known, new { request.CommunityId, command.StaffId }, cancellationToken) is null)
            {
                throw new Refused.Invalid("staff.unknown", "There is no such colleague in this community.", "staffId");
            }

            if (command.StaffId == request.InChargeId)
            {
                throw new Refused.Conflict("request.nothing_to_change", "This person is in charge already.");
            }

            await ComplainedAbout.MustNotBe(db, request.CommunityId, request.RequestId, command.StaffId, cancellationToken);
            var now = clock.Now();
            await db.Run(Write, new { request.RequestId, command.StaffId }, cancellationToken);
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.PersonInChargeNamed, new { from = request.InChargeId, to = command.StaffId }, visibility: Visibility.Desk, occurredAt: now);
            await mediator.Publish(new PersonInChargeNamed(request.CommunityId, request.RequestId, request.InChargeId, command.StaffId, now), cancellationToken);
            return request.Moved(to);
        }
    }
}

/// <summary>A complaint has somebody in charge, or somebody else.</summary>
public sealed record PersonInChargeNamed(Guid CommunityId, Guid RequestId, Guid? FromStaffId, Guid ToStaffId, DateTimeOffset At) : INotification;

/// <summary>Nobody is in charge of a complaint any more: whoever was has left.</summary>
/// <param name="Status">Of the complaint; somebody is owed to it again while it is to be worked on.</param>
public sealed record PersonInChargeLeft(Guid CommunityId, Guid RequestId, RequestStatus Status, Guid StaffId, DateTimeOffset At) : INotification;

/// <summary>Who must not be in charge of a complaint.</summary>
internal static class ComplainedAbout
{
    // Who must not find a confidential complaint is said in one place, the database's hidden_requests: the person, and the crews complained about.
    private const string Read = """
        select coalesce(r.about_staff_id = @StaffId, false) as the_person,
            r.confidential and r.request_id = any (hidden_requests(@StaffId, array[@CommunityId]::uuid[])) as of_the_crew
        from request r
        where r.community_id = @CommunityId and r.request_id = @RequestId and r.kind = 'complaint'
        """;

    private sealed record Row(bool ThePerson, bool OfTheCrew);

    /// <exception cref="Refused.Conflict">The request, as it stands in this transaction, is a complaint about this person, or confidentially about their crew.</exception>
    public static async Task MustNotBe(Db db, Guid communityId, Guid requestId, Guid staffId, CancellationToken ct)
    {
        if (await db.Find<Row>(Read, new { CommunityId = communityId, RequestId = requestId, StaffId = staffId }, ct) is { } row && (row.ThePerson || row.OfTheCrew))
        {
            throw InCharge();
        }
    }

    public static Refused.Conflict InCharge() =>
        new("request.in_charge_is_complained_about", "The complaint is about this person or their crew. Somebody else must be in charge.");
}
