using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>The owner's clocks: across all crews, from when it was reported until it is finished.</summary>
internal sealed class KeepRequestClocks(SlaBook book, ClockRows clocks)
    : INotificationHandler<RequestReceived>, INotificationHandler<RequestMoved>, INotificationHandler<FeedbackAsked>,
        INotificationHandler<PersonInChargeNamed>, INotificationHandler<PersonInChargeLeft>, INotificationHandler<ReworkAdded>, INotificationHandler<FirstReplyGiven>, INotificationHandler<WrittenReplyGiven>
{
    private static readonly ClockKind[] MetByFinishing = [ClockKind.Safe, ClockKind.Controlled, ClockKind.Arranged, ClockKind.Finish];

    /// <summary>Somebody does these, or nobody did: what runs still when they are not owed any more was not met.</summary>
    private static readonly ClockKind[] MetByAPerson = [ClockKind.Dispatch, ClockKind.Accept, ClockKind.FirstReply];

    /// <summary>An answer is a reply, and nobody is to be sent any more.</summary>
    private static readonly ClockKind[] MetByAnAnswer = [.. MetByFinishing, ClockKind.Dispatch, ClockKind.FirstReply];

    public async Task Handle(RequestReceived notification, CancellationToken cancellationToken)
    {
        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, notification.RequestId, notification.CommunityId, notification.ReportedAt, cancellationToken);
        var policy = row.PolicyIn(sla.Profile);
        await clocks.Start(
            notification.CommunityId,
            sla,
            [.. OwedClocks.ToTheOwner(policy, row.Kind, row.Crew, row.ReportedAt, row.AppointmentFrom, row.ImposedDueAt).Select(o => new NewClock(ClockSubject.Request, notification.RequestId, null, policy.Code, o))],
            cancellationToken);
    }

    public async Task Handle(RequestMoved notification, CancellationToken cancellationToken)
    {
        var id = notification.RequestId;
        switch (notification.Move)
        {
            case RequestMove.Finish or RequestMove.Answer:
                // What a crew has done is no reply, and names nobody who is in charge.
                await clocks.Stop(notification.CommunityId, [id], notification.Move == RequestMove.Answer ? MetByAnAnswer : MetByFinishing, StopReason.Met, notification.At, cancellationToken);
                await clocks.Stop(notification.CommunityId, [id], MetByAPerson, StopReason.Superseded, notification.At, cancellationToken);
                break;
            case RequestMove.Close:
                // Closed without a written reply: it was not given in time, and it is not owed any more.
                await clocks.Stop(notification.CommunityId, [id], [ClockKind.WrittenReply], StopReason.Superseded, notification.At, cancellationToken);
                await clocks.Stop(notification.CommunityId, [id], null, StopReason.Met, notification.At, cancellationToken);
                break;
            case RequestMove.Cancel:
                await clocks.Stop(notification.CommunityId, [id], null, StopReason.Cancelled, notification.At, cancellationToken);
                break;
            case RequestMove.Rework or RequestMove.ReworkAtDesk:
                await clocks.Stop(notification.CommunityId, [id], [ClockKind.Feedback], StopReason.Met, notification.At, cancellationToken);
                await StartRework(notification, cancellationToken);
                break;
        }
    }

    /// <summary>How long the desk has to obtain the owner's word, where the policy says so.</summary>
    public async Task Handle(FeedbackAsked notification, CancellationToken cancellationToken)
    {
        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, notification.RequestId, notification.CommunityId, notification.At, cancellationToken);
        var policy = row.PolicyIn(sla.Profile);
        await Owe(notification.CommunityId, notification.RequestId, sla, policy, row.Crew, [ClockKind.Feedback], notification.At, cancellationToken);
    }

    public Task Handle(PersonInChargeNamed notification, CancellationToken cancellationToken) =>
        clocks.Stop(notification.CommunityId, [notification.RequestId], [ClockKind.Accept], StopReason.Met, notification.At, cancellationToken);

    /// <summary>Somebody else is to be named, in the time that this may take, from now on.</summary>
    public async Task Handle(PersonInChargeLeft notification, CancellationToken cancellationToken)
    {
        if (notification.Status is not (RequestStatus.Received or RequestStatus.InProgress))
        {
            return;
        }

        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, notification.RequestId, notification.CommunityId, notification.At, cancellationToken);
        await Owe(notification.CommunityId, notification.RequestId, sla, row.PolicyIn(sla.Profile), row.Crew, [ClockKind.Accept], notification.At, cancellationToken);
    }

    /// <summary>Part of it is done again while the rest is under way: that is to be arranged; what runs already runs on.</summary>
    public async Task Handle(ReworkAdded notification, CancellationToken cancellationToken)
    {
        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, notification.RequestId, notification.CommunityId, notification.At, cancellationToken);
        await clocks.Stop(notification.CommunityId, [notification.RequestId], [ClockKind.Arranged], StopReason.Superseded, notification.At, cancellationToken);
        await Owe(notification.CommunityId, notification.RequestId, sla, row.PolicyIn(sla.Profile), row.Crew, [ClockKind.Arranged], notification.At, cancellationToken);
    }

    private Task Owe(Guid communityId, Guid requestId, CurrentSla sla, Policy policy, Crew? crew, ClockKind[] kinds, DateTimeOffset from, CancellationToken ct) =>
        clocks.Start(
            communityId,
            sla,
            [.. OwedClocks.Milestones(policy, crew, kinds).Select(m => new NewClock(ClockSubject.Request, requestId, null, policy.Code, new Owed(m.Kind, from, m.Allowance, m.Calendar)))],
            ct);

    public Task Handle(FirstReplyGiven notification, CancellationToken cancellationToken) =>
        clocks.Stop(notification.CommunityId, [notification.RequestId], [ClockKind.FirstReply], StopReason.Met, notification.At, cancellationToken);

    public Task Handle(WrittenReplyGiven notification, CancellationToken cancellationToken) =>
        clocks.Stop(notification.CommunityId, [notification.RequestId], [ClockKind.WrittenReply], StopReason.Met, notification.At, cancellationToken);

    private async Task StartRework(RequestMoved notification, CancellationToken ct)
    {
        var (row, sla) = await book.With<RequestFacts>(RequestFacts.Read, notification.RequestId, notification.CommunityId, notification.At, ct);
        var policy = row.PolicyIn(sla.Profile);
        var owed = OwedClocks.ToTheOwner(policy, row.Kind, row.Crew, notification.At, row.AppointmentFrom, null, reworked: true);
        await clocks.Start(notification.CommunityId, sla, [.. owed.Select(o => new NewClock(ClockSubject.Request, notification.RequestId, null, policy.Code, o))], ct);
    }
}

/// <summary>What decides about a request's clocks, as it stands in this transaction.</summary>
/// <param name="FirstPriority">Of the closed request whose late rework this one is.</param>
internal sealed record RequestFacts(
    RequestKind Kind,
    Priority Priority,
    string Code,
    string? ParentCode,
    string? GrandparentCode,
    Crew? Crew,
    bool CommonArea,
    DateTimeOffset ReportedAt,
    DateTimeOffset? AppointmentFrom,
    DateTimeOffset? ImposedDueAt,
    short ReworkCount,
    Priority? FirstPriority,
    DateTimeOffset? FirstRepliedAt,
    DateTimeOffset? WrittenRepliedAt,
    Guid? InChargeId)
{
    internal const string Read = """
        select r.kind, r.priority, c.code, p.code as parent_code, g.code as grandparent_code, c.crew, c.common_area or coalesce(l.kind = 'commonArea', false) as common_area,
            r.reported_at, r.appointment_from, r.imposed_due_at, r.rework_count, f.priority as first_priority, r.first_replied_at, r.written_replied_at, r.in_charge_id
        from request r
        join category c on c.community_id = r.community_id and c.category_id = r.category_id
        left join category p on p.community_id = c.community_id and p.category_id = c.parent_id
        left join category g on g.community_id = p.community_id and g.category_id = p.parent_id
        left join place l on l.community_id = r.community_id and l.place_id = r.place_id
        left join request f on f.community_id = r.community_id and f.request_id = r.rework_of_id
        where r.request_id = @Id
        """;

    public SlaSubject Subject => new(Kind, Priority, Categories(Code, ParentCode, GrandparentCode, CommonArea), Crew);

    public Policy PolicyIn(SlaProfile profile) =>
        ReworkCount > 0 || FirstPriority is not null
            ? SlaPolicy.ForRework(profile, Subject with { Priority = SlaPolicy.FirstOf(Priority, FirstPriority) })
            : SlaPolicy.Choose(profile.Policies, Subject);

    /// <summary>Its own code and those above it, the nearest first; what lies in a common area is under that, too.</summary>
    public static IReadOnlyList<string> Categories(string code, string? parent, string? grandparent, bool commonArea) =>
        [.. new[] { code, parent, grandparent, commonArea ? "common-area" : null }.OfType<string>()];
}
