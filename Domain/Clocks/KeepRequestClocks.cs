using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>The owner's clocks: across all crews, from when it was reported until it is finished.</summary>
internal sealed class KeepRequestClocks(SlaBook book, ClockRows clocks) : INotificationHandler<RequestReceived>, INotificationHandler<RequestMoved>, INotificationHandler<FeedbackAsked>
{
    private const string Subject = """
        select r.kind, r.priority, c.code, p.code as parent_code, g.code as grandparent_code, c.crew, c.common_area or coalesce(l.kind = 'commonArea', false) as common_area,
            r.reported_at, r.appointment_from, r.imposed_due_at
        from request r
        join category c on c.community_id = r.community_id and c.category_id = r.category_id
        left join category p on p.community_id = c.community_id and p.category_id = c.parent_id
        left join category g on g.community_id = p.community_id and g.category_id = p.parent_id
        left join place l on l.community_id = r.community_id and l.place_id = r.place_id
        where r.request_id = @Id
        """;

    private static readonly ClockKind[] OwnersOnReceipt = [ClockKind.Safe, ClockKind.Controlled, ClockKind.FirstReply, ClockKind.WrittenReply, ClockKind.Finish];
    private static readonly ClockKind[] MetByFinishing = [ClockKind.Safe, ClockKind.Controlled, ClockKind.FirstReply, ClockKind.Accept, ClockKind.Arranged, ClockKind.Finish];

    private sealed record Row(
        RequestKind Kind,
        Priority Priority,
        string Code,
        string? ParentCode,
        string? GrandparentCode,
        Crew? Crew,
        bool CommonArea,
        DateTimeOffset ReportedAt,
        DateTimeOffset? AppointmentFrom,
        DateTimeOffset? ImposedDueAt)
    {
        public SlaSubject Subject => new(Kind, Priority, [.. new[] { Code, ParentCode, GrandparentCode, CommonArea ? "common-area" : null }.OfType<string>()], Crew);
    }

    public async Task Handle(RequestReceived notification, CancellationToken cancellationToken)
    {
        var (row, sla) = await book.With<Row>(Subject, notification.RequestId, notification.CommunityId, cancellationToken);
        var policy = SlaPolicy.Choose(sla.Profile.Policies, row.Subject);
        await clocks.Start(notification.CommunityId, sla, [.. OnReceipt(notification.RequestId, policy, row)], cancellationToken);
    }

    public async Task Handle(RequestMoved notification, CancellationToken cancellationToken)
    {
        var id = notification.RequestId;
        switch (notification.Move)
        {
            case RequestMove.Finish or RequestMove.Answer:
                await clocks.Stop(notification.CommunityId, [id], MetByFinishing, StopReason.Met, notification.At, cancellationToken);
                break;
            case RequestMove.Close:
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
        var (row, sla) = await book.With<Row>(Subject, notification.RequestId, notification.CommunityId, cancellationToken);
        var policy = notification.Round > 1 ? SlaPolicy.ForRework(sla.Profile, row.Subject) : SlaPolicy.Choose(sla.Profile.Policies, row.Subject);
        await clocks.Start(notification.CommunityId, sla, [.. OfKind(policy, ClockKind.Feedback, notification.RequestId, notification.At)], cancellationToken);
    }

    private static IEnumerable<NewClock> OnReceipt(Guid requestId, Policy policy, Row row)
    {
        foreach (var milestone in policy.Milestones.Where(m => OwnersOnReceipt.Contains(m.Kind) || (m.Kind == ClockKind.Accept && row.Kind == RequestKind.Complaint)))
        {
            var start = milestone.Kind == ClockKind.Finish && policy.Appointment is not null && row.AppointmentFrom is { } from ? from : row.ReportedAt;
            yield return milestone.Kind == ClockKind.Finish && row.ImposedDueAt is { } imposed
                ? new NewClock(ClockSubject.Request, requestId, ClockKind.Finish, null, policy.Code, start, null, milestone.Calendar, imposed < start ? start : imposed, true)
                : new NewClock(ClockSubject.Request, requestId, milestone.Kind, null, policy.Code, start, milestone.Allowance, milestone.Calendar);
        }
    }

    private async Task StartRework(RequestMoved notification, CancellationToken ct)
    {
        var (row, sla) = await book.With<Row>(Subject, notification.RequestId, notification.CommunityId, ct);
        var policy = SlaPolicy.ForRework(sla.Profile, row.Subject);
        await clocks.Start(notification.CommunityId, sla, [.. OfKind(policy, ClockKind.Arranged, notification.RequestId, notification.At), .. OfKind(policy, ClockKind.Finish, notification.RequestId, notification.At)], ct);
    }

    private static IEnumerable<NewClock> OfKind(Policy policy, ClockKind kind, Guid requestId, DateTimeOffset at) =>
        policy.Milestones.Where(m => m.Kind == kind && m.Crew is null)
            .Select(m => new NewClock(ClockSubject.Request, requestId, kind, null, policy.Code, at, m.Allowance, m.Calendar));
}
