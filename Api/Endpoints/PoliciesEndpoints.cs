using MediatR;
using PropertyServiceDesk.Domain.Policies;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class PoliciesEndpoints
{
    public static void MapPolicies(this IEndpointRouteBuilder api)
    {
        var policies = api.MapGroup("/communities/{communityId:guid}").WithTags("Policies");

        policies.Get<GetSlaProfile, SlaProfileDetails>("/sla-profile");
        policies.Get<PreviewSla, SlaPreview>("/sla-preview");
        policies.MapPut("/sla-profile", async (Guid communityId, EditSlaProfile body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId }, ct))).Produces<SlaEdited>();
        policies.MapPost("/sla-profile/trials", async (Guid communityId, TrySlaProfile body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId }, ct))).Produces<SlaTrial>();

        policies.Get<ListCalendars, IReadOnlyList<CalendarLine>>("/calendars");
        policies.MapPut("/calendars/{code}", async (Guid communityId, string code, EditCalendar body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId, Code = code }, ct))).Produces<SlaEdited>();
        policies.MapPost("/calendars/{code}/holidays", async (Guid communityId, string code, ImportHolidays body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId, Code = code }, ct))).Produces<SlaEdited>();

        policies.MapPost("/calendars/{code}/holidays/trials", async (Guid communityId, string code, TryHolidays body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CommunityId = communityId, Code = code }, ct))).Produces<HolidayTrial>();

        policies.Get<ListDeclaredEvents, Domain.Plumbing.Page<DeclaredEventLine>>("/declared-events");
        policies.MapPost("/declared-events", async (Guid communityId, DeclareEvent body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body with { CommunityId = communityId }, ct);
            return Resource.Created(http, $"/api/communities/{communityId}/declared-events", reply);
        }).Produces<EventDeclared>(StatusCodes.Status201Created);
        api.MapGroup("/declared-events").WithTags("Policies").MapPost("/{declaredEventId:guid}/ending", async (Guid declaredEventId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new EndDeclaredEvent(declaredEventId), ct))).Produces<EventDeclared>().Sends<EndDeclaredEvent>();
    }
}
