using MediatR;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Reports;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class EscalationsEndpoints
{
    public static void MapEscalations(this IEndpointRouteBuilder api)
    {
        var escalations = api.MapGroup("/escalations").WithTags("Escalations");
        escalations.Get<ListEscalations, Domain.Plumbing.Page<EscalationLine>>("/");
        escalations.Get<ListLadders, Domain.Plumbing.Page<Ladder>>("/ladders");
        escalations.MapPost("/{escalationId:guid}/acknowledgement", async (Guid escalationId, AcknowledgeEscalation body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { EscalationId = escalationId }, ct))).Produces<EscalationReply>();
        escalations.MapPost("/{escalationId:guid}/resolution", async (Guid escalationId, ResolveEscalation body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { EscalationId = escalationId }, ct))).Produces<EscalationReply>();

        var alarms = api.MapGroup("/alarms").WithTags("Escalations");
        alarms.Get<ListAlarms, Domain.Plumbing.Page<AlarmLine>>("/");
        alarms.MapPost("/{alarmId:guid}/ending", async (Guid alarmId, EndAlarm body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { AlarmId = alarmId }, ct))).Produces<AlarmReply>();

        var reports = api.MapGroup("/reports").WithTags("Reports");
        reports.Get<ReportClocks, IReadOnlyList<ClockFigures>>("/clocks");
        reports.Get<ListReportedClocks, Domain.Plumbing.Page<ReportedClock>>("/clocks/lines");
        reports.Get<ReportSatisfaction, IReadOnlyList<SatisfactionFigures>>("/satisfaction");
        reports.Get<ListRatings, Domain.Plumbing.Page<RatingLine>>("/satisfaction/lines");
        reports.Get<ReportEscalations, IReadOnlyList<EscalationFigures>>("/escalations");
        reports.Get<ListReportedEscalations, Domain.Plumbing.Page<EscalationLine>>("/escalations/lines");
        reports.Get<ReportDemand, IReadOnlyList<DemandFigure>>("/demand");
        reports.Get<ListReportedRequests, Domain.Plumbing.Page<ReportedRequest>>("/demand/lines");
        reports.Get<ReportOwnersTime, IReadOnlyList<OwnersTimeFigures>>("/owners-time");
        reports.Get<ListOwnersTime, Domain.Plumbing.Page<OwnersTimeLine>>("/owners-time/lines");
        reports.Get<ReportToday, Today>("/today");
    }
}
